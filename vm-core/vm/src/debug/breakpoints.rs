//! Breakpoints without a VM: what one asks for, whether a hit counts, what it logs, and
//! which lines of a code object a breakpoint can be on.

use std::cell::Cell;
use std::fmt;

use super::address::InstructionAddress;
use super::seam::DebugError;
use super::types::{BreakpointId, SourceRange};

/// A breakpoint on a line.
#[derive(Clone, Debug, PartialEq)]
pub struct BreakpointSpec {
    /// Its number. A breakpoint that is set again with the number and the condition that it
    /// had keeps its hit count.
    pub id: BreakpointId,
    /// The wanted line.
    pub line: u32,
    /// The wanted column, in bytes from 0; None: the line's beginning.
    pub column: Option<u32>,
    /// When a hit counts, and what it does.
    pub rule: BreakpointRule,
}

/// A breakpoint on a function.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionBreakpointSpec {
    /// Its number.
    pub id: BreakpointId,
    /// The function's name, its qualified name, or that with the module in front.
    pub name: String,
    /// When a hit counts, and what it does.
    pub rule: BreakpointRule,
}

/// A breakpoint on something that is written.
#[derive(Clone, Debug, PartialEq)]
pub struct DataBreakpointSpec {
    /// Its number.
    pub id: BreakpointId,
    /// What is watched: a number that `Debuggee::watchable` gave.
    pub watched: u64,
    /// When a hit counts, and what it does.
    pub rule: BreakpointRule,
}

/// A breakpoint on an instruction.
#[derive(Clone, Debug, PartialEq)]
pub struct InstructionBreakpointSpec {
    /// Its number.
    pub id: BreakpointId,
    /// The wanted instruction.
    pub address: InstructionAddress,
    /// When a hit counts, and what it does.
    pub rule: BreakpointRule,
}

/// When a hit counts, and what it does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BreakpointRule {
    /// A Python expression, tested in the frame.
    pub condition: Option<String>,
    /// Which of the hits count, among those that the condition lets through.
    pub hit_condition: Option<HitCondition>,
    /// Instead of stopping, log this.
    pub log_message: Option<LogMessage>,
}

/// Where a breakpoint ended up.
#[derive(Clone, Debug, PartialEq)]
pub struct BreakpointStatus {
    /// Its number.
    pub id: BreakpointId,
    /// What became of it.
    pub state: BreakpointState,
}

/// What became of a breakpoint.
#[derive(Clone, Debug, PartialEq)]
pub enum BreakpointState {
    /// It will be hit there.
    Set {
        /// The line it is on: the wanted one, or the next one with code.
        line: Option<u32>,
        /// The column, where one was wanted.
        column: Option<u32>,
        /// Its first instruction, where the code object exists already.
        address: Option<InstructionAddress>,
    },
    /// Its code is not there yet; the reason for the person who set it.
    Pending(String),
    /// It cannot be set; the reason for the person who set it.
    Failed(String),
}

/// Which hits of a breakpoint count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HitCondition {
    /// The n-th alone: `5` or `== 5`.
    Equal(u64),
    /// `> n`.
    Over(u64),
    /// `>= n`.
    AtLeast(u64),
    /// `< n`.
    Under(u64),
    /// `<= n`.
    AtMost(u64),
    /// Every n-th: `% n`.
    Every(u64),
}

impl HitCondition {
    /// Reads what people write: a number, or an operator and a number.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
        let operator = text[..text.len() - digits.len()].trim_end();
        let count = digits.parse::<u64>().map_err(|_| Self::complaint(text))?;
        match operator {
            "" | "==" | "=" => Ok(HitCondition::Equal(count)),
            ">" => Ok(HitCondition::Over(count)),
            ">=" => Ok(HitCondition::AtLeast(count)),
            "<" => Ok(HitCondition::Under(count)),
            "<=" => Ok(HitCondition::AtMost(count)),
            "%" if count > 0 => Ok(HitCondition::Every(count)),
            _ => Err(Self::complaint(text)),
        }
    }

    fn complaint(text: &str) -> String {
        format!(
            "{text:?} is not a hit count: write a number (the hit to stop at), or one of \
             ==, >, >=, <, <=, % and a number"
        )
    }

    /// Whether the `hits`-th hit counts; the first is 1.
    pub fn admits(self, hits: u64) -> bool {
        match self {
            HitCondition::Equal(n) => hits == n,
            HitCondition::Over(n) => hits > n,
            HitCondition::AtLeast(n) => hits >= n,
            HitCondition::Under(n) => hits < n,
            HitCondition::AtMost(n) => hits <= n,
            HitCondition::Every(n) => n != 0 && hits.is_multiple_of(n),
        }
    }
}

impl fmt::Display for HitCondition {
    /// In the form that `parse` reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (operator, count) = match self {
            HitCondition::Equal(n) => ("==", n),
            HitCondition::Over(n) => (">", n),
            HitCondition::AtLeast(n) => (">=", n),
            HitCondition::Under(n) => ("<", n),
            HitCondition::AtMost(n) => ("<=", n),
            HitCondition::Every(n) => ("%", n),
        };
        write!(f, "{operator} {count}")
    }
}

/// A log message: text with `{expressions}`; `{{` and `}}` stand for braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogMessage {
    parts: Vec<LogPart>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum LogPart {
    Text(String),
    Expression(String),
}

impl LogMessage {
    /// Takes a message apart. Any text is a message: a brace that nothing closes is text.
    pub fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(brace) = rest.find(['{', '}']) {
            literal.push_str(&rest[..brace]);
            let at = &rest[brace..];
            if at.starts_with("{{") || at.starts_with("}}") {
                literal.push_str(&at[..1]);
                rest = &at[2..];
            } else if let Some(end) = expression_end(at) {
                if !literal.is_empty() {
                    parts.push(LogPart::Text(std::mem::take(&mut literal)));
                }
                parts.push(LogPart::Expression(at[1..end].trim().to_owned()));
                rest = &at[end + 1..];
            } else {
                literal.push_str(&at[..1]);
                rest = &at[1..];
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(LogPart::Text(literal));
        }
        LogMessage { parts }
    }

    /// The message with its expressions' values in place; an error stands where its value would.
    pub fn format(&self, evaluate: &mut dyn RuleEvaluator) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                LogPart::Text(literal) => text.push_str(literal),
                LogPart::Expression(source) => match evaluate.text(source) {
                    Ok(value) => text.push_str(&value),
                    Err(error) => text.push_str(&format!("<{error}>")),
                },
            }
        }
        text
    }
}

/// Index of the brace that closes the expression that `text` opens with; braces, brackets
/// and quotes inside are passed over. None if nothing does, or if there is no expression.
fn expression_end(text: &str) -> Option<usize> {
    if !text.starts_with('{') {
        return None;
    }
    let mut open = Vec::new();
    let mut quote = None;
    let mut escaped = false;
    for (index, c) in text.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '{' | '[' | '(') => open.push(c),
            (None, ']' | ')') => drop(open.pop()),
            (None, '}') => {
                open.pop();
                if open.is_empty() {
                    return (!text[1..index].trim().is_empty()).then_some(index);
                }
            }
            (None, _) => {}
        }
    }
    None
}

/// Runs the Python of a breakpoint's rule, in the frame that hit it.
pub trait RuleEvaluator {
    /// The truth of an expression.
    fn test(&mut self, source: &str) -> Result<bool, DebugError>;
    /// `str()` of an expression's value.
    fn text(&mut self, source: &str) -> Result<String, DebugError>;
}

/// What a hit does.
#[derive(Clone, Debug, PartialEq)]
pub enum HitOutcome {
    /// Nothing.
    Pass,
    /// Stops the program; the note says what went wrong with the condition, if something did.
    Stop { note: Option<String> },
    /// Logs a text.
    Log(String),
}

impl BreakpointRule {
    /// Decides about a hit. `hits` counts those that the condition let through and is
    /// advanced here. A condition that raises stops, so that its mistake is seen.
    pub fn hit(&self, hits: &Cell<u64>, evaluate: &mut dyn RuleEvaluator) -> HitOutcome {
        if let Some(condition) = &self.condition {
            match evaluate.test(condition) {
                Ok(true) => {}
                Ok(false) => return HitOutcome::Pass,
                Err(error) => {
                    let note = format!("the breakpoint's condition `{condition}` failed: {error}");
                    return HitOutcome::Stop { note: Some(note) };
                }
            }
        }
        hits.set(hits.get() + 1);
        if self
            .hit_condition
            .is_some_and(|condition| !condition.admits(hits.get()))
        {
            return HitOutcome::Pass;
        }
        match &self.log_message {
            Some(message) => HitOutcome::Log(message.format(evaluate)),
            None => HitOutcome::Stop { note: None },
        }
    }
}

/// An instruction, as far as the places of line breakpoints depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineMark {
    /// Byte offset.
    pub offset: u32,
    /// Source that it was compiled from.
    pub location: Option<SourceRange>,
    /// Control can arrive here by a jump from another line, or by an exception.
    pub target: bool,
    /// It prepares the frame (up to and including `RESUME`).
    pub prologue: bool,
}

/// Where execution enters a line: the places of its breakpoints, as line and byte offset.
///
/// An instruction enters a line when the one before it is of another line, or when control
/// arrives at it from elsewhere. It does not when it only finishes an expression that spans lines, begun
/// on this line and continued on a later one: its range then holds the range of the
/// instruction before it.
pub fn line_starts(marks: &[LineMark]) -> Vec<(u32, u32)> {
    let mut starts = Vec::new();
    let mut before: Option<SourceRange> = None;
    for mark in marks {
        if mark.target {
            before = None;
        }
        let Some(here) = mark.location.filter(|here| here.line > 0 && !mark.prologue) else {
            continue;
        };
        let other_line = before.is_none_or(|b| b.line != here.line);
        let finishes = before.is_some_and(|b| b.line > here.line && holds(here, b));
        if other_line && !finishes {
            starts.push((here.line, mark.offset));
        }
        before = Some(here);
    }
    starts
}

fn holds(outer: SourceRange, inner: SourceRange) -> bool {
    let begin = |r: SourceRange| (r.line, r.column.unwrap_or(0));
    let end = |r: SourceRange| (r.end_line, r.end_column.unwrap_or(u32::MAX));
    begin(outer) <= begin(inner) && end(inner) <= end(outer)
}

/// The line that a breakpoint wanted on `line` goes to: the first one with code from there
/// on. `lines` are ascending.
pub fn line_with_code(lines: &[u32], line: u32) -> Option<u32> {
    lines.get(lines.partition_point(|&l| l < line)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Knows `x` (7) and that `no` is false; anything else raises.
    struct Names;

    impl RuleEvaluator for Names {
        fn test(&mut self, source: &str) -> Result<bool, DebugError> {
            self.text(source).map(|text| text != "False")
        }
        fn text(&mut self, source: &str) -> Result<String, DebugError> {
            match source {
                "x" => Ok("7".to_owned()),
                "no" => Ok("False".to_owned()),
                "d['}']" | "{1: 2}[1]" => Ok("item".to_owned()),
                other => Err(DebugError::Raised(format!(
                    "NameError: name '{other}' is not defined"
                ))),
            }
        }
    }

    fn rule(condition: Option<&str>, hits: Option<&str>, log: Option<&str>) -> BreakpointRule {
        BreakpointRule {
            condition: condition.map(str::to_owned),
            hit_condition: hits.map(|text| HitCondition::parse(text).unwrap()),
            log_message: log.map(LogMessage::parse),
        }
    }

    #[test]
    fn hit_conditions_in_all_forms() {
        let admitted = |text: &str| -> Vec<u64> {
            let condition = HitCondition::parse(text).unwrap();
            assert_eq!(HitCondition::parse(&condition.to_string()), Ok(condition));
            (1..=6).filter(|&hits| condition.admits(hits)).collect()
        };
        assert_eq!(admitted("3"), [3]);
        assert_eq!(admitted(" == 3 "), [3]);
        assert_eq!(admitted(">4"), [5, 6]);
        assert_eq!(admitted(">= 5"), [5, 6]);
        assert_eq!(admitted("< 2"), [1]);
        assert_eq!(admitted("<=2"), [1, 2]);
        assert_eq!(admitted("%2"), [2, 4, 6]);
    }

    #[test]
    fn what_is_no_hit_condition_is_refused_with_a_sentence() {
        for bad in [
            "",
            "x",
            ">",
            "5 apples",
            "% 0",
            "!= 3",
            "-1",
            "99999999999999999999",
        ] {
            let complaint = HitCondition::parse(bad).unwrap_err();
            assert!(
                complaint.contains("is not a hit count"),
                "{bad:?}: {complaint}"
            );
        }
    }

    #[test]
    fn log_messages_with_expressions_braces_and_errors() {
        let format = |text| LogMessage::parse(text).format(&mut Names);
        assert_eq!(format("plain"), "plain");
        assert_eq!(format("x is {x}, twice { x }"), "x is 7, twice 7");
        assert_eq!(format("{{x}} { }x"), "{x} { }x");
        assert_eq!(format("}{"), "}{");
        assert_eq!(format("{} {  }"), "{} {  }");
        assert_eq!(format("{d['}']}/{ {1: 2}[1] }"), "item/item");
        assert_eq!(format("{y}"), "<NameError: name 'y' is not defined>");
        assert_eq!(format("ü{x}ü"), "ü7ü");
    }

    #[test]
    fn conditions_come_before_hit_counts() {
        let hits = Cell::new(0);
        let second = rule(Some("x"), Some("2"), None);
        assert_eq!(second.hit(&hits, &mut Names), HitOutcome::Pass);
        assert_eq!(
            second.hit(&hits, &mut Names),
            HitOutcome::Stop { note: None }
        );
        assert_eq!(second.hit(&hits, &mut Names), HitOutcome::Pass);
        assert_eq!(
            rule(Some("no"), None, None).hit(&hits, &mut Names),
            HitOutcome::Pass
        );
        assert_eq!(
            hits.get(), 3,
            "a hit that the condition holds back is not counted"
        );
    }

    #[test]
    fn a_condition_that_raises_stops_and_says_so() {
        let HitOutcome::Stop { note: Some(note) } =
            rule(Some("y"), None, None).hit(&Cell::new(0), &mut Names)
        else {
            panic!("did not stop with a note");
        };
        assert_eq!(
            note,
            "the breakpoint's condition `y` failed: NameError: name 'y' is not defined"
        );
    }

    #[test]
    fn a_log_message_does_not_stop() {
        let outcome = rule(None, None, Some("x={x}")).hit(&Cell::new(0), &mut Names);
        assert_eq!(outcome, HitOutcome::Log("x=7".to_owned()));
    }

    fn mark(offset: u32, line: u32, columns: (u32, u32), end_line: u32) -> LineMark {
        let location = SourceRange {
            line,
            column: Some(columns.0),
            end_line,
            end_column: Some(columns.1),
        };
        LineMark {
            offset,
            location: Some(location),
            target: false,
            prologue: false,
        }
    }

    #[test]
    fn a_call_over_several_lines_is_entered_once() {
        // x = foo(a,
        //         b())
        let marks = [
            LineMark {
                prologue: true,
                ..mark(0, 1, (0, 0), 1)
            },
            mark(2, 1, (4, 7), 1),
            mark(4, 2, (8, 11), 2),
            mark(6, 1, (4, 12), 2),
            mark(8, 3, (0, 1), 3),
        ];
        assert_eq!(line_starts(&marks), [(1, 2), (2, 4), (3, 8)]);
    }

    #[test]
    fn a_loop_header_is_entered_again_by_the_jump_back() {
        let header = LineMark {
            target: true,
            ..mark(4, 1, (9, 11), 1)
        };
        let marks = [mark(2, 1, (9, 11), 1), header, mark(6, 2, (4, 8), 2)];
        assert_eq!(line_starts(&marks), [(1, 2), (1, 4), (2, 6)]);
    }

    #[test]
    fn a_body_that_is_compiled_twice_is_entered_in_both_places() {
        // try: a() / finally: b()
        let handler = LineMark {
            location: None,
            target: true,
            ..mark(6, 0, (0, 0), 0)
        };
        let marks = [
            mark(0, 2, (4, 7), 2),
            mark(4, 4, (4, 7), 4),
            handler,
            mark(8, 4, (4, 7), 4),
        ];
        assert_eq!(line_starts(&marks), [(2, 0), (4, 4), (4, 8)]);
    }

    #[test]
    fn code_without_a_line_does_not_split_a_line() {
        let nowhere = LineMark {
            location: None,
            ..mark(6, 0, (0, 0), 0)
        };
        let marks = [mark(4, 4, (4, 7), 4), nowhere, mark(8, 4, (4, 7), 4)];
        assert_eq!(line_starts(&marks), [(4, 4)]);
    }

    #[test]
    fn a_breakpoint_moves_down_to_code() {
        let lines = [1, 4, 9];
        assert_eq!(line_with_code(&lines, 1), Some(1));
        assert_eq!(line_with_code(&lines, 5), Some(9));
        assert_eq!(line_with_code(&lines, 10), None);
    }
}
