//! The module of `sysconfig`'s build variables: what is true of this build, under the names by
//! which CPython's library and its tests ask.

use crate::error::PyResult;
use crate::native::{self, ModuleDef};
use crate::types::dict::PyDict;
use crate::value::Value;
use crate::vm::Vm;

const TEXTS: &[(&str, &str)] = &[
    ("ABIFLAGS", ""),
    ("AR", "ar"),
    ("ARFLAGS", "rcs"),
    ("BINDIR", "/usr/local/bin"),
    ("BINLIBDEST", "/usr/local/lib/python3.14"),
    ("BUILD_GNU_TYPE", "x86_64-pc-linux-gnu"),
    ("CC", "cc"),
    ("CCSHARED", "-fPIC"),
    ("CFLAGS", ""),
    ("CONFIG_ARGS", ""),
    ("CONFINCLUDEDIR", "/usr/local/include"),
    ("CXX", "c++"),
    ("EXE", ""),
    ("EXT_SUFFIX", ".cpython-314-x86_64-linux-gnu.so"),
    ("HOST_GNU_TYPE", "x86_64-pc-linux-gnu"),
    ("INCLUDEDIR", "/usr/local/include"),
    ("INCLUDEPY", "/usr/local/include/python3.14"),
    ("LDFLAGS", ""),
    ("LDLIBRARY", "libpython3.14.a"),
    ("LDSHARED", "cc -shared"),
    ("LIBDEST", "/usr/local/lib/python3.14"),
    ("LIBDIR", "/usr/local/lib"),
    ("LIBPL", "/usr/local/lib/python3.14/config-3.14-x86_64-linux-gnu"),
    ("LIBPYTHON", ""),
    ("LIBRARY", "libpython3.14.a"),
    ("MACHDEP", "linux"),
    ("MULTIARCH", "x86_64-linux-gnu"),
    ("OPT", ""),
    ("PLATLIBDIR", "lib"),
    ("PYTHONFRAMEWORK", ""),
    ("PYTHONFRAMEWORKDIR", "no-framework"),
    ("PYTHONFRAMEWORKPREFIX", ""),
    ("PY_BUILTIN_HASHLIB_HASHES", "md5,sha1,sha2,sha3,blake2"),
    ("PY_CFLAGS", ""),
    ("PY_CFLAGS_NODIST", ""),
    ("PY_LDFLAGS", ""),
    ("PY_LDFLAGS_NODIST", ""),
    ("SHELL", "/bin/sh"),
    ("SHLIB_SUFFIX", ".so"),
    ("SOABI", "cpython-314-x86_64-linux-gnu"),
    ("TZPATH", "/usr/share/zoneinfo:/usr/lib/zoneinfo:/usr/share/lib/zoneinfo:/etc/zoneinfo"),
    ("VERSION", "3.14"),
    ("WHEEL_PKG_DIR", ""),
    ("exec_prefix", "/usr/local"),
    ("prefix", "/usr/local"),
];

const NUMBERS: &[(&str, i64)] = &[
    ("ALIGNOF_LONG", 8),
    ("ALIGNOF_SIZE_T", 8),
    ("ENABLE_IPV6", 1),
    ("HAVE_FORK", 1),
    ("HAVE_GETRANDOM", 1),
    ("HAVE_PERF_TRAMPOLINE", 0),
    ("PY_HAVE_PERF_TRAMPOLINE", 0),
    ("PY_ENABLE_SHARED", 0),
    ("Py_DEBUG", 0),
    ("Py_ENABLE_SHARED", 0),
    ("Py_GIL_DISABLED", 0),
    ("Py_HASH_ALGORITHM", 0),
    ("Py_REMOTE_DEBUG", 0),
    ("Py_STATS", 0),
    ("Py_TRACE_REFS", 0),
    ("SIZEOF_DOUBLE", 8),
    ("SIZEOF_FLOAT", 4),
    ("SIZEOF_INT", 4),
    ("SIZEOF_LONG", 8),
    ("SIZEOF_LONG_LONG", 8),
    ("SIZEOF_OFF_T", 8),
    ("SIZEOF_PID_T", 4),
    ("SIZEOF_SHORT", 2),
    ("SIZEOF_SIZE_T", 8),
    ("SIZEOF_TIME_T", 8),
    ("SIZEOF_VOID_P", 8),
    ("SIZEOF_WCHAR_T", 4),
    ("SIZEOF__BOOL", 1),
    ("WITH_DOC_STRINGS", 1),
    ("WITH_DTRACE", 0),
    ("WITH_MIMALLOC", 0),
    ("WITH_PYMALLOC", 0),
    ("WITH_VALGRIND", 0),
];

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    let vars = PyDict::new(vm);
    if let Some(d) = vars.cast::<PyDict>() {
        for (name, text) in TEXTS {
            d.set_text(vm, name, vm.new_str(text).value());
        }
        for (name, n) in NUMBERS {
            d.set_text(vm, name, Value::small_int(*n));
        }
    }
    native::add(vm, m, "build_time_vars", vars.value())
}

pub static MODULE: ModuleDef = ModuleDef {
    name: "_sysconfigdata__linux_x86_64-linux-gnu",
    doc: "",
    functions: &[],
    init,
};
