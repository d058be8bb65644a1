//! The threads of a stopped program, and the frames on their stacks.

use std::cell::OnceCell;

use crate::debug::types::{FrameId, ThreadId, ThreadInfo};
use crate::frame::{Frame, is_landing};
use crate::protocol::{attr, item, object as obj};
use crate::threads;
use crate::types::dict::PyDict;
use crate::types::int;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A frame of a stopped thread.
#[derive(Clone, Copy)]
pub(super) struct FrameAt {
    pub frame: Frame,
    /// The instruction that is about to run, or the call that is running.
    pub unit: u32,
    /// Where its value stack ends.
    pub top: *mut Value,
}

/// Where a thread stands: its innermost frame, where that goes on, the end of its value stack.
type Innermost = (Frame, *const u16, *mut Value);

struct Stack {
    thread: ThreadId,
    innermost: Innermost,
    frames: OnceCell<Vec<FrameAt>>,
}

/// The stacks of all threads that have begun, that of the stopped one first.
pub(super) struct Stacks(Vec<Stack>);

/// Bits of a frame's number that count frames of one thread; those above count threads.
const INDEX_BITS: u32 = 22;

impl Stacks {
    /// The stacks of a program that has stopped in a frame.
    pub fn new(vm: &Vm, innermost: Frame) -> Stacks {
        let s = &vm.interp;
        let running = (threads::current(vm), (innermost, s.ip.get(), s.sp.get()));
        let parked = threads::parked(vm).into_iter().map(|t| (t.id, (t.frame, t.ip, t.sp)));
        let stack = |(id, innermost)| Stack { thread: ThreadId(id), innermost, frames: OnceCell::new() };
        Stacks(std::iter::once(running).chain(parked).map(stack).collect())
    }

    /// The frames of a thread with their numbers, from the innermost; `None` if it has none.
    pub fn of(&self, thread: ThreadId) -> Option<impl ExactSizeIterator<Item = (u64, FrameAt)>> {
        let slot = self.0.iter().position(|s| s.thread == thread)?;
        let frames = self.frames(slot)?;
        let numbered = move |(i, at): (usize, &FrameAt)| ((slot as u64) << INDEX_BITS | i as u64, *at);
        Some(frames.iter().enumerate().map(numbered))
    }

    /// The frame with a number.
    pub fn frame(&self, number: u64) -> Option<FrameAt> {
        let frames = self.frames((number >> INDEX_BITS) as usize)?;
        frames.get((number & ((1 << INDEX_BITS) - 1)) as usize).copied()
    }

    /// The frames of the stopped thread, from the innermost.
    pub fn running(&self) -> &[FrameAt] {
        self.frames(0).unwrap_or_default()
    }

    fn frames(&self, slot: usize) -> Option<&[FrameAt]> {
        let stack = self.0.get(slot)?;
        Some(stack.frames.get_or_init(|| walk(stack.innermost)))
    }
}

fn walk((frame, ip, sp): Innermost) -> Vec<FrameAt> {
    let mut all = Vec::new();
    let (mut at, mut top) = (Some((frame, ip)), sp);
    while let Some((frame, ip)) = at {
        // SAFETY: the frames of a stopped thread are live. A callee's header lies on its
        // caller's stack, with one more word below it under a far link.
        unsafe {
            let code = frame.code();
            let unit = code.instruction_start(code.index_of(ip).wrapping_sub(1)) as u32;
            all.push(FrameAt { frame, unit, top });
            at = frame.caller();
            let below = if is_landing(frame.link().return_address()) { 3 } else { 2 };
            top = frame.0.wrapping_sub(below);
        }
    }
    all
}

/// The part of a frame's number below that of the stop.
pub(super) fn number_of(id: FrameId) -> u64 {
    id.0 & u64::from(u32::MAX)
}

/// All threads, with the names that `threading` knows them by.
pub(super) fn threads(vm: &Vm) -> Vec<ThreadInfo> {
    let named = |id| ThreadInfo { id: ThreadId(id), name: name_of(vm, id) };
    threads::all(vm).into_iter().map(named).collect()
}

fn name_of(vm: &Vm, id: u64) -> String {
    let name = object_of(vm, id).and_then(|t| attr::get_named(vm, t.value(), "_name").ok());
    match name.and_then(|n| obj::str_text(vm, n.value()).ok()) {
        Some(name) => name,
        None if id == threads::ROOT => "MainThread".to_owned(),
        None => format!("Thread {id}"),
    }
}

/// The `threading.Thread` of a thread: one that runs, or one that is about to.
fn object_of(vm: &Vm, id: u64) -> Option<Ref> {
    let threading = crate::runtime::modules(vm).get_text(vm, "threading")?.to_ref();
    let table = |name| attr::get_named(vm, threading.value(), name).ok();
    let id = int::from_u64(id);
    if let Ok(thread) = item::get(vm, table("_active")?.value(), id.value()) {
        return Some(thread);
    }
    let begins = table("_limbo")?;
    let has_id = |thread: &Ref| {
        let handle = attr::get_named(vm, thread.value(), "_handle").ok();
        let ident = handle.and_then(|h| attr::get_named(vm, h.value(), "ident").ok());
        ident.is_some_and(|i| i.value().bits() == id.value().bits())
    };
    begins.cast::<PyDict>()?.values_vec().into_iter().find(has_id)
}
