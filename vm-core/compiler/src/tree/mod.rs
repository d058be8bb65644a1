//! The syntax tree as plain data, in the shape of Python's module `ast`: what
//! `compile(..., PyCF_ONLY_AST)` turns into objects, and what it makes of objects.
//!
//! | way | module |
//! |---|---|
//! | source text to [`Tree`] | `read`, `function_type` |
//! | checks of a tree that was made by hand | [`validate`] |
//! | [`Tree`] to the parser's nodes, which the compiler takes | `plant` |

mod function_type;
mod plant;
mod read;
pub mod validate;

use tailscope_bytecode::code::{Code, Const};

use crate::error::{CompileError, ErrorKind, Warning};
use crate::instr::Loc;
use crate::parse::{self, Parsed};
use crate::source::SourceFile;
use crate::{CompileOptions, tree_stack};
use ruff_text_size::TextSize;
use rustc_hash::FxHashMap;

/// What the compiler's nodes have no place for.
#[derive(Debug, Default)]
pub(crate) struct Extras {
    /// Type comments, and kinds of constants, by where their nodes begin.
    strings: FxHashMap<TextSize, Tree>,
    type_ignores: Vec<Tree>,
    /// Numbers in patterns are one constant each.
    folded: bool,
}

/// Trees deeper than this are refused: who makes objects of them recurses.
const MAX_DEPTH: usize = 2000;

pub use function_type::parse as parse_function_type;

/// A value in the tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    None,
    Node(Node),
    List(Vec<Tree>),
    /// An identifier or another string.
    Text(String),
    Int(i64),
    /// The value of a literal.
    Const(Const),
    /// A value that no literal has: the name of its type.
    Unfit(String),
}

/// A node: the name of its class, its fields in the grammar's order, its place if it has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub class: &'static str,
    pub fields: Vec<(&'static str, Tree)>,
    pub place: Option<Loc>,
}

impl Tree {
    pub fn node(&self) -> Option<&Node> {
        match self {
            Tree::Node(node) => Some(node),
            _ => None,
        }
    }

    fn is_none(&self) -> bool {
        matches!(self, Tree::None)
    }

    /// Whether this is a node of that class.
    fn is(&self, class: &str) -> bool {
        self.node().is_some_and(|n| n.class == class)
    }

    fn text(&self) -> Option<&str> {
        match self {
            Tree::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Node {
    /// A field by its name; none where the class has no such field.
    fn field(&self, name: &str) -> &Tree {
        self.fields.iter().find(|(field, _)| *field == name).map_or(&Tree::None, |(_, value)| value)
    }

    /// The items of a field that is a list.
    fn list(&self, name: &str) -> &[Tree] {
        match self.field(name) {
            Tree::List(items) => items,
            _ => &[],
        }
    }

    fn int(&self, name: &str) -> i64 {
        match self.field(name) {
            Tree::Int(n) => *n,
            _ => 0,
        }
    }
}

/// Parses a source text to a tree, which is rewritten as it is before it is compiled if it is to
/// be `optimized`.
///
/// # Errors
/// What CPython's parser refuses, wrong future statements, and trees that are too deep.
pub fn parse(
    source: &SourceFile,
    options: &CompileOptions,
    optimized: bool,
) -> Result<(Tree, Vec<Warning>), CompileError> {
    let mut parsed = crate::parse::parse(source, options.parse_options())?;
    let comments = std::mem::take(&mut parsed.type_comments);
    let ignore = |(line, tag)| {
        let fields = vec![("lineno", Tree::Int(i64::from(line))), ("tag", Tree::Text(tag))];
        Tree::Node(Node { class: "TypeIgnore", fields, place: None })
    };
    let extras = Extras {
        strings: comments.of_nodes.into_iter().map(|(at, text)| (at, Tree::Text(text))).collect(),
        type_ignores: comments.ignored.into_iter().map(ignore).collect(),
        folded: optimized,
    };
    read(parsed, source, &extras, options, optimized)
}

/// A copy of a tree, rewritten as it is before it is compiled if it is to be `optimized`.
///
/// # Errors
/// What CPython's checks of trees refuse, wrong future statements, and trees that are too deep.
pub fn copy(
    tree: &Tree,
    options: &CompileOptions,
    optimized: bool,
) -> Result<(Tree, Vec<Warning>), CompileError> {
    validate::validate(tree)?;
    if tree.is("FunctionType") {
        return Ok((tree.clone(), Vec::new()));
    }
    let (parsed, source, mut extras) = planted(tree, options)?;
    extras.folded = optimized;
    read(parsed, &source, &extras, options, optimized)
}

/// Compiles a tree.
///
/// # Errors
/// What CPython's checks of trees and its compiler refuse.
pub fn compile(tree: &Tree, options: &CompileOptions) -> Result<(Code, Vec<Warning>), CompileError> {
    validate::validate(tree)?;
    let (parsed, source, _) = planted(tree, options)?;
    crate::compile_parsed(parsed.into(), &source, options)
}

fn planted(tree: &Tree, options: &CompileOptions) -> Result<(Parsed, SourceFile<'static>, Extras), CompileError> {
    let plant::Planted { module, source, extras, depth } = plant::plant(tree, &options.filename)?;
    let parsed = Parsed::of_module(module, depth);
    if depth > parse::MAX_DEPTH {
        return Err(too_deep(parsed, "compilation"));
    }
    Ok((parsed, source, extras))
}

#[cold]
fn too_deep(parsed: Parsed, during: &str) -> CompileError {
    parse::dispose(parsed.module, parsed.depth);
    let msg = format!("maximum recursion depth exceeded during {during}");
    CompileError { kind: ErrorKind::Recursion, ..CompileError::without_location(msg) }
}

fn read(
    mut parsed: Parsed,
    source: &SourceFile,
    extras: &Extras,
    options: &CompileOptions,
    optimized: bool,
) -> Result<(Tree, Vec<Warning>), CompileError> {
    if parsed.depth > MAX_DEPTH {
        return Err(too_deep(parsed, "ast construction"));
    }
    let needed = tree_stack(parsed.depth);
    let result = stacker::maybe_grow(needed, needed, || {
        // What the rewriting warns of is for when the tree is compiled.
        let warnings = std::mem::take(&mut parsed.warnings);
        crate::rewrite(&mut parsed, source, options, optimized)?;
        Ok((read::tree_of(&parsed.module, source, options.mode, extras), warnings))
    });
    parse::dispose(parsed.module, parsed.depth);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Tree {
        let source = SourceFile::from_text(text, "<test>").expect("a text");
        parse(&source, &CompileOptions::new("<test>"), false).expect("a program").0
    }

    #[test]
    fn an_elif_is_an_if_in_the_else() {
        let Tree::Node(module) = tree("if a: b\nelif c: d\nelse: e\n") else { panic!("a module") };
        let Tree::List(body) = &module.fields[0].1 else { panic!("a body") };
        let Tree::Node(outer) = &body[0] else { panic!("a statement") };
        let Tree::List(orelse) = &outer.fields[2].1 else { panic!("an else") };
        let Tree::Node(inner) = &orelse[0] else { panic!("an if") };
        assert_eq!((outer.class, inner.class), ("If", "If"));
        assert!(matches!(&inner.fields[2].1, Tree::List(l) if l.len() == 1));
    }

    #[test]
    fn deep_trees_are_refused() {
        let text = format!("x = {}1\n", "-".repeat(5000));
        let source = SourceFile::from_text(&text, "<test>").expect("a text");
        let result = parse(&source, &CompileOptions::new("<test>"), false);
        assert_eq!(result.map_err(|e| e.kind), Err(ErrorKind::Recursion));
    }

    /// The code of a source, and that of its tree.
    fn codes(text: &str) -> (Code, Code) {
        let source = SourceFile::from_text(text, "<test>").expect("a text");
        let options = CompileOptions::new("<test>");
        let tree = parse(&source, &options, false).expect("a tree").0;
        let whole = crate::compile_source(&source, &options).expect("a program").0;
        (whole, compile(&tree, &options).expect("a tree of a program").0)
    }

    #[test]
    fn a_tree_is_compiled_to_what_its_source_is() {
        for text in [
            "'''doc'''\nx: int = -1, 1j, 10**30, 'a' 'b', b'c', None, ...\n",
            "def f(a, /, b=1, *c, d, e=2, **g) -> int:\n  'doc'\n  return f'{a!r:>{b}} {c=}' '\\ud800' f'{{'\n",
            "@d\nclass C[T: int = str](B, m=1):\n  async def f(self): return t'{x!s:a{y}}b', [i async for i in x]\n",
            "match x:\n  case {'a': -1, **r}: pass\n  case C(1, b=[_, *z]) | [1, z] if y: pass\n  case 1+2j as n: pass\n",
            "if a: b\nelif c: d\nelse: e\ntry: pass\nexcept* A as e: pass\nelse: pass\nfinally: x = '%s' % (y,)\n",
            "for a, *b in c: continue\nwith a as b, c: del d[1:2, ::3]\nlambda: (yield)\nfrom . import a as b\n",
        ] {
            let (whole, of_tree) = codes(text);
            assert_eq!(whole, of_tree, "{text}");
        }
    }

    #[test]
    fn nodes_keep_the_places_that_they_are_given() {
        let place = Loc { line: 70_000, end_line: 70_001, col: 7, end_col: 3 };
        let node = |class, fields, place| Tree::Node(Node { class, fields, place });
        let value = node("Constant", vec![("value", Tree::Const(Const::Int((-5).into())))], Some(place));
        let result = node("Return", vec![("value", value)], Some(place));
        let arguments = node("arguments", Vec::new(), None);
        let fields = vec![
            ("name", Tree::Text("f".to_owned())),
            ("args", arguments),
            ("body", Tree::List(vec![result])),
        ];
        let function = node("FunctionDef", fields, Some(place));
        let module = node("Module", vec![("body", Tree::List(vec![function]))], None);
        let (code, _) = compile(&module, &CompileOptions::new("f")).expect("a program");
        let Some(Const::Code(inner)) = code.consts.first() else { panic!("a function") };
        assert_eq!((inner.firstlineno, inner.consts.first()), (70_000, Some(&Const::Int((-5).into()))));
    }
}
