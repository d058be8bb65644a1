//! A disassembly as JSON: docs/dis-format.md.

use std::fmt::Write;

use tailscope_bytecode::code::{Code, Const, kinds};
use tailscope_bytecode::dis::{Instruction, flags_in_words, instructions};
use tailscope_bytecode::repr::repr;

/// The document of a code object and those inside it.
pub fn document(code: &Code) -> String {
    let mut codes = vec![code];
    let mut next = 0;
    while let Some(&code) = codes.get(next) {
        codes.extend(code.consts.iter().filter_map(inner));
        next += 1;
    }
    let mut out = String::from("{\n\"format\": \"tailscope-dis\",\n\"version\": 1,\n\"python\": \"3.14\",\n\"codes\": [\n");
    // Nested ones are numbered in the order in which they are found.
    let mut number = 1;
    for (index, code) in codes.iter().enumerate() {
        out.push_str(if index == 0 { "" } else { ",\n" });
        out.push_str(&object(code, &mut number));
    }
    out.push_str("\n]\n}\n");
    out
}

fn inner(constant: &Const) -> Option<&Code> {
    match constant {
        Const::Code(code) => Some(code),
        _ => None,
    }
}

fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c < ' ' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out + "\""
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(", "))
}

fn or_null(number: Option<impl ToString>) -> String {
    number.map_or("null".to_owned(), |n| n.to_string())
}

fn object(code: &Code, number: &mut usize) -> String {
    let mut fields: Vec<(&str, String)> = vec![
        ("qualname", string(&code.qualname)),
        ("name", string(&code.name)),
        ("file", string(&code.filename)),
        ("first_line", code.firstlineno.to_string()),
        ("arguments", code.argcount.to_string()),
        ("positional_only", code.posonlyargcount.to_string()),
        ("keyword_only", code.kwonlyargcount.to_string()),
        ("stack_size", code.stacksize.to_string()),
        ("flags", code.flags.to_string()),
        ("flag_names", list(flags_in_words(code.flags).split(", ").filter(|f| *f != "0x0").map(string))),
        ("names", list(code.names.iter().map(|name| string(name)))),
    ];
    let variables = code.localsplusnames.iter().zip(&code.localspluskinds);
    fields.push(("variables", list(variables.map(|(name, kind)| variable(name, *kind)))));
    let constants: Vec<String> = code.consts.iter().map(|constant| self::constant(constant, number)).collect();
    fields.push(("constants", list(constants)));
    let guarded = code.exception_entries().map(|e| {
        format!(
            "{{\"start\": {}, \"end\": {}, \"handler\": {}, \"depth\": {}, \"lasti\": {}}}",
            e.start * 2,
            e.end * 2,
            e.target * 2,
            e.depth,
            e.lasti
        )
    });
    fields.push(("exception_table", list(guarded)));
    let instructions: Vec<String> = instructions(code).iter().map(instruction).collect();
    fields.push(("instructions", format!("[\n  {}\n ]", instructions.join(",\n  "))));
    let fields: Vec<String> = fields.into_iter().map(|(name, value)| format!(" \"{name}\": {value}")).collect();
    format!("{{\n{}\n}}", fields.join(",\n"))
}

fn variable(name: &str, kind: u8) -> String {
    let kinds = [
        (kinds::LOCAL, "local"),
        (kinds::CELL, "cell"),
        (kinds::FREE, "free"),
        (kinds::HIDDEN, "hidden"),
        (kinds::ARG_POS | kinds::ARG_KW | kinds::ARG_VAR, "argument"),
    ];
    let kinds = kinds.iter().filter(|(bits, _)| kind & bits != 0).map(|(_, word)| string(word));
    format!("{{\"name\": {}, \"kinds\": {}}}", string(name), list(kinds))
}

fn constant(constant: &Const, number: &mut usize) -> String {
    if inner(constant).is_some() {
        *number += 1;
        return format!("{{\"code\": {}}}", *number - 1);
    }
    format!("{{\"repr\": {}}}", string(&repr(constant, &|_| 0)))
}

fn instruction(i: &Instruction) -> String {
    let p = i.position;
    let caches = i.caches().into_iter().map(|c| format!("{{\"name\": {}, \"units\": {}}}", string(c.name), c.units));
    format!(
        "{{\"offset\": {}, \"opcode\": {}, \"oparg\": {}, \"argument\": {}, \"words\": {}, \"jump_target\": {}, \
         \"label\": {}, \"line\": {}, \"column\": {}, \"end_line\": {}, \"end_column\": {}, \"caches\": {}}}",
        i.offset,
        string(&i.name()),
        or_null(i.oparg),
        string(&i.argrepr),
        string(&i.oparg_in_words()),
        or_null(i.jump_target),
        or_null(i.label),
        or_null(p.line),
        or_null(p.column),
        or_null(p.end_line),
        or_null(p.end_column),
        list(caches)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped() {
        assert_eq!(string("a\"\\\n\x01é"), "\"a\\\"\\\\\\n\\u0001é\"");
    }
}
