//! The stopped program, as a debugger sees it.

use std::rc::Rc;

use tailscope_bytecode::code::kinds;

use super::codes::{Codes, KnownCode, location};
use super::places::{Hit, Places};
use super::values::{self, Handles, Item};
use super::stacks::{self, FrameAt, Stacks};
use super::{Options, evaluate, instructions};
use crate::code::PyCode;
use crate::debug::address::InstructionAddress;
use crate::debug::breakpoints::{
    BreakpointSpec, BreakpointStatus, InstructionBreakpointSpec, RuleEvaluator,
};
use crate::debug::seam::{DebugError, Debuggee, EvalMode};
use crate::debug::types::*;
use crate::interp::observe::Position;
use crate::protocol::{attr, item, object as obj, truth};
use crate::threads;
use crate::types::cell::PyCell;
use crate::types::dict::PyDict;
use crate::types::exceptions;
use crate::types::frame_locals;
use crate::types::frame_object::{self, PyFrame};
use crate::types::str_::PyStr;
use crate::types::type_object;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// What only lasts while the program stands still.
struct Stopped {
    stacks: Stacks,
    /// The exception on its way, which code that the debugger runs must not lose.
    raised: Option<Ref>,
    reraise_unit: Option<u32>,
    /// Code that the debugger runs is not counted.
    clock_base: u64,
}

/// The program.
pub(super) struct Target {
    vm: &'static Vm,
    pub codes: Codes,
    places: Places,
    pub filter: ExceptionFilter,
    pub exception: Option<(Ref, ExceptionMode)>,
    /// It has begun to run.
    pub started: bool,
    sources: Vec<(String, String)>,
    /// How often it has stopped: handles of frames and values are of one stop.
    stops: u64,
    stopped: Option<Stopped>,
    handles: Handles,
}

const STOP_SHIFT: u32 = 32;

fn raised(vm: &Vm, e: crate::error::Raised) -> DebugError {
    DebugError::Raised(values::exception_text(vm, e.0.value()))
}

impl Target {
    pub fn new(vm: &'static Vm, options: &Options) -> Target {
        Target {
            vm,
            codes: Codes::default(),
            places: Places::default(),
            filter: ExceptionFilter::default(),
            exception: None,
            started: false,
            sources: options.sources.clone(),
            stops: 0,
            stopped: None,
            handles: Handles::default(),
        }
    }

    pub fn begin_stop(&mut self, at: Position) {
        self.stops += 1;
        self.handles = Handles::new(self.stops << STOP_SHIFT);
        let s = &self.vm.interp;
        self.stopped = Some(Stopped {
            stacks: Stacks::new(self.vm, at),
            raised: s.raised.take(),
            reraise_unit: s.reraise_unit.take(),
            clock_base: s.clock_base.get(),
        });
    }

    pub fn end_stop(&mut self) {
        let Some(stopped) = self.stopped.take() else { return };
        let s = &self.vm.interp;
        if let Some(e) = stopped.raised {
            s.raised.set(e);
        }
        s.reraise_unit.set(stopped.reraise_unit);
        s.clock_base.set(stopped.clock_base);
        self.handles = Handles::default();
    }

    /// Decides about the breakpoints on an instruction.
    pub fn hit(&mut self, at: Position, known: &KnownCode) -> Hit {
        self.begin_stop(at);
        let mut places = std::mem::take(&mut self.places);
        let hit = places.hit(at.frame.0.addr(), known.id, at.unit, &mut InFrame { target: self });
        self.places = places;
        self.end_stop();
        hit
    }

    /// Gives code that was loaded since the last time its breakpoints.
    pub fn take_fresh_codes(&mut self) -> Vec<BreakpointStatus> {
        let fresh: Vec<Ref> = self.vm.interp.take_fresh_codes();
        let mut concerned: Vec<Rc<KnownCode>> = Vec::new();
        for object in &fresh {
            // SAFETY: the list is of code objects.
            let code: &PyCode = unsafe { object.value().cast_unchecked() };
            let file = obj::text(code.filename.value());
            if self.places.concern(&mut self.codes, &file) {
                concerned.push(self.codes.know(code));
            }
        }
        self.places.loaded(&mut self.codes, &concerned)
    }

    /// The frames of the thread that stopped.
    fn frames_now(&self) -> &[FrameAt] {
        self.stopped.as_ref().map_or(&[], |stopped| stopped.stacks.running())
    }

    fn frame_at(&self, id: FrameId) -> Result<FrameAt, DebugError> {
        if id.0 >> STOP_SHIFT != self.stops {
            return Err(DebugError::Stale("frame"));
        }
        let stopped = self.stopped.as_ref();
        stopped.and_then(|s| s.stacks.frame(stacks::number_of(id))).ok_or(DebugError::Stale("frame"))
    }

    fn value_at(&self, handle: ValueHandle) -> Result<Ref, DebugError> {
        self.handles.get(handle).ok_or(DebugError::Stale("value"))
    }

    /// The frames of a thread with their numbers: none for one that has not begun.
    fn frames_of(&self, thread: ThreadId) -> Result<Vec<(u64, FrameAt)>, DebugError> {
        let stopped = self.stopped.as_ref().ok_or(DebugError::Stale("thread"))?;
        match stopped.stacks.of(thread) {
            Some(frames) => Ok(frames.collect()),
            None if threads::is_alive(self.vm, thread.0) => Ok(Vec::new()),
            None => Err(DebugError::Stale("thread")),
        }
    }

    /// Global names and the mapping of local ones that code runs with.
    fn namespaces(&self, frame: Option<FrameId>) -> Result<(Ref, Ref), DebugError> {
        let Some(id) = frame else {
            let main = crate::runtime::modules(self.vm).get_text(self.vm, "__main__");
            let dict = main.and_then(|m| attr::instance_dict_value(self.vm, m));
            let dict = dict.ok_or_else(|| DebugError::Refused("the program has not begun yet".into()))?;
            return Ok((dict.to_ref(), dict.to_ref()));
        };
        let at = self.frame_at(id)?;
        // SAFETY: the frame is live.
        unsafe {
            let globals = at.frame.function().globals.get().to_ref();
            let locals = match at.frame.mapping() {
                Some(mapping) => mapping.to_ref(),
                None => frame_locals::new(frame_object::of_frame(self.vm, at.frame).value()),
            };
            Ok((globals, locals))
        }
    }

    fn run(&self, frame: Option<FrameId>, source: &str, mode: EvalMode) -> Result<Ref, DebugError> {
        let (globals, locals) = self.namespaces(frame)?;
        evaluate::run(self.vm, source, mode, globals.value(), locals.value()).map_err(|e| raised(self.vm, e))
    }

    /// The variables of a frame's own: name, kind and value.
    fn locals(&self, at: FrameAt) -> Vec<Item> {
        let mut items = Vec::new();
        // SAFETY: the frame is live.
        let (code, mapping, object) = unsafe {
            (at.frame.code(), at.frame.mapping(), frame_object::of_frame(self.vm, at.frame))
        };
        if let Some(d) = mapping.and_then(|m| m.cast::<PyDict>()) {
            items.extend(values::namespace(d));
        }
        let Some(shown) = object.cast::<PyFrame>() else { return items };
        for slot in 0..code.nlocalsplus as usize {
            let kind = code.kind(slot);
            if kind & kinds::HIDDEN != 0 {
                continue;
            }
            let Some(value) = frame_locals::value_of(shown, slot) else { continue };
            let kind = match kind {
                k if k & kinds::FREE != 0 => VariableKind::Free,
                k if k & kinds::CELL != 0 => VariableKind::Cell,
                _ => VariableKind::Data,
            };
            items.push(Item {
                name: obj::text(code.localsplus_names[slot]),
                value,
                kind,
                access: Access::Name,
                settable: true,
            });
        }
        items
    }

    fn globals(&self, at: FrameAt) -> Vec<Item> {
        // SAFETY: the frame is live.
        values::namespace(unsafe { at.frame.globals() })
    }

    /// Everything with a name in a container.
    fn named(&self, of: Container) -> Result<Vec<Item>, DebugError> {
        Ok(match of {
            Container::Locals(frame) => self.locals(self.frame_at(frame)?),
            Container::Globals(frame) => self.globals(self.frame_at(frame)?),
            Container::Value(handle) => values::named(self.vm, self.value_at(handle)?.value()),
        })
    }

    fn describe(&mut self, item: Item) -> VariableInfo {
        values::describe(self.vm, &mut self.handles, item)
    }

    fn result(&mut self, value: Ref) -> VariableInfo {
        self.describe(Item {
            name: String::new(),
            value,
            kind: VariableKind::Data,
            access: Access::None,
            settable: false,
        })
    }

    /// Runs something of the program's for a bounded time.
    fn guarded<R>(&mut self, f: impl FnOnce(&mut Target) -> R) -> R {
        let _guard = evaluate::Guard::new(self.vm);
        f(self)
    }

    fn write_local(&self, at: FrameAt, name: &str, value: &Ref) -> Result<(), DebugError> {
        // SAFETY: the frame is live.
        let (code, mapping, object) = unsafe {
            (at.frame.code(), at.frame.mapping(), frame_object::of_frame(self.vm, at.frame))
        };
        let is_it = |n: &Value| n.cast::<PyStr>().is_some_and(|s| s.as_bytes() == name.as_bytes());
        let slot = (0..code.nlocalsplus as usize)
            .filter(|slot| code.kind(*slot) & kinds::HIDDEN == 0)
            .find(|slot| is_it(&code.localsplus_names[*slot]));
        if let (Some(slot), Some(shown)) = (slot, object.cast::<PyFrame>()) {
            if code.kind(slot) & (kinds::CELL | kinds::FREE) != 0
                && let Some(cell) = shown.slot(slot).non_null().and_then(|v| v.cast_exact::<PyCell>())
            {
                cell.content.set(value.clone());
            } else {
                shown.set_slot(slot, Some(value.clone()));
            }
            return Ok(());
        }
        match mapping {
            Some(m) => item::set(self.vm, m, self.vm.intern(name), value.value()).map_err(|e| raised(self.vm, e)),
            None => Err(DebugError::Refused(format!("the frame has no variable {name}"))),
        }
    }

    fn write(&mut self, of: Container, name: &str, value: &Ref) -> Result<(), DebugError> {
        let vm = self.vm;
        match of {
            Container::Locals(frame) => self.write_local(self.frame_at(frame)?, name, value),
            Container::Globals(frame) => {
                let at = self.frame_at(frame)?;
                // SAFETY: the frame is live.
                let globals = unsafe { at.frame.globals() };
                globals.set(vm, vm.intern(name), value.value()).map_err(|e| raised(vm, e))
            }
            Container::Value(handle) => {
                let container = self.value_at(handle)?;
                values::write(vm, container.value(), name, value.value())
                    .map_err(|e| raised(vm, e))?
                    .then_some(())
                    .ok_or_else(|| DebugError::Refused(format!("{name} cannot be written")))
            }
        }
    }

    fn exception_info(&self, e: Value, mode: ExceptionMode, depth: usize) -> ExceptionInfo {
        let vm = self.vm;
        let x = exceptions::exception(e);
        let cause = x.and_then(|x| {
            x.cause.get_ref().or_else(|| x.context.get_ref().filter(|_| !x.suppress_context.get()))
        });
        let traceback = match x {
            Some(x) if x.traceback.is_null() => self.traceback_so_far(e),
            _ => exceptions::traceback_text(vm, e),
        };
        ExceptionInfo {
            type_name: type_object::qualname(vm.type_of(e)),
            full_type_name: type_object::display_name(vm, vm.type_of(e)),
            message: obj::str_text(vm, e).unwrap_or_default(),
            traceback,
            mode,
            // A chain may be long; a cycle is cut like one.
            cause: cause
                .filter(|_| depth < 20)
                .map(|c| Box::new(self.exception_info(c.value(), mode, depth + 1))),
        }
    }

    /// The traceback that an exception would have if nothing caught it.
    fn traceback_so_far(&self, e: Value) -> String {
        let mut text = String::from("Traceback (most recent call last):\n");
        for at in self.frames_now().iter().rev() {
            // SAFETY: the frame is live.
            let code = unsafe { at.frame.code() };
            let file = obj::text(code.filename.value());
            let line = location(code, at.unit as usize).map_or(0, |l| l.line);
            text += &format!("  File \"{file}\", line {line}, in {}\n", obj::text(code.name));
            let known = self.known_source(&file).or_else(|| std::fs::read_to_string(&file).ok());
            let source = known.as_deref().and_then(|t| t.lines().nth((line as usize).wrapping_sub(1)));
            if let Some(source) = source {
                text += &format!("    {}\n", source.trim());
            }
        }
        text + &values::exception_text(self.vm, e) + "\n"
    }

    fn known_source(&self, file: &str) -> Option<String> {
        if let Some((_, text)) = self.sources.iter().find(|(name, _)| name == file) {
            return Some(text.clone());
        }
        let rest = file.strip_prefix(crate::import::LIBRARY)?.trim_start_matches('/');
        let module = rest.strip_suffix(".py")?.replace('/', ".");
        let name = module.strip_suffix(".__init__").unwrap_or(&module);
        let found = self.vm.runtime.config.library.as_ref()?.find(name)?;
        String::from_utf8(found.source).ok()
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
        let frame = self.innermost();
        self.target.guarded(|target| {
            let value = target.run(Some(frame), source, EvalMode::Expression)?;
            truth::truth(target.vm, value.value()).map_err(|e| raised(target.vm, e))
        })
    }

    fn text(&mut self, source: &str) -> Result<String, DebugError> {
        let frame = self.innermost();
        self.target.guarded(|target| {
            let value = target.run(Some(frame), source, EvalMode::Expression)?;
            obj::str_text(target.vm, value.value()).map_err(|e| raised(target.vm, e))
        })
    }
}

impl Debuggee for Target {
    fn threads(&self) -> Vec<ThreadInfo> {
        if self.started { stacks::threads(self.vm) } else { Vec::new() }
    }

    fn frame_count(&self, thread: ThreadId) -> Result<usize, DebugError> {
        Ok(self.frames_of(thread)?.len())
    }

    fn frames(&mut self, thread: ThreadId, start: usize, count: usize) -> Result<Vec<FrameInfo>, DebugError> {
        let wanted = self.frames_of(thread)?.into_iter().skip(start).take(count);
        let stop = self.stops << STOP_SHIFT;
        Ok(wanted
            .map(|(number, at)| {
                // SAFETY: the frame is live.
                let code = unsafe { at.frame.code() };
                let known = self.codes.know(code);
                FrameInfo {
                    id: FrameId(stop | number),
                    name: obj::text(code.name),
                    qualname: obj::text(code.qualname.value()),
                    file: known.file.clone(),
                    location: location(code, at.unit as usize),
                    address: InstructionAddress { code: known.id, offset: at.unit * 2 },
                    library: known.library,
                }
            })
            .collect())
    }

    fn counts(&mut self, of: Container) -> Result<(usize, usize), DebugError> {
        match of {
            Container::Value(handle) => {
                let value = self.value_at(handle)?;
                Ok(values::counts(self.vm, value.value()))
            }
            _ => Ok((self.named(of)?.len(), 0)),
        }
    }

    fn variables(&mut self, of: Container, page: Page) -> Result<Vec<VariableInfo>, DebugError> {
        let named = match page.filter {
            PageFilter::Indexed => Vec::new(),
            PageFilter::All | PageFilter::Named => self.named(of)?,
        };
        let container = match of {
            Container::Value(handle) if page.filter != PageFilter::Named => Some(self.value_at(handle)?),
            _ => None,
        };
        let indexed = container.as_ref().map_or(0, |c| values::counts(self.vm, c.value()).1);
        let range = page.range(named.len() + indexed);
        let first = range.start.saturating_sub(named.len());
        let last = range.end.saturating_sub(named.len());
        let from_named = range.start.min(named.len())..range.end.min(named.len());
        let mut items: Vec<Item> = named.into_iter().skip(from_named.start).take(from_named.len()).collect();
        if let Some(c) = container {
            items.extend(values::indexed(c.value(), first..last));
        }
        Ok(self.guarded(|target| items.into_iter().map(|item| target.describe(item)).collect()))
    }

    fn value_stack(&mut self, frame: FrameId) -> Result<Vec<StackSlot>, DebugError> {
        let at = self.frame_at(frame)?;
        // SAFETY: the frame is live; its value stack lies between its base and its top.
        let slots: Vec<Value> = unsafe {
            let base = at.frame.stack_base();
            let len = (at.top.addr().saturating_sub(base.addr())) / size_of::<Value>();
            std::slice::from_raw_parts(base, len).to_vec()
        };
        let refs: Vec<(SlotKind, Option<Ref>)> = slots
            .iter()
            .map(|v| (values::slot_kind(*v), v.non_null().map(|v| v.borrow().to_ref())))
            .collect();
        Ok(self.guarded(|target| {
            refs.into_iter()
                .enumerate()
                .map(|(index, (kind, value))| StackSlot {
                    index,
                    kind,
                    value: value.map(|v| target.result(v)),
                })
                .collect()
        }))
    }

    fn instruction(&mut self, frame: FrameId) -> Result<InstructionView, DebugError> {
        let at = self.frame_at(frame)?;
        // SAFETY: the frame is live.
        let known = self.codes.know(unsafe { at.frame.code() });
        instructions::view(&known, at.unit)
            .ok_or_else(|| DebugError::Refused("the frame is at no instruction".to_owned()))
    }

    fn evaluate(
        &mut self,
        frame: Option<FrameId>,
        source: &str,
        mode: EvalMode,
    ) -> Result<VariableInfo, DebugError> {
        self.guarded(|target| {
            let value = target.run(frame, source, mode)?;
            Ok(target.result(value))
        })
    }

    fn full_repr(&mut self, frame: Option<FrameId>, source: &str) -> Result<String, DebugError> {
        self.guarded(|target| {
            let value = target.run(frame, source, EvalMode::Expression)?;
            obj::repr_text(target.vm, value.value()).map_err(|e| raised(target.vm, e))
        })
    }

    fn set_variable(
        &mut self,
        of: Container,
        name: &str,
        source: &str,
        frame: Option<FrameId>,
    ) -> Result<VariableInfo, DebugError> {
        self.guarded(|target| {
            let value = target.run(frame, source, EvalMode::Expression)?;
            target.write(of, name, &value)?;
            let found = match of {
                Container::Value(handle) => {
                    let container = target.value_at(handle)?;
                    values::find(target.vm, container.value(), name)
                }
                _ => target.named(of)?.into_iter().find(|item| item.name == name),
            };
            Ok(match found {
                Some(item) => target.describe(item),
                None => target.result(value),
            })
        })
    }

    fn exception(&mut self, thread: ThreadId) -> Option<ExceptionInfo> {
        if thread.0 != threads::current(self.vm) {
            return None;
        }
        let (e, mode) = self.exception.clone()?;
        Some(self.guarded(|target| target.exception_info(e.value(), mode, 0)))
    }

    fn disassemble(
        &mut self,
        code: CodeId,
        anchor: i64,
        first: i64,
        count: usize,
    ) -> Result<DisassemblyWindow, DebugError> {
        match self.codes.get(code) {
            Some(known) => Ok(instructions::window(&known, anchor, first, count)),
            None => Err(DebugError::Refused(format!("there is no code object {}", code.0))),
        }
    }

    fn source(&mut self, file: &str) -> Option<String> {
        self.known_source(file)
    }

    fn set_breakpoints(&mut self, file: &str, specs: &[BreakpointSpec]) -> Vec<BreakpointStatus> {
        self.places.set_lines(self.vm, &mut self.codes, file, specs)
    }

    fn set_instruction_breakpoints(&mut self, specs: &[InstructionBreakpointSpec]) -> Vec<BreakpointStatus> {
        self.places.set_instructions(&self.codes, specs)
    }

    fn set_exception_filter(&mut self, filter: ExceptionFilter) {
        self.filter = filter;
    }
}
