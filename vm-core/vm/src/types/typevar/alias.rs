//! Type aliases: `type X[T] = ...`.

use super::{bind, calling_module, evaluated, evaluator_of, no_default, param, unpacked_iterator, unpacked_parameters};
use crate::args::CallArgs;
use crate::error::PyResult;
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::protocol::number::BinaryOp;
use crate::protocol::object as obj;
use crate::shape;
use crate::types::function::PyFunction;
use crate::types::generic_alias;
use crate::types::iterators::payload;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A type alias.
#[repr(C)]
pub struct TypeAlias {
    header: Header,
    name: Ref,
    /// A tuple that is not empty, or NULL.
    type_params: OwnedCell,
    evaluate: OwnedCell,
    value: OwnedCell,
    module: OwnedCell,
}
payload!(TypeAlias, TYPE_ALIAS);

fn allocate(vm: &Vm, alias: TypeAlias) -> Ref {
    object::new_instance(vm.builtin(shape::TYPE_ALIAS), alias)
}

/// `type X = ...`: name, type parameters or None, the function that evaluates the value.
pub fn make_typealias(vm: &Vm, parts: Value) -> PyResult {
    let Some([name, params, evaluate]) = parts.cast::<PyTuple>().map(PyTuple::as_slice) else {
        return Err(vm.system_error("a type alias has three parts"));
    };
    let params = params.cast::<PyTuple>().filter(|t| !t.is_empty()).map(|t| t.as_value().to_ref());
    let alias = TypeAlias {
        header: object::header(),
        name: name.to_ref(),
        type_params: OwnedCell::from_option(params),
        evaluate: OwnedCell::new(evaluate.to_ref()),
        value: OwnedCell::null(),
        module: OwnedCell::null(),
    };
    Ok(allocate(vm, alias))
}

/// Refuses type parameters without default behind ones with a default.
fn check_params(vm: &Vm, params: &PyTuple) -> PyResult<()> {
    let mut default_seen = false;
    for p in params.iter() {
        if !param::default_of(vm, p)?.is(no_default(vm)) {
            default_seen = true;
        } else if default_seen {
            let shown = obj::repr_text(vm, p)?;
            return Err(vm.type_error(format!(
                "non-default type parameter '{shown}' follows default type parameter"
            )));
        }
    }
    Ok(())
}

fn new(vm: &Vm, _: TypeRef, args: CallArgs) -> PyResult {
    bind(vm, "typealias", "(name, value, *, type_params=<unrepresentable>)", args, |a| {
        let name = super::name_argument(vm, "typealias", a[0])?;
        let params = match a[2].non_null() {
            None => None,
            Some(v) => match v.cast::<PyTuple>() {
                Some(t) => {
                    check_params(vm, t)?;
                    (!t.is_empty()).then(|| v.to_ref())
                }
                None => return Err(vm.type_error("type_params must be a tuple")),
            },
        };
        let alias = TypeAlias {
            header: object::header(),
            name,
            type_params: OwnedCell::from_option(params),
            evaluate: OwnedCell::null(),
            value: OwnedCell::new(a[1].to_ref()),
            module: OwnedCell::new(calling_module(vm)),
        };
        Ok(allocate(vm, alias))
    })
}

fn module(vm: &Vm, v: Value) -> PyResult {
    let t = TypeAlias::of(v);
    if let Some(m) = t.module.get_ref() {
        return Ok(m);
    }
    let of_function = t.evaluate.get().non_null().and_then(|f| f.cast::<PyFunction>()?.module.get_ref());
    Ok(of_function.unwrap_or_else(|| vm.none_ref()))
}

fn parameters(vm: &Vm, v: Value) -> PyResult {
    match TypeAlias::of(v).type_params.get().cast::<PyTuple>() {
        Some(params) => unpacked_parameters(vm, params),
        None => Ok(vm.empty_tuple().to_ref()),
    }
}

fn subscript(vm: &Vm, v: Value, key: Value) -> PyResult {
    if TypeAlias::of(v).type_params.is_null() {
        return Err(vm.type_error("Only generic type aliases are subscriptable"));
    }
    Ok(generic_alias::new(vm, v, key))
}

fn name(_: &Vm, v: Value) -> PyResult {
    Ok(TypeAlias::of(v).name.clone())
}

pub static TYPE_ALIAS: TypeDef = TypeDef {
    doc: "Type alias.\n\nMade by the type statement:\n\n    type Alias = int\n\nThe value is evaluated when somebody asks for it.",
    flags: flags::HEAP | flags::PREFIX,
    new: New::Raw(new),
    slots: |s| {
        s.repr = Some(name);
        s.iter = Some(unpacked_iterator);
        s.get_item = Some(subscript);
        s.binary[BinaryOp::Or as usize] = Some(generic_alias::union_or);
        s.drop = Some(object::drop_payload::<TypeAlias>);
        s.traverse = crate::traverse_fields!(TypeAlias: name, type_params, evaluate, value, module);
    },
    methods: &[MethodDef::new("__reduce__", "($self, /)", |vm, a| name(vm, a[0]), "")],
    getset: &[
        GetSetDef::member("__name__", name, ""),
        GetSetDef::get("__parameters__", parameters, ""),
        GetSetDef::get(
            "__type_params__",
            |vm, v| Ok(TypeAlias::of(v).type_params.get_ref().unwrap_or_else(|| vm.empty_tuple().to_ref())),
            "",
        ),
        GetSetDef::get(
            "__value__",
            |vm, v| evaluated(vm, &TypeAlias::of(v).value, &TypeAlias::of(v).evaluate, vm.none()),
            "",
        ),
        GetSetDef::get(
            "evaluate_value",
            |vm, v| Ok(evaluator_of(vm, &TypeAlias::of(v).value, &TypeAlias::of(v).evaluate)),
            "",
        ),
        GetSetDef::get("__module__", module, ""),
    ],
    ..TypeDef::of::<TypeAlias>("typing.TypeAliasType")
};
