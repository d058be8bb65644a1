//! Strings side by side, and strings with fields.

use ruff_python_ast::str_prefix::{FStringPrefix, TStringPrefix};
use ruff_python_ast::{
    BytesLiteralValue, ConversionFlag, DebugText, Expr, ExprBytesLiteral, ExprFString, ExprStringLiteral, ExprTString, FString,
    FStringFlags, FStringPart, FStringValue, InterpolatedElement, InterpolatedStringElement, InterpolatedStringFormatSpec,
    InterpolatedStringLiteralElement, StringLiteralValue, TString, TStringFlags, TStringValue,
};
use ruff_text_size::Ranged;

use super::lexer::{StringKind, StringToken, range};
use super::token::Tok;
use super::{Declined, NodeIndex, Parsed, Parsing};

/// Fields of format specifications may have specifications with fields themselves; CPython refuses some of these.
const MAX_SPECS: u32 = 1;

impl Parsing<'_> {
    /// `strings`: one, or several side by side.
    pub(super) fn strings(&mut self) -> Parsed<Expr> {
        let start = self.at.start;
        match self.at.string.kind {
            StringKind::Bytes => self.bytes(start),
            StringKind::Template => self.templates(start),
            StringKind::Format => {
                let first = FStringPart::FString(self.fstring()?);
                self.fstrings(start, first, Vec::new())
            }
            StringKind::Plain | StringKind::Unicode => {
                let first = self.string_literal()?;
                self.advance();
                if !self.at(Tok::String) {
                    let (range, value) = (self.range_from(start), StringLiteralValue::single(first));
                    return Ok(Expr::StringLiteral(ExprStringLiteral { node_index: NodeIndex::NONE, range, value }));
                }
                let mut literals = vec![first];
                while self.at(Tok::String) {
                    match self.at.string.kind {
                        StringKind::Plain | StringKind::Unicode => literals.push(self.string_literal()?),
                        StringKind::Format => {
                            let next = FStringPart::FString(self.fstring()?);
                            let before = literals.into_iter().map(FStringPart::Literal).collect();
                            return self.fstrings(start, next, before);
                        }
                        StringKind::Bytes | StringKind::Template => return Err(Declined),
                    }
                    self.advance();
                }
                let (range, value) = (self.range_from(start), StringLiteralValue::concatenated(literals));
                Ok(Expr::StringLiteral(ExprStringLiteral { node_index: NodeIndex::NONE, range, value }))
            }
        }
    }

    fn bytes(&mut self, start: usize) -> Parsed<Expr> {
        let first = self.bytes_literal()?;
        self.advance();
        let mut literals = vec![first];
        while self.at(Tok::String) {
            if self.at.string.kind != StringKind::Bytes {
                return Err(Declined);
            }
            literals.push(self.bytes_literal()?);
            self.advance();
        }
        let value = match literals.len() {
            1 => BytesLiteralValue::single(literals.remove(0)),
            _ => BytesLiteralValue::concatenated(literals),
        };
        Ok(Expr::BytesLiteral(ExprBytesLiteral { node_index: NodeIndex::NONE, range: self.range_from(start), value }))
    }

    /// The string with fields that is the `next` of several, and those behind it.
    fn fstrings(&mut self, start: usize, next: FStringPart, mut parts: Vec<FStringPart>) -> Parsed<Expr> {
        let value = match next {
            FStringPart::FString(only) if parts.is_empty() && !self.at(Tok::String) => FStringValue::single(only),
            _ => {
                parts.push(next);
                while self.at(Tok::String) {
                    parts.push(match self.at.string.kind {
                        StringKind::Plain | StringKind::Unicode => {
                            let literal = self.string_literal()?;
                            self.advance();
                            FStringPart::Literal(literal)
                        }
                        StringKind::Format => FStringPart::FString(self.fstring()?),
                        StringKind::Bytes | StringKind::Template => return Err(Declined),
                    });
                }
                FStringValue::concatenated(parts)
            }
        };
        Ok(Expr::FString(ExprFString { node_index: NodeIndex::NONE, range: self.range_from(start), value }))
    }

    fn templates(&mut self, start: usize) -> Parsed<Expr> {
        let mut templates = vec![self.tstring()?];
        while self.at(Tok::String) {
            if self.at.string.kind != StringKind::Template {
                return Err(Declined);
            }
            templates.push(self.tstring()?);
        }
        let value = match templates.len() {
            1 => TStringValue::single(templates.remove(0)),
            _ => TStringValue::concatenated(templates),
        };
        Ok(Expr::TString(ExprTString { node_index: NodeIndex::NONE, range: self.range_from(start), value }))
    }

    fn fstring(&mut self) -> Parsed<FString> {
        let (start, string) = (self.at.start, self.at.string);
        let elements = self.with_fields(string)?.into();
        let prefix = match string.raw {
            true => FStringPrefix::Raw { uppercase_r: string.uppercase_r },
            false => FStringPrefix::Regular,
        };
        let flags = FStringFlags::empty().with_quote_style(string.quotes()).with_triple_quotes(string.triple_quotes());
        Ok(FString { range: self.range_from(start), node_index: NodeIndex::NONE, elements, flags: flags.with_prefix(prefix) })
    }

    fn tstring(&mut self) -> Parsed<TString> {
        let (start, string) = (self.at.start, self.at.string);
        let elements = self.with_fields(string)?.into();
        let prefix = match string.raw {
            true => TStringPrefix::Raw { uppercase_r: string.uppercase_r },
            false => TStringPrefix::Regular,
        };
        let flags = TStringFlags::empty().with_quote_style(string.quotes()).with_triple_quotes(string.triple_quotes());
        Ok(TString { range: self.range_from(start), node_index: NodeIndex::NONE, elements, flags: flags.with_prefix(prefix) })
    }

    /// The parts of a string with fields, from its beginning to behind its end.
    fn with_fields(&mut self, string: StringToken) -> Parsed<Vec<InterpolatedStringElement>> {
        let specs_outside = std::mem::take(&mut self.specs);
        let mut elements = Vec::new();
        let mut at = string.content.0;
        loop {
            let (end, has_brace) = self.literal_end(at, string).or_else(|_| self.rare())?;
            if end > at {
                elements.push(self.literal_part(at, end, has_brace, string.raw)?);
            }
            if self.text.as_bytes().get(end) == Some(&b'{') {
                at = self.field(end, string, &mut elements)?;
            } else {
                let quotes = if string.triple { 3 } else { 1 };
                self.at.end = end + quotes;
                self.specs = specs_outside;
                self.advance();
                return Ok(elements);
            }
        }
    }

    /// Where the text without fields that begins at `at` ends: at a field's brace, or a quote. And whether there
    /// are doubled braces in it.
    fn literal_end(&self, mut at: usize, string: StringToken) -> Parsed<(usize, bool)> {
        let bytes = self.text.as_bytes();
        let mut has_brace = false;
        loop {
            let byte = *bytes.get(at).ok_or(Declined)?;
            at += match byte {
                b'{' | b'}' if bytes.get(at + 1) == Some(&byte) => {
                    has_brace = true;
                    2
                }
                b'{' => return Ok((at, has_brace)),
                b'}' => return Err(Declined),
                // A brace behind it begins a field even so, in a raw string; else CPython warns.
                b'\\' if string.raw && matches!(bytes.get(at + 1), Some(b'{' | b'}')) => 1,
                b'\\' if matches!(bytes.get(at + 1), None | Some(b'{' | b'}' | b'N')) => return Err(Declined),
                b'\\' => 2,
                b'\n' if !string.triple => return Err(Declined),
                _ if byte != string.quote => 1,
                _ if !string.triple => return Ok((at, has_brace)),
                _ if bytes.get(at + 1..at + 3) == Some(&[byte, byte]) => return Ok((at, has_brace)),
                _ => 1,
            };
        }
    }

    fn literal_part(&mut self, start: usize, end: usize, has_brace: bool, raw: bool) -> Parsed<InterpolatedStringElement> {
        let text = self.slice(start, end);
        let mut value = match raw || memchr::memchr(b'\\', text.as_bytes()).is_none() {
            true => text.to_owned(),
            false => self.unescaped(text)?,
        };
        if has_brace {
            // An escape may stand for a brace, which is none of those that are doubled.
            if !raw && value.len() != text.len() {
                return self.rare();
            }
            value = value.replace("{{", "{").replace("}}", "}");
        }
        Ok(InterpolatedStringElement::Literal(InterpolatedStringLiteralElement {
            range: range(start, end),
            node_index: NodeIndex::NONE,
            value: value.into_boxed_str(),
        }))
    }

    /// The field whose brace is at `brace`; returns the place behind it.
    fn field(&mut self, brace: usize, string: StringToken, elements: &mut Vec<InterpolatedStringElement>) -> Parsed<usize> {
        let outside = (self.field_at, self.field_of_line);
        let open = self.at.open;
        self.at.open += 1;
        self.field_at = self.at.open;
        self.field_of_line = !string.triple || (outside.0 != 0 && outside.1);
        let element = self.nested(|parsing| parsing.field_parts(brace, string))?;
        elements.push(InterpolatedStringElement::Interpolation(element));
        (self.field_at, self.field_of_line) = outside;
        self.at.open = open;
        Ok(self.at.end)
    }

    /// The parts of a field; its closing brace is the token then, and not taken.
    fn field_parts(&mut self, brace: usize, string: StringToken) -> Parsed<InterpolatedElement> {
        self.next_token(brace + 1);
        let expression = self.boxed(Self::yield_or_star_expressions)?;
        let is_shown = self.at(Tok::Equal);
        if is_shown {
            self.advance();
        }
        let shown_to = self.at.start;
        let conversion = match self.at(Tok::Bang) {
            true => self.conversion()?,
            false => ConversionFlag::None,
        };
        let format_spec = match self.at.tok {
            Tok::Colon if self.at.open == self.field_at => Some(Box::new(self.format_spec(string)?)),
            // The brace has closed the field.
            Tok::Rbrace if self.at.open + 1 == self.field_at => None,
            _ => return Err(Declined),
        };
        let debug_text = is_shown.then(|| {
            let inside = expression.range();
            let (start, end) = (inside.start().to_usize(), inside.end().to_usize());
            DebugText::new(self.slice(brace + 1, start), self.slice(start, end), self.slice(end, shown_to))
        });
        Ok(InterpolatedElement {
            range: range(brace, self.at.end),
            node_index: NodeIndex::NONE,
            expression,
            debug_text,
            conversion,
            format_spec,
        })
    }

    fn conversion(&mut self) -> Parsed<ConversionFlag> {
        let behind = self.at.end;
        self.advance();
        let flag = match self.token_text() {
            _ if self.at.start != behind => return Err(Declined),
            "s" => ConversionFlag::Str,
            "r" => ConversionFlag::Repr,
            "a" => ConversionFlag::Ascii,
            _ => return Err(Declined),
        };
        self.advance();
        Ok(flag)
    }

    /// What follows a field's colon, which is the token.
    fn format_spec(&mut self, string: StringToken) -> Parsed<InterpolatedStringFormatSpec> {
        let start = self.at.end;
        let mut elements = Vec::new();
        let (mut at, mut behind_field) = (start, false);
        loop {
            let (end, has_brace) = self.spec_literal_end(at, string, behind_field).or_else(|_| self.rare())?;
            if end > at {
                elements.push(self.literal_part(at, end, has_brace, string.raw)?);
            }
            if self.text.as_bytes().get(end) == Some(&b'{') {
                if self.specs == MAX_SPECS {
                    return self.rare();
                }
                self.specs += 1;
                at = self.field(end, string, &mut elements)?;
                self.specs -= 1;
                behind_field = true;
                continue;
            }
            (self.at.tok, self.at.start, self.at.end) = (Tok::Rbrace, end, end + 1);
            return Ok(InterpolatedStringFormatSpec { range: range(start, end), node_index: NodeIndex::NONE, elements: elements.into() });
        }
    }

    /// Where the text that begins at `at` ends, and whether there are doubled braces in it: behind a field,
    /// CPython's tokenizer has forgotten that it is in a format specification, where there are none.
    fn spec_literal_end(&self, mut at: usize, string: StringToken, behind_field: bool) -> Parsed<(usize, bool)> {
        let bytes = self.text.as_bytes();
        let mut has_brace = false;
        loop {
            match *bytes.get(at).ok_or(Declined)? {
                b'{' if behind_field && bytes.get(at + 1) == Some(&b'{') => {
                    has_brace = true;
                    at += 2;
                }
                b'{' | b'}' => return Ok((at, has_brace)),
                b'\n' | b'\\' => return Err(Declined),
                quote if quote == string.quote => return Err(Declined),
                _ => at += 1,
            }
        }
    }
}
