//! Files: as the VM names them, and as the client is told of them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::link::messages::Range;
use crate::protocol::Source;

/// Longest file that is read for its columns, in bytes.
const MAX_FILE: u64 = 16 << 20;

/// What is known of the program's files.
#[derive(Default)]
pub struct Sources {
    /// The program's working directory, that relative names start from.
    pub cwd: Option<PathBuf>,
    known: HashMap<String, Source>,
    /// Files that are not on the disk; a reference is an index here, and one.
    virtual_files: Vec<String>,
    /// Files' lines, for columns; reread at each stop, since files change.
    lines: HashMap<String, Option<Vec<String>>>,
}

impl Sources {
    /// The client's idea of a file that the VM names: its path, or a reference that its text
    /// can be asked for with.
    pub fn source(&mut self, file: &str) -> Source {
        if let Some(source) = self.known.get(file) {
            return source.clone();
        }
        let path = self.path(file);
        let mut source = Source {
            name: Some(base_name(file)),
            ..Source::default()
        };
        if !file.starts_with('<') && path.is_file() {
            source.path = Some(path.to_string_lossy().into_owned());
        } else {
            self.virtual_files.push(file.to_owned());
            source.source_reference = u32::try_from(self.virtual_files.len()).ok();
        }
        self.known.insert(file.to_owned(), source.clone());
        source
    }

    /// The file that a reference stands for.
    pub fn virtual_file(&self, reference: u32) -> Option<&str> {
        let index = usize::try_from(reference).ok()?.checked_sub(1)?;
        self.virtual_files.get(index).map(String::as_str)
    }

    fn path(&self, file: &str) -> PathBuf {
        match &self.cwd {
            Some(cwd) => cwd.join(file),
            None => PathBuf::from(file),
        }
    }

    /// Forgets the files' text: the program goes on, and its files may change.
    pub fn reset(&mut self) {
        self.lines.clear();
    }

    /// A range with its columns in UTF-16 code units, from 0, as the client counts them.
    pub fn in_utf16(&mut self, file: &str, range: Range) -> Range {
        Range {
            column: range
                .column
                .map(|column| self.utf16(file, range.line, column)),
            end_column: range
                .end_column
                .map(|column| self.utf16(file, range.end_line, column)),
            ..range
        }
    }

    fn utf16(&mut self, file: &str, line: u32, column: u32) -> u32 {
        let text = self.line(file, line);
        let before = text.and_then(|text| text.get(..column as usize));
        before.map_or(column, |before| before.encode_utf16().count() as u32)
    }

    /// A column in bytes, of one in UTF-16 code units.
    pub fn in_bytes(&mut self, file: &str, line: u32, column: u32) -> u32 {
        let Some(text) = self.line(file, line) else {
            return column;
        };
        let (mut units, mut bytes) = (0, 0);
        for c in text.chars() {
            if units >= column {
                break;
            }
            units += c.len_utf16() as u32;
            bytes += c.len_utf8() as u32;
        }
        bytes
    }

    /// The text of a range.
    pub fn text(&mut self, file: &str, range: Range) -> Option<String> {
        let (start, end) = (range.column? as usize, range.end_column? as usize);
        let mut text = String::new();
        for line in range.line..=range.end_line {
            let whole = self.line(file, line)?;
            let from = if line == range.line { start } else { 0 };
            let to = if line == range.end_line { end } else { whole.len() };
            text.push_str(whole.get(from..to)?);
            text.push('\n');
        }
        Some(text.trim_end().to_owned())
    }

    fn line(&mut self, file: &str, line: u32) -> Option<&str> {
        let path = self.path(file);
        let lines = self
            .lines
            .entry(file.to_owned())
            .or_insert_with(|| read_lines(&path));
        let index = (line as usize).checked_sub(1)?;
        lines.as_ref()?.get(index).map(String::as_str)
    }
}

fn read_lines(path: &Path) -> Option<Vec<String>> {
    let metadata = std::fs::metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > MAX_FILE {
        return None;
    }
    let text = String::from_utf8_lossy(&std::fs::read(path).ok()?).into_owned();
    Some(text.lines().map(str::to_owned).collect())
}

fn base_name(file: &str) -> String {
    Path::new(file).file_name().map_or_else(
        || file.to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_what_is_none() {
        let mut sources = Sources {
            cwd: Some(env!("CARGO_MANIFEST_DIR").into()),
            ..Sources::default()
        };
        let file = sources.source("src/lib.rs");
        assert_eq!(file.name.as_deref(), Some("lib.rs"));
        assert!(file.path.unwrap().ends_with("debug-adapter/src/lib.rs"));
        let frozen = sources.source("<frozen importlib._bootstrap>");
        assert_eq!(frozen.path, None);
        let reference = frozen.source_reference.unwrap();
        assert_eq!(
            sources.virtual_file(reference),
            Some("<frozen importlib._bootstrap>")
        );
        assert_eq!(
            sources
                .source("<frozen importlib._bootstrap>")
                .source_reference,
            Some(reference)
        );
        assert_eq!(
            (sources.virtual_file(0), sources.virtual_file(9)),
            (None, None)
        );
    }

    #[test]
    fn columns_in_utf16() {
        let directory =
            std::env::temp_dir().join(format!("tailscope-sources-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("a.py"), "x = 1\ns = '😀é' + t\n").unwrap();
        let mut sources = Sources {
            cwd: Some(directory.clone()),
            ..Sources::default()
        };
        assert_eq!(sources.in_bytes("a.py", 2, 12), 15);
        assert_eq!(sources.in_bytes("a.py", 2, 99), 16);
        let whole = Range {
            line: 2,
            column: Some(4),
            end_line: 2,
            end_column: Some(12),
        };
        assert_eq!(sources.text("a.py", whole).as_deref(), Some("'😀é'"));
        let range = |line, column| Range {
            line,
            column: Some(column),
            end_line: line,
            end_column: None,
        };
        assert_eq!(sources.in_utf16("a.py", range(1, 4)).column, Some(4));
        assert_eq!(sources.in_utf16("a.py", range(2, 15)).column, Some(12));
        assert_eq!(
            sources.in_utf16("a.py", range(9, 3)).column,
            Some(3),
            "a line that is not there"
        );
        assert_eq!(
            sources.in_utf16("b.py", range(1, 3)).column,
            Some(3),
            "a file that is not there"
        );
        std::fs::remove_dir_all(directory).unwrap();
    }
}
