//! Makes new sources of real ones and compares what this compiler and CPython 3.14 say of them.
//!
//! ```text
//! cargo run --release -p tailscope-compiler --example fuzz -- [options] PATHS...
//!   --minutes N   how long (default 10)
//!   --count N     how many sources, instead
//!   --seed N      which sequence of sources (default 1)
//!   --out FOLDER  where to put what was found (default target/fuzz)
//! ```
//!
//! PATHS are Python files, or folders of them, to take apart: CPython's library and test suite.
//! Statements, expressions, patterns and the like are exchanged, put into other constructs, and
//! here and there a token or a character is damaged. Code objects, warnings and errors (class,
//! message, place, line) must be equal. What differs is made small and written to a file, two
//! for each sort of difference. It ends with a failure if something was found.

mod fragments;
mod minimize;
mod mutate;
#[allow(dead_code, reason = "the other fuzzer uses the rest")]
#[path = "../../../bytecode/examples/fuzz_pyc/random.rs"]
mod random;
#[allow(dead_code, reason = "other examples and tests use the rest")]
#[path = "../../tests/support/mod.rs"]
mod support;
mod templates;

use std::alloc::System;
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fragments::Pool;
use random::Random;
use support::sources::{Answer, Disagreement, Source, Sources, compare, is_refused};
use support::{find_python, python_files};
use tailscope_compiler::Mode;
use tailscope_regions::Regions;

#[global_allocator]
static ALLOCATOR: Regions<System> = Regions(System);

/// Sources on their way to CPython, so that it never waits.
const AHEAD: usize = 32;
/// Files written for each sort of difference.
const EXAMPLES: usize = 2;
/// Our compiler may take that long for a source.
const TIME: Duration = Duration::from_secs(5);

struct Options {
    time: Duration,
    count: u64,
    seed: u64,
    out: PathBuf,
    paths: Vec<PathBuf>,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        time: Duration::from_secs(600),
        count: u64::MAX,
        seed: 1,
        out: "target/fuzz".into(),
        paths: Vec::new(),
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        let number = |text: String| text.parse::<u64>().map_err(|e| format!("{text}: {e}"));
        match arg.as_str() {
            "--minutes" => options.time = Duration::from_secs(60 * number(value()?)?),
            "--count" => {
                options.count = number(value()?)?;
                options.time = Duration::MAX;
            }
            "--seed" => options.seed = number(value()?)?,
            "--out" => options.out = value()?.into(),
            _ => options.paths.push(arg.into()),
        }
    }
    if options.paths.is_empty() {
        return Err("name Python files or folders to take apart".to_owned());
    }
    Ok(options)
}

fn main() -> ExitCode {
    // Nothing of a tree may be in use when it is discarded.
    tailscope_regions::verify(true);
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("fuzz: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<bool, String> {
    let options = options()?;
    let python = find_python().ok_or("no CPython 3.14 found: set PYTHON314 to one")?;
    let files = python_files(&options.paths).map_err(|e| e.to_string())?;
    let files = files.iter().filter_map(|path| std::fs::read_to_string(path).ok());
    let pool = Pool::of(files.collect());
    if pool.is_empty() {
        return Err("there are no statements in these files".to_owned());
    }
    println!("{}", pool.sizes());
    std::fs::create_dir_all(&options.out).map_err(|e| e.to_string())?;
    // Panics are told of with their source, below.
    std::panic::set_hook(Box::new(|_| {}));
    let mut fuzzer = Fuzzer {
        oracle: Sources::start(&python).map_err(|e| e.to_string())?,
        minimizer: Sources::start(&python).map_err(|e| e.to_string())?,
        out: options.out.clone(),
        found: BTreeMap::new(),
        refused: 0,
        done: 0,
        slowest: Duration::ZERO,
    };
    fuzzer.run(&pool, &options)?;
    fuzzer.print();
    Ok(fuzzer.found.is_empty())
}

struct Fuzzer {
    oracle: Sources,
    minimizer: Sources,
    out: PathBuf,
    /// Sort of difference to how often it came.
    found: BTreeMap<String, usize>,
    refused: usize,
    done: usize,
    slowest: Duration,
}

/// Which source is compiled here, for the watchdog.
static CURRENT: AtomicU64 = AtomicU64::new(u64::MAX);

impl Fuzzer {
    fn run(&mut self, pool: &Pool, options: &Options) -> Result<(), String> {
        let begun = Instant::now();
        let mut told = begun;
        let mut waiting: VecDeque<(u64, Source)> = VecDeque::new();
        let current = self.out.join("current.py");
        std::thread::spawn(watch);
        let mut index = 0;
        while index < options.count && begun.elapsed() < options.time || !waiting.is_empty() {
            let more = index < options.count && begun.elapsed() < options.time;
            if more && waiting.len() < AHEAD {
                let source = input(pool, options.seed, index);
                self.oracle.ask(&source);
                waiting.push_back((index, source));
                index += 1;
                continue;
            }
            let Some((number, source)) = waiting.pop_front() else { break };
            let theirs = self.oracle.answer().map_err(|e| format!("the oracle: {e}"))?;
            // If the native stack overflows, the file says of what.
            std::fs::write(&current, &source.bytes).map_err(|e| e.to_string())?;
            self.look_at(number, &source, theirs)?;
            if told.elapsed() > Duration::from_secs(60) {
                told = Instant::now();
                self.print();
            }
        }
        Ok(())
    }

    fn look_at(&mut self, number: u64, source: &Source, theirs: Option<Answer>) -> Result<(), String> {
        self.done += 1;
        let start = Instant::now();
        CURRENT.store(number, Ordering::Relaxed);
        let ours = std::panic::catch_unwind(|| source.compile());
        CURRENT.store(u64::MAX, Ordering::Relaxed);
        self.slowest = self.slowest.max(start.elapsed());
        let found = match (ours, theirs) {
            (Err(_), _) => Some(Disagreement::new("panic", "", String::new())),
            (Ok(_), None) => None,
            (Ok(ours), Some(theirs)) => {
                self.refused += usize::from(is_refused(&theirs));
                compare(&ours, &theirs)
            }
        };
        match found {
            Some(found) => self.note(number, source, found),
            None => Ok(()),
        }
    }

    fn note(&mut self, number: u64, source: &Source, found: Disagreement) -> Result<(), String> {
        let sort = sort(&found);
        let times = self.found.entry(sort.clone()).or_default();
        *times += 1;
        if *times > EXAMPLES {
            return Ok(());
        }
        let small = minimize::minimize(source, &found.kind, &mut self.minimizer);
        let about = format!(
            "# {sort}\n# mode {:?}, optimize {}, flags {:#x}\n# {}\n",
            small.mode,
            small.optimize,
            small.flags,
            found.detail.replace('\n', "\n# ")
        );
        println!("input {number}: {sort}{}\n{}", found.detail, String::from_utf8_lossy(&small.bytes));
        let write = |name: String, text: &[u8]| {
            std::fs::write(self.out.join(name), text).map_err(|e| e.to_string())
        };
        write(format!("{number}.txt"), about.as_bytes())?;
        write(format!("{number}.py"), &small.bytes)?;
        write(format!("{number}.whole.py"), &source.bytes)
    }

    fn print(&self) {
        println!(
            "{} sources, {} of them refused; slowest {:.0?}; CPython died {} times; {} sorts of difference",
            self.done,
            self.refused,
            self.slowest,
            self.oracle.deaths,
            self.found.len()
        );
        for (sort, times) in &self.found {
            println!("  {times} x {sort}");
        }
    }
}

/// Ends the process if a source is compiled for too long.
fn watch() {
    let mut last = (u64::MAX, Instant::now());
    loop {
        std::thread::sleep(Duration::from_millis(500));
        let current = CURRENT.load(Ordering::Relaxed);
        if current != last.0 {
            last = (current, Instant::now());
        } else if current != u64::MAX && last.1.elapsed() > TIME {
            eprintln!("fuzz: input {current} takes more than {TIME:?} (see current.py)");
            std::process::exit(1);
        }
    }
}

/// Messages of one sort differ in names and numbers.
fn sort(found: &Disagreement) -> String {
    let mut out = found.kind.clone() + ": ";
    let mut quoted = false;
    for c in found.about.chars() {
        match c {
            '\'' | '"' => quoted = !quoted,
            _ if quoted => {}
            '0'..='9' => {}
            _ => out.push(c),
        }
    }
    out
}

/// The source of that number.
fn input(pool: &Pool, seed: u64, index: u64) -> Source {
    let mut random = Random::of(seed, index);
    let text = mutate::source(pool, &mut random);
    let mode = match random.below(40) {
        0 => Mode::Single,
        1 => Mode::Eval,
        _ => Mode::Exec,
    };
    let flags = match random.below(40) {
        0 => 0x2000,
        1 => 0x100_0000,
        2 => 0x4200,
        _ => 0,
    };
    let optimize = [0, 0, 0, 0, 1, 2][random.below(6)];
    Source { bytes: text.into_bytes(), is_text: !random.one_in(8), mode, optimize, flags }
}
