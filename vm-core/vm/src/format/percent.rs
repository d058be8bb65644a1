//! `%` formatting of str, bytes and bytearray.

use super::number_text::{Notation, Style, float_text};
use super::percent_args::{Arguments, Conversion, Reader};
use crate::error::{PyResult, Raised};
use crate::protocol::buffer;
use crate::protocol::{number, object as obj};
use crate::shape;
use crate::types::bytearray::PyByteArray;
use crate::types::bytes::{self, PyBytes};
use crate::types::int::{self, Int};
use crate::types::str_::{PyStr, count_chars, push_code_point};
use crate::types::float;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// `text % values` of a str.
pub fn percent_str(vm: &Vm, text: Value, values: Value) -> PyResult {
    let Some(fmt) = text.cast::<PyStr>() else { return Ok(vm.not_implemented().to_ref()) };
    let out = run(vm, fmt.as_bytes(), values, true)?;
    Ok(PyStr::from_wtf8(vm, &out))
}

/// `text % values` of bytes.
pub fn percent_bytes(vm: &Vm, text: &[u8], values: Value) -> PyResult<Vec<u8>> {
    run(vm, text, values, false)
}

fn run(vm: &Vm, text: &[u8], values: Value, is_text: bool) -> PyResult<Vec<u8>> {
    let mut args = Arguments::new(vm, values, is_text);
    let mut reader = Reader { text, at: 0, is_text };
    let mut out: Vec<u8> = Vec::with_capacity(text.len() + 32);
    loop {
        out.extend_from_slice(reader.literal());
        if reader.is_done() {
            break;
        }
        if reader.peek() == Some(b'%') {
            reader.at += 1;
            out.push(b'%');
            continue;
        }
        let c = reader.conversion(vm, &mut args)?;
        let v = args.next(vm)?;
        if push_plain(&mut out, &c, v.value(), is_text) {
            continue;
        }
        let piece = match convert(vm, &c, v.value(), is_text)? {
            Some(p) => p,
            None => return Err(unsupported(vm, &c, &reader)),
        };
        push_padded(vm, &mut out, &c, &piece, is_text)?;
    }
    if args.has_rest() {
        let what = if is_text { "string" } else { "bytes" };
        return Err(vm.type_error(format!("not all arguments converted during {what} formatting")));
    }
    Ok(out)
}

/// Converts what needs neither Python code nor padding: `%s` of a str, `%d` and `%c` of a small
/// int without flags. False if it is none of that; nothing is pushed then.
fn push_plain(out: &mut Vec<u8>, c: &Conversion, v: Value, is_text: bool) -> bool {
    if c.width != 0 || c.precision.is_some() || c.plus || c.space {
        return false;
    }
    match (u8::try_from(c.kind), v.as_small_int()) {
        (Ok(b's'), None) if is_text => match v.cast_exact::<PyStr>() {
            Some(s) => out.extend_from_slice(s.as_bytes()),
            None => return false,
        },
        (Ok(b'd' | b'i' | b'u'), Some(i)) => out.extend_from_slice(i.to_string().as_bytes()),
        (Ok(b'c'), Some(i @ 0..=0x7f)) => out.push(i as u8),
        (Ok(b'c'), Some(i @ 0..=0x10ffff)) if is_text => push_code_point(out, i as u32),
        _ => return false,
    }
    true
}

#[cold]
fn unsupported(vm: &Vm, c: &Conversion, reader: &Reader) -> Raised {
    let shown = match c.kind {
        31..=126 => c.kind as u8 as char,
        k if !reader.is_text => k as u8 as char,
        _ => '?',
    };
    let before = &reader.text[..reader.at];
    let at = if reader.is_text { count_chars(before) } else { before.len() } - 1;
    vm.value_error(format!("unsupported format character '{shown}' (0x{:x}) at index {at}", c.kind))
}

/// A converted value.
struct Piece {
    /// Sign and base prefix of a number.
    prefix: String,
    body: Vec<u8>,
    numeric: bool,
}

impl Piece {
    fn text(body: Vec<u8>) -> Piece {
        Piece { prefix: String::new(), body, numeric: false }
    }
}

fn convert(vm: &Vm, c: &Conversion, v: Value, is_text: bool) -> PyResult<Option<Piece>> {
    let kind = u8::try_from(c.kind).unwrap_or(0) as char;
    Ok(Some(match kind {
        's' if is_text => text_piece(c, obj::str(vm, v)?),
        'r' if is_text => text_piece(c, obj::repr(vm, v)?),
        'a' | 'r' => text_piece(c, obj::ascii(vm, v)?),
        's' | 'b' if !is_text => {
            let mut body = bytes_of(vm, v)?;
            body.truncate(c.precision.unwrap_or(usize::MAX));
            Piece::text(body)
        }
        'c' if is_text => character(vm, v)?,
        'c' => byte(vm, v)?,
        'd' | 'i' | 'u' | 'o' | 'x' | 'X' => integer(vm, c, kind, v)?,
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => real(vm, c, kind, v, is_text)?,
        _ => return Ok(None),
    }))
}

fn text_piece(c: &Conversion, v: Ref) -> Piece {
    Piece::text(match v.cast::<PyStr>() {
        Some(s) => match c.precision {
            Some(p) if p < s.char_len() => s.slice_bytes(0, p).to_vec(),
            _ => s.as_bytes().to_vec(),
        },
        None => Vec::new(),
    })
}

/// What `%b` shows of a value.
fn bytes_of(vm: &Vm, v: Value) -> PyResult<Vec<u8>> {
    if v.cast::<PyBytes>().is_some() || v.cast::<PyByteArray>().is_some() {
        return Ok(bytes::data_of(v).unwrap_or_default().to_vec());
    }
    if let Some(made) = bytes::by_dunder(vm, v)? {
        return Ok(bytes::data_of(made.value()).unwrap_or_default().to_vec());
    }
    if buffer::is_exporter(vm, v) {
        return buffer::copy(vm, v);
    }
    Err(vm.type_error(format!(
        "%b requires a bytes-like object, or an object that implements __bytes__, not '{}'",
        vm.type_of(v).full_name()
    )))
}

fn character(vm: &Vm, v: Value) -> PyResult<Piece> {
    let mut body = Vec::new();
    if let Some(s) = v.cast::<PyStr>() {
        if s.char_len() != 1 {
            return Err(vm.type_error(format!(
                "%c requires an int or a unicode character, not a string of length {}",
                s.char_len()
            )));
        }
        body.extend_from_slice(s.as_bytes());
        return Ok(Piece::text(body));
    }
    let i = match number::index(vm, v) {
        Ok(i) => i,
        Err(e) if e.is(vm, shape::TYPE_ERROR) => {
            return Err(vm.type_error(format!(
                "%c requires an int or a unicode character, not {}",
                qualified_name(vm, v)
            )));
        }
        Err(e) => return Err(e),
    };
    match int::to_i64(i.value()).and_then(|i| u32::try_from(i).ok()).filter(|c| *c <= 0x10ffff) {
        Some(c) => push_code_point(&mut body, c),
        None => return Err(vm.overflow_error("%c arg not in range(0x110000)")),
    }
    Ok(Piece::text(body))
}

fn qualified_name(vm: &Vm, v: Value) -> String {
    crate::types::type_object::display_name(vm, vm.type_of(v))
}

fn byte(vm: &Vm, v: Value) -> PyResult<Piece> {
    const WANTED: &str = "%c requires an integer in range(256) or a single byte, not";
    let named = match (v.cast::<PyBytes>(), v.cast::<PyByteArray>()) {
        (Some(b), _) => Some(("bytes", b.as_slice())),
        (_, Some(b)) => Some(("bytearray", b.as_slice())),
        _ => None,
    };
    if let Some((name, b)) = named {
        if let [_] = b {
            return Ok(Piece::text(b.to_vec()));
        }
        return Err(vm.type_error(format!("{WANTED} a {name} object of length {}", b.len())));
    }
    if !number::has_index(vm, v) {
        return Err(vm.type_error(format!("{WANTED} {}", qualified_name(vm, v))));
    }
    match u8::try_from(number::index_clipped(vm, v)?) {
        Ok(b) => Ok(Piece::text(vec![b])),
        Err(_) => Err(vm.overflow_error("%c arg not in range(256)")),
    }
}

fn sign(c: &Conversion, negative: bool) -> &'static str {
    match (negative, c.plus, c.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    }
}

/// The int that an integer conversion shows.
fn int_operand(vm: &Vm, kind: char, v: Value) -> PyResult {
    if int::value_of(v).is_some() {
        return Ok(v.to_ref());
    }
    let decimal = matches!(kind, 'd' | 'i' | 'u');
    let slots = vm.type_of(v).slots();
    let is_number = slots.index.is_some() || slots.int.is_some() || slots.float.is_some() || v.has_shape(shape::COMPLEX);
    let converted = match (is_number, decimal) {
        (true, true) => int::to_int(vm, v),
        (true, false) => number::index(vm, v),
        (false, _) => Err(vm.type_error("")),
    };
    converted.map_err(|e| {
        if !e.is(vm, shape::TYPE_ERROR) {
            return e;
        }
        let wanted = if decimal { "a real number" } else { "an integer" };
        vm.type_error(format!("%{kind} format: {wanted} is required, not {}", vm.type_of(v).full_name()))
    })
}

fn integer(vm: &Vm, c: &Conversion, kind: char, v: Value) -> PyResult<Piece> {
    let i = int_operand(vm, kind, v)?;
    let x = int::value_of(i.value()).unwrap_or(Int::Small(0));
    if c.precision.is_some_and(|p| p > i32::MAX as usize - 3) {
        return Err(vm.overflow_error("precision too large"));
    }
    let shown = match (kind, &x) {
        ('o', Int::Small(i)) => format!("{:o}", i.unsigned_abs()),
        ('x', Int::Small(i)) => format!("{:x}", i.unsigned_abs()),
        ('X', Int::Small(i)) => format!("{:X}", i.unsigned_abs()),
        ('o', Int::Big(b)) => b.magnitude().to_str_radix(8),
        ('x', Int::Big(b)) => b.magnitude().to_str_radix(16),
        ('X', Int::Big(b)) => b.magnitude().to_str_radix(16).to_uppercase(),
        _ => int::to_decimal(vm, &x)?,
    };
    let digits = shown.strip_prefix('-').unwrap_or(&shown);
    let mut body = Vec::new();
    let zeros = c.precision.unwrap_or(0).saturating_sub(digits.len());
    if body.try_reserve(zeros + digits.len()).is_err() {
        return Err(vm.error_args(shape::MEMORY_ERROR, &[]));
    }
    body.resize(zeros, b'0');
    body.extend_from_slice(digits.as_bytes());
    let base = match kind {
        'o' if c.alternate => "0o",
        'x' if c.alternate => "0x",
        'X' if c.alternate => "0X",
        _ => "",
    };
    Ok(Piece { prefix: format!("{}{base}", sign(c, x.is_negative())), body, numeric: true })
}

fn real(vm: &Vm, c: &Conversion, kind: char, v: Value, is_text: bool) -> PyResult<Piece> {
    let f = match float::as_f64(vm, v) {
        Err(_) if !is_text => {
            let ty = vm.type_of(v).full_name();
            return Err(vm.type_error(format!("float argument required, not {ty}")));
        }
        r => r?,
    };
    let precision = c.precision.unwrap_or(6);
    let notation = match kind.to_ascii_lowercase() {
        'e' => Notation::Scientific,
        'f' => Notation::Fixed,
        _ => Notation::General,
    };
    if precision > 1 << 16 && Vec::<u8>::new().try_reserve(precision).is_err() {
        return Err(vm.error_args(shape::MEMORY_ERROR, &[]));
    }
    let style = Style { alternate: c.alternate, upper: kind.is_uppercase(), ..Style::default() };
    let shown = float_text(f, notation, precision, style);
    let (negative, digits) = match shown.strip_prefix('-') {
        Some(t) => (true, t),
        None => (false, &shown[..]),
    };
    Ok(Piece { prefix: sign(c, negative).to_owned(), body: digits.as_bytes().to_vec(), numeric: true })
}

fn push_padded(vm: &Vm, out: &mut Vec<u8>, c: &Conversion, p: &Piece, is_text: bool) -> PyResult<()> {
    let len = p.prefix.len() + if is_text { count_chars(&p.body) } else { p.body.len() };
    let n = c.width.saturating_sub(len);
    if n > 0 && out.try_reserve(n).is_err() {
        return Err(vm.error_args(shape::MEMORY_ERROR, &[]));
    }
    let fill = |out: &mut Vec<u8>, b: u8| out.resize(out.len() + n, b);
    let zeros = c.zero && p.numeric && !c.left;
    if !c.left && !zeros {
        fill(out, b' ');
    }
    out.extend_from_slice(p.prefix.as_bytes());
    if zeros {
        fill(out, b'0');
    }
    out.extend_from_slice(&p.body);
    if c.left {
        fill(out, b' ');
    }
    Ok(())
}
