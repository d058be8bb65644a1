//! Argument checks that constructors share.

use crate::args::{CallArgs, FunctionName};
use crate::error::PyResult;
use crate::shape::ShapeId;
use crate::types::type_::TypeRef;
use crate::value::Value;
use crate::vm::Vm;

/// Refuses keyword arguments.
pub fn no_keywords(vm: &Vm, name: &str, args: CallArgs) -> PyResult<()> {
    if args.has_keywords() {
        return Err(vm.type_error(format!("{name}() takes no keyword arguments")));
    }
    Ok(())
}

/// The positional arguments, between `min` and `max` of them.
pub fn positional<'a, N: FunctionName + ?Sized>(
    vm: &Vm,
    name: &N,
    args: CallArgs<'a>,
    min: usize,
    max: usize,
) -> PyResult<&'a [Value]> {
    let a = args.positional_args();
    if (min..=max).contains(&a.len()) {
        return Ok(a);
    }
    let (how, limit) = match a.len() {
        _ if min == max => ("", min),
        n if n < min => ("at least ", min),
        _ => ("at most ", max),
    };
    let s = if limit == 1 { "" } else { "s" };
    let name = name.plain();
    Err(vm.type_error(format!("{name} expected {how}{limit} argument{s}, got {}", a.len())))
}

/// Whether a subclass has a `__new__` of its own, which may take keywords that the built-in
/// `__init__` ignores.
pub fn overrides_new(vm: &Vm, ty: TypeRef, builtin: ShapeId) -> bool {
    let own = vm.builtin(builtin).slots().new.map(|f| f as usize);
    ty.slots().new.map(|f| f as usize) != own
}

/// Whether a subclass has an `__init__` of its own, which may take keywords that the built-in
/// `__new__` ignores.
pub fn overrides_init(vm: &Vm, ty: TypeRef, builtin: ShapeId) -> bool {
    let own = vm.builtin(builtin).slots().init.map(|f| f as usize);
    ty.slots().init.map(|f| f as usize) != own
}

/// The one optional argument of `list.__init__` and its like.
pub fn optional_iterable(
    vm: &Vm,
    name: &str,
    builtin: ShapeId,
    this: Value,
    args: CallArgs,
) -> PyResult<Option<Value>> {
    if !overrides_new(vm, vm.type_of(this), builtin) {
        no_keywords(vm, name, args)?;
    }
    Ok(positional(vm, name, args, 0, 1)?.first().copied())
}
