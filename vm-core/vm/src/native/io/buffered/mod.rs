//! Buffered streams over a raw one: `BufferedReader`, `BufferedWriter`, `BufferedRandom`.
//!
//! One buffer serves both directions. It holds what was read ahead, and in it a range of what
//! is yet to be written. While a call to the raw stream runs, which may be Python code, the
//! stream is busy and refuses other operations; only what is in the buffer already can be read.

use std::cell::{Cell, RefCell};

use crate::args::CallArgs;
use crate::convert;
use crate::error::{PyResult, Raised};
use crate::native::io::base::{FLAGS, IoBase, check_seekable, class_name};
use crate::native::io::fileio::{DEFAULT_BUFFER_SIZE, FileIo, cannot_pickle};
use crate::native::io::registry::Entry;
use crate::native::io::{chain, is_closed, offset, stream_repr, uninitialized, unsupported};
use crate::object;
use crate::owned_cell::OwnedCell;
use crate::protocol::{attr, call, item, object as obj, truth};
use crate::shape;
use crate::types::iterators::payload;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

mod pair;
mod reader;
mod writer;

pub use pair::DEF as BUFFERED_RW_PAIR;
pub use reader::DEF as BUFFERED_READER;
pub(super) use reader::{read_all, read1};
pub use writer::DEF as BUFFERED_WRITER;
pub(super) use writer::write_bytes;

/// How far the life of a stream has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Life {
    Unmade,
    Ready,
    Detached,
}

/// A buffered stream. Positions are within the buffer; -1 stands for none.
#[repr(C)]
pub struct Buffered {
    base: IoBase,
    raw: OwnedCell,
    life: Cell<Life>,
    readable: Cell<bool>,
    writable: Cell<bool>,
    finalizing: Cell<bool>,
    /// A call to the raw stream runs.
    busy: Cell<bool>,
    /// The raw stream is a FileIO and nothing else: it can be used without calling methods.
    direct: Cell<bool>,
    /// Empty while the raw stream works on it.
    buffer: RefCell<Vec<u8>>,
    /// There is no buffer any more: the stream was closed.
    dropped: Cell<bool>,
    size: Cell<i64>,
    /// The stream's own position.
    pos: Cell<i64>,
    /// The raw stream's position.
    raw_pos: Cell<i64>,
    /// End of what was read ahead.
    read_end: Cell<i64>,
    /// What is yet to be written.
    write_pos: Cell<i64>,
    write_end: Cell<i64>,
    /// The raw stream's position in the file, where it is known.
    file_pos: Cell<Option<i64>>,
    entry: Entry,
}
payload!(Buffered, BUFFERED_READER);

/// Makes a stream busy for as long as it lives.
struct Busy<'a>(&'a Buffered);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.busy.set(false);
    }
}

fn allocate(_: &Vm, ty: TypeRef, _: CallArgs) -> PyResult {
    Ok(object::new_instance(
        ty,
        Buffered {
            base: IoBase::new(),
            raw: OwnedCell::null(),
            life: Cell::new(Life::Unmade),
            readable: Cell::new(false),
            writable: Cell::new(false),
            finalizing: Cell::new(false),
            busy: Cell::new(false),
            direct: Cell::new(false),
            buffer: RefCell::default(),
            dropped: Cell::new(false),
            size: Cell::new(0),
            pos: Cell::new(0),
            raw_pos: Cell::new(0),
            read_end: Cell::new(-1),
            write_pos: Cell::new(0),
            write_end: Cell::new(-1),
            file_pos: Cell::new(None),
            entry: Entry::default(),
        },
    ))
}

impl Buffered {
    /// Sets the stream up over a raw one.
    fn set_up(&self, vm: &Vm, v: Value, raw: Value, size: Value, readable: bool, writable: bool) -> PyResult<()> {
        let size = convert::size_or(vm, size, DEFAULT_BUFFER_SIZE as isize)? as i64;
        self.raw.set(raw.to_ref());
        self.readable.set(readable);
        self.writable.set(writable);
        if size <= 0 {
            return Err(vm.value_error("buffer size must be strictly positive"));
        }
        // Zeroed memory is had for nothing, but asking for too much of it ends the process.
        if Vec::<u8>::new().try_reserve_exact(size as usize).is_err() {
            return Err(vm.memory_error(""));
        }
        self.buffer.replace(vec![0; size as usize]);
        self.size.set(size);
        self.dropped.set(false);
        self.direct.set(false);
        self.file_pos.set(None);
        if let Err(e) = self.raw_tell(vm) {
            // Pipes have no position.
            drop(e);
        }
        self.pos.set(0);
        self.raw_pos.set(0);
        self.reset_read();
        self.reset_write();
        let own = [shape::BUFFERED_READER, shape::BUFFERED_WRITER, shape::BUFFERED_RANDOM];
        let plain = own.iter().any(|id| vm.type_of(v).is(vm.builtin(*id)));
        self.direct.set(plain && vm.type_of(raw).is(vm.builtin(shape::FILE_IO)));
        if writable {
            self.entry.enter(vm, v);
        }
        self.life.set(Life::Ready);
        Ok(())
    }

    /// ValueError unless the stream was set up and still has its raw stream.
    fn ready(&self, vm: &Vm) -> PyResult<()> {
        match self.life.get() {
            Life::Ready => Ok(()),
            Life::Unmade => Err(uninitialized(vm)),
            Life::Detached => Err(vm.value_error("raw stream has been detached")),
        }
    }

    /// The raw stream, kept alive by the result.
    fn raw(&self, vm: &Vm) -> PyResult {
        self.ready(vm)?;
        self.raw.get_ref().ok_or_else(|| uninitialized(vm))
    }

    fn is_closed(&self, vm: &Vm) -> PyResult<bool> {
        if self.dropped.get() {
            return Ok(true);
        }
        let raw = self.raw(vm)?;
        if self.direct.get() { Ok(!FileIo::of(raw.value()).is_open()) } else { is_closed(vm, raw.value()) }
    }

    /// ValueError if the stream is closed and nothing is left of what it had read.
    fn open(&self, vm: &Vm, what: &str) -> PyResult<()> {
        self.ready(vm)?;
        if self.is_closed(vm)? && self.read_ahead() == 0 {
            return Err(vm.value_error(format!("{what} of closed file")));
        }
        Ok(())
    }

    fn enter<'a>(&'a self, vm: &Vm, v: Value) -> PyResult<Busy<'a>> {
        if self.busy.replace(true) {
            let shown = obj::repr_text(vm, v)?;
            return Err(vm.runtime_error(format!("reentrant call inside {shown}")));
        }
        Ok(Busy(self))
    }

    fn has_read_buffer(&self) -> bool {
        self.readable.get() && self.read_end.get() != -1
    }

    fn has_write_buffer(&self) -> bool {
        self.writable.get() && self.write_end.get() != -1
    }

    fn reset_read(&self) {
        self.read_end.set(-1);
    }

    fn reset_write(&self) {
        self.write_pos.set(0);
        self.write_end.set(-1);
    }

    /// Bytes that can be read without asking the raw stream.
    fn read_ahead(&self) -> i64 {
        if self.has_read_buffer() { (self.read_end.get() - self.pos.get()).max(0) } else { 0 }
    }

    /// How far the raw stream is ahead of this one.
    fn raw_offset(&self) -> i64 {
        let known = (self.has_read_buffer() || self.has_write_buffer()) && self.raw_pos.get() >= 0;
        if known { self.raw_pos.get() - self.pos.get() } else { 0 }
    }

    fn set_pos(&self, pos: i64) {
        self.pos.set(pos);
        if self.has_read_buffer() && self.read_end.get() < pos {
            self.read_end.set(pos);
        }
    }

    fn advance_file_pos(&self, n: usize) {
        self.file_pos.set(self.file_pos.get().map(|p| p + n as i64));
    }

    /// Calls `f` with a part of the buffer, or what there is of it.
    fn with_part<R>(&self, from: i64, len: i64, f: impl FnOnce(&[u8]) -> R) -> R {
        let buffer = self.buffer.borrow();
        let start = usize::try_from(from).unwrap_or(0).min(buffer.len());
        let end = start.saturating_add(usize::try_from(len).unwrap_or(0)).min(buffer.len());
        f(&buffer[start..end])
    }

    /// Copies into the buffer, as far as there is room.
    fn put(&self, at: i64, data: &[u8]) {
        let mut buffer = self.buffer.borrow_mut();
        let start = usize::try_from(at).unwrap_or(0).min(buffer.len());
        let n = data.len().min(buffer.len() - start);
        buffer[start..start + n].copy_from_slice(&data[..n]);
    }

    /// Takes the buffer away from the stream while the raw stream works with it.
    fn lend<R>(&self, f: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        let mut buffer = self.buffer.take();
        let r = f(&mut buffer);
        if self.buffer.borrow().is_empty() && !self.dropped.get() {
            self.buffer.replace(buffer);
        }
        r
    }

    fn file_position(&self, vm: &Vm, answer: Value) -> PyResult<i64> {
        let n = offset(vm, answer)?;
        if n < 0 {
            return Err(vm.error(shape::OS_ERROR, format!("Raw stream returned invalid position {n}")));
        }
        self.file_pos.set(Some(n));
        Ok(n)
    }

    fn raw_tell(&self, vm: &Vm) -> PyResult<i64> {
        let Some(raw) = self.raw.get_ref() else { return Err(uninitialized(vm)) };
        let answer = call::call_method(vm, raw.value(), "tell", &[])?;
        self.file_position(vm, answer.value())
    }

    fn raw_seek(&self, vm: &Vm, target: i64, whence: i32) -> PyResult<i64> {
        let raw = self.raw(vm)?;
        let (target, whence) = (vm.new_int(target), Value::small_int(i64::from(whence)));
        let answer = call::call_method(vm, raw.value(), "seek", &[target.value(), whence])?;
        self.file_position(vm, answer.value())
    }

    /// Writes what is to be written, and moves the raw stream to where this one is.
    fn flush_and_rewind(&self, vm: &Vm) -> PyResult<()> {
        self.flush_writes(vm)?;
        if self.readable.get() {
            let moved = self.raw_seek(vm, -self.raw_offset(), libc::SEEK_CUR);
            self.reset_read();
            moved?;
        }
        Ok(())
    }
}

fn flush(vm: &Vm, a: &[Value]) -> PyResult {
    let b = Buffered::of(a[0]);
    b.open(vm, "flush")?;
    let _busy = b.enter(vm, a[0])?;
    b.flush_and_rewind(vm)?;
    Ok(vm.none_ref())
}

fn simple_flush(vm: &Vm, a: &[Value]) -> PyResult {
    let raw = Buffered::of(a[0]).raw(vm)?;
    call::call_method(vm, raw.value(), "flush", &[])
}

fn close(vm: &Vm, a: &[Value]) -> PyResult {
    let b = Buffered::of(a[0]);
    b.ready(vm)?;
    {
        let _busy = b.enter(vm, a[0])?;
        let raw = b.raw(vm)?;
        if is_closed(vm, raw.value())? {
            return Ok(vm.none_ref());
        }
        if b.finalizing.get() {
            drop(dealloc_warn(vm, &[a[0], a[0]]));
        }
    }
    // Flushing makes the stream busy itself.
    let flushed = call::call_method(vm, a[0], "flush", &[]);
    let _busy = b.enter(vm, a[0])?;
    let raw = b.raw(vm)?;
    let closed = call::call_method(vm, raw.value(), "close", &[]);
    b.dropped.set(true);
    b.buffer.take();
    b.read_end.set(0);
    b.pos.set(0);
    match flushed {
        Ok(_) => closed,
        Err(e) => Err(chain(e, closed)),
    }
}

fn detach(vm: &Vm, a: &[Value]) -> PyResult {
    let b = Buffered::of(a[0]);
    b.ready(vm)?;
    call::call_method(vm, a[0], "flush", &[])?;
    let raw = b.raw.take().ok_or_else(|| uninitialized(vm))?;
    b.life.set(Life::Detached);
    Ok(raw)
}

fn dealloc_warn(vm: &Vm, a: &[Value]) -> PyResult {
    let b = Buffered::of(a[0]);
    if b.life.get() == Life::Ready
        && let Some(raw) = b.raw.get_ref()
        && let Err(e) = call::call_method(vm, raw.value(), "_dealloc_warn", &[a[1]])
    {
        // Raw streams without such a method do not warn.
        drop(e);
    }
    Ok(vm.none_ref())
}

/// Calls a method of the raw stream.
fn forward(vm: &Vm, v: Value, method: &str) -> PyResult {
    let raw = Buffered::of(v).raw(vm)?;
    call::call_method(vm, raw.value(), method, &[])
}

fn forward_attribute(vm: &Vm, v: Value, name: &str) -> PyResult {
    let raw = Buffered::of(v).raw(vm)?;
    attr::get_named(vm, raw.value(), name)
}

fn tell(vm: &Vm, a: &[Value]) -> PyResult {
    let b = Buffered::of(a[0]);
    b.ready(vm)?;
    let at = b.raw_tell(vm)? - b.raw_offset();
    // The raw stream's answer may have nothing to do with what was read.
    Ok(vm.new_int(at.max(0)))
}

fn seek(vm: &Vm, a: &[Value]) -> PyResult {
    let b = Buffered::of(a[0]);
    b.ready(vm)?;
    let whence = a[2].non_null().map_or(Ok(0), |w| convert::c_int(vm, w))?;
    if !(0..=2).contains(&whence) && whence != libc::SEEK_HOLE && whence != libc::SEEK_DATA {
        return Err(vm.value_error(format!("whence value {whence} unsupported")));
    }
    b.open(vm, "seek")?;
    let raw = b.raw(vm)?;
    check_seekable(vm, raw.value())?;
    let target = offset(vm, a[1])?;
    if whence <= libc::SEEK_CUR && b.readable.get() {
        let current = match b.file_pos.get() {
            Some(p) => p,
            None => b.raw_tell(vm)?,
        };
        let ahead = b.read_ahead();
        let step = if whence == libc::SEEK_SET { target.saturating_sub(current - b.raw_offset()) } else { target };
        if ahead > 0 && step >= -b.pos.get() && step <= ahead {
            b.pos.set(b.pos.get() + step);
            return Ok(vm.new_int((current - ahead + step).max(0)));
        }
    }
    let _busy = b.enter(vm, a[0])?;
    if b.writable.get() {
        b.flush_writes(vm)?;
    }
    let target = if whence == libc::SEEK_CUR { target.saturating_sub(b.raw_offset()) } else { target };
    let n = b.raw_seek(vm, target, whence)?;
    b.raw_pos.set(-1);
    if b.readable.get() {
        b.reset_read();
    }
    Ok(vm.new_int(n))
}

fn truncate(vm: &Vm, a: &[Value]) -> PyResult {
    let b = Buffered::of(a[0]);
    b.open(vm, "truncate")?;
    if !b.writable.get() {
        return Err(unsupported(vm, "truncate"));
    }
    let _busy = b.enter(vm, a[0])?;
    b.flush_and_rewind(vm)?;
    let raw = b.raw(vm)?;
    let size = a[1].non_null().unwrap_or(vm.none());
    let r = call::call_method(vm, raw.value(), "truncate", &[size])?;
    if let Err(e) = b.raw_tell(vm) {
        // The position is just not known then.
        drop(e);
    }
    Ok(r)
}

fn size_of(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(item::from_size(vm, std::mem::size_of::<Buffered>() + Buffered::of(a[0]).buffer.borrow().len()))
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    stream_repr(vm, v, || Ok(String::new()))
}

fn init_random(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    let sig = vm.signatures.get("(raw, buffer_size=DEFAULT_BUFFER_SIZE)");
    let name = class_name(vm, v);
    let name = name.rsplit('.').next().unwrap_or("BufferedRandom");
    sig.bind(vm, name, None, args, |a| {
        let b = Buffered::of(v);
        b.life.set(Life::Unmade);
        check_seekable(vm, a[0])?;
        super::base::check_readable(vm, a[0])?;
        super::base::check_writable(vm, a[0])?;
        b.set_up(vm, v, a[0], a[1], true, true)
    })
}

/// Slots that all three types have.
fn common_slots(s: &mut crate::types::slots::Slots) {
    s.repr = Some(repr);
    s.finalize = Some(super::base::finalize);
    s.drop = Some(object::drop_payload::<Buffered>);
}

/// Methods that all three types have; `$more` come before them.
macro_rules! common_methods {
    ($($more:expr,)*) => {
        &[
            $($more,)*
            MethodDef::new("detach", "($self, /)", $crate::native::io::buffered::detach, "Separates the stream from its raw stream, which it returns."),
            MethodDef::new("close", "($self, /)", $crate::native::io::buffered::close, "Flushes and closes the stream."),
            MethodDef::new("seekable", "($self, /)", |vm, a| $crate::native::io::buffered::forward(vm, a[0], "seekable"), "Whether positions can be set."),
            MethodDef::new("fileno", "($self, /)", |vm, a| $crate::native::io::buffered::forward(vm, a[0], "fileno"), "The raw stream's file descriptor."),
            MethodDef::new("isatty", "($self, /)", |vm, a| $crate::native::io::buffered::forward(vm, a[0], "isatty"), "Whether the stream is a terminal."),
            MethodDef::new("_dealloc_warn", "($self, source, /)", $crate::native::io::buffered::dealloc_warn, ""),
            MethodDef::new("seek", "($self, target, whence=0, /)", $crate::native::io::buffered::seek, "Sets the position and returns it."),
            MethodDef::new("tell", "($self, /)", $crate::native::io::buffered::tell, "The position."),
            MethodDef::new("truncate", "($self, pos=None, /)", $crate::native::io::buffered::truncate, "Cuts the file off at a size, or at the position."),
            MethodDef::new("__sizeof__", "($self, /)", $crate::native::io::buffered::size_of, ""),
            MethodDef::new("__getstate__", "($self, /)", |vm, a| Err($crate::native::io::buffered::cannot_pickle(vm, a[0])), ""),
        ]
    };
}
use common_methods;



/// Attributes that all three types have.
const COMMON_GETSET: &[GetSetDef] = &[
    GetSetDef::member(
        "raw",
        |vm, v| match Buffered::of(v).raw.get_ref() {
            Some(raw) => Ok(raw),
            None => Ok(vm.none_ref()),
        },
        "",
    ),
    GetSetDef::get("closed", |vm, v| forward_attribute(vm, v, "closed"), ""),
    GetSetDef::get("name", |vm, v| forward_attribute(vm, v, "name"), ""),
    GetSetDef::get("mode", |vm, v| forward_attribute(vm, v, "mode"), ""),
    GetSetDef::member_set(
        "_finalizing",
        |vm, v| Ok(vm.bool_ref(Buffered::of(v).finalizing.get())),
        |vm, v, x| {
            Buffered::of(v).finalizing.set(truth::truth(vm, x)?);
            Ok(())
        },
        "",
    ),
];

pub static BUFFERED_RANDOM: TypeDef = TypeDef {
    doc: "BufferedRandom(raw, buffer_size=DEFAULT_BUFFER_SIZE)\n--\n\n\
          A buffered stream for both directions over a raw one that can be positioned.",
    flags: FLAGS,
    slots: |s| {
        common_slots(s);
        s.init = Some(init_random);
        s.next = Some(reader::next);
    },
    new: New::Raw(allocate),
    methods: random::METHODS,
    getset: COMMON_GETSET,
    ..TypeDef::of::<Buffered>("_io.BufferedRandom")
};

/// The methods of the type for both directions.
mod random {
    use super::{MethodDef, reader, writer};

    pub(super) const METHODS: &[MethodDef] = common_methods![
        MethodDef::new("readable", "($self, /)", |vm, a| super::forward(vm, a[0], "readable"), "Whether the stream can be read from."),
        MethodDef::new("writable", "($self, /)", |vm, a| super::forward(vm, a[0], "writable"), "Whether the stream can be written to."),
        MethodDef::new("flush", "($self, /)", super::flush, "Writes what is in the buffer."),
        reader::READ,
        reader::READ1,
        reader::READINTO,
        reader::READINTO1,
        reader::READLINE,
        reader::PEEK,
        writer::WRITE,
    ];
}

#[cold]
fn length_error(vm: &Vm, call: &str, n: i64, most: usize) -> Raised {
    vm.error(
        shape::OS_ERROR,
        format!("raw {call}() returned invalid length {n} (should have been between 0 and {most})"),
    )
}

/// The result of a raw stream's method: a count between 0 and `most`.
fn checked_length(vm: &Vm, call: &str, answer: Ref, most: usize) -> PyResult<usize> {
    let n = offset(vm, answer.value())?;
    match usize::try_from(n) {
        Ok(n) if n <= most => Ok(n),
        _ => Err(length_error(vm, call, n, most)),
    }
}
