//! `cmp_to_key`.

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::protocol::{call, compare};
use crate::types::iterators::payload;
use crate::types::slots::CompareOp;
use crate::types::type_::{GetSetDef, New, TypeDef};
use crate::value::Value;
use crate::vm::Vm;

/// A comparison function, and once it was called, the object that it compares.
#[repr(C)]
pub struct KeyWrapper {
    header: Header,
    compare: OwnedCell,
    object: OwnedCell,
}
payload!(KeyWrapper, KEY_WRAPPER);

pub static KEY_WRAPPER: TypeDef = TypeDef {
    flags: 0,
    slots: |s| {
        s.drop = Some(object::drop_payload::<KeyWrapper>);
        s.traverse = crate::traverse_fields!(KeyWrapper: compare, object);
        s.call = Some(call_key);
        s.compare = Some(compare_keys);
    },
    new: New::Disallowed,
    getset: &[
        GetSetDef::member_set(
            "obj",
            |vm, v| Ok(KeyWrapper::of(v).object.get_ref().unwrap_or_else(|| vm.none_ref())),
            |_, v, value| {
                drop(KeyWrapper::of(v).object.replace(value.non_null().map(Value::to_ref)));
                Ok(())
            },
            "Value wrapped by a key function.",
        ),
        GetSetDef::get("__text_signature__", |vm, _| Ok(vm.new_str("(obj)")), ""),
    ],
    ..TypeDef::of::<KeyWrapper>("functools.KeyWrapper")
};

fn wrapper(compare: Value, object: Option<Value>) -> crate::value::Ref {
    object::new(KeyWrapper {
        header: object::header(),
        compare: OwnedCell::new(compare.to_ref()),
        object: OwnedCell::from_option(object.map(Value::to_ref)),
    })
}

/// Bound values: module, comparison function.
pub fn cmp_to_key(_vm: &Vm, a: &[Value]) -> PyResult {
    Ok(wrapper(a[1], None))
}

fn call_key(vm: &Vm, v: Value, args: CallArgs) -> PyResult {
    vm.signatures
        .get("(obj)")
        .bind(vm, "K", None, args, |a| Ok(wrapper(KeyWrapper::of(v).compare.get(), Some(a[0]))))
}

fn compare_keys(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.cast::<KeyWrapper>(), b.cast::<KeyWrapper>()) else {
        return Err(vm.type_error("other argument must be K instance"));
    };
    let (Some(p), Some(q)) = (x.object.get_ref(), y.object.get_ref()) else {
        return Err(vm.attribute_error(a, vm.intern("object"), "object"));
    };
    let f = x.compare.get().to_ref();
    let r = call::call_args(vm, f.value(), &[p.value(), q.value()])?;
    compare::rich(vm, r.value(), Value::small_int(0), op)
}
