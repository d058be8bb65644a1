//! `%` formatting of text.

use crate::error::PyResult;
use crate::protocol::{item, number, object as obj};
use crate::types::dict::PyDict;
use crate::types::int::{self, Int};
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::float;
use crate::value::{Ref, Value};
use crate::vm::Vm;

use super::spec::{fixed, general, scientific};

/// One conversion: `%[(key)][flags][width][.precision]type`.
#[derive(Default)]
struct Conversion {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

/// Where the values come from: a tuple in turn, one single value, or a mapping by key.
struct Arguments {
    value: Ref,
    next: usize,
    is_tuple: bool,
}

impl Arguments {
    fn next(&mut self, vm: &Vm) -> PyResult {
        let i = self.next;
        self.next += 1;
        if self.is_tuple {
            if let Some(v) = self.value.cast::<PyTuple>().and_then(|t| t.as_slice().get(i).copied()) {
                return Ok(v.to_ref());
            }
        } else if i == 0 {
            return Ok(self.value.clone());
        }
        Err(vm.type_error("not enough arguments for format string"))
    }
}

/// `text % values`.
pub fn percent_str(vm: &Vm, text: Value, values: Value) -> PyResult {
    let Some(fmt) = text.cast::<PyStr>() else { return Ok(vm.not_implemented().to_ref()) };
    let chars: Vec<u32> = fmt.code_points().collect();
    let mut args = Arguments {
        value: values.to_ref(),
        next: 0,
        is_tuple: values.cast::<PyTuple>().is_some(),
    };
    let is_mapping = !args.is_tuple
        && values.cast::<PyStr>().is_none()
        && (values.cast::<PyDict>().is_some() || vm.type_of(values).slots().get_item.is_some());
    let mut used_key = false;
    let mut out: Vec<u8> = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if chars[at] != '%' as u32 {
            crate::types::str_::push_code_point(&mut out, chars[at]);
            at += 1;
            continue;
        }
        at += 1;
        let mut key_value = None;
        if chars.get(at) == Some(&('(' as u32)) {
            let (key, end) = read_key(vm, &chars, at)?;
            if !is_mapping {
                return Err(vm.type_error("format requires a mapping"));
            }
            used_key = true;
            key_value = Some(item::get(vm, values, key.value())?);
            at = end;
        }
        let c = read_flags(vm, &chars, &mut at, &mut args)?;
        let Some(&kind) = chars.get(at) else { return Err(vm.value_error("incomplete format")) };
        at += 1;
        if kind == '%' as u32 {
            out.push(b'%');
            continue;
        }
        let v = match key_value {
            Some(v) => v,
            None => args.next(vm)?,
        };
        let piece = convert(vm, &c, kind, v.value(), at - 1)?;
        pad(&mut out, &c, &piece);
    }
    let given = if args.is_tuple { args.value.cast::<PyTuple>().map_or(0, |t| t.len()) } else { 1 };
    if !used_key && !is_mapping && args.next < given {
        return Err(vm.type_error("not all arguments converted during string formatting"));
    }
    Ok(PyStr::from_wtf8(vm, &out))
}

fn read_key(vm: &Vm, chars: &[u32], open: usize) -> PyResult<(Ref, usize)> {
    let (mut depth, mut at) = (1, open + 1);
    while at < chars.len() {
        match char::from_u32(chars[at]) {
            Some('(') => depth += 1,
            Some(')') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let mut key = Vec::new();
            chars[open + 1..at].iter().for_each(|c| crate::types::str_::push_code_point(&mut key, *c));
            return Ok((PyStr::from_wtf8(vm, &key), at + 1));
        }
        at += 1;
    }
    Err(vm.value_error("incomplete format key"))
}

fn read_flags(vm: &Vm, chars: &[u32], at: &mut usize, args: &mut Arguments) -> PyResult<Conversion> {
    let mut c = Conversion::default();
    let get = |i: usize| chars.get(i).and_then(|c| char::from_u32(*c));
    while let Some(f) = get(*at) {
        match f {
            '-' => c.left = true,
            '+' => c.plus = true,
            ' ' => c.space = true,
            '#' => c.alternate = true,
            '0' => c.zero = true,
            _ => break,
        }
        *at += 1;
    }
    if get(*at) == Some('*') {
        *at += 1;
        let w = star(vm, args)?;
        c.left |= w < 0;
        c.width = w.unsigned_abs() as usize;
    } else {
        c.width = digits(vm, chars, at, "width too big")?;
    }
    if get(*at) == Some('.') {
        *at += 1;
        c.precision = Some(if get(*at) == Some('*') {
            *at += 1;
            star(vm, args)?.max(0) as usize
        } else {
            digits(vm, chars, at, "precision too big")?
        });
    }
    if matches!(get(*at), Some('h' | 'l' | 'L')) {
        *at += 1;
    }
    Ok(c)
}

fn star(vm: &Vm, args: &mut Arguments) -> PyResult<i64> {
    let v = args.next(vm)?;
    if int::value_of(v.value()).is_none() {
        return Err(vm.type_error("* wants int"));
    }
    match int::to_i64(v.value()).filter(|w| w.unsigned_abs() < i32::MAX as u64) {
        Some(w) => Ok(w),
        None => Err(vm.overflow_error("Python int too large to convert to C int")),
    }
}

fn digits(vm: &Vm, chars: &[u32], at: &mut usize, too_big: &str) -> PyResult<usize> {
    let mut n: usize = 0;
    while let Some(d) = chars.get(*at).and_then(|c| char::from_u32(*c)).and_then(|c| c.to_digit(10)) {
        n = n * 10 + d as usize;
        if n > i32::MAX as usize {
            return Err(vm.value_error(too_big));
        }
        *at += 1;
    }
    Ok(n)
}

/// A converted value: sign and prefix, and the body.
struct Piece {
    prefix: String,
    body: Vec<u8>,
    numeric: bool,
}

fn text_piece(vm: &Vm, c: &Conversion, v: Ref) -> Piece {
    let _ = vm;
    let body = match v.cast::<PyStr>() {
        Some(s) => match c.precision {
            Some(p) => s.slice_bytes(0, p.min(s.char_len())).to_vec(),
            None => s.as_bytes().to_vec(),
        },
        None => Vec::new(),
    };
    Piece { prefix: String::new(), body, numeric: false }
}

fn convert(vm: &Vm, c: &Conversion, kind: u32, v: Value, at: usize) -> PyResult<Piece> {
    let k = char::from_u32(kind).unwrap_or('\u{fffd}');
    match k {
        's' => Ok(text_piece(vm, c, obj::str(vm, v)?)),
        'r' => Ok(text_piece(vm, c, obj::repr(vm, v)?)),
        'a' => Ok(text_piece(vm, c, obj::ascii(vm, v)?)),
        'c' => character(vm, v),
        'd' | 'i' | 'u' | 'o' | 'x' | 'X' => integer(vm, c, k, v),
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => real(vm, c, k, v),
        _ => Err(vm.value_error(format!(
            "unsupported format character '{}' (0x{kind:x}) at index {at}",
            if (0x20..0x7f).contains(&kind) { k } else { '?' }
        ))),
    }
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
    } else if number::has_index(vm, v) {
        let i = number::index_clipped(vm, v)?;
        match u32::try_from(i).ok().filter(|c| *c <= 0x10ffff) {
            Some(c) => crate::types::str_::push_code_point(&mut body, c),
            None => return Err(vm.overflow_error("%c arg not in range(0x110000)")),
        }
    } else {
        return Err(vm.type_error(format!(
            "%c requires an int or a unicode character, not {}",
            vm.type_of(v).full_name()
        )));
    }
    Ok(Piece { prefix: String::new(), body, numeric: false })
}

fn sign(c: &Conversion, negative: bool) -> &'static str {
    match (negative, c.plus, c.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    }
}

fn integer(vm: &Vm, c: &Conversion, k: char, v: Value) -> PyResult<Piece> {
    let decimal = matches!(k, 'd' | 'i' | 'u');
    let i = if int::value_of(v).is_some() {
        v.to_ref()
    } else if decimal && float::value_of(v).is_some() {
        int_of(vm, v)?
    } else if number::has_index(vm, v) {
        number::index(vm, v)?
    } else if decimal && vm.type_of(v).slots().int.is_some() {
        int_of(vm, v)?
    } else {
        let what = if decimal { "a real number" } else { "an integer" };
        return Err(vm.type_error(format!(
            "%{k} format: {what} is required, not {}",
            vm.type_of(v).full_name()
        )));
    };
    let x = int::value_of(i.value()).unwrap_or(Int::Small(0));
    let big = x.to_big();
    let mut digits = match k {
        'o' => big.magnitude().to_str_radix(8),
        'x' => big.magnitude().to_str_radix(16),
        'X' => big.magnitude().to_str_radix(16).to_uppercase(),
        _ => int::to_decimal(vm, &x)?.trim_start_matches('-').to_owned(),
    };
    if let Some(p) = c.precision
        && digits.len() < p
    {
        digits = format!("{}{digits}", "0".repeat(p - digits.len()));
    }
    let alt = match k {
        'o' if c.alternate => "0o",
        'x' if c.alternate => "0x",
        'X' if c.alternate => "0X",
        _ => "",
    };
    Ok(Piece { prefix: format!("{}{alt}", sign(c, x.is_negative())), body: digits.into_bytes(), numeric: true })
}

fn int_of(vm: &Vm, v: Value) -> PyResult {
    crate::protocol::call::call_args(vm, vm.builtin(crate::shape::INT).value(), &[v])
}

fn real(vm: &Vm, c: &Conversion, k: char, v: Value) -> PyResult<Piece> {
    let f = float::as_f64(vm, v)?;
    let p = c.precision.unwrap_or(6);
    let body = if !f.is_finite() {
        super::float_repr(f.abs())
    } else {
        match k.to_ascii_lowercase() {
            'e' => scientific(f, p, c.alternate),
            'f' => fixed(f, p, c.alternate),
            _ => general(f, p.max(1), c.alternate, false),
        }
    };
    let body = if k.is_uppercase() { body.to_uppercase() } else { body };
    let negative = f.is_sign_negative() && !f.is_nan();
    Ok(Piece { prefix: sign(c, negative).to_owned(), body: body.into_bytes(), numeric: true })
}

fn pad(out: &mut Vec<u8>, c: &Conversion, p: &Piece) {
    let len = p.prefix.len() + crate::types::str_::count_chars(&p.body);
    let n = c.width.saturating_sub(len);
    let spaces = |out: &mut Vec<u8>, b: u8| out.extend(std::iter::repeat_n(b, n));
    if c.left {
        out.extend_from_slice(p.prefix.as_bytes());
        out.extend_from_slice(&p.body);
        spaces(out, b' ');
    } else if c.zero && p.numeric {
        out.extend_from_slice(p.prefix.as_bytes());
        spaces(out, b'0');
        out.extend_from_slice(&p.body);
    } else {
        spaces(out, b' ');
        out.extend_from_slice(p.prefix.as_bytes());
        out.extend_from_slice(&p.body);
    }
}
