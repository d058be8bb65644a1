//! What the fuzzer has found and the golden files have no place for.

use tailscope_bytecode::code::{Const, kinds};
use tailscope_compiler::error::CodecProblem;
use tailscope_compiler::{CompileError, CompileOptions, ErrorKind, Mode, compile_str};

/// A string at the beginning of interactive input is shown, not taken for a docstring.
#[test]
fn interactive_strings_stay_without_docstrings() {
    let options = CompileOptions { mode: Mode::Single, optimize: 2, ..CompileOptions::new("f.py") };
    let (code, _) = compile_str("'text'\n", &options).unwrap();
    assert!(code.consts.contains(&Const::Str("text".into())));
}

fn error(source: &str, without_file: bool) -> CompileError {
    let options = CompileOptions { without_file, ..CompileOptions::new("f.py") };
    compile_str(source, &options).unwrap_err()
}

/// The line that an error shows is the file's, or the tokenizer's: that has an end where the
/// tokenizer still is, and also the last line has one. What the tokenizer finds has none.
#[test]
fn lines_come_from_the_file_or_from_the_tokenizer() {
    let lines = |source| [true, false].map(|without| error(source, without).text);
    let both = |text: &str| [Some(text.to_owned()), Some(text.to_owned())];
    assert_eq!(lines("x = 0x g\n"), both("x = 0x g"));
    assert_eq!(lines("f(x\n\n1\n"), [Some("f(x".to_owned()), Some("f(x\n".to_owned())]);
    assert_eq!(lines("def f"), [Some("def f\n".to_owned()), Some("def f".to_owned())]);
    assert_eq!(lines("x y\n"), both("x y\n"));
    assert_eq!(lines("return\n"), [None, Some("return\n".to_owned())]);
}

/// Columns are counted in the line that is shown.
#[test]
fn the_end_of_the_last_line_counts() {
    assert_eq!(error("def f", true).end_col, Some(7));
    assert_eq!(error("def f", false).end_col, Some(6));
}

/// CPython's parser does not come back to a parenthesis that it has taken for a target of its own.
#[test]
fn parentheses_that_begin_a_target_are_not_looked_at_again() {
    for source in ["(f).p: l\n", "(f.x)[1]: l = 2\n", "if a: (f).p: l\n"] {
        assert_eq!(error(source, false).msg, "illegal target for annotation", "{source}");
    }
    for source in ["(f.p): l\n", "(f()).p: l\n", "f.p: l\n", "x[(f).p:1]\n", "(f).p = {(a): 1}\n"] {
        let options = CompileOptions::new("f.py");
        assert!(compile_str(source, &options).is_ok(), "{source}");
    }
    assert_eq!(error("((x) := f)\n", false).msg, "cannot use assignment expressions with name");
}

/// A tuple that ends with a comma is no operand, which ruff's parser takes it for behind `yield`.
#[test]
fn no_operator_follows_a_comma() {
    for source in ["def s():yield x,@c\n", "def s():yield x,+c or,|c\n", "def s():\n  y = yield x, if c else d\n", "def s():yield x, in c\n"] {
        assert_eq!(error(source, false).msg, "invalid syntax", "{source}");
    }
    // Nor where only single expressions and interactive input are.
    for mode in [Mode::Eval, Mode::Single] {
        for source in ["(yield x,@c)\n", "x,@c\n", "x, in c\n"] {
            let options = CompileOptions { mode, ..CompileOptions::new("f.py") };
            assert!(compile_str(source, &options).is_err(), "{source}");
        }
    }
}

#[test]
fn a_backslash_before_the_brace_that_ends_a_specification_is_warned_of() {
    let warned = |source: &str| {
        let (_, warnings) = compile_str(source, &CompileOptions::new("f.py")).unwrap();
        warnings.len()
    };
    assert_eq!(warned("f'{s:\\}'\n"), 1);
    assert_eq!(warned("f'{s:{1}a\\}'\n"), 1);
    assert_eq!(warned("rf'{s:\\}'\n"), 0);
}

#[test]
fn a_pattern_has_no_empty_subscript() {
    for source in ["match x:\n case[t[]]:j\n", "match x:\n case t[]: j\n", "x[]\n", "f()[]\n"] {
        assert_eq!(error(source, false).msg, "invalid syntax", "{source}");
    }
    for source in ["match x:\n case []: j\n", "match []:\n case _: j\n", "f([])\n", "x[()]\n"] {
        assert!(compile_str(source, &CompileOptions::new("f.py")).is_ok(), "{source}");
    }
}

/// The parser tells of some errors only behind others that follow them in the text.
#[test]
fn the_first_error_of_the_text_counts() {
    let error = error("((e,[*c for _ in''])|r)\n()\n(), in", false);
    assert_eq!(error.msg, "iterable unpacking cannot be used in comprehension");
    assert_eq!(error.line, Some(1));
}

#[test]
fn the_parts_of_a_pattern_have_commas_between_them() {
    for pattern in ["[1 0]", "([1 0])", "[a b]", "[a.b c]", "[[1 0]]", "[a [b]]", "[f() g()]", "['s' 1]", "[{} {}]", "[1 'x']"] {
        let source = format!("match x:\n case{pattern}if(x:=[]):y\n");
        assert_eq!(error(&source, false).msg, "invalid syntax", "{pattern}");
    }
    for pattern in ["['a' 'b', c]", "f(a, b=1)", "{1: [a], **rest}", "(a as b)", "[-1 + 2j, None]", "a.b()"] {
        let source = format!("match x:\n case {pattern} if x: y\n");
        assert!(compile_str(&source, &CompileOptions::new("f.py")).is_ok(), "{pattern}");
    }
}

/// CPython's rules for wrong programs look at all of the source, also at what is right.
#[test]
fn what_is_right_is_taken_for_wrong_where_something_else_is_wrong() {
    for (source, message) in [
        ("match()\n[0]\nf n\n", "expected ':'"),
        ("def e(): exec*('')\n()\ne s\n", "Missing parentheses in call to 'exec'. Did you mean exec(...)?"),
        ("x = print -1\n()\n()\ne s\n", "Missing parentheses in call to 'print'. Did you mean print(...)?"),
        ("print(1)\n()\n()\ne s\n", "invalid syntax"),
    ] {
        assert_eq!(error(source, false).msg, message, "{source}");
    }
}

/// Behind a star ruff's parser forgets what may not stand there, if that begins with a parenthesis.
#[test]
fn what_a_star_unpacks_is_no_comparison() {
    let wrong = [
        "{*(a) or (b)}", "{1: 2, **(a) or b}", "[*(a).b or c]", "(*(a)(b) and c,)", "{*(a)[b] not in c}", "{*(a)**b is c}",
        "{*(a)+b<c}", "{*((a))<c}", "x = {*(\n#x\na)\n#y\nor c}", "{* # c\n(a)or c}", "*(a)or b,", "f'{*(a)or b,}'",
        "for i in *(a)or(b),: pass", "def f(*a:*(a)or(b)): pass", "({0,*(s)or()}()*x)", "with (*(a)!=b,): pass", "{**(a)>=b}",
    ];
    for source in wrong {
        assert_eq!(error(source, false).kind.class_name(), "SyntaxError", "{source}");
    }
    for source in ["{*(a or b)}", "f(*(a) or b)", "f(**(a) or (b))", "{**(a)|(b)}", "a * (b) or c", "{a ** (b) < c}", "[*(a), b < c]"] {
        assert!(compile_str(source, &CompileOptions::new("f.py")).is_ok(), "{source}");
    }
}

/// What a pattern may not match is the compiler's business, after what it refuses before.
#[test]
fn patterns_are_refused_in_their_turn() {
    for pattern in ["f'{1}'", "t'{1}'", "{f'{1}': 1}", "f'{1}' | f'{2}'", "'a' f'{x}'", "f(f'{1}', a=t'')", "[f'{f''}'\n 'b', c]"] {
        let error = error(&format!("return\nmatch x:\n case {pattern}: pass\n"), false);
        assert_eq!((error.msg.as_str(), error.line), ("'return' outside function", Some(1)), "{pattern}");
    }
    let found = error("match x:\n case {0: [1, t'{x}', 2]}: pass\n", false);
    assert_eq!((found.col, found.end_col), (Some(15), Some(21)));
    for key in ["f'{'x'}'", "f'{'a' f'{'b'}'}'", "f''"] {
        for pattern in [format!("{{{key}: y}}"), format!("[] | {{{key}: {{{key}: y}}, **z}}")] {
            let found = error(&format!("match x:\n case {pattern}: pass\n"), false);
            let wanted = "mapping pattern keys may only match literals and attribute lookups";
            assert_eq!(found.msg, wanted, "{pattern}");
        }
    }
}

/// What CPython says of `yield > x` comes before what stands wrong behind it.
#[test]
fn doubts_count_before_errors() {
    assert_eq!(error("yield>''()\nk\nd\tt\n", false).line, Some(1));
}

/// CPython 3.14 loses the text of a field in the format of a field in a format.
#[test]
fn the_text_of_a_deep_field_is_an_error_of_its_own() {
    for source in ["f'{t:{d:{y=}}}'", "t'{t:{d:{y = !r:3}}}'", "f'{t:a{d:b{f(a=1)=:3}}}'", "f'{t:{d:{f\"{y:{z:{u=}}}\"}}}'"] {
        let error = error(source, false);
        assert_eq!((error.kind.class_name(), error.line), ("ValueError", None), "{source}");
    }
    for source in ["f'{t:{y=}}'", "f'{t:{d=:{y}}}'", "f'{t:{d:{f\"{y=}\"}}}'", "f'{t:{d:{y==z}}}'", "f'{t:{d:{f(y=1)}}}'", "f'{t:{d:{y:=3}}}'"] {
        assert!(compile_str(source, &CompileOptions::new("f.py")).is_ok(), "{source}");
    }
}

/// The `e` of `else` makes CPython's tokenizer pass over zeros that lead a number, which is a float then.
#[test]
fn zeros_may_lead_a_number_before_else() {
    for (number, value) in [("01", 1.0), ("010", 10.0), ("0009", 9.0), ("00_1", 1.0), ("0_1_2", 12.0)] {
        let code = compile_str(&format!("é = a if {number}else b"), &CompileOptions::new("f.py"));
        let consts = code.map(|(code, _)| code.consts.clone());
        assert!(matches!(consts.as_deref(), Ok([Const::Float(found), ..]) if *found == value), "{number}: {consts:?}");
    }
    for source in ["[01else 1]", "x = 01or 2", "(0 if 1 else 010else 5)", "(7 if 01Else 3)", "(0 if 010else 010)"] {
        assert!(compile_str(source, &CompileOptions::new("f.py")).is_err(), "{source}");
    }
}

/// CPython's parser takes `_` for the wildcard before it looks at what follows; as a keyword it is none.
#[test]
fn a_wildcard_is_all_of_its_pattern() {
    let pattern = |p: &str| compile_str(&format!("match x:\n case {p}: pass\n"), &CompileOptions::new("f.py"));
    for (wrong, col) in [("_.n", 8), ("_.n()", 8), ("_()", 8), ("[_.n]", 9), ("{'a': _.n}", 14), ("*_, _.n", 12), ("f(_.n)", 10), ("_.n as y", 8)] {
        let error = pattern(wrong).unwrap_err();
        assert_eq!((error.msg.as_str(), error.line, error.col), ("invalid syntax", Some(2), Some(col)), "{wrong}");
    }
    // Behind a pattern, a keyword `_` is that wildcard, and its `=` too much.
    for (wrong, col) in [("f(2, _=1)", 13), ("f(2, _ = 1, a=3)", 14), ("1 | f(2, _='')", 17), ("f(x, y, _=1)", 16)] {
        for behind in ["", " if é"] {
            let error = pattern(&format!("{wrong}{behind}")).unwrap_err();
            assert_eq!((error.msg.as_str(), error.line, error.col), ("invalid syntax", Some(2), Some(col)), "{wrong}");
        }
    }
    for right in ["f(2, a=1, _=2)", "f(_=1, _a=2)", "f(_=1)", "f(_ = _)", "f(a, b=1, _=[_])", "{_.n: 1}", "a._", "a._()", "[_, *_]", "y if _.n"] {
        assert!(pattern(right).is_ok(), "{right}");
    }
    let (code, _) = pattern("f(_=1, b=2)").unwrap();
    assert!(code.consts.iter().any(|c| matches!(c, Const::Tuple(names) if names[0] == Const::Str("_".into()))));
}

/// A conversion is a name like others: it is known by what its letters stand for.
#[test]
fn conversions_are_named_as_names_are() {
    for source in ["f'{x!rﬁ}'", "t'{x!rﬁ:>{y}}'"] {
        let message = format!("{}-string: invalid conversion character 'rfi': expected 's', 'r', or 'a'", &source[..1]);
        assert_eq!(error(source, false).msg, message, "{source}");
    }
}

/// Parentheses around a pattern are no part of it.
#[test]
fn patterns_stand_inside_of_their_parentheses() {
    for (pattern, columns) in [("f(b=_,(_),(_),_, )", (14, 22)), ("f(_=_,1|_,(_),a=1)", (13, 19)), ("f(a=1,((b)),((c)))", (15, 22)), ("f(a=1,(b)|c)", (13, 18))] {
        let error = error(&format!("match v:\n case {pattern}: pass\n"), false);
        assert_eq!(error.msg, "positional patterns follow keyword patterns", "{pattern}");
        assert_eq!((error.col, error.end_col), (Some(columns.0), Some(columns.1)), "{pattern}");
    }
}

/// There is nothing to go on with after what is not caught.
#[test]
fn a_try_that_catches_nothing_has_no_else() {
    for source in ["try: a\nelse: b\nfinally: c\n", "def f():\n  try: a\n  else:\n    b\n  finally: c\n"] {
        assert_eq!(error(source, false).msg, "expected 'except' or 'finally' block", "{source}");
    }
    assert!(compile_str("try: a\nexcept: d\nelse: b\nfinally: c\n", &CompileOptions::new("f.py")).is_ok());
}

/// A method without annotations looks for the class's namespace, which a comprehension's variable hides from
/// those behind it alone.
#[test]
fn a_comprehension_hides_the_namespace_from_what_follows() {
    let cells = |body: &str| {
        let (module, _) = compile_str(&format!("class K:\n  {body}\n"), &CompileOptions::new("f.py")).expect("code");
        let Some(Const::Code(class)) = module.consts.first() else { panic!("a class: {body}") };
        class.localspluskinds.iter().filter(|kind| **kind & kinds::CELL != 0).count()
    };
    let (method, comprehension) = ("def f(self): 0", "[0 for __classdict__ in x]");
    for (first, second, count) in [(method, comprehension, 1), (comprehension, method, 0), (method, "x", 1), (comprehension, "x", 0)] {
        assert_eq!(cells(&format!("{first}\n  {second}")), count, "{first}, {second}");
    }
    assert_eq!(cells("def f(self, a=[0 for __classdict__ in x]): 0"), 0, "a default is before the function");
    assert_eq!(cells(&format!("{method}\n  {comprehension}\n  def g(self): 0")), 1);
}

/// What cannot be decoded in a format specification is no SyntaxError, and comes before what the rest of the text holds.
#[test]
fn formats_that_cannot_be_decoded_are_errors_of_the_codec() {
    let cases = [
        (r"f'{e:\x}'", 0, 2, "truncated \\xXX escape"),
        (r"(f'{e!r:>{-1}\x1')", 0, 3, "truncated \\xXX escape"),
        (r"rf'{e:{1}a\x' + )", 1, 3, "truncated \\xXX escape"),
        (r"t'{e:{1}\N{x}'", 0, 5, "unknown Unicode character name"),
        (r"f'{e:{1:é\u12}'", 10, 14, "truncated \\uXXXX escape"),
    ];
    for (source, start, end, reason) in cases {
        let error = error(source, false);
        assert_eq!((error.kind.class_name(), error.line), ("UnicodeDecodeError", None), "{source}");
        let Some(CodecProblem::Escape(found)) = error.codec_problem.as_deref() else { panic!("{source}: {error}") };
        assert_eq!((found.start, found.end, found.reason), (start, end, reason), "{source}");
        assert_eq!(error.msg, format!("'unicodeescape' codec can't decode bytes in position {start}-{}: {reason}", end - 1));
    }
    // In a raw string it is none, as long as CPython's tokenizer is in there.
    assert_eq!(error(r"rf'{e:a\N{x}}}'", false).msg, "f-string: single '}' is not allowed");
    assert_eq!(error(r"rf'{e:\x}' + rf'{a b}'", false).msg, "invalid syntax. Perhaps you forgot a comma?");
    // Elsewhere it is one; and what is wrong before comes first.
    assert_eq!(error(r"f'\x{e}'", false).kind.class_name(), "SyntaxError");
    assert!(error(r"f'{a b:{1}\x'", false).msg.starts_with("invalid syntax"));
}

/// Behind a field in a format specification, doubled braces are a brace, as they are in other text; one that
/// closes ends the specification even so.
#[test]
fn behind_a_field_formats_have_doubled_braces() {
    let strings = |source: &str| {
        let (code, _) = compile_str(source, &CompileOptions::new("f.py")).unwrap_or_else(|e| panic!("{source}: {e}"));
        let strings = code.consts.iter().filter_map(|c| if let Const::Str(s) = c { std::str::from_utf8(&s.0).ok() } else { None });
        strings.filter(|s| *s != "é").map(str::to_owned).collect::<Vec<_>>()
    };
    let cases: [(&str, &[&str]); 8] = [
        ("f'{e:{1}{{}'", &["{"]),
        ("f'{e:{1}{{x}}}'", &["{x", "}"]),
        ("f'{e:{1}a{{x{{y{z}w}'", &["a{x{y", "w"]),
        ("f'{e:{1}{{{2}}'", &["{"]),
        ("f'{e:{1}{{{{{2}{{b}'", &["{{", "{b"]),
        ("f'{e:{1:{2}{{}{{a}'", &["{", "{a"]),
        ("f'{e:{{}}{w}x}'", &["x"]),
        ("rf'{e:{1}\\{{é}'", &["\\{é"]),
    ];
    for (source, expected) in cases {
        assert_eq!(strings(source), expected, "{source}");
        // The other parsers agree, which a name with other letters leaves it to.
        assert_eq!(strings(&format!("é = 'é'\n{source}\n")), expected, "{source}");
    }
    // What stands for them meanwhile may be meant elsewhere.
    assert_eq!(strings("x = 1; match = 2\nf'\\u03a3\\u07ff{e:{1}}'"), ["Σ\u{7ff}"]);
    assert_eq!(strings("é = 1\nf'\\u03A3{e:{1}{{\\u03a3}\\u07ff'"), ["Σ", "{Σ", "\u{7ff}"]);
    for before in ["", "é = 1\n"] {
        for wrong in ["f'{e:{1}{{}}'", "(f'{e:{1}{{}}{w}}')", "f'{e:{1}{{}}x}'"] {
            assert_eq!(error(&format!("{before}{wrong}"), false).msg, "f-string: single '}' is not allowed", "{wrong}");
        }
    }
}

/// To tell a keyword behind a number CPython's tokenizer reads what is behind that: where it is the end, more
/// input could help.
#[test]
fn a_keyword_that_touches_a_number_may_be_the_end() {
    let kind = |source: &str| {
        let options = CompileOptions { mode: Mode::Eval, allow_incomplete_input: true, ..CompileOptions::new("f.py") };
        compile_str(source, &options).map_err(|e| e.kind)
    };
    for source in ["f 1else", "f 1.5and", "f 1jor", "f 0x1or", "f(1 1not"] {
        assert_eq!(kind(source), Err(ErrorKind::Incomplete), "{source}");
    }
    for source in ["f 1else\n", "f 1or ", "f 1if", "f 1is", "f 1els"] {
        assert_eq!(kind(source), Err(ErrorKind::Syntax), "{source}");
    }
}
