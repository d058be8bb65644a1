//! Python source to CPython 3.14 code objects: parse, scopes, code generation, flow
//! graph, assembly. Nothing here executes anything.
pub mod assemble;
pub mod error;
mod flowgraph;
pub mod instr;
pub mod parse;
pub mod preprocess;
pub mod source;
pub mod symtable;
