//! The base classes of all streams: `_IOBase`, `_RawIOBase`, `_BufferedIOBase`, `_TextIOBase`.

use std::cell::Cell;

use crate::error::{PyResult, Raised};
use crate::native::io::fileio::DEFAULT_BUFFER_SIZE;
use crate::native::io::{closed_file, is_closed, size_or_none, unsupported};
use crate::object::{self, Header};
use crate::protocol::{attr, call, item, iter, number, truth};
use crate::runtime;
use crate::shape;
use crate::types::bytearray::{self, PyByteArray};
use crate::types::bytes;
use crate::types::iterators::payload;
use crate::types::list::PyList;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// What the payload of every stream starts with.
#[repr(C)]
pub struct IoBase {
    pub(super) header: Header,
    /// What `closed` says unless a subclass knows better.
    pub(super) closed: Cell<bool>,
}
payload!(IoBase, IO_BASE);

impl IoBase {
    pub(super) fn new() -> IoBase {
        IoBase { header: object::header(), closed: Cell::new(false) }
    }
}

/// Flags of all stream types: attributes, weak references, subclasses.
pub(super) const FLAGS: u32 = flags::BASETYPE | flags::HEAP | flags::PREFIX | flags::DICT | flags::WEAKREF;

/// `__dict__` of a stream.
pub(super) const DICT: GetSetDef = GetSetDef::get(
    "__dict__",
    |vm, v| Ok(attr::instance_dict_value(vm, v).unwrap_or(vm.none()).to_ref()),
    "",
);

/// Name of a stream's class, for messages.
pub(super) fn class_name(vm: &Vm, v: Value) -> String {
    crate::types::type_name(vm, vm.type_of(v))
}

/// ValueError if the stream is closed.
pub(super) fn check_closed(vm: &Vm, v: Value) -> PyResult<()> {
    if is_closed(vm, v)? { Err(closed_file(vm)) } else { Ok(()) }
}

fn flush(vm: &Vm, a: &[Value]) -> PyResult {
    if is_closed(vm, a[0])? {
        return Err(closed_file(vm));
    }
    Ok(vm.none_ref())
}

fn close(vm: &Vm, a: &[Value]) -> PyResult {
    let base = IoBase::of(a[0]);
    if base.closed.get() {
        return Ok(vm.none_ref());
    }
    let r = call::call_method(vm, a[0], "flush", &[]);
    base.closed.set(true);
    r.map(|_| vm.none_ref())
}

/// Asks `seekable()` and its like; UnsupportedOperation if the answer is no.
fn check(vm: &Vm, v: Value, method: &str, message: &str) -> PyResult {
    let r = call::call_method(vm, v, method, &[])?;
    if r.is(vm.true_()) || (!r.is(vm.false_()) && truth::truth(vm, r.value())?) {
        return Ok(r);
    }
    Err(unsupported(vm, message))
}

pub(super) fn check_seekable(vm: &Vm, v: Value) -> PyResult {
    check(vm, v, "seekable", "File or stream is not seekable.")
}

pub(super) fn check_readable(vm: &Vm, v: Value) -> PyResult {
    check(vm, v, "readable", "File or stream is not readable.")
}

pub(super) fn check_writable(vm: &Vm, v: Value) -> PyResult {
    check(vm, v, "writable", "File or stream is not writable.")
}

fn no(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(vm.bool_ref(false))
}

fn isatty(vm: &Vm, a: &[Value]) -> PyResult {
    check_closed(vm, a[0])?;
    Ok(vm.bool_ref(false))
}

pub(super) fn enter(vm: &Vm, a: &[Value]) -> PyResult {
    check_closed(vm, a[0])?;
    Ok(a[0].to_ref())
}

pub(super) fn exit(vm: &Vm, a: &[Value]) -> PyResult {
    call::call_method(vm, a[0], "close", &[])
}

/// Before a stream dies: it is closed, and errors are reported.
pub(super) fn finalize(vm: &Vm, v: Value) {
    // Where nobody can tell whether the stream is closed, it was never set up.
    if !is_closed(vm, v).is_ok_and(|closed| !closed) {
        return;
    }
    // Tells `close` that nobody called it.
    let _ignored = attr::set_named(vm, v, "_finalizing", vm.true_());
    if let Err(e) = call::call_method(vm, v, "close", &[]) {
        runtime::unraisable_while(vm, e, "finalizing file", v);
    }
}

/// A line, byte by byte unless the stream can be peeked into.
fn readline(vm: &Vm, a: &[Value]) -> PyResult {
    let limit = usize::try_from(size_or_none(vm, a[1])?).ok();
    let peek = attr::get_opt(vm, a[0], vm.intern("peek"))?;
    let mut line = Vec::new();
    while limit.is_none_or(|l| line.len() < l) {
        let mut want = 1;
        if let Some(peek) = &peek {
            let ahead = call::call_args(vm, peek.value(), &[Value::small_int(1)])?;
            let Some(b) = ahead.cast::<bytes::PyBytes>() else {
                return Err(vm.error(
                    shape::OS_ERROR,
                    format!("peek() should have returned a bytes object, not '{}'", vm.type_of(ahead.value()).full_name()),
                ));
            };
            let b = b.as_slice();
            if !b.is_empty() {
                let room = limit.map_or(b.len(), |l| b.len().min(l - line.len()));
                want = memchr::memchr(b'\n', &b[..room]).map_or(room, |i| i + 1);
            }
        }
        let got = call::call_method(vm, a[0], "read", &[vm.new_int(want as i64).value()])?;
        let Some(b) = got.cast::<bytes::PyBytes>() else {
            return Err(vm.error(
                shape::OS_ERROR,
                format!("read() should have returned a bytes object, not '{}'", vm.type_of(got.value()).full_name()),
            ));
        };
        if b.as_slice().is_empty() {
            break;
        }
        line.extend_from_slice(b.as_slice());
        if line.last() == Some(&b'\n') {
            break;
        }
    }
    Ok(bytes::new(vm, &line))
}

fn next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let line = call::call_method(vm, v, "readline", &[])?;
    if item::length(vm, line.value())? == 0 { Ok(None) } else { Ok(Some(line)) }
}

fn readlines(vm: &Vm, a: &[Value]) -> PyResult {
    let hint = usize::try_from(size_or_none(vm, a[1])?).ok().filter(|h| *h > 0);
    let lines = PyList::new(vm, Vec::new());
    let Some(list) = lines.cast::<PyList>() else { return Ok(lines) };
    let it = iter::get_iter(vm, a[0])?;
    let mut total = 0;
    while let Some(line) = iter::next(vm, it.value())? {
        total += item::length(vm, line.value())?;
        list.push(line);
        if hint.is_some_and(|h| total > h) {
            break;
        }
    }
    Ok(lines)
}

pub(super) fn writelines(vm: &Vm, a: &[Value]) -> PyResult {
    check_closed(vm, a[0])?;
    let it = iter::get_iter(vm, a[1])?;
    while let Some(line) = iter::next(vm, it.value())? {
        call::call_method(vm, a[0], "write", &[line.value()])?;
    }
    Ok(vm.none_ref())
}

fn tell(vm: &Vm, a: &[Value]) -> PyResult {
    call::call_method(vm, a[0], "seek", &[Value::small_int(0), Value::small_int(1)])
}

pub static IO_BASE: TypeDef = TypeDef {
    doc: "The abstract base class for all I/O classes.\n\n\
          This class provides dummy implementations for many methods that\n\
          derived classes can override selectively; the default implementations\n\
          represent a file that cannot be read, written or seeked.",
    flags: FLAGS,
    slots: |s| {
        s.iter = Some(|vm, v| {
            check_closed(vm, v)?;
            Ok(v.to_ref())
        });
        s.next = Some(next);
        s.finalize = Some(finalize);
    },
    new: New::Raw(|_, ty, _| Ok(object::new_instance(ty, IoBase::new()))),
    methods: &[
        MethodDef::new("seek", "($self, offset, whence=os.SEEK_SET, /)", |vm, _| Err(unsupported(vm, "seek")), "Change the stream position to the given byte offset."),
        MethodDef::new("tell", "($self, /)", tell, "Return current stream position."),
        MethodDef::new("truncate", "($self, size=None, /)", |vm, _| Err(unsupported(vm, "truncate")), "Truncate file to size bytes."),
        MethodDef::new("flush", "($self, /)", flush, "Flush write buffers, if applicable."),
        MethodDef::new("close", "($self, /)", close, "Flush and close the IO object."),
        MethodDef::new("seekable", "($self, /)", no, "Return whether object supports random access."),
        MethodDef::new("readable", "($self, /)", no, "Return whether object was opened for reading."),
        MethodDef::new("writable", "($self, /)", no, "Return whether object was opened for writing."),
        MethodDef::new("_checkClosed", "($self, /)", |vm, a| check_closed(vm, a[0]).map(|()| vm.none_ref()), ""),
        MethodDef::new("_checkSeekable", "($self, /)", |vm, a| check_seekable(vm, a[0]), ""),
        MethodDef::new("_checkReadable", "($self, /)", |vm, a| check_readable(vm, a[0]), ""),
        MethodDef::new("_checkWritable", "($self, /)", |vm, a| check_writable(vm, a[0]), ""),
        MethodDef::new("fileno", "($self, /)", |vm, _| Err(unsupported(vm, "fileno")), "Return underlying file descriptor if one exists."),
        MethodDef::new("isatty", "($self, /)", isatty, "Return whether this is an 'interactive' stream."),
        MethodDef::new("__enter__", "($self, /)", enter, ""),
        MethodDef::new("__exit__", "($self, /, *args)", exit, ""),
        MethodDef::new("readline", "($self, size=-1, /)", readline, "Read and return a line from the stream."),
        MethodDef::new("readlines", "($self, hint=-1, /)", readlines, "Return a list of lines from the stream."),
        MethodDef::new("writelines", "($self, lines, /)", writelines, "Write a list of lines to stream."),
        MethodDef::new("__del__", "($self, /)", |vm, a| {
            finalize(vm, a[0]);
            Ok(vm.none_ref())
        }, "Called when the instance is about to be destroyed."),
    ],
    getset: &[
        DICT,
        GetSetDef::get("closed", |vm, v| Ok(vm.bool_ref(IoBase::of(v).closed.get())), ""),
    ],
    ..TypeDef::of::<IoBase>("_io._IOBase")
};

fn raw_read(vm: &Vm, a: &[Value]) -> PyResult {
    let n = a[1].non_null().map_or(Ok(-1), |n| number::size_i64(vm, n))?;
    if n < 0 {
        return call::call_method(vm, a[0], "readall", &[]);
    }
    let buffer = bytearray::new(vec![0; n as usize]);
    let got = call::call_method(vm, a[0], "readinto", &[buffer.value()])?;
    if got.is(vm.none()) {
        return Ok(got);
    }
    let got = number::size_i64(vm, got.value())?;
    if got < 0 || got > n {
        return Err(vm.value_error(format!(
            "readinto returned {got} outside buffer size {n}"
        )));
    }
    let data = buffer.cast::<PyByteArray>().map_or(&[][..], |b| b.as_slice());
    Ok(bytes::new(vm, &data[..(got as usize).min(data.len())]))
}

fn readall(vm: &Vm, a: &[Value]) -> PyResult {
    let mut all = Vec::new();
    loop {
        let data = call::call_method(vm, a[0], "read", &[Value::small_int(DEFAULT_BUFFER_SIZE as i64)])?;
        if data.is(vm.none()) {
            if all.is_empty() {
                return Ok(data);
            }
            break;
        }
        let Some(b) = data.cast::<bytes::PyBytes>() else {
            return Err(vm.type_error("read() should return bytes"));
        };
        if b.as_slice().is_empty() {
            break;
        }
        all.extend_from_slice(b.as_slice());
    }
    Ok(bytes::new(vm, &all))
}

#[cold]
fn not_implemented(vm: &Vm) -> Raised {
    vm.error_args(shape::NOT_IMPLEMENTED_ERROR, &[])
}

pub static RAW_IO_BASE: TypeDef = TypeDef {
    doc: "Base class for raw binary I/O.",
    flags: FLAGS,
    methods: &[
        MethodDef::new("read", "($self, size=-1, /)", raw_read, ""),
        MethodDef::new("readall", "($self, /)", readall, "Read until EOF, using multiple read() call."),
        MethodDef::new("readinto", "($self, buffer, /)", |vm, _| Err(not_implemented(vm)), ""),
        MethodDef::new("write", "($self, b, /)", |vm, _| Err(not_implemented(vm)), ""),
    ],
    ..TypeDef::of::<IoBase>("_io._RawIOBase")
};

/// `readinto` and `readinto1` by way of `read` and `read1`.
fn readinto_by(vm: &Vm, a: &[Value], method: &str) -> PyResult {
    let to = super::writable(vm, method_into(method), a[1])?;
    let size = to.len();
    let data = call::call_method(vm, a[0], method, &[vm.new_int(size as i64).value()])?;
    let Some(b) = data.cast::<bytes::PyBytes>() else {
        return Err(vm.type_error("read() should return bytes"));
    };
    let b = b.as_slice();
    if b.len() > size {
        return Err(vm.value_error(format!(
            "read() returned too much data: {size} bytes requested, {} returned",
            b.len()
        )));
    }
    to.fill(b);
    Ok(vm.new_int(b.len() as i64))
}

fn method_into(method: &str) -> &'static str {
    if method == "read1" { "readinto1" } else { "readinto" }
}

pub static BUFFERED_IO_BASE: TypeDef = TypeDef {
    doc: "Base class for buffered IO objects.\n\n\
          The main difference with RawIOBase is that the read() method\n\
          supports omitting the size argument, and does not have a default\n\
          implementation that defers to readinto().",
    flags: FLAGS,
    methods: &[
        MethodDef::new("detach", "($self, /)", |vm, _| Err(unsupported(vm, "detach")), "Disconnect this buffer from its underlying raw stream and return it."),
        MethodDef::new("read", "($self, size=-1, /)", |vm, _| Err(unsupported(vm, "read")), "Read and return up to n bytes."),
        MethodDef::new("read1", "($self, size=-1, /)", |vm, _| Err(unsupported(vm, "read1")), "Read and return up to size bytes, with at most one read() call to the underlying raw stream."),
        MethodDef::new("readinto", "($self, buffer, /)", |vm, a| readinto_by(vm, a, "read"), ""),
        MethodDef::new("readinto1", "($self, buffer, /)", |vm, a| readinto_by(vm, a, "read1"), ""),
        MethodDef::new("write", "($self, b, /)", |vm, _| Err(unsupported(vm, "write")), "Write buffer b to the IO stream."),
    ],
    ..TypeDef::of::<IoBase>("_io._BufferedIOBase")
};

pub static TEXT_IO_BASE: TypeDef = TypeDef {
    doc: "Base class for text I/O.\n\n\
          This class provides a character and line based interface to stream\n\
          I/O. There is no readinto method because Python's character strings\n\
          are immutable.",
    flags: FLAGS,
    methods: &[
        MethodDef::new("detach", "($self, /)", |vm, _| Err(unsupported(vm, "detach")), "Separate the underlying buffer from the TextIOBase and return it."),
        MethodDef::new("read", "($self, size=-1, /)", |vm, _| Err(unsupported(vm, "read")), "Read at most size characters from stream."),
        MethodDef::new("readline", "($self, size=-1, /)", |vm, _| Err(unsupported(vm, "readline")), "Read until newline or EOF."),
        MethodDef::new("write", "($self, s, /)", |vm, _| Err(unsupported(vm, "write")), "Write string s to stream."),
    ],
    getset: &[
        GetSetDef::get("encoding", |vm, _| Ok(vm.none_ref()), "Encoding of the text stream."),
        GetSetDef::get("newlines", |vm, _| Ok(vm.none_ref()), "Line endings translated so far."),
        GetSetDef::get("errors", |vm, _| Ok(vm.none_ref()), "The error setting of the decoder or encoder."),
    ],
    ..TypeDef::of::<IoBase>("_io._TextIOBase")
};
