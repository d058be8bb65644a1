//! The module `_suggestions`: the candidate that is closest to a mistyped name.

use crate::convert;
use crate::error::PyResult;
use crate::native::ModuleDef;
use crate::suggest;
use crate::types::list::PyList;
use crate::types::str_::PyStr;
use crate::types::type_::MethodDef;
use crate::value::Value;
use crate::vm::Vm;

fn generate(vm: &Vm, a: &[Value]) -> PyResult {
    let item = convert::str_arg(vm, "_generate_suggestions", "argument 2", a[2])?;
    let Some(list) = a[1].cast::<PyList>().filter(|_| a[1].has_shape(crate::shape::LIST)) else {
        return Err(vm.type_error("candidates must be a list"));
    };
    let mut names = Vec::with_capacity(list.len());
    for v in list.as_slice() {
        match v.cast::<PyStr>() {
            Some(s) => names.push(s.to_string_lossy()),
            None => return Err(vm.type_error("all elements in 'candidates' must be strings")),
        }
    }
    let best = suggest::closest(&item.to_string_lossy(), names.iter().map(String::as_str));
    Ok(best.map_or_else(|| vm.none_ref(), |s| vm.new_str(s)))
}

pub static MODULE: ModuleDef = ModuleDef::new(
    "_suggestions",
    "",
    &[MethodDef::new(
        "_generate_suggestions",
        "($module, candidates, item, /)",
        generate,
        "The candidate that is closest to the item, or None if none is close.",
    )],
);
