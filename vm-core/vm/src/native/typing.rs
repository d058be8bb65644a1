//! The module `_typing`: type parameters and what `typing` builds on.

use crate::native::{self, ModuleDef};
use crate::shape;
use crate::types::type_::MethodDef;
use crate::types::typevar;

pub static MODULE: ModuleDef = ModuleDef {
    name: "_typing",
    doc: "Primitives and accelerators for the typing module.\n",
    functions: &[MethodDef::new("_idfunc", "($module, x, /)", |_, a| Ok(a[1].to_ref()), "")],
    init: |vm, m| {
        for (name, id) in [
            ("TypeVar", shape::TYPE_VAR),
            ("TypeVarTuple", shape::TYPE_VAR_TUPLE),
            ("ParamSpec", shape::PARAM_SPEC),
            ("ParamSpecArgs", shape::PARAM_SPEC_ARGS),
            ("ParamSpecKwargs", shape::PARAM_SPEC_KWARGS),
            ("TypeAliasType", shape::TYPE_ALIAS),
            ("Generic", shape::GENERIC),
            ("Union", shape::UNION),
        ] {
            native::add(vm, m, name, vm.builtin(id).value())?;
        }
        native::add(vm, m, "NoDefault", typevar::no_default(vm))
    },
};
