//! A handler per opcode, named like it: the instruction's body, then a call of the next handler.

use tailscope_vm::interp::frames::next::{follow, registers};
use tailscope_vm::interp::frames::window::{Window, begin};
use tailscope_vm::interp::frames::Handlers;
use tailscope_vm::value::Value;
use tailscope_vm::vm::Vm;
use tailscope_vm::{cache_units, mark_below, ops, stack_pointer};

macro_rules! define_handlers {
    ($(
        $(#[doc = $doc:literal])*
        $name:ident = $number:literal => $family:ident,
        ($($effect:tt)*), [$($entry:ident : $units:literal),*], {$($flag:ident)*};
    )*) => {
        /// The handlers. What comes behind an instruction is called from its handler, so the frames
        /// of the instructions before lie on the native stack with all their variables.
        #[allow(non_snake_case)]
        pub mod opcodes {
            use super::*;
            $(
                $(#[doc = $doc])*
                ///
                /// # Safety
                /// The registers must be those of a running frame, with this instruction's code unit
                /// behind `ip`.
                #[inline(never)]
                pub unsafe fn $name(
                    ip: *const u16,
                    sp: *mut Value,
                    fp: *mut Value,
                    cx: *const Vm,
                    oparg: u64,
                    window: *mut Window,
                ) {
                    // SAFETY: promised by the caller; the next handler gets the registers as this
                    // one's body leaves them.
                    unsafe {
                        let sequence = begin(number::$name, stack_pointer!(), window);
                        let mut r = registers(ip, sp, fp, cx, oparg);
                        let flow = ops::$name(&mut r);
                        let caches = cache_units!($($units),*);
                        let follower = follow(&mut r, flow, caches, number::$name, number::$family, window);
                        if let Some(next) = follower {
                            mark_below!(next.size);
                            (next.handler)(r.ip, r.sp, r.fp, r.cx, r.oparg, window);
                        }
                        // Keeps the call from becoming a jump, which would take the frame away.
                        std::hint::black_box(sequence);
                    }
                }
            )*
        }

        /// Numbers of the opcodes, so that a family's head can be named by its row.
        #[allow(non_upper_case_globals)]
        mod number {
            $(pub const $name: u8 = $number as u32 as u8;)*
        }

        const fn build_table() -> Handlers {
            let mut table: Handlers = [bad_opcode; 256];
            $(if ($number as u32) < 256 {
                table[$number as usize & 255] = opcodes::$name;
            })*
            table
        }
    };
}
tailscope_vm::for_each_instruction!(define_handlers);

/// Handlers by opcode.
pub static HANDLERS: Handlers = build_table();

/// The handler of numbers that are no opcode.
///
/// # Safety
/// As for the handlers of opcodes.
unsafe fn bad_opcode(
    ip: *const u16,
    sp: *mut Value,
    fp: *mut Value,
    cx: *const Vm,
    oparg: u64,
    window: *mut Window,
) {
    // SAFETY: promised by the caller.
    unsafe {
        let mut r = registers(ip, sp, fp, cx, oparg);
        let flow = ops::bad_opcode(r);
        if let Some(next) = follow(&mut r, flow, 0, 0, 0, window) {
            (next.handler)(r.ip, r.sp, r.fp, r.cx, r.oparg, window);
        }
    }
}
