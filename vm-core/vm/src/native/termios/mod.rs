//! The module `termios`: control of terminals.

use std::io;

use crate::convert::{self, module_function as function};
use crate::error::{PyResult, Raised};
use crate::host;
use crate::native::posix::descriptor;
use crate::native::{self, ModuleDef};
use crate::protocol::iter;
use crate::runtime;
use crate::shape;
use crate::types::bytes::{self, PyBytes};
use crate::types::exceptions::hierarchy;
use crate::types::int;
use crate::types::list::PyList;
use crate::types::tuple::PyTuple;
use crate::types::type_::TypeDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

mod constants;

pub static ERROR: TypeDef = hierarchy::simple("termios.error", "");

/// `termios.error(errno, text)`.
#[cold]
fn error(vm: &Vm, e: &io::Error) -> Raised {
    let text = vm.new_str(&crate::import::error_text(e));
    let code = Value::small_int(e.raw_os_error().unwrap_or(0).into());
    vm.error_args(shape::TERMIOS_ERROR, &[code, text.value()])
}

/// Calls the system until it is not interrupted; signals are handled in between.
fn done(vm: &Vm, mut f: impl FnMut() -> i32) -> PyResult {
    loop {
        match host::check(f()) {
            Ok(_) => return Ok(vm.none_ref()),
            Err(e) if e.raw_os_error() == Some(libc::EINTR) => runtime::handle_signals(vm)?,
            Err(e) => return Err(error(vm, &e)),
        }
    }
}

fn attributes(vm: &Vm, fd: i32) -> PyResult<libc::termios> {
    // SAFETY: a structure of numbers, for which zero is right.
    let mut t: libc::termios = unsafe { std::mem::zeroed() };
    // SAFETY: room for the answer.
    match host::check(unsafe { libc::tcgetattr(fd, &mut t) }) {
        Ok(_) => Ok(t),
        Err(e) => Err(error(vm, &e)),
    }
}

/// Speeds in bits per second, and the codes by which the C library of old knows them.
const SPEEDS: &[(libc::speed_t, u32)] = &[
    (libc::B0, 0),
    (libc::B50, 50),
    (libc::B75, 75),
    (libc::B110, 110),
    (libc::B134, 134),
    (libc::B150, 150),
    (libc::B200, 200),
    (libc::B300, 300),
    (libc::B600, 600),
    (libc::B1200, 1200),
    (libc::B1800, 1800),
    (libc::B2400, 2400),
    (libc::B4800, 4800),
    (libc::B9600, 9600),
    (libc::B19200, 19200),
    (libc::B38400, 38400),
    (libc::B57600, 57600),
    (libc::B115200, 115_200),
    (libc::B230400, 230_400),
    (libc::B460800, 460_800),
    (libc::B500000, 500_000),
    (libc::B576000, 576_000),
    (libc::B921600, 921_600),
    (libc::B1000000, 1_000_000),
    (libc::B1152000, 1_152_000),
    (libc::B1500000, 1_500_000),
    (libc::B2000000, 2_000_000),
    (libc::B2500000, 2_500_000),
    (libc::B3000000, 3_000_000),
    (libc::B3500000, 3_500_000),
    (libc::B4000000, 4_000_000),
];

fn shown_speed(code: libc::speed_t) -> i64 {
    SPEEDS.iter().find(|(c, _)| *c == code).map_or(code.into(), |(_, bits)| (*bits).into())
}

fn speed_code(bits: u32) -> libc::speed_t {
    SPEEDS.iter().find(|(_, b)| *b == bits).map_or(bits, |(code, _)| *code)
}

fn tcgetattr(vm: &Vm, a: &[Value]) -> PyResult {
    let t = attributes(vm, descriptor(vm, a[0])?)?;
    let mut chars: Vec<Ref> = t.c_cc.iter().map(|c| bytes::new(vm, &[*c])).collect();
    if t.c_lflag & libc::ICANON == 0 {
        // Without lines, these two are a number of bytes and a time.
        for i in [libc::VMIN, libc::VTIME] {
            chars[i] = Ref::small_int(t.c_cc[i].into());
        }
    }
    // SAFETY: a valid structure.
    let speeds = unsafe { [libc::cfgetispeed(&t), libc::cfgetospeed(&t)] };
    let mut items: Vec<Ref> =
        [t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag].iter().map(|n| vm.new_int((*n).into())).collect();
    items.extend(speeds.map(|s| vm.new_int(shown_speed(s))));
    items.push(PyList::new(vm, chars));
    Ok(PyList::new(vm, items))
}

fn flag(vm: &Vm, v: &Ref) -> PyResult<libc::tcflag_t> {
    crate::native::binascii::low_bits(vm, v.value(), 0)
}

fn control_char(vm: &Vm, v: Value) -> PyResult<u8> {
    if let Some(&[c]) = v.cast::<PyBytes>().map(PyBytes::as_slice) {
        return Ok(c);
    }
    if int::value_of(v).is_some() {
        return Ok(convert::c_int(vm, v)? as u8);
    }
    Err(vm.type_error("tcsetattr: elements of attributes must be characters or integers"))
}

fn tcsetattr(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = descriptor(vm, a[0])?;
    let when = convert::c_int(vm, a[1])?;
    let Some(items) = a[2].cast::<PyList>().map(PyList::to_vec).filter(|l| l.len() == 7) else {
        return Err(vm.type_error("tcsetattr, arg 3: must be 7 element list"));
    };
    // Whatever the list does not describe stays as it is.
    let mut t = attributes(vm, fd)?;
    (t.c_iflag, t.c_oflag) = (flag(vm, &items[0])?, flag(vm, &items[1])?);
    (t.c_cflag, t.c_lflag) = (flag(vm, &items[2])?, flag(vm, &items[3])?);
    let (input, output) = (flag(vm, &items[4])?, flag(vm, &items[5])?);
    let Some(chars) = items[6].cast::<PyList>().map(PyList::to_vec).filter(|l| l.len() == t.c_cc.len()) else {
        return Err(vm.type_error(format!("tcsetattr: attributes[6] must be {} element list", t.c_cc.len())));
    };
    for (to, from) in t.c_cc.iter_mut().zip(&chars) {
        *to = control_char(vm, from.value())?;
    }
    // SAFETY: a valid structure.
    let set = unsafe {
        host::check(libc::cfsetispeed(&mut t, speed_code(input)))
            .and_then(|_| host::check(libc::cfsetospeed(&mut t, speed_code(output))))
    };
    if let Err(e) = set {
        return Err(error(vm, &e));
    }
    // SAFETY: a valid structure.
    done(vm, || unsafe { libc::tcsetattr(fd, when, &t) })
}

fn tcsendbreak(vm: &Vm, a: &[Value]) -> PyResult {
    let (fd, duration) = (descriptor(vm, a[0])?, convert::c_int(vm, a[1])?);
    // SAFETY: plain system call.
    done(vm, || unsafe { libc::tcsendbreak(fd, duration) })
}

fn tcdrain(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = descriptor(vm, a[0])?;
    // SAFETY: plain system call.
    done(vm, || unsafe { libc::tcdrain(fd) })
}

fn tcflush(vm: &Vm, a: &[Value]) -> PyResult {
    let (fd, queue) = (descriptor(vm, a[0])?, convert::c_int(vm, a[1])?);
    // SAFETY: plain system call.
    done(vm, || unsafe { libc::tcflush(fd, queue) })
}

fn tcflow(vm: &Vm, a: &[Value]) -> PyResult {
    let (fd, action) = (descriptor(vm, a[0])?, convert::c_int(vm, a[1])?);
    // SAFETY: plain system call.
    done(vm, || unsafe { libc::tcflow(fd, action) })
}

fn size(vm: &Vm, fd: i32) -> PyResult<libc::winsize> {
    let mut w = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the request fills the structure in.
    match host::check(unsafe { libc::ioctl(fd, libc::TIOCGWINSZ, &mut w) }) {
        Ok(_) => Ok(w),
        Err(e) => Err(error(vm, &e)),
    }
}

fn tcgetwinsize(vm: &Vm, a: &[Value]) -> PyResult {
    let w = size(vm, descriptor(vm, a[0])?)?;
    Ok(PyTuple::pair(Ref::small_int(w.ws_row.into()), Ref::small_int(w.ws_col.into())))
}

fn tcsetwinsize(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = descriptor(vm, a[0])?;
    let wrong = "tcsetwinsize, arg 2: must be a two-item sequence";
    let items = iter::sequence(vm, a[1], wrong)?;
    let [rows, columns] = &items[..] else { return Err(vm.type_error(wrong)) };
    let number = |v: &Ref| -> PyResult<u16> {
        u16::try_from(convert::c_long(vm, v.value())?)
            .map_err(|_| vm.overflow_error("winsize value(s) out of range."))
    };
    let (rows, columns) = (number(rows)?, number(columns)?);
    let mut w = size(vm, fd)?;
    (w.ws_row, w.ws_col) = (rows, columns);
    // SAFETY: the request reads the structure.
    done(vm, || unsafe { libc::ioctl(fd, libc::TIOCSWINSZ, &w) })
}

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    native::add(vm, m, "error", vm.builtin(shape::TERMIOS_ERROR).value())?;
    constants::CONSTANTS.iter().try_for_each(|(name, n)| native::add(vm, m, name, Value::small_int(*n)))
}

pub static MODULE: ModuleDef = ModuleDef {
    name: "termios",
    doc: "This module provides an interface to the Posix calls for tty I/O control.\n\
For a complete description of these calls, see the Posix or Unix manual\n\
pages. It is only available for those Unix versions that support Posix\n\
termios style tty I/O control.\n\n\
All functions in this module take a file descriptor fd as their first\n\
argument. This can be an integer file descriptor, such as returned by\n\
sys.stdin.fileno(), or a file object, such as sys.stdin itself.",
    functions: &[
        function!("tcgetattr", "($module, fd, /)", tcgetattr, "Get the tty attributes for file descriptor fd.\n\nReturns a list [iflag, oflag, cflag, lflag, ispeed, ospeed, cc]\nwhere cc is a list of the tty special characters (each a string of\nlength 1, except the items with indices VMIN and VTIME, which are\nintegers when these fields are defined).  The interpretation of the\nflags and the speeds as well as the indexing in the cc array must be\ndone using the symbolic constants defined in this module."),
        function!("tcsetattr", "($module, fd, when, attributes, /)", tcsetattr, "Set the tty attributes for file descriptor fd.\n\nThe attributes to be set are taken from the attributes argument, which\nis a list like the one returned by tcgetattr(). The when argument\ndetermines when the attributes are changed: termios.TCSANOW to\nchange immediately, termios.TCSADRAIN to change after transmitting all\nqueued output, or termios.TCSAFLUSH to change after transmitting all\nqueued output and discarding all queued input."),
        function!("tcsendbreak", "($module, fd, duration, /)", tcsendbreak, "Send a break on file descriptor fd.\n\nA zero duration sends a break for 0.25-0.5 seconds; a nonzero duration\nhas a system dependent meaning."),
        function!("tcdrain", "($module, fd, /)", tcdrain, "Wait until all output written to file descriptor fd has been transmitted."),
        function!("tcflush", "($module, fd, queue, /)", tcflush, "Discard queued data on file descriptor fd.\n\nThe queue selector specifies which queue: termios.TCIFLUSH for the input\nqueue, termios.TCOFLUSH for the output queue, or termios.TCIOFLUSH for\nboth queues."),
        function!("tcflow", "($module, fd, action, /)", tcflow, "Suspend or resume input or output on file descriptor fd.\n\nThe action argument can be termios.TCOOFF to suspend output,\ntermios.TCOON to restart output, termios.TCIOFF to suspend input,\nor termios.TCION to restart input."),
        function!("tcgetwinsize", "($module, fd, /)", tcgetwinsize, "Get the tty winsize for file descriptor fd.\n\nReturns a tuple (ws_row, ws_col)."),
        function!("tcsetwinsize", "($module, fd, winsize, /)", tcsetwinsize, "Set the tty winsize for file descriptor fd.\n\nThe winsize to be set is taken from the winsize argument, which\nis a two-item tuple (ws_row, ws_col) like the one returned by tcgetwinsize()."),
    ],
    init,
};
