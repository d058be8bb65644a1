//! Code objects as the debugger knows them: numbered, with the lines where execution enters.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use tailscope_bytecode::code::kinds;
use tailscope_bytecode::dis::raw_instructions;

use crate::code::PyCode;
use crate::debug::breakpoints::{LineMark, line_starts};
use crate::debug::seam::CodeFilters;
use crate::debug::types::{CodeId, SourceRange};
use crate::import::LIBRARY;
use crate::protocol::object as obj;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A code object that the debugger has met. It is kept alive, so that neither its number nor
/// its address ever means another one.
pub(super) struct KnownCode {
    pub id: CodeId,
    object: Ref,
    pub file: String,
    /// Its code is not the user's.
    pub library: Cell<bool>,
    /// Steps and exception stops leave it out.
    pub skipped: Cell<bool>,
}

impl KnownCode {
    pub fn code(&self) -> &PyCode {
        // SAFETY: `Codes::know` takes code objects alone.
        unsafe { self.object.value().cast_unchecked::<PyCode>() }
    }
}

/// All code objects that the debugger has met.
#[derive(Default)]
pub(super) struct Codes {
    by_address: HashMap<usize, Rc<KnownCode>>,
    /// In the order of their numbers, which count from 1.
    by_id: Vec<Rc<KnownCode>>,
    /// File names as the file system has them.
    canonical: HashMap<String, Option<PathBuf>>,
    filters: CodeFilters,
    /// Code that was made of a text which is in no file, by its address: the name that the text
    /// goes by here.
    texts: HashMap<usize, String>,
}

impl Codes {
    /// What is known of a code object, which is numbered if it is new.
    pub fn know(&mut self, code: &PyCode) -> Rc<KnownCode> {
        let address = std::ptr::from_ref(code).addr();
        if let Some(known) = self.by_address.get(&address) {
            return Rc::clone(known);
        }
        let file = self.file_of(code);
        let known = Rc::new(KnownCode {
            id: CodeId(self.by_id.len() as u32 + 1),
            object: code.as_value().to_ref(),
            library: Cell::default(),
            skipped: Cell::default(),
            file,
        });
        self.classify(&known);
        self.by_address.insert(address, Rc::clone(&known));
        self.by_id.push(Rc::clone(&known));
        known
    }

    /// The code object with a number.
    pub fn get(&self, id: CodeId) -> Option<Rc<KnownCode>> {
        self.by_id.get((id.0 as usize).checked_sub(1)?).cloned()
    }

    /// The name of the file that a code object is from, or of its text.
    pub fn file_of(&self, code: &PyCode) -> String {
        let text = self.texts.get(&std::ptr::from_ref(code).addr());
        text.cloned().unwrap_or_else(|| obj::text(code.filename.value()))
    }

    fn classify(&self, known: &KnownCode) {
        let filters = &self.filters;
        let left_out = filters.skip_files.iter().any(|pattern| matches(pattern, &known.file));
        let library = is_library(&known.file);
        let name = obj::text(known.code().name);
        known.library.set(library || left_out);
        known.skipped.set(left_out || (filters.just_my_code && library) || filters.skip_functions.contains(&name));
    }

    /// Chooses which code is left out.
    pub fn set_filters(&mut self, filters: CodeFilters) {
        self.filters = filters;
        self.by_id.iter().for_each(|known| self.classify(known));
    }

    /// Notes that a code object, and those in it, were made of a text with this name. They are
    /// kept, so that their addresses do not come to mean others.
    pub fn name_text(&mut self, code: &PyCode, name: &str) {
        self.texts.insert(std::ptr::from_ref(code).addr(), name.to_owned());
        for inner in code.consts().iter().filter_map(|c| c.cast_exact::<PyCode>()) {
            self.name_text(inner, name);
        }
        self.know(code);
    }

    /// All that have been met, in the order of their numbers.
    pub fn met(&self) -> impl Iterator<Item = &Rc<KnownCode>> {
        self.by_id.iter()
    }

    /// The functions that are there now and are wanted.
    pub fn named(&mut self, vm: &Vm, wanted: impl Fn(&KnownCode) -> bool) -> Vec<Rc<KnownCode>> {
        let mut live = Vec::new();
        vm.interp.for_each_code(|code| live.push(code.as_value().to_ref()));
        let known: Vec<Rc<KnownCode>> =
            live.iter().filter_map(|object| object.cast_exact::<PyCode>().map(|code| self.know(code))).collect();
        known.into_iter().filter(|known| wanted(known)).collect()
    }

    /// The functions that have a cell or free variable of a name.
    pub fn sharing(&mut self, vm: &Vm, name: Value) -> Vec<Rc<KnownCode>> {
        let shared = |code: &PyCode| {
            let mut slots = 0..code.nlocalsplus as usize;
            slots.any(|slot| code.kind(slot) & (kinds::CELL | kinds::FREE) != 0 && code.localsplus_names[slot].is(name))
        };
        self.named(vm, |known| shared(known.code()))
    }

    /// Code objects of a file: those met, and those that are there now.
    pub fn of_file(&mut self, vm: &Vm, file: &str) -> Vec<Rc<KnownCode>> {
        let mut live = Vec::new();
        vm.interp.for_each_code(|code| live.push(code.as_value().to_ref()));
        let mut names: HashMap<String, bool> = HashMap::new();
        for object in &live {
            // SAFETY: the list is of code objects.
            let code = unsafe { object.value().cast_unchecked::<PyCode>() };
            let name = self.file_of(code);
            let wanted = match names.get(&name) {
                Some(wanted) => *wanted,
                None => {
                    let wanted = self.same_file(&name, file);
                    names.insert(name, wanted);
                    wanted
                }
            };
            if wanted {
                self.know(code);
            }
        }
        let met = self.by_id.clone();
        met.into_iter().filter(|known| self.same_file(&known.file, file)).collect()
    }

    /// Whether two names are of one file, through links and relative paths.
    pub fn same_file(&mut self, a: &str, b: &str) -> bool {
        if a == b {
            return true;
        }
        let (a, b) = (self.canonical(a), self.canonical(b));
        a.is_some() && a == b
    }

    fn canonical(&mut self, name: &str) -> Option<PathBuf> {
        if name.starts_with('<') {
            return None;
        }
        self.canonical
            .entry(name.to_owned())
            .or_insert_with(|| Path::new(name).canonicalize().ok())
            .clone()
    }
}

/// Whether a file is of the standard library or is no file of the user's at all.
pub(super) fn is_library(file: &str) -> bool {
    file.starts_with(LIBRARY) || file.starts_with("<frozen") || file.contains("/site-packages/")
}

/// Whether a file name fits a pattern, where `*` stands for any characters. A pattern that begins
/// with no `/` may begin at any folder.
fn matches(pattern: &str, file: &str) -> bool {
    let anchored = pattern.starts_with('/') || pattern.starts_with('*') || pattern.starts_with('<');
    let pattern = if anchored { pattern.to_owned() } else { format!("*/{pattern}") };
    let mut parts = pattern.split('*').filter(|part| !part.is_empty()).peekable();
    let mut rest = file;
    if !pattern.starts_with('*') {
        match parts.next().and_then(|first| rest.strip_prefix(first)) {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none() && !pattern.ends_with('*');
        let found = if last { rest.strip_suffix(part).map(str::len) } else { rest.find(part) };
        match found {
            Some(_) if last => return true,
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    pattern.ends_with('*') || rest.is_empty()
}

/// Where a code unit was compiled from; `None` without a line.
pub(super) fn location(code: &PyCode, unit: usize) -> Option<SourceRange> {
    let p = code.positions().get(unit)?;
    let line = p.line.and_then(|l| u32::try_from(l).ok()).filter(|l| *l > 0)?;
    let unsigned = |n: Option<i32>| n.and_then(|n| u32::try_from(n).ok());
    Some(SourceRange {
        line,
        column: unsigned(p.column),
        end_line: unsigned(p.end_line).unwrap_or(line),
        end_column: unsigned(p.end_column),
    })
}

/// An instruction where execution enters a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LineEntry {
    pub line: u32,
    pub unit: u32,
    /// Control also comes here from the instruction before, which is of the same line: a loop's
    /// header, jumped back to.
    pub within: bool,
}

/// Where execution enters lines: the places of breakpoints.
pub(super) fn entries(code: &PyCode) -> Vec<LineEntry> {
    let bytes = &code.code.code;
    let mut targets: HashSet<usize> = code.handlers.iter().map(|h| h.target as usize * 2).collect();
    let line = |offset: usize| location(code, offset / 2).map(|l| l.line);
    for raw in raw_instructions(bytes) {
        if let Some(target) = raw.jump_target()
            && line(target) != line(raw.offset)
        {
            targets.insert(target);
        }
    }
    let marks: Vec<LineMark> = raw_instructions(bytes)
        .map(|raw| LineMark {
            offset: raw.offset as u32,
            location: location(code, raw.offset / 2),
            target: targets.contains(&raw.offset),
            prologue: raw.offset as u32 / 2 <= code.first_traceable,
        })
        .collect();
    let straight: Vec<LineMark> = marks.iter().map(|mark| LineMark { target: false, ..*mark }).collect();
    let straight: HashSet<(u32, u32)> = line_starts(&straight).into_iter().collect();
    line_starts(&marks)
        .into_iter()
        .map(|(line, offset)| LineEntry { line, unit: offset / 2, within: !straight.contains(&(line, offset)) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_of_file_names() {
        for (pattern, file, fits) in [
            ("helper.py", "/a/helper.py", true),
            ("helper.py", "/a/no_helper.py", false),
            ("/a/*", "/a/b/c.py", true),
            ("/a/*", "/b/a/c.py", false),
            ("*/tests/*.py", "/x/tests/y.py", true),
            ("*/tests/*.py", "/x/tests/y.pyc", false),
            ("lib/*", "/usr/lib/x.py", true),
            ("<frozen*", "<frozen importlib>", true),
            ("*", "anything", true),
        ] {
            assert_eq!(matches(pattern, file), fits, "{pattern} {file}");
        }
    }
}
