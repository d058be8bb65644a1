//! Floats as text: shortest repr, fixed and scientific digits, hexadecimal.

/// Shortest decimal digits that read back the same, and the decimal exponent of the first one.
pub fn shortest_digits(f: f64) -> (String, i32) {
    let s = format!("{:e}", f.abs());
    split_scientific(&s)
}

fn split_scientific(s: &str) -> (String, i32) {
    let (m, e) = s.split_once('e').unwrap_or((s, "0"));
    (m.replace('.', ""), e.parse().unwrap_or(0))
}

/// `n` significant digits, correctly rounded, and the exponent of the first.
pub fn significant_digits(f: f64, n: usize) -> (String, i32) {
    let s = format!("{:.*e}", n.max(1) - 1, f.abs());
    split_scientific(&s)
}

/// `repr(f)`.
pub fn float_repr(f: f64) -> String {
    if f.is_nan() {
        return "nan".to_owned();
    }
    let sign = if f.is_sign_negative() { "-" } else { "" };
    if f.is_infinite() {
        return format!("{sign}inf");
    }
    let (digits, exp) = shortest_digits(f);
    if !(-4..16).contains(&exp) {
        let frac = if digits.len() > 1 { format!(".{}", &digits[1..]) } else { String::new() };
        return format!("{sign}{}{frac}e{}", &digits[..1], exponent(exp));
    }
    format!("{sign}{}", place_point(&digits, exp, true))
}

/// An exponent with sign and at least two digits.
pub fn exponent(exp: i32) -> String {
    format!("{}{:02}", if exp < 0 { '-' } else { '+' }, exp.abs())
}

/// Digits with the decimal point put after the digit of exponent 0.
pub fn place_point(digits: &str, exp: i32, force_point: bool) -> String {
    if exp < 0 {
        return format!("0.{}{digits}", "0".repeat((-exp - 1) as usize));
    }
    let whole = exp as usize + 1;
    if digits.len() <= whole {
        let tail = if force_point { ".0" } else { "" };
        return format!("{digits}{}{tail}", "0".repeat(whole - digits.len()));
    }
    format!("{}.{}", &digits[..whole], &digits[whole..])
}

/// Rounds to `n` decimal places (negative: tens, hundreds...), correctly for the exact value.
pub fn round_decimal(f: f64, n: i32) -> f64 {
    if n >= 0 {
        // Rust prints the exact decimal expansion, rounded half to even on the exact value.
        return format!("{f:.*}", n as usize).parse().unwrap_or(f);
    }
    let (digits, exp) = significant_digits(f, 17);
    let keep = exp + 1 + n;
    if keep < 0 {
        return 0f64.copysign(f);
    }
    if keep == 0 {
        // Half of the unit, or more, rounds to one unit; exactly half to the even zero.
        let unit = 10f64.powi(-n);
        return if f.abs() > unit / 2.0 { unit.copysign(f) } else { 0f64.copysign(f) };
    }
    let _ = digits;
    let (digits, exp) = significant_digits(f, keep as usize);
    let text = format!("{digits}e{}", exp + 1 - digits.len() as i32);
    text.parse::<f64>().map_or(f, |r| r.copysign(f))
}

/// `float.hex`.
pub fn float_hex(f: f64) -> String {
    if !f.is_finite() {
        return float_repr(f);
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

/// `float.fromhex`; the error tells whether the value is too large (else malformed).
pub fn parse_float_hex(text: &str) -> Result<f64, bool> {
    let t = text.trim().to_ascii_lowercase();
    let (negative, t) = match t.strip_prefix('-') {
        Some(t) => (true, t),
        None => (false, t.strip_prefix('+').unwrap_or(&t)),
    };
    let sign = if negative { -1.0 } else { 1.0 };
    match t {
        "inf" | "infinity" => return Ok(sign * f64::INFINITY),
        "nan" => return Ok(f64::NAN),
        _ => {}
    }
    let t = t.strip_prefix("0x").unwrap_or(t);
    let (mantissa, exp) = match t.split_once('p') {
        Some((m, e)) => (m, e.parse::<i64>().map_err(|_| false)?),
        None => (t, 0),
    };
    let (whole, frac) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && frac.is_empty() {
        return Err(false);
    }
    let digits = format!("{whole}{frac}");
    let n = num_bigint::BigUint::parse_bytes(digits.as_bytes(), 16).ok_or(false)?;
    let exp = exp.saturating_sub(4 * frac.len() as i64);
    scale_big(&n, exp).map(|f| sign * f).ok_or(true)
}

/// `n * 2^exp`, rounded to nearest even; `None` on overflow.
fn scale_big(n: &num_bigint::BigUint, exp: i64) -> Option<f64> {
    use num_traits::ToPrimitive;
    let bits = n.bits() as i64;
    if bits == 0 {
        return Some(0.0);
    }
    if bits + exp > 1100 {
        return None;
    }
    if bits + exp < -1100 {
        return Some(0.0);
    }
    // Keep 53 bits, fewer where the result is subnormal.
    let drop = (bits - 53).max(-1074 - exp).max(0) as u64;
    let mut m = (n >> drop).to_u64()?;
    if drop > 0 {
        let rest = n - ((n >> drop) << drop);
        let half = num_bigint::BigUint::from(1u8) << (drop - 1);
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
            (123456789012345.0, "123456789012345.0"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (-2.5, "-2.5"),
            (1.5e300, "1.5e+300"),
            (-0.0, "-0.0"),
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
}
