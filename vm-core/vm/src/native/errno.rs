//! The module `errno`.

use crate::error::PyResult;
use crate::native::{ModuleDef, add};
use crate::types::dict::PyDict;
use crate::value::Value;
use crate::vm::Vm;

macro_rules! errors {
    ($($name:ident)*) => {
        &[$((stringify!($name), libc::$name)),*]
    };
}

/// Name and number of each error; where two names share a number, the later one is the entry
/// of `errorcode`.
static ERRORS: &[(&str, i32)] = errors! {
    EWOULDBLOCK EDEADLK EOPNOTSUPP EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD
    EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE
    EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE EDEADLOCK ENAMETOOLONG
    ENOLCK ENOSYS ENOTEMPTY ELOOP ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH ENOCSI
    EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT EBFONT ENOSTR ENODATA ETIME ENOSR ENONET ENOPKG
    EREMOTE ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ EBADFD
    EREMCHG ELIBACC ELIBBAD ELIBSCN ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS ENOTSOCK
    EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT ENOTSUP
    EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET ECONNABORTED
    ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN
    EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL EISNAM EREMOTEIO EDQUOT
    ENOMEDIUM EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED EOWNERDEAD
    ENOTRECOVERABLE ERFKILL EHWPOISON
};

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    let codes = PyDict::new(vm);
    for (name, n) in ERRORS {
        let n = Value::small_int(*n as i64);
        add(vm, m, name, n)?;
        if let Some(d) = codes.cast::<PyDict>() {
            d.set(vm, n, vm.intern(name))?;
        }
    }
    add(vm, m, "errorcode", codes.value())
}

pub(super) static MODULE: ModuleDef = ModuleDef {
    name: "errno",
    doc: "This module makes available standard errno system symbols.\n\n\
          The value of each symbol is the corresponding integer value,\n\
          e.g., on most systems, errno.ENOENT equals the integer 2.\n\n\
          The dictionary errno.errorcode maps numeric codes to symbol names,\n\
          e.g., errno.errorcode[2] could be the string 'ENOENT'.\n\n\
          Symbols that are not relevant to the underlying system are not defined.\n\n\
          To map error codes to error messages, use the function os.strerror(),\n\
          e.g. os.strerror(2) could return 'No such file or directory'.",
    functions: &[],
    init,
};
