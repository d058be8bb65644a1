//! Operators, from the loosest to the tightest.

use ruff_python_ast::{
    BoolOp, CmpOp, Expr, ExprAwait, ExprBinOp, ExprBoolOp, ExprCompare, ExprContext, ExprIf, ExprLambda, ExprNamed, ExprStarred,
    ExprTuple, ExprUnaryOp, ExprYield, ExprYieldFrom, Operator, UnaryOp,
};

use super::token::{Tok, binding};
use super::{Declined, NodeIndex, Parsed, Parsing};

impl Parsing<'_> {
    /// `star_expressions`: one, or a tuple without parentheses.
    pub(super) fn star_expressions(&mut self) -> Parsed<Expr> {
        let start = self.at.start;
        let first = self.star_expression()?;
        if !self.at(Tok::Comma) {
            return Ok(first);
        }
        self.tuple_behind(start, first, Self::star_expression)
    }

    /// The tuple without parentheses that begins with `first`, at its first comma.
    pub(super) fn tuple_behind(
        &mut self,
        start: usize,
        first: Expr,
        element: impl Fn(&mut Self) -> Parsed<Expr>,
    ) -> Parsed<Expr> {
        let base = self.exprs.len();
        self.exprs.push(first);
        while self.take(Tok::Comma) {
            if !self.begins_expression() {
                break;
            }
            let next = element(self)?;
            self.exprs.push(next);
        }
        let elts = self.exprs_from(base);
        Ok(Expr::Tuple(ExprTuple {
            node_index: NodeIndex::NONE,
            range: self.range_from(start),
            elts,
            ctx: ExprContext::Load,
            parenthesized: false,
        }))
    }

    /// Whether an expression, with a star or without, may begin here.
    pub(super) fn begins_expression(&self) -> bool {
        matches!(
            self.at.tok,
            Tok::Name
                | Tok::Number
                | Tok::String
                | Tok::Lpar
                | Tok::Lsqb
                | Tok::Lbrace
                | Tok::Star
                | Tok::Minus
                | Tok::Plus
                | Tok::Tilde
                | Tok::Not
                | Tok::Lambda
                | Tok::Await
                | Tok::None
                | Tok::True
                | Tok::False
                | Tok::Ellipsis
        )
    }

    /// `star_expression`.
    #[inline]
    pub(super) fn star_expression(&mut self) -> Parsed<Expr> {
        if self.at(Tok::Star) { self.starred(binding::BIT_OR) } else { self.expression() }
    }

    /// `star_named_expression`.
    pub(super) fn star_named_expression(&mut self) -> Parsed<Expr> {
        if self.at(Tok::Star) { self.starred(binding::BIT_OR) } else { self.named_expression() }
    }

    /// A star and its operand, of operators that bind so tightly; any `expression` if none is said.
    pub(super) fn starred(&mut self, binding: u8) -> Parsed<Expr> {
        let start = self.at.start;
        self.expect(Tok::Star)?;
        let value = if binding == self::binding::NONE { self.expression()? } else { self.operators(binding)? };
        Ok(Expr::Starred(ExprStarred {
            node_index: NodeIndex::NONE,
            range: self.range_from(start),
            value: Box::new(value),
            ctx: ExprContext::Load,
        }))
    }

    /// `yield_expr | star_expressions`: what may be assigned.
    pub(super) fn yield_or_star_expressions(&mut self) -> Parsed<Expr> {
        if self.at(Tok::Yield) { self.yield_expression() } else { self.star_expressions() }
    }

    pub(super) fn yield_expression(&mut self) -> Parsed<Expr> {
        let start = self.at.start;
        self.expect(Tok::Yield)?;
        if self.take(Tok::From) {
            let value = Box::new(self.expression()?);
            return Ok(Expr::YieldFrom(ExprYieldFrom { node_index: NodeIndex::NONE, range: self.range_from(start), value }));
        }
        let value = match self.begins_expression() {
            true => Some(Box::new(self.star_expressions()?)),
            false => None,
        };
        Ok(Expr::Yield(ExprYield { node_index: NodeIndex::NONE, range: self.range_from(start), value }))
    }

    /// `named_expression`.
    pub(super) fn named_expression(&mut self) -> Parsed<Expr> {
        let (start, is_name) = (self.at.start, self.at(Tok::Name));
        let target = self.expression()?;
        if !self.at(Tok::ColonEqual) {
            return Ok(target);
        }
        // The name stands there by itself, in no parentheses.
        let Expr::Name(mut name) = target else { return Err(Declined) };
        if !is_name {
            return Err(Declined);
        }
        self.advance();
        name.ctx = ExprContext::Store;
        let value = Box::new(self.expression()?);
        let target = Box::new(Expr::Name(name));
        Ok(Expr::Named(ExprNamed { node_index: NodeIndex::NONE, range: self.range_from(start), target, value }))
    }

    /// `expression`.
    #[inline(always)]
    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        if self.at(Tok::Lambda) {
            return self.nested(Self::lambda);
        }
        let start = self.at.start;
        let value = self.operators(binding::OR)?;
        if self.at(Tok::If) { self.conditional(start, value) } else { Ok(value) }
    }

    /// The `expression` behind a token, if that is there.
    pub(super) fn expression_behind(&mut self, tok: Tok) -> Parsed<Option<Box<Expr>>> {
        match self.take(tok) {
            true => Ok(Some(Box::new(self.expression()?))),
            false => Ok(None),
        }
    }

    fn conditional(&mut self, start: usize, body: Expr) -> Parsed<Expr> {
        self.expect(Tok::If)?;
        let test = Box::new(self.operators(binding::OR)?);
        self.expect(Tok::Else)?;
        let orelse = Box::new(self.nested(|parsing| parsing.expression())?);
        let range = self.range_from(start);
        Ok(Expr::If(ExprIf { node_index: NodeIndex::NONE, range, test, body: Box::new(body), orelse }))
    }

    fn lambda(&mut self) -> Parsed<Expr> {
        // Its colon would be that of the field.
        if self.at.open == self.field_at && self.field_at != 0 {
            return Err(Declined);
        }
        let start = self.at.start;
        self.expect(Tok::Lambda)?;
        let parameters = match self.at(Tok::Colon) {
            true => None,
            false => Some(Box::new(self.lambda_parameters()?)),
        };
        self.expect(Tok::Colon)?;
        let body = Box::new(self.expression()?);
        Ok(Expr::Lambda(ExprLambda { node_index: NodeIndex::NONE, range: self.range_from(start), parameters, body }))
    }

    /// Operands with operators between them that bind as tightly as `least`, or tighter.
    pub(super) fn operators(&mut self, least: u8) -> Parsed<Expr> {
        let start = self.at.start;
        let mut left = match self.at.tok {
            Tok::Not if least <= binding::NOT => self.inversion(start)?,
            Tok::Minus | Tok::Plus | Tok::Tilde | Tok::Await => self.factor()?,
            _ => {
                let base = self.primary_from(start)?;
                if self.at(Tok::DoubleStar) { self.power(start, base)? } else { base }
            }
        };
        loop {
            let found = self.at.tok.binding();
            if found < least || found == binding::NONE {
                return Ok(left);
            }
            self.link()?;
            left = match found {
                binding::OR | binding::AND => self.bool_op(start, left, found)?,
                binding::COMPARISON => self.comparison(start, left)?,
                _ => {
                    let op = self.operator_of(self.at.tok)?;
                    self.advance();
                    let right = self.operators(found + 1)?;
                    if op == Operator::Mod && left.is_string_literal_expr() {
                        self.note_rewritable(start);
                    }
                    self.bin_op(start, left, op, right)
                }
            };
        }
    }

    fn inversion(&mut self, start: usize) -> Parsed<Expr> {
        self.advance();
        let operand = Box::new(self.nested(|parsing| parsing.operators(binding::NOT))?);
        Ok(Expr::UnaryOp(ExprUnaryOp { node_index: NodeIndex::NONE, range: self.range_from(start), op: UnaryOp::Not, operand }))
    }

    fn bin_op(&self, start: usize, left: Expr, op: Operator, right: Expr) -> Expr {
        Expr::BinOp(ExprBinOp {
            node_index: NodeIndex::NONE,
            range: self.range_from(start),
            left: Box::new(left),
            op,
            right: Box::new(right),
        })
    }

    fn operator_of(&self, tok: Tok) -> Parsed<Operator> {
        Ok(match tok {
            Tok::Plus => Operator::Add,
            Tok::Minus => Operator::Sub,
            Tok::Star => Operator::Mult,
            Tok::Slash => Operator::Div,
            Tok::Percent => Operator::Mod,
            Tok::At => Operator::MatMult,
            Tok::DoubleSlash => Operator::FloorDiv,
            Tok::LeftShift => Operator::LShift,
            Tok::RightShift => Operator::RShift,
            Tok::Amper => Operator::BitAnd,
            Tok::Vbar => Operator::BitOr,
            Tok::Circumflex => Operator::BitXor,
            _ => return Err(Declined),
        })
    }

    /// What one `and` or `or` after the other connects is one node.
    fn bool_op(&mut self, start: usize, first: Expr, binding: u8) -> Parsed<Expr> {
        let (tok, op) = match binding {
            binding::OR => (Tok::Or, BoolOp::Or),
            _ => (Tok::And, BoolOp::And),
        };
        let base = self.exprs.len();
        self.exprs.push(first);
        while self.take(tok) {
            let next = self.operators(binding + 1)?;
            self.exprs.push(next);
        }
        let values = self.exprs_from(base);
        Ok(Expr::BoolOp(ExprBoolOp { node_index: NodeIndex::NONE, range: self.range_from(start), op, values }))
    }

    fn comparison(&mut self, start: usize, left: Expr) -> Parsed<Expr> {
        let base = self.exprs.len();
        let mut ops = [CmpOp::Eq; 1];
        let mut more = Vec::new();
        while let Some(op) = self.comparison_operator()? {
            match self.exprs.len() == base {
                true => ops[0] = op,
                false => more.push(op),
            }
            let next = self.operators(binding::BIT_OR)?;
            self.exprs.push(next);
        }
        let ops = ops.into_iter().chain(more).collect();
        let comparators = self.exprs_from(base).into_boxed_slice();
        let range = self.range_from(start);
        Ok(Expr::Compare(ExprCompare { node_index: NodeIndex::NONE, range, left: Box::new(left), ops, comparators }))
    }

    fn comparison_operator(&mut self) -> Parsed<Option<CmpOp>> {
        let op = match self.at.tok {
            Tok::EqEqual => CmpOp::Eq,
            Tok::NotEqual => CmpOp::NotEq,
            Tok::Less => CmpOp::Lt,
            Tok::LessEqual => CmpOp::LtE,
            Tok::Greater => CmpOp::Gt,
            Tok::GreaterEqual => CmpOp::GtE,
            Tok::In => CmpOp::In,
            Tok::Is => {
                self.advance();
                return Ok(Some(if self.take(Tok::Not) { CmpOp::IsNot } else { CmpOp::Is }));
            }
            Tok::Not => {
                self.advance();
                self.expect(Tok::In)?;
                return Ok(Some(CmpOp::NotIn));
            }
            _ => return Ok(None),
        };
        self.advance();
        Ok(Some(op))
    }

    /// `factor`: signs, and powers, which bind tighter than the sign before and looser than that behind.
    fn factor(&mut self) -> Parsed<Expr> {
        let start = self.at.start;
        let op = match self.at.tok {
            Tok::Minus => UnaryOp::USub,
            Tok::Plus => UnaryOp::UAdd,
            Tok::Tilde => UnaryOp::Invert,
            _ => {
                let base = if self.at(Tok::Await) { self.await_primary(start)? } else { self.primary()? };
                return if self.at(Tok::DoubleStar) { self.power(start, base) } else { Ok(base) };
            }
        };
        self.advance();
        let operand = Box::new(self.nested(Self::factor)?);
        Ok(Expr::UnaryOp(ExprUnaryOp { node_index: NodeIndex::NONE, range: self.range_from(start), op, operand }))
    }

    /// `power`, behind its base.
    fn power(&mut self, start: usize, base: Expr) -> Parsed<Expr> {
        self.advance();
        let exponent = self.nested(Self::factor)?;
        Ok(self.bin_op(start, base, Operator::Pow, exponent))
    }

    fn await_primary(&mut self, start: usize) -> Parsed<Expr> {
        self.advance();
        let value = Box::new(self.primary()?);
        Ok(Expr::Await(ExprAwait { node_index: NodeIndex::NONE, range: self.range_from(start), value }))
    }
}
