//! Making classes: `type(name, bases, dict)`, the MRO, layouts and `__slots__`.

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::protocol::{attr, call, object as obj};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::native;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{self, GetSetDef, Type, TypeRef, flags};
use crate::types::{descriptors, slot_update, type_object};
use crate::value::{Ref, Value};
use crate::vm::Vm;

static DICT_GETSET: GetSetDef = GetSetDef::get_set(
    "__dict__",
    get_instance_dict,
    set_instance_dict,
    "dictionary for instance variables",
);
static WEAKREF_GETSET: GetSetDef =
    GetSetDef::get("__weakref__", get_weakref, "list of weak references to the object");

pub fn get_instance_dict(vm: &Vm, o: Value) -> PyResult {
    match attr::instance_dict_value(vm, o) {
        Some(d) => Ok(d.to_ref()),
        None => Err(vm.attribute_error(o, vm.names().__dict__, "This object has no __dict__")),
    }
}

pub fn set_instance_dict(vm: &Vm, o: Value, d: Value) -> PyResult<()> {
    if d.is_null() {
        let fresh = PyDict::new(vm);
        return attr::replace_instance_dict(vm, o, fresh.value());
    }
    attr::replace_instance_dict(vm, o, d)
}

fn get_weakref(vm: &Vm, o: Value) -> PyResult {
    Ok(crate::types::weakref::first(vm, o).unwrap_or_else(|| vm.none_ref()))
}

/// The `new` slot of `type` with three arguments (one argument is dealt with by the call slot).
pub fn new(vm: &Vm, meta: TypeRef, args: CallArgs) -> PyResult {
    let pos = args.positional_args();
    if pos.len() != 3 {
        if pos.len() == 1 && meta.is(vm.builtin(shape::TYPE)) && !args.has_keywords() {
            return Ok(vm.type_of(pos[0]).to_ref());
        }
        return Err(vm.type_error("type.__new__() takes exactly 3 arguments (".to_owned() + &pos.len().to_string() + " given)"));
    }
    let arg_error = |i: usize, want: &str| {
        vm.type_error(format!(
            "type.__new__() argument {i} must be {want}, not {}",
            vm.type_of(pos[i - 1]).full_name()
        ))
    };
    let Some(name) = pos[0].cast::<PyStr>() else { return Err(arg_error(1, "str")) };
    let Some(bases) = pos[1].cast::<PyTuple>() else { return Err(arg_error(2, "tuple")) };
    let Some(namespace) = pos[2].cast::<PyDict>() else { return Err(arg_error(3, "dict")) };
    for &b in bases.as_slice() {
        if Type::from_value(b).is_none() && attr::get_opt(vm, b, vm.names().__mro_entries__)?.is_some() {
            return Err(vm.type_error(
                "type() doesn't support MRO entry resolution; use types.new_class()",
            ));
        }
    }
    let winner = calculate_metaclass(vm, meta, bases)?;
    if !winner.is(meta)
        && let Some(f) = winner.slots().new
        && f as usize != new as *const () as usize
    {
        return f(vm, winner, args);
    }
    let ty = build(vm, winner, name, bases, namespace)?;
    finish(vm, ty, args)?;
    Ok(ty.to_ref())
}

/// The most derived metaclass of the given one and those of the bases.
pub fn calculate_metaclass(vm: &Vm, meta: TypeRef, bases: &PyTuple) -> PyResult<TypeRef> {
    let mut winner = meta;
    for &b in bases.as_slice() {
        let t = vm.type_of(b);
        if winner.is_subtype(t) {
            continue;
        }
        if t.is_subtype(winner) {
            winner = t;
            continue;
        }
        return Err(vm.type_error(
            "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the metaclasses of all its bases",
        ));
    }
    Ok(winner)
}

fn build(vm: &Vm, meta: TypeRef, name: &PyStr, bases: &PyTuple, ns: &PyDict) -> PyResult<TypeRef> {
    let object = vm.builtin(shape::OBJECT);
    let mut base_types: Vec<TypeRef> = Vec::new();
    for &b in bases.as_slice() {
        let Some(t) = Type::from_value(b) else { return Err(vm.type_error("bases must be types")) };
        if !t.has_flag(flags::BASETYPE) {
            return Err(vm.type_error(format!("type '{}' is not an acceptable base type", t.full_name())));
        }
        base_types.push(t);
    }
    if base_types.is_empty() {
        base_types.push(object);
    }
    let base = best_base(vm, &base_types)?;
    let text = type_object::checked_name(vm, name)?;
    if let Some(doc) = ns.get_text(vm, "__doc__").and_then(|d| d.cast::<PyStr>())
        && doc.to_str().is_none()
    {
        return Err(crate::codecs::not_utf8(vm, doc));
    }
    let dict = ns.copy(vm);
    let meta_shape = meta.instance_shape();
    let ty = Type::allocate(vm, meta_shape, text, flags::BASETYPE | flags::HEAP, dict, None);
    ty.set_base(Some(base));
    ty.set_bases(type_::tuple_of(vm, &base_types));
    // SAFETY: until it is laid out, the type has no shape and no subclass, and is nowhere else.
    let described = lay_out(vm, ty, base, &base_types, name).inspect_err(|_| unsafe { Type::discard(ty) })?;
    set_defaults(vm, ty)?;
    described.add_to(vm, ty)?;
    if ty.dict().get_str(vm.names().__doc__).is_none() {
        ty.dict().set_str(vm, vm.names().__doc__, vm.none());
    }
    set_mro(vm, ty, meta, &base_types)?;
    inherit_flags(vm, ty, &base_types);
    slot_update::update_all(vm, ty);
    for b in &base_types {
        b.add_subclass(ty);
    }
    warn_of_keys(vm, ty)?;
    Ok(ty)
}

/// Whoever reads the attributes of a class counts on names.
fn warn_of_keys(vm: &Vm, ty: TypeRef) -> PyResult<()> {
    let mut at = 0;
    while let Some((next, key, _)) = ty.dict().entry_at(at) {
        if key.cast::<PyStr>().is_none() {
            let text = format!("non-string key in the __dict__ of class {}", ty.name());
            return crate::runtime::warn(vm, shape::RUNTIME_WARNING, &text, 1);
        }
        at = next;
    }
    Ok(())
}

/// The base whose layout the new class extends.
fn best_base(vm: &Vm, bases: &[TypeRef]) -> PyResult<TypeRef> {
    let mut winner = bases[0];
    for &b in &bases[1..] {
        if extends_layout(b, winner) && !extends_layout(winner, b) {
            winner = b;
        } else if !extends_layout(winner, b) {
            return Err(vm.type_error("multiple bases have instance lay-out conflict"));
        }
    }
    Ok(winner)
}

/// Whether instances of `a` begin like instances of `b`.
fn extends_layout(a: TypeRef, b: TypeRef) -> bool {
    let solid = |t: TypeRef| {
        // The class that last added members to the layout.
        let mut s = t;
        while let Some(p) = s.base() {
            if p.member_slots() != s.member_slots() || !same_payload(p.layout(), s.layout()) {
                break;
            }
            s = p;
        }
        s
    };
    let sb = solid(b);
    sb.member_slots() == 0 && sb.layout() == shape::OBJECT || solid(a).is_subtype(sb)
        || (sb.member_slots() == 0 && crate::object::layout_extends(a.layout(), sb.layout()))
}

/// Most exception types add nothing to the payload of their base.
fn same_payload(base: shape::ShapeId, derived: shape::ShapeId) -> bool {
    const WITH_FIELDS: [shape::ShapeId; 12] = [
        shape::BASE_EXCEPTION,
        shape::BASE_EXCEPTION_GROUP,
        shape::SYSTEM_EXIT,
        shape::ATTRIBUTE_ERROR,
        shape::IMPORT_ERROR,
        shape::NAME_ERROR,
        shape::OS_ERROR,
        shape::STOP_ITERATION,
        shape::SYNTAX_ERROR,
        shape::UNICODE_DECODE_ERROR,
        shape::UNICODE_ENCODE_ERROR,
        shape::UNICODE_TRANSLATE_ERROR,
    ];
    base == derived
        || (crate::object::layout_extends(base, shape::BASE_EXCEPTION) && !WITH_FIELDS.contains(&derived))
}

/// Attributes of instances that a class has descriptors for.
struct Described {
    /// Names in `__slots__`.
    members: Vec<Ref>,
    /// Where the first of them lies among the instances' values; `None` without places.
    first: Option<usize>,
    dict: bool,
    weak: bool,
}

impl Described {
    fn add_to(self, vm: &Vm, ty: TypeRef) -> PyResult<()> {
        place_members(vm, ty, self.members, self.first)?;
        let n = vm.names();
        for (wanted, name, getset) in [(self.dict, n.__dict__, &DICT_GETSET), (self.weak, n.__weakref__, &WEAKREF_GETSET)] {
            if wanted && ty.dict().get_str(name).is_none() {
                ty.dict().set_str(vm, name, native::getset_descriptor(vm, getset, ty).value());
            }
        }
        Ok(())
    }
}

fn lay_out(vm: &Vm, ty: TypeRef, base: TypeRef, bases: &[TypeRef], name: &PyStr) -> PyResult<Described> {
    let declared = ty.dict().get_str(vm.names().__slots__).map(|s| s.to_ref());
    // Classes have their namespace; a metaclass adds no second dictionary.
    let base_has_dict = base.has_flag(flags::DICT) || base.layout() == shape::TYPE;
    let base_has_weak = base.has_flag(flags::WEAKREF);
    let mut wants_dict = true;
    // Ints are of one size here, but not in CPython.
    let varies = [shape::INT, shape::TUPLE, shape::BYTES].iter().any(|&l| crate::object::layout_extends(base.layout(), l));
    let mut wants_weak = !varies;
    let mut members: Vec<Ref> = Vec::new();
    // Members that have no place of their own: instances of `str` vary in size.
    let mut hidden = false;
    if let Some(slots) = declared {
        (wants_dict, wants_weak) = (false, false);
        let names = slot_names(vm, slots.value())?;
        if !names.is_empty() && varies {
            return Err(vm.type_error(format!("nonempty __slots__ not supported for subtype of '{}'", base.name())));
        }
        for s in names {
            let text = obj::text(s.value());
            match text.as_str() {
                "__dict__" => {
                    if base_has_dict || wants_dict {
                        return Err(vm.type_error("__dict__ slot disallowed: we already got one"));
                    }
                    wants_dict = true;
                }
                "__weakref__" => {
                    if base_has_weak || wants_weak {
                        return Err(vm.type_error("__weakref__ slot disallowed: we already got one"));
                    }
                    wants_weak = true;
                }
                _ => members.push(mangle(vm, name, &text)),
            }
        }
        for b in bases {
            wants_dict |= b.has_flag(flags::DICT) && !base_has_dict;
            wants_weak |= b.has_flag(flags::WEAKREF) && !base_has_weak;
        }
        hidden = !members.is_empty() && crate::object::layout_extends(base.layout(), shape::STR);
    }
    let first_member = base.member_slots();
    let placed = if hidden { 0 } else { members.len() };
    ty.set_layout(base.layout(), base.payload_size(), first_member + placed as u32);
    let (dict, weak) = (wants_dict || base_has_dict, wants_weak || base_has_weak);
    ty.set_flag(flags::DICT, dict);
    ty.set_flag(flags::WEAKREF, weak);
    // A base may have members in a prefix, too.
    ty.set_flag(flags::PREFIX, dict || weak || hidden || base.has_prefix());
    let inline = dict && base.layout() != shape::TYPE && !is_variable_size(base) && wants_inline(base);
    ty.set_flag(flags::INLINE_VALUES, inline);
    ty.make_shapes(vm);
    if inline {
        ty.expect_attributes(attributes_named(vm, ty), base);
    }
    Ok(Described {
        members,
        first: (!hidden).then_some(first_member as usize),
        dict: wants_dict && !base_has_dict,
        weak: wants_weak && !base_has_weak,
    })
}

/// Gives a class the descriptors of its `__slots__`, in the order of their names: from a place
/// among the instances' values on, or without places.
fn place_members(vm: &Vm, ty: TypeRef, mut members: Vec<Ref>, first: Option<usize>) -> PyResult<()> {
    members.sort_by_key(|m| obj::text(m.value()));
    for (i, m) in members.iter().enumerate() {
        if ty.dict().get_str(m.value()).is_some() {
            let text = obj::text(m.value());
            return Err(vm.value_error(format!("'{text}' in __slots__ conflicts with class variable")));
        }
        let index = first.map_or(native::IN_PREFIX, |first| first + i);
        let d = native::member_descriptor(m.value(), ty, index);
        ty.dict().set_str(vm, m.value(), d.value());
    }
    Ok(())
}

/// How many attributes the methods of a class set on their first argument, as the compiler saw.
fn attributes_named(vm: &Vm, ty: TypeRef) -> usize {
    let names = ty.dict().get_str(vm.names().__static_attributes__);
    names.and_then(|n| n.cast::<PyTuple>()).map_or(0, |t| t.len())
}

fn wants_inline(base: TypeRef) -> bool {
    // A class whose base keeps attributes in a dictionary from the start does so too.
    !base.has_flag(flags::DICT) || base.uses_inline_values()
}

fn is_variable_size(base: TypeRef) -> bool {
    base.slots().size.is_some()
}

fn slot_names(vm: &Vm, slots: Value) -> PyResult<Vec<Ref>> {
    let items = if slots.cast::<PyStr>().is_some() {
        vec![slots.to_ref()]
    } else {
        crate::protocol::iter::to_vec(vm, slots)?
    };
    let mut out = Vec::new();
    for i in items {
        let Some(s) = i.cast::<PyStr>() else {
            return Err(vm.type_error(format!(
                "__slots__ items must be strings, not '{}'",
                vm.type_of(i.value()).full_name()
            )));
        };
        if !crate::types::str_::is_identifier(s) {
            return Err(vm.type_error("__slots__ must be identifiers"));
        }
        out.push(i);
    }
    Ok(out)
}

/// Private names in `__slots__` are mangled as in the class's code.
fn mangle(vm: &Vm, class: &PyStr, name: &str) -> Ref {
    let class = class.to_string_lossy();
    let stripped = class.trim_start_matches('_');
    let private = name.starts_with("__") && !name.ends_with("__") && !name.contains('.') && !stripped.is_empty();
    if private { vm.intern(&format!("_{stripped}{name}")).to_ref() } else { vm.intern(name).to_ref() }
}

/// Attributes that every class gets: `__module__`, `__doc__`, implicit static and class methods.
fn set_defaults(vm: &Vm, ty: TypeRef) -> PyResult<()> {
    let n = vm.names();
    let d = ty.dict();
    if d.get_str(n.__module__).is_none()
        && let Some(globals) = crate::introspect::current_globals(vm)
        && let Some(m) = globals.cast::<PyDict>().and_then(|g| g.get_str(n.__name__))
    {
        d.set_str(vm, n.__module__, m);
    }
    // It is the type's own, not an attribute that instances would find.
    if let Some(q) = d.pop(vm, n.__qualname__)? {
        if q.cast::<PyStr>().is_none() {
            return Err(vm.type_error(format!(
                "type __qualname__ must be a str, not {}",
                vm.type_of(q.value()).full_name()
            )));
        }
        ty.qualname.set(q);
    }
    if let Some(f) = d.get_str(n.__new__).filter(|f| f.has_shape(shape::FUNCTION)) {
        let s = descriptors::new_staticmethod(vm, f);
        d.set_str(vm, n.__new__, s.value());
    }
    for name in [n.__init_subclass__, n.__class_getitem__] {
        if let Some(f) = d.get_str(name).filter(|f| f.has_shape(shape::FUNCTION)) {
            let c = descriptors::new_classmethod(vm, f);
            d.set_str(vm, name, c.value());
        }
    }
    if d.get_str(n.__eq__).is_some() && d.get_str(n.__hash__).is_none() {
        d.set_str(vm, n.__hash__, vm.none());
    }
    Ok(())
}

fn set_mro(vm: &Vm, ty: TypeRef, meta: TypeRef, bases: &[TypeRef]) -> PyResult<()> {
    let custom = meta.lookup_slow(vm.names().mro).is_some_and(|(_, owner)| owner.is_heap());
    let mro = if custom {
        let r = call::call_method(vm, ty.value(), "mro", &[])?;
        let mut out = Vec::new();
        for t in crate::protocol::iter::to_vec(vm, r.value())? {
            match Type::from_value(t.value()) {
                Some(t) if !t.is(ty) && !ty.base().is_some_and(|base| extends_layout(base, t)) => {
                    let name = t.full_name();
                    return Err(vm.type_error(format!("mro() returned base with unsuitable layout ('{name}')")));
                }
                Some(t) => out.push(t),
                None => {
                    return Err(vm.type_error(format!(
                        "mro() returned a non-class ('{}')",
                        vm.type_of(t.value()).full_name()
                    )));
                }
            }
        }
        out
    } else {
        linearize(vm, ty, bases)?
    };
    ty.set_mro(mro);
    Ok(())
}

/// C3 linearization.
pub fn linearize(vm: &Vm, ty: TypeRef, bases: &[TypeRef]) -> PyResult<Vec<TypeRef>> {
    for (i, b) in bases.iter().enumerate() {
        if bases[..i].iter().any(|c| c.is(b)) {
            return Err(vm.type_error(format!("duplicate base class {}", b.name())));
        }
    }
    let mut lists: Vec<Vec<TypeRef>> = bases.iter().map(|b| b.mro().to_vec()).collect();
    lists.push(bases.to_vec());
    let mut out = vec![ty];
    loop {
        lists.retain(|l| !l.is_empty());
        if lists.is_empty() {
            return Ok(out);
        }
        let candidate = lists
            .iter()
            .map(|l| l[0])
            .find(|c| !lists.iter().any(|l| l[1..].iter().any(|t| t.is(c))));
        let Some(c) = candidate else {
            let mut heads: Vec<String> = Vec::new();
            for l in &lists {
                let n = l[0].name();
                if !heads.contains(&n) {
                    heads.push(n);
                }
            }
            return Err(vm.type_error(format!(
                "Cannot create a consistent method resolution order (MRO) for bases {}",
                heads.join(", ")
            )));
        };
        out.push(c);
        for l in &mut lists {
            if l[0].is(c) {
                l.remove(0);
            }
        }
    }
}

fn inherit_flags(vm: &Vm, ty: TypeRef, _bases: &[TypeRef]) {
    // A class counts as what its first ancestor that is either counts as.
    let collection = |t: &&TypeRef| t.has_flag(flags::SEQUENCE) || t.has_flag(flags::MAPPING);
    if let Some(first) = ty.mro().iter().find(collection) {
        for f in [flags::SEQUENCE, flags::MAPPING] {
            ty.set_flag(f, first.has_flag(f));
        }
    }
    let _ = vm;
}

/// `__set_name__` of the members, then `__init_subclass__` of the parent, then `__classcell__`.
fn finish(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult<()> {
    let n = vm.names();
    for cell in [n.__classcell__, n.__classdictcell__] {
        if let Some(c) = ty.dict().get_str(cell).map(|c| c.to_ref()) {
            let value = if cell.is(n.__classcell__) { ty.value() } else { ty.dict_value() };
            match c.cast::<crate::types::cell::PyCell>() {
                Some(cell) => cell.content.set(value.to_ref()),
                None => {
                    return Err(vm.type_error(format!(
                        "{} must be a nonlocal cell, not {}",
                        obj::text(cell),
                        obj::repr_text(vm, vm.type_of(c.value()).value())?
                    )));
                }
            }
            ty.dict().delete(vm, cell)?;
        }
    }
    ty.modified(vm);
    let mut entries = Vec::new();
    let mut at = 0;
    while let Some((next, k, v)) = ty.dict().entry_at(at) {
        entries.push((k.to_ref(), v.to_ref()));
        at = next;
    }
    for (k, v) in entries {
        let Some(m) = attr::lookup_method(vm, v.value(), n.__set_name__)? else { continue };
        if let Err(e) = m.call(vm, &[ty.value(), k.value()]) {
            let note = format!(
                "Error calling __set_name__ on '{}' instance {} in '{}'",
                vm.type_of(v.value()).name(),
                obj::repr_text(vm, k.value())?,
                ty.name()
            );
            crate::types::exceptions::add_note(vm, &e, &note)?;
            return Err(e);
        }
    }
    init_subclass(vm, ty, args)
}

fn init_subclass(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult<()> {
    let f = crate::types::super_::lookup(vm, ty, ty.value(), vm.names().__init_subclass__)?;
    let Some(f) = f else { return Ok(()) };
    let values: Vec<Value> = args.args[args.positional_args().len()..].to_vec();
    call::call(vm, f.value(), CallArgs { args: &values, kwnames: args.kwnames }).map(drop)
}

/// `cls.__bases__ = (...)`.
pub fn replace_bases(vm: &Vm, ty: TypeRef, value: Value) -> PyResult<()> {
    let Some(tuple) = value.cast::<PyTuple>() else {
        return Err(vm.type_error(format!(
            "can only assign tuple to {}.__bases__, not {}",
            ty.name(),
            vm.type_of(value).full_name()
        )));
    };
    if tuple.is_empty() {
        return Err(vm.type_error(format!(
            "can only assign non-empty tuple to {}.__bases__, not ()",
            ty.name()
        )));
    }
    let mut bases = Vec::new();
    for &b in tuple.as_slice() {
        let Some(t) = Type::from_value(b) else {
            return Err(vm.type_error(format!(
                "{}.__bases__ must be tuple of classes, not '{}'",
                ty.name(),
                vm.type_of(b).full_name()
            )));
        };
        if t.is_subtype(ty) {
            return Err(vm.type_error("a __bases__ item causes an inheritance cycle"));
        }
        bases.push(t);
    }
    let base = best_base(vm, &bases)?;
    // Classes written in Python end their instances in one way, each built-in type in its own.
    if let Some(old) = ty.base().filter(|old| !(old.is(base) || (old.is_heap() && base.is_heap()))) {
        return Err(vm.type_error(format!(
            "__bases__ assignment: '{}' deallocator differs from '{}'",
            base.name(),
            old.name()
        )));
    }
    if base.layout() != ty.layout() || base.member_slots() > ty.member_slots() {
        return Err(vm.type_error(format!(
            "__bases__ assignment: '{}' object layout differs from '{}'",
            base.name(),
            ty.base().map(|b| b.name()).unwrap_or_default()
        )));
    }
    let mro = linearize(vm, ty, &bases)?;
    if let Some(old) = ty.bases() {
        for b in old.cast::<PyTuple>().into_iter().flat_map(|t| t.as_slice()) {
            if let Some(t) = Type::from_value(*b) {
                t.remove_subclass(ty);
            }
        }
    }
    ty.set_base(Some(base));
    ty.set_bases(value.to_ref());
    ty.set_mro(mro);
    for b in &bases {
        b.add_subclass(ty);
    }
    rebuild_subclasses(vm, ty)?;
    ty.modified(vm);
    Ok(())
}

fn rebuild_subclasses(vm: &Vm, ty: TypeRef) -> PyResult<()> {
    slot_update::update_all(vm, ty);
    for sub in ty.subclasses() {
        let bases: Vec<TypeRef> = sub
            .bases()
            .and_then(|b| b.cast::<PyTuple>().map(|t| t.as_slice().iter().filter_map(|b| Type::from_value(*b)).collect()))
            .unwrap_or_default();
        sub.set_mro(linearize(vm, sub, &bases)?);
        rebuild_subclasses(vm, sub)?;
    }
    Ok(())
}
