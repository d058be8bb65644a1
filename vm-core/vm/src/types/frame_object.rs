//! `frame` and `traceback`: what Python code sees of frames and of an exception's way.
//!
//! A frame object shows a frame on the stack, or the slots of a suspended generator. When the
//! frame is left while somebody still holds the object, the object takes the locals over.

use std::cell::{Cell, RefCell, UnsafeCell};
use std::ptr;

use crate::code::PyCode;
use crate::error::PyResult;
use crate::frame::Frame;
use crate::gc::fields::Owns;
use crate::monitor::{jump, legacy};
use crate::memory::shortage;
use crate::object::{self, Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::protocol::{number, object as obj};
use crate::shape;
use crate::threads;
use crate::types::dict::PyDict;
use crate::types::function::PyFunction;
use crate::types::generator::{self, GeneratorState, PyGenerator};
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Where a frame object's slots are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// A frame on the stack.
    Stack(*mut Value),
    /// A generator: in its buffer, or on the stack while it runs.
    Generator(*const PyGenerator),
    /// The frame was left: in `own`.
    Own,
}

/// Payload of a frame object.
#[repr(C)]
pub struct PyFrame {
    header: Header,
    place: Cell<Place>,
    function: OwnedCell,
    code: OwnedCell,
    /// Locals and the mapping of names, once the frame was left.
    own: UnsafeCell<Vec<Value>>,
    /// Code unit that the frame was at when it was left.
    last_unit: Cell<u32>,
    /// The caller's frame object, once the frame was left.
    back: OwnedCell,
    pub trace: OwnedCell,
    pub trace_lines: Cell<bool>,
    pub trace_opcodes: Cell<bool>,
    /// Values that writes through `f_locals` replaced: borrowed references to them may still be
    /// on a stack.
    overwritten: RefCell<Vec<Ref>>,
    /// Names set through `f_locals` that are no local variables.
    pub extra_locals: OwnedCell,
    /// The number that a debugger knows this activation by, which watches its variables; 0: none.
    pub watched: Cell<u64>,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyFrame {
    const SHAPE: u32 = shape::FRAME;
}

impl PyFrame {
    /// Drops the locals of a frame that has ended.
    fn release_own(&self) {
        // SAFETY: taken out before anything is released.
        let own = std::mem::take(unsafe { &mut *self.own.get() });
        for v in own {
            // SAFETY: the object owned them.
            unsafe { v.release() }
        }
    }
}

/// Shows what the frame object itself owns: the locals only once the frame has ended.
///
/// # Safety
/// `p` is a live frame object.
unsafe fn traverse_frame(p: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: promised by the caller; nothing changes the locals meanwhile.
    let (f, own) = unsafe {
        let f = &*(p as *const PyFrame);
        (f, &*f.own.get())
    };
    own.show(visit);
    f.overwritten.show(visit);
    for cell in [&f.function, &f.code, &f.back, &f.trace, &f.extra_locals] {
        cell.show(visit);
    }
}

impl Drop for PyFrame {
    fn drop(&mut self) {
        for v in self.own.get_mut().drain(..) {
            // SAFETY: taken over from the frame.
            unsafe { v.release() }
        }
    }
}

/// Payload of a traceback entry.
#[repr(C)]
pub struct PyTraceback {
    header: Header,
    pub next: OwnedCell,
    pub frame: Ref,
    /// Code unit that raised; -1 when made by hand with only a line.
    pub unit: Cell<i32>,
    /// `tb_lasti` of one made by hand.
    lasti: Cell<Option<i32>>,
    /// Line set by hand; -1: from the unit.
    pub line: Cell<i32>,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyTraceback {
    const SHAPE: u32 = shape::TRACEBACK;
}

fn new_frame(vm: &Vm, place: Place, function: Value) -> Ref {
    // SAFETY: frames run functions.
    let code = unsafe { function.cast_unchecked::<PyFunction>() }.code_value();
    object::new_instance(
        vm.builtin(shape::FRAME),
        PyFrame {
            header: object::header(),
            place: Cell::new(place),
            function: OwnedCell::new(function.to_ref()),
            code: OwnedCell::new(code.to_ref()),
            own: UnsafeCell::default(),
            last_unit: Cell::new(0),
            back: OwnedCell::null(),
            trace: OwnedCell::null(),
            trace_lines: Cell::new(true),
            trace_opcodes: Cell::new(false),
            overwritten: RefCell::default(),
            extra_locals: OwnedCell::null(),
            watched: Cell::new(0),
        },
    )
}

/// The frame object of a frame on the stack, made at first use.
///
/// # Safety
/// The frame must be live.
pub unsafe fn of_frame(vm: &Vm, frame: Frame) -> Ref {
    // SAFETY: promised by the caller.
    unsafe {
        if let Some(g) = frame.generator() {
            return of_generator(vm, g);
        }
        if let Some(f) = made_for(vm, frame) {
            return f;
        }
        let f = new_frame(vm, Place::Stack(frame.0), *frame.0.sub(2));
        let objects = &vm.interp.frame_objects;
        let at = objects.borrow().partition_point(|(fp, _)| *fp < frame.0);
        objects.borrow_mut().insert(at, (frame.0, f.clone()));
        vm.interp.mark_slow(frame);
        f
    }
}

/// The frame object of a frame on the stack, if one has been made.
///
/// # Safety
/// The frame must be live.
pub unsafe fn made_for(vm: &Vm, frame: Frame) -> Option<Ref> {
    // SAFETY: promised by the caller.
    if let Some(g) = unsafe { frame.generator() } {
        return g.frame_object.get_ref();
    }
    let objects = vm.interp.frame_objects.borrow();
    let at = objects.partition_point(|(fp, _)| *fp < frame.0);
    objects.get(at).filter(|(fp, _)| *fp == frame.0).map(|(_, f)| f.clone())
}

/// The frame object of a generator that has not ended.
pub fn of_generator(vm: &Vm, g: &PyGenerator) -> Ref {
    if let Some(f) = g.frame_object.get_ref() {
        return f;
    }
    let f = new_frame(vm, Place::Generator(g), g.function.get());
    g.frame_object.set(f.clone());
    f
}

/// Separates a frame that is about to be left from its frame object: the object takes over the
/// locals if anybody else holds it. What is returned is to be dropped after the frame is gone.
///
/// # Safety
/// `frame` must be the innermost frame.
pub unsafe fn detach(vm: &Vm, frame: Frame, generator: Option<&PyGenerator>) -> Option<Ref> {
    let object = match generator {
        Some(g) => g.frame_object.take(),
        None => {
            let mut objects = vm.interp.frame_objects.borrow_mut();
            // Frames of other threads may lie above.
            let at = objects.partition_point(|(fp, _)| *fp < frame.0);
            match objects.get(at) {
                Some((fp, _)) if *fp == frame.0 => Some(objects.remove(at).1),
                _ => None,
            }
        }
    }?;
    // SAFETY: the table and generators hold frame objects; the frame is live.
    unsafe {
        let f = object.cast_unchecked::<PyFrame>();
        let unit = frame.code().index_of(vm.interp.ip.get()).wrapping_sub(1);
        f.last_unit.set(unit as u32);
        if f.watched.get() != 0 && generator.is_none() {
            vm.interp.quickly.call_ended(f.watched.get());
        }
        let shared = (*object.pointer()).refs > 1;
        if shared {
            // Without memory the object goes on without its locals, or its caller.
            let _ = shortage::attempt(|| {
                let slots = std::slice::from_raw_parts_mut(frame.0, visible_slots(frame.code()));
                f.take_over(slots);
                // Generators have no caller of their own.
                if generator.is_none()
                    && let Some((caller, _)) = frame.caller()
                {
                    f.back.set(of_frame(vm, caller));
                }
            });
        }
        f.place.set(Place::Own);
    }
    Some(object)
}

/// Locals and the mapping of names, without the hidden generator slot.
fn visible_slots(code: &PyCode) -> usize {
    code.nlocalsplus as usize + usize::from(code.has_mapping())
}

/// As [`detach`] for a generator that is ended without running; `slots` are its saved ones.
pub fn take_slots(_vm: &Vm, object: &Ref, slots: &mut [Value], code: &PyCode, ip: *const u16) {
    let Some(f) = object.cast::<PyFrame>() else { return };
    f.last_unit.set(code.index_of(ip).wrapping_sub(1) as u32);
    let n = visible_slots(code).min(slots.len());
    // SAFETY: a live object.
    if unsafe { (*object.pointer()).refs } > 1 {
        f.take_over(&mut slots[..n]);
    }
    f.place.set(Place::Own);
}

impl PyFrame {
    /// Moves slots into the object.
    fn take_over(&self, slots: &mut [Value]) {
        // SAFETY: nobody holds a reference into the vector while a frame is left.
        let own = unsafe { &mut *self.own.get() };
        own.extend(slots.iter_mut().map(|s| std::mem::replace(s, Value::NULL).into_owned()));
    }

    pub fn code<'a>(&self) -> &'a PyCode {
        // SAFETY: set when the object was made; the object keeps it.
        unsafe { self.code.get().cast_unchecked::<PyCode>() }
    }

    pub fn code_value(&self) -> Value {
        self.code.get()
    }

    /// Where its frame lies on the stack; null for one of a generator, and for one that was left.
    pub(crate) fn place_on_stack(&self) -> *mut Value {
        match self.place.get() {
            Place::Stack(fp) => fp,
            Place::Generator(_) | Place::Own => ptr::null_mut(),
        }
    }

    fn function<'a>(&self) -> &'a PyFunction {
        // SAFETY: as above.
        unsafe { self.function.get().cast_unchecked::<PyFunction>() }
    }

    /// `__module__` of the function that runs.
    pub fn module(&self) -> Option<Ref> {
        self.function().module.get_ref()
    }

    /// First of the visible slots; null if there are none any more.
    fn slots(&self) -> *mut Value {
        match self.place.get() {
            Place::Stack(fp) => fp,
            // SAFETY: a generator detaches its frame object before it goes.
            Place::Generator(g) => unsafe { (*g).locals() },
            Place::Own => {
                // SAFETY: the vector is filled once.
                let own = unsafe { &mut *self.own.get() };
                if own.is_empty() { ptr::null_mut() } else { own.as_mut_ptr() }
            }
        }
    }

    /// The value of a slot; NULL if it is unbound or gone.
    pub fn slot(&self, i: usize) -> Value {
        let p = self.slots();
        if p.is_null() || i >= visible_slots(self.code()) {
            return Value::NULL;
        }
        // SAFETY: frames have all their visible slots.
        unsafe { (*p.add(i)).borrow() }
    }

    /// Replaces the value of a slot, as a debugger or `f_locals` does. False if the slots are gone.
    pub fn set_slot(&self, i: usize, v: Option<Ref>) -> bool {
        let p = self.slots();
        if p.is_null() || i >= visible_slots(self.code()) {
            return false;
        }
        // SAFETY: as in `slot`. The old value is kept: borrowed references to it may be in use.
        unsafe {
            let old = std::mem::replace(&mut *p.add(i), v.map_or(Value::NULL, Ref::into_value));
            if old.is_owned_object() {
                self.overwritten.borrow_mut().push(Ref::from_owned(old));
            }
        }
        true
    }

    /// The frame on the stack that this object shows, if it is there now.
    pub fn live_frame(&self) -> Option<Frame> {
        match self.place.get() {
            Place::Stack(fp) => Some(Frame(fp)),
            // SAFETY: as in `slots`.
            Place::Generator(g) => unsafe {
                ((*g).state.get() == GeneratorState::Executing).then(|| Frame((*g).running_fp.get()))
            },
            Place::Own => None,
        }
    }

    /// Code unit that the frame is at (maybe a cache of the instruction).
    pub fn unit(&self, vm: &Vm) -> u32 {
        if let Some(frame) = self.live_frame() {
            if let Some(unit) = vm.interp.monitor.jump_target(frame) {
                return unit;
            }
            let ip = ip_of(vm, frame);
            return self.code().index_of(ip).wrapping_sub(1) as u32;
        }
        match self.place.get() {
            // SAFETY: as in `slots`.
            Place::Generator(g) => self.code().index_of(unsafe { (*g).ip.get() }).wrapping_sub(1) as u32,
            _ => self.last_unit.get(),
        }
    }

    /// The line that the frame is at.
    pub fn line(&self, vm: &Vm) -> Option<i32> {
        let unit = self.unit(vm) as i32;
        if unit < 0 { Some(self.code().code.firstlineno) } else { self.code().line_at(unit as usize) }
    }

    /// The mapping of local names of a module, class or `exec` frame.
    pub fn mapping(&self) -> Option<Value> {
        let code = self.code();
        code.has_mapping().then(|| self.slot(code.nlocalsplus as usize)).and_then(Value::non_null)
    }

    pub fn as_value(&self) -> Value {
        Value::borrowed(&raw const self.header)
    }

    /// The calling frame's object.
    pub fn back(&self, vm: &Vm) -> Option<Ref> {
        if let Some(frame) = self.live_frame() {
            // SAFETY: both frames are live; frames that are still being set up are not shown.
            unsafe {
                let mut at = frame.caller();
                while let Some((caller, ip)) = at {
                    let unit = caller.code().index_of(ip).wrapping_sub(1) as u32;
                    if unit >= caller.code().first_traceable || caller.generator().is_some() {
                        return Some(of_frame(vm, caller));
                    }
                    at = caller.caller();
                }
                return None;
            }
        }
        self.back.get_ref()
    }
}

/// The instruction pointer of a frame on the stack.
pub fn ip_of(vm: &Vm, frame: Frame) -> *const u16 {
    let s = &vm.interp;
    let search = |innermost| {
        let mut at: Option<(Frame, *const u16)> = innermost;
        while let Some((f, ip)) = at {
            if f == frame {
                return Some(ip);
            }
            // SAFETY: frames on the stack are live.
            at = unsafe { f.caller() };
        }
        None
    };
    search(s.current_frame().map(|f| (f, s.ip.get())))
        .or_else(|| threads::parked(vm).into_iter().find_map(|t| search(Some((t.frame, t.ip)))))
        .unwrap_or(ptr::null())
}

/// A traceback entry.
pub fn new_traceback(next: Option<Ref>, frame: Ref, unit: u32) -> Ref {
    object::new(PyTraceback {
        header: object::header(),
        next: OwnedCell::from_option(next),
        frame,
        unit: Cell::new(unit as i32),
        lasti: Cell::new(None),
        line: Cell::new(-1),
    })
}

fn this<'a>(v: Value) -> &'a PyFrame {
    // SAFETY: getters and methods of `frame` get frames.
    unsafe { v.cast_unchecked::<PyFrame>() }
}

fn or_none(vm: &Vm, v: Option<Ref>) -> PyResult {
    Ok(v.unwrap_or_else(|| vm.none_ref()))
}

fn get_line(vm: &Vm, v: Value) -> PyResult {
    or_none(vm, this(v).line(vm).map(|l| Ref::small_int(l.into())))
}

fn get_lasti(vm: &Vm, v: Value) -> PyResult {
    let f = this(v);
    let unit = f.unit(vm) as i32;
    let start = if unit < 0 { -1 } else { f.code().instruction_start(unit as usize) as i64 * 2 };
    Ok(Ref::small_int(start))
}

fn get_locals(_vm: &Vm, v: Value) -> PyResult {
    let f = this(v);
    match f.mapping() {
        Some(m) if !crate::types::frame_locals::in_comprehension(f) => Ok(m.to_ref()),
        _ => Ok(crate::types::frame_locals::new(v)),
    }
}

fn get_generator(vm: &Vm, v: Value) -> PyResult {
    match this(v).place.get() {
        // SAFETY: as in `slots`.
        Place::Generator(g) => Ok(unsafe { (*g).as_value().to_ref() }),
        _ => Ok(vm.none_ref()),
    }
}

fn set_trace(vm: &Vm, v: Value, new: Value) -> PyResult<()> {
    let f = this(v);
    let new = new.non_null().filter(|n| !n.is(vm.none()));
    let wanted = new.is_some() && f.trace_opcodes.get();
    drop(f.trace.replace(new.map(Value::to_ref)));
    if wanted {
        legacy::trace_opcodes(vm, f.code(), true);
    }
    Ok(())
}

fn set_trace_lines(vm: &Vm, v: Value, new: Value) -> PyResult<()> {
    if new.is_null() {
        return Err(vm.type_error("can't delete numeric/char attribute"));
    }
    set_flag(vm, &this(v).trace_lines, new)
}

fn set_trace_opcodes(vm: &Vm, v: Value, new: Value) -> PyResult<()> {
    if new.is_null() {
        let text = "attribute 'f_trace_opcodes' of 'frame' objects cannot be deleted";
        return Err(vm.error(shape::ATTRIBUTE_ERROR, text));
    }
    let f = this(v);
    set_flag(vm, &f.trace_opcodes, new)?;
    let wanted = f.trace_opcodes.get();
    if !wanted || !f.trace.is_null() {
        legacy::trace_opcodes(vm, f.code(), wanted);
    }
    Ok(())
}

fn set_flag(vm: &Vm, c: &Cell<bool>, new: Value) -> PyResult<()> {
    if !new.has_shape(shape::BOOL) {
        return Err(vm.type_error("attribute value type must be bool"));
    }
    c.set(new.is(vm.true_()));
    Ok(())
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let f = this(v);
    let file = obj::repr_text(vm, f.code().filename.value())?;
    let line = f.line(vm).unwrap_or(0);
    Ok(vm.new_str(&format!(
        "<frame at {:#x}, file {file}, line {line}, code {}>",
        obj::address(v),
        obj::text(f.code().name)
    )))
}

/// `frame.clear()`: drops the locals of a frame that is not running.
fn clear(vm: &Vm, args: &[Value]) -> PyResult {
    let f = this(args[0]);
    match f.place.get() {
        Place::Stack(_) => Err(vm.runtime_error("cannot clear an executing frame")),
        Place::Generator(g) => {
            // SAFETY: as in `slots`.
            let g = unsafe { &*g };
            match g.state.get() {
                GeneratorState::Executing => Err(vm.runtime_error("cannot clear an executing frame")),
                GeneratorState::Suspended | GeneratorState::SuspendedYieldFrom => {
                    Err(vm.runtime_error("cannot clear a suspended frame"))
                }
                _ => {
                    let keep = g.as_value().to_ref();
                    // As if it died: a coroutine says that it was never awaited, and lives on.
                    generator::finalize(vm, keep.value());
                    drop(keep);
                    Ok(vm.none_ref())
                }
            }
        }
        Place::Own => {
            f.trace.clear();
            f.extra_locals.clear();
            f.release_own();
            Ok(vm.none_ref())
        }
    }
}

/// The type `frame`.
pub static FRAME_DEF: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyFrame>);
        s.traverse = Some(traverse_frame);
        s.clear = Some(|_, p| {
            // SAFETY: a live frame object.
            let f = unsafe { &*(p as *const PyFrame) };
            f.trace.clear();
            f.release_own();
        });
        s.repr = Some(repr);
    },
    methods: &[MethodDef::new("clear", "($self, /)", clear, "Clear all references held by the frame.")],
    getset: &[
        GetSetDef::get("f_back", |vm, f| or_none(vm, this(f).back(vm)), ""),
        GetSetDef::get("f_locals", get_locals, "Return the mapping used by the frame to look up local variables."),
        GetSetDef::get("f_globals", |vm, f| or_none(vm, this(f).function().globals.get_ref()), ""),
        GetSetDef::get("f_builtins", |vm, f| or_none(vm, this(f).function().builtins.get_ref()), ""),
        GetSetDef::get("f_code", |_, f| Ok(this(f).code_value().to_ref()), ""),
        GetSetDef::get_set("f_lineno", get_line, |vm, f, v| jump::set_line(vm, this(f), v), "Return the current line number in the frame."),
        GetSetDef::get("f_lasti", get_lasti, ""),
        GetSetDef::get("f_generator", get_generator, ""),
        GetSetDef::get_set("f_trace", |vm, f| or_none(vm, this(f).trace.get_ref()), set_trace, "Return the trace function for this frame, or None if no trace function is set."),
        GetSetDef::get_set(
            "f_trace_lines",
            |vm, f| Ok(vm.bool_ref(this(f).trace_lines.get())),
            set_trace_lines,
            "",
        ),
        GetSetDef::get_set(
            "f_trace_opcodes",
            |vm, f| Ok(vm.bool_ref(this(f).trace_opcodes.get())),
            set_trace_opcodes,
            "",
        ),
    ],
    ..TypeDef::of::<PyFrame>("frame")
};

fn traceback<'a>(v: Value) -> &'a PyTraceback {
    // SAFETY: getters of `traceback` get tracebacks.
    unsafe { v.cast_unchecked::<PyTraceback>() }
}

impl PyTraceback {
    pub fn frame_object<'a>(&self) -> &'a PyFrame {
        // SAFETY: checked when the entry was made; the entry keeps it.
        unsafe { self.frame.cast_unchecked::<PyFrame>() }
    }

    /// The line that raised.
    pub fn line(&self) -> Option<i32> {
        if self.line.get() != -1 {
            return Some(self.line.get());
        }
        let unit = self.unit.get();
        if unit < 0 { None } else { self.frame_object().code().line_at(unit as usize) }
    }
}

fn get_tb_lasti(_: &Vm, v: Value) -> PyResult {
    let t = traceback(v);
    if let Some(lasti) = t.lasti.get() {
        return Ok(Ref::small_int(lasti.into()));
    }
    let unit = t.unit.get();
    let i = if unit < 0 { -1 } else { t.frame_object().code().instruction_start(unit as usize) as i64 * 2 };
    Ok(Ref::small_int(i))
}

fn set_next(vm: &Vm, v: Value, new: Value) -> PyResult<()> {
    if new.is_null() {
        return Err(vm.type_error("can't delete tb_next attribute"));
    }
    if new.is(vm.none()) {
        traceback(v).next.clear();
        return Ok(());
    }
    if !new.has_shape(shape::TRACEBACK) {
        return Err(vm.type_error(format!("expected traceback object, got '{}'", vm.type_of(new).name())));
    }
    let mut at = Some(new.to_ref());
    while let Some(t) = at {
        if t.is(v) {
            return Err(vm.value_error("traceback loop detected"));
        }
        at = traceback(t.value()).next.get_ref();
    }
    traceback(v).next.set(new.to_ref());
    Ok(())
}

fn traceback_new(vm: &Vm, _ty: TypeRef, args: &[Value]) -> PyResult {
    let next = if args[0].is(vm.none()) {
        None
    } else if args[0].has_shape(shape::TRACEBACK) {
        Some(args[0].to_ref())
    } else {
        return Err(vm.type_error(format!(
            "expected traceback object or None, got '{}'",
            vm.type_of(args[0]).name()
        )));
    };
    if !args[1].has_shape(shape::FRAME) {
        return Err(vm.type_error(format!(
            "traceback() argument 'tb_frame' must be frame, not {}",
            vm.type_of(args[1]).name()
        )));
    }
    let lasti = number::index_i64(vm, args[2])?;
    let line = number::index_i64(vm, args[3])?;
    let t = new_traceback(next, args[1].to_ref(), (lasti / 2) as u32);
    let p = traceback(t.value());
    if lasti < 0 {
        p.unit.set(-1);
    }
    p.lasti.set(Some(lasti as i32));
    p.line.set(line as i32);
    Ok(t)
}

/// The type `traceback`.
pub static TRACEBACK_DEF: TypeDef = TypeDef {
    doc: "Create a new traceback object.",
    flags: 0,
    new: New::Bound("(tb_next, tb_frame, tb_lasti, tb_lineno)", traceback_new),
    methods: &[MethodDef::new(
        "__dir__",
        "($self, /)",
        |vm, _| {
            let names = ["tb_frame", "tb_next", "tb_lasti", "tb_lineno"];
            Ok(crate::types::list::PyList::new(vm, names.iter().map(|n| vm.new_str(n)).collect()))
        },
        "",
    )],
    getset: &[
        GetSetDef::get_set("tb_next", |vm, t| or_none(vm, traceback(t).next.get_ref()), set_next, ""),
        GetSetDef::get("tb_lineno", |vm, t| or_none(vm, traceback(t).line().map(|l| Ref::small_int(l.into()))), ""),
        GetSetDef::member("tb_frame", |_, t| Ok(traceback(t).frame.clone()), ""),
        GetSetDef::member("tb_lasti", get_tb_lasti, ""),
    ],
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyTraceback>);
        s.traverse = crate::traverse_fields!(PyTraceback: next, frame);
        s.clear = crate::clear_fields!(PyTraceback: next);
    },
    ..TypeDef::of::<PyTraceback>("traceback")
};

/// Local variables of a frame as a fresh dictionary: what `locals()` returns in a function.
pub fn locals_snapshot(vm: &Vm, f: &PyFrame) -> PyResult {
    let d = PyDict::new(vm);
    // SAFETY: just made.
    let dict = unsafe { d.cast_unchecked::<PyDict>() };
    for (name, value) in crate::types::frame_locals::bound(f) {
        dict.set(vm, name, value.value())?;
    }
    if let Some(extra) = f.extra_locals.get().cast::<PyDict>() {
        for (k, v) in extra.entries() {
            dict.set(vm, k, v)?;
        }
    }
    Ok(d)
}
