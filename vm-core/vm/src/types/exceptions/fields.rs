//! The fields that some exception types have beside `args`: names, initialization, messages.
//!
//! Fields are kept by index in the payload; each type's table gives them names.

use super::{PyException, exception};
use crate::args::CallArgs;
use crate::error::{PyResult, Raised};
use crate::protocol::object as obj;
use crate::shape::{self, ShapeId};
use crate::types::int;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

fn get(vm: &Vm, v: Value, i: usize) -> PyResult {
    // SAFETY: getters of exception types get exceptions.
    let e = unsafe { v.cast_unchecked::<PyException>() };
    Ok(e.fields[i].get().non_null().unwrap_or(vm.none()).to_ref())
}

fn set(_: &Vm, v: Value, i: usize, value: Value) -> PyResult<()> {
    // SAFETY: as above.
    let e = unsafe { v.cast_unchecked::<PyException>() };
    e.fields[i].set(value.to_ref());
    Ok(())
}

macro_rules! field {
    ($name:literal, $i:literal) => {
        GetSetDef { set: Some(|vm, v, x| set(vm, v, $i, x)), ..GetSetDef::member($name, |vm, v| get(vm, v, $i), "") }
    };
}

pub static STOP_ITERATION: &[GetSetDef] = &[field!("value", 0)];
pub static SYSTEM_EXIT: &[GetSetDef] = &[field!("code", 0)];
pub static NAME_ERROR: &[GetSetDef] = &[field!("name", 0)];
pub static ATTRIBUTE_ERROR: &[GetSetDef] = &[field!("name", 0), field!("obj", 1)];
pub static IMPORT_ERROR: &[GetSetDef] =
    &[field!("name", 0), field!("path", 1), field!("msg", 2), field!("name_from", 3)];
pub static OS_ERROR: &[GetSetDef] =
    &[field!("errno", 0), field!("strerror", 1), field!("filename", 2), field!("filename2", 3), CHARACTERS_WRITTEN];

/// How much a call wrote before it would have blocked; missing where that is not known.
const CHARACTERS_WRITTEN: GetSetDef = GetSetDef::get_set(
    "characters_written",
    |vm, v| match get(vm, v, 4)? {
        n if n.is(vm.none()) => Err(vm.error(shape::ATTRIBUTE_ERROR, "characters_written")),
        n => Ok(n),
    },
    |vm, v, x| match x.non_null() {
        Some(x) => {
            let n = crate::protocol::item::to_index(vm, x, shape::VALUE_ERROR)?;
            set(vm, v, 4, vm.new_int(n as i64).value())
        }
        None => {
            if get(vm, v, 4)?.is(vm.none()) {
                return Err(vm.error(shape::ATTRIBUTE_ERROR, "characters_written"));
            }
            set(vm, v, 4, vm.none())
        }
    },
    "",
);
pub static SYNTAX_ERROR: &[GetSetDef] = &[
    field!("msg", 0),
    field!("filename", 1),
    GetSetDef { set: Some(|vm, v, x| set_location(vm, v, 0, x)), ..GetSetDef::member("lineno", |vm, v| location(vm, v, 0), "") },
    GetSetDef { set: Some(|vm, v, x| set_location(vm, v, 1, x)), ..GetSetDef::member("offset", |vm, v| location(vm, v, 1), "") },
    field!("text", 3),
    GetSetDef { set: Some(|vm, v, x| set_location(vm, v, 2, x)), ..GetSetDef::member("end_lineno", |vm, v| location(vm, v, 2), "") },
    GetSetDef { set: Some(|vm, v, x| set_location(vm, v, 3, x)), ..GetSetDef::member("end_offset", |vm, v| location(vm, v, 3), "") },
    field!("print_file_and_line", 4),
    field!("_metadata", 5),
];
pub static UNICODE_CODEC_ERROR: &[GetSetDef] = &[
    field!("encoding", 0),
    field!("object", 1),
    field!("start", 2),
    field!("end", 3),
    field!("reason", 4),
];
pub static GROUP: &[GetSetDef] = &[field!("message", 0), field!("exceptions", 1)];

/// Line, offset, end line, end offset of a SyntaxError are kept as a tuple in field 2.
fn location(vm: &Vm, v: Value, i: usize) -> PyResult {
    let t = get(vm, v, 2)?;
    Ok(match t.cast::<PyTuple>() {
        Some(t) => t.as_slice()[i].to_ref(),
        None => vm.none_ref(),
    })
}

fn set_location(vm: &Vm, v: Value, i: usize, x: Value) -> PyResult<()> {
    let t = get(vm, v, 2)?;
    let mut parts: Vec<Ref> = match t.cast::<PyTuple>() {
        Some(t) => t.as_slice().iter().map(|x| x.to_ref()).collect(),
        None => vec![vm.none_ref(), vm.none_ref(), vm.none_ref(), vm.none_ref()],
    };
    parts[i] = x.non_null().unwrap_or(vm.none()).to_ref();
    let t = PyTuple::from_vec(vm, parts);
    set(vm, v, 2, t.value())
}

fn is_a(vm: &Vm, ty: TypeRef, id: ShapeId) -> bool {
    ty.is_subtype(vm.builtin(id))
}

/// Whether the constructor of an exception type accepts keywords.
pub(super) fn takes_keywords(vm: &Vm, ty: TypeRef) -> bool {
    [shape::IMPORT_ERROR, shape::ATTRIBUTE_ERROR, shape::NAME_ERROR].iter().any(|id| is_a(vm, ty, *id))
}

/// Fills the fields from the constructor's arguments, without errors: for native construction.
pub(super) fn fill(vm: &Vm, ty: TypeRef, v: Value, args: &[Value]) {
    // Native code passes arguments that fit; what does not is left unset.
    drop(init(vm, ty, v, CallArgs::positional(args)));
}

/// Fills the fields from the constructor's arguments.
pub(super) fn init(vm: &Vm, ty: TypeRef, v: Value, args: CallArgs) -> PyResult<()> {
    let Some(e) = exception(v) else { return Ok(()) };
    let pos = args.positional_args();
    let put = |i: usize, x: Option<&Value>| {
        if let Some(x) = x {
            e.fields[i].set(x.to_ref());
        }
    };
    if is_a(vm, ty, shape::STOP_ITERATION) {
        put(0, pos.first());
    } else if is_a(vm, ty, shape::SYSTEM_EXIT) {
        match pos.len() {
            0 => {}
            1 => put(0, pos.first()),
            _ => e.fields[0].set(PyTuple::from_slice(vm, pos)),
        }
    } else if is_a(vm, ty, shape::IMPORT_ERROR) {
        keywords(vm, ty, v, args, &["name", "path", "", "name_from"])?;
        if pos.len() == 1 {
            put(2, pos.first());
        }
    } else if is_a(vm, ty, shape::ATTRIBUTE_ERROR) {
        keywords(vm, ty, v, args, &["name", "obj"])?;
    } else if is_a(vm, ty, shape::NAME_ERROR) {
        keywords(vm, ty, v, args, &["name"])?;
    } else if is_a(vm, ty, shape::OS_ERROR) {
        init_os_error(vm, v, pos);
    } else if is_a(vm, ty, shape::SYNTAX_ERROR) {
        init_syntax_error(vm, v, pos)?;
    } else if is_a(vm, ty, shape::UNICODE_ERROR) && pos.len() >= 4 {
        let translate = is_a(vm, ty, shape::UNICODE_TRANSLATE_ERROR);
        for (i, x) in pos.iter().take(5).enumerate() {
            put(i + translate as usize, Some(x));
        }
    } else if is_a(vm, ty, shape::BASE_EXCEPTION_GROUP) {
        init_group(vm, ty, v, pos)?;
    }
    Ok(())
}

fn keywords(vm: &Vm, ty: TypeRef, v: Value, args: CallArgs, names: &[&str]) -> PyResult<()> {
    for (k, x) in args.keywords() {
        let k = obj::text(k);
        match names.iter().position(|n| *n == k) {
            Some(i) => set(vm, v, i, x)?,
            None => {
                return Err(vm.type_error(format!(
                    "{}() got an unexpected keyword argument '{k}'",
                    ty.name()
                )));
            }
        }
    }
    Ok(())
}

fn init_os_error(vm: &Vm, v: Value, pos: &[Value]) {
    let Some(e) = exception(v) else { return };
    if pos.len() < 2 || pos.len() > 5 {
        return;
    }
    e.fields[0].set(pos[0].to_ref());
    e.fields[1].set(pos[1].to_ref());
    let third = pos.get(2).filter(|f| !f.is(vm.none()));
    if let Some(n) = third
        && is_a(vm, vm.type_of(v), shape::BLOCKING_IO_ERROR)
        && crate::protocol::number::has_index(vm, *n)
    {
        e.fields[4].set(n.to_ref());
        return;
    }
    if let Some(f) = third {
        e.fields[2].set(f.to_ref());
        // The file names do not count among `args`.
        e.args.set(PyTuple::from_slice(vm, &pos[..2]));
    }
    if let Some(f) = pos.get(4).filter(|f| !f.is(vm.none())) {
        e.fields[3].set(f.to_ref());
    }
}

/// The subclass of OSError that stands for an errno.
pub fn os_error_type(errno: i64) -> ShapeId {
    match errno as i32 {
        11 | 114 | 115 => shape::BLOCKING_IO_ERROR,
        10 => shape::CHILD_PROCESS_ERROR,
        32 | 108 => shape::BROKEN_PIPE_ERROR,
        103 => shape::CONNECTION_ABORTED_ERROR,
        111 => shape::CONNECTION_REFUSED_ERROR,
        104 => shape::CONNECTION_RESET_ERROR,
        17 => shape::FILE_EXISTS_ERROR,
        2 => shape::FILE_NOT_FOUND_ERROR,
        4 => shape::INTERRUPTED_ERROR,
        21 => shape::IS_A_DIRECTORY_ERROR,
        20 => shape::NOT_A_DIRECTORY_ERROR,
        1 | 13 => shape::PERMISSION_ERROR,
        3 => shape::PROCESS_LOOKUP_ERROR,
        110 => shape::TIMEOUT_ERROR,
        _ => shape::OS_ERROR,
    }
}

fn init_syntax_error(vm: &Vm, v: Value, pos: &[Value]) -> PyResult<()> {
    let Some(e) = exception(v) else { return Ok(()) };
    if let Some(m) = pos.first() {
        e.fields[0].set(m.to_ref());
    }
    if pos.len() != 2 {
        return Ok(());
    }
    let info = crate::protocol::iter::to_vec(vm, pos[1])?;
    if info.len() < 4 || info.len() == 5 {
        return Err(vm.type_error(format!(
            "function takes {} 4 arguments ({} given)",
            if info.len() < 4 { "at least" } else { "exactly" },
            info.len()
        )));
    }
    e.fields[1].set(info[0].clone());
    e.fields[3].set(info[3].clone());
    let none = vm.none_ref();
    let at = |i: usize| info.get(i).cloned().unwrap_or_else(|| none.clone());
    e.fields[2].set(PyTuple::from_vec(vm, vec![at(1), at(2), at(4), at(5)]));
    Ok(())
}

fn init_group(vm: &Vm, _: TypeRef, v: Value, pos: &[Value]) -> PyResult<()> {
    let Some(e) = exception(v) else { return Ok(()) };
    if pos.len() != 2 {
        return Err(vm.type_error(format!(
            "BaseExceptionGroup.__new__() takes exactly 2 arguments ({} given)",
            pos.len()
        )));
    }
    let items = crate::protocol::iter::to_vec(vm, pos[1])?;
    e.fields[0].set(pos[0].to_ref());
    e.fields[1].set(PyTuple::from_vec(vm, items));
    Ok(())
}

/// `str(e)` of the types that do not show their arguments as they are.
pub(super) fn special_str(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let ty = vm.type_of(v);
    let Some(e) = exception(v) else { return Ok(None) };
    let field = |i: usize| e.fields[i].get().non_null().map(|x| x.to_ref());
    if is_a(vm, ty, shape::KEY_ERROR) {
        let args = e.args.get().to_ref();
        return match args.cast::<PyTuple>() {
            Some(t) if t.len() == 1 => obj::repr(vm, t.as_slice()[0]).map(Some),
            _ => Ok(None),
        };
    }
    if is_a(vm, ty, shape::OS_ERROR) {
        let (Some(n), Some(s)) = (field(0), field(1)) else { return Ok(None) };
        let (n, s) = (obj::str_text(vm, n.value())?, obj::str_text(vm, s.value())?);
        let text = match (field(2), field(3)) {
            (Some(f), Some(g)) => format!(
                "[Errno {n}] {s}: {} -> {}",
                obj::repr_text(vm, f.value())?,
                obj::repr_text(vm, g.value())?
            ),
            (Some(f), None) => format!("[Errno {n}] {s}: {}", obj::repr_text(vm, f.value())?),
            _ => format!("[Errno {n}] {s}"),
        };
        return Ok(Some(vm.new_str(&text)));
    }
    if is_a(vm, ty, shape::IMPORT_ERROR) {
        return match field(2) {
            Some(m) if m.has_shape(shape::STR) => Ok(Some(m)),
            _ => Ok(None),
        };
    }
    if is_a(vm, ty, shape::SYNTAX_ERROR) {
        return syntax_error_str(vm, e);
    }
    if is_a(vm, ty, shape::BASE_EXCEPTION_GROUP) {
        let (Some(m), Some(x)) = (field(0), field(1)) else { return Ok(None) };
        let n = x.cast::<PyTuple>().map_or(0, |t| t.len());
        let s = if n == 1 { "" } else { "s" };
        let text = format!("{} ({n} sub-exception{s})", obj::str_text(vm, m.value())?);
        return Ok(Some(vm.new_str(&text)));
    }
    if is_a(vm, ty, shape::UNICODE_ERROR) && !ty.is(vm.builtin(shape::UNICODE_ERROR)) {
        return unicode_error_str(vm, ty, e);
    }
    Ok(None)
}

fn syntax_error_str(vm: &Vm, e: &PyException) -> PyResult<Option<Ref>> {
    let msg = match e.fields[0].get().non_null() {
        Some(m) => obj::str_text(vm, m)?,
        None => "None".to_owned(),
    };
    let file = e.fields[1].get().non_null().map(obj::text).filter(|f| !f.is_empty());
    let file = file.map(|f| f.rsplit('/').next().unwrap_or(&f).to_owned());
    let line = e.fields[2].get().cast::<PyTuple>().and_then(|t| int::to_i64(t.as_slice()[0]));
    Ok(Some(vm.new_str(&match (file, line) {
        (Some(f), Some(l)) => format!("{msg} ({f}, line {l})"),
        (Some(f), None) => format!("{msg} ({f})"),
        (None, Some(l)) => format!("{msg} (line {l})"),
        (None, None) => msg,
    })))
}

fn unicode_error_str(vm: &Vm, ty: TypeRef, e: &PyException) -> PyResult<Option<Ref>> {
    let field = |i: usize| e.fields[i].get().non_null();
    let (Some(object), Some(start), Some(end), Some(reason)) = (field(1), field(2), field(3), field(4)) else {
        return Ok(Some(vm.empty_str().to_ref()));
    };
    let start = int::to_i64(start).unwrap_or(0).max(0) as usize;
    let end = int::to_i64(end).unwrap_or(0).max(0) as usize;
    let reason = obj::str_text(vm, reason)?;
    let encoding = field(0).map(obj::text).unwrap_or_default();
    let (verb, what) = if is_a(vm, ty, shape::UNICODE_DECODE_ERROR) {
        ("decode", "byte")
    } else if is_a(vm, ty, shape::UNICODE_ENCODE_ERROR) {
        ("encode", "character")
    } else {
        ("translate", "character")
    };
    let prefix = if verb == "translate" { "can't translate".to_owned() } else { format!("'{encoding}' codec can't {verb}") };
    let single = if end != start + 1 {
        None
    } else if what == "byte" {
        crate::types::bytes::bytes_like(object).and_then(|b| b.get(start).map(|b| format!("0x{b:02x}")))
    } else {
        object.cast::<crate::types::str_::PyStr>().filter(|s| start < s.char_len()).map(|s| match s.char_at(start) {
            c @ 0..=0xff => format!("'\\x{c:02x}'"),
            c @ 0x100..=0xffff => format!("'\\u{c:04x}'"),
            c => format!("'\\U{c:08x}'"),
        })
    };
    let text = match single {
        Some(x) => format!("{prefix} {what} {x} in position {start}: {reason}"),
        None => format!("{prefix} {what}s in position {start}-{}: {reason}", end.saturating_sub(1)),
    };
    Ok(Some(vm.new_str(&text)))
}

/// The arguments that `__reduce__` passes to rebuild an exception.
pub(super) fn reduce_args(vm: &Vm, v: Value) -> Ref {
    let Some(e) = exception(v) else { return vm.empty_tuple().to_ref() };
    let args = e.args.get().to_ref();
    if is_a(vm, vm.type_of(v), shape::OS_ERROR)
        && let Some(f) = e.fields[2].get_ref()
        && let Some(t) = args.cast::<PyTuple>()
        && t.len() == 2
    {
        let mut parts: Vec<Ref> = t.as_slice().iter().map(|x| x.to_ref()).collect();
        parts.push(f);
        if let Some(g) = e.fields[3].get_ref() {
            parts.push(vm.none_ref());
            parts.push(g);
        }
        return PyTuple::from_vec(vm, parts);
    }
    args
}

/// Sets `name` and `obj` of an AttributeError (or `name` of a NameError) made natively.
pub fn set_name_and_object(_: &Vm, e: &Raised, name: Value, object: Value) {
    if let Some(e) = exception(e.0.value()) {
        e.fields[0].set(name.to_ref());
        if !object.is_null() {
            e.fields[1].set(object.to_ref());
        }
    }
}

/// Sets `name`, `path` and `name_from` of an ImportError made natively; NULL or None leaves one unset.
pub fn set_import_fields(vm: &Vm, e: &PyException, name: Option<Ref>, path: Option<Ref>, name_from: Value) {
    let fields = [(0, name), (1, path), (3, Some(name_from.to_ref()))];
    for (i, v) in fields {
        if let Some(v) = v.filter(|v| !v.is_null() && !v.is(vm.none())) {
            e.fields[i].set(v);
        }
    }
}
