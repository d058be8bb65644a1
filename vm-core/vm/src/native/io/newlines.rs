//! Line ends: what a stream takes for one, their translation, and the type
//! `IncrementalNewlineDecoder`.

use std::borrow::Cow;
use std::cell::Cell;

use crate::args::CallArgs;
use crate::convert;
use crate::error::{PyResult, Raised};
use crate::native::io::base::class_name;
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::protocol::{call, truth};
use crate::types::iterators::payload;
use crate::types::bytes;
use crate::types::int;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// The argument `newline` of a text stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Newline {
    /// None: any line end ends a line and is read as `\n`.
    #[default]
    Translated,
    /// `''`: any line end ends a line.
    Any,
    Lf,
    Cr,
    CrLf,
}

impl Newline {
    pub fn parse(text: Option<&str>) -> Option<Newline> {
        Some(match text {
            None => Newline::Translated,
            Some("") => Newline::Any,
            Some("\n") => Newline::Lf,
            Some("\r") => Newline::Cr,
            Some("\r\n") => Newline::CrLf,
            Some(_) => return None,
        })
    }

    /// Every kind of line end counts.
    pub fn is_universal(self) -> bool {
        matches!(self, Newline::Translated | Newline::Any)
    }

    /// What `\n` is written as, if not as itself.
    pub fn written(self) -> Option<&'static [u8]> {
        match self {
            Newline::Cr => Some(b"\r"),
            Newline::CrLf => Some(b"\r\n"),
            _ => None,
        }
    }

    /// Where the first line ends, its line end included; `None` where no line ends.
    pub fn line_end(self, text: &[u8]) -> Option<usize> {
        match self {
            Newline::Translated | Newline::Lf => memchr::memchr(b'\n', text).map(|i| i + 1),
            Newline::Cr => memchr::memchr(b'\r', text).map(|i| i + 1),
            Newline::CrLf => memchr::memmem::find(text, b"\r\n").map(|i| i + 2),
            Newline::Any => memchr::memchr2(b'\r', b'\n', text).map(|i| match text.get(i..i + 2) {
                Some(b"\r\n") => i + 2,
                _ => i + 1,
            }),
        }
    }

    /// How much of text without a line end cannot be part of one.
    pub fn settled(self, text: &[u8]) -> usize {
        if self == Newline::CrLf && text.last() == Some(&b'\r') { text.len() - 1 } else { text.len() }
    }
}

/// Text with each `\n` written as `newline`.
pub fn translate_written<'a>(text: &'a [u8], newline: &[u8]) -> Cow<'a, [u8]> {
    if memchr::memchr(b'\n', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len() + 16);
    for (i, part) in text.split(|b| *b == b'\n').enumerate() {
        if i > 0 {
            out.extend_from_slice(newline);
        }
        out.extend_from_slice(part);
    }
    Cow::Owned(out)
}

const SEEN_CR: u8 = 1;
const SEEN_LF: u8 = 2;
const SEEN_CRLF: u8 = 4;

/// The state of reading with universal newlines.
#[derive(Default)]
pub struct Newlines {
    pub translate: Cell<bool>,
    /// A `\r` at the end of a piece waits for what follows it.
    pub pending_cr: Cell<bool>,
    seen: Cell<u8>,
}

impl Newlines {
    pub fn new(translate: bool) -> Newlines {
        Newlines { translate: Cell::new(translate), ..Newlines::default() }
    }

    pub fn reset(&self) {
        self.pending_cr.set(false);
        self.seen.set(0);
    }

    /// The next piece of text, translated. A `\r` at its end is kept back unless it is the last.
    pub fn decode(&self, vm: &Vm, piece: Ref, is_final: bool) -> Ref {
        let Some(s) = piece.cast::<PyStr>() else { return piece };
        let text = s.as_bytes();
        let before = self.pending_cr.get() && (is_final || !text.is_empty());
        let keep_back = !is_final
            && if text.is_empty() { before } else { text.last() == Some(&b'\r') };
        let has_cr = before || memchr::memchr(b'\r', text).is_some();
        if !has_cr {
            if self.seen.get() & SEEN_LF == 0 && memchr::memchr(b'\n', text).is_some() {
                self.seen.set(self.seen.get() | SEEN_LF);
            }
            return piece;
        }
        self.pending_cr.set(keep_back);
        let mut whole = Vec::with_capacity(text.len() + 1);
        if before {
            whole.push(b'\r');
        }
        whole.extend_from_slice(text);
        if keep_back {
            whole.pop();
        }
        self.note(&whole);
        if self.translate.get() {
            whole = translate_read(&whole);
        }
        PyStr::from_wtf8(vm, &whole)
    }

    fn note(&self, text: &[u8]) {
        let mut at = 0;
        while let Some(i) = memchr::memchr2(b'\r', b'\n', &text[at..]) {
            let i = at + i;
            let (kind, len) = match (text[i], text.get(i + 1)) {
                (b'\r', Some(b'\n')) => (SEEN_CRLF, 2),
                (b'\r', _) => (SEEN_CR, 1),
                _ => (SEEN_LF, 1),
            };
            self.seen.set(self.seen.get() | kind);
            at = i + len;
        }
    }

    /// The kinds of line ends that were seen: None, a str or a tuple of them.
    pub fn seen(&self, vm: &Vm) -> Ref {
        let seen = self.seen.get();
        let kinds: Vec<Ref> = [(SEEN_CR, "\r"), (SEEN_LF, "\n"), (SEEN_CRLF, "\r\n")]
            .into_iter()
            .filter(|(kind, _)| seen & kind != 0)
            .map(|(_, text)| vm.new_str(text))
            .collect();
        match kinds.len() {
            0 => vm.none_ref(),
            1 => kinds[0].clone(),
            _ => PyTuple::from_vec(vm, kinds),
        }
    }
}

/// `\r\n` and `\r` as `\n`.
fn translate_read(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(i) = memchr::memchr(b'\r', rest) {
        out.extend_from_slice(&rest[..i]);
        out.push(b'\n');
        rest = &rest[i + 1..];
        rest = rest.strip_prefix(b"\n").unwrap_or(rest);
    }
    out.extend_from_slice(rest);
    out
}

/// TypeError of a decoder that gives something else than text.
#[cold]
fn not_text(vm: &Vm, v: Value) -> Raised {
    let shown = vm.type_of(v).full_name();
    vm.type_error(format!("decoder should return a string result, not '{shown}'"))
}

/// The result of a decoder, which must be a str.
pub fn checked_text(vm: &Vm, r: Ref) -> PyResult {
    if r.cast::<PyStr>().is_some() { Ok(r) } else { Err(not_text(vm, r.value())) }
}

/// Payload of an `IncrementalNewlineDecoder`.
#[repr(C)]
pub struct NewlineDecoder {
    header: Header,
    /// A decoder, or None where text comes in; NULL before `__init__`.
    decoder: OwnedCell,
    errors: OwnedCell,
    newlines: Newlines,
}
payload!(NewlineDecoder, INCREMENTAL_NEWLINE_DECODER);

impl NewlineDecoder {
    fn decoder(&self, vm: &Vm) -> PyResult {
        self.decoder
            .get_ref()
            .ok_or_else(|| vm.value_error("IncrementalNewlineDecoder.__init__() not called"))
    }
}

fn init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    let sig = vm.signatures.get("(decoder, translate, errors='strict')");
    let name = class_name(vm, v);
    sig.bind(vm, name.rsplit('.').next().unwrap_or_default(), None, args, |a| {
        let d = NewlineDecoder::of(v);
        d.newlines.translate.set(truth::truth(vm, a[1])?);
        d.newlines.reset();
        d.errors.set(a[2].non_null().unwrap_or(vm.names().strict).to_ref());
        d.decoder.set(a[0].to_ref());
        Ok(())
    })
}

fn decode(vm: &Vm, a: &[Value]) -> PyResult {
    let d = NewlineDecoder::of(a[0]);
    let decoder = d.decoder(vm)?;
    let is_final = convert::bool_or(vm, a[2], false)?;
    let text = if decoder.is(vm.none()) {
        a[1].to_ref()
    } else {
        call::call_method(vm, decoder.value(), "decode", &[a[1], vm.bool(is_final)])?
    };
    Ok(d.newlines.decode(vm, checked_text(vm, text)?, is_final))
}

/// The two parts of a decoder's state.
pub fn state_parts(vm: &Vm, state: Value, wrong: &str) -> PyResult<(Ref, i64)> {
    let parts = state.cast::<PyTuple>().ok_or_else(|| vm.type_error(wrong))?;
    match parts.as_slice() {
        [data, flags] => match int::to_i64(*flags) {
            Some(n) => Ok((data.to_ref(), n)),
            None => Err(vm.type_error(wrong)),
        },
        _ => Err(vm.type_error(wrong)),
    }
}

fn getstate(vm: &Vm, a: &[Value]) -> PyResult {
    let d = NewlineDecoder::of(a[0]);
    let decoder = d.decoder(vm)?;
    let (data, flag) = if decoder.is(vm.none()) {
        (bytes::new(vm, b""), 0)
    } else {
        let state = call::call_method(vm, decoder.value(), "getstate", &[])?;
        state_parts(vm, state.value(), "illegal decoder state")?
    };
    let flag = flag.wrapping_shl(1) | i64::from(d.newlines.pending_cr.get());
    Ok(PyTuple::pair(data, int::from_u64(flag as u64)))
}

fn setstate(vm: &Vm, a: &[Value]) -> PyResult {
    let d = NewlineDecoder::of(a[0]);
    let decoder = d.decoder(vm)?;
    if a[1].cast::<PyTuple>().is_none() {
        return Err(vm.type_error("state argument must be a tuple"));
    }
    let (data, flag) = state_parts(vm, a[1], "setstate(): illegal state argument")?;
    d.newlines.pending_cr.set(flag & 1 != 0);
    if decoder.is(vm.none()) {
        return Ok(vm.none_ref());
    }
    let state = PyTuple::pair(data, int::from_u64((flag as u64) >> 1));
    call::call_method(vm, decoder.value(), "setstate", &[state.value()])
}

fn reset(vm: &Vm, a: &[Value]) -> PyResult {
    let d = NewlineDecoder::of(a[0]);
    let decoder = d.decoder(vm)?;
    d.newlines.reset();
    if decoder.is(vm.none()) {
        return Ok(vm.none_ref());
    }
    call::call_method(vm, decoder.value(), "reset", &[])
}

pub static DEF: TypeDef = TypeDef {
    doc: "IncrementalNewlineDecoder(decoder, translate, errors='strict')\n--\n\n\
          Reads text with universal newlines: wraps another incremental decoder (or None, if text\n\
          comes in), translates line ends if asked to, never cuts a '\\r\\n' in two, and knows\n\
          which kinds of line ends there were.",
    flags: flags::BASETYPE,
    slots: |s| {
        s.init = Some(init);
        s.drop = Some(object::drop_payload::<NewlineDecoder>);
        s.traverse = crate::traverse_fields!(NewlineDecoder: decoder, errors);
    },
    new: New::Raw(|_, ty, _| {
        let d = NewlineDecoder {
            header: object::header(),
            decoder: OwnedCell::null(),
            errors: OwnedCell::null(),
            newlines: Newlines::default(),
        };
        Ok(object::new_instance(ty, d))
    }),
    methods: &[
        MethodDef::new("decode", "($self, /, input, final=False)", decode, ""),
        MethodDef::new("getstate", "($self, /)", getstate, ""),
        MethodDef::new("setstate", "($self, state, /)", setstate, ""),
        MethodDef::new("reset", "($self, /)", reset, ""),
    ],
    getset: &[GetSetDef::get(
        "newlines",
        |vm, v| {
            let d = NewlineDecoder::of(v);
            d.decoder(vm)?;
            Ok(d.newlines.seen(vm))
        },
        "",
    )],
    ..TypeDef::of::<NewlineDecoder>("_io.IncrementalNewlineDecoder")
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_their_kind_says() {
        let text = b"a\rb\r\nc\n";
        let ends = |n: Newline| n.line_end(text);
        assert_eq!(ends(Newline::Translated), Some(5));
        assert_eq!(ends(Newline::Any), Some(2));
        assert_eq!(ends(Newline::Cr), Some(2));
        assert_eq!(ends(Newline::CrLf), Some(5));
        assert_eq!(Newline::Any.line_end(b"\r\n"), Some(2));
        assert_eq!(Newline::CrLf.line_end(b"a\r"), None);
        assert_eq!(Newline::CrLf.settled(b"a\r"), 1);
    }

    #[test]
    fn line_ends_are_translated() {
        assert_eq!(translate_read(b"a\r\nb\rc\n\r"), b"a\nb\nc\n\n");
        assert_eq!(&*translate_written(b"a\nb\n", b"\r\n"), b"a\r\nb\r\n");
        assert!(matches!(translate_written(b"ab", b"\r\n"), Cow::Borrowed(_)));
    }
}
