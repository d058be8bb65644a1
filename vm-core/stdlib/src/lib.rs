//! The standard library: native modules that need more than the VM itself, and CPython's
//! pure-Python library, embedded.

pub mod library;

pub use library::{EmbeddedLibrary, embedded_paths};
