//! Module objects.

use crate::args::CallArgs;
use crate::error::{PyResult, Raised};
use crate::import::spec::{self, Origin};
use crate::object::{self, Header, Payload};
use crate::protocol::{attr, call, object as obj};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::str_::PyStr;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A module: its namespace is its attribute dictionary.
#[repr(C)]
pub struct PyModule {
    header: Header,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyModule {
    const SHAPE: u32 = shape::MODULE;
}

/// A new module with the standard attributes set to their defaults.
pub fn new(vm: &Vm, name: &str) -> Ref {
    let m = object::new_instance(vm.builtin(shape::MODULE), PyModule { header: object::header() });
    let n = vm.new_str(name);
    set_defaults(vm, m.value(), n.value(), vm.none());
    m
}

fn set_defaults(vm: &Vm, m: Value, name: Value, doc: Value) {
    let n = vm.names();
    let d = dict(vm, m);
    for (k, v) in [
        (n.__name__, name),
        (n.__doc__, doc),
        (n.__package__, vm.none()),
        (n.__loader__, vm.none()),
        (n.__spec__, vm.none()),
    ] {
        d.set_str(vm, k, v);
    }
}

/// The module's namespace.
pub fn dict<'a>(vm: &Vm, m: Value) -> &'a PyDict {
    match attr::instance_dict(vm, m) {
        Some(d) => d,
        None => unreachable!("modules have a dictionary"),
    }
}

fn module_new(_: &Vm, ty: TypeRef, _: CallArgs) -> PyResult {
    Ok(object::new_instance(ty, PyModule { header: object::header() }))
}

fn module_init(vm: &Vm, this: Value, args: CallArgs) -> PyResult<()> {
    let sig = vm.signatures.get("(name, doc=None)");
    sig.bind(vm, "module", None, args, |a| {
        if a[0].cast::<PyStr>().is_none() {
            return Err(vm.type_error(format!(
                "module() argument 'name' must be str, not {}",
                vm.type_of(a[0]).full_name()
            )));
        }
        set_defaults(vm, this, a[0], a[1].non_null().unwrap_or(vm.none()));
        Ok(())
    })
}

fn repr(vm: &Vm, this: Value) -> PyResult {
    let d = dict(vm, this);
    let n = vm.names();
    let name = match d.get_str(n.__name__) {
        Some(x) => obj::repr_text(vm, x)?,
        None => "'?'".to_owned(),
    };
    if let Some(spec) = d.get_str(n.__spec__).filter(|s| !s.is(vm.none())) {
        let spec = spec.to_ref();
        let importlib = crate::runtime::import(vm, "importlib._bootstrap")?;
        return call::call_method(vm, importlib.value(), "_module_repr_from_spec", &[spec.value()]);
    }
    if let Some(file) = d.get_str(n.__file__).filter(|f| f.cast::<PyStr>().is_some()) {
        return Ok(vm.new_str(&format!("<module {name} from {}>", obj::repr_text(vm, file)?)));
    }
    match d.get_str(n.__loader__).filter(|l| !l.is(vm.none())) {
        Some(l) => Ok(vm.new_str(&format!("<module {name} ({})>", obj::repr_text(vm, l)?))),
        None if d.get_str(n.__name__).is_some_and(|own| crate::native::imp::is_builtin_module(vm, this, own)) => {
            Ok(vm.new_str(&format!("<module {name} (built-in)>")))
        }
        None => Ok(vm.new_str(&format!("<module {name}>"))),
    }
}

fn get_attr(vm: &Vm, this: Value, name: Value) -> PyResult {
    if let Some(v) = attr::generic_get_opt(vm, this, name)? {
        if v.is(vm.none()) && spec::is_made_when_asked(vm, name) {
            spec::make(vm, this)?;
            return Ok(attr::generic_get_opt(vm, this, name)?.unwrap_or(v));
        }
        return Ok(v);
    }
    let n = vm.names();
    let d = dict(vm, this);
    if let Some(f) = d.get_str(n.__getattr__) {
        let f = f.to_ref();
        return call::call_args(vm, f.value(), &[name]);
    }
    Err(missing(vm, this, name)?)
}

/// The AttributeError, with what may help.
#[cold]
fn missing(vm: &Vm, this: Value, name: Value) -> PyResult<Raised> {
    let text = obj::text(name);
    let Some(own_name) = dict(vm, this).get_str(vm.names().__name__).filter(|n| n.cast::<PyStr>().is_some()) else {
        return Ok(vm.attribute_error(this, name, format!("module has no attribute '{text}'")));
    };
    let (own_name, module) = (own_name.to_ref(), obj::text(own_name));
    let plain = format!("module '{module}' has no attribute '{text}'");
    let message = match Origin::of(vm, this, Some(own_name.value()))? {
        None => plain,
        Some(origin) => match origin.renaming_hint(&format!("'{module}'"), |file| Ok(format!("'{}'", obj::text(file))))? {
            Some(hint) => format!("{plain} {hint}"),
            None if origin.is_initializing => {
                let from = origin.file.as_ref().map_or(String::new(), |f| format!(" from '{}'", obj::text(f.value())));
                format!("partially initialized module '{module}'{from} has no attribute '{text}' (most likely due to a circular import)")
            }
            None if spec::is_uninitialized_submodule(vm, this, &module, name)? => {
                format!("cannot access submodule '{text}' of module '{module}' (most likely due to a circular import)")
            }
            None => plain,
        },
    };
    Ok(vm.attribute_error(this, name, message))
}

fn dir(vm: &Vm, args: &[Value]) -> PyResult {
    let namespace = attr::get(vm, args[0], vm.names().__dict__)?;
    let Some(d) = namespace.cast::<PyDict>() else {
        return Err(vm.type_error("<module>.__dict__ is not a dictionary"));
    };
    if let Some(f) = d.get_str(vm.names().__dir__) {
        let f = f.to_ref();
        return call::call_args(vm, f.value(), &[]);
    }
    Ok(crate::types::list::PyList::new(vm, crate::types::object_type::keys(d)))
}

fn get_dict(vm: &Vm, this: Value) -> PyResult {
    Ok(attr::instance_dict_value(vm, this).unwrap_or(vm.none()).to_ref())
}

fn get_annotations(vm: &Vm, this: Value) -> PyResult {
    let n = vm.names();
    let d = dict(vm, this);
    if let Some(a) = d.get_str(n.__annotations__) {
        return Ok(a.to_ref());
    }
    let result = match d.get_str(n.__annotate__).filter(|f| call::is_callable(vm, *f)) {
        Some(f) => {
            let f = f.to_ref();
            let r = call::call_args(vm, f.value(), &[Value::small_int(1)])?;
            if r.cast::<PyDict>().is_none() {
                return Err(vm.type_error(format!(
                    "__annotate__() must return a dict, not {}",
                    vm.type_of(r.value()).full_name()
                )));
            }
            r
        }
        None => PyDict::new(vm),
    };
    d.set_str(vm, n.__annotations__, result.value());
    Ok(result)
}

fn set_annotations(vm: &Vm, this: Value, v: Value) -> PyResult<()> {
    let n = vm.names();
    let d = dict(vm, this);
    if v.is_null() {
        if !d.delete(vm, n.__annotations__)? {
            return Err(vm.attribute_error(this, n.__annotations__, "__annotations__"));
        }
    } else {
        d.set_str(vm, n.__annotations__, v);
    }
    d.delete(vm, n.__annotate__).map(drop)
}

fn get_annotate(vm: &Vm, this: Value) -> PyResult {
    let d = dict(vm, this);
    Ok(d.get_str(vm.names().__annotate__).unwrap_or(vm.none()).to_ref())
}

fn set_annotate(vm: &Vm, this: Value, v: Value) -> PyResult<()> {
    if v.is_null() {
        return Err(vm.type_error("cannot delete __annotate__ attribute"));
    }
    if !v.is(vm.none()) && !call::is_callable(vm, v) {
        return Err(vm.type_error("__annotate__ must be callable or None"));
    }
    let d = dict(vm, this);
    d.set_str(vm, vm.names().__annotate__, v);
    if !v.is(vm.none()) {
        d.delete(vm, vm.names().__annotations__)?;
    }
    Ok(())
}

pub static DEF: TypeDef = TypeDef {
    doc: "Create a module object.\n\nThe name must be a string; the optional docstring can have any type.",
    flags: flags::BASETYPE | flags::HEAP | flags::PREFIX | flags::DICT | flags::WEAKREF,
    new: New::Raw(module_new),
    slots: |s| {
        s.init = Some(module_init);
        s.repr = Some(repr);
        s.get_attr = Some(get_attr);
    },
    methods: &[MethodDef::new("__dir__", "($self, /)", dir, "__dir__() -> list\nspecialized dir() implementation")],
    getset: &[
        GetSetDef::member("__dict__", get_dict, ""),
        GetSetDef::get_set("__annotations__", get_annotations, set_annotations, ""),
        GetSetDef::get_set("__annotate__", get_annotate, set_annotate, ""),
    ],
    ..TypeDef::of::<PyModule>("module")
};
