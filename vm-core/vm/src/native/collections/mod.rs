//! The module `_collections`: what `collections` is made of.

mod defaultdict;
mod deque;
mod deque_iterator;
mod ordered_dict;
mod ordered_views;
mod tuplegetter;

pub use defaultdict::DEFAULTDICT;
pub use deque::{DEQUE, PyDeque};
pub use deque_iterator::{DEQUE_ITERATOR, DEQUE_REVERSE_ITERATOR};
pub use ordered_dict::{ORDERED_DICT, PyOrderedDict};
pub use ordered_views::{ODICT_ITEMS, ODICT_ITERATOR, ODICT_KEYS, ODICT_VALUES};
pub use tuplegetter::TUPLEGETTER;

use crate::error::PyResult;
use crate::native::{self, ModuleDef};
use crate::protocol::number::{self, BinaryOp};
use crate::protocol::{attr, call, item, iter};
use crate::shape;
use crate::types::dict::{self, PyDict};
use crate::types::type_::MethodDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

pub static MODULE: ModuleDef = ModuleDef {
    name: "_collections",
    doc: "High performance data structures:\n\
          - deque: a sequence that grows and shrinks at both ends\n\
          - defaultdict: a dictionary with a function that makes missing values",
    functions: &[MethodDef::new(
        "_count_elements",
        "($module, mapping, iterable, /)",
        count_elements,
        "Adds one to the mapping's value for each element of the iterable.",
    )],
    init,
};

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    for (name, id) in [
        ("deque", shape::DEQUE),
        ("defaultdict", shape::DEFAULTDICT),
        ("OrderedDict", shape::ORDERED_DICT),
        ("_deque_iterator", shape::DEQUE_ITERATOR),
        ("_deque_reverse_iterator", shape::DEQUE_REVERSE_ITERATOR),
        ("_tuplegetter", shape::TUPLEGETTER),
    ] {
        native::add(vm, m, name, vm.builtin(id).value())?;
    }
    Ok(())
}

/// Whether a method of the mapping's type is that of `dict` itself.
fn same_method(vm: &Vm, mapping: Value, name: Value) -> bool {
    let own = vm.type_of(mapping).lookup(vm, name);
    match (own, vm.builtin(shape::DICT).lookup(vm, name)) {
        (Some(a), Some(b)) => a.is(b),
        _ => false,
    }
}

/// Bound values: module, mapping, iterable.
fn count_elements(vm: &Vm, a: &[Value]) -> PyResult {
    let (mapping, iterable) = (a[1], a[2]);
    let one = Value::small_int(1);
    let it = iter::get_iter(vm, iterable)?;
    let plain = same_method(vm, mapping, vm.names().get) && same_method(vm, mapping, vm.names().__setitem__);
    if let Some(d) = mapping.cast::<PyDict>()
        && plain
    {
        while let Some(key) = iter::next(vm, it.value())? {
            let hash = dict::hash_of(vm, key.value())?;
            let sum = match d.get_hashed(vm, key.value(), hash)? {
                Some(old) => number::binary(vm, old.value(), one, BinaryOp::Add)?,
                None => Ref::small_int(1),
            };
            d.set_hashed(vm, key.value(), hash, sum.value())?;
        }
        return Ok(vm.none_ref());
    }
    let get = attr::get(vm, mapping, vm.names().get)?;
    while let Some(key) = iter::next(vm, it.value())? {
        let old = call::call_args(vm, get.value(), &[key.value(), Value::small_int(0)])?;
        let sum = number::binary(vm, old.value(), one, BinaryOp::Add)?;
        item::set(vm, mapping, key.value(), sum.value())?;
    }
    Ok(vm.none_ref())
}
