//! Graphs as text, for the tests of the passes.

use std::collections::HashMap;

use tailscope_bytecode::opcode::Opcode;

use super::graph::{BlockId, Cfg};
use super::{Error, ops};
use crate::instr::{Arg, InstrSequence, Label, Loc, Unit};

/// Reads a sequence: a line `LINE OPCODE`, `LINE OPCODE ARG` or `LINE OPCODE @label` for each
/// instruction (`-` for no source line), `label:` before the instruction it names.
pub(crate) fn sequence(source: &str) -> InstrSequence {
    let mut seq = InstrSequence::default();
    let mut labels: HashMap<String, Label> = HashMap::new();
    for line in source.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [label] = words[..] {
            let name = label.strip_suffix(':').expect("a label ends in a colon");
            let label = *labels
                .entry(name.to_owned())
                .or_insert_with(|| seq.new_label());
            seq.place(label);
            continue;
        }
        let loc = match words[0] {
            "-" => Loc::NONE,
            line => {
                let line = line.parse().expect("a line number");
                Loc {
                    line,
                    end_line: line,
                    col: 0,
                    end_col: 1,
                }
            }
        };
        let op = Opcode::from_name(words[1]).expect("an opcode");
        let arg = match words.get(2) {
            None => Arg::None,
            Some(word) => match word.strip_prefix('@') {
                Some(name) => {
                    let entry = labels.entry(name.to_owned());
                    Arg::Target(*entry.or_insert_with(|| seq.new_label()))
                }
                None => Arg::Value(word.parse().expect("an oparg")),
            },
        };
        seq.push(op, arg, loc);
    }
    seq
}

pub(crate) fn graph(source: &str) -> Cfg {
    built(&mut sequence(source)).expect("a well-formed sequence")
}

pub(crate) fn built(seq: &mut InstrSequence) -> Result<Cfg, Error> {
    let mut g = Cfg::default();
    super::from_sequence(seq, &mut g)?;
    Ok(g)
}

/// The blocks in order, between semicolons; targets are given as `@` and the block's place.
pub(crate) fn text(g: &Cfg) -> String {
    let order: Vec<BlockId> = std::iter::successors(Some(g.entry), |&b| g[b].next).collect();
    let place = |b: BlockId| {
        order
            .iter()
            .position(|&other| other == b)
            .expect("a chained block")
    };
    let blocks: Vec<String> = order
        .iter()
        .map(|&b| {
            let instrs: Vec<String> = g
                .code(b)
                .iter()
                .map(|instr| {
                    let line = match instr.loc.line {
                        -1 => "-".to_owned(),
                        line => line.to_string(),
                    };
                    let arg = match instr.target.filter(|_| ops::has_target(instr.op)) {
                        Some(target) => format!(" @{}", place(target)),
                        None if instr.op.has_arg() => format!(" {}", instr.arg),
                        None => String::new(),
                    };
                    format!("{line} {}{arg}", instr.op)
                })
                .collect();
            instrs.join(" | ")
        })
        .collect();
    blocks.join("; ")
}

/// A unit without variables.
pub(crate) fn unit() -> Unit {
    Unit {
        name: "f".into(),
        qualname: "f".into(),
        filename: "f.py".into(),
        consts: Vec::new(),
        names: Vec::new(),
        varnames: Vec::new(),
        cellvars: Vec::new(),
        freevars: Vec::new(),
        fasthidden: Vec::new(),
        argcount: 0,
        posonlyargcount: 0,
        kwonlyargcount: 0,
        firstlineno: 1,
        flags: 0,
        is_function: true,
    }
}
