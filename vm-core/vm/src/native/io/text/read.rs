//! Reading text.

use super::coder::Input;
use super::{Snapshot, TextIo};
use crate::error::PyResult;
use crate::native::io::{buffered, is_interrupted, size_or_none, unsupported};
use crate::convert;
use crate::protocol::buffer::Buffer;
use crate::protocol::call;
use crate::shape;
use crate::types::bytes::PyBytes;
use crate::types::str_::{PyStr, count_chars, sequence_len};
use crate::value::{Ref, Value};
use crate::vm::Vm;

impl TextIo {
    /// Bytes from the binary stream, with one call; `name` is the method's.
    fn input(&self, vm: &Vm, size: usize) -> PyResult<Input> {
        let buffer = self.buffer(vm)?;
        let size = isize::try_from(size).unwrap_or(isize::MAX);
        if self.direct.get() {
            return Ok(Input::Own(buffered::read1(vm, buffer.value(), size)?));
        }
        let method = if self.has_read1.get() { "read1" } else { "read" };
        let chunk = call::call_method(vm, buffer.value(), method, &[vm.new_int(size as i64).value()])?;
        if chunk.cast::<PyBytes>().is_some() {
            return Ok(Input::Object(chunk));
        }
        match Buffer::new(vm, chunk.value()) {
            Ok(b) => Ok(Input::Own(b.to_vec())),
            Err(_) => {
                let shown = vm.type_of(chunk.value()).full_name();
                let text = format!("underlying {method}() should have returned a bytes-like object, not '{shown}'");
                Err(vm.type_error(text))
            }
        }
    }

    /// Reads and decodes the next chunk; false at the end. A call that a signal interrupts is
    /// repeated.
    fn read_chunk(&self, vm: &Vm, hint: usize) -> PyResult<bool> {
        loop {
            match self.read_chunk_once(vm, hint) {
                Err(e) if is_interrupted(vm, &e) => {}
                done => return done,
            }
        }
    }

    fn read_chunk_once(&self, vm: &Vm, hint: usize) -> PyResult<bool> {
        let Some(decoder) = self.decoder() else { return Err(unsupported(vm, "not readable")) };
        let before = if self.telling.get() { Some(decoder.state(vm)?) } else { None };
        let hint = (self.ratio.get().max(1.0) * hint as f64) as usize;
        let input = self.input(vm, hint.max(self.chunk_size.get()))?;
        let data = input.as_slice();
        let text = decoder.decode(vm, &input, data.is_empty())?;
        let chars = text.cast::<PyStr>().map_or(0, |s| s.char_len());
        self.set_decoded(Some(text));
        self.ratio.set(if chars > 0 { data.len() as f64 / chars as f64 } else { 0.0 });
        if let Some((mut undecoded, flags)) = before {
            undecoded.extend_from_slice(data);
            self.snapshot.replace(Some(Snapshot { flags, input: undecoded }));
        }
        Ok(chars > 0 || !data.is_empty())
    }

    /// Up to `n` characters of what is decoded.
    fn take_decoded(&self, vm: &Vm, n: usize) -> Ref {
        let decoded = self.decoded.get_ref();
        let Some(text) = decoded.as_ref().and_then(|d| d.cast::<PyStr>()) else {
            return vm.empty_str().to_ref();
        };
        let bytes = text.as_bytes();
        let start = self.used.get().min(bytes.len());
        let rest = &bytes[start..];
        let len = if text.is_ascii() { n.min(rest.len()) } else { prefix(rest, n) };
        self.used.set(start + len);
        if len == bytes.len() { self.decoded.slot().to_ref() } else { text.part(vm, &rest[..len]) }
    }

    fn read_all(&self, vm: &Vm) -> PyResult {
        let Some(decoder) = self.decoder() else { return Err(unsupported(vm, "not readable")) };
        let buffer = self.buffer(vm)?;
        let input = if self.direct.get() {
            buffered::read_all(vm, buffer.value())?.map(Input::Own)
        } else {
            let data = call::call_method(vm, buffer.value(), "read", &[])?;
            match data.cast::<PyBytes>() {
                Some(_) => Some(Input::Object(data)),
                None if data.is(vm.none()) => None,
                None => Some(Input::Own(Buffer::new(vm, data.value())?.to_vec())),
            }
        };
        let Some(input) = input else {
            return Err(vm.error(shape::BLOCKING_IO_ERROR, "Read returned None."));
        };
        let rest = decoder.decode(vm, &input, true)?;
        let first = self.take_decoded(vm, usize::MAX);
        if self.snapshot.borrow().is_some() {
            self.set_decoded(None);
            self.snapshot.take();
        }
        Ok(match (first.cast::<PyStr>(), rest.cast::<PyStr>()) {
            (Some(a), Some(b)) if !a.is_empty() => PyStr::concat(vm, a, b),
            _ => rest,
        })
    }

    fn read_some(&self, vm: &Vm, n: usize) -> PyResult {
        if self.decoder.borrow().is_none() {
            return Err(unsupported(vm, "not readable"));
        }
        let mut text = self.take_decoded(vm, n);
        let mut chars = text.cast::<PyStr>().map_or(0, |s| s.char_len());
        while chars < n && self.read_chunk(vm, n - chars)? {
            let more = self.take_decoded(vm, n - chars);
            let Some(m) = more.cast::<PyStr>() else { break };
            chars += m.char_len();
            if text.cast::<PyStr>().is_none_or(|t| t.is_empty()) {
                text = more;
                continue;
            }
            let mut slot = text.into_value();
            // SAFETY: the slot has the reference that was `text`'s.
            text = unsafe {
                PyStr::append(vm, &mut slot, m);
                Ref::from_owned(slot)
            };
        }
        Ok(text)
    }

    /// The next line, at most `limit` characters; empty at the end.
    fn line(&self, vm: &Vm, v: Value, limit: Option<usize>) -> PyResult {
        self.open(vm, v)?;
        self.hand_on(vm)?;
        let newline = self.newline.get();
        // Text of chunks before that did not end the line, or may only when joined with the next.
        let mut line: Vec<u8> = Vec::new();
        loop {
            while self.decoded.get().cast::<PyStr>().is_none_or(|s| s.is_empty()) {
                if !self.read_chunk(vm, 0)? {
                    self.set_decoded(None);
                    self.snapshot.take();
                    return Ok(PyStr::from_wtf8(vm, &line));
                }
            }
            let Some(decoded) = self.decoded.get_ref() else { continue };
            let Some(text) = decoded.cast::<PyStr>() else { continue };
            let start = self.used.get().min(text.as_bytes().len());
            let rest = &text.as_bytes()[start..];
            // A chunk may begin with the second half of a line end.
            let split = line.len() > newline.settled(&line) && rest.first() == Some(&b'\n');
            let end = if split { Some(1) } else { newline.line_end(rest) };
            let mut part = &rest[..end.unwrap_or(rest.len())];
            let mut full = false;
            if let Some(limit) = limit {
                let room = limit.saturating_sub(count_chars(&line));
                part = &part[..if text.is_ascii() { room.min(part.len()) } else { prefix(part, room) }];
                full = count_chars(part) == room;
            }
            if end.is_some() || full {
                self.used.set(start + part.len());
                if line.is_empty() {
                    return Ok(text.part(vm, part));
                }
                line.extend_from_slice(part);
                return Ok(PyStr::from_wtf8(vm, &line));
            }
            line.extend_from_slice(part);
            self.set_decoded(None);
        }
    }
}

/// Bytes that the first `n` characters take.
pub(super) fn prefix(text: &[u8], n: usize) -> usize {
    let mut at = 0;
    for _ in 0..n {
        match text.get(at) {
            Some(b) => at += sequence_len(*b),
            None => break,
        }
    }
    at.min(text.len())
}

pub(super) fn read(vm: &Vm, a: &[Value]) -> PyResult {
    let t = TextIo::of(a[0]);
    let n = size_or_none(vm, a[1])?;
    t.open(vm, a[0])?;
    if t.decoder.borrow().is_none() {
        return Err(unsupported(vm, "not readable"));
    }
    t.hand_on(vm)?;
    match usize::try_from(n) {
        Ok(n) => t.read_some(vm, n),
        Err(_) => t.read_all(vm),
    }
}

pub(super) fn readline(vm: &Vm, a: &[Value]) -> PyResult {
    let t = TextIo::of(a[0]);
    t.buffer(vm)?;
    let limit = convert::size_or(vm, a[1], -1)?;
    t.line(vm, a[0], usize::try_from(limit).ok())
}

pub(super) fn next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let t = TextIo::of(v);
    t.buffer(vm)?;
    t.telling.set(false);
    let line = if v.has_shape(shape::TEXT_IO_WRAPPER) {
        t.line(vm, v, None)?
    } else {
        call::call_method(vm, v, "readline", &[])?
    };
    match line.cast::<PyStr>() {
        Some(l) if l.is_empty() => {
            t.snapshot.take();
            t.telling.set(t.seekable.get());
            Ok(None)
        }
        Some(_) => Ok(Some(line)),
        None => {
            let shown = vm.type_of(line.value()).full_name();
            Err(vm.error(shape::OS_ERROR, format!("readline() should have returned a str object, not '{shown}'")))
        }
    }
}
