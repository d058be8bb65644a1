//! Types as the debug information describes them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use gimli::{AttributeValue, DebuggingInformationEntry, UnitOffset, constants as dw};

use crate::error::{Error, Result};
use crate::image::{Dwarf, Image, Slice, Unit};

/// A type: its unit and where that describes it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct TypeId {
    pub(crate) unit: usize,
    pub(crate) offset: usize,
}

/// Kinds of numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Number {
    Unsigned,
    Signed,
    Float,
    Bool,
    Char,
}

/// A field of a struct, union or variant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    pub name: String,
    /// Bytes from the start of the whole.
    pub offset: u64,
    pub ty: TypeId,
}

/// A variant of a Rust enum.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Variant {
    /// The discriminant; `None`: any that is no other variant's.
    pub discriminant: Option<u64>,
    /// The variant's name and fields.
    pub member: Member,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    Number(Number),
    /// A pointer or reference; to what, if that is a type.
    Pointer(Option<TypeId>),
    Struct(Vec<Member>),
    Union(Vec<Member>),
    /// An enum without fields: names and values.
    Names(Vec<(String, u64)>),
    /// A Rust enum with fields. Without a discriminant there is one variant.
    Variants { discriminant: Option<Member>, variants: Vec<Variant> },
    Array { element: TypeId, count: u64 },
    Other,
}

/// What a type is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Type {
    /// The name as the compiler writes it, with arguments, without the path.
    pub name: String,
    /// Bytes.
    pub size: u64,
    pub kind: Kind,
}

impl Type {
    /// The fields of a struct or union.
    pub fn members(&self) -> &[Member] {
        match &self.kind {
            Kind::Struct(m) | Kind::Union(m) => m,
            _ => &[],
        }
    }

    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members().iter().find(|m| m.name == name)
    }
}

/// The types of an image.
pub struct Types {
    pub(crate) image: &'static Image,
    known: RefCell<HashMap<TypeId, Rc<Type>>>,
}

/// Most fields, variants or values that a type is believed to have.
const MOST_CHILDREN: usize = 10_000;

impl Types {
    pub fn new(image: &'static Image) -> Types {
        Types { image, known: RefCell::default() }
    }

    pub(crate) fn unit(&self, id: TypeId) -> Result<(&'static Dwarf, &'static Unit)> {
        let unit = self.image.units()?.get(id.unit).ok_or_else(|| Error::new("a type of no unit"))?;
        Ok((self.image.dwarf()?, unit))
    }

    /// What a type is.
    ///
    /// # Errors
    /// Debug information that cannot be read.
    pub fn get(&self, id: TypeId) -> Result<Rc<Type>> {
        if let Some(t) = self.known.borrow().get(&id) {
            return Ok(t.clone());
        }
        let made = Rc::new(self.read(id)?);
        self.known.borrow_mut().insert(id, made.clone());
        Ok(made)
    }

    /// The type with this path, such as `tailscope_vm::vm::Vm`, among those that a unit has.
    ///
    /// # Errors
    /// Debug information that cannot be read, no such type.
    pub fn find(&self, unit: usize, path: &str) -> Result<TypeId> {
        let index = self.image.index(unit)?;
        let is_type = |tag| matches!(tag, dw::DW_TAG_structure_type | dw::DW_TAG_enumeration_type | dw::DW_TAG_base_type | dw::DW_TAG_union_type);
        let found = index.find(path).find(|n| is_type(n.tag));
        found.map(|n| TypeId { unit, offset: n.offset.0 }).ok_or_else(|| {
            Error::new(format!("{} does not describe the type {path}: it is of another version, or was built without types", self.image.path().display()))
        })
    }

    /// The first type argument of a generic type.
    ///
    /// # Errors
    /// Debug information that cannot be read.
    pub fn parameter(&self, id: TypeId) -> Result<Option<TypeId>> {
        let (_, unit) = self.unit(id)?;
        let mut tree = unit.entries_tree(Some(UnitOffset(id.offset)))?;
        let mut children = tree.root()?.children();
        while let Some(child) = children.next()? {
            if child.entry().tag() == dw::DW_TAG_template_type_parameter {
                return Ok(child.entry().attr_value(dw::DW_AT_type).and_then(|t| type_id(id.unit, unit, &t)));
            }
        }
        Ok(None)
    }

    /// The name with its path.
    pub fn path(&self, id: TypeId) -> String {
        let index = self.image.index(id.unit);
        let path = index.ok().and_then(|i| i.path_at(UnitOffset(id.offset)));
        path.or_else(|| self.get(id).ok().map(|t| t.name.clone())).unwrap_or_default()
    }

    fn read(&self, id: TypeId) -> Result<Type> {
        let (dwarf, unit) = self.unit(id)?;
        let mut tree = unit.entries_tree(Some(UnitOffset(id.offset)))?;
        let root = tree.root()?;
        let entry = root.entry();
        let name = name_of(dwarf, unit, entry);
        let size = entry.attr(dw::DW_AT_byte_size).and_then(|a| a.udata_value()).unwrap_or(0);
        let of = entry.attr_value(dw::DW_AT_type).and_then(|t| type_id(id.unit, unit, &t));
        let kind = match entry.tag() {
            dw::DW_TAG_base_type => Kind::Number(number(entry)),
            dw::DW_TAG_pointer_type | dw::DW_TAG_reference_type | dw::DW_TAG_subroutine_type => Kind::Pointer(of),
            dw::DW_TAG_typedef | dw::DW_TAG_const_type | dw::DW_TAG_volatile_type | dw::DW_TAG_restrict_type => {
                return self.alias(id, name, of);
            }
            dw::DW_TAG_array_type => {
                let mut count = 0;
                let mut children = root.children();
                while let Some(child) = children.next()? {
                    count = child.entry().attr(dw::DW_AT_count).or_else(|| child.entry().attr(dw::DW_AT_upper_bound)).and_then(|a| a.udata_value()).unwrap_or(0);
                }
                return Ok(match of {
                    Some(element) => self.array(name, element, count),
                    None => Type { name, size, kind: Kind::Other },
                });
            }
            dw::DW_TAG_enumeration_type => Kind::Names(names(dwarf, unit, root)?),
            dw::DW_TAG_structure_type | dw::DW_TAG_class_type => fields(dwarf, unit, id.unit, root)?,
            dw::DW_TAG_union_type => match fields(dwarf, unit, id.unit, root)? {
                Kind::Struct(members) => Kind::Union(members),
                other => other,
            },
            _ => Kind::Other,
        };
        let size = if matches!(kind, Kind::Pointer(_)) { 8 } else { size };
        Ok(Type { name, size, kind })
    }

    fn alias(&self, id: TypeId, name: String, of: Option<TypeId>) -> Result<Type> {
        let Some(of) = of.filter(|of| *of != id) else { return Ok(Type { name, size: 0, kind: Kind::Other }) };
        // Entries refer back to earlier or later ones, but no chain is longer than this.
        let mut at = of;
        for _ in 0..16 {
            let (_, unit) = self.unit(at)?;
            let entry = unit.entry(UnitOffset(at.offset))?;
            let is_alias = matches!(entry.tag(), dw::DW_TAG_typedef | dw::DW_TAG_const_type | dw::DW_TAG_volatile_type | dw::DW_TAG_restrict_type);
            match entry.attr_value(dw::DW_AT_type).and_then(|t| type_id(at.unit, unit, &t)).filter(|_| is_alias) {
                Some(next) => at = next,
                None if is_alias => break,
                None => {
                    let target = self.get(at)?;
                    let name = if name.is_empty() { target.name.clone() } else { name };
                    return Ok(Type { name, ..(*target).clone() });
                }
            }
        }
        Ok(Type { name, size: 0, kind: Kind::Other })
    }

    fn array(&self, name: String, element: TypeId, count: u64) -> Type {
        // An array of itself has no size.
        let inner = match self.size_of(element, 0) {
            Some(size) => size,
            None => return Type { name, size: 0, kind: Kind::Other },
        };
        let shown = self.unit(element).ok().and_then(|(dwarf, unit)| {
            Some(name_of(dwarf, unit, &unit.entry(UnitOffset(element.offset)).ok()?))
        });
        let name = if name.is_empty() { format!("[{}; {count}]", shown.unwrap_or_default()) } else { name };
        Type { name, size: inner.saturating_mul(count), kind: Kind::Array { element, count } }
    }

    /// The size of a type, without reading more of it than that.
    fn size_of(&self, id: TypeId, depth: usize) -> Option<u64> {
        let (_, unit) = self.unit(id).ok()?;
        let entry = unit.entry(UnitOffset(id.offset)).ok()?;
        if let Some(size) = entry.attr(dw::DW_AT_byte_size).and_then(|a| a.udata_value()) {
            return Some(size);
        }
        match entry.tag() {
            dw::DW_TAG_pointer_type => Some(8),
            dw::DW_TAG_array_type if depth < 16 => {
                let element = entry.attr_value(dw::DW_AT_type).and_then(|t| type_id(id.unit, unit, &t))?;
                let mut tree = unit.entries_tree(Some(UnitOffset(id.offset))).ok()?;
                let mut children = tree.root().ok()?.children();
                let child = children.next().ok()??;
                let count = child.entry().attr(dw::DW_AT_count).and_then(|a| a.udata_value())?;
                self.size_of(element, depth + 1)?.checked_mul(count)
            }
            _ if depth < 16 => {
                let of = entry.attr_value(dw::DW_AT_type).and_then(|t| type_id(id.unit, unit, &t))?;
                self.size_of(of, depth + 1)
            }
            _ => None,
        }
    }
}

/// Where an attribute refers to: the same unit, or another one.
pub(crate) fn type_id(number: usize, unit: &Unit, value: &AttributeValue<Slice>) -> Option<TypeId> {
    match value {
        AttributeValue::UnitRef(offset) => Some(TypeId { unit: number, offset: offset.0 }),
        AttributeValue::DebugInfoRef(offset) => {
            let offset = offset.to_unit_offset(&unit.header)?;
            Some(TypeId { unit: number, offset: offset.0 })
        }
        _ => None,
    }
}

pub(crate) fn name_of(dwarf: &Dwarf, unit: &Unit, entry: &DebuggingInformationEntry<Slice>) -> String {
    let name = entry.attr_value(dw::DW_AT_name).and_then(|n| dwarf.attr_string(unit, n).ok());
    name.map_or(String::new(), |n| String::from_utf8_lossy(n.slice()).into_owned())
}

fn number(entry: &DebuggingInformationEntry<Slice>) -> Number {
    match entry.attr_value(dw::DW_AT_encoding) {
        Some(AttributeValue::Encoding(dw::DW_ATE_signed | dw::DW_ATE_signed_char)) => Number::Signed,
        Some(AttributeValue::Encoding(dw::DW_ATE_float)) => Number::Float,
        Some(AttributeValue::Encoding(dw::DW_ATE_boolean)) => Number::Bool,
        Some(AttributeValue::Encoding(dw::DW_ATE_UTF)) => Number::Char,
        _ => Number::Unsigned,
    }
}

type Node<'a, 'b> = gimli::EntriesTreeNode<'a, 'b, Slice>;

fn constant(entry: &DebuggingInformationEntry<Slice>, name: gimli::DwAt) -> Option<u64> {
    let attribute = entry.attr(name)?;
    attribute.udata_value().or_else(|| attribute.sdata_value().map(|v| v as u64))
}

fn names(dwarf: &Dwarf, unit: &Unit, node: Node) -> Result<Vec<(String, u64)>> {
    let (mut all, mut children) = (Vec::new(), node.children());
    while let Some(child) = children.next()? {
        let entry = child.entry();
        if entry.tag() == dw::DW_TAG_enumerator && all.len() < MOST_CHILDREN {
            all.push((name_of(dwarf, unit, entry), constant(entry, dw::DW_AT_const_value).unwrap_or(0)));
        }
    }
    Ok(all)
}

fn member(dwarf: &Dwarf, unit: &Unit, number: usize, entry: &DebuggingInformationEntry<Slice>) -> Option<Member> {
    let ty = entry.attr_value(dw::DW_AT_type).and_then(|t| type_id(number, unit, &t))?;
    let offset = entry.attr(dw::DW_AT_data_member_location).and_then(|a| a.udata_value()).unwrap_or(0);
    Some(Member { name: name_of(dwarf, unit, entry), offset, ty })
}

/// The fields of a struct or, where it is a Rust enum, its variants.
fn fields(dwarf: &Dwarf, unit: &Unit, number: usize, node: Node) -> Result<Kind> {
    let (mut members, mut children) = (Vec::new(), node.children());
    while let Some(child) = children.next()? {
        match child.entry().tag() {
            dw::DW_TAG_member if members.len() < MOST_CHILDREN => members.extend(member(dwarf, unit, number, child.entry())),
            dw::DW_TAG_variant_part => return variants(dwarf, unit, number, child),
            _ => {}
        }
    }
    Ok(Kind::Struct(members))
}

fn variants(dwarf: &Dwarf, unit: &Unit, number: usize, node: Node) -> Result<Kind> {
    let discriminant = match node.entry().attr_value(dw::DW_AT_discr) {
        Some(AttributeValue::UnitRef(offset)) => member(dwarf, unit, number, &unit.entry(offset)?),
        _ => None,
    };
    let (mut variants, mut children) = (Vec::new(), node.children());
    while let Some(child) = children.next()? {
        if child.entry().tag() != dw::DW_TAG_variant || variants.len() >= MOST_CHILDREN {
            continue;
        }
        let value = constant(child.entry(), dw::DW_AT_discr_value);
        let mut inner = child.children();
        while let Some(m) = inner.next()? {
            if let Some(member) = member(dwarf, unit, number, m.entry()) {
                variants.push(Variant { discriminant: value, member });
            }
        }
    }
    Ok(Kind::Variants { discriminant, variants })
}
