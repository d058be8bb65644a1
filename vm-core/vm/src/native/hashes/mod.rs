//! The modules of hash functions: `_md5`, `_sha1`, `_sha2`, `_sha3`, `_blake2`.
//!
//! All their types have one layout, a [`Hasher`], and mostly the same methods.

use std::cell::RefCell;

use crate::convert;
use crate::error::PyResult;
use crate::native::{self, ModuleDef};
use crate::object::{self, Header, Payload};
use crate::protocol::buffer::{self, Buffer};
use crate::protocol::{item, number};
use crate::shape::{self, ShapeId};
use crate::types::bytes::{self, hex};
use crate::types::int;
use crate::types::str_::PyStr;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

mod blake2;
mod hasher;

pub use blake2::{BLAKE2_MODULE, BLAKE2B, BLAKE2S};
use hasher::Hasher;

/// A hash object of the type with this shape.
#[repr(C)]
pub struct Hash<const SHAPE: ShapeId> {
    header: Header,
    hasher: RefCell<Hasher>,
}

// SAFETY: repr(C), header first.
unsafe impl<const SHAPE: ShapeId> Payload for Hash<SHAPE> {
    const SHAPE: ShapeId = SHAPE;
}

/// Data below this size is not worth giving other threads a chance; there are none that could use it.
const GIL_MINSIZE: i64 = 2048;
/// Longest digest that the extendable functions give, exclusive.
const LONGEST_DIGEST: u64 = 1 << 29;

fn make(vm: &Vm, ty: TypeRef, hasher: Hasher) -> Ref {
    // All types have the layout of any of them.
    let hash = Hash::<{ shape::MD5 }> { header: object::header(), hasher: RefCell::new(hasher) };
    let r = object::new(hash);
    // SAFETY: a fresh object; the types share payload size and layout.
    unsafe { (*r.pointer()).shape = ty.instance_shape() };
    debug_assert!(vm.type_of(r.value()).is(ty));
    r
}

fn hasher<'a>(v: Value) -> &'a RefCell<Hasher> {
    // SAFETY: methods and getters of the types are called with their instances only, which all
    // have this layout.
    unsafe { &(*(v.pointer() as *const Hash<{ shape::MD5 }>)).hasher }
}

/// The memory to hash.
fn data(vm: &Vm, v: Value) -> PyResult<Buffer> {
    if v.cast::<PyStr>().is_some() {
        return Err(vm.type_error("Strings must be encoded before hashing"));
    }
    if !buffer::is_exporter(vm, v) {
        return Err(vm.type_error("object supporting the buffer API required"));
    }
    Buffer::new(vm, v)
}

/// The data among the arguments `data` and `string` of a constructor.
fn first_data(vm: &Vm, given: Value, string: Value) -> PyResult<Option<Buffer>> {
    match (given.non_null(), string.non_null()) {
        (Some(_), Some(_)) => Err(vm.type_error(
            "'data' and 'string' are mutually exclusive and support for 'string' keyword parameter is slated for \
             removal in a future version.",
        )),
        (Some(v), None) | (None, Some(v)) => data(vm, v).map(Some),
        (None, None) => Ok(None),
    }
}

/// A constructor `f(data=b'', *, usedforsecurity=True, string=None)`, its arguments from `at` on.
fn construct(vm: &Vm, id: ShapeId, a: &[Value]) -> PyResult {
    let mut hasher = Hasher::new(id);
    if let Some(data) = first_data(vm, a[0], a[2])? {
        hasher.update(&data);
    }
    Ok(make(vm, vm.builtin(id), hasher))
}

fn update(vm: &Vm, a: &[Value]) -> PyResult {
    // Before and after the hasher is in use: it may run Python code.
    let data = data(vm, a[1])?;
    hasher(a[0]).borrow_mut().update(&data);
    Ok(vm.none_ref())
}

fn copy(vm: &Vm, a: &[Value]) -> PyResult {
    let copy = hasher(a[0]).borrow().clone();
    Ok(make(vm, vm.type_of(a[0]), copy))
}

fn digest(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(bytes::new(vm, &hasher(a[0]).borrow().digest()))
}

fn hex_text(vm: &Vm, b: &[u8]) -> Ref {
    PyStr::from_wtf8(vm, &hex::digits(b, None, 0))
}

fn hexdigest(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(hex_text(vm, &hasher(a[0]).borrow().digest()))
}

/// A digest of as many bytes as asked for.
fn long_digest(vm: &Vm, a: &[Value]) -> PyResult<Vec<u8>> {
    let n = number::index(vm, a[1])?;
    let n = match int::value_of(n.value()) {
        Some(n) if n.is_negative() => return Err(vm.value_error("Cannot convert negative int")),
        Some(n) => u64::try_from(n.to_big()).unwrap_or(u64::MAX),
        None => 0,
    };
    if n >= LONGEST_DIGEST {
        return Err(vm.value_error("length is too large"));
    }
    Ok(hasher(a[0]).borrow().long_digest(n as usize))
}

const NAME: GetSetDef = GetSetDef::get("name", |vm, v| Ok(vm.new_str(hasher(v).borrow().name())), "");
const BLOCK_SIZE: GetSetDef =
    GetSetDef::get("block_size", |vm, v| Ok(item::from_size(vm, hasher(v).borrow().block_size())), "");
const DIGEST_SIZE: GetSetDef =
    GetSetDef::get("digest_size", |vm, v| Ok(item::from_size(vm, hasher(v).borrow().digest_size())), "");
const COPY: MethodDef = MethodDef::new("copy", "($self, /)", copy, "A copy of the hash object.");
const DIGEST: MethodDef = MethodDef::new("digest", "($self, /)", digest, "The digest as bytes.");
const HEXDIGEST: MethodDef = MethodDef::new("hexdigest", "($self, /)", hexdigest, "The digest in hexadecimal digits.");
const UPDATE_DOC: &str = "Adds data to what is hashed.";

static METHODS: &[MethodDef] =
    &[COPY, DIGEST, HEXDIGEST, MethodDef::new("update", "($self, obj, /)", update, UPDATE_DOC)];
static SHA3_METHODS: &[MethodDef] =
    &[COPY, DIGEST, HEXDIGEST, MethodDef::new("update", "($self, data, /)", update, UPDATE_DOC)];
static SHAKE_METHODS: &[MethodDef] = &[
    COPY,
    MethodDef::new("digest", "($self, /, length)", |vm, a| Ok(bytes::new(vm, &long_digest(vm, a)?)), "A digest of this many bytes."),
    MethodDef::new("hexdigest", "($self, /, length)", |vm, a| Ok(hex_text(vm, &long_digest(vm, a)?)), "A digest of this many bytes, in hexadecimal digits."),
    MethodDef::new("update", "($self, data, /)", update, UPDATE_DOC),
];
static GETSET: &[GetSetDef] = &[NAME, BLOCK_SIZE, DIGEST_SIZE];
static SHA3_GETSET: &[GetSetDef] = &[
    NAME,
    BLOCK_SIZE,
    DIGEST_SIZE,
    GetSetDef::get(
        "_capacity_bits",
        |vm, v| Ok(item::from_size(vm, 1600 - 8 * hasher(v).borrow().block_size())),
        "",
    ),
    GetSetDef::get("_rate_bits", |vm, v| Ok(item::from_size(vm, 8 * hasher(v).borrow().block_size())), ""),
    GetSetDef::get("_suffix", |vm, v| Ok(bytes::new(vm, &[hasher(v).borrow().suffix()])), ""),
];

/// A type that a module's function makes instances of.
const fn plain<const ID: ShapeId>(name: &'static str) -> TypeDef {
    TypeDef {
        flags: 0,
        new: New::Disallowed,
        methods: METHODS,
        getset: GETSET,
        ..TypeDef::of::<Hash<ID>>(name)
    }
}

pub static MD5: TypeDef = plain::<{ shape::MD5 }>("_md5.md5");
pub static SHA1: TypeDef = plain::<{ shape::SHA1 }>("_sha1.sha1");
pub static SHA224: TypeDef = plain::<{ shape::SHA224 }>("_sha2.SHA224Type");
pub static SHA256: TypeDef = plain::<{ shape::SHA256 }>("_sha2.SHA256Type");
pub static SHA384: TypeDef = plain::<{ shape::SHA384 }>("_sha2.SHA384Type");
pub static SHA512: TypeDef = plain::<{ shape::SHA512 }>("_sha2.SHA512Type");

const SIG: &str = "($module, /, data=b'', *, usedforsecurity=True, string=None)";
const SHA3_SIG: &str = "(data=b'', *, usedforsecurity=True, string=None)";

macro_rules! sha3_type {
    ($id:ident, $name:literal, $methods:expr) => {
        pub static $id: TypeDef = TypeDef {
            doc: concat!($name, "([data], *, usedforsecurity=True) -> hash object"),
            flags: 0,
            // The messages of all these types name the first one.
            new: New::Raw(|vm, _, args| {
                vm.signatures.get(SHA3_SIG).bind(vm, "sha3_224", None, args, |a| construct(vm, shape::$id, a))
            }),
            methods: $methods,
            getset: SHA3_GETSET,
            ..TypeDef::of::<Hash<{ shape::$id }>>(concat!("_sha3.", $name))
        };
    };
}

sha3_type!(SHA3_224, "sha3_224", SHA3_METHODS);
sha3_type!(SHA3_256, "sha3_256", SHA3_METHODS);
sha3_type!(SHA3_384, "sha3_384", SHA3_METHODS);
sha3_type!(SHA3_512, "sha3_512", SHA3_METHODS);
sha3_type!(SHAKE_128, "shake_128", SHAKE_METHODS);
sha3_type!(SHAKE_256, "shake_256", SHAKE_METHODS);

macro_rules! function {
    ($name:literal, $id:ident) => {
        MethodDef::new($name, SIG, |vm, a| construct(vm, shape::$id, &a[1..]), "A new hash object, with some data hashed already.")
    };
}

/// Adds types and the constant that all these modules have.
fn add_types(vm: &Vm, m: Value, types: &[(&str, ShapeId)]) -> PyResult<()> {
    for (name, id) in types {
        native::add(vm, m, name, vm.builtin(*id).value())?;
    }
    native::add(vm, m, "_GIL_MINSIZE", Value::small_int(GIL_MINSIZE))
}

pub static MD5_MODULE: ModuleDef = ModuleDef {
    name: "_md5",
    doc: "",
    functions: &[function!("md5", MD5)],
    init: |vm, m| add_types(vm, m, &[("MD5Type", shape::MD5)]),
};

pub static SHA1_MODULE: ModuleDef = ModuleDef {
    name: "_sha1",
    doc: "",
    functions: &[function!("sha1", SHA1)],
    init: |vm, m| add_types(vm, m, &[("SHA1Type", shape::SHA1)]),
};

pub static SHA2_MODULE: ModuleDef = ModuleDef {
    name: "_sha2",
    doc: "",
    functions: &[
        function!("sha224", SHA224),
        function!("sha256", SHA256),
        function!("sha384", SHA384),
        function!("sha512", SHA512),
    ],
    init: |vm, m| {
        let types = [
            ("SHA224Type", shape::SHA224),
            ("SHA256Type", shape::SHA256),
            ("SHA384Type", shape::SHA384),
            ("SHA512Type", shape::SHA512),
        ];
        add_types(vm, m, &types)
    },
};

pub static SHA3_MODULE: ModuleDef = ModuleDef {
    name: "_sha3",
    doc: "",
    functions: &[],
    init: |vm, m| {
        let types = [
            ("sha3_224", shape::SHA3_224),
            ("sha3_256", shape::SHA3_256),
            ("sha3_384", shape::SHA3_384),
            ("sha3_512", shape::SHA3_512),
            ("shake_128", shape::SHAKE_128),
            ("shake_256", shape::SHAKE_256),
        ];
        add_types(vm, m, &types)?;
        native::add(vm, m, "implementation", vm.new_str("RustCrypto").value())
    },
};

/// An argument that must fit C's `unsigned long long`, with the messages of these modules.
fn unsigned_argument(vm: &Vm, v: Value, too_large: &str) -> PyResult<u64> {
    let n = number::index(vm, v)?;
    match int::value_of(n.value()) {
        Some(n) if n.is_negative() => Err(vm.value_error("Cannot convert negative int")),
        Some(n) => u64::try_from(n.to_big()).map_err(|_| vm.overflow_error(too_large)),
        None => Ok(0),
    }
}

/// An `int` argument, or the default.
fn int_argument(vm: &Vm, v: Value, default: i32) -> PyResult<i32> {
    v.non_null().map_or(Ok(default), |v| convert::c_int(vm, v))
}
