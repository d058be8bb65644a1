//! Positions of nodes as CPython's parser gives them, where ruff's differ.
//!
//! | node | ruff | CPython |
//! |---|---|---|
//! | decorated function or class | from the first `@` | from `def`, `async` or `class` |
//! | generator expression as only argument | without the parentheses of the call | with them |

use std::cell::Cell;

use ruff_python_ast::visitor::transformer::{self, Transformer};
use ruff_python_ast::{Decorator, Expr, InterpolatedStringElement, Mod, Pattern, Stmt};
use ruff_text_size::{Ranged, TextRange, TextSize};

/// Native stack that must be left before a node is entered, and what is added when it is
/// not. A frame of the walk takes far less.
const RED_ZONE: usize = 64 * 1024;
const STACK_CHUNK: usize = 1024 * 1024;

/// Makes positions CPython's. Returns how deep the tree is, in nested statements and
/// expressions; what is deeper than `max_depth` is not visited.
pub(crate) fn normalize(module: &mut Mod, text: &str, max_depth: usize) -> usize {
    let positions = Positions {
        text,
        max_depth,
        depth: Cell::new(0),
        deepest: Cell::new(0),
    };
    match module {
        Mod::Module(m) => positions.visit_body(&mut m.body),
        Mod::Expression(m) => positions.visit_expr(&mut m.body),
    }
    positions.deepest.get()
}

struct Positions<'a> {
    text: &'a str,
    max_depth: usize,
    depth: Cell<usize>,
    deepest: Cell<usize>,
}

impl Positions<'_> {
    fn nested(&self, walk: impl FnOnce()) {
        let depth = self.depth.get() + 1;
        self.deepest.set(self.deepest.get().max(depth));
        if depth <= self.max_depth {
            self.depth.set(depth);
            stacker::maybe_grow(RED_ZONE, STACK_CHUNK, walk);
            self.depth.set(depth - 1);
        }
    }

    fn without_decorators(&self, range: TextRange, decorators: &[Decorator]) -> TextRange {
        match decorators.last() {
            Some(last) => TextRange::new(self.next_code(last.end()), range.end()),
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

impl Transformer for Positions<'_> {
    fn visit_stmt(&self, stmt: &mut Stmt) {
        match stmt {
            Stmt::FunctionDef(s) => s.range = self.without_decorators(s.range, &s.decorator_list),
            Stmt::ClassDef(s) => s.range = self.without_decorators(s.range, &s.decorator_list),
            _ => {}
        }
        self.nested(|| transformer::walk_stmt(self, stmt));
    }

    fn visit_expr(&self, expr: &mut Expr) {
        if let Expr::Call(call) = expr
            && let [Expr::Generator(only)] = &mut *call.arguments.args
            && !only.parenthesized
        {
            only.range = call.arguments.range;
        }
        self.nested(|| transformer::walk_expr(self, expr));
    }

    fn visit_pattern(&self, pattern: &mut Pattern) {
        self.nested(|| transformer::walk_pattern(self, pattern));
    }

    fn visit_interpolated_string_element(&self, element: &mut InterpolatedStringElement) {
        self.nested(|| transformer::walk_interpolated_string_element(self, element));
    }
}
