//! A [`Tree`] as the nodes that the compiler takes, which are the parser's.
//!
//! The parser's nodes have ranges of a source text; these here have none. Each gets a number
//! instead, an empty range at that offset, and [`Places`] holds what belongs to the number: the
//! lines and columns, and values that no literal of a source has.

mod expr;
mod pattern;
mod stmt;

use ruff_python_ast::name::Name;
use ruff_python_ast::{
    AtomicNodeIndex, Identifier, Mod, ModExpression, ModModule, Parameter, ParameterWithDefault, Parameters,
    TypeParam, TypeParamParamSpec, TypeParamTypeVar, TypeParamTypeVarTuple, TypeParams,
};
use ruff_text_size::{TextRange, TextSize};

use super::{Extras, Node, Tree};
use crate::error::{CompileError, ErrorKind};
use crate::source::{Places, SourceFile};

type Result<T> = std::result::Result<T, CompileError>;

/// Native stack that must be left before a node is entered, and what is added when it is not.
const RED_ZONE: usize = 128 * 1024;
const STACK_CHUNK: usize = 1024 * 1024;

/// A module of the compiler's nodes.
#[derive(Debug)]
pub(crate) struct Planted {
    pub module: Mod,
    pub source: SourceFile<'static>,
    pub extras: Extras,
    /// How deep statements and expressions nest.
    pub depth: usize,
}

/// Makes the compiler's nodes of a tree that was validated.
///
/// # Errors
/// Values that the compiler has no place for.
pub(crate) fn plant(tree: &Tree, filename: &str) -> Result<Planted> {
    let mut planter = Planter { places: Places::default(), extras: Extras::default(), depth: 0, deepest: 0 };
    let Tree::Node(node) = tree else { return Err(unfit("module")) };
    let module = match node.class {
        "Expression" => Mod::Expression(ModExpression {
            node_index: AtomicNodeIndex::NONE,
            range: TextRange::default(),
            body: planter.boxed(node.field("body"))?,
        }),
        "Module" | "Interactive" => Mod::Module(ModModule {
            node_index: AtomicNodeIndex::NONE,
            range: TextRange::default(),
            body: planter.suite(node.list("body"))?,
        }),
        _ => return Err(unfit("module")),
    };
    let Planter { places, mut extras, deepest: depth, .. } = planter;
    extras.type_ignores = node.list("type_ignores").to_vec();
    Ok(Planted { module, source: SourceFile::of_places(places, filename), extras, depth })
}

/// A tree that keeps to no grammar, although it was found valid.
fn unfit(what: &str) -> CompileError {
    CompileError { kind: ErrorKind::Value, ..CompileError::without_location(format!("no such {what} in a syntax tree")) }
}

struct Planter {
    places: Places,
    extras: Extras,
    depth: usize,
    deepest: usize,
}

impl Planter {
    /// The number of a node, as a range.
    fn range(&mut self, node: &Node) -> TextRange {
        let range = self.places.add(node.place);
        let string = match node.class {
            "Constant" => node.field("kind"),
            _ => node.field("type_comment"),
        };
        if !string.is_none() {
            self.extras.strings.insert(range.start(), string.clone());
        }
        range
    }

    /// Goes into a node, on more native stack if need be.
    fn nested<T>(&mut self, walk: impl FnOnce(&mut Planter) -> Result<T>) -> Result<T> {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        let result = stacker::maybe_grow(RED_ZONE, STACK_CHUNK, || walk(self));
        self.depth -= 1;
        result
    }

    fn parameters(&mut self, tree: &Tree) -> Result<Parameters> {
        let node = tree.node().ok_or_else(|| unfit("arguments"))?;
        let (posonly, positional) = (node.list("posonlyargs"), node.list("args"));
        let defaults = node.list("defaults");
        // The last parameters have the defaults.
        let without = (posonly.len() + positional.len()).saturating_sub(defaults.len());
        let default_of = |index: usize| index.checked_sub(without).and_then(|i| defaults.get(i)).unwrap_or(&Tree::None);
        let mut all = Vec::with_capacity(posonly.len() + positional.len());
        for (index, arg) in posonly.iter().chain(positional).enumerate() {
            all.push(self.parameter_with_default(arg, default_of(index))?);
        }
        let args = all.split_off(posonly.len());
        let vararg = self.starred_parameter(node.field("vararg"))?;
        let mut kwonlyargs = Vec::new();
        for (arg, default) in node.list("kwonlyargs").iter().zip(node.list("kw_defaults")) {
            kwonlyargs.push(self.parameter_with_default(arg, default)?);
        }
        Ok(Parameters {
            range: TextRange::default(),
            node_index: AtomicNodeIndex::NONE,
            posonlyargs: all.into(),
            args: args.into(),
            vararg,
            kwonlyargs: kwonlyargs.into(),
            kwarg: self.starred_parameter(node.field("kwarg"))?,
        })
    }

    fn parameter(&mut self, tree: &Tree) -> Result<Parameter> {
        let node = tree.node().ok_or_else(|| unfit("arg"))?;
        let range = self.range(node);
        Ok(Parameter {
            range,
            node_index: AtomicNodeIndex::NONE,
            name: identifier(node.field("arg"))?,
            annotation: self.maybe(node.field("annotation"))?,
        })
    }

    fn starred_parameter(&mut self, tree: &Tree) -> Result<Option<Box<Parameter>>> {
        match tree {
            Tree::None => Ok(None),
            arg => Ok(Some(Box::new(self.parameter(arg)?))),
        }
    }

    fn parameter_with_default(&mut self, arg: &Tree, default: &Tree) -> Result<ParameterWithDefault> {
        let parameter = self.parameter(arg)?;
        Ok(ParameterWithDefault {
            range: parameter.range,
            node_index: AtomicNodeIndex::NONE,
            parameter,
            default: self.maybe(default)?,
        })
    }

    fn type_params(&mut self, all: &[Tree]) -> Result<Option<Box<TypeParams>>> {
        if all.is_empty() {
            return Ok(None);
        }
        let type_params = all.iter().map(|p| self.type_param(p)).collect::<Result<Vec<_>>>()?;
        Ok(Some(Box::new(TypeParams {
            range: TextRange::default(),
            node_index: AtomicNodeIndex::NONE,
            type_params,
        })))
    }

    fn type_param(&mut self, tree: &Tree) -> Result<TypeParam> {
        let node = tree.node().ok_or_else(|| unfit("type_param"))?;
        let (range, node_index) = (self.range(node), AtomicNodeIndex::NONE);
        let name = identifier(node.field("name"))?;
        let bound = self.maybe(node.field("bound"))?;
        let default = self.maybe(node.field("default_value"))?;
        Ok(match node.class {
            "TypeVar" => TypeParam::TypeVar(TypeParamTypeVar { range, node_index, name, bound, default }),
            "ParamSpec" => TypeParam::ParamSpec(TypeParamParamSpec { range, node_index, name, default }),
            _ => TypeParam::TypeVarTuple(TypeParamTypeVarTuple { range, node_index, name, default }),
        })
    }
}

fn identifier(tree: &Tree) -> Result<Identifier> {
    let text = tree.text().ok_or_else(|| unfit("identifier"))?;
    Ok(Identifier::new(Name::new(text), TextRange::empty(TextSize::new(0))))
}

fn identifier_or_none(tree: &Tree) -> Result<Option<Identifier>> {
    match tree {
        Tree::None => Ok(None),
        name => identifier(name).map(Some),
    }
}
