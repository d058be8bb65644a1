//! Compares this compiler with CPython 3.14 over files and directories.
//!
//! ```text
//! cargo run --release -p tailscope-compiler --example diff -- [options] PATHS...
//!   --dis          compare the texts of `tailscope dis` and `python3.14 -m dis` instead
//!   --pyc          see in addition that code objects of both are verified, and written and read
//!                  as .pyc files without loss
//!   --symtable     compare the scopes instead of the code objects
//!   --warnings     compare the warnings instead
//!   --mode M       exec (default), eval or single
//!   --flags N      flags of compile(), as 0x2000 for await at the top level
//!   --optimize N   as python -O (1) or -OO (2)
//!   --limit N      show this many differences of each kind (default 3)
//!   --show NAME    show the differences of code objects of this qualified name only
//!   --jobs N       work on so many files at a time (default: as many as there are processors)
//! ```

#[path = "../tests/support/mod.rs"]
mod support;

use std::alloc::System;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use support::compare::Comparison;
use support::{Answer, Oracle, Question, find_python, python_files};
use tailscope_bytecode::code::{Code, Const};
use tailscope_bytecode::{dis, marshal, verify};
use tailscope_compiler::{CompileError, CompileOptions, Mode};
use tailscope_regions::Regions;

#[global_allocator]
static ALLOCATOR: Regions<System> = Regions(System);

#[derive(Clone)]
struct Options {
    question: Question,
    optimize: u8,
    mode: Mode,
    flags: u32,
    limit: usize,
    show: Option<String>,
    pyc: bool,
    jobs: usize,
    paths: Vec<PathBuf>,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        question: Question::Code {
            optimize: 0,
            mode: Mode::Exec,
            flags: 0,
        },
        optimize: 0,
        mode: Mode::Exec,
        flags: 0,
        limit: 3,
        show: None,
        pyc: false,
        jobs: std::thread::available_parallelism().map_or(1, usize::from),
        paths: Vec::new(),
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--dis" => options.question = Question::Dis { optimize: 0 },
            "--pyc" => options.pyc = true,
            "--jobs" => {
                let jobs: usize = value()?.parse().map_err(|_| "--jobs takes a number")?;
                options.jobs = jobs.max(1);
            }
            "--symtable" => options.question = Question::Symtable,
            "--warnings" => options.question = Question::Warnings,
            "--optimize" => {
                options.optimize = value()?.parse().map_err(|_| "--optimize takes 0, 1 or 2")?;
            }
            "--mode" => {
                options.mode = match value()?.as_str() {
                    "exec" => Mode::Exec,
                    "eval" => Mode::Eval,
                    "single" => Mode::Single,
                    _ => return Err("--mode takes exec, eval or single".to_owned()),
                };
            }
            "--flags" => {
                let text = value()?;
                let digits = text.trim_start_matches("0x");
                let radix = if digits.len() < text.len() { 16 } else { 10 };
                options.flags =
                    u32::from_str_radix(digits, radix).map_err(|_| "--flags takes a number")?;
            }
            "--limit" => {
                options.limit = value()?.parse().map_err(|_| "--limit takes a number")?;
            }
            "--show" => options.show = Some(value()?),
            _ => options.paths.push(arg.into()),
        }
    }
    if options.paths.is_empty() {
        return Err("name files or directories to compare".to_owned());
    }
    Ok(options)
}

/// What was found, grouped for the summary.
#[derive(Default)]
struct Report {
    files: usize,
    equal_files: usize,
    /// Of these, texts that differ in the order of the items of frozensets.
    reordered_files: usize,
    codes: usize,
    different_codes: usize,
    /// Kind of difference to its occurrences.
    kinds: BTreeMap<String, Vec<String>>,
    bytes: usize,
    time: Duration,
}

impl Report {
    fn note(&mut self, kind: impl Into<String>, what: String) {
        self.kinds.entry(kind.into()).or_default().push(what);
    }

    fn add(&mut self, other: Report) {
        self.files += other.files;
        self.equal_files += other.equal_files;
        self.reordered_files += other.reordered_files;
        self.codes += other.codes;
        self.different_codes += other.different_codes;
        self.bytes += other.bytes;
        self.time += other.time;
        for (kind, all) in other.kinds {
            self.kinds.entry(kind).or_default().extend(all);
        }
    }

    fn print(&self, limit: usize) {
        for (kind, all) in &self.kinds {
            println!("== {kind}: {}", all.len());
            for what in all.iter().take(limit) {
                println!("   {what}");
            }
        }
        if self.reordered_files > 0 {
            println!("in {} files the order of a frozenset's items differs", self.reordered_files);
        }
        println!(
            "files: {} of {} equal; code objects: {} of {} equal ({:.3} %); compiled {:.1} MB in {:.2} s",
            self.equal_files,
            self.files,
            self.codes - self.different_codes,
            self.codes,
            100.0 * (self.codes - self.different_codes) as f64 / self.codes.max(1) as f64,
            self.bytes as f64 / 1e6,
            self.time.as_secs_f64(),
        );
    }
}

fn main() -> ExitCode {
    // Nothing of a tree may be in use when it is discarded.
    tailscope_regions::verify(true);
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("diff: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<bool, String> {
    let mut options = options()?;
    let python = find_python()
        .ok_or("no CPython 3.14 found: set PYTHON314 to one, or put python3.14 on the PATH")?;
    let files = python_files(&options.paths).map_err(|e| e.to_string())?;
    options.question = match options.question {
        Question::Code { .. } => Question::Code {
            optimize: options.optimize,
            mode: options.mode,
            flags: options.flags,
        },
        Question::Dis { .. } => Question::Dis { optimize: options.optimize },
        other => other,
    };
    let jobs = options.jobs.min(files.len()).max(1);
    let mut report = Report::default();
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..jobs)
            .map(|job| {
                let part: Vec<PathBuf> = files.iter().skip(job).step_by(jobs).cloned().collect();
                let (python, options) = (&python, &options);
                scope.spawn(move || compare_files(python, options, &part))
            })
            .collect();
        for part in parts {
            let part = part.join().map_err(|_| "a thread has panicked".to_owned())?;
            report.add(part?);
        }
        Ok::<(), String>(())
    })?;
    report.print(options.limit);
    let silent = report.kinds.is_empty();
    Ok(silent && report.equal_files == report.files)
}

fn compare_files(python: &Path, options: &Options, files: &[PathBuf]) -> Result<Report, String> {
    let mut oracle = Oracle::ask(python, options.question, files).map_err(|e| e.to_string())?;
    let mut report = Report::default();
    for path in files {
        let source = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let name = path.to_string_lossy().into_owned();
        let start = Instant::now();
        let ours = std::panic::catch_unwind(|| compile(&source, &name, options));
        report.time += start.elapsed();
        report.bytes += source.len();
        let theirs = oracle
            .next_answer()
            .map_err(|e| format!("the oracle stopped at {name}: {e}"))?;
        report.files += 1;
        match ours {
            Ok(ours) => compare(&name, ours, theirs, options, &mut report),
            Err(_) => report.note("panic", name),
        }
    }
    Ok(report)
}

/// The text of `dis` with all addresses 0x0, those in string constants too.
fn disassembled(code: &Code) -> String {
    let options = dis::Options { address_of: &|_| 0, ..dis::Options::default() };
    let text = dis::disassemble_recursive(code, &options);
    let mut out = String::with_capacity(text.len());
    let mut pieces = text.split(" at 0x");
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let digits = |c: char| matches!(c, '0'..='9' | 'a'..='f');
        let rest = piece.trim_start_matches(digits);
        out.push_str(if rest.len() < piece.len() { " at 0x0" } else { " at 0x" });
        out.push_str(rest);
    }
    out
}

fn compare_texts(name: &str, ours: &str, theirs: &[u8], report: &mut Report) {
    if ours.as_bytes() == theirs {
        report.equal_files += 1;
        return;
    }
    let theirs = String::from_utf8_lossy(theirs);
    let mut lines = ours.lines().zip(theirs.lines()).enumerate();
    let same = |ours: &str, theirs: &str| ours == theirs || same_sets(ours, theirs);
    let what = match lines.find(|(_, (ours, theirs))| !same(ours, theirs)) {
        None if ours.lines().count() == theirs.lines().count() => {
            report.equal_files += 1;
            report.reordered_files += 1;
            return;
        }
        Some((at, (ours, theirs))) => {
            format!("line {}\n      ours   {ours}\n      theirs {theirs}", at + 1)
        }
        None => format!("{} and {} lines", ours.lines().count(), theirs.lines().count()),
    };
    report.note("text of dis", format!("{name}: {what}"));
}

/// Whether lines differ in the order of a frozenset's items alone. It depends on which strings are
/// interned in the process, as those in a set are put in anew where an equal one is.
fn same_sets(ours: &str, theirs: &str) -> bool {
    let items = |line: &str| {
        let mut words: Vec<String> = line.split([' ', ',', '{', '}', '(', ')']).map(str::to_owned).collect();
        words.sort();
        words
    };
    let sets = |line: &str| line.contains("frozenset({");
    sets(ours) && sets(theirs) && ours.len() == theirs.len() && items(ours) == items(theirs)
}

/// Whether code objects are verified, and survive being written and read.
fn check_pyc(name: &str, ours: &Code, theirs: &Code, report: &mut Report) {
    for (whose, code) in [("ours", ours), ("theirs", theirs)] {
        if let Err(error) = verify::verify(code) {
            report.note("refused by the verifier", format!("{name}, {whose}: {error}"));
        }
        let back = marshal::write_code(code).and_then(|bytes| marshal::read_code(&bytes));
        match back {
            Ok(back) if back == *code => {}
            Ok(_) => report.note("changed by marshal", format!("{name}, {whose}")),
            Err(error) => report.note("marshal", format!("{name}, {whose}: {error}")),
        }
    }
}

fn compile(source: &[u8], name: &str, options: &Options) -> Result<Const, CompileError> {
    if let Question::Symtable = options.question {
        return symtable(source, name);
    }
    let compile_options = CompileOptions {
        optimize: options.optimize,
        mode: options.mode,
        inherited_flags: options.flags & 0x1FE_0000,
        dont_imply_dedent: options.flags & 0x200 != 0,
        top_level_await: options.flags & 0x2000 != 0,
        allow_incomplete_input: options.flags & 0x4000 != 0,
        ..CompileOptions::new(name)
    };
    let (code, warnings) = tailscope_compiler::compile(source, &compile_options)?;
    if let Question::Warnings = options.question {
        let text = |t: &str| Const::Str(t.into());
        let warnings = warnings.iter().map(|w| {
            let line = Const::Int(w.loc.line.into());
            Const::Tuple([text(w.category), text(&w.msg), line].into())
        });
        return Ok(Const::Tuple(warnings.collect()));
    }
    Ok(Const::Code(code.into()))
}

fn compare(
    name: &str,
    ours: Result<Const, CompileError>,
    theirs: Answer,
    options: &Options,
    report: &mut Report,
) {
    match (ours, theirs) {
        (Ok(Const::Code(ours)), Answer::Value(Const::Bytes(theirs))) => {
            compare_texts(name, &disassembled(&ours), &theirs, report);
        }
        (Ok(Const::Code(ours)), Answer::Value(Const::Code(theirs))) => {
            if options.pyc {
                check_pyc(name, &ours, &theirs, report);
            }
            let mut comparison = Comparison::default();
            comparison.compare(&ours, &theirs);
            report.codes += comparison.codes;
            report.different_codes += comparison.differences.len();
            report.equal_files += usize::from(comparison.differences.is_empty());
            for d in comparison.differences {
                if options.show.as_ref().is_none_or(|shown| *shown == d.name) {
                    report.note(
                        d.field,
                        format!("{name}:{} {}: {}", d.firstlineno, d.name, d.detail),
                    );
                }
            }
        }
        (Ok(Const::Tuple(ours)), Answer::Value(Const::Tuple(theirs)))
            if matches!(options.question, Question::Warnings) =>
        {
            report.codes += theirs.len();
            report.equal_files += usize::from(ours == theirs);
            let either = ours.iter().zip(theirs.iter()).find(|(a, b)| a != b);
            if let Some((ours, theirs)) = either {
                let what = format!("ours {}, theirs {}", text(ours), text(theirs));
                report.note("warning", format!("{name}: {what}"));
            } else if ours.len() != theirs.len() {
                let extra = ours.iter().chain(theirs.iter()).next_back().map(text);
                let what = format!("ours {}, theirs {}", ours.len(), theirs.len());
                report.note("warning count", format!("{name}: {what} {extra:?}"));
            }
        }
        (Ok(ours), Answer::Value(theirs)) => {
            let mut different = Vec::new();
            scope_differences(
                &ours,
                &theirs,
                String::new(),
                &mut different,
                &mut report.codes,
            );
            report.different_codes += different.len();
            report.equal_files += usize::from(different.is_empty());
            different
                .into_iter()
                .for_each(|d| report.note("scope", format!("{name}: {d}")));
        }
        (Err(ours), Answer::Value(_)) => {
            report.note("refused here only", format!("{}: {}", ours.msg, ours));
        }
        (Ok(_), Answer::Error(theirs)) => {
            report.note("refused by CPython only", format!("{name}: {theirs:?}"));
        }
        (Err(ours), Answer::Error(theirs)) => {
            compare_errors(name, &ours, &theirs, report);
        }
    }
}

fn compare_errors(name: &str, ours: &CompileError, theirs: &[Const], report: &mut Report) {
    let text = |c: Option<&Const>| match c {
        Some(Const::Str(s)) => String::from_utf8_lossy(&s.0).into_owned(),
        _ => String::new(),
    };
    let (class, msg) = (text(theirs.first()), text(theirs.get(1)));
    let numbers = |c: &Const| match c {
        Const::Int(n) => i32::try_from(n).ok(),
        _ => None,
    };
    let place: Vec<Option<i32>> = theirs[2..6].iter().map(numbers).collect();
    let our_place = [ours.line, ours.col, ours.end_line, ours.end_col];
    if ours.kind.class_name() == class && ours.msg == msg && our_place != place[..] {
        let what = format!("{}: ours {our_place:?}, theirs {place:?}", ours.msg);
        report.note("refused at another place", format!("{name}: {what}"));
    } else if ours.kind.class_name() == class && ours.msg == msg {
        report.equal_files += 1;
    } else {
        let what = format!("{ours}\n      theirs {class}: {msg}");
        report.note("refused with another message", format!("{name}: {what}"));
    }
}

/// The scopes as the oracle's script shows them.
fn symtable(source: &[u8], name: &str) -> Result<Const, CompileError> {
    use tailscope_compiler::preprocess::FutureFlags;
    use tailscope_compiler::source::SourceFile;
    use tailscope_compiler::symtable::{ScopeId, ScopeKind, SymScope, SymbolTable, build_all};

    fn scope(table: &SymbolTable, id: ScopeId) -> Const {
        let s = table.scope(id);
        let text = |t: &str| Const::Str(t.into());
        let number = |n: u32| Const::Int(n.into());
        // The values of CPython's enumerations.
        let kind = match s.kind {
            ScopeKind::Function => 0,
            ScopeKind::Class => 1,
            ScopeKind::Module => 2,
            ScopeKind::Annotation => 3,
            ScopeKind::TypeAlias => 4,
            ScopeKind::TypeParams => 5,
            ScopeKind::TypeVariable => 6,
        };
        let mut symbols: Vec<_> = s.symbols.iter().map(|(name, symbol)| (table.names.text(name), symbol)).collect();
        symbols.sort_by(|a, b| a.0.cmp(b.0));
        let symbols = symbols.into_iter().map(|(name, symbol)| {
            let place = match symbol.scope {
                SymScope::Unknown => 0,
                SymScope::Local => 1,
                SymScope::GlobalExplicit => 2,
                SymScope::GlobalImplicit => 3,
                SymScope::Free => 4,
                SymScope::Cell => 5,
            };
            Const::Tuple([text(name), number(symbol.flags | place << 12)].into())
        });
        Const::Tuple(
            [
                text(&s.name),
                number(kind),
                number(s.nested.into()),
                Const::Int(s.loc.line.into()),
                Const::Tuple(s.varnames.iter().map(|&name| text(table.names.text(name))).collect()),
                Const::Tuple(symbols.collect()),
                Const::Tuple(s.children.iter().map(|&c| scope(table, c)).collect()),
            ]
            .into(),
        )
    }

    let source = SourceFile::from_bytes(source, name)?;
    let parsed = tailscope_compiler::parse::parse(&source, Mode::Exec)?;
    let future = FutureFlags::of(&parsed.module, &source)?;
    let table = build_all(&parsed.module, &source, future)?;
    Ok(scope(&table, SymbolTable::TOP))
}

fn scope_differences(
    ours: &Const,
    theirs: &Const,
    path: String,
    out: &mut Vec<String>,
    scopes: &mut usize,
) {
    let (Const::Tuple(a), Const::Tuple(b)) = (ours, theirs) else {
        return;
    };
    *scopes += 1;
    let (Const::Str(name), Const::Int(line)) = (&b[0], &b[3]) else {
        return;
    };
    let path = format!("{path}/{}:{line}", name.as_str().unwrap_or("?"));
    let fields = ["name", "type", "nested", "lineno", "varnames", "symbols"];
    for (i, field) in fields.iter().enumerate() {
        if a[i] != b[i] {
            out.push(format!(
                "{path} {field}: ours {}, theirs {}",
                text(&a[i]),
                text(&b[i])
            ));
            break;
        }
    }
    let (Const::Tuple(a), Const::Tuple(b)) = (&a[6], &b[6]) else {
        return;
    };
    if a.len() != b.len() {
        out.push(format!(
            "{path} children: ours {}, theirs {}",
            a.len(),
            b.len()
        ));
        return;
    }
    for (a, b) in a.iter().zip(b.iter()) {
        scope_differences(a, b, path.clone(), out, scopes);
    }
}

fn text(value: &Const) -> String {
    tailscope_bytecode::repr::repr(value, &|_| 0)
}
