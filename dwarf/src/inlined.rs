//! A function that was inlined into a frame's own, wherever in that the frame is.

use gimli::{EntriesTreeNode, UnitOffset, constants as dw};

use crate::error::Result;
use crate::memory::Memory;
use crate::types::Types;
use crate::unwind::{Frame, Module};
use crate::variables::{Place, Variable, Walk, declared_at, function_name, variables_of, walk};

/// A function that was inlined.
#[derive(Clone, Debug)]
pub struct Inlined {
    /// With its path, as the source has it.
    pub name: String,
    /// Where the source declares it.
    pub declared: Option<Place>,
    /// All of its parameters and variables. What the frame has not reached yet, or not on its way,
    /// has no value of its own where its content says: the caller must know how to tell.
    pub variables: Vec<Variable>,
}

/// Deepest nesting of inlined functions and blocks that is followed.
const DEEPEST: usize = 64;

/// The first function with a fitting name that was inlined into a frame's own function, directly.
/// Unlike [`crate::variables`], whether the frame is in it now does not matter: in code that was
/// compiled without optimization, its variables keep their places until the frame is left.
///
/// # Errors
/// Debug information that cannot be read, or that has no such frame's function.
pub fn inlined(
    types: &Types,
    memory: &dyn Memory,
    module: &Module,
    frame: &Frame,
    fits: impl Fn(&str) -> bool,
) -> Result<Option<Inlined>> {
    let mut walk = walk(types, module, frame)?;
    let Some(own) = walk.own() else { return Ok(None) };
    let Some(entry) = find(&walk, own, &fits)? else { return Ok(None) };
    let name = function_name(&walk, entry);
    let mut tree = walk.unit.entries_tree(Some(entry))?;
    let mut scopes = Vec::new();
    blocks(tree.root()?, &mut scopes, 0)?;
    walk.replace_scopes(scopes);
    let variables = variables_of(&walk, memory, module, frame)?;
    Ok(Some(Inlined { name, declared: declared_at(&walk, entry), variables }))
}

/// The entry of the inlined function in the function at `own`.
fn find(walk: &Walk, own: UnitOffset, fits: &impl Fn(&str) -> bool) -> Result<Option<UnitOffset>> {
    let mut tree = walk.unit.entries_tree(Some(own))?;
    find_in(walk, tree.root()?, fits, 0)
}

fn find_in(
    walk: &Walk,
    node: EntriesTreeNode<'_, '_, crate::image::Slice>,
    fits: &impl Fn(&str) -> bool,
    depth: usize,
) -> Result<Option<UnitOffset>> {
    if depth > DEEPEST {
        return Ok(None);
    }
    let mut children = node.children();
    while let Some(child) = children.next()? {
        let (tag, offset) = (child.entry().tag(), child.entry().offset());
        if tag == dw::DW_TAG_inlined_subroutine && fits(&function_name(walk, offset)) {
            return Ok(Some(offset));
        }
        if tag == dw::DW_TAG_lexical_block
            && let Some(found) = find_in(walk, child, fits, depth + 1)?
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// A function's scopes: its own, and those of the blocks in it.
fn blocks(
    node: EntriesTreeNode<'_, '_, crate::image::Slice>,
    scopes: &mut Vec<UnitOffset>,
    depth: usize,
) -> Result<()> {
    scopes.push(node.entry().offset());
    if depth > DEEPEST {
        return Ok(());
    }
    let mut children = node.children();
    while let Some(child) = children.next()? {
        if child.entry().tag() == dw::DW_TAG_lexical_block {
            blocks(child, scopes, depth + 1)?;
        }
    }
    Ok(())
}
