//! Type comments (`PyCF_TYPE_COMMENTS`): `# type: ...` behind assignments, the heads of `for`,
//! `with` and `def`, and parameters. CPython's tokenizer makes tokens of them, which its grammar
//! has in these places only; to ruff's parser they are comments like others.

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_ast::visitor::{Visitor, walk_stmt};
use ruff_python_ast::{Expr, Mod, Parameter, Parameters, Pattern, Stmt};
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustc_hash::FxHashMap;

use super::error_at;
use crate::error::{CompileError, ErrorKind};
use crate::source::SourceFile;

/// What is found in a source.
#[derive(Debug, Default)]
pub struct TypeComments {
    /// By where the node begins.
    pub of_nodes: FxHashMap<TextSize, String>,
    /// Line and rest of each `# type: ignore`.
    pub ignored: Vec<(i32, String)>,
}

/// A comment and what stands before it.
struct Comment {
    range: TextRange,
    text: String,
    /// End of the token before.
    after: TextSize,
    /// End of the token before the comma, if a comma is before it.
    before_comma: Option<TextSize>,
    /// The colon that it follows.
    colon: Option<TextRange>,
    /// Alone on the first line of a block.
    opens_block: bool,
    claimed: bool,
}

/// The comments among the tokens of a source.
pub(super) struct Found {
    comments: Vec<Comment>,
    ignored: Vec<(i32, String)>,
}

/// The text behind `# type: `, however many blanks there are.
fn content(comment: &str) -> Option<&str> {
    let blank = [' ', '\t'];
    let text = comment.strip_prefix('#')?.trim_start_matches(blank).strip_prefix("type:")?;
    Some(text.trim_start_matches(blank))
}

/// What follows `ignore`, if the type comment is one of these.
fn ignored(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("ignore")?;
    let goes_on = rest.chars().next().is_some_and(|c| !c.is_ascii() || c.is_ascii_alphanumeric());
    (!goes_on).then_some(rest)
}

pub(super) fn find(tokens: &Tokens, source: &SourceFile) -> Found {
    let mut found = Found { comments: Vec::new(), ignored: Vec::new() };
    // The last tokens but comments and line ends within a statement, the newest first.
    let mut last = [(TokenKind::Newline, TextRange::default()); 3];
    let mut open: Option<usize> = None;
    for token in tokens {
        let (kind, range) = (token.kind(), token.range());
        if kind == TokenKind::Comment {
            let Some(text) = content(source.slice(range)) else { continue };
            if let Some(tag) = ignored(text) {
                found.ignored.push((source.position(range.start()).0, tag.to_owned()));
                continue;
            }
            let colon = match last {
                [(TokenKind::Colon, at), ..] | [(TokenKind::Newline, _), (TokenKind::Colon, at), _] => Some(at),
                _ => None,
            };
            let alone = last[0].0 == TokenKind::Newline;
            if alone {
                open = Some(found.comments.len());
            }
            found.comments.push(Comment {
                range,
                text: text.to_owned(),
                after: last[0].1.end(),
                before_comma: (last[0].0 == TokenKind::Comma).then(|| last[1].1.end()),
                colon,
                opens_block: false,
                claimed: false,
            });
        } else if !kind.is_trivia() {
            if let Some(comment) = open.take().and_then(|i| found.comments.get_mut(i)) {
                comment.opens_block = kind == TokenKind::Indent;
            }
            last = [(kind, range), last[0], last[1]];
        }
    }
    found
}

impl Found {
    /// The comments of the nodes of a tree that has CPython's positions.
    ///
    /// # Errors
    /// Comments where none may be.
    pub fn belonging(self, module: &Mod, source: &SourceFile) -> Result<TypeComments, CompileError> {
        let mut claims = Claims { comments: self.comments, of_nodes: FxHashMap::default(), doubled: None };
        if let Mod::Module(module) = module {
            claims.visit_body(&module.body);
        }
        if let Some(range) = claims.doubled {
            return Err(error_at(source, ErrorKind::Syntax, range, "Cannot have two type comments on def"));
        }
        match claims.comments.iter().find(|c| !c.claimed) {
            Some(comment) => Err(error_at(source, ErrorKind::Syntax, comment.range, "invalid syntax")),
            None => Ok(TypeComments { of_nodes: claims.of_nodes, ignored: self.ignored }),
        }
    }
}

struct Claims {
    comments: Vec<Comment>,
    of_nodes: FxHashMap<TextSize, String>,
    doubled: Option<TextRange>,
}

impl Claims {
    fn claim(&mut self, node: TextSize, is_its: impl Fn(&Comment) -> bool) -> bool {
        let Some(comment) = self.comments.iter_mut().find(|c| !c.claimed && is_its(c)) else { return false };
        comment.claimed = true;
        self.of_nodes.insert(node, comment.text.clone());
        true
    }

    /// The comment behind the colon between `head` and `body`.
    fn claim_head(&mut self, node: TextSize, head: TextSize, body: &[Stmt]) -> bool {
        let Some(first) = body.first() else { return false };
        self.claim(node, |c| {
            c.colon.is_some_and(|colon| colon.start() >= head && colon.end() == c.after && c.range.end() <= first.start())
        })
    }

    /// The comment of a function may be on a line of its own.
    fn claim_definition(&mut self, node: TextSize, head: TextSize, body: &[Stmt]) {
        let same_line = self.claim_head(node, head, body);
        let Some(first) = body.first().map(Ranged::start) else { return };
        let own_line = |c: &Comment| {
            c.opens_block && c.colon.is_some_and(|colon| colon.start() >= head) && c.range.end() <= first
        };
        let range = self.comments.iter().find(|c| !c.claimed && own_line(c)).map(|c| c.range);
        match range {
            Some(range) if same_line => self.doubled = self.doubled.or(Some(range)),
            Some(_) => {
                self.claim(node, own_line);
            }
            None => {}
        }
    }

    fn claim_parameters(&mut self, parameters: &Parameters) {
        let with_default = parameters.iter_non_variadic_params().map(|p| (&p.parameter, p.range.end()));
        let starred = [&parameters.vararg, &parameters.kwarg].into_iter().flatten().map(|p| (&**p, p.range.end()));
        let all: Vec<(&Parameter, TextSize)> = with_default.chain(starred).collect();
        for (parameter, end) in all {
            self.claim(parameter.range.start(), |c| c.after == end || c.before_comma == Some(end));
        }
    }
}

impl Visitor<'_> for Claims {
    /// No statements are in there.
    fn visit_expr(&mut self, _: &Expr) {}

    fn visit_pattern(&mut self, _: &Pattern) {}

    fn visit_stmt(&mut self, stmt: &Stmt) {
        let start = stmt.start();
        match stmt {
            Stmt::Assign(s) => {
                let end = s.range.end();
                self.claim(start, |c| c.after == end);
            }
            Stmt::For(s) => {
                self.claim_head(start, s.iter.end(), &s.body);
            }
            Stmt::With(s) => {
                let head = s.items.last().map_or(start, |item| item.end());
                self.claim_head(start, head, &s.body);
            }
            Stmt::FunctionDef(s) => {
                self.claim_parameters(&s.parameters);
                let head = s.returns.as_ref().map_or(s.parameters.range.end(), |r| r.end());
                self.claim_definition(start, head, &s.body);
            }
            _ => {}
        }
        walk_stmt(self, stmt);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_comments_are_told_from_others() {
        assert_eq!(content("#type:int "), Some("int "));
        assert_eq!(content("# \ttype: \t() -> int"), Some("() -> int"));
        assert_eq!(content("# types: int"), None);
        assert_eq!(ignored("ignore[x]"), Some("[x]"));
        assert_eq!(ignored("ignored"), None);
    }
}
