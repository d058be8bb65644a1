//! Building containers, adding to them, and taking them apart.

use crate::error::{PyResult, Raised};
use crate::interp::regs::{Flow, Regs};
use crate::ops::calls::function_text;
use crate::ops::{adaptive, attempt};
use crate::protocol::{iter, object as obj};
use crate::shape;
use crate::types::dict::{Existing, PyDict};
use crate::types::exceptions;
use crate::types::list::{self, PyList};
use crate::types::set::PySet;
use crate::types::slice::{Bounds, PySlice};
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;
use tailscope_bytecode::opcode::Opcode;

/// Makes the topmost `n` slots own what they hold.
#[inline(always)]
unsafe fn own_slots(r: &mut Regs, n: usize) {
    for i in 1..=n {
        let slot = r.slot(i);
        *slot = (*slot).into_owned();
    }
}

/// Pops `n` values and pushes the container that now owns them.
#[inline(always)]
unsafe fn replace_many(r: &mut Regs, n: usize, v: Ref) -> Flow {
    r.sp = r.sp.sub(n);
    r.push_ref(v);
    Flow::Called
}

#[inline(always)]
pub unsafe fn BUILD_TUPLE(r: &mut Regs) -> Flow {
    r.save();
    let n = r.arg();
    own_slots(r, n);
    let v = PyTuple::from_owned_slice(r.vm(), r.top_slice(n));
    replace_many(r, n, v)
}

#[inline(always)]
pub unsafe fn BUILD_LIST(r: &mut Regs) -> Flow {
    r.save();
    let n = r.arg();
    own_slots(r, n);
    let v = PyList::from_owned_slice(r.vm(), r.top_slice(n));
    replace_many(r, n, v)
}

#[inline(always)]
pub unsafe fn BUILD_SET(r: &mut Regs) -> Flow {
    r.save();
    let n = r.arg();
    let v = attempt!(r, build_set(r.vm(), r.top_slice(n)));
    r.drop_many(n);
    r.push_ref(v);
    Flow::Called
}

#[inline(never)]
fn build_set(vm: &Vm, items: &[Value]) -> PyResult {
    let set = PySet::new_set(vm);
    if let Some(s) = PySet::from_value(set.value()) {
        for v in items {
            s.add(vm, *v)?;
        }
    }
    Ok(set)
}

#[inline(always)]
pub unsafe fn BUILD_MAP(r: &mut Regs) -> Flow {
    r.save();
    let n = r.arg();
    let v = attempt!(r, build_map(r.vm(), r.top_slice(2 * n)));
    r.drop_many(2 * n);
    r.push_ref(v);
    Flow::Called
}

#[inline(never)]
fn build_map(vm: &Vm, items: &[Value]) -> PyResult {
    let map = PyDict::with_capacity(vm, items.len() / 2);
    // SAFETY: just made.
    let d = unsafe { map.cast_unchecked::<PyDict>() };
    for pair in items.chunks_exact(2) {
        d.set(vm, pair[0], pair[1])?;
    }
    Ok(map)
}

/// What the subscription behind BUILD_SLICE gives for exactly a list and plain bounds, which need no
/// slice object.
#[inline(always)]
unsafe fn list_slice(r: &Regs, n: usize) -> Option<Ref> {
    let list = r.peek(n + 1);
    if !list.has_shape_nonnull(shape::LIST) {
        return None;
    }
    let step = if n == 3 { r.peek(1) } else { r.vm().none() };
    let bounds = Bounds::plain(r.vm(), r.peek(n), r.peek(n - 1), step)?;
    r.save();
    Some(list::slice_of(r.vm(), list, bounds))
}

/// Replaces the list by its part, as the subscription does; its caches are skipped. The bounds own
/// nothing.
#[inline(always)]
unsafe fn finish_list_slice(r: &mut Regs, n: usize, part: Ref) -> Flow {
    const SUBSCRIPT_UNITS: usize = 6;
    let list = r.peek(n + 1);
    r.sp = r.sp.sub(n);
    *r.slot(1) = part.into_value();
    r.release(list);
    r.ip = r.ip.add(SUBSCRIPT_UNITS);
    Flow::Jump
}

#[inline(always)]
pub unsafe fn BUILD_SLICE(r: &mut Regs) -> Flow {
    let n = r.arg();
    if r.fuse
        && *r.ip as u8 == Opcode::BINARY_OP_SUBSCR_LIST_SLICE as u8
        && let Some(part) = list_slice(r, n)
    {
        return finish_list_slice(r, n, part);
    }
    let step = if n == 3 { r.peek(1).to_ref() } else { r.vm().none_ref() };
    let v = PySlice::new(r.peek(n).to_ref(), r.peek(n - 1).to_ref(), step);
    r.drop_many(n);
    r.push_ref(v);
    Flow::Called
}

// Adding: the container lies `oparg` values below what is added.

#[inline(always)]
pub unsafe fn LIST_APPEND(r: &mut Regs) -> Flow {
    let v = r.pop();
    let list = r.peek(r.arg()).cast_unchecked::<PyList>();
    if list.is_full() {
        // Before much memory is asked for.
        r.save();
    }
    list.push(v.into_ref());
    Flow::Next
}

#[inline(always)]
pub unsafe fn LIST_EXTEND(r: &mut Regs) -> Flow {
    r.save();
    let list = r.peek(r.arg() + 1);
    let done = extend(r.vm(), list, r.peek(1));
    r.finish_unit::<1>(done)
}

#[inline(never)]
fn extend(vm: &Vm, list: Value, iterable: Value) -> PyResult<()> {
    match crate::types::list::extend(vm, list, iterable) {
        Err(e) if e.is(vm, shape::TYPE_ERROR) && !is_iterable(vm, iterable) => {
            Err(vm.type_error(format!(
                "Value after * must be an iterable, not {}",
                vm.type_of(iterable).full_name()
            )))
        }
        r => r,
    }
}

fn is_iterable(vm: &Vm, v: Value) -> bool {
    let ty = vm.type_of(v);
    ty.slots().iter.is_some() || iter::is_sequence(ty)
}

#[inline(always)]
pub unsafe fn SET_ADD(r: &mut Regs) -> Flow {
    r.save();
    let set = r.peek(r.arg() + 1).cast_unchecked::<PySet>();
    let done = set.add(r.vm(), r.peek(1));
    r.finish_unit::<1>(done)
}

#[inline(always)]
pub unsafe fn SET_UPDATE(r: &mut Regs) -> Flow {
    r.save();
    let set = r.peek(r.arg() + 1).cast_unchecked::<PySet>();
    let done = set.update(r.vm(), r.peek(1));
    r.finish_unit::<1>(done)
}

#[inline(always)]
pub unsafe fn MAP_ADD(r: &mut Regs) -> Flow {
    r.save();
    let d = r.peek(r.arg() + 2).cast_unchecked::<PyDict>();
    let done = d.set(r.vm(), r.peek(2), r.peek(1));
    r.finish_unit::<2>(done)
}

#[inline(always)]
pub unsafe fn DICT_UPDATE(r: &mut Regs) -> Flow {
    r.save();
    let d = r.peek(r.arg() + 1).cast_unchecked::<PyDict>();
    let other = r.peek(1);
    let vm = r.vm();
    let done = d.merge(vm, other, Existing::Override).map_err(|e| not_a_mapping(vm, e, other));
    r.finish_unit::<1>(done)
}

#[cold]
fn not_a_mapping(vm: &Vm, e: Raised, v: Value) -> Raised {
    if e.is(vm, shape::ATTRIBUTE_ERROR) {
        return vm.type_error(format!("'{}' object is not a mapping", vm.type_of(v).full_name()));
    }
    e
}

#[inline(always)]
pub unsafe fn DICT_MERGE(r: &mut Regs) -> Flow {
    r.save();
    let n = r.arg();
    let d = r.peek(n + 1).cast_unchecked::<PyDict>();
    let (callable, other) = (r.peek(n + 4), r.peek(1));
    let vm = r.vm();
    let done = d.merge(vm, other, Existing::Error).map_err(|e| bad_keywords(vm, e, callable, other));
    r.finish_unit::<1>(done)
}

#[cold]
fn bad_keywords(vm: &Vm, e: Raised, callable: Value, other: Value) -> Raised {
    if e.is(vm, shape::ATTRIBUTE_ERROR) {
        return vm.type_error(format!(
            "{} argument after ** must be a mapping, not {}",
            function_text(vm, callable),
            vm.type_of(other).full_name()
        ));
    }
    if !e.is(vm, shape::KEY_ERROR) {
        return e;
    }
    let key = exceptions::exception(e.0.value())
        .and_then(|x| x.args.get().cast::<PyTuple>())
        .filter(|a| a.len() == 1)
        .and_then(|a| a.get(0));
    match key {
        Some(key) => {
            let key = obj::str_text(vm, key).unwrap_or_default();
            vm.type_error(format!(
                "{} got multiple values for keyword argument '{key}'",
                function_text(vm, callable)
            ))
        }
        None => e,
    }
}

// Unpacking: the first item ends on top.

#[inline(always)]
pub unsafe fn UNPACK_SEQUENCE(r: &mut Regs) -> Flow {
    adaptive!(r);
    r.save();
    let items = attempt!(r, unpack(r.vm(), r.peek(1), r.arg()));
    push_items(r, items)
}

/// Replaces the sequence by its items, the first on top.
#[inline(always)]
unsafe fn push_items(r: &mut Regs, items: Vec<Ref>) -> Flow {
    let seq = r.pop();
    for v in items.into_iter().rev() {
        r.push_ref(v);
    }
    r.release(seq);
    Flow::Called
}

fn iterator_to_unpack(vm: &Vm, seq: Value) -> PyResult {
    match iter::get_iter(vm, seq) {
        Err(e) if e.is(vm, shape::TYPE_ERROR) && !is_iterable(vm, seq) => Err(vm.type_error(format!(
            "cannot unpack non-iterable {} object",
            vm.type_of(seq).full_name()
        ))),
        r => r,
    }
}

#[inline(never)]
fn unpack(vm: &Vm, seq: Value, n: usize) -> PyResult<Vec<Ref>> {
    let it = iterator_to_unpack(vm, seq)?;
    let mut items = Vec::with_capacity(n);
    while items.len() < n {
        match iter::next(vm, it.value())? {
            Some(v) => items.push(v),
            None => {
                return Err(vm.value_error(format!(
                    "not enough values to unpack (expected {n}, got {})",
                    items.len()
                )));
            }
        }
    }
    if iter::next(vm, it.value())?.is_none() {
        return Ok(items);
    }
    let len = if let Some(l) = seq.cast_exact::<PyList>() {
        Some(l.len())
    } else if let Some(t) = seq.cast_exact::<PyTuple>() {
        Some(t.len())
    } else {
        seq.cast_exact::<PyDict>().map(|d| d.len())
    };
    Err(vm.value_error(match len {
        Some(len) if len > n => format!("too many values to unpack (expected {n}, got {len})"),
        _ => format!("too many values to unpack (expected {n})"),
    }))
}

#[inline(always)]
pub unsafe fn UNPACK_EX(r: &mut Regs) -> Flow {
    r.save();
    let (before, after) = (r.arg() & 0xFF, r.arg() >> 8);
    let items = attempt!(r, unpack_with_rest(r.vm(), r.peek(1), before, after));
    push_items(r, items)
}

#[inline(never)]
fn unpack_with_rest(vm: &Vm, seq: Value, before: usize, after: usize) -> PyResult<Vec<Ref>> {
    let it = iterator_to_unpack(vm, seq)?;
    let too_few = |got: usize| {
        vm.value_error(format!(
            "not enough values to unpack (expected at least {}, got {got})",
            before + after
        ))
    };
    let mut items = Vec::with_capacity(before + 1 + after);
    while items.len() < before {
        match iter::next(vm, it.value())? {
            Some(v) => items.push(v),
            None => return Err(too_few(items.len())),
        }
    }
    // As `list()` takes them: the iterator is asked for an iterator, and how many are left.
    let rest = list::from_iterable(vm, it.value())?;
    let Some(list) = rest.cast::<PyList>() else { return Ok(items) };
    let Some(kept) = list.len().checked_sub(after) else {
        return Err(too_few(before + list.len()));
    };
    let tail = list.splice(kept, list.len(), Vec::new());
    items.push(rest);
    items.extend(tail);
    Ok(items)
}

#[inline(always)]
pub unsafe fn UNPACK_SEQUENCE_TWO_TUPLE(r: &mut Regs) -> Flow {
    let seq = r.peek(1);
    if !seq.has_shape_nonnull(shape::TUPLE) {
        return Flow::Deopt;
    }
    let items = seq.cast_unchecked::<PyTuple>().as_slice();
    if items.len() != 2 {
        return Flow::Deopt;
    }
    *r.slot(1) = items[1].dup();
    r.push(items[0].dup());
    r.release(seq);
    Flow::Next
}

/// Replaces the sequence by `n` items that it owns.
#[inline(always)]
unsafe fn unpack_slots(r: &mut Regs, items: *const Value, n: usize) -> Flow {
    let seq = r.pop();
    let mut i = n;
    while i > 0 {
        i -= 1;
        r.push((*items.add(i)).dup());
    }
    r.release(seq);
    Flow::Next
}

#[inline(always)]
pub unsafe fn UNPACK_SEQUENCE_TUPLE(r: &mut Regs) -> Flow {
    let seq = r.peek(1);
    if !seq.has_shape_nonnull(shape::TUPLE) {
        return Flow::Deopt;
    }
    let items = seq.cast_unchecked::<PyTuple>().as_slice();
    if items.len() != r.arg() {
        return Flow::Deopt;
    }
    unpack_slots(r, items.as_ptr(), items.len())
}

#[inline(always)]
pub unsafe fn UNPACK_SEQUENCE_LIST(r: &mut Regs) -> Flow {
    let seq = r.peek(1);
    if !seq.has_shape_nonnull(shape::LIST) {
        return Flow::Deopt;
    }
    let list = seq.cast_unchecked::<PyList>();
    if list.len() != r.arg() {
        return Flow::Deopt;
    }
    unpack_slots(r, list.items(), list.len())
}

#[inline(always)]
pub unsafe fn GET_LEN(r: &mut Regs) -> Flow {
    r.save();
    let n = attempt!(r, crate::protocol::item::length(r.vm(), r.peek(1)));
    r.push(r.vm().new_int(n as i64).into_value());
    Flow::Called
}

#[inline(always)]
pub unsafe fn SETUP_ANNOTATIONS(r: &mut Regs) -> Flow {
    r.save();
    let done = setup_annotations(*r);
    r.finish_unit::<0>(done)
}

#[inline(never)]
unsafe fn setup_annotations(r: Regs) -> PyResult<()> {
    let vm = r.vm();
    let Some(locals) = r.frame().mapping() else {
        return Err(vm.system_error("no locals found when setting up annotations"));
    };
    let name = vm.names().__annotations__;
    if crate::ops::variables::mapping_get(vm, locals, name)?.is_none() {
        crate::protocol::item::set(vm, locals, name, PyDict::new(vm).value())?;
    }
    Ok(())
}
