//! `SyntaxError`: a message and a place in a source.

use super::fields::{self, field};
use super::{exception, exception_init, this};
use crate::args::CallArgs;
use crate::error::{PyResult, Raised};
use crate::protocol::{iter, object as obj};
use crate::types::int;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::GetSetDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Field of the tuple of line, offset, end line and end offset.
const LOCATION: usize = 2;

macro_rules! location {
    ($name:literal, $i:literal) => {
        GetSetDef::member_set($name, |vm, v| location(vm, v, $i), |vm, v, x| set_location(vm, v, $i, x), "")
    };
}

pub static FIELDS: &[GetSetDef] = &[
    field!("msg", 0),
    field!("filename", 1),
    location!("lineno", 0),
    location!("offset", 1),
    field!("text", 3),
    location!("end_lineno", 2),
    location!("end_offset", 3),
    field!("print_file_and_line", 4),
    field!("_metadata", 5),
];

/// Field of what the parser notes beside.
const METADATA: usize = 5;

/// Tells a syntax error what the parser knows of its source: the tuple of line, column and text.
pub fn set_metadata(e: &Raised, metadata: Ref) {
    if let Some(e) = exception(e.0.value()) {
        e.fields[METADATA].set(metadata);
    }
}

fn location(vm: &Vm, v: Value, i: usize) -> PyResult {
    let t = fields::get(vm, v, LOCATION)?;
    Ok(t.cast::<PyTuple>().map_or_else(|| vm.none_ref(), |t| t.as_slice()[i].to_ref()))
}

fn set_location(vm: &Vm, v: Value, i: usize, x: Value) -> PyResult<()> {
    let t = fields::get(vm, v, LOCATION)?;
    let mut parts: Vec<Ref> = match t.cast::<PyTuple>() {
        Some(t) => t.as_slice().iter().map(|x| x.to_ref()).collect(),
        None => vec![vm.none_ref(); 4],
    };
    parts[i] = x.non_null().unwrap_or(vm.none()).to_ref();
    let t = PyTuple::from_vec(vm, parts);
    fields::set(vm, v, LOCATION, t.value())
}

pub(super) fn init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    exception_init(vm, v, args)?;
    let pos = args.positional_args();
    if let Some(msg) = pos.first() {
        fields::set(vm, v, 0, *msg)?;
    }
    let [_, info] = pos else { return Ok(()) };
    let info = iter::to_vec(vm, *info)?;
    if !(4..=7).contains(&info.len()) {
        let (how, n) = if info.len() < 4 { ("at least", 4) } else { ("at most", 7) };
        return Err(vm.type_error(format!("function takes {how} {n} arguments ({} given)", info.len())));
    }
    let at = |i: usize| info.get(i).map_or(Value::NULL, |x| x.value());
    let or_none = |i: usize| at(i).non_null().unwrap_or(vm.none()).to_ref();
    fields::set(vm, v, 1, at(0))?;
    fields::set(vm, v, 3, at(3))?;
    let place = PyTuple::from_vec(vm, vec![or_none(1), or_none(2), or_none(4), or_none(5)]);
    fields::set(vm, v, LOCATION, place.value())?;
    fields::set(vm, v, METADATA, at(6))?;
    if info.len() == 5 {
        return Err(vm.type_error("end_offset must be provided when end_lineno is provided"));
    }
    Ok(())
}

pub(super) fn str(vm: &Vm, v: Value) -> PyResult {
    let e = this(v);
    let msg = obj::str_text(vm, e.fields[0].get().non_null().unwrap_or(vm.none()))?;
    let file = e.fields[1].get().cast::<PyStr>().map(|f| f.to_string_lossy());
    let file = file.as_deref().map(|f| f.rsplit('/').next().unwrap_or(f));
    // Lines too large for a C long are shown as -1.
    let line = location(vm, v, 0)?;
    let is_int = vm.type_of(line.value()).is(vm.builtin(crate::shape::INT));
    let line = is_int.then(|| int::to_i64(line.value()).unwrap_or(-1));
    Ok(vm.new_str(&match (file, line) {
        (Some(f), Some(l)) => format!("{msg} ({f}, line {l})"),
        (Some(f), None) => format!("{msg} ({f})"),
        (None, Some(l)) => format!("{msg} (line {l})"),
        (None, None) => msg,
    }))
}
