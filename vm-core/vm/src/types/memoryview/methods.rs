//! The type `memoryview`: methods, attributes, slots.

use crate::convert;
use crate::error::PyResult;
use crate::object;
use crate::protocol::{call, compare, item, object as protocol_object};
use crate::types::bytes;
use crate::types::generic_alias;
use crate::types::list::PyList;
use crate::types::memoryview::{Layout, PyMemoryView, get_buffer, iterator, new, new_with_flags, pack, subscript};
use crate::types::slots::CompareOp;
use crate::types::str_::{self, PyStr};
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

const MAX_NDIM: usize = 64;

pub static DEF: TypeDef = TypeDef {
    doc: "A view of the memory of the given object.",
    flags: flags::HEAP | flags::PREFIX | flags::WEAKREF | flags::SEQUENCE,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyMemoryView>);
        s.traverse = crate::traverse_fields!(PyMemoryView: base, root);
        s.get_buffer = Some(get_buffer);
        s.count_export = Some(|v, views| this(v).exports.set(this(v).exports.get() + views));
        s.repr = Some(repr);
        s.hash = Some(hash);
        s.compare = Some(compare_views);
        s.iter = Some(iterator::new);
        s.len = Some(len);
        s.get_item = Some(subscript::get_item);
        s.set_item = Some(subscript::set_item);
    },
    new: New::Bound("(object)", |vm: &Vm, _: TypeRef, a: &[Value]| new(vm, a[0])),
    methods: METHODS,
    getset: GETSET,
    ..TypeDef::of::<PyMemoryView>("memoryview")
};

static METHODS: &[MethodDef] = &[
    MethodDef::new("release", "($self, /)", release, "Gives the underlying memory back; the view is unusable afterwards."),
    MethodDef::new(
        "tobytes",
        "($self, /, order='C')",
        to_bytes,
        "A copy of the memory as bytes.\n\nThe order of the items is that of C ('C'), of Fortran ('F'), or of the memory ('A').",
    ),
    MethodDef::new(
        "hex",
        "($self, /, sep=<unrepresentable>, bytes_per_sep=1)",
        hex,
        "The memory in hexadecimal digits, with a separator after each group of bytes if one is given.",
    ),
    MethodDef::new("tolist", "($self, /)", to_list, "The items as a list (of lists, with more dimensions)."),
    MethodDef::new(
        "cast",
        "($self, /, format, shape=<unrepresentable>)",
        cast,
        "A view of the same memory with another item format or shape.",
    ),
    MethodDef::new("toreadonly", "($self, /)", to_readonly, "A view of the same memory that cannot be written through."),
    MethodDef::class(
        "_from_flags",
        "($type, /, object, flags)",
        |vm, a| new_with_flags(vm, a[1], convert::c_int(vm, a[2])?),
        "A view of the memory of the given object.",
    ),
    MethodDef::new("count", "($self, value, /)", count, "How many items equal the value."),
    MethodDef::new(
        "index",
        "($self, value, start=0, stop=sys.maxsize, /)",
        index,
        "Position of the first item that equals the value.\n\nRaises ValueError if there is none.",
    ),
    MethodDef::new(
        "__enter__",
        "($self, /)",
        |vm, a| {
            this(a[0]).base(vm)?;
            Ok(a[0].to_ref())
        },
        "",
    ),
    MethodDef::new("__exit__", "($self, /, *exc_info)", release, "Releases the view."),
    MethodDef::class(
        "__class_getitem__",
        "($type, object, /)",
        |vm, a| Ok(generic_alias::new(vm, a[0], a[1])),
        "Views are generic over the type of the data that they show.",
    ),
];

static GETSET: &[GetSetDef] = &[
    GetSetDef::get("obj", |vm, v| this(v).base(vm).map(|_| this(v).shown(vm)), "The object whose memory is shown."),
    GetSetDef::get("nbytes", |vm, v| Ok(item::from_size(vm, layout(vm, v)?.bytes())), "Bytes that the items take without gaps."),
    GetSetDef::get(
        "readonly",
        |vm, v| {
            this(v).base(vm)?;
            Ok(vm.bool_ref(this(v).readonly))
        },
        "Whether the memory cannot be written.",
    ),
    GetSetDef::get("itemsize", |vm, v| Ok(item::from_size(vm, layout(vm, v)?.item_size)), "Bytes of an item."),
    GetSetDef::get("format", |vm, v| Ok(vm.new_str(&layout(vm, v)?.format)), "Format of an item, as in the module struct."),
    GetSetDef::get("ndim", |vm, v| Ok(item::from_size(vm, layout(vm, v)?.ndim())), "Number of dimensions."),
    GetSetDef::get("shape", |vm, v| sizes(vm, layout(vm, v)?.shape.iter().map(|&n| n as isize)), "Items per dimension."),
    GetSetDef::get("strides", |vm, v| sizes(vm, layout(vm, v)?.strides.iter().copied()), "Bytes from an item to the next, per dimension."),
    GetSetDef::get("suboffsets", |vm, v| layout(vm, v).map(|_| vm.empty_tuple().to_ref()), "Always empty: no view is indirect."),
    GetSetDef::get("c_contiguous", |vm, v| Ok(vm.bool_ref(layout(vm, v)?.is_c_contiguous())), "Whether the items lie in C order without gaps."),
    GetSetDef::get("f_contiguous", |vm, v| Ok(vm.bool_ref(layout(vm, v)?.is_f_contiguous())), "Whether the items lie in Fortran order without gaps."),
    GetSetDef::get(
        "contiguous",
        |vm, v| {
            let l = layout(vm, v)?;
            Ok(vm.bool_ref(l.is_c_contiguous() || l.is_f_contiguous()))
        },
        "Whether the items lie without gaps.",
    ),
];

fn this<'a>(v: Value) -> &'a PyMemoryView {
    PyMemoryView::of(v)
}

fn layout(vm: &Vm, v: Value) -> PyResult<Layout> {
    Ok(this(v).layout(vm)?.clone())
}

fn sizes(vm: &Vm, values: impl Iterator<Item = isize>) -> PyResult {
    Ok(PyTuple::from_iter(vm, values.map(|n| vm.new_int(n as i64))))
}

fn release(vm: &Vm, a: &[Value]) -> PyResult {
    this(a[0]).release(vm)?;
    Ok(vm.none_ref())
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let what = if this(v).base.is_null() { "released memory" } else { "memory" };
    Ok(vm.new_str(&format!("<{what} at {:#x}>", protocol_object::address(v))))
}

fn len(vm: &Vm, v: Value) -> PyResult<usize> {
    match layout(vm, v)?.shape.first() {
        Some(&n) => Ok(n),
        None => Err(vm.type_error("0-dim memory has no length")),
    }
}

fn hash(vm: &Vm, v: Value) -> PyResult<i64> {
    let m = this(v);
    if m.hash.get() == -1 {
        m.base(vm)?;
        if !m.readonly {
            return Err(vm.value_error("cannot hash writable memoryview object"));
        }
        if !pack::letter(&m.layout.borrow().format).is_some_and(pack::is_byte_letter) {
            return Err(vm.value_error("memoryview: hashing is restricted to formats 'B', 'b' or 'c'"));
        }
        // The exporter must be hashable, too: it must not change behind the view.
        let _held = m.hold();
        protocol_object::hash(vm, m.shown(vm).value())?;
        m.hash.set(str_::hash_bytes(&m.to_bytes(vm)?));
    }
    Ok(m.hash.get())
}

fn compare_views(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    if !matches!(op, CompareOp::Eq | CompareOp::Ne) {
        return compare::declined(vm);
    }
    let Some(x) = a.cast::<PyMemoryView>() else { return compare::declined(vm) };
    if x.base.is_null() {
        return Ok(vm.bool_ref(a.is(b) == (op == CompareOp::Eq)));
    }
    let other = match b.cast::<PyMemoryView>() {
        Some(y) if y.base.is_null() => return Ok(vm.bool_ref(op == CompareOp::Ne)),
        Some(_) => b.to_ref(),
        None => match new(vm, b) {
            Ok(m) => m,
            Err(_) => return compare::declined(vm),
        },
    };
    let equal = same_items(vm, x, this(other.value()))?;
    Ok(vm.bool_ref(equal == (op == CompareOp::Eq)))
}

fn same_items(vm: &Vm, x: &PyMemoryView, y: &PyMemoryView) -> PyResult<bool> {
    let (lx, ly) = (x.layout(vm)?.clone(), y.layout(vm)?.clone());
    if lx.shape != ly.shape {
        return Ok(false);
    }
    let (px, py) = (pack::letter(&lx.format), pack::letter(&ly.format));
    let (Some(px), Some(py)) = (px, py) else { return Ok(false) };
    let (bx, by) = (x.to_bytes(vm)?, y.to_bytes(vm)?);
    if px == py && !matches!(px, b'e' | b'f' | b'd' | b'?') {
        return Ok(bx == by);
    }
    for (i, j) in bx.chunks(lx.item_size).zip(by.chunks(ly.item_size)) {
        let (i, j) = (pack::unpack(vm, px, i), pack::unpack(vm, py, j));
        // Not by identity: a NaN differs from itself.
        let r = compare::rich(vm, i.value(), j.value(), CompareOp::Eq)?;
        if !r.is(vm.true_()) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn to_bytes(vm: &Vm, a: &[Value]) -> PyResult {
    let order = match a[1].non_null().filter(|o| !o.is(vm.none())) {
        None => b'C',
        Some(o) => match o.cast::<PyStr>().map(|s| s.as_bytes()) {
            Some(&[c @ (b'C' | b'F' | b'A')]) => c,
            Some(_) => return Err(vm.value_error("order must be 'C', 'F' or 'A'")),
            None => {
                return Err(vm.type_error(format!(
                    "tobytes() argument 'order' must be str or None, not {}",
                    vm.type_of(o).full_name()
                )));
            }
        },
    };
    let m = this(a[0]);
    let l = layout(vm, a[0])?;
    let fortran = order == b'F' || (order == b'A' && l.is_f_contiguous() && !l.is_c_contiguous());
    if !fortran {
        return Ok(bytes::new(vm, &m.to_bytes(vm)?));
    }
    // Fortran order is C order with the dimensions turned around.
    let mut turned = l.clone();
    turned.shape.reverse();
    turned.strides.reverse();
    let mut all = Vec::with_capacity(l.bytes());
    for at in turned.offsets() {
        all.extend(m.read(vm, at, l.item_size)?);
    }
    Ok(bytes::new(vm, &all))
}

fn hex(vm: &Vm, a: &[Value]) -> PyResult {
    let _held = this(a[0]).hold();
    let b = bytes::new(vm, &this(a[0]).to_bytes(vm)?);
    let args: Vec<Value> = a[1..].iter().copied().take_while(|v| !v.is_null()).collect();
    call::call_method(vm, b.value(), "hex", &args)
}

fn to_list(vm: &Vm, a: &[Value]) -> PyResult {
    let m = this(a[0]);
    let l = layout(vm, a[0])?;
    list_of(vm, m, &l, 0, l.offset)
}

fn list_of(vm: &Vm, m: &PyMemoryView, l: &Layout, dim: usize, at: isize) -> PyResult {
    let Some(&n) = l.shape.get(dim) else { return m.item_at(vm, at) };
    let mut items = Vec::with_capacity(n);
    for i in 0..n {
        items.push(list_of(vm, m, l, dim + 1, at + i as isize * l.strides[dim])?);
    }
    Ok(PyList::new(vm, items))
}

fn to_readonly(vm: &Vm, a: &[Value]) -> PyResult {
    let base = this(a[0]).base(vm)?;
    this(a[0]).check_restricted(vm)?;
    Ok(PyMemoryView::make(vm, base.value(), true, layout(vm, a[0])?))
}

fn cast(vm: &Vm, a: &[Value]) -> PyResult {
    let m = this(a[0]);
    let l = layout(vm, a[0])?;
    m.check_restricted(vm)?;
    let Some(format) = a[1].cast::<PyStr>() else {
        return Err(vm.type_error(format!(
            "cast() argument 'format' must be str, not {}",
            vm.type_of(a[1]).full_name()
        )));
    };
    if !l.is_c_contiguous() {
        return Err(vm.type_error("memoryview: casts are restricted to C-contiguous views"));
    }
    if (a[2].non_null().is_some() || l.ndim() != 1) && (l.shape.contains(&0) || l.strides.contains(&0)) {
        return Err(vm.type_error("memoryview: cannot cast view with zeros in shape or strides"));
    }
    let mut new = cast_items(vm, &l, &format.to_string_lossy())?;
    if let Some(shape) = a[2].non_null() {
        new.shape = cast_shape(vm, shape, &new)?;
        if l.ndim() != 1 && new.ndim() > 1 {
            return Err(vm.type_error("memoryview: cast must be 1D -> ND or ND -> 1D"));
        }
        new.strides = Layout::c_strides(new.item_size, &new.shape);
    }
    let base = m.base(vm)?;
    Ok(PyMemoryView::make(vm, base.value(), m.readonly, new))
}

/// The same bytes in one dimension, as items of another format.
fn cast_items(vm: &Vm, l: &Layout, format: &str) -> PyResult<Layout> {
    let Some(to) = pack::letter(format) else {
        return Err(vm.value_error(
            "memoryview: destination format must be a native single character format prefixed with an optional '@'",
        ));
    };
    let from_bytes = pack::letter(&l.format).is_some_and(pack::is_byte_letter);
    if !from_bytes && !pack::is_byte_letter(to) {
        return Err(vm.type_error("memoryview: cannot cast between two non-byte formats"));
    }
    let size = pack::item_size(to).unwrap_or(1);
    if !l.bytes().is_multiple_of(size) {
        return Err(vm.type_error("memoryview: length is not a multiple of itemsize"));
    }
    Ok(Layout { offset: l.offset, ..Layout::linear(format, size, l.bytes()) })
}

fn cast_shape(vm: &Vm, shape: Value, l: &Layout) -> PyResult<Vec<usize>> {
    let items: Vec<Ref> = match (shape.cast::<PyTuple>(), shape.cast::<PyList>()) {
        (Some(t), _) => t.iter().map(|v| v.to_ref()).collect(),
        (_, Some(list)) => list.to_vec(),
        _ => return Err(vm.type_error("shape must be a list or a tuple")),
    };
    if items.len() > MAX_NDIM {
        return Err(vm.value_error("memoryview: number of dimensions must not exceed 64"));
    }
    let mut sizes = Vec::new();
    let mut product = 1usize;
    for v in &items {
        let Some(n) = item::int_to_isize(v.value()) else {
            return Err(vm.type_error("memoryview.cast(): elements of shape must be integers"));
        };
        if n <= 0 {
            return Err(vm.value_error("memoryview.cast(): elements of shape must be integers > 0"));
        }
        product = match product.checked_mul(n as usize).filter(|&p| p <= isize::MAX as usize) {
            Some(p) => p,
            None => return Err(vm.value_error("memoryview.cast(): product(shape) > SSIZE_MAX")),
        };
        sizes.push(n as usize);
    }
    if product.checked_mul(l.item_size) != Some(l.bytes()) {
        return Err(vm.type_error("memoryview: product(shape) * itemsize != buffer size"));
    }
    Ok(sizes)
}

fn count(vm: &Vm, a: &[Value]) -> PyResult {
    let it = iterator::new(vm, a[0])?;
    Ok(item::from_size(vm, item::count(vm, it.value(), a[1])?))
}

fn index(vm: &Vm, a: &[Value]) -> PyResult {
    let n = len(vm, a[0])?;
    let (start, stop) = item::search_bounds(vm, a[2], a[3], n)?;
    for i in start..stop.min(n) {
        let x = subscript::get_item(vm, a[0], Value::small_int(i as i64))?;
        if compare::eq(vm, x.value(), a[1])? {
            return Ok(item::from_size(vm, i));
        }
    }
    Err(vm.value_error("memoryview.index(x): x not found"))
}
