//! What has been loaded, and where things were defined: modules, sources, locations; and names
//! for what somebody types.

use serde_json::{Value, json};

use crate::client::Responder;
use crate::link::messages::{
    Complete, CompletionView, EndThread, KindWord, LoadedFiles, ModuleView, Modules,
};
use crate::protocol::{
    CompletionsArguments, Failure, LocationsArguments, ModulesArguments, TerminateThreadsArguments,
    to_json,
};

use super::inspection::stale;
use super::{Phase, Session};

impl Session {
    pub(super) fn modules(&mut self, to: Responder, arguments: ModulesArguments) {
        let size = |value: Option<u64>| usize::try_from(value.unwrap_or(0)).unwrap_or(usize::MAX);
        let start = size(arguments.start_module);
        let count = Some(size(arguments.module_count)).filter(|&count| count > 0);
        self.ask_any_time(to, Modules {}, move |session, modules| {
            let total = modules.len();
            let wanted = modules.into_iter().skip(start);
            let list: Vec<Value> = wanted
                .take(count.unwrap_or(usize::MAX))
                .map(|module| session.module(&module))
                .collect();
            Ok(json!({ "modules": list, "totalModules": total }))
        });
    }

    fn module(&mut self, module: &ModuleView) -> Value {
        let mut body = json!({
            "id": module.name, "name": module.name, "isUserCode": !module.library,
        });
        if let Some(fields) = body.as_object_mut() {
            if let Some(file) = &module.file {
                fields.insert("path".to_owned(), file.clone().into());
            }
            if let Some(version) = &module.version {
                fields.insert("version".to_owned(), version.clone().into());
            }
        }
        body
    }

    pub(super) fn loaded_sources(&mut self, to: Responder) {
        self.ask_any_time(to, LoadedFiles {}, |session, files| {
            let list: Vec<Value> = files
                .iter()
                .map(|file| to_json(session.sources.source(file)))
                .collect();
            Ok(json!({ "sources": list }))
        });
    }

    /// The program stands still: tells of what it has loaded since it last did.
    pub(super) fn tell_of_loaded(&mut self) {
        self.ask(LoadedFiles {}, |session, files| {
            for file in files.unwrap_or_default() {
                if session.told_files.insert(file.clone()) {
                    let source = to_json(session.sources.source(&file));
                    let body = json!({ "reason": "new", "source": source });
                    session.client.event("loadedSource", body);
                }
            }
        });
        self.ask(Modules {}, |session, modules| {
            let Ok(modules) = modules else { return };
            let names: Vec<&String> = modules.iter().map(|module| &module.name).collect();
            let gone: Vec<String> = session
                .told_modules
                .iter()
                .filter(|told| !names.contains(told))
                .cloned()
                .collect();
            for name in gone {
                session.told_modules.remove(&name);
                let module = json!({ "id": name, "name": name });
                let body = json!({ "reason": "removed", "module": module });
                session.client.event("module", body);
            }
            for module in modules {
                if session.told_modules.insert(module.name.clone()) {
                    let body = json!({ "reason": "new", "module": session.module(&module) });
                    session.client.event("module", body);
                }
            }
        });
    }

    pub(super) fn locations(&mut self, to: Responder, arguments: LocationsArguments) {
        let Some((file, line)) = self.handles.find_location(arguments.location_reference) else {
            return self.client.respond(to, Err(stale("location")));
        };
        let source = to_json(self.sources.source(&file));
        let body = json!({ "source": source, "line": self.client_line(line) });
        self.client.respond(to, Ok(body));
    }

    pub(super) fn terminate_threads(
        &mut self,
        to: Responder,
        arguments: TerminateThreadsArguments,
    ) {
        let wanted = arguments.thread_ids.unwrap_or_default();
        let unknown = wanted
            .iter()
            .find(|wanted| !self.threads.iter().any(|known| known.id == **wanted));
        if let Some(unknown) = unknown {
            let failure = super::execution::no_thread(*unknown);
            return self.client.respond(to, Err(failure));
        }
        if !matches!(self.phase, Phase::Running | Phase::Stopped) {
            let failure = Failure::new(super::no_program(self.phase));
            return self.client.respond(to, Err(failure));
        }
        for thread in wanted {
            self.tell(EndThread { thread });
        }
        self.client.respond(to, Ok(Value::Null));
    }

    pub(super) fn completions(&mut self, to: Responder, arguments: CompletionsArguments) {
        let frame = match self.frame_of(arguments.frame_id) {
            Ok(frame) => frame,
            Err(failure) => return self.client.respond(to, Err(failure)),
        };
        let lines_from = u32::from(self.traits.lines_start_at_1);
        let line = arguments.line.map_or(0, |line| line.saturating_sub(lines_from));
        let line = arguments.text.split('\n').nth(line as usize).unwrap_or_default();
        let columns_from = u32::from(self.traits.columns_start_at_1);
        let column = arguments.column.saturating_sub(columns_from);
        let text = before_utf16(line, column as usize).to_owned();
        let length = text.encode_utf16().count();
        self.ask_for(to, Complete { frame, text }, move |session, names| {
            let item = |name: CompletionView| {
                let start = length.saturating_sub(name.replaces);
                let start = u32::try_from(start).unwrap_or(0) + columns_from;
                json!({
                    "label": name.label, "type": completion_type(name.kind), "start": start,
                    "length": name.replaces, "sortText": sort_text(&name.label),
                })
            };
            let _ = session;
            let targets: Vec<Value> = names.into_iter().map(item).collect();
            Ok(json!({ "targets": targets }))
        });
    }
}

/// What comes before a column that counts UTF-16 code units.
fn before_utf16(text: &str, column: usize) -> &str {
    let mut units = 0;
    for (index, c) in text.char_indices() {
        if units >= column {
            return text.get(..index).unwrap_or(text);
        }
        units += c.len_utf16();
    }
    text
}

/// Names with underscores come last.
fn sort_text(label: &str) -> String {
    let underscores = label.len() - label.trim_start_matches('_').len();
    format!("{underscores}{label}")
}

fn completion_type(kind: Option<KindWord>) -> &'static str {
    match kind {
        None => "keyword",
        Some(KindWord::Method) => "method",
        Some(KindWord::Class) => "class",
        Some(KindWord::Property) => "property",
        Some(KindWord::Data | KindWord::Cell | KindWord::Free | KindWord::Virtual) => "variable",
    }
}

#[cfg(test)]
mod tests {
    use super::before_utf16;

    #[test]
    fn columns_in_utf16() {
        assert_eq!(before_utf16("a😀b", 3), "a😀");
        assert_eq!(before_utf16("a😀b", 1), "a");
        assert_eq!(before_utf16("ab", 9), "ab");
    }
}
