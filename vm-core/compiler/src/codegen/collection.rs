//! Tuples, lists, sets and dicts, as values and as targets.

use ruff_python_ast::{DictItem, Expr, ExprContext, ExprDict, ExprList, ExprSet, ExprTuple};
use tailscope_bytecode::oparg::Intrinsic1;
use tailscope_bytecode::opcode::Opcode;

use super::{Codegen, Result, STACK_USE_GUIDELINE};
use crate::instr::Loc;

/// How a sequence is built: at once, or item by item.
#[derive(Clone, Copy)]
pub(super) struct Builder {
    /// Builds an empty sequence, or (unless a tuple is wanted) one of items on the stack.
    build: Opcode,
    add: Opcode,
    extend: Opcode,
    /// The sequence becomes a tuple in the end.
    tuple: bool,
}

impl Builder {
    pub const LIST: Builder = Builder {
        build: Opcode::BUILD_LIST,
        add: Opcode::LIST_APPEND,
        extend: Opcode::LIST_EXTEND,
        tuple: false,
    };
    pub const TUPLE: Builder = Builder {
        tuple: true,
        ..Builder::LIST
    };
    pub const SET: Builder = Builder {
        build: Opcode::BUILD_SET,
        add: Opcode::SET_ADD,
        extend: Opcode::SET_UPDATE,
        tuple: false,
    };
}

impl<'a> Codegen<'a> {
    pub(super) fn list(&mut self, loc: Loc, e: &'a ExprList) -> Result<()> {
        self.sequence(loc, &e.elts, e.ctx, Builder::LIST)
    }

    pub(super) fn tuple(&mut self, loc: Loc, e: &'a ExprTuple) -> Result<()> {
        self.sequence(loc, &e.elts, e.ctx, Builder::TUPLE)
    }

    pub(super) fn set(&mut self, loc: Loc, e: &'a ExprSet) -> Result<()> {
        self.build_sequence(loc, &e.elts, None, 0, Builder::SET)
    }

    fn sequence(
        &mut self,
        loc: Loc,
        elts: &'a [Expr],
        ctx: ExprContext,
        builder: Builder,
    ) -> Result<()> {
        match ctx {
            ExprContext::Store => self.unpack_into(loc, elts),
            ExprContext::Load => self.build_sequence(loc, elts, None, 0, builder),
            ExprContext::Del | ExprContext::Invalid => self.visit_exprs(elts),
        }
    }

    /// Builds a sequence of `pushed` items on the stack, `elts` and the variable `injected`.
    pub(super) fn build_sequence(
        &mut self,
        loc: Loc,
        elts: &'a [Expr],
        injected: Option<&str>,
        pushed: u32,
        builder: Builder,
    ) -> Result<()> {
        let total = elts.len() + pushed as usize + usize::from(injected.is_some());
        let big = total > STACK_USE_GUIDELINE;
        if !big && !elts.iter().any(Expr::is_starred_expr) {
            self.visit_exprs(elts)?;
            if let Some(name) = injected {
                self.nameop(loc, name, ExprContext::Load);
            }
            let op = if builder.tuple {
                Opcode::BUILD_TUPLE
            } else {
                builder.build
            };
            self.emit_i(loc, op, total as u32);
            return Ok(());
        }
        let mut built = big;
        if big {
            self.emit_i(loc, builder.build, pushed);
        }
        for (i, elt) in elts.iter().enumerate() {
            if let Expr::Starred(starred) = elt {
                if !built {
                    self.emit_i(loc, builder.build, i as u32 + pushed);
                    built = true;
                }
                self.visit_expr(&starred.value)?;
                self.emit_i(loc, builder.extend, 1);
            } else {
                self.visit_expr(elt)?;
                if built {
                    self.emit_i(loc, builder.add, 1);
                }
            }
        }
        if let Some(name) = injected {
            self.nameop(loc, name, ExprContext::Load);
            self.emit_i(loc, builder.add, 1);
        }
        if builder.tuple {
            self.emit_intrinsic1(loc, Intrinsic1::ListToTuple);
        }
        Ok(())
    }

    /// Unpacks the value on the stack into targets, of which one may be starred.
    fn unpack_into(&mut self, loc: Loc, targets: &'a [Expr]) -> Result<()> {
        let starred = targets.iter().map(Expr::is_starred_expr);
        match unpack_oparg(starred) {
            Ok(None) => self.emit_i(loc, Opcode::UNPACK_SEQUENCE, targets.len() as u32),
            Ok(Some(oparg)) => self.emit_i(loc, Opcode::UNPACK_EX, oparg),
            Err(UnpackError::TooMany) => {
                return self.error(loc, "too many expressions in star-unpacking assignment");
            }
            Err(UnpackError::TwoStars) => {
                return self.error(loc, "multiple starred expressions in assignment");
            }
        }
        for target in targets {
            match target {
                Expr::Starred(starred) => self.visit_expr(&starred.value)?,
                _ => self.visit_expr(target)?,
            }
        }
        Ok(())
    }
}

/// Why a sequence of targets or patterns cannot be unpacked into.
pub(super) enum UnpackError {
    TooMany,
    TwoStars,
}

/// The oparg of UNPACK_EX (how many items before the star, and above the low byte how many
/// after it), or None where nothing is starred.
pub(super) fn unpack_oparg(
    starred: impl ExactSizeIterator<Item = bool>,
) -> std::result::Result<Option<u32>, UnpackError> {
    let len = starred.len();
    let mut oparg = None;
    for (i, _) in starred.enumerate().filter(|(_, is_starred)| *is_starred) {
        if oparg.is_some() {
            return Err(UnpackError::TwoStars);
        }
        let after = len - i - 1;
        if i >= 1 << 8 || after >= (i32::MAX >> 8) as usize {
            return Err(UnpackError::TooMany);
        }
        oparg = Some(i as u32 | (after as u32) << 8);
    }
    Ok(oparg)
}

/// Dicts.
impl<'a> Codegen<'a> {
    /// Runs of keys and values become one dict each, merged with the dicts unpacked.
    pub(super) fn dict(&mut self, loc: Loc, e: &'a ExprDict) -> Result<()> {
        let mut have_dict = false;
        let mut run = 0;
        for (i, item) in e.items.iter().enumerate() {
            if item.key.is_none() {
                if run > 0 {
                    self.dict_run(loc, &e.items[i - run..i], &mut have_dict)?;
                    run = 0;
                }
                if !have_dict {
                    self.emit_i(loc, Opcode::BUILD_MAP, 0);
                    have_dict = true;
                }
                self.visit_expr(&item.value)?;
                self.emit_i(loc, Opcode::DICT_UPDATE, 1);
            } else if run * 2 > STACK_USE_GUIDELINE {
                self.dict_run(loc, &e.items[i - run..=i], &mut have_dict)?;
                run = 0;
            } else {
                run += 1;
            }
        }
        if run > 0 {
            self.dict_run(loc, &e.items[e.items.len() - run..], &mut have_dict)?;
        }
        if !have_dict {
            self.emit_i(loc, Opcode::BUILD_MAP, 0);
        }
        Ok(())
    }

    /// Builds a dict of keys and values, and merges it into the dict on the stack, if any.
    fn dict_run(&mut self, loc: Loc, items: &'a [DictItem], have_dict: &mut bool) -> Result<()> {
        let big = items.len() * 2 > STACK_USE_GUIDELINE;
        if big {
            self.emit_i(loc, Opcode::BUILD_MAP, 0);
        }
        for item in items {
            if let Some(key) = &item.key {
                self.visit_expr(key)?;
            }
            self.visit_expr(&item.value)?;
            if big {
                self.emit_i(loc, Opcode::MAP_ADD, 1);
            }
        }
        if !big {
            self.emit_i(loc, Opcode::BUILD_MAP, items.len() as u32);
        }
        if *have_dict {
            self.emit_i(loc, Opcode::DICT_UPDATE, 1);
        }
        *have_dict = true;
        Ok(())
    }
}
