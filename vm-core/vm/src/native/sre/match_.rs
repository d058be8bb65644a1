//! `re.Match`: what a pattern found.

use super::pattern::PyPattern;
use super::run::{Found, Run, Span};
use super::subject::Subject;
use super::template::{self, PyTemplate};
use crate::error::PyResult;
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::protocol::{item, number, object as obj};
use crate::types::dict::PyDict;
use crate::types::generic_alias;
use crate::types::int;
use crate::types::iterators::payload;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A match object.
#[repr(C)]
pub struct PyMatch {
    header: Header,
    pattern: Ref,
    /// What was searched: a str or a bytes-like object.
    string: Ref,
    spans: Box<[Span]>,
    pos: usize,
    end: usize,
    last_index: Option<usize>,
    /// The tuple `regs`, once it was asked for.
    regs: OwnedCell,
}
payload!(PyMatch, SRE_MATCH);

impl PyMatch {
    pub(super) fn make(_: &Vm, pattern: Value, run: &Run, found: Found) -> Ref {
        object::new(PyMatch {
            header: object::header(),
            pattern: pattern.to_ref(),
            string: run.subject.object.clone(),
            spans: found.spans.into_boxed_slice(),
            pos: run.pos,
            end: run.end,
            last_index: found.last_index,
            regs: OwnedCell::null(),
        })
    }

    fn pattern(&self) -> &PyPattern {
        PyPattern::of(self.pattern.value())
    }

    /// Number of the group that a number or name stands for.
    fn index(&self, vm: &Vm, group: Value) -> PyResult<usize> {
        let i = if number::has_index(vm, group) {
            Some(number::index_clipped(vm, group)?)
        } else {
            match &self.pattern().group_index {
                Some(names) => {
                    let names = names.cast::<PyDict>();
                    let found = names.map(|d| d.get(vm, group)).transpose()?.flatten();
                    found.and_then(|i| int::to_i64(i.value()))
                }
                None => None,
            }
        };
        match i.and_then(|i| usize::try_from(i).ok()) {
            Some(i) if i < self.spans.len() => Ok(i),
            _ => Err(vm.index_error("no such group")),
        }
    }

    fn index_or_whole(&self, vm: &Vm, group: Value) -> PyResult<usize> {
        if group.is_null() { Ok(0) } else { self.index(vm, group) }
    }

    /// The text of a group by its number, `default` for one that took no part.
    fn text(&self, vm: &Vm, i: usize, default: Value) -> PyResult {
        let Some((from, to)) = self.spans[i] else { return Ok(default.to_ref()) };
        if let Some(s) = self.string.cast::<PyStr>()
            && s.is_ascii()
            && to - from < s.char_len()
        {
            return Ok(PyStr::from_counted_parts(vm, &[s.slice_bytes(from, to)], to - from));
        }
        Ok(Subject::new(vm, self.string.value())?.slice(vm, from, to))
    }
}

fn ends(span: Span) -> (i64, i64) {
    span.map_or((-1, -1), |(from, to)| (from as i64, to as i64))
}

fn pair(vm: &Vm, span: Span) -> Ref {
    let (from, to) = ends(span);
    PyTuple::pair(vm.new_int(from), vm.new_int(to))
}

fn group(vm: &Vm, a: &[Value]) -> PyResult {
    let m = PyMatch::of(a[0]);
    let groups = a[1].cast::<PyTuple>().map(PyTuple::as_slice).unwrap_or_default();
    let text = |v: Value| m.text(vm, m.index(vm, v)?, vm.none());
    match groups {
        [] => m.text(vm, 0, vm.none()),
        [one] => text(*one),
        many => Ok(PyTuple::from_vec(vm, many.iter().map(|v| text(*v)).collect::<PyResult<_>>()?)),
    }
}

fn get_item(vm: &Vm, v: Value, key: Value) -> PyResult {
    let m = PyMatch::of(v);
    m.text(vm, m.index(vm, key)?, vm.none())
}

fn or_none(vm: &Vm, v: Value) -> Value {
    v.non_null().unwrap_or(vm.none())
}

fn groups(vm: &Vm, a: &[Value]) -> PyResult {
    let m = PyMatch::of(a[0]);
    let all = (1..m.spans.len()).map(|i| m.text(vm, i, or_none(vm, a[1])));
    Ok(PyTuple::from_vec(vm, all.collect::<PyResult<_>>()?))
}

fn groupdict(vm: &Vm, a: &[Value]) -> PyResult {
    let m = PyMatch::of(a[0]);
    let result = PyDict::new(vm);
    let names = m.pattern().group_index.as_ref().and_then(|d| d.cast::<PyDict>());
    if let (Some(names), Some(d)) = (names, result.cast::<PyDict>()) {
        for (name, _) in names.items_vec() {
            let text = m.text(vm, m.index(vm, name.value())?, or_none(vm, a[1]))?;
            d.set(vm, name.value(), text.value())?;
        }
    }
    Ok(result)
}

fn start(vm: &Vm, a: &[Value]) -> PyResult {
    let m = PyMatch::of(a[0]);
    Ok(vm.new_int(ends(m.spans[m.index_or_whole(vm, a[1])?]).0))
}

fn end(vm: &Vm, a: &[Value]) -> PyResult {
    let m = PyMatch::of(a[0]);
    Ok(vm.new_int(ends(m.spans[m.index_or_whole(vm, a[1])?]).1))
}

fn span(vm: &Vm, a: &[Value]) -> PyResult {
    let m = PyMatch::of(a[0]);
    Ok(pair(vm, m.spans[m.index_or_whole(vm, a[1])?]))
}

fn expand(vm: &Vm, a: &[Value]) -> PyResult {
    let m = PyMatch::of(a[0]);
    let compiled = template::compile(vm, m.pattern.value(), a[1])?;
    let subject = Subject::new(vm, m.string.value())?;
    template::expand(vm, PyTemplate::of(compiled.value()), &subject, &m.spans)
}

fn regs(vm: &Vm, v: Value) -> PyResult {
    let m = PyMatch::of(v);
    if let Some(regs) = m.regs.get_ref() {
        return Ok(regs);
    }
    let regs = PyTuple::from_iter(vm, m.spans.iter().map(|s| pair(vm, *s)));
    m.regs.set(regs.clone());
    Ok(regs)
}

fn last_group(vm: &Vm, v: Value) -> PyResult {
    let m = PyMatch::of(v);
    let names = m.pattern().index_group.as_ref().and_then(|t| t.cast::<PyTuple>());
    let name = names.zip(m.last_index).and_then(|(t, i)| t.get(i));
    Ok(name.unwrap_or(vm.none()).to_ref())
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let m = PyMatch::of(v);
    let text = obj::repr(vm, m.text(vm, 0, vm.none())?.value())?;
    let (from, to) = ends(m.spans[0]);
    let head = format!("<{} object; span=({from}, {to}), match=", vm.type_of(v).full_name());
    let mut w = crate::types::repr_writer::ReprWriter::new(&head);
    match text.cast::<PyStr>() {
        Some(s) if s.char_len() > 50 => w.push_text(s.part(vm, s.slice_bytes(0, 50)).value()),
        _ => w.push_text(text.value()),
    }
    w.push(">");
    Ok(w.finish(vm))
}

fn itself(_: &Vm, a: &[Value]) -> PyResult {
    Ok(a[0].to_ref())
}

const ONE_GROUP: &str = "($self, group=0, /)";

static METHODS: &[MethodDef] = &[
    MethodDef::new(
        "group",
        "($self, /, *groups)",
        group,
        "The text of a group, by number or name; of the whole match without one; a tuple for several.",
    ),
    MethodDef::new("start", ONE_GROUP, start, "Index of the first character that the group matched."),
    MethodDef::new("end", ONE_GROUP, end, "Index behind the last character that the group matched."),
    MethodDef::new("span", ONE_GROUP, span, "The tuple (m.start(group), m.end(group))."),
    MethodDef::new("groups", "($self, /, default=None)", groups, "The texts of all groups from the first on, default for those that took no part."),
    MethodDef::new("groupdict", "($self, /, default=None)", groupdict, "The texts of all named groups by name, default for those that took no part."),
    MethodDef::new("expand", "($self, /, template)", expand, "The template with references to groups filled in, as sub() does it."),
    MethodDef::new("__copy__", "($self, /)", itself, ""),
    MethodDef::new("__deepcopy__", "($self, memo, /)", itself, ""),
    MethodDef::class(
        "__class_getitem__",
        "($type, object, /)",
        |vm, a| Ok(generic_alias::new(vm, a[0], a[1])),
        "Matches are generic over the type of string which was matched (str or bytes)",
    ),
];

pub static MATCH: TypeDef = TypeDef {
    doc: "The result of re.match() and re.search().\nMatch objects always have a boolean value of True.",
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        s.repr = Some(repr);
        s.get_item = Some(get_item);
        s.drop = Some(object::drop_payload::<PyMatch>);
        s.traverse = crate::traverse_fields!(PyMatch: pattern, string, regs);
    },
    methods: METHODS,
    getset: &[
        GetSetDef::get(
            "lastindex",
            |vm, v| Ok(PyMatch::of(v).last_index.map_or(vm.none_ref(), |i| item::from_size(vm, i))),
            "The integer index of the last matched capturing group.",
        ),
        GetSetDef::get("lastgroup", last_group, "The name of the last matched capturing group."),
        GetSetDef::get("regs", regs, ""),
        GetSetDef::member("string", |_, v| Ok(PyMatch::of(v).string.clone()), "The string passed to match() or search()."),
        GetSetDef::member("re", |_, v| Ok(PyMatch::of(v).pattern.clone()), "The regular expression object."),
        GetSetDef::member(
            "pos",
            |vm, v| Ok(item::from_size(vm, PyMatch::of(v).pos)),
            "The index into the string at which the RE engine started looking for a match.",
        ),
        GetSetDef::member(
            "endpos",
            |vm, v| Ok(item::from_size(vm, PyMatch::of(v).end)),
            "The index into the string beyond which the RE engine will not go.",
        ),
    ],
    ..TypeDef::of::<PyMatch>("re.Match")
};

