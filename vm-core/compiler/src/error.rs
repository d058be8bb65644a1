//! What a compilation reports: errors, with the position and words of CPython's
//! exceptions, and warnings.

use std::fmt;
use std::sync::Arc;

use tailscope_bytecode::code::Wtf8;

use crate::instr::Loc;

/// The exception class that CPython would raise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    Syntax,
    Indentation,
    Tab,
    /// The `_IncompleteInputError` of interactive input that could go on.
    Incomplete,
    /// The source nests too deeply to be compiled.
    Recursion,
    Overflow,
    Memory,
    Value,
    /// A syntax tree that somebody made has a value of a wrong type.
    Type,
    System,
    /// A docstring with a lone surrogate.
    UnicodeEncode,
    /// Text of a format specification whose escape sequences mean nothing.
    UnicodeDecode,
}

impl ErrorKind {
    /// The name of the Python exception class.
    pub fn class_name(self) -> &'static str {
        match self {
            ErrorKind::Syntax => "SyntaxError",
            ErrorKind::Indentation => "IndentationError",
            ErrorKind::Tab => "TabError",
            ErrorKind::Incomplete => "_IncompleteInputError",
            ErrorKind::Recursion => "RecursionError",
            ErrorKind::Overflow => "OverflowError",
            ErrorKind::Memory => "MemoryError",
            ErrorKind::Value => "ValueError",
            ErrorKind::Type => "TypeError",
            ErrorKind::System => "SystemError",
            ErrorKind::UnicodeEncode => "UnicodeEncodeError",
            ErrorKind::UnicodeDecode => "UnicodeDecodeError",
        }
    }

    fn has_location(self) -> bool {
        matches!(
            self,
            ErrorKind::Syntax | ErrorKind::Indentation | ErrorKind::Tab | ErrorKind::Incomplete
        )
    }
}

/// Why a source cannot be compiled.
///
/// The fields are those of CPython's SyntaxError: lines from 1, columns (`offset`) from 1.
/// Like CPython's, columns count characters when the parser reports the error, UTF-8 bytes
/// when a later stage does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct CompileError {
    pub kind: ErrorKind,
    pub msg: String,
    pub filename: Arc<str>,
    pub line: Option<i32>,
    pub col: Option<i32>,
    pub end_line: Option<i32>,
    pub end_col: Option<i32>,
    /// The source line, with its line end.
    pub text: Option<String>,
    /// Found after parsing. CPython shows the line of such an error only where it can read it
    /// from the file of this name, not when it compiles a string.
    pub after_parsing: bool,
    /// What was found before the error and is warned of.
    pub warnings: Box<[Warning]>,
    /// Of [`ErrorKind::UnicodeEncode`] and [`ErrorKind::UnicodeDecode`].
    pub codec_problem: Option<Box<CodecProblem>>,
    /// Of an error of the parser: line and column, from 1 and from 0, of the last compound statement
    /// that was whole before it; zeros if there is none. With what follows it somebody may find out
    /// which keyword was meant.
    pub last_statement: Option<(i32, i32)>,
}

/// What a codec does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodecProblem {
    /// Text with lone surrogates, which is to be encoded.
    Surrogates(Wtf8),
    Escape(Undecodable),
}

/// What the codec for escape sequences cannot decode: arguments of a UnicodeDecodeError.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecodable {
    /// Text as CPython hands it to the codec.
    pub bytes: Vec<u8>,
    pub start: usize,
    pub end: usize,
    pub reason: &'static str,
}

impl Undecodable {
    pub const CODEC: &str = "unicodeescape";
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Undecodable { bytes, start, end, reason } = self;
        write!(f, "'{}' codec can't decode ", Undecodable::CODEC)?;
        match *end == start + 1 {
            true => write!(f, "byte 0x{:02x} in position {start}", bytes.get(*start).copied().unwrap_or(0))?,
            false => write!(f, "bytes in position {start}-{}", end.saturating_sub(1))?,
        }
        write!(f, ": {reason}")
    }
}

impl CompileError {
    /// A SyntaxError that is about the whole source.
    pub fn without_location(msg: impl Into<String>) -> CompileError {
        CompileError {
            kind: ErrorKind::Syntax,
            msg: msg.into(),
            filename: Arc::from(""),
            line: None,
            col: None,
            end_line: None,
            end_col: None,
            text: None,
            after_parsing: false,
            warnings: Box::default(),
            codec_problem: None,
            last_statement: None,
        }
    }

    /// The same error, in the file of this name.
    #[must_use]
    pub fn in_file(mut self, filename: &str) -> CompileError {
        self.filename = Arc::from(filename);
        self
    }
}

/// The end of a traceback as CPython prints it: position, source line, carets, message.
impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind.has_location()
            && let Some(line) = self.line
        {
            let name = if self.filename.is_empty() {
                "<string>"
            } else {
                &self.filename
            };
            writeln!(f, "  File \"{name}\", line {line}")?;
            self.fmt_source_line(f)?;
        }
        write!(f, "{}: {}", self.kind.class_name(), self.msg)
    }
}

impl CompileError {
    fn fmt_source_line(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(text) = &self.text else {
            return Ok(());
        };
        let right_stripped = text.trim_end_matches('\n');
        let stripped = right_stripped.trim_start_matches([' ', '\n', '\x0c']);
        writeln!(f, "    {stripped}")?;
        let Some(col) = self.col else { return Ok(()) };
        let length = |s: &str| s.chars().count() as i32;
        let (full, right) = (length(text), length(right_stripped));
        let spaces = right - length(stripped);
        let mut start = col;
        let mut end = match self.end_col {
            _ if self.end_line != self.line => right + 1,
            Some(end) if end != 0 => end,
            _ => col,
        };
        if full > 0 {
            start = if start > full { right + 1 } else { start };
            end = if end > full { right + 1 } else { end };
        }
        if start >= end || end < 0 {
            end = start + 1;
        }
        let first = start - 1 - spaces;
        if first < 0 {
            return Ok(());
        }
        write!(f, "    ")?;
        // Tabs are kept so that the carets stand under what they mean.
        for c in stripped.chars().take(first as usize) {
            write!(f, "{}", if c.is_whitespace() { c } else { ' ' })?;
        }
        writeln!(f, "{}", "^".repeat((end - start) as usize))
    }
}

/// What Python's `warnings` module would be told while compiling: a SyntaxWarning
/// unless `category` says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Name of the warning class.
    pub category: &'static str,
    pub msg: String,
    pub loc: Loc,
}

impl Warning {
    pub fn syntax(loc: Loc, msg: impl Into<String>) -> Warning {
        Warning {
            category: "SyntaxWarning",
            msg: msg.into(),
            loc,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;

    fn shown(text: &str, line: i32, col: i32, end_line: i32, end_col: i32) -> String {
        let source = SourceFile::from_text(text, "f.py").unwrap();
        source
            .error_at(
                Loc {
                    line,
                    end_line,
                    col,
                    end_col,
                },
                "invalid syntax",
            )
            .to_string()
    }

    #[test]
    fn carets_stand_under_the_range() {
        assert_eq!(
            shown("if x:\n    yé = 1 +\n", 2, 4, 2, 6),
            "  File \"f.py\", line 2\n    yé = 1 +\n    ^^\nSyntaxError: invalid syntax"
        );
        assert_eq!(
            shown("\tx = (1,\n 2)\n", 1, 1, 2, 3),
            "  File \"f.py\", line 1\n    \tx = (1,\n    \t^^^^^^^\nSyntaxError: invalid syntax"
        );
    }

    #[test]
    fn errors_without_a_position_are_one_sentence() {
        let e = CompileError::without_location("source code string cannot contain null bytes");
        assert_eq!(
            e.to_string(),
            "SyntaxError: source code string cannot contain null bytes"
        );
    }
}
