//! From an optimized flow graph to a code object: jump offsets, bytes, tables.
//! Source: CPython 3.14 `Python/assemble.c`.

use std::collections::HashSet;
use std::sync::Arc;

use tailscope_bytecode::code::{Code, flags, kinds};
use tailscope_bytecode::exceptiontable::{self, ExceptionEntry};
use tailscope_bytecode::linetable::{LineTableWriter, Position};
use tailscope_bytecode::opcode::Opcode;

use crate::flowgraph::{self, CellSlots, Cfg, ConstPool, Error};
use crate::instr::{InstrSequence, Loc, Unit};

/// Where END_SEND is from SEND, in code units, in the code of an `await`: END_ASYNC_FOR
/// refers to the former though it jumps to the latter.
const END_SEND_OFFSET: u32 = 5;

/// Times that jump distances are computed until they agree with the sizes they cause. More
/// than a few are never needed; the limit is there so that a mistake cannot hang.
const MAX_ROUNDS: usize = 1000;

/// Makes the code object of a unit from its instructions
/// (`optimize_and_assemble_code_unit`). The instructions end by leaving the scope: what
/// falling off the end does is code generation's.
pub fn assemble_unit(mut unit: Unit, seq: InstrSequence) -> Result<Code, Error> {
    let mut graph = flowgraph::from_sequence(&seq)?;
    drop(seq);
    let mut pool = ConstPool::new(std::mem::take(&mut unit.consts));
    let nparams = parameter_count(&unit);
    if nparams > unit.varnames.len() {
        return Err(Error::TooFewLocals);
    }
    flowgraph::optimize(&mut graph, &mut pool, unit.varnames.len(), nparams)?;
    let cells = CellSlots::new(&unit);
    let stack_size = flowgraph::lower(&mut graph, &unit, &cells)?;
    make_code(unit, &graph, pool, &cells, stack_size)
}

/// Number of locals that arguments are bound to.
fn parameter_count(unit: &Unit) -> usize {
    let stars = [flags::VARARGS, flags::VARKEYWORDS];
    let counts = [unit.posonlyargcount, unit.argcount, unit.kwonlyargcount];
    counts.iter().map(|&count| count as usize).sum::<usize>()
        + stars.iter().filter(|&&star| unit.flags & star != 0).count()
}

pub(crate) fn make_code(
    unit: Unit,
    graph: &Cfg,
    pool: ConstPool,
    cells: &CellSlots,
    stack_size: u32,
) -> Result<Code, Error> {
    let mut instrs = flatten(graph)?;
    resolve_directions(&mut instrs);
    resolve_jump_offsets(&mut instrs)?;
    let (localsplusnames, localspluskinds) = localsplus(&unit, cells);
    Ok(Code {
        argcount: unit.posonlyargcount + unit.argcount,
        posonlyargcount: unit.posonlyargcount,
        kwonlyargcount: unit.kwonlyargcount,
        stacksize: stack_size.max(1),
        flags: unit.flags,
        code: emit(&instrs),
        consts: pool.into_consts(),
        names: unit.names,
        localsplusnames,
        localspluskinds,
        filename: unit.filename,
        name: unit.name,
        qualname: unit.qualname,
        firstlineno: unit.firstlineno,
        linetable: location_table(&instrs, unit.firstlineno),
        exceptiontable: exception_table(&instrs)?,
    })
}

/// The handler of an instruction.
#[derive(Clone, Copy)]
struct Handler {
    /// Index of its first instruction.
    index: u32,
    /// Stack depth on its entry, what exception handling pushes included.
    start_depth: i32,
    preserve_lasti: bool,
}

/// An instruction in its final place.
struct Instr {
    op: Opcode,
    arg: u32,
    loc: Loc,
    handler: Option<Handler>,
    /// Index of the instruction that a jump goes to.
    target: u32,
    /// Code units before it.
    offset: u32,
}

impl Instr {
    /// Size in code units, EXTENDED_ARGs and inline caches included.
    fn size(&self) -> u32 {
        self.extended_args() + 1 + self.op.cache_units() as u32
    }

    fn extended_args(&self) -> u32 {
        u32::from(self.arg > 0xFF) + u32::from(self.arg > 0xFFFF) + u32::from(self.arg > 0xFF_FFFF)
    }
}

/// The instructions of all blocks in order; blocks become indices of instructions.
fn flatten(graph: &Cfg) -> Result<Vec<Instr>, Error> {
    let mut first = vec![0u32; graph.block_count()];
    let mut count = 0;
    let mut cursor = Some(graph.entry);
    while let Some(b) = cursor {
        first[b.index()] = count;
        count += graph.len(b) as u32;
        cursor = graph[b].next;
    }
    let mut instrs = Vec::with_capacity(count as usize);
    let mut cursor = Some(graph.entry);
    while let Some(b) = cursor {
        for instr in graph.code(b) {
            if instr.op.is_pseudo() && !matches!(instr.op, Opcode::JUMP | Opcode::JUMP_NO_INTERRUPT)
            {
                return Err(Error::NotForCompiling(instr.op));
            }
            let target = match instr.target {
                Some(block) if flowgraph::has_jump(instr.op) => first[block.index()],
                _ => 0,
            };
            if target >= count {
                return Err(Error::JumpToNowhere);
            }
            instrs.push(Instr {
                op: instr.op,
                arg: instr.arg,
                loc: instr.loc,
                handler: instr.except.map(|block| Handler {
                    index: first[block.index()],
                    start_depth: graph[block].start_depth,
                    preserve_lasti: graph[block].preserve_lasti,
                }),
                target,
                offset: 0,
            });
        }
        cursor = graph[b].next;
    }
    Ok(instrs)
}

/// Makes unconditional jumps forward or backward ones.
fn resolve_directions(instrs: &mut [Instr]) {
    for (i, instr) in instrs.iter_mut().enumerate() {
        let forward = instr.target as usize > i;
        instr.op = match (instr.op, forward) {
            (Opcode::JUMP | Opcode::JUMP_NO_INTERRUPT, true) => Opcode::JUMP_FORWARD,
            (Opcode::JUMP, false) => Opcode::JUMP_BACKWARD,
            (Opcode::JUMP_NO_INTERRUPT, false) => Opcode::JUMP_BACKWARD_NO_INTERRUPT,
            (op, _) => op,
        };
    }
}

/// Computes the distances of jumps.
///
/// A distance may need EXTENDED_ARGs, which move everything behind them, so this goes on
/// until all sizes are as assumed. The first assumption is CPython's: the target's index.
fn resolve_jump_offsets(instrs: &mut [Instr]) -> Result<(), Error> {
    let jumps: Vec<usize> = (0..instrs.len())
        .filter(|&i| flowgraph::has_jump(instrs[i].op))
        .collect();
    for &i in &jumps {
        instrs[i].arg = instrs[i].target;
    }
    for _ in 0..MAX_ROUNDS {
        let mut offset = 0u32;
        for instr in instrs.iter_mut() {
            instr.offset = offset;
            offset = offset.checked_add(instr.size()).ok_or(Error::TooLarge)?;
        }
        let mut settled = true;
        for &i in &jumps {
            let target = instrs[instrs[i].target as usize].offset;
            let jump = &mut instrs[i];
            let size = jump.size();
            let end = jump.offset + size;
            jump.arg = if jump.op == Opcode::END_ASYNC_FOR {
                end.checked_sub(target + END_SEND_OFFSET)
                    .ok_or(Error::Malformed)?
            } else {
                end.abs_diff(target)
            };
            settled &= jump.size() == size;
        }
        if settled {
            return Ok(());
        }
    }
    Err(Error::TooLarge)
}

/// The code units.
fn emit(instrs: &[Instr]) -> Vec<u8> {
    let units = instrs.last().map_or(0, |last| last.offset + last.size());
    let mut code = Vec::with_capacity(units as usize * 2);
    for instr in instrs {
        for shift in (1..=instr.extended_args()).rev() {
            code.extend([Opcode::EXTENDED_ARG as u8, (instr.arg >> (8 * shift)) as u8]);
        }
        code.extend([instr.op as u8, instr.arg as u8]);
        code.resize(code.len() + 2 * instr.op.cache_units(), 0);
    }
    code
}

fn location_table(instrs: &[Instr], firstlineno: i32) -> Vec<u8> {
    let mut writer = LineTableWriter::new(firstlineno);
    for (i, instr) in instrs.iter().enumerate() {
        let loc = match instr.loc {
            Loc::NEXT => location_of_next(&instrs[i..]),
            loc => loc,
        };
        writer.push(position(loc), instr.size() as usize);
    }
    writer.finish()
}

/// The location of the first instruction that has one of its own, unless control does not
/// get there.
fn location_of_next(instrs: &[Instr]) -> Loc {
    for instr in instrs {
        if instr.loc != Loc::NEXT {
            return instr.loc;
        }
        if flowgraph::is_terminator(instr.op) {
            break;
        }
    }
    Loc::NONE
}

fn position(loc: Loc) -> Position {
    let known = |n: i32| if n < 0 { None } else { Some(n) };
    if loc.line == Loc::NONE.line {
        return Position::NONE;
    }
    Position {
        line: Some(loc.line),
        end_line: known(loc.end_line),
        column: known(loc.col),
        end_column: known(loc.end_col),
    }
}

fn exception_table(instrs: &[Instr]) -> Result<Vec<u8>, Error> {
    let mut entries = Vec::new();
    let mut run: Option<(u32, Handler)> = None;
    let end = instrs.last().map_or(0, |last| last.offset + last.size());
    let handlers = instrs.iter().map(|instr| (instr.offset, instr.handler));
    for (offset, handler) in handlers.chain([(end, None)]) {
        if run.map(|(_, handler)| handler.index) == handler.map(|handler| handler.index) {
            continue;
        }
        if let Some((start, handler)) = run.take() {
            entries.push(exception_entry(instrs, start..offset, handler)?);
        }
        run = handler.map(|handler| (offset, handler));
    }
    Ok(exceptiontable::encode(&entries))
}

fn exception_entry(
    instrs: &[Instr],
    range: std::ops::Range<u32>,
    handler: Handler,
) -> Result<ExceptionEntry, Error> {
    // The handler starts with the exception on the stack, and below it maybe the offset.
    let pushed = 1 + i32::from(handler.preserve_lasti);
    let depth = u32::try_from(handler.start_depth - pushed).map_err(|_| Error::StackUnderflow)?;
    let target = instrs
        .get(handler.index as usize)
        .ok_or(Error::JumpToNowhere)?
        .offset;
    Ok(ExceptionEntry {
        start: range.start,
        end: range.end,
        target,
        depth,
        lasti: handler.preserve_lasti,
    })
}

/// Names and kinds of the frame's slots.
fn localsplus(unit: &Unit, cells: &CellSlots) -> (Vec<Arc<str>>, Vec<u8>) {
    let mut names = Vec::with_capacity(cells.count as usize);
    let mut slot_kinds = Vec::with_capacity(cells.count as usize);
    let parameters = parameter_kinds(unit);
    for (i, name) in unit.varnames.iter().enumerate() {
        let mut kind = kinds::LOCAL;
        kind |= parameters
            .iter()
            .find(|(end, _)| i < *end as usize)
            .map_or(0, |(_, kind)| *kind);
        names.push(name.clone());
        slot_kinds.push(kind);
    }
    if !unit.fasthidden.is_empty() {
        let hidden: HashSet<&str> = unit.fasthidden.iter().map(|name| &**name).collect();
        for (kind, name) in slot_kinds.iter_mut().zip(&unit.varnames) {
            if hidden.contains(&**name) {
                *kind |= kinds::HIDDEN;
            }
        }
    }
    let (cell_slots, free_slots) = cells.slots.split_at(unit.cellvars.len());
    for (&slot, name) in cell_slots.iter().zip(&unit.cellvars) {
        match slot_kinds.get_mut(slot as usize) {
            Some(kind) => *kind |= kinds::CELL,
            None => {
                names.push(name.clone());
                slot_kinds.push(kinds::CELL);
            }
        }
    }
    for (_, name) in free_slots.iter().zip(&unit.freevars) {
        names.push(name.clone());
        slot_kinds.push(kinds::FREE);
    }
    (names, slot_kinds)
}

/// The sorts of parameters in their order: up to which local they go, and their kind bits.
fn parameter_kinds(unit: &Unit) -> [(u32, u8); 5] {
    let star = |flag| u32::from(unit.flags & flag != 0);
    let mut end = 0;
    [
        (unit.posonlyargcount, kinds::ARG_POS),
        (unit.argcount, kinds::ARG_POS | kinds::ARG_KW),
        (unit.kwonlyargcount, kinds::ARG_KW),
        (star(flags::VARARGS), kinds::ARG_VAR | kinds::ARG_POS),
        (star(flags::VARKEYWORDS), kinds::ARG_VAR | kinds::ARG_KW),
    ]
    .map(|(count, kind)| {
        end += count;
        (end, kind)
    })
}
