//! The block stack: which loops, `try` and `with` statements surround the code being
//! generated, and how `return`, `break` and `continue` leave them.

use ruff_python_ast::{ExprContext, Stmt};
use tailscope_bytecode::code::Const;
use tailscope_bytecode::opcode::Opcode;

use super::{Codegen, Result};
use crate::instr::{Label, Loc};

/// CPython's limit of statically nested blocks.
const MAX_BLOCKS: usize = 21;

#[derive(Clone, Copy, Debug)]
pub(super) enum FBlockKind<'a> {
    WhileLoop,
    ForLoop,
    TryExcept,
    /// The body of `try` with a `finally` of these statements.
    FinallyTry(&'a [Stmt]),
    FinallyEnd,
    With,
    AsyncWith,
    /// The body of an exception handler, with the name it binds.
    HandlerCleanup(Option<&'a str>),
    PopValue,
    ExceptionHandler,
    ExceptionGroupHandler,
    AsyncComprehensionGenerator,
    StopIteration,
}

/// An entry of the block stack.
#[derive(Clone, Copy, Debug)]
pub(super) struct FBlock<'a> {
    pub kind: FBlockKind<'a>,
    /// Loops: where `continue` goes.
    pub start: Option<Label>,
    /// Loops: where `break` goes.
    pub exit: Option<Label>,
    pub loc: Loc,
}

impl FBlockKind<'_> {
    fn is_loop(self) -> bool {
        matches!(self, FBlockKind::WhileLoop | FBlockKind::ForLoop)
    }
}

impl<'a> Codegen<'a> {
    pub(super) fn push_fblock(
        &mut self,
        loc: Loc,
        kind: FBlockKind<'a>,
        start: Option<Label>,
        exit: Option<Label>,
    ) -> Result<()> {
        self.push_fblock_entry(FBlock {
            kind,
            start,
            exit,
            loc,
        })
    }

    fn push_fblock_entry(&mut self, block: FBlock<'a>) -> Result<()> {
        if self.unit.fblocks.len() >= MAX_BLOCKS {
            return self.error(block.loc, "too many statically nested blocks");
        }
        self.unit.fblocks.push(block);
        if matches!(block.kind, FBlockKind::FinallyEnd) {
            self.disabled_warnings += 1;
        }
        Ok(())
    }

    pub(super) fn pop_fblock(&mut self) {
        let block = self.unit.fblocks.pop();
        debug_assert!(block.is_some(), "blocks are popped where they were pushed");
        if block.is_some_and(|b| matches!(b.kind, FBlockKind::FinallyEnd)) {
            self.disabled_warnings -= 1;
        }
    }

    /// Emits what leaving one block takes. With `preserve_tos` the value on top of the
    /// stack survives. `loc` moves to no location where what follows is artificial.
    pub(super) fn unwind_fblock(
        &mut self,
        loc: &mut Loc,
        block: &FBlock<'a>,
        preserve_tos: bool,
    ) -> Result<()> {
        match block.kind {
            FBlockKind::WhileLoop
            | FBlockKind::ExceptionHandler
            | FBlockKind::ExceptionGroupHandler
            | FBlockKind::AsyncComprehensionGenerator
            | FBlockKind::StopIteration => {}
            // Pops the iterator, or the value that stands in the way.
            FBlockKind::ForLoop | FBlockKind::PopValue => {
                self.swap_if(preserve_tos, *loc);
                self.emit(*loc, Opcode::POP_TOP);
            }
            FBlockKind::TryExcept => self.emit(*loc, Opcode::POP_BLOCK),
            FBlockKind::FinallyTry(body) => {
                self.emit(*loc, Opcode::POP_BLOCK);
                if preserve_tos {
                    self.push_fblock(*loc, FBlockKind::PopValue, None, None)?;
                }
                self.visit_stmts(body)?;
                if preserve_tos {
                    self.pop_fblock();
                }
                *loc = Loc::NONE;
            }
            FBlockKind::FinallyEnd => {
                self.swap_if(preserve_tos, *loc);
                self.emit(*loc, Opcode::POP_TOP);
                self.swap_if(preserve_tos, *loc);
                self.emit(*loc, Opcode::POP_BLOCK);
                self.emit(*loc, Opcode::POP_EXCEPT);
            }
            FBlockKind::With | FBlockKind::AsyncWith => {
                let is_async = matches!(block.kind, FBlockKind::AsyncWith);
                self.unwind_with(block.loc, is_async, preserve_tos);
                *loc = Loc::NONE;
            }
            FBlockKind::HandlerCleanup(name) => {
                self.unwind_handler(*loc, name, preserve_tos)?;
            }
        }
        Ok(())
    }

    fn swap_if(&mut self, preserve_tos: bool, loc: Loc) {
        if preserve_tos {
            self.emit_i(loc, Opcode::SWAP, 2);
        }
    }

    /// Calls `__exit__` (or awaits `__aexit__`) without an exception.
    fn unwind_with(&mut self, loc: Loc, is_async: bool, preserve_tos: bool) {
        self.emit(loc, Opcode::POP_BLOCK);
        if preserve_tos {
            self.emit_i(loc, Opcode::SWAP, 3);
            self.emit_i(loc, Opcode::SWAP, 2);
        }
        self.call_exit_with_nones(loc);
        if is_async {
            self.await_result(loc, 2);
        }
        self.emit(loc, Opcode::POP_TOP);
    }

    fn unwind_handler(&mut self, loc: Loc, name: Option<&str>, preserve_tos: bool) -> Result<()> {
        if name.is_some() {
            self.emit(loc, Opcode::POP_BLOCK);
        }
        self.swap_if(preserve_tos, loc);
        self.emit(loc, Opcode::POP_BLOCK);
        self.emit(loc, Opcode::POP_EXCEPT);
        if let Some(name) = name {
            self.unbind_handler_name(loc, name)?;
        }
        Ok(())
    }

    /// `name = None; del name`, which ends a handler's body even where it deleted the name.
    pub(super) fn unbind_handler_name(&mut self, loc: Loc, name: &str) -> Result<()> {
        self.emit_const(loc, Const::None);
        self.nameop(loc, name, ExprContext::Store);
        self.nameop(loc, name, ExprContext::Del);
        Ok(())
    }

    /// Leaves the blocks on the stack from the innermost outwards: all of them, or with
    /// `to_loop` those inside the innermost loop, which is returned.
    pub(super) fn unwind_fblock_stack(
        &mut self,
        loc: &mut Loc,
        preserve_tos: bool,
        to_loop: bool,
    ) -> Result<Option<FBlock<'a>>> {
        let Some(&top) = self.unit.fblocks.last() else {
            return Ok(None);
        };
        if matches!(top.kind, FBlockKind::ExceptionGroupHandler) {
            return self.error(
                *loc,
                "'break', 'continue' and 'return' cannot appear in an except* block",
            );
        }
        if to_loop && top.kind.is_loop() {
            return Ok(Some(top));
        }
        // A `return` in a `finally` body that is emitted here must not find the block that
        // it is emitted for.
        self.pop_fblock();
        self.unwind_fblock(loc, &top, preserve_tos)?;
        let found = self.unwind_fblock_stack(loc, preserve_tos, to_loop)?;
        self.push_fblock_entry(top)?;
        Ok(found)
    }
}
