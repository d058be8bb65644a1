//! What is wrong with a document, as diagnostics show it.

use tailscope_compiler::{CompileError, Warning};

use crate::text::{Encoding, Place, Span, Text};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The document does not compile.
    Error,
    /// CPython would warn.
    Warning,
}

/// A diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub span: Span,
    pub severity: Severity,
    pub message: String,
}

impl Problem {
    /// An error that is about the whole document.
    pub fn whole(message: impl Into<String>) -> Problem {
        Problem {
            span: Span::default(),
            severity: Severity::Error,
            message: message.into(),
        }
    }

    /// What the compiler says, at the place it says.
    pub fn of_error(error: &CompileError, text: &Text) -> Problem {
        let message = format!("{}: {}", error.kind.class_name(), error.msg);
        let place = |line: Option<i32>, column: Option<i32>| {
            let line = u32::try_from(line?)
                .ok()?
                .checked_sub(1)?
                .min(text.lines() - 1);
            let column = u32::try_from(column.unwrap_or(1))
                .unwrap_or(1)
                .saturating_sub(1);
            // The parser counts characters; so do, but for rare cases, the later stages.
            Some(text.place(line, column, Encoding::Utf32))
        };
        let Some(start) = place(error.line, error.col) else {
            return Problem::whole(message);
        };
        let mut end = place(error.end_line, error.end_col)
            .unwrap_or(start)
            .max(start);
        if end == start {
            // Something has to be underlined.
            end.column = (text.line(start.line).len() as u32).max(start.column + 1);
        }
        Problem {
            span: Span { start, end },
            severity: Severity::Error,
            message,
        }
    }

    /// What the compiler warns of.
    pub fn of_warning(warning: &Warning) -> Problem {
        let place = |line: i32, column: i32| Place {
            line: u32::try_from(line).unwrap_or(1).saturating_sub(1),
            column: u32::try_from(column).unwrap_or(0),
        };
        let start = place(warning.loc.line, warning.loc.col);
        let end = place(warning.loc.end_line, warning.loc.end_col).max(start);
        Problem {
            span: Span { start, end },
            severity: Severity::Warning,
            message: format!("{}: {}", warning.category, warning.msg),
        }
    }
}
