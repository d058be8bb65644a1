//! `OSError`: its class depends on errno, and file names do not count among `args`.

use super::fields::{self, field};
use super::{PyException, allocate, this};
use crate::args::CallArgs;
use crate::error::{PyResult, Raised};
use crate::protocol::{attr, number, object as obj};
use crate::shape::{self, ShapeId};
use crate::types::construct::no_keywords;
use crate::types::int;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Field of `BlockingIOError.characters_written`.
const WRITTEN: usize = 4;

pub static FIELDS: &[GetSetDef] = &[
    field!("errno", 0),
    field!("strerror", 1),
    field!("filename", 2),
    field!("filename2", 3),
    GetSetDef::get_set("characters_written", get_written, set_written, ""),
];

pub static METHODS: &[MethodDef] = &[MethodDef::new("__reduce__", "($self, /)", reduce, "")];

/// The subclass of OSError that stands for an errno.
pub fn os_error_type(errno: i64) -> ShapeId {
    match errno as i32 {
        libc::EAGAIN | libc::EALREADY | libc::EINPROGRESS => shape::BLOCKING_IO_ERROR,
        libc::ECHILD => shape::CHILD_PROCESS_ERROR,
        libc::EPIPE | libc::ESHUTDOWN => shape::BROKEN_PIPE_ERROR,
        libc::ECONNABORTED => shape::CONNECTION_ABORTED_ERROR,
        libc::ECONNREFUSED => shape::CONNECTION_REFUSED_ERROR,
        libc::ECONNRESET => shape::CONNECTION_RESET_ERROR,
        libc::EEXIST => shape::FILE_EXISTS_ERROR,
        libc::ENOENT => shape::FILE_NOT_FOUND_ERROR,
        libc::EINTR => shape::INTERRUPTED_ERROR,
        libc::EISDIR => shape::IS_A_DIRECTORY_ERROR,
        libc::ENOTDIR => shape::NOT_A_DIRECTORY_ERROR,
        libc::EPERM | libc::EACCES => shape::PERMISSION_ERROR,
        libc::ESRCH => shape::PROCESS_LOOKUP_ERROR,
        libc::ETIMEDOUT => shape::TIMEOUT_ERROR,
        _ => shape::OS_ERROR,
    }
}

/// Whether `__init__` gets the arguments. It does where a subclass defines it without a `__new__`
/// of its own: further arguments of such a class are none of ours.
fn uses_init(vm: &Vm, ty: TypeRef) -> bool {
    let n = vm.names();
    let defines = |name| ty.lookup_slow(name).is_some_and(|(_, owner)| owner.is_heap());
    defines(n.__init__) && !defines(n.__new__)
}

pub(super) fn new(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    if uses_init(vm, ty) {
        return Ok(allocate(ty, vm.empty_tuple().to_ref()));
    }
    no_keywords(vm, &ty.name(), args)?;
    let pos = args.positional_args();
    let errno = pos.first().filter(|_| (2..=5).contains(&pos.len())).copied().and_then(int::to_i64);
    let ty = match errno {
        Some(n) if ty.is(vm.builtin(shape::OS_ERROR)) => vm.builtin(os_error_type(n)),
        _ => ty,
    };
    let e = allocate(ty, vm.empty_tuple().to_ref());
    fill(vm, e.value(), pos)?;
    Ok(e)
}

pub(super) fn init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    let ty = vm.type_of(v);
    if !uses_init(vm, ty) {
        return Ok(());
    }
    no_keywords(vm, &ty.name(), args)?;
    fill(vm, v, args.positional_args())
}

/// Sets args and fields from the arguments: errno, strerror, filename, winerror, filename2.
pub(super) fn fill(vm: &Vm, v: Value, pos: &[Value]) -> PyResult<()> {
    let e = this(v);
    e.args.set(PyTuple::from_slice(vm, pos));
    if !(2..=5).contains(&pos.len()) {
        return Ok(());
    }
    let given = |i: usize| pos.get(i).copied().filter(|f| !f.is(vm.none()));
    if let Some(file) = given(2) {
        let blocking = vm.type_of(v).is(vm.builtin(shape::BLOCKING_IO_ERROR));
        if blocking && is_number(vm, file) {
            set_written(vm, v, file)?;
        } else {
            fields::set(vm, v, 2, file)?;
            if let Some(second) = given(4) {
                fields::set(vm, v, 3, second)?;
            }
            e.args.set(PyTuple::from_slice(vm, &pos[..2]));
        }
    }
    fields::set(vm, v, 0, pos[0])?;
    fields::set(vm, v, 1, pos[1])
}

/// CPython's `PyNumber_Check`.
fn is_number(vm: &Vm, v: Value) -> bool {
    let slots = vm.type_of(v).slots();
    slots.index.is_some() || slots.int.is_some() || slots.float.is_some()
}

fn written_unset(vm: &Vm) -> Raised {
    vm.error(shape::ATTRIBUTE_ERROR, "characters_written")
}

fn get_written(vm: &Vm, v: Value) -> PyResult {
    this(v).fields[WRITTEN].get_ref().ok_or_else(|| written_unset(vm))
}

fn set_written(vm: &Vm, v: Value, x: Value) -> PyResult<()> {
    let field = &this(v).fields[WRITTEN];
    if x.is_null() {
        if field.is_null() {
            return Err(written_unset(vm));
        }
        field.clear();
        return Ok(());
    }
    let n = number::index(vm, x)?;
    let Some(n) = int::to_i64(n.value()) else {
        let name = vm.type_of(x).full_name();
        return Err(vm.value_error(format!("cannot fit '{name}' into an index-sized integer")));
    };
    field.set(vm.new_int(n));
    Ok(())
}

pub(super) fn str(vm: &Vm, v: Value) -> PyResult {
    let shown = |i: usize| fields::get(vm, v, i).and_then(|x| obj::str_text(vm, x.value()));
    let quoted = |i: usize| fields::get(vm, v, i).and_then(|x| obj::repr_text(vm, x.value()));
    let e: &PyException = this(v);
    let is_set = |i: usize| !e.fields[i].is_null();
    let text = match (is_set(2), is_set(3)) {
        (true, true) => format!("[Errno {}] {}: {} -> {}", shown(0)?, shown(1)?, quoted(2)?, quoted(3)?),
        (true, false) => format!("[Errno {}] {}: {}", shown(0)?, shown(1)?, quoted(2)?),
        _ if is_set(0) && is_set(1) => format!("[Errno {}] {}", shown(0)?, shown(1)?),
        _ => return super::str(vm, v),
    };
    Ok(vm.new_str(&text))
}

/// File names go back among the arguments, so that calling the class again restores them.
fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let e = this(a[0]);
    let mut args = e.args.get().to_ref();
    let two: Option<Vec<Ref>> = args
        .cast::<PyTuple>()
        .filter(|t| t.len() == 2)
        .map(|t| t.as_slice().iter().map(|x| x.to_ref()).collect());
    if let (Some(mut parts), Some(file)) = (two, e.fields[2].get_ref()) {
        parts.push(file);
        if let Some(second) = e.fields[3].get_ref() {
            parts.push(vm.none_ref());
            parts.push(second);
        }
        args = PyTuple::from_vec(vm, parts);
    }
    let mut parts = vec![vm.type_of(a[0]).to_ref(), args];
    if attr::instance_dict_opt(vm, a[0]).is_some_and(|d| !d.is_empty())
        && let Some(d) = attr::instance_dict_value(vm, a[0])
    {
        parts.push(d.to_ref());
    }
    Ok(PyTuple::from_vec(vm, parts))
}
