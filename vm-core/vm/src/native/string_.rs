//! The module `_string`: what `string.Formatter` takes templates apart with.

use std::cell::{Cell, RefCell};

use crate::convert::module_function as function;
use crate::error::PyResult;
use crate::format::template::{self, Step, Template};
use crate::native::ModuleDef;
use crate::object::{self, Header};
use crate::types::iterators::payload;
use crate::types::str_::{self, PyStr};
use crate::types::tuple::PyTuple;
use crate::types::type_::{New, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Yields the pieces of a template.
#[repr(C)]
pub struct FormatterIterator {
    header: Header,
    text: Ref,
    /// Byte offset.
    at: Cell<usize>,
}
payload!(FormatterIterator, FORMATTER_ITERATOR);

/// Yields the steps of a field name after its first part.
#[repr(C)]
pub struct FieldNameIterator {
    header: Header,
    rest: RefCell<Vec<u8>>,
}
payload!(FieldNameIterator, FIELD_NAME_ITERATOR);

fn text_arg<'a>(vm: &Vm, v: Value) -> PyResult<&'a PyStr> {
    v.cast::<PyStr>()
        .ok_or_else(|| vm.type_error(format!("expected str, got {}", vm.type_of(v).full_name())))
}

fn parser(vm: &Vm, a: &[Value]) -> PyResult {
    text_arg(vm, a[0])?;
    let it = FormatterIterator { header: object::header(), text: a[0].to_ref(), at: Cell::new(0) };
    Ok(object::new(it))
}

fn next_piece(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let it = FormatterIterator::of(v);
    let text = text_arg(vm, it.text.value())?.as_bytes();
    let mut t = Template::resume(text, it.at.get());
    let piece = t.next_piece();
    it.at.set(t.position());
    let Some(piece) = piece.map_err(|p| vm.value_error(p))? else { return Ok(None) };
    let str_of = |b: &[u8]| PyStr::from_wtf8(vm, b);
    let (name, spec, conversion) = match piece.field {
        None => (vm.none_ref(), vm.none_ref(), vm.none_ref()),
        Some(f) => {
            let conversion = f.conversion.map_or(vm.none_ref(), |c| str_::from_code_point(vm, c));
            (str_of(f.name), str_of(f.spec), conversion)
        }
    };
    Ok(Some(PyTuple::from_vec(vm, vec![str_of(piece.literal), name, spec, conversion])))
}

fn split(vm: &Vm, a: &[Value]) -> PyResult {
    let (first, rest) = template::split_name(text_arg(vm, a[0])?.as_bytes());
    let first = match template::field_number(first).map_err(|p| vm.value_error(p))? {
        Some(n) => vm.new_int(n as i64),
        None => PyStr::from_wtf8(vm, first),
    };
    let it = FieldNameIterator { header: object::header(), rest: RefCell::new(rest.to_vec()) };
    Ok(PyTuple::pair(first, object::new(it)))
}

fn next_step(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let mut rest = FieldNameIterator::of(v).rest.borrow_mut();
    let mut left = &rest[..];
    let (is_attribute, value) = match template::next_step(&mut left).map_err(|p| vm.value_error(p))? {
        None => return Ok(None),
        Some(Step::Attribute(name)) => (true, PyStr::from_wtf8(vm, name)),
        Some(Step::Key(key)) => (false, PyStr::from_wtf8(vm, key)),
        Some(Step::Index(i)) => (false, vm.new_int(i as i64)),
    };
    let left = left.to_vec();
    *rest = left;
    Ok(Some(PyTuple::pair(vm.bool_ref(is_attribute), value)))
}

pub static FORMATTER_ITERATOR: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(next_piece);
        s.drop = Some(object::drop_payload::<FormatterIterator>);
    },
    ..TypeDef::of::<FormatterIterator>("formatteriterator")
};

pub static FIELD_NAME_ITERATOR: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(next_step);
        s.drop = Some(object::drop_payload::<FieldNameIterator>);
    },
    ..TypeDef::of::<FieldNameIterator>("fieldnameiterator")
};

pub static MODULE: ModuleDef = ModuleDef::new(
    "_string",
    "Helpers of the module string.",
    &[
        function!("formatter_field_name_split", "($self, object, /)", split, "The first part of a field name, and an iterator over the rest."),
        function!("formatter_parser", "($self, object, /)", parser, "Iterator over the pieces of a template: literal, field name, specification, conversion."),
    ],
);
