//! `TypeVar`, `ParamSpec` and `TypeVarTuple`: three types with one layout.

use super::{
    bind, call_typing, calling_module, evaluated, evaluator_of, name_argument, no_default, param_spec_part,
    unpacked_iterator,
};
use crate::args::CallArgs;
use crate::convert;
use crate::error::{PyResult, Raised};
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::protocol::number::BinaryOp;
use crate::protocol::{attr, item, object as obj};
use crate::shape::{self, ShapeId};
use crate::types::generic_alias::union_of;
use crate::types::iterators::payload;
use crate::types::str_::PyStr;
use crate::types::slots::TraverseFn;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// What the three have; parts that a type does not use stay empty.
#[repr(C)]
struct Param {
    header: Header,
    name: Ref,
    bound: OwnedCell,
    evaluate_bound: OwnedCell,
    constraints: OwnedCell,
    evaluate_constraints: OwnedCell,
    default: OwnedCell,
    evaluate_default: OwnedCell,
    variance: Variance,
}

#[derive(Clone, Copy, Default)]
struct Variance {
    covariant: bool,
    contravariant: bool,
    inferred: bool,
}

#[repr(C)]
pub struct TypeVar(Param);
#[repr(C)]
pub struct ParamSpec(Param);
#[repr(C)]
pub struct TypeVarTuple(Param);
payload!(TypeVar, TYPE_VAR);
payload!(ParamSpec, PARAM_SPEC);
payload!(TypeVarTuple, TYPE_VAR_TUPLE);

/// The three structs are repr(C) around a `Param`.
const TRAVERSE: Option<TraverseFn> = crate::traverse_fields!(
    Param: name, bound, evaluate_bound, constraints, evaluate_constraints, default, evaluate_default
);

fn this<'a>(v: Value) -> &'a Param {
    // SAFETY: the three structs are repr(C) around a `Param`.
    unsafe { &*(v.pointer() as *const Param) }
}

impl Param {
    /// A parameter of the syntax: its variance is inferred.
    fn new(name: Ref) -> Param {
        Param {
            header: object::header(),
            name,
            bound: OwnedCell::null(),
            evaluate_bound: OwnedCell::null(),
            constraints: OwnedCell::null(),
            evaluate_constraints: OwnedCell::null(),
            default: OwnedCell::null(),
            evaluate_default: OwnedCell::null(),
            variance: Variance { inferred: true, ..Variance::default() },
        }
    }

    fn allocate(self, vm: &Vm, id: ShapeId) -> Ref {
        let ty: TypeRef = vm.builtin(id);
        match id {
            shape::TYPE_VAR => object::new_instance(ty, TypeVar(self)),
            shape::PARAM_SPEC => object::new_instance(ty, ParamSpec(self)),
            _ => object::new_instance(ty, TypeVarTuple(self)),
        }
    }

    /// A parameter made by calling its type, which remembers where that was.
    fn allocate_here(self, vm: &Vm, id: ShapeId) -> PyResult {
        let module = calling_module(vm);
        let v = self.allocate(vm, id);
        attr::set(vm, v.value(), vm.names().__module__, module.value())?;
        Ok(v)
    }

    fn default(&self, vm: &Vm) -> PyResult {
        evaluated(vm, &self.default, &self.evaluate_default, no_default(vm))
    }

    fn has_default(&self, vm: &Vm) -> bool {
        !self.evaluate_default.is_null() || self.default.get().non_null().is_some_and(|d| !d.is(no_default(vm)))
    }
}

/// `T`, `T: bound` or `T: (constraints)`; NULL for what is not given.
pub fn make_typevar(vm: &Vm, name: Value, bound: Value, constraints: Value) -> PyResult {
    let p = Param::new(name.to_ref());
    if let Some(f) = bound.non_null() {
        p.evaluate_bound.set(f.to_ref());
    }
    if let Some(f) = constraints.non_null() {
        p.evaluate_constraints.set(f.to_ref());
    }
    Ok(p.allocate(vm, shape::TYPE_VAR))
}

/// `**P`.
pub fn make_paramspec(vm: &Vm, name: Value) -> PyResult {
    Ok(Param::new(name.to_ref()).allocate(vm, shape::PARAM_SPEC))
}

/// `*Ts`.
pub fn make_typevartuple(vm: &Vm, name: Value) -> PyResult {
    Ok(Param::new(name.to_ref()).allocate(vm, shape::TYPE_VAR_TUPLE))
}

fn is_parameter(v: Value) -> bool {
    [shape::TYPE_VAR, shape::PARAM_SPEC, shape::TYPE_VAR_TUPLE].iter().any(|s| obj_has_type(v, *s))
}

/// Whether the value is of a built-in type that has no subclasses.
fn obj_has_type(v: Value, id: ShapeId) -> bool {
    let vm = Vm::current();
    v.is_object() && vm.type_of(v).is(vm.builtin(id))
}

#[cold]
fn not_a_parameter(vm: &Vm, v: Value) -> PyResult<Raised> {
    Ok(vm.type_error(format!("Expected a type param, got {}", obj::repr_text(vm, v)?)))
}

/// Attaches the function that evaluates a default.
pub fn set_default(vm: &Vm, param: Value, evaluate: Value) -> PyResult {
    if !is_parameter(param) {
        return Err(not_a_parameter(vm, param)?);
    }
    this(param).evaluate_default.set(evaluate.to_ref());
    Ok(param.to_ref())
}

/// The default of any type parameter.
pub(super) fn default_of(vm: &Vm, param: Value) -> PyResult {
    if !is_parameter(param) {
        return Err(not_a_parameter(vm, param)?);
    }
    this(param).default(vm)
}

fn variance(vm: &Vm, covariant: Value, contravariant: Value, inferred: Value) -> PyResult<Variance> {
    let v = Variance {
        covariant: convert::bool_or(vm, covariant, false)?,
        contravariant: convert::bool_or(vm, contravariant, false)?,
        inferred: convert::bool_or(vm, inferred, false)?,
    };
    if v.covariant && v.contravariant {
        return Err(vm.value_error("Bivariant types are not supported."));
    }
    if v.inferred && (v.covariant || v.contravariant) {
        return Err(vm.value_error("Variance cannot be specified with infer_variance."));
    }
    Ok(v)
}

/// A bound, checked by `typing`; `None` where none is given.
fn bound(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let Some(v) = v.non_null().filter(|v| !v.is(vm.none())) else { return Ok(None) };
    let message = vm.new_str("Bound must be a type.");
    call_typing(vm, "_type_check", &[v, message.value()]).map(Some)
}

fn default_argument(vm: &Vm, v: Value) -> OwnedCell {
    OwnedCell::new(v.non_null().unwrap_or(no_default(vm)).to_ref())
}

fn typevar_new(vm: &Vm, _: TypeRef, args: CallArgs) -> PyResult {
    const SIG: &str = "(name, *constraints, bound=None, default=typing.NoDefault, covariant=False, contravariant=False, infer_variance=False)";
    bind(vm, "typevar", SIG, args, |a| {
        let name = name_argument(vm, "typevar", a[0])?;
        let variance = variance(vm, a[4], a[5], a[6])?;
        let bound = bound(vm, a[2])?;
        let constraints = a[1].cast::<PyTuple>().map_or(0, PyTuple::len);
        if constraints == 1 {
            return Err(vm.type_error("A single constraint is not allowed"));
        }
        if constraints > 0 && bound.is_some() {
            return Err(vm.type_error("Constraints cannot be combined with bound=..."));
        }
        let p = Param {
            bound: OwnedCell::from_option(bound),
            constraints: OwnedCell::from_option((constraints > 0).then(|| a[1].to_ref())),
            default: default_argument(vm, a[3]),
            variance,
            ..Param::new(name)
        };
        p.allocate_here(vm, shape::TYPE_VAR)
    })
}

fn paramspec_new(vm: &Vm, _: TypeRef, args: CallArgs) -> PyResult {
    const SIG: &str = "(name, *, bound=None, default=typing.NoDefault, covariant=False, contravariant=False, infer_variance=False)";
    bind(vm, "paramspec", SIG, args, |a| {
        let name = name_argument(vm, "paramspec", a[0])?;
        let variance = variance(vm, a[3], a[4], a[5])?;
        // Anything goes: what a bound of parameters means is not settled.
        let bound = a[1].non_null().filter(|v| !v.is(vm.none())).map(Value::to_ref);
        let p = Param { bound: OwnedCell::from_option(bound), default: default_argument(vm, a[2]), variance, ..Param::new(name) };
        p.allocate_here(vm, shape::PARAM_SPEC)
    })
}

fn typevartuple_new(vm: &Vm, _: TypeRef, args: CallArgs) -> PyResult {
    bind(vm, "typevartuple", "(name, *, default=typing.NoDefault)", args, |a| {
        let name = name_argument(vm, "typevartuple", a[0])?;
        let p = Param { default: default_argument(vm, a[1]), ..Param::new(name) };
        p.allocate_here(vm, shape::TYPE_VAR_TUPLE)
    })
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let p = this(v);
    if p.variance.inferred {
        return Ok(p.name.clone());
    }
    let sign: &[u8] = match p.variance {
        Variance { covariant: true, .. } => b"+",
        Variance { contravariant: true, .. } => b"-",
        _ => b"~",
    };
    let name = p.name.cast::<PyStr>().map(PyStr::as_bytes).unwrap_or_default();
    Ok(PyStr::from_wtf8(vm, &[sign, name].concat()))
}

fn union(vm: &Vm, a: Value, b: Value) -> PyResult {
    union_of(vm, PyTuple::pair(a.to_ref(), b.to_ref()).value())
}

/// The arguments for an alias's parameters, a default added for this one if they are too few.
fn prepare_subst(vm: &Vm, a: &[Value]) -> PyResult {
    let params = attr::get_named(vm, a[1], "__parameters__")?;
    let at = item::position(vm, params.value(), a[0])?;
    let given = item::length(vm, a[2])?;
    if at < given {
        return Ok(a[2].to_ref());
    }
    if at == given {
        let default = this(a[0]).default(vm)?;
        if !default.is(no_default(vm)) {
            let more = PyTuple::from_vec(vm, vec![default]);
            return crate::protocol::number::binary(vm, a[2], more.value(), BinaryOp::Add);
        }
    }
    let alias = obj::str_text(vm, a[1])?;
    let least = at + 1;
    Err(vm.type_error(format!("Too few arguments for {alias}; actual {given}, expected at least {least}")))
}

const NAME: GetSetDef = GetSetDef::member("__name__", |_, v| Ok(this(v).name.clone()), "");
const COVARIANT: GetSetDef =
    GetSetDef::member("__covariant__", |vm, v| Ok(vm.bool_ref(this(v).variance.covariant)), "");
const CONTRAVARIANT: GetSetDef =
    GetSetDef::member("__contravariant__", |vm, v| Ok(vm.bool_ref(this(v).variance.contravariant)), "");
const INFER_VARIANCE: GetSetDef =
    GetSetDef::member("__infer_variance__", |vm, v| Ok(vm.bool_ref(this(v).variance.inferred)), "");
const DEFAULT: GetSetDef =
    GetSetDef::get("__default__", |vm, v| this(v).default(vm), "The default value for this type parameter.");
const EVALUATE_DEFAULT: GetSetDef = GetSetDef::get(
    "evaluate_default",
    |vm, v| Ok(evaluator_of(vm, &this(v).default, &this(v).evaluate_default)),
    "",
);
const REDUCE: MethodDef = MethodDef::new("__reduce__", "($self, /)", |_, a| Ok(this(a[0]).name.clone()), "");
const HAS_DEFAULT: MethodDef =
    MethodDef::new("has_default", "($self, /)", |vm, a| Ok(vm.bool_ref(this(a[0]).has_default(vm))), "");
const SUBST: &str = "($self, arg, /)";
const PREPARE: &str = "($self, alias, args, /)";
const ENTRIES: &str = "($self, object, /)";
const FLAGS: u32 = flags::HEAP | flags::PREFIX | flags::WEAKREF | flags::DICT;

pub static TYPE_VAR: TypeDef = TypeDef {
    doc: "Type variable.\n\nMade by the syntax for generic functions, classes and type aliases:\n\n    class Sequence[T]:  # T is a TypeVar\n        ...\n\nor by calling: TypeVar('T'), TypeVar('S', bound=str), TypeVar('A', str, bytes), TypeVar('D', default=int).",
    flags: FLAGS,
    new: New::Raw(typevar_new),
    slots: |s| {
        s.repr = Some(repr);
        s.binary[BinaryOp::Or as usize] = Some(union);
        s.drop = Some(object::drop_payload::<TypeVar>);
        s.traverse = TRAVERSE;
    },
    methods: &[
        MethodDef::new("__typing_subst__", SUBST, |vm, a| call_typing(vm, "_typevar_subst", a), ""),
        MethodDef::new("__typing_prepare_subst__", PREPARE, prepare_subst, ""),
        REDUCE,
        HAS_DEFAULT,
        MethodDef::new("__mro_entries__", ENTRIES, |vm, _| Err(vm.type_error("Cannot subclass an instance of TypeVar")), ""),
    ],
    getset: &[
        NAME,
        COVARIANT,
        CONTRAVARIANT,
        INFER_VARIANCE,
        GetSetDef::get("__bound__", |vm, v| evaluated(vm, &this(v).bound, &this(v).evaluate_bound, vm.none()), ""),
        GetSetDef::get(
            "__constraints__",
            |vm, v| evaluated(vm, &this(v).constraints, &this(v).evaluate_constraints, vm.empty_tuple()),
            "",
        ),
        DEFAULT,
        EVALUATE_DEFAULT,
        GetSetDef::get("evaluate_bound", |vm, v| Ok(evaluator_of(vm, &this(v).bound, &this(v).evaluate_bound)), ""),
        GetSetDef::get(
            "evaluate_constraints",
            |vm, v| Ok(evaluator_of(vm, &this(v).constraints, &this(v).evaluate_constraints)),
            "",
        ),
    ],
    ..TypeDef::of::<TypeVar>("typing.TypeVar")
};

pub static PARAM_SPEC: TypeDef = TypeDef {
    doc: "Parameter specification variable.\n\nMade by the syntax for generic functions, classes and type aliases:\n\n    type IntFunc[**P] = Callable[P, int]\n\nor by calling: ParamSpec('P').",
    flags: FLAGS,
    new: New::Raw(paramspec_new),
    slots: |s| {
        s.repr = Some(repr);
        s.binary[BinaryOp::Or as usize] = Some(union);
        s.drop = Some(object::drop_payload::<ParamSpec>);
        s.traverse = TRAVERSE;
    },
    methods: &[
        MethodDef::new("__typing_subst__", SUBST, |vm, a| call_typing(vm, "_paramspec_subst", a), ""),
        MethodDef::new("__typing_prepare_subst__", PREPARE, |vm, a| call_typing(vm, "_paramspec_prepare_subst", a), ""),
        REDUCE,
        HAS_DEFAULT,
        MethodDef::new("__mro_entries__", ENTRIES, |vm, _| Err(vm.type_error("Cannot subclass an instance of ParamSpec")), ""),
    ],
    getset: &[
        NAME,
        GetSetDef::member("__bound__", |vm, v| Ok(this(v).bound.get_ref().unwrap_or_else(|| vm.none_ref())), ""),
        COVARIANT,
        CONTRAVARIANT,
        INFER_VARIANCE,
        GetSetDef::get("args", |vm, v| Ok(param_spec_part::args_of(vm, v)), "Represents positional arguments."),
        GetSetDef::get("kwargs", |vm, v| Ok(param_spec_part::kwargs_of(vm, v)), "Represents keyword arguments."),
        DEFAULT,
        EVALUATE_DEFAULT,
    ],
    ..TypeDef::of::<ParamSpec>("typing.ParamSpec")
};

pub static TYPE_VAR_TUPLE: TypeDef = TypeDef {
    doc: "Type variable tuple: a placeholder for any number of types.\n\nMade by the syntax for generic functions, classes and type aliases:\n\n    class C[*Ts]: ...\n\nor by calling: TypeVarTuple('Ts').",
    flags: FLAGS,
    new: New::Raw(typevartuple_new),
    slots: |s| {
        s.repr = Some(repr);
        s.iter = Some(unpacked_iterator);
        s.drop = Some(object::drop_payload::<TypeVarTuple>);
        s.traverse = TRAVERSE;
    },
    methods: &[
        MethodDef::new("__typing_subst__", SUBST, |vm, _| Err(vm.type_error("Substitution of bare TypeVarTuple is not supported")), ""),
        MethodDef::new("__typing_prepare_subst__", PREPARE, |vm, a| call_typing(vm, "_typevartuple_prepare_subst", a), ""),
        REDUCE,
        HAS_DEFAULT,
        MethodDef::new("__mro_entries__", ENTRIES, |vm, _| Err(vm.type_error("Cannot subclass an instance of TypeVarTuple")), ""),
    ],
    getset: &[NAME, DEFAULT, EVALUATE_DEFAULT],
    ..TypeDef::of::<TypeVarTuple>("typing.TypeVarTuple")
};
