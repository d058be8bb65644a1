//! The module `_socket`.

use crate::convert::{self, module_function as function};
use crate::error::PyResult;
use crate::host;
use crate::import::os_error;
use crate::native::{self, ModuleDef};
use crate::shape;
use crate::types::capsule;
use crate::types::exceptions::hierarchy;
use crate::types::type_::TypeDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

mod address;
mod c;
mod constants;
mod inet;
mod message;
mod object;
mod options;
mod resolve;
mod transfer;
mod wait;

use object::PySocket;
pub use object::SOCKET;

pub static GAIERROR: TypeDef = hierarchy::simple("socket.gaierror", "");
pub static HERROR: TypeDef = hierarchy::simple("socket.herror", "");

fn close(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = convert::c_int(vm, a[0])?;
    match host::close(fd) {
        // What the peer did is no error of closing.
        Err(e) if e.raw_os_error() != Some(libc::ECONNRESET) => Err(os_error(vm, &e, None)),
        _ => Ok(vm.none_ref()),
    }
}

fn dup(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = convert::c_int(vm, a[0])?;
    // SAFETY: plain system call.
    match host::check(unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) }) {
        Ok(fd) => Ok(Ref::small_int(fd.into())),
        Err(e) => Err(os_error(vm, &e, None)),
    }
}

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    for (name, id) in [
        ("socket", shape::SOCKET),
        ("SocketType", shape::SOCKET),
        ("error", shape::OS_ERROR),
        ("gaierror", shape::SOCKET_GAIERROR),
        ("herror", shape::SOCKET_HERROR),
        ("timeout", shape::TIMEOUT_ERROR),
    ] {
        native::add(vm, m, name, vm.builtin(id).value())?;
    }
    for (name, n) in constants::CONSTANTS {
        native::add(vm, m, name, Value::small_int(*n))?;
    }
    native::add(vm, m, "BDADDR_ANY", vm.new_str("00:00:00:00:00:00").value())?;
    native::add(vm, m, "BDADDR_LOCAL", vm.new_str("00:00:00:FF:FF:FF").value())?;
    native::add(vm, m, "has_ipv6", vm.true_())?;
    native::add(vm, m, "CAPI", capsule::new("_socket.CAPI").value())
}

const ONE: &str = "($module, object, /)";
const INTEGER: &str = "($module, integer, /)";

pub static MODULE: ModuleDef = ModuleDef {
    name: "_socket",
    doc: "Implementation module for socket operations.\n\nSee the socket module for documentation.",
    functions: &[
        function!("CMSG_LEN", "($module, length, /)", message::cmsg_len, "CMSG_LEN(length) -> control message length\n\nReturn the total length, without trailing padding, of an ancillary\ndata item with associated data of the given length."),
        function!("CMSG_SPACE", "($module, length, /)", message::cmsg_space, "CMSG_SPACE(length) -> buffer size\n\nReturn the buffer size needed for recvmsg() to receive an ancillary\ndata item with associated data of the given length, along with any\ntrailing padding."),
        function!("close", ONE, close, "close(integer) -> None\n\nClose an integer socket file descriptor.  This is like os.close(), but for\nsockets; on some platforms os.close() won't work for socket file descriptors."),
        function!("dup", ONE, dup, "dup(integer) -> integer\n\nDuplicate an integer socket file descriptor.  This is like os.dup(), but for\nsockets; on some platforms os.dup() won't work for socket file descriptors."),
        function!("getaddrinfo", "($module, /, host, port, family=0, type=0, proto=0, flags=0)", resolve::getaddrinfo, "getaddrinfo(host, port [, family, type, proto, flags])\n    -> list of (family, type, proto, canonname, sockaddr)\n\nResolve host and port into addrinfo struct."),
        function!("getdefaulttimeout", "($module, /)", object::getdefaulttimeout, "getdefaulttimeout() -> timeout\n\nReturns the default timeout in seconds (float) for new socket objects.\nA value of None indicates that new socket objects have no timeout.\nWhen the socket module is first imported, the default is None."),
        function!("gethostbyaddr", "($module, host, /)", resolve::gethostbyaddr, "gethostbyaddr(host) -> (name, aliaslist, addresslist)\n\nReturn the true host name, a list of aliases, and a list of IP addresses,\nfor a host.  The host argument is a string giving a host name or IP number."),
        function!("gethostbyname", "($module, host, /)", resolve::gethostbyname, "gethostbyname(host) -> address\n\nReturn the IP address (a string of the form '255.255.255.255') for a host."),
        function!("gethostbyname_ex", "($module, host, /)", resolve::gethostbyname_ex, "gethostbyname_ex(host) -> (name, aliaslist, addresslist)\n\nReturn the true host name, a list of aliases, and a list of IP addresses,\nfor a host.  The host argument is a string giving a host name or IP number."),
        function!("gethostname", "($module, /)", resolve::gethostname, "gethostname() -> string\n\nReturn the current host name."),
        function!("getnameinfo", "($module, sockaddr, flags, /)", resolve::getnameinfo, "getnameinfo(sockaddr, flags) --> (host, port)\n\nGet host and port for a sockaddr."),
        function!("getprotobyname", "($module, name, /)", resolve::getprotobyname, "getprotobyname(name) -> integer\n\nReturn the protocol number for the named protocol.  (Rarely used.)"),
        function!("getservbyname", "($module, servicename, protocolname=<unrepresentable>, /)", resolve::getservbyname, "getservbyname(servicename[, protocolname]) -> integer\n\nReturn a port number from a service name and protocol name.\nThe optional protocol name, if given, should be 'tcp' or 'udp',\notherwise any protocol will match."),
        function!("getservbyport", "($module, port, protocolname=<unrepresentable>, /)", resolve::getservbyport, "getservbyport(port[, protocolname]) -> string\n\nReturn the service name from a port number and protocol name.\nThe optional protocol name, if given, should be 'tcp' or 'udp',\notherwise any protocol will match."),
        function!("htonl", INTEGER, inet::htonl, "Convert a 32-bit unsigned integer from host to network byte order."),
        function!("htons", INTEGER, inet::htons, "Convert a 16-bit unsigned integer from host to network byte order."),
        function!("if_indextoname", "($module, if_index, /)", resolve::if_indextoname, "Returns the interface name corresponding to the interface index if_index."),
        function!("if_nameindex", "($module, /)", resolve::if_nameindex, "if_nameindex()\n\nReturns a list of network interface information (index, name) tuples."),
        function!("if_nametoindex", "($module, oname, /)", resolve::if_nametoindex, "Returns the interface index corresponding to the interface name if_name."),
        function!("inet_aton", "($module, ip_addr, /)", inet::inet_aton, "Convert an IP address in string format (123.45.67.89) to the 32-bit packed binary format used in low-level network functions."),
        function!("inet_ntoa", "($module, packed_ip, /)", inet::inet_ntoa, "Convert an IP address from 32-bit packed binary format to string format."),
        function!("inet_ntop", "($module, af, packed_ip, /)", inet::inet_ntop, "inet_ntop(af, packed_ip) -> string formatted IP address\n\nConvert a packed IP address of the given family to string format."),
        function!("inet_pton", "($module, af, ip, /)", inet::inet_pton, "inet_pton(af, ip) -> packed IP address string\n\nConvert an IP address from string format to a packed string suitable\nfor use with low-level network functions."),
        function!("ntohl", INTEGER, inet::ntohl, "Convert a 32-bit unsigned integer from network to host byte order."),
        function!("ntohs", INTEGER, inet::ntohs, "Convert a 16-bit unsigned integer from network to host byte order."),
        function!("setdefaulttimeout", ONE, object::setdefaulttimeout, "setdefaulttimeout(timeout)\n\nSet the default timeout in seconds (float) for new socket objects.\nA value of None indicates that new socket objects have no timeout.\nWhen the socket module is first imported, the default is None."),
        function!("sethostname", "($module, name, /)", resolve::sethostname, "sethostname(name)\n\nSets the hostname to name."),
        function!("socketpair", "($module, family=AF_UNIX, type=SOCK_STREAM, proto=0, /)", object::socketpair, "socketpair([family[, type [, proto]]]) -> (socket object, socket object)\n\nCreate a pair of socket objects from the sockets returned by the platform\nsocketpair() function."),
    ],
    init,
};
