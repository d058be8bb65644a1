//! The module `atexit`: functions that run when the program ends.

use std::cell::RefCell;

use crate::error::PyResult;
use crate::native::ModuleDef;
use crate::protocol::{call, compare};
use crate::types::dict::PyDict;
use crate::types::tuple::PyTuple;
use crate::types::type_::MethodDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

thread_local! {
    /// Function, positional arguments, keywords; the latest last.
    static CALLBACKS: RefCell<Vec<[Ref; 3]>> = const { RefCell::new(Vec::new()) };
}

fn register(vm: &Vm, a: &[Value]) -> PyResult {
    let args = a[0].cast::<PyTuple>().map_or(&[][..], |t| t.as_slice());
    let Some((function, rest)) = args.split_first() else {
        return Err(vm.type_error("register() takes at least 1 argument (0 given)"));
    };
    if !call::is_callable(vm, *function) {
        return Err(vm.type_error("the first argument must be callable"));
    }
    let entry = [function.to_ref(), PyTuple::from_slice(vm, rest), a[1].to_ref()];
    CALLBACKS.with_borrow_mut(|c| c.push(entry));
    Ok(function.to_ref())
}

/// Calls the registered functions, the latest first.
pub fn run(vm: &Vm) {
    while let Some([function, args, keywords]) = CALLBACKS.with_borrow_mut(|c| c.pop()) {
        let args: Vec<Value> = args.cast::<PyTuple>().map(|t| t.iter().collect()).unwrap_or_default();
        let keywords = keywords.cast::<PyDict>().filter(|d| !d.is_empty());
        if let Err(e) = call::call_dict(vm, function.value(), &args, keywords) {
            let what = crate::protocol::object::repr_text(vm, function.value()).unwrap_or_default();
            let message = format!("Exception ignored in atexit callback {what}");
            crate::native::sys::hooks::unraisable(vm, &e, Some(&message), Value::NULL);
        }
    }
}

fn run_exitfuncs(vm: &Vm, _: &[Value]) -> PyResult {
    run(vm);
    Ok(vm.none_ref())
}

fn clear(vm: &Vm, _: &[Value]) -> PyResult {
    drop(CALLBACKS.take());
    Ok(vm.none_ref())
}

fn unregister(vm: &Vm, a: &[Value]) -> PyResult {
    let all = CALLBACKS.with_borrow(|c| c.iter().map(|e| e[0].clone()).collect::<Vec<_>>());
    let mut gone = Vec::new();
    for f in all {
        if compare::eq(vm, f.value(), a[0])? {
            gone.push(f);
        }
    }
    let removed: Vec<_> = CALLBACKS.with_borrow_mut(|c| {
        c.extract_if(.., |e| gone.iter().any(|g| g.is(e[0].value()))).collect()
    });
    drop(removed);
    Ok(vm.none_ref())
}

fn count(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(vm.new_int(CALLBACKS.with_borrow(|c| c.len()) as i64))
}

pub(super) static MODULE: ModuleDef = ModuleDef::new(
    "atexit",
    "allow programmer to define multiple exit functions to be executed\nupon normal program termination.\n\n\
     Two public functions, register and unregister, are defined.",
    &[
        MethodDef::new("register", "(*args, **kwargs)", register, "Register a function to be executed upon normal program termination."),
        MethodDef::new("_clear", "()", clear, "Clear the list of previously registered exit functions."),
        MethodDef::new("unregister", "(func, /)", unregister, "Unregister an exit function which was previously registered using atexit.register."),
        MethodDef::new("_run_exitfuncs", "()", run_exitfuncs, "Run all registered exit functions."),
        MethodDef::new("_ncallbacks", "()", count, "Return the number of registered exit functions."),
    ],
);
