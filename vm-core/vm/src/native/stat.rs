//! The module `_stat`: constants and functions for the mode of files.

use crate::convert;
use crate::error::PyResult;
use crate::native::{self, ModuleDef};
use crate::types::type_::MethodDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

const S_IFMT: u32 = 0o170000;

fn mode(vm: &Vm, v: Value) -> PyResult<u32> {
    let mode = convert::c_ulong(vm, v)?;
    u32::try_from(mode).map_err(|_| vm.overflow_error("mode out of range"))
}

macro_rules! is_type {
    ($name:literal, $bits:expr) => {
        MethodDef::new(
            $name,
            "($self, object, /)",
            |vm, a| Ok(vm.bool_ref(mode(vm, a[1])? & S_IFMT == $bits && $bits != 0)),
            concat!($name, "(mode) -> bool\n\nWhether the mode is that of this kind of file."),
        )
    };
}

/// The letter of a file's kind.
fn kind(mode: u32) -> char {
    match mode & S_IFMT {
        0o100000 => '-',
        0o040000 => 'd',
        0o120000 => 'l',
        0o060000 => 'b',
        0o020000 => 'c',
        0o010000 => 'p',
        0o140000 => 's',
        _ => '?',
    }
}

/// The mode as `ls -l` shows it.
fn text_of(mode: u32) -> String {
    let mut text = String::from(kind(mode));
    for (shift, special, set, letter) in [(6, 0o4000, 's', 'S'), (3, 0o2000, 's', 'S'), (0, 0o1000, 't', 'T')] {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (bits & 1 != 0, mode & special != 0) {
            (true, true) => set,
            (false, true) => letter,
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}

const CONSTANTS: &[(&str, i64)] = &[
    ("S_IFDIR", 0o040000),
    ("S_IFCHR", 0o020000),
    ("S_IFBLK", 0o060000),
    ("S_IFREG", 0o100000),
    ("S_IFIFO", 0o010000),
    ("S_IFLNK", 0o120000),
    ("S_IFSOCK", 0o140000),
    ("S_IFDOOR", 0),
    ("S_IFPORT", 0),
    ("S_IFWHT", 0),
    ("S_ISUID", 0o4000),
    ("S_ISGID", 0o2000),
    ("S_ISVTX", 0o1000),
    ("S_ENFMT", 0o2000),
    ("S_IREAD", 0o400),
    ("S_IWRITE", 0o200),
    ("S_IEXEC", 0o100),
    ("S_IRWXU", 0o700),
    ("S_IRUSR", 0o400),
    ("S_IWUSR", 0o200),
    ("S_IXUSR", 0o100),
    ("S_IRWXG", 0o070),
    ("S_IRGRP", 0o040),
    ("S_IWGRP", 0o020),
    ("S_IXGRP", 0o010),
    ("S_IRWXO", 0o007),
    ("S_IROTH", 0o004),
    ("S_IWOTH", 0o002),
    ("S_IXOTH", 0o001),
    ("UF_SETTABLE", 0x0000_ffff),
    ("UF_NODUMP", 0x0000_0001),
    ("UF_IMMUTABLE", 0x0000_0002),
    ("UF_APPEND", 0x0000_0004),
    ("UF_OPAQUE", 0x0000_0008),
    ("UF_NOUNLINK", 0x0000_0010),
    ("UF_COMPRESSED", 0x0000_0020),
    ("UF_TRACKED", 0x0000_0040),
    ("UF_DATAVAULT", 0x0000_0080),
    ("UF_HIDDEN", 0x0000_8000),
    ("SF_SETTABLE", 0xffff_0000),
    ("SF_ARCHIVED", 0x0001_0000),
    ("SF_IMMUTABLE", 0x0002_0000),
    ("SF_APPEND", 0x0004_0000),
    ("SF_NOUNLINK", 0x0010_0000),
    ("SF_SNAPSHOT", 0x0020_0000),
    ("SF_FIRMLINK", 0x0080_0000),
    ("SF_DATALESS", 0x4000_0000),
    ("ST_MODE", 0),
    ("ST_INO", 1),
    ("ST_DEV", 2),
    ("ST_NLINK", 3),
    ("ST_UID", 4),
    ("ST_GID", 5),
    ("ST_SIZE", 6),
    ("ST_ATIME", 7),
    ("ST_MTIME", 8),
    ("ST_CTIME", 9),
];

pub static MODULE: ModuleDef = ModuleDef {
    name: "_stat",
    doc: "Constants and functions for interpreting the results of os.stat() and os.lstat().",
    functions: &[
        is_type!("S_ISDIR", 0o040000),
        is_type!("S_ISCHR", 0o020000),
        is_type!("S_ISBLK", 0o060000),
        is_type!("S_ISREG", 0o100000),
        is_type!("S_ISFIFO", 0o010000),
        is_type!("S_ISLNK", 0o120000),
        is_type!("S_ISSOCK", 0o140000),
        is_type!("S_ISDOOR", 0),
        is_type!("S_ISPORT", 0),
        is_type!("S_ISWHT", 0),
        MethodDef::new(
            "S_IMODE",
            "($self, object, /)",
            |vm, a| Ok(Ref::small_int((mode(vm, a[1])? & 0o7777).into())),
            "The part of the mode that can be set with os.chmod().",
        ),
        MethodDef::new(
            "S_IFMT",
            "($self, object, /)",
            |vm, a| Ok(Ref::small_int((mode(vm, a[1])? & S_IFMT).into())),
            "The part of the mode that says what kind of file it is.",
        ),
        MethodDef::new(
            "filemode",
            "($self, object, /)",
            |vm, a| Ok(vm.new_str(&text_of(mode(vm, a[1])?))),
            "Convert a file's mode to a string of the form '-rwxrwxrwx'",
        ),
    ],
    init: |vm, m| CONSTANTS.iter().try_for_each(|(name, value)| native::add(vm, m, name, Value::small_int(*value))),
};

#[cfg(test)]
mod tests {
    use super::text_of;

    #[test]
    fn modes_as_text() {
        assert_eq!(text_of(0o100644), "-rw-r--r--");
        assert_eq!(text_of(0o041777), "drwxrwxrwt");
        assert_eq!(text_of(0o106644), "-rwSr-Sr--");
    }
}
