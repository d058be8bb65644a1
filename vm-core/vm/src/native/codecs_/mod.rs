//! The module `_codecs`: the codecs and the registry as functions.

use crate::codecs::decode::{self, Width};
use crate::codecs::{self, Codec, Endian, charmap, errors_arg, escape, registry, utf7, with_length};
use crate::convert::{self, Data, module_function as function};
use crate::error::PyResult;
use crate::native::ModuleDef;
use crate::types::bytes;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::value::Value;
use crate::vm::Vm;

fn register(vm: &Vm, a: &[Value]) -> PyResult {
    registry::register(vm, a[0])?;
    Ok(vm.none_ref())
}

fn unregister(vm: &Vm, a: &[Value]) -> PyResult {
    registry::unregister(vm, a[0]);
    Ok(vm.none_ref())
}

fn lookup(vm: &Vm, a: &[Value]) -> PyResult {
    registry::lookup(vm, &convert::name_arg(vm, "lookup", "argument", a[0])?)
}

fn register_error(vm: &Vm, a: &[Value]) -> PyResult {
    let name = convert::name_arg(vm, "register_error", "argument 1", a[0])?;
    registry::register_error(vm, &name, a[1])?;
    Ok(vm.none_ref())
}

fn unregister_error(vm: &Vm, a: &[Value]) -> PyResult {
    let name = convert::name_arg(vm, "_unregister_error", "argument", a[0])?;
    registry::unregister_error(vm, &name).map(|b| vm.bool_ref(b))
}

fn lookup_error(vm: &Vm, a: &[Value]) -> PyResult {
    registry::lookup_error(vm, &convert::name_arg(vm, "lookup_error", "argument", a[0])?)
}

/// `encode` and `decode`: any codec, also such that are not between str and bytes.
fn recode(vm: &Vm, a: &[Value], name: &str, direction: registry::Direction) -> PyResult {
    let encoding = match a[1].non_null() {
        Some(v) => convert::name_arg(vm, name, "argument 'encoding'", v)?,
        None => "utf-8".to_owned(),
    };
    let errors = match a[2].non_null() {
        Some(v) => Some(vm.new_str(&convert::name_arg(vm, name, "argument 'errors'", v)?)),
        None => None,
    };
    let codec = registry::lookup(vm, &encoding)?;
    let coder = codecs::part(vm, &codec, (direction == registry::Direction::Decode) as usize)?;
    let mut args = vec![a[0]];
    args.extend(errors.as_ref().map(|e| e.value()));
    registry::run_with(vm, coder.value(), &args, &encoding, direction)
}

fn encode(vm: &Vm, a: &[Value]) -> PyResult {
    recode(vm, a, "encode", registry::Direction::Encode)
}

fn decode_(vm: &Vm, a: &[Value]) -> PyResult {
    recode(vm, a, "decode", registry::Direction::Decode)
}

/// The data of a decoder's first argument; the escape decoders take a str, too.
fn data<'a>(vm: &Vm, v: Value, str_too: bool) -> PyResult<Data<'a>> {
    match v.cast::<PyStr>().filter(|_| str_too) {
        Some(s) => match s.to_str() {
            Some(_) => Ok(Data::Plain(s.as_bytes())),
            None => Err(codecs::not_utf8(vm, s)),
        },
        None => Ok(Data::Held(convert::buffer(vm, v)?)),
    }
}

fn text<'a>(vm: &Vm, name: &str, v: Value) -> PyResult<&'a PyStr> {
    convert::str_arg(vm, name, "argument 1", v)
}

fn simple_decode(vm: &Vm, a: &[Value], name: &str, codec: Codec) -> PyResult {
    let input = data(vm, a[0], false)?;
    let errors = errors_arg(vm, name, a[1])?;
    let is_final = match a.get(2) {
        Some(f) => convert::bool_or(vm, *f, false)?,
        None => true,
    };
    let (r, used) = decode::decode_str(vm, codec, &input, &errors, is_final)?;
    Ok(with_length(vm, r, used))
}

fn simple_encode(vm: &Vm, a: &[Value], name: &str, codec: Codec) -> PyResult {
    let s = text(vm, name, a[0])?;
    let errors = errors_arg(vm, name, a[1])?;
    let out = codecs::encode_with(vm, codec, s, &errors)?;
    Ok(with_length(vm, bytes::new(vm, &out), s.char_len()))
}

macro_rules! codecs {
    ($($decode:ident, $encode:ident = $codec:expr;)*) => {
        $(
            fn $decode(vm: &Vm, a: &[Value]) -> PyResult {
                simple_decode(vm, a, stringify!($decode), $codec)
            }
            fn $encode(vm: &Vm, a: &[Value]) -> PyResult {
                simple_encode(vm, a, stringify!($encode), $codec)
            }
        )*
    };
}

codecs! {
    utf_8_decode, utf_8_encode = Codec::Utf8;
    ascii_decode, ascii_encode = Codec::Ascii;
    latin_1_decode, latin_1_encode = Codec::Latin1;
    utf_16_le_decode, utf_16_le_encode = Codec::Utf16(Some(Endian::Little));
    utf_16_be_decode, utf_16_be_encode = Codec::Utf16(Some(Endian::Big));
    utf_32_le_decode, utf_32_le_encode = Codec::Utf32(Some(Endian::Little));
    utf_32_be_decode, utf_32_be_encode = Codec::Utf32(Some(Endian::Big));
}

fn utf_16_decode(vm: &Vm, a: &[Value]) -> PyResult {
    simple_decode(vm, a, "utf_16_decode", Codec::Utf16(None))
}

fn utf_32_decode(vm: &Vm, a: &[Value]) -> PyResult {
    simple_decode(vm, a, "utf_32_decode", Codec::Utf32(None))
}

/// The order that a number stands for: negative little, positive big, 0 the machine's.
fn order(vm: &Vm, v: Value) -> PyResult<Option<Endian>> {
    Ok(match v.non_null().map_or(Ok(0), |v| convert::c_int(vm, v))? {
        ..0 => Some(Endian::Little),
        0 => None,
        1.. => Some(Endian::Big),
    })
}

fn utf_16_encode(vm: &Vm, a: &[Value]) -> PyResult {
    let order = order(vm, a[2])?;
    simple_encode(vm, a, "utf_16_encode", Codec::Utf16(order))
}

fn utf_32_encode(vm: &Vm, a: &[Value]) -> PyResult {
    let order = order(vm, a[2])?;
    simple_encode(vm, a, "utf_32_encode", Codec::Utf32(order))
}

fn ex_decode(vm: &Vm, a: &[Value], name: &str, width: Width) -> PyResult {
    let input = data(vm, a[0], false)?;
    let errors = errors_arg(vm, name, a[1])?;
    let order = order(vm, a[2])?;
    let is_final = convert::bool_or(vm, a[3], false)?;
    let (r, used, known) = decode::wide(vm, width, order, &input, &errors, is_final)?;
    let known = match known {
        None => 0,
        Some(Endian::Little) => -1,
        Some(Endian::Big) => 1,
    };
    Ok(PyTuple::from_vec(vm, vec![r, vm.new_int(used as i64), vm.new_int(known)]))
}

fn utf_16_ex_decode(vm: &Vm, a: &[Value]) -> PyResult {
    ex_decode(vm, a, "utf_16_ex_decode", Width::Two)
}

fn utf_32_ex_decode(vm: &Vm, a: &[Value]) -> PyResult {
    ex_decode(vm, a, "utf_32_ex_decode", Width::Four)
}

fn utf_7_decode(vm: &Vm, a: &[Value]) -> PyResult {
    let input = data(vm, a[0], false)?;
    let errors = errors_arg(vm, "utf_7_decode", a[1])?;
    let (r, used) = utf7::decode(vm, &input, &errors, convert::bool_or(vm, a[2], false)?)?;
    Ok(with_length(vm, r, used))
}

fn utf_7_encode(vm: &Vm, a: &[Value]) -> PyResult {
    let s = text(vm, "utf_7_encode", a[0])?;
    errors_arg(vm, "utf_7_encode", a[1])?;
    Ok(with_length(vm, bytes::new(vm, &utf7::encode(s)), s.char_len()))
}

fn unicode_escape_decode(vm: &Vm, a: &[Value]) -> PyResult {
    let input = data(vm, a[0], true)?;
    let errors = errors_arg(vm, "unicode_escape_decode", a[1])?;
    let is_final = convert::bool_or(vm, a[2], true)?;
    let (r, used) = escape::unicode_escape_decode(vm, &input, &errors, is_final)?;
    Ok(with_length(vm, r, used))
}

fn raw_unicode_escape_decode(vm: &Vm, a: &[Value]) -> PyResult {
    let input = data(vm, a[0], true)?;
    let errors = errors_arg(vm, "raw_unicode_escape_decode", a[1])?;
    let is_final = convert::bool_or(vm, a[2], true)?;
    let (r, used) = escape::raw_unicode_escape_decode(vm, &input, &errors, is_final)?;
    Ok(with_length(vm, r, used))
}

fn unicode_escape_encode(vm: &Vm, a: &[Value]) -> PyResult {
    let s = text(vm, "unicode_escape_encode", a[0])?;
    errors_arg(vm, "unicode_escape_encode", a[1])?;
    Ok(with_length(vm, bytes::new(vm, &escape::unicode_escape_encode(s)), s.char_len()))
}

fn raw_unicode_escape_encode(vm: &Vm, a: &[Value]) -> PyResult {
    let s = text(vm, "raw_unicode_escape_encode", a[0])?;
    errors_arg(vm, "raw_unicode_escape_encode", a[1])?;
    Ok(with_length(vm, bytes::new(vm, &escape::raw_unicode_escape_encode(s)), s.char_len()))
}

fn escape_decode(vm: &Vm, a: &[Value]) -> PyResult {
    let input = data(vm, a[0], true)?;
    let errors = errors_arg(vm, "escape_decode", a[1])?;
    let out = escape::escape_decode(vm, &input, &errors)?;
    Ok(with_length(vm, bytes::new(vm, &out), input.len()))
}

fn escape_encode(vm: &Vm, a: &[Value]) -> PyResult {
    let Some(b) = a[0].cast::<bytes::PyBytes>() else {
        return Err(convert::bad_argument(vm, "escape_encode", "argument 1", "bytes", a[0]));
    };
    errors_arg(vm, "escape_encode", a[1])?;
    let out = escape::escape_encode(b.as_slice());
    Ok(with_length(vm, bytes::new(vm, &out), b.as_slice().len()))
}

fn readbuffer_encode(vm: &Vm, a: &[Value]) -> PyResult {
    let input = data(vm, a[0], true)?;
    errors_arg(vm, "readbuffer_encode", a[1])?;
    Ok(with_length(vm, bytes::new(vm, &input), input.len()))
}

/// The mapping argument: none stands for Latin-1.
fn mapping(vm: &Vm, v: Value) -> Option<Value> {
    v.non_null().filter(|v| !v.is(vm.none()))
}

fn charmap_decode(vm: &Vm, a: &[Value]) -> PyResult {
    let input = data(vm, a[0], false)?;
    let errors = errors_arg(vm, "charmap_decode", a[1])?;
    let used = input.len();
    let r = match mapping(vm, a[2]) {
        Some(m) => charmap::decode(vm, &input, &errors, m)?,
        None => decode::latin1(vm, &input),
    };
    Ok(with_length(vm, r, used))
}

fn charmap_encode(vm: &Vm, a: &[Value]) -> PyResult {
    let s = text(vm, "charmap_encode", a[0])?;
    let errors = errors_arg(vm, "charmap_encode", a[1])?;
    let out = match mapping(vm, a[2]) {
        Some(m) => charmap::encode(vm, s, &errors, m)?,
        None => codecs::encode_with(vm, Codec::Latin1, s, &errors)?,
    };
    Ok(with_length(vm, bytes::new(vm, &out), s.char_len()))
}

fn charmap_build(vm: &Vm, a: &[Value]) -> PyResult {
    match a[0].cast::<PyStr>() {
        Some(_) => charmap::build(vm, a[0]),
        None => Err(convert::bad_argument(vm, "charmap_build", "argument", "str", a[0])),
    }
}

const ENCODE: &str = "($module, str, errors=None, /)";
const ORDERED: &str = "($module, str, errors=None, byteorder=0, /)";
const DECODE: &str = "($module, data, errors=None, /)";
const PARTIAL: &str = "($module, data, errors=None, final=False, /)";
const ESCAPED: &str = "($module, data, errors=None, final=True, /)";
const EX: &str = "($module, data, errors=None, byteorder=0, final=False,\n                 /)";

pub static MODULE: ModuleDef = ModuleDef::new(
    "_codecs",
    "",
    &[
        function!("register", "($module, search_function, /)", register, "Adds a function that finds codecs by name."),
        function!("unregister", "($module, search_function, /)", unregister, "Removes a search function and forgets the codecs found."),
        function!("lookup", "($module, encoding, /)", lookup, "The codec of an encoding: a tuple of functions."),
        function!("encode", "($module, /, obj, encoding='utf-8', errors='strict')", encode, "Encodes an object with any codec."),
        function!("decode", "($module, /, obj, encoding='utf-8', errors='strict')", decode_, "Decodes an object with any codec."),
        function!("register_error", "($module, errors, handler, /)", register_error, "Adds an error handler under a name."),
        function!("_unregister_error", "($module, errors, /)", unregister_error, "Removes an error handler; whether there was one."),
        function!("lookup_error", "($module, name, /)", lookup_error, "The error handler of a name."),
        function!("escape_encode", DECODE, escape_encode, ""),
        function!("escape_decode", DECODE, escape_decode, ""),
        function!("utf_8_encode", ENCODE, utf_8_encode, ""),
        function!("utf_8_decode", PARTIAL, utf_8_decode, ""),
        function!("utf_7_encode", ENCODE, utf_7_encode, ""),
        function!("utf_7_decode", PARTIAL, utf_7_decode, ""),
        function!("utf_16_encode", ORDERED, utf_16_encode, ""),
        function!("utf_16_le_encode", ENCODE, utf_16_le_encode, ""),
        function!("utf_16_be_encode", ENCODE, utf_16_be_encode, ""),
        function!("utf_16_decode", PARTIAL, utf_16_decode, ""),
        function!("utf_16_le_decode", PARTIAL, utf_16_le_decode, ""),
        function!("utf_16_be_decode", PARTIAL, utf_16_be_decode, ""),
        function!("utf_16_ex_decode", EX, utf_16_ex_decode, ""),
        function!("utf_32_encode", ORDERED, utf_32_encode, ""),
        function!("utf_32_le_encode", ENCODE, utf_32_le_encode, ""),
        function!("utf_32_be_encode", ENCODE, utf_32_be_encode, ""),
        function!("utf_32_decode", PARTIAL, utf_32_decode, ""),
        function!("utf_32_le_decode", PARTIAL, utf_32_le_decode, ""),
        function!("utf_32_be_decode", PARTIAL, utf_32_be_decode, ""),
        function!("utf_32_ex_decode", EX, utf_32_ex_decode, ""),
        function!("unicode_escape_encode", ENCODE, unicode_escape_encode, ""),
        function!("unicode_escape_decode", ESCAPED, unicode_escape_decode, ""),
        function!("raw_unicode_escape_encode", ENCODE, raw_unicode_escape_encode, ""),
        function!("raw_unicode_escape_decode", ESCAPED, raw_unicode_escape_decode, ""),
        function!("latin_1_encode", ENCODE, latin_1_encode, ""),
        function!("latin_1_decode", DECODE, latin_1_decode, ""),
        function!("ascii_encode", ENCODE, ascii_encode, ""),
        function!("ascii_decode", DECODE, ascii_decode, ""),
        function!("charmap_encode", "($module, str, errors=None, mapping=None, /)", charmap_encode, ""),
        function!("charmap_decode", "($module, data, errors=None, mapping=None, /)", charmap_decode, ""),
        function!("charmap_build", "($module, map, /)", charmap_build, ""),
        function!("readbuffer_encode", DECODE, readbuffer_encode, ""),
    ],
);
