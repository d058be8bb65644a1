//! Tracebacks without the library's help: the entries with their source lines, without markers.
//! Exceptions that nobody can handle are reported so, and others when `traceback` is missing.

use std::collections::HashMap;

use crate::protocol::{attr, object as obj};
use crate::shape;
use crate::types::int;
use crate::types::frame_object;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Entries that are the same are shown this often.
const REPEATED: usize = 3;
/// Only so many entries are shown, the innermost.
const MOST: usize = 1000;

#[derive(PartialEq, Eq, Clone)]
struct Entry {
    file: String,
    line: i64,
    function: String,
}

/// The text of a traceback, its heading included.
pub fn text(vm: &Vm, traceback: Value) -> String {
    let mut out = "Traceback (most recent call last):\n".to_owned();
    let all = entries(vm, traceback);
    let mut files = HashMap::new();
    let mut last: Option<&Entry> = None;
    let mut times = 0;
    for e in &all[all.len().saturating_sub(MOST)..] {
        if last == Some(e) {
            times += 1;
        } else {
            out += &repeated(times);
            (last, times) = (Some(e), 1);
        }
        if times <= REPEATED {
            out += &format!("  File \"{}\", line {}, in {}\n", e.file, e.line, e.function);
            out += &source_line(vm, &mut files, e);
        }
    }
    out + &repeated(times)
}

fn repeated(times: usize) -> String {
    match times.saturating_sub(REPEATED) {
        0 => String::new(),
        1 => "  [Previous line repeated 1 more time]\n".to_owned(),
        n => format!("  [Previous line repeated {n} more times]\n"),
    }
}

fn entries(vm: &Vm, first: Value) -> Vec<Entry> {
    let mut all = Vec::new();
    let mut next = Some(first.to_ref());
    while let Some(tb) = next.filter(|tb| tb.has_shape(shape::TRACEBACK)) {
        all.extend(entry(vm, tb.value()));
        next = attr::get_named(vm, tb.value(), "tb_next").ok();
    }
    all
}

fn entry(vm: &Vm, tb: Value) -> Option<Entry> {
    let frame = attr::get_named(vm, tb, "tb_frame").ok()?;
    let code = attr::get_named(vm, frame.value(), "f_code").ok()?;
    let text = |name: &str| attr::get_named(vm, code.value(), name).ok().map(|v| obj::text(v.value()));
    let line = attr::get_named(vm, tb, "tb_lineno").ok()?;
    Some(Entry { file: text("co_filename")?, line: int::to_i64(line.value())?, function: text("co_name")? })
}

/// The line of an entry, if its file can be read.
fn source_line(vm: &Vm, files: &mut HashMap<String, Option<Vec<u8>>>, e: &Entry) -> String {
    let source = files.entry(e.file.clone()).or_insert_with(|| crate::runtime::source_file(vm, &e.file));
    let line = usize::try_from(e.line - 1).ok().and_then(|i| source.as_ref()?.split(|b| *b == b'\n').nth(i));
    match line {
        Some(l) => {
            let l = String::from_utf8_lossy(l);
            format!("    {}\n", l.trim_start_matches([' ', '\t', '\x0c']).trim_end_matches(['\r', '\n']))
        }
        None => String::new(),
    }
}

/// A traceback of the innermost frame alone, for an error that did not pass through any.
pub fn of_current_frame(vm: &Vm) -> Option<Ref> {
    let frame = vm.interp.current_frame()?;
    // SAFETY: the frame is live; its code tells how far it has come.
    unsafe {
        let shown = frame_object::of_frame(vm, frame);
        let unit = attr::get_named(vm, shown.value(), "f_lasti").ok().and_then(|i| int::to_i64(i.value()))?;
        Some(frame_object::new_traceback(None, shown, u32::try_from(unit / 2).ok()?))
    }
}
