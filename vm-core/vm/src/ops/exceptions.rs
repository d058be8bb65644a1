//! Raising and handling exceptions; `with`.

use crate::error::{PyResult, Raised};
use crate::interp::regs::{Flow, Regs};
use crate::interp::unwind;
use crate::ops::attempt;
use crate::protocol::{attr, call};
use crate::shape;
use crate::types::exceptions::{self, PyException};
use crate::types::frame_object;
use crate::types::tuple::PyTuple;
use crate::types::type_::Type;
use crate::value::{Ref, Value};
use crate::vm::Vm;

#[inline(always)]
pub unsafe fn RAISE_VARARGS(r: &mut Regs) -> Flow {
    r.save();
    let n = r.arg();
    if n == 0 {
        return match r.vm().interp.handled_exception() {
            Some(e) => {
                let e = e.to_ref();
                let _ = r.raise(Raised(e));
                Flow::Reraise
            }
            None => r.raise(r.vm().runtime_error("No active exception to reraise")),
        };
    }
    let cause = if n == 2 { r.peek(1) } else { Value::NULL };
    let e = raised_by(r.vm(), r.peek(n), cause);
    r.raise(e)
}

/// The exception that `raise value from cause` raises: the right one, or what is wrong with it.
#[inline(never)]
fn raised_by(vm: &Vm, value: Value, cause: Value) -> Raised {
    let made = (|| {
        let e = exceptions::from_raise(vm, value)?;
        if !cause.is_null() {
            let cause = exceptions::cause_of_raise(vm, cause)?;
            if let Some(x) = e.cast::<PyException>() {
                let cause = if cause.is_null() { None } else { Some(cause) };
                drop(x.cause.replace(cause));
                x.suppress_context.set(true);
            }
        }
        Ok(e)
    })();
    match made {
        Ok(e) => {
            unwind::chain_context(vm, &e);
            Raised(e)
        }
        Err(e) => e,
    }
}

/// Raises the exception on top of the stack again, taken off it.
#[inline(always)]
pub unsafe fn reraise_top(r: &mut Regs) -> Flow {
    let e = r.pop().into_ref();
    let _ = r.raise(Raised(e));
    Flow::Reraise
}

#[inline(always)]
pub unsafe fn RERAISE(r: &mut Regs) -> Flow {
    if r.oparg > 0 {
        let origin = r.peek(r.arg() + 1);
        r.vm().interp.reraise_unit.set(origin.as_small_int().map(|i| i as u32));
    }
    reraise_top(r)
}

#[inline(always)]
pub unsafe fn PUSH_EXC_INFO(r: &mut Regs) -> Flow {
    let vm = r.vm();
    let handled = &*vm.interp.handled.get();
    let new = r.peek(1);
    let previous = handled.value.replace_value(new.dup_owned());
    *r.slot(1) = previous.non_null().unwrap_or(vm.none());
    r.push(new);
    Flow::Next
}

#[inline(always)]
pub unsafe fn POP_EXCEPT(r: &mut Regs) -> Flow {
    let vm = r.vm();
    let previous = r.pop();
    let previous = if previous == vm.none() { Value::NULL } else { previous.into_owned() };
    let handled = &*vm.interp.handled.get();
    let old = handled.value.replace_value(previous);
    r.release(old);
    Flow::Next
}

#[inline(always)]
pub unsafe fn CHECK_EXC_MATCH(r: &mut Regs) -> Flow {
    r.save();
    let matches = attempt!(r, exception_matches(r.vm(), r.peek(2), r.peek(1)));
    let v = r.vm().bool(matches);
    r.finish::<1>(v);
    Flow::Called
}

/// Whether an exception is an instance of a class, or of one in a tuple of classes.
#[inline(never)]
fn exception_matches(vm: &Vm, e: Value, classes: Value) -> PyResult<bool> {
    check_classes(vm, classes)?;
    Ok(exceptions::matches(vm, e, classes))
}

fn check_classes(vm: &Vm, classes: Value) -> PyResult<()> {
    let ok = match classes.cast::<PyTuple>() {
        Some(t) => t.iter().all(|c| exceptions::is_exception_class(vm, c)),
        None => exceptions::is_exception_class(vm, classes),
    };
    if ok {
        return Ok(());
    }
    Err(vm.type_error("catching classes that do not inherit from BaseException is not allowed"))
}

// except*

#[inline(always)]
pub unsafe fn CHECK_EG_MATCH(r: &mut Regs) -> Flow {
    r.save();
    let (rest, matched) = attempt!(r, group_match(*r));
    if !matched.is(r.vm().none()) {
        let handled = &*r.vm().interp.handled.get();
        handled.value.set(matched.clone());
    }
    r.drop_inputs::<2>();
    r.push_ref(rest);
    r.push_ref(matched);
    Flow::Called
}

/// What of an exception (group) a class matches, and the rest; None for nothing.
#[inline(never)]
unsafe fn group_match(r: Regs) -> PyResult<(Ref, Ref)> {
    let (vm, e, classes) = (r.vm(), r.peek(2), r.peek(1));
    check_classes(vm, classes)?;
    let group = vm.builtin(shape::BASE_EXCEPTION_GROUP);
    let catches_groups = match classes.cast::<PyTuple>() {
        Some(t) => t.iter().any(|c| Type::from_value(c).is_some_and(|c| c.is_subtype(group))),
        None => Type::from_value(classes).is_some_and(|c| c.is_subtype(group)),
    };
    if catches_groups {
        return Err(vm.type_error(
            "catching ExceptionGroup with except* is not allowed. Use except instead.",
        ));
    }
    let none = || vm.none_ref();
    if e.is(vm.none()) {
        return Ok((none(), none()));
    }
    let is_group = vm.type_of(e).is_subtype(group);
    if exceptions::matches(vm, e, classes) {
        if is_group {
            return Ok((none(), e.to_ref()));
        }
        let wrapped = wrap_naked(vm, e)?;
        if let Some(x) = wrapped.cast::<PyException>() {
            let frame = frame_object::of_frame(vm, r.frame());
            let unit = r.code().index_of(r.ip).wrapping_sub(1) as u32;
            x.traceback.set(frame_object::new_traceback(None, frame, unit));
        }
        return Ok((none(), wrapped));
    }
    if !is_group {
        return Ok((e.to_ref(), none()));
    }
    let pair = call::call_method(vm, e, "split", &[classes])?;
    let Some(pair) = pair.cast_exact::<PyTuple>() else {
        return Err(vm.type_error(format!(
            "{}.split must return a tuple, not {}",
            vm.type_of(e).full_name(),
            vm.type_of(pair.value()).full_name()
        )));
    };
    match pair.as_slice() {
        [matched, rest, ..] => Ok((rest.to_ref(), matched.to_ref())),
        short => Err(vm.type_error(format!(
            "{}.split must return a 2-tuple, got tuple of size {}",
            vm.type_of(e).full_name(),
            short.len()
        ))),
    }
}

/// An exception group of one exception, without a message.
pub fn wrap_naked(vm: &Vm, e: Value) -> PyResult {
    let class = vm.builtin(shape::EXCEPTION_GROUP).value();
    let members = PyTuple::from_slice(vm, &[e]);
    let message = vm.empty_str();
    match call::call_args(vm, class, &[message, members.value()]) {
        // A BaseException that is no Exception fits only the base group.
        Err(err) if err.is(vm, shape::TYPE_ERROR) => {
            call::call_args(vm, vm.builtin(shape::BASE_EXCEPTION_GROUP).value(), &[message, members.value()])
        }
        r => r,
    }
}

// with

/// What the four methods of LOAD_SPECIAL belong to.
const PROTOCOLS: [&str; 2] = ["the context manager protocol", "the asynchronous context manager protocol"];
const STATEMENTS: [&str; 2] = ["with", "async with"];

#[inline(always)]
pub unsafe fn LOAD_SPECIAL(r: &mut Regs) -> Flow {
    r.save();
    let owner = r.peek(1);
    let m = attempt!(r, special_method(r.vm(), owner, r.arg()));
    let bound = m.this.is_null();
    *r.slot(1) = m.callable.into_value();
    if bound {
        r.push(Value::NULL);
        r.release(owner);
    } else {
        r.push(owner);
    }
    Flow::Called
}

#[inline(never)]
fn special_method(vm: &Vm, owner: Value, oparg: usize) -> PyResult<attr::Method> {
    let n = vm.names();
    let names = [n.__enter__, n.__exit__, n.__aenter__, n.__aexit__];
    let i = oparg & 3;
    if let Some(m) = attr::lookup_method(vm, owner, names[i])? {
        return Ok(m);
    }
    // The other protocol may be what was meant.
    let (own, other) = (i / 2, 1 - i / 2);
    let ty = vm.type_of(owner);
    let has = |name: Value| {
        ty.lookup(vm, name).is_some_and(|m| vm.type_of(m).slots().descr_get.is_some())
    };
    let hint = if has(names[2 * other]) && has(names[2 * other + 1]) {
        format!(" but it supports {}. Did you mean to use '{}'?", PROTOCOLS[other], STATEMENTS[other])
    } else {
        String::new()
    };
    let method = ["__enter__", "__exit__", "__aenter__", "__aexit__"][i];
    Err(vm.type_error(format!(
        "'{}' object does not support {} (missed {method} method){hint}",
        obj_type_name(vm, owner),
        PROTOCOLS[own]
    )))
}

/// Name of a value's type as `%T` shows it: with its module unless it is a built-in one.
fn obj_type_name(vm: &Vm, v: Value) -> String {
    crate::types::type_name(vm, vm.type_of(v))
}

/// Calls `__exit__(type, value, traceback)`: [exit, self or NULL, lasti, previous, exc] -- result.
#[inline(always)]
pub unsafe fn WITH_EXCEPT_START(r: &mut Regs) -> Flow {
    r.save();
    let v = call_exit(r.vm(), r.peek(5), r.peek(4), r.peek(1));
    r.push_result(v)
}

#[inline(never)]
fn call_exit(vm: &Vm, exit: Value, this: Value, e: Value) -> PyResult {
    let traceback = match exceptions::exception(e).and_then(|x| x.traceback.get_ref()) {
        Some(t) => t,
        None => vm.none_ref(),
    };
    let class = vm.type_of(e).value();
    let all = [this, class, e, traceback.value()];
    let args = if this.is_null() { &all[1..] } else { &all[..] };
    call::call_args(vm, exit, args)
}
