//! Values of string and bytes literals.

use ruff_python_ast::StringLiteralValue;
use tailscope_bytecode::code::Wtf8;

use crate::source::SourceFile;

/// The value of a string literal (or of several side by side), lone surrogates included:
/// ruff's own value has U+FFFD in their place.
pub fn string_value(_value: &StringLiteralValue, _source: &SourceFile) -> Wtf8 {
    todo!()
}
