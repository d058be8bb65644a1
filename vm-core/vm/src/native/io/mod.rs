//! The module `_io`: raw, buffered and text streams, and `open`.

use crate::convert;
use crate::error::{PyResult, Raised};
use crate::native::{ModuleDef, add};
use crate::protocol::buffer::Buffer;
use crate::protocol::{attr, call, number, truth};
use crate::runtime;
use crate::shape;
use crate::types::exceptions;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::MethodDef;
use crate::value::Value;
use crate::vm::Vm;

mod base;
mod buffered;
mod bytesio;
mod fileio;
mod locale;
mod newlines;
mod open;
mod registry;
mod standard;
mod stringio;
mod text;

pub use base::{BUFFERED_IO_BASE, IO_BASE, RAW_IO_BASE, TEXT_IO_BASE};
pub use buffered::{BUFFERED_RANDOM, BUFFERED_READER, BUFFERED_RW_PAIR, BUFFERED_WRITER};
pub use bytesio::{BYTES_IO, BYTES_IO_BUFFER};
pub use fileio::DEF as FILE_IO;
pub use newlines::DEF as INCREMENTAL_NEWLINE_DECODER;
pub use open::open as open_file;
pub use registry::Registry;
pub use standard::{install_standard_streams, use_line_buffering, write_through};
pub use stringio::DEF as STRING_IO;
pub use text::DEF as TEXT_IO_WRAPPER;

/// ValueError of a stream that is closed.
#[cold]
pub(super) fn closed_file(vm: &Vm) -> Raised {
    vm.value_error("I/O operation on closed file.")
}

#[cold]
fn uninitialized(vm: &Vm) -> Raised {
    vm.value_error("I/O operation on uninitialized object")
}

/// The exception type `io.UnsupportedOperation`, a subclass of OSError and ValueError.
fn unsupported_operation(vm: &Vm) -> PyResult {
    if let Some(ty) = vm.runtime.unsupported_operation.get_ref() {
        return Ok(ty);
    }
    let bases = [vm.builtin(shape::OS_ERROR).to_ref(), vm.builtin(shape::VALUE_ERROR).to_ref()];
    let bases = PyTuple::from_iter(vm, bases);
    let (name, namespace) = (vm.intern("UnsupportedOperation"), crate::types::dict::PyDict::new(vm));
    let ty = call::call_args(vm, vm.builtin(shape::TYPE).value(), &[name, bases.value(), namespace.value()])?;
    attr::set(vm, ty.value(), vm.names().__module__, vm.intern("io"))?;
    vm.runtime.unsupported_operation.set(ty.clone());
    Ok(ty)
}

/// An `io.UnsupportedOperation` with this message.
#[cold]
fn unsupported(vm: &Vm, message: &str) -> Raised {
    let made = unsupported_operation(vm)
        .and_then(|ty| call::call_args(vm, ty.value(), &[vm.new_str(message).value()]));
    match made {
        Ok(e) | Err(Raised(e)) => Raised(e),
    }
}

/// The attribute `closed` of any stream.
fn is_closed(vm: &Vm, v: Value) -> PyResult<bool> {
    let closed = attr::get(vm, v, vm.intern("closed"))?;
    if closed.is(vm.true_()) { Ok(true) } else { truth::truth(vm, closed.value()) }
}

/// Calls `f` with the contents of a bytes-like object, which `f` may hold while Python code runs.
fn data_of<R>(vm: &Vm, v: Value, f: impl FnOnce(&[u8]) -> R) -> PyResult<R> {
    let held = Buffer::new(vm, v)?;
    if v.has_shape(shape::BYTES) {
        return Ok(f(&held));
    }
    let copy = held.to_vec();
    Ok(f(&copy))
}

/// The memory of a writable argument of `method`.
fn writable(vm: &Vm, method: &str, v: Value) -> PyResult<Buffer> {
    Buffer::writable_argument(vm, method, "argument", v)
}

/// The size argument of `read` and its like: None and nothing mean -1.
fn size_or_none(vm: &Vm, v: Value) -> PyResult<isize> {
    let Some(v) = v.non_null().filter(|v| !v.is(vm.none())) else { return Ok(-1) };
    if !number::has_index(vm, v) {
        let shown = convert::type_shown(vm, v);
        return Err(vm.type_error(format!("argument should be integer or None, not '{shown}'")));
    }
    Ok(number::size_i64(vm, v)? as isize)
}

/// A position in a file; ValueError if it fits no integer of the machine.
fn offset(vm: &Vm, v: Value) -> PyResult<i64> {
    crate::protocol::item::to_index(vm, v, shape::VALUE_ERROR).map(|i| i as i64)
}

/// The first error, with the second (later) one as what it is raised in the context of.
fn chain(first: Raised, second: PyResult) -> Raised {
    match second {
        Ok(_) => first,
        Err(e) => {
            exceptions::set_context(e.0.value(), first.0.value());
            e
        }
    }
}

/// Whether an error is an OSError that says that a signal interrupted a call.
fn is_interrupted(vm: &Vm, e: &Raised) -> bool {
    e.is(vm, shape::OS_ERROR)
        && attr::get_named(vm, e.0.value(), "errno")
            .is_ok_and(|n| n.as_small_int() == Some(i64::from(libc::EINTR)))
}

/// Calls `f` until it is not interrupted.
fn uninterrupted(vm: &Vm, mut f: impl FnMut() -> PyResult) -> PyResult {
    loop {
        match f() {
            Err(e) if is_interrupted(vm, &e) => {}
            done => return done,
        }
    }
}

/// `<class name='...'>` with whatever else `more` adds; the name is left out where there is none.
fn stream_repr(vm: &Vm, v: Value, more: impl FnOnce() -> PyResult<String>) -> PyResult {
    let class = base::class_name(vm, v);
    let shown = vm.repr_guard(v, || {
        let name = match attr::get_opt(vm, v, vm.names().name) {
            Ok(n) => n,
            // The stream below may be gone.
            Err(e) if e.is(vm, shape::VALUE_ERROR) => None,
            Err(e) => return Err(e),
        };
        let name = match name {
            Some(n) => format!(" name={}", crate::protocol::object::repr_text(vm, n.value())?),
            None => String::new(),
        };
        Ok(format!("<{class}{name}{}>", more()?))
    })?;
    match shown {
        Some(text) => Ok(vm.new_str(&text)),
        None => Err(vm.runtime_error(format!("reentrant call inside {class}.__repr__"))),
    }
}

fn text_encoding(vm: &Vm, a: &[Value]) -> PyResult {
    let level = a[1].non_null().map_or(Ok(2), |v| convert::c_int(vm, v))?;
    if !a[0].is(vm.none()) {
        return Ok(a[0].to_ref());
    }
    if vm.runtime.config.flags.warn_default_encoding {
        runtime::warn(vm, shape::ENCODING_WARNING, "'encoding' argument not specified", i64::from(level))?;
    }
    Ok(vm.intern(if locale::get().utf8_mode { "utf-8" } else { "locale" }).to_ref())
}

fn open_code(vm: &Vm, a: &[Value]) -> PyResult {
    if a[0].cast::<PyStr>().is_none() {
        return Err(convert::bad_argument(vm, "open_code", "argument 'path'", "str", a[0]));
    }
    open::open(vm, &[a[0], vm.intern("rb")])
}

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    add(vm, m, "DEFAULT_BUFFER_SIZE", Value::small_int(fileio::DEFAULT_BUFFER_SIZE as i64))?;
    let unsupported = unsupported_operation(vm)?;
    add(vm, m, "UnsupportedOperation", unsupported.value())?;
    let types = [
        shape::BLOCKING_IO_ERROR,
        shape::INCREMENTAL_NEWLINE_DECODER,
        shape::BYTES_IO_BUFFER,
        shape::IO_BASE,
        shape::TEXT_IO_BASE,
        shape::BUFFERED_IO_BASE,
        shape::RAW_IO_BASE,
        shape::BYTES_IO,
        shape::BUFFERED_WRITER,
        shape::BUFFERED_READER,
        shape::BUFFERED_RW_PAIR,
        shape::BUFFERED_RANDOM,
        shape::FILE_IO,
        shape::STRING_IO,
        shape::TEXT_IO_WRAPPER,
    ];
    for id in types {
        let ty = vm.builtin(id);
        add(vm, m, &ty.name(), ty.value())?;
    }
    Ok(())
}

pub static MODULE: ModuleDef = ModuleDef {
    name: "_io",
    doc: "The streams of the module io.",
    functions: &[
        MethodDef::new("open", open::SIGNATURE, open::open, open::DOC),
        MethodDef::new(
            "text_encoding",
            "(encoding, stacklevel=2, /)",
            text_encoding,
            "The encoding for a text file: the argument unless it is None.",
        ),
        MethodDef::new("open_code", "(path)", open_code, "Opens a file with the intent to run its contents as code."),
    ],
    init,
};
