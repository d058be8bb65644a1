//! Evaluators of bounds and defaults that were given as values.

use crate::args::CallArgs;
use crate::convert;
use crate::error::PyResult;
use crate::object::{self, Header};
use crate::types::generic_alias::write_type_repr;
use crate::types::iterators::payload;
use crate::types::repr_writer::ReprWriter;
use crate::types::tuple::PyTuple;
use crate::types::type_::{New, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// `annotationlib.Format.STRING`.
const FORMAT_STRING: i32 = 4;

/// Gives a value, or its text.
#[repr(C)]
pub struct ConstEvaluator {
    header: Header,
    value: Ref,
}
payload!(ConstEvaluator, CONST_EVALUATOR);

pub fn new(value: Ref) -> Ref {
    object::new(ConstEvaluator { header: object::header(), value })
}

fn call(vm: &Vm, v: Value, args: CallArgs) -> PyResult {
    const NAME: &str = "constevaluator.__call__";
    if args.has_keywords() {
        return Err(vm.type_error(format!("{NAME}() takes no keyword arguments")));
    }
    let [format] = args.args else {
        let n = args.args.len();
        return Err(vm.type_error(format!("{NAME}() takes exactly 1 argument ({n} given)")));
    };
    let value = &ConstEvaluator::of(v).value;
    if convert::c_int(vm, *format)? != FORMAT_STRING {
        return Ok(value.clone());
    }
    let Some(t) = value.cast::<PyTuple>() else {
        let mut w = ReprWriter::new("");
        write_type_repr(vm, &mut w, value.value())?;
        return Ok(w.finish(vm));
    };
    let mut w = ReprWriter::new("(");
    for (i, x) in t.iter().enumerate() {
        if i > 0 {
            w.push(", ");
        }
        write_type_repr(vm, &mut w, x)?;
    }
    w.push(")");
    Ok(w.finish(vm))
}

pub static CONST_EVALUATOR: TypeDef = TypeDef {
    doc: "_ConstEvaluator()\n--\n\nInternal type for implementing evaluation functions.",
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        s.call = Some(call);
        s.repr = Some(|vm, v| {
            let mut w = ReprWriter::new("<constevaluator ");
            w.push_repr(vm, ConstEvaluator::of(v).value.value())?;
            w.push(">");
            Ok(w.finish(vm))
        });
        s.drop = Some(object::drop_payload::<ConstEvaluator>);
        s.traverse = crate::traverse_fields!(ConstEvaluator: value);
    },
    ..TypeDef::of::<ConstEvaluator>("_typing._ConstEvaluator")
};
