//! The tail-calling interpreter: a handler per opcode, each of which jumps to the next.
//!
//! Handlers never return but to leave the interpreter, so a run uses one native frame whatever
//! it executes. `cli/tests/tail_calls.rs` disassembles the binary and checks that.

use crate::interp::regs::{Flow, Regs};
use crate::interp::{Mode, breakpoint, frames, leave, mode, observe, profile, record, unwind};
use crate::ops::{self, cache_units};
use crate::value::Value;
use crate::vm::Vm;
use tailscope_bytecode::opcode::Opcode;

/// The parameters of every handler, written once. The first four are in registers that survive
/// calls of C functions.
macro_rules! with_handler_parameters {
    ($callback:ident $($rest:tt)*) => {
        $callback! {
            ( ip: *const u16, sp: *mut Value, fp: *mut Value, cx: *const Vm,
              table: *const Handler, oparg: u64, cursor: u64 )
            $($rest)*
        }
    };
}

macro_rules! define_handler_type {
    (($($p:ident: $t:ty),*)) => {
        /// An entry of a dispatch table.
        #[derive(Clone, Copy)]
        #[repr(transparent)]
        pub struct Handler(pub unsafe extern "rust-preserve-none" fn($($t),*) -> u64);
    };
}
with_handler_parameters!(define_handler_type);

/// Keeps LLVM from turning the two ways of a branch into a conditional move and one jump.
macro_rules! separate_dispatch {
    () => {
        #[allow(unused_unsafe)] // Handlers are unsafe code as a whole.
        // SAFETY: no instruction at all.
        unsafe {
            std::arch::asm!("", options(nomem, nostack, preserves_flags))
        }
    };
}

/// Tail-calls a handler with the registers.
macro_rules! go {
    ($handler:expr, $r:ident) => {
        become ($handler)($r.ip, $r.sp, $r.fp, $r.cx, $r.table, $r.oparg, $r.cursor)
    };
}

/// Fetches the instruction at `ip` and tail-calls its handler.
macro_rules! dispatch {
    ($r:ident) => {{
        let word = *$r.ip as u64;
        $r.ip = $r.ip.add(1);
        $r.oparg = word >> 8;
        go!((*$r.table.add(word as usize & 255)).0, $r)
    }};
}

/// Defines one handler: `$body` for the registers, then the jump that its flow asks for.
macro_rules! define_handler {
    (($($p:ident: $t:ty),*) $name:ident, $caches:expr, $head:ident, $jumps:expr) => {
        #[inline(never)]
        #[allow(clippy::too_many_arguments)]
        pub unsafe extern "rust-preserve-none" fn $name<const MODE: u8>($($p: $t),*) -> u64 {
            // SAFETY: handlers are entered by `run` and by each other, with registers that
            // belong to a live frame; bodies keep them so.
            unsafe {
                let mut r = Regs { $($p,)* dying: false, fuse: MODE == mode::PLAIN };
                before::<MODE>(&mut r);
                let start = r;
                let flow = ops::$name(&mut r);
                after::<MODE>(&start, flow, $jumps);
                match flow {
                    Flow::Next => {
                        r.ip = r.ip.add($caches);
                        if r.dying {
                            go!(destroy, r)
                        }
                        dispatch!(r)
                    }
                    Flow::Called => {
                        r.reload_table();
                        r.ip = r.ip.add($caches);
                        if r.dying {
                            go!(destroy, r)
                        }
                        dispatch!(r)
                    }
                    Flow::Jump => {
                        if r.dying {
                            go!(destroy, r)
                        }
                        separate_dispatch!();
                        dispatch!(r)
                    }
                    Flow::Reload => {
                        r.reload();
                        if r.dying {
                            go!(destroy, r)
                        }
                        dispatch!(r)
                    }
                    Flow::Deopt => {
                        take_back::<MODE>(&mut r);
                        go!($head::<MODE>, r)
                    }
                    Flow::Specialize => {
                        take_back::<MODE>(&mut r);
                        go!(specialize, r)
                    }
                    Flow::Again => {
                        take_back::<MODE>(&mut r);
                        let opcode = breakpoint::opcode_behind(&r);
                        go!((*same_instruction(r.table).add(opcode as usize)).0, r)
                    }
                    Flow::Extended => {
                        let opcode = ops::control::extend(&mut r);
                        go!((*r.table.add(opcode as usize)).0, r)
                    }
                    Flow::Leave => go!(leave, r),
                    Flow::Raise => go!(raise, r),
                    Flow::Reraise => go!(reraise, r),
                    Flow::Halt => {
                        r.save();
                        (*r.sp.sub(1)).bits()
                    }
                }
            }
        }
    };
}

/// What the observed handler sets do before a body.
#[inline(always)]
unsafe fn before<const MODE: u8>(r: &mut Regs) {
    match MODE {
        // SAFETY: the registers of a handler.
        mode::RECORD => unsafe { record::write(r) },
        // SAFETY: as above.
        mode::PROFILE => unsafe { profile::executed(r) },
        _ => {}
    }
}

/// Undoes `before`, when the same instruction is about to go through another handler.
#[inline(always)]
unsafe fn take_back<const MODE: u8>(r: &mut Regs) {
    match MODE {
        mode::RECORD => record::take_back(r),
        // SAFETY: the registers of a handler.
        mode::PROFILE => unsafe { profile::take_back(r) },
        _ => {}
    }
}

/// What the observed handler sets do after a body.
#[inline(always)]
unsafe fn after<const MODE: u8>(r: &Regs, flow: Flow, jumps: bool) {
    if MODE == mode::PROFILE {
        if flow == Flow::Deopt {
            // SAFETY: the registers of a handler.
            unsafe { profile::missed(r) }
        } else if jumps && flow == Flow::Jump {
            // SAFETY: as above.
            unsafe { profile::taken(r) }
        }
    }
}

macro_rules! jumps {
    ($($flag:ident)*) => { const { crate::interp::match_loop::is_jump(&[$(stringify!($flag)),*]) } };
}

macro_rules! define_handlers {
    ($(
        $(#[doc = $doc:literal])*
        $name:ident = $number:literal => $family:ident,
        ($($effect:tt)*), [$($entry:ident : $units:literal),*], {$($flag:ident)*};
    )*) => {
        /// One handler per opcode, named like it.
        #[allow(non_snake_case)]
        mod handlers {
            use super::*;
            $(with_handler_parameters! {
                define_handler $name, cache_units!($($units),*), $family, jumps!($($flag)*)
            })*
        }

        const fn build_table<const MODE: u8>() -> [Handler; 256] {
            let mut table = [Handler(bad_opcode); 256];
            $(if $number < 256 {
                table[$number as usize & 255] = Handler(handlers::$name::<MODE>);
            })*
            table
        }
    };
}
crate::ops::for_each_instruction!(define_handlers);

static PLAIN: [Handler; 256] = build_table::<{ mode::PLAIN }>();
static RECORD: [Handler; 256] = build_table::<{ mode::RECORD }>();
static PROFILE: [Handler; 256] = build_table::<{ mode::PROFILE }>();
/// What `step` goes on to: as the plain handlers, one instruction each.
static SINGLE: [Handler; 256] = build_table::<{ mode::STEP }>();
// With the observer called before each instruction.
static STEP: [Handler; 256] = [Handler(step); 256];
static WATCHED_RECORD: [Handler; 256] = [Handler(step_recorded); 256];
static WATCHED_PROFILE: [Handler; 256] = [Handler(step_counted); 256];

/// The dispatch table of a mode. `watched`: the observer is called before each instruction.
pub fn table_of(mode: Mode, watched: bool) -> *const Handler {
    match (mode, watched) {
        (Mode::Plain, false) => PLAIN.as_ptr(),
        (Mode::Record, false) => RECORD.as_ptr(),
        (Mode::Record, true) => WATCHED_RECORD.as_ptr(),
        (Mode::Profile, false) => PROFILE.as_ptr(),
        (Mode::Profile, true) => WATCHED_PROFILE.as_ptr(),
        (Mode::Step, _) | (Mode::Plain, true) => STEP.as_ptr(),
    }
}

macro_rules! define_raise {
    (($($p:ident: $t:ty),*) $name:ident, $unwind:path) => {
        /// Looks for the handler of the exception in `State::raised` and goes on there, or
        /// leaves the run.
        #[cold]
        #[inline(never)]
        #[allow(clippy::too_many_arguments)]
        unsafe extern "rust-preserve-none" fn $name($($p: $t),*) -> u64 {
            // SAFETY: as for all handlers.
            unsafe {
                let mut r = Regs { $($p,)* dying: false, fuse: false };
                if !$unwind(r.vm()) {
                    return Value::NULL.bits();
                }
                r.reload();
                dispatch!(r)
            }
        }
    };
}
with_handler_parameters!(define_raise raise, unwind::raise);
with_handler_parameters!(define_raise reraise, unwind::reraise);

macro_rules! define_specialize {
    (($($p:ident: $t:ty),*)) => {
        /// Specializes the instruction, then runs what it is now.
        #[inline(never)]
        #[allow(clippy::too_many_arguments)]
        unsafe extern "rust-preserve-none" fn specialize($($p: $t),*) -> u64 {
            // SAFETY: as for all handlers.
            unsafe {
                let r = Regs { $($p,)* dying: false, fuse: false };
                r.save();
                crate::specialize::specialize(r);
                let opcode = breakpoint::opcode_behind(&r);
                go!((*same_instruction(r.table).add(opcode as usize)).0, r)
            }
        }
    };
}
with_handler_parameters!(define_specialize);

/// The table for running an instruction once more, under another opcode: the observer has seen
/// it already.
#[inline(always)]
fn same_instruction(table: *const Handler) -> *const Handler {
    if std::ptr::eq(table, STEP.as_ptr()) {
        SINGLE.as_ptr()
    } else if std::ptr::eq(table, WATCHED_RECORD.as_ptr()) {
        RECORD.as_ptr()
    } else if std::ptr::eq(table, WATCHED_PROFILE.as_ptr()) {
        PROFILE.as_ptr()
    } else {
        table
    }
}

macro_rules! define_destroy {
    (($($p:ident: $t:ty),*)) => {
        /// Destroys what the instruction before has let die, then goes on.
        #[inline(never)]
        #[allow(clippy::too_many_arguments)]
        unsafe extern "rust-preserve-none" fn destroy($($p: $t),*) -> u64 {
            // SAFETY: as for all handlers.
            unsafe {
                let mut r = Regs { $($p,)* dying: false, fuse: false };
                r.save();
                r.vm().interp.destroy_dying();
                r.reload_table();
                dispatch!(r)
            }
        }
    };
}
with_handler_parameters!(define_destroy);

macro_rules! define_leave {
    (($($p:ident: $t:ty),*)) => {
        /// Leaves the frame when more is due than giving back references; slots from the
        /// `oparg`-th on are released already.
        #[inline(never)]
        #[allow(clippy::too_many_arguments)]
        unsafe extern "rust-preserve-none" fn leave($($p: $t),*) -> u64 {
            // SAFETY: as for all handlers.
            unsafe {
                let mut r = Regs { $($p,)* dying: false, fuse: false };
                r.save();
                leave::forget_given_back(r.vm(), r.arg());
                r.vm().interp.destroy_dying();
                leave::return_from(r.vm());
                r.reload();
                dispatch!(r)
            }
        }
    };
}
with_handler_parameters!(define_leave);

macro_rules! define_bad_opcode {
    (($($p:ident: $t:ty),*)) => {
        /// The handler of numbers that are no opcode.
        #[cold]
        #[inline(never)]
        #[allow(clippy::too_many_arguments)]
        unsafe extern "rust-preserve-none" fn bad_opcode($($p: $t),*) -> u64 {
            // SAFETY: as for all handlers.
            unsafe {
                let r = Regs { $($p,)* dying: false, fuse: false };
                let _ = ops::bad_opcode(r);
                go!(raise, r)
            }
        }
    };
}
with_handler_parameters!(define_bad_opcode);

macro_rules! define_step {
    (($($p:ident: $t:ty),*) $name:ident, $handlers:ident) => {
        /// The one handler of an observed table: calls the observer, then the instruction's. The
        /// table in the register stays, so the next instruction comes here again.
        #[inline(never)]
        #[allow(clippy::too_many_arguments)]
        unsafe extern "rust-preserve-none" fn $name($($p: $t),*) -> u64 {
            // SAFETY: as for all handlers.
            unsafe {
                let mut r = Regs { $($p,)* dying: false, fuse: false };
                r.save();
                match observe::before_instruction(r.vm(), r.oparg) {
                    observe::Go::On => {}
                    observe::Go::Moved => {
                        r.reload();
                        dispatch!(r)
                    }
                    observe::Go::Raise => go!(raise, r),
                }
                r.reload_table();
                // The observer has dealt with a breakpoint on the instruction.
                let opcode = breakpoint::opcode_behind(&r) as usize;
                go!($handlers[opcode].0, r)
            }
        }
    };
}
with_handler_parameters!(define_step step, SINGLE);
with_handler_parameters!(define_step step_recorded, RECORD);
with_handler_parameters!(define_step step_counted, PROFILE);

macro_rules! define_frames {
    (($($p:ident: $t:ty),*)) => {
        /// Runs from the fetched instruction on in the interpreter whose handlers lie on the native
        /// stack.
        #[inline(never)]
        #[allow(clippy::too_many_arguments)]
        unsafe extern "rust-preserve-none" fn into_frames($($p: $t),*) -> u64 {
            // SAFETY: as for all handlers.
            unsafe {
                let mut r = Regs { $($p,)* dying: false, fuse: false };
                r.save();
                match frames::run_fetched(r.vm(), r.oparg) {
                    frames::Exit::Halt(result) => result.bits(),
                    frames::Exit::Raised => Value::NULL.bits(),
                    frames::Exit::Switch => {
                        r.reload();
                        dispatch!(r)
                    }
                }
            }
        }
    };
}
with_handler_parameters!(define_frames);

static FRAMES: [Handler; 256] = [Handler(into_frames); 256];

/// The dispatch table that leads to the `frames` interpreter.
pub fn frames_table() -> *const Handler {
    FRAMES.as_ptr()
}

/// Runs from the spilled registers; see `interp::run`.
pub fn run(vm: &Vm) -> Value {
    let s = &vm.interp;
    let ip = s.ip.get();
    // SAFETY: the caller has set up a frame, whose next instruction `ip` points at.
    unsafe {
        let word = *ip as u64;
        let table = s.table.get();
        let handler = (*table.add(word as usize & 255)).0;
        Value::from_bits(handler(
            ip.add(1),
            s.sp.get(),
            s.fp.get(),
            vm,
            table,
            word >> 8,
            s.cursor.get(),
        ))
    }
}

/// Checked by a test: every opcode has a handler of its own in the plain table.
pub fn has_handler(op: Opcode) -> bool {
    let bad = bad_opcode as *const () as usize;
    PLAIN.get(op as usize).is_some_and(|h| h.0 as *const () as usize != bad)
}

