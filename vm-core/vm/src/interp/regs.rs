//! The interpreter's registers, and what instruction bodies do with them.

use crate::code::PyCode;
use crate::error::{PyResult, Raised};
use crate::frame::{Frame, Link};
use crate::interp::Handler;
use crate::types::function::PyFunction;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// What an instruction's body wants to happen next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    /// The next instruction, behind this one's inline caches. No native code ran.
    Next,
    /// As `Next`, after native code that may have switched the dispatch table.
    Called,
    /// `ip` was set: a jump taken, a frame entered or left.
    Jump,
    /// The registers are in the VM's state.
    Reload,
    /// A guard failed before anything was changed: run the family's head instead.
    Deopt,
    /// The instruction, an adaptive head, is to be specialized; then run what it is now.
    Specialize,
    /// The instruction is another one by now: run that.
    Again,
    /// `oparg` was extended: run the following instruction with it.
    Extended,
    /// The frame returns the value on top, the slow way; of its other slots, those from the
    /// `oparg`-th on have given back their references already.
    Leave,
    /// An exception was raised here. It and the registers are in the VM's state.
    Raise,
    /// As `Raise`, for one that goes on: without a new traceback entry.
    Reraise,
    /// The nested run ends; its result is on top of the stack.
    Halt,
}

/// The registers. Bodies get them by reference and are inlined into every handler, so that each
/// field lives in a machine register.
#[derive(Clone, Copy)]
pub struct Regs {
    /// Past the code unit of the running instruction.
    pub ip: *const u16,
    /// First free slot of the value stack.
    pub sp: *mut Value,
    /// Locals of the running frame.
    pub fp: *mut Value,
    pub cx: *const Vm,
    /// Dispatch table.
    pub table: *const Handler,
    pub oparg: u64,
    /// Where the trace recorder writes next; unused by the plain handlers.
    pub cursor: u64,
    /// Whether objects have lost their last reference (kept in `State::dying`). Not passed on: a
    /// handler that ends with this set goes by way of one that destroys them.
    pub dying: bool,
    /// Whether a handler may run the instruction behind its own as well. A constant of the
    /// handler: only the plain sets may, where nobody counts or watches instructions.
    pub fuse: bool,
}

/// Defines a function that handlers call on rare ways. Where the compiler can, it keeps all
/// registers for them, so that the frequent way needs no stack frame.
macro_rules! cold_function {
    ($(#[$meta:meta])* $vis:vis unsafe fn $name:ident($($p:ident: $t:ty),* $(,)?) $(-> $ret:ty)? $body:block) => {
        $(#[$meta])*
        #[cfg(tail_calls)]
        #[cold]
        #[inline(never)]
        $vis unsafe extern "rust-cold" fn $name($($p: $t),*) $(-> $ret)? $body

        $(#[$meta])*
        #[cfg(not(tail_calls))]
        #[cold]
        #[inline(never)]
        $vis unsafe fn $name($($p: $t),*) $(-> $ret)? $body
    };
}
pub(crate) use cold_function;

/// Most objects that one instruction lets die by [`Regs::release`].
pub const MAX_DYING: usize = 4;

#[cold]
#[inline(never)]
fn set_raised(cx: *const Vm, e: Ref, ip: *const u16, sp: *mut Value, fp: *mut Value) {
    // SAFETY: called by `Regs::raise` with its own registers.
    let s = unsafe { &(*cx).interp };
    s.spill(ip, sp, fp);
    s.raised.set(e);
}

impl Regs {
    #[inline(always)]
    pub fn vm<'a>(&self) -> &'a Vm {
        // SAFETY: the VM lives until the process ends.
        unsafe { &*self.cx }
    }

    /// Makes the registers visible to native code. `sp` must lie above every live slot.
    #[inline(always)]
    pub fn save(&self) {
        self.vm().interp.spill(self.ip, self.sp, self.fp);
    }

    /// Table and cursor after native code ran.
    #[inline(always)]
    pub fn reload_table(&mut self) {
        let s = &self.vm().interp;
        self.table = s.table.get();
        self.cursor = s.cursor.get();
    }

    /// All registers but the oparg, from the VM's state.
    #[inline(always)]
    pub fn reload(&mut self) {
        let s = &self.vm().interp;
        self.ip = s.ip.get();
        self.sp = s.sp.get();
        self.fp = s.fp.get();
        self.reload_table();
    }

    /// Destroys what the instruction has let die, with the registers as they are behind it.
    ///
    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(never)]
    pub unsafe fn destroy_dying(self) {
        self.save();
        self.vm().interp.destroy_dying();
    }

    /// Whether Python tools want to see every instruction by itself. Never so in the plain sets.
    #[inline(always)]
    pub fn is_watched(&self) -> bool {
        !self.fuse && self.vm().interp.monitor.is_active()
    }

    /// The oparg as an index or a count.
    #[inline(always)]
    pub fn arg(&self) -> usize {
        self.oparg as usize
    }

    #[inline(always)]
    pub fn frame(&self) -> Frame {
        Frame(self.fp)
    }

    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn function<'a>(&self) -> &'a PyFunction {
        // SAFETY: the running frame is live.
        unsafe { self.frame().function() }
    }

    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn code<'a>(&self) -> &'a PyCode {
        // SAFETY: the running frame is live.
        unsafe { self.frame().code() }
    }

    /// `co_names[i]`.
    ///
    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn name(&self, i: usize) -> Value {
        // SAFETY: code objects are verified: name indices are in range.
        unsafe { *self.code().names.get_unchecked(i) }
    }

    // The value stack.

    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn push(&mut self, v: Value) {
        // SAFETY: frames reserve room for their deepest stack.
        unsafe {
            *self.sp = v;
            self.sp = self.sp.add(1);
        }
    }

    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn push_ref(&mut self, v: Ref) {
        // SAFETY: as in `push`.
        unsafe { self.push(v.into_value()) }
    }

    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn pop(&mut self) -> Value {
        // SAFETY: verified code never pops more than it pushed.
        unsafe {
            self.sp = self.sp.sub(1);
            *self.sp
        }
    }

    /// The slot `n` below the first free one; 1 is the top.
    ///
    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn slot(&self, n: usize) -> *mut Value {
        // SAFETY: as in `pop`.
        unsafe { self.sp.sub(n) }
    }

    /// The value `n` below the first free slot; 1 is the top.
    ///
    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn peek(&self, n: usize) -> Value {
        // SAFETY: as in `pop`.
        unsafe { *self.sp.sub(n) }
    }

    /// The topmost `n` values, bottom first. They stay on the stack.
    ///
    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn top_slice<'a>(&self, n: usize) -> &'a [Value] {
        // SAFETY: as in `pop`; the slots stay as they are while the slice is used.
        unsafe { std::slice::from_raw_parts(self.sp.sub(n), n) }
    }

    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn local(&self, i: usize) -> *mut Value {
        // SAFETY: verified code has its local indices in range.
        unsafe { self.fp.add(i) }
    }

    /// Gives back the reference that a slot held, which must have been taken off the stack (or
    /// overwritten). An object that dies by it is destroyed when the instruction is over: its
    /// finalizer may run Python code. At most [`MAX_DYING`] of an instruction's releases may be
    /// of this kind.
    ///
    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn release(&mut self, v: Value) {
        if v.is_owned_object() {
            let p = v.pointer();
            // SAFETY: an owned slot holds one reference to a live object.
            unsafe {
                (*p).refs = (*p).refs.wrapping_sub(1);
                if (*p).refs == 0 {
                    self.vm().interp.add_dying(p);
                    self.dying = true;
                }
            }
        }
    }

    /// Gives back a reference at once, with the registers spilled.
    ///
    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn release_now(&self, v: Value) {
        // SAFETY: promised by the caller; `Value::release` may run anything.
        unsafe { v.release() }
    }

    /// Pops `n` inputs and pushes `result`; the inputs are released after that.
    ///
    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn finish<const N: usize>(&mut self, result: Value) {
        // SAFETY: as in `pop`; the inputs are copied out before their slots are reused.
        unsafe {
            let mut inputs = [Value::NULL; N];
            for (i, input) in inputs.iter_mut().enumerate() {
                *input = self.peek(N - i);
            }
            self.sp = self.sp.sub(N);
            self.push(result);
            for input in inputs.iter().rev() {
                self.release(*input);
            }
        }
    }

    /// Pops and releases `N` inputs.
    ///
    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn drop_inputs<const N: usize>(&mut self) {
        // SAFETY: as in `pop`.
        unsafe {
            for _ in 0..N {
                let v = self.pop();
                self.release(v);
            }
        }
    }

    /// Pops and releases `n` values.
    ///
    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn drop_many(&mut self, n: usize) {
        // SAFETY: as in `pop`.
        unsafe {
            for _ in 0..n {
                let v = self.pop();
                self.save();
                self.release_now(v);
            }
        }
    }

    // Inline caches; `i` in code units from the instruction's first cache entry.

    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn cache16(&self, i: usize) -> u16 {
        // SAFETY: an instruction has the cache that its table row says.
        unsafe { *self.ip.add(i) }
    }

    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn cache32(&self, i: usize) -> u32 {
        // SAFETY: as in `cache16`.
        unsafe { (self.ip.add(i) as *const u32).read_unaligned() }
    }

    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn cache64(&self, i: usize) -> u64 {
        // SAFETY: as in `cache16`.
        unsafe { (self.ip.add(i) as *const u64).read_unaligned() }
    }

    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn set_cache16(&self, i: usize, v: u16) {
        // SAFETY: as in `cache16`; code units are writable memory of the code object.
        unsafe { *(self.ip.add(i) as *mut u16) = v }
    }

    // Control.

    /// Moves `ip`, and the clock's base with it, so that base + ip counts on.
    ///
    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn transfer(&mut self, to: *const u16) {
        self.vm().interp.transfer(self.ip, to);
        self.ip = to;
    }

    /// Jumps by `units` from behind the instruction's `caches` inline cache entries.
    ///
    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn jump(&mut self, caches: usize, units: isize) -> Flow {
        // SAFETY: verified code jumps to instructions of its own.
        unsafe {
            let from = self.ip.add(caches);
            let to = from.offset(units);
            self.vm().interp.transfer(from, to);
            self.ip = to;
        }
        Flow::Jump
    }

    /// Raises: the inputs that are still on the stack are released by the unwinder.
    #[inline(always)]
    pub fn raise(&self, e: Raised) -> Flow {
        set_raised(self.cx, e.0, self.ip, self.sp, self.fp);
        Flow::Raise
    }

    /// Pushes the result of native code, or raises.
    ///
    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn push_result(&mut self, result: PyResult) -> Flow {
        match result {
            Ok(v) => {
                // SAFETY: as in `push`.
                unsafe { self.push_ref(v) };
                Flow::Called
            }
            Err(e) => self.raise(e),
        }
    }

    /// Replaces `N` inputs by the result of native code, or raises with them on the stack.
    ///
    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn finish_result<const N: usize>(&mut self, result: PyResult) -> Flow {
        match result {
            Ok(v) => {
                // SAFETY: as in `finish`.
                unsafe { self.finish::<N>(v.into_value()) };
                Flow::Called
            }
            Err(e) => self.raise(e),
        }
    }

    /// Pops and releases `N` inputs if native code succeeded, or raises with them on the stack.
    ///
    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn finish_unit<const N: usize>(&mut self, result: PyResult<()>) -> Flow {
        match result {
            Ok(()) => {
                // SAFETY: as in `drop_inputs`.
                unsafe { self.drop_inputs::<N>() };
                Flow::Called
            }
            Err(e) => self.raise(e),
        }
    }

    /// The link of the running frame.
    ///
    /// # Safety
    /// The registers must be those of a running frame, as in any instruction body.
    #[inline(always)]
    pub unsafe fn link(&self) -> Link {
        // SAFETY: the running frame is live.
        unsafe { self.frame().link() }
    }
}
