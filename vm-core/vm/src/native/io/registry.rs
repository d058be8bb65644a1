//! The streams that are alive, so that what they hold can be written when the program ends.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::object::Header;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Streams by the order in which they were made.
#[derive(Default)]
pub struct Registry {
    next: Cell<u64>,
    streams: RefCell<BTreeMap<u64, *mut Header>>,
}

impl Registry {
    /// The streams, kept alive by the result.
    pub fn newest_first(&self) -> Vec<Ref> {
        // Streams leave before their memory is given back.
        self.streams.borrow().values().rev().map(|p| Value::borrowed(*p).to_ref()).collect()
    }
}

/// A stream's entry; dropping it takes the stream out.
#[derive(Default)]
pub struct Entry(Cell<Option<u64>>);

impl Entry {
    /// Enters a stream, unless it is entered already.
    pub fn enter(&self, vm: &Vm, stream: Value) {
        if self.0.get().is_none() {
            let registry = &vm.runtime.streams;
            let id = registry.next.get();
            registry.next.set(id + 1);
            registry.streams.borrow_mut().insert(id, stream.pointer());
            self.0.set(Some(id));
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let Some(id) = self.0.get() {
            Vm::current().runtime.streams.streams.borrow_mut().remove(&id);
        }
    }
}
