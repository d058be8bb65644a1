//! Code objects as the debugger knows them: numbered, with the lines where execution enters.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use tailscope_bytecode::dis::raw_instructions;

use crate::code::PyCode;
use crate::debug::breakpoints::{LineMark, line_starts};
use crate::debug::types::{CodeId, SourceRange};
use crate::import::LIBRARY;
use crate::protocol::object as obj;
use crate::value::Ref;
use crate::vm::Vm;

/// A code object that the debugger has met. It is kept alive, so that neither its number nor
/// its address ever means another one.
pub(super) struct KnownCode {
    pub id: CodeId,
    object: Ref,
    pub file: String,
    /// Its code is not the user's.
    pub library: bool,
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
}

impl Codes {
    /// What is known of a code object, which is numbered if it is new.
    pub fn know(&mut self, code: &PyCode) -> Rc<KnownCode> {
        let address = std::ptr::from_ref(code).addr();
        if let Some(known) = self.by_address.get(&address) {
            return Rc::clone(known);
        }
        let file = obj::text(code.filename.value());
        let known = Rc::new(KnownCode {
            id: CodeId(self.by_id.len() as u32 + 1),
            object: code.as_value().to_ref(),
            library: is_library(&file),
            file,
        });
        self.by_address.insert(address, Rc::clone(&known));
        self.by_id.push(Rc::clone(&known));
        known
    }

    /// The code object with a number.
    pub fn get(&self, id: CodeId) -> Option<Rc<KnownCode>> {
        self.by_id.get((id.0 as usize).checked_sub(1)?).cloned()
    }

    /// Code objects of a file: those met, and those that are there now.
    pub fn of_file(&mut self, vm: &Vm, file: &str) -> Vec<Rc<KnownCode>> {
        let mut live = Vec::new();
        vm.interp.for_each_code(|code| live.push(code.as_value().to_ref()));
        let mut names: HashMap<String, bool> = HashMap::new();
        for object in &live {
            // SAFETY: the list is of code objects.
            let code = unsafe { object.value().cast_unchecked::<PyCode>() };
            let name = obj::text(code.filename.value());
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
fn is_library(file: &str) -> bool {
    file.starts_with(LIBRARY) || file.starts_with("<frozen") || file.contains("/site-packages/")
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
