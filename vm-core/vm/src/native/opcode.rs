//! The module `_opcode`: the opcode table, for `opcode` and `dis`.

use tailscope_bytecode::opcode::Opcode;
use tailscope_bytecode::oparg;

use crate::code::PyCode;
use crate::convert;
use crate::error::PyResult;
use crate::native::{self, ModuleDef};
use crate::types::list::PyList;
use crate::types::tuple::PyTuple;
use crate::types::type_::MethodDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

fn opcode_of(vm: &Vm, v: Value) -> PyResult<Option<Opcode>> {
    let number = convert::c_int(vm, v)?;
    Ok(u16::try_from(number).ok().and_then(Opcode::from_number))
}

fn stack_effect(vm: &Vm, a: &[Value]) -> PyResult {
    let op = opcode_of(vm, a[1])?;
    let oparg = match a[2].non_null().filter(|v| !v.is(vm.none())) {
        Some(v) => convert::c_long(vm, v)? as i32,
        None => 0,
    };
    let jump = match a[3].non_null() {
        None => None,
        Some(v) if v.is(vm.none()) => None,
        Some(v) if v.is(vm.true_()) => Some(true),
        Some(v) if v.is(vm.false_()) => Some(false),
        Some(_) => return Err(vm.value_error("stack_effect: jump must be False, True or None")),
    };
    let op = op.filter(|op| !op.is_specialized());
    match op.zip(u32::try_from(oparg).ok()) {
        Some((op, oparg)) => Ok(vm.new_int(op.stack_effect(oparg, jump).into())),
        None => Err(vm.value_error("invalid opcode or oparg")),
    }
}

/// A function that asks an opcode for a property.
macro_rules! properties {
    ($($name:ident, $ask:expr, $doc:literal;)*) => {
        [$(MethodDef::new(
            stringify!($name),
            "($module, /, opcode)",
            |vm, a| {
                let ask: fn(Opcode) -> bool = $ask;
                Ok(vm.bool_ref(opcode_of(vm, a[1])?.is_some_and(ask)))
            },
            $doc,
        )),*]
    };
}

fn strings<'a>(vm: &Vm, all: impl Iterator<Item = &'a str>) -> Ref {
    PyList::new(vm, all.map(|s| vm.new_str(s)).collect())
}

fn get_nb_ops(vm: &Vm, _: &[Value]) -> PyResult {
    let pairs = oparg::BINARY_OPS.iter().map(|op| PyTuple::pair(vm.new_str(op.name()), vm.new_str(op.text())));
    Ok(PyList::new(vm, pairs.collect()))
}

/// There are no executors: no traces are compiled.
fn get_executor(vm: &Vm, a: &[Value]) -> PyResult {
    convert::c_int(vm, a[2])?;
    if a[1].cast::<PyCode>().is_none() {
        return Err(vm.type_error(format!("expected a code object, not '{}'", vm.type_of(a[1]).full_name())));
    }
    Err(vm.value_error("no executor at given byte offset"))
}

static PROPERTIES: [MethodDef; 8] = properties! {
    is_valid, |_| true, "Whether there is such an opcode.";
    has_arg, Opcode::has_arg, "Whether the opcode uses its argument.";
    has_const, Opcode::has_const, "Whether the opcode accesses a constant.";
    has_name, Opcode::has_name, "Whether the opcode accesses an attribute by name.";
    has_jump, Opcode::has_jump, "Whether the opcode has a jump target.";
    has_free, Opcode::has_free, "Whether the opcode accesses a free variable.";
    has_local, Opcode::has_local, "Whether the opcode accesses a local variable.";
    has_exc, Opcode::has_exc, "Whether the opcode sets an exception handler.";
};

static FUNCTIONS: &[MethodDef] = &[
    MethodDef::new("stack_effect", "($module, opcode, oparg=None, /, *, jump=None)", stack_effect, "How the opcode changes the depth of the stack."),
    MethodDef::new("get_specialization_stats", "($module, /)", |vm, _| Ok(vm.none_ref()), "None: there are no statistics."),
    MethodDef::new("get_nb_ops", "($module, /)", get_nb_ops, "The names and symbols of binary operators, by the argument of BINARY_OP."),
    MethodDef::new("get_intrinsic1_descs", "($module, /)", |vm, _| Ok(strings(vm, oparg::INTRINSICS_1.iter().map(|i| i.name()))), "The names of the unary intrinsics."),
    MethodDef::new("get_intrinsic2_descs", "($module, /)", |vm, _| Ok(strings(vm, oparg::INTRINSICS_2.iter().map(|i| i.name()))), "The names of the binary intrinsics."),
    MethodDef::new("get_special_method_names", "($module, /)", |vm, _| Ok(strings(vm, oparg::SPECIAL_METHODS.iter().map(|m| m.text()))), "The names of special methods, by the argument of LOAD_SPECIAL."),
    MethodDef::new("get_executor", "($module, /, code, offset)", get_executor, "The executor at an offset of a code object."),
];

pub static MODULE: ModuleDef = ModuleDef {
    name: "_opcode",
    doc: "Opcode support module.",
    functions: FUNCTIONS,
    init: |vm, m| {
        native::add_functions(vm, m, "_opcode", &PROPERTIES);
        native::add(vm, m, "ENABLE_SPECIALIZATION", Value::small_int(1))?;
        native::add(vm, m, "ENABLE_SPECIALIZATION_FT", Value::small_int(1))
    },
};

