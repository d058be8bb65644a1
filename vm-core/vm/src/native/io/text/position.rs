//! Positions in text: a place in the binary stream, the decoder's state there, and how much to
//! decode from there, all in one number.

use num_bigint::{BigInt, BigUint, Sign};

use super::coder::{Decoder, Input};
use super::{Snapshot, TextIo};
use crate::error::PyResult;
use crate::native::io::{chain, unsupported};
use crate::convert;
use crate::protocol::{call, compare, object as obj};
use crate::shape;
use crate::types::bytes::PyBytes;
use crate::types::int;
use crate::types::slots::CompareOp;
use crate::types::str_::{PyStr, count_chars};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// What the number of a position is made of.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Cookie {
    /// A place in the binary stream.
    start: i64,
    /// The decoder's state there, apart from input that it would hold.
    flags: i32,
    bytes_to_feed: i32,
    chars_to_skip: i32,
    /// Decoding must be told of the end.
    need_eof: bool,
}

/// Bytes of a cookie.
const COOKIE_LEN: usize = 21;

impl Cookie {
    fn to_bytes(self) -> [u8; COOKIE_LEN] {
        let mut b = [0; COOKIE_LEN];
        b[..8].copy_from_slice(&self.start.to_le_bytes());
        b[8..12].copy_from_slice(&self.flags.to_le_bytes());
        b[12..16].copy_from_slice(&self.bytes_to_feed.to_le_bytes());
        b[16..20].copy_from_slice(&self.chars_to_skip.to_le_bytes());
        b[20] = u8::from(self.need_eof);
        b
    }

    fn from_bytes(b: &[u8]) -> Option<Cookie> {
        let mut whole = [0; COOKIE_LEN];
        whole.get_mut(..b.len())?.copy_from_slice(b);
        let word = |at: usize| i32::from_le_bytes([whole[at], whole[at + 1], whole[at + 2], whole[at + 3]]);
        let start = u64::from(word(0) as u32) | u64::from(word(4) as u32) << 32;
        Some(Cookie {
            start: start as i64,
            flags: word(8),
            bytes_to_feed: word(12),
            chars_to_skip: word(16),
            need_eof: whole[20] != 0,
        })
    }

    fn pack(self) -> Ref {
        int::from_big(BigInt::from(BigUint::from_bytes_le(&self.to_bytes())))
    }

    fn unpack(vm: &Vm, v: Value) -> PyResult<Cookie> {
        let n = call::call_args(vm, vm.builtin(shape::INT).value(), &[v])?;
        let (sign, bytes) = match int::value_of(n.value()) {
            Some(i) => i.to_big().to_bytes_le(),
            None => (Sign::NoSign, Vec::new()),
        };
        if sign == Sign::Minus {
            return Err(vm.overflow_error("can't convert negative int to unsigned"));
        }
        Cookie::from_bytes(&bytes).ok_or_else(|| vm.overflow_error("int too big to convert"))
    }

    /// Puts a decoder into the state at the start.
    fn restore(&self, vm: &Vm, decoder: &Decoder) -> PyResult<()> {
        // At the very start, some decoders wait for a byte-order mark.
        if self.start == 0 && self.flags == 0 {
            decoder.reset(vm)
        } else {
            decoder.set_state(vm, b"", i64::from(self.flags))
        }
    }
}

fn length(text: &Ref) -> i64 {
    text.cast::<PyStr>().map_or(0, |s| s.char_len() as i64)
}

/// Finds the last place before `chars` characters of the input where decoding can start, and
/// what has to be decoded from there.
fn locate(vm: &Vm, decoder: &Decoder, input: &[u8], mut cookie: Cookie, mut chars: i64, ratio: f64) -> PyResult<Cookie> {
    let decode = |data: &[u8]| decoder.decode(vm, &Input::Own(data.to_vec()), false).map(|t| length(&t));
    // A guess first, which is taken back until it is right.
    let mut skip = ((ratio * chars as f64) as i64).min(input.len() as i64);
    let mut back = 1;
    while skip > 0 {
        cookie.restore(vm, decoder)?;
        let decoded = decode(&input[..skip as usize])?;
        if decoded <= chars {
            let (undecoded, flags) = decoder.state(vm)?;
            if undecoded.is_empty() {
                cookie.flags = flags as i32;
                chars -= decoded;
                break;
            }
            skip -= undecoded.len() as i64;
            back = 1;
        } else {
            skip -= back;
            back *= 2;
        }
    }
    if skip <= 0 {
        skip = 0;
        cookie.restore(vm, decoder)?;
    }
    cookie.start += skip;
    cookie.chars_to_skip = chars as i32;
    if chars == 0 {
        return Ok(cookie);
    }
    // Then byte by byte.
    let mut decoded = 0;
    let mut found = false;
    for b in &input[skip as usize..] {
        decoded += decode(&[*b])?;
        cookie.bytes_to_feed += 1;
        let (undecoded, flags) = decoder.state(vm)?;
        if undecoded.is_empty() && decoded <= chars {
            cookie.start += i64::from(cookie.bytes_to_feed);
            chars -= decoded;
            cookie.flags = flags as i32;
            cookie.bytes_to_feed = 0;
            decoded = 0;
        }
        if decoded >= chars {
            found = true;
            break;
        }
    }
    if !found {
        let rest = decoder.decode(vm, &Input::Own(Vec::new()), true)?;
        decoded += length(&rest);
        cookie.need_eof = true;
        if decoded < chars {
            return Err(vm.error(shape::OS_ERROR, "can't reconstruct logical file position"));
        }
    }
    cookie.chars_to_skip = chars as i32;
    Ok(cookie)
}

pub(super) fn tell(vm: &Vm, a: &[Value]) -> PyResult {
    let t = TextIo::of(a[0]);
    t.open(vm, a[0])?;
    if !t.seekable.get() {
        return Err(unsupported(vm, "underlying stream is not seekable"));
    }
    if !t.telling.get() {
        return Err(vm.error(shape::OS_ERROR, "telling position disabled by next() call"));
    }
    t.hand_on(vm)?;
    call::call_method(vm, a[0], "flush", &[])?;
    let at = call::call_method(vm, t.buffer(vm)?.value(), "tell", &[])?;
    let Some(decoder) = t.decoder() else { return Ok(at) };
    let (flags, input) = match &*t.snapshot.borrow() {
        Some(s) => (s.flags, s.input.clone()),
        None => return Ok(at),
    };
    let at = crate::protocol::number::size_i64(vm, at.value())?;
    let cookie = Cookie { start: at - input.len() as i64, flags: flags as i32, ..Cookie::default() };
    let used = t.used.get();
    if used == 0 {
        return Ok(cookie.pack());
    }
    let decoded = t.decoded.get_ref();
    let text = decoded.as_ref().and_then(|d| d.cast::<PyStr>()).map_or(&[][..], |s| s.as_bytes());
    let chars = count_chars(text.get(..used).unwrap_or(text)) as i64;
    let (undecoded, state) = decoder.state(vm)?;
    let found = locate(vm, &decoder, &input, cookie, chars, t.ratio.get());
    let restored = decoder.set_state(vm, &undecoded, state);
    match found {
        Ok(cookie) => restored.map(|()| cookie.pack()),
        Err(e) => Err(chain(e, restored.map(|()| vm.none_ref()))),
    }
}

/// `seek(0, whence)` with a whence other than the start.
fn seek_relative(vm: &Vm, t: &TextIo, v: Value, cookie: Value, whence: i32) -> PyResult<Option<Ref>> {
    let zero = compare::eq(vm, cookie, Value::small_int(0))?;
    if whence == libc::SEEK_CUR {
        if !zero {
            return Err(unsupported(vm, "can't do nonzero cur-relative seeks"));
        }
        return Ok(None);
    }
    if !zero {
        return Err(unsupported(vm, "can't do nonzero end-relative seeks"));
    }
    call::call_method(vm, v, "flush", &[])?;
    t.set_decoded(None);
    t.snapshot.take();
    if let Some(decoder) = t.decoder() {
        decoder.reset(vm)?;
    }
    let at = call::call_method(vm, t.buffer(vm)?.value(), "seek", &[Value::small_int(0), Value::small_int(2)])?;
    if let Some(encoder) = t.encoder() {
        encoder.reset(vm, compare::eq(vm, at.value(), Value::small_int(0))?)?;
    }
    Ok(Some(at))
}

pub(super) fn seek(vm: &Vm, a: &[Value]) -> PyResult {
    let t = TextIo::of(a[0]);
    let whence = a[2].non_null().map_or(Ok(0), |w| convert::c_int(vm, w))?;
    t.open(vm, a[0])?;
    if !t.seekable.get() {
        return Err(unsupported(vm, "underlying stream is not seekable"));
    }
    let target = match whence {
        libc::SEEK_SET => a[1].to_ref(),
        libc::SEEK_CUR | libc::SEEK_END => match seek_relative(vm, t, a[0], a[1], whence)? {
            Some(done) => return Ok(done),
            // Going to where the stream is brings the binary stream there, too.
            None => call::call_method(vm, a[0], "tell", &[])?,
        },
        _ => return Err(vm.value_error(format!("invalid whence ({whence}, should be 0, 1 or 2)"))),
    };
    if compare::rich_bool(vm, target.value(), Value::small_int(0), CompareOp::Lt)? {
        let shown = obj::repr_text(vm, target.value())?;
        return Err(vm.value_error(format!("negative seek position {shown}")));
    }
    call::call_method(vm, a[0], "flush", &[])?;
    let cookie = Cookie::unpack(vm, target.value())?;
    go_to(vm, t, cookie)?;
    Ok(target)
}

fn go_to(vm: &Vm, t: &TextIo, cookie: Cookie) -> PyResult<()> {
    let buffer = t.buffer(vm)?;
    call::call_method(vm, buffer.value(), "seek", &[vm.new_int(cookie.start).value()])?;
    t.set_decoded(None);
    t.snapshot.take();
    let decoder = t.decoder();
    if let Some(decoder) = &decoder {
        cookie.restore(vm, decoder)?;
    }
    let flags = i64::from(cookie.flags);
    match decoder.filter(|_| cookie.chars_to_skip != 0) {
        None => drop(t.snapshot.replace(Some(Snapshot { flags, input: Vec::new() }))),
        Some(decoder) => {
            let n = Value::small_int(i64::from(cookie.bytes_to_feed));
            let input = call::call_method(vm, buffer.value(), "read", &[n])?;
            let Some(b) = input.cast::<PyBytes>() else {
                let shown = vm.type_of(input.value()).full_name();
                let text = format!("underlying read() should have returned a bytes object, not '{shown}'");
                return Err(vm.type_error(text));
            };
            t.snapshot.replace(Some(Snapshot { flags, input: b.as_slice().to_vec() }));
            let text = decoder.decode(vm, &Input::Object(input), cookie.need_eof)?;
            let skip = usize::try_from(cookie.chars_to_skip).unwrap_or(usize::MAX);
            let enough = length(&text) as usize >= skip;
            let used = text.cast::<PyStr>().map_or(0, |s| super::read::prefix(s.as_bytes(), skip));
            t.set_decoded(Some(text));
            if !enough {
                return Err(vm.error(shape::OS_ERROR, "can't restore logical file position"));
            }
            t.used.set(used);
        }
    }
    match t.encoder() {
        Some(encoder) => encoder.reset(vm, cookie.start == 0 && cookie.flags == 0),
        None => Ok(()),
    }
}

pub(super) fn truncate(vm: &Vm, a: &[Value]) -> PyResult {
    let buffer = TextIo::of(a[0]).buffer(vm)?;
    call::call_method(vm, a[0], "flush", &[])?;
    call::call_method(vm, buffer.value(), "truncate", &[a[1].non_null().unwrap_or(vm.none())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_numbers() {
        let cookie = Cookie { start: 1 << 40, flags: 3, bytes_to_feed: 7, chars_to_skip: -1, need_eof: true };
        assert_eq!(Cookie::from_bytes(&cookie.to_bytes()), Some(cookie));
        assert_eq!(Cookie::from_bytes(&[5]), Some(Cookie { start: 5, ..Cookie::default() }));
        assert_eq!(Cookie::from_bytes(&[0; 22]), None);
    }
}
