//! What a payload's fields show to the collector: the `traverse` and `clear` slots of types
//! that are nothing but some fields.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::owned_cell::OwnedCell;
use crate::value::{Ref, Value};

/// A field that owns references.
pub trait Owns {
    /// Calls `visit` with each reference.
    fn show(&self, visit: &mut dyn FnMut(Value));
}

impl Owns for OwnedCell {
    fn show(&self, visit: &mut dyn FnMut(Value)) {
        visit(self.get());
    }
}

impl Owns for Ref {
    fn show(&self, visit: &mut dyn FnMut(Value)) {
        visit(self.value());
    }
}

/// A plain slot, which owns what is not marked as borrowed.
impl Owns for Value {
    fn show(&self, visit: &mut dyn FnMut(Value)) {
        if self.is_owned_object() {
            visit(*self);
        }
    }
}

impl<T: Owns> Owns for Option<T> {
    fn show(&self, visit: &mut dyn FnMut(Value)) {
        self.iter().for_each(|x| x.show(visit));
    }
}

/// A number that goes with it owns nothing.
impl<T: Owns> Owns for (usize, T) {
    fn show(&self, visit: &mut dyn FnMut(Value)) {
        self.1.show(visit);
    }
}

impl<T: Owns> Owns for Vec<T> {
    fn show(&self, visit: &mut dyn FnMut(Value)) {
        self.iter().for_each(|x| x.show(visit));
    }
}

impl<T: Owns> Owns for VecDeque<T> {
    fn show(&self, visit: &mut dyn FnMut(Value)) {
        self.iter().for_each(|x| x.show(visit));
    }
}

impl<T: Owns, const N: usize> Owns for [T; N] {
    fn show(&self, visit: &mut dyn FnMut(Value)) {
        self.iter().for_each(|x| x.show(visit));
    }
}

/// While it is being changed it shows nothing, which keeps what it owns alive.
impl<T: Owns> Owns for RefCell<T> {
    fn show(&self, visit: &mut dyn FnMut(Value)) {
        if let Ok(x) = self.try_borrow() {
            x.show(visit);
        }
    }
}

/// The `traverse` slot of a payload whose references are in the fields named.
#[macro_export]
macro_rules! traverse_fields {
    ($payload:ty: $($field:ident),+) => {
        Some(|p: *mut $crate::object::Header, visit: &mut dyn FnMut($crate::value::Value)| {
            // SAFETY: the slot of a type with this payload gets live objects of it.
            let this = unsafe { &*(p as *const $payload) };
            $($crate::gc::fields::Owns::show(&this.$field, visit);)+
        })
    };
}

/// The `clear` slot of a payload that can do without what is in the (owned) cells named.
#[macro_export]
macro_rules! clear_fields {
    ($payload:ty: $($field:ident),+) => {
        Some(|_: &$crate::vm::Vm, p: *mut $crate::object::Header| {
            // SAFETY: the slot of a type with this payload gets live objects of it.
            let this = unsafe { &*(p as *const $payload) };
            $(this.$field.clear();)+
        })
    };
}
