//! The registry of codecs and error handlers: what `codecs.register` and `codecs.lookup` use.

use std::cell::RefCell;

use super::{handlers, normalize_name};
use crate::error::PyResult;
use crate::owned_cell::OwnedCell;
use crate::protocol::{attr, call, truth};
use crate::types::dict::PyDict;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// What is registered.
#[derive(Default)]
pub struct Registry {
    search: RefCell<Vec<Ref>>,
    /// Codecs by normalized name: a dict, made when it is first needed.
    cache: OwnedCell,
    /// Error handlers by name: a dict.
    errors: OwnedCell,
}


fn dict_in<'a>(vm: &Vm, cell: &'a OwnedCell, fill: impl FnOnce(&PyDict)) -> &'a PyDict {
    if cell.get().is_null() {
        let d = PyDict::new(vm);
        if let Some(d) = d.cast::<PyDict>() {
            fill(d);
        }
        cell.set(d);
    }
    match cell.get().cast::<PyDict>() {
        Some(d) => d,
        None => unreachable!("the cell was given a dict"),
    }
}

impl Registry {
    fn cache(&self, vm: &Vm) -> &PyDict {
        dict_in(vm, &self.cache, |_| ())
    }

    fn errors(&self, vm: &Vm) -> &PyDict {
        dict_in(vm, &self.errors, |d| {
            for (name, def) in handlers::HANDLERS {
                d.set_text(vm, name, handlers::object(vm, def).value());
            }
        })
    }
}

/// `codecs.register(search_function)`.
pub fn register(vm: &Vm, search: Value) -> PyResult<()> {
    load_encodings(vm)?;
    if !call::is_callable(vm, search) {
        return Err(vm.type_error("argument must be callable"));
    }
    vm.codecs.search.borrow_mut().push(search.to_ref());
    Ok(())
}

/// `codecs.unregister(search_function)`: also forgets the codecs that were found.
pub fn unregister(vm: &Vm, search: Value) {
    let at = vm.codecs.search.borrow().iter().position(|f| f.is(search));
    if let Some(at) = at {
        vm.codecs.cache(vm).clear();
        let gone = vm.codecs.search.borrow_mut().remove(at);
        drop(gone);
    }
}

/// The package `encodings` registers the function that finds the library's codecs.
fn load_encodings(vm: &Vm) -> PyResult<()> {
    let modules = crate::runtime::modules(vm);
    if modules.get_text(vm, "encodings").is_none() {
        crate::runtime::import(vm, "encodings")?;
    }
    Ok(())
}

/// `codecs.lookup(encoding)`: a tuple of encoder, decoder, stream reader and stream writer.
pub fn lookup(vm: &Vm, encoding: &str) -> PyResult {
    load_encodings(vm)?;
    let name = vm.new_str(&normalize_name(encoding));
    if let Some(found) = vm.codecs.cache(vm).get(vm, name.value())? {
        return Ok(found);
    }
    let count = vm.codecs.search.borrow().len();
    if count == 0 {
        return Err(vm.lookup_error("no codec search functions registered: can't find encoding"));
    }
    for i in 0..count {
        let Some(search) = vm.codecs.search.borrow().get(i).cloned() else { break };
        let r = call::call_args(vm, search.value(), &[name.value()])?;
        if r.is(vm.none()) {
            continue;
        }
        if r.cast::<PyTuple>().is_none_or(|t| t.len() != 4) {
            return Err(vm.type_error("codec search functions must return 4-tuples"));
        }
        vm.codecs.cache(vm).set(vm, name.value(), r.value())?;
        return Ok(r);
    }
    Err(vm.lookup_error(format!("unknown encoding: {encoding}")))
}

/// Like [`lookup`], for a codec between str and bytes; `instead` is what others are for.
pub fn lookup_text(vm: &Vm, encoding: &str, instead: &str) -> PyResult {
    let codec = lookup(vm, encoding)?;
    if vm.type_of(codec.value()).is(vm.builtin(crate::shape::TUPLE)) {
        return Ok(codec);
    }
    if let Some(flag) = attr::get_opt(vm, codec.value(), vm.names()._is_text_encoding)?
        && !truth::truth(vm, flag.value())?
    {
        return Err(vm.lookup_error(format!(
            "'{encoding}' is not a text encoding; use {instead} to handle arbitrary codecs"
        )));
    }
    Ok(codec)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    Encode,
    Decode,
}

/// Calls an encoder or decoder and takes the first of the two values that it returns.
pub fn run(vm: &Vm, coder: Value, object: Value, errors: &str, encoding: &str, direction: Direction) -> PyResult {
    let errors = vm.new_str(errors);
    run_with(vm, coder, &[object, errors.value()], encoding, direction)
}

/// Like [`run`] with the arguments as given.
pub fn run_with(vm: &Vm, coder: Value, args: &[Value], encoding: &str, direction: Direction) -> PyResult {
    let (doing, message) = match direction {
        Direction::Encode => ("encoding", "encoder must return a tuple (object, integer)"),
        Direction::Decode => ("decoding", "decoder must return a tuple (object,integer)"),
    };
    let r = match call::call_args(vm, coder, args) {
        Ok(r) => r,
        Err(e) => {
            let note = format!("{doing} with '{encoding}' codec failed");
            crate::types::exceptions::add_note(vm, &e, &note)?;
            return Err(e);
        }
    };
    match r.cast::<PyTuple>().filter(|t| t.len() == 2).and_then(|t| t.get(0)) {
        Some(v) => Ok(v.to_ref()),
        None => Err(vm.type_error(message)),
    }
}

/// `codecs.register_error(name, handler)`.
pub fn register_error(vm: &Vm, name: &str, handler: Value) -> PyResult<()> {
    if !call::is_callable(vm, handler) {
        return Err(vm.type_error("handler must be callable"));
    }
    vm.codecs.errors(vm).set(vm, vm.new_str(name).value(), handler)
}

/// Forgets an error handler; whether there was one.
pub fn unregister_error(vm: &Vm, name: &str) -> PyResult<bool> {
    if handlers::HANDLERS.iter().any(|(n, _)| *n == name) {
        return Err(vm.value_error(format!("cannot un-register built-in error handler '{name}'")));
    }
    vm.codecs.errors(vm).delete(vm, vm.new_str(name).value())
}

/// `codecs.lookup_error(name)`.
pub fn lookup_error(vm: &Vm, name: &str) -> PyResult {
    match vm.codecs.errors(vm).get(vm, vm.new_str(name).value())? {
        Some(h) => Ok(h),
        None => Err(vm.lookup_error(format!("unknown error handler name '{name}'"))),
    }
}
