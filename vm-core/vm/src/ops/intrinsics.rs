//! CALL_INTRINSIC_1 and CALL_INTRINSIC_2: rare operations that need no opcode of their own.

use crate::error::PyResult;
use crate::frame::Frame;
use crate::interp::regs::{Flow, Regs};
use crate::protocol::{attr, call, item, number, object as obj};
use crate::shape;
use crate::types::async_generator;
use crate::types::dict::PyDict;
use crate::types::exceptions::{self, PyException};
use crate::types::function::PyFunction;
use crate::types::list::PyList;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::typevar;
use crate::value::{Ref, Value};
use crate::vm::Vm;
use tailscope_bytecode::code::flags;
use tailscope_bytecode::opcode::{Intrinsic1, Intrinsic2};

#[inline(always)]
pub unsafe fn CALL_INTRINSIC_1(r: &mut Regs) -> Flow {
    r.save();
    let v = intrinsic1(r.vm(), r.frame(), r.arg(), r.peek(1));
    r.finish_result::<1>(v)
}

#[inline(never)]
unsafe fn intrinsic1(vm: &Vm, frame: Frame, which: usize, v: Value) -> PyResult {
    let Some(which) = Intrinsic1::from_oparg(which as u32) else {
        return Err(vm.system_error("invalid intrinsic function"));
    };
    match which {
        Intrinsic1::Invalid => Err(vm.system_error("invalid intrinsic function")),
        Intrinsic1::Print => print(vm, v),
        Intrinsic1::ImportStar => import_star(vm, frame, v),
        Intrinsic1::StopIterationError => stop_iteration_error(vm, frame, v),
        Intrinsic1::AsyncGenWrap => Ok(async_generator::wrap(v)),
        Intrinsic1::UnaryPositive => number::pos(vm, v),
        Intrinsic1::ListToTuple => Ok(match v.cast::<PyList>() {
            Some(l) => PyTuple::from_slice(vm, l.as_slice()),
            None => v.to_ref(),
        }),
        Intrinsic1::TypeVar => typevar::make_typevar(vm, v, Value::NULL, Value::NULL),
        Intrinsic1::ParamSpec => typevar::make_paramspec(vm, v),
        Intrinsic1::TypeVarTuple => typevar::make_typevartuple(vm, v),
        Intrinsic1::SubscriptGeneric => typevar::subscript_generic(vm, v),
        Intrinsic1::TypeAlias => typevar::make_typealias(vm, v),
    }
}

fn print(vm: &Vm, v: Value) -> PyResult {
    let hook = match vm.runtime.sys.get().non_null() {
        Some(sys) => attr::get_opt(vm, sys, vm.intern("displayhook"))?,
        None => None,
    };
    match hook {
        Some(hook) => call::call_args(vm, hook.value(), &[v]),
        None => Err(vm.runtime_error("lost sys.displayhook")),
    }
}

unsafe fn import_star(vm: &Vm, frame: Frame, module: Value) -> PyResult {
    let Some(locals) = frame.mapping() else {
        return Err(vm.system_error("no locals found during 'import *'"));
    };
    let names = vm.names();
    let declared = attr::get_opt(vm, module, names.__all__)?;
    let by_dict = declared.is_none();
    let list = match declared {
        Some(all) => all,
        None => match attr::get_opt(vm, module, names.__dict__)? {
            Some(d) => match d.cast::<PyDict>() {
                Some(d) => PyList::new(vm, d.keys_vec()),
                None => {
                    let keys = call::call_method(vm, d.value(), "keys", &[])?;
                    PyList::new(vm, crate::protocol::iter::to_vec(vm, keys.value())?)
                }
            },
            None => {
                return Err(vm.import_error("from-import-* object has no __dict__ and no __all__"));
            }
        },
    };
    for i in 0.. {
        let name = match item::get_index(vm, list.value(), i) {
            Ok(name) => name,
            Err(e) if e.is(vm, shape::INDEX_ERROR) => break,
            Err(e) => return Err(e),
        };
        let Some(text) = name.cast::<PyStr>() else {
            let owner = attr::get(vm, module, names.__name__)?;
            return Err(vm.type_error(format!(
                "{} in {}.{} must be str, not {}",
                if by_dict { "Key" } else { "Item" },
                obj::text(owner.value()),
                if by_dict { "__dict__" } else { "__all__" },
                vm.type_of(name.value()).full_name()
            )));
        };
        if by_dict && text.as_bytes().first() == Some(&b'_') {
            continue;
        }
        let key = vm.intern_value(text);
        let v = attr::get(vm, module, key)?;
        item::set(vm, locals, key, v.value())?;
    }
    Ok(vm.none_ref())
}

/// A StopIteration that leaves a generator's code becomes a RuntimeError (PEP 479).
unsafe fn stop_iteration_error(vm: &Vm, frame: Frame, e: Value) -> PyResult {
    let code = frame.code();
    let is = |s| vm.type_of(e).is_subtype(vm.builtin(s));
    let text = if is(shape::STOP_ITERATION) {
        if code.has(flags::ASYNC_GENERATOR) {
            "async generator raised StopIteration"
        } else if code.has(flags::COROUTINE) {
            "coroutine raised StopIteration"
        } else {
            "generator raised StopIteration"
        }
    } else if code.has(flags::ASYNC_GENERATOR) && is(shape::STOP_ASYNC_ITERATION) {
        "async generator raised StopAsyncIteration"
    } else {
        return Ok(e.to_ref());
    };
    let new = vm.runtime_error(text);
    if let Some(x) = new.0.cast::<PyException>() {
        x.cause.set(e.to_ref());
        x.suppress_context.set(true);
        x.context.set(e.to_ref());
    }
    Ok(new.0)
}

#[inline(always)]
pub unsafe fn CALL_INTRINSIC_2(r: &mut Regs) -> Flow {
    r.save();
    let v = intrinsic2(r.vm(), r.arg(), r.peek(2), r.peek(1));
    r.finish_result::<2>(v)
}

#[inline(never)]
fn intrinsic2(vm: &Vm, which: usize, a: Value, b: Value) -> PyResult {
    let Some(which) = Intrinsic2::from_oparg(which as u32) else {
        return Err(vm.system_error("invalid intrinsic function"));
    };
    match which {
        Intrinsic2::Invalid => Err(vm.system_error("invalid intrinsic function")),
        Intrinsic2::PrepReraiseStar => exceptions::group::prepare_reraise_star(vm, a, b),
        Intrinsic2::TypeVarWithBound => typevar::make_typevar(vm, a, b, Value::NULL),
        Intrinsic2::TypeVarWithConstraints => typevar::make_typevar(vm, a, Value::NULL, b),
        Intrinsic2::SetFunctionTypeParams => set_function_type_params(vm, a, b),
        Intrinsic2::SetTypeParamDefault => typevar::set_default(vm, a, b),
    }
}

fn set_function_type_params(_: &Vm, function: Value, params: Value) -> PyResult {
    if let Some(f) = function.cast::<PyFunction>() {
        f.type_params.set(params.to_ref());
    }
    let same: Ref = function.to_ref();
    Ok(same)
}
