//! Reading folders: `listdir`, `scandir` and its entries.

use std::cell::RefCell;
use std::ffi::{CStr, CString};

use crate::error::{PyResult, Raised};
use crate::host;
use crate::native::posix::path::{self, PATH_DESCRIPTOR_OR_NONE, PathArg, Target};
use crate::native::posix::stat;
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::protocol::{object as obj, truth};
use crate::types::generic_alias;
use crate::types::int;
use crate::types::iterators::payload;
use crate::types::list::PyList;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// An open folder; closed when dropped.
struct Folder {
    stream: *mut libc::DIR,
    /// Opened from a descriptor that belongs to somebody else: rewound before it is closed.
    borrowed: bool,
}

impl Drop for Folder {
    fn drop(&mut self) {
        // SAFETY: the stream is open, and nobody else has it.
        unsafe {
            if self.borrowed {
                libc::rewinddir(self.stream);
            }
            libc::closedir(self.stream);
        }
    }
}

/// A name in a folder, with its inode and its kind (`DT_*`).
struct Name {
    name: CString,
    inode: u64,
    kind: u8,
}

impl Folder {
    fn open(p: &PathArg) -> std::io::Result<Folder> {
        // SAFETY: valid arguments; a copy of the descriptor is owned by the stream.
        let (stream, borrowed) = unsafe {
            match &p.target {
                Target::Descriptor(fd) => {
                    let copy = host::check(libc::fcntl(*fd, libc::F_DUPFD_CLOEXEC, 0))?;
                    let stream = libc::fdopendir(copy);
                    if stream.is_null() {
                        let e = std::io::Error::last_os_error();
                        drop(host::close(copy));
                        return Err(e);
                    }
                    (stream, true)
                }
                Target::Path(c) => (libc::opendir(c.as_ptr()), false),
            }
        };
        if stream.is_null() { Err(std::io::Error::last_os_error()) } else { Ok(Folder { stream, borrowed }) }
    }

    /// The next name but for `.` and `..`.
    fn next(&mut self) -> std::io::Result<Option<Name>> {
        loop {
            // SAFETY: an open stream; errno tells the end from an error.
            unsafe {
                *libc::__errno_location() = 0;
                let e = libc::readdir(self.stream);
                if e.is_null() {
                    let error = std::io::Error::last_os_error();
                    return if error.raw_os_error() == Some(0) { Ok(None) } else { Err(error) };
                }
                let name = CStr::from_ptr((*e).d_name.as_ptr());
                if name != c"." && name != c".." {
                    return Ok(Some(Name { name: name.to_owned(), inode: (*e).d_ino, kind: (*e).d_type }));
                }
            }
        }
    }
}

pub(super) fn listdir(vm: &Vm, a: &[Value]) -> PyResult {
    let p = path::path(vm, "listdir", "path", a[0], PATH_DESCRIPTOR_OR_NONE)?;
    let failed = |e: std::io::Error| p.error(vm, &e);
    let mut folder = Folder::open(&p).map_err(failed)?;
    let mut names = Vec::new();
    while let Some(n) = folder.next().map_err(failed)? {
        names.push(path::name(vm, n.name.as_bytes(), p.is_bytes));
    }
    Ok(PyList::new(vm, names))
}

/// The iterator that `scandir` returns.
#[repr(C)]
pub struct ScandirIterator {
    header: Header,
    /// None once it is exhausted or closed.
    folder: RefCell<Option<Folder>>,
    path: PathArg,
}
payload!(ScandirIterator, SCANDIR_ITERATOR);

/// An entry that `scandir` yields.
#[repr(C)]
pub struct DirEntry {
    header: Header,
    name: Ref,
    /// The folder's path joined with the name.
    path: Ref,
    /// The same as the system wants it; relative to `dir` if that is a descriptor.
    raw: CString,
    dir: i32,
    inode: u64,
    kind: u8,
    stat: OwnedCell,
    lstat: OwnedCell,
}
payload!(DirEntry, DIR_ENTRY);

pub(super) fn scandir(vm: &Vm, a: &[Value]) -> PyResult {
    let path = path::path(vm, "scandir", "path", a[0], PATH_DESCRIPTOR_OR_NONE)?;
    match Folder::open(&path) {
        Ok(f) => Ok(object::new(ScandirIterator {
            header: object::header(),
            folder: RefCell::new(Some(f)),
            path,
        })),
        Err(e) => Err(path.error(vm, &e)),
    }
}

fn close(v: Value) {
    drop(ScandirIterator::of(v).folder.take());
}

fn next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let it = ScandirIterator::of(v);
    let read = match &mut *it.folder.borrow_mut() {
        Some(f) => f.next(),
        None => return Ok(None),
    };
    match read {
        Ok(Some(n)) => Ok(Some(entry(vm, &it.path, n))),
        Ok(None) => {
            close(v);
            Ok(None)
        }
        Err(e) => {
            close(v);
            Err(it.path.error(vm, &e))
        }
    }
}

fn entry(vm: &Vm, folder: &PathArg, n: Name) -> Ref {
    let (raw, dir) = match &folder.target {
        Target::Descriptor(fd) => (n.name.as_bytes().to_vec(), *fd),
        Target::Path(c) => {
            let mut full = c.as_bytes().to_vec();
            if folder.object.is_null() {
                full = b".".to_vec();
            }
            if full.last().is_some_and(|b| *b != b'/') {
                full.push(b'/');
            }
            full.extend_from_slice(n.name.as_bytes());
            (full, libc::AT_FDCWD)
        }
    };
    object::new(DirEntry {
        header: object::header(),
        name: path::name(vm, n.name.as_bytes(), folder.is_bytes),
        path: path::name(vm, &raw, folder.is_bytes),
        // Neither part holds a NUL.
        raw: CString::new(raw).unwrap_or_default(),
        dir,
        inode: n.inode,
        kind: n.kind,
        stat: OwnedCell::null(),
        lstat: OwnedCell::null(),
    })
}

fn follow(vm: &Vm, v: Value) -> PyResult<bool> {
    v.non_null().map_or(Ok(true), |f| truth::truth(vm, f))
}

fn ask(e: &DirEntry, follow: bool) -> std::io::Result<libc::stat> {
    stat::stat_at(e.dir, &e.raw, follow)
}

fn failed(vm: &Vm, e: &DirEntry, error: &std::io::Error) -> Raised {
    path::error_with(vm, error, e.path.value(), Value::NULL)
}

fn entry_stat(vm: &Vm, a: &[Value]) -> PyResult {
    let e = DirEntry::of(a[0]);
    let follow = follow(vm, a[1])?;
    // What is no link has one answer to both questions.
    let cell = if follow && matches!(e.kind, libc::DT_LNK | libc::DT_UNKNOWN) { &e.stat } else { &e.lstat };
    if let Some(known) = cell.get_ref() {
        return Ok(known);
    }
    let s = ask(e, follow).map_err(|x| failed(vm, e, &x))?;
    let r = stat::result(vm, &s);
    cell.set(r.clone());
    Ok(r)
}

/// Whether the entry is of a kind (`S_IFDIR`...). A link whose target is gone is of none.
fn is_kind(vm: &Vm, e: &DirEntry, follow: bool, mode: libc::mode_t, kind: u8) -> PyResult<bool> {
    if e.kind != libc::DT_UNKNOWN && !(follow && e.kind == libc::DT_LNK) {
        return Ok(e.kind == kind);
    }
    match ask(e, follow) {
        Ok(s) => Ok(s.st_mode & libc::S_IFMT == mode),
        Err(x) if x.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(x) => Err(failed(vm, e, &x)),
    }
}

fn is_dir(vm: &Vm, a: &[Value]) -> PyResult {
    let follow = follow(vm, a[1])?;
    is_kind(vm, DirEntry::of(a[0]), follow, libc::S_IFDIR, libc::DT_DIR).map(|b| vm.bool_ref(b))
}

fn is_file(vm: &Vm, a: &[Value]) -> PyResult {
    let follow = follow(vm, a[1])?;
    is_kind(vm, DirEntry::of(a[0]), follow, libc::S_IFREG, libc::DT_REG).map(|b| vm.bool_ref(b))
}

fn is_symlink(vm: &Vm, a: &[Value]) -> PyResult {
    is_kind(vm, DirEntry::of(a[0]), false, libc::S_IFLNK, libc::DT_LNK).map(|b| vm.bool_ref(b))
}

pub static ITERATOR: TypeDef = TypeDef {
    flags: 0,
    slots: |s| {
        s.drop = Some(object::drop_payload::<ScandirIterator>);
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(next);
    },
    new: New::Disallowed,
    methods: &[
        MethodDef::new("__enter__", "($self, /)", |_, a| Ok(a[0].to_ref()), ""),
        MethodDef::new("__exit__", "($self, /, *exc_info)", |vm, a| {
            close(a[0]);
            Ok(vm.none_ref())
        }, ""),
        MethodDef::new("close", "($self, /)", |vm, a| {
            close(a[0]);
            Ok(vm.none_ref())
        }, ""),
    ],
    ..TypeDef::of::<ScandirIterator>("posix.ScandirIterator")
};

const FOLLOW: &str = "($self, /, *, follow_symlinks=True)";

pub static ENTRY: TypeDef = TypeDef {
    flags: 0,
    slots: |s| {
        s.drop = Some(object::drop_payload::<DirEntry>);
        s.repr = Some(|vm, v| {
            let name = obj::repr_text(vm, DirEntry::of(v).name.value())?;
            Ok(vm.new_str(&format!("<DirEntry {name}>")))
        });
    },
    new: New::Disallowed,
    methods: &[
        MethodDef::new("is_dir", FOLLOW, is_dir, "Return True if the entry is a directory; cached per entry."),
        MethodDef::new("is_file", FOLLOW, is_file, "Return True if the entry is a file; cached per entry."),
        MethodDef::new("is_symlink", "($self, /)", is_symlink, "Return True if the entry is a symbolic link; cached per entry."),
        MethodDef::new("is_junction", "($self, /)", |vm, _| Ok(vm.bool_ref(false)), "Return True if the entry is a junction; cached per entry."),
        MethodDef::new("stat", FOLLOW, entry_stat, "Return stat_result object for the entry; cached per entry."),
        MethodDef::new("inode", "($self, /)", |_, a| Ok(int::from_u64(DirEntry::of(a[0]).inode)), "Return inode of the entry; cached per entry."),
        MethodDef::new("__fspath__", "($self, /)", |_, a| Ok(DirEntry::of(a[0]).path.clone()), "Returns the path for the entry."),
        MethodDef::class("__class_getitem__", "($type, object, /)", |vm, a| Ok(generic_alias::new(vm, a[0], a[1])), "See PEP 585"),
    ],
    getset: &[
        GetSetDef::member("name", |_, v| Ok(DirEntry::of(v).name.clone()), "the entry's base filename, relative to scandir() \"path\" argument"),
        GetSetDef::member("path", |_, v| Ok(DirEntry::of(v).path.clone()), "the entry's full path name; equivalent to os.path.join(scandir_path, entry.name)"),
    ],
    ..TypeDef::of::<DirEntry>("posix.DirEntry")
};
