//! Slots: a type's native entry points, one for each special method, and the table that ties
//! each special method's name to its slot in both directions.
//!
//! A built-in type fills slots with native functions and gets a `wrapper_descriptor` for each
//! in its dictionary. A class written in Python gets, for each special method that it or a base
//! defines in Python, a native function that calls that method.

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::object::Header;
use crate::protocol::buffer::{GetBufferFn, ReleaseBufferFn};
use crate::protocol::number::BinaryOp;
use crate::types::type_::TypeRef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// The comparison operators, numbered as in COMPARE_OP's oparg.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum CompareOp {
    Lt,
    Le,
    Eq,
    Ne,
    Gt,
    Ge,
}

impl CompareOp {
    pub const ALL: [CompareOp; 6] = [
        CompareOp::Lt,
        CompareOp::Le,
        CompareOp::Eq,
        CompareOp::Ne,
        CompareOp::Gt,
        CompareOp::Ge,
    ];

    /// The operator with its sides exchanged.
    pub fn swapped(self) -> CompareOp {
        match self {
            CompareOp::Lt => CompareOp::Gt,
            CompareOp::Le => CompareOp::Ge,
            CompareOp::Gt => CompareOp::Lt,
            CompareOp::Ge => CompareOp::Le,
            same => same,
        }
    }

    pub fn symbol(self) -> &'static str {
        ["<", "<=", "==", "!=", ">", ">="][self as usize]
    }

    /// Whether an ordering fulfils the operator.
    pub fn test(self, o: std::cmp::Ordering) -> bool {
        use std::cmp::Ordering::*;
        match self {
            CompareOp::Lt => o == Less,
            CompareOp::Le => o != Greater,
            CompareOp::Eq => o == Equal,
            CompareOp::Ne => o != Equal,
            CompareOp::Gt => o == Greater,
            CompareOp::Ge => o != Less,
        }
    }
}

pub type UnaryFn = fn(&Vm, Value) -> PyResult;
pub type BinaryFn = fn(&Vm, Value, Value) -> PyResult;
pub type TernaryFn = fn(&Vm, Value, Value, Value) -> PyResult;
pub type TruthFn = fn(&Vm, Value) -> PyResult<bool>;
pub type LenFn = fn(&Vm, Value) -> PyResult<usize>;
pub type HashFn = fn(&Vm, Value) -> PyResult<i64>;
pub type ContainsFn = fn(&Vm, Value, Value) -> PyResult<bool>;
/// Object, key, value; NULL as the value deletes.
pub type SetFn = fn(&Vm, Value, Value, Value) -> PyResult<()>;
/// Descriptor, instance (NULL for access on the class), owner class.
pub type DescrGetFn = fn(&Vm, Value, Value, Value) -> PyResult;
pub type CompareFn = fn(&Vm, Value, Value, CompareOp) -> PyResult;
/// `None` ends the iteration (no StopIteration is made).
pub type NextFn = fn(&Vm, Value) -> PyResult<Option<Ref>>;
pub type CallFn = fn(&Vm, Value, CallArgs) -> PyResult;
pub type InitFn = fn(&Vm, Value, CallArgs) -> PyResult<()>;
pub type NewFn = fn(&Vm, TypeRef, CallArgs) -> PyResult;

/// Object, what to call with each reference that its payload owns: with no value that it only
/// borrows, with each as often as it holds a reference. (Immortal ones do not matter.)
pub type TraverseFn = unsafe fn(*mut Header, &mut dyn FnMut(Value));

/// A type's native entry points. A missing one means that the operation is not supported.
#[derive(Clone, Copy, Default)]
pub struct Slots {
    pub new: Option<NewFn>,
    pub init: Option<InitFn>,
    pub call: Option<CallFn>,
    pub repr: Option<UnaryFn>,
    pub str: Option<UnaryFn>,
    pub hash: Option<HashFn>,
    pub get_attr: Option<BinaryFn>,
    pub set_attr: Option<SetFn>,
    pub descr_get: Option<DescrGetFn>,
    /// Descriptor, instance, value (NULL deletes).
    pub descr_set: Option<SetFn>,
    pub compare: Option<CompareFn>,
    pub iter: Option<UnaryFn>,
    pub next: Option<NextFn>,
    pub len: Option<LenFn>,
    pub get_item: Option<BinaryFn>,
    pub set_item: Option<SetFn>,
    pub contains: Option<ContainsFn>,
    pub bool_: Option<TruthFn>,
    /// By [`BinaryOp`]; called for either side, returns NotImplemented when it cannot.
    pub binary: [Option<BinaryFn>; BinaryOp::COUNT],
    /// In-place forms by [`BinaryOp`].
    pub inplace: [Option<BinaryFn>; BinaryOp::COUNT],
    /// Sequence `+` and `*` (tried after the numeric ones).
    pub concat: Option<BinaryFn>,
    pub repeat: Option<BinaryFn>,
    pub inplace_concat: Option<BinaryFn>,
    pub inplace_repeat: Option<BinaryFn>,
    /// pow with three arguments.
    pub pow_mod: Option<TernaryFn>,
    pub neg: Option<UnaryFn>,
    pub pos: Option<UnaryFn>,
    pub abs: Option<UnaryFn>,
    pub invert: Option<UnaryFn>,
    pub int: Option<UnaryFn>,
    pub float: Option<UnaryFn>,
    pub index: Option<UnaryFn>,
    pub await_: Option<UnaryFn>,
    pub aiter: Option<UnaryFn>,
    pub anext: Option<UnaryFn>,
    /// Asks for memory: the buffer protocol.
    pub get_buffer: Option<GetBufferFn>,
    /// Tells an instance of a class with `__release_buffer__` in Python that it was let go.
    pub release_buffer: Option<ReleaseBufferFn>,
    /// The memory that objects with the layout of a built-in type have.
    pub buffer: Option<fn(Value) -> crate::types::memoryview::BufferInfo>,
    /// Counts those who look at that memory, when they come and (negative) go: while there are
    /// any, its size must not change.
    pub count_export: Option<fn(Value, isize)>,
    /// Before an object dies: `__del__`, a generator's close. May revive it.
    pub finalize: Option<fn(&Vm, Value)>,
    /// Drops the payload in place; missing when it owns nothing.
    pub drop: Option<unsafe fn(*mut Header)>,
    /// Size in bytes of a payload that is not of fixed size.
    pub size: Option<unsafe fn(*mut Header) -> usize>,
    /// Calls the function with each object that the payload refers to.
    pub traverse: Option<TraverseFn>,
    /// Gives up references that the payload can do without, to break a cycle of garbage.
    pub clear: Option<unsafe fn(&Vm, *mut Header)>,
}

/// Which slot a special method belongs to, with its calling shape.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SlotId {
    New,
    Init,
    Call,
    Repr,
    Str,
    Hash,
    GetAttribute,
    GetAttr,
    SetAttr,
    DelAttr,
    DescrGet,
    DescrSet,
    DescrDelete,
    Compare(CompareOp),
    Iter,
    Next,
    Len,
    GetItem,
    SetItem,
    DelItem,
    Contains,
    Bool,
    Binary(BinaryOp),
    Reflected(BinaryOp),
    Inplace(BinaryOp),
    Concat,
    Repeat,
    ReflectedRepeat,
    InplaceConcat,
    InplaceRepeat,
    Neg,
    Pos,
    Abs,
    Invert,
    Int,
    Float,
    Index,
    Await,
    Aiter,
    Anext,
    Buffer,
    ReleaseBuffer,
    Del,
}

/// A special method: its name, slot, text signature and documentation.
pub struct SlotDef {
    pub name: &'static str,
    pub id: SlotId,
    pub sig: &'static str,
    pub doc: &'static str,
}

const fn def(name: &'static str, id: SlotId, sig: &'static str, doc: &'static str) -> SlotDef {
    SlotDef { name, id, sig, doc }
}

use SlotId::*;

const UNARY: &str = "($self, /)";
const BINARY: &str = "($self, value, /)";

/// All special methods that have slots. Where two entries share a name (`__add__` of numbers
/// and of sequences), the earlier one is looked at first.
pub static SLOT_DEFS: &[SlotDef] = &[
    def("__new__", New, "(*args, **kwargs)", "Create and return new object.  See help(type) for accurate signature."),
    def("__init__", Init, "($self, /, *args, **kwargs)", "Initialize self.  See help(type(self)) for accurate signature."),
    def("__call__", Call, "($self, /, *args, **kwargs)", "Call self as a function."),
    def("__repr__", Repr, UNARY, "Return repr(self)."),
    def("__str__", Str, UNARY, "Return str(self)."),
    def("__hash__", Hash, UNARY, "Return hash(self)."),
    def("__getattribute__", GetAttribute, "($self, name, /)", "Return getattr(self, name)."),
    def("__getattr__", GetAttr, "", ""),
    def("__setattr__", SetAttr, "($self, name, value, /)", "Implement setattr(self, name, value)."),
    def("__delattr__", DelAttr, "($self, name, /)", "Implement delattr(self, name)."),
    def("__get__", DescrGet, "($self, instance, owner=None, /)", "Return an attribute of instance, which is of type owner."),
    def("__set__", DescrSet, "($self, instance, value, /)", "Set an attribute of instance to value."),
    def("__delete__", DescrDelete, "($self, instance, /)", "Delete an attribute of instance."),
    def("__lt__", Compare(CompareOp::Lt), BINARY, "Return self<value."),
    def("__le__", Compare(CompareOp::Le), BINARY, "Return self<=value."),
    def("__eq__", Compare(CompareOp::Eq), BINARY, "Return self==value."),
    def("__ne__", Compare(CompareOp::Ne), BINARY, "Return self!=value."),
    def("__gt__", Compare(CompareOp::Gt), BINARY, "Return self>value."),
    def("__ge__", Compare(CompareOp::Ge), BINARY, "Return self>=value."),
    def("__iter__", Iter, UNARY, "Implement iter(self)."),
    def("__next__", Next, UNARY, "Implement next(self)."),
    def("__len__", Len, UNARY, "Return len(self)."),
    def("__getitem__", GetItem, "($self, key, /)", "Return self[key]."),
    def("__setitem__", SetItem, "($self, key, value, /)", "Set self[key] to value."),
    def("__delitem__", DelItem, "($self, key, /)", "Delete self[key]."),
    def("__contains__", Contains, "($self, key, /)", "Return bool(key in self)."),
    def("__bool__", Bool, UNARY, "True if self else False"),
    def("__add__", Binary(BinaryOp::Add), BINARY, "Return self+value."),
    def("__radd__", Reflected(BinaryOp::Add), BINARY, "Return value+self."),
    def("__sub__", Binary(BinaryOp::Subtract), BINARY, "Return self-value."),
    def("__rsub__", Reflected(BinaryOp::Subtract), BINARY, "Return value-self."),
    def("__mul__", Binary(BinaryOp::Multiply), BINARY, "Return self*value."),
    def("__rmul__", Reflected(BinaryOp::Multiply), BINARY, "Return value*self."),
    def("__mod__", Binary(BinaryOp::Remainder), BINARY, "Return self%value."),
    def("__rmod__", Reflected(BinaryOp::Remainder), BINARY, "Return value%self."),
    def("__divmod__", Binary(BinaryOp::Divmod), BINARY, "Return divmod(self, value)."),
    def("__rdivmod__", Reflected(BinaryOp::Divmod), BINARY, "Return divmod(value, self)."),
    def("__pow__", Binary(BinaryOp::Power), "($self, value, mod=None, /)", "Return pow(self, value, mod)."),
    def("__rpow__", Reflected(BinaryOp::Power), "($self, value, mod=None, /)", "Return pow(value, self, mod)."),
    def("__lshift__", Binary(BinaryOp::Lshift), BINARY, "Return self<<value."),
    def("__rlshift__", Reflected(BinaryOp::Lshift), BINARY, "Return value<<self."),
    def("__rshift__", Binary(BinaryOp::Rshift), BINARY, "Return self>>value."),
    def("__rrshift__", Reflected(BinaryOp::Rshift), BINARY, "Return value>>self."),
    def("__and__", Binary(BinaryOp::And), BINARY, "Return self&value."),
    def("__rand__", Reflected(BinaryOp::And), BINARY, "Return value&self."),
    def("__xor__", Binary(BinaryOp::Xor), BINARY, "Return self^value."),
    def("__rxor__", Reflected(BinaryOp::Xor), BINARY, "Return value^self."),
    def("__or__", Binary(BinaryOp::Or), BINARY, "Return self|value."),
    def("__ror__", Reflected(BinaryOp::Or), BINARY, "Return value|self."),
    def("__floordiv__", Binary(BinaryOp::FloorDivide), BINARY, "Return self//value."),
    def("__rfloordiv__", Reflected(BinaryOp::FloorDivide), BINARY, "Return value//self."),
    def("__truediv__", Binary(BinaryOp::TrueDivide), BINARY, "Return self/value."),
    def("__rtruediv__", Reflected(BinaryOp::TrueDivide), BINARY, "Return value/self."),
    def("__matmul__", Binary(BinaryOp::MatrixMultiply), BINARY, "Return self@value."),
    def("__rmatmul__", Reflected(BinaryOp::MatrixMultiply), BINARY, "Return value@self."),
    def("__iadd__", Inplace(BinaryOp::Add), BINARY, "Return self+=value."),
    def("__isub__", Inplace(BinaryOp::Subtract), BINARY, "Return self-=value."),
    def("__imul__", Inplace(BinaryOp::Multiply), BINARY, "Return self*=value."),
    def("__imod__", Inplace(BinaryOp::Remainder), BINARY, "Return self%=value."),
    def("__ipow__", Inplace(BinaryOp::Power), BINARY, "Return self**=value."),
    def("__ilshift__", Inplace(BinaryOp::Lshift), BINARY, "Return self<<=value."),
    def("__irshift__", Inplace(BinaryOp::Rshift), BINARY, "Return self>>=value."),
    def("__iand__", Inplace(BinaryOp::And), BINARY, "Return self&=value."),
    def("__ixor__", Inplace(BinaryOp::Xor), BINARY, "Return self^=value."),
    def("__ior__", Inplace(BinaryOp::Or), BINARY, "Return self|=value."),
    def("__ifloordiv__", Inplace(BinaryOp::FloorDivide), BINARY, "Return self//=value."),
    def("__itruediv__", Inplace(BinaryOp::TrueDivide), BINARY, "Return self/=value."),
    def("__imatmul__", Inplace(BinaryOp::MatrixMultiply), BINARY, "Return self@=value."),
    def("__add__", Concat, BINARY, "Return self+value."),
    def("__mul__", Repeat, BINARY, "Return self*value."),
    def("__rmul__", ReflectedRepeat, BINARY, "Return value*self."),
    def("__iadd__", InplaceConcat, BINARY, "Implement self+=value."),
    def("__imul__", InplaceRepeat, BINARY, "Implement self*=value."),
    def("__neg__", Neg, UNARY, "-self"),
    def("__pos__", Pos, UNARY, "+self"),
    def("__abs__", Abs, UNARY, "abs(self)"),
    def("__invert__", Invert, UNARY, "~self"),
    def("__int__", Int, UNARY, "int(self)"),
    def("__float__", Float, UNARY, "float(self)"),
    def("__index__", Index, UNARY, "Return self converted to an integer, if self is suitable for use as an index into a list."),
    def("__await__", Await, UNARY, "Return an iterator to be used in await expression."),
    def("__aiter__", Aiter, UNARY, "Return an awaitable, that resolves in asynchronous iterator."),
    def("__anext__", Anext, UNARY, "Return a value or raise StopAsyncIteration."),
    def("__buffer__", Buffer, "($self, flags, /)", "Return a buffer object that exposes the underlying memory of the object."),
    def("__release_buffer__", ReleaseBuffer, "($self, buffer, /)", "Release the buffer object that exposes the underlying memory of the object."),
    def("__del__", Del, UNARY, "Called when the instance is about to be destroyed."),
];

impl Slots {
    /// Whether the slot behind a special method is filled.
    pub fn has(&self, id: SlotId) -> bool {
        match id {
            New => self.new.is_some(),
            Init => self.init.is_some(),
            Call => self.call.is_some(),
            Repr => self.repr.is_some(),
            Str => self.str.is_some(),
            Hash => self.hash.is_some(),
            GetAttribute => self.get_attr.is_some(),
            SetAttr | DelAttr => self.set_attr.is_some(),
            DescrGet => self.descr_get.is_some(),
            DescrSet | DescrDelete => self.descr_set.is_some(),
            Compare(_) => self.compare.is_some(),
            Iter => self.iter.is_some(),
            Next => self.next.is_some(),
            Len => self.len.is_some(),
            GetItem => self.get_item.is_some(),
            SetItem | DelItem => self.set_item.is_some(),
            Contains => self.contains.is_some(),
            Bool => self.bool_.is_some(),
            Binary(op) | Reflected(op) => self.binary[op as usize].is_some(),
            Inplace(op) => self.inplace[op as usize].is_some(),
            Concat => self.concat.is_some(),
            Repeat | ReflectedRepeat => self.repeat.is_some(),
            InplaceConcat => self.inplace_concat.is_some(),
            InplaceRepeat => self.inplace_repeat.is_some(),
            Neg => self.neg.is_some(),
            Pos => self.pos.is_some(),
            Abs => self.abs.is_some(),
            Invert => self.invert.is_some(),
            Int => self.int.is_some(),
            Float => self.float.is_some(),
            Index => self.index.is_some(),
            Await => self.await_.is_some(),
            Aiter => self.aiter.is_some(),
            Anext => self.anext.is_some(),
            Buffer => self.get_buffer.is_some(),
            // Memory that never moves is not released.
            ReleaseBuffer => self.count_export.is_some(),
            GetAttr | Del => false,
        }
    }

    /// Copies from `from` the slot behind a special method.
    pub fn copy_from(&mut self, from: &Slots, id: SlotId) {
        match id {
            New => self.new = from.new,
            Init => self.init = from.init,
            Call => self.call = from.call,
            Repr => self.repr = from.repr,
            Str => self.str = from.str,
            Hash => self.hash = from.hash,
            GetAttribute | GetAttr => self.get_attr = from.get_attr,
            SetAttr | DelAttr => self.set_attr = from.set_attr,
            DescrGet => self.descr_get = from.descr_get,
            DescrSet | DescrDelete => self.descr_set = from.descr_set,
            Compare(_) => self.compare = from.compare,
            Iter => self.iter = from.iter,
            Next => self.next = from.next,
            Len => self.len = from.len,
            GetItem => self.get_item = from.get_item,
            SetItem | DelItem => self.set_item = from.set_item,
            Contains => self.contains = from.contains,
            Bool => self.bool_ = from.bool_,
            Binary(op) | Reflected(op) => {
                self.binary[op as usize] = from.binary[op as usize];
                if op == BinaryOp::Power {
                    self.pow_mod = from.pow_mod;
                }
            }
            Inplace(op) => self.inplace[op as usize] = from.inplace[op as usize],
            Concat => self.concat = from.concat,
            Repeat | ReflectedRepeat => self.repeat = from.repeat,
            InplaceConcat => self.inplace_concat = from.inplace_concat,
            InplaceRepeat => self.inplace_repeat = from.inplace_repeat,
            Neg => self.neg = from.neg,
            Pos => self.pos = from.pos,
            Abs => self.abs = from.abs,
            Invert => self.invert = from.invert,
            Int => self.int = from.int,
            Float => self.float = from.float,
            Index => self.index = from.index,
            Await => self.await_ = from.await_,
            Aiter => self.aiter = from.aiter,
            Anext => self.anext = from.anext,
            Buffer => self.get_buffer = from.get_buffer,
            ReleaseBuffer => self.release_buffer = from.release_buffer,
            Del => self.finalize = from.finalize,
        }
    }
}
