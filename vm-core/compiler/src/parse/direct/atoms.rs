//! Atoms and displays, and what follows atoms: attributes, subscripts, calls.

use ruff_python_ast::name::Name;
use ruff_python_ast::{
    Comprehension, DictItem, Expr, ExprAttribute, ExprBooleanLiteral, ExprCall, ExprContext, ExprDict, ExprDictComp,
    ExprEllipsisLiteral, ExprGenerator, ExprList, ExprListComp, ExprName, ExprNoneLiteral, ExprSet, ExprSetComp, ExprSlice,
    ExprSubscript, ExprTuple,
};
use ruff_text_size::TextSize;

use super::lexer::range;
use super::token::{Tok, binding};
use super::{Declined, NodeIndex, Parsed, Parsing};

impl Parsing<'_> {
    /// `primary`.
    pub(super) fn primary(&mut self) -> Parsed<()> {
        self.primary_from(self.at.start)
    }

    /// `primary`, where most expressions are no more than that.
    #[inline(always)]
    pub(super) fn primary_from(&mut self, start: usize) -> Parsed<()> {
        self.atom()?;
        loop {
            let next = match self.at.tok {
                Tok::Dot => {
                    self.link()?;
                    self.advance();
                    let attr = self.identifier()?;
                    let range = self.range_from(start);
                    let value = self.take_boxed()?;
                    Expr::Attribute(ExprAttribute { node_index: NodeIndex::NONE, range, value, attr, ctx: ExprContext::Load })
                }
                Tok::Lpar => {
                    self.link()?;
                    let arguments = self.nested(Self::arguments)?;
                    let (range_start, func) = (TextSize::new(start as u32), self.take_boxed()?);
                    Expr::Call(ExprCall { node_index: NodeIndex::NONE, range_start, func, arguments })
                }
                Tok::Lsqb => {
                    self.link()?;
                    self.advance();
                    let slice = self.boxed(|parsing| parsing.nested(Self::slices))?;
                    self.expect(Tok::Rsqb)?;
                    let range = self.range_from(start);
                    let value = self.take_boxed()?;
                    Expr::Subscript(ExprSubscript { node_index: NodeIndex::NONE, range, value, slice, ctx: ExprContext::Load })
                }
                _ => return Ok(()),
            };
            self.exprs.push(next);
        }
    }

    /// `slices`.
    fn slices(&mut self) -> Parsed<()> {
        let start = self.at.start;
        let is_starred = self.at(Tok::Star);
        self.slice_or_starred()?;
        if !self.at(Tok::Comma) && !is_starred {
            return Ok(());
        }
        let base = self.last_expr();
        while self.take(Tok::Comma) && !self.at(Tok::Rsqb) {
            self.slice_or_starred()?;
        }
        let (range, elts, ctx) = (self.range_from(start), self.exprs_from(base), ExprContext::Load);
        self.exprs.push(Expr::Tuple(ExprTuple { node_index: NodeIndex::NONE, range, elts, ctx, parenthesized: false }));
        Ok(())
    }

    fn slice_or_starred(&mut self) -> Parsed<()> {
        if self.at(Tok::Star) {
            return self.starred(binding::NONE);
        }
        let start = self.at.start;
        let lower = match self.at(Tok::Colon) {
            true => None,
            false => {
                self.named_expression()?;
                if !self.at(Tok::Colon) {
                    return Ok(());
                }
                let lower = self.take_boxed()?;
                self.unnamed(&lower, start)?;
                Some(lower)
            }
        };
        self.expect(Tok::Colon)?;
        let upper = self.slice_part()?;
        let step = if self.take(Tok::Colon) { self.slice_part()? } else { None };
        let range = self.range_from(start);
        self.exprs.push(Expr::Slice(ExprSlice { node_index: NodeIndex::NONE, range, lower, upper, step }));
        Ok(())
    }

    fn slice_part(&mut self) -> Parsed<Option<Box<Expr>>> {
        match self.at.tok {
            Tok::Colon | Tok::Comma | Tok::Rsqb => Ok(None),
            _ => Ok(Some(self.boxed(Self::expression)?)),
        }
    }

    /// Declines unless this byte is there.
    fn byte_is(&self, at: usize, byte: u8) -> Parsed<()> {
        if self.text.as_bytes().get(at) == Some(&byte) { Ok(()) } else { Err(Declined) }
    }

    #[inline(always)]
    pub(super) fn atom(&mut self) -> Parsed<()> {
        let (start, end) = (self.at.start, self.at.end);
        let range = range(start, end);
        let expr = match self.at.tok {
            Tok::Name => {
                let text = self.token_text();
                if text == "__debug__" {
                    self.note_rewritable(start);
                }
                Expr::Name(ExprName { node_index: NodeIndex::NONE, range, id: Name::new(text), ctx: ExprContext::Load })
            }
            Tok::Number => self.number_literal()?,
            Tok::String => {
                let strings = self.strings()?;
                self.exprs.push(strings);
                return Ok(());
            }
            Tok::Lpar => return self.nested(Self::parenthesized),
            Tok::Lsqb => return self.nested(Self::list),
            Tok::Lbrace => return self.nested(Self::dict_or_set),
            Tok::None => Expr::NoneLiteral(ExprNoneLiteral { node_index: NodeIndex::NONE, range }),
            Tok::True => Expr::BooleanLiteral(ExprBooleanLiteral { node_index: NodeIndex::NONE, range, value: true }),
            Tok::False => Expr::BooleanLiteral(ExprBooleanLiteral { node_index: NodeIndex::NONE, range, value: false }),
            Tok::Ellipsis => Expr::EllipsisLiteral(ExprEllipsisLiteral { node_index: NodeIndex::NONE, range }),
            _ => return Err(Declined),
        };
        self.exprs.push(expr);
        self.advance();
        Ok(())
    }

    /// `tuple | group | genexp`.
    fn parenthesized(&mut self) -> Parsed<()> {
        let start = self.at.start;
        self.advance();
        if self.at(Tok::Yield) {
            self.yield_expression()?;
            return self.expect(Tok::Rpar);
        }
        if self.take(Tok::Rpar) {
            self.tuple(start, Vec::new());
            return Ok(());
        }
        self.star_named_expression()?;
        match self.at.tok {
            Tok::Rpar if self.is_starred() => return Err(Declined),
            Tok::Rpar => self.advance(),
            Tok::Comma => {
                let elts = self.elements(Tok::Rpar)?;
                self.tuple(start, elts);
            }
            Tok::For | Tok::Async => {
                let (elt, generators) = self.comprehensions()?;
                self.expect(Tok::Rpar)?;
                let range = self.range_from(start);
                let generator = ExprGenerator { node_index: NodeIndex::NONE, range, elt, generators, parenthesized: true };
                self.exprs.push(Expr::Generator(generator));
            }
            _ => return Err(Declined),
        }
        Ok(())
    }

    fn tuple(&mut self, start: usize, elts: Vec<Expr>) {
        let (range, ctx) = (self.range_from(start), ExprContext::Load);
        self.exprs.push(Expr::Tuple(ExprTuple { node_index: NodeIndex::NONE, range, elts, ctx, parenthesized: true }));
    }

    /// The elements from the one on that was parsed, and the bracket that closes them.
    fn elements(&mut self, close: Tok) -> Parsed<Vec<Expr>> {
        let base = self.last_expr();
        while self.take(Tok::Comma) && !self.at(close) {
            self.star_named_expression()?;
        }
        self.expect(close)?;
        Ok(self.exprs_from(base))
    }

    /// `list | listcomp`.
    fn list(&mut self) -> Parsed<()> {
        let start = self.at.start;
        self.advance();
        let elts = match self.take(Tok::Rsqb) {
            true => Vec::new(),
            false => {
                self.star_named_expression()?;
                if matches!(self.at.tok, Tok::For | Tok::Async) {
                    let (elt, generators) = self.comprehensions()?;
                    self.expect(Tok::Rsqb)?;
                    let range = self.range_from(start);
                    self.exprs.push(Expr::ListComp(ExprListComp { node_index: NodeIndex::NONE, range, elt, generators }));
                    return Ok(());
                }
                self.elements(Tok::Rsqb)?
            }
        };
        let range = self.range_from(start);
        self.exprs.push(Expr::List(ExprList { node_index: NodeIndex::NONE, range, elts, ctx: ExprContext::Load }));
        Ok(())
    }

    /// `dict | set | dictcomp | setcomp`.
    fn dict_or_set(&mut self) -> Parsed<()> {
        let start = self.at.start;
        self.advance();
        if matches!(self.at.tok, Tok::Rbrace | Tok::DoubleStar) {
            return self.dict(start, None);
        }
        let key_start = self.at.start;
        self.star_named_expression()?;
        let parsed = match self.at.tok {
            Tok::Colon => {
                let first = self.take_expr()?;
                self.unnamed(&first, key_start)?;
                self.advance();
                self.expression()?;
                if !matches!(self.at.tok, Tok::For | Tok::Async) {
                    let value = self.take_expr()?;
                    return self.dict(start, Some(DictItem { key: Some(first), value }));
                }
                let (value, generators) = self.comprehensions()?;
                self.expect(Tok::Rbrace)?;
                let (range, key) = (self.range_from(start), Some(Box::new(first)));
                Expr::DictComp(ExprDictComp { node_index: NodeIndex::NONE, range, key, value, generators })
            }
            Tok::For | Tok::Async => {
                let (elt, generators) = self.comprehensions()?;
                self.expect(Tok::Rbrace)?;
                Expr::SetComp(ExprSetComp { node_index: NodeIndex::NONE, range: self.range_from(start), elt, generators })
            }
            _ => {
                let elts = self.elements(Tok::Rbrace)?;
                Expr::Set(ExprSet { node_index: NodeIndex::NONE, range: self.range_from(start), elts })
            }
        };
        self.exprs.push(parsed);
        Ok(())
    }

    /// Declines a star or `:=` that stands by itself, where an `expression` has to be.
    fn unnamed(&self, expr: &Expr, start: usize) -> Parsed<()> {
        match expr {
            Expr::Starred(_) => Err(Declined),
            Expr::Named(_) => self.byte_is(start, b'('),
            _ => Ok(()),
        }
    }

    /// The rest of a dict display, behind the item that was parsed.
    fn dict(&mut self, start: usize, first: Option<DictItem>) -> Parsed<()> {
        let base = self.items.len();
        let mut more = first.is_none() || self.take(Tok::Comma);
        self.items.extend(first);
        while more && !self.at(Tok::Rbrace) {
            let item = if self.take(Tok::DoubleStar) {
                DictItem { key: None, value: self.expr(|parsing| parsing.operators(binding::BIT_OR))? }
            } else {
                let key = Some(self.expr(Self::expression)?);
                self.expect(Tok::Colon)?;
                DictItem { key, value: self.expr(Self::expression)? }
            };
            self.items.push(item);
            more = self.take(Tok::Comma);
        }
        self.expect(Tok::Rbrace)?;
        let items = self.items.drain(base..).collect();
        let range = self.range_from(start);
        self.exprs.push(Expr::Dict(ExprDict { node_index: NodeIndex::NONE, range, items }));
        Ok(())
    }

    /// `for_if_clauses`, behind what is computed for each, which is taken.
    pub(super) fn comprehensions(&mut self) -> Parsed<(Box<Expr>, Vec<Comprehension>)> {
        let element = self.take_boxed()?;
        if element.is_starred_expr() {
            return Err(Declined);
        }
        let mut generators = Vec::with_capacity(1);
        while matches!(self.at.tok, Tok::For | Tok::Async) {
            let start = self.at.start;
            let is_async = self.take(Tok::Async);
            self.expect(Tok::For)?;
            let target = self.star_targets()?;
            self.expect(Tok::In)?;
            let iter = self.expr(|parsing| parsing.operators(binding::OR))?;
            let base = self.exprs.len();
            while self.take(Tok::If) {
                self.operators(binding::OR)?;
            }
            let ifs = self.exprs_from(base);
            generators.push(Comprehension { range: self.range_from(start), node_index: NodeIndex::NONE, target, iter, ifs, is_async });
        }
        Ok((element, generators))
    }
}
