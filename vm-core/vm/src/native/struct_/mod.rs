//! The module `_struct`: values as bytes of C structs.

use std::cell::Cell;

use crate::args::CallArgs;
use crate::convert;
use crate::error::{PyResult, Raised};
use crate::native::{self, ModuleDef};
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::protocol::buffer::{self, Buffer};
use crate::protocol::{item, number};
use crate::shape;
use crate::types::exceptions::hierarchy;
use crate::types::iterators::payload;
use crate::types::memoryview;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

mod format;
mod item_;

use format::Format;

/// A `struct.error`.
#[cold]
fn error(vm: &Vm, text: &str) -> Raised {
    vm.error(shape::STRUCT_ERROR, text)
}

pub static ERROR: TypeDef = hierarchy::simple("struct.error", "");

/// A `Struct` object.
#[repr(C)]
pub struct PyStruct {
    header: Header,
    /// Missing until `__init__` ran.
    format: std::cell::RefCell<Option<std::rc::Rc<Format>>>,
}
payload!(PyStruct, STRUCT);

fn new(_: &Vm, ty: TypeRef, _: CallArgs) -> PyResult {
    Ok(object::new_instance(ty, PyStruct { header: object::header(), format: Default::default() }))
}

fn init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    let sig = vm.signatures.get("(format)");
    sig.bind(vm, "Struct", None, args, |a| {
        let format = Format::from_argument(vm, a[0])?;
        *PyStruct::of(v).format.borrow_mut() = Some(format.into());
        Ok(())
    })
}

/// The format of an object that was initialized.
fn format_of(vm: &Vm, v: Value) -> PyResult<std::rc::Rc<Format>> {
    let format = PyStruct::of(v).format.borrow().clone();
    format.ok_or_else(|| vm.runtime_error("Struct object is not initialized"))
}

/// -1 for an object that was not initialized.
fn size(vm: &Vm, v: Value) -> PyResult {
    let format = PyStruct::of(v).format.borrow();
    Ok(format.as_ref().map_or(Ref::small_int(-1), |f| item::from_size(vm, f.size)))
}

fn pack(vm: &Vm, f: &Format, values: &[Value]) -> PyResult {
    if values.len() != f.len {
        let text = format!("pack expected {} items for packing (got {})", f.len, values.len());
        return Err(error(vm, &text));
    }
    Ok(crate::types::bytes::new(vm, &f.pack(vm, values)?))
}

/// Where an offset leads in a buffer that must have room for the format behind it.
fn place(vm: &Vm, f: &Format, offset: isize, len: usize, packing: bool) -> PyResult<usize> {
    let size = f.size as isize;
    let mut at = offset;
    if offset < 0 {
        if offset + size > 0 {
            let what = if packing { "no space to pack" } else { "not enough data to unpack" };
            return Err(error(vm, &format!("{what} {size} bytes at offset {offset}")));
        }
        if offset + (len as isize) < 0 {
            return Err(error(vm, &format!("offset {offset} out of range for {len}-byte buffer")));
        }
        at += len as isize;
    }
    if (len as isize) - at < size {
        let (name, doing) = if packing { ("pack_into", "packing") } else { ("unpack_from", "unpacking") };
        return Err(error(
            vm,
            &format!(
                "{name} requires a buffer of at least {} bytes for {doing} {size} bytes at offset {at} \
                 (actual buffer size is {len})",
                (size as usize).wrapping_add(at as usize)
            ),
        ));
    }
    Ok(at as usize)
}

/// `pack_into(buffer, offset, ...)`.
fn pack_into(vm: &Vm, f: &Format, a: &[Value]) -> PyResult {
    let (buffer, offset, values) = match a {
        [] => return Err(error(vm, "pack_into expected buffer argument")),
        [_] => return Err(error(vm, "pack_into expected offset argument")),
        [buffer, offset, values @ ..] if values.len() == f.len => (*buffer, *offset, values),
        [_, _, values @ ..] => {
            let text = format!("pack_into expected {} items for packing (got {})", f.len, values.len());
            return Err(error(vm, &text));
        }
    };
    let read_only = |_| {
        vm.type_error(format!(
            "argument must be read-write bytes-like object, not {}",
            convert::type_shown(vm, buffer)
        ))
    };
    let to = Buffer::writable(vm, buffer).map_err(read_only)?;
    let offset = number::index_i64(vm, offset)? as isize;
    let at = place(vm, f, offset, to.len(), true)?;
    let packed = f.pack(vm, values)?;
    to.with_mut(|b| {
        if let Some(to) = b.get_mut(at..at + packed.len()) {
            to.copy_from_slice(&packed);
        }
    });
    Ok(vm.none_ref())
}

fn unpack(vm: &Vm, f: &Format, buffer: Value) -> PyResult {
    let data = convert::buffer(vm, buffer)?;
    if data.len() != f.size {
        return Err(error(vm, &format!("unpack requires a buffer of {} bytes", f.size)));
    }
    Ok(PyTuple::from_vec(vm, f.unpack(vm, &data)))
}

fn unpack_from(vm: &Vm, f: &Format, buffer: Value, offset: Value) -> PyResult {
    let data = convert::buffer(vm, buffer)?;
    let offset = convert::size_or(vm, offset, 0)?;
    let at = place(vm, f, offset, data.len(), false)?;
    Ok(PyTuple::from_vec(vm, f.unpack(vm, &data[at..at + f.size])))
}

fn iter_unpack(vm: &Vm, f: std::rc::Rc<Format>, buffer: Value) -> PyResult {
    if f.size == 0 {
        return Err(error(vm, "cannot iteratively unpack with a struct of length 0"));
    }
    let view = buffer::view(vm, buffer)?;
    let data = memoryview::contents(view.value()).unwrap_or_default();
    if data.len() % f.size != 0 {
        let text = format!("iterative unpacking requires a buffer of a multiple of {} bytes", f.size);
        return Err(error(vm, &text));
    }
    Ok(object::new(UnpackIterator {
        header: object::header(),
        format: f,
        buffer: OwnedCell::new(view),
        index: Cell::new(0),
    }))
}

/// Unpacks a buffer piece by piece.
#[repr(C)]
pub struct UnpackIterator {
    header: Header,
    format: std::rc::Rc<Format>,
    /// A view of the buffer; NULL once exhausted.
    buffer: OwnedCell,
    index: Cell<usize>,
}
payload!(UnpackIterator, STRUCT_UNPACK_ITERATOR);

impl UnpackIterator {
    fn data(&self) -> Option<&[u8]> {
        memoryview::contents(self.buffer.get().non_null()?)
    }
}

fn next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let it = UnpackIterator::of(v);
    let at = it.index.get();
    let Some(piece) = it.data().and_then(|d| d.get(at..at + it.format.size)) else {
        it.buffer.clear();
        return Ok(None);
    };
    it.index.set(at + it.format.size);
    Ok(Some(PyTuple::from_vec(vm, it.format.unpack(vm, piece))))
}

fn length_hint(vm: &Vm, a: &[Value]) -> PyResult {
    let it = UnpackIterator::of(a[0]);
    let left = it.data().map_or(0, |d| d.len().saturating_sub(it.index.get()));
    Ok(item::from_size(vm, left / it.format.size))
}

pub static UNPACK_ITERATOR: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(next);
        s.drop = Some(object::drop_payload::<UnpackIterator>);
        s.traverse = crate::traverse_fields!(UnpackIterator: buffer);
    },
    methods: &[MethodDef::new("__length_hint__", "($self, /)", length_hint, "Pieces that are left.")],
    ..TypeDef::of::<UnpackIterator>("_struct.unpack_iterator")
};

/// The values of a parameter `*args`.
fn rest<'a>(v: Value) -> &'a [Value] {
    // The tuple is kept alive by the caller of the native function.
    v.cast::<PyTuple>().map(PyTuple::as_slice).unwrap_or_default()
}

/// CPython's figure: the object and its table of items.
fn size_of(vm: &Vm, a: &[Value]) -> PyResult {
    let f = format_of(vm, a[0])?;
    Ok(item::from_size(vm, 56 + 32 * (f.codes.len() + 1)))
}

pub static STRUCT: TypeDef = TypeDef {
    doc: "Struct(fmt) --> compiled struct object\n\n",
    flags: flags::BASETYPE | flags::HEAP | flags::PREFIX | flags::WEAKREF,
    new: New::Raw(new),
    slots: |s| {
        s.init = Some(init);
        s.repr = Some(|vm, v| format_of(vm, v)?.repr(vm, &vm.type_of(v).name()));
        s.drop = Some(object::drop_payload::<PyStruct>);
    },
    methods: &[
        MethodDef::new("iter_unpack", "($self, buffer, /)", |vm, a| iter_unpack(vm, format_of(vm, a[0])?, a[1]), "An iterator that unpacks the buffer piece by piece."),
        MethodDef::new("pack", "($self, /, *values)", |vm, a| pack(vm, &*format_of(vm, a[0])?, rest(a[1])), "The values as bytes in the format."),
        MethodDef::new("pack_into", "($self, /, *args)", |vm, a| pack_into(vm, &*format_of(vm, a[0])?, rest(a[1])), "Packs values into a buffer at an offset."),
        MethodDef::new("unpack", "($self, buffer, /)", |vm, a| unpack(vm, &*format_of(vm, a[0])?, a[1]), "The values in the buffer, whose size must be that of the format."),
        MethodDef::new("unpack_from", "($self, /, buffer, offset=0)", |vm, a| unpack_from(vm, &*format_of(vm, a[0])?, a[1], a[2]), "The values in the buffer at an offset."),
        MethodDef::new("__sizeof__", "($self, /)", size_of, "Size of the object in memory, in bytes."),
    ],
    getset: &[
        GetSetDef::get("format", |vm, v| Ok(vm.new_str(&format_of(vm, v)?.text)), "struct format string"),
        GetSetDef::get("size", size, "struct size in bytes"),
    ],
    ..TypeDef::of::<PyStruct>("_struct.Struct")
};

/// The format that the first of a function's arguments names, and the others.
fn format_argument<'a>(vm: &Vm, args: Value) -> PyResult<(Format, &'a [Value])> {
    match rest(args) {
        [format, rest @ ..] => Ok((Format::from_argument(vm, *format)?, rest)),
        [] => Err(vm.type_error("missing format argument")),
    }
}

static FUNCTIONS: &[MethodDef] = &[
    MethodDef::new("_clearcache", "($module, /)", |vm, _| Ok(vm.none_ref()), "Formats are not cached: does nothing."),
    MethodDef::new(
        "calcsize",
        "($module, format, /)",
        |vm, a| Ok(item::from_size(vm, Format::from_argument(vm, a[1])?.size)),
        "Size in bytes of the struct that the format describes.",
    ),
    MethodDef::new(
        "iter_unpack",
        "($module, format, buffer, /)",
        |vm, a| iter_unpack(vm, Format::from_argument(vm, a[1])?.into(), a[2]),
        "An iterator that unpacks the buffer piece by piece.",
    ),
    MethodDef::new(
        "pack",
        "($module, /, *args)",
        |vm, a| {
            let (format, values) = format_argument(vm, a[1])?;
            pack(vm, &format, values)
        },
        "pack(format, v1, v2, ...) -> bytes\n\nThe values as bytes in the format.",
    ),
    MethodDef::new(
        "pack_into",
        "($module, /, *args)",
        |vm, a| {
            let (format, rest) = format_argument(vm, a[1])?;
            pack_into(vm, &format, rest)
        },
        "pack_into(format, buffer, offset, v1, v2, ...)\n\nPacks values into a buffer at an offset.",
    ),
    MethodDef::new(
        "unpack",
        "($module, format, buffer, /)",
        |vm, a| unpack(vm, &Format::from_argument(vm, a[1])?, a[2]),
        "The values in the buffer, whose size must be that of the format.",
    ),
    MethodDef::new(
        "unpack_from",
        "($module, format, /, buffer, offset=0)",
        |vm, a| unpack_from(vm, &Format::from_argument(vm, a[1])?, a[2], a[3]),
        "The values in the buffer at an offset.",
    ),
];

pub static MODULE: ModuleDef = ModuleDef {
    name: "_struct",
    doc: "Functions to convert between Python values and C structs.\nPython bytes objects are used to hold the data representing the C struct\nand also as format strings (explained below) to describe the layout of data\nin the C struct.\n\nThe optional first format char indicates byte order, size and alignment:\n  @: native order, size & alignment (default)\n  =: native order, std. size & alignment\n  <: little-endian, std. size & alignment\n  >: big-endian, std. size & alignment\n  !: same as >\n",
    functions: FUNCTIONS,
    init: |vm, m| {
        native::add(vm, m, "Struct", vm.builtin(shape::STRUCT).value())?;
        native::add(vm, m, "error", vm.builtin(shape::STRUCT_ERROR).value())
    },
};
