//! The files that tailscope writes and reads: execution profiles (`profile`) and
//! instruction traces (`trace`), with what both need: the identity of a code object
//! (`hash`) and a branch's recent outcomes (`history`).
//!
//! Both formats are described for other programs in `docs/profile-format.md` and
//! `docs/trace-format.md`. Nothing here executes Python code.

pub mod hash;
pub mod history;
pub mod profile;
pub mod trace;
