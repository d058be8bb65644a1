//! The module `_contextvars`: variables whose values belong to a context.
//!
//! A context holds its values in a dictionary of its own; copying a context copies it, which is
//! cheap as long as contexts are small.

use std::cell::Cell;

use crate::args::CallArgs;
use crate::error::{PyResult, Raised};
use crate::native::{ModuleDef, add};
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::protocol::{call, compare, iter, object as obj};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::generic_alias;
use crate::types::iterators::payload;
use crate::types::repr_writer::ReprWriter;
use crate::types::slots::CompareOp;
use crate::types::str_::PyStr;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A context.
#[repr(C)]
pub struct Context {
    header: Header,
    /// A dict of variables and values.
    values: OwnedCell,
    entered: Cell<bool>,
    /// The context that was current when this one was entered.
    previous: OwnedCell,
}
payload!(Context, CONTEXT);

/// A variable.
#[repr(C)]
pub struct ContextVar {
    header: Header,
    name: Ref,
    /// NULL for none.
    default: OwnedCell,
}
payload!(ContextVar, CONTEXT_VAR);

/// What `set` returns: how to undo it.
#[repr(C)]
pub struct Token {
    header: Header,
    context: Ref,
    var: Ref,
    /// NULL if the variable had no value.
    old: OwnedCell,
    used: Cell<bool>,
}
payload!(Token, CONTEXT_TOKEN);

/// `Token.MISSING`.
#[repr(C)]
pub struct Missing {
    header: Header,
}
payload!(Missing, CONTEXT_TOKEN_MISSING);

fn new_context(vm: &Vm, values: Ref) -> Ref {
    object::new_instance(
        vm.builtin(shape::CONTEXT),
        Context {
            header: object::header(),
            values: OwnedCell::new(values),
            entered: Cell::new(false),
            previous: OwnedCell::null(),
        },
    )
}

/// The context that is current in this thread, made at first use.
fn current(vm: &Vm) -> Ref {
    if let Some(c) = vm.runtime.context.get_ref() {
        return c;
    }
    let c = new_context(vm, PyDict::new(vm));
    vm.runtime.context.set(c.clone());
    c
}

/// `copy_context()`.
pub fn copy_current(vm: &Vm) -> Ref {
    let c = current(vm);
    new_context(vm, Context::of(c.value()).values().copy(vm))
}

/// Makes a context current.
///
/// # Errors
/// RuntimeError if it is current somewhere already.
pub fn enter(vm: &Vm, context: Value) -> PyResult<()> {
    let c = Context::of(context);
    if c.entered.get() {
        return Err(vm.runtime_error(format!(
            "cannot enter context: {} is already entered",
            obj::repr_text(vm, context)?
        )));
    }
    c.previous.replace(vm.runtime.context.replace(Some(context.to_ref())));
    c.entered.set(true);
    Ok(())
}

/// Makes the context current that was so before `context` was entered.
pub fn leave(vm: &Vm, context: Value) {
    let c = Context::of(context);
    c.entered.set(false);
    let previous = c.previous.take();
    drop(vm.runtime.context.replace(previous));
}

/// A new variable, for native modules.
pub fn new_variable(vm: &Vm, name: &str) -> Ref {
    object::new(ContextVar { header: object::header(), name: vm.new_str(name), default: OwnedCell::null() })
}

impl Context {
    fn values(&self) -> &PyDict {
        // SAFETY: made with a dict, never replaced by anything else.
        unsafe { self.values.get().cast_unchecked() }
    }
}

fn check_key(vm: &Vm, key: Value) -> PyResult<()> {
    if key.has_shape(shape::CONTEXT_VAR) {
        return Ok(());
    }
    Err(vm.type_error(format!("a ContextVar key was expected, got {}", obj::repr_text(vm, key)?)))
}

fn get_item(vm: &Vm, v: Value, key: Value) -> PyResult {
    check_key(vm, key)?;
    Context::of(v).values().get(vm, key)?.ok_or_else(|| vm.key_error(key))
}

fn context_get(vm: &Vm, a: &[Value]) -> PyResult {
    check_key(vm, a[1])?;
    let found = Context::of(a[0]).values().get(vm, a[1])?;
    Ok(found.unwrap_or_else(|| a[2].non_null().unwrap_or(vm.none()).to_ref()))
}

fn run(vm: &Vm, a: &[Value]) -> PyResult {
    let args = a[1].cast::<crate::types::tuple::PyTuple>().map_or(&[][..], |t| t.as_slice());
    let Some((&function, args)) = args.split_first() else {
        return Err(vm.type_error("run() missing 1 required positional argument"));
    };
    let keywords = a[2].cast::<PyDict>().filter(|d| !d.is_empty());
    enter(vm, a[0])?;
    let result = call::call_dict(vm, function.borrow(), args, keywords);
    leave(vm, a[0]);
    result
}

fn compare_contexts(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    if !a.has_shape(shape::CONTEXT) || !b.has_shape(shape::CONTEXT) || !matches!(op, CompareOp::Eq | CompareOp::Ne) {
        return compare::declined(vm);
    }
    compare::rich(vm, Context::of(a).values.get(), Context::of(b).values.get(), op)
}

fn view(vm: &Vm, v: Value, name: &str) -> PyResult {
    // A snapshot: the iterators of a context do not see later changes.
    let copy = Context::of(v).values().copy(vm);
    let view = call::call_method(vm, copy.value(), name, &[])?;
    iter::get_iter(vm, view.value())
}

pub static CONTEXT: TypeDef = TypeDef {
    flags: flags::HEAP | flags::PREFIX | flags::WEAKREF | flags::MAPPING,
    slots: |s| {
        s.drop = Some(object::drop_payload::<Context>);
        s.traverse = crate::traverse_fields!(Context: values, previous);
        s.compare = Some(compare_contexts);
        s.iter = Some(|vm, v| view(vm, v, "keys"));
        s.len = Some(|_, v| Ok(Context::of(v).values().len()));
        s.get_item = Some(get_item);
        s.contains = Some(|vm, v, key| {
            check_key(vm, key)?;
            Context::of(v).values().contains(vm, key)
        });
    },
    new: New::Raw(|vm, _, args: CallArgs| {
        if !args.args.is_empty() {
            return Err(vm.type_error("Context() does not accept any arguments"));
        }
        Ok(new_context(vm, PyDict::new(vm)))
    }),
    methods: &[
        MethodDef::new("get", "($self, key, default=None, /)", context_get, "Return the value for `key` if `key` has the value in the context object."),
        MethodDef::new("items", "($self, /)", |vm, a| view(vm, a[0], "items"), "Return all variables and their values in the context object."),
        MethodDef::new("keys", "($self, /)", |vm, a| view(vm, a[0], "keys"), "Return a list of all variables in the context object."),
        MethodDef::new("values", "($self, /)", |vm, a| view(vm, a[0], "values"), "Return a list of all variables' values in the context object."),
        MethodDef::new("copy", "($self, /)", |vm, a| Ok(new_context(vm, Context::of(a[0]).values().copy(vm))), "Return a shallow copy of the context object."),
        MethodDef::new("run", "($self, /, *args, **kwargs)", run, ""),
    ],
    ..TypeDef::of::<Context>("_contextvars.Context")
};

fn var_new(vm: &Vm, args: CallArgs) -> PyResult {
    let sig = vm.signatures.get("(name, /, *, default=<unrepresentable>)");
    let given = args.positional_args().len();
    if given != 1 {
        let how = if given == 0 { "exactly" } else { "at most" };
        return Err(vm.type_error(format!("ContextVar() takes {how} 1 positional argument ({given} given)")));
    }
    sig.bind(vm, "ContextVar", None, args, |a| {
        if a[0].cast::<PyStr>().is_none() {
            return Err(vm.type_error("context variable name must be a str"));
        }
        Ok(object::new(ContextVar {
            header: object::header(),
            name: a[0].to_ref(),
            default: OwnedCell::new(a[1].to_ref()),
        }))
    })
}

fn var_repr(vm: &Vm, v: Value) -> PyResult {
    let var = ContextVar::of(v);
    let mut w = ReprWriter::new("<ContextVar name=");
    w.push_repr(vm, var.name.value())?;
    if let Some(d) = var.default.get_ref() {
        w.push(" default=");
        w.push_repr(vm, d.value())?;
    }
    w.push(&format!(" at {:#x}>", obj::address(v)));
    Ok(w.finish(vm))
}

fn var_get(vm: &Vm, a: &[Value]) -> PyResult {
    if let Some(c) = vm.runtime.context.get_ref()
        && let Some(v) = Context::of(c.value()).values().get(vm, a[0])?
    {
        return Ok(v);
    }
    let default = a[1].non_null().map(Value::to_ref).or_else(|| ContextVar::of(a[0]).default.get_ref());
    default.ok_or_else(|| vm.error_args(shape::LOOKUP_ERROR, &[a[0]]))
}

/// Sets a variable in the current context.
pub fn set(vm: &Vm, var: Value, value: Value) -> PyResult {
    let context = current(vm);
    let old = Context::of(context.value()).values().get(vm, var)?;
    Context::of(context.value()).values().set(vm, var, value)?;
    Ok(object::new(Token {
        header: object::header(),
        context,
        var: var.to_ref(),
        old: OwnedCell::from_option(old),
        used: Cell::new(false),
    }))
}

fn reset(vm: &Vm, var: Value, token: Value) -> PyResult {
    if !token.has_shape(shape::CONTEXT_TOKEN) {
        return Err(vm.type_error(format!(
            "expected an instance of Token, got {}",
            obj::repr_text(vm, token)?
        )));
    }
    let t = Token::of(token);
    let wrong = |vm: &Vm, what: &str| -> PyResult<String> { Ok(format!("{} {what}", obj::repr_text(vm, token)?)) };
    if t.used.get() {
        return Err(vm.runtime_error(wrong(vm, "has already been used once")?));
    }
    if !t.var.is(var) {
        return Err(vm.value_error(wrong(vm, "was created by a different ContextVar")?));
    }
    let context = current(vm);
    if !t.context.is(context.value()) {
        return Err(vm.value_error(wrong(vm, "was created in a different Context")?));
    }
    t.used.set(true);
    let values = Context::of(context.value()).values();
    match t.old.get_ref() {
        Some(old) => values.set(vm, var, old.value())?,
        None => drop(values.delete(vm, var)?),
    }
    Ok(vm.none_ref())
}

pub static CONTEXT_VAR: TypeDef = TypeDef {
    flags: 0,
    slots: |s| {
        s.drop = Some(object::drop_payload::<ContextVar>);
        s.traverse = crate::traverse_fields!(ContextVar: default);
        s.repr = Some(var_repr);
    },
    new: New::Raw(|vm, _, args| var_new(vm, args)),
    methods: &[
        MethodDef::new("get", "($self, default=<unrepresentable>, /)", var_get, "Return a value for the context variable for the current context."),
        MethodDef::new("set", "($self, value, /)", |vm, a| set(vm, a[0], a[1]), "Call to set a new value for the context variable in the current context."),
        MethodDef::new("reset", "($self, token, /)", |vm, a| reset(vm, a[0], a[1]), "Reset the context variable."),
        MethodDef::class("__class_getitem__", "($type, object, /)", |vm, a| Ok(generic_alias::new(vm, a[0], a[1])), "See PEP 585"),
    ],
    getset: &[GetSetDef::member("name", |_, v| Ok(ContextVar::of(v).name.clone()), "")],
    ..TypeDef::of::<ContextVar>("_contextvars.ContextVar")
};

fn token_repr(vm: &Vm, v: Value) -> PyResult {
    let t = Token::of(v);
    let used = if t.used.get() { " used" } else { "" };
    Ok(vm.new_str(&format!(
        "<Token{used} var={} at {:#x}>",
        obj::repr_text(vm, t.var.value())?,
        obj::address(v)
    )))
}

fn missing(vm: &Vm) -> Ref {
    match vm.builtin(shape::CONTEXT_TOKEN).lookup(vm, vm.intern("MISSING")) {
        Some(m) => m.to_ref(),
        None => vm.none_ref(),
    }
}

#[cold]
fn no_token(vm: &Vm) -> Raised {
    vm.runtime_error("Tokens can only be created by ContextVars")
}

pub static TOKEN: TypeDef = TypeDef {
    flags: 0,
    slots: |s| {
        s.drop = Some(object::drop_payload::<Token>);
        s.traverse = crate::traverse_fields!(Token: context, var, old);
        s.repr = Some(token_repr);
        s.hash = None;
        s.compare = Some(|vm, a, b, op| match op {
            CompareOp::Eq => Ok(vm.bool_ref(a.is(b))),
            CompareOp::Ne => Ok(vm.bool_ref(!a.is(b))),
            _ => compare::declined(vm),
        });
    },
    new: New::Raw(|vm, _, _| Err(no_token(vm))),
    methods: &[
        MethodDef::class("__class_getitem__", "($type, object, /)", |vm, a| Ok(generic_alias::new(vm, a[0], a[1])), "See PEP 585"),
        MethodDef::new("__enter__", "($self, /)", |_, a| Ok(a[0].to_ref()), "Enter into Token context manager."),
        MethodDef::new("__exit__", "($self, type, val, tb, /)", |vm, a| reset(vm, Token::of(a[0]).var.value(), a[0]), "Exit from Token context manager, restore the linked ContextVar."),
    ],
    getset: &[
        GetSetDef::get("var", |_, v| Ok(Token::of(v).var.clone()), ""),
        GetSetDef::get("old_value", |vm, v| Ok(Token::of(v).old.get_ref().unwrap_or_else(|| missing(vm))), ""),
    ],
    attributes: |vm, ty| ty.set_attribute(vm, "MISSING", object::new(Missing { header: object::header() }).value()),
    ..TypeDef::of::<Token>("_contextvars.Token")
};

pub static MISSING: TypeDef = TypeDef {
    flags: 0,
    slots: |s| s.repr = Some(|vm, _| Ok(vm.new_str("<Token.MISSING>"))),
    new: New::Disallowed,
    ..TypeDef::of::<Missing>("MISSING")
};

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    for (name, id) in [
        ("Context", shape::CONTEXT),
        ("ContextVar", shape::CONTEXT_VAR),
        ("Token", shape::CONTEXT_TOKEN),
    ] {
        add(vm, m, name, vm.builtin(id).value())?;
    }
    Ok(())
}

pub(super) static MODULE: ModuleDef = ModuleDef {
    name: "_contextvars",
    doc: "Context Variables",
    functions: &[MethodDef::new("copy_context", "()", |vm, _| Ok(copy_current(vm)), "")],
    init,
};
