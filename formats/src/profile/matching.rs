//! Joining a profile with code: fresh where the bytecode is the same, stale where it changed.

use tailscope_bytecode::code::Code;

use super::{CodeProfile, Profile};
use crate::hash::{bytecode_hash, layout_hash};

/// What a profile knows of a code object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Match<'a> {
    /// The same bytecode ran: every counter holds.
    Fresh(&'a CodeProfile),
    /// Code of this name ran, but it has changed since: counters are of the old version.
    Stale(&'a CodeProfile),
    /// Nothing of this name ran.
    None,
}

impl Profile {
    /// What this profile knows of `code`, which comes from `file`.
    ///
    /// Among entries of one qualified name (twins on one line, redefinitions), equal bytecode
    /// decides first, then equal positions, then the nearest first line.
    pub fn find<'a>(&'a self, file: &str, code: &Code) -> Match<'a> {
        let hash = bytecode_hash(code);
        let layout = layout_hash(code);
        let rank = |entry: &&CodeProfile| {
            (
                entry.hash != hash,
                entry.layout != layout,
                entry.first_line.abs_diff(code.firstlineno),
            )
        };
        let best = self
            .codes_of(file)
            .filter(|entry| *entry.qualname == *code.qualname)
            .min_by_key(rank);
        match best {
            Some(entry) if entry.hash == hash => Match::Fresh(entry),
            Some(entry) => Match::Stale(entry),
            None => Match::None,
        }
    }
}

/// Where the code units of a changed code object were in its `old` version.
///
/// Returns, for each code unit of `new`, its unit in `old`: the longest common prefix and
/// the longest common suffix of both are paired, what lies between is new. Opargs are not
/// compared (an edit shifts indices of names and distances of jumps), opcodes are.
pub fn align(old: &[u8], new: &[u8]) -> Vec<Option<usize>> {
    let opcodes = |code: &[u8]| {
        code.chunks_exact(2)
            .map(|unit| unit[0])
            .collect::<Vec<u8>>()
    };
    let (old, new) = (opcodes(old), opcodes(new));
    let shorter = old.len().min(new.len());
    let prefix = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let suffix = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let suffix = suffix.min(shorter - prefix);
    (0..new.len())
        .map(|unit| {
            if unit < prefix {
                Some(unit)
            } else if unit >= new.len() - suffix {
                Some(unit + old.len() - new.len())
            } else {
                None
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::tests::sample;
    use crate::profile::InstructionProfile;

    fn ran(executions: u64) -> Vec<InstructionProfile> {
        vec![InstructionProfile {
            opcode: "RESUME".into(),
            executions,
            ..Default::default()
        }]
    }

    #[test]
    fn fresh_stale_and_unknown_are_told_apart() {
        let code = sample();
        let mut profile = Profile::new("a.py", vec![]);
        profile.add("/a.py", &code, ran(1));
        assert!(matches!(profile.find("/a.py", &code), Match::Fresh(_)));
        assert_eq!(profile.find("/b.py", &code), Match::None);

        let mut moved = code.clone();
        moved.firstlineno = 9;
        assert!(matches!(profile.find("/a.py", &moved), Match::Fresh(_)));

        let mut edited = code.clone();
        edited.code[1] = 1;
        assert!(matches!(profile.find("/a.py", &edited), Match::Stale(_)));
        edited.qualname = "g".into();
        assert_eq!(profile.find("/a.py", &edited), Match::None);
    }

    #[test]
    fn twins_are_told_apart_by_positions_then_by_line() {
        let code = sample();
        let mut twin = code.clone();
        twin.linetable.push(1);
        let mut profile = Profile::new("a.py", vec![]);
        profile.add("/a.py", &code, ran(1));
        profile.add("/a.py", &twin, ran(2));
        let count = |code: &Code| match profile.find("/a.py", code) {
            Match::Fresh(entry) => entry.instructions[0].executions,
            other => panic!("{other:?}"),
        };
        assert_eq!(count(&code), 1);
        assert_eq!(count(&twin), 2);
    }

    #[test]
    fn an_edit_in_the_middle_keeps_both_ends_aligned() {
        let old = [1, 0, 2, 0, 3, 0, 4, 0];
        let new = [1, 9, 2, 0, 7, 0, 8, 0, 4, 0];
        assert_eq!(align(&old, &new), [Some(0), Some(1), None, None, Some(3)]);
        assert_eq!(align(&[], &new), [None; 5]);
        assert_eq!(align(&old, &old), [Some(0), Some(1), Some(2), Some(3)]);
        // A unit of the old version is never paired twice.
        assert_eq!(align(&[1, 0], &[1, 0, 1, 0]), [Some(0), None]);
    }
}
