//! The module `_thread`: locks, thread-local data, handles of threads.

use std::cell::{Cell, RefCell};

use rustc_hash::FxHashMap;

use crate::args::CallArgs;
use crate::convert::bool_or;
use crate::error::{PyResult, Raised};
use crate::native::structseq::{FROM_SEQUENCE, struct_sequence};
use crate::native::time::{Round, nanoseconds};
use crate::native::{ModuleDef, add};
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::protocol::{attr, call, number, object as obj, truth};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::exceptions;
use crate::types::int;
use crate::types::iterators::payload;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef, flags};
use crate::types::type_object::display_name;
use crate::value::{Ref, Value};
use crate::vm::Vm;
use crate::{runtime, threads};

/// Longest time that a lock can be waited for, in seconds.
const TIMEOUT_MAX: f64 = 9_223_372_036.0;

/// `threading.get_ident()`.
pub(crate) fn ident(vm: &Vm) -> Ref {
    int::from_u64(threads::current(vm))
}

/// A lock that any thread may release.
#[repr(C)]
pub struct Lock {
    header: Header,
    locked: Cell<bool>,
}
payload!(Lock, LOCK);

/// A lock that the thread which holds it may take again.
#[repr(C)]
pub struct RLock {
    header: Header,
    /// 0 when nobody holds it.
    owner: Cell<u64>,
    count: Cell<u64>,
}
payload!(RLock, RLOCK);

/// How long `acquire` may wait: not at all, for ever (`Some(None)`), until a time.
fn deadline(vm: &Vm, blocking: Value, timeout: Value) -> PyResult<Option<Option<i64>>> {
    let blocking = blocking.non_null().map_or(Ok(true), |b| truth::truth(vm, b))?;
    let ns = match timeout.non_null() {
        Some(t) => match nanoseconds(vm, t, Round::Timeout) {
            Err(e) if e.is(vm, shape::OVERFLOW_ERROR) => {
                return Err(vm.overflow_error("timestamp out of range for C PyTime_t"));
            }
            other => other?,
        },
        None => -1_000_000_000,
    };
    if !blocking {
        if ns != -1_000_000_000 {
            return Err(vm.value_error("can't specify a timeout for a non-blocking call"));
        }
        return Ok(None);
    }
    if ns < 0 && ns != -1_000_000_000 {
        return Err(vm.value_error("timeout value must be a non-negative number"));
    }
    if ns as f64 > TIMEOUT_MAX * 1e9 {
        return Err(vm.overflow_error("timeout value is too large"));
    }
    Ok(Some(match ns {
        -1_000_000_000 => None,
        ns => Some(threads::now(vm)?.saturating_add(ns)),
    }))
}

/// What a lock is known by.
fn address<T>(lock: &T) -> usize {
    std::ptr::from_ref(lock) as usize
}

fn acquire(vm: &Vm, a: &[Value]) -> PyResult {
    let lock = Lock::of(a[0]);
    let until = deadline(vm, a[1], a[2])?;
    let got = match until {
        _ if !lock.locked.get() => threads::Lock::Free,
        None => threads::Lock::TimedOut,
        Some(until) => threads::wait_for_lock(vm, address(lock), until, || !lock.locked.get())?,
    };
    if got == threads::Lock::Free {
        lock.locked.set(true);
    }
    Ok(vm.bool_ref(got != threads::Lock::TimedOut))
}

fn release(vm: &Vm, a: &[Value]) -> PyResult {
    let lock = Lock::of(a[0]);
    if !lock.locked.get() {
        return Err(vm.runtime_error("release unlocked lock"));
    }
    // Handed over, it stays locked.
    lock.locked.set(threads::hand_over(vm, address(lock)).is_some());
    Ok(vm.none_ref())
}

fn reinit(vm: &Vm, a: &[Value]) -> PyResult {
    Lock::of(a[0]).locked.set(false);
    Ok(vm.none_ref())
}

fn locked(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.bool_ref(Lock::of(a[0]).locked.get()))
}

fn lock_repr(vm: &Vm, v: Value) -> PyResult {
    let state = if Lock::of(v).locked.get() { "locked" } else { "unlocked" };
    let name = display_name(vm, vm.type_of(v));
    Ok(vm.new_str(&format!("<{state} {name} object at {:#x}>", obj::address(v))))
}

fn new_lock() -> Ref {
    object::new_instance(
        Vm::current().builtin(shape::LOCK),
        Lock { header: object::header(), locked: Cell::new(false) },
    )
}

const ACQUIRE: &str = "($self, /, blocking=True, timeout=-1)";
const ACQUIRE_DOC: &str = "Lock the lock.\n\nWithout argument, this blocks if the lock is already locked (even by the same thread).\n\
    With an argument, this will only block if the argument is true, and the return value reflects whether the lock is acquired.";

pub static LOCK: TypeDef = TypeDef {
    doc: "A lock object is a synchronization primitive.  To create a lock,\n\
          call threading.Lock().  Methods are:\n\n\
          acquire() -- lock the lock, possibly blocking until it can be obtained\n\
          release() -- unlock of the lock\n\
          locked() -- test whether the lock is currently locked\n\n\
          A lock is not owned by the thread that locked it; another thread may\n\
          unlock it.  A thread attempting to lock a lock that it has already locked\n\
          will block until another thread unlocks it.  Deadlocks may ensue.",
    flags: flags::HEAP | flags::PREFIX | flags::WEAKREF,
    slots: |s| s.repr = Some(lock_repr),
    new: New::Bound("()", |_, _, _| Ok(new_lock())),
    methods: &[
        MethodDef::new("acquire_lock", ACQUIRE, acquire, "An obsolete synonym of acquire()."),
        MethodDef::new("acquire", ACQUIRE, acquire, ACQUIRE_DOC),
        MethodDef::new("release_lock", "($self, /)", release, "An obsolete synonym of release()."),
        MethodDef::new("release", "($self, /)", release, "Release the lock, allowing another thread that is blocked waiting for\nthe lock to acquire the lock."),
        MethodDef::new("locked_lock", "($self, /)", locked, "An obsolete synonym of locked()."),
        MethodDef::new("locked", "($self, /)", locked, "Return whether the lock is in the locked state."),
        MethodDef::new("__enter__", "($self, /)", |vm, a| acquire(vm, &[a[0], Value::NULL, Value::NULL]), "Lock the lock."),
        MethodDef::new("__exit__", "($self, /, *exc_info)", release, "Release the lock."),
        MethodDef::new("_at_fork_reinit", "($self, /)", reinit, ""),
    ],
    ..TypeDef::of::<Lock>("_thread.lock")
};

fn acquire_rlock(vm: &Vm, a: &[Value]) -> PyResult {
    let lock = RLock::of(a[0]);
    let until = deadline(vm, a[1], a[2])?;
    let me = threads::current(vm);
    if lock.owner.get() == me {
        lock.count.set(lock.count.get() + 1);
        return Ok(vm.bool_ref(true));
    }
    let got = match until {
        _ if lock.owner.get() == 0 => threads::Lock::Free,
        None => threads::Lock::TimedOut,
        Some(until) => threads::wait_for_lock(vm, address(lock), until, || lock.owner.get() == 0)?,
    };
    if got == threads::Lock::Free {
        lock.owner.set(me);
    }
    if got != threads::Lock::TimedOut {
        lock.count.set(1);
    }
    Ok(vm.bool_ref(got != threads::Lock::TimedOut))
}

/// Gives up a lock that the thread holds, however often: it is free then, or somebody else's.
fn let_go(vm: &Vm, lock: &RLock) {
    lock.count.set(0);
    lock.owner.set(threads::hand_over(vm, address(lock)).unwrap_or(0));
}

/// The lock, if the thread that runs holds it.
fn owned<'a>(vm: &Vm, v: Value) -> Result<&'a RLock, Raised> {
    let lock = RLock::of(v);
    if lock.owner.get() != threads::current(vm) {
        return Err(vm.runtime_error("cannot release un-acquired lock"));
    }
    Ok(lock)
}

fn release_rlock(vm: &Vm, a: &[Value]) -> PyResult {
    let lock = owned(vm, a[0])?;
    match lock.count.get() {
        1 => let_go(vm, lock),
        n => lock.count.set(n - 1),
    }
    Ok(vm.none_ref())
}

fn release_save(vm: &Vm, a: &[Value]) -> PyResult {
    let lock = owned(vm, a[0])?;
    let saved = [lock.count.get(), lock.owner.get()];
    let_go(vm, lock);
    Ok(PyTuple::from_iter(vm, saved.into_iter().map(int::from_u64)))
}

fn acquire_restore(vm: &Vm, a: &[Value]) -> PyResult {
    let state = a[1].cast::<PyTuple>().map_or(&[][..], |t| t.as_slice());
    let &[count, owner] = state else {
        return Err(vm.type_error("_acquire_restore() argument must be a tuple of two ints"));
    };
    let (count, owner) = (number::size_i64(vm, count)? as u64, number::size_i64(vm, owner)? as u64);
    let lock = RLock::of(a[0]);
    if lock.owner.get() != 0 {
        threads::wait_for_lock(vm, address(lock), None, || lock.owner.get() == 0)?;
    }
    lock.owner.set(owner);
    lock.count.set(count);
    Ok(vm.none_ref())
}

fn recursion_count(vm: &Vm, a: &[Value]) -> PyResult {
    let lock = RLock::of(a[0]);
    let mine = lock.owner.get() == threads::current(vm);
    Ok(int::from_u64(if mine { lock.count.get() } else { 0 }))
}

fn rlock_repr(vm: &Vm, v: Value) -> PyResult {
    let lock = RLock::of(v);
    Ok(vm.new_str(&format!(
        "<{} {} object owner={} count={} at {:#x}>",
        if lock.owner.get() == 0 { "unlocked" } else { "locked" },
        display_name(vm, vm.type_of(v)),
        lock.owner.get(),
        lock.count.get(),
        obj::address(v)
    )))
}

pub static RLOCK: TypeDef = TypeDef {
    flags: flags::BASETYPE | flags::HEAP | flags::PREFIX | flags::WEAKREF,
    slots: |s| s.repr = Some(rlock_repr),
    new: New::Bound("(*args, **kwargs)", |_, ty, _| {
        let lock = RLock { header: object::header(), owner: Cell::new(0), count: Cell::new(0) };
        Ok(object::new_instance(ty, lock))
    }),
    methods: &[
        MethodDef::new("acquire", ACQUIRE, acquire_rlock, ACQUIRE_DOC),
        MethodDef::new("release", "($self, /)", release_rlock, "Release the lock, allowing another thread that is blocked waiting for\nthe lock to acquire the lock."),
        MethodDef::new("locked", "($self, /)", |vm, a| Ok(vm.bool_ref(RLock::of(a[0]).owner.get() != 0)), "Return a boolean indicating whether this object is locked right now."),
        MethodDef::new("_is_owned", "($self, /)", |vm, a| Ok(vm.bool_ref(RLock::of(a[0]).owner.get() == threads::current(vm))), "For internal use by `threading.Condition`."),
        MethodDef::new("_acquire_restore", "($self, state, /)", acquire_restore, "For internal use by `threading.Condition`."),
        MethodDef::new("_release_save", "($self, /)", release_save, "For internal use by `threading.Condition`."),
        MethodDef::new("_recursion_count", "($self, /)", recursion_count, "For internal use by reentrancy checks."),
        MethodDef::new("__enter__", "($self, /)", |vm, a| acquire_rlock(vm, &[a[0], Value::NULL, Value::NULL]), "Lock the lock."),
        MethodDef::new("__exit__", "($self, /, *exc_info)", release_rlock, "Release the lock."),
        MethodDef::new("_at_fork_reinit", "($self, /)", |vm, a| {
            RLock::of(a[0]).owner.set(0);
            RLock::of(a[0]).count.set(0);
            Ok(vm.none_ref())
        }, ""),
    ],
    ..TypeDef::of::<RLock>("_thread.RLock")
};

/// State of a thread as others see it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum HandleState {
    NotStarted,
    Running,
    Done,
}

/// A thread that can be joined. It keeps its place until it has ended.
#[repr(C)]
pub struct ThreadHandle {
    header: Header,
    ident: Cell<u64>,
    state: Cell<HandleState>,
}
payload!(ThreadHandle, THREAD_HANDLE);

fn new_handle(ident: u64, state: HandleState) -> Ref {
    object::new(ThreadHandle { header: object::header(), ident: Cell::new(ident), state: Cell::new(state) })
}

fn join(vm: &Vm, a: &[Value]) -> PyResult {
    let h = ThreadHandle::of(a[0]);
    let until = match a[1].non_null().filter(|t| !t.is(vm.none())) {
        Some(t) => {
            // A negative timeout does not wait.
            let ns = nanoseconds(vm, t, Round::Timeout)?;
            Some(threads::now(vm)?.saturating_add(ns.max(0)))
        }
        None => None,
    };
    match h.state.get() {
        HandleState::NotStarted => return Err(vm.runtime_error("thread not started")),
        HandleState::Running if h.ident.get() == threads::current(vm) => {
            return Err(vm.runtime_error("Cannot join current thread"));
        }
        _ => {}
    }
    threads::wait(vm, until, "a thread to end", || h.state.get() == HandleState::Done)?;
    Ok(vm.none_ref())
}

pub static HANDLE: TypeDef = TypeDef {
    flags: 0,
    slots: |s| {
        s.repr = Some(|vm, v| {
            Ok(vm.new_str(&format!("<_thread._ThreadHandle object: ident={}>", ThreadHandle::of(v).ident.get())))
        });
    },
    new: New::Bound("()", |_, _, _| Ok(new_handle(0, HandleState::NotStarted))),
    methods: &[
        MethodDef::new("join", "($self, timeout=None, /)", join, ""),
        MethodDef::new("_set_done", "($self, /)", |vm, a| {
            let h = ThreadHandle::of(a[0]);
            if h.state.get() == HandleState::NotStarted {
                return Err(vm.runtime_error("thread not started"));
            }
            h.state.set(HandleState::Done);
            Ok(vm.none_ref())
        }, ""),
        MethodDef::new("is_done", "($self, /)", |vm, a| {
            Ok(vm.bool_ref(ThreadHandle::of(a[0]).state.get() == HandleState::Done))
        }, ""),
    ],
    getset: &[GetSetDef::get("ident", |_, v| Ok(int::from_u64(ThreadHandle::of(v).ident.get())), "")],
    ..TypeDef::of::<ThreadHandle>("_thread._ThreadHandle")
};

/// Data of which each thread sees its own: the attribute dictionaries of the threads that do not
/// run are kept aside.
#[repr(C)]
pub struct Local {
    header: Header,
    /// The thread whose dictionary is in place.
    active: Cell<u64>,
    aside: RefCell<Vec<(u64, Ref)>>,
    args: OwnedCell,
    keywords: OwnedCell,
}
payload!(Local, THREAD_LOCAL);

fn local_new(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    let generic = vm.builtin(shape::OBJECT).slots().init.map(|f| f as usize);
    if !args.args.is_empty() && ty.slots().init.map(|f| f as usize) == generic {
        return Err(vm.type_error("Initialization arguments are not supported"));
    }
    let keywords = PyDict::new(vm);
    if let Some(d) = keywords.cast::<PyDict>() {
        for (k, v) in args.keywords() {
            d.set(vm, k, v)?;
        }
    }
    threads::at_end(vm, forget_locals);
    let local = object::new_instance(
        ty,
        Local {
            header: object::header(),
            active: Cell::new(threads::current(vm)),
            aside: RefCell::default(),
            args: OwnedCell::new(PyTuple::from_slice(vm, args.positional_args())),
            keywords: OwnedCell::new(keywords),
        },
    );
    LOCALS.with_borrow_mut(|all| all.push(local.pointer() as *const Local));
    Ok(local)
}

thread_local! {
    /// All that there are.
    static LOCALS: RefCell<Vec<*const Local>> = const { RefCell::new(Vec::new()) };
}

impl Drop for Local {
    fn drop(&mut self) {
        let me: *const Local = self;
        LOCALS.with_borrow_mut(|all| all.retain(|local| *local != me));
    }
}

/// A thread has ended: so has what it kept in thread-local data.
fn forget_locals(vm: &Vm, id: u64) {
    let mut gone: Vec<Ref> = Vec::new();
    let mut in_place: Vec<Ref> = Vec::new();
    for local in LOCALS.with_borrow(|all| all.clone()) {
        // SAFETY: those in the list are alive, and nothing is dropped in this loop.
        let local = unsafe { &*local };
        let mut aside = local.aside.borrow_mut();
        if let Some(i) = aside.iter().position(|(t, _)| *t == id) {
            gone.push(aside.swap_remove(i).1);
        }
        if local.active.get() == id {
            in_place.push(Value::borrowed((local as *const Local).cast_mut().cast()).to_ref());
        }
    }
    for local in in_place {
        let mine = attr::instance_dict_value(vm, local.value()).map(Value::to_ref);
        let fresh = PyDict::new(vm);
        if attr::replace_instance_dict(vm, local.value(), fresh.value()).is_ok() {
            Local::of(local.value()).active.set(0);
            gone.extend(mine);
        }
    }
}

/// Puts the dictionary of the thread that runs in place; a new one is initialized.
fn activate(vm: &Vm, v: Value) -> PyResult<()> {
    let local = Local::of(v);
    let (me, before) = (threads::current(vm), local.active.get());
    if me == before {
        return Ok(());
    }
    if before != 0
        && let Some(d) = attr::instance_dict_value(vm, v)
    {
        local.aside.borrow_mut().push((before, d.to_ref()));
    }
    let mine = {
        let mut aside = local.aside.borrow_mut();
        aside.iter().position(|(t, _)| *t == me).map(|i| aside.swap_remove(i).1)
    };
    local.active.set(me);
    if let Some(d) = mine {
        return attr::replace_instance_dict(vm, v, d.value());
    }
    let fresh = PyDict::new(vm);
    attr::replace_instance_dict(vm, v, fresh.value())?;
    let Some(init) = vm.type_of(v).lookup(vm, vm.names().__init__) else { return Ok(()) };
    let (init, args, keywords) = (init.to_ref(), local.args.get().to_ref(), local.keywords.get().to_ref());
    let mut all = vec![v];
    all.extend(args.cast::<PyTuple>().into_iter().flat_map(|t| t.iter()));
    call::call_dict(vm, init.value(), &all, keywords.cast::<PyDict>()).map(drop)
}

pub static LOCAL: TypeDef = TypeDef {
    doc: "Thread-local data",
    flags: flags::BASETYPE | flags::HEAP | flags::PREFIX | flags::DICT | flags::WEAKREF,
    slots: |s| {
        s.drop = Some(object::drop_payload::<Local>);
        s.traverse = crate::traverse_fields!(Local: args, keywords);
        s.get_attr = Some(|vm, v, name| {
            activate(vm, v)?;
            attr::generic_get(vm, v, name)
        });
        s.set_attr = Some(|vm, v, name, x| {
            if name.is(vm.names().__dict__) {
                let what = display_name(vm, vm.type_of(v));
                return Err(vm.attribute_error(
                    v,
                    name,
                    format!("'{what}' object attribute '__dict__' is read-only"),
                ));
            }
            activate(vm, v)?;
            attr::generic_set(vm, v, name, x)
        });
    },
    new: New::Raw(local_new),
    getset: &[GetSetDef::get(
        "__dict__",
        |vm, v| {
            activate(vm, v)?;
            Ok(attr::instance_dict_value(vm, v).unwrap_or(vm.none()).to_ref())
        },
        "Local-data dictionary",
    )],
    ..TypeDef::of::<Local>("_thread._local")
};

struct_sequence! {
    /// Type of what `threading.excepthook` is called with.
    EXCEPT_HOOK_ARGS, "_thread._ExceptHookArgs", "ExceptHookArgs\n\nType used to pass arguments to threading.excepthook.", 4 of 4, FROM_SEQUENCE, [
        0 exc_type "Exception type";
        1 exc_value "Exception value";
        2 exc_traceback "Exception traceback";
        3 thread "Thread";
    ]
}

/// `threading.excepthook`: prints an exception that ended a thread.
fn excepthook(vm: &Vm, a: &[Value]) -> PyResult {
    if !a[0].has_shape(shape::EXCEPT_HOOK_ARGS) {
        return Err(vm.type_error("_thread.excepthook argument type must be ExceptHookArgs"));
    }
    let items = a[0].cast::<PyTuple>().map_or(&[][..], |t| t.as_slice());
    let &[ty, value, _, thread] = items else { return Ok(vm.none_ref()) };
    // Threads end silently with SystemExit.
    if ty.is(vm.builtin(shape::SYSTEM_EXIT).value()) {
        return Ok(vm.none_ref());
    }
    let name = match attr::get_opt(vm, thread.borrow(), vm.intern("_name")) {
        Ok(Some(n)) => obj::str_text(vm, n.value()).unwrap_or_default(),
        _ => threads::current(vm).to_string(),
    };
    runtime::write_stderr(vm, &format!("Exception in thread {name}:\n"));
    if !value.is(vm.none()) {
        exceptions::print_exception(vm, value.borrow());
    }
    runtime::flush_stream(vm, "stderr");
    Ok(vm.none_ref())
}

/// Runs a thread's function; tells of an exception that ends it, but for SystemExit.
fn run_function(vm: &Vm, function: Ref, args: &[Value], keywords: Option<&PyDict>) {
    let Err(e) = call::call_dict(vm, function.value(), args, keywords) else { return };
    if !e.is(vm, shape::SYSTEM_EXIT) {
        runtime::unraisable_about(vm, e, "in thread started by", function.value());
    }
}

/// The size that `stack_size()` has set, in bytes; 0 for the usual one.
fn chosen_stack_size(vm: &Vm) -> usize {
    vm.runtime.thread_stack_size.get()
}

fn start_new_thread(vm: &Vm, a: &[Value]) -> PyResult {
    if !call::is_callable(vm, a[0]) {
        return Err(vm.type_error("first arg must be callable"));
    }
    if a[1].cast::<PyTuple>().is_none() {
        return Err(vm.type_error("2nd arg must be a tuple"));
    }
    if a[2].non_null().is_some_and(|k| k.cast::<PyDict>().is_none()) {
        return Err(vm.type_error("optional 3rd arg must be a dictionary"));
    }
    let (function, args) = (a[0].to_ref(), a[1].to_ref());
    let keywords = a[2].non_null().map(Value::to_ref);
    let id = threads::start(vm, chosen_stack_size(vm), move |vm| {
        let args: &[Value] = args.cast::<PyTuple>().map_or(&[], |t| t.as_slice());
        run_function(vm, function, args, keywords.as_ref().and_then(|k| k.cast::<PyDict>()));
    })?;
    Ok(int::from_u64(id))
}

fn start_joinable_thread(vm: &Vm, a: &[Value]) -> PyResult {
    if !call::is_callable(vm, a[0]) {
        return Err(vm.type_error("thread function must be callable"));
    }
    let handle = match a[1].non_null().filter(|h| !h.is(vm.none())) {
        Some(h) if h.has_shape(shape::THREAD_HANDLE) => h.to_ref(),
        Some(_) => return Err(vm.type_error("'handle' must be a _ThreadHandle")),
        None => new_handle(0, HandleState::NotStarted),
    };
    let daemon = bool_or(vm, a[2], true)?;
    let h = ThreadHandle::of(handle.value());
    if h.state.get() != HandleState::NotStarted {
        return Err(vm.runtime_error("thread already started"));
    }
    let (function, kept) = (a[0].to_ref(), handle.clone());
    let id = threads::start(vm, chosen_stack_size(vm), move |vm| {
        run_function(vm, function, &[], None);
        threads::at_end_of_this(vm);
        ThreadHandle::of(kept.value()).state.set(HandleState::Done);
        let mut joined = vm.runtime.joined_at_end.borrow_mut();
        let at = joined.iter().position(|h| h.is(kept.value()));
        let ended = at.map(|at| joined.swap_remove(at));
        drop(joined);
        drop(ended);
    })?;
    h.ident.set(id);
    h.state.set(HandleState::Running);
    if !daemon {
        vm.runtime.joined_at_end.borrow_mut().push(handle.clone());
    }
    Ok(handle)
}

/// `_shutdown()`: waits for all threads that are no daemons.
fn shutdown(vm: &Vm, _: &[Value]) -> PyResult {
    let me = threads::current(vm);
    loop {
        let all = vm.runtime.joined_at_end.take();
        let mut waited = false;
        for handle in &all {
            let h = ThreadHandle::of(handle.value());
            if h.ident.get() != me && h.state.get() == HandleState::Running {
                waited = true;
                if let Err(e) = threads::wait(vm, None, "a thread to end", || h.state.get() == HandleState::Done) {
                    vm.runtime.joined_at_end.borrow_mut().extend(all.iter().cloned());
                    return Err(e);
                }
            }
        }
        if !waited {
            return Ok(vm.none_ref());
        }
    }
}

fn make_handle(vm: &Vm, a: &[Value]) -> PyResult {
    match int::value_of(a[0]).and_then(|i| i.to_i64()) {
        Some(i) => Ok(new_handle(i as u64, HandleState::Running)),
        None => Err(vm.type_error("ident must be an integer")),
    }
}

fn stack_size(vm: &Vm, a: &[Value]) -> PyResult {
    let old = vm.runtime.thread_stack_size.get();
    if let Some(n) = a[0].non_null() {
        let n = number::size_i64(vm, n)?;
        if n < 0 {
            return Err(vm.value_error("size must be 0 or a positive value"));
        }
        if n != 0 && n < 32768 {
            return Err(vm.value_error(format!("size not valid: {n} bytes")));
        }
        vm.runtime.thread_stack_size.set(n as usize);
    }
    Ok(vm.new_int(old as i64))
}

/// The system knows one thread; the others have numbers that no process has.
fn native_id(vm: &Vm, _: &[Value]) -> PyResult {
    // SAFETY: plain system call.
    let process = unsafe { libc::getpid() };
    let me = threads::current(vm);
    let above = if me == threads::main(vm) { 0 } else { me << 32 };
    Ok(vm.new_int(i64::from(process) + above as i64))
}

fn exit(vm: &Vm, _: &[Value]) -> PyResult {
    Err(vm.error_args(shape::SYSTEM_EXIT, &[]))
}

fn interrupt_main(vm: &Vm, a: &[Value]) -> PyResult {
    let signal = a[0].non_null().map_or(Ok(libc::SIGINT), |v| crate::native::sys::c_int(vm, v))?;
    if !(1..65).contains(&signal) {
        return Err(vm.value_error("signal number out of range"));
    }
    crate::native::signal::simulate(vm, signal);
    runtime::handle_signals(vm)?;
    Ok(vm.none_ref())
}

thread_local! {
    /// What threads call themselves towards the system.
    static NAMES: RefCell<FxHashMap<u64, String>> = RefCell::default();
}

/// Bytes of a name that Linux keeps.
const NAME_MAX: usize = 15;

fn set_name(vm: &Vm, a: &[Value]) -> PyResult {
    let name = crate::types::str_::expect(vm, a[0], "set_name() argument 'name'")?.to_string_lossy();
    let name = name.split('\0').next().unwrap_or_default();
    let end = (0..=NAME_MAX.min(name.len())).rev().find(|i| name.is_char_boundary(*i)).unwrap_or(0);
    NAMES.with_borrow_mut(|names| names.insert(threads::current(vm), name[..end].to_owned()));
    threads::at_end(vm, |_, id| NAMES.with_borrow_mut(|names| drop(names.remove(&id))));
    Ok(vm.none_ref())
}

fn get_name(vm: &Vm, _: &[Value]) -> PyResult {
    let me = threads::current(vm);
    Ok(NAMES.with_borrow(|names| vm.new_str(names.get(&me).map_or("tailscope", String::as_str))))
}

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    for (name, id) in [
        ("LockType", shape::LOCK),
        ("lock", shape::LOCK),
        ("RLock", shape::RLOCK),
        ("_ThreadHandle", shape::THREAD_HANDLE),
        ("_local", shape::THREAD_LOCAL),
        ("_ExceptHookArgs", shape::EXCEPT_HOOK_ARGS),
        ("error", shape::RUNTIME_ERROR),
    ] {
        add(vm, m, name, vm.builtin(id).value())?;
    }
    add(vm, m, "TIMEOUT_MAX", vm.new_float(TIMEOUT_MAX).value())?;
    add(vm, m, "_NAME_MAXLEN", Value::small_int(NAME_MAX as i64))
}

const START_NEW: &str = "(function, args, kwargs={}, /)";

pub(super) static MODULE: ModuleDef = ModuleDef {
    name: "_thread",
    doc: "This module provides primitive operations to write multi-threaded programs.\n\
          The 'threading' module provides a more convenient interface.",
    functions: &[
        MethodDef::new("start_new_thread", START_NEW, start_new_thread, "Start a new thread and return its identifier."),
        MethodDef::new("start_new", START_NEW, start_new_thread, "An obsolete synonym of start_new_thread()."),
        MethodDef::new("start_joinable_thread", "(function, handle=None, daemon=True)", start_joinable_thread, "*For internal use only*: start a new thread."),
        MethodDef::new("daemon_threads_allowed", "()", |vm, _| Ok(vm.bool_ref(true)), "Return True if daemon threads are allowed in the current interpreter,\nand False otherwise."),
        MethodDef::new("allocate_lock", "()", |_, _| Ok(new_lock()), "Create a new lock object."),
        MethodDef::new("allocate", "()", |_, _| Ok(new_lock()), "An obsolete synonym of allocate_lock()."),
        MethodDef::new("exit", "()", exit, "This is synonymous to ``raise SystemExit''."),
        MethodDef::new("exit_thread", "()", exit, "An obsolete synonym of exit()."),
        MethodDef::new("interrupt_main", "(signum=signal.SIGINT, /)", interrupt_main, "Simulate the arrival of the given signal in the main thread."),
        MethodDef::new("get_ident", "()", |vm, _| Ok(ident(vm)), "Return a non-zero integer that uniquely identifies the current thread\namongst other threads that exist simultaneously."),
        MethodDef::new("get_native_id", "()", native_id, "Return a non-negative integer identifying the thread as reported\nby the OS (kernel)."),
        MethodDef::new("_count", "()", |vm, _| Ok(vm.new_int(threads::count(vm) as i64)), "Return the number of currently running Python threads, excluding\nthe main thread."),
        MethodDef::new("stack_size", "(size=0, /)", stack_size, "Return the thread stack size used when creating new threads."),
        MethodDef::new("_excepthook", "(args, /)", excepthook, "Handle uncaught Thread.run() exception."),
        MethodDef::new("_is_main_interpreter", "()", |vm, _| Ok(vm.bool_ref(true)), "Return True if the current interpreter is the main Python interpreter."),
        MethodDef::new("_shutdown", "()", shutdown, "Wait for all non-daemon threads (other than the calling thread) to stop."),
        MethodDef::new("_make_thread_handle", "(ident, /)", make_handle, "Internal only. Make a thread handle for threads not spawned by the _thread or threading module."),
        MethodDef::new("_get_main_thread_ident", "()", |vm, _| Ok(int::from_u64(threads::main(vm))), "Internal only. Return a non-zero integer that uniquely identifies the main thread\nof the main interpreter."),
        MethodDef::new("set_name", "(name)", set_name, "Set the name of the current thread."),
        MethodDef::new("_get_name", "()", get_name, "Get the name of the current thread."),
    ],
    init,
};
