//! What the interpreter keeps in memory: the spilled registers, the stack's bounds, the
//! exception on its way, the settings.

use std::cell::{Cell, RefCell, UnsafeCell};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::code::PyCode;
use crate::error::PyResult;
use crate::frame::{Frame, LEAVE_SLOW, Link};
use crate::interp::observe::Observer;
use crate::interp::stack::Stack;
use crate::interp::{Handler, Interp, Mode};
use crate::interp::regs::MAX_DYING;
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::shape;
use crate::types::generator::HandledException;
use crate::value::Value;
use crate::vm::Vm;

/// Bits of the eval breaker: what the next RESUME or backward jump has to see to.
pub mod breaker {
    /// The dispatch table was switched.
    pub const MODE: u32 = 1;
    /// A debugger wants to be called.
    pub const INTERRUPT: u32 = 2;
    /// A signal has come.
    pub const SIGNAL: u32 = 4;
    /// Another green thread should run.
    pub const SWITCH: u32 = 8;
    /// An exception was thrown into this thread from outside.
    pub const ASYNC_EXCEPTION: u32 = 16;
    /// Memory has grown: the cycle collector should run.
    pub const COLLECT: u32 = 32;
    /// Memory has run out; what was kept for that case has served so far.
    pub const MEMORY: u32 = 64;
}

/// The interpreter's part of the VM. The fields that handlers touch come first.
#[repr(C)]
pub struct State {
    pub ip: Cell<*const u16>,
    pub sp: Cell<*mut Value>,
    pub fp: Cell<*mut Value>,
    /// Dispatch table that handlers run through; see [`super::choose_table`].
    pub table: Cell<*const Handler>,
    /// Where the trace recorder writes next.
    pub cursor: Cell<u64>,
    /// `breaker::*` bits. Other threads and signal handlers set them.
    pub breaker: AtomicU32,
    /// Python frames that may still be entered.
    pub depth_left: Cell<i32>,
    /// Where the value stack ends.
    pub limit: Cell<*mut Value>,
    /// The clock is `clock_base + ip`, in bytes of code.
    pub clock_base: Cell<u64>,
    /// Innermost context that handles an exception.
    pub handled: Cell<*const HandledException>,
    /// The exception on its way (while `Flow::Raise` is).
    pub raised: OwnedCell,
    /// Objects without references that the running instruction leaves to be destroyed.
    dying: [Cell<*mut Header>; MAX_DYING],
    dying_count: Cell<usize>,

    outermost_handled: HandledException,
    pub stack: UnsafeCell<Stack>,
    pub mode: Cell<Mode>,
    pub interp: Cell<Interp>,
    /// Frame objects of frames that are on a stack, sorted by their places: in each thread the
    /// innermost is last.
    pub frame_objects: RefCell<Vec<(*mut Value, crate::value::Ref)>>,
    pub recursion_limit: Cell<i32>,
    /// All code objects that exist.
    codes: RefCell<Vec<*const PyCode>>,
    /// Code objects made while a trace is recorded, kept alive until its end.
    recorded_codes: RefCell<Vec<crate::value::Ref>>,
    /// Those made since a debugger last looked; `None` while there is no debugger.
    fresh_codes: RefCell<Option<Vec<*const PyCode>>>,
    /// Code that was compiled from a text since then, and the text.
    fresh_texts: RefCell<Vec<(crate::value::Ref, String)>>,
    function_version: Cell<u32>,
    pub observer: RefCell<Option<Box<dyn Observer>>>,
    /// What is decided about breakpoints without the observer.
    pub quickly: crate::debug::live::Quickly,
    pub recorder: UnsafeCell<crate::interp::record::Recorder>,
    pub profile: RefCell<crate::interp::profile::Profile>,
    /// Lowest native stack address that a nested run may start from.
    pub native_limit: Cell<usize>,
    /// Some of what lies behind the limit is in use, by a thread.
    pub in_reserve: Cell<bool>,
    pub async_exception: OwnedCell,
    /// Code unit that RERAISE names as the origin of its exception.
    pub reraise_unit: Cell<Option<u32>>,
    /// Raised where there is no memory for a new one.
    pub last_memory_error: OwnedCell,
    pub callable_cache: crate::specialize::CallableCache,
    pub common_constants: [OwnedCell; 5],
    /// The shared strings of one ASCII character.
    ascii: UnsafeCell<[Value; 128]>,
    /// Whether a function ever got another code object: suspended generators are checked then.
    pub code_replaced: Cell<bool>,
    /// `sys.set_coroutine_origin_tracking_depth`.
    pub origin_tracking_depth: Cell<i32>,
    /// `sys.set_asyncgen_hooks`.
    pub async_generator_first: OwnedCell,
    pub async_generator_finalizer: OwnedCell,
    /// The interpreter whose handlers lie on the native stack.
    pub frames: super::frames::Frames,
    /// Tools written in Python that want events.
    pub monitor: crate::monitor::Monitor,
}

impl State {
    pub(crate) fn new() -> State {
        State {
            ip: Cell::new(std::ptr::null()),
            sp: Cell::new(std::ptr::null_mut()),
            fp: Cell::new(std::ptr::null_mut()),
            table: Cell::new(super::plain_table()),
            cursor: Cell::new(0),
            breaker: AtomicU32::new(0),
            depth_left: Cell::new(1000),
            limit: Cell::new(std::ptr::null_mut()),
            clock_base: Cell::new(0),
            handled: Cell::new(std::ptr::null()),
            raised: OwnedCell::null(),
            dying: [const { Cell::new(std::ptr::null_mut()) }; MAX_DYING],
            dying_count: Cell::new(0),
            outermost_handled: HandledException::default(),
            stack: UnsafeCell::new(Stack::empty()),
            mode: Cell::new(Mode::Plain),
            interp: Cell::new(Interp::default()),
            frame_objects: RefCell::default(),
            recursion_limit: Cell::new(1000),
            codes: RefCell::default(),
            recorded_codes: RefCell::default(),
            fresh_codes: RefCell::default(),
            fresh_texts: RefCell::default(),
            function_version: Cell::new(1),
            observer: RefCell::default(),
            quickly: Default::default(),
            recorder: UnsafeCell::default(),
            profile: RefCell::default(),
            native_limit: Cell::new(0),
            in_reserve: Cell::new(false),
            async_exception: OwnedCell::null(),
            reraise_unit: Cell::new(None),
            last_memory_error: OwnedCell::null(),
            callable_cache: Default::default(),
            common_constants: Default::default(),
            ascii: UnsafeCell::new([Value::NULL; 128]),
            code_replaced: Cell::new(false),
            origin_tracking_depth: Cell::new(0),
            async_generator_first: OwnedCell::null(),
            async_generator_finalizer: OwnedCell::null(),
            frames: Default::default(),
            monitor: Default::default(),
        }
    }

    /// To be called once the VM has its place in memory and its types.
    pub(crate) fn init(&self, vm: &Vm) {
        self.handled.set(&raw const self.outermost_handled);
        let stack = Stack::reserve(super::stack::DEFAULT_SLOTS);
        self.sp.set(stack.base());
        self.fp.set(std::ptr::null_mut());
        self.limit.set(stack.limit());
        // SAFETY: nobody uses the (empty) stack yet.
        unsafe { *self.stack.get() = stack };
        self.native_limit.set(super::stack::native_stack_limit());
        for c in 0..128u8 {
            // SAFETY: nobody reads the table yet.
            unsafe { (*self.ascii.get())[c as usize] = vm.intern_bytes(&[c]) };
        }
    }

    /// The str of one ASCII character.
    #[inline(always)]
    pub fn ascii(&self, c: u8) -> Value {
        // SAFETY: filled by `init`, never changed; ASCII is below 128.
        unsafe { (&*self.ascii.get())[(c & 127) as usize] }
    }

    /// What LOAD_COMMON_CONSTANT pushes.
    ///
    /// # Errors
    /// If `all` or `any` has gone from the builtins before it was first used.
    pub fn common_constant(&self, vm: &Vm, i: usize) -> PyResult {
        let Some(cell) = self.common_constants.get(i) else {
            return Err(vm.system_error(format!("LOAD_COMMON_CONSTANT has no constant {i}")));
        };
        if let Some(v) = cell.get_ref() {
            return Ok(v);
        }
        let v = match i {
            0 => vm.builtin(shape::ASSERTION_ERROR).to_ref(),
            1 => vm.builtin(shape::NOT_IMPLEMENTED_ERROR).to_ref(),
            2 => vm.builtin(shape::TUPLE).to_ref(),
            3 => crate::runtime::import_attr(vm, "builtins", "all")?,
            _ => crate::runtime::import_attr(vm, "builtins", "any")?,
        };
        cell.set(v.clone());
        Ok(v)
    }

    #[inline(always)]
    pub fn spill(&self, ip: *const u16, sp: *mut Value, fp: *mut Value) {
        self.ip.set(ip);
        self.sp.set(sp);
        self.fp.set(fp);
    }

    /// Keeps an object without references until the running instruction is over.
    #[inline(always)]
    pub fn add_dying(&self, p: *mut Header) {
        let n = self.dying_count.get();
        debug_assert!(n < MAX_DYING, "an instruction lets too many objects die");
        self.dying[n % MAX_DYING].set(p);
        self.dying_count.set(n + 1);
    }

    /// Destroys the objects of `add_dying`, first come, first gone. The registers must be spilled.
    pub fn destroy_dying(&self) {
        let n = self.dying_count.replace(0).min(MAX_DYING);
        if n == 1 {
            // SAFETY: put there with a count of zero, and nobody else destroys it.
            return unsafe { object::destroy(self.dying[0].get()) };
        }
        // Instructions that finalizers run have dying objects of their own.
        let all: [*mut Header; MAX_DYING] = std::array::from_fn(|i| self.dying[i].get());
        for &p in &all[..n] {
            // SAFETY: put there with a count of zero, and nobody else destroys it.
            unsafe { object::destroy(p) };
        }
    }

    /// Keeps the clock going when `ip` moves from one place to another.
    #[inline(always)]
    pub fn transfer(&self, from: *const u16, to: *const u16) {
        self.clock_base.set(
            self.clock_base.get().wrapping_add(from as u64).wrapping_sub(to as u64),
        );
    }

    /// Code units executed since the start, as of the spilled registers.
    pub fn clock(&self) -> u64 {
        self.clock_at(self.ip.get())
    }

    /// The same for an instruction pointer of the running frame.
    #[inline(always)]
    pub fn clock_at(&self, ip: *const u16) -> u64 {
        self.clock_base.get().wrapping_add(ip as u64) / 2
    }

    /// Called by each code object once it has its place.
    pub(crate) fn register_code(&self, code: &PyCode) {
        let mut codes = self.codes.borrow_mut();
        code.registration.set(codes.len());
        codes.push(code);
        if self.mode.get() == Mode::Record {
            // A record is an address, which must not come to mean another instruction.
            self.recorded_codes.borrow_mut().push(code.as_value().to_ref());
        }
        if let Some(fresh) = &mut *self.fresh_codes.borrow_mut() {
            fresh.push(code);
            // The code's first RESUME comes after this.
            self.request(super::breaker::INTERRUPT);
        }
    }

    /// Lets go of the code objects that a recording kept alive.
    pub fn release_recorded_codes(&self) {
        let kept = std::mem::take(&mut *self.recorded_codes.borrow_mut());
        drop(kept);
    }

    /// From now on a debugger is told of code objects that are made.
    pub fn watch_codes(&self) {
        self.fresh_codes.borrow_mut().get_or_insert_default();
    }

    /// Code was compiled from a text: a debugger keeps it, to show it.
    pub(crate) fn note_text(&self, code: &crate::value::Ref, text: &str) {
        if self.fresh_codes.borrow().is_some() {
            self.fresh_texts.borrow_mut().push((code.clone(), text.to_owned()));
        }
    }

    /// The texts that code was compiled from since this was last asked.
    pub fn take_fresh_texts(&self) -> Vec<(crate::value::Ref, String)> {
        std::mem::take(&mut *self.fresh_texts.borrow_mut())
    }

    /// The code objects that were made since this was last asked.
    pub fn take_fresh_codes(&self) -> Vec<crate::value::Ref> {
        let mut fresh = self.fresh_codes.borrow_mut();
        let taken = fresh.as_mut().map(std::mem::take).unwrap_or_default();
        // SAFETY: code objects leave the list when they go.
        taken.into_iter().map(|code| unsafe { &*code }.as_value().to_ref()).collect()
    }

    /// Called by each code object when it goes.
    pub(crate) fn unregister_code(&self, code: &PyCode) {
        if let Some(fresh) = &mut *self.fresh_codes.borrow_mut() {
            fresh.retain(|c| !std::ptr::eq(*c, code));
        }
        let mut codes = self.codes.borrow_mut();
        let i = code.registration.get();
        if codes.get(i).is_some_and(|c| std::ptr::eq(*c, code)) {
            codes.swap_remove(i);
            if let Some(moved) = codes.get(i) {
                // SAFETY: registered code objects are alive.
                unsafe { (**moved).registration.set(i) };
            }
        }
    }

    /// Calls `f` with every code object, in no particular order.
    pub fn for_each_code(&self, mut f: impl FnMut(&PyCode)) {
        for code in self.codes.borrow().iter() {
            // SAFETY: registered code objects are alive.
            f(unsafe { &**code });
        }
    }

    /// A version for functions of one code object, never 0. Runs out after 2^32 - 1 of them;
    /// calls are not specialized then.
    pub fn next_function_version(&self) -> u32 {
        let v = self.function_version.get();
        if v != 0 {
            self.function_version.set(v.wrapping_add(1));
        }
        v
    }

    /// The frame that runs, if Python code runs at all.
    pub fn current_frame(&self) -> Option<Frame> {
        let fp = self.fp.get();
        (!fp.is_null()).then_some(Frame(fp))
    }

    /// Asks for attention at the next RESUME or backward jump. Signal handlers may call it.
    pub fn request(&self, bits: u32) {
        self.breaker.fetch_or(bits, Ordering::Relaxed);
    }

    /// `sys.setrecursionlimit`.
    pub fn set_recursion_limit(&self, limit: i32) {
        let used = self.recursion_limit.get() - self.depth_left.get();
        self.recursion_limit.set(limit);
        self.depth_left.set(limit - used);
    }

    /// Whether the native stack has too little room left for another nested run.
    #[inline]
    pub fn native_stack_is_short(&self) -> bool {
        super::stack::native_stack_pointer() < self.native_limit.get()
    }

    /// Python frames in use.
    pub fn depth(&self) -> i32 {
        self.recursion_limit.get() - self.depth_left.get()
    }

    /// The exception that is being handled: the innermost context that handles one.
    pub fn handled_exception(&self) -> Option<Value> {
        // SAFETY: contexts are unlinked before they go.
        unsafe { HandledException::innermost(self.handled.get()) }
    }

    /// Makes leaving a frame slow: something has to happen then.
    ///
    /// # Safety
    /// The frame must be live.
    pub unsafe fn mark_slow(&self, frame: Frame) {
        // SAFETY: promised by the caller.
        unsafe { frame.set_link(Link(frame.link().0 | LEAVE_SLOW)) }
    }
}
