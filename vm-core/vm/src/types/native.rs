//! Callables and descriptors that wrap native code: built-in functions and methods, method,
//! wrapper, getset and member descriptors.

use std::borrow::Cow;
use std::cell::Cell;

use crate::args::{CallArgs, FunctionName, Signature};
use crate::error::{PyResult, Raised};
use crate::object::{self, Header, Payload};
use crate::protocol::attr;
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::slots::{CompareOp, SlotDef};
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, MethodKind, New, Type, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A callable's parsed signature, looked up when it is first called.
#[derive(Default)]
struct LazySignature(Cell<Option<&'static Signature>>);

impl LazySignature {
    #[inline(always)]
    fn get(&self, vm: &Vm, def: &MethodDef) -> &'static Signature {
        match self.0.get() {
            Some(s) => s,
            None => {
                let s = vm.signatures.get(def.sig);
                self.0.set(Some(s));
                s
            }
        }
    }
}

/// A function of a native module, or a native method bound to an object or class.
#[repr(C)]
pub struct BuiltinFunction {
    header: Header,
    pub def: &'static MethodDef,
    signature: LazySignature,
    /// The object, class or module it is bound to; NULL for none.
    pub this: Value,
    /// `__module__`, a str, or None.
    module: Ref,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for BuiltinFunction {
    const SHAPE: u32 = shape::BUILTIN_FUNCTION;
}

impl Drop for BuiltinFunction {
    fn drop(&mut self) {
        // SAFETY: `this` was taken over when the function was made.
        unsafe { self.this.release() }
    }
}

impl BuiltinFunction {
    /// A native callable; `this` is bound as the first parameter if the signature has a `$self`.
    pub fn new(vm: &Vm, def: &'static MethodDef, this: Value, module: Option<Value>) -> Ref {
        object::new(BuiltinFunction {
            header: object::header(),
            def,
            signature: LazySignature::default(),
            this: this.dup_owned(),
            module: module.unwrap_or(vm.none()).to_ref(),
        })
    }

    /// 0 or 1 when it takes exactly that many arguments, positional ones, besides a bound self
    /// (CPython's METH_NOARGS and METH_O).
    pub fn simple_arity(&self, vm: &Vm) -> Option<usize> {
        self.signature.get(vm, self.def).simple_arity()
    }

    /// Calls it with arguments that are known to fit ([`BuiltinFunction::simple_arity`]).
    #[inline]
    pub fn call_exact(&self, vm: &Vm, args: &[Value]) -> PyResult {
        self.call(vm, CallArgs::positional(args))
    }

    /// Calls it.
    #[inline]
    pub fn call(&self, vm: &Vm, args: CallArgs) -> PyResult {
        let sig = self.signature.get(vm, self.def);
        let first = if sig.has_self { Some(self.this.non_null().unwrap_or(vm.none())) } else { None };
        sig.bind(vm, self, first, args, |bound| (self.def.func)(vm, bound))
    }
}

impl FunctionName for BuiltinFunction {
    fn plain(&self) -> Cow<'_, str> {
        self.def.name.into()
    }

    fn qualified(&self, vm: &Vm) -> String {
        let name = self.def.name;
        if let Some(module) = self.module.cast::<PyStr>() {
            return match module.to_string_lossy().as_str() {
                "builtins" => name.to_owned(),
                module => format!("{module}.{name}"),
            };
        }
        match self.this.non_null() {
            None => name.to_owned(),
            Some(this) => {
                let ty = Type::from_value(this).unwrap_or_else(|| vm.type_of(this));
                format!("{}.{name}", ty.name())
            }
        }
    }
}

impl FunctionName for MethodDescriptor {
    fn plain(&self) -> Cow<'_, str> {
        self.def.name.into()
    }

    fn qualified(&self, _vm: &Vm) -> String {
        format!("{}.{}", self.owner.name(), self.def.name)
    }
}

/// [`MemberDescriptor::index`] where instances vary in size, so that no place is the same in all:
/// their members are in a dictionary that only their descriptors look at.
pub const IN_PREFIX: usize = usize::MAX;

/// A native method of a type, not bound yet.
#[repr(C)]
pub struct MethodDescriptor {
    header: Header,
    pub def: &'static MethodDef,
    signature: LazySignature,
    pub owner: TypeRef,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for MethodDescriptor {
    const SHAPE: u32 = shape::METHOD_DESCRIPTOR;
}

impl MethodDescriptor {
    /// 0 or 1 when it takes exactly that many arguments, positional ones, besides self.
    pub fn simple_arity(&self, vm: &Vm) -> Option<usize> {
        self.signature.get(vm, self.def).simple_arity()
    }

    /// Calls the method with the object as the first of `args`.
    #[inline]
    pub fn call(&self, vm: &Vm, args: CallArgs) -> PyResult {
        match args.positional_args().first() {
            Some(&this) if vm.type_of(this).is_subtype(self.owner) => {
                let rest = CallArgs { args: &args.args[1..], kwnames: args.kwnames };
                let sig = self.signature.get(vm, self.def);
                if rest.kwnames.is_none() && sig.is_exact(args.args.len()) {
                    return (self.def.func)(vm, args.args);
                }
                sig.bind(vm, self, Some(this), rest, |b| (self.def.func)(vm, b))
            }
            Some(&this) => Err(self.wrong_self(vm, this)),
            None => Err(vm.type_error(format!(
                "unbound method {}.{}() needs an argument",
                self.owner.name(),
                self.def.name
            ))),
        }
    }

    #[cold]
    fn wrong_self(&self, vm: &Vm, this: Value) -> Raised {
        vm.type_error(format!(
            "descriptor '{}' for '{}' objects doesn't apply to a '{}' object",
            self.def.name,
            self.owner.full_name(),
            vm.type_of(this).full_name()
        ))
    }
}

/// A native class method in a type's dictionary.
#[repr(C)]
pub struct ClassMethodDescriptor {
    header: Header,
    pub def: &'static MethodDef,
    pub owner: TypeRef,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for ClassMethodDescriptor {
    const SHAPE: u32 = shape::CLASSMETHOD_DESCRIPTOR;
}

/// A special method of a built-in type: calls the type's slot.
#[repr(C)]
pub struct WrapperDescriptor {
    header: Header,
    pub def: &'static SlotDef,
    pub owner: TypeRef,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for WrapperDescriptor {
    const SHAPE: u32 = shape::WRAPPER_DESCRIPTOR;
}

impl WrapperDescriptor {
    pub fn call(&self, vm: &Vm, args: CallArgs) -> PyResult {
        match args.positional_args().first() {
            Some(&this) if vm.type_of(this).is_subtype(self.owner) => {
                let rest = CallArgs { args: &args.args[1..], kwnames: args.kwnames };
                crate::types::slot_call::call_slot(vm, self.def, self.owner, this, rest)
            }
            Some(&this) => Err(vm.type_error(format!(
                "descriptor '{}' requires a '{}' object but received a '{}'",
                self.def.name,
                self.owner.full_name(),
                vm.type_of(this).full_name()
            ))),
            None => Err(vm.type_error(format!(
                "descriptor '{}' of '{}' object needs an argument",
                self.def.name,
                self.owner.full_name()
            ))),
        }
    }
}

/// A special method of a built-in type, bound to an object.
#[repr(C)]
pub struct MethodWrapper {
    header: Header,
    pub def: &'static SlotDef,
    pub owner: TypeRef,
    pub this: Ref,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for MethodWrapper {
    const SHAPE: u32 = shape::METHOD_WRAPPER;
}

/// A computed attribute of a built-in type.
#[repr(C)]
pub struct GetSetDescriptor {
    header: Header,
    pub def: &'static GetSetDef,
    pub owner: TypeRef,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for GetSetDescriptor {
    const SHAPE: u32 = shape::GETSET_DESCRIPTOR;
}

/// A `__slots__` member.
#[repr(C)]
pub struct MemberDescriptor {
    header: Header,
    pub name: Ref,
    pub owner: TypeRef,
    /// Index among the instance's values, or [`IN_PREFIX`].
    pub index: usize,
    /// A plain field of a built-in type instead (`index` is unused then).
    pub def: Option<&'static GetSetDef>,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for MemberDescriptor {
    const SHAPE: u32 = shape::MEMBER_DESCRIPTOR;
}

impl MemberDescriptor {
    /// The dictionary of members of an instance that varies in size.
    fn hidden_dict<'a>(&self, vm: &Vm, obj: Value) -> Option<&'a PyDict> {
        if self.index != IN_PREFIX || !obj.is_object() || !vm.type_of(obj).is_subtype(self.owner) {
            return None;
        }
        // SAFETY: instances of the owner have a prefix; its dictionary lives as long as they do.
        unsafe {
            let prefix = object::prefix(obj.pointer());
            if prefix.dict().is_null() {
                prefix.set_dict(PyDict::new(vm).into_value().pointer());
            }
            Value::borrowed(prefix.dict()).cast::<PyDict>()
        }
    }

    fn slot(&self, vm: &Vm, obj: Value) -> Option<*mut Value> {
        let ty = vm.type_of(obj);
        if self.def.is_some() || self.index == IN_PREFIX || !obj.is_object() || !ty.is_subtype(self.owner) {
            return None;
        }
        // SAFETY: instances of the owner have the member at this index.
        Some(unsafe { object::values_of(obj.pointer(), ty).add(self.index) })
    }
}

/// A method descriptor for a native method.
pub fn method_descriptor(vm: &Vm, def: &'static MethodDef, owner: TypeRef) -> Ref {
    match def.kind {
        MethodKind::Plain => object::new(MethodDescriptor {
            header: object::header(),
            def,
            signature: LazySignature::default(),
            owner,
        }),
        MethodKind::Class => {
            object::new(ClassMethodDescriptor { header: object::header(), def, owner })
        }
        MethodKind::Static => {
            let f = BuiltinFunction::new(vm, def, Value::NULL, None);
            crate::types::descriptors::new_staticmethod(vm, f.value())
        }
    }
}

pub fn wrapper_descriptor(def: &'static SlotDef, owner: TypeRef) -> Ref {
    object::new(WrapperDescriptor { header: object::header(), def, owner })
}

pub fn getset_descriptor(vm: &Vm, def: &'static GetSetDef, owner: TypeRef) -> Ref {
    if def.member {
        return object::new(MemberDescriptor {
            header: object::header(),
            name: vm.intern(def.name).to_ref(),
            owner,
            index: 0,
            def: Some(def),
        });
    }
    object::new(GetSetDescriptor { header: object::header(), def, owner })
}

/// The descriptor of a `__slots__` member.
pub fn member_descriptor(name: Value, owner: TypeRef, index: usize) -> Ref {
    object::new(MemberDescriptor { header: object::header(), name: name.to_ref(), owner, index, def: None })
}

fn wrong_object(vm: &Vm, name: &str, owner: TypeRef, obj: Value) -> Raised {
    vm.type_error(format!(
        "descriptor '{}' for '{}' objects doesn't apply to a '{}' object",
        name,
        owner.full_name(),
        vm.type_of(obj).full_name()
    ))
}

fn method_descriptor_get(vm: &Vm, d: Value, obj: Value, _ty: Value) -> PyResult {
    // SAFETY: slot of this type.
    let m = unsafe { d.cast_unchecked::<MethodDescriptor>() };
    if obj.is_null() {
        return Ok(d.to_ref());
    }
    if !vm.type_of(obj).is_subtype(m.owner) {
        return Err(wrong_object(vm, m.def.name, m.owner, obj));
    }
    Ok(BuiltinFunction::new(vm, m.def, obj, None))
}

fn classmethod_descriptor_get(vm: &Vm, d: Value, obj: Value, ty: Value) -> PyResult {
    // SAFETY: slot of this type.
    let m = unsafe { d.cast_unchecked::<ClassMethodDescriptor>() };
    let cls = if ty.is_null() || ty.is(vm.none()) { vm.type_of(obj).value() } else { ty };
    match Type::from_value(cls) {
        Some(t) if t.is_subtype(m.owner) => Ok(BuiltinFunction::new(vm, m.def, cls, None)),
        _ => Err(vm.type_error(format!(
            "descriptor '{}' requires a subtype of '{}'",
            m.def.name,
            m.owner.full_name()
        ))),
    }
}

fn wrapper_descriptor_get(vm: &Vm, d: Value, obj: Value, _ty: Value) -> PyResult {
    // SAFETY: slot of this type.
    let w = unsafe { d.cast_unchecked::<WrapperDescriptor>() };
    if obj.is_null() {
        return Ok(d.to_ref());
    }
    if !vm.type_of(obj).is_subtype(w.owner) {
        return Err(wrong_object(vm, w.def.name, w.owner, obj));
    }
    Ok(object::new(MethodWrapper { header: object::header(), def: w.def, owner: w.owner, this: obj.to_ref() }))
}

fn getset_get(vm: &Vm, d: Value, obj: Value, _ty: Value) -> PyResult {
    // SAFETY: slot of this type.
    let g = unsafe { d.cast_unchecked::<GetSetDescriptor>() };
    if obj.is_null() {
        return Ok(d.to_ref());
    }
    if !vm.type_of(obj).is_subtype(g.owner) {
        return Err(wrong_object(vm, g.def.name, g.owner, obj));
    }
    (g.def.get)(vm, obj)
}

fn getset_set(vm: &Vm, d: Value, obj: Value, v: Value) -> PyResult<()> {
    // SAFETY: slot of this type.
    let g = unsafe { d.cast_unchecked::<GetSetDescriptor>() };
    if !vm.type_of(obj).is_subtype(g.owner) {
        return Err(wrong_object(vm, g.def.name, g.owner, obj));
    }
    match g.def.set {
        Some(set) => set(vm, obj, v),
        None => {
            let m = format!(
                "attribute '{}' of '{}' objects is not writable",
                g.def.name,
                g.owner.full_name()
            );
            Err(vm.attribute_error(obj, vm.intern(g.def.name), m))
        }
    }
}

fn member_get(vm: &Vm, d: Value, obj: Value, _ty: Value) -> PyResult {
    // SAFETY: slot of this type.
    let m = unsafe { d.cast_unchecked::<MemberDescriptor>() };
    if obj.is_null() {
        return Ok(d.to_ref());
    }
    if let Some(def) = m.def {
        if !vm.type_of(obj).is_subtype(m.owner) {
            return Err(wrong_object(vm, def.name, m.owner, obj));
        }
        return (def.get)(vm, obj);
    }
    let name = m.name.cast::<PyStr>().map(|s| s.to_string_lossy()).unwrap_or_default();
    let found = match (m.hidden_dict(vm, obj), m.slot(vm, obj)) {
        (Some(d), _) => d.get_str(m.name.value()),
        // SAFETY: `slot` yields a live value slot.
        (None, Some(p)) => unsafe { *p }.non_null(),
        (None, None) => return Err(wrong_object(vm, &name, m.owner, obj)),
    };
    match found {
        Some(v) => Ok(v.to_ref()),
        None => {
            let msg = format!("'{}' object has no attribute '{}'", vm.type_of(obj).full_name(), name);
            Err(vm.attribute_error(obj, m.name.value(), msg))
        }
    }
}

fn member_set(vm: &Vm, d: Value, obj: Value, v: Value) -> PyResult<()> {
    // SAFETY: slot of this type.
    let m = unsafe { d.cast_unchecked::<MemberDescriptor>() };
    let name = m.name.cast::<PyStr>().map(|s| s.to_string_lossy()).unwrap_or_default();
    if let Some(def) = m.def {
        return match def.set {
            Some(set) if vm.type_of(obj).is_subtype(m.owner) => set(vm, obj, v),
            _ => Err(vm.attribute_error(obj, m.name.value(), "readonly attribute")),
        };
    }
    let missing = || vm.attribute_error(obj, m.name.value(), &name);
    if let Some(d) = m.hidden_dict(vm, obj) {
        return match v.non_null() {
            Some(v) => d.set(vm, m.name.value(), v),
            None if d.delete(vm, m.name.value())? => Ok(()),
            None => Err(missing()),
        };
    }
    let Some(p) = m.slot(vm, obj) else {
        return Err(wrong_object(vm, &name, m.owner, obj));
    };
    // SAFETY: `slot` yields a live value slot; the old value is released after the new one is in.
    unsafe {
        let old = *p;
        if v.is_null() && old.is_null() {
            return Err(missing());
        }
        *p = v.dup_owned();
        old.release();
    }
    Ok(())
}

fn call_builtin(vm: &Vm, f: Value, args: CallArgs) -> PyResult {
    // SAFETY: slot of this type.
    unsafe { f.cast_unchecked::<BuiltinFunction>() }.call(vm, args)
}

fn call_method_descriptor(vm: &Vm, f: Value, args: CallArgs) -> PyResult {
    // SAFETY: slot of this type.
    unsafe { f.cast_unchecked::<MethodDescriptor>() }.call(vm, args)
}

fn call_wrapper_descriptor(vm: &Vm, f: Value, args: CallArgs) -> PyResult {
    // SAFETY: slot of this type.
    unsafe { f.cast_unchecked::<WrapperDescriptor>() }.call(vm, args)
}

fn call_classmethod_descriptor(vm: &Vm, f: Value, args: CallArgs) -> PyResult {
    let bound = match args.args.first() {
        Some(&cls) => classmethod_descriptor_get(vm, f, Value::NULL, cls)?,
        None => return Err(vm.type_error("descriptor of a class method needs an argument")),
    };
    call_builtin(vm, bound.value(), CallArgs { args: &args.args[1..], kwnames: args.kwnames })
}

fn call_method_wrapper(vm: &Vm, f: Value, args: CallArgs) -> PyResult {
    // SAFETY: slot of this type.
    let w = unsafe { f.cast_unchecked::<MethodWrapper>() };
    crate::types::slot_call::call_slot(vm, w.def, w.owner, w.this.value(), args)
}

fn builtin_repr(vm: &Vm, f: Value) -> PyResult {
    // SAFETY: slot of this type.
    let b = unsafe { f.cast_unchecked::<BuiltinFunction>() };
    match b.this.non_null() {
        Some(this) if !this.has_shape(shape::MODULE) => Ok(vm.new_str(&format!(
            "<built-in method {} of {} object at {:#x}>",
            b.def.name,
            vm.type_of(this).full_name(),
            crate::protocol::object::address(this)
        ))),
        _ => Ok(vm.new_str(&format!("<built-in function {}>", b.def.name))),
    }
}

fn described(vm: &Vm, kind: &str, name: &str, owner: TypeRef) -> PyResult {
    Ok(vm.new_str(&format!("<{kind} '{name}' of '{}' objects>", owner.full_name())))
}

fn method_wrapper_repr(vm: &Vm, f: Value) -> PyResult {
    // SAFETY: slot of this type.
    let w = unsafe { f.cast_unchecked::<MethodWrapper>() };
    Ok(vm.new_str(&format!(
        "<method-wrapper '{}' of {} object at {:#x}>",
        w.def.name,
        vm.type_of(w.this.value()).full_name(),
        crate::protocol::object::address(w.this.value())
    )))
}

fn builtin_qualname(vm: &Vm, f: Value) -> PyResult {
    // SAFETY: getter of this type.
    let b = unsafe { f.cast_unchecked::<BuiltinFunction>() };
    let owner = match b.this.non_null() {
        None => return Ok(vm.intern(b.def.name).to_ref()),
        Some(m) if m.has_shape(shape::MODULE) => return Ok(vm.intern(b.def.name).to_ref()),
        Some(t) => match Type::from_value(t) {
            Some(t) => t,
            None => vm.type_of(t),
        },
    };
    let qual = crate::types::type_object::qualname(owner);
    Ok(vm.new_str(&format!("{qual}.{}", b.def.name)))
}

fn doc(vm: &Vm, text: &str) -> PyResult {
    Ok(if text.is_empty() { vm.none_ref() } else { vm.new_str(text) })
}

fn text_signature(vm: &Vm, sig: &str) -> PyResult {
    Ok(if sig.is_empty() { vm.none_ref() } else { vm.new_str(sig) })
}

macro_rules! descriptor_getters {
    ($modname:ident, $ty:ident, $doc:expr, $sig:expr) => {
        #[allow(dead_code)] // Wrappers have getters of their own beside some of these.
        mod $modname {
            use super::*;
            // SAFETY (all getters): the getset descriptor checked the type.
            pub fn name(vm: &Vm, f: Value) -> PyResult {
                // SAFETY: see above.
                Ok(vm.intern(unsafe { f.cast_unchecked::<$ty>() }.def.name).to_ref())
            }
            pub fn owner(_: &Vm, f: Value) -> PyResult {
                // SAFETY: see above.
                Ok(unsafe { f.cast_unchecked::<$ty>() }.owner.to_ref())
            }
            pub fn qualname(vm: &Vm, f: Value) -> PyResult {
                // SAFETY: see above.
                let d = unsafe { f.cast_unchecked::<$ty>() };
                let q = crate::types::type_object::qualname(d.owner);
                Ok(vm.new_str(&format!("{}.{}", q, d.def.name)))
            }
            pub fn get_doc(vm: &Vm, f: Value) -> PyResult {
                // SAFETY: see above.
                let d = unsafe { f.cast_unchecked::<$ty>() };
                let text: fn(&$ty) -> &'static str = $doc;
                doc(vm, text(d))
            }
            pub fn signature(vm: &Vm, f: Value) -> PyResult {
                // SAFETY: see above.
                let d = unsafe { f.cast_unchecked::<$ty>() };
                let text: fn(&$ty) -> &'static str = $sig;
                text_signature(vm, text(d))
            }
            pub static GETSET: &[GetSetDef] = &[
                GetSetDef::member("__name__", name, ""),
                GetSetDef::member("__objclass__", owner, ""),
                GetSetDef::get("__qualname__", qualname, ""),
                GetSetDef::get("__doc__", get_doc, ""),
                GetSetDef::get("__text_signature__", signature, ""),
            ];
        }
    };
}

descriptor_getters!(method_getters, MethodDescriptor, |d| d.def.doc, |d| d.def.sig);
descriptor_getters!(classmethod_getters, ClassMethodDescriptor, |d| d.def.doc, |d| d.def.sig);
descriptor_getters!(wrapper_getters, WrapperDescriptor, |d| d.def.doc, |d| d.def.sig);
descriptor_getters!(method_wrapper_getters, MethodWrapper, |d| d.def.doc, |d| d.def.sig);
descriptor_getters!(getset_getters, GetSetDescriptor, |d| d.def.doc, |_| "");

fn member_name(_: &Vm, f: Value) -> PyResult {
    // SAFETY: getter of this type.
    Ok(unsafe { f.cast_unchecked::<MemberDescriptor>() }.name.clone())
}

fn member_owner(_: &Vm, f: Value) -> PyResult {
    // SAFETY: getter of this type.
    Ok(unsafe { f.cast_unchecked::<MemberDescriptor>() }.owner.to_ref())
}

fn member_doc(vm: &Vm, f: Value) -> PyResult {
    // SAFETY: getter of this type.
    doc(vm, unsafe { f.cast_unchecked::<MemberDescriptor>() }.def.map_or("", |d| d.doc))
}

fn builtin_name(vm: &Vm, f: Value) -> PyResult {
    // SAFETY: getter of this type.
    Ok(vm.intern(unsafe { f.cast_unchecked::<BuiltinFunction>() }.def.name).to_ref())
}

fn builtin_doc(vm: &Vm, f: Value) -> PyResult {
    // SAFETY: getter of this type.
    doc(vm, unsafe { f.cast_unchecked::<BuiltinFunction>() }.def.doc)
}

fn builtin_signature(vm: &Vm, f: Value) -> PyResult {
    // SAFETY: getter of this type.
    text_signature(vm, unsafe { f.cast_unchecked::<BuiltinFunction>() }.def.sig)
}

fn builtin_self(vm: &Vm, f: Value) -> PyResult {
    // SAFETY: getter of this type.
    Ok(unsafe { f.cast_unchecked::<BuiltinFunction>() }.this.non_null().unwrap_or(vm.none()).to_ref())
}

fn builtin_module(_: &Vm, f: Value) -> PyResult {
    // SAFETY: getter of this type.
    Ok(unsafe { f.cast_unchecked::<BuiltinFunction>() }.module.clone())
}

fn method_wrapper_self(_: &Vm, f: Value) -> PyResult {
    // SAFETY: getter of this type.
    Ok(unsafe { f.cast_unchecked::<MethodWrapper>() }.this.clone())
}

/// Equal are callables of the same code that are bound to the same object.
fn same_bound(vm: &Vm, same: bool, op: CompareOp) -> PyResult {
    match op {
        CompareOp::Eq => Ok(vm.bool_ref(same)),
        CompareOp::Ne => Ok(vm.bool_ref(!same)),
        _ => Ok(vm.not_implemented().to_ref()),
    }
}

fn compare_builtins(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.cast::<BuiltinFunction>(), b.cast::<BuiltinFunction>()) else {
        return Ok(vm.not_implemented().to_ref());
    };
    let same_self = match (x.this.non_null(), y.this.non_null()) {
        (Some(x), Some(y)) => x.is(y),
        (x, y) => x.is_none() && y.is_none(),
    };
    same_bound(vm, same_self && std::ptr::eq(x.def, y.def), op)
}

fn hash_builtin(_: &Vm, v: Value) -> PyResult<i64> {
    // SAFETY: slot of this type.
    let f = unsafe { v.cast_unchecked::<BuiltinFunction>() };
    Ok(hash_bound(f.this, std::ptr::from_ref(f.def).addr()))
}

fn compare_method_wrappers(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.cast::<MethodWrapper>(), b.cast::<MethodWrapper>()) else {
        return Ok(vm.not_implemented().to_ref());
    };
    same_bound(vm, x.this.is(y.this.value()) && std::ptr::eq(x.def, y.def), op)
}

fn hash_method_wrapper(_: &Vm, v: Value) -> PyResult<i64> {
    // SAFETY: slot of this type.
    let w = unsafe { v.cast_unchecked::<MethodWrapper>() };
    Ok(hash_bound(w.this.value(), std::ptr::from_ref(w.def).addr()))
}

/// A hash of an object's identity and a place in the program.
fn hash_bound(this: Value, def: usize) -> i64 {
    let of = if this.is_null() { 0 } else { crate::protocol::object::identity_hash(this) };
    match of ^ def as i64 {
        -1 => -2,
        h => h,
    }
}

/// `__reduce__` of what is an attribute of something: `getattr(owner, name)`.
fn reduce_to_getattr(vm: &Vm, owner: Value, name: &str) -> PyResult {
    let getattr = attr::get_named(vm, vm.runtime.builtins.get(), "getattr")?;
    let args = PyTuple::pair(owner.to_ref(), vm.new_str(name));
    Ok(PyTuple::pair(getattr, args))
}

/// A module's function is pickled by its name, a bound method as an attribute of its object.
fn builtin_reduce(vm: &Vm, a: &[Value]) -> PyResult {
    // SAFETY: method of this type.
    let f = unsafe { a[0].cast_unchecked::<BuiltinFunction>() };
    match f.this.non_null() {
        Some(this) if !this.has_shape(shape::MODULE) => reduce_to_getattr(vm, this.borrow(), f.def.name),
        _ => Ok(vm.new_str(f.def.name)),
    }
}

/// `__reduce__` of descriptors: an attribute of the type.
fn descriptor_reduce<T: Payload>(vm: &Vm, v: Value, of: fn(&T) -> (TypeRef, &'static str)) -> PyResult {
    // SAFETY: method of the type with this payload.
    let (owner, name) = of(unsafe { v.cast_unchecked::<T>() });
    reduce_to_getattr(vm, owner.value(), name)
}

fn method_wrapper_reduce(vm: &Vm, a: &[Value]) -> PyResult {
    // SAFETY: method of this type.
    let w = unsafe { a[0].cast_unchecked::<MethodWrapper>() };
    reduce_to_getattr(vm, w.this.value(), w.def.name)
}

const REDUCE_SIG: &str = "($self, /)";

const PLAIN: u32 = 0;

pub static BUILTIN_FUNCTION_DEF: TypeDef = TypeDef {
    flags: PLAIN,
    new: New::Disallowed,
    slots: |s| {
        s.call = Some(call_builtin);
        s.compare = Some(compare_builtins);
        s.hash = Some(hash_builtin);
        s.repr = Some(builtin_repr);
        s.drop = Some(object::drop_payload::<BuiltinFunction>);
        s.traverse = crate::traverse_fields!(BuiltinFunction: this, module);
    },
    getset: &[
        GetSetDef::get("__name__", builtin_name, ""),
        GetSetDef::get("__qualname__", builtin_qualname, ""),
        GetSetDef::get("__doc__", builtin_doc, ""),
        GetSetDef::get("__text_signature__", builtin_signature, ""),
        GetSetDef::get("__self__", builtin_self, ""),
        GetSetDef::member("__module__", builtin_module, ""),
    ],
    methods: &[MethodDef::new("__reduce__", REDUCE_SIG, builtin_reduce, "")],
    ..TypeDef::of::<BuiltinFunction>("builtin_function_or_method")
};

pub static METHOD_DESCRIPTOR_DEF: TypeDef = TypeDef {
    flags: flags::METHOD_DESCRIPTOR,
    new: New::Disallowed,
    slots: |s| {
        s.call = Some(call_method_descriptor);
        s.descr_get = Some(method_descriptor_get);
        s.repr = Some(|vm, d| {
            // SAFETY: slot of this type.
            let d = unsafe { d.cast_unchecked::<MethodDescriptor>() };
            described(vm, "method", d.def.name, d.owner)
        });
    },
    methods: &[MethodDef::new("__reduce__", REDUCE_SIG, |vm, a| descriptor_reduce::<MethodDescriptor>(vm, a[0], |d| (d.owner, d.def.name)), "")],
    getset: method_getters::GETSET,
    ..TypeDef::of::<MethodDescriptor>("method_descriptor")
};

pub static CLASSMETHOD_DESCRIPTOR_DEF: TypeDef = TypeDef {
    flags: PLAIN,
    new: New::Disallowed,
    slots: |s| {
        s.call = Some(call_classmethod_descriptor);
        s.descr_get = Some(classmethod_descriptor_get);
        s.repr = Some(|vm, d| {
            // SAFETY: slot of this type.
            let d = unsafe { d.cast_unchecked::<ClassMethodDescriptor>() };
            described(vm, "method", d.def.name, d.owner)
        });
    },
    methods: &[MethodDef::new("__reduce__", REDUCE_SIG, |vm, a| descriptor_reduce::<ClassMethodDescriptor>(vm, a[0], |d| (d.owner, d.def.name)), "")],
    getset: classmethod_getters::GETSET,
    ..TypeDef::of::<ClassMethodDescriptor>("classmethod_descriptor")
};

pub static WRAPPER_DESCRIPTOR_DEF: TypeDef = TypeDef {
    flags: flags::METHOD_DESCRIPTOR,
    new: New::Disallowed,
    slots: |s| {
        s.call = Some(call_wrapper_descriptor);
        s.descr_get = Some(wrapper_descriptor_get);
        s.repr = Some(|vm, d| {
            // SAFETY: slot of this type.
            let d = unsafe { d.cast_unchecked::<WrapperDescriptor>() };
            described(vm, "slot wrapper", d.def.name, d.owner)
        });
    },
    methods: &[MethodDef::new("__reduce__", REDUCE_SIG, |vm, a| descriptor_reduce::<WrapperDescriptor>(vm, a[0], |d| (d.owner, d.def.name)), "")],
    getset: wrapper_getters::GETSET,
    ..TypeDef::of::<WrapperDescriptor>("wrapper_descriptor")
};

pub static METHOD_WRAPPER_DEF: TypeDef = TypeDef {
    flags: PLAIN,
    new: New::Disallowed,
    slots: |s| {
        s.call = Some(call_method_wrapper);
        s.compare = Some(compare_method_wrappers);
        s.hash = Some(hash_method_wrapper);
        s.repr = Some(method_wrapper_repr);
        s.drop = Some(object::drop_payload::<MethodWrapper>);
        s.traverse = crate::traverse_fields!(MethodWrapper: this);
    },
    methods: &[MethodDef::new("__reduce__", REDUCE_SIG, method_wrapper_reduce, "")],
    getset: METHOD_WRAPPER_GETSET,
    ..TypeDef::of::<MethodWrapper>("method-wrapper")
};

static METHOD_WRAPPER_GETSET: &[GetSetDef] = &[
    GetSetDef::member("__self__", method_wrapper_self, ""),
    GetSetDef::get("__name__", method_wrapper_getters::name, ""),
    GetSetDef::get("__objclass__", method_wrapper_getters::owner, ""),
    GetSetDef::get("__qualname__", method_wrapper_getters::qualname, ""),
    GetSetDef::get("__doc__", method_wrapper_getters::get_doc, ""),
    GetSetDef::get("__text_signature__", method_wrapper_getters::signature, ""),
];

pub static GETSET_DEF: TypeDef = TypeDef {
    flags: PLAIN,
    new: New::Disallowed,
    slots: |s| {
        s.descr_get = Some(getset_get);
        s.descr_set = Some(getset_set);
        s.repr = Some(|vm, d| {
            // SAFETY: slot of this type.
            let d = unsafe { d.cast_unchecked::<GetSetDescriptor>() };
            described(vm, "attribute", d.def.name, d.owner)
        });
    },
    getset: getset_getters::GETSET,
    ..TypeDef::of::<GetSetDescriptor>("getset_descriptor")
};

fn member_qualname(vm: &Vm, d: Value) -> PyResult {
    // SAFETY: getter of this type.
    let d = unsafe { d.cast_unchecked::<MemberDescriptor>() };
    Ok(vm.new_str(&format!("{}.{}", crate::types::type_object::qualname(d.owner), crate::protocol::object::text(d.name.value()))))
}

pub static MEMBER_DEF: TypeDef = TypeDef {
    flags: PLAIN,
    new: New::Disallowed,
    slots: |s| {
        s.descr_get = Some(member_get);
        s.descr_set = Some(member_set);
        s.drop = Some(object::drop_payload::<MemberDescriptor>);
        s.repr = Some(|vm, d| {
            // SAFETY: slot of this type.
            let d = unsafe { d.cast_unchecked::<MemberDescriptor>() };
            let name = d.name.cast::<PyStr>().map(|s| s.to_string_lossy()).unwrap_or_default();
            described(vm, "member", &name, d.owner)
        });
    },
    getset: &[
        GetSetDef::member("__name__", member_name, ""),
        GetSetDef::member("__objclass__", member_owner, ""),
        GetSetDef::get("__qualname__", member_qualname, ""),
        GetSetDef::get("__doc__", member_doc, ""),
    ],
    ..TypeDef::of::<MemberDescriptor>("member_descriptor")
};
