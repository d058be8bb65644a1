//! Weak references.
//!
//! The references to an object form a list that starts in its prefix; destruction clears them
//! all, then calls their callbacks.

use std::cell::Cell;

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::protocol::{call, compare, object as obj};
use crate::shape;
use crate::types::slots::{CompareOp, Slots};
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Payload of a weak reference.
#[repr(C)]
pub struct PyWeakRef {
    header: Header,
    /// Null once the object is gone.
    target: Cell<*mut Header>,
    next: Cell<*mut Header>,
    previous: Cell<*mut Header>,
    callback: OwnedCell,
    hash: Cell<Option<i64>>,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyWeakRef {
    const SHAPE: u32 = shape::WEAKREF;
}

fn at<'a>(p: *mut Header) -> &'a PyWeakRef {
    // SAFETY: links lead to live weak references, which unlink themselves when they die.
    unsafe { &*(p as *const PyWeakRef) }
}

fn this<'a>(v: Value) -> &'a PyWeakRef {
    // SAFETY: slots of this type.
    unsafe { v.cast_unchecked::<PyWeakRef>() }
}

impl PyWeakRef {
    /// The object, while it lives. One that waits for its destruction is dead already, although
    /// other objects' callbacks run before that: it must not be revived.
    pub fn get(&self) -> Option<Ref> {
        let p = self.target.get();
        // SAFETY: the target's memory is there until its references are cleared.
        if p.is_null() || unsafe { (*p).refs } == 0 { None } else { Some(Value::borrowed(p).to_ref()) }
    }

    fn unlink(&self) {
        let p = self.target.replace(std::ptr::null_mut());
        if p.is_null() {
            return;
        }
        let (prev, next) = (self.previous.get(), self.next.get());
        if prev.is_null() {
            // SAFETY: the target lives while its references are linked.
            unsafe { object::prefix(p) }.set_weakrefs(next);
        } else {
            at(prev).next.set(next);
        }
        if !next.is_null() {
            at(next).previous.set(prev);
        }
        self.next.set(std::ptr::null_mut());
        self.previous.set(std::ptr::null_mut());
    }
}

impl Drop for PyWeakRef {
    fn drop(&mut self) {
        self.unlink();
    }
}

/// Whether an object can be referred to weakly.
pub fn is_supported(vm: &Vm, v: Value) -> bool {
    v.is_object() && vm.type_of(v).has_flag(flags::WEAKREF)
}

/// A weak reference to `v`; the plain one without callback is shared.
pub fn new(vm: &Vm, ty: TypeRef, v: Value, callback: Value) -> PyResult {
    if !is_supported(vm, v) {
        return Err(vm.type_error(format!(
            "cannot create weak reference to '{}' object",
            vm.type_of(v).full_name()
        )));
    }
    if callback.is_null()
        && !ty.is_heap()
        && let Some(shared) = shared(v, ty.instance_shape())
    {
        return Ok(shared);
    }
    // SAFETY: types with WEAKREF have a prefix.
    let head = unsafe { object::prefix(v.pointer()) }.weakrefs();
    let r = object::new_instance(
        ty,
        PyWeakRef {
            header: object::header(),
            target: Cell::new(v.pointer()),
            next: Cell::new(head),
            previous: Cell::new(std::ptr::null_mut()),
            callback: OwnedCell::new(callback.to_ref()),
            hash: Cell::new(None),
        },
    );
    if !head.is_null() {
        at(head).previous.set(r.pointer());
    }
    // SAFETY: as above.
    unsafe { object::prefix(v.pointer()) }.set_weakrefs(r.pointer());
    Ok(r)
}

/// A reference to `v` without callback that exists already, of exactly this built-in type.
fn shared(v: Value, id: u32) -> Option<Ref> {
    // SAFETY: the caller has checked that `v` can have weak references.
    let mut p = unsafe { object::prefix(v.pointer()) }.weakrefs();
    while !p.is_null() {
        // SAFETY: linked references are live memory; one that is dying itself has a count of 0.
        let (shape, refs) = unsafe { ((*p).shape, (*p).refs) };
        if shape == id && refs > 0 && at(p).callback.is_null() {
            return Some(Value::borrowed(p).to_ref());
        }
        p = at(p).next.get();
    }
    None
}

/// The first weak reference to an object (`__weakref__`).
pub fn first(vm: &Vm, v: Value) -> Option<Ref> {
    all(vm, v).into_iter().next()
}

/// All weak references to an object.
pub fn all(vm: &Vm, v: Value) -> Vec<Ref> {
    let mut out = Vec::new();
    if is_supported(vm, v) {
        // SAFETY: types with WEAKREF have a prefix.
        let mut p = unsafe { object::prefix(v.pointer()) }.weakrefs();
        while !p.is_null() {
            // SAFETY: linked references are live memory; one that is dying has a count of 0.
            if unsafe { (*p).refs } > 0 {
                out.push(Value::borrowed(p).to_ref());
            }
            p = at(p).next.get();
        }
    }
    out
}

/// Clears all references to a dying object and calls their callbacks.
#[inline(never)]
pub(crate) fn clear_all(vm: &Vm, p: *mut Header) {
    let mut dead = Vec::new();
    detach(p, true, &mut dead);
    detach(p, false, &mut dead);
    call_back(vm, dead);
}

/// Clears the references to an object that have a callback, or those that have none; adds the
/// former to `dead`.
pub(crate) fn detach(p: *mut Header, with_callback: bool, dead: &mut Vec<Ref>) {
    // SAFETY: the caller's object has a prefix.
    let mut q = unsafe { object::prefix(p) }.weakrefs();
    while !q.is_null() {
        let w = at(q);
        let next = w.next.get();
        if w.callback.is_null() != with_callback {
            w.unlink();
            // A reference that is dying itself gets no callback.
            // SAFETY: linked references are live memory.
            if with_callback && unsafe { (*q).refs } > 0 {
                dead.push(Value::borrowed(q).to_ref());
            }
        }
        q = next;
    }
}

/// Calls the callbacks of references that were cleared.
pub(crate) fn call_back(vm: &Vm, dead: Vec<Ref>) {
    for w in dead {
        if let Some(f) = this(w.value()).callback.take()
            && let Err(e) = call::call_args(vm, f.value(), &[w.value()])
        {
            crate::runtime::unraisable_while(vm, e, "calling weakref callback", f.value());
        }
    }
}

fn weakref_new(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    let pos = args.positional_args();
    if pos.is_empty() || pos.len() > 2 {
        let (how, n) = if pos.is_empty() { ("at least", 1) } else { ("at most", 2) };
        return Err(vm.type_error(format!(
            "__new__ expected {how} {n} argument{}, got {}",
            if n == 1 { "" } else { "s" },
            pos.len()
        )));
    }
    let callback = pos.get(1).copied().filter(|c| !c.is(vm.none())).unwrap_or(Value::NULL);
    new(vm, ty, pos[0], callback)
}

fn weakref_call(vm: &Vm, v: Value, args: CallArgs) -> PyResult {
    if !args.args.is_empty() {
        return Err(vm.type_error(format!("weakref expected 0 arguments, got {}", args.args.len())));
    }
    Ok(this(v).get().unwrap_or_else(|| vm.none_ref()))
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let text = match this(v).get() {
        None => format!("<weakref at {:#x}; dead>", obj::address(v)),
        Some(o) => format!(
            "<weakref at {:#x}; to '{}' at {:#x}>",
            obj::address(v),
            crate::types::type_object::display_name(vm, vm.type_of(o.value())),
            obj::address(o.value())
        ),
    };
    Ok(vm.new_str(&text))
}

fn hash(vm: &Vm, v: Value) -> PyResult<i64> {
    let w = this(v);
    if let Some(h) = w.hash.get() {
        return Ok(h);
    }
    match w.get() {
        Some(o) => {
            let h = obj::hash(vm, o.value())?;
            w.hash.set(Some(h));
            Ok(h)
        }
        None => Err(vm.type_error("weak object has gone away")),
    }
}

fn compare_refs(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.cast::<PyWeakRef>(), b.cast::<PyWeakRef>()) else {
        return Ok(vm.not_implemented().to_ref());
    };
    if !matches!(op, CompareOp::Eq | CompareOp::Ne) {
        return Ok(vm.not_implemented().to_ref());
    }
    match (x.get(), y.get()) {
        (Some(x), Some(y)) => compare::rich(vm, x.value(), y.value(), op),
        _ => Ok(vm.bool_ref(a.is(b) == (op == CompareOp::Eq))),
    }
}

fn get_callback(vm: &Vm, v: Value) -> PyResult {
    Ok(this(v).callback.get().non_null().unwrap_or(vm.none()).to_ref())
}

/// How references and proxies end, and what they hold meanwhile.
pub(crate) fn ending_slots(s: &mut Slots) {
    s.drop = Some(object::drop_payload::<PyWeakRef>);
    s.traverse = crate::traverse_fields!(PyWeakRef: callback);
    s.clear = crate::clear_fields!(PyWeakRef: callback);
}

pub static DEF: TypeDef = TypeDef {
    flags: flags::BASETYPE,
    new: New::Raw(weakref_new),
    slots: |s| {
        s.init = Some(|_, _, _| Ok(()));
        s.call = Some(weakref_call);
        s.repr = Some(repr);
        s.hash = Some(hash);
        s.compare = Some(compare_refs);
        ending_slots(s);
    },
    methods: &[MethodDef::class(
        "__class_getitem__",
        "($type, object, /)",
        |vm, a| Ok(crate::types::generic_alias::new(vm, a[0], a[1])),
        "See PEP 585",
    )],
    getset: &[GetSetDef::member("__callback__", get_callback, "")],
    ..TypeDef::of::<PyWeakRef>("weakref.ReferenceType")
};
