//! `cell`: a variable that several functions share.

use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::protocol::{compare, object as obj};
use crate::shape;
use crate::types::slots::CompareOp;
use crate::types::type_::{GetSetDef, New, TypeDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Payload of a cell.
#[repr(C)]
pub struct PyCell {
    header: Header,
    /// The variable's value, NULL while it is unbound.
    pub content: OwnedCell,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyCell {
    const SHAPE: u32 = shape::CELL;
}

impl PyCell {
    /// A new cell that holds `content` (NULL: unbound).
    pub fn new(content: Value) -> Ref {
        let content = OwnedCell::from_option(content.non_null().map(Value::to_ref));
        object::new(PyCell { header: object::header(), content })
    }
}

fn this<'a>(v: Value) -> &'a PyCell {
    // SAFETY: slots and getters of `cell` get cells.
    unsafe { v.cast_unchecked::<PyCell>() }
}

fn cell_new(_: &Vm, _: TypeRef, args: &[Value]) -> PyResult {
    Ok(PyCell::new(args[0]))
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let at = obj::address(v);
    Ok(match this(v).content.get().non_null() {
        None => vm.new_str(&format!("<cell at {at:#x}: empty>")),
        Some(c) => vm.new_str(&format!(
            "<cell at {at:#x}: {} object at {:#x}>",
            vm.type_of(c).full_name(),
            obj::address(c)
        )),
    })
}

/// Cells compare by content; an empty one comes first.
fn compare_cells(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.cast_exact::<PyCell>(), b.cast_exact::<PyCell>()) else {
        return compare::declined(vm);
    };
    match (x.content.get_ref(), y.content.get_ref()) {
        (Some(x), Some(y)) => compare::rich(vm, x.value(), y.value(), op),
        (x, y) => Ok(vm.bool_ref(op.test(x.is_some().cmp(&y.is_some())))),
    }
}

fn get_contents(vm: &Vm, v: Value) -> PyResult {
    this(v).content.get_ref().ok_or_else(|| vm.value_error("cell is empty"))
}

fn set_contents(_: &Vm, v: Value, new: Value) -> PyResult<()> {
    drop(this(v).content.replace(new.non_null().map(Value::to_ref)));
    Ok(())
}

/// The type `cell`.
pub static DEF: TypeDef = TypeDef {
    doc: "Create a new cell object.\n\n  contents\n    the contents of the cell. If not specified, the cell will be empty,\n    and further attempts to access its cell_contents attribute will\n    raise a ValueError.",
    flags: 0,
    new: New::Bound("(contents=<unrepresentable>, /)", cell_new),
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyCell>);
        s.traverse = crate::traverse_fields!(PyCell: content);
        s.clear = crate::clear_fields!(PyCell: content);
        s.repr = Some(repr);
        s.compare = Some(compare_cells);
    },
    getset: &[GetSetDef::get_set("cell_contents", get_contents, set_contents, "")],
    ..TypeDef::of::<PyCell>("cell")
};
