//! The parser: text to tree in one walk, by the rules of CPython's grammar.
//!
//! It takes right programs only. Whatever is wrong, rare or worth a warning it declines, without a
//! word; then ruff's parser and the rules for errors look at the text. What it takes, CPython takes,
//! and its tree is the one that ruff's parser makes, with the positions that CPython has.
//!
//! Declined are, though they may be right: names of letters that are not ASCII, tabs in indentation, characters by
//! name and unknown escapes in strings, numbers that keywords touch, comments in fields of strings, the import
//! that makes `<>` an operator, and what nests deeper than [`MAX_LEVEL`].

mod arguments;
mod atoms;
mod compound;
mod expressions;
mod lexer;
mod literals;
mod parameters;
mod patterns;
mod statements;
mod strings;
mod targets;
mod token;

use ruff_python_ast::name::Name;
use ruff_python_ast::{
    AtomicNodeIndex as NodeIndex, DictItem, Expr, ExprEllipsisLiteral, Identifier, Keyword, Mod, ModModule,
    ParameterWithDefault, Stmt,
};
use ruff_text_size::TextSize;

use lexer::{Cursor, range};
use token::Tok;

/// How deep expressions and blocks may nest: what native stack there is without asking is enough.
const MAX_LEVEL: u32 = 64;
/// How many operators, attributes, calls and subscripts a statement may have, of which each may make the tree
/// deeper by one. Where more is declined, what there is of the tree is dropped, which recurses.
const MAX_LINKS: u32 = 1000;

/// The text is not parsed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Declined;

type Parsed<T> = Result<T, Declined>;

/// A tree, and what a walk over it would find.
pub(super) struct Direct {
    pub module: Mod,
    /// How deep statements and expressions nest at most: no less than that, and seldom far more.
    pub depth: usize,
    /// Where preprocessing may have something to do (see [`positions::Findings::rewritable`]).
    ///
    /// [`positions::Findings::rewritable`]: crate::preprocess::positions::Findings::rewritable
    pub rewritable: Vec<TextSize>,
}

/// Why a text is declined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// There is something in it that is not for this parser.
    Rare,
    /// By the grammar it is wrong: whoever takes it is to be doubted.
    Wrong,
}

/// Parses a module, if it is such as is parsed here.
pub(super) fn parse(text: &str) -> Result<Direct, Why> {
    if u32::try_from(text.len()).is_err() {
        return Err(Why::Rare);
    }
    let mut parsing = Parsing::new(text);
    let Ok(module) = parsing.module() else {
        return Err(if parsing.is_rare || parsing.at(Tok::Unknown) { Why::Rare } else { Why::Wrong });
    };
    let mut rewritable = parsing.rewritable;
    if !rewritable.is_sorted() {
        rewritable.sort_unstable();
    }
    Ok(Direct { module, depth: parsing.deepest as usize, rewritable })
}

struct Parsing<'a> {
    text: &'a str,
    at: Cursor,
    /// Columns of the blocks that are open.
    indents: Vec<usize>,
    rewritable: Vec<TextSize>,
    /// How many brackets are open in the innermost field of a string, but for those in it; 0 outside.
    field_at: u32,
    /// The field must not go on in another line.
    field_of_line: bool,
    /// In how many format specifications the innermost field of a string is.
    specs: u32,
    level: u32,
    /// The deepest level of the statement, or of the head of a compound one.
    peak: u32,
    /// See [`MAX_LINKS`].
    links: u32,
    /// See [`Direct::depth`].
    deepest: u32,
    /// It is declined for something else than that it is wrong.
    is_rare: bool,
    /// What was parsed and is part of nothing yet, the last one last: what parses an expression leaves it here,
    /// where the next one finds it, for to move it from result to result would take long. Lists are as long
    /// as they have to be when they are made of their elements. One more expression is before all
    /// others: splitting off what is not all leaves the memory here.
    exprs: Vec<Expr>,
    stmts: Vec<Stmt>,
    keywords: Vec<Keyword>,
    parameters: Vec<ParameterWithDefault>,
    items: Vec<DictItem>,
}

impl<'a> Parsing<'a> {
    fn new(text: &'a str) -> Parsing<'a> {
        // There are more only at the top of a long text.
        let statements = (text.len() / 64).min(256);
        let first = ExprEllipsisLiteral { node_index: NodeIndex::NONE, range: range(0, 0) };
        Parsing {
            text,
            at: Cursor::new(),
            indents: Vec::new(),
            rewritable: Vec::new(),
            field_at: 0,
            field_of_line: false,
            specs: 0,
            level: 0,
            peak: 0,
            links: 0,
            deepest: 0,
            is_rare: false,
            exprs: vec![Expr::EllipsisLiteral(first)],
            stmts: Vec::with_capacity(statements),
            keywords: Vec::new(),
            parameters: Vec::new(),
            items: Vec::new(),
        }
    }

    fn module(&mut self) -> Parsed<Mod> {
        self.next_token(0);
        while !self.at(Tok::End) {
            self.statement()?;
        }
        let body = self.stmts.drain(..).collect();
        Ok(Mod::Module(ModModule { node_index: NodeIndex::NONE, range: range(0, self.text.len()), body }))
    }

    /// What nests: declines where it would be too deep.
    #[inline]
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.level == MAX_LEVEL {
            return self.rare();
        }
        self.level += 1;
        self.peak = self.peak.max(self.level);
        let result = parse(self);
        self.level -= 1;
        result
    }

    /// What makes an expression one deeper that was parsed: declines where there is too much of it.
    #[inline(always)]
    fn link(&mut self) -> Parsed<()> {
        self.links += 1;
        if self.links > MAX_LINKS { self.rare() } else { Ok(()) }
    }

    /// Declines what may be right.
    #[cold]
    fn rare<T>(&mut self) -> Parsed<T> {
        self.is_rare = true;
        Err(Declined)
    }

    /// Goes back to where it was, after an attempt.
    fn attempt<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Option<T> {
        let (at, rewritable, level) = (self.at, self.rewritable.len(), self.level);
        let (exprs, stmts, indents) = (self.exprs.len(), self.stmts.len(), self.indents.len());
        let (keywords, parameters, items) = (self.keywords.len(), self.parameters.len(), self.items.len());
        let field = (self.field_at, self.field_of_line, self.specs);
        let result = parse(self).ok();
        if result.is_none() {
            (self.at, self.level, self.is_rare) = (at, level, false);
            (self.field_at, self.field_of_line, self.specs) = field;
            self.rewritable.truncate(rewritable);
            self.exprs.truncate(exprs);
            self.stmts.truncate(stmts);
            self.keywords.truncate(keywords);
            self.parameters.truncate(parameters);
            self.items.truncate(items);
            self.indents.truncate(indents);
        }
        result
    }

    /// Takes the expressions from the one at `first` on.
    #[inline]
    fn exprs_from(&mut self, first: usize) -> Vec<Expr> {
        self.exprs.split_off(first)
    }

    /// Leaves a statement where the next one is to be, as expressions are left.
    #[inline(always)]
    fn push_stmt(&mut self, statement: Stmt) -> Parsed<()> {
        self.stmts.push(statement);
        Ok(())
    }

    /// Where the expression is that was parsed last.
    #[inline(always)]
    fn last_expr(&self) -> usize {
        self.exprs.len().saturating_sub(1)
    }

    /// Takes the expression that was parsed last.
    #[inline(always)]
    fn take_expr(&mut self) -> Parsed<Expr> {
        self.exprs.pop().ok_or(Declined)
    }

    #[inline(always)]
    fn take_boxed(&mut self) -> Parsed<Box<Expr>> {
        self.exprs.pop().map(Box::new).ok_or(Declined)
    }

    /// Whether the expression that was parsed last has a star.
    fn is_starred(&self) -> bool {
        self.exprs.last().is_some_and(Expr::is_starred_expr)
    }

    /// Parses an expression, and takes it.
    #[inline(always)]
    fn expr(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<()>) -> Parsed<Expr> {
        parse(self)?;
        self.take_expr()
    }

    #[inline(always)]
    fn boxed(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<()>) -> Parsed<Box<Expr>> {
        parse(self)?;
        self.take_boxed()
    }

    fn identifier(&mut self) -> Parsed<Identifier> {
        let (start, end) = (self.at.start, self.at.end);
        if !self.at(Tok::Name) {
            return Err(Declined);
        }
        let id = Name::new(self.token_text());
        self.advance();
        Ok(Identifier { id, range: range(start, end), node_index: NodeIndex::NONE })
    }

    /// A statement begins, or another part of the head of a compound one.
    #[inline(always)]
    fn begin_part(&mut self) {
        (self.peak, self.links) = (self.level, 0);
    }

    /// What has begun last ends.
    #[inline(always)]
    fn end_part(&mut self) {
        // Without a link or a level in between, one in another are at most a `yield`, a tuple, a star, `:=`,
        // a conditional, a power, an `await` and a display.
        const NODES: u32 = 8;
        let levels = self.peak - self.level + 1;
        self.deepest = self.deepest.max(self.level + 1 + NODES * levels + self.links);
    }

    /// Notes a place where preprocessing may have something to do.
    fn note_rewritable(&mut self, at: usize) {
        self.rewritable.push(TextSize::new(at as u32));
    }
}

#[cfg(test)]
mod tests;
