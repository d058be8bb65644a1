//! What is wrong with a wrong program, as CPython says it.
//!
//! Ruff's parser finds out that a program is wrong, and recovers from it; its messages and
//! positions are its own. CPython's come from how its PEG parser works: it parses once, and
//! when that fails a second time with additional rules that match what is known to be wrong.
//! Which of several messages is chosen follows from the order of its rules, from how far its
//! tokenizer has read, and from what that one finds in the rest of the text. So this parser
//! does the same: it has a tokenizer (`tokenizer`), a grammar with rules for wrong programs
//! (`grammar`), and a machine that runs it twice (`engine`).
//!
//! It runs when ruff has found an error, and for interactive input, whose end matters.

mod actions;
mod decode;
mod engine;
mod grammar;
mod load;
mod node;
mod token;
mod tokenizer;
pub mod tokens;

use std::borrow::Cow;

use ruff_text_size::TextSize;

use super::{Mode, ParseOptions};
use crate::error::CompileError;
use crate::source::SourceFile;

/// What CPython's parser says of a source: nothing if it is right.
///
/// `at` is where to begin: the offset of a statement at the top level, with no error before.
pub(super) fn check(
    source: &SourceFile,
    options: ParseOptions,
    at: TextSize,
) -> Result<(), CompileError> {
    engine::Parser::new(source, &tokenizer_text(source, options.mode), options, at).run()
}

/// Whether CPython's tokenizer gets to the end of a source.
pub(super) fn is_tokenizable(source: &SourceFile, mode: Mode) -> bool {
    let text = tokenizer_text(source, mode);
    let mut tokenizer = tokenizer::Tokenizer::new(text.as_bytes(), 0, 1);
    loop {
        match tokenizer.next_token().kind {
            token::END => return true,
            token::ERROR => return false,
            _ => {}
        }
    }
}

/// The text as the tokenizer gets it: the last line of a module has an end.
fn tokenizer_text<'a>(source: &'a SourceFile<'_>, mode: Mode) -> Cow<'a, str> {
    let mut text = Cow::Borrowed(source.text());
    if mode == Mode::Exec && !text.ends_with('\n') {
        text.to_mut().push('\n');
    }
    text
}
