//! `repr()` of constants, equal to CPython 3.14's.

use std::fmt::Write;

use num_bigint::BigInt;
use unicode_general_category::{GeneralCategory, get_general_category};

use crate::code::{Code, Const, Wtf8};
use crate::setorder;

/// Most decimal digits of an int that CPython converts to text (`sys.set_int_max_str_digits`).
const MAX_INT_DIGITS: u64 = 4300;

/// Gives the number that stands for a code object's address in its repr.
pub type AddressOf<'a> = &'a dyn Fn(&Code) -> usize;

/// The address of the code object in this process's memory.
pub fn memory_address(code: &Code) -> usize {
    std::ptr::from_ref(code).addr()
}

/// `repr()` of a constant. Code objects in it show the addresses that `address_of` gives.
///
/// Items of a frozenset come in CPython's iteration order with `PYTHONHASHSEED=0`; ints of
/// more than 4300 digits, which CPython refuses to show, are shown in hexadecimal.
pub fn repr(constant: &Const, address_of: AddressOf<'_>) -> String {
    let mut out = String::new();
    write_const(&mut out, constant, address_of);
    out
}

fn write_const(out: &mut String, constant: &Const, address_of: AddressOf<'_>) {
    match constant {
        Const::None => out.push_str("None"),
        Const::True => out.push_str("True"),
        Const::False => out.push_str("False"),
        Const::Ellipsis => out.push_str("Ellipsis"),
        Const::Int(value) => out.push_str(&int(value)),
        Const::Float(value) => out.push_str(&float(*value)),
        Const::Complex(real, imaginary) => out.push_str(&complex(*real, *imaginary)),
        Const::Str(text) => out.push_str(&str(text)),
        Const::Bytes(data) => out.push_str(&bytes(data)),
        Const::Tuple(items) => {
            out.push('(');
            write_items(out, items.iter(), address_of);
            out.push_str(if items.len() == 1 { ",)" } else { ")" });
        }
        Const::FrozenSet(items) if items.is_empty() => out.push_str("frozenset()"),
        Const::FrozenSet(items) => {
            out.push_str("frozenset({");
            write_items(
                out,
                setorder::iteration_order(items).into_iter(),
                address_of,
            );
            out.push_str("})");
        }
        Const::Slice(parts) => {
            out.push_str("slice(");
            write_items(out, parts.iter(), address_of);
            out.push(')');
        }
        Const::Code(inner) => out.push_str(&code(inner, address_of)),
    }
}

fn write_items<'a>(
    out: &mut String,
    items: impl Iterator<Item = &'a Const>,
    address_of: AddressOf<'_>,
) {
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        write_const(out, item, address_of);
    }
}

/// `repr()` of a code object.
pub fn code(code: &Code, address_of: AddressOf<'_>) -> String {
    // Line 0 is CPython's word for no line here.
    let line = if code.firstlineno == 0 {
        -1
    } else {
        code.firstlineno
    };
    format!(
        "<code object {} at {:#x}, file \"{}\", line {line}>",
        code.name,
        address_of(code),
        code.filename,
    )
}

/// `repr()` of an int, but for very large ones in hexadecimal.
pub fn int(value: &BigInt) -> String {
    // log2(10) is above 3.32, so that up to this many bits are at most 4300 digits or so.
    if value.bits() <= MAX_INT_DIGITS * 332 / 100 {
        return value.to_string();
    }
    let digits = value.to_string();
    if digits.trim_start_matches('-').len() as u64 <= MAX_INT_DIGITS {
        return digits;
    }
    format!("{value:#x}")
}

/// `repr()` of a float: the fewest digits that read back as the same number.
pub fn float(value: f64) -> String {
    float_digits(value, true)
}

/// As `repr()`, but whole numbers without `.0`: the parts of a complex.
fn float_digits(value: f64, dot_zero: bool) -> String {
    if value.is_nan() {
        return "nan".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.into();
    }
    // Of two equally near shortest numbers CPython takes the even one, and so does ryu; the
    // standard library takes the upper one.
    let mut buffer = ryu::Buffer::new();
    place_point(&scientific(buffer.format_finite(value)), 16, dot_zero)
}

/// Puts the point of a decimal number after its first digit: `-12.5` to `-1.25e1`.
fn scientific(text: &str) -> String {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches('0');
    let leading_zeros = all.len() - digits.len();
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        return format!("{sign}0e0");
    }
    let exponent = exponent + whole.len() as i32 - 1 - leading_zeros as i32;
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{first}{point}{rest}e{exponent}")
}

/// `'%.17g' % value`, as marshal versions 0 and 1 hold floats.
pub(crate) fn float_17_digits(value: f64) -> String {
    if !value.is_finite() {
        return float_digits(value, false);
    }
    let text = format!("{value:.16e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    place_point(&format!("{digits}e{exponent}"), 17, false)
}

/// Turns Rust's exponent form into Python's: a plain number for exponents from -4 to below
/// `limit`, else `1e-05` with two digits of exponent at least.
fn place_point(text: &str, limit: i32, dot_zero: bool) -> String {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    if !(-4..limit).contains(&exponent) {
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{mantissa}e{exponent_sign}{:02}", exponent.abs());
    }
    let digits = mantissa.replace('.', "");
    if exponent < 0 {
        let zeros = "0".repeat((-exponent - 1) as usize);
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = exponent as usize + 1;
    if digits.len() > whole {
        return format!("{sign}{}.{}", &digits[..whole], &digits[whole..]);
    }
    let zeros = "0".repeat(whole - digits.len());
    let end = if dot_zero { ".0" } else { "" };
    format!("{sign}{digits}{zeros}{end}")
}

/// `repr()` of a complex.
pub fn complex(real: f64, imaginary: f64) -> String {
    let imaginary_text = float_digits(imaginary, false);
    if real == 0.0 && real.is_sign_positive() {
        return format!("{imaginary_text}j");
    }
    let sign = if imaginary_text.starts_with('-') {
        ""
    } else {
        "+"
    };
    format!("({}{sign}{imaginary_text}j)", float_digits(real, false))
}

/// `repr()` of a str.
pub fn str(text: &Wtf8) -> String {
    let quote = quote_for(&text.0);
    let mut out = String::with_capacity(text.0.len() + 2);
    out.push(quote);
    for point in code_points(&text.0) {
        match char::from_u32(point) {
            Some(c) if c == quote || c == '\\' => {
                out.push('\\');
                out.push(c);
            }
            Some('\t') => out.push_str("\\t"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some(c) if is_printable(c) => out.push(c),
            _ => write_escape(&mut out, point),
        }
    }
    out.push(quote);
    out
}

fn write_escape(out: &mut String, point: u32) {
    // Writing to a String cannot fail.
    let _ = match point {
        0..=0xFF => write!(out, "\\x{point:02x}"),
        0x100..=0xFFFF => write!(out, "\\u{point:04x}"),
        _ => write!(out, "\\U{point:08x}"),
    };
}

/// `repr()` of a bytes.
pub fn bytes(data: &[u8]) -> String {
    let quote = quote_for(data);
    let mut out = String::with_capacity(data.len() + 3);
    out.push('b');
    out.push(quote);
    for &byte in data {
        match byte {
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            _ if byte == b'\\' || char::from(byte) == quote => {
                out.push('\\');
                out.push(char::from(byte));
            }
            b' '..=b'~' => out.push(char::from(byte)),
            _ => write_escape(&mut out, u32::from(byte)),
        }
    }
    out.push(quote);
    out
}

/// Double quotes only where they save escapes.
fn quote_for(data: &[u8]) -> char {
    if data.contains(&b'\'') && !data.contains(&b'"') {
        '"'
    } else {
        '\''
    }
}

/// Code points of WTF-8, lone surrogates included.
pub(crate) fn code_points(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (&first, tail) = rest.split_first()?;
        let (mut point, length) = match first {
            0..=0x7F => (u32::from(first), 0),
            0x80..=0xDF => (u32::from(first & 0x1F), 1),
            0xE0..=0xEF => (u32::from(first & 0x0F), 2),
            _ => (u32::from(first & 0x07), 3),
        };
        for &byte in tail.iter().take(length) {
            point = point << 6 | u32::from(byte & 0x3F);
        }
        rest = tail.get(length..).unwrap_or(&[]);
        Some(point)
    })
}

/// `str.isprintable()` of one character.
pub fn is_printable(c: char) -> bool {
    use GeneralCategory::*;
    match c {
        ' '..='~' => true,
        '\0'..='\u{A0}' => false,
        _ => !matches!(
            get_general_category(c),
            Control
                | Format
                | Surrogate
                | PrivateUse
                | Unassigned
                | LineSeparator
                | ParagraphSeparator
                | SpaceSeparator
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.5, "1.5"),
            (100.0, "100.0"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (123456789012345680.0, "1.2345678901234568e+17"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (5e-324, "5e-324"),
            (2f64.powi(-25), "2.9802322387695312e-08"),
            (123.25, "123.25"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ] {
            assert_eq!(float(value), text);
        }
        assert_eq!(float_17_digits(0.1), "0.10000000000000001");
        assert_eq!(float_17_digits(1e16), "10000000000000000");
        assert_eq!(float_17_digits(1e17), "1e+17");
        assert_eq!(float_17_digits(2.0), "2");
    }

    #[test]
    fn complexes() {
        assert_eq!(complex(0.0, 1.0), "1j");
        assert_eq!(complex(-0.0, 1.0), "(-0+1j)");
        assert_eq!(complex(1.5, -2.0), "(1.5-2j)");
        assert_eq!(complex(0.0, -0.0), "-0j");
        assert_eq!(complex(1.0, f64::NAN), "(1+nanj)");
        assert_eq!(complex(f64::INFINITY, f64::NEG_INFINITY), "(inf-infj)");
    }

    #[test]
    fn strings() {
        for (value, text) in [
            ("", "''"),
            ("it's", "\"it's\""),
            ("\"it's\"", "'\"it\\'s\"'"),
            ("a\\b\n\t\r\0\x7f", "'a\\\\b\\n\\t\\r\\x00\\x7f'"),
            ("é\u{a0}\u{ad}", "'é\\xa0\\xad'"),
            (
                "\u{200b}日\u{e000}\u{1f600}\u{e0001}",
                "'\\u200b日\\ue000\u{1f600}\\U000e0001'",
            ),
        ] {
            assert_eq!(str(&value.into()), text);
        }
        let lone = Wtf8([0xED, 0xA0, 0x80].as_slice().into());
        assert_eq!(str(&lone), "'\\ud800'");
        assert_eq!(bytes(b"'\"\\\n\x00\xffa"), "b'\\'\"\\\\\\n\\x00\\xffa'");
        assert_eq!(bytes(b"it's"), "b\"it's\"");
    }

    #[test]
    fn containers() {
        let one = Const::Int(1.into());
        let none = |_: &Code| 0;
        let show = |constant: Const| repr(&constant, &none);
        assert_eq!(show(Const::Tuple([].into())), "()");
        assert_eq!(show(Const::Tuple([one.clone()].into())), "(1,)");
        assert_eq!(
            show(Const::Tuple([one.clone(), Const::None].into())),
            "(1, None)"
        );
        assert_eq!(show(Const::FrozenSet([].into())), "frozenset()");
        assert_eq!(
            show(Const::FrozenSet([one.clone()].into())),
            "frozenset({1})"
        );
        let slice = Const::Slice([one, Const::None, Const::Ellipsis].into());
        assert_eq!(show(slice), "slice(1, None, Ellipsis)");
    }

    #[test]
    fn ints() {
        assert_eq!(int(&BigInt::from(-12)), "-12");
        let largest = BigInt::from(10).pow(4300) - 1;
        assert_eq!(int(&largest).len(), 4300);
        assert!(int(&(largest + 1)).starts_with("0x"));
    }
}
