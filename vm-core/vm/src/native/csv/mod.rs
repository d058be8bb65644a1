//! The module `_csv`: reading and writing of comma-separated values.

use std::cell::Cell;

use crate::error::{PyResult, Raised};
use crate::native::{self, ModuleDef};
use crate::owned_cell::OwnedCell;
use crate::protocol::item;
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::exceptions::hierarchy;
use crate::types::int;
use crate::types::list::PyList;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

mod dialect;
mod reader;
mod writer;

pub use dialect::DIALECT;
pub use reader::READER;
pub use writer::WRITER;

pub static ERROR: TypeDef = hierarchy::simple("_csv.Error", "");

/// Longest field that a reader accepts at first.
const FIELD_LIMIT: isize = 128 * 1024;

/// What the module knows: registered dialects, the longest field.
pub struct State {
    dialects: OwnedCell,
    field_limit: Cell<isize>,
}

impl Default for State {
    fn default() -> State {
        State { dialects: OwnedCell::null(), field_limit: Cell::new(FIELD_LIMIT) }
    }
}

#[cold]
fn error(vm: &Vm, text: impl AsRef<str>) -> Raised {
    vm.error(shape::CSV_ERROR, text)
}

/// The dictionary of registered dialects.
fn dialects(vm: &Vm) -> Ref {
    let cell = &vm.runtime.csv.dialects;
    cell.get_ref().unwrap_or_else(|| {
        let d = PyDict::new(vm);
        cell.set(d.clone());
        d
    })
}

/// The dialect registered under a name.
fn registered(vm: &Vm, name: Value) -> PyResult {
    let all = dialects(vm);
    let found = all.cast::<PyDict>().map(|d| d.get(vm, name)).transpose()?.flatten();
    found.ok_or_else(|| error(vm, "unknown dialect"))
}

/// The one or two positional arguments of a function, and the dialect that the second and the
/// keywords describe.
fn arguments(vm: &Vm, name: &str, a: &[Value]) -> PyResult<(Value, Option<Value>)> {
    let args = a[1].cast::<PyTuple>().map(PyTuple::as_slice).unwrap_or_default();
    match args {
        [first] => Ok((*first, None)),
        [first, dialect] => Ok((*first, Some(*dialect))),
        [] => Err(vm.type_error(format!("{name} expected at least 1 argument, got 0"))),
        many => Err(vm.type_error(format!("{name} expected at most 2 arguments, got {}", many.len()))),
    }
}

fn register_dialect(vm: &Vm, a: &[Value]) -> PyResult {
    let (name, base) = arguments(vm, "register_dialect", a)?;
    if name.cast::<PyStr>().is_none() {
        return Err(vm.type_error("dialect name must be a string"));
    }
    let made = dialect::from_parts(vm, base, a[2])?;
    if let Some(d) = dialects(vm).cast::<PyDict>() {
        d.set(vm, name, made.value())?;
    }
    Ok(vm.none_ref())
}

fn unregister_dialect(vm: &Vm, a: &[Value]) -> PyResult {
    let removed = dialects(vm).cast::<PyDict>().map(|d| d.delete(vm, a[1])).transpose()?;
    if removed == Some(true) { Ok(vm.none_ref()) } else { Err(error(vm, "unknown dialect")) }
}

fn list_dialects(vm: &Vm, _: &[Value]) -> PyResult {
    let all = dialects(vm);
    Ok(PyList::new(vm, all.cast::<PyDict>().map(PyDict::keys_vec).unwrap_or_default()))
}

fn field_size_limit(vm: &Vm, a: &[Value]) -> PyResult {
    let limit = &vm.runtime.csv.field_limit;
    let old = limit.get();
    if let Some(new) = a[1].non_null() {
        let exact = vm.type_of(new).is(vm.builtin(shape::INT));
        if int::value_of(new).is_none() || !exact {
            return Err(vm.type_error("limit must be an integer"));
        }
        limit.set(item::ssize_arg(vm, new)?);
    }
    Ok(vm.new_int(old as i64))
}

/// How the functions take a dialect; they count the positional arguments themselves.
const DIALECT_SIG: &str = "($module, /, *args, **fmtparams)";

pub static MODULE: ModuleDef = ModuleDef {
    name: "_csv",
    doc: "CSV parsing and writing.\n",
    functions: &[
        MethodDef::new("reader", DIALECT_SIG, reader::new, "reader(iterable, [, dialect='excel'] [optional keyword args])\n\nAn iterator over the rows in an iterable of lines."),
        MethodDef::new("writer", DIALECT_SIG, writer::new, "writer(fileobj [, dialect='excel'] [optional keyword args])\n\nAn object that writes rows to a file."),
        MethodDef::new("register_dialect", DIALECT_SIG, register_dialect, "register_dialect(name, dialect='excel', **fmtparams)\n\nGives a dialect a name."),
        MethodDef::new("list_dialects", "($module, /)", list_dialects, "A list of the names of all dialects."),
        MethodDef::new("unregister_dialect", "($module, /, name)", unregister_dialect, "Forgets the dialect of this name."),
        MethodDef::new("get_dialect", "($module, /, name)", |vm, a| registered(vm, a[1]), "The dialect of this name."),
        MethodDef::new("field_size_limit", "($module, /, new_limit=<unrepresentable>)", field_size_limit, "The length of the longest field that is accepted; with an argument sets it and returns the old one."),
    ],
    init: |vm, m| {
        native::add(vm, m, "Dialect", vm.builtin(shape::CSV_DIALECT).value())?;
        native::add(vm, m, "Reader", vm.builtin(shape::CSV_READER).value())?;
        native::add(vm, m, "Writer", vm.builtin(shape::CSV_WRITER).value())?;
        native::add(vm, m, "Error", vm.builtin(shape::CSV_ERROR).value())?;
        native::add(vm, m, "_dialects", dialects(vm).value())?;
        for (name, quoting) in dialect::QUOTING {
            native::add(vm, m, name, Value::small_int((*quoting).into()))?;
        }
        Ok(())
    },
};
