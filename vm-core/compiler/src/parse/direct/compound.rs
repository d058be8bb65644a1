//! Compound statements.

use ruff_python_ast::{
    Decorator, ElifElseClause, ExceptHandler, ExceptHandlerExceptHandler, Expr, MatchCase, Stmt, StmtClassDef, StmtFor,
    StmtFunctionDef, StmtIf, StmtMatch, StmtTry, StmtWhile, StmtWith, Suite, WithItem,
};

use super::token::Tok;
use super::{Declined, NodeIndex, Parsed, Parsing};

impl Parsing<'_> {
    /// `statement`: what was parsed is among the statements then.
    pub(super) fn statement(&mut self) -> Parsed<()> {
        let start = self.at.start;
        self.begin_part();
        match self.at.tok {
            Tok::If => self.if_statement(start),
            Tok::Def => self.function(start, Vec::new(), false),
            Tok::For => self.for_statement(start, false),
            Tok::Try => self.try_statement(start),
            Tok::With => self.with_statement(start, false),
            Tok::Class => self.class(start, Vec::new()),
            Tok::While => self.while_statement(start),
            Tok::At => self.decorated(),
            Tok::Async => {
                self.advance();
                match self.at.tok {
                    Tok::Def => self.function(start, Vec::new(), true),
                    Tok::For => self.for_statement(start, true),
                    Tok::With => self.with_statement(start, true),
                    _ => Err(Declined),
                }
            }
            Tok::Name if self.token_text() == "match" => match self.attempt(Self::match_subject) {
                Some(subject) => self.match_statement(start, subject),
                None => self.simple_statements(),
            },
            _ => self.simple_statements(),
        }
    }

    /// `':' block`, which ends a part of a statement's head, and begins the next.
    fn block(&mut self) -> Parsed<Suite> {
        self.end_part();
        self.expect(Tok::Colon)?;
        let base = self.stmts.len();
        if self.take(Tok::Newline) {
            self.expect(Tok::Indent)?;
            self.nested(|parsing| {
                while !parsing.take(Tok::Dedent) {
                    parsing.statement()?;
                }
                Ok(())
            })?;
        } else {
            self.simple_statements()?;
        }
        self.begin_part();
        Ok(self.stmts.drain(base..).collect())
    }

    fn if_statement(&mut self, start: usize) -> Parsed<()> {
        self.advance();
        let test = self.boxed(Self::named_expression)?;
        let body = self.block()?;
        let mut elif_else_clauses = Vec::new();
        loop {
            let clause_start = self.at.start;
            let test = match self.at.tok {
                Tok::Elif => {
                    self.advance();
                    Some(self.expr(Self::named_expression)?)
                }
                Tok::Else => {
                    self.advance();
                    None
                }
                _ => break,
            };
            let is_last = test.is_none();
            let body = self.block()?;
            elif_else_clauses.push(ElifElseClause { range: self.range_from(clause_start), node_index: NodeIndex::NONE, test, body });
            if is_last {
                break;
            }
            // Clauses nest for CPython's parser, which gives up at some depth.
            if elif_else_clauses.len() > MAX_CLAUSES {
                return self.rare();
            }
        }
        self.push_stmt(Stmt::If(StmtIf { node_index: NodeIndex::NONE, range: self.range_from(start), test, body, elif_else_clauses }))
    }

    /// `['else' ':' block]`.
    fn else_block(&mut self) -> Parsed<Suite> {
        if self.take(Tok::Else) { self.block() } else { Ok(Suite::new()) }
    }

    fn for_statement(&mut self, start: usize, is_async: bool) -> Parsed<()> {
        self.advance();
        let target = Box::new(self.star_targets()?);
        self.expect(Tok::In)?;
        let iter = self.boxed(Self::star_expressions)?;
        let body = self.block()?;
        let orelse = self.else_block()?;
        let range = self.range_from(start);
        self.push_stmt(Stmt::For(StmtFor { node_index: NodeIndex::NONE, range, is_async, target, iter, body, orelse }))
    }

    fn while_statement(&mut self, start: usize) -> Parsed<()> {
        self.advance();
        let test = self.boxed(Self::named_expression)?;
        let body = self.block()?;
        let orelse = self.else_block()?;
        self.push_stmt(Stmt::While(StmtWhile { node_index: NodeIndex::NONE, range: self.range_from(start), test, body, orelse }))
    }

    fn with_statement(&mut self, start: usize, is_async: bool) -> Parsed<()> {
        self.advance();
        let in_parentheses = if self.at(Tok::Lpar) { self.attempt(Self::items_in_parentheses) } else { None };
        let items = match in_parentheses {
            Some(items) => items,
            None => self.with_items()?,
        };
        let body = self.block()?;
        self.push_stmt(Stmt::With(StmtWith { node_index: NodeIndex::NONE, range: self.range_from(start), is_async, items, body }))
    }

    /// `'(' ','.with_item+ ','? ')'`, and the colon behind it, which is not taken.
    fn items_in_parentheses(&mut self) -> Parsed<Vec<WithItem>> {
        self.advance();
        let mut items = Vec::new();
        loop {
            items.push(self.with_item()?);
            if !self.take(Tok::Comma) || self.at(Tok::Rpar) {
                break;
            }
        }
        self.expect(Tok::Rpar)?;
        if self.at(Tok::Colon) { Ok(items) } else { Err(Declined) }
    }

    fn with_items(&mut self) -> Parsed<Vec<WithItem>> {
        let mut items = vec![self.with_item()?];
        while self.take(Tok::Comma) {
            items.push(self.with_item()?);
        }
        Ok(items)
    }

    fn with_item(&mut self) -> Parsed<WithItem> {
        let start = self.at.start;
        let context_expr = self.expr(Self::expression)?;
        let optional_vars = match self.take(Tok::As) {
            true => {
                let target = self.single_target()?;
                if !matches!(self.at.tok, Tok::Comma | Tok::Rpar | Tok::Colon) {
                    return Err(Declined);
                }
                Some(Box::new(target))
            }
            false => None,
        };
        Ok(WithItem { range: self.range_from(start), node_index: NodeIndex::NONE, context_expr, optional_vars })
    }

    fn try_statement(&mut self, start: usize) -> Parsed<()> {
        self.advance();
        let body = self.block()?;
        let mut handlers = Vec::new();
        let mut is_star = false;
        while self.at(Tok::Except) {
            let (handler, star) = self.except_handler()?;
            if handlers.is_empty() {
                is_star = star;
            }
            let follows_bare = matches!(handlers.last(), Some(ExceptHandler::ExceptHandler(last)) if last.type_.is_none());
            if star != is_star || follows_bare {
                return Err(Declined);
            }
            handlers.push(ExceptHandler::ExceptHandler(handler));
        }
        let orelse = if handlers.is_empty() { Suite::new() } else { self.else_block()? };
        let finalbody = match self.take(Tok::Finally) {
            true => {
                self.note_rewritable(start);
                self.block()?
            }
            false if handlers.is_empty() => return Err(Declined),
            false => Suite::new(),
        };
        let range = self.range_from(start);
        self.push_stmt(Stmt::Try(StmtTry { node_index: NodeIndex::NONE, range, body, handlers, orelse, finalbody, is_star }))
    }

    /// An `except` clause, and whether it has a star.
    fn except_handler(&mut self) -> Parsed<(ExceptHandlerExceptHandler, bool)> {
        let start = self.at.start;
        self.advance();
        let is_star = self.take(Tok::Star);
        let (mut type_, mut name) = (None, None);
        if !self.at(Tok::Colon) {
            let type_start = self.at.start;
            self.expression()?;
            if self.take(Tok::As) {
                name = Some(self.identifier()?);
            } else if self.at(Tok::Comma) {
                self.tuple_behind(type_start, Self::expression)?;
            }
            type_ = Some(self.take_boxed()?);
        } else if is_star {
            return Err(Declined);
        }
        let body = self.block()?;
        let range = self.range_from(start);
        Ok((ExceptHandlerExceptHandler { range, node_index: NodeIndex::NONE, type_, name, body }, is_star))
    }

    fn decorated(&mut self) -> Parsed<()> {
        let mut decorators = Vec::new();
        while self.at(Tok::At) {
            let start = self.at.start;
            self.advance();
            let expression = self.expr(Self::named_expression)?;
            decorators.push(Decorator { range: self.range_from(start), node_index: NodeIndex::NONE, expression });
            self.expect(Tok::Newline)?;
        }
        let start = self.at.start;
        match self.at.tok {
            Tok::Class => self.class(start, decorators),
            Tok::Def => self.function(start, decorators, false),
            Tok::Async => {
                self.advance();
                self.function(start, decorators, true)
            }
            _ => Err(Declined),
        }
    }

    fn function(&mut self, start: usize, decorators: Vec<Decorator>, is_async: bool) -> Parsed<()> {
        self.expect(Tok::Def)?;
        let name = self.identifier()?;
        let type_params = self.type_params()?;
        let parameters = Box::new(self.parameters()?);
        let returns = self.expression_behind(Tok::Arrow)?;
        let body = self.block()?;
        self.push_stmt(Stmt::FunctionDef(StmtFunctionDef {
            node_index: NodeIndex::NONE,
            range: self.range_from(start),
            is_async,
            decorator_list: decorators.into_iter().collect(),
            name,
            type_params,
            parameters,
            returns,
            body,
        }))
    }

    fn class(&mut self, start: usize, decorators: Vec<Decorator>) -> Parsed<()> {
        self.expect(Tok::Class)?;
        let name = self.identifier()?;
        let type_params = self.type_params()?;
        let arguments = match self.at(Tok::Lpar) {
            true => Some(Box::new(self.arguments()?)),
            false => None,
        };
        let is_generator = |arg: &Expr| matches!(arg, Expr::Generator(generator) if !generator.parenthesized);
        if arguments.as_ref().is_some_and(|arguments| arguments.args.iter().any(is_generator)) {
            return Err(Declined);
        }
        let body = self.block()?;
        self.push_stmt(Stmt::ClassDef(StmtClassDef {
            node_index: NodeIndex::NONE,
            range: self.range_from(start),
            decorator_list: decorators.into_iter().collect(),
            name,
            type_params,
            arguments,
            body,
        }))
    }

    /// `match` and what is matched, if it is a statement: then a colon and a new line follow.
    fn match_subject(&mut self) -> Parsed<Expr> {
        self.advance();
        let start = self.at.start;
        if !self.begins_expression() {
            return Err(Declined);
        }
        self.star_named_expression()?;
        if self.at(Tok::Comma) {
            self.tuple_behind(start, Self::star_named_expression)?;
        } else if self.is_starred() {
            return Err(Declined);
        }
        self.expect(Tok::Colon)?;
        self.expect(Tok::Newline)?;
        self.take_expr()
    }

    fn match_statement(&mut self, start: usize, subject: Expr) -> Parsed<()> {
        self.end_part();
        self.expect(Tok::Indent)?;
        let mut cases = Vec::new();
        self.nested(|parsing| {
            while !parsing.take(Tok::Dedent) {
                cases.push(parsing.case()?);
            }
            Ok(())
        })?;
        let (range, subject) = (self.range_from(start), Box::new(subject));
        self.push_stmt(Stmt::Match(StmtMatch { node_index: NodeIndex::NONE, range, subject, cases }))
    }

    fn case(&mut self) -> Parsed<MatchCase> {
        let start = self.at.start;
        self.begin_part();
        if !self.at(Tok::Name) || self.token_text() != "case" {
            return Err(Declined);
        }
        self.advance();
        let pattern = self.patterns()?;
        let guard = match self.take(Tok::If) {
            true => Some(self.boxed(Self::named_expression)?),
            false => None,
        };
        let body = self.block()?;
        Ok(MatchCase { range: self.range_from(start), node_index: NodeIndex::NONE, pattern, guard, body })
    }
}

/// An `if` with more `elif` clauses is left to others.
const MAX_CLAUSES: usize = 1000;
