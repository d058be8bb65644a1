//! Values as text, and what is inside of them.

use std::ops::Range;

use crate::debug::types::*;
use crate::error::PyResult;
use crate::object;
use crate::protocol::{attr, item, object as obj};
use crate::shape::{self, Storage};
use super::inventory::module_text;
use crate::code::PyCode;
use crate::types::dict::PyDict;
use crate::types::function::PyFunction;
use crate::types::list::PyList;
use crate::types::memoryview;
use crate::types::method::PyMethod;
use crate::types::set::PySet;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{Type, flags};
use crate::types::{int, module, type_object};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Characters of a value's text in a list.
const TEXT_LIMIT: usize = 1000;

/// Characters of a value's text in a sentence.
const SENTENCE_LIMIT: usize = 60;

/// Items of a container that its text names.
const ITEM_LIMIT: usize = 100;

/// How deep a text goes into containers.
const DEPTH_LIMIT: usize = 4;

/// The values of a stop that can be looked into.
#[derive(Default)]
pub(super) struct Handles {
    base: u64,
    values: Vec<Held>,
}

/// What a handle stands for.
#[derive(Clone)]
pub(super) enum Held {
    Value(Ref),
    /// A property of an object, which has not been asked for its value.
    Property { owner: Ref, name: Value },
}

impl Handles {
    pub fn new(base: u64) -> Handles {
        Handles { base, values: Vec::new() }
    }

    fn add(&mut self, held: Held) -> ValueHandle {
        self.values.push(held);
        ValueHandle(self.base | (self.values.len() as u64 - 1))
    }

    pub fn get(&self, handle: ValueHandle) -> Option<Held> {
        self.values.get(handle.0.checked_sub(self.base)? as usize).cloned()
    }
}

/// A variable that is not described yet.
pub(super) struct Item {
    pub name: String,
    pub value: Ref,
    pub kind: VariableKind,
    pub access: Access,
    pub settable: bool,
}

/// `KeyError: 'x'`.
pub(super) fn exception_text(vm: &Vm, e: Value) -> String {
    let name = type_object::display_name(vm, vm.type_of(e));
    match obj::str_text(vm, e) {
        Ok(text) if text.is_empty() => name,
        Ok(text) => format!("{name}: {text}"),
        Err(_) => format!("{name}: <exception str() failed>"),
    }
}

pub(super) fn describe(vm: &Vm, handles: &mut Handles, item: Item, format: ValueFormat) -> VariableInfo {
    if item.kind == VariableKind::Property {
        return describe_property(vm, handles, item);
    }
    let value = item.value.value();
    let (named, indexed) = counts(vm, value);
    let memory = memoryview::contents(value).map(<[u8]>::len);
    let handle = (named + indexed > 0 || memory.is_some()).then(|| handles.add(Held::Value(item.value.clone())));
    let kind = match item.kind {
        VariableKind::Data => own_kind(vm, value),
        other => other,
    };
    VariableInfo {
        name: item.name,
        value: in_hexadecimal(value).filter(|_| format.hex).unwrap_or_else(|| text(vm, value)),
        type_name: type_object::qualname(vm.type_of(value)),
        kind,
        children: handle.filter(|_| named + indexed > 0).map(|handle| Children { handle, named, indexed }),
        access: item.access,
        settable: item.settable,
        lazy: false,
        memory: handle.zip(memory),
        defined: definition(vm, value),
    }
}

/// A property: its item's value is the object that has it. Its own value is asked for by looking
/// into it.
fn describe_property(vm: &Vm, handles: &mut Handles, item: Item) -> VariableInfo {
    let name = vm.intern(&item.name);
    let handle = handles.add(Held::Property { owner: item.value, name });
    VariableInfo {
        name: item.name,
        value: "property".to_owned(),
        type_name: String::new(),
        kind: VariableKind::Property,
        children: Some(Children { handle, named: 1, indexed: 0 }),
        access: item.access,
        settable: false,
        lazy: true,
        memory: None,
        defined: None,
    }
}

/// An integer in hexadecimal; `None` for what is none.
fn in_hexadecimal(v: Value) -> Option<String> {
    if !v.is_small_int() && !v.has_shape(shape::INT) {
        return None;
    }
    let value = int::value_of(v)?;
    let sign = if value.is_negative() { "-" } else { "" };
    Some(format!("{sign}0x{}", value.to_big().magnitude().to_str_radix(16)))
}

/// Where a function or a class was defined.
fn definition(vm: &Vm, v: Value) -> Option<FilePlace> {
    if let Some(m) = v.cast::<PyMethod>() {
        return definition(vm, m.function.value());
    }
    if let Some(code) = v.cast::<PyFunction>().and_then(|f| f.code_value().cast_exact::<PyCode>()) {
        let line = u32::try_from(code.code.firstlineno).ok()?;
        return Some(FilePlace { file: obj::text(code.filename.value()), line });
    }
    let class = Type::from_value(v).filter(|class| class.is_heap())?;
    let line = int::to_i64(class.dict().get_text(vm, "__firstlineno__")?)?;
    let module = obj::text(class.dict().get_text(vm, "__module__")?);
    let module = crate::runtime::modules(vm).get_text(vm, &module)?;
    Some(FilePlace { file: module_text(vm, module, "__file__")?, line: u32::try_from(line).ok()? })
}

/// A value's text for a sentence.
pub(super) fn short_text(vm: &Vm, v: Value) -> String {
    let mut out = text(vm, v);
    if let Some((end, _)) = out.char_indices().nth(SENTENCE_LIMIT) {
        out.truncate(end);
        out.push('…');
    }
    out
}

pub(super) fn own_kind(vm: &Vm, v: Value) -> VariableKind {
    if Type::from_value(v).is_some() {
        return VariableKind::Class;
    }
    match layout(vm, v) {
        shape::FUNCTION | shape::METHOD | shape::BUILTIN_FUNCTION | shape::METHOD_DESCRIPTOR => VariableKind::Method,
        shape::PROPERTY => VariableKind::Property,
        _ => VariableKind::Data,
    }
}

fn layout(vm: &Vm, v: Value) -> u32 {
    vm.type_of(v).layout()
}

/// How a slot of the value stack holds its value.
pub(super) fn slot_kind(v: Value) -> SlotKind {
    if v.is_null() {
        SlotKind::Null
    } else if v.is_owned_object() {
        SlotKind::Owned
    } else if v.is_object() && !v.is_immortal() {
        SlotKind::Borrowed
    } else {
        SlotKind::Immediate
    }
}

/// `repr()`, without what a list has no room for.
fn text(vm: &Vm, v: Value) -> String {
    let mut out = String::new();
    write_text(vm, v, 0, &mut out);
    if let Some((end, _)) = out.char_indices().nth(TEXT_LIMIT) {
        out.truncate(end);
        out.push('…');
    }
    out
}

mod writing {
    use super::*;

    /// Writes a value's text. Long containers of built-in types are not asked for a `repr()`
    /// that nobody would see the end of.
    pub(super) fn write(vm: &Vm, v: Value, depth: usize, out: &mut String) {
        if depth < DEPTH_LIMIT && long(v) {
            return abridged(vm, v, depth, out);
        }
        if let Some(s) = v.cast_exact::<PyStr>()
            && s.char_len() > TEXT_LIMIT
        {
            let part = PyStr::from_wtf8(vm, s.slice_bytes(0, TEXT_LIMIT));
            return plain(vm, part.value(), out);
        }
        plain(vm, v, out)
    }

    fn long(v: Value) -> bool {
        let len = if let Some(l) = v.cast_exact::<PyList>() {
            l.len()
        } else if let Some(t) = v.cast_exact::<PyTuple>() {
            t.len()
        } else if let Some(d) = v.cast_exact::<PyDict>() {
            d.len()
        } else if v.has_shape(shape::SET) {
            PySet::from_value(v).map_or(0, PySet::len)
        } else {
            0
        };
        len > ITEM_LIMIT
    }

    fn abridged(vm: &Vm, v: Value, depth: usize, out: &mut String) {
        let (open, close) = match v {
            v if v.has_shape(shape::LIST) => ('[', ']'),
            v if v.has_shape(shape::TUPLE) => ('(', ')'),
            _ => ('{', '}'),
        };
        out.push(open);
        if let Some(d) = v.cast_exact::<PyDict>() {
            let entries: Vec<(Ref, Ref)> =
                d.entries().take(ITEM_LIMIT).map(|(k, v)| (k.to_ref(), v.to_ref())).collect();
            for (key, value) in entries {
                write(vm, key.value(), depth + 1, out);
                out.push_str(": ");
                write(vm, value.value(), depth + 1, out);
                out.push_str(", ");
            }
        } else {
            for i in items(v, 0..ITEM_LIMIT) {
                write(vm, i.value(), depth + 1, out);
                out.push_str(", ");
            }
        }
        out.push('…');
        out.push(close);
    }

    fn plain(vm: &Vm, v: Value, out: &mut String) {
        match obj::repr_text(vm, v) {
            Ok(text) => out.push_str(&text),
            Err(e) => {
                let name = type_object::qualname(vm.type_of(v));
                out.push_str(&format!("<{name}: repr() raised {}>", exception_text(vm, e.0.value())));
            }
        }
    }
}
use writing::write as write_text;

/// Some items of a sequence or set.
fn items(v: Value, range: Range<usize>) -> Vec<Ref> {
    let slice = |all: &[Value]| {
        let end = range.end.min(all.len());
        all.get(range.start.min(end)..end).unwrap_or(&[]).iter().map(|v| v.to_ref()).collect()
    };
    if let Some(l) = v.cast::<PyList>() {
        slice(l.as_slice())
    } else if let Some(t) = v.cast::<PyTuple>() {
        slice(t.as_slice())
    } else if let Some(s) = PySet::from_value(v) {
        s.to_vec().into_iter().skip(range.start).take(range.len()).collect()
    } else {
        Vec::new()
    }
}

/// How many named and indexed children a value has.
pub(super) fn counts(vm: &Vm, v: Value) -> (usize, usize) {
    if !v.is_object() {
        return (0, 0);
    }
    let indexed = if let Some(l) = v.cast::<PyList>() {
        l.len()
    } else if let Some(t) = v.cast::<PyTuple>() {
        t.len()
    } else {
        PySet::from_value(v).map_or(0, PySet::len)
    };
    let entries = v.cast::<PyDict>().map_or(0, PyDict::len);
    (entries + attributes(vm, v).len() + properties(vm, v).len(), indexed)
}

/// The names of the properties that the program's classes give an object.
fn properties(vm: &Vm, v: Value) -> Vec<Value> {
    if !v.is_object() || Type::from_value(v).is_some() {
        return Vec::new();
    }
    let ty = vm.type_of(v);
    let mut seen: Vec<Value> = Vec::new();
    let mut found = Vec::new();
    for class in ty.mro().iter().filter(|class| class.is_heap()) {
        for (name, value) in class.dict().entries() {
            if !seen.iter().any(|s| s.is(name)) {
                seen.push(name);
                if vm.type_of(value).layout() == shape::PROPERTY && name.cast::<PyStr>().is_some() {
                    found.push(name);
                }
            }
        }
    }
    found
}

/// The indexed children in a range.
pub(super) fn indexed(v: Value, range: Range<usize>) -> Vec<Item> {
    let settable = v.cast::<PyList>().is_some();
    let is_set = PySet::from_value(v).is_some();
    let first = range.start;
    items(v, range)
        .into_iter()
        .enumerate()
        .map(|(i, value)| {
            let index = (first + i).to_string();
            Item {
                name: index.clone(),
                value,
                kind: VariableKind::Data,
                access: if is_set { Access::None } else { Access::Item(index) },
                settable,
            }
        })
        .collect()
}

/// The named children: entries of a dict, attributes.
pub(super) fn named(vm: &Vm, v: Value) -> Vec<Item> {
    let mut all = Vec::new();
    if let Some(d) = v.cast::<PyDict>() {
        for (key, value) in d.items_vec() {
            let mut name = String::new();
            write_text(vm, key.value(), 0, &mut name);
            let access = Access::Item(name.clone());
            all.push(Item { name, value, kind: VariableKind::Data, access, settable: true });
        }
    }
    all.extend(attributes(vm, v).into_iter().map(|(name, value)| Item {
        name: obj::text(name),
        value,
        kind: VariableKind::Data,
        access: Access::Attribute,
        settable: true,
    }));
    all.extend(properties(vm, v).into_iter().map(|name| Item {
        name: obj::text(name),
        value: v.to_ref(),
        kind: VariableKind::Property,
        access: Access::Attribute,
        settable: false,
    }));
    all
}

/// The child with a name.
pub(super) fn find(vm: &Vm, v: Value, name: &str) -> Option<Item> {
    if let Ok(index) = name.parse::<usize>()
        && let Some(found) = indexed(v, index..index + 1).pop()
    {
        return Some(found);
    }
    named(vm, v).into_iter().find(|item| item.name == name)
}

/// The names of a namespace that is a dict.
pub(super) fn namespace(d: &PyDict) -> Vec<Item> {
    d.items_vec()
        .into_iter()
        .filter_map(|(key, value)| {
            let name = key.value().cast::<PyStr>()?.to_string_lossy();
            Some(Item { name, value, kind: VariableKind::Data, access: Access::Name, settable: true })
        })
        .collect()
}

/// An object's own attributes, without running code of the program's: `__dict__` (which is not
/// made where the values lie inline) and members of `__slots__`.
fn attributes(vm: &Vm, v: Value) -> Vec<(Value, Ref)> {
    if !v.is_object() {
        return Vec::new();
    }
    let ty = vm.type_of(v);
    let named = |d: &PyDict| -> Vec<(Value, Ref)> {
        d.entries()
            .filter(|(key, _)| key.cast::<PyStr>().is_some())
            .map(|(key, value)| (key, value.to_ref()))
            .collect()
    };
    if let Some(class) = Type::from_value(v) {
        return if class.is_heap() { named(class.dict()) } else { Vec::new() };
    }
    if layout(vm, v) == shape::MODULE {
        return named(module::dict(vm, v));
    }
    if matches!(layout(vm, v), shape::FUNCTION | shape::METHOD | shape::BUILTIN_FUNCTION) {
        return Vec::new();
    }
    let mut all = Vec::new();
    if ty.has_flag(flags::DICT) {
        // SAFETY: a live object, whose shape says which values it holds inline.
        let sh = unsafe { vm.shape((*v.pointer()).shape) };
        if sh.storage == Storage::Inline {
            for name in &sh.keys {
                if let Some(value) = sh.find(*name).and_then(|i| inline_value(vm, v, i)) {
                    all.push((*name, value));
                }
            }
        } else if let Some(d) = attr::instance_dict_opt(vm, v) {
            all.extend(named(d));
        }
    }
    for class in ty.mro().iter().filter(|class| class.is_heap()) {
        for (name, member) in class.dict().entries() {
            if member.has_shape(shape::MEMBER_DESCRIPTOR)
                && let Ok(Some(value)) = attr::generic_get_opt(vm, v, name)
            {
                all.push((name, value));
            }
        }
    }
    all
}

/// One of an object's own attributes, or of a class's or module's, without running code.
pub(super) fn own_attribute(vm: &Vm, v: Value, name: Value) -> Option<Ref> {
    if !v.is_object() {
        return None;
    }
    if let Some(class) = Type::from_value(v) {
        return class.dict().get_str(name).map(|v| v.to_ref());
    }
    if layout(vm, v) == shape::MODULE {
        return module::dict(vm, v).get_str(name).map(|v| v.to_ref());
    }
    let ty = vm.type_of(v);
    if ty.lookup_slow(name).is_some_and(|(member, _)| member.has_shape(shape::MEMBER_DESCRIPTOR)) {
        return attr::generic_get_opt(vm, v, name).ok().flatten();
    }
    if !ty.has_flag(flags::DICT) {
        return None;
    }
    // SAFETY: a live object, whose shape says which values it holds inline.
    let sh = unsafe { vm.shape((*v.pointer()).shape) };
    if sh.storage == Storage::Inline {
        return sh.find(name).and_then(|i| inline_value(vm, v, i));
    }
    attr::instance_dict_opt(vm, v)?.get_str(name).map(|v| v.to_ref())
}

fn inline_value(vm: &Vm, v: Value, index: usize) -> Option<Ref> {
    // SAFETY: the object's shape has a value with this index.
    unsafe { (*object::values_of(v.pointer(), vm.type_of(v)).add(index)).non_null().map(|v| v.to_ref()) }
}

/// The key of a dict that has a text, as its entries are named.
pub(super) fn key_with_text(vm: &Vm, v: Value, name: &str) -> Option<Ref> {
    let entries = v.cast::<PyDict>()?.items_vec();
    entries.into_iter().map(|(key, _)| key).find(|key| {
        let mut text = String::new();
        write_text(vm, key.value(), 0, &mut text);
        text == name
    })
}

/// Writes a child. False if it cannot be written.
pub(super) fn write(vm: &Vm, v: Value, name: &str, new: Value) -> PyResult<bool> {
    if v.cast::<PyList>().is_some()
        && let Ok(index) = name.parse::<i64>()
    {
        item::set(vm, v, Value::small_int(index), new)?;
        return Ok(true);
    }
    if let Some(key) = key_with_text(vm, v, name) {
        item::set(vm, v, key.value(), new)?;
        return Ok(true);
    }
    if v.cast::<PyTuple>().is_some() && name.parse::<usize>().is_ok() || PySet::from_value(v).is_some() {
        return Ok(false);
    }
    attr::set_named(vm, v, name, new)?;
    Ok(true)
}
