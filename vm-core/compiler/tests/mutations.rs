//! The verifier refuses each of many code objects that are wrong in one thing, made of right ones:
//! those of the corpus.

use std::path::Path;
use std::sync::Arc;

use tailscope_bytecode::code::{Code, Const, kinds};
use tailscope_bytecode::dis::{RawInstruction, raw_instructions};
use tailscope_bytecode::exceptiontable::{self, ExceptionEntry};
use tailscope_bytecode::marshal;
use tailscope_bytecode::opcode::{Opcode, OpcodeFlags};
use tailscope_bytecode::verify::verify;
use tailscope_compiler::{CompileOptions, compile};

/// All code objects of the corpus, without those inside them: each is changed by itself.
fn codes() -> Vec<Code> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut files: Vec<_> = std::fs::read_dir(corpus).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "py"));
    files.sort();
    let mut out = Vec::new();
    for path in files {
        let source = std::fs::read(&path).unwrap();
        let (code, _) = compile(&source, &CompileOptions::new("f.py")).unwrap();
        let mut waiting = vec![code];
        while let Some(mut code) = waiting.pop() {
            for constant in &mut code.consts {
                if let Const::Code(inner) = constant {
                    waiting.push((**inner).clone());
                    *inner = Arc::new(trivial());
                }
            }
            verify(&code).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            out.push(code);
        }
    }
    assert!(out.len() > 150, "only {} code objects", out.len());
    out
}

fn trivial() -> Code {
    compile(b"", &CompileOptions::new("f.py")).unwrap().0
}

/// Counts mutants, and keeps those that are accepted.
#[derive(Default)]
struct Tally {
    mutants: usize,
    accepted: Vec<String>,
}

impl Tally {
    fn try_mutant(&mut self, code: &Code, what: &str, change: impl FnOnce(&mut Code)) {
        let mut mutant = code.clone();
        change(&mut mutant);
        self.mutants += 1;
        match verify(&mutant) {
            Ok(()) => self.accepted.push(format!("{}: {what}", code.qualname)),
            Err(error) => assert!(!error.reason.is_empty(), "{what}: refused without a reason"),
        }
    }

    #[track_caller]
    fn finish(self, least: usize) {
        println!("{} mutants", self.mutants);
        let shown = self.accepted.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
        assert!(self.accepted.is_empty(), "{} of {} are accepted:\n{shown}", self.accepted.len(), self.mutants);
        assert!(self.mutants >= least, "only {} mutants", self.mutants);
    }
}

fn instructions(code: &Code) -> Vec<RawInstruction> {
    raw_instructions(&code.code).collect()
}

/// Offsets in code units at which no instruction begins.
fn inside_of_instructions(code: &Code) -> Vec<u32> {
    let begins: Vec<usize> = instructions(code).iter().map(|raw| raw.start_offset).collect();
    (0..code.code.len()).step_by(2).filter(|at| !begins.contains(at)).map(|at| at as u32 / 2).collect()
}

fn may_raise(raw: &RawInstruction) -> bool {
    raw.base.has_error() || raw.base.flags().contains(OpcodeFlags::HAS_ESCAPES)
}

/// Whether each instruction can be reached: what is on the stack elsewhere does not matter, as in
/// the handler of a range in which nothing raises.
fn reached(code: &Code) -> Vec<bool> {
    let list = instructions(code);
    let handlers: Vec<ExceptionEntry> = code.exception_entries().collect();
    let index = |offset: usize| list.iter().position(|raw| raw.start_offset == offset);
    let mut reached = vec![false; list.len()];
    let mut waiting = vec![Some(0)];
    while let Some(next) = waiting.pop() {
        let Some(at) = next.filter(|&at| at < list.len() && !reached[at]) else { continue };
        reached[at] = true;
        let raw = &list[at];
        if raw.base.has_jump() {
            waiting.push(raw.jump_target().and_then(index));
        }
        if !raw.base.is_unconditional_transfer() {
            waiting.push(Some(at + 1));
        }
        let unit = raw.offset as u32 / 2;
        let handler = handlers.iter().find(|entry| (entry.start..entry.end).contains(&unit));
        if let Some(entry) = handler.filter(|_| may_raise(raw)) {
            waiting.push(index(entry.target as usize * 2));
        }
    }
    reached
}

/// The instructions that are reached.
fn alive(code: &Code) -> Vec<RawInstruction> {
    let pairs = instructions(code).into_iter().zip(reached(code));
    pairs.filter(|(_, reached)| *reached).map(|(raw, _)| raw).collect()
}

#[test]
fn opcodes_that_no_compiler_writes() {
    let plain = |byte: u8| {
        Opcode::from_u8(byte).is_some_and(|op| {
            op.base() == op
                && !op.is_instrumented()
                && !matches!(
                    op,
                    Opcode::CACHE
                        | Opcode::RESERVED
                        | Opcode::INTERPRETER_EXIT
                        | Opcode::EXIT_INIT_CHECK
                        | Opcode::ENTER_EXECUTOR
                )
        })
    };
    let wrong: Vec<u8> = (0..=255).filter(|&byte| !plain(byte)).collect();
    assert!(wrong.len() > 100, "{} opcodes are left", wrong.len());
    let mut tally = Tally::default();
    for code in codes() {
        for (number, raw) in instructions(&code).into_iter().enumerate() {
            for turn in 0..3 {
                let byte = wrong[(number * 3 + turn) % wrong.len()];
                tally.try_mutant(&code, &format!("{byte} at {}", raw.offset), |c| c.code[raw.offset] = byte);
            }
        }
    }
    tally.finish(15_000);
}

/// Opargs that mean nothing for an instruction.
fn wrong_opargs(code: &Code, raw: &RawInstruction) -> Vec<u8> {
    use Opcode::*;
    let first = |count: usize| u8::try_from(count).map_or(vec![], |n| vec![n, 255]);
    match raw.base {
        LOAD_GLOBAL | LOAD_ATTR => first(code.names.len() * 2),
        LOAD_SUPER_ATTR => first(code.names.len() * 4),
        op if op.has_const() => first(code.consts.len()),
        op if op.has_name() => first(code.names.len()),
        op if op.superinstruction().is_some() && code.localsplusnames.len() < 16 => vec![255],
        op if op.superinstruction().is_some() => vec![],
        op if op.has_local() || op.has_free() => first(code.localsplusnames.len()),
        BINARY_OP | COMPARE_OP | LOAD_COMMON_CONSTANT | LOAD_SPECIAL | SET_FUNCTION_ATTRIBUTE | RESUME => vec![255],
        CALL_INTRINSIC_1 | CALL_INTRINSIC_2 => vec![0, 255],
        CONVERT_VALUE => vec![0, 4],
        BUILD_SLICE => vec![0, 1, 4],
        RAISE_VARARGS | GET_AWAITABLE => vec![3],
        IS_OP | CONTAINS_OP | YIELD_VALUE => vec![2],
        COPY | LIST_APPEND | LIST_EXTEND | SET_ADD | SET_UPDATE | MAP_ADD | DICT_UPDATE => vec![0, 250],
        SWAP => vec![0, 1, 250],
        BUILD_TUPLE | BUILD_LIST | BUILD_SET | BUILD_MAP | BUILD_STRING | CALL | CALL_KW | UNPACK_SEQUENCE => vec![250],
        COPY_FREE_VARS => vec![0, 250],
        _ => vec![],
    }
}

#[test]
fn opargs_that_mean_nothing() {
    let mut tally = Tally::default();
    for code in codes() {
        for raw in alive(&code) {
            // With a prefix the oparg is larger still, or of another meaning.
            if raw.start_offset != raw.offset {
                continue;
            }
            for oparg in wrong_opargs(&code, &raw) {
                let what = format!("{} {oparg} at {}", raw.base, raw.offset);
                tally.try_mutant(&code, &what, |c| c.code[raw.offset + 1] = oparg);
            }
        }
    }
    tally.finish(6_000);
}

#[test]
fn jumps_to_where_no_instruction_is() {
    let mut tally = Tally::default();
    for code in codes() {
        let inside = inside_of_instructions(&code);
        for raw in instructions(&code) {
            if !raw.base.has_jump() || raw.start_offset != raw.offset {
                continue;
            }
            let next = (raw.offset / 2 + 1 + raw.base.cache_units()) as i64;
            for oparg in 0..=255u8 {
                let distance = i64::from(oparg);
                let target = if raw.base.jumps_backward() { next - distance } else { next + distance };
                let outside = target < 0 || target >= code.code.len() as i64 / 2;
                if outside || inside.contains(&(target as u32)) {
                    let what = format!("{} to unit {target} at {}", raw.base, raw.offset);
                    tally.try_mutant(&code, &what, |c| c.code[raw.offset + 1] = oparg);
                }
            }
        }
    }
    tally.finish(50_000);
}

#[test]
fn stacks_of_the_wrong_depth() {
    let mut tally = Tally::default();
    for code in codes() {
        tally.try_mutant(&code, "no stack", |c| c.stacksize = 0);
        tally.try_mutant(&code, "a huge stack", |c| c.stacksize = 1 << 30);
        for raw in alive(&code) {
            use Opcode::*;
            // Whatever follows finds one value less.
            if matches!(raw.base, LOAD_CONST | LOAD_SMALL_INT | LOAD_FAST | LOAD_FAST_BORROW | LOAD_NAME | PUSH_NULL) {
                let what = format!("{} is gone at {}", raw.base, raw.offset);
                tally.try_mutant(&code, &what, |c| c.code[raw.offset] = NOP.number() as u8);
            }
            // Or the stack below its beginning.
            if raw.offset == 0 {
                tally.try_mutant(&code, "POP_TOP at 0", |c| c.code[0] = POP_TOP.number() as u8);
            }
        }
    }
    tally.finish(1_800);
}

#[test]
fn exception_ranges() {
    let mut tally = Tally::default();
    for code in codes() {
        let entries: Vec<ExceptionEntry> = code.exception_entries().collect();
        let units = code.code.len() as u32 / 2;
        let (inside, alive) = (inside_of_instructions(&code), alive(&code));
        for (number, entry) in entries.iter().enumerate() {
            let mut change = |what: &str, change: &dyn Fn(&mut ExceptionEntry)| {
                let mut changed = entries.clone();
                change(&mut changed[number]);
                let what = format!("{what} of range {number}");
                tally.try_mutant(&code, &what, |c| c.exceptiontable = exceptiontable::encode(&changed));
            };
            change("no length", &|e| e.end = e.start);
            change("end after the code", &|e| e.end = units + 1);
            change("handler after the code", &|e| e.target = units);
            let range = entry.start * 2..entry.end * 2;
            if alive.iter().any(|raw| range.contains(&(raw.offset as u32)) && may_raise(raw)) {
                change("too deep a handler", &|e| e.depth = 200);
            }
            for &unit in &inside {
                change("handler in an instruction", &|e| e.target = unit);
                if unit < entry.end {
                    change("start in an instruction", &|e| e.start = unit);
                }
                if unit > entry.start {
                    change("end in an instruction", &|e| e.end = unit);
                }
            }
        }
    }
    tally.finish(10_000);
}

#[test]
fn truncated_tables() {
    let mut tally = Tally::default();
    for code in codes() {
        for length in 0..code.linetable.len() {
            tally.try_mutant(&code, "line table", |c| c.linetable.truncate(length));
        }
        for length in 0..code.code.len() {
            tally.try_mutant(&code, "code", |c| c.code.truncate(length));
        }
        // Where an entry ends, the rest of the table may as well not be there.
        let whole: Vec<ExceptionEntry> = code.exception_entries().collect();
        let ends: Vec<usize> = (0..=whole.len()).map(|n| exceptiontable::encode(&whole[..n]).len()).collect();
        for length in (0..code.exceptiontable.len()).filter(|length| !ends.contains(length)) {
            tally.try_mutant(&code, "exception table", |c| c.exceptiontable.truncate(length));
        }
    }
    tally.finish(25_000);
}

#[test]
fn wild_variables() {
    let mut tally = Tally::default();
    for code in codes() {
        let count = code.localsplusnames.len();
        tally.try_mutant(&code, "a name too much", |c| c.localsplusnames.push("wild".into()));
        tally.try_mutant(&code, "a kind too much", |c| c.localspluskinds.push(kinds::LOCAL));
        tally.try_mutant(&code, "more parameters than variables", |c| c.argcount = count as u32 + 1);
        tally.try_mutant(&code, "more positional parameters", |c| c.posonlyargcount = c.argcount + 1);
        tally.try_mutant(&code, "endless parameters", |c| c.kwonlyargcount = u32::MAX / 2);
        for at in 0..count {
            tally.try_mutant(&code, "no kind", |c| c.localspluskinds[at] = 0);
            tally.try_mutant(&code, "hidden only", |c| c.localspluskinds[at] = kinds::HIDDEN);
            tally.try_mutant(&code, "free and local", |c| c.localspluskinds[at] = kinds::FREE | kinds::LOCAL);
            tally.try_mutant(&code, "one name less", |c| drop(c.localsplusnames.remove(at)));
            let later_local = code.localspluskinds[at + 1..].iter().any(|kind| kind & kinds::FREE == 0);
            if later_local {
                tally.try_mutant(&code, "free before others", |c| c.localspluskinds[at] = kinds::FREE);
            }
        }
    }
    tally.finish(2_000);
}

/// A file that is cut off is refused by the reader, wherever that is.
#[test]
fn truncated_files() {
    for code in codes().iter().take(60) {
        let bytes = marshal::write_code(code).unwrap();
        for length in 0..bytes.len() {
            assert!(marshal::read_code(&bytes[..length]).is_err(), "{} of {}", length, code.qualname);
        }
    }
}
