//! Expressions: operators, comparisons, conditions, attributes, subscripts.

use ruff_python_ast::{
    BoolOp, CmpOp, Expr, ExprAttribute, ExprBoolOp, ExprCompare, ExprContext, ExprIf, ExprNamed,
    ExprSlice, ExprSubscript, ExprUnaryOp, ExprYield, ExprYieldFrom, Operator, UnaryOp,
};
use tailscope_bytecode::code::Const;
use tailscope_bytecode::oparg::{BinaryOp, CompareOp, Intrinsic1, resume};
use tailscope_bytecode::opcode::Opcode;

use super::names::NameOp;
use super::unit::UnitKind;
use super::{Codegen, Result};
use crate::instr::{Label, Loc};

/// Stack left below which the native stack grows before a nested node is visited.
const RED_ZONE: usize = 128 * 1024;
/// How much it grows then.
const STACK_GROWTH: usize = 2 * 1024 * 1024;

/// Levels of nesting for which the red zone is large enough: the stack is looked at once in so many.
const UNCHECKED_LEVELS: u32 = if cfg!(debug_assertions) { 1 } else { 8 };

/// Runs `f` with enough native stack for some more levels of nesting.
pub(super) fn with_stack<R>(f: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(RED_ZONE, STACK_GROWTH, f)
}

impl Codegen<'_> {
    /// Runs `f`, which visits a nested node, with enough native stack.
    #[inline(always)]
    pub(super) fn nested<R>(&mut self, f: impl FnOnce(&mut Self) -> R) -> R {
        self.depth += 1;
        let result = if self.depth.is_multiple_of(UNCHECKED_LEVELS) {
            with_stack(|| f(self))
        } else {
            f(self)
        };
        self.depth -= 1;
        result
    }
}

/// The operation of BINARY_OP for an operator, or for its augmented assignment.
fn binary_op(op: Operator, inplace: bool) -> BinaryOp {
    match (op, inplace) {
        (Operator::Add, false) => BinaryOp::Add,
        (Operator::Sub, false) => BinaryOp::Subtract,
        (Operator::Mult, false) => BinaryOp::Multiply,
        (Operator::MatMult, false) => BinaryOp::MatrixMultiply,
        (Operator::Div, false) => BinaryOp::TrueDivide,
        (Operator::Mod, false) => BinaryOp::Remainder,
        (Operator::Pow, false) => BinaryOp::Power,
        (Operator::LShift, false) => BinaryOp::Lshift,
        (Operator::RShift, false) => BinaryOp::Rshift,
        (Operator::BitOr, false) => BinaryOp::Or,
        (Operator::BitXor, false) => BinaryOp::Xor,
        (Operator::BitAnd, false) => BinaryOp::And,
        (Operator::FloorDiv, false) => BinaryOp::FloorDivide,
        (Operator::Add, true) => BinaryOp::InplaceAdd,
        (Operator::Sub, true) => BinaryOp::InplaceSubtract,
        (Operator::Mult, true) => BinaryOp::InplaceMultiply,
        (Operator::MatMult, true) => BinaryOp::InplaceMatrixMultiply,
        (Operator::Div, true) => BinaryOp::InplaceTrueDivide,
        (Operator::Mod, true) => BinaryOp::InplaceRemainder,
        (Operator::Pow, true) => BinaryOp::InplacePower,
        (Operator::LShift, true) => BinaryOp::InplaceLshift,
        (Operator::RShift, true) => BinaryOp::InplaceRshift,
        (Operator::BitOr, true) => BinaryOp::InplaceOr,
        (Operator::BitXor, true) => BinaryOp::InplaceXor,
        (Operator::BitAnd, true) => BinaryOp::InplaceAnd,
        (Operator::FloorDiv, true) => BinaryOp::InplaceFloorDivide,
    }
}

/// The operation of COMPARE_OP, for the comparisons that it does.
fn compare_op(op: CmpOp) -> Option<CompareOp> {
    match op {
        CmpOp::Lt => Some(CompareOp::Lt),
        CmpOp::LtE => Some(CompareOp::Le),
        CmpOp::Eq => Some(CompareOp::Eq),
        CmpOp::NotEq => Some(CompareOp::Ne),
        CmpOp::Gt => Some(CompareOp::Gt),
        CmpOp::GtE => Some(CompareOp::Ge),
        CmpOp::Is | CmpOp::IsNot | CmpOp::In | CmpOp::NotIn => None,
    }
}

impl<'a> Codegen<'a> {
    /// Emits the code of an expression: its value goes on the stack, or a value on the
    /// stack into it where it is a target.
    pub(super) fn visit_expr(&mut self, e: &'a Expr) -> Result<()> {
        // Most expressions are names, in which nothing is nested.
        if let Expr::Name(name) = e {
            let loc = self.loc_of(name.range);
            let id = self.name_of(name);
            self.name_access(loc, id, name.ctx);
            return Ok(());
        }
        self.nested(|codegen| codegen.visit_expr_inner(e))
    }

    pub(super) fn visit_exprs(&mut self, exprs: &'a [Expr]) -> Result<()> {
        exprs.iter().try_for_each(|e| self.visit_expr(e))
    }

    fn visit_expr_inner(&mut self, e: &'a Expr) -> Result<()> {
        // Each kind tells where it is: the kinds are told apart once.
        match e {
            Expr::Attribute(e) => self.attribute(self.loc_of(e.range), e),
            Expr::Call(e) => self.call(self.loc(e), e),
            Expr::Subscript(e) => self.subscript(self.loc_of(e.range), e),
            Expr::BinOp(e) => {
                let loc = self.loc_of(e.range);
                self.visit_expr(&e.left)?;
                self.visit_expr(&e.right)?;
                self.emit_binary(loc, e.op);
                Ok(())
            }
            Expr::Compare(e) => self.compare(self.loc_of(e.range), e),
            Expr::BoolOp(e) => self.bool_op(self.loc_of(e.range), e),
            Expr::UnaryOp(e) => self.unary_op(self.loc_of(e.range), e),
            Expr::If(e) => self.if_exp(e),
            Expr::Named(e) => self.named(self.loc_of(e.range), e),
            Expr::Tuple(e) => self.tuple(self.loc_of(e.range), e),
            Expr::List(e) => self.list(self.loc_of(e.range), e),
            Expr::Set(e) => self.set(self.loc_of(e.range), e),
            Expr::Dict(e) => self.dict(self.loc_of(e.range), e),
            Expr::StringLiteral(string) => {
                let loc = self.loc_of(string.range);
                self.visit_constant(loc, e)
            }
            Expr::NumberLiteral(number) => {
                let loc = self.loc_of(number.range);
                self.visit_constant(loc, e)
            }
            _ => self.visit_rarer_expr(e),
        }
    }

    fn visit_rarer_expr(&mut self, e: &'a Expr) -> Result<()> {
        let loc = self.loc(e);
        match e {
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => {
                self.comprehension(loc, e)
            }
            Expr::Lambda(e) => self.lambda(loc, e),
            Expr::FString(e) => self.joined_str(loc, e),
            Expr::TString(e) => self.template_str(loc, e),
            Expr::Slice(e) => self.slice(loc, e),
            Expr::Starred(e) => self.error(loc, starred_error(e.ctx)),
            Expr::Await(e) => {
                self.visit_expr(&e.value)?;
                self.await_result(loc, 0);
                Ok(())
            }
            Expr::Yield(e) => self.visit_yield(loc, e),
            Expr::YieldFrom(e) => self.visit_yield_from(loc, e),
            _ => self.visit_constant(loc, e),
        }
    }

    fn visit_constant(&mut self, loc: Loc, e: &'a Expr) -> Result<()> {
        match self.constant(e) {
            Some(value) => {
                self.emit_const(loc, value);
                Ok(())
            }
            None => self.error(loc, "invalid syntax"),
        }
    }

    fn named(&mut self, loc: Loc, e: &'a ExprNamed) -> Result<()> {
        self.visit_expr(&e.value)?;
        self.emit_i(loc, Opcode::COPY, 1);
        self.visit_expr(&e.target)
    }

    fn unary_op(&mut self, loc: Loc, e: &'a ExprUnaryOp) -> Result<()> {
        self.visit_expr(&e.operand)?;
        match e.op {
            UnaryOp::UAdd => {
                self.emit_intrinsic1(loc, Intrinsic1::UnaryPositive);
            }
            UnaryOp::Not => {
                self.emit(loc, Opcode::TO_BOOL);
                self.emit(loc, Opcode::UNARY_NOT);
            }
            UnaryOp::Invert => self.emit(loc, Opcode::UNARY_INVERT),
            UnaryOp::USub => self.emit(loc, Opcode::UNARY_NEGATIVE),
        }
        Ok(())
    }

    pub(super) fn emit_binary(&mut self, loc: Loc, op: Operator) {
        self.emit_i(loc, Opcode::BINARY_OP, binary_op(op, false).oparg());
    }

    /// Emits the operator of an augmented assignment.
    pub(super) fn emit_inplace(&mut self, loc: Loc, op: Operator) {
        self.emit_i(loc, Opcode::BINARY_OP, binary_op(op, true).oparg());
    }

    /// Emits `value[index]` of what is on the stack.
    pub(super) fn emit_subscript(&mut self, loc: Loc) {
        self.emit_i(loc, Opcode::BINARY_OP, BinaryOp::Subscript.oparg());
    }

    pub(super) fn emit_compare(&mut self, loc: Loc, op: CmpOp) {
        // The operator's number stands above the outcomes that specializations look at.
        match (compare_op(op), op) {
            (Some(compare), _) => {
                let oparg = compare.oparg() << 5 | compare.mask();
                self.emit_i(loc, Opcode::COMPARE_OP, oparg);
            }
            (None, CmpOp::Is) => self.emit_i(loc, Opcode::IS_OP, 0),
            (None, CmpOp::IsNot) => self.emit_i(loc, Opcode::IS_OP, 1),
            (None, CmpOp::In) => self.emit_i(loc, Opcode::CONTAINS_OP, 0),
            (None, _) => self.emit_i(loc, Opcode::CONTAINS_OP, 1),
        }
    }

    fn visit_yield(&mut self, loc: Loc, e: &'a ExprYield) -> Result<()> {
        if !self.unit.scope.is_function_like() {
            return self.error(loc, "'yield' outside function");
        }
        match &e.value {
            Some(value) => self.visit_expr(value)?,
            None => self.emit_const(loc, Const::None),
        }
        self.emit_yield(loc);
        Ok(())
    }

    fn visit_yield_from(&mut self, loc: Loc, e: &'a ExprYieldFrom) -> Result<()> {
        if !self.unit.scope.is_function_like() {
            return self.error(loc, "'yield from' outside function");
        }
        if self.unit.kind == UnitKind::AsyncFunction {
            return self.error(loc, "'yield from' inside async function");
        }
        self.visit_expr(&e.value)?;
        self.emit(loc, Opcode::GET_YIELD_FROM_ITER);
        self.emit_const(loc, Const::None);
        self.yield_from(loc, resume::AFTER_YIELD_FROM);
        Ok(())
    }

    fn bool_op(&mut self, loc: Loc, e: &'a ExprBoolOp) -> Result<()> {
        let jump = match e.op {
            BoolOp::And => Opcode::JUMP_IF_FALSE,
            BoolOp::Or => Opcode::JUMP_IF_TRUE,
        };
        let end = self.new_label();
        let Some((last, init)) = e.values.split_last() else {
            return Ok(());
        };
        for value in init {
            self.visit_expr(value)?;
            self.emit_jump(loc, jump, end);
            self.emit(loc, Opcode::POP_TOP);
        }
        self.visit_expr(last)?;
        self.place(end);
        Ok(())
    }

    fn if_exp(&mut self, e: &'a ExprIf) -> Result<()> {
        let end = self.new_label();
        let next = self.new_label();
        self.jump_if(&e.test, next, false)?;
        self.visit_expr(&e.body)?;
        self.emit_jump(Loc::NONE, Opcode::JUMP_NO_INTERRUPT, end);

        self.place(next);
        self.visit_expr(&e.orelse)?;

        self.place(end);
        Ok(())
    }
}

/// Comparisons and conditions.
impl<'a> Codegen<'a> {
    fn compare(&mut self, loc: Loc, e: &'a ExprCompare) -> Result<()> {
        self.check_compare(loc, e);
        self.visit_expr(&e.left)?;
        let Some((last, init)) = e.comparators.split_last() else {
            return Ok(());
        };
        let last_op = e.ops[init.len()];
        if init.is_empty() {
            self.visit_expr(last)?;
            self.emit_compare(loc, last_op);
            return Ok(());
        }
        let cleanup = self.new_label();
        for (right, op) in init.iter().zip(&*e.ops) {
            self.visit_expr(right)?;
            self.emit_i(loc, Opcode::SWAP, 2);
            self.emit_i(loc, Opcode::COPY, 2);
            self.emit_compare(loc, *op);
            self.emit_i(loc, Opcode::COPY, 1);
            self.emit(loc, Opcode::TO_BOOL);
            self.emit_jump(loc, Opcode::POP_JUMP_IF_FALSE, cleanup);
            self.emit(loc, Opcode::POP_TOP);
        }
        self.visit_expr(last)?;
        self.emit_compare(loc, last_op);
        let end = self.new_label();
        self.emit_jump(Loc::NONE, Opcode::JUMP_NO_INTERRUPT, end);

        self.place(cleanup);
        self.emit_i(loc, Opcode::SWAP, 2);
        self.emit(loc, Opcode::POP_TOP);

        self.place(end);
        Ok(())
    }

    /// Jumps to `next` if the truth of `e` is `condition`, else falls through.
    pub(super) fn jump_if(&mut self, e: &'a Expr, next: Label, condition: bool) -> Result<()> {
        self.nested(|codegen| match e {
            Expr::UnaryOp(unary) if unary.op == UnaryOp::Not => {
                codegen.jump_if(&unary.operand, next, !condition)
            }
            Expr::BoolOp(bool_op) => codegen.jump_if_bool_op(bool_op, next, condition),
            Expr::If(if_exp) => codegen.jump_if_if_exp(if_exp, next, condition),
            Expr::Compare(compare) if compare.ops.len() > 1 => {
                codegen.jump_if_chained(compare, next, condition)
            }
            _ => {
                codegen.visit_expr(e)?;
                let loc = codegen.loc(e);
                codegen.emit(loc, Opcode::TO_BOOL);
                codegen.emit_jump(loc, pop_jump_if(condition), next);
                Ok(())
            }
        })
    }

    fn jump_if_bool_op(&mut self, e: &'a ExprBoolOp, next: Label, condition: bool) -> Result<()> {
        let Some((last, init)) = e.values.split_last() else {
            return Ok(());
        };
        // The truth of an operand that decides the result at once.
        let deciding = e.op == BoolOp::Or;
        let decided = if deciding == condition {
            next
        } else {
            self.new_label()
        };
        for value in init {
            self.jump_if(value, decided, deciding)?;
        }
        self.jump_if(last, next, condition)?;
        if decided != next {
            self.place(decided);
        }
        Ok(())
    }

    fn jump_if_if_exp(&mut self, e: &'a ExprIf, next: Label, condition: bool) -> Result<()> {
        let end = self.new_label();
        let orelse = self.new_label();
        self.jump_if(&e.test, orelse, false)?;
        self.jump_if(&e.body, next, condition)?;
        self.emit_jump(Loc::NONE, Opcode::JUMP_NO_INTERRUPT, end);

        self.place(orelse);
        self.jump_if(&e.orelse, next, condition)?;

        self.place(end);
        Ok(())
    }

    fn jump_if_chained(&mut self, e: &'a ExprCompare, next: Label, condition: bool) -> Result<()> {
        let loc = self.loc(e);
        self.check_compare(loc, e);
        let cleanup = self.new_label();
        self.visit_expr(&e.left)?;
        let Some((last, init)) = e.comparators.split_last() else {
            return Ok(());
        };
        for (right, op) in init.iter().zip(&*e.ops) {
            self.visit_expr(right)?;
            self.emit_i(loc, Opcode::SWAP, 2);
            self.emit_i(loc, Opcode::COPY, 2);
            self.emit_compare(loc, *op);
            self.emit(loc, Opcode::TO_BOOL);
            self.emit_jump(loc, Opcode::POP_JUMP_IF_FALSE, cleanup);
        }
        self.visit_expr(last)?;
        self.emit_compare(loc, e.ops[init.len()]);
        self.emit(loc, Opcode::TO_BOOL);
        self.emit_jump(loc, pop_jump_if(condition), next);
        let end = self.new_label();
        self.emit_jump(Loc::NONE, Opcode::JUMP_NO_INTERRUPT, end);

        self.place(cleanup);
        self.emit(loc, Opcode::POP_TOP);
        if !condition {
            self.emit_jump(Loc::NONE, Opcode::JUMP_NO_INTERRUPT, next);
        }

        self.place(end);
        Ok(())
    }
}

fn pop_jump_if(condition: bool) -> Opcode {
    if condition {
        Opcode::POP_JUMP_IF_TRUE
    } else {
        Opcode::POP_JUMP_IF_FALSE
    }
}

fn starred_error(ctx: ExprContext) -> &'static str {
    match ctx {
        ExprContext::Store => "starred assignment target must be in a list or tuple",
        _ => "can't use starred expression here",
    }
}

/// `loc`, moved to begin at the name of the attribute, all of which is at `whole`, where the name stands
/// on a later line.
pub(super) fn attr_loc(loc: Loc, whole: Loc, e: &ExprAttribute) -> Loc {
    if loc.line == whole.end_line {
        return loc;
    }
    let mut loc = Loc {
        line: whole.end_line,
        ..loc
    };
    let len = e.attr.chars().count() as i32;
    if len <= whole.end_col {
        loc.col = whole.end_col - len;
    } else {
        loc.col = -1;
        loc.end_col = -1;
    }
    loc.end_line = loc.line.max(loc.end_line);
    if loc.line == loc.end_line {
        loc.end_col = loc.col.max(loc.end_col);
    }
    loc
}

/// Attributes, subscripts, slices.
impl<'a> Codegen<'a> {
    fn attribute(&mut self, loc: Loc, e: &'a ExprAttribute) -> Result<()> {
        if e.ctx == ExprContext::Load
            && let Some(call) = self.optimizable_super(e)
        {
            self.load_super_args(call)?;
            let op = if call.arguments.args.is_empty() {
                NameOp::LoadZeroSuperAttr
            } else {
                NameOp::LoadSuperAttr
            };
            self.emit_name(loc, op, &e.attr);
            let loc = attr_loc(loc, loc, e);
            self.emit(loc, Opcode::NOP);
            return Ok(());
        }
        self.note_static_attribute(e);
        self.visit_expr(&e.value)?;
        let loc = attr_loc(loc, loc, e);
        let op = match e.ctx {
            ExprContext::Store => NameOp::StoreAttr,
            ExprContext::Del => NameOp::DeleteAttr,
            ExprContext::Load | ExprContext::Invalid => NameOp::LoadAttr,
        };
        self.emit_name(loc, op, &e.attr);
        Ok(())
    }

    /// Records `self.attr = ...` in a method as a static attribute of its class.
    fn note_static_attribute(&mut self, e: &ExprAttribute) {
        let Expr::Name(object) = &*e.value else {
            return;
        };
        if e.ctx != ExprContext::Store || object.id.as_str() != "self" {
            return;
        }
        if let Some(class) = self
            .stack
            .iter_mut()
            .rev()
            .find(|u| u.kind == UnitKind::Class)
            && !class.static_attributes.contains(e.attr.as_str())
        {
            class.static_attributes.insert(e.attr.as_str().into());
        }
    }

    fn subscript(&mut self, loc: Loc, e: &'a ExprSubscript) -> Result<()> {
        if e.ctx == ExprContext::Load {
            self.check_subscripter(&e.value);
            self.check_index(&e.value, &e.slice);
        }
        self.visit_expr(&e.value)?;
        if e.ctx != ExprContext::Del
            && let Some(slice) = self.two_part_slice(&e.slice)
        {
            self.slice_bounds(slice)?;
            match e.ctx {
                ExprContext::Store => self.emit(loc, Opcode::STORE_SLICE),
                _ => self.emit(loc, Opcode::BINARY_SLICE),
            }
            return Ok(());
        }
        self.visit_expr(&e.slice)?;
        match e.ctx {
            ExprContext::Store => self.emit(loc, Opcode::STORE_SUBSCR),
            ExprContext::Del => self.emit(loc, Opcode::DELETE_SUBSCR),
            ExprContext::Load | ExprContext::Invalid => {
                self.emit_subscript(loc);
            }
        }
        Ok(())
    }

    /// The slice `[lower:upper]` with a part that is no constant: BINARY_SLICE and
    /// STORE_SLICE take its bounds without making a slice object.
    pub(super) fn two_part_slice(&self, e: &'a Expr) -> Option<&'a ExprSlice> {
        match e {
            Expr::Slice(slice) if slice.step.is_none() && !is_constant_slice(slice) => Some(slice),
            _ => None,
        }
    }

    /// Puts both bounds of a slice on the stack.
    pub(super) fn slice_bounds(&mut self, slice: &'a ExprSlice) -> Result<()> {
        let loc = self.loc(slice);
        for bound in [&slice.lower, &slice.upper] {
            match bound {
                Some(bound) => self.visit_expr(bound)?,
                None => self.emit_const(loc, Const::None),
            }
        }
        Ok(())
    }

    fn slice(&mut self, loc: Loc, slice: &'a ExprSlice) -> Result<()> {
        if is_constant_slice(slice) {
            let part = |e: &Option<Box<Expr>>| {
                e.as_deref()
                    .and_then(|e| self.constant(e))
                    .unwrap_or(Const::None)
            };
            let parts = [part(&slice.lower), part(&slice.upper), part(&slice.step)];
            self.emit_const(loc, Const::Slice(parts.into()));
            return Ok(());
        }
        self.slice_bounds(slice)?;
        let mut parts = 2;
        if let Some(step) = &slice.step {
            parts = 3;
            self.visit_expr(step)?;
        }
        self.emit_i(loc, Opcode::BUILD_SLICE, parts);
        Ok(())
    }
}

fn is_constant_slice(slice: &ExprSlice) -> bool {
    [&slice.lower, &slice.upper, &slice.step]
        .into_iter()
        .flatten()
        .all(|part| super::constant::is_constant(part))
}
