//! Text to int and back.

use num_bigint::{BigInt, Sign};

use super::{Int, from_big};
use crate::error::PyResult;
use crate::value::Ref;
use crate::vm::Vm;

/// Most decimal digits that conversions allow by default (`sys.get_int_max_str_digits`).
pub const MAX_STR_DIGITS: usize = 4300;

/// ValueError when a decimal conversion would take too long (PEP 644's limit).
pub fn check_digits(vm: &Vm, digits: usize, parsing: bool) -> PyResult<()> {
    let limit = vm.runtime.int_max_str_digits.get();
    if digits <= limit || limit == 0 {
        return Ok(());
    }
    Err(vm.value_error(if parsing {
        format!(
            "Exceeds the limit ({limit} digits) for integer string conversion: value has {digits} digits; use sys.set_int_max_str_digits() to increase the limit"
        )
    } else {
        format!(
            "Exceeds the limit ({limit} digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit"
        )
    }))
}

/// Decimal digits.
pub fn to_decimal(vm: &Vm, v: &Int) -> PyResult<String> {
    match v {
        Int::Small(i) => Ok(i.to_string()),
        Int::Big(b) => {
            // log10(2) bounds the number of digits from below.
            let digits = (b.bits() as f64 * std::f64::consts::LOG10_2) as usize;
            check_digits(vm, digits, false)?;
            let text = b.to_string();
            check_digits(vm, text.len() - usize::from(b.sign() == Sign::Minus), false)?;
            Ok(text)
        }
    }
}

/// An int from text as `int(text, base)` reads it: sign, prefix, underscores, surrounding space.
/// `None` when the text is not an int; base 0 takes the base from the prefix.
pub fn parse_literal(vm: &Vm, text: &str, base: u32) -> PyResult<Option<Ref>> {
    let t = text.trim_matches(|c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c));
    let (negative, t) = match t.as_bytes().first() {
        Some(b'-') => (true, &t[1..]),
        Some(b'+') => (false, &t[1..]),
        _ => (false, t),
    };
    let Some((digits, base)) = strip_prefix(t, base) else { return Ok(None) };
    let Some(clean) = clean_digits(&digits, base) else { return Ok(None) };
    if !base.is_power_of_two() {
        check_digits(vm, clean.len(), true)?;
    }
    let Some(b) = BigInt::parse_bytes(clean.as_bytes(), base) else { return Ok(None) };
    Ok(Some(from_big(if negative { -b } else { b })))
}

fn strip_prefix(t: &str, base: u32) -> Option<(String, u32)> {
    let lower = t.get(..2).map(|p| p.to_ascii_lowercase());
    let prefixed = match lower.as_deref() {
        Some("0x") => 16,
        Some("0o") => 8,
        Some("0b") => 2,
        _ => 0,
    };
    if prefixed != 0 && (base == 0 || base == prefixed) {
        let rest = &t[2..];
        return Some((rest.strip_prefix('_').unwrap_or(rest).to_owned(), prefixed));
    }
    if base == 0 {
        // "010" is not an int literal, "0_0" is zero.
        let old_octal = t.starts_with('0') && t.chars().any(|c| c != '0' && c != '_');
        return if old_octal { None } else { Some((t.to_owned(), 10)) };
    }
    Some((t.to_owned(), base))
}

/// Digits without underscores, all valid in the base; digits of other scripts count.
fn clean_digits(t: &str, base: u32) -> Option<String> {
    let mut out = String::with_capacity(t.len());
    let mut last_underscore = true;
    for c in t.chars() {
        if c == '_' {
            if last_underscore {
                return None;
            }
            last_underscore = true;
            continue;
        }
        last_underscore = false;
        let c = if c.is_ascii() { c } else { crate::types::str_::decimal_digit(c)? };
        if !c.is_digit(base) {
            return None;
        }
        out.push(c);
    }
    if last_underscore { None } else { Some(out) }
}
