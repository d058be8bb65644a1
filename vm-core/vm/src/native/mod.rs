//! Native modules: one file each. Their types stand in the table of built-in types.

use crate::error::PyResult;
use crate::protocol::attr;
use crate::runtime;
use crate::types::native::BuiltinFunction;
use crate::types::{exceptions, module};
use crate::types::type_::MethodDef;
use crate::value::Value;
use crate::vm::Vm;

/// A native module.
pub struct ModuleDef {
    pub name: &'static str,
    pub doc: &'static str,
    pub functions: &'static [MethodDef],
    /// Constants, types and whatever else the module's namespace holds.
    pub init: fn(&Vm, Value) -> PyResult<()>,
}

impl ModuleDef {
    /// A module with functions only.
    pub const fn new(name: &'static str, doc: &'static str, functions: &'static [MethodDef]) -> ModuleDef {
        ModuleDef { name, doc, functions, init: |_, _| Ok(()) }
    }
}

/// Makes the module object.
pub fn make_module(vm: &Vm, def: &'static ModuleDef) -> PyResult {
    let m = module::new(vm, def.name);
    let d = module::dict(vm, m.value());
    if !def.doc.is_empty() {
        d.set_str(vm, vm.names().__doc__, vm.new_str(def.doc).value());
    }
    add_functions(vm, m.value(), def.name, def.functions);
    (def.init)(vm, m.value())?;
    Ok(m)
}

/// Puts functions into a module under construction.
pub fn add_functions(vm: &Vm, m: Value, module: &str, functions: &'static [MethodDef]) {
    let name = vm.intern(module);
    for f in functions {
        let func = BuiltinFunction::new(vm, f, m, Some(name));
        module::dict(vm, m).set_str(vm, vm.intern(f.name), func.value());
    }
}

/// Puts a value into a module under construction.
pub fn add(vm: &Vm, m: Value, name: &str, v: Value) -> PyResult<()> {
    attr::set_named(vm, m, name, v)
}

mod build_class;
pub mod compile;
pub mod accounts;
pub mod array;
pub mod ast;
pub mod builtins;
pub mod codecs_;
pub mod collections;
pub mod imp;
pub mod itertools;
pub mod json;
pub mod math;
pub mod operator;
pub mod hashes;
pub mod heapq;
pub mod functools;
pub mod binascii;
pub mod bisect;
pub mod abc;
pub mod atexit;
pub mod contextvars;
pub mod csv;
mod fcntl;
pub mod gc;
pub mod io;
pub mod marshal;
mod opcode;
pub mod posix;
mod posixsubprocess;
pub mod random;
pub mod string_;
pub mod warnings;
mod errno;
pub mod select;
pub mod signal;
pub mod sre;
mod stat;
mod statistics;
pub mod struct_;
mod suggestions;
pub mod structseq;
pub mod sys;
pub mod thread;
pub mod time;
pub mod tokenize;
pub mod unicodedata;
pub mod weakref;
pub mod types;
pub mod typing;
mod cmath;
mod datetime;
mod faulthandler;
pub mod mmap;
pub mod queue;
mod resource;
pub mod socket;
mod sysconfigdata;
pub mod termios;
mod tracemalloc;
pub mod symtable;
pub mod zlib;

/// Native modules that are part of the VM.
static MODULES: &[&ModuleDef] = &[
    &builtins::MODULE,
    &accounts::GRP,
    &accounts::PWD,
    &array::MODULE,
    &ast::MODULE,
    &collections::MODULE,
    &imp::MODULE,
    &itertools::MODULE,
    &json::MODULE,
    &operator::MODULE,
    &hashes::BLAKE2_MODULE,
    &hashes::MD5_MODULE,
    &hashes::SHA1_MODULE,
    &hashes::SHA2_MODULE,
    &hashes::SHA3_MODULE,
    &heapq::MODULE,
    &functools::MODULE,
    &binascii::MODULE,
    &bisect::MODULE,
    &types::MODULE,
    &typing::MODULE,
    &cmath::MODULE,
    &datetime::MODULE,
    &faulthandler::MODULE,
    &mmap::MODULE,
    &queue::MODULE,
    &resource::MODULE,
    &socket::MODULE,
    &sysconfigdata::MODULE,
    &termios::MODULE,
    &tracemalloc::MODULE,
    &symtable::MODULE,
    &zlib::MODULE,
    &abc::MODULE,
    &atexit::MODULE,
    &contextvars::MODULE,
    &csv::MODULE,
    &fcntl::MODULE,
    &gc::MODULE,
    &io::MODULE,
    &marshal::MODULE,
    &opcode::MODULE,
    &posix::MODULE,
    &warnings::MODULE,
    &errno::MODULE,
    &select::MODULE,
    &signal::MODULE,
    &thread::MODULE,
    &time::MODULE,
    &tokenize::MODULE,
    &unicodedata::MODULE,
    &weakref::MODULE,
    &math::MODULE,
    &posixsubprocess::MODULE,
    &random::MODULE,
    &sre::MODULE,
    &stat::MODULE,
    &statistics::MODULE,
    &struct_::MODULE,
    &suggestions::MODULE,
    &string_::MODULE,
    &codecs_::MODULE,
];

/// Names of all native modules.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    MODULES.iter().map(|m| m.name).chain(std::iter::once("sys"))
}

/// A native module by name.
pub fn find(name: &str) -> Option<&'static ModuleDef> {
    MODULES.iter().copied().find(|m| m.name == name)
}

/// Makes `builtins`, `sys` and `sys.modules`.
pub(crate) fn init(vm: &Vm) {
    let modules = crate::types::dict::PyDict::new(vm);
    vm.runtime.modules.set(modules);
    let made = make_module(vm, &builtins::MODULE).and_then(|b| {
        vm.runtime.builtins.set(b);
        sys::make(vm).map(|s| vm.runtime.sys.set(s))?;
        let io = make_module(vm, &io::MODULE)?;
        let open = attr::get_named(vm, io.value(), "open")?;
        add(vm, vm.runtime.builtins.get(), "open", open.value())?;
        runtime::modules(vm).set(vm, vm.intern("_io"), io.value())
    });
    if made.is_err() {
        unreachable!("the VM's own modules can be made");
    }
    let all = runtime::modules(vm);
    all.set_str(vm, vm.names().builtins, vm.runtime.builtins.get());
    all.set_str(vm, vm.names().sys, vm.runtime.sys.get());
    if let Err(e) = io::install_standard_streams(vm) {
        eprintln!("the standard streams cannot be made: {}", exceptions::traceback_text(vm, e.0.value()));
    }
}
