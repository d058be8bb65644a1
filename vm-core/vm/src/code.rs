//! `code` objects as they run: the compiler's [`Code`] with its own copy of the code units, in
//! which instructions specialize themselves and keep their inline caches.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell, UnsafeCell};
use std::collections::HashMap;
use std::sync::Arc;

use tailscope_bytecode::code::{Code, Const, flags, kinds};
use tailscope_bytecode::exceptiontable;
use tailscope_bytecode::linetable::{self, Position};
use tailscope_bytecode::opcode::Opcode;

use crate::error::PyResult;
use crate::frame::HEADER_SLOTS;
use crate::monitor::CodeMonitor;
use crate::object::{self, Header, Payload};
use crate::ops::{fused, internal};
use crate::shape;
use crate::specialize::counter;
use crate::types::const_value;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A guarded range of instructions; numbers are code units.
#[derive(Clone, Copy, Debug)]
pub struct ExceptionHandler {
    pub start: u32,
    pub end: u32,
    pub target: u32,
    /// Depth of the value stack that the handler starts from.
    pub depth: u32,
    /// Whether the offset of the raising instruction is pushed below the exception.
    pub lasti: bool,
}

/// How STORE_ATTR adds an inline value to instances of one shape.
#[derive(Clone, Copy, Debug)]
pub struct Transition {
    /// Shape afterwards.
    pub shape: u32,
    /// Bytes from the header to the new value.
    pub offset: u32,
    /// Room that the instance must have, in inline values.
    pub needed_capacity: u32,
}

/// Most slots (locals, hidden slots and value stack) that a frame may have: the distance between
/// two frames is kept in 16 bits.
pub const MAX_FRAME_SLOTS: usize = 60_000;

/// Payload of a code object.
#[repr(C)]
pub struct PyCode {
    header: Header,
    /// Code units as they run: specialized opcodes, inline caches in use.
    units: Box<[UnsafeCell<u16>]>,
    /// Constants, borrowed from `owned_consts`: pushing one costs no reference, since the frame
    /// keeps its function alive, and that this object.
    consts: Box<[Value]>,
    owned_consts: Box<[Ref]>,
    /// Some constants are objects that no compiler makes: `code` does not show them.
    foreign_consts: bool,
    /// Interned.
    pub names: Box<[Value]>,
    /// Interned names of locals, cells and free variables, in slot order.
    pub localsplus_names: Box<[Value]>,
    pub handlers: Box<[ExceptionHandler]>,
    /// What the compiler made.
    pub code: Arc<Code>,
    pub filename: Ref,
    pub name: Value,
    pub qualname: Ref,
    pub nlocalsplus: u32,
    /// Locals plus hidden slots: where a frame's value stack starts.
    pub frame_slots: u32,
    /// Slots that a frame needs beyond its locals and hidden slots, the header of a callee included.
    pub stack_need: u32,
    pub argcount: u32,
    pub posonlyargcount: u32,
    pub kwonlyargcount: u32,
    pub flags: u32,
    pub nfreevars: u32,
    simple: bool,
    /// The RESUME that starts the body: a frame before it is still being set up.
    pub first_traceable: u32,
    /// Version that functions made from this code start with; never 0.
    pub version: u32,
    positions: OnceCell<Box<[Position]>>,
    /// Executions, misses and branches by code unit, while a profile is recorded.
    pub profile: Cell<*mut crate::interp::profile::Counters>,
    /// Place in the VM's list of code objects.
    pub(crate) registration: Cell<usize>,
    /// What STORE_ATTR_ADD_VALUE's caches name by index.
    transitions: UnsafeCell<Vec<Transition>>,
    /// Objects that inline caches point at: they live as long as the code does.
    pins: RefCell<Vec<Ref>>,
    /// Boxes that BINARY_OP's caches point at.
    #[allow(clippy::vec_box)] // Their addresses are in the caches.
    descriptors: RefCell<Vec<Box<crate::specialize::GetItemDescr>>>,
    /// Opcodes that breakpoints have replaced, by code unit.
    pub breakpoints: crate::interp::breakpoint::Patches,
    /// What Python tools want of this code, once any tool wants something.
    pub monitor: OnceCell<Box<CodeMonitor>>,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyCode {
    const SHAPE: u32 = shape::CODE;
}

impl Drop for PyCode {
    fn drop(&mut self) {
        Vm::current().interp.unregister_code(self);
    }
}

/// How a code object keeps its locals besides the fast ones.
pub mod hidden {
    /// Slots behind `nlocalsplus`: the mapping of names (no `CO_OPTIMIZED`), the generator.
    pub fn count(flags: u32) -> u32 {
        use tailscope_bytecode::code::flags::*;
        u32::from(flags & OPTIMIZED == 0)
            + u32::from(flags & (GENERATOR | COROUTINE | ASYNC_GENERATOR) != 0)
    }
}

/// Constants that were made already, so that merged constants of one module stay one object.
#[derive(Default)]
struct Made(HashMap<(usize, usize), Ref>);

impl PyCode {
    /// Makes the runtime form of `code`, nested code objects included.
    ///
    /// # Errors
    /// A frame larger than [`MAX_FRAME_SLOTS`], a table that cannot be read.
    pub fn new(vm: &Vm, code: &Arc<Code>) -> PyResult {
        Self::make(vm, code, &mut Made::default())
    }

    /// The same with constants of the caller's own, which `code` must show, or as `Ellipsis` where
    /// it cannot.
    ///
    /// # Errors
    /// As for [`PyCode::new`].
    pub fn with_constants(vm: &Vm, code: &Arc<Code>, consts: Vec<Ref>) -> PyResult {
        Self::assemble(vm, code, consts)
    }

    fn make(vm: &Vm, code: &Arc<Code>, made: &mut Made) -> PyResult {
        crate::interp::enter::check_native_stack(vm, " during compilation")?;
        let mut consts = Vec::with_capacity(code.consts.len());
        for c in &code.consts {
            consts.push(made.constant(vm, c)?);
        }
        Self::assemble(vm, code, consts)
    }

    fn assemble(vm: &Vm, code: &Arc<Code>, owned_consts: Vec<Ref>) -> PyResult {
        let mut code = Cow::Borrowed(code);
        if vm.runtime.config.flags.no_debug_ranges {
            let own = Arc::make_mut(code.to_mut());
            own.linetable = linetable::without_columns(&own.linetable, own.firstlineno);
        }
        let code = &*code;
        let nlocalsplus = code.localsplusnames.len() as u32;
        let frame_slots = nlocalsplus + hidden::count(code.flags);
        let need = frame_slots as usize + code.stacksize as usize;
        if need > MAX_FRAME_SLOTS {
            return Err(vm.system_error(format!(
                "{} needs a frame of {need} slots, and this VM has room for {MAX_FRAME_SLOTS}: \
                 split the function",
                code.qualname
            )));
        }
        let mut handlers = Vec::new();
        for entry in exceptiontable::entries(&code.exceptiontable) {
            let e = entry.map_err(|e| vm.system_error(format!("bad code object: {e}")))?;
            handlers.push(ExceptionHandler {
                start: e.start,
                end: e.end,
                target: e.target,
                depth: e.depth,
                lasti: e.lasti,
            });
        }
        let is_foreign = |(v, c): (&Ref, &Const)| matches!(c, Const::Ellipsis) && !v.is(vm.ellipsis());
        let foreign_consts = owned_consts.iter().zip(&code.consts).any(is_foreign);
        let intern = |names: &[Arc<str>]| names.iter().map(|n| vm.intern(n)).collect();
        let made = object::new_instance(vm.builtin(shape::CODE), PyCode {
            header: object::header(),
            units: quicken(&code.code),
            consts: owned_consts.iter().map(|r| r.value()).collect(),
            owned_consts: owned_consts.into(),
            foreign_consts,
            names: intern(&code.names),
            localsplus_names: intern(&code.localsplusnames),
            handlers: handlers.into(),
            filename: vm.intern(&code.filename).to_ref(),
            name: vm.intern(&code.name),
            qualname: vm.intern(&code.qualname).to_ref(),
            nlocalsplus,
            frame_slots,
            stack_need: code.stacksize + HEADER_SLOTS as u32 + 2,
            argcount: code.argcount,
            posonlyargcount: code.posonlyargcount,
            kwonlyargcount: code.kwonlyargcount,
            flags: code.flags,
            nfreevars: code.localspluskinds.iter().filter(|k| **k & kinds::FREE != 0).count() as u32,
            simple: code.flags & (flags::VARARGS | flags::VARKEYWORDS) == 0 && code.kwonlyargcount == 0,
            first_traceable: first_resume(&code.code),
            version: vm.interp.next_function_version(),
            positions: OnceCell::new(),
            profile: Cell::new(std::ptr::null_mut()),
            registration: Cell::new(usize::MAX),
            transitions: UnsafeCell::default(),
            pins: RefCell::default(),
            descriptors: RefCell::default(),
            breakpoints: Default::default(),
            monitor: OnceCell::new(),
            code: code.clone(),
        });
        if let Some(c) = made.cast_exact::<PyCode>() {
            vm.interp.register_code(c);
        }
        Ok(made)
    }

    /// The first code unit.
    #[inline(always)]
    pub fn entry(&self) -> *mut u16 {
        self.units.as_ptr() as *mut u16
    }

    /// The constants, borrowed.
    #[inline(always)]
    pub fn consts(&self) -> &[Value] {
        &self.consts
    }

    /// Whether some constants are objects that no compiler makes.
    pub fn has_foreign_consts(&self) -> bool {
        self.foreign_consts
    }

    /// Number of code units.
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// Never true of a code object that can run.
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// Whether an instruction pointer lies in this code.
    #[inline]
    pub fn contains(&self, ip: *const u16) -> bool {
        let start = self.entry() as usize;
        (start..=start + 2 * self.units.len()).contains(&(ip as usize))
    }

    /// Index of the code unit that `ip` points at.
    #[inline(always)]
    pub fn index_of(&self, ip: *const u16) -> usize {
        (ip as usize).wrapping_sub(self.entry() as usize) / 2
    }

    /// A code unit as it is now.
    pub fn unit(&self, index: usize) -> u16 {
        // SAFETY: this VM's thread alone touches the units, and no reference to one is kept.
        self.units.get(index).map_or(0, |u| unsafe { *u.get() })
    }

    /// Whether all parameters are positional: no `*args`, `**kwargs` or keyword-only ones.
    #[inline(always)]
    pub fn is_simple(&self) -> bool {
        self.simple
    }

    /// This object as a value, borrowed.
    pub fn as_value(&self) -> Value {
        Value::borrowed(&raw const self.header)
    }

    /// Index of the instruction that a code unit (maybe one of its caches) belongs to.
    pub fn instruction_start(&self, unit: usize) -> usize {
        let bytes = &self.code.code;
        let mut i = 0;
        while let Some(op) = bytes.get(2 * i).and_then(|b| Opcode::from_u8(*b)) {
            let next = i + 1 + op.cache_units();
            if unit < next {
                return i;
            }
            i = next;
        }
        unit
    }

    /// Has `CO_*` flags.
    #[inline(always)]
    pub fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// Whether calling a function of this code makes a generator, coroutine or async generator.
    pub fn is_generator_like(&self) -> bool {
        self.has(flags::GENERATOR | flags::COROUTINE | flags::ASYNC_GENERATOR)
    }

    /// Local names live in a mapping (modules, classes, `exec`).
    pub fn has_mapping(&self) -> bool {
        !self.has(flags::OPTIMIZED)
    }

    /// Slots of the variables of comprehensions that are inlined into code with a mapping of names.
    pub fn hidden_slots(&self) -> impl Iterator<Item = usize> + '_ {
        let slots = if self.has_mapping() { self.localsplus_names.len() } else { 0 };
        (0..slots).filter(|i| self.kind(*i) & kinds::HIDDEN != 0)
    }

    /// The handler that guards a code unit.
    pub fn handler_for(&self, unit: u32) -> Option<&ExceptionHandler> {
        // Ranges are ascending and do not overlap.
        let after = self.handlers.partition_point(|h| h.start <= unit);
        let h = self.handlers.get(after.checked_sub(1)?)?;
        (unit < h.end).then_some(h)
    }

    /// A transition that a cache of this code names.
    #[inline(always)]
    pub fn transition(&self, i: usize) -> Transition {
        // SAFETY: caches hold indices that `add_transition` gave out; entries are never removed,
        // and no reference into the vector is kept.
        unsafe { *(&*self.transitions.get()).get_unchecked(i) }
    }

    /// Index of a transition; `None` when there are too many for a cache.
    pub fn add_transition(&self, t: Transition) -> Option<u16> {
        // SAFETY: as above.
        let all = unsafe { &mut *self.transitions.get() };
        let known = all.iter().position(|o| (o.shape, o.offset, o.needed_capacity) == (t.shape, t.offset, t.needed_capacity));
        if let Some(i) = known {
            return u16::try_from(i).ok();
        }
        let i = u16::try_from(all.len()).ok()?;
        all.push(t);
        Some(i)
    }

    /// Keeps an object that an inline cache is about to point at.
    pub fn pin(&self, v: Value) {
        let mut pins = self.pins.borrow_mut();
        if !pins.iter().any(|p| p.is(v)) {
            pins.push(v.to_ref());
        }
    }

    /// Calls `visit` with what the code owns.
    #[cfg(debug_assertions)]
    pub(crate) fn show_owned(&self, visit: &mut dyn FnMut(Value)) {
        let pins = self.pins.borrow();
        self.owned_consts.iter().chain(pins.iter()).chain([&self.filename, &self.qualname]).for_each(|r| visit(r.value()));
    }

    /// Keeps a descriptor that an inline cache is about to point at.
    pub fn keep_descriptor(&self, d: crate::specialize::GetItemDescr) -> *const crate::specialize::GetItemDescr {
        let mut all = self.descriptors.borrow_mut();
        all.push(Box::new(d));
        match all.last() {
            Some(d) => &raw const **d,
            None => std::ptr::null(),
        }
    }

    /// Source position of every code unit, decoded at first use.
    pub fn positions(&self) -> &[Position] {
        self.positions.get_or_init(|| self.code.positions().collect())
    }

    /// Line of a code unit, if it has one.
    pub fn line_at(&self, unit: usize) -> Option<i32> {
        self.positions().get(unit).and_then(|p| p.line)
    }

    /// The opcode that the compiler wrote at a code unit; `RESERVED` behind the end.
    pub fn base_opcode(&self, unit: usize) -> Opcode {
        self.code.code.get(2 * unit).and_then(|b| Opcode::from_u8(*b)).unwrap_or(Opcode::RESERVED)
    }

    /// What Python tools want of this code.
    pub fn monitor(&self) -> &CodeMonitor {
        self.monitor.get_or_init(Default::default)
    }

    /// Kinds (`kinds::*`) of a local, cell or free variable.
    pub fn kind(&self, slot: usize) -> u8 {
        self.code.localspluskinds.get(slot).copied().unwrap_or(0)
    }
}

impl Made {
    fn constant(&mut self, vm: &Vm, c: &Const) -> PyResult {
        let key = match c {
            Const::Str(s) => Some((s.0.as_ptr() as usize, s.0.len())),
            Const::Bytes(b) => Some((b.as_ptr() as usize, b.len() | 1 << 62)),
            Const::Tuple(t) | Const::FrozenSet(t) => Some((t.as_ptr() as usize, t.len() | 1 << 61)),
            _ => None,
        };
        // Empty slices may share an address with anything.
        let key = key.filter(|k| k.1 & ((1 << 61) - 1) != 0);
        if let Some(found) = key.and_then(|k| self.0.get(&k)) {
            return Ok(found.clone());
        }
        let value = match c {
            Const::Code(code) => PyCode::make(vm, code, self)?,
            Const::Tuple(items) => {
                let items = self.constants(vm, items)?;
                const_value::tuple(vm, items)
            }
            Const::FrozenSet(items) => {
                let items = self.constants(vm, items)?;
                const_value::frozenset(vm, items)?
            }
            Const::Slice(parts) => {
                let parts = self.constants(vm, &parts[..])?;
                const_value::slice(vm, &parts)
            }
            simple => const_value::simple(vm, simple),
        };
        if let Some(k) = key {
            self.0.insert(k, value.clone());
        }
        Ok(value)
    }

    fn constants(&mut self, vm: &Vm, items: &[Const]) -> PyResult<Vec<Ref>> {
        items.iter().map(|c| self.constant(vm, c)).collect()
    }
}

/// Index of the first RESUME; 0 in code without one.
fn first_resume(bytes: &[u8]) -> u32 {
    let mut i = 0;
    while let Some(op) = bytes.get(2 * i).and_then(|b| Opcode::from_u8(*b)) {
        if op == Opcode::RESUME {
            return i as u32;
        }
        i += 1 + op.cache_units();
    }
    0
}

/// Copies the code units and gives each inline cache its first counter.
fn quicken(bytes: &[u8]) -> Box<[UnsafeCell<u16>]> {
    let mut units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|b| u16::from(b[0]) | u16::from(b[1]) << 8)
        .collect();
    let mut i = 0;
    while i < units.len() {
        let Some(op) = Opcode::from_u8(units[i] as u8) else { break };
        let caches = op.cache_units();
        if caches > 0 && i + 1 < units.len() {
            units[i + 1] = counter::initial(op);
        }
        let next = i + 1 + caches;
        let follower = units.get(next).and_then(|u| Opcode::from_u8(*u as u8));
        if follower != Some(Opcode::NOT_TAKEN) {
            let opcode = fused::fuse(internal::bare_jump(op), follower);
            units[i] = units[i] & 0xFF00 | u16::from(opcode);
        }
        i = next;
    }
    units.into_iter().map(UnsafeCell::new).collect()
}
