//! From special methods defined in Python to native slots: what makes `len(x)` call `__len__`.

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::object;
use crate::protocol::{attr, call, object as obj_protocol, truth};
use crate::protocol::buffer::Exported;
use crate::protocol::number::BinaryOp;
use crate::shape;
use crate::types::memoryview::exporter;
use crate::types::native::WrapperDescriptor;
use crate::types::slot_call;
use crate::types::slots::{BinaryFn, CompareOp, SLOT_DEFS, SlotDef, SlotId, Slots};
use crate::types::type_::{Type, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Recomputes all slots of a class written in Python, from its MRO.
pub fn update_all(vm: &Vm, ty: TypeRef) {
    let mut s = ty.base().map(|b| *b.slots()).unwrap_or_default();
    let mut seen: Vec<SlotId> = Vec::new();
    for d in SLOT_DEFS {
        let key = canonical(d.id);
        if !seen.contains(&key) {
            seen.push(key);
            update_one(vm, ty, key, &mut s);
        }
    }
    set_attribute_flags(vm, ty);
    ty.update_slots(|slots| {
        s.drop = slots.drop.or(s.drop);
        *slots = s;
    });
}

/// Recomputes the slots that one name stands for, in a class and all that derive from it.
pub fn update_name(vm: &Vm, ty: TypeRef, name: &str) {
    if !SLOT_DEFS.iter().any(|d| d.name == name) {
        return;
    }
    // Bases before what derives from them, without recursion: hierarchies may be deep.
    let mut waiting = vec![ty];
    while let Some(ty) = waiting.pop() {
        update_all(vm, ty);
        waiting.extend(ty.subclasses());
    }
}

/// Several special methods share one slot: the id that stands for the slot.
fn canonical(id: SlotId) -> SlotId {
    match id {
        SlotId::Reflected(op) => SlotId::Binary(op),
        SlotId::DelAttr => SlotId::SetAttr,
        SlotId::DelItem => SlotId::SetItem,
        SlotId::DescrDelete => SlotId::DescrSet,
        SlotId::GetAttr => SlotId::GetAttribute,
        SlotId::Compare(_) => SlotId::Compare(CompareOp::Eq),
        SlotId::ReflectedRepeat => SlotId::Repeat,
        id => id,
    }
}

fn update_one(vm: &Vm, ty: TypeRef, slot: SlotId, s: &mut Slots) {
    let mut generic = false;
    let mut native: Option<TypeRef> = None;
    let mut found = false;
    for d in SLOT_DEFS.iter().filter(|d| canonical(d.id) == slot) {
        let Some((v, _)) = ty.lookup_slow(vm.intern(d.name)) else { continue };
        found = true;
        if slot == SlotId::New {
            match slot_call::new_function_owner(v) {
                // Whosever it is, instances are made as those of the built-in base are.
                Some(_) => native = built_in_base(ty),
                None => generic = true,
            }
            continue;
        }
        if d.id == SlotId::Hash && v.is(vm.none()) {
            s.hash = None;
            return;
        }
        match v.cast_exact::<WrapperDescriptor>() {
            // Another class's: the wrapper's own check will refuse the instances.
            Some(w) if !ty.is_subtype(w.owner) => generic = true,
            // Entries that share a name belong to the slot that the wrapper was made for.
            Some(w) if w.def.id == d.id => match native {
                Some(n) if !n.is(w.owner) && differs(n, w.owner, slot) => generic = true,
                _ => native = Some(w.owner),
            },
            Some(w) if w.def.name == d.name => found = native.is_some() || generic,
            _ => generic = true,
        }
    }
    if generic {
        if is_sequence_only(slot) {
            // A class written in Python implements `+` and `*` by the numeric slot.
            clear(s, slot);
        } else {
            set_generic(s, slot);
        }
    } else if let Some(owner) = native {
        s.copy_from(owner.slots(), slot);
    } else if !found {
        clear(s, slot);
    }
}

/// The built-in type that a class derives its layout from.
fn built_in_base(ty: TypeRef) -> Option<TypeRef> {
    let mut t = Some(ty);
    while t.is_some_and(|t| t.is_heap()) {
        t = t.and_then(|t| t.base());
    }
    t
}

fn is_sequence_only(slot: SlotId) -> bool {
    matches!(slot, SlotId::Concat | SlotId::Repeat | SlotId::InplaceConcat | SlotId::InplaceRepeat)
}

fn differs(a: TypeRef, b: TypeRef, slot: SlotId) -> bool {
    match slot {
        SlotId::Compare(_) => a.slots().compare.map(|f| f as usize) != b.slots().compare.map(|f| f as usize),
        SlotId::Binary(op) => {
            a.slots().binary[op as usize].map(|f| f as usize) != b.slots().binary[op as usize].map(|f| f as usize)
        }
        _ => false,
    }
}

fn clear(s: &mut Slots, slot: SlotId) {
    s.copy_from(&Slots::default(), slot);
}

fn set_attribute_flags(vm: &Vm, ty: TypeRef) {
    let python = |name: Value| match ty.lookup_slow(name) {
        Some((v, _)) => !v.has_shape(shape::WRAPPER_DESCRIPTOR),
        None => false,
    };
    let n = vm.names();
    ty.set_flag(flags::CUSTOM_GETATTR, python(n.__getattribute__) || python(n.__getattr__));
    ty.set_flag(flags::CUSTOM_SETATTR, python(n.__setattr__) || python(n.__delattr__));
}

/// Calls a special method found on the type of `this`; `None` if there is none.
fn call_special(vm: &Vm, this: Value, name: Value, args: &[Value]) -> PyResult<Option<Ref>> {
    match attr::lookup_method(vm, this, name)? {
        None => Ok(None),
        Some(m) => m.call(vm, args).map(Some),
    }
}

fn special(vm: &Vm, this: Value, name: Value, args: &[Value]) -> PyResult {
    match call_special(vm, this, name, args)? {
        Some(r) => Ok(r),
        None => Err(vm.attribute_error(
            this,
            name,
            format!("'{}' object has no attribute '{}'", vm.type_of(this).full_name(), obj_protocol::text(name)),
        )),
    }
}

macro_rules! unary_slots {
    ($($field:ident = $name:ident;)*) => {
        $(fn $field(vm: &Vm, this: Value) -> PyResult { special(vm, this, vm.names().$name, &[]) })*
    };
}

mod unary {
    use super::*;
    unary_slots! {
        repr = __repr__; str = __str__; iter = __iter__; neg = __neg__; pos = __pos__;
        abs = __abs__; invert = __invert__; int = __int__; float = __float__; index = __index__;
        await_ = __await__; aiter = __aiter__; anext = __anext__;
    }
    pub(super) fn set(s: &mut Slots, id: SlotId) -> bool {
        match id {
            SlotId::Repr => s.repr = Some(repr),
            SlotId::Str => s.str = Some(str),
            SlotId::Iter => s.iter = Some(iter),
            SlotId::Neg => s.neg = Some(neg),
            SlotId::Pos => s.pos = Some(pos),
            SlotId::Abs => s.abs = Some(abs),
            SlotId::Invert => s.invert = Some(invert),
            SlotId::Int => s.int = Some(int),
            SlotId::Float => s.float = Some(float),
            SlotId::Index => s.index = Some(index),
            SlotId::Await => s.await_ = Some(await_),
            SlotId::Aiter => s.aiter = Some(aiter),
            SlotId::Anext => s.anext = Some(anext),
            _ => return false,
        }
        true
    }
}

macro_rules! binary_slots {
    ($($op:ident: $name:ident, $reflected:ident, $inplace:ident;)*) => {
        #[allow(non_snake_case)]
        mod binary {
            use super::*;
            $(pub fn $op(vm: &Vm, a: Value, b: Value) -> PyResult {
                let n = vm.names();
                python_binary(vm, a, b, n.$name, n.$reflected, |s| s.binary[BinaryOp::$op as usize], $op)
            })*
        }
        #[allow(non_snake_case)]
        mod inplace {
            use super::*;
            $(pub fn $op(vm: &Vm, a: Value, b: Value) -> PyResult {
                match call_special(vm, a, vm.names().$inplace, &[b])? {
                    Some(r) => Ok(r),
                    None => Ok(vm.not_implemented().to_ref()),
                }
            })*
        }
        fn binary_fn(op: BinaryOp) -> BinaryFn {
            match op { $(BinaryOp::$op => binary::$op,)* BinaryOp::Divmod => divmod }
        }
        fn inplace_fn(op: BinaryOp) -> Option<BinaryFn> {
            match op { $(BinaryOp::$op => Some(inplace::$op),)* BinaryOp::Divmod => None }
        }
    };
}

binary_slots! {
    Add: __add__, __radd__, __iadd__;
    And: __and__, __rand__, __iand__;
    FloorDivide: __floordiv__, __rfloordiv__, __ifloordiv__;
    Lshift: __lshift__, __rlshift__, __ilshift__;
    MatrixMultiply: __matmul__, __rmatmul__, __imatmul__;
    Multiply: __mul__, __rmul__, __imul__;
    Remainder: __mod__, __rmod__, __imod__;
    Or: __or__, __ror__, __ior__;
    Power: __pow__, __rpow__, __ipow__;
    Rshift: __rshift__, __rrshift__, __irshift__;
    Subtract: __sub__, __rsub__, __isub__;
    TrueDivide: __truediv__, __rtruediv__, __itruediv__;
    Xor: __xor__, __rxor__, __ixor__;
}

fn divmod(vm: &Vm, a: Value, b: Value) -> PyResult {
    let n = vm.names();
    python_binary(vm, a, b, n.__divmod__, n.__rdivmod__, |s| s.binary[BinaryOp::Divmod as usize], divmod)
}

/// The number slot of a class written in Python, of two operands.
fn python_binary(
    vm: &Vm,
    a: Value,
    b: Value,
    name: Value,
    reflected: Value,
    slot: fn(&Slots) -> Option<BinaryFn>,
    me: BinaryFn,
) -> PyResult {
    let is_me = |t: TypeRef| slot(t.slots()).is_some_and(|f| f as usize == me as usize);
    python_operator(vm, (a, [b]), (b, [a]), [name, reflected], is_me)
}

/// An operator of a class written in Python: its own method, or the other side's reflected one. Each
/// side comes with what its method is given. `is_me` says whether a type has this slot.
#[inline(always)]
fn python_operator<const N: usize>(
    vm: &Vm,
    (a, for_a): (Value, [Value; N]),
    (b, for_b): (Value, [Value; N]),
    [name, reflected]: [Value; 2],
    is_me: impl Fn(TypeRef) -> bool,
) -> PyResult {
    let (ta, tb) = (vm.type_of(a), vm.type_of(b));
    let do_other = !ta.is(tb) && is_me(tb);
    let declined = |r: &Ref| r.is(vm.not_implemented());
    if is_me(ta) {
        if do_other && tb.is_subtype(ta) && overrides(vm, ta, tb, reflected) {
            if let Some(r) = call_special(vm, b, reflected, &for_b)?
                && !declined(&r)
            {
                return Ok(r);
            }
            return match call_special(vm, a, name, &for_a)? {
                Some(r) => Ok(r),
                None => Ok(vm.not_implemented().to_ref()),
            };
        }
        if let Some(r) = call_special(vm, a, name, &for_a)?
            && (!declined(&r) || ta.is(tb))
        {
            return Ok(r);
        }
    }
    if do_other && let Some(r) = call_special(vm, b, reflected, &for_b)? {
        return Ok(r);
    }
    Ok(vm.not_implemented().to_ref())
}

/// Whether the right side's class defines the reflected method differently than the left side's.
fn overrides(vm: &Vm, left: TypeRef, right: TypeRef, reflected: Value) -> bool {
    match (left.lookup(vm, reflected), right.lookup(vm, reflected)) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(l), Some(r)) => !l.is(r),
    }
}

fn set_generic(s: &mut Slots, id: SlotId) {
    if id == SlotId::Iter {
        s.iter = Some(slot_iter);
        return;
    }
    if unary::set(s, id) {
        return;
    }
    match id {
        SlotId::New => s.new = Some(slot_new),
        SlotId::Init => s.init = Some(slot_init),
        SlotId::Call => s.call = Some(slot_call_),
        SlotId::Hash => s.hash = Some(slot_hash),
        SlotId::GetAttribute => s.get_attr = Some(slot_getattr),
        SlotId::SetAttr => s.set_attr = Some(slot_setattr),
        SlotId::DescrGet => s.descr_get = Some(slot_descr_get),
        SlotId::DescrSet => s.descr_set = Some(slot_descr_set),
        SlotId::Compare(_) => s.compare = Some(slot_compare),
        SlotId::Next => s.next = Some(slot_next),
        SlotId::Len => s.len = Some(slot_len),
        SlotId::GetItem => s.get_item = Some(|vm, o, k| special(vm, o, vm.names().__getitem__, &[k])),
        SlotId::SetItem => s.set_item = Some(slot_setitem),
        SlotId::Contains => s.contains = Some(slot_contains),
        SlotId::Bool => s.bool_ = Some(slot_bool),
        SlotId::Binary(op) => {
            s.binary[op as usize] = Some(binary_fn(op));
            if op == BinaryOp::Power {
                s.pow_mod = Some(slot_pow_mod);
            }
        }
        SlotId::Inplace(op) => s.inplace[op as usize] = inplace_fn(op),
        SlotId::Buffer => s.get_buffer = Some(slot_get_buffer),
        SlotId::ReleaseBuffer => s.release_buffer = Some(slot_release_buffer),
        SlotId::Del => s.finalize = Some(slot_finalize),
        _ => {}
    }
}

/// `__iter__ = None` says that the class cannot be iterated, whatever else it has.
fn slot_iter(vm: &Vm, this: Value) -> PyResult {
    let n = vm.names();
    if vm.type_of(this).lookup(vm, n.__iter__).is_some_and(|f| f.is(vm.none())) {
        return Err(vm.type_error(format!(
            "'{}' object is not iterable",
            vm.type_of(this).full_name()
        )));
    }
    special(vm, this, n.__iter__, &[])
}

fn slot_pow_mod(vm: &Vm, a: Value, b: Value, m: Value) -> PyResult {
    let n = vm.names();
    let is_me = |t: TypeRef| t.slots().pow_mod.is_some_and(|f| f as usize == slot_pow_mod as *const () as usize);
    python_operator(vm, (a, [b, m]), (b, [a, m]), [n.__pow__, n.__rpow__], is_me)
}

fn slot_new(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    let f = attr::get(vm, ty.value(), vm.names().__new__)?;
    let mut all = Vec::with_capacity(args.args.len() + 1);
    all.push(ty.value());
    all.extend_from_slice(args.args);
    call::call(vm, f.value(), CallArgs { args: &all, kwnames: args.kwnames })
}

fn slot_init(vm: &Vm, this: Value, args: CallArgs) -> PyResult<()> {
    let Some(m) = attr::lookup_method(vm, this, vm.names().__init__)? else { return Ok(()) };
    let r = m.call_with(vm, args)?;
    if !r.is(vm.none()) {
        return Err(vm.type_error(format!(
            "__init__() should return None, not '{}'",
            vm.type_of(r.value()).full_name()
        )));
    }
    Ok(())
}

fn slot_call_(vm: &Vm, this: Value, args: CallArgs) -> PyResult {
    match attr::lookup_method(vm, this, vm.names().__call__)? {
        Some(m) => m.call_with(vm, args),
        None => Err(vm.type_error(format!("'{}' object is not callable", vm.type_of(this).full_name()))),
    }
}

fn slot_hash(vm: &Vm, this: Value) -> PyResult<i64> {
    let r = special(vm, this, vm.names().__hash__, &[])?;
    if vm.type_of(r.value()).is_subtype(vm.builtin(shape::INT)) {
        return crate::types::int::hash_of_result(vm, r.value());
    }
    Err(vm.type_error("__hash__ method should return an integer"))
}

fn slot_getattr(vm: &Vm, this: Value, name: Value) -> PyResult {
    let n = vm.names();
    let ty = vm.type_of(this);
    let getattribute = ty.lookup(vm, n.__getattribute__);
    let first = match getattribute {
        Some(f) if f.has_shape(shape::WRAPPER_DESCRIPTOR) => match f.cast_exact::<WrapperDescriptor>() {
            Some(w) => match w.owner.slots().get_attr {
                Some(f) => f(vm, this, name),
                None => attr::generic_get(vm, this, name),
            },
            None => attr::generic_get(vm, this, name),
        },
        _ => special(vm, this, n.__getattribute__, &[name]),
    };
    match first {
        Err(e) if e.is(vm, shape::ATTRIBUTE_ERROR) && ty.lookup(vm, n.__getattr__).is_some() => {
            special(vm, this, n.__getattr__, &[name])
        }
        r => r,
    }
}

fn slot_setattr(vm: &Vm, this: Value, name: Value, v: Value) -> PyResult<()> {
    let n = vm.names();
    if v.is_null() {
        special(vm, this, n.__delattr__, &[name])?;
    } else {
        special(vm, this, n.__setattr__, &[name, v])?;
    }
    Ok(())
}

fn slot_descr_get(vm: &Vm, d: Value, obj: Value, ty: Value) -> PyResult {
    let or_none = |v: Value| v.non_null().unwrap_or(vm.none());
    match call_special(vm, d, vm.names().__get__, &[or_none(obj), or_none(ty)])? {
        Some(r) => Ok(r),
        None => Ok(d.to_ref()),
    }
}

fn slot_descr_set(vm: &Vm, d: Value, obj: Value, v: Value) -> PyResult<()> {
    let n = vm.names();
    let r = if v.is_null() { special(vm, d, n.__delete__, &[obj]) } else { special(vm, d, n.__set__, &[obj, v]) };
    r.map(drop)
}

fn slot_compare(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    let n = vm.names();
    let name = match op {
        CompareOp::Lt => n.__lt__,
        CompareOp::Le => n.__le__,
        CompareOp::Eq => n.__eq__,
        CompareOp::Ne => n.__ne__,
        CompareOp::Gt => n.__gt__,
        CompareOp::Ge => n.__ge__,
    };
    match attr::lookup_method(vm, a, name) {
        Ok(Some(m)) => m.call(vm, &[b]),
        Ok(None) => Ok(vm.not_implemented().to_ref()),
        // A property that says that there is no such method.
        Err(e) if e.is(vm, shape::ATTRIBUTE_ERROR) => Ok(vm.not_implemented().to_ref()),
        Err(e) => Err(e),
    }
}

fn slot_next(vm: &Vm, this: Value) -> PyResult<Option<Ref>> {
    match special(vm, this, vm.names().__next__, &[]) {
        Ok(v) => Ok(Some(v)),
        Err(e) => Err(e),
    }
}

fn slot_len(vm: &Vm, this: Value) -> PyResult<usize> {
    let r = special(vm, this, vm.names().__len__, &[])?;
    crate::protocol::number::as_length(vm, r.value(), "__len__() should return >= 0")
}

fn slot_setitem(vm: &Vm, o: Value, k: Value, v: Value) -> PyResult<()> {
    let n = vm.names();
    let r = if v.is_null() { special(vm, o, n.__delitem__, &[k]) } else { special(vm, o, n.__setitem__, &[k, v]) };
    r.map(drop)
}

fn slot_contains(vm: &Vm, o: Value, k: Value) -> PyResult<bool> {
    let ty = vm.type_of(o);
    match ty.lookup(vm, vm.names().__contains__) {
        Some(f) if f.is(vm.none()) => {
            Err(vm.type_error(format!("'{}' object is not a container", ty.full_name())))
        }
        _ => {
            let r = special(vm, o, vm.names().__contains__, &[k])?;
            truth::truth(vm, r.value())
        }
    }
}

fn slot_bool(vm: &Vm, this: Value) -> PyResult<bool> {
    let r = special(vm, this, vm.names().__bool__, &[])?;
    if r.is(vm.true_()) {
        Ok(true)
    } else if r.is(vm.false_()) {
        Ok(false)
    } else {
        Err(vm.type_error(format!(
            "__bool__ should return bool, returned {}",
            vm.type_of(r.value()).full_name()
        )))
    }
}

fn slot_get_buffer(vm: &Vm, this: Value, flags: i32) -> PyResult<Exported> {
    let view = special(vm, this, vm.names().__buffer__, &[Value::small_int(flags.into())])?;
    exporter::of_returned(vm, this, view, flags)
}

/// `__release_buffer__`: an exception in it is reported, not raised.
fn slot_release_buffer(vm: &Vm, this: Value, view: Value) {
    let told = || special(vm, this, vm.names().__release_buffer__, &[view]);
    if let Err(e) = object::in_finalizer(vm, told) {
        let what = format!("Exception ignored in __release_buffer__ of {}", vm.type_of(this).full_name());
        crate::native::sys::hooks::unraisable(vm, &e, Some(&what), Value::NULL);
    }
}

/// `__del__`: an exception in it is reported, not raised.
fn slot_finalize(vm: &Vm, this: Value) {
    if let Err(e) = object::in_finalizer(vm, || call_special(vm, this, vm.names().__del__, &[])) {
        let del = vm.type_of(this).lookup(vm, vm.names().__del__).unwrap_or(this).to_ref();
        crate::runtime::unraisable_while(vm, e, "calling deallocator", del.value());
    }
}

/// Whether a name is one of a special method with a slot.
pub fn is_slot_name(name: &str) -> bool {
    name.starts_with("__") && SLOT_DEFS.iter().any(|d: &SlotDef| d.name == name)
}

/// For the interpreter: the plain Python-level `__init__`, `__getitem__`... of a class, if its
/// slot is the generic one.
pub fn uses_generic_init(ty: &Type) -> bool {
    ty.slots().init.is_some_and(|f| f as usize == slot_init as *const () as usize)
}

pub fn uses_generic_getitem(ty: &Type) -> bool {
    ty.slots().get_item.is_some() && ty.is_heap()
}
