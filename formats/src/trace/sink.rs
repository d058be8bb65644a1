//! From a running VM to a trace file.
//!
//! The VM's tracing handlers store one word per executed instruction into a buffer: the
//! address of the instruction's code unit and the opcode as it runs. That is all that the
//! traced program waits for: a full buffer is swapped for an empty one, and a thread of the
//! recorder turns addresses into code objects, words into runs, and runs into the file.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tailscope_bytecode::code::Code;

use super::runs::OPCODE_SHIFT;
use super::writer::TraceWriter;
use super::{Metadata, TraceError};

const ADDRESS_BITS: u32 = OPCODE_SHIFT;
const ADDRESS: u64 = (1 << ADDRESS_BITS) - 1;
/// Set in a word that does not stand for an instruction.
const THREAD_BIT: u64 = 1 << 63;

/// The word of an executed instruction: the address of its code unit, and the opcode as it
/// ran. (User addresses of the supported platforms have at most 48 bits.)
#[inline(always)]
pub const fn instruction_record(address: u64, opcode: u8) -> u64 {
    address & ADDRESS | (opcode as u64) << ADDRESS_BITS
}

/// The word that says: what follows runs on this Python thread. A trace starts on thread 0.
#[inline(always)]
pub const fn thread_record(thread: u32) -> u64 {
    THREAD_BIT | thread as u64
}

/// Where a VM hands over what it executed.
pub trait TraceSink {
    /// The code units of `code` that will run lie at `address`. To be called before records
    /// in that range are handed over. Should the range overlap that of earlier code objects,
    /// these are gone; hand over the buffer before code that ran is freed.
    fn code(&mut self, address: u64, code: &Arc<Code>);

    /// Takes a buffer of words ([`instruction_record`], [`thread_record`]) in the order of
    /// execution and leaves an empty one with at least the same capacity.
    ///
    /// An error (a full disk) does not stop the program: what follows is dropped, and
    /// finishing the recording reports it.
    fn records(&mut self, buffer: &mut Vec<u64>);
}

enum Message {
    Code(u64, Arc<Code>),
    Records(Vec<u64>),
}

/// What a finished recording holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Executed instructions.
    pub records: u64,
    pub codes: u32,
    /// Size of the file.
    pub bytes: u64,
    /// Words that lay in no known code object: a fault of the VM, 0 otherwise.
    pub dropped: u64,
}

/// A [`TraceSink`] that writes a trace file from a thread of its own.
pub struct Recorder {
    messages: Option<SyncSender<Message>>,
    /// Emptied buffers come back here.
    empty: Receiver<Vec<u64>>,
    worker: Option<JoinHandle<Result<Recorded, TraceError>>>,
}

/// Buffers under way at most; a program that is faster than the writer waits for it here.
const QUEUE: usize = 4;
/// A program that waits has its last instructions readable after this time.
const IDLE_FLUSH: Duration = Duration::from_millis(500);

impl Recorder {
    /// Starts a recording into a new file.
    pub fn create(path: &Path, metadata: &Metadata) -> Result<Recorder, TraceError> {
        let writer = TraceWriter::create(path, metadata)?;
        let (messages, inbox) = sync_channel(QUEUE);
        let (outbox, empty) = channel();
        let worker = std::thread::Builder::new()
            .name("trace writer".into())
            .spawn(move || Worker::new(writer).run(&inbox, &outbox))
            .map_err(|source| TraceError::Write {
                path: path.into(),
                source,
            })?;
        Ok(Recorder {
            messages: Some(messages),
            empty,
            worker: Some(worker),
        })
    }

    fn send(&self, message: Message) -> bool {
        self.messages
            .as_ref()
            .is_some_and(|messages| messages.send(message).is_ok())
    }

    /// Writes the rest and closes the file.
    pub fn finish(mut self) -> Result<Recorded, TraceError> {
        self.messages = None;
        match self.worker.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            // The worker panicked: its message is on stderr already.
            _ => Err(TraceError::Option(
                "The trace is incomplete: its writer failed. Its last good block can be read."
                    .into(),
            )),
        }
    }
}

impl Drop for Recorder {
    /// A recording that ends early (the program exits from deep inside) is closed as well.
    fn drop(&mut self) {
        self.messages = None;
        if let Some(worker) = self.worker.take() {
            // There is no one left to report an error to.
            let _ = worker.join();
        }
    }
}

impl TraceSink for Recorder {
    fn code(&mut self, address: u64, code: &Arc<Code>) {
        self.send(Message::Code(address, code.clone()));
    }

    fn records(&mut self, buffer: &mut Vec<u64>) {
        let next = match self.empty.try_recv() {
            Ok(empty) if empty.capacity() >= buffer.capacity() => empty,
            _ => Vec::with_capacity(buffer.capacity()),
        };
        let full = std::mem::replace(buffer, next);
        self.send(Message::Records(full));
    }
}

/// A range of memory that holds the code units of a code object.
#[derive(Clone, Copy)]
struct Range {
    start: u64,
    /// Bytes.
    length: u64,
    code: u32,
}

const NOWHERE: Range = Range {
    start: 0,
    length: 0,
    code: 0,
};
/// Entries of the cache of ranges, a power of two.
const CACHE: usize = 1024;

/// Which code object an address lies in.
struct AddressMap {
    ranges: BTreeMap<u64, Range>,
    /// By a hash of the address; calls and returns come to the same few addresses.
    cache: Box<[Range; CACHE]>,
}

impl AddressMap {
    fn new() -> AddressMap {
        AddressMap {
            ranges: BTreeMap::new(),
            cache: Box::new([NOWHERE; CACHE]),
        }
    }

    fn insert(&mut self, range: Range) {
        let end = range.start + range.length;
        let overlapping: Vec<u64> = self
            .ranges
            .range(..end)
            .rev()
            .take_while(|(_, old)| old.start + old.length > range.start)
            .map(|(start, _)| *start)
            .collect();
        for start in overlapping {
            self.ranges.remove(&start);
        }
        self.ranges.insert(range.start, range);
        self.cache.fill(NOWHERE);
    }

    fn find(&mut self, address: u64) -> Option<Range> {
        let slot = (address >> 1 ^ address >> 11) as usize % CACHE;
        let cached = self.cache[slot];
        if address.wrapping_sub(cached.start) < cached.length {
            return Some(cached);
        }
        let (_, range) = self.ranges.range(..=address).next_back()?;
        if address - range.start >= range.length {
            return None;
        }
        self.cache[slot] = *range;
        Some(*range)
    }
}

/// The recorder's thread.
struct Worker {
    writer: TraceWriter,
    map: AddressMap,
    current: Range,
    thread: u32,
    dropped: u64,
}

impl Worker {
    fn new(writer: TraceWriter) -> Worker {
        Worker {
            writer,
            map: AddressMap::new(),
            current: NOWHERE,
            thread: 0,
            dropped: 0,
        }
    }

    fn run(
        mut self,
        inbox: &Receiver<Message>,
        outbox: &Sender<Vec<u64>>,
    ) -> Result<Recorded, TraceError> {
        loop {
            match inbox.recv_timeout(IDLE_FLUSH) {
                Ok(Message::Code(address, code)) => self.code(address, &code)?,
                Ok(Message::Records(mut words)) => {
                    self.records(&words)?;
                    words.clear();
                    // Nobody takes it back once the recording is being finished.
                    let _ = outbox.send(words);
                }
                Err(RecvTimeoutError::Timeout) => self.writer.flush()?,
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.writer.flush()?;
        let recorded = Recorded {
            records: self.writer.records(),
            codes: self.writer.codes(),
            bytes: self.writer.bytes(),
            dropped: self.dropped,
        };
        self.writer.finish()?;
        Ok(recorded)
    }

    fn code(&mut self, address: u64, code: &Code) -> Result<(), TraceError> {
        let id = self.writer.add_code(code)?;
        let length = u64::from(self.writer.units(id)) * 2;
        self.map.insert(Range {
            start: address & ADDRESS,
            length,
            code: id,
        });
        self.current = NOWHERE;
        Ok(())
    }

    fn records(&mut self, words: &[u64]) -> Result<(), TraceError> {
        let mut rest = words;
        while let Some((&word, after)) = rest.split_first() {
            let address = word & ADDRESS;
            let here = address.wrapping_sub(self.current.start) < self.current.length;
            if here && word & THREAD_BIT == 0 {
                // The writer stands in this code object on this thread: it takes what it can.
                let taken = self.writer.push_words(self.current.start, rest)?;
                if taken > 0 {
                    rest = rest.get(taken..).unwrap_or_default();
                    continue;
                }
            }
            rest = after;
            self.record(word)?;
        }
        Ok(())
    }

    fn record(&mut self, word: u64) -> Result<(), TraceError> {
        if word & THREAD_BIT != 0 {
            self.thread = word as u32;
            self.current = NOWHERE;
            return Ok(());
        }
        let address = word & ADDRESS;
        let Some(range) = self.map.find(address) else {
            self.dropped += 1;
            return Ok(());
        };
        self.current = range;
        let unit = ((address - range.start) / 2) as u32;
        let opcode = (word >> ADDRESS_BITS) as u8;
        self.writer.push(self.thread, range.code, unit, opcode)?;
        Ok(())
    }
}
