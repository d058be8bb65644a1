//! The module `_tracemalloc`. Memory is not traced: blocks are not remembered with the place that
//! asked for them. Asking for a trace is refused, and there is none of any object.

use crate::convert::{self, module_function as function};
use crate::error::PyResult;
use crate::native::ModuleDef;
use crate::types::list::PyList;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

fn start(vm: &Vm, a: &[Value]) -> PyResult {
    let n = a[0].non_null().map_or(Ok(1), |v| convert::c_int(vm, v))?;
    if !(1..=65535).contains(&n) {
        return Err(vm.value_error("the number of frames must be in range [1; 65535]"));
    }
    Err(vm.runtime_error("tailscope does not trace memory allocations"))
}

fn none(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(vm.none_ref())
}

const NOTHING: &str = "($module, /)";

pub static MODULE: ModuleDef = ModuleDef::new(
    "_tracemalloc",
    "Debug module to trace memory blocks allocated by Python.",
    &[
        function!("is_tracing", NOTHING, |vm: &Vm, _: &[Value]| Ok(vm.bool_ref(false)), "Return True if the tracemalloc module is tracing Python memory allocations."),
        function!("clear_traces", NOTHING, none, "Clear traces of memory blocks allocated by Python."),
        function!("_get_traces", NOTHING, |vm: &Vm, _: &[Value]| Ok(PyList::new(vm, Vec::new())), "Get traces of all memory blocks allocated by Python.\n\nReturn a list of (size: int, traceback: tuple) tuples.\ntraceback is a tuple of (filename: str, lineno: int) tuples.\n\nReturn an empty list if the tracemalloc module is disabled."),
        function!("_get_object_traceback", "($module, obj, /)", none, "Get the traceback where the Python object obj was allocated.\n\nReturn a tuple of (filename: str, lineno: int) tuples.\nReturn None if the tracemalloc module is disabled or did not\ntrace the allocation of the object."),
        function!("start", "($module, nframe=1, /)", start, "Start tracing Python memory allocations.\n\nAlso set the maximum number of frames stored in the traceback of a\ntrace to nframe."),
        function!("stop", NOTHING, none, "Stop tracing Python memory allocations.\n\nAlso clear traces of memory blocks allocated by Python."),
        function!("get_traceback_limit", NOTHING, |_: &Vm, _: &[Value]| Ok(Ref::small_int(1)), "Get the maximum number of frames stored in the traceback of a trace.\n\nBy default, a trace of an allocated memory block only stores\nthe most recent frame: the limit is 1."),
        function!("get_tracemalloc_memory", NOTHING, |_: &Vm, _: &[Value]| Ok(Ref::small_int(0)), "Get the memory usage in bytes of the tracemalloc module.\n\nThis memory is used internally to trace memory allocations."),
        function!("get_traced_memory", NOTHING, |_: &Vm, _: &[Value]| Ok(PyTuple::pair(Ref::small_int(0), Ref::small_int(0))), "Get the current size and peak size of memory blocks traced by tracemalloc.\n\nReturns a tuple: (current: int, peak: int)."),
        function!("reset_peak", NOTHING, none, "Set the peak size of memory blocks traced by tracemalloc to the current size.\n\nDo nothing if the tracemalloc module is not tracing memory allocations."),
    ],
);
