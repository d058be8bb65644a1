//! Scanners: a pattern's successive matches over one subject.

use std::cell::RefCell;

use super::match_::PyMatch;
use super::pattern::PyPattern;
use super::run::{How, Run};
use crate::error::PyResult;
use crate::object::{self, Header};
use crate::types::iterators::payload;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A scanner object.
#[repr(C)]
pub struct PyScanner {
    header: Header,
    pattern: Ref,
    /// `None` once it found nothing more.
    run: RefCell<Option<Run>>,
}
payload!(PyScanner, SRE_SCANNER);

pub(super) fn new(pattern: Value, run: Run) -> Ref {
    object::new(PyScanner { header: object::header(), pattern: pattern.to_ref(), run: RefCell::new(Some(run)) })
}

fn step(vm: &Vm, v: Value, how: How) -> PyResult {
    let s = PyScanner::of(v);
    let Ok(mut slot) = s.run.try_borrow_mut() else {
        return Err(vm.value_error("regular expression scanner already executing"));
    };
    let Some(run) = &mut *slot else { return Ok(vm.none_ref()) };
    match run.next(vm, PyPattern::of(s.pattern.value()), how)? {
        Some(found) => Ok(PyMatch::make(vm, s.pattern.value(), run, found)),
        None => {
            let ended = slot.take();
            drop(slot);
            drop(ended);
            Ok(vm.none_ref())
        }
    }
}

pub static SCANNER: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyScanner>);
        s.traverse = crate::traverse_fields!(PyScanner: pattern, run);
    },
    methods: &[
        MethodDef::new("match", "($self, /)", |vm, a| step(vm, a[0], How::Match), "The match that begins where the last one ended, or None."),
        MethodDef::new("search", "($self, /)", |vm, a| step(vm, a[0], How::Search), "The next match, or None."),
    ],
    getset: &[GetSetDef::member("pattern", |_, v| Ok(PyScanner::of(v).pattern.clone()), "")],
    ..TypeDef::of::<PyScanner>("_sre.SRE_Scanner")
};
