//! `method`: a function bound to the object that it was got from.

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::protocol::{attr, call, compare, object as obj};
use crate::shape;
use crate::types::slots::CompareOp;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Payload of a bound method.
#[repr(C)]
pub struct PyMethod {
    header: Header,
    pub function: Ref,
    pub receiver: Ref,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyMethod {
    const SHAPE: u32 = shape::METHOD;
}

impl PyMethod {
    /// Binds `function` to `receiver`.
    pub fn new(function: Value, receiver: Value) -> Ref {
        let (function, receiver) = (function.to_ref(), receiver.to_ref());
        object::new_instance(
            Vm::current().builtin(shape::METHOD),
            PyMethod { header: object::header(), function, receiver },
        )
    }
}

fn this<'a>(v: Value) -> &'a PyMethod {
    // SAFETY: getters and slots of `method` get methods.
    unsafe { v.cast_unchecked::<PyMethod>() }
}

fn method_call(vm: &Vm, m: Value, args: CallArgs) -> PyResult {
    let m = this(m);
    let mut all = smallvec::SmallVec::<[Value; 8]>::with_capacity(args.args.len() + 1);
    all.push(m.receiver.value());
    all.extend_from_slice(args.args);
    call::call(vm, m.function.value(), CallArgs { args: &all, kwnames: args.kwnames })
}

fn method_repr(vm: &Vm, v: Value) -> PyResult {
    let m = this(v);
    let names = vm.names();
    let name = match attr::get_opt(vm, m.function.value(), names.__qualname__)? {
        Some(q) => Some(q),
        None => attr::get_opt(vm, m.function.value(), names.__name__)?,
    };
    let name = match &name {
        Some(n) if n.cast::<PyStr>().is_some() => obj::text(n.value()),
        _ => "?".to_owned(),
    };
    let receiver = obj::repr_text(vm, m.receiver.value())?;
    Ok(vm.new_str(&format!("<bound method {name} of {receiver}>")))
}

fn method_compare(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.cast::<PyMethod>(), b.cast::<PyMethod>()) else {
        return compare::declined(vm);
    };
    if !matches!(op, CompareOp::Eq | CompareOp::Ne) {
        return compare::declined(vm);
    }
    let equal = compare::eq(vm, x.function.value(), y.function.value())? && x.receiver.is(*y.receiver);
    Ok(vm.bool_ref(equal == (op == CompareOp::Eq)))
}

fn method_hash(vm: &Vm, m: Value) -> PyResult<i64> {
    let m = this(m);
    let h = obj::identity_hash(m.receiver.value()) ^ obj::hash(vm, m.function.value())?;
    Ok(if h == -1 { -2 } else { h })
}

fn get_attr(vm: &Vm, m: Value, name: Value) -> PyResult {
    if let Some(d) = vm.builtin(shape::METHOD).lookup(vm, name) {
        return match vm.type_of(d).slots().descr_get {
            Some(get) => get(vm, d, m, vm.builtin(shape::METHOD).value()),
            None => Ok(d.to_ref()),
        };
    }
    attr::get(vm, this(m).function.value(), name)
}

fn reduce(vm: &Vm, args: &[Value]) -> PyResult {
    let m = this(args[0]);
    let getattr = crate::runtime::import_attr(vm, "builtins", "getattr")?;
    let name = attr::get(vm, m.function.value(), vm.names().__name__)?;
    let inner = PyTuple::from_slice(vm, &[m.receiver.value(), name.value()]);
    Ok(PyTuple::pair(getattr, inner))
}

fn method_new(vm: &Vm, _ty: TypeRef, args: &[Value]) -> PyResult {
    if !call::is_callable(vm, args[0]) {
        return Err(vm.type_error("first argument must be callable"));
    }
    if args[1].is(vm.none()) {
        return Err(vm.type_error("instance must not be None"));
    }
    Ok(PyMethod::new(args[0], args[1]))
}

/// The type `method`.
pub static DEF: TypeDef = TypeDef {
    doc: "Create a bound instance method object.",
    flags: flags::HEAP | flags::PREFIX | flags::WEAKREF,
    new: New::Bound("(function, instance, /)", method_new),
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyMethod>);
        s.traverse = crate::traverse_fields!(PyMethod: function, receiver);
        s.repr = Some(method_repr);
        s.hash = Some(method_hash);
        s.call = Some(method_call);
        s.compare = Some(method_compare);
        s.get_attr = Some(get_attr);
        // Binding a bound method again changes nothing.
        s.descr_get = Some(|_, m, _, _| Ok(m.to_ref()));
    },
    methods: &[MethodDef::new("__reduce__", "($self, /)", reduce, "")],
    getset: &[
        GetSetDef::member("__func__", |_, m| Ok(this(m).function.clone()), "the function (or other callable) implementing a method"),
        GetSetDef::member("__self__", |_, m| Ok(this(m).receiver.clone()), "the instance to which a method is bound"),
        GetSetDef::get("__doc__", |vm, m| attr::get(vm, this(m).function.value(), vm.names().__doc__), ""),
    ],
    ..TypeDef::of::<PyMethod>("method")
};
