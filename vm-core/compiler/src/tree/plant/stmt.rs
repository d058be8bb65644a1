//! Statements.

use ruff_python_ast::{
    Alias, AtomicNodeIndex, Decorator, ElifElseClause, ExceptHandler, ExceptHandlerExceptHandler, Identifier, MatchCase,
    Stmt, StmtAnnAssign, StmtAssert, StmtAssign, StmtAugAssign, StmtBreak, StmtClassDef, StmtContinue, StmtDelete,
    StmtExpr, StmtFor, StmtFunctionDef, StmtGlobal, StmtIf, StmtImport, StmtImportFrom, StmtMatch, StmtNonlocal,
    StmtPass, StmtRaise, StmtReturn, StmtTry, StmtTypeAlias, StmtWhile, StmtWith, Suite, WithItem,
};
use ruff_text_size::{Ranged, TextRange};

use super::{Planter, Result, identifier, identifier_or_none, unfit};
use crate::tree::{Node, Tree};

#[allow(clippy::declare_interior_mutable_const, reason = "each node has its own")]
const NODE: AtomicNodeIndex = AtomicNodeIndex::NONE;

fn identifiers(all: &[Tree]) -> Result<Vec<Identifier>> {
    all.iter().map(identifier).collect()
}

impl Planter {
    pub(super) fn suite(&mut self, all: &[Tree]) -> Result<Suite> {
        all.iter().map(|s| self.stmt(s)).collect()
    }

    fn stmt(&mut self, tree: &Tree) -> Result<Stmt> {
        let node = tree.node().ok_or_else(|| unfit("statement"))?;
        self.nested(|p| {
            let range = p.range(node);
            match node.class {
                "FunctionDef" | "AsyncFunctionDef" => p.function(node, range),
                "ClassDef" => p.class(node, range),
                "If" | "For" | "AsyncFor" | "While" | "With" | "AsyncWith" | "Match" | "Try" | "TryStar" => {
                    p.block(node, range)
                }
                "Assign" | "AugAssign" | "AnnAssign" | "TypeAlias" | "Delete" => p.assignment(node, range),
                _ => p.simple(node, range),
            }
        })
    }

    fn function(&mut self, node: &Node, range: TextRange) -> Result<Stmt> {
        Ok(Stmt::FunctionDef(StmtFunctionDef {
            node_index: NODE,
            range,
            is_async: node.class == "AsyncFunctionDef",
            decorator_list: self.decorators(node)?.into(),
            name: identifier(node.field("name"))?,
            type_params: self.type_params(node.list("type_params"))?,
            parameters: Box::new(self.parameters(node.field("args"))?),
            returns: self.maybe(node.field("returns"))?,
            body: self.suite(node.list("body"))?,
        }))
    }

    fn class(&mut self, node: &Node, range: TextRange) -> Result<Stmt> {
        let given = !node.list("bases").is_empty() || !node.list("keywords").is_empty();
        let arguments = given.then(|| self.arguments(node.list("bases"), node, range)).transpose()?;
        Ok(Stmt::ClassDef(StmtClassDef {
            node_index: NODE,
            range,
            decorator_list: self.decorators(node)?.into(),
            name: identifier(node.field("name"))?,
            type_params: self.type_params(node.list("type_params"))?,
            arguments: arguments.map(Box::new),
            body: self.suite(node.list("body"))?,
        }))
    }

    fn decorators(&mut self, node: &Node) -> Result<Vec<Decorator>> {
        let decorator = |e: &Tree| {
            let expression = self.expr(e)?;
            Ok(Decorator { range: expression.range(), node_index: NODE, expression })
        };
        node.list("decorator_list").iter().map(decorator).collect()
    }

    fn assignment(&mut self, node: &Node, range: TextRange) -> Result<Stmt> {
        Ok(match node.class {
            "Assign" => Stmt::Assign(StmtAssign {
                node_index: NODE,
                range,
                targets: self.exprs(node.list("targets"))?,
                value: self.boxed(node.field("value"))?,
            }),
            "AugAssign" => Stmt::AugAssign(StmtAugAssign {
                node_index: NODE,
                range,
                target: self.boxed(node.field("target"))?,
                op: super::expr::operator(node.field("op"))?,
                value: self.boxed(node.field("value"))?,
            }),
            "AnnAssign" => Stmt::AnnAssign(StmtAnnAssign {
                node_index: NODE,
                range,
                target: self.boxed(node.field("target"))?,
                annotation: self.boxed(node.field("annotation"))?,
                value: self.maybe(node.field("value"))?,
                simple: node.int("simple") != 0,
            }),
            "TypeAlias" => Stmt::TypeAlias(StmtTypeAlias {
                node_index: NODE,
                range,
                name: self.boxed(node.field("name"))?,
                type_params: self.type_params(node.list("type_params"))?,
                value: self.boxed(node.field("value"))?,
            }),
            _ => Stmt::Delete(StmtDelete { node_index: NODE, range, targets: self.exprs(node.list("targets"))? }),
        })
    }

    fn simple(&mut self, node: &Node, range: TextRange) -> Result<Stmt> {
        Ok(match node.class {
            "Return" => Stmt::Return(StmtReturn { node_index: NODE, range, value: self.maybe(node.field("value"))? }),
            "Raise" => Stmt::Raise(StmtRaise {
                node_index: NODE,
                range,
                exc: self.maybe(node.field("exc"))?,
                cause: self.maybe(node.field("cause"))?,
            }),
            "Assert" => Stmt::Assert(StmtAssert {
                node_index: NODE,
                range,
                test: self.boxed(node.field("test"))?,
                msg: self.maybe(node.field("msg"))?,
            }),
            "Import" => {
                let names = self.aliases(node)?;
                Stmt::Import(StmtImport { node_index: NODE, range, names, is_lazy: false })
            }
            "ImportFrom" => Stmt::ImportFrom(StmtImportFrom {
                node_index: NODE,
                range,
                module: identifier_or_none(node.field("module"))?,
                names: self.aliases(node)?,
                level: u32::try_from(node.int("level")).unwrap_or(0),
                is_lazy: false,
            }),
            "Global" => Stmt::Global(StmtGlobal { node_index: NODE, range, names: identifiers(node.list("names"))? }),
            "Nonlocal" => {
                Stmt::Nonlocal(StmtNonlocal { node_index: NODE, range, names: identifiers(node.list("names"))? })
            }
            "Expr" => Stmt::Expr(StmtExpr { node_index: NODE, range, value: self.boxed(node.field("value"))? }),
            "Pass" => Stmt::Pass(StmtPass { node_index: NODE, range }),
            "Break" => Stmt::Break(StmtBreak { node_index: NODE, range }),
            "Continue" => Stmt::Continue(StmtContinue { node_index: NODE, range }),
            _ => return Err(unfit("statement")),
        })
    }

    fn aliases(&mut self, node: &Node) -> Result<Vec<Alias>> {
        let alias = |a: &Tree| {
            let node = a.node().ok_or_else(|| unfit("alias"))?;
            Ok(Alias {
                range: self.range(node),
                node_index: NODE,
                name: identifier(node.field("name"))?,
                asname: identifier_or_none(node.field("asname"))?,
            })
        };
        node.list("names").iter().map(alias).collect()
    }

    fn block(&mut self, node: &Node, range: TextRange) -> Result<Stmt> {
        Ok(match node.class {
            "If" => self.if_stmt(node, range)?,
            "For" | "AsyncFor" => Stmt::For(StmtFor {
                node_index: NODE,
                range,
                is_async: node.class == "AsyncFor",
                target: self.boxed(node.field("target"))?,
                iter: self.boxed(node.field("iter"))?,
                body: self.suite(node.list("body"))?,
                orelse: self.suite(node.list("orelse"))?,
            }),
            "While" => Stmt::While(StmtWhile {
                node_index: NODE,
                range,
                test: self.boxed(node.field("test"))?,
                body: self.suite(node.list("body"))?,
                orelse: self.suite(node.list("orelse"))?,
            }),
            "Match" => Stmt::Match(StmtMatch {
                node_index: NODE,
                range,
                subject: self.boxed(node.field("subject"))?,
                cases: node.list("cases").iter().map(|c| self.case(c)).collect::<Result<_>>()?,
            }),
            "Try" | "TryStar" => Stmt::Try(StmtTry {
                node_index: NODE,
                range,
                body: self.suite(node.list("body"))?,
                handlers: node.list("handlers").iter().map(|h| self.handler(h)).collect::<Result<_>>()?,
                orelse: self.suite(node.list("orelse"))?,
                finalbody: self.suite(node.list("finalbody"))?,
                is_star: node.class == "TryStar",
            }),
            _ => Stmt::With(StmtWith {
                node_index: NODE,
                range,
                is_async: node.class == "AsyncWith",
                items: node.list("items").iter().map(|i| self.with_item(i)).collect::<Result<_>>()?,
                body: self.suite(node.list("body"))?,
            }),
        })
    }

    /// An `elif` is an `if` in the `else` for both compilers; no clause is made of it here.
    fn if_stmt(&mut self, node: &Node, range: TextRange) -> Result<Stmt> {
        let test = self.boxed(node.field("test"))?;
        let body = self.suite(node.list("body"))?;
        let orelse = self.suite(node.list("orelse"))?;
        let clause = ElifElseClause { range, node_index: NODE, test: None, body: orelse };
        let elif_else_clauses = if clause.body.is_empty() { Vec::new() } else { vec![clause] };
        Ok(Stmt::If(StmtIf { node_index: NODE, range, test, body, elif_else_clauses }))
    }

    fn with_item(&mut self, item: &Tree) -> Result<WithItem> {
        let node = item.node().ok_or_else(|| unfit("withitem"))?;
        let context_expr = self.expr(node.field("context_expr"))?;
        Ok(WithItem {
            range: context_expr.range(),
            node_index: NODE,
            context_expr,
            optional_vars: self.maybe(node.field("optional_vars"))?,
        })
    }

    fn case(&mut self, case: &Tree) -> Result<MatchCase> {
        let node = case.node().ok_or_else(|| unfit("match_case"))?;
        let pattern = self.pattern(node.field("pattern"))?;
        Ok(MatchCase {
            range: pattern.range(),
            node_index: NODE,
            pattern,
            guard: self.maybe(node.field("guard"))?,
            body: self.suite(node.list("body"))?,
        })
    }

    fn handler(&mut self, handler: &Tree) -> Result<ExceptHandler> {
        let node = handler.node().ok_or_else(|| unfit("excepthandler"))?;
        Ok(ExceptHandler::ExceptHandler(ExceptHandlerExceptHandler {
            range: self.range(node),
            node_index: NODE,
            type_: self.maybe(node.field("type"))?,
            name: identifier_or_none(node.field("name"))?,
            body: self.suite(node.list("body"))?,
        }))
    }
}
