//! The end of a run: what the program left behind is taken apart, so that finalizers run and
//! files are written.

use crate::protocol::{attr, call};
use crate::runtime;
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::module;
use crate::types::type_::flags;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Attributes of `sys` that keep things of the program alive.
const FORGOTTEN: [&str; 8] =
    ["path", "argv", "ps1", "ps2", "last_exc", "last_type", "last_value", "last_traceback"];

/// In which order the globals of modules go: finalizers should find as much of the rest as
/// possible still there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Rank {
    /// Has a finalizer of its own.
    Finalized,
    /// May hold objects that have.
    Holder,
    Other,
    /// Functions, classes and modules: what finalizers use.
    Code,
}

fn rank(vm: &Vm, v: Value) -> Rank {
    if !v.is_object() {
        return Rank::Other;
    }
    let ty = vm.type_of(v);
    let id = ty.layout();
    if [shape::FUNCTION, shape::TYPE, shape::MODULE, shape::BUILTIN_FUNCTION].contains(&id) {
        Rank::Code
    } else if ty.slots().finalize.is_some() {
        Rank::Finalized
    } else if ty.has_flag(flags::DICT) || [shape::LIST, shape::DICT, shape::TUPLE, shape::SET].contains(&id) {
        Rank::Holder
    } else {
        Rank::Other
    }
}

/// Flushes the standard streams; false if the output is gone.
pub fn flush_standard_streams(vm: &Vm) -> bool {
    let mut ok = true;
    for name in ["stdout", "stderr"] {
        if let Err(e) = runtime::try_flush_stream(vm, name) {
            ok = false;
            if name == "stdout" {
                let what = "Exception ignored while flushing sys.stdout";
                crate::native::sys::hooks::unraisable(vm, &e, Some(what), Value::NULL);
            }
        }
    }
    ok
}

/// Takes the program's modules apart and writes what streams still hold.
pub fn take_apart(vm: &Vm) {
    vm.runtime.finalizing.set(true);
    let sys = module::dict(vm, vm.runtime.sys.get());
    for name in FORGOTTEN {
        if sys.get_text(vm, name).is_some() {
            sys.set_text(vm, name, vm.none());
        }
    }
    for name in ["stdin", "stdout", "stderr"] {
        let first = sys.get_text(vm, &format!("__{name}__")).map(|v| v.to_ref());
        sys.set_text(vm, name, first.unwrap_or_else(|| vm.none_ref()).value());
    }
    crate::gc::collect(vm, 2);
    let modules = own_modules(vm);
    for last in [Rank::Finalized, Rank::Holder, Rank::Other, Rank::Code] {
        if last == Rank::Code {
            // Finalizers of what has become garbage by now find functions, classes and modules.
            crate::gc::collect(vm, 2);
        }
        for m in &modules {
            if let Some(globals) = attr::instance_dict(vm, m.value()) {
                clear(vm, globals, last);
            }
        }
    }
    drop(modules);
    crate::gc::collect(vm, 2);
    flush_forgotten_streams(vm);
}

/// Modules with code in Python, the main module first, then those that were imported last.
fn own_modules(vm: &Vm) -> Vec<Ref> {
    let all = runtime::modules(vm);
    let main = all.get_text(vm, "__main__").map(|m| m.to_ref());
    let mut own: Vec<Ref> = all.values_vec();
    own.reverse();
    own.retain(|m| {
        let has_code = module_has_code(vm, m.value());
        has_code && main.as_ref().is_none_or(|main| !m.is(main.value()))
    });
    main.into_iter().chain(own).collect()
}

fn module_has_code(vm: &Vm, m: Value) -> bool {
    vm.type_of(m).layout() == shape::MODULE
        && attr::instance_dict(vm, m).is_some_and(|d| d.get_str(vm.names().__file__).is_some())
}

/// Drops globals up to a rank. Names stay, with None for their value, until the last round.
fn clear(vm: &Vm, globals: &PyDict, last: Rank) {
    for (key, value) in globals.items_vec() {
        let stays = value.is(vm.none()) || key.is(vm.names().__builtins__) || rank(vm, value.value()) > last;
        if !stays && globals.set(vm, key.value(), vm.none()).is_err() {
            // Only keys that are no str can refuse.
            continue;
        }
        drop(value);
    }
}

/// Writes what open streams hold that nobody has closed, since something still refers to them.
/// Text goes through binary streams, which are older.
fn flush_forgotten_streams(vm: &Vm) {
    for stream in vm.runtime.streams.newest_first() {
        if let Err(e) = call::call_method(vm, stream.value(), "flush", &[]) {
            // Closed, detached, or not to be saved.
            drop(e);
        }
    }
}
