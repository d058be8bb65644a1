//! One look at the tokens of a source: whether they exceed CPython's limits, whether there is
//! something among them that ruff's parser may let pass though CPython's does not, what there is
//! to warn of, and where the tree need not be walked.

use ruff_python_ast::token::{Token, TokenKind, Tokens};
use ruff_text_size::{Ranged, TextSize};

use super::{Mentions, Wrong};
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

/// A statement of so many tokens is no deeper, and of another one for itself.
pub(super) const SHALLOW: usize = 48;

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
    /// Where there is something in the tree that [`positions`](crate::preprocess::positions) looks for, in
    /// order. A simple statement without any of these is no deeper than [`SHALLOW`].
    pub places: Vec<TextSize>,
}

impl Scan {
    /// Decimal integers with more digits than these exceed a limit. `mentions` are those of the source.
    pub fn of(tokens: &Tokens, source: &SourceFile, mentions: &Mentions, max_digits: usize) -> Scan {
        let mut scan = Scan::default();
        let (mut limits, mut doubts) = (Limits { max_digits, ..Limits::default() }, Doubts::default());
        let mut collector = Collector::new(source);
        let mut places = spelled_otherwise(tokens, source.text());
        places.extend(&mentions.debug);
        let is_sorted = places.is_empty();
        let deep = for_each_notable(tokens, |i, why| {
            let token = &tokens[i];
            let Why::Notable { is_outermost } = why else { return places.push(token.start()) };
            match token.kind() {
                TokenKind::String => return collector.string(token, source),
                TokenKind::For | TokenKind::Lambda | TokenKind::Percent => return places.push(token.start()),
                TokenKind::Indent | TokenKind::Dedent => {}
                _ => {
                    scan.doubtful = scan.doubtful || doubts.raised_by(i, is_outermost, tokens, source.text());
                    collector.see(token, source);
                }
            }
            if let Some(wrong) = limits.exceeded_by(token, source) {
                scan.exceeded.get_or_insert(wrong);
            }
        });
        if deep {
            let parentheses = too_many_parentheses(tokens);
            scan.exceeded = scan.exceeded.into_iter().chain(parentheses).min_by_key(Wrong::start);
        }
        scan.warnings = collector.warnings;
        if !is_sorted {
            places.sort_unstable();
        }
        scan.places = places;
        scan
    }
}

/// Where names are that may be any others: those of letters that are not ASCII.
fn spelled_otherwise(tokens: &[Token], text: &str) -> Vec<TextSize> {
    if text.is_ascii() {
        return Vec::new();
    }
    let names = tokens.iter().filter(|token| token.kind() == TokenKind::Name);
    let otherwise = names.filter(|name| text.get(name.range().to_std_range()).is_some_and(|name| !name.is_ascii()));
    otherwise.map(Ranged::start).collect()
}

/// What is counted and looked for among kinds of tokens, a bit each.
mod class {
    pub const OPENS: u8 = 1;
    pub const CLOSES: u8 = 1 << 1;
    /// It is looked at wherever it stands.
    pub const NOTABLE: u8 = 1 << 2;
    /// It is looked at behind some kinds of tokens.
    pub const PARENTHESIS: u8 = 1 << 3;
    /// These kinds. They may be such by what is before them, too: comments and line ends that mean nothing.
    pub const BEFORE_PARENTHESIS: u8 = PARENTHESIS << 1;
    /// The same, for square brackets that close.
    pub const BRACKET: u8 = 1 << 5;
    pub const BEFORE_BRACKET: u8 = BRACKET << 1;
    /// It ends a line of statements.
    pub const ENDS: u8 = 1 << 7;
}

/// By the token's kind.
static CLASSES: [u8; 256] = {
    use TokenKind::{
        Case, Colon, ColonEqual, Comment, Complex, Dedent, DoubleStar, Elif, FStringEnd, FStringMiddle, FStringStart, Float,
        For, Indent, Int, Lambda, Lbrace, Lpar, Lsqb, Newline, NonLogicalNewline, Percent, Rbrace, Rpar, Rsqb, Semi, Star,
        String, TStringEnd, TStringMiddle, TStringStart, Yield,
    };
    let mut table = [0; 256];
    let classes: [(u8, &[TokenKind]); 8] = [
        (class::OPENS, &[Lpar, Lsqb, Lbrace]),
        (class::CLOSES, &[Rpar, Rsqb, Rbrace]),
        (
            class::NOTABLE,
            &[
                String, FStringStart, FStringMiddle, FStringEnd, TStringStart, TStringMiddle, TStringEnd, Lbrace, Rbrace,
                Indent, Dedent, Int, Float, Complex, Yield, Elif, Case, ColonEqual, For, Lambda, Percent,
            ],
        ),
        (class::PARENTHESIS, &[Lpar]),
        (
            class::BEFORE_PARENTHESIS,
            &[Newline, Semi, Indent, Dedent, Colon, Star, DoubleStar, Comment, NonLogicalNewline],
        ),
        (class::BRACKET, &[Rsqb]),
        (class::BEFORE_BRACKET, &[Lsqb, Comment, NonLogicalNewline]),
        (class::ENDS, &[Newline]),
    ];
    let mut i = 0;
    while i < classes.len() {
        let (class, kinds) = classes[i];
        let mut j = 0;
        while j < kinds.len() {
            table[kinds[j] as usize] |= class;
            j += 1;
        }
        i += 1;
    }
    table
};

/// Why a token is looked at.
enum Why {
    Notable {
        /// No bracket is open there.
        is_outermost: bool,
    },
    /// No line has ended for long: it stands among the first [`SHALLOW`] since then, or since the last that
    /// did.
    Long,
}

/// Calls `f` with the places of the tokens that anybody looks at. Most tokens are passed over, eight at once,
/// without a branch: which, no processor foresees. Returns whether there may be more open brackets
/// somewhere than CPython allows.
#[inline(always)]
fn for_each_notable(tokens: &[Token], mut f: impl FnMut(usize, Why)) -> bool {
    const LANES: usize = u64::BITS as usize / 8;
    const EACH: u64 = u64::MAX / 0xFF;
    let in_each = |class: u8| EACH * u64::from(class);
    // How many lanes are odd, which are 0 or 1.
    let count = |lanes: u64| ((lanes & EACH).wrapping_mul(EACH) >> (u64::BITS - 8)) as usize;
    let class_of = |token: &Token| CLASSES[token.kind() as usize % CLASSES.len()];
    let (mut open, mut deep, mut length) = (0_usize, false, 0);
    // The beginning is like that of any line.
    let mut last = u64::from(class::BEFORE_PARENTHESIS);
    for (group, first) in tokens.chunks(LANES).zip((0..).step_by(LANES)) {
        let lanes = u64::from_le_bytes(match group.first_chunk::<LANES>() {
            Some(group) => group.each_ref().map(class_of),
            None => std::array::from_fn(|i| group.get(i).map_or(0, class_of)),
        });
        let ends = lanes & in_each(class::ENDS);
        length = if ends == 0 { length + LANES } else { ends.leading_zeros() as usize / 8 };
        if length >= SHALLOW - LANES {
            f(first, Why::Long);
            length = 0;
        }
        let before = lanes << 8 | last;
        let pairs = lanes & before >> 1 & in_each(class::PARENTHESIS | class::BRACKET);
        let mut notable = lanes & in_each(class::NOTABLE) | pairs;
        while notable != 0 {
            let lane = notable.trailing_zeros() / 8;
            let lower = lanes & !(u64::MAX << (lane * 8));
            let is_outermost = open + count(lower) <= count(lower >> 1);
            f(first + lane as usize, Why::Notable { is_outermost });
            notable &= notable - 1;
        }
        let opened = count(lanes);
        deep |= open + opened > MAX_PARENTHESES;
        open = (open + opened).saturating_sub(count(lanes >> 1));
        last = lanes >> (u64::BITS - 8);
    }
    deep
}

/// The first bracket that opens although as many are open as may be.
fn too_many_parentheses(tokens: &[Token]) -> Option<Wrong> {
    let mut open = 0_usize;
    let beyond = tokens.iter().find(|token| {
        match token.kind() {
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => open += 1,
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => open = open.saturating_sub(1),
            _ => {}
        }
        open > MAX_PARENTHESES
    });
    beyond.map(|token| Wrong::Limit(token.range(), ErrorKind::Syntax, "too many nested parentheses"))
}

/// What is open, and limited, but for brackets.
#[derive(Default)]
struct Limits {
    indents: usize,
    strings: usize,
    /// Braces open in each string with fields.
    fields: Vec<usize>,
    max_digits: usize,
}

impl Limits {
    fn exceeded_by(&mut self, token: &Token, source: &SourceFile) -> Option<Wrong> {
        let (kind, msg) = match token.kind() {
            TokenKind::Lbrace => {
                let open = self.fields.last_mut()?;
                *open += 1;
                if *open != 3 || !shows_its_text(token, source) {
                    return None;
                }
                // A mistake of CPython's: it loses the text there.
                (ErrorKind::Value, "field 'value' is required for Constant")
            }
            TokenKind::Rbrace => {
                let open = self.fields.last_mut()?;
                *open = open.saturating_sub(1);
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
    clauses: usize,
}

impl Doubts {
    /// By a token, in brackets or in none.
    fn raised_by(&mut self, i: usize, is_outermost: bool, tokens: &[Token], text: &str) -> bool {
        let token = &tokens[i];
        match token.kind() {
            TokenKind::Lpar => return is_outermost && is_annotated_part(i, tokens) || is_compared_part(i, tokens),
            TokenKind::Rsqb => return is_empty_subscript(i, tokens),
            TokenKind::ColonEqual => return kinds_before(i, tokens).next() == Some(TokenKind::Rpar),
            TokenKind::Int | TokenKind::Float | TokenKind::Complex => {
                let next = text.as_bytes().get(usize::from(token.end()));
                return next.is_some_and(|b| b.is_ascii_alphabetic());
            }
            TokenKind::Case => return lacks_comma(i, tokens),
            TokenKind::Yield => {
                return kinds_behind(i, tokens).next().is_some_and(|next| !may_follow_yield(next))
                    || is_yielding_element(i, tokens);
            }
            TokenKind::Elif => {
                self.clauses += 1;
                return self.clauses > HARMLESS_CLAUSES;
            }
            TokenKind::FStringStart | TokenKind::TStringStart => self.braces.push(0),
            TokenKind::FStringEnd | TokenKind::TStringEnd => drop(self.braces.pop()),
            TokenKind::Lbrace => {
                if let Some(open) = self.braces.last_mut() {
                    *open += 1;
                    return *open > 2;
                }
            }
            TokenKind::Rbrace => {
                if let Some(open) = self.braces.last_mut() {
                    *open = open.saturating_sub(1);
                }
            }
            _ => {}
        }
        false
    }
}

/// The kinds of the tokens before one, backwards, without comments and the like.
fn kinds_before(i: usize, tokens: &[Token]) -> impl Iterator<Item = TokenKind> {
    tokens[..i].iter().rev().map(Token::kind).filter(|kind| !kind.is_trivia())
}

/// The kinds of the tokens behind one, without comments and the like.
fn kinds_behind(i: usize, tokens: &[Token]) -> impl Iterator<Item = TokenKind> {
    tokens[i + 1..].iter().map(Token::kind).filter(|kind| !kind.is_trivia())
}

/// Whether a square bracket closes one that opens behind a value, with nothing between them.
fn is_empty_subscript(i: usize, tokens: &[Token]) -> bool {
    let opening = tokens[..i].iter().rposition(|token| !token.kind().is_trivia());
    let Some(opening) = opening.filter(|&opening| tokens[opening].kind() == TokenKind::Lsqb) else { return false };
    let before = opening.checked_sub(1).map(|before| tokens[before].kind());
    matches!(before, Some(TokenKind::Name | TokenKind::Rsqb | TokenKind::Rpar))
}

/// Whether a `yield` begins what parentheses hold, and a `for` is among it.
fn is_yielding_element(i: usize, tokens: &[Token]) -> bool {
    if kinds_before(i, tokens).next() != Some(TokenKind::Lpar) {
        return false;
    }
    let mut depth = 0;
    for kind in kinds_behind(i, tokens) {
        match kind {
            TokenKind::For if depth == 0 => return true,
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => depth += 1,
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace if depth == 0 => return false,
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => depth -= 1,
            _ => {}
        }
    }
    false
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
    let begins = kinds_before(i, tokens).next().is_none_or(|kind| {
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
    let mut before = kinds_before(i, tokens);
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
        Scan::of(parsed.tokens(), &source, &Mentions::of(text), 4300).doubtful
    }

    #[test]
    fn long_lines_have_places_everywhere() {
        let text = format!("x = 1\ny = [{}]\n{}", "a, ".repeat(500), "z = 2\n".repeat(500));
        let parsed = ruff_python_parser::parse_unchecked(&text, ruff_python_parser::Mode::Module.into());
        let source = SourceFile::from_text(&text, "test.py").expect("a text");
        let places = Scan::of(parsed.tokens(), &source, &Mentions::of(&text), 4300).places;
        let last = places.last().expect("a long line").to_usize();
        assert!(last < text.find('z').expect("a name"));
        let tokens = parsed.tokens();
        let at = |offset: TextSize| tokens.partition_point(|token| token.start() < offset);
        let begin = tokens.iter().position(|t| t.kind() == TokenKind::Newline).expect("a line") + 1;
        let numbers = || std::iter::once(begin).chain(places.iter().map(|&place| at(place)));
        assert!(numbers().zip(numbers().skip(1)).all(|(a, b)| b - a <= SHALLOW));
        assert!(at(TextSize::of(&text)) - at(places[places.len() - 1]) > SHALLOW);
    }

    #[test]
    fn a_parenthesis_that_begins_an_annotated_target_is_doubtful() {
        assert!(is_doubtful("(f).p: x\n"));
        assert!(is_doubtful("if a: (f)[0]: x\n"));
        assert!(!is_doubtful("(f): x\n"));
        // Wherever in a group of tokens it is.
        for before in 0..20 {
            assert!(is_doubtful(&format!("{}(f).p: x\n", "a; ".repeat(before))));
            assert!(is_doubtful(&format!("{}if a: (f).p: x\n", "a, (b)\n".repeat(before))));
        }
    }

    #[test]
    fn what_may_be_wrong_is_found_in_any_group_of_tokens() {
        let doubtful = ["a[]", "a[ # comment\n]", "((a) := b)", "f(yield a for b in c)", "f(*(a) < b)", "1if a else b"];
        for (text, before) in doubtful.iter().flat_map(|text| (0..20).map(move |before| (text, before))) {
            let text = format!("{}{text}\n", "a; ".repeat(before));
            assert!(is_doubtful(&text), "{text}");
        }
        assert!(!is_doubtful("f((yield) + a, ((yield a) for b in c))\n"));
        assert!(!is_doubtful("a = [], [b], (c), f(d * (e) < g)\n"));
    }

    // The second parser costs more than all else together.
    #[test]
    fn one_inside_of_brackets_is_not() {
        assert!(!is_doubtful("d = {1: (2, 3), 4: 5}\n"));
        assert!(!is_doubtful("f(x[a:(b)], {c: 1})\n"));
    }
}
