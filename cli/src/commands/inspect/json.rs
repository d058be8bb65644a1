//! Stacks as JSON: docs/inspect.md.

use serde_json::{Value as Json, json};
use tailscope_dwarf::python::{
    Inspected, Limits, Local, PythonFrame, PythonThread, PythonVm, State, Timeout, Values, Wait, WaitKind, is_deadlock,
};

use super::{About, signal_name};
use crate::arguments::InspectArgs;

pub fn document(args: &InspectArgs, about: &About, vm: &PythonVm, inspected: &Inspected, limits: Limits) -> String {
    let values = Values { vm, limits };
    let threads: Vec<Json> = inspected.threads.iter().map(|t| thread(args, t, &values)).collect();
    let document = json!({
        "format": "tailscope-inspect",
        "version": 1,
        "pid": about.pid,
        "command": about.command,
        "binary": about.binary.display().to_string(),
        "interpreter": inspected.interpreter.to_lowercase(),
        "signal": about.signal.map(signal_name),
        "warnings": about.warnings,
        "deadlock": is_deadlock(&inspected.threads),
        "threads": threads,
    });
    format!("{document:#}\n")
}

fn thread(args: &InspectArgs, t: &PythonThread, values: &Values) -> Json {
    let native = t.native.iter().map(|f| {
        let place = f.place.as_ref();
        json!({ "function": f.function, "pc": f.pc, "file": place.map(|p| &p.file), "line": place.map(|p| p.line) })
    });
    let (state, wait) = match &t.state {
        State::Running => ("running", Json::Null),
        State::Ready => ("ready", Json::Null),
        State::NotBegun => ("not begun", Json::Null),
        State::Waiting(w) => ("waiting", self::wait(w)),
    };
    json!({
        "id": t.id,
        "name": t.name,
        "os_thread": t.os_thread,
        "state": state,
        "wait": wait,
        "notes": t.notes,
        "native": native.collect::<Vec<_>>(),
        "frames": t.frames.iter().map(|f| frame(args, f, values)).collect::<Vec<_>>(),
    })
}

fn wait(w: &Wait) -> Json {
    let seconds = match w.timeout {
        Timeout::Seconds(s) => Some(s),
        Timeout::Never | Timeout::Unknown => None,
    };
    let for_ever = w.timeout == Timeout::Never;
    match &w.kind {
        WaitKind::Lock { lock, address, holders } => {
            json!({ "for": "lock", "lock": lock, "address": address, "holders": holders, "seconds": seconds, "for_ever": for_ever })
        }
        WaitKind::Files(files) => json!({ "for": "files", "files": files, "seconds": seconds, "for_ever": for_ever }),
        WaitKind::Time => json!({ "for": "time", "seconds": seconds, "for_ever": for_ever }),
        WaitKind::Other => json!({ "for": "other", "seconds": seconds, "for_ever": for_ever }),
    }
}

fn frame(args: &InspectArgs, f: &PythonFrame, values: &Values) -> Json {
    let instruction = f.instruction.as_ref().map(|i| {
        json!({ "offset": i.offset, "opcode": i.opcode, "specialized": i.specialized, "oparg": i.oparg, "argument": i.argument })
    });
    let mut all = json!({
        "function": f.qualname,
        "name": f.name,
        "file": f.file,
        "line": f.line,
        "column": f.position.column,
        "end_line": f.position.end_line,
        "end_column": f.position.end_column,
        "instruction": instruction,
        "called_by_native": f.is_entry,
    });
    if let Some(fields) = all.as_object_mut() {
        if !args.no_locals {
            fields.insert("locals".into(), f.locals.iter().map(|l| local(args, l, values)).collect());
        }
        if args.stack {
            let slots = f.stack.iter().map(|w| json!({ "type": values.type_name(*w), "value": values.show(*w) }));
            fields.insert("stack".into(), slots.collect());
        }
    }
    all
}

fn local(args: &InspectArgs, l: &Local, values: &Values) -> Json {
    let mut all = json!({
        "name": l.name,
        "kind": l.kind.word(),
        "type": values.type_name(l.word),
        "value": values.show(l.word),
    });
    if let (true, Some(fields)) = (args.verbose, all.as_object_mut()) {
        let attributes = values.attributes(l.word).into_iter().map(|(name, value)| json!({ "name": name, "value": value }));
        fields.insert("attributes".into(), attributes.collect());
    }
    all
}
