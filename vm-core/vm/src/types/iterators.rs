//! The general iterators: over sequences and callables, `enumerate`, `reversed`, `zip`, `map`
//! and `filter`.

use std::cell::Cell;

use crate::args::CallArgs;
use crate::error::{PyResult, Raised};
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::protocol::number::{self, BinaryOp};
use crate::protocol::{attr, call, compare, item, iter, truth};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::generic_alias;
use crate::types::list::PyList;
use crate::types::str_::PyStr;
use crate::types::tuple::{PairBuffer, PyTuple};
use crate::types::module;
use crate::types::type_::{MethodDef, New, TypeDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

const REDUCE_DOC: &str = "State for pickling.";
const SETSTATE_DOC: &str = "Sets the state from unpickling.";
const HINT_DOC: &str = "Number of items still to come, as far as known.";

/// A function (or type) of the module `builtins`, which pickled iterators name.
pub fn builtin_function(vm: &Vm, name: &str) -> PyResult {
    let builtins = vm.runtime.builtins.get();
    let found = match builtins.cast::<PyDict>() {
        Some(d) => d.get(vm, vm.intern(name))?,
        None if builtins.is_null() => None,
        None => module::dict(vm, builtins).get(vm, vm.intern(name))?,
    };
    match found {
        Some(f) => Ok(f),
        None => Err(vm.attribute_error(
            builtins,
            vm.intern(name),
            format!("module 'builtins' has no attribute '{name}'"),
        )),
    }
}

/// `(function, (sequence,), position)`; an exhausted iterator gives an empty sequence.
pub fn reduce_sequence(
    vm: &Vm,
    function: Ref,
    sequence: Option<Ref>,
    pos: isize,
    as_tuple: bool,
) -> PyResult {
    match sequence {
        Some(s) => {
            let args = PyTuple::from_vec(vm, vec![s]);
            Ok(PyTuple::from_vec(vm, vec![function, args, vm.new_int(pos as i64)]))
        }
        None => {
            let empty = if as_tuple { vm.empty_tuple().to_ref() } else { PyList::new(vm, Vec::new()) };
            Ok(PyTuple::pair(function, PyTuple::from_vec(vm, vec![empty])))
        }
    }
}

/// Makes a struct (`#[repr(C)]`, header first) the payload of a built-in type, with a function
/// `of` for the type's own slots and methods.
macro_rules! payload {
    ($ty:ident, $shape:ident) => {
        // SAFETY: repr(C), header first.
        unsafe impl $crate::object::Payload for $ty {
            const SHAPE: u32 = $crate::shape::$shape;
        }

        impl $ty {
            /// The payload of an object whose type the caller has checked.
            #[allow(dead_code)] // Some types are never asked for theirs.
            pub(crate) fn of<'a>(v: $crate::value::Value) -> &'a $ty {
                // SAFETY: the type's slots and methods are called with its instances only.
                unsafe { v.cast_unchecked() }
            }
        }
    };
}
pub(crate) use payload;

// ---------------------------------------------------------------------------------------------
// iter(sequence)

/// Asks for `sequence[0]`, `sequence[1]`... until IndexError.
#[repr(C)]
pub struct PySequenceIterator {
    header: Header,
    pos: Cell<isize>,
    /// NULL once exhausted.
    sequence: OwnedCell,
}
payload!(PySequenceIterator, SEQUENCE_ITERATOR);

impl PySequenceIterator {
    pub fn new(sequence: Value) -> Ref {
        object::new(PySequenceIterator {
            header: object::header(),
            pos: Cell::new(0),
            sequence: OwnedCell::new(sequence.to_ref()),
        })
    }

    fn step(&self, vm: &Vm) -> PyResult<Option<Ref>> {
        let Some(s) = self.sequence.get_ref() else { return Ok(None) };
        let i = self.pos.get();
        if i == isize::MAX {
            return Err(vm.overflow_error("iter index too large"));
        }
        let key = vm.new_int(i as i64);
        match item::get(vm, s.value(), key.value()) {
            Ok(v) => {
                self.pos.set(i + 1);
                Ok(Some(v))
            }
            Err(e) if e.is(vm, shape::INDEX_ERROR) || e.is(vm, shape::STOP_ITERATION) => {
                self.sequence.clear();
                Ok(None)
            }
            Err(e) => Err(e),
        }
    }
}

pub static SEQUENCE_ITERATOR: TypeDef = TypeDef {
    flags: 0,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PySequenceIterator>);
        s.traverse = crate::traverse_fields!(PySequenceIterator: sequence);
        s.clear = crate::clear_fields!(PySequenceIterator: sequence);
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(|vm, v| PySequenceIterator::of(v).step(vm));
    },
    new: New::Disallowed,
    methods: &[
        MethodDef::new("__length_hint__", "($self, /)", sequence_hint, HINT_DOC),
        MethodDef::new("__reduce__", "($self, /)", sequence_reduce, REDUCE_DOC),
        MethodDef::new("__setstate__", "($self, object, /)", sequence_set_state, SETSTATE_DOC),
    ],
    ..TypeDef::of::<PySequenceIterator>("iterator")
};

fn sequence_hint(vm: &Vm, a: &[Value]) -> PyResult {
    let it = PySequenceIterator::of(a[0]);
    let Some(s) = it.sequence.get_ref() else { return Ok(Ref::small_int(0)) };
    if vm.type_of(s.value()).slots().len.is_none() {
        return Ok(vm.not_implemented().to_ref());
    }
    let n = item::length(vm, s.value())? as isize - it.pos.get();
    Ok(vm.new_int(n.max(0) as i64))
}

fn sequence_reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let it = PySequenceIterator::of(a[0]);
    // Looking up `iter` may run code that exhausts the iterator, so it comes first.
    let function = builtin_function(vm, "iter")?;
    reduce_sequence(vm, function, it.sequence.get_ref(), it.pos.get(), true)
}

fn sequence_set_state(vm: &Vm, a: &[Value]) -> PyResult {
    let i = item::ssize_arg(vm, a[1])?;
    let it = PySequenceIterator::of(a[0]);
    if !it.sequence.is_null() {
        it.pos.set(i.max(0));
    }
    Ok(vm.none_ref())
}

// ---------------------------------------------------------------------------------------------
// iter(callable, sentinel)

/// Calls a callable until it returns the sentinel.
#[repr(C)]
pub struct PyCallableIterator {
    header: Header,
    /// Both NULL once exhausted.
    callable: OwnedCell,
    sentinel: OwnedCell,
}
payload!(PyCallableIterator, CALLABLE_ITERATOR);

impl PyCallableIterator {
    pub fn new(callable: Value, sentinel: Value) -> Ref {
        object::new(PyCallableIterator {
            header: object::header(),
            callable: OwnedCell::new(callable.to_ref()),
            sentinel: OwnedCell::new(sentinel.to_ref()),
        })
    }

    fn step(&self, vm: &Vm) -> PyResult<Option<Ref>> {
        let Some(f) = self.callable.get_ref() else { return Ok(None) };
        let v = match call::call_args(vm, f.value(), &[]) {
            Ok(v) => v,
            Err(e) if e.is(vm, shape::STOP_ITERATION) => {
                self.end();
                return Ok(None);
            }
            Err(e) => return Err(e),
        };
        // The call may have exhausted the iterator.
        let Some(sentinel) = self.sentinel.get_ref() else { return Ok(None) };
        if compare::eq(vm, sentinel.value(), v.value())? {
            self.end();
            return Ok(None);
        }
        Ok(Some(v))
    }

    fn end(&self) {
        self.callable.clear();
        self.sentinel.clear();
    }
}

/// `iter(callable, sentinel)`.
pub fn new_callable_iterator(callable: Value, sentinel: Value) -> Ref {
    PyCallableIterator::new(callable, sentinel)
}

pub static CALLABLE_ITERATOR: TypeDef = TypeDef {
    flags: 0,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyCallableIterator>);
        s.traverse = crate::traverse_fields!(PyCallableIterator: callable, sentinel);
        s.clear = crate::clear_fields!(PyCallableIterator: callable, sentinel);
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(|vm, v| PyCallableIterator::of(v).step(vm));
    },
    new: New::Disallowed,
    methods: &[MethodDef::new("__reduce__", "($self, /)", callable_reduce, REDUCE_DOC)],
    ..TypeDef::of::<PyCallableIterator>("callable_iterator")
};

fn callable_reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let it = PyCallableIterator::of(a[0]);
    let function = builtin_function(vm, "iter")?;
    match (it.callable.get_ref(), it.sentinel.get_ref()) {
        (Some(f), Some(s)) => Ok(PyTuple::pair(function, PyTuple::pair(f, s))),
        _ => reduce_sequence(vm, function, None, 0, true),
    }
}

// ---------------------------------------------------------------------------------------------
// enumerate

/// Counts the items of an iterator.
#[repr(C)]
pub struct PyEnumerate {
    header: Header,
    iterator: Ref,
    /// The next count, an int of any size.
    count: OwnedCell,
    pairs: PairBuffer,
}
payload!(PyEnumerate, ENUMERATE);

pub static ENUMERATE: TypeDef = TypeDef {
    doc: "enumerate(iterable, start=0)\n--\n\n\
          Pairs of a count, from start on, and an item of the iterable:\n\
          (0, seq[0]), (1, seq[1]), (2, seq[2]), ...",
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyEnumerate>);
        s.traverse = crate::traverse_fields!(PyEnumerate: iterator, count, pairs);
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(enumerate_next);
    },
    new: New::Raw(new_enumerate),
    methods: &[
        MethodDef::new("__reduce__", "($self, /)", enumerate_reduce, REDUCE_DOC),
        MethodDef::class(
            "__class_getitem__",
            "($type, object, /)",
            |vm, a| Ok(generic_alias::new(vm, a[0], a[1])),
            "enumerate objects are generic over the type of their values.",
        ),
    ],
    ..TypeDef::of::<PyEnumerate>("enumerate")
};

fn new_enumerate(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    let mut bound = [None, None];
    let positional = args.positional_args();
    if args.args.len() > 2 {
        return Err(vm.type_error(format!(
            "enumerate() takes at most 2 arguments ({} given)",
            args.args.len()
        )));
    }
    for (slot, v) in bound.iter_mut().zip(positional) {
        *slot = Some(*v);
    }
    for (name, v) in args.keywords() {
        let alone = args.args.len() == 1;
        let text = name.cast::<PyStr>().map(|s| s.to_string_lossy()).unwrap_or_default();
        match text.as_str() {
            "iterable" if bound[0].is_none() => bound[0] = Some(v),
            "start" if bound[1].is_none() && !alone => bound[1] = Some(v),
            _ => {
                return Err(vm.type_error(format!(
                    "'{text}' is an invalid keyword argument for enumerate()"
                )));
            }
        }
    }
    let Some(iterable) = bound[0] else {
        return Err(vm.type_error("enumerate() missing required argument 'iterable'"));
    };
    let count = match bound[1] {
        Some(start) => number::index(vm, start)?,
        None => Ref::small_int(0),
    };
    let iterator = iter::get_iter(vm, iterable)?;
    Ok(object::new_instance(
        ty,
        PyEnumerate { header: object::header(), iterator, count: OwnedCell::new(count), pairs: PairBuffer::new() },
    ))
}

fn enumerate_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let it = PyEnumerate::of(v);
    let Some(x) = iter::next(vm, it.iterator.value())? else { return Ok(None) };
    let following = match it.count.get().as_small_int() {
        Some(i) => vm.new_int(i + 1),
        None => number::binary(vm, it.count.get(), Value::small_int(1), BinaryOp::Add)?,
    };
    let count = it.count.replace(Some(following)).unwrap_or_else(|| Ref::small_int(0));
    Ok(Some(it.pairs.pair(count, x)))
}

fn enumerate_reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let it = PyEnumerate::of(a[0]);
    let count = it.count.get().to_ref();
    Ok(PyTuple::pair(vm.type_of(a[0]).to_ref(), PyTuple::pair(it.iterator.clone(), count)))
}

// ---------------------------------------------------------------------------------------------
// reversed

/// Walks a sequence from its end.
#[repr(C)]
pub struct PyReversed {
    header: Header,
    /// Index of the next item; below zero at the end.
    pos: Cell<isize>,
    /// NULL once exhausted.
    sequence: OwnedCell,
}
payload!(PyReversed, REVERSED);

pub static REVERSED: TypeDef = TypeDef {
    doc: "An iterator over the values of a sequence, from the last to the first.",
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyReversed>);
        s.traverse = crate::traverse_fields!(PyReversed: sequence);
        s.clear = crate::clear_fields!(PyReversed: sequence);
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(|vm, v| PyReversed::of(v).step(vm));
    },
    new: New::Bound("(sequence, /)", new_reversed),
    methods: &[
        MethodDef::new("__length_hint__", "($self, /)", reversed_hint, HINT_DOC),
        MethodDef::new("__reduce__", "($self, /)", reversed_reduce, REDUCE_DOC),
        MethodDef::new("__setstate__", "($self, object, /)", reversed_set_state, SETSTATE_DOC),
    ],
    ..TypeDef::of::<PyReversed>("reversed")
};

fn new_reversed(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    let sequence = a[0];
    let not_reversible = || -> Raised {
        vm.type_error(format!("'{}' object is not reversible", vm.type_of(sequence).full_name()))
    };
    if let Some(m) = attr::lookup_method(vm, sequence, vm.names().__reversed__)? {
        if m.callable.is(vm.none()) {
            return Err(not_reversible());
        }
        return m.call(vm, &[]);
    }
    if !iter::is_sequence(vm.type_of(sequence)) {
        return Err(not_reversible());
    }
    let n = item::length(vm, sequence)?;
    Ok(object::new_instance(
        ty,
        PyReversed {
            header: object::header(),
            pos: Cell::new(n as isize - 1),
            sequence: OwnedCell::new(sequence.to_ref()),
        },
    ))
}

impl PyReversed {
    fn step(&self, vm: &Vm) -> PyResult<Option<Ref>> {
        let i = self.pos.get();
        if i >= 0
            && let Some(s) = self.sequence.get_ref()
        {
            let key = vm.new_int(i as i64);
            match item::get(vm, s.value(), key.value()) {
                Ok(v) => {
                    self.pos.set(i - 1);
                    return Ok(Some(v));
                }
                Err(e) if e.is(vm, shape::INDEX_ERROR) || e.is(vm, shape::STOP_ITERATION) => {}
                Err(e) => return Err(e),
            }
        }
        self.pos.set(-1);
        self.sequence.clear();
        Ok(None)
    }
}

fn reversed_hint(vm: &Vm, a: &[Value]) -> PyResult {
    let it = PyReversed::of(a[0]);
    let Some(s) = it.sequence.get_ref() else { return Ok(Ref::small_int(0)) };
    let left = it.pos.get() + 1;
    let n = item::length(vm, s.value())? as isize;
    Ok(vm.new_int(if n < left { 0 } else { left as i64 }))
}

fn reversed_reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let it = PyReversed::of(a[0]);
    reduce_sequence(vm, vm.type_of(a[0]).to_ref(), it.sequence.get_ref(), it.pos.get(), true)
}

fn reversed_set_state(vm: &Vm, a: &[Value]) -> PyResult {
    let i = item::ssize_arg(vm, a[1])?;
    let it = PyReversed::of(a[0]);
    if let Some(s) = it.sequence.get_ref() {
        let n = item::length(vm, s.value())? as isize;
        it.pos.set(i.clamp(-1, n - 1));
    }
    Ok(vm.none_ref())
}

// ---------------------------------------------------------------------------------------------
// zip

/// Steps several iterators together.
#[repr(C)]
pub struct PyZip {
    header: Header,
    /// A tuple of iterators.
    iterators: Ref,
    strict: Cell<bool>,
    pairs: PairBuffer,
}
payload!(PyZip, ZIP);

pub static ZIP: TypeDef = TypeDef {
    doc: "Tuples of one item of each iterable; ends with the shortest of them.\n\n\
          If strict is true, iterables of different lengths raise ValueError.\n\n   \
          >>> list(zip('abcdefg', range(3), range(4)))\n   \
          [('a', 0, 0), ('b', 1, 1), ('c', 2, 2)]",
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyZip>);
        s.traverse = crate::traverse_fields!(PyZip: iterators, pairs);
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(zip_next);
    },
    new: New::Bound("(*iterables, strict=False)", new_zip),
    methods: &[
        MethodDef::new("__reduce__", "($self, /)", zip_reduce, REDUCE_DOC),
        MethodDef::new("__setstate__", "($self, object, /)", zip_set_state, SETSTATE_DOC),
    ],
    ..TypeDef::of::<PyZip>("zip")
};

/// The tuple of a payload's field that always holds one.
fn tuple_in(r: &Ref) -> &PyTuple {
    // SAFETY: made as a tuple.
    unsafe { r.cast_unchecked::<PyTuple>() }
}

/// A tuple of iterators over these iterables.
pub(crate) fn iterators_of(vm: &Vm, iterables: &[Value]) -> PyResult {
    let mut v = Vec::with_capacity(iterables.len());
    for &x in iterables {
        v.push(iter::get_iter(vm, x)?);
    }
    Ok(PyTuple::from_vec(vm, v))
}

fn new_zip(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    let iterables = a[0].cast::<PyTuple>().map_or(&[][..], |t| t.as_slice());
    let strict = match a[1].non_null() {
        Some(s) => truth::truth(vm, s)?,
        None => false,
    };
    let iterators = iterators_of(vm, iterables)?;
    Ok(object::new_instance(
        ty,
        PyZip { header: object::header(), iterators, strict: Cell::new(strict), pairs: PairBuffer::new() },
    ))
}

/// One item of each iterator; `None` when one has ended (in strict mode: when all have).
fn step_together(vm: &Vm, iterators: &PyTuple, strict: bool, name: &str) -> PyResult<Option<Ref>> {
    let made = PyTuple::uninit(vm, iterators.len());
    // SAFETY: just made.
    let items = unsafe { made.cast_unchecked::<PyTuple>() };
    for (i, it) in iterators.iter().enumerate() {
        match iter::next(vm, it)? {
            // SAFETY: nobody sees the tuple yet, and each item is set once.
            Some(v) => unsafe { items.init_item(i, v) },
            None if strict => {
                drop(made);
                check_all_ended(vm, iterators, i, name)?;
                return Ok(None);
            }
            None => return Ok(None),
        }
    }
    Ok(Some(made))
}

/// The `i`-th iterator has ended: raises ValueError unless all end here.
fn check_all_ended(vm: &Vm, iterators: &PyTuple, i: usize, name: &str) -> PyResult<()> {
    let complain = |i: usize, how: &str| {
        let s = if i == 1 { " " } else { "s 1-" };
        vm.value_error(format!("{name}() argument {} is {how} than argument{s}{i}", i + 1))
    };
    if i > 0 {
        return Err(complain(i, "shorter"));
    }
    for (i, it) in iterators.iter().enumerate().skip(1) {
        if iter::next(vm, it)?.is_some() {
            return Err(complain(i, "longer"));
        }
    }
    Ok(())
}

fn zip_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let z = PyZip::of(v);
    let iterators = tuple_in(&z.iterators);
    if iterators.is_empty() {
        return Ok(None);
    }
    // The frequent case, whose tuple can be used again; how it ends is for `step_together` to say.
    if let (&[a, b], false) = (iterators.as_slice(), z.strict.get()) {
        let Some(x) = iter::next(vm, a)? else { return Ok(None) };
        let Some(y) = iter::next(vm, b)? else { return Ok(None) };
        return Ok(Some(z.pairs.pair(x, y)));
    }
    step_together(vm, iterators, z.strict.get(), "zip")
}

fn zip_reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let z = PyZip::of(a[0]);
    let mut parts = vec![vm.type_of(a[0]).to_ref(), z.iterators.clone()];
    if z.strict.get() {
        parts.push(vm.bool_ref(true));
    }
    Ok(PyTuple::from_vec(vm, parts))
}

fn zip_set_state(vm: &Vm, a: &[Value]) -> PyResult {
    PyZip::of(a[0]).strict.set(truth::truth(vm, a[1])?);
    Ok(vm.none_ref())
}

// ---------------------------------------------------------------------------------------------
// map

/// Calls a function with the items of several iterators.
#[repr(C)]
pub struct PyMap {
    header: Header,
    function: Ref,
    /// A tuple of iterators.
    iterators: Ref,
    strict: Cell<bool>,
}
payload!(PyMap, MAP);

pub static MAP: TypeDef = TypeDef {
    doc: "map(function, iterable, /, *iterables, strict=False)\n--\n\n\
          The function's results for one item of each iterable; ends with the shortest of them.\n\n\
          If strict is true, iterables of different lengths raise ValueError.",
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyMap>);
        s.traverse = crate::traverse_fields!(PyMap: function, iterators);
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(map_next);
    },
    new: New::Raw(new_map),
    methods: &[
        MethodDef::new("__reduce__", "($self, /)", map_reduce, REDUCE_DOC),
        MethodDef::new("__setstate__", "($self, object, /)", map_set_state, SETSTATE_DOC),
    ],
    ..TypeDef::of::<PyMap>("map")
};

fn new_map(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    let mut strict = false;
    for (name, v) in args.keywords() {
        let text = name.cast::<PyStr>().map(|s| s.to_string_lossy()).unwrap_or_default();
        if text != "strict" {
            return Err(vm.type_error(format!("map() got an unexpected keyword argument '{text}'")));
        }
        strict = truth::truth(vm, v)?;
    }
    let [function, iterables @ ..] = args.positional_args() else {
        return Err(vm.type_error("map() must have at least two arguments."));
    };
    if iterables.is_empty() {
        return Err(vm.type_error("map() must have at least two arguments."));
    }
    let iterators = iterators_of(vm, iterables)?;
    Ok(object::new_instance(
        ty,
        PyMap { header: object::header(), function: function.to_ref(), iterators, strict: Cell::new(strict) },
    ))
}

fn map_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let m = PyMap::of(v);
    let iterators = tuple_in(&m.iterators);
    if let &[it] = iterators.as_slice() {
        return match iter::next(vm, it)? {
            Some(x) => call::call_args(vm, m.function.value(), &[x.value()]).map(Some),
            None => Ok(None),
        };
    }
    let Some(items) = step_together(vm, iterators, m.strict.get(), "map")? else { return Ok(None) };
    call::call_args(vm, m.function.value(), tuple_in(&items).as_slice()).map(Some)
}

fn map_reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let m = PyMap::of(a[0]);
    let mut args = vec![m.function.clone()];
    args.extend(tuple_in(&m.iterators).iter().map(|v| v.to_ref()));
    let mut parts = vec![vm.type_of(a[0]).to_ref(), PyTuple::from_vec(vm, args)];
    if m.strict.get() {
        parts.push(vm.bool_ref(true));
    }
    Ok(PyTuple::from_vec(vm, parts))
}

fn map_set_state(vm: &Vm, a: &[Value]) -> PyResult {
    PyMap::of(a[0]).strict.set(truth::truth(vm, a[1])?);
    Ok(vm.none_ref())
}

// ---------------------------------------------------------------------------------------------
// filter

/// The items of an iterator that a function approves.
#[repr(C)]
pub struct PyFilter {
    header: Header,
    function: Ref,
    iterator: Ref,
}
payload!(PyFilter, FILTER);

pub static FILTER: TypeDef = TypeDef {
    doc: "The items of the iterable for which the function's result is true;\n\
          if the function is None, the items that are true themselves.",
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyFilter>);
        s.traverse = crate::traverse_fields!(PyFilter: function, iterator);
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(filter_next);
    },
    new: New::Bound("(function, iterable, /)", new_filter),
    methods: &[MethodDef::new("__reduce__", "($self, /)", filter_reduce, REDUCE_DOC)],
    ..TypeDef::of::<PyFilter>("filter")
};

fn new_filter(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    let iterator = iter::get_iter(vm, a[1])?;
    Ok(object::new_instance(ty, PyFilter { header: object::header(), function: a[0].to_ref(), iterator }))
}

/// Whether `f(x)` is true; None and `bool` as the function ask `x` itself.
pub(crate) fn approves(vm: &Vm, f: Value, x: Value) -> PyResult<bool> {
    if f.is(vm.none()) || f.is(vm.builtin(shape::BOOL).value()) {
        return truth::truth(vm, x);
    }
    let r = call::call_args(vm, f, &[x])?;
    truth::truth(vm, r.value())
}

fn filter_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let f = PyFilter::of(v);
    while let Some(x) = iter::next(vm, f.iterator.value())? {
        if approves(vm, f.function.value(), x.value())? {
            return Ok(Some(x));
        }
    }
    Ok(None)
}

fn filter_reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let f = PyFilter::of(a[0]);
    let args = PyTuple::pair(f.function.clone(), f.iterator.clone());
    Ok(PyTuple::pair(vm.type_of(a[0]).to_ref(), args))
}
