//! One file per command. Each returns the exit status of the process.
pub mod compile;
pub mod dap;
pub mod dis;
pub mod lsp;
pub mod profile;
pub mod run;
pub mod trace;
