//! Socket addresses, as the system and as Python see them.

use std::mem::{MaybeUninit, offset_of};

use super::inet;
use super::resolve;
use crate::convert;
use crate::error::{PyResult, Raised};
use crate::native::posix::path;
use crate::shape;
use crate::types::bytes;
use crate::types::int;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// An address of any family.
#[derive(Clone, Copy)]
pub struct Address {
    pub storage: libc::sockaddr_storage,
    pub len: libc::socklen_t,
}

/// Bytes before a Unix socket's path.
const PATH_OFFSET: usize = offset_of!(libc::sockaddr_un, sun_path);

impl Address {
    /// Room for an address that the system fills in.
    pub fn empty() -> Address {
        // SAFETY: a structure of numbers, for which zero is right.
        let storage = unsafe { MaybeUninit::zeroed().assume_init() };
        Address { storage, len: size_of::<libc::sockaddr_storage>() as libc::socklen_t }
    }

    /// An address of one family's structure.
    fn of<T: Copy>(value: T) -> Address {
        const { assert!(size_of::<T>() <= size_of::<libc::sockaddr_storage>()) };
        let mut a = Address::empty();
        // SAFETY: the storage is at least as large and as aligned as any family's structure.
        unsafe { std::ptr::write((&raw mut a.storage).cast::<T>(), value) };
        a.len = size_of::<T>() as libc::socklen_t;
        a
    }

    /// A copy of an address of the system's.
    ///
    /// # Safety
    /// `p` points at `len` bytes.
    pub unsafe fn copy(p: *const libc::sockaddr, len: libc::socklen_t) -> Address {
        let mut a = Address::empty();
        let len = (len as usize).min(size_of::<libc::sockaddr_storage>());
        // SAFETY: promised by the caller; the storage is large enough.
        unsafe { std::ptr::copy_nonoverlapping(p.cast::<u8>(), (&raw mut a.storage).cast(), len) };
        a.len = len as libc::socklen_t;
        a
    }

    pub fn pointer(&self) -> *const libc::sockaddr {
        (&raw const self.storage).cast()
    }

    pub fn pointer_mut(&mut self) -> *mut libc::sockaddr {
        (&raw mut self.storage).cast()
    }

    pub fn family(&self) -> i32 {
        self.storage.ss_family.into()
    }

    /// The address as one family's structure.
    fn as_family<T: Copy>(&self) -> T {
        const { assert!(size_of::<T>() <= size_of::<libc::sockaddr_storage>()) };
        // SAFETY: the storage is zeroed beyond what was filled in, and any bits are such a structure.
        unsafe { std::ptr::read((&raw const self.storage).cast::<T>()) }
    }

    /// The storage's bytes from an offset to the address's end.
    fn bytes(&self, from: usize) -> &[u8] {
        let len = (self.len as usize).clamp(from, size_of::<libc::sockaddr_storage>());
        // SAFETY: within the storage, which is initialized.
        unsafe { std::slice::from_raw_parts((&raw const self.storage).cast::<u8>().add(from), len - from) }
    }

    /// The address as Python sees it; None where the system gave none.
    pub fn to_python(self, vm: &Vm) -> Ref {
        if self.len == 0 {
            return vm.none_ref();
        }
        match self.family() {
            libc::AF_INET => {
                let a: libc::sockaddr_in = self.as_family();
                let host = vm.new_str(&inet::presentation(libc::AF_INET, &a.sin_addr.s_addr.to_ne_bytes()));
                PyTuple::pair(host, Ref::small_int(u16::from_be(a.sin_port).into()))
            }
            libc::AF_INET6 => inet6(vm, &self.as_family()),
            libc::AF_UNIX => unix(vm, self.bytes(PATH_OFFSET)),
            libc::AF_NETLINK => {
                let a: libc::sockaddr_nl = self.as_family();
                PyTuple::pair(Ref::small_int(a.nl_pid.into()), Ref::small_int(a.nl_groups.into()))
            }
            libc::AF_VSOCK => {
                let a: libc::sockaddr_vm = self.as_family();
                PyTuple::pair(Ref::small_int(a.svm_cid.into()), Ref::small_int(a.svm_port.into()))
            }
            family => PyTuple::pair(Ref::small_int(family.into()), bytes::new(vm, self.bytes(2))),
        }
    }
}

fn inet6(vm: &Vm, a: &libc::sockaddr_in6) -> Ref {
    // The zone is in the scope id, not in the text.
    let host = vm.new_str(&inet::presentation(libc::AF_INET6, &a.sin6_addr.s6_addr));
    let numbers = [u16::from_be(a.sin6_port).into(), u32::from_be(a.sin6_flowinfo).into(), a.sin6_scope_id.into()];
    let mut items = vec![host];
    items.extend(numbers.map(Ref::small_int));
    PyTuple::from_vec(vm, items)
}

/// A path; names of the abstract namespace, which begin with a null byte, are bytes.
fn unix(vm: &Vm, name: &[u8]) -> Ref {
    if name.first() == Some(&0) && name.len() > 1 {
        return bytes::new(vm, name);
    }
    let end = name.iter().position(|b| *b == 0).unwrap_or(name.len());
    path::from_bytes(vm, &name[..end])
}

#[cold]
fn os_error(vm: &Vm, text: impl AsRef<str>) -> Raised {
    vm.error(shape::OS_ERROR, text)
}

/// Reads an address for a socket of a family; `function` is named in messages.
pub fn from_python(vm: &Vm, family: i32, v: Value, function: &str) -> PyResult<Address> {
    match family {
        libc::AF_UNIX => unix_from(vm, v),
        libc::AF_INET => inet_from(vm, v, function),
        libc::AF_INET6 => inet6_from(vm, v, function),
        libc::AF_NETLINK => {
            let t = tuple(vm, v, function, "AF_NETLINK")?;
            let &[pid, groups] = t else {
                return Err(vm.type_error("AF_NETLINK address must be a pair (pid, groups)"));
            };
            // SAFETY: a structure of numbers, for which zero is right.
            let mut a: libc::sockaddr_nl = unsafe { std::mem::zeroed() };
            a.nl_family = libc::AF_NETLINK as libc::sa_family_t;
            a.nl_pid = crate::native::binascii::low_bits(vm, pid, 0)?;
            a.nl_groups = crate::native::binascii::low_bits(vm, groups, 0)?;
            Ok(Address::of(a))
        }
        libc::AF_VSOCK => {
            let Some(&[cid, port]) = v.cast::<PyTuple>().map(PyTuple::as_slice) else {
                return Err(vm.type_error(format!("{function}(): AF_VSOCK address must be tuple, not {}", vm.type_of(v).full_name())));
            };
            // SAFETY: as above.
            let mut a: libc::sockaddr_vm = unsafe { std::mem::zeroed() };
            a.svm_family = libc::AF_VSOCK as libc::sa_family_t;
            a.svm_cid = crate::native::binascii::low_bits(vm, cid, 0)?;
            a.svm_port = crate::native::binascii::low_bits(vm, port, 0)?;
            Ok(Address::of(a))
        }
        _ => Err(os_error(vm, format!("{function}(): bad family"))),
    }
}

fn unix_from(vm: &Vm, v: Value) -> PyResult<Address> {
    let name = match v.cast::<PyStr>() {
        Some(_) => path::to_bytes(vm, v)?,
        None => convert::buffer(vm, v)?.to_vec(),
    };
    // SAFETY: a structure of numbers, for which zero is right.
    let mut a: libc::sockaddr_un = unsafe { std::mem::zeroed() };
    a.sun_family = libc::AF_UNIX as libc::sa_family_t;
    let abstract_name = name.first() == Some(&0);
    let room = a.sun_path.len() - usize::from(!abstract_name);
    if name.len() > room {
        return Err(os_error(vm, "AF_UNIX path too long"));
    }
    for (to, from) in a.sun_path.iter_mut().zip(&name) {
        *to = *from as libc::c_char;
    }
    let mut address = Address::of(a);
    // Abstract names need no null byte behind them.
    address.len = (PATH_OFFSET + name.len() + usize::from(!abstract_name)) as libc::socklen_t;
    if name.is_empty() {
        address.len = PATH_OFFSET as libc::socklen_t;
    }
    Ok(address)
}

fn tuple<'a>(vm: &Vm, v: Value, function: &str, family: &str) -> PyResult<&'a [Value]> {
    match v.cast::<PyTuple>() {
        Some(t) => Ok(t.as_slice()),
        None => Err(vm.type_error(format!(
            "{function}(): {family} address must be tuple, not {}",
            vm.type_of(v).full_name()
        ))),
    }
}

fn port(vm: &Vm, v: Value, function: &str) -> PyResult<u16> {
    let out_of_range = || vm.overflow_error(format!("{function}(): port must be 0-65535."));
    match convert::c_int(vm, v) {
        Ok(n) => u16::try_from(n).map_err(|_| out_of_range()),
        Err(e) if e.is(vm, shape::OVERFLOW_ERROR) => Err(out_of_range()),
        Err(e) => Err(e),
    }
}

/// An address of the internet, version 4.
pub fn ipv4(host: [u8; 4], port: u16) -> Address {
    Address::of(libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: port.to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(host) },
        sin_zero: [0; 8],
    })
}

/// An address of the internet, version 6.
pub fn ipv6(host: [u8; 16], port: u16, flow: u32, scope: u32) -> Address {
    Address::of(libc::sockaddr_in6 {
        sin6_family: libc::AF_INET6 as libc::sa_family_t,
        sin6_port: port.to_be(),
        sin6_flowinfo: flow.to_be(),
        sin6_addr: libc::in6_addr { s6_addr: host },
        sin6_scope_id: scope,
    })
}

fn inet_from(vm: &Vm, v: Value, function: &str) -> PyResult<Address> {
    let &[host, p] = tuple(vm, v, function, "AF_INET")? else {
        return Err(vm.type_error("AF_INET address must be a pair (host, port)"));
    };
    let host = inet::host_name(vm, host)?;
    let found = resolve::host_address(vm, &host, libc::AF_INET)?;
    let p = port(vm, p, function)?;
    let a: libc::sockaddr_in = found.as_family();
    Ok(ipv4(a.sin_addr.s_addr.to_ne_bytes(), p))
}

fn inet6_from(vm: &Vm, v: Value, function: &str) -> PyResult<Address> {
    let t = tuple(vm, v, function, "AF_INET6")?;
    if !(2..=4).contains(&t.len()) {
        return Err(vm.type_error("AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])"));
    }
    let number = |i: usize| match t.get(i) {
        Some(v) => crate::native::binascii::low_bits(vm, *v, 0),
        None => Ok(0),
    };
    let host = inet::host_name(vm, t[0])?;
    let (flow, scope) = (number(2)?, number(3)?);
    let found = resolve::host_address(vm, &host, libc::AF_INET6)?;
    let p = port(vm, t[1], function)?;
    if flow > 0xf_ffff {
        return Err(vm.overflow_error(format!("{function}(): flowinfo must be 0-1048575.")));
    }
    let a: libc::sockaddr_in6 = found.as_family();
    Ok(ipv6(a.sin6_addr.s6_addr, p, flow, if t.len() > 3 { scope } else { a.sin6_scope_id }))
}

/// The parts of an argument of `getnameinfo`: host, port, flow information and scope.
pub fn name_info_parts(vm: &Vm, v: Value) -> PyResult<(String, i32, u32, u32)> {
    let Some(t) = v.cast::<PyTuple>().map(PyTuple::as_slice) else {
        return Err(vm.type_error("getnameinfo() argument 1 must be a tuple"));
    };
    if !(2..=4).contains(&t.len()) || int::value_of(t[1]).is_none() {
        return Err(vm.type_error("getnameinfo(): illegal sockaddr argument"));
    }
    let number = |i: usize| match t.get(i) {
        Some(v) => crate::native::binascii::low_bits(vm, *v, 0),
        None => Ok(0),
    };
    let Some(host) = t[0].cast::<PyStr>() else {
        return Err(vm.type_error("getnameinfo(): illegal sockaddr argument"));
    };
    let flow = number(2)?;
    if flow > 0xf_ffff {
        return Err(vm.overflow_error("getnameinfo(): flowinfo must be 0-1048575."));
    }
    Ok((host.to_string_lossy(), convert::c_int(vm, t[1])?, flow, number(3)?))
}

impl Address {
    /// Sets what an address of version 6 has beside host and port.
    pub fn set_flow_and_scope(&mut self, flow: u32, scope: u32) {
        let mut a: libc::sockaddr_in6 = self.as_family();
        a.sin6_flowinfo = flow.to_be();
        a.sin6_scope_id = scope;
        *self = Address::of(a);
    }

    /// The family, and the host's address in network byte order.
    pub fn packed(&self) -> (i32, Vec<u8>) {
        let host = match self.family() {
            libc::AF_INET6 => self.as_family::<libc::sockaddr_in6>().sin6_addr.s6_addr.to_vec(),
            _ => self.as_family::<libc::sockaddr_in>().sin_addr.s_addr.to_ne_bytes().to_vec(),
        };
        (self.family(), host)
    }
}
