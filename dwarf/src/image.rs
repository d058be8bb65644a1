//! A binary: its sections, symbols and units, each read when it is first asked for.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use gimli::{BaseAddresses, EndianSlice, LittleEndian, SectionId};
use object::read::elf::ElfFile64;
use object::{Object, ObjectSection, ObjectSegment, ObjectSymbol};

use crate::error::{Error, Result};
use crate::index::UnitIndex;

pub(crate) type Slice = EndianSlice<'static, LittleEndian>;
pub(crate) type Dwarf = gimli::Dwarf<Slice>;
pub(crate) type Unit = gimli::Unit<Slice>;
type Elf = ElfFile64<'static, object::LittleEndian>;

/// A function or variable of the symbol table.
#[derive(Clone, Copy, Debug)]
pub struct Symbol {
    pub address: u64,
    pub size: u64,
    pub name: &'static str,
}

impl Symbol {
    /// The name as it was in the source.
    pub fn demangled(&self) -> String {
        format!("{:#}", rustc_demangle::demangle(self.name))
    }
}

/// An executable or shared library. Addresses are those of the file; [`Module`](crate::unwind::Module)
/// says where it lies in a process.
///
/// It stays open until the process ends, as what the loader loads does.
pub struct Image {
    path: PathBuf,
    elf: Elf,
    symbols: OnceCell<Vec<Symbol>>,
    dwarf: OnceCell<Result<Dwarf>>,
    units: OnceCell<Vec<Unit>>,
    unit_ranges: OnceCell<Vec<(u64, u64, usize)>>,
    indexes: RefCell<HashMap<usize, Rc<UnitIndex>>>,
    unwinding: OnceCell<Option<Unwinding>>,
    lines: OnceCell<Result<addr2line::Context<Slice>>>,
}

/// What frames are unwound with.
pub(crate) struct Unwinding {
    pub frames: gimli::EhFrame<Slice>,
    pub table: gimli::ParsedEhFrameHdr<Slice>,
    pub bases: BaseAddresses,
}

impl Image {
    /// Opens a file, of which at first nothing but the headers is read.
    ///
    /// # Errors
    /// No such file, not an ELF file of x86-64.
    pub fn open(path: &Path) -> Result<&'static Image> {
        let shown = path.display();
        let file = File::open(path).map_err(|e| Error::new(format!("{shown} cannot be opened: {e}")))?;
        // SAFETY: a private mapping. Who writes into a program's file while it is looked at ends
        // this process as it would end those that run it; builds and installers replace files.
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(|e| Error::new(format!("{shown} cannot be read: {e}")))?;
        let bytes: &'static [u8] = &Box::leak(Box::new(map))[..];
        Image::parse(path, bytes)
    }

    /// The binary of this process.
    ///
    /// # Errors
    /// As [`Image::open`].
    pub fn own() -> Result<&'static Image> {
        Image::open(Path::new("/proc/self/exe"))
    }

    /// Reads a file that is in memory, such as the kernel's own shared library.
    ///
    /// # Errors
    /// Not an ELF file of x86-64.
    pub fn parse(path: &Path, bytes: &'static [u8]) -> Result<&'static Image> {
        let elf = Elf::parse(bytes).map_err(|e| Error::new(format!("{} is no ELF file of this machine: {e}", path.display())))?;
        if elf.architecture() != object::Architecture::X86_64 {
            return Err(Error::new(format!("{} is not of an x86-64 machine", path.display())));
        }
        Ok(Box::leak(Box::new(Image {
            path: path.to_owned(),
            elf,
            symbols: OnceCell::new(),
            dwarf: OnceCell::new(),
            units: OnceCell::new(),
            unit_ranges: OnceCell::new(),
            indexes: RefCell::default(),
            unwinding: OnceCell::new(),
            lines: OnceCell::new(),
        })))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn build_id(&self) -> Option<&'static [u8]> {
        self.elf.build_id().ok().flatten()
    }

    /// Whether types and variables can be looked up. A stripped binary has none.
    pub fn has_debug_information(&self) -> bool {
        self.elf.section_by_name(".debug_info").is_some()
    }

    /// The content of a section; empty if there is none.
    pub fn section(&self, name: &str) -> Result<&'static [u8]> {
        let Some(section) = self.elf.section_by_name(name) else { return Ok(&[]) };
        Ok(match section.uncompressed_data()? {
            std::borrow::Cow::Borrowed(bytes) => bytes,
            std::borrow::Cow::Owned(bytes) => Vec::leak(bytes),
        })
    }

    /// Size in the file and size as read of the sections with debug information.
    pub fn debug_sections(&self) -> Vec<(String, u64, u64)> {
        let all = self.elf.sections().filter_map(|s| {
            let name = s.name().ok().filter(|n| n.starts_with(".debug"))?.to_owned();
            let stored = s.compressed_data().map_or(0, |d| d.data.len() as u64);
            Some((name, stored, s.size()))
        });
        all.collect()
    }

    /// Segments that are mapped: address, size in memory, offset and size in the file.
    pub fn segments(&self) -> impl Iterator<Item = (u64, u64, u64, u64)> + '_ {
        self.elf.segments().map(|s| {
            let (offset, in_file) = s.file_range();
            (s.address(), s.size(), offset, in_file)
        })
    }

    /// Bytes of the file's own content at an address, such as constants that no core file holds.
    pub fn bytes_at(&self, address: u64, size: usize) -> Option<&'static [u8]> {
        self.elf.segments().find_map(|s| {
            let at = usize::try_from(address.checked_sub(s.address())?).ok()?;
            s.data().ok()?.get(at..at.checked_add(size)?)
        })
    }

    /// Bytes that thread-local variables take below the thread pointer.
    pub(crate) fn thread_local_size(&self) -> u64 {
        use object::read::elf::ProgramHeader;
        let e = object::LittleEndian;
        let segment = self.elf.elf_program_headers().iter().find(|p| p.p_type(e) == object::elf::PT_TLS);
        segment.map_or(0, |p| p.p_memsz(e).next_multiple_of(p.p_align(e).max(1)))
    }

    /// Functions and variables by address. Names are as mangled.
    pub fn symbols(&self) -> &[Symbol] {
        self.symbols.get_or_init(|| {
            let mut all: Vec<Symbol> = self.elf.symbols().chain(self.elf.dynamic_symbols()).filter_map(|s| {
                let kind = matches!(s.kind(), object::SymbolKind::Text | object::SymbolKind::Data | object::SymbolKind::Unknown);
                let defined = kind && !s.is_undefined() && s.address() != 0;
                defined.then(|| s.name().ok().map(|name| Symbol { address: s.address(), size: s.size(), name })).flatten()
            }).collect();
            all.sort_by_key(|s| (s.address, std::cmp::Reverse(s.size)));
            all
        })
    }

    /// The symbol that an address belongs to.
    pub fn symbol_at(&self, address: u64) -> Option<Symbol> {
        let all = self.symbols();
        let end = all.partition_point(|s| s.address <= address);
        // Those without a size reach to the next one.
        all[..end].iter().rev().take(8).find(|s| s.size == 0 || address - s.address < s.size).copied()
    }

    /// The symbols whose mangled name has all of these parts.
    pub fn symbols_with<'a>(&'a self, parts: &'a [&str]) -> impl Iterator<Item = Symbol> + 'a {
        self.symbols().iter().filter(|s| parts.iter().all(|p| s.name.contains(p))).copied()
    }

    pub(crate) fn dwarf(&self) -> Result<&Dwarf> {
        let made = self.dwarf.get_or_init(|| {
            if !self.has_debug_information() {
                return Err(Error::new(format!("{} has no debug information: it was stripped, or built without", self.path.display())));
            }
            let load = |id: SectionId| self.section(id.name()).map(|s| EndianSlice::new(s, LittleEndian));
            Dwarf::load(load)
        });
        made.as_ref().map_err(Clone::clone)
    }

    /// The units of the debug information, of which only the roots are read.
    pub(crate) fn units(&self) -> Result<&[Unit]> {
        let dwarf = self.dwarf()?;
        Ok(self.units.get_or_init(|| {
            let (mut all, mut headers) = (Vec::new(), dwarf.units());
            while let Ok(Some(header)) = headers.next() {
                all.extend(dwarf.unit(header));
            }
            all
        }))
    }

    /// Number of the unit that the code at an address is from.
    pub(crate) fn unit_at(&self, address: u64) -> Result<Option<usize>> {
        let ranges = self.unit_ranges()?;
        let end = ranges.partition_point(|r| r.0 <= address);
        Ok(ranges[..end].iter().rev().take(16).find(|r| address < r.1).map(|r| r.2))
    }

    fn unit_ranges(&self) -> Result<&[(u64, u64, usize)]> {
        let (dwarf, units) = (self.dwarf()?, self.units()?);
        Ok(self.unit_ranges.get_or_init(|| {
            let mut all = Vec::new();
            for (i, unit) in units.iter().enumerate() {
                let Ok(mut ranges) = dwarf.unit_ranges(unit) else { continue };
                while let Ok(Some(r)) = ranges.next() {
                    all.extend((r.begin < r.end).then_some((r.begin, r.end, i)));
                }
            }
            all.sort_unstable();
            all
        }))
    }

    /// Functions and named types of a unit.
    pub(crate) fn index(&self, unit: usize) -> Result<Rc<UnitIndex>> {
        if let Some(found) = self.indexes.borrow().get(&unit) {
            return Ok(found.clone());
        }
        let (dwarf, units) = (self.dwarf()?, self.units()?);
        let of = units.get(unit).ok_or_else(|| Error::new(format!("there is no unit {unit}")))?;
        let made = Rc::new(UnitIndex::new(dwarf, of)?);
        self.indexes.borrow_mut().insert(unit, made.clone());
        Ok(made)
    }

    /// Source lines of addresses.
    pub(crate) fn lines(&self) -> Result<&addr2line::Context<Slice>> {
        let made = self.lines.get_or_init(|| {
            let load = |id: SectionId| self.section(id.name()).map(|s| EndianSlice::new(s, LittleEndian));
            Ok(addr2line::Context::from_dwarf(Dwarf::load(load)?)?)
        });
        made.as_ref().map_err(Clone::clone)
    }

    pub(crate) fn unwinding(&self) -> Option<&Unwinding> {
        self.unwinding.get_or_init(|| self.load_unwinding().ok().flatten()).as_ref()
    }

    fn load_unwinding(&self) -> Result<Option<Unwinding>> {
        let address = |name: &str| self.elf.section_by_name(name).map_or(0, |s| s.address());
        let bases = BaseAddresses::default()
            .set_eh_frame_hdr(address(".eh_frame_hdr"))
            .set_eh_frame(address(".eh_frame"))
            .set_text(address(".text"))
            .set_got(address(".got"));
        let (header, frames) = (self.section(".eh_frame_hdr")?, self.section(".eh_frame")?);
        if header.is_empty() || frames.is_empty() {
            return Ok(None);
        }
        let table = gimli::EhFrameHdr::new(header, LittleEndian).parse(&bases, 8)?;
        Ok(Some(Unwinding { frames: gimli::EhFrame::new(frames, LittleEndian), table, bases }))
    }

    /// Where the program starts.
    pub fn entry(&self) -> u64 {
        self.elf.entry()
    }
}
