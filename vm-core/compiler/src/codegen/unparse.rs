//! Expressions as source text, which is what `from __future__ import annotations` makes of
//! annotations. The text is that of CPython 3.14's `Python/ast_unparse.c`.

use ruff_python_ast::{
    BoolOp, Comprehension, Expr, ExprBinOp, ExprBoolOp, ExprCall, ExprCompare, ExprDict, ExprIf,
    ExprLambda, ExprSlice, ExprTuple, ExprUnaryOp, FStringPart, Keyword, Operator, Parameter,
    ParameterWithDefault, Parameters, UnaryOp,
};
use ruff_text_size::Ranged;
use tailscope_bytecode::code::{Const, Wtf8};
use tailscope_bytecode::repr;

use super::expr::with_stack;
use crate::preprocess::joined::{self, Formatted, JoinedPart};
use crate::preprocess::literal;
use crate::source::{SourceFile, no_range};

/// The text of an annotation.
pub(super) fn unparse(source: &SourceFile, e: &Expr) -> Wtf8 {
    let mut unparser = Unparser {
        source,
        out: Vec::new(),
    };
    unparser.expr(e, Level::Test);
    Wtf8(unparser.out.into())
}

/// How Python shows a constant.
pub(super) fn constant_repr(value: &Const) -> String {
    repr::repr(value, &repr::memory_address)
}

/// How tightly operators bind; an operand that binds less tightly than its place demands
/// is put in parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Tuple,
    /// `if`-`else`, `lambda`
    Test,
    Or,
    And,
    Not,
    Compare,
    BitOr,
    BitXor,
    BitAnd,
    Shift,
    Arith,
    Term,
    /// Unary `+`, `-`, `~`
    Factor,
    Power,
    Await,
    Atom,
}

impl Level {
    /// The next tighter level.
    fn next(self) -> Level {
        match self {
            Level::Tuple => Level::Test,
            Level::Test => Level::Or,
            Level::Or => Level::And,
            Level::And => Level::Not,
            Level::Not => Level::Compare,
            Level::Compare => Level::BitOr,
            Level::BitOr => Level::BitXor,
            Level::BitXor => Level::BitAnd,
            Level::BitAnd => Level::Shift,
            Level::Shift => Level::Arith,
            Level::Arith => Level::Term,
            Level::Term => Level::Factor,
            Level::Factor => Level::Power,
            Level::Power => Level::Await,
            Level::Await | Level::Atom => Level::Atom,
        }
    }
}

struct Unparser<'s> {
    source: &'s SourceFile<'s>,
    /// WTF-8.
    out: Vec<u8>,
}

impl Unparser<'_> {
    fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Writes what `write` writes, in parentheses if the place demands a tighter level.
    fn parenthesized(&mut self, place: Level, own: Level, write: impl FnOnce(&mut Self)) {
        let needed = place > own;
        if needed {
            self.put("(");
        }
        write(self);
        if needed {
            self.put(")");
        }
    }

    /// Writes items with a separator between them.
    fn separated<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        separator: &str,
        mut write: impl FnMut(&mut Self, T),
    ) {
        for (i, item) in items.into_iter().enumerate() {
            if i > 0 {
                self.put(separator);
            }
            write(self, item);
        }
    }

    fn expr(&mut self, e: &Expr, level: Level) {
        with_stack(|| self.expr_inner(e, level));
    }

    fn expr_inner(&mut self, e: &Expr, level: Level) {
        match e {
            Expr::Name(e) => self.put(&e.id),
            Expr::BoolOp(e) => self.bool_op(e, level),
            Expr::BinOp(e) => self.bin_op(e, level),
            Expr::UnaryOp(e) => self.unary_op(e, level),
            Expr::Compare(e) => self.compare(e, level),
            Expr::Lambda(e) => self.lambda(e, level),
            Expr::If(e) => self.if_exp(e, level),
            Expr::Dict(e) => self.dict(e),
            Expr::Set(e) => self.display("{", &e.elts, "}"),
            Expr::List(e) => self.display("[", &e.elts, "]"),
            Expr::Tuple(e) => self.tuple(e, level),
            Expr::Generator(e) => self.comprehension("(", &e.elt, None, &e.generators, ")"),
            Expr::ListComp(e) => self.comprehension("[", &e.elt, None, &e.generators, "]"),
            Expr::SetComp(e) => self.comprehension("{", &e.elt, None, &e.generators, "}"),
            Expr::DictComp(e) => {
                let key = e.key.as_deref().unwrap_or(&e.value);
                self.comprehension("{", key, Some(&e.value), &e.generators, "}");
            }
            Expr::Call(e) => self.call(e),
            Expr::Attribute(e) => {
                self.expr(&e.value, Level::Atom);
                // `1.x` would be a malformed number.
                self.put(if is_int(&e.value) { " ." } else { "." });
                self.put(&e.attr);
            }
            Expr::Subscript(e) => {
                self.expr(&e.value, Level::Atom);
                self.put("[");
                self.expr(&e.slice, Level::Tuple);
                self.put("]");
            }
            Expr::Slice(e) => self.slice(e),
            Expr::Starred(e) => {
                self.put("*");
                self.expr(&e.value, Level::BitOr);
            }
            Expr::Named(e) => self.parenthesized(level, Level::Tuple, |s| {
                s.expr(&e.target, Level::Atom);
                s.put(" := ");
                s.expr(&e.value, Level::Atom);
            }),
            Expr::Await(e) => self.parenthesized(level, Level::Await, |s| {
                s.put("await ");
                s.expr(&e.value, Level::Atom);
            }),
            Expr::Yield(e) => match &e.value {
                Some(value) => self.enclosed("(yield ", value),
                None => self.put("(yield)"),
            },
            Expr::YieldFrom(e) => self.enclosed("(yield from ", &e.value),
            Expr::FString(e) => {
                let parts = joined::fstring_parts(&e.value, self.source);
                // A field alone is no f-string for CPython.
                let alone = matches!(e.value.as_slice(), [FStringPart::FString(f)] if f.range == no_range());
                if alone { self.joined_body(&parts) } else { self.joined("f", &parts) }
            }
            Expr::TString(e) => {
                let parts = joined::tstring_parts(&e.value, self.source);
                self.joined("t", &parts);
            }
            Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_) => self.constant(e),
            Expr::IpyEscapeCommand(e) => {
                if let Some(value) = self.source.constant(e.range) {
                    self.put(&constant_repr(value));
                }
            }
        }
    }

    fn enclosed(&mut self, open: &str, e: &Expr) {
        self.put(open);
        self.expr(e, Level::Test);
        self.put(")");
    }

    fn constant(&mut self, e: &Expr) {
        match e {
            Expr::StringLiteral(e) => {
                if e.value.first_literal_flags().prefix().is_unicode() && !self.source.slice(e.range()).starts_with('U') {
                    self.put("u");
                }
                let text = repr::str(&literal::string_value(&e.value, self.source));
                self.put(&text);
            }
            Expr::BytesLiteral(e) => {
                let bytes: Vec<u8> = e.value.bytes().collect();
                self.put(&repr::bytes(&bytes));
            }
            Expr::NumberLiteral(e) => {
                let value = literal::number_value(&e.value);
                let mut text = constant_repr(&value);
                if matches!(value, Const::Float(_) | Const::Complex(..)) {
                    // The name `inf` means nothing; a number this large means infinity.
                    text = text.replace("inf", "1e309");
                }
                self.put(&text);
            }
            Expr::BooleanLiteral(e) => self.put(if e.value { "True" } else { "False" }),
            Expr::NoneLiteral(_) => self.put("None"),
            _ => self.put("..."),
        }
    }
}

fn is_int(e: &Expr) -> bool {
    matches!(e, Expr::NumberLiteral(n) if n.value.is_int())
}

/// Operators.
impl Unparser<'_> {
    fn bool_op(&mut self, e: &ExprBoolOp, level: Level) {
        let (op, own) = match e.op {
            BoolOp::And => (" and ", Level::And),
            BoolOp::Or => (" or ", Level::Or),
        };
        self.parenthesized(level, own, |s| {
            s.separated(&e.values, op, |s, value| s.expr(value, own.next()));
        });
    }

    fn bin_op(&mut self, e: &ExprBinOp, level: Level) {
        let own = match e.op {
            Operator::Add | Operator::Sub => Level::Arith,
            Operator::Mult
            | Operator::MatMult
            | Operator::Div
            | Operator::Mod
            | Operator::FloorDiv => Level::Term,
            Operator::LShift | Operator::RShift => Level::Shift,
            Operator::BitOr => Level::BitOr,
            Operator::BitXor => Level::BitXor,
            Operator::BitAnd => Level::BitAnd,
            Operator::Pow => Level::Power,
        };
        let (left, right) = match e.op {
            Operator::Pow => (own.next(), own),
            _ => (own, own.next()),
        };
        self.parenthesized(level, own, |s| {
            s.expr(&e.left, left);
            s.put(" ");
            s.put(e.op.as_str());
            s.put(" ");
            s.expr(&e.right, right);
        });
    }

    fn unary_op(&mut self, e: &ExprUnaryOp, level: Level) {
        let (op, own) = match e.op {
            UnaryOp::Invert => ("~", Level::Factor),
            UnaryOp::Not => ("not ", Level::Not),
            UnaryOp::UAdd => ("+", Level::Factor),
            UnaryOp::USub => ("-", Level::Factor),
        };
        self.parenthesized(level, own, |s| {
            s.put(op);
            s.expr(&e.operand, own);
        });
    }

    fn compare(&mut self, e: &ExprCompare, level: Level) {
        self.parenthesized(level, Level::Compare, |s| {
            s.expr(&e.left, Level::BitOr);
            for (op, right) in e.ops.iter().zip(&e.comparators) {
                s.put(" ");
                s.put(op.as_str());
                s.put(" ");
                s.expr(right, Level::BitOr);
            }
        });
    }

    fn if_exp(&mut self, e: &ExprIf, level: Level) {
        self.parenthesized(level, Level::Test, |s| {
            s.expr(&e.body, Level::Or);
            s.put(" if ");
            s.expr(&e.test, Level::Or);
            s.put(" else ");
            s.expr(&e.orelse, Level::Test);
        });
    }

    fn slice(&mut self, e: &ExprSlice) {
        if let Some(lower) = &e.lower {
            self.expr(lower, Level::Test);
        }
        self.put(":");
        if let Some(upper) = &e.upper {
            self.expr(upper, Level::Test);
        }
        if let Some(step) = &e.step {
            self.put(":");
            self.expr(step, Level::Test);
        }
    }
}

/// Displays, comprehensions, calls and lambdas.
impl Unparser<'_> {
    fn display(&mut self, open: &str, elts: &[Expr], close: &str) {
        self.put(open);
        self.separated(elts, ", ", |s, elt| s.expr(elt, Level::Test));
        self.put(close);
    }

    fn tuple(&mut self, e: &ExprTuple, level: Level) {
        if e.elts.is_empty() {
            self.put("()");
            return;
        }
        self.parenthesized(level, Level::Tuple, |s| {
            s.separated(&e.elts, ", ", |s, elt| s.expr(elt, Level::Test));
            if e.elts.len() == 1 {
                s.put(",");
            }
        });
    }

    fn dict(&mut self, e: &ExprDict) {
        self.put("{");
        self.separated(&e.items, ", ", |s, item| match &item.key {
            Some(key) => {
                s.expr(key, Level::Test);
                s.put(": ");
                s.expr(&item.value, Level::Test);
            }
            None => {
                s.put("**");
                s.expr(&item.value, Level::BitOr);
            }
        });
        self.put("}");
    }

    fn comprehension(
        &mut self,
        open: &str,
        elt: &Expr,
        value: Option<&Expr>,
        generators: &[Comprehension],
        close: &str,
    ) {
        self.put(open);
        self.expr(elt, Level::Test);
        if let Some(value) = value {
            self.put(": ");
            self.expr(value, Level::Test);
        }
        for generator in generators {
            self.put(if generator.is_async {
                " async for "
            } else {
                " for "
            });
            self.expr(&generator.target, Level::Tuple);
            self.put(" in ");
            self.expr(&generator.iter, Level::Or);
            for condition in &generator.ifs {
                self.put(" if ");
                self.expr(condition, Level::Or);
            }
        }
        self.put(close);
    }

    fn call(&mut self, e: &ExprCall) {
        self.expr(&e.func, Level::Atom);
        let (args, keywords) = (&e.arguments.args[..], &e.arguments.keywords[..]);
        if let ([Expr::Generator(only)], []) = (args, keywords) {
            self.comprehension("(", &only.elt, None, &only.generators, ")");
            return;
        }
        self.put("(");
        self.separated(args, ", ", |s, arg| s.expr(arg, Level::Test));
        if !args.is_empty() && !keywords.is_empty() {
            self.put(", ");
        }
        self.separated(keywords, ", ", Self::keyword);
        self.put(")");
    }

    fn keyword(&mut self, keyword: &Keyword) {
        match &keyword.arg {
            Some(name) => {
                self.put(name);
                self.put("=");
            }
            None => self.put("**"),
        }
        self.expr(&keyword.value, Level::Test);
    }

    fn lambda(&mut self, e: &ExprLambda, level: Level) {
        self.parenthesized(level, Level::Test, |s| {
            s.put("lambda");
            if let Some(parameters) = e.parameters.as_deref() {
                if !parameters.args.is_empty() || !parameters.posonlyargs.is_empty() {
                    s.put(" ");
                }
                s.parameters(parameters);
            }
            s.put(": ");
            s.expr(&e.body, Level::Test);
        });
    }

    fn parameters(&mut self, parameters: &Parameters) {
        /// One thing between commas.
        enum Item<'a> {
            Plain(&'a ParameterWithDefault),
            Starred(&'static str, Option<&'a Parameter>),
        }
        let mut items: Vec<Item<'_>> = parameters.posonlyargs.iter().map(Item::Plain).collect();
        if !items.is_empty() {
            items.push(Item::Starred("/", None));
        }
        items.extend(parameters.args.iter().map(Item::Plain));
        if parameters.vararg.is_some() || !parameters.kwonlyargs.is_empty() {
            items.push(Item::Starred("*", parameters.vararg.as_deref()));
        }
        items.extend(parameters.kwonlyargs.iter().map(Item::Plain));
        if let Some(kwarg) = parameters.kwarg.as_deref() {
            items.push(Item::Starred("**", Some(kwarg)));
        }
        self.separated(items, ", ", |s, item| match item {
            Item::Plain(parameter) => {
                s.parameter(&parameter.parameter);
                if let Some(default) = parameter.default() {
                    s.put("=");
                    s.expr(default, Level::Test);
                }
            }
            Item::Starred(stars, parameter) => {
                s.put(stars);
                if let Some(parameter) = parameter {
                    s.parameter(parameter);
                }
            }
        });
    }

    fn parameter(&mut self, parameter: &Parameter) {
        self.put(&parameter.name);
        if let Some(annotation) = parameter.annotation() {
            self.put(": ");
            self.expr(annotation, Level::Test);
        }
    }
}

/// f-strings and t-strings.
impl Unparser<'_> {
    fn joined(&mut self, prefix: &str, parts: &[JoinedPart<'_>]) {
        let mut body = Unparser {
            source: self.source,
            out: Vec::new(),
        };
        body.joined_body(parts);
        self.put(prefix);
        self.put(&repr::str(&Wtf8(body.out.into())));
    }

    fn joined_body(&mut self, parts: &[JoinedPart<'_>]) {
        for part in parts {
            match part {
                JoinedPart::Constant { value, .. } => {
                    for &byte in value.0.iter() {
                        self.out.push(byte);
                        if matches!(byte, b'{' | b'}') {
                            self.out.push(byte);
                        }
                    }
                }
                JoinedPart::Formatted(field) => self.field(field),
                JoinedPart::Other(e) => self.expr(e, Level::Test),
            }
        }
    }

    fn field(&mut self, field: &Formatted<'_>) {
        let text = match &field.source_text {
            Some(Const::Str(text)) => text.0.to_vec(),
            _ => {
                let mut inner = Unparser {
                    source: self.source,
                    out: Vec::new(),
                };
                // Not Test: a lambda's colon would begin the format.
                inner.expr(field.value, Level::Or);
                inner.out
            }
        };
        self.put(if text.first() == Some(&b'{') {
            "{ "
        } else {
            "{"
        });
        self.out.extend_from_slice(&text);
        if let Some(conversion) = field.conversion {
            self.out.extend([b'!', conversion]);
        }
        if let Some(spec) = field.format_spec {
            self.put(":");
            let parts = joined::format_spec_parts(spec, self.source);
            self.joined_body(&parts);
        }
        self.put("}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{Mode, parse};

    fn unparsed(text: &str) -> String {
        let source = SourceFile::from_text(text, "f.py").unwrap();
        let parsed = parse(&source, Mode::Eval).unwrap();
        let expression = parsed.module.expression().unwrap();
        unparse(&source, &expression.body)
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn check(pairs: &[(&str, &str)]) {
        for (text, expected) in pairs {
            assert_eq!(unparsed(text), *expected, "{text}");
        }
    }

    /// What comes out as it went in: each kind of expression, in CPython's style.
    #[test]
    fn plain_style_is_kept() {
        let kept = [
            "a[b, c]",
            "a[b,]",
            "a[(b, c):d, *e]",
            "a[::c]",
            "1 .real",
            "(-1) ** 2",
            "a ** b ** c",
            "(a ** b) ** c",
            "not (a and b or c)",
            "(not a) == b",
            "a < b == (c < d)",
            "lambda a, /, b=2, *, c: (a, b)",
            "lambda x: lambda: x",
            "(a if b else c) if d else e",
            "a if b else c if d else e",
            "{**a, 'b': c}",
            "[*a, b]",
            "(a,)",
            "()",
            "f(a for a in b)",
            "f((a for a in b), c)",
            "f(a, *b, c=d, **e)",
            "[a for a in b if c if d]",
            "{a: b for a, b in c}",
            "a @ b // c % d",
            "a << b | c & d ^ e",
            "u'a'",
            "f'{a}b{{c}}{d!r:>{e}}'",
            "f'{(lambda: 1)}'",
            "...",
        ];
        check(&kept.map(|text| (text, text)));
    }

    /// What CPython writes in its own way.
    #[test]
    fn other_styles_are_not() {
        check(&[
            ("-1 ** -2", "-1 ** (-2)"),
            ("lambda *a, b=1, **c: a", "lambda*a, b=1, **c: a"),
            ("1e999", "1e309"),
            ("-1e999j", "-1e309j"),
            ("1e16", "1e+16"),
            ("0x10", "16"),
            (r#"'it\'s "quoted"'"#, r#"'it\'s "quoted"'"#),
            (r"b'\xff\n'", r"b'\xff\n'"),
            (r"'\ud800é\t'", r"'\ud800é\t'"),
            (r#""a" "b""#, "'ab'"),
            ("f'{a=}'", "f'a={a!r}'"),
            ("f'{ {1: 2} }'", "f'{ {1: 2}}'"),
            ("f\"{'a'}\"", "f\"{'a'}\""),
            ("t'a{b!s}{ c + 1 }'", "t'a{b!s}{ c + 1 }'"),
        ]);
    }
}
