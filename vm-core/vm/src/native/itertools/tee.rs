//! `tee`: several iterators over one, sharing what was read in a linked list of blocks.

use std::cell::{Cell, RefCell};

use crate::error::PyResult;
use crate::native::itertools::iterator_slots;
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::protocol::{item, iter};
use crate::shape;
use crate::types::iterators::payload;
use crate::types::list::PyList;
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Items per block (CPython's number, which `_tee_dataobject` lets programs see).
const BLOCK: usize = 57;

/// Items that were read from the source, and the next block.
#[repr(C)]
pub struct TeeData {
    header: Header,
    iterator: Ref,
    items: RefCell<Vec<Ref>>,
    /// The next block; NULL until it is needed.
    next: OwnedCell,
    /// The source is being read right now.
    running: Cell<bool>,
}
payload!(TeeData, ITERTOOLS_TEE_DATA);

/// One of the iterators.
#[repr(C)]
pub struct Tee {
    header: Header,
    data: OwnedCell,
    /// Position within the block.
    pos: Cell<usize>,
}
payload!(Tee, ITERTOOLS_TEE);

pub static TEE: TypeDef = TypeDef {
    doc: "Iterator wrapped to make it copyable.",
    flags: flags::HEAP | flags::PREFIX | flags::WEAKREF,
    slots: |s| {
        iterator_slots!(s, Tee { data }, tee_next);
    },
    new: New::Bound("(iterable, /)", |vm: &Vm, _: TypeRef, a: &[Value]| from_iterable(vm, a[0])),
    methods: &[MethodDef::new("__copy__", "($self, /)", |vm, a| Ok(copy(vm, a[0])), "An independent copy.")],
    ..TypeDef::of::<Tee>("itertools._tee")
};

pub static TEE_DATA: TypeDef = TypeDef {
    doc: "_tee_dataobject(iterable, values, next, /)\n--\n\nItems shared by the iterators of a tee.",
    flags: 0,
    slots: |s| {
        s.drop = Some(drop_data);
        s.traverse = crate::traverse_fields!(TeeData: iterator, items, next);
    },
    new: New::Bound("(iterable, values, next, /)", new_data_object),
    ..TypeDef::of::<TeeData>("itertools._tee_dataobject")
};

/// Drops a block and, without recursion, those after it that nobody else uses.
///
/// # Safety
/// `p` is a block that nobody uses any more.
unsafe fn drop_data(p: *mut Header) {
    // SAFETY: promised by the caller.
    let mut next = unsafe { &*(p as *const TeeData) }.next.take();
    // SAFETY: as above; the chain was cut off.
    unsafe { object::drop_payload::<TeeData>(p) };
    while let Some(block) = next {
        // SAFETY: a live object.
        let last_owner = unsafe { (*block.pointer()).refs } == 1;
        next = if last_owner { TeeData::of(block.value()).next.take() } else { None };
    }
}

fn block(iterator: Ref, items: Vec<Ref>) -> Ref {
    object::new(TeeData {
        header: object::header(),
        iterator,
        items: RefCell::new(items),
        next: OwnedCell::null(),
        running: Cell::new(false),
    })
}

fn new_data_object(vm: &Vm, _ty: TypeRef, a: &[Value]) -> PyResult {
    let iterator = iter::get_iter(vm, a[0])?;
    let Some(values) = a[1].cast::<PyList>() else {
        return Err(vm.type_error(format!(
            "_tee_dataobject() argument 2 must be list, not {}",
            vm.type_of(a[1]).full_name()
        )));
    };
    let items = values.to_vec();
    if items.len() > BLOCK {
        return Err(vm.value_error("Invalid arguments"));
    }
    let full = items.len() == BLOCK;
    let r = block(iterator, items);
    if !a[2].is(vm.none()) {
        if !full {
            return Err(vm.value_error("_tee_dataobject should not have a next if not full"));
        }
        if a[2].cast::<TeeData>().is_none() {
            return Err(vm.value_error("_tee_dataobject next should be of type teedataobject"));
        }
        TeeData::of(r.value()).next.set(a[2].to_ref());
    }
    Ok(r)
}

fn make(vm: &Vm, data: Ref, pos: usize) -> Ref {
    let ty = vm.builtin(shape::ITERTOOLS_TEE);
    object::new_instance(ty, Tee { header: object::header(), data: OwnedCell::new(data), pos: Cell::new(pos) })
}

fn copy(vm: &Vm, v: Value) -> Ref {
    let t = Tee::of(v);
    make(vm, t.data.get().to_ref(), t.pos.get())
}

fn from_iterable(vm: &Vm, iterable: Value) -> PyResult {
    let it = iter::get_iter(vm, iterable)?;
    // A tee of a tee shares its blocks.
    if it.cast::<Tee>().is_some() {
        return Ok(copy(vm, it.value()));
    }
    Ok(make(vm, block(it, Vec::new()), 0))
}

/// `tee(iterable, n=2)`. Bound values: module, iterable, n.
pub fn tee(vm: &Vm, a: &[Value]) -> PyResult {
    let n = match a[2].non_null() {
        Some(n) => item::ssize_arg(vm, n)?,
        None => 2,
    };
    if n < 0 {
        return Err(vm.value_error("n must be >= 0"));
    }
    if n == 0 {
        return Ok(vm.empty_tuple().to_ref());
    }
    let first = from_iterable(vm, a[1])?;
    let mut all = Vec::new();
    if all.try_reserve_exact(n as usize).is_err() {
        return Err(vm.error_args(shape::MEMORY_ERROR, &[]));
    }
    all.push(first);
    for i in 1..n as usize {
        all.push(copy(vm, all[i - 1].value()));
    }
    Ok(PyTuple::from_vec(vm, all))
}

fn tee_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let t = Tee::of(v);
    if t.pos.get() >= BLOCK {
        let data = TeeData::of(t.data.get());
        if data.next.is_null() {
            data.next.set(block(data.iterator.clone(), Vec::new()));
        }
        let next = data.next.get().to_ref();
        t.data.set(next);
        t.pos.set(0);
    }
    let held = t.data.get().to_ref();
    let data = TeeData::of(held.value());
    let known = data.items.borrow().get(t.pos.get()).cloned();
    let item = match known {
        Some(x) => x,
        None => {
            if data.running.replace(true) {
                return Err(vm.runtime_error("cannot re-enter the tee iterator"));
            }
            let read = iter::next(vm, data.iterator.value());
            data.running.set(false);
            let Some(x) = read? else { return Ok(None) };
            data.items.borrow_mut().push(x.clone());
            x
        }
    };
    t.pos.set(t.pos.get() + 1);
    Ok(Some(item))
}
