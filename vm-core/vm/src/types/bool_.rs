//! `bool`: two immortal ints with other names.

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::object;
use crate::protocol::number::BinaryOp;
use crate::protocol::truth;
use crate::shape;
use crate::types::int;
use crate::types::type_::{New, TypeDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Makes `True` or `False`.
pub(crate) fn make(b: bool) -> Value {
    let r = object::new(int::payload(b as i64));
    // SAFETY: a fresh object; a bool has int's payload.
    unsafe { (*r.pointer()).shape = shape::BOOL };
    Value::immortal(r.into_value().pointer())
}

fn bool_new(vm: &Vm, _: TypeRef, args: &[Value]) -> PyResult {
    match args[0].non_null() {
        Some(v) => truth::truth(vm, v).map(|b| vm.bool_ref(b)),
        None => Ok(vm.bool_ref(false)),
    }
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    Ok(vm.intern(if v.is(vm.true_()) { "True" } else { "False" }).to_ref())
}

fn both(vm: &Vm, a: Value, b: Value) -> Option<(bool, bool)> {
    let is_bool = |v: Value| v.has_shape(shape::BOOL);
    (is_bool(a) && is_bool(b)).then(|| (a.is(vm.true_()), b.is(vm.true_())))
}

macro_rules! logical {
    ($name:ident, $op:tt, $fallback:expr) => {
        fn $name(vm: &Vm, a: Value, b: Value) -> PyResult {
            match both(vm, a, b) {
                Some((x, y)) => Ok(vm.bool_ref(x $op y)),
                None => match vm.builtin(shape::INT).slots().binary[$fallback as usize] {
                    Some(f) => f(vm, a, b),
                    None => Ok(vm.not_implemented().to_ref()),
                },
            }
        }
    };
}

logical!(and, &, BinaryOp::And);
logical!(or, |, BinaryOp::Or);
logical!(xor, ^, BinaryOp::Xor);

fn invert(vm: &Vm, v: Value) -> PyResult {
    let text = "Bitwise inversion '~' on bool is deprecated and will be removed in Python 3.16. This returns the bitwise \
                inversion of the underlying int object and is usually not what you expect from the negation of a bool object. \
                Use the 'not' operator for boolean negation or ~int(x) for the bitwise inversion of the underlying int.";
    crate::runtime::warn(vm, shape::DEPRECATION_WARNING, text, 1)?;
    Ok(Ref::small_int(if v.is(vm.true_()) { -2 } else { -1 }))
}

/// The text of `bool`'s own conversions, for `repr` of containers.
pub fn is_true(vm: &Vm, v: Value) -> bool {
    v.is(vm.true_())
}

/// Calls as `bool(*args)` natively.
pub fn call(vm: &Vm, args: CallArgs) -> PyResult {
    crate::types::type_::call(vm, vm.builtin(shape::BOOL).value(), args)
}

pub static DEF: TypeDef = TypeDef {
    doc: "Returns True when the argument is true, False otherwise.\nThe builtins True and False are the only two instances of the class bool.\nThe class bool is a subclass of the class int, and cannot be subclassed.",
    flags: 0,
    new: New::Bound("(object=False, /)", bool_new),
    slots: |s| {
        s.repr = Some(repr);
        s.invert = Some(invert);
        s.binary[BinaryOp::And as usize] = Some(and);
        s.binary[BinaryOp::Or as usize] = Some(or);
        s.binary[BinaryOp::Xor as usize] = Some(xor);
    },
    ..TypeDef::of::<int::PyInt>("bool")
};
