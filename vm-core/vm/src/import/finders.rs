//! Where modules are: finders in `sys.meta_path`, folders and other entries of `sys.path`.

use std::path::{Path, PathBuf};

use super::not_found;
use crate::error::PyResult;
use crate::protocol::{attr, call, iter};
use crate::runtime;
use crate::threads;
use crate::types::list::PyList;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// The extension of bytecode files.
pub const BYTECODE: &str = "pyc";

/// `sys.path`, or the `__path__` of the package that a module belongs to.
///
/// # Errors
/// ModuleNotFoundError if what is said to be a package is none.
pub fn path_of(vm: &Vm, name: &str, parent: Option<&Ref>) -> PyResult {
    let Some(parent) = parent else { return attr::get_named(vm, vm.runtime.sys.get(), "path") };
    attr::get_opt(vm, parent.value(), vm.names().__path__)?.ok_or_else(|| {
        let package = name.rsplit_once('.').map_or("", |(p, _)| p);
        not_found(vm, name, &format!("No module named '{name}'; '{package}' is not a package"))
    })
}

/// An entry of `sys.path` as a folder; as it is where there is no working folder.
pub fn absolute(entry: &str) -> PathBuf {
    if entry.starts_with('/') {
        return PathBuf::from(entry);
    }
    match std::env::current_dir() {
        Ok(working) if matches!(entry, "" | ".") => working,
        // Not `join`, which would leave out what is doubled.
        Ok(working) => PathBuf::from(format!("{}/{entry}", working.display())),
        Err(_) => PathBuf::from(entry),
    }
}

/// Finders that the program put into `sys.meta_path`.
pub fn by_meta_path(vm: &Vm, name: &str, parent: Option<&Ref>) -> PyResult<Option<Ref>> {
    let Some(finders) = attr::get_opt(vm, vm.runtime.sys.get(), vm.intern("meta_path"))? else {
        return Ok(None);
    };
    let path = match parent {
        Some(p) => attr::get_opt(vm, p.value(), vm.names().__path__)?.unwrap_or_else(|| vm.none_ref()),
        None => vm.none_ref(),
    };
    let text = vm.new_str(name);
    for f in iter::to_vec(vm, finders.value())? {
        if crate::native::imp::is_own_finder(vm, f.value()) {
            continue;
        }
        let Some(find) = attr::get_opt(vm, f.value(), vm.intern("find_spec"))? else { continue };
        let spec = call::call_args(vm, find.value(), &[text.value(), path.value(), vm.none()])?;
        if !spec.is(vm.none()) {
            return load_spec(vm, &spec).map(Some);
        }
    }
    Ok(None)
}

/// What `importlib` finds for an entry of a path that is no folder: by a hook in `sys.path_hooks`, of
/// which one is for zip files and places in them.
pub fn by_path_hooks(vm: &Vm, name: &str, place: &Path, entry: Value) -> PyResult<Option<Ref>> {
    // What asks the hooks, and what reads zip files, is not found by way of itself.
    let is_loading = |name| vm.runtime.loads.is_loading_by(name, threads::current(vm));
    if place.is_dir() || is_loading("importlib") || is_loading(super::ZIPIMPORT) {
        return Ok(None);
    }
    let hooks = attr::get_opt(vm, vm.runtime.sys.get(), vm.intern("path_hooks"))?;
    let has_hooks = hooks.is_some_and(|h| h.cast::<PyList>().is_some_and(|h| h.len() > 0));
    if !has_hooks && !is_in_file(place) {
        return Ok(None);
    }
    by_path_finder(vm, name, PyList::new(vm, vec![entry.to_ref()]).value())
}

/// What the library's `PathFinder` finds in a path, loaded.
pub fn by_path_finder(vm: &Vm, name: &str, path: Value) -> PyResult<Option<Ref>> {
    drop(runtime::import(vm, "importlib")?);
    let finder = attr::get_named(vm, vm.runtime.bootstrap_external.get(), "PathFinder")?;
    let spec = call::call_method(vm, finder.value(), "find_spec", &[vm.new_str(name).value(), path])?;
    if spec.is(vm.none()) { Ok(None) } else { load_spec(vm, &spec).map(Some) }
}

/// Whether a path is that of a file, or of something in one.
pub(crate) fn is_in_file(path: &Path) -> bool {
    path.ancestors().find(|p| p.exists()).is_some_and(Path::is_file)
}

fn load_spec(vm: &Vm, spec: &Ref) -> PyResult {
    drop(runtime::import(vm, "importlib")?);
    call::call_method(vm, vm.runtime.bootstrap.get(), "_load", &[spec.value()])
}

/// What a folder has of a module.
pub enum Found {
    Module(PathBuf),
    Package(PathBuf),
    /// A folder of that name without an `__init__`: a portion of a namespace package.
    Namespace,
    Nothing,
}

pub fn find_in(dir: &Path, leaf: &str) -> Found {
    let package = dir.join(leaf);
    if package.is_dir()
        && let Some(init) = source_or_bytecode(&package, "__init__")
    {
        return Found::Package(init);
    }
    if let Some(file) = source_or_bytecode(dir, leaf) {
        return Found::Module(file);
    }
    if package.is_dir() { Found::Namespace } else { Found::Nothing }
}

/// A module's file: its source, or else the `.pyc` file that lies in its place.
fn source_or_bytecode(dir: &Path, leaf: &str) -> Option<PathBuf> {
    [SOURCE, BYTECODE].iter().map(|suffix| dir.join(format!("{leaf}.{suffix}"))).find(|file| file.is_file())
}

const SOURCE: &str = "py";
