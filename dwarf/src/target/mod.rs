//! What is looked at: a live process that is held for a moment, or a core file.

mod core_file;
mod maps;
mod process;

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::image::Image;
use crate::memory::{Memory, ProcessMemory};
use crate::unwind::{Module, Modules, Registers};

/// A thread of the operating system.
#[derive(Clone, Debug)]
pub struct OsThread {
    pub id: i32,
    pub registers: Registers,
    /// The thread pointer: thread-local variables lie below it.
    pub thread_pointer: u64,
    /// In a core file: the signal that it got.
    pub signal: Option<i32>,
}

/// A process that stands still.
pub struct Target {
    pub pid: i32,
    /// The command line, where it is known.
    pub command: Option<String>,
    /// The binary that it runs.
    pub binary: PathBuf,
    pub modules: Modules,
    /// The place of the binary among the modules.
    pub main: usize,
    pub threads: Vec<OsThread>,
    pub memory: Box<dyn Memory>,
    /// In a core file: the signal that ended the process.
    pub signal: Option<i32>,
    /// What a person should know of it: a core file that is cut off, for example.
    pub warnings: Vec<String>,
    /// Holds a live process; it goes on when this is dropped.
    hold: Option<process::Held>,
}

impl Target {
    /// Holds a process that runs tailscope, until the target is dropped.
    ///
    /// # Errors
    /// No such process, one that may not be looked at, one that is being debugged already, another
    /// program, a binary that was stripped.
    pub fn process(pid: i32) -> Result<Target> {
        process::open(pid, |image, binary| {
            crate::python::check_binary(image, &format!("process {pid} runs {}, which", binary.display()))
        })
    }

    /// Holds a process of any program, until the target is dropped.
    ///
    /// # Errors
    /// As [`Target::process`], but for what it runs.
    pub fn any_process(pid: i32) -> Result<Target> {
        process::open(pid, |_, _| Ok(()))
    }

    /// Opens a core file. `exe` is the binary, where it is not where the core file says.
    ///
    /// # Errors
    /// A file that is no core file, a binary that is missing or another build than the one that ran.
    pub fn core(file: &Path, exe: Option<&Path>) -> Result<Target> {
        core_file::open(file, exe)
    }

    /// The binary that runs, and where it lies.
    pub fn main(&self) -> Result<&Module> {
        self.modules.0.get(self.main).ok_or_else(|| Error::new("the binary is not in the process"))
    }

    /// Where a thread's variables of the binary start.
    pub fn thread_block(&self, thread: &OsThread) -> Result<u64> {
        Ok(thread.thread_pointer.wrapping_sub(self.main()?.image.thread_local_size()))
    }

    /// Lets a thread of a live process run until `is_there` says of its registers that it is where
    /// it should be, for at most `most` instructions. `None` where it did not get there.
    pub fn step_until(&mut self, id: i32, most: usize, is_there: impl FnMut(&Registers) -> Step) -> Option<Registers> {
        let (registers, arrived) = self.hold.as_mut()?.step_until(id, most, is_there);
        // Memory has changed, and the thread is elsewhere, whether it got there or not.
        self.memory = process::memory(self.pid);
        let thread = self.threads.iter_mut().find(|t| t.id == id)?;
        thread.registers = registers?;
        arrived.then_some(thread.registers)
    }

    /// Memory of a live process as it is at each read.
    pub fn live_memory(&self) -> Option<Box<dyn Memory>> {
        self.is_live().then(|| Box::new(ProcessMemory::of(self.pid)) as Box<dyn Memory>)
    }

    pub fn is_live(&self) -> bool {
        self.hold.is_some()
    }
}

/// What a step came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    Arrived,
    GoOn,
    /// It went where it will not arrive soon.
    Lost,
}

/// The module of a file of which a mapping from `offset` on starts at `start`.
fn module_of(image: &'static Image, start: u64, offset: u64) -> Module {
    const PAGE: u64 = 4096;
    let begins = |file: u64| file - file % PAGE == offset;
    let segment = image.segments().find(|(_, _, file, _)| begins(*file)).or_else(|| image.segments().next());
    let (address, file) = segment.map_or((0, 0), |(address, _, file, _)| (address, file));
    // An address of the file is its place in the file, moved as its segment is.
    let link = address.wrapping_sub(file).wrapping_add(offset);
    Module::new(image, start.wrapping_sub(link))
}

/// A build id as it is written.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
