//! `str`'s slots.

use super::{PyStr, methods, search, this};
use crate::args::CallArgs;
use crate::convert;
use crate::error::PyResult;
use crate::protocol::{item, number, object as obj};
use crate::protocol::number::BinaryOp;
use crate::shape;
use crate::types::slice::Bounds;
use crate::types::slots::CompareOp;
use crate::types::type_::{New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

fn compare(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    match (a.cast::<PyStr>(), b.cast::<PyStr>()) {
        (Some(x), Some(y)) => {
            // WTF-8 orders like code points.
            Ok(vm.bool_ref(op.test(x.as_bytes().cmp(y.as_bytes()))))
        }
        _ => Ok(vm.not_implemented().to_ref()),
    }
}

fn concat(vm: &Vm, a: Value, b: Value) -> PyResult {
    let x = this(a);
    let Some(y) = b.cast::<PyStr>() else {
        return Err(vm.type_error(format!(
            "can only concatenate str (not \"{}\") to str",
            vm.type_of(b).full_name()
        )));
    };
    if y.is_empty() && a.has_shape(shape::STR) {
        return Ok(a.to_ref());
    }
    if x.is_empty() && b.has_shape(shape::STR) {
        return Ok(b.to_ref());
    }
    Ok(PyStr::concat(vm, x, y))
}

fn repeat(vm: &Vm, a: Value, n: Value) -> PyResult {
    let s = this(a);
    let n = number::size_i64(vm, n)?;
    if n <= 0 || s.is_empty() {
        return Ok(vm.empty_str().to_ref());
    }
    if n == 1 && a.has_shape(shape::STR) {
        return Ok(a.to_ref());
    }
    let Some(chars) = s.char_len().checked_mul(n as usize).filter(|c| *c <= isize::MAX as usize) else {
        return Err(vm.overflow_error("repeated string is too long"));
    };
    let size = s.as_bytes().len().saturating_mul(n as usize);
    let mut text = Vec::new();
    if text.try_reserve_exact(size).is_err() {
        return Err(vm.memory_error(""));
    }
    for _ in 0..n {
        text.extend_from_slice(s.as_bytes());
    }
    Ok(PyStr::from_counted_parts(vm, &[&text], chars))
}

fn get_item(vm: &Vm, v: Value, key: Value) -> PyResult {
    let s = this(v);
    if number::has_index(vm, key) {
        let i = number::index_i64(vm, key)?;
        let n = s.char_len() as i64;
        let i = if i < 0 { i + n } else { i };
        if i < 0 || i >= n {
            return Err(vm.index_error("string index out of range"));
        }
        return Ok(super::from_code_point(vm, s.char_at(i as usize)));
    }
    match item::slice_indices(vm, key, s.char_len())? {
        Some(x) => slice(vm, v, x.start, x.step, x.len),
        None => Err(vm.type_error(format!(
            "string indices must be integers, not '{}'",
            vm.type_of(key).full_name()
        ))),
    }
}

/// `text[start:stop]` of exactly a str.
pub fn slice_of(vm: &Vm, v: Value, bounds: Bounds) -> Ref {
    let s = this(v);
    let x = bounds.of(s.char_len());
    if x.count == s.char_len() {
        return v.to_ref();
    }
    s.part(vm, s.slice_bytes(x.start as usize, x.start as usize + x.count))
}

fn slice(vm: &Vm, v: Value, start: i64, step: i64, len: usize) -> PyResult {
    let s = this(v);
    if step == 1 {
        if len == s.char_len() && v.has_shape(shape::STR) {
            return Ok(v.to_ref());
        }
        return Ok(s.part(vm, s.slice_bytes(start as usize, start as usize + len)));
    }
    let mut out = Vec::with_capacity(len);
    let mut at = start;
    if s.is_ascii() {
        for _ in 0..len {
            out.push(s.as_bytes()[at as usize]);
            // Behind the last item it may leave the range of ints.
        at = at.wrapping_add(step);
        }
        return Ok(PyStr::from_wtf8(vm, &out));
    }
    let points: Vec<u32> = s.code_points().collect();
    for _ in 0..len {
        super::push_code_point(&mut out, points[at as usize]);
        at = at.wrapping_add(step);
    }
    Ok(PyStr::from_wtf8(vm, &out))
}

fn contains(vm: &Vm, v: Value, part: Value) -> PyResult<bool> {
    match part.cast::<PyStr>() {
        Some(p) => Ok(search::find_bytes(this(v).as_bytes(), p.as_bytes()).is_some()),
        None => Err(vm.type_error(format!(
            "'in <string>' requires string as left operand, not {}",
            vm.type_of(part).full_name()
        ))),
    }
}

/// `repr(s)` of text in WTF-8.
pub fn repr_of(s: &PyStr) -> Vec<u8> {
    let bytes = s.as_bytes();
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { b'"' } else { b'\'' };
    let mut out = Vec::with_capacity(bytes.len() + 2);
    out.push(quote);
    for c in s.code_points() {
        match c {
            0x5c => out.extend_from_slice(b"\\\\"),
            0x0a => out.extend_from_slice(b"\\n"),
            0x0d => out.extend_from_slice(b"\\r"),
            0x09 => out.extend_from_slice(b"\\t"),
            c if c == quote as u32 => out.extend_from_slice(&[b'\\', quote]),
            0x20..=0x7e => out.push(c as u8),
            c if crate::unicode::is_printable(c) => super::push_code_point(&mut out, c),
            0..=0xff => out.extend_from_slice(format!("\\x{c:02x}").as_bytes()),
            0x100..=0xffff => out.extend_from_slice(format!("\\u{c:04x}").as_bytes()),
            _ => out.extend_from_slice(format!("\\U{c:08x}").as_bytes()),
        }
    }
    out.push(quote);
    out
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    Ok(PyStr::from_wtf8(vm, &repr_of(this(v))))
}

fn str(vm: &Vm, v: Value) -> PyResult {
    super::same(vm, v)
}

fn remainder(vm: &Vm, a: Value, b: Value) -> PyResult {
    if a.cast::<PyStr>().is_none() {
        return Ok(vm.not_implemented().to_ref());
    }
    crate::format::percent_str(vm, a, b)
}

fn str_new(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    if args.args.len() > 3 && !args.has_keywords() {
        return Err(vm.type_error(format!("str expected at most 3 arguments, got {}", args.args.len())));
    }
    let sig = vm.signatures.get("(object='', encoding='utf-8', errors='strict')");
    let r = sig.bind(vm, "str", None, args, |a| make(vm, a))?;
    if ty.is(vm.builtin(shape::STR)) {
        return Ok(r);
    }
    match r.cast::<PyStr>() {
        Some(s) => Ok(new_subclass(ty, s)),
        None => Ok(r),
    }
}

fn make(vm: &Vm, a: &[Value]) -> PyResult {
    let name = |v: Value, what: &str, default: &str| match v.non_null() {
        Some(v) => convert::name_arg(vm, "str", what, v),
        None => Ok(default.to_owned()),
    };
    let encoding = name(a[1], "argument 'encoding'", "utf-8")?;
    let errors = name(a[2], "argument 'errors'", "strict")?;
    let Some(object) = a[0].non_null() else { return Ok(vm.empty_str().to_ref()) };
    if a[1].is_null() && a[2].is_null() {
        return obj::str(vm, object);
    }
    if object.cast::<PyStr>().is_some() {
        return Err(vm.type_error("decoding str is not supported"));
    }
    match crate::convert::bytes_or_buffer(vm, object) {
        Ok(bytes) => crate::codecs::decode(vm, &bytes, &encoding, &errors),
        Err(_) => Err(vm.type_error(format!(
            "decoding to str: need a bytes-like object, {} found",
            vm.type_of(object).full_name()
        ))),
    }
}

/// An instance of a subclass of str.
pub fn new_subclass(ty: TypeRef, s: &PyStr) -> Ref {
    PyStr::allocate_subclass(ty, s.as_bytes())
}

pub static DEF: TypeDef = TypeDef {
    doc: "str(object='') -> str\nstr(bytes_or_buffer[, encoding[, errors]]) -> str\n\nCreate a new string object from the given object. If encoding or\nerrors is specified, then the object must expose a data buffer\nthat will be decoded using the given encoding and error handler.\nOtherwise, returns the result of object.__str__() (if defined)\nor repr(object).\nencoding defaults to 'utf-8'.\nerrors defaults to 'strict'.",
    flags: flags::BASETYPE,
    new: New::Raw(str_new),
    slots: |s| {
        s.repr = Some(repr);
        s.str = Some(str);
        s.hash = Some(|_, v| Ok(this(v).hash()));
        s.compare = Some(compare);
        s.concat = Some(concat);
        s.repeat = Some(repeat);
        s.len = Some(|_, v| Ok(this(v).char_len()));
        s.get_item = Some(get_item);
        s.contains = Some(contains);
        s.iter = Some(super::iterator::new);
        s.binary[BinaryOp::Remainder as usize] = Some(remainder);
        s.size = Some(super::size);
    },
    methods: methods::METHODS,
    ..TypeDef::of::<PyStr>("str")
};
