//! Calls: of functions, of methods, of `super()`, and of builtins that consume a
//! generator expression.

use ruff_python_ast::{
    CmpOp, Expr, ExprAttribute, ExprCall, ExprContext, ExprGenerator, ExprName, Keyword,
};
use tailscope_bytecode::code::Const;
use tailscope_bytecode::oparg::{CommonConstant, Intrinsic1};
use tailscope_bytecode::opcode::Opcode;

use super::collection::Builder;
use super::expr::attr_loc;
use super::names::NameOp;
use super::{Codegen, Result, STACK_USE_GUIDELINE};
use crate::instr::{Label, Loc};
use crate::names::NameId;
use crate::symtable::{DEF_IMPORT, NodeKey, SymScope, Symbol};

impl<'a> Codegen<'a> {
    pub(super) fn call(&mut self, loc: Loc, e: &'a ExprCall) -> Result<()> {
        let (args, keywords) = (&e.arguments.args[..], &e.arguments.keywords[..]);
        self.check_keywords(keywords)?;
        if let Expr::Attribute(method) = &*e.func
            && self.is_optimizable_method(method, e)
        {
            return self.method_call(loc, method, e);
        }
        let end = self.new_label();
        self.check_caller(&e.func);
        self.visit_expr(&e.func)?;
        if let (Expr::Name(function), [Expr::Generator(generator)], []) = (&*e.func, args, keywords)
        {
            self.consume_generator(function, generator, &args[0], end)?;
        }
        let func_loc = self.loc(&*e.func);
        self.emit(func_loc, Opcode::PUSH_NULL);
        self.call_helper(loc, 0, args, None, keywords)?;
        self.place(end);
        Ok(())
    }

    fn check_keywords(&self, keywords: &[Keyword]) -> Result<()> {
        for (i, key) in keywords.iter().enumerate() {
            let Some(name) = &key.arg else { continue };
            let same = |other: &&Keyword| other.arg.as_ref().is_some_and(|a| a.id == name.id);
            if let Some(other) = keywords[i + 1..].iter().find(same) {
                let loc = self.loc(other);
                return self.error(loc, format!("keyword argument repeated: {name}"));
            }
        }
        Ok(())
    }

    /// Emits the call of what is on the stack, with `pushed` arguments above it already.
    pub(super) fn call_helper(
        &mut self,
        loc: Loc,
        pushed: u32,
        args: &'a [Expr],
        injected: Option<&str>,
        keywords: &'a [Keyword],
    ) -> Result<()> {
        self.check_keywords(keywords)?;
        let unpacks = args.iter().any(Expr::is_starred_expr)
            || keywords.iter().any(|k| k.arg.is_none())
            || args.len() + keywords.len() * 2 > STACK_USE_GUIDELINE;
        if unpacks {
            return self.call_ex(loc, pushed, args, injected, keywords);
        }
        self.visit_exprs(args)?;
        let mut count = pushed + args.len() as u32;
        if let Some(name) = injected {
            self.nameop(loc, name, ExprContext::Load);
            count += 1;
        }
        if keywords.is_empty() {
            self.emit_i(loc, Opcode::CALL, count);
        } else {
            self.keyword_arguments(loc, keywords)?;
            self.emit_i(loc, Opcode::CALL_KW, count + keywords.len() as u32);
        }
        Ok(())
    }

    /// Puts the values of keyword arguments on the stack, and a tuple of their names.
    fn keyword_arguments(&mut self, loc: Loc, keywords: &'a [Keyword]) -> Result<()> {
        keywords
            .iter()
            .try_for_each(|k| self.visit_expr(&k.value))?;
        let names = keywords.iter().filter_map(|k| k.arg.as_ref());
        let names = names.map(|name| Const::Str(name.as_str().into())).collect();
        self.emit_const(loc, Const::Tuple(names));
        Ok(())
    }

    /// Emits a call with a tuple of positional and a dict of keyword arguments.
    fn call_ex(
        &mut self,
        loc: Loc,
        pushed: u32,
        args: &'a [Expr],
        injected: Option<&str>,
        keywords: &'a [Keyword],
    ) -> Result<()> {
        match args {
            [Expr::Starred(only)] if pushed == 0 => self.visit_expr(&only.value)?,
            _ => self.build_sequence(loc, args, injected, pushed, Builder::TUPLE)?,
        }
        let mut have_dict = false;
        let mut run = 0;
        for (i, keyword) in keywords.iter().enumerate() {
            if keyword.arg.is_some() {
                run += 1;
                continue;
            }
            if run > 0 {
                self.keyword_run(loc, &keywords[i - run..i], &mut have_dict)?;
                run = 0;
            }
            if !have_dict {
                self.emit_i(loc, Opcode::BUILD_MAP, 0);
                have_dict = true;
            }
            self.visit_expr(&keyword.value)?;
            self.emit_i(loc, Opcode::DICT_MERGE, 1);
        }
        if run > 0 {
            self.keyword_run(loc, &keywords[keywords.len() - run..], &mut have_dict)?;
        }
        if keywords.is_empty() {
            self.emit(loc, Opcode::PUSH_NULL);
        }
        self.emit(loc, Opcode::CALL_FUNCTION_EX);
        Ok(())
    }

    /// Builds a dict of keyword arguments, and merges it into the dict on the stack, if any.
    fn keyword_run(
        &mut self,
        loc: Loc,
        keywords: &'a [Keyword],
        have_dict: &mut bool,
    ) -> Result<()> {
        let big = keywords.len() * 2 > STACK_USE_GUIDELINE;
        if big {
            self.emit_i(Loc::NONE, Opcode::BUILD_MAP, 0);
        }
        for keyword in keywords {
            if let Some(name) = &keyword.arg {
                self.emit_str(loc, name);
            }
            self.visit_expr(&keyword.value)?;
            if big {
                self.emit_i(Loc::NONE, Opcode::MAP_ADD, 1);
            }
        }
        if !big {
            self.emit_i(loc, Opcode::BUILD_MAP, keywords.len() as u32);
        }
        if *have_dict {
            self.emit_i(loc, Opcode::DICT_MERGE, 1);
        }
        *have_dict = true;
        Ok(())
    }
}

/// Method calls and `super()`.
impl<'a> Codegen<'a> {
    /// Whether a call of an attribute can load a method without binding it.
    fn is_optimizable_method(&mut self, method: &ExprAttribute, e: &ExprCall) -> bool {
        let (args, keywords) = (&e.arguments.args, &e.arguments.keywords);
        let size = args.len() + keywords.len() + usize::from(!keywords.is_empty());
        method.ctx == ExprContext::Load
            && !self.is_imported(&method.value)
            && size < STACK_USE_GUIDELINE
            && !args.iter().any(Expr::is_starred_expr)
            && keywords.iter().all(|k| k.arg.is_some())
    }

    /// Whether `e` is a name that the module binds by an import: then its attributes are
    /// most likely functions, not methods.
    fn is_imported(&mut self, e: &Expr) -> bool {
        let Expr::Name(name) = e else { return false };
        let name = self.name_of(name);
        self.top_symbol(name).flags & DEF_IMPORT != 0
    }

    /// What is known of a name in the module's scope.
    fn top_symbol(&self, name: NameId) -> Symbol {
        self.stack.first().unwrap_or(&self.unit).symbol(name)
    }

    fn method_call(&mut self, loc: Loc, method: &'a ExprAttribute, e: &'a ExprCall) -> Result<()> {
        let (args, keywords) = (&e.arguments.args[..], &e.arguments.keywords[..]);
        let whole = self.loc(method);
        let mut method_loc = whole;
        if let Some(call) = self.optimizable_super(method) {
            self.load_super_args(call)?;
            let op = if call.arguments.args.is_empty() {
                NameOp::LoadZeroSuperMethod
            } else {
                NameOp::LoadSuperMethod
            };
            self.emit_name(method_loc, op, &method.attr);
            method_loc = attr_loc(whole, whole, method);
            self.emit(method_loc, Opcode::NOP);
        } else {
            self.visit_expr(&method.value)?;
            method_loc = attr_loc(whole, whole, method);
            self.emit_name(method_loc, NameOp::LoadMethod, &method.attr);
        }
        self.visit_exprs(args)?;
        let loc = attr_loc(loc, whole, method);
        let count = (args.len() + keywords.len()) as u32;
        if keywords.is_empty() {
            self.emit_i(loc, Opcode::CALL, count);
        } else {
            self.keyword_arguments(method_loc, keywords)?;
            self.emit_i(loc, Opcode::CALL_KW, count);
        }
        Ok(())
    }

    /// The `super()` call in `super().attr`, where LOAD_SUPER_ATTR can stand for both.
    pub(super) fn optimizable_super(&self, attr: &'a ExprAttribute) -> Option<&'a ExprCall> {
        let Expr::Call(call) = &*attr.value else {
            return None;
        };
        let Expr::Name(function) = &*call.func else {
            return None;
        };
        if function.id.as_str() != "super"
            || attr.attr.as_str() == "__class__"
            || !call.arguments.keywords.is_empty()
        {
            return None;
        }
        // The name must not be shadowed in any way that shows in the source.
        if self.unit.scope_of(NameId::SUPER) != SymScope::GlobalImplicit
            || self.top_symbol(NameId::SUPER).scope != SymScope::Unknown
        {
            return None;
        }
        let args = &call.arguments.args;
        let usable = match args.len() {
            2 => !args.iter().any(Expr::is_starred_expr),
            0 => {
                self.unit.args.positional + self.unit.args.posonly > 0
                    && self.unit.scope_of(NameId::CLASS) == SymScope::Free
            }
            _ => false,
        };
        usable.then_some(call)
    }

    /// Puts `super`, the class and the object on the stack.
    pub(super) fn load_super_args(&mut self, call: &'a ExprCall) -> Result<()> {
        let func_loc = self.loc(&*call.func);
        self.name_access(func_loc, NameId::SUPER, ExprContext::Load);
        if let [class, object] = &*call.arguments.args {
            self.visit_expr(class)?;
            return self.visit_expr(object);
        }
        let loc = self.loc(call);
        self.name_access(loc, NameId::CLASS, ExprContext::Load);
        if let Some(first) = self.unit.varnames.first() {
            self.name_access(loc, first, ExprContext::Load);
        }
        Ok(())
    }
}

/// `all`, `any` and `tuple` of a generator expression.
impl<'a> Codegen<'a> {
    /// Emits, for a function on the stack that is named like one of those builtins, a check
    /// whether it is that builtin, and a loop that does what it would do.
    fn consume_generator(
        &mut self,
        function: &ExprName,
        generator: &ExprGenerator,
        argument: &'a Expr,
        end: Label,
    ) -> Result<()> {
        let scope = self.table.scope_for(NodeKey::of(generator));
        if self.table.scope(scope).is_coroutine {
            return Ok(());
        }
        let builtin = match function.id.as_str() {
            "all" => CommonConstant::All,
            "any" => CommonConstant::Any,
            "tuple" => CommonConstant::Tuple,
            _ => return Ok(()),
        };
        let loc = self.loc(function);
        let otherwise = self.new_label();
        self.emit_i(loc, Opcode::COPY, 1);
        self.emit_i(loc, Opcode::LOAD_COMMON_CONSTANT, builtin.oparg());
        self.emit_compare(loc, CmpOp::Is);
        self.emit_jump(loc, Opcode::POP_JUMP_IF_FALSE, otherwise);
        self.emit(loc, Opcode::POP_TOP);
        if builtin == CommonConstant::Tuple {
            self.emit_i(loc, Opcode::BUILD_LIST, 0);
        }
        self.visit_expr(argument)?;
        self.consume_loop(loc, builtin, end);
        self.place(otherwise);
        Ok(())
    }

    fn consume_loop(&mut self, loc: Loc, builtin: CommonConstant, end: Label) {
        // What goes on with the loop, the result where it stops early, and else.
        let (go_on, stopped, exhausted) = match builtin {
            CommonConstant::All => (Opcode::POP_JUMP_IF_TRUE, Const::False, Const::True),
            _ => (Opcode::POP_JUMP_IF_FALSE, Const::True, Const::False),
        };
        let is_tuple = builtin == CommonConstant::Tuple;
        let start = self.new_label();
        let cleanup = self.new_label();
        self.place(start);
        self.emit_jump(loc, Opcode::FOR_ITER, cleanup);
        if is_tuple {
            self.emit_i(loc, Opcode::LIST_APPEND, 2);
            self.emit_jump(loc, Opcode::JUMP, start);
        } else {
            self.emit(loc, Opcode::TO_BOOL);
            self.emit_jump(loc, go_on, start);
        }
        self.emit(Loc::NONE, Opcode::POP_ITER);
        if !is_tuple {
            self.emit_const(loc, stopped);
        }
        self.emit_jump(loc, Opcode::JUMP, end);

        self.place(cleanup);
        self.end_for();
        if is_tuple {
            self.emit_intrinsic1(loc, Intrinsic1::ListToTuple);
        } else {
            self.emit_const(loc, exhausted);
        }
        self.emit_jump(loc, Opcode::JUMP, end);
    }
}
