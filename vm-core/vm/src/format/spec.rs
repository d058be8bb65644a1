//! The format specification mini-language: `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`.

use crate::error::{PyResult, Raised};
use crate::protocol::object as obj;
use crate::types::int::{self, Int};
use crate::types::str_::PyStr;
use crate::types::{bool_, float};
use crate::value::Value;
use crate::vm::Vm;

use super::number_text::{exponent, float_repr, place_point, significant_digits};

/// A parsed specification.
#[derive(Clone, Debug)]
pub struct Spec {
    fill: char,
    align: Option<char>,
    sign: char,
    no_negative_zero: bool,
    alternate: bool,
    zero_pad: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    frac_grouping: Option<char>,
    kind: Option<char>,
}

fn number(vm: &Vm, chars: &[char], at: &mut usize) -> PyResult<Option<usize>> {
    let start = *at;
    let mut n: usize = 0;
    while let Some(d) = chars.get(*at).and_then(|c| c.to_digit(10)) {
        n = match n.checked_mul(10).and_then(|n| n.checked_add(d as usize)) {
            Some(n) if n <= isize::MAX as usize => n,
            _ => return Err(vm.value_error("Too many decimal digits in format string")),
        };
        *at += 1;
    }
    Ok((*at > start).then_some(n))
}

/// Parses a specification for a value whose type is called `type_name`.
fn parse(vm: &Vm, text: &str, type_name: &str) -> PyResult<Spec> {
    let c: Vec<char> = text.chars().collect();
    let mut at = 0;
    let mut s = Spec {
        fill: ' ',
        align: None,
        sign: '-',
        no_negative_zero: false,
        alternate: false,
        zero_pad: false,
        width: 0,
        grouping: None,
        precision: None,
        frac_grouping: None,
        kind: None,
    };
    let is_align = |c: Option<&char>| matches!(c, Some('<' | '>' | '=' | '^'));
    if is_align(c.get(1)) {
        (s.fill, s.align) = (c[0], Some(c[1]));
        at = 2;
    } else if is_align(c.first()) {
        s.align = Some(c[0]);
        at = 1;
    }
    let fill_given = at == 2;
    if let Some(x @ ('+' | '-' | ' ')) = c.get(at) {
        s.sign = *x;
        at += 1;
    }
    if c.get(at) == Some(&'z') {
        s.no_negative_zero = true;
        at += 1;
    }
    if c.get(at) == Some(&'#') {
        s.alternate = true;
        at += 1;
    }
    if !fill_given && c.get(at) == Some(&'0') {
        s.fill = '0';
        s.zero_pad = s.align.is_none();
        if s.align.is_none() {
            s.align = Some('=');
        }
        at += 1;
    }
    s.width = number(vm, &c, &mut at)?.unwrap_or(0);
    s.grouping = grouping(vm, &c, &mut at)?;
    if c.get(at) == Some(&'.') {
        at += 1;
        s.precision = number(vm, &c, &mut at)?;
        s.frac_grouping = grouping(vm, &c, &mut at)?;
        if s.precision.is_none() && s.frac_grouping.is_none() {
            return Err(vm.value_error("Format specifier missing precision"));
        }
    }
    if c.len() - at > 1 {
        return Err(vm.value_error(format!(
            "Invalid format specifier '{text}' for object of type '{type_name}'"
        )));
    }
    s.kind = c.get(at).copied();
    check_grouping(vm, &s)?;
    Ok(s)
}

fn grouping(vm: &Vm, c: &[char], at: &mut usize) -> PyResult<Option<char>> {
    let g = match c.get(*at) {
        Some(g @ (',' | '_')) => *g,
        _ => return Ok(None),
    };
    *at += 1;
    match c.get(*at) {
        Some(h @ (',' | '_')) if *h != g => Err(vm.value_error("Cannot specify both ',' and '_'.")),
        Some(h @ (',' | '_')) => Err(vm.value_error(format!("Cannot specify '{h}' with '{h}'."))),
        _ => Ok(Some(g)),
    }
}

fn check_grouping(vm: &Vm, s: &Spec) -> PyResult<()> {
    let Some(g) = s.grouping else { return Ok(()) };
    let ok = match s.kind {
        None | Some('d' | 'e' | 'f' | 'g' | 'E' | 'F' | 'G' | '%') => true,
        Some('b' | 'o' | 'x' | 'X') => g == '_',
        _ => false,
    };
    if ok {
        return Ok(());
    }
    Err(vm.value_error(format!("Cannot specify '{g}' with '{}'.", s.kind.unwrap_or(' '))))
}

#[cold]
fn unknown_code(vm: &Vm, kind: char, type_name: &str) -> Raised {
    let shown = if (' '..='\u{7f}').contains(&kind) { kind.to_string() } else { format!("\\x{:x}", kind as u32) };
    vm.value_error(format!("Unknown format code '{shown}' for object of type '{type_name}'"))
}

/// Pads a text to the width.
fn pad(s: &Spec, text: &str, default_align: char) -> String {
    let len = text.chars().count();
    if len >= s.width {
        return text.to_owned();
    }
    let n = s.width - len;
    let fill = |k: usize| s.fill.to_string().repeat(k);
    match s.align.unwrap_or(default_align) {
        '<' => format!("{text}{}", fill(n)),
        '^' => format!("{}{text}{}", fill(n / 2), fill(n - n / 2)),
        _ => format!("{}{text}", fill(n)),
    }
}

/// Sign and prefix, digits before the point, and the rest, padded; `=` pads between them and
/// zero padding takes part in the grouping.
fn pad_number(s: &Spec, prefix: &str, whole: &str, rest: &str) -> String {
    let every = match s.kind {
        Some('b' | 'o' | 'x' | 'X') => 4,
        _ => 3,
    };
    let fixed = prefix.chars().count() + rest.chars().count();
    let whole = match s.grouping {
        Some(g) => {
            let least = if s.fill == '0' && s.align == Some('=') { s.width.saturating_sub(fixed) } else { 0 };
            group(whole, g, every, least)
        }
        None => whole.to_owned(),
    };
    if s.align == Some('=') {
        let n = s.width.saturating_sub(fixed + whole.chars().count());
        return format!("{prefix}{}{whole}{rest}", s.fill.to_string().repeat(n));
    }
    pad(s, &format!("{prefix}{whole}{rest}"), '>')
}

/// Separates digits into groups, with leading zeros up to `least` characters.
fn group(digits: &str, sep: char, every: usize, least: usize) -> String {
    let mut d: Vec<char> = digits.chars().collect();
    let len = |n: usize| n + n.saturating_sub(1) / every;
    while len(d.len()) < least {
        d.insert(0, '0');
    }
    let mut out = String::new();
    for (i, c) in d.iter().enumerate() {
        if i > 0 && (d.len() - i) % every == 0 {
            out.push(sep);
        }
        out.push(*c);
    }
    out
}

fn sign_text(s: &Spec, negative: bool) -> &'static str {
    match (negative, s.sign) {
        (true, _) => "-",
        (false, '+') => "+",
        (false, ' ') => " ",
        _ => "",
    }
}

fn spec_text(vm: &Vm, spec: Value) -> PyResult<String> {
    match spec.cast::<PyStr>() {
        Some(s) => Ok(s.to_string_lossy()),
        None => Err(vm.type_error(format!(
            "__format__() argument must be str, not {}",
            vm.type_of(spec).full_name()
        ))),
    }
}

/// `int.__format__`.
pub fn format_int(vm: &Vm, v: Value, spec: Value) -> PyResult {
    let text = spec_text(vm, spec)?;
    if text.is_empty() {
        return obj::str(vm, v);
    }
    let type_name = vm.type_of(v).full_name();
    let s = parse(vm, &text, &type_name)?;
    let i = int::value_of(v).unwrap_or(Int::Small(0));
    if let Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') = s.kind {
        let Some(f) = int::to_f64(&i) else {
            return Err(vm.overflow_error("int too large to convert to float"));
        };
        return Ok(vm.new_str(&float_with(vm, f, &s, &type_name)?));
    }
    if s.precision.is_some() {
        return Err(vm.value_error("Precision not allowed in integer format specifier"));
    }
    if s.no_negative_zero {
        return Err(vm.value_error("Negative zero coercion (z) not allowed in format specifier with integer presentation type"));
    }
    if s.kind == Some('c') {
        return format_char(vm, &s, &i);
    }
    let magnitude = i.to_big().magnitude().clone();
    let (prefix, digits) = match s.kind {
        None | Some('d' | 'n') => {
            let t = int::to_decimal(vm, &i)?;
            ("", t.trim_start_matches('-').to_owned())
        }
        Some('b') => ("0b", magnitude.to_str_radix(2)),
        Some('o') => ("0o", magnitude.to_str_radix(8)),
        Some('x') => ("0x", magnitude.to_str_radix(16)),
        Some('X') => ("0X", magnitude.to_str_radix(16).to_uppercase()),
        Some(k) => return Err(unknown_code(vm, k, &type_name)),
    };
    let prefix = format!("{}{}", sign_text(&s, i.is_negative()), if s.alternate { prefix } else { "" });
    let _ = bool_::is_true;
    Ok(vm.new_str(&pad_number(&s, &prefix, &digits, "")))
}

fn format_char(vm: &Vm, s: &Spec, i: &Int) -> PyResult {
    if s.sign != '-' {
        return Err(vm.value_error("Sign not allowed with integer format specifier 'c'"));
    }
    if s.alternate {
        return Err(vm.value_error("Alternate form (#) not allowed with integer format specifier 'c'"));
    }
    match i.to_i64().and_then(|i| u32::try_from(i).ok()).filter(|c| *c <= 0x10ffff) {
        Some(c) => Ok(vm.new_str(&pad(s, &char::from_u32(c).unwrap_or('\u{fffd}').to_string(), '>'))),
        None => Err(vm.overflow_error("%c arg not in range(0x110000)")),
    }
}

/// `float.__format__`.
pub fn format_float(vm: &Vm, v: Value, spec: Value) -> PyResult {
    let text = spec_text(vm, spec)?;
    if text.is_empty() {
        return obj::str(vm, v);
    }
    let type_name = vm.type_of(v).full_name();
    let s = parse(vm, &text, &type_name)?;
    let f = float::value_of(v).unwrap_or(0.0);
    Ok(vm.new_str(&float_with(vm, f, &s, &type_name)?))
}

fn float_with(vm: &Vm, f: f64, s: &Spec, type_name: &str) -> PyResult<String> {
    let kind = s.kind;
    if let Some(k) = kind
        && !matches!(k, 'e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n' | '%')
    {
        return Err(unknown_code(vm, k, type_name));
    }
    let precision = s.precision;
    if precision.is_some_and(|p| p > i32::MAX as usize) {
        return Err(vm.value_error("precision too big"));
    }
    let upper = matches!(kind, Some('E' | 'F' | 'G'));
    let mut body = if !f.is_finite() {
        let t = float_repr(f.abs());
        if kind == Some('%') { format!("{t}%") } else { t }
    } else {
        match kind.map(|k| k.to_ascii_lowercase()) {
            Some('e') => scientific(f, precision.unwrap_or(6), s.alternate),
            Some('f') => fixed(f, precision.unwrap_or(6), s.alternate),
            Some('%') => format!("{}%", fixed(f * 100.0, precision.unwrap_or(6), s.alternate)),
            Some('g' | 'n') => general(f, precision.unwrap_or(6).max(1), s.alternate, false),
            _ => match precision {
                None => float_repr(f.abs()),
                Some(p) => general(f, p.max(1), s.alternate, true),
            },
        }
    };
    if upper {
        body = body.to_uppercase();
    }
    let mut negative = f.is_sign_negative() && !f.is_nan();
    if s.no_negative_zero && negative && !body.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
        negative = false;
    }
    let split = body.find(|c: char| !c.is_ascii_digit()).unwrap_or(body.len());
    let (whole, rest) = if f.is_finite() { body.split_at(split) } else { (&body[..], "") };
    let rest = match s.frac_grouping {
        Some(g) => group_fraction(rest, g),
        None => rest.to_owned(),
    };
    let mut s = s.clone();
    if !f.is_finite() {
        s.grouping = None;
    }
    Ok(pad_number(&s, sign_text(&s, negative), whole, &rest))
}

fn group_fraction(rest: &str, sep: char) -> String {
    let Some(digits) = rest.strip_prefix('.') else { return rest.to_owned() };
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let mut out = String::from(".");
    for (i, c) in digits[..end].chars().enumerate() {
        if i > 0 && i % 3 == 0 {
            out.push(sep);
        }
        out.push(c);
    }
    out + &digits[end..]
}

/// `%f` digits of the absolute value.
pub(super) fn fixed(f: f64, precision: usize, alternate: bool) -> String {
    if !f.is_finite() {
        return float_repr(f.abs());
    }
    let t = format!("{:.*}", precision, f.abs());
    if alternate && precision == 0 { t + "." } else { t }
}

/// `%e` digits of the absolute value.
pub(super) fn scientific(f: f64, precision: usize, alternate: bool) -> String {
    let (digits, exp) = significant_digits(f, precision + 1);
    let point = if precision > 0 || alternate { "." } else { "" };
    format!("{}{point}{}e{}", &digits[..1], &digits[1..], exponent(exp))
}

/// `%g` digits of the absolute value; `repr_like` is the empty type with a precision.
pub(super) fn general(f: f64, precision: usize, alternate: bool, repr_like: bool) -> String {
    let (digits, exp) = significant_digits(f, precision);
    let limit = if repr_like { precision as i32 - 1 } else { precision as i32 };
    let trimmed = if alternate { &digits[..] } else { digits.trim_end_matches('0') };
    let trimmed = if trimmed.is_empty() { "0" } else { trimmed };
    if exp < -4 || exp >= limit.max(if repr_like { 1 } else { 0 }) {
        let frac = &trimmed[1..];
        let point = if frac.is_empty() && !alternate { "" } else { "." };
        return format!("{}{point}{frac}e{}", &trimmed[..1], exponent(exp));
    }
    let t = place_point(trimmed, exp, repr_like);
    if alternate && !t.contains('.') { t + "." } else { t }
}

/// `str.__format__`.
pub fn format_str(vm: &Vm, v: Value, spec: Value) -> PyResult {
    let text = spec_text(vm, spec)?;
    if text.is_empty() {
        return obj::str(vm, v);
    }
    let s = parse(vm, &text, "str")?;
    if let Some(k) = s.kind.filter(|k| *k != 's') {
        return Err(unknown_code(vm, k, "str"));
    }
    if s.sign != '-' {
        let what = if s.sign == ' ' { "Space" } else { "Sign" };
        return Err(vm.value_error(format!("{what} not allowed in string format specifier")));
    }
    if s.alternate {
        return Err(vm.value_error("Alternate form (#) not allowed in string format specifier"));
    }
    if let Some(g) = s.grouping {
        return Err(vm.value_error(format!("Cannot specify '{g}' with 's'.")));
    }
    if s.align == Some('=') && !s.zero_pad {
        return Err(vm.value_error("'=' alignment not allowed in string format specifier"));
    }
    let mut s = s;
    if s.zero_pad {
        s.align = None;
    }
    let t = obj::text(v);
    let t = match s.precision {
        Some(p) => t.chars().take(p).collect(),
        None => t,
    };
    Ok(vm.new_str(&pad(&s, &t, '<')))
}
