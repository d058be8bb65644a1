//! Where a unit's functions and named types are: one walk over its entries, most of which are
//! stepped over.

use gimli::{AttributeValue, DwAt, DwTag, UnitOffset, constants as dw};

use crate::error::Result;
use crate::image::{Dwarf, Slice, Unit};

/// A namespace, type or variable outside of functions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named {
    pub name: &'static [u8],
    /// The namespace or type around it; its own number at the root.
    parent: u32,
    pub offset: UnitOffset,
    pub tag: DwTag,
}

/// Functions and named things of one unit.
pub(crate) struct UnitIndex {
    named: Vec<Named>,
    /// Code ranges of functions: begin, end, entry.
    functions: Vec<(u64, u64, UnitOffset)>,
}

struct Wanted {
    name: Option<AttributeValue<Slice>>,
    low: Option<AttributeValue<Slice>>,
    high: Option<AttributeValue<Slice>>,
    ranges: Option<AttributeValue<Slice>>,
    declaration: bool,
}

impl UnitIndex {
    pub fn new(dwarf: &Dwarf, unit: &Unit) -> Result<UnitIndex> {
        let mut index = UnitIndex { named: Vec::new(), functions: Vec::new() };
        // The named entries around the current one, with their depths.
        let mut around: Vec<(isize, u32)> = Vec::new();
        // Inside of a function nothing is looked for.
        let mut inside: Option<isize> = None;
        let mut entries = unit.entries_raw(None)?;
        while !entries.is_empty() {
            let (offset, depth) = (entries.next_offset(), entries.next_depth());
            let Some(abbreviation) = entries.read_abbreviation()? else { continue };
            if inside.is_some_and(|d| depth > d) {
                entries.skip_attributes(abbreviation.attributes())?;
                continue;
            }
            inside = None;
            while around.last().is_some_and(|(d, _)| *d >= depth) {
                around.pop();
            }
            let tag = abbreviation.tag();
            let (is_function, is_named) = (tag == dw::DW_TAG_subprogram, is_named(tag));
            if !is_function && !is_named {
                entries.skip_attributes(abbreviation.attributes())?;
                continue;
            }
            let mut wanted = Wanted { name: None, low: None, high: None, ranges: None, declaration: false };
            for spec in abbreviation.attributes() {
                match wanted.slot(spec.name()) {
                    Some(slot) => *slot = Some(entries.read_attribute(*spec)?.value()),
                    None => {
                        wanted.declaration |= spec.name() == dw::DW_AT_declaration;
                        entries.skip_attributes(std::slice::from_ref(spec))?;
                    }
                }
            }
            if is_function {
                inside = Some(depth);
                index.add_function(dwarf, unit, offset, &wanted);
            } else if !wanted.declaration
                && let Some(name) = wanted.name.and_then(|n| dwarf.attr_string(unit, n).ok())
            {
                let parent = around.last().map_or(index.named.len() as u32, |(_, i)| *i);
                around.push((depth, index.named.len() as u32));
                index.named.push(Named { name: name.slice(), parent, offset, tag });
            }
        }
        index.functions.sort_unstable_by_key(|f| f.0);
        Ok(index)
    }

    fn add_function(&mut self, dwarf: &Dwarf, unit: &Unit, offset: UnitOffset, wanted: &Wanted) {
        let low = wanted.low.and_then(|low| dwarf.attr_address(unit, low).ok().flatten());
        if let (Some(low), Some(high)) = (low, &wanted.high) {
            let end = match high.udata_value() {
                Some(size) => Some(low.wrapping_add(size)),
                None => dwarf.attr_address(unit, *high).ok().flatten(),
            };
            self.functions.extend(end.filter(|end| low != 0 && low < *end).map(|end| (low, end, offset)));
        } else if let Some(ranges) = wanted.ranges
            && let Ok(Some(mut ranges)) = dwarf.attr_ranges(unit, ranges)
        {
            while let Ok(Some(r)) = ranges.next() {
                self.functions.extend((r.begin < r.end).then_some((r.begin, r.end, offset)));
            }
        }
    }

    /// The function whose code an address is in.
    pub fn function_at(&self, address: u64) -> Option<UnitOffset> {
        let end = self.functions.partition_point(|f| f.0 <= address);
        self.functions[..end].last().filter(|f| address < f.1).map(|f| f.2)
    }

    /// The entries with this path, such as `tailscope_vm::vm::Vm`, innermost name first found first.
    pub fn find<'a>(&'a self, path: &'a str) -> impl Iterator<Item = Named> + 'a {
        let last = last_name(path).as_bytes();
        self.named.iter().filter(move |n| n.name == last && self.path(n) == path).copied()
    }

    /// The entries of this tag in whose path this is, in whole names.
    pub fn find_under<'a>(&'a self, part: &'a str, tag: DwTag) -> impl Iterator<Item = Named> + 'a {
        let is_in = move |path: String| format!("::{path}::").contains(&format!("::{part}::"));
        self.named.iter().filter(move |n| n.tag == tag && is_in(self.path(n))).copied()
    }

    /// Names from the outermost on, joined by `::`.
    pub fn path(&self, of: &Named) -> String {
        let mut names = vec![of.name];
        let (mut at, mut parent) = (of, of.parent);
        while let Some(up) = self.named.get(parent as usize) {
            if std::ptr::eq(up, at) || names.len() > 64 {
                break;
            }
            // At the root an entry is its own parent.
            if up.offset == at.offset {
                break;
            }
            names.push(up.name);
            (at, parent) = (up, up.parent);
        }
        let names: Vec<_> = names.iter().rev().map(|n| String::from_utf8_lossy(n)).collect();
        names.join("::")
    }

    /// The path of the entry at an offset.
    pub fn path_at(&self, offset: UnitOffset) -> Option<String> {
        // Entries are in the order of their offsets.
        let i = self.named.binary_search_by_key(&offset.0, |n| n.offset.0).ok()?;
        Some(self.path(&self.named[i]))
    }
}

impl Wanted {
    fn slot(&mut self, name: DwAt) -> Option<&mut Option<AttributeValue<Slice>>> {
        match name {
            dw::DW_AT_name => Some(&mut self.name),
            dw::DW_AT_low_pc => Some(&mut self.low),
            dw::DW_AT_high_pc => Some(&mut self.high),
            dw::DW_AT_ranges => Some(&mut self.ranges),
            _ => None,
        }
    }
}

fn is_named(tag: DwTag) -> bool {
    matches!(
        tag,
        dw::DW_TAG_namespace
            | dw::DW_TAG_structure_type
            | dw::DW_TAG_union_type
            | dw::DW_TAG_enumeration_type
            | dw::DW_TAG_base_type
            | dw::DW_TAG_variable
    )
}

/// The name behind the last `::` that is not between angle brackets.
fn last_name(path: &str) -> &str {
    let (mut depth, mut from) = (0, 0);
    for (i, c) in path.char_indices() {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            ':' if depth == 0 && path[..i].ends_with(':') => from = i + 1,
            _ => {}
        }
    }
    &path[from..]
}

#[cfg(test)]
mod tests {
    use super::last_name;

    #[test]
    fn the_last_name_may_have_arguments_with_paths() {
        assert_eq!(last_name("core::cell::Cell<*const a::B>"), "Cell<*const a::B>");
        assert_eq!(last_name("Vm"), "Vm");
    }
}
