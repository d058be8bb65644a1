//! A disassembly as JSON: docs/dis-format.md.

use serde::Serialize;
use tailscope_bytecode::code::{Code, Const, kinds};
use tailscope_bytecode::dis::{Instruction, flags_in_words, instructions};
use tailscope_bytecode::repr::repr;

/// The document of a code object and those inside it: a line for each field and each instruction.
///
/// # Errors
///
/// Those of serialization; texts and numbers cause none.
pub fn document(code: &Code) -> serde_json::Result<String> {
    let mut codes = vec![code];
    let mut next = 0;
    while let Some(&code) = codes.get(next) {
        codes.extend(code.consts.iter().filter_map(inner));
        next += 1;
    }
    // Nested ones are numbered in the order in which they are found.
    let mut number = 1;
    let objects = codes.into_iter().map(|code| object(code, &mut number)).collect::<serde_json::Result<Vec<_>>>()?;
    let fields = [
        field("format", &"tailscope-dis")?,
        field("version", &1)?,
        field("python", &"3.14")?,
        format!("\"codes\": [\n{}\n]", objects.join(",\n")),
    ];
    Ok(format!("{{\n{}\n}}\n", fields.join(",\n")))
}

fn inner(constant: &Const) -> Option<&Code> {
    match constant {
        Const::Code(code) => Some(code),
        _ => None,
    }
}

fn field(name: &str, value: &impl Serialize) -> serde_json::Result<String> {
    Ok(format!("\"{name}\": {}", serde_json::to_string(value)?))
}

fn object(code: &Code, number: &mut usize) -> serde_json::Result<String> {
    let flag_names: Vec<_> = flags_in_words(code.flags).split(", ").filter(|f| *f != "0x0").map(str::to_owned).collect();
    let names: Vec<&str> = code.names.iter().map(|name| &**name).collect();
    let variables = code.localsplusnames.iter().zip(&code.localspluskinds);
    let variables: Vec<_> = variables.map(|(name, kind)| Variable::new(name, *kind)).collect();
    let constants: Vec<_> = code.consts.iter().map(|constant| Constant::new(constant, number)).collect();
    let guarded = code.exception_entries().map(|e| Guarded {
        start: e.start * 2,
        end: e.end * 2,
        handler: e.target * 2,
        depth: e.depth,
        lasti: e.lasti,
    });
    let lines = instructions(code).iter().map(line).collect::<serde_json::Result<Vec<_>>>()?;
    let fields = [
        field("qualname", &&*code.qualname)?,
        field("name", &&*code.name)?,
        field("file", &&*code.filename)?,
        field("first_line", &code.firstlineno)?,
        field("arguments", &code.argcount)?,
        field("positional_only", &code.posonlyargcount)?,
        field("keyword_only", &code.kwonlyargcount)?,
        field("stack_size", &code.stacksize)?,
        field("flags", &code.flags)?,
        field("flag_names", &flag_names)?,
        field("names", &names)?,
        field("variables", &variables)?,
        field("constants", &constants)?,
        field("exception_table", &guarded.collect::<Vec<_>>())?,
        format!("\"instructions\": [\n  {}\n ]", lines.join(",\n  ")),
    ];
    Ok(format!("{{\n {}\n}}", fields.join(",\n ")))
}

#[derive(Serialize)]
struct Variable<'a> {
    name: &'a str,
    kinds: Vec<&'static str>,
}

impl Variable<'_> {
    fn new(name: &str, kind: u8) -> Variable<'_> {
        let kinds = [
            (kinds::LOCAL, "local"),
            (kinds::CELL, "cell"),
            (kinds::FREE, "free"),
            (kinds::HIDDEN, "hidden"),
            (kinds::ARG_POS | kinds::ARG_KW | kinds::ARG_VAR, "argument"),
        ];
        let kinds = kinds.iter().filter(|(bits, _)| kind & bits != 0).map(|(_, word)| *word).collect();
        Variable { name, kinds }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Constant {
    Repr(String),
    Code(usize),
}

impl Constant {
    /// A code object is the one of the next `number`.
    fn new(constant: &Const, number: &mut usize) -> Constant {
        if inner(constant).is_none() {
            return Constant::Repr(repr(constant, &|_| 0));
        }
        *number += 1;
        Constant::Code(*number - 1)
    }
}

#[derive(Serialize)]
struct Guarded {
    start: u32,
    end: u32,
    handler: u32,
    depth: u32,
    lasti: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    offset: usize,
    opcode: &'a str,
    oparg: Option<u32>,
    argument: &'a str,
    words: &'a str,
    jump_target: Option<usize>,
    label: Option<u32>,
    line: Option<i32>,
    column: Option<i32>,
    end_line: Option<i32>,
    end_column: Option<i32>,
    caches: Vec<Cache<'a>>,
}

#[derive(Serialize)]
struct Cache<'a> {
    name: &'a str,
    units: u8,
}

fn line(i: &Instruction) -> serde_json::Result<String> {
    let p = i.position;
    serde_json::to_string(&Line {
        offset: i.offset,
        opcode: &i.name(),
        oparg: i.oparg,
        argument: &i.argrepr,
        words: &i.oparg_in_words(),
        jump_target: i.jump_target,
        label: i.label,
        line: p.line,
        column: p.column,
        end_line: p.end_line,
        end_column: p.end_column,
        caches: i.caches().into_iter().map(|c| Cache { name: c.name, units: c.units }).collect(),
    })
}
