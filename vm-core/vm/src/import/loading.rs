//! Modules that are being loaded. A thread that imports one that another thread loads waits for it,
//! as with the module locks of CPython's `importlib._bootstrap`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::error::PyResult;
use crate::threads;
use crate::types::module::PyModule;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// The loads that are going on, and who waits for them.
#[derive(Default)]
pub(crate) struct Loads {
    all: RefCell<Vec<Load>>,
    /// Threads, each with the name of the module that it waits for.
    waits: RefCell<Vec<(u64, Rc<str>)>>,
    pub lock: ImportLock,
}

/// What `importlib` holds while it looks for the lock of a module; a thread may take it repeatedly.
#[derive(Default)]
pub(crate) struct ImportLock {
    /// 0: nobody.
    owner: Cell<u64>,
    count: Cell<usize>,
}

impl ImportLock {
    pub fn is_held(&self) -> bool {
        self.owner.get() != 0
    }

    /// # Errors
    /// RuntimeError where no other thread may run. What a signal handler raises.
    pub fn acquire(&self, vm: &Vm) -> PyResult<()> {
        let me = threads::current(vm);
        let is_free = || self.owner.get() == 0 || self.owner.get() == me;
        if !is_free() {
            threads::wait(vm, None, "the import lock", is_free)?;
        }
        self.owner.set(me);
        self.count.set(self.count.get() + 1);
        Ok(())
    }

    /// Whether this thread held it.
    pub fn release(&self, vm: &Vm) -> bool {
        if self.owner.get() != threads::current(vm) {
            return false;
        }
        self.count.set(self.count.get() - 1);
        if self.count.get() == 0 {
            self.owner.set(0);
        }
        true
    }
}

struct Load {
    name: Rc<str>,
    thread: u64,
    /// From when it is in `sys.modules` on.
    module: Option<Ref>,
}

impl Loads {
    /// The thread that loads a module.
    fn owner(&self, name: &str) -> Option<u64> {
        self.all.borrow().iter().rev().find(|l| *l.name == *name).map(|l| l.thread)
    }

    /// Whether a module is being loaded.
    pub fn is_loading(&self, name: &str) -> bool {
        self.owner(name).is_some()
    }

    /// Whether that thread is loading a module.
    pub fn is_loading_by(&self, name: &str, thread: u64) -> bool {
        self.all.borrow().iter().any(|l| *l.name == *name && l.thread == thread)
    }

    /// Whether this very module is.
    pub fn is_loading_module(&self, module: Value) -> bool {
        self.all.borrow().iter().any(|l| l.module.as_ref().is_some_and(|m| m.is(module)))
    }

    /// Whether `owner` waits, by way of others maybe, for what `me` loads.
    fn waits_for(&self, owner: u64, me: u64) -> bool {
        let waits = self.waits.borrow();
        let mut thread = owner;
        // More steps than there are waits would go round.
        for _ in 0..=waits.len() {
            let Some((_, name)) = waits.iter().find(|(t, _)| *t == thread) else { return false };
            match self.owner(name) {
                Some(next) if next == me => return true,
                Some(next) => thread = next,
                None => return false,
            }
        }
        false
    }

    /// A fork has but one thread: the loads of all others never end there.
    pub fn keep_only(&self, thread: u64) {
        self.all.borrow_mut().retain(|l| l.thread == thread);
        self.waits.borrow_mut().clear();
        if self.lock.owner.get() != thread {
            self.lock.owner.set(0);
            self.lock.count.set(0);
        }
    }
}

/// A load; ends when it is dropped.
pub(super) struct Loading<'a> {
    vm: &'a Vm,
    name: Rc<str>,
    thread: u64,
}

impl<'a> Loading<'a> {
    pub fn begin(vm: &'a Vm, name: &str) -> Loading<'a> {
        let (name, thread) = (Rc::from(name), threads::current(vm));
        vm.runtime.loads.all.borrow_mut().push(Load { name: Rc::clone(&name), thread, module: None });
        Loading { vm, name, thread }
    }
}

impl Drop for Loading<'_> {
    fn drop(&mut self) {
        let all = &self.vm.runtime.loads.all;
        let at = all.borrow().iter().rposition(|l| l.name == self.name && l.thread == self.thread);
        let ended = at.map(|i| all.borrow_mut().remove(i));
        if let Some(module) = ended.and_then(|l| l.module) {
            super::spec::set_initializing(self.vm, module.value(), false);
        }
    }
}

/// Says which module is the one that this thread is loading by that name.
pub(super) fn made(vm: &Vm, name: &str, module: Value) {
    let me = threads::current(vm);
    let mut all = vm.runtime.loads.all.borrow_mut();
    if let Some(load) = all.iter_mut().rev().find(|l| *l.name == *name && l.thread == me) {
        load.module = module.cast::<PyModule>().map(|_| module.to_ref());
    }
}

/// Waits while another thread loads a module, unless that waits for this thread: then the module is
/// taken as it is.
///
/// # Errors
/// RuntimeError where no other thread may run. What a signal handler raises.
#[inline]
pub(crate) fn wait_for(vm: &Vm, name: &str) -> PyResult<()> {
    if vm.runtime.loads.all.borrow().is_empty() {
        return Ok(());
    }
    wait_for_other(vm, name)
}

#[cold]
fn wait_for_other(vm: &Vm, name: &str) -> PyResult<()> {
    let loads = &vm.runtime.loads;
    let me = threads::current(vm);
    match loads.owner(name) {
        Some(owner) if owner != me && !loads.waits_for(owner, me) => {}
        _ => return Ok(()),
    }
    loads.waits.borrow_mut().push((me, Rc::from(name)));
    let what = format!("the import of '{name}'");
    let waited = threads::wait(vm, None, &what, || loads.owner(name).is_none_or(|owner| owner == me));
    loads.waits.borrow_mut().retain(|(thread, _)| *thread != me);
    waited.map(drop)
}
