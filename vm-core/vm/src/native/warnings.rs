//! The module `_warnings`: issuing warnings through the filters.

use std::cell::Cell;

use crate::error::{PyResult, Raised};
use crate::native::{ModuleDef, add};
use crate::owned_cell::OwnedCell;
use crate::protocol::{attr, call, compare, number, object as obj, truth};
use crate::runtime;
use crate::shape::{self, ShapeId};
use crate::types::dict::PyDict;
use crate::types::frame_object::{self, PyFrame};
use crate::types::int;
use crate::types::list::PyList;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::MethodDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// State of the module, kept by the run.
#[derive(Default)]
pub struct State {
    filters: OwnedCell,
    once: OwnedCell,
    default_action: OwnedCell,
    /// Changes with the filters: what a module's registry says of earlier warnings is stale then.
    version: Cell<i64>,
}

/// Makes the filters that hold until the program changes them.
fn prepare(vm: &Vm) {
    if !vm.runtime.warnings.filters.is_null() {
        return;
    }
    make_filters(vm);
    // The options of `-W` are filters that the module `warnings` makes.
    if !vm.runtime.config.warn_options.is_empty()
        && let Err(e) = runtime::import(vm, "warnings")
    {
        runtime::unraisable(vm, e, Value::NULL);
    }
}

fn make_filters(vm: &Vm) {
    let s = &vm.runtime.warnings;
    let filter = |action: &str, category: ShapeId, module: Option<&str>| {
        let items = vec![
            vm.intern(action).to_ref(),
            vm.none_ref(),
            vm.builtin(category).to_ref(),
            module.map_or_else(|| vm.none_ref(), |m| vm.intern(m).to_ref()),
            Ref::small_int(0),
        ];
        PyTuple::from_vec(vm, items)
    };
    let filters = vec![
        filter("default", shape::DEPRECATION_WARNING, Some("__main__")),
        filter("ignore", shape::DEPRECATION_WARNING, None),
        filter("ignore", shape::PENDING_DEPRECATION_WARNING, None),
        filter("ignore", shape::IMPORT_WARNING, None),
        filter("ignore", shape::RESOURCE_WARNING, None),
    ];
    s.filters.set(PyList::new(vm, filters));
    s.once.set(PyDict::new(vm));
    s.default_action.set(vm.intern("default").to_ref());
}

/// What `warnings` has put in place of a piece of state, if it was imported.
fn replaced(vm: &Vm, name: &str) -> Option<Ref> {
    let m = runtime::modules(vm).get_text(vm, "warnings")?;
    attr::get_opt(vm, m, vm.intern(name)).ok().flatten()
}

/// Whether a filter's message or module fits: None fits all, a str only itself, a pattern says.
fn matches(vm: &Vm, pattern: Value, text: Value) -> PyResult<bool> {
    if pattern.is(vm.none()) {
        return Ok(true);
    }
    if pattern.has_shape(shape::STR) {
        return compare::eq(vm, pattern, text);
    }
    let r = call::call_method(vm, pattern, "match", &[text])?;
    truth::truth(vm, r.value())
}

/// The action that the first fitting filter names, with the filter.
fn find_action(vm: &Vm, category: Value, text: Value, line: i64, module: Value) -> PyResult<(Ref, Ref)> {
    if let Some(own) = replaced(vm, "filters") {
        vm.runtime.warnings.filters.set(own);
    }
    let filters = vm.runtime.warnings.filters.get().to_ref();
    let Some(list) = filters.cast::<PyList>() else {
        return Err(vm.value_error("_warnings.filters must be a list"));
    };
    let mut i = 0;
    while let Some(item) = list.get_ref(i) {
        i += 1;
        let parts = item.cast::<PyTuple>().map_or(&[][..], |t| t.as_slice());
        let &[action, message, wanted, in_module, at] = parts else {
            return Err(vm.value_error(format!("warnings.filters item {} isn't a 5-tuple", i - 1)));
        };
        if !action.has_shape(shape::STR) {
            return Err(vm.type_error(format!(
                "action must be a string, not '{}'",
                vm.type_of(action).full_name()
            )));
        }
        let at = number::index_clipped(vm, at)?;
        if obj::is_subclass(vm, category, wanted)?
            && (at == 0 || at == line)
            && matches(vm, message, text)?
            && matches(vm, in_module, module)?
        {
            return Ok((action.to_ref(), item));
        }
    }
    let default = replaced(vm, "defaultaction").unwrap_or_else(|| vm.runtime.warnings.default_action.get().to_ref());
    if !default.has_shape(shape::STR) {
        return Err(vm.type_error(format!(
            "_warnings.defaultaction must be a string, not '{}'",
            vm.type_of(default.value()).full_name()
        )));
    }
    Ok((default, vm.none_ref()))
}

/// Whether a registry has the key; a registry of older filters is emptied. With `set`, the key is
/// noted.
fn already_warned(vm: &Vm, registry: &PyDict, key: Value, set: bool) -> PyResult<bool> {
    let version_key = vm.intern("version");
    let current = vm.runtime.warnings.version.get();
    let known = registry.get_str(version_key).and_then(int::to_i64);
    if known != Some(current) {
        registry.clear();
        registry.set_str(vm, version_key, Value::small_int(current));
    } else if let Some(v) = registry.get(vm, key)?
        && truth::truth(vm, v.value())?
    {
        return Ok(true);
    }
    if set {
        registry.set(vm, key, vm.true_())?;
    }
    Ok(false)
}

/// A warning and where it happened.
pub struct Occurrence<'a> {
    pub category: Value,
    /// Text or a Warning.
    pub message: Value,
    pub filename: Value,
    pub line: i64,
    /// None suppresses the warning; NULL: from the file name.
    pub module: Value,
    /// `__warningregistry__`, or NULL.
    pub registry: Option<&'a PyDict>,
    pub source: Value,
}

/// Issues a warning.
///
/// # Errors
/// The warning itself if a filter makes it an error; whatever goes wrong with filters and output.
pub fn issue(vm: &Vm, w: &Occurrence) -> PyResult<()> {
    if w.module.is(vm.none()) {
        return Ok(());
    }
    prepare(vm);
    let module = match w.module.non_null() {
        Some(m) => m.to_ref(),
        None => {
            let name = obj::text(w.filename);
            let name = if name.is_empty() { "<unknown>" } else { name.strip_suffix(".py").unwrap_or(&name) };
            vm.new_str(name)
        }
    };
    let warning = vm.builtin(shape::WARNING).value();
    let (category, text, message) = if obj::is_instance(vm, w.message, warning)? {
        (vm.type_of(w.message).to_ref(), obj::str(vm, w.message)?, w.message.to_ref())
    } else {
        let message = call::call_args(vm, w.category, &[w.message])?;
        (w.category.to_ref(), w.message.to_ref(), message)
    };
    let key = PyTuple::from_vec(vm, vec![text.clone(), category.clone(), vm.new_int(w.line)]);
    if let Some(r) = w.registry
        && already_warned(vm, r, key.value(), false)?
    {
        return Ok(());
    }
    let (action, item) = find_action(vm, category.value(), text.value(), w.line, module.value())?;
    let once_key = || PyTuple::pair(text.clone(), category.clone());
    let action_text = obj::text(action.value());
    let mut seen = false;
    match action_text.as_str() {
        "error" => return Err(Raised(message)),
        "ignore" => return Ok(()),
        "always" | "all" => {}
        other => {
            if let Some(r) = w.registry {
                r.set(vm, key.value(), vm.true_())?;
            }
            match other {
                "once" => {
                    let own = replaced(vm, "onceregistry");
                    let once = own.unwrap_or_else(|| vm.runtime.warnings.once.get().to_ref());
                    if let Some(r) = w.registry.or_else(|| once.cast::<PyDict>()) {
                        seen = already_warned(vm, r, once_key().value(), true)?;
                    }
                }
                "module" => {
                    if let Some(r) = w.registry {
                        seen = already_warned(vm, r, once_key().value(), true)?;
                    }
                }
                "default" => {}
                _ => {
                    return Err(vm.runtime_error(format!(
                        "Unrecognized action ({}) in warnings.filters:\n {}",
                        obj::repr_text(vm, action.value())?,
                        obj::repr_text(vm, item.value())?
                    )));
                }
            }
        }
    }
    if seen { Ok(()) } else { show(vm, w, &message, &category) }
}

/// Hands a warning to `warnings._showwarnmsg`, if that module is imported; it is only for the
/// sake of a source, of which it shows where that came from.
fn show(vm: &Vm, w: &Occurrence, message: &Ref, category: &Ref) -> PyResult<()> {
    let module = match runtime::modules(vm).get_text(vm, "warnings") {
        Some(m) => Some(m.to_ref()),
        None if w.source.is_null() => None,
        None => runtime::import(vm, "warnings").ok(),
    };
    let Some(m) = module else { return show_plainly(vm, w, message, category) };
    let function = attr::get_named(vm, m.value(), "_showwarnmsg")?;
    if !call::is_callable(vm, function.value()) {
        return Err(vm.type_error("warnings._showwarnmsg() must be set to a callable"));
    }
    let make = attr::get_named(vm, m.value(), "WarningMessage")?;
    let line = vm.new_int(w.line);
    let source = w.source.non_null().unwrap_or(vm.none());
    let args = [message.value(), category.value(), w.filename, line.value(), vm.none(), vm.none(), source];
    let message = call::call_args(vm, make.value(), &args)?;
    call::call_args(vm, function.value(), &[message.value()]).map(drop)
}

/// What `warnings` would print, without it.
fn show_plainly(vm: &Vm, w: &Occurrence, message: &Ref, category: &Ref) -> PyResult<()> {
    let file = obj::text(w.filename);
    let text = obj::str_text(vm, message.value())?;
    let name = crate::types::type_::Type::from_value(category.value()).map(|t| t.name()).unwrap_or_default();
    let source = crate::types::exceptions::source_line(vm, &file, w.line);
    let source = source.map_or_else(String::new, |l| format!("  {l}\n"));
    runtime::write_stderr(vm, &format!("{file}:{}: {name}: {text}\n{source}", w.line));
    Ok(())
}

/// Frames of the import machinery do not count.
fn is_internal(filename: &str) -> bool {
    filename.contains("importlib") && filename.contains("_bootstrap")
}

fn filename_of(f: &Ref) -> String {
    f.cast::<PyFrame>().map(|f| obj::text(f.code().filename.value())).unwrap_or_default()
}

fn next_external(vm: &Vm, f: Ref, prefixes: &[String]) -> Option<Ref> {
    let mut at = f;
    loop {
        at = at.cast::<PyFrame>()?.back(vm)?;
        let name = filename_of(&at);
        if !is_internal(&name) && !prefixes.iter().any(|p| name.starts_with(p)) {
            return Some(at);
        }
    }
}

/// The frame that a warning is about.
fn responsible_frame(vm: &Vm, mut level: i64, prefixes: &[String]) -> Option<Ref> {
    let current = vm.interp.current_frame()?;
    // SAFETY: the current frame is live.
    let mut f = unsafe { frame_object::of_frame(vm, current) };
    if !prefixes.is_empty() && level < 2 {
        level = 2;
    }
    if level <= 0 || is_internal(&filename_of(&f)) {
        for _ in 1..level {
            f = f.cast::<PyFrame>()?.back(vm)?;
        }
    } else {
        for _ in 1..level {
            f = next_external(vm, f, prefixes)?;
        }
    }
    Some(f)
}

/// Issues a warning about a caller: `level` 1 is the innermost frame of Python code.
pub fn warn(vm: &Vm, message: Value, category: Value, level: i64, source: Value, prefixes: &[String]) -> PyResult<()> {
    let frame = responsible_frame(vm, level, prefixes);
    let (globals, filename, line) = match frame.as_ref().and_then(|f| f.cast::<PyFrame>()) {
        Some(f) => {
            let globals = attr::get_named(vm, f.as_value(), "f_globals")?;
            (globals, f.code().filename.clone(), f.line(vm).unwrap_or(0) as i64)
        }
        None => {
            let sys = crate::native::sys::namespace(vm).as_value().to_ref();
            (sys, vm.new_str("<sys>"), 0)
        }
    };
    let Some(g) = globals.cast::<PyDict>() else { return Ok(()) };
    let key = vm.intern("__warningregistry__");
    let registry = match g.get_str(key) {
        Some(r) => r.to_ref(),
        None => {
            let r = PyDict::new(vm);
            g.set_str(vm, key, r.value());
            r
        }
    };
    let module = match g.get_str(vm.names().__name__) {
        Some(n) if n.is(vm.none()) || n.cast::<PyStr>().is_some() => n.to_ref(),
        _ => vm.new_str("<string>"),
    };
    issue(
        vm,
        &Occurrence {
            category,
            message,
            filename: filename.value(),
            line,
            module: module.value(),
            registry: registry.cast::<PyDict>(),
            source,
        },
    )
}

/// The category of a warning, checked; UserWarning if none was given. Objects may say of themselves
/// what they are (`__class__`, `__bases__`).
fn category(vm: &Vm, message: Value, category: Value) -> PyResult {
    let warning = vm.builtin(shape::WARNING).value();
    let c = match obj::is_instance(vm, message, warning)? {
        true => vm.type_of(message).to_ref(),
        false => match category.non_null().filter(|c| !c.is(vm.none())) {
            Some(c) => c.to_ref(),
            None => vm.builtin(shape::USER_WARNING).to_ref(),
        },
    };
    if obj::is_subclass(vm, c.value(), warning).unwrap_or(false) {
        return Ok(c);
    }
    Err(vm.type_error(format!(
        "category must be a Warning subclass, not '{}'",
        vm.type_of(c.value()).full_name()
    )))
}

fn warn_function(vm: &Vm, a: &[Value]) -> PyResult {
    let category = category(vm, a[0], a[1])?;
    let level = a[2].non_null().map_or(Ok(1), |l| number::size_i64(vm, l))?;
    let mut prefixes = Vec::new();
    if let Some(p) = a[4].non_null() {
        let Some(t) = p.cast::<PyTuple>() else {
            return Err(vm.type_error(format!(
                "warn() argument 'skip_file_prefixes' must be tuple, not {}",
                vm.type_of(p).full_name()
            )));
        };
        for p in t.iter() {
            let Some(s) = p.cast::<PyStr>() else {
                return Err(vm.type_error(format!(
                    "Found non-str '{}' in skip_file_prefixes.",
                    vm.type_of(p).full_name()
                )));
            };
            prefixes.push(s.to_string_lossy());
        }
    }
    warn(vm, a[0], category.value(), level, a[3], &prefixes)?;
    Ok(vm.none_ref())
}

fn warn_explicit(vm: &Vm, a: &[Value]) -> PyResult {
    if a[2].cast::<PyStr>().is_none() {
        return Err(vm.type_error(format!(
            "warn_explicit() argument 'filename' must be str, not {}",
            vm.type_of(a[2]).full_name()
        )));
    }
    let line = number::size_i64(vm, a[3])?;
    let registry = a[5].non_null().filter(|r| !r.is(vm.none()));
    if registry.is_some_and(|r| r.cast::<PyDict>().is_none()) {
        return Err(vm.type_error("'registry' must be a dict or None"));
    }
    if let Some(g) = a[6].non_null().filter(|g| !g.is(vm.none()) && g.cast::<PyDict>().is_none()) {
        return Err(vm.type_error(format!(
            "module_globals must be a dict, not '{}'",
            vm.type_of(g).full_name()
        )));
    }
    issue(
        vm,
        &Occurrence {
            category: a[1],
            message: a[0],
            filename: a[2],
            line,
            module: a[4],
            registry: registry.and_then(|r| r.cast::<PyDict>()),
            source: a[7],
        },
    )?;
    Ok(vm.none_ref())
}

fn filters_mutated(vm: &Vm, _: &[Value]) -> PyResult {
    let version = &vm.runtime.warnings.version;
    version.set(version.get() + 1);
    Ok(vm.none_ref())
}

fn none(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(vm.none_ref())
}

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    let s = &vm.runtime.warnings;
    if s.filters.is_null() {
        make_filters(vm);
    }
    add(vm, m, "filters", s.filters.get())?;
    add(vm, m, "_onceregistry", s.once.get())?;
    add(vm, m, "_defaultaction", s.default_action.get())?;
    add(vm, m, "_warnings_context", crate::native::contextvars::new_variable(vm, "_warnings_context").value())
}

pub(super) static MODULE: ModuleDef = ModuleDef {
    name: "_warnings",
    doc: "_warnings provides basic warning filtering support.\n\
          It is a helper module to speed up interpreter start-up.",
    functions: &[
        MethodDef::new("warn", "(message, category=None, stacklevel=1, source=None, *, skip_file_prefixes=())", warn_function, "Issue a warning, or maybe ignore it or raise an exception."),
        MethodDef::new("warn_explicit", "(message, category, filename, lineno, module=<unrepresentable>, registry=None, module_globals=None, source=None)", warn_explicit, "Issue a warning, or maybe ignore it or raise an exception."),
        MethodDef::new("_filters_mutated_lock_held", "()", filters_mutated, ""),
        MethodDef::new("_acquire_lock", "()", none, ""),
        MethodDef::new("_release_lock", "()", none, ""),
    ],
    init,
};
