//! The module `_imp`, and how the library's `importlib` fits the VM's own import.
//!
//! The VM imports without `importlib`. Once a program imports that, its finders are put into
//! `sys.meta_path`: native modules are found by `BuiltinImporter`, those of the embedded library
//! by `FrozenImporter`, others by `PathFinder`. The VM itself does not ask them.

use std::path::Path;

use siphasher::sip::SipHasher13;

use crate::convert;
use crate::error::{PyResult, Raised};
use crate::import;
use crate::native::{self, ModuleDef};
use crate::protocol::{attr, call};
use crate::runtime;
use crate::shape;
use crate::types::bytes;
use crate::types::list::PyList;
use crate::types::native::BuiltinFunction;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, Type};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// The magic number of 3.14's bytecode files, as the first four bytes of one.
const MAGIC_TOKEN: i64 = 3627 | (b'\r' as i64) << 16 | (b'\n' as i64) << 24;

fn name(vm: &Vm, function: &str, v: Value) -> PyResult<String> {
    Ok(convert::str_arg(vm, function, "argument", v)?.to_string_lossy())
}

fn is_native(vm: &Vm, name: &str) -> bool {
    native::find(name).is_some() || vm.runtime.config.native_modules.iter().any(|(n, _)| *n == name)
}

/// Whether a module is the native one of that name.
pub(crate) fn is_builtin_module(vm: &Vm, module: Value, name: Value) -> bool {
    let Some(name) = name.cast::<PyStr>().and_then(PyStr::to_str) else { return false };
    is_native(vm, name) && runtime::modules(vm).get_text(vm, name).is_some_and(|m| m.is(module))
}

fn is_builtin(vm: &Vm, a: &[Value]) -> PyResult {
    let name = name(vm, "is_builtin", a[1])?;
    Ok(Ref::small_int(match name.as_str() {
        // They cannot be made a second time.
        "sys" | "builtins" => -1,
        name => i64::from(is_native(vm, name)),
    }))
}

/// A module of the embedded library.
fn embedded(vm: &Vm, name: &str) -> Option<runtime::LibraryModule> {
    vm.runtime.config.library.as_ref()?.find(name)
}

fn find_frozen(vm: &Vm, a: &[Value]) -> PyResult {
    let name = name(vm, "find_frozen", a[1])?;
    Ok(match embedded(vm, &name) {
        Some(m) => PyTuple::from_vec(vm, vec![vm.none_ref(), vm.bool_ref(m.is_package), vm.new_str(&name)]),
        None => vm.none_ref(),
    })
}

#[cold]
fn no_frozen(vm: &Vm, name: &str) -> Raised {
    vm.import_error(format!("No such frozen object named '{name}'"))
}

fn get_frozen_object(vm: &Vm, a: &[Value]) -> PyResult {
    let name = name(vm, "get_frozen_object", a[1])?;
    if let Some((code, _, _)) = import::compiled_module(vm, &name)? {
        return Ok(code);
    }
    let Some(m) = embedded(vm, &name) else { return Err(no_frozen(vm, &name)) };
    import::compile(vm, &m.source, &m.filename, tailscope_compiler::Mode::Exec, vm.runtime.config.optimize)
}

fn is_frozen_package(vm: &Vm, a: &[Value]) -> PyResult {
    let name = name(vm, "is_frozen_package", a[1])?;
    match embedded(vm, &name) {
        Some(m) => Ok(vm.bool_ref(m.is_package)),
        None => Err(no_frozen(vm, &name)),
    }
}

/// Never: modules that the VM has imported itself lack what `importlib` expects of frozen ones.
fn is_frozen(vm: &Vm, a: &[Value]) -> PyResult {
    name(vm, "is_frozen", a[1])?;
    Ok(vm.bool_ref(false))
}

fn create_builtin(vm: &Vm, a: &[Value]) -> PyResult {
    let name = attr::get_named(vm, a[1], "name")?;
    let text = name.cast::<PyStr>().map(PyStr::to_string_lossy).unwrap_or_default();
    if is_native(vm, &text) || matches!(text.as_str(), "sys" | "builtins") {
        return import::import_module(vm, &text);
    }
    Ok(vm.none_ref())
}

fn no_extensions(vm: &Vm, _: &[Value]) -> PyResult {
    Err(vm.import_error("extension modules cannot be loaded"))
}

fn acquire_lock(vm: &Vm, _: &[Value]) -> PyResult {
    vm.runtime.loads.lock.acquire(vm)?;
    Ok(vm.none_ref())
}

fn release_lock(vm: &Vm, _: &[Value]) -> PyResult {
    match vm.runtime.loads.lock.release(vm) {
        true => Ok(vm.none_ref()),
        false => Err(vm.runtime_error("not holding the import lock")),
    }
}

fn source_hash(vm: &Vm, a: &[Value]) -> PyResult {
    let key = convert::c_longlong(vm, a[1])?;
    let source = convert::buffer(vm, a[2])?;
    Ok(bytes::new(vm, &hash_of_source(key as u64, &source)))
}

/// What `.pyc` files that are checked by hash (PEP 552) have of their source.
fn hash_of_source(key: u64, source: &[u8]) -> [u8; 8] {
    SipHasher13::new_with_keys(key, 0).hash(source).to_le_bytes()
}

/// Puts the finders of `importlib` into `sys`, and specs into the modules that are there already.
pub(crate) fn install(vm: &Vm) -> PyResult<()> {
    if !vm.runtime.bootstrap.is_null() {
        // Imported once more: CPython's goes on with the first one, too.
        return Ok(());
    }
    let sys = vm.runtime.sys.get();
    let bootstrap = import::import_module(vm, "importlib._bootstrap")?;
    let external = import::import_module(vm, "importlib._bootstrap_external")?;
    let finders = attr::get_named(vm, sys, "meta_path")?;
    for name in ["BuiltinImporter", "FrozenImporter"] {
        let finder = attr::get_named(vm, bootstrap.value(), name)?;
        call::call_method(vm, finders.value(), "append", &[finder.value()])?;
    }
    // What CPython freezes it has the files of as well; here the embedded library is all there is.
    let importer = attr::get_named(vm, bootstrap.value(), "FrozenImporter")?;
    for def in LOADER_METHODS {
        let function = BuiltinFunction::new(vm, def, Value::NULL, None);
        attr::set_named(vm, importer.value(), def.name, function.value())?;
    }
    let lock = attr::get_named(vm, bootstrap.value(), LOCK_UNLOCK.name)?;
    let function = BuiltinFunction::new(vm, &LOCK_UNLOCK, lock.value(), None);
    attr::set_named(vm, bootstrap.value(), LOCK_UNLOCK.name, function.value())?;
    call::call_method(vm, external.value(), "_install", &[bootstrap.value()])?;
    let zip = BuiltinFunction::new(vm, &ZIP_HOOK, Value::NULL, None);
    let hooks = attr::get_named(vm, sys, "path_hooks")?;
    call::call_method(vm, hooks.value(), "insert", &[Value::small_int(0), zip.value()])?;
    vm.runtime.bootstrap.set(bootstrap.clone());
    vm.runtime.bootstrap_external.set(external.clone());
    // CPython's names of these modules, by which `zipimport` asks for them.
    for (name, module) in [("_frozen_importlib", &bootstrap), ("_frozen_importlib_external", &external)] {
        runtime::modules(vm).set_text(vm, name, module.value());
    }
    for (name, module) in runtime::modules(vm).items_vec() {
        if let Some(name) = name.cast::<PyStr>().and_then(PyStr::to_str) {
            describe(vm, name, module.value())?;
        }
    }
    Ok(())
}

/// Whether a finder is one of those that [`install`] puts into `sys.meta_path`.
pub(crate) fn is_own_finder(vm: &Vm, finder: Value) -> bool {
    let Some(ty) = Type::from_value(finder) else { return false };
    let module = ty.dict().get_str(vm.names().__module__);
    module.and_then(|m| m.cast::<PyStr>()).is_some_and(|s| s.as_bytes().starts_with(b"importlib._bootstrap"))
}

/// Gives a module that the VM imported a spec, once there are specs.
pub(crate) fn describe(vm: &Vm, name: &str, module: Value) -> PyResult<()> {
    let names = vm.names();
    if vm.runtime.bootstrap.is_null() || name == "__main__" || !module.has_shape(shape::MODULE) {
        return Ok(());
    }
    let d = crate::types::module::dict(vm, module);
    if d.get_str(names.__spec__).is_some_and(|s| !s.is(vm.none())) {
        return Ok(());
    }
    let text = vm.new_str(name);
    let find = |finder: &str| {
        let finder = attr::get_named(vm, vm.runtime.bootstrap.get(), finder)?;
        call::call_method(vm, finder.value(), "find_spec", &[text.value()])
    };
    let spec = if embedded(vm, name).is_some() {
        find("FrozenImporter")?
    } else if let Some(file) = d.get_str(names.__file__) {
        call::call_method(vm, vm.runtime.bootstrap_external.get(), "spec_from_file_location", &[text.value(), file])?
    } else if is_native(vm, name) {
        find("BuiltinImporter")?
    } else {
        return Ok(());
    };
    if spec.is(vm.none()) {
        return Ok(());
    }
    d.set_str(vm, names.__spec__, spec.value());
    import::spec::set_initializing(vm, module, vm.runtime.loads.is_loading_module(module));
    if d.get_str(names.__loader__).is_none_or(|l| l.is(vm.none())) {
        d.set_str(vm, names.__loader__, attr::get_named(vm, spec.value(), "loader")?.value());
    }
    Ok(())
}

/// Stands for `zipimport.zipimporter` in `sys.path_hooks`, and imports that where there is a use.
static ZIP_HOOK: MethodDef = MethodDef::new("zipimporter", "(path, /)", zip_hook, "A zipimporter for a zip file or a place in one.");

fn zip_hook(vm: &Vm, a: &[Value]) -> PyResult {
    // As the class: anything but a str, bytes or path-like object is its to refuse.
    let path = a[0].cast::<PyStr>().map(PyStr::to_string_lossy);
    if path.is_some_and(|p| !import::is_in_file(Path::new(&p))) {
        return Err(vm.import_error("not a Zip file"));
    }
    let make = runtime::import_attr(vm, import::ZIPIMPORT, "zipimporter")?;
    call::call_args(vm, make.value(), a)
}

/// By which `importlib` waits for a module that another thread loads. The native import has no locks
/// of that sort: this waits for it first, then calls the original, which it is bound to.
pub(crate) static LOCK_UNLOCK: MethodDef = MethodDef::new("_lock_unlock_module", "($self, name, /)", lock_unlock, "Waits until a module is loaded.");

fn lock_unlock(vm: &Vm, a: &[Value]) -> PyResult {
    import::loading::wait_for(vm, &name(vm, LOCK_UNLOCK.name, a[1])?)?;
    call::call_args(vm, a[0], &a[1..])
}

/// Methods of `FrozenImporter`, for `linecache`, `inspect` and `runpy`. Those of the library work on
/// what CPython has frozen only.
static LOADER_METHODS: &[MethodDef] = &[
    MethodDef::new("get_source", "(fullname)", get_source, "The source of a module of the embedded library."),
    MethodDef::new("get_code", "(fullname)", |vm, a| get_frozen_object(vm, &[Value::NULL, a[0]]), "The code of a module of the embedded library."),
    MethodDef::new("is_package", "(fullname)", |vm, a| is_frozen_package(vm, &[Value::NULL, a[0]]), "Whether a module of the embedded library is a package."),
];

fn get_source(vm: &Vm, a: &[Value]) -> PyResult {
    let name = name(vm, "get_source", a[0])?;
    let Some(m) = embedded(vm, &name) else { return Err(no_frozen(vm, &name)) };
    Ok(vm.new_str(&String::from_utf8_lossy(&m.source)))
}

/// For CPython's tests, which import a module once with and once without its native part. All
/// imports of the library are of embedded modules, whatever is asked for.
fn override_frozen(vm: &Vm, a: &[Value]) -> PyResult {
    convert::c_int(vm, a[1])?;
    Ok(vm.none_ref())
}

/// The old value: 0, for as the interpreter is configured.
fn override_interpreters(vm: &Vm, a: &[Value]) -> PyResult {
    convert::c_int(vm, a[1])?;
    Ok(Value::small_int(0).to_ref())
}

const NAME: &str = "($module, name, /)";

pub static MODULE: ModuleDef = ModuleDef {
    name: "_imp",
    doc: "(Extremely) low-level import machinery bits as used by importlib.",
    functions: &[
        MethodDef::new("lock_held", "($module, /)", |vm, _| Ok(vm.bool_ref(vm.runtime.loads.lock.is_held())), "Whether the import lock is held."),
        MethodDef::new("acquire_lock", "($module, /)", acquire_lock, "Takes the import lock, once another thread has given it back."),
        MethodDef::new("release_lock", "($module, /)", release_lock, "Gives the import lock back."),
        MethodDef::new("extension_suffixes", "($module, /)", |vm, _| Ok(PyList::new(vm, Vec::new())), "Suffixes of extension modules: none can be loaded."),
        MethodDef::new("is_builtin", NAME, is_builtin, "1 for a native module, -1 for one that cannot be made anew, else 0."),
        MethodDef::new("is_frozen", NAME, is_frozen, "Whether the VM's own imports are frozen ones: they are not."),
        MethodDef::new("is_frozen_package", NAME, is_frozen_package, "Whether a module of the embedded library is a package."),
        MethodDef::new("find_frozen", "($module, name, /, *, withdata=False)", find_frozen, "What is known of a module of the embedded library, or None."),
        MethodDef::new("get_frozen_object", "($module, name, data=None, /)", get_frozen_object, "The code of a module of the embedded library."),
        MethodDef::new("init_frozen", NAME, |vm, _| Ok(vm.none_ref()), "Initializes no module."),
        MethodDef::new("create_builtin", "($module, spec, /)", create_builtin, "The native module that a spec names."),
        MethodDef::new("exec_builtin", "($module, mod, /)", |_, _| Ok(Ref::small_int(0)), "Native modules are ready when they are made."),
        MethodDef::new("create_dynamic", "($module, spec, file=<unrepresentable>, /)", no_extensions, "Refused: there are no extension modules."),
        MethodDef::new("exec_dynamic", "($module, mod, /)", no_extensions, "Refused: there are no extension modules."),
        MethodDef::new("source_hash", "($module, /, key, source)", source_hash, "The hash by which bytecode files know their source."),
        MethodDef::new("_override_frozen_modules_for_tests", "($module, override, /)", override_frozen, "Whether frozen modules are used is not for programs to choose here."),
        MethodDef::new("_override_multi_interp_extensions_check", "($module, override, /)", override_interpreters, "Whether subinterpreters check extension modules: there are neither."),
        MethodDef::new("_fix_co_filename", "($module, code, path, /)", |vm, _| Ok(vm.none_ref()), "Code keeps the file name that it was compiled with."),
    ],
    init: |vm, m| {
        native::add(vm, m, "check_hash_based_pycs", vm.new_str("default").value())?;
        native::add(vm, m, "pyc_magic_number_token", Value::small_int(MAGIC_TOKEN))
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_sources_are_cpythons() {
        assert_eq!(hash_of_source(5, b"abc"), *b"y\x10\xaa\xb04\xe1y3");
        assert_eq!(hash_of_source(3627, b""), *b"\xacd\xf8Qr\xd8\x16\x86");
        assert_eq!(MAGIC_TOKEN, 168_627_755);
    }
}
