//! Specialization: instructions look at their operands and turn into forms made for them.
//!
//! An adaptive instruction counts down ([`counter`]); at zero its specializer runs with the
//! registers spilled. It changes the opcode in the code unit and fills the inline cache, or
//! fails, and the counter is set accordingly. Families, conditions and counters follow CPython
//! 3.14's `Python/specialize.c`, except that instances are told by shape instead of type version.

pub mod attribute;
mod attribute_cache;
pub mod call;
pub mod counter;
pub mod operator;

pub use attribute::{load_attr, load_super_attr, store_attr};
pub use attribute_cache::{AttributeCache, Place, place, writable_place};
pub use call::{call, call_kw, python_init};
pub use operator::{binary_op, compare_op, contains_op, store_subscr, to_bool};

use crate::code::PyCode;
use crate::interp::breakpoint;
use crate::interp::regs::Regs;
use crate::ops::internal::{self, number};
use crate::owned_cell::OwnedCell;
use crate::protocol::attr;
use crate::shape::{self, ShapeId};
use crate::types::dict::PyDict;
use crate::types::list::PyList;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;
use tailscope_bytecode::opcode::Opcode;

/// What BINARY_OP_EXTEND's cache points at.
pub struct ExtendDescr {
    /// The result, or `None` if the operands are not what it is for. Runs no Python code.
    pub action: fn(&Vm, Value, Value) -> Option<Ref>,
}

/// What BINARY_OP_SUBSCR_GETITEM's cache points at.
pub struct GetItemDescr {
    pub type_version: u32,
    pub function_version: u32,
    /// The function, pinned by the code object.
    pub function: Value,
}

/// Callables that have instructions of their own, known once they were met.
#[derive(Default)]
pub struct CallableCache {
    pub len: OwnedCell,
    pub isinstance: OwnedCell,
    pub list_append: OwnedCell,
}

/// Changes the running instruction's opcode. A breakpoint on it stays.
///
/// # Safety
/// The registers of a running instruction.
#[inline(always)]
pub unsafe fn set_opcode(r: &Regs, opcode: u8) {
    // SAFETY: promised by the caller; code units are writable.
    unsafe {
        let at = r.ip.sub(1) as *mut u16;
        if *at as u8 == number::BREAKPOINT {
            set_opcode_below_breakpoint(r, opcode);
        } else {
            *(at as *mut u8) = opcode;
        }
    }
}

#[cold]
#[inline(never)]
unsafe fn set_opcode_below_breakpoint(r: &Regs, opcode: u8) {
    r.vm().interp.quickly.passed.forget();
    // SAFETY: promised by the caller.
    unsafe { breakpoint::replace_opcode(r.code(), r.ip.sub(1) as *mut u16, opcode) }
}

/// The instruction is now `op`.
pub(crate) unsafe fn done(r: &Regs, op: Opcode) {
    // SAFETY: promised by the caller.
    unsafe { done_internal(r, op as u8) }
}

/// The instruction is now an internal opcode.
pub(crate) unsafe fn done_internal(r: &Regs, opcode: u8) {
    // SAFETY: promised by the caller.
    unsafe {
        set_opcode(r, opcode);
        r.set_cache16(0, counter::COOLDOWN);
    }
}

/// Nothing fits: the instruction becomes its family's head again and waits longer.
pub(crate) unsafe fn failed(r: &Regs) {
    // SAFETY: promised by the caller.
    unsafe {
        set_opcode(r, internal::head(breakpoint::opcode_behind(r)));
        r.set_cache16(0, counter::restart(r.cache16(0)));
    }
}

/// `done` with an opcode, or `failed` without.
pub(crate) unsafe fn finish(r: &Regs, op: Option<Opcode>) {
    // SAFETY: promised by the caller.
    unsafe {
        match op {
            Some(op) => done(r, op),
            None => failed(r),
        }
    }
}

pub(crate) unsafe fn set_cache32(r: &Regs, i: usize, v: u32) {
    // SAFETY: an instruction has the cache that its table row says.
    unsafe { (r.ip.add(i) as *mut u32).write_unaligned(v) }
}

pub(crate) unsafe fn set_cache64(r: &Regs, i: usize, v: u64) {
    // SAFETY: as above.
    unsafe { (r.ip.add(i) as *mut u64).write_unaligned(v) }
}

/// The opcode of the code unit `units` behind the instruction's word.
pub(crate) unsafe fn following(r: &Regs, units: usize) -> Option<Opcode> {
    // SAFETY: verified code has an instruction after each that does not end it.
    unsafe {
        let at = r.ip.add(units);
        Opcode::from_u8(internal::public(breakpoint::opcode_at(r.code(), at)))
    }
}

/// Whether a value that is no object has this built-in shape.
#[inline(always)]
pub fn immediate_shape_is(v: Value, shape: ShapeId) -> bool {
    (v.is_small_int() && shape == shape::INT) || (v.is_tagged_float() && shape == shape::FLOAT)
}

/// Shape of any value but NULL.
pub(crate) fn shape_of(v: Value) -> ShapeId {
    if v.is_small_int() {
        shape::INT
    } else if v.is_tagged_float() {
        shape::FLOAT
    } else {
        // SAFETY: a live object.
        unsafe { (*v.pointer()).shape }
    }
}

/// Specializes a running instruction, whose family's head has said that it is time.
///
/// # Safety
/// The registers of an instruction with an adaptive head, spilled.
pub unsafe fn specialize(r: Regs) {
    let r = &r;
    // SAFETY: promised by the caller.
    unsafe {
        let Some(op) = Opcode::from_u8(internal::public(breakpoint::opcode_behind(r))) else { return };
        match op.deopt() {
            Opcode::BINARY_OP => binary_op(r),
            Opcode::CALL => call(r),
            Opcode::CALL_KW => call_kw(r),
            Opcode::COMPARE_OP => compare_op(r),
            Opcode::CONTAINS_OP => contains_op(r),
            Opcode::FOR_ITER => for_iter(r),
            Opcode::LOAD_ATTR => load_attr(r),
            Opcode::LOAD_GLOBAL => load_global(r),
            Opcode::LOAD_SUPER_ATTR => load_super_attr(r),
            Opcode::SEND => send(r),
            Opcode::STORE_ATTR => store_attr(r),
            Opcode::STORE_SUBSCR => store_subscr(r),
            Opcode::TO_BOOL => to_bool(r),
            Opcode::UNPACK_SEQUENCE => unpack_sequence(r),
            _ => {}
        }
    }
}

/// LOAD_GLOBAL: the place of the name in the globals, or else in the builtins.
///
/// # Safety
/// The registers of a running LOAD_GLOBAL, spilled.
#[inline(never)]
pub unsafe fn load_global(r: &Regs) {
    // SAFETY: promised by the caller.
    unsafe {
        let op = place_of_global(r);
        finish(r, op);
    }
}

unsafe fn place_of_global(r: &Regs) -> Option<Opcode> {
    // SAFETY: promised by the caller.
    unsafe {
        let (vm, name) = (r.vm(), r.name(r.arg() >> 1));
        let version = |d: &PyDict| u16::try_from(d.keys_version(vm)).ok();
        let globals = r.function().globals.get().cast_exact::<PyDict>()?;
        if !globals.has_only_str_keys() {
            return None;
        }
        let globals_version = version(globals)?;
        if let Some(i) = globals.entry_index(name) {
            r.set_cache16(1, globals_version);
            r.set_cache16(3, u16::try_from(i).ok()?);
            return Some(Opcode::LOAD_GLOBAL_MODULE);
        }
        let builtins = r.function().builtins.get().cast_exact::<PyDict>()?;
        if !builtins.has_only_str_keys() {
            return None;
        }
        let i = builtins.entry_index(name)?;
        r.set_cache16(1, globals_version);
        r.set_cache16(2, version(builtins)?);
        r.set_cache16(3, u16::try_from(i).ok()?);
        Some(Opcode::LOAD_GLOBAL_BUILTIN)
    }
}

/// UNPACK_SEQUENCE.
///
/// # Safety
/// The registers of that instruction, spilled.
#[inline(never)]
pub unsafe fn unpack_sequence(r: &Regs) {
    // SAFETY: promised by the caller.
    unsafe {
        let (seq, n) = (r.peek(1), r.arg());
        let op = if let Some(t) = seq.cast_exact::<PyTuple>() {
            match (t.len() == n, n) {
                (true, 2) => Some(Opcode::UNPACK_SEQUENCE_TWO_TUPLE),
                (true, _) => Some(Opcode::UNPACK_SEQUENCE_TUPLE),
                (false, _) => None,
            }
        } else {
            seq.cast_exact::<PyList>().filter(|l| l.len() == n).map(|_| Opcode::UNPACK_SEQUENCE_LIST)
        };
        finish(r, op);
    }
}

/// FOR_ITER.
///
/// # Safety
/// The registers of that instruction, spilled.
#[inline(never)]
pub unsafe fn for_iter(r: &Regs) {
    // SAFETY: promised by the caller.
    unsafe {
        let op = match shape_of(r.peek(1)) {
            shape::LIST_ITERATOR => Some(Opcode::FOR_ITER_LIST),
            shape::TUPLE_ITERATOR => Some(Opcode::FOR_ITER_TUPLE),
            shape::RANGE_ITERATOR => Some(Opcode::FOR_ITER_RANGE),
            // A generator's return value goes to the END_FOR that ends the loop.
            shape::GENERATOR if following(r, 1 + r.arg()) == Some(Opcode::END_FOR) => {
                Some(Opcode::FOR_ITER_GEN)
            }
            _ => None,
        };
        finish(r, op);
    }
}

/// SEND.
///
/// # Safety
/// The registers of that instruction, spilled.
#[inline(never)]
pub unsafe fn send(r: &Regs) {
    // SAFETY: promised by the caller.
    unsafe {
        let receiver = r.peek(2);
        let generator = receiver.has_shape(shape::GENERATOR) || receiver.has_shape(shape::COROUTINE);
        finish(r, generator.then_some(Opcode::SEND_GEN));
    }
}

/// Attribute caches trust shapes alone. Where that trust ends (a class whose instances exist gets
/// a data descriptor or its own `__getattribute__`), all of them start anew.
pub fn flush_attribute_caches(vm: &Vm) {
    vm.interp.quickly.passed.forget();
    vm.interp.for_each_code(flush_code);
}

fn flush_code(code: &PyCode) {
    let mut i = 0;
    while i < code.len() {
        // SAFETY: `i` is in range.
        let at = unsafe { code.entry().add(i) };
        // SAFETY: as above.
        let opcode = unsafe { breakpoint::opcode_at(code, at) };
        let Some(op) = Opcode::from_u8(internal::public(opcode)) else { break };
        let head = op.deopt();
        if matches!(head, Opcode::LOAD_ATTR | Opcode::STORE_ATTR) && op != head {
            // SAFETY: as above; the cache's first entry is the counter.
            unsafe {
                breakpoint::replace_opcode(code, at, head as u8);
                *at.add(1) = counter::WARMUP;
            }
        }
        i += 1 + op.cache_units();
    }
}

/// Whether attribute lookup on instances goes by the ordinary rules.
pub(crate) fn has_generic_getattr(ty: &crate::types::type_::Type) -> bool {
    ty.slots().get_attr.is_some_and(|f| std::ptr::fn_addr_eq(f, attr::generic_get as crate::types::slots::BinaryFn))
}
