//! The module `_weakref`: references, and proxies that stand for their object.

use crate::args::CallArgs;
use crate::error::{PyResult, Raised};
use crate::native::{ModuleDef, add};
use crate::protocol::number::{self, BinaryOp};
use crate::protocol::{attr, call, compare, item, iter, object as obj, truth};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::slots::Slots;
use crate::types::type_::{MethodDef, New, TypeDef};
use crate::types::weakref::{self, PyWeakRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

#[cold]
fn gone(vm: &Vm) -> Raised {
    vm.reference_error("weakly-referenced object no longer exists")
}

fn is_proxy(v: Value) -> bool {
    v.has_shape(shape::WEAK_PROXY) || v.has_shape(shape::WEAK_CALLABLE_PROXY)
}

/// The object behind a proxy.
fn behind(vm: &Vm, v: Value) -> PyResult {
    // SAFETY: both proxy types have the payload of a weak reference.
    unsafe { v.cast_unchecked::<PyWeakRef>() }.get().ok_or_else(|| gone(vm))
}

/// The object behind a proxy, anything else as it is.
fn unwrap(vm: &Vm, v: Value) -> PyResult {
    if v.is_object() && is_proxy(v) { behind(vm, v) } else { Ok(v.to_ref()) }
}

fn binary<const OP: usize>(vm: &Vm, a: Value, b: Value) -> PyResult {
    let (a, b) = (unwrap(vm, a)?, unwrap(vm, b)?);
    number::binary(vm, a.value(), b.value(), OPS[OP])
}

fn inplace<const OP: usize>(vm: &Vm, a: Value, b: Value) -> PyResult {
    let (a, b) = (unwrap(vm, a)?, unwrap(vm, b)?);
    number::inplace(vm, a.value(), b.value(), OPS[OP])
}

const OPS: [BinaryOp; 14] = [
    BinaryOp::Add,
    BinaryOp::And,
    BinaryOp::FloorDivide,
    BinaryOp::Lshift,
    BinaryOp::MatrixMultiply,
    BinaryOp::Multiply,
    BinaryOp::Remainder,
    BinaryOp::Or,
    BinaryOp::Power,
    BinaryOp::Rshift,
    BinaryOp::Subtract,
    BinaryOp::TrueDivide,
    BinaryOp::Xor,
    BinaryOp::Divmod,
];

macro_rules! operators {
    ($s:ident: $($i:literal)*) => {
        $(
            $s.binary[OPS[$i] as usize] = Some(binary::<$i>);
            if $i < 13 {
                $s.inplace[OPS[$i] as usize] = Some(inplace::<$i>);
            }
        )*
    };
}

fn proxy_repr(vm: &Vm, v: Value) -> PyResult {
    // SAFETY: slot of the proxy types.
    let text = match unsafe { v.cast_unchecked::<PyWeakRef>() }.get() {
        Some(o) => format!(
            "<weakproxy at {:#x}; to '{}' at {:#x}>",
            obj::address(v),
            crate::types::type_name(vm, vm.type_of(o.value())),
            obj::address(o.value())
        ),
        None => format!("<weakproxy at {:#x}; dead>", obj::address(v)),
    };
    Ok(vm.new_str(&text))
}

fn proxy_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let o = behind(vm, v)?;
    if !iter::is_iterator(vm, o.value()) {
        return Err(vm.type_error(format!(
            "Weakref proxy referenced a non-iterator '{}' object",
            vm.type_of(o.value()).full_name()
        )));
    }
    iter::next(vm, o.value())
}

fn slots(s: &mut Slots) {
    operators!(s: 0 1 2 3 4 5 6 7 8 9 10 11 12 13);
    weakref::ending_slots(s);
    s.repr = Some(proxy_repr);
    s.str = Some(|vm, v| obj::str(vm, behind(vm, v)?.value()));
    s.hash = Some(|vm, v| {
        Err(vm.type_error(format!("unhashable type: '{}'", vm.type_of(v).full_name())))
    });
    s.get_attr = Some(|vm, v, name| attr::get(vm, behind(vm, v)?.value(), name));
    s.set_attr = Some(|vm, v, name, x| attr::set(vm, behind(vm, v)?.value(), name, x));
    s.compare = Some(|vm, a, b, op| {
        let (a, b) = (unwrap(vm, a)?, unwrap(vm, b)?);
        compare::rich(vm, a.value(), b.value(), op)
    });
    s.iter = Some(|vm, v| iter::get_iter(vm, behind(vm, v)?.value()));
    s.next = Some(proxy_next);
    s.len = Some(|vm, v| item::length(vm, behind(vm, v)?.value()));
    s.get_item = Some(|vm, v, k| item::get(vm, behind(vm, v)?.value(), k));
    s.set_item = Some(|vm, v, k, x| {
        let o = behind(vm, v)?;
        if x.is_null() { item::delete(vm, o.value(), k) } else { item::set(vm, o.value(), k, x) }
    });
    s.contains = Some(|vm, v, x| item::contains(vm, behind(vm, v)?.value(), x));
    s.bool_ = Some(|vm, v| truth::truth(vm, behind(vm, v)?.value()));
    s.neg = Some(|vm, v| number::neg(vm, behind(vm, v)?.value()));
    s.pos = Some(|vm, v| number::pos(vm, behind(vm, v)?.value()));
    s.abs = Some(|vm, v| number::abs(vm, behind(vm, v)?.value()));
    s.invert = Some(|vm, v| number::invert(vm, behind(vm, v)?.value()));
    s.int = Some(|vm, v| call::call_args(vm, vm.builtin(shape::INT).value(), &[behind(vm, v)?.value()]));
    s.float = Some(|vm, v| call::call_args(vm, vm.builtin(shape::FLOAT).value(), &[behind(vm, v)?.value()]));
    s.index = Some(|vm, v| number::index(vm, behind(vm, v)?.value()));
}

const PROXY_METHODS: &[MethodDef] = &[
    MethodDef::new("__bytes__", "($self, /)", |vm, a| call::call_method(vm, behind(vm, a[0])?.value(), "__bytes__", &[]), ""),
    MethodDef::new("__reversed__", "($self, /)", |vm, a| call::call_method(vm, behind(vm, a[0])?.value(), "__reversed__", &[]), ""),
];

pub static PROXY: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    slots,
    methods: PROXY_METHODS,
    ..TypeDef::of::<PyWeakRef>("weakref.ProxyType")
};

pub static CALLABLE_PROXY: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        slots(s);
        s.call = Some(|vm, v, args: CallArgs| call::call(vm, behind(vm, v)?.value(), args));
    },
    methods: PROXY_METHODS,
    ..TypeDef::of::<PyWeakRef>("weakref.CallableProxyType")
};

fn proxy(vm: &Vm, a: &[Value]) -> PyResult {
    let callback = a[1].non_null().filter(|c| !c.is(vm.none())).unwrap_or(Value::NULL);
    let id = if call::is_callable(vm, a[0]) { shape::WEAK_CALLABLE_PROXY } else { shape::WEAK_PROXY };
    weakref::new(vm, vm.builtin(id), a[0], callback)
}

fn getweakrefcount(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.new_int(weakref::all(vm, a[0]).len() as i64))
}

fn getweakrefs(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(crate::types::list::PyList::new(vm, weakref::all(vm, a[0])))
}

/// Deletes an entry of a dictionary of weak references whose object is gone.
fn remove_dead_weakref(vm: &Vm, a: &[Value]) -> PyResult {
    let Some(d) = a[0].cast::<PyDict>() else {
        return Err(vm.type_error(format!(
            "_remove_dead_weakref() argument 1 must be dict, not {}",
            vm.type_of(a[0]).full_name()
        )));
    };
    if let Some(v) = d.get(vm, a[1])? {
        let Some(w) = v.cast::<PyWeakRef>() else { return Err(vm.type_error("not a weakref")) };
        if w.get().is_none() {
            d.delete(vm, a[1])?;
        }
    }
    Ok(vm.none_ref())
}

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    for (name, id) in [
        ("ref", shape::WEAKREF),
        ("ReferenceType", shape::WEAKREF),
        ("ProxyType", shape::WEAK_PROXY),
        ("CallableProxyType", shape::WEAK_CALLABLE_PROXY),
    ] {
        add(vm, m, name, vm.builtin(id).value())?;
    }
    Ok(())
}

pub(super) static MODULE: ModuleDef = ModuleDef {
    name: "_weakref",
    doc: "Weak-reference support module.",
    functions: &[
        MethodDef::new("getweakrefcount", "(object, /)", getweakrefcount, "Return the number of weak references to 'object'."),
        MethodDef::new("getweakrefs", "(object, /)", getweakrefs, "Return a list of all weak reference objects pointing to 'object'."),
        MethodDef::new("proxy", "(object, callback=None, /)", proxy, "Create a proxy object that weakly references 'object'."),
        MethodDef::new("_remove_dead_weakref", "(dct, key, /)", remove_dead_weakref, "Atomically remove key from dict if it points to a dead weakref."),
    ],
    init,
};
