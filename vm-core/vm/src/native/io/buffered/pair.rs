//! `BufferedRWPair`: a reader and a writer in one object.

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::native::io::base::{FLAGS, IoBase, check_readable, check_writable};
use crate::native::io::{chain, uninitialized};
use crate::convert;
use crate::object;
use crate::owned_cell::OwnedCell;
use crate::protocol::{attr, call};
use crate::native::io::fileio::DEFAULT_BUFFER_SIZE;
use crate::shape;
use crate::types::iterators::payload;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef};
use crate::value::Value;
use crate::vm::Vm;

/// A reader and a writer.
#[repr(C)]
pub struct BufferedPair {
    base: IoBase,
    reader: OwnedCell,
    writer: OwnedCell,
}
payload!(BufferedPair, BUFFERED_RW_PAIR);

fn init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    let sig = vm.signatures.get("(reader, writer, buffer_size=DEFAULT_BUFFER_SIZE, /)");
    sig.bind(vm, "BufferedRWPair", None, args, |a| {
        let size = convert::size_or(vm, a[2], DEFAULT_BUFFER_SIZE as isize)?;
        check_readable(vm, a[0])?;
        check_writable(vm, a[1])?;
        let size = vm.new_int(size as i64);
        let make = |id, raw| call::call_args(vm, vm.builtin(id).value(), &[raw, size.value()]);
        let reader = make(shape::BUFFERED_READER, a[0])?;
        let writer = make(shape::BUFFERED_WRITER, a[1])?;
        let pair = BufferedPair::of(v);
        pair.reader.set(reader);
        pair.writer.set(writer);
        Ok(())
    })
}

fn forward(vm: &Vm, half: &OwnedCell, method: &str, args: Value) -> PyResult {
    let half = half.get_ref().ok_or_else(|| uninitialized(vm))?;
    let args = args.non_null().and_then(|t| t.cast::<PyTuple>()).map_or(&[][..], |t| t.as_slice());
    call::call_method(vm, half.value(), method, args)
}

/// A method that the reader does, with whatever arguments.
macro_rules! reading {
    ($name:literal) => {
        MethodDef::new($name, "($self, /, *args)", |vm, a| forward(vm, &BufferedPair::of(a[0]).reader, $name, a[1]), "")
    };
}

/// A method that the writer does, with whatever arguments.
macro_rules! writing {
    ($name:literal) => {
        MethodDef::new($name, "($self, /, *args)", |vm, a| forward(vm, &BufferedPair::of(a[0]).writer, $name, a[1]), "")
    };
}

fn close(vm: &Vm, a: &[Value]) -> PyResult {
    let pair = BufferedPair::of(a[0]);
    let first = forward(vm, &pair.writer, "close", Value::NULL);
    let second = forward(vm, &pair.reader, "close", Value::NULL);
    match first {
        Ok(_) => second,
        Err(e) => Err(chain(e, second)),
    }
}

fn isatty(vm: &Vm, a: &[Value]) -> PyResult {
    let pair = BufferedPair::of(a[0]);
    let answer = forward(vm, &pair.writer, "isatty", Value::NULL)?;
    if !answer.is(vm.false_()) {
        return Ok(answer);
    }
    forward(vm, &pair.reader, "isatty", Value::NULL)
}

fn closed(vm: &Vm, v: Value) -> PyResult {
    match BufferedPair::of(v).writer.get_ref() {
        Some(w) => attr::get_named(vm, w.value(), "closed"),
        None => Err(vm.runtime_error("the BufferedRWPair object is being garbage-collected")),
    }
}

pub static DEF: TypeDef = TypeDef {
    doc: "BufferedRWPair(reader, writer, buffer_size=DEFAULT_BUFFER_SIZE, /)\n--\n\n\
          A stream for both directions made of a raw stream for each, as sockets and pipes have.",
    flags: FLAGS,
    slots: |s| {
        s.init = Some(init);
        s.drop = Some(object::drop_payload::<BufferedPair>);
    },
    new: New::Raw(|_, ty, _| {
        let pair = BufferedPair { base: IoBase::new(), reader: OwnedCell::null(), writer: OwnedCell::null() };
        Ok(object::new_instance(ty, pair))
    }),
    methods: &[
        reading!("read"),
        reading!("peek"),
        reading!("read1"),
        reading!("readinto"),
        reading!("readinto1"),
        reading!("readable"),
        writing!("write"),
        writing!("flush"),
        writing!("writable"),
        MethodDef::new("close", "($self, /)", close, "Closes both streams."),
        MethodDef::new("isatty", "($self, /)", isatty, "Whether either stream is a terminal."),
    ],
    getset: &[GetSetDef::get("closed", closed, "")],
    ..TypeDef::of::<BufferedPair>("_io.BufferedRWPair")
};
