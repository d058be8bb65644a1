//! Source files: bytes to text as CPython decodes them, and byte offsets to positions.
//!
//! Encodings follow PEP 263: a UTF-8 signature, a cookie in the first two lines, else
//! UTF-8. Line ends of all three kinds become `\n`, as CPython's tokenizer makes them;
//! columns are unaffected, because nothing follows a line end on its line.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

use ruff_text_size::{TextRange, TextSize};
use rustc_hash::FxHashMap;
use tailscope_bytecode::code::Const;

use crate::encodings;
use crate::error::{CompileError, ErrorKind};
use crate::instr::Loc;

/// The range of nodes that stand nowhere in the source (made by preprocessing); it
/// becomes [`Loc::NONE`].
pub fn no_range() -> TextRange {
    TextRange::empty(TextSize::new(u32::MAX))
}

/// The range of a `pass` that stands where the docstring at `start` was: the columns of the
/// word, whatever the text has there.
pub fn pass_range(start: TextSize) -> TextRange {
    TextRange::new(start, TextSize::new(u32::MAX))
}

fn pass_at(line: i32, col: i32) -> Loc {
    Loc {
        line,
        end_line: line,
        col,
        end_col: col.saturating_add("pass".len() as i32),
    }
}

/// The longest source that offsets of 32 bits can address, with room for [`no_range`].
const MAX_LEN: usize = u32::MAX as usize - 8;

/// What is known of the nodes of a tree that was not parsed: their ranges are empty, and their
/// offsets are indices here.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    locs: Vec<Loc>,
    /// Values that belong to some nodes: what no literal can say.
    constants: FxHashMap<TextSize, Const>,
}

impl Default for Places {
    fn default() -> Places {
        // Ranges that were not given by anyone begin at 0.
        let start = Loc {
            line: 1,
            end_line: 1,
            col: 0,
            end_col: 0,
        };
        Places {
            locs: vec![start],
            constants: FxHashMap::default(),
        }
    }
}

impl Places {
    /// The range of another node, which stands at `loc` if it stands anywhere.
    pub fn add(&mut self, loc: Option<Loc>) -> TextRange {
        // The compiler calculates with differences of lines and columns.
        let within = |n: i32| n.clamp(i32::MIN / 4, i32::MAX / 4);
        let index = u32::try_from(self.locs.len()).unwrap_or(u32::MAX);
        self.locs.push(loc.map_or(Loc::NONE, |loc| Loc {
            line: within(loc.line),
            end_line: within(loc.end_line),
            col: within(loc.col),
            end_col: within(loc.end_col),
        }));
        TextRange::empty(TextSize::new(index))
    }

    pub fn set_constant(&mut self, range: TextRange, value: Const) {
        self.constants.insert(range.start(), value);
    }

    fn loc(&self, range: TextRange) -> Loc {
        let start = range.start();
        let loc = self.locs.get(usize::from(start)).copied().unwrap_or(Loc::NONE);
        if range == pass_range(start) {
            return pass_at(loc.line, loc.col);
        }
        loc
    }
}

/// A line of a source.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Line {
    /// From 1; 0 for none.
    number: i32,
    /// Offset of the first byte.
    start: u32,
    /// That of the next line.
    next: u32,
}

/// A decoded source text with its name and line index.
#[derive(Clone, Debug)]
pub struct SourceFile<'t> {
    filename: Arc<str>,
    /// As it was given, if there was nothing to decode or translate.
    text: Cow<'t, str>,
    /// Offset of the first byte of each line.
    line_starts: Vec<u32>,
    /// In the place of a text: the nodes of a tree that nobody parsed.
    places: Option<Box<Places>>,
}

impl<'t> SourceFile<'t> {
    /// Source that is text already: a cookie in it means nothing.
    ///
    /// # Errors
    ///
    /// Null bytes, and texts of 4 GB and more.
    pub fn from_text(text: &'t str, filename: &str) -> Result<SourceFile<'t>, CompileError> {
        refuse_null_bytes(text.as_bytes())?;
        SourceFile::without_null_bytes(Cow::Borrowed(text), filename)
    }

    fn without_null_bytes(text: Cow<'t, str>, filename: &str) -> Result<SourceFile<'t>, CompileError> {
        if text.len() > MAX_LEN {
            return Err(CompileError::without_location(
                "source code is too long (4 GB or more)",
            ));
        }
        let text = translate_newlines(text);
        let line_starts = Survey::of(text.as_bytes()).line_starts;
        Ok(SourceFile { filename: Arc::from(filename), line_starts, text, places: None })
    }

    /// Source that is as most is: nothing in it needs to be decoded or translated.
    fn of_plain(bytes: &'t [u8], filename: &str) -> Option<SourceFile<'t>> {
        let is_utf8 = || find_cookie(bytes).is_none_or(|(_, name)| name == "utf-8");
        if bytes.len() > MAX_LEN || !is_utf8() {
            return None;
        }
        let Survey { line_starts, is_plain } = Survey::of(bytes);
        let text = std::str::from_utf8(bytes).ok().filter(|_| is_plain)?;
        Some(SourceFile { filename: Arc::from(filename), line_starts, text: Cow::Borrowed(text), places: None })
    }

    /// Another text with line ends in the same places.
    pub(crate) fn with_text(&self, text: String) -> SourceFile<'static> {
        SourceFile { text: Cow::Owned(text), ..self.clone() }.into_owned()
    }

    /// The same, with a text of its own.
    pub fn into_owned(self) -> SourceFile<'static> {
        SourceFile { text: Cow::Owned(self.text.into_owned()), ..self }
    }

    /// The source of a tree that has none.
    pub(crate) fn of_places(places: Places, filename: &str) -> SourceFile<'static> {
        SourceFile {
            filename: Arc::from(filename),
            text: Cow::Borrowed(""),
            line_starts: Vec::new(),
            places: Some(Box::new(places)),
        }
    }

    /// Whether the tree was not parsed.
    pub(crate) fn has_no_text(&self) -> bool {
        self.places.is_some()
    }

    /// The value beside the tree that belongs to a node of a tree that was not parsed.
    pub(crate) fn constant(&self, range: TextRange) -> Option<&Const> {
        self.places.as_ref()?.constants.get(&range.start())
    }

    /// Source as it stands in a file.
    ///
    /// # Errors
    ///
    /// Unknown encodings, bytes that are invalid in their encoding, null bytes.
    pub fn from_bytes(bytes: &'t [u8], filename: &str) -> Result<SourceFile<'t>, CompileError> {
        if let Some(source) = SourceFile::of_plain(bytes, filename) {
            return Ok(source);
        }
        refuse_null_bytes(bytes)?;
        match decode(bytes).map_err(|e| e.in_file(filename))? {
            text @ Cow::Borrowed(_) => SourceFile::without_null_bytes(text, filename),
            // What was encoded otherwise may have been anything.
            text @ Cow::Owned(_) => {
                refuse_null_bytes(text.as_bytes())?;
                SourceFile::without_null_bytes(text, filename)
            }
        }
    }

    pub fn filename(&self) -> &Arc<str> {
        &self.filename
    }

    /// The text, with `\n` line ends and without a signature.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of a range; empty for ranges that stand nowhere in the source.
    pub fn slice(&self, range: TextRange) -> &str {
        self.text
            .get(usize::from(range.start())..usize::from(range.end()))
            .unwrap_or("")
    }

    /// Line (from 1) and column (UTF-8 bytes from 0) of a byte offset.
    pub fn position(&self, offset: TextSize) -> (i32, i32) {
        let offset = u32::from(offset);
        let line = self.line_starts.partition_point(|&start| start <= offset);
        (line as i32, (offset - self.line_starts[line - 1]) as i32)
    }

    /// The position of a range; [`Loc::NONE`] for [`no_range`].
    pub fn loc(&self, range: TextRange) -> Loc {
        if range == no_range() {
            return Loc::NONE;
        }
        if let Some(places) = &self.places {
            return places.loc(range);
        }
        let (line, _) = self.position(range.start());
        self.loc_on_line(range, self.line(line))
    }

    /// [`SourceFile::loc`], found faster where the range is on the line of the last one, as it is mostly
    /// when a tree is walked, or begins a little behind.
    #[inline]
    pub(crate) fn loc_near(&self, range: TextRange, near: &Cell<Line>) -> Loc {
        let (start, end) = (u32::from(range.start()), u32::from(range.end()));
        let line = near.get();
        if line.start <= start && end < line.next {
            return Loc {
                line: line.number,
                end_line: line.number,
                col: (start - line.start) as i32,
                end_col: (end - line.start) as i32,
            };
        }
        self.loc_behind(range, near)
    }

    /// [`SourceFile::loc_near`] of a range on another line, or on several.
    #[inline(never)]
    fn loc_behind(&self, range: TextRange, near: &Cell<Line>) -> Loc {
        if range == no_range() || self.has_no_text() {
            return self.loc(range);
        }
        let (start, mut line) = (u32::from(range.start()), near.get());
        // Most are on the next line.
        if line.next <= start {
            line = self.line(line.number + 1);
        }
        if !(line.start..line.next).contains(&start) {
            line = self.line(self.line_number(range.start(), line));
        }
        near.set(line);
        self.loc_on_line(range, line)
    }

    /// The number of the line of an offset, found faster a little behind the beginning of `line`.
    fn line_number(&self, offset: TextSize, line: Line) -> i32 {
        // Blank lines and comments are between statements, but rarely more than these.
        const NEAR: usize = 15;
        let behind = self.line_starts.get(line.number as usize..).unwrap_or_default();
        let behind = &behind[..behind.len().min(NEAR)];
        match behind.partition_point(|&start| start <= u32::from(offset)) {
            lines if line.start <= u32::from(offset) && lines < NEAR => line.number + lines as i32,
            _ => self.position(offset).0,
        }
    }

    /// A line that there is.
    fn line(&self, number: i32) -> Line {
        let index = number as usize;
        let next = self.line_starts.get(index).copied().unwrap_or(u32::MAX);
        Line { number, start: self.line_starts[index - 1], next }
    }

    /// The position of a range that begins on this line.
    fn loc_on_line(&self, range: TextRange, line: Line) -> Loc {
        let col = (u32::from(range.start()) - line.start) as i32;
        if range == pass_range(range.start()) {
            return pass_at(line.number, col);
        }
        let end = u32::from(range.end());
        if end < line.next {
            return Loc { line: line.number, end_line: line.number, col, end_col: (end - line.start) as i32 };
        }
        let last = self.line(self.line_number(range.end(), line));
        Loc { line: line.number, end_line: last.number, col, end_col: (end - last.start) as i32 }
    }

    /// Text of a line (from 1) with its line end, if there is such a line.
    pub fn line_text(&self, line: i32) -> Option<&str> {
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        let start = *self.line_starts.get(index)? as usize;
        let end = self
            .line_starts
            .get(index + 1)
            .map_or(self.text.len(), |&e| e as usize);
        Some(&self.text[start..end])
    }

    /// A SyntaxError at a position, as CPython's compiler (not its parser) reports it.
    pub fn error_at(&self, loc: Loc, msg: impl Into<String>) -> CompileError {
        self.error_of(ErrorKind::Syntax, loc, msg)
    }

    /// An error of any kind at a position.
    pub fn error_of(&self, kind: ErrorKind, loc: Loc, msg: impl Into<String>) -> CompileError {
        CompileError {
            kind,
            msg: msg.into(),
            filename: self.filename.clone(),
            line: Some(loc.line),
            col: Some(loc.col.saturating_add(1)),
            end_line: Some(loc.end_line),
            end_col: Some(loc.end_col.saturating_add(1)),
            text: self.line_text(loc.line).map(str::to_owned),
            after_parsing: true,
            warnings: Box::default(),
            codec_problem: None,
            last_statement: None,
        }
    }
}

/// What there is to know of the bytes of a text, found in one walk.
struct Survey {
    /// Where the lines begin.
    line_starts: Vec<u32>,
    /// ASCII, without null bytes and carriage returns: what most sources are.
    is_plain: bool,
}

impl Survey {
    /// Of a text no longer than [`MAX_LEN`].
    fn of(text: &[u8]) -> Survey {
        const PIECE: usize = 64;
        // A piece has one or two ends mostly; so many are noted whether they are there or not, since no
        // branch foresees how many there are.
        const USUAL: usize = 4;
        // A line has some 36 bytes on the average.
        let mut starts = vec![0; text.len() / 24 + PIECE + 1];
        let mut count = 1;
        let mut unusual = 0;
        let (pieces, rest) = text.as_chunks::<PIECE>();
        for (piece, first) in pieces.iter().zip((1..).step_by(PIECE)) {
            if starts.len() < count + PIECE {
                starts.resize(2 * starts.len() + PIECE, 0);
            }
            // Vector instructions compare.
            unusual |= piece.iter().fold(0, |found, &byte| found | unusual_bits(byte));
            let (mut ends, number) = marked(&piece.map(|byte| u8::from(byte == b'\n')));
            let (usual, others) = starts[count..count + PIECE].split_at_mut(USUAL);
            let mut note = |place: &mut u32| {
                *place = first + ends.trailing_zeros();
                ends &= ends.wrapping_sub(1);
            };
            usual.iter_mut().for_each(&mut note);
            others.iter_mut().take(number.saturating_sub(USUAL)).for_each(&mut note);
            count += number;
        }
        starts.truncate(count);
        let first = (text.len() - rest.len()) as u32 + 1;
        unusual |= rest.iter().fold(0, |found, &byte| found | unusual_bits(byte));
        starts.extend((first..).zip(rest).filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at));
        Survey { line_starts: starts, is_plain: unusual == 0 }
    }
}

/// Something else than 0 for a byte that keeps a text from being plain.
#[inline(always)]
fn unusual_bits(byte: u8) -> u8 {
    u8::from(byte == 0) | u8::from(byte == b'\r') | byte & 0x80
}

/// Which of the bytes, all of them 0 or 1, are 1, as bits, and how many.
#[inline(always)]
fn marked(bytes: &[u8; 64]) -> (u64, usize) {
    // Multiplied by the first, a byte of each word ends up in a bit of the highest byte each; by the second,
    // the highest byte is the sum of all.
    const TO_BITS: u64 = 0x0102_0408_1020_4080;
    const TO_SUM: u64 = 0x0101_0101_0101_0101;
    let (mut bits, mut sums) = (0, 0);
    for (word, at) in bytes.as_chunks::<8>().0.iter().zip((0..).step_by(8)) {
        let word = u64::from_le_bytes(*word);
        bits |= word.wrapping_mul(TO_BITS) >> 56 << at;
        sums += word;
    }
    (bits, (sums.wrapping_mul(TO_SUM) >> 56) as usize)
}

fn refuse_null_bytes(text: &[u8]) -> Result<(), CompileError> {
    match memchr::memchr(0, text) {
        Some(_) => Err(CompileError::without_location("source code string cannot contain null bytes")),
        None => Ok(()),
    }
}

fn translate_newlines(text: Cow<'_, str>) -> Cow<'_, str> {
    if memchr::memchr(b'\r', text.as_bytes()).is_none() {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find('\r') {
        out.push_str(&rest[..at]);
        out.push('\n');
        rest = &rest[at + 1..];
        rest = rest.strip_prefix('\n').unwrap_or(rest);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, CompileError> {
    let (bytes, signature) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => (rest, true),
        None => (bytes, false),
    };
    let cookie = find_cookie(bytes);
    if let Some((line, name)) = &cookie
        && signature
        && name != "utf-8"
    {
        let text = String::from_utf8_lossy(line_of(bytes, *line)).into_owned();
        let mut error =
            CompileError::without_location(format!("encoding problem: {name} with BOM"));
        error.line = Some(*line);
        error.col = Some(0);
        error.end_line = Some(*line);
        error.end_col = Some(text.chars().count() as i32);
        error.text = Some(text);
        return Err(error);
    }
    match cookie {
        None => decode_utf8(bytes),
        Some((_, name)) if name == "utf-8" => decode_utf8(bytes),
        Some((_, name)) => decode_named(bytes, &name),
    }
}

/// The encoding that a source declares and CPython's tokenizer does not know by itself.
pub fn declared_encoding(bytes: &[u8]) -> Option<String> {
    find_cookie(bytes).map(|(_, name)| name)
}

fn line_of(bytes: &[u8], line: i32) -> &[u8] {
    bytes
        .split(|&b| b == b'\n' || b == b'\r')
        .nth(line as usize - 1)
        .unwrap_or(b"")
}

/// The encoding declared in the first two lines: line (from 1) and normalized name.
fn find_cookie(bytes: &[u8]) -> Option<(i32, String)> {
    let mut rest = bytes;
    for line_number in 1..=2 {
        let end = rest
            .iter()
            .position(|b| matches!(b, b'\n' | b'\r'))
            .unwrap_or(rest.len());
        let (line, tail) = rest.split_at(end);
        let code = line.iter().position(|b| !matches!(b, b' ' | b'\t' | 0x0c));
        match code.map(|i| line[i]) {
            Some(b'#') => {
                if let Some(name) = cookie_in_comment(line) {
                    return Some((line_number, name));
                }
            }
            Some(_) => return None,
            None => {}
        }
        rest = tail
            .strip_prefix(b"\r\n")
            .or_else(|| tail.get(1..))
            .unwrap_or(b"");
    }
    None
}

fn cookie_in_comment(line: &[u8]) -> Option<String> {
    let mut from = 0;
    while let Some(at) = line[from..].windows(6).position(|w| w == b"coding") {
        let after = from + at + 6;
        from = after;
        if !matches!(line.get(after), Some(b':' | b'=')) {
            continue;
        }
        let value = &line[after + 1..];
        let start = value
            .iter()
            .position(|b| !matches!(b, b' ' | b'\t'))
            .unwrap_or(value.len());
        let value = &value[start..];
        let len = value
            .iter()
            .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')))
            .unwrap_or(value.len());
        if len > 0 {
            return Some(normalize_encoding(&String::from_utf8_lossy(&value[..len])));
        }
    }
    None
}

/// CPython's `get_normal_name`: the spellings of UTF-8 and Latin-1 that it knows itself.
fn normalize_encoding(name: &str) -> String {
    let head: String = name
        .chars()
        .take(12)
        .map(|c| {
            if c == '_' {
                '-'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect();
    if head == "utf-8" || head.starts_with("utf-8-") {
        return "utf-8".to_owned();
    }
    for latin in ["latin-1", "iso-8859-1", "iso-latin-1"] {
        if head
            .strip_prefix(latin)
            .is_some_and(|r| r.is_empty() || r.starts_with('-'))
        {
            return "iso-8859-1".to_owned();
        }
    }
    name.to_owned()
}

fn decode_utf8(bytes: &[u8]) -> Result<Cow<'_, str>, CompileError> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(Cow::Borrowed(text)),
        Err(error) => error,
    };
    let at = error.valid_up_to();
    let before = &bytes[..at];
    let line = before.iter().filter(|&&b| b == b'\n').count() as i32 + 1;
    let line_start = before
        .iter()
        .rposition(|&b| b == b'\n')
        .map_or(0, |i| i + 1);
    let line_end = bytes[at..]
        .iter()
        .position(|&b| b == b'\n')
        .map_or(bytes.len(), |i| at + i);
    // The prefix is valid UTF-8, so counting its characters is exact.
    let col = String::from_utf8_lossy(&bytes[line_start..at])
        .chars()
        .count() as i32
        + 1;
    let mut problem = CompileError::without_location(format!(
        "Non-UTF-8 code starting with '\\x{:02x}' on line {line}, but no encoding declared; \
         see https://peps.python.org/pep-0263/ for details",
        bytes[at]
    ));
    problem.line = Some(line);
    problem.col = Some(col);
    problem.end_line = Some(line);
    problem.end_col = Some(col);
    problem.text = Some(String::from_utf8_lossy(&bytes[line_start..line_end]).into_owned());
    Err(problem)
}

fn decode_named<'a>(bytes: &'a [u8], name: &str) -> Result<Cow<'a, str>, CompileError> {
    match encodings::decode(bytes, name).map_err(undecodable)? {
        Some(text) => Ok(text),
        None => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| undecodable_utf8(bytes, &error)),
    }
}

/// What the codec says, which reads a source that calls UTF-8 by another than its first name.
fn undecodable_utf8(bytes: &[u8], error: &std::str::Utf8Error) -> CompileError {
    let at = error.valid_up_to();
    let first = bytes.get(at).copied().unwrap_or(0);
    let length = error.error_len().unwrap_or(bytes.len() - at);
    // The last line has an end for CPython, so that data never ends unexpectedly.
    let why = match first {
        0x80..=0xC1 | 0xF5.. => "invalid start byte",
        _ => "invalid continuation byte",
    };
    undecodable(match length {
        1 => format!("'utf-8' codec can't decode byte 0x{first:02x} in position {at}: {why}"),
        _ => format!("'utf-8' codec can't decode bytes in position {at}-{}: {why}", at + length - 1),
    })
}

/// CPython reports what a codec refuses on line 0.
fn undecodable(msg: String) -> CompileError {
    let mut error = CompileError::without_location(msg);
    error.line = Some(0);
    error.col = Some(-1);
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(bytes: &[u8]) -> CompileError {
        SourceFile::from_bytes(bytes, "f.py").unwrap_err()
    }

    #[test]
    fn positions_are_utf8_bytes_and_lines_of_any_end() {
        let s = SourceFile::from_text("a\r\né = b\rc\n", "f").unwrap();
        assert_eq!(s.text(), "a\né = b\nc\n");
        let b = TextSize::try_from(s.text().find('b').unwrap()).unwrap();
        assert_eq!(s.position(b), (2, 5));
        assert_eq!(s.line_text(3), Some("c\n"));
        assert_eq!(s.line_text(5), None);
        assert_eq!(s.loc(no_range()), Loc::NONE);
        let all = TextRange::new(TextSize::new(0), b);
        assert_eq!(
            s.loc(all),
            Loc {
                line: 1,
                end_line: 2,
                col: 0,
                end_col: 5
            }
        );
    }

    #[test]
    fn lines_of_any_length_are_found() {
        let text: String = (0..300).map(|n| "é\t".repeat(n * 7 % 97) + "\n").collect();
        let starts = text.match_indices('\n').map(|(at, _)| at as u32 + 1);
        let expected: Vec<u32> = std::iter::once(0).chain(starts).collect();
        assert_eq!(Survey::of(text.as_bytes()).line_starts, expected);
        let ends = "\n".repeat(1000);
        assert_eq!(Survey::of(ends.as_bytes()).line_starts, (0..=1000).collect::<Vec<u32>>());
    }

    #[test]
    fn what_is_not_plain_is_found_wherever_it_stands() {
        for at in 0..200 {
            for (unusual, is_plain) in [(b'\0', false), (b'\r', false), (0x80, false), (0xFF, false), (b'\n', true), (0x7F, true)] {
                let mut text = [b'x'; 200];
                text[at] = unusual;
                assert_eq!(Survey::of(&text).is_plain, is_plain, "{unusual} at {at}");
            }
        }
    }

    #[test]
    fn positions_do_not_depend_on_those_before() {
        let text = "a\n\n  b(\n\n\n\n\n\n\n\n\n\n\n\n)\nc";
        let s = SourceFile::from_text(text, "f").unwrap();
        let offsets = || (0..=text.len()).map(|at| TextSize::new(at as u32));
        for before in offsets() {
            for (start, end) in offsets().flat_map(|start| offsets().map(move |end| (start, end))) {
                if start > end {
                    continue;
                }
                let (range, near) = (TextRange::new(start, end), Cell::default());
                s.loc_near(TextRange::empty(before), &near);
                assert_eq!(s.loc_near(range, &near), s.loc(range), "{range:?} after {before:?}");
            }
        }
    }

    #[test]
    fn cookies_and_signatures() {
        let text = |b: &[u8]| SourceFile::from_bytes(b, "f").map(|s| s.text().to_owned());
        assert_eq!(text(b"\xef\xbb\xbfx").unwrap(), "x");
        assert_eq!(
            text(b"# coding: latin-1\n'\xff'").unwrap(),
            "# coding: latin-1\n'\u{ff}'"
        );
        assert_eq!(
            text(b"\x0c\n# vim: fileencoding=cp1251 :\n\xe0")
                .unwrap()
                .chars()
                .last(),
            Some('а')
        );
        assert_eq!(
            text(b"x=1\n# coding: foo\n").unwrap(),
            "x=1\n# coding: foo\n"
        );
        assert_eq!(error(b"# coding: foo\nx").msg, "unknown encoding: foo");
        assert_eq!(
            error(b"# coding: utf-16\nx").msg,
            "unknown encoding: utf-16"
        );
        let e = error(b"\xef\xbb\xbf# coding: latin-1\nx=1");
        assert_eq!(
            (e.msg.as_str(), e.end_col),
            ("encoding problem: iso-8859-1 with BOM", Some(17))
        );
    }

    #[test]
    fn invalid_bytes_are_reported_where_they_stand() {
        let e = error(b"x=1\ny='\xff\xfe'\n");
        assert_eq!((e.line, e.col), (Some(2), Some(4)));
        assert!(
            e.msg
                .starts_with("Non-UTF-8 code starting with '\\xff' on line 2")
        );
        assert_eq!(
            error(b"# coding: ascii\n\xff").msg,
            "'ascii' codec can't decode byte 0xff in position 16: ordinal not in range(128)"
        );
        assert_eq!(
            error(b"x\0").msg,
            "source code string cannot contain null bytes"
        );
    }
}
