//! The module `_queue`: a simple queue, which finalizers and signal handlers may use at any time.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::convert::bool_or;
use crate::error::{PyResult, Raised};
use crate::native::time::{Round, nanoseconds};
use crate::native::{self, ModuleDef};
use crate::object::{self, Header};
use crate::shape;
use crate::types::exceptions::hierarchy;
use crate::types::generic_alias;
use crate::types::iterators::payload;
use crate::types::type_::{MethodDef, New, TypeDef, flags};
use crate::value::{Ref, Value};
use crate::threads;
use crate::vm::Vm;

pub static EMPTY: TypeDef = hierarchy::simple("_queue.Empty", "Exception raised by Queue.get(block=0)/get_nowait().");

/// A queue without a limit.
#[repr(C)]
pub struct PySimpleQueue {
    header: Header,
    items: RefCell<VecDeque<Ref>>,
}
payload!(PySimpleQueue, SIMPLE_QUEUE);

#[cold]
fn empty(vm: &Vm) -> Raised {
    vm.error_args(shape::QUEUE_EMPTY, &[])
}

fn put(vm: &Vm, a: &[Value]) -> PyResult {
    PySimpleQueue::of(a[0]).items.borrow_mut().push_back(a[1].to_ref());
    Ok(vm.none_ref())
}

fn get(vm: &Vm, a: &[Value]) -> PyResult {
    let q = PySimpleQueue::of(a[0]);
    let block = bool_or(vm, a[1], true)?;
    let deadline = match a[2].non_null().filter(|t| block && !t.is(vm.none())) {
        Some(t) => {
            let ns = nanoseconds(vm, t, Round::Timeout).map_err(|e| match e.is(vm, shape::OVERFLOW_ERROR) {
                true => vm.overflow_error("timeout value is too large"),
                false => e,
            })?;
            if ns < 0 {
                return Err(vm.value_error("'timeout' must be a non-negative number"));
            }
            Some(threads::now(vm)?.saturating_add(ns))
        }
        None => None,
    };
    if block && !threads::wait(vm, deadline, "an item of a queue", || !q.items.borrow().is_empty())? {
        return Err(empty(vm));
    }
    let first = q.items.borrow_mut().pop_front();
    first.ok_or_else(|| empty(vm))
}

fn get_nowait(vm: &Vm, a: &[Value]) -> PyResult {
    let first = PySimpleQueue::of(a[0]).items.borrow_mut().pop_front();
    first.ok_or_else(|| empty(vm))
}

fn len(v: Value) -> usize {
    PySimpleQueue::of(v).items.borrow().len()
}

pub static SIMPLE_QUEUE: TypeDef = TypeDef {
    doc: "Simple, unbounded, reentrant FIFO queue.",
    flags: flags::BASETYPE | flags::HEAP | flags::PREFIX | flags::WEAKREF,
    new: New::Bound("()", |_, ty, _| {
        Ok(object::new_instance(ty, PySimpleQueue { header: object::header(), items: RefCell::default() }))
    }),
    slots: |s| {
        s.drop = Some(object::drop_payload::<PySimpleQueue>);
        s.traverse = crate::traverse_fields!(PySimpleQueue: items);
        s.clear = Some(|_, p| {
            // SAFETY: the slot gets queues.
            drop(unsafe { &*(p as *const PySimpleQueue) }.items.take());
        });
    },
    methods: &[
        MethodDef::new("empty", "($self, /)", |vm, a| Ok(vm.bool_ref(len(a[0]) == 0)), "Return True if the queue is empty, False otherwise (not reliable!)."),
        MethodDef::new("get", "($self, /, block=True, timeout=None)", get, "Remove and return an item from the queue.\n\nIf optional args 'block' is true and 'timeout' is None (the default),\nblock if necessary until an item is available. If 'timeout' is\na non-negative number, it blocks at most 'timeout' seconds and raises\nthe Empty exception if no item was available within that time.\nOtherwise ('block' is false), return an item if one is immediately\navailable, else raise the Empty exception ('timeout' is ignored\nin that case)."),
        MethodDef::new("get_nowait", "($self, /)", get_nowait, "Remove and return an item from the queue without blocking.\n\nOnly get an item if one is immediately available. Otherwise\nraise the Empty exception."),
        MethodDef::new("put", "($self, /, item, block=True, timeout=None)", put, "Put the item on the queue.\n\nThe optional 'block' and 'timeout' arguments are ignored, as this method\nnever blocks.  They are provided for compatibility with the Queue class."),
        MethodDef::new("put_nowait", "($self, /, item)", put, "Put an item into the queue without blocking.\n\nThis is exactly equivalent to `put(item)` and is only provided\nfor compatibility with the Queue class."),
        MethodDef::new("qsize", "($self, /)", |vm, a| Ok(vm.new_int(len(a[0]) as i64)), "Return the approximate size of the queue (not reliable!)."),
        MethodDef::class("__class_getitem__", "($type, object, /)", |vm, a| Ok(generic_alias::new(vm, a[0], a[1])), "SimpleQueues are generic over the type of their contents"),
    ],
    ..TypeDef::of::<PySimpleQueue>("_queue.SimpleQueue")
};

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    native::add(vm, m, "SimpleQueue", vm.builtin(shape::SIMPLE_QUEUE).value())?;
    native::add(vm, m, "Empty", vm.builtin(shape::QUEUE_EMPTY).value())
}

pub static MODULE: ModuleDef = ModuleDef {
    name: "_queue",
    doc: "C implementation of the Python queue module.\nThis module is an implementation detail, please do not use it directly.",
    functions: &[],
    init,
};
