//! The Python of breakpoints: conditions, hit counts and log messages, in the frame that hit them.

use std::rc::Rc;

use super::codes::KnownCode;
use super::condition::Condition;
use super::evaluate;
use super::function::Function;
use super::places::{Hit, Place};
use super::quick::{Check, Quick, Test};
use super::target::{Aside, STOP_SHIFT, Target, raised};
use crate::debug::breakpoints::{HitOutcome, RuleEvaluator};
use crate::debug::seam::{DebugError, EvalMode};
use crate::debug::types::*;
use crate::interp::breakpoint::Decides;
use crate::interp::observe::Position;
use crate::protocol::{item, object as obj, truth};
use crate::types::dict::PyDict;
use crate::types::tuple::PyTuple;
use crate::types::type_::Type;
use crate::types::type_object;
use crate::value::{Ref, Value};

/// The name that expressions have for the exception that the program is stopped at.
const EXCEPTION_NAME: &str = "__exception__";

impl Target {
    /// Decides about the breakpoints on an instruction.
    pub fn hit(&mut self, at: Position, known: &KnownCode) -> Hit {
        self.begin_stop(at);
        let mut places = std::mem::take(&mut self.places);
        let hit = places.hit(at.frame.0.addr(), known.id, at.unit, &mut InFrame { target: self });
        self.places = places;
        self.decided = None;
        self.end_stop();
        hit
    }

    /// Whether nothing is to be done about the breakpoints on an instruction, as far as that can be
    /// told without a look at the whole program.
    pub fn passes(&mut self, at: Position) -> bool {
        // SAFETY: the observer gets live frames.
        let code = unsafe { at.frame.code() };
        let quick = match code.breakpoints.quick(at.unit) {
            // It was taken away just now.
            None => return true,
            Some(Decides::Nothing) => return false,
            Some(Decides::Unknown) => {
                let known = self.codes.know(code);
                let quick = self.quick_for(at, &known).map(Rc::new);
                code.breakpoints.set_quick(at.unit, quick.clone().map_or(Decides::Nothing, Decides::Some));
                match quick {
                    Some(quick) => quick,
                    None => return false,
                }
            }
            Some(Decides::Some(quick)) => quick,
        };
        // SAFETY: the frame is about to run the instruction, with its stack spilled.
        if unsafe { quick.passes(self.vm, at.frame, self.vm.interp.sp.get()) } {
            return true;
        }
        let Some((check, function)) = quick.function(at.frame) else { return false };
        let decided = self.call_condition(at, function);
        let passes = match decided {
            None => return false,
            Some(Ok(holds)) => !holds || check.counts_for_nothing(),
            Some(Err(_)) => false,
        };
        if passes {
            quick.pass(at.frame);
        } else {
            self.decided = decided;
        }
        passes
    }

    fn call_condition(&mut self, at: Position, function: &Function) -> Option<Result<bool, DebugError>> {
        let vm = self.vm;
        let aside = Aside::put(vm);
        // SAFETY: the frame is live, and runs the code that the function was made for.
        let result = self.guarded(|_| unsafe { function.holds(vm, at.frame) }.map(|r| r.map_err(|e| raised(vm, e))));
        aside.take_back(vm);
        result
    }

    /// What can be decided at once about an instruction's breakpoints; None: nothing.
    fn quick_for(&mut self, at: Position, known: &KnownCode) -> Option<Quick> {
        let place = Place { code: known.id, unit: at.unit };
        let mut checks = Vec::new();
        for id in self.places.ids_at(place) {
            let (write, on_line, rule, hits) = match self.places.rule(id) {
                Some((on_line, rule, hits)) => (None, on_line, rule, hits),
                None => {
                    let write = self.data.write_at(known.code(), at.unit, id)?;
                    let (rule, hits) = self.data.rule(id)?;
                    (Some(write), false, rule, hits)
                }
            };
            let test = rule.condition.as_ref().map(|condition| self.test_for(at, condition));
            let decides = match &test {
                Some(test) => test.steps.is_some() || test.function.is_some(),
                None => rule.hit_condition.is_some(),
            };
            // Whose variable is written is always decided.
            if !decides && write.is_none() {
                return None;
            }
            checks.push(Check { write, on_line, test, hits: rule.hit_condition.map(|h| (h, hits)) });
        }
        // What has been counted cannot be left as it was.
        if checks.is_empty() || checks.len() > 1 && checks.iter().any(|check| check.hits.is_some()) {
            return None;
        }
        Some(Quick { entry: self.places.entry_at(place), checks: checks.into() })
    }

    fn test_for(&mut self, at: Position, condition: &str) -> Test {
        // A mistake in it is told of at each hit.
        let Ok(compiled) = self.compiled(condition) else { return Test { steps: None, function: None } };
        Test {
            // SAFETY: the observer gets live frames.
            steps: Condition::new(&compiled, unsafe { at.frame.code() }),
            function: Function::new(self.vm, condition, &compiled, at.frame),
        }
    }

    /// Decides about data that has just been written.
    pub fn written(&mut self, at: Position, ids: &[BreakpointId]) -> (Vec<BreakpointId>, Option<String>, Vec<String>) {
        self.begin_stop(at);
        let (mut stops, mut note, mut logs) = (Vec::new(), None, Vec::new());
        let all = std::mem::take(&mut self.data);
        for id in ids {
            let Some((rule, hits)) = all.rule(*id) else { continue };
            match rule.hit(&hits, &mut InFrame { target: self }) {
                HitOutcome::Pass => {}
                HitOutcome::Log(text) => logs.push(text),
                HitOutcome::Stop { note: n } => {
                    note = note.or(n);
                    stops.push(*id);
                }
            }
        }
        self.data = all;
        self.end_stop();
        (stops, note, logs)
    }

    /// Whether an exception rule applies to an exception.
    pub fn rule_applies(&mut self, at: Position, rule: &ExceptionRule, e: Value) -> bool {
        let vm = self.vm;
        let is_class = |name: &String| {
            let mro = vm.type_of(e).mro();
            mro.iter().any(|class| type_object::qualname(class) == *name || type_object::display_name(vm, class) == *name)
        };
        if !rule.classes.is_empty() && rule.classes.iter().any(is_class) == rule.negate {
            return false;
        }
        let Some(condition) = &rule.condition else { return true };
        self.begin_stop(at);
        let mode = rule.mode;
        let before = self.exception.replace((e.to_ref(), mode));
        let frame = FrameId(self.stops << STOP_SHIFT);
        let result = self.guarded(|target| {
            let value = target.run_rule(frame, condition)?;
            let value = value.value();
            let classes = Type::from_value(value).is_some() || value.cast::<PyTuple>().is_some_and(|t| !t.is_empty());
            let truth = if classes { obj::is_instance(vm, e, value) } else { truth::truth(vm, value) };
            truth.map_err(|e| raised(vm, e))
        });
        self.exception = before;
        self.end_stop();
        // A condition that raises stops, so that its mistake is seen.
        result.unwrap_or(true)
    }

    /// Runs an expression of a breakpoint, which is compiled once.
    fn run_rule(&mut self, frame: FrameId, source: &str) -> Result<Ref, DebugError> {
        let code = self.compiled(source)?;
        self.run_compiled(Some(frame), source, &code)
    }

    fn compiled(&mut self, source: &str) -> Result<Ref, DebugError> {
        if let Some(code) = self.rules.get(source) {
            return Ok(code.clone());
        }
        let compiled = evaluate::compile(self.vm, source, EvalMode::Expression);
        let code = compiled.map_err(|e| raised(self.vm, e))?;
        self.rules.insert(source.to_owned(), code.clone());
        Ok(code)
    }

    pub(super) fn run_compiled(&self, frame: Option<FrameId>, source: &str, code: &Ref) -> Result<Ref, DebugError> {
        let (globals, mut locals) = self.namespaces(frame)?;
        if let Some((e, _)) = &self.exception
            && source.contains(EXCEPTION_NAME)
        {
            locals = self.with_exception(&locals, e)?;
        }
        evaluate::run(self.vm, code.value(), globals.value(), locals.value()).map_err(|e| raised(self.vm, e))
    }

    /// A copy of local names, with one more for the exception that the program is stopped at.
    fn with_exception(&self, locals: &Ref, e: &Ref) -> Result<Ref, DebugError> {
        let vm = self.vm;
        let copy = PyDict::new(vm);
        let update = [locals.value()];
        crate::protocol::call::call_method(vm, copy.value(), "update", &update).map_err(|e| raised(vm, e))?;
        item::set(vm, copy.value(), vm.intern(EXCEPTION_NAME), e.value()).map_err(|e| raised(vm, e))?;
        Ok(copy)
    }
}

/// Evaluates what a breakpoint's rule asks in the frame that hit it.
struct InFrame<'a> {
    target: &'a mut Target,
}

impl InFrame<'_> {
    fn innermost(&self) -> FrameId {
        FrameId(self.target.stops << STOP_SHIFT)
    }
}

impl RuleEvaluator for InFrame<'_> {
    fn test(&mut self, source: &str) -> Result<bool, DebugError> {
        if let Some(decided) = self.target.decided.take() {
            return decided;
        }
        let frame = self.innermost();
        self.target.guarded(|target| {
            let value = target.run_rule(frame, source)?;
            truth::truth(target.vm, value.value()).map_err(|e| raised(target.vm, e))
        })
    }

    fn text(&mut self, source: &str) -> Result<String, DebugError> {
        let frame = self.innermost();
        self.target.guarded(|target| {
            let value = target.run_rule(frame, source)?;
            obj::str_text(target.vm, value.value()).map_err(|e| raised(target.vm, e))
        })
    }
}
