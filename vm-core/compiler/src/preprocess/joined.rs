//! The parts of f-strings and t-strings as CPython's parser joins them: neighbouring
//! constants are one constant, the text of `{x=}` is a constant before its value.

use ruff_python_ast::str_prefix::{FStringPrefix, TStringPrefix};
use ruff_python_ast::{
    Expr, FStringPart, FStringValue, InterpolatedElement, InterpolatedStringElement,
    InterpolatedStringFormatSpec, InterpolatedStringLiteralElement, TStringValue,
};
use ruff_text_size::{Ranged, TextRange, TextSize};
use tailscope_bytecode::code::{Const, Wtf8};

use super::literal::{literal_bytes, unescaped};
use crate::instr::Loc;
use crate::source::{SourceFile, no_range};

/// One value of CPython's `JoinedStr` or `TemplateStr`.
#[derive(Clone, Debug)]
pub enum JoinedPart<'a> {
    Constant {
        value: Wtf8,
        loc: Loc,
    },
    /// `FormattedValue`, in t-strings `Interpolation`.
    Formatted(Formatted<'a>),
    /// An expression that is no field. Only trees that were not parsed have such parts.
    Other(&'a Expr),
}

/// A replacement field.
#[derive(Clone, Debug)]
pub struct Formatted<'a> {
    pub value: &'a Expr,
    /// `b's'`, `b'r'` or `b'a'`; `{x=}` without conversion and format means `b'r'`.
    pub conversion: Option<u8>,
    pub format_spec: Option<FormatSpec<'a>>,
    /// Source of the expression as `Interpolation.str` gives it (t-strings only); in trees that
    /// were not parsed it may be any value.
    pub source_text: Option<Const>,
    pub loc: Loc,
}

/// A format specification; its parts come from [`format_spec_parts`].
#[derive(Clone, Copy, Debug)]
pub struct FormatSpec<'a> {
    pub node: &'a InterpolatedStringFormatSpec,
    /// Position of the `JoinedStr` that CPython makes of it.
    pub loc: Loc,
    /// CPython makes a constant of it instead, at the same place: it does where it joins several strings that are
    /// no fields, and its tokenizer ends one behind each character that stands there by its name.
    pub is_constant: bool,
    raw: bool,
    template: bool,
}

/// Values of the `JoinedStr` that an f-string (with the strings beside it) becomes.
pub fn fstring_parts<'a>(value: &'a FStringValue, source: &SourceFile) -> Vec<JoinedPart<'a>> {
    let mut joiner = Joiner::new(source, false);
    for part in value.as_slice() {
        match part {
            FStringPart::Literal(literal) => {
                joiner.constant(&literal_bytes(literal, source), literal.range);
            }
            FStringPart::FString(f) => {
                let raw = matches!(f.flags.prefix(), FStringPrefix::Raw { .. });
                joiner.elements(&f.elements, raw);
            }
        }
    }
    joiner.finish()
}

/// Values of the `TemplateStr` that t-strings become.
pub fn tstring_parts<'a>(value: &'a TStringValue, source: &SourceFile) -> Vec<JoinedPart<'a>> {
    let mut joiner = Joiner::new(source, true);
    for t in value.as_slice() {
        let raw = matches!(t.flags.prefix(), TStringPrefix::Raw { .. });
        joiner.elements(&t.elements, raw);
    }
    joiner.finish()
}

/// The field of an `Interpolation` that is in no `TemplateStr`: a string without a place stands
/// around it in a tree that was not parsed.
pub fn lone_interpolation<'a>(value: &'a TStringValue, source: &SourceFile) -> Option<Formatted<'a>> {
    let [t] = value.as_slice() else { return None };
    if !source.has_no_text() || t.range != no_range() {
        return None;
    }
    match tstring_parts(value, source).pop() {
        Some(JoinedPart::Formatted(field)) => Some(field),
        _ => None,
    }
}

/// Values of the `JoinedStr` that a format specification becomes.
pub fn format_spec_parts<'a>(spec: FormatSpec<'a>, source: &SourceFile) -> Vec<JoinedPart<'a>> {
    let mut joiner = Joiner { is_spec: true, ..Joiner::new(source, false) };
    joiner.elements(&spec.node.elements, spec.raw);
    // Fields in the format of a t-string's field are formatted, not kept.
    debug_assert!(!joiner.template || !spec.template);
    let mut parts = joiner.finish();
    if let [JoinedPart::Constant { loc, .. }] = &mut parts[..]
        && spec.is_constant
    {
        *loc = spec.loc;
    }
    parts
}

/// Of the text of a format specification, which CPython's tokenizer ends behind each character that stands there by
/// its name: how many pieces are something, and where the last of them ends.
fn named_pieces(text: &str) -> (usize, usize) {
    let (mut pieces, mut end, mut rest) = (0, 0, text);
    while let Some((_, escape)) = rest.split_once('\\') {
        rest = match escape.strip_prefix("N{").and_then(|named| named.split_once('}')) {
            Some((_, behind)) => {
                pieces += 1;
                end = text.len() - behind.len();
                behind
            }
            None => escape.char_indices().nth(1).map_or("", |(next, _)| &escape[next..]),
        };
    }
    // Line ends that are escaped are nothing.
    if pieces > 0 && text[end..].replace("\\\n", "").is_empty() { (pieces, end) } else { (pieces + 1, text.len()) }
}

struct Joiner<'a, 's> {
    source: &'s SourceFile<'s>,
    template: bool,
    /// It is a format specification that is joined.
    is_spec: bool,
    parts: Vec<JoinedPart<'a>>,
    /// The constant that grows with each neighbour, and its range.
    pending: Option<(Vec<u8>, TextRange)>,
}

impl<'a, 's> Joiner<'a, 's> {
    fn new(source: &'s SourceFile<'s>, template: bool) -> Self {
        Joiner {
            source,
            template,
            is_spec: false,
            parts: Vec::new(),
            pending: None,
        }
    }

    fn constant(&mut self, value: &[u8], range: TextRange) {
        // Nothing is joined in a tree that somebody made: the parts are as they were put there.
        if self.source.has_no_text() {
            let loc = self.source.loc(range);
            return self.parts.push(JoinedPart::Constant { value: Wtf8(value.into()), loc });
        }
        match &mut self.pending {
            Some((bytes, all)) => {
                bytes.extend_from_slice(value);
                *all = if range == no_range() {
                    range
                } else {
                    TextRange::new(all.start(), range.end())
                };
            }
            None => self.pending = Some((value.to_vec(), range)),
        }
    }

    /// Ends a run of constants; an empty one leaves no trace.
    fn flush(&mut self) {
        if let Some((bytes, range)) = self.pending.take()
            && !bytes.is_empty()
        {
            let loc = self.source.loc(range);
            self.parts.push(JoinedPart::Constant {
                value: Wtf8(bytes.into()),
                loc,
            });
        }
    }

    fn finish(mut self) -> Vec<JoinedPart<'a>> {
        self.flush();
        self.parts
    }

    fn elements(&mut self, elements: &'a [InterpolatedStringElement], raw: bool) {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(literal) => self.literal(literal, raw),
                InterpolatedStringElement::Interpolation(field) => self.field(field, raw),
            }
        }
    }

    fn literal(&mut self, literal: &InterpolatedStringLiteralElement, raw: bool) {
        let value = unescaped(&literal.value, literal.range, raw, self.source);
        // Parts of an f-string that come to nothing are dropped before neighbours join.
        if value.is_empty() && !self.source.has_no_text() {
            return;
        }
        let mut range = literal.range;
        if self.is_spec && !raw && !self.source.has_no_text() && range != no_range() {
            let (_, end) = named_pieces(self.source.slice(range));
            range = TextRange::at(range.start(), TextSize::new(end as u32));
        }
        self.constant(&value, range);
    }

    fn field(&mut self, field: &'a InterpolatedElement, raw: bool) {
        if self.source.has_no_text() && field.range == no_range() {
            return self.parts.push(JoinedPart::Other(&field.expression));
        }
        let synthetic = field.range == field.expression.range();
        let text_end = if synthetic {
            None
        } else {
            self.expression_text_end(field)
        };
        let text = text_end.map(|end| {
            let range = TextRange::new(field.range.start() + TextSize::new(1), end);
            (without_comments(self.source.slice(range)), range)
        });
        if field.debug_text.is_some()
            && let Some((text, range)) = &text
        {
            self.constant(text.as_bytes(), *range);
        }
        self.flush();
        let conversion = field.conversion.to_byte().or_else(|| {
            (field.debug_text.is_some() && field.format_spec.is_none()).then_some(b'r')
        });
        let source_text = match text {
            Some((text, _)) if self.template => Some(Const::Str(match field.debug_text {
                Some(_) => without_equals(&text).into(),
                None => text.as_str().into(),
            })),
            _ if self.template => self.source.constant(field.range).cloned(),
            _ => None,
        };
        let format_spec = field.format_spec.as_deref().map(|node| FormatSpec {
            node,
            loc: self.source.loc(self.format_spec_range(node)),
            is_constant: self.is_constant(node, raw),
            raw,
            template: self.template,
        });
        self.parts.push(JoinedPart::Formatted(Formatted {
            value: &field.expression,
            conversion,
            format_spec,
            source_text,
            loc: self.source.loc(field.range),
        }));
    }

    /// See [`FormatSpec::is_constant`].
    fn is_constant(&self, node: &InterpolatedStringFormatSpec, raw: bool) -> bool {
        match &node.elements[..] {
            [InterpolatedStringElement::Literal(only)] if !raw && !self.source.has_no_text() && only.range != no_range() => {
                named_pieces(self.source.slice(only.range)).0 > 1
            }
            _ => false,
        }
    }

    /// The colon belongs to CPython's node.
    fn format_spec_range(&self, node: &InterpolatedStringFormatSpec) -> TextRange {
        let start = u32::from(node.range.start());
        match self
            .source
            .text()
            .as_bytes()
            .get((start as usize).wrapping_sub(1))
        {
            Some(b':') if node.range != no_range() => {
                TextRange::new(TextSize::new(start - 1), node.range.end())
            }
            _ => node.range,
        }
    }

    /// Where the text of a field's expression ends: at its `!`, `:` or closing brace.
    fn expression_text_end(&self, field: &InterpolatedElement) -> Option<TextSize> {
        if let Some(debug) = &field.debug_text {
            let len = TextSize::try_from(debug.as_str().len()).ok()?;
            return Some(field.range.start() + TextSize::new(1) + len);
        }
        let from = usize::from(field.expression.end());
        let mut comment = false;
        for (i, c) in self.source.text().get(from..)?.char_indices() {
            match c {
                '\n' => comment = false,
                _ if comment => {}
                '#' => comment = true,
                '!' | ':' | '}' => return TextSize::try_from(from + i).ok(),
                _ => {}
            }
        }
        None
    }
}

/// The text of an expression as CPython's tokenizer keeps it, without comments. Its idea of
/// strings is simple: quotes alternate.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' | '\'' => {
                quote = match quote {
                    None => Some(c),
                    Some(open) if open == c => None,
                    open => open,
                };
                out.push(c);
            }
            '\\' => {
                out.push(c);
                out.extend(chars.next());
            }
            '#' if quote.is_none() => {
                if chars.by_ref().any(|c| c == '\n') {
                    out.push('\n');
                }
            }
            _ => out.push(c),
        }
    }
    out
}

/// The text of `{x = }` up to its equals sign: what follows it is blank.
fn without_equals(text: &str) -> &str {
    text.rfind('=').map_or(text, |at| &text[..at])
}
