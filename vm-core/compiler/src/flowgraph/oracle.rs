//! Differential test: the passes and the assembler against CPython's own.
//!
//! CPython generates code for source files, and shows it before and after its optimizer and
//! its assembler (`oracle.py`); from the same input the same must come out here. Files are a
//! sample of the standard library, or all of it if `TAILSCOPE_WHOLE_STDLIB` is set.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use num_bigint::BigInt;
use tailscope_bytecode::code::{Const, Wtf8};
use tailscope_bytecode::opcode::Opcode;

use super::{CellSlots, Cfg, ConstPool, Error, borrow, eval, ops, stackdepth};
use crate::assemble::{Layout, Workspace};
use crate::instr::{Arg, Instr, InstrSequence, Loc, Unit};

const SCRIPT: &str = include_str!("oracle.py");
/// Every so many files of the standard library are in the sample.
const SAMPLE_STRIDE: usize = 25;
const FILES_PER_RUN: usize = 40;

/// An instruction as the oracle prints it: number, oparg, location.
type Row = (u16, u32, Loc);

#[derive(Default)]
struct Record {
    name: String,
    nlocals: usize,
    consts: Vec<Const>,
    input: Vec<Row>,
    output: Vec<Row>,
    output_consts: Vec<Const>,
    cells: (usize, usize),
    assembled: Option<Vec<String>>,
    compiled: Option<Vec<String>>,
    compiled_consts: Vec<Const>,
}

/// A CPython 3.14 that shows its compiler's stages.
fn python() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let candidates = [
        std::env::var_os("PYTHON314").map(PathBuf::from),
        Some(PathBuf::from("python3.14")),
        home.map(|home| home.join(".cache/tailscope-oracle/usr/bin/py314")),
    ];
    candidates.into_iter().flatten().find(|python| {
        let check = "import sys, _testinternalcapi; assert sys.version_info[:2] == (3, 14)";
        let run = Command::new(python)
            .args(["-c", check])
            .stderr(Stdio::null())
            .status();
        run.is_ok_and(|status| status.success())
    })
}

fn standard_library(python: &Path) -> Vec<String> {
    let list = "import pathlib, sysconfig
for p in sorted(pathlib.Path(sysconfig.get_path('stdlib')).rglob('*.py')): print(p)";
    let output = Command::new(python)
        .args(["-c", list])
        .output()
        .expect("python runs");
    let whole = std::env::var_os("TAILSCOPE_WHOLE_STDLIB").is_some();
    let stride = if whole { 1 } else { SAMPLE_STRIDE };
    let files = String::from_utf8(output.stdout).expect("file names are UTF-8");
    files.lines().step_by(stride).map(str::to_owned).collect()
}

/// Runs the oracle over files and calls `check` with each unit.
fn for_each_unit(python: &Path, files: &[String], mut check: impl FnMut(Record)) {
    for files in files.chunks(FILES_PER_RUN) {
        let mut child = Command::new(python)
            .args(["-c", SCRIPT])
            .args(files)
            .stdout(Stdio::piped())
            .spawn()
            .expect("python runs");
        let stdout = child.stdout.take().expect("stdout is a pipe");
        let mut record = Record::default();
        for line in BufReader::new(stdout).lines() {
            let line = line.expect("the oracle prints text");
            if line == "end" {
                check(std::mem::take(&mut record));
            } else {
                read_line(&mut record, &line);
            }
        }
        assert!(
            child.wait().expect("python ends").success(),
            "the oracle failed"
        );
    }
}

fn read_line(record: &mut Record, line: &str) {
    let (key, rest) = line.split_once(' ').expect("a key and a value");
    let words = || rest.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let number = |i: usize| words()[i].parse::<i64>().expect("a number");
    let row = || {
        let at = |i| number(i) as i32;
        let loc = Loc {
            line: at(2),
            end_line: at(3),
            col: at(4),
            end_col: at(5),
        };
        (number(0) as u16, number(1) as u32, loc)
    };
    match key {
        "unit" => record.name = rest.to_owned(),
        "nlocals" => record.nlocals = number(0) as usize,
        "const" => record.consts.push(read_const(&mut rest.as_bytes())),
        "in" => record.input.push(row()),
        "out" => record.output.push(row()),
        "outconst" => record.output_consts.push(read_const(&mut rest.as_bytes())),
        "cells" => record.cells = (number(0) as usize, number(1) as usize),
        "code" => record.assembled = Some(words()),
        "final" => record.compiled = Some(words()),
        "finalconst" => record
            .compiled_consts
            .push(read_const(&mut rest.as_bytes())),
        other => panic!("unknown record {other}"),
    }
}

fn read_const(text: &mut &[u8]) -> Const {
    let (&tag, rest) = text.split_first().expect("a constant");
    *text = rest;
    let mut word = || {
        let end = text.iter().position(|&c| c == b';').expect("a semicolon");
        let word = std::str::from_utf8(&text[..end]).expect("ASCII").to_owned();
        *text = &text[end + 1..];
        word
    };
    match tag {
        b'N' => Const::None,
        b'T' => Const::True,
        b'F' => Const::False,
        b'E' => Const::Ellipsis,
        b'i' => Const::Int(word().parse::<BigInt>().expect("an int")),
        b'f' => Const::Float(double(&word())),
        b'c' => {
            let word = word();
            Const::Complex(double(&word[..16]), double(&word[16..]))
        }
        b's' => Const::Str(Wtf8(bytes(&word()).into())),
        b'b' => Const::Bytes(bytes(&word()).into()),
        // Code objects only have to be told apart.
        b'o' => Const::Str(Wtf8::from(format!("\0code {}", word()).as_str())),
        b'(' => Const::Tuple(read_items(text, b')').into()),
        b'{' => Const::FrozenSet(read_items(text, b'}').into()),
        b'[' => {
            let parts = read_items(text, b']');
            Const::Slice(Arc::new(parts.try_into().expect("three parts")))
        }
        _ => panic!("unknown constant"),
    }
}

fn read_items(text: &mut &[u8], end: u8) -> Vec<Const> {
    let mut items = Vec::new();
    while text.first() != Some(&end) {
        items.push(read_const(text));
    }
    *text = &text[1..];
    items
}

fn bytes(hex: &str) -> Vec<u8> {
    let byte = |i| u8::from_str_radix(&hex[i..i + 2], 16).expect("hex digits");
    (0..hex.len()).step_by(2).map(byte).collect()
}

fn double(hex: &str) -> f64 {
    f64::from_bits(u64::from_str_radix(hex, 16).expect("hex digits"))
}

fn sequence(rows: &[Row]) -> InstrSequence {
    let mut seq = InstrSequence::default();
    let label_of = |seq: &mut InstrSequence, index: u32| {
        let label = seq.new_label();
        seq.labels[label.0 as usize] = index as usize;
        label
    };
    for &(number, arg, loc) in rows {
        let op = Opcode::from_number(number).expect("an opcode");
        let arg = match op {
            op if ops::has_target(op) => Arg::Target(label_of(&mut seq, arg)),
            op if op.has_arg() => Arg::Value(arg),
            _ => Arg::None,
        };
        seq.push(op, arg, loc);
    }
    seq
}

/// The graph's instructions with targets as indices.
fn rows(g: &Cfg) -> Vec<Row> {
    let mut first = vec![0; g.block_count()];
    let order: Vec<_> = std::iter::successors(Some(g.entry), |&b| g[b].next).collect();
    let mut count = 0;
    for &b in &order {
        first[b.index()] = count;
        count += g.len(b) as u32;
    }
    let row = |instr: &Instr| {
        let target = instr.target.filter(|_| ops::has_target(instr.op));
        let arg = target.map_or(instr.arg, |block| first[block.index()]);
        (instr.op.number(), arg, instr.loc)
    };
    order.iter().flat_map(|&b| g.code(b)).map(row).collect()
}

/// Does what `_testinternalcapi.optimize_cfg` does.
fn optimize(record: &Record) -> Result<(Vec<Row>, Vec<Const>), Error> {
    let mut g = super::testing::built(&mut sequence(&record.input))?;
    let mut pool = ConstPool::new(record.consts.clone());
    super::optimize(&mut g, &mut pool, record.nlocals, 0)?;
    stackdepth::calculate_stackdepth(&mut g)?;
    borrow::optimize_load_fast(&mut g).expect("depths are known");
    Ok((rows(&g), pool.into_consts()))
}

/// Instructions with the constants in the place of their indices: the oracle's test entry
/// does not merge the constants that it makes with those it was given.
fn resolved(rows: &[Row], consts: &[Const]) -> Vec<String> {
    let load_const = Opcode::LOAD_CONST.number();
    let show = |&(number, arg, loc): &Row| {
        let op = Opcode::from_number(number).expect("an opcode");
        let loc = (loc.line, loc.end_line, loc.col, loc.end_col);
        match consts.get(arg as usize).filter(|_| number == load_const) {
            Some(value) => format!("{op} {} {loc:?}", show_const(value)),
            None => format!("{op} {arg} {loc:?}"),
        }
    };
    rows.iter().map(show).collect()
}

/// The constant as text, the items of sets sorted.
fn show_const(value: &Const) -> String {
    match value {
        Const::FrozenSet(items) => {
            let mut items: Vec<String> = items.iter().map(show_const).collect();
            items.sort();
            format!("frozenset{items:?}")
        }
        Const::Tuple(items) => {
            let items: Vec<String> = items.iter().map(show_const).collect();
            format!("tuple{items:?}")
        }
        value => format!("{value:?}"),
    }
}

fn first_difference(ours: &[String], theirs: &[String]) -> Option<String> {
    let at = (0..ours.len().max(theirs.len())).find(|&i| ours.get(i) != theirs.get(i))?;
    Some(format!(
        "at {at}: {:?}, expected {:?}",
        ours.get(at),
        theirs.get(at)
    ))
}

fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "-".to_owned();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A unit with the made-up variables of `oracle.py`.
fn made_up_unit(record: &Record) -> Unit {
    let (ncells, nfree) = record.cells;
    let nlocals = record.nlocals;
    let cell = |i: usize| match i % 2 == 1 && i < nlocals {
        true => format!("v{}", nlocals - 1 - i).into(),
        false => format!("c{i}").into(),
    };
    Unit {
        varnames: (0..nlocals).map(|i| format!("v{i}").into()).collect(),
        cellvars: (0..ncells).map(cell).collect(),
        freevars: (ncells..ncells + nfree)
            .map(|i| format!("f{i}").into())
            .collect(),
        ..super::testing::unit()
    }
}

/// Does what `_testinternalcapi.assemble_code_object` does; the result as the oracle prints it.
fn assembled(record: &Record) -> Result<Vec<String>, Error> {
    let unit = made_up_unit(record);
    let mut g = super::testing::built(&mut sequence(&record.input))?;
    super::except::label_exception_targets(&mut g)?;
    let cells = CellSlots::new(&unit);
    let stack_size = super::lower(&mut g, &unit, &cells)?;
    let code = Layout::default().make_code(unit, &mut g, ConstPool::new(Vec::new()), &cells, stack_size)?;
    let kinds: Vec<u8> = code
        .localspluskinds
        .iter()
        .map(|kind| (kind >> 5 & 1) << 1 | kind >> 6 & 1)
        .collect();
    Ok(vec![
        hex(&code.code),
        code.stacksize.to_string(),
        hex(&kinds),
        hex(&code.linetable),
        hex(&code.exceptiontable),
    ])
}

/// Everything, for a module.
fn compiled(record: &Record) -> Result<(Vec<String>, Vec<String>), Error> {
    let unit = Unit {
        consts: record.consts.clone(),
        varnames: (0..record.nlocals)
            .map(|i| format!("v{i}").into())
            .collect(),
        ..super::testing::unit()
    };
    let code = Workspace::default().assemble(unit, &mut sequence(&record.input))?;
    let fields = vec![
        hex(&code.code),
        code.stacksize.to_string(),
        hex(&code.linetable),
        hex(&code.exceptiontable),
    ];
    Ok((fields, code.consts.iter().map(show_const).collect()))
}

/// What differs in a unit, as a sentence each.
fn differences(record: &Record) -> Vec<String> {
    let mut found = Vec::new();
    match optimize(record) {
        Ok((ours, consts)) => {
            let ours = resolved(&ours, &consts);
            let theirs = resolved(&record.output, &record.output_consts);
            let difference = first_difference(&ours, &theirs);
            found.extend(difference.map(|text| format!("optimized, {text}")));
        }
        Err(error) => found.push(format!("optimized: {error}")),
    }
    if let Some(theirs) = &record.assembled {
        match assembled(record) {
            Ok(ours) => {
                let difference = first_difference(&ours, theirs);
                found.extend(difference.map(|text| format!("assembled, {text}")));
            }
            Err(error) => found.push(format!("assembled: {error}")),
        }
    }
    if let Some(theirs) = &record.compiled {
        let expected: Vec<String> = record.compiled_consts.iter().map(show_const).collect();
        match compiled(record) {
            Ok((ours, consts)) => {
                let difference = first_difference(&ours, theirs);
                found.extend(difference.map(|text| format!("compiled, {text}")));
                let difference = first_difference(&consts, &expected);
                found.extend(difference.map(|text| format!("constants, {text}")));
            }
            Err(error) => found.push(format!("compiled: {error}")),
        }
    }
    found
}

#[test]
fn passes_and_assembly_agree_with_cpython() {
    let Some(python) = python() else {
        println!("skipped: no CPython 3.14 with _testinternalcapi");
        return;
    };
    let files = standard_library(&python);
    let mut units = 0;
    let mut wrong = Vec::new();
    for_each_unit(&python, &files, |record| {
        units += 1;
        for difference in differences(&record) {
            wrong.push(format!("{}: {difference}", record.name));
        }
    });
    println!(
        "{units} units of {} files, {} differences",
        files.len(),
        wrong.len()
    );
    let shown = wrong
        .iter()
        .take(20)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        wrong.is_empty(),
        "{} differences, such as\n{shown}",
        wrong.len()
    );
}

/// What folding gives for a line of `oracle.py --operators`, and what it should give.
fn folded(words: &[&str]) -> (Option<Const>, Option<Const>) {
    let constant = |word: &str| read_const(&mut word.as_bytes());
    let expected = |word: &str| (word != "!").then(|| constant(word));
    let number = |word: &str| word.parse().expect("a number");
    match words {
        ["binary", op, left, right, result] => {
            let value = eval::binary(number(op), &constant(left), &constant(right));
            (value, expected(result))
        }
        ["unary", op, _, operand, result] => {
            let operand = constant(operand);
            let value = match Opcode::from_number(number(op) as u16) {
                Some(Opcode::UNARY_NEGATIVE) => eval::negative(&operand),
                Some(Opcode::UNARY_INVERT) => eval::invert(&operand),
                Some(Opcode::UNARY_NOT) => Some(eval::bool_const(!eval::is_true(&operand))),
                _ => eval::positive(&operand),
            };
            (value, expected(result))
        }
        ["set", result, items @ ..] => {
            let items = items.iter().map(|item| constant(item)).collect();
            (Some(eval::frozenset(items)), expected(result))
        }
        _ => panic!("unknown line {words:?}"),
    }
}

#[test]
fn operators_on_constants_agree_with_cpython() {
    let Some(python) = python() else {
        println!("skipped: no CPython 3.14 with _testinternalcapi");
        return;
    };
    let output = Command::new(python)
        .args(["-c", SCRIPT, "--operators"])
        .stderr(Stdio::inherit())
        .output()
        .expect("python runs");
    assert!(output.status.success(), "the oracle failed");
    let text = String::from_utf8(output.stdout).expect("the oracle prints ASCII");
    let mut wrong = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let (ours, theirs) = folded(&words);
        // The sign of a NaN that is a complex power depends on the C compiler's choices.
        let shown = |value: &Option<Const>| value.as_ref().map(show_const);
        let power = words[..2] == ["binary", "8"];
        if ours != theirs && !(power && shown(&ours) == shown(&theirs)) {
            let short: String = line.chars().take(200).collect();
            let ours = ours.as_ref().map(show_const);
            wrong.push(format!("{short}: {ours:.200?}"));
        }
    }
    println!(
        "{} operations, {} differences",
        text.lines().count(),
        wrong.len()
    );
    let shown = wrong
        .iter()
        .take(20)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        wrong.is_empty(),
        "{} differences, such as\n{shown}",
        wrong.len()
    );
}
