//! Exceptions: one payload for all of them, and the built-in hierarchy.

use std::cell::Cell;

use crate::args::CallArgs;
use crate::error::{PyResult, Raised};
use crate::object::{self, Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::protocol::{attr, object as obj};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::list::PyList;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, Type, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

mod fields;
pub mod group;
pub(crate) mod hierarchy;
mod os_error;
pub mod plain_traceback;
mod print;
pub mod syntax_error;
mod unicode_error;
pub use fields::{complete_attribute_error, set_import_fields, set_name_and_object};
pub use os_error::os_error_type;
pub use hierarchy::*;
pub use print::{print_exception, single_text, source_line, text_with_traceback, traceback_text};

/// Number of type-specific fields (`OSError.errno`, `StopIteration.value`...).
pub const FIELDS: usize = 6;

/// Payload of every exception.
#[repr(C)]
pub struct PyException {
    header: Header,
    pub args: OwnedCell,
    pub traceback: OwnedCell,
    pub context: OwnedCell,
    pub cause: OwnedCell,
    pub suppress_context: Cell<bool>,
    /// Meaning by type, see `fields.rs`; NULL where unset.
    pub fields: [OwnedCell; FIELDS],
}

// SAFETY: repr(C), header first. All exception types share the payload.
unsafe impl Payload for PyException {
    const SHAPE: u32 = shape::BASE_EXCEPTION;
}

/// The payload of an exception object.
pub fn exception<'a>(v: Value) -> Option<&'a PyException> {
    v.cast::<PyException>()
}

fn this<'a>(v: Value) -> &'a PyException {
    // SAFETY: slots and getters of exception types get exceptions.
    unsafe { v.cast_unchecked::<PyException>() }
}

fn allocate(ty: TypeRef, args: Ref) -> Ref {
    object::new_instance(
        ty,
        PyException {
            header: object::header(),
            args: OwnedCell::new(args),
            traceback: OwnedCell::null(),
            context: OwnedCell::null(),
            cause: OwnedCell::null(),
            suppress_context: Cell::new(false),
            fields: Default::default(),
        },
    )
}

/// An exception of a built-in type, without running Python code.
pub fn new_exception(vm: &Vm, ty: TypeRef, args: &[Value]) -> Ref {
    let e = allocate(ty, PyTuple::from_slice(vm, args));
    // Native code passes arguments that fit; what does not is left unset.
    let filled = if ty.is_subtype(vm.builtin(shape::OS_ERROR)) {
        os_error::fill(vm, e.value(), args)
    } else if let Some(init) = ty.slots().init {
        init(vm, e.value(), CallArgs::positional(args))
    } else {
        Ok(())
    };
    drop(filled);
    e
}

/// Whether a value is a class of exceptions.
pub fn is_exception_class(vm: &Vm, v: Value) -> bool {
    Type::from_value(v).is_some_and(|t| t.is_subtype(vm.builtin(shape::BASE_EXCEPTION)))
}

/// Whether `except classes` catches the exception: a class, or a tuple of what does.
pub fn matches(vm: &Vm, e: Value, classes: Value) -> bool {
    match classes.cast::<PyTuple>() {
        Some(t) => t.iter().any(|c| matches(vm, e, c)),
        None => Type::from_value(classes).is_some_and(|t| vm.type_of(e).is_subtype(t)),
    }
}

/// What a class of exceptions makes of arguments, which must be an exception.
pub fn instance(vm: &Vm, class: Value, args: &[Value]) -> PyResult {
    let e = crate::protocol::call::call_args(vm, class, args)?;
    if exception(e.value()).is_none() {
        return Err(vm.type_error(format!(
            "calling {} should have returned an instance of BaseException, not {}",
            obj::repr_text(vm, class)?,
            vm.type_of(e.value()).full_name()
        )));
    }
    Ok(e)
}

/// An instance of whatever `raise` was given: a class is called, an instance taken as it is.
pub fn from_raise(vm: &Vm, v: Value) -> PyResult {
    if let Some(t) = Type::from_value(v)
        && t.is_subtype(vm.builtin(shape::BASE_EXCEPTION))
    {
        return instance(vm, v, &[]);
    }
    if exception(v).is_some() {
        return Ok(v.to_ref());
    }
    Err(vm.type_error("exceptions must derive from BaseException"))
}

/// What `raise ... from cause` puts into `__cause__`: an instance, or NULL for None.
pub fn cause_of_raise(vm: &Vm, v: Value) -> PyResult<Ref> {
    if v.is(vm.none()) {
        return Ok(Value::NULL.to_ref());
    }
    if let Some(t) = Type::from_value(v)
        && t.is_subtype(vm.builtin(shape::BASE_EXCEPTION))
    {
        return instance(vm, v, &[]);
    }
    if exception(v).is_some() {
        return Ok(v.to_ref());
    }
    Err(vm.type_error("exception causes must derive from BaseException"))
}

/// Sets `__context__` of an exception that is raised while another is handled, cutting cycles.
pub fn set_context(e: Value, context: Value) {
    let Some(exc) = exception(e) else { return };
    if context.is_null() || e.is(context) {
        return;
    }
    // Nothing is released while the chain is followed; only exceptions are in it.
    let next = |v: Value| this(v).context.get().non_null();
    let mut at = context;
    // Goes half as fast: where it is met again, the chain has a cycle of its own.
    let (mut slow, mut advance) = (at, false);
    while let Some(c) = next(at) {
        if c.is(e) {
            let context = context.to_ref();
            this(at).context.clear();
            return exc.context.set(context);
        }
        at = c;
        if at.is(slow) {
            break;
        }
        if advance && let Some(s) = next(slow) {
            slow = s;
        }
        advance = !advance;
    }
    exc.context.set(context.to_ref());
}

/// Adds a note (`e.add_note`).
pub fn add_note(vm: &Vm, e: &Raised, note: &str) -> PyResult<()> {
    let text = vm.new_str(note);
    add_note_value(vm, e.0.value(), text.value())
}

fn add_note_value(vm: &Vm, e: Value, note: Value) -> PyResult<()> {
    let name = vm.names().__notes__;
    match attr::get_opt(vm, e, name)? {
        Some(l) => match l.cast::<PyList>() {
            Some(l) => {
                l.push(note.to_ref());
                Ok(())
            }
            None => Err(vm.type_error("Cannot add note: __notes__ is not a list")),
        },
        None => {
            let l = PyList::new(vm, vec![note.to_ref()]);
            attr::set(vm, e, name, l.value())
        }
    }
}

fn exception_new(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    Ok(allocate(ty, PyTuple::from_slice(vm, args.positional_args())))
}

fn exception_init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    if args.has_keywords() {
        return Err(vm.type_error(format!("{}() takes no keyword arguments", vm.type_of(v).name())));
    }
    set_base_args(vm, v, args.positional_args());
    Ok(())
}

/// Sets `args`, unless `__new__` got the same already.
fn set_base_args(vm: &Vm, v: Value, args: &[Value]) {
    let e = this(v);
    let old = e.args.get();
    let same = old.cast_exact::<PyTuple>().is_some_and(|t| {
        t.len() == args.len() && t.as_slice().iter().zip(args).all(|(a, b)| a.is(*b))
    });
    if !same {
        e.args.set(PyTuple::from_slice(vm, args));
    }
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let ty = vm.type_of(v);
    let args = this(v).args.get().to_ref();
    let text = match args.cast::<PyTuple>() {
        Some(t) if t.len() == 1 => format!("({})", obj::repr_text(vm, t.as_slice()[0])?),
        _ => obj::repr_text(vm, args.value())?,
    };
    Ok(vm.new_str(&format!("{}{text}", ty.name())))
}

fn str(vm: &Vm, v: Value) -> PyResult {
    let args = this(v).args.get().to_ref();
    match args.cast::<PyTuple>() {
        Some(t) if t.is_empty() => Ok(vm.empty_str().to_ref()),
        Some(t) if t.len() == 1 => obj::str(vm, t.as_slice()[0]),
        _ => obj::str(vm, args.value()),
    }
}

fn or_none(vm: &Vm, c: &OwnedCell) -> PyResult {
    Ok(c.get().non_null().unwrap_or(vm.none()).to_ref())
}

fn set_args(vm: &Vm, v: Value, value: Value) -> PyResult<()> {
    if value.is_null() {
        return Err(vm.type_error("args may not be deleted"));
    }
    let items = crate::protocol::iter::to_vec(vm, value)?;
    this(v).args.set(PyTuple::from_vec(vm, items));
    Ok(())
}

fn set_traceback(vm: &Vm, v: Value, value: Value) -> PyResult<()> {
    if value.is_null() {
        return Err(vm.type_error("__traceback__ may not be deleted"));
    }
    if value.is(vm.none()) {
        this(v).traceback.clear();
    } else if value.has_shape(shape::TRACEBACK) {
        this(v).traceback.set(value.to_ref());
    } else {
        return Err(vm.type_error("__traceback__ must be a traceback or None"));
    }
    Ok(())
}

fn set_chained(vm: &Vm, cell: &OwnedCell, value: Value, name: &str) -> PyResult<()> {
    if value.is_null() {
        return Err(vm.type_error(format!("{name} may not be deleted")));
    }
    if value.is(vm.none()) {
        cell.clear();
    } else if exception(value).is_some() {
        cell.set(value.to_ref());
    } else {
        let what = if name == "__cause__" { "cause" } else { "context" };
        return Err(vm.type_error(format!("exception {what} must be None or derive from BaseException")));
    }
    Ok(())
}

fn set_cause(vm: &Vm, v: Value, value: Value) -> PyResult<()> {
    set_chained(vm, &this(v).cause, value, "__cause__")?;
    this(v).suppress_context.set(true);
    Ok(())
}

fn set_context_attr(vm: &Vm, v: Value, value: Value) -> PyResult<()> {
    set_chained(vm, &this(v).context, value, "__context__")
}

fn set_suppress(vm: &Vm, v: Value, value: Value) -> PyResult<()> {
    if !value.is_null() && !value.has_shape(shape::BOOL) {
        return Err(vm.type_error("attribute value type must be bool"));
    }
    if value.is_null() {
        return Err(vm.type_error("can't delete numeric/char attribute"));
    }
    this(v).suppress_context.set(value.is(vm.bool(true)));
    Ok(())
}

fn with_traceback(vm: &Vm, a: &[Value]) -> PyResult {
    set_traceback(vm, a[0], a[1])?;
    Ok(a[0].to_ref())
}

fn add_note_method(vm: &Vm, a: &[Value]) -> PyResult {
    if a[1].cast::<crate::types::str_::PyStr>().is_none() {
        return Err(vm.type_error(format!(
            "add_note() argument must be str, not {}",
            vm.type_of(a[1]).full_name()
        )));
    }
    add_note_value(vm, a[0], a[1])?;
    Ok(vm.none_ref())
}

fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let mut parts = vec![vm.type_of(a[0]).to_ref(), this(a[0]).args.get().to_ref()];
    if let Some(d) = attr::instance_dict_opt(vm, a[0])
        && !d.is_empty()
        && let Some(v) = attr::instance_dict_value(vm, a[0])
    {
        parts.push(v.to_ref());
    }
    Ok(PyTuple::from_vec(vm, parts))
}

fn setstate(vm: &Vm, a: &[Value]) -> PyResult {
    if a[1].is(vm.none()) {
        return Ok(vm.none_ref());
    }
    let Some(d) = a[1].cast::<PyDict>() else { return Err(vm.type_error("state is not a dictionary")) };
    let mut at = 0;
    while let Some((next, k, v)) = d.entry_at(at) {
        at = next;
        attr::set(vm, a[0], k, v)?;
    }
    Ok(vm.none_ref())
}

fn get_dict(vm: &Vm, v: Value) -> PyResult {
    Ok(attr::instance_dict_value(vm, v).unwrap_or(vm.none()).to_ref())
}

fn set_dict(vm: &Vm, v: Value, d: Value) -> PyResult<()> {
    if d.is_null() {
        return Err(vm.type_error("cannot delete __dict__"));
    }
    attr::replace_instance_dict(vm, v, d)
}

const EXCEPTION_FLAGS: u32 = flags::BASETYPE | flags::HEAP | flags::PREFIX | flags::DICT;

pub static BASE_EXCEPTION: TypeDef = TypeDef {
    doc: "Common base class for all exceptions.",
    flags: EXCEPTION_FLAGS,
    new: New::Raw(exception_new),
    slots: |s| {
        s.init = Some(exception_init);
        s.repr = Some(repr);
        s.str = Some(str);
        s.drop = Some(object::drop_payload::<PyException>);
        s.traverse = crate::traverse_fields!(PyException: args, traceback, context, cause, fields);
        s.clear = crate::clear_fields!(PyException: traceback, context, cause);
    },
    methods: &[
        MethodDef::new("with_traceback", "($self, object, /)", with_traceback, "Set self.__traceback__ to tb and return self."),
        MethodDef::new("add_note", "($self, object, /)", add_note_method, "Add a note to the exception"),
        MethodDef::new("__reduce__", "($self, /)", reduce, ""),
        MethodDef::new("__setstate__", "($self, object, /)", setstate, ""),
    ],
    getset: &[
        GetSetDef::get_set("args", |vm, v| or_none(vm, &this(v).args), set_args, ""),
        GetSetDef::get_set("__traceback__", |vm, v| or_none(vm, &this(v).traceback), set_traceback, ""),
        GetSetDef::get_set("__context__", |vm, v| or_none(vm, &this(v).context), set_context_attr, ""),
        GetSetDef::get_set("__cause__", |vm, v| or_none(vm, &this(v).cause), set_cause, ""),
        GetSetDef { set: Some(set_suppress), ..GetSetDef::member("__suppress_context__", |vm, v| Ok(vm.bool_ref(this(v).suppress_context.get())), "") },
        GetSetDef::get_set("__dict__", get_dict, set_dict, ""),
    ],
    ..TypeDef::of::<PyException>("BaseException")
};
