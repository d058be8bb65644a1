//! BLAKE2 with all its parameters.

use super::hasher::Hasher;
use super::{COPY, DIGEST, GETSET, HEXDIGEST, Hash, UPDATE_DOC, add_types, first_data, int_argument, make, unsigned_argument, update};
use crate::args::CallArgs;
use crate::error::PyResult;
use crate::native::{self, ModuleDef};
use crate::protocol::buffer::Buffer;
use crate::protocol::truth;
use crate::shape::{self, ShapeId};
use crate::types::type_::{MethodDef, New, TypeDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// The sizes in which the two functions differ.
struct Sizes {
    name: &'static str,
    /// Longest digest and longest key.
    most: usize,
    /// Of salt and personalization.
    salt: usize,
}

const B: Sizes = Sizes { name: "Blake2b", most: 64, salt: 16 };
const S: Sizes = Sizes { name: "Blake2s", most: 32, salt: 8 };

const SIG: &str = "(data=b'', *, digest_size=64, key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0, node_offset=0, node_depth=0, inner_size=0, last_node=False, usedforsecurity=True, string=None)";

/// The parameters, checked.
struct Parameters {
    digest_size: usize,
    key: Option<Buffer>,
    salt: Option<Buffer>,
    person: Option<Buffer>,
    fanout: u8,
    depth: u8,
    leaf_size: u32,
    node_offset: u64,
    node_depth: u8,
    inner_size: usize,
    last_node: bool,
}

fn buffer(vm: &Vm, v: Value) -> PyResult<Option<Buffer>> {
    v.non_null().map(|v| Buffer::new(vm, v)).transpose()
}

/// Bytes of limited length.
fn limited(vm: &Vm, b: Option<Buffer>, most: usize, what: &str) -> PyResult<Option<Buffer>> {
    if b.as_ref().is_some_and(|b| b.len() > most) {
        return Err(vm.value_error(format!("maximum {what} length is {most} bytes")));
    }
    Ok(b)
}

/// A number between two bounds.
fn ranged(vm: &Vm, n: i32, low: i32, what: &str) -> PyResult<u8> {
    match u8::try_from(n) {
        Ok(byte) if n >= low => Ok(byte),
        _ => Err(vm.value_error(format!("{what} must be between {low} and 255"))),
    }
}

impl Parameters {
    /// From the constructor's arguments without `data`.
    fn new(vm: &Vm, sizes: &Sizes, a: &[Value]) -> PyResult<Parameters> {
        let most = sizes.most;
        // All arguments are converted before any is checked.
        let digest_size = int_argument(vm, a[1], most as i32)?;
        let (key, salt, person) = (buffer(vm, a[2])?, buffer(vm, a[3])?, buffer(vm, a[4])?);
        let (fanout, depth) = (int_argument(vm, a[5], 1)?, int_argument(vm, a[6], 1)?);
        let (node_depth, inner_size) = (int_argument(vm, a[9], 0)?, int_argument(vm, a[10], 0)?);
        let last_node = a[11].non_null().map_or(Ok(false), |v| truth::truth(vm, v))?;
        let digest_size = match usize::try_from(digest_size) {
            Ok(n) if (1..=most).contains(&n) => n,
            _ => {
                return Err(vm.value_error(format!(
                    "digest_size for {} must be between 1 and {most} bytes, here it is {digest_size}",
                    sizes.name
                )));
            }
        };
        let salt = limited(vm, salt, sizes.salt, "salt")?;
        let person = limited(vm, person, sizes.salt, "person")?;
        let fanout = ranged(vm, fanout, 0, "fanout")?;
        let depth = ranged(vm, depth, 1, "depth")?;
        let number = |v: Value, too_large: &str| match v.non_null() {
            Some(v) => unsigned_argument(vm, v, too_large),
            None => Ok(0),
        };
        let leaf_size = number(a[7], "leaf_size is too large")?;
        let Ok(leaf_size) = u32::try_from(leaf_size) else {
            return Err(vm.overflow_error("leaf_size is too large"));
        };
        let node_offset = number(a[8], "Python int too large for C unsigned long long")?;
        if sizes.most == S.most && node_offset > 0xffff_ffff_ffff {
            return Err(vm.overflow_error("node_offset is too large"));
        }
        let node_depth = ranged(vm, node_depth, 0, "node_depth")?;
        let inner_size = match usize::try_from(inner_size) {
            Ok(n) if n <= most => n,
            _ => return Err(vm.value_error(format!("inner_size must be between 0 and is {most}"))),
        };
        let key = limited(vm, key, most, "key")?;
        Ok(Parameters {
            digest_size,
            key,
            salt,
            person,
            fanout,
            depth,
            leaf_size,
            node_offset,
            node_depth,
            inner_size,
            last_node,
        })
    }
}

/// Sets all parameters of the functions' equal interfaces.
macro_rules! state {
    ($krate:ident, $p:expr) => {{
        let p = $p;
        let mut state = $krate::Params::new()
            .hash_length(p.digest_size)
            .key(p.key.as_deref().unwrap_or_default())
            .salt(p.salt.as_deref().unwrap_or_default())
            .personal(p.person.as_deref().unwrap_or_default())
            .fanout(p.fanout)
            .max_depth(p.depth)
            .max_leaf_length(p.leaf_size)
            .node_offset(p.node_offset)
            .node_depth(p.node_depth)
            .inner_hash_length(p.inner_size)
            .to_state();
        state.set_last_node(p.last_node);
        Box::new(state)
    }};
}

fn construct(vm: &Vm, id: ShapeId, args: CallArgs) -> PyResult {
    let (name, sizes) = if id == shape::BLAKE2B { ("blake2b", &B) } else { ("blake2s", &S) };
    vm.signatures.get(SIG).bind(vm, name, None, args, |a| {
        let data = first_data(vm, a[0], a[13])?;
        let p = Parameters::new(vm, sizes, a)?;
        let size = p.digest_size;
        let mut hasher = if id == shape::BLAKE2B {
            Hasher::Blake2b(state!(blake2b_simd, p), size)
        } else {
            Hasher::Blake2s(state!(blake2s_simd, p), size)
        };
        if let Some(data) = data {
            hasher.update(&data);
        }
        Ok(make(vm, vm.builtin(id), hasher))
    })
}

static METHODS: &[MethodDef] =
    &[COPY, DIGEST, HEXDIGEST, MethodDef::new("update", "($self, data, /)", update, UPDATE_DOC)];

fn describe(vm: &Vm, ty: TypeRef, sizes: &Sizes) -> PyResult<()> {
    for (name, n) in [
        ("MAX_DIGEST_SIZE", sizes.most),
        ("MAX_KEY_SIZE", sizes.most),
        ("SALT_SIZE", sizes.salt),
        ("PERSON_SIZE", sizes.salt),
    ] {
        ty.set_attribute(vm, name, Value::small_int(n as i64))?;
    }
    Ok(())
}

pub static BLAKE2B: TypeDef = TypeDef {
    doc: "Return a new BLAKE2b hash object.",
    flags: 0,
    new: New::Raw(|vm, _, args| construct(vm, shape::BLAKE2B, args)),
    methods: METHODS,
    getset: GETSET,
    attributes: |vm, ty| describe(vm, ty, &B),
    ..TypeDef::of::<Hash<{ shape::BLAKE2B }>>("_blake2.blake2b")
};

pub static BLAKE2S: TypeDef = TypeDef {
    doc: "Return a new BLAKE2s hash object.",
    flags: 0,
    new: New::Raw(|vm, _, args| construct(vm, shape::BLAKE2S, args)),
    methods: METHODS,
    getset: GETSET,
    attributes: |vm, ty| describe(vm, ty, &S),
    ..TypeDef::of::<Hash<{ shape::BLAKE2S }>>("_blake2.blake2s")
};

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    add_types(vm, m, &[("blake2b", shape::BLAKE2B), ("blake2s", shape::BLAKE2S)])?;
    for (prefix, sizes) in [("BLAKE2B", &B), ("BLAKE2S", &S)] {
        for (name, n) in [
            ("MAX_DIGEST_SIZE", sizes.most),
            ("MAX_KEY_SIZE", sizes.most),
            ("SALT_SIZE", sizes.salt),
            ("PERSON_SIZE", sizes.salt),
        ] {
            native::add(vm, m, &format!("{prefix}_{name}"), Ref::small_int(n as i64).value())?;
        }
    }
    Ok(())
}

pub static BLAKE2_MODULE: ModuleDef =
    ModuleDef { name: "_blake2", doc: "_blake2b provides BLAKE2b for hashlib\n", functions: &[], init };
