//! What a syntax tree that somebody made by hand must keep to, in the order and the words of
//! CPython's checks.

use tailscope_bytecode::code::Const;

use super::{Node, Tree};
use crate::error::{CompileError, ErrorKind};

type Result<T = ()> = std::result::Result<T, CompileError>;

/// Native stack that must be left before a node is entered, and what is added when it is not.
const RED_ZONE: usize = 64 * 1024;
const STACK_CHUNK: usize = 1024 * 1024;

/// Checks a whole tree.
///
/// # Errors
/// The ValueErrors and TypeErrors that CPython raises.
pub fn validate(tree: &Tree) -> Result {
    let Tree::Node(module) = tree else { return Err(value_error("impossible module node")) };
    match module.class {
        "Expression" => expr(module.field("body"), "Load"),
        "FunctionType" => {
            exprs(module.list("argtypes"), "Load", false)?;
            expr(module.field("returns"), "Load")
        }
        _ => stmts(module.list("body")),
    }
}

fn value_error(msg: impl Into<String>) -> CompileError {
    error(ErrorKind::Value, msg)
}

fn error(kind: ErrorKind, msg: impl Into<String>) -> CompileError {
    CompileError { kind, ..CompileError::without_location(msg) }
}

fn check(holds: bool, msg: &str) -> Result {
    if holds { Ok(()) } else { Err(value_error(msg)) }
}

fn positions(node: &Node) -> Result {
    let Some(p) = node.place else { return Ok(()) };
    if p.line > p.end_line {
        return Err(value_error(format!("AST node line range ({}, {}) is not valid", p.line, p.end_line)));
    }
    if (p.line < 0 && p.end_line != p.line) || (p.col < 0 && p.col != p.end_col) {
        return Err(value_error(format!(
            "AST node column range ({}, {}) for line range ({}, {}) is not valid",
            p.col, p.end_col, p.line, p.end_line
        )));
    }
    if p.line == p.end_line && p.col > p.end_col {
        return Err(value_error(format!("line {}, column {}-{} is not a valid range", p.line, p.col, p.end_col)));
    }
    Ok(())
}

fn name(tree: &Tree) -> Result {
    match tree {
        Tree::Text(text) if matches!(text.as_str(), "None" | "True" | "False") => {
            Err(value_error(format!("identifier field can't represent '{text}' constant")))
        }
        _ => Ok(()),
    }
}

fn nonempty(items: &[Tree], what: &str, owner: &str) -> Result {
    match items {
        [] => Err(value_error(format!("empty {what} on {owner}"))),
        _ => Ok(()),
    }
}

fn stmts(all: &[Tree]) -> Result {
    for stmt in all {
        match stmt {
            Tree::Node(node) => stacker::maybe_grow(RED_ZONE, STACK_CHUNK, || statement(node))?,
            _ => return Err(value_error("None disallowed in statement list")),
        }
    }
    Ok(())
}

fn body(node: &Node) -> Result {
    nonempty(node.list("body"), "body", node.class)?;
    stmts(node.list("body"))
}

fn exprs(all: &[Tree], ctx: &str, none_ok: bool) -> Result {
    for e in all {
        match e {
            Tree::Node(_) => expr(e, ctx)?,
            _ if none_ok => {}
            _ => return Err(value_error("None disallowed in expression list")),
        }
    }
    Ok(())
}

fn maybe(e: &Tree) -> Result {
    match e {
        Tree::None => Ok(()),
        e => expr(e, "Load"),
    }
}

fn loads(node: &Node, fields: &[&str]) -> Result {
    fields.iter().try_for_each(|field| maybe(node.field(field)))
}

fn statement(s: &Node) -> Result {
    positions(s)?;
    let list = |field: &str| s.list(field);
    match s.class {
        "FunctionDef" | "AsyncFunctionDef" => {
            body(s)?;
            name(s.field("name"))?;
            type_params(list("type_params"))?;
            arguments(s.field("args"))?;
            exprs(list("decorator_list"), "Load", false)?;
            maybe(s.field("returns"))
        }
        "ClassDef" => {
            body(s)?;
            name(s.field("name"))?;
            type_params(list("type_params"))?;
            exprs(list("bases"), "Load", false)?;
            keywords(list("keywords"))?;
            exprs(list("decorator_list"), "Load", false)
        }
        "Delete" => {
            nonempty(list("targets"), "targets", s.class)?;
            exprs(list("targets"), "Del", false)
        }
        "Assign" => {
            nonempty(list("targets"), "targets", s.class)?;
            exprs(list("targets"), "Store", false)?;
            expr(s.field("value"), "Load")
        }
        "AugAssign" => {
            expr(s.field("target"), "Store")?;
            expr(s.field("value"), "Load")
        }
        "AnnAssign" => {
            if !s.field("target").is("Name") && s.int("simple") != 0 {
                return Err(error(ErrorKind::Type, "AnnAssign with simple non-Name target"));
            }
            expr(s.field("target"), "Store")?;
            loads(s, &["value", "annotation"])
        }
        "TypeAlias" => {
            if !s.field("name").is("Name") {
                return Err(error(ErrorKind::Type, "TypeAlias with non-Name name"));
            }
            expr(s.field("name"), "Store")?;
            type_params(list("type_params"))?;
            expr(s.field("value"), "Load")
        }
        "Import" => aliases(s),
        "ImportFrom" => {
            check(s.int("level") >= 0, "Negative ImportFrom level")?;
            aliases(s)
        }
        "Global" | "Nonlocal" => nonempty(list("names"), "names", s.class),
        "Return" | "Expr" => maybe(s.field("value")),
        "Assert" => loads(s, &["test", "msg"]),
        "Raise" => {
            let cause_alone = s.field("exc").is_none() && !s.field("cause").is_none();
            check(!cause_alone, "Raise with cause but no exception")?;
            loads(s, &["exc", "cause"])
        }
        _ => block(s),
    }
}

/// Statements with blocks, but definitions.
fn block(s: &Node) -> Result {
    match s.class {
        "For" | "AsyncFor" => {
            expr(s.field("target"), "Store")?;
            expr(s.field("iter"), "Load")?;
            body(s)?;
            stmts(s.list("orelse"))
        }
        "While" | "If" => {
            expr(s.field("test"), "Load")?;
            body(s)?;
            stmts(s.list("orelse"))
        }
        "With" | "AsyncWith" => {
            nonempty(s.list("items"), "items", s.class)?;
            for item in s.list("items").iter().filter_map(Tree::node) {
                expr(item.field("context_expr"), "Load")?;
                if !item.field("optional_vars").is_none() {
                    expr(item.field("optional_vars"), "Store")?;
                }
            }
            body(s)
        }
        "Match" => {
            expr(s.field("subject"), "Load")?;
            nonempty(s.list("cases"), "cases", s.class)?;
            for case in s.list("cases").iter().filter_map(Tree::node) {
                pattern(case.field("pattern"), false)?;
                maybe(case.field("guard"))?;
                body(case)?;
            }
            Ok(())
        }
        "Try" | "TryStar" => try_statement(s),
        _ => Ok(()),
    }
}

fn try_statement(s: &Node) -> Result {
    body(s)?;
    let handlers = s.list("handlers");
    if handlers.is_empty() && s.list("finalbody").is_empty() {
        return Err(value_error(format!("{} has neither except handlers nor finalbody", s.class)));
    }
    if handlers.is_empty() && !s.list("orelse").is_empty() {
        return Err(value_error(format!("{} has orelse but no except handlers", s.class)));
    }
    for handler in handlers.iter().filter_map(Tree::node) {
        if s.class == "Try" {
            positions(handler)?;
        }
        maybe(handler.field("type"))?;
        if s.class == "Try" {
            name(handler.field("name"))?;
        }
        body(handler)?;
    }
    stmts(s.list("finalbody"))?;
    stmts(s.list("orelse"))
}

fn aliases(s: &Node) -> Result {
    nonempty(s.list("names"), "names", s.class)?;
    for alias in s.list("names").iter().filter_map(Tree::node) {
        name(alias.field("name"))?;
        name(alias.field("asname"))?;
    }
    Ok(())
}

fn keywords(all: &[Tree]) -> Result {
    all.iter().filter_map(Tree::node).try_for_each(|k| expr(k.field("value"), "Load"))
}

fn type_params(all: &[Tree]) -> Result {
    for param in all.iter().filter_map(Tree::node) {
        positions(param)?;
        name(param.field("name"))?;
        if param.class == "TypeVar" {
            maybe(param.field("bound"))?;
        }
        maybe(param.field("default_value"))?;
    }
    Ok(())
}

fn arguments(tree: &Tree) -> Result {
    let Tree::Node(args) = tree else { return Ok(()) };
    let parameters = |field: &str| {
        args.list(field).iter().filter_map(Tree::node).try_for_each(|arg| {
            positions(arg)?;
            maybe(arg.field("annotation"))
        })
    };
    let starred = |field: &str| args.field(field).node().map_or(Ok(()), |arg| maybe(arg.field("annotation")));
    parameters("posonlyargs")?;
    parameters("args")?;
    starred("vararg")?;
    parameters("kwonlyargs")?;
    starred("kwarg")?;
    let positional = args.list("posonlyargs").len() + args.list("args").len();
    check(args.list("defaults").len() <= positional, "more positional defaults than args on arguments")?;
    check(
        args.list("kw_defaults").len() == args.list("kwonlyargs").len(),
        "length of kwonlyargs is not the same as kw_defaults on arguments",
    )?;
    exprs(args.list("defaults"), "Load", false)?;
    exprs(args.list("kw_defaults"), "Load", true)
}

fn comprehensions(e: &Node) -> Result {
    let all = e.list("generators");
    check(!all.is_empty(), "comprehension with no generators")?;
    for c in all.iter().filter_map(Tree::node) {
        expr(c.field("target"), "Store")?;
        expr(c.field("iter"), "Load")?;
        exprs(c.list("ifs"), "Load", false)?;
    }
    Ok(())
}

/// Refuses values of other types than constants may have.
fn constant(value: &Tree) -> Result {
    match value {
        Tree::Unfit(type_name) => {
            Err(error(ErrorKind::Type, format!("got an invalid type in Constant: {type_name}")))
        }
        _ => Ok(()),
    }
}

fn expr(tree: &Tree, ctx: &str) -> Result {
    let Tree::Node(e) = tree else { return Err(value_error("None disallowed in expression list")) };
    positions(e)?;
    if e.class == "Name" {
        name(e.field("id"))?;
    }
    match e.field("ctx") {
        Tree::Node(actual) if actual.class != ctx => {
            return Err(value_error(format!(
                "expression must have {ctx} context but has {} instead",
                actual.class
            )));
        }
        Tree::Node(_) => {}
        _ if ctx != "Load" => {
            return Err(value_error(format!("expression which can't be assigned to in {ctx} context")));
        }
        _ => {}
    }
    stacker::maybe_grow(RED_ZONE, STACK_CHUNK, || parts(e, ctx))
}

/// What an expression is made of.
fn parts(e: &Node, ctx: &str) -> Result {
    match e.class {
        "BoolOp" => {
            check(e.list("values").len() >= 2, "BoolOp with less than 2 values")?;
            exprs(e.list("values"), "Load", false)
        }
        "Lambda" => {
            arguments(e.field("args"))?;
            expr(e.field("body"), "Load")
        }
        "Dict" => {
            let (keys, values) = (e.list("keys"), e.list("values"));
            check(keys.len() == values.len(), "Dict doesn't have the same number of keys as values")?;
            exprs(keys, "Load", true)?;
            exprs(values, "Load", false)
        }
        "Set" => exprs(e.list("elts"), "Load", false),
        "ListComp" | "SetComp" | "GeneratorExp" => {
            comprehensions(e)?;
            expr(e.field("elt"), "Load")
        }
        "DictComp" => {
            comprehensions(e)?;
            expr(e.field("key"), "Load")?;
            expr(e.field("value"), "Load")
        }
        "Compare" => {
            let comparators = e.list("comparators");
            check(!comparators.is_empty(), "Compare with no comparators")?;
            check(
                comparators.len() == e.list("ops").len(),
                "Compare has a different number of comparators and operands",
            )?;
            exprs(comparators, "Load", false)?;
            expr(e.field("left"), "Load")
        }
        "Call" => {
            expr(e.field("func"), "Load")?;
            exprs(e.list("args"), "Load", false)?;
            keywords(e.list("keywords"))
        }
        "Constant" => constant(e.field("value")),
        "JoinedStr" | "TemplateStr" => exprs(e.list("values"), "Load", false),
        "FormattedValue" | "Interpolation" => loads(e, &["value", "format_spec"]),
        "Subscript" => loads(e, &["slice", "value"]),
        "Starred" => expr(e.field("value"), ctx),
        "List" | "Tuple" => exprs(e.list("elts"), ctx, false),
        "NamedExpr" => {
            if !e.field("target").is("Name") {
                return Err(error(ErrorKind::Type, "NamedExpr target must be a Name"));
            }
            expr(e.field("value"), "Load")
        }
        "Slice" => loads(e, &["lower", "upper", "step"]),
        _ => loads(e, &["left", "right", "operand", "test", "body", "orelse", "value"]),
    }
}

/// A number with a sign or a complex number, as patterns may have it: whether it is one.
fn is_literal_number(tree: &Tree, real: bool, imaginary: bool) -> bool {
    let Tree::Node(e) = tree else { return false };
    match e.field("value") {
        Tree::Const(Const::Int(_) | Const::Float(_)) => real,
        Tree::Const(Const::Complex(..)) => imaginary,
        _ => false,
    }
}

fn is_negative_number(e: &Node, imaginary: bool) -> bool {
    let operand = e.field("operand");
    e.class == "UnaryOp" && e.field("op").is("USub") && operand.is("Constant") && is_literal_number(operand, true, imaginary)
}

fn is_complex_number(e: &Node) -> bool {
    let (left, right) = (e.field("left"), e.field("right"));
    let Some(l) = left.node() else { return false };
    let real = if left.is("Constant") { is_literal_number(left, true, false) } else { is_negative_number(l, false) };
    let sum = e.field("op").is("Add") || e.field("op").is("Sub");
    e.class == "BinOp" && sum && real && right.is("Constant") && is_literal_number(right, false, true)
}

fn match_value(tree: &Tree) -> Result {
    expr(tree, "Load")?;
    let Tree::Node(e) = tree else { return Ok(()) };
    let fits = match e.class {
        "Constant" => {
            let literal = matches!(
                e.field("value"),
                Tree::Const(Const::Int(_) | Const::Float(_) | Const::Complex(..) | Const::Bytes(_) | Const::Str(_))
            );
            return check(literal, "unexpected constant inside of a literal pattern");
        }
        "Attribute" | "JoinedStr" | "TemplateStr" => true,
        "UnaryOp" => is_negative_number(e, true),
        _ => is_complex_number(e),
    };
    check(fits, "patterns may only match literals and attribute lookups")
}

fn capture(tree: &Tree) -> Result {
    match tree {
        Tree::Text(text) if text == "_" => Err(value_error("can't capture name '_' in patterns")),
        tree => name(tree),
    }
}

fn patterns(all: &[Tree], star_ok: bool) -> Result {
    all.iter().try_for_each(|p| pattern(p, star_ok))
}

fn pattern(tree: &Tree, star_ok: bool) -> Result {
    let Tree::Node(p) = tree else { return Err(value_error("None disallowed in pattern list")) };
    positions(p)?;
    stacker::maybe_grow(RED_ZONE, STACK_CHUNK, || match p.class {
        "MatchValue" => match_value(p.field("value")),
        "MatchSingleton" => {
            let singleton = matches!(p.field("value"), Tree::None | Tree::Const(Const::None | Const::True | Const::False));
            check(singleton, "MatchSingleton can only contain True, False and None")
        }
        "MatchSequence" => patterns(p.list("patterns"), true),
        "MatchMapping" => match_mapping(p),
        "MatchClass" => match_class(p),
        "MatchStar" => {
            check(star_ok, "can't use MatchStar here")?;
            capture(p.field("name"))
        }
        "MatchAs" => {
            capture(p.field("name"))?;
            match (p.field("pattern"), p.field("name")) {
                (Tree::None, _) => Ok(()),
                (_, Tree::None) => {
                    Err(value_error("MatchAs must specify a target name if a pattern is given"))
                }
                (inner, _) => pattern(inner, false),
            }
        }
        _ => {
            check(p.list("patterns").len() >= 2, "MatchOr requires at least 2 patterns")?;
            patterns(p.list("patterns"), false)
        }
    })
}

fn match_mapping(p: &Node) -> Result {
    let keys = p.list("keys");
    check(
        keys.len() == p.list("patterns").len(),
        "MatchMapping doesn't have the same number of keys as patterns",
    )?;
    capture(p.field("rest"))?;
    for key in keys {
        let value = key.node().filter(|k| k.class == "Constant").map(|k| k.field("value"));
        let singleton = matches!(value, Some(Tree::None | Tree::Const(Const::None | Const::True | Const::False)));
        if !singleton {
            match_value(key)?;
        }
    }
    patterns(p.list("patterns"), false)
}

fn match_class(p: &Node) -> Result {
    check(
        p.list("kwd_attrs").len() == p.list("kwd_patterns").len(),
        "MatchClass doesn't have the same number of keyword attributes as patterns",
    )?;
    expr(p.field("cls"), "Load")?;
    let mut class = p.field("cls");
    while let Tree::Node(attribute) = class
        && attribute.class == "Attribute"
    {
        class = attribute.field("value");
    }
    check(class.is("Name"), "MatchClass cls field can only contain Name or Attribute nodes.")?;
    p.list("kwd_attrs").iter().try_for_each(name)?;
    patterns(p.list("patterns"), false)?;
    patterns(p.list("kwd_patterns"), false)
}
