//! Sources that nest without end: they compile, or are refused with a sentence. They never
//! overflow the native stack.

use tailscope_compiler::{CompileOptions, ErrorKind, Mode, compile};

fn outcome(source: &str) -> Result<(), ErrorKind> {
    let result = compile(source.as_bytes(), &CompileOptions::new("deep.py"));
    result.map(drop).map_err(|error| error.kind)
}

/// One way to nest, `n` times.
type Nest = fn(usize) -> String;

const NESTS: [(&str, Nest); 13] = [
    ("addition", |n| vec!["x"; n].join("+")),
    ("power", |n| vec!["x"; n].join("**")),
    ("minus", |n| "-".repeat(n) + "x"),
    ("not", |n| "not ".repeat(n) + "x"),
    ("attributes", |n| "x".to_owned() + &".a".repeat(n)),
    ("calls", |n| "x".to_owned() + &"()".repeat(n)),
    ("subscripts", |n| "x".to_owned() + &"[1]".repeat(n)),
    ("lambdas", |n| "lambda:".repeat(n) + "x"),
    ("conditional expressions", |n| {
        "1 if x else ".repeat(n) + "x"
    }),
    ("elif", |n| {
        "if x: pass\n".to_owned() + &"elif x: pass\n".repeat(n)
    }),
    ("comparisons", |n| vec!["x"; n].join("<")),
    ("strings", |n| "'a' ".repeat(n)),
    ("targets", |n| "x=".repeat(n) + "1"),
];

#[test]
fn deep_sources_compile() {
    // CPython's own parser gives up on some of these at a depth of 3,000.
    for (name, nest) in NESTS {
        assert_eq!(outcome(&nest(2_500)), Ok(()), "{name}");
    }
}

#[test]
fn endless_sources_are_refused_or_compile() {
    for (name, nest) in NESTS {
        match outcome(&nest(60_000)) {
            Ok(()) | Err(ErrorKind::Recursion | ErrorKind::Memory) => {}
            Err(other) => panic!("{name}: {other:?}"),
        }
    }
}

/// Where CPython's parser gives up, ours does. (It counts the rules that it is in.)
#[test]
fn the_parser_has_cpythons_limit() {
    let minus = |n: usize| outcome(&("-".repeat(n) + "x"));
    assert_eq!(minus(2_900), Ok(()));
    assert_eq!(minus(6_000), Err(ErrorKind::Memory));
    let elifs = |n: usize| outcome(&("if x: pass\n".to_owned() + &"elif x: pass\n".repeat(n)));
    assert_eq!(elifs(5_000), Ok(()));
    assert_eq!(elifs(6_200), Err(ErrorKind::Memory));
}

#[test]
fn parentheses_and_indentation_have_limits() {
    assert_eq!(outcome(&("(".repeat(150) + &")".repeat(150))), Ok(()));
    assert_eq!(
        outcome(&("(".repeat(300) + &")".repeat(300))),
        Err(ErrorKind::Syntax)
    );
    let blocks = |n: usize| {
        let lines = (0..n).map(|i| " ".repeat(i) + "if x:\n");
        lines.collect::<String>() + &" ".repeat(n) + "pass\n"
    };
    assert_eq!(outcome(&blocks(90)), Ok(()));
    assert_eq!(outcome(&blocks(120)), Err(ErrorKind::Indentation));
}

#[test]
fn hostile_bytes_never_panic() {
    let sources: [&[u8]; 12] = [
        b"",
        b"\n",
        b"\\",
        b"\xef\xbb\xbf",
        b"'",
        b"f'{",
        b"\x0c\x0c",
        b"if x:",
        b"@",
        b"\t \tx\n \ty",
        b"f'{x!",
        b"class",
    ];
    for source in sources {
        for mode in [Mode::Exec, Mode::Eval, Mode::Single] {
            let options = CompileOptions {
                mode,
                ..CompileOptions::new("f.py")
            };
            let _ = compile(source, &options);
        }
    }
}
