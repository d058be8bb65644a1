//! The newest profile of a document, joined with its code.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tailscope_formats::profile::store::{self, Entry};
use tailscope_formats::profile::{CodeProfile, InstructionProfile, Match, Profile, align};

use crate::analysis::{Analysis, Function, Site};

/// How far a profile holds for a function as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// The same bytecode ran.
    Fresh,
    /// The function has changed since.
    Stale,
    /// It did not run in the recorded run.
    NeverRan,
}

/// What the profile says of one function.
#[derive(Clone, Debug)]
pub struct FunctionOverlay {
    pub freshness: Freshness,
    /// By the function's instructions; `None` where one did not run, or was not there.
    pub instructions: Vec<Option<InstructionProfile>>,
}

/// What the newest profile that knows a document says of it.
#[derive(Clone, Debug)]
pub struct Overlay {
    pub profile: Arc<Profile>,
    /// By the document's functions.
    pub functions: Vec<FunctionOverlay>,
}

impl Overlay {
    /// Joins a profile with a document that it knows under the name `file`.
    pub fn new(profile: Arc<Profile>, file: &str, analysis: &Analysis) -> Overlay {
        let functions = analysis
            .functions
            .iter()
            .map(|function| join(&profile, file, function))
            .collect();
        Overlay { profile, functions }
    }

    /// What an instruction did, and whether it was this very instruction that did it.
    pub fn at(&self, site: Site) -> Option<(&InstructionProfile, Freshness)> {
        let function = self.functions.get(site.function)?;
        let instruction = function.instructions.get(site.instruction)?.as_ref()?;
        Some((instruction, function.freshness))
    }

    /// How far it holds for a function.
    pub fn freshness(&self, function: usize) -> Freshness {
        self.functions
            .get(function)
            .map_or(Freshness::NeverRan, |function| function.freshness)
    }
}

fn join(profile: &Profile, file: &str, function: &Function) -> FunctionOverlay {
    match profile.find(file, &function.code) {
        Match::Fresh(entry) => FunctionOverlay {
            freshness: Freshness::Fresh,
            instructions: function
                .instructions
                .iter()
                .map(|instruction| entry.at(instruction.offset).cloned())
                .collect(),
        },
        Match::Stale(entry) => FunctionOverlay {
            freshness: Freshness::Stale,
            instructions: join_stale(entry, function),
        },
        Match::None => FunctionOverlay {
            freshness: Freshness::NeverRan,
            instructions: vec![None; function.instructions.len()],
        },
    }
}

/// Counters of the old version, at the instructions that are still there.
fn join_stale(entry: &CodeProfile, function: &Function) -> Vec<Option<InstructionProfile>> {
    let units = align(&entry.code, &function.code.code);
    function
        .instructions
        .iter()
        .map(|instruction| {
            let old = units
                .get(instruction.offset as usize / 2)
                .copied()
                .flatten()?;
            entry.at(u32::try_from(old * 2).ok()?).cloned()
        })
        .collect()
}

/// How many of the newest profiles are looked through for a file that most do not know.
const LOOK_BACK: usize = 32;
/// How many parsed profiles are kept.
const KEEP: usize = 8;

/// A file's newest profile, or why there is none to show.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// With the name under which the profile knows the file.
    pub profile: Option<(Arc<Profile>, String)>,
    /// The newest profile, when it could not be read.
    pub problem: Option<String>,
}

type Parsed = Result<Arc<Profile>, String>;

/// The profiles on disk, parsed once.
#[derive(Debug, Default)]
pub struct Profiles {
    parsed: Mutex<HashMap<Entry, Parsed>>,
}

impl Profiles {
    /// The profile folders for a file: those around it, and those of the workspace.
    pub fn folders(file: &Path, workspace: &[PathBuf]) -> Vec<PathBuf> {
        let mut folders = store::folders_for(file);
        folders.extend(workspace.iter().map(|folder| folder.join(store::FOLDER)));
        folders.sort();
        folders.dedup();
        folders
    }

    /// The profile files for a file, the newest first: what shows whether something changed.
    pub fn entries(file: &Path, workspace: &[PathBuf]) -> Vec<Entry> {
        let folders = Profiles::folders(file, workspace);
        store::list(folders.iter().map(PathBuf::as_path))
    }

    /// The newest profile that has code of `file`.
    pub fn newest(&self, file: &Path, workspace: &[PathBuf]) -> Found {
        let mut names = vec![file.to_string_lossy().into_owned()];
        if let Ok(real) = file.canonicalize() {
            names.push(real.to_string_lossy().into_owned());
        }
        let mut found = Found::default();
        for entry in Profiles::entries(file, workspace)
            .into_iter()
            .take(LOOK_BACK)
        {
            match self.parse(&entry) {
                Ok(profile) => {
                    let known = names
                        .iter()
                        .find(|name| profile.codes_of(name).next().is_some());
                    if let Some(name) = known {
                        found.profile = Some((profile, name.clone()));
                        break;
                    }
                }
                Err(problem) => {
                    found.problem.get_or_insert(problem);
                }
            }
        }
        found
    }

    fn parse(&self, entry: &Entry) -> Parsed {
        let known = |parsed: &HashMap<Entry, Parsed>| parsed.get(entry).cloned();
        let lock = || self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(result) = known(&lock()) {
            return result;
        }
        // Not under the lock: a large profile takes a while, and others may be in the cache.
        let result = Profile::read(&entry.path)
            .map(Arc::new)
            .map_err(|error| error.to_string());
        let mut parsed = lock();
        if parsed.len() >= KEEP {
            let oldest = parsed.keys().min_by_key(|entry| entry.modified).cloned();
            if let Some(oldest) = oldest {
                parsed.remove(&oldest);
            }
        }
        parsed.insert(entry.clone(), result.clone());
        result
    }
}
