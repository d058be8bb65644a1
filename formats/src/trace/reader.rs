//! A trace file being read: whole, cut off by a crash, or still growing.

use std::cell::OnceCell;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use tailscope_bytecode::code::Code;
use tailscope_bytecode::opcode::Opcode;

use super::codes::{Rendered, render, take_codes};
use super::layout::{
    self, BLOCK_HEADER, BlockHeader, FILE_HEADER, FileHeader, Kind, TRAILER, take_varint,
};
use super::runs::Decoder;
use super::shape::Shape;
use super::{Metadata, Step, TraceError};

/// A code object of a trace.
pub struct TracedCode {
    pub code: Code,
    pub(super) shape: Shape,
    /// By code unit; worked out when it is first asked for.
    rendered: OnceCell<Vec<Option<Rendered>>>,
}

impl TracedCode {
    /// The instruction at a code unit in words; `None` inside of an inline cache.
    pub fn instruction(&self, unit: u32) -> Option<&Rendered> {
        let all = self.rendered.get_or_init(|| render(&self.code));
        all.get(unit as usize)?.as_ref()
    }

    /// The opcode at a code unit as compiled; `None` where it is no opcode.
    pub fn base(&self, unit: u32) -> Option<Opcode> {
        (unit < self.shape.len()).then(|| Opcode::from_u8(self.shape.opcode(unit)))?
    }

    /// Where the conditional jump at `unit` goes when it jumps; `None` if it is none.
    pub fn jump(&self, unit: u32) -> Option<u32> {
        self.shape.jump(unit)
    }

    /// The unit after `unit` on the plain way.
    pub fn next(&self, unit: u32) -> u32 {
        self.shape.next(unit)
    }
}

/// A block of records in the file.
#[derive(Clone, Copy)]
struct Block {
    at: u64,
    header: BlockHeader,
}

/// A trace file open for reading.
pub struct TraceReader {
    path: PathBuf,
    file: File,
    metadata: Metadata,
    codes: Vec<TracedCode>,
    blocks: Vec<Block>,
    /// Up to here the file was understood.
    good: u64,
    /// The writer closed the file.
    finished: bool,
}

impl TraceReader {
    /// Opens a trace. One that was cut off, or is still being written, is good as far as it goes.
    pub fn open(path: &Path) -> Result<TraceReader, TraceError> {
        let failed = |source| TraceError::Read {
            path: path.into(),
            source,
        };
        let mut file = File::open(path).map_err(failed)?;
        let mut head = [0; FILE_HEADER];
        match file.read_exact(&mut head) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                return Err(TraceError::NotATrace { path: path.into() });
            }
            other => other.map_err(failed)?,
        }
        match layout::check_file_header(&head) {
            FileHeader::Good => {}
            FileHeader::NotATrace => return Err(TraceError::NotATrace { path: path.into() }),
            FileHeader::OtherVersion(found) => {
                return Err(TraceError::Version {
                    path: path.into(),
                    found,
                });
            }
        }
        let mut reader = TraceReader {
            path: path.into(),
            file,
            metadata: Metadata::default(),
            codes: Vec::new(),
            blocks: Vec::new(),
            good: FILE_HEADER as u64,
            finished: false,
        };
        if !reader.read_index()? {
            reader.refresh()?;
        }
        Ok(reader)
    }

    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Code objects, by their number in [`Step::code`].
    pub fn codes(&self) -> &[TracedCode] {
        &self.codes
    }

    /// The opcode of a step as it ran. Numbers that no opcode of CPython's has (a VM may have
    /// forms of its own) count as the opcode that the compiler wrote.
    pub fn opcode(&self, step: &Step) -> Option<Opcode> {
        let base = || self.codes.get(step.code as usize)?.base(step.unit);
        Opcode::from_u8(step.opcode).or_else(base)
    }

    /// How many instructions are in it.
    pub fn len(&self) -> u64 {
        self.blocks.last().map_or(0, |block| {
            block.header.first + u64::from(block.header.count)
        })
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the writer closed the file; otherwise it is being written, or was cut off.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// Bytes at the end that are not understood: of a block being written, or damaged.
    pub fn rest(&self) -> u64 {
        let length = self.file.metadata().map_or(self.good, |meta| meta.len());
        if self.finished {
            0
        } else {
            length.saturating_sub(self.good)
        }
    }

    /// Looks for blocks written since. Returns whether there were any.
    pub fn refresh(&mut self) -> Result<bool, TraceError> {
        let before = self.good;
        while !self.finished {
            let Some(header) = self.header_at(self.good)? else {
                break;
            };
            let end = self.good + BLOCK_HEADER as u64 + u64::from(header.stored);
            if end > self.file_length()? || !self.take_block(self.good, header)? {
                break;
            }
            self.good = end;
        }
        Ok(self.good > before)
    }

    /// The steps from `position` on.
    pub fn steps(&self, position: u64) -> Steps<'_> {
        let block = self.blocks.partition_point(|block| {
            block.header.first + u64::from(block.header.count) <= position
        });
        Steps {
            reader: self,
            block,
            decoder: Decoder::default(),
            open: None,
            position,
        }
    }

    fn failed(&self, source: std::io::Error) -> TraceError {
        TraceError::Read {
            path: self.path.clone(),
            source,
        }
    }

    fn damaged(&self, at: u64, reason: &'static str) -> TraceError {
        TraceError::Damaged {
            path: self.path.clone(),
            at,
            reason,
        }
    }

    fn file_length(&self) -> Result<u64, TraceError> {
        Ok(self
            .file
            .metadata()
            .map_err(|source| self.failed(source))?
            .len())
    }

    /// Fills `bytes` from the file at `at`; false where it is too short.
    fn read_at(&self, at: u64, bytes: &mut [u8]) -> Result<bool, TraceError> {
        let mut file = &self.file;
        let read = file
            .seek(SeekFrom::Start(at))
            .and_then(|_| file.read_exact(bytes));
        match read {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn header_at(&self, at: u64) -> Result<Option<BlockHeader>, TraceError> {
        let mut bytes = [0; BLOCK_HEADER];
        let whole = self.read_at(at, &mut bytes)?;
        Ok(if whole {
            BlockHeader::from_bytes(&bytes)
        } else {
            None
        })
    }

    /// Reads, checks and decompresses the payload of the block at `at`.
    fn payload(&self, at: u64, header: &BlockHeader) -> Result<Vec<u8>, TraceError> {
        let mut stored = vec![0; header.stored as usize];
        if !self.read_at(at + BLOCK_HEADER as u64, &mut stored)? {
            return Err(self.damaged(at, "the file ends inside of a block"));
        }
        if crc32fast::hash(&stored) != header.checksum {
            return Err(self.damaged(at, "the checksum of a block does not hold"));
        }
        if !header.compressed {
            return Ok(stored);
        }
        match zstd::bulk::decompress(&stored, header.raw as usize) {
            Ok(raw) if raw.len() == header.raw as usize => Ok(raw),
            _ => Err(self.damaged(at, "a block cannot be decompressed")),
        }
    }

    /// Takes in a block that a walk or the index came to. False stops the walk: the block
    /// does not fit what was before it.
    fn take_block(&mut self, at: u64, header: BlockHeader) -> Result<bool, TraceError> {
        match header.kind {
            Kind::Metadata => {
                let payload = self.payload(at, &header)?;
                self.metadata = serde_json::from_slice(&payload)
                    .map_err(|_| self.damaged(at, "its description is not as it should be"))?;
            }
            Kind::Codes => {
                if header.first != self.codes.len() as u64 {
                    return Ok(false);
                }
                let payload = self.payload(at, &header)?;
                let codes = take_codes(&payload, header.count)
                    .ok_or_else(|| self.damaged(at, "a code object cannot be read"))?;
                self.codes.extend(codes.into_iter().map(|code| TracedCode {
                    shape: Shape::new(&code.code),
                    code,
                    rendered: OnceCell::new(),
                }));
            }
            Kind::Records => {
                if header.first != self.len() {
                    return Ok(false);
                }
                self.blocks.push(Block { at, header });
            }
            Kind::Index => self.finished = true,
        }
        Ok(true)
    }

    /// Takes the blocks from the index of a finished file; false when there is none to trust.
    fn read_index(&mut self) -> Result<bool, TraceError> {
        let length = self.file_length()?;
        let mut bytes = [0; TRAILER];
        let Some(at) = length.checked_sub(TRAILER as u64) else {
            return Ok(false);
        };
        if !self.read_at(at, &mut bytes)? {
            return Ok(false);
        }
        let Some(index_at) = layout::index_offset(&bytes) else {
            return Ok(false);
        };
        let Some(header) = self.header_at(index_at)? else {
            return Ok(false);
        };
        if header.kind != Kind::Index {
            return Ok(false);
        }
        let Ok(payload) = self.payload(index_at, &header) else {
            return Ok(false);
        };
        let Some(blocks) = parse_index(&payload) else {
            return Ok(false);
        };
        for (at, header) in blocks {
            if !self.take_block(at, header)? {
                return Err(self.damaged(index_at, "its index contradicts itself"));
            }
        }
        self.finished = true;
        self.good = length;
        Ok(true)
    }
}

fn parse_index(mut payload: &[u8]) -> Option<Vec<(u64, BlockHeader)>> {
    let count = take_varint(&mut payload)?;
    let mut blocks = Vec::new();
    for _ in 0..count {
        let at = take_varint(&mut payload)?;
        let (header, rest) = payload.split_at_checked(BLOCK_HEADER)?;
        payload = rest;
        blocks.push((at, BlockHeader::from_bytes(header.try_into().ok()?)?));
    }
    payload.is_empty().then_some(blocks)
}

/// The steps of a trace, in order. A damaged block gives one error; what follows it comes after.
pub struct Steps<'r> {
    reader: &'r TraceReader,
    /// The next block to open.
    block: usize,
    decoder: Decoder,
    /// Offset in the file of the block that the decoder is in.
    open: Option<u64>,
    /// Steps before this position are passed over.
    position: u64,
}

impl Steps<'_> {
    fn advance(&mut self) -> Result<Option<Step>, TraceError> {
        loop {
            let Some(at) = self.open else {
                let Some(&Block { at, header }) = self.reader.blocks.get(self.block) else {
                    return Ok(None);
                };
                self.block += 1;
                let payload = self.reader.payload(at, &header)?;
                self.decoder.start(payload, header.first, header.count);
                self.open = Some(at);
                continue;
            };
            let codes = &self.reader.codes;
            match self
                .decoder
                .next(|code| codes.get(code as usize).map(|code| &code.shape))
            {
                Ok(Some(step)) if step.position < self.position => {}
                Ok(Some(step)) => return Ok(Some(step)),
                Ok(None) => self.open = None,
                Err(reason) => {
                    self.open = None;
                    return Err(self.reader.damaged(at, reason));
                }
            }
        }
    }
}

impl Iterator for Steps<'_> {
    type Item = Result<Step, TraceError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}
