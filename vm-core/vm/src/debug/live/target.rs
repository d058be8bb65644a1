//! The stopped program, as a debugger sees it.

use std::collections::HashMap;
use std::rc::Rc;

use tailscope_bytecode::code::kinds;

use super::codes::{Codes, KnownCode, location};
use super::places::Places;
use super::data::{self, DataBreakpoints, Datum};
use super::values::{self, Handles, Held, Item};
use super::stacks::{self, FrameAt, Stacks};
use super::{Options, columns, evaluate, instructions, jumps};
use crate::code::PyCode;
use crate::debug::address::InstructionAddress;
use crate::debug::breakpoints::{
    BreakpointSpec, BreakpointStatus, DataBreakpointSpec, FunctionBreakpointSpec,
    InstructionBreakpointSpec,
};
use crate::debug::seam::{CodeFilters, DebugError, Debuggee, EvalMode, Evaluation};
use crate::debug::types::*;
use crate::interp::frames;
use crate::interp::observe::Position;
use crate::protocol::{attr, item, object as obj};
use crate::threads;
use crate::types::cell::PyCell;
use crate::types::dict::PyDict;
use crate::types::exceptions;
use crate::types::frame_locals;
use crate::types::frame_object::{self, PyFrame};
use crate::types::list::PyList;
use crate::types::memoryview;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_object;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// What only lasts while the program stands still.
struct Stopped {
    stacks: Stacks,
    aside: Aside,
}

/// What of the interpreter's state code that the debugger runs must not lose.
pub(super) struct Aside {
    /// The exception on its way.
    raised: Option<Ref>,
    reraise_unit: Option<u32>,
    /// Code that the debugger runs is not counted.
    clock_base: u64,
}

impl Aside {
    pub fn put(vm: &Vm) -> Aside {
        let s = &vm.interp;
        Aside { raised: s.raised.take(), reraise_unit: s.reraise_unit.take(), clock_base: s.clock_base.get() }
    }

    pub fn take_back(self, vm: &Vm) {
        let s = &vm.interp;
        if let Some(e) = self.raised {
            s.raised.set(e);
        }
        s.reraise_unit.set(self.reraise_unit);
        s.clock_base.set(self.clock_base);
    }
}

/// The program.
pub(super) struct Target {
    pub(super) vm: &'static Vm,
    pub codes: Codes,
    pub(super) places: Places,
    pub data: DataBreakpoints,
    pub filter: ExceptionFilter,
    pub exception: Option<(Ref, ExceptionMode)>,
    /// It has begun to run.
    pub started: bool,
    sources: Vec<(String, String)>,
    /// Expressions of breakpoints, compiled.
    pub(super) rules: HashMap<String, Ref>,
    /// What the condition of the breakpoint that is being decided about has said already.
    pub(super) decided: Option<Result<bool, DebugError>>,
    /// How often it has stopped: handles of frames and values are of one stop.
    pub(super) stops: u64,
    stopped: Option<Stopped>,
    handles: Handles,
    /// The stop is one that the innermost frame can leave for another instruction.
    pub can_move: bool,
    /// Where it is to go on instead.
    pub moved: Option<u32>,
}

pub(super) const STOP_SHIFT: u32 = 32;

pub(super) fn raised(vm: &Vm, e: crate::error::Raised) -> DebugError {
    DebugError::Raised(values::exception_text(vm, e.0.value()))
}

impl Target {
    pub fn new(vm: &'static Vm, options: &Options) -> Target {
        let mut codes = Codes::default();
        codes.set_filters(options.filters.clone());
        Target {
            vm,
            codes,
            places: Places::default(),
            data: DataBreakpoints::default(),
            filter: ExceptionFilter::default(),
            exception: None,
            started: false,
            sources: options.sources.clone(),
            rules: HashMap::new(),
            decided: None,
            stops: 0,
            stopped: None,
            handles: Handles::default(),
            can_move: false,
            moved: None,
        }
    }

    pub fn begin_stop(&mut self, at: Position) {
        self.stops += 1;
        self.handles = Handles::new(self.stops << STOP_SHIFT);
        let stacks = Stacks::new(self.vm, at.frame);
        self.stopped = Some(Stopped { stacks, aside: Aside::put(self.vm) });
    }

    pub fn end_stop(&mut self) {
        let Some(stopped) = self.stopped.take() else { return };
        stopped.aside.take_back(self.vm);
        self.handles = Handles::default();
    }

    /// Gives code that was loaded since the last time its breakpoints.
    pub fn take_fresh_codes(&mut self) -> Vec<BreakpointStatus> {
        for (code, text) in self.vm.interp.take_fresh_texts() {
            self.note_text(&code, text);
        }
        let fresh: Vec<Ref> = self.vm.interp.take_fresh_codes();
        let mut concerned: Vec<Rc<KnownCode>> = Vec::new();
        for object in &fresh {
            // SAFETY: the list is of code objects.
            let code: &PyCode = unsafe { object.value().cast_unchecked() };
            let file = self.codes.file_of(code);
            if self.places.concern(&mut self.codes, &file) {
                concerned.push(self.codes.know(code));
            }
        }
        self.places.loaded(&mut self.codes, &concerned)
    }

    /// Keeps the text of code that is in no file. Its name is made one of its own, if there is
    /// another text with that name.
    fn note_text(&mut self, code: &Ref, text: String) {
        let Some(code) = code.cast_exact::<PyCode>() else { return };
        let file = obj::text(code.filename.value());
        if file == evaluate::FILE || !file.starts_with('<') || self.sources.len() >= MAX_TEXTS {
            return;
        }
        let known = self.sources.iter().find(|(name, known)| *known == text && name.starts_with(file.trim_end_matches('>')));
        let name = match known {
            Some((name, _)) => name.clone(),
            None => {
                let taken = |name: &str| self.sources.iter().any(|(other, _)| other == name);
                let mut names = (2..).map(|n| format!("{} {n}>", file.trim_end_matches('>')));
                let name = if taken(&file) { names.find(|name| !taken(name)).unwrap_or_default() } else { file };
                self.sources.push((name.clone(), text));
                name
            }
        };
        self.codes.name_text(code, &name);
    }

    /// The frames of the thread that stopped, from the innermost: where their locals lie, and their numbers.
    pub(super) fn running_frames(&self) -> Vec<(u64, FrameId)> {
        let stop = self.stops << STOP_SHIFT;
        let number = |(i, at): (usize, &FrameAt)| (at.frame.0 as u64, FrameId(stop | i as u64));
        self.frames_now().iter().enumerate().map(number).collect()
    }

    pub(super) fn handles(&mut self) -> &mut Handles {
        &mut self.handles
    }

    /// The innermost frame of the thread that stopped.
    pub(super) fn innermost(&self) -> Option<FrameAt> {
        self.frames_now().first().copied()
    }

    /// Takes away data breakpoints on variables of calls that have ended.
    pub fn forget_ended_calls(&mut self) -> Vec<BreakpointStatus> {
        if !self.data.watches_locals() {
            return Vec::new();
        }
        self.data.forget_ended(&self.codes, &mut self.places)
    }

    fn watchable_in(&mut self, of: Container, name: &str) -> Result<(Datum, String), DebugError> {
        let vm = self.vm;
        let refused = || DebugError::Refused(format!("{name} cannot be watched"));
        let attribute = |owner: Ref| Datum::Attribute { owner, name: vm.intern(name).to_ref() };
        Ok(match of {
            Container::Locals(frame) => {
                let at = self.frame_at(frame)?;
                // SAFETY: the frame is live.
                let object = unsafe { frame_object::of_frame(vm, at.frame) };
                let f = object.cast::<PyFrame>().ok_or_else(refused)?;
                let found = data::variable(vm, &mut self.data, &mut self.codes, f, name);
                // SAFETY: as above.
                let mapping = unsafe { at.frame.mapping() };
                let item = || mapping.map(|m| Datum::Item { container: m.to_ref(), key: vm.intern(name).to_ref() });
                (found.or_else(item).ok_or_else(refused)?, name.to_owned())
            }
            Container::Globals(frame) => {
                let at = self.frame_at(frame)?;
                // SAFETY: the frame is live.
                let container = unsafe { at.frame.globals() }.as_value().to_ref();
                (Datum::Item { container, key: vm.intern(name).to_ref() }, format!("global {name}"))
            }
            Container::Value(handle) => {
                let owner = self.value_at(handle)?;
                let type_name = type_object::qualname(vm.type_of(owner.value()));
                if owner.cast::<PyList>().is_some()
                    && let Ok(index) = name.parse::<i64>()
                {
                    let key = vm.new_int(index);
                    (Datum::Item { container: owner, key }, format!("[{name}] of this {type_name}"))
                } else if let Some(key) = values::key_with_text(vm, owner.value(), name) {
                    (Datum::Item { container: owner, key }, format!("[{name}] of this {type_name}"))
                } else if values::own_attribute(vm, owner.value(), vm.intern(name)).is_some() {
                    (attribute(owner), format!(".{name} of this {type_name}"))
                } else {
                    return Err(refused());
                }
            }
        })
    }

    /// A name, `expression.name` or `expression[key]`.
    fn watchable_expression(&mut self, frame: Option<FrameId>, source: &str) -> Result<(Datum, String), DebugError> {
        let vm = self.vm;
        let source = source.trim();
        let refused = || DebugError::Refused(format!("{source} is no variable, attribute or item, which alone can be watched"));
        let is_name = |text: &str| {
            text.chars().all(|c| c.is_alphanumeric() || c == '_') && !text.starts_with(|c: char| c.is_numeric()) && !text.is_empty()
        };
        if is_name(source) {
            let (globals, locals) = self.namespaces(frame)?;
            if let Some(frame) = frame {
                // A variable may be watched before it is bound.
                let local = self.watchable_in(Container::Locals(frame), source);
                // SAFETY: the frame is live.
                let by_name = unsafe { self.frame_at(frame)?.frame.mapping() }.is_some();
                let bound = by_name && self.named(Container::Locals(frame))?.iter().any(|item| item.name == source);
                return match local {
                    Ok(found) if bound || !by_name => Ok(found),
                    _ => self.watchable_in(Container::Globals(frame), source),
                };
            }
            drop(locals);
            return Ok((Datum::Item { container: globals, key: vm.intern(source).to_ref() }, format!("global {source}")));
        }
        if let Some((owner, name)) = source.rsplit_once('.')
            && is_name(name)
        {
            let owner = self.guarded(|target| target.run(frame, owner, EvalMode::Pure))?;
            return Ok((Datum::Attribute { owner, name: vm.intern(name).to_ref() }, source.to_owned()));
        }
        let open = source.strip_suffix(']').and_then(matching_bracket).filter(|at| *at > 0).ok_or_else(refused)?;
        let (owner, key) = (&source[..open], &source[open + 1..source.len() - 1]);
        let container = self.guarded(|target| target.run(frame, owner, EvalMode::Pure))?;
        let key = self.guarded(|target| target.run(frame, key, EvalMode::Pure))?;
        if container.cast::<PyDict>().is_none() && container.cast::<PyList>().is_none() {
            return Err(DebugError::Refused(format!("{owner} is no dict and no list: its items cannot be watched")));
        }
        Ok((Datum::Item { container, key }, source.to_owned()))
    }

    /// Begins a look at the frames anew: the innermost one is somewhere else now.
    fn has_moved(&mut self, at: FrameAt, unit: u32) {
        self.moved = Some(unit);
        self.stops += 1;
        self.handles = Handles::new(self.stops << STOP_SHIFT);
        let s = &self.vm.interp;
        if let Some(stopped) = &mut self.stopped {
            stopped.aside.clock_base = s.clock_base.get();
            stopped.stacks = Stacks::new(self.vm, at.frame);
        }
    }

    /// Makes the innermost frame go on at a code unit.
    fn move_to(&mut self, at: FrameAt, unit: u32) -> Result<(), DebugError> {
        let s = &self.vm.interp;
        let counted = s.clock_base.get();
        if let Some(stopped) = &self.stopped {
            s.clock_base.set(stopped.aside.clock_base);
        }
        let result = self.guarded(|target| jumps::carry_out(target.vm, at, unit));
        match result {
            Ok(()) => self.has_moved(at, unit),
            Err(_) => s.clock_base.set(counted),
        }
        result
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
        match self.handles.get(handle) {
            Some(Held::Value(value)) => Ok(value),
            Some(Held::Property { owner, name }) => attr::get(self.vm, owner.value(), name).map_err(|e| raised(self.vm, e)),
            None => Err(DebugError::Stale("value")),
        }
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
    pub(super) fn namespaces(&self, frame: Option<FrameId>) -> Result<(Ref, Ref), DebugError> {
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

    pub(super) fn run(&self, frame: Option<FrameId>, source: &str, mode: EvalMode) -> Result<Ref, DebugError> {
        let code = evaluate::compile(self.vm, source, mode).map_err(|e| raised(self.vm, e))?;
        self.run_compiled(frame, source, &code)
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
    pub(super) fn named(&self, of: Container) -> Result<Vec<Item>, DebugError> {
        Ok(match of {
            Container::Locals(frame) => self.locals(self.frame_at(frame)?),
            Container::Globals(frame) => self.globals(self.frame_at(frame)?),
            Container::Value(handle) => values::named(self.vm, self.value_at(handle)?.value()),
        })
    }

    fn describe(&mut self, item: Item, format: ValueFormat) -> VariableInfo {
        values::describe(self.vm, &mut self.handles, item, format)
    }

    fn result(&mut self, value: Ref, format: ValueFormat) -> VariableInfo {
        let name = String::new();
        self.describe(Item { name, value, kind: VariableKind::Data, access: Access::None, settable: false }, format)
    }

    /// The value of a property that was looked into, or what it raised.
    fn property(&mut self, owner: &Ref, name: Value, format: ValueFormat) -> VariableInfo {
        self.guarded(|target| match attr::get(target.vm, owner.value(), name) {
            Ok(value) => {
                let item = Item { name: obj::text(name), value, kind: VariableKind::Data, access: Access::None, settable: false };
                target.describe(item, format)
            }
            Err(e) => {
                let text = format!("raised {}", values::exception_text(target.vm, e.0.value()));
                VariableInfo { name: obj::text(name), value: text, ..target.result(target.vm.none_ref(), format) }
            }
        })
    }

    /// Runs something of the program's for a bounded time.
    pub(super) fn guarded<R>(&mut self, f: impl FnOnce(&mut Target) -> R) -> R {
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
        let traceback = match x {
            Some(x) if x.traceback.is_null() => self.traceback_so_far(e),
            _ => exceptions::traceback_text(vm, e),
        };
        // A chain may be long; a cycle is cut like one.
        let inner = if depth < 20 { related(vm, e) } else { Vec::new() };
        let notes = attr::get_named(vm, e, "__notes__").ok();
        let notes = notes.and_then(|n| n.cast::<PyList>().map(|l| l.as_slice().iter().map(|v| v.to_ref()).collect()));
        let notes: Vec<Ref> = notes.unwrap_or_default();
        ExceptionInfo {
            type_name: type_object::qualname(vm.type_of(e)),
            full_type_name: type_object::display_name(vm, vm.type_of(e)),
            message: obj::str_text(vm, e).unwrap_or_default(),
            traceback,
            mode,
            notes: notes.iter().map(|n| obj::str_text(vm, n.value()).unwrap_or_default()).collect(),
            inner: inner
                .into_iter()
                .map(|(relation, e)| InnerException {
                    relation,
                    exception: self.exception_info(e.value(), mode, depth + 1),
                })
                .collect(),
        }
    }

    /// The traceback that an exception would have if nothing caught it.
    fn traceback_so_far(&self, e: Value) -> String {
        let next = |next, at: &FrameAt| {
            // SAFETY: the frame is live.
            let frame = unsafe { frame_object::of_frame(self.vm, at.frame) };
            Some(frame_object::new_traceback(next, frame, at.unit))
        };
        match self.frames_now().iter().fold(None, next) {
            Some(traceback) => exceptions::text_with_traceback(self.vm, e, traceback.value()),
            None => exceptions::traceback_text(self.vm, e),
        }
    }

    fn known_source(&self, file: &str) -> Option<String> {
        if let Some((_, text)) = self.sources.iter().find(|(name, _)| name == file) {
            return Some(text.clone());
        }
        // The library's names have its own mark for a folder.
        let module = file.split_once('/')?.1.strip_suffix(".py")?.replace('/', ".");
        let name = module.strip_suffix(".__init__").unwrap_or(&module);
        let found = self.vm.runtime.config.library.as_ref()?.find(name)?;
        (found.filename == file).then(|| String::from_utf8(found.source).ok())?
    }
}

/// Most texts of code in no file that are kept.
const MAX_TEXTS: usize = 1000;

/// What an exception came from, and what a group holds.
fn related(vm: &Vm, e: Value) -> Vec<(ExceptionRelation, Ref)> {
    let Some(x) = exceptions::exception(e) else { return Vec::new() };
    let cause = x.cause.get_ref().map(|c| (ExceptionRelation::Cause, c));
    let context = x.context.get_ref().filter(|_| !x.suppress_context.get()).map(|c| (ExceptionRelation::Context, c));
    let mut all: Vec<(ExceptionRelation, Ref)> = cause.into_iter().chain(context).collect();
    if let Ok(members) = attr::get_named(vm, e, "exceptions")
        && let Some(members) = members.cast::<PyTuple>()
    {
        let members = members.as_slice().iter().filter(|m| exceptions::exception(**m).is_some());
        all.extend(members.map(|m| (ExceptionRelation::Member, m.to_ref())));
    }
    all
}

/// Index of the bracket that the one behind a text would close.
fn matching_bracket(text: &str) -> Option<usize> {
    let mut open = 1;
    for (i, c) in text.char_indices().rev() {
        match c {
            ']' => open += 1,
            '[' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(i);
        }
    }
    None
}

impl Debuggee for Target {
    fn threads(&self) -> Vec<ThreadInfo> {
        if self.started { stacks::threads(self.vm) } else { Vec::new() }
    }

    fn set_handler_window(&mut self, count: u32) -> Result<(), DebugError> {
        if frames::set_window(self.vm, count) {
            return Ok(());
        }
        Err(DebugError::Refused("this program's VM has no handlers that leave native frames".to_owned()))
    }

    fn executed(&mut self, registers: &[HandlerRegisters]) -> Vec<Option<ExecutedInstruction>> {
        self.instructions_with(registers)
    }

    fn values(&mut self, words: &[(String, u64)], format: ValueFormat) -> Vec<Option<VariableInfo>> {
        self.values_with(words, format)
    }

    fn frame_count(&self, thread: ThreadId) -> Result<usize, DebugError> {
        Ok(self.frames_of(thread)?.len())
    }

    fn frames(&mut self, thread: ThreadId, start: usize, count: usize) -> Result<Vec<FrameInfo>, DebugError> {
        let movable = self.movable().ok().filter(|_| thread.0 == threads::current(self.vm));
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
                    library: known.library.get(),
                    // SAFETY: the frame is live.
                    module: unsafe { at.frame.globals() }.get_text(self.vm, "__name__").map(obj::text),
                    restartable: movable.is_some_and(|m| m.frame.0 == at.frame.0),
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
        if let Container::Value(handle) = of
            && let Some(Held::Property { owner, name }) = self.handles.get(handle)
        {
            return Ok(vec![self.property(&owner, name, page.format)]);
        }
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
        Ok(self.guarded(|target| items.into_iter().map(|item| target.describe(item, page.format)).collect()))
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
        // SAFETY: the frame is live.
        let known = self.codes.know(unsafe { at.frame.code() });
        let pushers = instructions::pushers(&known, at.unit);
        Ok(self.guarded(|target| {
            refs.into_iter()
                .enumerate()
                .map(|(index, (kind, value))| StackSlot {
                    index,
                    kind,
                    pushed_by: pushers.get(index).cloned().flatten(),
                    value: value.map(|v| target.result(v, ValueFormat::default())),
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

    fn evaluate(&mut self, what: Evaluation<'_>) -> Result<VariableInfo, DebugError> {
        self.guarded(|target| {
            let value = target.run(what.frame, what.source, what.mode)?;
            Ok(target.result(value, what.format))
        })
    }

    fn full_repr(&mut self, frame: Option<FrameId>, source: &str) -> Result<String, DebugError> {
        self.guarded(|target| {
            let value = target.run(frame, source, EvalMode::Expression)?;
            obj::repr_text(target.vm, value.value()).map_err(|e| raised(target.vm, e))
        })
    }

    fn set_variable(&mut self, of: Container, name: &str, value: Evaluation<'_>) -> Result<VariableInfo, DebugError> {
        let format = value.format;
        self.guarded(|target| {
            let value = target.run(value.frame, value.source, EvalMode::Expression)?;
            target.write(of, name, &value)?;
            let found = match of {
                Container::Value(handle) => {
                    let container = target.value_at(handle)?;
                    values::find(target.vm, container.value(), name)
                }
                _ => target.named(of)?.into_iter().find(|item| item.name == name),
            };
            Ok(match found {
                Some(item) => target.describe(item, format),
                None => target.result(value, format),
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
            Some(known) => Ok(instructions::window(&self.codes, &known, anchor, first, count)),
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

    fn set_function_breakpoints(&mut self, specs: &[FunctionBreakpointSpec]) -> Vec<BreakpointStatus> {
        self.places.set_functions(self.vm, &mut self.codes, specs)
    }

    fn watchable(&mut self, target: &WatchTarget) -> Result<Watchable, DebugError> {
        let (datum, description) = match target {
            WatchTarget::Variable { of, name } => self.watchable_in(*of, name)?,
            WatchTarget::Expression { frame, source } => self.watchable_expression(*frame, source)?,
        };
        let id = self.data.offer(datum, description.clone());
        Ok(Watchable { id, description })
    }

    fn set_data_breakpoints(&mut self, specs: &[DataBreakpointSpec]) -> Vec<BreakpointStatus> {
        self.data.set(self.vm, &mut self.codes, &mut self.places, specs)
    }

    fn breakpoint_locations(&mut self, file: &str, first: u32, last: u32) -> Vec<SourceRange> {
        let found = self.codes.of_file(self.vm, file);
        let spots = found.iter().flat_map(|known| columns::spots(known.code()));
        let mut all: Vec<SourceRange> =
            spots.map(|spot| spot.location).filter(|l| (first..=last).contains(&l.line)).collect();
        all.sort_by_key(|l| (l.line, l.column, l.end_line, l.end_column));
        all.dedup_by_key(|l| (l.line, l.column));
        all
    }

    fn step_targets(&mut self, frame: FrameId) -> Result<Vec<StepTarget>, DebugError> {
        let at = self.frame_at(frame)?;
        // SAFETY: the frame is live.
        let known = self.codes.know(unsafe { at.frame.code() });
        Ok(columns::calls_from(&known, at.unit))
    }

    fn goto_targets(&mut self, file: &str, line: u32) -> Result<Vec<GotoTarget>, DebugError> {
        let at = self.movable()?;
        // SAFETY: the frame is live.
        let known = self.codes.know(unsafe { at.frame.code() });
        if !self.codes.same_file(&known.file, file) {
            let text = format!("the program is stopped in {}: it can go on at a line of that file only", known.file);
            return Err(DebugError::Refused(text));
        }
        jumps::targets(self.vm, &known, at.unit, line)
    }

    fn goto(&mut self, thread: ThreadId, to: InstructionAddress) -> Result<(), DebugError> {
        let at = self.movable()?;
        // SAFETY: the frame is live.
        let known = self.codes.know(unsafe { at.frame.code() });
        if thread.0 != threads::current(self.vm) || to.code != known.id {
            let text = "only the innermost frame of the stopped thread can go on elsewhere, within its function";
            return Err(DebugError::Refused(text.to_owned()));
        }
        self.move_to(at, to.offset / 2)
    }

    fn restart_frame(&mut self, frame: FrameId) -> Result<(), DebugError> {
        let at = self.frame_at(frame)?;
        if self.movable()?.frame.0 != at.frame.0 {
            let text = "only the innermost frame of the stopped thread can begin anew: step out to the one that is meant";
            return Err(DebugError::Refused(text.to_owned()));
        }
        // SAFETY: the frame is live.
        let (code, object) = unsafe { (at.frame.code(), frame_object::of_frame(self.vm, at.frame)) };
        self.move_to(at, jumps::beginning(code))?;
        if let Some(f) = object.cast::<PyFrame>() {
            jumps::clear_variables(f);
        }
        Ok(())
    }

    fn complete(&mut self, frame: Option<FrameId>, text: &str) -> Vec<Completion> {
        self.completions(frame, text)
    }

    fn read_memory(&mut self, value: ValueHandle, start: i64, count: usize) -> Result<MemoryPiece, DebugError> {
        let value = self.value_at(value)?;
        let bytes = memoryview::contents(value.value()).ok_or_else(no_memory)?;
        let from = usize::try_from(start.max(0)).unwrap_or(usize::MAX).min(bytes.len());
        let end = start.saturating_add(i64::try_from(count).unwrap_or(i64::MAX)).max(0);
        let to = usize::try_from(end).unwrap_or(usize::MAX).clamp(from, bytes.len());
        Ok(MemoryPiece { start: from, bytes: bytes[from..to].to_vec() })
    }

    fn write_memory(&mut self, value: ValueHandle, start: i64, new: &[u8]) -> Result<(), DebugError> {
        let value = self.value_at(value)?;
        let vm = self.vm;
        let written = memoryview::with_writable(vm, value.value(), |bytes| {
            let start = usize::try_from(start).ok()?;
            bytes.get_mut(start..start.checked_add(new.len())?)?.copy_from_slice(new);
            Some(())
        });
        match written.map_err(|e| raised(vm, e))? {
            Some(Some(())) => Ok(()),
            Some(None) => Err(DebugError::Refused("the bytes do not fit into the value's memory".to_owned())),
            None => {
                let name = type_object::qualname(vm.type_of(value.value()));
                Err(DebugError::Refused(format!("the memory of a {name} cannot be written")))
            }
        }
    }

    fn modules(&mut self) -> Vec<ModuleInfo> {
        self.all_modules()
    }

    fn loaded_files(&mut self) -> Vec<String> {
        self.all_files()
    }

    fn end_thread(&mut self, thread: ThreadId) -> Result<(), DebugError> {
        let exit = self.vm.error_args(crate::shape::SYSTEM_EXIT, &[]);
        match threads::raise_in(self.vm, thread.0, exit.0) {
            true => Ok(()),
            false => Err(DebugError::Stale("thread")),
        }
    }

    fn set_filters(&mut self, filters: CodeFilters) {
        self.codes.set_filters(filters);
    }

    fn forget_breakpoints(&mut self) {
        self.places.forget(&self.codes);
        self.data = DataBreakpoints::default();
        self.filter = ExceptionFilter::default();
        self.rules.clear();
    }
}

fn no_memory() -> DebugError {
    DebugError::Refused("this value has no memory to show".to_owned())
}
