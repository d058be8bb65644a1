//! Runs the Python programs in `programs/` with the bare VM (native modules only) and compares
//! what they print with what CPython 3.14 printed (`NAME.out` beside `NAME.py`).
//!
//! `UPDATE_PROGRAMS=1 cargo test -p tailscope-vm --test programs` writes the expected output anew
//! with the CPython that `PYTHON314` names (else `python3.14` on the path).

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::Command;

use tailscope_vm::error::{PyResult, Raised};
use tailscope_vm::interp::{self, Interp, Mode, enter};
use tailscope_vm::native::ModuleDef;
use tailscope_vm::protocol::attr;
use tailscope_vm::runtime::{self, Config};
use tailscope_vm::types::str_::PyStr;
use tailscope_vm::types::type_::MethodDef;
use tailscope_vm::types::{exceptions, module};
use tailscope_vm::value::{Ref, Value};
use tailscope_vm::vm::Vm;

thread_local! {
    static PRINTED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A `sys.stdout` that keeps what is written.
static STDOUT: ModuleDef = ModuleDef::new(
    "stdout",
    "",
    &[
        MethodDef::new("write", "(text, /)", |vm, a| write(vm, a[0]), ""),
        MethodDef::new("flush", "()", |vm, _| Ok(vm.none_ref()), ""),
    ],
);

fn write(vm: &Vm, text: Value) -> PyResult {
    let Some(s) = text.cast::<PyStr>() else { return Err(vm.type_error("write() takes a str")) };
    PRINTED.with_borrow_mut(|p| p.extend_from_slice(s.as_bytes()));
    Ok(Ref::small_int(s.char_len() as i64))
}

fn run(file: &Path, (interp, mode): (Interp, Mode)) -> Result<(), String> {
    let vm = Vm::new(Config::default());
    interp::set_interp(vm, interp);
    let shown = |e: Raised| exceptions::traceback_text(vm, e.0.value());
    let source = std::fs::read(file).map_err(|e| e.to_string())?;
    let name = file.to_string_lossy();
    let whole = tailscope_compiler::Mode::Exec;
    let code = tailscope_vm::import::compile(vm, &source, &name, whole, 0).map_err(shown)?;
    let stdout = tailscope_vm::native::make_module(vm, &STDOUT).map_err(shown)?;
    attr::set_named(vm, vm.runtime.sys.get(), "stdout", stdout.value()).map_err(shown)?;
    let main = runtime::new_module(vm, "__main__");
    runtime::modules(vm).set_text(vm, "__main__", main.value());
    let globals = module::dict(vm, main.value());
    globals.set_text(vm, "__builtins__", vm.runtime.builtins.get());
    let g = globals.as_value();
    interp::set_mode(vm, mode);
    let result = enter::run_code(vm, code.value(), g, g, Value::NULL);
    interp::set_mode(vm, Mode::Plain);
    result.map(drop).map_err(shown)
}

/// Native stack that programs get, and the least that any must be able to do with.
const STACK: usize = 64 << 20;
/// Without optimization, a frame of the loop alone takes more than the released binary's least.
const SMALL_STACK: usize = if cfg!(debug_assertions) { 8 << 20 } else { 256 << 10 };
/// Programs that recurse as deep as they are let.
const DEEP: &str = "deep_";

/// Runs a program on a thread of its own, since each has a VM of its own.
fn output_of(file: PathBuf, how: (Interp, Mode), stack: usize) -> String {
    let run = move || {
        let result = run(&file, how);
        let mut printed = PRINTED.take();
        if let Err(text) = result {
            printed.extend_from_slice(text.as_bytes());
        }
        String::from_utf8_lossy(&printed).into_owned()
    };
    let thread = std::thread::Builder::new().stack_size(stack).spawn(run);
    match thread.map(|t| t.join()) {
        Ok(Ok(text)) => text,
        _ => "the VM panicked".to_owned(),
    }
}

fn programs() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    let mut all: Vec<PathBuf> = std::fs::read_dir(dir)
        .expect("the folder of programs")
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "py"))
        .collect();
    all.sort();
    all
}

fn update(file: &Path) {
    let python = std::env::var("PYTHON314").unwrap_or_else(|_| "python3.14".to_owned());
    let made = Command::new(&python).arg(file).output().expect("PYTHON314 names a CPython 3.14");
    assert!(made.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&made.stderr));
    std::fs::write(file.with_extension("out"), made.stdout).expect("a writable folder");
}

/// Programs about the interpreter itself, run in every way there is.
const EVERY_WAY: [&str; 12] = [
    "calls",
    "classes",
    "containers",
    "exceptions",
    "generators",
    "lifetimes",
    "monitoring_events",
    "operators",
    "specialization",
    "trace_events",
    "trace_jumps",
    "variables",
];

/// Where a program's output differs, for a person.
fn difference(file: &Path, how: (Interp, Mode), got: &str, expected: &str) -> String {
    let first = got.lines().zip(expected.lines()).position(|(a, b)| a != b);
    let i = first.unwrap_or(got.lines().count().min(expected.lines().count()));
    let line = |text: &str| text.lines().nth(i).unwrap_or("(nothing)").to_owned();
    format!(
        "{} {how:?}: line {}\n  CPython: {}\n  here:    {}",
        file.display(),
        i + 1,
        line(expected),
        line(got)
    )
}

/// Compares the programs that `choose` chooses, run in one way.
fn compare(how: (Interp, Mode), choose: impl Fn(&str) -> bool) {
    compare_with(how, STACK, choose);
}

fn compare_with(how: (Interp, Mode), stack: usize, choose: impl Fn(&str) -> bool) {
    let mut wrong = Vec::new();
    for file in programs() {
        let name = file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        if !choose(&name) {
            continue;
        }
        let Ok(expected) = std::fs::read_to_string(file.with_extension("out")) else {
            println!("{}: no expected output yet, not compared", file.display());
            continue;
        };
        let got = output_of(file.clone(), how, stack);
        if got != expected {
            wrong.push(difference(&file, how, &got, &expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn programs_print_what_cpython_prints() {
    if std::env::var_os("UPDATE_PROGRAMS").is_some() {
        programs().iter().for_each(|file| update(file));
    }
    compare((Interp::default(), Mode::Plain), |name| !name.starts_with(DEEP));
}

/// What recurses natively ends in a RecursionError, however small the native stack is. (On a
/// large one the same programs take long.)
#[test]
fn a_small_native_stack_is_enough() {
    compare_with((Interp::default(), Mode::Plain), SMALL_STACK, |name| name.starts_with(DEEP));
    compare_with((Interp::Loop, Mode::Plain), SMALL_STACK, |name| name.starts_with(DEEP));
}

#[test]
fn the_loop_prints_the_same() {
    compare((Interp::Loop, Mode::Plain), |name| EVERY_WAY.contains(&name));
}

#[test]
fn being_recorded_changes_nothing() {
    compare((Interp::default(), Mode::Record), |name| EVERY_WAY.contains(&name));
    compare((Interp::Loop, Mode::Record), |name| EVERY_WAY.contains(&name));
}

#[test]
fn being_counted_changes_nothing() {
    compare((Interp::default(), Mode::Profile), |name| EVERY_WAY.contains(&name));
    compare((Interp::Loop, Mode::Profile), |name| EVERY_WAY.contains(&name));
}

#[test]
fn being_stepped_changes_nothing() {
    compare((Interp::default(), Mode::Step), |name| EVERY_WAY.contains(&name));
    compare((Interp::Loop, Mode::Step), |name| EVERY_WAY.contains(&name));
}
