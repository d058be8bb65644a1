//! "Did you mean": the known name that is closest to a mistyped one.
//!
//! Costs and limits are those of CPython 3.14 (`Python/suggestions.c`): a move costs 2, another
//! case 1, and about a third of the letters may be wrong.

const MOST_CANDIDATES: usize = 750;
const LONGEST: usize = 40;
const MOVE: usize = 2;
const CASE: usize = 1;

/// The best candidate that is close enough to `name`; the first of equally good ones.
pub fn closest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let candidates: Vec<&str> = candidates.collect();
    if candidates.len() >= MOST_CANDIDATES {
        return None;
    }
    let mut best: Option<(usize, &str)> = None;
    for c in candidates {
        if c == name {
            continue;
        }
        let mut most = (name.len() + c.len() + 3) * MOVE / 6;
        if let Some((d, _)) = best {
            most = most.min(d - 1);
        }
        let d = distance(name.as_bytes(), c.as_bytes(), most);
        if d <= most {
            best = Some((d, c));
        }
    }
    best.map(|(_, c)| c)
}

/// Weighted edit distance; some number above `most` if it is larger than that.
fn distance<'a>(mut a: &'a [u8], mut b: &'a [u8], most: usize) -> usize {
    while let ([x, ar @ ..], [y, br @ ..]) = (a, b)
        && x == y
    {
        (a, b) = (ar, br);
    }
    while let ([ar @ .., x], [br @ .., y]) = (a, b)
        && x == y
    {
        (a, b) = (ar, br);
    }
    if a.is_empty() || b.is_empty() {
        return (a.len() + b.len()) * MOVE;
    }
    if a.len() > LONGEST || b.len() > LONGEST {
        return most + 1;
    }
    if b.len() < a.len() {
        (a, b) = (b, a);
    }
    if (b.len() - a.len()) * MOVE > most {
        return most + 1;
    }
    let mut row: Vec<usize> = (1..=a.len()).map(|i| i * MOVE).collect();
    let mut result = 0;
    for (j, &y) in b.iter().enumerate() {
        let mut diagonal = j * MOVE;
        result = diagonal;
        let mut least = usize::MAX;
        for (cell, &x) in row.iter_mut().zip(a) {
            let substitute = diagonal + substitution(y, x);
            diagonal = *cell;
            result = substitute.min(result.min(diagonal) + MOVE);
            *cell = result;
            least = least.min(result);
        }
        if least > most {
            return most + 1;
        }
    }
    result
}

fn substitution(a: u8, b: u8) -> usize {
    if a == b {
        0
    } else if a.eq_ignore_ascii_case(&b) {
        CASE
    } else {
        MOVE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = ["width", "height", "colour"];
        let find = |s: &str| closest(s, known.iter().copied());
        assert_eq!(find("widht"), Some("width"));
        assert_eq!(find("Height"), Some("height"));
        assert_eq!(find("color"), Some("colour"));
        assert_eq!(find("x"), None);
        assert_eq!(find("width"), None, "an equal name is no suggestion");
    }
}
