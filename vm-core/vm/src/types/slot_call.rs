//! From a special method's name to the native slot: what `wrapper_descriptor`s do when called.

use crate::args::CallArgs;
use crate::error::{PyResult, Raised};
use crate::object::layout_extends;
use crate::protocol::item;
use crate::protocol::number::BinaryOp;
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::memoryview;
use crate::types::native::BuiltinFunction;
use crate::types::slots::{SlotDef, SlotId};
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, Type, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

static NEW_DEF: MethodDef = MethodDef::new(
    "__new__",
    "($type, *args, **kwargs)",
    call_new,
    "Create and return a new object.  See help(type) for accurate signature.",
);

/// The `__new__` of a built-in type: checks the class it is given, then calls the type's own slot.
pub fn new_function(vm: &Vm, ty: TypeRef) -> Ref {
    BuiltinFunction::new(vm, &NEW_DEF, ty.value(), None)
}

/// The type whose `new` slot a `__new__` built by [`new_function`] calls.
pub fn new_function_owner(f: Value) -> Option<TypeRef> {
    let f = f.cast_exact::<BuiltinFunction>()?;
    if !std::ptr::eq(f.def, &NEW_DEF) {
        return None;
    }
    Type::from_value(f.this)
}

/// All exceptions have one payload: those that are made by the same function may stand for
/// each other.
fn both_plain_exceptions(a: TypeRef, b: TypeRef) -> bool {
    let is_exception = |t: TypeRef| layout_extends(t.layout(), shape::BASE_EXCEPTION);
    let new = |t: TypeRef| t.slots().new.map(|f| f as usize);
    is_exception(a) && is_exception(b) && new(a) == new(b)
}

fn call_new(vm: &Vm, bound: &[Value]) -> PyResult {
    let (Some(ty), Some(args), Some(kwargs)) =
        (Type::from_value(bound[0]), bound[1].cast::<PyTuple>(), bound[2].cast::<PyDict>())
    else {
        return Err(vm.system_error("__new__() called with non-type 'self'"));
    };
    let Some(&first) = args.as_slice().first() else {
        return Err(vm.type_error(format!("{}.__new__(): not enough arguments", ty.name())));
    };
    let Some(cls) = Type::from_value(first) else {
        return Err(vm.type_error(format!(
            "{}.__new__(X): X is not a type object ({})",
            ty.name(),
            vm.type_of(first).full_name()
        )));
    };
    if !cls.is_subtype(ty) {
        return Err(vm.type_error(format!(
            "{0}.__new__({1}): {1} is not a subtype of {0}",
            ty.name(),
            cls.name()
        )));
    }
    // The nearest built-in base decides how instances are laid out: no other may build them.
    let lays_out = |t: &TypeRef| !t.is_heap() && t.layout() == cls.layout();
    let native = cls.mro().iter().copied().find(lays_out);
    if native.is_some_and(|n| n.has_flag(flags::DISALLOW_INSTANTIATION)) {
        return Err(vm.type_error(format!("cannot create '{}' instances", cls.full_name())));
    }
    if let Some(native) = native
        && native.layout() != ty.layout()
        && !both_plain_exceptions(native, ty)
    {
        return Err(vm.type_error(format!(
            "{}.__new__({}) is not safe, use {}.__new__()",
            ty.name(),
            cls.name(),
            native.name()
        )));
    }
    let Some(new) = ty.slots().new else {
        return Err(vm.type_error(format!("cannot create '{}' instances", ty.full_name())));
    };
    let (values, names) = with_keywords(vm, &args.as_slice()[1..], kwargs);
    let kwnames = names.as_ref().and_then(|n| n.cast::<PyTuple>());
    new(vm, cls, CallArgs { args: &values, kwnames })
}

/// Positional values and a dictionary of keywords in the vectorcall convention.
pub fn with_keywords(vm: &Vm, args: &[Value], kwargs: &PyDict) -> (Vec<Value>, Option<Ref>) {
    let mut values = args.to_vec();
    if kwargs.is_empty() {
        return (values, None);
    }
    let mut names = Vec::new();
    let mut at = 0;
    while let Some((next, k, v)) = kwargs.entry_at(at) {
        names.push(k.to_ref());
        values.push(v);
        at = next;
    }
    (values, Some(PyTuple::from_vec(vm, names)))
}

fn arity(vm: &Vm, args: CallArgs, least: usize, most: usize, def: &SlotDef) -> PyResult<()> {
    if args.has_keywords() {
        return Err(vm.type_error(format!("wrapper {}() takes no keyword arguments", def.name)));
    }
    let n = args.args.len();
    if n >= least && n <= most {
        return Ok(());
    }
    let s = |k: usize| if k == 1 { "" } else { "s" };
    Err(vm.type_error(if least == most {
        format!("expected {least} argument{}, got {n}", s(least))
    } else if n < least {
        format!("expected at least {least} argument{}, got {n}", s(least))
    } else {
        format!("expected at most {most} argument{}, got {n}", s(most))
    }))
}

/// [`arity`] of powers, which say it in their own words.
fn one_or_two_arguments(vm: &Vm, args: CallArgs, def: &SlotDef) -> PyResult<()> {
    match args.args.len() {
        n if !(1..=2).contains(&n) && !args.has_keywords() => {
            Err(vm.type_error(format!("expected 1 or 2 arguments, got {n}")))
        }
        _ => arity(vm, args, 1, 2, def),
    }
}

/// [`arity`] of those whose message names the method.
fn one_argument(vm: &Vm, args: CallArgs, def: &SlotDef) -> PyResult<()> {
    match args.args.len() {
        n if n != 1 && !args.has_keywords() => {
            Err(vm.type_error(format!("{} expected 1 argument, got {n}", def.name)))
        }
        _ => arity(vm, args, 1, 1, def),
    }
}

fn missing(vm: &Vm, def: &SlotDef) -> Raised {
    vm.type_error(format!("slot of '{}' is empty", def.name))
}

/// Calls the slot of `owner` behind a special method on `this`.
pub fn call_slot(vm: &Vm, def: &SlotDef, owner: TypeRef, this: Value, args: CallArgs) -> PyResult {
    let s = owner.slots();
    let a = args.args;
    let none = || Ok(vm.none_ref());
    macro_rules! slot {
        ($e:expr) => {
            match $e {
                Some(f) => f,
                None => return Err(missing(vm, def)),
            }
        };
    }
    macro_rules! unary {
        ($e:expr) => {{
            arity(vm, args, 0, 0, def)?;
            slot!($e)(vm, this)
        }};
    }
    macro_rules! binary {
        ($e:expr) => {{
            arity(vm, args, 1, 1, def)?;
            slot!($e)(vm, this, a[0])
        }};
    }
    match def.id {
        SlotId::New | SlotId::GetAttr | SlotId::Del => Err(missing(vm, def)),
        SlotId::Init => slot!(s.init)(vm, this, args).and_then(|()| none()),
        SlotId::Call => slot!(s.call)(vm, this, args),
        SlotId::Repr => unary!(s.repr),
        SlotId::Str => unary!(s.str),
        SlotId::Hash => unary!(s.hash).map(|h| vm.new_int(h)),
        SlotId::GetAttribute => binary!(s.get_attr),
        SlotId::SetAttr => {
            arity(vm, args, 2, 2, def)?;
            check_setattr(vm, def, owner, this)?;
            slot!(s.set_attr)(vm, this, a[0], a[1]).and_then(|()| none())
        }
        SlotId::DelAttr => {
            arity(vm, args, 1, 1, def)?;
            check_setattr(vm, def, owner, this)?;
            slot!(s.set_attr)(vm, this, a[0], Value::NULL).and_then(|()| none())
        }
        SlotId::DescrGet => {
            arity(vm, args, 1, 2, def)?;
            let obj = if a[0].is(vm.none()) { Value::NULL } else { a[0] };
            let ty = a.get(1).copied().filter(|t| !t.is(vm.none())).unwrap_or(Value::NULL);
            if obj.is_null() && ty.is_null() {
                return Err(vm.type_error("__get__(None, None) is invalid"));
            }
            slot!(s.descr_get)(vm, this, obj, ty)
        }
        SlotId::DescrSet => {
            arity(vm, args, 2, 2, def)?;
            slot!(s.descr_set)(vm, this, a[0], a[1]).and_then(|()| none())
        }
        SlotId::DescrDelete => {
            arity(vm, args, 1, 1, def)?;
            slot!(s.descr_set)(vm, this, a[0], Value::NULL).and_then(|()| none())
        }
        SlotId::Compare(op) => {
            arity(vm, args, 1, 1, def)?;
            slot!(s.compare)(vm, this, a[0], op)
        }
        SlotId::Iter => unary!(s.iter),
        SlotId::Next => match unary!(s.next)? {
            Some(v) => Ok(v),
            None => Err(vm.stop_iteration(Value::NULL)),
        },
        SlotId::Len => unary!(s.len).map(|n| vm.new_int(n as i64)),
        SlotId::GetItem => binary!(s.get_item),
        SlotId::SetItem => {
            arity(vm, args, 2, 2, def)?;
            slot!(s.set_item)(vm, this, a[0], a[1]).and_then(|()| none())
        }
        SlotId::DelItem => {
            arity(vm, args, 1, 1, def)?;
            slot!(s.set_item)(vm, this, a[0], Value::NULL).and_then(|()| none())
        }
        SlotId::Contains => binary!(s.contains).map(|b| vm.bool_ref(b)),
        SlotId::Bool => unary!(s.bool_).map(|b| vm.bool_ref(b)),
        SlotId::Binary(BinaryOp::Power) => {
            one_or_two_arguments(vm, args, def)?;
            match (a.get(1), s.pow_mod) {
                (Some(&m), Some(f)) if !m.is(vm.none()) => f(vm, this, a[0], m),
                _ => slot!(s.binary[BinaryOp::Power as usize])(vm, this, a[0]),
            }
        }
        SlotId::Reflected(BinaryOp::Power) => {
            one_or_two_arguments(vm, args, def)?;
            match (a.get(1), s.pow_mod) {
                (Some(&m), Some(f)) if !m.is(vm.none()) => f(vm, a[0], this, m),
                _ => slot!(s.binary[BinaryOp::Power as usize])(vm, a[0], this),
            }
        }
        SlotId::Binary(op) => binary!(s.binary[op as usize]),
        SlotId::Reflected(op) => {
            arity(vm, args, 1, 1, def)?;
            slot!(s.binary[op as usize])(vm, a[0], this)
        }
        SlotId::Inplace(op) => binary!(s.inplace[op as usize]),
        SlotId::Concat => binary!(s.concat),
        SlotId::Repeat | SlotId::ReflectedRepeat => binary!(s.repeat),
        SlotId::InplaceConcat => binary!(s.inplace_concat),
        SlotId::InplaceRepeat => binary!(s.inplace_repeat),
        SlotId::Neg => unary!(s.neg),
        SlotId::Pos => unary!(s.pos),
        SlotId::Abs => unary!(s.abs),
        SlotId::Invert => unary!(s.invert),
        SlotId::Int => unary!(s.int),
        SlotId::Float => unary!(s.float),
        SlotId::Index => unary!(s.index),
        SlotId::Await => unary!(s.await_),
        SlotId::Aiter => unary!(s.aiter),
        SlotId::Anext => unary!(s.anext),
        SlotId::Buffer => {
            one_argument(vm, args, def)?;
            let flags = item::to_index(vm, a[0], shape::OVERFLOW_ERROR)?;
            let Ok(flags) = i32::try_from(flags) else {
                return Err(vm.overflow_error("buffer flags out of range"));
            };
            let exported = slot!(s.get_buffer)(vm, this, flags)?;
            Ok(memoryview::of_exported(vm, exported))
        }
        SlotId::ReleaseBuffer => {
            one_argument(vm, args, def)?;
            memoryview::release_of(vm, this, a[0]).and_then(|()| none())
        }
    }
}

/// `object.__setattr__` must not get around a built-in base's own rules (the "Carlo Verre hack").
fn check_setattr(vm: &Vm, def: &SlotDef, owner: TypeRef, this: Value) -> PyResult<()> {
    let native = vm.type_of(this).mro().iter().find(|t| !t.is_heap());
    match native {
        Some(n) if n.slots().set_attr.map(|f| f as usize) != owner.slots().set_attr.map(|f| f as usize)
            && n.layout() != shape::OBJECT =>
        {
            Err(vm.type_error(format!(
                "can't apply this {} to {} object",
                def.name,
                vm.type_of(this).name()
            )))
        }
        _ => Ok(()),
    }
}
