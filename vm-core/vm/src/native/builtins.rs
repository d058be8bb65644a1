//! The module `builtins`: functions here, types from the table of types.

use crate::code::PyCode;
use crate::error::PyResult;
use crate::native::ModuleDef;
use crate::native::compile::compile;
use crate::protocol::number::{self, BinaryOp};
use crate::protocol::{attr, call, compare, item, iter, object as obj, truth};
use crate::shape::{self, ShapeId};
use crate::types::complex::{self, PyComplex};
use crate::types::dict::PyDict;
use crate::types::list::PyList;
use crate::types::native::BuiltinFunction;
use crate::types::slots::CompareOp;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::MethodDef;
use crate::types::int;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Types that are names of `builtins`, beside the exceptions.
const TYPES: &[ShapeId] = &[
    shape::OBJECT,
    shape::TYPE,
    shape::INT,
    shape::BOOL,
    shape::FLOAT,
    shape::COMPLEX,
    shape::STR,
    shape::BYTES,
    shape::BYTEARRAY,
    shape::TUPLE,
    shape::LIST,
    shape::DICT,
    shape::SET,
    shape::FROZENSET,
    shape::RANGE,
    shape::SLICE,
    shape::PROPERTY,
    shape::CLASSMETHOD,
    shape::STATICMETHOD,
    shape::SUPER,
    shape::ENUMERATE,
    shape::REVERSED,
    shape::ZIP,
    shape::MAP,
    shape::FILTER,
    shape::MEMORYVIEW,
];

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    let build_class = BuiltinFunction::new(vm, &super::build_class::FUNCTION, m, Some(vm.names().builtins));
    crate::native::add(vm, m, "__build_class__", build_class.value())?;
    let d = crate::types::module::dict(vm, m);
    let exceptions = shape::BASE_EXCEPTION..=shape::EXCEPTION_GROUP;
    for id in TYPES.iter().copied().chain(exceptions) {
        let ty = vm.builtin(id);
        d.set_str(vm, vm.intern(&ty.name()), ty.value());
    }
    for (name, id) in [("EnvironmentError", shape::OS_ERROR), ("IOError", shape::OS_ERROR)] {
        d.set_str(vm, vm.intern(name), vm.builtin(id).value());
    }
    for (name, v) in [
        ("None", vm.none()),
        ("True", vm.true_()),
        ("False", vm.false_()),
        ("NotImplemented", vm.not_implemented()),
        ("Ellipsis", vm.ellipsis()),
        ("__debug__", vm.bool(vm.runtime.config.optimize == 0)),
    ] {
        d.set_str(vm, vm.intern(name), v);
    }
    Ok(())
}

fn or_none(vm: &Vm, v: Value) -> Value {
    v.non_null().unwrap_or(vm.none())
}

fn abs(vm: &Vm, a: &[Value]) -> PyResult {
    number::abs(vm, a[0])
}

fn all(vm: &Vm, a: &[Value]) -> PyResult {
    let it = iter::get_iter(vm, a[0])?;
    while let Some(v) = iter::next(vm, it.value())? {
        if !truth::truth(vm, v.value())? {
            return Ok(vm.bool_ref(false));
        }
    }
    Ok(vm.bool_ref(true))
}

fn any(vm: &Vm, a: &[Value]) -> PyResult {
    let it = iter::get_iter(vm, a[0])?;
    while let Some(v) = iter::next(vm, it.value())? {
        if truth::truth(vm, v.value())? {
            return Ok(vm.bool_ref(true));
        }
    }
    Ok(vm.bool_ref(false))
}

fn ascii(vm: &Vm, a: &[Value]) -> PyResult {
    obj::ascii(vm, a[0])
}

fn radix(vm: &Vm, v: Value, base: u32, prefix: &str) -> PyResult {
    let i = number::index(vm, v)?;
    let b = int::value_of(i.value()).unwrap_or(int::Int::Small(0)).to_big();
    let sign = if b.sign() == num_bigint::Sign::Minus { "-" } else { "" };
    Ok(vm.new_str(&format!("{sign}{prefix}{}", b.magnitude().to_str_radix(base))))
}

fn bin(vm: &Vm, a: &[Value]) -> PyResult {
    radix(vm, a[0], 2, "0b")
}

fn oct(vm: &Vm, a: &[Value]) -> PyResult {
    radix(vm, a[0], 8, "0o")
}

fn hex(vm: &Vm, a: &[Value]) -> PyResult {
    radix(vm, a[0], 16, "0x")
}

fn callable(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.bool_ref(call::is_callable(vm, a[0])))
}

fn chr(vm: &Vm, a: &[Value]) -> PyResult {
    let i = number::index(vm, a[0])?;
    match int::to_i64(i.value()).and_then(|i| u32::try_from(i).ok()).filter(|c| *c <= 0x10ffff) {
        Some(c) => Ok(crate::types::str_::from_code_point(vm, c)),
        None => Err(vm.value_error("chr() arg not in range(0x110000)")),
    }
}

fn ord(vm: &Vm, a: &[Value]) -> PyResult {
    if let Some(s) = a[0].cast::<PyStr>() {
        if s.char_len() == 1 {
            return Ok(Ref::small_int(s.char_at(0) as i64));
        }
        return Err(vm.type_error(format!(
            "ord() expected a character, but string of length {} found",
            s.char_len()
        )));
    }
    if let Some(b) = crate::types::bytes::data_of(a[0]) {
        if b.len() == 1 {
            return Ok(Ref::small_int(b[0] as i64));
        }
        return Err(vm.type_error(format!("ord() expected a character, but string of length {} found", b.len())));
    }
    Err(vm.type_error(format!(
        "ord() expected string of length 1, but {} found",
        vm.type_of(a[0]).full_name()
    )))
}

fn delattr(vm: &Vm, a: &[Value]) -> PyResult {
    let name = attr::check_name(vm, a[1])?;
    attr::delete(vm, a[0], name)?;
    Ok(vm.none_ref())
}

fn setattr(vm: &Vm, a: &[Value]) -> PyResult {
    let name = attr::check_name(vm, a[1])?;
    attr::set(vm, a[0], name, a[2])?;
    Ok(vm.none_ref())
}

fn getattr(vm: &Vm, a: &[Value]) -> PyResult {
    let name = attr::check_name(vm, a[1])?;
    match a[2].non_null() {
        None => attr::get(vm, a[0], name),
        Some(default) => Ok(attr::get_opt(vm, a[0], name)?.unwrap_or_else(|| default.to_ref())),
    }
}

fn hasattr(vm: &Vm, a: &[Value]) -> PyResult {
    let name = attr::check_name(vm, a[1])?;
    Ok(vm.bool_ref(attr::get_opt(vm, a[0], name)?.is_some()))
}

fn dir(vm: &Vm, a: &[Value]) -> PyResult {
    let names = match a[0].non_null() {
        Some(v) => obj::dir(vm, v)?,
        None => {
            let locals = crate::introspect::locals(vm)?;
            let keys = call::call_method(vm, locals.value(), "keys", &[])?;
            PyList::new(vm, iter::to_vec(vm, keys.value())?)
        }
    };
    call::call_method(vm, names.value(), "sort", &[])?;
    Ok(names)
}

fn divmod(vm: &Vm, a: &[Value]) -> PyResult {
    number::binary(vm, a[0], a[1], BinaryOp::Divmod)
}

fn format(vm: &Vm, a: &[Value]) -> PyResult {
    if let Some(s) = a[1].non_null()
        && s.cast::<PyStr>().is_none()
    {
        return Err(vm.type_error(format!(
            "format() argument 2 must be str, not {}",
            vm.type_of(s).full_name()
        )));
    }
    obj::format(vm, a[0], a[1])
}

fn globals(vm: &Vm, _: &[Value]) -> PyResult {
    crate::introspect::globals(vm)
}

fn locals(vm: &Vm, _: &[Value]) -> PyResult {
    crate::introspect::locals(vm)
}

fn vars(vm: &Vm, a: &[Value]) -> PyResult {
    match a[0].non_null() {
        None => crate::introspect::locals(vm),
        Some(v) => match attr::get_opt(vm, v, vm.names().__dict__)? {
            Some(d) => Ok(d),
            None => Err(vm.type_error("vars() argument must have __dict__ attribute")),
        },
    }
}

fn hash(vm: &Vm, a: &[Value]) -> PyResult {
    obj::hash(vm, a[0]).map(|h| vm.new_int(h))
}

fn id(_: &Vm, a: &[Value]) -> PyResult {
    Ok(int::from_u64(obj::address(a[0])))
}

fn isinstance(vm: &Vm, a: &[Value]) -> PyResult {
    obj::is_instance(vm, a[0], a[1]).map(|b| vm.bool_ref(b))
}

fn issubclass(vm: &Vm, a: &[Value]) -> PyResult {
    obj::is_subclass(vm, a[0], a[1]).map(|b| vm.bool_ref(b))
}

fn iter_(vm: &Vm, a: &[Value]) -> PyResult {
    match a[1].non_null() {
        None => iter::get_iter(vm, a[0]),
        Some(sentinel) => {
            if !call::is_callable(vm, a[0]) {
                return Err(vm.type_error("iter(v, w): v must be callable"));
            }
            Ok(crate::types::iterators::new_callable_iterator(a[0], sentinel))
        }
    }
}

fn next(vm: &Vm, a: &[Value]) -> PyResult {
    let Some(next) = vm.type_of(a[0]).slots().next else {
        return Err(vm.type_error(format!(
            "'{}' object is not an iterator",
            vm.type_of(a[0]).full_name()
        )));
    };
    match (next(vm, a[0]), a[1].non_null()) {
        (Ok(Some(v)), _) => Ok(v),
        (Ok(None), None) => Err(vm.stop_iteration(Value::NULL)),
        // A StopIteration that was raised keeps its value.
        (Err(e), default) if default.is_none() || !e.is(vm, shape::STOP_ITERATION) => Err(e),
        (_, default) => Ok(default.unwrap_or(vm.none()).to_ref()),
    }
}

fn len(vm: &Vm, a: &[Value]) -> PyResult {
    item::length(vm, a[0]).map(|n| vm.new_int(n as i64))
}

/// An item that `min` or `max` may return, with what the key function said of it.
struct Candidate {
    item: Ref,
    key: Option<Ref>,
}

impl Candidate {
    fn compared(&self) -> Value {
        self.key.as_ref().unwrap_or(&self.item).value()
    }
}

/// `min` and `max`.
fn extreme(vm: &Vm, name: &str, op: CompareOp, a: &[Value]) -> PyResult {
    let Some(args) = a[0].cast::<PyTuple>() else { return Ok(vm.none_ref()) };
    let key = a[1].non_null().filter(|k| !k.is(vm.none()));
    let default = a[2];
    let many = args.len() > 1;
    if args.is_empty() {
        return Err(vm.type_error(format!("{name} expected at least 1 argument, got 0")));
    }
    if many && !default.is_null() {
        return Err(vm.type_error(format!(
            "Cannot specify a default for {name}() with multiple positional arguments"
        )));
    }
    let source = if many { a[0] } else { args.as_slice()[0] };
    let mut best: Option<Candidate> = None;
    iter::for_each(vm, source, |item| {
        let candidate = match key {
            Some(f) => Candidate { key: Some(call::call_args(vm, f, &[item.value()])?), item },
            None => Candidate { key: None, item },
        };
        let better = match &best {
            None => true,
            Some(b) => compare::rich_bool(vm, candidate.compared(), b.compared(), op)?,
        };
        if better {
            best = Some(candidate);
        }
        Ok(())
    })?;
    match (best, default.non_null()) {
        (Some(b), _) => Ok(b.item),
        (None, Some(d)) => Ok(d.to_ref()),
        (None, None) => Err(vm.value_error(format!("{name}() iterable argument is empty"))),
    }
}

fn min(vm: &Vm, a: &[Value]) -> PyResult {
    extreme(vm, "min", CompareOp::Lt, a)
}

fn max(vm: &Vm, a: &[Value]) -> PyResult {
    extreme(vm, "max", CompareOp::Gt, a)
}

fn pow(vm: &Vm, a: &[Value]) -> PyResult {
    number::power_mod(vm, a[0], a[1], or_none(vm, a[2]))
}

fn print(vm: &Vm, a: &[Value]) -> PyResult {
    let Some(args) = a[0].cast::<PyTuple>() else { return Ok(vm.none_ref()) };
    let text_or = |v: Value, default: &str, what: &str| -> PyResult {
        match v.non_null().filter(|v| !v.is(vm.none())) {
            None => Ok(vm.new_str(default)),
            Some(v) if v.cast::<PyStr>().is_some() => Ok(v.to_ref()),
            Some(v) => Err(vm.type_error(format!(
                "{what} must be None or a string, not {}",
                vm.type_of(v).full_name()
            ))),
        }
    };
    let sep = text_or(a[1], " ", "sep")?;
    let end = text_or(a[2], "\n", "end")?;
    let file = match a[3].non_null().filter(|f| !f.is(vm.none())) {
        Some(f) => f.to_ref(),
        None => {
            let Some(f) = attr::get_opt(vm, vm.runtime.sys.get(), vm.names().stdout)? else {
                return Err(vm.runtime_error("lost sys.stdout"));
            };
            if f.is(vm.none()) {
                return Ok(vm.none_ref());
            }
            f
        }
    };
    let write = attr::get(vm, file.value(), vm.names().write)?;
    for (i, v) in args.as_slice().iter().enumerate() {
        if i > 0 {
            call::call_args(vm, write.value(), &[sep.value()])?;
        }
        let s = obj::str(vm, *v)?;
        call::call_args(vm, write.value(), &[s.value()])?;
    }
    call::call_args(vm, write.value(), &[end.value()])?;
    if let Some(f) = a[4].non_null()
        && truth::truth(vm, f)?
    {
        call::call_method(vm, file.value(), "flush", &[])?;
    }
    Ok(vm.none_ref())
}

fn repr(vm: &Vm, a: &[Value]) -> PyResult {
    obj::repr(vm, a[0])
}

fn round(vm: &Vm, a: &[Value]) -> PyResult {
    let Some(m) = attr::lookup_method(vm, a[0], vm.names().__round__)? else {
        return Err(vm.type_error(format!(
            "type {} doesn't define __round__ method",
            vm.type_of(a[0]).full_name()
        )));
    };
    match a[1].non_null().filter(|n| !n.is(vm.none())) {
        Some(n) => m.call(vm, &[n]),
        None => m.call(vm, &[]),
    }
}

fn sorted(vm: &Vm, a: &[Value]) -> PyResult {
    let list = crate::types::list::from_iterable(vm, a[0])?;
    crate::types::list::sort_method(vm, &[list.value(), a[1], a[2]])?;
    Ok(list)
}

fn sum(vm: &Vm, a: &[Value]) -> PyResult {
    let start = a[1].non_null().map_or(Ref::small_int(0), |s| s.to_ref());
    if start.cast::<PyStr>().is_some() {
        return Err(vm.type_error("sum() can't sum strings [use ''.join(seq) instead]"));
    }
    for (id, what, instead) in [
        (shape::BYTES, "bytes", "b''.join(seq)"),
        (shape::BYTEARRAY, "bytearray", "b''.join(seq)"),
    ] {
        if vm.type_of(start.value()).is_subtype(vm.builtin(id)) {
            return Err(vm.type_error(format!("sum() can't sum {what} [use {instead} instead]")));
        }
    }
    let it = iter::get_iter(vm, a[0])?;
    sum_items(vm, it, start)
}

/// Adds up: exact ints first, then floats with CPython's compensated summation, then anything.
fn sum_items(vm: &Vm, it: Ref, start: Ref) -> PyResult {
    let mut total = start;
    let mut pending: Option<Ref> = None;
    let Some(next) = vm.type_of(it.value()).slots().next else {
        return Err(vm.type_error(format!("'{}' object is not an iterator", vm.type_of(it.value()).full_name())));
    };
    if let Some(mut n) = total.as_small_int() {
        loop {
            let Some(v) = iter::step(vm, next, it.value())? else { return Ok(vm.new_int(n)) };
            match v.as_small_int().and_then(|i| n.checked_add(i)) {
                Some(s) => n = s,
                None => {
                    total = vm.new_int(n);
                    pending = Some(v);
                    break;
                }
            }
        }
    }
    if let Some(v) = pending.take() {
        total = number::binary(vm, total.value(), v.value(), BinaryOp::Add)?;
    }
    if let Some(f) = crate::types::float::exact_value_of(total.value()) {
        let mut sum = Compensated::new(f);
        loop {
            let Some(v) = iter::step(vm, next, it.value())? else { return Ok(vm.new_float(sum.finish())) };
            match float_to_add(vm, v.value())? {
                Some(x) => sum.add(x),
                None => {
                    total = number::binary(vm, vm.new_float(sum.finish()).value(), v.value(), BinaryOp::Add)?;
                    break;
                }
            }
        }
    }
    if let Some(c) = total.cast_exact::<PyComplex>() {
        let (mut re, mut im) = (Compensated::new(c.re), Compensated::new(c.im));
        loop {
            let Some(v) = iter::step(vm, next, it.value())? else { return Ok(complex::new(re.finish(), im.finish())) };
            if let Some(c) = v.cast_exact::<PyComplex>() {
                re.add(c.re);
                im.add(c.im);
            } else if let Some(x) = float_to_add(vm, v.value())? {
                re.add(x);
            } else {
                total = number::binary(vm, complex::new(re.finish(), im.finish()).value(), v.value(), BinaryOp::Add)?;
                break;
            }
        }
    }
    while let Some(v) = iter::step(vm, next, it.value())? {
        total = number::binary(vm, total.value(), v.value(), BinaryOp::Add)?;
    }
    Ok(total)
}

/// A float, or an int as one: what can be added to floats one by one.
///
/// # Errors
/// OverflowError where an int is too large.
fn float_to_add(vm: &Vm, v: Value) -> PyResult<Option<f64>> {
    match crate::types::float::exact_value_of(v) {
        Some(x) => Ok(Some(x)),
        None if crate::types::int::value_of(v).is_some() => crate::types::float::as_f64(vm, v).map(Some),
        None => Ok(None),
    }
}

/// A sum that carries along what rounding has lost.
#[derive(Clone, Copy)]
struct Compensated {
    sum: f64,
    lost: f64,
}

impl Compensated {
    fn new(sum: f64) -> Compensated {
        Compensated { sum, lost: 0.0 }
    }

    fn add(&mut self, x: f64) {
        let t = self.sum + x;
        self.lost += if self.sum.abs() >= x.abs() { (self.sum - t) + x } else { (x - t) + self.sum };
        self.sum = t;
    }

    fn finish(self) -> f64 {
        if self.lost != 0.0 && self.lost.is_finite() { self.sum + self.lost } else { self.sum }
    }
}

fn import(vm: &Vm, a: &[Value]) -> PyResult {
    let level = match a[4].non_null() {
        Some(l) => number::index_clipped(vm, l)?,
        None => 0,
    };
    if level < 0 {
        return Err(vm.value_error("level must be >= 0"));
    }
    crate::import::import_name(vm, a[0], or_none(vm, a[1]), or_none(vm, a[3]), level)
}

fn namespaces(vm: &Vm, what: &str, globals: Value, locals: Value) -> PyResult<(Ref, Ref)> {
    let given = |v: Value| v.non_null().filter(|v| !v.is(vm.none()));
    let (g, l) = match (given(globals), given(locals)) {
        (None, None) => (crate::introspect::globals(vm)?, crate::introspect::locals(vm)?),
        (None, Some(l)) => (crate::introspect::globals(vm)?, l.to_ref()),
        (Some(g), None) => (g.to_ref(), g.to_ref()),
        (Some(g), Some(l)) => (g.to_ref(), l.to_ref()),
    };
    let Some(d) = g.cast::<PyDict>() else {
        return Err(vm.type_error(format!(
            "{what}() globals must be a dict, not {}",
            vm.type_of(g.value()).full_name()
        )));
    };
    if d.get_str(vm.names().__builtins__).is_none() {
        let b = attr::instance_dict_value(vm, vm.runtime.builtins.get()).unwrap_or(vm.none());
        d.set_str(vm, vm.names().__builtins__, b);
    }
    Ok((g, l))
}

fn run(vm: &Vm, what: &str, a: &[Value], closure: Value) -> PyResult {
    let (g, l) = namespaces(vm, what, a[1], a[2])?;
    let code = if a[0].has_shape(shape::CODE) {
        check_closure(vm, what, a[0], closure)?;
        a[0].to_ref()
    } else {
        if !closure.is_null() {
            return Err(vm.type_error("closure can only be used when source is a code object"));
        }
        crate::native::compile::for_run(vm, a[0], what)?
    };
    crate::interp::enter::run_code(vm, code.value(), g.value(), l.value(), closure)
}

/// A code object with free variables runs only with a cell for each; only `exec` takes cells.
fn check_closure(vm: &Vm, what: &str, code: Value, closure: Value) -> PyResult<()> {
    let free = code.cast::<PyCode>().map_or(0, |c| c.nfreevars as usize);
    if what == "eval" {
        return match free {
            0 => Ok(()),
            _ => Err(vm.type_error("code object passed to eval() may not contain free variables")),
        };
    }
    if free == 0 {
        return match closure.is_null() {
            true => Ok(()),
            false => Err(vm.type_error("cannot use a closure with this code object")),
        };
    }
    let cells = closure.cast_exact::<PyTuple>().map(|t| t.as_slice());
    match cells {
        Some(cells) if cells.len() == free && cells.iter().all(|c| c.has_shape(shape::CELL)) => Ok(()),
        _ => Err(vm.type_error(format!("code object requires a closure of exactly length {free}"))),
    }
}

fn exec(vm: &Vm, a: &[Value]) -> PyResult {
    let closure = a[3].non_null().filter(|c| !c.is(vm.none())).unwrap_or(Value::NULL);
    run(vm, "exec", a, closure)?;
    Ok(vm.none_ref())
}

fn eval(vm: &Vm, a: &[Value]) -> PyResult {
    run(vm, "eval", a, Value::NULL)
}

/// A standard stream that `input` needs.
fn stream_for_input(vm: &Vm, name: &str) -> PyResult {
    match crate::native::sys::hooks::get(vm, name).filter(|f| !f.is(vm.none())) {
        Some(f) => Ok(f),
        None => Err(vm.runtime_error(format!("input(): lost sys.{name}"))),
    }
}

fn input(vm: &Vm, a: &[Value]) -> PyResult {
    let file = stream_for_input(vm, "stdin")?;
    let out = stream_for_input(vm, "stdout")?;
    stream_for_input(vm, "stderr")?;
    crate::runtime::flush_stream(vm, "stderr");
    if let Some(p) = a[0].non_null() {
        let s = obj::str(vm, p)?;
        call::call_method(vm, out.value(), "write", &[s.value()])?;
    }
    if let Err(e) = call::call_method(vm, out.value(), "flush", &[]) {
        // A prompt that nobody sees is no reason not to read.
        drop(e);
    }
    let line = call::call_method(vm, file.value(), "readline", &[])?;
    let Some(text) = line.cast::<PyStr>() else {
        return Err(vm.type_error("object.readline() returned non-string"));
    };
    match text.as_bytes() {
        [] => Err(vm.eof_error("EOF when reading a line")),
        [rest @ .., b'\n'] => Ok(PyStr::from_wtf8(vm, rest)),
        _ => Ok(line),
    }
}

fn breakpoint(vm: &Vm, a: &[Value]) -> PyResult {
    let Some(hook) = attr::get_opt(vm, vm.runtime.sys.get(), vm.intern("breakpointhook"))? else {
        return Err(vm.runtime_error("lost sys.breakpointhook"));
    };
    call::call_dict(
        vm,
        hook.value(),
        a[0].cast::<PyTuple>().map_or(&[], |t| t.as_slice()),
        a[1].cast::<PyDict>(),
    )
}

fn aiter(vm: &Vm, a: &[Value]) -> PyResult {
    match vm.type_of(a[0]).slots().aiter {
        Some(f) => f(vm, a[0]),
        None => Err(vm.type_error(format!(
            "'{}' object is not an async iterable",
            vm.type_of(a[0]).full_name()
        ))),
    }
}

fn anext(vm: &Vm, a: &[Value]) -> PyResult {
    let Some(next) = vm.type_of(a[0]).slots().anext else {
        return Err(vm.type_error(format!("'{}' object is not an async iterator", vm.type_of(a[0]).full_name())));
    };
    let awaitable = next(vm, a[0])?;
    Ok(match a[1].non_null() {
        Some(default) => crate::types::anext_awaitable::new(awaitable, default),
        None => awaitable,
    })
}

pub static MODULE: ModuleDef = ModuleDef {
    name: "builtins",
    doc: "Built-in functions, types, exceptions, and other objects.\n\nThis module provides direct access to all 'built-in'\nidentifiers of Python; for example, builtins.len is\nthe full name for the built-in function len().\n\nThis module is not normally accessed explicitly by most\napplications, but can be useful in modules that provide\nobjects with the same name as a builtin and need the\nbuilt-in of that name.",
    functions: FUNCTIONS,
    init,
};

static FUNCTIONS: &[MethodDef] = &[
    MethodDef::new("abs", "(number, /)", abs, "Return the absolute value of the argument."),
    MethodDef::new("aiter", "(async_iterable, /)", aiter, "Return an AsyncIterator for an AsyncIterable object."),
    MethodDef::new("all", "(iterable, /)", all, "Return True if bool(x) is True for all values x in the iterable.\n\nIf the iterable is empty, return True."),
    MethodDef::new("anext", "(async_iterator, default=<unrepresentable>, /)", anext, "Return the next item from the async iterator.\n\nIf default is given and the async iterator is exhausted,\nit is returned instead of raising StopAsyncIteration."),
    MethodDef::new("any", "(iterable, /)", any, "Return True if bool(x) is True for any x in the iterable.\n\nIf the iterable is empty, return False."),
    MethodDef::new("ascii", "(obj, /)", ascii, "Return an ASCII-only representation of an object."),
    MethodDef::new("bin", "(number, /)", bin, "Return the binary representation of an integer.\n\n   >>> bin(2796202)\n   '0b1010101010101010101010'"),
    MethodDef::new("breakpoint", "(*args, **kws)", breakpoint, "Call sys.breakpointhook(*args, **kws)."),
    MethodDef::new("callable", "(obj, /)", callable, "Return whether the object is callable (i.e., some kind of function).\n\nNote that classes are callable, as are instances of classes with a\n__call__() method."),
    MethodDef::new("chr", "(i, /)", chr, "Return a Unicode string of one character with ordinal i; 0 <= i <= 0x10ffff."),
    MethodDef::new("compile", "(source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1)", compile, "Compile source into a code object that can be executed by exec() or eval()."),
    MethodDef::new("delattr", "(obj, name, /)", delattr, "Deletes the named attribute from the given object.\n\ndelattr(x, 'y') is equivalent to ``del x.y``"),
    MethodDef::new("dir", "(object=None, /)", dir, "dir([object]) -> list of strings"),
    MethodDef::new("divmod", "(x, y, /)", divmod, "Return the tuple (x//y, x%y).  Invariant: div*y + mod == x."),
    MethodDef::new("eval", "(source, /, globals=None, locals=None)", eval, "Evaluate the given source in the context of globals and locals."),
    MethodDef::new("exec", "(source, /, globals=None, locals=None, *, closure=None)", exec, "Execute the given source in the context of globals and locals."),
    MethodDef::new("format", "(value, format_spec='', /)", format, "Return type(value).__format__(value, format_spec)."),
    MethodDef::new("getattr", "(object, name, default=None, /)", getattr, "getattr(object, name[, default]) -> value\n\nGet a named attribute from an object; getattr(x, 'y') is equivalent to x.y.\nWhen a default argument is given, it is returned when the attribute doesn't\nexist; without it, an exception is raised in that case."),
    MethodDef::new("globals", "()", globals, "Return the dictionary containing the current scope's global variables."),
    MethodDef::new("hasattr", "(obj, name, /)", hasattr, "Return whether the object has an attribute with the given name.\n\nThis is done by calling getattr(obj, name) and catching AttributeError."),
    MethodDef::new("hash", "(obj, /)", hash, "Return the hash value for the given object.\n\nTwo objects that compare equal must also have the same hash value, but the\nreverse is not necessarily true."),
    MethodDef::new("hex", "(number, /)", hex, "Return the hexadecimal representation of an integer.\n\n   >>> hex(12648430)\n   '0xc0ffee'"),
    MethodDef::new("id", "(obj, /)", id, "Return the identity of an object.\n\nThis is guaranteed to be unique among simultaneously existing objects."),
    MethodDef::new("input", "(prompt='', /)", input, "Read a string from standard input.  The trailing newline is stripped."),
    MethodDef::new("isinstance", "(obj, class_or_tuple, /)", isinstance, "Return whether an object is an instance of a class or of a subclass thereof."),
    MethodDef::new("issubclass", "(cls, class_or_tuple, /)", issubclass, "Return whether 'cls' is derived from another class or is the same class."),
    MethodDef::new("iter", "(object, sentinel=None, /)", iter_, "iter(iterable) -> iterator\niter(callable, sentinel) -> iterator"),
    MethodDef::new("len", "(obj, /)", len, "Return the number of items in a container."),
    MethodDef::new("locals", "()", locals, "Return a dictionary containing the current scope's local variables."),
    MethodDef::new("max", "(*args, key=None, default=None)", max, "max(iterable, *[, default=obj, key=func]) -> value\nmax(arg1, arg2, *args, *[, key=func]) -> value"),
    MethodDef::new("min", "(*args, key=None, default=None)", min, "min(iterable, *[, default=obj, key=func]) -> value\nmin(arg1, arg2, *args, *[, key=func]) -> value"),
    MethodDef::new("next", "(iterator, default=None, /)", next, "next(iterator[, default])\n\nReturn the next item from the iterator."),
    MethodDef::new("oct", "(number, /)", oct, "Return the octal representation of an integer.\n\n   >>> oct(342391)\n   '0o1234567'"),
    MethodDef::new("ord", "(character, /)", ord, "Return the ordinal value of a character."),
    MethodDef::new("pow", "(base, exp, mod=None)", pow, "Equivalent to base**exp with 2 arguments or base**exp % mod with 3 arguments."),
    MethodDef::new("print", "(*args, sep=' ', end='\\n', file=None, flush=False)", print, "Prints the values to a stream, or to sys.stdout by default."),
    MethodDef::new("repr", "(obj, /)", repr, "Return the canonical string representation of the object."),
    MethodDef::new("round", "(number, ndigits=None)", round, "Round a number to a given precision in decimal digits."),
    MethodDef::new("setattr", "(obj, name, value, /)", setattr, "Sets the named attribute on the given object to the specified value."),
    MethodDef::new("sorted", "(iterable, /, *, key=None, reverse=False)", sorted, "Return a new list containing all items from the iterable in ascending order."),
    MethodDef::new("sum", "(iterable, /, start=0)", sum, "Return the sum of a 'start' value (default: 0) plus an iterable of numbers"),
    MethodDef::new("vars", "(object=None, /)", vars, "vars([object]) -> dictionary"),
    MethodDef::new("__import__", "(name, globals=None, locals=None, fromlist=(), level=0)", import, "Import a module."),
];
