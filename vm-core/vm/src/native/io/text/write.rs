//! Writing text.

use super::TextIo;
use crate::convert;
use crate::error::PyResult;
use crate::native::io::buffered::write_bytes;
use crate::native::io::newlines::translate_written;
use crate::native::io::{uninterrupted, unsupported};
use crate::protocol::call;
use crate::types::bytes;
use crate::types::str_::PyStr;
use crate::value::Value;
use crate::vm::Vm;

impl TextIo {
    /// Gives the binary stream what was collected. What it does not take is lost.
    pub(super) fn hand_on(&self, vm: &Vm) -> PyResult<()> {
        let data = self.pending.take();
        if data.is_empty() {
            return Ok(());
        }
        let buffer = self.buffer(vm)?;
        if self.direct.get() {
            write_bytes(vm, buffer.value(), &data)?;
            // The memory can be used again.
            let mut pending = self.pending.borrow_mut();
            if pending.is_empty() {
                *pending = data;
                pending.clear();
            }
            return Ok(());
        }
        let data = bytes::new(vm, &data);
        uninterrupted(vm, || call::call_method(vm, buffer.value(), "write", &[data.value()]))?;
        Ok(())
    }

    /// Adds encoded text to what was collected.
    fn collect(&self, vm: &Vm, data: &[u8]) -> PyResult<()> {
        if data.len() >= self.chunk_size.get() {
            // Python code below may write to this stream again.
            while !self.pending.borrow().is_empty() {
                self.hand_on(vm)?;
            }
        }
        self.pending.borrow_mut().extend_from_slice(data);
        Ok(())
    }
}

pub(super) fn write(vm: &Vm, a: &[Value]) -> PyResult {
    let t = TextIo::of(a[0]);
    let Some(text) = a[1].cast::<PyStr>() else {
        return Err(convert::bad_argument(vm, "write", "argument", "str", a[1]));
    };
    t.open(vm, a[0])?;
    let Some(encoder) = t.encoder() else { return Err(unsupported(vm, "not writable")) };
    let bytes = text.as_bytes();
    let ends_line = t.line_buffering.get() && memchr::memchr2(b'\n', b'\r', bytes).is_some();
    let newline = t.newline.get().written().filter(|_| memchr::memchr(b'\n', bytes).is_some());
    match newline {
        None if text.is_ascii() && encoder.keeps_ascii() => t.collect(vm, bytes)?,
        None => t.collect(vm, &encoder.encode(vm, a[1])?)?,
        Some(newline) => {
            let translated = PyStr::from_wtf8(vm, &translate_written(bytes, newline));
            t.collect(vm, &encoder.encode(vm, translated.value())?)?;
        }
    }
    let full = t.pending.borrow().len() >= t.chunk_size.get();
    if full || ends_line || t.write_through.get() {
        t.hand_on(vm)?;
    }
    if ends_line {
        call::call_method(vm, t.buffer(vm)?.value(), "flush", &[])?;
    }
    if t.snapshot.borrow().is_some() {
        t.set_decoded(None);
        t.snapshot.take();
    }
    if let Some(decoder) = t.decoder() {
        decoder.reset(vm)?;
    }
    Ok(vm.new_int(text.char_len() as i64))
}
