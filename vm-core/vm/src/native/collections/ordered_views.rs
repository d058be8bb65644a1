//! Views of ordered dictionaries and their iterator.

use std::cell::Cell;

use crate::error::PyResult;
use crate::native::collections::ordered_dict::{PyOrderedDict, mutated};
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::protocol::iter;
use crate::shape;
use crate::types::dict::views::{PyDictView, dict_of, new_view};
use crate::types::iterators::{builtin_function, payload};
use crate::types::list::PyList;
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, New, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// What a view or an iterator shows.
pub type Kind = u8;
pub const KEYS: Kind = 0;
pub const VALUES: Kind = 1;
pub const ITEMS: Kind = 2;

/// Walks an ordered dictionary.
#[repr(C)]
pub struct OdictIterator {
    header: Header,
    kind: Kind,
    reverse: bool,
    /// NULL once exhausted.
    dict: OwnedCell,
    /// The dictionary's state and size at the start.
    state: usize,
    size: Cell<usize>,
    /// Forward: the next entry to look at. Reverse: one past it.
    pos: Cell<usize>,
    /// Items still to come.
    left: Cell<usize>,
}
payload!(OdictIterator, ODICT_ITERATOR);

/// A view of an ordered dictionary.
pub fn view(dict: Value, kind: Kind) -> Ref {
    match kind {
        KEYS => new_view::<{ shape::ODICT_KEYS }>(dict),
        VALUES => new_view::<{ shape::ODICT_VALUES }>(dict),
        _ => new_view::<{ shape::ODICT_ITEMS }>(dict),
    }
}

/// An iterator over an ordered dictionary.
pub fn iterator(dict: Value, kind: Kind, reverse: bool) -> Ref {
    let od = PyOrderedDict::of(dict);
    let n = od.dict.len();
    object::new(OdictIterator {
        header: object::header(),
        kind,
        reverse,
        dict: OwnedCell::new(dict.to_ref()),
        state: od.state.get(),
        size: Cell::new(n),
        pos: Cell::new(if reverse { od.dict.end_position() } else { 0 }),
        left: Cell::new(n),
    })
}

macro_rules! view_type {
    ($name:ident, $text:literal, $kind:expr) => {
        pub static $name: TypeDef = TypeDef {
            flags: 0,
            slots: |s| {
                s.drop = Some(object::drop_payload::<PyDictView<{ shape::$name }>>);
                s.iter = Some(|_, v| Ok(iterator(dict_of(v), $kind, false)));
            },
            new: New::Disallowed,
            methods: &[MethodDef::new(
                "__reversed__",
                "($self, /)",
                |_, a| Ok(iterator(dict_of(a[0]), $kind, true)),
                "An iterator from the last to the first.",
            )],
            ..TypeDef::of::<PyDictView<{ shape::$name }>>($text)
        };
    };
}

view_type!(ODICT_KEYS, "odict_keys", KEYS);
view_type!(ODICT_VALUES, "odict_values", VALUES);
view_type!(ODICT_ITEMS, "odict_items", ITEMS);

pub static ODICT_ITERATOR: TypeDef = TypeDef {
    flags: 0,
    slots: |s| {
        s.drop = Some(object::drop_payload::<OdictIterator>);
        s.traverse = crate::traverse_fields!(OdictIterator: dict);
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(next);
    },
    new: New::Disallowed,
    methods: &[MethodDef::new("__reduce__", "($self, /)", reduce, "State for pickling.")],
    ..TypeDef::of::<OdictIterator>("odict_iterator")
};

fn next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let it = OdictIterator::of(v);
    let Some(held) = it.dict.get_ref() else { return Ok(None) };
    let od = PyOrderedDict::of(held.value());
    if it.left.get() == 0 {
        it.dict.clear();
        return Ok(None);
    }
    if od.state.get() != it.state {
        it.dict.clear();
        return Err(mutated(vm));
    }
    if od.dict.len() != it.size.get() {
        it.size.set(usize::MAX);
        return Err(vm.runtime_error("OrderedDict changed size during iteration"));
    }
    let entry = if it.reverse { od.dict.entry_before(it.pos.get()) } else { od.dict.entry_at(it.pos.get()) };
    let Some((pos, key, value)) = entry else {
        it.dict.clear();
        return Ok(None);
    };
    it.pos.set(pos);
    it.left.set(it.left.get() - 1);
    Ok(Some(match it.kind {
        KEYS => key.to_ref(),
        VALUES => value.to_ref(),
        _ => PyTuple::pair(key.to_ref(), value.to_ref()),
    }))
}

/// `(iter, ([remaining items],))`, taken from a copy of the iterator.
fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let it = OdictIterator::of(a[0]);
    let copy = object::new(OdictIterator {
        header: object::header(),
        kind: it.kind,
        reverse: it.reverse,
        dict: OwnedCell::from_option(it.dict.get_ref()),
        state: it.state,
        size: it.size.clone(),
        pos: it.pos.clone(),
        left: it.left.clone(),
    });
    let rest = PyList::new(vm, iter::to_vec(vm, copy.value())?);
    Ok(PyTuple::pair(builtin_function(vm, "iter")?, PyTuple::from_vec(vm, vec![rest])))
}
