//! `partial` and its `Placeholder`.

use std::cell::Cell;

use crate::args::CallArgs;
use crate::error::{PyResult, Raised};
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::protocol::{attr, call};
use crate::types::dict::{self, PyDict};
use crate::types::generic_alias;
use crate::types::iterators::payload;
use crate::types::method::PyMethod;
use crate::types::repr_writer::ReprWriter;
use crate::types::tuple::{self, PyTuple};
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef, flags};
use crate::types::type_object::display_name;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A callable with some arguments given beforehand.
#[repr(C)]
pub struct Partial {
    header: Header,
    function: OwnedCell,
    /// A tuple.
    args: OwnedCell,
    /// A dict.
    keywords: OwnedCell,
    /// How many of the arguments are placeholders.
    placeholders: Cell<usize>,
}
payload!(Partial, PARTIAL);

/// The one object that stands for an argument to be given later.
#[repr(C)]
pub struct Placeholder {
    header: Header,
}
payload!(Placeholder, PLACEHOLDER);

thread_local! {
    static THE_PLACEHOLDER: Cell<Value> = const { Cell::new(Value::NULL) };
}

/// `functools.Placeholder`, made at first use; it is never freed.
pub fn placeholder(_vm: &Vm) -> Ref {
    if THE_PLACEHOLDER.get().is_null() {
        let made = object::new(Placeholder { header: object::header() });
        THE_PLACEHOLDER.set(Value::immortal(made.into_value().pointer()));
    }
    THE_PLACEHOLDER.get().to_ref()
}

fn is_placeholder(v: Value) -> bool {
    v.is(THE_PLACEHOLDER.get())
}

pub static PLACEHOLDER: TypeDef = TypeDef {
    doc: "The type of the Placeholder singleton, which stands in the arguments of a partial object\n\
          for one that the call gives.",
    flags: 0,
    slots: |s| {
        s.repr = Some(|vm, _| Ok(vm.new_str("Placeholder")));
    },
    new: New::Raw(|vm, _, args| {
        if !args.args.is_empty() {
            return Err(vm.type_error("_PlaceholderType takes no arguments"));
        }
        Ok(placeholder(vm))
    }),
    methods: &[MethodDef::new("__reduce__", "($self, /)", |vm, _| Ok(vm.new_str("Placeholder")), "")],
    ..TypeDef::of::<Placeholder>("functools._PlaceholderType")
};

pub static PARTIAL: TypeDef = TypeDef {
    doc: "partial(func, /, *args, **keywords)\n--\n\n\
          A callable that calls the function with these arguments before its own.",
    flags: flags::BASETYPE | flags::HEAP | flags::PREFIX | flags::DICT | flags::WEAKREF,
    slots: |s| {
        s.drop = Some(object::drop_payload::<Partial>);
        s.traverse = crate::traverse_fields!(Partial: function, args, keywords);
        s.repr = Some(repr);
        s.call = Some(call_partial);
        s.descr_get = Some(|_, d, instance, _| {
            if instance.is_null() { Ok(d.to_ref()) } else { Ok(PyMethod::new(d, instance)) }
        });
    },
    new: New::Raw(new),
    methods: &[
        MethodDef::new("__reduce__", "($self, /)", reduce, ""),
        MethodDef::new("__setstate__", "($self, object, /)", set_state, ""),
        MethodDef::class(
            "__class_getitem__",
            "($type, object, /)",
            |vm, a| Ok(generic_alias::new(vm, a[0], a[1])),
            "partial objects are generic over the type of the function's result.",
        ),
    ],
    getset: &[
        GetSetDef::member("func", |_, v| Ok(Partial::of(v).function.get().to_ref()), "The function that is called."),
        GetSetDef::member("args", |_, v| Ok(Partial::of(v).args.get().to_ref()), "Positional arguments given beforehand."),
        GetSetDef::member("keywords", |_, v| Ok(Partial::of(v).keywords.get().to_ref()), "Keyword arguments given beforehand."),
        GetSetDef::get_set(
            "__dict__",
            |vm, v| match attr::instance_dict_value(vm, v) {
                Some(d) => Ok(d.to_ref()),
                None => Ok(vm.none_ref()),
            },
            set_dict,
            "",
        ),
    ],
    ..TypeDef::of::<Partial>("functools.partial")
};

impl Partial {
    fn args(&self) -> &PyTuple {
        // SAFETY: made, and checked by `__setstate__`, to be a tuple.
        unsafe { self.args.get().cast_unchecked() }
    }

    fn keywords(&self) -> &PyDict {
        // SAFETY: made, and checked by `__setstate__`, to be a dict.
        unsafe { self.keywords.get().cast_unchecked() }
    }
}

fn set_dict(vm: &Vm, v: Value, d: Value) -> PyResult<()> {
    if d.is_null() {
        return Err(vm.type_error("cannot delete __dict__"));
    }
    if d.cast::<PyDict>().is_none() {
        let ty = vm.type_of(d).full_name();
        return Err(vm.type_error(format!("__dict__ must be set to a dictionary, not a '{ty}'")));
    }
    attr::replace_instance_dict(vm, v, d)
}

#[cold]
fn trailing(vm: &Vm) -> Raised {
    vm.type_error("trailing Placeholders are not allowed")
}

/// Puts arguments into the places of placeholders, and those that are left at the end.
fn fill(into: &[Value], new: &[Value]) -> Vec<Value> {
    let mut new = new.iter().copied();
    let mut all: Vec<Value> = into
        .iter()
        .map(|&v| if is_placeholder(v) { new.next().unwrap_or(v) } else { v })
        .collect();
    all.extend(new);
    all
}

fn new(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    let Some((&function, given)) = args.positional_args().split_first() else {
        return Err(vm.type_error("type 'partial' takes at least one argument"));
    };
    if !call::is_callable(vm, function) {
        return Err(vm.type_error("the first argument must be callable"));
    }
    // Known from here on, also before the module is imported.
    drop(placeholder(vm));
    if given.last().is_some_and(|&v| is_placeholder(v)) {
        return Err(trailing(vm));
    }
    if args.keywords().any(|(_, v)| is_placeholder(v)) {
        return Err(vm.type_error("Placeholder cannot be passed as a keyword argument"));
    }
    // A partial of a partial calls the inner function at once, unless it has attributes of its own.
    let inner = function
        .cast::<Partial>()
        .filter(|_| attr::instance_dict_opt(vm, function).is_none_or(|d| d.is_empty()));
    let (function, all, keywords) = match inner {
        None => (function, given.to_vec(), PyDict::new(vm)),
        Some(p) => {
            let all = if given.is_empty() { p.args().as_slice().to_vec() } else { fill(p.args().as_slice(), given) };
            (p.function.get(), all, p.keywords().copy(vm))
        }
    };
    if let Some(d) = keywords.cast::<PyDict>() {
        for (k, v) in args.keywords() {
            d.set(vm, k, v)?;
        }
    }
    Ok(object::new_instance(
        ty,
        Partial {
            header: object::header(),
            function: OwnedCell::new(function.to_ref()),
            placeholders: Cell::new(all.iter().filter(|v| is_placeholder(**v)).count()),
            args: OwnedCell::new(PyTuple::from_slice(vm, &all)),
            keywords: OwnedCell::new(keywords),
        },
    ))
}

fn call_partial(vm: &Vm, v: Value, args: CallArgs) -> PyResult {
    let p = Partial::of(v);
    // Held: the call may change the partial's state.
    let (function, before, keywords) =
        (p.function.get().to_ref(), p.args.get().to_ref(), p.keywords.get().to_ref());
    let before = before.cast::<PyTuple>().map_or(&[][..], |t| t.as_slice());
    let given = args.positional_args();
    if given.len() < p.placeholders.get() {
        return Err(vm.type_error(format!(
            "missing positional arguments in 'partial' call; expected at least {}, got {}",
            p.placeholders.get(),
            given.len()
        )));
    }
    let mut all = fill(before, given);
    let stored = keywords.cast::<PyDict>().filter(|d| !d.is_empty());
    let Some(stored) = stored else {
        all.extend_from_slice(&args.args[given.len()..]);
        return call::call(vm, function.value(), CallArgs { args: &all, kwnames: args.kwnames });
    };
    let (merged, d) = dict::fresh(vm);
    d.update(vm, stored.as_value())?;
    for (k, v) in args.keywords() {
        d.set(vm, k, v)?;
    }
    let r = call::call_dict(vm, function.value(), &all, Some(d));
    drop(merged);
    r
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let p = Partial::of(v);
    let text = vm.repr_guard(v, || {
        let (function, args, keywords) =
            (p.function.get().to_ref(), p.args.get().to_ref(), p.keywords.get().to_ref());
        let mut w = ReprWriter::new(&display_name(vm, vm.type_of(v)));
        w.push("(");
        w.push_repr(vm, function.value())?;
        for x in args.cast::<PyTuple>().into_iter().flat_map(|t| t.iter()) {
            w.push(", ");
            w.push_repr(vm, x)?;
        }
        for (k, x) in keywords.cast::<PyDict>().map(|d| d.items_vec()).unwrap_or_default() {
            w.push(", ");
            w.push_str_of(vm, k.value())?;
            w.push("=");
            w.push_repr(vm, x.value())?;
        }
        w.push(")");
        Ok(w.finish(vm))
    })?;
    Ok(text.unwrap_or_else(|| vm.new_str("...")))
}

fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let p = Partial::of(a[0]);
    let function = p.function.get().to_ref();
    let own = match attr::instance_dict_opt(vm, a[0]) {
        Some(d) => d.as_value().to_ref(),
        None => vm.none_ref(),
    };
    let state = vec![function.clone(), p.args.get().to_ref(), p.keywords.get().to_ref(), own];
    let parts = vec![
        vm.type_of(a[0]).to_ref(),
        PyTuple::from_vec(vm, vec![function]),
        PyTuple::from_vec(vm, state),
    ];
    Ok(PyTuple::from_vec(vm, parts))
}

fn set_state(vm: &Vm, a: &[Value]) -> PyResult {
    let invalid = || vm.type_error("invalid partial state");
    let state = a[1].cast::<PyTuple>().map_or(&[][..], |t| t.as_slice());
    let &[function, args, keywords, own] = state else { return Err(invalid()) };
    let is_dict_or_none = |v: Value| v.is(vm.none()) || v.cast::<PyDict>().is_some();
    let Some(given) = args.cast::<PyTuple>() else { return Err(invalid()) };
    if !call::is_callable(vm, function) || !is_dict_or_none(keywords) || !is_dict_or_none(own) {
        return Err(invalid());
    }
    if given.as_slice().last().is_some_and(|&v| is_placeholder(v)) {
        return Err(trailing(vm));
    }
    let p = Partial::of(a[0]);
    let count = given.iter().filter(|v| is_placeholder(*v)).count();
    let args = tuple::from_iterable(vm, args)?;
    let keywords = match keywords.cast::<PyDict>() {
        None => PyDict::new(vm),
        Some(_) if keywords.cast_exact::<PyDict>().is_some() => keywords.to_ref(),
        Some(d) => d.copy(vm),
    };
    p.function.set(function.to_ref());
    p.args.set(args);
    p.keywords.set(keywords);
    p.placeholders.set(count);
    let own = if own.is(vm.none()) { PyDict::new(vm) } else { own.to_ref() };
    attr::replace_instance_dict(vm, a[0], own.value())?;
    Ok(vm.none_ref())
}
