//! The smallest source that still shows a difference.

use crate::support::sources::{Source, Sources, compare};

/// Questions asked at most.
const EFFORT: usize = 1500;

/// Takes away lines, then characters, as long as the kind of the difference stays.
pub fn minimize(source: &Source, kind: &str, oracle: &mut Sources) -> Source {
    let mut best = source.clone();
    let mut effort = EFFORT;
    let Ok(text) = String::from_utf8(source.bytes.clone()) else {
        return best;
    };
    let lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let lines = reduce(lines, &mut |pieces| differs(&mut best, pieces, kind, oracle), &mut effort);
    let characters = lines.concat().chars().map(String::from).collect();
    reduce(characters, &mut |pieces| differs(&mut best, pieces, kind, oracle), &mut effort);
    best
}

fn differs(best: &mut Source, pieces: &[String], kind: &str, oracle: &mut Sources) -> bool {
    let candidate = Source { bytes: pieces.concat().into_bytes(), ..best.clone() };
    let Ok(Some(theirs)) = oracle.ask_one(&candidate) else {
        return false;
    };
    let same = std::panic::catch_unwind(|| compare(&candidate.compile(), &theirs))
        .is_ok_and(|found| found.is_some_and(|found| found.kind == kind));
    if same {
        *best = candidate;
    }
    same
}

/// Leaves out runs of pieces, long ones first.
fn reduce(
    mut pieces: Vec<String>,
    differs: &mut dyn FnMut(&[String]) -> bool,
    effort: &mut usize,
) -> Vec<String> {
    let mut size = pieces.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        let mut reduced = false;
        while at < pieces.len() && *effort > 0 {
            *effort -= 1;
            let end = (at + size).min(pieces.len());
            let without = [&pieces[..at], &pieces[end..]].concat();
            if differs(&without) {
                pieces = without;
                reduced = true;
            } else {
                at = end;
            }
        }
        if size > 1 {
            size /= 2;
        } else if !reduced || *effort == 0 {
            break;
        }
    }
    pieces
}
