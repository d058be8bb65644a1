//! `sys.monitoring` (PEP 669).

use crate::code::PyCode;
use crate::convert;
use crate::error::PyResult;
use crate::monitor::{Event, EventSet, USER_TOOLS};
use crate::native::{ModuleDef, add};
use crate::types::dict::PyDict;
use crate::types::namespace;
use crate::types::str_::PyStr;
use crate::types::type_::MethodDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    for (name, id) in [("DEBUGGER_ID", 0), ("COVERAGE_ID", 1), ("PROFILER_ID", 2), ("OPTIMIZER_ID", 5)] {
        add(vm, m, name, Value::small_int(id))?;
    }
    add(vm, m, "DISABLE", vm.interp.monitor.disable(vm))?;
    add(vm, m, "MISSING", vm.interp.monitor.missing(vm))?;
    let events = namespace::new(vm);
    let names = namespace::dict(vm, events.value());
    for event in Event::ALL {
        names.set_text(vm, event.name(), Value::small_int(1 << *event as u8));
    }
    names.set_text(vm, "NO_EVENTS", Value::small_int(0));
    add(vm, m, "events", events.value())
}

/// The number of a tool that Python code may use.
fn tool(vm: &Vm, v: Value) -> PyResult<usize> {
    let id = convert::c_int(vm, v)?;
    match usize::try_from(id) {
        Ok(i) if i < USER_TOOLS => Ok(i),
        _ => Err(vm.value_error(format!("invalid tool {id} (must be between 0 and 5)"))),
    }
}

fn registered(vm: &Vm, id: usize) -> PyResult<()> {
    if vm.interp.monitor.names[id].is_null() {
        return Err(vm.value_error(format!("tool {id} is not in use")));
    }
    Ok(())
}

fn code<'a>(vm: &Vm, v: Value) -> PyResult<&'a PyCode> {
    v.cast_exact::<PyCode>().ok_or_else(|| vm.type_error("code must be a code object"))
}

fn use_tool_id(vm: &Vm, a: &[Value]) -> PyResult {
    let id = tool(vm, a[0])?;
    if a[1].cast::<PyStr>().is_none() {
        return Err(vm.value_error("tool name must be a str"));
    }
    let name = &vm.interp.monitor.names[id];
    if !name.is_null() {
        return Err(vm.value_error(format!("tool {id} is already in use")));
    }
    name.set(a[1].to_ref());
    Ok(vm.none_ref())
}

fn free_tool_id(vm: &Vm, a: &[Value]) -> PyResult {
    let id = tool(vm, a[0])?;
    if !vm.interp.monitor.names[id].is_null() {
        vm.interp.monitor.clear_tool(vm, id);
    }
    vm.interp.monitor.names[id].clear();
    Ok(vm.none_ref())
}

fn clear_tool_id(vm: &Vm, a: &[Value]) -> PyResult {
    let id = tool(vm, a[0])?;
    if !vm.interp.monitor.names[id].is_null() {
        vm.interp.monitor.clear_tool(vm, id);
    }
    Ok(vm.none_ref())
}

fn get_tool(vm: &Vm, a: &[Value]) -> PyResult {
    let id = tool(vm, a[0])?;
    Ok(vm.interp.monitor.names[id].get_ref().unwrap_or_else(|| vm.none_ref()))
}

fn register_callback(vm: &Vm, a: &[Value]) -> PyResult {
    let id = tool(vm, a[0])?;
    let bits = convert::c_int(vm, a[1])? as u32;
    if bits.count_ones() != 1 {
        return Err(vm.value_error("The callback can only be set for one event at a time"));
    }
    let Some(event) = Event::from_number(bits.trailing_zeros()) else {
        return Err(vm.value_error(format!("invalid event {}", bits as i32)));
    };
    let old = vm.interp.monitor.register(id, event, (!a[2].is(vm.none())).then(|| a[2].to_ref()));
    Ok(old.unwrap_or_else(|| vm.none_ref()))
}

fn get_events(vm: &Vm, a: &[Value]) -> PyResult {
    let id = tool(vm, a[0])?;
    Ok(Ref::small_int(vm.interp.monitor.events(id).0.into()))
}

/// A set of events that a program gave. `local`: such as one code object may have.
fn event_set(vm: &Vm, v: Value, local: bool) -> PyResult<EventSet> {
    let given = convert::c_int(vm, v)?;
    if !(0..1 << Event::COUNT).contains(&given) {
        let kind = if local { "local event" } else { "event" };
        return Err(vm.value_error(format!("invalid {kind} set {given:#x}")));
    }
    let Some(set) = EventSet(given as u32).normalized() else {
        return Err(vm.value_error("cannot set C_RETURN or C_RAISE events independently"));
    };
    if local && Event::ALL.iter().any(|e| !e.is_local() && set.contains(*e)) {
        return Err(vm.value_error(format!("invalid local event set {:#x}", set.0)));
    }
    Ok(set)
}

fn set_events(vm: &Vm, a: &[Value]) -> PyResult {
    let id = tool(vm, a[0])?;
    let events = event_set(vm, a[1], false)?;
    registered(vm, id)?;
    vm.interp.monitor.set_events(vm, id, events);
    Ok(vm.none_ref())
}

fn get_local_events(vm: &Vm, a: &[Value]) -> PyResult {
    let code = code(vm, a[1])?;
    let id = tool(vm, a[0])?;
    let events = code.monitor.get().map_or(EventSet::NONE, |c| c.local_events(id));
    Ok(Ref::small_int(events.0.into()))
}

fn set_local_events(vm: &Vm, a: &[Value]) -> PyResult {
    let code = code(vm, a[1])?;
    let id = tool(vm, a[0])?;
    let events = event_set(vm, a[2], true)?;
    registered(vm, id)?;
    vm.interp.monitor.set_local_events(vm, code, id, events);
    Ok(vm.none_ref())
}

fn restart_events(vm: &Vm, _: &[Value]) -> PyResult {
    vm.interp.monitor.restart(vm);
    Ok(vm.none_ref())
}

/// `_all_events()`: the tools that want each event, as bits.
fn all_events(vm: &Vm, _: &[Value]) -> PyResult {
    let all = PyDict::new(vm);
    let m = &vm.interp.monitor;
    let single = |e: &&Event| !matches!(e, Event::CReturn | Event::CRaise | Event::Branch);
    for event in Event::ALL.iter().filter(single) {
        let tools = m.global_tools(*event);
        if tools != 0
            && let Some(d) = all.cast::<PyDict>()
        {
            d.set_text(vm, event.name(), Value::small_int(tools.into()));
        }
    }
    Ok(all)
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
        MethodDef::new("get_local_events", "(tool_id, code, /)", get_local_events, ""),
        MethodDef::new("set_local_events", "(tool_id, code, event_set, /)", set_local_events, ""),
        MethodDef::new("restart_events", "()", restart_events, ""),
        MethodDef::new("_all_events", "()", all_events, ""),
    ],
    init,
};
