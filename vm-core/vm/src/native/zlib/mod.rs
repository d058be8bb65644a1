//! The module `zlib`.

use miniz_oxide::MZFlush;

use crate::convert::{self, module_function as function};
use crate::error::{PyResult, Raised};
use crate::native::binascii::low_bits;
use crate::native::{self, ModuleDef};
use crate::protocol::buffer::Buffer;
use crate::protocol::number;
use crate::shape;
use crate::types::bytes;
use crate::types::exceptions::hierarchy;
use crate::types::type_::TypeDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

mod objects;
mod stream;

pub use objects::{COMPRESS, DECOMPRESS, DECOMPRESSOR};
use stream::{Container, Deflater, Inflater, Settings};

pub static ERROR: TypeDef = hierarchy::simple("zlib.error", "");

const MAX_WBITS: i32 = 15;
const DEFLATED: i32 = 8;
const DEFAULT_LEVEL: i32 = -1;

/// `Error -3 while decompressing data: incorrect header check`.
#[cold]
fn error(vm: &Vm, code: i32, doing: &str, words: &str) -> Raised {
    let rest = if words.is_empty() { String::new() } else { format!(": {words}") };
    vm.error(shape::ZLIB_ERROR, format!("Error {code} {doing}{rest}"))
}

/// The bytes of an argument.
fn data(vm: &Vm, v: Value) -> PyResult<Vec<u8>> {
    Ok(Buffer::new(vm, v)?.to_vec())
}

/// How to compress; `None` for what zlib does not accept.
fn settings(level: i32, wbits: i32, strategy: i32) -> Option<Settings> {
    let level = match level {
        -1 => 6,
        0..=9 => level as u8,
        _ => return None,
    };
    let container = Container::to_write(wbits)?;
    let window_bits = match wbits.unsigned_abs() {
        n if n > 15 => n - 16,
        n => n,
    };
    Some(Settings { level, container, window_bits: window_bits as u8, strategy })
}

fn compress(vm: &Vm, a: &[Value]) -> PyResult {
    let input = data(vm, a[0])?;
    let level = a[1].non_null().map_or(Ok(DEFAULT_LEVEL), |v| convert::c_int(vm, v))?;
    let wbits = a[2].non_null().map_or(Ok(MAX_WBITS), |v| convert::c_int(vm, v))?;
    let Some(s) = settings(level, wbits, 0) else {
        return Err(vm.error(shape::ZLIB_ERROR, "Bad compression level"));
    };
    Ok(bytes::new(vm, &Deflater::new(s, &[]).write(&input, MZFlush::Finish)))
}

fn decompress(vm: &Vm, a: &[Value]) -> PyResult {
    let input = data(vm, a[0])?;
    let wbits = a[1].non_null().map_or(Ok(MAX_WBITS), |v| convert::c_int(vm, v))?;
    a[2].non_null().map_or(Ok(0), |v| number::size_i64(vm, v))?;
    let Some(container) = Container::to_read(wbits) else {
        return Err(error(vm, -2, "while preparing to decompress data", "inconsistent stream state"));
    };
    let mut inflater = Inflater::new(container, wbits, &[]);
    let mut out = Vec::new();
    if let Err(e) = inflater.read(&input, usize::MAX, &mut out) {
        let words = if e.0 > 0 { "" } else { e.1 };
        return Err(error(vm, e.0, "while decompressing data", words));
    }
    if !inflater.at_end() {
        return Err(error(vm, -5, "while decompressing data", "incomplete or truncated stream"));
    }
    Ok(bytes::new(vm, &out))
}

fn adler32(vm: &Vm, a: &[Value]) -> PyResult {
    let input = data(vm, a[0])?;
    Ok(Ref::small_int(stream::adler32(low_bits(vm, a[1], 1)?, &input).into()))
}

fn crc32(vm: &Vm, a: &[Value]) -> PyResult {
    let input = data(vm, a[0])?;
    Ok(Ref::small_int(stream::crc32(low_bits(vm, a[1], 0)?, &input).into()))
}

const CONSTANTS: &[(&str, i64)] = &[
    ("DEFLATED", DEFLATED as i64),
    ("DEF_BUF_SIZE", 16384),
    ("DEF_MEM_LEVEL", 8),
    ("MAX_WBITS", MAX_WBITS as i64),
    ("Z_BEST_COMPRESSION", 9),
    ("Z_BEST_SPEED", 1),
    ("Z_BLOCK", 5),
    ("Z_DEFAULT_COMPRESSION", -1),
    ("Z_DEFAULT_STRATEGY", 0),
    ("Z_FILTERED", 1),
    ("Z_FINISH", 4),
    ("Z_FIXED", 4),
    ("Z_FULL_FLUSH", 3),
    ("Z_HUFFMAN_ONLY", 2),
    ("Z_NO_COMPRESSION", 0),
    ("Z_NO_FLUSH", 0),
    ("Z_PARTIAL_FLUSH", 1),
    ("Z_RLE", 3),
    ("Z_SYNC_FLUSH", 2),
    ("Z_TREES", 6),
];

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    native::add(vm, m, "error", vm.builtin(shape::ZLIB_ERROR).value())?;
    native::add(vm, m, "_ZlibDecompressor", vm.builtin(shape::ZLIB_DECOMPRESSOR).value())?;
    // The version of zlib whose formats and functions these are.
    for name in ["ZLIB_VERSION", "ZLIB_RUNTIME_VERSION"] {
        native::add(vm, m, name, vm.new_str("1.3.1").value())?;
    }
    native::add(vm, m, "__version__", vm.new_str("1.0").value())?;
    CONSTANTS.iter().try_for_each(|(name, n)| native::add(vm, m, name, Value::small_int(*n)))
}

pub static MODULE: ModuleDef = ModuleDef {
    name: "zlib",
    doc: "The functions in this module allow compression and decompression using the\nzlib library, which is based on GNU zip.\n\nadler32(string[, start]) -- Compute an Adler-32 checksum.\ncompress(data[, level]) -- Compress data, with compression level 0-9 or -1.\ncompressobj([level[, ...]]) -- Return a compressor object.\ncrc32(string[, start]) -- Compute a CRC-32 checksum.\ndecompress(string,[wbits],[bufsize]) -- Decompresses a compressed string.\ndecompressobj([wbits[, zdict]]) -- Return a decompressor object.\n\n'wbits' is window buffer size and container format.\nCompressor objects support compress() and flush() methods; decompressor\nobjects support decompress() and flush().",
    functions: &[
        function!("adler32", "($module, data, value=1, /)", adler32, "Compute an Adler-32 checksum of data.\n\n  value\n    Starting value of the checksum.\n\nThe returned checksum is an integer."),
        function!("compress", "($module, data, /, level=Z_DEFAULT_COMPRESSION, wbits=MAX_WBITS)", compress, "Returns a bytes object containing compressed data.\n\n  data\n    Binary data to be compressed.\n  level\n    Compression level, in 0-9 or -1.\n  wbits\n    The window buffer size and container format."),
        function!("compressobj", "($module, /, level=Z_DEFAULT_COMPRESSION, method=DEFLATED,\n            wbits=MAX_WBITS, memLevel=DEF_MEM_LEVEL,\n            strategy=Z_DEFAULT_STRATEGY, zdict=<unrepresentable>)", objects::compressobj, "Return a compressor object."),
        function!("crc32", "($module, data, value=0, /)", crc32, "Compute a CRC-32 checksum of data.\n\n  value\n    Starting value of the checksum.\n\nThe returned checksum is an integer."),
        function!("decompress", "($module, data, /, wbits=MAX_WBITS, bufsize=DEF_BUF_SIZE)", decompress, "Returns a bytes object containing the uncompressed data.\n\n  data\n    Compressed data.\n  wbits\n    The window buffer size and container format.\n  bufsize\n    The initial output buffer size."),
        function!("decompressobj", "($module, /, wbits=MAX_WBITS, zdict=b'')", objects::decompressobj, "Return a decompressor object.\n\n  wbits\n    The window buffer size and container format.\n  zdict\n    The predefined compression dictionary.  This must be the same\n    dictionary as used by the compressor that produced the input data."),
    ],
    init,
};
