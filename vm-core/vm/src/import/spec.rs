//! Specs of modules (`__spec__`), and what they tell: where a module is from, whether it is still
//! being loaded, what to say where it lacks a name.
//!
//! Modules are imported natively, without `importlib`, and have None for a spec until somebody asks
//! for it: a program that does not starts sooner.

use crate::code::PyCode;
use crate::error::PyResult;
use crate::native::imp;
use crate::protocol::{attr, call, item, truth};
use crate::runtime::{self, modules};
use crate::types::dict::PyDict;
use crate::types::module::{self, PyModule};
use crate::types::set::PySet;
use crate::types::str_::PyStr;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Whether an attribute of a module is one that is made when somebody asks for it.
pub(crate) fn is_made_when_asked(vm: &Vm, name: Value) -> bool {
    name.is(vm.names().__spec__) || name.is(vm.names().__loader__)
}

/// Gives a module its spec and loader, if it is one of those that have them and has none.
///
/// # Errors
/// What the import of `importlib` raises.
pub(crate) fn make(vm: &Vm, module: Value) -> PyResult<()> {
    let n = vm.names();
    let d = module::dict(vm, module);
    let Some(name) = d.get_str(n.__name__).and_then(|v| v.cast::<PyStr>()).and_then(PyStr::to_str) else { return Ok(()) };
    let is_known = modules(vm).get_text(vm, name).is_some_and(|m| m.is(module));
    if !is_known || d.get_str(n.__spec__).is_none_or(|s| !s.is(vm.none())) {
        return Ok(());
    }
    drop(runtime::import(vm, "importlib")?);
    if name == "__main__" { make_loader_of_main(vm, d) } else { imp::describe(vm, name, module) }
}

/// Gives `__main__` its loader, as CPython does before it runs: one for its file, or that of built-in
/// modules where it has none. There is no spec of it, but where `runpy` has made one.
fn make_loader_of_main(vm: &Vm, d: &PyDict) -> PyResult<()> {
    let n = vm.names();
    if d.get_str(n.__loader__).is_some_and(|l| !l.is(vm.none())) {
        return Ok(());
    }
    let file = d.get_str(n.__file__).map(Value::to_ref);
    let path = file.as_ref().and_then(|f| f.cast::<PyStr>()).map(|f| f.to_string_lossy()).filter(|f| is_file(f));
    let loader = match (file, path) {
        (Some(file), Some(path)) => {
            let class = if path.ends_with(".pyc") { "SourcelessFileLoader" } else { "SourceFileLoader" };
            call::call_method(vm, vm.runtime.bootstrap_external.get(), class, &[n.__main__, file.value()])?
        }
        _ => attr::get_named(vm, vm.runtime.bootstrap.get(), "BuiltinImporter")?,
    };
    d.set_str(vm, n.__loader__, loader.value());
    Ok(())
}

/// [`make`], if the code of a module that is about to run asks for it by a global name.
///
/// # Errors
/// As [`make`].
pub fn make_if_asked_for(vm: &Vm, module: Value, code: Value) -> PyResult<()> {
    if code.cast::<PyCode>().is_some_and(|c| is_asked_for(vm, c)) { make(vm, module) } else { Ok(()) }
}

/// Whether code, or code in it, asks for the spec or loader of its module by its global name.
fn is_asked_for(vm: &Vm, code: &PyCode) -> bool {
    code.names.iter().any(|name| is_made_when_asked(vm, *name))
        || code.consts().iter().filter_map(|c| c.cast::<PyCode>()).any(|c| is_asked_for(vm, c))
}

/// `module.__spec__._initializing = on`, if it has a spec.
pub(crate) fn set_initializing(vm: &Vm, module: Value, on: bool) {
    let n = vm.names();
    if let Some(spec) = module::dict(vm, module).get_str(n.__spec__).filter(|s| !s.is(vm.none())) {
        let spec = spec.to_ref();
        // A program may have put anything there.
        let _ = attr::set(vm, spec.value(), n._initializing, vm.bool_ref(on).value());
    }
}

/// Waits while another thread loads a module by way of `importlib`, whose locks it has; whether it did.
///
/// # Errors
/// What attributes of the spec, and `importlib`, raise.
pub(super) fn wait_for_importlib(vm: &Vm, name: &str, module: Value) -> PyResult<bool> {
    if vm.runtime.bootstrap.is_null() || module.cast::<PyModule>().is_none() {
        return Ok(false);
    }
    let Some(spec) = module::dict(vm, module).get_str(vm.names().__spec__).map(|s| s.to_ref()) else { return Ok(false) };
    if !is_true(vm, spec.value(), vm.names()._initializing)? || vm.runtime.loads.is_loading(name) {
        return Ok(false);
    }
    call::call_method(vm, vm.runtime.bootstrap.get(), imp::LOCK_UNLOCK.name, &[vm.new_str(name).value()]).map(|_| true)
}

/// What a module's spec tells to those who miss a name in it.
pub(crate) struct Origin {
    /// The file that it is from; None if it is not from one.
    pub file: Option<Ref>,
    pub is_initializing: bool,
    /// It comes before a module of the same name further on in `sys.path`.
    may_shadow: bool,
    /// And that is one of the library.
    shadows_library: bool,
}

impl Origin {
    /// Of the module of that name; `None` where there is no spec at all.
    ///
    /// # Errors
    /// What attributes of the spec raise.
    pub fn of(vm: &Vm, module: Value, name: Option<Value>) -> PyResult<Option<Origin>> {
        let n = vm.names();
        let own = module.cast::<PyModule>().map(|_| module::dict(vm, module));
        let spec = match own {
            Some(d) => d.get_str(n.__spec__).map(|s| s.to_ref()),
            None => attr::get_opt(vm, module, n.__spec__)?,
        };
        let Some(spec) = spec else { return Ok(None) };
        let (file, is_initializing) = match own {
            Some(d) if spec.is(vm.none()) => {
                let file = d.get_str(n.__file__).filter(|f| f.cast::<PyStr>().is_some_and(|f| is_file(&f.to_string_lossy())));
                (file.map(|f| f.to_ref()), vm.runtime.loads.is_loading_module(module))
            }
            _ => (file_origin(vm, spec.value())?, is_true(vm, spec.value(), n._initializing)?),
        };
        let may_shadow = file.as_ref().is_some_and(|f| is_in_first_folder(vm, f.value()));
        let shadows_library = match name.filter(|_| may_shadow) {
            Some(name) => is_of_library(vm, name)?,
            None => false,
        };
        Ok(Some(Origin { file, is_initializing, may_shadow, shadows_library }))
    }

    /// What the message about a missing name ends with where it may not be the module that the
    /// program means; texts are shown by `shown`.
    pub fn renaming_hint(&self, module: &str, shown: impl Fn(Value) -> PyResult<String>) -> PyResult<Option<String>> {
        let Some(file) = &self.file else { return Ok(None) };
        if self.shadows_library {
            return Ok(Some(format!(
                "(consider renaming {} since it has the same name as the standard library module named {module} and \
                 prevents importing that standard library module)",
                shown(file.value())?
            )));
        }
        Ok(match self.is_initializing && self.may_shadow {
            true => Some(format!(
                "(consider renaming {} if it has the same name as a library you intended to import)",
                shown(file.value())?
            )),
            false => None,
        })
    }
}

/// Whether a submodule is being loaded that its package does not show yet.
///
/// # Errors
/// What attributes of the spec raise.
pub(crate) fn is_uninitialized_submodule(vm: &Vm, module: Value, package: &str, name: Value) -> PyResult<bool> {
    let Some(text) = name.cast::<PyStr>().and_then(PyStr::to_str) else { return Ok(false) };
    if vm.runtime.loads.is_loading(&format!("{package}.{text}")) {
        return Ok(true);
    }
    let Some(spec) = module::dict(vm, module).get_str(vm.names().__spec__).map(|s| s.to_ref()) else { return Ok(false) };
    match attr::get_opt(vm, spec.value(), vm.intern("_uninitialized_submodules"))? {
        Some(all) => item::contains(vm, all.value(), name),
        None => Ok(false),
    }
}

/// Whether a `__file__` is a file: what is embedded has names in angle brackets.
pub(super) fn is_file(name: &str) -> bool {
    !name.starts_with('<')
}

/// `spec.origin` if the spec has a location.
fn file_origin(vm: &Vm, spec: Value) -> PyResult<Option<Ref>> {
    if !is_true(vm, spec, vm.intern("has_location"))? {
        return Ok(None);
    }
    Ok(attr::get_opt(vm, spec, vm.intern("origin"))?.filter(|o| o.cast::<PyStr>().is_some()))
}

fn is_true(vm: &Vm, object: Value, name: Value) -> PyResult<bool> {
    match attr::get_opt(vm, object, name)? {
        Some(v) => truth::truth(vm, v.value()),
        None => Ok(false),
    }
}

/// Whether a file, or the package that it is the `__init__.py` of, lies in the program's folder,
/// where modules are looked for first.
fn is_in_first_folder(vm: &Vm, file: Value) -> bool {
    let Some(file) = file.cast::<PyStr>().and_then(PyStr::to_str) else { return false };
    let Some(first) = vm.runtime.first_folder.borrow().clone() else { return false };
    let module = file.strip_suffix("/__init__.py").unwrap_or(file);
    let Some((folder, _)) = module.rsplit_once('/') else { return false };
    match first.is_empty() {
        true => std::env::current_dir().is_ok_and(|d| d.as_os_str() == folder),
        false => first == folder,
    }
}

fn is_of_library(vm: &Vm, name: Value) -> PyResult<bool> {
    match attr::get_opt(vm, vm.runtime.sys.get(), vm.intern("stdlib_module_names"))? {
        Some(names) if PySet::from_value(names.value()).is_some() => item::contains(vm, names.value(), name),
        _ => Ok(false),
    }
}
