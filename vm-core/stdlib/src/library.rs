//! The embedded pure-Python library.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tailscope_vm::runtime::{CompiledModule, Library, LibraryModule};

static INDEX: &str = include_str!(concat!(env!("OUT_DIR"), "/library.index"));
static DATA: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/library.data"));

/// What file names of library modules start with when they come from the binary.
pub const PREFIX: &str = "<frozen lib>/";

/// The archive in the binary, or a folder that takes its place (`--stdlib DIR`).
#[derive(Default)]
pub struct EmbeddedLibrary {
    folder: Option<PathBuf>,
}

impl EmbeddedLibrary {
    /// The library in the binary.
    pub fn new() -> EmbeddedLibrary {
        EmbeddedLibrary::default()
    }

    /// A `Lib` folder of CPython 3.14 instead.
    pub fn in_folder(folder: impl Into<PathBuf>) -> EmbeddedLibrary {
        EmbeddedLibrary { folder: Some(folder.into()) }
    }
}

/// Where a file is in the archive.
#[derive(Clone, Copy)]
struct Entry {
    offset: usize,
    source_len: usize,
    /// 0 for what could not be compiled.
    code_len: usize,
}

fn index() -> &'static HashMap<&'static str, Entry> {
    static PARSED: OnceLock<HashMap<&'static str, Entry>> = OnceLock::new();
    PARSED.get_or_init(|| {
        INDEX
            .lines()
            .filter_map(|l| {
                let mut parts = l.split('\t');
                let name = parts.next()?;
                let mut number = || parts.next()?.parse().ok();
                Some((name, Entry { offset: number()?, source_len: number()?, code_len: number()? }))
            })
            .collect()
    })
}

fn unpack(offset: usize, len: usize) -> Option<Vec<u8>> {
    zstd::decode_all(DATA.get(offset..offset + len)?).ok()
}

/// Marshalled code of a file of the embedded library, by its path in `Lib`.
pub fn embedded_code(path: &str) -> Option<Vec<u8>> {
    let e = index().get(path).filter(|e| e.code_len > 0)?;
    unpack(e.offset + e.source_len, e.code_len)
}

/// The text of a file of the embedded library, by its path in `Lib`.
pub fn embedded_file(path: &str) -> Option<Vec<u8>> {
    let e = index().get(path)?;
    unpack(e.offset, e.source_len)
}

/// All paths of the embedded library.
pub fn embedded_paths() -> impl Iterator<Item = &'static str> {
    index().keys().copied()
}

impl Library for EmbeddedLibrary {
    fn find(&self, name: &str) -> Option<LibraryModule> {
        let base = name.replace('.', "/");
        for (path, is_package) in [(format!("{base}/__init__.py"), true), (format!("{base}.py"), false)] {
            if let Some(folder) = &self.folder {
                let file = folder.join(&path);
                if let Ok(source) = std::fs::read(&file) {
                    return Some(LibraryModule { filename: shown(&file), source, is_package });
                }
            } else if let Some(source) = embedded_file(&path) {
                return Some(LibraryModule { filename: format!("{PREFIX}{path}"), source, is_package });
            }
        }
        None
    }

    fn compiled(&self, name: &str) -> Option<CompiledModule> {
        if self.folder.is_some() {
            return None;
        }
        let base = name.replace('.', "/");
        [(format!("{base}/__init__.py"), true), (format!("{base}.py"), false)].into_iter().find_map(
            |(path, is_package)| {
                let code = embedded_code(&path)?;
                Some(CompiledModule { filename: format!("{PREFIX}{path}"), code, is_package })
            },
        )
    }
}

fn shown(p: &Path) -> String {
    p.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_and_packages_are_found() {
        let lib = EmbeddedLibrary::new();
        let m = lib.find("abc").expect("abc is in the library");
        assert!(!m.is_package && m.source.windows(7).any(|w| w == b"ABCMeta"));
        assert!(lib.find("collections").is_some_and(|m| m.is_package));
        assert!(lib.find("no_such_module").is_none());
    }

    #[test]
    fn code_is_that_of_the_source() {
        let lib = EmbeddedLibrary::new();
        let (source, compiled) = (lib.find("abc").expect("source"), lib.compiled("abc").expect("code"));
        assert_eq!((&compiled.filename, compiled.is_package), (&source.filename, false));
        let code = tailscope_bytecode::marshal::read_code(&compiled.code).expect("marshalled code");
        assert_eq!(*code.filename, *source.filename);
        assert!(lib.compiled("collections").is_some_and(|m| m.is_package));
        assert!(EmbeddedLibrary::in_folder("/").compiled("abc").is_none());
    }
}
