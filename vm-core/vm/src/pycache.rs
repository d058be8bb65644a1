//! `__pycache__`: compiled modules beside their sources, as `importlib` keeps them.
//!
//! Our files have a tag of their own in their names, so that no CPython takes them for its own, nor
//! we its. A file counts if it belongs to the source as it is now, and if the verifier accepts its
//! code; anything else is as if it were not there.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use tailscope_bytecode::code::Code;
use tailscope_bytecode::pyc::{self, Pyc, Validation};

use crate::import;
use crate::protocol::{attr, truth};
use crate::types::str_::PyStr;
use crate::value::Ref;
use crate::vm::Vm;

/// `sys.implementation.cache_tag`. It has to change when the compiler makes other code of the same
/// source.
pub const TAG: &str = "tailscope-314";

/// A source file with what its compiled file has to know about it.
pub struct Source {
    pub text: Vec<u8>,
    validation: Validation,
    mode: u32,
}

impl Source {
    /// A source file with its text.
    ///
    /// # Errors
    /// The system's.
    pub fn new(file: &Path, text: Vec<u8>) -> std::io::Result<Source> {
        let stat = fs::metadata(file)?;
        let validation = Validation::Timestamp { mtime: stat.mtime() as u32, size: stat.size() as u32 };
        Ok(Source { text, validation, mode: stat.mode() })
    }
}

fn setting(vm: &Vm, name: &str) -> Option<Ref> {
    attr::get_opt(vm, vm.runtime.sys.get(), vm.intern(name)).ok().flatten()
}

/// Where the compiled file of a source lies; `None` for sources that have none.
fn place(vm: &Vm, source: &Path) -> Option<PathBuf> {
    let stem = source.file_stem()?.to_str()?;
    let optimization = match vm.runtime.config.optimize {
        0 => String::new(),
        n => format!(".opt-{n}"),
    };
    let name = format!("{stem}.{TAG}{optimization}.pyc");
    let folder = std::path::absolute(source.parent()?).ok()?;
    let prefix = setting(vm, "pycache_prefix")?;
    Some(match prefix.cast::<PyStr>().and_then(PyStr::to_str) {
        // Below the prefix lie folders as below the root.
        Some(prefix) => {
            let below = folder.components().filter(|c| matches!(c, Component::Normal(_)));
            below.fold(PathBuf::from(prefix), |path, c| path.join(c)).join(name)
        }
        None => folder.join("__pycache__").join(name),
    })
}

/// The code of a source that was compiled before.
pub fn load(vm: &Vm, file: &Path, source: &Source) -> Option<Code> {
    let bytes = fs::read(place(vm, file)?).ok()?;
    let (validation, _) = pyc::split_header(&bytes).ok()?;
    let belongs = match validation {
        Validation::Timestamp { .. } => validation == source.validation,
        Validation::Hash { hash, check_source } => !check_source || hash == pyc::source_hash(&source.text),
    };
    let code = if belongs { import::read_pyc(&bytes).ok()? } else { return None };
    // It may have been compiled where it lay before.
    (Path::new(&*code.filename) == file).then_some(code)
}

/// Keeps compiled code for the next time, unless the program is not to. What goes wrong is no
/// reason not to import the module.
pub fn store(vm: &Vm, file: &Path, source: &Source, code: &Code) {
    let refused = setting(vm, "dont_write_bytecode").is_none_or(|v| truth::truth(vm, v.value()).unwrap_or(true));
    if refused {
        return;
    }
    let Some(place) = place(vm, file) else { return };
    let pyc = Pyc { validation: source.validation, code: code.clone() };
    if let Ok(bytes) = pyc.write() {
        let _ = replace(&place, &bytes, source.mode);
    }
}

/// Writes a file in one go: nobody sees a part of it.
fn replace(place: &Path, bytes: &[u8], source_mode: u32) -> std::io::Result<()> {
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut name = place.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    let part = PathBuf::from(name);
    let mode = (source_mode | 0o200) & 0o666;
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&part)
        .and_then(|mut f| f.write_all(bytes))
        .and_then(|()| fs::rename(&part, place));
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written
}

/// `__cached__` of a module from a source file; those of the embedded library have names in angle
/// brackets, and no such file.
pub fn cached_name(vm: &Vm, source: &str) -> Option<Ref> {
    let is_file = source.ends_with(".py") && !source.starts_with('<');
    let place = if is_file { place(vm, Path::new(source))? } else { return None };
    Some(vm.new_str(&place.display().to_string()))
}
