//! The rewriting of the tree (CPython's `Python/ast_preprocess.c`).

use std::cell::RefCell;

use ruff_python_ast::visitor::transformer::{self, Transformer};
use ruff_python_ast::{
    AtomicNodeIndex, Expr, ExprBooleanLiteral, ExprContext, ExprFString, FString, FStringFlags,
    FStringPart, FStringValue, Mod, Pattern, Stmt, StmtPass, Suite,
};
use ruff_text_size::Ranged;

use super::format::as_fstring;
use super::positions::is_leaf;
use super::{FutureFlags, Rewritable, docstring};
use crate::error::Warning;
use crate::parse::Mode;
use crate::source::{SourceFile, no_range, pass_range};

/// What a `return`, `break` or `continue` would leave.
#[derive(Clone, Copy, PartialEq)]
enum Inside {
    Finally,
    Function,
    Loop,
}

pub(super) struct Rewriter<'a> {
    rewritable: &'a Rewritable,
    source: &'a SourceFile<'a>,
    future: FutureFlags,
    /// None if the tree is to stay as it is.
    optimize: Option<u8>,
    warnings: RefCell<Vec<Warning>>,
    /// For the warnings of PEP 765.
    context: RefCell<Vec<Inside>>,
}

impl<'a> Rewriter<'a> {
    pub fn new(
        rewritable: &'a Rewritable,
        source: &'a SourceFile<'a>,
        future: FutureFlags,
        optimize: Option<u8>,
    ) -> Self {
        let (warnings, context) = (RefCell::default(), RefCell::default());
        Rewriter {
            rewritable,
            source,
            future,
            optimize,
            warnings,
            context,
        }
    }

    pub fn module(self, module: &mut Mod, mode: Mode) -> Vec<Warning> {
        match module {
            Mod::Module(m) if mode == Mode::Single => self.visit_body(&mut m.body),
            Mod::Module(m) => self.definition_body(&mut m.body),
            Mod::Expression(m) => self.visit_expr(&mut m.body),
        }
        self.warnings.into_inner()
    }

    /// The body of a function, class or module, which may begin with a docstring.
    fn definition_body(&self, body: &mut Suite) {
        let Some(optimize) = self.optimize else { return self.visit_body(body) };
        let mut has_docstring = docstring(body).is_some();
        if has_docstring && optimize >= 2 {
            remove_docstring(body);
            has_docstring = false;
        }
        self.visit_body(body);
        if !has_docstring {
            hide_new_docstring(body);
        }
    }

    fn within(&self, inside: Inside, body: impl FnOnce()) {
        self.context.borrow_mut().push(inside);
        body();
        self.context.borrow_mut().pop();
    }

    /// Whether there is something to rewrite in a statement, or to warn of. Statements of a
    /// `finally` block are not told apart: any of them may leave it.
    fn concerns(&self, stmt: &Stmt) -> bool {
        let decorators = match stmt {
            Stmt::FunctionDef(s) => s.decorator_list.first(),
            Stmt::ClassDef(s) => s.decorator_list.first(),
            _ => None,
        };
        let start = decorators.map_or(stmt.start(), Ranged::start);
        self.rewritable.is_between(start, stmt.end()) || self.context.borrow().last() == Some(&Inside::Finally)
    }

    /// Warns of a statement that leaves a `finally` block and swallows the exception.
    fn check_leaves_finally(&self, word: &str, stmt: &Stmt) {
        if self.context.borrow().last() == Some(&Inside::Finally) {
            let loc = self.source.loc(stmt.range());
            let msg = format!("'{word}' in a 'finally' block");
            self.warnings.borrow_mut().push(Warning::syntax(loc, msg));
        }
    }
}

/// A body of nothing but a docstring gets a `pass` in its place.
fn remove_docstring(body: &mut Suite) {
    if body.len() > 1 {
        body.remove(0);
        return;
    }
    let range = pass_range(body[0].start());
    body[0] = Stmt::Pass(StmtPass {
        node_index: AtomicNodeIndex::NONE,
        range,
    });
}

/// What has only now come to stand where docstrings stand must not become one: it becomes
/// an f-string.
fn hide_new_docstring(body: &mut [Stmt]) {
    let Some(Stmt::Expr(first)) = body.first_mut() else {
        return;
    };
    let Expr::StringLiteral(string) = first.value.as_ref() else {
        return;
    };
    let mut parts: Vec<FStringPart> = string
        .value
        .iter()
        .cloned()
        .map(FStringPart::Literal)
        .collect();
    parts.push(FStringPart::FString(FString {
        range: no_range(),
        node_index: AtomicNodeIndex::NONE,
        elements: Vec::new().into(),
        flags: FStringFlags::empty(),
    }));
    *first.value = Expr::FString(ExprFString {
        node_index: AtomicNodeIndex::NONE,
        range: first.range,
        value: FStringValue::concatenated(parts),
    });
}

impl Transformer for Rewriter<'_> {
    fn visit_stmt(&self, stmt: &mut Stmt) {
        if !self.concerns(stmt) {
            return;
        }
        match stmt {
            Stmt::FunctionDef(s) => {
                if let Some(params) = &mut s.type_params {
                    self.visit_type_params(params);
                }
                self.visit_parameters(&mut s.parameters);
                self.within(Inside::Function, || self.definition_body(&mut s.body));
                s.decorator_list
                    .iter_mut()
                    .for_each(|d| self.visit_decorator(d));
                if let Some(returns) = &mut s.returns {
                    self.visit_annotation(returns);
                }
            }
            Stmt::ClassDef(s) => {
                if let Some(params) = &mut s.type_params {
                    self.visit_type_params(params);
                }
                if let Some(arguments) = &mut s.arguments {
                    self.visit_arguments(arguments);
                }
                self.definition_body(&mut s.body);
                s.decorator_list
                    .iter_mut()
                    .for_each(|d| self.visit_decorator(d));
            }
            Stmt::For(s) => {
                self.visit_expr(&mut s.target);
                self.visit_expr(&mut s.iter);
                self.within(Inside::Loop, || self.visit_body(&mut s.body));
                self.visit_body(&mut s.orelse);
            }
            Stmt::While(s) => {
                self.visit_expr(&mut s.test);
                self.within(Inside::Loop, || self.visit_body(&mut s.body));
                self.visit_body(&mut s.orelse);
            }
            Stmt::Try(s) => {
                self.visit_body(&mut s.body);
                s.handlers
                    .iter_mut()
                    .for_each(|h| self.visit_except_handler(h));
                self.visit_body(&mut s.orelse);
                self.within(Inside::Finally, || self.visit_body(&mut s.finalbody));
            }
            Stmt::Return(_) => {
                self.check_leaves_finally("return", stmt);
                transformer::walk_stmt(self, stmt);
            }
            Stmt::Break(_) => self.check_leaves_finally("break", stmt),
            Stmt::Continue(_) => self.check_leaves_finally("continue", stmt),
            _ => transformer::walk_stmt(self, stmt),
        }
    }

    fn visit_annotation(&self, expr: &mut Expr) {
        // Annotations that become strings keep what was written.
        if !self.future.annotations() {
            self.visit_expr(expr);
        }
    }

    fn visit_expr(&self, expr: &mut Expr) {
        if !is_leaf(expr) {
            transformer::walk_expr(self, expr);
        }
        let Some(optimize) = self.optimize else { return };
        match expr {
            Expr::BinOp(e) => {
                if let Some(fstring) = as_fstring(e, self.source) {
                    *expr = fstring;
                }
            }
            Expr::Name(e) if e.ctx == ExprContext::Load && e.id.as_str() == "__debug__" => {
                *expr = Expr::BooleanLiteral(ExprBooleanLiteral {
                    node_index: AtomicNodeIndex::NONE,
                    range: e.range,
                    value: optimize == 0,
                });
            }
            _ => {}
        }
    }

    fn visit_pattern(&self, pattern: &mut Pattern) {
        // The expressions of patterns are left as they are, but for classes.
        match pattern {
            Pattern::MatchValue(_) | Pattern::MatchSingleton(_) | Pattern::MatchStar(_) => {}
            Pattern::MatchMapping(p) => {
                p.patterns
                    .iter_mut()
                    .for_each(|inner| self.visit_pattern(inner));
            }
            _ => transformer::walk_pattern(self, pattern),
        }
    }
}
