//! Native frames: from a set of registers outwards, by the call frame information of each module.

use gimli::{CfaRule, RegisterRule, UnwindContext, UnwindSection};

use crate::error::{Error, Result};
use crate::evaluate::Context;
use crate::image::{Image, Unwinding};
use crate::memory::Memory;

/// Registers that have a number here: the 16 general ones and the return address.
pub const REGISTERS: usize = 17;
/// DWARF's numbers of x86-64 (System V ABI, figure 3.36).
pub const RSP: u16 = 7;
pub const RBP: u16 = 6;
pub const RIP: u16 = 16;

/// Names of the registers by DWARF's numbers.
pub const NAMES: [&str; REGISTERS] =
    ["rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip"];

/// Most frames of a stack that are looked at.
pub const MOST_FRAMES: usize = 20_000;

/// The general registers of a thread or frame; `None` where one's content is not known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Registers([Option<u64>; REGISTERS]);

impl Registers {
    /// A register by DWARF's number. Vector registers are never known.
    pub fn get(&self, number: u16) -> Option<u64> {
        self.0.get(usize::from(number)).copied().flatten()
    }

    pub fn set(&mut self, number: u16, value: Option<u64>) {
        if let Some(slot) = self.0.get_mut(usize::from(number)) {
            *slot = value;
        }
    }

    /// Those that are known, by number.
    pub fn known(&self) -> impl Iterator<Item = (u16, u64)> + '_ {
        self.0.iter().enumerate().filter_map(|(i, r)| r.map(|r| (i as u16, r)))
    }

    /// From what `ptrace` and core files give.
    pub fn from_user(r: &libc::user_regs_struct) -> Registers {
        let all = [
            r.rax, r.rdx, r.rcx, r.rbx, r.rsi, r.rdi, r.rbp, r.rsp, r.r8, r.r9, r.r10, r.r11, r.r12, r.r13, r.r14, r.r15, r.rip,
        ];
        Registers(all.map(Some))
    }

    /// The registers of the function that calls this: enough of them to unwind its own stack, for as
    /// long as it does not return.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    pub fn here() -> Registers {
        let mut r = Registers::default();
        let (rsp, rbp, rbx, r12, r13, r14, r15, rip): (u64, u64, u64, u64, u64, u64, u64, u64);
        // SAFETY: reads registers. The address of the instruction behind is taken as `rip`.
        unsafe {
            std::arch::asm!(
                "mov {0}, rsp", "mov {1}, rbp", "mov {2}, rbx", "mov {3}, r12",
                out(reg) rsp, out(reg) rbp, out(reg) rbx, out(reg) r12,
                options(nomem, nostack, preserves_flags)
            );
            std::arch::asm!(
                "mov {0}, r13", "mov {1}, r14", "mov {2}, r15", "lea {3}, [rip]",
                out(reg) r13, out(reg) r14, out(reg) r15, out(reg) rip,
                options(nomem, nostack, preserves_flags)
            );
        }
        for (number, value) in [(7, rsp), (6, rbp), (3, rbx), (12, r12), (13, r13), (14, r14), (15, r15), (16, rip)] {
            r.set(number, Some(value));
        }
        r
    }
}

/// An image in a process.
#[derive(Clone, Copy)]
pub struct Module {
    pub image: &'static Image,
    /// What is added to addresses of the file.
    pub bias: u64,
    /// The addresses that it takes.
    pub start: u64,
    pub end: u64,
}

impl Module {
    /// An image whose segments lie `bias` above the file's addresses.
    pub fn new(image: &'static Image, bias: u64) -> Module {
        let ends = image.segments().map(|(address, size, ..)| address + size);
        let starts = image.segments().map(|(address, ..)| address);
        Module {
            image,
            bias,
            start: bias.wrapping_add(starts.min().unwrap_or(0)),
            end: bias.wrapping_add(ends.max().unwrap_or(0)),
        }
    }

    pub fn contains(&self, address: u64) -> bool {
        (self.start..self.end).contains(&address)
    }

    /// An address of the process as one of the file.
    pub fn in_file(&self, address: u64) -> u64 {
        address.wrapping_sub(self.bias)
    }
}

/// A native frame.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The instruction that runs next in it: behind the call, but in the innermost frame.
    pub pc: u64,
    /// The canonical frame address: the stack pointer before the frame's function was called.
    pub cfa: Option<u64>,
    pub registers: Registers,
    /// Whether `pc` is where a call returns to.
    pub is_caller: bool,
}

impl Frame {
    /// An address in the instruction that the frame is at: the call's, where there is one.
    pub fn lookup_pc(&self) -> u64 {
        self.pc - u64::from(self.is_caller && self.pc > 0)
    }
}

/// All modules of a process.
#[derive(Clone, Default)]
pub struct Modules(pub Vec<Module>);

impl Modules {
    pub fn at(&self, address: u64) -> Option<&Module> {
        self.0.iter().find(|m| m.contains(address))
    }

    /// The frames of a stack, innermost first; at most [`MOST_FRAMES`]. Ends where a frame's caller
    /// cannot be told.
    pub fn frames(&self, memory: &dyn Memory, registers: Registers) -> Vec<Frame> {
        self.walk(memory, registers, MOST_FRAMES, |_| false)
    }

    /// The same, up to `most` frames or the first of which `until` says that it is the last.
    pub fn walk(&self, memory: &dyn Memory, registers: Registers, most: usize, mut until: impl FnMut(&Frame) -> bool) -> Vec<Frame> {
        let mut all: Vec<Frame> = Vec::new();
        let mut context = UnwindContext::new();
        let mut next = registers.get(RIP).map(|pc| Frame { pc, cfa: None, registers, is_caller: false });
        while let Some(mut frame) = next.take() {
            let caller = self.caller(memory, &mut context, &mut frame);
            let last = until(&frame);
            // A stack grows downwards: a caller whose frame is not above ends it.
            let before = all.last().and_then(|f| f.cfa);
            let is_stuck = before.is_some() && before == frame.cfa && all.last().map(|f| f.pc) == Some(frame.pc);
            all.push(frame);
            if last || is_stuck || all.len() >= most {
                break;
            }
            next = caller.ok().flatten();
        }
        all
    }

    /// Fills in the frame's address; its caller, if it has one.
    fn caller(&self, memory: &dyn Memory, context: &mut UnwindContext<usize>, frame: &mut Frame) -> Result<Option<Frame>> {
        let at = frame.lookup_pc();
        let found = self.at(at).and_then(|m| m.image.unwinding().map(|u| (m, u)));
        let row = match found {
            Some((module, u)) => step(memory, context, u, module, frame, module.in_file(at)),
            None => Err(Error::new("no call frame information")),
        };
        match row {
            Ok(caller) => Ok(caller),
            // The first instruction of a function that nothing is known of.
            Err(_) if !frame.is_caller => {
                let rsp = frame.registers.get(RSP).ok_or_else(|| Error::new("no stack pointer"))?;
                let pc = memory.read_u64(rsp)?;
                if self.at(pc).is_none() {
                    return Ok(None);
                }
                frame.cfa = Some(rsp.wrapping_add(8));
                let mut registers = frame.registers;
                registers.set(RSP, frame.cfa);
                registers.set(RIP, Some(pc));
                Ok(Some(Frame { pc, cfa: None, registers, is_caller: true }))
            }
            Err(e) => Err(e),
        }
    }
}

/// Whether a called function keeps a register for its caller (System V ABI).
fn is_kept(register: u16) -> bool {
    matches!(register, 3 | 6 | 12..=15)
}

fn step(
    memory: &dyn Memory,
    context: &mut UnwindContext<usize>,
    u: &Unwinding,
    module: &Module,
    frame: &mut Frame,
    at: u64,
) -> Result<Option<Frame>> {
    let fde = u.table.table().ok_or_else(|| Error::new("no table of functions"))?.fde_for_address(
        &u.frames,
        &u.bases,
        at,
        gimli::EhFrame::cie_from_offset,
    )?;
    let encoding = fde.cie().encoding();
    let is_signal = fde.is_signal_trampoline();
    let return_register = fde.cie().return_address_register().0;
    let row = fde.unwind_info_for_address(&u.frames, &u.bases, context, at)?;
    let mut values = Context {
        registers: &frame.registers,
        memory,
        bias: module.bias,
        cfa: None,
        frame_base: None,
        thread_block: None,
        unit: None,
    };
    let cfa = match row.cfa() {
        CfaRule::RegisterAndOffset { register, offset } => {
            let base = frame.registers.get(register.0).ok_or_else(|| Error::new("a register is not known"))?;
            base.wrapping_add_signed(*offset)
        }
        CfaRule::Expression(e) => values.number(e.get(&u.frames)?, encoding, None)?,
    };
    values.cfa = Some(cfa);
    let mut registers = Registers::default();
    for number in 0..REGISTERS as u16 {
        let kept = if is_kept(number) { frame.registers.get(number) } else { None };
        let value = match row.register(gimli::Register(number)) {
            None => kept,
            Some(RegisterRule::Undefined) => None,
            Some(RegisterRule::SameValue) => frame.registers.get(number),
            Some(RegisterRule::Offset(o)) => memory.read_u64(cfa.wrapping_add_signed(o)).ok(),
            Some(RegisterRule::ValOffset(o)) => Some(cfa.wrapping_add_signed(o)),
            Some(RegisterRule::Register(r)) => frame.registers.get(r.0),
            Some(RegisterRule::Expression(e)) => {
                let address = values.number(e.get(&u.frames)?, encoding, Some(cfa));
                address.and_then(|a| memory.read_u64(a)).ok()
            }
            Some(RegisterRule::ValExpression(e)) => values.number(e.get(&u.frames)?, encoding, Some(cfa)).ok(),
            Some(RegisterRule::Constant(c)) => Some(c),
            Some(_) => None,
        };
        registers.set(number, value);
    }
    frame.cfa = Some(cfa);
    let pc = registers.get(return_register).filter(|pc| *pc != 0);
    if !is_signal || registers.get(RSP).is_none() {
        registers.set(RSP, Some(cfa));
    }
    registers.set(RIP, pc);
    // What the kernel saved when a signal came is an instruction that has not run.
    Ok(pc.map(|pc| Frame { pc, cfa: None, registers, is_caller: !is_signal }))
}
