//! Local variables, cells, globals, and names in mappings.

use crate::error::{PyResult, Raised};
use crate::interp::regs::{Flow, Regs};
use crate::ops::{adaptive, attempt};
use crate::protocol::{item, object as obj};
use crate::shape;
use crate::types::cell::PyCell;
use crate::types::dict::PyDict;
use crate::types::exceptions;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

#[inline(always)]
pub unsafe fn LOAD_FAST(r: &mut Regs) -> Flow {
    let v = (*r.local(r.arg())).dup();
    r.push(v);
    Flow::Next
}

#[inline(always)]
pub unsafe fn LOAD_FAST_BORROW(r: &mut Regs) -> Flow {
    let v = (*r.local(r.arg())).borrow();
    r.push(v);
    Flow::Next
}

#[inline(always)]
pub unsafe fn LOAD_FAST_CHECK(r: &mut Regs) -> Flow {
    let v = *r.local(r.arg());
    if v.is_null() {
        return unbound_local(*r);
    }
    r.push(v.dup());
    Flow::Next
}

#[inline(always)]
pub unsafe fn LOAD_FAST_AND_CLEAR(r: &mut Regs) -> Flow {
    let slot = r.local(r.arg());
    r.push(*slot);
    *slot = Value::NULL;
    Flow::Next
}

#[inline(always)]
pub unsafe fn LOAD_FAST_LOAD_FAST(r: &mut Regs) -> Flow {
    let a = (*r.local(r.arg() >> 4)).dup();
    let b = (*r.local(r.arg() & 15)).dup();
    r.push(a);
    r.push(b);
    Flow::Next
}

#[inline(always)]
pub unsafe fn LOAD_FAST_BORROW_LOAD_FAST_BORROW(r: &mut Regs) -> Flow {
    let a = (*r.local(r.arg() >> 4)).borrow();
    let b = (*r.local(r.arg() & 15)).borrow();
    r.push(a);
    r.push(b);
    Flow::Next
}

/// Puts a value into a local and gives back the old one. A value that is still borrowed may stay
/// so: its lender (a constant, a caller's local) outlives the frame, since the compiler borrows
/// no local of this frame for a store.
#[inline(always)]
unsafe fn store_local(r: &mut Regs, i: usize, v: Value) {
    let slot = r.local(i);
    let old = *slot;
    *slot = v;
    r.release(old);
}

#[inline(always)]
pub unsafe fn STORE_FAST(r: &mut Regs) -> Flow {
    let v = r.pop();
    store_local(r, r.arg(), v);
    Flow::Next
}

#[inline(always)]
pub unsafe fn STORE_FAST_LOAD_FAST(r: &mut Regs) -> Flow {
    let slot = r.local(r.arg() >> 4);
    let old = *slot;
    *slot = r.peek(1);
    let v = (*r.local(r.arg() & 15)).dup();
    *r.slot(1) = v;
    r.release(old);
    Flow::Next
}

#[inline(always)]
pub unsafe fn STORE_FAST_STORE_FAST(r: &mut Regs) -> Flow {
    let v = r.pop();
    store_local(r, r.arg() >> 4, v);
    let v = r.pop();
    store_local(r, r.arg() & 15, v);
    Flow::Next
}

#[inline(always)]
pub unsafe fn DELETE_FAST(r: &mut Regs) -> Flow {
    let slot = r.local(r.arg());
    let old = *slot;
    if old.is_null() {
        return unbound_local(*r);
    }
    *slot = Value::NULL;
    r.release(old);
    Flow::Next
}

#[cold]
#[inline(always)]
unsafe fn unbound_local(r: Regs) -> Flow {
    let name = *r.code().localsplus_names.get_unchecked(r.arg());
    r.raise(unbound_local_error(r.vm(), name))
}

#[cold]
#[inline(never)]
fn unbound_local_error(vm: &Vm, name: Value) -> Raised {
    vm.error(
        shape::UNBOUND_LOCAL_ERROR,
        format!("cannot access local variable '{}' where it is not associated with a value", obj::text(name)),
    )
}

/// NameError with its `name` attribute.
#[cold]
#[inline(never)]
pub fn name_error(vm: &Vm, name: Value, message: &str) -> Raised {
    let e = vm.error(shape::NAME_ERROR, message);
    if let Some(x) = exceptions::exception(e.0.value()) {
        x.fields[0].set(name.to_ref());
    }
    e
}

#[cold]
fn undefined(vm: &Vm, name: Value) -> Raised {
    name_error(vm, name, &format!("name '{}' is not defined", obj::text(name)))
}

/// What an empty cell raises: locals and free variables have messages of their own.
#[cold]
#[inline(never)]
unsafe fn empty_cell(r: Regs) -> Raised {
    let code = r.code();
    let name = *code.localsplus_names.get_unchecked(r.arg());
    if r.arg() < (code.nlocalsplus - code.nfreevars) as usize {
        return unbound_local_error(r.vm(), name);
    }
    let text = format!(
        "cannot access free variable '{}' where it is not associated with a value in enclosing scope",
        obj::text(name)
    );
    name_error(r.vm(), name, &text)
}

// Cells.

#[inline(always)]
pub unsafe fn MAKE_CELL(r: &mut Regs) -> Flow {
    let slot = r.local(r.arg());
    let old = *slot;
    *slot = PyCell::new(old).into_value();
    r.release(old);
    Flow::Next
}

#[inline(always)]
pub unsafe fn COPY_FREE_VARS(r: &mut Regs) -> Flow {
    let n = r.arg();
    let function = r.function();
    let Some(closure) = function.closure.get().non_null().and_then(|c| c.cast::<PyTuple>()) else {
        return no_closure(*r);
    };
    let first = r.local(function.code().nlocalsplus as usize - n);
    for (i, cell) in closure.as_slice().iter().take(n).enumerate() {
        // The function keeps its closure, so the frame need not count a reference.
        *first.add(i) = cell.borrow();
    }
    Flow::Next
}

#[cold]
unsafe fn no_closure(r: Regs) -> Flow {
    r.raise(r.vm().system_error("a function with free variables has no closure"))
}

#[inline(always)]
unsafe fn cell<'a>(r: &Regs) -> &'a PyCell {
    (*r.local(r.arg())).cast_unchecked::<PyCell>()
}

#[inline(always)]
pub unsafe fn LOAD_DEREF(r: &mut Regs) -> Flow {
    let v = cell(r).content.slot();
    if v.is_null() {
        return r.raise(empty_cell(*r));
    }
    // Whoever shares the cell may change it at any time.
    r.push(v.dup());
    Flow::Next
}

#[inline(always)]
pub unsafe fn STORE_DEREF(r: &mut Regs) -> Flow {
    let v = r.pop();
    let old = cell(r).content.replace_value(v.into_owned());
    r.release(old);
    Flow::Next
}

#[inline(always)]
pub unsafe fn DELETE_DEREF(r: &mut Regs) -> Flow {
    let old = cell(r).content.replace_value(Value::NULL);
    if old.is_null() {
        return r.raise(empty_cell(*r));
    }
    r.release(old);
    Flow::Next
}

#[inline(always)]
pub unsafe fn LOAD_FROM_DICT_OR_DEREF(r: &mut Regs) -> Flow {
    r.save();
    let name = *r.code().localsplus_names.get_unchecked(r.arg());
    let found = match attempt!(r, mapping_get(r.vm(), r.peek(1), name)) {
        Some(v) => v,
        None => match cell(r).content.get_ref() {
            Some(v) => v,
            None => return r.raise(empty_cell(*r)),
        },
    };
    r.finish::<1>(found.into_value());
    Flow::Called
}

// Names in mappings.

/// The value of a name in a mapping; a missing key is `None`.
pub fn mapping_get(vm: &Vm, mapping: Value, name: Value) -> PyResult<Option<Ref>> {
    if let Some(d) = mapping.cast_exact::<PyDict>() {
        return d.get(vm, name);
    }
    match item::get(vm, mapping, name) {
        Ok(v) => Ok(Some(v)),
        Err(e) if e.is(vm, shape::KEY_ERROR) => Ok(None),
        Err(e) => Err(e),
    }
}

fn mapping_set(vm: &Vm, mapping: Value, name: Value, value: Value) -> PyResult<()> {
    match mapping.cast_exact::<PyDict>() {
        Some(d) => d.set(vm, name, value),
        None => item::set(vm, mapping, name, value),
    }
}

#[inline(always)]
pub unsafe fn LOAD_LOCALS(r: &mut Regs) -> Flow {
    match r.frame().mapping() {
        Some(m) => {
            r.push(m.dup_owned());
            Flow::Next
        }
        None => r.raise(r.vm().system_error("no locals found")),
    }
}

#[inline(never)]
unsafe fn load_name(r: Regs) -> PyResult {
    let (vm, name) = (r.vm(), r.name(r.arg()));
    let Some(locals) = r.frame().mapping() else {
        return Err(vm.system_error("no locals found"));
    };
    match mapping_get(vm, locals, name)? {
        Some(v) => Ok(v),
        None => load_global(&r, name),
    }
}

/// A global or builtin.
unsafe fn load_global(r: &Regs, name: Value) -> PyResult {
    let vm = r.vm();
    let function = r.function();
    if let Some(v) = mapping_get(vm, function.globals.get(), name)? {
        return Ok(v);
    }
    match mapping_get(vm, function.builtins.get(), name)? {
        Some(v) => Ok(v),
        None => Err(undefined(vm, name)),
    }
}

#[inline(always)]
pub unsafe fn LOAD_NAME(r: &mut Regs) -> Flow {
    r.save();
    let v = load_name(*r);
    r.push_result(v)
}

#[inline(always)]
pub unsafe fn STORE_NAME(r: &mut Regs) -> Flow {
    r.save();
    let (vm, name) = (r.vm(), r.name(r.arg()));
    let result = match r.frame().mapping() {
        Some(m) => mapping_set(vm, m, name, r.peek(1)),
        None => Err(no_locals(vm, "no locals found when storing", name)),
    };
    r.finish_unit::<1>(result)
}

#[cold]
fn no_locals(vm: &Vm, what: &str, name: Value) -> Raised {
    vm.system_error(format!("{what} '{}'", obj::text(name)))
}

#[inline(always)]
pub unsafe fn DELETE_NAME(r: &mut Regs) -> Flow {
    r.save();
    let (vm, name) = (r.vm(), r.name(r.arg()));
    let result = match r.frame().mapping() {
        Some(m) => item::delete(vm, m, name).map_err(|_| undefined(vm, name)),
        None => Err(no_locals(vm, "no locals when deleting", name)),
    };
    r.finish_unit::<0>(result)
}

#[inline(always)]
pub unsafe fn LOAD_FROM_DICT_OR_GLOBALS(r: &mut Regs) -> Flow {
    r.save();
    let name = r.name(r.arg());
    let v = match attempt!(r, mapping_get(r.vm(), r.peek(1), name)) {
        Some(v) => Ok(v),
        None => load_global(r, name),
    };
    r.finish_result::<1>(v)
}

// Globals.

#[inline(always)]
pub unsafe fn LOAD_GLOBAL(r: &mut Regs) -> Flow {
    adaptive!(r);
    r.save();
    let name = r.name(r.arg() >> 1);
    let v = attempt!(r, load_global(r, name));
    r.push_ref(v);
    if r.oparg & 1 != 0 {
        r.push(Value::NULL);
    }
    Flow::Called
}

/// Pushes a value of a namespace whose keys are those of the cache, and NULL if a call follows.
#[inline(always)]
unsafe fn push_cached_global(r: &mut Regs, d: &PyDict) -> Flow {
    let v = d.slot_at_unchecked(r.cache16(3) as usize).dup();
    r.push(v);
    if r.oparg & 1 != 0 {
        r.push(Value::NULL);
    }
    Flow::Next
}

#[inline(always)]
pub unsafe fn LOAD_GLOBAL_MODULE(r: &mut Regs) -> Flow {
    let globals = r.frame().globals();
    if globals.current_keys_version() != u32::from(r.cache16(1)) {
        return Flow::Deopt;
    }
    push_cached_global(r, globals)
}

#[inline(always)]
pub unsafe fn LOAD_GLOBAL_BUILTIN(r: &mut Regs) -> Flow {
    let globals = r.frame().globals();
    // The specializer has seen that the builtins are a dict.
    let builtins = r.function().builtins.get().cast_unchecked::<PyDict>();
    if globals.current_keys_version() != u32::from(r.cache16(1))
        || builtins.current_keys_version() != u32::from(r.cache16(2))
    {
        return Flow::Deopt;
    }
    push_cached_global(r, builtins)
}

#[inline(always)]
pub unsafe fn STORE_GLOBAL(r: &mut Regs) -> Flow {
    r.save();
    let name = r.name(r.arg());
    let result = r.frame().globals().set(r.vm(), name, r.peek(1));
    r.finish_unit::<1>(result)
}

#[inline(always)]
pub unsafe fn DELETE_GLOBAL(r: &mut Regs) -> Flow {
    r.save();
    let (vm, name) = (r.vm(), r.name(r.arg()));
    let result = match r.frame().globals().delete(vm, name) {
        Ok(true) => Ok(()),
        Ok(false) => Err(undefined(vm, name)),
        Err(e) => Err(e),
    };
    r.finish_unit::<0>(result)
}
