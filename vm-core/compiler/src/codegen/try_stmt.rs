//! `try`, with `except`, `except*`, `else` and `finally`.

use ruff_python_ast::{
    ExceptHandler, ExceptHandlerExceptHandler, ExprContext, Identifier, StmtTry,
};
use tailscope_bytecode::oparg::Intrinsic2;
use tailscope_bytecode::opcode::Opcode;

use super::fblock::FBlockKind;
use super::{Codegen, Result};
use crate::instr::{Label, Loc};

impl<'a> Codegen<'a> {
    pub(super) fn visit_try(&mut self, loc: Loc, s: &'a StmtTry) -> Result<()> {
        if s.finalbody.is_empty() {
            self.try_except(loc, s)
        } else {
            self.try_finally(loc, s)
        }
    }

    /// The `finally` body is emitted twice: after the body, and where an exception goes.
    fn try_finally(&mut self, loc: Loc, s: &'a StmtTry) -> Result<()> {
        let body = self.new_label();
        let end = self.new_label();
        let exit = self.new_label();
        let cleanup = self.new_label();

        self.emit_jump(loc, Opcode::SETUP_FINALLY, end);
        self.place(body);
        self.push_fblock(
            loc,
            FBlockKind::FinallyTry(&s.finalbody),
            Some(body),
            Some(end),
        )?;
        if s.handlers.is_empty() {
            self.visit_stmts(&s.body)?;
        } else {
            self.try_except(loc, s)?;
        }
        self.emit(Loc::NONE, Opcode::POP_BLOCK);
        self.pop_fblock();
        self.visit_stmts(&s.finalbody)?;
        self.emit_jump(Loc::NONE, Opcode::JUMP_NO_INTERRUPT, exit);

        self.place(end);
        self.emit_jump(Loc::NONE, Opcode::SETUP_CLEANUP, cleanup);
        self.emit(Loc::NONE, Opcode::PUSH_EXC_INFO);
        self.push_fblock(Loc::NONE, FBlockKind::FinallyEnd, Some(end), None)?;
        self.visit_stmts(&s.finalbody)?;
        self.pop_fblock();
        self.emit_i(Loc::NONE, Opcode::RERAISE, 0);

        self.place(cleanup);
        self.pop_except_and_reraise(Loc::NONE);

        self.place(exit);
        Ok(())
    }

    fn try_except(&mut self, loc: Loc, s: &'a StmtTry) -> Result<()> {
        if s.is_star {
            self.try_star_except(loc, s)
        } else {
            self.try_plain_except(loc, s)
        }
    }

    fn try_plain_except(&mut self, loc: Loc, s: &'a StmtTry) -> Result<()> {
        let body = self.new_label();
        let except = self.new_label();
        let end = self.new_label();
        let cleanup = self.new_label();

        self.emit_jump(loc, Opcode::SETUP_FINALLY, except);
        self.place(body);
        self.push_fblock(loc, FBlockKind::TryExcept, Some(body), None)?;
        self.visit_stmts(&s.body)?;
        self.pop_fblock();
        self.emit(Loc::NONE, Opcode::POP_BLOCK);
        self.visit_stmts(&s.orelse)?;
        self.emit_jump(Loc::NONE, Opcode::JUMP_NO_INTERRUPT, end);

        self.place(except);
        self.emit_jump(Loc::NONE, Opcode::SETUP_CLEANUP, cleanup);
        self.emit(Loc::NONE, Opcode::PUSH_EXC_INFO);
        self.push_fblock(loc, FBlockKind::ExceptionHandler, None, None)?;
        for (i, ExceptHandler::ExceptHandler(handler)) in s.handlers.iter().enumerate() {
            let is_last = i + 1 == s.handlers.len();
            self.handler(handler, is_last, end)?;
        }
        self.pop_fblock();
        self.emit_i(Loc::NONE, Opcode::RERAISE, 0);

        self.place(cleanup);
        self.pop_except_and_reraise(Loc::NONE);

        self.place(end);
        Ok(())
    }

    fn handler(
        &mut self,
        handler: &'a ExceptHandlerExceptHandler,
        is_last: bool,
        end: Label,
    ) -> Result<()> {
        let loc = self.loc(handler);
        if handler.type_.is_none() && !is_last {
            return self.error(loc, "default 'except:' must be last");
        }
        let next = self.new_label();
        if let Some(type_) = &handler.type_ {
            self.visit_expr(type_)?;
            self.emit(loc, Opcode::CHECK_EXC_MATCH);
            self.emit_jump(loc, Opcode::POP_JUMP_IF_FALSE, next);
        }
        match &handler.name {
            Some(name) => self.named_handler_body(loc, handler, name, end)?,
            None => {
                self.emit(loc, Opcode::POP_TOP);
                let body = self.new_label();
                self.place(body);
                self.push_fblock(loc, FBlockKind::HandlerCleanup(None), Some(body), None)?;
                self.visit_stmts(&handler.body)?;
                self.pop_fblock();
                self.emit(Loc::NONE, Opcode::POP_BLOCK);
                self.emit(Loc::NONE, Opcode::POP_EXCEPT);
                self.emit_jump(Loc::NONE, Opcode::JUMP_NO_INTERRUPT, end);
            }
        }
        self.place(next);
        Ok(())
    }

    /// The body of `except ... as name`: within a `try` of its own, whose `finally` unbinds
    /// the name.
    fn named_handler_body(
        &mut self,
        loc: Loc,
        handler: &'a ExceptHandlerExceptHandler,
        name: &'a Identifier,
        end: Label,
    ) -> Result<()> {
        let cleanup_end = self.new_label();
        let body = self.new_label();
        self.nameop(loc, name, ExprContext::Store);
        self.emit_jump(loc, Opcode::SETUP_CLEANUP, cleanup_end);
        self.place(body);
        self.push_fblock(
            loc,
            FBlockKind::HandlerCleanup(Some(name)),
            Some(body),
            None,
        )?;
        self.visit_stmts(&handler.body)?;
        self.pop_fblock();
        self.emit(Loc::NONE, Opcode::POP_BLOCK);
        self.emit(Loc::NONE, Opcode::POP_BLOCK);
        self.emit(Loc::NONE, Opcode::POP_EXCEPT);
        self.unbind_handler_name(Loc::NONE, name)?;
        self.emit_jump(Loc::NONE, Opcode::JUMP_NO_INTERRUPT, end);

        self.place(cleanup_end);
        self.unbind_handler_name(Loc::NONE, name)?;
        self.emit_i(Loc::NONE, Opcode::RERAISE, 1);
        Ok(())
    }
}

/// `except*`. While the handlers run, the stack holds the original exception group, the
/// list of exceptions that handlers raised, and the part of the group not handled yet.
impl<'a> Codegen<'a> {
    fn try_star_except(&mut self, loc: Loc, s: &'a StmtTry) -> Result<()> {
        let body = self.new_label();
        let except = self.new_label();
        let orelse = self.new_label();
        let end = self.new_label();
        let cleanup = self.new_label();
        let reraise_star = self.new_label();

        self.emit_jump(loc, Opcode::SETUP_FINALLY, except);
        self.place(body);
        self.push_fblock(loc, FBlockKind::TryExcept, Some(body), None)?;
        self.visit_stmts(&s.body)?;
        self.pop_fblock();
        self.emit(Loc::NONE, Opcode::POP_BLOCK);
        self.emit_jump(Loc::NONE, Opcode::JUMP_NO_INTERRUPT, orelse);

        self.place(except);
        self.emit_jump(Loc::NONE, Opcode::SETUP_CLEANUP, cleanup);
        self.emit(Loc::NONE, Opcode::PUSH_EXC_INFO);
        self.push_fblock(loc, FBlockKind::ExceptionGroupHandler, None, None)?;
        for (i, ExceptHandler::ExceptHandler(handler)) in s.handlers.iter().enumerate() {
            if i == 0 {
                let loc = self.loc(handler);
                self.emit_i(loc, Opcode::BUILD_LIST, 0);
                self.emit_i(loc, Opcode::COPY, 2);
            }
            self.star_handler(handler)?;
        }
        // What is left of the group is raised again too (None if nothing is).
        self.emit_i(Loc::NONE, Opcode::LIST_APPEND, 1);
        self.emit_jump(Loc::NONE, Opcode::JUMP_NO_INTERRUPT, reraise_star);
        self.pop_fblock();

        self.place(reraise_star);
        self.reraise_star(end);

        self.place(cleanup);
        self.pop_except_and_reraise(Loc::NONE);

        self.place(orelse);
        self.visit_stmts(&s.orelse)?;

        self.place(end);
        Ok(())
    }

    fn star_handler(&mut self, handler: &'a ExceptHandlerExceptHandler) -> Result<()> {
        let loc = self.loc(handler);
        let next = self.new_label();
        let next_with_error = self.new_label();
        let no_match = self.new_label();
        if let Some(type_) = &handler.type_ {
            self.visit_expr(type_)?;
            self.emit(loc, Opcode::CHECK_EG_MATCH);
            self.emit_i(loc, Opcode::COPY, 1);
            self.emit_jump(loc, Opcode::POP_JUMP_IF_NONE, no_match);
        }
        let cleanup_end = self.new_label();
        let body = self.new_label();
        let name = handler.name.as_ref().map(Identifier::as_str);
        match name {
            Some(name) => self.nameop(loc, name, ExprContext::Store),
            None => self.emit(loc, Opcode::POP_TOP),
        }
        self.emit_jump(loc, Opcode::SETUP_CLEANUP, cleanup_end);
        self.place(body);
        self.push_fblock(loc, FBlockKind::HandlerCleanup(name), Some(body), None)?;
        self.visit_stmts(&handler.body)?;
        self.pop_fblock();
        self.emit(Loc::NONE, Opcode::POP_BLOCK);
        if let Some(name) = name {
            self.unbind_handler_name(Loc::NONE, name)?;
        }
        self.emit_jump(Loc::NONE, Opcode::JUMP_NO_INTERRUPT, next);

        // The handler raised: its exception joins the list.
        self.place(cleanup_end);
        if let Some(name) = name {
            self.unbind_handler_name(Loc::NONE, name)?;
        }
        self.emit_i(Loc::NONE, Opcode::LIST_APPEND, 3);
        self.emit(Loc::NONE, Opcode::POP_TOP);
        self.emit_jump(Loc::NONE, Opcode::JUMP_NO_INTERRUPT, next_with_error);

        self.place(next);
        // Carries the line of what came before.
        self.emit(Loc::NONE, Opcode::NOP);
        self.emit_jump(Loc::NONE, Opcode::JUMP_NO_INTERRUPT, next_with_error);

        self.place(no_match);
        self.emit(loc, Opcode::POP_TOP);

        self.place(next_with_error);
        Ok(())
    }

    /// Raises what the handlers raised and did not handle, if anything.
    fn reraise_star(&mut self, end: Label) {
        let reraise = self.new_label();
        self.emit_intrinsic2(Loc::NONE, Intrinsic2::PrepReraiseStar);
        self.emit_i(Loc::NONE, Opcode::COPY, 1);
        self.emit_jump(Loc::NONE, Opcode::POP_JUMP_IF_NOT_NONE, reraise);

        self.emit(Loc::NONE, Opcode::POP_TOP);
        self.emit(Loc::NONE, Opcode::POP_BLOCK);
        self.emit(Loc::NONE, Opcode::POP_EXCEPT);
        self.emit_jump(Loc::NONE, Opcode::JUMP_NO_INTERRUPT, end);

        self.place(reraise);
        self.emit(Loc::NONE, Opcode::POP_BLOCK);
        self.emit_i(Loc::NONE, Opcode::SWAP, 2);
        self.emit(Loc::NONE, Opcode::POP_EXCEPT);
        self.emit_i(Loc::NONE, Opcode::RERAISE, 0);
    }
}
