//! CPython 3.14 bytecode as data: the opcode table, code objects, line and exception
//! tables, marshal and `.pyc`, and `dis`. Nothing here executes anything.

pub mod code;
pub mod dis;
pub mod exceptiontable;
pub mod linetable;
pub mod marshal;
pub mod oparg;
pub mod opcode;
pub mod pyc;
pub mod repr;
pub mod setorder;
pub mod table;
pub mod verify;
