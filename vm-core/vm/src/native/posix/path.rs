//! Path arguments: str, bytes, path-like objects and, where allowed, file descriptors.

use std::ffi::{CStr, CString};
use std::io;

use crate::error::{PyResult, Raised};
use crate::import::error_text;
use crate::native::sys::c_int;
use crate::protocol::{attr, number};
use crate::runtime;
use crate::shape;
use crate::types::bytes::{self, PyBytes};
use crate::types::exceptions;
use crate::types::str_::PyStr;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// What a path argument named.
pub enum Target {
    Path(CString),
    Descriptor(i32),
}

/// A path argument.
pub struct PathArg {
    pub target: Target,
    /// What errors show as `filename`; NULL when the argument was left out.
    pub object: Ref,
    /// Results are bytes, as the argument was.
    pub is_bytes: bool,
}

/// What a function accepts.
#[derive(Clone, Copy, Default)]
pub struct Accept {
    pub descriptor: bool,
    pub none: bool,
}

pub const PATH: Accept = Accept { descriptor: false, none: false };
pub const PATH_OR_DESCRIPTOR: Accept = Accept { descriptor: true, none: false };
pub const PATH_DESCRIPTOR_OR_NONE: Accept = Accept { descriptor: true, none: true };

impl Accept {
    fn words(self) -> &'static str {
        match (self.descriptor, self.none) {
            (true, true) => "string, bytes, os.PathLike, integer or None",
            (true, false) => "string, bytes, os.PathLike or integer",
            (false, true) => "string, bytes, os.PathLike or None",
            (false, false) => "string, bytes or os.PathLike",
        }
    }
}

/// Reads a path argument of `function`, which messages name.
pub fn path(vm: &Vm, function: &str, argument: &str, v: Value, accept: Accept) -> PyResult<PathArg> {
    if v.is_null() || (accept.none && v.is(vm.none())) {
        return Ok(PathArg { target: Target::Path(c".".to_owned()), object: Value::NULL.to_ref(), is_bytes: false });
    }
    if accept.descriptor && number::has_index(vm, v) {
        if v.has_shape(shape::BOOL) {
            runtime::warn(vm, shape::RUNTIME_WARNING, "bool is used as a file descriptor", 1)?;
        }
        return Ok(PathArg { target: Target::Descriptor(c_int(vm, v)?), object: v.to_ref(), is_bytes: false });
    }
    let wrong = || {
        vm.type_error(format!(
            "{function}: {argument} should be {}, not {}",
            accept.words(),
            vm.type_of(v).full_name()
        ))
    };
    let object = if v.cast::<PyStr>().is_some() || v.cast::<PyBytes>().is_some() {
        v.to_ref()
    } else {
        let Some(m) = attr::lookup_method(vm, v, vm.names().__fspath__)? else { return Err(wrong()) };
        let r = m.call(vm, &[])?;
        if r.cast::<PyStr>().is_none() && r.cast::<PyBytes>().is_none() {
            return Err(vm.type_error(format!(
                "expected {}.__fspath__() to return str or bytes, not {}",
                vm.type_of(v).full_name(),
                vm.type_of(r.value()).full_name()
            )));
        }
        r
    };
    let raw = to_bytes(vm, object.value())?;
    let is_bytes = object.cast::<PyBytes>().is_some();
    let Ok(c) = CString::new(raw) else {
        let what = if is_bytes { "byte" } else { "character" };
        return Err(vm.value_error(format!("{function}: embedded null {what} in {argument}")));
    };
    Ok(PathArg { target: Target::Path(c), object, is_bytes })
}

/// A path that must be a path.
pub fn plain(vm: &Vm, function: &str, argument: &str, v: Value) -> PyResult<PathArg> {
    path(vm, function, argument, v, PATH)
}

impl PathArg {
    /// The path; `.` stands for a descriptor, which callers deal with before.
    pub fn c_str(&self) -> &CStr {
        match &self.target {
            Target::Path(c) => c,
            Target::Descriptor(_) => c".",
        }
    }

    /// The exception for a failed call on this path.
    pub fn error(&self, vm: &Vm, e: &io::Error) -> Raised {
        error_with(vm, e, self.object.value(), Value::NULL)
    }
}

/// The bytes that the system gets for a str or bytes object (`os.fsencode`).
pub fn to_bytes(vm: &Vm, v: Value) -> PyResult<Vec<u8>> {
    if let Some(b) = v.cast::<PyBytes>() {
        return Ok(b.as_slice().to_vec());
    }
    let Some(s) = v.cast::<PyStr>() else {
        return Err(vm.type_error(format!(
            "expected str, bytes or os.PathLike object, not {}",
            vm.type_of(v).full_name()
        )));
    };
    match s.to_str() {
        Some(t) => Ok(t.as_bytes().to_vec()),
        None => crate::codecs::encode_with(vm, crate::codecs::Codec::Utf8, s, "surrogateescape"),
    }
}

/// A str from what the system gave (`os.fsdecode`).
pub fn from_bytes(vm: &Vm, b: &[u8]) -> Ref {
    if let Ok(s) = std::str::from_utf8(b) {
        return vm.new_str(s);
    }
    // Decoding with this error handler accepts everything.
    crate::codecs::decode(vm, b, "utf-8", "surrogateescape").unwrap_or_else(|_| bytes::new(vm, b))
}

/// A name that the system gave, as bytes or as a str.
pub fn name(vm: &Vm, b: &[u8], as_bytes: bool) -> Ref {
    if as_bytes { bytes::new(vm, b) } else { from_bytes(vm, b) }
}

/// `os.fspath`: a str or bytes object.
pub fn fspath(vm: &Vm, v: Value) -> PyResult {
    if v.cast::<PyStr>().is_some() || v.cast::<PyBytes>().is_some() {
        return Ok(v.to_ref());
    }
    let Some(m) = attr::lookup_method(vm, v, vm.names().__fspath__)? else {
        return Err(vm.type_error(format!(
            "expected str, bytes or os.PathLike object, not {}",
            vm.type_of(v).full_name()
        )));
    };
    let r = m.call(vm, &[])?;
    if r.cast::<PyStr>().is_some() || r.cast::<PyBytes>().is_some() {
        return Ok(r);
    }
    Err(vm.type_error(format!(
        "expected {}.__fspath__() to return str or bytes, not {}",
        vm.type_of(v).full_name(),
        vm.type_of(r.value()).full_name()
    )))
}

/// The exception for an error of the system, with up to two file names (NULL for none).
pub fn error_with(vm: &Vm, e: &io::Error, file: Value, file2: Value) -> Raised {
    let errno = e.raw_os_error().unwrap_or(0) as i64;
    let text = vm.new_str(&error_text(e));
    let (n, none) = (Value::small_int(errno), vm.none());
    let ty = exceptions::os_error_type(errno);
    match (file.non_null(), file2.non_null()) {
        (None, _) => vm.error_args(ty, &[n, text.value()]),
        (Some(f), None) => vm.error_args(ty, &[n, text.value(), f]),
        (Some(f), Some(g)) => vm.error_args(ty, &[n, text.value(), f, none, g]),
    }
}

/// The exception for an error of the system without a file.
pub fn error(vm: &Vm, e: &io::Error) -> Raised {
    error_with(vm, e, Value::NULL, Value::NULL)
}

/// The value of a `dir_fd` argument.
pub fn dir_fd(vm: &Vm, v: Value) -> PyResult<i32> {
    match v.non_null().filter(|v| !v.is(vm.none())) {
        None => Ok(libc::AT_FDCWD),
        Some(v) if number::has_index(vm, v) => c_int(vm, v),
        Some(v) => Err(vm.type_error(format!(
            "argument should be integer or None, not {}",
            vm.type_of(v).full_name()
        ))),
    }
}

pub use crate::threads::files::retry;
