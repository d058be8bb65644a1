//! The first pass: facts about names, block by block.

use ruff_python_ast::Mod;

use super::SymbolTable;
use crate::error::CompileError;
use crate::preprocess::FutureFlags;
use crate::source::SourceFile;

pub(super) fn collect(
    _module: &Mod,
    _source: &SourceFile,
    _future: FutureFlags,
) -> Result<SymbolTable, CompileError> {
    todo!()
}
