//! What can be wrong, as a sentence for a person.

use std::fmt;

/// Why something cannot be read: a sentence that says what is wrong, and where it helps what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(pub String);

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn new(text: impl Into<String>) -> Error {
        Error(text.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<gimli::Error> for Error {
    fn from(e: gimli::Error) -> Error {
        Error(format!("the debug information cannot be read: {e}"))
    }
}

impl From<object::Error> for Error {
    fn from(e: object::Error) -> Error {
        Error(format!("the file cannot be read: {e}"))
    }
}
