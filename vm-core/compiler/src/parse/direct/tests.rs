//! The trees are compared with those of ruff's parser, positions included; what is taken, with what
//! CPython's rules take.

use std::path::{Path, PathBuf};

use ruff_python_ast::Mod;
use ruff_text_size::TextSize;

use super::{Direct, parse};
use crate::SourceFile;
use crate::parse::{self, Mode, ParseOptions, ruff_options};
use crate::preprocess::positions;

const DEEP: usize = 10_000;

/// The tree of ruff's parser with CPython's positions, if it minds nothing.
fn of_ruff(text: &str) -> Option<Mod> {
    let parsed = ruff_python_parser::parse_unchecked(text, ruff_options(Mode::Exec));
    if !parsed.errors().is_empty() || !parsed.unsupported_syntax_errors().is_empty() {
        return None;
    }
    let mut module = parsed.into_syntax();
    positions::normalize(&mut module, text, DEEP, None);
    Some(module)
}

fn statements(module: &Mod) -> Vec<String> {
    match module {
        Mod::Module(module) => module.body.iter().map(|statement| format!("{statement:#?}")).collect(),
        Mod::Expression(expression) => vec![format!("{:#?}", expression.body)],
    }
}

/// Where two trees differ.
fn difference(ours: &Mod, theirs: &Mod) -> String {
    for (ours, theirs) in statements(ours).iter().zip(&statements(theirs)) {
        let differs = ours.lines().zip(theirs.lines()).position(|(a, b)| a != b);
        if let Some(at) = differs {
            let around = |text: &str| text.lines().skip(at.saturating_sub(12)).take(20).collect::<Vec<_>>().join("\n");
            return format!("here\n{}\nthere\n{}", around(ours), around(theirs));
        }
    }
    "other numbers of statements".to_owned()
}

/// Whether it is parsed here; if so, as it should be.
fn check(name: &str, text: &str) -> bool {
    let Ok(Direct { module: ours, depth, rewritable }) = parse(text) else { return false };
    // What a walk would find is known without one.
    let found = positions::normalize(&mut ours.clone(), text, DEEP, None);
    assert!(depth >= found.depth, "{name}: {depth} levels, not {}", found.depth);
    assert!(found.rewritable.iter().all(|place| rewritable.contains(place)), "{name}: {:?}", found.rewritable);
    match of_ruff(text) {
        Some(theirs) => assert!(ours == theirs, "{name}: {}", difference(&ours, &theirs)),
        // It minds some of what is right.
        None => {
            let source = SourceFile::from_text(text, "f.py").expect("text");
            let minded = parse::check(&source, ParseOptions::default());
            assert!(minded.is_ok(), "{name} is taken: {text}");
        }
    }
    true
}

fn python_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            python_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "py") {
            files.push(path);
        }
    }
}

/// The programs of all tests, or those in the folder that TREES names.
#[test]
fn trees_are_those_of_ruffs_parser() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    match std::env::var_os("TREES") {
        Some(folder) => python_files(Path::new(&folder), &mut files),
        None => ["vm-core", "cli/tests", "tests", "examples", "benches"]
            .iter()
            .for_each(|folder| python_files(&root.join(folder), &mut files)),
    }
    let (mut taken, mut all) = (0, 0);
    for path in files {
        // Links may lead nowhere, and sources may be in no encoding.
        let Ok(source) = std::fs::read(&path) else { continue };
        let Ok(source) = SourceFile::from_bytes(&source, "f.py") else { continue };
        taken += usize::from(check(&path.display().to_string(), source.text()));
        all += 1;
    }
    println!("{taken} of {all} files are parsed here");
    assert!(all > 100 && taken * 10 > all * 8, "{taken} of {all}");
}

/// Sources that CPython refuses, most while it parses.
#[test]
fn nothing_wrong_is_taken() {
    for (list, between) in [("tests/corpus/errors.txt", "\n====\n"), ("tests/snippets/errors.txt", "\n===\n")] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(list);
        let text = std::fs::read_to_string(path).expect("a list");
        let sources: Vec<&str> = text.split(between).filter_map(|entry| entry.split("\n----\n").next()).collect();
        assert!(sources.len() > 10, "{list}");
        for source in sources {
            check(list, &format!("{source}\n"));
        }
    }
}

#[test]
fn what_is_rare_or_worth_a_warning_is_left_to_others() {
    let left = [
        "naïve = 1\n", "'\\d'\n", "'\\N{BULLET}'\n", "b'\\777'\n", "1if x else y\n", "if x:\n\tpass\n", "f'{x # y\n}'\n",
        "x = 1 <> 2\n", "from __future__ import barry_as_FLUFL\n", "if a:\n  b\n \tc\n", "0777\n", "1__0\n", "0x\n", "f'{lambda: 1}'\n", "f'{x:\n}'\n", "f'{a:{b:{c}}}'\n", "f'{a b}'\n", "f'}'\n", "'a' b'b'\n",
        "t'a' 'b'\n", "x = (\n", "x = )\n", "\\", "x = 1\\", "(*a)\n", "*a = b\n", "a + 1 = b\n", "f(a=1, b)\n",
        "f(**a, *b)\n", "f(x for x in y, z)\n", "class C(x for x in y): pass\n", "def f(a=1, b): pass\n",
        "def f(*): pass\n", "def f(*, **a): pass\n", "def f(/, a): pass\n", "lambda **a, b: 0\n", "a[b:=1:2]\n",
        "{a: b, c}\n", "{a, b: c}\n", "{*a: b}\n", "(a.b := c)\n", "((a) := b)\n", "a := b\n", "del *a\n",
        "for *a in b: pass\n", "[*a for a in b]\n", "x: int, y\n", "(a).b: int\n", "(a, b): int\n", "(a, b) += c\n", "import a.b as c.d\n",
        "from a import b,\n", "from a import (b, *)\n", "try:\n    pass\nelse:\n    pass\n",
        "try:\n    pass\nexcept* a:\n    pass\nexcept b:\n    pass\n", "with a as b c: pass\n", "with (a as b).c: pass\n",
        "match a:\n    case _.b: pass\n", "match a:\n    case b as _: pass\n", "match a:\n    case *b: pass\n",
        "match a:\n    case 1 + 2: pass\n", "match a:\n    case {**b, 'c': d}: pass\n", "match a:\n    case b(c=d, e): pass\n",
        "match a:\n    case f'b': pass\n", "type a.b = c\n", "a not b\n", "not a = b\n", "a + not b\n", "x = yield = 1\n",
        "  a\n", "if a:\nb\n", "if a:\n        b\n    c\n", "@a b\ndef c(): pass\n", "@a\nb\n", "async a\n",
        "return yield\n", "global a.b\n", "assert a, b, c\n", "raise a, b\n", "a if b\n", "a else b\n", "print a\n",
    ];
    for source in left {
        assert!(parse(source).is_err(), "{source}");
    }
}

#[test]
fn blanks_are_wherever_they_may_be() {
    let sources = [
        "def f( ): pass\n", "f( )\n", "x = ( )\n", "x = [ ]\n", "x = { }\n", "class C( ): pass\n", "x [ 1 ] . y ( z )\n",
        "def f( a , * , b = 1 , ** c ) -> d : pass\n", "lambda : 0\n", "lambda a , : 0\n", "f'{ x !r : >{ y } }'\n", "from . import a\n",
        "from ... a import ( b , )\n", "match x :\n    case [ ] | { } | C( ) : pass\n", "x = (\n\n  # a\n  1\n)\n", "if a:\n\n\n  b\n  # c\n# d\n",
        "if a: b ; c ;\n", "if a:\n\t\n  \t # b\n  c\n\t# d\n  e\n", "\x0cif a:\n  b\n\x0c\n\x0c  c\n", "# only\n   # this", "", "\n\n", "x", "if a:\n  b", "x = \\\n  1\n", "@ a\ndef f(): pass\n",
    ];
    for source in sources {
        assert!(check("blanks", source), "{source}");
    }
}

#[test]
fn names_that_matter_in_one_place_only_are_taken_in_others() {
    for source in ["barry_as_FLUFL = __future__ = 1\n", "from __future__ import annotations as barry_as_FLUFL\n", "a.__debug__ = '__debug__'\n"] {
        assert!(check("names", source), "{source}");
    }
    let places = |text| parse(text).map(|direct| direct.rewritable);
    assert_eq!(places("a\nif __debug__: __debug__.b\n"), Ok(vec![TextSize::new(5), TextSize::new(16)]));
}

/// As deep as is parsed here, and a little deeper: what is left to others is compiled as well.
#[test]
fn what_nests_deeply_is_left_to_others() {
    for depth in [10, 60, 70, 150] {
        let deep = [
            format!("{}{}\n", "(".repeat(depth), ")".repeat(depth)),
            format!("{}a{}\n", "[".repeat(depth), "]".repeat(depth)),
            format!("{}a\n", "-".repeat(depth)),
            format!("{}a\n", "not ".repeat(depth)),
            format!("{}a\n", "lambda: ".repeat(depth)),
            format!("{}a\n", "a if b else ".repeat(depth)),
            format!("a{}\n", "**a".repeat(depth)),
            (0..depth.min(90)).map(|level| format!("{}if a:\n", " ".repeat(level))).collect::<String>()
                + &format!("{}pass\n", " ".repeat(depth.min(90))),
        ];
        for source in deep {
            assert_eq!(check("deep", &source), depth < 65, "{source}");
            crate::compile_str(&source, &crate::CompileOptions::new("f.py")).expect("code");
        }
    }
}

/// What is dropped when a text is declined is no deeper than the stack is large, and what is wrong ends with a sentence.
#[test]
fn what_is_long_is_left_to_others() {
    const LONG: usize = 2000;
    let parts = [".a{}", "(){}", "[0]{}", " + a{}", " ** a{}", "(lambda b=lambda: 0: c){}", ".a(b{})", "[{}]", " if a else b{}"];
    for part in parts {
        let (before, behind) = part.split_once("{}").expect("a place");
        for wrong in ["", " $"] {
            let source = format!("a{}{}{wrong}\n", before.repeat(LONG), behind.repeat(LONG));
            assert!(parse(&source).is_err(), "{part}");
            let _ = crate::compile_str(&source, &crate::CompileOptions::new("f.py"));
        }
    }
    // These are wide, not deep.
    for part in [" or a", " < a", ", a", "\nif a: b.c", "; b.c"] {
        assert!(check("wide", &format!("a{}\n", part.repeat(20_000))), "{part}");
    }
    let defaults = format!("{}0{}\n", "lambda a=".repeat(5000), ": 0".repeat(5000));
    assert!(parse(&defaults).is_err());
}
