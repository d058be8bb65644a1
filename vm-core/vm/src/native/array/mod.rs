//! The module `array`: sequences of numbers or characters of one type, packed in memory.

use std::cell::{Cell, UnsafeCell};

use crate::args::CallArgs;
use crate::error::{PyResult, Raised};
use crate::native::{self, ModuleDef};
use crate::object::{self, Header};
use crate::protocol::attr;
use crate::protocol::{call, compare, item, iter};
use crate::shape;
use crate::types::bytearray::PyByteArray;
use crate::types::bytes::PyBytes;
use crate::types::construct;
use crate::types::iterators::payload;
use crate::types::list::PyList;
use crate::types::memoryview::BufferInfo;
use crate::types::slots::CompareOp;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

mod iterator;
mod kind;
mod methods;
mod pickle;
mod subscript;

pub use iterator::ITERATOR;
use kind::Kind;

/// An array object.
#[repr(C)]
pub struct PyArray {
    header: Header,
    kind: Kind,
    /// Views of the memory that are alive; while there are any, the length must not change.
    exports: Cell<usize>,
    data: UnsafeCell<Vec<u8>>,
}
payload!(PyArray, ARRAY);

impl PyArray {
    fn make(ty: TypeRef, kind: Kind, data: Vec<u8>) -> Ref {
        let exports = Cell::new(0);
        object::new_instance(ty, PyArray { header: object::header(), kind, exports, data: UnsafeCell::new(data) })
    }

    /// An array of exactly the built-in type.
    fn plain(vm: &Vm, kind: Kind, data: Vec<u8>) -> Ref {
        PyArray::make(vm.builtin(shape::ARRAY), kind, data)
    }

    /// The items' bytes; must not be held while Python code or a change may run.
    #[inline(always)]
    fn bytes(&self) -> &[u8] {
        // SAFETY: single-threaded; callers drop the slice before anything changes the contents.
        unsafe { &*self.data.get() }
    }

    /// Changes the items' bytes; `f` must not run Python code.
    #[inline(always)]
    fn with_mut<R>(&self, f: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        // SAFETY: as above; `f` has the only reference.
        f(unsafe { &mut *self.data.get() })
    }

    /// Number of items.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.bytes().len() / self.kind.size()
    }

    pub fn is_empty(&self) -> bool {
        self.bytes().is_empty()
    }

    /// The item at an index, or `None` behind the end.
    #[inline]
    fn get(&self, vm: &Vm, i: usize) -> PyResult<Option<Ref>> {
        if i < self.len() { self.kind.read(vm, self.bytes(), i).map(Some) } else { Ok(None) }
    }

    /// Writes an item whose bytes `pack` made; IndexError if the array has shrunk meanwhile.
    #[inline]
    fn put(&self, vm: &Vm, i: usize, item: [u8; 8]) -> PyResult<()> {
        let n = self.kind.size();
        self.with_mut(|d| match d.get_mut(i * n..(i + 1) * n) {
            Some(slot) => {
                slot.copy_from_slice(&item[..n]);
                Ok(())
            }
            None => Err(vm.index_error("array assignment index out of range")),
        })
    }

    fn check_exports(&self, vm: &Vm) -> PyResult<()> {
        if self.exports.get() > 0 {
            return Err(vm.buffer_error("cannot resize an array that is exporting buffers"));
        }
        Ok(())
    }

    /// Makes room for `items` items, with CPython's growth; new ones are zero.
    fn resize(&self, vm: &Vm, items: usize) -> PyResult<()> {
        let (n, old) = (self.kind.size(), self.len());
        if items != old {
            self.check_exports(vm)?;
        }
        let Some(bytes) = items.checked_mul(n) else { return Err(no_memory(vm)) };
        self.with_mut(|d| {
            let allocated = d.capacity() / n;
            if allocated >= items && old < items + 16 && allocated > 0 {
                d.resize(bytes, 0);
                return Ok(());
            }
            if items == 0 {
                *d = Vec::new();
                return Ok(());
            }
            let room = (items >> 4) + if old < 8 { 3 } else { 7 } + items;
            let Some(room) = room.checked_mul(n) else { return Err(no_memory(vm)) };
            if items < old {
                d.truncate(bytes);
                d.shrink_to(room);
            } else if d.try_reserve_exact(room - d.len()).is_err() {
                return Err(no_memory(vm));
            }
            d.resize(bytes, 0);
            Ok(())
        })
    }

    /// Adds bytes of whole items at the end.
    fn extend_bytes(&self, vm: &Vm, more: &[u8]) -> PyResult<()> {
        if more.is_empty() {
            return Ok(());
        }
        let old = self.bytes().len();
        self.resize(vm, (old + more.len()) / self.kind.size())?;
        self.with_mut(|d| d[old..].copy_from_slice(more));
        Ok(())
    }

    /// Puts an item before an index, which is clipped to the length.
    fn insert(&self, vm: &Vm, at: isize, v: Value) -> PyResult<()> {
        let packed = self.kind.pack(vm, v)?;
        let (n, len) = (self.kind.size(), self.len());
        self.resize(vm, len + 1)?;
        let at = if at < 0 { (at + len as isize).max(0) as usize } else { (at as usize).min(len) };
        self.with_mut(|d| {
            d.copy_within(at * n..len * n, (at + 1) * n);
            d[at * n..(at + 1) * n].copy_from_slice(&packed[..n]);
        });
        Ok(())
    }

    /// Removes the items between two indices that are within the array.
    fn remove_range(&self, vm: &Vm, from: usize, to: usize) -> PyResult<()> {
        if from == to {
            return Ok(());
        }
        self.check_exports(vm)?;
        let (n, len) = (self.kind.size(), self.len());
        self.with_mut(|d| d.copy_within(to * n.., from * n));
        self.resize(vm, len - (to - from))
    }

    fn extend_iterator(&self, vm: &Vm, it: Value) -> PyResult<()> {
        iter::walk(vm, it, |x| self.insert(vm, isize::MAX, x.value()).map(|()| true))
    }

    /// `a.extend(iterable)`.
    fn extend(&self, vm: &Vm, iterable: Value) -> PyResult<()> {
        let Some(other) = iterable.cast::<PyArray>() else {
            let it = iter::get_iter(vm, iterable)?;
            return self.extend_iterator(vm, it.value());
        };
        if other.kind != self.kind {
            return Err(vm.type_error("can only extend with array of same kind"));
        }
        let more = other.bytes().to_vec();
        self.extend_bytes(vm, &more)
    }

    fn extend_text(&self, vm: &Vm, s: &PyStr) -> PyResult<()> {
        let more: Vec<u8> = s.code_points().flat_map(u32::to_ne_bytes).collect();
        self.extend_bytes(vm, &more)
    }

    /// Adds the items of a list or tuple, which may change while they are converted.
    fn extend_items<'a>(&self, vm: &Vm, items: impl Fn(usize) -> Option<Value> + 'a, len: usize) -> PyResult<()> {
        let n = self.kind.size();
        let mut all = Vec::new();
        if len.checked_mul(n).is_none_or(|bytes| all.try_reserve_exact(bytes).is_err()) {
            return Err(no_memory(vm));
        }
        for i in 0..len {
            let Some(v) = items(i) else { return Err(vm.index_error("list index out of range")) };
            let v = v.to_ref();
            all.extend_from_slice(&self.kind.pack(vm, v.value())?[..n]);
        }
        self.with_mut(|d| if d.is_empty() { *d = all } else { d.extend(all) });
        Ok(())
    }
}

#[cold]
fn no_memory(vm: &Vm) -> Raised {
    vm.error_args(shape::MEMORY_ERROR, &[])
}

/// The type code among the constructor's arguments.
fn code_argument(vm: &Vm, function: &str, what: &str, v: Value) -> PyResult<u32> {
    match v.cast::<PyStr>() {
        Some(s) if s.char_len() == 1 => Ok(s.char_at(0)),
        Some(s) => Err(vm.type_error(format!(
            "{function}() {what} must be a unicode character, not a string of length {}",
            s.char_len()
        ))),
        None => Err(vm.type_error(format!(
            "{function}() {what} must be a unicode character, not {}",
            crate::convert::type_shown(vm, v)
        ))),
    }
}

fn new(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    if args.has_keywords() && !construct::overrides_init(vm, ty, shape::ARRAY) {
        return Err(vm.type_error("array.array() takes no keyword arguments"));
    }
    let a = args.positional_args();
    let (how, given) = (if a.is_empty() { "at least 1 argument" } else { "at most 2 arguments" }, a.len());
    if !(1..=2).contains(&given) {
        return Err(vm.type_error(format!("array() takes {how} ({given} given)")));
    }
    let code = code_argument(vm, "array", "argument 1", a[0])?;
    make(vm, ty, code, a.get(1).copied())
}

/// An array of a type code with these first items.
fn make(vm: &Vm, ty: TypeRef, code: u32, initial: Option<Value>) -> PyResult {
    if code == u32::from('u') {
        let text = "The 'u' type code is deprecated and will be removed in Python 3.16";
        let category = vm.builtin(shape::DEPRECATION_WARNING).value();
        native::warnings::warn(vm, vm.new_str(text).value(), category, 1, vm.none(), &[])?;
    }
    let is_text = code == u32::from('u') || code == u32::from('w');
    let shown = char::from_u32(code).unwrap_or('\u{fffd}');
    if let Some(v) = initial.filter(|_| !is_text) {
        let what = match v.cast::<PyArray>() {
            Some(a) if a.kind.is_text() => Some("use a unicode array to initialize"),
            _ if v.cast::<PyStr>().is_some() => Some("use a str to initialize"),
            _ => None,
        };
        if let Some(what) = what {
            return Err(vm.type_error(format!("cannot {what} an array with typecode '{shown}'")));
        }
    }
    // An object without items is refused before an unknown type code is.
    let same = |v: Value| v.cast::<PyArray>().is_some_and(|a| u32::from(a.kind.code()) == code);
    let direct = |v: Value| {
        v.cast::<PyList>().is_some()
            || v.cast::<PyTuple>().is_some()
            || v.cast::<PyBytes>().is_some()
            || v.cast::<PyByteArray>().is_some()
            || (is_text && v.cast::<PyStr>().is_some())
            || same(v)
    };
    let it = match initial {
        Some(v) if !direct(v) => Some(iter::get_iter(vm, v)?),
        _ => None,
    };
    let Some(kind) = Kind::from_code(code) else {
        return Err(vm.value_error("bad typecode (must be b, B, u, w, h, H, i, I, l, L, q, Q, f or d)"));
    };
    let r = PyArray::make(ty, kind, Vec::new());
    let this = PyArray::of(r.value());
    match (it, initial) {
        (Some(it), _) => this.extend_iterator(vm, it.value())?,
        (None, Some(v)) => fill(vm, this, v)?,
        (None, None) => {}
    }
    Ok(r)
}

/// Fills a new array from an object whose items can be had at once.
fn fill(vm: &Vm, this: &PyArray, v: Value) -> PyResult<()> {
    if let Some(l) = v.cast::<PyList>() {
        this.extend_items(vm, |i| l.get(i), l.len())
    } else if let Some(t) = v.cast::<PyTuple>() {
        this.extend_items(vm, |i| t.get(i), t.len())
    } else if let Some(s) = v.cast::<PyStr>() {
        let text: Vec<u8> = s.code_points().flat_map(u32::to_ne_bytes).collect();
        this.with_mut(|d| *d = text);
        Ok(())
    } else if let Some(a) = v.cast::<PyArray>() {
        let copy = a.bytes().to_vec();
        this.with_mut(|d| *d = copy);
        Ok(())
    } else {
        methods::add_bytes(vm, this, v)
    }
}

fn buffer(v: Value) -> BufferInfo {
    let a = PyArray::of(v);
    a.with_mut(|d| BufferInfo {
        start: d.as_mut_ptr(),
        len: d.len(),
        readonly: false,
        format: a.kind.format(),
        item_size: a.kind.size(),
    })
}

fn count_export(v: Value, views: isize) {
    let exports = &PyArray::of(v).exports;
    exports.set(exports.get().saturating_add_signed(views));
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let a = PyArray::of(v);
    let (name, code) = (vm.type_of(v).name(), a.kind.code());
    if a.is_empty() {
        return Ok(vm.new_str(&format!("{name}('{code}')")));
    }
    let items = if a.kind.is_text() { methods::to_text(vm, a)? } else { methods::to_list(vm, a)? };
    let mut w = crate::types::repr_writer::ReprWriter::new(&format!("{name}('{code}', "));
    w.push_repr(vm, items.value())?;
    w.push(")");
    Ok(w.finish(vm))
}

fn compare_arrays(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.cast::<PyArray>(), b.cast::<PyArray>()) else {
        return compare::declined(vm);
    };
    let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
    if equality && x.len() != y.len() {
        return Ok(vm.bool_ref(op == CompareOp::Ne));
    }
    let shorter = x.len().min(y.len());
    if x.kind == y.kind && !matches!(x.kind, Kind::F32 | Kind::F64) {
        let (p, q) = (x.bytes(), y.bytes());
        let differing = (0..shorter).map(|i| x.kind.int_at(p, i).cmp(&x.kind.int_at(q, i))).find(|o| o.is_ne());
        return Ok(vm.bool_ref(op.test(differing.unwrap_or(x.len().cmp(&y.len())))));
    }
    let mut i = 0;
    if x.kind == y.kind {
        let (p, q) = (x.bytes(), y.bytes());
        while i < shorter && x.kind.float_at(p, i) == x.kind.float_at(q, i) {
            i += 1;
        }
    }
    while let (Some(p), Some(q)) = (x.get(vm, i)?, y.get(vm, i)?) {
        if !compare::eq(vm, p.value(), q.value())? {
            return if equality {
                Ok(vm.bool_ref(op == CompareOp::Ne))
            } else {
                compare::rich(vm, p.value(), q.value(), op)
            };
        }
        i += 1;
    }
    Ok(vm.bool_ref(op.test(x.len().cmp(&y.len()))))
}

fn contains(vm: &Vm, v: Value, x: Value) -> PyResult<bool> {
    Ok(methods::position(vm, PyArray::of(v), x, 0, usize::MAX)?.is_some())
}

fn concat(vm: &Vm, a: Value, b: Value) -> PyResult {
    let (x, Some(y)) = (PyArray::of(a), b.cast::<PyArray>()) else {
        return Err(vm.type_error(format!(
            "can only append array (not \"{}\") to array",
            vm.type_of(b).full_name()
        )));
    };
    if x.kind != y.kind {
        return Err(bad_argument(vm));
    }
    Ok(PyArray::plain(vm, x.kind, [x.bytes(), y.bytes()].concat()))
}

#[cold]
fn bad_argument(vm: &Vm) -> Raised {
    vm.type_error("bad argument type for built-in operation")
}

fn inplace_concat(vm: &Vm, a: Value, b: Value) -> PyResult {
    if b.cast::<PyArray>().is_none() {
        return Err(vm.type_error(format!(
            "can only extend array with array (not \"{}\")",
            vm.type_of(b).full_name()
        )));
    }
    PyArray::of(a).extend(vm, b)?;
    Ok(a.to_ref())
}

/// The items' bytes `n` times.
fn repeated(vm: &Vm, a: &PyArray, n: Value) -> PyResult<Vec<u8>> {
    let n = item::to_index(vm, n, shape::OVERFLOW_ERROR)?.max(0) as usize;
    let b = a.bytes();
    let mut all = Vec::new();
    match b.len().checked_mul(n) {
        Some(0) => return Ok(all),
        Some(size) if all.try_reserve_exact(size).is_ok() => {}
        _ => return Err(no_memory(vm)),
    }
    match b {
        [one] => all.resize(n, *one),
        _ => (0..n).for_each(|_| all.extend_from_slice(b)),
    }
    Ok(all)
}

fn repeat(vm: &Vm, a: Value, n: Value) -> PyResult {
    let all = repeated(vm, PyArray::of(a), n)?;
    Ok(PyArray::plain(vm, PyArray::of(a).kind, all))
}

fn inplace_repeat(vm: &Vm, v: Value, n: Value) -> PyResult {
    let a = PyArray::of(v);
    let all = repeated(vm, a, n)?;
    if all.len() != a.bytes().len() {
        a.resize(vm, all.len() / a.kind.size())?;
        a.with_mut(|d| d.copy_from_slice(&all));
    }
    Ok(v.to_ref())
}

static DOC: &str = "array(typecode [, initializer]) -> array\n\nA sequence of numbers or characters of one type, packed in memory.\n\nThe type code says which: 'b', 'B', 'h', 'H', 'i', 'I', 'l', 'L', 'q', 'Q' are C's integer types, in lower case the signed ones; 'f' and 'd' are float and double, 'w' is a character ('u' an older form of it). The initializer is a list, a bytes-like object, a str for characters, or an iterable of items.";

pub static ARRAY: TypeDef = TypeDef {
    doc: DOC,
    flags: flags::BASETYPE | flags::HEAP | flags::PREFIX | flags::WEAKREF | flags::SEQUENCE,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyArray>);
        s.repr = Some(repr);
        s.compare = Some(compare_arrays);
        s.iter = Some(|_, v| Ok(iterator::new(v)));
        s.len = Some(|_, v| Ok(PyArray::of(v).len()));
        s.get_item = Some(subscript::get_item);
        s.set_item = Some(subscript::set_item);
        s.contains = Some(contains);
        s.concat = Some(concat);
        s.repeat = Some(repeat);
        s.inplace_concat = Some(inplace_concat);
        s.inplace_repeat = Some(inplace_repeat);
        s.buffer = Some(buffer);
        s.count_export = Some(count_export);
    },
    new: New::Raw(new),
    methods: methods::METHODS,
    getset: &[
        GetSetDef::get(
            "typecode",
            |vm, v| Ok(vm.new_str(PyArray::of(v).kind.code().encode_utf8(&mut [0; 4]))),
            "the typecode character used to create the array",
        ),
        GetSetDef::get(
            "itemsize",
            |vm, v| Ok(item::from_size(vm, PyArray::of(v).kind.size())),
            "the size, in bytes, of one array item",
        ),
    ],
    ..TypeDef::of::<PyArray>("array.array")
};

/// Registers arrays as mutable sequences, where `collections.abc` can be imported.
fn init(vm: &Vm, m: Value) -> PyResult<()> {
    let ty = vm.builtin(shape::ARRAY).value();
    native::add(vm, m, "ArrayType", ty)?;
    match crate::import::import_module(vm, "collections.abc") {
        Ok(abc) => {
            let sequence = attr::get_named(vm, abc.value(), "MutableSequence")?;
            call::call_method(vm, sequence.value(), "register", &[ty])?;
        }
        Err(e) if e.is(vm, shape::MODULE_NOT_FOUND_ERROR) => {}
        Err(e) => return Err(e),
    }
    native::add(vm, m, "array", ty)?;
    native::add(vm, m, "typecodes", vm.new_str(kind::CODES).value())
}

pub static MODULE: ModuleDef = ModuleDef {
    name: "array",
    doc: "This module defines an object type which can efficiently represent\nan array of basic values: characters, integers, floating-point\nnumbers.  Arrays are sequence types and behave very much like lists,\nexcept that the type of objects stored in them is constrained.\n",
    functions: &[MethodDef::new(
        "_array_reconstructor",
        "($module, arraytype, typecode, mformat_code, items, /)",
        pickle::reconstruct,
        "Makes a pickled array anew.",
    )],
    init,
};
