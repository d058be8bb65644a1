//! Our code objects and errors against those of CPython 3.14.
//!
//! The golden files beside `tests/corpus/*.py` hold what CPython makes of them, so these
//! tests need no CPython. `TAILSCOPE_BLESS=1 cargo test -p tailscope-compiler --test
//! differential` writes them anew, with CPython. Where one is found, modules of its
//! library are compared too; `examples/diff.rs` compares whole directories.

mod support;

use std::path::{Path, PathBuf};

use support::compare::Comparison;
use support::render::render;
use support::{Answer, Oracle, Question, find_python, python_files};
use tailscope_bytecode::code::Const;
use tailscope_compiler::{CompileOptions, Mode, compile};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

fn blessing() -> bool {
    std::env::var_os("TAILSCOPE_BLESS").is_some()
}

/// CPython, or a printed word that this test is skipped.
fn python() -> Option<PathBuf> {
    let python = find_python();
    if python.is_none() {
        println!("skipped: no CPython 3.14 found (set PYTHON314, or put python3.14 on the PATH)");
    }
    python
}

fn ours(path: &Path, name: &str, optimize: u8) -> String {
    let source = std::fs::read(path).unwrap();
    match compile(
        &source,
        &CompileOptions {
            optimize,
            ..CompileOptions::new(name)
        },
    ) {
        Ok((code, _)) => render(&code),
        Err(error) => panic!("{} is refused:\n{error}", path.display()),
    }
}

/// The corpus at each level of optimization, against the golden files.
#[test]
fn corpus_compiles_as_golden() {
    let mut different = Vec::new();
    for path in python_files(&[corpus()]).unwrap() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // A level that changes nothing has no file of its own.
        let mut expected = String::new();
        for optimize in 0..=2 {
            let golden = path.with_extension(format!("opt{optimize}.golden"));
            if blessing() {
                bless(&path, &name, optimize, &golden, &expected);
            }
            expected = std::fs::read_to_string(&golden).unwrap_or(expected);
            let actual = ours(&path, &name, optimize);
            if actual != expected {
                let line = first_line(&actual, &expected);
                different.push(format!("{}:\n{line}", golden.display()));
            }
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// Writes what CPython says, unless it is what it says at the level below.
fn bless(path: &Path, name: &str, optimize: u8, golden: &Path, below: &str) {
    let python = find_python().expect("TAILSCOPE_BLESS needs a CPython 3.14");
    let question = Question::Code {
        optimize,
        mode: Mode::Exec,
        flags: 0,
    };
    let mut oracle = Oracle::ask(&python, question, &[path.to_owned()]).unwrap();
    let Answer::Value(Const::Code(code)) = oracle.next_answer().unwrap() else {
        panic!("CPython refuses {name}");
    };
    let text = render(&code).replace(&*path.to_string_lossy(), name);
    if text != below {
        std::fs::write(golden, text).unwrap();
    } else if golden.exists() {
        std::fs::remove_file(golden).unwrap();
    }
}

fn first_line(actual: &str, expected: &str) -> String {
    let (a, e): (Vec<&str>, Vec<&str>) = (actual.lines().collect(), expected.lines().collect());
    let at = a
        .iter()
        .zip(&e)
        .position(|(a, e)| a != e)
        .unwrap_or(a.len().min(e.len()));
    let line = |lines: &[&str]| lines.get(at).copied().unwrap_or("(end)").to_owned();
    format!(
        "  line {}: expected {}\n  but is {}",
        at + 1,
        line(&e),
        line(&a)
    )
}

/// What is warned of in `tests/corpus/warnings.py`.
#[test]
fn warnings_are_reported_as_golden() {
    let (path, golden) = (corpus().join("warnings.py"), corpus().join("warnings.txt"));
    if blessing() {
        std::fs::write(&golden, their_warnings(&path)).unwrap();
    }
    let source = std::fs::read(&path).unwrap();
    let (_, warnings) = compile(&source, &CompileOptions::new("warnings.py")).unwrap();
    let actual: String = warnings
        .iter()
        .map(|w| format!("{}: {}: {}\n", w.loc.line, w.category, w.msg))
        .collect();
    let expected = std::fs::read_to_string(&golden).unwrap();
    assert!(actual == expected, "{}", first_line(&actual, &expected));
}

fn their_warnings(path: &Path) -> String {
    let python = find_python().expect("TAILSCOPE_BLESS needs a CPython 3.14");
    let mut oracle = Oracle::ask(&python, Question::Warnings, &[path.to_owned()]).unwrap();
    let Answer::Value(Const::Tuple(warnings)) = oracle.next_answer().unwrap() else {
        panic!("CPython refuses {}", path.display());
    };
    let line = |warning: &Const| match warning {
        Const::Tuple(fields) => match &fields[..] {
            [Const::Str(category), Const::Str(msg), Const::Int(line)] => {
                format!(
                    "{line}: {}: {}\n",
                    category.as_str().unwrap(),
                    msg.as_str().unwrap()
                )
            }
            other => panic!("{other:?} is no warning"),
        },
        other => panic!("{other:?} is no warning"),
    };
    warnings.iter().map(line).collect()
}

/// Wrong sources and what CPython says of them. In the corpus file a source ends with a
/// line of dashes; then comes the end of the traceback, up to a line of equals signs.
#[test]
fn errors_are_reported_as_golden() {
    const FILE: &str = "errors.txt";
    let path = corpus().join(FILE);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut blessed = String::new();
    let mut different = Vec::new();
    for case in text
        .split("\n====\n")
        .filter(|case| !case.trim().is_empty())
    {
        let (source, expected) = case.split_once("\n----\n").unwrap_or((case, ""));
        let expected = if blessing() {
            their_error(source)
        } else {
            expected.to_owned()
        };
        blessed.push_str(&format!("{source}\n----\n{expected}\n====\n"));
        let actual = match compile(source.as_bytes(), &CompileOptions::new("f.py")) {
            Ok(_) => "(compiled)".to_owned(),
            Err(error) => error.to_string(),
        };
        if actual != expected {
            different.push(format!(
                "{source}\n  expected\n{expected}\n  but is\n{actual}\n"
            ));
        }
    }
    if blessing() {
        std::fs::write(&path, blessed).unwrap();
    }
    assert!(
        different.is_empty(),
        "{} differ:\n{}",
        different.len(),
        different.join("\n")
    );
}

/// What CPython's traceback ends with. The source is a file, because CPython looks there for
/// the line that it shows.
fn their_error(source: &str) -> String {
    let python = find_python().expect("TAILSCOPE_BLESS needs a CPython 3.14");
    let directory = std::env::temp_dir().join(format!("tailscope-bless-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("f.py"), source).unwrap();
    let script = "import traceback\n\
        try: compile(open('f.py', 'rb').read(), 'f.py', 'exec', dont_inherit=True)\n\
        except BaseException as e: print(''.join(traceback.format_exception_only(e)), end='')\n\
        else: print('(compiled)')";
    let output = std::process::Command::new(python)
        .args(["-W", "ignore", "-X", "utf8", "-c", script])
        .env("NO_COLOR", "1")
        .current_dir(&directory)
        .output()
        .unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .trim_end_matches('\n')
        .to_owned()
}

/// Modules of the library of the CPython that is there.
#[test]
fn library_compiles_as_cpython_does() {
    let Some(python) = python() else { return };
    let script = "import os; print(os.path.dirname(os.__file__))";
    let output = std::process::Command::new(&python)
        .args(["-c", script])
        .output()
        .unwrap();
    let library = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim());
    let modules = "abc ast argparse asyncio collections dataclasses dis enum functools inspect \
        json logging re typing unittest _pydatetime _pydecimal _pyio";
    let paths: Vec<PathBuf> = modules
        .split_whitespace()
        .map(|name| library.join(name))
        .map(|path| {
            if path.is_dir() {
                path
            } else {
                path.with_extension("py")
            }
        })
        .collect();
    let files = python_files(&paths).unwrap();
    let mut oracle = Oracle::ask(
        &python,
        Question::Code {
            optimize: 0,
            mode: Mode::Exec,
            flags: 0,
        },
        &files,
    )
    .unwrap();
    let mut comparison = Comparison::default();
    for path in &files {
        let source = std::fs::read(path).unwrap();
        let name = path.to_string_lossy();
        let (code, _) = compile(&source, &CompileOptions::new(&*name)).unwrap();
        let Answer::Value(Const::Code(theirs)) = oracle.next_answer().unwrap() else {
            panic!("CPython refuses {name}");
        };
        comparison.compare(&code, &theirs);
    }
    let shown: Vec<String> = comparison
        .differences
        .iter()
        .map(|d| {
            format!(
                "{} (line {}) {}: {}",
                d.name, d.firstlineno, d.field, d.detail
            )
        })
        .collect();
    assert!(
        shown.is_empty(),
        "{} code objects differ:\n{}",
        shown.len(),
        shown.join("\n")
    );
    assert!(
        comparison.codes > 4000,
        "only {} code objects compared",
        comparison.codes
    );
}
