//! Positions of nodes as CPython's parser gives them, where ruff's differ.
//!
//! | node | ruff | CPython |
//! |---|---|---|
//! | decorated function or class | from the first `@` | from `def`, `async` or `class` |
//! | generator expression as only argument | without the parentheses of the call | with them |
//! | `*args` and `**kwargs` | with the stars | without them |
//! | compound statement whose last line ends with `;` | without it | with it |

use std::cell::{Cell, RefCell};

use ruff_python_ast::visitor::transformer::{self, Transformer};
use ruff_python_ast::{
    Decorator, ElifElseClause, ExceptHandler, Expr, InterpolatedStringElement, MatchCase, Mod,
    Parameters, Pattern, Stmt,
};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::format::is_formatting;

/// Native stack that must be left before a node is entered, and what is added when it is
/// not. A frame of the walk takes far less.
const RED_ZONE: usize = 64 * 1024;
const STACK_CHUNK: usize = 1024 * 1024;
/// Levels of nesting for which the red zone is large enough: the stack is looked at once in so many.
const UNCHECKED_LEVELS: usize = if cfg!(debug_assertions) { 1 } else { 16 };

/// What a walk over the tree has found.
pub(crate) struct Findings {
    /// How deep the tree is, in nested statements and expressions.
    pub depth: usize,
    /// Where there is something that preprocessing rewrites, or warns of, without being asked to
    /// optimize, in order: `__debug__`, `'...' % (...)`, a `finally` clause.
    pub rewritable: Vec<TextSize>,
    /// Whether there is something that ruff's parser takes and CPython's does not: a pattern `_.name` or
    /// `_(...)`, of which CPython takes the `_` for the whole and minds what follows; an `else` of a
    /// `try` that catches nothing.
    pub is_doubtful: bool,
}

/// Where a walk may leave simple statements out.
pub(crate) struct Shallow<'a> {
    /// What stands at these places, in order, is to be visited: `for`, `lambda`, `%` and `__debug__`.
    pub places: &'a [TextSize],
    /// Without such a place, no simple statement is deeper.
    pub depth: usize,
}

/// Makes positions CPython's. What is deeper than `max_depth` is not visited. With `shallow`, the depth that is
/// found is that of the tree, or more.
pub(crate) fn normalize(module: &mut Mod, text: &str, max_depth: usize, shallow: Option<Shallow<'_>>) -> Findings {
    let positions = Positions {
        text,
        max_depth,
        shallow_depth: shallow.as_ref().map(|shallow| shallow.depth),
        places: Cell::new(shallow.map_or(&[], |shallow| shallow.places)),
        depth: Cell::new(0),
        deepest: Cell::new(0),
        rewritable: RefCell::default(),
        is_doubtful: Cell::new(false),
    };
    match module {
        Mod::Module(m) => positions.visit_body(&mut m.body),
        Mod::Expression(m) => positions.visit_expr(&mut m.body),
    }
    let mut rewritable = positions.rewritable.into_inner();
    rewritable.sort_unstable();
    Findings {
        depth: positions.deepest.get(),
        rewritable,
        is_doubtful: positions.is_doubtful.get(),
    }
}

/// Whether it is `_`, or an attribute of that.
fn begins_with_wildcard(mut expr: &Expr) -> bool {
    while let Expr::Attribute(attribute) = expr {
        expr = &attribute.value;
    }
    expr.as_name_expr().is_some_and(|name| name.id == "_")
}

struct Positions<'a> {
    text: &'a str,
    max_depth: usize,
    /// If there are statements that need not be visited.
    shallow_depth: Option<usize>,
    /// Of places that have to be, those that were not passed.
    places: Cell<&'a [TextSize]>,
    depth: Cell<usize>,
    deepest: Cell<usize>,
    rewritable: RefCell<Vec<TextSize>>,
    is_doubtful: Cell<bool>,
}

impl Positions<'_> {
    #[inline(always)]
    fn nested(&self, walk: impl FnOnce()) {
        let depth = self.depth.get() + 1;
        self.deepest.set(self.deepest.get().max(depth));
        if depth <= self.max_depth {
            self.depth.set(depth);
            if depth.is_multiple_of(UNCHECKED_LEVELS) {
                stacker::maybe_grow(RED_ZONE, STACK_CHUNK, walk);
            } else {
                walk();
            }
            self.depth.set(depth - 1);
        }
    }

    /// Whether a simple statement need not be visited.
    #[inline]
    fn passes_over(&self, stmt: &impl Ranged) -> bool {
        let Some(depth) = self.shallow_depth else { return false };
        let (start, end) = (stmt.start(), stmt.end());
        let mut places = self.places.get();
        while let [first, rest @ ..] = places
            && *first < start
        {
            places = rest;
        }
        self.places.set(places);
        if places.first().is_some_and(|&place| place < end) {
            return false;
        }
        self.deepest.set(self.deepest.get().max(self.depth.get() + 1 + depth));
        true
    }

    /// An expression in which nothing is nested.
    #[inline(always)]
    fn count_leaf(&self) {
        self.deepest.set(self.deepest.get().max(self.depth.get() + 1));
    }

    #[inline]
    fn note_rewritable(&self, rewritable: bool, node: &impl Ranged) {
        if rewritable {
            self.rewritable.borrow_mut().push(node.start());
        }
    }

    /// `range` with the semicolon after it, if one follows.
    fn with_semicolon(&self, range: TextRange) -> TextRange {
        let mut bytes = self.text.as_bytes()[usize::from(range.end())..].iter();
        let mut length = 1;
        let semicolon = loop {
            match bytes.next() {
                Some(b' ' | b'\t' | 0x0c) => {}
                Some(b'\\') if bytes.as_slice().first() == Some(&b'\n') => {
                    bytes.next();
                    length += 1;
                }
                other => break other == Some(&b';'),
            }
            length += 1;
        };
        if semicolon {
            range.add_end(TextSize::new(length))
        } else {
            range
        }
    }

    fn without_decorators(&self, range: TextRange, decorators: &[Decorator]) -> TextRange {
        match decorators.last() {
            // In a tree with errors nothing may follow.
            Some(last) => TextRange::new(self.next_code(last.end()).min(range.end()), range.end()),
            None => range,
        }
    }

    /// The first byte at or after `offset` that is neither blank nor in a comment.
    fn next_code(&self, offset: TextSize) -> TextSize {
        let mut comment = false;
        let from = usize::from(offset);
        for (i, b) in self.text.as_bytes()[from..].iter().enumerate() {
            match b {
                b'\n' => comment = false,
                _ if comment => {}
                b'#' => comment = true,
                // A continuation may stand between the decorator and its line end.
                b' ' | b'\t' | 0x0c | b'\\' => {}
                _ => return offset + TextSize::new(i as u32),
            }
        }
        offset
    }
}

/// Whether nothing is inside of an expression that has a position.
pub(super) fn is_leaf(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Name(_)
            | Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::IpyEscapeCommand(_)
    )
}

impl Transformer for Positions<'_> {
    fn visit_stmt(&self, stmt: &mut Stmt) {
        let range = match stmt {
            Stmt::FunctionDef(s) => {
                s.range = self.without_decorators(s.range, &s.decorator_list);
                Some(&mut s.range)
            }
            Stmt::ClassDef(s) => {
                s.range = self.without_decorators(s.range, &s.decorator_list);
                Some(&mut s.range)
            }
            Stmt::If(s) => Some(&mut s.range),
            Stmt::For(s) => Some(&mut s.range),
            Stmt::While(s) => Some(&mut s.range),
            Stmt::Try(s) => {
                self.note_rewritable(!s.finalbody.is_empty(), s);
                if s.handlers.is_empty() && !s.orelse.is_empty() {
                    self.is_doubtful.set(true);
                }
                Some(&mut s.range)
            }
            Stmt::With(s) => Some(&mut s.range),
            Stmt::Match(s) => Some(&mut s.range),
            Stmt::Expr(s) if self.passes_over(s) => return,
            Stmt::Expr(s) => return self.nested(|| self.visit_expr(&mut s.value)),
            Stmt::Assign(s) if self.passes_over(s) => return,
            Stmt::Assign(s) => {
                return self.nested(|| {
                    self.visit_expr(&mut s.value);
                    s.targets.iter_mut().for_each(|target| self.visit_expr(target));
                });
            }
            _ if self.passes_over(stmt) => return,
            _ => None,
        };
        if let Some(range) = range {
            *range = self.with_semicolon(*range);
        }
        self.nested(|| transformer::walk_stmt(self, stmt));
    }

    fn visit_expr(&self, expr: &mut Expr) {
        // The most frequent kinds are walked here: the kinds are told apart once.
        match expr {
            Expr::Name(name) => {
                self.count_leaf();
                self.note_rewritable(name.id == "__debug__", name);
            }
            Expr::Attribute(e) => self.nested(|| self.visit_expr(&mut e.value)),
            Expr::Call(call) => {
                if let [Expr::Generator(only)] = &mut *call.arguments.args
                    && !only.parenthesized
                {
                    only.range = call.arguments.range;
                }
                self.nested(|| {
                    self.visit_expr(&mut call.func);
                    call.arguments.args.iter_mut().for_each(|arg| self.visit_expr(arg));
                    call.arguments.keywords.iter_mut().for_each(|keyword| self.visit_expr(&mut keyword.value));
                });
            }
            Expr::BinOp(e) => {
                self.note_rewritable(is_formatting(e), e);
                self.nested(|| {
                    self.visit_expr(&mut e.left);
                    self.visit_expr(&mut e.right);
                });
            }
            _ if is_leaf(expr) => self.count_leaf(),
            _ => self.nested(|| transformer::walk_expr(self, expr)),
        }
    }

    fn visit_parameters(&self, parameters: &mut Parameters) {
        for starred in [&mut parameters.vararg, &mut parameters.kwarg]
            .into_iter()
            .flatten()
        {
            starred.range = TextRange::new(starred.name.start(), starred.range.end());
        }
        transformer::walk_parameters(self, parameters);
    }

    fn visit_elif_else_clause(&self, clause: &mut ElifElseClause) {
        clause.range = self.with_semicolon(clause.range);
        transformer::walk_elif_else_clause(self, clause);
    }

    fn visit_except_handler(&self, handler: &mut ExceptHandler) {
        let ExceptHandler::ExceptHandler(h) = handler;
        h.range = self.with_semicolon(h.range);
        transformer::walk_except_handler(self, handler);
    }

    fn visit_match_case(&self, case: &mut MatchCase) {
        case.range = self.with_semicolon(case.range);
        transformer::walk_match_case(self, case);
    }

    fn visit_pattern(&self, pattern: &mut Pattern) {
        let begin = match pattern {
            Pattern::MatchValue(value) => Some(&*value.value),
            Pattern::MatchClass(class) => Some(&*class.cls),
            _ => None,
        };
        if begin.is_some_and(begins_with_wildcard) {
            self.is_doubtful.set(true);
        }
        self.nested(|| transformer::walk_pattern(self, pattern));
    }

    fn visit_interpolated_string_element(&self, element: &mut InterpolatedStringElement) {
        self.nested(|| transformer::walk_interpolated_string_element(self, element));
    }
}

#[cfg(test)]
mod tests {
    use tailscope_bytecode::code::{Code, Const};

    use crate::{CompileOptions, compile_str};

    /// The code of the function that is all there is in a module.
    fn function(body: &str) -> Code {
        let text = format!("def f(x):\n    {body}\n");
        let (module, _) = compile_str(&text, &CompileOptions::new("f")).expect("code");
        let code = module.consts.iter().find_map(|value| match value {
            Const::Code(code) => Some((**code).clone()),
            _ => None,
        });
        code.expect("the code of the function")
    }

    // What is looked for in simple statements is found wherever it is.
    #[test]
    fn no_statement_is_passed_over_that_has_to_be_visited() {
        for debug in ["__debug__", "__\u{FF44}ebug__"] {
            assert_eq!(function(&format!("return {debug}")).names.len(), 0);
            assert_eq!(function(&format!("return [{}{debug}]", "x, ".repeat(100))).names.len(), 0);
        }
        let consts = &function("return '%s' % (x,)").consts;
        assert!(!consts.iter().any(|value| matches!(value, Const::Str(_))), "{consts:?}");
    }
}
