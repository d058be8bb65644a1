//! Comprehensions and generator expressions. List, set and dict comprehensions are
//! compiled into the unit around them (PEP 709) where the symbol table says so; what is
//! left are functions of one argument, the outermost iterator.

use ruff_python_ast::{Comprehension, Expr};
use tailscope_bytecode::opcode::Opcode;

use super::fblock::FBlockKind;
use super::function::FunctionFlags;
use super::unit::{ArgCounts, UnitKind};
use super::{Codegen, Result};
use crate::instr::{Label, Loc};
use crate::names::NameId;
use crate::symtable::{
    CompKind, DEF_LOCAL, DEF_NONLOCAL, NodeKey, ScopeId, ScopeKind, SymScope, Symbol,
};

/// The parts that all kinds of comprehensions have.
#[derive(Clone, Copy)]
struct Parts<'a> {
    kind: CompKind,
    /// Name of the function, where one is made.
    name: &'static str,
    scope: ScopeId,
    generators: &'a [Comprehension],
    /// The element, or the key of a dict's item.
    elt: &'a Expr,
    /// The value of a dict's item.
    value: Option<&'a Expr>,
}

/// What entering an inlined comprehension changed, to be undone when it is left.
#[derive(Default)]
struct Inlined {
    /// Names whose values outside of the comprehension wait on the stack.
    pushed_locals: Vec<NameId>,
    /// Symbols of the unit that the comprehension's replaced.
    replaced: Vec<(NameId, Symbol)>,
    /// Names that became fast locals of a unit that otherwise has none.
    fast_hidden: Vec<NameId>,
    /// Where exceptions go so that the names get their values back.
    cleanup: Option<Label>,
}

/// Whether a name is a comprehension's own; an assignment expression binds names around it.
fn is_own(symbol: Symbol) -> bool {
    symbol.flags & DEF_LOCAL != 0 && symbol.flags & DEF_NONLOCAL == 0
}

impl<'a> Codegen<'a> {
    pub(super) fn comprehension(&mut self, loc: Loc, e: &'a Expr) -> Result<()> {
        let Some(parts) = self.comprehension_parts(e) else {
            return self.error(loc, "cannot use dict unpacking in dict comprehension");
        };
        let Some(outermost) = parts.generators.first() else {
            return Ok(());
        };
        if self.table.scope(parts.scope).comp_inlined {
            self.comprehension_iter(outermost)?;
            let state = self.enter_inlined(loc, parts.scope)?;
            self.start_collection(loc, parts.kind, true);
            self.generators(loc, parts, 0, 0, true)?;
            self.leave_inlined(loc, state);
            return Ok(());
        }
        let args = ArgCounts {
            positional: 1,
            ..ArgCounts::default()
        };
        let name = parts.name.into();
        self.enter_unit(
            name,
            UnitKind::Comprehension,
            parts.scope,
            loc.line,
            None,
            args,
        );
        let is_coroutine = self.unit.scope.is_coroutine;
        self.start_collection(loc, parts.kind, false);
        self.generators(loc, parts, 0, 0, false)?;
        let is_generator = parts.kind == CompKind::Generator;
        if is_generator {
            self.wrap_in_stopiteration_handler();
        } else {
            self.emit(loc, Opcode::RETURN_VALUE);
        }
        let code = self.finish_unit(true)?;
        self.make_closure(loc, code, FunctionFlags::NONE)?;
        self.comprehension_iter(outermost)?;
        self.emit_i(loc, Opcode::CALL, 0);
        if is_coroutine && !is_generator {
            self.await_result(loc, 0);
        }
        Ok(())
    }

    fn comprehension_parts(&self, e: &'a Expr) -> Option<Parts<'a>> {
        let scope = |key| self.table.scope_for(key);
        let parts = match e {
            Expr::ListComp(e) => Parts {
                kind: CompKind::List,
                name: "<listcomp>",
                scope: scope(NodeKey::of(e)),
                generators: &e.generators,
                elt: &e.elt,
                value: None,
            },
            Expr::SetComp(e) => Parts {
                kind: CompKind::Set,
                name: "<setcomp>",
                scope: scope(NodeKey::of(e)),
                generators: &e.generators,
                elt: &e.elt,
                value: None,
            },
            Expr::Generator(e) => Parts {
                kind: CompKind::Generator,
                name: "<genexpr>",
                scope: scope(NodeKey::of(e)),
                generators: &e.generators,
                elt: &e.elt,
                value: None,
            },
            Expr::DictComp(e) => Parts {
                kind: CompKind::Dict,
                name: "<dictcomp>",
                scope: scope(NodeKey::of(e)),
                generators: &e.generators,
                elt: e.key.as_deref()?,
                value: Some(&e.value),
            },
            _ => return None,
        };
        Some(parts)
    }

    /// Puts the iterator of a `for` clause on the stack.
    fn comprehension_iter(&mut self, generator: &'a Comprehension) -> Result<()> {
        self.visit_expr(&generator.iter)?;
        let loc = self.loc(&generator.iter);
        self.emit(
            loc,
            if generator.is_async {
                Opcode::GET_AITER
            } else {
                Opcode::GET_ITER
            },
        );
        Ok(())
    }

    /// Puts the empty collection on the stack, below the iterator where that is there.
    fn start_collection(&mut self, loc: Loc, kind: CompKind, inlined: bool) {
        let build = match kind {
            CompKind::List => Opcode::BUILD_LIST,
            CompKind::Set => Opcode::BUILD_SET,
            CompKind::Dict => Opcode::BUILD_MAP,
            CompKind::Generator => return,
        };
        self.emit_i(loc, build, 0);
        if inlined {
            self.emit_i(loc, Opcode::SWAP, 2);
        }
    }

    /// Emits the loops from clause number `index` on; `depth` iterators lie above the
    /// collection. With `iter_on_stack` this clause's iterator is there already.
    fn generators(
        &mut self,
        loc: Loc,
        parts: Parts<'a>,
        index: usize,
        depth: u32,
        iter_on_stack: bool,
    ) -> Result<()> {
        if parts.generators[index].is_async {
            self.async_generator(loc, parts, index, depth, iter_on_stack)
        } else {
            self.sync_generator(loc, parts, index, depth, iter_on_stack)
        }
    }

    fn sync_generator(
        &mut self,
        loc: Loc,
        parts: Parts<'a>,
        index: usize,
        depth: u32,
        iter_on_stack: bool,
    ) -> Result<()> {
        let generator = &parts.generators[index];
        let start = self.new_label();
        let if_cleanup = self.new_label();
        let anchor = self.new_label();

        let mut loops = true;
        if !iter_on_stack {
            if index == 0 {
                self.emit_i(loc, Opcode::LOAD_FAST, 0);
            } else if let Some(only) = single_item(&generator.iter) {
                // `for y in [f(x)]` is an assignment, not a loop.
                self.visit_expr(only)?;
                loops = false;
            } else {
                self.comprehension_iter(generator)?;
            }
        }
        if loops {
            let iter_loc = self.loc(&generator.iter);
            self.place(start);
            self.emit_jump(iter_loc, Opcode::FOR_ITER, anchor);
        }
        let depth = depth + u32::from(loops);
        let elt_loc = self.generator_body(loc, parts, index, depth, if_cleanup)?;
        self.place(if_cleanup);
        if loops {
            self.emit_jump(elt_loc, Opcode::JUMP, start);
            self.place(anchor);
            self.end_for();
        }
        Ok(())
    }

    fn async_generator(
        &mut self,
        loc: Loc,
        parts: Parts<'a>,
        index: usize,
        depth: u32,
        iter_on_stack: bool,
    ) -> Result<()> {
        let start = self.new_label();
        let send = self.new_label();
        let except = self.new_label();
        let if_cleanup = self.new_label();

        if !iter_on_stack {
            if index == 0 {
                self.emit_i(loc, Opcode::LOAD_FAST, 0);
            } else {
                self.comprehension_iter(&parts.generators[index])?;
            }
        }
        self.place(start);
        let kind = FBlockKind::AsyncComprehensionGenerator;
        self.push_fblock(loc, kind, Some(start), None)?;
        self.async_next(loc, send, except);
        let elt_loc = self.generator_body(loc, parts, index, depth + 1, if_cleanup)?;
        self.place(if_cleanup);
        self.emit_jump(elt_loc, Opcode::JUMP, start);
        self.pop_fblock();

        self.place(except);
        self.emit_jump(loc, Opcode::END_ASYNC_FOR, send);
        Ok(())
    }

    /// Emits target, conditions, and then the inner loops or the element. Returns where the
    /// jump back to the loop's start belongs.
    fn generator_body(
        &mut self,
        loc: Loc,
        parts: Parts<'a>,
        index: usize,
        depth: u32,
        if_cleanup: Label,
    ) -> Result<Loc> {
        let generator = &parts.generators[index];
        self.visit_expr(&generator.target)?;
        for condition in &generator.ifs {
            self.jump_if(condition, if_cleanup, false)?;
        }
        if index + 1 < parts.generators.len() {
            self.generators(loc, parts, index + 1, depth, false)?;
            return Ok(self.loc(parts.elt));
        }
        self.element(parts, depth)
    }

    /// Evaluates the element and adds it to the collection.
    fn element(&mut self, parts: Parts<'a>, depth: u32) -> Result<Loc> {
        self.visit_expr(parts.elt)?;
        let mut loc = self.loc(parts.elt);
        match parts.kind {
            CompKind::Generator => {
                self.emit_yield(loc);
                self.emit(loc, Opcode::POP_TOP);
            }
            CompKind::List => self.emit_i(loc, Opcode::LIST_APPEND, depth + 1),
            CompKind::Set => self.emit_i(loc, Opcode::SET_ADD, depth + 1),
            CompKind::Dict => {
                if let Some(value) = parts.value {
                    self.visit_expr(value)?;
                    let end = self.loc(value);
                    loc = Loc {
                        end_line: end.end_line,
                        end_col: end.end_col,
                        ..loc
                    };
                }
                self.emit_i(loc, Opcode::MAP_ADD, depth + 1);
            }
        }
        Ok(loc)
    }
}

/// The item of a list or tuple display with exactly one, not starred.
fn single_item(e: &Expr) -> Option<&Expr> {
    let elts = match e {
        Expr::List(list) => &list.elts,
        Expr::Tuple(tuple) => &tuple.elts,
        _ => return None,
    };
    match &elts[..] {
        [only] if !only.is_starred_expr() => Some(only),
        _ => None,
    }
}

/// Inlining.
impl<'a> Codegen<'a> {
    /// Makes the names of a comprehension those of the current unit, and puts the values
    /// that they had there aside.
    fn enter_inlined(&mut self, loc: Loc, scope: ScopeId) -> Result<Inlined> {
        let mut state = Inlined::default();
        self.replace_symbols(scope, &mut state);
        let table = self.table;
        for (name, symbol) in table.scope(scope).symbols.iter() {
            if !is_own(*symbol) {
                continue;
            }
            // For a cell this takes the cell itself; the comprehension gets a new one.
            let index = self.unit.varnames.add(name);
            self.emit_i(loc, Opcode::LOAD_FAST_AND_CLEAR, index);
            if symbol.scope == SymScope::Cell {
                let index = if self.unit.scope_of(name) == SymScope::Free {
                    self.unit.freevars.add(name)
                } else {
                    self.unit.cellvars.add(name)
                };
                self.emit_i(loc, Opcode::MAKE_CELL, index);
            }
            state.pushed_locals.push(name);
        }
        if !state.pushed_locals.is_empty() {
            // The iterator comes back to the top. The values end up in another order,
            // which swapping the result in the end undoes.
            self.emit_i(loc, Opcode::SWAP, state.pushed_locals.len() as u32 + 1);
            let cleanup = self.new_label();
            state.cleanup = Some(cleanup);
            self.emit_jump(loc, Opcode::SETUP_FINALLY, cleanup);
            // Nothing can leave a comprehension but an exception: the block only counts.
            self.push_fblock(loc, FBlockKind::PopValue, None, None)?;
        }
        Ok(state)
    }

    fn replace_symbols(&mut self, scope: ScopeId, state: &mut Inlined) {
        let unit = &mut self.unit;
        let in_class_block = unit.scope.kind == ScopeKind::Class && unit.in_inlined_comp == 0;
        let function_like = unit.scope.is_function_like();
        unit.in_inlined_comp += 1;
        let table = self.table;
        for (name, symbol) in table.scope(scope).symbols.iter() {
            let outside = unit.symbol(name);
            // What is free inside is treated as outside; a cell inside that is free
            // outside stays free, as it cannot be both in one function.
            let differs = symbol.scope != outside.scope
                && symbol.scope != SymScope::Free
                && !(symbol.scope == SymScope::Cell && outside.scope == SymScope::Free);
            if differs || in_class_block {
                unit.overrides.insert(name, *symbol);
                state.replaced.push((name, outside));
            }
            if function_like || !(is_own(*symbol) || in_class_block) {
                continue;
            }
            match unit.fasthidden.iter_mut().find(|(n, _)| *n == name) {
                Some((_, true)) => continue,
                Some((_, active)) => *active = true,
                None => unit.fasthidden.push((name, true)),
            }
            state.fast_hidden.push(name);
        }
    }

    fn leave_inlined(&mut self, loc: Loc, state: Inlined) {
        if let Some(cleanup) = state.cleanup {
            self.pop_fblock();
            self.emit(Loc::NONE, Opcode::POP_BLOCK);
            let end = self.new_label();
            self.emit_jump(Loc::NONE, Opcode::JUMP_NO_INTERRUPT, end);

            self.place(cleanup);
            // The incomplete collection lies below the exception.
            self.emit_i(Loc::NONE, Opcode::SWAP, 2);
            self.emit(Loc::NONE, Opcode::POP_TOP);
            self.restore_locals(loc, &state.pushed_locals);
            self.emit_i(Loc::NONE, Opcode::RERAISE, 0);

            self.place(end);
            self.restore_locals(loc, &state.pushed_locals);
        }
        let unit = &mut self.unit;
        unit.in_inlined_comp -= 1;
        for (name, symbol) in state.replaced {
            unit.overrides.insert(name, symbol);
        }
        for name in state.fast_hidden {
            // It stays in the list: the slot is hidden in the code object.
            if let Some((_, active)) = unit.fasthidden.iter_mut().find(|(n, _)| *n == name) {
                *active = false;
            }
        }
        if unit.in_inlined_comp == 0 {
            unit.overrides.clear();
        }
    }

    /// Gives the names their values back, below the value on top of the stack.
    fn restore_locals(&mut self, loc: Loc, names: &[NameId]) {
        self.emit_i(loc, Opcode::SWAP, names.len() as u32 + 1);
        for &name in names.iter().rev() {
            let index = self.unit.varnames.add(name);
            self.emit_i(loc, Opcode::STORE_FAST_MAYBE_NULL, index);
        }
    }
}
