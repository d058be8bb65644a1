//! Where profiles lie: `.tailscope/profiles/` in the working folder of the run, one file a
//! run, named after the program and the time.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The folder of profiles below a project's folder.
pub const FOLDER: &str = ".tailscope/profiles";

/// Where a new profile of `program` goes, below `folder` (the working folder).
///
/// The name tells program, UTC time and process apart: `primes-20260131T120000Z-4711.json`.
pub fn new_path(folder: &Path, program: &str) -> PathBuf {
    let stem = Path::new(program)
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or("program");
    let safe: String = stem
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || c == '_' || c == '-' {
                c
            } else {
                '_'
            }
        })
        .take(64)
        .collect();
    let time = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let time: String = time.chars().filter(|c| *c != '-' && *c != ':').collect();
    folder
        .join(FOLDER)
        .join(format!("{safe}-{time}-{}.json", std::process::id()))
}

/// A profile file, with what shows whether it changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    pub path: PathBuf,
    /// Nanoseconds since 1970, for order.
    pub modified: u128,
    pub length: u64,
}

/// The profiles in the given profile folders, the newest first. A folder that is missing
/// or cannot be read counts as empty: having no profile is the normal state.
pub fn list<'a>(folders: impl IntoIterator<Item = &'a Path>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = folders
        .into_iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let path = entry.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                return None;
            }
            let meta = entry.metadata().ok().filter(|meta| meta.is_file())?;
            let modified = meta
                .modified()
                .ok()?
                .duration_since(UNIX_EPOCH)
                .ok()?
                .as_nanos();
            Some(Entry {
                path,
                modified,
                length: meta.len(),
            })
        })
        .collect();
    entries.sort_by(|a, b| {
        b.modified
            .cmp(&a.modified)
            .then_with(|| b.path.cmp(&a.path))
    });
    entries.dedup();
    entries
}

/// The profile folders that may know `file`: of each folder around it, up to the root.
pub fn folders_for(file: &Path) -> Vec<PathBuf> {
    file.ancestors()
        .skip(1)
        .map(|folder| folder.join(FOLDER))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_tell_the_program() {
        let path = new_path(Path::new("/p"), "../x/pri mes.py");
        let name = path.file_name().and_then(|n| n.to_str()).expect("a name");
        assert!(path.starts_with("/p/.tailscope/profiles"));
        assert!(
            name.starts_with("pri_mes-20") && name.ends_with(".json"),
            "{name}"
        );
    }

    #[test]
    fn newest_first_and_only_json() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, seconds) in [("old.json", 100), ("new.json", 200), ("note.txt", 300)] {
            let file = std::fs::File::create(folder.path().join(name)).expect("creates");
            file.set_modified(UNIX_EPOCH + std::time::Duration::from_secs(seconds))
                .expect("dates");
        }
        let missing = folder.path().join("missing");
        let entries = list([folder.path(), missing.as_path(), folder.path()]);
        let names: Vec<_> = entries.iter().filter_map(|e| e.path.file_name()).collect();
        assert_eq!(names, ["new.json", "old.json"]);
    }

    #[test]
    fn folders_are_searched_upwards() {
        let folders = folders_for(Path::new("/a/b/c.py"));
        let expected = [
            "/a/b/.tailscope/profiles",
            "/a/.tailscope/profiles",
            "/.tailscope/profiles",
        ];
        assert_eq!(folders, expected.map(PathBuf::from));
    }
}
