//! Functions of the C library that its bindings do not declare.

use libc::{c_char, c_int, c_void, hostent, size_t, sockaddr, socklen_t};

unsafe extern "C" {
    pub fn inet_aton(text: *const c_char, into: *mut libc::in_addr) -> c_int;
    pub fn inet_pton(family: c_int, text: *const c_char, into: *mut c_void) -> c_int;
    pub fn inet_ntop(family: c_int, from: *const c_void, into: *mut c_char, size: socklen_t) -> *const c_char;
    pub fn getnameinfo(
        address: *const sockaddr,
        len: socklen_t,
        host: *mut c_char,
        host_len: socklen_t,
        service: *mut c_char,
        service_len: socklen_t,
        flags: c_int,
    ) -> c_int;
    pub fn gethostbyname_r(
        name: *const c_char,
        entry: *mut hostent,
        buffer: *mut c_char,
        len: size_t,
        result: *mut *mut hostent,
        error: *mut c_int,
    ) -> c_int;
    pub fn gethostbyaddr_r(
        address: *const c_void,
        address_len: socklen_t,
        family: c_int,
        entry: *mut hostent,
        buffer: *mut c_char,
        len: size_t,
        result: *mut *mut hostent,
        error: *mut c_int,
    ) -> c_int;
}
