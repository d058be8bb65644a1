//! The account of references, for builds that check: what holds each object, as far as objects and
//! classes tell.

use std::collections::{BTreeMap, BTreeSet};

use super::traverse;
use crate::memory::heap::Blocks;
use crate::object::Header;
use crate::types::type_::{Type, TypeRef};
use crate::value::Value;
use crate::vm::Vm;

/// How many references to objects of each type nobody accounts for: no other object, and no class. The
/// stack and native code hold some. A program that has ended whatever it began has as many as
/// before; more are references that were not given back, fewer would be some given back twice.
pub fn unaccounted(vm: &Vm) -> BTreeMap<String, i64> {
    let blocks = Blocks::new();
    let mut counts = vec![0i64; blocks.len()];
    let mut objects = Vec::new();
    blocks.for_each(|n, p| {
        // SAFETY: a live object.
        let refs = unsafe { (*p).refs };
        if refs != 0 {
            counts[n] = i64::from(refs);
            objects.push((n, p));
        }
    });
    let mut held = |p: *mut Header| {
        if let Some(n) = blocks.number(p) {
            counts[n] -= 1;
        }
    };
    for &(_, p) in &objects {
        // SAFETY: a live object.
        unsafe { traverse(vm, p, &mut held) };
    }
    // Each is the table's for good.
    vm.for_each_interned(|v| held(v.pointer()));
    let mut owned = |v: Value| {
        if v.is_object() && !v.is_immortal() {
            held(v.pointer());
        }
    };
    all_types(vm).iter().for_each(|ty| ty.show_owned(&mut owned));
    vm.interp.for_each_code(|code| code.show_owned(&mut owned));
    let mut by_type = BTreeMap::new();
    for (n, p) in objects {
        // SAFETY: a live object.
        let ty = unsafe { vm.shape_info((*p).shape).ty() };
        *by_type.entry(ty.full_name()).or_default() += counts[n];
    }
    by_type.retain(|_, n| *n != 0);
    by_type
}

/// All types, each once.
fn all_types(vm: &Vm) -> Vec<TypeRef> {
    let mut seen = BTreeSet::new();
    let all = (0..vm.shape_count()).map(|id| vm.shape_info(id as u32).ty());
    all.filter(|ty| seen.insert(std::ptr::from_ref::<Type>(ty))).collect()
}
