//! The standard output streams before (and without) the library's `io`: buffered text written to
//! a file descriptor.

use std::cell::{Cell, RefCell};
use std::io::Write;

use crate::protocol::truth;
use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::shape;
use crate::types::str_::PyStr;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Payload of a standard stream.
#[repr(C)]
pub struct StdStream {
    header: Header,
    /// 1 or 2.
    descriptor: Cell<i32>,
    /// Flush after every write (standard error), or after writes with a line end (a terminal).
    line_buffered: Cell<bool>,
    unbuffered: Cell<bool>,
    buffer: RefCell<Vec<u8>>,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for StdStream {
    const SHAPE: u32 = shape::STD_STREAM;
}

const CAPACITY: usize = 8192;

/// The stream of a descriptor.
pub fn new(descriptor: i32) -> Ref {
    // SAFETY: isatty only looks at the descriptor.
    let tty = unsafe { libc::isatty(descriptor) } == 1;
    object::new(StdStream {
        header: object::header(),
        descriptor: Cell::new(descriptor),
        line_buffered: Cell::new(tty),
        unbuffered: Cell::new(descriptor == 2),
        buffer: RefCell::default(),
    })
}

fn this<'a>(v: Value) -> &'a StdStream {
    // SAFETY: methods of this type.
    unsafe { v.cast_unchecked::<StdStream>() }
}

impl StdStream {
    fn flush(&self, vm: &Vm) -> PyResult<()> {
        let data = std::mem::take(&mut *self.buffer.borrow_mut());
        let done = if self.descriptor.get() == 2 {
            std::io::stderr().write_all(&data)
        } else {
            let mut out = std::io::stdout().lock();
            out.write_all(&data).and_then(|()| out.flush())
        };
        done.map_err(|e| crate::import::os_error(vm, &e, None))
    }
}

fn write(vm: &Vm, a: &[Value]) -> PyResult {
    let Some(s) = a[1].cast::<PyStr>() else {
        return Err(vm.type_error(format!(
            "write() argument must be str, not {}",
            vm.type_of(a[1]).full_name()
        )));
    };
    let f = this(a[0]);
    let errors = if f.descriptor.get() == 2 { "backslashreplace" } else { "strict" };
    let bytes = crate::codecs::encode_with(vm, crate::codecs::Codec::Utf8, s, errors)?;
    f.buffer.borrow_mut().extend_from_slice(&bytes);
    let full = f.buffer.borrow().len() >= CAPACITY;
    if full || f.unbuffered.get() || (f.line_buffered.get() && bytes.contains(&b'\n')) {
        f.flush(vm)?;
    }
    Ok(vm.new_int(s.char_len() as i64))
}

fn flush(vm: &Vm, a: &[Value]) -> PyResult {
    this(a[0]).flush(vm)?;
    Ok(vm.none_ref())
}

fn reconfigure(vm: &Vm, a: &[Value]) -> PyResult {
    if let Some(wanted) = a[1].non_null().filter(|v| !v.is(vm.none())) {
        let f = this(a[0]);
        f.flush(vm)?;
        f.line_buffered.set(truth::truth(vm, wanted)?);
    }
    Ok(vm.none_ref())
}

fn fileno(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.new_int(this(a[0]).descriptor.get() as i64))
}

fn isatty(vm: &Vm, a: &[Value]) -> PyResult {
    // SAFETY: isatty only looks at the descriptor.
    Ok(vm.bool_ref(unsafe { libc::isatty(this(a[0]).descriptor.get()) } == 1))
}

pub static DEF: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    slots: |s| s.drop = Some(object::drop_payload::<StdStream>),
    methods: &[
        MethodDef::new("write", "($self, text, /)", write, "Write the string to the stream."),
        MethodDef::new("flush", "($self, /)", flush, "Write what is still buffered."),
        MethodDef::new("reconfigure", "($self, *, line_buffering=None)", reconfigure, "Change when text is handed on."),
        MethodDef::new("fileno", "($self, /)", fileno, "The file descriptor."),
        MethodDef::new("isatty", "($self, /)", isatty, "Whether the stream is a terminal."),
    ],
    getset: &[
        GetSetDef::get("encoding", |vm, _| Ok(vm.new_str("utf-8")), ""),
        GetSetDef::get("errors", |vm, v| Ok(vm.new_str(if this(v).descriptor.get() == 2 { "backslashreplace" } else { "strict" })), ""),
        GetSetDef::get("closed", |vm, _| Ok(vm.bool_ref(false)), ""),
    ],
    ..TypeDef::of::<StdStream>("_io.StandardStream")
};
