//! Which steps of a trace are shown.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use tailscope_bytecode::opcode::Opcode;
use wildmatch::WildMatch;

use crate::trace::reader::TraceReader;
use crate::trace::{Step, TraceError};

/// Conditions that a step must meet, all of them; of a list, one suffices. Empty lists admit all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Names or qualified names of functions, with `*` and `?`.
    pub functions: Vec<String>,
    /// Source files, with `*` and `?`; a pattern without a folder is compared with the last part.
    pub files: Vec<String>,
    /// Source lines.
    pub lines: Option<RangeInclusive<u32>>,
    /// Opcodes, with `*` and `?`. A family's name stands for its specialized forms too.
    pub opcodes: Vec<String>,
}

/// A filter made ready, with its answers so far: they depend on the instruction only.
pub(super) struct Compiled {
    functions: Vec<WildMatch>,
    files: Vec<WildMatch>,
    lines: Option<RangeInclusive<u32>>,
    opcodes: Option<[bool; 256]>,
    answers: HashMap<(u32, u32), bool>,
}

impl Filter {
    pub(super) fn compile(&self) -> Compiled {
        let patterns = |list: &[String]| list.iter().map(|text| WildMatch::new(text)).collect();
        let opcodes: Vec<WildMatch> = self
            .opcodes
            .iter()
            .map(|text| WildMatch::new(&text.to_ascii_uppercase()))
            .collect();
        let wanted = |number: usize| {
            let opcode = u8::try_from(number).ok().and_then(Opcode::from_u8);
            opcode.is_some_and(|opcode| {
                let (name, family) = (opcode.name(), opcode.base().name());
                opcodes
                    .iter()
                    .any(|pattern| pattern.matches(name) || pattern.matches(family))
            })
        };
        Compiled {
            functions: patterns(&self.functions),
            files: patterns(&self.files),
            lines: self.lines.clone(),
            opcodes: (!opcodes.is_empty()).then(|| std::array::from_fn(wanted)),
            answers: HashMap::new(),
        }
    }

    /// Refuses an opcode pattern that no opcode matches: a spelling mistake would show nothing.
    pub fn check(&self) -> Result<(), TraceError> {
        for text in &self.opcodes {
            let one = Filter {
                opcodes: vec![text.clone()],
                ..Filter::default()
            };
            if one
                .compile()
                .opcodes
                .is_some_and(|wanted| !wanted.contains(&true))
            {
                return Err(TraceError::Option(format!(
                    "No opcode is called {text}. `tailscope dis` shows the names; * and ? may stand for parts."
                )));
            }
        }
        Ok(())
    }
}

impl Compiled {
    pub fn admits(&mut self, step: &Step, reader: &TraceReader) -> bool {
        if let Some(wanted) = &self.opcodes {
            let number = reader.opcode(step).map_or(0, Opcode::number);
            if !wanted.get(usize::from(number)).copied().unwrap_or(false) {
                return false;
            }
        }
        if self.functions.is_empty() && self.files.is_empty() && self.lines.is_none() {
            return true;
        }
        if let Some(answer) = self.answers.get(&(step.code, step.unit)) {
            return *answer;
        }
        let answer = self.place(step, reader);
        self.answers.insert((step.code, step.unit), answer);
        answer
    }

    fn place(&self, step: &Step, reader: &TraceReader) -> bool {
        let Some(traced) = reader.codes().get(step.code as usize) else {
            return false;
        };
        let code = &traced.code;
        let any = |patterns: &[WildMatch], texts: [&str; 2]| {
            patterns.is_empty()
                || patterns
                    .iter()
                    .any(|pattern| texts.iter().any(|text| pattern.matches(text)))
        };
        let last = code.filename.rsplit(['/', '\\']).next().unwrap_or_default();
        any(&self.functions, [&code.qualname, &code.name])
            && any(&self.files, [&code.filename, last])
            && self.lines.as_ref().is_none_or(|lines| {
                traced
                    .instruction(step.unit)
                    .and_then(|i| i.line)
                    .is_some_and(|line| lines.contains(&line))
            })
    }
}

/// Lines as a person writes them: `12`, `12-20`, `12-`, `-20`.
pub fn parse_lines(text: &str) -> Result<RangeInclusive<u32>, TraceError> {
    let number = |part: &str, open: u32| match part.trim() {
        "" => Some(open),
        digits => digits.parse().ok(),
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (number(first, 1), number(last, u32::MAX)) {
        (Some(first), Some(last)) if first <= last && !text.trim().is_empty() => Ok(first..=last),
        _ => Err(TraceError::Option(format!(
            "{text:?} is no range of lines. Write 12, 12-20, 12- or -20."
        ))),
    }
}

/// A position as a person writes it: `12345`, `12_345` or, as the text shows it, `12,345`.
pub fn parse_position(text: &str) -> Result<u64, TraceError> {
    let digits: String = text
        .trim()
        .chars()
        .filter(|c| *c != ',' && *c != '_')
        .collect();
    digits.parse().map_err(|_| {
        TraceError::Option(format!(
            "{text:?} is no position. A position counts instructions from 0, like 12345 or 12,345."
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_positions_are_read_as_people_write_them() {
        assert_eq!(parse_lines("12").expect("reads"), 12..=12);
        assert_eq!(parse_lines("12-20").expect("reads"), 12..=20);
        assert_eq!(parse_lines("12-").expect("reads"), 12..=u32::MAX);
        assert_eq!(parse_lines("-20").expect("reads"), 1..=20);
        for bad in ["", "x", "20-12", "1-2-3", "99999999999"] {
            assert!(parse_lines(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_position("1,234_567").expect("reads"), 1_234_567);
        assert!(parse_position("-1").is_err());
    }

    #[test]
    fn a_family_stands_for_its_members_and_a_member_for_itself() {
        let wanted = |pattern: &str| {
            let filter = Filter {
                opcodes: vec![pattern.into()],
                ..Filter::default()
            };
            let opcodes = filter.compile().opcodes.expect("a set");
            move |opcode: Opcode| opcodes[usize::from(opcode.number())]
        };
        let family = wanted("binary_op");
        assert!(family(Opcode::BINARY_OP) && family(Opcode::BINARY_OP_ADD_INT));
        assert!(!family(Opcode::COMPARE_OP));
        let member = wanted("BINARY_OP_ADD_INT");
        assert!(!member(Opcode::BINARY_OP) && member(Opcode::BINARY_OP_ADD_INT));
        let glob = wanted("POP_JUMP_*");
        assert!(glob(Opcode::POP_JUMP_IF_NONE) && !glob(Opcode::POP_TOP));
        let bad = Filter {
            opcodes: vec!["BINRY_OP".into()],
            ..Filter::default()
        };
        assert!(bad.check().is_err());
    }
}
