//! `BufferedWriter`, and the writing half of `BufferedRandom`.

use super::{Buffered, COMMON_GETSET, Life, allocate, checked_length, common_methods, common_slots};
use crate::args::CallArgs;
use crate::error::{PyResult, Raised};
use crate::native::io::base::{FLAGS, check_writable, class_name};
use crate::native::io::fileio::FileIo;
use crate::native::io::{data_of, uninterrupted};
use crate::protocol::call;
use crate::runtime;
use crate::shape;
use crate::types::bytes;
use crate::types::memoryview;
use crate::types::type_::{MethodDef, New, TypeDef};
use crate::value::Value;
use crate::vm::Vm;

impl Buffered {
    /// The error of a raw stream that takes nothing yet.
    #[cold]
    fn would_block(&self, vm: &Vm, written: i64) -> Raised {
        let message = vm.new_str("write could not complete without blocking");
        // Only a FileIO leaves an error of the system behind.
        let errno = Value::small_int(if self.direct.get() { i64::from(libc::EAGAIN) } else { 0 });
        vm.error_args(shape::BLOCKING_IO_ERROR, &[errno, message.value(), vm.new_int(written).value()])
    }

    /// One write to the raw stream; `None` when it takes nothing yet.
    fn raw_write(&self, vm: &Vm, data: &[u8]) -> PyResult<Option<usize>> {
        let raw = self.raw(vm)?;
        let n = if self.direct.get() {
            FileIo::of(raw.value()).write_from(vm, data)?
        } else {
            let copy = bytes::new(vm, data);
            let view = memoryview::new(vm, copy.value())?;
            let answer = uninterrupted(vm, || call::call_method(vm, raw.value(), "write", &[view.value()]))?;
            if answer.is(vm.none()) { None } else { Some(checked_length(vm, "write", answer, data.len())?) }
        };
        if let Some(n) = n {
            self.advance_file_pos(n);
        }
        Ok(n)
    }

    /// Writes what is yet to be written. Afterwards there is no write buffer.
    pub(super) fn flush_writes(&self, vm: &Vm) -> PyResult<()> {
        if self.has_write_buffer() && self.write_pos.get() != self.write_end.get() {
            let back = self.raw_offset() + (self.pos.get() - self.write_pos.get());
            if back != 0 {
                self.raw_seek(vm, -back, libc::SEEK_CUR)?;
                self.raw_pos.set(self.raw_pos.get() - back);
            }
            while self.write_pos.get() < self.write_end.get() {
                let (from, to) = (self.write_pos.get() as usize, self.write_end.get() as usize);
                let n = self.lend(|b| self.raw_write(vm, b.get(from..to).unwrap_or_default()))?;
                let Some(n) = n else { return Err(self.would_block(vm, 0)) };
                self.write_pos.set(self.write_pos.get() + n as i64);
                self.raw_pos.set(self.write_pos.get());
                // A signal may be why the raw stream took only a part.
                runtime::handle_signals(vm)?;
            }
        }
        self.reset_write();
        Ok(())
    }

    fn write(&self, vm: &Vm, data: &[u8]) -> PyResult<usize> {
        if self.is_closed(vm)? {
            return Err(vm.value_error("write to closed file"));
        }
        if !self.has_read_buffer() && !self.has_write_buffer() {
            self.pos.set(0);
            self.raw_pos.set(0);
        }
        let len = data.len() as i64;
        if len <= self.size.get() - self.pos.get() && len < self.size.get() {
            self.buffer_at_position(data);
            return Ok(data.len());
        }
        if let Err(e) = self.flush_writes(vm) {
            return self.keep_unwritten(vm, e, data);
        }
        // The raw stream may have been read ahead of this one.
        let ahead = self.raw_offset();
        if ahead != 0 {
            self.raw_seek(vm, -ahead, libc::SEEK_CUR)?;
            self.raw_pos.set(self.raw_pos.get() - ahead);
        }
        self.write_around_buffer(vm, data)
    }

    /// Data that fits the buffer.
    fn buffer_at_position(&self, data: &[u8]) {
        let at = self.pos.get();
        self.put(at, data);
        if !self.has_write_buffer() || self.write_pos.get() > at {
            self.write_pos.set(at);
        }
        self.set_pos(at + data.len() as i64);
        if self.pos.get() > self.write_end.get() {
            self.write_end.set(self.pos.get());
        }
    }

    /// After a flush that could not be completed: keeps as much as the buffer has room for.
    fn keep_unwritten(&self, vm: &Vm, e: Raised, data: &[u8]) -> PyResult<usize> {
        if !e.is(vm, shape::BLOCKING_IO_ERROR) {
            return Err(e);
        }
        if self.readable.get() {
            self.reset_read();
        }
        let gone = self.write_pos.get();
        let (from, to) = (gone as usize, self.write_end.get().max(gone) as usize);
        {
            let mut buffer = self.buffer.borrow_mut();
            if to <= buffer.len() {
                buffer.copy_within(from..to, 0);
            }
        }
        self.write_end.set(self.write_end.get() - gone);
        self.raw_pos.set(self.raw_pos.get() - gone);
        self.pos.set(self.pos.get() - gone);
        self.write_pos.set(0);
        let room = (self.size.get() - self.write_end.get()).max(0) as usize;
        let n = data.len().min(room);
        self.put(self.write_end.get(), &data[..n]);
        self.write_end.set(self.write_end.get() + n as i64);
        self.pos.set(self.pos.get() + n as i64);
        if n == data.len() { Ok(n) } else { Err(self.would_block(vm, n as i64)) }
    }

    /// Writes more than the buffer holds; what remains at the end is buffered.
    fn write_around_buffer(&self, vm: &Vm, data: &[u8]) -> PyResult<usize> {
        let size = self.size.get() as usize;
        let mut written = 0;
        while data.len() - written >= size {
            match self.raw_write(vm, &data[written..])? {
                Some(n) => written += n,
                None if data.len() - written > size => {
                    self.put(0, &data[written..written + size]);
                    self.raw_pos.set(0);
                    self.set_pos(size as i64);
                    self.write_end.set(size as i64);
                    return Err(self.would_block(vm, (written + size) as i64));
                }
                None => break,
            }
            runtime::handle_signals(vm)?;
        }
        if self.readable.get() {
            self.reset_read();
        }
        let rest = &data[written..];
        self.put(0, rest);
        self.write_pos.set(0);
        self.write_end.set(rest.len() as i64);
        self.set_pos(rest.len() as i64);
        self.raw_pos.set(0);
        Ok(data.len())
    }
}

/// Writes data to a stream of this type; `data` must not change meanwhile.
pub fn write_bytes(vm: &Vm, v: Value, data: &[u8]) -> PyResult<usize> {
    let b = Buffered::of(v);
    b.ready(vm)?;
    let _busy = b.enter(vm, v)?;
    b.write(vm, data)
}

fn write(vm: &Vm, a: &[Value]) -> PyResult {
    let n = data_of(vm, a[1], |data| write_bytes(vm, a[0], data))??;
    Ok(vm.new_int(n as i64))
}

fn init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    let sig = vm.signatures.get("(raw, buffer_size=DEFAULT_BUFFER_SIZE)");
    let name = class_name(vm, v);
    sig.bind(vm, name.rsplit('.').next().unwrap_or("BufferedWriter"), None, args, |a| {
        let b = Buffered::of(v);
        b.life.set(Life::Unmade);
        check_writable(vm, a[0])?;
        b.set_up(vm, v, a[0], a[1], false, true)
    })
}

pub(super) const WRITE: MethodDef =
    MethodDef::new("write", "($self, buffer, /)", write, "Writes bytes and returns how many.");

mod methods {
    use super::*;

    pub(super) const METHODS: &[MethodDef] = common_methods![
        MethodDef::new("writable", "($self, /)", |vm, a| super::super::forward(vm, a[0], "writable"), "Whether the stream can be written to."),
        MethodDef::new("flush", "($self, /)", super::super::flush, "Writes what is in the buffer."),
        WRITE,
    ];
}

pub static DEF: TypeDef = TypeDef {
    doc: "BufferedWriter(raw, buffer_size=DEFAULT_BUFFER_SIZE)\n--\n\n\
          A buffered stream that writes to a raw one.",
    flags: FLAGS,
    slots: |s| {
        common_slots(s);
        s.init = Some(init);
    },
    new: New::Raw(allocate),
    methods: methods::METHODS,
    getset: COMMON_GETSET,
    ..TypeDef::of::<Buffered>("_io.BufferedWriter")
};
