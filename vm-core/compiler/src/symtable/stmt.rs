//! The first pass over statements, patterns and definitions.

use ruff_python_ast::{
    Alias, ExceptHandler, Expr, ExprContext, Identifier, Keyword, Parameter, Parameters, Pattern,
    Stmt, StmtAnnAssign, StmtClassDef, StmtFor, StmtFunctionDef, StmtIf, StmtImportFrom, StmtTry,
    StmtTypeAlias, StmtWith, TypeParam, TypeParams,
};
use ruff_text_size::{Ranged, TextRange};

use super::build::{Blocks, Builder, Result};
use super::{
    DEF_ANNOT, DEF_GLOBAL, DEF_IMPORT, DEF_LOCAL, DEF_NONLOCAL, DEF_PARAM, DEF_TYPE_PARAM, NodeKey,
    ScopeId, ScopeKind, SymbolTable, USE,
};
use crate::instr::Loc;
use crate::names::NameId;
use crate::preprocess::docstring;

impl<'a> Builder<'a> {
    pub fn stmts(&mut self, body: &'a [Stmt]) -> Result {
        body.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    fn stmt(&mut self, stmt: &'a Stmt) -> Result {
        match stmt {
            Stmt::FunctionDef(s) => self.function_def(s),
            Stmt::ClassDef(s) => self.class_def(s),
            Stmt::TypeAlias(s) => self.type_alias(s),
            Stmt::Return(s) => {
                if let Some(value) = &s.value {
                    self.expr(value)?;
                    self.cur_mut().returns_value = true;
                }
                Ok(())
            }
            Stmt::Delete(s) => self.exprs(&s.targets),
            Stmt::Assign(s) => {
                self.exprs(&s.targets)?;
                self.expr(&s.value)
            }
            Stmt::AnnAssign(s) => self.ann_assign(s),
            Stmt::AugAssign(s) => {
                self.expr(&s.target)?;
                self.expr(&s.value)
            }
            Stmt::For(s) => self.for_loop(s),
            Stmt::While(s) => {
                self.expr(&s.test)?;
                self.conditionally(|b| {
                    b.stmts(&s.body)?;
                    b.stmts(&s.orelse)
                })
            }
            Stmt::If(s) => self.if_chain(s),
            Stmt::Match(s) => {
                self.expr(&s.subject)?;
                self.conditionally(|b| {
                    s.cases.iter().try_for_each(|case| {
                        b.pattern(&case.pattern)?;
                        b.opt_expr(case.guard.as_deref())?;
                        b.stmts(&case.body)
                    })
                })
            }
            Stmt::Raise(s) => {
                self.opt_expr(s.exc.as_deref())?;
                self.opt_expr(s.cause.as_deref())
            }
            Stmt::Try(s) => self.try_block(s),
            Stmt::Assert(s) => {
                self.expr(&s.test)?;
                self.opt_expr(s.msg.as_deref())
            }
            Stmt::Import(s) => s.names.iter().try_for_each(|a| self.alias(a)),
            Stmt::ImportFrom(s) => {
                s.names.iter().try_for_each(|a| self.alias(a))?;
                self.check_future_import(s)
            }
            Stmt::Global(s) => self.declare(&s.names, DEF_GLOBAL, "global", s.range),
            Stmt::Nonlocal(s) => self.declare(&s.names, DEF_NONLOCAL, "nonlocal", s.range),
            Stmt::Expr(s) => self.expr(&s.value),
            Stmt::With(s) => self.with_block(s),
            Stmt::Pass(_) | Stmt::Break(_) | Stmt::Continue(_) => Ok(()),
            Stmt::IpyEscapeCommand(s) => self.error(self.loc(s), "invalid syntax"),
        }
    }

    /// Walks statements that may not be executed: annotations among them are conditional.
    fn conditionally(&mut self, walk: impl FnOnce(&mut Self) -> Result) -> Result {
        let before = std::mem::replace(&mut self.cur_mut().in_conditional_block, true);
        walk(self)?;
        self.cur_mut().in_conditional_block = before;
        Ok(())
    }

    fn for_loop(&mut self, s: &'a StmtFor) -> Result {
        if s.is_async {
            self.require_async("'async for' outside async function", self.loc(s))?;
        }
        self.expr(&s.target)?;
        self.expr(&s.iter)?;
        self.conditionally(|b| {
            b.stmts(&s.body)?;
            b.stmts(&s.orelse)
        })
    }

    fn with_block(&mut self, s: &'a StmtWith) -> Result {
        if s.is_async {
            self.require_async("'async with' outside async function", self.loc(s))?;
        }
        self.conditionally(|b| {
            for item in &s.items {
                b.expr(&item.context_expr)?;
                b.opt_expr(item.optional_vars.as_deref())?;
            }
            b.stmts(&s.body)
        })
    }

    fn require_async(&mut self, msg: &str, loc: Loc) -> Result {
        if self.allows_top_level_await() {
            self.cur_mut().is_coroutine = true;
        }
        if self.cur().is_coroutine {
            Ok(())
        } else {
            self.error(loc, msg)
        }
    }

    fn if_chain(&mut self, s: &'a StmtIf) -> Result {
        self.expr(&s.test)?;
        self.conditionally(|b| {
            b.stmts(&s.body)?;
            s.elif_else_clauses.iter().try_for_each(|clause| {
                b.opt_expr(clause.test.as_ref())?;
                b.stmts(&clause.body)
            })
        })
    }

    fn try_block(&mut self, s: &'a StmtTry) -> Result {
        self.conditionally(|b| {
            b.stmts(&s.body)?;
            for handler in &s.handlers {
                let ExceptHandler::ExceptHandler(h) = handler;
                b.opt_expr(h.type_.as_deref())?;
                if let Some(name) = &h.name {
                    b.add_def(name, DEF_LOCAL, h.range)?;
                }
                b.stmts(&h.body)?;
            }
            b.stmts(&s.orelse)?;
            b.stmts(&s.finalbody)
        })
    }

    fn function_def(&mut self, s: &'a StmtFunctionDef) -> Result {
        let range = s.range;
        self.add_def(&s.name, DEF_LOCAL, range)?;
        self.defaults(&s.parameters)?;
        s.decorator_list
            .iter()
            .try_for_each(|d| self.expr(&d.expression))?;
        if let Some(params) = &s.type_params {
            let kwdefaults = s.parameters.kwonlyargs.iter().any(|p| p.default.is_some());
            self.enter_type_params(&s.name, params, range)?;
            // CPython's parser always gives a list of defaults, if an empty one.
            self.add_def(".defaults", DEF_PARAM, range)?;
            if kwdefaults {
                self.add_def(".kwdefaults", DEF_PARAM, range)?;
            }
            self.type_params(params)?;
        }
        let body = self.new_block(&s.name, ScopeKind::Function, Some(NodeKey::of(s)), range);
        self.scope_mut(body).has_docstring = docstring(&s.body).is_some();
        self.function_annotations(s, range)?;
        self.enter_existing(body, true);
        self.cur_mut().is_coroutine = s.is_async;
        self.parameters(&s.parameters)?;
        self.stmts(&s.body)?;
        self.exit_block();
        if s.type_params.is_some() {
            self.exit_block();
        }
        Ok(())
    }

    /// Default values, which belong to the block around the function.
    pub fn defaults(&mut self, parameters: &'a Parameters) -> Result {
        let positional = parameters.posonlyargs.iter().chain(&parameters.args);
        positional
            .chain(&parameters.kwonlyargs)
            .try_for_each(|p| self.opt_expr(p.default.as_deref()))
    }

    /// Parameters in the order of the fast locals.
    pub fn parameters(&mut self, parameters: &'a Parameters) -> Result {
        let named = parameters.posonlyargs.iter().chain(&parameters.args);
        for p in named.chain(&parameters.kwonlyargs) {
            self.add_def(&p.parameter.name, DEF_PARAM, p.parameter.range)?;
        }
        if let Some(p) = &parameters.vararg {
            self.add_def(&p.name, DEF_PARAM, p.range)?;
            self.cur_mut().has_varargs = true;
        }
        if let Some(p) = &parameters.kwarg {
            self.add_def(&p.name, DEF_PARAM, p.range)?;
            self.cur_mut().has_varkeywords = true;
        }
        Ok(())
    }

    fn function_annotations(&mut self, s: &'a StmtFunctionDef, range: TextRange) -> Result {
        let p = &s.parameters;
        let in_class = self.cur().kind == ScopeKind::Class;
        let sees_class = self.cur().can_see_class_scope || in_class;
        if self.blocks == Blocks::Needed && !self.cur().can_see_class_scope && !is_annotated(s) {
            if in_class && !self.future.annotations() {
                let scope = self.cur_mut();
                scope.bare_method.get_or_insert(scope.children.len() as u32);
            }
            return Ok(());
        }
        self.enter_block(
            "__annotate__",
            ScopeKind::Annotation,
            Some(NodeKey::annotations(p)),
            range,
        )?;
        if sees_class {
            self.cur_mut().can_see_class_scope = true;
            self.add(NameId::CLASSDICT, USE, range)?;
        }
        for param in p.posonlyargs.iter().chain(&p.args) {
            self.parameter_annotation(&param.parameter)?;
        }
        for param in [&p.vararg, &p.kwarg].into_iter().flatten() {
            self.parameter_annotation(param)?;
        }
        for param in &p.kwonlyargs {
            self.parameter_annotation(&param.parameter)?;
        }
        if let Some(returns) = &s.returns {
            self.cur_mut().annotations_used = true;
            self.expr(returns)?;
        }
        self.exit_block();
        Ok(())
    }

    fn parameter_annotation(&mut self, parameter: &'a Parameter) -> Result {
        match &parameter.annotation {
            Some(annotation) => {
                self.cur_mut().annotations_used = true;
                self.expr(annotation)
            }
            None => Ok(()),
        }
    }

    fn class_def(&mut self, s: &'a StmtClassDef) -> Result {
        let range = s.range;
        self.add_def(&s.name, DEF_LOCAL, range)?;
        s.decorator_list
            .iter()
            .try_for_each(|d| self.expr(&d.expression))?;
        let outer_private = self.private;
        if let Some(params) = &s.type_params {
            self.enter_type_params(&s.name, params, range)?;
            // Set when the tuple of type parameters is made, used for the bases.
            self.add_def(".type_params", DEF_LOCAL, range)?;
            self.add_def(".type_params", USE, range)?;
            self.add_def(".generic_base", DEF_LOCAL, range)?;
            self.add_def(".generic_base", USE, range)?;
            self.private = Some(&s.name);
            self.cur_mut().mangled_in = Some(self.cur_id());
            self.type_params(params)?;
        }
        self.exprs(s.bases())?;
        self.keywords(s.keywords())?;
        self.enter_block(&s.name, ScopeKind::Class, Some(NodeKey::of(s)), range)?;
        self.private = Some(&s.name);
        if s.type_params.is_some() {
            self.add_def("__type_params__", DEF_LOCAL, range)?;
            self.add_def(".type_params", USE, range)?;
        }
        self.cur_mut().has_docstring = docstring(&s.body).is_some();
        self.stmts(&s.body)?;
        self.exit_block();
        if s.type_params.is_some() {
            self.exit_block();
        }
        self.private = outer_private;
        Ok(())
    }

    pub fn keywords(&mut self, keywords: &'a [Keyword]) -> Result {
        for keyword in keywords {
            if let Some(name) = &keyword.arg {
                self.check_name(name, keyword.range, ExprContext::Store)?;
            }
        }
        keywords.iter().try_for_each(|k| self.expr(&k.value))
    }

    fn type_alias(&mut self, s: &'a StmtTypeAlias) -> Result {
        self.expr(&s.name)?;
        let Expr::Name(name) = s.name.as_ref() else {
            return self.error(self.loc(s), "invalid syntax");
        };
        let in_class = self.cur().kind == ScopeKind::Class;
        let range = s.range;
        if let Some(params) = &s.type_params {
            self.enter_type_params(&name.id, params, range)?;
            self.type_params(params)?;
        }
        self.enter_block(&name.id, ScopeKind::TypeAlias, Some(NodeKey::of(s)), range)?;
        self.cur_mut().can_see_class_scope = in_class;
        if in_class {
            self.add(NameId::CLASSDICT, USE, s.value.range())?;
        }
        self.expr(&s.value)?;
        self.exit_block();
        if s.type_params.is_some() {
            self.exit_block();
        }
        Ok(())
    }

    fn enter_type_params(&mut self, name: &str, params: &TypeParams, range: TextRange) -> Result {
        let in_class = self.cur().kind == ScopeKind::Class;
        self.enter_block(
            name,
            ScopeKind::TypeParams,
            Some(NodeKey::type_params(params)),
            range,
        )?;
        if in_class {
            self.cur_mut().can_see_class_scope = true;
            self.add(NameId::CLASSDICT, USE, range)?;
        }
        Ok(())
    }

    fn type_params(&mut self, params: &'a TypeParams) -> Result {
        params.iter().try_for_each(|p| self.type_param(p))
    }

    fn type_param(&mut self, param: &'a TypeParam) -> Result {
        self.add_def(param.name(), DEF_TYPE_PARAM | DEF_LOCAL, param.range())?;
        let default_info = match param {
            TypeParam::TypeVar(_) => "a TypeVar default",
            TypeParam::TypeVarTuple(_) => "a TypeVarTuple default",
            TypeParam::ParamSpec(_) => "a ParamSpec default",
        };
        if let TypeParam::TypeVar(var) = param {
            let info = match var.bound.as_deref() {
                Some(Expr::Tuple(_)) => "a TypeVar constraint",
                _ => "a TypeVar bound",
            };
            self.type_variable(var.bound.as_deref(), param, NodeKey::bound(var), info)?;
        }
        self.type_variable(
            param.default(),
            param,
            NodeKey::default_of(param),
            default_info,
        )
    }

    /// The block of a type parameter's bound or default.
    fn type_variable(
        &mut self,
        value: Option<&'a Expr>,
        param: &TypeParam,
        key: NodeKey,
        info: &'static str,
    ) -> Result {
        let name = param.name();
        if name.as_str() == "__classdict__" {
            let msg = format!("reserved name '{name}' cannot be used for type parameter");
            return self.error(self.loc(param), msg);
        }
        let Some(value) = value else { return Ok(()) };
        let in_class = self.cur().can_see_class_scope;
        let range = value.range();
        self.enter_block(name, ScopeKind::TypeVariable, Some(key), range)?;
        self.cur_mut().can_see_class_scope = in_class;
        if in_class {
            self.add(NameId::CLASSDICT, USE, range)?;
        }
        self.cur_mut().scope_info = Some(info);
        self.expr(value)?;
        self.exit_block();
        Ok(())
    }

    fn ann_assign(&mut self, s: &'a StmtAnnAssign) -> Result {
        self.cur_mut().annotations_used = true;
        if let Expr::Name(target) = s.target.as_ref() {
            let name = self.name_of(target);
            let known = self.lookup_in(self.cur_id(), name);
            if known & (DEF_GLOBAL | DEF_NONLOCAL) != 0
                && self.cur_id() != SymbolTable::TOP
                && s.simple
            {
                let what = if known & DEF_GLOBAL != 0 {
                    "global"
                } else {
                    "nonlocal"
                };
                let msg = format!("annotated name '{}' can't be {what}", target.id);
                return self.error(self.loc(s), msg);
            }
            if s.simple {
                self.add(name, DEF_ANNOT | DEF_LOCAL, target.range)?;
            } else if s.value.is_some() {
                self.add(name, DEF_LOCAL, target.range)?;
            }
        } else {
            self.expr(&s.target)?;
        }
        self.variable_annotation(&s.annotation)?;
        self.opt_expr(s.value.as_deref())
    }

    /// The annotation of a variable. Those of one class or module share a block.
    fn variable_annotation(&mut self, annotation: &'a Expr) -> Result {
        let range = annotation.range();
        let parent = self.cur_id();
        let scope = self.cur();
        let kind = scope.kind;
        // Those of functions are never evaluated.
        let unevaluated = kind == ScopeKind::Function;
        // A module may be executed in part only.
        let conditional =
            kind == ScopeKind::Module || (kind == ScopeKind::Class && scope.in_conditional_block);
        if conditional && !scope.has_conditional_annotations {
            self.cur_mut().has_conditional_annotations = true;
            self.add(NameId::CONDITIONAL_ANNOTATIONS, USE, range)?;
        }
        match self.scope(parent).annotation_block {
            Some(block) => self.enter_existing(block, false),
            None => self.enter_annotation_block(parent, range)?,
        }
        if unevaluated {
            self.cur_mut().in_unevaluated_annotation = true;
        }
        self.expr(annotation)?;
        if unevaluated {
            self.cur_mut().in_unevaluated_annotation = false;
        }
        self.exit_block();
        Ok(())
    }

    fn enter_annotation_block(&mut self, parent: ScopeId, range: TextRange) -> Result {
        self.enter_block("__annotate__", ScopeKind::Annotation, None, range)?;
        let block = self.cur_id();
        self.scope_mut(parent).annotation_block = Some(block);
        if self.scope(parent).kind == ScopeKind::Class && !self.future.annotations() {
            self.cur_mut().can_see_class_scope = true;
            self.scope_mut(parent).needs_classdict = true;
            self.add(NameId::CLASSDICT, USE, range)?;
        }
        Ok(())
    }

    fn declare(&mut self, names: &'a [Identifier], def: u32, word: &str, range: TextRange) -> Result {
        let loc = self.source.loc(range);
        for name in names {
            let id = self.names.intern(name);
            let known = self.lookup_in(self.cur_id(), id);
            let problem = if known & DEF_PARAM != 0 {
                Some(format!("name '{name}' is parameter and {word}"))
            } else if known & USE != 0 {
                Some(format!("name '{name}' is used prior to {word} declaration"))
            } else if known & DEF_ANNOT != 0 {
                Some(format!("annotated name '{name}' can't be {word}"))
            } else if known & DEF_LOCAL != 0 {
                Some(format!(
                    "name '{name}' is assigned to before {word} declaration"
                ))
            } else {
                None
            };
            if let Some(msg) = problem {
                return self.error(loc, msg);
            }
            self.add(id, def, range)?;
            self.record_directive(id, loc);
        }
        Ok(())
    }

    fn alias(&mut self, alias: &'a Alias) -> Result {
        if alias.name.as_str() == "*" {
            return match self.cur().kind {
                ScopeKind::Module => Ok(()),
                _ => self.error(self.loc(alias), "import * only allowed at module level"),
            };
        }
        let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
        let bound = name.split_once('.').map_or(name, |(head, _)| head);
        self.add_def(bound, DEF_IMPORT, alias.range)
    }

    fn check_future_import(&mut self, s: &'a StmtImportFrom) -> Result {
        let last = self.future.loc;
        let loc = self.loc(s);
        if s.level == 0
            && s.module.as_deref() == Some("__future__")
            && (loc.line > last.line || (loc.line == last.end_line && loc.col > last.end_col))
        {
            return self.error(
                loc,
                "from __future__ imports must occur at the beginning of the file",
            );
        }
        Ok(())
    }

    fn pattern(&mut self, pattern: &'a Pattern) -> Result {
        match pattern {
            Pattern::MatchValue(p) => self.expr(&p.value),
            Pattern::MatchSingleton(_) => Ok(()),
            Pattern::MatchSequence(p) => self.patterns(&p.patterns),
            Pattern::MatchStar(p) => self.capture(p.name.as_ref(), p),
            Pattern::MatchMapping(p) => {
                self.exprs(&p.keys)?;
                self.patterns(&p.patterns)?;
                self.capture(p.rest.as_ref(), p)
            }
            Pattern::MatchClass(p) => {
                self.expr(&p.cls)?;
                self.patterns(&p.arguments.patterns)?;
                for keyword in &p.arguments.keywords {
                    self.check_name(&keyword.attr, keyword.pattern.range(), ExprContext::Store)?;
                }
                p.arguments
                    .keywords
                    .iter()
                    .try_for_each(|k| self.pattern(&k.pattern))
            }
            Pattern::MatchAs(p) => {
                if let Some(inner) = &p.pattern {
                    self.pattern(inner)?;
                }
                self.capture(p.name.as_ref(), p)
            }
            Pattern::MatchOr(p) => self.patterns(&p.patterns),
        }
    }

    fn patterns(&mut self, patterns: &'a [Pattern]) -> Result {
        patterns.iter().try_for_each(|p| self.pattern(p))
    }

    fn capture(&mut self, name: Option<&'a Identifier>, pattern: &impl Ranged) -> Result {
        match name {
            Some(name) => self.add_def(name, DEF_LOCAL, pattern.range()),
            None => Ok(()),
        }
    }
}

/// Whether a function has annotations of its own.
fn is_annotated(s: &StmtFunctionDef) -> bool {
    s.returns.is_some() || s.parameters.iter().any(|parameter| parameter.annotation().is_some())
}
