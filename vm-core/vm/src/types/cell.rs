//! `cell`: a variable that several functions share.

use crate::object::{self, Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::shape;
use crate::value::{Ref, Value};

/// Payload of a cell.
#[repr(C)]
pub struct PyCell {
    header: Header,
    /// The variable's value, NULL while it is unbound.
    pub content: OwnedCell,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyCell {
    const SHAPE: u32 = shape::CELL;
}

impl PyCell {
    /// A new cell that holds `content` (NULL: unbound).
    pub fn new(content: Value) -> Ref {
        let content = OwnedCell::from_option(content.non_null().map(Value::to_ref));
        object::new(PyCell { header: object::header(), content })
    }
}
