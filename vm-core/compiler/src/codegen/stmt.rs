//! Statements: bodies, assignments, conditions, loops, and what leaves them.

use ruff_python_ast::{
    ElifElseClause, Expr, ExprContext, Stmt, StmtAssert, StmtAssign, StmtAugAssign, StmtFor,
    StmtIf, StmtRaise, StmtReturn, StmtWhile,
};
use tailscope_bytecode::code::Const;
use tailscope_bytecode::oparg::{CommonConstant, Intrinsic1};
use tailscope_bytecode::opcode::Opcode;

use super::constant::is_constant;
use super::expr::{attr_loc, with_stack};
use super::fblock::FBlockKind;
use super::names::NameOp;
use super::{Codegen, Result, docstring};
use crate::instr::Loc;

impl<'a> Codegen<'a> {
    /// The body of a module or class: docstring, statements, annotations.
    pub(super) fn body(&mut self, loc: Loc, body: &'a [Stmt]) -> Result<()> {
        // With the future import, whatever has annotations has `__annotations__` from the
        // start; else `__annotate__` is made at the end (PEP 649).
        if self.future_annotations() && self.unit.scope.annotations_used {
            self.emit(loc, Opcode::SETUP_ANNOTATIONS);
        }
        if body.is_empty() {
            return Ok(());
        }
        let mut statements = body;
        // A string at an interactive prompt is no docstring.
        if !self.is_interactive_top_level()
            && self.unit.scope.has_docstring
            && let Some((doc, rest)) = docstring::split(body)
        {
            statements = rest;
            let value = self.docstring(doc)?;
            let loc = self.loc(doc);
            self.emit_const(loc, Const::Str(value));
            self.nameop(Loc::NONE, "__doc__", ExprContext::Store);
        }
        self.visit_stmts(statements)?;
        if !self.future_annotations() {
            self.deferred_annotations(loc)?;
        }
        Ok(())
    }

    pub(super) fn visit_stmts(&mut self, body: &'a [Stmt]) -> Result<()> {
        body.iter().try_for_each(|s| self.visit_stmt(s))
    }

    fn visit_stmt(&mut self, s: &'a Stmt) -> Result<()> {
        self.nested(|codegen| {
            let loc = if codegen.needs_loc(s) { codegen.loc(s) } else { Loc::NONE };
            let conditional = is_compound(s);
            codegen.unit.in_conditional_block += u32::from(conditional);
            codegen.visit_stmt_at(loc, s)?;
            codegen.unit.in_conditional_block -= u32::from(conditional);
            Ok(())
        })
    }

    /// Whether an instruction has the location of the whole statement.
    fn needs_loc(&self, s: &Stmt) -> bool {
        match s {
            Stmt::If(_) | Stmt::With(_) | Stmt::Match(_) | Stmt::Delete(_) => false,
            Stmt::Global(_) | Stmt::Nonlocal(_) => false,
            Stmt::Assign(s) => s.targets.len() > 1,
            Stmt::Expr(s) => self.is_interactive_top_level() || is_constant(&s.value),
            _ => true,
        }
    }

    /// `loc` matters if [`Codegen::needs_loc`] says so.
    fn visit_stmt_at(&mut self, loc: Loc, s: &'a Stmt) -> Result<()> {
        match s {
            Stmt::FunctionDef(s) => self.function_def(loc, s)?,
            Stmt::ClassDef(s) => self.class_def(loc, s)?,
            Stmt::TypeAlias(s) => self.type_alias(loc, s)?,
            Stmt::Return(s) => self.visit_return(loc, s)?,
            Stmt::Delete(s) => self.visit_exprs(&s.targets)?,
            Stmt::Assign(s) => self.assign(loc, s)?,
            Stmt::AugAssign(s) => self.aug_assign(loc, s)?,
            Stmt::AnnAssign(s) => self.ann_assign(loc, s)?,
            Stmt::For(s) if s.is_async => self.async_for(loc, s)?,
            Stmt::For(s) => self.visit_for(loc, s)?,
            Stmt::While(s) => self.visit_while(loc, s)?,
            Stmt::If(s) => self.visit_if(s)?,
            Stmt::With(s) => self.visit_with(s, 0)?,
            Stmt::Match(s) => self.visit_match(s)?,
            Stmt::Raise(s) => self.raise(loc, s)?,
            Stmt::Try(s) => self.visit_try(loc, s)?,
            Stmt::Assert(s) => self.assert(loc, s)?,
            Stmt::Import(s) => self.import(loc, s),
            Stmt::ImportFrom(s) => self.import_from(loc, s),
            Stmt::Global(_) | Stmt::Nonlocal(_) => {}
            Stmt::Expr(s) => self.stmt_expr(loc, &s.value)?,
            Stmt::Pass(_) => self.emit(loc, Opcode::NOP),
            Stmt::Break(_) => self.visit_break(loc)?,
            Stmt::Continue(_) => self.visit_continue(loc)?,
            Stmt::IpyEscapeCommand(_) => return self.error(loc, "invalid syntax"),
        }
        Ok(())
    }

    fn stmt_expr(&mut self, loc: Loc, value: &'a Expr) -> Result<()> {
        if self.is_interactive_top_level() {
            self.visit_expr(value)?;
            self.emit_intrinsic1(loc, Intrinsic1::Print);
        } else if is_constant(value) {
            self.emit(loc, Opcode::NOP);
            return Ok(());
        } else {
            self.visit_expr(value)?;
        }
        self.emit(Loc::NONE, Opcode::POP_TOP);
        Ok(())
    }

    fn assign(&mut self, loc: Loc, s: &'a StmtAssign) -> Result<()> {
        self.visit_expr(&s.value)?;
        let last = s.targets.len().saturating_sub(1);
        for (i, target) in s.targets.iter().enumerate() {
            if i < last {
                self.emit_i(loc, Opcode::COPY, 1);
            }
            self.visit_expr(target)?;
        }
        Ok(())
    }

    fn aug_assign(&mut self, loc: Loc, s: &'a StmtAugAssign) -> Result<()> {
        let target_loc = self.loc(&*s.target);
        match &*s.target {
            Expr::Attribute(e) => {
                self.visit_expr(&e.value)?;
                self.emit_i(target_loc, Opcode::COPY, 1);
                let attr_loc = attr_loc(target_loc, target_loc, e);
                self.emit_name(attr_loc, NameOp::LoadAttr, &e.attr);
                self.aug_value(loc, s)?;
                self.emit_i(attr_loc, Opcode::SWAP, 2);
                self.emit_name(attr_loc, NameOp::StoreAttr, &e.attr);
            }
            Expr::Subscript(e) => {
                self.visit_expr(&e.value)?;
                if let Some(slice) = self.two_part_slice(&e.slice) {
                    self.slice_bounds(slice)?;
                    for _ in 0..3 {
                        self.emit_i(target_loc, Opcode::COPY, 3);
                    }
                    self.emit(target_loc, Opcode::BINARY_SLICE);
                    self.aug_value(loc, s)?;
                    for depth in [4, 3, 2] {
                        self.emit_i(target_loc, Opcode::SWAP, depth);
                    }
                    self.emit(target_loc, Opcode::STORE_SLICE);
                } else {
                    self.visit_expr(&e.slice)?;
                    for _ in 0..2 {
                        self.emit_i(target_loc, Opcode::COPY, 2);
                    }
                    self.emit_subscript(target_loc);
                    self.aug_value(loc, s)?;
                    for depth in [3, 2] {
                        self.emit_i(target_loc, Opcode::SWAP, depth);
                    }
                    self.emit(target_loc, Opcode::STORE_SUBSCR);
                }
            }
            Expr::Name(name) => {
                let name = self.name_of(name);
                self.name_access(target_loc, name, ExprContext::Load);
                self.aug_value(loc, s)?;
                self.name_access(target_loc, name, ExprContext::Store);
            }
            target => return super::constant::no_target(target, "augmented"),
        }
        Ok(())
    }

    /// The right side of an augmented assignment and its operator.
    fn aug_value(&mut self, loc: Loc, s: &'a StmtAugAssign) -> Result<()> {
        self.visit_expr(&s.value)?;
        self.emit_inplace(loc, s.op);
        Ok(())
    }

    fn raise(&mut self, loc: Loc, s: &'a StmtRaise) -> Result<()> {
        let mut count = 0;
        if let Some(exc) = &s.exc {
            self.visit_expr(exc)?;
            count = 1;
            if let Some(cause) = &s.cause {
                self.visit_expr(cause)?;
                count = 2;
            }
        }
        self.emit_i(loc, Opcode::RAISE_VARARGS, count);
        Ok(())
    }

    fn assert(&mut self, loc: Loc, s: &'a StmtAssert) -> Result<()> {
        if matches!(&*s.test, Expr::Tuple(tuple) if !tuple.elts.is_empty()) {
            self.warn(loc, "assertion is always true, perhaps remove parentheses?");
        }
        if self.options.optimize > 0 {
            return Ok(());
        }
        let end = self.new_label();
        self.jump_if(&s.test, end, true)?;
        let class = CommonConstant::AssertionError.oparg();
        self.emit_i(loc, Opcode::LOAD_COMMON_CONSTANT, class);
        if let Some(msg) = &s.msg {
            self.visit_expr(msg)?;
            self.emit_i(loc, Opcode::CALL, 0);
        }
        let test_loc = self.loc(&*s.test);
        self.emit_i(test_loc, Opcode::RAISE_VARARGS, 1);
        self.place(end);
        Ok(())
    }
}

/// Whether annotations inside of the statement may not be executed.
fn is_compound(s: &Stmt) -> bool {
    matches!(
        s,
        Stmt::For(_) | Stmt::While(_) | Stmt::If(_) | Stmt::Match(_) | Stmt::Try(_) | Stmt::With(_)
    )
}

/// Conditions and loops.
impl<'a> Codegen<'a> {
    fn visit_if(&mut self, s: &'a StmtIf) -> Result<()> {
        self.if_clauses(&s.test, &s.body, &s.elif_else_clauses)
    }

    fn if_clauses(
        &mut self,
        test: &'a Expr,
        body: &'a [Stmt],
        rest: &'a [ElifElseClause],
    ) -> Result<()> {
        let end = self.new_label();
        let next = if rest.is_empty() {
            end
        } else {
            self.new_label()
        };
        self.jump_if(test, next, false)?;
        self.visit_stmts(body)?;
        if let Some((clause, rest)) = rest.split_first() {
            self.emit_jump(Loc::NONE, Opcode::JUMP_NO_INTERRUPT, end);
            self.place(next);
            match &clause.test {
                Some(test) => with_stack(|| self.if_clauses(test, &clause.body, rest))?,
                None => self.visit_stmts(&clause.body)?,
            }
        }
        self.place(end);
        Ok(())
    }

    fn visit_for(&mut self, loc: Loc, s: &'a StmtFor) -> Result<()> {
        let start = self.new_label();
        let cleanup = self.new_label();
        let end = self.new_label();
        self.push_fblock(loc, FBlockKind::ForLoop, Some(start), Some(end))?;

        self.visit_expr(&s.iter)?;
        let iter_loc = self.loc(&*s.iter);
        self.emit(iter_loc, Opcode::GET_ITER);

        self.place(start);
        self.emit_jump(iter_loc, Opcode::FOR_ITER, cleanup);
        // So that each iteration of a loop over several lines is traced on the target's
        // line; removed where it says nothing new.
        let target_loc = self.loc(&*s.target);
        self.emit(target_loc, Opcode::NOP);
        self.visit_expr(&s.target)?;
        self.visit_stmts(&s.body)?;
        self.emit_jump(Loc::NONE, Opcode::JUMP, start);

        self.place(cleanup);
        self.end_for();
        self.pop_fblock();
        self.visit_stmts(&s.orelse)?;
        self.place(end);
        Ok(())
    }

    /// Leaves a loop whose iterator is exhausted. END_FOR comes first because generators
    /// jump to it and other iterators jump over it, which instrumentation relies upon.
    pub(super) fn end_for(&mut self) {
        self.emit(Loc::NONE, Opcode::END_FOR);
        self.emit(Loc::NONE, Opcode::POP_ITER);
    }

    fn async_for(&mut self, loc: Loc, s: &'a StmtFor) -> Result<()> {
        let start = self.new_label();
        let send = self.new_label();
        let except = self.new_label();
        let end = self.new_label();

        self.visit_expr(&s.iter)?;
        let iter_loc = self.loc(&*s.iter);
        self.emit(iter_loc, Opcode::GET_AITER);

        self.place(start);
        self.push_fblock(loc, FBlockKind::ForLoop, Some(start), Some(end))?;
        self.async_next(loc, send, except);
        self.emit(loc, Opcode::NOT_TAKEN);

        self.visit_expr(&s.target)?;
        self.visit_stmts(&s.body)?;
        self.emit_jump(Loc::NONE, Opcode::JUMP, start);
        self.pop_fblock();

        self.place(except);
        // The loop ends where its iterator stands, not where its body does.
        self.emit_jump(iter_loc, Opcode::END_ASYNC_FOR, send);
        self.visit_stmts(&s.orelse)?;
        self.place(end);
        Ok(())
    }

    /// Awaits the next item of the asynchronous iterator on the stack; what that raises
    /// goes to `except`.
    pub(super) fn async_next(
        &mut self,
        loc: Loc,
        send: crate::instr::Label,
        except: crate::instr::Label,
    ) {
        self.emit_jump(loc, Opcode::SETUP_FINALLY, except);
        self.emit(loc, Opcode::GET_ANEXT);
        self.emit_const(loc, Const::None);
        self.place(send);
        self.yield_from(loc, tailscope_bytecode::oparg::resume::AFTER_AWAIT);
        self.emit(loc, Opcode::POP_BLOCK);
    }

    fn visit_while(&mut self, loc: Loc, s: &'a StmtWhile) -> Result<()> {
        let start = self.new_label();
        let end = self.new_label();
        let anchor = self.new_label();

        self.place(start);
        self.push_fblock(loc, FBlockKind::WhileLoop, Some(start), Some(end))?;
        self.jump_if(&s.test, anchor, false)?;
        self.visit_stmts(&s.body)?;
        self.emit_jump(Loc::NONE, Opcode::JUMP, start);
        self.pop_fblock();

        self.place(anchor);
        self.visit_stmts(&s.orelse)?;
        self.place(end);
        Ok(())
    }

    fn visit_return(&mut self, loc: Loc, s: &'a StmtReturn) -> Result<()> {
        let scope = self.unit.scope;
        if !scope.is_function_like() {
            return self.error(loc, "'return' outside function");
        }
        if s.value.is_some() && scope.is_coroutine && scope.is_generator {
            return self.error(loc, "'return' with value in async generator");
        }
        let statement_loc = loc;
        let mut loc = loc;
        let constant = s
            .value
            .as_deref()
            .map_or(Some(Const::None), |v| self.constant(v));
        let mut on_other_line = true;
        if let Some(value) = s.value.as_deref() {
            let value_loc = self.loc(value);
            on_other_line = value_loc.line != statement_loc.line;
            if constant.is_some() {
                // Marks the line of the value, which is loaded after unwinding.
                loc = value_loc;
                self.emit(loc, Opcode::NOP);
            } else {
                self.visit_expr(value)?;
            }
        }
        if on_other_line {
            loc = statement_loc;
            self.emit(loc, Opcode::NOP);
        }
        self.unwind_fblock_stack(&mut loc, constant.is_none(), false)?;
        if let Some(constant) = constant {
            self.emit_const(loc, constant);
        }
        self.emit(loc, Opcode::RETURN_VALUE);
        Ok(())
    }

    fn visit_break(&mut self, loc: Loc) -> Result<()> {
        let mut at = loc;
        self.emit(loc, Opcode::NOP);
        let Some(block) = self.unwind_fblock_stack(&mut at, false, true)? else {
            return self.error(loc, "'break' outside loop");
        };
        self.unwind_fblock(&mut at, &block, false)?;
        if let Some(exit) = block.exit {
            self.emit_jump(at, Opcode::JUMP, exit);
        }
        Ok(())
    }

    fn visit_continue(&mut self, loc: Loc) -> Result<()> {
        let mut at = loc;
        self.emit(loc, Opcode::NOP);
        let Some(block) = self.unwind_fblock_stack(&mut at, false, true)? else {
            return self.error(loc, "'continue' not properly in loop");
        };
        if let Some(start) = block.start {
            self.emit_jump(at, Opcode::JUMP, start);
        }
        Ok(())
    }
}
