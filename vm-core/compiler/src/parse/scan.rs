//! One look at the tokens of a source: whether they exceed CPython's limits, whether there is
//! something among them that ruff's parser may let pass though CPython's does not, and what there is
//! to warn of.

use ruff_python_ast::token::{Token, TokenKind, Tokens};
use ruff_text_size::Ranged;

use super::Wrong;
use super::warnings::Collector;
use crate::error::{ErrorKind, Warning};
use crate::source::SourceFile;

/// CPython's tokenizer holds this many open parentheses and levels of indentation.
const MAX_PARENTHESES: usize = 200;
const MAX_INDENTS: usize = 100;
/// Strings with fields inside of such strings.
const MAX_STRINGS: usize = 150;
/// An `if` with fewer `elif` clauses does not make CPython's parser give up; they nest for it.
const HARMLESS_CLAUSES: usize = 5000;

/// What is found.
#[derive(Default)]
pub(super) struct Scan {
    /// The first limit that is exceeded.
    pub exceeded: Option<Wrong>,
    /// Whether there is something that ruff's parser lets pass more often than CPython's: a
    /// `yield` without a value before an operator, one without parentheses as the element of a
    /// generator expression, a keyword behind a number without a blank, deeply nested fields of an
    /// f-string, in a pattern an empty subscript or parts without a comma between them, a parenthesis
    /// before `:=`, at the beginning of what is annotated or of a comparison behind a star, and what may
    /// be too deep for its stack.
    pub doubtful: bool,
    /// What CPython's tokenizer and parser warn of, if nothing is wrong.
    pub warnings: Vec<Warning>,
}

impl Scan {
    /// Decimal integers with more digits than these exceed a limit.
    pub fn of(tokens: &Tokens, source: &SourceFile, max_digits: usize) -> Scan {
        let mut scan = Scan::default();
        let (mut limits, mut doubts) = (Limits { max_digits, ..Limits::default() }, Doubts::default());
        let mut collector = Collector::default();
        for_each_interesting(tokens, |i, token| {
            match INTERESTS[token.kind() as usize % INTERESTS.len()] {
                Interest::None | Interest::Warnings => {}
                Interest::Brackets => {
                    scan.exceeded = limits.exceeded_by_bracket(token);
                    scan.doubtful = scan.doubtful || scan.exceeded.is_none() && doubts.raised_by_bracket(i, tokens);
                    return scan.exceeded.is_none();
                }
                Interest::All => {
                    scan.exceeded = limits.exceeded_by(token, source);
                    if scan.exceeded.is_some() {
                        return false;
                    }
                    scan.doubtful = scan.doubtful || doubts.raised_by(i, tokens, source.text());
                }
            }
            collector.see(token, source);
            true
        });
        scan.warnings = collector.warnings;
        scan
    }
}

/// Calls `f` with the tokens that anybody looks at, until it returns false. Most are passed over, without
/// a branch: which, no processor foresees.
#[inline(always)]
fn for_each_interesting(tokens: &Tokens, mut f: impl FnMut(usize, &Token) -> bool) {
    const MOST: usize = u64::BITS as usize;
    for (chunk, first) in tokens.chunks(MOST).zip((0..).step_by(MOST)) {
        let mut places = 0;
        for (i, token) in chunk.iter().enumerate() {
            let interest = INTERESTS[token.kind() as usize % INTERESTS.len()];
            places |= u64::from(interest as u8 != Interest::None as u8) << i;
        }
        while places != 0 {
            let i = places.trailing_zeros() as usize;
            if !f(first + i, &chunk[i]) {
                return;
            }
            places &= places - 1;
        }
    }
}

/// Who looks at a token.
#[derive(Clone, Copy)]
enum Interest {
    /// Nobody: most.
    None,
    /// It is neither counted nor doubtful.
    Warnings,
    /// There is nothing to warn of: parentheses and square brackets, which are frequent.
    Brackets,
    All,
}

/// By the token's kind.
static INTERESTS: [Interest; 256] = {
    let mut table = [Interest::None; 256];
    let mut i = 0;
    while i < FOR_WARNINGS.len() {
        table[FOR_WARNINGS[i] as usize] = Interest::Warnings;
        i += 1;
    }
    i = 0;
    while i < BRACKETS.len() {
        table[BRACKETS[i] as usize] = Interest::Brackets;
        i += 1;
    }
    i = 0;
    while i < FOR_ALL.len() {
        table[FOR_ALL[i] as usize] = Interest::All;
        i += 1;
    }
    table
};

const FOR_WARNINGS: [TokenKind; 3] = [TokenKind::String, TokenKind::FStringMiddle, TokenKind::TStringMiddle];

const BRACKETS: [TokenKind; 4] = [TokenKind::Lpar, TokenKind::Lsqb, TokenKind::Rpar, TokenKind::Rsqb];

const FOR_ALL: [TokenKind; 15] = [
    TokenKind::Lbrace,
    TokenKind::Rbrace,
    TokenKind::FStringStart,
    TokenKind::TStringStart,
    TokenKind::FStringEnd,
    TokenKind::TStringEnd,
    TokenKind::Indent,
    TokenKind::Dedent,
    TokenKind::Int,
    TokenKind::Float,
    TokenKind::Complex,
    TokenKind::Yield,
    TokenKind::For,
    TokenKind::Elif,
    TokenKind::Case,
];

/// What is open.
#[derive(Default)]
struct Limits {
    parentheses: usize,
    indents: usize,
    strings: usize,
    /// Braces open in each string with fields.
    fields: Vec<usize>,
    max_digits: usize,
}

impl Limits {
    /// By a parenthesis or square bracket.
    #[inline]
    fn exceeded_by_bracket(&mut self, token: &Token) -> Option<Wrong> {
        match token.kind() {
            TokenKind::Lpar | TokenKind::Lsqb => self.opened(token),
            _ => {
                self.parentheses = self.parentheses.saturating_sub(1);
                None
            }
        }
    }

    /// Counts a bracket that opens.
    fn opened(&mut self, token: &Token) -> Option<Wrong> {
        self.parentheses += 1;
        if self.parentheses <= MAX_PARENTHESES {
            return None;
        }
        Some(Wrong::Limit(token.range(), ErrorKind::Syntax, "too many nested parentheses"))
    }

    fn exceeded_by(&mut self, token: &Token, source: &SourceFile) -> Option<Wrong> {
        let (kind, msg) = match token.kind() {
            TokenKind::Lbrace => {
                if let Some(open) = self.fields.last_mut() {
                    *open += 1;
                    if *open == 3 && shows_its_text(token, source) {
                        // A mistake of CPython's: it loses the text there.
                        let msg = "field 'value' is required for Constant";
                        return Some(Wrong::Limit(token.range(), ErrorKind::Value, msg));
                    }
                }
                return self.opened(token);
            }
            TokenKind::Rbrace => {
                if let Some(open) = self.fields.last_mut() {
                    *open = open.saturating_sub(1);
                }
                self.parentheses = self.parentheses.saturating_sub(1);
                return None;
            }
            TokenKind::FStringStart | TokenKind::TStringStart => {
                self.fields.push(0);
                self.strings += 1;
                if self.strings < MAX_STRINGS {
                    return None;
                }
                (ErrorKind::Syntax, "too many nested f-strings or t-strings")
            }
            TokenKind::FStringEnd | TokenKind::TStringEnd => {
                self.fields.pop();
                self.strings = self.strings.saturating_sub(1);
                return None;
            }
            TokenKind::Indent => {
                self.indents += 1;
                if self.indents < MAX_INDENTS {
                    return None;
                }
                (ErrorKind::Indentation, "too many levels of indentation")
            }
            TokenKind::Dedent => {
                self.indents = self.indents.saturating_sub(1);
                return None;
            }
            TokenKind::Int if has_too_many_digits(token, source, self.max_digits) => {
                (ErrorKind::Syntax, "Exceeds the limit for integer string conversion")
            }
            _ => return None,
        };
        Some(Wrong::Limit(token.range(), kind, msg))
    }
}

/// Whether a `=` ends the expression of the field that begins with a brace: its text is shown then.
fn shows_its_text(brace: &Token, source: &SourceFile) -> bool {
    let rest = &source.text()[brace.range().end().to_usize()..];
    let (mut depth, mut before) = (0_usize, '{');
    for (at, c) in rest.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            '}' | ':' | '!' if depth == 0 => return false,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '=' if depth == 0 && !"=!<>".contains(before) => {
                return rest[at + 1..].trim_start().starts_with(['}', ':', '!']);
            }
            _ => {}
        }
        before = c;
    }
    false
}

fn has_too_many_digits(token: &Token, source: &SourceFile, max_digits: usize) -> bool {
    if usize::from(token.range().len()) <= max_digits {
        return false;
    }
    let text = source.slice(token.range());
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits > max_digits && text.bytes().all(|b| b.is_ascii_digit() || b == b'_')
}

#[derive(Default)]
struct Doubts {
    /// Braces open in each string with fields.
    braces: Vec<usize>,
    /// How many brackets are open, and which of them have a `yield` at their beginning.
    depth: usize,
    yields: Vec<usize>,
    clauses: usize,
}

impl Doubts {
    /// A bracket closes, if one is open.
    fn close(&mut self) {
        if self.yields.last() == Some(&self.depth) {
            self.yields.pop();
        }
        self.depth = self.depth.saturating_sub(1);
    }

    /// By a parenthesis or square bracket.
    #[inline]
    fn raised_by_bracket(&mut self, i: usize, tokens: &[Token]) -> bool {
        match tokens[i].kind() {
            TokenKind::Lpar => {
                self.depth += 1;
                self.depth == 1 && is_annotated_part(i, tokens) || is_compared_part(i, tokens)
            }
            TokenKind::Lsqb => {
                self.depth += 1;
                let follows_value = i.checked_sub(1).is_some_and(|before| {
                    matches!(tokens[before].kind(), TokenKind::Name | TokenKind::Rsqb | TokenKind::Rpar)
                });
                follows_value && kinds_behind(i, tokens).next() == Some(TokenKind::Rsqb)
            }
            TokenKind::Rpar => {
                self.close();
                kinds_behind(i, tokens).next() == Some(TokenKind::ColonEqual)
            }
            _ => {
                self.close();
                false
            }
        }
    }

    fn raised_by(&mut self, i: usize, tokens: &[Token], text: &str) -> bool {
        let token = &tokens[i];
        match token.kind() {
            TokenKind::Int | TokenKind::Float | TokenKind::Complex => {
                let next = text.as_bytes().get(usize::from(token.end()));
                return next.is_some_and(|b| b.is_ascii_alphabetic());
            }
            TokenKind::Case => return lacks_comma(i, tokens),
            TokenKind::Yield => {
                let mut before = tokens[..i].iter().rev().map(Token::kind);
                if before.find(|kind| !kind.is_trivia()) == Some(TokenKind::Lpar) {
                    self.yields.push(self.depth);
                }
                return kinds_behind(i, tokens).next().is_some_and(|next| !may_follow_yield(next));
            }
            TokenKind::For => return self.depth > 0 && self.yields.last() == Some(&self.depth),
            TokenKind::Elif => {
                self.clauses += 1;
                return self.clauses > HARMLESS_CLAUSES;
            }
            TokenKind::FStringStart | TokenKind::TStringStart => self.braces.push(0),
            TokenKind::FStringEnd | TokenKind::TStringEnd => drop(self.braces.pop()),
            TokenKind::Lbrace => {
                self.depth += 1;
                if let Some(open) = self.braces.last_mut() {
                    *open += 1;
                    return *open > 2;
                }
            }
            TokenKind::Rbrace => {
                self.close();
                if let Some(open) = self.braces.last_mut() {
                    *open = open.saturating_sub(1);
                }
            }
            _ => {}
        }
        false
    }
}

/// The kinds of the tokens behind one, without comments and the like.
fn kinds_behind(i: usize, tokens: &[Token]) -> impl Iterator<Item = TokenKind> {
    tokens[i + 1..].iter().map(Token::kind).filter(|kind| !kind.is_trivia())
}

/// Whether in the pattern behind a `case` two parts follow each other with nothing between them: ruff's
/// parser takes `[a b]` for `[a, b]`.
fn lacks_comma(i: usize, tokens: &[Token]) -> bool {
    let (mut depth, mut before) = (0, TokenKind::Case);
    for kind in kinds_behind(i, tokens) {
        match kind {
            TokenKind::Colon | TokenKind::If | TokenKind::Newline if depth == 0 => return false,
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => depth += 1,
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => depth -= 1,
            _ => {}
        }
        if ends_part(before) && begins_part(kind, before) {
            return true;
        }
        before = kind;
    }
    false
}

fn is_atom(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Name
            | TokenKind::Int
            | TokenKind::Float
            | TokenKind::Complex
            | TokenKind::True
            | TokenKind::False
            | TokenKind::None
    )
}

fn ends_part(kind: TokenKind) -> bool {
    is_atom(kind) || matches!(kind, TokenKind::String | TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace)
}

fn begins_part(kind: TokenKind, before: TokenKind) -> bool {
    match kind {
        TokenKind::Lsqb | TokenKind::Lbrace => true,
        // Two strings are one; a name before a parenthesis is that of a class.
        TokenKind::String => before != TokenKind::String,
        TokenKind::Lpar => before != TokenKind::Name,
        _ => is_atom(kind),
    }
}

/// Whether a parenthesis begins a statement, and only a part of a target that is annotated.
fn is_annotated_part(i: usize, tokens: &[Token]) -> bool {
    let before = tokens[..i].iter().rev().map(Token::kind).find(|kind| !kind.is_trivia());
    let begins = before.is_none_or(|kind| {
        matches!(kind, TokenKind::Newline | TokenKind::Semi | TokenKind::Indent | TokenKind::Dedent | TokenKind::Colon)
    });
    if !begins {
        return false;
    }
    let (mut depth, mut parts) = (1, 0);
    for kind in kinds_behind(i, tokens) {
        match kind {
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => depth += 1,
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => depth -= 1,
            TokenKind::Newline | TokenKind::Semi | TokenKind::Equal if depth == 0 => return false,
            TokenKind::Colon if depth == 0 => return parts > 0,
            _ => parts += usize::from(depth == 0),
        }
        parts += usize::from(depth == 0 && matches!(kind, TokenKind::Rsqb));
    }
    false
}

/// Whether a parenthesis begins what a star unpacks, and only a part of a comparison or of a condition:
/// CPython's grammar has no such thing there but in calls.
fn is_compared_part(i: usize, tokens: &[Token]) -> bool {
    let mut before = tokens[..i].iter().rev().map(Token::kind).filter(|kind| !kind.is_trivia());
    let is_star = matches!(before.next(), Some(TokenKind::Star | TokenKind::DoubleStar));
    // Behind a value it is an operator.
    if !is_star || before.next().is_some_and(ends_part) {
        return false;
    }
    let mut depth = 1;
    for kind in kinds_behind(i, tokens) {
        match kind {
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => depth += 1,
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace if depth == 0 => return false,
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => depth -= 1,
            TokenKind::Comma | TokenKind::Newline | TokenKind::Semi | TokenKind::For if depth == 0 => return false,
            TokenKind::Or | TokenKind::And | TokenKind::Not | TokenKind::In | TokenKind::Is if depth == 0 => return true,
            kind if depth == 0 && is_comparison(kind) => return true,
            _ => {}
        }
    }
    false
}

fn is_comparison(kind: TokenKind) -> bool {
    use TokenKind::{EqEqual, Greater, GreaterEqual, Less, LessEqual, NotEqual};
    matches!(kind, EqEqual | NotEqual | Less | LessEqual | Greater | GreaterEqual)
}

fn may_follow_yield(kind: TokenKind) -> bool {
    let ends = matches!(
        kind,
        TokenKind::Newline
            | TokenKind::EndOfFile
            | TokenKind::Semi
            | TokenKind::Rpar
            | TokenKind::Rsqb
            | TokenKind::Rbrace
            | TokenKind::Colon
            | TokenKind::Equal
            | TokenKind::Exclamation
    );
    let begins = matches!(
        kind,
        TokenKind::Plus
            | TokenKind::Minus
            | TokenKind::Tilde
            | TokenKind::Star
            | TokenKind::Lpar
            | TokenKind::Lsqb
            | TokenKind::Lbrace
            | TokenKind::Ellipsis
            | TokenKind::Not
            | TokenKind::Lambda
            | TokenKind::Await
            | TokenKind::From
            | TokenKind::True
            | TokenKind::False
            | TokenKind::None
    );
    ends || begins || !(kind.is_operator() || kind.is_non_soft_keyword())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_doubtful(text: &str) -> bool {
        let parsed = ruff_python_parser::parse_unchecked(text, ruff_python_parser::Mode::Module.into());
        let source = SourceFile::from_text(text, "test.py").expect("a text");
        Scan::of(parsed.tokens(), &source, 4300).doubtful
    }

    #[test]
    fn a_parenthesis_that_begins_an_annotated_target_is_doubtful() {
        assert!(is_doubtful("(f).p: x\n"));
        assert!(is_doubtful("if a: (f)[0]: x\n"));
        assert!(!is_doubtful("(f): x\n"));
    }

    // The second parser costs more than all else together.
    #[test]
    fn one_inside_of_brackets_is_not() {
        assert!(!is_doubtful("d = {1: (2, 3), 4: 5}\n"));
        assert!(!is_doubtful("f(x[a:(b)], {c: 1})\n"));
    }
}
