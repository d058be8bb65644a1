//! The VM: values, objects, types, the interpreters and the seams through which a run can be
//! watched. It knows no protocol: no DAP, no LSP, no JSON.
#![cfg_attr(tail_calls, feature(explicit_tail_calls, rust_preserve_none_cc, rust_cold_cc, alloc_error_hook))]
#![cfg_attr(tail_calls, allow(incomplete_features))]

// `new` of an object's payload gives a reference to the object.
#![allow(clippy::new_ret_no_self)]

/// For the macros that this crate exports.
#[doc(hidden)]
pub use tailscope_bytecode as bytecode;

pub mod args;
pub mod code;
pub mod codecs;
pub mod convert;
pub mod debug;
pub mod error;
pub mod finalize;
pub mod format;
pub mod frame;
pub mod gc;
pub mod host;
pub mod import;
pub mod interp;
pub mod introspect;
pub mod names;
pub mod monitor;
pub mod native;
pub mod memory;
pub mod object;
pub mod ops;
pub mod owned_cell;
pub mod protocol;
pub mod pycache;
pub mod runtime;
pub mod shape;
pub mod specialize;
pub mod suggest;
pub mod threads;
pub mod types;
pub use tailscope_unicode as unicode;
pub mod value;
pub mod vm;
