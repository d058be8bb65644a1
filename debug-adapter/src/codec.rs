//! Framing: a header with `Content-Length`, an empty line, and that many bytes of JSON.
//!
//! The decoder outlives whatever it is fed. After a bad header it looks for the next thing
//! that could be one, and says once what was wrong. It never waits for bytes that a
//! nonsensical length promises: lengths over [`MAX_MESSAGE`] are bad headers.

use thiserror::Error;

/// Longest message that is accepted, in bytes.
pub const MAX_MESSAGE: usize = 64 << 20;

/// Longest header that is accepted, in bytes.
const MAX_HEADER: usize = 4096;

/// The field that begins a header, as it is looked for after a bad one.
const LENGTH_FIELD: &[u8] = b"content-length:";

/// A header that is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// A line that is not `Name: value`.
    #[error("the header line {0:?} is not of the form `Name: value`")]
    Line(String),
    /// A header without `Content-Length`.
    #[error("a message header has no Content-Length")]
    NoLength,
    /// A length that is no number, or two that differ.
    #[error("the Content-Length {0:?} is not a number of bytes")]
    BadLength(String),
    /// A length over [`MAX_MESSAGE`].
    #[error("a message of {0} bytes is longer than the {MAX_MESSAGE} that are accepted")]
    TooLong(u64),
    /// No end of header in sight.
    #[error("a message header has no end within {MAX_HEADER} bytes")]
    Endless,
}

/// Takes messages out of a stream of bytes.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Everything before this index has been used up.
    start: usize,
    /// Length of the body that the last header announced.
    body: Option<usize>,
    /// A bad header has been reported; its remains are skipped without another word.
    resync: bool,
}

impl Decoder {
    /// Adds bytes that have arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether bytes of an unfinished message are left over.
    pub fn is_mid_message(&self) -> bool {
        self.body.is_some() || !self.rest().is_empty()
    }

    /// The next whole body, or what was wrong with a header. None: more bytes are needed.
    pub fn next_message(&mut self) -> Option<Result<Vec<u8>, FrameError>> {
        loop {
            if let Some(length) = self.body {
                let body = self.rest().get(..length)?.to_vec();
                self.start += length;
                self.body = None;
                return Some(Ok(body));
            }
            if self.resync && !self.find_header() {
                return None;
            }
            match self.header()? {
                Ok(length) => {
                    self.body = Some(length);
                    self.resync = false;
                }
                Err((error, skip)) => {
                    self.start = (self.start + skip).min(self.buffer.len());
                    if !std::mem::replace(&mut self.resync, true) {
                        return Some(Err(error));
                    }
                }
            }
        }
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Skips to the next possible header; false if there is none yet.
    fn find_header(&mut self) -> bool {
        let rest = self.rest();
        let found = rest
            .windows(LENGTH_FIELD.len())
            .position(|window| window.eq_ignore_ascii_case(LENGTH_FIELD));
        let skipped = match found {
            Some(index) => index,
            // The field's beginning may be the end of what has arrived.
            None => rest.len().saturating_sub(LENGTH_FIELD.len() - 1),
        };
        self.start += skipped;
        found.is_some()
    }

    /// Reads a header and moves past it. None: it is not complete. An error comes with the
    /// number of bytes that cannot be part of a good header: all up to a bad length, but only
    /// one of other errors, since a message that was longer than announced may have left
    /// something in front of a good header.
    fn header(&mut self) -> Option<Result<usize, (FrameError, usize)>> {
        let mut length = None;
        let mut used = 0;
        loop {
            let rest = self.rest().get(used..).unwrap_or_default();
            let Some(end) = rest.iter().position(|&byte| byte == b'\n') else {
                let endless = self.rest().len() > MAX_HEADER;
                return endless.then_some(Err((FrameError::Endless, 1)));
            };
            let line = rest.get(..end).unwrap_or_default();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            used += end + 1;
            if used > MAX_HEADER {
                return Some(Err((FrameError::Endless, 1)));
            }
            if line.is_empty() {
                let Some(length) = length else {
                    return Some(Err((FrameError::NoLength, 1)));
                };
                self.start += used;
                return Some(Ok(length));
            }
            match header_line(line) {
                Ok(None) => {}
                Ok(Some(value)) if length.is_none_or(|other| other == value) => {
                    length = Some(value)
                }
                Ok(Some(value)) => {
                    return Some(Err((FrameError::BadLength(value.to_string()), used)));
                }
                Err(error @ FrameError::Line(_)) => return Some(Err((error, 1))),
                Err(error) => return Some(Err((error, used))),
            }
        }
    }
}

/// The length that a header line gives, if it is about that.
fn header_line(line: &[u8]) -> Result<Option<usize>, FrameError> {
    let text = String::from_utf8_lossy(line);
    let malformed = || FrameError::Line(text.chars().take(80).collect());
    let (name, value) = text.split_once(':').ok_or_else(malformed)?;
    let is_token = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if name.is_empty() || !name.chars().all(is_token) {
        return Err(malformed());
    }
    if !name.eq_ignore_ascii_case("content-length") {
        return Ok(None);
    }
    let value = value.trim();
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let length = value.parse::<u64>().ok().filter(|_| digits);
    let length = length.ok_or_else(|| FrameError::BadLength(value.chars().take(80).collect()))?;
    match usize::try_from(length) {
        Ok(length) if length <= MAX_MESSAGE => Ok(Some(length)),
        _ => Err(FrameError::TooLong(length)),
    }
}

/// A body with its header in front.
pub fn encode(body: &[u8]) -> Vec<u8> {
    let mut message = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    message.extend_from_slice(body);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that comes out of `input`, fed in pieces of `size` bytes: bodies, and
    /// errors as `!`.
    fn decode_in_pieces(input: &[u8], size: usize) -> Vec<String> {
        let mut decoder = Decoder::default();
        let mut out = Vec::new();
        for piece in input.chunks(size) {
            decoder.push(piece);
            while let Some(message) = decoder.next_message() {
                out.push(match message {
                    Ok(body) => String::from_utf8(body).unwrap(),
                    Err(_) => "!".to_owned(),
                });
            }
        }
        out
    }

    fn decode(input: &str) -> Vec<String> {
        let whole = decode_in_pieces(input.as_bytes(), input.len().max(1));
        for size in 1..=7 {
            assert_eq!(
                decode_in_pieces(input.as_bytes(), size),
                whole,
                "in pieces of {size}"
            );
        }
        whole
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let mut stream = encode(b"{}");
        stream.extend(encode("\"ü\"".as_bytes()));
        stream.extend(encode(b""));
        assert_eq!(
            decode(std::str::from_utf8(&stream).unwrap()),
            ["{}", "\"ü\"", ""]
        );
    }

    #[test]
    fn headers_may_be_spelled_freely() {
        assert_eq!(decode("content-length:2\n\n{}"), ["{}"]);
        assert_eq!(
            decode("Content-Type: x; charset=y\r\nContent-Length:  2 \r\n\r\n{}"),
            ["{}"]
        );
        assert_eq!(
            decode("Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"),
            ["{}"]
        );
    }

    #[test]
    fn each_bad_header_is_reported_once_and_the_next_message_is_read() {
        let good = "Content-Length: 2\r\n\r\n{}";
        for bad in [
            "\r\n\r\n",
            "garbage\r\n\r\n",
            "Content-Length: many\r\n\r\n{\"seq\":1}",
            "Content-Length: -5\r\n\r\n{}",
            "Content-Length: +5\r\n\r\n",
            "Content-Length: 99999999999999999999\r\n\r\n",
            "Content-Length: 1000000000000\r\n\r\n",
            "Content-Length: 2\r\nContent-Length: 3\r\n\r\n",
            "Content-Type: x\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "more\nthan\none\nbad\nline\n",
            "\u{0}\u{1}\u{7f}\n",
        ] {
            assert_eq!(decode(&format!("{bad}{good}")), ["!", "{}"], "{bad:?}");
        }
        let endless = "x".repeat(MAX_HEADER + 2);
        assert_eq!(decode(&format!("{endless}{good}")), ["!", "{}"]);
        let fields = "A: b\r\n".repeat(MAX_HEADER / 5);
        assert_eq!(decode(&format!("{fields}{good}")), ["!", "{}"]);
    }

    #[test]
    fn a_wrong_length_costs_the_messages_it_covers_and_no_more() {
        let good = "Content-Length: 2\r\n\r\n{}";
        assert_eq!(
            decode(&format!("Content-Length: 1\r\n\r\n{{}}{good}{good}")),
            ["{", "!", "{}", "{}"]
        );
    }

    #[test]
    fn unfinished_messages_wait() {
        assert_eq!(decode("Content-Length: 10\r\n\r\n{}"), Vec::<String>::new());
        assert_eq!(decode("Content-Le"), Vec::<String>::new());
        let mut decoder = Decoder::default();
        assert!(!decoder.is_mid_message());
        decoder.push(b"Content-Length: 1\r\n\r\n");
        assert_eq!(decoder.next_message(), None);
        assert!(decoder.is_mid_message());
    }
}
