//! `batched`, `groupby`, `pairwise`, `zip_longest`.

use std::cell::{Cell, RefCell};
use std::ptr;

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::native::itertools::iterator_slots;
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::protocol::{call, compare, item, iter, truth};
use crate::types::iterators::payload;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{New, TypeDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Tuples of `n` consecutive items.
#[repr(C)]
pub struct Batched {
    header: Header,
    /// NULL once exhausted.
    iterator: OwnedCell,
    n: usize,
    strict: bool,
}
payload!(Batched, ITERTOOLS_BATCHED);

pub static BATCHED: TypeDef = TypeDef {
    doc: "The iterable's items in tuples of n; the last one may be shorter,\n\
          unless strict is true, which makes that a ValueError.",
    slots: |s| {
        iterator_slots!(s, Batched { iterator }, batched_next);
    },
    new: New::Bound("(iterable, n, *, strict=False)", new_batched),
    ..TypeDef::of::<Batched>("itertools.batched")
};

fn new_batched(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    let n = item::ssize_arg(vm, a[1])?;
    let strict = match a[2].non_null() {
        Some(s) => truth::truth(vm, s)?,
        None => false,
    };
    if n < 1 {
        return Err(vm.value_error("n must be at least one"));
    }
    let iterator = OwnedCell::new(iter::get_iter(vm, a[0])?);
    Ok(object::new_instance(ty, Batched { header: object::header(), iterator, n: n as usize, strict }))
}

fn batched_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let b = Batched::of(v);
    let Some(it) = b.iterator.get_ref() else { return Ok(None) };
    let mut batch = Vec::with_capacity(b.n.min(1 << 10));
    while batch.len() < b.n {
        match iter::next(vm, it.value()) {
            Ok(Some(x)) => batch.push(x),
            Ok(None) => {
                if batch.is_empty() || b.strict {
                    b.iterator.clear();
                }
                if !batch.is_empty() && b.strict {
                    return Err(vm.value_error("batched(): incomplete batch"));
                }
                break;
            }
            Err(e) => {
                b.iterator.clear();
                return Err(e);
            }
        }
    }
    Ok(if batch.is_empty() { None } else { Some(PyTuple::from_vec(vm, batch)) })
}

/// Pairs of neighbours.
#[repr(C)]
pub struct Pairwise {
    header: Header,
    /// NULL once exhausted.
    iterator: OwnedCell,
    /// The left side of the next pair; NULL before the first.
    old: OwnedCell,
}
payload!(Pairwise, ITERTOOLS_PAIRWISE);

pub static PAIRWISE: TypeDef = TypeDef {
    doc: "Overlapping pairs of the iterable's items: s -> (s0,s1), (s1,s2), (s2,s3), ...",
    slots: |s| {
        iterator_slots!(s, Pairwise { iterator, old }, pairwise_next);
    },
    new: New::Bound("(iterable, /)", |vm: &Vm, ty: TypeRef, a: &[Value]| {
        let iterator = OwnedCell::new(iter::get_iter(vm, a[0])?);
        Ok(object::new_instance(ty, Pairwise { header: object::header(), iterator, old: OwnedCell::null() }))
    }),
    ..TypeDef::of::<Pairwise>("itertools.pairwise")
};

fn pairwise_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let p = Pairwise::of(v);
    let Some(it) = p.iterator.get_ref() else { return Ok(None) };
    let old = match p.old.get_ref() {
        Some(old) => old,
        None => {
            let Some(first) = iter::next(vm, it.value())? else {
                p.iterator.clear();
                return Ok(None);
            };
            p.old.set(first.clone());
            // Getting the first item may have exhausted this very iterator.
            if p.iterator.is_null() {
                p.old.clear();
                return Ok(None);
            }
            first
        }
    };
    match iter::next(vm, it.value()) {
        Ok(Some(new)) => {
            p.old.set(new.clone());
            Ok(Some(PyTuple::pair(old, new)))
        }
        end => {
            p.iterator.clear();
            p.old.clear();
            end.map(|_| None)
        }
    }
}

/// Steps several iterators together until all have ended.
#[repr(C)]
pub struct ZipLongest {
    header: Header,
    /// `None` where an iterator has ended.
    iterators: RefCell<Vec<Option<Ref>>>,
    active: Cell<usize>,
    fill: Ref,
}
payload!(ZipLongest, ITERTOOLS_ZIP_LONGEST);

pub static ZIP_LONGEST: TypeDef = TypeDef {
    doc: "zip_longest(*iterables, fillvalue=None)\n--\n\n\
          Tuples of one item of each iterable; ends with the longest of them, and\n\
          puts the fill value in place of the items of those that have ended.",
    slots: |s| {
        iterator_slots!(s, ZipLongest { iterators, fill }, zip_longest_next);
    },
    new: New::Raw(new_zip_longest),
    ..TypeDef::of::<ZipLongest>("itertools.zip_longest")
};

fn new_zip_longest(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    let mut fill = vm.none();
    for (name, v) in args.keywords() {
        if args.keyword_count() != 1 || name.cast::<PyStr>().is_none_or(|s| s.as_bytes() != b"fillvalue") {
            return Err(vm.type_error("zip_longest() got an unexpected keyword argument"));
        }
        fill = v;
    }
    let mut iterators = Vec::new();
    for &x in args.positional_args() {
        iterators.push(Some(iter::get_iter(vm, x)?));
    }
    Ok(object::new_instance(
        ty,
        ZipLongest {
            header: object::header(),
            active: Cell::new(iterators.len()),
            iterators: RefCell::new(iterators),
            fill: fill.to_ref(),
        },
    ))
}

fn zip_longest_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let z = ZipLongest::of(v);
    let n = z.iterators.borrow().len();
    if n == 0 || z.active.get() == 0 {
        return Ok(None);
    }
    let mut items = Vec::with_capacity(n);
    for i in 0..n {
        // A copy: the iterator's code may come back here.
        let it = z.iterators.borrow()[i].clone();
        let Some(it) = it else {
            items.push(z.fill.clone());
            continue;
        };
        match iter::next(vm, it.value()) {
            Ok(Some(x)) => items.push(x),
            Ok(None) => {
                z.active.set(z.active.get().saturating_sub(1));
                if z.active.get() == 0 {
                    return Ok(None);
                }
                items.push(z.fill.clone());
                let ended = z.iterators.borrow_mut()[i].take();
                drop(ended);
            }
            Err(e) => {
                z.active.set(0);
                return Err(e);
            }
        }
    }
    Ok(Some(PyTuple::from_vec(vm, items)))
}

/// Yields keys with iterators over the items that have them.
#[repr(C)]
pub struct Groupby {
    header: Header,
    iterator: Ref,
    /// The key function, or None.
    key: Ref,
    /// The key of the group that was yielded last; NULL before the first.
    target: OwnedCell,
    /// The key of the item read last; NULL before the first and once a group has taken it.
    current_key: OwnedCell,
    /// The item read last; NULL once a group has taken it.
    current: OwnedCell,
    /// The group iterator that is up to date: all others have ended.
    group: Cell<*const Grouper>,
}
payload!(Groupby, ITERTOOLS_GROUPBY);

/// Yields the items of one group.
#[repr(C)]
pub struct Grouper {
    header: Header,
    /// The `groupby` object.
    parent: Ref,
    target: Ref,
}
payload!(Grouper, ITERTOOLS_GROUPER);

pub static GROUPBY: TypeDef = TypeDef {
    doc: "Pairs of a key and an iterator over consecutive items that have it.\n\n\
          The key is the function's result for the item, or the item itself without one.",
    slots: |s| {
        iterator_slots!(s, Groupby { iterator, key, target, current_key, current }, groupby_next);
    },
    new: New::Bound("(iterable, key=None)", |vm: &Vm, ty: TypeRef, a: &[Value]| {
        Ok(object::new_instance(
            ty,
            Groupby {
                header: object::header(),
                iterator: iter::get_iter(vm, a[0])?,
                key: a[1].non_null().unwrap_or(vm.none()).to_ref(),
                target: OwnedCell::null(),
                current_key: OwnedCell::null(),
                current: OwnedCell::null(),
                group: Cell::new(ptr::null()),
            },
        ))
    }),
    ..TypeDef::of::<Groupby>("itertools.groupby")
};

pub static GROUPER: TypeDef = TypeDef {
    flags: 0,
    slots: |s| {
        iterator_slots!(s, Grouper { parent, target }, grouper_next);
    },
    new: New::Bound("(parent, tgtkey, /)", |vm: &Vm, _: TypeRef, a: &[Value]| {
        if a[0].cast::<Groupby>().is_none() {
            return Err(vm.type_error(format!(
                "_grouper() argument 1 must be itertools.groupby, not {}",
                vm.type_of(a[0]).full_name()
            )));
        }
        Ok(new_group(a[0], a[1].to_ref()))
    }),
    ..TypeDef::of::<Grouper>("itertools._grouper")
};

fn new_group(parent: Value, target: Ref) -> Ref {
    let group = object::new(Grouper { header: object::header(), parent: parent.to_ref(), target });
    Groupby::of(parent).group.set(Grouper::of(group.value()));
    group
}

impl Groupby {
    /// Reads the next item and its key; false at the end.
    fn step(&self, vm: &Vm) -> PyResult<bool> {
        let Some(x) = iter::next(vm, self.iterator.value())? else { return Ok(false) };
        let key = if self.key.is(vm.none()) {
            x.clone()
        } else {
            call::call_args(vm, self.key.value(), &[x.value()])?
        };
        let old = self.current.replace(Some(x));
        self.current_key.set(key);
        drop(old);
        Ok(true)
    }
}

fn groupby_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let g = Groupby::of(v);
    g.group.set(ptr::null());
    // Passes over the rest of the last group. The comparison may come back here, so it gets
    // references of its own.
    loop {
        if let Some(key) = g.current_key.get_ref() {
            let Some(target) = g.target.get_ref() else { break };
            if !compare::eq(vm, target.value(), key.value())? {
                break;
            }
        }
        if !g.step(vm)? {
            return Ok(None);
        }
    }
    let Some(key) = g.current_key.get_ref() else { return Ok(None) };
    g.target.set(key.clone());
    Ok(Some(PyTuple::pair(key.clone(), new_group(v, key))))
}

fn grouper_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let group = Grouper::of(v);
    let g = Groupby::of(group.parent.value());
    if !ptr::eq(g.group.get(), group) || (g.current.is_null() && !g.step(vm)?) {
        return Ok(None);
    }
    let Some(key) = g.current_key.get_ref() else { return Ok(None) };
    if !compare::eq(vm, group.target.value(), key.value())? {
        return Ok(None);
    }
    let item = g.current.take();
    g.current_key.clear();
    Ok(item)
}
