//! The module `_types`: names of built-in types that are no builtins.

use crate::error::PyResult;
use crate::native::{self, ModuleDef};
use crate::shape;
use crate::value::Value;
use crate::vm::Vm;

pub static MODULE: ModuleDef =
    ModuleDef { name: "_types", doc: "Define names for built-in types.", functions: &[], init };

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    for (name, id) in [
        ("AsyncGeneratorType", shape::ASYNC_GENERATOR),
        ("BuiltinFunctionType", shape::BUILTIN_FUNCTION),
        ("BuiltinMethodType", shape::BUILTIN_FUNCTION),
        ("CapsuleType", shape::CAPSULE),
        ("CellType", shape::CELL),
        ("ClassMethodDescriptorType", shape::CLASSMETHOD_DESCRIPTOR),
        ("CodeType", shape::CODE),
        ("CoroutineType", shape::COROUTINE),
        ("EllipsisType", shape::ELLIPSIS),
        ("FrameType", shape::FRAME),
        ("FunctionType", shape::FUNCTION),
        ("GeneratorType", shape::GENERATOR),
        ("GenericAlias", shape::GENERIC_ALIAS),
        ("GetSetDescriptorType", shape::GETSET_DESCRIPTOR),
        ("LambdaType", shape::FUNCTION),
        ("MappingProxyType", shape::MAPPING_PROXY),
        ("MemberDescriptorType", shape::MEMBER_DESCRIPTOR),
        ("MethodDescriptorType", shape::METHOD_DESCRIPTOR),
        ("MethodType", shape::METHOD),
        ("MethodWrapperType", shape::METHOD_WRAPPER),
        ("ModuleType", shape::MODULE),
        ("NoneType", shape::NONE),
        ("NotImplementedType", shape::NOT_IMPLEMENTED),
        ("SimpleNamespace", shape::SIMPLE_NAMESPACE),
        ("TracebackType", shape::TRACEBACK),
        ("UnionType", shape::UNION),
        ("WrapperDescriptorType", shape::WRAPPER_DESCRIPTOR),
    ] {
        native::add(vm, m, name, vm.builtin(id).value())?;
    }
    Ok(())
}
