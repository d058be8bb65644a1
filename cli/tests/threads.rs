//! Threads, through the binary: what programs print that CPython 3.14 prints, too, and that runs
//! repeat exactly.
//!
//! `NAME.out` in `threads/` is what CPython prints for `NAME.py`; with `UPDATE_PROGRAMS=1` it is
//! written anew by the CPython that `PYTHON314` names.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn program(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/threads").join(name)
}

fn tailscope(args: &[&str], program: &Path) -> Output {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(env!("CARGO_BIN_EXE_tailscope"));
    // Who runs the tests may ignore the signal (a shell does for what it runs in the background),
    // and what is ignored stays so in programs that are started.
    // SAFETY: a call that is allowed between fork and exec.
    unsafe {
        command.pre_exec(|| {
            libc::signal(libc::SIGINT, libc::SIG_DFL);
            Ok(())
        });
    }
    command.args(args).arg(program).env("PYTHONUNBUFFERED", "1").output().expect("the binary runs")
}

fn printed(o: &Output) -> String {
    assert!(o.status.success(), "{}", String::from_utf8_lossy(&o.stderr));
    String::from_utf8_lossy(&o.stdout).into_owned()
}

fn prints_what_cpython_prints(name: &str) {
    let file = program(&format!("{name}.py"));
    let expected = file.with_extension("out");
    if std::env::var_os("UPDATE_PROGRAMS").is_some() {
        let python = std::env::var_os("PYTHON314").unwrap_or("python3.14".into());
        // What is buffered when a process is copied would be printed twice.
        let o = Command::new(python).arg(&file).env("PYTHONUNBUFFERED", "1").output().expect("CPython runs");
        std::fs::write(&expected, &o.stdout).expect("the expected output can be written");
    }
    let expected = std::fs::read_to_string(expected).expect("there is an expected output");
    for interp in ["tail", "loop"] {
        assert_eq!(printed(&tailscope(&["run", "--interp", interp], &file)), expected, "{interp}");
    }
}

#[test]
fn the_library_of_threads_works() {
    prints_what_cpython_prints("library");
}

#[test]
fn waiting_for_files_lets_other_threads_run() {
    prints_what_cpython_prints("files");
}

#[test]
fn signals_are_the_main_threads() {
    prints_what_cpython_prints("signals");
}

/// Every interleaving that a seed chooses is one that locks allow.
#[test]
fn what_locks_protect_is_right_for_any_seed() {
    let expected = std::fs::read_to_string(program("library.out")).expect("there is an expected output");
    let sorted = |text: &str| {
        // Threads print in the order in which they come to it.
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    for seed in 0..10 {
        let seed = seed.to_string();
        let out = printed(&tailscope(&["run", "--sched-seed", &seed], &program("library.py")));
        assert_eq!(sorted(&out), sorted(&expected), "seed {seed}");
    }
}

/// The recorded instructions of a run: all lines of the trace.
fn trace(args: &[&str], name: &str) -> Vec<u8> {
    let test = args.join("-").replace("--", "");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("threads-{name}-{test}"));
    std::fs::create_dir_all(&folder).expect("a folder for the trace");
    let file = folder.join("trace");
    let output = format!("--output={}", file.display());
    let o = tailscope(&[&["trace", &output], args].concat(), &program(name));
    assert!(o.status.success(), "{}", String::from_utf8_lossy(&o.stderr));
    let shown = tailscope(&["trace", "show"], &file);
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    std::fs::remove_dir_all(folder).expect("the folder can go");
    assert!(shown.stdout.len() > 100_000, "the trace has instructions");
    // The first line says when it was recorded.
    let first = shown.stdout.iter().position(|b| *b == b'\n').unwrap_or(0);
    let shown = shown.stdout[first..].to_vec();
    let text = String::from_utf8_lossy(&shown);
    assert!((0..=8).all(|thread| text.contains(&format!("# thread {thread}\n"))), "each thread has its parts");
    shown
}

#[test]
fn two_runs_have_the_same_trace() {
    let first = trace(&[], "eight.py");
    assert!(first == trace(&[], "eight.py"), "the traces differ");
    let seeded = trace(&["--sched-seed=7"], "eight.py");
    assert!(seeded == trace(&["--sched-seed=7"], "eight.py"), "the traces differ");
    assert!(first != seeded, "the seed changes nothing");
}

#[test]
fn another_seed_finds_a_race() {
    let file = program("race.py");
    assert_eq!(printed(&tailscope(&["run"], &file)), "fine\n");
    let run = |seed: u32| printed(&tailscope(&["run", "--sched-seed", &seed.to_string()], &file));
    let found = (0..60).find(|seed| run(*seed) == "overdrawn\n").expect("one of 60 seeds finds the race");
    let again: HashSet<String> = (0..5).map(|_| run(found)).collect();
    assert_eq!(again, HashSet::from(["overdrawn\n".to_owned()]), "seed {found}");
}
