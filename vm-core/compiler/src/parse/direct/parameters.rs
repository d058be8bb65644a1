//! Parameters of functions, and type parameters.

use ruff_python_ast::{
    Parameter, ParameterWithDefault, Parameters, TypeParam, TypeParamParamSpec, TypeParamTypeVar, TypeParamTypeVarTuple,
    TypeParams,
};

use super::token::Tok;
use super::{Declined, NodeIndex, Parsed, Parsing};

impl Parsing<'_> {
    /// Those of a `def`, with their parentheses.
    pub(super) fn parameters(&mut self) -> Parsed<Parameters> {
        let start = self.at.start;
        self.expect(Tok::Lpar)?;
        let mut parameters = self.parameters_to(Tok::Rpar)?;
        self.expect(Tok::Rpar)?;
        parameters.range = self.range_from(start);
        Ok(parameters)
    }

    /// Those of a `lambda`.
    pub(super) fn lambda_parameters(&mut self) -> Parsed<Parameters> {
        self.parameters_to(Tok::Colon)
    }

    fn parameters_to(&mut self, close: Tok) -> Parsed<Parameters> {
        let annotated = close == Tok::Rpar;
        let start = self.at.start;
        // Those that are positional only, then the positional ones, then those that are keywords only.
        let base = self.parameters.len();
        let (mut positional, mut keyword_only) = (base, base);
        let (mut vararg, mut kwarg) = (None, None);
        let (mut slash, mut star, mut has_default) = (false, false, false);
        while !self.at(close) {
            match self.at.tok {
                _ if kwarg.is_some() => return Err(Declined),
                Tok::Slash if slash || star || self.parameters.len() == base => return Err(Declined),
                Tok::Slash => {
                    self.advance();
                    slash = true;
                    positional = self.parameters.len();
                }
                Tok::Star if star => return Err(Declined),
                Tok::Star => {
                    self.advance();
                    star = true;
                    keyword_only = self.parameters.len();
                    if self.at(Tok::Name) {
                        vararg = Some(Box::new(self.parameter(annotated, true)?));
                    } else if !self.at(Tok::Comma) {
                        return Err(Declined);
                    }
                }
                Tok::DoubleStar => {
                    self.advance();
                    kwarg = Some(Box::new(self.parameter(annotated, false)?));
                }
                _ => {
                    let parameter = self.parameter_with_default(annotated)?;
                    if !star && has_default && parameter.default.is_none() {
                        return Err(Declined);
                    }
                    has_default = parameter.default.is_some();
                    self.parameters.push(parameter);
                }
            }
            if !self.take(Tok::Comma) {
                break;
            }
        }
        if !star {
            keyword_only = self.parameters.len();
        } else if vararg.is_none() && keyword_only == self.parameters.len() {
            return Err(Declined);
        }
        let kwonlyargs = self.parameters.drain(keyword_only..).collect();
        let args = self.parameters.drain(positional..).collect();
        let posonlyargs = self.parameters.drain(base..).collect();
        Ok(Parameters {
            range: self.range_from(start),
            node_index: NodeIndex::NONE,
            posonlyargs,
            args,
            vararg,
            kwonlyargs,
            kwarg,
        })
    }

    /// A name and its annotation, which may be unpacked if the parameter is.
    fn parameter(&mut self, annotated: bool, starred: bool) -> Parsed<Parameter> {
        let start = self.at.start;
        let name = self.identifier()?;
        let annotation = match annotated && self.take(Tok::Colon) {
            true if starred => Some(self.boxed(Self::star_expression)?),
            true => Some(self.boxed(Self::expression)?),
            false => None,
        };
        Ok(Parameter { range: self.range_from(start), node_index: NodeIndex::NONE, name, annotation })
    }

    fn parameter_with_default(&mut self, annotated: bool) -> Parsed<ParameterWithDefault> {
        let start = self.at.start;
        let parameter = self.parameter(annotated, false)?;
        let default = self.expression_behind(Tok::Equal)?;
        Ok(ParameterWithDefault { range: self.range_from(start), node_index: NodeIndex::NONE, parameter, default })
    }

    /// `[type_params]`.
    pub(super) fn type_params(&mut self) -> Parsed<Option<Box<TypeParams>>> {
        if !self.at(Tok::Lsqb) {
            return Ok(None);
        }
        let start = self.at.start;
        self.advance();
        let mut type_params = Vec::new();
        loop {
            type_params.push(self.type_param()?);
            if !self.take(Tok::Comma) || self.at(Tok::Rsqb) {
                break;
            }
        }
        self.expect(Tok::Rsqb)?;
        Ok(Some(Box::new(TypeParams { range: self.range_from(start), node_index: NodeIndex::NONE, type_params })))
    }

    fn type_param(&mut self) -> Parsed<TypeParam> {
        let start = self.at.start;
        if self.take(Tok::Star) {
            let name = self.identifier()?;
            let default = match self.take(Tok::Equal) {
                true => Some(self.boxed(Self::star_expression)?),
                false => None,
            };
            let range = self.range_from(start);
            return Ok(TypeParam::TypeVarTuple(TypeParamTypeVarTuple { node_index: NodeIndex::NONE, range, name, default }));
        }
        if self.take(Tok::DoubleStar) {
            let name = self.identifier()?;
            let default = self.expression_behind(Tok::Equal)?;
            let range = self.range_from(start);
            return Ok(TypeParam::ParamSpec(TypeParamParamSpec { node_index: NodeIndex::NONE, range, name, default }));
        }
        let name = self.identifier()?;
        let bound = self.expression_behind(Tok::Colon)?;
        let default = self.expression_behind(Tok::Equal)?;
        Ok(TypeParam::TypeVar(TypeParamTypeVar { node_index: NodeIndex::NONE, range: self.range_from(start), name, bound, default }))
    }
}
