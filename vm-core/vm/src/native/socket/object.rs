//! The type `_socket.socket`.

use std::cell::Cell;
use std::io;

use super::address::{self, Address};
use super::wait::{self, Ready, Timeout};
use super::{message, options, transfer};
use crate::args::CallArgs;
use crate::convert;
use crate::error::PyResult;
use crate::host;
use crate::import::os_error;
use crate::native::time::{Round, nanoseconds, seconds};
use crate::object::{self, Header};
use crate::protocol::object as obj;
use crate::protocol::truth;
use crate::runtime;
use crate::shape;
use crate::types::float;
use crate::types::iterators::payload;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A socket object.
#[repr(C)]
pub struct PySocket {
    header: Header,
    /// -1 once it is closed, and before `__init__` ran.
    pub fd: Cell<i32>,
    pub family: Cell<i32>,
    pub kind: Cell<i32>,
    pub protocol: Cell<i32>,
    pub timeout: Cell<Timeout>,
}
payload!(PySocket, SOCKET);

impl Drop for PySocket {
    fn drop(&mut self) {
        let fd = self.fd.replace(-1);
        if fd >= 0 {
            // Nobody could be told about an error.
            drop(host::close(fd));
        }
    }
}

thread_local! {
    static DEFAULT_TIMEOUT: Cell<Timeout> = const { Cell::new(Timeout::None) };
}

/// A timeout argument: None, or seconds.
fn timeout_argument(vm: &Vm, v: Value) -> PyResult<Timeout> {
    if v.is(vm.none()) {
        return Ok(Timeout::None);
    }
    let ns = nanoseconds(vm, v, Round::Timeout)?;
    if ns < 0 {
        return Err(vm.value_error("Timeout value out of range"));
    }
    // `poll` takes milliseconds as a C int.
    if ns / 1_000_000 > i32::MAX.into() {
        return Err(vm.overflow_error("timeout doesn't fit into C timeval"));
    }
    Ok(if ns == 0 { Timeout::NonBlocking } else { Timeout::After(ns) })
}

fn timeout_value(vm: &Vm, t: Timeout) -> Ref {
    match t {
        Timeout::None => vm.none_ref(),
        Timeout::NonBlocking => float::new(vm, 0.0),
        Timeout::After(ns) => float::new(vm, seconds(ns)),
    }
}

pub fn getdefaulttimeout(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(timeout_value(vm, DEFAULT_TIMEOUT.get()))
}

pub fn setdefaulttimeout(vm: &Vm, a: &[Value]) -> PyResult {
    DEFAULT_TIMEOUT.set(timeout_argument(vm, a[0])?);
    Ok(vm.none_ref())
}

/// What a call gave, or the exception.
pub(super) fn none_or_error(vm: &Vm, r: io::Result<i32>) -> PyResult {
    match r {
        Ok(_) => Ok(vm.none_ref()),
        Err(e) => Err(os_error(vm, &e, None)),
    }
}

fn set_descriptor_blocking(fd: i32, blocking: bool) -> io::Result<i32> {
    let mut on = i32::from(!blocking);
    // SAFETY: the request reads an int.
    host::check(unsafe { libc::ioctl(fd, libc::FIONBIO, &mut on) })
}

fn set_timeout(vm: &Vm, s: &PySocket, t: Timeout) -> PyResult {
    s.timeout.set(t);
    none_or_error(vm, set_descriptor_blocking(s.fd.get(), t == Timeout::None))
}

/// Fills in a socket's fields, and gives its descriptor the default timeout.
fn adopt(vm: &Vm, s: &PySocket, fd: i32, (family, kind, protocol): (i32, i32, i32)) -> PyResult<()> {
    s.family.set(family);
    s.kind.set(kind & !(libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK));
    s.protocol.set(protocol);
    let old = s.fd.replace(fd);
    if old >= 0 && old != fd {
        drop(host::close(old));
    }
    if kind & libc::SOCK_NONBLOCK != 0 {
        s.timeout.set(Timeout::NonBlocking);
        return Ok(());
    }
    s.timeout.set(DEFAULT_TIMEOUT.get());
    if s.timeout.get() != Timeout::None
        && let Err(e) = set_descriptor_blocking(fd, false)
    {
        return Err(os_error(vm, &e, None));
    }
    Ok(())
}

fn allocate(ty: crate::types::type_::TypeRef) -> Ref {
    object::new_instance(
        ty,
        PySocket {
            header: object::header(),
            fd: Cell::new(-1),
            family: Cell::new(0),
            kind: Cell::new(0),
            protocol: Cell::new(0),
            timeout: Cell::new(Timeout::None),
        },
    )
}

/// A number that says what a descriptor is; the error is that of the system.
fn ask(fd: i32, option: i32) -> io::Result<i32> {
    options::get_int(fd, libc::SOL_SOCKET, option)
}

fn init(vm: &Vm, this: Value, args: CallArgs) -> PyResult<()> {
    let sig = vm.signatures.get("(family=-1, type=-1, proto=-1, fileno=None)");
    sig.bind(vm, "socket", None, args, |a| {
        let number = |v: Value| v.non_null().map_or(Ok(-1), |v| convert::c_int(vm, v));
        let (family, kind, protocol) = (number(a[0])?, number(a[1])?, number(a[2])?);
        let s = PySocket::of(this);
        match a[3].non_null().filter(|f| !f.is(vm.none())) {
            Some(fileno) => {
                let fd = convert::c_int(vm, fileno)?;
                if fd < 0 {
                    return Err(vm.value_error("negative file descriptor"));
                }
                let known = described(fd, family, kind, protocol).map_err(|e| os_error(vm, &e, None))?;
                adopt(vm, s, fd, known)
            }
            None => {
                let or = |n: i32, default| if n == -1 { default } else { n };
                let (family, kind) = (or(family, libc::AF_INET), or(kind, libc::SOCK_STREAM));
                let protocol = or(protocol, 0);
                // SAFETY: plain system call.
                match host::check(unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC, protocol) }) {
                    Ok(fd) => adopt(vm, s, fd, (family, kind, protocol)),
                    Err(e) => Err(os_error(vm, &e, None)),
                }
            }
        }
    })
}

/// Family, type and protocol of a descriptor, where they are not given (-1).
fn described(fd: i32, family: i32, kind: i32, protocol: i32) -> io::Result<(i32, i32, i32)> {
    let mut a = Address::empty();
    // SAFETY: room for any address.
    let named = host::check(unsafe { libc::getsockname(fd, a.pointer_mut(), &mut a.len) });
    let family = match (family, named) {
        (-1, Ok(_)) => a.family(),
        (-1, Err(e)) => return Err(e),
        // That it is a socket at all is asked in any case.
        (_, Err(e)) if matches!(e.raw_os_error(), Some(libc::EBADF | libc::ENOTSOCK)) => return Err(e),
        (family, _) => family,
    };
    let kind = if kind == -1 { ask(fd, libc::SO_TYPE)? } else { kind };
    let protocol = if protocol == -1 { ask(fd, libc::SO_PROTOCOL)? } else { protocol };
    Ok((family, kind, protocol))
}

pub fn socketpair(vm: &Vm, a: &[Value]) -> PyResult {
    let number = |v: Value, default| v.non_null().map_or(Ok(default), |v| convert::c_int(vm, v));
    let family = number(a[0], libc::AF_UNIX)?;
    let (kind, protocol) = (number(a[1], libc::SOCK_STREAM)?, number(a[2], 0)?);
    let mut fds = [0; 2];
    // SAFETY: room for two descriptors.
    if let Err(e) = host::check(unsafe { libc::socketpair(family, kind | libc::SOCK_CLOEXEC, protocol, fds.as_mut_ptr()) }) {
        return Err(os_error(vm, &e, None));
    }
    let made = fds.map(|fd| {
        let s = allocate(vm.builtin(shape::SOCKET));
        adopt(vm, PySocket::of(s.value()), fd, (family, kind, protocol)).map(|()| s)
    });
    let [first, second] = made;
    Ok(PyTuple::pair(first?, second?))
}

fn accept(vm: &Vm, a: &[Value]) -> PyResult {
    let s = PySocket::of(a[0]);
    let mut from = Address::empty();
    let fd = wait::call(vm, s, Ready::Read, || {
        from = Address::empty();
        // SAFETY: room for any address.
        host::check(unsafe { libc::accept4(s.fd.get(), from.pointer_mut(), &mut from.len, libc::SOCK_CLOEXEC) })
    })?;
    Ok(PyTuple::pair(Ref::small_int(fd.into()), from.to_python(vm)))
}

fn bind(vm: &Vm, a: &[Value]) -> PyResult {
    let s = PySocket::of(a[0]);
    let to = address::from_python(vm, s.family.get(), a[1], "bind")?;
    // SAFETY: a valid address.
    none_or_error(vm, host::check(unsafe { libc::bind(s.fd.get(), to.pointer(), to.len) }))
}

/// Connects; the error's number where that fails, an exception where something else does.
fn connect_to(vm: &Vm, s: &PySocket, to: &Address) -> PyResult<Result<(), i32>> {
    // SAFETY: a valid address.
    let Err(e) = host::check(unsafe { libc::connect(s.fd.get(), to.pointer(), to.len) }) else { return Ok(Ok(())) };
    let code = e.raw_os_error().unwrap_or(0);
    let goes_on = match code {
        libc::EINTR => {
            runtime::handle_signals(vm)?;
            s.timeout.get() != Timeout::NonBlocking
        }
        libc::EINPROGRESS => matches!(s.timeout.get(), Timeout::After(_)),
        _ => false,
    };
    if !goes_on {
        return Ok(Err(code));
    }
    let deadline = s.timeout.get().deadline(vm)?;
    if !wait::ready(vm, s.fd.get(), Ready::Connected, deadline)? {
        return Ok(Err(libc::EWOULDBLOCK));
    }
    match ask(s.fd.get(), libc::SO_ERROR) {
        Ok(0) => Ok(Ok(())),
        Ok(libc::EISCONN) => Ok(Ok(())),
        Ok(code) => Ok(Err(code)),
        Err(e) => Ok(Err(e.raw_os_error().unwrap_or(0))),
    }
}

fn connect(vm: &Vm, a: &[Value]) -> PyResult {
    let s = PySocket::of(a[0]);
    let to = address::from_python(vm, s.family.get(), a[1], "connect")?;
    match connect_to(vm, s, &to)? {
        Ok(()) => Ok(vm.none_ref()),
        Err(libc::EWOULDBLOCK) if matches!(s.timeout.get(), Timeout::After(_)) => Err(wait::timed_out(vm)),
        Err(code) => Err(os_error(vm, &io::Error::from_raw_os_error(code), None)),
    }
}

fn connect_ex(vm: &Vm, a: &[Value]) -> PyResult {
    let s = PySocket::of(a[0]);
    let to = address::from_python(vm, s.family.get(), a[1], "connect_ex")?;
    let code = connect_to(vm, s, &to)?.err().unwrap_or(0);
    Ok(Ref::small_int(code.into()))
}

fn listen(vm: &Vm, a: &[Value]) -> PyResult {
    let backlog = a[1].non_null().map_or(Ok(128), |v| convert::c_int(vm, v))?;
    // SAFETY: plain system call.
    none_or_error(vm, host::check(unsafe { libc::listen(PySocket::of(a[0]).fd.get(), backlog.max(0)) }))
}

fn close(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = PySocket::of(a[0]).fd.replace(-1);
    if fd < 0 {
        return Ok(vm.none_ref());
    }
    match host::close(fd) {
        // What the peer did is no error of closing.
        Err(e) if e.raw_os_error() != Some(libc::ECONNRESET) => Err(os_error(vm, &e, None)),
        _ => Ok(vm.none_ref()),
    }
}

fn detach(_: &Vm, a: &[Value]) -> PyResult {
    Ok(Ref::small_int(PySocket::of(a[0]).fd.replace(-1).into()))
}

fn shutdown(vm: &Vm, a: &[Value]) -> PyResult {
    let how = convert::c_int(vm, a[1])?;
    // SAFETY: plain system call.
    none_or_error(vm, host::check(unsafe { libc::shutdown(PySocket::of(a[0]).fd.get(), how) }))
}

type NameFn = unsafe extern "C" fn(i32, *mut libc::sockaddr, *mut libc::socklen_t) -> i32;

fn name(vm: &Vm, v: Value, f: NameFn) -> PyResult {
    let mut n = Address::empty();
    // SAFETY: room for any address.
    match host::check(unsafe { f(PySocket::of(v).fd.get(), n.pointer_mut(), &mut n.len) }) {
        Ok(_) => Ok(n.to_python(vm)),
        Err(e) => Err(os_error(vm, &e, None)),
    }
}

fn setblocking(vm: &Vm, a: &[Value]) -> PyResult {
    let blocking = truth::truth(vm, a[1])?;
    set_timeout(vm, PySocket::of(a[0]), if blocking { Timeout::None } else { Timeout::NonBlocking })
}

fn settimeout(vm: &Vm, a: &[Value]) -> PyResult {
    let t = timeout_argument(vm, a[1])?;
    set_timeout(vm, PySocket::of(a[0]), t)
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let s = PySocket::of(v);
    Ok(vm.new_str(&format!(
        "<socket object, fd={}, family={}, type={}, proto={}>",
        s.fd.get(),
        s.family.get(),
        s.kind.get(),
        s.protocol.get()
    )))
}

/// Warns of a socket that nobody closed, and closes it.
fn finalize(vm: &Vm, v: Value) {
    let s = PySocket::of(v);
    if s.fd.get() < 0 {
        return;
    }
    let text = format!("unclosed {}", obj::repr_text(vm, v).unwrap_or_default());
    let message = vm.new_str(&text);
    let category = vm.builtin(shape::RESOURCE_WARNING).value();
    if let Err(e) = crate::native::warnings::warn(vm, message.value(), category, 1, v, &[]) {
        runtime::unraisable_while(vm, e, "finalizing socket", v);
    }
    let fd = s.fd.replace(-1);
    if fd >= 0 {
        drop(host::close(fd));
    }
}

fn int_of(n: i32) -> PyResult {
    Ok(Ref::small_int(n.into()))
}

pub static SOCKET: TypeDef = TypeDef {
    doc: "socket(family=AF_INET, type=SOCK_STREAM, proto=0) -> socket object\n\
socket(family=-1, type=-1, proto=-1, fileno=None) -> socket object\n\n\
Open a socket of the given type.  The family argument specifies the\n\
address family; it defaults to AF_INET.  The type argument specifies\n\
whether this is a stream (SOCK_STREAM, this is the default)\n\
or datagram (SOCK_DGRAM) socket.  The protocol argument defaults to 0,\n\
specifying the default protocol.  Keyword arguments are accepted.\n\
The socket is created as non-inheritable.",
    flags: flags::BASETYPE,
    new: New::Raw(|_, ty, _| Ok(allocate(ty))),
    slots: |s| {
        s.init = Some(init);
        s.repr = Some(repr);
        s.finalize = Some(finalize);
        s.drop = Some(object::drop_payload::<PySocket>);
    },
    methods: &[
        MethodDef::new("_accept", "($self, /)", accept, "_accept() -> (integer, address info)\n\nWait for an incoming connection.  Return a new socket file descriptor\nrepresenting the connection, and the address of the client.\nFor IP sockets, the address info is a pair (hostaddr, port)."),
        MethodDef::new("bind", "($self, object, /)", bind, "bind(address)\n\nBind the socket to a local address.  For IP sockets, the address is a\npair (host, port); the host must refer to the local host."),
        MethodDef::new("close", "($self, /)", close, "close()\n\nClose the socket.  It cannot be used after this call."),
        MethodDef::new("connect", "($self, object, /)", connect, "connect(address)\n\nConnect the socket to a remote address.  For IP sockets, the address\nis a pair (host, port)."),
        MethodDef::new("connect_ex", "($self, object, /)", connect_ex, "connect_ex(address) -> errno\n\nThis is like connect(address), but returns an error code (the errno value)\ninstead of raising an exception when an error occurs."),
        MethodDef::new("detach", "($self, /)", detach, "detach()\n\nClose the socket object without closing the underlying file descriptor.\nThe object cannot be used after this call, but the file descriptor\ncan be reused for other purposes.  The file descriptor is returned."),
        MethodDef::new("fileno", "($self, /)", |_, a| int_of(PySocket::of(a[0]).fd.get()), "fileno() -> integer\n\nReturn the integer file descriptor of the socket."),
        MethodDef::new("getpeername", "($self, /)", |vm, a| name(vm, a[0], libc::getpeername), "getpeername() -> address info\n\nReturn the address of the remote endpoint.  For IP sockets, the address\ninfo is a pair (hostaddr, port)."),
        MethodDef::new("getsockname", "($self, /)", |vm, a| name(vm, a[0], libc::getsockname), "getsockname() -> address info\n\nReturn the address of the local endpoint. The format depends on the\naddress family. For IPv4 sockets, the address info is a pair\n(hostaddr, port). For IPv6 sockets, the address info is a 4-tuple\n(hostaddr, port, flowinfo, scope_id)."),
        MethodDef::new("getsockopt", "($self, level, option, buffersize=0, /)", options::getsockopt, "getsockopt(level, option[, buffersize]) -> value\n\nGet a socket option.  See the Unix manual for level and option.\nIf a nonzero buffersize argument is given, the return value is a\nstring of that length; otherwise it is an integer."),
        MethodDef::new("listen", "($self, backlog=128, /)", listen, "listen([backlog])\n\nEnable a server to accept connections.  If backlog is specified, it must be\nat least 0 (if it is lower, it is set to 0); it specifies the number of\nunaccepted connections that the system will allow before refusing new\nconnections. If not specified, a default reasonable value is chosen."),
        MethodDef::new("recv", "($self, buffersize, flags=0, /)", transfer::recv, "recv(buffersize[, flags]) -> data\n\nReceive up to buffersize bytes from the socket.  For the optional flags\nargument, see the Unix manual.  When no data is available, block until\nat least one byte is available or until the remote end is closed.  When\nthe remote end is closed and all data is read, return the empty string."),
        MethodDef::new("recv_into", "($self, /, buffer, nbytes=0, flags=0)", transfer::recv_into, "recv_into(buffer, [nbytes[, flags]]) -> nbytes_read\n\nA version of recv() that stores its data into a buffer rather than creating\na new string.  Receive up to buffersize bytes from the socket.  If buffersize\nis not specified (or 0), receive up to the size available in the given buffer.\n\nSee recv() for documentation about the flags."),
        MethodDef::new("recvfrom", "($self, buffersize, flags=0, /)", transfer::recvfrom, "recvfrom(buffersize[, flags]) -> (data, address info)\n\nLike recv(buffersize, flags) but also return the sender's address info."),
        MethodDef::new("recvfrom_into", "($self, /, buffer, nbytes=0, flags=0)", transfer::recvfrom_into, "recvfrom_into(buffer[, nbytes[, flags]]) -> (nbytes, address info)\n\nLike recv_into(buffer[, nbytes[, flags]]) but also return the sender's address info."),
        MethodDef::new("recvmsg", "($self, bufsize, ancbufsize=0, flags=0, /)", message::recvmsg, "recvmsg(bufsize[, ancbufsize[, flags]]) -> (data, ancdata, msg_flags, address)\n\nReceive normal data (up to bufsize bytes) and ancillary data from the\nsocket."),
        MethodDef::new("recvmsg_into", "($self, buffers, ancbufsize=0, flags=0, /)", message::recvmsg_into, "recvmsg_into(buffers[, ancbufsize[, flags]]) -> (nbytes, ancdata, msg_flags, address)\n\nReceive normal data and ancillary data from the socket, scattering the\nnon-ancillary data into a series of buffers."),
        MethodDef::new("send", "($self, data, flags=0, /)", transfer::send, "send(data[, flags]) -> count\n\nSend a data string to the socket.  For the optional flags\nargument, see the Unix manual.  Return the number of bytes\nsent; this may be less than len(data) if the network is busy."),
        MethodDef::new("sendall", "($self, data, flags=0, /)", transfer::sendall, "sendall(data[, flags])\n\nSend a data string to the socket.  For the optional flags\nargument, see the Unix manual.  This calls send() repeatedly\nuntil all data is sent.  If an error occurs, it's impossible\nto tell how much data has been sent."),
        MethodDef::new("sendmsg", "($self, buffers, ancdata=(), flags=0, address=None, /)", message::sendmsg, "sendmsg(buffers[, ancdata[, flags[, address]]]) -> count\n\nSend normal and ancillary data to the socket, gathering the\nnon-ancillary data from a series of buffers and concatenating it into\na single message."),
        MethodDef::new("sendto", "($self, /, *args)", transfer::sendto, "sendto(data[, flags], address) -> count\n\nLike send(data, flags) but allows specifying the destination address.\nFor IP sockets, the address is a pair (hostaddr, port)."),
        MethodDef::new("setblocking", "($self, object, /)", setblocking, "setblocking(flag)\n\nSet the socket to blocking (flag is true) or non-blocking (false).\nsetblocking(True) is equivalent to settimeout(None);\nsetblocking(False) is equivalent to settimeout(0.0)."),
        MethodDef::new("getblocking", "($self, /)", |vm, a| Ok(vm.bool_ref(PySocket::of(a[0]).timeout.get() != Timeout::NonBlocking)), "getblocking()\n\nReturns True if socket is in blocking mode, or False if it\nis in non-blocking mode."),
        MethodDef::new("settimeout", "($self, object, /)", settimeout, "settimeout(timeout)\n\nSet a timeout on socket operations.  'timeout' can be a float,\ngiving in seconds, or None.  Setting a timeout of None disables\nthe timeout feature and is equivalent to setblocking(1).\nSetting a timeout of zero is the same as setblocking(0)."),
        MethodDef::new("gettimeout", "($self, /)", |vm, a| Ok(timeout_value(vm, PySocket::of(a[0]).timeout.get())), "gettimeout() -> timeout\n\nReturns the timeout in seconds (float) associated with socket\noperations. A timeout of None indicates that timeouts on socket\noperations are disabled."),
        MethodDef::new("setsockopt", "($self, level, option, value, optlen=0, /)", options::setsockopt, "setsockopt(level, option, value: int)\nsetsockopt(level, option, value: buffer)\nsetsockopt(level, option, None, optlen: int)\n\nSet a socket option.  See the Unix manual for level and option.\nThe value argument can either be an integer, a string buffer, or\nNone, optlen."),
        MethodDef::new("shutdown", "($self, object, /)", shutdown, "shutdown(flag)\n\nShut down the reading side of the socket (flag == SHUT_RD), the writing side\nof the socket (flag == SHUT_WR), or both ends (flag == SHUT_RDWR)."),
    ],
    getset: &[
        GetSetDef::member("family", |_, v| int_of(PySocket::of(v).family.get()), "the socket family"),
        GetSetDef::member("type", |_, v| int_of(PySocket::of(v).kind.get()), "the socket type"),
        GetSetDef::member("proto", |_, v| int_of(PySocket::of(v).protocol.get()), "the socket protocol"),
        GetSetDef::get("timeout", |vm, v| Ok(timeout_value(vm, PySocket::of(v).timeout.get())), "the socket timeout"),
    ],
    ..TypeDef::of::<PySocket>("_socket.socket")
};
