//! The module `mmap`: files and shared memory as arrays of bytes.

use std::cell::Cell;

use crate::convert;
use crate::error::{PyResult, Raised};
use crate::host;
use crate::import::os_error;
use crate::native::{self, ModuleDef};
use crate::object::{self, Header};
use crate::protocol::number;
use crate::shape;
use crate::types::iterators::payload;
use crate::types::memoryview::BufferInfo;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef, flags};
use crate::types::type_object::display_name;
use crate::value::Value;
use crate::vm::Vm;

mod methods;
mod subscript;

const ACCESS_DEFAULT: i32 = 0;
const ACCESS_READ: i32 = 1;
const ACCESS_WRITE: i32 = 2;
const ACCESS_COPY: i32 = 3;

/// A mapping.
#[repr(C)]
pub struct PyMmap {
    header: Header,
    /// Null once it is closed.
    start: Cell<*mut u8>,
    len: Cell<usize>,
    position: Cell<usize>,
    offset: i64,
    /// -1 where memory is mapped without a file.
    fd: Cell<i32>,
    flags: i32,
    access: i32,
    /// Views of the memory; while there are any, it must stay where it is.
    exports: Cell<isize>,
}
payload!(PyMmap, MMAP);

impl Drop for PyMmap {
    fn drop(&mut self) {
        self.unmap();
    }
}

impl PyMmap {
    fn unmap(&self) {
        let p = self.start.replace(std::ptr::null_mut());
        if !p.is_null() {
            // SAFETY: the mapping, which nobody uses any more.
            unsafe { libc::munmap(p.cast(), self.len.get()) };
        }
        let fd = self.fd.replace(-1);
        if fd >= 0 {
            // Nobody could be told about an error.
            drop(host::close(fd));
        }
    }

    fn is_closed(&self) -> bool {
        self.start.get().is_null()
    }

    /// The memory, if the mapping is open. It is shared with whoever maps it too.
    fn bytes(&self, vm: &Vm) -> PyResult<&[u8]> {
        if self.is_closed() {
            return Err(vm.value_error("mmap closed or invalid"));
        }
        // SAFETY: the mapping is so long, and lives until it is closed.
        Ok(unsafe { std::slice::from_raw_parts(self.start.get(), self.len.get()) })
    }

    /// Calls `f` with the memory, to write to it. `f` must not run Python code.
    fn with_mut<R>(&self, vm: &Vm, f: impl FnOnce(&mut [u8]) -> R) -> PyResult<R> {
        self.bytes(vm)?;
        if self.access == ACCESS_READ {
            return Err(vm.type_error("mmap can't modify a readonly memory map."));
        }
        // SAFETY: as in `bytes`; nobody else of this process looks at it while `f` runs.
        Ok(f(unsafe { std::slice::from_raw_parts_mut(self.start.get(), self.len.get()) }))
    }

    fn check_exports(&self, vm: &Vm, doing: &str) -> PyResult<()> {
        if self.exports.get() > 0 {
            return Err(vm.buffer_error(format!("{doing} exported pointers exist")));
        }
        Ok(())
    }
}

fn system_error(vm: &Vm) -> Raised {
    os_error(vm, &std::io::Error::last_os_error(), None)
}

/// Flags and protection, and the kind of access that they allow.
fn protection(vm: &Vm, flags: Option<i32>, prot: Option<i32>, access: i32) -> PyResult<(i32, i32, i32)> {
    let all = libc::PROT_READ | libc::PROT_WRITE;
    if access != ACCESS_DEFAULT && (flags.is_some_and(|f| f != libc::MAP_SHARED) || prot.is_some_and(|p| p != all)) {
        return Err(vm.value_error("mmap can't specify both access and flags, prot."));
    }
    let (flags, prot) = (flags.unwrap_or(libc::MAP_SHARED), prot.unwrap_or(all));
    Ok(match access {
        ACCESS_READ => (libc::MAP_SHARED, libc::PROT_READ, access),
        ACCESS_WRITE => (libc::MAP_SHARED, all, access),
        ACCESS_COPY => (libc::MAP_PRIVATE, all, access),
        ACCESS_DEFAULT if prot & all == all => (flags, prot, access),
        ACCESS_DEFAULT if prot & libc::PROT_WRITE != 0 => (flags, prot, ACCESS_WRITE),
        ACCESS_DEFAULT => (flags, prot, ACCESS_READ),
        _ => return Err(vm.value_error("mmap invalid access parameter.")),
    })
}

/// How much of a file is mapped.
fn mapped_len(vm: &Vm, fd: i32, len: usize, offset: i64) -> PyResult<usize> {
    if fd == -1 {
        return Ok(len);
    }
    let stat = host::fstat(fd).map_err(|e| os_error(vm, &e, None))?;
    if stat.st_mode & libc::S_IFMT != libc::S_IFREG {
        return Ok(len);
    }
    if len == 0 {
        return match stat.st_size {
            0 => Err(vm.value_error("cannot mmap an empty file")),
            size if offset >= size => Err(vm.value_error("mmap offset is greater than file size")),
            size => Ok((size - offset) as usize),
        };
    }
    if offset > stat.st_size || ((stat.st_size - offset) as usize) < len {
        return Err(vm.value_error("mmap length is greater than file size"));
    }
    Ok(len)
}

fn new(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    let optional = |v: Value| v.non_null().map(|v| convert::c_int(vm, v)).transpose();
    let (fd, len) = (convert::c_int(vm, a[0])?, number::size_i64(vm, a[1])?);
    let (flags, prot) = (optional(a[2])?, optional(a[3])?);
    let access = optional(a[4])?.unwrap_or(ACCESS_DEFAULT);
    let offset = a[5].non_null().map_or(Ok(0), |v| convert::c_longlong(vm, v))?;
    let keep_fd = convert::bool_or(vm, a[6], true)?;
    let Ok(len) = usize::try_from(len) else {
        return Err(vm.overflow_error("memory mapped length must be positive"));
    };
    if offset < 0 {
        return Err(vm.overflow_error("memory mapped offset must be positive"));
    }
    let (mut flags, prot, access) = protection(vm, flags, prot, access)?;
    let len = mapped_len(vm, fd, len, offset)?;
    let mut kept = -1;
    if fd == -1 {
        flags |= libc::MAP_ANONYMOUS;
    } else if keep_fd {
        // SAFETY: plain system call.
        match host::check(unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) }) {
            Ok(copy) => kept = copy,
            Err(e) => return Err(os_error(vm, &e, None)),
        }
    }
    // SAFETY: a mapping at a place of the system's choice.
    let p = unsafe { libc::mmap(std::ptr::null_mut(), len, prot, flags, fd, offset) };
    if p == libc::MAP_FAILED {
        let e = system_error(vm);
        if kept >= 0 {
            drop(host::close(kept));
        }
        return Err(e);
    }
    Ok(object::new_instance(
        ty,
        PyMmap {
            header: object::header(),
            start: Cell::new(p.cast()),
            len: Cell::new(len),
            position: Cell::new(0),
            offset,
            fd: Cell::new(kept),
            flags,
            access,
            exports: Cell::new(0),
        },
    ))
}

fn buffer(v: Value) -> BufferInfo {
    let m = PyMmap::of(v);
    let (start, len) = match m.is_closed() {
        true => (std::ptr::NonNull::dangling().as_ptr(), 0),
        false => (m.start.get(), m.len.get()),
    };
    BufferInfo { start, len, readonly: m.access == ACCESS_READ, format: "B", item_size: 1 }
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let m = PyMmap::of(v);
    let class = display_name(vm, vm.type_of(v));
    if m.is_closed() {
        return Ok(vm.new_str(&format!("<{class} closed=True>")));
    }
    let access = ["ACCESS_DEFAULT", "ACCESS_READ", "ACCESS_WRITE", "ACCESS_COPY"][m.access as usize];
    let (len, position) = (m.len.get(), m.position.get());
    Ok(vm.new_str(&format!(
        "<{class} closed=False, access={access}, length={len}, pos={position}, offset={}>",
        m.offset
    )))
}

pub static MMAP: TypeDef = TypeDef {
    doc: "Unix: mmap(fileno, length[, flags[, prot[, access[, offset[, trackfd]]]]])\n\n\
Maps length bytes from the file specified by the file descriptor fileno,\nand returns a mmap object.",
    flags: flags::BASETYPE | flags::HEAP | flags::PREFIX | flags::WEAKREF,
    new: New::Bound(
        "(fileno, length, flags=MAP_SHARED, prot=PROT_WRITE|PROT_READ, access=ACCESS_DEFAULT, offset=0, *, trackfd=True)",
        new,
    ),
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyMmap>);
        s.repr = Some(repr);
        s.len = Some(|vm, v| Ok(PyMmap::of(v).bytes(vm)?.len()));
        s.get_item = Some(subscript::get_item);
        s.set_item = Some(subscript::set_item);
        s.buffer = Some(buffer);
        s.get_buffer = Some(|vm, v, flags| {
            PyMmap::of(v).bytes(vm)?;
            crate::protocol::buffer::native(vm, v, flags)
        });
        s.count_export = Some(|v, n| {
            let m = PyMmap::of(v);
            m.exports.set(m.exports.get() + n);
        });
    },
    methods: &[
        MethodDef::new("close", "($self, /)", methods::close, ""),
        MethodDef::new("find", "($self, view, start=None, end=None, /)", methods::find, ""),
        MethodDef::new("rfind", "($self, view, start=None, end=None, /)", methods::rfind, ""),
        MethodDef::new("flush", "($self, offset=0, size=None, /)", methods::flush, ""),
        MethodDef::new("madvise", "($self, option, start=0, length=None, /)", methods::madvise, ""),
        MethodDef::new("move", "($self, dest, src, count, /)", methods::move_, ""),
        MethodDef::new("read", "($self, n=None, /)", methods::read, ""),
        MethodDef::new("read_byte", "($self, /)", methods::read_byte, ""),
        MethodDef::new("readline", "($self, /)", methods::readline, ""),
        MethodDef::new("resize", "($self, newsize, /)", methods::resize, ""),
        MethodDef::new("seek", "($self, pos, whence=0, /)", methods::seek, ""),
        MethodDef::new("seekable", "($self, /)", |vm, _| Ok(vm.bool_ref(true)), ""),
        MethodDef::new("size", "($self, /)", methods::size, ""),
        MethodDef::new("tell", "($self, /)", methods::tell, ""),
        MethodDef::new("write", "($self, bytes, /)", methods::write, ""),
        MethodDef::new("write_byte", "($self, byte, /)", methods::write_byte, ""),
        MethodDef::new("__enter__", "($self, /)", methods::enter, ""),
        MethodDef::new("__exit__", "($self, exc_type, exc_value, traceback, /)", methods::close, ""),
    ],
    getset: &[GetSetDef::get("closed", |vm, v| Ok(vm.bool_ref(PyMmap::of(v).is_closed())), "")],
    ..TypeDef::of::<PyMmap>("mmap.mmap")
};

const CONSTANTS: &[(&str, i32)] = &[
    ("ACCESS_COPY", ACCESS_COPY),
    ("ACCESS_DEFAULT", ACCESS_DEFAULT),
    ("ACCESS_READ", ACCESS_READ),
    ("ACCESS_WRITE", ACCESS_WRITE),
    ("MADV_DODUMP", libc::MADV_DODUMP),
    ("MADV_DOFORK", libc::MADV_DOFORK),
    ("MADV_DONTDUMP", libc::MADV_DONTDUMP),
    ("MADV_DONTFORK", libc::MADV_DONTFORK),
    ("MADV_DONTNEED", libc::MADV_DONTNEED),
    ("MADV_FREE", libc::MADV_FREE),
    ("MADV_HUGEPAGE", libc::MADV_HUGEPAGE),
    ("MADV_HWPOISON", libc::MADV_HWPOISON),
    ("MADV_MERGEABLE", libc::MADV_MERGEABLE),
    ("MADV_NOHUGEPAGE", libc::MADV_NOHUGEPAGE),
    ("MADV_NORMAL", libc::MADV_NORMAL),
    ("MADV_RANDOM", libc::MADV_RANDOM),
    ("MADV_REMOVE", libc::MADV_REMOVE),
    ("MADV_SEQUENTIAL", libc::MADV_SEQUENTIAL),
    ("MADV_UNMERGEABLE", libc::MADV_UNMERGEABLE),
    ("MADV_WILLNEED", libc::MADV_WILLNEED),
    ("MAP_32BIT", 0x40),
    ("MAP_ANON", libc::MAP_ANON),
    ("MAP_ANONYMOUS", libc::MAP_ANONYMOUS),
    ("MAP_DENYWRITE", libc::MAP_DENYWRITE),
    ("MAP_EXECUTABLE", libc::MAP_EXECUTABLE),
    ("MAP_NORESERVE", libc::MAP_NORESERVE),
    ("MAP_POPULATE", libc::MAP_POPULATE),
    ("MAP_PRIVATE", libc::MAP_PRIVATE),
    ("MAP_SHARED", libc::MAP_SHARED),
    ("MAP_STACK", libc::MAP_STACK),
    ("PROT_EXEC", libc::PROT_EXEC),
    ("PROT_READ", libc::PROT_READ),
    ("PROT_WRITE", libc::PROT_WRITE),
];

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    native::add(vm, m, "error", vm.builtin(shape::OS_ERROR).value())?;
    native::add(vm, m, "mmap", vm.builtin(shape::MMAP).value())?;
    // SAFETY: plain question.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    for name in ["PAGESIZE", "ALLOCATIONGRANULARITY"] {
        native::add(vm, m, name, Value::small_int(page))?;
    }
    CONSTANTS.iter().try_for_each(|(name, n)| native::add(vm, m, name, Value::small_int((*n).into())))
}

pub static MODULE: ModuleDef = ModuleDef { name: "mmap", doc: "", functions: &[], init };
