//! Type variables of generic aliases and unions, and putting types in their place.

use crate::error::PyResult;
use crate::protocol::{attr, call, item, object as protocol_object, truth};
use crate::types::generic_alias::unpacked_args;
use crate::types::list::{self, PyList};
use crate::types::tuple::{self, PyTuple};
use crate::types::type_::Type;
use crate::types::type_object::display_name;
use crate::value::{Ref, Value};
use crate::vm::Vm;

fn is_type(v: Value) -> bool {
    Type::from_value(v).is_some()
}

fn push_new(found: &mut Vec<Ref>, v: Value) {
    if !found.iter().any(|f| f.is(v)) {
        found.push(v.to_ref());
    }
}

/// The type variables in a tuple or list of arguments, each once, in order: a tuple.
pub fn make_parameters(vm: &Vm, args: Value) -> PyResult {
    crate::interp::enter::check_native_stack(vm, "")?;
    let args = tuple::from_iterable(vm, args)?;
    let mut found = Vec::new();
    for arg in args.cast::<PyTuple>().into_iter().flat_map(|t| t.iter()) {
        // The descriptor `__parameters__` of a plain class means nothing.
        if is_type(arg) {
            continue;
        }
        if attr::get_opt(vm, arg, vm.names().__typing_subst__)?.is_some() {
            push_new(&mut found, arg);
            continue;
        }
        let mut inner = attr::get_opt(vm, arg, vm.names().__parameters__)?;
        if inner.is_none() && (arg.cast::<PyTuple>().is_some() || arg.cast::<PyList>().is_some()) {
            inner = Some(make_parameters(vm, arg)?);
        }
        if let Some(t) = inner.as_ref().and_then(|i| i.cast::<PyTuple>()) {
            t.iter().for_each(|v| push_new(&mut found, v));
        }
    }
    Ok(PyTuple::from_vec(vm, found))
}

/// The arguments of a subscription, with unpacked tuples (`*tuple[int, str]`) laid out flat.
fn unpack_items(vm: &Vm, key: Value) -> PyResult {
    let items: Vec<Value> = match key.cast::<PyTuple>() {
        Some(t) => t.iter().collect(),
        None => vec![key],
    };
    let mut flat = Vec::new();
    for v in items {
        match if is_type(v) { None } else { unpacked_items(vm, v)? } {
            Some(inner) => flat.extend(inner.cast::<PyTuple>().into_iter().flat_map(|t| t.iter()).map(|x| x.to_ref())),
            None => flat.push(v.to_ref()),
        }
    }
    Ok(PyTuple::from_vec(vm, flat))
}

/// The tuple of types that an unpacked tuple type stands for, unless its length is open.
fn unpacked_items(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let args = match unpacked_args(vm, v) {
        Some(args) => args,
        None => match attr::get_opt(vm, v, vm.intern("__typing_unpacked_tuple_args__"))? {
            Some(args) if !args.is(vm.none()) => args,
            _ => return Ok(None),
        },
    };
    let closed = args
        .cast::<PyTuple>()
        .is_some_and(|t| !t.as_slice().last().is_some_and(|last| last.is(vm.ellipsis())));
    Ok(closed.then_some(args))
}

/// Replaces the type variables `parameters` in `args` by what `key` gives for them: the new
/// arguments, a tuple. `this` is the alias or union, for messages.
pub fn substitute(vm: &Vm, this: Value, args: Value, parameters: Value, key: Value) -> PyResult {
    let params = parameters.cast::<PyTuple>().map_or(&[][..], |t| t.as_slice());
    if params.is_empty() {
        return Err(vm.type_error(format!("{} is not a generic class", protocol_object::repr_text(vm, this)?)));
    }
    let mut items = unpack_items(vm, key)?;
    for &p in params {
        let prepare = attr::get_opt(vm, p, vm.intern("__typing_prepare_subst__"))?;
        if let Some(prepare) = prepare.filter(|p| !p.is(vm.none())) {
            let given = match items.cast::<PyTuple>() {
                Some(_) => items,
                None => PyTuple::from_vec(vm, vec![items]),
            };
            items = call::call_args(vm, prepare.value(), &[this, given.value()])?;
        }
    }
    let items = match items.cast::<PyTuple>() {
        Some(_) => items,
        None => PyTuple::from_vec(vm, vec![items]),
    };
    let given = items.cast::<PyTuple>().map_or(&[][..], |t| t.as_slice());
    if given.len() != params.len() {
        return Err(vm.type_error(format!(
            "Too {} arguments for {}; actual {}, expected {}",
            if given.len() > params.len() { "many" } else { "few" },
            protocol_object::repr_text(vm, this)?,
            given.len(),
            params.len()
        )));
    }
    replace_all(vm, this, args, parameters, items.value())
}

fn replace_all(vm: &Vm, this: Value, args: Value, parameters: Value, items: Value) -> PyResult {
    let args = tuple::from_iterable(vm, args)?;
    let mut new = Vec::new();
    for arg in args.cast::<PyTuple>().into_iter().flat_map(|t| t.iter()) {
        if is_type(arg) {
            new.push(arg.to_ref());
        } else if arg.cast::<PyTuple>().is_some() {
            new.push(substitute(vm, this, arg, parameters, items)?);
        } else if arg.cast::<PyList>().is_some() {
            let inner = substitute(vm, this, arg, parameters, items)?;
            new.push(list::from_iterable(vm, inner.value())?);
        } else {
            replace_one(vm, arg, parameters, items, &mut new)?;
        }
    }
    Ok(PyTuple::from_vec(vm, new))
}

fn replace_one(vm: &Vm, arg: Value, parameters: Value, items: Value, new: &mut Vec<Ref>) -> PyResult<()> {
    let unpack = match attr::get_opt(vm, arg, vm.intern("__typing_is_unpacked_typevartuple__"))? {
        Some(flag) => truth::truth(vm, flag.value())?,
        None => false,
    };
    let params = parameters.cast::<PyTuple>().map_or(&[][..], |t| t.as_slice());
    let given = items.cast::<PyTuple>().map_or(&[][..], |t| t.as_slice());
    let made = match attr::get_opt(vm, arg, vm.names().__typing_subst__)? {
        Some(subst) => match params.iter().position(|p| p.is(arg)) {
            Some(i) => call::call_args(vm, subst.value(), &[given[i]])?,
            None => {
                let shown = protocol_object::repr_text(vm, arg)?;
                let text = format!("argument {shown} with __typing_subst__ was not found in __parameters__");
                return Err(vm.type_error(text));
            }
        },
        None => replace_inside(vm, arg, params, given)?,
    };
    if !unpack {
        new.push(made);
        return Ok(());
    }
    match made.cast::<PyTuple>() {
        Some(t) => {
            new.extend(t.iter().map(|v| v.to_ref()));
            Ok(())
        }
        None => Err(vm.type_error(format!(
            "expected __typing_subst__ of {} objects to return a tuple, not {}",
            display_name(vm, vm.type_of(arg)),
            display_name(vm, vm.type_of(made.value()))
        ))),
    }
}

/// `arg[...]` with its own type variables replaced, if it has any.
fn replace_inside(vm: &Vm, arg: Value, params: &[Value], given: &[Value]) -> PyResult {
    let inner = attr::get_opt(vm, arg, vm.names().__parameters__)?;
    let inner = match inner.as_ref().and_then(|i| i.cast::<PyTuple>()) {
        Some(t) if !t.is_empty() => t,
        _ => return Ok(arg.to_ref()),
    };
    let mut sub = Vec::new();
    for v in inner.iter() {
        match params.iter().position(|p| p.is(v)) {
            Some(i) => match given[i].cast::<PyTuple>() {
                // A TypeVarTuple (the one kind of variable that can be iterated) takes several.
                Some(t) if vm.type_of(params[i]).slots().iter.is_some() => {
                    sub.extend(t.iter().map(|x| x.to_ref()));
                }
                _ => sub.push(given[i].to_ref()),
            },
            None => sub.push(v.to_ref()),
        }
    }
    let key = PyTuple::from_vec(vm, sub);
    item::get(vm, arg, key.value())
}
