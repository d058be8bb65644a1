//! New sources from old ones.

use crate::fragments::{Place, Pool, Sort, indentation, places};
use crate::random::Random;
use crate::templates;

/// A longer source is not made longer.
const LARGEST: usize = 6000;

/// A source that has not been seen before.
pub fn source(pool: &Pool, random: &mut Random) -> String {
    let mut text = pool.base(random);
    for _ in 0..1 + random.below(5) {
        text = match random.below(20) {
            0..=14 => splice(&text, pool, random),
            15..=18 => change_token(&text, random),
            _ => change_character(&text, random),
        };
        if text.len() > LARGEST {
            break;
        }
    }
    text
}

/// Puts something else of its sort into a place.
fn splice(text: &str, pool: &Pool, random: &mut Random) -> String {
    let places = places(text);
    // Sorts that are rare have their turn, too.
    let first = random.below(crate::fragments::SORTS * 3);
    let chosen: Vec<Place> = match first {
        0..crate::fragments::SORTS => {
            places.iter().copied().filter(|place| place.sort as usize == first).collect()
        }
        _ => places.clone(),
    };
    let list = if chosen.is_empty() { &places } else { &chosen };
    let Some(&place) = list.get(random.below(list.len().max(1))) else {
        return text.to_owned() + &pool.base(random);
    };
    let (sort, original) = (place.sort, place.text(text));
    let indent = indentation(text, place.start).unwrap_or("");
    let templated = matches!(sort, Sort::Statement | Sort::Expression | Sort::Pattern);
    let new = match random.below(12) {
        0..=4 if templated => templates::around(sort, original, indent, pool, random),
        5 if sort == Sort::Statement => String::new(),
        5 => random.of_list(templates::NAMES).to_owned(),
        6 if sort == Sort::Expression => random.of_list(templates::CONSTANTS).to_owned(),
        7 => return swap(text, place, list[random.below(list.len())]),
        8 => format!("{original}{original}"),
        _ => pool.fragment(sort, indent, random),
    };
    replaced(text, place.start as usize, place.end as usize, &new)
}

fn replaced(text: &str, start: usize, end: usize, new: &str) -> String {
    match (text.get(..start), text.get(end..)) {
        (Some(before), Some(after)) => [before, new, after].concat(),
        _ => text.to_owned(),
    }
}

/// Exchanges two places, unless one is inside the other.
fn swap(text: &str, a: Place, b: Place) -> String {
    let (a, b) = if a.start < b.start { (a, b) } else { (b, a) };
    if a.end > b.start {
        return text.to_owned();
    }
    let later = replaced(text, b.start as usize, b.end as usize, a.text(text));
    replaced(&later, a.start as usize, a.end as usize, b.text(text))
}

const TOKENS: &[&str] = &[
    "(", ")", "[", "]", "{", "}", ":", ",", ";", "=", "==", "!=", "->", ":=", "+", "-", "*", "**", "/", "//", "%",
    "@", "&", "|", "^", "~", "<<", ">>", "<", ">", ".", "...", "+=", "**=", "//=", "!", "$", "?", "`", "\\", "<>", "'",
    "\"", "'''", "#", "\n", "\n\n", "\n    ", "\n        ", "    ", "\t", "\\\n", "\r", "\x0c", "if", "elif", "else", "for", "while", "in",
    "not", "is", "and", "or", "lambda", "def", "class", "return", "yield", "await", "async", "from", "import", "as",
    "with", "try", "except", "except*", "finally", "raise", "assert", "del", "pass", "break", "continue", "global",
    "nonlocal", "None", "True", "False", "match", "case", "type", "_", "print", "exec", "f'", "t'", "b'", "r'", "u'",
    "f'{", "}'", "0777", "0x", "1_", "1__0", "0b2", "1e", "1.e5j", "5in", "1if", "é", "€", "\u{a0}", "x",
];

/// The text cut into words, numbers, blanks and single characters.
fn tokens(text: &str) -> Vec<(usize, usize)> {
    let class = |c: char| match c {
        '_' => 0,
        c if c.is_alphanumeric() => 0,
        ' ' => 1,
        _ => 2,
    };
    let mut out: Vec<(usize, usize)> = Vec::new();
    let mut last = 2;
    for (at, c) in text.char_indices() {
        let (class, end) = (class(c), at + c.len_utf8());
        match out.last_mut() {
            Some(token) if class == last && class != 2 => token.1 = end,
            _ => out.push((at, end)),
        }
        last = class;
    }
    out
}

fn change_token(text: &str, random: &mut Random) -> String {
    let tokens = tokens(text);
    if tokens.is_empty() {
        return random.of_list(TOKENS).to_owned();
    }
    let (start, end) = tokens[random.below(tokens.len())];
    let other = tokens[random.below(tokens.len())];
    let token = random.of_list(TOKENS);
    match random.below(7) {
        0 => replaced(text, start, end, ""),
        1 => replaced(text, start, end, token),
        2 => replaced(text, start, start, token),
        3 => replaced(text, start, start, &format!(" {token} ")),
        4 => replaced(text, start, end, &text[other.0..other.1]),
        5 => replaced(text, start, start, &text[start..end]),
        _ => text[..end].to_owned(),
    }
}

fn change_character(text: &str, random: &mut Random) -> String {
    let characters: Vec<(usize, char)> = text.char_indices().collect();
    let Some(&(at, c)) = characters.get(random.below(characters.len().max(1))) else {
        return String::new();
    };
    let new = char::from_u32(random.of_list(&[9, 10, 12, 13, 32, 34, 39, 92, 123, 125, 0xA0, 0xE9, 0x20AC, 0x1F600]))
        .unwrap_or(' ');
    match random.below(3) {
        0 => replaced(text, at, at + c.len_utf8(), ""),
        1 => replaced(text, at, at, new.encode_utf8(&mut [0; 4])),
        _ => replaced(text, at, at + c.len_utf8(), new.encode_utf8(&mut [0; 4])),
    }
}
