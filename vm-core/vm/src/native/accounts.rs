//! The modules `pwd` and `grp`: users and groups of the system.

use std::ffi::{CStr, CString};

use crate::convert;
use crate::error::PyResult;
use crate::native::structseq::{self, FROM_SEQUENCE, struct_sequence};
use crate::native::{self, ModuleDef};
use crate::shape;
use crate::types::int;
use crate::types::list::PyList;
use crate::types::type_::MethodDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

struct_sequence! {
    /// An entry of the user database.
    STRUCT_PASSWD, "pwd.struct_passwd", "pwd.struct_passwd: Results from getpw*() routines.\n\nThis object may be accessed either as a tuple of\n  (pw_name,pw_passwd,pw_uid,pw_gid,pw_gecos,pw_dir,pw_shell)\nor via the object attributes as named in the above tuple.", 7 of 7, FROM_SEQUENCE, [
        0 pw_name "user name";
        1 pw_passwd "password";
        2 pw_uid "user id";
        3 pw_gid "group id";
        4 pw_gecos "real name";
        5 pw_dir "home directory";
        6 pw_shell "shell program";
    ]
}

struct_sequence! {
    /// An entry of the group database.
    STRUCT_GROUP, "grp.struct_group", "grp.struct_group: Results from getgr*() routines.\n\nThis object may be accessed either as a tuple of\n  (gr_name,gr_passwd,gr_gid,gr_mem)\nor via the object attributes as named in the above tuple.\n", 4 of 4, FROM_SEQUENCE, [
        0 gr_name "group name";
        1 gr_passwd "password";
        2 gr_gid "group id";
        3 gr_mem "group members";
    ]
}

/// A C string of the system, decoded as file names are; None for null.
///
/// # Safety
/// `p` is null or points at a C string.
unsafe fn text(vm: &Vm, p: *const libc::c_char) -> PyResult {
    if p.is_null() {
        return Ok(vm.none_ref());
    }
    // SAFETY: promised by the caller.
    let bytes = unsafe { CStr::from_ptr(p) }.to_bytes();
    crate::codecs::decode(vm, bytes, "utf-8", "surrogateescape")
}

/// # Safety
/// `p` points at an entry that the system gave.
unsafe fn user(vm: &Vm, p: *const libc::passwd) -> PyResult {
    // SAFETY: promised by the caller.
    unsafe {
        let u = &*p;
        let items = vec![
            text(vm, u.pw_name)?,
            text(vm, u.pw_passwd)?,
            vm.new_int(u.pw_uid.into()),
            vm.new_int(u.pw_gid.into()),
            text(vm, u.pw_gecos)?,
            text(vm, u.pw_dir)?,
            text(vm, u.pw_shell)?,
        ];
        Ok(structseq::make(shape::STRUCT_PASSWD, 7, items))
    }
}

/// # Safety
/// `p` points at an entry that the system gave.
unsafe fn group(vm: &Vm, p: *const libc::group) -> PyResult {
    // SAFETY: promised by the caller; the members end with null.
    unsafe {
        let g = &*p;
        let mut members = Vec::new();
        let mut at = g.gr_mem;
        while !at.is_null() && !(*at).is_null() {
            members.push(text(vm, *at)?);
            at = at.add(1);
        }
        let items =
            vec![text(vm, g.gr_name)?, text(vm, g.gr_passwd)?, vm.new_int(g.gr_gid.into()), PyList::new(vm, members)];
        Ok(structseq::make(shape::STRUCT_GROUP, 4, items))
    }
}

/// A user or group id (`what`) among the arguments; `None` for a number that none can have.
fn id_argument(vm: &Vm, what: &str, v: Value) -> PyResult<Option<u32>> {
    if !crate::protocol::number::has_index(vm, v) {
        return Err(vm.type_error(format!("{what} should be integer, not {}", vm.type_of(v).full_name())));
    }
    let i = crate::protocol::number::index(vm, v)?;
    Ok(match int::to_i64(i.value()) {
        Some(-1) => Some(u32::MAX),
        Some(i) => u32::try_from(i).ok(),
        None => None,
    })
}

fn name_argument(vm: &Vm, function: &str, what: &str, v: Value) -> PyResult<CString> {
    let s = convert::str_arg(vm, function, what, v)?;
    let encoded = crate::codecs::encode(vm, s, "utf-8", "surrogateescape")?;
    let bytes = crate::types::bytes::data_of(encoded.value()).unwrap_or_default();
    CString::new(bytes).map_err(|_| vm.value_error("embedded null byte"))
}

fn not_found(vm: &Vm, text: String) -> crate::error::Raised {
    vm.key_error(vm.new_str(&text).value())
}

fn getpwuid(vm: &Vm, a: &[Value]) -> PyResult {
    let id = id_argument(vm, "uid", a[1])?;
    let found = match id {
        // SAFETY: the result is used before anything else asks the database.
        Some(id) => unsafe { libc::getpwuid(id) },
        None => std::ptr::null_mut(),
    };
    if id.is_none() {
        return Err(not_found(vm, "getpwuid(): uid not found".to_owned()));
    }
    if found.is_null() {
        return Err(not_found(vm, format!("getpwuid(): uid not found: {}", crate::protocol::object::str_text(vm, a[1])?)));
    }
    // SAFETY: not null.
    unsafe { user(vm, found) }
}

fn getpwnam(vm: &Vm, a: &[Value]) -> PyResult {
    let name = name_argument(vm, "getpwnam", "argument", a[1])?;
    // SAFETY: a valid string; the result is used before anything else asks the database.
    unsafe {
        let found = libc::getpwnam(name.as_ptr());
        if found.is_null() {
            let shown = crate::protocol::object::repr_text(vm, a[1])?;
            return Err(not_found(vm, format!("getpwnam(): name not found: {shown}")));
        }
        user(vm, found)
    }
}

fn getpwall(vm: &Vm, _: &[Value]) -> PyResult {
    let mut all: Vec<Ref> = Vec::new();
    // SAFETY: nothing else walks through the database meanwhile.
    unsafe {
        libc::setpwent();
        loop {
            let entry = libc::getpwent();
            if entry.is_null() {
                break;
            }
            all.push(user(vm, entry)?);
        }
        libc::endpwent();
    }
    Ok(PyList::new(vm, all))
}

fn getgrgid(vm: &Vm, a: &[Value]) -> PyResult {
    let found = match id_argument(vm, "gid", a[1])? {
        // SAFETY: the result is used before anything else asks the database.
        Some(id) => unsafe { libc::getgrgid(id) },
        None => std::ptr::null_mut(),
    };
    if found.is_null() {
        return Err(not_found(vm, format!("getgrgid(): gid not found: {}", crate::protocol::object::str_text(vm, a[1])?)));
    }
    // SAFETY: not null.
    unsafe { group(vm, found) }
}

fn getgrnam(vm: &Vm, a: &[Value]) -> PyResult {
    let name = name_argument(vm, "getgrnam", "argument 'name'", a[1])?;
    // SAFETY: a valid string; the result is used before anything else asks the database.
    unsafe {
        let found = libc::getgrnam(name.as_ptr());
        if found.is_null() {
            let shown = crate::protocol::object::repr_text(vm, a[1])?;
            return Err(not_found(vm, format!("getgrnam(): name not found: {shown}")));
        }
        group(vm, found)
    }
}

fn getgrall(vm: &Vm, _: &[Value]) -> PyResult {
    let mut all: Vec<Ref> = Vec::new();
    // SAFETY: nothing else walks through the database meanwhile.
    unsafe {
        libc::setgrent();
        loop {
            let entry = libc::getgrent();
            if entry.is_null() {
                break;
            }
            all.push(group(vm, entry)?);
        }
        libc::endgrent();
    }
    Ok(PyList::new(vm, all))
}

pub static PWD: ModuleDef = ModuleDef {
    name: "pwd",
    doc: "This module provides access to the Unix password database.\nIt is available on all Unix versions.",
    functions: &[
        MethodDef::new("getpwuid", "($module, uidobj, /)", getpwuid, "The entry of the user with this id."),
        MethodDef::new("getpwnam", "($module, name, /)", getpwnam, "The entry of the user with this name."),
        MethodDef::new("getpwall", "($module, /)", getpwall, "A list of all entries, in no particular order."),
    ],
    init: |vm, m| native::add(vm, m, "struct_passwd", vm.builtin(shape::STRUCT_PASSWD).value()),
};

pub static GRP: ModuleDef = ModuleDef {
    name: "grp",
    doc: "Access to the Unix group database.",
    functions: &[
        MethodDef::new("getgrgid", "($module, /, id)", getgrgid, "The entry of the group with this id."),
        MethodDef::new("getgrnam", "($module, /, name)", getgrnam, "The entry of the group with this name."),
        MethodDef::new("getgrall", "($module, /)", getgrall, "A list of all entries, in no particular order."),
    ],
    init: |vm, m| native::add(vm, m, "struct_group", vm.builtin(shape::STRUCT_GROUP).value()),
};

