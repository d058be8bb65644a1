//! `__format__` of str, int, float and complex.

use super::number_text::{Notation, Style, float_text};
use super::spec::{Grouping, Spec, parse, unknown_code};
use crate::error::PyResult;
use crate::protocol::object as obj;
use crate::shape;
use crate::types::complex::PyComplex;
use crate::types::float;
use crate::types::int::{self, Int};
use crate::types::str_::{PyStr, push_code_point};
use crate::value::Value;
use crate::vm::Vm;

fn spec_bytes<'a>(vm: &Vm, spec: Value) -> PyResult<&'a [u8]> {
    match spec.cast::<PyStr>() {
        Some(s) => Ok(s.as_bytes()),
        None => Err(crate::convert::bad_argument(vm, "__format__", "argument", "str", spec)),
    }
}

/// Room for padding, refused with MemoryError where no memory could hold it.
fn reserve(vm: &Vm, out: &mut Vec<u8>, n: usize) -> PyResult<()> {
    out.try_reserve(n).map_err(|_| vm.error_args(shape::MEMORY_ERROR, &[]))
}

fn push_fill(vm: &Vm, out: &mut Vec<u8>, fill: u32, n: usize) -> PyResult<()> {
    match u8::try_from(fill) {
        Ok(b) if b.is_ascii() => {
            reserve(vm, out, n)?;
            out.resize(out.len() + n, b);
        }
        _ => {
            reserve(vm, out, n.saturating_mul(4))?;
            (0..n).for_each(|_| push_code_point(out, fill));
        }
    }
    Ok(())
}

/// Pads text of `len` characters to the width.
fn push_padded(vm: &Vm, out: &mut Vec<u8>, s: &Spec, text: &[u8], len: usize) -> PyResult<()> {
    let n = s.width.unwrap_or(0).saturating_sub(len);
    let left = match s.align {
        '>' => n,
        '^' => n / 2,
        _ => 0,
    };
    push_fill(vm, out, s.fill, left)?;
    out.extend_from_slice(text);
    push_fill(vm, out, s.fill, n - left)
}

/// The parts of a number's text, all ASCII but for the character of type `c`.
#[derive(Default)]
struct Parts<'a> {
    negative: bool,
    prefix: &'a str,
    /// Digits before the point.
    whole: &'a str,
    /// Digits after it, with the point.
    frac: &'a str,
    /// Exponent, percent sign; what is no digit.
    rest: &'a [u8],
    /// Length of `rest` in characters.
    rest_len: usize,
}

impl<'a> Parts<'a> {
    /// Takes float text apart.
    fn of_float(text: &'a str) -> Parts<'a> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(t) => (true, t),
            None => (false, text),
        };
        let digits = |t: &str| t.find(|c: char| !c.is_ascii_digit()).unwrap_or(t.len());
        let (whole, tail) = text.split_at(digits(text));
        let n = match tail.strip_prefix('.') {
            Some(t) => 1 + digits(t),
            None => 0,
        };
        let (frac, rest) = tail.split_at(n);
        Parts { negative, prefix: "", whole, frac, rest: rest.as_bytes(), rest_len: rest.len() }
    }

    fn push(&self, vm: &Vm, out: &mut Vec<u8>, s: &Spec, every: usize) -> PyResult<()> {
        let sign = match (self.negative, s.sign) {
            (true, _) => "-",
            (false, Some('+')) => "+",
            (false, Some(' ')) => " ",
            _ => "",
        };
        let frac = match s.frac_grouping {
            Some(g) if self.frac.len() > 1 => group_fraction(self.frac, g),
            _ => self.frac.to_owned(),
        };
        let fixed = sign.len() + self.prefix.len() + frac.len() + self.rest_len;
        let width = s.width.unwrap_or(0);
        // Zero padding takes part in the grouping.
        let least = if s.fill == '0' as u32 && s.align == '=' { width.saturating_sub(fixed) } else { 0 };
        let grouped;
        let whole = match s.grouping {
            Some(g) if !self.whole.is_empty() => {
                reserve(vm, out, least.saturating_mul(2))?;
                grouped = group(self.whole, g, every, least);
                &grouped
            }
            _ => self.whole,
        };
        let n = width.saturating_sub(fixed + whole.len());
        let left = match s.align {
            '>' => n,
            '^' => n / 2,
            _ => 0,
        };
        let inner = if s.align == '=' { n } else { 0 };
        push_fill(vm, out, s.fill, left)?;
        out.extend_from_slice(sign.as_bytes());
        out.extend_from_slice(self.prefix.as_bytes());
        push_fill(vm, out, s.fill, inner)?;
        out.extend_from_slice(whole.as_bytes());
        out.extend_from_slice(frac.as_bytes());
        out.extend_from_slice(self.rest);
        push_fill(vm, out, s.fill, n - left - inner)
    }
}

/// Separates digits into groups, with leading zeros up to `least` characters.
fn group(digits: &str, sep: Grouping, every: usize, least: usize) -> String {
    let len = |n: usize| n + (n - 1) / every;
    let mut n = digits.len();
    if len(n) < least {
        // The separators take part of the room; at most one digit more is needed than this gives.
        n = n.max(least * every / (every + 1));
        while len(n) < least {
            n += 1;
        }
    }
    let zeros = n - digits.len();
    let mut out = String::with_capacity(len(n));
    for (i, c) in std::iter::repeat_n('0', zeros).chain(digits.chars()).enumerate() {
        if i > 0 && (n - i).is_multiple_of(every) {
            out.push(sep.separator());
        }
        out.push(c);
    }
    out
}

fn group_fraction(frac: &str, sep: Grouping) -> String {
    let mut out = String::from(".");
    for (i, c) in frac[1..].chars().enumerate() {
        if i > 0 && i % 3 == 0 {
            out.push(sep.separator());
        }
        out.push(c);
    }
    out
}

fn type_name(vm: &Vm, v: Value) -> impl Fn() -> String {
    move || vm.type_of(v).full_name()
}

/// `int.__format__`.
pub fn format_int(vm: &Vm, v: Value, spec: Value) -> PyResult {
    let spec = spec_bytes(vm, spec)?;
    if spec.is_empty() {
        return obj::str(vm, v);
    }
    let mut out = Vec::new();
    push_int(vm, &mut out, v, spec)?;
    Ok(PyStr::from_wtf8(vm, &out))
}

/// Appends an int as a specification that is not empty says.
pub(super) fn push_int(vm: &Vm, out: &mut Vec<u8>, v: Value, spec: &[u8]) -> PyResult<()> {
    let s = parse(vm, spec, &type_name(vm, v), 'd', '>')?;
    let i = int::value_of(v).unwrap_or(Int::Small(0));
    match s.letter() {
        'b' | 'c' | 'd' | 'o' | 'x' | 'X' | 'n' => {}
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%' => {
            // Of a subclass, the float may be what its `__float__` says.
            let f = float::as_f64(vm, v)?;
            return push_float_with(vm, out, f, &s);
        }
        _ => return Err(unknown_code(vm, s.kind, &type_name(vm, v))),
    }
    if s.precision.is_some() {
        return Err(vm.value_error("Precision not allowed in integer format specifier"));
    }
    if s.no_negative_zero {
        return Err(vm.value_error(
            "Negative zero coercion (z) not allowed in integer format specifier",
        ));
    }
    if s.letter() == 'c' {
        return push_char(vm, out, &s, &i);
    }
    let (radix, prefix) = match s.letter() {
        'b' => (2, "0b"),
        'o' => (8, "0o"),
        'x' => (16, "0x"),
        'X' => (16, "0X"),
        _ => (10, ""),
    };
    let digits = match (&i, radix) {
        (_, 10) => int::to_decimal(vm, &i)?,
        (Int::Small(i), 2) => format!("{:b}", i.unsigned_abs()),
        (Int::Small(i), 8) => format!("{:o}", i.unsigned_abs()),
        (Int::Small(i), _) => format!("{:x}", i.unsigned_abs()),
        (Int::Big(b), _) => b.magnitude().to_str_radix(radix),
    };
    let digits = if s.letter() == 'X' { digits.to_ascii_uppercase() } else { digits };
    let parts = Parts {
        negative: i.is_negative(),
        prefix: if s.alternate { prefix } else { "" },
        whole: digits.strip_prefix('-').unwrap_or(&digits),
        ..Parts::default()
    };
    parts.push(vm, out, &s, if radix == 10 { 3 } else { 4 })
}

fn push_char(vm: &Vm, out: &mut Vec<u8>, s: &Spec, i: &Int) -> PyResult<()> {
    if s.sign.is_some() {
        return Err(vm.value_error("Sign not allowed with integer format specifier 'c'"));
    }
    if s.alternate {
        return Err(vm.value_error("Alternate form (#) not allowed with integer format specifier 'c'"));
    }
    let Some(i) = i.to_i64() else {
        return Err(vm.overflow_error("Python int too large to convert to C long"));
    };
    let Some(c) = u32::try_from(i).ok().filter(|c| *c <= 0x10ffff) else {
        return Err(vm.overflow_error("%c arg not in range(0x110000)"));
    };
    let mut text = Vec::new();
    push_code_point(&mut text, c);
    Parts { rest: &text, rest_len: 1, ..Parts::default() }.push(vm, out, s, 3)
}

/// `float.__format__`.
pub fn format_float(vm: &Vm, v: Value, spec: Value) -> PyResult {
    let spec = spec_bytes(vm, spec)?;
    if spec.is_empty() {
        return obj::str(vm, v);
    }
    let mut out = Vec::new();
    push_float(vm, &mut out, v, spec)?;
    Ok(PyStr::from_wtf8(vm, &out))
}

/// Appends a float as a specification that is not empty says.
pub(super) fn push_float(vm: &Vm, out: &mut Vec<u8>, v: Value, spec: &[u8]) -> PyResult<()> {
    let s = parse(vm, spec, &type_name(vm, v), '\0', '>')?;
    if s.kind != 0 && !matches!(s.letter(), 'e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n' | '%') {
        return Err(unknown_code(vm, s.kind, &type_name(vm, v)));
    }
    push_float_with(vm, out, float::value_of(v).unwrap_or(0.0), &s)
}

/// The notation, precision and style of a float specification.
fn float_style(vm: &Vm, s: &Spec) -> PyResult<(Notation, usize, Style)> {
    if s.precision.is_some_and(|p| p > i32::MAX as usize) {
        return Err(vm.value_error("precision too big"));
    }
    let letter = s.letter();
    let notation = match letter.to_ascii_lowercase() {
        'e' => Notation::Scientific,
        'f' | '%' => Notation::Fixed,
        'g' | 'n' => Notation::General,
        _ if s.precision.is_some() => Notation::General,
        _ => Notation::Repr,
    };
    let style = Style {
        alternate: s.alternate,
        add_dot_0: s.kind == 0,
        no_negative_zero: s.no_negative_zero,
        upper: letter.is_ascii_uppercase(),
    };
    Ok((notation, s.precision.unwrap_or(6), style))
}

fn push_float_with(vm: &Vm, out: &mut Vec<u8>, f: f64, s: &Spec) -> PyResult<()> {
    let (notation, precision, style) = float_style(vm, s)?;
    reserve(vm, out, precision)?;
    let percent = s.letter() == '%';
    let mut text = float_text(if percent { f * 100.0 } else { f }, notation, precision, style);
    if percent {
        text.push('%');
    }
    Parts::of_float(&text).push(vm, out, s, 3)
}

/// `complex.__format__`.
pub fn format_complex(vm: &Vm, v: Value, spec: Value) -> PyResult {
    let spec = spec_bytes(vm, spec)?;
    if spec.is_empty() {
        return obj::str(vm, v);
    }
    let mut out = Vec::new();
    push_complex(vm, &mut out, v, spec)?;
    Ok(PyStr::from_wtf8(vm, &out))
}

/// Appends a complex number as a specification that is not empty says.
pub(super) fn push_complex(vm: &Vm, out: &mut Vec<u8>, v: Value, spec: &[u8]) -> PyResult<()> {
    let s = parse(vm, spec, &type_name(vm, v), '\0', '>')?;
    if s.kind != 0 && !matches!(s.letter(), 'e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n') {
        return Err(unknown_code(vm, s.kind, &type_name(vm, v)));
    }
    let (notation, precision, style) = float_style(vm, &s)?;
    if s.fill == '0' as u32 {
        return Err(vm.value_error("Zero padding is not allowed in complex format specifier"));
    }
    if s.align == '=' {
        return Err(vm.value_error("'=' alignment flag is not allowed in complex format specifier"));
    }
    let (re, im) = v.cast::<PyComplex>().map_or((0.0, 0.0), |c| (c.re, c.im));
    let style = Style { add_dot_0: false, ..style };
    let zero_re = s.kind == 0 && re == 0.0 && re.is_sign_positive();
    let parens = s.kind == 0 && !zero_re;
    // The parts are not padded by themselves.
    let mut part = Spec { fill: 0, align: '<', width: None, ..s.clone() };
    let mut text = Vec::new();
    if parens {
        text.push(b'(');
    }
    if !zero_re {
        Parts::of_float(&float_text(re, notation, precision, style)).push(vm, &mut text, &part, 3)?;
        part.sign = Some('+');
    }
    Parts::of_float(&float_text(im, notation, precision, style)).push(vm, &mut text, &part, 3)?;
    text.extend_from_slice(if parens { b"j)" } else { b"j" });
    let len = text.len();
    push_padded(vm, out, &s, &text, len)
}

/// `str.__format__`.
pub fn format_str(vm: &Vm, v: Value, spec: Value) -> PyResult {
    let spec = spec_bytes(vm, spec)?;
    if spec.is_empty() {
        return obj::str(vm, v);
    }
    let mut out = Vec::new();
    push_str(vm, &mut out, v, spec)?;
    Ok(PyStr::from_wtf8(vm, &out))
}

/// Appends a str as a specification that is not empty says.
pub(super) fn push_str(vm: &Vm, out: &mut Vec<u8>, v: Value, spec: &[u8]) -> PyResult<()> {
    let s = parse(vm, spec, &type_name(vm, v), 's', '<')?;
    if s.letter() != 's' {
        return Err(unknown_code(vm, s.kind, &type_name(vm, v)));
    }
    let refuse = |what: &str| Err(vm.value_error(format!("{what} in string format specifier")));
    match s.sign {
        Some(' ') => return refuse("Space not allowed"),
        Some(_) => return refuse("Sign not allowed"),
        None => {}
    }
    if s.no_negative_zero {
        return refuse("Negative zero coercion (z) not allowed");
    }
    if s.alternate {
        return refuse("Alternate form (#) not allowed");
    }
    if s.align == '=' {
        return refuse("'=' alignment not allowed");
    }
    let Some(text) = v.cast::<PyStr>() else { return Ok(()) };
    let len = s.precision.map_or(text.char_len(), |p| p.min(text.char_len()));
    let part = if len == text.char_len() { text.as_bytes() } else { text.slice_bytes(0, len) };
    push_padded(vm, out, &s, part, len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_take_part_in_grouping() {
        assert_eq!(group("1", Grouping::Comma, 3, 4), "0,001");
        assert_eq!(group("1234567", Grouping::Comma, 3, 0), "1,234,567");
        assert_eq!(group("1", Grouping::Underscore, 4, 9), "0000_0001");
        assert_eq!(group("123", Grouping::Comma, 3, 10), "00,000,123");
        assert_eq!(group_fraction(".1234567", Grouping::Underscore), ".123_456_7");
    }
}
