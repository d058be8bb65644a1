//! Events of instructions: told before the instruction runs, from what it is about to do.

use tailscope_bytecode::dis::RawInstruction;
use tailscope_bytecode::opcode::Opcode;

use super::activations::NativeCall;
use super::event::Event;
use super::{Monitor, Place};
use crate::error::{PyResult, Raised};
use crate::interp::observe::{Next, Position};
use crate::protocol::iter;
use crate::shape;
use crate::types::function::PyMethod;
use crate::types::list::PyList;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// LOAD_SUPER_ATTR's bit for `super` with two arguments.
const TWO_ARGUMENTS: u32 = 2;

/// Whether the frame goes on with the instruction.
#[derive(PartialEq, Eq)]
enum Going {
    On,
    /// A callback has set `f_lineno`.
    Elsewhere,
}

/// Leaves the function if the event's callbacks have moved the frame.
macro_rules! tell {
    ($self:ident, $told:expr) => {
        if $self.told($told)? == Going::Elsewhere {
            return Ok(Going::Elsewhere);
        }
    };
}

/// Tells of an instruction that is about to run, with the registers spilled.
pub(crate) fn before_instruction(vm: &Vm, at: Position) -> Next {
    let m = &vm.interp.monitor;
    if !m.is_telling() {
        return Next::Continue;
    }
    // SAFETY: the running frame is live, and stays so: only its own instructions end it.
    let place = unsafe { Place::new(vm, at.frame, at.unit) };
    let monitor = place.code.monitor();
    monitor.sync(m);
    let before = m.with_activations(|a| a.arrive(&place));
    let call = m.with_activations(|a| a.end_call(at.frame.0));
    let op = place.code.base_opcode(at.unit as usize);
    if !monitor.any() || at.unit < place.code.first_traceable {
        if matches!(op, Opcode::RETURN_VALUE | Opcode::YIELD_VALUE | Opcode::RETURN_GENERATOR) {
            m.with_activations(|a| a.leave(at.frame.0));
        }
        return Next::Continue;
    }
    let instruction = Instruction { place, op, oparg: at.oparg, before, ip: vm.interp.ip.get() };
    match instruction.tell(call) {
        Ok(Going::On) => Next::Continue,
        Ok(Going::Elsewhere) => Next::Moved,
        Err(e) => Next::Raise(e),
    }
}

struct Instruction<'a> {
    place: Place<'a>,
    op: Opcode,
    oparg: u32,
    /// The code unit of the instruction that ran before in this frame.
    before: u32,
    ip: *const u16,
}

impl Instruction<'_> {
    fn vm(&self) -> &Vm {
        self.place.vm
    }

    fn monitor(&self) -> &Monitor {
        self.place.monitor()
    }

    fn told(&self, result: PyResult<()>) -> PyResult<Going> {
        result?;
        let moved = self.vm().interp.ip.get() != self.ip;
        Ok(if moved { Going::Elsewhere } else { Going::On })
    }

    /// The value `n` below the first free slot.
    fn peek(&self, n: u32) -> Value {
        // SAFETY: the registers are spilled, and verified code has on the stack what its
        // instructions take.
        unsafe { (*self.vm().interp.sp.get().sub(n as usize)).borrow() }
    }

    fn raw(&self) -> RawInstruction {
        let offset = self.place.unit as usize * 2;
        RawInstruction { offset, start_offset: offset, byte: self.op as u8, base: self.op, oparg: self.oparg }
    }

    fn next_unit(&self) -> u32 {
        self.place.unit + 1 + self.op.cache_units() as u32
    }

    /// Everything about this instruction, in CPython's order.
    fn tell(&self, call: Option<NativeCall>) -> PyResult<Going> {
        if let Some(call) = call {
            let at = Place { unit: call.unit, ..self.place };
            tell!(self, at.tell(Event::CReturn, &[call.callable.value(), call.argument.value()]));
        }
        tell!(self, self.item_arrived());
        tell!(self, self.line());
        if !matches!(self.op, Opcode::RESUME | Opcode::END_FOR) {
            tell!(self, self.place.tell(Event::Instruction, &[]));
        }
        match self.op {
            Opcode::RESUME => {
                let event = if self.oparg == 0 { Event::PyStart } else { Event::PyResume };
                tell!(self, self.place.tell(event, &[]));
            }
            Opcode::RETURN_VALUE => {
                tell!(self, self.place.tell(Event::PyReturn, &[self.peek(1)]));
                self.monitor().with_activations(|a| a.leave(self.place.frame.0));
            }
            Opcode::YIELD_VALUE => {
                tell!(self, self.place.tell(Event::PyYield, &[self.peek(1)]));
                self.monitor().with_activations(|a| a.leave(self.place.frame.0));
            }
            Opcode::CALL | Opcode::CALL_KW | Opcode::CALL_FUNCTION_EX | Opcode::LOAD_SUPER_ATTR => {
                return self.call();
            }
            Opcode::END_SEND => tell!(self, self.generator_returned()),
            _ => return self.control(),
        }
        Ok(Going::On)
    }

    /// FOR_ITER has brought an item: its way on is known only now.
    fn item_arrived(&self) -> PyResult<()> {
        if self.place.code.base_opcode(self.before as usize) != Opcode::FOR_ITER {
            return Ok(());
        }
        let next = self.before + 1 + Opcode::FOR_ITER.cache_units() as u32;
        if self.place.unit != next {
            return Ok(());
        }
        self.tell_way(Event::BranchLeft, self.before, next)
    }

    /// A line starts here, unless this goes on with the line that the frame was on.
    fn line(&self) -> PyResult<()> {
        let p = &self.place;
        let tools = p.tools(Event::Line, p.unit);
        if tools == 0 {
            return Ok(());
        }
        let Some(line) = p.code.monitor().line_start(p.code, p.unit) else { return Ok(()) };
        let before = self.before as usize;
        // Behind RESUME the line is new, although RESUME is on it.
        if p.code.line_at(before) == Some(line) && p.code.base_opcode(before) != Opcode::RESUME {
            return Ok(());
        }
        p.tell_tools(Event::Line, tools, line.into(), &[])
    }

    /// Jumps and branches.
    fn control(&self) -> PyResult<Going> {
        let vm = self.vm();
        let top = || self.peek(1);
        let jumps = match self.op {
            Opcode::JUMP_FORWARD | Opcode::JUMP_BACKWARD => {
                tell!(self, self.tell_way(Event::Jump, self.place.unit, self.target()));
                return Ok(Going::On);
            }
            Opcode::NOT_TAKEN => {
                tell!(self, self.tell_way(Event::BranchLeft, self.before, self.next_unit()));
                return Ok(Going::On);
            }
            Opcode::POP_ITER => {
                tell!(self, self.tell_way(Event::BranchRight, self.before, self.next_unit()));
                return Ok(Going::On);
            }
            Opcode::END_ASYNC_FOR => {
                tell!(self, self.tell_way(Event::BranchRight, self.target(), self.next_unit()));
                return Ok(Going::On);
            }
            Opcode::POP_JUMP_IF_FALSE => top() == vm.false_(),
            Opcode::POP_JUMP_IF_TRUE => top() == vm.true_(),
            Opcode::POP_JUMP_IF_NONE => top().is(vm.none()),
            Opcode::POP_JUMP_IF_NOT_NONE => !top().is(vm.none()),
            _ => false,
        };
        if jumps {
            tell!(self, self.tell_way(Event::BranchRight, self.place.unit, self.target()));
        }
        Ok(Going::On)
    }

    /// Code unit that the instruction jumps to.
    fn target(&self) -> u32 {
        self.raw().jump_target().unwrap_or(0) as u32 / 2
    }

    /// Tells of a way from one code unit to another.
    fn tell_way(&self, event: Event, from: u32, to: u32) -> PyResult<()> {
        let at = Place { unit: from, ..self.place };
        at.tell(event, &[Value::small_int(i64::from(to) * 2)])
    }

    /// A call, of whatever; that of a native function is remembered until it ends.
    fn call(&self) -> PyResult<Going> {
        let p = &self.place;
        if p.tools(Event::Call, p.unit) == 0 {
            return Ok(Going::On);
        }
        let (callable, argument) = self.called();
        let argument = argument.unwrap_or_else(|| self.monitor().missing(self.vm()).to_ref());
        tell!(self, p.tell(Event::Call, &[callable.value(), argument.value()]));
        let is_python = callable.has_shape(shape::FUNCTION)
            || (self.op == Opcode::CALL_FUNCTION_EX && callable.has_shape(shape::METHOD));
        if !is_python {
            let call = NativeCall { unit: p.unit, callable, argument };
            self.monitor().with_activations(|a| a.begin_call(p.frame.0, call));
        }
        Ok(Going::On)
    }

    /// What a call instruction is about to call, and its first argument.
    fn called(&self) -> (Ref, Option<Ref>) {
        let owned = |v: Value| v.non_null().map(Value::to_ref);
        let below = match self.op {
            Opcode::CALL => self.oparg,
            Opcode::CALL_KW => self.oparg + 1,
            Opcode::LOAD_SUPER_ATTR => {
                let class = (self.oparg & TWO_ARGUMENTS != 0).then(|| self.peek(2).to_ref());
                return (self.peek(3).to_ref(), class);
            }
            // Function, NULL, positional arguments, keywords.
            _ => {
                let arguments = self.peek(2);
                let first = match arguments.cast::<PyTuple>() {
                    Some(t) => t.get(0).map(Value::to_ref),
                    None => arguments.cast::<PyList>().and_then(|l| l.to_vec().into_iter().next()),
                };
                return (self.peek(4).to_ref(), first);
            }
        };
        let (callable, receiver) = (self.peek(below + 2), self.peek(below + 1));
        if receiver.is_null()
            && callable.has_shape(shape::METHOD)
            && let Some(m) = callable.cast_exact::<PyMethod>()
        {
            return (m.function.to_ref(), owned(m.receiver.value()));
        }
        let first = if self.oparg > 0 { self.peek(below) } else { Value::NULL };
        (callable.to_ref(), owned(receiver).or_else(|| owned(first)))
    }

    /// `yield from` or `await` is over: its generator's StopIteration is not raised at all.
    fn generator_returned(&self) -> PyResult<()> {
        let p = &self.place;
        let receiver = self.peek(2);
        let is_generator = receiver.has_shape(shape::GENERATOR) || receiver.has_shape(shape::COROUTINE);
        if !is_generator || p.tools(Event::StopIteration, p.unit) == 0 {
            return Ok(());
        }
        let stop = self.vm().stop_iteration(self.peek(1));
        p.tell(Event::StopIteration, &[stop.0.value()])
    }
}

/// The next item of an iterator, for a loop; StopIteration that ends it is told of.
pub(crate) fn next_item(vm: &Vm, it: Value) -> PyResult<Option<Ref>> {
    let Some(next) = vm.type_of(it).slots().next else { return iter::next(vm, it) };
    match next(vm, it) {
        Err(e) if e.is(vm, shape::STOP_ITERATION) => {
            stop_caught(vm, &e)?;
            Ok(None)
        }
        result => result,
    }
}

/// A StopIteration has ended a loop or a delegation without being raised in the frame.
pub(crate) fn stop_caught(vm: &Vm, e: &Raised) -> PyResult<()> {
    let m = &vm.interp.monitor;
    let tools = m.global_tools(Event::Raise);
    let Some(frame) = vm.interp.current_frame().filter(|_| m.is_telling() && tools != 0) else { return Ok(()) };
    // SAFETY: the running frame is live.
    let place = unsafe {
        let unit = frame.code().index_of(vm.interp.ip.get()).wrapping_sub(1) as u32;
        Place::new(vm, frame, unit)
    };
    place.code.monitor().sync(m);
    place.tell_tools(Event::Raise, tools, i64::from(place.unit) * 2, &[e.0.value()])
}
