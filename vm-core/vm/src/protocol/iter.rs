//! Iteration: making iterators, stepping them, and the ways native code consumes iterables.

use crate::error::{PyResult, Raised};
use crate::interp::enter::check_native_stack;
use crate::protocol::{attr, item};
use crate::shape::{self, ShapeId};
use crate::types::dict::PyDict;
use crate::types::iterators::PySequenceIterator;
use crate::types::list::PyList;
use crate::types::slots::NextFn;
use crate::types::tuple::PyTuple;
use crate::types::type_::{TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// `iter(v)`.
#[inline]
pub fn get_iter(vm: &Vm, v: Value) -> PyResult {
    let ty = vm.type_of(v);
    match ty.slots().iter {
        Some(f) => {
            let it = f(vm, v)?;
            if is_iterator(vm, it.value()) { Ok(it) } else { Err(not_iterator(vm, it.value())) }
        }
        None if is_sequence(ty) => Ok(PySequenceIterator::new(v)),
        None => Err(not_iterable(vm, v)),
    }
}

#[cold]
fn not_iterator(vm: &Vm, it: Value) -> Raised {
    vm.type_error(format!("iter() returned non-iterator of type '{}'", vm.type_of(it).full_name()))
}

#[cold]
fn not_iterable(vm: &Vm, v: Value) -> Raised {
    vm.type_error(format!("'{}' object is not iterable", vm.type_of(v).full_name()))
}

/// Whether the type's `__getitem__` takes positions, as far as anybody can tell (CPython's
/// `PySequence_Check`): built-in types say so, classes written in Python might.
pub fn is_sequence(ty: TypeRef) -> bool {
    let layout = ty.layout();
    ty.slots().get_item.is_some()
        && !extends_dict(layout)
        && (ty.is_heap()
            || ty.has_flag(flags::SEQUENCE)
            || matches!(layout, shape::STR | shape::BYTES | shape::BYTEARRAY))
}

fn extends_dict(mut layout: ShapeId) -> bool {
    while layout != shape::OBJECT && layout != shape::DICT {
        layout = shape::layout_base(layout);
    }
    layout == shape::DICT
}

/// Whether the value has `__next__`.
#[inline(always)]
pub fn is_iterator(vm: &Vm, v: Value) -> bool {
    vm.type_of(v).slots().next.is_some()
}

/// The next item of an iterator; `None` at its end. A StopIteration that comes from within (from
/// a function that `map` calls, say) ends the iteration, too.
#[inline]
pub fn next(vm: &Vm, it: Value) -> PyResult<Option<Ref>> {
    match vm.type_of(it).slots().next {
        Some(f) => step(vm, f, it),
        None => {
            Err(vm.type_error(format!("'{}' object is not an iterator", vm.type_of(it).full_name())))
        }
    }
}

/// Like [`next`] with the iterator's slot at hand.
#[inline]
pub fn step(vm: &Vm, f: NextFn, it: Value) -> PyResult<Option<Ref>> {
    check_native_stack(vm, "")?;
    match f(vm, it) {
        Err(e) if e.is(vm, shape::STOP_ITERATION) => Ok(None),
        r => r,
    }
}

/// Calls `f` with each item of an iterable. `f` may run any code, also such that changes the
/// iterable; the effect of that is CPython's.
pub fn for_each(vm: &Vm, iterable: Value, mut f: impl FnMut(Ref) -> PyResult<()>) -> PyResult<()> {
    for_each_while(vm, iterable, |v| f(v).map(|()| true))
}

/// Like [`for_each`], until `f` says false.
pub fn for_each_while(
    vm: &Vm,
    iterable: Value,
    mut f: impl FnMut(Ref) -> PyResult<bool>,
) -> PyResult<()> {
    if let Some(t) = iterable.cast_exact::<PyTuple>() {
        for v in t.as_slice() {
            if !f(v.to_ref())? {
                break;
            }
        }
        return Ok(());
    }
    if let Some(list) = iterable.cast_exact::<PyList>() {
        let mut i = 0;
        while let Some(v) = list.get_ref(i) {
            if !f(v)? {
                break;
            }
            i += 1;
        }
        return Ok(());
    }
    let it = get_iter(vm, iterable)?;
    walk(vm, it.value(), f)
}

/// Calls `f` with what an iterator still yields, until it returns false.
#[inline]
pub fn walk(vm: &Vm, it: Value, mut f: impl FnMut(Ref) -> PyResult<bool>) -> PyResult<()> {
    let Some(slot) = vm.type_of(it).slots().next else { return Err(not_iterator(vm, it)) };
    while let Some(v) = step(vm, slot, it)? {
        if !f(v)? {
            break;
        }
    }
    Ok(())
}

/// All items of an iterable, in order, as `list(iterable)` gets them: the length hint is asked
/// for, which Python code may notice.
pub fn to_vec(vm: &Vm, iterable: Value) -> PyResult<Vec<Ref>> {
    if let Some(items) = exact_items(iterable) {
        return Ok(items);
    }
    let it = get_iter(vm, iterable)?;
    let hint = length_hint(vm, iterable, 8)?;
    let mut items = Vec::with_capacity(hint.min(1 << 16));
    drain(vm, it.value(), &mut items)?;
    Ok(items)
}

/// All items of an iterable, without asking for its length (as `tuple(iterable)` does).
pub fn collect(vm: &Vm, iterable: Value) -> PyResult<Vec<Ref>> {
    if let Some(items) = exact_items(iterable) {
        return Ok(items);
    }
    let it = get_iter(vm, iterable)?;
    let mut items = Vec::new();
    drain(vm, it.value(), &mut items)?;
    Ok(items)
}

fn drain(vm: &Vm, it: Value, items: &mut Vec<Ref>) -> PyResult<()> {
    let Some(slot) = vm.type_of(it).slots().next else { return Err(not_iterator(vm, it)) };
    while let Some(v) = step(vm, slot, it)? {
        items.push(v);
    }
    Ok(())
}

/// Items of those built-in containers that can be copied at once.
fn exact_items(v: Value) -> Option<Vec<Ref>> {
    if let Some(list) = v.cast_exact::<PyList>() {
        return Some(list.to_vec());
    }
    if let Some(t) = v.cast_exact::<PyTuple>() {
        return Some(t.as_slice().iter().map(|v| v.to_ref()).collect());
    }
    if let Some(d) = v.cast_exact::<PyDict>() {
        return Some(d.keys_vec());
    }
    v.cast_exact::<crate::types::set::PySet>().map(|s| s.to_vec())
}

/// Items of an iterable as `PySequence_Fast` gives them: `message` replaces the TypeError of
/// what cannot be iterated.
pub fn sequence(vm: &Vm, v: Value, message: &str) -> PyResult<Vec<Ref>> {
    if let Some(list) = v.cast_exact::<PyList>() {
        return Ok(list.to_vec());
    }
    if let Some(t) = v.cast_exact::<PyTuple>() {
        return Ok(t.as_slice().iter().map(|v| v.to_ref()).collect());
    }
    match get_iter(vm, v) {
        Ok(it) => to_vec(vm, it.value()),
        Err(e) if e.is(vm, shape::TYPE_ERROR) => Err(vm.type_error(message)),
        Err(e) => Err(e),
    }
}

/// How many items to expect: `len`, else `__length_hint__`, else `default`.
pub fn length_hint(vm: &Vm, v: Value, default: usize) -> PyResult<usize> {
    if let Some(len) = vm.type_of(v).slots().len {
        match len(vm, v) {
            Err(e) if e.is(vm, shape::TYPE_ERROR) => {}
            other => return other,
        }
    }
    let Some(m) = attr::lookup_method(vm, v, vm.names().__length_hint__)? else {
        return Ok(default);
    };
    let r = match m.call(vm, &[]) {
        Ok(r) => r,
        Err(e) if e.is(vm, shape::TYPE_ERROR) => return Ok(default),
        Err(e) => return Err(e),
    };
    if r.is(vm.not_implemented()) {
        return Ok(default);
    }
    if !vm.type_of(r.value()).is_subtype(vm.builtin(shape::INT)) {
        return Err(vm.type_error(format!(
            "__length_hint__ must be an integer, not {}",
            vm.type_of(r.value()).full_name()
        )));
    }
    let n = match item::int_to_isize(r.value()) {
        Some(n) => n,
        None => return Err(vm.overflow_error("Python int too large to convert to C ssize_t")),
    };
    usize::try_from(n).map_err(|_| vm.value_error("__length_hint__() should return >= 0"))
}
