//! Fields of the VM's structs by name: where they lie, the debug information says.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::content::{Child, Content, Reader};
use crate::error::{Error, Result};
use crate::memory::Memory;
use crate::types::{Kind, Type, TypeId, Types};

/// A field: bytes from the start of the struct, type, size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub offset: u64,
    pub ty: TypeId,
    pub size: u64,
}

/// A sequence in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub start: u64,
    pub count: u64,
    pub element: TypeId,
}

/// Reads fields of structs of one unit.
pub(super) struct Layouts<'a> {
    pub types: &'a Types,
    pub memory: &'a dyn Memory,
    unit: usize,
    named: RefCell<HashMap<&'static str, TypeId>>,
    fields: RefCell<HashMap<(TypeId, &'static str), Field>>,
}

/// Shells between a struct and what it holds: cells, pointers that are not null.
const DEEPEST: usize = 12;

impl<'a> Layouts<'a> {
    pub fn new(types: &'a Types, memory: &'a dyn Memory, unit: usize) -> Layouts<'a> {
        Layouts { types, memory, unit, named: RefCell::default(), fields: RefCell::default() }
    }

    pub fn reader(&self) -> Reader<'a> {
        Reader { types: self.types, memory: self.memory }
    }

    /// A struct by its path below `tailscope_vm`.
    pub fn named(&self, path: &'static str) -> Result<TypeId> {
        if let Some(found) = self.named.borrow().get(path) {
            return Ok(*found);
        }
        let found = self.types.find(self.unit, &format!("tailscope_vm::{path}"))?;
        self.named.borrow_mut().insert(path, found);
        Ok(found)
    }

    /// The field at the end of a path of names. Shells around the fields have no part in it.
    pub fn field(&self, ty: TypeId, path: &'static str) -> Result<Field> {
        if let Some(known) = self.fields.borrow().get(&(ty, path)) {
            return Ok(*known);
        }
        let (mut at, mut offset) = (ty, 0);
        for name in path.split('.').filter(|n| !n.is_empty()) {
            let (inner, skipped) = self.unwrap(at, |t| t.member(name).is_some())?;
            let t = self.types.get(inner)?;
            let m = t.member(name).ok_or_else(|| Error::new(format!("{} has no field {name}", self.types.path(at))))?;
            offset += skipped + m.offset;
            at = m.ty;
        }
        let (inner, skipped) = self.unwrap(at, |t| !matches!(t.kind, Kind::Struct(_)))?;
        let t = self.types.get(inner)?;
        let field = Field { offset: offset + skipped, ty: inner, size: t.size };
        self.fields.borrow_mut().insert((ty, path), field);
        Ok(field)
    }

    /// The type of the field at the end of a path, with its shells.
    pub fn field_shell(&self, ty: TypeId, path: &'static str) -> Result<TypeId> {
        let mut at = ty;
        for name in path.split('.') {
            let (inner, _) = self.unwrap(at, |t| t.member(name).is_some())?;
            let t = self.types.get(inner)?;
            at = t.member(name).ok_or_else(|| Error::new(format!("{} has no field {name}", self.types.path(at))))?.ty;
        }
        Ok(at)
    }

    /// Goes through shells until a type is what is wanted, or none is around it any more.
    fn unwrap(&self, ty: TypeId, wanted: impl Fn(&Type) -> bool) -> Result<(TypeId, u64)> {
        let (mut at, mut offset) = (ty, 0);
        for _ in 0..DEEPEST {
            let t = self.types.get(at)?;
            if wanted(&t) {
                break;
            }
            let members = t.members();
            let next = match t.member("value").filter(|_| t.name.starts_with("RefCell<")) {
                Some(inner) => Some(inner),
                None => {
                    let mut real = members.iter().filter(|m| self.types.get(m.ty).is_ok_and(|t| t.size > 0));
                    real.next().filter(|_| real.next().is_none())
                }
            };
            let Some(next) = next else { break };
            offset += next.offset;
            at = next.ty;
        }
        Ok((at, offset))
    }

    /// A number or pointer in a struct at an address.
    pub fn number(&self, address: u64, ty: TypeId, path: &'static str) -> Result<u64> {
        let f = self.field(ty, path)?;
        if f.size == 0 || f.size > 8 {
            return Err(Error::new(format!("{path} of {} is no number", self.types.path(ty))));
        }
        self.memory.read_uint(address.wrapping_add(f.offset), f.size as usize)
    }

    /// Where a field of a struct at an address is.
    pub fn place(&self, address: u64, ty: TypeId, path: &'static str) -> Result<(u64, TypeId)> {
        let f = self.field(ty, path)?;
        Ok((address.wrapping_add(f.offset), f.ty))
    }

    /// The content of a pointer field, and what it points at.
    pub fn pointer(&self, address: u64, ty: TypeId, path: &'static str) -> Result<(u64, TypeId)> {
        let f = self.field(ty, path)?;
        match self.types.get(f.ty)?.kind {
            Kind::Pointer(Some(to)) => Ok((self.memory.read_u64(address.wrapping_add(f.offset))?, to)),
            _ => Err(Error::new(format!("{path} of {} is no pointer", self.types.path(ty)))),
        }
    }

    /// The elements of a vector, a boxed slice, a slice or an array.
    pub fn span(&self, address: u64, ty: TypeId) -> Result<Span> {
        let (ty, skipped) = self.unwrap(ty, |t| t.member("len").is_some() || t.member("data_ptr").is_some() || !matches!(t.kind, Kind::Struct(_)))?;
        let address = address.wrapping_add(skipped);
        let t = self.types.get(ty)?;
        if let (Some(data), Some(length)) = (t.member("data_ptr"), t.member("length")) {
            let Kind::Pointer(Some(element)) = self.types.get(data.ty)?.kind else { return Err(Error::new("a slice of nothing")) };
            let start = self.memory.read_u64(address.wrapping_add(data.offset))?;
            return Ok(Span { start, count: self.memory.read_u64(address.wrapping_add(length.offset))?, element });
        }
        if let Kind::Array { element, count } = t.kind {
            return Ok(Span { start: address, count, element });
        }
        let start = self.number(address, ty, "buf.inner.ptr")?;
        let count = self.number(address, ty, "len")?;
        let element = self.parameter(ty)?;
        Ok(Span { start, count, element })
    }

    /// The first type argument of a generic type.
    pub fn parameter(&self, ty: TypeId) -> Result<TypeId> {
        self.types.parameter(ty)?.ok_or_else(|| Error::new(format!("{} has no type argument", self.types.path(ty))))
    }

    /// The elements of a field that is a sequence.
    pub fn span_of(&self, address: u64, ty: TypeId, path: &'static str) -> Result<Span> {
        // A sequence is a struct of several fields: nothing is unwrapped behind it.
        let f = self.field(ty, path)?;
        self.span(address.wrapping_add(f.offset), f.ty)
    }

    pub fn size(&self, ty: TypeId) -> Result<u64> {
        Ok(self.types.get(ty)?.size)
    }

    /// A Rust string at an address: `String`, `&str`, `Arc<str>`.
    pub fn text(&self, address: u64, ty: TypeId, path: &'static str) -> Result<String> {
        let f = self.field(ty, path)?;
        let at = address.wrapping_add(f.offset);
        let span = self.span(at, f.ty)?;
        // What a shared string points at are its counts first.
        let skip = self.types.get(span.element)?.member("data").map_or(0, |m| m.offset);
        let bytes = self.memory.read_vec(span.start.wrapping_add(skip), usize::try_from(span.count).unwrap_or(usize::MAX))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The variant of an enum field.
    pub fn variant(&self, address: u64, ty: TypeId) -> Result<Child> {
        self.reader().variant(&*self.types.get(ty)?, &Content::At(address))
    }

    /// The payload of `Some`, if an `Option` field is that: its place.
    pub fn some(&self, address: u64, ty: TypeId, path: &'static str) -> Result<Option<(u64, TypeId)>> {
        let f = self.field(ty, path)?;
        let variant = self.variant(address.wrapping_add(f.offset), f.ty)?;
        let t = self.types.get(variant.ty)?;
        Ok(match (variant.name.as_str(), t.member("__0"), &variant.content) {
            ("Some", Some(m), Content::At(at)) => Some((at.wrapping_add(m.offset), m.ty)),
            _ => None,
        })
    }
}
