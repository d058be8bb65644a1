//! `re.Pattern`: compiled patterns and what can be done with them.

use super::match_::PyMatch;
use super::run::{Found, How, Run};
use super::scanner;
use super::subject::Subject;
use super::template::{self, PyTemplate};
use tailscope_sre::{MAX_GROUPS, Program};

use crate::convert;
use crate::error::PyResult;
use crate::object::{self, Header};
use crate::protocol::buffer::Buffer;
use crate::protocol::{attr, call, compare, item, object as obj};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::int;
use crate::types::iterators::{self, payload};
use crate::types::list::PyList;
use crate::types::slots::CompareOp;
use crate::types::str_::{PyStr, hash_bytes};
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, flags};
use crate::types::{generic_alias, mapping_proxy};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A compiled pattern.
#[repr(C)]
pub struct PyPattern {
    header: Header,
    /// What it was compiled from, or None.
    source: Ref,
    flags: i32,
    /// The code words: patterns with other ones are not equal.
    code: Box<[u32]>,
    pub(super) program: Program,
    /// Number of groups without the whole match.
    pub(super) groups: usize,
    /// Names to numbers; missing without named groups.
    pub(super) group_index: Option<Ref>,
    /// Numbers to names.
    pub(super) index_group: Option<Ref>,
    /// `None` for a pattern that runs over text and bytes alike.
    pub(super) is_bytes: Option<bool>,
}
payload!(PyPattern, SRE_PATTERN);

/// Names of flags in the order in which the repr shows them.
const FLAGS: [(i32, &str); 8] = [
    (2, "re.IGNORECASE"),
    (4, "re.LOCALE"),
    (8, "re.MULTILINE"),
    (16, "re.DOTALL"),
    (32, "re.UNICODE"),
    (64, "re.VERBOSE"),
    (128, "re.DEBUG"),
    (256, "re.ASCII"),
];
const UNICODE: i32 = 32;
/// LOCALE, UNICODE, ASCII.
const KINDS_OF_TEXT: i32 = 4 | 32 | 256;

/// `_sre.compile(pattern, flags, code, groups, groupindex, indexgroup)`.
pub(super) fn compile(vm: &Vm, a: &[Value]) -> PyResult {
    let wrong = |what: &str, expected: &str, v| Err(convert::bad_argument(vm, "compile", what, expected, v));
    let flags = convert::c_int(vm, a[2])?;
    let Some(list) = a[3].cast::<PyList>() else { return wrong("argument 'code'", "list", a[3]) };
    let groups = item::ssize_arg(vm, a[4])?;
    let Some(group_index) = a[5].cast::<PyDict>() else { return wrong("argument 'groupindex'", "dict", a[5]) };
    let Some(index_group) = a[6].cast::<PyTuple>() else { return wrong("argument 'indexgroup'", "tuple", a[6]) };
    let mut code = Vec::with_capacity(list.len());
    for v in list.as_slice() {
        if int::value_of(*v).is_none() {
            return Err(vm.type_error("an integer is required"));
        }
        match u32::try_from(convert::c_ulong(vm, *v)?) {
            Ok(word) => code.push(word),
            Err(_) => return Err(vm.overflow_error("regular expression code size limit exceeded")),
        }
    }
    let is_bytes = if a[1].is(vm.none()) { None } else { Some(Subject::new(vm, a[1])?.is_bytes()) };
    let groups = usize::try_from(groups).ok().filter(|g| *g <= MAX_GROUPS);
    let Some((groups, program)) = groups.and_then(|g| Some((g, Program::new(&code, g).ok()?))) else {
        return Err(vm.runtime_error("invalid SRE code"));
    };
    let named = !group_index.is_empty();
    Ok(object::new_instance(
        vm.builtin(shape::SRE_PATTERN),
        PyPattern {
            header: object::header(),
            source: a[1].to_ref(),
            flags,
            code: code.into_boxed_slice(),
            program,
            groups,
            group_index: named.then(|| a[5].to_ref()),
            index_group: (named && !index_group.is_empty()).then(|| a[6].to_ref()),
            is_bytes,
        },
    ))
}

fn run_of(vm: &Vm, a: &[Value]) -> PyResult<Run> {
    let pos = convert::size_or(vm, a[2], 0)?;
    let end = convert::size_or(vm, a[3], isize::MAX)?;
    Run::new(vm, PyPattern::of(a[0]), a[1], pos, end)
}

/// One application, its result as a match object or None.
fn apply(vm: &Vm, a: &[Value], how: How) -> PyResult {
    let mut run = run_of(vm, a)?;
    match run.apply(vm, PyPattern::of(a[0]), how)? {
        Some(found) => Ok(PyMatch::make(vm, a[0], &run, found)),
        None => Ok(vm.none_ref()),
    }
}

/// The text of a group; of one that took no part `missing`.
fn group_text(vm: &Vm, run: &Run, found: &Found, group: usize, missing: &Ref) -> Ref {
    match found.spans[group] {
        Some((from, to)) => run.subject.slice(vm, from, to),
        None => missing.clone(),
    }
}

fn findall(vm: &Vm, a: &[Value]) -> PyResult {
    let pattern = PyPattern::of(a[0]);
    let mut run = run_of(vm, a)?;
    let empty = run.subject.empty(vm);
    let mut all = Vec::new();
    while let Some(found) = run.next(vm, pattern, How::Search)? {
        all.push(match pattern.groups {
            n @ (0 | 1) => group_text(vm, &run, &found, n, &empty),
            n => PyTuple::from_iter(vm, (1..=n).map(|i| group_text(vm, &run, &found, i, &empty))),
        });
    }
    Ok(PyList::new(vm, all))
}

fn finditer(vm: &Vm, a: &[Value]) -> PyResult {
    let scanner = scanner::new(a[0], run_of(vm, a)?);
    let search = attr::get_named(vm, scanner.value(), "search")?;
    Ok(iterators::new_callable_iterator(search.value(), vm.none()))
}

fn split(vm: &Vm, a: &[Value]) -> PyResult {
    let pattern = PyPattern::of(a[0]);
    let most = convert::size_or(vm, a[2], 0)?;
    let mut run = Run::new(vm, pattern, a[1], 0, isize::MAX)?;
    let none = vm.none_ref();
    let (mut parts, mut last, mut n) = (Vec::new(), 0, 0);
    while most == 0 || n < most {
        let Some(found) = run.next(vm, pattern, How::Search)? else { break };
        let (from, to) = found.whole();
        parts.push(run.subject.slice(vm, last, from));
        parts.extend((1..=pattern.groups).map(|i| group_text(vm, &run, &found, i, &none)));
        last = to;
        n += 1;
    }
    parts.push(run.subject.slice(vm, last, run.end));
    Ok(PyList::new(vm, parts))
}

/// What `sub` puts in a match's place.
enum Replacement {
    Literal(Ref),
    Template(Ref),
    Function(Ref),
}

impl Replacement {
    fn new(vm: &Vm, pattern: Value, v: Value) -> PyResult<Replacement> {
        if call::is_callable(vm, v) {
            return Ok(Replacement::Function(v.to_ref()));
        }
        let plain = |t: &[u8]| memchr::memchr(b'\\', t).is_none();
        let literal = match v.cast::<PyStr>() {
            Some(s) => plain(s.as_bytes()),
            None => Buffer::new(vm, v).is_ok_and(|b| plain(&b)),
        };
        if literal {
            return Ok(Replacement::Literal(v.to_ref()));
        }
        let compiled = template::compile(vm, pattern, v)?;
        Ok(match PyTemplate::of(compiled.value()).as_literal() {
            Some(literal) => Replacement::Literal(literal),
            None => Replacement::Template(compiled),
        })
    }

    /// The text for a match; `None` for no text at all.
    fn text(&self, vm: &Vm, pattern: Value, run: &Run, found: Found) -> PyResult<Option<Ref>> {
        let text = match self {
            Replacement::Literal(text) => text.clone(),
            Replacement::Template(t) => template::expand(vm, PyTemplate::of(t.value()), &run.subject, &found.spans)?,
            Replacement::Function(f) => {
                let m = PyMatch::make(vm, pattern, run, found);
                call::call_args(vm, f.value(), &[m.value()])?
            }
        };
        Ok((!text.is(vm.none())).then_some(text))
    }
}

/// `sub`: the new text and the number of replacements.
fn substitute(vm: &Vm, a: &[Value]) -> PyResult<(Ref, usize)> {
    let pattern = PyPattern::of(a[0]);
    let count = convert::size_or(vm, a[3], 0)?;
    let replacement = Replacement::new(vm, a[0], a[1])?;
    let mut run = Run::new(vm, pattern, a[2], 0, isize::MAX)?;
    let (mut parts, mut last, mut n) = (Vec::new(), 0, 0);
    while count == 0 || (n as isize) < count {
        let Some(found) = run.next(vm, pattern, How::Search)? else { break };
        let (from, to) = found.whole();
        if last < from {
            parts.push(run.subject.slice(vm, last, from));
        }
        parts.extend(replacement.text(vm, a[0], &run, found)?);
        last = to;
        n += 1;
    }
    if last < run.end {
        parts.push(run.subject.slice(vm, last, run.end));
    }
    Ok((join(vm, &run.subject, parts)?, n))
}

/// All parts in one.
pub(super) fn join(vm: &Vm, subject: &Subject, parts: Vec<Ref>) -> PyResult {
    if parts.is_empty() {
        return Ok(subject.empty(vm));
    }
    let list = PyList::new(vm, parts);
    call::call_method(vm, subject.empty(vm).value(), "join", &[list.value()])
}

fn sub(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(substitute(vm, a)?.0)
}

fn subn(vm: &Vm, a: &[Value]) -> PyResult {
    let (text, n) = substitute(vm, a)?;
    Ok(PyTuple::pair(text, item::from_size(vm, n)))
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let p = PyPattern::of(v);
    let mut left = p.flags;
    if p.is_bytes == Some(false) && left & KINDS_OF_TEXT == UNICODE {
        left &= !UNICODE;
    }
    let mut names = Vec::new();
    for (flag, name) in FLAGS {
        if left & flag != 0 {
            names.push(name.to_owned());
            left &= !flag;
        }
    }
    if left != 0 {
        names.push(format!("{left:#x}"));
    }
    let source = obj::repr(vm, p.source.value())?;
    let mut w = crate::types::repr_writer::ReprWriter::new("re.compile(");
    let shown = match source.cast::<PyStr>() {
        Some(s) if s.char_len() > 200 => s.part(vm, s.slice_bytes(0, 200)),
        _ => source,
    };
    w.push_text(shown.value());
    if !names.is_empty() {
        w.push(", ");
        w.push(&names.join("|"));
    }
    w.push(")");
    Ok(w.finish(vm))
}

fn hash(vm: &Vm, v: Value) -> PyResult<i64> {
    let p = PyPattern::of(v);
    let code: Vec<u8> = p.code.iter().flat_map(|w| w.to_ne_bytes()).collect();
    let kind = p.is_bytes.map_or(-1, i64::from);
    let h = obj::hash(vm, p.source.value())? ^ hash_bytes(&code) ^ i64::from(p.flags) ^ kind ^ p.code.len() as i64;
    Ok(if h == -1 { -2 } else { h })
}

fn compare_patterns(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
    let (x, Some(y)) = (PyPattern::of(a), b.cast::<PyPattern>().filter(|_| equality)) else {
        return compare::declined(vm);
    };
    let same = a.is(b)
        || (x.flags == y.flags
            && x.is_bytes == y.is_bytes
            && x.code == y.code
            && compare::eq(vm, x.source.value(), y.source.value())?);
    Ok(vm.bool_ref(same == (op == CompareOp::Eq)))
}

fn itself(_: &Vm, a: &[Value]) -> PyResult {
    Ok(a[0].to_ref())
}

const RANGE: &str = "($self, /, string, pos=0, endpos=sys.maxsize)";
const REPLACE: &str = "($self, /, repl, string, count=0)";

static METHODS: &[MethodDef] = &[
    MethodDef::new("match", RANGE, |vm, a| apply(vm, a, How::Match), "Matches zero or more characters at the beginning of the string."),
    MethodDef::new("fullmatch", RANGE, |vm, a| apply(vm, a, How::FullMatch), "Matches against all of the string."),
    MethodDef::new(
        "search",
        RANGE,
        |vm, a| apply(vm, a, How::Search),
        "The first match in the string as a match object, or None if there is none.",
    ),
    MethodDef::new("sub", REPLACE, sub, "The string with the leftmost matches that do not overlap replaced by repl."),
    MethodDef::new("subn", REPLACE, subn, "A tuple of the string with matches replaced, and the number of replacements."),
    MethodDef::new("findall", RANGE, findall, "A list of all matches in the string that do not overlap."),
    MethodDef::new("split", "($self, /, string, maxsplit=0)", split, "The string split where the pattern matches."),
    MethodDef::new("finditer", RANGE, finditer, "An iterator over match objects for all matches in the string that do not overlap."),
    MethodDef::new("scanner", RANGE, |_vm, a| Ok(scanner::new(a[0], run_of(_vm, a)?)), ""),
    MethodDef::new("__copy__", "($self, /)", itself, ""),
    MethodDef::new("__deepcopy__", "($self, memo, /)", itself, ""),
    MethodDef::class(
        "__class_getitem__",
        "($type, object, /)",
        |vm, a| Ok(generic_alias::new(vm, a[0], a[1])),
        "Patterns are generic over the type of string they handle (str or bytes)",
    ),
];

fn group_index(vm: &Vm, v: Value) -> PyResult {
    Ok(match &PyPattern::of(v).group_index {
        Some(d) => mapping_proxy::new(vm, d.value()),
        None => PyDict::new(vm),
    })
}

pub static PATTERN: TypeDef = TypeDef {
    doc: "Compiled regular expression object.",
    flags: flags::HEAP | flags::PREFIX | flags::WEAKREF,
    new: New::Disallowed,
    slots: |s| {
        s.repr = Some(repr);
        s.hash = Some(hash);
        s.compare = Some(compare_patterns);
        s.drop = Some(object::drop_payload::<PyPattern>);
        s.traverse = crate::traverse_fields!(PyPattern: source, group_index, index_group);
    },
    methods: METHODS,
    getset: &[
        GetSetDef::get("groupindex", group_index, "A dictionary mapping group names to group numbers."),
        GetSetDef::member("pattern", |_, v| Ok(PyPattern::of(v).source.clone()), "The pattern string from which the RE object was compiled."),
        GetSetDef::member("flags", |vm, v| Ok(vm.new_int(PyPattern::of(v).flags.into())), "The regex matching flags."),
        GetSetDef::member("groups", |vm, v| Ok(item::from_size(vm, PyPattern::of(v).groups)), "The number of capturing groups in the pattern."),
    ],
    ..TypeDef::of::<PyPattern>("re.Pattern")
};
