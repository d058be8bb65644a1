//! From an optimized flow graph to a code object: jump offsets, bytes, tables.
//! Source: CPython 3.14 `Python/assemble.c`.

use std::cell::Cell;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use tailscope_bytecode::code::{Code, flags, kinds};
use tailscope_bytecode::exceptiontable::{self, ExceptionEntry};
use tailscope_bytecode::linetable::{LineTableWriter, RawPosition};
use tailscope_bytecode::opcode::Opcode;

use crate::flowgraph::{self, BlockId, CellSlots, Cfg, ConstPool, Error};
use crate::instr::{Instr, InstrSequence, Loc, Unit};

/// Where END_SEND is from SEND, in code units, in the code of an `await`: END_ASYNC_FOR
/// refers to the former though it jumps to the latter.
const END_SEND_OFFSET: u32 = 5;

/// The line of [`Loc::NEXT`].
const NEXT_LINE: i32 = Loc::NEXT.line;

/// Times that jump distances are computed until they agree with the sizes they cause. More
/// than a few are never needed; the limit is there so that a mistake cannot hang.
const MAX_ROUNDS: usize = 1000;

/// Where units become code objects: its memory serves one after the other.
#[derive(Debug, Default)]
pub struct Workspace {
    graph: Cfg,
    layout: Layout,
}

thread_local! {
    /// What the last compilation of the thread has left.
    static SPARE: Cell<Option<Workspace>> = const { Cell::new(None) };
}

impl Workspace {
    /// A workspace, with the memory of the one that was kept last in this thread.
    pub(crate) fn spare() -> Workspace {
        SPARE.take().unwrap_or_default()
    }

    /// Keeps the memory for the next compilation, if it is not too much of it.
    pub(crate) fn keep(self) {
        const MOST_INSTRS: usize = 1 << 13;
        // There are as many runs as the largest unit had instructions.
        if self.graph.room().max(self.layout.runs.len()) <= MOST_INSTRS {
            SPARE.set(Some(self));
        }
    }

    /// Makes the code object of a unit from its instructions
    /// (`optimize_and_assemble_code_unit`). The instructions end by leaving the scope: what
    /// falling off the end does is code generation's.
    ///
    /// # Errors
    ///
    /// What is wrong with the instructions.
    pub fn assemble(&mut self, mut unit: Unit, seq: &mut InstrSequence) -> Result<Code, Error> {
        let graph = &mut self.graph;
        flowgraph::from_sequence(seq, graph)?;
        let mut pool = ConstPool::new(std::mem::take(&mut unit.consts));
        let nparams = parameter_count(&unit);
        if nparams > unit.varnames.len() {
            return Err(Error::TooFewLocals);
        }
        flowgraph::optimize(graph, &mut pool, unit.varnames.len(), nparams)?;
        let cells = CellSlots::new(&unit);
        let stack_size = flowgraph::lower(graph, &unit, &cells)?;
        self.layout.make_code(unit, graph, pool, &cells, stack_size)
    }
}

/// Number of locals that arguments are bound to.
fn parameter_count(unit: &Unit) -> usize {
    let stars = [flags::VARARGS, flags::VARKEYWORDS];
    let counts = [unit.posonlyargcount, unit.argcount, unit.kwonlyargcount];
    counts.iter().map(|&count| count as usize).sum::<usize>()
        + stars.iter().filter(|&&star| unit.flags & star != 0).count()
}

/// Number of EXTENDED_ARGs before an instruction with that argument.
#[inline]
fn extended_args(arg: u32) -> u8 {
    if arg <= 0xFF {
        return 0;
    }
    1 + u8::from(arg > 0xFFFF) + u8::from(arg > 0xFF_FFFF)
}

/// Where everything in the graph comes to lie.
///
/// How far a jump goes may change its size, and so where everything behind it lies. Therefore
/// what is fixed is counted apart: an offset is what all instructions before take that are no
/// jumps, and what the jumps before take.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    /// By the blocks' indices.
    blocks: Vec<Place>,
    jumps: Vec<Jump>,
    /// How many instructions there are.
    count: u32,
    /// What the instructions that are no jumps take, in code units, and what the jumps take.
    fixed: u32,
    moving: u32,
    /// Storage of the location table, and of the exception table's entries, while these are written.
    table: Vec<u8>,
    runs: Vec<Run>,
    entries: Vec<ExceptionEntry>,
}

/// A location, and the code unit from which on instructions have it.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// [`Loc::words`]: it is compared and stored in one piece.
    loc: [u64; 2],
    start: u32,
}

impl Run {
    /// What is before the first instruction.
    const START: Run = Run { loc: Loc::NONE.words(), start: 0 };
}

/// Where a block begins.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// Index of its first instruction, or of the one after it if it has none.
    first: u32,
    fixed: u32,
    /// How many jumps there are before.
    jumps: u32,
}

/// A jump in its final place.
#[derive(Debug)]
struct Jump {
    op: Opcode,
    /// Size in code units, EXTENDED_ARGs and inline caches included.
    size: u32,
    arg: u32,
    /// Index among all instructions in their order, and where it is in the graph.
    index: u32,
    place: u32,
    /// The block that it goes to.
    target: BlockId,
    /// Code units before it that belong to no jump, and those that do.
    fixed: u32,
    before: u32,
}

impl Jump {
    /// Sets the argument, and the size that it needs. Returns whether the size changed.
    fn set_arg(&mut self, arg: u32) -> bool {
        let before = self.size;
        self.arg = arg;
        self.size = size(self.op, arg);
        self.size != before
    }

    fn end(&self) -> u32 {
        self.fixed + self.before + self.size
    }
}

impl Layout {
    pub(crate) fn make_code(
        &mut self,
        mut unit: Unit,
        graph: &mut Cfg,
        pool: ConstPool,
        cells: &CellSlots,
        stack_size: u32,
    ) -> Result<Code, Error> {
        self.place_blocks(graph)?;
        self.place_jumps()?;
        self.resolve_jumps()?;
        self.set_jumps(graph);
        let mut runs = std::mem::take(&mut self.runs);
        // One for what is before the first instruction, one for the end.
        let room = self.count as usize + 2;
        if runs.len() < room {
            runs.resize(room, Run::START);
        }
        // Inline caches start as zeros.
        let mut code = vec![0; (self.fixed + self.moving) as usize * 2];
        let mut entries = std::mem::take(&mut self.entries);
        entries.clear();
        let count = self.emit(graph, &mut code, &mut runs, &mut entries)?;
        let exceptiontable = exceptiontable::encode(&entries);
        self.entries = entries;
        // Mostly the first instruction has a location, and nothing is before it.
        let first = usize::from(runs[1].start == 0);
        let linetable = self.write_lines(unit.firstlineno, &runs[first..=count]);
        self.runs = runs;
        let (localsplusnames, localspluskinds) = localsplus(&mut unit, cells);
        Ok(Code {
            argcount: unit.posonlyargcount + unit.argcount,
            posonlyargcount: unit.posonlyargcount,
            kwonlyargcount: unit.kwonlyargcount,
            stacksize: stack_size.max(1),
            flags: unit.flags,
            code,
            consts: pool.into_consts(),
            names: unit.names,
            localsplusnames,
            localspluskinds,
            filename: unit.filename,
            name: unit.name,
            qualname: unit.qualname,
            firstlineno: unit.firstlineno,
            linetable,
            exceptiontable,
        })
    }

    /// Writes the instructions, and adds the exception table's entries. Returns how many runs of
    /// locations there are; behind them the end is noted.
    fn emit(
        &self,
        graph: &Cfg,
        code: &mut [u8],
        runs: &mut [Run],
        entries: &mut Vec<ExceptionEntry>,
    ) -> Result<usize, Error> {
        runs[0] = Run::START;
        let out = Output { code, offset: 0, runs, run: 0 };
        let mut emitter = Emitter { layout: self, out, guard: None, entries };
        emitter.emit(graph)?;
        let out = emitter.out;
        let count = out.run + 1;
        out.runs[count] = Run { start: out.offset, ..Run::START };
        Ok(count)
    }

    /// The location table of what was emitted: of these runs, the last of which is the end.
    fn write_lines(&mut self, firstlineno: i32, runs: &[Run]) -> Vec<u8> {
        let table = std::mem::take(&mut self.table);
        let mut lines = LineTableWriter::in_buffer(firstlineno, table);
        lines.push_runs(runs.windows(2).map(|pair| {
            let Loc { line, end_line, col, end_col } = Loc::of_words(pair[0].loc);
            let position = RawPosition { line, end_line, column: col, end_column: end_col };
            (position, (pair[1].start - pair[0].start) as usize)
        }));
        self.table = lines.finish();
        let linetable = self.table.as_slice().to_vec();
        self.table.clear();
        linetable
    }

    /// Counts what is before each block, and finds the jumps.
    fn place_blocks(&mut self, graph: &Cfg) -> Result<(), Error> {
        self.blocks.clear();
        self.blocks.resize(graph.block_count(), Place::default());
        self.jumps.clear();
        let mut at = Place::default();
        let mut last = Opcode::NOP;
        for b in graph.order() {
            self.blocks[b.index()] = at;
            let code = graph.code(b);
            let (plain, ending) = code.split_at(graph.plain_len(b));
            at.fixed += sizes(plain);
            let places = graph.range(b).skip(plain.len());
            for ((index, place), instr) in (at.first + plain.len() as u32..).zip(places).zip(ending) {
                if !flowgraph::has_jump(instr.op) {
                    at.fixed += size(instr.op, instr.arg);
                    continue;
                }
                self.jumps.push(Jump {
                    op: instr.op,
                    size: 0,
                    arg: 0,
                    index,
                    place: place as u32,
                    target: instr.target.ok_or(Error::NoTarget(instr.op))?,
                    fixed: at.fixed,
                    before: 0,
                });
                at.jumps += 1;
            }
            at.first += code.len() as u32;
            last = code.last().map_or(last, |instr| instr.op);
        }
        (self.count, self.fixed) = (at.first, at.fixed);
        if flowgraph::ends_flow(last) { Ok(()) } else { Err(Error::FallsOffTheEnd) }
    }

    /// Gives the jumps their final opcodes, and a first assumption on their distances.
    fn place_jumps(&mut self) -> Result<(), Error> {
        for jump in &mut self.jumps {
            let target = self.blocks[jump.target.index()].first;
            if target >= self.count {
                return Err(Error::JumpToNowhere);
            }
            jump.op = match (jump.op, target > jump.index) {
                (Opcode::JUMP | Opcode::JUMP_NO_INTERRUPT, true) => Opcode::JUMP_FORWARD,
                (Opcode::JUMP, false) => Opcode::JUMP_BACKWARD,
                (Opcode::JUMP_NO_INTERRUPT, false) => Opcode::JUMP_BACKWARD_NO_INTERRUPT,
                (op, _) => op,
            };
            // CPython assumes the target's index.
            jump.set_arg(target);
        }
        Ok(())
    }

    /// Computes the distances of jumps.
    ///
    /// A distance may need EXTENDED_ARGs, which move everything behind them, so this goes on
    /// until all sizes are as assumed.
    fn resolve_jumps(&mut self) -> Result<(), Error> {
        for _ in 0..MAX_ROUNDS {
            let mut before = 0u32;
            for jump in &mut self.jumps {
                jump.before = before;
                before = before.checked_add(jump.size).ok_or(Error::TooLarge)?;
            }
            self.moving = before;
            self.fixed.checked_add(before).ok_or(Error::TooLarge)?;
            let mut settled = true;
            for i in 0..self.jumps.len() {
                let target = self.offset(self.jumps[i].target);
                let jump = &mut self.jumps[i];
                let distance = if jump.op == Opcode::END_ASYNC_FOR {
                    let end_send = target + END_SEND_OFFSET;
                    jump.end().checked_sub(end_send).ok_or(Error::Malformed)?
                } else {
                    jump.end().abs_diff(target)
                };
                settled &= !jump.set_arg(distance);
            }
            if settled {
                return Ok(());
            }
        }
        Err(Error::TooLarge)
    }

    /// Writes the jumps' final opcodes and arguments into the graph.
    fn set_jumps(&self, graph: &mut Cfg) {
        for jump in &self.jumps {
            graph.instr_mut(jump.place as usize).set(jump.op, jump.arg);
        }
    }

    /// Code units before a block.
    fn offset(&self, b: BlockId) -> u32 {
        let place = self.blocks[b.index()];
        let moving = self.jumps.get(place.jumps as usize).map_or(self.moving, |jump| jump.before);
        place.fixed + moving
    }
}

/// Size of an instruction in code units, EXTENDED_ARGs and inline caches included.
#[inline]
fn size(op: Opcode, arg: u32) -> u32 {
    1 + u32::from(extended_args(arg)) + flowgraph::cache_units(op)
}

/// Size of instructions that are no jumps.
fn sizes(code: &[Instr]) -> u32 {
    let (mut size, mut args) = (code.len() as u32, 0);
    for instr in code {
        size += flowgraph::cache_units(instr.op);
        args |= instr.arg;
    }
    if args > 0xFF {
        size += code.iter().map(|instr| u32::from(extended_args(instr.arg))).sum::<u32>();
    }
    size
}

/// Writes the bytes of a code object and its exception table, in one walk over its instructions,
/// and notes where their locations change: writing these as well would take more registers than
/// there are.
struct Emitter<'a> {
    layout: &'a Layout,
    out: Output<'a>,
    /// Which block handles the exceptions of the latest instructions, and where these begin.
    guard: Option<(u32, BlockId)>,
    entries: &'a mut Vec<ExceptionEntry>,
}

/// Where the instructions go.
struct Output<'a> {
    /// Inline caches are zeros already.
    code: &'a mut [u8],
    /// In code units.
    offset: u32,
    /// One more than there are instructions at least.
    runs: &'a mut [Run],
    /// Index of the run that the latest instruction is in.
    run: usize,
}

impl Output<'_> {
    /// Writes instructions, jumps as they are final, up to one that is out of the ordinary: another
    /// handler is there for it than this one, its argument is long, or it has no line. Returns how many.
    // What calls it needs registers for other things.
    #[inline(never)]
    fn put_plain(&mut self, instrs: &[Instr], handler: Option<BlockId>) -> Result<usize, Error> {
        let (mut at, mut run) = (self.offset as usize, self.run);
        let (units, _) = self.code.as_chunks_mut();
        let mut current = self.runs.get(run).ok_or(Error::Malformed)?.loc;
        let handler = BlockId::number(handler);
        let mut count = 0;
        for instr in instrs {
            let loc = instr.loc.words();
            let unit = instr.op as u32 | instr.arg << 8;
            let is_long = (instr.op as u32 | instr.arg) >> 8;
            let has_no_line = loc[0] as u32 >> 31;
            if is_long | has_no_line | (BlockId::number(instr.except) ^ handler) != 0 {
                break;
            }
            *units.get_mut(at).ok_or(Error::Malformed)? = (unit as u16).to_le_bytes();
            // Whether the location is another one, no processor foresees: the next run is written in
            // any case, and counts if it is one.
            *self.runs.get_mut(run + 1).ok_or(Error::Malformed)? = Run { loc, start: at as u32 };
            run += usize::from((loc[0] ^ current[0]) | (loc[1] ^ current[1]) != 0);
            current = loc;
            at += 1 + flowgraph::cache_units(instr.op) as usize;
            count += 1;
        }
        (self.offset, self.run) = (at as u32, run);
        Ok(count)
    }

    /// Writes an instruction.
    fn put(&mut self, op: Opcode, arg: u32, loc: &Loc) -> Result<(), Error> {
        let [current, next, ..] = &mut self.runs[self.run..] else { return Err(Error::Malformed) };
        *next = Run { loc: loc.words(), start: self.offset };
        self.run += usize::from(current.loc != next.loc);
        self.put_long(op, arg)
    }

    #[inline(always)]
    fn put_unit(&mut self, op: Opcode, arg: u32) -> Result<(), Error> {
        let rest = self.code.get_mut(self.offset as usize * 2..);
        let unit = rest.and_then(|rest| rest.first_chunk_mut()).ok_or(Error::Malformed)?;
        *unit = [op as u8, arg as u8];
        Ok(())
    }

    /// Writes an instruction with its EXTENDED_ARGs.
    fn put_long(&mut self, op: Opcode, arg: u32) -> Result<(), Error> {
        if op.number() > 0xFF {
            return Err(Error::NotForCompiling(op));
        }
        for shift in (1..=extended_args(arg)).rev() {
            self.put_unit(Opcode::EXTENDED_ARG, arg >> (8 * shift))?;
            self.offset += 1;
        }
        self.put_unit(op, arg)?;
        self.offset += 1 + flowgraph::cache_units(op);
        Ok(())
    }
}

impl Emitter<'_> {
    fn emit(&mut self, graph: &Cfg) -> Result<(), Error> {
        let mut handler = None;
        for b in graph.order() {
            let code = graph.code(b);
            let mut i = 0;
            loop {
                i += self.out.put_plain(&code[i..], handler)?;
                let Some(instr) = code.get(i) else { break };
                if instr.except != handler {
                    handler = instr.except;
                    self.set_guard(graph, handler)?;
                }
                self.out.put(instr.op, instr.arg, final_location(graph, b, i, &instr.loc))?;
                i += 1;
            }
        }
        self.set_guard(graph, None)
    }

    /// From here on `handler` handles exceptions.
    fn set_guard(&mut self, graph: &Cfg, handler: Option<BlockId>) -> Result<(), Error> {
        let offset = self.out.offset;
        // Blocks are the same handler if they start with the same instruction.
        let first = |block: BlockId| self.layout.blocks[block.index()].first;
        if self.guard.map(|(_, block)| first(block)) == handler.map(first) {
            return Ok(());
        }
        if let Some((start, handler)) = self.guard.take() {
            let entry = self.exception_entry(graph, start..offset, handler)?;
            self.entries.push(entry);
        }
        self.guard = handler.map(|handler| (offset, handler));
        Ok(())
    }

    fn exception_entry(
        &self,
        graph: &Cfg,
        range: Range<u32>,
        handler: BlockId,
    ) -> Result<ExceptionEntry, Error> {
        let block = &graph[handler];
        // The handler starts with the exception on the stack, and below it maybe the offset.
        let pushed = 1 + i32::from(block.preserve_lasti);
        let depth = u32::try_from(block.start_depth - pushed).map_err(|_| Error::StackUnderflow)?;
        if self.layout.blocks[handler.index()].first >= self.layout.count {
            return Err(Error::JumpToNowhere);
        }
        Ok(ExceptionEntry {
            start: range.start,
            end: range.end,
            target: self.layout.offset(handler),
            depth,
            lasti: block.preserve_lasti,
        })
    }
}

/// The location of instruction `i` of the block, which may be that of the next.
#[inline(always)]
fn final_location<'g>(graph: &'g Cfg, b: BlockId, i: usize, loc: &'g Loc) -> &'g Loc {
    match loc.line {
        NEXT_LINE => location_of_next(graph, b, i),
        _ => loc,
    }
}

/// The location of the first instruction from `i` of the block on that has one of its own, unless
/// control does not get there.
#[cold]
fn location_of_next(graph: &Cfg, b: BlockId, i: usize) -> &Loc {
    let blocks = std::iter::successors(Some(b), |&b| graph[b].next);
    for instr in blocks.flat_map(|b| graph.code(b)).skip(i) {
        if instr.loc != Loc::NEXT {
            return &instr.loc;
        }
        if flowgraph::is_terminator(instr.op) {
            break;
        }
    }
    &Loc::NONE
}

/// Names and kinds of the frame's slots. The names are taken from the unit.
fn localsplus(unit: &mut Unit, cells: &CellSlots) -> (Vec<Arc<str>>, Vec<u8>) {
    let mut names = std::mem::take(&mut unit.varnames);
    let mut slot_kinds = Vec::with_capacity(cells.count as usize);
    for (end, kind) in parameter_kinds(unit) {
        let end = (end as usize).min(names.len());
        slot_kinds.resize(end, kinds::LOCAL | kind);
    }
    slot_kinds.resize(names.len(), kinds::LOCAL);
    if !unit.fasthidden.is_empty() {
        let hidden: HashSet<&str> = unit.fasthidden.iter().map(|name| &**name).collect();
        for (kind, name) in slot_kinds.iter_mut().zip(&names) {
            if hidden.contains(&**name) {
                *kind |= kinds::HIDDEN;
            }
        }
    }
    for (&slot, name) in cells.slots.iter().zip(unit.cellvars.drain(..)) {
        match slot_kinds.get_mut(slot as usize) {
            Some(kind) => *kind |= kinds::CELL,
            None => {
                names.push(name);
                slot_kinds.push(kinds::CELL);
            }
        }
    }
    names.append(&mut unit.freevars);
    slot_kinds.resize(names.len(), kinds::FREE);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flowgraph::testing::{sequence, unit};

    fn assemble_unit(unit: Unit, mut seq: InstrSequence) -> Result<Code, Error> {
        Workspace::default().assemble(unit, &mut seq)
    }

    use crate::instr::{Arg, Label};
    use tailscope_bytecode::code::Const;

    fn assembled(unit: Unit, source: &str) -> Code {
        let consts = vec![Const::None, Const::Str("text".into())];
        assemble_unit(Unit { consts, ..unit }, sequence(source)).expect("well-formed code")
    }

    #[test]
    fn a_function_with_a_handler() {
        let unit = Unit {
            varnames: vec!["x".into()],
            names: vec!["print".into()],
            argcount: 1,
            flags: flags::OPTIMIZED | flags::NEWLOCALS,
            ..unit()
        };
        let code = assembled(
            unit,
            "1 RESUME 0
             2 SETUP_FINALLY @handler
             3 LOAD_FAST 0
             3 POP_TOP
             - POP_BLOCK
             - LOAD_CONST 0
             - RETURN_VALUE
             handler:
             - SETUP_CLEANUP @cleanup
             - PUSH_EXC_INFO
             4 POP_TOP
             4 POP_EXCEPT
             - POP_BLOCK
             - LOAD_CONST 0
             - RETURN_VALUE
             cleanup:
             - COPY 3
             - POP_EXCEPT
             - RERAISE 1",
        );
        use Opcode::*;
        let expected = [
            (RESUME, 0),
            (NOP, 0),
            (LOAD_FAST_BORROW, 0),
            (POP_TOP, 0),
            (LOAD_CONST, 0),
            (RETURN_VALUE, 0),
            (PUSH_EXC_INFO, 0),
            (POP_TOP, 0),
            (POP_EXCEPT, 0),
            (LOAD_CONST, 0),
            (RETURN_VALUE, 0),
            (COPY, 3),
            (POP_EXCEPT, 0),
            (RERAISE, 1),
        ];
        let units: Vec<(Opcode, u8)> = code
            .code
            .chunks(2)
            .map(|unit| (Opcode::from_u8(unit[0]).expect("an opcode"), unit[1]))
            .collect();
        assert_eq!(units, expected);
        assert_eq!(code.consts, [Const::None]);
        assert_eq!(
            code.localspluskinds,
            [kinds::LOCAL | kinds::ARG_POS | kinds::ARG_KW]
        );
        assert_eq!(code.stacksize, 4);
        let entries: Vec<_> = code.exception_entries().collect();
        let entry = |start, end, target, depth, lasti| ExceptionEntry {
            start,
            end,
            target,
            depth,
            lasti,
        };
        assert_eq!(
            entries,
            [entry(2, 4, 6, 0, false), entry(6, 9, 11, 1, true)]
        );
        let lines: Vec<_> = code
            .lines()
            .iter()
            .map(|run| (run.start, run.line))
            .collect();
        let numbered = [(0, 1), (2, 2), (4, 3), (12, 0), (14, 4), (22, 0)];
        assert_eq!(
            lines,
            numbered.map(|(start, line)| (start, (line > 0).then_some(line)))
        );
    }

    #[test]
    fn a_long_jump_has_an_extended_arg() {
        let body = "2 LOAD_NAME 0\n2 POP_TOP\n".repeat(150);
        let source = format!(
            "1 LOAD_NAME 0\n1 TO_BOOL\n1 POP_JUMP_IF_FALSE @end\n{body}
             end:\n3 LOAD_CONST 0\n3 RETURN_VALUE"
        );
        let source = source.replace("\n             end", "end");
        let code = assembled(unit(), &source);
        // LOAD_NAME, TO_BOOL with 3 caches, EXTENDED_ARG 1, the jump with 1 cache, NOT_TAKEN.
        let jump = [
            Opcode::EXTENDED_ARG as u8,
            1,
            Opcode::POP_JUMP_IF_FALSE as u8,
            45,
        ];
        assert_eq!(code.code[10..14], jump);
        let target = (14 + 2 + 2 * (256 + 45)) as usize;
        assert_eq!(code.code[target..target + 2], [Opcode::LOAD_CONST as u8, 0]);
    }

    #[test]
    fn parameters_have_their_kinds() {
        let names = ["p", "a", "k", "args", "kw", "x", "hidden"];
        let unit = Unit {
            varnames: names.map(Arc::from).to_vec(),
            cellvars: vec!["a".into(), "c".into()],
            freevars: vec!["f".into()],
            fasthidden: vec!["hidden".into()],
            posonlyargcount: 1,
            argcount: 1,
            kwonlyargcount: 1,
            flags: flags::VARARGS | flags::VARKEYWORDS,
            ..unit()
        };
        let code = assembled(unit, "1 LOAD_CONST 0\n1 RETURN_VALUE");
        assert_eq!(code.argcount, 2);
        assert_eq!(
            code.localspluskinds,
            [0x22, 0x66, 0x24, 0x2A, 0x2C, 0x20, 0x30, 0x40, 0x80]
        );
        let names: Vec<&str> = code.localsplusnames.iter().map(|name| &**name).collect();
        assert_eq!(
            names,
            ["p", "a", "k", "args", "kw", "x", "hidden", "c", "f"]
        );
    }

    #[test]
    fn mistakes_in_instructions_are_errors() {
        let error = |source: &str| {
            let consts = vec![Const::None];
            assemble_unit(Unit { consts, ..unit() }, sequence(source)).unwrap_err()
        };
        assert_eq!(error("1 NOP"), Error::FallsOffTheEnd);
        assert_eq!(
            error("1 POP_TOP\n1 LOAD_CONST 0\n1 RETURN_VALUE"),
            Error::StackUnderflow
        );
        assert_eq!(error("1 POP_BLOCK"), Error::Malformed);
        assert_eq!(
            error("1 LOAD_CONST 7\n1 RETURN_VALUE"),
            Error::NoSuchConst { index: 7, len: 1 }
        );
        assert_eq!(
            error("1 LOAD_DEREF 0\n1 RETURN_VALUE"),
            Error::NoSuchCell(0)
        );
        assert_eq!(error("1 JUMP 0"), Error::UnplacedLabel(0));
        assert_eq!(error("1 JUMP @nowhere"), Error::UnplacedLabel(0));
        let disagreeing = "1 LOAD_NAME 0\n1 POP_JUMP_IF_FALSE @end\n1 LOAD_NAME 0\nend:\n\
                           1 LOAD_CONST 0\n1 RETURN_VALUE";
        assert_eq!(error(disagreeing), Error::InconsistentDepth);
    }

    /// Random instructions are refused or assembled, but never crash or hang.
    #[test]
    fn any_instructions_are_survived() {
        let mut state = 0x2545_F491_4F6C_DD1Du64;
        let mut random = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below as u64) as usize
        };
        let (mut assembled, mut refused) = (0, 0);
        for _ in 0..20_000 {
            let mut seq = InstrSequence::default();
            let len = 1 + random(12);
            for _ in 0..len {
                let op = match random(3) {
                    0 => Opcode::ALL[random(Opcode::ALL.len())],
                    _ => COMMON[random(COMMON.len())],
                };
                let loc = match random(3) {
                    0 => Loc::NONE,
                    _ => Loc {
                        line: random(3) as i32,
                        end_line: 3,
                        col: 0,
                        end_col: 1,
                    },
                };
                let arg = match random(12) {
                    0 => Arg::Value(u32::MAX),
                    n => Arg::Value(n as u32 % 4),
                };
                let arg = if flowgraph::has_target(op) {
                    seq.labels.push(random(len));
                    Arg::Target(Label(seq.labels.len() as u32 - 1))
                } else {
                    arg
                };
                seq.push(op, arg, loc);
            }
            let consts = vec![Const::None, Const::Int(3.into()), Const::Str("x".into())];
            let varnames = ["a", "b"].map(Arc::from).to_vec();
            match assemble_unit(
                Unit {
                    consts,
                    varnames,
                    ..unit()
                },
                seq,
            ) {
                Ok(_) => assembled += 1,
                Err(_) => refused += 1,
            }
        }
        assert!(
            assembled > 100 && refused > 100,
            "{assembled} assembled, {refused} refused"
        );
    }

    const COMMON: &[Opcode] = {
        use Opcode::*;
        &[
            LOAD_CONST,
            LOAD_SMALL_INT,
            LOAD_FAST,
            STORE_FAST,
            POP_TOP,
            COPY,
            SWAP,
            NOP,
            BINARY_OP,
            BUILD_TUPLE,
            BUILD_LIST,
            LIST_APPEND,
            GET_ITER,
            JUMP,
            JUMP_IF_FALSE,
            JUMP_IF_TRUE,
            POP_JUMP_IF_FALSE,
            POP_JUMP_IF_NONE,
            JUMP_NO_INTERRUPT,
            SETUP_FINALLY,
            SETUP_CLEANUP,
            POP_BLOCK,
            RETURN_VALUE,
            RETURN_VALUE,
            RETURN_VALUE,
            RAISE_VARARGS,
            YIELD_VALUE,
            RESUME,
            TO_BOOL,
            UNARY_NOT,
            IS_OP,
            FOR_ITER,
            UNPACK_SEQUENCE,
            DELETE_FAST,
        ]
    };
}
