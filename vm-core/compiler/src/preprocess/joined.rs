//! The parts of f-strings and t-strings as CPython's parser joins them: neighbouring
//! constants are one constant, the text of `{x=}` is a constant before its value.

use ruff_python_ast::{Expr, FStringValue, InterpolatedStringFormatSpec, TStringValue};
use tailscope_bytecode::code::Wtf8;

use crate::instr::Loc;
use crate::source::SourceFile;

/// One value of CPython's `JoinedStr` or `TemplateStr`.
#[derive(Clone, Debug)]
pub enum JoinedPart<'a> {
    Constant {
        value: Wtf8,
        loc: Loc,
    },
    /// `FormattedValue`, in t-strings `Interpolation`.
    Formatted(Formatted<'a>),
}

/// A replacement field.
#[derive(Clone, Debug)]
pub struct Formatted<'a> {
    pub value: &'a Expr,
    /// `b's'`, `b'r'` or `b'a'`; `{x=}` without conversion and format means `b'r'`.
    pub conversion: Option<u8>,
    pub format_spec: Option<FormatSpec<'a>>,
    /// Source of the expression as `Interpolation.str` gives it (t-strings only).
    pub source_text: Option<String>,
    pub loc: Loc,
}

/// A format specification; its parts come from [`format_spec_parts`].
#[derive(Clone, Copy, Debug)]
pub struct FormatSpec<'a> {
    pub node: &'a InterpolatedStringFormatSpec,
    /// Position of the `JoinedStr` that CPython makes of it.
    pub loc: Loc,
    raw: bool,
}

/// Values of the `JoinedStr` that an f-string (with the strings beside it) becomes.
pub fn fstring_parts<'a>(_value: &'a FStringValue, _source: &SourceFile) -> Vec<JoinedPart<'a>> {
    todo!()
}

/// Values of the `TemplateStr` that t-strings become.
pub fn tstring_parts<'a>(_value: &'a TStringValue, _source: &SourceFile) -> Vec<JoinedPart<'a>> {
    todo!()
}

/// Values of the `JoinedStr` that a format specification becomes.
pub fn format_spec_parts<'a>(_spec: FormatSpec<'a>, _source: &SourceFile) -> Vec<JoinedPart<'a>> {
    todo!()
}
