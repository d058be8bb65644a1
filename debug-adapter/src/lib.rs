//! The debug adapter: the Debug Adapter Protocol on one side, a debuggee in a process of its
//! own on the other.
//!
//! | module | holds |
//! |---|---|
//! | [`codec`], [`protocol`] | framing; the protocol's types, requests as a closed set |
//! | [`client`] | the editor's end: threads that read and write |
//! | [`session`] | what is going on, and what each request does about it |
//! | [`process`] | the debuggee's process: started, listened to, waited for, ended |
//! | [`link`] | the private connection between the two processes |
//! | [`debuggee`] | the other process: serves the link from inside the VM's debug hook |
//! | [`server`] | standard streams or a loopback port |
//!
//! Invariants: the adapter's process never runs Python. It survives whatever the debuggee
//! does, and whatever a client sends: no input panics, and the lints below keep it so. The
//! debuggee ends when the adapter does.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::unreachable,
        clippy::todo
    )
)]

pub mod client;
pub mod codec;
pub mod debuggee;
pub mod link;
pub mod process;
pub mod protocol;
pub mod server;
pub mod session;

pub use debuggee::{DebuggeeOptions, run_debuggee};
pub use server::{AdapterOptions, Listen, run_adapter};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex whose data a panic elsewhere cannot have left half written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
