//! `BufferedReader`, and the reading half of `BufferedRandom`.

use super::{Buffered, COMMON_GETSET, Life, allocate, checked_length, common_methods, common_slots, simple_flush};
use crate::args::CallArgs;
use crate::error::PyResult;
use crate::native::io::base::{FLAGS, check_readable, class_name};
use crate::native::io::fileio::FileIo;
use crate::native::io::{size_or_none, writable};
use crate::convert;
use crate::protocol::{attr, call};
use crate::shape;
use crate::types::bytearray::{self, PyByteArray};
use crate::types::bytes::{self, PyBytes};
use crate::types::exceptions;
use crate::types::memoryview;
use crate::types::type_::{MethodDef, New, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

impl Buffered {
    /// One read of the raw stream; `None` when nothing is there yet.
    fn raw_read(&self, vm: &Vm, into: &mut [u8]) -> PyResult<Option<usize>> {
        let raw = self.raw(vm)?;
        let n = if self.direct.get() {
            FileIo::of(raw.value()).read_into(vm, into)?
        } else {
            read_by_method(vm, raw.value(), into)?
        };
        if let Some(n) = n {
            self.advance_file_pos(n);
        }
        Ok(n)
    }

    /// Reads more into the buffer; the number of new bytes, or `None` when none are there yet.
    fn fill_buffer(&self, vm: &Vm) -> PyResult<Option<usize>> {
        let start = if self.has_read_buffer() { self.read_end.get() } else { 0 };
        let at = usize::try_from(start).unwrap_or(0);
        let n = self.lend(|buffer| {
            let room = buffer.get_mut(at..).unwrap_or_default();
            self.raw_read(vm, room)
        })?;
        if let Some(n @ 1..) = n {
            self.read_end.set(start + n as i64);
            self.raw_pos.set(start + n as i64);
        }
        Ok(n)
    }

    /// What the buffer has, up to `n` bytes; the position moves on.
    fn take(&self, n: i64) -> Vec<u8> {
        let n = n.min(self.read_ahead());
        let data = self.with_part(self.pos.get(), n, <[u8]>::to_vec);
        self.pos.set(self.pos.get() + data.len() as i64);
        data
    }

    /// Everything up to the end; `None` when nothing is there yet.
    fn read_rest(&self, vm: &Vm) -> PyResult<Option<Vec<u8>>> {
        let mut all = self.take(i64::MAX);
        if self.writable.get() {
            self.flush_and_rewind(vm)?;
        }
        self.reset_read();
        let raw = self.raw(vm)?;
        let none_if_empty = |all: Vec<u8>| if all.is_empty() { None } else { Some(all) };
        if self.direct.get() {
            return Ok(match FileIo::of(raw.value()).read_all(vm)? {
                Some(b) if all.is_empty() => Some(b),
                Some(b) => {
                    all.extend_from_slice(&b);
                    Some(all)
                }
                None => none_if_empty(all),
            });
        }
        if let Some(readall) = attr::get_opt(vm, raw.value(), vm.intern("readall"))? {
            let rest = call::call_args(vm, readall.value(), &[])?;
            if rest.is(vm.none()) {
                return Ok(none_if_empty(all));
            }
            let Some(b) = rest.cast::<PyBytes>() else {
                return Err(vm.type_error("readall() should return bytes"));
            };
            all.extend_from_slice(b.as_slice());
            return Ok(Some(all));
        }
        loop {
            let piece = call::call_method(vm, raw.value(), "read", &[])?;
            if piece.is(vm.none()) {
                return Ok(none_if_empty(all));
            }
            let Some(b) = piece.cast::<PyBytes>() else {
                return Err(vm.type_error("read() should return bytes"));
            };
            if b.as_slice().is_empty() {
                return Ok(Some(all));
            }
            self.advance_file_pos(b.as_slice().len());
            all.extend_from_slice(b.as_slice());
        }
    }

    /// `n` bytes, fewer at the end or when no more are there yet; `None` when none are.
    fn read_some(&self, vm: &Vm, n: usize) -> PyResult<Option<Vec<u8>>> {
        let mut out = self.take(n as i64);
        if self.writable.get() {
            self.flush_and_rewind(vm)?;
        }
        self.reset_read();
        let size = self.size.get() as usize;
        // Whole blocks need not go through the buffer.
        while (n - out.len()) / size > 0 {
            let block = (n - out.len()) / size * size;
            let start = out.len();
            if out.try_reserve(block).is_err() {
                return Err(vm.memory_error(""));
            }
            out.resize(start + block, 0);
            let got = self.raw_read(vm, &mut out[start..]);
            out.truncate(start + *got.as_ref().map_or(&0, |g| g.as_ref().unwrap_or(&0)));
            match got? {
                Some(0) => return Ok(Some(out)),
                None => return Ok(if out.is_empty() { None } else { Some(out) }),
                Some(_) => {}
            }
        }
        self.pos.set(0);
        self.raw_pos.set(0);
        self.read_end.set(0);
        // One read that satisfies the request is not followed by another, which could block.
        while out.len() < n && self.read_end.get() < self.size.get() {
            match self.fill_buffer(vm)? {
                Some(0) => return Ok(Some(out)),
                None => return Ok(if out.is_empty() { None } else { Some(out) }),
                Some(_) => out.extend(self.take((n - out.len()) as i64)),
            }
        }
        Ok(Some(out))
    }

    fn line(&self, vm: &Vm, v: Value, limit: Option<usize>) -> PyResult {
        self.open(vm, "readline")?;
        let ahead = self.read_ahead().min(limit.map_or(i64::MAX, |l| l as i64));
        // Most lines lie within the buffer.
        let whole = self.with_part(self.pos.get(), ahead, |b| {
            let end = memchr::memchr(b'\n', b).map(|i| i + 1).or((Some(b.len()) == limit).then_some(b.len()));
            end.map(|n| (bytes::new(vm, &b[..n]), n))
        });
        if let Some((line, n)) = whole {
            self.pos.set(self.pos.get() + n as i64);
            return Ok(line);
        }
        let _busy = self.enter(vm, v)?;
        let mut line = self.take(ahead);
        if self.writable.get() {
            self.flush_and_rewind(vm)?;
        }
        loop {
            self.reset_read();
            let Some(n @ 1..) = self.fill_buffer(vm)? else { break };
            let room = limit.map_or(n, |l| n.min(l - line.len()));
            let (used, found) = self.with_part(0, room as i64, |b| {
                let end = memchr::memchr(b'\n', b).map(|i| i + 1);
                line.extend_from_slice(&b[..end.unwrap_or(b.len())]);
                (end.unwrap_or(b.len()), end.is_some())
            });
            self.pos.set(used as i64);
            if found || limit == Some(line.len()) {
                break;
            }
        }
        Ok(bytes::new(vm, &line))
    }
}

/// `raw.readinto(view)`.
fn read_by_method(vm: &Vm, raw: Value, into: &mut [u8]) -> PyResult<Option<usize>> {
    let memory = bytearray::new(vec![0; into.len()]);
    let view = memoryview::new(vm, memory.value())?;
    let answer = crate::native::io::uninterrupted(vm, || call::call_method(vm, raw, "readinto", &[view.value()]))?;
    if answer.is(vm.none()) {
        return Ok(None);
    }
    let n = match crate::native::io::offset(vm, answer.value()) {
        Ok(_) => checked_length(vm, "readinto", answer, into.len())?,
        Err(cause) => {
            let e = vm.error(shape::OS_ERROR, "raw readinto() failed");
            if let Some(x) = exceptions::exception(e.0.value()) {
                x.cause.set(cause.0.clone());
                x.suppress_context.set(true);
            }
            exceptions::set_context(e.0.value(), cause.0.value());
            return Err(e);
        }
    };
    if let Some(b) = memory.cast::<PyByteArray>() {
        let b = b.as_slice();
        let n = n.min(b.len());
        into[..n].copy_from_slice(&b[..n]);
    }
    Ok(Some(n))
}

/// Up to `n` bytes with at most one call of the raw stream (a negative number: as many as the
/// buffer holds).
pub fn read1(vm: &Vm, v: Value, n: isize) -> PyResult<Vec<u8>> {
    let b = Buffered::of(v);
    b.ready(vm)?;
    let n = if n < 0 { b.size.get() } else { n as i64 };
    b.open(vm, "read")?;
    if n == 0 {
        return Ok(Vec::new());
    }
    if b.read_ahead() > 0 {
        return Ok(b.take(n));
    }
    let mut out = Vec::new();
    if out.try_reserve_exact(n as usize).is_err() {
        return Err(vm.memory_error(""));
    }
    out.resize(n as usize, 0);
    let _busy = b.enter(vm, v)?;
    if b.writable.get() {
        b.flush_and_rewind(vm)?;
    }
    b.reset_read();
    let n = b.raw_read(vm, &mut out)?;
    out.truncate(n.unwrap_or(0));
    Ok(out)
}

/// Everything up to the end; `None` when nothing is there yet.
pub fn read_all(vm: &Vm, v: Value) -> PyResult<Option<Vec<u8>>> {
    let b = Buffered::of(v);
    b.open(vm, "read")?;
    let _busy = b.enter(vm, v)?;
    b.read_rest(vm)
}

fn read(vm: &Vm, a: &[Value]) -> PyResult {
    let b = Buffered::of(a[0]);
    b.ready(vm)?;
    let n = size_or_none(vm, a[1])?;
    if n < -1 {
        return Err(vm.value_error("read length must be non-negative or -1"));
    }
    b.open(vm, "read")?;
    if n >= 0 && n as i64 <= b.read_ahead() {
        return Ok(bytes::new(vm, &b.take(n as i64)));
    }
    let _busy = b.enter(vm, a[0])?;
    let data = if n < 0 { b.read_rest(vm)? } else { b.read_some(vm, n as usize)? };
    Ok(data.map_or_else(|| vm.none_ref(), |d| bytes::new(vm, &d)))
}

fn readinto_with(vm: &Vm, a: &[Value], name: &str, once: bool) -> PyResult {
    let b = Buffered::of(a[0]);
    b.ready(vm)?;
    let to = writable(vm, name, a[1])?;
    let size = to.len();
    b.open(vm, "readinto")?;
    let mut out = b.take(size as i64);
    if out.len() < size {
        let _busy = b.enter(vm, a[0])?;
        if b.writable.get() {
            b.flush_and_rewind(vm)?;
        }
        b.reset_read();
        b.pos.set(0);
        while out.len() < size && (out.is_empty() || !once) {
            let left = size - out.len();
            let got = if left as i64 > b.size.get() {
                let start = out.len();
                out.resize(size, 0);
                let got = b.raw_read(vm, &mut out[start..]);
                out.truncate(start + *got.as_ref().map_or(&0, |g| g.as_ref().unwrap_or(&0)));
                got?
            } else {
                let got = b.fill_buffer(vm)?;
                if matches!(got, Some(1..)) {
                    out.extend(b.take(left as i64));
                }
                got
            };
            match got {
                None if out.is_empty() => return Ok(vm.none_ref()),
                None | Some(0) => break,
                Some(_) => {}
            }
        }
    }
    to.fill(&out);
    Ok(vm.new_int(out.len() as i64))
}

fn peek(vm: &Vm, a: &[Value]) -> PyResult {
    let b = Buffered::of(a[0]);
    convert::size_or(vm, a[1], 0)?;
    b.open(vm, "peek")?;
    let _busy = b.enter(vm, a[0])?;
    if b.writable.get() {
        b.flush_and_rewind(vm)?;
    }
    if b.read_ahead() == 0 {
        b.reset_read();
        b.fill_buffer(vm)?;
        b.pos.set(0);
    }
    Ok(b.with_part(b.pos.get(), b.read_ahead(), |data| bytes::new(vm, data)))
}

fn readline(vm: &Vm, a: &[Value]) -> PyResult {
    let b = Buffered::of(a[0]);
    b.ready(vm)?;
    let limit = size_or_none(vm, a[1])?;
    b.line(vm, a[0], usize::try_from(limit).ok())
}

pub(super) fn next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let b = Buffered::of(v);
    b.ready(vm)?;
    let own = [shape::BUFFERED_READER, shape::BUFFERED_RANDOM];
    let line = if own.iter().any(|id| vm.type_of(v).is(vm.builtin(*id))) {
        b.line(vm, v, None)?
    } else {
        call::call_method(vm, v, "readline", &[])?
    };
    match line.cast::<PyBytes>() {
        Some(l) if l.as_slice().is_empty() => Ok(None),
        Some(_) => Ok(Some(line)),
        None => {
            let shown = vm.type_of(line.value()).full_name();
            let text = format!("readline() should have returned a bytes object, not '{shown}'");
            Err(vm.error(shape::OS_ERROR, text))
        }
    }
}

fn init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    let sig = vm.signatures.get("(raw, buffer_size=DEFAULT_BUFFER_SIZE)");
    let name = class_name(vm, v);
    sig.bind(vm, name.rsplit('.').next().unwrap_or("BufferedReader"), None, args, |a| {
        let b = Buffered::of(v);
        b.life.set(Life::Unmade);
        check_readable(vm, a[0])?;
        b.set_up(vm, v, a[0], a[1], true, false)
    })
}

pub(super) const READ: MethodDef =
    MethodDef::new("read", "($self, size=-1, /)", read, "Reads that many bytes, or all there are.");
pub(super) const READ1: MethodDef = MethodDef::new(
    "read1",
    "($self, size=-1, /)",
    |vm, a| Ok(bytes::new(vm, &read1(vm, a[0], convert::size_or(vm, a[1], -1)?)?)),
    "Reads up to that many bytes with at most one call of the raw stream.",
);
pub(super) const READINTO: MethodDef = MethodDef::new(
    "readinto",
    "($self, buffer, /)",
    |vm, a| readinto_with(vm, a, "readinto", false),
    "Reads into memory and returns how many bytes there were.",
);
pub(super) const READINTO1: MethodDef = MethodDef::new(
    "readinto1",
    "($self, buffer, /)",
    |vm, a| readinto_with(vm, a, "readinto1", true),
    "Reads into memory with at most one call of the raw stream.",
);
pub(super) const READLINE: MethodDef =
    MethodDef::new("readline", "($self, size=-1, /)", readline, "Reads up to and with the next line feed.");
pub(super) const PEEK: MethodDef =
    MethodDef::new("peek", "($self, size=0, /)", peek, "The bytes that come next; the position stays.");

mod methods {
    use super::*;

    pub(super) const METHODS: &[MethodDef] = common_methods![
        MethodDef::new("readable", "($self, /)", |vm, a| super::super::forward(vm, a[0], "readable"), "Whether the stream can be read from."),
        MethodDef::new("flush", "($self, /)", simple_flush, "Flushes the raw stream."),
        READ,
        READ1,
        READINTO,
        READINTO1,
        READLINE,
        PEEK,
    ];
}

pub static DEF: TypeDef = TypeDef {
    doc: "BufferedReader(raw, buffer_size=DEFAULT_BUFFER_SIZE)\n--\n\n\
          A buffered stream that reads from a raw one.",
    flags: FLAGS,
    slots: |s| {
        common_slots(s);
        s.init = Some(init);
        s.next = Some(next);
    },
    new: New::Raw(allocate),
    methods: methods::METHODS,
    getset: COMMON_GETSET,
    ..TypeDef::of::<Buffered>("_io.BufferedReader")
};
