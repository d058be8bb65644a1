//! The embedded pure-Python library.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tailscope_vm::runtime::{Library, LibraryModule};

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

fn index() -> &'static HashMap<&'static str, (usize, usize)> {
    static PARSED: OnceLock<HashMap<&'static str, (usize, usize)>> = OnceLock::new();
    PARSED.get_or_init(|| {
        INDEX
            .lines()
            .filter_map(|l| {
                let mut parts = l.split('\t');
                let name = parts.next()?;
                Some((name, (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?)))
            })
            .collect()
    })
}

/// The text of a file of the embedded library, by its path in `Lib`.
pub fn embedded_file(path: &str) -> Option<Vec<u8>> {
    let &(offset, len) = index().get(path)?;
    zstd::decode_all(DATA.get(offset..offset + len)?).ok()
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
}
