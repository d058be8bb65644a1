//! `import`.

use crate::error::{PyResult, Raised};
use crate::import::spec::Origin;
use crate::interp::regs::{Flow, Regs};
use crate::ops::variables::mapping_get;
use crate::protocol::{attr, call, object as obj};
use crate::types::exceptions;
use crate::types::str_::PyStr;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// [level, fromlist] -- module.
#[inline(always)]
pub unsafe fn IMPORT_NAME(r: &mut Regs) -> Flow {
    r.save();
    let v = import_name(*r);
    r.finish_result::<2>(v)
}

/// Calls `__import__` of the builtins, which a program may have replaced.
#[inline(never)]
unsafe fn import_name(r: Regs) -> PyResult {
    let vm = r.vm();
    let function = r.function();
    let Some(import) = mapping_get(vm, function.builtins.get(), vm.names().__import__)? else {
        return Err(vm.import_error("__import__ not found"));
    };
    let locals = r.frame().mapping().unwrap_or(vm.none());
    let args = [r.name(r.arg()), function.globals.get(), locals, r.peek(1), r.peek(2)];
    call::call_args(vm, import.value(), &args)
}

#[inline(always)]
pub unsafe fn IMPORT_FROM(r: &mut Regs) -> Flow {
    r.save();
    let name = r.name(r.arg());
    let v = import_from(r.vm(), r.peek(1), name);
    r.push_result(v)
}

#[inline(never)]
fn import_from(vm: &Vm, module: Value, name: Value) -> PyResult {
    if let Some(v) = attr::get_opt(vm, module, name)? {
        return Ok(v);
    }
    // In a circular import the submodule may be there already, but not yet be an attribute.
    let module_name = attr::get_opt(vm, module, vm.names().__name__)?.filter(|n| n.cast::<PyStr>().is_some());
    if let Some(m) = &module_name {
        let full = vm.new_str(&format!("{}.{}", obj::text(m.value()), obj::text(name)));
        if let Some(found) = crate::runtime::modules(vm).get(vm, full.value())? {
            return Ok(found);
        }
    }
    Err(cannot_import(vm, module, module_name, name)?)
}

/// The ImportError, with what may help.
#[cold]
fn cannot_import(vm: &Vm, module: Value, module_name: Option<Ref>, name: Value) -> PyResult<Raised> {
    let shown = obj::repr_text(vm, name)?;
    let from = match &module_name {
        Some(m) => obj::repr_text(vm, m.value())?,
        None => "'<unknown module name>'".to_owned(),
    };
    let about = Origin::of(vm, module, module_name.as_ref().map(Ref::value))?;
    let cannot = format!("cannot import name {shown} from");
    let (text, file) = match about {
        None => (format!("{cannot} {from} (unknown location)"), None),
        Some(about) => {
            let hint = about.renaming_hint(&from, |file| obj::repr_text(vm, file))?;
            let file = match about.file {
                Some(file) => Some(file),
                None => attr::get_opt(vm, module, vm.names().__file__)?.filter(|f| f.cast::<PyStr>().is_some()),
            };
            let place = file.as_ref().map(|f| obj::text(f.value()));
            let text = match (hint, about.is_initializing) {
                (Some(hint), _) => format!("{cannot} {from} {hint}"),
                (None, true) => {
                    let place = place.map_or(String::new(), |p| format!(" ({p})"));
                    format!("{cannot} partially initialized module {from} (most likely due to a circular import){place}")
                }
                (None, false) => format!("{cannot} {from} ({})", place.as_deref().unwrap_or("unknown location")),
            };
            (text, file)
        }
    };
    let e = vm.import_error(text);
    if let Some(x) = exceptions::exception(e.0.value()) {
        exceptions::set_import_fields(vm, x, module_name, file, name);
    }
    Ok(e)
}
