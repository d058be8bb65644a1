//! The module `_bisect`: binary search in sorted sequences.

use crate::error::PyResult;
use crate::native::ModuleDef;
use crate::protocol::{call, compare, item, number};
use crate::types::list::PyList;
use crate::types::slots::CompareOp;
use crate::types::type_::MethodDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

const SIG: &str = "($module, /, a, x, lo=0, hi=None, *, key=None)";

pub static MODULE: ModuleDef = ModuleDef::new(
    "_bisect",
    "Bisection algorithms: places in sorted sequences, found by halving.",
    &[
        MethodDef::new(
            "bisect_right",
            SIG,
            |vm, a| Ok(item::from_size(vm, Search::new(vm, a)?.run(a[2], true)?)),
            "Where to insert x into the sorted sequence a so that it stays sorted:\n\
             all items before it are <= x, all after it are > x.\n\n\
             lo and hi bound the slice that is searched; a key function is applied to the items.",
        ),
        MethodDef::new(
            "insort_right",
            SIG,
            |vm, a| insort(vm, a, true),
            "Inserts x into the sorted list a, after equal items.",
        ),
        MethodDef::new(
            "bisect_left",
            SIG,
            |vm, a| Ok(item::from_size(vm, Search::new(vm, a)?.run(a[2], false)?)),
            "Where to insert x into the sorted sequence a so that it stays sorted:\n\
             all items before it are < x, all after it are >= x.\n\n\
             lo and hi bound the slice that is searched; a key function is applied to the items.",
        ),
        MethodDef::new(
            "insort_left",
            SIG,
            |vm, a| insort(vm, a, false),
            "Inserts x into the sorted list a, before equal items.",
        ),
    ],
);

struct Search<'a> {
    vm: &'a Vm,
    sequence: Value,
    lo: usize,
    /// `None` for the whole sequence.
    hi: Option<usize>,
    key: Option<Value>,
}

impl<'a> Search<'a> {
    /// Bound values: module, a, x, lo, hi, key.
    fn new(vm: &'a Vm, a: &[Value]) -> PyResult<Search<'a>> {
        let lo = match a[3].non_null() {
            Some(lo) => item::ssize_arg(vm, lo)?,
            None => 0,
        };
        let hi = match a[4].non_null().filter(|hi| !hi.is(vm.none())) {
            Some(hi) => Some(number::size_i64(vm, hi)?),
            None => None,
        };
        let Ok(lo) = usize::try_from(lo) else {
            return Err(vm.value_error("lo must be non-negative"));
        };
        let key = a[5].non_null().filter(|k| !k.is(vm.none()));
        // A negative limit finds nothing to search.
        let hi = hi.map(|h| h.max(0) as usize);
        Ok(Search { vm, sequence: a[1], lo, hi, key })
    }

    fn run(&self, x: Value, right: bool) -> PyResult<usize> {
        let mut lo = self.lo;
        let mut hi = match self.hi {
            Some(hi) => hi,
            None => item::length(self.vm, self.sequence)?,
        };
        while lo < hi {
            let middle = lo + (hi - lo) / 2;
            let v = self.item(middle)?;
            let before = if right {
                !compare::rich_bool(self.vm, x, v.value(), CompareOp::Lt)?
            } else {
                compare::rich_bool(self.vm, v.value(), x, CompareOp::Lt)?
            };
            if before {
                lo = middle + 1;
            } else {
                hi = middle;
            }
        }
        Ok(lo)
    }

    fn item(&self, i: usize) -> PyResult {
        let v = item::get_index(self.vm, self.sequence, i)?;
        match self.key {
            Some(k) => call::call_args(self.vm, k, &[v.value()]),
            None => Ok(v),
        }
    }
}

fn insort(vm: &Vm, a: &[Value], right: bool) -> PyResult {
    let search = Search::new(vm, a)?;
    let x: Ref = match search.key {
        Some(k) => call::call_args(vm, k, &[a[2]])?,
        None => a[2].to_ref(),
    };
    let at = search.run(x.value(), right)?;
    match a[1].cast_exact::<PyList>() {
        Some(list) => list.insert(at.min(list.len()), a[2].to_ref()),
        None => {
            call::call_method(vm, a[1], "insert", &[vm.new_int(at as i64).value(), a[2]])?;
        }
    }
    Ok(vm.none_ref())
}
