//! `collections.deque`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use crate::args::CallArgs;
use crate::error::{PyResult, Raised};
use crate::native::collections::deque_iterator;
use crate::object::{self, Header};
use crate::protocol::{call, compare, item, iter};
use crate::shape;
use crate::types::generic_alias;
use crate::types::int;
use crate::types::iterators::payload;
use crate::types::list::PyList;
use crate::types::repr_writer::ReprWriter;
use crate::types::slots::CompareOp;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A deque object. No Python code runs while `items` is borrowed.
#[repr(C)]
pub struct PyDeque {
    header: Header,
    pub(super) items: RefCell<VecDeque<Ref>>,
    max_len: Cell<Option<usize>>,
    /// Changes whenever items are added or removed: iterators compare it.
    pub(super) state: Cell<usize>,
}
payload!(PyDeque, DEQUE);

impl PyDeque {
    fn instance(ty: TypeRef) -> Ref {
        object::new_instance(
            ty,
            PyDeque {
                header: object::header(),
                items: RefCell::default(),
                max_len: Cell::new(None),
                state: Cell::new(0),
            },
        )
    }

    pub fn len(&self) -> usize {
        self.items.borrow().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn get(&self, i: usize) -> Option<Ref> {
        self.items.borrow().get(i).cloned()
    }

    fn changed(&self) {
        self.state.set(self.state.get().wrapping_add(1));
    }

    /// Adds at the right end; a full deque loses its leftmost item.
    pub fn push_back(&self, v: Ref) {
        self.changed();
        let lost = {
            let mut items = self.items.borrow_mut();
            items.push_back(v);
            if self.max_len.get().is_some_and(|m| items.len() > m) { items.pop_front() } else { None }
        };
        drop(lost);
    }

    /// Adds at the left end; a full deque loses its rightmost item.
    pub fn push_front(&self, v: Ref) {
        self.changed();
        let lost = {
            let mut items = self.items.borrow_mut();
            items.push_front(v);
            if self.max_len.get().is_some_and(|m| items.len() > m) { items.pop_back() } else { None }
        };
        drop(lost);
    }

    fn take(&self) -> VecDeque<Ref> {
        self.changed();
        std::mem::take(&mut *self.items.borrow_mut())
    }

    fn to_vec(&self) -> Vec<Ref> {
        self.items.borrow().iter().cloned().collect()
    }

    fn rotate(&self, n: isize) {
        let mut items = self.items.borrow_mut();
        let len = items.len();
        if len <= 1 {
            return;
        }
        self.changed();
        items.rotate_right(n.rem_euclid(len as isize) as usize);
    }

    /// Error if items were added or removed since `state`.
    fn check(&self, vm: &Vm, state: usize) -> PyResult<()> {
        if self.state.get() != state { Err(mutated(vm)) } else { Ok(()) }
    }
}

#[cold]
pub(super) fn mutated(vm: &Vm) -> Raised {
    vm.runtime_error("deque mutated during iteration")
}

pub static DEQUE: TypeDef = TypeDef {
    doc: "A sequence that is fast at both ends.",
    flags: flags::BASETYPE | flags::HEAP | flags::PREFIX | flags::WEAKREF | flags::SEQUENCE,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyDeque>);
        s.traverse = crate::traverse_fields!(PyDeque: items);
        s.init = Some(init);
        s.repr = Some(repr);
        s.compare = Some(compare_deques);
        s.iter = Some(|vm, v| Ok(deque_iterator::forward(vm, v)));
        s.len = Some(|_, v| Ok(PyDeque::of(v).len()));
        s.get_item = Some(get_item);
        s.set_item = Some(set_item);
        s.contains = Some(contains);
        s.concat = Some(concat);
        s.repeat = Some(repeat);
        s.inplace_concat = Some(inplace_concat);
        s.inplace_repeat = Some(inplace_repeat);
    },
    new: New::Raw(|_, ty, _| Ok(PyDeque::instance(ty))),
    methods: METHODS,
    getset: &[GetSetDef::get("maxlen", max_len, "The largest number of items, or None if there is no limit.")],
    ..TypeDef::of::<PyDeque>("collections.deque")
};

static METHODS: &[MethodDef] = &[
    MethodDef::new(
        "append",
        "($self, item, /)",
        |vm, a| {
            PyDeque::of(a[0]).push_back(a[1].to_ref());
            Ok(vm.none_ref())
        },
        "Adds an item at the right end.",
    ),
    MethodDef::new(
        "appendleft",
        "($self, item, /)",
        |vm, a| {
            PyDeque::of(a[0]).push_front(a[1].to_ref());
            Ok(vm.none_ref())
        },
        "Adds an item at the left end.",
    ),
    MethodDef::new(
        "clear",
        "($self, /)",
        |vm, a| {
            drop(PyDeque::of(a[0]).take());
            Ok(vm.none_ref())
        },
        "Removes all items.",
    ),
    MethodDef::new("__copy__", "($self, /)", |vm, a| copy(vm, a[0]), "A shallow copy."),
    MethodDef::new("copy", "($self, /)", |vm, a| copy(vm, a[0]), "A shallow copy."),
    MethodDef::new("count", "($self, value, /)", count, "How many items equal the value."),
    MethodDef::new(
        "extend",
        "($self, iterable, /)",
        |vm, a| extend(vm, a[0], a[1], PyDeque::push_back).map(|()| vm.none_ref()),
        "Adds the iterable's items at the right end.",
    ),
    MethodDef::new(
        "extendleft",
        "($self, iterable, /)",
        |vm, a| extend(vm, a[0], a[1], PyDeque::push_front).map(|()| vm.none_ref()),
        "Adds the iterable's items at the left end, one after the other.",
    ),
    MethodDef::new(
        "index",
        "($self, value, start=0, stop=sys.maxsize, /)",
        index,
        "Position of the first item that equals the value.\n\nRaises ValueError if there is none.",
    ),
    MethodDef::new("insert", "($self, index, value, /)", insert, "Inserts a value before the index."),
    MethodDef::new("pop", "($self, /)", |vm, a| pop(vm, a, VecDeque::pop_back), "Removes the rightmost item and returns it."),
    MethodDef::new("popleft", "($self, /)", |vm, a| pop(vm, a, VecDeque::pop_front), "Removes the leftmost item and returns it."),
    MethodDef::new("__reduce__", "($self, /)", reduce, "State for pickling."),
    MethodDef::new("remove", "($self, value, /)", remove, "Removes the first item that equals the value."),
    MethodDef::new(
        "__reversed__",
        "($self, /)",
        |vm, a| Ok(deque_iterator::backward(vm, a[0])),
        "An iterator over the items from the last to the first.",
    ),
    MethodDef::new(
        "reverse",
        "($self, /)",
        |vm, a| {
            PyDeque::of(a[0]).items.borrow_mut().make_contiguous().reverse();
            Ok(vm.none_ref())
        },
        "Turns the deque around, in place.",
    ),
    MethodDef::new(
        "rotate",
        "($self, n=1, /)",
        rotate,
        "Moves n items from the right end to the left one (the other way if n is negative).",
    ),
    MethodDef::new("__sizeof__", "($self, /)", size_of_deque, "Size of the deque in memory, in bytes."),
    MethodDef::class(
        "__class_getitem__",
        "($type, object, /)",
        |vm, a| Ok(generic_alias::new(vm, a[0], a[1])),
        "Deques are generic over the type of their items.",
    ),
];

fn init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    let given = args.args.len();
    if args.positional_args().len() > 2 {
        return Err(vm.type_error(format!("deque() takes at most 2 arguments ({given} given)")));
    }
    let sig = vm.signatures.get("(iterable=(), maxlen=None)");
    sig.bind(vm, "deque", None, args, |a| {
        let d = PyDeque::of(v);
        let max = match a[1].non_null().filter(|m| !m.is(vm.none())) {
            None => None,
            Some(m) if int::value_of(m).is_none() => return Err(vm.type_error("an integer is required")),
            Some(m) => match usize::try_from(item::ssize_arg(vm, m)?) {
                Ok(m) => Some(m),
                Err(_) => return Err(vm.value_error("maxlen must be non-negative")),
            },
        };
        d.max_len.set(max);
        if !d.is_empty() {
            drop(d.take());
        }
        match a[0].non_null() {
            Some(iterable) => extend(vm, v, iterable, PyDeque::push_back),
            None => Ok(()),
        }
    })
}

fn extend(vm: &Vm, v: Value, iterable: Value, push: fn(&PyDeque, Ref)) -> PyResult<()> {
    let d = PyDeque::of(v);
    if iterable.is(v) {
        d.to_vec().into_iter().for_each(|x| push(d, x));
        return Ok(());
    }
    iter::for_each(vm, iterable, |x| {
        push(d, x);
        Ok(())
    })
}

fn max_len(vm: &Vm, v: Value) -> PyResult {
    Ok(match PyDeque::of(v).max_len.get() {
        Some(n) => item::from_size(vm, n),
        None => vm.none_ref(),
    })
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let d = PyDeque::of(v);
    let text = vm.repr_guard(v, || {
        let list = PyList::new(vm, d.to_vec());
        let mut w = ReprWriter::new(&vm.type_of(v).name());
        w.push("(");
        w.push_repr(vm, list.value())?;
        if let Some(max) = d.max_len.get() {
            w.push(&format!(", maxlen={max}"));
        }
        w.push(")");
        Ok(w.finish(vm))
    })?;
    Ok(text.unwrap_or_else(|| vm.new_str("[...]")))
}

fn compare_deques(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.cast::<PyDeque>(), b.cast::<PyDeque>()) else {
        return compare::declined(vm);
    };
    if matches!(op, CompareOp::Eq | CompareOp::Ne) && (a.is(b) || x.len() != y.len()) {
        return Ok(vm.bool_ref(a.is(b) == (op == CompareOp::Eq)));
    }
    let (sx, sy) = (x.state.get(), y.state.get());
    let mut i = 0;
    while let (Some(p), Some(q)) = (x.get(i), y.get(i)) {
        if !compare::eq(vm, p.value(), q.value())? {
            return compare::rich_bool(vm, p.value(), q.value(), op).map(|r| vm.bool_ref(r));
        }
        x.check(vm, sx)?;
        y.check(vm, sy)?;
        i += 1;
    }
    Ok(vm.bool_ref(op.test(x.len().cmp(&y.len()))))
}

/// The position that a key names.
fn position(vm: &Vm, d: &PyDeque, key: Value) -> PyResult<usize> {
    if !item::is_index(vm, key) {
        return Err(vm.type_error(format!(
            "sequence index must be integer, not '{}'",
            vm.type_of(key).full_name()
        )));
    }
    let i = item::to_index(vm, key, shape::INDEX_ERROR)?;
    item::normalize(i, d.len()).ok_or_else(|| vm.index_error("deque index out of range"))
}

fn get_item(vm: &Vm, v: Value, key: Value) -> PyResult {
    let d = PyDeque::of(v);
    let i = position(vm, d, key)?;
    d.get(i).ok_or_else(|| vm.index_error("deque index out of range"))
}

fn set_item(vm: &Vm, v: Value, key: Value, value: Value) -> PyResult<()> {
    let d = PyDeque::of(v);
    let i = position(vm, d, key)?;
    if value.is_null() {
        d.changed();
        let old = d.items.borrow_mut().remove(i);
        drop(old);
    } else {
        let old = d.items.borrow_mut().get_mut(i).map(|slot| std::mem::replace(slot, value.to_ref()));
        drop(old);
    }
    Ok(())
}

fn contains(vm: &Vm, v: Value, x: Value) -> PyResult<bool> {
    let d = PyDeque::of(v);
    let state = d.state.get();
    let mut i = 0;
    while let Some(y) = d.get(i) {
        if compare::eq(vm, y.value(), x)? {
            return Ok(true);
        }
        d.check(vm, state)?;
        i += 1;
    }
    Ok(false)
}

fn count(vm: &Vm, a: &[Value]) -> PyResult {
    let d = PyDeque::of(a[0]);
    let state = d.state.get();
    let (mut i, mut n) = (0, 0);
    while let Some(y) = d.get(i) {
        n += usize::from(compare::eq(vm, y.value(), a[1])?);
        d.check(vm, state)?;
        i += 1;
    }
    Ok(item::from_size(vm, n))
}

fn index(vm: &Vm, a: &[Value]) -> PyResult {
    let d = PyDeque::of(a[0]);
    let state = d.state.get();
    let (start, stop) = item::search_bounds(vm, a[2], a[3], d.len())?;
    for i in start..stop.min(d.len()) {
        let Some(y) = d.get(i) else { break };
        if compare::eq(vm, y.value(), a[1])? {
            return Ok(item::from_size(vm, i));
        }
        d.check(vm, state)?;
    }
    Err(vm.value_error("deque.index(x): x not in deque"))
}

fn remove(vm: &Vm, a: &[Value]) -> PyResult {
    let d = PyDeque::of(a[0]);
    let state = d.state.get();
    let mut i = 0;
    while let Some(y) = d.get(i) {
        let equal = compare::eq(vm, y.value(), a[1])?;
        if d.state.get() != state {
            return Err(vm.index_error("deque mutated during iteration"));
        }
        if equal {
            d.changed();
            let old = d.items.borrow_mut().remove(i);
            drop(old);
            return Ok(vm.none_ref());
        }
        i += 1;
    }
    Err(vm.value_error("deque.remove(x): x not in deque"))
}

fn insert(vm: &Vm, a: &[Value]) -> PyResult {
    let i = item::ssize_arg(vm, a[1])?;
    let d = PyDeque::of(a[0]);
    let n = d.len();
    if d.max_len.get() == Some(n) {
        return Err(vm.index_error("deque already at its maximum size"));
    }
    let at = if i < 0 { (i + n as isize).max(0) as usize } else { (i as usize).min(n) };
    d.changed();
    d.items.borrow_mut().insert(at, a[2].to_ref());
    Ok(vm.none_ref())
}

fn pop(vm: &Vm, a: &[Value], take: fn(&mut VecDeque<Ref>) -> Option<Ref>) -> PyResult {
    let d = PyDeque::of(a[0]);
    let taken = take(&mut d.items.borrow_mut());
    if taken.is_some() {
        d.changed();
    }
    taken.ok_or_else(|| vm.index_error("pop from an empty deque"))
}

fn rotate(vm: &Vm, a: &[Value]) -> PyResult {
    let n = match a[1].non_null() {
        Some(n) => item::ssize_arg(vm, n)?,
        None => 1,
    };
    PyDeque::of(a[0]).rotate(n);
    Ok(vm.none_ref())
}

/// A copy of the same type: a subclass's is made by calling the class.
fn copy(vm: &Vm, v: Value) -> PyResult {
    let d = PyDeque::of(v);
    let ty = vm.type_of(v);
    if ty.is(vm.builtin(shape::DEQUE)) {
        let r = PyDeque::instance(ty);
        let new = PyDeque::of(r.value());
        new.max_len.set(d.max_len.get());
        *new.items.borrow_mut() = d.items.borrow().clone();
        return Ok(r);
    }
    let r = match d.max_len.get() {
        None => call::call_args(vm, ty.value(), &[v])?,
        Some(max) => call::call_args(vm, ty.value(), &[v, vm.new_int(max as i64).value()])?,
    };
    if r.cast::<PyDeque>().is_none() {
        return Err(vm.type_error(format!(
            "{}() must return a deque, not {}",
            ty.full_name(),
            vm.type_of(r.value()).full_name()
        )));
    }
    Ok(r)
}

fn concat(vm: &Vm, a: Value, b: Value) -> PyResult {
    if b.cast::<PyDeque>().is_none() {
        return Err(vm.type_error(format!(
            "can only concatenate deque (not \"{}\") to deque",
            vm.type_of(b).full_name()
        )));
    }
    let r = copy(vm, a)?;
    extend(vm, r.value(), b, PyDeque::push_back)?;
    Ok(r)
}

fn inplace_concat(vm: &Vm, a: Value, b: Value) -> PyResult {
    extend(vm, a, b, PyDeque::push_back)?;
    Ok(a.to_ref())
}

fn repeat(vm: &Vm, a: Value, n: Value) -> PyResult {
    let r = copy(vm, a)?;
    inplace_repeat(vm, r.value(), n)
}

fn inplace_repeat(vm: &Vm, a: Value, n: Value) -> PyResult {
    let d = PyDeque::of(a);
    let mut n = item::to_index(vm, n, shape::OVERFLOW_ERROR)?.max(0) as usize;
    let size = d.len();
    if size == 0 || n == 1 {
        return Ok(a.to_ref());
    }
    if n == 0 {
        drop(d.take());
        return Ok(a.to_ref());
    }
    // More repetitions than the limit lets stay need not be made.
    if let Some(max) = d.max_len.get() {
        n = n.min(max.div_ceil(size).max(1) + 1);
    }
    item::check_size(vm, size, n)?;
    let items = d.to_vec();
    for _ in 1..n {
        items.iter().for_each(|x| d.push_back(x.clone()));
    }
    Ok(a.to_ref())
}

fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let state = call::call_method(vm, a[0], "__getstate__", &[])?;
    let it = iter::get_iter(vm, a[0])?;
    let empty = vm.empty_tuple().to_ref();
    let args = match PyDeque::of(a[0]).max_len.get() {
        None => empty,
        Some(max) => PyTuple::pair(empty, item::from_size(vm, max)),
    };
    Ok(PyTuple::from_vec(vm, vec![vm.type_of(a[0]).to_ref(), args, state, it]))
}

/// CPython's figure: the object and blocks of 64 items.
fn size_of_deque(vm: &Vm, a: &[Value]) -> PyResult {
    let blocks = PyDeque::of(a[0]).len() / 64 + 1;
    Ok(item::from_size(vm, 216 + blocks * 528))
}
