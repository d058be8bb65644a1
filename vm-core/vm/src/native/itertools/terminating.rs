//! Iterators that end with their input: `accumulate`, `chain`, `compress`, `dropwhile`,
//! `filterfalse`, `islice`, `starmap`, `takewhile`.

use std::cell::Cell;

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::native::itertools::iterator_slots;
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::protocol::number::{self, BinaryOp};
use crate::protocol::{call, item, iter, truth};
use crate::shape;
use crate::types::construct;
use crate::types::generic_alias;
use crate::types::iterators::{approves, payload};
use crate::types::tuple::{self, PyTuple};
use crate::types::type_::{MethodDef, New, TypeDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Yields running totals.
#[repr(C)]
pub struct Accumulate {
    header: Header,
    iterator: Ref,
    /// The binary function; None adds.
    function: Ref,
    /// NULL before the first item.
    total: OwnedCell,
    /// NULL once it was yielded, or if there is none.
    initial: OwnedCell,
}
payload!(Accumulate, ITERTOOLS_ACCUMULATE);

pub static ACCUMULATE: TypeDef = TypeDef {
    doc: "Running sums of the iterable's items, or running results of a binary function.",
    slots: |s| {
        iterator_slots!(s, Accumulate { iterator, function, total, initial }, accumulate_next);
    },
    new: New::Bound("(iterable, func=None, *, initial=None)", new_accumulate),
    ..TypeDef::of::<Accumulate>("itertools.accumulate")
};

fn new_accumulate(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    let iterator = iter::get_iter(vm, a[0])?;
    let initial = a[2].non_null().filter(|v| !v.is(vm.none())).map(Value::to_ref);
    Ok(object::new_instance(
        ty,
        Accumulate {
            header: object::header(),
            iterator,
            function: a[1].non_null().unwrap_or(vm.none()).to_ref(),
            total: OwnedCell::null(),
            initial: OwnedCell::from_option(initial),
        },
    ))
}

fn accumulate_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let a = Accumulate::of(v);
    if let Some(initial) = a.initial.take() {
        a.total.set(initial.clone());
        return Ok(Some(initial));
    }
    let Some(x) = iter::next(vm, a.iterator.value())? else { return Ok(None) };
    let total = match a.total.get_ref() {
        None => x,
        Some(t) if a.function.is(vm.none()) => number::binary(vm, t.value(), x.value(), BinaryOp::Add)?,
        Some(t) => call::call_args(vm, a.function.value(), &[t.value(), x.value()])?,
    };
    a.total.set(total.clone());
    Ok(Some(total))
}

/// Yields the items of one iterable after the other.
#[repr(C)]
pub struct Chain {
    header: Header,
    /// Iterator over the iterables; NULL once exhausted.
    source: OwnedCell,
    /// Iterator over the current one; NULL between two.
    active: OwnedCell,
}
payload!(Chain, ITERTOOLS_CHAIN);

pub static CHAIN: TypeDef = TypeDef {
    doc: "The items of the first iterable, then those of the second, and so on.",
    slots: |s| {
        iterator_slots!(s, Chain { source, active }, chain_next);
    },
    new: New::Bound("(*iterables)", |vm: &Vm, ty: TypeRef, a: &[Value]| new_chain(vm, ty, a[0])),
    methods: &[
        MethodDef::class(
            "from_iterable",
            "($type, iterable, /)",
            |vm, a| match crate::types::type_::Type::from_value(a[0]) {
                Some(ty) => new_chain(vm, ty, a[1]),
                None => Err(vm.type_error("chain.from_iterable() requires a type")),
            },
            "chain(*iterables) with the iterables coming from one iterable, one at a time.",
        ),
        MethodDef::class(
            "__class_getitem__",
            "($type, object, /)",
            |vm, a| Ok(generic_alias::new(vm, a[0], a[1])),
            "chain objects are generic over the type of their contents.",
        ),
    ],
    ..TypeDef::of::<Chain>("itertools.chain")
};

fn new_chain(vm: &Vm, ty: TypeRef, iterables: Value) -> PyResult {
    let source = OwnedCell::new(iter::get_iter(vm, iterables)?);
    Ok(object::new_instance(ty, Chain { header: object::header(), source, active: OwnedCell::null() }))
}

fn chain_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let c = Chain::of(v);
    loop {
        let Some(source) = c.source.get_ref() else { return Ok(None) };
        let active = match c.active.get_ref() {
            Some(it) => it,
            None => {
                let started = match iter::next(vm, source.value()) {
                    Ok(None) => None,
                    Ok(Some(iterable)) => Some(iter::get_iter(vm, iterable.value())),
                    Err(e) => Some(Err(e)),
                };
                match started {
                    Some(Ok(it)) => {
                        c.active.set(it.clone());
                        it
                    }
                    // An iterable that cannot be iterated ends the chain.
                    Some(Err(e)) => {
                        c.source.clear();
                        return Err(e);
                    }
                    None => {
                        c.source.clear();
                        return Ok(None);
                    }
                }
            }
        };
        match iter::next(vm, active.value())? {
            Some(x) => return Ok(Some(x)),
            None => c.active.clear(),
        }
    }
}

/// Yields the data whose selector is true.
#[repr(C)]
pub struct Compress {
    header: Header,
    data: Ref,
    selectors: Ref,
}
payload!(Compress, ITERTOOLS_COMPRESS);

pub static COMPRESS: TypeDef = TypeDef {
    doc: "The items of the data whose selectors are true; ends with the shorter of the two.",
    slots: |s| {
        iterator_slots!(s, Compress { data, selectors }, compress_next);
    },
    new: New::Bound("(data, selectors)", |vm: &Vm, ty: TypeRef, a: &[Value]| {
        let (data, selectors) = (iter::get_iter(vm, a[0])?, iter::get_iter(vm, a[1])?);
        Ok(object::new_instance(ty, Compress { header: object::header(), data, selectors }))
    }),
    ..TypeDef::of::<Compress>("itertools.compress")
};

fn compress_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let c = Compress::of(v);
    loop {
        let Some(x) = iter::next(vm, c.data.value())? else { return Ok(None) };
        let Some(selector) = iter::next(vm, c.selectors.value())? else { return Ok(None) };
        if truth::truth(vm, selector.value())? {
            return Ok(Some(x));
        }
    }
}

macro_rules! with_predicate {
    ($(#[$doc:meta])* $name:ident, $shape:ident, $new:ident) => {
        $(#[$doc])*
        #[repr(C)]
        pub struct $name {
            header: Header,
            function: Ref,
            iterator: Ref,
            /// What the predicate has decided for good.
            decided: Cell<bool>,
        }
        payload!($name, $shape);

        fn $new(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
            let iterator = iter::get_iter(vm, a[1])?;
            let function = a[0].to_ref();
            let decided = Cell::new(false);
            Ok(object::new_instance(ty, $name { header: object::header(), function, iterator, decided }))
        }
    };
}

with_predicate!(
    /// Leaves out items as long as a predicate is true.
    Dropwhile,
    ITERTOOLS_DROPWHILE,
    new_dropwhile
);
with_predicate!(
    /// Yields items as long as a predicate is true.
    Takewhile,
    ITERTOOLS_TAKEWHILE,
    new_takewhile
);
with_predicate!(
    /// Yields items for which a function is false.
    Filterfalse,
    ITERTOOLS_FILTERFALSE,
    new_filterfalse
);
with_predicate!(
    /// Calls a function with the items, which are argument lists.
    Starmap,
    ITERTOOLS_STARMAP,
    new_starmap
);

pub static DROPWHILE: TypeDef = TypeDef {
    doc: "The iterable's items from the first one on for which the predicate is false.",
    slots: |s| {
        iterator_slots!(s, Dropwhile { function, iterator }, dropwhile_next);
    },
    new: New::Bound("(predicate, iterable, /)", new_dropwhile),
    ..TypeDef::of::<Dropwhile>("itertools.dropwhile")
};

fn dropwhile_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let d = Dropwhile::of(v);
    loop {
        let Some(x) = iter::next(vm, d.iterator.value())? else { return Ok(None) };
        if d.decided.get() {
            return Ok(Some(x));
        }
        let r = call::call_args(vm, d.function.value(), &[x.value()])?;
        if !truth::truth(vm, r.value())? {
            d.decided.set(true);
            return Ok(Some(x));
        }
    }
}

pub static TAKEWHILE: TypeDef = TypeDef {
    doc: "The iterable's items up to the first one for which the predicate is false.",
    slots: |s| {
        iterator_slots!(s, Takewhile { function, iterator }, takewhile_next);
    },
    new: New::Bound("(predicate, iterable, /)", new_takewhile),
    ..TypeDef::of::<Takewhile>("itertools.takewhile")
};

fn takewhile_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let t = Takewhile::of(v);
    if t.decided.get() {
        return Ok(None);
    }
    let Some(x) = iter::next(vm, t.iterator.value())? else { return Ok(None) };
    let r = call::call_args(vm, t.function.value(), &[x.value()])?;
    if truth::truth(vm, r.value())? {
        return Ok(Some(x));
    }
    t.decided.set(true);
    Ok(None)
}

pub static FILTERFALSE: TypeDef = TypeDef {
    doc: "The iterable's items for which the function's result is false;\n\
          if the function is None, the items that are false themselves.",
    slots: |s| {
        iterator_slots!(s, Filterfalse { function, iterator }, filterfalse_next);
    },
    new: New::Bound("(function, iterable, /)", new_filterfalse),
    ..TypeDef::of::<Filterfalse>("itertools.filterfalse")
};

fn filterfalse_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let f = Filterfalse::of(v);
    while let Some(x) = iter::next(vm, f.iterator.value())? {
        if !approves(vm, f.function.value(), x.value())? {
            return Ok(Some(x));
        }
    }
    Ok(None)
}

pub static STARMAP: TypeDef = TypeDef {
    doc: "The function's results for argument lists that come from the iterable.",
    slots: |s| {
        iterator_slots!(s, Starmap { function, iterator }, starmap_next);
    },
    new: New::Bound("(function, iterable, /)", new_starmap),
    ..TypeDef::of::<Starmap>("itertools.starmap")
};

fn starmap_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let s = Starmap::of(v);
    let Some(args) = iter::next(vm, s.iterator.value())? else { return Ok(None) };
    let args = tuple::from_iterable(vm, args.value())?;
    let args = args.cast::<PyTuple>().map_or(&[][..], |t| t.as_slice());
    call::call_args(vm, s.function.value(), args).map(Some)
}

/// Yields selected items of an iterator.
#[repr(C)]
pub struct Islice {
    header: Header,
    /// NULL once exhausted.
    iterator: OwnedCell,
    /// Position of the next item to yield.
    next: Cell<usize>,
    stop: usize,
    step: usize,
    /// Items taken from the iterator so far.
    taken: Cell<usize>,
}
payload!(Islice, ITERTOOLS_ISLICE);

pub static ISLICE: TypeDef = TypeDef {
    doc: "islice(iterable, stop) --> islice object\n\
          islice(iterable, start, stop[, step]) --> islice object\n\n\
          The selected items of the iterable, as a slice of a sequence selects them.",
    slots: |s| {
        iterator_slots!(s, Islice { iterator }, islice_next);
    },
    new: New::Raw(new_islice),
    ..TypeDef::of::<Islice>("itertools.islice")
};

/// A bound as an int of the machine's size; -1 for what is none, and for None the default.
fn islice_bound(vm: &Vm, v: Value, default: isize) -> isize {
    if v.is(vm.none()) {
        return default;
    }
    item::to_index(vm, v, shape::OVERFLOW_ERROR).unwrap_or(-1)
}

/// Start, stop and step of an islice. -1 stands for a start that is no int, and for no stop.
fn islice_bounds(vm: &Vm, a: &[Value]) -> PyResult<(usize, usize, usize)> {
    let (start, stop, step) = match *a {
        [_, stop] => (0, stop, None),
        [_, start, stop, ref step @ ..] => (islice_bound(vm, start, 0), stop, step.first().copied()),
        _ => (0, vm.none(), None),
    };
    let none = isize::MIN;
    let last = islice_bound(vm, stop, none);
    if last == -1 {
        return Err(vm.value_error(
            "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.",
        ));
    }
    if start < 0 || (last < 0 && last != none) {
        return Err(vm.value_error(
            "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.",
        ));
    }
    let step = step.map_or(1, |s| islice_bound(vm, s, 1));
    if step < 1 {
        return Err(vm.value_error("Step for islice() must be a positive integer or None."));
    }
    let last = if last == none { usize::MAX } else { last as usize };
    Ok((start as usize, last, step as usize))
}

fn new_islice(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    if !construct::overrides_init(vm, ty, shape::ITERTOOLS_ISLICE) {
        construct::no_keywords(vm, "islice", args)?;
    }
    let a = construct::positional(vm, "islice", args, 2, 4)?;
    let (start, stop, step) = islice_bounds(vm, a)?;
    let iterator = OwnedCell::new(iter::get_iter(vm, a[0])?);
    Ok(object::new_instance(
        ty,
        Islice {
            header: object::header(),
            iterator,
            next: Cell::new(start),
            stop,
            step,
            taken: Cell::new(0),
        },
    ))
}

fn islice_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let s = Islice::of(v);
    let Some(it) = s.iterator.get_ref() else { return Ok(None) };
    // What comes before the next selected item is taken, too; with no more selected items, as
    // much as the bounds ask for.
    while s.taken.get() < s.next.get() {
        if iter::next(vm, it.value())?.is_none() {
            s.iterator.clear();
            return Ok(None);
        }
        s.taken.set(s.taken.get() + 1);
    }
    if s.taken.get() >= s.stop {
        s.iterator.clear();
        return Ok(None);
    }
    let Some(x) = iter::next(vm, it.value())? else {
        s.iterator.clear();
        return Ok(None);
    };
    s.taken.set(s.taken.get() + 1);
    s.next.set(s.next.get().saturating_add(s.step).min(s.stop));
    Ok(Some(x))
}
