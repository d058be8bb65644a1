//! Encoders and decoders of text streams: the VM's own codecs without detours, all others as
//! the incremental ones that the codec registry has.

use std::cell::{Cell, RefCell};

use crate::codecs::decode::{self, Width};
use crate::codecs::{self, Codec, Endian, registry};
use crate::error::PyResult;
use crate::native::io::newlines::{Newlines, checked_text, state_parts};
use crate::protocol::{attr, call};
use crate::shape;
use crate::types::bytes::{self, PyBytes};
use crate::types::int;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A text encoding.
pub enum Encoding {
    Own(Codec),
    /// What `codecs.lookup` gave.
    Registered(Ref),
}

impl Encoding {
    /// Finds an encoding by name.
    ///
    /// # Errors
    /// LookupError if there is none, or one that is not for text.
    pub fn find(vm: &Vm, name: &str) -> PyResult<Encoding> {
        if let Some(codec) = codecs::find(name) {
            return Ok(Encoding::Own(codec));
        }
        // What the C library calls ASCII.
        if name == "ANSI_X3.4-1968" {
            return Ok(Encoding::Own(Codec::Ascii));
        }
        let codec = registry::lookup(vm, name)?;
        if let Some(flag) = attr::get_opt(vm, codec.value(), vm.names()._is_text_encoding)?
            && !crate::protocol::truth::truth(vm, flag.value())?
        {
            return Err(vm.lookup_error(format!("'{name}' is not a text encoding")));
        }
        Ok(Encoding::Registered(codec))
    }
}

fn incremental(vm: &Vm, codec: &Ref, what: &str, errors: &str) -> PyResult {
    let make = attr::get_named(vm, codec.value(), what)?;
    call::call_args(vm, make.value(), &[vm.new_str(errors).value()])
}

/// What makes bytes of text.
pub enum Encoder {
    Own {
        codec: Codec,
        errors: String,
        /// Nothing was written yet, so that a byte-order mark is due.
        at_start: Cell<bool>,
    },
    Registered(Ref),
}

impl Encoder {
    pub fn new(vm: &Vm, encoding: &Encoding, errors: &str) -> PyResult<Encoder> {
        Ok(match encoding {
            Encoding::Own(codec) => {
                Encoder::Own { codec: *codec, errors: errors.to_owned(), at_start: Cell::new(false) }
            }
            Encoding::Registered(codec) => Encoder::Registered(incremental(vm, codec, "incrementalencoder", errors)?),
        })
    }

    /// Whether ASCII text is its own encoding.
    pub fn keeps_ascii(&self) -> bool {
        matches!(self, Encoder::Own { codec: Codec::Utf8 | Codec::Ascii | Codec::Latin1, .. })
    }

    pub fn encode(&self, vm: &Vm, text: Value) -> PyResult<Vec<u8>> {
        match self {
            Encoder::Own { codec, errors, at_start } => {
                let Some(s) = text.cast::<PyStr>() else { return Ok(Vec::new()) };
                let codec = match codec {
                    Codec::Utf16(None) if !at_start.get() => Codec::Utf16(Some(Endian::NATIVE)),
                    Codec::Utf32(None) if !at_start.get() => Codec::Utf32(Some(Endian::NATIVE)),
                    other => *other,
                };
                let out = codecs::encode_with(vm, codec, s, errors)?;
                at_start.set(false);
                Ok(out)
            }
            Encoder::Registered(encoder) => {
                let r = call::call_method(vm, encoder.value(), "encode", &[text])?;
                match r.cast::<PyBytes>() {
                    Some(b) => Ok(b.as_slice().to_vec()),
                    None => {
                        let shown = vm.type_of(r.value()).full_name();
                        Err(vm.type_error(format!("encoder should return a bytes object, not '{shown}'")))
                    }
                }
            }
        }
    }

    /// The stream is at its start, or not.
    pub fn reset(&self, vm: &Vm, start: bool) -> PyResult<()> {
        match self {
            Encoder::Own { at_start, .. } => at_start.set(start),
            Encoder::Registered(encoder) if start => drop(call::call_method(vm, encoder.value(), "reset", &[])?),
            Encoder::Registered(encoder) => {
                call::call_method(vm, encoder.value(), "setstate", &[Value::small_int(0)])?;
            }
        }
        Ok(())
    }

    /// The stream may be at its start; nothing else changes.
    pub fn expect_start(&self) {
        if let Encoder::Own { at_start, .. } = self {
            at_start.set(true);
        }
    }
}

/// What makes text of bytes, in pieces.
pub struct Decoder {
    kind: Kind,
    newlines: Option<Newlines>,
}

enum Kind {
    Own {
        codec: Codec,
        errors: String,
        /// An incomplete sequence.
        pending: RefCell<Vec<u8>>,
        /// The byte order that a mark told.
        order: Cell<Option<Endian>>,
    },
    Registered(Ref),
}

/// Input that a decoder may keep while Python code runs.
pub enum Input {
    Own(Vec<u8>),
    Object(Ref),
}

impl Input {
    pub fn as_slice(&self) -> &[u8] {
        match self {
            Input::Own(b) => b,
            Input::Object(o) => o.cast::<PyBytes>().map_or(&[], |b| b.as_slice()),
        }
    }

    fn object(&self, vm: &Vm) -> Ref {
        match self {
            Input::Own(b) => bytes::new(vm, b),
            Input::Object(o) => o.clone(),
        }
    }
}

impl Decoder {
    pub fn new(vm: &Vm, encoding: &Encoding, errors: &str, newlines: Option<Newlines>) -> PyResult<Decoder> {
        let kind = match encoding {
            Encoding::Own(codec) => Kind::Own {
                codec: *codec,
                errors: errors.to_owned(),
                pending: RefCell::default(),
                order: Cell::new(None),
            },
            Encoding::Registered(codec) => Kind::Registered(incremental(vm, codec, "incrementaldecoder", errors)?),
        };
        Ok(Decoder { kind, newlines })
    }

    /// The next piece of text.
    pub fn decode(&self, vm: &Vm, input: &Input, is_final: bool) -> PyResult {
        let text = match &self.kind {
            Kind::Own { codec, errors, pending, order } => {
                let kept = pending.take();
                let joined;
                let data = if kept.is_empty() {
                    input.as_slice()
                } else {
                    joined = [&kept, input.as_slice()].concat();
                    &joined
                };
                match decode_own(vm, *codec, order, data, errors, is_final) {
                    Ok((text, used)) => {
                        pending.replace(data.get(used..).unwrap_or_default().to_vec());
                        text
                    }
                    Err(e) => {
                        pending.replace(kept);
                        return Err(e);
                    }
                }
            }
            Kind::Registered(decoder) => {
                let object = input.object(vm);
                let args = [object.value(), vm.bool(is_final)];
                checked_text(vm, call::call_method(vm, decoder.value(), "decode", &args)?)?
            }
        };
        Ok(match &self.newlines {
            Some(n) => n.decode(vm, text, is_final),
            None => text,
        })
    }

    pub fn reset(&self, vm: &Vm) -> PyResult<()> {
        if let Some(n) = &self.newlines {
            n.reset();
        }
        match &self.kind {
            Kind::Own { pending, order, .. } => {
                pending.borrow_mut().clear();
                order.set(None);
            }
            Kind::Registered(decoder) => drop(call::call_method(vm, decoder.value(), "reset", &[])?),
        }
        Ok(())
    }

    /// What is not decoded yet, and a number that stands for the rest of the state.
    pub fn state(&self, vm: &Vm) -> PyResult<(Vec<u8>, i64)> {
        let (data, flags) = match &self.kind {
            Kind::Own { codec, pending, order, .. } => {
                let flags = match (codec, order.get()) {
                    (Codec::Utf16(None) | Codec::Utf32(None), None) => 2,
                    (Codec::Utf16(None) | Codec::Utf32(None), Some(e)) => i64::from(e != Endian::NATIVE),
                    _ => 0,
                };
                (pending.borrow().clone(), flags)
            }
            Kind::Registered(decoder) => {
                let state = call::call_method(vm, decoder.value(), "getstate", &[])?;
                let (data, flags) = state_parts(vm, state.value(), "illegal decoder state")?;
                let Some(b) = data.cast::<PyBytes>() else {
                    let shown = vm.type_of(data.value()).full_name();
                    return Err(vm.type_error(format!(
                        "illegal decoder state: the first item should be a bytes object, not '{shown}'"
                    )));
                };
                (b.as_slice().to_vec(), flags)
            }
        };
        Ok(match &self.newlines {
            Some(n) => (data, flags.wrapping_shl(1) | i64::from(n.pending_cr.get())),
            None => (data, flags),
        })
    }

    pub fn set_state(&self, vm: &Vm, data: &[u8], mut flags: i64) -> PyResult<()> {
        if let Some(n) = &self.newlines {
            n.pending_cr.set(flags & 1 != 0);
            flags = ((flags as u64) >> 1) as i64;
        }
        match &self.kind {
            Kind::Own { pending, order, .. } => {
                pending.replace(data.to_vec());
                let other = if Endian::NATIVE == Endian::Little { Endian::Big } else { Endian::Little };
                order.set(match flags {
                    0 => Some(Endian::NATIVE),
                    1 => Some(other),
                    _ => None,
                });
            }
            Kind::Registered(decoder) => {
                let state = PyTuple::pair(bytes::new(vm, data), int::from_u64(flags as u64));
                call::call_method(vm, decoder.value(), "setstate", &[state.value()])?;
            }
        }
        Ok(())
    }

    /// The kinds of line ends that were seen, as the attribute `newlines` shows them.
    pub fn newlines(&self, vm: &Vm) -> PyResult {
        match (&self.newlines, &self.kind) {
            (Some(n), _) => Ok(n.seen(vm)),
            (None, Kind::Registered(decoder)) => {
                Ok(attr::get_opt(vm, decoder.value(), vm.names().newlines)?.unwrap_or_else(|| vm.none_ref()))
            }
            (None, Kind::Own { .. }) => Ok(vm.none_ref()),
        }
    }
}

/// Decodes with one of the VM's codecs; without a known byte order, the first bytes must tell it.
fn decode_own(
    vm: &Vm,
    codec: Codec,
    order: &Cell<Option<Endian>>,
    data: &[u8],
    errors: &str,
    is_final: bool,
) -> PyResult<(Ref, usize)> {
    let (width, name) = match codec {
        Codec::Utf16(None) => (Width::Two, "UTF-16"),
        Codec::Utf32(None) => (Width::Four, "UTF-32"),
        _ => return decode::decode_str(vm, codec, data, errors, is_final),
    };
    let (text, used, known) = decode::wide(vm, width, order.get(), data, errors, is_final)?;
    if known.is_none() && used >= width as usize {
        return Err(vm.error(shape::UNICODE_ERROR, format!("{name} stream does not start with BOM")));
    }
    order.set(known);
    Ok((text, used))
}
