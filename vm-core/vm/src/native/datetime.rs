//! The module `_datetime`: what the library's `_pydatetime` defines, which is CPython's own
//! description of these types in Python.

use crate::error::PyResult;
use crate::native::{self, ModuleDef};
use crate::protocol::attr;
use crate::runtime;
use crate::types::capsule;
use crate::value::Value;
use crate::vm::Vm;

const NAMES: [&str; 9] =
    ["MAXYEAR", "MINYEAR", "UTC", "date", "datetime", "time", "timedelta", "timezone", "tzinfo"];

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    let source = runtime::import(vm, "_pydatetime")?;
    for name in NAMES {
        let v = attr::get_named(vm, source.value(), name)?;
        native::add(vm, m, name, v.value())?;
    }
    native::add(vm, m, "datetime_CAPI", capsule::new("datetime.datetime_CAPI").value())
}

pub static MODULE: ModuleDef = ModuleDef {
    name: "_datetime",
    doc: "Fast implementation of the datetime module.",
    functions: &[],
    init,
};
