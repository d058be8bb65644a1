//! The part of a run whose handlers can be seen: those that lie on the native stack, and a copy of
//! those that lay there before.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU16, Ordering};

use super::{Exit, Handler, Handlers};
use crate::threads;
use crate::vm::Vm;

/// Native stack that is left free for what instructions call.
const ROOM: usize = 128 << 10;

/// What words below a handler's frame hold before the next handler is called: a variable that still
/// has this value was not reached.
pub const MARK: u64 = 0x5AA5_C33C_A55A_3CC3;
/// How many bytes below it are marked for a handler whose frame has not been seen: more than the
/// largest takes.
const LARGEST: u16 = if cfg!(debug_assertions) { 16 << 10 } else { 4 << 10 };

/// Bytes of each handler's frame, by opcode; 0 where none has been called.
static SIZES: [AtomicU16; 256] = [const { AtomicU16::new(0) }; 256];

thread_local! {
    /// Instructions that were begun.
    static BEGUN: Cell<u64> = const { Cell::new(0) };
    /// What lay on the stack of runs that have ended, the newest last.
    static ENDED: RefCell<VecDeque<Kept>> = const { RefCell::new(VecDeque::new()) };
}

/// Numbers an instruction that begins: a handler that executes later has a higher number, one that
/// takes over its instruction the same. `stack_pointer` is that of the handler's frame.
///
/// # Safety
/// `window` must be that of the run.
pub unsafe fn begin(opcode: u8, stack_pointer: usize, window: *mut Window) -> u64 {
    // SAFETY: promised by the caller.
    let caller = unsafe { std::mem::replace(&mut (*window).stack_pointer, stack_pointer) };
    let size = u16::try_from(caller.wrapping_sub(stack_pointer)).unwrap_or(LARGEST);
    SIZES[usize::from(opcode)].store(size.next_multiple_of(8).min(LARGEST), Ordering::Relaxed);
    BEGUN.set(BEGUN.get() + 1);
    BEGUN.get()
}

/// Calls `f` with what lay on the stack of runs that have ended, the newest first.
pub fn ended(mut f: impl FnMut(&Kept)) {
    ENDED.with_borrow(|all| all.iter().rev().for_each(&mut f));
}

/// Where the native stack's end is, in the frame of the function that uses this: an end that it keeps.
#[macro_export]
macro_rules! stack_pointer {
    () => {{
        let pointer: usize;
        #[cfg(target_arch = "x86_64")]
        std::arch::asm!("mov {}, rsp", out(reg) pointer, options(nomem, nostack, preserves_flags));
        #[cfg(not(target_arch = "x86_64"))]
        {
            pointer = 0;
        }
        pointer
    }};
}

/// Marks as many bytes, a multiple of 8, of the stack below the calling function's frame. In unsafe
/// code: nothing may be there.
#[macro_export]
macro_rules! mark_below {
    ($bytes:expr) => {
        #[cfg(target_arch = "x86_64")]
        std::arch::asm!(
            "mov rdi, rsp",
            "sub rdi, rcx",
            "shr rcx, 3",
            "rep stosq",
            inout("rcx") $bytes => _,
            in("rax") $crate::interp::frames::window::MARK,
            out("rdi") _,
        )
    };
}

/// Machine registers at one place of a function: what an unwinder starts from. In the order of the
/// System V ABI's DWARF numbers: rax, rdx, rcx, rbx, rsi, rdi, rbp, rsp, r8 to r15, return address
/// (here the place itself). Those that calls do not keep are 0.
pub type MachineRegisters = [u64; 17];

/// The registers where this is used.
macro_rules! machine_registers {
    () => {{
        let mut registers: MachineRegisters = [0; 17];
        #[cfg(target_arch = "x86_64")]
        // SAFETY: writes the array alone.
        unsafe {
            std::arch::asm!(
                "mov [{to} + 24], rbx",
                "mov [{to} + 48], rbp",
                "mov [{to} + 56], rsp",
                "mov [{to} + 96], r12",
                "mov [{to} + 104], r13",
                "mov [{to} + 112], r14",
                "mov [{to} + 120], r15",
                "lea {place}, [rip]",
                "mov [{to} + 128], {place}",
                to = in(reg) registers.as_mut_ptr(),
                place = out(reg) _,
                options(nostack, preserves_flags),
            );
        }
        registers
    }};
}

/// Native stack that was left since, as it was.
#[derive(Default)]
pub struct Kept {
    /// Address that the bytes lay at.
    pub address: usize,
    pub bytes: Vec<u8>,
    /// What an unwinder starts from in them.
    pub registers: MachineRegisters,
    /// Instructions whose handlers are in it.
    pub count: u32,
    /// The Python thread.
    pub thread: u64,
}

/// A handler that is to be called.
#[derive(Clone, Copy)]
pub struct Next {
    pub handler: Handler,
    /// Bytes that its frame takes, from the caller's on.
    pub size: usize,
}

/// A run's handlers.
pub struct Window {
    handlers: &'static Handlers,
    capacity: u32,
    /// Instructions begun since the handlers returned last.
    depth: u32,
    /// Where the frame of the newest handler ends, or that of what calls the first one.
    stack_pointer: usize,
    exit: Option<Exit>,
    kept: Kept,
}

impl Window {
    pub fn new(handlers: &'static Handlers, capacity: u32) -> Window {
        Window { handlers, capacity, depth: 0, stack_pointer: 0, exit: None, kept: Kept::default() }
    }

    /// What lay on the native stack before the handlers returned last.
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// What comes behind an instruction: the handler of an opcode.
    pub fn next(&self, opcode: u8) -> Next {
        let handler = self.handlers[usize::from(opcode)];
        let size = match SIZES[usize::from(opcode)].load(Ordering::Relaxed) {
            0 => LARGEST,
            size => size,
        };
        Next { handler, size: size.into() }
    }

    /// Says where the frame of what calls the first handler ends.
    pub fn enter(&mut self, stack_pointer: usize) {
        self.stack_pointer = stack_pointer;
    }

    /// Counts an instruction whose handler is on the native stack.
    pub fn executed(&mut self) {
        self.depth += 1;
    }

    /// Whether the handlers should return before another one is called.
    pub fn is_full(&self, vm: &Vm) -> bool {
        let floor = vm.interp.native_limit.get() + ROOM;
        self.depth > 0 && (self.depth >= self.capacity || stack_pointer() < floor)
    }

    /// Takes back that an instruction has begun: another handler executes it.
    pub fn passed_on(&self) {
        BEGUN.set(BEGUN.get() - 1);
    }

    /// Has the handlers return, for good.
    pub fn leave(&mut self, vm: &Vm, exit: Exit) -> Option<Next> {
        if matches!(exit, Exit::Halt(_) | Exit::Raised) {
            // Native code goes on; the instruction that it belongs to sees what was executed for it.
            let before = std::mem::take(&mut self.kept);
            self.turn(vm);
            ENDED.with_borrow_mut(|all| {
                all.extend([before, std::mem::take(&mut self.kept)].into_iter().filter(|kept| kept.count > 0));
                let mut rest: u32 = all.iter().map(|kept| kept.count).sum();
                while let Some(oldest) = all.front()
                    && rest - oldest.count >= self.capacity
                {
                    rest -= oldest.count;
                    all.pop_front();
                }
            });
        }
        self.exit = Some(exit);
        None
    }

    /// Has the handlers return, after their stack was copied; the run goes on without them.
    #[inline(never)]
    pub fn turn(&mut self, vm: &Vm) -> Option<Next> {
        let registers = machine_registers!();
        let low = registers[7] as usize;
        let length = (&raw const *self as usize).saturating_sub(low);
        let kept = &mut self.kept;
        kept.bytes.clear();
        kept.bytes.reserve(length);
        // SAFETY: this thread's own stack, from here to the window, which lies in the frame of the
        // function that the handlers return to.
        unsafe {
            std::ptr::copy_nonoverlapping(low as *const u8, kept.bytes.as_mut_ptr(), length);
            kept.bytes.set_len(length);
        }
        kept.address = low;
        kept.registers = registers;
        kept.count = self.depth;
        kept.thread = threads::current(vm);
        self.depth = 0;
        None
    }

    /// Why the handlers returned; `None` if only to make room.
    pub fn take_exit(&mut self) -> Option<Exit> {
        self.exit.take()
    }
}

/// Where the native stack is.
#[inline(always)]
fn stack_pointer() -> usize {
    let here = 0_u8;
    &raw const here as usize
}
