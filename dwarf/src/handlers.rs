//! The interpreters' handlers in a binary: how much code and stack each takes, and how many of its
//! variables can be seen while it runs.
//!
//! A variable counts for the bytes of code of its scope; seen, it counts for those of them for
//! which the debug information has a location. A location that only says what a register held
//! when the function began, which nobody can tell any more, is none; nor is a variable that the
//! optimizer left without any.

use std::collections::{BTreeMap, HashSet};

use gimli::{AttributeValue, DebuggingInformationEntry, EntriesTreeNode, Operation, UnitOffset, UnwindSection, constants as dw};

use crate::error::{Error, Result};
use crate::image::{Dwarf, Image, Slice, Unit};
use crate::types::{Types, type_id};
use crate::variables::{inherited, origin};

/// An interpreter, by the names of its functions.
#[derive(Clone, Copy, Debug)]
pub struct Interpreter {
    /// As `--interp` has it.
    pub name: &'static str,
    /// Path of the functions that are its handlers, each named like its opcode; or of the one
    /// function that all of them are inlined into.
    handlers: &'static str,
    /// Path of further functions that run with the interpreter's registers.
    others: &'static str,
    /// Functions of that path that do not.
    outside: &'static [&'static str],
    /// Where one function has all handlers: the path of the bodies in it.
    bodies: Option<&'static str>,
    /// Its handlers are jumped to, with the registers as their parameters.
    tail_called: bool,
}

/// All that are known. Those that a binary does not have are left out.
pub const INTERPRETERS: [Interpreter; 3] = [
    Interpreter {
        name: "tail",
        handlers: "tailscope_vm::interp::tail::handlers::",
        others: "tailscope_vm::interp::tail::",
        outside: &["run", "table_of", "has_handler"],
        bodies: None,
        tail_called: true,
    },
    Interpreter {
        name: "loop",
        handlers: "tailscope_vm::interp::match_loop::run_in",
        others: "tailscope_vm::interp::match_loop::run_in",
        outside: &[],
        bodies: Some("tailscope_vm::ops::"),
        tail_called: false,
    },
    Interpreter {
        name: "frames",
        handlers: "tailscope_frames::handlers::opcodes::",
        others: "tailscope_frames::handlers::opcodes::",
        outside: &[],
        bodies: None,
        tail_called: false,
    },
];

/// A function of an interpreter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Classified {
    pub interpreter: &'static str,
    /// The function's own name: an opcode's, for most handlers.
    pub name: String,
    /// The mode that the handler was compiled for.
    pub mode: Option<u8>,
}

/// Whether a function, by its mangled name, runs with an interpreter's registers.
pub fn classify(mangled: &str) -> Option<Classified> {
    // Most names need no demangling to be told to be others.
    if !mangled.contains("interp") && !mangled.contains("handlers") {
        return None;
    }
    let path = format!("{:#}", rustc_demangle::demangle(mangled));
    INTERPRETERS.iter().find_map(|i| {
        let rest = path.strip_prefix(i.handlers).or_else(|| path.strip_prefix(i.others))?;
        let (name, mode) = match rest.split_once("::<") {
            Some((name, mode)) => (name, mode.trim_end_matches('>').parse().ok()),
            None => (rest, None),
        };
        let is_function = !name.contains("::") && !name.contains('{') && !i.outside.contains(&name);
        is_function.then(|| Classified { interpreter: i.name, name: name.to_owned(), mode })
    })
}

/// Where functions begin that are tail-called, each with the interpreter's registers as parameters.
pub(crate) struct Entries(Vec<(u64, u64)>);

impl Entries {
    /// The beginning of the function that an address is in.
    pub fn at(&self, address: u64) -> Option<u64> {
        let end = self.0.partition_point(|e| e.0 <= address);
        self.0[..end].last().filter(|e| address < e.1).map(|e| e.0)
    }
}

pub(crate) fn entries(image: &Image) -> Entries {
    let all = image.symbols().iter().filter_map(|s| {
        let found = classify(s.name)?;
        let one = INTERPRETERS.iter().any(|i| i.name == found.interpreter && i.tail_called);
        one.then_some((s.address, s.address + s.size))
    });
    let mut all: Vec<_> = all.collect();
    all.sort_unstable();
    all.dedup();
    Entries(all)
}

/// Bytes of code of variables' scopes, and those of them where the variables can be seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Coverage {
    pub variables: u64,
    /// Variables times bytes of their scopes.
    pub bytes: u64,
    pub seen: u64,
}

impl Coverage {
    /// Between 0 and 1; `None` without variables.
    pub fn share(&self) -> Option<f64> {
        (self.bytes > 0).then(|| self.seen as f64 / self.bytes as f64)
    }

    fn add(&mut self, other: Coverage) {
        self.variables += other.variables;
        self.bytes += other.bytes;
        self.seen += other.seen;
    }
}

/// What is known of one handler.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Handler {
    pub opcode: String,
    /// Bytes.
    pub code: u64,
    /// Most bytes of native stack that it uses itself, its return address left out.
    pub stack: u64,
    /// The interpreter's registers and what else is the handler's own.
    pub registers: Coverage,
    /// Variables of the instruction's body.
    pub body: Coverage,
}

impl Handler {
    pub fn all(&self) -> Coverage {
        let mut all = self.registers;
        all.add(self.body);
        all
    }
}

/// The handlers of one interpreter in its plain mode.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    pub interpreter: &'static str,
    pub handlers: Vec<Handler>,
}

impl Report {
    /// Sums over all handlers; the stack is the largest.
    pub fn total(&self) -> Handler {
        let none = Coverage::default();
        let mut total = Handler { opcode: "all".into(), code: 0, stack: 0, registers: none, body: none };
        for h in &self.handlers {
            total.code += h.code;
            total.stack = total.stack.max(h.stack);
            total.registers.add(h.registers);
            total.body.add(h.body);
        }
        total
    }
}

/// Reports on each interpreter of a binary. `opcodes`: names of those that are asked for; all, if
/// empty.
///
/// # Errors
/// A binary without debug information of the VM.
pub fn report(image: &'static Image, opcodes: &[String]) -> Result<Vec<Report>> {
    let types = Types::new(image);
    let mut all = Vec::new();
    for interpreter in &INTERPRETERS {
        let mut handlers: BTreeMap<String, Handler> = BTreeMap::new();
        for symbol in image.symbols() {
            let Some(found) = classify(symbol.name) else { continue };
            if found.interpreter != interpreter.name || found.mode.unwrap_or(0) != 0 {
                continue;
            }
            let Some(unit) = image.unit_at(symbol.address)? else { continue };
            let Some(entry) = image.index(unit)?.function_at(symbol.address) else { continue };
            let of = Survey::new(&types, unit, symbol.address, symbol.size)?;
            match interpreter.bodies {
                None if opcodes.is_empty() || opcodes.contains(&found.name) => {
                    handlers.insert(found.name.clone(), of.function(entry, &found.name)?);
                }
                None => {}
                Some(bodies) => {
                    for h in of.bodies(entry, bodies, opcodes)? {
                        handlers.insert(h.opcode.clone(), h);
                    }
                }
            }
        }
        if !handlers.is_empty() {
            all.push(Report { interpreter: interpreter.name, handlers: handlers.into_values().collect() });
        }
    }
    if all.is_empty() {
        return Err(Error::new(match opcodes.is_empty() {
            true => format!("{} has no handlers that its debug information describes", image.path().display()),
            false => format!("no interpreter has a handler of that name: {}", opcodes.join(", ")),
        }));
    }
    Ok(all)
}

type Ranges = Vec<(u64, u64)>;

fn length(ranges: &Ranges) -> u64 {
    ranges.iter().map(|(a, b)| b - a).sum()
}

fn common(a: &Ranges, b: &Ranges) -> Ranges {
    let mut all: Ranges = a
        .iter()
        .flat_map(|x| b.iter().map(move |y| (x.0.max(y.0), x.1.min(y.1))))
        .filter(|(start, end)| start < end)
        .collect();
    // Ranges of one list may touch or repeat.
    all.sort_unstable();
    let mut merged: Ranges = Vec::new();
    for (start, end) in all {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

/// Looks at the variables of one function.
struct Survey<'a> {
    dwarf: &'static Dwarf,
    unit: &'static Unit,
    number: usize,
    types: &'a Types,
    start: u64,
    size: u64,
}

impl<'a> Survey<'a> {
    fn new(types: &'a Types, number: usize, start: u64, size: u64) -> Result<Survey<'a>> {
        let (dwarf, units) = (types.image.dwarf()?, types.image.units()?);
        let unit = units.get(number).ok_or_else(|| Error::new("no unit"))?;
        Ok(Survey { dwarf, unit, number, types, start, size })
    }

    /// A handler that is a function of its own.
    fn function(&self, entry: UnitOffset, opcode: &str) -> Result<Handler> {
        let within = vec![(self.start, self.start + self.size)];
        let registers = self.coverage(entry, &within)?;
        let mut body = Coverage::default();
        for (inner, ranges) in self.inlined(entry, &|name, _| name == opcode)? {
            body.add(self.coverage(inner, &ranges)?);
        }
        let stack = self.stack(&within);
        Ok(Handler { opcode: opcode.to_owned(), code: self.size, stack, registers, body })
    }

    /// The handlers that are inlined into one function.
    fn bodies(&self, entry: UnitOffset, path: &str, opcodes: &[String]) -> Result<Vec<Handler>> {
        let mut found: BTreeMap<String, Vec<(UnitOffset, Ranges)>> = BTreeMap::new();
        let is_body = |name: &str, full: &str| {
            tailscope_bytecode::opcode::Opcode::from_name(name).is_some() && full.starts_with(path)
        };
        for (inner, ranges) in self.inlined(entry, &is_body)? {
            let name = self.name(&self.unit.entry(inner)?);
            if opcodes.is_empty() || opcodes.contains(&name) {
                found.entry(name).or_default().push((inner, ranges));
            }
        }
        let stack = self.stack(&vec![(self.start, self.start + self.size)]);
        let mut all = Vec::new();
        for (opcode, parts) in found {
            let none = Coverage::default();
            let mut handler = Handler { opcode, code: 0, stack, registers: none, body: none };
            for (inner, ranges) in parts {
                handler.code += length(&ranges);
                handler.registers.add(self.coverage(entry, &ranges)?);
                handler.body.add(self.coverage(inner, &ranges)?);
            }
            all.push(handler);
        }
        Ok(all)
    }

    fn name(&self, entry: &DebuggingInformationEntry<Slice>) -> String {
        let name = inherited(self.unit, entry, dw::DW_AT_name).and_then(|n| self.dwarf.attr_string(self.unit, n).ok());
        let name = name.map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        name.split('<').next().unwrap_or_default().to_owned()
    }

    fn path(&self, entry: &DebuggingInformationEntry<Slice>) -> String {
        let linkage = inherited(self.unit, entry, dw::DW_AT_linkage_name);
        let linkage = linkage.and_then(|n| self.dwarf.attr_string(self.unit, n).ok());
        linkage.map(|n| format!("{:#}", rustc_demangle::demangle(&n.to_string_lossy()))).unwrap_or_default()
    }

    fn ranges(&self, entry: &DebuggingInformationEntry<Slice>) -> Ranges {
        let mut all = Vec::new();
        let Ok(mut ranges) = self.dwarf.die_ranges(self.unit, entry) else { return all };
        while let Ok(Some(r)) = ranges.next() {
            all.extend((r.begin < r.end).then_some((r.begin, r.end)));
        }
        all
    }

    /// The outermost functions inlined into one that are wanted by name and path.
    fn inlined(&self, entry: UnitOffset, wanted: &dyn Fn(&str, &str) -> bool) -> Result<Vec<(UnitOffset, Ranges)>> {
        let mut all = Vec::new();
        let mut tree = self.unit.entries_tree(Some(entry))?;
        self.collect_inlined(tree.root()?, wanted, &mut all)?;
        Ok(all)
    }

    fn collect_inlined(
        &self,
        node: EntriesTreeNode<'_, '_, Slice>,
        wanted: &dyn Fn(&str, &str) -> bool,
        all: &mut Vec<(UnitOffset, Ranges)>,
    ) -> Result<()> {
        let mut children = node.children();
        while let Some(child) = children.next()? {
            let entry = child.entry();
            if entry.tag() == dw::DW_TAG_inlined_subroutine && wanted(&self.name(entry), &self.path(entry)) {
                all.push((entry.offset(), self.ranges(entry)));
            } else {
                self.collect_inlined(child, wanted, all)?;
            }
        }
        Ok(())
    }

    /// The variables of a function itself, blocks included, as far as their scopes lie in `within`.
    fn coverage(&self, entry: UnitOffset, within: &Ranges) -> Result<Coverage> {
        let mut coverage = Coverage::default();
        let mut present = HashSet::new();
        let mut tree = self.unit.entries_tree(Some(entry))?;
        let root = tree.root()?;
        let from = origin(self.unit, root.entry());
        let scope = common(&self.ranges(root.entry()), within);
        self.cover_scope(root, &scope, &mut coverage, &mut present)?;
        if let Some(from) = from {
            // Variables that the instance does not even mention.
            let mut tree = self.unit.entries_tree(Some(from))?;
            self.add_absent(tree.root()?, &scope, &present, &mut coverage)?;
        }
        Ok(coverage)
    }

    fn cover_scope(
        &self,
        node: EntriesTreeNode<'_, '_, Slice>,
        scope: &Ranges,
        coverage: &mut Coverage,
        present: &mut HashSet<UnitOffset>,
    ) -> Result<()> {
        let mut children = node.children();
        while let Some(child) = children.next()? {
            let entry = child.entry();
            match entry.tag() {
                dw::DW_TAG_formal_parameter | dw::DW_TAG_variable => {
                    present.extend(origin(self.unit, entry));
                    let size = self.size(entry);
                    // What has no bytes cannot be seen or missed, and a constant is no variable.
                    if size > 0 && !scope.is_empty() {
                        coverage.variables += 1;
                        coverage.bytes += length(scope);
                        coverage.seen += self.seen(entry, scope, size);
                    }
                }
                dw::DW_TAG_lexical_block => {
                    let inner = common(&self.ranges(entry), scope);
                    self.cover_scope(child, &inner, coverage, present)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn add_absent(
        &self,
        node: EntriesTreeNode<'_, '_, Slice>,
        scope: &Ranges,
        present: &HashSet<UnitOffset>,
        coverage: &mut Coverage,
    ) -> Result<()> {
        let mut children = node.children();
        while let Some(child) = children.next()? {
            let entry = child.entry();
            match entry.tag() {
                // A block that was optimized away has no code in which a variable could be missed.
                dw::DW_TAG_formal_parameter | dw::DW_TAG_variable
                    if !present.contains(&entry.offset()) && self.size(entry) > 0 && !scope.is_empty() =>
                {
                    coverage.variables += 1;
                    coverage.bytes += length(scope);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn size(&self, entry: &DebuggingInformationEntry<Slice>) -> u64 {
        let ty = inherited(self.unit, entry, dw::DW_AT_type).and_then(|t| type_id(self.number, self.unit, &t));
        ty.and_then(|t| self.types.get(t).ok()).map_or(0, |t| t.size)
    }

    /// Bytes of a scope in which a variable can be seen. One of which a part can be seen counts for
    /// that part.
    fn seen(&self, entry: &DebuggingInformationEntry<Slice>, scope: &Ranges, size: u64) -> u64 {
        if entry.attr_value(dw::DW_AT_const_value).is_some() {
            return length(scope);
        }
        let part = |e: gimli::Expression<Slice>, ranges: &Ranges| {
            let known = self.known(e).map_or(size, |n| n.min(size));
            (length(ranges) as u128 * u128::from(known) / u128::from(size.max(1))) as u64
        };
        match entry.attr_value(dw::DW_AT_location) {
            Some(AttributeValue::Exprloc(e)) => part(e, scope),
            Some(value) => {
                let Ok(Some(mut list)) = self.dwarf.attr_locations(self.unit, value) else { return 0 };
                let mut seen = 0;
                while let Ok(Some(l)) = list.next() {
                    if l.range.begin < l.range.end {
                        seen += part(l.data, &common(&vec![(l.range.begin, l.range.end)], scope));
                    }
                }
                seen.min(length(scope))
            }
            None => 0,
        }
    }

    /// Bytes that a location has of its variable; `None`: all.
    fn known(&self, e: gimli::Expression<Slice>) -> Option<u64> {
        if e.0.is_empty() {
            return Some(0);
        }
        let (mut operations, mut known, mut pieces, mut is_somewhere) = (e.operations(self.unit.encoding()), 0, false, false);
        loop {
            match operations.next() {
                Ok(Some(Operation::EntryValue { .. })) => return Some(0),
                Ok(Some(Operation::Piece { size_in_bits, .. })) => {
                    known += if is_somewhere { size_in_bits / 8 } else { 0 };
                    (pieces, is_somewhere) = (true, false);
                }
                Ok(Some(_)) => is_somewhere = true,
                Ok(None) => return pieces.then_some(known),
                Err(_) => return Some(0),
            }
        }
    }

    /// Most bytes between a frame's address and its stack pointer.
    fn stack(&self, ranges: &Ranges) -> u64 {
        let Some(u) = self.types.image.unwinding() else { return 0 };
        let Some(table) = u.table.table() else { return 0 };
        let mut most = 0;
        for (start, _) in ranges {
            let found = table.fde_for_address(&u.frames, &u.bases, *start, gimli::EhFrame::cie_from_offset);
            let Ok(fde) = found else { continue };
            let mut context = gimli::UnwindContext::new();
            let Ok(mut rows) = fde.rows(&u.frames, &u.bases, &mut context) else { continue };
            while let Ok(Some(row)) = rows.next_row() {
                if let gimli::CfaRule::RegisterAndOffset { register: gimli::Register(crate::unwind::RSP), offset } = row.cfa() {
                    most = most.max(offset - 8);
                }
            }
        }
        u64::try_from(most).unwrap_or(0)
    }
}
