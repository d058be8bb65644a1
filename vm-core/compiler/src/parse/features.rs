//! Syntax that older versions of Python do not have (`feature_version` of `ast.parse`).

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Comprehension, ExceptHandler, Expr, Mod, Operator, Parameters, Stmt, TypeParam, TypeParams};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::error_at;
use crate::error::{CompileError, ErrorKind};
use crate::source::SourceFile;

/// Refuses what Python 3.`version` has not.
///
/// # Errors
/// The first of it, as CPython's parser completes its nodes: those within before those around.
pub(super) fn check(module: &Mod, tokens: &Tokens, source: &SourceFile, version: u8) -> Result<(), CompileError> {
    let mut check = Check { version, newer: None };
    check.numbers(tokens, source);
    match module {
        Mod::Module(m) => check.visit_body(&m.body),
        Mod::Expression(m) => check.visit_expr(&m.body),
    }
    let Some((end, what, since)) = check.newer else { return Ok(()) };
    // CPython's parser has read one token more by then.
    let next = tokens.iter().find(|t| t.start() >= end && !t.kind().is_trivia());
    let range = next.map_or(TextRange::empty(end), Ranged::range);
    let msg = format!("{what} only supported in Python 3.{since} and greater");
    Err(error_at(source, ErrorKind::Syntax, range, msg))
}

struct Check {
    version: u8,
    /// Where it ends, what it is, and since which version it exists.
    newer: Option<(TextSize, &'static str, u8)>,
}

impl Check {
    fn note(&mut self, end: TextSize, what: &'static str, since: u8) {
        if self.version < since && self.newer.is_none() {
            self.newer = Some((end, what, since));
        }
    }

    fn numbers(&mut self, tokens: &Tokens, source: &SourceFile) {
        let is_number = |kind| matches!(kind, TokenKind::Int | TokenKind::Float | TokenKind::Complex);
        let mut numbers = tokens.iter().filter(|t| is_number(t.kind()));
        if let Some(number) = numbers.find(|t| source.slice(t.range()).contains('_')) {
            self.note(number.start(), "Underscores in numeric literals are", 6);
        }
    }
}

impl Visitor<'_> for Check {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        visitor::walk_stmt(self, stmt);
        let end = stmt.end();
        match stmt {
            Stmt::FunctionDef(s) if s.is_async => self.note(end, "Async functions are", 5),
            Stmt::For(s) if s.is_async => self.note(end, "Async for loops are", 5),
            Stmt::With(s) if s.is_async => self.note(end, "Async with statements are", 5),
            Stmt::AugAssign(s) if s.op == Operator::MatMult => self.note(s.target.end(), "The '@' operator is", 5),
            Stmt::AnnAssign(s) if s.target.is_name_expr() => self.note(end, "Variable annotation syntax is", 6),
            Stmt::AnnAssign(_) => self.note(end, "Variable annotations syntax is", 6),
            Stmt::Match(_) => self.note(end, "Pattern matching is", 10),
            Stmt::Try(s) if s.is_star => self.note(end, "Exception groups are", 11),
            Stmt::TypeAlias(_) => self.note(end, "Type statement is", 12),
            _ => {}
        }
    }

    fn visit_expr(&mut self, expr: &Expr) {
        visitor::walk_expr(self, expr);
        let end = expr.end();
        match expr {
            Expr::Await(_) => self.note(end, "Await expressions are", 5),
            Expr::BinOp(e) if e.op == Operator::MatMult => self.note(end, "The '@' operator is", 5),
            Expr::Named(_) => self.note(end, "Assignment expressions are", 8),
            Expr::TString(_) => self.note(end, "t-strings are", 14),
            _ => {}
        }
    }

    fn visit_comprehension(&mut self, comprehension: &Comprehension) {
        visitor::walk_comprehension(self, comprehension);
        if comprehension.is_async {
            self.note(comprehension.end(), "Async comprehensions are", 6);
        }
    }

    fn visit_parameters(&mut self, parameters: &Parameters) {
        visitor::walk_parameters(self, parameters);
        if let Some(last) = parameters.posonlyargs.last() {
            self.note(last.end(), "Positional-only parameters are", 8);
        }
    }

    fn visit_type_params(&mut self, params: &TypeParams) {
        visitor::walk_type_params(self, params);
        self.note(params.end(), "Type parameter lists are", 12);
    }

    fn visit_type_param(&mut self, param: &TypeParam) {
        visitor::walk_type_param(self, param);
        let has_default = match param {
            TypeParam::TypeVar(p) => p.default.is_some(),
            TypeParam::ParamSpec(p) => p.default.is_some(),
            TypeParam::TypeVarTuple(p) => p.default.is_some(),
        };
        if has_default {
            self.note(param.end(), "Type parameter defaults are", 13);
        }
    }

    fn visit_except_handler(&mut self, handler: &ExceptHandler) {
        let ExceptHandler::ExceptHandler(h) = handler;
        if let Some(Expr::Tuple(types)) = h.type_.as_deref()
            && !types.parenthesized
        {
            self.note(types.end(), "except expressions without parentheses are", 14);
        }
        visitor::walk_except_handler(self, handler);
    }
}
