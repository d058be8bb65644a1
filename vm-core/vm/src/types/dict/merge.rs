//! Filling a dictionary from mappings, iterables of pairs and keyword arguments.

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::protocol::{attr, call, item, iter};
use crate::shape;
use crate::types::dict::table::{log2_for, usable_fraction};
use crate::types::dict::{PyDict, methods};
use crate::types::set::PySet;
use crate::value::Value;
use crate::vm::Vm;

/// What to do about a key that is there already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Existing {
    /// The new value replaces the old one.
    Override,
    /// The old value stays.
    Keep,
    /// `KeyError(key)`: how a call notices a keyword that is given twice.
    Error,
}

impl PyDict {
    /// `self.update(other)`: a mapping (something with `keys`) or an iterable of pairs.
    pub fn update(&self, vm: &Vm, other: Value) -> PyResult<()> {
        if other.has_shape(shape::DICT) {
            return self.merge(vm, other, Existing::Override);
        }
        match attr::get_opt(vm, other, vm.names().keys)? {
            Some(_) => self.merge(vm, other, Existing::Override),
            None => self.update_from_pairs(vm, other),
        }
    }

    /// Copies all entries of a mapping.
    pub fn merge(&self, vm: &Vm, other: Value, existing: Existing) -> PyResult<()> {
        // A subclass with its own `__iter__` may hide or make up keys: it is asked.
        if let Some(d) = other.cast::<PyDict>()
            && vm.type_of(other).slots().iter.is_some_and(|f| f as usize == methods::iter as *const () as usize)
        {
            return self.merge_dict(vm, d, existing);
        }
        let keys = call::call_method(vm, other, "keys", &[])?;
        iter::for_each(vm, keys.value(), |key| {
            if existing != Existing::Override && self.contains(vm, key.value())? {
                if existing == Existing::Error {
                    return Err(vm.key_error(key.value()));
                }
                return Ok(());
            }
            let value = item::get(vm, other, key.value())?;
            self.set(vm, key.value(), value.value())
        })
    }

    fn merge_dict(&self, vm: &Vm, other: &PyDict, existing: Existing) -> PyResult<()> {
        if std::ptr::eq(self, other) || other.is_empty() {
            return Ok(());
        }
        if self.is_empty() && self.clone_clean(other) {
            return Ok(());
        }
        if usable_fraction(self.table.log2()) < other.len() {
            self.keys_version.set(0);
            self.table.resize(log2_for(((self.len() + other.len()) * 3).div_ceil(2)));
        }
        let existing = if self.is_empty() { Existing::Override } else { existing };
        let size = other.len();
        let mut pos = 0;
        while let Some((next, key, value)) = other.entry_at(pos) {
            let (key, value, hash) = (key.to_ref(), value.to_ref(), other.hash_before(next));
            pos = next;
            if existing != Existing::Override && self.find(vm, key.value(), hash)?.is_some() {
                if existing == Existing::Error {
                    return Err(vm.key_error(key.value()));
                }
            } else {
                self.set_hashed(vm, key.value(), hash, value.value())?;
            }
            if other.len() != size {
                return Err(vm.runtime_error("dict mutated during update"));
            }
        }
        Ok(())
    }

    /// Copies the table as it is when it has no holes and is not too large for its contents.
    fn clone_clean(&self, other: &PyDict) -> bool {
        let log2 = other.table.log2();
        let clean = other.len() == other.end_position()
            && (log2 == super::LOG_MINSIZE || usable_fraction(log2 - 1) < other.len());
        if clean {
            // The table of an emptied dictionary may still hold memory (and nothing else).
            drop(self.table.take());
            self.keys_version.set(0);
            self.table.clone_from(&other.table);
        }
        clean
    }

    fn update_from_pairs(&self, vm: &Vm, pairs: Value) -> PyResult<()> {
        let mut i = 0;
        iter::for_each(vm, pairs, |pair| {
            let pair = match iter::sequence(vm, pair.value(), "object is not iterable") {
                Ok(p) => p,
                Err(e) => {
                    if e.is(vm, shape::TYPE_ERROR) {
                        let note = format!(
                            "Cannot convert dictionary update sequence element #{i} to a sequence"
                        );
                        call::call_method(vm, e.0.value(), "add_note", &[vm.new_str(&note).value()])?;
                    }
                    return Err(e);
                }
            };
            let [key, value] = &pair[..] else {
                return Err(vm.value_error(format!(
                    "dictionary update sequence element #{i} has length {}; 2 is required",
                    pair.len()
                )));
            };
            self.set(vm, key.value(), value.value())?;
            i += 1;
            Ok(())
        })
    }

    /// `dict(...)` and `update(...)`: at most one positional argument, and keywords.
    pub(crate) fn update_from_args(&self, vm: &Vm, name: &str, args: CallArgs) -> PyResult<()> {
        let positional = args.positional_args();
        if positional.len() > 1 {
            return Err(vm.type_error(format!(
                "{name} expected at most 1 argument, got {}",
                positional.len()
            )));
        }
        if let Some(&other) = positional.first() {
            self.update(vm, other)?;
        }
        for (k, v) in args.keywords() {
            self.set(vm, k, v)?;
        }
        Ok(())
    }

    /// `dict.fromkeys` into this dictionary, which is new.
    pub(crate) fn fill_from_keys(&self, vm: &Vm, keys: Value, value: Value) -> PyResult<()> {
        if let Some(d) = keys.cast_exact::<PyDict>() {
            self.reserve(d.len());
            let mut pos = 0;
            while let Some((next, key, _)) = d.entry_at(pos) {
                let (key, hash) = (key.to_ref(), d.hash_before(next));
                pos = next;
                self.set_hashed(vm, key.value(), hash, value)?;
            }
            return Ok(());
        }
        if keys.has_shape(shape::SET) || keys.has_shape(shape::FROZENSET) {
            let s = PySet::of(keys);
            self.reserve(s.len());
            let mut pos = 0;
            while let Some((next, key, hash)) = s.element_at(pos) {
                let key = key.to_ref();
                pos = next;
                self.set_hashed(vm, key.value(), hash, value)?;
            }
            return Ok(());
        }
        iter::for_each(vm, keys, |k| self.set(vm, k.value(), value))
    }
}
