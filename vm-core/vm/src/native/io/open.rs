//! `open`: the right stack of streams for a file and a mode.

use crate::convert;
use crate::error::PyResult;
use crate::native::io::{chain, fileio};
use crate::native::posix::path;
use crate::protocol::{attr, call, number, object as obj, truth};
use crate::runtime;
use crate::shape::{self, ShapeId};
use crate::types::bytes::PyBytes;
use crate::types::str_::PyStr;
use crate::value::{Ref, Value};
use crate::vm::Vm;

pub const SIGNATURE: &str = "(file, mode='r', buffering=-1, encoding=None, errors=None,\n     newline=None, closefd=True, opener=None)";
pub const DOC: &str = "Opens a file and returns a stream.\n\n\
    The mode is made of 'r' (read, the default), 'w' (truncate and write), 'x' (create and\n\
    write) or 'a' (append), of '+' for both directions, and of 't' for text (the default) or\n\
    'b' for bytes. A buffering of 0 makes bytes unbuffered, 1 has text flushed line by line,\n\
    and more is the size of the buffer. Encoding, errors and newline are for text. With\n\
    closefd=False, a file descriptor stays open when the stream is closed. The opener is called\n\
    with the file and the flags, and returns a descriptor.";

/// The largest buffer that a file system's block size can ask for.
const LARGEST_BUFFER: i64 = 8 << 20;

/// The letters of a mode.
#[derive(Default, Clone, Copy)]
struct Mode {
    creating: bool,
    reading: bool,
    writing: bool,
    appending: bool,
    updating: bool,
    text: bool,
    binary: bool,
}

impl Mode {
    fn parse(vm: &Vm, mode: &str) -> PyResult<Mode> {
        let mut m = Mode::default();
        for c in mode.chars() {
            let flag = match c {
                'x' => &mut m.creating,
                'r' => &mut m.reading,
                'w' => &mut m.writing,
                'a' => &mut m.appending,
                '+' => &mut m.updating,
                't' => &mut m.text,
                'b' => &mut m.binary,
                _ => return Err(vm.value_error(format!("invalid mode: '{mode}'"))),
            };
            if std::mem::replace(flag, true) {
                return Err(vm.value_error(format!("invalid mode: '{mode}'")));
            }
        }
        if m.text && m.binary {
            return Err(vm.value_error("can't have text and binary mode at once"));
        }
        if [m.creating, m.reading, m.writing, m.appending].iter().filter(|x| **x).count() > 1 {
            return Err(vm.value_error("must have exactly one of create/read/write/append mode"));
        }
        Ok(m)
    }

    /// What the raw stream gets.
    fn raw(self) -> String {
        let letters =
            [(self.creating, 'x'), (self.reading, 'r'), (self.writing, 'w'), (self.appending, 'a'), (self.updating, '+')];
        letters.into_iter().filter(|(on, _)| *on).map(|(_, c)| c).collect()
    }

    fn buffered(self) -> Option<ShapeId> {
        if self.updating {
            Some(shape::BUFFERED_RANDOM)
        } else if self.creating || self.writing || self.appending {
            Some(shape::BUFFERED_WRITER)
        } else {
            self.reading.then_some(shape::BUFFERED_READER)
        }
    }

    /// Refuses what only text has.
    fn check_arguments(self, vm: &Vm, text_arguments: &[(&str, Value)], buffering: i32) -> PyResult<()> {
        if !self.binary {
            return Ok(());
        }
        if let Some((name, _)) = text_arguments.iter().find(|(_, v)| !v.is(vm.none())) {
            let article = if *name == "newline" { "a" } else { "an" };
            return Err(vm.value_error(format!("binary mode doesn't take {article} {name} argument")));
        }
        if buffering == 1 {
            let text = "line buffering (buffering=1) isn't supported in binary mode, the default buffer size will be used";
            runtime::warn(vm, shape::RUNTIME_WARNING, text, 1)?;
        }
        Ok(())
    }
}

fn argument(a: &[Value], i: usize, vm: &Vm) -> Value {
    a.get(i).and_then(|v| v.non_null()).unwrap_or(vm.none())
}

fn text_or_none(vm: &Vm, name: &str, v: Value) -> PyResult<()> {
    if v.is(vm.none()) || v.cast::<PyStr>().is_some() {
        return Ok(());
    }
    Err(convert::bad_argument(vm, "open", &format!("argument '{name}'"), "str or None", v))
}

/// A descriptor or a path: what the raw stream is opened with.
fn file_argument(vm: &Vm, file: Value) -> PyResult {
    let slots = vm.type_of(file).slots();
    if slots.index.is_some() || slots.int.is_some() || slots.float.is_some() {
        return Ok(file.to_ref());
    }
    let p = path::fspath(vm, file)?;
    if p.cast::<PyStr>().is_none() && p.cast::<PyBytes>().is_none() {
        return Err(vm.type_error(format!("invalid file: {}", obj::repr_text(vm, file)?)));
    }
    Ok(p)
}

/// `open`; arguments that are missing or NULL have their defaults.
pub fn open(vm: &Vm, a: &[Value]) -> PyResult {
    let mode_text = match a.get(1).and_then(|v| v.non_null()) {
        Some(m) => convert::name_arg(vm, "open", "argument 'mode'", m)?,
        None => "r".to_owned(),
    };
    let buffering = a.get(2).and_then(|v| v.non_null()).map_or(Ok(-1), |v| convert::c_int(vm, v))?;
    let [encoding, errors, newline] = [3, 4, 5].map(|i| argument(a, i, vm));
    let text_arguments = [("encoding", encoding), ("errors", errors), ("newline", newline)];
    for (name, v) in text_arguments {
        text_or_none(vm, name, v)?;
    }
    let close_fd = a.get(6).and_then(|v| v.non_null()).map_or(Ok(true), |v| truth::truth(vm, v))?;
    let file = file_argument(vm, a[0])?;
    let mode = Mode::parse(vm, &mode_text)?;
    mode.check_arguments(vm, &text_arguments, buffering)?;
    let raw_mode = vm.new_str(&mode.raw());
    let raw = call::call_args(
        vm,
        vm.builtin(shape::FILE_IO).value(),
        &[file.value(), raw_mode.value(), vm.bool(close_fd), argument(a, 7, vm)],
    )?;
    let mut made = raw.clone();
    match wrap(vm, &mut made, mode, &mode_text, buffering, text_arguments.map(|(_, v)| v)) {
        Ok(()) => Ok(made),
        Err(e) => Err(chain(e, call::call_method(vm, made.value(), "close", &[]))),
    }
}


/// Puts a buffered and a text stream on a raw one, as far as the mode asks for them. `made` is
/// the uppermost stream at any time, for the caller to close.
fn wrap(
    vm: &Vm,
    made: &mut Ref,
    mode: Mode,
    mode_text: &str,
    buffering: i32,
    [encoding, errors, newline]: [Value; 3],
) -> PyResult<()> {
    let mut buffering = i64::from(buffering);
    let is_terminal = buffering < 0 && {
        let answer = call::call_method(vm, made.value(), "_isatty_open_only", &[])?;
        truth::truth(vm, answer.value())?
    };
    let line_buffering = buffering == 1 || is_terminal;
    if line_buffering || buffering < 0 {
        let block = attr::get_named(vm, made.value(), "_blksize")?;
        let block = number::size_i64(vm, block.value())?;
        buffering = block.min(LARGEST_BUFFER).max(fileio::DEFAULT_BUFFER_SIZE as i64);
    }
    if buffering == 0 {
        if !mode.binary {
            return Err(vm.value_error("can't have unbuffered text I/O"));
        }
        return Ok(());
    }
    let Some(class) = mode.buffered() else {
        return Err(vm.value_error(format!("unknown mode: '{mode_text}'")));
    };
    let size = vm.new_int(buffering);
    *made = call::call_args(vm, vm.builtin(class).value(), &[made.value(), size.value()])?;
    if mode.binary {
        return Ok(());
    }
    let args = [made.value(), encoding, errors, newline, vm.bool(line_buffering)];
    *made = call::call_args(vm, vm.builtin(shape::TEXT_IO_WRAPPER).value(), &args)?;
    attr::set_named(vm, made.value(), "mode", vm.new_str(mode_text).value())
}
