//! CALL, CALL_KW, CALL_FUNCTION_EX and their families; making functions; RETURN_VALUE.
//!
//! Below the arguments lie the callable and the receiver or NULL. CALL's cache: counter, and
//! the function's (or class's) version (2).

use crate::args::CallArgs;
use crate::code::PyCode;
use crate::error::{PyResult, Raised};
use crate::frame::{HEADER_SLOTS, LEAVE_SLOW, Link, address_value, exit_init_address};
use crate::interp::regs::{Flow, MAX_DYING, Regs};
use crate::interp::call;
use crate::object;
use crate::ops::control::skip_resume_check;
use crate::ops::{adaptive, attempt};
use crate::protocol::{call as protocol, item, iter, object as obj};
use crate::shape;
use crate::specialize;
use crate::types::dict::PyDict;
use crate::types::function::{PyFunction, PyMethod};
use crate::types::list::PyList;
use crate::types::native::{BuiltinFunction, MethodDescriptor};
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{Type, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Inline cache entries of CALL and CALL_KW.
const CACHES: usize = 3;

#[inline(always)]
pub unsafe fn CALL(r: &mut Regs) -> Flow {
    adaptive!(r);
    r.save();
    call::call(r.vm(), r.arg(), None, r.ip.add(CACHES))
}

/// The function of the cache's version at `base`, with room for its frame, or deopt.
macro_rules! cached_function {
    ($r:ident, $callable:expr, $nfp:expr) => {{
        let callable = $callable;
        if !callable.has_shape_nonnull(shape::FUNCTION) {
            return Flow::Deopt;
        }
        let f = callable.cast_unchecked::<PyFunction>();
        if f.current_version() != $r.cache32(1) {
            return Flow::Deopt;
        }
        let s = &$r.vm().interp;
        let need = (f.frame_slots.get() + f.stack_need.get()) as usize;
        if s.depth_left.get() <= 0 || $nfp.add(need) > s.limit.get() {
            return Flow::Deopt;
        }
        f
    }};
}

/// Lays the frame over the arguments, which fill the first locals up to `filled`. The function is
/// in the header, and simple; there is room for its frame.
#[inline(always)]
pub unsafe fn enter_exact(
    r: &mut Regs,
    f: &PyFunction,
    nfp: *mut Value,
    filled: *mut Value,
    caches: usize,
) -> Flow {
    let nsp = nfp.add(f.frame_slots.get() as usize);
    call::fill_null(filled, nsp);
    let back = r.ip.add(caches);
    *nfp.sub(1) = Link::new(back, nfp.offset_from(r.fp) as usize).to_value();
    let s = &r.vm().interp;
    s.depth_left.set(s.depth_left.get() - 1);
    r.fp = nfp;
    r.sp = nsp;
    r.ip = back;
    r.transfer(f.entry.get());
    skip_resume_check(r);
    Flow::Jump
}

#[inline(always)]
pub unsafe fn CALL_PY_EXACT_ARGS(r: &mut Regs) -> Flow {
    let nfp = r.slot(r.arg());
    if !(*nfp.sub(1)).is_null() {
        return Flow::Deopt;
    }
    let f = cached_function!(r, *nfp.sub(2), nfp);
    let filled = r.sp;
    enter_exact(r, f, nfp, filled, CACHES)
}

/// The arguments, the receiver first, move up by one: the header needs its slot.
#[inline(always)]
pub unsafe fn CALL_PY_EXACT_ARGS_SELF(r: &mut Regs) -> Flow {
    let nfp = r.slot(r.arg());
    if (*nfp.sub(1)).is_null() {
        return Flow::Deopt;
    }
    let f = cached_function!(r, *nfp.sub(2), nfp);
    let mut p = r.sp;
    while p >= nfp {
        p.write_volatile(*p.sub(1));
        p = p.sub(1);
    }
    let filled = r.sp.add(1);
    enter_exact(r, f, nfp, filled, CACHES)
}

/// A bound method whose function has the cache's version, or deopt.
macro_rules! cached_method {
    ($r:ident, $base:expr) => {{
        let callable = *$base;
        if !callable.has_shape_nonnull(shape::METHOD) || !(*$base.add(1)).is_null() {
            return Flow::Deopt;
        }
        callable.cast_unchecked::<PyMethod>()
    }};
}

#[inline(always)]
pub unsafe fn CALL_BOUND_METHOD_EXACT_ARGS(r: &mut Regs) -> Flow {
    let nfp = r.slot(r.arg());
    let base = nfp.sub(HEADER_SLOTS);
    let m = cached_method!(r, base);
    let f = cached_function!(r, *m.function, nfp);
    let method = *base;
    let (function, receiver) = (m.function.dup_owned(), m.receiver.dup_owned());
    let mut p = r.sp;
    while p > nfp {
        p.write_volatile(*p.sub(1));
        p = p.sub(1);
    }
    *nfp = receiver;
    *base = function;
    r.sp = r.sp.add(1);
    r.release(method);
    let filled = r.sp;
    enter_exact(r, f, nfp, filled, CACHES)
}

/// A function whose parameters need more than laying the arguments out.
#[inline(always)]
pub unsafe fn CALL_PY_GENERAL(r: &mut Regs) -> Flow {
    let base = r.slot(r.arg() + 2);
    let callable = *base;
    if !callable.has_shape_nonnull(shape::FUNCTION)
        || callable.cast_unchecked::<PyFunction>().current_version() != r.cache32(1)
    {
        return Flow::Deopt;
    }
    r.save();
    call::enter(r.vm(), base, r.arg(), None, r.ip.add(CACHES))
}

#[inline(always)]
pub unsafe fn CALL_BOUND_METHOD_GENERAL(r: &mut Regs) -> Flow {
    let base = r.slot(r.arg() + 2);
    let m = cached_method!(r, base);
    if !m.function.has_shape_nonnull(shape::FUNCTION)
        || m.function.cast_unchecked::<PyFunction>().current_version() != r.cache32(1)
    {
        return Flow::Deopt;
    }
    r.save();
    call::unpack_method(base);
    call::enter(r.vm(), base, r.arg(), None, r.ip.add(CACHES))
}

/// Arguments of a native call, the receiver included.
#[inline(always)]
unsafe fn arguments<'a>(r: &Regs) -> &'a [Value] {
    let n = r.arg();
    let has_self = !r.peek(n + 1).is_null();
    r.top_slice(n + usize::from(has_self))
}

/// Replaces callable and arguments by the result of native code.
#[inline(always)]
unsafe fn finish_call(r: &mut Regs, result: PyResult) -> Flow {
    match result {
        Ok(v) => {
            let n = r.arg() + 2;
            let base = r.slot(n);
            release_call(r, base, v.into_value());
            Flow::Called
        }
        Err(e) => r.raise(e),
    }
}

/// Releases the slots from `base` on from the top down, and puts the result there.
#[inline(always)]
unsafe fn release_call(r: &mut Regs, base: *mut Value, v: Value) {
    r.save();
    while r.sp > base {
        let old = r.pop();
        r.release_now(old);
    }
    r.push(v);
}

#[inline(always)]
pub unsafe fn CALL_NON_PY_GENERAL(r: &mut Regs) -> Flow {
    let callable = r.peek(r.arg() + 2);
    if callable.has_shape_nonnull(shape::FUNCTION) || callable.has_shape_nonnull(shape::METHOD) {
        return Flow::Deopt;
    }
    r.save();
    let v = protocol::call(r.vm(), callable, CallArgs::positional(arguments(r)));
    finish_call(r, v)
}

/// `type(x)`, and other calls of one built-in class with one argument.
macro_rules! one_argument_class {
    ($r:ident, $class:ident) => {{
        if !$r.peek(2).is_null() || !$r.peek(3).is($r.vm().builtin(shape::$class).value()) {
            return Flow::Deopt;
        }
        $r.peek(1)
    }};
}

#[inline(always)]
pub unsafe fn CALL_TYPE_1(r: &mut Regs) -> Flow {
    let arg = one_argument_class!(r, TYPE);
    // Types are never freed.
    let v = r.vm().type_of(arg).value();
    r.finish::<3>(v);
    Flow::Next
}

#[inline(always)]
pub unsafe fn CALL_STR_1(r: &mut Regs) -> Flow {
    let arg = one_argument_class!(r, STR);
    r.save();
    let v = obj::str(r.vm(), arg);
    r.finish_result::<3>(v)
}

#[inline(always)]
pub unsafe fn CALL_TUPLE_1(r: &mut Regs) -> Flow {
    let arg = one_argument_class!(r, TUPLE);
    r.save();
    let v = tuple_of(r.vm(), arg);
    r.finish_result::<3>(v)
}

#[inline(never)]
fn tuple_of(vm: &Vm, v: Value) -> PyResult {
    if v.has_shape(shape::TUPLE) {
        return Ok(v.to_ref());
    }
    Ok(PyTuple::from_vec(vm, iter::to_vec(vm, v)?))
}

#[inline(always)]
pub unsafe fn CALL_BUILTIN_CLASS(r: &mut Regs) -> Flow {
    let Some(ty) = r.peek(r.arg() + 2).cast_exact::<Type>() else { return Flow::Deopt };
    if ty.is_heap() {
        return Flow::Deopt;
    }
    r.save();
    let v = crate::types::type_::call(r.vm(), ty.value(), CallArgs::positional(arguments(r)));
    finish_call(r, v)
}

/// A native function, or deopt.
macro_rules! builtin_function {
    ($r:ident) => {
        match $r.peek($r.arg() + 2).cast_exact::<BuiltinFunction>() {
            Some(f) => f,
            None => return Flow::Deopt,
        }
    };
}

/// One positional argument: no binding is needed.
#[inline(always)]
pub unsafe fn CALL_BUILTIN_O(r: &mut Regs) -> Flow {
    let f = builtin_function!(r);
    let args = arguments(r);
    if args.len() != 1 || f.simple_arity(r.vm()) != Some(1) {
        return Flow::Deopt;
    }
    r.save();
    let v = f.call_exact(r.vm(), args);
    finish_call(r, v)
}

#[inline(always)]
pub unsafe fn CALL_BUILTIN_FAST(r: &mut Regs) -> Flow {
    let f = builtin_function!(r);
    r.save();
    let v = f.call(r.vm(), CallArgs::positional(arguments(r)));
    finish_call(r, v)
}

#[inline(always)]
pub unsafe fn CALL_BUILTIN_FAST_WITH_KEYWORDS(r: &mut Regs) -> Flow {
    CALL_BUILTIN_FAST(r)
}

#[inline(always)]
pub unsafe fn CALL_LEN(r: &mut Regs) -> Flow {
    if !r.peek(2).is_null() || !r.peek(3).is(r.vm().interp.callable_cache.len.get()) {
        return Flow::Deopt;
    }
    let arg = r.peek(1);
    if arg.has_shape_nonnull(shape::LIST) {
        let n = arg.cast_unchecked::<PyList>().len();
        r.finish::<3>(Value::small_int(n as i64));
        return Flow::Next;
    }
    if arg.has_shape_nonnull(shape::TUPLE) {
        let n = arg.cast_unchecked::<PyTuple>().len();
        r.finish::<3>(Value::small_int(n as i64));
        return Flow::Next;
    }
    r.save();
    let n = attempt!(r, item::length(r.vm(), arg));
    // Lengths of ranges can be beyond small ints.
    r.finish::<3>(r.vm().new_int(n as i64).into_value());
    Flow::Called
}

#[inline(always)]
pub unsafe fn CALL_ISINSTANCE(r: &mut Regs) -> Flow {
    let args = arguments(r);
    if args.len() != 2 || !r.peek(r.arg() + 2).is(r.vm().interp.callable_cache.isinstance.get()) {
        return Flow::Deopt;
    }
    r.save();
    let yes = attempt!(r, obj::is_instance(r.vm(), args[0], args[1]));
    let base = r.slot(r.arg() + 2);
    let v = r.vm().bool(yes);
    release_call(r, base, v);
    Flow::Called
}

/// `list.append(x)` as a statement: the POP_TOP that follows is done as well.
#[inline(always)]
pub unsafe fn CALL_LIST_APPEND(r: &mut Regs) -> Flow {
    let list = r.peek(2);
    if r.is_watched()
        || !r.peek(3).is(r.vm().interp.callable_cache.list_append.get())
        || !list.has_shape(shape::LIST)
    {
        return Flow::Deopt;
    }
    let callable = r.peek(3);
    let items = list.cast_unchecked::<PyList>();
    if items.is_full() {
        // Before much memory is asked for.
        r.save();
    }
    items.push(r.peek(1).into_ref());
    r.sp = r.sp.sub(3);
    r.release(list);
    r.release(callable);
    // POP_TOP.
    r.ip = r.ip.add(1);
    Flow::Next
}

/// A native method and its arguments, the receiver (of exactly the method's class) first, or deopt.
macro_rules! method_descriptor {
    ($r:ident) => {{
        let Some(m) = $r.peek($r.arg() + 2).cast_exact::<MethodDescriptor>() else { return Flow::Deopt };
        let args = arguments($r);
        match args.first() {
            Some(this) if $r.vm().type_of(*this).is(m.owner) => (m, args),
            _ => return Flow::Deopt,
        }
    }};
}

#[inline(always)]
pub unsafe fn CALL_METHOD_DESCRIPTOR_O(r: &mut Regs) -> Flow {
    let (m, args) = method_descriptor!(r);
    if args.len() != 2 || m.simple_arity(r.vm()) != Some(1) {
        return Flow::Deopt;
    }
    r.save();
    let v = (m.def.func)(r.vm(), args);
    finish_call(r, v)
}

#[inline(always)]
pub unsafe fn CALL_METHOD_DESCRIPTOR_NOARGS(r: &mut Regs) -> Flow {
    let (m, args) = method_descriptor!(r);
    if args.len() != 1 || m.simple_arity(r.vm()) != Some(0) {
        return Flow::Deopt;
    }
    r.save();
    let v = (m.def.func)(r.vm(), args);
    finish_call(r, v)
}

#[inline(always)]
pub unsafe fn CALL_METHOD_DESCRIPTOR_FAST(r: &mut Regs) -> Flow {
    let (m, args) = method_descriptor!(r);
    r.save();
    let v = m.call(r.vm(), CallArgs::positional(args));
    finish_call(r, v)
}

#[inline(always)]
pub unsafe fn CALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS(r: &mut Regs) -> Flow {
    CALL_METHOD_DESCRIPTOR_FAST(r)
}

/// A class whose `__new__` is object's and whose `__init__` is written in Python.
#[inline(always)]
pub unsafe fn CALL_ALLOC_AND_ENTER_INIT(r: &mut Regs) -> Flow {
    let n = r.arg();
    let (class, receiver) = (r.peek(n + 2), r.peek(n + 1));
    if !receiver.is_null() || !class.has_shape_nonnull(shape::TYPE) {
        return Flow::Deopt;
    }
    let ty: TypeRef = class.cast_unchecked::<Type>();
    if ty.version() != r.cache32(1) {
        return Flow::Deopt;
    }
    let Some(init) = specialize::python_init(r.vm(), ty) else { return Flow::Deopt };
    let f = init.cast_unchecked::<PyFunction>();
    r.save();
    let p = object::allocate_instance(ty, size_of::<object::Header>());
    let base = r.slot(n + 2);
    let exact = f.argcount.get() as usize > n && f.code().is_simple() && has_defaults(f, n + 1);
    if !exact || !call::has_room(r.vm(), base.add(4), f) {
        let instance = Ref::from_owned(Value::owned(p));
        return call::enter_init(r.vm(), n, init, instance, r.ip.add(CACHES));
    }
    enter_init_exact(r, n, init, Value::owned(p));
    Flow::Jump
}

/// Whether a simple function's defaults complete `given` positional arguments.
#[inline(always)]
unsafe fn has_defaults(f: &PyFunction, given: usize) -> bool {
    let missing = f.argcount.get() as usize - given;
    missing == 0 || f.defaults.get().cast::<PyTuple>().is_some_and(|d| d.len() >= missing)
}

/// Puts defaults behind the given arguments, as `has_defaults` has found them; says how many
/// locals are filled then.
#[inline(always)]
unsafe fn fill_defaults(f: &PyFunction, nfp: *mut Value, given: usize) -> usize {
    let argcount = f.argcount.get() as usize;
    if given < argcount {
        let defaults = f.defaults.get().cast_unchecked::<PyTuple>().as_slice();
        for (i, v) in defaults[defaults.len() - (argcount - given)..].iter().enumerate() {
            // `__defaults__` may be replaced while the frame runs.
            nfp.add(given + i).write(v.dup_owned());
        }
    }
    argcount
}

/// `call::enter_init` where the arguments fit: the frame's registers are set right here.
#[inline(always)]
unsafe fn enter_init_exact(r: &mut Regs, n: usize, init: Value, instance: Value) {
    let f = init.cast_unchecked::<PyFunction>();
    let base = r.slot(n + 2);
    let nfp = base.add(4);
    for i in (0..n).rev() {
        nfp.add(1 + i).write_volatile(*base.add(2 + i));
    }
    let class = *base;
    let back = r.ip.add(CACHES);
    *base = instance;
    *base.add(1) = address_value(back);
    *base.add(2) = init.dup_owned();
    *base.add(3) = Link::new(exit_init_address(), nfp.offset_from(r.fp) as usize).to_value();
    // The caller's slot keeps the instance as long as the frame lives.
    *nfp = instance.borrow();
    let nsp = nfp.add(f.frame_slots.get() as usize);
    let filled = fill_defaults(f, nfp, n + 1);
    call::fill_null(nfp.add(filled), nsp);
    let s = &r.vm().interp;
    s.depth_left.set(s.depth_left.get() - 1);
    r.fp = nfp;
    r.sp = nsp;
    r.ip = back;
    r.transfer(f.entry.get());
    r.release(class);
    if !r.dying {
        skip_resume_check(r);
    }
}

/// Lands here when an `__init__` entered by CALL_ALLOC_AND_ENTER_INIT returns: the instance and
/// the return address lie below its result.
#[inline(always)]
pub unsafe fn EXIT_INIT_CHECK(r: &mut Regs) -> Flow {
    let (result, address) = (r.peek(1), crate::frame::address_from_value(r.peek(2)));
    r.transfer(address);
    if result != r.vm().none() {
        return init_returned_value(*r);
    }
    r.sp = r.sp.sub(2);
    Flow::Jump
}

#[cold]
#[inline(always)]
unsafe fn init_returned_value(r: Regs) -> Flow {
    let e = not_none(r.vm(), r.peek(1));
    r.raise(e)
}

#[cold]
#[inline(never)]
fn not_none(vm: &Vm, v: Value) -> Raised {
    vm.type_error(format!("__init__() should return None, not '{}'", vm.type_of(v).full_name()))
}

// Keywords.

#[inline(always)]
pub unsafe fn CALL_KW(r: &mut Regs) -> Flow {
    adaptive!(r);
    call_keywords(r)
}

/// Calls with the names on top of the stack.
#[inline(always)]
unsafe fn call_keywords(r: &mut Regs) -> Flow {
    let names = r.pop().into_ref();
    r.save();
    call::call(r.vm(), r.arg(), Some(names), r.ip.add(CACHES))
}

#[inline(always)]
pub unsafe fn CALL_KW_PY(r: &mut Regs) -> Flow {
    let callable = r.peek(r.arg() + 3);
    if !callable.has_shape_nonnull(shape::FUNCTION)
        || callable.cast_unchecked::<PyFunction>().current_version() != r.cache32(1)
    {
        return Flow::Deopt;
    }
    call_keywords(r)
}

#[inline(always)]
pub unsafe fn CALL_KW_BOUND_METHOD(r: &mut Regs) -> Flow {
    let base = r.slot(r.arg() + 3);
    let m = cached_method!(r, base);
    if !m.function.has_shape_nonnull(shape::FUNCTION)
        || m.function.cast_unchecked::<PyFunction>().current_version() != r.cache32(1)
    {
        return Flow::Deopt;
    }
    call_keywords(r)
}

#[inline(always)]
pub unsafe fn CALL_KW_NON_PY(r: &mut Regs) -> Flow {
    let callable = r.peek(r.arg() + 3);
    if callable.has_shape_nonnull(shape::FUNCTION) || callable.has_shape_nonnull(shape::METHOD) {
        return Flow::Deopt;
    }
    call_keywords(r)
}

// f(*args, **kwargs): [callable, NULL, args, kwargs or NULL].

#[inline(always)]
pub unsafe fn CALL_FUNCTION_EX(r: &mut Regs) -> Flow {
    r.save();
    call_unpacked(r.vm(), r.ip)
}

#[inline(never)]
unsafe fn call_unpacked(vm: &Vm, return_ip: *const u16) -> Flow {
    let s = &vm.interp;
    let sp = s.sp.get();
    let (callable, args, kwargs) = (*sp.sub(4), *sp.sub(2), *sp.sub(1));
    let positional = match positional_tuple(vm, callable, args) {
        Ok(t) => t,
        Err(e) => return call::raise(vm, e),
    };
    // SAFETY: made by `positional_tuple`; DICT_MERGE has made a dict of the keywords.
    let items = positional.cast_unchecked::<PyTuple>();
    let dict = kwargs.non_null().map(|k| k.cast_unchecked::<PyDict>());
    let room = sp.add(items.len() + dict.map_or(0, |d| d.len())) < s.limit.get();
    if !is_python(callable) || !room {
        let result = protocol::call_dict(vm, callable, items.as_slice(), dict);
        return match result {
            Ok(v) => {
                call::release_slots(vm, sp.sub(4), sp);
                *sp.sub(4) = v.into_value();
                s.sp.set(sp.sub(3));
                s.ip.set(return_ip);
                Flow::Reload
            }
            Err(e) => call::raise(vm, e),
        };
    }
    if let Some(e) = not_strings(vm, dict) {
        return call::raise(vm, e);
    }
    // A function written in Python: its arguments are laid out on the stack and it is entered.
    let (values, names) = match dict {
        Some(d) => crate::types::slot_call::with_keywords(vm, items.as_slice(), d),
        None => (items.as_slice().to_vec(), None),
    };
    let (args, kwargs) = (args.into_ref(), kwargs.into_ref());
    let owned: Vec<Value> = values.iter().map(|v| v.dup_owned()).collect();
    let base = sp.sub(4);
    *base.add(1) = Value::NULL;
    for (i, v) in owned.iter().enumerate() {
        *base.add(2 + i) = *v;
    }
    s.sp.set(base.add(2 + owned.len()));
    drop((positional, args, kwargs));
    call::call(vm, owned.len(), names, return_ip)
}

/// What is wrong with keywords that are no strings.
fn not_strings(vm: &Vm, keywords: Option<&PyDict>) -> Option<Raised> {
    let mut keys = keywords?.entries().map(|(k, _)| k);
    keys.any(|k| k.cast::<PyStr>().is_none()).then(|| vm.type_error("keywords must be strings"))
}

/// A function or a bound method of one.
unsafe fn is_python(callable: Value) -> bool {
    callable.has_shape_nonnull(shape::FUNCTION)
        || (callable.has_shape_nonnull(shape::METHOD)
            && callable.cast_unchecked::<PyMethod>().function.has_shape_nonnull(shape::FUNCTION))
}

fn positional_tuple(vm: &Vm, callable: Value, args: Value) -> PyResult {
    if args.has_shape(shape::TUPLE) {
        return Ok(args.to_ref());
    }
    if vm.type_of(args).slots().iter.is_none() && !iter::is_sequence(vm.type_of(args)) {
        return Err(vm.type_error(format!(
            "{} argument after * must be an iterable, not {}",
            function_text(vm, callable),
            vm.type_of(args).full_name()
        )));
    }
    Ok(PyTuple::from_vec(vm, iter::to_vec(vm, args)?))
}

/// How messages name a callable: `module.qualname()`, without `builtins`.
pub fn function_text(vm: &Vm, callable: Value) -> String {
    use crate::protocol::attr;
    let names = vm.names();
    let qualname = match attr::get_opt(vm, callable, names.__qualname__) {
        Ok(Some(q)) => obj::str_text(vm, q.value()),
        _ => return obj::str_text(vm, callable).unwrap_or_default(),
    };
    let qualname = qualname.unwrap_or_default();
    match attr::get_opt(vm, callable, names.__module__) {
        Ok(Some(m)) if !m.is(vm.none()) => match obj::str_text(vm, m.value()) {
            Ok(m) if m != "builtins" => format!("{m}.{qualname}()"),
            _ => format!("{qualname}()"),
        },
        _ => format!("{qualname}()"),
    }
}

// Functions.

#[inline(always)]
pub unsafe fn MAKE_FUNCTION(r: &mut Regs) -> Flow {
    r.save();
    let v = make_function(*r);
    r.finish_result::<1>(v)
}

#[inline(never)]
unsafe fn make_function(r: Regs) -> PyResult {
    let code = r.peek(1);
    if code.cast::<PyCode>().is_none() {
        return Err(r.vm().system_error("MAKE_FUNCTION without a code object"));
    }
    PyFunction::new(r.vm(), code, r.function().globals.get())
}

#[inline(always)]
pub unsafe fn SET_FUNCTION_ATTRIBUTE(r: &mut Regs) -> Flow {
    r.save();
    let function = r.pop();
    let attribute = r.peek(1).into_ref();
    *r.slot(1) = function;
    set_function_attribute(r.vm(), function, attribute, r.oparg);
    Flow::Called
}

#[inline(never)]
fn set_function_attribute(vm: &Vm, function: Value, v: Ref, oparg: u64) {
    // SAFETY: verified code gives a function here, which MAKE_FUNCTION has just made.
    let f = unsafe { function.cast_unchecked::<PyFunction>() };
    match oparg {
        1 => f.defaults.set(v),
        2 => f.kwdefaults.set(v),
        4 => f.annotations.set(v),
        8 => f.closure.set(v),
        _ => {
            if let Some(a) = v.cast_exact::<PyFunction>() {
                let name = format!("{}.__annotate__", obj::text(f.qualname.get()));
                a.qualname.set(PyStr::new(vm, &name));
            }
            f.annotate.set(v);
        }
    }
}

/// Pushes `__build_class__` of the builtins, which a program may have replaced.
#[inline(always)]
pub unsafe fn LOAD_BUILD_CLASS(r: &mut Regs) -> Flow {
    r.save();
    let v = build_class(*r);
    r.push_result(v)
}

#[inline(never)]
unsafe fn build_class(r: Regs) -> PyResult {
    let vm = r.vm();
    let name = vm.names().__build_class__;
    match crate::ops::variables::mapping_get(vm, r.function().builtins.get(), name)? {
        Some(v) => Ok(v),
        None => Err(vm.error(shape::NAME_ERROR, "__build_class__ not found")),
    }
}

// Return.

/// Leaves the frame. Where an object dies by it, or the link says that more is due, the slow
/// way finishes what was begun: this one calls nothing.
#[inline(always)]
pub unsafe fn RETURN_VALUE(r: &mut Regs) -> Flow {
    let link = (*r.fp.sub(1)).bits();
    if link & LEAVE_SLOW != 0 {
        r.oparg = r.sp.sub(1).offset_from(r.fp) as u64;
        return Flow::Leave;
    }
    // It may be borrowed from a local that holds the last reference.
    let result = r.peek(1).into_owned();
    *r.slot(1) = result;
    let fp = r.fp;
    let mut p = r.sp.sub(1);
    let mut dying = 0;
    while p > fp {
        if !give_back(r, *p.sub(1), &mut dying) {
            r.oparg = p.offset_from(fp) as u64;
            return Flow::Leave;
        }
        p = p.sub(1);
    }
    let function = *fp.sub(2);
    if !give_back(r, function, &mut dying) {
        r.oparg = 0;
        return Flow::Leave;
    }
    *fp.sub(2) = result;
    let link = Link(link);
    let s = &r.vm().interp;
    s.depth_left.set(s.depth_left.get() + 1);
    r.sp = fp.sub(1);
    r.fp = fp.sub(link.distance());
    r.transfer(link.return_address());
    Flow::Jump
}

/// Gives back a slot's reference, unless it is the last one and as many objects as can be put
/// off have died already (false).
#[inline(always)]
unsafe fn give_back(r: &mut Regs, v: Value, dying: &mut usize) -> bool {
    if v.is_owned_object() {
        if (*v.pointer()).refs == 1 {
            if *dying == MAX_DYING {
                return false;
            }
            *dying += 1;
        }
        r.release(v);
    }
    true
}

/// CPython's way out of a nested run; this VM's is HALT.
#[inline(always)]
pub unsafe fn INTERPRETER_EXIT(r: &mut Regs) -> Flow {
    crate::ops::bad_opcode(*r)
}
