//! One file per command. Each returns the exit status of the process.
pub mod compile;
pub mod dap;
pub mod dis;
pub mod handlers;
pub mod inspect;
pub mod lsp;
pub mod profile;
pub mod run;
pub mod trace;
