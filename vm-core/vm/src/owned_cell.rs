//! A field of a payload that owns a value and can be replaced.

use std::cell::Cell;

use crate::value::{Ref, Value};

/// Owns one value, or NULL; drops it with the payload.
#[repr(transparent)]
pub struct OwnedCell(Cell<Value>);

impl OwnedCell {
    /// An empty cell.
    pub const fn null() -> OwnedCell {
        OwnedCell(Cell::new(Value::NULL))
    }

    pub fn new(r: Ref) -> OwnedCell {
        OwnedCell(Cell::new(r.into_value()))
    }

    /// NULL for `None`.
    pub fn from_option(r: Option<Ref>) -> OwnedCell {
        OwnedCell(Cell::new(r.map_or(Value::NULL, Ref::into_value)))
    }

    /// The content, borrowed: valid until the cell is changed. NULL if empty.
    #[inline(always)]
    pub fn get(&self) -> Value {
        self.0.get().borrow()
    }

    /// The content as the slot that owns it: for `Value::dup`.
    #[inline(always)]
    pub fn slot(&self) -> Value {
        self.0.get()
    }

    /// A reference of one's own to the content.
    #[inline(always)]
    pub fn get_ref(&self) -> Option<Ref> {
        self.0.get().non_null().map(Value::to_ref)
    }

    #[inline(always)]
    pub fn is_null(&self) -> bool {
        self.0.get().is_null()
    }

    /// Puts in a new content and gives back the old one: dropping it may run Python code, which
    /// must see the new content already.
    #[inline(always)]
    pub fn replace(&self, new: Option<Ref>) -> Option<Ref> {
        let old = self.0.replace(new.map_or(Value::NULL, Ref::into_value));
        // SAFETY: the cell owned the old value and has forgotten it.
        if old.is_null() { None } else { Some(unsafe { Ref::from_owned(old) }) }
    }

    /// [`OwnedCell::replace`] with plain values: the caller hands over what `new` owns, and owns
    /// what comes back.
    #[inline(always)]
    pub fn replace_value(&self, new: Value) -> Value {
        self.0.replace(new)
    }

    #[inline(always)]
    pub fn set(&self, new: Ref) {
        drop(self.replace(Some(new)));
    }

    #[inline(always)]
    pub fn take(&self) -> Option<Ref> {
        self.replace(None)
    }

    pub fn clear(&self) {
        drop(self.take());
    }
}

impl Drop for OwnedCell {
    #[inline]
    fn drop(&mut self) {
        self.clear();
    }
}

impl Default for OwnedCell {
    fn default() -> OwnedCell {
        OwnedCell::null()
    }
}
