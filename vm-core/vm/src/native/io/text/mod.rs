//! `TextIOWrapper`: text over a binary stream.
//!
//! What is written is encoded at once and collected; what is read is decoded a chunk at a time.
//! Positions are those of the binary stream together with the decoder's state (`position.rs`).

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::args::CallArgs;
use crate::convert;
use crate::error::PyResult;
use crate::native::io::base::{FLAGS, IoBase};
use crate::native::io::fileio::{FileIo, cannot_pickle};
use crate::native::io::newlines::{Newline, Newlines};
use crate::native::io::registry::Entry;
use crate::native::io::{chain, closed_file, is_closed, locale, offset, stream_repr, uninitialized, unsupported};
use crate::object;
use crate::owned_cell::OwnedCell;
use crate::protocol::{attr, call, number, object as obj, truth};
use crate::runtime;
use crate::shape;
use crate::types::iterators::payload;
use crate::types::str_::PyStr;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

use coder::{Decoder, Encoder, Encoding};

mod coder;
mod position;
mod read;
mod write;

/// How far the life of a stream has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Life {
    Unmade,
    Ready,
    Detached,
}

/// Where decoding can start over: the number of the decoder's state, and all input since then.
struct Snapshot {
    flags: i64,
    input: Vec<u8>,
}

/// A text stream.
#[repr(C)]
pub struct TextIo {
    base: IoBase,
    life: Cell<Life>,
    /// The binary stream.
    buffer: OwnedCell,
    /// The raw stream below, if it is a FileIO: whether it is closed is quickly told.
    raw: OwnedCell,
    /// The binary stream is one of this module's own: it can be used without calling methods.
    direct: Cell<bool>,
    encoding: OwnedCell,
    errors: OwnedCell,
    encoder: RefCell<Option<Rc<Encoder>>>,
    decoder: RefCell<Option<Rc<Decoder>>>,
    newline: Cell<Newline>,
    line_buffering: Cell<bool>,
    write_through: Cell<bool>,
    seekable: Cell<bool>,
    has_read1: Cell<bool>,
    /// Snapshots are taken, so that the position can be told.
    telling: Cell<bool>,
    finalizing: Cell<bool>,
    chunk_size: Cell<usize>,
    /// Text from the decoder (a str, or NULL), and how many of its bytes were read.
    decoded: OwnedCell,
    used: Cell<usize>,
    /// Encoded text that the binary stream did not get yet.
    pending: RefCell<Vec<u8>>,
    snapshot: RefCell<Option<Snapshot>>,
    /// Bytes per character of the last chunk.
    ratio: Cell<f64>,
    entry: Entry,
}
payload!(TextIo, TEXT_IO_WRAPPER);

const CHUNK_SIZE: usize = 8192;

impl TextIo {
    fn new() -> TextIo {
        TextIo {
            base: IoBase::new(),
            life: Cell::new(Life::Unmade),
            buffer: OwnedCell::null(),
            raw: OwnedCell::null(),
            direct: Cell::new(false),
            encoding: OwnedCell::null(),
            errors: OwnedCell::null(),
            encoder: RefCell::default(),
            decoder: RefCell::default(),
            newline: Cell::new(Newline::Translated),
            line_buffering: Cell::new(false),
            write_through: Cell::new(false),
            seekable: Cell::new(false),
            has_read1: Cell::new(false),
            telling: Cell::new(false),
            finalizing: Cell::new(false),
            chunk_size: Cell::new(CHUNK_SIZE),
            decoded: OwnedCell::null(),
            used: Cell::new(0),
            pending: RefCell::default(),
            snapshot: RefCell::default(),
            ratio: Cell::new(0.0),
            entry: Entry::default(),
        }
    }

    /// The binary stream, kept alive by the result.
    fn buffer(&self, vm: &Vm) -> PyResult {
        match self.life.get() {
            Life::Unmade => Err(uninitialized(vm)),
            Life::Detached => Err(vm.value_error("underlying buffer has been detached")),
            Life::Ready => self.buffer.get_ref().ok_or_else(|| uninitialized(vm)),
        }
    }

    /// ValueError unless the stream is open.
    fn open(&self, vm: &Vm, v: Value) -> PyResult<()> {
        let buffer = self.buffer(vm)?;
        let closed = if !v.has_shape(shape::TEXT_IO_WRAPPER) {
            is_closed(vm, v)?
        } else if !self.raw.is_null() {
            !FileIo::of(self.raw.get()).is_open()
        } else {
            is_closed(vm, buffer.value())?
        };
        if closed { Err(closed_file(vm)) } else { Ok(()) }
    }

    fn encoder(&self) -> Option<Rc<Encoder>> {
        self.encoder.borrow().clone()
    }

    fn decoder(&self) -> Option<Rc<Decoder>> {
        self.decoder.borrow().clone()
    }

    fn set_decoded(&self, text: Option<Ref>) {
        drop(self.decoded.replace(text));
        self.used.set(0);
    }

    /// Makes the coders for the directions that the binary stream has.
    fn set_coders(&self, vm: &Vm, buffer: Value, encoding: &Encoding, errors: &str) -> PyResult<()> {
        let can = |question: &str| -> PyResult<bool> {
            let answer = call::call_method(vm, buffer, question, &[])?;
            truth::truth(vm, answer.value())
        };
        if can("readable")? {
            let newline = self.newline.get();
            let newlines = newline.is_universal().then(|| Newlines::new(newline == Newline::Translated));
            let decoder = Decoder::new(vm, encoding, errors, newlines)?;
            self.decoder.replace(Some(Rc::new(decoder)));
        }
        if can("writable")? {
            let encoder = Encoder::new(vm, encoding, errors)?;
            self.encoder.replace(Some(Rc::new(encoder)));
        }
        Ok(())
    }

    /// No byte-order mark is written in the middle of a file.
    fn fix_encoder(&self, vm: &Vm, buffer: Value) -> PyResult<()> {
        let Some(encoder) = self.encoder().filter(|_| self.seekable.get()) else { return Ok(()) };
        encoder.expect_start();
        let at = call::call_method(vm, buffer, "tell", &[])?;
        let start = at.as_small_int() == Some(0) || crate::protocol::compare::eq(vm, at.value(), Value::small_int(0))?;
        if start { Ok(()) } else { encoder.reset(vm, false) }
    }
}

/// The argument `newline`.
fn newline_argument(vm: &Vm, function: &str, v: Value) -> PyResult<Newline> {
    let Some(v) = v.non_null().filter(|v| !v.is(vm.none())) else { return Ok(Newline::Translated) };
    let Some(s) = v.cast::<PyStr>() else {
        return Err(convert::bad_argument(vm, function, "argument 'newline'", "str or None", v));
    };
    let text = s.to_string_lossy();
    if text.contains('\0') {
        return Err(vm.value_error("embedded null character"));
    }
    Newline::parse(Some(&text)).ok_or_else(|| vm.value_error(format!("illegal newline value: {text}")))
}

/// The name of the encoding that an argument asks for, as the attribute will show it.
fn encoding_argument(vm: &Vm, v: Value) -> PyResult<String> {
    let named = match v.non_null().filter(|v| !v.is(vm.none())) {
        None => {
            if vm.runtime.config.flags.warn_default_encoding {
                runtime::warn(vm, shape::ENCODING_WARNING, "'encoding' argument not specified", 1)?;
            }
            if locale::get().utf8_mode {
                return Ok("utf-8".to_owned());
            }
            None
        }
        Some(v) if v.cast::<PyStr>().is_none() => {
            return Err(convert::bad_argument(vm, "TextIOWrapper", "argument 'encoding'", "str or None", v));
        }
        Some(v) => Some(convert::name_arg(vm, "TextIOWrapper", "argument 'encoding'", v)?),
    };
    Ok(match named {
        Some(name) if name != "locale" => name,
        _ => locale::get().encoding.clone(),
    })
}

/// The name of the error handler that an argument asks for.
fn errors_argument(vm: &Vm, v: Value) -> PyResult<String> {
    let Some(v) = v.non_null().filter(|v| !v.is(vm.none())) else { return Ok("strict".to_owned()) };
    if v.cast::<PyStr>().is_none() {
        return Err(convert::bad_argument(vm, "TextIOWrapper", "argument 'errors'", "str or None", v));
    }
    let name = convert::name_arg(vm, "TextIOWrapper", "argument 'errors'", v)?;
    if vm.runtime.config.flags.dev_mode {
        crate::codecs::registry::lookup_error(vm, &name)?;
    }
    Ok(name)
}

fn init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    let sig = vm.signatures.get(
        "(buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)",
    );
    sig.bind(vm, "TextIOWrapper", None, args, |a| set_up(vm, v, a))
}

fn set_up(vm: &Vm, v: Value, a: &[Value]) -> PyResult<()> {
    let t = TextIo::of(v);
    t.life.set(Life::Unmade);
    let line_buffering = convert::bool_or(vm, a[4], false)?;
    let write_through = convert::bool_or(vm, a[5], false)?;
    let encoding = encoding_argument(vm, a[1])?;
    let errors = errors_argument(vm, a[2])?;
    let newline = newline_argument(vm, "TextIOWrapper", a[3])?;
    let codec = Encoding::find(vm, &encoding)?;
    t.encoder.take();
    t.decoder.take();
    t.set_decoded(None);
    t.pending.take();
    t.snapshot.take();
    t.raw.clear();
    t.ratio.set(0.0);
    t.chunk_size.set(CHUNK_SIZE);
    t.encoding.set(vm.new_str(&encoding));
    t.errors.set(vm.new_str(&errors));
    t.line_buffering.set(line_buffering);
    t.write_through.set(write_through);
    t.newline.set(newline);
    let buffer = a[0];
    t.buffer.set(buffer.to_ref());
    t.set_coders(vm, buffer, &codec, &errors)?;
    let own = [shape::BUFFERED_READER, shape::BUFFERED_WRITER, shape::BUFFERED_RANDOM];
    t.direct.set(own.iter().any(|id| buffer.has_shape(*id)));
    if t.direct.get() {
        let raw = attr::get_named(vm, buffer, "raw")?;
        if raw.has_shape(shape::FILE_IO) {
            t.raw.set(raw);
        }
    }
    let seekable = call::call_method(vm, buffer, "seekable", &[])?;
    let seekable = truth::truth(vm, seekable.value())?;
    t.seekable.set(seekable);
    t.telling.set(seekable);
    t.has_read1.set(attr::get_opt(vm, buffer, vm.intern("read1"))?.is_some());
    t.fix_encoder(vm, buffer)?;
    if t.encoder.borrow().is_some() {
        t.entry.enter(vm, v);
    }
    t.life.set(Life::Ready);
    Ok(())
}

/// A flag argument of `reconfigure`: None leaves it as it is.
fn optional_flag(vm: &Vm, v: Value, now: bool) -> PyResult<bool> {
    match v.non_null().filter(|v| !v.is(vm.none())) {
        None => Ok(now),
        Some(v) => Ok(number::size_i64(vm, v)? != 0),
    }
}

fn reconfigure(vm: &Vm, a: &[Value]) -> PyResult {
    let t = TextIo::of(a[0]);
    let given = |i: usize| a[i].non_null().filter(|v| !v.is(vm.none()));
    let (encoding, errors) = (given(1), given(2));
    for (name, v) in [("encoding", encoding), ("errors", errors), ("newline", given(3))] {
        if let Some(v) = v
            && v.cast::<PyStr>().is_none()
        {
            let shown = vm.type_of(v).full_name();
            let text = format!("reconfigure() argument '{name}' must be str or None, not {shown}");
            return Err(vm.type_error(text));
        }
    }
    let new_newline = !a[3].is_null();
    let recode = encoding.is_some() || errors.is_some() || new_newline;
    if recode && !t.decoded.is_null() {
        let text = "It is not possible to set the encoding or newline of stream after the first read";
        return Err(unsupported(vm, text));
    }
    let newline = newline_argument(vm, "reconfigure", a[3])?;
    let line_buffering = optional_flag(vm, a[4], t.line_buffering.get())?;
    let write_through = optional_flag(vm, a[5], t.write_through.get())?;
    call::call_method(vm, a[0], "flush", &[])?;
    t.ratio.set(0.0);
    if new_newline {
        t.newline.set(newline);
    }
    if recode {
        let name = match encoding.map(obj::text) {
            Some(name) if name == "locale" => locale::get().encoding.clone(),
            Some(name) => name,
            None => obj::text(t.encoding.get()),
        };
        let handler = match (errors, encoding) {
            (Some(e), _) => obj::text(e),
            (None, Some(_)) => "strict".to_owned(),
            (None, None) => obj::text(t.errors.get()),
        };
        let codec = Encoding::find(vm, &name)?;
        let buffer = t.buffer(vm)?;
        t.set_coders(vm, buffer.value(), &codec, &handler)?;
        t.encoding.set(vm.new_str(&name));
        t.errors.set(vm.new_str(&handler));
        t.fix_encoder(vm, buffer.value())?;
    }
    t.line_buffering.set(line_buffering);
    t.write_through.set(write_through);
    Ok(vm.none_ref())
}

fn detach(vm: &Vm, a: &[Value]) -> PyResult {
    let t = TextIo::of(a[0]);
    t.buffer(vm)?;
    call::call_method(vm, a[0], "flush", &[])?;
    let buffer = t.buffer(vm)?;
    t.buffer.clear();
    t.life.set(Life::Detached);
    Ok(buffer)
}

fn flush(vm: &Vm, a: &[Value]) -> PyResult {
    let t = TextIo::of(a[0]);
    t.open(vm, a[0])?;
    t.telling.set(t.seekable.get());
    t.hand_on(vm)?;
    call::call_method(vm, t.buffer(vm)?.value(), "flush", &[])
}

fn close(vm: &Vm, a: &[Value]) -> PyResult {
    let t = TextIo::of(a[0]);
    let buffer = t.buffer(vm)?;
    if is_closed(vm, buffer.value())? || t.life.get() == Life::Detached {
        return Ok(vm.none_ref());
    }
    if t.finalizing.get()
        && let Err(e) = call::call_method(vm, buffer.value(), "_dealloc_warn", &[a[0]])
    {
        // Streams without such a method do not warn.
        drop(e);
    }
    let flushed = call::call_method(vm, a[0], "flush", &[]);
    let closed = call::call_method(vm, buffer.value(), "close", &[]);
    match flushed {
        Ok(_) => closed,
        Err(e) => Err(chain(e, closed)),
    }
}

/// Calls a method of the binary stream.
fn forward(vm: &Vm, v: Value, method: &str) -> PyResult {
    let buffer = TextIo::of(v).buffer(vm)?;
    call::call_method(vm, buffer.value(), method, &[])
}

fn forward_attribute(vm: &Vm, v: Value, name: &str) -> PyResult {
    let buffer = TextIo::of(v).buffer(vm)?;
    attr::get_named(vm, buffer.value(), name)
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let t = TextIo::of(v);
    if t.life.get() == Life::Unmade {
        return Err(uninitialized(vm));
    }
    stream_repr(vm, v, || {
        let mode = match attr::get_opt(vm, v, vm.intern("mode"))? {
            Some(m) => format!(" mode={}", obj::repr_text(vm, m.value())?),
            None => String::new(),
        };
        Ok(format!("{mode} encoding={}", obj::repr_text(vm, t.encoding.get())?))
    })
}

fn set_chunk_size(vm: &Vm, v: Value, n: Value) -> PyResult<()> {
    let t = TextIo::of(v);
    t.buffer(vm)?;
    if n.is_null() {
        return Err(vm.error(shape::ATTRIBUTE_ERROR, "cannot delete attribute"));
    }
    match usize::try_from(offset(vm, n)?) {
        Ok(n @ 1..) => {
            t.chunk_size.set(n);
            Ok(())
        }
        _ => Err(vm.value_error("a strictly positive integer is required")),
    }
}

/// A field, or None where there is nothing yet.
fn field(vm: &Vm, cell: &OwnedCell) -> PyResult {
    Ok(cell.get_ref().unwrap_or_else(|| vm.none_ref()))
}

pub static DEF: TypeDef = TypeDef {
    doc: "TextIOWrapper(buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)\n--\n\n\
          Text over a binary stream.\n\n\
          The encoding defaults to the locale's, the error handler to 'strict'. A newline of None\n\
          reads any line end as '\\n', '' reads any line end as it is, and '\\n', '\\r' or '\\r\\n'\n\
          end lines alone and are written for each '\\n'. With line_buffering, text that ends a\n\
          line is flushed.",
    flags: FLAGS,
    slots: |s| {
        s.init = Some(init);
        s.repr = Some(repr);
        s.next = Some(read::next);
        s.drop = Some(object::drop_payload::<TextIo>);
        // No `traverse`: a stream in a cycle stays until the program ends, when all streams are
        // flushed in the right order. The collector would close the file below it first.
    },
    new: New::Raw(|_, ty, _| Ok(object::new_instance(ty, TextIo::new()))),
    methods: &[
        MethodDef::new("detach", "($self, /)", detach, "Separates the stream from its binary stream, which it returns."),
        MethodDef::new("reconfigure", "($self, /, *, encoding=None, errors=None, newline=None,\n            line_buffering=None, write_through=None)", reconfigure, "Changes settings of the stream, which is flushed before."),
        MethodDef::new("write", "($self, text, /)", write::write, "Writes text and returns its length."),
        MethodDef::new("read", "($self, size=-1, /)", read::read, "Reads up to that many characters, or all there are."),
        MethodDef::new("readline", "($self, size=-1, /)", read::readline, "Reads up to and with the next line end."),
        MethodDef::new("flush", "($self, /)", flush, "Hands everything on, and flushes the binary stream."),
        MethodDef::new("close", "($self, /)", close, "Flushes and closes the stream."),
        MethodDef::new("fileno", "($self, /)", |vm, a| forward(vm, a[0], "fileno"), "The file descriptor."),
        MethodDef::new("seekable", "($self, /)", |vm, a| forward(vm, a[0], "seekable"), "Whether positions can be set."),
        MethodDef::new("readable", "($self, /)", |vm, a| forward(vm, a[0], "readable"), "Whether the stream can be read from."),
        MethodDef::new("writable", "($self, /)", |vm, a| forward(vm, a[0], "writable"), "Whether the stream can be written to."),
        MethodDef::new("isatty", "($self, /)", |vm, a| forward(vm, a[0], "isatty"), "Whether the stream is a terminal."),
        MethodDef::new("seek", "($self, cookie, whence=os.SEEK_SET, /)", position::seek, "Goes to a position that tell() gave, to the start or to the end."),
        MethodDef::new("tell", "($self, /)", position::tell, "The position, a number for seek()."),
        MethodDef::new("truncate", "($self, pos=None, /)", position::truncate, "Cuts the file off at a position of the binary stream."),
        MethodDef::new("__getstate__", "($self, /)", |vm, a| Err(cannot_pickle(vm, a[0])), ""),
    ],
    getset: &[
        GetSetDef::member("encoding", |vm, v| field(vm, &TextIo::of(v).encoding), ""),
        GetSetDef::member("buffer", |vm, v| field(vm, &TextIo::of(v).buffer), ""),
        GetSetDef::member("line_buffering", |vm, v| Ok(vm.bool_ref(TextIo::of(v).line_buffering.get())), ""),
        GetSetDef::member("write_through", |vm, v| Ok(vm.bool_ref(TextIo::of(v).write_through.get())), ""),
        GetSetDef::member_set("_finalizing", |vm, v| Ok(vm.bool_ref(TextIo::of(v).finalizing.get())), |vm, v, x| {
            TextIo::of(v).finalizing.set(truth::truth(vm, x)?);
            Ok(())
        }, ""),
        GetSetDef::get("name", |vm, v| forward_attribute(vm, v, "name"), ""),
        GetSetDef::get("closed", |vm, v| forward_attribute(vm, v, "closed"), ""),
        GetSetDef::get("newlines", |vm, v| {
            TextIo::of(v).buffer(vm)?;
            match TextIo::of(v).decoder() {
                Some(d) => d.newlines(vm),
                None => Ok(vm.none_ref()),
            }
        }, ""),
        GetSetDef::get("errors", |vm, v| {
            if TextIo::of(v).life.get() == Life::Unmade {
                return Err(uninitialized(vm));
            }
            field(vm, &TextIo::of(v).errors)
        }, ""),
        GetSetDef::get_set("_CHUNK_SIZE", |vm, v| {
            TextIo::of(v).buffer(vm)?;
            Ok(vm.new_int(TextIo::of(v).chunk_size.get() as i64))
        }, set_chunk_size, ""),
    ],
    ..TypeDef::of::<TextIo>("_io.TextIOWrapper")
};

/// Has a text stream flush with each line.
pub(super) fn set_line_buffering(vm: &Vm, v: Value) -> PyResult<()> {
    let null = Value::NULL;
    reconfigure(vm, &[v, null, null, null, vm.true_(), null]).map(drop)
}
