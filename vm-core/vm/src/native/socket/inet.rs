//! Addresses and numbers in network byte order.

use std::ffi::CString;

use super::c;
use crate::convert;
use crate::error::PyResult;
use crate::protocol::number;
use crate::shape;
use crate::types::bytes;
use crate::types::int;
use crate::types::str_::PyStr;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A str argument that goes to C.
fn text(vm: &Vm, function: &str, what: &str, v: Value) -> PyResult<CString> {
    let s = convert::name_arg(vm, function, what, v)?;
    CString::new(s).map_err(|_| vm.value_error("embedded null character"))
}

pub fn inet_aton(vm: &Vm, a: &[Value]) -> PyResult {
    let t = text(vm, "inet_aton", "argument", a[0])?;
    let mut address = libc::in_addr { s_addr: 0 };
    // SAFETY: a C string, and room for an address.
    if unsafe { c::inet_aton(t.as_ptr(), &mut address) } == 0 {
        return Err(vm.error(shape::OS_ERROR, "illegal IP address string passed to inet_aton"));
    }
    Ok(bytes::new(vm, &address.s_addr.to_ne_bytes()))
}

pub fn inet_ntoa(vm: &Vm, a: &[Value]) -> PyResult {
    let packed = convert::buffer(vm, a[0])?;
    match <[u8; 4]>::try_from(&*packed) {
        Ok(p) => Ok(vm.new_str(&std::net::Ipv4Addr::from(p).to_string())),
        Err(_) => Err(vm.error(shape::OS_ERROR, "packed IP wrong length for inet_ntoa")),
    }
}

/// Bytes of an address of a family.
fn address_len(family: i32) -> Option<usize> {
    match family {
        libc::AF_INET => Some(4),
        libc::AF_INET6 => Some(16),
        _ => None,
    }
}

pub fn inet_pton(vm: &Vm, a: &[Value]) -> PyResult {
    let family = convert::c_int(vm, a[0])?;
    let t = text(vm, "inet_pton", "argument 2", a[1])?;
    let mut packed = [0u8; 16];
    // SAFETY: a C string, and room for an address of any family that the function knows.
    match unsafe { c::inet_pton(family, t.as_ptr(), packed.as_mut_ptr().cast()) } {
        1 => Ok(bytes::new(vm, &packed[..address_len(family).unwrap_or(16)])),
        0 => Err(vm.error(shape::OS_ERROR, "illegal IP address string passed to inet_pton")),
        _ => Err(crate::import::os_error(vm, &std::io::Error::last_os_error(), None)),
    }
}

pub fn inet_ntop(vm: &Vm, a: &[Value]) -> PyResult {
    let family = convert::c_int(vm, a[0])?;
    let packed = convert::buffer(vm, a[1])?;
    let Some(len) = address_len(family) else {
        return Err(vm.value_error(format!("unknown address family {family}")));
    };
    if packed.len() != len {
        return Err(vm.value_error("invalid length of packed IP address string"));
    }
    Ok(vm.new_str(&presentation(family, &packed)))
}

/// The text of a packed address of a known family.
pub fn presentation(family: i32, packed: &[u8]) -> String {
    let mut buffer = [0u8; 64];
    // SAFETY: an address of the family's length, and room for any address's text.
    let p = unsafe { c::inet_ntop(family, packed.as_ptr().cast(), buffer.as_mut_ptr().cast(), buffer.len() as u32) };
    let end = buffer.iter().position(|b| *b == 0).unwrap_or(0);
    if p.is_null() { String::new() } else { String::from_utf8_lossy(&buffer[..end]).into_owned() }
}

/// Reads an address's text; `None` where it is none of the family.
pub fn parse(family: i32, text: &str) -> Option<Vec<u8>> {
    let c_text = CString::new(text).ok()?;
    let mut packed = [0u8; 16];
    // SAFETY: as in `inet_pton`.
    let r = unsafe { c::inet_pton(family, c_text.as_ptr(), packed.as_mut_ptr().cast()) };
    (r == 1).then(|| packed[..address_len(family).unwrap_or(0)].to_vec())
}

/// An unsigned int of so many bits, as `htons` and its like take it.
fn unsigned(vm: &Vm, v: Value, bits: u32) -> PyResult<u64> {
    let i = number::index(vm, v)?;
    if int::value_of(i.value()).is_some_and(|i| i.is_negative()) {
        return Err(vm.value_error("Cannot convert negative int"));
    }
    match int::to_i64(i.value()) {
        Some(n) if n < 1 << bits => Ok(n as u64),
        _ => Err(vm.overflow_error(format!("Python int too large for C uint{bits}_t"))),
    }
}

fn short(vm: &Vm, v: Value) -> PyResult<u16> {
    unsigned(vm, v, 16).map(|n| n as u16)
}

fn long(vm: &Vm, v: Value) -> PyResult<u32> {
    unsigned(vm, v, 32).map(|n| n as u32)
}

pub fn htons(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(Ref::small_int(short(vm, a[0])?.to_be().into()))
}

pub fn ntohs(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(Ref::small_int(u16::from_be(short(vm, a[0])?).into()))
}

pub fn htonl(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(Ref::small_int(long(vm, a[0])?.to_be().into()))
}

pub fn ntohl(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(Ref::small_int(u32::from_be(long(vm, a[0])?).into()))
}

/// A host name as the resolver takes it: a str is encoded with IDNA.
pub fn host_name(vm: &Vm, v: Value) -> PyResult<CString> {
    let encoded;
    let raw: &[u8] = match v.cast::<PyStr>() {
        Some(s) if s.is_ascii() => s.as_bytes(),
        Some(s) => {
            encoded = crate::codecs::encode(vm, s, "idna", "strict")?;
            bytes::data_of(encoded.value()).unwrap_or_default()
        }
        None => match bytes::data_of(v) {
            Some(b) => b,
            None => {
                let ty = vm.type_of(v).full_name();
                return Err(vm.type_error(format!("str, bytes or bytearray expected, not {ty}")));
            }
        },
    };
    CString::new(raw).map_err(|_| vm.type_error("host name must not contain null character"))
}

/// The same for an argument of a function of the resolver, which messages name.
pub fn host_argument(vm: &Vm, function: &str, v: Value) -> PyResult<CString> {
    if v.cast::<PyStr>().is_none() && bytes::data_of(v).is_none() {
        return Err(convert::bad_argument(vm, function, "argument 1", "str, bytes or bytearray", v));
    }
    host_name(vm, v)
}
