//! Exception groups: their construction, `split` and its relatives, and what is raised after
//! the handlers of a `try ... except*`.

use std::collections::HashSet;

use super::fields;
use super::{allocate, exception, exception_init, is_exception_class, matches, this};
use crate::args::CallArgs;
use crate::error::PyResult;
use crate::interp::enter::check_native_stack;
use crate::protocol::{attr, call, iter, object as obj, truth};
use crate::shape;
use crate::types::construct::no_keywords;
use crate::types::generator::class_getitem;
use crate::types::list::PyList;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, Type, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

const MESSAGE: usize = 0;
const EXCEPTIONS: usize = 1;
/// The repr of the sequence that the group was made from, unless that was a list or tuple: the
/// sequence may change later.
const SEQUENCE_REPR: usize = 2;

pub static FIELDS: &[GetSetDef] = &[
    GetSetDef::member("message", |vm, v| fields::get(vm, v, MESSAGE), "exception message"),
    GetSetDef::member("exceptions", |vm, v| fields::get(vm, v, EXCEPTIONS), "nested exceptions"),
];

pub static METHODS: &[MethodDef] = &[
    MethodDef::class(
        "__class_getitem__",
        "($type, item, /)",
        class_getitem,
        "Exception groups are generic over the type of their contained exceptions",
    ),
    MethodDef::new("derive", "($self, excs, /)", derive, ""),
    MethodDef::new("split", "($self, matcher_value, /)", split, ""),
    MethodDef::new("subgroup", "($self, matcher_value, /)", subgroup, ""),
];

fn is_group(vm: &Vm, v: Value) -> bool {
    vm.type_of(v).is_subtype(vm.builtin(shape::BASE_EXCEPTION_GROUP))
}

pub(super) fn new(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    let pos = args.positional_args();
    let [message, exceptions] = pos else {
        return Err(vm.type_error(format!(
            "BaseExceptionGroup.__new__() takes exactly 2 arguments ({} given)",
            pos.len()
        )));
    };
    if message.cast::<PyStr>().is_none() {
        let name = crate::convert::type_shown(vm, *message);
        return Err(vm.type_error(format!("BaseExceptionGroup.__new__() argument 1 must be str, not {name}")));
    }
    if !iter::is_sequence(vm.type_of(*exceptions)) {
        return Err(vm.type_error("second argument (exceptions) must be a sequence"));
    }
    let plain = exceptions.cast::<PyList>().is_some() || exceptions.cast::<PyTuple>().is_some();
    let shown = if plain { None } else { Some(obj::repr(vm, *exceptions)?) };
    let items = iter::to_vec(vm, *exceptions)?;
    let ty = class_for(vm, ty, &items)?;
    let e = allocate(ty, PyTuple::from_slice(vm, pos));
    let x = this(e.value());
    x.fields[MESSAGE].set(message.to_ref());
    x.fields[EXCEPTIONS].set(PyTuple::from_vec(vm, items));
    drop(x.fields[SEQUENCE_REPR].replace(shown));
    Ok(e)
}

/// The class of a group of these members: a `BaseExceptionGroup` of nothing but `Exception`s is
/// made an `ExceptionGroup`, which must hold no others.
fn class_for(vm: &Vm, ty: TypeRef, items: &[Ref]) -> PyResult<TypeRef> {
    if items.is_empty() {
        return Err(vm.value_error("second argument (exceptions) must be a non-empty sequence"));
    }
    let plain = vm.builtin(shape::EXCEPTION);
    let mut only_plain = true;
    for (i, x) in items.iter().enumerate() {
        if exception(x.value()).is_none() {
            return Err(vm.value_error(format!("Item {i} of second argument (exceptions) is not an exception")));
        }
        only_plain &= vm.type_of(x.value()).is_subtype(plain);
    }
    let group = vm.builtin(shape::EXCEPTION_GROUP);
    if only_plain {
        return Ok(if ty.is(vm.builtin(shape::BASE_EXCEPTION_GROUP)) { group } else { ty });
    }
    if ty.is(group) {
        return Err(vm.type_error("Cannot nest BaseExceptions in an ExceptionGroup"));
    }
    if ty.is_subtype(plain) {
        return Err(vm.type_error(format!("Cannot nest BaseExceptions in '{}'", ty.name())));
    }
    Ok(ty)
}

pub(super) fn init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    no_keywords(vm, &vm.type_of(v).name(), args)?;
    exception_init(vm, v, args)
}

pub(super) fn str(vm: &Vm, v: Value) -> PyResult {
    let n = members(v).map_or(0, |t| t.cast::<PyTuple>().map_or(0, |t| t.len()));
    let s = if n > 1 { "s" } else { "" };
    let message = obj::str_text(vm, fields::get(vm, v, MESSAGE)?.value())?;
    Ok(vm.new_str(&format!("{message} ({n} sub-exception{s})")))
}

/// Shows the members as they are, in the kind of sequence that they came in.
pub(super) fn repr(vm: &Vm, v: Value) -> PyResult {
    let e = this(v);
    let exceptions = match (e.fields[SEQUENCE_REPR].get_ref(), members(v)) {
        (Some(shown), _) => obj::text(shown.value()),
        (None, Some(t)) => {
            let args = e.args.get().to_ref();
            let given = args.cast::<PyTuple>().and_then(|t| t.get(1));
            if given.is_some_and(|g| g.cast::<PyList>().is_some()) {
                let items = iter::to_vec(vm, t.value())?;
                obj::repr_text(vm, PyList::new(vm, items).value())?
            } else {
                obj::repr_text(vm, t.value())?
            }
        }
        (None, None) => "()".to_owned(),
    };
    let message = obj::repr_text(vm, fields::get(vm, v, MESSAGE)?.value())?;
    Ok(vm.new_str(&format!("{}({message}, {exceptions})", vm.type_of(v).name())))
}

/// The tuple of a group's members.
fn members(v: Value) -> Option<Ref> {
    this(v).fields[EXCEPTIONS].get_ref()
}

/// Makes the groups that a split leaves; classes override it.
fn derive(vm: &Vm, a: &[Value]) -> PyResult {
    let message = fields::get(vm, a[0], MESSAGE)?;
    call::call_args(vm, vm.builtin(shape::BASE_EXCEPTION_GROUP).value(), &[message.value(), a[1]])
}

/// What tells the members that are wanted.
enum Matcher<'a> {
    /// A class or a tuple of classes.
    Classes(Value),
    Predicate(Value),
    /// Addresses of single exceptions.
    Leaves(&'a HashSet<u64>),
}

impl Matcher<'_> {
    fn new(vm: &Vm, v: Value) -> PyResult<Matcher<'static>> {
        let is_class = Type::from_value(v).is_some();
        if call::is_callable(vm, v) && !is_class {
            return Ok(Matcher::Predicate(v));
        }
        let fits = match v.cast_exact::<PyTuple>() {
            Some(t) => t.iter().all(|c| is_exception_class(vm, c)),
            None => is_exception_class(vm, v),
        };
        if fits {
            return Ok(Matcher::Classes(v));
        }
        Err(vm.type_error(
            "expected an exception type, a tuple of exception types, or a callable (other than a class)",
        ))
    }

    fn matches(&self, vm: &Vm, e: Value) -> PyResult<bool> {
        match self {
            Matcher::Classes(classes) => Ok(matches(vm, e, *classes)),
            Matcher::Predicate(f) => truth::truth(vm, call::call_args(vm, *f, &[e])?.value()),
            Matcher::Leaves(wanted) => Ok(!is_group(vm, e) && wanted.contains(&obj::address(e))),
        }
    }

    /// The part of an exception (group) that matches, and, if asked for, the rest.
    fn split(&self, vm: &Vm, e: Value, with_rest: bool) -> PyResult<(Option<Ref>, Option<Ref>)> {
        if self.matches(vm, e)? {
            return Ok((Some(e.to_ref()), None));
        }
        if !is_group(vm, e) {
            return Ok((None, with_rest.then(|| e.to_ref())));
        }
        let (mut matching, mut rest) = (Vec::new(), Vec::new());
        let items = members(e);
        for i in items.iter().filter_map(|i| i.cast::<PyTuple>()).flat_map(|t| t.as_slice()) {
            check_native_stack(vm, " in exceptiongroup_split_recursive")?;
            let (m, r) = self.split(vm, *i, with_rest)?;
            matching.extend(m);
            rest.extend(r);
        }
        let matching = subset(vm, e, matching)?;
        let rest = if with_rest { subset(vm, e, rest)? } else { None };
        Ok((matching, rest))
    }
}

/// A group like `original` of some of its members; nothing if there are none.
fn subset(vm: &Vm, original: Value, parts: Vec<Ref>) -> PyResult<Option<Ref>> {
    if parts.is_empty() {
        return Ok(None);
    }
    let list = PyList::new(vm, parts);
    let made = call::call_method(vm, original, "derive", &[list.value()])?;
    if !is_group(vm, made.value()) {
        return Err(vm.type_error("derive must return an instance of BaseExceptionGroup"));
    }
    let (to, from) = (this(made.value()), this(original));
    if let Some(traceback) = from.traceback.get_ref() {
        to.traceback.set(traceback);
    }
    drop(to.context.replace(from.context.get_ref()));
    drop(to.cause.replace(from.cause.get_ref()));
    to.suppress_context.set(true);
    // The parts have lists of notes of their own.
    let name = vm.names().__notes__;
    if let Some(notes) = attr::get_opt(vm, original, name)?
        && iter::is_sequence(vm.type_of(notes.value()))
    {
        let copy = PyList::new(vm, iter::to_vec(vm, notes.value())?);
        attr::set(vm, made.value(), name, copy.value())?;
    }
    Ok(Some(made))
}

fn split(vm: &Vm, a: &[Value]) -> PyResult {
    let (matching, rest) = Matcher::new(vm, a[1])?.split(vm, a[0], true)?;
    let or_none = |x: Option<Ref>| x.unwrap_or_else(|| vm.none_ref());
    Ok(PyTuple::pair(or_none(matching), or_none(rest)))
}

fn subgroup(vm: &Vm, a: &[Value]) -> PyResult {
    let (matching, _) = Matcher::new(vm, a[1])?.split(vm, a[0], false)?;
    Ok(matching.unwrap_or_else(|| vm.none_ref()))
}

/// What is raised after the handlers of a `try ... except*`: of `original`, the parts that were
/// raised again (`raised` holds them and new exceptions; None for handled ones) keep their
/// nesting; new exceptions stand beside them. None when nothing is left.
pub fn prepare_reraise_star(vm: &Vm, original: Value, raised: Value) -> PyResult {
    let raised = iter::to_vec(vm, raised)?;
    if !is_group(vm, original) {
        // A naked exception was wrapped for matching: it comes out as it was, or what replaced it.
        return Ok(raised.into_iter().next().unwrap_or_else(|| vm.none_ref()));
    }
    let (again, mut fresh): (Vec<Ref>, Vec<Ref>) = raised
        .into_iter()
        .filter(|e| !e.is(vm.none()))
        .partition(|e| same_metadata(vm, e.value(), original));
    let mut wanted = HashSet::new();
    for e in &again {
        collect_leaves(vm, e.value(), &mut wanted)?;
    }
    let (kept, _) = Matcher::Leaves(&wanted).split(vm, original, false)?;
    if fresh.is_empty() {
        return Ok(kept.unwrap_or_else(|| vm.none_ref()));
    }
    fresh.extend(kept);
    if fresh.len() == 1 {
        return Ok(fresh.remove(0));
    }
    let list = PyList::new(vm, fresh);
    call::call_args(vm, vm.builtin(shape::BASE_EXCEPTION_GROUP).value(), &[vm.empty_str(), list.value()])
}

/// A part that was split off a group and raised again has the group's notes, traceback, cause
/// and context; an exception that was raised in a handler has not.
fn same_metadata(vm: &Vm, e: Value, original: Value) -> bool {
    let (Some(x), Some(o)) = (exception(e), exception(original)) else { return false };
    is_group(vm, e)
        && x.traceback.get().is(o.traceback.get())
        && x.context.get().is(o.context.get())
        && x.cause.get().is(o.cause.get())
}

fn collect_leaves(vm: &Vm, e: Value, out: &mut HashSet<u64>) -> PyResult<()> {
    check_native_stack(vm, " in collect_exception_group_leaf_ids")?;
    if !is_group(vm, e) {
        out.insert(obj::address(e));
        return Ok(());
    }
    let items = members(e);
    items
        .iter()
        .filter_map(|i| i.cast::<PyTuple>())
        .flat_map(|t| t.as_slice())
        .try_for_each(|i| collect_leaves(vm, *i, out))
}
