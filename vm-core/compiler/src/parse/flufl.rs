//! `from __future__ import barry_as_FLUFL`: `<>` is the operator then, and `!=` is refused.
//!
//! Neither parser knows of it. Both get a text with `!=` in the place of each `<>`, which is as
//! long, so that all positions stay.

use ruff_python_ast::Mod;
use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_parser::Parsed;
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::{Mentions, ParseOptions, error_at};
use crate::error::{CompileError, ErrorKind};
use crate::source::SourceFile;

/// What is to be imported.
pub(super) const FEATURE: &str = "barry_as_FLUFL";

/// A source in which `<>` is the operator.
pub(super) struct Flufl {
    /// With the other operator in its place.
    pub source: SourceFile<'static>,
    /// The first operator that is refused.
    refused: Option<TextRange>,
}

/// The source with the other operator, if it is one of that kind.
pub(super) fn find(
    parsed: &Parsed<Mod>,
    source: &SourceFile,
    mentions: &Mentions,
    options: ParseOptions,
) -> Option<Flufl> {
    let text = source.text();
    let from = match options.flufl {
        true => TextSize::new(0),
        false if !mentions.future || !is_mentioned(text) => return None,
        false => import_end(parsed.tokens(), text)?,
    };
    let mut other = text.to_owned();
    let mut refused = None;
    let mut less: Option<TextRange> = None;
    for token in parsed.tokens().iter().filter(|t| t.range().start() >= from) {
        match (token.kind(), less) {
            (TokenKind::NotEqual, _) => {
                refused.get_or_insert(token.range());
            }
            (TokenKind::Greater, Some(less)) if less.end() == token.range().start() => {
                let place = TextRange::new(less.start(), token.range().end());
                other.replace_range(place.to_std_range(), "!=");
            }
            _ => {}
        }
        less = (token.kind() == TokenKind::Less).then(|| token.range());
    }
    Some(Flufl { source: source.with_text(other), refused })
}

/// Whether the feature's name is in a text.
fn is_mentioned(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), FEATURE.as_bytes()).is_some()
}

/// Where the name of the feature ends in the statement that imports it, wherever that stands.
fn import_end(tokens: &Tokens, text: &str) -> Option<TextSize> {
    let mut last = [TokenKind::Newline, TokenKind::Newline];
    let (mut module, mut importing) = (false, false);
    for token in tokens.iter().filter(|t| !t.kind().is_trivia()) {
        let kind = token.kind();
        importing = match kind {
            TokenKind::Newline | TokenKind::Semi => false,
            TokenKind::Import => module && last == [TokenKind::From, TokenKind::Name],
            _ => importing,
        };
        if kind == TokenKind::Name {
            if importing && last[1] != TokenKind::As && &text[token.range()] == FEATURE {
                return Some(token.range().end());
            }
            module = &text[token.range()] == "__future__";
        }
        last = [last[1], kind];
    }
    None
}

impl Flufl {
    /// The first error of the source: `found` in its replacement, or an operator that is refused.
    pub fn error(
        &self,
        found: Option<CompileError>,
        source: &SourceFile,
        options: ParseOptions,
    ) -> Option<CompileError> {
        let found = found.map(|error| shown(error, source));
        let Some(range) = self.refused else { return found };
        let at = source.position(range.start());
        if let Some(error) = found
            // CPython's parser does not get as far as the operator then.
            && error.end_line.zip(error.end_col).is_some_and(|(line, col)| (line, col - 1) <= at)
        {
            return Some(error);
        }
        let msg = "with Barry as BDFL, use '<>' instead of '!='";
        let mut error = error_at(source, ErrorKind::Syntax, range, msg);
        let unended = |text: &&mut String| options.mode != super::Mode::Eval && !text.ends_with('\n');
        if let Some(text) = error.text.as_mut().filter(unended) {
            text.push('\n');
        }
        Some(error)
    }
}

/// The error with the line as it stands in the source.
fn shown(mut error: CompileError, source: &SourceFile) -> CompileError {
    let line = error.line.and_then(|line| source.line_text(line));
    if let (Some(text), Some(line)) = (&mut error.text, line) {
        let kept = line.get(..text.len()).map_or_else(|| line.to_owned() + "\n", str::to_owned);
        *text = kept;
    }
    error
}

#[cfg(test)]
mod tests {
    use crate::parse::parse;
    use crate::{CompileOptions, SourceFile, compile_str};

    fn message(text: &str) -> String {
        let result = compile_str(text, &CompileOptions::new("f"));
        result.map_or_else(|e| format!("{}:{}: {}", e.line.unwrap_or(0), e.col.unwrap_or(0), e.msg), |_| String::new())
    }

    #[test]
    fn the_operator_depends_on_the_import() {
        let import = "from __future__ import barry_as_FLUFL\n";
        assert_eq!(message(&format!("{import}1 <> 2; f'{{1 <> 2}} <>'\n")), "");
        let refused = "with Barry as BDFL, use '<>' instead of '!='";
        assert_eq!(message(&format!("{import}1 <> 2\n1 != 2\n")), format!("3:3: {refused}"));
        assert_eq!(message(&format!("{import}a b\n1 != 2\n")), "2:3: invalid syntax");
        assert_eq!(message("1 <> 2\n"), "1:3: invalid syntax.  Maybe you meant '!=' instead of '<>'?");
    }

    #[test]
    fn errors_show_what_was_written() {
        let source = SourceFile::from_text("from __future__ import barry_as_FLUFL\n1 <> 2 x\n", "f").expect("a text");
        let error = parse(&source, crate::Mode::Exec).expect_err("an error");
        assert_eq!(error.text.as_deref(), Some("1 <> 2 x\n"));
    }
}
