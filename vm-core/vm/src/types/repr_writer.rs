//! Builds the str that a container's `__repr__` returns.

use crate::error::PyResult;
use crate::protocol::object;
use crate::types::str_::PyStr;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Text under construction; WTF-8, since a `__repr__` may return lone surrogates.
#[derive(Default)]
pub struct ReprWriter {
    bytes: Vec<u8>,
}

impl ReprWriter {
    pub fn new(start: &str) -> ReprWriter {
        ReprWriter { bytes: start.as_bytes().to_vec() }
    }

    pub fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Appends a str object's text.
    pub fn push_text(&mut self, s: Value) {
        if let Some(s) = s.cast::<PyStr>() {
            self.bytes.extend_from_slice(s.as_bytes());
        }
    }

    /// Appends `repr(v)`; `v` must be kept alive by the caller.
    pub fn push_repr(&mut self, vm: &Vm, v: Value) -> PyResult<()> {
        let r = object::repr(vm, v)?;
        self.push_text(r.value());
        Ok(())
    }

    /// Appends `str(v)`.
    pub fn push_str_of(&mut self, vm: &Vm, v: Value) -> PyResult<()> {
        let r = object::str(vm, v)?;
        self.push_text(r.value());
        Ok(())
    }

    pub fn finish(self, vm: &Vm) -> Ref {
        PyStr::from_wtf8(vm, &self.bytes)
    }
}
