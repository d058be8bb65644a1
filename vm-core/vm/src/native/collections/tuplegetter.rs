//! `collections._tuplegetter`: the descriptor behind the fields of named tuples.

use crate::error::PyResult;
use crate::object::{self, Header};
use crate::protocol::item;
use crate::types::iterators::payload;
use crate::types::repr_writer::ReprWriter;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef};
use crate::owned_cell::OwnedCell;
use crate::value::Value;
use crate::vm::Vm;

/// Reads one item of a tuple.
#[repr(C)]
pub struct TupleGetter {
    header: Header,
    index: isize,
    doc: OwnedCell,
}
payload!(TupleGetter, TUPLEGETTER);

pub static TUPLEGETTER: TypeDef = TypeDef {
    flags: 0,
    slots: |s| {
        s.drop = Some(object::drop_payload::<TupleGetter>);
        s.traverse = crate::traverse_fields!(TupleGetter: doc);
        s.clear = crate::clear_fields!(TupleGetter: doc);
        s.repr = Some(repr);
        s.descr_get = Some(get);
        s.descr_set = Some(|vm, d, _, value| {
            let what = if value.is_null() { "can't delete attribute" } else { "can't set attribute" };
            Err(vm.attribute_error(d, vm.empty_str(), what))
        });
    },
    new: New::Bound("(index, doc, /)", new),
    methods: &[MethodDef::new("__reduce__", "($self, /)", reduce, "")],
    getset: &[GetSetDef::member_set(
        "__doc__",
        |vm, v| Ok(TupleGetter::of(v).doc.get_ref().unwrap_or_else(|| vm.none_ref())),
        |_, v, value| {
            drop(TupleGetter::of(v).doc.replace(value.non_null().map(Value::to_ref)));
            Ok(())
        },
        "",
    )],
    ..TypeDef::of::<TupleGetter>("collections._tuplegetter")
};

fn new(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    let index = item::ssize_arg(vm, a[0])?;
    let doc = OwnedCell::new(a[1].to_ref());
    Ok(object::new_instance(ty, TupleGetter { header: object::header(), index, doc }))
}

fn get(vm: &Vm, d: Value, instance: Value, _owner: Value) -> PyResult {
    let getter = TupleGetter::of(d);
    if instance.is_null() {
        return Ok(d.to_ref());
    }
    match instance.cast::<PyTuple>() {
        Some(t) => match usize::try_from(getter.index).ok().and_then(|i| t.get(i)) {
            Some(v) => Ok(v.to_ref()),
            None => Err(vm.index_error("tuple index out of range")),
        },
        None if instance.is(vm.none()) => Ok(d.to_ref()),
        None => Err(vm.type_error(format!(
            "descriptor for index '{}' for tuple subclasses doesn't apply to '{}' object",
            getter.index,
            vm.type_of(instance).full_name()
        ))),
    }
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let g = TupleGetter::of(v);
    let mut w = ReprWriter::new(&format!("{}({}, ", vm.type_of(v).name(), g.index));
    w.push_repr(vm, g.doc.get().non_null().unwrap_or(vm.none()))?;
    w.push(")");
    Ok(w.finish(vm))
}

fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let g = TupleGetter::of(a[0]);
    let doc = g.doc.get_ref().unwrap_or_else(|| vm.none_ref());
    let args = PyTuple::pair(vm.new_int(g.index as i64), doc);
    Ok(PyTuple::pair(vm.type_of(a[0]).to_ref(), args))
}
