//! The code object: what the compiler makes, `.pyc` files hold and the VM runs.
//!
//! Fields, their meaning and their units are those of CPython 3.14's `types.CodeType`.

use std::sync::Arc;

use num_bigint::BigInt;

/// `CO_*` bits of `Code::flags` (source: CPython 3.14 `Include/cpython/code.h`).
pub mod flags {
    pub const OPTIMIZED: u32 = 0x0001;
    pub const NEWLOCALS: u32 = 0x0002;
    pub const VARARGS: u32 = 0x0004;
    pub const VARKEYWORDS: u32 = 0x0008;
    pub const NESTED: u32 = 0x0010;
    pub const GENERATOR: u32 = 0x0020;
    pub const COROUTINE: u32 = 0x0080;
    pub const ITERABLE_COROUTINE: u32 = 0x0100;
    pub const ASYNC_GENERATOR: u32 = 0x0200;
    pub const FUTURE_DIVISION: u32 = 0x20000;
    pub const FUTURE_ABSOLUTE_IMPORT: u32 = 0x40000;
    pub const FUTURE_WITH_STATEMENT: u32 = 0x80000;
    pub const FUTURE_PRINT_FUNCTION: u32 = 0x100000;
    pub const FUTURE_UNICODE_LITERALS: u32 = 0x200000;
    pub const FUTURE_BARRY_AS_BDFL: u32 = 0x400000;
    pub const FUTURE_GENERATOR_STOP: u32 = 0x800000;
    pub const FUTURE_ANNOTATIONS: u32 = 0x1000000;
    pub const HAS_DOCSTRING: u32 = 0x4000000;
    pub const METHOD: u32 = 0x8000000;
}

/// Bits of `Code::localspluskinds` (source: CPython 3.14 `pycore_code.h`).
pub mod kinds {
    pub const ARG_POS: u8 = 0x02;
    pub const ARG_KW: u8 = 0x04;
    pub const ARG_VAR: u8 = 0x08;
    pub const HIDDEN: u8 = 0x10;
    pub const LOCAL: u8 = 0x20;
    pub const CELL: u8 = 0x40;
    pub const FREE: u8 = 0x80;
}

/// A code object. Two are equal exactly when CPython would find every field equal.
#[derive(Clone, Debug, PartialEq)]
pub struct Code {
    pub argcount: u32,
    pub posonlyargcount: u32,
    pub kwonlyargcount: u32,
    /// Deepest value stack, in slots.
    pub stacksize: u32,
    /// `flags::*` bits.
    pub flags: u32,
    /// Code units, 2 bytes each (opcode, oparg), inline caches included and zero.
    pub code: Vec<u8>,
    pub consts: Vec<Const>,
    pub names: Vec<Arc<str>>,
    /// Names of locals, cells and free variables, in slot order.
    pub localsplusnames: Vec<Arc<str>>,
    /// One `kinds::*` byte per entry of `localsplusnames`.
    pub localspluskinds: Vec<u8>,
    pub filename: Arc<str>,
    pub name: Arc<str>,
    pub qualname: Arc<str>,
    pub firstlineno: i32,
    /// Location table in CPython's encoding (`InternalDocs/code_objects.md`).
    pub linetable: Vec<u8>,
    /// Exception table in CPython's encoding (`InternalDocs/exception_handling.md`).
    pub exceptiontable: Vec<u8>,
}

/// Code objects hold those of the functions in them, which may be nested deeper than the native
/// stack lets destructors recurse.
impl Drop for Code {
    fn drop(&mut self) {
        let mut waiting = Vec::new();
        take_codes(&mut self.consts, &mut waiting);
        while let Some(mut code) = waiting.pop() {
            if let Some(last) = Arc::get_mut(&mut code) {
                take_codes(&mut last.consts, &mut waiting);
            }
        }
    }
}

fn take_codes(consts: &mut [Const], out: &mut Vec<Arc<Code>>) {
    for c in consts {
        if matches!(c, Const::Code(_))
            && let Const::Code(code) = std::mem::replace(c, Const::None)
        {
            out.push(code);
        }
    }
}

/// A constant of a code object.
///
/// Equality is that of constant merging: type and value, `0.0` and `-0.0` differ,
/// NaNs are compared by bits.
#[derive(Clone, Debug)]
pub enum Const {
    None,
    True,
    False,
    Ellipsis,
    Int(BigInt),
    Float(f64),
    Complex(f64, f64),
    Str(Wtf8),
    Bytes(Arc<[u8]>),
    Tuple(Arc<[Const]>),
    /// In CPython's iteration order when read from a `.pyc`; in source order when compiled.
    FrozenSet(Arc<[Const]>),
    Slice(Arc<[Const; 3]>),
    Code(Arc<Code>),
}

/// A Python string: UTF-8, except that lone surrogates are encoded as three bytes (WTF-8).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Wtf8(pub Arc<[u8]>);

impl Wtf8 {
    /// The string as UTF-8, unless it holds a lone surrogate.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl From<&str> for Wtf8 {
    fn from(s: &str) -> Self {
        Wtf8(Arc::from(s.as_bytes()))
    }
}

impl PartialEq for Const {
    fn eq(&self, other: &Self) -> bool {
        use Const::*;
        match (self, other) {
            (None, None) | (True, True) | (False, False) | (Ellipsis, Ellipsis) => true,
            (Int(a), Int(b)) => a == b,
            (Float(a), Float(b)) => a.to_bits() == b.to_bits(),
            (Complex(a, b), Complex(c, d)) => {
                a.to_bits() == c.to_bits() && b.to_bits() == d.to_bits()
            }
            (Str(a), Str(b)) => a == b,
            (Bytes(a), Bytes(b)) => a == b,
            (Tuple(a), Tuple(b)) => a == b,
            (FrozenSet(a), FrozenSet(b)) => a.len() == b.len() && a.iter().all(|x| b.contains(x)),
            (Slice(a), Slice(b)) => a == b,
            (Code(a), Code(b)) => a == b,
            _ => false,
        }
    }
}
