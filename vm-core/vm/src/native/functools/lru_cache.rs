//! `_lru_cache_wrapper`: what `functools.lru_cache` wraps a function in.

use std::cell::Cell;

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::object::{self, Header};
use crate::protocol::{attr, call, item, object as protocol_object, truth};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::iterators::payload;
use crate::types::method::PyMethod;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A function with its cache.
#[repr(C)]
pub struct LruCache {
    header: Header,
    function: Ref,
    /// A dict from keys to results, the one used longest ago first.
    cache: Ref,
    /// The largest number of results; `None` for no limit.
    max_size: Option<usize>,
    /// Whether arguments of different types are told apart.
    typed: bool,
    /// Makes the result of `cache_info`.
    info_type: Ref,
    hits: Cell<usize>,
    misses: Cell<usize>,
}
payload!(LruCache, LRU_CACHE);

pub static LRU_CACHE: TypeDef = TypeDef {
    doc: "A callable that remembers the results of the function that it wraps.",
    flags: flags::BASETYPE | flags::HEAP | flags::PREFIX | flags::DICT | flags::WEAKREF | flags::METHOD_DESCRIPTOR,
    slots: |s| {
        s.drop = Some(object::drop_payload::<LruCache>);
        s.traverse = crate::traverse_fields!(LruCache: function, cache, info_type);
        s.call = Some(call_cached);
        s.descr_get = Some(|vm, d, instance, _| {
            if instance.is_null() || instance.is(vm.none()) {
                Ok(d.to_ref())
            } else {
                Ok(PyMethod::new(d, instance))
            }
        });
    },
    new: New::Raw(|vm, ty, args| {
        let sig = vm.signatures.get("(user_function, maxsize, typed, cache_info_type)");
        sig.bind(vm, "lru_cache", None, args, |a| new(vm, ty, a))
    }),
    methods: &[
        MethodDef::new("cache_info", "($self, /)", cache_info, "Hits, misses, limit and present size of the cache."),
        MethodDef::new("cache_clear", "($self, /)", cache_clear, "Forgets all results and counts."),
        MethodDef::new("__reduce__", "($self, /)", |vm, a| attr::get(vm, a[0], vm.names().__qualname__), ""),
        MethodDef::new("__copy__", "($self, /)", |_, a| Ok(a[0].to_ref()), ""),
        MethodDef::new("__deepcopy__", "($self, memo, /)", |_, a| Ok(a[0].to_ref()), ""),
    ],
    getset: &[GetSetDef::get(
        "__dict__",
        |vm, v| match attr::instance_dict_value(vm, v) {
            Some(d) => Ok(d.to_ref()),
            None => Ok(vm.none_ref()),
        },
        "",
    )],
    ..TypeDef::of::<LruCache>("functools._lru_cache_wrapper")
};

fn new(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    if !call::is_callable(vm, a[0]) {
        return Err(vm.type_error("the first argument must be callable"));
    }
    let max_size = if a[1].is(vm.none()) {
        None
    } else if item::is_index(vm, a[1]) {
        Some(item::to_index(vm, a[1], shape::OVERFLOW_ERROR)?.max(0) as usize)
    } else {
        return Err(vm.type_error("maxsize should be integer or None"));
    };
    Ok(object::new_instance(
        ty,
        LruCache {
            header: object::header(),
            function: a[0].to_ref(),
            cache: PyDict::new(vm),
            max_size,
            typed: truth::truth(vm, a[2])?,
            info_type: a[3].to_ref(),
            hits: Cell::new(0),
            misses: Cell::new(0),
        },
    ))
}

/// The cache's key for a call. The wrapper type stands between positional and keyword arguments.
fn make_key(vm: &Vm, typed: bool, args: CallArgs) -> Ref {
    let positional = args.positional_args();
    if !typed && !args.has_keywords() {
        if let &[v] = positional
            && (v.is_small_int() || v.has_shape(shape::INT) || v.has_shape(shape::STR))
        {
            return v.to_ref();
        }
        return PyTuple::from_slice(vm, positional);
    }
    let mut key: Vec<Ref> = positional.iter().map(|v| v.to_ref()).collect();
    if args.has_keywords() {
        key.push(vm.builtin(shape::LRU_CACHE).to_ref());
        for (k, v) in args.keywords() {
            key.push(k.to_ref());
            key.push(v.to_ref());
        }
    }
    if typed {
        key.extend(args.args.iter().map(|v| vm.type_of(*v).to_ref()));
    }
    PyTuple::from_vec(vm, key)
}

impl LruCache {
    fn cache(&self) -> &PyDict {
        // SAFETY: made as a dict.
        unsafe { self.cache.cast_unchecked() }
    }
}

fn count(c: &Cell<usize>) {
    c.set(c.get().wrapping_add(1));
}

fn call_cached(vm: &Vm, v: Value, args: CallArgs) -> PyResult {
    let c = LruCache::of(v);
    if c.max_size == Some(0) {
        count(&c.misses);
        return call::call(vm, c.function.value(), args);
    }
    let key = make_key(vm, c.typed, args);
    let hash = protocol_object::hash(vm, key.value())?;
    if let Some(found) = c.cache().get_hashed(vm, key.value(), hash)? {
        if c.max_size.is_some() {
            c.cache().move_entry(vm, key.value(), hash, true)?;
        }
        count(&c.hits);
        return Ok(found);
    }
    count(&c.misses);
    let result = call::call(vm, c.function.value(), args)?;
    // The function may have called itself with the same arguments.
    let known = c.max_size.is_some() && c.cache().get_hashed(vm, key.value(), hash)?.is_some();
    if !known {
        if c.max_size.is_some_and(|max| c.cache().len() >= max) {
            drop(c.cache().pop_first());
        }
        c.cache().set_hashed(vm, key.value(), hash, result.value())?;
    }
    Ok(result)
}

fn cache_info(vm: &Vm, a: &[Value]) -> PyResult {
    let c = LruCache::of(a[0]);
    let max = c.max_size.map_or(vm.none_ref(), |n| item::from_size(vm, n));
    let (hits, misses, size) = (
        item::from_size(vm, c.hits.get()),
        item::from_size(vm, c.misses.get()),
        item::from_size(vm, c.cache().len()),
    );
    call::call_args(vm, c.info_type.value(), &[hits.value(), misses.value(), max.value(), size.value()])
}

fn cache_clear(vm: &Vm, a: &[Value]) -> PyResult {
    let c = LruCache::of(a[0]);
    c.hits.set(0);
    c.misses.set(0);
    c.cache().clear();
    Ok(vm.none_ref())
}
