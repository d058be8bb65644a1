//! `StringIO`: a text stream in memory.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use crate::args::CallArgs;
use crate::convert;
use crate::error::PyResult;
use crate::native::io::base::{FLAGS, IoBase};
use crate::native::io::bytesio::{state_position, update_dict};
use crate::native::io::newlines::{Newline, Newlines, translate_written};
use crate::native::io::{size_or_none, uninitialized};
use crate::object;
use crate::protocol::{attr, call, object as obj};
use crate::shape;
use crate::types::iterators::payload;
use crate::types::str_::{CodePoints, PyStr, count_chars};
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A stream over text of its own. Positions are code points.
#[repr(C)]
pub struct StringIo {
    base: IoBase,
    /// WTF-8.
    text: RefCell<Vec<u8>>,
    /// Code points in the text.
    chars: Cell<usize>,
    pos: Cell<usize>,
    /// Where the position is in bytes, if that is known.
    pos_bytes: Cell<Option<usize>>,
    newline: Cell<Newline>,
    newlines: Newlines,
    is_ready: Cell<bool>,
    is_closed: Cell<bool>,
}
payload!(StringIo, STRING_IO);

impl StringIo {
    fn open(&self, vm: &Vm) -> PyResult<()> {
        if !self.is_ready.get() {
            return Err(uninitialized(vm));
        }
        if self.is_closed.get() {
            return Err(vm.value_error("I/O operation on closed file"));
        }
        Ok(())
    }

    /// Byte offset of the position, which must not be beyond the end.
    fn byte_pos(&self) -> usize {
        let text = self.text.borrow();
        let at = if text.len() == self.chars.get() {
            self.pos.get()
        } else if let Some(at) = self.pos_bytes.get() {
            at
        } else {
            skip(&text, 0, self.pos.get())
        };
        let at = at.min(text.len());
        self.pos_bytes.set(Some(at));
        at
    }

    fn set_pos(&self, chars: usize, bytes: Option<usize>) {
        self.pos.set(chars);
        self.pos_bytes.set(bytes);
    }

    /// Puts text at the position, over what is there.
    fn write(&self, vm: &Vm, new: &[u8]) -> PyResult<()> {
        let (pos, chars, len) = (self.pos.get(), self.chars.get(), count_chars(new));
        let Some(end) = pos.checked_add(len).filter(|e| *e <= isize::MAX as usize) else {
            return Err(vm.overflow_error("new position too large"));
        };
        if pos > chars {
            let mut text = self.text.borrow_mut();
            if text.try_reserve(pos - chars).is_err() {
                return Err(vm.memory_error(""));
            }
            let whole = text.len() + (pos - chars);
            text.resize(whole, 0);
            self.chars.set(pos);
            self.pos_bytes.set(Some(text.len()));
        }
        let start = if pos == self.chars.get() { self.text.borrow().len() } else { self.byte_pos() };
        let mut text = self.text.borrow_mut();
        if end >= self.chars.get() {
            text.truncate(start);
            text.extend_from_slice(new);
            self.chars.set(end);
        } else {
            let stop = skip(&text, start, len);
            text.splice(start..stop, new.iter().copied());
        }
        self.set_pos(end, Some(start + new.len()));
        Ok(())
    }

    /// Up to `n` code points from the position on.
    fn read(&self, vm: &Vm, n: isize) -> Ref {
        if self.pos.get() >= self.chars.get() {
            return vm.empty_str().to_ref();
        }
        let start = self.byte_pos();
        let text = self.text.borrow();
        let left = self.chars.get() - self.pos.get();
        let n = usize::try_from(n).unwrap_or(usize::MAX).min(left);
        let end = match n {
            _ if n == left => text.len(),
            _ if text.len() == self.chars.get() => start + n,
            _ => skip(&text, start, n),
        };
        self.set_pos(self.pos.get() + n, Some(end));
        PyStr::from_counted_parts(vm, &[&text[start..end]], n)
    }

    fn line(&self, vm: &Vm, limit: isize) -> Ref {
        if self.pos.get() >= self.chars.get() {
            return vm.empty_str().to_ref();
        }
        let start = self.byte_pos();
        let text = self.text.borrow();
        let ascii = text.len() == self.chars.get();
        let mut rest = &text[start..];
        if let Ok(limit) = usize::try_from(limit) {
            rest = &rest[..if ascii { limit.min(rest.len()) } else { skip(rest, 0, limit) }];
        }
        let rest = &rest[..self.newline.get().line_end(rest).unwrap_or(rest.len())];
        let n = if ascii { rest.len() } else { count_chars(rest) };
        self.set_pos(self.pos.get() + n, Some(start + rest.len()));
        PyStr::from_counted_parts(vm, &[rest], n)
    }
}

/// The byte offset `n` code points after a byte offset, or the end.
fn skip(text: &[u8], from: usize, n: usize) -> usize {
    let mut points = CodePoints::of(&text[from..]);
    let mut at = from;
    for _ in 0..n {
        match points.next() {
            Some(c) => at += code_point_len(c),
            None => break,
        }
    }
    at
}

fn code_point_len(c: u32) -> usize {
    match c {
        0..0x80 => 1,
        0x80..0x800 => 2,
        0x800..0x1_0000 => 3,
        _ => 4,
    }
}

fn write(vm: &Vm, a: &[Value]) -> PyResult {
    let s = StringIo::of(a[0]);
    if !s.is_ready.get() {
        return Err(uninitialized(vm));
    }
    let Some(text) = a[1].cast::<PyStr>() else {
        let shown = vm.type_of(a[1]).full_name();
        return Err(vm.type_error(format!("string argument expected, got '{shown}'")));
    };
    s.open(vm)?;
    write_text(vm, s, a[1])?;
    Ok(vm.new_int(text.char_len() as i64))
}

/// Writes a str, its line ends translated.
fn write_text(vm: &Vm, s: &StringIo, v: Value) -> PyResult<()> {
    let newline = s.newline.get();
    let text = if newline.is_universal() { s.newlines.decode(vm, v.to_ref(), true) } else { v.to_ref() };
    let Some(t) = text.cast::<PyStr>() else { return Ok(()) };
    let bytes = match newline.written() {
        Some(nl) => translate_written(t.as_bytes(), nl),
        None => Cow::Borrowed(t.as_bytes()),
    };
    if bytes.is_empty() { Ok(()) } else { s.write(vm, &bytes) }
}

fn read(vm: &Vm, a: &[Value]) -> PyResult {
    let s = StringIo::of(a[0]);
    let n = size_or_none(vm, a[1])?;
    s.open(vm)?;
    Ok(s.read(vm, n))
}

fn readline(vm: &Vm, a: &[Value]) -> PyResult {
    let s = StringIo::of(a[0]);
    let limit = size_or_none(vm, a[1])?;
    s.open(vm)?;
    Ok(s.line(vm, limit))
}

fn next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let s = StringIo::of(v);
    s.open(vm)?;
    let line = if vm.type_of(v).is(vm.builtin(shape::STRING_IO)) {
        s.line(vm, -1)
    } else {
        call::call_method(vm, v, "readline", &[])?
    };
    match line.cast::<PyStr>() {
        Some(l) if l.is_empty() => Ok(None),
        Some(_) => Ok(Some(line)),
        None => {
            let shown = vm.type_of(line.value()).full_name();
            Err(vm.error(shape::OS_ERROR, format!("readline() should have returned a str object, not '{shown}'")))
        }
    }
}

fn truncate(vm: &Vm, a: &[Value]) -> PyResult {
    let s = StringIo::of(a[0]);
    let size = match a[1].non_null().filter(|v| !v.is(vm.none())) {
        Some(v) => size_or_none(vm, v)?,
        None => s.pos.get() as isize,
    };
    s.open(vm)?;
    let Ok(n) = usize::try_from(size) else {
        return Err(vm.value_error(format!("Negative size value {size}")));
    };
    if n < s.chars.get() {
        let mut text = s.text.borrow_mut();
        let end = if text.len() == s.chars.get() { n } else { skip(&text, 0, n) };
        text.truncate(end);
        s.chars.set(n);
        s.pos_bytes.set(None);
    }
    Ok(vm.new_int(n as i64))
}

fn seek(vm: &Vm, a: &[Value]) -> PyResult {
    let s = StringIo::of(a[0]);
    let to = crate::protocol::item::ssize_arg(vm, a[1])?;
    let whence = a[2].non_null().map_or(Ok(0), |w| convert::c_int(vm, w))?;
    s.open(vm)?;
    if !(0..=2).contains(&whence) {
        return Err(vm.value_error(format!("Invalid whence ({whence}, should be 0, 1 or 2)")));
    }
    if to < 0 && whence == 0 {
        return Err(vm.value_error(format!("Negative seek position {to}")));
    }
    if whence != 0 && to != 0 {
        return Err(vm.error(shape::OS_ERROR, "Can't do nonzero cur-relative seeks"));
    }
    let at = match whence {
        0 => to as usize,
        1 => s.pos.get(),
        _ => s.chars.get(),
    };
    s.set_pos(at, None);
    Ok(vm.new_int(at as i64))
}

fn close(vm: &Vm, a: &[Value]) -> PyResult {
    let s = StringIo::of(a[0]);
    s.is_closed.set(true);
    s.text.take();
    s.chars.set(0);
    Ok(vm.none_ref())
}

fn getvalue(vm: &Vm, a: &[Value]) -> PyResult {
    let s = StringIo::of(a[0]);
    s.open(vm)?;
    Ok(PyStr::from_counted_parts(vm, &[&s.text.borrow()], s.chars.get()))
}

fn newline_argument(vm: &Vm, v: Value) -> PyResult<Newline> {
    let text = match v.non_null() {
        None => return Ok(Newline::Lf),
        Some(v) if v.is(vm.none()) => None,
        Some(v) => match v.cast::<PyStr>() {
            Some(s) => Some(s.to_string_lossy()),
            None => {
                let shown = vm.type_of(v).full_name();
                return Err(vm.type_error(format!("newline must be str or None, not {shown}")));
            }
        },
    };
    match Newline::parse(text.as_deref()) {
        Some(n) => Ok(n),
        None => Err(vm.value_error(format!("illegal newline value: {}", obj::repr_text(vm, v)?))),
    }
}

fn init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    let sig = vm.signatures.get("(initial_value='', newline='\\n')");
    sig.bind(vm, "StringIO", None, args, |a| {
        let s = StringIo::of(v);
        let newline = newline_argument(vm, a[1])?;
        let initial = a[0].non_null().filter(|i| !i.is(vm.none()));
        if let Some(i) = initial
            && i.cast::<PyStr>().is_none()
        {
            let shown = vm.type_of(i).full_name();
            return Err(vm.type_error(format!("initial_value must be str or None, not {shown}")));
        }
        s.newline.set(newline);
        s.newlines.translate.set(newline == Newline::Translated);
        s.newlines.reset();
        s.text.borrow_mut().clear();
        s.chars.set(0);
        s.set_pos(0, Some(0));
        if let Some(i) = initial {
            write_text(vm, s, i)?;
        }
        s.set_pos(0, Some(0));
        s.is_closed.set(false);
        s.is_ready.set(true);
        Ok(())
    })
}

fn getstate(vm: &Vm, a: &[Value]) -> PyResult {
    let s = StringIo::of(a[0]);
    let value = getvalue(vm, a)?;
    let newline = match s.newline.get() {
        Newline::Translated => vm.none_ref(),
        Newline::Any => vm.new_str(""),
        Newline::Lf => vm.new_str("\n"),
        Newline::Cr => vm.new_str("\r"),
        Newline::CrLf => vm.new_str("\r\n"),
    };
    let dict = match attr::instance_dict(vm, a[0]).filter(|d| !d.is_empty()) {
        Some(d) => d.copy(vm),
        None => vm.none_ref(),
    };
    Ok(PyTuple::from_vec(vm, vec![value, newline, vm.new_int(s.pos.get() as i64), dict]))
}

fn setstate(vm: &Vm, a: &[Value]) -> PyResult {
    let s = StringIo::of(a[0]);
    if s.is_closed.get() {
        s.open(vm)?;
    }
    let Some([value, newline, pos, dict, ..]) = a[1].cast::<PyTuple>().map(|t| t.as_slice()) else {
        let (class, shown) = (vm.type_of(a[0]).full_name(), vm.type_of(a[1]).full_name());
        return Err(vm.type_error(format!("{class}.__setstate__ argument should be 4-tuple, got {shown}")));
    };
    init(vm, a[0], CallArgs::positional(&[*value, *newline]))?;
    // The value was translated when it was first written.
    if let Some(text) = value.cast::<PyStr>() {
        s.text.replace(text.as_bytes().to_vec());
        s.chars.set(text.char_len());
    }
    s.set_pos(state_position(vm, *pos, "third item of state must be an integer, got")?, None);
    update_dict(vm, a[0], *dict, "fourth")?;
    Ok(vm.none_ref())
}

fn yes(vm: &Vm, a: &[Value]) -> PyResult {
    StringIo::of(a[0]).open(vm)?;
    Ok(vm.bool_ref(true))
}

pub static DEF: TypeDef = TypeDef {
    doc: "StringIO(initial_value='', newline='\\n')\n--\n\n\
          A text stream in memory. The newline argument is that of TextIOWrapper, but None\n\
          translates what is written, too.",
    flags: FLAGS,
    slots: |s| {
        s.init = Some(init);
        s.next = Some(next);
        s.drop = Some(object::drop_payload::<StringIo>);
        s.finalize = Some(|vm, v| {
            if vm.type_of(v).is_heap() {
                super::base::finalize(vm, v);
            }
        });
    },
    new: New::Raw(|_, ty, _| {
        let s = StringIo {
            base: IoBase::new(),
            text: RefCell::default(),
            chars: Cell::new(0),
            pos: Cell::new(0),
            pos_bytes: Cell::new(Some(0)),
            newline: Cell::new(Newline::Lf),
            newlines: Newlines::default(),
            is_ready: Cell::new(false),
            is_closed: Cell::new(false),
        };
        Ok(object::new_instance(ty, s))
    }),
    methods: &[
        MethodDef::new("close", "($self, /)", close, "Gives the memory back; the stream cannot be used any more."),
        MethodDef::new("getvalue", "($self, /)", getvalue, "The contents."),
        MethodDef::new("read", "($self, size=-1, /)", read, "Reads up to that many characters, or all there are."),
        MethodDef::new("readline", "($self, size=-1, /)", readline, "Reads up to and with the next line end."),
        MethodDef::new("tell", "($self, /)", |vm, a| yes(vm, a).map(|_| vm.new_int(StringIo::of(a[0]).pos.get() as i64)), "The position."),
        MethodDef::new("truncate", "($self, pos=None, /)", truncate, "Cuts the contents off at a position."),
        MethodDef::new("seek", "($self, pos, whence=0, /)", seek, "Sets the position, relative to the start (0), the position (1) or the end (2)."),
        MethodDef::new("write", "($self, s, /)", write, "Writes text and returns its length."),
        MethodDef::new("seekable", "($self, /)", yes, "True."),
        MethodDef::new("readable", "($self, /)", yes, "True."),
        MethodDef::new("writable", "($self, /)", yes, "True."),
        MethodDef::new("__getstate__", "($self, /)", getstate, ""),
        MethodDef::new("__setstate__", "($self, state, /)", setstate, ""),
    ],
    getset: &[
        GetSetDef::get("closed", |vm, v| {
            if !StringIo::of(v).is_ready.get() {
                return Err(uninitialized(vm));
            }
            Ok(vm.bool_ref(StringIo::of(v).is_closed.get()))
        }, ""),
        GetSetDef::get("newlines", |vm, v| {
            StringIo::of(v).open(vm)?;
            let s = StringIo::of(v);
            Ok(if s.newline.get().is_universal() { s.newlines.seen(vm) } else { vm.none_ref() })
        }, ""),
        GetSetDef::get("line_buffering", |vm, v| {
            StringIo::of(v).open(vm)?;
            Ok(vm.bool_ref(false))
        }, ""),
    ],
    ..TypeDef::of::<StringIo>("_io.StringIO")
};
