//! `function` and `method`: functions written in Python, and their binding to an object.

use std::cell::Cell;

use crate::code::PyCode;
use crate::object::{self, Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::shape;
use crate::value::{Ref, Value};

/// Payload of a function. What a call reads comes first.
#[repr(C)]
pub struct PyFunction {
    header: Header,
    /// What inline caches of calls compare; 0 until asked for after a change of the code or
    /// the defaults. Functions of one code object share it.
    pub version: Cell<u32>,
    /// Locals plus hidden slots.
    pub frame_slots: Cell<u32>,
    /// First code unit.
    pub entry: Cell<*const u16>,
    /// Constants of the code, borrowed.
    pub consts: Cell<*const Value>,
    /// Slots that the frame needs beyond `frame_slots`.
    pub stack_need: Cell<u32>,
    pub argcount: Cell<u32>,
    code: OwnedCell,
    /// Always a dict.
    pub globals: OwnedCell,
    /// Usually a dict.
    pub builtins: OwnedCell,
    pub name: OwnedCell,
    pub qualname: OwnedCell,
    /// Tuple of cells, or NULL.
    pub closure: OwnedCell,
    /// Tuple, or NULL.
    pub defaults: OwnedCell,
    /// Dict, or NULL.
    pub kwdefaults: OwnedCell,
    pub doc: OwnedCell,
    pub module: OwnedCell,
    /// Dict, or NULL.
    pub annotations: OwnedCell,
    /// Function that makes the annotations, None, or NULL.
    pub annotate: OwnedCell,
    /// Tuple, or NULL.
    pub type_params: OwnedCell,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyFunction {
    const SHAPE: u32 = shape::FUNCTION;
}

/// Payload of a bound method.
#[repr(C)]
pub struct PyMethod {
    header: Header,
    pub function: Ref,
    pub receiver: Ref,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyMethod {
    const SHAPE: u32 = shape::METHOD;
}

impl PyFunction {
    /// The code object.
    #[inline(always)]
    pub fn code<'a>(&self) -> &'a PyCode {
        // SAFETY: a function always has a code object, which lives as long as it is set; frames
        // keep the function they run (see `set_code`).
        unsafe { self.code.get().cast_unchecked::<PyCode>() }
    }

    /// The code object as a value.
    pub fn code_value(&self) -> Value {
        self.code.get()
    }
}

impl PyMethod {
    /// Binds `function` to `receiver`.
    pub fn new(function: Value, receiver: Value) -> Ref {
        object::new(PyMethod { header: object::header(), function: function.to_ref(), receiver: receiver.to_ref() })
    }
}
