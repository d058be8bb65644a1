//! The instructions that code generation alone makes, before any optimization, against
//! those of CPython 3.14 (`_testinternalcapi.compiler_codegen`): each opcode, oparg, jump
//! target and position.

#[allow(dead_code, reason = "other tests use the rest")]
mod support;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tailscope_bytecode::code::{Code, kinds};
use tailscope_compiler::codegen::{CodegenOptions, generate_with};
use tailscope_compiler::instr::{InstrSequence, Loc, Unit};
use tailscope_compiler::preprocess::{FutureFlags, preprocess};
use tailscope_compiler::source::SourceFile;
use tailscope_compiler::{Mode, parse, symtable};

/// A code object that has only what code generation looks at: the names that a closure
/// needs, and something that tells it from others.
fn stub(unit: &Unit, shown: &str) -> Code {
    let own = unit.varnames.iter().map(|name| (name, kinds::LOCAL));
    let free = unit.freevars.iter().map(|name| (name, kinds::FREE));
    let (names, kinds) = own
        .chain(free)
        .map(|(name, kind)| (name.clone(), kind))
        .unzip();
    Code {
        argcount: unit.argcount,
        posonlyargcount: unit.posonlyargcount,
        kwonlyargcount: unit.kwonlyargcount,
        stacksize: 0,
        flags: unit.flags,
        code: Vec::new(),
        consts: unit.consts.clone(),
        names: unit.names.clone(),
        localsplusnames: names,
        localspluskinds: kinds,
        filename: unit.filename.clone(),
        name: unit.name.clone(),
        qualname: unit.qualname.clone(),
        firstlineno: unit.firstlineno,
        linetable: shown.as_bytes().to_vec(),
        exceptiontable: Vec::new(),
    }
}

fn show(seq: &InstrSequence) -> String {
    let mut out = String::new();
    for instr in &seq.instrs {
        let arg = match instr.label() {
            Some(label) => seq.labels[label.0 as usize],
            None => instr.arg as usize,
        };
        let Loc {
            line,
            end_line,
            col,
            end_col,
        } = instr.loc;
        writeln!(
            out,
            "{} {arg} {line} {end_line} {col} {end_col}",
            instr.op.name()
        )
        .unwrap();
    }
    out + "\n"
}

/// Name and instructions of each unit of a file, nested ones before the one they are in.
fn units(path: &Path) -> Vec<(String, String)> {
    let bytes = std::fs::read(path).unwrap();
    let source = SourceFile::from_bytes(&bytes, "f.py").unwrap();
    let mut parsed = parse::parse(&source, Mode::Exec).unwrap();
    let future = FutureFlags::of(&parsed.module, &source).unwrap();
    let mut warnings = preprocess(&mut parsed.module, &source, future, Some(0), Mode::Exec);
    let mut table = symtable::build(&parsed.module, &source, future).unwrap();
    let options = CodegenOptions {
        future_flags: future.features,
        ..CodegenOptions::default()
    };
    let mut units = Vec::new();
    let mut assemble = |unit: Unit, seq: &mut InstrSequence| {
        let shown = show(seq);
        let code = stub(&unit, &shown);
        units.push((unit.qualname.to_string(), shown));
        Ok(code)
    };
    generate_with(
        &parsed.module,
        &mut table,
        &source,
        options,
        &mut warnings,
        &mut assemble,
    )
    .unwrap();
    units
}

/// The first line in which two sequences differ.
fn difference(ours: &str, theirs: &str) -> String {
    let mut lines = ours.lines().zip(theirs.lines()).enumerate();
    match lines.find(|(_, (a, b))| a != b) {
        Some((i, (a, b))) => format!("instruction {i}: ours {a}, theirs {b}"),
        None => format!(
            "{} lines, theirs {}",
            ours.lines().count(),
            theirs.lines().count()
        ),
    }
}

#[test]
fn sequences_are_those_of_cpython() {
    let Some(python) = support::find_python() else {
        println!("skipped: no CPython 3.14 found (set PYTHON314, or put python3.14 on the PATH)");
        return;
    };
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let files: Vec<PathBuf> = support::python_files(&[corpus]).unwrap();
    let output = Command::new(python)
        .args(["-X", "utf8", "-c", include_str!("snippets/sequences.py")])
        .args(&files)
        .stderr(Stdio::inherit())
        .output()
        .expect("CPython runs");
    if !output.status.success() {
        println!("skipped: this CPython has no _testinternalcapi");
        return;
    }
    let text = String::from_utf8(output.stdout).unwrap();
    let mut compared = 0;
    for (path, theirs) in files.iter().zip(text.split_terminator(".\n")) {
        let mut ours = units(path);
        let theirs: Vec<&str> = theirs.split_inclusive("\n\n").collect();
        // The annotations of a module are its last nested units.
        while ours.len() > theirs.len() {
            let extra = ours.remove(ours.len() - 2);
            assert!(
                extra.0.starts_with("__annotate__"),
                "{}: {}",
                path.display(),
                extra.0
            );
        }
        assert_eq!(ours.len(), theirs.len(), "{}", path.display());
        for ((name, ours), theirs) in ours.iter().zip(theirs) {
            let at = format!("{} {name}", path.display());
            assert!(ours == theirs, "{at}: {}", difference(ours, theirs));
            compared += 1;
        }
    }
    assert!(compared > 100, "only {compared} units compared");
}
