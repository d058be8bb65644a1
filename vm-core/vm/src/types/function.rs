//! `function`: functions written in Python.

use std::cell::Cell;

use crate::args::CallArgs;
use crate::code::PyCode;
use crate::error::PyResult;
use crate::frame::Frame;
use crate::interp::enter;
use crate::object::{self, Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::protocol::{attr, call, object as obj};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::module;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;
use tailscope_bytecode::code::flags::HAS_DOCSTRING;

pub use crate::types::method::{DEF as METHOD_DEF, PyMethod};

/// Payload of a function. What a call reads comes first.
#[repr(C)]
pub struct PyFunction {
    header: Header,
    /// What inline caches of calls compare; 0 until asked for after a change of the code or
    /// the defaults. Functions of one code object share it.
    version: Cell<u32>,
    /// Locals plus hidden slots.
    pub frame_slots: Cell<u32>,
    /// First code unit.
    pub entry: Cell<*const u16>,
    /// Constants of the code, borrowed.
    pub consts: Cell<*const Value>,
    /// Slots that the frame needs beyond `frame_slots`.
    pub stack_need: Cell<u32>,
    pub argcount: Cell<u32>,
    code: OwnedCell,
    /// Always a dict.
    pub globals: OwnedCell,
    /// Usually a dict.
    pub builtins: OwnedCell,
    pub name: OwnedCell,
    pub qualname: OwnedCell,
    /// Tuple of cells, or NULL.
    pub closure: OwnedCell,
    /// Tuple, or NULL.
    pub defaults: OwnedCell,
    /// Dict, or NULL.
    pub kwdefaults: OwnedCell,
    pub doc: OwnedCell,
    pub module: OwnedCell,
    /// Dict, or NULL.
    pub annotations: OwnedCell,
    /// Function that makes the annotations, None, or NULL.
    pub annotate: OwnedCell,
    /// Tuple, or NULL.
    pub type_params: OwnedCell,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyFunction {
    const SHAPE: u32 = shape::FUNCTION;
}

impl PyFunction {
    /// A function of a code object, with nothing but what the code and the globals tell.
    ///
    /// # Errors
    /// If the globals' `__builtins__` cannot be used.
    pub fn new(vm: &Vm, code: Value, globals: Value) -> PyResult {
        // SAFETY: callers pass code objects: MAKE_FUNCTION, exec, `types.FunctionType`.
        let c = unsafe { code.cast_unchecked::<PyCode>() };
        let doc = match c.consts().first() {
            Some(d) if c.has(HAS_DOCSTRING) => *d,
            _ => vm.none(),
        };
        let names = vm.names();
        let module = globals.cast::<PyDict>().and_then(|g| g.get_str(names.__name__));
        let f = PyFunction {
            header: object::header(),
            version: Cell::new(c.version),
            frame_slots: Cell::new(0),
            entry: Cell::new(std::ptr::null()),
            consts: Cell::new(std::ptr::null()),
            stack_need: Cell::new(0),
            argcount: Cell::new(0),
            code: OwnedCell::new(code.to_ref()),
            builtins: OwnedCell::new(builtins_of(vm, globals).to_ref()),
            globals: OwnedCell::new(globals.to_ref()),
            name: OwnedCell::new(c.name.to_ref()),
            qualname: OwnedCell::new(c.qualname.clone()),
            closure: OwnedCell::null(),
            defaults: OwnedCell::null(),
            kwdefaults: OwnedCell::null(),
            doc: OwnedCell::new(doc.to_ref()),
            module: OwnedCell::from_option(module.map(Value::to_ref)),
            annotations: OwnedCell::null(),
            annotate: OwnedCell::null(),
            type_params: OwnedCell::null(),
        };
        f.adopt_code(c);
        Ok(object::new_instance(vm.builtin(shape::FUNCTION), f))
    }

    fn adopt_code(&self, c: &PyCode) {
        self.frame_slots.set(c.frame_slots);
        self.entry.set(c.entry());
        self.consts.set(c.consts().as_ptr());
        self.stack_need.set(c.stack_need);
        self.argcount.set(c.argcount);
    }

    /// The code object.
    #[inline(always)]
    pub fn code<'a>(&self) -> &'a PyCode {
        // SAFETY: a function always has a code object, which lives as long as it is set; a frame
        // that runs an older one holds a function of its own (see `set_code`).
        unsafe { self.code.get().cast_unchecked::<PyCode>() }
    }

    /// Whether a call with that many positional arguments needs no more than laying them out.
    #[inline(always)]
    pub fn is_simple(&self, args: u32) -> bool {
        let code = self.code();
        self.argcount.get() == args && code.is_simple() && !code.has_mapping()
    }

    /// The code object as a value.
    pub fn code_value(&self) -> Value {
        self.code.get()
    }

    /// What inline caches compare now; 0 matches none.
    #[inline(always)]
    pub fn current_version(&self) -> u32 {
        self.version.get()
    }

    /// The version, made if there is none. 0 when they have run out.
    pub fn version(&self, vm: &Vm) -> u32 {
        if self.version.get() == 0 {
            self.version.set(vm.interp.next_function_version());
        }
        self.version.get()
    }

    /// Called after any change that calls could notice.
    pub fn invalidate(&self) {
        self.version.set(0);
    }

    /// Replaces the code object. Frames that run the old one keep it: their header gets a copy
    /// of the function as it was.
    fn set_code(&self, vm: &Vm, this: Value, code: Value) -> PyResult<()> {
        // SAFETY: the caller has checked the type.
        let new = unsafe { code.cast_unchecked::<PyCode>() };
        let ghost = PyFunction::new(vm, self.code.get(), self.globals.get())?;
        // SAFETY: just made.
        let g = unsafe { ghost.cast_unchecked::<PyFunction>() };
        drop(g.closure.replace(self.closure.get_ref()));
        let mut at = vm.interp.current_frame();
        while let Some(frame) = at {
            // SAFETY: frames on the stack are live; the slot's old value is released after.
            unsafe {
                let slot = frame.0.sub(2);
                if (*slot).is(this) {
                    let old = std::mem::replace(&mut *slot, ghost.clone().into_value());
                    old.release();
                }
                at = frame.caller().map(|(f, _): (Frame, _)| f);
            }
        }
        vm.interp.code_replaced.set(true);
        self.code.set(code.to_ref());
        self.adopt_code(new);
        self.invalidate();
        Ok(())
    }

    /// `__annotations__`, made now if need be.
    fn annotations(&self, vm: &Vm) -> PyResult {
        if let Some(a) = self.annotations.get_ref() {
            return Ok(a);
        }
        let made = match self.annotate.get().non_null() {
            Some(f) if call::is_callable(vm, f) => {
                let d = call::call_args(vm, f, &[Value::small_int(1)])?;
                if d.cast::<PyDict>().is_none() {
                    return Err(vm.type_error(format!(
                        "__annotate__() must return a dict, not {}",
                        vm.type_of(d.value()).full_name()
                    )));
                }
                d
            }
            _ => PyDict::new(vm),
        };
        self.annotations.set(made.clone());
        Ok(made)
    }
}

/// The builtins that code with these globals sees.
pub fn builtins_of(vm: &Vm, globals: Value) -> Value {
    let own = globals.cast::<PyDict>().and_then(|g| g.get_str(vm.names().__builtins__));
    match own {
        Some(b) if b.cast::<module::PyModule>().is_some() => module::dict(vm, b).as_value(),
        Some(b) => b,
        None => match vm.runtime.builtins.get().non_null() {
            Some(b) => module::dict(vm, b).as_value(),
            None => globals,
        },
    }
}

fn this<'a>(v: Value) -> &'a PyFunction {
    // SAFETY: getters and slots of `function` get functions.
    unsafe { v.cast_unchecked::<PyFunction>() }
}

fn or_none(vm: &Vm, c: &OwnedCell) -> PyResult {
    Ok(c.get_ref().unwrap_or_else(|| vm.none_ref()))
}

/// Content for a cell that an attribute sets: nothing for None and for deletion.
fn unless_none(vm: &Vm, v: Value) -> Option<Ref> {
    v.non_null().filter(|v| !v.is(vm.none())).map(Value::to_ref)
}

fn function_repr(vm: &Vm, f: Value) -> PyResult {
    let name = obj::text(this(f).qualname.get());
    Ok(vm.new_str(&format!("<function {name} at {:#x}>", obj::address(f))))
}

fn descr_get(vm: &Vm, f: Value, instance: Value, _class: Value) -> PyResult {
    if instance.is_null() || instance.is(vm.none()) {
        return Ok(f.to_ref());
    }
    Ok(PyMethod::new(f, instance))
}

fn set_str_cell(vm: &Vm, c: &OwnedCell, v: Value, what: &str) -> PyResult<()> {
    if v.is_null() || v.cast::<PyStr>().is_none() {
        return Err(vm.type_error(format!("{what} must be set to a string object")));
    }
    c.set(v.to_ref());
    Ok(())
}

fn set_code(vm: &Vm, f: Value, v: Value) -> PyResult<()> {
    let Some(code) = v.non_null().and_then(|v| v.cast::<PyCode>()) else {
        return Err(vm.type_error("__code__ must be set to a code object"));
    };
    let function = this(f);
    let cells = function.closure.get().non_null().and_then(|c| c.cast::<PyTuple>()).map_or(0, |c| c.len());
    if code.nfreevars as usize != cells {
        return Err(vm.value_error(format!(
            "{}() requires a code object with {cells} free vars, not {}",
            obj::text(function.name.get()),
            code.nfreevars
        )));
    }
    function.set_code(vm, f, v)
}

fn set_defaults(vm: &Vm, f: Value, v: Value) -> PyResult<()> {
    let new = unless_none(vm, v);
    if new.as_ref().is_some_and(|d| d.cast::<PyTuple>().is_none()) {
        return Err(vm.type_error("__defaults__ must be set to a tuple object"));
    }
    this(f).invalidate();
    drop(this(f).defaults.replace(new));
    Ok(())
}

fn set_kwdefaults(vm: &Vm, f: Value, v: Value) -> PyResult<()> {
    let new = unless_none(vm, v);
    if new.as_ref().is_some_and(|d| d.cast::<PyDict>().is_none()) {
        return Err(vm.type_error("__kwdefaults__ must be set to a dict object"));
    }
    this(f).invalidate();
    drop(this(f).kwdefaults.replace(new));
    Ok(())
}

fn set_annotations(vm: &Vm, f: Value, v: Value) -> PyResult<()> {
    let new = unless_none(vm, v);
    if new.as_ref().is_some_and(|d| d.cast::<PyDict>().is_none()) {
        return Err(vm.type_error("__annotations__ must be set to a dict object"));
    }
    this(f).invalidate();
    this(f).annotate.clear();
    drop(this(f).annotations.replace(new));
    Ok(())
}

fn set_annotate(vm: &Vm, f: Value, v: Value) -> PyResult<()> {
    if v.is_null() {
        return Err(vm.type_error("__annotate__ cannot be deleted"));
    }
    if v.is(vm.none()) {
        this(f).annotate.set(v.to_ref());
    } else if call::is_callable(vm, v) {
        this(f).annotate.set(v.to_ref());
        this(f).annotations.clear();
    } else {
        return Err(vm.type_error("__annotate__ must be callable or None"));
    }
    Ok(())
}

fn set_type_params(vm: &Vm, f: Value, v: Value) -> PyResult<()> {
    if v.is_null() || v.cast::<PyTuple>().is_none() {
        return Err(vm.type_error("__type_params__ must be set to a tuple"));
    }
    this(f).type_params.set(v.to_ref());
    Ok(())
}

fn get_dict(vm: &Vm, f: Value) -> PyResult {
    Ok(attr::instance_dict_value(vm, f).map_or_else(|| vm.none_ref(), Value::to_ref))
}

fn set_dict(vm: &Vm, f: Value, v: Value) -> PyResult<()> {
    if v.is_null() {
        return Err(vm.type_error("cannot delete __dict__"));
    }
    attr::replace_instance_dict(vm, f, v)
}

fn function_new(vm: &Vm, _ty: TypeRef, args: &[Value]) -> PyResult {
    let [code, globals, name, defaults, closure, kwdefaults] = args else {
        return Err(vm.system_error("function() was given a wrong number of values"));
    };
    let Some(c) = code.cast::<PyCode>() else {
        return Err(vm.type_error(format!(
            "function() argument 'code' must be code, not {}",
            vm.type_of(*code).name()
        )));
    };
    if globals.cast::<PyDict>().is_none() {
        return Err(vm.type_error(format!(
            "function() argument 'globals' must be dict, not {}",
            vm.type_of(*globals).name()
        )));
    }
    let given = |v: Value| v.non_null().filter(|v| !v.is(vm.none()));
    if given(*name).is_some_and(|n| n.cast::<PyStr>().is_none()) {
        return Err(vm.type_error("arg 3 (name) must be None or string"));
    }
    if given(*defaults).is_some_and(|d| d.cast::<PyTuple>().is_none()) {
        return Err(vm.type_error("arg 4 (defaults) must be None or tuple"));
    }
    check_closure(vm, c, given(*closure))?;
    if given(*kwdefaults).is_some_and(|d| d.cast::<PyDict>().is_none()) {
        return Err(vm.type_error("arg 6 (kwdefaults) must be None or dict"));
    }
    let f = PyFunction::new(vm, *code, *globals)?;
    let p = this(f.value());
    if let Some(n) = given(*name) {
        p.name.set(n.to_ref());
    }
    drop(p.defaults.replace(given(*defaults).map(Value::to_ref)));
    drop(p.closure.replace(given(*closure).map(Value::to_ref)));
    drop(p.kwdefaults.replace(given(*kwdefaults).map(Value::to_ref)));
    Ok(f)
}

fn check_closure(vm: &Vm, code: &PyCode, closure: Option<Value>) -> PyResult<()> {
    let needed = code.nfreevars as usize;
    let Some(closure) = closure else {
        if needed == 0 {
            return Ok(());
        }
        return Err(vm.type_error("arg 5 (closure) must be tuple"));
    };
    let Some(cells) = closure.cast::<PyTuple>() else {
        return Err(vm.type_error("arg 5 (closure) must be None or tuple"));
    };
    if cells.len() != needed {
        return Err(vm.value_error(format!(
            "{} requires closure of length {needed}, not {}",
            obj::text(code.name),
            cells.len()
        )));
    }
    match cells.iter().find(|c| !c.has_shape(shape::CELL)) {
        Some(c) => Err(vm.type_error(format!(
            "arg 5 (closure) expected cell, found {}",
            vm.type_of(c).name()
        ))),
        None => Ok(()),
    }
}

/// The type `function`.
pub static DEF: TypeDef = TypeDef {
    doc: "Create a function object.\n\n  code\n    a code object\n  globals\n    the globals dictionary\n  name\n    a string that overrides the name from the code object\n  argdefs\n    a tuple that specifies the default argument values\n  closure\n    a tuple that supplies the bindings for free variables\n  kwdefaults\n    a dictionary that specifies the default keyword argument values",
    flags: flags::HEAP | flags::PREFIX | flags::DICT | flags::WEAKREF | flags::METHOD_DESCRIPTOR,
    new: New::Bound(
        "(code, globals, name=None, argdefs=None, closure=None, kwdefaults=None)",
        function_new,
    ),
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyFunction>);
        s.traverse = crate::traverse_fields!(PyFunction: code, globals, builtins, name, qualname, closure, defaults, kwdefaults, doc, module, annotations, annotate, type_params);
        s.clear = crate::clear_fields!(PyFunction: defaults, kwdefaults, annotations, annotate, type_params);
        s.repr = Some(function_repr);
        s.call = Some(enter::call_function as fn(&Vm, Value, CallArgs) -> PyResult);
        s.descr_get = Some(descr_get);
    },
    getset: &[
        GetSetDef::member("__closure__", |vm, f| or_none(vm, &this(f).closure), ""),
        GetSetDef::member_set("__doc__", |vm, f| or_none(vm, &this(f).doc), |vm, f, v| {
            this(f).doc.set(v.non_null().unwrap_or(vm.none()).to_ref());
            Ok(())
        }, ""),
        GetSetDef::member("__globals__", |vm, f| or_none(vm, &this(f).globals), ""),
        GetSetDef::member_set("__module__", |vm, f| or_none(vm, &this(f).module), |vm, f, v| {
            this(f).module.set(v.non_null().unwrap_or(vm.none()).to_ref());
            Ok(())
        }, ""),
        GetSetDef::member("__builtins__", |vm, f| or_none(vm, &this(f).builtins), ""),
        GetSetDef::get_set("__code__", |_, f| Ok(this(f).code_value().to_ref()), set_code, ""),
        GetSetDef::get_set("__defaults__", |vm, f| or_none(vm, &this(f).defaults), set_defaults, ""),
        GetSetDef::get_set("__kwdefaults__", |vm, f| or_none(vm, &this(f).kwdefaults), set_kwdefaults, ""),
        GetSetDef::get_set("__annotations__", |vm, f| this(f).annotations(vm), set_annotations, "Dict of annotations in a function object."),
        GetSetDef::get_set("__annotate__", |vm, f| or_none(vm, &this(f).annotate), set_annotate, "Get the code object for a function."),
        GetSetDef::get_set("__dict__", get_dict, set_dict, ""),
        GetSetDef::get_set("__name__", |vm, f| or_none(vm, &this(f).name), |vm, f, v| set_str_cell(vm, &this(f).name, v, "__name__"), ""),
        GetSetDef::get_set("__qualname__", |vm, f| or_none(vm, &this(f).qualname), |vm, f, v| set_str_cell(vm, &this(f).qualname, v, "__qualname__"), ""),
        GetSetDef::get_set(
            "__type_params__",
            |vm, f| Ok(this(f).type_params.get_ref().unwrap_or_else(|| vm.empty_tuple().to_ref())),
            set_type_params,
            "Get the declared type parameters for a function.",
        ),
    ],
    ..TypeDef::of::<PyFunction>("function")
};
