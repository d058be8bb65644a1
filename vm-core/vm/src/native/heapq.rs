//! The module `_heapq`: lists as heaps, smallest or largest item first.

use crate::error::{PyResult, Raised};
use crate::native::ModuleDef;
use crate::protocol::compare;
use crate::types::list::PyList;
use crate::types::slots::CompareOp;
use crate::types::type_::MethodDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

pub static MODULE: ModuleDef = ModuleDef {
    name: "_heapq",
    doc: "Heap queue algorithm (a.k.a. priority queue): a list in which item k is never larger than\n\
          items 2*k+1 and 2*k+2, so that the smallest is always the first. The functions whose\n\
          names end in _max keep the largest first.",
    functions: FUNCTIONS,
    init: |_, _| Ok(()),
};

macro_rules! heap_functions {
    ($($name:literal, $max:literal, $sig:literal, $f:ident, $doc:literal;)*) => {
        &[$(MethodDef::new($name, $sig, |vm, a| $f(vm, a, $name, $max), $doc),)*]
    };
}

static FUNCTIONS: &[MethodDef] = heap_functions! {
    "heappush", false, "($module, heap, item, /)", push, "Pushes an item.";
    "heappushpop", false, "($module, heap, item, /)", push_pop, "Pushes an item, then pops the smallest; faster than both.";
    "heappop", false, "($module, heap, /)", pop, "Pops the smallest item.";
    "heapreplace", false, "($module, heap, item, /)", replace, "Pops the smallest item, then pushes one; faster than both.";
    "heapify", false, "($module, heap, /)", heapify, "Turns a list into a heap, in place, in linear time.";
    "heappush_max", true, "($module, heap, item, /)", push, "Pushes an item onto a max-heap.";
    "heappushpop_max", true, "($module, heap, item, /)", push_pop, "Pushes an item onto a max-heap, then pops the largest.";
    "heappop_max", true, "($module, heap, /)", pop, "Pops the largest item.";
    "heapreplace_max", true, "($module, heap, item, /)", replace, "Pops the largest item, then pushes one.";
    "heapify_max", true, "($module, heap, /)", heapify, "Turns a list into a max-heap, in place, in linear time.";
};

/// A list that is used as a heap. Comparisons may change the list, which each step notices.
struct Heap<'a> {
    vm: &'a Vm,
    list: &'a PyList,
    max: bool,
}

impl<'a> Heap<'a> {
    fn new(vm: &'a Vm, v: Value, name: &str, max: bool, arguments: usize) -> PyResult<Heap<'a>> {
        match v.cast::<PyList>() {
            Some(list) => Ok(Heap { vm, list, max }),
            None => {
                let which = if arguments > 1 { "argument 1" } else { "argument" };
                Err(vm.type_error(format!("{name}() {which} must be list, not {}", vm.type_of(v).full_name())))
            }
        }
    }

    fn changed(&self) -> Raised {
        self.vm.runtime_error("list changed size during iteration")
    }

    fn get(&self, i: usize) -> PyResult {
        self.list.get_ref(i).ok_or_else(|| self.changed())
    }

    /// Whether `a` must stand before `b`.
    fn before(&self, a: &Ref, b: &Ref) -> PyResult<bool> {
        let (a, b) = if self.max { (b, a) } else { (a, b) };
        compare::rich_bool(self.vm, a.value(), b.value(), CompareOp::Lt)
    }

    /// Exchanges two items.
    fn swap(&self, i: usize, j: usize) -> PyResult<()> {
        let n = self.list.len();
        if i >= n || j >= n {
            return Err(self.changed());
        }
        // SAFETY: in range; nothing runs in between.
        unsafe { std::ptr::swap(self.list.items().add(i), self.list.items().add(j)) };
        Ok(())
    }

    /// Compares, and complains if the list's length changed meanwhile.
    fn compare_items(&self, a: &Ref, b: &Ref, len: usize) -> PyResult<bool> {
        let r = self.before(a, b)?;
        if self.list.len() != len { Err(self.changed()) } else { Ok(r) }
    }

    /// Moves the item at `pos` towards the root, but not above `start`.
    fn sift_down(&self, start: usize, mut pos: usize) -> PyResult<()> {
        let len = self.list.len();
        if pos >= len {
            return Err(self.vm.index_error("index out of range"));
        }
        while pos > start {
            let parent = (pos - 1) >> 1;
            let (a, b) = (self.get(pos)?, self.get(parent)?);
            if !self.compare_items(&a, &b, len)? {
                break;
            }
            self.swap(pos, parent)?;
            pos = parent;
        }
        Ok(())
    }

    /// Moves the item at `pos` down to a leaf, smaller children up, and then into its place.
    fn sift_up(&self, mut pos: usize) -> PyResult<()> {
        let (start, len) = (pos, self.list.len());
        if pos >= len {
            return Err(self.vm.index_error("index out of range"));
        }
        while pos < len >> 1 {
            let mut child = 2 * pos + 1;
            if child + 1 < len {
                let (a, b) = (self.get(child)?, self.get(child + 1)?);
                if !self.compare_items(&a, &b, len)? {
                    child += 1;
                }
            }
            self.swap(child, pos)?;
            pos = child;
        }
        self.sift_down(start, pos)
    }

    fn first(&self) -> PyResult {
        self.list.get_ref(0).ok_or_else(|| self.vm.index_error("index out of range"))
    }

    /// Puts an item at the root and gives back the one that was there.
    fn replace_first(&self, item: Ref) -> PyResult {
        self.first()?;
        let old = self.list.replace(0, item);
        self.sift_up(0)?;
        Ok(old)
    }
}

fn push(vm: &Vm, a: &[Value], name: &str, max: bool) -> PyResult {
    let heap = Heap::new(vm, a[1], name, max, 2)?;
    heap.list.push(a[2].to_ref());
    heap.sift_down(0, heap.list.len() - 1)?;
    Ok(vm.none_ref())
}

fn pop(vm: &Vm, a: &[Value], name: &str, max: bool) -> PyResult {
    let heap = Heap::new(vm, a[1], name, max, 1)?;
    let Some(last) = heap.list.pop() else { return Err(vm.index_error("index out of range")) };
    if heap.list.is_empty() {
        return Ok(last);
    }
    heap.replace_first(last)
}

fn replace(vm: &Vm, a: &[Value], name: &str, max: bool) -> PyResult {
    Heap::new(vm, a[1], name, max, 2)?.replace_first(a[2].to_ref())
}

fn push_pop(vm: &Vm, a: &[Value], name: &str, max: bool) -> PyResult {
    let heap = Heap::new(vm, a[1], name, max, 2)?;
    let item = a[2].to_ref();
    let Some(top) = heap.list.get_ref(0) else { return Ok(item) };
    if !heap.before(&top, &item)? {
        return Ok(item);
    }
    heap.replace_first(item)
}

fn heapify(vm: &Vm, a: &[Value], name: &str, max: bool) -> PyResult {
    let heap = Heap::new(vm, a[1], name, max, 1)?;
    for i in (0..heap.list.len() / 2).rev() {
        heap.sift_up(i)?;
    }
    Ok(vm.none_ref())
}
