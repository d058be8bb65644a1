//! Code objects that a program puts together. Handlers trust the code that they run, so it is
//! verified like code that is read from a file.

use std::sync::Arc;

use tailscope_bytecode::code::{Code, Const, flags, kinds};
use tailscope_bytecode::verify;

use super::this;
use crate::code::PyCode;
use crate::convert;
use crate::error::PyResult;
use crate::protocol::object as obj;
use crate::types::bytes::data_of;
use crate::types::const_value;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::TypeRef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

pub(super) const NEW: &str = "(argcount, posonlyargcount, kwonlyargcount, nlocals, stacksize, flags, codestring, constants, names, \
     varnames, filename, name, qualname, firstlineno, linetable, exceptiontable, \
     freevars=<unrepresentable>, cellvars=<unrepresentable>, /)";

pub(super) const REPLACE: &str = "($self, /, *, co_argcount=<unrepresentable>, co_posonlyargcount=<unrepresentable>, \
     co_kwonlyargcount=<unrepresentable>, co_nlocals=<unrepresentable>, co_stacksize=<unrepresentable>, \
     co_flags=<unrepresentable>, co_firstlineno=<unrepresentable>, co_code=<unrepresentable>, \
     co_consts=<unrepresentable>, co_names=<unrepresentable>, co_varnames=<unrepresentable>, \
     co_freevars=<unrepresentable>, co_cellvars=<unrepresentable>, co_filename=<unrepresentable>, \
     co_name=<unrepresentable>, co_qualname=<unrepresentable>, co_linetable=<unrepresentable>, \
     co_exceptiontable=<unrepresentable>)";

/// What a code object is to be made of.
struct Parts {
    code: Code,
    consts: Vec<Ref>,
    nlocals: u32,
    varnames: Vec<Arc<str>>,
    freevars: Vec<Arc<str>>,
    cellvars: Vec<Arc<str>>,
}

/// Names a parameter in messages: `code() argument 7`, `replace() argument 'co_code'`.
struct Naming {
    function: &'static str,
    what: String,
}

impl Naming {
    fn bytes(&self, vm: &Vm, v: Value) -> PyResult<Vec<u8>> {
        match data_of(v).filter(|_| v.has_shape(crate::shape::BYTES)) {
            Some(b) => Ok(b.to_vec()),
            None => Err(convert::bad_argument(vm, self.function, &self.what, "bytes", v)),
        }
    }

    fn text(&self, vm: &Vm, v: Value) -> PyResult<Arc<str>> {
        convert::str_arg(vm, self.function, &self.what, v)?;
        Ok(Arc::from(obj::text(v)))
    }

    fn tuple<'a>(&self, vm: &Vm, v: Value) -> PyResult<&'a PyTuple> {
        match v.cast::<PyTuple>() {
            Some(t) => Ok(t),
            None => Err(convert::bad_argument(vm, self.function, &self.what, "tuple", v)),
        }
    }

    fn names(&self, vm: &Vm, v: Value) -> PyResult<Vec<Arc<str>>> {
        let mut names = Vec::new();
        for n in self.tuple(vm, v)?.iter() {
            if n.cast::<PyStr>().is_none() {
                let ty = vm.type_of(n).full_name();
                return Err(vm.type_error(format!("name tuples must contain only strings, not '{ty}'")));
            }
            names.push(Arc::from(obj::text(n)));
        }
        Ok(names)
    }
}

/// `types.CodeType(...)`.
pub(super) fn new(vm: &Vm, _: TypeRef, a: &[Value]) -> PyResult {
    let named = |i: usize| Naming { function: "code", what: format!("argument {}", i + 1) };
    let count = |i: usize, what: &str| {
        let n = convert::c_int(vm, a[i])?;
        u32::try_from(n).map_err(|_| vm.value_error(format!("code: {what} must not be negative")))
    };
    let consts = named(7).tuple(vm, a[7])?;
    let empty = |i: usize| a[i].non_null().map_or(Ok(Vec::new()), |v| named(i).names(vm, v));
    let code = Code {
        argcount: count(0, "argcount")?,
        posonlyargcount: count(1, "posonlyargcount")?,
        kwonlyargcount: count(2, "kwonlyargcount")?,
        stacksize: convert::c_int(vm, a[4])? as u32,
        flags: convert::c_int(vm, a[5])? as u32,
        code: named(6).bytes(vm, a[6])?,
        consts: constants(vm, consts),
        names: named(8).names(vm, a[8])?,
        localsplusnames: Vec::new(),
        localspluskinds: Vec::new(),
        filename: named(10).text(vm, a[10])?,
        name: named(11).text(vm, a[11])?,
        qualname: named(12).text(vm, a[12])?,
        firstlineno: convert::c_int(vm, a[13])?,
        linetable: named(14).bytes(vm, a[14])?,
        exceptiontable: named(15).bytes(vm, a[15])?,
    };
    let parts = Parts {
        code,
        consts: consts.iter().map(|c| c.to_ref()).collect(),
        nlocals: count(3, "nlocals")?,
        varnames: named(9).names(vm, a[9])?,
        freevars: empty(16)?,
        cellvars: empty(17)?,
    };
    parts.make(vm)
}

/// `code.replace(...)`: the arguments are in the order of [`REPLACE`].
pub(super) fn replace(vm: &Vm, a: &[Value]) -> PyResult {
    let c = this(a[0]);
    let mut parts = Parts::of(c);
    let named = |name: &str| Naming { function: "replace", what: format!("argument '{name}'") };
    let count = |v: Value, name: &str, slot: &mut u32| {
        let Some(v) = v.non_null() else { return Ok(()) };
        *slot = u32::try_from(convert::c_int(vm, v)?)
            .map_err(|_| vm.value_error(format!("{name} must be a positive integer")))?;
        Ok(())
    };
    count(a[1], "co_argcount", &mut parts.code.argcount)?;
    count(a[2], "co_posonlyargcount", &mut parts.code.posonlyargcount)?;
    count(a[3], "co_kwonlyargcount", &mut parts.code.kwonlyargcount)?;
    count(a[4], "co_nlocals", &mut parts.nlocals)?;
    count(a[5], "co_stacksize", &mut parts.code.stacksize)?;
    count(a[6], "co_flags", &mut parts.code.flags)?;
    let mut first = parts.code.firstlineno as u32;
    count(a[7], "co_firstlineno", &mut first)?;
    parts.code.firstlineno = first as i32;
    let bytes = |v: Value, name: &str, slot: &mut Vec<u8>| {
        if let Some(v) = v.non_null() {
            *slot = named(name).bytes(vm, v)?;
        }
        Ok(())
    };
    bytes(a[8], "co_code", &mut parts.code.code)?;
    bytes(a[17], "co_linetable", &mut parts.code.linetable)?;
    bytes(a[18], "co_exceptiontable", &mut parts.code.exceptiontable)?;
    if let Some(v) = a[9].non_null() {
        let t = named("co_consts").tuple(vm, v)?;
        parts.consts = t.iter().map(|c| c.to_ref()).collect();
        parts.code.consts = constants(vm, t);
    }
    let names = |v: Value, name: &str, slot: &mut Vec<Arc<str>>| {
        if let Some(v) = v.non_null() {
            *slot = named(name).names(vm, v)?;
        }
        Ok(())
    };
    names(a[10], "co_names", &mut parts.code.names)?;
    names(a[11], "co_varnames", &mut parts.varnames)?;
    names(a[12], "co_freevars", &mut parts.freevars)?;
    names(a[13], "co_cellvars", &mut parts.cellvars)?;
    let text = |v: Value, name: &str, slot: &mut Arc<str>| {
        if let Some(v) = v.non_null() {
            *slot = named(name).text(vm, v)?;
        }
        Ok(())
    };
    text(a[14], "co_filename", &mut parts.code.filename)?;
    text(a[15], "co_name", &mut parts.code.name)?;
    text(a[16], "co_qualname", &mut parts.code.qualname)?;
    parts.make(vm)
}

/// Constants in the compiler's form; an object that no compiler makes is known as `Ellipsis` there.
fn constants(vm: &Vm, t: &PyTuple) -> Vec<Const> {
    t.iter().map(|v| const_value::from_value(vm, v).unwrap_or(Const::Ellipsis)).collect()
}

impl Parts {
    fn of(c: &PyCode) -> Parts {
        let code: Code = (*c.code).clone();
        let of_kind = |kind: u8| {
            let all = code.localsplusnames.iter().zip(&code.localspluskinds);
            all.filter(|(_, k)| **k & kind != 0).map(|(n, _)| n.clone()).collect::<Vec<_>>()
        };
        let varnames = of_kind(kinds::LOCAL);
        Parts {
            nlocals: varnames.len() as u32,
            consts: c.consts().iter().map(|v| v.to_ref()).collect(),
            freevars: of_kind(kinds::FREE),
            cellvars: of_kind(kinds::CELL),
            varnames,
            code,
        }
    }

    /// The code object, if it is sound.
    fn make(mut self, vm: &Vm) -> PyResult {
        let c = &self.code;
        let parameters = c.argcount as u64
            + c.kwonlyargcount as u64
            + u64::from(c.flags & flags::VARARGS != 0)
            + u64::from(c.flags & flags::VARKEYWORDS != 0);
        if c.posonlyargcount > c.argcount {
            return Err(vm.system_error("bad argument to internal function"));
        }
        if !c.code.len().is_multiple_of(2) {
            return Err(vm.value_error("code: co_code is malformed"));
        }
        if parameters > self.varnames.len() as u64 {
            return Err(vm.value_error("code: co_varnames is too small"));
        }
        if self.nlocals as usize != self.varnames.len() {
            return Err(vm.value_error("code: co_nlocals != len(co_varnames)"));
        }
        self.lay_out_variables(parameters as usize);
        if let Err(e) = verify::verify_instructions(&self.code) {
            return Err(vm.value_error(format!("unsound code object: {e}")));
        }
        PyCode::with_constants(vm, &Arc::new(self.code), self.consts)
    }

    /// Names and kinds of the slots: locals, of which some may be cells, then other cells, then
    /// free variables.
    fn lay_out_variables(&mut self, parameters: usize) {
        let c = &mut self.code;
        let hidden: Vec<Arc<str>> = c
            .localsplusnames
            .iter()
            .zip(&c.localspluskinds)
            .filter(|(_, k)| **k & kinds::HIDDEN != 0)
            .map(|(n, _)| n.clone())
            .collect();
        let mut names = Vec::new();
        let mut slots = Vec::new();
        let positional = c.argcount as usize;
        let keywords = positional + c.kwonlyargcount as usize;
        let star = usize::from(c.flags & flags::VARARGS != 0);
        for (i, name) in self.varnames.iter().enumerate() {
            let mut kind = kinds::LOCAL;
            kind |= match i {
                _ if i >= parameters => 0,
                _ if i < c.posonlyargcount as usize => kinds::ARG_POS,
                _ if i < positional => kinds::ARG_POS | kinds::ARG_KW,
                _ if i < keywords => kinds::ARG_KW,
                _ if i < keywords + star => kinds::ARG_VAR | kinds::ARG_POS,
                _ => kinds::ARG_VAR | kinds::ARG_KW,
            };
            if self.cellvars.contains(name) {
                kind |= kinds::CELL;
            }
            if hidden.contains(name) {
                kind |= kinds::HIDDEN;
            }
            names.push(name.clone());
            slots.push(kind);
        }
        for name in self.cellvars.iter().filter(|n| !self.varnames.contains(n)) {
            names.push(name.clone());
            slots.push(kinds::CELL);
        }
        for name in &self.freevars {
            names.push(name.clone());
            slots.push(kinds::FREE);
        }
        c.localsplusnames = names;
        c.localspluskinds = slots;
    }
}
