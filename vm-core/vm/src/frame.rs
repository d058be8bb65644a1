//! Frames on the contiguous value stack.
//!
//! The callee's locals are the arguments that the caller pushed; the caller's slots for
//! (callable, self or NULL) become the callee's header:
//!
//! ```text
//!   fp[-3]  only below a far link: the caller's instruction pointer, as an int
//!   fp[-2]  the function that runs (its code, constants, globals)
//!   fp[-1]  link: return address, distance to the caller's fp, flag
//!   fp[0]   locals, cells and free variables (nlocalsplus)
//!           hidden: mapping of names (module, class, exec), generator
//!           value stack
//! ```
//!
//! A link whose return address is one of the instructions in [`LANDING`] is *far*: the caller's
//! own instruction pointer is at `fp[-3]`. HALT ends a nested run of the interpreter;
//! EXIT_INIT_CHECK ends a call of `__init__` that a class call entered.

use crate::code::PyCode;
use crate::ops::internal::number;
use crate::types::dict::PyDict;
use crate::types::function::PyFunction;
use crate::types::generator::PyGenerator;
use crate::value::Value;

/// Slots of a frame's header.
pub const HEADER_SLOTS: usize = 2;

/// Set in a link when leaving the frame needs more than releasing its locals: a frame object
/// is attached, or the frame is a generator's.
pub const LEAVE_SLOW: u64 = 1;

const DISTANCE_SHIFT: u32 = 48;
const ADDRESS_MASK: u64 = (1 << DISTANCE_SHIFT) - 1 - LEAVE_SLOW;

/// Instructions that return addresses outside of any code object point at.
pub static LANDING: [u16; 2] =
    [number::HALT as u16, tailscope_bytecode::opcode::Opcode::EXIT_INIT_CHECK as u16];

/// Return address of a frame that native code has entered.
#[inline(always)]
pub fn halt_address() -> *const u16 {
    &raw const LANDING[0]
}

/// Return address of an `__init__` that a class call has entered.
#[inline(always)]
pub fn exit_init_address() -> *const u16 {
    &raw const LANDING[1]
}

/// Whether a return address belongs to no code object.
#[inline(always)]
pub fn is_landing(ip: *const u16) -> bool {
    ip == halt_address() || ip == exit_init_address()
}

/// The second word of a frame's header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link(pub u64);

impl Link {
    /// `distance`: slots from the caller's fp to the callee's, below 2^16.
    #[inline(always)]
    pub fn new(return_address: *const u16, distance: usize) -> Link {
        debug_assert!(distance < 1 << 16);
        Link(return_address as u64 | (distance as u64) << DISTANCE_SHIFT)
    }

    #[inline(always)]
    pub fn from_value(v: Value) -> Link {
        Link(v.bits())
    }

    #[inline(always)]
    pub fn to_value(self) -> Value {
        // SAFETY: a return address is not zero; nobody takes a link for a value.
        unsafe { Value::from_bits(self.0) }
    }

    #[inline(always)]
    pub fn slow(self) -> Link {
        Link(self.0 | LEAVE_SLOW)
    }

    #[inline(always)]
    pub fn is_slow(self) -> bool {
        self.0 & LEAVE_SLOW != 0
    }

    #[inline(always)]
    pub fn return_address(self) -> *const u16 {
        (self.0 & ADDRESS_MASK) as *const u16
    }

    #[inline(always)]
    pub fn distance(self) -> usize {
        (self.0 >> DISTANCE_SHIFT) as usize
    }
}

/// A frame that is on the stack now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frame(pub *mut Value);

impl Frame {
    /// The function that runs.
    ///
    /// # Safety
    /// The frame must be live; the reference ends with it.
    #[inline(always)]
    pub unsafe fn function<'a>(self) -> &'a PyFunction {
        // SAFETY: a live frame's header holds a function.
        unsafe { (*self.0.sub(2)).cast_unchecked::<PyFunction>() }
    }

    /// # Safety
    /// As for [`Frame::function`].
    #[inline(always)]
    pub unsafe fn code<'a>(self) -> &'a PyCode {
        // SAFETY: promised by the caller.
        unsafe { self.function().code() }
    }

    /// # Safety
    /// The frame must be live.
    #[inline(always)]
    pub unsafe fn link(self) -> Link {
        // SAFETY: promised by the caller.
        unsafe { Link::from_value(*self.0.sub(1)) }
    }

    /// # Safety
    /// The frame must be live.
    #[inline(always)]
    pub unsafe fn set_link(self, link: Link) {
        // SAFETY: promised by the caller.
        unsafe { *self.0.sub(1) = link.to_value() }
    }

    /// Where the frame's value stack starts.
    ///
    /// # Safety
    /// The frame must be live.
    #[inline(always)]
    pub unsafe fn stack_base(self) -> *mut Value {
        // SAFETY: promised by the caller.
        unsafe { self.0.add(self.code().frame_slots as usize) }
    }

    /// The mapping of local names of a module, class or `exec` frame.
    ///
    /// # Safety
    /// The frame must be live.
    #[inline]
    pub unsafe fn mapping(self) -> Option<Value> {
        // SAFETY: promised by the caller; the hidden slot follows the locals.
        unsafe {
            let code = self.code();
            code.has_mapping().then(|| (*self.0.add(code.nlocalsplus as usize)).borrow()).and_then(Value::non_null)
        }
    }

    /// Whether it stands in a comprehension that is inlined into code with a mapping of names.
    ///
    /// # Safety
    /// The frame must be live.
    pub unsafe fn in_comprehension(self) -> bool {
        // SAFETY: promised by the caller; slots of variables are initialized.
        unsafe { self.code().hidden_slots().any(|i| !(*self.0.add(i)).is_null()) }
    }

    /// The generator (coroutine, async generator) that this frame runs, once it exists.
    ///
    /// # Safety
    /// The frame must be live.
    #[inline]
    pub unsafe fn generator<'a>(self) -> Option<&'a PyGenerator> {
        // SAFETY: promised by the caller; the last hidden slot of such code holds it or NULL.
        unsafe {
            let code = self.code();
            if !code.is_generator_like() {
                return None;
            }
            let v = *self.0.add(code.frame_slots as usize - 1);
            v.non_null().map(|v| v.cast_unchecked::<PyGenerator>())
        }
    }

    /// # Safety
    /// The frame must be live.
    #[inline]
    pub unsafe fn globals<'a>(self) -> &'a PyDict {
        // SAFETY: promised by the caller; a function's globals are a dict.
        unsafe { self.function().globals.get().cast_unchecked::<PyDict>() }
    }

    /// The calling frame and its instruction pointer (past the call's code unit or caches);
    /// `None` for the outermost frame.
    ///
    /// # Safety
    /// The frame must be live.
    pub unsafe fn caller(self) -> Option<(Frame, *const u16)> {
        // SAFETY: promised by the caller; a far link has the address below the header.
        unsafe {
            let link = self.link();
            if link.distance() == 0 {
                return None;
            }
            let mut ip = link.return_address();
            if is_landing(ip) {
                ip = far_address(self.0);
            }
            Some((Frame(self.0.sub(link.distance())), ip))
        }
    }
}

/// The caller's instruction pointer that a far link's frame keeps below its header.
///
/// # Safety
/// `fp` must be a live frame with a far link.
#[inline(always)]
pub unsafe fn far_address(fp: *mut Value) -> *const u16 {
    // SAFETY: promised by the caller.
    unsafe { address_from_value(*fp.sub(3)) }
}

/// An instruction pointer as a value that owns nothing.
#[inline(always)]
pub fn address_value(ip: *const u16) -> Value {
    Value::small_int(ip as i64)
}

#[inline(always)]
pub fn address_from_value(v: Value) -> *const u16 {
    v.small_int_unchecked() as *const u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_address_distance_and_flag() {
        let code = [0u16; 4];
        let ip = &raw const code[3];
        let link = Link::new(ip, 65_535);
        assert_eq!((link.return_address(), link.distance(), link.is_slow()), (ip, 65_535, false));
        let slow = link.slow();
        assert_eq!((slow.return_address(), slow.distance(), slow.is_slow()), (ip, 65_535, true));
        assert_eq!(Link::from_value(slow.to_value()), slow);
    }

    #[test]
    fn addresses_are_values_without_a_reference() {
        let v = address_value(halt_address());
        assert!(!v.is_owned_object() && is_landing(address_from_value(v)));
    }
}
