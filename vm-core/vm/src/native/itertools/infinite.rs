//! `count`, `cycle` and `repeat`.

use std::cell::{Cell, RefCell};

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::native::itertools::iterator_slots;
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::protocol::number::{self, BinaryOp};
use crate::protocol::{item, iter};
use crate::shape;
use crate::types::int;
use crate::types::iterators::payload;
use crate::types::repr_writer::ReprWriter;
use crate::types::type_::{MethodDef, New, TypeDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Counts without end.
#[repr(C)]
pub struct Count {
    header: Header,
    /// The next number.
    next: OwnedCell,
    step: Ref,
}
payload!(Count, ITERTOOLS_COUNT);

pub static COUNT: TypeDef = TypeDef {
    doc: "The numbers start, start + step, start + 2*step, ... without end.",
    slots: |s| {
        iterator_slots!(s, Count { next, step }, count_next);
        s.repr = Some(count_repr);
    },
    new: New::Bound("(start=0, step=1)", new_count),
    ..TypeDef::of::<Count>("itertools.count")
};

/// Whether `PyNumber_Check` would take the value for a number.
fn is_number(vm: &Vm, v: Value) -> bool {
    let s = vm.type_of(v).slots();
    s.int.is_some() || s.float.is_some() || s.index.is_some() || v.has_shape(shape::COMPLEX)
}

fn new_count(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    let part = |v: Value, default: i64| -> PyResult {
        match v.non_null() {
            None => Ok(Ref::small_int(default)),
            Some(v) if is_number(vm, v) => Ok(v.to_ref()),
            Some(_) => Err(vm.type_error("a number is required")),
        }
    };
    let (mut start, mut step) = (part(a[0], 0)?, part(a[1], 1)?);
    // Counting ints by one needs no objects in CPython, so that `True` comes back as 1.
    if int::to_i64(step.value()) == Some(1) && int::value_of(start.value()).is_some() {
        (start, step) = (int::exact(start.value()), Ref::small_int(1));
    }
    Ok(object::new_instance(ty, Count { header: object::header(), next: OwnedCell::new(start), step }))
}

fn count_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let c = Count::of(v);
    let current = c.next.get().to_ref();
    let following = number::binary(vm, current.value(), c.step.value(), BinaryOp::Add)?;
    c.next.set(following);
    Ok(Some(current))
}

fn count_repr(vm: &Vm, v: Value) -> PyResult {
    let c = Count::of(v);
    let mut w = ReprWriter::new("count(");
    w.push_repr(vm, c.next.get().to_ref().value())?;
    // A step of 1 goes without saying (1.0 does not).
    if int::to_i64(c.step.value()) != Some(1) {
        w.push(", ");
        w.push_repr(vm, c.step.value())?;
    }
    w.push(")");
    Ok(w.finish(vm))
}

/// Yields an iterable's items again and again.
#[repr(C)]
pub struct Cycle {
    header: Header,
    /// NULL once the first round is over.
    iterator: OwnedCell,
    saved: RefCell<Vec<Ref>>,
    pos: Cell<usize>,
}
payload!(Cycle, ITERTOOLS_CYCLE);

pub static CYCLE: TypeDef = TypeDef {
    doc: "The items of the iterable, again and again without end.",
    slots: |s| {
        iterator_slots!(s, Cycle { iterator, saved }, cycle_next);
    },
    new: New::Bound("(iterable, /)", new_cycle),
    ..TypeDef::of::<Cycle>("itertools.cycle")
};

fn new_cycle(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    let iterator = OwnedCell::new(iter::get_iter(vm, a[0])?);
    let saved = RefCell::default();
    Ok(object::new_instance(ty, Cycle { header: object::header(), iterator, saved, pos: Cell::new(0) }))
}

fn cycle_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let c = Cycle::of(v);
    if let Some(it) = c.iterator.get_ref() {
        if let Some(x) = iter::next(vm, it.value())? {
            c.saved.borrow_mut().push(x.clone());
            return Ok(Some(x));
        }
        c.iterator.clear();
    }
    let saved = c.saved.borrow();
    if saved.is_empty() {
        return Ok(None);
    }
    let i = c.pos.get();
    c.pos.set((i + 1) % saved.len());
    Ok(saved.get(i).cloned())
}

/// Yields one object a number of times, or without end.
#[repr(C)]
pub struct Repeat {
    header: Header,
    object: Ref,
    /// Times that are left; negative for no end.
    left: Cell<isize>,
}
payload!(Repeat, ITERTOOLS_REPEAT);

pub static REPEAT: TypeDef = TypeDef {
    doc: "repeat(object [,times]) -> an iterator that yields the object that many times,\n\
          or without end.",
    slots: |s| {
        iterator_slots!(s, Repeat { object }, repeat_next);
        s.repr = Some(repeat_repr);
    },
    new: New::Raw(new_repeat),
    methods: &[MethodDef::new(
        "__length_hint__",
        "($self, /)",
        repeat_hint,
        "Number of items still to come.",
    )],
    ..TypeDef::of::<Repeat>("itertools.repeat")
};

fn new_repeat(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    let sig = vm.signatures.get("(object, times=<unrepresentable>)");
    sig.bind(vm, "repeat", None, args, |a| {
        let left = match a[1].non_null() {
            None => -1,
            Some(n) => item::ssize_arg(vm, n)?.max(0),
        };
        let object = a[0].to_ref();
        Ok(object::new_instance(ty, Repeat { header: object::header(), object, left: Cell::new(left) }))
    })
}

fn repeat_next(_vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let r = Repeat::of(v);
    match r.left.get() {
        0 => return Ok(None),
        n if n > 0 => r.left.set(n - 1),
        _ => {}
    }
    Ok(Some(r.object.clone()))
}

fn repeat_repr(vm: &Vm, v: Value) -> PyResult {
    let r = Repeat::of(v);
    let mut w = ReprWriter::new("repeat(");
    w.push_repr(vm, r.object.value())?;
    if r.left.get() >= 0 {
        w.push(&format!(", {}", r.left.get()));
    }
    w.push(")");
    Ok(w.finish(vm))
}

fn repeat_hint(vm: &Vm, a: &[Value]) -> PyResult {
    match usize::try_from(Repeat::of(a[0]).left.get()) {
        Ok(n) => Ok(item::from_size(vm, n)),
        Err(_) => Err(vm.type_error("len() of unsized object")),
    }
}
