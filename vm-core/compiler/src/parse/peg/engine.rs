//! The PEG machine: two passes over the tokens, the second one looking for what is wrong.

use ruff_text_size::TextSize;
use rustc_hash::FxHashMap;

use super::load::{Alternative, Grammar, Item, Memo, Outcome, RuleId};
use super::node::{NodeId, NodeKind, Tree};
use super::token::{self, Kind, Place, SOFT_KEYWORDS, Token, literal_text};
use super::tokenizer::{Done, Tokenizer};
use crate::error::{CodecProblem, CompileError, ErrorKind, Undecodable};
use crate::parse::{Mode, ParseOptions};
use crate::source::SourceFile;

/// Rules that may be open at a time: CPython gives up beyond.
const MAX_LEVEL: usize = 6000;
/// Native stack that must be left for a rule, and what is added when it is not.
const RED_ZONE: usize = 64 * 1024;
const STACK_CHUNK: usize = 4 * 1024 * 1024;

/// An error was reported: [`Parser::error`].
#[derive(Debug)]
pub(super) struct Reported;

/// What a rule or item made of the tokens here: nothing where it does not match.
pub(super) type Matched = Result<Option<NodeId>, Reported>;

pub(super) struct Parser<'s> {
    pub source: &'s SourceFile<'s>,
    grammar: &'static Grammar,
    pub(super) options: ParseOptions,
    pub tokenizer: Tokenizer<'s>,
    pub tokens: Vec<Token>,
    pub mark: usize,
    pub tree: Tree,
    memo: FxHashMap<(u32, RuleId), (Option<NodeId>, u32)>,
    /// Whether this is the second pass.
    look_for_errors: bool,
    level: usize,
    /// Interactive input has begun since its last end.
    started: bool,
    /// Where the last compound statement began that the second pass found to be whole, lines first.
    last_statement: Place,
    pub error: Option<CompileError>,
}

impl<'s> Parser<'s> {
    /// `text` is the source with a line end at its end; parsing begins at an offset where a
    /// statement begins at the top level.
    pub fn new(source: &'s SourceFile<'s>, text: &'s str, options: ParseOptions, at: TextSize) -> Self {
        let line = source.position(at).0;
        Parser {
            source,
            grammar: Grammar::get(),
            options,
            tokenizer: Tokenizer::new(text.as_bytes(), at.into(), line),
            tokens: Vec::new(),
            mark: 0,
            tree: Tree::default(),
            memo: FxHashMap::default(),
            look_for_errors: false,
            level: 0,
            started: false,
            last_statement: Place { line: 0, col: 0 },
            error: None,
        }
    }

    /// Parses; the error is the one that CPython reports.
    pub fn run(mut self) -> Result<(), CompileError> {
        let start = self.grammar.rule(match self.options.mode {
            Mode::Exec => "file",
            Mode::Eval => "eval",
            Mode::Single => "interactive",
        });
        let first = self.rule(start);
        if let Ok(Some(_)) = first {
            return self.check_single();
        }
        if self.options.allow_incomplete_input && self.tokenizer.done.is_at_end() {
            self.error = None;
            let _ = self.report_last(ErrorKind::Incomplete, "incomplete input");
        }
        let last = self.tokens.last().copied();
        if first.is_ok() && self.error.is_none() {
            self.memo.clear();
            self.mark = 0;
            self.look_for_errors = true;
            // What it finds is in self.error.
            let _ = self.rule(start);
        }
        if !matches!(&self.error, Some(e) if e.kind == ErrorKind::Incomplete) {
            self.settle(last);
        }
        let error = self.error.unwrap_or_else(|| CompileError::without_location("invalid syntax"));
        let Place { line, col } = self.last_statement;
        Err(CompileError { last_statement: Some((line, col)), ..error })
    }

    /// Notes where a compound statement begins, as CPython does: the one that is furthest down, and
    /// no function.
    pub fn note_statement(&mut self, statement: NodeId) {
        let mut tokens = &self.tokens[self.tree.node(statement).token..];
        let text = |t: &Token| literal_text(t.kind);
        // Behind decorators.
        while tokens.first().is_some_and(|t| text(t) == "@")
            && let Some(end) = tokens.iter().position(|t| t.kind == token::NEWLINE)
        {
            tokens = &tokens[end + 1..];
        }
        let is_function = match tokens {
            [first, second, ..] => text(first) == "def" || (text(first) == "async" && text(second) == "def"),
            _ => false,
        };
        if let Some(first) = tokens.first()
            && self.look_for_errors
            && !is_function
            && self.last_statement.line <= first.start.line
        {
            self.last_statement = first.start;
        }
    }

    fn check_single(mut self) -> Result<(), CompileError> {
        if self.options.mode != Mode::Single || !self.more_follows() {
            return Ok(());
        }
        let msg = "multiple statements found while compiling a single statement";
        let _ = self.report_last(ErrorKind::Syntax, msg);
        self.error.map_or(Ok(()), Err)
    }

    /// Whether something but blanks and comments follows what was read.
    fn more_follows(&self) -> bool {
        let mut comment = false;
        self.source
            .text()
            .bytes()
            .skip(self.tokenizer.cur)
            .any(|b| {
                comment = b != b'\n' && (comment || b == b'#');
                !comment && !matches!(b, b' ' | b'\t' | b'\n' | 0x0c)
            })
    }

    /// Decides between the error that was found and those that the rest of the tokens hold.
    fn settle(&mut self, last: Option<Token>) {
        if let Some(error) = &self.error {
            // What the tokenizer finds further on counts more than what a rule found, not
            // more than what the tokenizer found before.
            if is_syntax_error(error.kind) && self.tokenizer.done == Done::Ok {
                self.check_rest();
            }
            return;
        }
        let Some(last) = last else { return };
        if last.kind == token::INDENT || last.kind == token::DEDENT {
            let what = if last.kind == token::INDENT {
                "indent"
            } else {
                "unindent"
            };
            let _ = self.report_last(ErrorKind::Indentation, format!("unexpected {what}"));
            return;
        }
        let _ = self.report(last.start, last.end, "invalid syntax");
        self.check_rest();
    }

    /// Reads the rest of the tokens, for parentheses that do not match and the like.
    fn check_rest(&mut self) {
        let line = self.tokens.last().map_or(0, |t| t.start.line);
        loop {
            let kind = self.tokenizer.next_token().kind;
            if kind == token::END {
                return;
            }
            if kind == token::ERROR {
                break;
            }
        }
        let found = self.error.take();
        if let Done::Error { .. } = self.tokenizer.done {
            self.tokenizer_error();
        } else if let Some(&(paren, place)) = self.tokenizer.parens.last()
            && line > place.line
        {
            self.never_closed(paren, place);
        }
        // Inside of a string with fields, what was found in a field counts.
        if self.error.is_none() || self.tokenizer.in_string() {
            self.error = found;
        }
    }

    // Errors.

    /// Reports an error over a range, with columns in bytes from 0 as tokens have them.
    pub fn report(&mut self, start: Place, end: Place, msg: impl Into<String>) -> Reported {
        let end_col = end.col + 1;
        self.report_raw(
            ErrorKind::Syntax,
            start,
            Place {
                col: end_col,
                ..end
            },
            msg,
        )
    }

    /// Reports an error whose end column counts from 1; 0 means none.
    pub fn report_raw(
        &mut self,
        kind: ErrorKind,
        start: Place,
        end: Place,
        msg: impl Into<String>,
    ) -> Reported {
        if self.error.is_none() {
            let text = self.shown_line(start.line);
            self.error = Some(CompileError {
                kind,
                msg: msg.into(),
                filename: self.source.filename().clone(),
                line: Some(start.line),
                col: Some(characters(text, start.col + 1)),
                end_line: Some(end.line),
                end_col: Some(if end.col > 0 {
                    characters(text, end.col)
                } else {
                    end.col
                }),
                text: Some(text.to_owned()),
                after_parsing: false,
                warnings: Box::default(),
                codec_problem: None,
                last_statement: None,
            });
        }
        Reported
    }

    /// A line as an error shows it. The lines of a module are read from its file, others from
    /// the tokenizer, which keeps the line end of the line only that it is in.
    fn shown_line(&self, line: i32) -> &'s str {
        let text = self.source.line_text(line).unwrap_or("");
        if self.options.mode == Mode::Exec && !self.options.without_file {
            text
        } else if self.tokenizer.lineno <= line && self.tokenizer.line_end() > self.tokenizer.buf {
            self.tokenizer.line()
        } else {
            text.trim_end_matches('\n')
        }
    }

    /// Reports what cannot be decoded, which CPython does not make a SyntaxError.
    pub fn report_undecodable(&mut self, undecodable: Undecodable) -> Reported {
        if self.error.is_none() {
            let msg = undecodable.to_string();
            self.error = Some(CompileError {
                kind: ErrorKind::UnicodeDecode,
                codec_problem: Some(Box::new(CodecProblem::Escape(undecodable))),
                ..CompileError::without_location(msg).in_file(self.source.filename())
            });
        }
        Reported
    }

    /// Reports an error at the last token that was read.
    pub fn report_last(&mut self, kind: ErrorKind, msg: impl Into<String>) -> Reported {
        match self.tokens.last().copied() {
            Some(token) => self.report_at_token(kind, token, msg),
            None => {
                let start = Place { line: 0, col: -1 };
                self.report_raw(kind, start, Place { line: 0, col: 0 }, msg)
            }
        }
    }

    /// Reports an error at the token that comes next.
    pub fn report_next(&mut self, msg: &str) -> Reported {
        match self.token() {
            Ok(token) => self.report_at_token(ErrorKind::Syntax, token, msg),
            Err(reported) => reported,
        }
    }

    fn report_at_token(
        &mut self,
        kind: ErrorKind,
        token: Token,
        msg: impl Into<String>,
    ) -> Reported {
        // Tokens without a position are where the tokenizer stands.
        let col = match token.start.col {
            -1 => (self.tokenizer.cur - self.tokenizer.line_start) as i32 - 1,
            col => col,
        };
        let end_col = if token.end.col == -1 {
            -1
        } else {
            token.end.col + 1
        };
        let start = Place {
            line: token.start.line,
            col,
        };
        self.report_raw(
            kind,
            start,
            Place {
                line: token.end.line,
                col: end_col,
            },
            msg,
        )
    }

    fn never_closed(&mut self, paren: u8, place: Place) {
        let msg = format!("'{}' was never closed", char::from(paren));
        self.report_raw(
            ErrorKind::Syntax,
            place,
            Place {
                line: place.line,
                col: 0,
            },
            msg,
        );
    }

    /// Reports why the tokenizer stopped.
    fn tokenizer_error(&mut self) {
        let line = self.tokenizer.lineno;
        let (kind, col, msg) = match self.tokenizer.done.clone() {
            Done::Ok | Done::Eof => {
                match self.tokenizer.parens.last() {
                    Some(&(paren, place)) => self.never_closed(paren, place),
                    None => {
                        self.report_last(ErrorKind::Syntax, "unexpected EOF while parsing");
                    }
                }
                return;
            }
            Done::Error {
                msg,
                line,
                col,
                end_col,
                ..
            } => {
                // Never read from the file: what the tokenizer finds has no line end.
                let text = self.source.line_text(line).unwrap_or("");
                let text = text.trim_end_matches('\n').to_owned();
                self.error = Some(CompileError {
                    kind: ErrorKind::Syntax,
                    msg,
                    filename: self.source.filename().clone(),
                    line: Some(line),
                    col: Some(characters(&text, col)),
                    end_line: Some(line),
                    end_col: Some(characters(&text, end_col)),
                    text: Some(text),
                    after_parsing: false,
                    warnings: Box::default(),
                    codec_problem: None,
                    last_statement: None,
                });
                return;
            }
            Done::Dedent => {
                let msg = "unindent does not match any outer indentation level";
                self.report_last(ErrorKind::Indentation, msg);
                return;
            }
            Done::TabSpace => (
                ErrorKind::Tab,
                0,
                "inconsistent use of tabs and spaces in indentation",
            ),
            Done::TooDeep => (ErrorKind::Indentation, 0, "too many levels of indentation"),
            Done::LineContinuation => {
                let col = (self.tokenizer.cur - self.tokenizer.buf) as i32 - 1;
                let msg = "unexpected character after line continuation character";
                (ErrorKind::Syntax, col, msg)
            }
        };
        self.report_raw(kind, Place { line, col }, Place { line, col: 0 }, msg);
    }

    // Tokens.

    /// The token at the mark.
    pub fn token(&mut self) -> Result<Token, Reported> {
        if self.mark == self.tokens.len() {
            let mut token = self.tokenizer.next_token();
            if self.options.mode == Mode::Single && token.kind == token::END && self.started {
                // Interactive input ends with a line end of its own.
                token.kind = token::NEWLINE;
                self.started = false;
                if !self.options.dont_imply_dedent {
                    self.tokenizer.end_blocks();
                }
            } else {
                self.started = true;
            }
            self.tokens.push(token);
            if token.kind == token::ERROR {
                self.tokenizer_error();
            }
        }
        match self.error {
            None => Ok(self.tokens[self.mark]),
            Some(_) => Err(Reported),
        }
    }

    fn expect(&mut self, kind: Kind) -> Matched {
        let token = self.token()?;
        if token.kind != kind {
            return Ok(None);
        }
        let node_kind = match kind {
            token::NAME => NodeKind::Name,
            token::NUMBER => NodeKind::Number,
            token::STRING => NodeKind::Str,
            _ => NodeKind::Token,
        };
        let node = self
            .tree
            .add(node_kind, (token.start, token.end), self.mark, &[]);
        self.mark += 1;
        Ok(Some(node))
    }

    /// The text of the token that a node begins with.
    pub fn text(&self, id: NodeId) -> &'s str {
        self.tokenizer.text(&self.tokens[self.tree.node(id).token])
    }

    // Rules.

    fn rule(&mut self, id: RuleId) -> Matched {
        self.level += 1;
        if self.level >= MAX_LEVEL {
            let msg = "Parser stack overflowed - Python source too complex to parse";
            if self.error.is_none() {
                let kind = ErrorKind::Memory;
                self.error = Some(CompileError { kind, ..CompileError::without_location(msg) });
            }
            return Err(Reported);
        }
        let result = stacker::maybe_grow(RED_ZONE, STACK_CHUNK, || self.memoized(id));
        self.level -= 1;
        result
    }

    fn memoized(&mut self, id: RuleId) -> Matched {
        let memo = self.grammar.rules[usize::from(id)].memo;
        if memo == Memo::No {
            return self.alternatives(id);
        }
        let key = (self.mark as u32, id);
        if let Some(&(node, mark)) = self.memo.get(&key) {
            self.mark = mark as usize;
            return Ok(node);
        }
        if memo == Memo::Yes {
            let node = self.alternatives(id)?;
            self.memo.insert(key, (node, self.mark as u32));
            return Ok(node);
        }
        // A left recursion: each round may use the result of the round before.
        let start = self.mark;
        let mut best = (None, start);
        loop {
            self.memo.insert(key, (best.0, best.1 as u32));
            self.mark = start;
            let node = self.alternatives(id)?;
            if node.is_none() || self.mark <= best.1 {
                break;
            }
            best = (node, self.mark);
        }
        self.mark = best.1;
        Ok(best.0)
    }

    fn alternatives(&mut self, id: RuleId) -> Matched {
        let grammar = self.grammar;
        let rule = &grammar.rules[usize::from(id)];
        let look = self.look_for_errors;
        if rule.plain {
            self.look_for_errors = false;
        }
        let mut result = Ok(None);
        for alternative in &rule.alternatives {
            if alternative.invalid && !self.look_for_errors {
                continue;
            }
            let mut cut = false;
            result = self.alternative(alternative, &mut cut);
            if cut || !matches!(result, Ok(None)) {
                break;
            }
        }
        self.look_for_errors = look;
        result
    }

    fn alternative(&mut self, alternative: &'static Alternative, cut: &mut bool) -> Matched {
        let start = self.mark;
        // Nodes are positioned from the first token on, read ahead if need be.
        if let Outcome::Node(_) = alternative.outcome {
            self.token()?;
        }
        let mut parts: Vec<NodeId> = Vec::with_capacity(alternative.items.len());
        for item in &alternative.items {
            *cut |= matches!(item, Item::Cut);
            match self.item(item)? {
                Some(node) => parts.push(node),
                None => {
                    self.mark = start;
                    return Ok(None);
                }
            }
        }
        let made = match &alternative.outcome {
            Outcome::Part(part) => Ok(Some(parts[*part])),
            Outcome::Node(kind) => Ok(Some(self.make(*kind, start, &parts))),
            Outcome::Report {
                place,
                parts: named,
                msg,
            } => {
                let nodes: Vec<NodeId> = named.iter().map(|&p| parts[p]).collect();
                Err(self.report_error(*place, &nodes, msg))
            }
            Outcome::Target(target, part) => self.report_target(*target, parts[*part]),
            Outcome::Call(function, named) => {
                let nodes: Vec<NodeId> = named.iter().map(|&p| parts[p]).collect();
                self.call(function, &nodes, start)
            }
        };
        if let Ok(None) = made {
            self.mark = start;
        }
        made
    }

    /// A node of what was matched from the token `start` to the mark.
    pub fn make(&mut self, kind: NodeKind, start: usize, parts: &[NodeId]) -> NodeId {
        let first = self
            .tokens
            .get(start)
            .map_or(Place { line: 0, col: 0 }, |t| t.start);
        let blank = [token::END, token::NEWLINE, token::INDENT, token::DEDENT];
        let last = self.tokens[..self.mark]
            .iter()
            .rev()
            .find(|t| !blank.contains(&t.kind));
        self.tree
            .add(kind, (first, last.map_or(first, |t| t.end)), start, parts)
    }

    fn missing(&mut self) -> NodeId {
        let nowhere = Place { line: 0, col: 0 };
        self.tree
            .add(NodeKind::Missing, (nowhere, nowhere), self.mark, &[])
    }

    fn item(&mut self, item: &'static Item) -> Matched {
        match item {
            Item::Token(kind) => self.expect(*kind),
            Item::Soft(text) => self.soft_keyword(&[text]),
            Item::AnySoft => self.soft_keyword(&SOFT_KEYWORDS),
            Item::Rule(id) => self.rule(*id),
            Item::Optional(inner) => match self.item(inner)? {
                Some(node) => Ok(Some(node)),
                None => Ok(Some(self.missing())),
            },
            Item::Many(inner) => {
                let start = self.mark;
                let parts = self.repeat(inner)?;
                Ok(Some(self.make(NodeKind::Group, start, &parts)))
            }
            Item::Some(inner) => {
                let start = self.mark;
                let parts = self.repeat(inner)?;
                if parts.is_empty() {
                    return Ok(None);
                }
                Ok(Some(self.make(NodeKind::Group, start, &parts)))
            }
            Item::Gather(separator, inner) => self.gather(*separator, inner),
            Item::Ahead(inner) | Item::NotAhead(inner) => {
                let start = self.mark;
                let found = self.item(inner)?.is_some();
                self.mark = start;
                let wanted = matches!(item, Item::Ahead(_));
                Ok((found == wanted).then(|| self.missing()))
            }
            Item::Forced(kind) => {
                if let Some(node) = self.expect(*kind)? {
                    return Ok(Some(node));
                }
                let token = self.tokens[self.mark];
                let msg = format!("expected '{}'", literal_text(*kind));
                Err(self.report(token.start, token.end, msg))
            }
            Item::Cut => Ok(Some(self.missing())),
        }
    }

    fn soft_keyword(&mut self, texts: &[&str]) -> Matched {
        let token = self.token()?;
        if token.kind != token::NAME || !texts.contains(&self.tokenizer.text(&token)) {
            return Ok(None);
        }
        self.expect(token::NAME)
    }

    fn repeat(&mut self, inner: &'static Item) -> Result<Vec<NodeId>, Reported> {
        let mut parts = Vec::new();
        while let Some(node) = self.item(inner)? {
            parts.push(node);
        }
        Ok(parts)
    }

    fn gather(&mut self, separator: Kind, inner: &'static Item) -> Matched {
        let start = self.mark;
        let Some(first) = self.item(inner)? else {
            self.mark = start;
            return Ok(None);
        };
        let mut parts = vec![first];
        loop {
            let before = self.mark;
            if self.expect(separator)?.is_some()
                && let Some(node) = self.item(inner)?
            {
                parts.push(node);
                continue;
            }
            self.mark = before;
            return Ok(Some(self.make(NodeKind::Group, start, &parts)));
        }
    }
}

fn is_syntax_error(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Syntax | ErrorKind::Indentation | ErrorKind::Tab
    )
}

/// A column in bytes as one in characters, both from 1; what is beyond the line with its line
/// end counts as its end.
fn characters(line: &str, col: i32) -> i32 {
    let Ok(bytes) = usize::try_from(col) else {
        return col;
    };
    let before = line.char_indices().take_while(|(i, _)| *i < bytes).count() as i32;
    before + i32::from(bytes > line.len())
}

#[cfg(test)]
mod tests {
    use super::characters;

    #[test]
    fn columns_count_characters() {
        assert_eq!(characters("aéb\n", 1), 1);
        assert_eq!(characters("aéb\n", 4), 3);
        assert_eq!(characters("aéb\n", 5), 4);
        assert_eq!(characters("aéb\n", 50), 5);
        assert_eq!(characters("", 0), 0);
    }
}
