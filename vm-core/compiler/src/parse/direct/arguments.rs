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
                    let value = self.expression()?;
                    let range = self.range_from(argument_start);
                    self.keywords.push(Keyword { range, node_index: NodeIndex::NONE, arg: None, value });
                }
                Tok::Star if unpacks_mapping => return Err(Declined),
                Tok::Star => {
                    let starred = self.starred(binding::NONE)?;
                    self.exprs.push(starred);
                }
                _ => {
                    let is_name = self.at(Tok::Name);
                    let value = self.named_expression()?;
                    match self.at.tok {
                        Tok::Equal => {
                            let keyword = self.keyword(argument_start, value, is_name)?;
                            self.keywords.push(keyword);
                        }
                        Tok::For | Tok::Async => {
                            let only = self.exprs.len() == base && self.keywords.len() == keywords;
                            let generator = self.only_generator(argument_start, value)?;
                            if !only || !self.at(Tok::Rpar) {
                                return Err(Declined);
                            }
                            self.exprs.push(generator);
                        }
                        _ if self.keywords.len() == keywords => self.exprs.push(value),
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
    fn keyword(&mut self, start: usize, name: Expr, is_name: bool) -> Parsed<Keyword> {
        let Expr::Name(name) = name else { return Err(Declined) };
        if !is_name {
            return Err(Declined);
        }
        self.advance();
        let value = self.expression()?;
        let arg = Some(Identifier { id: name.id, range: name.range, node_index: NodeIndex::NONE });
        Ok(Keyword { range: self.range_from(start), node_index: NodeIndex::NONE, arg, value })
    }

    /// A generator expression without parentheses but those of the call.
    fn only_generator(&mut self, start: usize, element: Expr) -> Parsed<Expr> {
        let generators = self.comprehensions(&element)?;
        let range = self.range_from(start);
        let elt = Box::new(element);
        Ok(Expr::Generator(ExprGenerator { node_index: NodeIndex::NONE, range, elt, generators, parenthesized: false }))
    }
}
