//! The 64-bit value: what a value-stack slot, a local or a container element holds.
//!
//! | low bits | meaning |
//! |---|---|
//! | `...1` | int of 63 bits, shifted left by one |
//! | `...10` | float, its bits + 2^60 rotated left by 3 (exponents from 2^-255 to 2^256) |
//! | `0000` | pointer to an object, owned: holds one reference |
//! | `0100` | pointer to an object, borrowed: somebody else keeps it alive |
//! | `1100` | pointer to an immortal object, or NULL (no object at all) |
//!
//! One test, `bits & 7 == 0`, tells whether a slot holds a reference to give back.
//! 0.0, infinities, NaN and extreme exponents are boxed floats.

use std::fmt;
use std::mem::ManuallyDrop;
use std::num::NonZeroU64;
use std::ops::Deref;

use crate::object::{self, Header, Payload};

/// A value without ownership: copying it neither takes nor gives back a reference.
///
/// Equality is that of the bits; for Python's `is` use [`Value::is`]. No value has all bits zero,
/// which an `Option` uses: results of functions stay in machine registers.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value(NonZeroU64);

/// The largest and smallest ints that need no object.
pub const SMALL_INT_MAX: i64 = i64::MAX >> 1;
pub const SMALL_INT_MIN: i64 = i64::MIN >> 1;

const TAG_BORROWED: u64 = 0b0100;
const TAG_IMMORTAL: u64 = 0b1100;
const POINTER_MASK: u64 = !15;
const FLOAT_OFFSET: u64 = 1 << 60;

impl Value {
    /// No object: an unbound local, the missing `self` of a plain call, an omitted argument.
    pub const NULL: Value = Value(NonZeroU64::new(TAG_IMMORTAL).unwrap());

    /// # Safety
    /// The bits must be those of a value, or at least not be zero if nobody takes them for one.
    #[inline(always)]
    pub const unsafe fn from_bits(bits: u64) -> Value {
        debug_assert!(bits != 0);
        // SAFETY: promised by the caller.
        Value(unsafe { NonZeroU64::new_unchecked(bits) })
    }

    #[inline(always)]
    pub const fn bits(self) -> u64 {
        self.0.get()
    }

    #[inline(always)]
    pub fn is_null(self) -> bool {
        self.bits() == TAG_IMMORTAL
    }

    /// The value unless it is NULL.
    #[inline(always)]
    pub fn non_null(self) -> Option<Value> {
        if self.is_null() { None } else { Some(self) }
    }

    /// An int that is known to fit 63 bits.
    #[inline(always)]
    pub const fn small_int(i: i64) -> Value {
        // SAFETY: the lowest bit is set.
        unsafe { Value::from_bits(((i as u64) << 1) | 1) }
    }

    /// An int, if it fits 63 bits.
    #[inline(always)]
    pub const fn try_small_int(i: i64) -> Option<Value> {
        if i <= SMALL_INT_MAX && i >= SMALL_INT_MIN { Some(Value::small_int(i)) } else { None }
    }

    #[inline(always)]
    pub const fn is_small_int(self) -> bool {
        self.bits() & 1 != 0
    }

    /// The int of a small int; meaningless for any other value.
    #[inline(always)]
    pub const fn small_int_unchecked(self) -> i64 {
        self.bits() as i64 >> 1
    }

    #[inline(always)]
    pub const fn as_small_int(self) -> Option<i64> {
        if self.is_small_int() { Some(self.small_int_unchecked()) } else { None }
    }

    /// A float, if its exponent lets it live in the value.
    #[inline(always)]
    pub const fn try_tagged_float(f: f64) -> Option<Value> {
        let v = f.to_bits().wrapping_add(FLOAT_OFFSET).rotate_left(3);
        // SAFETY: one of the lowest bits is set.
        if v & 3 == 2 { Some(unsafe { Value::from_bits(v) }) } else { None }
    }

    #[inline(always)]
    pub const fn is_tagged_float(self) -> bool {
        self.bits() & 3 == 2
    }

    /// The float of a tagged float; meaningless for any other value.
    #[inline(always)]
    pub const fn tagged_float_unchecked(self) -> f64 {
        f64::from_bits(self.bits().rotate_right(3).wrapping_sub(FLOAT_OFFSET))
    }

    /// A pointer to an object, of whatever ownership (false for NULL).
    #[inline(always)]
    pub const fn is_object(self) -> bool {
        self.bits() & 3 == 0 && self.bits() != TAG_IMMORTAL
    }

    /// True when the slot holds a reference of its own.
    #[inline(always)]
    pub const fn is_owned_object(self) -> bool {
        self.bits() & 7 == 0
    }

    #[inline(always)]
    pub const fn is_immortal(self) -> bool {
        self.bits() & 15 == TAG_IMMORTAL
    }

    /// The address of the object; meaningless for ints and floats, null for NULL.
    #[inline(always)]
    pub const fn pointer(self) -> *mut Header {
        (self.bits() & POINTER_MASK) as *mut Header
    }

    /// An owned pointer: the caller hands over one reference.
    #[inline(always)]
    pub fn owned(p: *mut Header) -> Value {
        debug_assert_eq!(p as u64 & 15, 0);
        // SAFETY: objects do not lie at address zero.
        unsafe { Value::from_bits(p as u64) }
    }

    #[inline(always)]
    pub fn borrowed(p: *const Header) -> Value {
        // SAFETY: a tag is not zero.
        unsafe { Value::from_bits(p as u64 | TAG_BORROWED) }
    }

    /// A pointer to an object that is never freed.
    #[inline(always)]
    pub fn immortal(p: *const Header) -> Value {
        // SAFETY: a tag is not zero.
        unsafe { Value::from_bits(p as u64 | TAG_IMMORTAL) }
    }

    /// The same value without ownership: what LOAD_FAST_BORROW pushes.
    #[inline(always)]
    pub fn borrow(self) -> Value {
        // An owned pointer (low bits 000) gets the borrowed tag; all else stays.
        if self.is_owned_object() { Value(self.0 | NonZeroU64::new(TAG_BORROWED).unwrap()) } else { self }
    }

    /// Python's `is`: the same object, or the same int or float.
    #[inline(always)]
    pub fn is(self, other: Value) -> bool {
        self.bits() == other.bits()
            || (self.bits() & 3 == 0 && other.bits() & 3 == 0 && (self.bits() ^ other.bits()) & POINTER_MASK == 0)
    }

    /// Takes a reference: the result may outlive what `self` borrowed from.
    #[inline(always)]
    pub fn to_ref(self) -> Ref {
        Ref(self.dup_owned())
    }

    /// A copy that holds its own reference, unless the value needs none.
    #[inline(always)]
    pub fn dup_owned(self) -> Value {
        if self.bits() & 3 == 0 && self.bits() & 15 != TAG_IMMORTAL {
            // SAFETY: the low bits say that this points at a live object.
            unsafe { object::incref(self.pointer()) };
            Value::owned(self.pointer())
        } else {
            self
        }
    }

    /// A copy as a stack slot may hold it: a borrowed value stays borrowed, an owned one is duplicated.
    #[inline(always)]
    pub fn dup(self) -> Value {
        if self.is_owned_object() {
            // SAFETY: the low bits say that this points at a live object.
            unsafe { object::incref(self.pointer()) };
        }
        self
    }

    /// Turns a slot's value into one that may leave the frame ("heap safe"): a borrowed
    /// pointer becomes owned, anything else moves as it is.
    #[inline(always)]
    pub fn into_owned(self) -> Value {
        if self.bits() & 15 == TAG_BORROWED {
            // SAFETY: the low bits say that this points at a live object.
            unsafe { object::incref(self.pointer()) };
            Value::owned(self.pointer())
        } else {
            self
        }
    }

    /// Like [`Value::into_owned`], as the owning type.
    #[inline(always)]
    pub fn into_ref(self) -> Ref {
        Ref(self.into_owned())
    }

    /// Gives back the reference that the slot holds, if it holds one.
    ///
    /// # Safety
    /// The slot must not be used as an owner afterwards.
    #[inline(always)]
    pub unsafe fn release(self) {
        if self.is_owned_object() {
            // SAFETY: an owned slot holds one reference, which ends here.
            unsafe { object::decref(self.pointer()) }
        }
    }

    /// The object's payload if its layout is (or extends) that of `T`: an instance of `T`'s
    /// type or of a subclass of it.
    #[inline(always)]
    pub fn cast<'a, T: Payload>(self) -> Option<&'a T> {
        if !self.is_object() {
            return None;
        }
        // SAFETY: a live object; its shape tells its layout, which `has_layout` compares.
        unsafe {
            let h = self.pointer();
            if (*h).shape == T::SHAPE || object::has_layout((*h).shape, T::SHAPE) {
                Some(&*(h as *const T))
            } else {
                None
            }
        }
    }

    /// The payload if the object is exactly of `T`'s own built-in type.
    #[inline(always)]
    pub fn cast_exact<'a, T: Payload>(self) -> Option<&'a T> {
        if self.has_shape(T::SHAPE) {
            // SAFETY: the shape of a built-in type fixes the layout.
            Some(unsafe { &*(self.pointer() as *const T) })
        } else {
            None
        }
    }

    /// The payload, without a check.
    ///
    /// # Safety
    /// The value must be an object whose layout is (or extends) that of `T`.
    #[inline(always)]
    pub unsafe fn cast_unchecked<'a, T: Payload>(self) -> &'a T {
        // SAFETY: promised by the caller.
        unsafe { &*(self.pointer() as *const T) }
    }

    /// Whether this is an object (not NULL) whose header holds this shape.
    #[inline(always)]
    pub fn has_shape(self, shape: u32) -> bool {
        // SAFETY: the low bits say that this points at a live object.
        self.bits() & 3 == 0 && !self.is_null() && unsafe { (*self.pointer()).shape == shape }
    }

    /// [`Value::has_shape`] of a value that is not NULL.
    ///
    /// # Safety
    /// It must not be NULL.
    #[inline(always)]
    pub unsafe fn has_shape_nonnull(self, shape: u32) -> bool {
        debug_assert!(!self.is_null());
        // SAFETY: promised by the caller; the low bits say that this points at a live object.
        self.bits() & 3 == 0 && unsafe { (*self.pointer()).shape == shape }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_null() {
            write!(f, "NULL")
        } else if let Some(i) = self.as_small_int() {
            write!(f, "int {i}")
        } else if self.is_tagged_float() {
            write!(f, "float {}", self.tagged_float_unchecked())
        } else {
            write!(f, "object {:p}", self.pointer())
        }
    }
}

/// A value that owns its reference, for native code: cloning takes one, dropping gives it back.
#[repr(transparent)]
pub struct Ref(Value);

impl Ref {
    /// Takes over the reference that `v` holds (an owned slot, or a value that needs none).
    ///
    /// # Safety
    /// `v` must not be borrowed, and no other owner may use its reference.
    #[inline(always)]
    pub unsafe fn from_owned(v: Value) -> Ref {
        debug_assert!(v.bits() & 15 != TAG_BORROWED);
        Ref(v)
    }

    /// Hands the reference over to a slot, which must release it.
    #[inline(always)]
    pub fn into_value(self) -> Value {
        ManuallyDrop::new(self).0
    }

    /// The value, borrowed for as long as this owner lives.
    #[inline(always)]
    pub fn value(&self) -> Value {
        self.0.borrow()
    }

    pub fn small_int(i: i64) -> Ref {
        Ref(Value::small_int(i))
    }
}

impl Clone for Ref {
    #[inline(always)]
    fn clone(&self) -> Ref {
        Ref(self.0.dup())
    }
}

impl Drop for Ref {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: this owner's reference ends here.
        unsafe { self.0.release() }
    }
}

/// Reads like the value; note that `Deref` yields the raw owned slot, good for looking, not for
/// handing out: use [`Ref::value`] for a borrowed copy.
impl Deref for Ref {
    type Target = Value;
    #[inline(always)]
    fn deref(&self) -> &Value {
        &self.0
    }
}

impl fmt::Debug for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ints_of_63_bits_round_trip() {
        for i in [0, 1, -1, 42, SMALL_INT_MAX, SMALL_INT_MIN] {
            assert_eq!(Value::try_small_int(i).and_then(Value::as_small_int), Some(i));
        }
        assert!(Value::try_small_int(SMALL_INT_MAX + 1).is_none());
        assert!(Value::try_small_int(i64::MIN).is_none());
    }

    #[test]
    fn floats_of_common_exponents_live_in_the_value() {
        for f in [1.0, -1.0, 3.25, 1e70, -1e-70, f64::EPSILON] {
            let v = Value::try_tagged_float(f).expect("a common exponent");
            assert_eq!(v.tagged_float_unchecked().to_bits(), f.to_bits());
            assert!(!v.is_small_int() && !v.is_object());
        }
        for f in [0.0, -0.0, f64::NAN, f64::INFINITY, 1e300, 1e-300] {
            assert!(Value::try_tagged_float(f).is_none(), "{f} must be boxed");
        }
    }

    #[test]
    fn null_owns_nothing() {
        assert!(!Value::NULL.is_object() && !Value::NULL.is_owned_object());
        assert_eq!(Value::NULL.borrow(), Value::NULL);
    }
}
