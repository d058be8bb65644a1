//! `str.translate` and `str.maketrans`.

use super::{PyStr, push_code_point, this};
use crate::convert;
use crate::error::PyResult;
use crate::protocol::item;
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::int;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Appends what the table has for a character.
fn push_mapped(vm: &Vm, table: Value, c: u32, out: &mut Vec<u8>) -> PyResult<()> {
    let found = match item::get(vm, table, Value::small_int(c as i64)) {
        Ok(v) => v,
        Err(e) if e.is(vm, shape::LOOKUP_ERROR) => {
            push_code_point(out, c);
            return Ok(());
        }
        Err(e) => return Err(e),
    };
    if found.is(vm.none()) {
        return Ok(());
    }
    if let Some(s) = found.cast::<PyStr>() {
        out.extend_from_slice(s.as_bytes());
        return Ok(());
    }
    if int::value_of(found.value()).is_none() {
        return Err(vm.type_error("character mapping must return integer, None or str"));
    }
    match int::to_i64(found.value()).and_then(|i| u32::try_from(i).ok()).filter(|c| *c <= 0x10ffff) {
        Some(c) => push_code_point(out, c),
        None => return Err(vm.value_error("character mapping must be in range(0x110000)")),
    }
    Ok(())
}

pub(super) fn translate(vm: &Vm, a: &[Value]) -> PyResult {
    let s = this(a[0]);
    let mut out = Vec::with_capacity(s.as_bytes().len());
    // What ASCII characters became, so that each is looked up once; the table is the same dict
    // (or class) all along, and CPython remembers them, too.
    let mut known: [Option<(usize, usize)>; 128] = [None; 128];
    for c in s.code_points() {
        match known.get(c as usize).copied().flatten() {
            Some((from, to)) => out.extend_from_within(from..to),
            None => {
                let from = out.len();
                push_mapped(vm, a[1], c, &mut out)?;
                if let Some(k) = known.get_mut(c as usize) {
                    *k = Some((from, out.len()));
                }
            }
        }
    }
    Ok(PyStr::from_wtf8(vm, &out))
}

pub(super) fn maketrans(vm: &Vm, a: &[Value]) -> PyResult {
    let (x, y, z) = (a[0], a[1], a[2]);
    let table = PyDict::new(vm);
    let Some(d) = table.cast::<PyDict>() else { return Ok(table) };
    if y.is_null() {
        from_dict(vm, x, d)?;
        return Ok(table);
    }
    let to = convert::str_arg(vm, "maketrans", "argument 2", y)?;
    let gone = match z.non_null() {
        Some(z) => Some(convert::str_arg(vm, "maketrans", "argument 3", z)?),
        None => None,
    };
    let Some(from) = x.cast::<PyStr>() else {
        return Err(vm.type_error(
            "first maketrans argument must be a string if there is a second argument",
        ));
    };
    if from.char_len() != to.char_len() {
        return Err(vm.value_error("the first two maketrans arguments must have equal length"));
    }
    for (f, t) in from.code_points().zip(to.code_points()) {
        d.set(vm, Value::small_int(f as i64), Value::small_int(t as i64))?;
    }
    for c in gone.into_iter().flat_map(|z| z.code_points()) {
        d.set(vm, Value::small_int(c as i64), vm.none())?;
    }
    Ok(table)
}

/// The messages lack spaces, as CPython's do.
fn from_dict(vm: &Vm, x: Value, table: &PyDict) -> PyResult<()> {
    let Some(given) = x.cast::<PyDict>() else {
        return Err(vm.type_error("if you give only one argument to maketrans it must be a dict"));
    };
    for (key, value) in given.items_vec() {
        let key = match key.cast::<PyStr>() {
            Some(s) if s.char_len() == 1 => Ref::small_int(s.char_at(0) as i64),
            Some(_) => return Err(vm.value_error("string keys in translatetable must be of length 1")),
            None if int::value_of(key.value()).is_some() => key,
            None => return Err(vm.type_error("keys in translate table mustbe strings or integers")),
        };
        table.set(vm, key.value(), value.value())?;
    }
    Ok(())
}
