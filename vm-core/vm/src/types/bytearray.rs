//! `bytearray`: mutable bytes.

use std::cell::UnsafeCell;

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::protocol::{item, number};
use crate::shape;
use crate::types::bytes;
use crate::types::type_::{New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Payload of a bytearray.
#[repr(C)]
pub struct PyByteArray {
    header: Header,
    data: UnsafeCell<Vec<u8>>,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyByteArray {
    const SHAPE: u32 = shape::BYTEARRAY;
}

impl PyByteArray {
    /// The contents; must not be held while Python code or a change may run.
    #[inline(always)]
    pub fn as_slice(&self) -> &[u8] {
        // SAFETY: single-threaded; callers drop the slice before anything changes the contents.
        unsafe { &*self.data.get() }
    }

    /// Changes the contents; `f` must not run Python code.
    pub fn with_mut<R>(&self, f: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        // SAFETY: as above; `f` has the only reference.
        f(unsafe { &mut *self.data.get() })
    }
}

/// A bytearray object.
pub fn new(data: Vec<u8>) -> Ref {
    object::new(PyByteArray { header: object::header(), data: UnsafeCell::new(data) })
}

fn this<'a>(v: Value) -> &'a PyByteArray {
    // SAFETY: slots of `bytearray` get bytearrays.
    unsafe { v.cast_unchecked::<PyByteArray>() }
}

fn bytearray_new(_: &Vm, ty: TypeRef, _: CallArgs) -> PyResult {
    Ok(object::new_instance(ty, PyByteArray { header: object::header(), data: UnsafeCell::default() }))
}

fn bytearray_init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    let sig = vm.signatures.get("(source=b'', encoding='utf-8', errors='strict')");
    sig.bind(vm, "bytearray", None, args, |a| {
        let data = bytes::from_arguments(vm, a)?;
        this(v).with_mut(|d| *d = data);
        Ok(())
    })
}

fn get_item(vm: &Vm, v: Value, key: Value) -> PyResult {
    if number::has_index(vm, key) {
        let i = number::index_i64(vm, key)?;
        let b = this(v).as_slice();
        let i = if i < 0 { i + b.len() as i64 } else { i };
        return match usize::try_from(i).ok().and_then(|i| b.get(i)) {
            Some(x) => Ok(Ref::small_int(*x as i64)),
            None => Err(vm.index_error("bytearray index out of range")),
        };
    }
    match item::slice_indices(vm, key, this(v).as_slice().len())? {
        Some(s) => {
            let b = this(v).as_slice();
            Ok(new((0..s.len).map(|i| b[(s.start + s.step * i as i64) as usize]).collect()))
        }
        None => Err(vm.type_error(format!(
            "bytearray indices must be integers or slices, not {}",
            vm.type_of(key).full_name()
        ))),
    }
}

fn set_item(vm: &Vm, v: Value, key: Value, value: Value) -> PyResult<()> {
    if number::has_index(vm, key) {
        let i = number::index_i64(vm, key)?;
        let n = this(v).as_slice().len() as i64;
        let i = if i < 0 { i + n } else { i };
        if i < 0 || i >= n {
            return Err(vm.index_error("bytearray index out of range"));
        }
        if value.is_null() {
            this(v).with_mut(|d| d.remove(i as usize));
            return Ok(());
        }
        let b = bytes::byte(vm, value, "byte")?;
        this(v).with_mut(|d| d[i as usize] = b);
        return Ok(());
    }
    let Some(s) = item::slice_indices(vm, key, this(v).as_slice().len())? else {
        return Err(vm.type_error(format!(
            "bytearray indices must be integers or slices, not {}",
            vm.type_of(key).full_name()
        )));
    };
    let new = if value.is_null() { Vec::new() } else { bytes::from_object(vm, value)? };
    if s.step == 1 {
        this(v).with_mut(|d| {
            let start = (s.start as usize).min(d.len());
            d.splice(start..(start + s.len).min(d.len()), new);
        });
        return Ok(());
    }
    if value.is_null() {
        this(v).with_mut(|d| {
            let mut gone: Vec<usize> = (0..s.len).map(|i| (s.start + s.step * i as i64) as usize).collect();
            gone.sort_unstable();
            for i in gone.into_iter().rev() {
                d.remove(i);
            }
        });
        return Ok(());
    }
    if new.len() != s.len {
        return Err(vm.value_error(format!(
            "attempt to assign bytes of size {} to extended slice of size {}",
            new.len(),
            s.len
        )));
    }
    this(v).with_mut(|d| {
        for (i, b) in new.into_iter().enumerate() {
            d[(s.start + s.step * i as i64) as usize] = b;
        }
    });
    Ok(())
}

fn concat(vm: &Vm, a: Value, b: Value) -> PyResult {
    match bytes::bytes_like(b) {
        Some(y) => Ok(new([this(a).as_slice(), y].concat())),
        None => Err(vm.type_error(format!("can't concat {} to bytearray", vm.type_of(b).full_name()))),
    }
}

fn inplace_concat(vm: &Vm, a: Value, b: Value) -> PyResult {
    match bytes::bytes_like(b) {
        Some(y) => {
            let y = y.to_vec();
            this(a).with_mut(|d| d.extend(y));
            Ok(a.to_ref())
        }
        None => Err(vm.type_error(format!("can't concat {} to bytearray", vm.type_of(b).full_name()))),
    }
}

fn repeat(vm: &Vm, a: Value, n: Value) -> PyResult {
    let n = number::size_i64(vm, n)?.max(0) as usize;
    Ok(new(this(a).as_slice().repeat(n)))
}

pub static ITERATOR_DEF: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(bytes::iterator_next);
        s.drop = Some(object::drop_payload::<bytes::BytesIterator>);
    },
    ..TypeDef::of::<bytes::BytesIterator>("bytearray_iterator")
};

pub static DEF: TypeDef = TypeDef {
    doc: "bytearray(iterable_of_ints) -> bytearray\nbytearray(string, encoding[, errors]) -> bytearray\nbytearray(bytes_or_buffer) -> mutable copy of bytes_or_buffer\nbytearray(int) -> bytes array of size given by the parameter initialized with null bytes\nbytearray() -> empty bytes array\n\nConstruct a mutable bytearray object from:\n  - an iterable yielding integers in range(256)\n  - a text string encoded using the specified encoding\n  - a bytes or a buffer object\n  - any object implementing the buffer API.\n  - an integer",
    flags: flags::BASETYPE,
    new: New::Raw(bytearray_new),
    slots: |s| {
        s.init = Some(bytearray_init);
        s.repr = Some(|vm, v| Ok(vm.new_str(&format!("bytearray({})", bytes::repr_of(this(v).as_slice())))));
        s.compare = Some(bytes::compare);
        s.concat = Some(concat);
        s.inplace_concat = Some(inplace_concat);
        s.repeat = Some(repeat);
        s.len = Some(|_, v| Ok(this(v).as_slice().len()));
        s.get_item = Some(get_item);
        s.set_item = Some(set_item);
        s.contains = Some(|vm, v, x| bytes::contains_in(vm, this(v).as_slice(), x));
        s.iter = Some(|_, v| Ok(bytes::new_iterator(v, shape::BYTEARRAY_ITERATOR)));
        s.drop = Some(object::drop_payload::<PyByteArray>);
    },
    methods: &[bytes::DECODE],
    ..TypeDef::of::<PyByteArray>("bytearray")
};
