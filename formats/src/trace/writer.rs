//! A trace file being written: code objects and records in, blocks out.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use tailscope_bytecode::code::Code;

use super::codes::put_code;
use super::layout::{self, BlockHeader, Kind, MAX_PAYLOAD, MAX_RECORDS, put_varint};
use super::runs::Encoder;
use super::shape::Shape;
use super::{Metadata, TraceError};

/// A block is written when it holds this many bytes (before compression) ...
const BLOCK_BYTES: usize = 128 << 10;
/// ... or this many records, which bounds what a reader decodes to get at one position.
const BLOCK_RECORDS: u32 = 1 << 20;
const _: () = assert!(BLOCK_RECORDS <= MAX_RECORDS);
/// Records are mostly runs that repeat; a higher level gains little and costs the recording.
const COMPRESSION_LEVEL: i32 = 1;

/// A trace file being written. What was not finished with [`TraceWriter::finish`] is a good
/// trace up to the last flushed block.
pub struct TraceWriter {
    path: PathBuf,
    file: File,
    /// Bytes written so far.
    at: u64,
    encoder: Encoder,
    /// Code objects that no block holds yet.
    codes: Vec<u8>,
    codes_pending: u32,
    /// Position of the first record of the open block.
    first: u64,
    index: Vec<(Kind, u64, BlockHeader)>,
    payload: Vec<u8>,
    block: Vec<u8>,
}

impl TraceWriter {
    /// Makes (or empties) the file and writes its header and metadata.
    pub fn create(path: &Path, metadata: &Metadata) -> Result<TraceWriter, TraceError> {
        let failed = |source| TraceError::Write {
            path: path.into(),
            source,
        };
        let mut file = File::create(path).map_err(failed)?;
        file.write_all(&layout::file_header()).map_err(failed)?;
        let mut writer = TraceWriter {
            path: path.into(),
            file,
            at: layout::FILE_HEADER as u64,
            encoder: Encoder::new(),
            codes: Vec::new(),
            codes_pending: 0,
            first: 0,
            index: Vec::new(),
            payload: Vec::new(),
            block: Vec::new(),
        };
        let json = serde_json::to_vec(metadata).map_err(|error| failed(error.into()))?;
        writer.write_block(Kind::Metadata, &json, 0, 0)?;
        Ok(writer)
    }

    /// Adds a code object and returns its number. The code units are taken as the compiler
    /// wrote them: unspecialized.
    pub fn add_code(&mut self, code: &Code) -> Result<u32, TraceError> {
        let before = self.codes.len();
        put_code(&mut self.codes, code).map_err(|error| TraceError::Write {
            path: self.path.clone(),
            source: std::io::Error::other(error),
        })?;
        let id = self.encoder.add(Shape::new(&code.code));
        if self.codes.len() > MAX_PAYLOAD && self.codes_pending > 0 {
            // The new one does not fit beside the others: these go out first.
            let last = self.codes.split_off(before);
            self.flush_codes()?;
            self.codes = last;
        }
        self.codes_pending += 1;
        if self.codes.len() >= BLOCK_BYTES {
            self.flush_codes()?;
        }
        Ok(id)
    }

    /// How many code units code object `code` has; 0 if there is none of this number.
    pub fn units(&self, code: u32) -> u32 {
        self.encoder.units(code)
    }

    /// Adds an executed instruction. Returns whether it was possible: one outside of any
    /// known code object is left out.
    #[inline]
    pub fn push(
        &mut self,
        thread: u32,
        code: u32,
        unit: u32,
        opcode: u8,
    ) -> Result<bool, TraceError> {
        if unit >= self.encoder.units(code) {
            return Ok(false);
        }
        self.encoder.push(thread, code, unit, opcode);
        self.flush_if_full()?;
        Ok(true)
    }

    /// See [`Encoder::push_words`].
    pub(super) fn push_words(&mut self, base: u64, words: &[u64]) -> Result<usize, TraceError> {
        let taken = self.encoder.push_words(base, words);
        self.flush_if_full()?;
        Ok(taken)
    }

    #[inline]
    fn flush_if_full(&mut self) -> Result<(), TraceError> {
        if self.encoder.records() >= BLOCK_RECORDS || self.encoder.len() >= BLOCK_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Records so far.
    pub fn records(&self) -> u64 {
        self.first + u64::from(self.encoder.records())
    }

    /// Code objects so far.
    pub fn codes(&self) -> u32 {
        self.encoder.codes()
    }

    /// Bytes in the file so far.
    pub fn bytes(&self) -> u64 {
        self.at
    }

    /// Writes what is pending, so that a reader sees it.
    pub fn flush(&mut self) -> Result<(), TraceError> {
        self.flush_codes()?;
        let mut payload = std::mem::take(&mut self.payload);
        let count = self.encoder.finish(&mut payload);
        let first = self.first;
        self.first += u64::from(count);
        let written = if count > 0 {
            self.write_block(Kind::Records, &payload, first, count)
        } else {
            Ok(())
        };
        self.payload = payload;
        written
    }

    fn flush_codes(&mut self) -> Result<(), TraceError> {
        if self.codes_pending == 0 {
            return Ok(());
        }
        let codes = std::mem::take(&mut self.codes);
        let count = std::mem::take(&mut self.codes_pending);
        let known: u64 = self
            .index
            .iter()
            .map(|(kind, _, header)| match kind {
                Kind::Codes => u64::from(header.count),
                _ => 0,
            })
            .sum();
        self.write_block(Kind::Codes, &codes, known, count)
    }

    fn write_block(
        &mut self,
        kind: Kind,
        raw: &[u8],
        first: u64,
        count: u32,
    ) -> Result<(), TraceError> {
        let failed = |source| TraceError::Write {
            path: self.path.clone(),
            source,
        };
        if raw.len() > MAX_PAYLOAD {
            let reason = "a code object is larger than a trace can hold";
            return Err(failed(std::io::Error::other(reason)));
        }
        let packed = zstd::bulk::compress(raw, COMPRESSION_LEVEL).map_err(failed)?;
        let compressed = packed.len() < raw.len();
        let stored = if compressed { &packed[..] } else { raw };
        let header = BlockHeader {
            kind,
            compressed,
            stored: stored.len() as u32,
            raw: raw.len() as u32,
            first,
            count,
            checksum: crc32fast::hash(stored),
        };
        self.block.clear();
        self.block.extend_from_slice(&header.to_bytes());
        self.block.extend_from_slice(stored);
        // One call, so that a killed writer leaves a short block at worst, not a wrong one.
        self.file.write_all(&self.block).map_err(failed)?;
        self.index.push((kind, self.at, header));
        self.at += self.block.len() as u64;
        Ok(())
    }

    /// Writes what is pending, the index and the trailer.
    pub fn finish(mut self) -> Result<(), TraceError> {
        self.flush()?;
        let mut raw = Vec::new();
        put_varint(&mut raw, self.index.len() as u64);
        for (_, at, header) in &self.index {
            put_varint(&mut raw, *at);
            raw.extend_from_slice(&header.to_bytes());
        }
        let at = self.at;
        self.write_block(Kind::Index, &raw, 0, 0)?;
        let failed = |source| TraceError::Write {
            path: self.path.clone(),
            source,
        };
        self.file.write_all(&layout::trailer(at)).map_err(failed)?;
        self.file.flush().map_err(failed)
    }
}
