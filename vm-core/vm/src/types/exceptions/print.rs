//! Printing of exceptions that nobody handled. CPython's own `traceback` module does it (so the
//! text, with its markers and suggestions, is CPython's); a plain text is the last resort.

use super::exception;
use crate::protocol::{call, object as obj};
use crate::value::Value;
use crate::vm::Vm;

/// Prints an exception to `sys.stderr` as an uncaught one.
pub fn print_exception(vm: &Vm, e: Value) {
    if by_library(vm, e).is_none() {
        crate::runtime::write_stderr(vm, &plain_text(vm, e));
    }
}

fn by_library(vm: &Vm, e: Value) -> Option<()> {
    let m = crate::runtime::import(vm, "traceback").ok()?;
    call::call_method(vm, m.value(), "_print_exception_bltin", &[e]).ok()?;
    Some(())
}

/// The text of an exception with its traceback, as `traceback.format_exception` gives it.
pub fn traceback_text(vm: &Vm, e: Value) -> String {
    formatted(vm, &[e]).unwrap_or_else(|| plain_text(vm, e))
}

/// The same with another traceback than the exception has.
pub fn text_with_traceback(vm: &Vm, e: Value, traceback: Value) -> String {
    let made = formatted(vm, &[vm.type_of(e).value(), e, traceback]);
    made.unwrap_or_else(|| super::plain_traceback::text(vm, traceback) + &last_lines(vm, e))
}

/// What `traceback.format_exception` makes of these arguments.
fn formatted(vm: &Vm, args: &[Value]) -> Option<String> {
    let m = crate::runtime::import(vm, "traceback").ok()?;
    let lines = call::call_method(vm, m.value(), "format_exception", args).ok()?;
    let lines = crate::protocol::iter::to_vec(vm, lines.value()).ok()?;
    Some(lines.iter().map(|l| obj::text(l.value())).collect())
}

/// For when the library cannot be imported.
fn plain_text(vm: &Vm, e: Value) -> String {
    // Oldest last, each with the words between it and what it led to.
    let mut chain = vec![(e.to_ref(), "")];
    while let Some((last, _)) = chain.last() {
        let Some(x) = exception(last.value()) else { break };
        let next = match (x.cause.get_ref(), x.context.get_ref()) {
            (Some(c), _) => (c, "\nThe above exception was the direct cause of the following exception:\n\n"),
            (None, Some(c)) if !x.suppress_context.get() => {
                (c, "\nDuring handling of the above exception, another exception occurred:\n\n")
            }
            _ => break,
        };
        if chain.iter().any(|(seen, _)| seen.is(*next.0)) || chain.len() >= LONGEST_CHAIN {
            break;
        }
        chain.push(next);
    }
    chain.iter().rev().map(|(e, link)| single_text(vm, e.value()) + link).collect()
}

/// Exceptions of a chain beyond these are not shown.
const LONGEST_CHAIN: usize = 1000;

/// One exception, with its traceback and the source lines of that as they stand in the files:
/// what CPython prints where it does not ask its library.
pub fn single_text(vm: &Vm, e: Value) -> String {
    let mut out = String::new();
    if let Some(tb) = exception(e).and_then(|x| x.traceback.get_ref()) {
        out += &super::plain_traceback::text(vm, tb.value());
    }
    out + &last_lines(vm, e)
}

fn last_lines(vm: &Vm, e: Value) -> String {
    let name = crate::types::type_object::display_name(vm, vm.type_of(e));
    let text = obj::str_text(vm, e).unwrap_or_else(|_| "<exception str() failed>".to_owned());
    if text.is_empty() { format!("{name}\n") } else { format!("{name}: {text}\n") }
}

/// A line of a source file, without indentation; nothing if it cannot be had or is blank.
pub fn source_line(vm: &Vm, file: &str, line: i64) -> Option<String> {
    let index = usize::try_from(line).ok()?.checked_sub(1)?;
    let source = crate::runtime::source_file(vm, file)?;
    let text = String::from_utf8_lossy(source.split(|b| *b == b'\n').nth(index)?).trim().to_owned();
    (!text.is_empty()).then_some(text)
}
