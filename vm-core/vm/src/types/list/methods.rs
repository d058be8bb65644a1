//! The type `list`: methods, slots, operators.

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::object;
use crate::protocol::{call, compare, item, iter as protocol_iter, truth};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::float;
use crate::types::generic_alias;
use crate::types::list::{self, PyList, slices, sort::sort, traverse_list};
use crate::types::repr_writer::ReprWriter;
use crate::types::set::PySet;
use crate::types::slots::CompareOp;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

pub static DEF: TypeDef = TypeDef {
    doc: "list(iterable=(), /)\n--\n\nBuilt-in mutable sequence.\n\n\
          Without an argument the list is empty; else it has the items of the iterable.",
    flags: flags::BASETYPE | flags::SEQUENCE,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyList>);
        s.traverse = Some(traverse_list);
        s.clear = Some(|_, p| this(Value::borrowed(p)).clear());
        s.init = Some(init);
        s.repr = Some(repr);
        s.compare = Some(compare_lists);
        s.iter = Some(|_, v| Ok(list::PyListIterator::new(v)));
        s.len = Some(|_, v| Ok(this(v).len()));
        s.get_item = Some(slices::get_item);
        s.set_item = Some(slices::set_item);
        s.contains = Some(contains);
        s.concat = Some(concat);
        s.repeat = Some(repeat);
        s.inplace_concat = Some(inplace_concat);
        s.inplace_repeat = Some(inplace_repeat);
    },
    new: New::Raw(new),
    methods: METHODS,
    ..TypeDef::of::<PyList>("list")
};

static METHODS: &[MethodDef] = &[
    MethodDef::new("__getitem__", "($self, index, /)", |vm, a| slices::get_item(vm, a[0], a[1]), "Return self[index]."),
    MethodDef::new(
        "__reversed__",
        "($self, /)",
        |_, a| Ok(list::PyListReverseIterator::new(a[0])),
        "An iterator over the items from the last to the first.",
    ),
    MethodDef::new("__sizeof__", "($self, /)", size_of, "Size of the list in memory, in bytes."),
    MethodDef::new("clear", "($self, /)", clear, "Removes all items."),
    MethodDef::new("copy", "($self, /)", copy, "A shallow copy."),
    MethodDef::new("append", "($self, object, /)", append, "Adds an object at the end."),
    MethodDef::new("insert", "($self, index, object, /)", insert, "Inserts an object before the index."),
    MethodDef::new("extend", "($self, iterable, /)", extend_method, "Adds the iterable's items at the end."),
    MethodDef::new(
        "pop",
        "($self, index=-1, /)",
        pop,
        "Removes the item at the index (the last by default) and returns it.\n\n\
         Raises IndexError if the list is empty or the index out of range.",
    ),
    MethodDef::new(
        "remove",
        "($self, value, /)",
        remove,
        "Removes the first item that equals the value.\n\nRaises ValueError if there is none.",
    ),
    MethodDef::new(
        "index",
        "($self, value, start=0, stop=sys.maxsize, /)",
        index,
        "Position of the first item that equals the value.\n\nRaises ValueError if there is none.",
    ),
    MethodDef::new("count", "($self, value, /)", count, "How many items equal the value."),
    MethodDef::new("reverse", "($self, /)", reverse, "Turns the list around, in place."),
    MethodDef::new(
        "sort",
        "($self, /, *, key=None, reverse=False)",
        sort_method,
        "Sorts the list in place, ascending, and returns None.\n\n\
         Equal items keep their order. A key function is called once for each item, and its\n\
         results are compared instead; reverse sorts descending.",
    ),
    MethodDef::class(
        "__class_getitem__",
        "($type, object, /)",
        |vm, a| Ok(generic_alias::new(vm, a[0], a[1])),
        "Lists are generic over the type of their items.",
    ),
];

/// The payload of `self`, whose type the caller has checked.
#[inline(always)]
pub(super) fn this<'a>(v: Value) -> &'a PyList {
    // SAFETY: methods and slots of `list` are called with lists and subclasses' instances only.
    unsafe { v.cast_unchecked() }
}

fn new(_vm: &Vm, ty: TypeRef, _args: CallArgs) -> PyResult {
    Ok(PyList::new_instance(ty, Vec::new()))
}

fn init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    let a = crate::types::construct::optional_iterable(vm, "list", shape::LIST, v, args)?;
    this(v).clear();
    match a {
        Some(iterable) => extend(vm, v, iterable),
        None => Ok(()),
    }
}

/// `list(iterable)`.
pub fn from_iterable(vm: &Vm, iterable: Value) -> PyResult {
    let list = PyList::new(vm, Vec::new());
    extend(vm, list.value(), iterable)?;
    Ok(list)
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let list = this(v);
    if list.is_empty() {
        return Ok(vm.new_str("[]"));
    }
    let text = vm.repr_guard(v, || {
        let mut w = ReprWriter::new("[");
        let mut i = 0;
        while let Some(x) = list.get_ref(i) {
            if i > 0 {
                w.push(", ");
            }
            w.push_repr(vm, x.value())?;
            i += 1;
        }
        w.push("]");
        Ok(w.finish(vm))
    })?;
    Ok(text.unwrap_or_else(|| vm.new_str("[...]")))
}

fn compare_lists(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.cast::<PyList>(), b.cast::<PyList>()) else {
        return compare::declined(vm);
    };
    if x.len() != y.len() && matches!(op, CompareOp::Eq | CompareOp::Ne) {
        return Ok(vm.bool_ref(op == CompareOp::Ne));
    }
    let mut i = 0;
    // Comparing may change either list: both are read anew for each item.
    while let (Some(p), Some(q)) = (x.get_ref(i), y.get_ref(i)) {
        if !compare::eq(vm, p.value(), q.value())? {
            if i >= x.len() || i >= y.len() {
                break;
            }
            return match op {
                CompareOp::Eq => Ok(vm.bool_ref(false)),
                CompareOp::Ne => Ok(vm.bool_ref(true)),
                _ => compare::rich(vm, p.value(), q.value(), op),
            };
        }
        i += 1;
    }
    Ok(vm.bool_ref(op.test(x.len().cmp(&y.len()))))
}

fn contains(vm: &Vm, v: Value, x: Value) -> PyResult<bool> {
    Ok(find(vm, this(v), x, 0, usize::MAX)?.is_some())
}

/// Position of the first item in `start..stop` that equals `x`.
fn find(vm: &Vm, list: &PyList, x: Value, start: usize, stop: usize) -> PyResult<Option<usize>> {
    let mut i = start;
    if x.is_small_int() {
        // Comparing ints runs no code that could change the list.
        let items = list.as_slice();
        let ints = items[start.min(items.len())..].iter().take(stop.saturating_sub(start));
        match ints.clone().position(|y| *y == x || !y.is_small_int()) {
            Some(n) if items[start + n] == x => return Ok(Some(start + n)),
            Some(n) => i += n,
            None => return Ok(None),
        }
    }
    while i < stop
        && let Some(y) = list.get(i)
    {
        if compare::eq(vm, y.to_ref().value(), x)? {
            return Ok(Some(i));
        }
        i += 1;
    }
    Ok(None)
}

fn concat(vm: &Vm, a: Value, b: Value) -> PyResult {
    let Some(y) = b.cast::<PyList>() else {
        return Err(vm.type_error(format!(
            "can only concatenate list (not \"{}\") to list",
            vm.type_of(b).full_name()
        )));
    };
    let x = this(a);
    let all = x.as_slice().iter().chain(y.as_slice()).map(|v| v.to_ref());
    Ok(PyList::from_exact_iter(vm, x.len() + y.len(), all))
}

fn repeated(vm: &Vm, list: &PyList, n: usize) -> PyResult<Vec<Ref>> {
    item::check_size(vm, list.len(), n)?;
    let mut all = Vec::with_capacity(list.len() * n);
    for _ in 0..n {
        all.extend(list.as_slice().iter().map(|v| v.to_ref()));
    }
    Ok(all)
}

fn repeat(vm: &Vm, a: Value, n: Value) -> PyResult {
    let n = item::to_index(vm, n, shape::OVERFLOW_ERROR)?.max(0) as usize;
    Ok(PyList::new(vm, repeated(vm, this(a), n)?))
}

fn inplace_concat(vm: &Vm, a: Value, b: Value) -> PyResult {
    extend(vm, a, b)?;
    Ok(a.to_ref())
}

fn inplace_repeat(vm: &Vm, a: Value, n: Value) -> PyResult {
    let list = this(a);
    let n = item::to_index(vm, n, shape::OVERFLOW_ERROR)?.max(0) as usize;
    match n {
        0 => list.clear(),
        _ => list.extend(repeated(vm, list, n - 1)?),
    }
    Ok(a.to_ref())
}

/// `list.extend`: built-in containers are copied at once, other iterables item by item (so that
/// what they yielded before an error stays, and code that runs meanwhile sees the list grow).
pub fn extend(vm: &Vm, v: Value, iterable: Value) -> PyResult<()> {
    let list = this(v);
    if let Some(other) = iterable.cast_exact::<PyList>() {
        return list.extend_from(vm, other.len(), || other.as_slice());
    }
    if let Some(t) = iterable.cast_exact::<PyTuple>() {
        return list.extend_from(vm, t.len(), || t.as_slice());
    }
    if let Some(s) = iterable.cast_exact::<PySet>() {
        list.reserve(vm, s.len(), false)?;
        list.extend(s.to_vec());
        return Ok(());
    }
    if let Some(d) = iterable.cast_exact::<PyDict>() {
        list.reserve(vm, d.len(), false)?;
        list.extend(d.keys_vec());
        return Ok(());
    }
    let it = protocol_iter::get_iter(vm, iterable)?;
    let hint = protocol_iter::length_hint(vm, iterable, 8)?;
    // A hint beyond all bounds is not believed by a list that has items.
    if list.capacity() == 0 || list.len().checked_add(hint).is_some_and(|n| n <= isize::MAX as usize) {
        list.reserve(vm, hint, true)?;
    }
    protocol_iter::walk(vm, it.value(), |x| {
        list.push(x);
        Ok(true)
    })?;
    list.cut_back();
    Ok(())
}

fn size_of(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(item::from_size(vm, 40 + 8 * this(a[0]).capacity()))
}

fn clear(vm: &Vm, a: &[Value]) -> PyResult {
    this(a[0]).clear();
    Ok(vm.none_ref())
}

fn copy(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(PyList::from_slice(vm, this(a[0]).as_slice()))
}

fn append(vm: &Vm, a: &[Value]) -> PyResult {
    this(a[0]).push(a[1].to_ref());
    Ok(vm.none_ref())
}

fn insert(vm: &Vm, a: &[Value]) -> PyResult {
    let i = item::ssize_arg(vm, a[1])?;
    let list = this(a[0]);
    let n = list.len() as isize;
    let at = if i < 0 { (i + n).max(0) } else { i.min(n) };
    list.insert(at as usize, a[2].to_ref());
    Ok(vm.none_ref())
}

fn extend_method(vm: &Vm, a: &[Value]) -> PyResult {
    extend(vm, a[0], a[1])?;
    Ok(vm.none_ref())
}

fn pop(vm: &Vm, a: &[Value]) -> PyResult {
    let list = this(a[0]);
    let i = match a[1].non_null() {
        None => -1,
        Some(i) => item::ssize_arg(vm, i)?,
    };
    if list.is_empty() {
        return Err(vm.index_error("pop from empty list"));
    }
    if i == -1 {
        return list.pop().ok_or_else(|| vm.index_error("pop from empty list"));
    }
    item::normalize(i, list.len())
        .and_then(|i| list.remove_at(i))
        .ok_or_else(|| vm.index_error("pop index out of range"))
}

fn remove(vm: &Vm, a: &[Value]) -> PyResult {
    let list = this(a[0]);
    match find(vm, list, a[1], 0, usize::MAX)? {
        Some(i) => {
            // The comparison may have shortened the list; then there is nothing left to remove.
            drop(list.remove_at(i));
            Ok(vm.none_ref())
        }
        None => Err(vm.value_error("list.remove(x): x not in list")),
    }
}

fn index(vm: &Vm, a: &[Value]) -> PyResult {
    let list = this(a[0]);
    let (start, stop) = item::search_bounds(vm, a[2], a[3], list.len())?;
    match find(vm, list, a[1], start, stop)? {
        Some(i) => Ok(item::from_size(vm, i)),
        None => Err(vm.value_error("list.index(x): x not in list")),
    }
}

fn count(vm: &Vm, a: &[Value]) -> PyResult {
    let list = this(a[0]);
    let (mut i, mut n) = (0, 0);
    while let Some(x) = list.get_ref(i) {
        n += usize::from(compare::eq(vm, x.value(), a[1])?);
        i += 1;
    }
    Ok(item::from_size(vm, n))
}

fn reverse(vm: &Vm, a: &[Value]) -> PyResult {
    this(a[0]).reverse();
    Ok(vm.none_ref())
}

/// `list.sort`, of the bound arguments.
pub fn sort_method(vm: &Vm, a: &[Value]) -> PyResult {
    let key = a[1].non_null().filter(|k| !k.is(vm.none()));
    let reverse = match a[2].non_null() {
        Some(r) => truth::truth(vm, r)?,
        None => false,
    };
    sort_list(vm, this(a[0]), key, reverse)?;
    Ok(vm.none_ref())
}

/// Sorts a list. It is empty meanwhile, for anybody who looks.
///
/// # Errors
/// Those of the key function and the comparisons, ValueError if somebody changed the list. The
/// list has its items again in any case, in some order.
pub fn sort_list(vm: &Vm, list: &PyList, key: Option<Value>, reverse: bool) -> PyResult<()> {
    let mut items = list.take_for_sort();
    let mut result = match key {
        None => {
            // SAFETY: `Ref` is a transparent `Value`; a sort only moves values about.
            let values = unsafe { std::slice::from_raw_parts_mut(items.as_mut_ptr().cast(), items.len()) };
            sort_either_way(vm, values, reverse, |v: Value| v)
        }
        Some(key) => sort_by_key(vm, &mut items, key, reverse),
    };
    if list.changed_during_sort() && result.is_ok() {
        result = Err(vm.value_error("list modified during sort"));
    }
    let intruders = list.take();
    list.put_back(items);
    drop(intruders);
    result
}

fn sort_by_key(vm: &Vm, items: &mut Vec<Ref>, key: Value, reverse: bool) -> PyResult<()> {
    let mut keys = Vec::with_capacity(items.len());
    for v in items.iter() {
        keys.push(call::call_args(vm, key, &[v.value()])?);
    }
    let mut order: Vec<(Value, usize)> = keys.iter().enumerate().map(|(i, k)| (k.value(), i)).collect();
    let result = sort_either_way(vm, &mut order, reverse, |k| k.0);
    let mut old: Vec<Option<Ref>> = items.drain(..).map(Some).collect();
    items.extend(order.iter().filter_map(|&(_, i)| old[i].take()));
    result
}

fn sort_either_way<T: Copy>(
    vm: &Vm,
    order: &mut [T],
    reverse: bool,
    key: impl Fn(T) -> Value + Copy,
) -> PyResult<()> {
    // Reversing before and after keeps equal items in order.
    if reverse {
        order.reverse();
    }
    let result = sort_keys(vm, order, key);
    if reverse {
        order.reverse();
    }
    result
}

/// Picks the cheapest comparison that gives the same answers for these keys.
fn sort_keys<T: Copy>(vm: &Vm, order: &mut [T], key: impl Fn(T) -> Value + Copy) -> PyResult<()> {
    let all = |test: fn(Value) -> bool| order.iter().all(|&k| test(key(k)));
    if all(|k| k.is_small_int()) {
        // Tagged ints of equal tags order as their bits do.
        return sort(order, |a, b| Ok((key(a).bits() as i64) < key(b).bits() as i64));
    }
    if all(|k| k.has_shape(shape::STR)) {
        // SAFETY: all keys are exact strs. WTF-8 orders as code points do.
        return sort(order, |a, b| unsafe {
            Ok(key(a).cast_unchecked::<PyStr>().as_bytes() < key(b).cast_unchecked::<PyStr>().as_bytes())
        });
    }
    if all(|k| k.is_tagged_float() || k.has_shape(shape::FLOAT)) {
        return sort(order, |a, b| Ok(float::value_of(key(a)) < float::value_of(key(b))));
    }
    sort(order, |a, b| compare::rich_bool(vm, key(a), key(b), CompareOp::Lt))
}
