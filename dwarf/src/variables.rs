//! The functions of a native frame, inlined ones included, and their variables.

use gimli::{AttributeValue, DebuggingInformationEntry, EntriesTreeNode, UnitOffset, constants as dw};

use crate::content::Content;
use crate::error::{Error, Result};
use crate::evaluate::{Context, piece_bytes};
use crate::image::{Dwarf, Slice, Unit};
use crate::memory::Memory;
use crate::types::{TypeId, Types, name_of, type_id};
use crate::unwind::{Frame, Module};

/// A place in a source file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    pub file: String,
    pub line: u32,
    /// From 1; 0 where it is not known.
    pub column: u32,
}

/// A function that a frame runs: the frame's own, or one that was inlined into it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Function {
    /// With its path, as the source has it.
    pub name: String,
    pub is_inlined: bool,
    /// Where in it the frame is.
    pub place: Option<Place>,
    /// The first address of its code in this frame.
    pub start: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VariableKind {
    Parameter,
    Local,
}

/// A variable of a frame.
#[derive(Clone, Debug)]
pub struct Variable {
    pub name: String,
    pub kind: VariableKind,
    /// Whose it is: the place in the list of [`functions`].
    pub function: usize,
    pub ty: Option<TypeId>,
    pub type_name: String,
    /// Where it is declared.
    pub line: Option<u32>,
    /// Where its value is, if that is known here.
    pub content: Result<Content>,
}

/// Deepest nesting of inlined functions and blocks that is followed.
const DEEPEST: usize = 200;

/// The entry of a function's scope.
struct Scope {
    function: usize,
    entry: UnitOffset,
}

pub(crate) struct Walk<'a> {
    pub(crate) dwarf: &'static Dwarf,
    pub(crate) unit: &'static Unit,
    number: usize,
    /// The address in the file.
    at: u64,
    functions: Vec<(UnitOffset, bool, Option<Place>, u64)>,
    scopes: Vec<Scope>,
    types: &'a Types,
}

/// The functions that run at a frame's instruction, outermost first: the frame's own, then what was
/// inlined.
///
/// # Errors
/// Debug information that cannot be read, or that has no such function.
pub fn functions(types: &Types, module: &Module, frame: &Frame) -> Result<Vec<Function>> {
    let walk = walk(types, module, frame)?;
    let innermost = place_at(types, module, frame);
    let mut all: Vec<Function> = Vec::new();
    for (i, (entry, is_inlined, _, start)) in walk.functions.iter().enumerate() {
        // A function is where the next inner one was inlined.
        let place = match walk.functions.get(i + 1) {
            Some((.., call, _)) => call.clone(),
            None => innermost.clone(),
        };
        let name = function_name(&walk, *entry);
        all.push(Function { name, is_inlined: *is_inlined, place, start: start.wrapping_add(module.bias) });
    }
    Ok(all)
}

/// The variables that are in scope at a frame's instruction, those of outer functions first. What has
/// no value here has an error in the place of its content.
///
/// # Errors
/// As [`functions`].
pub fn variables(types: &Types, memory: &dyn Memory, module: &Module, frame: &Frame) -> Result<Vec<Variable>> {
    variables_of(&walk(types, module, frame)?, memory, module, frame)
}

/// The variables of a walk's scopes.
pub(crate) fn variables_of(walk: &Walk, memory: &dyn Memory, module: &Module, frame: &Frame) -> Result<Vec<Variable>> {
    let mut context = Context {
        registers: &frame.registers,
        memory,
        bias: module.bias,
        cfa: frame.cfa,
        frame_base: None,
        thread_block: None,
        unit: Some((walk.dwarf, walk.unit)),
    };
    if let Some((entry, ..)) = walk.functions.first()
        && let Some(AttributeValue::Exprloc(e)) = walk.unit.entry(*entry)?.attr_value(dw::DW_AT_frame_base)
    {
        context.frame_base = context.number(e, walk.unit.encoding(), None).ok();
    }
    let mut all = Vec::new();
    for scope in &walk.scopes {
        let mut tree = walk.unit.entries_tree(Some(scope.entry))?;
        let mut children = tree.root()?.children();
        while let Some(child) = children.next()? {
            let kind = match child.entry().tag() {
                dw::DW_TAG_formal_parameter => VariableKind::Parameter,
                dw::DW_TAG_variable => VariableKind::Local,
                _ => continue,
            };
            all.push(variable(walk, &context, scope.function, kind, child.entry())?);
        }
    }
    Ok(all)
}

/// The source line of an address of the process.
pub fn place_at(types: &Types, module: &Module, frame: &Frame) -> Option<Place> {
    let lines = types.image.lines().ok()?;
    let found = lines.find_location(module.in_file(frame.lookup_pc())).ok()??;
    Some(Place { file: found.file?.to_owned(), line: found.line?, column: found.column.unwrap_or(0) })
}

pub(crate) fn walk<'a>(types: &'a Types, module: &Module, frame: &Frame) -> Result<Walk<'a>> {
    let at = module.in_file(frame.lookup_pc());
    let nothing = || Error::new(format!("{} says nothing of the code at {at:#x}", module.image.path().display()));
    let number = types.image.unit_at(at)?.ok_or_else(nothing)?;
    let unit = types.image.units()?.get(number).ok_or_else(nothing)?;
    let entry = types.image.index(number)?.function_at(at).ok_or_else(nothing)?;
    let mut walk = Walk { dwarf: types.image.dwarf()?, unit, number, at, functions: Vec::new(), scopes: Vec::new(), types };
    let mut tree = unit.entries_tree(Some(entry))?;
    walk.function(tree.root()?, None, 0)?;
    Ok(walk)
}

impl Walk<'_> {
    /// The entry of the frame's own function.
    pub(crate) fn own(&self) -> Option<UnitOffset> {
        self.functions.first().map(|(entry, ..)| *entry)
    }

    /// Looks at these scopes instead of those that the frame is in.
    pub(crate) fn replace_scopes(&mut self, scopes: Vec<UnitOffset>) {
        self.scopes = scopes.into_iter().map(|entry| Scope { function: 0, entry }).collect();
    }

    fn function(&mut self, node: EntriesTreeNode<'_, '_, Slice>, call: Option<Place>, depth: usize) -> Result<()> {
        let entry = node.entry();
        let is_inlined = entry.tag() == dw::DW_TAG_inlined_subroutine;
        let start = self.start_of(entry);
        self.functions.push((entry.offset(), is_inlined, call, start));
        let function = self.functions.len() - 1;
        self.scope(node, function, depth)
    }

    fn scope(&mut self, node: EntriesTreeNode<'_, '_, Slice>, function: usize, depth: usize) -> Result<()> {
        self.scopes.push(Scope { function, entry: node.entry().offset() });
        if depth > DEEPEST {
            return Ok(());
        }
        let mut children = node.children();
        while let Some(child) = children.next()? {
            let tag = child.entry().tag();
            if !matches!(tag, dw::DW_TAG_inlined_subroutine | dw::DW_TAG_lexical_block) || !self.covers(child.entry()) {
                continue;
            }
            if tag == dw::DW_TAG_lexical_block {
                self.scope(child, function, depth + 1)?;
            } else {
                let call = self.call_place(child.entry());
                self.function(child, call, depth + 1)?;
            }
        }
        Ok(())
    }

    fn covers(&self, entry: &DebuggingInformationEntry<Slice>) -> bool {
        let Ok(mut ranges) = self.dwarf.die_ranges(self.unit, entry) else { return false };
        while let Ok(Some(r)) = ranges.next() {
            if (r.begin..r.end).contains(&self.at) {
                return true;
            }
        }
        false
    }

    fn start_of(&self, entry: &DebuggingInformationEntry<Slice>) -> u64 {
        let first = self.dwarf.die_ranges(self.unit, entry).ok().and_then(|mut r| r.next().ok().flatten());
        first.map_or(0, |r| r.begin)
    }

    fn call_place(&self, entry: &DebuggingInformationEntry<Slice>) -> Option<Place> {
        let number = |name| entry.attr(name).and_then(|a| a.udata_value());
        let file = match entry.attr_value(dw::DW_AT_call_file)? {
            AttributeValue::FileIndex(i) => i,
            other => other.udata_value()?,
        };
        Some(Place {
            file: file_name(self.dwarf, self.unit, file)?,
            line: u32::try_from(number(dw::DW_AT_call_line)?).ok()?,
            column: number(dw::DW_AT_call_column).and_then(|c| u32::try_from(c).ok()).unwrap_or(0),
        })
    }
}

pub(crate) fn file_name(dwarf: &Dwarf, unit: &Unit, index: u64) -> Option<String> {
    let program = unit.line_program.as_ref()?;
    let file = program.header().file(index)?;
    let name = dwarf.attr_string(unit, file.path_name()).ok()?.to_string_lossy().into_owned();
    let folder = file.directory(program.header()).and_then(|d| dwarf.attr_string(unit, d).ok());
    let mut path = std::path::PathBuf::new();
    path.extend(unit.comp_dir.map(|d| d.to_string_lossy().into_owned()));
    path.extend(folder.map(|d| d.to_string_lossy().into_owned()));
    path.push(name);
    Some(path.display().to_string())
}

/// The entry that describes what another one is an instance of.
pub(crate) fn origin(unit: &Unit, entry: &DebuggingInformationEntry<Slice>) -> Option<UnitOffset> {
    let value = entry.attr_value(dw::DW_AT_abstract_origin).or_else(|| entry.attr_value(dw::DW_AT_specification))?;
    match value {
        AttributeValue::UnitRef(offset) => Some(offset),
        AttributeValue::DebugInfoRef(offset) => offset.to_unit_offset(&unit.header),
        _ => None,
    }
}

/// An attribute of an entry or of what it is an instance of.
pub(crate) fn inherited(unit: &Unit, entry: &DebuggingInformationEntry<Slice>, name: gimli::DwAt) -> Option<AttributeValue<Slice>> {
    let mut at = entry.clone();
    for _ in 0..8 {
        if let Some(value) = at.attr_value(name) {
            return Some(value);
        }
        at = unit.entry(origin(unit, &at)?).ok()?;
    }
    None
}

pub(crate) fn function_name(walk: &Walk, entry: UnitOffset) -> String {
    let Ok(entry) = walk.unit.entry(entry) else { return String::new() };
    let text = |name| {
        let value = inherited(walk.unit, &entry, name)?;
        let text = walk.dwarf.attr_string(walk.unit, value).ok()?;
        Some(text.to_string_lossy().into_owned())
    };
    match text(dw::DW_AT_linkage_name) {
        Some(mangled) => format!("{:#}", rustc_demangle::demangle(&mangled)),
        None => text(dw::DW_AT_name).unwrap_or_default(),
    }
}

/// Where the source declares what an entry is an instance of.
pub(crate) fn declared_at(walk: &Walk, entry: UnitOffset) -> Option<Place> {
    let entry = walk.unit.entry(entry).ok()?;
    let file = match inherited(walk.unit, &entry, dw::DW_AT_decl_file)? {
        AttributeValue::FileIndex(i) => i,
        other => other.udata_value()?,
    };
    let line = inherited(walk.unit, &entry, dw::DW_AT_decl_line)?.udata_value()?;
    Some(Place { file: file_name(walk.dwarf, walk.unit, file)?, line: u32::try_from(line).ok()?, column: 0 })
}

fn variable(
    walk: &Walk,
    context: &Context,
    function: usize,
    kind: VariableKind,
    entry: &DebuggingInformationEntry<Slice>,
) -> Result<Variable> {
    let named = |e: &DebuggingInformationEntry<Slice>| name_of(walk.dwarf, walk.unit, e);
    let mut name = named(entry);
    if name.is_empty()
        && let Some(from) = origin(walk.unit, entry)
    {
        name = named(&walk.unit.entry(from)?);
    }
    let ty = inherited(walk.unit, entry, dw::DW_AT_type).and_then(|t| type_id(walk.number, walk.unit, &t));
    let line = inherited(walk.unit, entry, dw::DW_AT_decl_line).and_then(|l| l.udata_value());
    let shown = ty.and_then(|ty| walk.types.get(ty).ok());
    let size = shown.as_ref().map_or(8, |t| t.size);
    Ok(Variable {
        name,
        kind,
        function,
        ty,
        type_name: shown.map(|t| t.name.clone()).unwrap_or_default(),
        line: line.and_then(|l| u32::try_from(l).ok()),
        content: content(walk, context, entry, size),
    })
}

/// Where a variable's value is.
fn content(walk: &Walk, context: &Context, entry: &DebuggingInformationEntry<Slice>, size: u64) -> Result<Content> {
    let gone = || Error::new("not available");
    if let Some(value) = entry.attr_value(dw::DW_AT_const_value) {
        let bytes = match value {
            AttributeValue::Block(b) => b.slice().to_vec(),
            other => {
                let number = other.udata_value().or_else(|| other.sdata_value().map(|v| v as u64)).ok_or_else(gone)?;
                number.to_le_bytes().into_iter().take(size.min(8) as usize).collect()
            }
        };
        return Ok(Content::Bytes(bytes.into_iter().map(Some).collect()));
    }
    let expression = match entry.attr_value(dw::DW_AT_location) {
        Some(AttributeValue::Exprloc(e)) => e,
        Some(value) => {
            let mut list = walk.dwarf.attr_locations(walk.unit, value)?.ok_or_else(gone)?;
            loop {
                let Some(l) = list.next()? else { return Err(gone()) };
                if (l.range.begin..l.range.end).contains(&walk.at) {
                    break l.data;
                }
            }
        }
        None => return Err(gone()),
    };
    if expression.0.is_empty() {
        return Err(gone());
    }
    let pieces = context.pieces(expression, walk.unit.encoding(), None)?;
    if let [one] = pieces.as_slice()
        && one.size_in_bits.is_none()
    {
        if let gimli::Location::Address { address } = one.location {
            return Ok(Content::At(address));
        }
        let bytes = piece_bytes(context, one, size.min(8) as usize)?;
        return Ok(Content::Bytes(bytes.into_iter().map(Some).collect()));
    }
    let mut all: Vec<Option<u8>> = Vec::new();
    for piece in &pieces {
        let size = (piece.size_in_bits.unwrap_or(0) / 8).min(1 << 20) as usize;
        match piece_bytes(context, piece, size) {
            Ok(bytes) => all.extend(bytes.into_iter().map(Some)),
            Err(_) => all.extend(std::iter::repeat_n(None, size)),
        }
    }
    if all.iter().all(Option::is_none) { Err(gone()) } else { Ok(Content::Bytes(all)) }
}
