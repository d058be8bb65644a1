//! The text that a pattern runs over, as the engine wants it: random access by character index.
//!
//! ASCII text and bytes are used as they are. Other text is decoded to 32-bit code points; the
//! last long one is kept, since scanning a text means many calls over the same one.

use std::cell::RefCell;
use std::rc::Rc;

use crate::error::PyResult;
use crate::gc::fields::Owns;
use crate::protocol::buffer::Buffer;
use crate::shape;
use crate::types::bytes;
use crate::types::str_::{self, PyStr, push_code_point};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Texts shorter than this are decoded anew each time.
const WORTH_KEEPING: usize = 128;

/// The last text that was decoded, and its code points.
#[derive(Default)]
pub struct Cache(RefCell<Option<(Ref, Rc<[u32]>)>>);

/// The code points of a text that is not ASCII.
fn decoded(vm: &Vm, v: Value, s: &PyStr) -> Rc<[u32]> {
    let cache = &vm.runtime.decoded.0;
    if let Some((text, points)) = &*cache.borrow()
        && text.is(v)
    {
        return points.clone();
    }
    let points: Rc<[u32]> = s.code_points().collect();
    // An instance of a subclass must not live longer than the program lets it.
    if points.len() >= WORTH_KEEPING && v.has_shape(shape::STR) {
        let old = cache.replace(Some((v.to_ref(), points.clone())));
        drop(old);
    }
    points
}

/// A text or bytes-like object under examination.
pub struct Subject {
    /// What the caller passed.
    pub object: Ref,
    /// What keeps the memory of a bytes-like object as it is.
    held: Option<Buffer>,
    wide: Option<Rc<[u32]>>,
}

impl Owns for Subject {
    fn show(&self, visit: &mut dyn FnMut(Value)) {
        self.object.show(visit);
        self.held.show(visit);
    }
}

/// Where the characters of a [`Subject`] are.
#[derive(Clone, Copy)]
pub enum Chars<'a> {
    Narrow(&'a [u8]),
    Wide(&'a [u32]),
}

impl Subject {
    /// # Errors
    /// TypeError for an object that is neither a str nor bytes-like.
    pub fn new(vm: &Vm, v: Value) -> PyResult<Subject> {
        let subject = |held, wide| Ok(Subject { object: v.to_ref(), held, wide });
        if let Some(s) = v.cast::<PyStr>() {
            let wide = if s.is_ascii() { None } else { Some(decoded(vm, v, s)) };
            return subject(None, wide);
        }
        match Buffer::new(vm, v) {
            Ok(held) => subject(Some(held), None),
            Err(_) => Err(vm.type_error(format!(
                "expected string or bytes-like object, got '{}'",
                vm.type_of(v).full_name()
            ))),
        }
    }

    pub fn is_bytes(&self) -> bool {
        self.object.cast::<PyStr>().is_none()
    }

    /// The characters. They stay in their place for as long as the subject lives: text does not
    /// change, and a bytes-like object is held. What an object's bytes are may change when Python code
    /// runs.
    #[inline]
    pub fn chars(&self) -> Chars<'_> {
        if let Some(wide) = &self.wide {
            return Chars::Wide(wide);
        }
        if let Some(s) = self.object.cast::<PyStr>() {
            return Chars::Narrow(s.as_bytes());
        }
        Chars::Narrow(self.held.as_deref().unwrap_or_default())
    }

    /// Length in characters.
    #[inline]
    pub fn len(&self) -> usize {
        match self.chars() {
            Chars::Narrow(b) => b.len(),
            Chars::Wide(w) => w.len(),
        }
    }

    /// The part between two indices, as a str or bytes object.
    pub fn slice(&self, vm: &Vm, from: usize, to: usize) -> Ref {
        let len = self.len();
        let (from, to) = (from.min(len), to.min(len));
        let exact = self.object.has_shape(shape::STR) || self.object.has_shape(shape::BYTES);
        if from == 0 && to == len && exact {
            return self.object.clone();
        }
        let to = to.max(from);
        match self.chars() {
            Chars::Narrow(b) if self.is_bytes() => bytes::new(vm, &b[from..to]),
            Chars::Narrow(b) => PyStr::from_counted_parts(vm, &[&b[from..to]], to - from),
            Chars::Wide(w) => match &w[from..to] {
                [c] => str_::from_code_point(vm, *c),
                points => {
                    let mut text = Vec::with_capacity(points.len() * 2);
                    points.iter().for_each(|c| push_code_point(&mut text, *c));
                    PyStr::from_counted_parts(vm, &[&text], points.len())
                }
            },
        }
    }

    /// An empty str or bytes object.
    pub fn empty(&self, vm: &Vm) -> Ref {
        if self.is_bytes() { vm.empty_bytes().to_ref() } else { vm.empty_str().to_ref() }
    }
}
