//! Throws damaged `.pyc` files at the loader and the verifier.
//!
//! ```text
//! cargo run --release -p tailscope-bytecode --example fuzz_pyc -- [options] [SEEDS...]
//!   --count N    number of inputs (default 1000000)
//!   --seed N     which sequence of inputs (default 1)
//!   --from N     begin with this input of the sequence
//!   --only N     this input alone, and what became of it
//!   --save FILE  with --only: write the input
//! ```
//!
//! Seeds are `.pyc` files or folders of them; `tests/golden/sample.pyc` if none is named. Each
//! code object in them is mutated by itself, as bytes and as a structure. An input is found by
//! its number alone, so that whatever is reported can be repeated.
//!
//! It ends with a failure as soon as an input panics, takes more than 5 s, takes more than 1 GiB,
//! or is accepted and then does not survive being written and read. What is accepted is
//! disassembled, too.

mod memory;
mod mutate;
mod random;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tailscope_bytecode::code::{Code, Const};
use tailscope_bytecode::{dis, marshal, pyc, verify};

use mutate::{Input, Seed};
use random::Random;

#[global_allocator]
static MEMORY: memory::Counting = memory::Counting;

/// An input may take that long.
const TIME: Duration = Duration::from_secs(5);
/// And that many bytes.
const SPACE: usize = 1 << 30;
/// Seeds beyond this are left out: small ones reach the same code, and more often.
const LARGEST_SEED: usize = 4000;

struct Options {
    count: u64,
    seed: u64,
    from: u64,
    only: Option<u64>,
    save: Option<PathBuf>,
    seeds: Vec<PathBuf>,
}

fn options() -> Result<Options, String> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sample.pyc");
    let mut options = Options {
        count: 1_000_000,
        seed: 1,
        from: 0,
        only: None,
        save: None,
        seeds: Vec::new(),
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || {
            let value = args.next().and_then(|text| text.parse::<u64>().ok());
            value.ok_or(format!("{arg} needs a number"))
        };
        match arg.as_str() {
            "--count" => options.count = number()?,
            "--seed" => options.seed = number()?,
            "--from" => options.from = number()?,
            "--only" => options.only = Some(number()?),
            "--save" => options.save = args.next().map(PathBuf::from),
            _ => options.seeds.push(arg.into()),
        }
    }
    if options.seeds.is_empty() {
        options.seeds.push(sample);
    }
    Ok(options)
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fuzz_pyc: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let options = options()?;
    let seeds = seeds(&options.seeds)?;
    println!("{} seeds", seeds.len());
    if let Some(index) = options.only {
        let input = mutate::input(&seeds, &mut Random::of(options.seed, index));
        if let (Some(path), Input::File(bytes)) = (&options.save, &input) {
            std::fs::write(path, bytes).map_err(|e| e.to_string())?;
        }
        println!("{:?}", look_at(&input)?);
        return Ok(());
    }
    fuzz(&options, &seeds)
}

/// What happened so far.
#[derive(Default)]
struct Tally {
    unreadable: u64,
    refused: u64,
    accepted: u64,
    slowest: (Duration, u64),
    largest: (usize, u64),
}

fn fuzz(options: &Options, seeds: &[Seed]) -> Result<(), String> {
    static CURRENT: AtomicU64 = AtomicU64::new(u64::MAX);
    std::thread::spawn(|| watch(&CURRENT));
    let mut tally = Tally::default();
    let begun = Instant::now();
    for index in options.from..options.from + options.count {
        CURRENT.store(index, Ordering::Relaxed);
        let before = memory::begin(SPACE, index);
        let start = Instant::now();
        let result = std::panic::catch_unwind(|| {
            look_at(&mutate::input(seeds, &mut Random::of(options.seed, index)))
        });
        let found = result
            .map_err(|_| format!("input {index} panics"))?
            .map_err(|e| format!("input {index}: {e}"))?;
        match found {
            Found::Unreadable => tally.unreadable += 1,
            Found::Refused(_) => tally.refused += 1,
            Found::Accepted => tally.accepted += 1,
        }
        tally.slowest = tally.slowest.max((start.elapsed(), index));
        tally.largest = tally.largest.max((memory::peak() - before, index));
        if (index + 1) % 1_000_000 == 0 {
            tally.print(index + 1 - options.from, begun);
        }
    }
    tally.print(options.count, begun);
    if tally.slowest.0 > TIME {
        return Err(format!("input {} takes {:?}", tally.slowest.1, tally.slowest.0));
    }
    Ok(())
}

impl Tally {
    fn print(&self, count: u64, begun: Instant) {
        println!(
            "{count} inputs in {:.0} s: {} unreadable, {} refused by the verifier, {} accepted; \
             slowest {:.1?} (input {}), largest {:.1} MiB (input {})",
            begun.elapsed().as_secs_f64(),
            self.unreadable,
            self.refused,
            self.accepted,
            self.slowest.0,
            self.slowest.1,
            self.largest.0 as f64 / f64::from(1 << 20),
            self.largest.1,
        );
    }
}

/// Ends the process if the same input is at work for too long.
fn watch(current: &AtomicU64) {
    let mut last = (u64::MAX, Instant::now());
    loop {
        std::thread::sleep(Duration::from_millis(200));
        let index = current.load(Ordering::Relaxed);
        if index != last.0 {
            last = (index, Instant::now());
        } else if index != u64::MAX && last.1.elapsed() > 2 * TIME {
            eprintln!("fuzz_pyc: input {index} hangs");
            std::process::exit(1);
        }
    }
}

#[derive(Debug)]
enum Found {
    Unreadable,
    Refused(#[allow(dead_code, reason = "shown with --only")] String),
    Accepted,
}

/// Loads and verifies an input, and makes use of it if it is accepted.
fn look_at(input: &Input) -> Result<Found, String> {
    let read;
    let code = match input {
        Input::File(bytes) => match pyc::Pyc::read(bytes) {
            Ok(file) => {
                read = file;
                &read.code
            }
            Err(error) => {
                let _ = error.to_string();
                return Ok(Found::Unreadable);
            }
        },
        Input::Code(code) => code,
    };
    if let Err(error) = verify::verify(code) {
        if error.reason.is_empty() {
            return Err("it is refused without a reason".to_owned());
        }
        return Ok(Found::Refused(error.to_string()));
    }
    let options = dis::Options { show_caches: true, show_positions: true, ..dis::Options::default() };
    dis::disassemble_recursive(code, &options);
    survives(code)?;
    Ok(Found::Accepted)
}

fn survives(code: &Code) -> Result<(), String> {
    let bytes = marshal::write_code(code).map_err(|e| format!("it cannot be written: {e}"))?;
    let back = marshal::read_code(&bytes).map_err(|e| format!("it cannot be read again: {e}"))?;
    if back == *code {
        Ok(())
    } else {
        Err("it is another one when it is written and read".to_owned())
    }
}

/// The code objects of `.pyc` files, each by itself.
fn seeds(paths: &[PathBuf]) -> Result<Vec<Seed>, String> {
    let mut seeds = Vec::new();
    for path in paths {
        let shown = path.display();
        if path.is_dir() {
            let entries = std::fs::read_dir(path).map_err(|e| format!("{shown}: {e}"))?;
            let mut inner: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
            inner.retain(|p| p.is_dir() || p.extension().is_some_and(|e| e == "pyc"));
            inner.sort();
            seeds.extend(self::seeds(&inner)?);
            continue;
        }
        let bytes = std::fs::read(path).map_err(|e| format!("{shown}: {e}"))?;
        let file = pyc::Pyc::read(&bytes).map_err(|e| format!("{shown}: {e}"))?;
        let mut codes = vec![file.code];
        while let Some(code) = codes.pop() {
            codes.extend(code.consts.iter().filter_map(|constant| match constant {
                Const::Code(inner) => Some((**inner).clone()),
                _ => None,
            }));
            let bytes = marshal::write_code(&code).map_err(|e| format!("{shown}: {e}"))?;
            if bytes.len() <= LARGEST_SEED {
                seeds.push(Seed { code, bytes });
            }
        }
    }
    if seeds.is_empty() {
        return Err("there is no small code object in the seeds".to_owned());
    }
    Ok(seeds)
}
