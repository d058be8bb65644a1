//! `FrameLocalsProxy`: a function's local variables as a mapping that writes through (PEP 667).

use tailscope_bytecode::code::kinds;

use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::protocol::{compare, iter, object as obj};
use crate::shape;
use crate::types::cell::PyCell;
use crate::types::dict::PyDict;
use crate::types::frame_object::PyFrame;
use crate::types::list::PyList;
use crate::types::slots::CompareOp;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, New, TypeDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Payload of the mapping.
#[repr(C)]
pub struct FrameLocals {
    header: Header,
    frame: Ref,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for FrameLocals {
    const SHAPE: u32 = shape::FRAME_LOCALS_PROXY;
}

/// The mapping of a frame object.
pub fn new(frame: Value) -> Ref {
    object::new(FrameLocals { header: object::header(), frame: frame.to_ref() })
}

fn frame<'a>(v: Value) -> &'a PyFrame {
    // SAFETY: methods and slots of the type get its objects, which hold frame objects.
    unsafe { v.cast_unchecked::<FrameLocals>().frame.cast_unchecked::<PyFrame>() }
}

/// The cell in a slot of a cell or free variable.
fn cell_in<'a>(f: &PyFrame, i: usize) -> Option<&'a PyCell> {
    if f.code().kind(i) & (kinds::CELL | kinds::FREE) == 0 {
        return None;
    }
    f.slot(i).non_null()?.cast_exact::<PyCell>()
}

/// The variable in a slot, if it is bound.
pub fn value_of(f: &PyFrame, i: usize) -> Option<Ref> {
    match cell_in(f, i) {
        Some(c) => c.content.get_ref(),
        None => f.slot(i).non_null().map(Value::to_ref),
    }
}

/// Whether a slot is a variable that is shown. In code that keeps its names in a mapping, the slots to see are
/// those of comprehensions within it.
fn is_shown(f: &PyFrame, i: usize) -> bool {
    let hidden = f.code().kind(i) & kinds::HIDDEN != 0;
    hidden == f.code().has_mapping()
}

/// Whether a frame stands in a comprehension that is inlined into code with a mapping of names: there its variables are all
/// that `locals()` and `f_locals` show.
pub fn in_comprehension(f: &PyFrame) -> bool {
    f.code().hidden_slots().any(|i| !f.slot(i).is_null())
}

/// Names and values of all bound variables, in slot order.
pub fn bound(f: &PyFrame) -> Vec<(Value, Ref)> {
    let names = &f.code().localsplus_names;
    (0..names.len())
        .filter(|i| is_shown(f, *i))
        .filter_map(|i| Some((names[i], value_of(f, i)?)))
        .collect()
}

/// The slot of a variable, by whatever is equal to its name.
fn index_of(vm: &Vm, f: &PyFrame, key: Value) -> PyResult<Option<usize>> {
    let names = f.code().localsplus_names.iter().enumerate();
    let mut names = names.filter(|(i, _)| is_shown(f, *i));
    if let Some(key) = key.cast_exact::<PyStr>() {
        let is = |n: &Value| n.cast_exact::<PyStr>().is_some_and(|n| n.as_bytes() == key.as_bytes());
        return Ok(names.find(|(_, n)| is(n)).map(|(i, _)| i));
    }
    let hash = obj::hash(vm, key)?;
    for (i, name) in names {
        if obj::hash(vm, *name)? == hash && compare::eq(vm, *name, key)? {
            return Ok(Some(i));
        }
    }
    Ok(None)
}

fn extra<'a>(f: &PyFrame) -> Option<&'a PyDict> {
    f.extra_locals.get().non_null().and_then(|d| d.cast::<PyDict>())
}

fn get_opt(vm: &Vm, v: Value, key: Value) -> PyResult<Option<Ref>> {
    let f = frame(v);
    if let Some(found) = index_of(vm, f, key)?.and_then(|i| value_of(f, i)) {
        return Ok(Some(found));
    }
    match extra(f) {
        Some(d) => d.get(vm, key),
        None => {
            // An unhashable key is an error, found or not.
            obj::hash(vm, key)?;
            Ok(None)
        }
    }
}

fn get_item(vm: &Vm, v: Value, key: Value) -> PyResult {
    match get_opt(vm, v, key)? {
        Some(found) => Ok(found),
        None => {
            let key = obj::repr_text(vm, key)?;
            Err(vm.error(shape::KEY_ERROR, format!("local variable {key} is not defined")))
        }
    }
}

fn set_item(vm: &Vm, v: Value, key: Value, value: Value) -> PyResult<()> {
    let f = frame(v);
    if let Some(i) = index_of(vm, f, key)? {
        if value.is_null() {
            return Err(vm.value_error("cannot remove local variables from FrameLocalsProxy"));
        }
        match cell_in(f, i) {
            Some(c) => c.content.set(value.to_ref()),
            None => {
                f.set_slot(i, Some(value.to_ref()));
            }
        }
        return Ok(());
    }
    if value.is_null() {
        let gone = match extra(f) {
            Some(d) => d.delete(vm, key)?,
            None => false,
        };
        return if gone { Ok(()) } else { Err(vm.key_error(key)) };
    }
    if f.extra_locals.is_null() {
        f.extra_locals.set(PyDict::new(vm));
    }
    match extra(f) {
        Some(d) => d.set(vm, key, value),
        None => Ok(()),
    }
}

fn items(v: Value) -> Vec<(Ref, Ref)> {
    let f = frame(v);
    let mut all: Vec<(Ref, Ref)> = bound(f).into_iter().map(|(n, v)| (n.to_ref(), v)).collect();
    if let Some(d) = extra(f) {
        all.extend(d.items_vec());
    }
    all
}

fn keys(vm: &Vm, v: Value) -> Ref {
    PyList::new(vm, items(v).into_iter().map(|(k, _)| k).collect())
}

fn copy(vm: &Vm, v: Value) -> PyResult {
    let d = PyDict::new(vm);
    // SAFETY: just made.
    let dict = unsafe { d.cast_unchecked::<PyDict>() };
    for (k, v) in items(v) {
        dict.set(vm, k.value(), v.value())?;
    }
    Ok(d)
}

fn update(vm: &Vm, v: Value, other: Value) -> PyResult<()> {
    let pairs = if other.has_shape(shape::FRAME_LOCALS_PROXY) {
        items(other)
    } else if let Some(d) = other.cast::<PyDict>() {
        d.items_vec()
    } else {
        return Err(vm.type_error("update() argument must be dict or another FrameLocalsProxy"));
    };
    for (k, value) in pairs {
        set_item(vm, v, k.value(), value.value())?;
    }
    Ok(())
}

fn is_mapping(v: Value) -> bool {
    v.has_shape(shape::FRAME_LOCALS_PROXY) || v.cast::<PyDict>().is_some()
}

fn inplace_or(vm: &Vm, a: Value, b: Value) -> PyResult {
    if !is_mapping(b) {
        return compare::declined(vm);
    }
    update(vm, a, b)?;
    Ok(a.to_ref())
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let shown = vm.repr_guard(v, || obj::repr(vm, copy(vm, v)?.value()))?;
    Ok(shown.unwrap_or_else(|| vm.new_str("{...}")))
}

fn or(vm: &Vm, a: Value, b: Value) -> PyResult {
    if !is_mapping(a) || !is_mapping(b) {
        return compare::declined(vm);
    }
    let result = PyDict::new(vm);
    // SAFETY: just made.
    let d = unsafe { result.cast_unchecked::<PyDict>() };
    for side in [a, b] {
        let pairs = match side.cast::<PyDict>() {
            Some(x) => x.items_vec(),
            None => items(side),
        };
        for (k, v) in pairs {
            d.set(vm, k.value(), v.value())?;
        }
    }
    Ok(result)
}

fn compare_proxies(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    if !matches!(op, CompareOp::Eq | CompareOp::Ne) {
        return compare::declined(vm);
    }
    let equal = if b.has_shape(shape::FRAME_LOCALS_PROXY) {
        std::ptr::eq(frame(a), frame(b))
    } else if b.cast::<PyDict>().is_some() {
        let mine = copy(vm, a)?;
        compare::eq(vm, mine.value(), b)?
    } else {
        return compare::declined(vm);
    };
    Ok(vm.bool_ref(equal == (op == CompareOp::Eq)))
}

fn proxy_new(vm: &Vm, _ty: TypeRef, args: &[Value]) -> PyResult {
    if !args[0].has_shape(shape::FRAME) {
        return Err(vm.type_error(format!("expect frame, not {}", vm.type_of(args[0]).name())));
    }
    Ok(new(args[0]))
}

/// The type `FrameLocalsProxy`.
pub static DEF: TypeDef = TypeDef {
    flags: crate::types::type_::flags::MAPPING,
    new: New::Bound("(frame, /)", proxy_new),
    slots: |s| {
        s.drop = Some(object::drop_payload::<FrameLocals>);
        s.traverse = crate::traverse_fields!(FrameLocals: frame);
        s.get_item = Some(get_item);
        s.set_item = Some(set_item);
        s.len = Some(|_, v| Ok(items(v).len()));
        s.contains = Some(|vm, v, k| Ok(get_opt(vm, v, k)?.is_some()));
        s.iter = Some(|vm, v| iter::get_iter(vm, keys(vm, v).value()));
        s.compare = Some(compare_proxies);
        s.repr = Some(repr);
        s.binary[crate::protocol::number::BinaryOp::Or as usize] = Some(or);
        s.inplace[crate::protocol::number::BinaryOp::Or as usize] = Some(inplace_or);
    },
    methods: &[
        MethodDef::new("__contains__", "($self, key, /)", |vm, a| Ok(vm.bool_ref(get_opt(vm, a[0], a[1])?.is_some())), ""),
        MethodDef::new("__getitem__", "($self, key, /)", |vm, a| get_item(vm, a[0], a[1]), ""),
        MethodDef::new("update", "($self, other, /)", |vm, a| update(vm, a[0], a[1]).map(|()| vm.none_ref()), ""),
        MethodDef::new("__reversed__", "($self, /)", |vm, a| {
            let mut all: Vec<Ref> = items(a[0]).into_iter().map(|(k, _)| k).collect();
            all.reverse();
            Ok(PyList::new(vm, all))
        }, ""),
        MethodDef::new("copy", "($self, /)", |vm, a| copy(vm, a[0]), ""),
        MethodDef::new("keys", "($self, /)", |vm, a| Ok(keys(vm, a[0])), ""),
        MethodDef::new("values", "($self, /)", |vm, a| {
            Ok(PyList::new(vm, items(a[0]).into_iter().map(|(_, v)| v).collect()))
        }, ""),
        MethodDef::new("items", "($self, /)", |vm, a| {
            Ok(PyList::new(vm, items(a[0]).into_iter().map(|(k, v)| PyTuple::pair(k, v)).collect()))
        }, ""),
        MethodDef::new("get", "($self, key, default=None, /)", |vm, a| {
            Ok(get_opt(vm, a[0], a[1])?.unwrap_or_else(|| a[2].non_null().unwrap_or(vm.none()).to_ref()))
        }, ""),
        MethodDef::new("pop", "($self, key, default=<unrepresentable>, /)", |vm, a| {
            if index_of(vm, frame(a[0]), a[1])?.is_some() {
                return Err(vm.value_error("cannot remove local variables from FrameLocalsProxy"));
            }
            match (get_opt(vm, a[0], a[1])?, a[2].non_null()) {
                (Some(v), _) => {
                    set_item(vm, a[0], a[1], Value::NULL)?;
                    Ok(v)
                }
                (None, Some(default)) => Ok(default.to_ref()),
                (None, None) => Err(vm.key_error(a[1])),
            }
        }, ""),
        MethodDef::new("setdefault", "($self, key, default=None, /)", |vm, a| {
            if let Some(v) = get_opt(vm, a[0], a[1])? {
                return Ok(v);
            }
            let default = a[2].non_null().unwrap_or(vm.none());
            set_item(vm, a[0], a[1], default)?;
            Ok(default.to_ref())
        }, ""),
    ],
    ..TypeDef::of::<FrameLocals>("FrameLocalsProxy")
};
