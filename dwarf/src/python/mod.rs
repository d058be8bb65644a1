//! The Python side of a target: its VM, threads, frames and values.
//!
//! The VM is found through its thread-local variable, each field through the debug information of
//! the binary. What is packed into bits by hand (tags of values, links of frames, prefixes of
//! instances) is known here, too: the types cannot say it.

mod code;
mod layout;
mod objects;
mod registers;
mod stack;
mod threads;
mod vm;

pub use code::Instruction;
pub use objects::{Limits, Values};
pub use stack::{Local, LocalKind, PythonFrame};
pub use threads::{NativeFrame, PythonThread, State, Timeout, Wait, WaitKind, is_deadlock};
pub use vm::{Inspected, PythonVm, inspect};

use crate::error::{Error, Result};
use crate::image::Image;

/// A sentence of the program's own help, which is in each tailscope binary, stripped or not.
const MARK: &[u8] = b"A Python VM made to be looked into";

/// Refuses a binary that is not tailscope, or of which nothing is known. `subject` begins the
/// sentence, such as "process 1 runs /bin/sh, which".
pub(crate) fn check_binary(image: &Image, subject: &str) -> Result<()> {
    let has_vm = image.symbols_with(&["tailscope_vm", "match_loop"]).next().is_some();
    if has_vm && image.has_debug_information() {
        return Ok(());
    }
    let subject = subject.trim_end_matches(", which");
    let constants = image.section(".rodata").unwrap_or_default();
    let is_ours = has_vm || constants.windows(MARK.len()).any(|w| w == MARK);
    Err(Error::new(match (is_ours, subject.contains(" runs ")) {
        (true, true) => format!("{subject}, a tailscope without debug information: it was stripped. Run one that was not"),
        (true, false) => format!("{subject} is a tailscope without debug information: it was stripped. Give the one that was not"),
        (false, true) => format!("{subject}, which is not tailscope"),
        (false, false) => format!("{subject} is not tailscope"),
    }))
}
