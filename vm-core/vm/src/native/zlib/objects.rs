//! Objects that compress and decompress piece by piece.

use std::cell::{Cell, RefCell};

use miniz_oxide::MZFlush;

use super::stream::{Container, Deflater, Inflater, StreamError};
use super::{data, error, settings};
use crate::convert;
use crate::error::PyResult;
use crate::native::zlib::{DEFAULT_LEVEL, DEFLATED, MAX_WBITS};
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::protocol::number;
use crate::types::bytes;
use crate::types::iterators::payload;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A compressor.
#[repr(C)]
pub struct PyCompress {
    header: Header,
    stream: RefCell<Deflater>,
}
payload!(PyCompress, ZLIB_COMPRESS);

/// The bytes of a dictionary argument; none for NULL and None.
fn dictionary(vm: &Vm, v: Value) -> PyResult<Vec<u8>> {
    match v.non_null().filter(|v| !v.is(vm.none())) {
        None => Ok(Vec::new()),
        Some(v) => data(vm, v).map_err(|_| vm.type_error("zdict argument must support the buffer protocol")),
    }
}

pub fn compressobj(vm: &Vm, a: &[Value]) -> PyResult {
    let number = |i: usize, default: i32| a[i].non_null().map_or(Ok(default), |v| convert::c_int(vm, v));
    let (level, method, wbits) = (number(0, DEFAULT_LEVEL)?, number(1, DEFLATED)?, number(2, MAX_WBITS)?);
    let (memory, strategy) = (number(3, 8)?, number(4, 0)?);
    let zdict = dictionary(vm, a[5])?;
    let fits = method == DEFLATED && (1..=9).contains(&memory) && (0..=4).contains(&strategy);
    let Some(s) = settings(level, wbits, strategy).filter(|_| fits) else {
        return Err(vm.value_error("Invalid initialization option"));
    };
    if !zdict.is_empty() && s.container == Container::Gzip {
        return Err(vm.value_error("Invalid dictionary"));
    }
    Ok(object::new(PyCompress { header: object::header(), stream: RefCell::new(Deflater::new(s, &zdict)) }))
}

fn compress(vm: &Vm, a: &[Value]) -> PyResult {
    let input = data(vm, a[1])?;
    let mut stream = PyCompress::of(a[0]).stream.borrow_mut();
    if stream.finished {
        return Err(error(vm, -2, "while compressing data", "inconsistent stream state"));
    }
    Ok(bytes::new(vm, &stream.write(&input, MZFlush::None)))
}

fn flush(vm: &Vm, a: &[Value]) -> PyResult {
    let how = match a[1].non_null().map_or(Ok(4), |v| convert::c_int(vm, v))? {
        0 => return Ok(vm.empty_bytes().to_ref()),
        1 => MZFlush::Partial,
        3 => MZFlush::Full,
        4 => MZFlush::Finish,
        2 | 5 => MZFlush::Sync,
        _ => return Err(error(vm, -2, "while flushing", "inconsistent stream state")),
    };
    let mut stream = PyCompress::of(a[0]).stream.borrow_mut();
    if stream.finished {
        return Err(error(vm, -2, "while flushing", "inconsistent stream state"));
    }
    Ok(bytes::new(vm, &stream.write(&[], how)))
}

fn copy_compress(vm: &Vm, a: &[Value]) -> PyResult {
    let stream = PyCompress::of(a[0]).stream.borrow();
    if stream.finished {
        return Err(vm.value_error("Inconsistent stream state"));
    }
    Ok(object::new(PyCompress { header: object::header(), stream: RefCell::new(stream.clone()) }))
}

const COPY: &str = "($self, /)";
const DEEPCOPY: &str = "($self, memo, /)";

pub static COMPRESS: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    methods: &[
        MethodDef::new("compress", "($self, data, /)", compress, "Returns a bytes object containing compressed data.\n\n  data\n    Binary data to be compressed.\n\nAfter calling this function, some of the input data may still\nbe stored in internal buffers for later processing.\nCall the flush() method to clear these buffers."),
        MethodDef::new("flush", "($self, mode=zlib.Z_FINISH, /)", flush, "Return a bytes object containing any remaining compressed data.\n\n  mode\n    One of the constants Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_FINISH.\n    If mode == Z_FINISH, the compressor object can no longer be\n    used after calling the flush() method.  Otherwise, more data\n    can still be compressed."),
        MethodDef::new("copy", COPY, copy_compress, "Return a copy of the compression object."),
        MethodDef::new("__copy__", COPY, copy_compress, ""),
        MethodDef::new("__deepcopy__", DEEPCOPY, copy_compress, ""),
    ],
    ..TypeDef::of::<PyCompress>("zlib.Compress")
};

/// A decompressor.
#[repr(C)]
pub struct PyDecompress {
    header: Header,
    stream: RefCell<Inflater>,
    /// Bytes behind the end of the stream.
    unused: OwnedCell,
    /// Bytes that a limit kept from being used.
    tail: OwnedCell,
    /// The end was reached and all was given out.
    over: Cell<bool>,
}
payload!(PyDecompress, ZLIB_DECOMPRESS);

pub fn decompressobj(vm: &Vm, a: &[Value]) -> PyResult {
    let wbits = a[0].non_null().map_or(Ok(MAX_WBITS), |v| convert::c_int(vm, v))?;
    let zdict = dictionary(vm, a[1])?;
    let Some(container) = Container::to_read(wbits) else {
        return Err(vm.value_error("Invalid initialization option"));
    };
    Ok(new_decompress(vm, Inflater::new(container, wbits, &zdict), None))
}

fn new_decompress(vm: &Vm, stream: Inflater, like: Option<&PyDecompress>) -> Ref {
    let kept = |cell: fn(&PyDecompress) -> &OwnedCell| {
        OwnedCell::new(like.map_or(vm.empty_bytes(), |d| cell(d).get()).to_ref())
    };
    object::new(PyDecompress {
        header: object::header(),
        stream: RefCell::new(stream),
        unused: kept(|d| &d.unused),
        tail: kept(|d| &d.tail),
        over: Cell::new(false),
    })
}

/// The exception of a stream that is not as it should be.
fn broken(vm: &Vm, e: StreamError) -> crate::error::Raised {
    let words = match e.1 {
        "need dictionary" => "",
        "" => "invalid input data",
        words => words,
    };
    error(vm, e.0, "while decompressing data", words)
}

/// Runs a decompressor and keeps what it leaves of its input.
fn run(vm: &Vm, d: &PyDecompress, input: &[u8], most: usize) -> PyResult {
    let mut out = Vec::new();
    let used = {
        let mut stream = d.stream.borrow_mut();
        stream.read(input, most, &mut out).map_err(|e| broken(vm, e))?
    };
    let rest = &input[used..];
    if d.stream.borrow().at_end() {
        if !rest.is_empty() {
            let mut all = bytes::data_of(d.unused.get()).unwrap_or_default().to_vec();
            all.extend_from_slice(rest);
            d.unused.set(bytes::new(vm, &all));
        }
        d.tail.set(vm.empty_bytes().to_ref());
    } else {
        d.tail.set(bytes::new(vm, rest));
    }
    Ok(bytes::new(vm, &out))
}

fn decompress(vm: &Vm, a: &[Value]) -> PyResult {
    let input = data(vm, a[1])?;
    let most = a[2].non_null().map_or(Ok(0), |v| number::size_i64(vm, v))?;
    let Ok(most) = usize::try_from(most) else { return Err(vm.value_error("max_length must be non-negative")) };
    run(vm, PyDecompress::of(a[0]), &input, if most == 0 { usize::MAX } else { most })
}

fn flush_decompress(vm: &Vm, a: &[Value]) -> PyResult {
    let length = a[1].non_null().map_or(Ok(1), |v| number::size_i64(vm, v))?;
    if length <= 0 {
        return Err(vm.value_error("length must be greater than zero"));
    }
    let d = PyDecompress::of(a[0]);
    let input = bytes::data_of(d.tail.get()).unwrap_or_default().to_vec();
    let rest = run(vm, d, &input, usize::MAX)?;
    d.over.set(d.stream.borrow().at_end());
    Ok(rest)
}

fn copy_decompress(vm: &Vm, a: &[Value]) -> PyResult {
    let d = PyDecompress::of(a[0]);
    if d.over.get() {
        return Err(vm.value_error("Inconsistent stream state"));
    }
    let stream = d.stream.borrow().clone();
    Ok(new_decompress(vm, stream, Some(d)))
}

pub static DECOMPRESS: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    methods: &[
        MethodDef::new("decompress", "($self, data, /, max_length=0)", decompress, "Return a bytes object containing the decompressed version of the data.\n\n  data\n    The binary data to decompress.\n  max_length\n    The maximum allowable length of the decompressed data.\n    Unconsumed input data will be stored in\n    the unconsumed_tail attribute.\n\nAfter calling this function, some of the input data may still be stored in\ninternal buffers for later processing.\nCall the flush() method to clear these buffers."),
        MethodDef::new("flush", "($self, length=zlib.DEF_BUF_SIZE, /)", flush_decompress, "Return a bytes object containing any remaining decompressed data.\n\n  length\n    the initial size of the output buffer."),
        MethodDef::new("copy", COPY, copy_decompress, "Return a copy of the decompression object."),
        MethodDef::new("__copy__", COPY, copy_decompress, ""),
        MethodDef::new("__deepcopy__", DEEPCOPY, copy_decompress, ""),
    ],
    getset: &[
        GetSetDef::member("unused_data", |_, v| Ok(PyDecompress::of(v).unused.get().to_ref()), ""),
        GetSetDef::member("unconsumed_tail", |_, v| Ok(PyDecompress::of(v).tail.get().to_ref()), ""),
        GetSetDef::member("eof", |vm, v| Ok(vm.bool_ref(PyDecompress::of(v).stream.borrow().at_end())), ""),
    ],
    ..TypeDef::of::<PyDecompress>("zlib.Decompress")
};

/// A decompressor that keeps the input which a limit leaves over.
#[repr(C)]
pub struct PyDecompressor {
    header: Header,
    stream: RefCell<Inflater>,
    kept: RefCell<Vec<u8>>,
    needs_input: Cell<bool>,
}
payload!(PyDecompressor, ZLIB_DECOMPRESSOR);

fn new_decompressor(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    let wbits = a[0].non_null().map_or(Ok(MAX_WBITS), |v| convert::c_int(vm, v))?;
    let zdict = dictionary(vm, a[1])?;
    let Some(container) = Container::to_read(wbits) else {
        return Err(vm.value_error("Invalid initialization option"));
    };
    Ok(object::new_instance(
        ty,
        PyDecompressor {
            header: object::header(),
            stream: RefCell::new(Inflater::new(container, wbits, &zdict)),
            kept: RefCell::default(),
            needs_input: Cell::new(true),
        },
    ))
}

fn decompress_kept(vm: &Vm, a: &[Value]) -> PyResult {
    let d = PyDecompressor::of(a[0]);
    let input = data(vm, a[1])?;
    let most = a[2].non_null().map_or(Ok(-1), |v| number::size_i64(vm, v))?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut stream = d.stream.borrow_mut();
    if stream.at_end() {
        return Err(vm.eof_error("End of stream already reached"));
    }
    let mut kept = d.kept.borrow_mut();
    kept.extend_from_slice(&input);
    let mut out = Vec::new();
    let used = stream.read(&kept, most, &mut out).map_err(|e| broken(vm, e))?;
    kept.drain(..used);
    d.needs_input.set(!stream.at_end() && kept.is_empty() && out.len() < most);
    Ok(bytes::new(vm, &out))
}

fn unused_data(vm: &Vm, v: Value) -> PyResult {
    let d = PyDecompressor::of(v);
    if !d.stream.borrow().at_end() {
        return Ok(vm.empty_bytes().to_ref());
    }
    Ok(bytes::new(vm, &d.kept.borrow()))
}

fn no_pickle(vm: &Vm, _: &[Value]) -> PyResult {
    Err(vm.type_error("cannot pickle 'zlib._ZlibDecompressor' object"))
}

pub static DECOMPRESSOR: TypeDef = TypeDef {
    doc: "Create a decompressor object for decompressing data incrementally.\n\n  wbits = 15\n  zdict\n     The predefined compression dictionary. This is a sequence of bytes\n     (such as a bytes object) containing subsequences that are expected\n     to occur frequently in the data that is to be compressed. Those\n     subsequences that are expected to be most common should come at the\n     end of the dictionary. This must be the same dictionary as used by the\n     compressor that produced the input data.",
    flags: 0,
    new: New::Bound("(wbits=15, zdict=b'')", new_decompressor),
    methods: &[MethodDef::new("__reduce__", "($self, /)", no_pickle, ""), MethodDef::new("decompress", "($self, /, data, max_length=-1)", decompress_kept, "Decompress *data*, returning uncompressed data as bytes.\n\nIf *max_length* is nonnegative, returns at most *max_length* bytes of\ndecompressed data. If this limit is reached and further output can be\nproduced, *self.needs_input* will be set to ``False``. In this case, the\nnext call to *decompress()* may provide *data* as b'' to obtain more of\nthe output.\n\nIf all of the input data was decompressed and returned (either because this\nwas less than *max_length* bytes, or because *max_length* was negative),\n*self.needs_input* will be set to True.\n\nAttempting to decompress data after the end of stream is reached raises an\nEOFError.  Any data found after the end of the stream is ignored and saved in\nthe unused_data attribute.")],
    getset: &[
        GetSetDef::member("eof", |vm, v| Ok(vm.bool_ref(PyDecompressor::of(v).stream.borrow().at_end())), "True if the end-of-stream marker has been reached."),
        GetSetDef::member("unused_data", unused_data, "Data found after the end of the compressed stream."),
        GetSetDef::member("needs_input", |vm, v| Ok(vm.bool_ref(PyDecompressor::of(v).needs_input.get())), "True if more input is needed before more decompressed data can be produced."),
    ],
    ..TypeDef::of::<PyDecompressor>("zlib._ZlibDecompressor")
};

