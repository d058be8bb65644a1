//! Whether a handler awaits an exception that was just raised.
//!
//! Nothing is unwound yet, so the handlers are read: an `except` clause compares with a class
//! that a few instructions load, `finally` and `with` raise again. Clauses that call something
//! to learn their class are taken to match.

use tailscope_bytecode::dis::{RawInstruction, raw_instructions};
use tailscope_bytecode::opcode::Opcode;

use crate::code::PyCode;
use crate::frame::{Frame, halt_address};
use crate::protocol::{attr, object as obj};
use crate::shape;
use crate::types::cell::PyCell;
use crate::types::dict::PyDict;
use crate::types::function::builtins_of;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Where an exception that entered a handler goes.
enum Outcome {
    Caught,
    /// It is raised again by the instruction at this code unit.
    RaisedAgain(u32),
}

/// Instructions looked at before a handler counts as one that catches.
const PATIENCE: usize = 2000;

/// Who will catch an exception.
pub(super) enum Catcher {
    Nobody,
    /// This frame's code.
    Frame(Frame),
    /// Native code, or nobody who would call it a mistake.
    Native,
}

/// Who will catch an exception: the running frame, or one further out.
pub(super) fn catcher(vm: &Vm, innermost: Frame, e: Value) -> Catcher {
    let is = |id| obj::recursive_is_subclass(vm, vm.type_of(e).value(), vm.builtin(id).value()).unwrap_or(false);
    // These end programs, loops and generators, and are no mistakes.
    if is(shape::SYSTEM_EXIT) || is(shape::GENERATOR_EXIT) || is(shape::STOP_ITERATION) || is(shape::STOP_ASYNC_ITERATION) {
        return Catcher::Native;
    }
    let absent = is(shape::ATTRIBUTE_ERROR);
    let mut at = Some((innermost, vm.interp.ip.get()));
    while let Some((frame, ip)) = at {
        // SAFETY: frames on the stack are live.
        unsafe {
            let code = frame.code();
            let mut unit = code.index_of(ip).wrapping_sub(1) as u32;
            let mut patience = PATIENCE;
            while let Some(handler) = code.handler_for(unit) {
                match follow(vm, frame, code, handler.target, e, &mut patience) {
                    Outcome::Caught => return Catcher::Frame(frame),
                    Outcome::RaisedAgain(from) => unit = from,
                }
            }
            // Native code may only have wanted to know whether an attribute exists.
            if absent && frame.link().return_address() == halt_address() && frame.caller().is_some() {
                return Catcher::Native;
            }
            at = frame.caller();
        }
    }
    Catcher::Nobody
}

/// Follows an exception through the handler that begins at a code unit.
///
/// # Safety
/// The frame must be live and run this code.
unsafe fn follow(vm: &Vm, frame: Frame, code: &PyCode, target: u32, e: Value, patience: &mut usize) -> Outcome {
    let bytes = &code.code.code;
    let mut start = target as usize * 2;
    let mut first = true;
    'clause: loop {
        let Some(rest) = bytes.get(start..) else { return Outcome::Caught };
        let mut loaded: Vec<Option<Ref>> = Vec::new();
        let mut compared = None;
        for raw in raw_instructions(rest) {
            *patience = patience.saturating_sub(1);
            if *patience == 0 {
                return Outcome::Caught;
            }
            match raw.base {
                Opcode::PUSH_EXC_INFO | Opcode::EXTENDED_ARG | Opcode::NOT_TAKEN | Opcode::NOP => continue,
                Opcode::CHECK_EXC_MATCH => {
                    let class = loaded.pop().flatten();
                    compared = Some(class.is_none_or(|c| matches(vm, e, c.value())));
                }
                Opcode::POP_JUMP_IF_FALSE if compared.is_some() => {
                    if compared == Some(true) {
                        return Outcome::Caught;
                    }
                    match raw.jump_target() {
                        Some(to) => start += to,
                        None => return Outcome::Caught,
                    }
                    first = false;
                    continue 'clause;
                }
                Opcode::CHECK_EG_MATCH => return Outcome::Caught,
                // `except:` drops the exception at once.
                Opcode::POP_TOP if first && loaded.is_empty() => return Outcome::Caught,
                Opcode::RERAISE => return Outcome::RaisedAgain(((start + raw.offset) / 2) as u32),
                // A `finally` that leaves the function.
                Opcode::RETURN_VALUE => return Outcome::Caught,
                // SAFETY: promised by the caller.
                _ => unsafe { load(vm, frame, code, &raw, &mut loaded) },
            }
            first &= !loaded.is_empty() || compared.is_some();
        }
        return Outcome::Caught;
    }
}

fn matches(vm: &Vm, e: Value, class: Value) -> bool {
    if let Some(classes) = class.cast::<PyTuple>() {
        return classes.as_slice().iter().any(|c| matches(vm, e, *c));
    }
    obj::recursive_is_subclass(vm, vm.type_of(e).value(), class).unwrap_or(true)
}

/// Keeps track of what instructions load that can name a class; others load the unknown.
///
/// # Safety
/// As for [`follow`].
unsafe fn load(vm: &Vm, frame: Frame, code: &PyCode, raw: &RawInstruction, loaded: &mut Vec<Option<Ref>>) {
    let name = |shift: u32| code.names.get((raw.oparg >> shift) as usize).copied();
    match raw.base {
        // SAFETY: promised by the caller.
        Opcode::LOAD_GLOBAL => loaded.push(name(1).and_then(|n| unsafe { global(vm, frame, n) })),
        Opcode::LOAD_NAME => {
            // SAFETY: as above.
            let local = unsafe { frame.mapping() }.and_then(|m| m.cast::<PyDict>());
            let found = name(0).and_then(|n| {
                local
                    .and_then(|d| d.get_str(n))
                    .map(|v| v.to_ref())
                    // SAFETY: as above.
                    .or_else(|| unsafe { global(vm, frame, n) })
            });
            loaded.push(found);
        }
        Opcode::LOAD_FAST | Opcode::LOAD_FAST_BORROW | Opcode::LOAD_FAST_CHECK | Opcode::LOAD_DEREF => {
            // SAFETY: as above; frames have all their local variables.
            let slot = unsafe { (*frame.0.add(raw.oparg as usize)).borrow() };
            let value = match slot.non_null().and_then(|v| v.cast_exact::<PyCell>()) {
                Some(cell) => cell.content.get_ref(),
                None => slot.non_null().map(Value::to_ref),
            };
            loaded.push(value);
        }
        Opcode::LOAD_ATTR => {
            let owner = loaded.pop().flatten();
            let found = owner.zip(name(1)).and_then(|(o, n)| attr::generic_get_opt(vm, o.value(), n).ok().flatten());
            loaded.push(found);
        }
        Opcode::BUILD_TUPLE => {
            let from = loaded.len().saturating_sub(raw.oparg as usize);
            let parts: Option<Vec<Ref>> = loaded.drain(from..).collect();
            loaded.push(parts.map(|parts| PyTuple::from_vec(vm, parts)));
        }
        _ => loaded.push(None),
    }
}

/// # Safety
/// As for [`follow`].
unsafe fn global(vm: &Vm, frame: Frame, name: Value) -> Option<Ref> {
    // SAFETY: promised by the caller.
    let globals = unsafe { frame.globals() };
    if let Some(v) = globals.get_str(name) {
        return Some(v.to_ref());
    }
    let builtins = builtins_of(vm, globals.as_value());
    builtins.cast::<PyDict>().and_then(|d| d.get_str(name)).map(|v| v.to_ref())
}
