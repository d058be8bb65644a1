//! Core files: memory in segments, registers and mapped files in notes.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use object::LittleEndian as LE;
use object::elf::{self, FileHeader64, ProgramHeader64};
use object::read::elf::{FileHeader, ProgramHeader};

use super::{OsThread, Target, hex, module_of};
use crate::error::{Error, Result};
use crate::image::Image;
use crate::memory::{Memory, unreadable};
use crate::unwind::{Modules, Registers};

const NT_FILE: u32 = 0x4649_4c45;
const PRSTATUS: u32 = 1;
const PRPSINFO: u32 = 3;
const AUXV: u32 = 6;

/// A file that was mapped.
struct Mapped {
    start: u64,
    end: u64,
    /// In the file, in bytes.
    offset: u64,
    path: String,
}

#[derive(Default)]
struct Notes {
    pid: i32,
    command: Option<String>,
    threads: Vec<OsThread>,
    files: Vec<Mapped>,
    /// Where the program's headers are, and where the kernel's library is.
    headers: Option<u64>,
    kernels_library: Option<u64>,
}

/// Memory of a core file; constants that it leaves out are read from the files that were mapped.
struct CoreMemory {
    data: &'static [u8],
    /// Address, size in memory, offset and size in the file.
    segments: Vec<(u64, u64, u64, u64)>,
    modules: Modules,
}

impl CoreMemory {
    /// What the core file has of the bytes at an address.
    fn part(&self, address: u64, size: usize) -> Option<Part> {
        let (start, in_memory, offset, in_file) =
            self.segments.iter().copied().find(|(start, size, ..)| address.wrapping_sub(*start) < *size)?;
        let from = address - start;
        let n = usize::try_from(in_memory - from).unwrap_or(usize::MAX).min(size);
        if from < in_file {
            let n = n.min(usize::try_from(in_file - from).unwrap_or(usize::MAX));
            let at = usize::try_from(offset + from).ok()?;
            let bytes = self.data.get(at..)?;
            return if bytes.is_empty() { None } else { Some(Part::Bytes(&bytes[..n.min(bytes.len())])) };
        }
        // Left out because a file has it, or because nobody ever wrote to it.
        Some(Part::Absent(n))
    }

    fn of_files(&self, address: u64, size: usize) -> Option<&'static [u8]> {
        let module = self.modules.at(address)?;
        module.image.bytes_at(module.in_file(address), size)
    }
}

enum Part {
    Bytes(&'static [u8]),
    Absent(usize),
}

impl Memory for CoreMemory {
    fn read(&self, address: u64, into: &mut [u8]) -> Result<()> {
        let mut done = 0;
        while done < into.len() {
            let at = address.checked_add(done as u64).ok_or_else(|| unreadable(address, into.len()))?;
            let left = into.len() - done;
            match self.part(at, left) {
                Some(Part::Bytes(bytes)) => {
                    into[done..done + bytes.len()].copy_from_slice(bytes);
                    done += bytes.len();
                }
                other => {
                    let n = if let Some(Part::Absent(n)) = other { n } else { left };
                    let bytes = self.of_files(at, n).ok_or_else(|| unreadable(address, left))?;
                    into[done..done + n].copy_from_slice(bytes);
                    done += n;
                }
            }
        }
        Ok(())
    }
}

pub(super) fn open(path: &Path, exe: Option<&Path>) -> Result<Target> {
    let shown = path.display();
    let file = File::open(path).map_err(|e| Error::new(format!("{shown} cannot be opened: {e}")))?;
    // SAFETY: a private mapping of a file that nobody writes to any more.
    let map = unsafe { memmap2::Mmap::map(&file) }.map_err(|e| Error::new(format!("{shown} cannot be read: {e}")))?;
    let data: &'static [u8] = &Box::leak(Box::new(map))[..];
    let not_core = || Error::new(format!("{shown} is no core file"));
    let header = FileHeader64::<LE>::parse(data).map_err(|_| not_core())?;
    if header.e_type(LE) != elf::ET_CORE || header.e_machine(LE) != elf::EM_X86_64 {
        return Err(not_core());
    }
    let headers: &[ProgramHeader64<LE>] = header.program_headers(LE, data).map_err(|_| {
        Error::new(format!("{shown} is cut off: not even its list of segments is whole"))
    })?;
    let loads = headers.iter().filter(|p| p.p_type(LE) == elf::PT_LOAD);
    let segments: Vec<_> = loads.map(|p| (p.p_vaddr(LE), p.p_memsz(LE), p.p_offset(LE), p.p_filesz(LE))).collect();
    let mut notes = Notes::default();
    for p in headers.iter().filter(|p| p.p_type(LE) == elf::PT_NOTE) {
        read_notes(p, data, &mut notes).map_err(|_| Error::new(format!("{shown} is cut off: its notes are not whole")))?;
    }
    if notes.threads.is_empty() {
        return Err(Error::new(format!("{shown} has no threads: it is cut off, or of another kind of machine")));
    }
    let mut warnings = Vec::new();
    let whole = segments.iter().map(|(_, _, offset, size)| offset.saturating_add(*size)).max().unwrap_or(0);
    if whole > data.len() as u64 {
        warnings.push(format!("{shown} is cut off: it has {} of {whole} bytes, and what is missing cannot be shown", data.len()));
    }
    let mut memory = CoreMemory { data, segments, modules: Modules::default() };
    let (image, binary, start, offset) = binary(&notes, &memory, exe, path)?;
    memory.modules.0.push(module_of(image, start, offset));
    add_libraries(&notes, &mut memory, &binary);
    let modules = memory.modules.clone();
    let signal = notes.threads.first().and_then(|t| t.signal);
    Ok(Target {
        pid: notes.pid,
        command: notes.command,
        binary,
        modules,
        main: 0,
        threads: notes.threads,
        memory: Box::new(memory),
        signal,
        warnings,
        hold: None,
    })
}

/// The binary that ran: its image, path and first mapping.
fn binary(notes: &Notes, memory: &CoreMemory, exe: Option<&Path>, core: &Path) -> Result<(&'static Image, PathBuf, u64, u64)> {
    let headers = notes.headers.unwrap_or(0);
    let main = notes.files.iter().find(|f| (f.start..f.end).contains(&headers)).or(notes.files.first());
    let main = main.ok_or_else(|| Error::new(format!("{} does not say which files were mapped", core.display())))?;
    let ran = PathBuf::from(main.path.trim_end_matches(" (deleted)"));
    let id = build_id_at(memory, main.start);
    let fits = |image: &Image| id.is_none() || image.build_id().map(<[u8]>::to_vec) == id;
    let said = id.as_ref().map_or(String::new(), |id| format!(" (build {})", hex(id)));
    if let Some(exe) = exe {
        let image = Image::open(exe)?;
        if !fits(image) {
            let other = image.build_id().map_or("none".into(), hex);
            return Err(Error::new(format!(
                "{} is another build (its build id is {other}) than the one that left the core file{said}: give the binary that ran, by --exe",
                exe.display()
            )));
        }
        crate::python::check_binary(image, &exe.display().to_string())?;
        return Ok((image, exe.to_owned(), main.start, main.offset));
    }
    let tried = Image::open(&ran);
    for candidate in [tried.clone().ok(), Image::own().ok()].into_iter().flatten() {
        if fits(candidate) && (id.is_some() || candidate.path() == ran) {
            crate::python::check_binary(candidate, &format!("{} is a core file of {}, which", core.display(), ran.display()))?;
            return Ok((candidate, ran, main.start, main.offset));
        }
    }
    Err(Error::new(match tried {
        Ok(other) if other.symbols_with(&["tailscope"]).next().is_none() && other.has_debug_information() => {
            format!("{} is a core file of {}, which is not tailscope", core.display(), ran.display())
        }
        Ok(other) => format!(
            "{} is another build by now (its build id is {}) than the one that left the core file{said}: give the binary that ran, by --exe",
            ran.display(),
            other.build_id().map_or("none".into(), hex)
        ),
        Err(e) => format!("the binary that left the core file{said} is missing, give it by --exe: {e}"),
    }))
}

/// The build id of a binary that is mapped at an address: its first page is in core files.
fn build_id_at(memory: &CoreMemory, start: u64) -> Option<Vec<u8>> {
    let head = memory.part(start, 4096);
    let Some(Part::Bytes(page)) = head else { return None };
    let header = FileHeader64::<LE>::parse(page).ok()?;
    let headers: &[ProgramHeader64<LE>] = header.program_headers(LE, page).ok()?;
    for p in headers.iter().filter(|p| p.p_type(LE) == elf::PT_NOTE) {
        let Ok(Some(mut notes)) = p.notes(LE, page) else { continue };
        while let Ok(Some(n)) = notes.next() {
            if n.name() == elf::ELF_NOTE_GNU && n.n_type(LE) == elf::NT_GNU_BUILD_ID {
                return Some(n.desc().to_vec());
            }
        }
    }
    None
}

fn add_libraries(notes: &Notes, memory: &mut CoreMemory, binary: &Path) {
    let mut first: HashMap<&str, &Mapped> = HashMap::new();
    for f in &notes.files {
        let known = first.entry(&f.path).or_insert(f);
        if f.start < known.start {
            *known = f;
        }
    }
    for (path, f) in first {
        if Path::new(path) == binary || memory.modules.at(f.start).is_some() {
            continue;
        }
        if let Ok(image) = Image::open(Path::new(path)) {
            // Another version of a library would only mislead.
            let id = build_id_at(memory, f.start);
            if id.is_none() || image.build_id().map(<[u8]>::to_vec) == id {
                memory.modules.0.push(module_of(image, f.start, f.offset));
            }
        }
    }
    let kernels = notes.kernels_library.and_then(|at| {
        let (start, size, ..) = memory.segments.iter().find(|(start, ..)| *start == at)?;
        let bytes = memory.read_vec(*start, usize::try_from(*size).ok()?).ok()?;
        Some((Image::parse(Path::new("[vdso]"), Vec::leak(bytes)).ok()?, at))
    });
    memory.modules.0.extend(kernels.map(|(image, at)| module_of(image, at, 0)));
}

fn read_notes(header: &ProgramHeader64<LE>, data: &'static [u8], into: &mut Notes) -> std::result::Result<(), object::Error> {
    let Some(mut notes) = header.notes(LE, data)? else { return Ok(()) };
    while let Some(n) = notes.next()? {
        let desc = n.desc();
        match n.n_type(LE) {
            PRSTATUS => into.threads.extend(thread(desc)),
            PRPSINFO => {
                // Offsets of `struct elf_prpsinfo` of Linux on x86-64.
                into.pid = u32_at(desc, 24).unwrap_or(0) as i32;
                let args = desc.get(56..136).unwrap_or_default();
                let end = args.iter().position(|b| *b == 0).unwrap_or(args.len());
                into.command = Some(String::from_utf8_lossy(&args[..end]).trim().to_owned());
            }
            AUXV => {
                for pair in desc.chunks_exact(16) {
                    match (u64_at(pair, 0), u64_at(pair, 8)) {
                        (Some(libc::AT_PHDR), at) => into.headers = at,
                        (Some(libc::AT_SYSINFO_EHDR), at) => into.kernels_library = at,
                        _ => {}
                    }
                }
            }
            NT_FILE => into.files.extend(files(desc).unwrap_or_default()),
            _ => {}
        }
    }
    Ok(())
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// `struct elf_prstatus` of Linux on x86-64: the signal, the thread, and 27 registers.
fn thread(desc: &[u8]) -> Option<OsThread> {
    const REGISTERS: usize = 112;
    let r = |i: usize| u64_at(desc, REGISTERS + 8 * i);
    // The order is that of `struct user_regs_struct`.
    let order = [10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0, 16];
    let mut registers = Registers::default();
    for (number, place) in order.into_iter().enumerate() {
        registers.set(number as u16, r(place));
    }
    let signal = desc.get(12..14).map(|b| i32::from(u16::from_le_bytes([b[0], b[1]])));
    Some(OsThread {
        id: u32_at(desc, 32)? as i32,
        registers,
        thread_pointer: r(21)?,
        signal: signal.filter(|s| *s != 0),
    })
}

/// The mapped files: count and unit, ranges, then their names.
fn files(desc: &[u8]) -> Option<Vec<Mapped>> {
    let (count, unit) = (usize::try_from(u64_at(desc, 0)?).ok()?, u64_at(desc, 8)?);
    let names = desc.get(16usize.checked_add(count.checked_mul(24)?)?..)?;
    let names = names.split(|b| *b == 0);
    let mut all = Vec::new();
    for (i, name) in names.take(count).enumerate() {
        let at = 16 + 24 * i;
        all.push(Mapped {
            start: u64_at(desc, at)?,
            end: u64_at(desc, at + 8)?,
            offset: u64_at(desc, at + 16)?.checked_mul(unit)?,
            path: String::from_utf8_lossy(name).into_owned(),
        });
    }
    Some(all)
}
