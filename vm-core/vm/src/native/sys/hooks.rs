//! `sys.displayhook`, `excepthook`, `unraisablehook` and `breakpointhook`.

use crate::args::CallArgs;
use crate::error::{PyResult, Raised};
use crate::interp::enter;
use crate::native::structseq;
use crate::protocol::{attr, call, object as obj};
use crate::runtime;
use crate::shape;
use crate::types::exceptions;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// An attribute of `sys`, unless it was deleted.
pub fn get(vm: &Vm, name: &str) -> Option<Ref> {
    crate::types::module::dict(vm, vm.runtime.sys.get()).get_text(vm, name).map(|v| v.to_ref())
}

/// `sys.displayhook`: prints what an expression statement at the prompt gave.
pub(super) fn displayhook(vm: &Vm, a: &[Value]) -> PyResult {
    if a[0].is(vm.none()) {
        return Ok(vm.none_ref());
    }
    let builtins = vm.runtime.builtins.get();
    attr::set_named(vm, builtins, "_", vm.none())?;
    let Some(out) = get(vm, "stdout").filter(|o| !o.is(vm.none())) else {
        return Err(vm.runtime_error("lost sys.stdout"));
    };
    let text = obj::repr(vm, a[0])?;
    if let Err(e) = call::call_method(vm, out.value(), "write", &[text.value()]) {
        if !e.is(vm, shape::UNICODE_ENCODE_ERROR) {
            return Err(e);
        }
        write_escaped(vm, &out, &text)?;
    }
    call::call_method(vm, out.value(), "write", &[vm.intern("\n")])?;
    attr::set_named(vm, builtins, "_", a[0])?;
    Ok(vm.none_ref())
}

/// Writes text that the stream's encoding cannot hold, with escapes.
fn write_escaped(vm: &Vm, out: &Ref, text: &Ref) -> PyResult<()> {
    let encoding = attr::get_named(vm, out.value(), "encoding")?;
    let Some(s) = text.cast::<PyStr>() else { return Ok(()) };
    let encoding = obj::text(encoding.value());
    let bytes = crate::codecs::encode(vm, s, &encoding, "backslashreplace")?;
    if let Some(buffer) = attr::get_opt(vm, out.value(), vm.names().buffer)? {
        return call::call_method(vm, buffer.value(), "write", &[bytes.value()]).map(drop);
    }
    let data = crate::types::bytes::data_of(bytes.value()).unwrap_or_default();
    let text = crate::codecs::decode(vm, data, &encoding, "strict")?;
    call::call_method(vm, out.value(), "write", &[text.value()]).map(drop)
}

/// `sys.excepthook`: prints an exception with its traceback.
pub(super) fn excepthook(vm: &Vm, a: &[Value]) -> PyResult {
    let Some(e) = exceptions::exception(a[1]) else {
        let name = vm.type_of(a[1]).full_name();
        let text = format!(
            "TypeError: print_exception(): Exception expected for value, {name} found\n"
        );
        runtime::write_stderr(vm, &text);
        return Ok(vm.none_ref());
    };
    if a[2].has_shape(shape::TRACEBACK) && e.traceback.is_null() {
        e.traceback.set(a[2].to_ref());
    }
    exceptions::print_exception(vm, a[1]);
    Ok(vm.none_ref())
}

/// Hands an exception that ends the program to `sys.excepthook`.
///
/// # Errors
/// A SystemExit that the hook raised.
pub fn report_uncaught(vm: &Vm, e: &Raised) -> PyResult<()> {
    let value = e.0.value();
    remember_last(vm, value);
    let Some(hook) = get(vm, "excepthook") else {
        runtime::write_stderr(vm, "sys.excepthook is missing\n");
        exceptions::print_exception(vm, value);
        return Ok(());
    };
    let traceback = match exceptions::exception(value).and_then(|x| x.traceback.get_ref()) {
        Some(t) => t,
        None => vm.none_ref(),
    };
    // Only with `importlib` do modules of the embedded library have what tells their source lines.
    if vm.runtime.bootstrap.is_null() && vm.runtime.config.library.is_some() {
        drop(runtime::import(vm, "importlib"));
    }
    let ty = vm.type_of(value).to_ref();
    let args = [ty.value(), value, traceback.value()];
    if let Err(second) = call::call_args(vm, hook.value(), &args) {
        if second.is(vm, shape::SYSTEM_EXIT) {
            return Err(second);
        }
        runtime::write_stderr(vm, "Error in sys.excepthook:\n");
        exceptions::print_exception(vm, second.0.value());
        runtime::write_stderr(vm, "\nOriginal exception was:\n");
        exceptions::print_exception(vm, value);
    }
    Ok(())
}

/// `sys.last_exc` and its older relatives, for a debugger that is started afterwards.
fn remember_last(vm: &Vm, e: Value) {
    let sys = vm.runtime.sys.get();
    let traceback = exceptions::exception(e).and_then(|x| x.traceback.get_ref());
    let traceback = traceback.unwrap_or_else(|| vm.none_ref());
    let all =
        [("last_exc", e), ("last_type", vm.type_of(e).value()), ("last_value", e), ("last_traceback", traceback.value())];
    for (name, v) in all {
        crate::types::module::dict(vm, sys).set_text(vm, name, v);
    }
}

/// Reports an exception that nobody can handle through `sys.unraisablehook`. `message` says what
/// was ignored; without it, the object does.
pub fn unraisable(vm: &Vm, e: &Raised, message: Option<&str>, object: Value) {
    // It may be a RecursionError: nothing is left of the native stack then.
    enter::with_reserve(vm, || report(vm, e, message, object));
}

fn report(vm: &Vm, e: &Raised, message: Option<&str>, object: Value) {
    let value = e.0.value();
    let object = object.non_null().unwrap_or(vm.none());
    let traceback = exceptions::exception(value)
        .and_then(|x| x.traceback.get_ref())
        .or_else(|| exceptions::plain_traceback::of_current_frame(vm))
        .unwrap_or_else(|| vm.none_ref());
    let message = message.map_or_else(|| vm.none_ref(), |m| vm.new_str(m));
    let items = vec![vm.type_of(value).to_ref(), e.0.clone(), traceback, message, object.to_ref()];
    let args = structseq::make(shape::UNRAISABLE_HOOK_ARGS, 5, items);
    let hook = get(vm, "unraisablehook").filter(|h| !h.is(vm.none()));
    let Some(hook) = hook else {
        print_unraisable(vm, args.value());
        return;
    };
    if let Err(second) = call::call_args(vm, hook.value(), &[args.value()]) {
        let items = vec![
            vm.type_of(second.0.value()).to_ref(),
            second.0.clone(),
            exceptions::exception(second.0.value())
                .and_then(|x| x.traceback.get_ref())
                .unwrap_or_else(|| vm.none_ref()),
            vm.new_str("Exception ignored in sys.unraisablehook"),
            hook,
        ];
        let args = structseq::make(shape::UNRAISABLE_HOOK_ARGS, 5, items);
        print_unraisable(vm, args.value());
    }
}

fn print_unraisable(vm: &Vm, args: Value) {
    let Some(items) = args.cast::<PyTuple>() else { return };
    let item = |i: usize| items.get(i).filter(|v| !v.is(vm.none()));
    if get(vm, "stderr").is_some_and(|f| f.is(vm.none())) {
        return;
    }
    let repr = item(4).map(|o| obj::repr_text(vm, o).unwrap_or_else(|_| "<object repr() failed>".to_owned()));
    let head = match (item(3).map(obj::text), repr) {
        (Some(m), Some(o)) => format!("{m}: {o}\n"),
        (Some(m), None) => format!("{m}:\n"),
        (None, Some(o)) => format!("Exception ignored in: {o}\n"),
        (None, None) => String::new(),
    };
    runtime::write_stderr(vm, &head);
    if let Some(traceback) = item(2) {
        runtime::write_stderr(vm, &exceptions::plain_traceback::text(vm, traceback));
    }
    if let Some(ty) = item(0) {
        runtime::write_stderr(vm, &last_line(vm, ty, item(1)));
    }
    runtime::flush_stream(vm, "stderr");
}

/// `module.Class: text` of an exception that is reported.
fn last_line(vm: &Vm, ty: Value, value: Option<Value>) -> String {
    let n = vm.names();
    let module = attr::get(vm, ty, n.__module__).map(|m| obj::text(m.value()));
    let name = attr::get(vm, ty, n.__qualname__).map_or_else(|_| "<unknown>".to_owned(), |q| obj::text(q.value()));
    let shown = match module {
        Ok(m) if m == "builtins" || m == "__main__" => name,
        Ok(m) if !m.is_empty() => format!("{m}.{name}"),
        _ => format!("<unknown>{name}"),
    };
    match value.map(|v| obj::str_text(vm, v)) {
        Some(Ok(text)) => format!("{shown}: {text}\n"),
        Some(Err(_)) => format!("{shown}: <exception str() failed>\n"),
        None => format!("{shown}\n"),
    }
}

/// `sys.unraisablehook`.
pub(super) fn unraisablehook(vm: &Vm, a: &[Value]) -> PyResult {
    if !a[0].has_shape(shape::UNRAISABLE_HOOK_ARGS) {
        return Err(vm.type_error("sys.unraisablehook argument type must be UnraisableHookArgs"));
    }
    print_unraisable(vm, a[0]);
    Ok(vm.none_ref())
}

/// `sys.breakpointhook`: calls what PYTHONBREAKPOINT names, `pdb.set_trace` if nothing.
pub(super) fn breakpointhook(vm: &Vm, a: &[Value]) -> PyResult {
    let named = match vm.runtime.config.flags.ignore_environment {
        true => None,
        false => std::env::var("PYTHONBREAKPOINT").ok().filter(|s| !s.is_empty()),
    };
    let name = named.unwrap_or_else(|| "pdb.set_trace".to_owned());
    if name == "0" {
        return Ok(vm.none_ref());
    }
    let (module, attribute) = name.rsplit_once('.').unwrap_or(("builtins", &name));
    let ignored = |vm: &Vm| {
        let text = format!("Ignoring unimportable $PYTHONBREAKPOINT: \"{name}\"");
        runtime::warn(vm, shape::RUNTIME_WARNING, &text, 0)?;
        Ok(vm.none_ref())
    };
    let module = match runtime::import(vm, module) {
        Ok(m) => m,
        Err(e) if e.is(vm, shape::IMPORT_ERROR) => return ignored(vm),
        Err(e) => return Err(e),
    };
    let Some(hook) = attr::get_opt(vm, module.value(), vm.intern(attribute))? else { return ignored(vm) };
    let args = a[0].cast::<PyTuple>().map_or(&[][..], |t| t.as_slice());
    match a[1].cast::<crate::types::dict::PyDict>().filter(|d| !d.is_empty()) {
        Some(kw) => call::call_dict(vm, hook.value(), args, Some(kw)),
        None => call::call(vm, hook.value(), CallArgs::positional(args)),
    }
}
