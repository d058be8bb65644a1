//! Values of native variables: their bytes, wherever they are, and how they are shown.

use crate::error::{Error, Result};
use crate::memory::Memory;
use crate::types::{Kind, Member, Number, Type, TypeId, Types};

/// Where a value is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content {
    /// In memory, at an address.
    At(u64),
    /// In registers or nowhere but in the debug information: the bytes that are known.
    Bytes(Vec<Option<u8>>),
}

/// A value as it is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    pub text: String,
    /// Whether [`Reader::children`] finds anything.
    pub has_children: bool,
    /// The bits of a value of the VM (`Value`, `Ref`, `OwnedCell`), which the caller can show as
    /// the Python object that it is.
    pub word: Option<u64>,
}

/// A part of a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Child {
    pub name: String,
    pub ty: TypeId,
    pub content: Content,
}

/// What is shown in the place of a value that is nowhere.
pub const NOT_AVAILABLE: &str = "<not available>";

/// Types that hold one value of the VM.
const VM_VALUES: [&str; 3] = ["tailscope_vm::value::Value", "tailscope_vm::value::Ref", "tailscope_vm::owned_cell::OwnedCell"];

/// Longest text of one value, in characters.
const LONGEST: usize = 200;
const DEEPEST: usize = 4;
const MOST_SHOWN: usize = 8;
/// Most elements that a value is taken apart into.
const MOST_CHILDREN: u64 = 1000;

/// Reads values of an image's types from a memory.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    pub types: &'a Types,
    pub memory: &'a dyn Memory,
}

impl Reader<'_> {
    /// `size` bytes of a value from `offset` on.
    ///
    /// # Errors
    /// Where they are not available.
    pub fn bytes(&self, content: &Content, offset: u64, size: u64) -> Result<Vec<u8>> {
        let size = usize::try_from(size).map_err(|_| Error::new("too large"))?;
        match content {
            Content::At(address) => self.memory.read_vec(address.wrapping_add(offset), size),
            Content::Bytes(bytes) => {
                let from = usize::try_from(offset).map_err(|_| Error::new("too large"))?;
                let part = from.checked_add(size).and_then(|to| bytes.get(from..to));
                part.and_then(|part| part.iter().copied().collect()).ok_or_else(|| Error::new("not available"))
            }
        }
    }

    /// The number that a value of at most 8 bytes is.
    ///
    /// # Errors
    /// As [`Reader::bytes`].
    pub fn number(&self, content: &Content, offset: u64, size: u64) -> Result<u64> {
        let bytes = self.bytes(content, offset, size.min(8))?;
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(&bytes);
        Ok(u64::from_le_bytes(word))
    }

    fn part(&self, content: &Content, m: &Member) -> Child {
        Child { name: m.name.clone(), ty: m.ty, content: self.slice(content, m.offset, m.ty) }
    }

    fn slice(&self, content: &Content, offset: u64, ty: TypeId) -> Content {
        match content {
            Content::At(address) => Content::At(address.wrapping_add(offset)),
            Content::Bytes(bytes) => {
                let size = self.types.get(ty).map_or(0, |t| t.size);
                let from = usize::try_from(offset).unwrap_or(usize::MAX);
                let to = usize::try_from(offset.saturating_add(size)).unwrap_or(usize::MAX);
                Content::Bytes(bytes.get(from..to.min(bytes.len())).map(<[_]>::to_vec).unwrap_or_default())
            }
        }
    }

    /// The variant of a Rust enum that a value is.
    ///
    /// # Errors
    /// Where that is not available, or the discriminant is none.
    pub fn variant(&self, ty: &Type, content: &Content) -> Result<Child> {
        let Kind::Variants { discriminant, variants } = &ty.kind else { return Err(Error::new("not an enum")) };
        let found = match discriminant {
            Some(d) => {
                let size = self.types.get(d.ty)?.size;
                let mask = if size >= 8 { u64::MAX } else { (1 << (8 * size)) - 1 };
                let value = self.number(content, d.offset, size)?;
                let exact = variants.iter().find(|v| v.discriminant.is_some_and(|d| d & mask == value));
                exact.or_else(|| variants.iter().find(|v| v.discriminant.is_none()))
            }
            None => variants.first(),
        };
        found.map(|v| self.part(content, &v.member)).ok_or_else(|| Error::new("no variant has this discriminant"))
    }

    /// A value for a person.
    pub fn show(&self, ty: TypeId, content: &Content) -> Shown {
        let mut text = String::new();
        let word = self.vm_word(ty, content);
        if let Err(e) = self.write(&mut text, ty, content, 0) {
            text = if text.is_empty() { format!("<not available: {}>", e.0.trim_start_matches("not available: ")) } else { text };
            if text == "<not available: not available>" {
                text = NOT_AVAILABLE.to_owned();
            }
        }
        if text.chars().count() > LONGEST {
            text = text.chars().take(LONGEST).chain(['…']).collect();
        }
        Shown { text, has_children: word.is_none() && !self.children(ty, content).is_empty(), word }
    }

    /// The bits of a value of the VM, if this is one.
    pub fn vm_word(&self, ty: TypeId, content: &Content) -> Option<u64> {
        let t = self.types.get(ty).ok()?;
        let is_one = matches!(t.name.as_str(), "Value" | "Ref" | "OwnedCell") && VM_VALUES.contains(&self.types.path(ty).as_str());
        // A cell or the like around one.
        let inner = if is_one { None } else { transparent(&t).map(|m| self.part(content, m)) };
        match inner {
            Some(inner) => self.vm_word(inner.ty, &inner.content),
            None => is_one.then(|| self.number(content, 0, 8).ok()).flatten(),
        }
    }

    /// The parts of a value: fields, elements, what a pointer points at. Empty where it has none, or
    /// they cannot be read.
    pub fn children(&self, ty: TypeId, content: &Content) -> Vec<Child> {
        self.try_children(ty, content).unwrap_or_default()
    }

    fn try_children(&self, ty: TypeId, content: &Content) -> Result<Vec<Child>> {
        let t = self.types.get(ty)?;
        if let Some((start, count, element)) = self.elements(&t, content) {
            let size = self.types.get(element)?.size;
            let at = |i: u64| Content::At(start.wrapping_add(i.wrapping_mul(size)));
            return Ok((0..count.min(MOST_CHILDREN)).map(|i| Child { name: format!("[{i}]"), ty: element, content: at(i) }).collect());
        }
        Ok(match &t.kind {
            Kind::Struct(members) | Kind::Union(members) => members.iter().map(|m| self.part(content, m)).collect(),
            Kind::Variants { .. } => {
                let variant = self.variant(&t, content)?;
                return self.try_children(variant.ty, &variant.content);
            }
            Kind::Pointer(Some(to)) => {
                let address = self.number(content, 0, 8)?;
                let size = self.types.get(*to)?.size;
                if address == 0 || size == 0 {
                    return Ok(Vec::new());
                }
                // What cannot be read is no child.
                self.memory.read_vec(address, size.min(8) as usize)?;
                vec![Child { name: "*".into(), ty: *to, content: Content::At(address) }]
            }
            Kind::Array { element, count } => {
                let size = self.types.get(*element)?.size;
                let at = |i: u64| self.slice(content, i.wrapping_mul(size), *element);
                (0..(*count).min(MOST_CHILDREN)).map(|i| Child { name: format!("[{i}]"), ty: *element, content: at(i) }).collect()
            }
            Kind::Number(_) | Kind::Names(_) | Kind::Pointer(None) | Kind::Other => Vec::new(),
        })
    }

    /// Start, number and type of the elements of a slice, box of a slice or vector.
    fn elements(&self, t: &Type, content: &Content) -> Option<(u64, u64, TypeId)> {
        if let (Some(data), Some(length)) = (t.member("data_ptr"), t.member("length")) {
            let Kind::Pointer(Some(element)) = self.types.get(data.ty).ok()?.kind else { return None };
            let start = self.number(content, data.offset, 8).ok()?;
            return Some((start, self.number(content, length.offset, 8).ok()?, element));
        }
        None
    }

    fn write(&self, out: &mut String, ty: TypeId, content: &Content, depth: usize) -> Result<()> {
        use std::fmt::Write;
        let t = self.types.get(ty)?;
        if out.len() > 4 * LONGEST {
            return Ok(());
        }
        if depth > DEEPEST {
            out.push('…');
            return Ok(());
        }
        // Writing to a String cannot fail.
        match &t.kind {
            Kind::Number(n) => out.push_str(&show_number(*n, &self.bytes(content, 0, t.size)?)),
            Kind::Pointer(to) => {
                let address = self.number(content, 0, 8)?;
                let name = to.and_then(|to| self.types.get(to).ok()).map(|t| t.name.clone());
                let _ = match name {
                    Some(name) if !name.is_empty() => write!(out, "{address:#x} ({name})"),
                    _ => write!(out, "{address:#x}"),
                };
            }
            Kind::Names(names) => {
                let value = self.number(content, 0, t.size)?;
                match names.iter().find(|(_, v)| *v == value) {
                    Some((name, _)) => out.push_str(name),
                    None => drop(write!(out, "<no {}: {value}>", t.name)),
                }
            }
            Kind::Variants { .. } => {
                let variant = self.variant(&t, content)?;
                let inner = self.types.get(variant.ty)?;
                out.push_str(&variant.name);
                if !inner.members().is_empty() {
                    self.write_fields(out, inner.members(), &variant.content, depth)?;
                }
            }
            Kind::Union(_) => out.push_str(&t.name),
            Kind::Struct(members) => {
                if let Some((start, count, element)) = self.elements(&t, content) {
                    return self.write_elements(out, &t, start, count, element);
                }
                if let Some(inner) = transparent(&t) {
                    let inner = self.part(content, inner);
                    return self.write(out, inner.ty, &inner.content, depth);
                }
                if !t.name.starts_with('(') {
                    out.push_str(&t.name);
                }
                if !members.is_empty() {
                    self.write_fields(out, members, content, depth)?;
                }
            }
            Kind::Array { element, count } => {
                out.push('[');
                let size = self.types.get(*element)?.size;
                for i in 0..(*count).min(MOST_SHOWN as u64) {
                    out.push_str(if i > 0 { ", " } else { "" });
                    self.write_or_say(out, *element, &self.slice(content, i * size, *element), depth + 1);
                }
                out.push_str(if *count > MOST_SHOWN as u64 { ", …]" } else { "]" });
            }
            Kind::Other => out.push_str(&t.name),
        }
        Ok(())
    }

    fn write_or_say(&self, out: &mut String, ty: TypeId, content: &Content, depth: usize) {
        if self.write(out, ty, content, depth).is_err() {
            out.push_str(NOT_AVAILABLE);
        }
    }

    fn write_fields(&self, out: &mut String, members: &[Member], content: &Content, depth: usize) -> Result<()> {
        let is_tuple = members.iter().all(|m| m.name.starts_with("__"));
        out.push_str(if is_tuple { "(" } else { " { " });
        for (i, m) in members.iter().enumerate() {
            out.push_str(if i > 0 { ", " } else { "" });
            if i == MOST_SHOWN {
                out.push('…');
                break;
            }
            if !is_tuple {
                out.push_str(&m.name);
                out.push_str(": ");
            }
            let part = self.part(content, m);
            self.write_or_say(out, part.ty, &part.content, depth + 1);
        }
        out.push_str(if is_tuple { ")" } else { " }" });
        Ok(())
    }

    fn write_elements(&self, out: &mut String, t: &Type, start: u64, count: u64, element: TypeId) -> Result<()> {
        use std::fmt::Write;
        if t.name.ends_with("str") {
            let shown = count.min(LONGEST as u64);
            let bytes = self.memory.read_vec(start, shown as usize)?;
            let _ = write!(out, "{:?}{}", String::from_utf8_lossy(&bytes), if shown < count { "…" } else { "" });
            return Ok(());
        }
        let size = self.types.get(element)?.size;
        out.push('[');
        for i in 0..count.min(MOST_SHOWN as u64) {
            out.push_str(if i > 0 { ", " } else { "" });
            self.write_or_say(out, element, &Content::At(start.wrapping_add(i * size)), DEEPEST);
        }
        let _ = if count > MOST_SHOWN as u64 { write!(out, ", … {count} in all]") } else { write!(out, "]") };
        Ok(())
    }
}

/// The one field of a struct that is nothing but a shell: a cell, a number that is not zero.
fn transparent(t: &Type) -> Option<&Member> {
    let is_shell = ["Cell<", "UnsafeCell<", "NonZero", "OwnedCell", "Value", "Ref", "Unique<", "NonNull<", "ManuallyDrop<", "SyncUnsafeCell<", "Atomic"];
    let members: Vec<&Member> = t.members().iter().filter(|m| !m.name.starts_with("_marker")).collect();
    match members.as_slice() {
        [m] if m.offset == 0 && is_shell.iter().any(|s| t.name.starts_with(s)) => Some(m),
        _ => None,
    }
}

fn show_number(kind: Number, bytes: &[u8]) -> String {
    let mut wide = [0; 16];
    if bytes.len() > 16 {
        return "<too wide>".into();
    }
    wide[..bytes.len()].copy_from_slice(bytes);
    let unsigned = u128::from_le_bytes(wide);
    let unused = 128 - 8 * bytes.len() as u32;
    match (kind, bytes.len()) {
        (_, 0) => "()".into(),
        (Number::Unsigned, _) => unsigned.to_string(),
        (Number::Signed, _) => ((unsigned << unused) as i128 >> unused).to_string(),
        (Number::Float, 4) => f32::from_bits(unsigned as u32).to_string(),
        (Number::Float, 8) => format!("{:?}", f64::from_bits(unsigned as u64)),
        (Number::Float, _) => "<a float of another size>".into(),
        (Number::Bool, _) => match unsigned {
            0 => "false".into(),
            1 => "true".into(),
            other => format!("<no bool: {other}>"),
        },
        (Number::Char, _) => match u32::try_from(unsigned).ok().and_then(char::from_u32) {
            Some(c) => format!("{c:?}"),
            None => format!("<no char: {unsigned:#x}>"),
        },
    }
}
