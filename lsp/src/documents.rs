//! Open documents: their text as the client sends it, and what is worked out from it.
//!
//! Text is kept up to date at once, in the order of the client's messages. Compiling happens
//! elsewhere, when somebody asks, once for each version that somebody asked about.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tailscope_formats::profile::store::Entry;
use tokio::sync::Mutex as AsyncMutex;

use crate::analysis::State;
use crate::overlay::{Overlay, Profiles};
use crate::problems::Problem;
use crate::text::Text;
use crate::view::View;

/// What is known of a document at one time.
#[derive(Clone, Default)]
pub struct Snapshot {
    pub version: i32,
    pub state: Arc<State>,
    pub overlay: Option<Arc<Overlay>>,
    pub profile_problem: Option<String>,
}

impl Snapshot {
    pub fn view(&self) -> View<'_> {
        View {
            state: &self.state,
            overlay: self.overlay.as_deref(),
            profile_problem: self.profile_problem.as_deref(),
        }
    }
}

/// The last snapshot, and what it was made of.
#[derive(Default)]
struct Worked {
    snapshot: Snapshot,
    /// The change that `snapshot.state` is of; 0 is before the first.
    change: u64,
    /// The profile files that `snapshot.overlay` is of; `None` before the first look.
    profiles: Option<Vec<Entry>>,
}

#[derive(Clone)]
struct Document {
    version: i32,
    text: Arc<Text>,
    /// Counts the changes, from 1; versions are the client's and may repeat.
    change: u64,
    path: Option<PathBuf>,
    /// Held while this document is worked out, so that each change is compiled once.
    worked: Arc<AsyncMutex<Worked>>,
}

/// All open documents.
#[derive(Default)]
pub struct Documents {
    open: Mutex<HashMap<String, Document>>,
    profiles: Arc<Profiles>,
    folders: RwLock<Vec<PathBuf>>,
}

impl Documents {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Document>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The workspace folders, in which profiles are looked for.
    pub fn set_folders(&self, folders: Vec<PathBuf>) {
        *self.folders.write().unwrap_or_else(PoisonError::into_inner) = folders;
    }

    /// The workspace folders.
    pub fn folders(&self) -> Vec<PathBuf> {
        self.folders
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// A document is open now. `path` is its file, if it is one.
    pub fn open(&self, uri: &str, path: Option<PathBuf>, version: i32, text: String) {
        let text = Arc::new(Text::new(text));
        let worked = Arc::default();
        let document = Document {
            version,
            text,
            change: 1,
            path,
            worked,
        };
        self.lock().insert(uri.to_owned(), document);
    }

    /// Applies a change. Returns its number, or `None` for a document that is not open.
    pub fn change(&self, uri: &str, version: i32, edit: impl FnOnce(&Text) -> Text) -> Option<u64> {
        let mut open = self.lock();
        let document = open.get_mut(uri)?;
        document.text = Arc::new(edit(&document.text));
        document.version = version;
        document.change += 1;
        Some(document.change)
    }

    pub fn close(&self, uri: &str) {
        self.lock().remove(uri);
    }

    /// The number of a document's last change; `None` if it is not open.
    pub fn last_change(&self, uri: &str) -> Option<u64> {
        Some(self.lock().get(uri)?.change)
    }

    /// The URIs of all open documents.
    pub fn uris(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    /// What is known of a document as it is now; `None` if it is not open.
    pub async fn snapshot(&self, uri: &str) -> Option<Snapshot> {
        let worked = self.lock().get(uri)?.worked.clone();
        let mut worked = worked.lock_owned().await;
        // Only now: while this waited, the text may have changed again.
        let document = self.lock().get(uri)?.clone();
        let folders = self.folders();
        let profiles = self.profiles.clone();
        let uri = uri.to_owned();
        let work = tokio::task::spawn_blocking(move || {
            if worked.change != document.change {
                worked.compile(&uri, &document);
            }
            if let Some(path) = &document.path {
                worked.join(path, &folders, &profiles);
            }
            worked.snapshot.clone()
        });
        // It fails only when the runtime is being shut down.
        work.await.ok()
    }

    /// Whether there are other profile files for a document than those of its last snapshot.
    /// Documents of which there is no snapshot yet do not count.
    pub async fn has_new_profile(&self, uri: &str) -> bool {
        let Some(document) = self.lock().get(uri).cloned() else {
            return false;
        };
        let Some(path) = document.path else {
            return false;
        };
        let Ok(worked) = document.worked.try_lock() else {
            return false;
        };
        let Some(known) = worked.profiles.clone() else {
            return false;
        };
        drop(worked);
        let folders = self.folders();
        let look = tokio::task::spawn_blocking(move || Profiles::entries(&path, &folders) != known);
        look.await.unwrap_or(false)
    }
}

impl Worked {
    fn compile(&mut self, uri: &str, document: &Document) {
        let name = match &document.path {
            Some(path) => path.to_string_lossy().into_owned(),
            None => uri.to_owned(),
        };
        let before = self.snapshot.state.clone();
        let text = document.text.clone();
        // A fault of the compiler must not take the server along.
        let state = std::panic::catch_unwind(|| State::after(&before, text.clone(), &name))
            .unwrap_or_else(|_| {
                let problem = Problem::whole(
                    "tailscope could not compile this file because of a fault of its own. \
                     Please report it with the file.",
                );
                State::broken(&before, text, problem)
            });
        self.change = document.change;
        self.snapshot.version = document.version;
        self.snapshot.state = Arc::new(state);
        // The numbers are of the old code: join them again.
        self.profiles = None;
    }

    fn join(&mut self, path: &Path, folders: &[PathBuf], profiles: &Profiles) {
        let entries = Profiles::entries(path, folders);
        if self.profiles.as_ref() == Some(&entries) {
            return;
        }
        let found = profiles.newest(path, folders);
        let analysis = &self.snapshot.state.analysis;
        self.snapshot.overlay = found
            .profile
            .map(|(profile, name)| Arc::new(Overlay::new(profile, &name, analysis)));
        self.snapshot.profile_problem = found.problem;
        self.profiles = Some(entries);
    }
}
