//! The module `_operator`: the language's operators as functions.

mod getters;

pub use getters::{ATTRGETTER, ITEMGETTER, METHODCALLER};

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::native::{self, ModuleDef};
use crate::protocol::buffer::Buffer;
use crate::protocol::number::{self, BinaryOp};
use crate::protocol::{call, compare, item, iter, truth};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::int;
use crate::types::slots::CompareOp;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::MethodDef;
use crate::value::Value;
use crate::vm::Vm;

pub static MODULE: ModuleDef = ModuleDef {
    name: "_operator",
    doc: "The language's operators as functions: operator.add(x, y) is x + y.",
    functions: FUNCTIONS,
    init,
};

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    native::add(vm, m, "attrgetter", vm.builtin(shape::ATTRGETTER).value())?;
    native::add(vm, m, "itemgetter", vm.builtin(shape::ITEMGETTER).value())?;
    native::add(vm, m, "methodcaller", vm.builtin(shape::METHODCALLER).value())
}

macro_rules! unary {
    ($name:literal, $doc:literal, $f:expr) => {
        MethodDef::new($name, "($module, a, /)", $f, $doc)
    };
}

macro_rules! binary {
    ($name:literal, $doc:literal, $f:expr) => {
        MethodDef::new($name, "($module, a, b, /)", $f, $doc)
    };
    ($name:literal, $doc:literal, op $op:ident) => {
        binary!($name, $doc, |vm, a| number::binary(vm, a[1], a[2], BinaryOp::$op))
    };
    ($name:literal, $doc:literal, inplace $op:ident) => {
        binary!($name, $doc, |vm, a| number::inplace(vm, a[1], a[2], BinaryOp::$op))
    };
    ($name:literal, $doc:literal, compare $op:ident) => {
        binary!($name, $doc, |vm, a| compare::rich(vm, a[1], a[2], CompareOp::$op))
    };
}

// The bound values start with the module, as the signatures do.
static FUNCTIONS: &[MethodDef] = &[
    unary!("truth", "Return True if a is true, False otherwise.", |vm, a| Ok(vm.bool_ref(truth::truth(vm, a[1])?))),
    binary!("contains", "Same as b in a (note reversed operands).", |vm, a| {
        Ok(vm.bool_ref(item::contains(vm, a[1], a[2])?))
    }),
    binary!("indexOf", "Return the first index of b in a.", |vm, a| {
        Ok(item::from_size(vm, item::position(vm, a[1], a[2])?))
    }),
    binary!("countOf", "Return the number of items in a which are, or which equal, b.", |vm, a| {
        Ok(item::from_size(vm, item::count(vm, a[1], a[2])?))
    }),
    binary!("is_", "Same as a is b.", |vm, a| Ok(vm.bool_ref(a[1].is(a[2])))),
    binary!("is_not", "Same as a is not b.", |vm, a| Ok(vm.bool_ref(!a[1].is(a[2])))),
    unary!("is_none", "Same as a is None.", |vm, a| Ok(vm.bool_ref(a[1].is(vm.none())))),
    unary!("is_not_none", "Same as a is not None.", |vm, a| Ok(vm.bool_ref(!a[1].is(vm.none())))),
    unary!("index", "Same as a.__index__()", |vm, a| Ok(int::exact(number::index(vm, a[1])?.value()))),
    binary!("add", "Same as a + b.", op Add),
    binary!("sub", "Same as a - b.", op Subtract),
    binary!("mul", "Same as a * b.", op Multiply),
    binary!("matmul", "Same as a @ b.", op MatrixMultiply),
    binary!("floordiv", "Same as a // b.", op FloorDivide),
    binary!("truediv", "Same as a / b.", op TrueDivide),
    binary!("mod", "Same as a % b.", op Remainder),
    unary!("neg", "Same as -a.", |vm, a| number::neg(vm, a[1])),
    unary!("pos", "Same as +a.", |vm, a| number::pos(vm, a[1])),
    unary!("abs", "Same as abs(a).", |vm, a| number::abs(vm, a[1])),
    unary!("inv", "Same as ~a.", |vm, a| number::invert(vm, a[1])),
    unary!("invert", "Same as ~a.", |vm, a| number::invert(vm, a[1])),
    binary!("lshift", "Same as a << b.", op Lshift),
    binary!("rshift", "Same as a >> b.", op Rshift),
    unary!("not_", "Same as not a.", |vm, a| Ok(vm.bool_ref(!truth::truth(vm, a[1])?))),
    binary!("and_", "Same as a & b.", op And),
    binary!("xor", "Same as a ^ b.", op Xor),
    binary!("or_", "Same as a | b.", op Or),
    binary!("iadd", "Same as a += b.", inplace Add),
    binary!("isub", "Same as a -= b.", inplace Subtract),
    binary!("imul", "Same as a *= b.", inplace Multiply),
    binary!("imatmul", "Same as a @= b.", inplace MatrixMultiply),
    binary!("ifloordiv", "Same as a //= b.", inplace FloorDivide),
    binary!("itruediv", "Same as a /= b.", inplace TrueDivide),
    binary!("imod", "Same as a %= b.", inplace Remainder),
    binary!("ilshift", "Same as a <<= b.", inplace Lshift),
    binary!("irshift", "Same as a >>= b.", inplace Rshift),
    binary!("iand", "Same as a &= b.", inplace And),
    binary!("ixor", "Same as a ^= b.", inplace Xor),
    binary!("ior", "Same as a |= b.", inplace Or),
    binary!("concat", "Same as a + b, for a and b sequences.", |vm, a| concat(vm, a[1], a[2], false)),
    binary!("iconcat", "Same as a += b, for a and b sequences.", |vm, a| concat(vm, a[1], a[2], true)),
    binary!("getitem", "Same as a[b].", |vm, a| item::get(vm, a[1], a[2])),
    MethodDef::new(
        "setitem",
        "($module, a, b, c, /)",
        |vm, a| item::set(vm, a[1], a[2], a[3]).map(|()| vm.none_ref()),
        "Same as a[b] = c.",
    ),
    binary!("delitem", "Same as del a[b].", |vm, a| item::delete(vm, a[1], a[2]).map(|()| vm.none_ref())),
    binary!("pow", "Same as a ** b.", op Power),
    binary!("ipow", "Same as a **= b.", inplace Power),
    binary!("eq", "Same as a == b.", compare Eq),
    binary!("ne", "Same as a != b.", compare Ne),
    binary!("lt", "Same as a < b.", compare Lt),
    binary!("le", "Same as a <= b.", compare Le),
    binary!("gt", "Same as a > b.", compare Gt),
    binary!("ge", "Same as a >= b.", compare Ge),
    binary!(
        "_compare_digest",
        "Whether two byte strings or ASCII strings are equal, in a time that does not tell where they differ.",
        |vm, a| compare_digest(vm, a[1], a[2])
    ),
    MethodDef::new(
        "length_hint",
        "($module, obj, default=0, /)",
        length_hint,
        "Number of items to expect of an object: its length, its hint, or the default.",
    ),
    MethodDef::new(
        "call",
        "($module, obj, /, *args, **kwargs)",
        call_object,
        "Same as obj(*args, **kwargs).",
    ),
];

fn concat(vm: &Vm, a: Value, b: Value, inplace: bool) -> PyResult {
    let s = vm.type_of(a).slots();
    let slot = if inplace { s.inplace_concat.or(s.concat) } else { s.concat };
    if let Some(f) = slot {
        return f(vm, a, b);
    }
    // Classes written in Python show their `__add__` as a number's.
    let is_sequence = |v: Value| iter::is_sequence(vm.type_of(v));
    if is_sequence(a) && is_sequence(b) {
        return if inplace {
            number::inplace(vm, a, b, BinaryOp::Add)
        } else {
            number::binary(vm, a, b, BinaryOp::Add)
        };
    }
    Err(vm.type_error(format!("'{}' object can't be concatenated", vm.type_of(a).full_name())))
}

fn length_hint(vm: &Vm, a: &[Value]) -> PyResult {
    let default = match a[2].non_null() {
        Some(d) => item::ssize_arg(vm, d)?,
        None => 0,
    };
    // A negative default comes back as it is.
    match usize::try_from(default) {
        Ok(d) => Ok(item::from_size(vm, iter::length_hint(vm, a[1], d)?)),
        Err(_) => match iter::length_hint(vm, a[1], usize::MAX)? {
            usize::MAX => Ok(vm.new_int(default as i64)),
            n => Ok(item::from_size(vm, n)),
        },
    }
}

fn call_object(vm: &Vm, a: &[Value]) -> PyResult {
    let args = a[2].cast::<PyTuple>().map_or(&[][..], |t| t.as_slice());
    match a[3].cast::<PyDict>().filter(|d| !d.is_empty()) {
        Some(d) => call::call_dict(vm, a[1], args, Some(d)),
        None => call::call(vm, a[1], CallArgs::positional(args)),
    }
}

fn compare_digest(vm: &Vm, a: Value, b: Value) -> PyResult {
    if let (Some(x), Some(y)) = (a.cast::<PyStr>(), b.cast::<PyStr>()) {
        if !x.is_ascii() || !y.is_ascii() {
            return Err(vm.type_error("comparing strings with non-ASCII characters is not supported"));
        }
        return Ok(vm.bool_ref(equal_in_constant_time(x.as_bytes(), y.as_bytes())));
    }
    let pair = Buffer::pair(vm, a, b)?;
    Ok(vm.bool_ref(equal_in_constant_time(&pair.0, &pair.1)))
}

/// Looks at all bytes of `b`, whatever it finds.
fn equal_in_constant_time(a: &[u8], b: &[u8]) -> bool {
    let mut difference = u8::from(a.len() != b.len());
    for (i, y) in b.iter().enumerate() {
        let x = if a.len() == b.len() { a[i] } else { *y };
        difference |= std::hint::black_box(x ^ y);
    }
    difference == 0
}
