//! `collections.defaultdict`.

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::protocol::number::BinaryOp;
use crate::protocol::{call, compare, iter};
use crate::shape;
use crate::types::dict::{PyDict, traverse_dict};
use crate::types::generic_alias;
use crate::types::iterators::payload;
use crate::types::repr_writer::ReprWriter;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, flags};
use crate::value::Value;
use crate::vm::Vm;

/// A dictionary with a function that makes missing values.
#[repr(C)]
pub struct PyDefaultDict {
    dict: PyDict,
    /// NULL until set; None for no function.
    factory: OwnedCell,
}
payload!(PyDefaultDict, DEFAULTDICT);

/// Shows the items and the factory to the collector.
///
/// # Safety
/// `p` must be a live defaultdict.
unsafe fn traverse(p: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: promised by the caller; the payload starts with a dict's.
    unsafe {
        traverse_dict(p, visit);
        visit((*(p as *const PyDefaultDict)).factory.get());
    }
}

pub static DEFAULTDICT: TypeDef = TypeDef {
    doc: "defaultdict(default_factory=None, /, [...]) --> dict with default factory\n\n\
          A key that is missing from d[key] gets the factory's result as its value.\n\
          The other arguments are those of dict, with which it compares equal.",
    flags: flags::BASETYPE | flags::MAPPING,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyDefaultDict>);
        s.traverse = Some(traverse);
        s.init = Some(init);
        s.repr = Some(repr);
        s.binary[BinaryOp::Or as usize] = Some(or);
    },
    new: New::Raw(|_, ty, _| {
        let payload = PyDefaultDict { dict: PyDict::embedded(), factory: OwnedCell::null() };
        Ok(object::new_instance(ty, payload))
    }),
    methods: &[
        MethodDef::new(
            "__missing__",
            "($self, object, /)",
            missing,
            "Called by __getitem__ for a missing key: inserts the factory's result and returns it.",
        ),
        MethodDef::new("copy", "($self, /)", |vm, a| similar(vm, a[0], a[0]), "A shallow copy."),
        MethodDef::new("__copy__", "($self, /)", |vm, a| similar(vm, a[0], a[0]), "A shallow copy."),
        MethodDef::new("__reduce__", "($self, /)", reduce, "State for pickling."),
        MethodDef::class(
            "__class_getitem__",
            "($type, object, /)",
            |vm, a| Ok(generic_alias::new(vm, a[0], a[1])),
            "defaultdicts are generic over the types of their keys and values.",
        ),
    ],
    getset: &[GetSetDef::member_set(
        "default_factory",
        |vm, v| Ok(PyDefaultDict::of(v).factory.get_ref().unwrap_or_else(|| vm.none_ref())),
        |_, v, value| {
            drop(PyDefaultDict::of(v).factory.replace(value.non_null().map(Value::to_ref)));
            Ok(())
        },
        "The function that makes missing values.",
    )],
    ..TypeDef::of::<PyDefaultDict>("collections.defaultdict")
};

fn init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    let d = PyDefaultDict::of(v);
    let (factory, rest) = match args.positional_args().first() {
        None => (None, args),
        Some(&f) => {
            if !call::is_callable(vm, f) && !f.is(vm.none()) {
                return Err(vm.type_error("first argument must be callable or None"));
            }
            (Some(f.to_ref()), CallArgs { args: &args.args[1..], kwnames: args.kwnames })
        }
    };
    drop(d.factory.replace(factory));
    d.dict.update_from_args(vm, "dict", rest)
}

fn missing(vm: &Vm, a: &[Value]) -> PyResult {
    let d = PyDefaultDict::of(a[0]);
    match d.factory.get_ref().filter(|f| !f.is(vm.none())) {
        None => Err(vm.key_error(a[1])),
        Some(f) => {
            let value = call::call_args(vm, f.value(), &[])?;
            d.dict.set_default(vm, a[1], value.value())
        }
    }
}

/// An instance of the same class with the same factory: `type(self)(factory, contents)`.
fn similar(vm: &Vm, this: Value, contents: Value) -> PyResult {
    let factory = PyDefaultDict::of(this).factory.get_ref().unwrap_or_else(|| vm.none_ref());
    call::call_args(vm, vm.type_of(this).value(), &[factory.value(), contents])
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let d = PyDefaultDict::of(v);
    let Some(base) = vm.builtin(shape::DICT).slots().repr else { return Ok(vm.new_str("")) };
    let contents = base(vm, v)?;
    let mut w = ReprWriter::new(&vm.type_of(v).name());
    w.push("(");
    match d.factory.get_ref() {
        None => w.push("None"),
        // A bound method of this very dictionary would show it again.
        Some(f) => match vm.repr_guard(f.value(), || crate::protocol::object::repr(vm, f.value()))? {
            Some(text) => w.push_text(text.value()),
            None => w.push("..."),
        },
    }
    w.push(", ");
    w.push_text(contents.value());
    w.push(")");
    Ok(w.finish(vm))
}

fn or(vm: &Vm, a: Value, b: Value) -> PyResult {
    let (this, other) = if a.cast::<PyDefaultDict>().is_some() { (a, b) } else { (b, a) };
    if other.cast::<PyDict>().is_none() {
        return compare::declined(vm);
    }
    let r = similar(vm, this, a)?;
    match r.cast::<PyDict>() {
        Some(d) => d.update(vm, b)?,
        None => return Err(vm.system_error("bad argument to internal function")),
    }
    Ok(r)
}

fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let factory = PyDefaultDict::of(a[0]).factory.get_ref().filter(|f| !f.is(vm.none()));
    let args = PyTuple::from_vec(vm, factory.into_iter().collect());
    let items = call::call_method(vm, a[0], "items", &[])?;
    let it = iter::get_iter(vm, items.value())?;
    let parts = vec![vm.type_of(a[0]).to_ref(), args, vm.none_ref(), vm.none_ref(), it];
    Ok(PyTuple::from_vec(vm, parts))
}

