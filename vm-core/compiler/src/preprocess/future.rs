//! `from __future__` statements.

use ruff_python_ast::{Mod, Stmt, StmtImportFrom};
use tailscope_bytecode::code::flags;

use super::docstring;
use crate::error::CompileError;
use crate::instr::Loc;
use crate::source::SourceFile;

/// The module's `from __future__` statements.
#[derive(Clone, Copy, Debug)]
pub struct FutureFlags {
    /// `CO_FUTURE_*` bits, those inherited from the caller of `compile` included.
    pub features: u32,
    /// Position of the last future statement; [`Loc::NONE`] without one.
    pub loc: Loc,
    /// `await` is allowed at module level (`PyCF_ALLOW_TOP_LEVEL_AWAIT`).
    pub top_level_await: bool,
}

impl FutureFlags {
    /// Whether `from __future__ import annotations` is in force.
    pub fn annotations(self) -> bool {
        self.features & flags::FUTURE_ANNOTATIONS != 0
    }

    /// Reads the future statements at the beginning of a module.
    ///
    /// # Errors
    ///
    /// Features that do not exist.
    pub fn of(module: &Mod, source: &SourceFile) -> Result<FutureFlags, CompileError> {
        let mut future = FutureFlags {
            features: 0,
            loc: Loc::NONE,
            top_level_await: false,
        };
        let Mod::Module(module) = module else {
            return Ok(future);
        };
        // Only a docstring and other future statements may stand before one.
        let start = usize::from(docstring(&module.body).is_some());
        for stmt in &module.body[start..] {
            let Stmt::ImportFrom(s) = stmt else { break };
            if s.level != 0 || s.module.as_deref() != Some("__future__") {
                break;
            }
            future.read(s, source)?;
            future.loc = source.loc(s.range);
        }
        Ok(future)
    }

    fn read(&mut self, s: &StmtImportFrom, source: &SourceFile) -> Result<(), CompileError> {
        for alias in &s.names {
            self.features |= match alias.name.as_str() {
                // In force in every Python 3.
                "nested_scopes" | "generators" | "division" | "absolute_import"
                | "with_statement" | "print_function" | "unicode_literals" | "generator_stop" => 0,
                "barry_as_FLUFL" => flags::FUTURE_BARRY_AS_BDFL,
                "annotations" => flags::FUTURE_ANNOTATIONS,
                "braces" => return Err(source.error_at(source.loc(alias.range), "not a chance")),
                other => {
                    let msg = format!("future feature {other:.100} is not defined");
                    return Err(source.error_at(source.loc(alias.range), msg));
                }
            };
        }
        Ok(())
    }
}
