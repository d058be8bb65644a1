//! `typing.Union`: `int | str`.

use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::protocol::number::BinaryOp;
use crate::protocol::{attr, call, compare, item, object as protocol_object};
use crate::shape;
use crate::types::generic_alias::{PyGenericAlias, make_parameters, substitute, write_type_repr};
use crate::types::repr_writer::ReprWriter;
use crate::types::set::PySet;
use crate::types::slots::CompareOp;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, Type, TypeDef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A union of types.
#[repr(C)]
pub struct PyUnion {
    header: Header,
    /// All members, a tuple.
    args: Ref,
    /// Those members that have a hash, a frozenset: it decides equality.
    hashable: Ref,
    /// The others, a tuple.
    unhashable: Ref,
    /// The type variables among the members, a tuple; NULL until asked for.
    parameters: OwnedCell,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyUnion {
    const SHAPE: u32 = shape::UNION;
}

/// The members of a union; `None` for anything else.
pub fn union_args<'a>(v: Value) -> Option<&'a PyTuple> {
    let u = v.cast_exact::<PyUnion>()?;
    u.args.cast::<PyTuple>()
}

fn this<'a>(v: Value) -> &'a PyUnion {
    // SAFETY: methods and slots of the type are called with its instances only.
    unsafe { v.cast_unchecked() }
}

fn members(r: &Ref) -> &PyTuple {
    // SAFETY: made as a tuple.
    unsafe { r.cast_unchecked() }
}

/// What may be a member of a union without a check by the module `typing`.
fn is_unionable(vm: &Vm, v: Value) -> bool {
    v.is(vm.none())
        || Type::from_value(v).is_some()
        || v.cast::<PyGenericAlias>().is_some()
        || v.has_shape(shape::UNION)
        || vm.type_of(v).full_name() == "typing.TypeAliasType"
}

/// The `|` of types and generic aliases.
pub fn union_or(vm: &Vm, a: Value, b: Value) -> PyResult {
    if !is_unionable(vm, a) || !is_unionable(vm, b) {
        return compare::declined(vm);
    }
    let mut builder = Builder::new(vm, false);
    builder.add(vm, a)?;
    builder.add(vm, b)?;
    builder.finish(vm)
}

/// `Union[args]`: a tuple of members, or a single one.
pub fn union_of(vm: &Vm, args: Value) -> PyResult {
    let mut builder = Builder::new(vm, true);
    match args.cast_exact::<PyTuple>() {
        Some(t) => builder.add_all(vm, t)?,
        None => builder.add(vm, args)?,
    }
    builder.finish(vm)
}

/// Members of a union under construction, each once.
struct Builder {
    args: Vec<Ref>,
    hashable: Ref,
    unhashable: Vec<Ref>,
    /// Whether members are still to be checked to be types.
    check: bool,
}

impl Builder {
    fn new(vm: &Vm, check: bool) -> Builder {
        Builder { args: Vec::new(), hashable: PySet::new_frozenset(vm), unhashable: Vec::new(), check }
    }

    fn add_all(&mut self, vm: &Vm, t: &PyTuple) -> PyResult<()> {
        t.iter().try_for_each(|v| self.add(vm, v))
    }

    fn add(&mut self, vm: &Vm, v: Value) -> PyResult<()> {
        if let Some(inner) = union_args(v) {
            return self.add_all(vm, inner);
        }
        if v.is(vm.none()) {
            return self.add_member(vm, vm.builtin(shape::NONE).value());
        }
        if self.check && !is_unionable(vm, v) {
            let message = vm.new_str("Union[arg, ...]: each arg must be a type.");
            let f = crate::runtime::import_attr(vm, "typing", "_type_check")?;
            let checked = call::call_args(vm, f.value(), &[v, message.value()])?;
            return self.add_member(vm, checked.value());
        }
        self.add_member(vm, v)
    }

    fn add_member(&mut self, vm: &Vm, v: Value) -> PyResult<()> {
        if protocol_object::hash(vm, v).is_ok() {
            let set = PySet::of(self.hashable.value());
            if set.contains(vm, v)? {
                return Ok(());
            }
            set.add(vm, v)?;
        } else {
            for u in &self.unhashable {
                if compare::eq(vm, u.value(), v)? {
                    return Ok(());
                }
            }
            self.unhashable.push(v.to_ref());
        }
        self.args.push(v.to_ref());
        Ok(())
    }

    fn finish(mut self, vm: &Vm) -> PyResult {
        if self.args.len() <= 1 {
            return self.args.pop().ok_or_else(|| vm.type_error("Cannot take a Union of no types."));
        }
        let union = PyUnion {
            header: object::header(),
            args: PyTuple::from_vec(vm, self.args),
            hashable: self.hashable,
            unhashable: PyTuple::from_vec(vm, self.unhashable),
            parameters: OwnedCell::null(),
        };
        Ok(object::new_instance(vm.builtin(shape::UNION), union))
    }
}

pub static UNION_DEF: TypeDef = TypeDef {
    doc: "A union of types, as in int | str.",
    flags: flags::HEAP | flags::PREFIX | flags::WEAKREF,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyUnion>);
        s.traverse = crate::traverse_fields!(PyUnion: args, hashable, unhashable, parameters);
        s.repr = Some(repr);
        s.hash = Some(hash);
        s.get_attr = Some(get_attr);
        s.compare = Some(compare_unions);
        s.get_item = Some(get_item);
        s.binary[BinaryOp::Or as usize] = Some(or);
    },
    new: New::Disallowed,
    methods: &[
        MethodDef::new("__mro_entries__", "($self, object, /)", mro_entries, ""),
        MethodDef::class(
            "__class_getitem__",
            "($type, object, /)",
            |vm, a| union_of(vm, a[1]),
            "Makes a union of the given types.",
        ),
    ],
    getset: &[
        GetSetDef::member("__args__", |_, v| Ok(this(v).args.clone()), ""),
        GetSetDef::get("__name__", |vm, _| Ok(vm.new_str("Union")), "Name of the type"),
        GetSetDef::get("__qualname__", |vm, _| Ok(vm.new_str("Union")), "Qualified name of the type"),
        GetSetDef::get("__origin__", |vm, _| Ok(vm.builtin(shape::UNION).to_ref()), "The type Union itself"),
        GetSetDef::get("__parameters__", |vm, v| parameters_of(vm, this(v)), "The type variables among the members."),
    ],
    ..TypeDef::of::<PyUnion>("typing.Union")
};

fn repr(vm: &Vm, v: Value) -> PyResult {
    let mut w = ReprWriter::default();
    for (i, a) in members(&this(v).args).iter().enumerate() {
        if i > 0 {
            w.push(" | ");
        }
        write_type_repr(vm, &mut w, a)?;
    }
    Ok(w.finish(vm))
}

/// A union with unhashable members has no hash, since equal ones could differ in theirs.
fn hash(vm: &Vm, v: Value) -> PyResult<i64> {
    let u = this(v);
    let unhashable = members(&u.unhashable);
    for x in unhashable.iter() {
        protocol_object::hash(vm, x)?;
    }
    if !unhashable.is_empty() {
        return Err(vm.type_error(format!("union contains {} unhashable elements", unhashable.len())));
    }
    protocol_object::hash(vm, u.hashable.value())
}

fn get_attr(vm: &Vm, v: Value, name: Value) -> PyResult {
    if name.cast::<PyStr>().is_some_and(|s| s.as_bytes() == b"__module__") {
        return attr::get(vm, vm.type_of(v).value(), name);
    }
    attr::generic_get(vm, v, name)
}

fn contains_all(vm: &Vm, a: &Ref, b: &Ref) -> PyResult<bool> {
    for x in members(b).iter() {
        if !item::contains(vm, a.value(), x)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn compare_unions(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.cast_exact::<PyUnion>(), b.cast_exact::<PyUnion>()) else {
        return compare::declined(vm);
    };
    if !matches!(op, CompareOp::Eq | CompareOp::Ne) {
        return compare::declined(vm);
    }
    let equal = compare::eq(vm, x.hashable.value(), y.hashable.value())?
        && members(&x.unhashable).len() == members(&y.unhashable).len()
        && contains_all(vm, &x.unhashable, &y.unhashable)?
        && contains_all(vm, &y.unhashable, &x.unhashable)?;
    Ok(vm.bool_ref(equal == (op == CompareOp::Eq)))
}

fn parameters_of(vm: &Vm, u: &PyUnion) -> PyResult {
    if u.parameters.is_null() {
        u.parameters.set(make_parameters(vm, u.args.value())?);
    }
    Ok(u.parameters.get().to_ref())
}

fn get_item(vm: &Vm, v: Value, key: Value) -> PyResult {
    let u = this(v);
    let params = parameters_of(vm, u)?;
    let args = substitute(vm, v, u.args.value(), params.value(), key)?;
    union_of(vm, args.value())
}

fn or(vm: &Vm, a: Value, b: Value) -> PyResult {
    let mut builder = Builder::new(vm, true);
    builder.add(vm, a)?;
    builder.add(vm, b)?;
    builder.finish(vm)
}

fn mro_entries(vm: &Vm, a: &[Value]) -> PyResult {
    Err(vm.type_error(format!("Cannot subclass {}", protocol_object::repr_text(vm, a[0])?)))
}
