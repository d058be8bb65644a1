//! Templates: replacement texts with references to groups, parsed by `re._parser`.

use super::pattern::join;
use super::run::Span;
use super::subject::Subject;
use crate::convert;
use crate::error::PyResult;
use crate::import;
use crate::object::{self, Header};
use crate::protocol::{attr, buffer, call, item};
use crate::shape;
use crate::types::bytes::{self, PyBytes};
use crate::types::int;
use crate::types::iterators::payload;
use crate::types::list::PyList;
use crate::types::str_::PyStr;
use crate::types::type_::{New, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A parsed template.
#[repr(C)]
pub struct PyTemplate {
    header: Header,
    literal: Ref,
    /// Group numbers, each with the text behind it unless that is empty.
    items: Vec<(usize, Option<Ref>)>,
}
payload!(PyTemplate, SRE_TEMPLATE);

impl PyTemplate {
    /// The text, if there are no groups in it.
    pub(super) fn as_literal(&self) -> Option<Ref> {
        self.items.is_empty().then(|| self.literal.clone())
    }
}

/// `_sre.template(pattern, [literal, group, literal, ...])`.
pub(super) fn new(vm: &Vm, a: &[Value]) -> PyResult {
    let Some(list) = a[2].cast::<PyList>() else {
        return Err(convert::bad_argument(vm, "template", "argument 2", "list", a[2]));
    };
    let bad = || vm.type_error("invalid template");
    let parts = list.to_vec();
    let Some((literal, rest)) = parts.split_first().filter(|_| parts.len() % 2 == 1) else { return Err(bad()) };
    let mut items = Vec::with_capacity(rest.len() / 2);
    for part in rest.chunks_exact(2) {
        if int::value_of(part[0].value()).is_none() {
            return Err(vm.type_error("an integer is required"));
        }
        let Ok(group) = usize::try_from(item::ssize_arg(vm, part[0].value())?) else { return Err(bad()) };
        let text = &part[1];
        let empty = text.cast::<PyStr>().is_some_and(PyStr::is_empty)
            || text.cast::<PyBytes>().is_some_and(|b| b.as_slice().is_empty());
        items.push((group, (!empty).then(|| text.clone())));
    }
    Ok(object::new(PyTemplate { header: object::header(), literal: literal.clone(), items }))
}

/// Parses a replacement text, by the library's `re._compile_template`, which caches.
pub(super) fn compile(vm: &Vm, pattern: Value, text: Value) -> PyResult {
    let module = import::import_module(vm, "re")?;
    let function = attr::get_named(vm, module.value(), "_compile_template")?;
    let made = match call::call_args(vm, function.value(), &[pattern, text]) {
        // A text that is not hashable, like a bytearray, goes as a plain one.
        Err(e) if e.is(vm, shape::TYPE_ERROR) => {
            let plain = if let Some(s) = text.cast::<PyStr>().filter(|_| !text.has_shape(shape::STR)) {
                s.part(vm, s.as_bytes())
            } else if buffer::is_exporter(vm, text) && !text.has_shape(shape::BYTES) {
                bytes::new(vm, &buffer::copy(vm, text)?)
            } else {
                return Err(e);
            };
            call::call_args(vm, function.value(), &[pattern, plain.value()])?
        }
        made => made?,
    };
    if made.cast::<PyTemplate>().is_none() {
        return Err(vm.runtime_error(format!(
            "the result of compiling a replacement string is {}",
            vm.type_of(made.value()).full_name()
        )));
    }
    Ok(made)
}

/// The template with the groups of a match filled in.
pub(super) fn expand(vm: &Vm, t: &PyTemplate, subject: &Subject, spans: &[Span]) -> PyResult {
    if t.items.is_empty() {
        return Ok(t.literal.clone());
    }
    let mut parts = vec![t.literal.clone()];
    for (group, text) in &t.items {
        let Some(span) = spans.get(*group) else { return Err(vm.index_error("no such group")) };
        parts.extend(span.map(|(from, to)| subject.slice(vm, from, to)));
        parts.extend(text.clone());
    }
    let kind = if t.literal.cast::<PyStr>().is_some() { vm.empty_str() } else { vm.empty_bytes() };
    join(vm, &Subject::new(vm, kind)?, parts)
}

pub static TEMPLATE: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyTemplate>);
        s.traverse = crate::traverse_fields!(PyTemplate: literal, items);
    },
    ..TypeDef::of::<PyTemplate>("_sre.SRE_Template")
};
