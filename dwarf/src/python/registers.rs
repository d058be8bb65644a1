//! The interpreter's registers: while instructions run they are in machine registers, and only what
//! calls native code puts them into the VM's state.
//!
//! From the stack's innermost handler they are read as the debug information says: its parameters
//! `ip`, `sp`, `fp`, or its struct of registers. A live thread that is in the middle of a handler is
//! let run to the beginning of the next one first, where each parameter is in the register that the
//! calling convention has for it; in the other interpreters, to the beginning of an instruction's body.

use tailscope_bytecode::opcode::Opcode;

use super::layout::Layouts;
use super::vm::PythonVm;
use crate::content::{Content, Reader};
use crate::memory::Memory;
use crate::handlers;
use crate::target::{OsThread, Step, Target};
use crate::types::{Kind, Types};
use crate::unwind::{Frame, Module, Modules, RIP, Registers};
use crate::variables::{Variable, VariableKind, functions, variables};

/// Instructions of the machine that a thread may run to get to the next handler.
const MOST_STEPS: usize = 5_000;

/// The interpreter's registers in the innermost run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Current {
    /// Past the code unit of the running instruction, perhaps past its caches.
    pub ip: u64,
    pub sp: u64,
    pub fp: u64,
    /// Where they are from.
    pub source: Source,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    /// Variables of a handler.
    Variables,
    /// Machine registers that make sense as such.
    Guess,
    /// What the last call of native code put into the VM's state.
    State,
}

/// Lets a live thread that is inside of a handler run to where the registers can be told: to the
/// beginning of the next tail-called handler; in the other interpreters, to that of a body where the
/// variables have them all.
pub(super) fn settle(target: &mut Target, id: i32, types: &Types) {
    let Ok(main) = target.main().copied() else { return };
    let entries = handlers::entries(main.image);
    target.step_until(id, MOST_STEPS, |r| {
        let Some(pc) = r.get(RIP) else { return Step::Lost };
        let at = main.in_file(pc);
        match entries.at(at) {
            Some(start) if start == at => Step::Arrived,
            Some(_) => Step::GoOn,
            None => Step::Lost,
        }
    });
    // Nothing tells of `ip` alone whether the instruction behind it was fetched; at the beginning of a
    // body it was, and nothing has changed since.
    let Some(memory) = target.live_memory() else { return };
    let modules = target.modules.clone();
    let mut begun = target.threads.iter().find(|t| t.id == id).is_some_and(|thread| {
        let innermost = modules.walk(&*memory, thread.registers, 4, |_| false);
        innermost.iter().any(|frame| is_between_handlers(&main, frame.lookup_pc()))
    });
    target.step_until(id, MOST_STEPS, |r| {
        let Some(pc) = r.get(RIP) else { return Step::Lost };
        let symbol = if main.contains(pc) { main.image.symbol_at(main.in_file(pc)) } else { None };
        let in_handler = symbol.is_some_and(|s| handlers::classify(s.name).is_some());
        begun |= in_handler;
        match begun {
            // What an instruction calls comes back. Other native code may wait for something.
            false => Step::Lost,
            true if entries.at(main.in_file(pc)) == Some(main.in_file(pc)) => Step::Arrived,
            true if in_handler && begins_body(types, &modules, &*memory, &main, r, pc) => Step::Arrived,
            true => Step::GoOn,
        }
    });
}

/// Whether a function chooses the next handler of the `frames` interpreter, or looks after its stack.
fn is_between_handlers(main: &Module, pc: u64) -> bool {
    let symbol = if main.contains(pc) { main.image.symbol_at(main.in_file(pc)) } else { None };
    symbol.is_some_and(|s| s.name.contains("6interp6frames"))
}

/// Path of the instructions' bodies.
const BODIES: &str = "tailscope_vm::ops::";

/// Whether an instruction's body begins at a place, where the variables have all of the registers, and
/// the instruction that they are at is that one. The optimizer lets bodies share code.
fn begins_body(
    types: &Types,
    modules: &Modules,
    memory: &dyn Memory,
    main: &Module,
    registers: &Registers,
    pc: u64,
) -> bool {
    let frames = modules.walk(memory, *registers, 1, |_| true);
    let Some(frame) = frames.first() else { return false };
    let Ok(all) = functions(types, main, frame) else { return false };
    let Some(body) = all.iter().find(|f| f.is_inlined && f.start == pc && f.name.starts_with(BODIES)) else { return false };
    let Ok(all) = variables(types, memory, main, frame) else { return false };
    let Some(ip) = told_ip(types, memory, &all) else { return false };
    let Ok(byte) = memory.read_uint(ip.wrapping_sub(2), 1) else { return false };
    // The VM's own opcodes have no name here.
    let op = u8::try_from(byte).ok().and_then(Opcode::from_u8);
    op.is_none_or(|op| body.name.rsplit("::").next() == Some(op.name()))
}

/// The `ip` of a handler's registers, if the variables have all that matter.
fn told_ip(types: &Types, memory: &dyn Memory, all: &[Variable]) -> Option<u64> {
    let reader = Reader { types, memory };
    all.iter().filter(|v| v.name == "r").find_map(|v| {
        let (ty, content) = (v.ty?, v.content.as_ref().ok()?);
        let t = types.get(ty).ok().filter(|t| t.name == "Regs")?;
        let field = |name| reader.number(content, t.member(name)?.offset, 8).ok();
        let (ip, _, _) = (field("ip")?, field("sp")?, field("fp")?);
        Some(ip)
    })
}

/// The native frames of a thread up to its innermost handler, which is the last of them.
pub(super) fn native_frames(target: &Target, thread: &OsThread) -> (Vec<Frame>, bool) {
    let Ok(main) = target.main() else { return (Vec::new(), false) };
    let mut found = false;
    let frames = target.modules.walk(&*target.memory, thread.registers, 2000, |frame| {
        let at = frame.lookup_pc();
        let name = if main.contains(at) { main.image.symbol_at(main.in_file(at)) } else { None };
        found |= name.is_some_and(|s| handlers::classify(s.name).is_some());
        found
    });
    (frames, found)
}

/// The registers of the innermost run, checked against the value stack.
pub(super) fn current(vm: &PythonVm, target: &Target, handler: Option<&Frame>) -> Option<Current> {
    let spilled = spilled(vm);
    let Some(frame) = handler else { return spilled };
    let main = target.main().ok()?;
    let mut candidates = Candidates::default();
    // At the spilled place the stack's end is known exactly.
    if let Ok(all) = variables(vm.layouts.types, vm.memory(), main, frame) {
        for v in &all {
            candidates.add_variable(&vm.layouts, vm.layouts.types, v);
        }
    }
    if let Some(mut found) = candidates.fit(vm, Source::Variables) {
        if let Some(s) = spilled.filter(|s| s.fp == found.fp && s.ip == found.ip) {
            found.sp = s.sp;
        }
        return Some(found);
    }
    let mut guesses = Candidates::from_frame(target, frame);
    guesses.ips.extend(&candidates.ips);
    guesses.fps.extend(&candidates.fps);
    guesses.sps.extend(&candidates.sps);
    guesses.fit(vm, Source::Guess).or(spilled)
}

/// What the VM's state holds.
fn spilled(vm: &PythonVm) -> Option<Current> {
    let [ip, sp, fp] = ["interp.ip", "interp.sp", "interp.fp"].map(|path| vm.number(path).ok());
    let found = Current { ip: ip?, sp: sp?, fp: fp?, source: Source::State };
    (found.fp != 0).then_some(found)
}

/// Words that may be a register.
#[derive(Default)]
struct Candidates {
    ips: Vec<u64>,
    sps: Vec<u64>,
    fps: Vec<u64>,
}

impl Candidates {
    /// Takes a parameter `ip`, `sp` or `fp`, or those fields of a struct of registers.
    fn add_variable(&mut self, layouts: &Layouts, types: &Types, v: &Variable) {
        let (Some(ty), Ok(content)) = (v.ty, &v.content) else { return };
        let reader = layouts.reader();
        let Ok(t) = types.get(ty) else { return };
        match (v.name.as_str(), &t.kind) {
            (name @ ("ip" | "sp" | "fp"), Kind::Pointer(_)) if v.kind == VariableKind::Parameter => {
                // A handler's parameters are what they were when it began: what it moved comes first.
                self.push(name, reader.number(content, 0, 8).ok());
            }
            // The registers as they are now, and as they were before the instruction.
            (name, Kind::Struct(members)) if t.name == "Regs" => {
                for m in members {
                    let word = reader.number(content, m.offset, 8).ok();
                    if name == "r" { self.push_first(&m.name, word) } else { self.push(&m.name, word) }
                }
            }
            (_, Kind::Pointer(Some(to))) if types.get(*to).is_ok_and(|t| t.name == "Regs") => {
                let Ok(address) = reader.number(content, 0, 8) else { return };
                let Ok(inner) = types.get(*to) else { return };
                for m in inner.members() {
                    self.push(&m.name, reader.number(&Content::At(address), m.offset, 8).ok());
                }
            }
            _ => {}
        }
    }

    fn list(&mut self, name: &str) -> Option<&mut Vec<u64>> {
        match name {
            "ip" => Some(&mut self.ips),
            "sp" => Some(&mut self.sps),
            "fp" => Some(&mut self.fps),
            _ => None,
        }
    }

    fn push(&mut self, name: &str, word: Option<u64>) {
        if let (Some(list), Some(word)) = (self.list(name), word) {
            list.push(word);
        }
    }

    fn push_first(&mut self, name: &str, word: Option<u64>) {
        if let (Some(list), Some(word)) = (self.list(name), word) {
            list.insert(0, word);
        }
    }

    /// All words that a frame has: its registers, and what it keeps on the stack.
    fn from_frame(target: &Target, frame: &Frame) -> Candidates {
        let mut words: Vec<u64> = frame.registers.known().map(|(_, w)| w).collect();
        if let (Some(rsp), Some(cfa)) = (frame.registers.get(crate::unwind::RSP), frame.cfa) {
            let size = usize::try_from(cfa.saturating_sub(rsp)).unwrap_or(0).min(4096) & !7;
            if let Ok(bytes) = target.memory.read_vec(rsp, size) {
                words.extend(bytes.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b)));
            }
        }
        Candidates { ips: words.clone(), sps: words.clone(), fps: words }
    }

    /// The first words that fit together: a frame of the value stack whose code holds the `ip`.
    fn fit(&self, vm: &PythonVm, source: Source) -> Option<Current> {
        for &fp in &self.fps {
            let Some(code) = vm.code_of_frame(fp) else { continue };
            for &ip in &self.ips {
                if !code.contains(ip) {
                    continue;
                }
                let (base, end) = code.stack_of(fp);
                let sp = self.sps.iter().copied().find(|sp| (base..=end).contains(sp) && sp.is_multiple_of(8));
                return Some(Current { ip, sp: sp.unwrap_or(base), fp, source });
            }
        }
        None
    }
}
