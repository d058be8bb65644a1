//! `stat` and its like.

use std::io;

use crate::error::PyResult;
use crate::host;
use crate::native::posix::path::{self, PATH_OR_DESCRIPTOR, Target};
use crate::native::structseq::{self, struct_sequence};
use crate::native::sys::c_int;
use crate::protocol::truth;
use crate::shape;
use crate::types::type_::{New, TypeRef};
use crate::types::tuple::PyTuple;
use crate::types::int;
use crate::value::{Ref, Value};
use crate::vm::Vm;

struct_sequence! {
    /// Result of `stat`.
    STAT_RESULT, "os.stat_result", "stat_result: Result from stat, fstat, or lstat.\n\nThis object may be accessed either as a tuple of\n  (mode, ino, dev, nlink, uid, gid, size, atime, mtime, ctime)\nor via the attributes st_mode, st_ino, st_dev, st_nlink, st_uid, and so on.\n\nPosix/windows: If your platform supports st_blksize, st_blocks, st_rdev,\nor st_flags, they are available as attributes only.\n\nSee os.stat for more information.", 10 of 19,
    New::Bound("(sequence, dict=<unrepresentable>)", stat_result_new), [
        0 st_mode "protection bits";
        1 st_ino "inode";
        2 st_dev "device";
        3 st_nlink "number of hard links";
        4 st_uid "user ID of owner";
        5 st_gid "group ID of owner";
        6 st_size "total size, in bytes";
        10 st_atime "time of last access";
        11 st_mtime "time of last modification";
        12 st_ctime "time of last change";
        13 st_atime_ns "time of last access in nanoseconds";
        14 st_mtime_ns "time of last modification in nanoseconds";
        15 st_ctime_ns "time of last change in nanoseconds";
        16 st_blksize "blocksize for filesystem I/O";
        17 st_blocks "number of blocks allocated";
        18 st_rdev "device type (if inode device)";
    ]
}

struct_sequence! {
    /// Result of `statvfs`.
    STATVFS_RESULT, "os.statvfs_result", "statvfs_result: Result from statvfs or fstatvfs.\n\nThis object may be accessed either as a tuple of\n  (bsize, frsize, blocks, bfree, bavail, files, ffree, favail, flag, namemax),\nor via the attributes f_bsize, f_frsize, f_blocks, f_bfree, and so on.\n\nSee os.statvfs for more information.", 10 of 11, structseq::FROM_SEQUENCE, [
        0 f_bsize "";
        1 f_frsize "";
        2 f_blocks "";
        3 f_bfree "";
        4 f_bavail "";
        5 f_files "";
        6 f_ffree "";
        7 f_favail "";
        8 f_flag "";
        9 f_namemax "";
        10 f_fsid "";
    ]
}

/// Times that were not given as floats are the whole seconds.
fn stat_result_new(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    let made = structseq::from_sequence(vm, ty, a)?;
    // SAFETY: a stat_result has 19 items.
    let items: Vec<Ref> = (0..19)
        .map(|i| unsafe { made.cast_unchecked::<PyTuple>().item_unchecked(i) }.to_ref())
        .collect();
    if !items[10..13].iter().any(|x| x.is(vm.none())) {
        return Ok(made);
    }
    let mut items = items;
    for i in 10..13 {
        if items[i].is(vm.none()) {
            items[i] = items[i - 3].clone();
        }
    }
    Ok(structseq::make(shape::STAT_RESULT, 10, items))
}

/// A `stat_result`.
pub fn result(vm: &Vm, s: &libc::stat) -> Ref {
    let int = |i: i64| int::from_i64(i);
    let unsigned = |i: u64| int::from_u64(i);
    let ns = |s: i64, n: i64| int::from_big(num_bigint::BigInt::from(s) * 1_000_000_000i64 + n);
    let float = |s: i64, n: i64| vm.new_float(s as f64 + 1e-9 * n as f64);
    let times = [
        (s.st_atime, s.st_atime_nsec),
        (s.st_mtime, s.st_mtime_nsec),
        (s.st_ctime, s.st_ctime_nsec),
    ];
    let mut items = vec![
        int(s.st_mode as i64),
        unsigned(s.st_ino),
        unsigned(s.st_dev),
        unsigned(s.st_nlink),
        int(s.st_uid as i64),
        int(s.st_gid as i64),
        int(s.st_size),
    ];
    items.extend(times.iter().map(|(s, _)| int(*s)));
    items.extend(times.iter().map(|(s, n)| float(*s, *n)));
    items.extend(times.iter().map(|(s, n)| ns(*s, *n)));
    items.extend([int(s.st_blksize), int(s.st_blocks), unsigned(s.st_rdev)]);
    structseq::make(shape::STAT_RESULT, 10, items)
}

/// Asks for a path relative to a folder.
pub fn stat_at(dir: i32, path: &std::ffi::CStr, follow: bool) -> io::Result<libc::stat> {
    let mut s = std::mem::MaybeUninit::uninit();
    let flags = if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
    // SAFETY: the call fills the struct when it succeeds.
    unsafe {
        host::check(libc::fstatat(dir, path.as_ptr(), s.as_mut_ptr(), flags))?;
        Ok(s.assume_init())
    }
}

fn do_stat(vm: &Vm, function: &str, v: Value, dir: Value, follow: bool) -> PyResult {
    let p = path::path(vm, function, "path", v, if function == "lstat" { path::PATH } else { PATH_OR_DESCRIPTOR })?;
    let fd = path::dir_fd(vm, dir)?;
    let r = match &p.target {
        Target::Descriptor(_) if fd != libc::AT_FDCWD => {
            return Err(vm.value_error(format!("{function}: can't specify dir_fd without matching path")));
        }
        Target::Descriptor(_) if !follow => {
            return Err(vm.value_error(format!("{function}: cannot use fd and follow_symlinks together")));
        }
        Target::Descriptor(f) => host::fstat(*f),
        Target::Path(c) => stat_at(fd, c, follow),
    };
    match r {
        Ok(s) => Ok(result(vm, &s)),
        Err(e) => Err(p.error(vm, &e)),
    }
}

pub(super) fn stat(vm: &Vm, a: &[Value]) -> PyResult {
    let follow = a[2].non_null().map_or(Ok(true), |f| truth::truth(vm, f))?;
    do_stat(vm, "stat", a[0], a[1], follow)
}

pub(super) fn lstat(vm: &Vm, a: &[Value]) -> PyResult {
    do_stat(vm, "lstat", a[0], a[1], false)
}

pub(super) fn fstat(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = c_int(vm, a[0])?;
    match path::retry(vm, || host::fstat(fd))? {
        Ok(s) => Ok(result(vm, &s)),
        Err(e) => Err(path::error(vm, &e)),
    }
}

fn vfs_result(s: &libc::statvfs) -> Ref {
    let items = [
        s.f_bsize,
        s.f_frsize,
        s.f_blocks,
        s.f_bfree,
        s.f_bavail,
        s.f_files,
        s.f_ffree,
        s.f_favail,
        s.f_flag,
        s.f_namemax,
        s.f_fsid,
    ];
    structseq::make(shape::STATVFS_RESULT, 10, items.into_iter().map(int::from_u64).collect())
}

pub(super) fn statvfs(vm: &Vm, a: &[Value]) -> PyResult {
    let p = path::path(vm, "statvfs", "path", a[0], PATH_OR_DESCRIPTOR)?;
    let mut s = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: the call fills the struct when it succeeds.
    let r = unsafe {
        host::check(match &p.target {
            Target::Descriptor(fd) => libc::fstatvfs(*fd, s.as_mut_ptr()),
            Target::Path(c) => libc::statvfs(c.as_ptr(), s.as_mut_ptr()),
        })
    };
    match r {
        // SAFETY: filled.
        Ok(_) => Ok(vfs_result(unsafe { s.assume_init_ref() })),
        Err(e) => Err(p.error(vm, &e)),
    }
}

pub(super) fn fstatvfs(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = Value::small_int(c_int(vm, a[0])? as i64);
    statvfs(vm, &[fd])
}
