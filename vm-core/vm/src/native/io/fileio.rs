//! `FileIO`: a file descriptor as a raw stream.

use std::cell::Cell;
use std::ffi::CString;
use std::io;

use crate::args::CallArgs;
use crate::error::{PyResult, Raised};
use crate::host;
use crate::native::io::base::{FLAGS, IoBase, class_name};
use crate::native::io::{data_of, unsupported};
use crate::native::posix::path;
use crate::native::sys::c_int;
use crate::object;
use crate::protocol::buffer::Buffer;
use crate::protocol::{attr, call, number, object as obj, truth};
use crate::runtime;
use crate::threads::files;
use crate::shape;
use crate::types::bytes;
use crate::types::iterators::payload;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Bytes that are read and written at once unless the file says otherwise.
pub const DEFAULT_BUFFER_SIZE: usize = 128 * 1024;

/// A raw stream over a file descriptor.
#[repr(C)]
pub struct FileIo {
    base: IoBase,
    /// -1 once it is closed, and before it is open.
    fd: Cell<i32>,
    created: Cell<bool>,
    readable: Cell<bool>,
    writable: Cell<bool>,
    appending: Cell<bool>,
    /// `None` until somebody asks.
    seekable: Cell<Option<bool>>,
    close_fd: Cell<bool>,
    finalizing: Cell<bool>,
    block_size: Cell<usize>,
    /// Size when the file was opened, if it is a regular one: how much `readall` will find.
    size: Cell<Option<u64>>,
}
payload!(FileIo, FILE_IO);

fn allocate(ty: TypeRef) -> Ref {
    object::new_instance(
        ty,
        FileIo {
            base: IoBase::new(),
            fd: Cell::new(-1),
            created: Cell::new(false),
            readable: Cell::new(false),
            writable: Cell::new(false),
            appending: Cell::new(false),
            seekable: Cell::new(None),
            close_fd: Cell::new(true),
            finalizing: Cell::new(false),
            block_size: Cell::new(DEFAULT_BUFFER_SIZE),
            size: Cell::new(None),
        },
    )
}

impl FileIo {
    /// Open flags of a mode; sets what the mode allows.
    fn parse_mode(&self, vm: &Vm, mode: &str) -> PyResult<i32> {
        let one = || {
            vm.value_error("Must have exactly one of create/read/write/append mode and at most one plus")
        };
        let (mut kind, mut plus) = (None, false);
        for c in mode.chars() {
            match c {
                'x' | 'r' | 'w' | 'a' if kind.is_none() => kind = Some(c),
                '+' if !plus => plus = true,
                'b' => {}
                'x' | 'r' | 'w' | 'a' | '+' => return Err(one()),
                _ => return Err(vm.value_error(format!("invalid mode: {mode}"))),
            }
        }
        let Some(kind) = kind else { return Err(one()) };
        self.created.set(kind == 'x');
        self.appending.set(kind == 'a');
        self.readable.set(kind == 'r' || plus);
        self.writable.set(kind != 'r' || plus);
        let access = match (self.readable.get(), self.writable.get()) {
            (true, true) => libc::O_RDWR,
            (true, false) => libc::O_RDONLY,
            _ => libc::O_WRONLY,
        };
        Ok(access
            | match kind {
                'x' => libc::O_EXCL | libc::O_CREAT,
                'w' => libc::O_CREAT | libc::O_TRUNC,
                'a' => libc::O_APPEND | libc::O_CREAT,
                _ => 0,
            })
    }

    fn mode(&self) -> &'static str {
        match (self.created.get(), self.appending.get(), self.readable.get(), self.writable.get()) {
            (true, _, true, _) => "xb+",
            (true, ..) => "xb",
            (_, true, true, _) => "ab+",
            (_, true, ..) => "ab",
            (_, _, true, true) => "rb+",
            (_, _, true, false) => "rb",
            _ => "wb",
        }
    }

    /// The descriptor, if the stream is open.
    fn open_fd(&self, vm: &Vm) -> PyResult<i32> {
        let fd = self.fd.get();
        if fd < 0 { Err(vm.value_error("I/O operation on closed file")) } else { Ok(fd) }
    }

    /// Whether it is open; for the buffered streams above.
    pub(super) fn is_open(&self) -> bool {
        self.fd.get() >= 0
    }

    fn reading_fd(&self, vm: &Vm) -> PyResult<i32> {
        let fd = self.open_fd(vm)?;
        if self.readable.get() { Ok(fd) } else { Err(unsupported(vm, "File not open for reading")) }
    }

    /// Reads into memory; `None` when nothing is there yet.
    pub(super) fn read_into(&self, vm: &Vm, buffer: &mut [u8]) -> PyResult<Option<usize>> {
        let fd = self.reading_fd(vm)?;
        let n = buffer.len().min(0x7fff_f000);
        would_block(vm, files::read(vm, fd, &mut buffer[..n])?)
    }

    /// Writes; `None` when the other end takes nothing yet.
    pub(super) fn write_from(&self, vm: &Vm, data: &[u8]) -> PyResult<Option<usize>> {
        let fd = self.open_fd(vm)?;
        if !self.writable.get() {
            return Err(unsupported(vm, "File not open for writing"));
        }
        would_block(vm, files::write(vm, fd, data)?)
    }

    pub(super) fn seek_to(&self, vm: &Vm, offset: i64, whence: i32) -> PyResult<i64> {
        let fd = self.open_fd(vm)?;
        host::seek(fd, offset, whence).map_err(|e| path::error(vm, &e))
    }

    pub(super) fn is_readable(&self) -> bool {
        self.readable.get()
    }

    pub(super) fn is_writable(&self) -> bool {
        self.writable.get()
    }

    pub(super) fn is_seekable(&self) -> bool {
        if self.seekable.get().is_none() {
            self.seekable.set(Some(host::seek(self.fd.get(), 0, libc::SEEK_CUR).is_ok()));
        }
        self.seekable.get() == Some(true)
    }

    /// The rest of the file; `None` when nothing is there yet.
    pub(super) fn read_all(&self, vm: &Vm) -> PyResult<Option<Vec<u8>>> {
        let fd = self.reading_fd(vm)?;
        let expected = match self.size.get() {
            Some(size) => {
                let at = host::seek(fd, 0, libc::SEEK_CUR).unwrap_or(0).max(0) as u64;
                size.saturating_sub(at) as usize
            }
            None => 0,
        };
        let mut all: Vec<u8> = Vec::new();
        // One byte more than the file should have: the last read tells its end.
        let mut room = expected.clamp(0, 1 << 30) + 1;
        loop {
            let start = all.len();
            if all.try_reserve(room).is_err() {
                return Err(vm.overflow_error("unbounded read returned more bytes than a Python bytes object can hold"));
            }
            all.resize(start + room, 0);
            let r = files::read(vm, fd, &mut all[start..])?;
            match would_block(vm, r) {
                Ok(Some(0)) => {
                    all.truncate(start);
                    return Ok(Some(all));
                }
                Ok(Some(n)) => all.truncate(start + n),
                Ok(None) if start == 0 => return Ok(None),
                Ok(None) => {
                    all.truncate(start);
                    return Ok(Some(all));
                }
                Err(e) => return Err(e),
            }
            room = (all.len() + (all.len() >> 3)).clamp(8192, 8 << 20);
        }
    }

    /// Closes the descriptor; nothing happens if it is closed already or belongs to others.
    fn close_descriptor(&self, vm: &Vm) -> PyResult<()> {
        let fd = self.fd.replace(-1);
        if fd >= 0
            && self.close_fd.get()
            && let Err(e) = host::close(fd)
            && e.raw_os_error() != Some(libc::EINTR)
        {
            return Err(path::error(vm, &e));
        }
        Ok(())
    }
}

/// EAGAIN is no error here.
fn would_block(vm: &Vm, r: io::Result<usize>) -> PyResult<Option<usize>> {
    match r {
        Ok(n) => Ok(Some(n)),
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(e) => Err(path::error(vm, &e)),
    }
}

/// What the first argument names: a descriptor, or a path.
fn target(vm: &Vm, v: Value) -> PyResult<Result<i32, CString>> {
    if v.has_shape(shape::BOOL) {
        runtime::warn(vm, shape::RUNTIME_WARNING, "bool is used as a file descriptor", 1)?;
    }
    if number::has_index(vm, v) {
        let fd = c_int(vm, v)?;
        if fd < 0 {
            return Err(vm.value_error("negative file descriptor"));
        }
        return Ok(Ok(fd));
    }
    if crate::types::float::value_of(v).is_some() {
        return Err(vm.type_error(format!(
            "expected str, bytes or os.PathLike object, not {}",
            vm.type_of(v).full_name()
        )));
    }
    let p = path::fspath(vm, v)?;
    let b = path::to_bytes(vm, p.value())?;
    CString::new(b).map(Err).map_err(|_| vm.value_error("embedded null byte"))
}

fn init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    let sig = vm.signatures.get("(file, mode='r', closefd=True, opener=None)");
    sig.bind(vm, "FileIO", None, args, |a| {
        let f = FileIo::of(v);
        if f.fd.get() >= 0 {
            f.close_descriptor(vm)?;
        }
        let mode = match a[1].non_null() {
            Some(m) => crate::types::str_::expect(vm, m, "FileIO() argument 'mode'")?.to_string_lossy(),
            None => "r".to_owned(),
        };
        let close_fd = a[2].non_null().map_or(Ok(true), |c| truth::truth(vm, c))?;
        let target = target(vm, a[0])?;
        let flags = f.parse_mode(vm, &mode)? | libc::O_CLOEXEC;
        open(vm, f, a, target, flags, close_fd)?;
        let opened = examine(vm, f, a[0]).and_then(|()| attr::set_named(vm, v, "name", a[0]));
        if let Err(e) = opened {
            // A descriptor that was handed in stays open.
            if number::has_index(vm, a[0]) {
                f.fd.set(-1);
            } else {
                drop(f.close_descriptor(vm));
            }
            return Err(e);
        }
        if f.appending.get() {
            drop(host::seek(f.fd.get(), 0, libc::SEEK_END));
        }
        Ok(())
    })
}

fn open(
    vm: &Vm,
    f: &FileIo,
    a: &[Value],
    target: Result<i32, CString>,
    flags: i32,
    close_fd: bool,
) -> PyResult<()> {
    f.seekable.set(None);
    let path = match target {
        Ok(fd) => {
            f.fd.set(fd);
            f.close_fd.set(close_fd);
            return Ok(());
        }
        Err(path) => path,
    };
    f.close_fd.set(true);
    if !close_fd {
        return Err(vm.value_error("Cannot use closefd=False with file name"));
    }
    let opener = a[3].non_null().filter(|o| !o.is(vm.none()));
    let Some(opener) = opener else {
        return match path::retry(vm, || host::open(&path, flags, 0o666))? {
            Ok(fd) => {
                f.fd.set(fd);
                Ok(())
            }
            Err(e) => Err(path::error_with(vm, &e, a[0], Value::NULL)),
        };
    };
    let r = call::call_args(vm, opener, &[a[0], vm.new_int(flags as i64).value()])?;
    if !number::has_index(vm, r.value()) {
        return Err(vm.type_error("expected integer from opener"));
    }
    let fd = c_int(vm, r.value())?;
    if fd < 0 {
        return Err(vm.value_error(format!("opener returned {fd}")));
    }
    f.fd.set(fd);
    // SAFETY: plain system call.
    if unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) } < 0 {
        return Err(path::error(vm, &io::Error::last_os_error()));
    }
    Ok(())
}

/// Refuses folders, and learns size and block size.
fn examine(vm: &Vm, f: &FileIo, name: Value) -> PyResult<()> {
    match host::fstat(f.fd.get()) {
        Ok(s) => {
            if s.st_mode & libc::S_IFMT == libc::S_IFDIR {
                let e = io::Error::from_raw_os_error(libc::EISDIR);
                return Err(path::error_with(vm, &e, name, Value::NULL));
            }
            if s.st_blksize > 1 {
                f.block_size.set(s.st_blksize as usize);
            }
            let regular = s.st_mode & libc::S_IFMT == libc::S_IFREG;
            f.size.set(regular.then_some(s.st_size as u64));
            Ok(())
        }
        Err(e) if e.raw_os_error() == Some(libc::EBADF) => Err(path::error(vm, &e)),
        Err(_) => Ok(()),
    }
}

fn read(vm: &Vm, a: &[Value]) -> PyResult {
    let f = FileIo::of(a[0]);
    f.reading_fd(vm)?;
    let n = match a[1].non_null().filter(|n| !n.is(vm.none())) {
        Some(n) => number::size_i64(vm, n)?,
        None => -1,
    };
    if n < 0 {
        return readall(vm, a);
    }
    let mut buffer = Vec::new();
    let n = (n as usize).min(0x7fff_f000);
    if buffer.try_reserve_exact(n).is_err() {
        return Err(vm.memory_error(""));
    }
    buffer.resize(n, 0);
    Ok(match f.read_into(vm, &mut buffer)? {
        Some(n) => bytes::new(vm, &buffer[..n]),
        None => vm.none_ref(),
    })
}

fn readall(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(match FileIo::of(a[0]).read_all(vm)? {
        Some(b) => bytes::new(vm, &b),
        None => vm.none_ref(),
    })
}

fn readinto(vm: &Vm, a: &[Value]) -> PyResult {
    let f = FileIo::of(a[0]);
    f.reading_fd(vm)?;
    let to = Buffer::writable_argument(vm, "readinto", "argument 1", a[1])?;
    let mut buffer = vec![0; to.len()];
    let Some(n) = f.read_into(vm, &mut buffer)? else { return Ok(vm.none_ref()) };
    to.fill(&buffer[..n]);
    Ok(vm.new_int(n as i64))
}

fn write(vm: &Vm, a: &[Value]) -> PyResult {
    let f = FileIo::of(a[0]);
    f.open_fd(vm)?;
    if !f.writable.get() {
        return Err(unsupported(vm, "File not open for writing"));
    }
    let n = data_of(vm, a[1], |b| f.write_from(vm, b))??;
    Ok(n.map_or_else(|| vm.none_ref(), |n| vm.new_int(n as i64)))
}

fn seek(vm: &Vm, a: &[Value]) -> PyResult {
    let f = FileIo::of(a[0]);
    f.open_fd(vm)?;
    if crate::types::float::value_of(a[1]).is_some() {
        return Err(vm.type_error("'float' object cannot be interpreted as an integer"));
    }
    let whence = a[2].non_null().map_or(Ok(0), |w| c_int(vm, w))?;
    Ok(vm.new_int(f.seek_to(vm, number::size_i64(vm, a[1])?, whence)?))
}

fn tell(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.new_int(FileIo::of(a[0]).seek_to(vm, 0, libc::SEEK_CUR)?))
}

fn truncate(vm: &Vm, a: &[Value]) -> PyResult {
    let f = FileIo::of(a[0]);
    let fd = f.open_fd(vm)?;
    if !f.writable.get() {
        return Err(unsupported(vm, "File not open for writing"));
    }
    let size = match a[1].non_null().filter(|s| !s.is(vm.none())) {
        Some(s) => s.to_ref(),
        None => tell(vm, a)?,
    };
    let n = number::size_i64(vm, size.value())?;
    f.size.set(None);
    // SAFETY: plain system call.
    match path::retry(vm, || host::check(unsafe { libc::ftruncate(fd, n) }))? {
        Ok(_) => Ok(size),
        Err(e) => Err(path::error(vm, &e)),
    }
}

fn close(vm: &Vm, a: &[Value]) -> PyResult {
    let f = FileIo::of(a[0]);
    f.base.closed.set(true);
    if f.fd.get() < 0 || !f.close_fd.get() {
        f.fd.set(-1);
        return Ok(vm.none_ref());
    }
    if f.finalizing.get() {
        warn_unclosed(vm, f, a[0]);
    }
    f.close_descriptor(vm)?;
    Ok(vm.none_ref())
}

fn warn_unclosed(vm: &Vm, f: &FileIo, source: Value) {
    if f.fd.get() < 0 || !f.close_fd.get() {
        return;
    }
    let text = format!("unclosed file {}", obj::repr_text(vm, source).unwrap_or_default());
    let message = vm.new_str(&text);
    let category = vm.builtin(shape::RESOURCE_WARNING).value();
    if let Err(e) = crate::native::warnings::warn(vm, message.value(), category, 1, source, &[]) {
        runtime::unraisable_while(vm, e, "finalizing file", source);
    }
}

fn dealloc_warn(vm: &Vm, a: &[Value]) -> PyResult {
    warn_unclosed(vm, FileIo::of(a[0]), a[1]);
    Ok(vm.none_ref())
}

/// A question about an open file.
fn ask(vm: &Vm, v: Value, answer: impl FnOnce(&FileIo) -> bool) -> PyResult {
    let f = FileIo::of(v);
    f.open_fd(vm)?;
    Ok(vm.bool_ref(answer(f)))
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let f = FileIo::of(v);
    let class = class_name(vm, v);
    if f.fd.get() < 0 {
        return Ok(vm.new_str(&format!("<{class} [closed]>")));
    }
    let closes = if f.close_fd.get() { "True" } else { "False" };
    let what = match attr::get_opt(vm, v, vm.intern("name"))? {
        Some(name) => {
            let shown = vm.repr_guard(v, || obj::repr_text(vm, name.value()))?;
            let Some(shown) = shown else {
                return Err(vm.runtime_error(format!("reentrant call inside {class}.__repr__")));
            };
            format!("name={shown}")
        }
        None => format!("fd={}", f.fd.get()),
    };
    Ok(vm.new_str(&format!("<{class} {what} mode='{}' closefd={closes}>", f.mode())))
}

#[cold]
pub(super) fn cannot_pickle(vm: &Vm, v: Value) -> Raised {
    vm.type_error(format!("cannot pickle '{}' instances", class_name(vm, v)))
}

pub static DEF: TypeDef = TypeDef {
    doc: "Open a file.\n\n\
          The mode can be 'r' (default), 'w', 'x' or 'a' for reading,\n\
          writing, exclusive creation or appending.  A '+' in the mode allows\n\
          simultaneous reading and writing.",
    flags: FLAGS,
    slots: |s| {
        s.init = Some(init);
        s.repr = Some(repr);
        s.drop = Some(|p| {
            // SAFETY: a FileIo that nobody uses any more; its finalizer closed it unless a
            // subclass prevented that.
            let f = unsafe { &*(p as *const FileIo) };
            if f.fd.get() >= 0 && f.close_fd.get() {
                drop(host::close(f.fd.get()));
            }
        });
    },
    new: New::Raw(|_, ty, _| Ok(allocate(ty))),
    methods: &[
        MethodDef::new("read", "($self, size=-1, /)", read, "Read at most size bytes, returned as bytes."),
        MethodDef::new("readall", "($self, /)", readall, "Read all data from the file, returned as bytes."),
        MethodDef::new("readinto", "($self, buffer, /)", readinto, "Same as RawIOBase.readinto()."),
        MethodDef::new("write", "($self, b, /)", write, "Write buffer b to file, return number of bytes written."),
        MethodDef::new("seek", "($self, pos, whence=0, /)", seek, "Move to new file position and return the file position."),
        MethodDef::new("tell", "($self, /)", tell, "Current file position."),
        MethodDef::new("truncate", "($self, size=None, /)", truncate, "Truncate the file to at most size bytes and return the truncated size."),
        MethodDef::new("close", "($self, /)", close, "Close the file."),
        MethodDef::new("seekable", "($self, /)", |vm, a| ask(vm, a[0], FileIo::is_seekable), "True if file supports random-access."),
        MethodDef::new("readable", "($self, /)", |vm, a| ask(vm, a[0], FileIo::is_readable), "True if file was opened in a read mode."),
        MethodDef::new("writable", "($self, /)", |vm, a| ask(vm, a[0], FileIo::is_writable), "True if file was opened in a write mode."),
        MethodDef::new("fileno", "($self, /)", |vm, a| Ok(vm.new_int(FileIo::of(a[0]).open_fd(vm)? as i64)), "Return the underlying file descriptor (an integer)."),
        MethodDef::new("isatty", "($self, /)", |vm, a| ask(vm, a[0], |f| host::is_terminal(f.fd.get())), "True if the file is connected to a TTY device."),
        MethodDef::new("_isatty_open_only", "($self, /)", |vm, a| ask(vm, a[0], |f| f.size.get().is_none() && host::is_terminal(f.fd.get())), ""),
        MethodDef::new("_dealloc_warn", "($self, object, /)", dealloc_warn, ""),
        MethodDef::new("__getstate__", "($self, /)", |vm, a| Err(cannot_pickle(vm, a[0])), ""),
    ],
    getset: &[
        GetSetDef::get("closed", |vm, v| Ok(vm.bool_ref(FileIo::of(v).fd.get() < 0)), "True if the file is closed"),
        GetSetDef::get("closefd", |vm, v| Ok(vm.bool_ref(FileIo::of(v).close_fd.get())), "True if the file descriptor will be closed by close()."),
        GetSetDef::get("mode", |vm, v| Ok(vm.new_str(FileIo::of(v).mode())), "String giving the file mode"),
        GetSetDef::get("_blksize", |vm, v| Ok(vm.new_int(FileIo::of(v).block_size.get() as i64)), "Stat st_blksize if available"),
        GetSetDef::member_set("_finalizing", |vm, v| Ok(vm.bool_ref(FileIo::of(v).finalizing.get())), |vm, v, x| {
            FileIo::of(v).finalizing.set(truth::truth(vm, x)?);
            Ok(())
        }, ""),
    ],
    ..TypeDef::of::<FileIo>("_io.FileIO")
};
