//! The machine code of the tail-calling interpreter: each handler ends in a jump.
//!
//! A handler that called the next one and returned its result would run every program as well,
//! until the native stack is used up. So the binary is taken apart: every opcode must have its
//! handler in every compiled table, and none may call a handler, or call anything and return.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use std::collections::{HashMap, HashSet};
use std::hint::black_box;
use std::path::Path;

use iced_x86::{
    Code, Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, OpKind, Register,
};
use object::elf::R_X86_64_RELATIVE;
use object::{Object, ObjectSection, ObjectSymbol, RelocationFlags, RelocationTarget};
use tailscope_bytecode::opcode::Opcode;
use tailscope_vm::interp::{Interp, mode};

/// The interpreter's module, as symbols name it.
const TAIL: &str = "tailscope_vm::interp::tail::";
/// Entries of a dispatch table.
const ENTRIES: usize = 256;

/// A linked program: its code, symbols and the pointers that the loader fills in.
struct Binary {
    sections: Vec<(u64, Vec<u8>)>,
    symbols: HashMap<String, (u64, u64)>,
    pointers: HashMap<u64, u64>,
}

impl Binary {
    fn read(path: &Path) -> Binary {
        let bytes = std::fs::read(path).expect("the binary can be read");
        let file = object::File::parse(&*bytes).expect("the binary is an ELF file");
        let code = |s: &object::Section| (s.address(), s.data().unwrap_or_default().to_vec());
        let relocations = file.dynamic_relocations().into_iter().flatten();
        Binary {
            sections: file
                .sections()
                .filter(|s| s.address() != 0)
                .map(|s| code(&s))
                .collect(),
            symbols: file
                .symbols()
                .filter_map(|s| {
                    Some((
                        format!("{:#}", rustc_demangle::demangle(s.name().ok()?)),
                        (s.address(), s.size()),
                    ))
                })
                .collect(),
            pointers: relocations
                .filter(|(_, r)| {
                    r.target() == RelocationTarget::Absolute
                        && matches!(
                            r.flags(),
                            RelocationFlags::Elf {
                                r_type: R_X86_64_RELATIVE
                            }
                        )
                })
                .map(|(slot, r)| (slot, r.addend() as u64))
                .collect(),
        }
    }

    fn symbol(&self, name: &str) -> (u64, u64) {
        *self
            .symbols
            .get(name)
            .unwrap_or_else(|| panic!("the binary has no symbol {name}"))
    }

    /// The handlers of a mode by the names of their opcodes, which are CPython's and the VM's own.
    fn handlers(&self, mode: u8) -> HashMap<&str, (u64, u64)> {
        let (start, end) = (format!("{TAIL}handlers::"), format!("::<{mode}>"));
        self.symbols
            .iter()
            .filter_map(|(symbol, &extent)| {
                Some((symbol.strip_prefix(&*start)?.strip_suffix(&*end)?, extent))
            })
            .collect()
    }

    /// The pointers of a dispatch table.
    fn table(&self, name: &str) -> Vec<u64> {
        let (start, size) = self.symbol(&format!("{TAIL}{name}"));
        assert_eq!(size as usize, ENTRIES * 8, "{name} has {ENTRIES} entries");
        (0..size / 8)
            .map(|n| self.pointers[&(start + 8 * n)])
            .collect()
    }

    fn instructions(&self, (address, size): (u64, u64)) -> Vec<Instruction> {
        let bytes = self
            .sections
            .iter()
            .find_map(|(start, data)| {
                let at = address.checked_sub(*start)? as usize;
                data.get(at..at + size as usize)
            })
            .unwrap_or_else(|| panic!("no section holds {address:#x}"));
        Decoder::with_ip(64, bytes, address, DecoderOptions::NONE)
            .into_iter()
            .collect()
    }

    /// Where a call or jump goes, if it does not depend on a register.
    fn target(&self, i: &Instruction) -> Option<u64> {
        match i.op0_kind() {
            OpKind::NearBranch64 => Some(i.near_branch64()),
            OpKind::Memory if i.is_ip_rel_memory_operand() => {
                self.pointers.get(&i.memory_displacement64()).copied()
            }
            _ => None,
        }
    }

    /// What is wrong with a handler, and whether it goes on to another one.
    fn examine(&self, extent: (u64, u64), handlers: &HashSet<u64>) -> (Vec<String>, bool) {
        let all = self.instructions(extent);
        let inside = |to: u64| to.wrapping_sub(extent.0) < extent.1;
        let (mut faults, mut goes_on) = (Vec::new(), false);
        for (n, i) in all.iter().enumerate() {
            let target = self.target(i);
            match i.flow_control() {
                FlowControl::Call | FlowControl::IndirectCall => {
                    if target.is_some_and(|to| handlers.contains(&to)) {
                        faults.push(format!("{:#x}: `{i}` calls a handler", i.ip()));
                    }
                    if returns(&all, n + 1) {
                        faults.push(format!("{:#x}: `{i}`, then it returns", i.ip()));
                    }
                }
                FlowControl::IndirectBranch => goes_on = true,
                FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch => match target {
                    Some(to) if handlers.contains(&to) => goes_on = true,
                    Some(to) if inside(to) => {}
                    _ => faults.push(format!(
                        "{:#x}: `{i}` leaves for what is no handler",
                        i.ip()
                    )),
                },
                _ => {}
            }
        }
        (faults, goes_on)
    }
}

/// Whether nothing but a function's epilogue lies between instruction `n` and a return.
fn returns(all: &[Instruction], mut n: usize) -> bool {
    // Each instruction is passed once at most, so that a loop ends.
    for _ in 0..all.len() {
        let Some(i) = all.get(n) else { return false };
        let frees_stack = i.op0_kind() == OpKind::Register && i.op0_register() == Register::RSP;
        match i.mnemonic() {
            Mnemonic::Ret => return true,
            // Something else is returned than what the call has returned.
            Mnemonic::Mov if i.op0_register() == Register::RAX && loads(i) => return false,
            Mnemonic::Pop | Mnemonic::Leave | Mnemonic::Nop | Mnemonic::Mov => n += 1,
            Mnemonic::Add | Mnemonic::Lea if frees_stack => n += 1,
            Mnemonic::Jmp if i.op0_kind() == OpKind::NearBranch64 => {
                let to = i.near_branch64();
                let Ok(at) = all.binary_search_by_key(&to, Instruction::ip) else {
                    return false;
                };
                n = at;
            }
            _ => return false,
        }
    }
    false
}

/// Whether the second operand lies in memory other than the native stack.
fn loads(i: &Instruction) -> bool {
    i.op1_kind() == OpKind::Memory && !matches!(i.memory_base(), Register::RSP | Register::RBP)
}

fn opcodes() -> impl Iterator<Item = Opcode> {
    // The numbers above are pseudo instructions, which the compiler resolves.
    Opcode::ALL
        .iter()
        .copied()
        .filter(|&op| (op as usize) < ENTRIES)
}

const TABLES: [(&str, u8); 3] = [
    ("PLAIN", mode::PLAIN),
    ("RECORD", mode::RECORD),
    ("PROFILE", mode::PROFILE),
];
/// Handlers that are in no table, but are jumped to; and the one that stepping has for all.
const OTHERS: [&str; 7] =
    ["raise", "reraise", "specialize", "destroy", "leave", "bad_opcode", "step"];

fn binary() -> Binary {
    Binary::read(Path::new(env!("CARGO_BIN_EXE_tailscope")))
}

/// Whether this build has handlers at all; says so where it has none.
fn has_handlers() -> bool {
    let has = Interp::default() == Interp::Tail;
    if !has {
        eprintln!("SKIPPED: this build has the match loop only");
    }
    has
}

#[test]
fn every_opcode_has_its_handler_in_every_table() {
    if !has_handlers() {
        return;
    }
    let b = binary();
    let bad = b.symbol(&format!("{TAIL}bad_opcode")).0;
    for (name, mode) in TABLES {
        let (table, handlers) = (b.table(name), b.handlers(mode));
        for op in opcodes() {
            let handler = handlers
                .get(op.name())
                .unwrap_or_else(|| panic!("no {op:?} for {name}"));
            assert_eq!(table[op as usize], handler.0, "{op:?} in {name}");
        }
        let used: Vec<u64> = table.into_iter().filter(|&entry| entry != bad).collect();
        assert_eq!(
            used.len(),
            handlers.len(),
            "{name} has an entry for each handler"
        );
        let addresses: HashSet<u64> = handlers.values().map(|&(address, _)| address).collect();
        assert_eq!(
            used.into_iter().collect::<HashSet<u64>>(),
            addresses,
            "handlers of {name}"
        );
    }
    let step = b.symbol(&format!("{TAIL}step")).0;
    assert!(b.table("STEP").into_iter().all(|entry| entry == step));
}

#[test]
#[cfg_attr(
    debug_assertions,
    ignore = "unoptimized handlers keep their registers in memory"
)]
fn handlers_end_in_a_jump() {
    if !has_handlers() {
        return;
    }
    let b = binary();
    let mut extents = HashMap::new();
    for (table, mode) in TABLES {
        for (name, extent) in b.handlers(mode) {
            extents.insert(format!("{name} of {table}"), (extent, name == "HALT"));
        }
    }
    for name in OTHERS {
        extents.insert(name.to_owned(), (b.symbol(&format!("{TAIL}{name}")), false));
    }
    let handlers: HashSet<u64> = extents.values().map(|((address, _), _)| *address).collect();
    let mut wrong = Vec::new();
    for (name, (extent, halts)) in &extents {
        let (faults, goes_on) = b.examine(*extent, &handlers);
        wrong.extend(faults.into_iter().map(|fault| format!("{name}: {fault}")));
        if goes_on == *halts {
            wrong.push(format!(
                "{name}: {}",
                if *halts {
                    "does not halt"
                } else {
                    "jumps nowhere"
                }
            ));
        }
    }
    wrong.sort();
    assert!(
        wrong.is_empty(),
        "{} of {} handlers:\n{}",
        wrong.len(),
        extents.len(),
        wrong.join("\n")
    );
    println!(
        "{} handlers, {} of them different",
        extents.len(),
        handlers.len()
    );
    // The VM's own instructions come on top.
    assert!(extents.len() > opcodes().count() * TABLES.len() + OTHERS.len());
}

/// A handler as it must not be: dispatches by a call.
type Handler = extern "C" fn(*const u16, *const usize) -> u64;

/// # Safety
/// `ip` points at numbers of handlers in `table`, the last of which does not go on.
#[unsafe(no_mangle)]
#[inline(never)]
unsafe extern "C" fn fixture_that_calls(ip: *const u16, table: *const usize) -> u64 {
    // SAFETY: promised by the caller; entries are `Handler`s.
    unsafe {
        let next: Handler = std::mem::transmute(*table.add(*ip as usize));
        let result = next(ip.add(1), table);
        // Without something to do afterwards, LLVM would make it a jump by itself.
        std::arch::asm!("", options(nostack, preserves_flags));
        result
    }
}

extern "C" fn halt(_: *const u16, _: *const usize) -> u64 {
    7
}

#[test]
#[cfg_attr(debug_assertions, ignore = "compares optimized code")]
fn a_handler_that_calls_the_next_one_is_found() {
    let table = [halt as *const () as usize];
    // SAFETY: the one number is that of `halt`.
    let result = unsafe { fixture_that_calls(black_box([0u16].as_ptr()), table.as_ptr()) };
    assert_eq!(result, 7);
    let b = Binary::read(&std::env::current_exe().expect("a test is a file"));
    let (faults, _) = b.examine(b.symbol("fixture_that_calls"), &HashSet::new());
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].contains("then it returns"), "{faults:?}");
}

#[test]
fn returns_are_told_from_jumps() {
    let decoded = |bytes: &[u8]| -> Vec<Instruction> {
        Decoder::with_ip(64, bytes, 0x1000, DecoderOptions::NONE)
            .into_iter()
            .collect()
    };
    // call [rax+rcx*8]; add rsp, 8; pop rbx; jmp +0; ret
    let by_call = decoded(&[
        0xff, 0x14, 0xc8, 0x48, 0x83, 0xc4, 0x08, 0x5b, 0xeb, 0x00, 0xc3,
    ]);
    assert!(returns(&by_call, 1));
    // call rdx; add rsp, 8; jmp [rax+rcx*8]
    let by_jump = decoded(&[0xff, 0xd2, 0x48, 0x83, 0xc4, 0x08, 0xff, 0x24, 0xc8]);
    assert!(!returns(&by_jump, 1));
    assert_eq!(by_jump.last().map(Instruction::code), Some(Code::Jmp_rm64));
    // jmp to itself
    assert!(!returns(&decoded(&[0xeb, 0xfe]), 0));
    // call rdx; test rax, rax; je +0; ret: what was called has been asked something
    assert!(!returns(
        &decoded(&[0xff, 0xd2, 0x48, 0x85, 0xc0, 0x74, 0x00, 0xc3]),
        1
    ));
}
