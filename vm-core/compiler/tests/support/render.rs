//! Code objects as text that says everything: the golden files.

use std::fmt::Write;

use tailscope_bytecode::code::{Code, Const};
use tailscope_bytecode::dis::instructions;
use tailscope_bytecode::linetable::Position;
use tailscope_bytecode::{exceptiontable, repr};

/// A code object and, after it, those inside.
pub fn render(code: &Code) -> String {
    let mut out = String::new();
    render_into(&mut out, code);
    out
}

fn render_into(out: &mut String, code: &Code) {
    // Writing to a string cannot fail.
    let _ = write_code(out, code);
    for constant in &code.consts {
        if let Const::Code(inner) = constant {
            out.push('\n');
            render_into(out, inner);
        }
    }
}

fn write_code(out: &mut String, c: &Code) -> std::fmt::Result {
    writeln!(
        out,
        "code {} ({}), {}:{}",
        c.qualname, c.name, c.filename, c.firstlineno
    )?;
    writeln!(
        out,
        "  arguments {} ({} positional only, {} keyword only), stack {}, flags {:#x}",
        c.argcount, c.posonlyargcount, c.kwonlyargcount, c.stacksize, c.flags
    )?;
    let locals = c.localsplusnames.iter().zip(&c.localspluskinds);
    let locals: Vec<String> = locals
        .map(|(name, kind)| format!("{name}/{kind:#x}"))
        .collect();
    writeln!(out, "  locals {}", locals.join(" "))?;
    writeln!(out, "  names {}", c.names.join(" "))?;
    for (i, constant) in c.consts.iter().enumerate() {
        writeln!(out, "  const {i} {}", shown(constant))?;
    }
    for entry in exceptiontable::entries(&c.exceptiontable).map_while(Result::ok) {
        let lasti = if entry.lasti { " lasti" } else { "" };
        let (start, end, target) = (entry.start, entry.end, entry.target);
        writeln!(
            out,
            "  except {start}..{end} -> {target} depth {}{lasti}",
            entry.depth
        )?;
    }
    for i in instructions(c) {
        let argument = i.oparg.map_or(String::new(), |arg| format!(" {arg}"));
        writeln!(
            out,
            "  {:4} {}{argument} @{}",
            i.offset / 2,
            i.name(),
            place(i.position)
        )?;
    }
    // The text above says it all, but for how the positions are encoded.
    writeln!(out, "  linetable {}", hex(&c.linetable))
}

fn shown(constant: &Const) -> String {
    match constant {
        Const::Code(code) => format!("<code {}>", code.qualname),
        // Their order is that of the source here, that of hashes there.
        Const::FrozenSet(items) => {
            let mut items: Vec<String> = items.iter().map(shown).collect();
            items.sort();
            format!("frozenset({})", items.join(", "))
        }
        other => repr::repr(other, &|_| 0),
    }
}

fn place(p: Position) -> String {
    let number = |n: Option<i32>| n.map_or("-".to_owned(), |n| n.to_string());
    format!(
        "{}:{}-{}:{}",
        number(p.line),
        number(p.column),
        number(p.end_line),
        number(p.end_column)
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
