//! The first pass over expressions and comprehensions.

use ruff_python_ast::{
    Comprehension, Expr, ExprAwait, ExprContext, ExprFString, ExprLambda, ExprName, ExprNamed,
    FStringPart, InterpolatedStringElement,
};

use ruff_text_size::{Ranged, TextRange};

use super::build::{Builder, Result};
use super::{
    CompKind, DEF_COMP_ITER, DEF_GLOBAL, DEF_LOCAL, DEF_NONLOCAL, DEF_PARAM, NodeKey, ScopeKind,
    USE,
};
use crate::instr::Loc;
use crate::names::NameId;

/// A comprehension of any kind, or a generator expression.
struct Comp<'a> {
    kind: CompKind,
    key: NodeKey,
    range: TextRange,
    generators: &'a [Comprehension],
    /// The element, or the key of a dict comprehension.
    elt: &'a Expr,
    /// The value of a dict comprehension.
    value: Option<&'a Expr>,
}

impl<'a> Builder<'a> {
    pub fn exprs(&mut self, exprs: &'a [Expr]) -> Result {
        exprs.iter().try_for_each(|e| self.expr(e))
    }

    pub fn opt_expr(&mut self, expr: Option<&'a Expr>) -> Result {
        expr.map_or(Ok(()), |e| self.expr(e))
    }

    #[inline]
    pub fn expr(&mut self, expr: &'a Expr) -> Result {
        match expr {
            // Nothing is inside of most expressions.
            Expr::Name(e) => self.name(e),
            Expr::StringLiteral(_) | Expr::NumberLiteral(_) => Ok(()),
            _ => self.compound_expr(expr),
        }
    }

    fn compound_expr(&mut self, expr: &'a Expr) -> Result {
        match expr {
            Expr::Named(e) => self.named_expr(e),
            Expr::BoolOp(e) => self.exprs(&e.values),
            Expr::BinOp(e) => {
                self.expr(&e.left)?;
                self.expr(&e.right)
            }
            Expr::UnaryOp(e) => self.expr(&e.operand),
            Expr::Lambda(e) => self.lambda(e),
            Expr::If(e) => {
                self.expr(&e.test)?;
                self.expr(&e.body)?;
                self.expr(&e.orelse)
            }
            Expr::Dict(e) => {
                e.items
                    .iter()
                    .try_for_each(|i| self.opt_expr(i.key.as_ref()))?;
                e.items.iter().try_for_each(|i| self.expr(&i.value))
            }
            Expr::Set(e) => self.exprs(&e.elts),
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => {
                self.comprehension(expr)
            }
            Expr::Await(e) => self.await_expr(e),
            Expr::Yield(e) => self.yield_expr(e.value.as_deref(), self.loc(e)),
            Expr::YieldFrom(e) => self.yield_expr(Some(&e.value), self.loc(e)),
            Expr::Compare(e) => {
                self.expr(&e.left)?;
                self.exprs(&e.comparators)
            }
            Expr::Call(e) => {
                self.expr(&e.func)?;
                self.exprs(&e.arguments.args)?;
                self.keywords(&e.arguments.keywords)
            }
            Expr::FString(e) => self.fstring(e),
            Expr::TString(e) => e
                .value
                .as_slice()
                .iter()
                .try_for_each(|t| self.interpolated(&t.elements)),
            Expr::Attribute(e) => {
                self.check_name(&e.attr, e.range, e.ctx)?;
                self.expr(&e.value)
            }
            Expr::Subscript(e) => {
                self.expr(&e.value)?;
                self.expr(&e.slice)
            }
            Expr::Starred(e) => self.expr(&e.value),
            Expr::Name(e) => self.name(e),
            Expr::List(e) => self.exprs(&e.elts),
            Expr::Tuple(e) => self.exprs(&e.elts),
            Expr::Slice(e) => {
                self.opt_expr(e.lower.as_deref())?;
                self.opt_expr(e.upper.as_deref())?;
                self.opt_expr(e.step.as_deref())
            }
            Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_) => Ok(()),
            Expr::IpyEscapeCommand(e) if self.source.constant(e.range).is_some() => Ok(()),
            Expr::IpyEscapeCommand(e) => self.error(self.loc(e), "invalid syntax"),
        }
    }

    fn fstring(&mut self, e: &'a ExprFString) -> Result {
        e.value.as_slice().iter().try_for_each(|part| match part {
            FStringPart::FString(f) => self.interpolated(&f.elements),
            FStringPart::Literal(_) => Ok(()),
        })
    }

    fn interpolated(&mut self, elements: &'a [InterpolatedStringElement]) -> Result {
        for element in elements {
            if let InterpolatedStringElement::Interpolation(field) = element {
                self.expr(&field.expression)?;
                if let Some(spec) = &field.format_spec {
                    self.interpolated(&spec.elements)?;
                }
            }
        }
        Ok(())
    }

    fn name(&mut self, e: &'a ExprName) -> Result {
        let scope = self.cur();
        let is_iter_target = scope.comp_iter_target;
        if scope.in_unevaluated_annotation {
            return Ok(());
        }
        let name = self.name_of(e);
        if e.ctx != ExprContext::Load {
            self.check_name(&e.id, e.range, e.ctx)?;
            return self.add_def_to(self.cur_id(), name, DEF_LOCAL, e.range);
        }
        // Most names are used again and again, and are the same everywhere.
        if !name.is_private() && !is_iter_target && self.is_used_again(name, self.cur_id()) {
            return Ok(());
        }
        self.add_def_to(self.cur_id(), name, USE, e.range)?;
        // super() finds its class through the cell __class__.
        if name == NameId::SUPER && self.cur().is_function_like() {
            self.add_def_to(self.cur_id(), NameId::CLASS, USE, e.range)?;
        }
        Ok(())
    }

    /// The number of the name, which code generation finds noted in the node.
    pub fn name_of(&mut self, e: &ExprName) -> NameId {
        let name = self.names.intern(&e.id);
        name.note_in(&e.node_index);
        name
    }

    fn lambda(&mut self, e: &'a ExprLambda) -> Result {
        if let Some(parameters) = &e.parameters {
            self.defaults(parameters)?;
        }
        self.enter_block(
            "lambda",
            ScopeKind::Function,
            Some(NodeKey::of(e)),
            e.range,
        )?;
        if let Some(parameters) = &e.parameters {
            self.parameters(parameters)?;
        }
        self.expr(&e.body)?;
        self.exit_block();
        Ok(())
    }

    fn yield_expr(&mut self, value: Option<&'a Expr>, loc: Loc) -> Result {
        self.refuse_in_annotation("yield expression", loc)?;
        self.opt_expr(value)?;
        self.cur_mut().is_generator = true;
        let kind = match self.cur().comprehension {
            None => return Ok(()),
            Some(CompKind::List) => "list comprehension",
            Some(CompKind::Set) => "set comprehension",
            Some(CompKind::Dict) => "dict comprehension",
            Some(CompKind::Generator) => "generator expression",
        };
        self.error(loc, format!("'yield' inside {kind}"))
    }

    fn await_expr(&mut self, e: &'a ExprAwait) -> Result {
        let loc = self.loc(e);
        self.refuse_in_annotation("await expression", loc)?;
        if !self.allows_top_level_await() {
            if !self.cur().is_function_like() {
                return self.error(loc, "'await' outside function");
            }
            if !self.in_async_function() && self.cur().comprehension.is_none() {
                return self.error(loc, "'await' outside async function");
            }
        }
        self.expr(&e.value)?;
        self.cur_mut().is_coroutine = true;
        Ok(())
    }

    fn refuse_in_annotation(&self, what: &str, loc: Loc) -> Result {
        let scope = self.cur();
        let place = match scope.kind {
            ScopeKind::Annotation => "an annotation",
            ScopeKind::TypeVariable => scope.scope_info.unwrap_or("a type variable"),
            ScopeKind::TypeAlias => "a type alias",
            ScopeKind::TypeParams => "the definition of a generic",
            ScopeKind::Module | ScopeKind::Class | ScopeKind::Function => return Ok(()),
        };
        self.error(loc, format!("{what} cannot be used within {place}"))
    }

    fn named_expr(&mut self, e: &'a ExprNamed) -> Result {
        let loc = self.loc(e);
        self.refuse_in_annotation("named expression", loc)?;
        if self.cur().comp_iter_expr > 0 {
            return self.error(
                loc,
                "assignment expression cannot be used in a comprehension iterable expression",
            );
        }
        if self.cur().comprehension.is_some()
            && let Expr::Name(target) = e.target.as_ref()
        {
            self.extend_named_expr_scope(target)?;
        }
        self.expr(&e.value)?;
        self.expr(&e.target)
    }

    /// The target of an assignment expression inside comprehensions belongs to the
    /// innermost block that is none (PEP 572).
    fn extend_named_expr_scope(&mut self, target: &'a ExprName) -> Result {
        let name = self.name_of(target);
        let range = target.range;
        for index in (0..self.stack.len()).rev() {
            let id = self.stack[index];
            let known = self.lookup_in(id, name);
            if self.scope(id).comprehension.is_some() {
                if known & DEF_COMP_ITER != 0 && known & DEF_LOCAL != 0 {
                    return self.error(
                        self.loc(target),
                        format!(
                            "assignment expression cannot rebind comprehension iteration \
                             variable '{}'",
                            target.id
                        ),
                    );
                }
                continue;
            }
            let place = match self.scope(id).kind {
                ScopeKind::Function => {
                    let def = if known & DEF_GLOBAL != 0 {
                        DEF_GLOBAL
                    } else {
                        DEF_NONLOCAL
                    };
                    self.add(name, def, range)?;
                    self.record_directive(name, self.loc(target));
                    return self.add_def_to(id, name, DEF_LOCAL, range);
                }
                ScopeKind::Module => {
                    self.add(name, DEF_GLOBAL, range)?;
                    self.record_directive(name, self.loc(target));
                    return self.add_def_to(id, name, DEF_GLOBAL, range);
                }
                // Named expressions in annotations are refused before; those in
                // comprehensions in annotations are looked up further out.
                ScopeKind::Annotation => continue,
                ScopeKind::Class => "in a class body",
                ScopeKind::TypeParams => "within the definition of a generic",
                ScopeKind::TypeAlias => "in a type alias",
                ScopeKind::TypeVariable => "in a TypeVar bound",
            };
            return self.error(
                self.loc(target),
                format!("assignment expression within a comprehension cannot be used {place}"),
            );
        }
        Ok(())
    }

    fn comprehension(&mut self, expr: &'a Expr) -> Result {
        let range = expr.range();
        let comp = match expr {
            Expr::ListComp(e) => Comp {
                kind: CompKind::List,
                key: NodeKey::of(e),
                range,
                generators: &e.generators,
                elt: &e.elt,
                value: None,
            },
            Expr::SetComp(e) => Comp {
                kind: CompKind::Set,
                key: NodeKey::of(e),
                range,
                generators: &e.generators,
                elt: &e.elt,
                value: None,
            },
            Expr::Generator(e) => Comp {
                kind: CompKind::Generator,
                key: NodeKey::of(e),
                range,
                generators: &e.generators,
                elt: &e.elt,
                value: None,
            },
            Expr::DictComp(e) => Comp {
                kind: CompKind::Dict,
                key: NodeKey::of(e),
                range,
                generators: &e.generators,
                elt: e.key.as_deref().unwrap_or(&e.value),
                value: e.key.is_some().then_some(&e.value),
            },
            _ => return Ok(()),
        };
        self.handle_comprehension(&comp)
    }

    fn handle_comprehension(&mut self, comp: &Comp<'a>) -> Result {
        let Some((outermost, inner)) = comp.generators.split_first() else {
            return self.error(self.source.loc(comp.range), "invalid syntax");
        };
        // The outermost iterable is evaluated in the block around.
        self.iterable(&outermost.iter)?;
        let name = match comp.kind {
            CompKind::List => "listcomp",
            CompKind::Set => "setcomp",
            CompKind::Dict => "dictcomp",
            CompKind::Generator => "genexpr",
        };
        self.enter_block(name, ScopeKind::Function, Some(comp.key), comp.range)?;
        self.cur_mut().comprehension = Some(comp.kind);
        self.cur_mut().is_coroutine = outermost.is_async;
        self.add(NameId::COMPREHENSION_ITER, DEF_PARAM, comp.range)?;
        self.target(&outermost.target)?;
        self.exprs(&outermost.ifs)?;
        for generator in inner {
            self.target(&generator.target)?;
            self.iterable(&generator.iter)?;
            self.exprs(&generator.ifs)?;
            if generator.is_async {
                self.cur_mut().is_coroutine = true;
            }
        }
        self.opt_expr(comp.value)?;
        self.expr(comp.elt)?;
        let is_generator = comp.kind == CompKind::Generator;
        self.cur_mut().is_generator = is_generator;
        let is_async = self.cur().is_coroutine && !is_generator;
        self.exit_block();
        if is_async {
            if !self.in_async_function()
                && self.cur().comprehension.is_none()
                && !self.allows_top_level_await()
            {
                return self.error(
                    self.source.loc(comp.range),
                    "asynchronous comprehension outside of an asynchronous function",
                );
            }
            self.cur_mut().is_coroutine = true;
        }
        Ok(())
    }

    fn target(&mut self, target: &'a Expr) -> Result {
        self.cur_mut().comp_iter_target = true;
        self.expr(target)?;
        self.cur_mut().comp_iter_target = false;
        Ok(())
    }

    fn iterable(&mut self, iter: &'a Expr) -> Result {
        self.cur_mut().comp_iter_expr += 1;
        self.expr(iter)?;
        self.cur_mut().comp_iter_expr -= 1;
        Ok(())
    }
}
