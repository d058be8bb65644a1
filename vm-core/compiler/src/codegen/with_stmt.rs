//! `with` and `async with`.

use ruff_python_ast::StmtWith;
use tailscope_bytecode::oparg::SpecialMethod;
use tailscope_bytecode::opcode::Opcode;

use super::expr::with_stack;
use super::fblock::FBlockKind;
use super::{Codegen, Result};
use crate::instr::{Label, Loc};

impl<'a> Codegen<'a> {
    /// The statement from its item number `pos` on.
    pub(super) fn visit_with(&mut self, s: &'a StmtWith, pos: usize) -> Result<()> {
        let Some(item) = s.items.get(pos) else {
            return self.visit_stmts(&s.body);
        };
        let block = self.new_label();
        let on_error = self.new_label();
        let exit = self.new_label();
        let cleanup = self.new_label();

        self.visit_expr(&item.context_expr)?;
        let loc = self.loc(&item.context_expr);
        self.enter_context(loc, s.is_async);
        self.emit_jump(loc, Opcode::SETUP_WITH, on_error);

        self.place(block);
        let kind = if s.is_async {
            FBlockKind::AsyncWith
        } else {
            FBlockKind::With
        };
        self.push_fblock(loc, kind, Some(block), Some(on_error))?;
        match &item.optional_vars {
            Some(target) => self.visit_expr(target)?,
            None => self.emit(loc, Opcode::POP_TOP),
        }
        with_stack(|| self.visit_with(s, pos + 1))?;
        self.pop_fblock();

        // The body ended without an exception.
        self.emit(if s.is_async { loc } else { Loc::NONE }, Opcode::POP_BLOCK);
        self.call_exit_with_nones(loc);
        if s.is_async {
            self.await_result(loc, 2);
        }
        self.emit(loc, Opcode::POP_TOP);
        self.emit_jump(loc, Opcode::JUMP, exit);

        // It raised one.
        self.place(on_error);
        self.emit_jump(loc, Opcode::SETUP_CLEANUP, cleanup);
        self.emit(loc, Opcode::PUSH_EXC_INFO);
        self.emit(loc, Opcode::WITH_EXCEPT_START);
        if s.is_async {
            self.await_result(loc, 2);
        }
        self.with_except_finish(cleanup);

        self.place(exit);
        Ok(())
    }

    /// Leaves the exit method (with its self) on the stack, and above it what the context
    /// manager's enter method returns.
    fn enter_context(&mut self, loc: Loc, is_async: bool) {
        let (enter, exit) = if is_async {
            (SpecialMethod::Aenter, SpecialMethod::Aexit)
        } else {
            (SpecialMethod::Enter, SpecialMethod::Exit)
        };
        self.emit_i(loc, Opcode::COPY, 1);
        self.emit_i(loc, Opcode::LOAD_SPECIAL, exit.oparg());
        self.emit_i(loc, Opcode::SWAP, 2);
        self.emit_i(loc, Opcode::SWAP, 3);
        self.emit_i(loc, Opcode::LOAD_SPECIAL, enter.oparg());
        self.emit_i(loc, Opcode::CALL, 0);
        if is_async {
            self.await_result(loc, 1);
        }
    }

    /// Suppresses the exception if the exit method said so, else raises it again.
    fn with_except_finish(&mut self, cleanup: Label) {
        let suppress = self.new_label();
        self.emit(Loc::NONE, Opcode::TO_BOOL);
        self.emit_jump(Loc::NONE, Opcode::POP_JUMP_IF_TRUE, suppress);
        self.emit_i(Loc::NONE, Opcode::RERAISE, 2);

        self.place(suppress);
        self.emit(Loc::NONE, Opcode::POP_TOP);
        self.emit(Loc::NONE, Opcode::POP_BLOCK);
        self.emit(Loc::NONE, Opcode::POP_EXCEPT);
        for _ in 0..3 {
            self.emit(Loc::NONE, Opcode::POP_TOP);
        }
        let exit = self.new_label();
        self.emit_jump(Loc::NONE, Opcode::JUMP_NO_INTERRUPT, exit);

        self.place(cleanup);
        self.pop_except_and_reraise(Loc::NONE);

        self.place(exit);
    }
}
