//! Fills the built-in types at start: bases, slots, dictionaries.

use crate::args::{CallArgs, TypeName};
use crate::error::PyResult;
use crate::object::Header;
use crate::shape::{self, BUILTIN_COUNT};
use crate::types::slots::{SLOT_DEFS, SlotId};
use crate::types::type_::{self, New, TypeRef, flags};
use crate::types::{native, slot_call};
use crate::value::Value;
use crate::vm::Vm;

/// Gives every built-in type its bases, slots and dictionary, bases first.
pub(crate) fn fill_builtin_types(vm: &'static Vm) {
    for id in 0..BUILTIN_COUNT as u32 {
        let base = if id == shape::OBJECT { None } else { Some(vm.builtin(base_of(id))) };
        fill(vm, vm.builtin(id), base);
    }
    for id in 0..BUILTIN_COUNT as u32 {
        let ty = vm.builtin(id);
        if let Some(def) = ty.definition {
            // Attributes of the library's own types cannot fail to be set.
            if (def.attributes)(vm, ty).is_err() {
                unreachable!("class attributes of {}", ty.full_name());
            }
        }
    }
}

/// The base in the type table.
fn base_of(id: u32) -> u32 {
    shape::layout_base(id)
}

/// The one built-in type with two bases: `ExceptionGroup` is an `Exception`, too.
fn second_base(vm: &'static Vm, ty: TypeRef) -> Option<TypeRef> {
    ty.is(vm.builtin(shape::EXCEPTION_GROUP)).then(|| vm.builtin(shape::EXCEPTION))
}

/// Gives a built-in type its bases, slots and dictionary.
pub fn fill(vm: &'static Vm, ty: TypeRef, base: Option<TypeRef>) {
    let Some(def) = ty.definition else { return };
    ty.set_base(base);
    let mut mro = vec![ty];
    if let Some(base) = base {
        mro.extend_from_slice(base.mro());
        base.add_subclass(ty);
        match second_base(vm, ty) {
            // All else that it derives from, the first base does as well.
            Some(second) => {
                mro.insert(2, second);
                second.add_subclass(ty);
                ty.set_bases(type_::tuple_of(vm, &[base, second]));
            }
            None => ty.set_bases(type_::tuple_of(vm, &[base])),
        }
    } else {
        ty.set_bases(vm.empty_tuple().to_ref());
    }
    ty.set_mro(mro);
    let mut own = crate::types::slots::Slots::default();
    (def.slots)(&mut own);
    match def.new {
        // `object` makes nothing that has a payload.
        New::Inherit if ty.layout() != shape::OBJECT && base.is_some_and(|b| b.layout() == shape::OBJECT) && def.payload_size > size_of::<Header>() => {
            ty.set_flag(flags::DISALLOW_INSTANTIATION, true);
        }
        New::Inherit => {}
        New::Disallowed => ty.set_flag(flags::DISALLOW_INSTANTIATION, true),
        New::Raw(f) => own.new = Some(f),
        New::Bound(..) => own.new = Some(bound_new),
    }
    if own.buffer.is_some() && ty.layout() != shape::EXPORTER {
        own.get_buffer = own.get_buffer.or(Some(crate::protocol::buffer::native));
    }
    let mut all = base.map(|b| *b.slots()).unwrap_or_default();
    inherit(&mut all, &own);
    if ty.has_flag(flags::DISALLOW_INSTANTIATION) {
        all.new = None;
    }
    ty.update_slots(|s| *s = all);
    vm.shape_info(ty.instance_shape()).set_plain();
    fill_dict(vm, ty, &own);
}

/// Lays a type's own slots over those of its base.
fn inherit(all: &mut crate::types::slots::Slots, own: &crate::types::slots::Slots) {
    // A type that defines equality but no hash is unhashable (as in CPython's inherit_slots).
    if own.compare.is_some() && own.hash.is_none() {
        all.hash = None;
    }
    for d in SLOT_DEFS {
        if own.has(d.id) {
            all.copy_from(own, d.id);
        }
    }
    all.pow_mod = own.pow_mod.or(all.pow_mod);
    all.finalize = own.finalize.or(all.finalize);
    all.buffer = own.buffer.or(all.buffer);
    all.count_export = own.count_export.or(all.count_export);
    all.drop = own.drop;
    all.size = own.size;
    all.traverse = own.traverse.or(all.traverse);
    all.clear = own.clear.or(all.clear);
}

fn fill_dict(vm: &'static Vm, ty: TypeRef, own: &crate::types::slots::Slots) {
    let Some(def) = ty.definition else { return };
    let put = |name: &str, v: Value| ty.dict().set_str(vm, vm.intern(name), v);
    for d in SLOT_DEFS {
        if d.id == SlotId::New || !own.has(d.id) || ty.dict().get_str(vm.intern(d.name)).is_some() {
            continue;
        }
        put(d.name, native::wrapper_descriptor(d, ty).value());
    }
    if own.compare.is_some() && own.hash.is_none() {
        put("__hash__", vm.none());
    }
    if own.new.is_some() {
        put("__new__", slot_call::new_function(vm, ty).value());
    }
    for m in def.methods {
        put(m.name, native::method_descriptor(vm, m, ty).value());
    }
    for g in def.getset {
        put(g.name, native::getset_descriptor(vm, g, ty).value());
    }
    if ty.dict().get_str(vm.intern("__doc__")).is_none() {
        let doc = def.signature_and_doc().1;
        let doc = if doc.is_empty() { vm.none_ref() } else { vm.new_str(doc) };
        put("__doc__", doc.value());
    }
    let computed = def.getset.iter().any(|g| g.name == "__module__");
    if let Some((module, _)) = def.name.rsplit_once('.').filter(|_| !computed) {
        put("__module__", vm.intern(module));
    }
}

/// `new` slot of types whose constructor arguments are bound by signature: finds the nearest
/// built-in type along the MRO that says how.
fn bound_new(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    for t in ty.mro() {
        if let Some(type_::TypeDef { new: New::Bound(sig, f), .. }) = t.definition {
            let sig = t.constructor(vm, sig);
            let name = TypeName(t);
            // Keywords are for a subclass's own `__init__` if it has one.
            let same_init = ty.slots().init.map(|f| f as usize) == t.slots().init.map(|f| f as usize);
            let args = if args.has_keywords() && !same_init && sig.takes_no_keywords() {
                CallArgs::positional(args.positional_args())
            } else {
                args
            };
            return sig.bind(vm, &name, None, args, |bound| f(vm, ty, bound));
        }
    }
    Err(vm.type_error(format!("cannot create '{}' instances", ty.full_name())))
}
