//! Floats as text: shortest repr, fixed and scientific digits, hexadecimal.

use num_bigint::BigUint;

/// How a float is to be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notation {
    /// The shortest digits that read back the same.
    Repr,
    /// `%e`
    Scientific,
    /// `%f`
    Fixed,
    /// `%g`
    General,
}

/// Details of float text.
#[derive(Clone, Copy, Default, Debug)]
pub struct Style {
    /// `#`: the point is always there, `%g` keeps trailing zeros.
    pub alternate: bool,
    /// Integers get `.0` unless they are in scientific notation.
    pub add_dot_0: bool,
    /// `z`: a negative number that is shown as zero has no sign.
    pub no_negative_zero: bool,
    pub upper: bool,
}

/// Digits without trailing zeros, and the place of the point: the value is `0.digits * 10^point`.
struct Digits {
    text: String,
    point: i32,
}

/// No double has more significant digits, or more digits after the point, that are not zero.
const MOST_SIGNIFICANT: usize = 800;
const MOST_DECIMALS: usize = 1100;

fn significant_digits(f: f64, n: usize) -> Digits {
    let shown = format!("{:.*e}", n.clamp(1, MOST_SIGNIFICANT) - 1, f.abs());
    let (m, e) = shown.split_once('e').unwrap_or((&shown, "0"));
    let digits = m.replace('.', "");
    let text = digits.trim_end_matches('0').to_owned();
    if text.is_empty() {
        return Digits { text: "0".to_owned(), point: 1 };
    }
    Digits { text, point: e.parse::<i32>().unwrap_or(0) + 1 }
}

/// `sign`, `inf`, `nan` for floats that have no digits.
fn special(f: f64, upper: bool) -> Option<&'static str> {
    let i = match f {
        f if f.is_nan() => 0,
        f if f == f64::INFINITY => 1,
        f if f == f64::NEG_INFINITY => 2,
        _ => return None,
    };
    Some(if upper { ["NAN", "INF", "-INF"][i] } else { ["nan", "inf", "-inf"][i] })
}

/// A float as text, with its sign.
pub fn float_text(f: f64, notation: Notation, precision: usize, style: Style) -> String {
    if let Some(t) = special(f, style.upper) {
        return t.to_owned();
    }
    match notation {
        Notation::Repr => with_dot(float_repr(f), style),
        Notation::Fixed => fixed(f, precision, style),
        Notation::Scientific => {
            let digits = significant_digits(f, precision.saturating_add(1));
            scientific(f, &digits, precision, style)
        }
        Notation::General => general(f, precision.max(1), style),
    }
}

/// The repr of a number without the `.0` that is not asked for, or with the point that is.
fn with_dot(text: String, style: Style) -> String {
    let text = if style.no_negative_zero && text == "-0.0" { "0.0".to_owned() } else { text };
    if style.add_dot_0 {
        return text;
    }
    match text.strip_suffix(".0") {
        Some(whole) if style.alternate => format!("{whole}."),
        Some(whole) => whole.to_owned(),
        None => match text.split_once('e') {
            Some((m, e)) if style.alternate && !m.contains('.') => format!("{m}.e{e}"),
            _ => text,
        },
    }
}

fn fixed(f: f64, precision: usize, style: Style) -> String {
    let mut text = format!("{:.*}", precision.min(MOST_DECIMALS), f);
    if precision > MOST_DECIMALS {
        text.extend(std::iter::repeat_n('0', precision - MOST_DECIMALS));
    }
    if style.alternate && precision == 0 {
        text.push('.');
    }
    without_negative_zero(text, style)
}

fn without_negative_zero(mut text: String, style: Style) -> String {
    if style.no_negative_zero && text.starts_with('-') && !text.bytes().any(|b| matches!(b, b'1'..=b'9')) {
        text.remove(0);
    }
    text
}

fn sign(f: f64, digits: &Digits, style: Style) -> &'static str {
    if f.is_sign_negative() && !(style.no_negative_zero && digits.text == "0") { "-" } else { "" }
}

/// One digit, `decimals` more, exponent.
fn scientific(f: f64, digits: &Digits, decimals: usize, style: Style) -> String {
    let mut out = String::from(sign(f, digits, style));
    let (first, rest) = digits.text.split_at(1);
    out.push_str(first);
    if decimals > 0 || style.alternate {
        out.push('.');
    }
    out.push_str(rest);
    out.extend(std::iter::repeat_n('0', decimals.saturating_sub(rest.len())));
    out.push(if style.upper { 'E' } else { 'e' });
    push_exponent(&mut out, if digits.text == "0" { 0 } else { digits.point - 1 });
    out
}

fn push_exponent(out: &mut String, exp: i32) {
    use std::fmt::Write;
    let _ = write!(out, "{}{:02}", if exp < 0 { '-' } else { '+' }, exp.unsigned_abs());
}

fn general(f: f64, precision: usize, style: Style) -> String {
    let digits = significant_digits(f, precision);
    let limit = precision as i64 - style.add_dot_0 as i64;
    let least = if style.alternate { precision } else { digits.text.len() };
    if digits.point <= -4 || i64::from(digits.point) > limit {
        return scientific(f, &digits, least - 1, style);
    }
    let mut out = String::from(sign(f, &digits, style));
    if digits.point <= 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', -digits.point as usize));
        out.push_str(&digits.text);
        out.extend(std::iter::repeat_n('0', least - digits.text.len()));
        return out;
    }
    let whole = digits.point as usize;
    let shown = least.max(whole + style.add_dot_0 as usize);
    for i in 0..shown {
        if i == whole {
            out.push('.');
        }
        out.push(digits.text.as_bytes().get(i).copied().unwrap_or(b'0') as char);
    }
    if shown == whole && style.alternate {
        out.push('.');
    }
    out
}

/// `repr(f)`: the shortest digits that read back the same; of two equally near ones the even,
/// as CPython chooses.
pub fn float_repr(f: f64) -> String {
    if let Some(t) = special(f, false) {
        return t.to_owned();
    }
    let mut buffer = ryu::Buffer::new();
    let text = buffer.format_finite(f);
    if let Some((m, e)) = text.split_once('e') {
        let mut out = String::with_capacity(24);
        out.push_str(m);
        out.push('e');
        push_exponent(&mut out, e.parse().unwrap_or(0));
        return out;
    }
    if f.abs() >= 1e-4 || f == 0.0 {
        return text.to_owned();
    }
    // `0.0000123`, which Python writes with an exponent.
    let (sign, digits) = match text.strip_prefix('-') {
        Some(t) => ("-", t),
        None => ("", text),
    };
    let digits = digits.strip_prefix("0.").unwrap_or(digits);
    let significant = digits.trim_start_matches('0');
    let exp = significant.len() as i32 - digits.len() as i32 - 1;
    let (first, rest) = significant.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let mut out = format!("{sign}{first}{point}{rest}e");
    push_exponent(&mut out, exp);
    out
}

/// Rounds to `n` decimal places (negative: tens, hundreds...), correctly for the exact value.
pub fn round_decimal(f: f64, n: i32) -> f64 {
    if n >= 0 {
        // Rust prints the exact decimal expansion, rounded half to even on the exact value.
        return format!("{f:.*}", n as usize).parse().unwrap_or(f);
    }
    let unit_exp = -n;
    // The position of the last kept digit, counted from the first significant one.
    let point = significant_digits(f, 17).point;
    let keep = point - unit_exp;
    if keep < 0 {
        return 0f64.copysign(f);
    }
    if keep == 0 {
        // More than half of the unit rounds up; exactly half goes to the even zero.
        let up = significant_digits(f, MOST_SIGNIFICANT).text.as_str() > "5";
        return if up { format!("1e{unit_exp}").parse().unwrap_or(f64::INFINITY) } else { 0f64 }.copysign(f);
    }
    let d = significant_digits(f, keep as usize);
    let text = format!("{}e{}", d.text, d.point - d.text.len() as i32);
    text.parse::<f64>().map_or(f, |r| r.copysign(f))
}

/// `float.hex`.
pub fn float_hex(f: f64) -> String {
    if let Some(t) = special(f, false) {
        return t.to_owned();
    }
    let sign = if f.is_sign_negative() { "-" } else { "" };
    if f == 0.0 {
        return format!("{sign}0x0.0p+0");
    }
    let bits = f.to_bits();
    let mantissa = bits & ((1 << 52) - 1);
    let e = (bits >> 52 & 0x7ff) as i32;
    let (lead, e) = if e == 0 { (0, -1022) } else { (1, e - 1023) };
    format!("{sign}0x{lead}.{mantissa:013x}p{e:+}")
}

/// Why `float.fromhex` refuses a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HexError {
    Malformed,
    TooLarge,
}

/// `float.fromhex`.
pub fn parse_float_hex(text: &str) -> Result<f64, HexError> {
    let t = text.trim_matches(|c: char| matches!(c, ' ' | '\t'..='\r')).to_ascii_lowercase();
    let (negative, t) = match t.strip_prefix('-') {
        Some(t) => (true, t),
        None => (false, t.strip_prefix('+').unwrap_or(&t)),
    };
    let f = match t {
        "inf" | "infinity" => f64::INFINITY,
        "nan" => f64::NAN,
        _ => parse_finite_hex(t.strip_prefix("0x").unwrap_or(t))?,
    };
    Ok(if negative { -f } else { f })
}

fn parse_finite_hex(t: &str) -> Result<f64, HexError> {
    let (mantissa, exp) = match t.split_once('p') {
        Some((m, e)) => (m, parse_exponent(e)?),
        None => (t, 0),
    };
    let (whole, frac) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{frac}");
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(HexError::Malformed);
    }
    let n = BigUint::parse_bytes(digits.as_bytes(), 16).ok_or(HexError::Malformed)?;
    let exp = exp.saturating_sub(4 * frac.len() as i64);
    scale_big(&n, exp).ok_or(HexError::TooLarge)
}

fn parse_exponent(e: &str) -> Result<i64, HexError> {
    let digits = e.strip_prefix(['+', '-']).unwrap_or(e);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(HexError::Malformed);
    }
    let size = digits.parse::<i64>().unwrap_or(i64::MAX / 2);
    Ok(if e.starts_with('-') { -size } else { size })
}

/// `n * 2^exp`, rounded to nearest even; `None` on overflow.
pub fn scale_big(n: &BigUint, exp: i64) -> Option<f64> {
    use num_traits::ToPrimitive;
    let bits = n.bits() as i64;
    if bits == 0 {
        return Some(0.0);
    }
    if bits.saturating_add(exp) > 1100 {
        return None;
    }
    if bits.saturating_add(exp) < -1100 {
        return Some(0.0);
    }
    // Keep 53 bits, fewer where the result is subnormal.
    let drop = (bits - 53).max(-1074 - exp).max(0) as u64;
    let mut m = (n >> drop).to_u64()?;
    if drop > 0 {
        let rest = n - ((n >> drop) << drop);
        let half = BigUint::from(1u8) << (drop - 1);
        if rest > half || (rest == half && m & 1 == 1) {
            m += 1;
        }
    }
    let e = exp + drop as i64;
    let f = m as f64 * 2f64.powi((e / 2) as i32) * 2f64.powi((e - e / 2) as i32);
    if f.is_infinite() { None } else { Some(f) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reprs_are_pythons() {
        for (f, s) in [
            (0.1, "0.1"),
            (1.0, "1.0"),
            (1e16, "1e+16"),
            (9999999999999998.0, "9999999999999998.0"),
            (123456789012345.0, "123456789012345.0"),
            (1e-5, "1e-05"),
            (-1.25e-5, "-1.25e-05"),
            (0.0001, "0.0001"),
            (-2.5, "-2.5"),
            (1.5e300, "1.5e+300"),
            (-0.0, "-0.0"),
            (5e-324, "5e-324"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(float_repr(f), s);
        }
    }

    #[test]
    fn rounding_is_of_the_exact_value() {
        assert_eq!(round_decimal(2.675, 2), 2.67);
        assert_eq!(round_decimal(0.5, 0), 0.0);
        assert_eq!(round_decimal(1234.5, -2), 1200.0);
        assert_eq!(round_decimal(50.0, -2), 0.0);
        assert_eq!(round_decimal(51.0, -2), 100.0);
    }

    #[test]
    fn notations() {
        let general = |f, p| float_text(f, Notation::General, p, Style::default());
        assert_eq!(general(100000.0, 6), "100000");
        assert_eq!(general(1000000.0, 6), "1e+06");
        assert_eq!(general(0.0001, 6), "0.0001");
        assert_eq!(general(0.00001, 6), "1e-05");
        assert_eq!(general(-0.0, 6), "-0");
        let alternate = Style { alternate: true, ..Style::default() };
        assert_eq!(float_text(1.0, Notation::General, 3, alternate), "1.00");
        assert_eq!(float_text(1.0, Notation::Scientific, 0, alternate), "1.e+00");
        let dot = Style { add_dot_0: true, ..Style::default() };
        assert_eq!(float_text(10.0, Notation::General, 2, dot), "1e+01");
        assert_eq!(float_text(1.0, Notation::General, 2, dot), "1.0");
        assert_eq!(float_text(0.5, Notation::Fixed, 1200, Style::default()).len(), 1202);
    }

    #[test]
    fn hexadecimal_floats() {
        assert_eq!(parse_float_hex(" -0x1.8p1 "), Ok(-3.0));
        assert_eq!(parse_float_hex("0x.p0"), Err(HexError::Malformed));
        assert_eq!(parse_float_hex("0x1p1024"), Err(HexError::TooLarge));
        assert_eq!(parse_float_hex("1p-99999999999999999999"), Ok(0.0));
        assert_eq!(float_hex(-0.1), "-0x1.999999999999ap-4");
    }
}
