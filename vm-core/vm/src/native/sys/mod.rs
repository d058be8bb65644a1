//! The module `sys`.

use crate::error::PyResult;
use crate::frame::Frame;
use crate::monitor::legacy;
use crate::native::{ModuleDef, add, make_module};
use crate::protocol::{attr, call, number};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::frame_object::{self, PyFrame};
use crate::types::list::PyList;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{self, MethodDef, Type};
use crate::types::{int, module};
use crate::value::{Ref, Value};
use crate::vm::Vm;

pub mod hooks;
pub mod info;
mod module_names;
mod monitoring;

/// Makes `sys` from the settings of the run. The standard streams come later
/// ([`crate::native::io::install_standard_streams`]).
pub(crate) fn make(vm: &Vm) -> PyResult {
    make_module(vm, &MODULE)
}

fn strings(vm: &Vm, items: &[String]) -> Ref {
    PyList::new(vm, items.iter().map(|s| vm.new_str(s)).collect())
}

/// `sys.version`, in the form that `platform` reads.
fn version(vm: &Vm) -> Ref {
    let (major, minor, micro) = info::VERSION;
    vm.new_str(&format!(
        "{major}.{minor}.{micro} (tailscope {}, Jan  1 2026, 00:00:00) [Rust]",
        env!("CARGO_PKG_VERSION")
    ))
}

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    let config = &vm.runtime.config;
    let list = |items: &[String]| strings(vm, items);
    add(vm, m, "argv", list(&config.argv).value())?;
    add(vm, m, "orig_argv", list(&config.orig_argv).value())?;
    add(vm, m, "path", list(&config.path).value())?;
    add(vm, m, "warnoptions", list(&config.warn_options).value())?;
    add(vm, m, "modules", vm.runtime.modules.get())?;
    for name in ["meta_path", "path_hooks"] {
        add(vm, m, name, PyList::new(vm, Vec::new()).value())?;
    }
    add(vm, m, "path_importer_cache", PyDict::new(vm).value())?;
    let x_options = PyDict::new(vm);
    if let Some(d) = x_options.cast::<PyDict>() {
        for (k, v) in &config.x_options {
            let v = v.as_ref().map_or_else(|| vm.bool_ref(true), |v| vm.new_str(v));
            d.set(vm, vm.new_str(k).value(), v.value())?;
        }
    }
    add(vm, m, "_xoptions", x_options.value())?;
    init_facts(vm, m)?;
    let prefix = config.prefix.as_ref().map(|p| p.display().to_string()).unwrap_or_default();
    for name in ["prefix", "exec_prefix", "base_prefix", "base_exec_prefix"] {
        add(vm, m, name, vm.new_str(&prefix).value())?;
    }
    let library = match config.path.iter().find(|p| p.starts_with(crate::import::LIBRARY)) {
        Some(p) => vm.new_str(p),
        None => vm.none_ref(),
    };
    add(vm, m, "_stdlib_dir", library.value())?;
    for hook in ["displayhook", "excepthook", "unraisablehook", "breakpointhook"] {
        let f = attr::get_named(vm, m, hook)?;
        add(vm, m, &format!("__{hook}__"), f.value())?;
    }
    let monitoring = make_module(vm, &monitoring::MODULE)?;
    add(vm, m, "monitoring", monitoring.value())?;
    let jit = make_module(vm, &JIT)?;
    add(vm, m, "_jit", jit.value())
}

fn init_facts(vm: &Vm, m: Value) -> PyResult<()> {
    let config = &vm.runtime.config;
    for (name, text) in [
        ("executable", config.executable.as_str()),
        ("_base_executable", config.executable.as_str()),
        ("platform", std::env::consts::OS.replace("macos", "darwin").as_str()),
        ("byteorder", if cfg!(target_endian = "little") { "little" } else { "big" }),
        ("float_repr_style", "short"),
        ("platlibdir", "lib"),
        ("abiflags", ""),
        ("_framework", ""),
        (
            "copyright",
            "Copyright (c) the tailscope contributors.\n\nThe library is Copyright (c) Python Software Foundation.",
        ),
    ] {
        add(vm, m, name, vm.new_str(text).value())?;
    }
    add(vm, m, "version", version(vm).value())?;
    add(vm, m, "_home", vm.none())?;
    add(vm, m, "pycache_prefix", match std::env::var("PYTHONPYCACHEPREFIX") {
        Ok(p) if !config.flags.ignore_environment && !p.is_empty() => vm.new_str(&p),
        _ => vm.none_ref(),
    }.value())?;
    add(vm, m, "dont_write_bytecode", vm.bool(config.flags.dont_write_bytecode))?;
    let git = ["tailscope", "", ""].map(|s| vm.new_str(s)).to_vec();
    add(vm, m, "_git", PyTuple::from_vec(vm, git).value())?;
    for (name, n) in [
        ("maxsize", i64::MAX),
        ("maxunicode", 0x10ffff),
        ("hexversion", info::HEX_VERSION),
        ("api_version", 1013),
    ] {
        add(vm, m, name, vm.new_int(n).value())?;
    }
    add(vm, m, "version_info", info::version_info(vm).value())?;
    add(vm, m, "implementation", info::implementation(vm)?.value())?;
    add(vm, m, "flags", info::flags(vm).value())?;
    add(vm, m, "float_info", info::float_info(vm).value())?;
    add(vm, m, "int_info", info::int_info(vm).value())?;
    add(vm, m, "hash_info", info::hash_info(vm).value())?;
    add(vm, m, "thread_info", info::thread_info(vm).value())?;
    add(vm, m, "UnraisableHookArgs", vm.builtin(shape::UNRAISABLE_HOOK_ARGS).value())?;
    let names: Vec<Ref> = module_names::STDLIB.iter().map(|n| vm.intern(n).to_ref()).collect();
    let names = crate::types::const_value::frozenset(vm, names)?;
    add(vm, m, "stdlib_module_names", names.value())?;
    let mut native: Vec<&str> = crate::native::names().collect();
    native.extend(config.native_modules.iter().map(|(n, _)| *n));
    native.sort_unstable();
    let native = PyTuple::from_iter(vm, native.into_iter().map(|n| vm.intern(n).to_ref()));
    add(vm, m, "builtin_module_names", native.value())
}

fn intern(vm: &Vm, a: &[Value]) -> PyResult {
    let s = crate::types::str_::expect(vm, a[0], "intern() argument")?;
    if a[0].cast_exact::<PyStr>().is_none() {
        return Err(vm.type_error(format!("can't intern {}", vm.type_of(a[0]).full_name())));
    }
    Ok(vm.intern_value(s).to_ref())
}

fn exit(vm: &Vm, a: &[Value]) -> PyResult {
    let args: Vec<Value> = match a[0].non_null().filter(|v| !v.is(vm.none())) {
        // As when a tuple is raised with a class: its items are the arguments.
        Some(v) if v.has_shape(shape::TUPLE) => {
            v.cast::<PyTuple>().map(|t| t.iter().collect()).unwrap_or_default()
        }
        Some(v) => vec![v],
        None => Vec::new(),
    };
    Err(vm.error_args(shape::SYSTEM_EXIT, &args))
}

fn getrecursionlimit(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(vm.new_int(vm.interp.recursion_limit.get() as i64))
}

fn setrecursionlimit(vm: &Vm, a: &[Value]) -> PyResult {
    let n = c_int(vm, a[0])?;
    if n < 1 {
        return Err(vm.value_error("recursion limit must be greater or equal than 1"));
    }
    let depth = vm.interp.depth();
    if depth >= n {
        return Err(vm.recursion_error(format!(
            "cannot set the recursion limit to {n} at the recursion depth {depth}: the limit is too low"
        )));
    }
    vm.interp.set_recursion_limit(n);
    Ok(vm.none_ref())
}

/// An argument that CPython takes as a C int.
pub(crate) fn c_int(vm: &Vm, v: Value) -> PyResult<i32> {
    let i = number::index(vm, v)?;
    let Some(i) = int::to_i64(i.value()) else {
        return Err(vm.overflow_error("Python int too large to convert to C int"));
    };
    i32::try_from(i).map_err(|_| {
        vm.overflow_error(if i > 0 {
            "signed integer is greater than maximum"
        } else {
            "signed integer is less than minimum"
        })
    })
}

fn getrefcount(vm: &Vm, a: &[Value]) -> PyResult {
    if !a[0].is_object() || a[0].is_immortal() {
        return Ok(vm.new_int(u32::MAX as i64));
    }
    // SAFETY: a live object.
    Ok(vm.new_int(unsafe { (*a[0].pointer()).refs } as i64 + 1))
}

fn getsizeof(vm: &Vm, a: &[Value]) -> PyResult {
    let size = (|| {
        let Some(m) = attr::lookup_method(vm, a[0], vm.intern("__sizeof__"))? else {
            return Err(vm.type_error(format!(
                "Type {} doesn't define __sizeof__",
                vm.type_of(a[0]).full_name()
            )));
        };
        let n = m.call(vm, &[])?;
        match int::value_of(n.value()) {
            Some(i) if i.is_negative() => Err(vm.value_error("__sizeof__() should return >= 0")),
            Some(i) => match i.to_i64() {
                Some(i) => Ok(i),
                None => Err(vm.overflow_error("Python int too large to convert to C ssize_t")),
            },
            None => Err(vm.type_error("an integer is required")),
        }
    })();
    match (size, a[1].non_null()) {
        (Ok(n), _) => Ok(vm.new_int(n)),
        (Err(e), Some(default)) if e.is(vm, shape::TYPE_ERROR) => Ok(default.to_ref()),
        (Err(e), _) => Err(e),
    }
}

fn exc_info(vm: &Vm, _: &[Value]) -> PyResult {
    let none = || vm.none_ref();
    Ok(match vm.interp.handled_exception() {
        Some(e) => {
            let tb = attr::get_named(vm, e, "__traceback__")?;
            PyTuple::from_vec(vm, vec![vm.type_of(e).to_ref(), e.to_ref(), tb])
        }
        None => PyTuple::from_vec(vm, vec![none(), none(), none()]),
    })
}

fn exception(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(vm.interp.handled_exception().unwrap_or(vm.none()).to_ref())
}

/// The frame object `depth` calls up from the one that runs.
pub(crate) fn frame_at(vm: &Vm, depth: i32) -> Option<Ref> {
    let current: Frame = vm.interp.current_frame()?;
    // SAFETY: the current frame is live.
    let mut f = unsafe { frame_object::of_frame(vm, current) };
    for _ in 0..depth.max(0) {
        f = f.cast::<PyFrame>()?.back(vm)?;
    }
    Some(f)
}

fn getframe(vm: &Vm, a: &[Value]) -> PyResult {
    let depth = a[0].non_null().map_or(Ok(0), |v| c_int(vm, v))?;
    frame_at(vm, depth).ok_or_else(|| vm.value_error("call stack is not deep enough"))
}

fn getframemodulename(vm: &Vm, a: &[Value]) -> PyResult {
    let depth = a[0].non_null().map_or(Ok(0), |v| c_int(vm, v))?;
    let Some(f) = frame_at(vm, depth) else { return Ok(vm.none_ref()) };
    Ok(f.cast::<PyFrame>().and_then(|f| f.module()).unwrap_or_else(|| vm.none_ref()))
}

/// Removes the descriptors that belong to a class's own instances, so that its namespace can be
/// that of another class.
fn clear_type_descriptors(vm: &Vm, a: &[Value]) -> PyResult {
    let Some(ty) = Type::from_value(a[0]) else {
        return Err(crate::convert::bad_argument(vm, "_clear_type_descriptors", "argument", "type", a[0]));
    };
    if ty.has_flag(type_::flags::IMMUTABLE) {
        return Err(vm.type_error("argument is immutable"));
    }
    for name in [vm.names().__dict__, vm.names().__weakref__] {
        drop(ty.dict().pop(vm, name)?);
    }
    ty.modified(vm);
    Ok(vm.none_ref())
}

fn current_frames(vm: &Vm, _: &[Value]) -> PyResult {
    let d = PyDict::new(vm);
    if let (Some(d), Some(f)) = (d.cast::<PyDict>(), frame_at(vm, 0)) {
        d.set(vm, crate::native::thread::ident(vm).value(), f.value())?;
        for thread in crate::threads::parked(vm) {
            // SAFETY: frames of threads that have not ended are live.
            let f = unsafe { crate::types::frame_object::of_frame(vm, thread.frame) };
            d.set(vm, crate::types::int::from_u64(thread.id).value(), f.value())?;
        }
    }
    Ok(d)
}

fn current_exceptions(vm: &Vm, _: &[Value]) -> PyResult {
    let d = PyDict::new(vm);
    if let Some(d) = d.cast::<PyDict>() {
        let e = vm.interp.handled_exception().unwrap_or(vm.none());
        d.set(vm, crate::native::thread::ident(vm).value(), e)?;
        for (id, e) in crate::threads::other_exceptions(vm) {
            d.set(vm, crate::types::int::from_u64(id).value(), e.as_ref().map_or(vm.none(), |e| e.value()))?;
        }
    }
    Ok(d)
}

fn call_tracing(vm: &Vm, a: &[Value]) -> PyResult {
    let Some(args) = a[1].cast::<PyTuple>() else {
        return Err(vm.type_error(format!(
            "call_tracing() argument 2 must be tuple, not {}",
            vm.type_of(a[1]).full_name()
        )));
    };
    let args: Vec<Value> = args.iter().collect();
    vm.interp.monitor.observed(|| call::call_args(vm, a[0], &args))
}

/// A function that was given, or None for none.
fn function_or_none(vm: &Vm, v: Value) -> Option<Ref> {
    (!v.is(vm.none())).then(|| v.to_ref())
}

fn settrace(vm: &Vm, a: &[Value]) -> PyResult {
    legacy::set_trace(vm, function_or_none(vm, a[0]));
    Ok(vm.none_ref())
}

fn setprofile(vm: &Vm, a: &[Value]) -> PyResult {
    legacy::set_profile(vm, function_or_none(vm, a[0]));
    Ok(vm.none_ref())
}

fn settrace_of_all(vm: &Vm, a: &[Value]) -> PyResult {
    legacy::set_trace_of_all(vm, function_or_none(vm, a[0]));
    Ok(vm.none_ref())
}

fn setprofile_of_all(vm: &Vm, a: &[Value]) -> PyResult {
    legacy::set_profile_of_all(vm, function_or_none(vm, a[0]));
    Ok(vm.none_ref())
}

fn gettrace(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(vm.interp.monitor.trace.get_ref().unwrap_or_else(|| vm.none_ref()))
}

fn getprofile(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(vm.interp.monitor.profile.get_ref().unwrap_or_else(|| vm.none_ref()))
}

fn none(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(vm.none_ref())
}

fn get_int_max_str_digits(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(vm.new_int(vm.runtime.int_max_str_digits.get() as i64))
}

fn set_int_max_str_digits(vm: &Vm, a: &[Value]) -> PyResult {
    let n = c_int(vm, a[0])?;
    if n != 0 && n < 640 {
        return Err(vm.value_error("maxdigits must be >= 640 or 0 for unlimited"));
    }
    vm.runtime.int_max_str_digits.set(n as usize);
    add(vm, vm.runtime.sys.get(), "flags", info::flags(vm).value())?;
    Ok(vm.none_ref())
}

fn getswitchinterval(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(vm.new_float(vm.runtime.switch_interval.get()))
}

fn setswitchinterval(vm: &Vm, a: &[Value]) -> PyResult {
    let seconds = crate::types::float::as_f64(vm, a[0])?;
    if seconds <= 0.0 {
        return Err(vm.value_error("switch interval must be strictly positive"));
    }
    vm.runtime.switch_interval.set(seconds);
    vm.threads.set_interval(seconds);
    Ok(vm.none_ref())
}

fn set_origin_depth(vm: &Vm, a: &[Value]) -> PyResult {
    let n = c_int(vm, a[0])?;
    if n < 0 {
        return Err(vm.value_error("depth must be >= 0"));
    }
    vm.interp.origin_tracking_depth.set(n);
    Ok(vm.none_ref())
}

fn get_asyncgen_hooks(vm: &Vm, _: &[Value]) -> PyResult {
    let s = &vm.interp;
    let item = |c: &crate::owned_cell::OwnedCell| c.get_ref().unwrap_or_else(|| vm.none_ref());
    let items = vec![item(&s.async_generator_first), item(&s.async_generator_finalizer)];
    Ok(crate::native::structseq::make(shape::ASYNCGEN_HOOKS, 2, items))
}

fn set_asyncgen_hooks(vm: &Vm, a: &[Value]) -> PyResult {
    let s = &vm.interp;
    let pairs = [
        ("finalizer", a[1], &s.async_generator_finalizer),
        ("firstiter", a[0], &s.async_generator_first),
    ];
    for (name, v, _) in &pairs {
        if !v.is_null() && !v.is(vm.none()) && !call::is_callable(vm, *v) {
            return Err(vm.type_error(format!(
                "callable {name} expected, got {}",
                vm.type_of(*v).full_name()
            )));
        }
    }
    for (_, v, cell) in pairs {
        match v.non_null() {
            Some(v) if v.is(vm.none()) => cell.clear(),
            Some(v) => cell.set(v.to_ref()),
            None => {}
        }
    }
    Ok(vm.none_ref())
}

fn audit(vm: &Vm, a: &[Value]) -> PyResult {
    if a[0].cast::<PyStr>().is_none() {
        return Err(vm.type_error(format!(
            "audit() argument 1 must be str, not {}",
            vm.type_of(a[0]).full_name()
        )));
    }
    let hooks = vm.runtime.audit_hooks.borrow().clone();
    for h in hooks {
        call::call_args(vm, h.value(), &[a[0], a[1]])?;
    }
    Ok(vm.none_ref())
}

fn addaudithook(vm: &Vm, a: &[Value]) -> PyResult {
    vm.runtime.audit_hooks.borrow_mut().push(a[0].to_ref());
    Ok(vm.none_ref())
}

fn is_immortal(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.bool_ref(!a[0].is_object() || a[0].is_immortal()))
}

fn is_interned(vm: &Vm, a: &[Value]) -> PyResult {
    let s = crate::types::str_::expect(vm, a[0], "_is_interned() argument")?;
    Ok(vm.bool_ref(s.is_interned()))
}

fn text(s: &'static str) -> impl Fn(&Vm) -> Ref {
    move |vm| vm.new_str(s)
}

/// Puts the module's `__name__` and its like where `importlib` will want them changed.
pub(crate) fn namespace(vm: &Vm) -> &PyDict {
    module::dict(vm, vm.runtime.sys.get())
}

static JIT: ModuleDef = ModuleDef::new(
    "sys._jit",
    "Utilities for observing just-in-time compilation.",
    &[
        MethodDef::new("is_available", "()", |vm, _| Ok(vm.bool_ref(false)), ""),
        MethodDef::new("is_enabled", "()", |vm, _| Ok(vm.bool_ref(false)), ""),
        MethodDef::new("is_active", "()", |vm, _| Ok(vm.bool_ref(false)), ""),
    ],
);

static MODULE: ModuleDef = ModuleDef {
    name: "sys",
    doc: "This module provides access to some objects used or maintained by the\n\
          interpreter and to functions that interact strongly with the interpreter.",
    functions: &[
        MethodDef::new("exit", "(status=None, /)", exit, "Exit the interpreter by raising SystemExit(status)."),
        MethodDef::new("intern", "(string, /)", intern, "``Intern'' the given string."),
        MethodDef::new("getrecursionlimit", "()", getrecursionlimit, "Return the current value of the recursion limit."),
        MethodDef::new("setrecursionlimit", "(limit, /)", setrecursionlimit, "Set the maximum depth of the Python interpreter stack to n."),
        MethodDef::new("getrefcount", "(object, /)", getrefcount, "Return the reference count of object."),
        MethodDef::new("getsizeof", "(object, default=<unrepresentable>)", getsizeof, "Return the size of object in bytes."),
        MethodDef::new("exc_info", "()", exc_info, "Return current exception information: (type, value, traceback)."),
        MethodDef::new("exception", "()", exception, "Return the current exception."),
        MethodDef::new("_getframe", "(depth=0, /)", getframe, "Return a frame object from the call stack."),
        MethodDef::new("_getframemodulename", "(depth=0)", getframemodulename, "Return the name of the module for a calling frame."),
        MethodDef::new("_current_frames", "()", current_frames, "Return a dict mapping each thread's identifier to its current stack frame."),
        MethodDef::new("_current_exceptions", "()", current_exceptions, "Return a dict mapping each thread's identifier to its current raised exception."),
        MethodDef::new("displayhook", "(object, /)", hooks::displayhook, "Print an object to sys.stdout and also save it in builtins._"),
        MethodDef::new("excepthook", "(exctype, value, traceback, /)", hooks::excepthook, "Handle an exception by displaying it with a traceback on sys.stderr."),
        MethodDef::new("unraisablehook", "(unraisable, /)", hooks::unraisablehook, "Handle an unraisable exception."),
        MethodDef::new("breakpointhook", "(*args, **kwargs)", hooks::breakpointhook, "This hook function is called by built-in breakpoint()."),
        MethodDef::new("call_tracing", "(func, args, /)", call_tracing, "Call func(*args), while tracing is enabled."),
        MethodDef::new("settrace", "(function, /)", settrace, "Set the global debug tracing function."),
        MethodDef::new("setprofile", "(function, /)", setprofile, "Set the profiling function."),
        MethodDef::new("_settraceallthreads", "(function, /)", settrace_of_all, "Set the global debug tracing function in all running threads."),
        MethodDef::new("_setprofileallthreads", "(function, /)", setprofile_of_all, "Set the profiling function in all running threads."),
        MethodDef::new("gettrace", "()", gettrace, "Return the global debug tracing function set with sys.settrace."),
        MethodDef::new("getprofile", "()", getprofile, "Return the profiling function set with sys.setprofile."),
        MethodDef::new("getdefaultencoding", "()", |vm, _| Ok(text("utf-8")(vm)), "Return the current default encoding used by the Unicode implementation."),
        MethodDef::new("getfilesystemencoding", "()", |vm, _| Ok(text("utf-8")(vm)), "Return the encoding used to convert Unicode filenames to OS filenames."),
        MethodDef::new("getfilesystemencodeerrors", "()", |vm, _| Ok(text("surrogateescape")(vm)), "Return the error mode used for Unicode to OS filename conversion."),
        MethodDef::new("get_int_max_str_digits", "()", get_int_max_str_digits, "Return the maximum string digits limit for non-binary int<->str conversions."),
        MethodDef::new("set_int_max_str_digits", "(maxdigits)", set_int_max_str_digits, "Set the maximum string digits limit for non-binary int<->str conversions."),
        MethodDef::new("getswitchinterval", "()", getswitchinterval, "Return the current thread switch interval."),
        MethodDef::new("setswitchinterval", "(interval, /)", setswitchinterval, "Set the ideal thread switching delay inside the Python interpreter."),
        MethodDef::new("get_coroutine_origin_tracking_depth", "()", |vm, _| Ok(vm.new_int(vm.interp.origin_tracking_depth.get() as i64)), "Check status of origin tracking for coroutine objects in this thread."),
        MethodDef::new("set_coroutine_origin_tracking_depth", "(depth)", set_origin_depth, "Enable or disable origin tracking for coroutine objects in this thread."),
        MethodDef::new("get_asyncgen_hooks", "()", get_asyncgen_hooks, "Return the installed asynchronous generators hooks."),
        MethodDef::new("set_asyncgen_hooks", "(firstiter=<unrepresentable>, finalizer=<unrepresentable>)", set_asyncgen_hooks, "Set a finalizer for async generators objects."),
        MethodDef::new("audit", "(event, /, *args)", audit, "Passes the event to any hooks that are attached."),
        MethodDef::new("addaudithook", "(hook)", addaudithook, "Adds a new audit hook callback."),
        MethodDef::new("is_finalizing", "()", |vm, _| Ok(vm.bool_ref(vm.runtime.finalizing.get())), "Return True if Python is exiting."),
        MethodDef::new("is_stack_trampoline_active", "()", |vm, _| Ok(vm.bool_ref(false)), "Return *True* if a stack profiler trampoline is active."),
        MethodDef::new("is_remote_debug_enabled", "()", |vm, _| Ok(vm.bool_ref(false)), "Return True if remote debugging is enabled, False otherwise."),
        MethodDef::new("getallocatedblocks", "()", |_, _| Ok(Ref::small_int(0)), "Return the number of memory blocks currently allocated."),
        MethodDef::new("getunicodeinternedsize", "(*, _only_immortal=False)", |vm, _| Ok(vm.new_int(vm.interned_count() as i64)), "Return the number of elements of the unicode interned dictionary."),
        MethodDef::new("getdlopenflags", "()", |_, _| Ok(Ref::small_int(libc::RTLD_NOW as i64)), "Return the current value of the flags that are used for dlopen calls."),
        MethodDef::new("_is_gil_enabled", "()", |vm, _| Ok(vm.bool_ref(true)), "Return True if the GIL is currently enabled."),
        MethodDef::new("_is_immortal", "(op, /)", is_immortal, "Return True if the given object is \"immortal\"."),
        MethodDef::new("_is_interned", "(string, /)", is_interned, "Return True if the given string is \"interned\"."),
        MethodDef::new("_get_cpu_count_config", "()", |_, _| Ok(Ref::small_int(-1)), "Private function for getting PyConfig.cpu_count"),
        MethodDef::new("_clear_internal_caches", "()", none, "Clear all internal performance-related caches."),
        MethodDef::new("_clear_type_cache", "()", none, "Clear the internal type lookup cache."),
        MethodDef::new("_clear_type_descriptors", "(type, /)", clear_type_descriptors, "Private function for clearing certain descriptors from a type's dictionary."),
        MethodDef::new("_debugmallocstats", "()", none, ""),
    ],
    init,
};
