//! Python source to CPython 3.14 code objects: parse, scopes, code generation, flow
//! graph, assembly. Nothing here executes anything.
pub mod instr;
