//! A disassembly for people: a heading for each code object, arrows for jumps, opargs in words,
//! and on request the source lines.

use std::collections::HashMap;
use std::fmt::Write;

use tailscope_bytecode::code::{Code, Const, flags};
use tailscope_bytecode::dis::{ArgValue, Instruction, flags_in_words, instructions};
use tailscope_bytecode::opcode::Opcode;

use super::arrows::Arrows;

/// ANSI colours, or none.
struct Palette {
    heading: &'static str,
    dim: &'static str,
    arrow: &'static str,
    jump: &'static str,
    source: &'static str,
    reset: &'static str,
}

const PLAIN: Palette = Palette { heading: "", dim: "", arrow: "", jump: "", source: "", reset: "" };
const COLOURED: Palette = Palette {
    heading: "\x1b[1;36m",
    dim: "\x1b[2m",
    arrow: "\x1b[34m",
    jump: "\x1b[33m",
    source: "\x1b[32m",
    reset: "\x1b[0m",
};

/// The text of a code object and of those inside it. `source` is that of all of them.
pub fn listing(code: &Code, source: Option<&[u8]>, colour: bool) -> String {
    let lines = source.map(|bytes| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        text.lines().map(str::to_owned).collect()
    });
    let palette = if colour { &COLOURED } else { &PLAIN };
    let mut listing = Listing { out: String::new(), palette, lines };
    // Nested ones after the one that holds them, without recursion: they may nest deep.
    let mut waiting = vec![code];
    while let Some(code) = waiting.pop() {
        if !listing.out.is_empty() {
            listing.out.push('\n');
        }
        // Writing to a String cannot fail.
        let _ = listing.code(code);
        let inner = code.consts.iter().rev().filter_map(|constant| match constant {
            Const::Code(inner) => Some(&**inner),
            _ => None,
        });
        waiting.extend(inner);
    }
    listing.out
}

/// The parameters as they are written: `*args` stands before those that are keywords only.
fn signature(code: &Code) -> String {
    let names = &code.localsplusnames;
    let (positional, keyword) = (code.argcount as usize, code.kwonlyargcount as usize);
    let name = |index: usize| names.get(index).map_or("", |name| &**name);
    let mut shown: Vec<String> = (0..positional).map(|i| name(i).to_owned()).collect();
    let mut next = positional + keyword;
    if code.flags & flags::VARARGS != 0 {
        shown.push(format!("*{}", name(next)));
        next += 1;
    } else if keyword > 0 {
        shown.push("*".to_owned());
    }
    shown.extend((positional..positional + keyword).map(|i| name(i).to_owned()));
    if code.flags & flags::VARKEYWORDS != 0 {
        shown.push(format!("**{}", name(next)));
    }
    format!("({})", shown.join(", "))
}

struct Listing {
    out: String,
    palette: &'static Palette,
    lines: Option<Vec<String>>,
}

impl Listing {
    fn code(&mut self, code: &Code) -> std::fmt::Result {
        self.heading(code)?;
        let list: Vec<Instruction> =
            instructions(code).into_iter().filter(|i| i.opcode != Opcode::EXTENDED_ARG).collect();
        let rows: HashMap<usize, usize> = list.iter().enumerate().map(|(row, i)| (i.start_offset, row)).collect();
        let jumps = list.iter().enumerate().filter_map(|(row, i)| {
            // This one only names its loop.
            let target = i.jump_target.filter(|_| i.base != Opcode::END_ASYNC_FOR)?;
            Some((row, *rows.get(&target)?))
        });
        let arrows = Arrows::new(&jumps.collect::<Vec<_>>());
        let width = code.code.len().to_string().len().max(3);
        let mut last_line = None;
        for (row, instruction) in list.iter().enumerate() {
            if instruction.line != last_line {
                self.source_lines(last_line, instruction.line, &arrows.between(row), width)?;
            }
            let fresh = instruction.line.filter(|_| instruction.line != last_line);
            last_line = instruction.line;
            self.instruction(instruction, fresh, &arrows.beside(row), width)?;
        }
        self.guarded_ranges(code)
    }

    fn heading(&mut self, code: &Code) -> std::fmt::Result {
        let Palette { heading, dim, reset, .. } = self.palette;
        let signature = if code.name.starts_with('<') { String::new() } else { signature(code) };
        writeln!(
            self.out,
            "{heading}{}{signature}{reset}  {dim}{}:{}  stack {}{}{reset}",
            code.qualname,
            code.filename,
            code.firstlineno,
            code.stacksize,
            match code.flags {
                0 => String::new(),
                flags => format!("  {}", flags_in_words(flags).to_lowercase()),
            }
        )
    }

    /// The lines from one instruction's to the next one's, where they follow each other.
    fn source_lines(&mut self, last: Option<i32>, line: Option<i32>, arrows: &str, width: usize) -> std::fmt::Result {
        // The code before the first line is on line 0.
        let (Some(lines), Some(line)) = (&self.lines, line.filter(|line| *line > 0)) else { return Ok(()) };
        let Palette { arrow, source, dim, reset, .. } = self.palette;
        let first = match last {
            // Blank lines and comments between the two are worth showing, long gaps are not.
            Some(last) if last < line && line - last <= 4 => last + 1,
            _ => line,
        };
        for number in first..=line {
            let text = usize::try_from(number - 1).ok().and_then(|n| lines.get(n));
            let text = text.map_or("", |text| text.trim_end());
            writeln!(self.out, "{dim}{number:5}{reset} {:width$}  {arrow}{arrows}{reset} {source}{text}{reset}", "")?;
        }
        Ok(())
    }

    fn instruction(&mut self, i: &Instruction, line: Option<i32>, arrows: &str, width: usize) -> std::fmt::Result {
        let Palette { dim, arrow, jump, reset, .. } = self.palette;
        let line = line.filter(|_| self.lines.is_none()).map_or(String::new(), |n| n.to_string());
        let colour = if i.jump_target.is_some() { jump } else { "" };
        let end = if colour.is_empty() { "" } else { reset };
        write!(
            self.out,
            "{dim}{line:>5}{reset} {dim}{:width$}{reset}  {arrow}{arrows}{reset} {colour}{:<28}{end}",
            i.offset,
            i.name()
        )?;
        if let Some(oparg) = i.oparg {
            let words = match (i.jump_target, &i.argval) {
                (Some(target), _) if i.base != Opcode::END_ASYNC_FOR => format!("to {target}"),
                (_, ArgValue::Const(Const::Code(inner))) => format!("code of {}", inner.qualname),
                _ => i.argrepr.clone(),
            };
            write!(self.out, " {dim}{oparg:>4}{reset}  {words}")?;
        }
        let length = self.out.trim_end_matches(' ').len();
        self.out.truncate(length);
        self.out.push('\n');
        Ok(())
    }

    fn guarded_ranges(&mut self, code: &Code) -> std::fmt::Result {
        let Palette { dim, reset, .. } = self.palette;
        for e in code.exception_entries() {
            let lasti = if e.lasti { ", with its place" } else { "" };
            let (start, end, target) = (e.start * 2, e.end * 2, e.target * 2);
            writeln!(
                self.out,
                "      {dim}exceptions in {start}..{end} go to {target}, {} values below{lasti}{reset}",
                e.depth
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailscope_compiler::{CompileOptions, compile_str};

    const SOURCE: &str = "def f(a, *b, c):\n    while a:\n        a -= 1\n";

    fn shown(source: bool) -> String {
        let (code, _) = compile_str(SOURCE, &CompileOptions::new("f.py")).unwrap();
        listing(&code, source.then_some(SOURCE.as_bytes()), false)
    }

    #[test]
    fn jumps_have_arrows_and_parameters_their_stars() {
        let text = shown(false);
        assert!(text.contains("f(a, *b, c)  f.py:1  stack 2  optimized, newlocals, varargs\n"), "{text}");
        let jump = text.lines().find(|line| line.contains("JUMP_BACKWARD")).unwrap();
        assert!(jump.contains("╰"), "{text}");
        assert!(!text.contains('\x1b'), "{text}");
    }

    #[test]
    fn source_lines_stand_above_their_instructions() {
        let text = shown(true);
        let lines: Vec<&str> = text.lines().collect();
        let body = lines.iter().position(|line| line.ends_with("a -= 1")).unwrap();
        assert!(lines[body].starts_with("    3 "), "{text}");
        assert!(lines[body + 1].contains("LOAD_FAST_BORROW"), "{text}");
    }

    #[test]
    fn colours_are_asked_for() {
        let (code, _) = compile_str(SOURCE, &CompileOptions::new("f.py")).unwrap();
        assert!(listing(&code, None, true).contains("\x1b[1;36mf(a, *b, c)\x1b[0m"));
    }
}
