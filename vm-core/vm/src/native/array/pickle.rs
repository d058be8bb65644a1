//! Pickling of arrays: items travel as bytes with a code for their machine format.

use num_bigint::BigInt;

use super::kind::{KINDS, Kind};
use super::{PyArray, code_argument, make};
use crate::convert;
use crate::error::PyResult;
use crate::protocol::attr;
use crate::shape;
use crate::types::bytes::PyBytes;
use crate::types::int;
use crate::types::list::PyList;
use crate::types::tuple::PyTuple;
use crate::types::type_::{Type, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Codes of formats; the one after each wide format is its big-endian form.
const FLOAT: i32 = 14;
const DOUBLE: i32 = 16;
const UTF16: i32 = 18;
const UTF32: i32 = 20;
const LAST: i32 = 21;

/// The format of a kind's items on this machine.
fn format_code(kind: Kind) -> i32 {
    let big = i32::from(cfg!(target_endian = "big"));
    match (kind, kind.signed()) {
        (Kind::F32, _) => FLOAT + big,
        (Kind::F64, _) => DOUBLE + big,
        (_, None) => UTF32 + big,
        (_, Some(signed)) => match kind.size() {
            1 => i32::from(signed),
            2 => 2 + 2 * i32::from(signed) + big,
            4 => 6 + 2 * i32::from(signed) + big,
            _ => 10 + 2 * i32::from(signed) + big,
        },
    }
}

/// Item size, signedness and byte order (big-endian) of an integer format.
fn integer_format(code: i32) -> (usize, bool, bool) {
    match code {
        0 | 1 => (1, code == 1, false),
        _ => {
            let in_group = (code - 2) % 4;
            (2 << ((code - 2) / 4), in_group >= 2, in_group % 2 == 1)
        }
    }
}

pub(super) fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let this = PyArray::of(a[0]);
    if int::value_of(a[1]).is_none() {
        return Err(vm.type_error("__reduce_ex__ argument should be an integer"));
    }
    let protocol = convert::c_long(vm, a[1])?;
    let dict = attr::get_opt(vm, a[0], vm.names().__dict__)?.unwrap_or_else(|| vm.none_ref());
    let ty = vm.type_of(a[0]).to_ref();
    let code = vm.new_str(this.kind.code().encode_utf8(&mut [0; 4]));
    if protocol < 3 {
        let args = PyTuple::pair(code, super::methods::to_list(vm, this)?);
        return Ok(PyTuple::from_vec(vm, vec![ty, args, dict]));
    }
    let module = crate::import::import_module(vm, "array")?;
    let function = attr::get_named(vm, module.value(), "_array_reconstructor")?;
    let data = crate::types::bytes::new(vm, this.bytes());
    let format = Ref::small_int(format_code(this.kind).into());
    let args = PyTuple::from_vec(vm, vec![ty, code, format, data]);
    Ok(PyTuple::from_vec(vm, vec![function, args, dict]))
}

/// `_array_reconstructor(arraytype, typecode, mformat_code, items)`.
pub(super) fn reconstruct(vm: &Vm, a: &[Value]) -> PyResult {
    let code = code_argument(vm, "_array_reconstructor", "argument 2", a[2])?;
    let format = convert::c_int(vm, a[3])?;
    let Some(ty) = Type::from_value(a[1]) else {
        return Err(vm.type_error(format!(
            "first argument must be a type object, not {}",
            vm.type_of(a[1]).full_name()
        )));
    };
    if !ty.is_subtype(vm.builtin(shape::ARRAY)) {
        return Err(vm.type_error(format!("{} is not a subtype of array.array", ty.full_name())));
    }
    let Some(kind) = Kind::from_code(code) else {
        return Err(vm.value_error("second argument must be a valid type code"));
    };
    if !(0..=LAST).contains(&format) {
        return Err(vm.value_error("third argument must be a valid machine format code."));
    }
    let Some(items) = a[4].cast::<PyBytes>() else {
        return Err(vm.type_error(format!(
            "fourth argument should be bytes, not {}",
            vm.type_of(a[4]).full_name()
        )));
    };
    if format == format_code(kind) {
        return make(vm, ty, code, Some(a[4]));
    }
    decode(vm, ty, kind, format, items.as_slice())
}

/// An array from items of another machine's format.
fn decode(vm: &Vm, ty: TypeRef, kind: Kind, format: i32, data: &[u8]) -> PyResult {
    let (size, signed, big) = match format {
        FLOAT.. => ([4, 8, 4, 8][(format - FLOAT) as usize / 2], false, format % 2 == 1),
        _ => integer_format(format),
    };
    if !data.len().is_multiple_of(size) {
        return Err(vm.value_error("string length not a multiple of item size"));
    }
    let native = |chunk: &[u8]| -> Vec<u8> {
        if big == cfg!(target_endian = "big") { chunk.to_vec() } else { chunk.iter().rev().copied().collect() }
    };
    if format >= UTF16 {
        let name = match (format < UTF32, big) {
            (true, false) => "utf-16-le",
            (true, true) => "utf-16-be",
            (false, false) => "utf-32-le",
            (false, true) => "utf-32-be",
        };
        let text = crate::codecs::decode(vm, data, name, "strict")?;
        return make(vm, ty, kind.code().into(), Some(text.value()));
    }
    if format >= FLOAT {
        let from = if size == 4 { Kind::F32 } else { Kind::F64 };
        let floats = data.chunks_exact(size).map(|c| from.read(vm, &native(c), 0)).collect::<PyResult<Vec<Ref>>>()?;
        let list = PyList::new(vm, floats);
        return make(vm, ty, kind.code().into(), Some(list.value()));
    }
    let ints = data.chunks_exact(size).map(|chunk| {
        let big_endian: Vec<u8> = if big { chunk.to_vec() } else { chunk.iter().rev().copied().collect() };
        int::from_big(if signed {
            BigInt::from_signed_bytes_be(&big_endian)
        } else {
            BigInt::from_bytes_be(num_bigint::Sign::Plus, &big_endian)
        })
    });
    let list = PyList::new(vm, ints.collect());
    // The last kind of this size and sign holds such items best.
    let fitting = KINDS.iter().rev().find(|k| k.signed() == Some(signed) && k.size() == size);
    make(vm, ty, fitting.unwrap_or(&kind).code().into(), Some(list.value()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_integers() {
        assert_eq!(integer_format(1), (1, true, false));
        assert_eq!(integer_format(3), (2, false, true));
        assert_eq!(integer_format(8), (4, true, false));
        assert_eq!(integer_format(13), (8, true, true));
        for kind in KINDS.iter().filter(|k| k.signed().is_some()) {
            let (size, signed, _) = integer_format(format_code(*kind));
            assert_eq!((size, Some(signed)), (kind.size(), kind.signed()));
        }
    }
}
