//! The private connection between the adapter and the debuggee: a loopback socket with
//! length-prefixed JSON on it.
//!
//! The debuggee says hello with the token that it was given, and from then on answers
//! commands in order and reports what happens. Both ends are the same binary, so the format
//! has no versions; the hello names the one version to be sure.
//!
//! [`messages`] holds what is said. A command and its answer are tied together by their
//! types ([`messages::Command`]).

pub mod messages;

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longest message, in bytes.
const MAX_MESSAGE: u32 = 256 << 20;

/// Writes a message: its length as four bytes, the lowest first, and its JSON.
pub fn write_message(writer: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let json = serde_json::to_vec(message)?;
    let length = u32::try_from(json.len())
        .ok()
        .filter(|length| *length <= MAX_MESSAGE);
    let length = length.ok_or_else(|| io::Error::other("a message is too long for the link"))?;
    let mut bytes = Vec::with_capacity(json.len() + 4);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&json);
    writer.write_all(&bytes)
}

/// Reads a message; an error also when the other end is gone.
pub fn read_message<T: DeserializeOwned>(reader: &mut impl Read) -> io::Result<T> {
    read_limited(reader, MAX_MESSAGE)
}

/// Reads a message of at most `limit` bytes, for when the other end is not known yet.
pub fn read_limited<T: DeserializeOwned>(reader: &mut impl Read, limit: u32) -> io::Result<T> {
    let mut length = [0; 4];
    reader.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > limit {
        return Err(io::Error::other(format!(
            "a message of {length} bytes on the link"
        )));
    }
    let mut json = vec![0; length as usize];
    reader.read_exact(&mut json)?;
    Ok(serde_json::from_slice(&json)?)
}

/// 128 random bits, for a connection's two ends to know each other by.
pub fn random_token() -> Result<String, String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| format!("the system gives no random numbers: {error}"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether two texts are equal, in a time that does not tell how much of them is.
pub fn same_text(a: &str, b: &str) -> bool {
    let differences = a.bytes().zip(b.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    a.len() == b.len() && differences == 0
}

#[cfg(test)]
mod tests {
    use super::messages::*;
    use super::*;

    #[test]
    fn tokens_differ() {
        let (one, two) = (random_token().unwrap(), random_token().unwrap());
        assert_eq!(one.len(), 32);
        assert!(same_text(&one, &one) && !same_text(&one, &two));
        assert!(!same_text("a", "ab") && !same_text("", "a"));
    }

    #[test]
    fn messages_go_through() {
        let mut bytes = Vec::new();
        let command = CommandMessage {
            id: 7,
            command: Frames {
                thread: 1,
                start: 0,
                count: 20,
            }
            .into(),
        };
        write_message(&mut bytes, &command).unwrap();
        let back: CommandMessage = read_message(&mut bytes.as_slice()).unwrap();
        assert_eq!(back, command);
    }

    #[test]
    fn a_stranger_cannot_make_us_allocate() {
        let bytes = [0xff, 0xff, 0xff, 0xff, b'{'];
        assert!(read_limited::<Report>(&mut bytes.as_slice(), 4096).is_err());
        assert!(read_message::<Report>(&mut bytes.as_slice()).is_err());
        assert!(read_message::<Report>(&mut [2, 0, 0, 0, b'{'].as_slice()).is_err());
    }
}
