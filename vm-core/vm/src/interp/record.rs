//! The trace recorder: every instruction as a word in a buffer, handed to a sink when full.
//!
//! A record is 8 bytes: the address of the instruction's code unit in the upper 48 bits, the
//! code unit (opcode, oparg) as it ran in the lower 16. [`Recorder::keep`] holds every code
//! object that was recorded, so that an address means one instruction for the whole recording.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;

use crate::interp::Mode;
use crate::interp::regs::{Regs, cold_function};
use crate::vm::Vm;

/// Records of one buffer.
const RECORDS: usize = 1 << 13;
const BYTES: usize = RECORDS * 8;

/// Where full buffers go. Called from the thread that runs the VM, between two instructions.
pub type Sink = Box<dyn FnMut(&[u64])>;

/// A record: address of the code unit, and the code unit.
#[inline(always)]
pub const fn pack(address: u64, unit: u16) -> u64 {
    address << 16 | unit as u64
}

/// The two parts of a record.
pub const fn unpack(record: u64) -> (u64, u16) {
    (record >> 16, record as u16)
}

/// No code lies below this address: records with such a one say which thread runs from there on.
const FIRST_ADDRESS: u64 = 1 << 16;

/// The thread that runs from a record on; `None` for records of instructions.
pub const fn thread_of(record: u64) -> Option<u64> {
    let (address, _) = unpack(record);
    if address < FIRST_ADDRESS { Some(address) } else { None }
}

/// A buffer that ends at a multiple of its size, so that one test of the cursor tells its end.
struct Buffer(NonNull<u64>);

impl Buffer {
    const LAYOUT: Layout = match Layout::from_size_align(BYTES, BYTES) {
        Ok(layout) => layout,
        Err(_) => panic!("a power of two"),
    };

    fn new() -> Buffer {
        // SAFETY: the size is not zero.
        match NonNull::new(unsafe { alloc_zeroed(Buffer::LAYOUT) } as *mut u64) {
            Some(p) => Buffer(p),
            None => handle_alloc_error(Buffer::LAYOUT),
        }
    }

    fn records(&self) -> &[u64] {
        // SAFETY: as many were allocated, zeroed; nobody writes while the slice is used.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr(), RECORDS) }
    }

    fn first(&self) -> u64 {
        self.0.as_ptr() as u64 + 8
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout.
        unsafe { dealloc(self.0.as_ptr().cast(), Buffer::LAYOUT) }
    }
}

/// The recorder's memory and sink.
#[derive(Default)]
pub struct Recorder {
    buffer: Option<Buffer>,
    sink: Option<Sink>,
}

/// Sets where records go; recording starts with [`crate::interp::set_mode`].
pub fn set_sink(vm: &Vm, sink: Sink) {
    // SAFETY: the recorder is touched by this thread alone and never while borrowed.
    unsafe { (*vm.interp.recorder.get()).sink = Some(sink) };
}

/// Drops the sink, after the records that are still in the buffer have gone there.
pub fn remove_sink(vm: &Vm) {
    flush(vm);
    // SAFETY: as above.
    drop(unsafe { (*vm.interp.recorder.get()).sink.take() });
    vm.interp.release_recorded_codes();
}

/// Makes the buffer. The first record is written one word into it: `take_back` needs a word
/// before the first.
pub(crate) fn start(vm: &Vm) {
    // SAFETY: as above.
    let recorder = unsafe { &mut *vm.interp.recorder.get() };
    let buffer = recorder.buffer.get_or_insert_with(Buffer::new);
    vm.interp.cursor.set(buffer.first());
}

/// Writes the running instruction's record.
///
/// # Safety
/// The registers of a recording handler.
#[inline(always)]
pub unsafe fn write(r: &mut Regs) {
    // SAFETY: the cursor points into the buffer; it is reset before it reaches the end.
    unsafe {
        let at = r.ip.sub(1);
        *(r.cursor as *mut u64) = pack(at as u64, *at);
        r.cursor += 8;
        if r.cursor & (BYTES as u64 - 1) == 0 {
            full(r.cx);
            r.cursor = r.vm().interp.cursor.get();
        }
        r.vm().interp.cursor.set(r.cursor);
    }
}

/// Records, while there is recording, that another thread runs from now on.
pub(crate) fn switched(vm: &Vm, thread: u64) {
    let s = &vm.interp;
    if s.mode.get() != Mode::Record {
        return;
    }
    let at = s.cursor.get();
    // SAFETY: the cursor points into the buffer; it is reset before it reaches the end.
    unsafe { *(at as *mut u64) = pack(thread % FIRST_ADDRESS, 0) };
    s.cursor.set(at + 8);
    if (at + 8) & (BYTES as u64 - 1) == 0 {
        hand_over(vm, RECORDS);
    }
}

/// Forgets the last record: its instruction goes through another handler.
#[inline(always)]
pub fn take_back(r: &mut Regs) {
    r.cursor -= 8;
}

cold_function! {
    unsafe fn full(cx: *const Vm) {
        // SAFETY: called from `write` with a live VM.
        let vm = unsafe { &*cx };
        hand_over(vm, RECORDS);
    }
}

/// Hands the records in the buffer to the sink.
pub fn flush(vm: &Vm) {
    let cursor = vm.interp.cursor.get() as usize;
    hand_over(vm, (cursor & (BYTES - 1)) / 8);
}

fn hand_over(vm: &Vm, end: usize) {
    // SAFETY: as above; the sink is taken out while it runs.
    let recorder = unsafe { &mut *vm.interp.recorder.get() };
    let Some(buffer) = recorder.buffer.as_ref() else { return };
    if let Some(mut sink) = recorder.sink.take() {
        if end > 1 {
            sink(&buffer.records()[1..end]);
        }
        recorder.sink = Some(sink);
    }
    vm.interp.cursor.set(buffer.first());
}

