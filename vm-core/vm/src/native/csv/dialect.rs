//! Dialects: which characters separate and quote fields.

use super::registered;
use crate::args::CallArgs;
use crate::convert;
use crate::error::{PyResult, Raised};
use crate::object::{self, Header};
use crate::protocol::{attr, call, truth};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::int;
use crate::types::iterators::payload;
use crate::types::str_::{self, PyStr};
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// When fields are quoted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quoting {
    Minimal,
    All,
    NonNumeric,
    None,
    Strings,
    NotNull,
}

/// Names and numbers of the ways of quoting.
pub const QUOTING: &[(&str, i32)] = &[
    ("QUOTE_MINIMAL", 0),
    ("QUOTE_ALL", 1),
    ("QUOTE_NONNUMERIC", 2),
    ("QUOTE_NONE", 3),
    ("QUOTE_STRINGS", 4),
    ("QUOTE_NOTNULL", 5),
];

impl Quoting {
    fn from_number(n: i32) -> Option<Quoting> {
        use Quoting::*;
        [Minimal, All, NonNumeric, None, Strings, NotNull].into_iter().find(|q| *q as i32 == n)
    }
}

/// A dialect object.
#[repr(C)]
pub struct PyDialect {
    header: Header,
    pub delimiter: u32,
    pub escape: Option<u32>,
    pub quote: Option<u32>,
    pub double_quote: bool,
    pub skip_initial_space: bool,
    pub strict: bool,
    pub quoting: Quoting,
    pub line_terminator: Ref,
}
payload!(PyDialect, CSV_DIALECT);

impl PyDialect {
    pub fn terminator(&self) -> &PyStr {
        // SAFETY: made as a str.
        unsafe { self.line_terminator.cast_unchecked() }
    }
}

const SIG: &str = "(dialect=<unrepresentable>, delimiter=',', doublequote=True, escapechar=None, lineterminator='\\r\\n', quotechar='\"', quoting=0, skipinitialspace=False, strict=False)";

/// A dialect from a base (a name or an object) and keywords.
pub fn from_parts(vm: &Vm, base: Option<Value>, keywords: Value) -> PyResult {
    let ty = vm.builtin(shape::CSV_DIALECT).value();
    let args: Vec<Value> = base.into_iter().collect();
    call::call_dict(vm, ty, &args, keywords.cast::<PyDict>())
}

fn not_set(vm: &Vm, name: &str, expected: &str, v: Value) -> Raised {
    vm.type_error(format!("\"{name}\" must be {expected}, not {}", crate::types::type_name(vm, vm.type_of(v))))
}

/// A single character; `None` for None, where that is allowed.
fn character(vm: &Vm, name: &str, v: Option<&Ref>, default: Option<char>, or_none: bool) -> PyResult<Option<u32>> {
    let Some(v) = v else { return Ok(default.map(u32::from)) };
    if or_none && v.is(vm.none()) {
        return Ok(None);
    }
    let expected = if or_none { "a unicode character or None" } else { "a unicode character" };
    match v.cast::<PyStr>() {
        Some(s) if s.char_len() == 1 => Ok(Some(s.char_at(0))),
        Some(s) => Err(vm.type_error(format!(
            "\"{name}\" must be {expected}, not a string of length {}",
            s.char_len()
        ))),
        None => Err(not_set(vm, name, expected, v.value())),
    }
}

fn flag(vm: &Vm, v: Option<&Ref>, default: bool) -> PyResult<bool> {
    v.map_or(Ok(default), |v| truth::truth(vm, v.value()))
}

fn quoting(vm: &Vm, v: Option<&Ref>) -> PyResult<i32> {
    let Some(v) = v else { return Ok(0) };
    if int::value_of(v.value()).is_none() || !vm.type_of(v.value()).is(vm.builtin(shape::INT)) {
        return Err(not_set(vm, "quoting", "an integer", v.value()));
    }
    convert::c_int(vm, v.value())
}

fn new(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    vm.signatures.get(SIG).bind(vm, "this function", None, args, |a| {
        let base = match a[0].non_null() {
            Some(name) if name.cast::<PyStr>().is_some() => Some(registered(vm, name)?),
            other => other.map(Value::to_ref),
        };
        if let Some(base) = &base
            && base.cast::<PyDialect>().is_some()
            && a[1..].iter().all(|v| v.is_null())
        {
            return Ok(base.clone());
        }
        make(vm, ty, base, &a[1..])
    })
}

const NAMES: [&str; 8] = [
    "delimiter",
    "doublequote",
    "escapechar",
    "lineterminator",
    "quotechar",
    "quoting",
    "skipinitialspace",
    "strict",
];

/// A dialect from its eight parts, those missing taken from a base.
fn make(vm: &Vm, ty: TypeRef, base: Option<Ref>, given: &[Value]) -> PyResult {
    let mut parts: Vec<Option<Ref>> = Vec::with_capacity(NAMES.len());
    for (v, name) in given.iter().zip(NAMES) {
        // A base that lacks an attribute has the default.
        let from_base = || base.as_ref().and_then(|b| attr::get_named(vm, b.value(), name).ok());
        parts.push(v.non_null().map(Value::to_ref).or_else(from_base));
    }
    let part = |i: usize| parts[i].as_ref();
    let delimiter = character(vm, NAMES[0], part(0), Some(','), false)?.unwrap_or_default();
    let double_quote = flag(vm, part(1), true)?;
    let escape = character(vm, NAMES[2], part(2), None, true)?;
    let line_terminator = match part(3) {
        None => vm.new_str("\r\n"),
        Some(s) if s.cast::<PyStr>().is_some() => s.clone(),
        Some(other) => return Err(not_set(vm, NAMES[3], "a string", other.value())),
    };
    let quote = character(vm, NAMES[4], part(4), Some('"'), true)?;
    let number = quoting(vm, part(5))?;
    let skip_initial_space = flag(vm, part(6), false)?;
    let strict = flag(vm, part(7), false)?;
    let Some(mut quoting) = Quoting::from_number(number) else {
        return Err(vm.type_error("bad \"quoting\" value"));
    };
    if part(4).is_some_and(|q| q.is(vm.none())) && part(5).is_none() {
        quoting = Quoting::None;
    }
    if quoting != Quoting::None && quote.is_none() {
        return Err(vm.type_error("quotechar must be set if quoting enabled"));
    }
    let d = PyDialect {
        header: object::header(),
        delimiter,
        escape,
        quote,
        double_quote,
        skip_initial_space,
        strict,
        quoting,
        line_terminator,
    };
    check(vm, &d)?;
    Ok(object::new_instance(ty, d))
}

/// Refuses characters that could not be told apart.
fn check(vm: &Vm, d: &PyDialect) -> PyResult<()> {
    let space = !d.skip_initial_space;
    for (name, c, allow_space) in [
        ("delimiter", Some(d.delimiter), true),
        ("escapechar", d.escape, space),
        ("quotechar", d.quote, space),
    ] {
        let Some(c) = c else { continue };
        if c == u32::from('\r') || c == u32::from('\n') || (c == u32::from(' ') && !allow_space) {
            return Err(vm.value_error(format!("bad {name} value")));
        }
        if d.terminator().code_points().any(|t| t == c) {
            return Err(vm.value_error(format!("bad {name} or lineterminator value")));
        }
    }
    let delimiter = Some(d.delimiter);
    for (names, a, b) in [
        ("delimiter or escapechar", delimiter, d.escape),
        ("delimiter or quotechar", delimiter, d.quote),
        ("escapechar or quotechar", d.escape, d.quote),
    ] {
        if a == b && a.is_some() {
            return Err(vm.value_error(format!("bad {names} value")));
        }
    }
    Ok(())
}

fn character_or_none(vm: &Vm, c: Option<u32>) -> PyResult {
    Ok(c.map_or_else(|| vm.none_ref(), |c| str_::from_code_point(vm, c)))
}

fn no_pickle(vm: &Vm, a: &[Value]) -> PyResult {
    Err(vm.type_error(format!("cannot pickle '{}' instances", vm.type_of(a[0]).name())))
}

pub static DIALECT: TypeDef = TypeDef {
    doc: "CSV dialect\n\nThe Dialect type records CSV dialect options.\n",
    flags: flags::BASETYPE,
    new: New::Raw(new),
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyDialect>);
        s.traverse = crate::traverse_fields!(PyDialect: line_terminator);
    },
    methods: &[
        MethodDef::new("__reduce__", "($self, /)", no_pickle, "raises an exception to avoid pickling"),
        MethodDef::new("__reduce_ex__", "($self, protocol, /)", no_pickle, "raises an exception to avoid pickling"),
    ],
    getset: &[
        GetSetDef::member("skipinitialspace", |vm, v| Ok(vm.bool_ref(PyDialect::of(v).skip_initial_space)), ""),
        GetSetDef::member("doublequote", |vm, v| Ok(vm.bool_ref(PyDialect::of(v).double_quote)), ""),
        GetSetDef::member("strict", |vm, v| Ok(vm.bool_ref(PyDialect::of(v).strict)), ""),
        GetSetDef::get("delimiter", |vm, v| character_or_none(vm, Some(PyDialect::of(v).delimiter)), ""),
        GetSetDef::get("escapechar", |vm, v| character_or_none(vm, PyDialect::of(v).escape), ""),
        GetSetDef::get("lineterminator", |_, v| Ok(PyDialect::of(v).line_terminator.clone()), ""),
        GetSetDef::get("quotechar", |vm, v| character_or_none(vm, PyDialect::of(v).quote), ""),
        GetSetDef::get("quoting", |_, v| Ok(Ref::small_int(PyDialect::of(v).quoting as i64)), ""),
    ],
    ..TypeDef::of::<PyDialect>("_csv.Dialect")
};
