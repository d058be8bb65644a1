//! What the grammar's errors say, and the checks that its notation cannot express.

use unicode_normalization::UnicodeNormalization;

use super::decode;
use super::engine::{Matched, Parser, Reported};
use super::load::{ReportPlace, Target};
use super::node::{NodeId, NodeKind};
use super::token::Place;
use crate::error::{ErrorKind, Undecodable};

impl Parser<'_> {
    pub fn report_error(&mut self, place: ReportPlace, nodes: &[NodeId], msg: &str) -> Reported {
        let msg = self.fill_in(msg, nodes.first().copied());
        match (place, nodes) {
            (ReportPlace::At, &[node, ..]) => self.report_at(node, msg),
            (ReportPlace::Range, &[from, to, ..]) => self.report_range(from, to, msg),
            (ReportPlace::From, &[node, ..]) => self.report_from(node, msg),
            (ReportPlace::Next, _) => self.report_next(&msg),
            (ReportPlace::Indent, _) => self.report_last(ErrorKind::Indentation, msg),
            _ => self.report_last(ErrorKind::Syntax, msg),
        }
    }

    fn fill_in(&self, msg: &str, node: Option<NodeId>) -> String {
        let Some(node) = node.filter(|_| msg.contains('{')) else {
            return msg.to_owned();
        };
        let line = self.tree.node(node).start.line.to_string();
        msg.replace("{kind}", self.tree.kind(node).expression_name())
            .replace("{text}", self.text(node))
            .replace("{line}", &line)
    }

    fn report_at(&mut self, node: NodeId, msg: impl Into<String>) -> Reported {
        self.report_range(node, node, msg)
    }

    fn report_range(&mut self, from: NodeId, to: NodeId, msg: impl Into<String>) -> Reported {
        let (start, end) = (self.tree.node(from).start, self.tree.node(to).end);
        self.report(start, end, msg)
    }

    /// From a node to where the tokenizer stands.
    fn report_from(&mut self, node: NodeId, msg: impl Into<String>) -> Reported {
        let start = self.tree.node(node).start;
        let t = &self.tokenizer;
        let end = Place {
            line: t.lineno,
            col: (t.cur - t.line_start) as i32,
        };
        self.report_raw(ErrorKind::Syntax, start, end, msg)
    }

    pub fn report_target(&mut self, target: Target, node: NodeId) -> Matched {
        let Some(wrong) = self.invalid_target(target, node) else {
            return Ok(None);
        };
        let verb = if target == Target::Delete {
            "delete"
        } else {
            "assign to"
        };
        let name = self.tree.kind(wrong).expression_name();
        Err(self.report_at(wrong, format!("cannot {verb} {name}")))
    }

    /// The part of an expression that cannot be a target.
    fn invalid_target(&self, target: Target, node: NodeId) -> Option<NodeId> {
        match self.tree.kind(node) {
            NodeKind::List | NodeKind::Tuple => {
                let elements = self.tree.elements(node);
                elements
                    .into_iter()
                    .find_map(|e| self.invalid_target(target, e))
            }
            NodeKind::Starred if target != Target::Delete => {
                let value = *self.tree.elements(node).first()?;
                self.invalid_target(target, value)
            }
            NodeKind::Compare if target == Target::For => {
                // In `for a in b`, the whole is a comparison.
                let parts = self.tree.elements(node);
                match self.tree.kind(*parts.get(1)?) {
                    NodeKind::InOperator => self.invalid_target(target, parts[0]),
                    _ => None,
                }
            }
            NodeKind::Name | NodeKind::Subscript | NodeKind::Attribute => None,
            _ => Some(node),
        }
    }

    /// Calls an action by its name in the grammar.
    pub fn call(&mut self, function: &str, nodes: &[NodeId], start: usize) -> Matched {
        match (function, nodes) {
            ("not_equal", &[less, greater]) => {
                if self.tree.node(less).end != self.tree.node(greater).start {
                    return Ok(None);
                }
                let msg = "invalid syntax.  Maybe you meant '!=' instead of '<>'?";
                Err(self.report_range(less, greater, msg))
            }
            ("compound", &[statement]) => {
                self.note_statement(statement);
                Ok(Some(statement))
            }
            ("number", &[number]) => self.check_digits(number),
            ("real", &[number]) => self.check_number(number, false),
            ("imaginary", &[number]) => self.check_number(number, true),
            ("string", &[string]) => self.check_string(string),
            ("strings", &[strings]) => self.join_strings(strings, start),
            ("fields", &[opening, parts]) => self.check_fields(opening, parts, start),
            ("format_text", &[text]) => self.check_format_text(text),
            ("conversion", &[sign, letter]) => self.check_conversion(sign, letter, start),
            ("mixed_templates", &[first, second]) => {
                let last = self.tree.list(first).last().copied().unwrap_or(first);
                let msg = "cannot mix t-string literals with string or bytes literals";
                Err(self.report_range(last, second, msg))
            }
            _ => self.call_on_error(function, nodes),
        }
    }

    /// Actions of the rules for what is wrong.
    fn call_on_error(&mut self, function: &str, nodes: &[NodeId]) -> Matched {
        match (function, nodes) {
            ("legacy", &[name, arguments]) => self.legacy_statement(name, arguments),
            ("missing_comma", &[left, right]) => self.missing_comma(left, right),
            ("string_parts", &[parts]) => {
                let parts = self.tree.elements(parts);
                let (Some(&first), Some(&last)) = (parts.first(), parts.last()) else {
                    return Ok(None);
                };
                let msg = "invalid syntax. Is this intended to be part of the string?";
                Err(self.report_range(first, last, msg))
            }
            ("unparenthesized_generator", &[element, clauses]) => {
                self.unparenthesized_generator(element, clauses)
            }
            ("generator_after_arguments", &[args, clauses]) => {
                let positional = self.positional(args);
                match positional.last() {
                    Some(&last) if positional.len() > 1 => {
                        self.unparenthesized_generator(last, clauses)
                    }
                    _ => Ok(None),
                }
            }
            ("argument_order", &[args]) => {
                let unpacks = |e| self.tree.kind(e) == NodeKind::Unpacking;
                let what = if self.tree.elements(args).into_iter().any(unpacks) {
                    "keyword argument unpacking"
                } else {
                    "keyword argument"
                };
                let msg = format!("positional argument follows {what}");
                Err(self.report_last(ErrorKind::Syntax, msg))
            }
            ("comprehension_target", &[first, rest]) => {
                let last = self.tree.list(rest).last().copied().unwrap_or(rest);
                let msg = "did you forget parentheses around the comprehension target?";
                Err(self.report_range(first, last, msg))
            }
            ("pattern_order", &[patterns]) => {
                let patterns = self.tree.list(patterns);
                let (Some(&first), Some(&last)) = (patterns.first(), patterns.last()) else {
                    return Ok(None);
                };
                let msg = "positional patterns follow keyword patterns";
                Err(self.report_range(first, last, msg))
            }
            ("type_var_tuple_bound", &[colon, bound]) => {
                self.impossible_bound(colon, bound, "TypeVarTuple")
            }
            ("param_spec_bound", &[colon, bound]) => {
                self.impossible_bound(colon, bound, "ParamSpec")
            }
            ("missing_value", &[key]) => {
                let node = self.tree.node(key);
                let start = Place {
                    line: node.start.line,
                    col: node.end.col - 1,
                };
                let end = Place {
                    line: node.end.line,
                    col: 0,
                };
                let msg = "':' expected after dictionary key";
                Err(self.report_raw(ErrorKind::Syntax, start, end, msg))
            }
            // The end of interactive input.
            _ => Ok(None),
        }
    }

    /// Arguments of a call that are not given by keyword.
    fn positional(&self, args: NodeId) -> Vec<NodeId> {
        let mut all = self.tree.elements(args);
        all.retain(|&e| !matches!(self.tree.kind(e), NodeKind::Keyword | NodeKind::Unpacking));
        all
    }

    fn unparenthesized_generator(&mut self, element: NodeId, clauses: NodeId) -> Matched {
        let last = self.tree.list(clauses).last().copied().unwrap_or(clauses);
        let last = self.tree.elements(last).last().copied().unwrap_or(last);
        Err(self.report_range(element, last, "Generator expression must be parenthesized"))
    }

    fn is_legacy_name(&self, node: NodeId) -> bool {
        self.tree.kind(node) == NodeKind::Name && matches!(self.text(node), "print" | "exec")
    }

    fn legacy_statement(&mut self, name: NodeId, arguments: NodeId) -> Matched {
        if !self.is_legacy_name(name) {
            return Ok(None);
        }
        let word = self.text(name);
        let msg = format!("Missing parentheses in call to '{word}'. Did you mean {word}(...)?");
        Err(self.report_range(name, arguments, msg))
    }

    fn missing_comma(&mut self, left: NodeId, right: NodeId) -> Matched {
        // Outside of parentheses, the second expression may begin a statement.
        if self.is_legacy_name(left) || self.tokens[self.mark - 1].level == 0 {
            return Ok(None);
        }
        let msg = "invalid syntax. Perhaps you forgot a comma?";
        Err(self.report_range(left, right, msg))
    }

    fn impossible_bound(&mut self, colon: NodeId, bound: NodeId, what: &str) -> Matched {
        let kind = match self.tree.kind(bound) {
            NodeKind::Tuple => "constraints",
            _ => "bound",
        };
        Err(self.report_from(colon, format!("cannot use {kind} with {what}")))
    }

    fn check_digits(&mut self, number: NodeId) -> Matched {
        let text = self.text(number);
        let decimal = text.bytes().all(|b| b.is_ascii_digit() || b == b'_');
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let max_digits = self.options.max_digits();
        if !decimal || digits <= max_digits {
            return Ok(Some(number));
        }
        let line = self.tree.node(number).start.line;
        let msg = format!(
            "Exceeds the limit ({max_digits} digits) for integer string conversion: value has \
             {digits} digits; use sys.set_int_max_str_digits() to increase the limit - Consider \
             hexadecimal for huge integer literals to avoid decimal conversion limits."
        );
        let place = Place { line, col: -1 };
        Err(self.report_raw(ErrorKind::Syntax, place, Place { line, col: 0 }, msg))
    }

    fn check_number(&mut self, number: NodeId, imaginary: bool) -> Matched {
        if self.text(number).ends_with(['j', 'J']) == imaginary {
            return Ok(Some(number));
        }
        let what = if imaginary { "imaginary" } else { "real" };
        Err(self.report_at(number, format!("{what} number required in complex literal")))
    }

    // Strings.

    fn check_string(&mut self, string: NodeId) -> Matched {
        match decode::check_literal(self.text(string)) {
            Ok(()) => Ok(Some(string)),
            Err(decode::Problem::NotAscii) => {
                let msg = "bytes can only contain ASCII literal characters";
                Err(self.report_at(string, msg))
            }
            Err(decode::Problem::Bytes(msg)) => Err(self.report_last(ErrorKind::Syntax, msg)),
            Err(decode::Problem::Text(undecodable)) => Err(self.report_text(&undecodable)),
        }
    }

    /// Checks a part of the string that begins with the token of `opening`.
    fn check_text(&mut self, part: NodeId, opening: NodeId) -> Matched {
        let raw = self.text(opening).bytes().take(2).any(|b| b | 0x20 == b'r');
        match decode::check_text(self.text(part), raw) {
            Ok(()) => Ok(Some(part)),
            Err(undecodable) => Err(self.report_text(&undecodable)),
        }
    }

    /// Checks text of a format specification, which is raw where the tokenizer is in a raw string by then: it
    /// may be behind, or in another one, when CPython looks for what is wrong.
    fn check_format_text(&mut self, part: NodeId) -> Matched {
        match decode::check_text(self.text(part), self.tokenizer.in_raw_string()) {
            Ok(()) => Ok(Some(part)),
            Err(undecodable) => Err(self.report_undecodable(undecodable)),
        }
    }

    fn report_text(&mut self, undecodable: &Undecodable) -> Reported {
        self.report_last(ErrorKind::Syntax, format!("(unicode error) {undecodable}"))
    }

    fn check_fields(&mut self, opening: NodeId, parts: NodeId, start: usize) -> Matched {
        for part in self.tree.list(parts) {
            if self.tree.kind(part) == NodeKind::Text {
                self.check_text(part, opening)?;
            }
        }
        let template = self.text(opening).bytes().take(2).any(|b| b | 0x20 == b't');
        let kind = if template {
            NodeKind::TemplateStr
        } else {
            NodeKind::JoinedStr
        };
        Ok(Some(self.make(kind, start, &[])))
    }

    fn join_strings(&mut self, strings: NodeId, start: usize) -> Matched {
        let strings = self.tree.list(strings);
        let formatted = strings
            .iter()
            .filter(|&&s| self.tree.kind(s) == NodeKind::JoinedStr)
            .count();
        let bytes = strings.iter().filter(|&&s| {
            let prefix = self.text(s).bytes().take_while(u8::is_ascii_alphabetic);
            self.tree.kind(s) == NodeKind::Str && prefix.take(2).any(|b| b | 0x20 == b'b')
        });
        let bytes = bytes.count();
        if bytes > 0 && bytes < strings.len() {
            let msg = "cannot mix bytes and nonbytes literals";
            return Err(self.report_last(ErrorKind::Syntax, msg));
        }
        let kind = if formatted > 0 {
            NodeKind::JoinedStr
        } else {
            NodeKind::Str
        };
        Ok(Some(self.make(kind, start, &[])))
    }

    fn check_conversion(&mut self, sign: NodeId, letter: NodeId, start: usize) -> Matched {
        let prefix = self.tokenizer.string_prefix();
        if self.tree.node(sign).end != self.tree.node(letter).start {
            let msg = format!(
                "{prefix}-string: conversion type must come right after the exclamation mark"
            );
            return Err(self.report_range(sign, letter, msg));
        }
        let name: String = self.text(letter).nfkc().collect();
        if !matches!(name.as_str(), "s" | "r" | "a") {
            let msg = format!(
                "{prefix}-string: invalid conversion character '{name}': expected 's', 'r', or 'a'"
            );
            return Err(self.report_at(letter, msg));
        }
        Ok(Some(self.make(NodeKind::Group, start, &[])))
    }
}
