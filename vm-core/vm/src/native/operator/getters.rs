//! `attrgetter`, `itemgetter`, `methodcaller`.

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::object::{self, Header};
use crate::protocol::{attr, call, item};
use crate::types::construct;
use crate::types::dict::{self, PyDict};
use crate::types::iterators::payload;
use crate::types::repr_writer::ReprWriter;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Fetches items.
#[repr(C)]
pub struct ItemGetter {
    header: Header,
    /// The keys, a tuple.
    keys: Ref,
}
payload!(ItemGetter, ITEMGETTER);

/// Fetches attributes.
#[repr(C)]
pub struct AttrGetter {
    header: Header,
    /// The names as given, a tuple.
    names: Ref,
    /// For each, the interned names between its dots.
    chains: Vec<Vec<Value>>,
}
payload!(AttrGetter, ATTRGETTER);

/// Calls a method.
#[repr(C)]
pub struct MethodCaller {
    header: Header,
    /// Interned.
    name: Value,
    /// A tuple.
    args: Ref,
    /// A dict.
    keywords: Ref,
}
payload!(MethodCaller, METHODCALLER);

fn items(r: &Ref) -> &[Value] {
    r.cast::<PyTuple>().map_or(&[], |t| t.as_slice())
}

/// The one argument of a call.
fn one_argument(vm: &Vm, name: &str, args: CallArgs) -> PyResult<Value> {
    construct::no_keywords(vm, name, args)?;
    Ok(construct::positional(vm, name, args, 1, 1)?[0])
}

pub static ITEMGETTER: TypeDef = TypeDef {
    doc: "itemgetter(item, /, *items)\n--\n\n\
          A callable that fetches items: after f = itemgetter(2), f(r) is r[2];\n\
          after g = itemgetter(2, 5), g(r) is (r[2], r[5]).",
    flags: 0,
    slots: |s| {
        s.drop = Some(object::drop_payload::<ItemGetter>);
        s.traverse = crate::traverse_fields!(ItemGetter: keys);
        s.repr = Some(|vm, v| repr_of(vm, v, &ItemGetter::of(v).keys));
        s.call = Some(get_items);
    },
    new: New::Raw(new_itemgetter),
    methods: &[MethodDef::new(
        "__reduce__",
        "($self, /)",
        |vm, a| Ok(PyTuple::pair(vm.type_of(a[0]).to_ref(), ItemGetter::of(a[0]).keys.clone())),
        "State for pickling.",
    )],
    getset: SIGNATURE,
    ..TypeDef::of::<ItemGetter>("operator.itemgetter")
};

fn new_itemgetter(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    construct::no_keywords(vm, "itemgetter", args)?;
    if args.args.is_empty() {
        return Err(vm.type_error("itemgetter expected 1 argument, got 0"));
    }
    let keys = PyTuple::from_slice(vm, args.args);
    Ok(object::new_instance(ty, ItemGetter { header: object::header(), keys }))
}

fn get_items(vm: &Vm, v: Value, args: CallArgs) -> PyResult {
    let object = one_argument(vm, "itemgetter", args)?;
    let keys = items(&ItemGetter::of(v).keys);
    if let &[key] = keys {
        return item::get(vm, object, key);
    }
    let mut all = Vec::with_capacity(keys.len());
    for &k in keys {
        all.push(item::get(vm, object, k)?);
    }
    Ok(PyTuple::from_vec(vm, all))
}

/// `name(a, b)` of the arguments that made the object.
fn repr_of(vm: &Vm, v: Value, args: &Ref) -> PyResult {
    let name = vm.type_of(v).full_name();
    let text = vm.repr_guard(v, || {
        let mut w = ReprWriter::new(&name);
        w.push("(");
        for (i, &x) in items(args).iter().enumerate() {
            if i > 0 {
                w.push(", ");
            }
            w.push_repr(vm, x)?;
        }
        w.push(")");
        Ok(w.finish(vm))
    })?;
    Ok(text.unwrap_or_else(|| vm.new_str(&format!("{name}(...)"))))
}

/// How instances are called, for `inspect.signature`.
const SIGNATURE: &[GetSetDef] = &[GetSetDef::get("__text_signature__", |vm, _| Ok(vm.new_str("(obj, /)")), "")];

pub static ATTRGETTER: TypeDef = TypeDef {
    doc: "attrgetter(attr, /, *attrs)\n--\n\n\
          A callable that fetches attributes: after f = attrgetter('name'), f(r) is r.name;\n\
          after g = attrgetter('name', 'date'), g(r) is (r.name, r.date);\n\
          after h = attrgetter('name.first'), h(r) is r.name.first.",
    flags: 0,
    slots: |s| {
        s.drop = Some(object::drop_payload::<AttrGetter>);
        s.repr = Some(|vm, v| repr_of(vm, v, &AttrGetter::of(v).names));
        s.call = Some(get_attributes);
    },
    new: New::Raw(new_attrgetter),
    methods: &[MethodDef::new(
        "__reduce__",
        "($self, /)",
        |vm, a| Ok(PyTuple::pair(vm.type_of(a[0]).to_ref(), AttrGetter::of(a[0]).names.clone())),
        "State for pickling.",
    )],
    getset: SIGNATURE,
    ..TypeDef::of::<AttrGetter>("operator.attrgetter")
};

fn new_attrgetter(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    construct::no_keywords(vm, "attrgetter", args)?;
    if args.args.is_empty() {
        return Err(vm.type_error("attrgetter expected 1 argument, got 0"));
    }
    let mut chains = Vec::new();
    for name in args.args {
        let Some(s) = name.cast::<PyStr>() else {
            return Err(vm.type_error("attribute name must be a string"));
        };
        chains.push(s.as_bytes().split(|&b| b == b'.').map(|part| vm.intern_bytes(part)).collect());
    }
    let names = PyTuple::from_slice(vm, args.args);
    Ok(object::new_instance(ty, AttrGetter { header: object::header(), names, chains }))
}

fn get_attributes(vm: &Vm, v: Value, args: CallArgs) -> PyResult {
    let object = one_argument(vm, "attrgetter", args)?;
    let chains = &AttrGetter::of(v).chains;
    let follow = |chain: &Vec<Value>| -> PyResult {
        let mut at = object.to_ref();
        for &name in chain {
            at = attr::get(vm, at.value(), name)?;
        }
        Ok(at)
    };
    if let [chain] = &chains[..] {
        return follow(chain);
    }
    let all: PyResult<Vec<Ref>> = chains.iter().map(follow).collect();
    Ok(PyTuple::from_vec(vm, all?))
}

pub static METHODCALLER: TypeDef = TypeDef {
    doc: "methodcaller(name, /, *args, **kwargs)\n--\n\n\
          A callable that calls a method: after f = methodcaller('name'), f(r) is r.name();\n\
          after g = methodcaller('name', 'date', foo=1), g(r) is r.name('date', foo=1).",
    flags: 0,
    slots: |s| {
        s.drop = Some(object::drop_payload::<MethodCaller>);
        s.traverse = crate::traverse_fields!(MethodCaller: args, keywords);
        s.repr = Some(methodcaller_repr);
        s.call = Some(call_named_method);
    },
    new: New::Raw(new_methodcaller),
    methods: &[MethodDef::new("__reduce__", "($self, /)", methodcaller_reduce, "State for pickling.")],
    getset: SIGNATURE,
    ..TypeDef::of::<MethodCaller>("operator.methodcaller")
};

fn new_methodcaller(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    let Some((name, rest)) = args.positional_args().split_first() else {
        return Err(vm.type_error("methodcaller needs at least one argument, the method name"));
    };
    let Some(name) = name.cast::<PyStr>() else {
        return Err(vm.type_error("method name must be a string"));
    };
    let (keywords, d) = dict::fresh(vm);
    for (k, v) in args.keywords() {
        d.set(vm, k, v)?;
    }
    Ok(object::new_instance(
        ty,
        MethodCaller {
            header: object::header(),
            name: vm.intern_value(name),
            args: PyTuple::from_slice(vm, rest),
            keywords,
        },
    ))
}

fn keywords_of(m: &MethodCaller) -> Option<&PyDict> {
    m.keywords.cast::<PyDict>().filter(|d| !d.is_empty())
}

fn call_named_method(vm: &Vm, v: Value, args: CallArgs) -> PyResult {
    let object = one_argument(vm, "methodcaller", args)?;
    let m = MethodCaller::of(v);
    let Some(keywords) = keywords_of(m) else {
        return attr::load_method(vm, object, m.name)?.call(vm, items(&m.args));
    };
    let method = attr::get(vm, object, m.name)?;
    call::call_dict(vm, method.value(), items(&m.args), Some(keywords))
}

fn methodcaller_repr(vm: &Vm, v: Value) -> PyResult {
    let m = MethodCaller::of(v);
    let name = vm.type_of(v).full_name();
    let text = vm.repr_guard(v, || {
        let mut w = ReprWriter::new(&name);
        w.push("(");
        w.push_repr(vm, m.name)?;
        for &x in items(&m.args) {
            w.push(", ");
            w.push_repr(vm, x)?;
        }
        for (k, x) in keywords_of(m).map(|d| d.items_vec()).unwrap_or_default() {
            w.push(", ");
            w.push_text(k.value());
            w.push("=");
            w.push_repr(vm, x.value())?;
        }
        w.push(")");
        Ok(w.finish(vm))
    })?;
    Ok(text.unwrap_or_else(|| vm.new_str(&format!("{name}(...)"))))
}

fn methodcaller_reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let m = MethodCaller::of(a[0]);
    let ty = vm.type_of(a[0]);
    let Some(keywords) = keywords_of(m) else {
        let mut args = vec![m.name.to_ref()];
        args.extend(items(&m.args).iter().map(|v| v.to_ref()));
        return Ok(PyTuple::pair(ty.to_ref(), PyTuple::from_vec(vm, args)));
    };
    let partial = crate::runtime::import_attr(vm, "functools", "partial")?;
    let constructor = call::call_dict(vm, partial.value(), &[ty.value(), m.name], Some(keywords))?;
    Ok(PyTuple::pair(constructor, m.args.clone()))
}
