//! The module `_json`: reading and writing of JSON for the module `json`.

use crate::error::{PyResult, Raised};
use crate::import;
use crate::native::{self, ModuleDef};
use crate::protocol::{attr, call};
use crate::shape;
use crate::types::native::BuiltinFunction;
use crate::types::str_::PyStr;
use crate::types::type_::MethodDef;
use crate::value::Value;
use crate::vm::Vm;

mod encoder;
mod scanner;
mod text;

pub use encoder::ENCODER;
pub use scanner::SCANNER;

/// The first argument, a str.
fn string_argument<'a>(vm: &Vm, v: Value) -> PyResult<&'a PyStr> {
    v.cast::<PyStr>().ok_or_else(|| {
        vm.type_error(format!("first argument must be a string, not {}", vm.type_of(v).full_name()))
    })
}

/// A `JSONDecodeError` at a position in characters.
#[cold]
fn decode_error(vm: &Vm, message: &str, document: Value, position: isize) -> Raised {
    let made = import::import_module(vm, "json.decoder")
        .and_then(|m| attr::get_named(vm, m.value(), "JSONDecodeError"))
        .and_then(|class| {
            let (message, position) = (vm.new_str(message), vm.new_int(position as i64));
            call::call_args(vm, class.value(), &[message.value(), document, position.value()])
        });
    match made {
        Ok(e) => Raised(e),
        Err(e) => e,
    }
}

fn encode(vm: &Vm, a: &[Value], ascii: bool) -> PyResult {
    let s = string_argument(vm, a[1])?;
    let mut out = Vec::with_capacity(s.as_bytes().len() + 2);
    text::quote(s, ascii, &mut out);
    Ok(PyStr::from_wtf8(vm, &out))
}

/// Whether a callable is one of this module's functions, which need not be called: whether it
/// writes ASCII only.
fn own_function(v: Value) -> Option<bool> {
    let def = v.cast::<BuiltinFunction>()?.def;
    [(0, true), (1, false)].into_iter().find(|(i, _)| std::ptr::eq(def, &MODULE.functions[*i])).map(|(_, ascii)| ascii)
}

pub static MODULE: ModuleDef = ModuleDef {
    name: "_json",
    doc: "json speedups\n",
    functions: &[
        MethodDef::new("encode_basestring_ascii", "($self, object, /)", |vm, a| encode(vm, a, true), "The string as JSON, in ASCII."),
        MethodDef::new("encode_basestring", "($self, object, /)", |vm, a| encode(vm, a, false), "The string as JSON."),
        MethodDef::new("scanstring", "($module, string, end, strict=True, /)", scanner::scanstring, "scanstring(string, end, strict=True) -> (string, end)\n\nThe string that begins behind a quote, and the position behind its last one."),
    ],
    init: |vm, m| {
        native::add(vm, m, "make_scanner", vm.builtin(shape::JSON_SCANNER).value())?;
        native::add(vm, m, "make_encoder", vm.builtin(shape::JSON_ENCODER).value())
    },
};
