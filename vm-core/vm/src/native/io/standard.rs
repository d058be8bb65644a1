//! `sys.stdin`, `sys.stdout` and `sys.stderr`.

use crate::error::PyResult;
use crate::host;
use crate::native::add;
use crate::native::io::{locale, open};
use crate::protocol::{attr, call, truth};
use crate::shape;
use crate::types::dict::PyDict;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Encoding and error handler of the standard streams; standard error has its own handler.
fn settings(vm: &Vm) -> (String, String) {
    let locale = locale::get();
    let ignored = vm.runtime.config.flags.ignore_environment;
    let wanted = if ignored { None } else { locale::variable("PYTHONIOENCODING") };
    let (encoding, errors) = match wanted.as_deref().map(|w| w.split_once(':').unwrap_or((w, ""))) {
        Some((encoding, errors)) => (encoding.to_owned(), errors.to_owned()),
        None => (String::new(), String::new()),
    };
    let errors = match () {
        () if !errors.is_empty() => errors,
        // An encoding of one's own choice is not lenient.
        () if !encoding.is_empty() => "strict".to_owned(),
        () if locale.utf8_mode || locale.is_plain => "surrogateescape".to_owned(),
        () => "strict".to_owned(),
    };
    (if encoding.is_empty() { locale_encoding(locale) } else { shown_name(&encoding) }, errors)
}

fn locale_encoding(locale: &locale::Locale) -> String {
    if locale.utf8_mode { "utf-8".to_owned() } else { shown_name(&locale.encoding) }
}

/// Encodings that have many names are shown with the one that the library's codecs have.
fn shown_name(name: &str) -> String {
    use crate::codecs::Codec;
    match crate::codecs::find(name) {
        Some(Codec::Utf8) => "utf-8".to_owned(),
        Some(Codec::Ascii) => "ascii".to_owned(),
        Some(Codec::Latin1) => "iso8859-1".to_owned(),
        _ if name == "ANSI_X3.4-1968" => "ascii".to_owned(),
        _ => name.to_owned(),
    }
}

/// The stream over a descriptor; None if the process was started without it.
fn stream(vm: &Vm, fd: i32, name: &str, encoding: &str, errors: &str) -> PyResult {
    if host::fstat(fd).is_err() {
        return Ok(vm.none_ref());
    }
    let writes = fd != 0;
    let flags = &vm.runtime.config.flags;
    let unbuffered = flags.unbuffered || (!flags.ignore_environment && locale::variable("PYTHONUNBUFFERED").is_some());
    let mode = vm.intern(if writes { "wb" } else { "rb" });
    let size = Value::small_int(if writes && unbuffered { 0 } else { -1 });
    let null = Value::NULL;
    let buffer = open::open(vm, &[Value::small_int(i64::from(fd)), mode, size, null, null, null, vm.false_()])?;
    let raw = if buffer.has_shape(shape::FILE_IO) { buffer.clone() } else { attr::get_named(vm, buffer.value(), "raw")? };
    attr::set_named(vm, raw.value(), "name", vm.new_str(name).value())?;
    let terminal = call::call_method(vm, raw.value(), "isatty", &[])?;
    let lines = !unbuffered && (fd == 2 || truth::truth(vm, terminal.value())?);
    // What is read may come from anywhere; what is written is not translated.
    let newline = if writes { vm.new_str("\n") } else { vm.none_ref() };
    let (encoding, errors) = (vm.new_str(encoding), vm.new_str(errors));
    let args = [
        buffer.value(),
        encoding.value(),
        errors.value(),
        newline.value(),
        vm.bool(lines),
        vm.bool(unbuffered),
    ];
    let text = call::call_args(vm, vm.builtin(shape::TEXT_IO_WRAPPER).value(), &args)?;
    attr::set_named(vm, text.value(), "mode", vm.intern(if writes { "w" } else { "r" }))?;
    Ok(text)
}

/// Makes the standard streams and puts them into `sys`.
pub fn install_standard_streams(vm: &Vm) -> PyResult<()> {
    let sys = vm.runtime.sys.get();
    let (encoding, errors) = settings(vm);
    for (fd, name) in [(0, "stdin"), (1, "stdout"), (2, "stderr")] {
        let errors = if fd == 2 { "backslashreplace" } else { &errors };
        let shown = format!("<{name}>");
        let made = match stream(vm, fd, &shown, &encoding, errors) {
            // An encoding that does not exist must not leave the program without streams.
            Err(_) => stream(vm, fd, &shown, "utf-8", "backslashreplace")?,
            Ok(made) => made,
        };
        add(vm, sys, name, made.value())?;
        add(vm, sys, &format!("__{name}__"), made.value())?;
    }
    Ok(())
}

/// Has `sys.stdout` and `sys.stderr` hand on whatever is written, at once (`-u`).
pub fn write_through(vm: &Vm) -> PyResult<()> {
    let options = PyDict::new(vm);
    if let Some(d) = options.cast::<PyDict>() {
        d.set_text(vm, "write_through", vm.true_());
    }
    for name in ["stdout", "stderr"] {
        let stream: Ref = attr::get_named(vm, vm.runtime.sys.get(), name)?;
        if stream.has_shape(shape::TEXT_IO_WRAPPER) {
            let reconfigure = attr::get_named(vm, stream.value(), "reconfigure")?;
            call::call_dict(vm, reconfigure.value(), &[], options.cast::<PyDict>())?;
        }
    }
    Ok(())
}

/// Has `sys.stdout` and `sys.stderr` hand on each line, as on a terminal.
pub fn use_line_buffering(vm: &Vm) -> PyResult<()> {
    for name in ["stdout", "stderr"] {
        let stream: Ref = attr::get_named(vm, vm.runtime.sys.get(), name)?;
        if stream.has_shape(shape::TEXT_IO_WRAPPER) {
            super::text::set_line_buffering(vm, stream.value())?;
        }
    }
    Ok(())
}
