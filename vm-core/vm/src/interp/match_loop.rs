//! The portable interpreter: the same instruction bodies in one `match` in a loop.

use crate::interp::regs::{Flow, Regs};
use crate::interp::{Mode, breakpoint, frames, leave, mode, observe, profile, record, unwind};
use crate::ops;
use crate::value::Value;
use crate::vm::Vm;

/// Why an interpreter that returns was left.
pub enum Exit {
    /// HALT: the result.
    Halt(Value),
    /// An exception left the run.
    Raised,
    /// Something else is observed now: go on, from the spilled registers, with what does that.
    Switch,
}

/// Runs from the spilled registers; see `interp::run`.
pub fn run(vm: &Vm) -> Value {
    loop {
        // SAFETY: the caller has set up a frame and its instruction pointer.
        let exit = unsafe {
            match running_mode(vm) {
                _ if frames::is_on(vm) => frames::run(vm),
                Mode::Plain => run_in::<{ mode::PLAIN }>(vm),
                Mode::Record => run_in::<{ mode::RECORD }>(vm),
                Mode::Profile => run_in::<{ mode::PROFILE }>(vm),
                Mode::Step => run_in::<{ mode::STEP }>(vm),
            }
        };
        match exit {
            Exit::Halt(result) => return result,
            Exit::Raised => return Value::NULL,
            Exit::Switch => {}
        }
    }
}

/// The mode whose loop runs: where nothing else is observed, Python tools are served by that of
/// single steps.
fn running_mode(vm: &Vm) -> Mode {
    match vm.interp.mode.get() {
        Mode::Plain if vm.interp.monitor.is_active() => Mode::Step,
        mode => mode,
    }
}

/// What the observed loops do before a body; anything but `Next` means that it must not run.
#[inline(always)]
unsafe fn before<const MODE: u8>(r: &mut Regs) -> Flow {
    if MODE == mode::STEP || (MODE != mode::PLAIN && r.vm().interp.monitor.is_active()) {
        match observe::look(r) {
            Flow::Next => {}
            flow => return flow,
        }
    }
    match MODE {
        // SAFETY: the loop's registers.
        mode::RECORD => unsafe { record::write(r) },
        // SAFETY: as above.
        mode::PROFILE => unsafe { profile::executed(r) },
        _ => {}
    }
    Flow::Next
}

macro_rules! define_loop {
    ($(
        $(#[doc = $doc:literal])*
        $name:ident = $number:literal => $family:ident,
        ($($effect:tt)*), [$($entry:ident : $units:literal),*], {$($flag:ident)*};
    )*) => {
        /// Numbers of the opcodes, so that a family's head can be named by its row.
        #[allow(non_upper_case_globals)]
        mod number {
            $(pub const $name: u32 = $number;)*
        }

        unsafe fn run_in<const MODE: u8>(vm: &Vm) -> Exit {
            let mut r = Regs {
                ip: std::ptr::null(),
                sp: std::ptr::null_mut(),
                fp: std::ptr::null_mut(),
                cx: vm,
                table: std::ptr::null(),
                oparg: 0,
                cursor: 0,
                dying: false,
                fuse: MODE == mode::PLAIN,
            };
            r.reload();
            // SAFETY: as for the tail-calling handlers; every way round the loop fetches from
            // the code of a live frame.
            unsafe {
                'next: loop {
                    if r.dying {
                        r.dying = false;
                        r.destroy_dying();
                        r.reload_table();
                    }
                    let word = *r.ip as u32;
                    r.ip = r.ip.add(1);
                    r.oparg = (word >> 8) as u64;
                    let mut op = word & 255;
                    match before::<MODE>(&mut r) {
                        Flow::Next => {}
                        flow => match settle::<MODE>(&mut r, flow) {
                            None => continue 'next,
                            Some(exit) => return exit,
                        },
                    }
                    'again: loop {
                        let start = r;
                        let flow = match op {
                            $(number::$name => match ops::$name(&mut r) {
                                Flow::Next => {
                                    r.ip = r.ip.add(0 $(+ $units)*);
                                    continue 'next;
                                }
                                Flow::Called => {
                                    r.ip = r.ip.add(0 $(+ $units)*);
                                    Flow::Called
                                }
                                Flow::Jump => {
                                    if MODE == mode::PROFILE && const { is_jump(&[$(stringify!($flag)),*]) } {
                                        profile::taken(&start);
                                    }
                                    continue 'next;
                                }
                                Flow::Deopt => {
                                    if MODE == mode::PROFILE {
                                        profile::missed(&start);
                                    }
                                    op = number::$family;
                                    continue 'again;
                                }
                                flow => flow,
                            },)*
                            _ => ops::bad_opcode(r),
                        };
                        match flow {
                            Flow::Specialize => {
                                r.save();
                                crate::specialize::specialize(r);
                                op = breakpoint::opcode_behind(&r) as u32;
                            }
                            Flow::Again => op = breakpoint::opcode_behind(&r) as u32,
                            Flow::Extended => {
                                op = ops::control::extend(&mut r) as u32;
                                match before::<MODE>(&mut r) {
                                    Flow::Next => {}
                                    flow => match settle::<MODE>(&mut r, flow) {
                                        None => continue 'next,
                                        Some(exit) => return exit,
                                    },
                                }
                            }
                            flow => match settle::<MODE>(&mut r, flow) {
                                None => continue 'next,
                                Some(exit) => return exit,
                            },
                        }
                    }
                }
            }
        }
    };
}
crate::ops::for_each_instruction!(define_loop);

/// Follows the flows that need more than the next fetch. `None`: go on with the registers.
#[inline(never)]
unsafe fn settle<const MODE: u8>(r: &mut Regs, flow: Flow) -> Option<Exit> {
    // SAFETY: the loop's registers.
    let exit = unsafe { follow(r, flow) };
    if exit.is_none() && (running_mode(r.vm()) as u8 != MODE || frames::is_on(r.vm())) {
        r.save();
        return Some(Exit::Switch);
    }
    exit
}

/// Follows a flow, whatever is observed. `None`: go on with the registers.
///
/// # Safety
/// The registers must be those of a running frame, as in any instruction body.
pub unsafe fn follow(r: &mut Regs, flow: Flow) -> Option<Exit> {
    // SAFETY: promised by the caller.
    unsafe {
        match flow {
            Flow::Halt => {
                r.save();
                return Some(Exit::Halt(*r.sp.sub(1)));
            }
            Flow::Raise | Flow::Reraise => {
                let handled = if flow == Flow::Raise { unwind::raise(r.vm()) } else { unwind::reraise(r.vm()) };
                if !handled {
                    return Some(Exit::Raised);
                }
                r.reload();
            }
            Flow::Leave => {
                r.save();
                leave::forget_given_back(r.vm(), r.arg());
                r.vm().interp.destroy_dying();
                r.dying = false;
                leave::return_from(r.vm());
                r.reload();
            }
            Flow::Reload => r.reload(),
            _ => r.reload_table(),
        }
    }
    None
}

/// Whether an opcode's flags say that it jumps.
pub(crate) const fn is_jump(flags: &[&str]) -> bool {
    let mut i = 0;
    while i < flags.len() {
        if matches!(flags[i].as_bytes(), b"HAS_JUMP") {
            return true;
        }
        i += 1;
    }
    false
}
