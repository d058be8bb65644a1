//! f-strings and t-strings.

use crate::error::PyResult;
use crate::interp::regs::{Flow, Regs};
use crate::ops::attempt;
use crate::protocol::object as obj;
use crate::shape;
use crate::types::str_::PyStr;
use crate::value::{Ref, Value};
use crate::vm::Vm;

#[inline(always)]
pub unsafe fn BUILD_STRING(r: &mut Regs) -> Flow {
    r.save();
    let n = r.arg();
    let v = attempt!(r, join(r.vm(), r.top_slice(n)));
    r.drop_many(n);
    r.push_ref(v);
    Flow::Called
}

#[inline(never)]
fn join(vm: &Vm, pieces: &[Value]) -> PyResult {
    let mut parts: smallvec::SmallVec<[&[u8]; 16]> = smallvec::SmallVec::new();
    for (i, p) in pieces.iter().enumerate() {
        match p.cast::<PyStr>() {
            Some(s) => parts.push(s.as_bytes()),
            None => {
                return Err(vm.type_error(format!(
                    "sequence item {i}: expected str instance, {} found",
                    vm.type_of(*p).full_name()
                )));
            }
        }
    }
    if parts.iter().map(|p| p.len()).sum::<usize>() < 2 {
        return Ok(PyStr::from_wtf8(vm, &parts.concat()));
    }
    Ok(PyStr::concat_parts(&parts))
}

#[inline(always)]
pub unsafe fn CONVERT_VALUE(r: &mut Regs) -> Flow {
    r.save();
    let (vm, v) = (r.vm(), r.peek(1));
    let result = match r.oparg {
        1 => obj::str(vm, v),
        2 => obj::repr(vm, v),
        _ => obj::ascii(vm, v),
    };
    r.finish_result::<1>(result)
}

#[inline(always)]
pub unsafe fn FORMAT_SIMPLE(r: &mut Regs) -> Flow {
    let v = r.peek(1);
    if v.has_shape_nonnull(shape::STR) {
        return Flow::Next;
    }
    r.save();
    let result = obj::format(r.vm(), v, r.vm().empty_str());
    r.finish_result::<1>(result)
}

#[inline(always)]
pub unsafe fn FORMAT_WITH_SPEC(r: &mut Regs) -> Flow {
    r.save();
    let result = obj::format(r.vm(), r.peek(2), r.peek(1));
    r.finish_result::<2>(result)
}

#[inline(always)]
pub unsafe fn BUILD_INTERPOLATION(r: &mut Regs) -> Flow {
    r.save();
    let has_format = r.oparg & 1 != 0;
    let conversion = r.oparg >> 2;
    let n = 2 + usize::from(has_format);
    let v = attempt!(r, interpolation(r.vm(), r.top_slice(n), conversion));
    r.drop_many(n);
    r.push_ref(v);
    Flow::Called
}

/// `string.templatelib.Interpolation(value, expression, conversion, format_spec)`.
#[inline(never)]
fn interpolation(vm: &Vm, parts: &[Value], conversion: u64) -> PyResult {
    let conversion = match conversion {
        1 => vm.intern("s"),
        2 => vm.intern("r"),
        3 => vm.intern("a"),
        _ => vm.none(),
    };
    let spec = parts.get(2).copied().unwrap_or(vm.empty_str());
    crate::types::template::new_interpolation(vm, parts[0], parts[1], conversion, spec)
}

#[inline(always)]
pub unsafe fn BUILD_TEMPLATE(r: &mut Regs) -> Flow {
    r.save();
    let v: PyResult<Ref> = crate::types::template::new_template(r.vm(), r.peek(2), r.peek(1));
    r.finish_result::<2>(v)
}
