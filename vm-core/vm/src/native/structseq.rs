//! Struct sequences: tuples whose items have names (`time.struct_time`, `os.stat_result`,
//! `sys.version_info`), some of them behind the end of the tuple, reachable by name only.
//!
//! The object is a tuple; its hidden items follow the visible ones in memory.

use crate::error::PyResult;
use crate::object::Header;
use crate::protocol::{item, iter, object as obj};
use crate::shape::ShapeId;
use crate::types::dict::PyDict;
use crate::types::repr_writer::ReprWriter;
use crate::types::tuple::{HEAD_SIZE, PyTuple};
use crate::types::type_::{MethodDef, New, TypeRef};
use crate::types::type_object::display_name;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Defines a struct sequence type: how many items are visible of how many, then for each named
/// item its index and documentation.
macro_rules! struct_sequence {
    ($(#[$m:meta])* $id:ident, $name:literal, $doc:literal, $visible:literal of $total:literal, $new:expr,
     [$($i:literal $field:ident $field_doc:literal;)*]) => {
        $(#[$m])*
        pub static $id: $crate::types::type_::TypeDef = $crate::types::type_::TypeDef {
            name: $name,
            doc: $doc,
            flags: $crate::types::type_::flags::SEQUENCE,
            payload_size: $crate::types::tuple::HEAD_SIZE,
            slots: |s| {
                s.repr = Some($crate::native::structseq::repr);
                s.drop = Some($crate::native::structseq::drop_items::<$total>);
                s.size = Some($crate::native::structseq::size::<$total>);
            },
            new: $new,
            methods: $crate::native::structseq::METHODS,
            getset: &[
                $($crate::types::type_::GetSetDef::member(
                    stringify!($field),
                    $crate::native::structseq::item_at::<$i>,
                    $field_doc,
                ),)*
            ],
            attributes: |vm, ty| {
                $crate::native::structseq::describe(vm, ty, $visible, $total, &[$(($i, stringify!($field))),*])
            },
        };
    };
}
pub(crate) use struct_sequence;

/// Constructor of types that programs may make instances of.
pub(crate) const FROM_SEQUENCE: New = New::Bound("(sequence, dict=<unrepresentable>)", from_sequence);

/// An instance: one value per item, hidden ones included.
pub fn make(id: ShapeId, visible: usize, values: Vec<Ref>) -> Ref {
    PyTuple::with_hidden_items(id, visible, values)
}

/// Value of an item, visible or not.
pub(crate) fn item_at<const I: usize>(_: &Vm, v: Value) -> PyResult {
    Ok(raw_item(v, I).to_ref())
}

fn raw_item(v: Value, i: usize) -> Value {
    // SAFETY: getters of struct sequences get their instances, which hold as many items as the
    // type's definition says.
    unsafe { v.cast_unchecked::<PyTuple>().item_unchecked(i) }
}

/// Releases all items.
///
/// # Safety
/// `p` is a struct sequence of `N` items that nobody uses any more.
pub(crate) unsafe fn drop_items<const N: usize>(p: *mut Header) {
    // SAFETY: promised by the caller.
    unsafe {
        let t = &*(p as *const PyTuple);
        for i in 0..N {
            t.owned_item_unchecked(i).release();
        }
    }
}

/// Bytes of an instance.
///
/// # Safety
/// Looks at nothing.
pub(crate) unsafe fn size<const N: usize>(_: *mut Header) -> usize {
    HEAD_SIZE + N * size_of::<Value>()
}

/// Sets `n_fields` and its like.
pub(crate) fn describe(
    vm: &Vm,
    ty: TypeRef,
    visible: usize,
    total: usize,
    named: &[(usize, &str)],
) -> PyResult<()> {
    let unnamed = total - named.len();
    for (name, n) in [("n_sequence_fields", visible), ("n_fields", total), ("n_unnamed_fields", unnamed)] {
        ty.set_attribute(vm, name, Value::small_int(n as i64))?;
    }
    let names = named.iter().filter(|(i, _)| *i < visible).map(|(_, n)| vm.intern(n).to_ref()).collect();
    let match_args = PyTuple::from_vec(vm, names);
    ty.set_attribute(vm, "__match_args__", match_args.value())
}

/// Visible and total number of items of a struct sequence type.
fn counts(vm: &Vm, ty: TypeRef) -> (usize, usize) {
    let n = |name: &str| {
        ty.lookup(vm, vm.intern(name)).and_then(|v| v.as_small_int()).unwrap_or(0) as usize
    };
    (n("n_sequence_fields"), n("n_fields"))
}

fn names(ty: TypeRef) -> impl Iterator<Item = &'static str> {
    ty.definition.into_iter().flat_map(|d| d.getset.iter().map(|g| g.name))
}

/// Index of each named item: the names before the first unnamed one count from the start, those
/// after it from the end.
fn named_index(ty: TypeRef, total: usize, visible: usize, k: usize) -> usize {
    let n = names(ty).count();
    if n == total || k < visible - (total - n) { k } else { k + (total - n) }
}

/// `type(sequence, dict)`.
pub(crate) fn from_sequence(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    let (visible, total) = counts(vm, ty);
    let name = ty.full_name();
    let extra = match a[1].non_null() {
        None => None,
        Some(d) => match d.cast::<PyDict>() {
            Some(d) => Some(d),
            None => return Err(vm.type_error(format!("{name}() takes a dict as second arg, if any"))),
        },
    };
    let items = iter::sequence(vm, a[0], "constructor requires a sequence")?;
    let given = items.len();
    let wrong = |how: &str, n: usize| {
        Err(vm.type_error(format!("{name}() takes a{how} {n}-sequence ({given}-sequence given)")))
    };
    if visible == total {
        if given != visible {
            return wrong("", visible);
        }
    } else if given < visible {
        return wrong("n at least", visible);
    } else if given > total {
        return wrong("n at most", total);
    }
    let mut values = items;
    let mut used = 0;
    let all: Vec<&str> = names(ty).collect();
    for i in given..total {
        let k = i - (total - all.len());
        let found = match extra {
            Some(d) => d.get(vm, vm.intern(all[k]))?,
            None => None,
        };
        used += found.is_some() as usize;
        values.push(found.unwrap_or_else(|| vm.none_ref()));
    }
    if extra.is_some_and(|d| d.len() > used) {
        return Err(vm.type_error(format!("{name}() got duplicate or unexpected field name(s)")));
    }
    Ok(make(ty.instance_shape(), visible, values))
}

/// `name(field=value, ...)` of the visible items.
pub(crate) fn repr(vm: &Vm, v: Value) -> PyResult {
    let ty = vm.type_of(v);
    let mut w = ReprWriter::new(&display_name(vm, ty));
    w.push("(");
    let items = v.cast::<PyTuple>().map_or(&[][..], |t| t.as_slice());
    for (i, (name, x)) in names(ty).zip(items).enumerate() {
        if i > 0 {
            w.push(", ");
        }
        w.push(name);
        w.push("=");
        w.push_repr(vm, x.borrow())?;
    }
    w.push(")");
    Ok(w.finish(vm))
}

fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let ty = vm.type_of(a[0]);
    let (visible, total) = counts(vm, ty);
    let items = (0..visible).map(|i| raw_item(a[0], i).to_ref());
    let hidden = PyDict::new(vm);
    if let Some(d) = hidden.cast::<PyDict>() {
        for (k, name) in names(ty).enumerate() {
            let i = named_index(ty, total, visible, k);
            if i >= visible {
                d.set_text(vm, name, raw_item(a[0], i));
            }
        }
    }
    let args = PyTuple::from_vec(vm, vec![PyTuple::from_iter(vm, items), hidden]);
    Ok(PyTuple::from_vec(vm, vec![ty.to_ref(), args]))
}

fn replace(vm: &Vm, a: &[Value]) -> PyResult {
    let ty = vm.type_of(a[0]);
    let (visible, total) = counts(vm, ty);
    if names(ty).count() != total {
        return Err(vm.type_error(format!(
            "__replace__() is not supported for {} because it has unnamed field(s)",
            ty.full_name()
        )));
    }
    let Some(changes) = a[1].cast::<PyDict>() else { return Ok(a[0].to_ref()) };
    let left = changes.copy(vm);
    let mut values = Vec::with_capacity(total);
    for (i, name) in names(ty).enumerate() {
        let new = match left.cast::<PyDict>() {
            Some(d) => d.pop(vm, vm.intern(name))?,
            None => None,
        };
        values.push(new.unwrap_or_else(|| raw_item(a[0], i).to_ref()));
    }
    if item::length(vm, left.value())? != 0 {
        let list = crate::types::list::PyList::new(vm, iter::to_vec(vm, left.value())?);
        return Err(vm.type_error(format!(
            "Got unexpected field name(s): {}",
            obj::repr_text(vm, list.value())?
        )));
    }
    Ok(make(ty.instance_shape(), visible, values))
}

pub(crate) static METHODS: &[MethodDef] = &[
    MethodDef::new("__reduce__", "($self, /)", reduce, ""),
    MethodDef::new(
        "__replace__",
        "($self, /, **changes)",
        replace,
        "Return a copy of the structure with new values for the specified fields.",
    ),
];

/// Whether a value is an instance of this struct sequence type.
pub fn is(v: Value, id: ShapeId) -> bool {
    v.has_shape(id)
}

