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
    pub(super) fn primary(&mut self) -> Parsed<Expr> {
        self.primary_from(self.at.start)
    }

    /// `primary`, where most expressions are no more than that.
    #[inline(always)]
    pub(super) fn primary_from(&mut self, start: usize) -> Parsed<Expr> {
        let mut value = self.atom()?;
        loop {
            value = match self.at.tok {
                Tok::Dot => {
                    self.link()?;
                    self.advance();
                    let attr = self.identifier()?;
                    let range = self.range_from(start);
                    let value = Box::new(value);
                    Expr::Attribute(ExprAttribute { node_index: NodeIndex::NONE, range, value, attr, ctx: ExprContext::Load })
                }
                Tok::Lpar => {
                    self.link()?;
                    let arguments = self.nested(Self::arguments)?;
                    let range_start = TextSize::new(start as u32);
                    Expr::Call(ExprCall { node_index: NodeIndex::NONE, range_start, func: Box::new(value), arguments })
                }
                Tok::Lsqb => {
                    self.link()?;
                    self.advance();
                    let slice = Box::new(self.nested(Self::slices)?);
                    self.expect(Tok::Rsqb)?;
                    let range = self.range_from(start);
                    let value = Box::new(value);
                    Expr::Subscript(ExprSubscript { node_index: NodeIndex::NONE, range, value, slice, ctx: ExprContext::Load })
                }
                _ => return Ok(value),
            };
        }
    }

    /// `slices`.
    fn slices(&mut self) -> Parsed<Expr> {
        let start = self.at.start;
        let is_starred = self.at(Tok::Star);
        let first = self.slice_or_starred()?;
        if !self.at(Tok::Comma) && !is_starred {
            return Ok(first);
        }
        let base = self.exprs.len();
        self.exprs.push(first);
        while self.take(Tok::Comma) && !self.at(Tok::Rsqb) {
            let next = self.slice_or_starred()?;
            self.exprs.push(next);
        }
        let elts = self.exprs_from(base);
        let range = self.range_from(start);
        Ok(Expr::Tuple(ExprTuple { node_index: NodeIndex::NONE, range, elts, ctx: ExprContext::Load, parenthesized: false }))
    }

    fn slice_or_starred(&mut self) -> Parsed<Expr> {
        if self.at(Tok::Star) {
            return self.starred(binding::NONE);
        }
        let start = self.at.start;
        let lower = match self.at(Tok::Colon) {
            true => None,
            false => {
                let lower = self.named_expression()?;
                if !self.at(Tok::Colon) {
                    return Ok(lower);
                }
                self.unnamed(&lower, start)?;
                Some(Box::new(lower))
            }
        };
        self.expect(Tok::Colon)?;
        let upper = self.slice_part()?;
        let step = if self.take(Tok::Colon) { self.slice_part()? } else { None };
        Ok(Expr::Slice(ExprSlice { node_index: NodeIndex::NONE, range: self.range_from(start), lower, upper, step }))
    }

    fn slice_part(&mut self) -> Parsed<Option<Box<Expr>>> {
        match self.at.tok {
            Tok::Colon | Tok::Comma | Tok::Rsqb => Ok(None),
            _ => Ok(Some(Box::new(self.expression()?))),
        }
    }

    /// Declines unless this byte is there.
    fn byte_is(&self, at: usize, byte: u8) -> Parsed<()> {
        if self.text.as_bytes().get(at) == Some(&byte) { Ok(()) } else { Err(Declined) }
    }

    #[inline(always)]
    pub(super) fn atom(&mut self) -> Parsed<Expr> {
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
            Tok::String => return self.strings(),
            Tok::Lpar => return self.nested(Self::parenthesized),
            Tok::Lsqb => return self.nested(Self::list),
            Tok::Lbrace => return self.nested(Self::dict_or_set),
            Tok::None => Expr::NoneLiteral(ExprNoneLiteral { node_index: NodeIndex::NONE, range }),
            Tok::True => Expr::BooleanLiteral(ExprBooleanLiteral { node_index: NodeIndex::NONE, range, value: true }),
            Tok::False => Expr::BooleanLiteral(ExprBooleanLiteral { node_index: NodeIndex::NONE, range, value: false }),
            Tok::Ellipsis => Expr::EllipsisLiteral(ExprEllipsisLiteral { node_index: NodeIndex::NONE, range }),
            _ => return Err(Declined),
        };
        self.advance();
        Ok(expr)
    }

    /// `tuple | group | genexp`.
    fn parenthesized(&mut self) -> Parsed<Expr> {
        let start = self.at.start;
        self.advance();
        if self.at(Tok::Yield) {
            let value = self.yield_expression()?;
            self.expect(Tok::Rpar)?;
            return Ok(value);
        }
        if self.take(Tok::Rpar) {
            return Ok(self.tuple(start, Vec::new()));
        }
        let first = self.star_named_expression()?;
        match self.at.tok {
            Tok::Rpar if first.is_starred_expr() => Err(Declined),
            Tok::Rpar => {
                self.advance();
                Ok(first)
            }
            Tok::Comma => {
                let elts = self.elements(first, Tok::Rpar)?;
                Ok(self.tuple(start, elts))
            }
            Tok::For | Tok::Async => {
                let generators = self.comprehensions(&first)?;
                self.expect(Tok::Rpar)?;
                let (range, elt) = (self.range_from(start), Box::new(first));
                Ok(Expr::Generator(ExprGenerator { node_index: NodeIndex::NONE, range, elt, generators, parenthesized: true }))
            }
            _ => Err(Declined),
        }
    }

    fn tuple(&self, start: usize, elts: Vec<Expr>) -> Expr {
        let range = self.range_from(start);
        Expr::Tuple(ExprTuple { node_index: NodeIndex::NONE, range, elts, ctx: ExprContext::Load, parenthesized: true })
    }

    /// The elements from `first` on, which was parsed, and the bracket that closes them.
    fn elements(&mut self, first: Expr, close: Tok) -> Parsed<Vec<Expr>> {
        let base = self.exprs.len();
        self.exprs.push(first);
        while self.take(Tok::Comma) && !self.at(close) {
            let next = self.star_named_expression()?;
            self.exprs.push(next);
        }
        self.expect(close)?;
        Ok(self.exprs_from(base))
    }

    /// `list | listcomp`.
    fn list(&mut self) -> Parsed<Expr> {
        let start = self.at.start;
        self.advance();
        let elts = match self.take(Tok::Rsqb) {
            true => Vec::new(),
            false => {
                let first = self.star_named_expression()?;
                if matches!(self.at.tok, Tok::For | Tok::Async) {
                    let generators = self.comprehensions(&first)?;
                    self.expect(Tok::Rsqb)?;
                    let (range, elt) = (self.range_from(start), Box::new(first));
                    return Ok(Expr::ListComp(ExprListComp { node_index: NodeIndex::NONE, range, elt, generators }));
                }
                self.elements(first, Tok::Rsqb)?
            }
        };
        let range = self.range_from(start);
        Ok(Expr::List(ExprList { node_index: NodeIndex::NONE, range, elts, ctx: ExprContext::Load }))
    }

    /// `dict | set | dictcomp | setcomp`.
    fn dict_or_set(&mut self) -> Parsed<Expr> {
        let start = self.at.start;
        self.advance();
        if matches!(self.at.tok, Tok::Rbrace | Tok::DoubleStar) {
            return self.dict(start, None);
        }
        let key_start = self.at.start;
        let first = self.star_named_expression()?;
        match self.at.tok {
            Tok::Colon => {
                self.unnamed(&first, key_start)?;
                self.advance();
                let value = self.expression()?;
                if !matches!(self.at.tok, Tok::For | Tok::Async) {
                    return self.dict(start, Some(DictItem { key: Some(first), value }));
                }
                let generators = self.comprehensions(&value)?;
                self.expect(Tok::Rbrace)?;
                let (range, key, value) = (self.range_from(start), Some(Box::new(first)), Box::new(value));
                Ok(Expr::DictComp(ExprDictComp { node_index: NodeIndex::NONE, range, key, value, generators }))
            }
            Tok::For | Tok::Async => {
                let generators = self.comprehensions(&first)?;
                self.expect(Tok::Rbrace)?;
                let (range, elt) = (self.range_from(start), Box::new(first));
                Ok(Expr::SetComp(ExprSetComp { node_index: NodeIndex::NONE, range, elt, generators }))
            }
            _ => {
                let elts = self.elements(first, Tok::Rbrace)?;
                Ok(Expr::Set(ExprSet { node_index: NodeIndex::NONE, range: self.range_from(start), elts }))
            }
        }
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
    fn dict(&mut self, start: usize, first: Option<DictItem>) -> Parsed<Expr> {
        let base = self.items.len();
        let mut more = first.is_none() || self.take(Tok::Comma);
        self.items.extend(first);
        while more && !self.at(Tok::Rbrace) {
            let item = if self.take(Tok::DoubleStar) {
                DictItem { key: None, value: self.operators(binding::BIT_OR)? }
            } else {
                let key = Some(self.expression()?);
                self.expect(Tok::Colon)?;
                DictItem { key, value: self.expression()? }
            };
            self.items.push(item);
            more = self.take(Tok::Comma);
        }
        self.expect(Tok::Rbrace)?;
        let items = self.items.drain(base..).collect();
        Ok(Expr::Dict(ExprDict { node_index: NodeIndex::NONE, range: self.range_from(start), items }))
    }

    /// `for_if_clauses`, behind what is computed for each.
    pub(super) fn comprehensions(&mut self, element: &Expr) -> Parsed<Vec<Comprehension>> {
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
            let iter = self.operators(binding::OR)?;
            let base = self.exprs.len();
            while self.take(Tok::If) {
                let test = self.operators(binding::OR)?;
                self.exprs.push(test);
            }
            let ifs = self.exprs_from(base);
            generators.push(Comprehension { range: self.range_from(start), node_index: NodeIndex::NONE, target, iter, ifs, is_async });
        }
        Ok(generators)
    }
}
