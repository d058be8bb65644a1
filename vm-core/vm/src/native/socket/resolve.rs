//! Names and addresses: the resolver and the databases of hosts, services and protocols.

use std::ffi::{CStr, CString};
use std::ptr;

use super::address::{self, Address};
use super::{c, inet};
use crate::convert;
use crate::error::{PyResult, Raised};
use crate::import::os_error;
use crate::native::posix::path;
use crate::shape;
use crate::types::bytes::{self, PyBytes};
use crate::types::int;
use crate::types::list::PyList;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Most addresses that a host has, for the entries of the host database.
const ENTRY_SIZE: usize = 16384;

#[cold]
fn gai_error(vm: &Vm, code: i32) -> Raised {
    if code == libc::EAI_SYSTEM {
        return os_error(vm, &std::io::Error::last_os_error(), None);
    }
    // SAFETY: the function gives a C string for any code.
    let text = unsafe { CStr::from_ptr(libc::gai_strerror(code)) }.to_string_lossy();
    vm.error_args(shape::SOCKET_GAIERROR, &[Value::small_int(code.into()), vm.new_str(&text).value()])
}

#[cold]
fn host_error(vm: &Vm, code: i32) -> Raised {
    // SAFETY: the function gives a C string for any code.
    let text = unsafe { CStr::from_ptr(libc::hstrerror(code)) }.to_string_lossy();
    vm.error_args(shape::SOCKET_HERROR, &[Value::small_int(code.into()), vm.new_str(&text).value()])
}

/// An address that was found.
struct Found {
    family: i32,
    kind: i32,
    protocol: i32,
    canonical: Option<CString>,
    address: Address,
}

/// What to look for.
#[derive(Clone, Copy, Default)]
struct Hints {
    family: i32,
    kind: i32,
    protocol: i32,
    flags: i32,
}

fn look_up(vm: &Vm, host: Option<&CStr>, service: Option<&CStr>, hints: Hints) -> PyResult<Vec<Found>> {
    // SAFETY: a structure of numbers and pointers, for which zero is right.
    let mut wanted: libc::addrinfo = unsafe { std::mem::zeroed() };
    wanted.ai_family = hints.family;
    wanted.ai_socktype = hints.kind;
    wanted.ai_protocol = hints.protocol;
    wanted.ai_flags = hints.flags;
    let pointer = |s: Option<&CStr>| s.map_or(ptr::null(), CStr::as_ptr);
    let mut list = ptr::null_mut();
    // SAFETY: C strings or null, valid hints, room for the result.
    let code = unsafe { libc::getaddrinfo(pointer(host), pointer(service), &wanted, &mut list) };
    if code != 0 {
        return Err(gai_error(vm, code));
    }
    let mut all = Vec::new();
    let mut entry = list;
    // SAFETY: the list that the system made, which is freed once, after it was read.
    unsafe {
        while let Some(e) = entry.as_ref() {
            all.push(Found {
                family: e.ai_family,
                kind: e.ai_socktype,
                protocol: e.ai_protocol,
                canonical: (!e.ai_canonname.is_null()).then(|| CStr::from_ptr(e.ai_canonname).to_owned()),
                address: Address::copy(e.ai_addr, e.ai_addrlen),
            });
            entry = e.ai_next;
        }
        libc::freeaddrinfo(list);
    }
    Ok(all)
}

/// The address of a host, with port 0. An empty name stands for any address of this machine.
pub fn host_address(vm: &Vm, host: &CStr, family: i32) -> PyResult<Address> {
    let text = host.to_str().unwrap_or_default();
    if text.is_empty() {
        let hints = Hints { family, kind: libc::SOCK_DGRAM, flags: libc::AI_PASSIVE, ..Hints::default() };
        let found = look_up(vm, None, Some(c"0"), hints)?;
        return match &found[..] {
            [one] => Ok(one.address),
            [] => Err(gai_error(vm, libc::EAI_NONAME)),
            _ => Err(vm.error(shape::OS_ERROR, "wildcard resolved to multiple address")),
        };
    }
    if text == "<broadcast>" || text == "255.255.255.255" {
        if family != libc::AF_INET && family != libc::AF_UNSPEC {
            return Err(vm.error(shape::OS_ERROR, "address family mismatched"));
        }
        return Ok(address::ipv4([255; 4], 0));
    }
    // Addresses in digits need no resolver.
    if family != libc::AF_INET6
        && let Some(Ok(a)) = inet::parse(libc::AF_INET, text).map(<[u8; 4]>::try_from)
    {
        return Ok(address::ipv4(a, 0));
    }
    if family != libc::AF_INET
        && let Some(Ok(a)) = inet::parse(libc::AF_INET6, text).map(<[u8; 16]>::try_from)
    {
        return Ok(address::ipv6(a, 0, 0, 0));
    }
    let found = look_up(vm, Some(host), None, Hints { family, ..Hints::default() })?;
    match found.first() {
        Some(f) => Ok(f.address),
        None => Err(gai_error(vm, libc::EAI_NONAME)),
    }
}

fn number(vm: &Vm, v: Value) -> PyResult<i32> {
    v.non_null().map_or(Ok(0), |v| convert::c_int(vm, v))
}

/// The host of `getaddrinfo`.
fn host_argument(vm: &Vm, v: Value) -> PyResult<Option<CString>> {
    if v.is(vm.none()) {
        return Ok(None);
    }
    if let Some(b) = v.cast::<PyBytes>() {
        return CString::new(b.as_slice()).map(Some).map_err(|_| vm.value_error("embedded null byte"));
    }
    let Some(s) = v.cast::<PyStr>() else {
        return Err(vm.type_error("getaddrinfo() argument 1 must be string or None"));
    };
    // What IDNA leaves as it is need not be looked at by the codec.
    let plain = s.is_ascii() && s.as_bytes().split(|b| *b == b'.').all(|label| (1..64).contains(&label.len()));
    let encoded = if plain { bytes::new(vm, s.as_bytes()) } else { crate::codecs::encode(vm, s, "idna", "strict")? };
    match CString::new(bytes::data_of(encoded.value()).unwrap_or_default()) {
        Ok(c) => Ok(Some(c)),
        Err(_) => Err(vm.value_error("embedded null character")),
    }
}

/// The port of `getaddrinfo`, a number or a service's name.
fn service_argument(vm: &Vm, v: Value) -> PyResult<Option<CString>> {
    let raw = if v.is(vm.none()) {
        return Ok(None);
    } else if int::value_of(v).is_some() {
        // Numbers that are too large for a port are the resolver's to refuse.
        match int::to_i64(v) {
            Some(n) => n.to_string().into_bytes(),
            None => return Err(vm.overflow_error("Python int too large to convert to C long")),
        }
    } else if let Some(s) = v.cast::<PyStr>() {
        match s.to_str() {
            Some(t) => t.as_bytes().to_vec(),
            None => return Err(crate::codecs::not_utf8(vm, s)),
        }
    } else if let Some(b) = v.cast::<PyBytes>() {
        b.as_slice().to_vec()
    } else {
        return Err(vm.error(shape::OS_ERROR, "Int or String expected"));
    };
    CString::new(raw).map(Some).map_err(|_| vm.value_error("embedded null character"))
}

pub fn getaddrinfo(vm: &Vm, a: &[Value]) -> PyResult {
    let hints = Hints { family: number(vm, a[2])?, kind: number(vm, a[3])?, protocol: number(vm, a[4])?, flags: number(vm, a[5])? };
    let (host, service) = (host_argument(vm, a[0])?, service_argument(vm, a[1])?);
    let found = look_up(vm, host.as_deref(), service.as_deref(), hints)?;
    let item = |f: &Found| {
        let canonical = f.canonical.as_deref().unwrap_or(c"").to_string_lossy();
        let numbers = [f.family, f.kind, f.protocol].map(|n| Ref::small_int(n.into()));
        let mut items = Vec::from(numbers);
        items.extend([vm.new_str(&canonical), f.address.to_python(vm)]);
        PyTuple::from_vec(vm, items)
    };
    Ok(PyList::new(vm, found.iter().map(item).collect()))
}

pub fn getnameinfo(vm: &Vm, a: &[Value]) -> PyResult {
    let (host, port, flow, scope) = address::name_info_parts(vm, a[0])?;
    let flags = convert::c_int(vm, a[1])?;
    let Ok(host) = CString::new(host) else { return Err(vm.value_error("embedded null character")) };
    let Ok(service) = CString::new(port.to_string()) else { return Err(vm.value_error("embedded null character")) };
    let hints = Hints { kind: libc::SOCK_DGRAM, flags: libc::AI_NUMERICHOST, ..Hints::default() };
    let found = look_up(vm, Some(&host), Some(&service), hints)?;
    let [one] = &found[..] else {
        return Err(vm.error(shape::OS_ERROR, "sockaddr resolved to multiple addresses"));
    };
    let mut address = one.address;
    let pair = a[0].cast::<PyTuple>().is_some_and(|t| t.len() == 2);
    if one.family == libc::AF_INET && !pair {
        return Err(vm.error(shape::OS_ERROR, "IPv4 sockaddr must be 2 tuple"));
    }
    if one.family == libc::AF_INET6 {
        address.set_flow_and_scope(flow, scope);
    }
    let (mut host, mut service) = ([0u8; 1025], [0u8; 32]);
    // SAFETY: a valid address, and room for both names.
    let code = unsafe {
        c::getnameinfo(
            address.pointer(),
            address.len,
            host.as_mut_ptr().cast(),
            host.len() as u32,
            service.as_mut_ptr().cast(),
            service.len() as u32,
            flags,
        )
    };
    if code != 0 {
        return Err(gai_error(vm, code));
    }
    Ok(PyTuple::pair(until_null(vm, &host), until_null(vm, &service)))
}

/// The text before a null byte.
fn until_null(vm: &Vm, b: &[u8]) -> Ref {
    path::from_bytes(vm, b.split(|b| *b == 0).next().unwrap_or_default())
}

pub fn gethostbyname(vm: &Vm, a: &[Value]) -> PyResult {
    let host = inet::host_argument(vm, "gethostbyname", a[0])?;
    let found = host_address(vm, &host, libc::AF_INET)?.to_python(vm);
    match found.cast::<PyTuple>().and_then(|t| t.get(0)) {
        Some(host) => Ok(host.to_ref()),
        None => Ok(found),
    }
}

/// `(name, aliases, addresses)` of an entry of the host database.
///
/// # Safety
/// `entry` is valid as the system fills it in.
unsafe fn host_entry(vm: &Vm, entry: &libc::hostent) -> Ref {
    let mut aliases = Vec::new();
    let mut addresses = Vec::new();
    // SAFETY: promised by the caller: lists of pointers that end with null.
    unsafe {
        let mut p = entry.h_aliases;
        while !p.is_null() && !(*p).is_null() {
            aliases.push(path::from_bytes(vm, CStr::from_ptr(*p).to_bytes()));
            p = p.add(1);
        }
        let mut p = entry.h_addr_list;
        while !p.is_null() && !(*p).is_null() {
            let packed = std::slice::from_raw_parts((*p).cast::<u8>(), entry.h_length as usize);
            addresses.push(vm.new_str(&inet::presentation(entry.h_addrtype, packed)));
            p = p.add(1);
        }
        let name = path::from_bytes(vm, CStr::from_ptr(entry.h_name).to_bytes());
        PyTuple::from_vec(vm, vec![name, PyList::new(vm, aliases), PyList::new(vm, addresses)])
    }
}

/// Runs a function that looks an entry up, with memory to write into.
fn entry_by(
    vm: &Vm,
    find: impl FnOnce(*mut libc::hostent, &mut [u8], *mut *mut libc::hostent, *mut i32),
) -> PyResult {
    // SAFETY: a structure of numbers and pointers, for which zero is right.
    let mut entry: libc::hostent = unsafe { std::mem::zeroed() };
    let mut buffer = vec![0u8; ENTRY_SIZE];
    let (mut result, mut code) = (ptr::null_mut(), 0);
    find(&mut entry, &mut buffer, &mut result, &mut code);
    if result.is_null() {
        return Err(host_error(vm, code));
    }
    // SAFETY: the system filled the entry in; it points into the buffer, which is still there.
    Ok(unsafe { host_entry(vm, &entry) })
}

pub fn gethostbyname_ex(vm: &Vm, a: &[Value]) -> PyResult {
    let host = inet::host_argument(vm, "gethostbyname_ex", a[0])?;
    host_address(vm, &host, libc::AF_INET)?;
    entry_by(vm, |entry, buffer, result, code| {
        // SAFETY: a C string, and room for the entry.
        unsafe {
            c::gethostbyname_r(host.as_ptr(), entry, buffer.as_mut_ptr().cast(), buffer.len(), result, code);
        }
    })
}

pub fn gethostbyaddr(vm: &Vm, a: &[Value]) -> PyResult {
    let host = inet::host_argument(vm, "gethostbyaddr", a[0])?;
    let (family, packed) = host_address(vm, &host, libc::AF_UNSPEC)?.packed();
    entry_by(vm, |entry, buffer, result, code| {
        // SAFETY: an address of the family's length, and room for the entry.
        unsafe {
            let (at, len) = (packed.as_ptr().cast(), packed.len() as u32);
            c::gethostbyaddr_r(at, len, family, entry, buffer.as_mut_ptr().cast(), buffer.len(), result, code);
        }
    })
}

fn c_text(vm: &Vm, function: &str, what: &str, v: Value) -> PyResult<CString> {
    let s = convert::name_arg(vm, function, what, v)?;
    CString::new(s).map_err(|_| vm.value_error("embedded null character"))
}

fn protocol_argument(vm: &Vm, function: &str, v: Value) -> PyResult<Option<CString>> {
    v.non_null().map(|v| c_text(vm, function, "argument 2", v)).transpose()
}

pub fn getservbyname(vm: &Vm, a: &[Value]) -> PyResult {
    let name = c_text(vm, "getservbyname", "argument 1", a[0])?;
    let protocol = protocol_argument(vm, "getservbyname", a[1])?;
    // SAFETY: C strings or null; the entry is read before anybody can ask again.
    let entry = unsafe { libc::getservbyname(name.as_ptr(), protocol.as_deref().map_or(ptr::null(), CStr::as_ptr)).as_ref() };
    match entry {
        Some(e) => Ok(Ref::small_int(u16::from_be(e.s_port as u16).into())),
        None => Err(vm.error(shape::OS_ERROR, "service/proto not found")),
    }
}

pub fn getservbyport(vm: &Vm, a: &[Value]) -> PyResult {
    let Ok(port) = u16::try_from(convert::c_int(vm, a[0])?) else {
        return Err(vm.overflow_error("getservbyport: port must be 0-65535."));
    };
    let protocol = protocol_argument(vm, "getservbyport", a[1])?;
    // SAFETY: a C string or null; the entry is read before anybody can ask again.
    let name = unsafe {
        let entry = libc::getservbyport(port.to_be().into(), protocol.as_deref().map_or(ptr::null(), CStr::as_ptr));
        entry.as_ref().map(|e| CStr::from_ptr(e.s_name).to_bytes())
    };
    match name {
        Some(n) => Ok(path::from_bytes(vm, n)),
        None => Err(vm.error(shape::OS_ERROR, "port/proto not found")),
    }
}

pub fn getprotobyname(vm: &Vm, a: &[Value]) -> PyResult {
    let name = c_text(vm, "getprotobyname", "argument 1", a[0])?;
    // SAFETY: a C string; the entry is read before anybody can ask again.
    match unsafe { libc::getprotobyname(name.as_ptr()).as_ref() } {
        Some(e) => Ok(Ref::small_int(e.p_proto.into())),
        None => Err(vm.error(shape::OS_ERROR, "protocol not found")),
    }
}

pub fn gethostname(vm: &Vm, _: &[Value]) -> PyResult {
    let mut buffer = [0u8; 1024];
    // SAFETY: room for the name and a null byte.
    if unsafe { libc::gethostname(buffer.as_mut_ptr().cast(), buffer.len() - 1) } < 0 {
        return Err(os_error(vm, &std::io::Error::last_os_error(), None));
    }
    Ok(until_null(vm, &buffer))
}

pub fn sethostname(vm: &Vm, a: &[Value]) -> PyResult {
    let name = match a[0].cast::<PyStr>() {
        Some(_) => path::to_bytes(vm, a[0])?,
        None => convert::buffer(vm, a[0])?.to_vec(),
    };
    // SAFETY: the memory of the name.
    if unsafe { libc::sethostname(name.as_ptr().cast(), name.len()) } < 0 {
        return Err(os_error(vm, &std::io::Error::last_os_error(), None));
    }
    Ok(vm.none_ref())
}

pub fn if_nameindex(vm: &Vm, _: &[Value]) -> PyResult {
    // SAFETY: the list that the system made ends with index 0, and is freed once.
    unsafe {
        let list = libc::if_nameindex();
        if list.is_null() {
            return Err(os_error(vm, &std::io::Error::last_os_error(), None));
        }
        let mut all = Vec::new();
        let mut p = list;
        while (*p).if_index != 0 && !(*p).if_name.is_null() {
            let name = path::from_bytes(vm, CStr::from_ptr((*p).if_name).to_bytes());
            all.push(PyTuple::pair(Ref::small_int((*p).if_index.into()), name));
            p = p.add(1);
        }
        libc::if_freenameindex(list);
        Ok(PyList::new(vm, all))
    }
}

pub fn if_nametoindex(vm: &Vm, a: &[Value]) -> PyResult {
    let Ok(name) = CString::new(path::to_bytes(vm, a[0])?) else {
        return Err(vm.value_error("embedded null byte"));
    };
    // SAFETY: a C string.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(os_error(vm, &std::io::Error::last_os_error(), None)),
        index => Ok(Ref::small_int(index.into())),
    }
}

pub fn if_indextoname(vm: &Vm, a: &[Value]) -> PyResult {
    let index = convert::c_ulong(vm, a[0])?;
    let Ok(index) = u32::try_from(index) else {
        return Err(vm.overflow_error("Python int too large to convert to C unsigned int"));
    };
    let mut name = [0u8; libc::IF_NAMESIZE];
    // SAFETY: room for the longest name.
    if unsafe { libc::if_indextoname(index, name.as_mut_ptr().cast()) }.is_null() {
        return Err(os_error(vm, &std::io::Error::last_os_error(), None));
    }
    Ok(until_null(vm, &name))
}
