//! Simple statements.

use ruff_python_ast::name::Name;
use ruff_python_ast::{
    Alias, Expr, Identifier, Operator, Stmt, StmtAnnAssign, StmtAssert, StmtAssign, StmtAugAssign, StmtBreak, StmtContinue,
    StmtDelete, StmtExpr, StmtGlobal, StmtImport, StmtImportFrom, StmtNonlocal, StmtPass, StmtRaise, StmtReturn, StmtTypeAlias,
};
use ruff_text_size::Ranged;

use super::lexer::range;
use super::targets::store;
use super::token::Tok;
use super::{Declined, NodeIndex, Parsed, Parsing};
use crate::parse::flufl;

impl Parsing<'_> {
    /// `simple_stmts`: a line of them.
    pub(super) fn simple_statements(&mut self) -> Parsed<()> {
        loop {
            self.begin_part();
            self.simple_statement()?;
            self.end_part();
            if self.take(Tok::Newline) {
                return Ok(());
            }
            self.expect(Tok::Semi)?;
            if self.take(Tok::Newline) {
                return Ok(());
            }
        }
    }

    fn simple_statement(&mut self) -> Parsed<()> {
        let start = self.at.start;
        match self.at.tok {
            Tok::Return => {
                self.advance();
                let value = match self.begins_expression() {
                    true => Some(self.boxed(Self::star_expressions)?),
                    false => None,
                };
                self.push_stmt(Stmt::Return(StmtReturn { node_index: NodeIndex::NONE, range: self.range_from(start), value }))
            }
            Tok::Import => self.import(start),
            Tok::From => self.import_from(start),
            Tok::Raise => self.raise(start),
            Tok::Pass => {
                self.advance();
                self.push_stmt(Stmt::Pass(StmtPass { node_index: NodeIndex::NONE, range: self.range_from(start) }))
            }
            Tok::Break => {
                self.advance();
                self.push_stmt(Stmt::Break(StmtBreak { node_index: NodeIndex::NONE, range: self.range_from(start) }))
            }
            Tok::Continue => {
                self.advance();
                self.push_stmt(Stmt::Continue(StmtContinue { node_index: NodeIndex::NONE, range: self.range_from(start) }))
            }
            Tok::Del => self.delete(start),
            Tok::Assert => self.assert(start),
            Tok::Global => {
                let names = self.names()?;
                self.push_stmt(Stmt::Global(StmtGlobal { node_index: NodeIndex::NONE, range: self.range_from(start), names }))
            }
            Tok::Nonlocal => {
                let names = self.names()?;
                self.push_stmt(Stmt::Nonlocal(StmtNonlocal { node_index: NodeIndex::NONE, range: self.range_from(start), names }))
            }
            Tok::Name if self.token_text() == "type" => match self.attempt(Self::type_alias_name) {
                Some(name) => self.type_alias(start, name),
                None => self.expression_statement(start),
            },
            _ => self.expression_statement(start),
        }
    }

    /// `assignment`, or an expression.
    fn expression_statement(&mut self, start: usize) -> Parsed<()> {
        let is_parenthesized = self.at(Tok::Lpar);
        self.yield_or_star_expressions()?;
        match self.at.tok {
            Tok::Equal => self.assign(start),
            Tok::Colon => self.annotated(start, is_parenthesized),
            Tok::Augmented => self.augmented(start),
            _ => {
                let (range, value) = (self.range_from(start), self.take_boxed()?);
                self.push_stmt(Stmt::Expr(StmtExpr { node_index: NodeIndex::NONE, range, value }))
            }
        }
    }

    /// Behind the first target.
    fn assign(&mut self, start: usize) -> Parsed<()> {
        let base = self.last_expr();
        while self.at(Tok::Equal) {
            self.store_last()?;
            self.advance();
            self.yield_or_star_expressions()?;
        }
        let value = self.take_boxed()?;
        let targets = self.exprs_from(base);
        let range = self.range_from(start);
        self.push_stmt(Stmt::Assign(StmtAssign { node_index: NodeIndex::NONE, range, targets, value }))
    }

    /// Behind the target, as [`Parsing::augmented`].
    fn annotated(&mut self, start: usize, is_parenthesized: bool) -> Parsed<()> {
        let mut target = self.take_boxed()?;
        // CPython's parser takes a target in parentheses for all that is annotated.
        let begins_with_parentheses = is_parenthesized && target.start().to_usize() == start;
        if !is_single(&target) || begins_with_parentheses {
            return Err(Declined);
        }
        store(&mut target)?;
        self.advance();
        let annotation = self.boxed(Self::expression)?;
        let value = match self.take(Tok::Equal) {
            true => Some(self.boxed(Self::yield_or_star_expressions)?),
            false => None,
        };
        let simple = target.is_name_expr() && !is_parenthesized;
        let range = self.range_from(start);
        self.push_stmt(Stmt::AnnAssign(StmtAnnAssign { node_index: NodeIndex::NONE, range, target, annotation, value, simple }))
    }

    fn augmented(&mut self, start: usize) -> Parsed<()> {
        let mut target = self.take_boxed()?;
        if !is_single(&target) {
            return Err(Declined);
        }
        store(&mut target)?;
        let op = match self.token_text() {
            "+=" => Operator::Add,
            "-=" => Operator::Sub,
            "*=" => Operator::Mult,
            "/=" => Operator::Div,
            "%=" => Operator::Mod,
            "@=" => Operator::MatMult,
            "&=" => Operator::BitAnd,
            "|=" => Operator::BitOr,
            "^=" => Operator::BitXor,
            "<<=" => Operator::LShift,
            ">>=" => Operator::RShift,
            "**=" => Operator::Pow,
            "//=" => Operator::FloorDiv,
            _ => return Err(Declined),
        };
        self.advance();
        let value = self.boxed(Self::yield_or_star_expressions)?;
        let range = self.range_from(start);
        self.push_stmt(Stmt::AugAssign(StmtAugAssign { node_index: NodeIndex::NONE, range, target, op, value }))
    }

    fn raise(&mut self, start: usize) -> Parsed<()> {
        self.advance();
        let (mut exc, mut cause) = (None, None);
        if self.begins_expression() {
            exc = Some(self.boxed(Self::expression)?);
            cause = self.expression_behind(Tok::From)?;
        }
        self.push_stmt(Stmt::Raise(StmtRaise { node_index: NodeIndex::NONE, range: self.range_from(start), exc, cause }))
    }

    fn delete(&mut self, start: usize) -> Parsed<()> {
        self.advance();
        let base = self.exprs.len();
        loop {
            let target = self.del_target()?;
            self.exprs.push(target);
            if !self.take(Tok::Comma) || !self.begins_expression() {
                break;
            }
        }
        let targets = self.exprs_from(base);
        self.push_stmt(Stmt::Delete(StmtDelete { node_index: NodeIndex::NONE, range: self.range_from(start), targets }))
    }

    fn assert(&mut self, start: usize) -> Parsed<()> {
        self.advance();
        let test = self.boxed(Self::expression)?;
        let msg = self.expression_behind(Tok::Comma)?;
        self.push_stmt(Stmt::Assert(StmtAssert { node_index: NodeIndex::NONE, range: self.range_from(start), test, msg }))
    }

    /// Those behind `global` or `nonlocal`.
    fn names(&mut self) -> Parsed<Vec<Identifier>> {
        self.advance();
        let mut names = vec![self.identifier()?];
        while self.take(Tok::Comma) {
            names.push(self.identifier()?);
        }
        Ok(names)
    }

    fn import(&mut self, start: usize) -> Parsed<()> {
        self.advance();
        let mut names = Vec::with_capacity(1);
        loop {
            names.push(self.alias(Self::dotted_name)?);
            if !self.take(Tok::Comma) {
                break;
            }
        }
        self.push_stmt(Stmt::Import(StmtImport { node_index: NodeIndex::NONE, range: self.range_from(start), names, is_lazy: false }))
    }

    /// What is imported, and the name that it gets.
    fn alias(&mut self, name: impl Fn(&mut Self) -> Parsed<Identifier>) -> Parsed<Alias> {
        let start = self.at.start;
        let name = name(self)?;
        let asname = if self.take(Tok::As) { Some(self.identifier()?) } else { None };
        Ok(Alias { range: self.range_from(start), node_index: NodeIndex::NONE, name, asname })
    }

    /// Names with dots between them, and nothing else.
    fn dotted_name(&mut self) -> Parsed<Identifier> {
        let start = self.at.start;
        let mut name = self.identifier()?;
        if self.at(Tok::Dot) {
            let mut length = name.id.len();
            while self.take(Tok::Dot) {
                length += 1 + self.identifier()?.id.len();
            }
            let end = self.at.before;
            if end - start != length {
                return Err(Declined);
            }
            name = Identifier { id: Name::new(self.slice(start, end)), range: range(start, end), node_index: NodeIndex::NONE };
        }
        Ok(name)
    }

    fn import_from(&mut self, start: usize) -> Parsed<()> {
        self.advance();
        let mut level = 0;
        loop {
            level += match self.at.tok {
                Tok::Dot => 1,
                Tok::Ellipsis => 3,
                _ => break,
            };
            self.advance();
        }
        let module = match self.at(Tok::Name) {
            true => Some(self.dotted_name()?),
            false if level == 0 => return Err(Declined),
            false => None,
        };
        self.expect(Tok::Import)?;
        let names = match self.at.tok {
            Tok::Star => {
                let (from, to) = (self.at.start, self.at.end);
                self.advance();
                let name = Identifier { id: Name::new_static("*"), range: range(from, to), node_index: NodeIndex::NONE };
                vec![Alias { range: range(from, to), node_index: NodeIndex::NONE, name, asname: None }]
            }
            Tok::Lpar => {
                self.advance();
                let names = self.imported_names(true)?;
                self.expect(Tok::Rpar)?;
                names
            }
            _ => self.imported_names(false)?,
        };
        let is_future = module.as_ref().is_some_and(|module| module.id == "__future__");
        if is_future && names.iter().any(|alias| alias.name.id == flufl::FEATURE) {
            return self.rare();
        }
        let range = self.range_from(start);
        self.push_stmt(Stmt::ImportFrom(StmtImportFrom { node_index: NodeIndex::NONE, range, module, names, level, is_lazy: false }))
    }

    fn imported_names(&mut self, in_parentheses: bool) -> Parsed<Vec<Alias>> {
        let mut names = Vec::with_capacity(1);
        loop {
            names.push(self.alias(Self::identifier)?);
            if !self.take(Tok::Comma) || in_parentheses && self.at(Tok::Rpar) {
                return Ok(names);
            }
        }
    }

    /// `type` and the name behind it, which nothing else begins with.
    fn type_alias_name(&mut self) -> Parsed<Expr> {
        self.advance();
        if !self.at(Tok::Name) {
            return Err(Declined);
        }
        self.single_target_name()
    }

    fn type_alias(&mut self, start: usize, name: Expr) -> Parsed<()> {
        let type_params = self.type_params()?;
        self.expect(Tok::Equal)?;
        let value = self.boxed(Self::expression)?;
        let (range, name) = (self.range_from(start), Box::new(name));
        self.push_stmt(Stmt::TypeAlias(StmtTypeAlias { node_index: NodeIndex::NONE, range, name, type_params, value }))
    }
}

/// Whether it may be annotated, or be assigned to together with an operator.
fn is_single(target: &Expr) -> bool {
    matches!(target, Expr::Name(_) | Expr::Attribute(_) | Expr::Subscript(_))
}
