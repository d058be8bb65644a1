//! `sys.monitoring` (PEP 669): the names. Events are not delivered to Python callbacks: what
//! runs is observed from outside, by the debugger, the profiler and the traces.

use std::cell::RefCell;

use crate::error::PyResult;
use crate::native::{ModuleDef, add};
use crate::protocol::number;
use crate::types::{namespace, object_type};
use crate::types::type_::MethodDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

const EVENTS: &[(&str, i64)] = &[
    ("PY_START", 1),
    ("PY_RESUME", 2),
    ("PY_RETURN", 4),
    ("PY_YIELD", 8),
    ("CALL", 16),
    ("LINE", 32),
    ("INSTRUCTION", 64),
    ("JUMP", 128),
    ("BRANCH_LEFT", 256),
    ("BRANCH_RIGHT", 512),
    ("STOP_ITERATION", 1024),
    ("RAISE", 2048),
    ("EXCEPTION_HANDLED", 4096),
    ("PY_UNWIND", 8192),
    ("PY_THROW", 16384),
    ("RERAISE", 32768),
    ("C_RETURN", 65536),
    ("C_RAISE", 131_072),
    ("BRANCH", 262_144),
    ("NO_EVENTS", 0),
];

const TOOLS: usize = 6;

thread_local! {
    /// Names of the tools that registered.
    static NAMES: RefCell<[Option<Ref>; TOOLS]> = const { RefCell::new([const { None }; TOOLS]) };
}

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    for (name, id) in [("DEBUGGER_ID", 0), ("COVERAGE_ID", 1), ("PROFILER_ID", 2), ("OPTIMIZER_ID", 5)] {
        add(vm, m, name, Value::small_int(id))?;
    }
    for name in ["DISABLE", "MISSING"] {
        add(vm, m, name, object_type::new_plain(vm).value())?;
    }
    let events = namespace::new(vm);
    for (name, bit) in EVENTS {
        namespace::dict(vm, events.value()).set_text(vm, name, Value::small_int(*bit));
    }
    add(vm, m, "events", events.value())
}

fn tool(vm: &Vm, v: Value) -> PyResult<usize> {
    let id = number::index_i64(vm, v)?;
    match usize::try_from(id) {
        Ok(i) if i < TOOLS => Ok(i),
        _ => Err(vm.value_error(format!("invalid tool {id} (must be between 0 and 5)"))),
    }
}

fn registered(vm: &Vm, v: Value) -> PyResult<usize> {
    let id = tool(vm, v)?;
    if NAMES.with_borrow(|n| n[id].is_none()) {
        return Err(vm.value_error(format!("tool {id} is not in use")));
    }
    Ok(id)
}

fn use_tool_id(vm: &Vm, a: &[Value]) -> PyResult {
    let id = tool(vm, a[0])?;
    if a[1].cast::<crate::types::str_::PyStr>().is_none() {
        return Err(vm.value_error("tool name must be a str"));
    }
    if NAMES.with_borrow(|n| n[id].is_some()) {
        return Err(vm.value_error(format!("tool {id} is already in use")));
    }
    NAMES.with_borrow_mut(|n| n[id] = Some(a[1].to_ref()));
    Ok(vm.none_ref())
}

fn free_tool_id(vm: &Vm, a: &[Value]) -> PyResult {
    let id = tool(vm, a[0])?;
    drop(NAMES.with_borrow_mut(|n| n[id].take()));
    Ok(vm.none_ref())
}

fn clear_tool_id(vm: &Vm, a: &[Value]) -> PyResult {
    tool(vm, a[0])?;
    Ok(vm.none_ref())
}

fn get_tool(vm: &Vm, a: &[Value]) -> PyResult {
    let id = tool(vm, a[0])?;
    Ok(NAMES.with_borrow(|n| n[id].clone()).unwrap_or_else(|| vm.none_ref()))
}

fn register_callback(vm: &Vm, a: &[Value]) -> PyResult {
    tool(vm, a[0])?;
    number::index_i64(vm, a[1])?;
    Ok(vm.none_ref())
}

fn get_events(vm: &Vm, a: &[Value]) -> PyResult {
    registered(vm, a[0])?;
    Ok(Ref::small_int(0))
}

fn no_events(vm: &Vm, events: Value) -> PyResult {
    if number::index_i64(vm, events)? == 0 {
        return Ok(vm.none_ref());
    }
    Err(vm.not_implemented_error(
        "sys.monitoring delivers no events here: use 'tailscope dap', 'tailscope profile' or 'tailscope trace'",
    ))
}

fn set_events(vm: &Vm, a: &[Value]) -> PyResult {
    registered(vm, a[0])?;
    no_events(vm, a[1])
}

fn set_local_events(vm: &Vm, a: &[Value]) -> PyResult {
    registered(vm, a[0])?;
    no_events(vm, a[2])
}

pub(super) static MODULE: ModuleDef = ModuleDef {
    name: "sys.monitoring",
    doc: "",
    functions: &[
        MethodDef::new("use_tool_id", "(tool_id, name, /)", use_tool_id, ""),
        MethodDef::new("clear_tool_id", "(tool_id, /)", clear_tool_id, ""),
        MethodDef::new("free_tool_id", "(tool_id, /)", free_tool_id, ""),
        MethodDef::new("get_tool", "(tool_id, /)", get_tool, ""),
        MethodDef::new("register_callback", "(tool_id, event, func, /)", register_callback, ""),
        MethodDef::new("get_events", "(tool_id, /)", get_events, ""),
        MethodDef::new("set_events", "(tool_id, event_set, /)", set_events, ""),
        MethodDef::new("get_local_events", "(tool_id, code, /)", get_events, ""),
        MethodDef::new("set_local_events", "(tool_id, code, event_set, /)", set_local_events, ""),
        MethodDef::new("restart_events", "()", |vm, _| Ok(vm.none_ref()), ""),
    ],
    init,
};
