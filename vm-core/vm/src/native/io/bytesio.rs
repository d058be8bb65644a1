//! `BytesIO`: a binary stream in memory.

use std::cell::{Cell, RefCell};

use crate::args::CallArgs;
use crate::convert;
use crate::error::PyResult;
use crate::native::io::base::{FLAGS, IoBase};
use crate::native::io::{closed_file, size_or_none, writable};
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::protocol::buffer::{self, Buffer};
use crate::protocol::{attr, iter, number};
use crate::types::bytes;
use crate::types::dict::PyDict;
use crate::types::int;
use crate::types::iterators::payload;
use crate::types::list::PyList;
use crate::types::memoryview::{self, BufferInfo};
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A stream over bytes of its own.
#[repr(C)]
pub struct BytesIo {
    base: IoBase,
    data: RefCell<Vec<u8>>,
    /// The contents as one object, as long as nothing changed them since it was made.
    whole: OwnedCell,
    pos: Cell<usize>,
    is_closed: Cell<bool>,
    /// Views of the memory; while there are any, the length must not change.
    exports: Cell<usize>,
}
payload!(BytesIo, BYTES_IO);

impl BytesIo {
    fn open(&self, vm: &Vm) -> PyResult<()> {
        if self.is_closed.get() { Err(closed_file(vm)) } else { Ok(()) }
    }

    fn resizable(&self, vm: &Vm) -> PyResult<()> {
        if self.exports.get() > 0 {
            return Err(vm.buffer_error("Existing exports of data: object cannot be re-sized"));
        }
        Ok(())
    }

    fn write(&self, vm: &Vm, data: &[u8]) -> PyResult<usize> {
        self.open(vm)?;
        self.resizable(vm)?;
        if data.is_empty() {
            return Ok(0);
        }
        self.whole.clear();
        let mut all = self.data.borrow_mut();
        let at = self.pos.get();
        let Some(end) = at.checked_add(data.len()).filter(|e| *e <= isize::MAX as usize) else {
            return Err(vm.overflow_error("new buffer size too large"));
        };
        if end > all.len() {
            let more = end - all.len();
            if all.try_reserve(more).is_err() {
                return Err(vm.memory_error(""));
            }
            // The gap that a seek beyond the end left reads as zeros.
            let kept = at.min(all.len());
            let gap = at - kept;
            all.truncate(kept);
            all.resize(kept + gap, 0);
            all.extend_from_slice(data);
        } else {
            all[at..end].copy_from_slice(data);
        }
        self.pos.set(end);
        Ok(data.len())
    }

    /// Calls `f` with the next bytes, at most `n`, and moves on.
    fn advance<R>(&self, n: isize, f: impl FnOnce(&[u8]) -> R) -> R {
        let all = self.data.borrow();
        let rest = all.get(self.pos.get()..).unwrap_or_default();
        let n = usize::try_from(n).unwrap_or(usize::MAX).min(rest.len());
        self.pos.set(self.pos.get() + n);
        f(&rest[..n])
    }

    /// Length of the next line, at most `limit`.
    fn line_len(&self, limit: isize) -> usize {
        let all = self.data.borrow();
        let rest = all.get(self.pos.get()..).unwrap_or_default();
        let n = usize::try_from(limit).unwrap_or(usize::MAX).min(rest.len());
        memchr::memchr(b'\n', &rest[..n]).map_or(n, |i| i + 1)
    }

    /// The contents as a bytes object.
    fn value(&self, vm: &Vm) -> Ref {
        if self.exports.get() == 0
            && let Some(whole) = self.whole.get_ref()
        {
            return whole;
        }
        let made = bytes::new(vm, &self.data.borrow());
        if self.exports.get() == 0 {
            self.whole.set(made.clone());
        }
        made
    }
}

fn read(vm: &Vm, a: &[Value]) -> PyResult {
    let b = BytesIo::of(a[0]);
    let n = size_or_none(vm, a[1])?;
    b.open(vm)?;
    if b.pos.get() == 0 && (n < 0 || n as usize >= b.data.borrow().len()) {
        b.pos.set(b.data.borrow().len());
        return Ok(b.value(vm));
    }
    Ok(b.advance(n, |data| bytes::new(vm, data)))
}

fn readline(vm: &Vm, a: &[Value]) -> PyResult {
    let b = BytesIo::of(a[0]);
    let limit = size_or_none(vm, a[1])?;
    b.open(vm)?;
    let n = b.line_len(limit);
    Ok(b.advance(n as isize, |data| bytes::new(vm, data)))
}

fn next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let b = BytesIo::of(v);
    b.open(vm)?;
    let n = b.line_len(-1);
    if n == 0 { Ok(None) } else { Ok(Some(b.advance(n as isize, |data| bytes::new(vm, data)))) }
}

fn readlines(vm: &Vm, a: &[Value]) -> PyResult {
    let b = BytesIo::of(a[0]);
    b.open(vm)?;
    let most = match a[1].non_null().filter(|v| !v.is(vm.none())) {
        None => -1,
        Some(v) if int::value_of(v).is_some() => number::size_i64(vm, v)?,
        Some(v) => {
            let shown = vm.type_of(v).full_name();
            return Err(vm.type_error(format!("integer argument expected, got '{shown}'")));
        }
    };
    let (mut lines, mut total) = (Vec::new(), 0);
    loop {
        let n = b.line_len(-1);
        if n == 0 {
            break;
        }
        lines.push(b.advance(n as isize, |data| bytes::new(vm, data)));
        total += n as i64;
        if most > 0 && total >= most {
            break;
        }
    }
    Ok(PyList::new(vm, lines))
}

fn readinto(vm: &Vm, a: &[Value]) -> PyResult {
    let b = BytesIo::of(a[0]);
    let to = writable(vm, "readinto", a[1])?;
    b.open(vm)?;
    // The memory may be this stream's own.
    let data = b.advance(to.len() as isize, <[u8]>::to_vec);
    to.fill(&data);
    Ok(vm.new_int(data.len() as i64))
}

fn write(vm: &Vm, a: &[Value]) -> PyResult {
    let b = BytesIo::of(a[0]);
    let data = Buffer::with_flags(vm, a[1], buffer::flags::CONTIG_RO)?;
    // While there are exports, the data may be the buffer itself.
    #[allow(clippy::unnecessary_to_owned)]
    let n = if b.exports.get() == 0 { b.write(vm, &data)? } else { b.write(vm, &data.to_vec())? };
    Ok(vm.new_int(n as i64))
}

fn writelines(vm: &Vm, a: &[Value]) -> PyResult {
    BytesIo::of(a[0]).open(vm)?;
    iter::for_each(vm, a[1], |line| write(vm, &[a[0], line.value()]).map(drop))?;
    Ok(vm.none_ref())
}

fn seek(vm: &Vm, a: &[Value]) -> PyResult {
    let b = BytesIo::of(a[0]);
    let to = crate::protocol::item::ssize_arg(vm, a[1])?;
    let whence = a[2].non_null().map_or(Ok(0), |w| convert::c_int(vm, w))?;
    b.open(vm)?;
    let start = match whence {
        0 if to < 0 => return Err(vm.value_error(format!("negative seek value {to}"))),
        0 => 0,
        1 => b.pos.get(),
        2 => b.data.borrow().len(),
        _ => return Err(vm.value_error(format!("invalid whence ({whence}, should be 0, 1 or 2)"))),
    };
    let Some(at) = to.checked_add(start as isize) else {
        return Err(vm.overflow_error("new position too large"));
    };
    b.pos.set(at.max(0) as usize);
    Ok(vm.new_int(b.pos.get() as i64))
}

fn truncate(vm: &Vm, a: &[Value]) -> PyResult {
    let b = BytesIo::of(a[0]);
    b.open(vm)?;
    b.resizable(vm)?;
    let size = match a[1].non_null().filter(|v| !v.is(vm.none())) {
        None => b.pos.get() as i64,
        Some(v) => {
            let n = number::index(vm, v)?;
            int::to_i64(n.value()).ok_or_else(|| vm.overflow_error("Python int too large to convert to C long"))?
        }
    };
    let Ok(n) = usize::try_from(size) else {
        return Err(vm.value_error(format!("negative size value {size}")));
    };
    if n < b.data.borrow().len() {
        b.whole.clear();
        b.data.borrow_mut().truncate(n);
    }
    Ok(vm.new_int(size))
}

fn close(vm: &Vm, a: &[Value]) -> PyResult {
    let b = BytesIo::of(a[0]);
    b.resizable(vm)?;
    b.is_closed.set(true);
    b.whole.clear();
    b.data.take();
    Ok(vm.none_ref())
}

fn getvalue(vm: &Vm, a: &[Value]) -> PyResult {
    let b = BytesIo::of(a[0]);
    b.open(vm)?;
    Ok(b.value(vm))
}

fn getbuffer(vm: &Vm, a: &[Value]) -> PyResult {
    let b = BytesIo::of(a[0]);
    b.open(vm)?;
    // Writing through the view changes the contents.
    b.whole.clear();
    b.exports.set(b.exports.get() + 1);
    let exporter = object::new(BytesIoBuffer { header: object::header(), source: OwnedCell::new(a[0].to_ref()) });
    memoryview::new(vm, exporter.value())
}

fn getstate(vm: &Vm, a: &[Value]) -> PyResult {
    let b = BytesIo::of(a[0]);
    let value = getvalue(vm, a)?;
    let dict = match attr::instance_dict(vm, a[0]).filter(|d| !d.is_empty()) {
        Some(d) => d.copy(vm),
        None => vm.none_ref(),
    };
    Ok(PyTuple::from_vec(vm, vec![value, vm.new_int(b.pos.get() as i64), dict]))
}

fn setstate(vm: &Vm, a: &[Value]) -> PyResult {
    let b = BytesIo::of(a[0]);
    let class = vm.type_of(a[0]).full_name();
    let Some([value, pos, dict, ..]) = a[1].cast::<PyTuple>().map(|t| t.as_slice()) else {
        let shown = vm.type_of(a[1]).full_name();
        return Err(vm.type_error(format!("{class}.__setstate__ argument should be 3-tuple, got {shown}")));
    };
    b.resizable(vm)?;
    b.whole.clear();
    b.data.borrow_mut().clear();
    b.pos.set(0);
    write(vm, &[a[0], *value])?;
    b.pos.set(state_position(vm, *pos, "second item of state must be an integer, not")?);
    update_dict(vm, a[0], *dict, "third")?;
    Ok(vm.none_ref())
}

/// The position in a pickled state.
pub(super) fn state_position(vm: &Vm, v: Value, wrong: &str) -> PyResult<usize> {
    if int::value_of(v).is_none() {
        return Err(vm.type_error(format!("{wrong} {}", vm.type_of(v).full_name())));
    }
    match usize::try_from(number::size_i64(vm, v)?) {
        Ok(n) => Ok(n),
        Err(_) => Err(vm.value_error("position value cannot be negative")),
    }
}

/// The attributes in a pickled state.
pub(super) fn update_dict(vm: &Vm, v: Value, dict: Value, which: &str) -> PyResult<()> {
    if dict.is(vm.none()) {
        return Ok(());
    }
    let Some(new) = dict.cast::<PyDict>() else {
        let shown = vm.type_of(dict).full_name();
        return Err(vm.type_error(format!("{which} item of state should be a dict, got a {shown}")));
    };
    if let Some(own) = attr::instance_dict(vm, v) {
        for (key, value) in new.items_vec() {
            own.set(vm, key.value(), value.value())?;
        }
    }
    Ok(())
}

fn size_of(vm: &Vm, a: &[Value]) -> PyResult {
    let b = BytesIo::of(a[0]);
    Ok(vm.new_int((std::mem::size_of::<BytesIo>() + b.data.borrow().capacity()) as i64))
}

fn init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    let sig = vm.signatures.get("(initial_bytes=b'')");
    sig.bind(vm, "BytesIO", None, args, |a| {
        let b = BytesIo::of(v);
        b.resizable(vm)?;
        b.whole.clear();
        b.is_closed.set(false);
        b.data.borrow_mut().clear();
        b.pos.set(0);
        if let Some(initial) = a[0].non_null().filter(|i| !i.is(vm.none())) {
            write(vm, &[v, initial])?;
            if vm.type_of(initial).is(vm.builtin(crate::shape::BYTES)) {
                b.whole.set(initial.to_ref());
            }
            b.pos.set(0);
        }
        Ok(())
    })
}

fn yes(vm: &Vm, a: &[Value]) -> PyResult {
    BytesIo::of(a[0]).open(vm)?;
    Ok(vm.bool_ref(true))
}

pub static BYTES_IO: TypeDef = TypeDef {
    doc: "BytesIO(initial_bytes=b'')\n--\n\nA binary stream in memory.",
    flags: FLAGS,
    slots: |s| {
        s.init = Some(init);
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(next);
        s.traverse = crate::traverse_fields!(BytesIo: whole);
        s.drop = Some(object::drop_payload::<BytesIo>);
        // Nothing is lost when a stream in memory dies open; classes in Python may override close.
        s.finalize = Some(|vm, v| {
            if vm.type_of(v).is_heap() {
                super::base::finalize(vm, v);
            }
        });
    },
    new: New::Raw(|_, ty, _| {
        let b = BytesIo {
            base: IoBase::new(),
            data: RefCell::default(),
            whole: OwnedCell::null(),
            pos: Cell::new(0),
            is_closed: Cell::new(false),
            exports: Cell::new(0),
        };
        Ok(object::new_instance(ty, b))
    }),
    methods: &[
        MethodDef::new("readable", "($self, /)", yes, "True."),
        MethodDef::new("seekable", "($self, /)", yes, "True."),
        MethodDef::new("writable", "($self, /)", yes, "True."),
        MethodDef::new("close", "($self, /)", close, "Gives the memory back; the stream cannot be used any more."),
        MethodDef::new("flush", "($self, /)", |vm, a| yes(vm, a).map(|_| vm.none_ref()), "Does nothing."),
        MethodDef::new("isatty", "($self, /)", |vm, a| yes(vm, a).map(|_| vm.bool_ref(false)), "False."),
        MethodDef::new("tell", "($self, /)", |vm, a| yes(vm, a).map(|_| vm.new_int(BytesIo::of(a[0]).pos.get() as i64)), "The position."),
        MethodDef::new("write", "($self, b, /)", write, "Writes bytes and returns how many."),
        MethodDef::new("writelines", "($self, lines, /)", writelines, "Writes each item of an iterable."),
        MethodDef::new("read1", "($self, size=-1, /)", read, "Reads up to that many bytes, or all there are."),
        MethodDef::new("readinto", "($self, buffer, /)", readinto, "Reads into memory and returns how many bytes there were."),
        MethodDef::new("readline", "($self, size=-1, /)", readline, "Reads up to and with the next line feed."),
        MethodDef::new("readlines", "($self, size=None, /)", readlines, "A list of the lines; size is about how many bytes they may have."),
        MethodDef::new("read", "($self, size=-1, /)", read, "Reads up to that many bytes, or all there are."),
        MethodDef::new("getbuffer", "($self, /)", getbuffer, "A writable view of the contents."),
        MethodDef::new("getvalue", "($self, /)", getvalue, "The contents."),
        MethodDef::new("seek", "($self, pos, whence=0, /)", seek, "Sets the position, relative to the start (0), the position (1) or the end (2)."),
        MethodDef::new("truncate", "($self, size=None, /)", truncate, "Cuts the contents off at a size, or at the position."),
        MethodDef::new("__getstate__", "($self, /)", getstate, ""),
        MethodDef::new("__setstate__", "($self, state, /)", setstate, ""),
        MethodDef::new("__sizeof__", "($self, /)", size_of, ""),
    ],
    getset: &[GetSetDef::get("closed", |vm, v| Ok(vm.bool_ref(BytesIo::of(v).is_closed.get())), "True if the stream is closed.")],
    ..TypeDef::of::<BytesIo>("_io.BytesIO")
};

/// What the views of a `BytesIO` show; it counts as an export for as long as it lives.
#[repr(C)]
pub struct BytesIoBuffer {
    header: Header,
    source: OwnedCell,
}
payload!(BytesIoBuffer, BYTES_IO_BUFFER);

impl Drop for BytesIoBuffer {
    fn drop(&mut self) {
        let source = BytesIo::of(self.source.get());
        source.exports.set(source.exports.get().saturating_sub(1));
    }
}

fn memory(v: Value) -> BufferInfo {
    let mut data = BytesIo::of(BytesIoBuffer::of(v).source.get()).data.borrow_mut();
    BufferInfo { start: data.as_mut_ptr(), len: data.len(), readonly: false, format: "B", item_size: 1 }
}

pub static BYTES_IO_BUFFER: TypeDef = TypeDef {
    flags: flags::DISALLOW_INSTANTIATION,
    new: New::Disallowed,
    slots: |s| {
        s.buffer = Some(memory);
        // Its own life is what counts.
        s.count_export = Some(|_, _| ());
        s.traverse = crate::traverse_fields!(BytesIoBuffer: source);
        s.drop = Some(object::drop_payload::<BytesIoBuffer>);
    },
    ..TypeDef::of::<BytesIoBuffer>("_io._BytesIOBuffer")
};
