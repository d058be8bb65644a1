//! Arithmetic on any two values, with Python's rules for whose method is asked.

use crate::error::{PyResult, Raised};
use crate::shape;
use crate::types::int;
use crate::types::slots::{BinaryFn, Slots};
use crate::types::type_::TypeRef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Binary operators, numbered as BINARY_OP's oparg (in-place forms are 13 higher there).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum BinaryOp {
    Add,
    And,
    FloorDivide,
    Lshift,
    MatrixMultiply,
    Multiply,
    Remainder,
    Or,
    Power,
    Rshift,
    Subtract,
    TrueDivide,
    Xor,
    /// Not an operator of BINARY_OP: the function `divmod`.
    Divmod,
}

impl BinaryOp {
    pub const COUNT: usize = 14;
    const ALL: [BinaryOp; 13] = [
        BinaryOp::Add,
        BinaryOp::And,
        BinaryOp::FloorDivide,
        BinaryOp::Lshift,
        BinaryOp::MatrixMultiply,
        BinaryOp::Multiply,
        BinaryOp::Remainder,
        BinaryOp::Or,
        BinaryOp::Power,
        BinaryOp::Rshift,
        BinaryOp::Subtract,
        BinaryOp::TrueDivide,
        BinaryOp::Xor,
    ];

    /// The operator of a BINARY_OP oparg below 26, and whether it is in place.
    pub fn from_oparg(oparg: u32) -> Option<(BinaryOp, bool)> {
        let op = *BinaryOp::ALL.get(oparg as usize % 13)?;
        (oparg < 26).then_some((op, oparg >= 13))
    }

    pub fn symbol(self) -> &'static str {
        ["+", "&", "//", "<<", "@", "*", "%", "|", "** or pow()", ">>", "-", "/", "^", "divmod()"]
            [self as usize]
    }

    fn inplace_symbol(self) -> &'static str {
        ["+=", "&=", "//=", "<<=", "@=", "*=", "%=", "|=", "**=", ">>=", "-=", "/=", "^=", "divmod()"]
            [self as usize]
    }
}

fn slot(ty: TypeRef, op: BinaryOp) -> Option<BinaryFn> {
    ty.slots().binary[op as usize]
}

/// Asks the number slots of both sides; `None` when neither knows how.
fn try_numeric(vm: &Vm, a: Value, b: Value, op: BinaryOp) -> PyResult<Option<Ref>> {
    let (ta, tb) = (vm.type_of(a), vm.type_of(b));
    let left = slot(ta, op);
    let mut right = if ta.is(tb) { None } else { slot(tb, op) };
    if let (Some(l), Some(r)) = (left, right)
        && l as usize == r as usize
    {
        right = None;
    }
    let not_implemented = vm.not_implemented();
    if let Some(l) = left {
        if let Some(r) = right
            && tb.is_subtype(ta)
        {
            let v = r(vm, a, b)?;
            if !v.is(not_implemented) {
                return Ok(Some(v));
            }
            right = None;
        }
        let v = l(vm, a, b)?;
        if !v.is(not_implemented) {
            return Ok(Some(v));
        }
    }
    if let Some(r) = right {
        let v = r(vm, a, b)?;
        if !v.is(not_implemented) {
            return Ok(Some(v));
        }
    }
    Ok(None)
}

/// `a op b`.
pub fn binary(vm: &Vm, a: Value, b: Value, op: BinaryOp) -> PyResult {
    if let Some(r) = try_numeric(vm, a, b, op)? {
        return Ok(r);
    }
    match try_sequence(vm, a, b, op, false)? {
        Some(r) => Ok(r),
        None => Err(unsupported(vm, a, b, op.symbol())),
    }
}

/// `a op= b`.
pub fn inplace(vm: &Vm, a: Value, b: Value, op: BinaryOp) -> PyResult {
    if let Some(f) = vm.type_of(a).slots().inplace[op as usize] {
        let r = f(vm, a, b)?;
        if !r.is(vm.not_implemented()) {
            return Ok(r);
        }
    }
    if let Some(r) = try_numeric(vm, a, b, op)? {
        return Ok(r);
    }
    match try_sequence(vm, a, b, op, true)? {
        Some(r) => Ok(r),
        None => Err(unsupported(vm, a, b, op.inplace_symbol())),
    }
}

fn try_sequence(vm: &Vm, a: Value, b: Value, op: BinaryOp, inplace: bool) -> PyResult<Option<Ref>> {
    let (sa, sb): (&Slots, &Slots) = (vm.type_of(a).slots(), vm.type_of(b).slots());
    match op {
        BinaryOp::Add => {
            let f = if inplace { sa.inplace_concat.or(sa.concat) } else { sa.concat };
            match f {
                Some(f) => {
                    let r = f(vm, a, b)?;
                    Ok(if r.is(vm.not_implemented()) { None } else { Some(r) })
                }
                None => Ok(None),
            }
        }
        BinaryOp::Multiply => {
            if let Some(f) = if inplace { sa.inplace_repeat.or(sa.repeat) } else { sa.repeat } {
                check_count(vm, b)?;
                return f(vm, a, b).map(Some);
            }
            if let Some(f) = sb.repeat {
                check_count(vm, a)?;
                return f(vm, b, a).map(Some);
            }
            Ok(None)
        }
        _ => Ok(None),
    }
}

fn check_count(vm: &Vm, n: Value) -> PyResult<()> {
    if has_index(vm, n) {
        return Ok(());
    }
    Err(vm.type_error(format!(
        "can't multiply sequence by non-int of type '{}'",
        vm.type_of(n).full_name()
    )))
}

#[cold]
fn unsupported(vm: &Vm, a: Value, b: Value, symbol: &str) -> Raised {
    let (ta, tb) = (vm.type_of(a).full_name(), vm.type_of(b).full_name());
    if symbol == ">>"
        && a.cast_exact::<crate::types::native::BuiltinFunction>().is_some_and(|f| f.def.name == "print")
    {
        return vm.type_error(format!(
            "unsupported operand type(s) for >>: '{ta}' and '{tb}'. Did you mean \"print(<message>, file=<output_stream>)\"?"
        ));
    }
    vm.type_error(format!("unsupported operand type(s) for {symbol}: '{ta}' and '{tb}'"))
}

/// `pow(a, b, m)`.
pub fn power_mod(vm: &Vm, a: Value, b: Value, m: Value) -> PyResult {
    if m.is_null() || m.is(vm.none()) {
        return binary(vm, a, b, BinaryOp::Power);
    }
    // The right side goes first if it is of a subclass; nobody is asked twice.
    let slot = |v: Value| vm.type_of(v).slots().pow_mod;
    let order = match vm.type_of(b).is_subtype(vm.type_of(a)) {
        true => [slot(b), slot(a), slot(m)],
        false => [slot(a), slot(b), slot(m)],
    };
    for (i, f) in order.iter().enumerate() {
        let asked = order[..i].iter().flatten().any(|g| f.is_some_and(|f| f as usize == *g as usize));
        if let Some(f) = f.filter(|_| !asked) {
            let r = f(vm, a, b, m)?;
            if !r.is(vm.not_implemented()) {
                return Ok(r);
            }
        }
    }
    Err(vm.type_error(format!(
        "unsupported operand type(s) for ** or pow(): '{}', '{}', '{}'",
        vm.type_of(a).full_name(),
        vm.type_of(b).full_name(),
        vm.type_of(m).full_name()
    )))
}

macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident, $symbol:literal;)*) => {
        $(
            $(#[$doc])*
            pub fn $name(vm: &Vm, v: Value) -> PyResult {
                match vm.type_of(v).slots().$name {
                    Some(f) => f(vm, v),
                    None => Err(vm.type_error(format!(
                        concat!("bad operand type for ", $symbol, ": '{}'"),
                        vm.type_of(v).full_name()
                    ))),
                }
            }
        )*
    };
}

unary! {
    /// `-v`
    neg, "unary -";
    /// `+v`
    pos, "unary +";
    /// `~v`
    invert, "unary ~";
    /// `abs(v)`
    abs, "abs()";
}

/// Whether the value can stand for an index: an int or something with `__index__`.
pub fn has_index(vm: &Vm, v: Value) -> bool {
    v.is_small_int() || vm.type_of(v).slots().index.is_some()
}

/// `operator.index(v)`: an int object.
pub fn index(vm: &Vm, v: Value) -> PyResult {
    if v.is_small_int() {
        return Ok(v.to_ref());
    }
    let ty = vm.type_of(v);
    if ty.is_subtype(vm.builtin(shape::INT)) {
        return Ok(v.to_ref());
    }
    let Some(f) = ty.slots().index else {
        return Err(vm.type_error(format!(
            "'{}' object cannot be interpreted as an integer",
            ty.full_name()
        )));
    };
    let r = f(vm, v)?;
    check_int(vm, &r, "__index__")?;
    Ok(r)
}

/// Checks what a method has returned: an int. An instance of a subclass is yet allowed.
pub fn check_int(vm: &Vm, r: &Ref, method: &str) -> PyResult<()> {
    if r.is_small_int() || r.has_shape(shape::INT) {
        return Ok(());
    }
    let ty = vm.type_of(r.value());
    let text = format!("{method} returned non-int (type {})", ty.full_name());
    if !ty.is_subtype(vm.builtin(shape::INT)) {
        return Err(vm.type_error(text));
    }
    let text = format!(
        "{text}.  The ability to return an instance of a strict subclass of int is deprecated, and may be removed in \
         a future version of Python."
    );
    crate::runtime::warn(vm, shape::DEPRECATION_WARNING, &text, 1)
}

/// An index as i64, clipped to what fits (as slices want it).
pub fn index_clipped(vm: &Vm, v: Value) -> PyResult<i64> {
    if let Some(i) = v.as_small_int() {
        return Ok(i);
    }
    let i = index(vm, v)?;
    Ok(int::to_i64_clipped(i.value()))
}

/// An index as i64; IndexError when it does not fit (as subscripts want it).
pub fn index_i64(vm: &Vm, v: Value) -> PyResult<i64> {
    index_or(vm, v, |vm| {
        vm.index_error(format!("cannot fit '{}' into an index-sized integer", vm.type_of(v).full_name()))
    })
}

/// A count or size as i64; OverflowError when it does not fit.
pub fn size_i64(vm: &Vm, v: Value) -> PyResult<i64> {
    index_or(vm, v, |vm| {
        vm.overflow_error(format!("cannot fit '{}' into an index-sized integer", vm.type_of(v).full_name()))
    })
}

fn index_or(vm: &Vm, v: Value, overflow: impl FnOnce(&Vm) -> Raised) -> PyResult<i64> {
    if let Some(i) = v.as_small_int() {
        return Ok(i);
    }
    let i = index(vm, v)?;
    match int::to_i64(i.value()) {
        Some(i) => Ok(i),
        None => Err(overflow(vm)),
    }
}

/// What `__len__` may return, as a length.
pub fn as_length(vm: &Vm, v: Value, negative: &str) -> PyResult<usize> {
    let i = match v.as_small_int() {
        Some(_) => v.to_ref(),
        None => index(vm, v)?,
    };
    // One that is too low for a size is negative before all.
    if int::to_i64_clipped(i.value()) < 0 {
        return Err(vm.value_error(negative));
    }
    Ok(size_i64(vm, i.value())? as usize)
}
