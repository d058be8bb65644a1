//! Language server: what the bytecode of a line is, and what it did when it ran.
//!
//! The features are plain data, made of text, code objects and profiles:
//!
//! - `text`: lines and columns; `analysis`: a document compiled, its instructions by line;
//!   `overlay`: the newest profile joined with the code, fresh or stale;
//! - `view`: both together; `branch`: a conditional jump in terms of the source;
//! - `hover`, `hints`, `lens`, `listing`, `problems`: what is shown.
//!
//! `documents` keeps what is open. Only `server` and `convert` know the protocol's types;
//! `transport` carries its messages.
//!
//! Nothing here executes Python code, and no input ends the server: neither a file that does
//! not compile, nor a message that is none, nor a damaged profile.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

pub mod analysis;
pub mod branch;
mod convert;
pub mod documents;
pub mod hints;
pub mod hover;
pub mod lens;
pub mod listing;
pub mod overlay;
pub mod problems;
mod server;
pub mod text;
mod transport;
pub mod view;

pub use server::run_stdio;
