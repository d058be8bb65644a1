//! What is assigned to, and deleted.

use ruff_python_ast::{Expr, ExprContext, ExprName, ExprStarred};

use super::token::Tok;
use super::{Declined, NodeIndex, Parsed, Parsing};

impl Parsing<'_> {
    /// `star_targets`, as loops have them.
    pub(super) fn star_targets(&mut self) -> Parsed<Expr> {
        let start = self.at.start;
        self.star_target()?;
        if self.at(Tok::Comma) {
            self.tuple_behind(start, Self::star_target)?;
        } else if self.is_starred() {
            return Err(Declined);
        }
        let mut target = self.take_expr()?;
        store(&mut target)?;
        Ok(target)
    }

    fn star_target(&mut self) -> Parsed<()> {
        if !self.at(Tok::Star) {
            return self.primary();
        }
        let start = self.at.start;
        self.advance();
        let value = self.boxed(Self::primary)?;
        let range = self.range_from(start);
        self.exprs.push(Expr::Starred(ExprStarred { node_index: NodeIndex::NONE, range, value, ctx: ExprContext::Load }));
        Ok(())
    }

    /// Makes what was parsed last a target of an assignment.
    pub(super) fn store_last(&mut self) -> Parsed<()> {
        self.exprs.last_mut().map_or(Err(Declined), store)
    }

    /// One target, behind `as`.
    pub(super) fn single_target(&mut self) -> Parsed<Expr> {
        let mut target = self.expr(Self::primary)?;
        store(&mut target)?;
        Ok(target)
    }

    /// A name that is assigned to.
    pub(super) fn single_target_name(&mut self) -> Parsed<Expr> {
        let name = self.identifier()?;
        Ok(Expr::Name(ExprName { node_index: NodeIndex::NONE, range: name.range, id: name.id, ctx: ExprContext::Store }))
    }

    /// One of the targets of `del`.
    pub(super) fn del_target(&mut self) -> Parsed<Expr> {
        let mut target = self.expr(Self::primary)?;
        set_context(&mut target, ExprContext::Del, false)?;
        Ok(target)
    }
}

/// Makes it a target of an assignment, if it can be one.
pub(super) fn store(target: &mut Expr) -> Parsed<()> {
    set_context(target, ExprContext::Store, false)
}

fn set_context(target: &mut Expr, context: ExprContext, may_be_starred: bool) -> Parsed<()> {
    match target {
        Expr::Name(name) => name.ctx = context,
        Expr::Attribute(attribute) => attribute.ctx = context,
        Expr::Subscript(subscript) => subscript.ctx = context,
        Expr::Starred(starred) if may_be_starred => {
            starred.ctx = context;
            return set_context(&mut starred.value, context, false);
        }
        Expr::List(list) => {
            list.ctx = context;
            return set_contexts(&mut list.elts, context);
        }
        Expr::Tuple(tuple) => {
            tuple.ctx = context;
            return set_contexts(&mut tuple.elts, context);
        }
        _ => return Err(Declined),
    }
    Ok(())
}

fn set_contexts(elements: &mut [Expr], context: ExprContext) -> Parsed<()> {
    let may_be_starred = context == ExprContext::Store;
    elements.iter_mut().try_for_each(|element| set_context(element, context, may_be_starred))
}
