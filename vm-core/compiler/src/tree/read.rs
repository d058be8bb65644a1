//! The parser's tree as a [`Tree`].

use ruff_python_ast::str_prefix::StringLiteralPrefix;
use ruff_python_ast::{
    Alias, Arguments, BoolOp, CmpOp, Comprehension, Decorator, ElifElseClause, ExceptHandler, Expr,
    ExprContext, Identifier, Mod, Operator, Parameter, ParameterWithDefault, Parameters, Pattern,
    Singleton, Stmt, TypeParam, TypeParams, UnaryOp, WithItem,
};
use ruff_text_size::{Ranged, TextRange};
use tailscope_bytecode::code::Const;

use super::{Extras, Node, Tree};
use crate::instr::Loc;
use crate::parse::Mode;
use crate::preprocess::joined::{
    FormatSpec, Formatted, JoinedPart, format_spec_parts, fstring_parts, lone_interpolation, tstring_parts,
};
use crate::preprocess::literal::{number_value, string_value};
use crate::preprocess::pattern_constant;
use crate::source::SourceFile;

/// The tree of a module of the parser's nodes.
pub(crate) fn tree_of(module: &Mod, source: &SourceFile, mode: Mode, extras: &Extras) -> Tree {
    Maker { source, extras }.module(module, mode)
}

/// The tree of an expression.
pub(super) fn expr_of(e: &Expr, source: &SourceFile, extras: &Extras) -> Tree {
    Maker { source, extras }.expr(e)
}

struct Maker<'a> {
    source: &'a SourceFile<'a>,
    extras: &'a Extras,
}

type Fields = Vec<(&'static str, Tree)>;

pub(super) fn plain(class: &'static str, fields: Fields) -> Tree {
    Tree::Node(Node { class, fields, place: None })
}

fn identifier(id: &Identifier) -> Tree {
    Tree::Text(id.id.to_string())
}

fn identifier_or_none(id: Option<&Identifier>) -> Tree {
    id.map_or(Tree::None, identifier)
}

fn identifiers(ids: &[Identifier]) -> Tree {
    Tree::List(ids.iter().map(identifier).collect())
}

impl Maker<'_> {
    fn node(&self, class: &'static str, range: TextRange, fields: Fields) -> Tree {
        Tree::Node(Node { class, fields, place: Some(self.source.loc(range)) })
    }

    fn type_comment(&self, range: TextRange) -> Tree {
        self.extras.strings.get(&range.start()).cloned().unwrap_or(Tree::None)
    }

    fn module(&self, module: &Mod, mode: Mode) -> Tree {
        match module {
            Mod::Expression(m) => plain("Expression", vec![("body", self.expr(&m.body))]),
            Mod::Module(m) if mode == Mode::Single => plain("Interactive", vec![("body", self.body(&m.body))]),
            Mod::Module(m) => {
                let ignores = Tree::List(self.extras.type_ignores.clone());
                plain("Module", vec![("body", self.body(&m.body)), ("type_ignores", ignores)])
            }
        }
    }

    fn body(&self, body: &[Stmt]) -> Tree {
        Tree::List(body.iter().map(|s| self.stmt(s)).collect())
    }

    fn exprs<'e>(&self, all: impl IntoIterator<Item = &'e Expr>) -> Tree {
        Tree::List(all.into_iter().map(|e| self.expr(e)).collect())
    }

    fn maybe(&self, e: Option<&Expr>) -> Tree {
        e.map_or(Tree::None, |e| self.expr(e))
    }

    fn stmt(&self, stmt: &Stmt) -> Tree {
        let at = stmt.range();
        let (class, fields): (&'static str, Fields) = match stmt {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => return self.definition(stmt),
            Stmt::For(_) | Stmt::While(_) | Stmt::With(_) | Stmt::Try(_) | Stmt::Match(_) => return self.block(stmt),
            Stmt::If(s) => {
                let orelse = self.orelse(&s.elif_else_clauses, at);
                ("If", vec![("test", self.expr(&s.test)), ("body", self.body(&s.body)), ("orelse", orelse)])
            }
            Stmt::Return(s) => ("Return", vec![("value", self.maybe(s.value.as_deref()))]),
            Stmt::Delete(s) => ("Delete", vec![("targets", self.exprs(&s.targets))]),
            Stmt::Assign(s) => {
                let targets = self.exprs(&s.targets);
                let (value, comment) = (self.expr(&s.value), self.type_comment(at));
                ("Assign", vec![("targets", targets), ("value", value), ("type_comment", comment)])
            }
            Stmt::TypeAlias(s) => {
                let params = self.type_params(s.type_params.as_deref());
                ("TypeAlias", vec![("name", self.expr(&s.name)), ("type_params", params), ("value", self.expr(&s.value))])
            }
            Stmt::AugAssign(s) => {
                let op = plain(operator(s.op), Vec::new());
                ("AugAssign", vec![("target", self.expr(&s.target)), ("op", op), ("value", self.expr(&s.value))])
            }
            Stmt::AnnAssign(s) => (
                "AnnAssign",
                vec![
                    ("target", self.expr(&s.target)),
                    ("annotation", self.expr(&s.annotation)),
                    ("value", self.maybe(s.value.as_deref())),
                    ("simple", Tree::Int(i64::from(s.simple))),
                ],
            ),
            Stmt::Raise(s) => {
                ("Raise", vec![("exc", self.maybe(s.exc.as_deref())), ("cause", self.maybe(s.cause.as_deref()))])
            }
            Stmt::Assert(s) => ("Assert", vec![("test", self.expr(&s.test)), ("msg", self.maybe(s.msg.as_deref()))]),
            Stmt::Import(s) => ("Import", vec![("names", self.aliases(&s.names))]),
            Stmt::ImportFrom(s) => (
                "ImportFrom",
                vec![
                    ("module", identifier_or_none(s.module.as_ref())),
                    ("names", self.aliases(&s.names)),
                    ("level", Tree::Int(i64::from(s.level))),
                ],
            ),
            Stmt::Global(s) => ("Global", vec![("names", identifiers(&s.names))]),
            Stmt::Nonlocal(s) => ("Nonlocal", vec![("names", identifiers(&s.names))]),
            Stmt::Expr(s) => ("Expr", vec![("value", self.expr(&s.value))]),
            Stmt::Break(_) => ("Break", Vec::new()),
            Stmt::Continue(_) => ("Continue", Vec::new()),
            // No other statement comes out of a Python source.
            Stmt::Pass(_) | Stmt::IpyEscapeCommand(_) => ("Pass", Vec::new()),
        };
        self.node(class, at, fields)
    }

    /// Functions and classes.
    fn definition(&self, stmt: &Stmt) -> Tree {
        let (class, fields): (&'static str, Fields) = match stmt {
            Stmt::FunctionDef(s) => (
                if s.is_async { "AsyncFunctionDef" } else { "FunctionDef" },
                vec![
                    ("name", identifier(&s.name)),
                    ("args", self.parameters(Some(&s.parameters))),
                    ("body", self.body(&s.body)),
                    ("decorator_list", self.decorators(&s.decorator_list)),
                    ("returns", self.maybe(s.returns.as_deref())),
                    ("type_comment", self.type_comment(s.range)),
                    ("type_params", self.type_params(s.type_params.as_deref())),
                ],
            ),
            Stmt::ClassDef(s) => {
                let (bases, keywords) = self.arguments(s.arguments.as_deref());
                (
                    "ClassDef",
                    vec![
                        ("name", identifier(&s.name)),
                        ("bases", bases),
                        ("keywords", keywords),
                        ("body", self.body(&s.body)),
                        ("decorator_list", self.decorators(&s.decorator_list)),
                        ("type_params", self.type_params(s.type_params.as_deref())),
                    ],
                )
            }
            _ => return Tree::None,
        };
        self.node(class, stmt.range(), fields)
    }

    /// Statements with blocks, but `if`.
    fn block(&self, stmt: &Stmt) -> Tree {
        let (class, fields): (&'static str, Fields) = match stmt {
            Stmt::For(s) => (
                if s.is_async { "AsyncFor" } else { "For" },
                vec![
                    ("target", self.expr(&s.target)),
                    ("iter", self.expr(&s.iter)),
                    ("body", self.body(&s.body)),
                    ("orelse", self.body(&s.orelse)),
                    ("type_comment", self.type_comment(s.range)),
                ],
            ),
            Stmt::While(s) => (
                "While",
                vec![("test", self.expr(&s.test)), ("body", self.body(&s.body)), ("orelse", self.body(&s.orelse))],
            ),
            Stmt::With(s) => (
                if s.is_async { "AsyncWith" } else { "With" },
                vec![
                    ("items", Tree::List(s.items.iter().map(|i| self.with_item(i)).collect())),
                    ("body", self.body(&s.body)),
                    ("type_comment", self.type_comment(s.range)),
                ],
            ),
            Stmt::Try(s) => (
                if s.is_star { "TryStar" } else { "Try" },
                vec![
                    ("body", self.body(&s.body)),
                    ("handlers", Tree::List(s.handlers.iter().map(|h| self.handler(h)).collect())),
                    ("orelse", self.body(&s.orelse)),
                    ("finalbody", self.body(&s.finalbody)),
                ],
            ),
            Stmt::Match(s) => {
                let case = |c: &ruff_python_ast::MatchCase| {
                    plain(
                        "match_case",
                        vec![
                            ("pattern", self.pattern(&c.pattern)),
                            ("guard", self.maybe(c.guard.as_deref())),
                            ("body", self.body(&c.body)),
                        ],
                    )
                };
                let cases = Tree::List(s.cases.iter().map(case).collect());
                ("Match", vec![("subject", self.expr(&s.subject)), ("cases", cases)])
            }
            _ => return Tree::None,
        };
        self.node(class, stmt.range(), fields)
    }

    /// The `orelse` of an `if`: each `elif` is an `if` of its own, which ends where the whole does.
    fn orelse(&self, clauses: &[ElifElseClause], whole: TextRange) -> Tree {
        let Some((first, rest)) = clauses.split_first() else { return Tree::List(Vec::new()) };
        let Some(test) = &first.test else { return self.body(&first.body) };
        let range = TextRange::new(first.range.start(), whole.end());
        let fields =
            vec![("test", self.expr(test)), ("body", self.body(&first.body)), ("orelse", self.orelse(rest, whole))];
        Tree::List(vec![self.node("If", range, fields)])
    }

    fn with_item(&self, item: &WithItem) -> Tree {
        let vars = self.maybe(item.optional_vars.as_deref());
        plain("withitem", vec![("context_expr", self.expr(&item.context_expr)), ("optional_vars", vars)])
    }

    fn handler(&self, handler: &ExceptHandler) -> Tree {
        let ExceptHandler::ExceptHandler(h) = handler;
        let fields = vec![
            ("type", self.maybe(h.type_.as_deref())),
            ("name", identifier_or_none(h.name.as_ref())),
            ("body", self.body(&h.body)),
        ];
        self.node("ExceptHandler", h.range, fields)
    }

    fn aliases(&self, names: &[Alias]) -> Tree {
        let alias = |a: &Alias| {
            self.node("alias", a.range, vec![("name", identifier(&a.name)), ("asname", identifier_or_none(a.asname.as_ref()))])
        };
        Tree::List(names.iter().map(alias).collect())
    }

    fn decorators(&self, all: &[Decorator]) -> Tree {
        self.exprs(all.iter().map(|d| &d.expression))
    }

    /// Positional arguments and keywords of a call or class.
    fn arguments(&self, arguments: Option<&Arguments>) -> (Tree, Tree) {
        let Some(a) = arguments else { return (Tree::List(Vec::new()), Tree::List(Vec::new())) };
        let keyword = |k: &ruff_python_ast::Keyword| {
            let fields = vec![("arg", identifier_or_none(k.arg.as_ref())), ("value", self.expr(&k.value))];
            self.node("keyword", k.range, fields)
        };
        (self.exprs(a.args.iter()), Tree::List(a.keywords.iter().map(keyword).collect()))
    }

    fn parameter(&self, p: &Parameter) -> Tree {
        let fields = vec![
            ("arg", identifier(&p.name)),
            ("annotation", self.maybe(p.annotation.as_deref())),
            ("type_comment", self.type_comment(p.range)),
        ];
        self.node("arg", p.range, fields)
    }

    fn parameters(&self, parameters: Option<&Parameters>) -> Tree {
        let list = |all: &[ParameterWithDefault]| {
            Tree::List(all.iter().map(|p| self.parameter(&p.parameter)).collect())
        };
        let one = |p: Option<&Parameter>| p.map_or(Tree::None, |p| self.parameter(p));
        let empty = Parameters::default();
        let p = parameters.unwrap_or(&empty);
        let defaults = p.posonlyargs.iter().chain(p.args.iter()).filter_map(|p| p.default.as_deref());
        plain(
            "arguments",
            vec![
                ("posonlyargs", list(&p.posonlyargs)),
                ("args", list(&p.args)),
                ("vararg", one(p.vararg.as_deref())),
                ("kwonlyargs", list(&p.kwonlyargs)),
                ("kw_defaults", Tree::List(p.kwonlyargs.iter().map(|p| self.maybe(p.default.as_deref())).collect())),
                ("kwarg", one(p.kwarg.as_deref())),
                ("defaults", self.exprs(defaults)),
            ],
        )
    }

    fn type_params(&self, params: Option<&TypeParams>) -> Tree {
        let param = |p: &TypeParam| match p {
            TypeParam::TypeVar(t) => {
                let fields = vec![
                    ("name", identifier(&t.name)),
                    ("bound", self.maybe(t.bound.as_deref())),
                    ("default_value", self.maybe(t.default.as_deref())),
                ];
                self.node("TypeVar", t.range, fields)
            }
            TypeParam::TypeVarTuple(t) => {
                let default = self.maybe(t.default.as_deref());
                self.node("TypeVarTuple", t.range, vec![("name", identifier(&t.name)), ("default_value", default)])
            }
            TypeParam::ParamSpec(t) => {
                let default = self.maybe(t.default.as_deref());
                self.node("ParamSpec", t.range, vec![("name", identifier(&t.name)), ("default_value", default)])
            }
        };
        Tree::List(params.map_or_else(Vec::new, |p| p.type_params.iter().map(param).collect()))
    }

    fn expr(&self, e: &Expr) -> Tree {
        let at = e.range();
        let (class, fields): (&'static str, Fields) = match e {
            Expr::BoolOp(e) => {
                let op = if e.op == BoolOp::And { "And" } else { "Or" };
                ("BoolOp", vec![("op", plain(op, Vec::new())), ("values", self.exprs(&e.values))])
            }
            Expr::Named(e) => ("NamedExpr", vec![("target", self.expr(&e.target)), ("value", self.expr(&e.value))]),
            Expr::BinOp(e) => {
                let op = plain(operator(e.op), Vec::new());
                ("BinOp", vec![("left", self.expr(&e.left)), ("op", op), ("right", self.expr(&e.right))])
            }
            Expr::UnaryOp(e) => {
                let op = plain(unary_operator(e.op), Vec::new());
                ("UnaryOp", vec![("op", op), ("operand", self.expr(&e.operand))])
            }
            Expr::Lambda(e) => {
                let args = self.parameters(e.parameters.as_deref());
                ("Lambda", vec![("args", args), ("body", self.expr(&e.body))])
            }
            Expr::If(e) => {
                let (test, body) = (self.expr(&e.test), self.expr(&e.body));
                ("IfExp", vec![("test", test), ("body", body), ("orelse", self.expr(&e.orelse))])
            }
            Expr::Await(e) => ("Await", vec![("value", self.expr(&e.value))]),
            Expr::Yield(e) => ("Yield", vec![("value", self.maybe(e.value.as_deref()))]),
            Expr::YieldFrom(e) => ("YieldFrom", vec![("value", self.expr(&e.value))]),
            Expr::Compare(e) => {
                let ops = e.ops.iter().map(|op| plain(comparison(*op), Vec::new())).collect();
                let fields =
                    vec![("left", self.expr(&e.left)), ("ops", Tree::List(ops)), ("comparators", self.exprs(e.comparators.iter()))];
                ("Compare", fields)
            }
            Expr::Call(e) => {
                let (args, keywords) = self.arguments(Some(&e.arguments));
                ("Call", vec![("func", self.expr(&e.func)), ("args", args), ("keywords", keywords)])
            }
            Expr::Attribute(e) => {
                ("Attribute", vec![("value", self.expr(&e.value)), ("attr", identifier(&e.attr)), ("ctx", context(e.ctx))])
            }
            Expr::Subscript(e) => {
                ("Subscript", vec![("value", self.expr(&e.value)), ("slice", self.expr(&e.slice)), ("ctx", context(e.ctx))])
            }
            Expr::Starred(e) => ("Starred", vec![("value", self.expr(&e.value)), ("ctx", context(e.ctx))]),
            Expr::Name(e) => ("Name", vec![("id", Tree::Text(e.id.to_string())), ("ctx", context(e.ctx))]),
            Expr::List(e) => ("List", vec![("elts", self.exprs(&e.elts)), ("ctx", context(e.ctx))]),
            Expr::Tuple(e) => ("Tuple", vec![("elts", self.exprs(&e.elts)), ("ctx", context(e.ctx))]),
            Expr::Slice(e) => {
                let parts = [&e.lower, &e.upper, &e.step].map(|p| self.maybe(p.as_deref()));
                let [lower, upper, step] = parts;
                ("Slice", vec![("lower", lower), ("upper", upper), ("step", step)])
            }
            Expr::Dict(_) | Expr::Set(_) | Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => {
                return self.display(e);
            }
            _ => return self.literal(e),
        };
        self.node(class, at, fields)
    }

    /// Displays and comprehensions.
    fn display(&self, e: &Expr) -> Tree {
        let (class, fields): (&'static str, Fields) = match e {
            Expr::Dict(e) => {
                let keys = Tree::List(e.items.iter().map(|i| self.maybe(i.key.as_ref())).collect());
                ("Dict", vec![("keys", keys), ("values", self.exprs(e.items.iter().map(|i| &i.value)))])
            }
            Expr::Set(e) => ("Set", vec![("elts", self.exprs(&e.elts))]),
            Expr::ListComp(e) => {
                ("ListComp", vec![("elt", self.expr(&e.elt)), ("generators", self.generators(&e.generators))])
            }
            Expr::SetComp(e) => {
                ("SetComp", vec![("elt", self.expr(&e.elt)), ("generators", self.generators(&e.generators))])
            }
            Expr::DictComp(e) => (
                "DictComp",
                vec![
                    ("key", self.maybe(e.key.as_deref())),
                    ("value", self.expr(&e.value)),
                    ("generators", self.generators(&e.generators)),
                ],
            ),
            Expr::Generator(e) => {
                ("GeneratorExp", vec![("elt", self.expr(&e.elt)), ("generators", self.generators(&e.generators))])
            }
            _ => return Tree::None,
        };
        self.node(class, e.range(), fields)
    }

    fn generators(&self, all: &[Comprehension]) -> Tree {
        let one = |c: &Comprehension| {
            plain(
                "comprehension",
                vec![
                    ("target", self.expr(&c.target)),
                    ("iter", self.expr(&c.iter)),
                    ("ifs", self.exprs(&c.ifs)),
                    ("is_async", Tree::Int(i64::from(c.is_async))),
                ],
            )
        };
        Tree::List(all.iter().map(one).collect())
    }

    fn literal(&self, e: &Expr) -> Tree {
        let at = e.range();
        let mut kind = Tree::None;
        let value = match e {
            Expr::FString(e) => {
                return self.node("JoinedStr", at, vec![("values", self.joined(fstring_parts(&e.value, self.source)))]);
            }
            Expr::TString(e) if let Some(field) = lone_interpolation(&e.value, self.source) => {
                return self.formatted(field);
            }
            Expr::TString(e) => {
                return self.node("TemplateStr", at, vec![("values", self.joined(tstring_parts(&e.value, self.source)))]);
            }
            Expr::StringLiteral(e) => {
                let unicode = matches!(e.value.first_literal_flags().prefix(), StringLiteralPrefix::Unicode);
                if unicode && self.source.slice(at).starts_with('u') {
                    kind = Tree::Text("u".to_owned());
                }
                Const::Str(string_value(&e.value, self.source))
            }
            Expr::BytesLiteral(e) => Const::Bytes(e.value.bytes().collect::<Vec<u8>>().into()),
            Expr::NumberLiteral(e) => number_value(&e.value),
            Expr::BooleanLiteral(e) if e.value => Const::True,
            Expr::BooleanLiteral(_) => Const::False,
            Expr::EllipsisLiteral(_) => Const::Ellipsis,
            Expr::IpyEscapeCommand(e) => self.source.constant(e.range).cloned().unwrap_or(Const::None),
            _ => Const::None,
        };
        if self.source.has_no_text() {
            kind = self.type_comment(at);
        }
        self.node("Constant", at, vec![("value", Tree::Const(value)), ("kind", kind)])
    }

    /// The values of an f-string or t-string.
    fn joined(&self, parts: Vec<JoinedPart>) -> Tree {
        let at = |class, loc: Loc, fields| Tree::Node(Node { class, fields, place: Some(loc) });
        let one = |part: JoinedPart| match part {
            JoinedPart::Constant { value, loc } => {
                at("Constant", loc, vec![("value", Tree::Const(Const::Str(value))), ("kind", Tree::None)])
            }
            JoinedPart::Formatted(f) => self.formatted(f),
            JoinedPart::Other(e) => self.expr(e),
        };
        Tree::List(parts.into_iter().map(one).collect())
    }

    fn formatted(&self, f: Formatted) -> Tree {
        let mut fields = vec![("value", self.expr(f.value))];
        let class = match f.source_text {
            Some(text) => {
                fields.push(("str", Tree::Const(text)));
                "Interpolation"
            }
            None => "FormattedValue",
        };
        fields.push(("conversion", Tree::Int(f.conversion.map_or(-1, i64::from))));
        let spec = |s: FormatSpec| {
            match self.joined(format_spec_parts(s, self.source)) {
                Tree::List(mut only) if s.is_constant && only.len() == 1 => only.remove(0),
                values => Tree::Node(Node { class: "JoinedStr", fields: vec![("values", values)], place: Some(s.loc) }),
            }
        };
        fields.push(("format_spec", f.format_spec.map_or(Tree::None, spec)));
        Tree::Node(Node { class, fields, place: Some(f.loc) })
    }

    /// A value in a pattern. The numbers that are more than a literal are folded with the rest of
    /// what is rewritten.
    fn pattern_expr(&self, e: &Expr) -> Tree {
        match pattern_constant(e).filter(|_| self.extras.folded) {
            Some(value) => {
                self.node("Constant", e.range(), vec![("value", Tree::Const(value)), ("kind", Tree::None)])
            }
            None => self.expr(e),
        }
    }

    fn patterns<'p>(&self, all: impl IntoIterator<Item = &'p Pattern>) -> Tree {
        Tree::List(all.into_iter().map(|p| self.pattern(p)).collect())
    }

    fn pattern(&self, p: &Pattern) -> Tree {
        let (class, fields): (&'static str, Fields) = match p {
            Pattern::MatchValue(p) => ("MatchValue", vec![("value", self.pattern_expr(&p.value))]),
            Pattern::MatchSingleton(p) => {
                let value = match p.value {
                    Singleton::None => Const::None,
                    Singleton::True => Const::True,
                    Singleton::False => Const::False,
                };
                ("MatchSingleton", vec![("value", Tree::Const(value))])
            }
            Pattern::MatchSequence(p) => ("MatchSequence", vec![("patterns", self.patterns(&p.patterns))]),
            Pattern::MatchMapping(p) => (
                "MatchMapping",
                vec![
                    ("keys", Tree::List(p.keys.iter().map(|k| self.pattern_expr(k)).collect())),
                    ("patterns", self.patterns(p.patterns.iter())),
                    ("rest", identifier_or_none(p.rest.as_ref())),
                ],
            ),
            Pattern::MatchClass(p) => {
                let names = p.arguments.keywords.iter().map(|k| identifier(&k.attr)).collect();
                (
                    "MatchClass",
                    vec![
                        ("cls", self.expr(&p.cls)),
                        ("patterns", self.patterns(p.arguments.patterns.iter())),
                        ("kwd_attrs", Tree::List(names)),
                        ("kwd_patterns", self.patterns(p.arguments.keywords.iter().map(|k| &k.pattern))),
                    ],
                )
            }
            Pattern::MatchStar(p) => ("MatchStar", vec![("name", identifier_or_none(p.name.as_ref()))]),
            Pattern::MatchAs(p) => {
                let inner = p.pattern.as_deref().map_or(Tree::None, |p| self.pattern(p));
                ("MatchAs", vec![("pattern", inner), ("name", identifier_or_none(p.name.as_ref()))])
            }
            Pattern::MatchOr(p) => ("MatchOr", vec![("patterns", self.patterns(&p.patterns))]),
        };
        self.node(class, p.range(), fields)
    }
}

fn context(ctx: ExprContext) -> Tree {
    let class = match ctx {
        ExprContext::Store => "Store",
        ExprContext::Del => "Del",
        ExprContext::Load | ExprContext::Invalid => "Load",
    };
    plain(class, Vec::new())
}

fn operator(op: Operator) -> &'static str {
    match op {
        Operator::Add => "Add",
        Operator::Sub => "Sub",
        Operator::Mult => "Mult",
        Operator::MatMult => "MatMult",
        Operator::Div => "Div",
        Operator::Mod => "Mod",
        Operator::Pow => "Pow",
        Operator::LShift => "LShift",
        Operator::RShift => "RShift",
        Operator::BitOr => "BitOr",
        Operator::BitXor => "BitXor",
        Operator::BitAnd => "BitAnd",
        Operator::FloorDiv => "FloorDiv",
    }
}

fn unary_operator(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Invert => "Invert",
        UnaryOp::Not => "Not",
        UnaryOp::UAdd => "UAdd",
        UnaryOp::USub => "USub",
    }
}

fn comparison(op: CmpOp) -> &'static str {
    match op {
        CmpOp::Eq => "Eq",
        CmpOp::NotEq => "NotEq",
        CmpOp::Lt => "Lt",
        CmpOp::LtE => "LtE",
        CmpOp::Gt => "Gt",
        CmpOp::GtE => "GtE",
        CmpOp::Is => "Is",
        CmpOp::IsNot => "IsNot",
        CmpOp::In => "In",
        CmpOp::NotIn => "NotIn",
    }
}
