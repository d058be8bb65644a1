//! Reading of JSON.

use std::cell::RefCell;
use std::collections::HashMap;

use super::text::{self, characters, unquote};
use super::{decode_error, string_argument};
use crate::args::CallArgs;
use crate::error::{PyResult, Raised};
use crate::interp::enter;
use crate::object::{self, Header};
use crate::protocol::{attr, call, item, truth};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::float;
use crate::types::iterators::payload;
use crate::types::list::PyList;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, New, TypeDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A scanner: how a decoder wants values made.
#[repr(C)]
pub struct PyScanner {
    header: Header,
    strict: bool,
    object_hook: Ref,
    object_pairs_hook: Ref,
    parse_float: Ref,
    parse_int: Ref,
    parse_constant: Ref,
}
payload!(PyScanner, JSON_SCANNER);

fn new(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    let part = |name: &str| attr::get_named(vm, a[0], name);
    let s = PyScanner {
        header: object::header(),
        strict: truth::truth(vm, part("strict")?.value())?,
        object_hook: part("object_hook")?,
        object_pairs_hook: part("object_pairs_hook")?,
        parse_float: part("parse_float")?,
        parse_int: part("parse_int")?,
        parse_constant: part("parse_constant")?,
    };
    Ok(object::new_instance(ty, s))
}

/// `scanstring(string, end, strict=True)`.
pub(super) fn scanstring(vm: &Vm, a: &[Value]) -> PyResult {
    let s = string_argument(vm, a[1])?;
    let end = item::ssize_arg(vm, a[2])?;
    let strict = a[3].non_null().map_or(Ok(true), |v| truth::truth(vm, v))?;
    let Some(end) = usize::try_from(end).ok().filter(|end| *end <= s.char_len()) else {
        return Err(vm.value_error("end is out of bounds"));
    };
    let document = Document { vm, scanner: None, object: a[1], text: s, bytes: s.as_bytes(), keys: RefCell::default() };
    let begin = s.byte_offset(end);
    // The quote is a character before, whatever it is.
    let (contents, next) = unquote(s.as_bytes(), begin, strict).map_err(|b| {
        let at = b.at.map_or(end as isize - 1, |at| document.position(at) as isize);
        decode_error(vm, b.message, a[1], at)
    })?;
    Ok(PyTuple::pair(PyStr::from_wtf8(vm, &contents), item::from_size(vm, document.position(next))))
}

/// A text that is being read.
struct Document<'a> {
    vm: &'a Vm,
    scanner: Option<&'a PyScanner>,
    object: Value,
    text: &'a PyStr,
    bytes: &'a [u8],
    /// Names of objects' members, of which there is one str each.
    keys: RefCell<HashMap<Vec<u8>, Ref>>,
}

/// Why there is no value.
enum Stop {
    Error(Raised),
    /// Nothing that could be a value, at this byte.
    NoValue(usize),
}

impl From<Raised> for Stop {
    fn from(e: Raised) -> Stop {
        Stop::Error(e)
    }
}

type Scanned = Result<(Ref, usize), Stop>;

impl Document<'_> {
    /// The index in characters of a byte.
    fn position(&self, byte: usize) -> usize {
        if self.text.is_ascii() { byte } else { characters(&self.bytes[..byte.min(self.bytes.len())]) }
    }

    fn error(&self, message: &str, at: usize) -> Stop {
        Stop::Error(decode_error(self.vm, message, self.object, self.position(at) as isize))
    }

    fn at(&self, i: usize) -> Option<u8> {
        self.bytes.get(i).copied()
    }

    fn skip_space(&self, mut i: usize) -> usize {
        while matches!(self.at(i), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            i += 1;
        }
        i
    }

    fn string(&self, begin: usize) -> Result<(Ref, usize), Stop> {
        let strict = self.scanner.is_none_or(|s| s.strict);
        match unquote(self.bytes, begin, strict) {
            Ok((contents, next)) => Ok((PyStr::from_wtf8(self.vm, &contents), next)),
            Err(text::Broken { message, at }) => Err(self.error(message, at.unwrap_or(begin - 1))),
        }
    }

    /// The name of a member.
    fn key(&self, begin: usize) -> Result<(Ref, usize), Stop> {
        let (key, next) = self.string(begin)?;
        let Some(text) = key.cast::<PyStr>() else { return Ok((key, next)) };
        let mut keys = self.keys.borrow_mut();
        if let Some(known) = keys.get(text.as_bytes()) {
            return Ok((known.clone(), next));
        }
        keys.insert(text.as_bytes().to_vec(), key.clone());
        Ok((key, next))
    }

    /// The value that begins at a byte.
    fn value(&self, s: &PyScanner, i: usize) -> Scanned {
        let vm = self.vm;
        let word = |text: &[u8]| self.bytes[i..].starts_with(text);
        let constant = |name: &str| -> Scanned {
            let v = call::call_args(vm, s.parse_constant.value(), &[vm.new_str(name).value()])?;
            Ok((v, i + name.len()))
        };
        match self.at(i) {
            Some(b'"') => self.string(i + 1),
            Some(b'{') => {
                enter::check_native_stack(vm, " while decoding a JSON object from a unicode string")?;
                self.object(s, i + 1)
            }
            Some(b'[') => {
                enter::check_native_stack(vm, " while decoding a JSON array from a unicode string")?;
                self.array(s, i + 1)
            }
            Some(b'n') if word(b"null") => Ok((vm.none_ref(), i + 4)),
            Some(b't') if word(b"true") => Ok((vm.bool_ref(true), i + 4)),
            Some(b'f') if word(b"false") => Ok((vm.bool_ref(false), i + 5)),
            Some(b'N') if word(b"NaN") => constant("NaN"),
            Some(b'I') if word(b"Infinity") => constant("Infinity"),
            Some(b'-') if word(b"-Infinity") => constant("-Infinity"),
            _ => self.number(s, i),
        }
    }

    fn digits(&self, mut i: usize) -> usize {
        while self.at(i).is_some_and(|b| b.is_ascii_digit()) {
            i += 1;
        }
        i
    }

    fn number(&self, s: &PyScanner, start: usize) -> Scanned {
        let vm = self.vm;
        let first = start + usize::from(self.at(start) == Some(b'-'));
        let mut end = match self.at(first) {
            Some(b'0') => first + 1,
            Some(b'1'..=b'9') => self.digits(first + 1),
            _ => return Err(Stop::NoValue(start)),
        };
        let mut is_float = false;
        if self.at(end) == Some(b'.') && self.at(end + 1).is_some_and(|b| b.is_ascii_digit()) {
            is_float = true;
            end = self.digits(end + 2);
        }
        if matches!(self.at(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.at(end + 1), Some(b'+' | b'-')));
            if self.at(end + 1 + sign).is_some_and(|b| b.is_ascii_digit()) {
                is_float = true;
                end = self.digits(end + 2 + sign);
            }
        }
        let text = std::str::from_utf8(&self.bytes[start..end]).unwrap_or_default();
        let (make, own) = match is_float {
            true => (&s.parse_float, shape::FLOAT),
            false => (&s.parse_int, shape::INT),
        };
        if make.is(vm.builtin(own).value()) {
            if is_float {
                if let Some(f) = float::parse(text) {
                    return Ok((vm.new_float(f), end));
                }
            } else if let Ok(i) = text.parse::<i64>() {
                return Ok((vm.new_int(i), end));
            }
        }
        Ok((call::call_args(vm, make.value(), &[vm.new_str(text).value()])?, end))
    }

    fn array(&self, s: &PyScanner, begin: usize) -> Scanned {
        let mut items = Vec::new();
        let mut i = self.skip_space(begin);
        if self.at(i) == Some(b']') {
            return Ok((PyList::new(self.vm, items), i + 1));
        }
        loop {
            let (v, next) = self.value(s, i)?;
            items.push(v);
            i = self.skip_space(next);
            match self.at(i) {
                Some(b']') => return Ok((PyList::new(self.vm, items), i + 1)),
                Some(b',') => {}
                _ => return Err(self.error("Expecting ',' delimiter", i)),
            }
            let comma = i;
            i = self.skip_space(i + 1);
            if self.at(i) == Some(b']') {
                return Err(self.error("Illegal trailing comma before end of array", comma));
            }
        }
    }

    fn object(&self, s: &PyScanner, begin: usize) -> Scanned {
        let mut pairs: Vec<(Ref, Ref)> = Vec::new();
        let mut i = self.skip_space(begin);
        if self.at(i) == Some(b'}') {
            return Ok((self.finish_object(s, pairs)?, i + 1));
        }
        loop {
            if self.at(i) != Some(b'"') {
                return Err(self.error("Expecting property name enclosed in double quotes", i));
            }
            let (key, next) = self.key(i + 1)?;
            i = self.skip_space(next);
            if self.at(i) != Some(b':') {
                return Err(self.error("Expecting ':' delimiter", i));
            }
            let (v, next) = self.value(s, self.skip_space(i + 1))?;
            pairs.push((key, v));
            i = self.skip_space(next);
            match self.at(i) {
                Some(b'}') => return Ok((self.finish_object(s, pairs)?, i + 1)),
                Some(b',') => {}
                _ => return Err(self.error("Expecting ',' delimiter", i)),
            }
            let comma = i;
            i = self.skip_space(i + 1);
            if self.at(i) == Some(b'}') {
                return Err(self.error("Illegal trailing comma before end of object", comma));
            }
        }
    }

    /// A dict from the pairs, or what the decoder's hooks make of them.
    fn finish_object(&self, s: &PyScanner, pairs: Vec<(Ref, Ref)>) -> PyResult {
        let vm = self.vm;
        if !s.object_pairs_hook.is(vm.none()) {
            let list = PyList::new(vm, pairs.into_iter().map(|(k, v)| PyTuple::pair(k, v)).collect());
            return call::call_args(vm, s.object_pairs_hook.value(), &[list.value()]);
        }
        let made = PyDict::with_capacity(vm, pairs.len());
        if let Some(d) = made.cast::<PyDict>() {
            for (k, v) in pairs {
                d.set(vm, k.value(), v.value())?;
            }
        }
        if s.object_hook.is(vm.none()) {
            return Ok(made);
        }
        call::call_args(vm, s.object_hook.value(), &[made.value()])
    }
}

/// `scanner(string, idx)`: the value and the index behind it.
fn scan(vm: &Vm, v: Value, args: CallArgs) -> PyResult {
    vm.signatures.get("(string, idx)").bind(vm, "scan_once", None, args, |a| {
        let index = item::ssize_arg(vm, a[1])?;
        let s = string_argument(vm, a[0])?;
        let Ok(index) = usize::try_from(index) else { return Err(vm.value_error("idx cannot be negative")) };
        if index >= s.char_len() {
            return Err(vm.stop_iteration(item::from_size(vm, index).value()));
        }
        let scanner = PyScanner::of(v);
        let d = Document { vm, scanner: Some(scanner), object: a[0], text: s, bytes: s.as_bytes(), keys: RefCell::default() };
        match d.value(scanner, s.byte_offset(index)) {
            Ok((value, end)) => Ok(PyTuple::pair(value, item::from_size(vm, d.position(end)))),
            Err(Stop::NoValue(at)) => Err(vm.stop_iteration(item::from_size(vm, d.position(at)).value())),
            Err(Stop::Error(e)) => Err(e),
        }
    })
}

pub static SCANNER: TypeDef = TypeDef {
    doc: "JSON scanner object",
    new: New::Bound("(context)", new),
    slots: |s| {
        s.call = Some(scan);
        s.drop = Some(object::drop_payload::<PyScanner>);
        s.traverse = crate::traverse_fields!(PyScanner: object_hook, object_pairs_hook, parse_float, parse_int, parse_constant);
    },
    getset: &[
        GetSetDef::member("strict", |vm, v| Ok(vm.bool_ref(PyScanner::of(v).strict)), "strict"),
        GetSetDef::member("object_hook", |_, v| Ok(PyScanner::of(v).object_hook.clone()), "object_hook"),
        GetSetDef::member("object_pairs_hook", |_, v| Ok(PyScanner::of(v).object_pairs_hook.clone()), ""),
        GetSetDef::member("parse_float", |_, v| Ok(PyScanner::of(v).parse_float.clone()), "parse_float"),
        GetSetDef::member("parse_int", |_, v| Ok(PyScanner::of(v).parse_int.clone()), "parse_int"),
        GetSetDef::member("parse_constant", |_, v| Ok(PyScanner::of(v).parse_constant.clone()), "parse_constant"),
    ],
    ..TypeDef::of::<PyScanner>("_json.Scanner")
};
