//! Python values in a target, as text.

use std::fmt::Write;

use num_bigint::{BigInt, Sign};
use tailscope_bytecode::code::Wtf8;
use tailscope_bytecode::repr;

use super::layout::Span;
use super::vm::PythonVm;
use crate::content::Content;
use crate::error::{Error, Result};
use crate::types::TypeId;

/// How much of values is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Characters of one value.
    pub text: usize,
    /// Elements of one container.
    pub items: usize,
    /// Containers within containers.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { text: 200, items: 10, depth: 3 }
    }
}

// The tags of `vm-core/vm/src/value.rs`.
const NULL: u64 = 0b1100;
const POINTER_MASK: u64 = !15;
const FLOAT_OFFSET: u64 = 1 << 60;
// The prefix of instances, `vm-core/vm/src/object.rs`.
const PREFIX_INLINE: u64 = 1;
const PREFIX_POINTER: u64 = (1 << 48) - 1;

/// Names of fields that are read of a dictionary or an instance, at most.
const MOST_NAMES: u64 = 10_000;

/// Shows values of a VM.
#[derive(Clone, Copy)]
pub struct Values<'a, 'v> {
    pub vm: &'a PythonVm<'v>,
    pub limits: Limits,
}

/// The address of the object that a value is, if it is one.
pub(super) fn object(word: u64) -> Option<u64> {
    (word & 3 == 0 && word & POINTER_MASK != 0).then_some(word & POINTER_MASK)
}

pub(super) fn is_null(word: u64) -> bool {
    word == NULL
}

pub(super) fn small_int(word: u64) -> Option<i64> {
    (word & 1 != 0).then_some(word as i64 >> 1)
}

impl PythonVm<'_> {
    /// The shape id in an object's header.
    pub(super) fn shape(&self, object: u64) -> Result<u64> {
        self.field_of(object, "object::Header", "shape")
    }

    fn shape_info(&self, shape: u64) -> Result<(u64, TypeId)> {
        if shape >= self.shape_infos.count {
            return Err(Error::new(format!("there is no shape {shape}")));
        }
        let element = self.shape_infos.element;
        Ok((self.shape_infos.start + shape * self.layouts.size(element)?, element))
    }

    /// The type object of an object.
    pub(super) fn type_of(&self, object: u64) -> Result<u64> {
        let (info, ty) = self.shape_info(self.shape(object)?)?;
        self.layouts.number(info, ty, "ty")
    }

    /// Name of the built-in type whose fields an object has.
    pub(super) fn layout_name(&self, object: u64) -> Result<String> {
        let (info, ty) = self.shape_info(self.shape(object)?)?;
        let layout = self.layouts.number(info, ty, "layout")?;
        if layout >= self.builtin_types.count {
            return Err(Error::new(format!("there is no built-in type {layout}")));
        }
        let builtin = self.memory().read_u64(self.builtin_types.start + 8 * layout)?;
        self.type_name(builtin)
    }

    /// `__name__` of a type object.
    pub(super) fn type_name(&self, ty: u64) -> Result<String> {
        let of = self.layouts.named("types::type_::Type")?;
        self.layouts.text(ty, of, "name")
    }

    /// The name of a class with its module, but for those of `builtins`.
    fn class_name(&self, ty: u64) -> Result<String> {
        let name = self.type_name(ty)?;
        let qualname = self.field_of(ty, "types::type_::Type", "qualname").ok().and_then(|q| self.text_of(q));
        let qualname = qualname.unwrap_or_else(|| name.rsplit('.').next().unwrap_or(&name).to_owned());
        let dict = self.field_of(ty, "types::type_::Type", "dict")?;
        let module = self.dict_get(dict, "__module__").and_then(|m| self.text_of(m));
        let module = module.or_else(|| name.rsplit_once('.').map(|(m, _)| m.to_owned()));
        Ok(match module {
            Some(m) if m != "builtins" => format!("{m}.{qualname}"),
            _ => qualname,
        })
    }

    /// The text of a str.
    pub(super) fn text_of(&self, word: u64) -> Option<String> {
        let bytes = self.str_bytes(object(word)?, usize::MAX).ok()?;
        Some(String::from_utf8_lossy(&bytes.0).into_owned())
    }

    fn is_layout(&self, object: u64, name: &str) -> bool {
        self.layout_name(object).is_ok_and(|n| n == name)
    }

    /// The first bytes of a str, and how many it has.
    fn str_bytes(&self, object: u64, most: usize) -> Result<(Vec<u8>, usize)> {
        if !self.is_layout(object, "str") {
            return Err(Error::new("not a str"));
        }
        let ty = self.layouts.named("types::str_::PyStr")?;
        let len = usize::try_from(self.layouts.number(object, ty, "len")?).unwrap_or(usize::MAX);
        let start = object + self.layouts.size(ty)?;
        Ok((self.memory().read_vec(start, len.min(most))?, len))
    }

    /// The elements of a tuple or list.
    pub(super) fn elements(&self, object: u64) -> Result<Span> {
        let element = self.layouts.named("value::Value")?;
        match self.layout_name(object)?.as_str() {
            "tuple" => {
                let ty = self.layouts.named("types::tuple::PyTuple")?;
                let (start, _) = self.layouts.place(object, ty, "items")?;
                Ok(Span { start, count: self.layouts.number(object, ty, "len")?, element })
            }
            "list" => {
                let ty = self.layouts.named("types::list::PyList")?;
                let (start, count) = (self.layouts.number(object, ty, "items")?, self.layouts.number(object, ty, "len")?);
                Ok(Span { start, count, element })
            }
            other => Err(Error::new(format!("a {other} has no elements"))),
        }
    }

    /// Keys and values of a dict, at most so many.
    pub(super) fn dict_entries(&self, word: u64, most: u64) -> Result<(Vec<(u64, u64)>, u64)> {
        let object = object(word).ok_or_else(|| Error::new("not a dict"))?;
        if !self.is_layout(object, "dict") {
            return Err(Error::new("not a dict"));
        }
        let ty = self.layouts.named("types::dict::PyDict")?;
        let entries = self.layouts.number(object, ty, "table.entries")?;
        let filled = self.layouts.number(object, ty, "table.filled")?;
        let used = self.layouts.number(object, ty, "table.used")?;
        let entry = self.layouts.named("types::dict::table::Entry")?;
        let size = self.layouts.size(entry)?;
        let mut all = Vec::new();
        for i in 0..filled.min(MOST_NAMES) {
            if all.len() as u64 >= most {
                break;
            }
            let at = entries.wrapping_add(i * size);
            let key = self.layouts.number(at, entry, "key")?;
            if !is_null(key) {
                all.push((key, self.layouts.number(at, entry, "value")?));
            }
        }
        Ok((all, used))
    }

    /// The value of a str key of a dict.
    pub(super) fn dict_get(&self, dict: u64, name: &str) -> Option<u64> {
        let (all, _) = self.dict_entries(dict, u64::MAX).ok()?;
        all.into_iter().find(|(k, _)| self.text_of(*k).is_some_and(|k| k == name)).map(|(_, v)| v)
    }

    /// Attributes of an instance: names and values.
    pub(super) fn attributes(&self, object: u64) -> Result<Vec<(String, u64)>> {
        const HEAP: u64 = 1;
        const PREFIX: u64 = 2;
        let shape = self.shape(object)?;
        let ty = self.type_of(object)?;
        let flags = self.field_of(ty, "types::type_::Type", "flags")?;
        let mut all = Vec::new();
        if flags & HEAP == 0 {
            return Ok(all);
        }
        let payload = self.field_of(ty, "types::type_::Type", "payload_size")?;
        let members = self.field_of(ty, "types::type_::Type", "member_slots")?;
        let mut values = object + payload;
        if shape >= self.shapes.count {
            return Err(Error::new(format!("there is no shape {shape}")));
        }
        // Members of `__slots__` lie first; the class's descriptors know their names, the shape does not.
        for i in 0..members.min(MOST_NAMES) {
            let word = self.memory().read_u64(values + 8 * i)?;
            if !is_null(word) {
                all.push((format!("<slot {i}>"), word));
            }
        }
        values += 8 * members;
        if flags & PREFIX == 0 {
            return Ok(all);
        }
        let of = self.layouts.named("object::Prefix")?;
        let prefix = object - self.layouts.size(of)?;
        let dict = self.layouts.number(prefix, of, "dict")?;
        if dict & PREFIX_INLINE != 0 {
            let node = self.memory().read_u64(self.shapes.start + 8 * shape)?;
            let of = self.layouts.named("shape::Shape")?;
            let keys = self.layouts.span_of(node, of, "keys")?;
            for i in 0..keys.count.min(MOST_NAMES) {
                let (key, value) = (self.memory().read_u64(keys.start + 8 * i)?, self.memory().read_u64(values + 8 * i)?);
                if let (Some(name), false) = (self.text_of(key), is_null(value)) {
                    all.push((name, value));
                }
            }
        } else if dict & PREFIX_POINTER != 0 {
            for (key, value) in self.dict_entries(dict & PREFIX_POINTER, MOST_NAMES)?.0 {
                all.extend(self.text_of(key).map(|name| (name, value)));
            }
        }
        Ok(all)
    }
}

impl Values<'_, '_> {
    /// `repr()` of a value, as far as that runs no code of the program's.
    pub fn show(&self, word: u64) -> String {
        let mut out = String::new();
        self.write(&mut out, word, 0);
        cut(out, self.limits.text)
    }

    /// Name of a value's type.
    pub fn type_name(&self, word: u64) -> String {
        if small_int(word).is_some() {
            return "int".into();
        }
        if word & 3 == 2 {
            return "float".into();
        }
        let name = object(word).and_then(|o| self.vm.type_of(o).and_then(|t| self.vm.class_name(t)).ok());
        name.unwrap_or_else(|| "?".into())
    }

    /// Whether a value is a module, a class or a function: what most names of a module are for.
    pub fn is_definition(&self, word: u64) -> bool {
        let layout = object(word).and_then(|o| self.vm.layout_name(o).ok());
        matches!(layout.as_deref(), Some("module" | "function" | "type" | "builtin_function_or_method"))
    }

    /// Attributes of an instance, as text: empty for what has none.
    pub fn attributes(&self, word: u64) -> Vec<(String, String)> {
        let Some(object) = object(word) else { return Vec::new() };
        let layout = self.vm.layout_name(object).unwrap_or_default();
        if matches!(layout.as_str(), "type" | "module" | "function") {
            return Vec::new();
        }
        let all = self.vm.attributes(object).unwrap_or_default();
        all.into_iter().map(|(name, v)| (name, self.show(v))).collect()
    }

    fn write(&self, out: &mut String, word: u64, depth: usize) {
        // Writing to a String cannot fail.
        if is_null(word) {
            out.push_str("<NULL>");
        } else if let Some(i) = small_int(word) {
            let _ = write!(out, "{i}");
        } else if word & 3 == 2 {
            out.push_str(&repr::float(f64::from_bits(word.rotate_right(3).wrapping_sub(FLOAT_OFFSET))));
        } else if let Some(object) = object(word) {
            let start = out.len();
            if let Err(e) = self.write_object(out, object, depth) {
                out.truncate(start);
                let _ = write!(out, "<damaged object at {object:#x}: {e}>");
            }
        } else {
            let _ = write!(out, "<no value: {word:#x}>");
        }
    }

    fn write_object(&self, out: &mut String, object: u64, depth: usize) -> Result<()> {
        let ty = self.vm.type_of(object)?;
        let layout = self.vm.layout_name(object)?;
        let class = self.vm.class_name(ty)?;
        // An instance of a subclass shows its class around what it is.
        let is_plain = self.vm.type_name(ty)? == layout;
        let shown = matches!(layout.as_str(), "int" | "float" | "complex" | "str" | "bytes" | "bytearray" | "tuple" | "list" | "dict" | "set" | "frozenset");
        if !is_plain && shown {
            out.push_str(&class);
            out.push('(');
            self.write_builtin(out, object, &layout, depth)?;
            out.push(')');
            return Ok(());
        }
        if self.write_builtin(out, object, &layout, depth)? {
            return Ok(());
        }
        let _ = write!(out, "<{class} object at {object:#x}>");
        Ok(())
    }

    /// Writes an object by its built-in layout; false if that has no form of its own.
    fn write_builtin(&self, out: &mut String, object: u64, layout: &str, depth: usize) -> Result<bool> {
        let vm = self.vm;
        match layout {
            "NoneType" => out.push_str("None"),
            "bool" => out.push_str(if super::objects::object(vm.true_object) == Some(object) { "True" } else { "False" }),
            "NotImplementedType" => out.push_str("NotImplemented"),
            "ellipsis" => out.push_str("Ellipsis"),
            "int" => out.push_str(&self.big_int(object)?),
            "float" => out.push_str(&repr::float(f64::from_bits(vm.field_of(object, "types::float::PyFloat", "value")?))),
            "str" => self.write_str(out, object)?,
            "bytes" => {
                let of = vm.layouts.named("types::bytes::PyBytes")?;
                let len = vm.layouts.number(object, of, "len")?;
                self.write_bytes(out, object + vm.layouts.size(of)?, len)?;
            }
            "bytearray" => {
                let of = vm.layouts.named("types::bytearray::PyByteArray")?;
                let span = vm.layouts.span_of(object, of, "data")?;
                out.push_str("bytearray(");
                self.write_bytes(out, span.start, span.count)?;
                out.push(')');
            }
            "tuple" | "list" => self.write_sequence(out, object, layout, depth)?,
            "dict" => self.write_dict(out, object, depth)?,
            "set" | "frozenset" => self.write_set(out, object, layout, depth)?,
            "type" => {
                let _ = write!(out, "<class '{}'>", vm.class_name(object)?);
            }
            _ => return self.write_other(out, object, layout, depth),
        }
        Ok(true)
    }

    fn write_other(&self, out: &mut String, object: u64, layout: &str, depth: usize) -> Result<bool> {
        let vm = self.vm;
        let text = |of, path| vm.field_of(object, of, path).ok().and_then(|w| vm.text_of(w)).unwrap_or_else(|| "?".into());
        let _ = match layout {
            "function" => write!(out, "<function {} at {object:#x}>", text("types::function::PyFunction", "qualname")),
            "code" => {
                let name = vm.field_of(object, "code::PyCode", "name").ok().and_then(|w| vm.text_of(w));
                write!(out, "<code object {} at {object:#x}, file {:?}>", name.unwrap_or_else(|| "?".into()), text("code::PyCode", "filename"))
            }
            "builtin_function_or_method" | "method" => return self.write_callable(out, object, layout, depth).map(|()| true),
            "module" => {
                let attributes = vm.attributes(object)?;
                let name = attributes.iter().find(|(n, _)| n == "__name__").and_then(|(_, v)| vm.text_of(*v));
                write!(out, "<module '{}'>", name.unwrap_or_else(|| "?".into()))
            }
            "generator" | "coroutine" | "async_generator" => {
                let of = "types::generator::PyGenerator";
                write!(out, "<{} object {} at {object:#x}>", vm.type_name(vm.type_of(object)?)?, text(of, "qualname"))
            }
            "cell" => {
                let content = vm.field_of(object, "types::cell::PyCell", "content")?;
                out.push_str("<cell: ");
                self.write_nested(out, content, depth + 1);
                write!(out, ">")
            }
            "range" | "slice" => {
                let of = if layout == "range" { "types::range::PyRange" } else { "types::slice::PySlice" };
                out.push_str(layout);
                for (i, path) in ["start", "stop", "step"].into_iter().enumerate() {
                    let word = vm.field_of(object, of, path)?;
                    if i == 2 && layout == "range" && small_int(word) == Some(1) {
                        break;
                    }
                    out.push_str(if i == 0 { "(" } else { ", " });
                    self.write_nested(out, word, depth + 1);
                }
                write!(out, ")")
            }
            "_thread.lock" | "lock" => {
                let locked = vm.field_of(object, "native::thread::Lock", "locked")? != 0;
                write!(out, "<{} _thread.lock object at {object:#x}>", if locked { "locked" } else { "unlocked" })
            }
            "_thread.RLock" | "RLock" => {
                let of = "native::thread::RLock";
                let (owner, count) = (vm.field_of(object, of, "owner")?, vm.field_of(object, of, "count")?);
                write!(out, "<{} _thread.RLock object owner={owner} count={count} at {object:#x}>", if count > 0 { "locked" } else { "unlocked" })
            }
            _ if is_exception(layout) => {
                let args = vm.field_of(object, "types::exceptions::PyException", "args")?;
                let name = vm.type_name(vm.type_of(object)?)?;
                out.push_str(name.rsplit('.').next().unwrap_or(&name));
                return self.write_arguments(out, args, depth).map(|()| true);
            }
            _ => return Ok(false),
        };
        Ok(true)
    }

    fn write_callable(&self, out: &mut String, object: u64, layout: &str, depth: usize) -> Result<()> {
        let vm = self.vm;
        if layout == "method" {
            let function = vm.field_of(object, "types::method::PyMethod", "function")?;
            let receiver = vm.field_of(object, "types::method::PyMethod", "receiver")?;
            let name = super::objects::object(function).and_then(|f| {
                vm.text_of(vm.field_of(f, "types::function::PyFunction", "qualname").ok()?)
            });
            let _ = write!(out, "<bound method {} of ", name.unwrap_or_else(|| "?".into()));
            self.write_nested(out, receiver, depth + 1);
            out.push('>');
            return Ok(());
        }
        let of = vm.layouts.named("types::native::BuiltinFunction")?;
        let (def, ty) = vm.layouts.pointer(object, of, "def")?;
        let name = vm.layouts.text(def, ty, "name")?;
        let this = vm.layouts.number(object, of, "this")?;
        let _ = match super::objects::object(this).filter(|o| !vm.is_layout(*o, "module")) {
            Some(_) => write!(out, "<built-in method {name} of {} object>", self.type_name(this)),
            None => write!(out, "<built-in function {name}>"),
        };
        Ok(())
    }

    fn write_arguments(&self, out: &mut String, args: u64, depth: usize) -> Result<()> {
        let args = object(args).ok_or_else(|| Error::new("an exception without arguments"))?;
        let span = self.vm.elements(args)?;
        out.push('(');
        self.write_items(out, span.start, span.count, depth)?;
        out.push(')');
        Ok(())
    }

    /// A part of a value: what is too deep is an ellipsis.
    fn write_nested(&self, out: &mut String, word: u64, depth: usize) {
        let is_flat = || match object(word).map(|o| self.vm.layout_name(o)) {
            Some(Ok(name)) => matches!(name.as_str(), "NoneType" | "bool" | "int" | "float" | "complex" | "str" | "bytes" | "ellipsis" | "type"),
            _ => true,
        };
        if out.len() > 4 * self.limits.text || depth > self.limits.depth && !is_flat() {
            out.push('…');
        } else {
            self.write(out, word, depth);
        }
    }

    fn write_items(&self, out: &mut String, start: u64, count: u64, depth: usize) -> Result<()> {
        for i in 0..count.min(self.limits.items as u64) {
            out.push_str(if i > 0 { ", " } else { "" });
            let word = self.vm.memory().read_u64(start.wrapping_add(8 * i))?;
            self.write_nested(out, word, depth + 1);
        }
        if count > self.limits.items as u64 {
            let _ = write!(out, ", … {} more", count - self.limits.items as u64);
        }
        Ok(())
    }

    fn write_sequence(&self, out: &mut String, object: u64, layout: &str, depth: usize) -> Result<()> {
        let span = self.vm.elements(object)?;
        let (open, close) = if layout == "tuple" { ("(", ")") } else { ("[", "]") };
        out.push_str(open);
        self.write_items(out, span.start, span.count, depth)?;
        out.push_str(if layout == "tuple" && span.count == 1 { "," } else { "" });
        out.push_str(close);
        Ok(())
    }

    fn write_dict(&self, out: &mut String, object: u64, depth: usize) -> Result<()> {
        let (entries, used) = self.vm.dict_entries(object, self.limits.items as u64)?;
        out.push('{');
        for (i, (key, value)) in entries.iter().enumerate() {
            out.push_str(if i > 0 { ", " } else { "" });
            self.write_nested(out, *key, depth + 1);
            out.push_str(": ");
            self.write_nested(out, *value, depth + 1);
        }
        let more = used.saturating_sub(entries.len() as u64);
        let _ = if more > 0 { write!(out, ", … {more} more}}") } else { write!(out, "}}") };
        Ok(())
    }

    fn write_set(&self, out: &mut String, object: u64, layout: &str, depth: usize) -> Result<()> {
        let vm = self.vm;
        let of = vm.layouts.named("types::set::PySet")?;
        let number = |path| vm.layouts.number(object, of, path);
        let (slots, mask, used) = (number("table.slots")?, number("table.mask")?, number("table.used")?);
        let entry = vm.layouts.named("types::set::table::SetEntry")?;
        let size = vm.layouts.size(entry)?;
        if used == 0 || slots == 0 {
            out.push_str(if layout == "set" { "set()" } else { "frozenset()" });
            return Ok(());
        }
        out.push_str(if layout == "set" { "{" } else { "frozenset({" });
        let mut shown = 0;
        for i in 0..mask.saturating_add(1).min(1 << 20) {
            if shown >= self.limits.items as u64 || shown >= used {
                break;
            }
            let key = vm.layouts.number(slots.wrapping_add(i * size), entry, "key")?;
            if !is_null(key) {
                out.push_str(if shown > 0 { ", " } else { "" });
                self.write_nested(out, key, depth + 1);
                shown += 1;
            }
        }
        if shown < used {
            let _ = write!(out, ", … {} more", used - shown);
        }
        out.push_str(if layout == "set" { "}" } else { "})" });
        Ok(())
    }

    fn write_str(&self, out: &mut String, object: u64) -> Result<()> {
        let (mut bytes, len) = self.vm.str_bytes(object, 4 * self.limits.text)?;
        let is_cut = bytes.len() < len;
        while is_cut && bytes.last().is_some_and(|b| *b >= 0x80) {
            bytes.pop();
        }
        out.push_str(&repr::str(&Wtf8(bytes.into())));
        out.push_str(if is_cut { "…" } else { "" });
        Ok(())
    }

    fn write_bytes(&self, out: &mut String, start: u64, len: u64) -> Result<()> {
        let shown = len.min(self.limits.text as u64);
        out.push_str(&repr::bytes(&self.vm.memory().read_vec(start, shown as usize)?));
        out.push_str(if shown < len { "…" } else { "" });
        Ok(())
    }

    fn big_int(&self, object: u64) -> Result<String> {
        const MOST_DIGITS: u64 = 64;
        let layouts = &self.vm.layouts;
        let of = layouts.named("types::int::PyInt")?;
        let (at, ty) = layouts.place(object, of, "value.data.data")?;
        // Few digits are kept in place.
        let variant = layouts.variant(at, ty)?;
        let Content::At(inner) = variant.content else { return Err(Error::new("an int without digits")) };
        let bytes = if variant.name == "Inline" {
            let digit = layouts.some(inner, variant.ty, "__0")?;
            digit.map(|(at, _)| self.vm.memory().read_vec(at, 8)).transpose()?.unwrap_or_default()
        } else {
            let digits = layouts.span_of(inner, variant.ty, "__0")?;
            if digits.count > MOST_DIGITS {
                return Ok(format!("<int of about {} bits>", digits.count * 64));
            }
            self.vm.memory().read_vec(digits.start, 8 * digits.count as usize)?
        };
        let (at, ty) = layouts.place(object, of, "value.sign")?;
        let sign = if layouts.reader().show(ty, &Content::At(at)).text == "Minus" { Sign::Minus } else { Sign::Plus };
        Ok(BigInt::from_bytes_le(sign, &bytes).to_string())
    }
}

fn is_exception(layout: &str) -> bool {
    // The built-in exceptions' names end so; each has the fields of the first of them.
    layout.ends_with("Error") || layout.ends_with("Exception") || layout.ends_with("Warning") || matches!(layout, "KeyboardInterrupt" | "SystemExit" | "GeneratorExit" | "StopIteration" | "StopAsyncIteration")
}

/// The first characters of a text that is too long.
fn cut(text: String, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
