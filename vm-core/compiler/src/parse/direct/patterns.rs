//! Patterns.

use ruff_python_ast::{
    Expr, ExprAttribute, ExprBinOp, ExprContext, ExprName, ExprUnaryOp, Identifier, Number, Operator, Pattern, PatternArguments,
    PatternKeyword, PatternMatchAs, PatternMatchClass, PatternMatchMapping, PatternMatchOr, PatternMatchSequence,
    PatternMatchSingleton, PatternMatchStar, PatternMatchValue, Singleton, UnaryOp,
};


use super::token::Tok;
use super::{Declined, NodeIndex, Parsed, Parsing};

impl Parsing<'_> {
    /// `patterns`: one, or a sequence without brackets.
    pub(super) fn patterns(&mut self) -> Parsed<Pattern> {
        let start = self.at.start;
        let first = self.star_pattern()?;
        if !self.at(Tok::Comma) {
            return if matches!(first, Pattern::MatchStar(_)) { Err(Declined) } else { Ok(first) };
        }
        let mut patterns = vec![first];
        while self.take(Tok::Comma) && !matches!(self.at.tok, Tok::If | Tok::Colon) {
            patterns.push(self.star_pattern()?);
        }
        let range = self.range_from(start);
        Ok(Pattern::MatchSequence(PatternMatchSequence { node_index: NodeIndex::NONE, range, patterns }))
    }

    /// `maybe_star_pattern`.
    fn star_pattern(&mut self) -> Parsed<Pattern> {
        if !self.at(Tok::Star) {
            return self.pattern();
        }
        let start = self.at.start;
        self.advance();
        let name = self.identifier()?;
        let name = Some(name).filter(|name| name.id != "_");
        Ok(Pattern::MatchStar(PatternMatchStar { node_index: NodeIndex::NONE, range: self.range_from(start), name }))
    }

    /// `pattern`: alternatives, and the name that what matches gets.
    fn pattern(&mut self) -> Parsed<Pattern> {
        self.nested(Self::as_pattern)
    }

    fn as_pattern(&mut self) -> Parsed<Pattern> {
        let start = self.at.start;
        let pattern = self.or_pattern()?;
        if !self.take(Tok::As) {
            return Ok(pattern);
        }
        let name = self.identifier()?;
        if name.id == "_" || matches!(self.at.tok, Tok::Dot | Tok::Lpar | Tok::Equal) {
            return Err(Declined);
        }
        let (range, pattern) = (self.range_from(start), Some(Box::new(pattern)));
        Ok(Pattern::MatchAs(PatternMatchAs { node_index: NodeIndex::NONE, range, pattern, name: Some(name) }))
    }

    fn or_pattern(&mut self) -> Parsed<Pattern> {
        let start = self.at.start;
        let first = self.closed_pattern()?;
        if !self.at(Tok::Vbar) {
            return Ok(first);
        }
        let mut patterns = vec![first];
        while self.take(Tok::Vbar) {
            patterns.push(self.closed_pattern()?);
        }
        Ok(Pattern::MatchOr(PatternMatchOr { node_index: NodeIndex::NONE, range: self.range_from(start), patterns }))
    }

    fn closed_pattern(&mut self) -> Parsed<Pattern> {
        let start = self.at.start;
        match self.at.tok {
            Tok::Name => self.name_pattern(),
            Tok::Number | Tok::Minus => {
                let value = self.number_in_pattern()?;
                Ok(self.value_pattern(start, value))
            }
            Tok::String => {
                let value = self.strings()?;
                if matches!(value, Expr::FString(_) | Expr::TString(_)) {
                    return Err(Declined);
                }
                Ok(self.value_pattern(start, value))
            }
            Tok::None => self.singleton(Singleton::None),
            Tok::True => self.singleton(Singleton::True),
            Tok::False => self.singleton(Singleton::False),
            Tok::Lpar => self.parenthesized_pattern(),
            Tok::Lsqb => {
                self.advance();
                let patterns = self.patterns_to(Tok::Rsqb)?.0;
                let range = self.range_from(start);
                Ok(Pattern::MatchSequence(PatternMatchSequence { node_index: NodeIndex::NONE, range, patterns }))
            }
            Tok::Lbrace => self.mapping(),
            _ => Err(Declined),
        }
    }

    fn value_pattern(&self, start: usize, value: Expr) -> Pattern {
        let (range, value) = (self.range_from(start), Box::new(value));
        Pattern::MatchValue(PatternMatchValue { node_index: NodeIndex::NONE, range, value })
    }

    fn singleton(&mut self, value: Singleton) -> Parsed<Pattern> {
        let start = self.at.start;
        self.advance();
        Ok(Pattern::MatchSingleton(PatternMatchSingleton { node_index: NodeIndex::NONE, range: self.range_from(start), value }))
    }

    /// A group or a sequence.
    fn parenthesized_pattern(&mut self) -> Parsed<Pattern> {
        let start = self.at.start;
        self.advance();
        let (mut patterns, has_comma) = self.patterns_to(Tok::Rpar)?;
        match patterns.pop() {
            Some(only) if patterns.is_empty() && !has_comma => {
                return if matches!(only, Pattern::MatchStar(_)) { Err(Declined) } else { Ok(only) };
            }
            last => patterns.extend(last),
        }
        let range = self.range_from(start);
        Ok(Pattern::MatchSequence(PatternMatchSequence { node_index: NodeIndex::NONE, range, patterns }))
    }

    /// Patterns up to the bracket that closes them, and whether there was a comma.
    fn patterns_to(&mut self, close: Tok) -> Parsed<(Vec<Pattern>, bool)> {
        let (mut patterns, mut has_comma) = (Vec::new(), false);
        while !self.at(close) {
            patterns.push(self.star_pattern()?);
            if !self.take(Tok::Comma) {
                break;
            }
            has_comma = true;
        }
        self.expect(close)?;
        Ok((patterns, has_comma))
    }

    /// A capture, the wildcard, a value or a class.
    fn name_pattern(&mut self) -> Parsed<Pattern> {
        let start = self.at.start;
        let first = self.identifier()?;
        if !matches!(self.at.tok, Tok::Dot | Tok::Lpar) {
            let name = Some(first).filter(|name| name.id != "_");
            let range = self.range_from(start);
            return Ok(Pattern::MatchAs(PatternMatchAs { node_index: NodeIndex::NONE, range, pattern: None, name }));
        }
        if first.id == "_" {
            return Err(Declined);
        }
        let value = self.attributes(start, first)?;
        if !self.at(Tok::Lpar) {
            return Ok(self.value_pattern(start, value));
        }
        let arguments = self.pattern_arguments()?;
        let (range, cls) = (self.range_from(start), Box::new(value));
        Ok(Pattern::MatchClass(PatternMatchClass { node_index: NodeIndex::NONE, range, cls, arguments }))
    }

    /// `name_or_attr`, behind its first name.
    fn attributes(&mut self, start: usize, first: Identifier) -> Parsed<Expr> {
        let mut value = Expr::Name(ExprName { node_index: NodeIndex::NONE, range: first.range, id: first.id, ctx: ExprContext::Load });
        while self.take(Tok::Dot) {
            self.link()?;
            let attr = self.identifier()?;
            let (range, inner) = (self.range_from(start), Box::new(value));
            value = Expr::Attribute(ExprAttribute { node_index: NodeIndex::NONE, range, value: inner, attr, ctx: ExprContext::Load });
        }
        Ok(value)
    }

    fn pattern_arguments(&mut self) -> Parsed<PatternArguments> {
        let start = self.at.start;
        self.advance();
        let (mut patterns, mut keywords): (Vec<Pattern>, Vec<PatternKeyword>) = (Vec::new(), Vec::new());
        while !self.at(Tok::Rpar) {
            let keyword_start = self.at.start;
            let attr = if self.at(Tok::Name) { self.attempt(Self::pattern_keyword) } else { None };
            match attr {
                // Behind a pattern, CPython takes it for another one, the wildcard.
                Some(attr) if attr.id == "_" && keywords.is_empty() && !patterns.is_empty() => return Err(Declined),
                Some(attr) => {
                    let pattern = self.pattern()?;
                    keywords.push(PatternKeyword { range: self.range_from(keyword_start), node_index: NodeIndex::NONE, attr, pattern });
                }
                None if keywords.is_empty() => patterns.push(self.pattern()?),
                None => return Err(Declined),
            }
            if !self.take(Tok::Comma) {
                break;
            }
        }
        self.expect(Tok::Rpar)?;
        let patterns = patterns.into_iter().collect();
        Ok(PatternArguments { range: self.range_from(start), node_index: NodeIndex::NONE, patterns, keywords })
    }

    /// A name and the `=` behind it.
    fn pattern_keyword(&mut self) -> Parsed<Identifier> {
        let name = self.identifier()?;
        self.expect(Tok::Equal)?;
        Ok(name)
    }

    fn mapping(&mut self) -> Parsed<Pattern> {
        let start = self.at.start;
        self.advance();
        let (mut keys, mut patterns, mut rest): (Vec<Expr>, Vec<Pattern>, Option<Identifier>) = (Vec::new(), Vec::new(), None);
        while !self.at(Tok::Rbrace) {
            if rest.is_some() {
                return Err(Declined);
            }
            if self.take(Tok::DoubleStar) {
                let name = self.identifier()?;
                if name.id == "_" {
                    return Err(Declined);
                }
                rest = Some(name);
            } else {
                keys.push(self.mapping_key()?);
                self.expect(Tok::Colon)?;
                patterns.push(self.pattern()?);
            }
            if !self.take(Tok::Comma) {
                break;
            }
        }
        self.expect(Tok::Rbrace)?;
        Ok(Pattern::MatchMapping(PatternMatchMapping {
            node_index: NodeIndex::NONE,
            range: self.range_from(start),
            keys: keys.into_iter().collect(),
            patterns: patterns.into_iter().collect(),
            rest,
        }))
    }

    fn mapping_key(&mut self) -> Parsed<Expr> {
        let start = self.at.start;
        match self.at.tok {
            Tok::Number | Tok::Minus => self.number_in_pattern(),
            Tok::None | Tok::True | Tok::False => self.expr(Self::atom),
            Tok::String => {
                let value = self.strings()?;
                if matches!(value, Expr::FString(_) | Expr::TString(_)) { Err(Declined) } else { Ok(value) }
            }
            Tok::Name => {
                let first = self.identifier()?;
                if !self.at(Tok::Dot) || first.id == "_" {
                    return Err(Declined);
                }
                self.attributes(start, first)
            }
            _ => Err(Declined),
        }
    }

    /// `signed_number`, or a complex number of two parts.
    fn number_in_pattern(&mut self) -> Parsed<Expr> {
        let start = self.at.start;
        let is_negative = self.take(Tok::Minus);
        if !self.at(Tok::Number) {
            return Err(Declined);
        }
        let mut value = self.number_literal()?;
        let is_imaginary = is_complex(&value);
        self.advance();
        if is_negative {
            let (range, operand) = (self.range_from(start), Box::new(value));
            value = Expr::UnaryOp(ExprUnaryOp { node_index: NodeIndex::NONE, range, op: UnaryOp::USub, operand });
        }
        let op = match self.at.tok {
            Tok::Plus => Operator::Add,
            Tok::Minus => Operator::Sub,
            _ => return Ok(value),
        };
        self.advance();
        if is_imaginary || !self.at(Tok::Number) {
            return Err(Declined);
        }
        let imaginary = self.number_literal()?;
        if !is_complex(&imaginary) {
            return Err(Declined);
        }
        self.advance();
        let (range, left, right) = (self.range_from(start), Box::new(value), Box::new(imaginary));
        Ok(Expr::BinOp(ExprBinOp { node_index: NodeIndex::NONE, range, left, op, right }))
    }
}

fn is_complex(value: &Expr) -> bool {
    matches!(value, Expr::NumberLiteral(number) if matches!(number.value, Number::Complex { .. }))
}
