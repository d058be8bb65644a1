//! The type `code`: attributes of code objects, and their comparison.
//!
//! | file | holds |
//! |---|---|
//! | `make.rs` | `types.CodeType(...)` and `replace()` |
//! | `walk.rs` | `co_lines()` and the like: what goes over the instructions |

mod make;
mod walk;

use std::sync::Arc;

use tailscope_bytecode::code::{Code, kinds};

use crate::code::PyCode;
use crate::error::PyResult;
use crate::object;
use crate::protocol::object as obj;
use crate::shape;
use crate::types::slots::CompareOp;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, flags};
use crate::types::bytes;
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
    let equal = same_code(x, y) && constants_equal(vm, x, y)?;
    match op {
        CompareOp::Eq => Ok(vm.bool_ref(equal)),
        CompareOp::Ne => Ok(vm.bool_ref(!equal)),
        _ => Ok(vm.not_implemented().to_ref()),
    }
}

/// Whether all that is compared but the constants is equal.
fn same_code(x: &PyCode, y: &PyCode) -> bool {
    let (a, b): (&Code, &Code) = (&x.code, &y.code);
    // File name, qualified name and stack size do not count.
    std::ptr::eq(a, b)
        || (a.name == b.name
            && (a.argcount, a.posonlyargcount, a.kwonlyargcount) == (b.argcount, b.posonlyargcount, b.kwonlyargcount)
            && (a.flags, a.firstlineno) == (b.flags, b.firstlineno)
            && a.code == b.code
            && a.names == b.names
            && a.localsplusnames == b.localsplusnames
            && a.localspluskinds == b.localspluskinds
            && a.linetable == b.linetable
            && a.exceptiontable == b.exceptiontable)
}

fn constants_equal(vm: &Vm, x: &PyCode, y: &PyCode) -> PyResult<bool> {
    if Arc::ptr_eq(&x.code, &y.code) && !x.has_foreign_consts() && !y.has_foreign_consts() {
        return Ok(true);
    }
    let (a, b) = (x.consts(), y.consts());
    if a.len() != b.len() {
        return Ok(false);
    }
    for (i, (v, w)) in a.iter().zip(b).enumerate() {
        let equal = if v.is(*w) {
            true
        } else if v.has_shape(shape::CODE) || x.has_foreign_consts() || y.has_foreign_consts() {
            vm.type_of(*v).is(vm.type_of(*w)) && crate::protocol::compare::eq(vm, *v, *w)?
        } else {
            x.code.consts[i] == y.code.consts[i]
        };
        if !equal {
            return Ok(false);
        }
    }
    Ok(true)
}

fn hash(_: &Vm, v: Value) -> PyResult<i64> {
    let c = &this(v).code;
    let h = crate::types::str_::hash_bytes(&c.code)
        ^ crate::types::str_::hash_bytes(c.name.as_bytes())
        ^ crate::types::str_::hash_bytes(&c.linetable)
        ^ c.firstlineno as i64;
    Ok(if h == -1 { -2 } else { h })
}

/// The name of a slot, for `dis`.
fn varname_from_oparg(vm: &Vm, a: &[Value]) -> PyResult {
    let c = this(a[0]);
    let i = crate::convert::c_int(vm, a[1])?;
    let name = usize::try_from(i).ok().and_then(|i| c.localsplus_names.get(i));
    name.map(|n| n.to_ref()).ok_or_else(|| vm.index_error("tuple index out of range"))
}

pub static DEF: TypeDef = TypeDef {
    doc: "Create a code object.  Not for the faint of heart.",
    flags: flags::HEAP | flags::PREFIX | flags::WEAKREF,
    new: New::Bound(make::NEW, make::new),
    slots: |s| {
        s.repr = Some(repr);
        s.compare = Some(compare);
        s.hash = Some(hash);
        s.drop = Some(object::drop_payload::<PyCode>);
    },
    methods: &[
        MethodDef::new("co_positions", "($self, /)", walk::positions, ""),
        MethodDef::new("co_lines", "($self, /)", walk::lines, ""),
        MethodDef::new("co_branches", "($self, /)", walk::branches, ""),
        MethodDef::new("replace", make::REPLACE, make::replace, "Return a copy of the code object with new values for the specified fields."),
        MethodDef::new("__replace__", make::REPLACE, make::replace, "The same as replace()."),
        MethodDef::new("_varname_from_oparg", "($self, /, oparg)", varname_from_oparg, "(internal-only) Return the local variable name for the given oparg.\n\nWARNING: this method is for internal use only and may change or go away."),
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
        GetSetDef::get("_co_code_adaptive", walk::adaptive, ""),
        GetSetDef::get("co_lnotab", walk::lnotab, ""),
    ],
    ..TypeDef::of::<PyCode>("code")
};

/// Whether a value is a code object.
pub fn is_code(v: Value) -> bool {
    v.has_shape(shape::CODE)
}
