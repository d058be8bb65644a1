//! Reads what a binary's debug information says of a process: frames, functions, variables, types.
//!
//! Everything here works on three things: an [`Image`] (the binary and its debug information), a
//! [`Memory`] (of this process, another one, a core file, with copies of ranges over it) and
//! [`Registers`]. None of it needs the process to cooperate, and nothing that memory holds can make it
//! panic, loop or read without bounds: what makes no sense is an [`Error`], a sentence.
//!
//! ```no_run
//! use tailscope_dwarf::*;
//! # fn main() -> Result<()> {
//! let image = Image::own()?;
//! let modules = Modules(vec![Module::new(image, own_bias(image))]);
//! let (types, memory) = (Types::new(image), ProcessMemory::own());
//! for frame in modules.frames(&memory, Registers::here()) {
//!     let Some(module) = modules.at(frame.lookup_pc()) else { continue };
//!     for function in functions(&types, module, &frame)? {
//!         println!("{} {:?}", function.name, function.place);
//!     }
//!     let reader = Reader { types: &types, memory: &memory };
//!     for v in variables(&types, &memory, module, &frame)? {
//!         if let (Some(ty), Ok(content)) = (v.ty, &v.content) {
//!             println!("  {}: {} = {}", v.name, v.type_name, reader.show(ty, content).text);
//!         }
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `image` | a file: sections, symbols, units |
//! | `index` | where a unit's functions and types are |
//! | `memory` | where bytes come from |
//! | `evaluate` | DWARF expressions |
//! | `unwind` | registers, modules, frames |
//! | `types`, `content` | what a type is; a value's bytes, parts and text |
//! | `variables`, `inlined` | functions and variables of a frame |
//! | `handlers` | what the debug information keeps of the interpreters' handlers |
//! | `target` | a live process or a core file: memory, modules, threads |
//! | `python` | the Python threads, frames and values of a tailscope VM in a target |
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod content;
mod error;
mod evaluate;
pub mod handlers;
mod image;
mod index;
mod inlined;
mod memory;
pub mod python;
pub mod target;
mod types;
mod unwind;
mod variables;

pub use content::{Child, Content, NOT_AVAILABLE, Reader, Shown};
pub use error::{Error, Result};
pub use image::{Image, Symbol};
pub use inlined::{Inlined, inlined};
pub use memory::{Cached, Memory, Overlay, ProcessMemory};
pub use types::{Kind, Member, Number, Type, TypeId, Types, Variant};
pub use unwind::{Frame, MOST_FRAMES, Module, Modules, NAMES, REGISTERS, RIP, RBP, RSP, Registers};
pub use variables::{Function, Place, Variable, VariableKind, functions, place_at, variables};

/// What is added to an image's addresses where it is this process's own binary.
pub fn own_bias(image: &Image) -> u64 {
    // SAFETY: asks for a number that the kernel gave this process.
    let entry = unsafe { libc::getauxval(libc::AT_ENTRY) };
    entry.wrapping_sub(image.entry())
}
