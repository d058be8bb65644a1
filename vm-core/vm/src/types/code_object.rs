//! The type `code`: attributes of code objects, and their making and comparison.

use std::sync::Arc;

use tailscope_bytecode::code::{Code, kinds};

use crate::code::PyCode;
use crate::error::PyResult;
use crate::object;
use crate::protocol::object as obj;
use crate::shape;
use crate::types::slots::CompareOp;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef};
use crate::types::{bytes, int};
use crate::value::{Ref, Value};
use crate::vm::Vm;

fn this<'a>(v: Value) -> &'a PyCode {
    // SAFETY: slots and getters of `code` get code objects.
    unsafe { v.cast_unchecked::<PyCode>() }
}

fn number(i: u32) -> PyResult {
    Ok(Ref::small_int(i as i64))
}

fn names(vm: &Vm, names: impl Iterator<Item = Value>) -> PyResult {
    Ok(PyTuple::from_vec(vm, names.map(|n| n.to_ref()).collect()))
}

fn of_kind(vm: &Vm, c: Value, kind: u8) -> PyResult {
    let c = this(c);
    names(vm, c.localsplus_names.iter().enumerate().filter(|(i, _)| c.kind(*i) & kind != 0).map(|(_, n)| *n))
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let c = this(v);
    Ok(vm.new_str(&format!(
        "<code object {} at {:#x}, file \"{}\", line {}>",
        obj::text(c.name),
        obj::address(v),
        obj::text(c.filename.value()),
        if c.code.firstlineno == 0 { -1 } else { c.code.firstlineno }
    )))
}

fn compare(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.cast::<PyCode>(), b.cast::<PyCode>()) else {
        return Ok(vm.not_implemented().to_ref());
    };
    let equal = Arc::ptr_eq(&x.code, &y.code) || {
        // CPython leaves file names out of the comparison.
        let mut other = (*y.code).clone();
        other.filename = x.code.filename.clone();
        *x.code == other
    };
    match op {
        CompareOp::Eq => Ok(vm.bool_ref(equal)),
        CompareOp::Ne => Ok(vm.bool_ref(!equal)),
        _ => Ok(vm.not_implemented().to_ref()),
    }
}

fn hash(_: &Vm, v: Value) -> PyResult<i64> {
    let c = &this(v).code;
    let h = crate::types::str_::hash_bytes(&c.code)
        ^ crate::types::str_::hash_bytes(c.name.as_bytes())
        ^ c.firstlineno as i64;
    Ok(if h == -1 { -2 } else { h })
}

/// `co_positions()`: a tuple of four for each code unit.
fn positions(vm: &Vm, a: &[Value]) -> PyResult {
    let part = |p: Option<i32>| p.map_or(vm.none_ref(), |p| Ref::small_int(p as i64));
    let all = this(a[0])
        .positions()
        .iter()
        .map(|p| PyTuple::from_vec(vm, vec![part(p.line), part(p.end_line), part(p.column), part(p.end_column)]))
        .collect();
    let t = PyTuple::from_vec(vm, all);
    crate::protocol::iter::get_iter(vm, t.value())
}

/// `co_lines()`: start, end (in bytes) and line of each run of code units.
fn lines(vm: &Vm, a: &[Value]) -> PyResult {
    let mut out: Vec<(usize, usize, Option<i32>)> = Vec::new();
    for (i, p) in this(a[0]).positions().iter().enumerate() {
        match out.last_mut() {
            Some((_, end, line)) if *line == p.line => *end = 2 * i + 2,
            _ => out.push((2 * i, 2 * i + 2, p.line)),
        }
    }
    let tuples = out
        .into_iter()
        .map(|(s, e, l)| {
            let line = l.map_or(vm.none_ref(), |l| Ref::small_int(l as i64));
            PyTuple::from_vec(vm, vec![Ref::small_int(s as i64), Ref::small_int(e as i64), line])
        })
        .collect();
    let t = PyTuple::from_vec(vm, tuples);
    crate::protocol::iter::get_iter(vm, t.value())
}

/// The code units as they run now (`_co_code_adaptive`).
fn adaptive(vm: &Vm, v: Value) -> PyResult {
    let c = this(v);
    let units: Vec<u8> = (0..c.len()).flat_map(|i| c.unit(i).to_le_bytes()).collect();
    Ok(bytes::new(vm, &units))
}

fn replace(vm: &Vm, a: &[Value]) -> PyResult {
    let c = this(a[0]);
    let mut code: Code = (*c.code).clone();
    let put = |v: Value, slot: &mut u32| {
        if let Some(i) = v.non_null().and_then(int::to_i64) {
            *slot = i.clamp(0, u32::MAX as i64) as u32;
        }
    };
    put(a[1], &mut code.argcount);
    put(a[2], &mut code.posonlyargcount);
    put(a[3], &mut code.kwonlyargcount);
    put(a[4], &mut code.flags);
    if let Some(n) = a[5].non_null().and_then(int::to_i64) {
        code.firstlineno = n.clamp(i32::MIN as i64, i32::MAX as i64) as i32;
    }
    let text = |v: Value, slot: &mut Arc<str>| {
        if let Some(v) = v.non_null() {
            *slot = Arc::from(obj::text(v));
        }
    };
    text(a[6], &mut code.filename);
    text(a[7], &mut code.name);
    text(a[8], &mut code.qualname);
    PyCode::new(vm, &Arc::new(code))
}

pub static DEF: TypeDef = TypeDef {
    doc: "Create a code object.  Not for mere mortals.",
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        s.repr = Some(repr);
        s.compare = Some(compare);
        s.hash = Some(hash);
        s.drop = Some(object::drop_payload::<PyCode>);
    },
    methods: &[
        MethodDef::new("co_positions", "($self, /)", positions, ""),
        MethodDef::new("co_lines", "($self, /)", lines, ""),
        MethodDef::new("replace", "($self, /, *, co_argcount=None, co_posonlyargcount=None, co_kwonlyargcount=None, co_flags=None, co_firstlineno=None, co_filename=None, co_name=None, co_qualname=None)", replace, "Return a copy of the code object with new values for the specified fields."),
        MethodDef::new("__replace__", "($self, /, *, co_argcount=None, co_posonlyargcount=None, co_kwonlyargcount=None, co_flags=None, co_firstlineno=None, co_filename=None, co_name=None, co_qualname=None)", replace, "The same as replace()."),
    ],
    getset: &[
        GetSetDef::member("co_argcount", |_, c| number(this(c).argcount), ""),
        GetSetDef::member("co_posonlyargcount", |_, c| number(this(c).posonlyargcount), ""),
        GetSetDef::member("co_kwonlyargcount", |_, c| number(this(c).kwonlyargcount), ""),
        GetSetDef::member("co_stacksize", |_, c| number(this(c).code.stacksize), ""),
        GetSetDef::member("co_flags", |_, c| number(this(c).flags), ""),
        GetSetDef::member("co_firstlineno", |_, c| Ok(Ref::small_int(this(c).code.firstlineno as i64)), ""),
        GetSetDef::member("co_filename", |_, c| Ok(this(c).filename.clone()), ""),
        GetSetDef::member("co_name", |_, c| Ok(this(c).name.to_ref()), ""),
        GetSetDef::member("co_qualname", |_, c| Ok(this(c).qualname.clone()), ""),
        GetSetDef::member("co_names", |vm, c| names(vm, this(c).names.iter().copied()), ""),
        GetSetDef::member("co_consts", |vm, c| names(vm, this(c).consts().iter().copied()), ""),
        GetSetDef::member("co_linetable", |vm, c| Ok(bytes::new(vm, &this(c).code.linetable)), ""),
        GetSetDef::member("co_exceptiontable", |vm, c| Ok(bytes::new(vm, &this(c).code.exceptiontable)), ""),
        GetSetDef::get("co_nlocals", |_, c| number((0..this(c).nlocalsplus as usize).filter(|i| this(c).kind(*i) & kinds::LOCAL != 0).count() as u32), ""),
        GetSetDef::get("co_varnames", |vm, c| of_kind(vm, c, kinds::LOCAL), ""),
        GetSetDef::get("co_cellvars", |vm, c| of_kind(vm, c, kinds::CELL), ""),
        GetSetDef::get("co_freevars", |vm, c| of_kind(vm, c, kinds::FREE), ""),
        GetSetDef::get("co_code", |vm, c| Ok(bytes::new(vm, &this(c).code.code)), ""),
        GetSetDef::get("_co_code_adaptive", adaptive, ""),
    ],
    ..TypeDef::of::<PyCode>("code")
};

/// Whether a value is a code object.
pub fn is_code(v: Value) -> bool {
    v.has_shape(shape::CODE)
}
