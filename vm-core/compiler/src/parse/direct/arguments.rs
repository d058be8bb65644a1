//! The arguments of calls and of classes.

use ruff_python_ast::{Arguments, Expr, ExprGenerator, Identifier, Keyword};

use super::token::{Tok, binding};
use super::{Declined, NodeIndex, Parsed, Parsing};

impl Parsing<'_> {
    /// `'(' [arguments | genexp] ')'`.
    pub(super) fn arguments(&mut self) -> Parsed<Arguments> {
        let start = self.at.start;
        self.expect(Tok::Lpar)?;
        let (base, keywords) = (self.exprs.len(), self.keywords.len());
        let mut unpacks_mapping = false;
        while !self.at(Tok::Rpar) {
            let argument_start = self.at.start;
            match self.at.tok {
                Tok::DoubleStar => {
                    self.advance();
                    unpacks_mapping = true;
                    let value = self.expr(Self::expression)?;
                    let range = self.range_from(argument_start);
                    self.keywords.push(Keyword { range, node_index: NodeIndex::NONE, arg: None, value });
                }
                Tok::Star if unpacks_mapping => return Err(Declined),
                Tok::Star => self.starred(binding::NONE)?,
                _ => {
                    let is_name = self.at(Tok::Name);
                    self.named_expression()?;
                    match self.at.tok {
                        Tok::Equal => {
                            let keyword = self.keyword(argument_start, is_name)?;
                            self.keywords.push(keyword);
                        }
                        Tok::For | Tok::Async => {
                            let only = self.last_expr() == base && self.keywords.len() == keywords;
                            self.only_generator(argument_start)?;
                            if !only || !self.at(Tok::Rpar) {
                                return Err(Declined);
                            }
                        }
                        _ if self.keywords.len() == keywords => {}
                        _ => return Err(Declined),
                    }
                }
            }
            if !self.take(Tok::Comma) {
                break;
            }
        }
        self.expect(Tok::Rpar)?;
        let range = self.range_from(start);
        let mut args = self.exprs_from(base).into_boxed_slice();
        if let [Expr::Generator(only)] = &mut *args
            && !only.parenthesized
        {
            only.range = range;
        }
        let keywords = self.keywords.drain(keywords..).collect();
        Ok(Arguments { range, node_index: NodeIndex::NONE, args, keywords })
    }

    /// The keyword argument whose name was parsed, by itself if it is right.
    fn keyword(&mut self, start: usize, is_name: bool) -> Parsed<Keyword> {
        let Expr::Name(name) = self.take_expr()? else { return Err(Declined) };
        if !is_name {
            return Err(Declined);
        }
        self.advance();
        let value = self.expr(Self::expression)?;
        let arg = Some(Identifier { id: name.id, range: name.range, node_index: NodeIndex::NONE });
        Ok(Keyword { range: self.range_from(start), node_index: NodeIndex::NONE, arg, value })
    }

    /// A generator expression without parentheses but those of the call, behind what is computed for each.
    fn only_generator(&mut self, start: usize) -> Parsed<()> {
        let (elt, generators) = self.comprehensions()?;
        let range = self.range_from(start);
        let generator = ExprGenerator { node_index: NodeIndex::NONE, range, elt, generators, parenthesized: false };
        self.exprs.push(Expr::Generator(generator));
        Ok(())
    }
}
