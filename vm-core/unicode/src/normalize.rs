//! Normalization forms (UAX #15).

use std::collections::HashMap;
use std::sync::LazyLock;

use super::record;
use super::tables::{DECOMPOSITION_DATA, DECOMPOSITION_TAGS, DECOMPOSITIONS};

/// A normalization form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Form {
    /// The K forms.
    pub compatible: bool,
    /// The C forms.
    pub composed: bool,
}

impl Form {
    /// By name: NFC, NFD, NFKC, NFKD.
    pub fn parse(name: &str) -> Option<Form> {
        let (compatible, composed) = match name {
            "NFC" => (false, true),
            "NFD" => (false, false),
            "NFKC" => (true, true),
            "NFKD" => (true, false),
            _ => return None,
        };
        Some(Form { compatible, composed })
    }
}

// Hangul syllables are computed from their three parts.
const S_BASE: u32 = 0xac00;
const L_BASE: u32 = 0x1100;
const V_BASE: u32 = 0x1161;
const T_BASE: u32 = 0x11a7;
const L_COUNT: u32 = 19;
const V_COUNT: u32 = 21;
const T_COUNT: u32 = 28;
const S_COUNT: u32 = L_COUNT * V_COUNT * T_COUNT;

/// The parts of a Hangul syllable: two, or three where the last is not 0.
pub fn hangul_parts(c: u32) -> Option<[u32; 3]> {
    let i = c.checked_sub(S_BASE).filter(|i| *i < S_COUNT)?;
    let last = match i % T_COUNT {
        0 => 0,
        t => T_BASE + t,
    };
    Some([L_BASE + i / (V_COUNT * T_COUNT), V_BASE + i % (V_COUNT * T_COUNT) / T_COUNT, last])
}

/// The decomposition of one character as the database has it: its kind (empty for the canonical
/// one) and the code points. Hangul syllables are not listed.
pub fn decomposition(c: u32) -> Option<(&'static str, &'static [u32])> {
    let i = DECOMPOSITIONS.binary_search_by_key(&c, |d| d.0).ok()?;
    let (_, tag, _, start, len) = DECOMPOSITIONS[i];
    Some((DECOMPOSITION_TAGS[tag as usize], &DECOMPOSITION_DATA[start as usize..start as usize + len as usize]))
}

fn decompose(c: u32, form: Form, out: &mut Vec<u32>, replaced: &dyn Fn(u32) -> Option<Option<u32>>) {
    if c < 0x80 {
        return out.push(c);
    }
    match replaced(c) {
        Some(Some(other)) => return decompose(other, form, out, replaced),
        Some(None) => return out.push(c),
        None => {}
    }
    if let Some(parts) = hangul_parts(c) {
        return out.extend(parts.into_iter().filter(|p| *p != 0));
    }
    match decomposition(c) {
        Some((tag, points)) if tag.is_empty() || form.compatible => {
            points.iter().for_each(|p| decompose(*p, form, out, replaced));
        }
        _ => out.push(c),
    }
}

/// Puts combining marks into the order of their classes.
fn reorder(points: &mut [u32]) {
    let class = |c: u32| record(c).combining;
    let mut i = 0;
    while i < points.len() {
        if class(points[i]) == 0 {
            i += 1;
            continue;
        }
        let end = points[i..].iter().position(|c| class(*c) == 0).map_or(points.len(), |n| i + n);
        points[i..end].sort_by_key(|c| class(*c));
        i = end;
    }
}

static COMPOSITIONS: LazyLock<HashMap<(u32, u32), u32>> = LazyLock::new(|| {
    DECOMPOSITIONS
        .iter()
        .filter(|d| d.2)
        .map(|&(c, _, _, at, _)| ((DECOMPOSITION_DATA[at as usize], DECOMPOSITION_DATA[at as usize + 1]), c))
        .collect()
});

fn compose_pair(a: u32, b: u32) -> Option<u32> {
    if let (Some(l), Some(v)) = (a.checked_sub(L_BASE), b.checked_sub(V_BASE))
        && l < L_COUNT
        && v < V_COUNT
    {
        return Some(S_BASE + (l * V_COUNT + v) * T_COUNT);
    }
    if let (Some(s), Some(t)) = (a.checked_sub(S_BASE), b.checked_sub(T_BASE))
        && s < S_COUNT
        && s % T_COUNT == 0
        && (1..T_COUNT).contains(&t)
    {
        return Some(a + t);
    }
    COMPOSITIONS.get(&(a, b)).copied()
}

fn compose(points: &[u32], may_compose: &dyn Fn(u32) -> bool) -> Vec<u32> {
    let mut out: Vec<u32> = Vec::with_capacity(points.len());
    let mut starter: Option<usize> = None;
    let mut last_class = 0;
    for &c in points {
        let class = record(c).combining;
        if let Some(s) = starter {
            // A mark is blocked by one of the same or a higher class between it and the starter.
            let adjacent = out.len() == s + 1;
            if (adjacent || (last_class != 0 && last_class < class))
                && let Some(joined) = compose_pair(out[s], c).filter(|j| may_compose(*j))
            {
                out[s] = joined;
                continue;
            }
        }
        if class == 0 {
            starter = Some(out.len());
        }
        last_class = class;
        out.push(c);
    }
    out
}

/// The text in a normalization form.
pub fn normalize(points: impl Iterator<Item = u32>, form: Form) -> Vec<u32> {
    normalize_with(points, form, &|_| None, &|_| true)
}

/// Like [`normalize`], for an older version of the standard: `replaced` gives characters that
/// decompose differently (`Some(None)`: not at all), `may_compose` those that could be composed.
pub fn normalize_with(
    points: impl Iterator<Item = u32>,
    form: Form,
    replaced: &dyn Fn(u32) -> Option<Option<u32>>,
    may_compose: &dyn Fn(u32) -> bool,
) -> Vec<u32> {
    let mut out = Vec::new();
    for c in points {
        decompose(c, form, &mut out, replaced);
    }
    reorder(&mut out);
    if form.composed { compose(&out, may_compose) } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str, form: &str) -> String {
        let form = Form::parse(form).expect("a form");
        normalize(text.chars().map(|c| c as u32), form).into_iter().filter_map(char::from_u32).collect()
    }

    #[test]
    fn forms() {
        assert_eq!(normal("é", "NFD"), "e\u{301}");
        assert_eq!(normal("e\u{301}", "NFC"), "é");
        assert_eq!(normal("ﬁ", "NFC"), "ﬁ");
        assert_eq!(normal("ﬁ", "NFKC"), "fi");
        assert_eq!(normal("각", "NFD"), "\u{1100}\u{1161}\u{11a8}");
        assert_eq!(normal("\u{1100}\u{1161}\u{11a8}", "NFC"), "각");
        assert_eq!(normal("a\u{315}\u{300}", "NFD"), "a\u{300}\u{315}");
        assert_eq!(normal("a\u{315}\u{300}", "NFC"), "à\u{315}");
    }
}
