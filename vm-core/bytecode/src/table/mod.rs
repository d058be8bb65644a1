//! The opcode table of CPython 3.14: one row per opcode, a page per family.
//!
//! The table is data in a macro. [`for_each_opcode!`](crate::for_each_opcode) hands all rows
//! to a macro of the caller's, which makes of them whatever it needs: the [`Opcode`] type
//! here, handlers and dispatch tables in the VM, documentation elsewhere.
//!
//! # A row
//!
//! ```text
//! /// What it does, in a sentence or two: the editor's hovers show this.
//! BINARY_OP_ADD_INT = 130 => BINARY_OP, (left, right -- res), [counter: 1, descr: 4], {HAS_EXIT HAS_ERROR};
//! ^ name              ^ number  ^ family  ^ stack effect        ^ inline cache          ^ flags
//! ```
//!
//! - **name, number**: CPython's (`Include/opcode_ids.h`). Above 255 are pseudo-opcodes.
//! - **family**: for a specialized opcode the one it falls back to (its deopt target), else itself.
//! - **stack effect**: inputs, then outputs, the top of the stack last. `name[size]` stands for
//!   several values; the size is one of the forms that [`stack_size!`](crate::stack_size) knows.
//!   For specialized opcodes that enter a Python frame it is the effect once that frame has
//!   returned, so that it equals the family's.
//! - **inline cache**: the entries that follow the instruction, in order, sizes in code units
//!   of 2 bytes. Equal in sum for all members of a family.
//! - **flags**: `HAS_*` as in CPython's `pycore_opcode_metadata.h`; [`OpcodeFlags`] explains them.
//!
//! A matching pattern for a consumer:
//!
//! ```text
//! ($( $(#[doc = $doc:literal])* $name:ident = $number:literal => $family:ident,
//!     ($($input:ident $([$($input_size:tt)+])?),* -- $($output:ident $([$($output_size:tt)+])?),*),
//!     [$($entry:ident : $units:literal),*],
//!     {$($flag:ident)*};
//! )*) => { ... }
//! ```
//!
//! # Adding an instruction
//!
//! 1. Write its row on the page of its family. The compiler now refuses a number or a name that
//!    is taken, a size form or a flag that does not exist, and a family that is not in the table.
//! 2. Run `cargo test -p tailscope-bytecode`: `table_is_consistent` checks the row against its
//!    family; `tests/oracle_table.rs` compares the whole table with a CPython 3.14, if there is one.
//! 3. The VM's build now fails at this row until a body of that name exists there.
//!
//! [`Opcode`]: crate::opcode::Opcode
//! [`OpcodeFlags`]: crate::opcode::OpcodeFlags

mod attributes;
mod calls;
mod constants;
mod containers;
mod control;
mod exceptions;
mod generators;
mod instrumented;
mod operators;
mod pseudo;
mod variables;

/// Calls a macro once with every row of the opcode table, pseudo-opcodes last.
///
/// The module [`table`](crate::table) explains the rows.
///
/// ```
/// macro_rules! count {
///     ($($(#[doc = $doc:literal])* $name:ident = $number:literal => $family:ident,
///        ($($effect:tt)*), [$($cache:tt)*], {$($flag:ident)*};)*) => {
///         const COUNT: usize = [$($number),*].len();
///     };
/// }
/// tailscope_bytecode::for_each_opcode!(count);
/// assert_eq!(COUNT, 238);
/// ```
#[macro_export]
macro_rules! for_each_opcode {
    // Pages call back with their rows appended, until no page is left.
    (@page { $($callback:tt)* } [] { $($rows:tt)* }) => {
        $($callback)*! { $($rows)* }
    };
    (@page { $($callback:tt)* } [ $page:ident $($pages:ident)* ] { $($rows:tt)* }) => {
        $crate::$page! { { $($callback)* } [ $($pages)* ] { $($rows)* } }
    };
    // Rows of the caller's own may come before the table's.
    ($callback:path $(, { $($extra:tt)* })?) => {
        $crate::for_each_opcode! { @page { $callback } [
            opcodes_constants
            opcodes_variables
            opcodes_operators
            opcodes_attributes
            opcodes_calls
            opcodes_containers
            opcodes_control
            opcodes_exceptions
            opcodes_generators
            opcodes_instrumented
            opcodes_pseudo
        ] { $($($extra)*)? } }
    };
}

/// Turns the size of a stack item, as a row of the table writes it, into a
/// [`Size`](crate::opcode::Size).
#[macro_export]
macro_rules! stack_size {
    () => {
        $crate::opcode::Size::One
    };
    (oparg) => {
        $crate::opcode::Size::Oparg
    };
    (oparg - $n:literal) => {
        $crate::opcode::Size::OpargMinus($n)
    };
    (oparg * $n:literal) => {
        $crate::opcode::Size::OpargTimes($n)
    };
    (oparg & 1) => {
        $crate::opcode::Size::OpargBit0
    };
    (oparg & 0xFF) => {
        $crate::opcode::Size::OpargLowByte
    };
    (oparg >> 8) => {
        $crate::opcode::Size::OpargHighBits
    };
}
