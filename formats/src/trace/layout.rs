//! The bytes of a trace file: header, block headers, index and trailer.
//!
//! All numbers are little-endian. A file is its header, then blocks. Each block carries its
//! length, a checksum of its header and one of its payload, so that a reader knows how far
//! a growing or broken-off file is good. A finished file ends with an index block and a
//! trailer that says where it starts; without these a walk over the block headers gives the same.

/// The version that is written and read.
pub const VERSION: u16 = 1;
/// As in PNG, the bytes show a transfer in text mode, or one that drops the high bit.
pub const MAGIC: [u8; 8] = *b"\x89TST\r\n\x1a\n";
/// Magic, version, two bytes of zeros, checksum of these.
pub const FILE_HEADER: usize = 16;
pub const BLOCK_MAGIC: [u8; 4] = *b"TSBK";
pub const BLOCK_HEADER: usize = 36;
/// Offset of the index block, `TSTREND\n`.
pub const TRAILER: usize = 16;
pub const TRAILER_MAGIC: [u8; 8] = *b"TSTREND\n";
/// No writer makes a block whose payload is larger, compressed or not; it bounds what a
/// damaged file can make a reader allocate.
pub const MAX_PAYLOAD: usize = 64 << 20;
/// No writer puts more records into a block.
pub const MAX_RECORDS: u32 = 1 << 24;

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// JSON, see `Metadata`.
    Metadata = 1,
    /// Code objects, see `codes`.
    Codes = 2,
    /// Executed instructions, see `runs`.
    Records = 3,
    /// Where the other blocks lie.
    Index = 4,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Kind> {
        [Kind::Metadata, Kind::Codes, Kind::Records, Kind::Index]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// A block's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockHeader {
    pub kind: Kind,
    /// Whether the payload is one zstd frame.
    pub compressed: bool,
    /// Bytes of the payload as stored.
    pub stored: u32,
    /// Bytes of the payload once decompressed.
    pub raw: u32,
    /// Of records: position of the first; of codes: number of the first; else 0.
    pub first: u64,
    /// How many records or codes.
    pub count: u32,
    /// CRC-32 of the payload as stored.
    pub checksum: u32,
}

/// The first bytes of a file.
pub fn file_header() -> [u8; FILE_HEADER] {
    let mut bytes = [0; FILE_HEADER];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
    let checksum = crc32fast::hash(&bytes[..12]);
    bytes[12..].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// What the first bytes of a file say.
#[derive(Debug, PartialEq, Eq)]
pub enum FileHeader {
    Good,
    OtherVersion(u16),
    NotATrace,
}

/// Checks a file's first bytes.
pub fn check_file_header(bytes: &[u8; FILE_HEADER]) -> FileHeader {
    let sum_holds = crc32fast::hash(&bytes[..12]) == u32_at(bytes, 12);
    if bytes[..8] != MAGIC || !sum_holds {
        return FileHeader::NotATrace;
    }
    match u16::from_le_bytes([bytes[8], bytes[9]]) {
        VERSION => FileHeader::Good,
        other => FileHeader::OtherVersion(other),
    }
}

impl BlockHeader {
    pub fn to_bytes(self) -> [u8; BLOCK_HEADER] {
        let mut bytes = [0; BLOCK_HEADER];
        bytes[..4].copy_from_slice(&BLOCK_MAGIC);
        bytes[4] = self.kind as u8;
        bytes[5] = u8::from(self.compressed);
        bytes[8..12].copy_from_slice(&self.stored.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.raw.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.first.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.count.to_le_bytes());
        bytes[28..32].copy_from_slice(&self.checksum.to_le_bytes());
        let checksum = crc32fast::hash(&bytes[..32]);
        bytes[32..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// The header in `bytes`, unless they are none, or one that no writer makes.
    pub fn from_bytes(bytes: &[u8; BLOCK_HEADER]) -> Option<BlockHeader> {
        if bytes[..4] != BLOCK_MAGIC || crc32fast::hash(&bytes[..32]) != u32_at(bytes, 32) {
            return None;
        }
        let header = BlockHeader {
            kind: Kind::from_byte(bytes[4])?,
            compressed: match bytes[5] {
                0 => false,
                1 => true,
                _ => return None,
            },
            stored: u32_at(bytes, 8),
            raw: u32_at(bytes, 12),
            first: u64::from(u32_at(bytes, 16)) | u64::from(u32_at(bytes, 20)) << 32,
            count: u32_at(bytes, 24),
            checksum: u32_at(bytes, 28),
        };
        let possible = header.stored as usize <= MAX_PAYLOAD
            && header.raw as usize <= MAX_PAYLOAD
            && header.count <= MAX_RECORDS
            && header.first.checked_add(u64::from(header.count)).is_some();
        possible.then_some(header)
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut value = [0; 4];
    if let Some(part) = bytes.get(at..at + 4) {
        value.copy_from_slice(part);
    }
    u32::from_le_bytes(value)
}

/// The last bytes of a finished file.
pub fn trailer(index_at: u64) -> [u8; TRAILER] {
    let mut bytes = [0; TRAILER];
    bytes[..8].copy_from_slice(&index_at.to_le_bytes());
    bytes[8..].copy_from_slice(&TRAILER_MAGIC);
    bytes
}

/// Where the index starts, if these are the last bytes of a finished file.
pub fn index_offset(bytes: &[u8; TRAILER]) -> Option<u64> {
    let (offset, magic) = bytes.split_at(8);
    (magic == TRAILER_MAGIC).then_some(())?;
    Some(u64::from_le_bytes(offset.try_into().ok()?))
}

/// Appends an unsigned number, 7 bits a byte, the low ones first (LEB128).
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Takes an unsigned number from the front of `bytes`.
pub fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let part = u64::from(byte & 0x7f);
        if part << shift >> shift != part {
            return None;
        }
        value |= part << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A signed number as an unsigned one that is small when it is near zero.
pub fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

/// The inverse of [`zigzag`].
pub fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_read_back_and_any_flipped_bit_is_seen() {
        let header = BlockHeader {
            kind: Kind::Records,
            compressed: true,
            stored: 100,
            raw: 1000,
            first: 1 << 40,
            count: 7,
            checksum: 0xdead_beef,
        };
        let bytes = header.to_bytes();
        assert_eq!(BlockHeader::from_bytes(&bytes), Some(header));
        for bit in 0..BLOCK_HEADER * 8 {
            let mut bad = bytes;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(BlockHeader::from_bytes(&bad), None, "bit {bit}");
        }
        let mut bytes = file_header();
        assert_eq!(check_file_header(&bytes), FileHeader::Good);
        bytes[8] = 2;
        assert_eq!(
            check_file_header(&bytes),
            FileHeader::NotATrace,
            "the checksum is off"
        );
        let sum = crc32fast::hash(&bytes[..12]);
        bytes[12..].copy_from_slice(&sum.to_le_bytes());
        assert_eq!(check_file_header(&bytes), FileHeader::OtherVersion(2));
    }

    #[test]
    fn varints_round_trip_and_refuse_what_is_too_long_or_cut() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, value);
            assert_eq!(take_varint(&mut &bytes[..]), Some(value));
            assert_eq!(take_varint(&mut &bytes[..bytes.len() - 1]), None);
        }
        assert_eq!(take_varint(&mut &[0xff; 10][..]), None);
        assert_eq!(take_varint(&mut &[0x80; 20][..]), None);
        for value in [0, 1, -1, 63, -64, i64::MAX, i64::MIN] {
            assert_eq!(unzigzag(zigzag(value)), value);
        }
    }
}
