//! The text of a document: lines, and columns in the client's unit.
//!
//! Python counts columns in UTF-8 bytes, a client in UTF-8, UTF-16 or UTF-32 units, as
//! negotiated. Lines and columns here count from 0; bytes are the unit within the server.

/// What a client's columns count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    /// The protocol's default.
    #[default]
    Utf16,
    Utf32,
}

impl Encoding {
    fn units(self, c: char) -> usize {
        match self {
            Encoding::Utf8 => c.len_utf8(),
            Encoding::Utf16 => c.len_utf16(),
            Encoding::Utf32 => 1,
        }
    }
}

/// A place in a document: line and byte column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}

/// A stretch of a document; the end is exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    pub start: Place,
    pub end: Place,
}

impl Span {
    /// Whether a place lies in it, or right at its end.
    pub fn touches(&self, place: Place) -> bool {
        self.start <= place && place <= self.end
    }

    /// Whether it lies within `other`.
    pub fn within(&self, other: &Span) -> bool {
        other.start <= self.start && self.end <= other.end
    }
}

/// A text with an index of its lines, which end as Python's and the protocol's do: with
/// `\n`, `\r\n` or `\r`.
#[derive(Clone, Debug, Default)]
pub struct Text {
    text: String,
    starts: Vec<usize>,
}

impl Text {
    pub fn new(text: String) -> Text {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (i, byte) in bytes.iter().enumerate() {
            let ends = match byte {
                b'\n' => true,
                b'\r' => bytes.get(i + 1) != Some(&b'\n'),
                _ => false,
            };
            if ends {
                starts.push(i + 1);
            }
        }
        Text { text, starts }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How many lines there are; the last one may be empty.
    pub fn lines(&self) -> u32 {
        self.starts.len() as u32
    }

    /// A line without its end; empty where there is none.
    pub fn line(&self, line: u32) -> &str {
        let line = line as usize;
        let Some(&start) = self.starts.get(line) else {
            return "";
        };
        let end = self
            .starts
            .get(line + 1)
            .copied()
            .unwrap_or(self.text.len());
        self.text
            .get(start..end)
            .unwrap_or("")
            .trim_end_matches(['\n', '\r'])
    }

    /// A byte column of a line in the client's unit. Past the end of the line is its end.
    pub fn column(&self, place: Place, encoding: Encoding) -> u32 {
        let line = self.line(place.line);
        let units = line
            .char_indices()
            .take_while(|(at, _)| *at < place.column as usize)
            .map(|(_, c)| encoding.units(c));
        units.sum::<usize>() as u32
    }

    /// The place of a column in the client's unit. Past the end of a line is its end.
    pub fn place(&self, line: u32, column: u32, encoding: Encoding) -> Place {
        let mut left = column as usize;
        let mut bytes = 0;
        for c in self.line(line).chars() {
            let units = encoding.units(c);
            if left < units {
                break;
            }
            left -= units;
            bytes += c.len_utf8();
        }
        Place {
            line,
            column: bytes as u32,
        }
    }

    fn offset(&self, place: Place) -> usize {
        match self.starts.get(place.line as usize) {
            Some(start) => start + place.column as usize,
            None => self.text.len(),
        }
    }

    /// The text with `span` replaced. A span that is upside down counts as its start.
    #[must_use]
    pub fn replaced(&self, span: Span, with: &str) -> Text {
        let start = self.offset(span.start);
        let end = self.offset(span.end).max(start);
        let before = self.text.get(..start).unwrap_or(&self.text);
        let after = self.text.get(end..).unwrap_or("");
        Text::new([before, with, after].concat())
    }
}

/// Where the lines of a text were in an earlier one: what both have in common at their
/// beginning and at their end is taken to be the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineMap {
    prefix: u32,
    /// First line of the common end in the new text.
    suffix: u32,
    /// Old lines less new lines.
    shift: i64,
}

impl LineMap {
    pub fn new(old: &Text, new: &Text) -> LineMap {
        let shorter = old.lines().min(new.lines());
        let prefix = (0..shorter)
            .take_while(|i| old.line(*i) == new.line(*i))
            .count() as u32;
        let suffix = (0..shorter - prefix)
            .take_while(|i| old.line(old.lines() - 1 - i) == new.line(new.lines() - 1 - i))
            .count() as u32;
        LineMap {
            prefix,
            suffix: new.lines() - suffix,
            shift: i64::from(old.lines()) - i64::from(new.lines()),
        }
    }

    /// The old line of a new one, if it was there.
    pub fn to_old(&self, line: u32) -> Option<u32> {
        if line < self.prefix {
            Some(line)
        } else if line >= self.suffix {
            u32::try_from(i64::from(line) + self.shift).ok()
        } else {
            None
        }
    }

    /// The new line of an old one, if it is still there.
    pub fn to_new(&self, line: u32) -> Option<u32> {
        if line < self.prefix {
            return Some(line);
        }
        let new = u32::try_from(i64::from(line) - self.shift).ok()?;
        (new >= self.suffix).then_some(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_what_the_client_counts() {
        let text = Text::new("é𝄞x\n".into());
        for (encoding, column) in [
            (Encoding::Utf8, 6),
            (Encoding::Utf16, 3),
            (Encoding::Utf32, 2),
        ] {
            let place = Place { line: 0, column: 6 };
            assert_eq!(text.column(place, encoding), column);
            assert_eq!(text.place(0, column, encoding), place);
            assert_eq!(text.place(0, 99, encoding), Place { line: 0, column: 7 });
        }
        // The middle of a surrogate pair is the start of its character.
        assert_eq!(text.place(0, 2, Encoding::Utf16).column, 2);
        assert_eq!(text.column(Place { line: 9, column: 9 }, Encoding::Utf8), 0);
    }

    #[test]
    fn lines_end_in_three_ways() {
        let text = Text::new("a\r\nb\rc\n".into());
        let lines: Vec<_> = (0..5).map(|i| text.line(i)).collect();
        assert_eq!(lines, ["a", "b", "c", "", ""]);
        assert_eq!(text.lines(), 4);
    }

    #[test]
    fn changes_are_applied_and_impossible_ones_do_no_harm() {
        let text = Text::new("abc\ndef\n".into());
        let span = |a, b, c, d| Span {
            start: Place { line: a, column: b },
            end: Place { line: c, column: d },
        };
        assert_eq!(text.replaced(span(0, 1, 1, 2), "-").as_str(), "a-f\n");
        assert_eq!(text.replaced(span(9, 0, 9, 9), "-").as_str(), "abc\ndef\n-");
        assert_eq!(text.replaced(span(1, 0, 0, 0), "-").as_str(), "abc\n-def\n");
    }

    #[test]
    fn lines_are_found_again_around_an_edit() {
        let old = Text::new("a\nb\nc\nd".into());
        let new = Text::new("a\nx\ny\nc\nd".into());
        let map = LineMap::new(&old, &new);
        let to_old: Vec<_> = (0..5).map(|i| map.to_old(i)).collect();
        assert_eq!(to_old, [Some(0), None, None, Some(2), Some(3)]);
        let to_new: Vec<_> = (0..4).map(|i| map.to_new(i)).collect();
        assert_eq!(to_new, [Some(0), None, Some(3), Some(4)]);
        let same = LineMap::new(&old, &old);
        assert!((0..4).all(|i| same.to_old(i) == Some(i) && same.to_new(i) == Some(i)));
    }
}
