//! What has been loaded: modules, files.

use std::collections::BTreeSet;

use super::codes::is_library;
use super::target::Target;
use crate::debug::types::ModuleInfo;
use crate::protocol::object as obj;
use crate::shape;
use crate::types::module;
use crate::types::str_::PyStr;
use crate::value::Value;
use crate::vm::Vm;

/// A text among a module's names.
pub(super) fn module_text(vm: &Vm, m: Value, name: &str) -> Option<String> {
    if !m.is_object() || vm.type_of(m).layout() != shape::MODULE {
        return None;
    }
    let value = module::dict(vm, m).get_text(vm, name)?;
    value.cast::<PyStr>().map(|s| s.to_string_lossy())
}

impl Target {
    pub(super) fn all_modules(&self) -> Vec<ModuleInfo> {
        let vm = self.vm;
        let entries = crate::runtime::modules(vm).items_vec();
        let info = |(name, m): &(crate::value::Ref, crate::value::Ref)| {
            let file = module_text(vm, m.value(), "__file__");
            Some(ModuleInfo {
                name: name.value().cast::<PyStr>()?.to_string_lossy(),
                version: module_text(vm, m.value(), "__version__"),
                // What has no file is built in, but for the program's own.
                library: file.as_deref().map_or(obj::text(name.value()) != "__main__", is_library),
                file,
            })
        };
        entries.iter().filter_map(info).collect()
    }

    pub(super) fn all_files(&mut self) -> Vec<String> {
        let mut files: BTreeSet<String> = self.codes.met().map(|known| known.file.clone()).collect();
        self.vm.interp.for_each_code(|code| {
            let file = obj::text(code.filename.value());
            if !files.contains(&file) {
                files.insert(file);
            }
        });
        files.remove(super::evaluate::FILE);
        files.into_iter().collect()
    }
}
