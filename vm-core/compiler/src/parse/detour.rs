//! What ruff's parser refuses though it is right, on a detour around its mistakes:
//!
//! - `match` behind a semicolon is a name, as no compound statement can follow; ruff takes it for
//!   the keyword. It gets another name of its length before it is parsed, and its own back in
//!   the tree.
//! - `raise;` raises the current exception; ruff wants an expression. A `break` of the same length
//!   is parsed in its place.
//! - `_` may be the keyword of a pattern, as in `Point(_=0)`; ruff takes it for the wildcard. Another
//!   letter is parsed in its place.
//! - Zeros may lead a decimal number in front of `else`, whose `e` makes CPython take it for the
//!   beginning of an exponent: `010else` is 10.0. That is parsed in its place, as long as it was.
//! - Behind a field in a format specification, CPython's tokenizer has forgotten that it is in one:
//!   `{{` is a brace there, as in other text. A character of two bytes is parsed in its place.
//! - f-strings and t-strings in patterns are the compiler's to refuse, and stay in the trees of
//!   `ast`; ruff minds them inside of other patterns. An attribute is parsed in their place.

use ruff_python_ast::name::Name;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_python_ast::visitor::transformer::{
    Transformer, walk_body, walk_expr, walk_interpolated_string_element, walk_pattern_keyword, walk_stmt,
};
use ruff_python_ast::{Expr, InterpolatedStringElement, Mod, PatternKeyword, Stmt, StmtRaise};
use ruff_python_parser::{Mode, ParseOptions, Parsed, parse_parenthesized_expression_range, parse_unchecked};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::preprocess::positions;

const MATCH: &str = "match";
/// As long as `raise`, and a statement by itself.
const BREAK: &str = "break";
/// What a pattern may match begins so; no longer than the shortest f-string.
const ATTRIBUTE: &str = "a.b";
/// A keyword as long as `_`.
const LETTER: &str = "a";
/// Characters as long as two braces.
const TWO_BYTES: std::ops::RangeInclusive<char> = '\u{3A3}'..='\u{7FF}';
/// How deep the tree of such a string may be.
pub(super) const DEPTH_OF_STRINGS: usize = 80;

/// A text that ruff's parser gets right.
pub(super) struct Detour {
    pub text: String,
    /// The name that stands for `match`.
    name: String,
    /// Where a `break` stands for `raise`.
    raises: Vec<TextSize>,
    /// Where a letter stands for the keyword `_` of a pattern.
    keywords: Vec<TextSize>,
    /// The character that stands for two braces, and where it does, in order.
    brace: char,
    braces: Vec<TextSize>,
    /// Where an attribute stands for a string with fields, with the string's tree.
    strings: Vec<(TextRange, Expr)>,
}

/// How often more is looked for on the way: strings inside of what the parser had given up.
const ROUNDS: usize = 16;
/// How many bytes are looked at for the end of a string.
const LONGEST_STRING: usize = 16 << 10;

/// Parses again by the way around, if ruff's parser minds something and it may be this, or reads braces as
/// CPython's does not.
pub(super) fn take(
    mut parsed: Parsed<Mod>,
    text: &str,
    parse: impl Fn(&str) -> Parsed<Mod>,
) -> (Parsed<Mod>, Option<Detour>) {
    let braces = braces_in_format(parsed.tokens(), text);
    if parsed.errors().is_empty() && braces.is_empty() {
        return (parsed, None);
    }
    let Some(mut detour) = find(&parsed, text, &braces) else { return (parsed, None) };
    for _ in 0..ROUNDS {
        parsed = parse(&detour.text);
        let strings = strings_minded(&parsed, &detour.text);
        let braces = braces_in_format(parsed.tokens(), &detour.text);
        if strings.is_empty() && braces.is_empty() {
            break;
        }
        detour.replace(strings, &braces);
    }
    (parsed, Some(detour))
}

/// What the way leads around.
fn find(parsed: &Parsed<Mod>, text: &str, braces: &[TextRange]) -> Option<Detour> {
    let (mut names, mut raises): (Vec<TextRange>, Vec<TextRange>) = (Vec::new(), Vec::new());
    let mut last = (TokenKind::Newline, TextRange::default());
    for token in parsed.tokens() {
        let (kind, range) = (token.kind(), token.range());
        if kind.is_trivia() {
            continue;
        }
        // The parser has made some of these tokens plain names by now.
        if last.0 == TokenKind::Semi && &text[range] == MATCH {
            names.push(range);
        }
        if kind == TokenKind::Semi && last.0 == TokenKind::Raise {
            raises.push(last.1);
        }
        last = (kind, range);
    }
    let strings = strings_minded(parsed, text);
    let numbers = numbers_minded(parsed, text);
    let keywords = keywords_minded(parsed, text);
    let is_plain = names.is_empty() && raises.is_empty() && strings.is_empty();
    if is_plain && numbers.is_empty() && keywords.is_empty() && braces.is_empty() {
        return None;
    }
    let name = (0..10_000).map(|n| format!("m{n:04}")).find(|name| !text.contains(name))?;
    // Neither the text nor an escape in it has this one.
    let spelled = text.to_ascii_lowercase();
    let is_free = |c: &char| !text.contains(*c) && !spelled.contains(&format!("{:x}", u32::from(*c)));
    let brace = TWO_BYTES.into_iter().find(is_free)?;
    let mut detour = text.to_owned();
    for place in names {
        detour.replace_range(place.to_std_range(), &name);
    }
    for place in &raises {
        detour.replace_range(place.to_std_range(), BREAK);
    }
    for (place, number) in numbers {
        detour.replace_range(place.to_std_range(), &number);
    }
    for place in &keywords {
        detour.replace_range(place.to_std_range(), LETTER);
    }
    let starts = |places: &[TextRange]| places.iter().map(Ranged::start).collect();
    let (raises, keywords) = (starts(&raises), starts(&keywords));
    let mut detour = Detour { text: detour, name, raises, keywords, brace, braces: Vec::new(), strings: Vec::new() };
    detour.replace(strings, braces);
    Some(detour)
}

/// Where the parser did not expect `_` as the keyword of a pattern.
fn keywords_minded(parsed: &Parsed<Mod>, text: &str) -> Vec<TextRange> {
    let places = parsed.errors().iter().map(|e| e.location);
    let is_keyword = |place: &TextRange| {
        let rest = text.get(place.end().to_usize()..).unwrap_or_default().trim_start();
        text.get(place.to_std_range()) == Some("_") && rest.starts_with('=') && !rest.starts_with("==")
    };
    places.filter(is_keyword).collect()
}

/// What is open inside of a string with fields.
enum Open {
    String,
    /// A field, before its format specification.
    Field,
    Format { behind_field: bool },
    Bracket,
}

/// The doubled braces of the first text of a format specification that has some behind a field.
fn braces_in_format(tokens: &[Token], text: &str) -> Vec<TextRange> {
    if !text.contains("{{") {
        return Vec::new();
    }
    let mut open: Vec<Open> = Vec::new();
    for token in tokens {
        match (token.kind(), open.last_mut()) {
            (TokenKind::FStringStart | TokenKind::TStringStart, _) => open.push(Open::String),
            (_, None) => {}
            (TokenKind::FStringEnd | TokenKind::TStringEnd, _) => {
                while open.pop().is_some_and(|o| !matches!(o, Open::String)) {}
            }
            (TokenKind::Lbrace, Some(Open::Format { behind_field: true })) if text[token.end().to_usize()..].starts_with('{') => {
                return doubled_braces(text, token.start());
            }
            (TokenKind::Lbrace, Some(Open::String | Open::Format { .. })) => open.push(Open::Field),
            (TokenKind::Lbrace | TokenKind::Lpar | TokenKind::Lsqb, _) => open.push(Open::Bracket),
            (TokenKind::Rpar | TokenKind::Rsqb, Some(Open::Bracket)) => drop(open.pop()),
            (TokenKind::Rbrace, Some(Open::Field | Open::Format { .. } | Open::Bracket)) => {
                open.pop();
                if let Some(Open::Format { behind_field }) = open.last_mut() {
                    *behind_field = true;
                }
            }
            (TokenKind::Colon, Some(field @ Open::Field)) => *field = Open::Format { behind_field: false },
            _ => {}
        }
    }
    Vec::new()
}

/// The doubled braces of the text without fields in which those at `start` are.
fn doubled_braces(text: &str, start: TextSize) -> Vec<TextRange> {
    let (mut found, mut at) = (Vec::new(), start.to_usize());
    while let Some(&byte) = text.as_bytes().get(at) {
        let rest = &text[at..];
        if rest.starts_with("{{") {
            found.push(TextRange::at(TextSize::new(at as u32), TextSize::of("{{")));
            at += 2;
        } else if matches!(byte, b'{' | b'}' | b'"' | b'\'') || rest.starts_with("\\N{") {
            break;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    found
}

/// The numbers with leading zeros in front of `else`, and as floats of their length.
fn numbers_minded(parsed: &Parsed<Mod>, text: &str) -> Vec<(TextRange, String)> {
    let mut minded = Vec::new();
    for error in parsed.errors() {
        let start = error.location.start().to_usize();
        let rest = text.get(start..).unwrap_or_default();
        let number = &rest[..rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'_').count()];
        let digits: String = number.chars().filter(|c| *c != '_').skip_while(|c| *c == '0').collect();
        if number.starts_with('0') && !digits.is_empty() && rest[number.len()..].starts_with("else") {
            let zeros = number.len() - digits.len() - 1;
            let range = TextRange::at(error.location.start(), TextSize::of(number));
            minded.push((range, format!("{digits}.{}", "0".repeat(zeros))));
        }
    }
    minded
}

/// The strings with fields that ruff's parser did not expect where they stand, if a `match`
/// statement may be the reason.
fn strings_minded(parsed: &Parsed<Mod>, text: &str) -> Vec<(TextRange, Expr)> {
    let tokens = parsed.tokens();
    if !tokens.iter().any(|t| t.kind() == TokenKind::Match) {
        return Vec::new();
    }
    let errors = parsed.errors().iter().map(|e| e.location.start());
    let mut minded: Vec<(TextRange, Expr)> = Vec::new();
    for start in errors {
        let first = tokens.partition_point(|t| t.start() < start);
        let Some(range) = tokens.get(first).and_then(|token| joined_strings(token, text)) else { continue };
        if minded.last().is_some_and(|(last, _)| range.start() < last.end()) {
            continue;
        }
        let Ok(string) = parse_parenthesized_expression_range(text, range) else { continue };
        let mut module = Mod::Expression(string.into_syntax());
        let depth = positions::normalize(&mut module, text, DEPTH_OF_STRINGS, None).depth;
        if let (Mod::Expression(string), true) = (module, depth <= DEPTH_OF_STRINGS) {
            minded.push((range, *string.body));
        }
    }
    minded
}

/// The range of the strings that begin with a token, if it has fields.
fn joined_strings(first: &Token, text: &str) -> Option<TextRange> {
    let opens = |kind| matches!(kind, TokenKind::FStringStart | TokenKind::TStringStart);
    if !opens(first.kind()) {
        return None;
    }
    // The tokens behind an error may be none of the text's: ruff's parser makes some of them anew, and
    // forgets the quotes that it is in.
    let rest = &text[first.start().to_usize()..];
    let rest = &rest[..rest.floor_char_boundary(LONGEST_STRING)];
    let parsed = parse_unchecked(rest, ParseOptions::from(Mode::ParenthesizedExpression));
    let (mut end, mut depth) = (first.end() - first.start(), 0_usize);
    for token in parsed.tokens() {
        match token.kind() {
            kind if opens(kind) => depth += 1,
            TokenKind::FStringEnd | TokenKind::TStringEnd => depth = depth.checked_sub(1)?,
            TokenKind::EndOfFile => return None,
            TokenKind::String => {}
            kind if depth > 0 || kind.is_trivia() => continue,
            _ => break,
        }
        end = token.end();
    }
    (depth == 0).then(|| TextRange::at(first.start(), end))
}

impl Detour {
    /// Leads around strings and braces, too.
    fn replace(&mut self, strings: Vec<(TextRange, Expr)>, braces: &[TextRange]) {
        for place in braces {
            self.text.replace_range(place.to_std_range(), self.brace.encode_utf8(&mut [0; 4]));
        }
        self.braces.extend(braces.iter().map(Ranged::start));
        self.braces.sort_unstable();
        for (place, _) in &strings {
            let name = "b".repeat(place.len().to_usize() - ATTRIBUTE.len());
            self.text.replace_range(place.to_std_range(), &format!("{ATTRIBUTE}{name}"));
        }
        self.strings.extend(strings);
        self.strings.sort_unstable_by_key(|(range, _)| range.start());
    }

    /// Whether something was replaced that would be wrong elsewhere: CPython's parser decides then.
    pub fn is_doubtful(&self) -> bool {
        !self.strings.is_empty() || !self.keywords.is_empty()
    }

    /// Makes the tree that of the original text. The native stack must do for its depth.
    pub fn restore(&self, module: &mut Mod) {
        match module {
            Mod::Module(module) => walk_body(self, &mut module.body),
            Mod::Expression(e) => self.visit_expr(&mut e.body),
        }
    }
}

impl Transformer for Detour {
    fn visit_interpolated_string_element(&self, element: &mut InterpolatedStringElement) {
        match element {
            InterpolatedStringElement::Literal(literal) => {
                let next = self.braces.partition_point(|place| *place < literal.range.start());
                if self.braces.get(next).is_some_and(|place| *place < literal.range.end()) {
                    literal.value = literal.value.replace(self.brace, "{").into();
                }
            }
            InterpolatedStringElement::Interpolation(_) => walk_interpolated_string_element(self, element),
        }
    }

    fn visit_pattern_keyword(&self, keyword: &mut PatternKeyword) {
        if self.keywords.binary_search(&keyword.attr.start()).is_ok() {
            keyword.attr.id = Name::new_static("_");
        }
        walk_pattern_keyword(self, keyword);
    }

    fn visit_stmt(&self, stmt: &mut Stmt) {
        match stmt {
            Stmt::Break(s) if self.raises.binary_search(&s.range.start()).is_ok() => {
                *stmt = Stmt::Raise(StmtRaise {
                    node_index: s.node_index.clone(),
                    range: s.range,
                    exc: None,
                    cause: None,
                });
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&self, expr: &mut Expr) {
        match expr {
            Expr::Name(name) if name.id.as_str() == self.name => name.id = Name::new_static(MATCH),
            Expr::Attribute(attribute) => {
                let start = attribute.start();
                if let Ok(i) = self.strings.binary_search_by_key(&start, |(range, _)| range.start()) {
                    *expr = self.strings[i].1.clone();
                }
                walk_expr(self, expr);
            }
            _ => walk_expr(self, expr),
        }
    }
}
