//! Python's threads: the one that runs, from the registers of its machine thread; the others from
//! what the scheduler keeps of them.

use super::layout::Span;
use super::objects::{Limits, Values, object};
use super::registers::{self, Source};
use super::stack::{PythonFrame, Stacks, Top};
use super::vm::PythonVm;
use crate::error::{Error, Result};
use crate::target::{OsThread, Target};
use crate::types::TypeId;
use crate::unwind::Frame;
use crate::variables::{Place, functions};

/// `threading.get_ident()` of the thread that runs on the process's own native stack.
const ROOT: u64 = 1;
/// More threads than this are a damaged table.
const MOST_THREADS: u64 = 1 << 20;

/// How long a thread waits at most.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Timeout {
    /// For ever.
    Never,
    /// So many seconds from now.
    Seconds(f64),
    /// Until a time of a clock that a core file does not have.
    Unknown,
}

/// What a thread waits for.
#[derive(Clone, PartialEq, Debug)]
pub struct Wait {
    pub kind: WaitKind,
    pub timeout: Timeout,
}

#[derive(Clone, PartialEq, Debug)]
pub enum WaitKind {
    Lock {
        /// As Python shows it.
        lock: String,
        address: u64,
        /// Threads that hold it: an RLock knows, another lock is held by those that are in its
        /// `with` statement.
        holders: Vec<u64>,
    },
    /// File descriptors.
    Files(Vec<i32>),
    /// The time to come.
    Time,
    /// Something else that other threads bring about.
    Other,
}

#[derive(Clone, PartialEq, Debug)]
pub enum State {
    /// It runs Python code, or native code that Python called.
    Running,
    /// It could run, and is not its turn.
    Ready,
    Waiting(Wait),
    /// It was started and has not begun.
    NotBegun,
}

/// A native frame above the innermost handler.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NativeFrame {
    pub pc: u64,
    pub function: String,
    pub place: Option<Place>,
}

/// A thread of the Python program.
#[derive(Clone, Debug)]
pub struct PythonThread {
    /// `threading.get_ident()`.
    pub id: u64,
    pub name: Option<String>,
    /// The thread of the operating system that runs it now.
    pub os_thread: Option<i32>,
    pub state: State,
    /// Innermost first.
    pub frames: Vec<PythonFrame>,
    /// Native code that runs for the innermost frame, innermost first.
    pub native: Vec<NativeFrame>,
    /// What a person should know: where frames are missing or not exact.
    pub notes: Vec<String>,
}

/// What the scheduler keeps of a thread.
struct Kept {
    id: u64,
    top: Option<Top>,
    wait: Option<(u64, TypeId)>,
}

/// All threads of a VM, the main one first. `thread` is the one of the operating system that has
/// the VM.
pub(super) fn all(vm: &PythonVm, target: &Target, thread: &OsThread, limits: Limits) -> Result<Vec<PythonThread>> {
    let values = Values { vm, limits };
    let mut stacks = Stacks::new(values);
    let (running, kept) = kept(vm)?;
    let names = names(vm);
    let mut all = Vec::new();
    for k in kept {
        let mut made = PythonThread {
            id: k.id,
            name: names.iter().find(|(id, _)| *id == k.id).map(|(_, n)| n.clone()).or_else(|| (k.id == ROOT).then(|| "MainThread".into())),
            os_thread: None,
            state: State::Ready,
            frames: Vec::new(),
            native: Vec::new(),
            notes: Vec::new(),
        };
        let wait = k.wait.map(|(at, ty)| wait(&values, target, at, ty)).transpose();
        let wait = wait.unwrap_or_else(|e| {
            made.notes.push(format!("what it waits for cannot be read: {e}"));
            None
        });
        let mut top = k.top;
        if k.id == running {
            made.os_thread = Some(thread.id);
            made.state = State::Running;
            top = run_state(vm, target, thread, &mut made);
        }
        match (wait, top) {
            (Some(wait), _) => made.state = State::Waiting(wait),
            (None, None) if k.id != running => made.state = State::NotBegun,
            _ => {}
        }
        if let Some(top) = top {
            let (frames, wrong) = stacks.frames(top);
            made.frames = frames;
            made.notes.extend(wrong.map(|e| e.to_string()));
        }
        all.push(made);
    }
    all.sort_by_key(|t| t.id);
    find_holders(&mut all);
    Ok(all)
}

/// Where the running thread is, and the native code that it runs.
fn run_state(vm: &PythonVm, target: &Target, thread: &OsThread, made: &mut PythonThread) -> Option<Top> {
    let (frames, found) = registers::native_frames(target, thread);
    let handler = if found { frames.last() } else { None };
    let current = registers::current(vm, target, handler);
    let inner = if found { &frames[..frames.len() - 1] } else { &frames[..] };
    made.native = native(vm, target, inner);
    match current.map(|c| c.source) {
        Some(Source::State) if handler.is_some() => made.notes.push(
            "where the innermost frame stands is as of its last call of native code: its registers could not be told".into(),
        ),
        Some(Source::Guess) => made.notes.push(
            "where the innermost frame stands is a guess: its registers were looked for among the words of a native frame".into(),
        ),
        Some(Source::State) if !inner.is_empty() && inner.len() < 2 => {
            made.notes.push("its native stack cannot be followed: the innermost frame is as of the last call of native code".into());
        }
        _ => {}
    }
    current.map(|c| Top { ip: c.ip, sp: c.sp, fp: c.fp })
}

/// Native frames with their functions, those that were inlined first within each.
fn native(vm: &PythonVm, target: &Target, frames: &[Frame]) -> Vec<NativeFrame> {
    let mut all = Vec::new();
    for frame in frames.iter().take(200) {
        let Some(module) = target.modules.at(frame.lookup_pc()) else {
            all.push(NativeFrame { pc: frame.pc, function: "?".into(), place: None });
            continue;
        };
        let is_main = target.main().is_ok_and(|m| std::ptr::eq(m.image, module.image));
        let inlined = if is_main { functions(vm.layouts.types, module, frame).unwrap_or_default() } else { Vec::new() };
        if inlined.is_empty() {
            let symbol = module.image.symbol_at(module.in_file(frame.lookup_pc()));
            let file = module.image.path().file_name().map_or(String::new(), |n| n.to_string_lossy().into_owned());
            let function = symbol.map_or_else(|| format!("? in {file}"), |s| s.demangled());
            all.push(NativeFrame { pc: frame.pc, function, place: None });
        }
        all.extend(inlined.into_iter().rev().map(|f| NativeFrame { pc: frame.pc, function: f.name, place: f.place }));
    }
    all
}

/// The thread that runs, and what is kept of each: of the one that runs only what it waits for.
fn kept(vm: &PythonVm) -> Result<(u64, Vec<Kept>)> {
    let current = vm.number("threads.current")?;
    let main = vm.number("threads.main")?;
    let mut others = Vec::new();
    for (id, thread, ty) in other_threads(vm)? {
        // One that runs lends its native stack to nobody.
        let is_parked = vm.layouts.some(thread, ty, "native")?.is_some();
        let context = vm.layouts.field(ty, "context")?;
        let at = thread + context.offset;
        let number = |path| vm.layouts.number(at, context.ty, path);
        let (ip, sp, fp) = (number("ip")?, number("sp")?, number("fp")?);
        let top = (fp != 0).then_some(Top { ip, sp, fp });
        others.push((id, is_parked, top, vm.layouts.some(thread, ty, "wait")?));
    }
    // Between turns the scheduler runs on the root's stack, with the root's registers.
    let is_between = others.iter().any(|o| o.0 == current && o.1);
    let running = if is_between { ROOT } else { current };
    let mut all: Vec<Kept> = Vec::new();
    for (id, _, top, wait) in &others {
        // While a thread runs, its place has the root's state.
        let top = if *id == running { None } else { *top };
        all.push(Kept { id: *id, top, wait: *wait });
    }
    // Without the root: a process that another thread made by `fork()`.
    if main == ROOT || running == ROOT {
        let top = others.iter().find(|o| o.0 == running).and_then(|o| o.2);
        let wait = vm.layouts.some(vm.address, vm.ty, "threads.root_wait")?;
        all.push(Kept { id: ROOT, top, wait });
    }
    Ok((running, all))
}

/// The entries of the hash map of threads: identifiers, addresses and type of what is kept of each.
fn other_threads(vm: &PythonVm) -> Result<Vec<(u64, u64, TypeId)>> {
    let layouts = &vm.layouts;
    // Without its shells, a map is hashbrown's table.
    let table = layouts.field(vm.ty, "threads.others")?;
    let number = |path| layouts.number(vm.address + table.offset, table.ty, path);
    let (control, mask, items) = (number("ctrl")?, number("bucket_mask")?, number("items")?);
    if items == 0 {
        return Ok(Vec::new());
    }
    if mask > MOST_THREADS {
        return Err(Error::new(format!("a table of {mask} threads")));
    }
    // The table's own type knows nothing of its entries; its owner's argument does.
    let owner = layouts.field_shell(vm.ty, "threads.others.base.table")?;
    let entry = layouts.parameter(owner)?;
    let size = layouts.size(entry)?;
    let key = layouts.field(entry, "__0")?;
    let bytes = vm.memory().read_vec(control, mask as usize + 1)?;
    let mut all = Vec::new();
    for (i, byte) in bytes.iter().enumerate() {
        // The high bit marks empty places.
        if byte & 0x80 == 0 {
            // Entries lie below the control bytes, the first one last.
            let at = control.wrapping_sub((i as u64 + 1) * size);
            let id = vm.memory().read_u64(at + key.offset)?;
            let (thread, ty) = layouts.pointer(at, entry, "__1")?;
            all.push((id, thread, ty));
        }
    }
    Ok(all)
}

/// Names of threads, as `threading` has them.
fn names(vm: &PythonVm) -> Vec<(u64, String)> {
    let find = || {
        let modules = vm.number("runtime.modules").ok()?;
        let threading = object(vm.dict_get(modules, "threading")?)?;
        let (_, active) = vm.attributes(threading).ok()?.into_iter().find(|(n, _)| n == "_active")?;
        let (entries, _) = vm.dict_entries(active, MOST_THREADS).ok()?;
        let named = entries.into_iter().filter_map(|(id, thread)| {
            let id = super::objects::small_int(id)?;
            let attributes = vm.attributes(object(thread)?).ok()?;
            let (_, name) = attributes.into_iter().find(|(n, _)| n == "_name")?;
            Some((id as u64, vm.text_of(name)?))
        });
        Some(named.collect())
    };
    find().unwrap_or_default()
}

/// What a thread waits for.
fn wait(values: &Values, target: &Target, at: u64, ty: TypeId) -> Result<Wait> {
    let vm = values.vm;
    let layouts = &vm.layouts;
    let deadline = layouts.some(at, ty, "deadline")?.map(|(at, _)| vm.memory().read_u64(at)).transpose()?;
    let timeout = match deadline {
        None => Timeout::Never,
        // A clock that all processes share.
        Some(d) if target.is_live() => Timeout::Seconds((d as i64).saturating_sub(now()) as f64 / 1e9),
        Some(_) => Timeout::Unknown,
    };
    if let Some((lock, ty)) = layouts.some(at, ty, "lock")? {
        let address = layouts.number(lock, ty, "lock")?;
        let owner = vm.layout_name(address).ok().filter(|n| n.ends_with("RLock")).and_then(|_| {
            vm.field_of(address, "native::thread::RLock", "owner").ok().filter(|o| *o != 0)
        });
        let kind = WaitKind::Lock { lock: values.show(address), address, holders: owner.into_iter().collect() };
        return Ok(Wait { kind, timeout });
    }
    let files = layouts.field(ty, "files")?;
    let Span { start, count, element } = layouts.span(at + files.offset, files.ty)?;
    let size = layouts.size(element)?;
    let fd = |i: u64| layouts.number(start + i * size, element, "fd").map(|fd| fd as i32);
    let files = (0..count.min(1000)).map(fd).collect::<Result<Vec<_>>>()?;
    let kind = match (files.is_empty(), deadline) {
        (false, _) => WaitKind::Files(files),
        (true, Some(_)) => WaitKind::Time,
        (true, None) => WaitKind::Other,
    };
    Ok(Wait { kind, timeout })
}

/// Names the threads that are in the `with` statement of a lock that others wait for.
fn find_holders(all: &mut [PythonThread]) {
    let waited = |t: &PythonThread| match &t.state {
        State::Waiting(Wait { kind: WaitKind::Lock { address, .. }, .. }) => Some(*address),
        _ => None,
    };
    for i in 0..all.len() {
        let Some(lock) = waited(&all[i]) else { continue };
        let has = |t: &PythonThread| t.frames.iter().any(|f| f.stack.iter().any(|w| object(*w) == Some(lock)));
        let found: Vec<u64> = all.iter().filter(|t| waited(t) != Some(lock) && has(t)).map(|t| t.id).collect();
        if let State::Waiting(Wait { kind: WaitKind::Lock { holders, .. }, .. }) = &mut all[i].state
            && holders.is_empty()
        {
            *holders = found;
        }
    }
}

/// Whether every thread waits for ever for what another one of them would have to do.
pub fn is_deadlock(all: &[PythonThread]) -> bool {
    let for_ever = |t: &PythonThread| match &t.state {
        State::Waiting(w) => w.timeout == Timeout::Never && matches!(w.kind, WaitKind::Lock { .. } | WaitKind::Other),
        _ => false,
    };
    let is_lock = |t: &PythonThread| matches!(&t.state, State::Waiting(Wait { kind: WaitKind::Lock { .. }, .. }));
    all.iter().all(for_ever) && all.iter().any(is_lock)
}

/// Nanoseconds of the monotonic clock, which all processes share.
fn now() -> i64 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes to a local variable.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut t) };
    t.tv_sec.saturating_mul(1_000_000_000).saturating_add(t.tv_nsec)
}
