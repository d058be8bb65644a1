//! Conditions as functions: the variables of the frame that a condition names are its parameters,
//! so that a hit calls it and makes no mapping of the frame's variables.
//!
//! Only conditions that could not tell the difference are run this way: they bind no name, hold no
//! function of their own (which would see the variables then), and ask for no frame.

use smallvec::SmallVec;
use tailscope_bytecode::dis::raw_instructions;
use tailscope_bytecode::opcode::Opcode;

use super::condition::{self, Meaning};
use super::evaluate;
use crate::args::CallArgs;
use crate::code::PyCode;
use crate::debug::seam::EvalMode;
use crate::error::PyResult;
use crate::frame::Frame;
use crate::interp::enter;
use crate::protocol::object as obj;
use crate::protocol::truth;
use crate::types::cell::PyCell;
use crate::types::function::PyFunction;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Most variables of the frame that a condition may name.
const PARAMETERS: usize = 8;

/// What tells in which frame code runs.
const FRAME_WORDS: [&str; 9] =
    ["locals", "vars", "dir", "eval", "exec", "super", "_getframe", "_getframemodulename", "currentframe"];

/// A condition for frames of one code object with one dict of globals.
pub(super) struct Function {
    function: Ref,
    parameters: Box<[Meaning]>,
    /// It names something that is no variable of the frame's function.
    names_others: bool,
}

impl Function {
    /// The function that tests what `compiled`, the code object of the expression `source`, does.
    pub fn new(vm: &Vm, source: &str, compiled: &Ref, frame: Frame) -> Option<Function> {
        let own = compiled.cast_exact::<PyCode>()?;
        // SAFETY: callers have live frames.
        let (code, globals) = unsafe { (frame.code(), frame.globals().as_value()) };
        let is_word = |name: &Value| FRAME_WORDS.contains(&obj::text(*name).as_str());
        if own.consts().iter().any(|c| c.cast_exact::<PyCode>().is_some()) || own.names.iter().any(is_word) {
            return None;
        }
        let (mut parameters, mut words, mut names_others) = (Vec::new(), Vec::<Value>::new(), false);
        for raw in raw_instructions(&own.code.code) {
            match raw.base {
                Opcode::LOAD_NAME => {
                    let name = *own.names.get(raw.oparg as usize)?;
                    match condition::meaning(code, name) {
                        Meaning::Local(_) | Meaning::Cell(_) if words.iter().any(|w| w.is(name)) => {}
                        local @ (Meaning::Local(_) | Meaning::Cell(_)) => {
                            parameters.push(local);
                            words.push(name);
                        }
                        Meaning::Global | Meaning::Mapped => names_others = true,
                    }
                }
                Opcode::STORE_NAME | Opcode::DELETE_NAME | Opcode::STORE_GLOBAL | Opcode::DELETE_GLOBAL => return None,
                _ => {}
            }
        }
        if parameters.len() > PARAMETERS {
            return None;
        }
        let words: Vec<String> = words.into_iter().map(obj::text).collect();
        // The line break ends a comment.
        let text = format!("lambda {}: (\n{}\n)", words.join(", "), source.trim());
        let made = evaluate::compile(vm, &text, EvalMode::Expression).ok()?;
        let body = made.cast_exact::<PyCode>()?.consts().iter().find(|c| c.cast_exact::<PyCode>().is_some()).copied()?;
        let function = PyFunction::new(vm, body, globals).ok()?;
        Some(Function { function, parameters: parameters.into(), names_others })
    }

    /// Whether the condition holds in a frame; None if that is for others to tell: names could mean
    /// something else there.
    ///
    /// # Safety
    /// The frame must be live, of the code object that the function was made for.
    pub unsafe fn holds(&self, vm: &Vm, frame: Frame) -> Option<PyResult<bool>> {
        // SAFETY: promised by the caller.
        unsafe {
            let globals = frame.globals().as_value();
            // SAFETY: `new` has made a function.
            if !globals.is(self.function.value().cast_unchecked::<PyFunction>().globals.get()) {
                return None;
            }
            if self.names_others && (condition::has_extra_names(vm, frame) || frame.mapping().is_some_and(|m| !m.is(globals))) {
                return None;
            }
            let mut held: SmallVec<[Ref; PARAMETERS]> = SmallVec::new();
            for parameter in &self.parameters {
                held.push(variable(frame, *parameter)?);
            }
            let args: SmallVec<[Value; PARAMETERS]> = held.iter().map(|v| v.value()).collect();
            let result = enter::call_function(vm, self.function.value(), CallArgs::positional(&args));
            Some(result.and_then(|v| truth::truth(vm, v.value())))
        }
    }
}

/// A variable of a frame, if it is bound.
///
/// # Safety
/// The frame must be live and have the variable.
unsafe fn variable(frame: Frame, of: Meaning) -> Option<Ref> {
    // SAFETY: promised by the caller.
    let in_slot = |slot: u32| unsafe { *frame.0.add(slot as usize) }.borrow().non_null();
    match of {
        Meaning::Local(slot) => in_slot(slot).map(Value::to_ref),
        Meaning::Cell(slot) => in_slot(slot)?.cast_exact::<PyCell>()?.content.get_ref(),
        Meaning::Global | Meaning::Mapped => None,
    }
}
