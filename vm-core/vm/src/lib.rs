//! (see ARCHITECTURE.md)
pub mod debug;
