//! The second pass: where each name lives.

use super::SymbolTable;
use crate::error::CompileError;
use crate::source::SourceFile;

pub(super) fn analyze(_table: &mut SymbolTable, _source: &SourceFile) -> Result<(), CompileError> {
    todo!()
}
