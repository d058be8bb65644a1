//! The text of `python3.14 -m dis`.

use std::fmt::Write;

use super::decode::{instructions_of, labels};
use super::*;
use crate::code::{Code, flags, kinds};
use crate::repr::{self, AddressOf, memory_address};

/// Gives the code array of a code object as it is in the running VM, if it has run.
pub type AdaptiveOf<'a> = &'a dyn Fn(&Code) -> Option<Vec<u8>>;

/// What the text shows.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Inline caches (`-C`).
    pub show_caches: bool,
    /// Offsets in bytes (`-O`).
    pub show_offsets: bool,
    /// Positions with columns instead of lines (`-P`).
    pub show_positions: bool,
    /// The code as it is in the running VM (`-S`).
    pub adaptive: Option<AdaptiveOf<'a>>,
    /// Levels of nested code objects, all if missing.
    pub depth: Option<usize>,
    /// Offset of the current instruction of the outermost code object, marked with an arrow.
    pub current: Option<usize>,
    /// The addresses of code objects in their reprs.
    pub address_of: AddressOf<'a>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options {
            show_caches: false,
            show_offsets: false,
            show_positions: false,
            adaptive: None,
            depth: None,
            current: None,
            address_of: &memory_address,
        }
    }
}

/// The text of a code object and those nested in it, as `python3.14 -m dis` prints it.
pub fn disassemble_recursive(code: &Code, options: &Options<'_>) -> String {
    let mut out = String::new();
    write_recursive(&mut out, code, options);
    out
}

fn write_recursive(out: &mut String, code: &Code, options: &Options<'_>) {
    write_code(out, code, options);
    let depth = match options.depth {
        Some(0) => return,
        Some(depth) => Some(depth - 1),
        None => None,
    };
    let inner = Options {
        depth,
        current: None,
        ..*options
    };
    for constant in &code.consts {
        if let Const::Code(nested) = constant {
            let shown = repr::code(nested, options.address_of);
            line(out, format_args!("\nDisassembly of {shown}:"));
            write_recursive(out, nested, &inner);
        }
    }
}

/// The text of one code object, as `dis.disassemble` prints it.
pub fn disassemble(code: &Code, options: &Options<'_>) -> String {
    let mut out = String::new();
    write_code(&mut out, code, options);
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
}

fn write_code(out: &mut String, code: &Code, options: &Options<'_>) {
    let adaptive = options.adaptive.and_then(|adaptive_of| adaptive_of(code));
    let instructions = instructions_of(code, adaptive.as_deref(), options.address_of);
    let labels = labels(code);
    let formatter = Formatter {
        place_width: if options.show_positions {
            positions_width(code)
        } else {
            line_width(code)
        },
        label_width: 4 + labels.len().to_string().len(),
        offset_width: if options.show_offsets {
            code.code
                .len()
                .saturating_sub(2)
                .max(9999)
                .to_string()
                .len()
        } else {
            0
        },
        show_positions: options.show_positions,
    };
    for instruction in &instructions {
        let current = options
            .current
            .is_some_and(|at| (instruction.offset..instruction.end_offset()).contains(&at));
        formatter.instruction(out, instruction, current);
        if options.show_caches {
            formatter.caches(out, instruction);
        }
    }
    if code.exceptiontable.is_empty() {
        return;
    }
    out.push_str("ExceptionTable:\n");
    for entry in code.exception_entries() {
        let [start, end, target] = [entry.start, entry.end, entry.target]
            .map(|unit| labels.get(&(unit as usize * 2)).copied().unwrap_or(0));
        let lasti = if entry.lasti { " lasti" } else { "" };
        let depth = entry.depth;
        line(
            out,
            format_args!("  L{start} to L{end} -> L{target} [{depth}]{lasti}"),
        );
    }
}

/// What stands for a missing line.
const NO_LINE: &str = "  --";

/// Width of the column of lines; 0 where no line is known, and the column left out.
fn line_width(code: &Code) -> usize {
    let starts = code.line_starts();
    let known = starts.iter().filter_map(|(_, line)| *line);
    let Some(largest) = known.filter(|&line| line != 0).max() else {
        return 0;
    };
    let width = largest.to_string().len().max(3);
    let missing = starts.iter().any(|(_, line)| line.is_none());
    if missing {
        width.max(NO_LINE.len())
    } else {
        width
    }
}

/// Width of the column of positions; 0 where none is known.
fn positions_width(code: &Code) -> usize {
    let (mut known, mut width) = (false, 0);
    for position in code.positions() {
        let parts = position_parts(position);
        known |= parts.iter().any(Option::is_some);
        let digits = parts.map(|part| part.map_or(1, |n| n.to_string().len()));
        width = width.max(digits.iter().sum());
    }
    // Three separators, and a blank after it.
    if known {
        1 + NO_LINE.len().max(3 + width)
    } else {
        0
    }
}

fn position_parts(position: Position) -> [Option<i32>; 4] {
    [
        position.line,
        position.column,
        position.end_line,
        position.end_column,
    ]
}

struct Formatter {
    place_width: usize,
    label_width: usize,
    offset_width: usize,
    show_positions: bool,
}

/// A line of the listing, which may be that of a cache.
struct Row<'a> {
    place: String,
    label: Option<u32>,
    offset: usize,
    current: bool,
    name: &'a str,
    oparg: Option<i32>,
    argrepr: &'a str,
}

impl Formatter {
    fn instruction(&self, out: &mut String, instruction: &Instruction, current: bool) {
        if self.place_width > 0 && instruction.starts_line && instruction.offset > 0 {
            out.push('\n');
        }
        let row = Row {
            place: self.place(instruction, instruction.starts_line),
            label: instruction.label,
            offset: instruction.offset,
            current,
            name: &instruction.name(),
            // CPython's opargs are signed.
            oparg: instruction.oparg.map(|oparg| oparg as i32),
            argrepr: if shows_no_argument(instruction.opcode) {
                ""
            } else {
                &instruction.argrepr
            },
        };
        self.row(out, &row);
    }

    fn caches(&self, out: &mut String, instruction: &Instruction) {
        let mut offset = instruction.offset;
        for entry in instruction.cache_values(display_layout(instruction.base)) {
            for unit in 0..entry.units {
                offset += 2;
                let shown = format!("{}: {}", entry.name, entry.value);
                let row = Row {
                    place: self.place(instruction, false),
                    label: None,
                    offset,
                    current: false,
                    name: "CACHE",
                    oparg: Some(0),
                    argrepr: if unit == 0 { &shown } else { "" },
                };
                self.row(out, &row);
            }
        }
    }

    /// Content of the column of lines or positions.
    fn place(&self, instruction: &Instruction, starts_line: bool) -> String {
        if self.show_positions {
            let parts = position_parts(instruction.position);
            if parts.iter().all(Option::is_none) {
                return NO_LINE.into();
            }
            let [line, column, end_line, end_column] =
                parts.map(|part| part.map_or("?".into(), |n| n.to_string()));
            return format!("{line}:{column}-{end_line}:{end_column}");
        }
        match (starts_line, instruction.line) {
            (false, _) => String::new(),
            (true, None) => NO_LINE.into(),
            (true, Some(line)) => line.to_string(),
        }
    }

    fn row(&self, out: &mut String, row: &Row<'_>) {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = match (self.place_width, self.show_positions) {
            (0, _) => Ok(()),
            (width, true) => write!(text, "{:<width$} ", row.place),
            (width, false) => write!(text, "{:>width$} ", row.place),
        };
        let label = row
            .label
            .map_or(String::new(), |label| format!("L{label}:"));
        let _ = write!(text, "{label:>width$} ", width = self.label_width);
        if self.offset_width > 0 {
            let _ = write!(text, "{:>width$}   ", row.offset, width = self.offset_width);
        }
        text.push_str(if row.current { "--> " } else { "    " });
        let _ = write!(text, "{:<20}", row.name);
        if let Some(oparg) = row.oparg {
            // A long name takes its excess from the oparg's column.
            let excess = row.name.len().saturating_sub(20);
            let _ = write!(
                text,
                " {oparg:>width$}",
                width = 5usize.saturating_sub(excess)
            );
            if !row.argrepr.is_empty() {
                let _ = write!(text, " ({})", row.argrepr);
            }
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
}

/// CPython's `dis` does not explain the opargs of instrumented opcodes, but for those at which
/// it fails.
fn shows_no_argument(opcode: Opcode) -> bool {
    opcode.is_instrumented() && !opcode.has_jump() && !opcode.has_name()
}

/// The names that CPython's `dis` gives to cache entries. For LOAD_GLOBAL they come in
/// another order than the entries do, so that it shows them against the wrong contents.
fn display_layout(base: Opcode) -> impl Iterator<Item = CacheEntry> {
    let names: &[&str] = match base {
        Opcode::LOAD_GLOBAL => &[
            "counter",
            "index",
            "module_keys_version",
            "builtin_keys_version",
        ],
        _ => &[],
    };
    base.caches()
        .iter()
        .enumerate()
        .map(|(i, entry)| CacheEntry {
            name: names.get(i).unwrap_or(&entry.name),
            units: entry.units,
        })
}

/// Details of a code object, as `dis.code_info`, without a line end after the last line.
pub fn code_info(code: &Code, address_of: AddressOf<'_>) -> String {
    let of_kind = |wanted: u8| {
        let pairs = code.localsplusnames.iter().zip(&code.localspluskinds);
        pairs
            .filter(move |(_, kind)| *kind & wanted != 0)
            .map(|(name, _)| name.to_string())
            .collect::<Vec<String>>()
    };
    let variables = of_kind(kinds::LOCAL);
    let mut lines = vec![
        format!("Name:              {}", code.name),
        format!("Filename:          {}", code.filename),
        format!("Argument count:    {}", code.argcount),
        format!("Positional-only arguments: {}", code.posonlyargcount),
        format!("Kw-only arguments: {}", code.kwonlyargcount),
        format!("Number of locals:  {}", variables.len()),
        format!("Stack size:        {}", code.stacksize),
        format!("Flags:             {}", flags_in_words(code.flags)),
    ];
    let consts = code
        .consts
        .iter()
        .map(|c| repr::repr(c, address_of))
        .collect();
    let names = code.names.iter().map(ToString::to_string).collect();
    let sections = [
        ("Constants:", consts),
        ("Names:", names),
        ("Variable names:", variables),
        ("Free variables:", of_kind(kinds::FREE)),
        ("Cell variables:", of_kind(kinds::CELL)),
    ];
    for (title, items) in sections {
        if !items.is_empty() {
            lines.push(title.into());
            lines.extend(
                items
                    .iter()
                    .enumerate()
                    .map(|(i, item)| format!("{i:4}: {item}")),
            );
        }
    }
    lines.join("\n")
}

/// Names of the bits of `co_flags`, as `dis.pretty_flags` gives them.
pub fn flags_in_words(flags: u32) -> String {
    const NAMES: &[(u32, &str)] = &[
        (flags::OPTIMIZED, "OPTIMIZED"),
        (flags::NEWLOCALS, "NEWLOCALS"),
        (flags::VARARGS, "VARARGS"),
        (flags::VARKEYWORDS, "VARKEYWORDS"),
        (flags::NESTED, "NESTED"),
        (flags::GENERATOR, "GENERATOR"),
        (0x40, "NOFREE"),
        (flags::COROUTINE, "COROUTINE"),
        (flags::ITERABLE_COROUTINE, "ITERABLE_COROUTINE"),
        (flags::ASYNC_GENERATOR, "ASYNC_GENERATOR"),
        (flags::HAS_DOCSTRING, "HAS_DOCSTRING"),
        (flags::METHOD, "METHOD"),
    ];
    if flags == 0 {
        return "0x0".into();
    }
    let set = (0..32)
        .map(|bit| 1u32 << bit)
        .filter(|bit| flags & bit != 0);
    set.map(|bit| match NAMES.iter().find(|(known, _)| *known == bit) {
        Some((_, name)) => name.to_string(),
        None => format!("{bit:#x}"),
    })
    .collect::<Vec<_>>()
    .join(", ")
}
