//! The module `_sre`: patterns that `re` compiled, run by the engine `tailscope-sre`.

use tailscope_sre::chars;
use tailscope_sre::{CODE_SIZE, MAGIC, MAX_GROUPS, MAX_REPEAT};

use crate::convert;
use crate::error::PyResult;
use crate::native::{self, ModuleDef};
use crate::types::type_::MethodDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

mod match_;
mod pattern;
mod run;
mod scanner;
mod subject;
mod template;

pub use match_::MATCH;
pub use pattern::PATTERN;
pub use scanner::SCANNER;
pub(crate) use subject::Cache;
pub use template::TEMPLATE;

fn character(vm: &Vm, v: Value) -> PyResult<u32> {
    Ok(convert::c_int(vm, v)? as u32)
}

fn ascii_iscased(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.bool_ref(chars::is_cased_ascii(character(vm, a[1])?)))
}

fn unicode_iscased(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.bool_ref(chars::is_cased_unicode(character(vm, a[1])?)))
}

fn ascii_tolower(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(Ref::small_int(i64::from(chars::lower_ascii(character(vm, a[1])?) as i32)))
}

fn unicode_tolower(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(Ref::small_int(i64::from(chars::lower_unicode(character(vm, a[1])?) as i32)))
}

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    let int = |n: usize| Ref::small_int(n as i64);
    native::add(vm, m, "MAGIC", int(MAGIC as usize).value())?;
    native::add(vm, m, "CODESIZE", int(CODE_SIZE).value())?;
    native::add(vm, m, "MAXREPEAT", int(MAX_REPEAT as usize).value())?;
    native::add(vm, m, "MAXGROUPS", int(MAX_GROUPS).value())?;
    let copyright = " SRE 2.2.2 Copyright (c) 1997-2002 by Secret Labs AB ";
    native::add(vm, m, "copyright", vm.new_str(copyright).value())
}

const CHARACTER: &str = "($module, character, /)";

pub static MODULE: ModuleDef = ModuleDef {
    name: "_sre",
    doc: "",
    functions: &[
        MethodDef::new(
            "compile",
            "($module, /, pattern, flags, code, groups, groupindex, indexgroup)",
            pattern::compile,
            "",
        ),
        MethodDef::new("template", "($module, pattern, template, /)", template::new, "A template from interleaved literal texts and group numbers."),
        MethodDef::new("getcodesize", "($module, /)", |_, _| Ok(Ref::small_int(CODE_SIZE as i64)), ""),
        MethodDef::new("ascii_iscased", CHARACTER, ascii_iscased, ""),
        MethodDef::new("unicode_iscased", CHARACTER, unicode_iscased, ""),
        MethodDef::new("ascii_tolower", CHARACTER, ascii_tolower, ""),
        MethodDef::new("unicode_tolower", CHARACTER, unicode_tolower, ""),
    ],
    init,
};
