//! Compressed streams: deflate's data raw, or in the containers of zlib and gzip.

use miniz_oxide::deflate::core::{CompressionStrategy, CompressorOxide};
use miniz_oxide::deflate::stream::deflate;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress_with_limit};
use miniz_oxide::{DataFormat, MZFlush};

/// What goes around deflate's data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Container {
    Raw,
    Zlib,
    Gzip,
    /// Zlib or gzip, as the data begins.
    Auto,
}

impl Container {
    /// The container that a `wbits` argument means for compression.
    pub fn to_write(wbits: i32) -> Option<Container> {
        match wbits {
            9..=15 => Some(Container::Zlib),
            -15..=-9 => Some(Container::Raw),
            25..=31 => Some(Container::Gzip),
            _ => None,
        }
    }

    /// The container that a `wbits` argument means for decompression.
    pub fn to_read(wbits: i32) -> Option<Container> {
        match wbits {
            0 | 8..=15 => Some(Container::Zlib),
            -15..=-8 => Some(Container::Raw),
            16 | 24..=31 => Some(Container::Gzip),
            32 | 40..=47 => Some(Container::Auto),
            _ => None,
        }
    }
}

/// What an unfit stream is told by: zlib's code and words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StreamError(pub i32, pub &'static str);

const DATA_ERROR: i32 = -3;
const NEED_DICTIONARY: StreamError = StreamError(2, "need dictionary");

/// The checksum of RFC 1950.
pub fn adler32(start: u32, data: &[u8]) -> u32 {
    const BASE: u32 = 65521;
    /// So many bytes do not overflow the sums.
    const RUN: usize = 5552;
    let (mut a, mut b) = (start & 0xffff, start >> 16);
    for part in data.chunks(RUN) {
        for byte in part {
            a += u32::from(*byte);
            b += a;
        }
        a %= BASE;
        b %= BASE;
    }
    b << 16 | a
}

pub fn crc32(start: u32, data: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(start);
    hasher.update(data);
    hasher.finalize()
}

/// Compresses.
#[derive(Clone)]
pub struct Deflater {
    raw: Box<CompressorOxide>,
    container: Container,
    /// What stands before the data, until it was written.
    header: Vec<u8>,
    check: u32,
    len: u32,
    pub finished: bool,
}

/// How to compress, checked.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// 0 to 9.
    pub level: u8,
    pub container: Container,
    pub window_bits: u8,
    pub strategy: i32,
}

fn strategy_of(n: i32) -> CompressionStrategy {
    match n {
        1 => CompressionStrategy::Filtered,
        2 => CompressionStrategy::HuffmanOnly,
        3 => CompressionStrategy::RLE,
        4 => CompressionStrategy::Fixed,
        _ => CompressionStrategy::Default,
    }
}

impl Settings {
    fn header(&self, dictionary: &[u8]) -> Vec<u8> {
        match self.container {
            Container::Raw | Container::Auto => Vec::new(),
            Container::Zlib => {
                let effort = match self.level {
                    _ if self.strategy >= 2 => 0,
                    0 | 1 => 0,
                    2..=5 => 1,
                    6 => 2,
                    _ => 3,
                };
                let method = 8 | u16::from(self.window_bits - 8) << 4;
                let flags = effort << 6 | u16::from(!dictionary.is_empty()) << 5;
                let head = method << 8 | flags;
                let mut bytes = (head + 31 - head % 31).to_be_bytes().to_vec();
                if !dictionary.is_empty() {
                    bytes.extend(adler32(1, dictionary).to_be_bytes());
                }
                bytes
            }
            Container::Gzip => {
                let effort = match self.level {
                    9 => 2,
                    _ if self.strategy >= 2 => 4,
                    0 | 1 => 4,
                    _ => 0,
                };
                // No name, no time; written on Unix.
                vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, effort, 3]
            }
        }
    }
}

impl Deflater {
    pub fn new(settings: Settings, dictionary: &[u8]) -> Deflater {
        let strategy = strategy_of(settings.strategy);
        let window = settings.window_bits;
        let raw = CompressorOxide::with_params(DataFormat::Raw, settings.level, strategy, window);
        let mut d = Deflater {
            raw: Box::new(raw),
            container: settings.container,
            header: settings.header(dictionary),
            check: if settings.container == Container::Zlib { 1 } else { 0 },
            len: 0,
            finished: false,
        };
        if !dictionary.is_empty() {
            // Data that was compressed before is what later data refers to. What it compresses to
            // ends on a whole byte, and is not part of the stream.
            d.run(dictionary, MZFlush::Sync, &mut Vec::new());
        }
        d
    }

    fn run(&mut self, mut data: &[u8], flush: MZFlush, out: &mut Vec<u8>) {
        let mut buffer = [0u8; 16384];
        loop {
            let r = deflate(&mut self.raw, data, &mut buffer, flush);
            out.extend_from_slice(&buffer[..r.bytes_written]);
            data = &data[r.bytes_consumed..];
            // Nothing is left to do once there was room left.
            if r.bytes_written < buffer.len() && data.is_empty() || r.status.is_err() {
                return;
            }
        }
    }

    /// Compresses data; what comes out so far.
    pub fn write(&mut self, data: &[u8], flush: MZFlush) -> Vec<u8> {
        let mut out = std::mem::take(&mut self.header);
        match self.container {
            Container::Gzip => self.check = crc32(self.check, data),
            Container::Zlib => self.check = adler32(self.check, data),
            _ => {}
        }
        self.len = self.len.wrapping_add(data.len() as u32);
        self.run(data, flush, &mut out);
        if flush == MZFlush::Finish {
            self.finished = true;
            match self.container {
                Container::Gzip => {
                    out.extend(self.check.to_le_bytes());
                    out.extend(self.len.to_le_bytes());
                }
                Container::Zlib => out.extend(self.check.to_be_bytes()),
                _ => {}
            }
        }
        out
    }
}

/// Where a decompressor is in its stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Header,
    Data,
    Trailer,
    End,
}

/// Bytes that deflate's data may refer back to.
const WINDOW: usize = 32768;

/// Decompresses.
#[derive(Clone)]
pub struct Inflater {
    raw: Box<DecompressorOxide>,
    window: Box<[u8]>,
    at: usize,
    container: Container,
    stage: Stage,
    /// Bytes of a header or trailer that is not complete yet.
    pending: Vec<u8>,
    dictionary: Vec<u8>,
    window_bits: u32,
    check: u32,
    len: u32,
}

/// How far a header reaches; `None` where it is not complete.
fn gzip_header_len(h: &[u8]) -> Result<Option<usize>, StreamError> {
    let wrong = |words| Err(StreamError(DATA_ERROR, words));
    if h.len() > 1 && h[..2] != [0x1f, 0x8b] {
        return wrong("incorrect header check");
    }
    if h.len() > 3 && h[2] != 8 {
        return wrong("unknown compression method");
    }
    if h.len() > 3 && h[3] & 0xe0 != 0 {
        return wrong("unknown header flags set");
    }
    if h.len() < 10 {
        return Ok(None);
    }
    let (flags, mut at) = (h[3], 10);
    if flags & 4 != 0 {
        let Some(len) = h.get(at..at + 2) else { return Ok(None) };
        at += 2 + usize::from(u16::from_le_bytes([len[0], len[1]]));
    }
    // Name and comment, which end with a null byte.
    for bit in [8, 16] {
        if flags & bit != 0 {
            let rest = h.get(at..).unwrap_or_default();
            let Some(n) = rest.iter().position(|b| *b == 0) else { return Ok(None) };
            at += n + 1;
        }
    }
    if flags & 2 != 0 {
        let Some(sum) = h.get(at..at + 2) else { return Ok(None) };
        if crc32(0, &h[..at]) as u16 != u16::from_le_bytes([sum[0], sum[1]]) {
            return wrong("header crc mismatch");
        }
        at += 2;
    }
    Ok((at <= h.len()).then_some(at))
}

impl Inflater {
    pub fn new(container: Container, wbits: i32, dictionary: &[u8]) -> Inflater {
        let mut i = Inflater {
            raw: Box::default(),
            window: vec![0; WINDOW].into_boxed_slice(),
            at: 0,
            container,
            stage: if container == Container::Raw { Stage::Data } else { Stage::Header },
            pending: Vec::new(),
            dictionary: dictionary.to_vec(),
            window_bits: match wbits.unsigned_abs() & 15 {
                0 => 15,
                n => n,
            },
            check: 0,
            len: 0,
        };
        if container == Container::Raw {
            i.use_dictionary();
        }
        i
    }

    pub fn at_end(&self) -> bool {
        self.stage == Stage::End
    }

    fn use_dictionary(&mut self) {
        let d = &self.dictionary[self.dictionary.len().saturating_sub(WINDOW)..];
        self.window[..d.len()].copy_from_slice(d);
        self.at = d.len() % WINDOW;
    }

    /// Takes as much of the data as makes up to `most` bytes; how much that was.
    pub fn read(&mut self, data: &[u8], most: usize, out: &mut Vec<u8>) -> Result<usize, StreamError> {
        let mut used = 0;
        loop {
            let rest = &data[used..];
            match self.stage {
                Stage::Header => match self.header(rest)? {
                    Some(n) => used += n,
                    None => return Ok(data.len()),
                },
                Stage::Data => {
                    let (n, goes_on) = self.inflate(rest, most, out)?;
                    used += n;
                    if !goes_on {
                        return Ok(used);
                    }
                }
                Stage::Trailer => match self.trailer(rest)? {
                    Some(n) => used += n,
                    None => return Ok(data.len()),
                },
                Stage::End => return Ok(used),
            }
        }
    }

    /// Reads a header; how many bytes of the data it took, or `None` if it took all and needs more.
    fn header(&mut self, data: &[u8]) -> Result<Option<usize>, StreamError> {
        let before = self.pending.len();
        self.pending.extend_from_slice(data);
        let Some(&first) = self.pending.first() else { return Ok(None) };
        if self.container == Container::Auto {
            let second = self.pending.get(1);
            if first == 0x1f && second.is_none() {
                return Ok(None);
            }
            self.container = if first == 0x1f && second == Some(&0x8b) { Container::Gzip } else { Container::Zlib };
        }
        let len = match self.container {
            Container::Gzip => gzip_header_len(&self.pending)?,
            _ => self.zlib_header_len()?,
        };
        let Some(len) = len else { return Ok(None) };
        self.check = if self.container == Container::Zlib { 1 } else { 0 };
        self.pending.clear();
        self.stage = Stage::Data;
        Ok(Some(len - before.min(len)))
    }

    fn zlib_header_len(&mut self) -> Result<Option<usize>, StreamError> {
        let h = &self.pending;
        if h.len() < 2 {
            return Ok(None);
        }
        let wrong = |words| Err(StreamError(DATA_ERROR, words));
        if !u16::from_be_bytes([h[0], h[1]]).is_multiple_of(31) {
            return wrong("incorrect header check");
        }
        if h[0] & 15 != 8 {
            return wrong("unknown compression method");
        }
        if u32::from(h[0] >> 4) + 8 > self.window_bits {
            return wrong("invalid window size");
        }
        if h[1] & 0x20 == 0 {
            return Ok(Some(2));
        }
        if h.len() < 6 {
            return Ok(None);
        }
        if self.dictionary.is_empty() {
            return Err(NEED_DICTIONARY);
        }
        if adler32(1, &self.dictionary).to_be_bytes() != h[2..6] {
            return wrong("");
        }
        self.use_dictionary();
        Ok(Some(6))
    }

    /// Runs the decompressor; how much of the data it took, and whether to go on.
    fn inflate(&mut self, data: &[u8], most: usize, out: &mut Vec<u8>) -> Result<(usize, bool), StreamError> {
        let mut used = 0;
        loop {
            let room = most.saturating_sub(out.len());
            let (status, read, written) = decompress_with_limit(
                &mut self.raw,
                &data[used..],
                &mut self.window,
                self.at,
                room,
                TINFL_FLAG_HAS_MORE_INPUT,
            );
            used += read;
            let made = &self.window[self.at..self.at + written];
            match self.container {
                Container::Gzip => self.check = crc32(self.check, made),
                Container::Zlib => self.check = adler32(self.check, made),
                _ => {}
            }
            self.len = self.len.wrapping_add(written as u32);
            out.extend_from_slice(made);
            self.at = (self.at + written) % WINDOW;
            match status {
                TINFLStatus::Done => {
                    self.stage = if self.container == Container::Raw { Stage::End } else { Stage::Trailer };
                    return Ok((used, true));
                }
                TINFLStatus::NeedsMoreInput => return Ok((used, false)),
                TINFLStatus::HasMoreOutput if out.len() >= most => return Ok((used, false)),
                TINFLStatus::HasMoreOutput => {}
                _ => return Err(StreamError(DATA_ERROR, "invalid block type")),
            }
        }
    }

    /// Reads what stands behind the data and compares it; as [`Inflater::header`].
    fn trailer(&mut self, data: &[u8]) -> Result<Option<usize>, StreamError> {
        let wanted = if self.container == Container::Gzip { 8 } else { 4 };
        let n = (wanted - self.pending.len()).min(data.len());
        self.pending.extend_from_slice(&data[..n]);
        if self.pending.len() < wanted {
            return Ok(None);
        }
        let sum = if self.container == Container::Gzip { self.check.to_le_bytes() } else { self.check.to_be_bytes() };
        if self.pending[..4] != sum {
            return Err(StreamError(DATA_ERROR, "incorrect data check"));
        }
        if wanted == 8 && self.pending[4..] != self.len.to_le_bytes() {
            return Err(StreamError(DATA_ERROR, "incorrect length check"));
        }
        self.pending.clear();
        self.stage = Stage::End;
        Ok(Some(n))
    }
}
