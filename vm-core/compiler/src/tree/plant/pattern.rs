//! Patterns of `match` statements.

use ruff_python_ast::{
    AtomicNodeIndex, Pattern, PatternArguments, PatternKeyword, PatternMatchAs, PatternMatchClass, PatternMatchMapping,
    PatternMatchOr, PatternMatchSequence, PatternMatchSingleton, PatternMatchStar, PatternMatchValue, Singleton,
};
use ruff_text_size::{Ranged, TextRange};
use tailscope_bytecode::code::Const;

use super::{Planter, Result, identifier, identifier_or_none, unfit};
use crate::tree::{Node, Tree};

#[allow(clippy::declare_interior_mutable_const, reason = "each node has its own")]
const NODE: AtomicNodeIndex = AtomicNodeIndex::NONE;

impl Planter {
    pub(super) fn pattern(&mut self, tree: &Tree) -> Result<Pattern> {
        let node = tree.node().ok_or_else(|| unfit("pattern"))?;
        self.nested(|p| {
            let range = p.range(node);
            p.pattern_of(node, range)
        })
    }

    fn pattern_of(&mut self, node: &Node, range: TextRange) -> Result<Pattern> {
        let node_index = NODE;
        Ok(match node.class {
            "MatchValue" => {
                let value = self.boxed(node.field("value"))?;
                Pattern::MatchValue(PatternMatchValue { node_index, range, value })
            }
            "MatchSingleton" => {
                let value = match node.field("value") {
                    Tree::Const(Const::True) => Singleton::True,
                    Tree::Const(Const::False) => Singleton::False,
                    _ => Singleton::None,
                };
                Pattern::MatchSingleton(PatternMatchSingleton { node_index, range, value })
            }
            "MatchSequence" => {
                let patterns = self.patterns(node.list("patterns"))?;
                Pattern::MatchSequence(PatternMatchSequence { node_index, range, patterns })
            }
            "MatchMapping" => Pattern::MatchMapping(PatternMatchMapping {
                node_index,
                range,
                keys: self.exprs(node.list("keys"))?.into(),
                patterns: self.patterns(node.list("patterns"))?.into(),
                rest: identifier_or_none(node.field("rest"))?,
            }),
            "MatchClass" => self.class_pattern(node, range)?,
            "MatchStar" => {
                let name = identifier_or_none(node.field("name"))?;
                Pattern::MatchStar(PatternMatchStar { node_index, range, name })
            }
            "MatchAs" => {
                let pattern = match node.field("pattern") {
                    Tree::None => None,
                    inner => Some(Box::new(self.pattern(inner)?)),
                };
                let name = identifier_or_none(node.field("name"))?;
                Pattern::MatchAs(PatternMatchAs { node_index, range, pattern, name })
            }
            "MatchOr" => {
                let patterns = self.patterns(node.list("patterns"))?;
                Pattern::MatchOr(PatternMatchOr { node_index, range, patterns })
            }
            _ => return Err(unfit("pattern")),
        })
    }

    fn patterns(&mut self, all: &[Tree]) -> Result<Vec<Pattern>> {
        all.iter().map(|p| self.pattern(p)).collect()
    }

    fn class_pattern(&mut self, node: &Node, range: TextRange) -> Result<Pattern> {
        let cls = self.boxed(node.field("cls"))?;
        let patterns = self.patterns(node.list("patterns"))?;
        let mut keywords = Vec::new();
        for (attr, pattern) in node.list("kwd_attrs").iter().zip(node.list("kwd_patterns")) {
            let pattern = self.pattern(pattern)?;
            keywords.push(PatternKeyword {
                range: pattern.range(),
                node_index: NODE,
                attr: identifier(attr)?,
                pattern,
            });
        }
        Ok(Pattern::MatchClass(PatternMatchClass {
            node_index: NODE,
            range,
            cls,
            arguments: PatternArguments { range, node_index: NODE, patterns: patterns.into(), keywords },
        }))
    }
}
