//! The native frames of the handlers that executed the last instructions, read from the stopped
//! program's own stack.

use std::collections::HashMap;
use std::rc::Rc;

use tailscope_dwarf::{
    Content, Frame, Image, Inlined, Memory, Module, Modules, NOT_AVAILABLE, Overlay,
    ProcessMemory, Reader, Registers, TypeId, Types, Variable, VariableKind, inlined, own_bias,
    variables,
};
use tailscope_vm::bytecode::opcode::Opcode;
use tailscope_vm::debug::{DebugError, Debuggee, ExecutedInstruction, HandlerRegisters, ValueFormat};
use tailscope_vm::interp::frames::{Kept, Window, window};

use crate::link::messages::{
    AccessWord, ExecutedView, HandlerParts, HandlerView, Inside, KindWord, NATIVE, VariableView,
};

/// Paths of the functions that are looked for on the native stack.
const HANDLERS: &str = "tailscope_frames::handlers::opcodes::";
const RUN: &str = "tailscope_frames::run";
const BODIES: &str = "tailscope_vm::ops::";

/// Most native frames that are looked through.
const MOST_FRAMES: usize = 20_000;

/// What is the same at each stop: the binary's debug information.
struct Binary {
    modules: Modules,
    types: Types,
    /// Names of the functions that return addresses lie in.
    names: HashMap<u64, String>,
}

/// A handler on the stack.
struct Handler {
    opname: String,
    frame: Frame,
    /// The memory that its frame is in.
    memory: Rc<OwnMemory>,
    registers: HandlerRegisters,
    /// Higher for one that executes later.
    sequence: u64,
    passed_on: bool,
    source: Option<(String, u32)>,
}

/// A value of the VM's own that can be looked into.
struct Native {
    ty: TypeId,
    content: Content,
    memory: Rc<OwnMemory>,
}

type OwnMemory = Overlay<ProcessMemory>;
/// A variable: its name, its type's, and its value if it has one.
type Part = (String, String, Option<(TypeId, Content)>);

/// The handlers of a stop.
#[derive(Default)]
pub(super) struct NativeFrames {
    binary: Option<Binary>,
    handlers: Vec<Handler>,
    /// How many of them executed their instruction.
    executed: usize,
    natives: Vec<Native>,
}

fn refused(e: tailscope_dwarf::Error) -> DebugError {
    DebugError::Refused(e.to_string())
}

impl Binary {
    fn open() -> Result<Binary, DebugError> {
        let image = Image::own().map_err(refused)?;
        let modules = Modules(vec![Module::new(image, own_bias(image))]);
        Ok(Binary { modules, types: Types::new(image), names: HashMap::new() })
    }

    /// The path of the function that a frame is in.
    fn name(&mut self, frame: &Frame) -> &str {
        let at = frame.lookup_pc();
        let Binary { modules, names, .. } = self;
        names.entry(at).or_insert_with(|| {
            let module = modules.at(at);
            let symbol = module.and_then(|m| m.image.symbol_at(m.in_file(at)));
            symbol.map_or_else(String::new, |s| s.demangled())
        })
    }

    /// The opcode whose handler a frame is, if it is one's. HALT stands behind the code that native
    /// code calls and belongs to none.
    fn handler(&mut self, frame: &Frame) -> Option<String> {
        self.name(frame).strip_prefix(HANDLERS).filter(|name| *name != "HALT").map(str::to_owned)
    }

    fn variables(&self, frame: &Frame, memory: &dyn Memory) -> Vec<Variable> {
        let Some(module) = self.modules.at(frame.lookup_pc()) else { return Vec::new() };
        variables(&self.types, memory, module, frame).unwrap_or_default()
    }

    /// The name of the function that a pointer to one points at.
    fn function(&self, reader: Reader, ty: TypeId, content: &Content) -> Option<String> {
        if !self.types.get(ty).ok()?.name.contains("fn(") {
            return None;
        }
        let at = reader.number(content, 0, 8).ok()?;
        let module = self.modules.at(at)?;
        Some(module.image.symbol_at(module.in_file(at))?.demangled().trim_start_matches(HANDLERS).to_owned())
    }

    /// The instruction's body, which is inlined into its handler.
    fn body(&self, frame: &Frame, memory: &dyn Memory, opname: &str) -> Option<Inlined> {
        let module = self.modules.at(frame.lookup_pc())?;
        let is_body = |name: &str| name.starts_with(BODIES) && name.rsplit("::").next() == Some(opname);
        inlined(&self.types, memory, module, frame, is_body).ok()?
    }
}

impl NativeFrames {
    /// Forgets what the program's going on makes untrue.
    pub fn reset(&mut self) {
        self.handlers.clear();
        self.executed = 0;
        self.natives.clear();
    }

    /// The handlers of the last `count` instructions of the thread that has stopped, the newest first.
    pub fn list(&mut self, vm: &mut dyn Debuggee, thread: u64, count: usize) -> Result<Vec<HandlerView>, DebugError> {
        self.reset();
        let mut binary = match self.binary.take() {
            Some(binary) => binary,
            None => Binary::open()?,
        };
        self.find(&mut binary, count, thread);
        self.binary = Some(binary);
        let registers: Vec<HandlerRegisters> = self.handlers.iter().map(|h| h.registers).collect();
        let mut views = Vec::new();
        for (handler, executed) in std::mem::take(&mut self.handlers).into_iter().zip(vm.executed(&registers)) {
            let Some(executed) = executed else { continue };
            views.push(view(&handler, executed));
            self.handlers.push(handler);
        }
        Ok(views)
    }

    /// Walks the native stack, what each window kept of it, and what lay on it of runs that have ended.
    fn find(&mut self, binary: &mut Binary, count: usize, thread: u64) {
        let memory = Rc::new(Overlay::new(ProcessMemory::own()));
        let live = binary.modules.clone().walk(&*memory, Registers::here(), MOST_FRAMES, |_| false);
        for frame in live {
            if self.executed >= count {
                break;
            }
            if let Some(opname) = binary.handler(&frame) {
                self.add(binary, frame, opname, &memory);
            } else if binary.name(&frame) == RUN {
                let all = binary.variables(&frame, &*memory);
                let found = all.iter().find(|v| v.name == "window").and_then(|v| match &v.content {
                    Ok(Content::At(address)) => Some(*address as *const Window),
                    _ => None,
                });
                if let Some(window) = found {
                    // SAFETY: a variable of a function that has not returned, on this thread's stack;
                    // only handlers change it, and none runs now.
                    let kept = unsafe { (*window).kept() };
                    self.find_in(binary, kept, count);
                }
            }
        }
        let mut left = count;
        window::ended(|kept| {
            if left > 0 && kept.thread == thread {
                self.find_in(binary, kept, left);
                left = left.saturating_sub(kept.count as usize);
            }
        });
        self.handlers.sort_by_key(|h| std::cmp::Reverse(h.sequence));
        let mut left = count;
        self.handlers.retain(|h| {
            let wanted = left > 0;
            left -= usize::from(wanted && !h.passed_on);
            wanted
        });
    }

    /// The handlers in a copy of a stack: at most `count`, but for those that passed their instruction
    /// on.
    fn find_in(&mut self, binary: &mut Binary, kept: &Kept, count: usize) {
        if kept.count == 0 {
            return;
        }
        let mut memory = Overlay::new(ProcessMemory::own());
        memory.add(kept.address as u64, kept.bytes.clone());
        let memory = Rc::new(memory);
        let mut registers = Registers::default();
        for (number, value) in (0..).zip(kept.registers) {
            registers.set(number, Some(value));
        }
        let frames = binary.modules.clone().walk(&*memory, registers, MOST_FRAMES, |_| false);
        let known = self.executed;
        for frame in frames {
            if self.executed - known >= count || binary.name(&frame) == RUN {
                break;
            }
            if let Some(opname) = binary.handler(&frame) {
                self.add(binary, frame, opname, &memory);
            }
        }
    }

    fn add(&mut self, binary: &Binary, frame: Frame, opname: String, memory: &Rc<OwnMemory>) {
        let own = &**memory;
        let reader = Reader { types: &binary.types, memory: own };
        let all = binary.variables(&frame, own);
        let named = |name: &str| all.iter().find(|v| v.name == name && v.function == 0);
        let number = |name| named(name).and_then(|v| reader.number(v.content.as_ref().ok()?, 0, 8).ok());
        let flow = named("flow").and_then(|v| Some(reader.show(v.ty?, v.content.as_ref().ok()?).text));
        let registers = HandlerRegisters { ip: number("ip").unwrap_or(0), fp: number("fp").unwrap_or(0) };
        let sequence = number("sequence").unwrap_or(0);
        let body = binary.body(&frame, own, &opname);
        let source = body.and_then(|b| b.declared).map(|place| (place.file, place.line));
        // A breakpoint stands in the place of an instruction, which another handler executes.
        let passed_on = opname == "BREAKPOINT"
            || flow.is_some_and(|f| matches!(f.as_str(), "Deopt" | "Specialize" | "Again"));
        let memory = Rc::clone(memory);
        self.executed += usize::from(!passed_on);
        self.handlers.push(Handler { opname, frame, memory, registers, sequence, passed_on, source });
    }

    /// Parameters and variables of a handler.
    pub fn parts(&mut self, vm: &mut dyn Debuggee, index: usize, format: ValueFormat) -> Result<HandlerParts, DebugError> {
        let binary = self.binary.take();
        let parts = match (&binary, self.handlers.get(index)) {
            (Some(binary), Some(handler)) => {
                let memory = Rc::clone(&handler.memory);
                let all = binary.variables(&handler.frame, &*memory);
                let body = binary.body(&handler.frame, &*memory, &handler.opname);
                let (parameters, locals): (Vec<_>, Vec<_>) =
                    all.into_iter().filter(|v| v.function == 0).partition(|v| v.kind == VariableKind::Parameter);
                // The body's registers are the handler's.
                let body = body.map_or_else(Vec::new, |b| b.variables);
                let body: Vec<_> = body.into_iter().filter(|v| v.name != "r" && is_reached(binary, v, &memory)).collect();
                let mut of = |list: Vec<Variable>| self.views(vm, binary, list, &memory, format);
                Ok(HandlerParts { parameters: of(parameters), variables: of(body.into_iter().chain(locals).collect()) })
            }
            _ => Err(DebugError::Stale("frame")),
        };
        self.binary = binary;
        parts
    }

    fn views(
        &mut self,
        vm: &mut dyn Debuggee,
        binary: &Binary,
        list: Vec<Variable>,
        memory: &Rc<OwnMemory>,
        format: ValueFormat,
    ) -> Vec<VariableView> {
        let parts = list.into_iter().map(|v| (v.name, v.type_name, v.ty.zip(v.content.ok())));
        self.show(vm, binary, parts.collect(), memory, format)
    }

    /// Values of the VM as the Python values that they are, others as their types say.
    fn show(
        &mut self,
        vm: &mut dyn Debuggee,
        binary: &Binary,
        list: Vec<Part>,
        memory: &Rc<OwnMemory>,
        format: ValueFormat,
    ) -> Vec<VariableView> {
        let mut views = Vec::new();
        let mut words = Vec::new();
        for (name, type_name, value) in list {
            let Some((ty, content)) = value else {
                views.push(plain(name, NOT_AVAILABLE.to_owned(), type_name));
                continue;
            };
            let reader = Reader { types: &binary.types, memory: &**memory };
            let shown = reader.show(ty, &content);
            if let Some(word) = shown.word {
                words.push((views.len(), (name.clone(), word)));
            }
            let text = binary.function(reader, ty, &content).unwrap_or(shown.text);
            let mut view = plain(name, text, type_name);
            if shown.has_children {
                let named = reader.children(ty, &content).len();
                self.natives.push(Native { ty, content, memory: Rc::clone(memory) });
                let handle = NATIVE | (self.natives.len() as u64 - 1);
                view.inside = Some(Inside { handle, named, indexed: 0 });
            }
            views.push(view);
        }
        let (places, words): (Vec<usize>, Vec<(String, u64)>) = words.into_iter().unzip();
        for ((place, value), (_, word)) in places.into_iter().zip(vm.values(&words, format)).zip(&words) {
            if let Some(view) = views.get_mut(place) {
                match value {
                    Some(value) => *view = value.into(),
                    None => view.value = no_value(*word),
                }
            }
        }
        views
    }

    /// The inside of a value of the VM's own.
    pub fn inside(&mut self, vm: &mut dyn Debuggee, handle: u64, format: ValueFormat) -> Result<Vec<VariableView>, DebugError> {
        let binary = self.binary.take();
        let result = match (&binary, self.natives.get((handle & !NATIVE) as usize)) {
            (Some(binary), Some(native)) => {
                let memory = &Rc::clone(&native.memory);
                let reader = Reader { types: &binary.types, memory: &**memory };
                let children = reader.children(native.ty, &native.content);
                let named = |ty| binary.types.get(ty).map(|t| t.name.clone()).unwrap_or_default();
                let parts = children.into_iter().map(|c| (c.name, named(c.ty), Some((c.ty, c.content))));
                let parts = parts.collect();
                Ok(self.show(vm, binary, parts, memory, format))
            }
            _ => Err(DebugError::Stale("value")),
        };
        self.binary = binary;
        result
    }
}

/// Whether a body's variable was given a value: its place is not as it was before the handler ran.
fn is_reached(binary: &Binary, variable: &Variable, memory: &OwnMemory) -> bool {
    let (Some(ty), Ok(Content::At(address))) = (variable.ty, &variable.content) else { return true };
    let size = binary.types.get(ty).map_or(0, |t| t.size);
    let Ok(bytes) = memory.read_vec(*address, size.min(8) as usize) else { return false };
    let marks = window::MARK.to_le_bytes().into_iter().cycle().skip(*address as usize % 8);
    size > 0 && bytes.into_iter().zip(marks).any(|(byte, mark)| byte != mark)
}

macro_rules! collect_names {
    ($(
        $(#[doc = $doc:literal])*
        $name:ident = $number:literal => $family:ident,
        ($($effect:tt)*), [$($entry:ident : $units:literal),*], {$($flag:ident)*};
    )*) => {
        /// All instructions, the VM's own among them, with their numbers.
        const NAMES: &[(&str, u32)] = &[$((stringify!($name), $number)),*];
    };
}
tailscope_vm::for_each_instruction!(collect_names);

/// The name that others know an instruction by: the VM's own ones stand for CPython's.
fn public_name(opname: &str) -> String {
    let number = NAMES.iter().find(|(name, _)| *name == opname).and_then(|(_, number)| u8::try_from(*number).ok());
    let public = number.and_then(|n| Opcode::from_u8(tailscope_vm::ops::internal::public(n)));
    public.map_or_else(|| opname.to_owned(), |op| op.name().to_owned())
}

fn view(handler: &Handler, executed: ExecutedInstruction) -> HandlerView {
    HandlerView {
        opname: public_name(&handler.opname),
        passed_on: handler.passed_on,
        source: handler.source.clone(),
        instruction: ExecutedView {
            address: executed.address.to_number(),
            argument: executed.argument,
            location: executed.location.map(Into::into),
            function: executed.function,
            file: executed.file,
            frame: executed.frame.map(|frame| frame.0),
        },
    }
}

/// What a word is that is no value now.
fn no_value(word: u64) -> String {
    match word {
        12 => "NULL".to_owned(),
        _ => format!("{word:#x}, an object that is gone"),
    }
}

fn plain(name: String, value: String, type_name: String) -> VariableView {
    VariableView {
        name,
        value,
        type_name,
        kind: KindWord::Virtual,
        inside: None,
        access: AccessWord::None,
        settable: false,
        lazy: false,
        memory: None,
        defined: None,
    }
}
