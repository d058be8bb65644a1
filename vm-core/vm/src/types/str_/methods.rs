//! `str`'s methods.

use super::PyStr;
use crate::error::PyResult;
use crate::protocol::object as obj;
use crate::types::type_::MethodDef;
use crate::value::Value;
use crate::vm::Vm;

fn join(vm: &Vm, a: &[Value]) -> PyResult {
    let items = crate::protocol::iter::to_vec(vm, a[1])?;
    let sep = super::expect(vm, a[0], "self")?;
    let mut out = Vec::new();
    for (i, v) in items.iter().enumerate() {
        let Some(s) = v.cast::<PyStr>() else {
            return Err(vm.type_error(format!(
                "sequence item {i}: expected str instance, {} found",
                vm.type_of(v.value()).full_name()
            )));
        };
        if i > 0 {
            out.extend_from_slice(sep.as_bytes());
        }
        out.extend_from_slice(s.as_bytes());
    }
    Ok(PyStr::from_wtf8(vm, &out))
}

fn format_spec(vm: &Vm, a: &[Value]) -> PyResult {
    crate::format::format_str(vm, a[0], a[1])
}

fn getnewargs(vm: &Vm, a: &[Value]) -> PyResult {
    let s = obj::str(vm, a[0])?;
    Ok(crate::types::tuple::PyTuple::from_vec(vm, vec![s]))
}

pub(super) static METHODS: &[MethodDef] = &[
    MethodDef::new("join", "($self, iterable, /)", join, "Concatenate any number of strings.\n\nThe string whose method is called is inserted in between each given string.\nThe result is returned as a new string.\n\nExample: '.'.join(['ab', 'pq', 'rs']) -> 'ab.pq.rs'"),
    MethodDef::new("__format__", "($self, format_spec, /)", format_spec, "Return a formatted version of the string as described by format_spec."),
    MethodDef::new("__getnewargs__", "($self, /)", getnewargs, ""),
];
