//! The module `sys`.

use crate::error::PyResult;
use crate::native::{ModuleDef, add, make_module};
use crate::protocol::number;
use crate::types::list::PyList;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::MethodDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Makes `sys` from the settings of the run.
pub(crate) fn make(vm: &Vm) -> PyResult {
    make_module(vm, &MODULE)
}

fn strings(vm: &Vm, items: &[String]) -> Ref {
    PyList::new(vm, items.iter().map(|s| vm.new_str(s)).collect())
}

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    let config = &vm.runtime.config;
    let argv = strings(vm, &config.argv);
    let path = strings(vm, &config.path);
    add(vm, m, "argv", argv.value())?;
    add(vm, m, "path", path.value())?;
    add(vm, m, "modules", vm.runtime.modules.get())?;
    add(vm, m, "meta_path", PyList::new(vm, Vec::new()).value())?;
    add(vm, m, "path_hooks", PyList::new(vm, Vec::new()).value())?;
    for (name, text) in [
        ("executable", config.executable.as_str()),
        ("version", "3.14.0 (tailscope)"),
        ("platform", "linux"),
        ("byteorder", "little"),
        ("copyright", "Copyright (c) the tailscope contributors.\n\nThe library is Copyright (c) Python Software Foundation."),
    ] {
        add(vm, m, name, vm.new_str(text).value())?;
    }
    add(vm, m, "maxsize", vm.new_int(i64::MAX).value())?;
    add(vm, m, "maxunicode", Value::small_int(0x10ffff))?;
    add(vm, m, "hexversion", Value::small_int(0x030e00f0))?;
    Ok(())
}

fn intern(vm: &Vm, a: &[Value]) -> PyResult {
    match a[0].cast_exact::<PyStr>() {
        Some(s) => Ok(vm.intern_value(s).to_ref()),
        None => Err(vm.type_error(format!("can't intern {}", vm.type_of(a[0]).full_name()))),
    }
}

fn exit(vm: &Vm, a: &[Value]) -> PyResult {
    let args: Vec<Value> = a[0].non_null().into_iter().collect();
    Err(vm.error_args(crate::shape::SYSTEM_EXIT, &args))
}

fn getrecursionlimit(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(vm.new_int(vm.interp.recursion_limit.get() as i64))
}

fn setrecursionlimit(vm: &Vm, a: &[Value]) -> PyResult {
    let n = number::index_clipped(vm, a[0])?;
    if n < 1 {
        return Err(vm.value_error("recursion limit must be greater or equal than 1"));
    }
    vm.interp.set_recursion_limit(n.min(i32::MAX as i64) as i32);
    Ok(vm.none_ref())
}

fn getrefcount(vm: &Vm, a: &[Value]) -> PyResult {
    if !a[0].is_object() {
        return Ok(vm.new_int(u32::MAX as i64));
    }
    // SAFETY: a live object.
    Ok(vm.new_int(unsafe { (*a[0].pointer()).refs } as i64 + 1))
}

fn exc_info(vm: &Vm, _: &[Value]) -> PyResult {
    match vm.interp.handled_exception() {
        Some(e) => {
            let tb = crate::protocol::attr::get_named(vm, e, "__traceback__")?;
            Ok(PyTuple::from_vec(vm, vec![vm.type_of(e).to_ref(), e.to_ref(), tb]))
        }
        None => Ok(PyTuple::from_vec(vm, vec![vm.none_ref(), vm.none_ref(), vm.none_ref()])),
    }
}

fn exception(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(vm.interp.handled_exception().unwrap_or(vm.none()).to_ref())
}

static MODULE: ModuleDef = ModuleDef {
    name: "sys",
    doc: "This module provides access to some objects used or maintained by the\ninterpreter and to functions that interact strongly with the interpreter.",
    functions: &[
        MethodDef::new("exit", "(status=None, /)", exit, "Exit the interpreter by raising SystemExit(status)."),
        MethodDef::new("intern", "(string, /)", intern, "``Intern'' the given string."),
        MethodDef::new("getrecursionlimit", "()", getrecursionlimit, "Return the current value of the recursion limit."),
        MethodDef::new("setrecursionlimit", "(limit, /)", setrecursionlimit, "Set the maximum depth of the Python interpreter stack to n."),
        MethodDef::new("getrefcount", "(object, /)", getrefcount, "Return the reference count of object."),
        MethodDef::new("exc_info", "()", exc_info, "Return current exception information: (type, value, traceback)."),
        MethodDef::new("exception", "()", exception, "Return the current exception."),
    ],
    init,
};
