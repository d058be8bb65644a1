//! Views of dictionaries (`dict_keys`, `dict_values`, `dict_items`) and their iterators.

use std::cell::Cell;

use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::protocol::number::BinaryOp;
use crate::protocol::{call, compare, item, iter as protocol_iter};
use crate::shape;
use crate::types::dict::{PyDict, methods};
use crate::types::iterators::builtin_function;
use crate::types::list::PyList;
use crate::types::mapping_proxy;
use crate::types::repr_writer::ReprWriter;
use crate::types::set::PySet;
use crate::types::slots::{CompareOp, Slots};
use crate::types::tuple::{PairBuffer, PyTuple};
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A view; the shape says of what.
#[repr(C)]
pub struct PyDictView<const SHAPE: u32> {
    header: Header,
    dict: Ref,
}

// SAFETY: repr(C), header first.
unsafe impl<const S: u32> Payload for PyDictView<S> {
    const SHAPE: u32 = S;
}

/// An iterator over a dictionary; the shape says over what, and which way.
#[repr(C)]
pub struct PyDictIterator<const SHAPE: u32> {
    header: Header,
    /// NULL once exhausted.
    dict: OwnedCell,
    /// Entries that the dictionary had at the start; `usize::MAX` once it was seen to differ.
    used: Cell<usize>,
    /// Forward: the next entry to look at. Reverse: one past it.
    pos: Cell<usize>,
    /// Items that are still expected.
    left: Cell<usize>,
    pairs: PairBuffer,
}

// SAFETY: repr(C), header first.
unsafe impl<const S: u32> Payload for PyDictIterator<S> {
    const SHAPE: u32 = S;
}

/// A view of a dictionary; the shape says of what.
pub(crate) fn new_view<const S: u32>(dict: Value) -> Ref {
    object::new(PyDictView::<S> { header: object::header(), dict: dict.to_ref() })
}

/// `dict.keys()` of a dict.
pub fn keys(dict: Value) -> Ref {
    new_view::<{ shape::DICT_KEYS }>(dict)
}

pub fn values(dict: Value) -> Ref {
    new_view::<{ shape::DICT_VALUES }>(dict)
}

pub fn items(dict: Value) -> Ref {
    new_view::<{ shape::DICT_ITEMS }>(dict)
}

fn new_iterator<const S: u32>(dict: Value, pos: usize) -> Ref {
    let n = methods::this(dict).len();
    object::new(PyDictIterator::<S> {
        header: object::header(),
        dict: OwnedCell::new(dict.to_ref()),
        used: Cell::new(n),
        pos: Cell::new(pos),
        left: Cell::new(n),
        pairs: PairBuffer::new(),
    })
}

/// `iter(dict)` of a dict.
pub fn iter_keys(dict: Value) -> Ref {
    new_iterator::<{ shape::DICT_KEY_ITERATOR }>(dict, 0)
}

/// `reversed(dict)` of a dict.
pub fn reversed_keys(dict: Value) -> Ref {
    new_iterator::<{ shape::DICT_REVERSE_KEY_ITERATOR }>(dict, methods::this(dict).end_position())
}

/// The dictionary behind a view.
pub(crate) fn dict_of(view: Value) -> Value {
    // SAFETY: views of all shapes are laid out alike; the slots below are only theirs.
    unsafe { view.cast_unchecked::<PyDictView<0>>() }.dict.value()
}

fn len(_vm: &Vm, v: Value) -> PyResult<usize> {
    Ok(methods::this(dict_of(v)).len())
}

fn is_set_view(v: Value) -> bool {
    v.has_shape(shape::DICT_KEYS) || v.has_shape(shape::DICT_ITEMS) || is_subclass_view(v)
}

/// The views of `OrderedDict` are subclasses of these.
fn is_subclass_view(v: Value) -> bool {
    v.cast::<PyDictView<{ shape::DICT_KEYS }>>().is_some()
        || v.cast::<PyDictView<{ shape::DICT_ITEMS }>>().is_some()
}

fn is_keys_view(v: Value) -> bool {
    v.cast::<PyDictView<{ shape::DICT_KEYS }>>().is_some()
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let text = vm.repr_guard(v, || {
        let items = protocol_iter::to_vec(vm, v)?;
        let list = PyList::new(vm, items);
        let mut w = ReprWriter::new(&vm.type_of(v).full_name());
        w.push("(");
        w.push_repr(vm, list.value())?;
        w.push(")");
        Ok(w.finish(vm))
    })?;
    Ok(text.unwrap_or_else(|| vm.new_str("...")))
}

fn all_contained_in(vm: &Vm, a: Value, b: Value) -> PyResult<bool> {
    let mut all = true;
    protocol_iter::for_each_while(vm, a, |x| {
        all = item::contains(vm, b, x.value())?;
        Ok(all)
    })?;
    Ok(all)
}

fn compare(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    if PySet::from_value(b).is_none() && !is_set_view(b) {
        return compare::declined(vm);
    }
    let (na, nb) = (item::length(vm, a)?, item::length(vm, b)?);
    let r = match op {
        CompareOp::Eq => na == nb && all_contained_in(vm, a, b)?,
        CompareOp::Ne => !(na == nb && all_contained_in(vm, a, b)?),
        CompareOp::Lt => na < nb && all_contained_in(vm, a, b)?,
        CompareOp::Le => na <= nb && all_contained_in(vm, a, b)?,
        CompareOp::Gt => na > nb && all_contained_in(vm, b, a)?,
        CompareOp::Ge => na >= nb && all_contained_in(vm, b, a)?,
    };
    Ok(vm.bool_ref(r))
}

fn items_contains(vm: &Vm, v: Value, pair: Value) -> PyResult<bool> {
    let Some(pair) = pair.cast::<PyTuple>() else { return Ok(false) };
    let &[key, value] = pair.as_slice() else { return Ok(false) };
    match methods::this(dict_of(v)).get(vm, key)? {
        Some(found) => compare::eq(vm, found.value(), value),
        None => Ok(false),
    }
}

/// A set of a view's items, or of any left operand's.
fn to_set(vm: &Vm, v: Value) -> PyResult {
    let source = if is_keys_view(v) && dict_of(v).has_shape(shape::DICT) { dict_of(v) } else { v };
    PySet::from_iterable(vm, source)
}

fn set_operation(vm: &Vm, a: Value, b: Value, method: &str) -> PyResult {
    let r = to_set(vm, a)?;
    call::call_method(vm, r.value(), method, &[b])?;
    Ok(r)
}

fn sub(vm: &Vm, a: Value, b: Value) -> PyResult {
    set_operation(vm, a, b, "difference_update")
}

fn or(vm: &Vm, a: Value, b: Value) -> PyResult {
    set_operation(vm, a, b, "update")
}

fn xor(vm: &Vm, a: Value, b: Value) -> PyResult {
    let is_items = |v: Value| v.cast::<PyDictView<{ shape::DICT_ITEMS }>>().is_some();
    if is_items(a) && is_items(b) {
        return items_xor(vm, dict_of(a), dict_of(b));
    }
    set_operation(vm, a, b, "symmetric_difference_update")
}

/// Entries that only one of two dictionaries has, without hashing the values of the others.
fn items_xor(vm: &Vm, a: Value, b: Value) -> PyResult {
    let rest = methods::copy(vm, a)?;
    let rest_dict = methods::this(rest.value());
    let result = PySet::new_set(vm);
    let set = PySet::of(result.value());
    let b = methods::this(b);
    let mut pos = 0;
    while let Some((next, key, value)) = b.entry_at(pos) {
        let (key, value, hash) = (key.to_ref(), value.to_ref(), b.hash_before(next));
        pos = next;
        let same = match rest_dict.get_hashed(vm, key.value(), hash)? {
            Some(other) => compare::eq(vm, other.value(), value.value())?,
            None => false,
        };
        if same {
            rest_dict.pop_hashed(vm, key.value(), hash)?;
        } else {
            set.add(vm, PyTuple::pair(key, value).value())?;
        }
    }
    set.update(vm, items(rest.value()).value())?;
    Ok(result)
}

fn and(vm: &Vm, a: Value, b: Value) -> PyResult {
    let (mut view, mut other) = if is_set_view(a) { (a, b) } else { (b, a) };
    let n = item::length(vm, view)?;
    if other.has_shape(shape::SET) && n <= item::length(vm, other)? {
        return call::call_method(vm, other, "intersection", &[view]);
    }
    if is_set_view(other) && item::length(vm, other)? > n {
        std::mem::swap(&mut view, &mut other);
    }
    let result = PySet::new_set(vm);
    let set = PySet::of(result.value());
    protocol_iter::for_each(vm, other, |x| {
        if item::contains(vm, view, x.value())? {
            set.add(vm, x.value())?;
        }
        Ok(())
    })?;
    Ok(result)
}

fn is_disjoint(vm: &Vm, a: &[Value]) -> PyResult {
    let (mut view, mut other) = (a[0], a[1]);
    if view.is(other) {
        return Ok(vm.bool_ref(item::length(vm, view)? == 0));
    }
    if (PySet::from_value(other).is_some() || is_set_view(other))
        && item::length(vm, other)? > item::length(vm, view)?
    {
        std::mem::swap(&mut view, &mut other);
    }
    let mut disjoint = true;
    protocol_iter::for_each_while(vm, other, |x| {
        disjoint = !item::contains(vm, view, x.value())?;
        Ok(disjoint)
    })?;
    Ok(vm.bool_ref(disjoint))
}

fn mapping(vm: &Vm, v: Value) -> PyResult {
    Ok(mapping_proxy::new(vm, dict_of(v)))
}

static GETSET: &[GetSetDef] = &[GetSetDef::get("mapping", mapping, "The dictionary that this view shows.")];

const ISDISJOINT: MethodDef = MethodDef::new(
    "isdisjoint",
    "($self, object, /)",
    is_disjoint,
    "Whether the view and the iterable have no item in common.",
);

macro_rules! view_type {
    ($def:ident, $shape:ident, $name:literal, $slots:expr, $methods:expr) => {
        pub static $def: TypeDef = TypeDef {
            flags: 0,
            slots: |s| {
                s.drop = Some(object::drop_payload::<PyDictView<{ shape::$shape }>>);
                s.traverse = $crate::traverse_fields!(PyDictView<{ shape::$shape }>: dict);
                s.len = Some(len);
                s.repr = Some(repr);
                let fill: fn(&mut Slots) = $slots;
                fill(s);
            },
            new: New::Disallowed,
            methods: $methods,
            getset: GETSET,
            ..TypeDef::of::<PyDictView<{ shape::$shape }>>($name)
        };
    };
}

fn set_slots(s: &mut Slots) {
    s.compare = Some(compare);
    s.binary[BinaryOp::Subtract as usize] = Some(sub);
    s.binary[BinaryOp::And as usize] = Some(and);
    s.binary[BinaryOp::Or as usize] = Some(or);
    s.binary[BinaryOp::Xor as usize] = Some(xor);
}

view_type!(
    KEYS_DEF,
    DICT_KEYS,
    "dict_keys",
    |s| {
        set_slots(s);
        s.iter = Some(|_, v| Ok(iter_keys(dict_of(v))));
        s.contains = Some(|vm, v, key| methods::this(dict_of(v)).contains(vm, key));
    },
    &[
        ISDISJOINT,
        MethodDef::new(
            "__reversed__",
            "($self, /)",
            |_, a| Ok(reversed_keys(dict_of(a[0]))),
            "An iterator over the keys from the last to the first.",
        ),
    ]
);

view_type!(
    VALUES_DEF,
    DICT_VALUES,
    "dict_values",
    |s| s.iter = Some(|_, v| Ok(new_iterator::<{ shape::DICT_VALUE_ITERATOR }>(dict_of(v), 0))),
    &[MethodDef::new(
        "__reversed__",
        "($self, /)",
        |_, a| {
            let d = dict_of(a[0]);
            let end = methods::this(d).end_position();
            Ok(new_iterator::<{ shape::DICT_REVERSE_VALUE_ITERATOR }>(d, end))
        },
        "An iterator over the values from the last to the first.",
    )]
);

view_type!(
    ITEMS_DEF,
    DICT_ITEMS,
    "dict_items",
    |s| {
        set_slots(s);
        s.iter = Some(|_, v| Ok(new_iterator::<{ shape::DICT_ITEM_ITERATOR }>(dict_of(v), 0)));
        s.contains = Some(items_contains);
    },
    &[
        ISDISJOINT,
        MethodDef::new(
            "__reversed__",
            "($self, /)",
            |_, a| {
                let d = dict_of(a[0]);
                let end = methods::this(d).end_position();
                Ok(new_iterator::<{ shape::DICT_REVERSE_ITEM_ITERATOR }>(d, end))
            },
            "An iterator over the entries from the last to the first.",
        ),
    ]
);

/// An entry's contribution to an iteration.
type Pick = fn(&PairBuffer, Value, Value) -> Ref;

fn pick_key(_: &PairBuffer, k: Value, _: Value) -> Ref {
    k.to_ref()
}

fn pick_value(_: &PairBuffer, _: Value, v: Value) -> Ref {
    v.to_ref()
}

fn pick_item(pairs: &PairBuffer, k: Value, v: Value) -> Ref {
    pairs.pair(k.to_ref(), v.to_ref())
}

impl<const S: u32> PyDictIterator<S> {
    fn of<'a>(v: Value) -> &'a PyDictIterator<S> {
        // SAFETY: the slots of an iterator type are called with its own instances.
        unsafe { v.cast_unchecked() }
    }

    /// The dictionary, checked not to have changed its size.
    #[inline(always)]
    fn checked_dict(&self, vm: &Vm) -> PyResult<Option<&PyDict>> {
        let dict = self.dict.get();
        if dict.is_null() {
            return Ok(None);
        }
        let d = methods::this(dict);
        if d.len() != self.used.get() {
            self.used.set(usize::MAX);
            return Err(vm.runtime_error("dictionary changed size during iteration"));
        }
        Ok(Some(d))
    }

    #[inline]
    fn next(&self, vm: &Vm, pick: Pick) -> PyResult<Option<Ref>> {
        let Some(d) = self.checked_dict(vm)? else { return Ok(None) };
        let Some((next, k, v)) = d.entry_at(self.pos.get()) else {
            self.dict.clear();
            return Ok(None);
        };
        if self.left.get() == 0 {
            self.dict.clear();
            return Err(vm.runtime_error("dictionary keys changed during iteration"));
        }
        self.pos.set(next);
        self.left.set(self.left.get() - 1);
        Ok(Some(pick(&self.pairs, k, v)))
    }

    fn next_back(&self, vm: &Vm, pick: Pick) -> PyResult<Option<Ref>> {
        let Some(d) = self.checked_dict(vm)? else { return Ok(None) };
        // A position beyond the end means that the table was rebuilt: the walk ends.
        let found = if self.pos.get() <= d.end_position() { d.entry_before(self.pos.get()) } else { None };
        let Some((pos, k, v)) = found else {
            self.dict.clear();
            return Ok(None);
        };
        if self.left.get() == 0 {
            self.dict.clear();
            return Err(vm.runtime_error("dictionary keys changed during iteration"));
        }
        self.pos.set(pos);
        self.left.set(self.left.get() - 1);
        Ok(Some(pick(&self.pairs, k, v)))
    }

    fn length_hint(&self) -> usize {
        let dict = self.dict.get();
        if dict.is_null() || methods::this(dict).len() != self.used.get() { 0 } else { self.left.get() }
    }

    /// A copy of the iterator's state, for `__reduce__`, which must not move it.
    fn copy(&self) -> Ref {
        object::new(PyDictIterator::<S> {
            header: object::header(),
            dict: OwnedCell::from_option(self.dict.get_ref()),
            used: self.used.clone(),
            pos: self.pos.clone(),
            left: self.left.clone(),
            pairs: PairBuffer::new(),
        })
    }
}

fn length_hint(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(item::from_size(vm, PyDictIterator::<0>::of(a[0]).length_hint()))
}

/// `(iter, ([remaining items],))`.
fn reduce<const S: u32>(vm: &Vm, a: &[Value]) -> PyResult {
    let copy = PyDictIterator::<S>::of(a[0]).copy();
    let rest = protocol_iter::to_vec(vm, copy.value())?;
    let args = PyTuple::from_vec(vm, vec![PyList::new(vm, rest)]);
    Ok(PyTuple::pair(builtin_function(vm, "iter")?, args))
}

macro_rules! iterator_type {
    ($def:ident, $shape:ident, $name:literal, $next:ident, $pick:ident) => {
        pub static $def: TypeDef = TypeDef {
            flags: 0,
            slots: |s| {
                s.drop = Some(object::drop_payload::<PyDictIterator<{ shape::$shape }>>);
                s.traverse = $crate::traverse_fields!(PyDictIterator<{ shape::$shape }>: dict, pairs);
                s.clear = $crate::clear_fields!(PyDictIterator<{ shape::$shape }>: dict);
                s.iter = Some(|_, v| Ok(v.to_ref()));
                s.next = Some(|vm, v| PyDictIterator::<{ shape::$shape }>::of(v).$next(vm, $pick));
            },
            new: New::Disallowed,
            methods: &[
                MethodDef::new(
                    "__length_hint__",
                    "($self, /)",
                    length_hint,
                    "Number of items still to come, as far as known.",
                ),
                MethodDef::new("__reduce__", "($self, /)", reduce::<{ shape::$shape }>, "State for pickling."),
            ],
            ..TypeDef::of::<PyDictIterator<{ shape::$shape }>>($name)
        };
    };
}

iterator_type!(KEY_ITERATOR_DEF, DICT_KEY_ITERATOR, "dict_keyiterator", next, pick_key);
iterator_type!(VALUE_ITERATOR_DEF, DICT_VALUE_ITERATOR, "dict_valueiterator", next, pick_value);
iterator_type!(ITEM_ITERATOR_DEF, DICT_ITEM_ITERATOR, "dict_itemiterator", next, pick_item);
iterator_type!(
    REVERSE_KEY_ITERATOR_DEF,
    DICT_REVERSE_KEY_ITERATOR,
    "dict_reversekeyiterator",
    next_back,
    pick_key
);
iterator_type!(
    REVERSE_VALUE_ITERATOR_DEF,
    DICT_REVERSE_VALUE_ITERATOR,
    "dict_reversevalueiterator",
    next_back,
    pick_value
);
iterator_type!(
    REVERSE_ITEM_ITERATOR_DEF,
    DICT_REVERSE_ITEM_ITERATOR,
    "dict_reverseitemiterator",
    next_back,
    pick_item
);
