//! Operators, from the loosest to the tightest. What is parsed is left in [`Parsing::exprs`].

use ruff_python_ast::{
    BoolOp, CmpOp, Expr, ExprAwait, ExprBinOp, ExprBoolOp, ExprCompare, ExprContext, ExprIf, ExprLambda, ExprNamed, ExprStarred,
    ExprTuple, ExprUnaryOp, ExprYield, ExprYieldFrom, Operator, UnaryOp,
};

use super::token::{Tok, binding};
use super::{Declined, NodeIndex, Parsed, Parsing};

impl Parsing<'_> {
    /// `star_expressions`: one, or a tuple without parentheses.
    pub(super) fn star_expressions(&mut self) -> Parsed<()> {
        let start = self.at.start;
        self.star_expression()?;
        if self.at(Tok::Comma) { self.tuple_behind(start, Self::star_expression) } else { Ok(()) }
    }

    /// The tuple without parentheses whose first element was parsed, at its first comma.
    pub(super) fn tuple_behind(&mut self, start: usize, element: impl Fn(&mut Self) -> Parsed<()>) -> Parsed<()> {
        let base = self.last_expr();
        while self.take(Tok::Comma) {
            if !self.begins_expression() {
                break;
            }
            element(self)?;
        }
        let elts = self.exprs_from(base);
        let range = self.range_from(start);
        let ctx = ExprContext::Load;
        self.exprs.push(Expr::Tuple(ExprTuple { node_index: NodeIndex::NONE, range, elts, ctx, parenthesized: false }));
        Ok(())
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
    pub(super) fn star_expression(&mut self) -> Parsed<()> {
        if self.at(Tok::Star) { self.starred(binding::BIT_OR) } else { self.expression() }
    }

    /// `star_named_expression`.
    pub(super) fn star_named_expression(&mut self) -> Parsed<()> {
        if self.at(Tok::Star) { self.starred(binding::BIT_OR) } else { self.named_expression() }
    }

    /// A star and its operand, of operators that bind so tightly; any `expression` if none is said.
    pub(super) fn starred(&mut self, binding: u8) -> Parsed<()> {
        let start = self.at.start;
        self.expect(Tok::Star)?;
        if binding == self::binding::NONE { self.expression()? } else { self.operators(binding)? }
        let (range, value) = (self.range_from(start), self.take_boxed()?);
        self.exprs.push(Expr::Starred(ExprStarred { node_index: NodeIndex::NONE, range, value, ctx: ExprContext::Load }));
        Ok(())
    }

    /// `yield_expr | star_expressions`: what may be assigned.
    pub(super) fn yield_or_star_expressions(&mut self) -> Parsed<()> {
        if self.at(Tok::Yield) { self.yield_expression() } else { self.star_expressions() }
    }

    pub(super) fn yield_expression(&mut self) -> Parsed<()> {
        let start = self.at.start;
        self.expect(Tok::Yield)?;
        let parsed = if self.take(Tok::From) {
            let value = self.boxed(Self::expression)?;
            Expr::YieldFrom(ExprYieldFrom { node_index: NodeIndex::NONE, range: self.range_from(start), value })
        } else {
            let value = match self.begins_expression() {
                true => Some(self.boxed(Self::star_expressions)?),
                false => None,
            };
            Expr::Yield(ExprYield { node_index: NodeIndex::NONE, range: self.range_from(start), value })
        };
        self.exprs.push(parsed);
        Ok(())
    }

    /// `named_expression`.
    pub(super) fn named_expression(&mut self) -> Parsed<()> {
        let (start, is_name) = (self.at.start, self.at(Tok::Name));
        self.expression()?;
        if !self.at(Tok::ColonEqual) {
            return Ok(());
        }
        // The name stands there by itself, in no parentheses.
        let Expr::Name(mut name) = self.take_expr()? else { return Err(Declined) };
        if !is_name {
            return Err(Declined);
        }
        self.advance();
        name.ctx = ExprContext::Store;
        let value = self.boxed(Self::expression)?;
        let (range, target) = (self.range_from(start), Box::new(Expr::Name(name)));
        self.exprs.push(Expr::Named(ExprNamed { node_index: NodeIndex::NONE, range, target, value }));
        Ok(())
    }

    /// `expression`.
    #[inline(always)]
    pub(super) fn expression(&mut self) -> Parsed<()> {
        if self.at(Tok::Lambda) {
            return self.nested(Self::lambda);
        }
        let start = self.at.start;
        self.operators(binding::OR)?;
        if self.at(Tok::If) { self.conditional(start) } else { Ok(()) }
    }

    /// The `expression` behind a token, if that is there.
    pub(super) fn expression_behind(&mut self, tok: Tok) -> Parsed<Option<Box<Expr>>> {
        match self.take(tok) {
            true => Ok(Some(self.boxed(Self::expression)?)),
            false => Ok(None),
        }
    }

    /// Behind what the value is if the condition holds.
    fn conditional(&mut self, start: usize) -> Parsed<()> {
        let body = self.take_boxed()?;
        self.expect(Tok::If)?;
        let test = self.boxed(|parsing| parsing.operators(binding::OR))?;
        self.expect(Tok::Else)?;
        let orelse = self.boxed(|parsing| parsing.nested(Self::expression))?;
        let range = self.range_from(start);
        self.exprs.push(Expr::If(ExprIf { node_index: NodeIndex::NONE, range, test, body, orelse }));
        Ok(())
    }

    fn lambda(&mut self) -> Parsed<()> {
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
        let body = self.boxed(Self::expression)?;
        let range = self.range_from(start);
        self.exprs.push(Expr::Lambda(ExprLambda { node_index: NodeIndex::NONE, range, parameters, body }));
        Ok(())
    }

    /// Operands with operators between them that bind as tightly as `least`, or tighter.
    pub(super) fn operators(&mut self, least: u8) -> Parsed<()> {
        let start = self.at.start;
        match self.at.tok {
            Tok::Not if least <= binding::NOT => self.inversion(start)?,
            Tok::Minus | Tok::Plus | Tok::Tilde | Tok::Await => self.factor()?,
            _ => {
                self.primary_from(start)?;
                if self.at(Tok::DoubleStar) {
                    self.power(start)?;
                }
            }
        }
        loop {
            let found = self.at.tok.binding();
            if found < least || found == binding::NONE {
                return Ok(());
            }
            self.link()?;
            match found {
                binding::OR | binding::AND => self.bool_op(start, found)?,
                binding::COMPARISON => self.comparison(start)?,
                _ => {
                    let op = self.operator_of(self.at.tok)?;
                    self.advance();
                    self.operators(found + 1)?;
                    self.bin_op(start, op)?;
                }
            }
        }
    }

    fn inversion(&mut self, start: usize) -> Parsed<()> {
        self.advance();
        let operand = self.boxed(|parsing| parsing.nested(|parsing| parsing.operators(binding::NOT)))?;
        self.unary_op(start, UnaryOp::Not, operand);
        Ok(())
    }

    fn unary_op(&mut self, start: usize, op: UnaryOp, operand: Box<Expr>) {
        let range = self.range_from(start);
        self.exprs.push(Expr::UnaryOp(ExprUnaryOp { node_index: NodeIndex::NONE, range, op, operand }));
    }

    /// Of the two operands that were parsed last.
    fn bin_op(&mut self, start: usize, op: Operator) -> Parsed<()> {
        let (right, left) = (self.take_boxed()?, self.take_boxed()?);
        if op == Operator::Mod && left.is_string_literal_expr() {
            self.note_rewritable(start);
        }
        let range = self.range_from(start);
        self.exprs.push(Expr::BinOp(ExprBinOp { node_index: NodeIndex::NONE, range, left, op, right }));
        Ok(())
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

    /// What one `and` or `or` after the other connects is one node; behind the first operand.
    fn bool_op(&mut self, start: usize, binding: u8) -> Parsed<()> {
        let (tok, op) = match binding {
            binding::OR => (Tok::Or, BoolOp::Or),
            _ => (Tok::And, BoolOp::And),
        };
        let base = self.last_expr();
        while self.take(tok) {
            self.operators(binding + 1)?;
        }
        let (range, values) = (self.range_from(start), self.exprs_from(base));
        self.exprs.push(Expr::BoolOp(ExprBoolOp { node_index: NodeIndex::NONE, range, op, values }));
        Ok(())
    }

    /// Behind the left operand.
    fn comparison(&mut self, start: usize) -> Parsed<()> {
        let left = self.take_boxed()?;
        let base = self.exprs.len();
        let mut ops = [CmpOp::Eq; 1];
        let mut more = Vec::new();
        while let Some(op) = self.comparison_operator()? {
            match self.exprs.len() == base {
                true => ops[0] = op,
                false => more.push(op),
            }
            self.operators(binding::BIT_OR)?;
        }
        let ops = ops.into_iter().chain(more).collect();
        let comparators = self.exprs_from(base).into_boxed_slice();
        let range = self.range_from(start);
        self.exprs.push(Expr::Compare(ExprCompare { node_index: NodeIndex::NONE, range, left, ops, comparators }));
        Ok(())
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
    fn factor(&mut self) -> Parsed<()> {
        let start = self.at.start;
        let op = match self.at.tok {
            Tok::Minus => UnaryOp::USub,
            Tok::Plus => UnaryOp::UAdd,
            Tok::Tilde => UnaryOp::Invert,
            _ => {
                if self.at(Tok::Await) { self.await_primary(start)? } else { self.primary()? }
                return if self.at(Tok::DoubleStar) { self.power(start) } else { Ok(()) };
            }
        };
        self.advance();
        let operand = self.boxed(|parsing| parsing.nested(Self::factor))?;
        self.unary_op(start, op, operand);
        Ok(())
    }

    /// `power`, behind its base.
    fn power(&mut self, start: usize) -> Parsed<()> {
        self.advance();
        self.nested(Self::factor)?;
        self.bin_op(start, Operator::Pow)
    }

    fn await_primary(&mut self, start: usize) -> Parsed<()> {
        self.advance();
        let value = self.boxed(Self::primary)?;
        let range = self.range_from(start);
        self.exprs.push(Expr::Await(ExprAwait { node_index: NodeIndex::NONE, range, value }));
        Ok(())
    }
}
