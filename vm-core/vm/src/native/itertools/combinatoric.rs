//! `product`, `permutations`, `combinations`, `combinations_with_replacement`: all walk an array
//! of indices into pools of items that were collected beforehand.

use std::cell::{Cell, RefCell};

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::gc::fields::Owns;
use crate::native::itertools::iterator_slots;
use crate::object::{self, Header};
use crate::protocol::{item, iter};
use crate::shape;
use crate::types::int;
use crate::types::iterators::payload;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, New, TypeDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// How far an iterator of this kind has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// Nothing yielded yet: the initial indices come first.
    Start,
    Running,
    Done,
}

const SIZEOF_DOC: &str = "Size in memory, in bytes.";

/// One item of each pool.
#[repr(C)]
pub struct Product {
    header: Header,
    pools: Vec<Vec<Ref>>,
    /// How many times the pools are repeated.
    repeat: usize,
    indices: RefCell<Vec<usize>>,
    progress: Cell<Progress>,
}
payload!(Product, ITERTOOLS_PRODUCT);

pub static PRODUCT: TypeDef = TypeDef {
    doc: "product(*iterables, repeat=1)\n--\n\n\
          The Cartesian product: all tuples with one item of each iterable, the last running fastest.\n\n\
          With repeat=n, the product of n times the iterables.",
    slots: |s| {
        iterator_slots!(s, Product { pools }, product_next);
    },
    new: New::Raw(new_product),
    methods: &[MethodDef::new(
        "__sizeof__",
        "($self, /)",
        |vm, a| Ok(item::from_size(vm, size_of::<Product>() + Product::of(a[0]).indices.borrow().len() * 8)),
        SIZEOF_DOC,
    )],
    ..TypeDef::of::<Product>("itertools.product")
};

fn new_product(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    let mut repeat = 1;
    for (name, v) in args.keywords() {
        let text = name.cast::<PyStr>().map(|s| s.to_string_lossy()).unwrap_or_default();
        if text != "repeat" {
            return Err(vm.type_error(format!("product() got an unexpected keyword argument '{text}'")));
        }
        repeat = item::ssize_arg(vm, v)?;
    }
    if repeat < 0 {
        return Err(vm.value_error("repeat argument cannot be negative"));
    }
    let iterables = if repeat == 0 { &[][..] } else { args.positional_args() };
    let total = iterables.len().checked_mul(repeat as usize).filter(|&n| n <= isize::MAX as usize / 16);
    let Some(total) = total else {
        return Err(vm.overflow_error("repeat argument too large"));
    };
    let mut indices = Vec::new();
    if indices.try_reserve_exact(total).is_err() {
        return Err(vm.error_args(shape::MEMORY_ERROR, &[]));
    }
    indices.resize(total, 0);
    let mut pools = Vec::with_capacity(iterables.len());
    for &iterable in iterables {
        pools.push(iter::collect(vm, iterable)?);
    }
    let empty = pools.iter().any(Vec::is_empty);
    Ok(object::new_instance(
        ty,
        Product {
            header: object::header(),
            pools,
            repeat: repeat as usize,
            indices: RefCell::new(indices),
            progress: Cell::new(if empty { Progress::Done } else { Progress::Start }),
        },
    ))
}

impl Product {
    fn pool(&self, i: usize) -> &[Ref] {
        &self.pools[i % self.pools.len()]
    }

    /// Moves to the next tuple, the last index running fastest; false at the end.
    fn advance(&self, indices: &mut [usize]) -> bool {
        for i in (0..indices.len()).rev() {
            indices[i] += 1;
            if indices[i] < self.pool(i).len() {
                return true;
            }
            indices[i] = 0;
        }
        false
    }
}

fn product_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let p = Product::of(v);
    debug_assert_eq!(p.indices.borrow().len(), p.pools.len() * p.repeat);
    let mut indices = p.indices.borrow_mut();
    match p.progress.get() {
        Progress::Done => return Ok(None),
        Progress::Start => p.progress.set(Progress::Running),
        Progress::Running if !p.advance(&mut indices) => {
            p.progress.set(Progress::Done);
            return Ok(None);
        }
        Progress::Running => {}
    }
    let items = indices.iter().enumerate().map(|(i, &at)| p.pool(i)[at].clone());
    Ok(Some(PyTuple::from_iter(vm, items)))
}

/// Items of one pool, chosen by indices.
struct Choice {
    pool: Vec<Ref>,
    /// Length of the tuples.
    r: usize,
    indices: RefCell<Vec<usize>>,
    progress: Cell<Progress>,
}

impl Owns for Choice {
    fn show(&self, visit: &mut dyn FnMut(Value)) {
        self.pool.show(visit);
    }
}

impl Choice {
    /// The next tuple; `advance` moves the indices and says false at the end.
    fn next(&self, vm: &Vm, advance: impl FnOnce(&mut Vec<usize>, usize) -> bool) -> Option<Ref> {
        let mut indices = self.indices.borrow_mut();
        match self.progress.get() {
            Progress::Done => return None,
            Progress::Start => self.progress.set(Progress::Running),
            Progress::Running if !advance(&mut indices, self.pool.len()) => {
                self.progress.set(Progress::Done);
                return None;
            }
            Progress::Running => {}
        }
        Some(PyTuple::from_iter(vm, indices[..self.r].iter().map(|&i| self.pool[i].clone())))
    }
}

macro_rules! choice_type {
    ($(#[$doc:meta])* $name:ident, $shape:ident) => {
        $(#[$doc])*
        #[repr(C)]
        pub struct $name {
            header: Header,
            choice: Choice,
        }
        payload!($name, $shape);

        impl $name {
            const METHODS: &[MethodDef] = &[MethodDef::new(
                "__sizeof__",
                "($self, /)",
                |vm, a| Ok(item::from_size(vm, size_of::<$name>() + $name::of(a[0]).choice.indices.borrow().len() * 8)),
                SIZEOF_DOC,
            )];
        }
    };
}

choice_type!(
    /// Tuples of `r` different items in the pool's order.
    Combinations,
    ITERTOOLS_COMBINATIONS
);
choice_type!(
    /// Tuples of `r` items in the pool's order, each as often as one likes.
    CombinationsWithReplacement,
    ITERTOOLS_COMBINATIONS_WITH_REPLACEMENT
);

/// The length of the tuples, checked not to be negative.
fn tuple_length(vm: &Vm, v: Value) -> PyResult<usize> {
    let r = item::ssize_arg(vm, v)?;
    let r = usize::try_from(r).map_err(|_| vm.value_error("r must be non-negative"))?;
    // As large as CPython's array of indices, which it has even where there are no tuples.
    match Vec::<usize>::new().try_reserve_exact(r) {
        Ok(()) => Ok(r),
        Err(_) => Err(vm.memory_error("")),
    }
}

pub static COMBINATIONS: TypeDef = TypeDef {
    doc: "All tuples of r items of the iterable, in its order: combinations(range(4), 3)\n\
          gives (0,1,2), (0,1,3), (0,2,3), (1,2,3).",
    slots: |s| {
        iterator_slots!(s, Combinations { choice }, |vm, v| {
            let c = &Combinations::of(v).choice;
            Ok(c.next(vm, |indices, n| next_combination(indices, n)))
        });
    },
    new: New::Bound("(iterable, r)", |vm: &Vm, ty: TypeRef, a: &[Value]| {
        let pool = iter::collect(vm, a[0])?;
        let r = tuple_length(vm, a[1])?;
        let progress = if r > pool.len() { Progress::Done } else { Progress::Start };
        // With more indices than items nothing is ever yielded: no need to make them.
        let indices = RefCell::new((0..r.min(pool.len())).collect());
        let choice = Choice { r, indices, progress: Cell::new(progress), pool };
        Ok(object::new_instance(ty, Combinations { header: object::header(), choice }))
    }),
    methods: Combinations::METHODS,
    ..TypeDef::of::<Combinations>("itertools.combinations")
};

/// The next ascending choice of indices below `n`.
fn next_combination(indices: &mut [usize], n: usize) -> bool {
    let r = indices.len();
    let Some(i) = (0..r).rev().find(|&i| indices[i] != i + n - r) else { return false };
    indices[i] += 1;
    for j in i + 1..r {
        indices[j] = indices[j - 1] + 1;
    }
    true
}

pub static COMBINATIONS_WITH_REPLACEMENT: TypeDef = TypeDef {
    doc: "All tuples of r items of the iterable, in its order, where items may be repeated:\n\
          combinations_with_replacement('ABC', 2) gives AA, AB, AC, BB, BC, CC.",
    slots: |s| {
        iterator_slots!(s, CombinationsWithReplacement { choice }, |vm, v| {
            let c = &CombinationsWithReplacement::of(v).choice;
            Ok(c.next(vm, |indices, n| next_with_replacement(indices, n)))
        });
    },
    new: New::Bound("(iterable, r)", |vm: &Vm, ty: TypeRef, a: &[Value]| {
        let pool = iter::collect(vm, a[0])?;
        let r = tuple_length(vm, a[1])?;
        let progress = if pool.is_empty() && r > 0 { Progress::Done } else { Progress::Start };
        let mut indices = Vec::new();
        if indices.try_reserve_exact(r).is_err() {
            return Err(vm.error_args(shape::MEMORY_ERROR, &[]));
        }
        indices.resize(r, 0);
        let choice = Choice { r, indices: RefCell::new(indices), progress: Cell::new(progress), pool };
        Ok(object::new_instance(ty, CombinationsWithReplacement { header: object::header(), choice }))
    }),
    methods: CombinationsWithReplacement::METHODS,
    ..TypeDef::of::<CombinationsWithReplacement>("itertools.combinations_with_replacement")
};

/// The next choice of indices below `n` that never descends.
fn next_with_replacement(indices: &mut [usize], n: usize) -> bool {
    let Some(i) = indices.iter().rposition(|&x| x + 1 < n) else { return false };
    let next = indices[i] + 1;
    indices[i..].fill(next);
    true
}

/// Tuples of `r` different items in all orders.
#[repr(C)]
pub struct Permutations {
    header: Header,
    choice: Choice,
    /// How many more choices each place has before those to its left change.
    cycles: RefCell<Vec<usize>>,
}
payload!(Permutations, ITERTOOLS_PERMUTATIONS);

pub static PERMUTATIONS: TypeDef = TypeDef {
    doc: "All tuples of r items of the iterable in all orders (of all items by default):\n\
          permutations(range(3), 2) gives (0,1), (0,2), (1,0), (1,2), (2,0), (2,1).",
    slots: |s| {
        iterator_slots!(s, Permutations { choice }, permutations_next);
    },
    new: New::Bound("(iterable, r=None)", new_permutations),
    methods: &[MethodDef::new(
        "__sizeof__",
        "($self, /)",
        |vm, a| {
            let p = Permutations::of(a[0]);
            let n = p.choice.indices.borrow().len() + p.cycles.borrow().len();
            Ok(item::from_size(vm, size_of::<Permutations>() + n * 8))
        },
        SIZEOF_DOC,
    )],
    ..TypeDef::of::<Permutations>("itertools.permutations")
};

fn new_permutations(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    let pool = iter::collect(vm, a[0])?;
    let n = pool.len();
    let r = match a[1].non_null().filter(|r| !r.is(vm.none())) {
        None => n,
        Some(r) if int::value_of(r).is_some() => tuple_length(vm, r)?,
        Some(_) => return Err(vm.type_error("Expected int as r")),
    };
    let progress = if r > n { Progress::Done } else { Progress::Start };
    let cycles = (0..r.min(n)).map(|i| n - i).collect();
    let choice =
        Choice { r, indices: RefCell::new((0..n).collect()), progress: Cell::new(progress), pool };
    Ok(object::new_instance(
        ty,
        Permutations { header: object::header(), choice, cycles: RefCell::new(cycles) },
    ))
}

fn permutations_next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let p = Permutations::of(v);
    Ok(p.choice.next(vm, |indices, n| {
        let mut cycles = p.cycles.borrow_mut();
        for i in (0..cycles.len()).rev() {
            cycles[i] -= 1;
            if cycles[i] > 0 {
                indices.swap(i, n - cycles[i]);
                return true;
            }
            indices[i..].rotate_left(1);
            cycles[i] = n - i;
        }
        false
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_in_order() {
        let mut i = vec![0, 1];
        let mut all = vec![i.clone()];
        while next_combination(&mut i, 4) {
            all.push(i.clone());
        }
        assert_eq!(all, [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]);
        assert!(!next_combination(&mut [], 4));
    }

    #[test]
    fn combinations_with_replacement_in_order() {
        let mut i = vec![0, 0];
        let mut all = vec![i.clone()];
        while next_with_replacement(&mut i, 3) {
            all.push(i.clone());
        }
        assert_eq!(all, [[0, 0], [0, 1], [0, 2], [1, 1], [1, 2], [2, 2]]);
    }
}
