//! Conditions that can be decided at once: no Python code runs, nothing is made, nothing can fail.
//!
//! A condition's bytecode is taken apart into a few steps, whose names are resolved for one code
//! object. Running them reads the frame and compares; wherever a value is met that would need more
//! than that (an object with methods of its own, an unbound variable, an int that needs a box), the
//! answer is [`None`], and the condition is run as Python code.

use std::collections::HashMap;

use tailscope_bytecode::code::kinds;
use tailscope_bytecode::dis::{RawInstruction, raw_instructions};
use tailscope_bytecode::opcode::Opcode;

use crate::code::PyCode;
use crate::frame::Frame;
use crate::object;
use crate::protocol::number::BinaryOp;
use crate::protocol::{compare, truth};
use crate::shape::{self, Storage};
use crate::specialize::has_generic_getattr;
use crate::types::cell::PyCell;
use crate::types::dict::PyDict;
use crate::types::frame_object::{self, PyFrame};
use crate::types::int;
use crate::types::list::PyList;
use crate::types::slots::CompareOp;
use crate::types::tuple::PyTuple;
use crate::types::type_::{Type, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Deepest value stack of a condition that is decided at once.
const DEPTH: usize = 8;

/// Oparg of BINARY_OP for a subscription.
const SUBSCRIPT: u32 = 26;

/// What a step does; operands are on a value stack of its own.
#[derive(Clone, Copy)]
enum Step {
    Const(Value),
    /// A fast local, by its slot.
    Local(u32),
    /// The content of the cell in a slot.
    Cell(u32),
    /// A name that is none of the function's variables.
    Global(Value),
    /// A name in code that keeps its names in a mapping.
    Name(Value),
    Attribute(Value),
    Compare(CompareOp),
    Binary(BinaryOp),
    Item,
    Contains { negated: bool },
    Is { negated: bool },
    Not,
    Negative,
    /// Pops, and jumps to a step if the truth is this.
    JumpIf(bool, u32),
    /// Pops, and jumps to a step if whether it is None is this.
    JumpIfNone(bool, u32),
    Jump(u32),
    Copy(u32),
    Swap(u32),
    Pop,
    Return,
}

/// Slots of a frame with what an instruction is about to write into them: two at most.
#[derive(Clone, Copy)]
pub(crate) struct Written([(u32, Value); 2]);

impl Written {
    /// No frame has this slot.
    const NO_SLOT: u32 = u32::MAX;
    pub const NOTHING: Written = Written([(Self::NO_SLOT, Value::NULL); 2]);

    pub fn new(slots: [Option<(u32, Value)>; 2]) -> Written {
        Written(slots.map(|slot| slot.unwrap_or((Self::NO_SLOT, Value::NULL))))
    }

    #[inline(always)]
    fn get(&self, slot: u32) -> Option<Value> {
        self.0.iter().find(|(s, _)| *s == slot).map(|(_, v)| v.borrow())
    }
}

/// A comparison of a fast local with a small int.
#[derive(Clone, Copy)]
pub(crate) struct Simple {
    pub slot: u32,
    pub op: CompareOp,
    pub with: i64,
}

/// A condition for frames of one code object.
pub(crate) struct Condition {
    steps: Box<[Step]>,
    /// The steps in one, where they are no more than this.
    simple: Option<Simple>,
    /// Keeps the constants.
    _code: Ref,
}

/// What a name means in the frames of a code object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Meaning {
    Local(u32),
    Cell(u32),
    Global,
    Mapped,
}

/// What a name means in the frames of a code object, as `f_locals` has it.
pub(crate) fn meaning(code: &PyCode, name: Value) -> Meaning {
    if code.has_mapping() {
        return Meaning::Mapped;
    }
    let mut slots = 0..code.nlocalsplus as usize;
    match slots.find(|slot| code.kind(*slot) & kinds::HIDDEN == 0 && code.localsplus_names[*slot].is(name)) {
        Some(slot) if code.kind(slot) & (kinds::CELL | kinds::FREE) != 0 => Meaning::Cell(slot as u32),
        Some(slot) => Meaning::Local(slot as u32),
        None => Meaning::Global,
    }
}

/// Whether a frame has names that are no variables of its function: set through `f_locals`.
///
/// # Safety
/// The frame must be live.
pub(crate) unsafe fn has_extra_names(vm: &Vm, frame: Frame) -> bool {
    // SAFETY: promised by the caller.
    unsafe {
        // Whoever has a frame object is left the slow way.
        frame.link().is_slow()
            && frame_object::made_for(vm, frame).is_some_and(|f| f.cast::<PyFrame>().is_some_and(|f| !f.extra_locals.is_null()))
    }
}

impl Condition {
    /// The condition that `compiled`, an expression's code object, tests in frames of `code`. None
    /// if it may have to do more than read and compare.
    pub fn new(compiled: &Ref, code: &PyCode) -> Option<Condition> {
        let own = compiled.cast_exact::<PyCode>()?;
        if own.code.stacksize as usize > DEPTH {
            return None;
        }
        let (mut steps, mut at) = (Vec::new(), HashMap::new());
        for raw in raw_instructions(&own.code.code) {
            at.insert(raw.offset, steps.len() as u32);
            steps.extend(step(own, code, &raw)?);
        }
        // Jumps hold byte offsets so far.
        for step in &mut steps {
            if let Step::JumpIf(_, to) | Step::JumpIfNone(_, to) | Step::Jump(to) = step {
                *to = *at.get(&(*to as usize))?;
            }
        }
        let simple = match steps[..] {
            [Step::Local(slot), Step::Const(with), Step::Compare(op), Step::Return] => {
                with.as_small_int().map(|with| Simple { slot, op, with })
            }
            _ => None,
        };
        Some(Condition { steps: steps.into(), simple, _code: compiled.clone() })
    }

    /// The condition, where it is no more than this.
    pub fn simple(&self) -> Option<Simple> {
        self.simple
    }

    /// Decides in a frame, in whose variables `written` is about to be written.
    ///
    /// # Safety
    /// The frame must be live, of the code object that the condition was made for.
    #[inline(always)]
    pub unsafe fn holds(&self, vm: &Vm, frame: Frame, written: &Written) -> Option<bool> {
        if let Some(simple) = &self.simple {
            // SAFETY: promised by the caller: the frame has this slot.
            let old = || unsafe { (*frame.0.add(simple.slot as usize)).borrow() };
            if let Some(x) = written.get(simple.slot).unwrap_or_else(old).as_small_int() {
                return Some(simple.op.test(x.cmp(&simple.with)));
            }
        }
        // SAFETY: promised by the caller.
        unsafe { self.run(vm, frame, written) }
    }

    /// Runs the steps.
    ///
    /// # Safety
    /// As for [`Condition::holds`].
    #[inline(never)]
    unsafe fn run(&self, vm: &Vm, frame: Frame, written: &Written) -> Option<bool> {
        let mut stack = [Value::NULL; DEPTH];
        // Slots that are in use.
        let mut depth = 0;
        let mut next = 0;
        macro_rules! pop {
            () => {{
                depth -= 1;
                *stack.get(depth)?
            }};
        }
        macro_rules! push {
            ($v:expr) => {{
                let v: Value = $v;
                *stack.get_mut(depth)? = v;
                depth += 1;
            }};
        }
        // Expressions have no backward jumps, so this ends.
        while let Some(step) = self.steps.get(next) {
            next += 1;
            match *step {
                Step::Const(v) => push!(v),
                Step::Local(slot) => {
                    // SAFETY: promised by the caller: the frame has this slot.
                    let old = || unsafe { (*frame.0.add(slot as usize)).borrow() };
                    push!(written.get(slot).unwrap_or_else(old).non_null()?)
                }
                Step::Return => return is_true(vm, pop!()),
                Step::Compare(op) => {
                    let b = pop!();
                    let a = pop!();
                    push!(vm.bool(compared(vm, a, b, op)?))
                }
                Step::Binary(op) => {
                    let b = pop!();
                    let a = pop!();
                    push!(binary(a, b, op)?)
                }
                Step::Item => {
                    let key = pop!();
                    let container = pop!();
                    push!(item(container, key)?)
                }
                Step::Is { negated } => {
                    let b = pop!();
                    let a = pop!();
                    push!(vm.bool(a.is(b) != negated))
                }
                Step::Contains { negated } => {
                    let container = pop!();
                    let v = pop!();
                    push!(vm.bool(contains(vm, container, v)? != negated))
                }
                Step::Attribute(name) => {
                    let owner = pop!();
                    push!(attribute(vm, owner, name)?)
                }
                Step::Not => {
                    let v = pop!();
                    push!(vm.bool(!is_true(vm, v)?))
                }
                Step::Negative => {
                    let v = pop!();
                    push!(Value::try_small_int(v.as_small_int()?.checked_neg()?)?)
                }
                Step::JumpIf(when, to) => {
                    let v = pop!();
                    if is_true(vm, v)? == when {
                        next = to as usize;
                    }
                }
                Step::JumpIfNone(when, to) => {
                    let v = pop!();
                    if v.is(vm.none()) == when {
                        next = to as usize;
                    }
                }
                Step::Jump(to) => next = to as usize,
                Step::Copy(n) => push!(*stack.get(depth.checked_sub(n as usize)?)?),
                Step::Swap(n) => {
                    let (top, other) = (depth.checked_sub(1)?, depth.checked_sub(n as usize)?);
                    stack.swap(top, other);
                }
                Step::Pop => depth -= 1,
                // SAFETY: promised by the caller.
                named => push!(unsafe { look_up(vm, frame, written, named) }?),
            }
        }
        None
    }
}

/// The value of a name that is no fast local.
///
/// # Safety
/// As for [`Condition::holds`].
#[inline(never)]
unsafe fn look_up(vm: &Vm, frame: Frame, written: &Written, step: Step) -> Option<Value> {
    // SAFETY: promised by the caller.
    let global = |name| unsafe {
        let function = frame.function();
        let builtins = || function.builtins.get().cast_exact::<PyDict>()?.get_str(name);
        function.globals.get().cast_exact::<PyDict>()?.get_str(name).or_else(builtins)
    };
    match step {
        Step::Cell(slot) => {
            if let Some(new) = written.get(slot) {
                return new.non_null();
            }
            // SAFETY: as above: the frame has this slot.
            let cell = unsafe { *frame.0.add(slot as usize) }.borrow().non_null()?;
            cell.cast_exact::<PyCell>()?.content.get().non_null()
        }
        Step::Name(name) => {
            // SAFETY: as above.
            let mapping = unsafe { frame.mapping() }?;
            mapping.cast_exact::<PyDict>()?.get_str(name).or_else(|| global(name))
        }
        // SAFETY: as above.
        Step::Global(name) if !unsafe { has_extra_names(vm, frame) } => global(name),
        _ => None,
    }
}

/// The steps of an instruction, of which there is one at most. None: there can be none.
fn step(own: &PyCode, code: &PyCode, raw: &RawInstruction) -> Option<Option<Step>> {
    let oparg = raw.oparg;
    let target = || raw.jump_target().and_then(|t| u32::try_from(t).ok());
    Some(Some(match raw.base {
        // TO_BOOL stands before what asks for the truth anyway.
        Opcode::RESUME | Opcode::NOP | Opcode::NOT_TAKEN | Opcode::EXTENDED_ARG | Opcode::TO_BOOL => return Some(None),
        Opcode::LOAD_CONST => Step::Const(own.consts().get(oparg as usize)?.borrow()),
        Opcode::LOAD_SMALL_INT => Step::Const(Value::small_int(i64::from(oparg))),
        Opcode::LOAD_NAME => {
            let name = *own.names.get(oparg as usize)?;
            match meaning(code, name) {
                Meaning::Local(slot) => Step::Local(slot),
                Meaning::Cell(slot) => Step::Cell(slot),
                Meaning::Global => Step::Global(name),
                Meaning::Mapped => Step::Name(name),
            }
        }
        // The lowest bit: a method, to be called.
        Opcode::LOAD_ATTR if oparg & 1 == 0 => Step::Attribute(*own.names.get(oparg as usize >> 1)?),
        Opcode::COMPARE_OP => Step::Compare(*CompareOp::ALL.get(oparg as usize >> 5)?),
        Opcode::BINARY_OP if oparg == SUBSCRIPT => Step::Item,
        Opcode::BINARY_OP => Step::Binary(BinaryOp::from_oparg(oparg)?.0),
        Opcode::IS_OP => Step::Is { negated: oparg != 0 },
        Opcode::CONTAINS_OP => Step::Contains { negated: oparg != 0 },
        Opcode::UNARY_NOT => Step::Not,
        Opcode::UNARY_NEGATIVE => Step::Negative,
        Opcode::POP_JUMP_IF_FALSE => Step::JumpIf(false, target()?),
        Opcode::POP_JUMP_IF_TRUE => Step::JumpIf(true, target()?),
        Opcode::POP_JUMP_IF_NONE => Step::JumpIfNone(true, target()?),
        Opcode::POP_JUMP_IF_NOT_NONE => Step::JumpIfNone(false, target()?),
        Opcode::JUMP_FORWARD => Step::Jump(target()?),
        Opcode::COPY => Step::Copy(oparg),
        Opcode::SWAP => Step::Swap(oparg),
        Opcode::POP_TOP => Step::Pop,
        Opcode::RETURN_VALUE => Step::Return,
        _ => return None,
    }))
}

/// Whether a value is of a type whose comparisons run no Python code.
fn is_plain(v: Value) -> bool {
    use shape::{BOOL, BYTES, FLOAT, INT, NONE, STR};
    !v.is_object() || [STR, NONE, BOOL, INT, FLOAT, BYTES].iter().any(|s| v.has_shape(*s))
}

#[inline]
fn is_true(vm: &Vm, v: Value) -> Option<bool> {
    if v.is(vm.false_()) {
        return Some(false);
    }
    let simple = is_plain(v) || [shape::LIST, shape::TUPLE, shape::DICT].iter().any(|s| v.has_shape(*s));
    if simple { truth::truth(vm, v).ok() } else { None }
}

#[inline]
fn compared(vm: &Vm, a: Value, b: Value, op: CompareOp) -> Option<bool> {
    if let (Some(x), Some(y)) = (a.as_small_int(), b.as_small_int()) {
        return Some(op.test(x.cmp(&y)));
    }
    if a.is_tagged_float() && b.is_tagged_float() {
        // No tagged float is a NaN.
        return Some(op.test(a.tagged_float_unchecked().partial_cmp(&b.tagged_float_unchecked())?));
    }
    if !is_plain(a) || !is_plain(b) {
        return None;
    }
    Some(compare::rich(vm, a, b, op).ok()?.is(vm.true_()))
}

#[inline]
fn binary(a: Value, b: Value, op: BinaryOp) -> Option<Value> {
    if let (Some(x), Some(y)) = (a.as_small_int(), b.as_small_int()) {
        return Value::try_small_int(int::binary_small(x, y, op)?);
    }
    if !a.is_tagged_float() || !b.is_tagged_float() {
        return None;
    }
    let (x, y) = (a.tagged_float_unchecked(), b.tagged_float_unchecked());
    Value::try_tagged_float(match op {
        BinaryOp::Add => x + y,
        BinaryOp::Subtract => x - y,
        BinaryOp::Multiply => x * y,
        BinaryOp::TrueDivide if y != 0.0 => x / y,
        _ => return None,
    })
}

/// An item of a list or a tuple.
fn item(container: Value, index: Value) -> Option<Value> {
    let items = items_of(container)?;
    let index = index.as_small_int()?;
    let from_end = if index < 0 { items.len() as i64 } else { 0 };
    items.get(usize::try_from(index + from_end).ok()?).map(|v| v.borrow())
}

fn items_of<'a>(container: Value) -> Option<&'a [Value]> {
    if container.has_shape(shape::TUPLE) {
        return container.cast_exact::<PyTuple>().map(PyTuple::as_slice);
    }
    container.cast_exact::<PyList>().map(PyList::as_slice)
}

fn contains(vm: &Vm, container: Value, v: Value) -> Option<bool> {
    let items = items_of(container)?;
    if !is_plain(v) {
        return None;
    }
    for found in items {
        let found = found.borrow();
        if found.is(v) || compared(vm, found, v, CompareOp::Eq)? {
            return Some(true);
        }
    }
    Some(false)
}

/// An attribute that an object holds itself, and whose class has none of the name.
fn attribute(vm: &Vm, owner: Value, name: Value) -> Option<Value> {
    if !owner.is_object() || Type::from_value(owner).is_some() {
        return None;
    }
    let ty = vm.type_of(owner);
    if !has_generic_getattr(ty) || !ty.has_flag(flags::DICT) || ty.lookup(vm, name).is_some() {
        return None;
    }
    // SAFETY: a live object, whose shape says which values it holds inline.
    unsafe {
        let sh = vm.shape((*owner.pointer()).shape);
        if sh.storage != Storage::Inline {
            return None;
        }
        let values = object::values_of(owner.pointer(), ty);
        (*values.add(sh.find(name)?)).borrow().non_null()
    }
}
