//! Expressions.

use num_bigint::{BigInt, Sign};
use ruff_python_ast::name::Name;
use ruff_python_ast::str_prefix::StringLiteralPrefix;
use ruff_python_ast::{
    Arguments, AtomicNodeIndex, BoolOp, BytesLiteral, BytesLiteralFlags, BytesLiteralValue, CmpOp, Comprehension,
    ConversionFlag, DictItem, Expr, ExprAttribute, ExprAwait, ExprBinOp, ExprBoolOp, ExprBooleanLiteral,
    ExprBytesLiteral, ExprCall, ExprCompare, ExprContext, ExprDict, ExprDictComp, ExprEllipsisLiteral, ExprFString,
    ExprGenerator, ExprIf, ExprIpyEscapeCommand, ExprLambda, ExprList, ExprListComp, ExprName, ExprNamed,
    ExprNoneLiteral, ExprNumberLiteral, ExprSet, ExprSetComp, ExprSlice, ExprStarred, ExprStringLiteral, ExprSubscript,
    ExprTString, ExprTuple, ExprUnaryOp, ExprYield, ExprYieldFrom, FString, FStringFlags, FStringValue, Int,
    InterpolatedElement, InterpolatedStringElement, InterpolatedStringFormatSpec, InterpolatedStringLiteralElement,
    IpyEscapeKind, Keyword, Number, Operator, StringLiteral, StringLiteralFlags, StringLiteralValue, TString,
    TStringFlags, TStringValue, UnaryOp,
};
use ruff_text_size::{Ranged, TextRange};
use tailscope_bytecode::code::{Const, Wtf8};

use super::{Planter, Result, identifier, identifier_or_none, unfit};
use crate::error::{CompileError, ErrorKind};
use crate::preprocess::literal::synthetic_value;
use crate::source::no_range;
use crate::tree::{Node, Tree};

#[allow(clippy::declare_interior_mutable_const, reason = "each node has its own")]
const NODE: AtomicNodeIndex = AtomicNodeIndex::NONE;

impl Planter {
    pub(super) fn boxed(&mut self, tree: &Tree) -> Result<Box<Expr>> {
        self.expr(tree).map(Box::new)
    }

    pub(super) fn maybe(&mut self, tree: &Tree) -> Result<Option<Box<Expr>>> {
        match tree {
            Tree::None => Ok(None),
            e => self.boxed(e).map(Some),
        }
    }

    pub(super) fn exprs(&mut self, all: &[Tree]) -> Result<Vec<Expr>> {
        all.iter().map(|e| self.expr(e)).collect()
    }

    pub(super) fn expr(&mut self, tree: &Tree) -> Result<Expr> {
        let node = tree.node().ok_or_else(|| unfit("expression"))?;
        self.nested(|p| {
            let range = p.range(node);
            match node.class {
                "Constant" => p.constant(node, range),
                "JoinedStr" | "TemplateStr" | "FormattedValue" | "Interpolation" => p.string(node, range),
                "Name" | "Attribute" | "Subscript" | "Starred" | "List" | "Tuple" | "Slice" => p.place(node, range),
                "BoolOp" | "BinOp" | "UnaryOp" | "Compare" => p.operation(node, range),
                "Dict" | "Set" | "ListComp" | "SetComp" | "DictComp" | "GeneratorExp" => p.display(node, range),
                _ => p.other(node, range),
            }
        })
    }

    /// What can be assigned to, and slices.
    fn place(&mut self, node: &Node, range: TextRange) -> Result<Expr> {
        let node_index = NODE;
        let ctx = context(node.field("ctx"));
        Ok(match node.class {
            "Name" => {
                let id = Name::new(node.field("id").text().ok_or_else(|| unfit("identifier"))?);
                Expr::Name(ExprName { node_index, range, id, ctx })
            }
            "Attribute" => {
                let value = self.boxed(node.field("value"))?;
                Expr::Attribute(ExprAttribute { node_index, range, value, attr: identifier(node.field("attr"))?, ctx })
            }
            "Subscript" => Expr::Subscript(ExprSubscript {
                node_index,
                range,
                value: self.boxed(node.field("value"))?,
                slice: self.boxed(node.field("slice"))?,
                ctx,
            }),
            "Starred" => {
                Expr::Starred(ExprStarred { node_index, range, value: self.boxed(node.field("value"))?, ctx })
            }
            "List" => Expr::List(ExprList { node_index, range, elts: self.exprs(node.list("elts"))?, ctx }),
            "Tuple" => {
                let elts = self.exprs(node.list("elts"))?;
                Expr::Tuple(ExprTuple { node_index, range, elts, ctx, parenthesized: true })
            }
            _ => Expr::Slice(ExprSlice {
                node_index,
                range,
                lower: self.maybe(node.field("lower"))?,
                upper: self.maybe(node.field("upper"))?,
                step: self.maybe(node.field("step"))?,
            }),
        })
    }

    fn operation(&mut self, node: &Node, range: TextRange) -> Result<Expr> {
        let node_index = NODE;
        let op = node.field("op");
        Ok(match node.class {
            "BoolOp" => {
                let values = self.exprs(node.list("values"))?;
                let op = if op.is("And") { BoolOp::And } else { BoolOp::Or };
                Expr::BoolOp(ExprBoolOp { node_index, range, op, values })
            }
            "BinOp" => Expr::BinOp(ExprBinOp {
                node_index,
                range,
                left: self.boxed(node.field("left"))?,
                op: operator(op)?,
                right: self.boxed(node.field("right"))?,
            }),
            "UnaryOp" => {
                let operand = self.boxed(node.field("operand"))?;
                Expr::UnaryOp(ExprUnaryOp { node_index, range, op: unary_operator(op)?, operand })
            }
            _ => Expr::Compare(ExprCompare {
                node_index,
                range,
                left: self.boxed(node.field("left"))?,
                ops: node.list("ops").iter().map(comparison).collect::<Result<_>>()?,
                comparators: self.exprs(node.list("comparators"))?.into(),
            }),
        })
    }

    /// Displays but those of sequences, and comprehensions.
    fn display(&mut self, node: &Node, range: TextRange) -> Result<Expr> {
        let node_index = NODE;
        Ok(match node.class {
            "Dict" => {
                let mut items = Vec::new();
                for (key, value) in node.list("keys").iter().zip(node.list("values")) {
                    items.push(DictItem { key: self.maybe(key)?.map(|key| *key), value: self.expr(value)? });
                }
                Expr::Dict(ExprDict { node_index, range, items })
            }
            "Set" => Expr::Set(ExprSet { node_index, range, elts: self.exprs(node.list("elts"))? }),
            "ListComp" => {
                let (elt, generators) = (self.boxed(node.field("elt"))?, self.generators(node)?);
                Expr::ListComp(ExprListComp { node_index, range, elt, generators })
            }
            "SetComp" => {
                let (elt, generators) = (self.boxed(node.field("elt"))?, self.generators(node)?);
                Expr::SetComp(ExprSetComp { node_index, range, elt, generators })
            }
            "DictComp" => Expr::DictComp(ExprDictComp {
                node_index,
                range,
                key: Some(self.boxed(node.field("key"))?),
                value: self.boxed(node.field("value"))?,
                generators: self.generators(node)?,
            }),
            _ => {
                let (elt, generators) = (self.boxed(node.field("elt"))?, self.generators(node)?);
                Expr::Generator(ExprGenerator { node_index, range, elt, generators, parenthesized: true })
            }
        })
    }

    fn generators(&mut self, node: &Node) -> Result<Vec<Comprehension>> {
        let one = |c: &Tree| {
            let c = c.node().ok_or_else(|| unfit("comprehension"))?;
            let target = self.expr(c.field("target"))?;
            Ok(Comprehension {
                range: target.range(),
                node_index: NODE,
                target,
                iter: self.expr(c.field("iter"))?,
                ifs: self.exprs(c.list("ifs"))?,
                is_async: c.int("is_async") != 0,
            })
        };
        node.list("generators").iter().map(one).collect()
    }

    fn other(&mut self, node: &Node, range: TextRange) -> Result<Expr> {
        let node_index = NODE;
        Ok(match node.class {
            "NamedExpr" => {
                let (target, value) = (self.boxed(node.field("target"))?, self.boxed(node.field("value"))?);
                Expr::Named(ExprNamed { node_index, range, target, value })
            }
            "Lambda" => {
                let parameters = self.parameters(node.field("args"))?;
                let parameters = (!parameters.is_empty()).then(|| Box::new(parameters));
                Expr::Lambda(ExprLambda { node_index, range, parameters, body: self.boxed(node.field("body"))? })
            }
            "IfExp" => Expr::If(ExprIf {
                node_index,
                range,
                test: self.boxed(node.field("test"))?,
                body: self.boxed(node.field("body"))?,
                orelse: self.boxed(node.field("orelse"))?,
            }),
            "Await" => Expr::Await(ExprAwait { node_index, range, value: self.boxed(node.field("value"))? }),
            "Yield" => Expr::Yield(ExprYield { node_index, range, value: self.maybe(node.field("value"))? }),
            "YieldFrom" => {
                Expr::YieldFrom(ExprYieldFrom { node_index, range, value: self.boxed(node.field("value"))? })
            }
            "Call" => {
                let func = self.boxed(node.field("func"))?;
                let arguments = self.arguments(node.list("args"), node, range)?;
                Expr::Call(ExprCall { node_index, range_start: range.start(), func, arguments })
            }
            _ => return Err(unfit("expression")),
        })
    }

    /// Positional arguments and the keywords of `node`.
    pub(super) fn arguments(&mut self, args: &[Tree], node: &Node, range: TextRange) -> Result<Arguments> {
        let args = self.exprs(args)?.into();
        let mut keywords = Vec::new();
        for keyword in node.list("keywords") {
            let keyword = keyword.node().ok_or_else(|| unfit("keyword"))?;
            keywords.push(Keyword {
                range: self.range(keyword),
                node_index: NODE,
                arg: identifier_or_none(keyword.field("arg"))?,
                value: self.expr(keyword.field("value"))?,
            });
        }
        Ok(Arguments { range, node_index: NODE, args, keywords: keywords.into() })
    }
}

/// Constants, and strings with fields.
impl Planter {
    fn constant(&mut self, node: &Node, range: TextRange) -> Result<Expr> {
        let node_index = NODE;
        let Tree::Const(value) = node.field("value") else { return Err(unfit("constant")) };
        let number = |value| Expr::NumberLiteral(ExprNumberLiteral { node_index: NODE, range, value });
        Ok(match value {
            Const::None => Expr::NoneLiteral(ExprNoneLiteral { node_index, range }),
            Const::True => Expr::BooleanLiteral(ExprBooleanLiteral { node_index, range, value: true }),
            Const::False => Expr::BooleanLiteral(ExprBooleanLiteral { node_index, range, value: false }),
            Const::Ellipsis => Expr::EllipsisLiteral(ExprEllipsisLiteral { node_index, range }),
            Const::Int(n) => number(Number::Int(integer(n)?)),
            Const::Float(x) => number(Number::Float(*x)),
            Const::Complex(real, imag) => number(Number::Complex { real: *real, imag: *imag }),
            Const::Str(text) => {
                let unicode = node.field("kind").text() == Some("u");
                let value = StringLiteralValue::single(string_literal(text, range, unicode));
                Expr::StringLiteral(ExprStringLiteral { node_index, range, value })
            }
            Const::Bytes(bytes) => {
                let (value, flags) = (Box::from(&**bytes), BytesLiteralFlags::empty());
                let value = BytesLiteralValue::single(BytesLiteral { range, node_index: NODE, value, flags });
                Expr::BytesLiteral(ExprBytesLiteral { node_index, range, value })
            }
            // No literal of a source has such a value. What no source of Python has, either,
            // stands for it; the value is beside the tree.
            other => {
                self.places.set_constant(range, other.clone());
                let (kind, value) = (IpyEscapeKind::Magic, Box::default());
                Expr::IpyEscapeCommand(ExprIpyEscapeCommand { node_index, range, kind, value })
            }
        })
    }

    fn string(&mut self, node: &Node, range: TextRange) -> Result<Expr> {
        let values = node.list("values");
        Ok(match node.class {
            "TemplateStr" => template(self.elements(values, "Interpolation")?, range, range),
            // The only element of a string without a place is the expression itself.
            "Interpolation" => template(vec![self.field(node, range)?], range, no_range()),
            "JoinedStr" => joined(self.elements(values, "FormattedValue")?, range, range),
            _ => joined(vec![self.field(node, range)?], range, no_range()),
        })
    }

    /// The parts of a string whose fields are nodes of the class `fields`.
    fn elements(&mut self, values: &[Tree], fields: &str) -> Result<Vec<InterpolatedStringElement>> {
        values.iter().map(|value| self.element(value, fields)).collect()
    }

    fn element(&mut self, value: &Tree, fields: &str) -> Result<InterpolatedStringElement> {
        if let Tree::Node(node) = value
            && node.class == fields
        {
            return self.nested(|p| {
                let range = p.range(node);
                p.field(node, range)
            });
        }
        if let Tree::Node(node) = value
            && let Tree::Const(Const::Str(text)) = node.field("value")
        {
            return Ok(InterpolatedStringElement::Literal(InterpolatedStringLiteralElement {
                range: self.range(node),
                node_index: NODE,
                value: synthetic_value(&text.0).into(),
            }));
        }
        // Any expression may stand here; it is no field then.
        Ok(field_of(no_range(), self.boxed(value)?, ConversionFlag::None, None))
    }

    /// A `FormattedValue` or `Interpolation`.
    fn field(&mut self, node: &Node, range: TextRange) -> Result<InterpolatedStringElement> {
        let expression = self.boxed(node.field("value"))?;
        let conversion = conversion(node.int("conversion"))?;
        if node.class == "Interpolation" {
            let text = match node.field("str") {
                Tree::Const(text) => text.clone(),
                Tree::None => Const::None,
                Tree::Unfit(name) => {
                    let msg = format!("cannot use 'tuple' as a dict key (unhashable type: '{name}')");
                    return Err(CompileError { kind: ErrorKind::Type, ..CompileError::without_location(msg) });
                }
                _ => return Err(unfit("text of an Interpolation")),
            };
            self.places.set_constant(range, text);
        }
        let spec = match node.field("format_spec") {
            Tree::None => None,
            Tree::Node(spec) if spec.class == "JoinedStr" => {
                let range = self.range(spec);
                Some((range, self.elements(spec.list("values"), "FormattedValue")?))
            }
            other => Some((range, vec![self.element(other, "FormattedValue")?])),
        };
        let spec = spec.map(|(range, elements)| {
            Box::new(InterpolatedStringFormatSpec { range, node_index: NODE, elements: elements.into() })
        });
        Ok(field_of(range, expression, conversion, spec))
    }
}

fn field_of(
    range: TextRange,
    expression: Box<Expr>,
    conversion: ConversionFlag,
    format_spec: Option<Box<InterpolatedStringFormatSpec>>,
) -> InterpolatedStringElement {
    InterpolatedStringElement::Interpolation(InterpolatedElement {
        range,
        node_index: NODE,
        expression,
        debug_text: None,
        conversion,
        format_spec,
    })
}

fn joined(elements: Vec<InterpolatedStringElement>, range: TextRange, inner: TextRange) -> Expr {
    let (elements, flags) = (elements.into(), FStringFlags::empty());
    let value = FStringValue::single(FString { range: inner, node_index: NODE, elements, flags });
    Expr::FString(ExprFString { node_index: NODE, range, value })
}

fn template(elements: Vec<InterpolatedStringElement>, range: TextRange, inner: TextRange) -> Expr {
    let (elements, flags) = (elements.into(), TStringFlags::empty());
    let value = TStringValue::single(TString { range: inner, node_index: NODE, elements, flags });
    Expr::TString(ExprTString { node_index: NODE, range, value })
}

fn string_literal(text: &Wtf8, range: TextRange, unicode: bool) -> StringLiteral {
    let prefix = if unicode { StringLiteralPrefix::Unicode } else { StringLiteralPrefix::Empty };
    StringLiteral {
        range,
        node_index: NODE,
        value: synthetic_value(&text.0).into(),
        flags: StringLiteralFlags::empty().with_prefix(prefix),
    }
}

/// An integer as the parser's. It keeps what is beyond 64 bits as the digits that it was given
/// for the whole, among which a sign may be.
fn integer(n: &BigInt) -> Result<Int> {
    const TOO_LARGE: &str = "18446744073709551616";
    let digits = n.to_string();
    let number = if n.sign() == Sign::Minus { TOO_LARGE } else { digits.as_str() };
    Int::from_str_radix(number, 10, &digits).map_err(|_| unfit("integer"))
}

fn conversion(number: i64) -> Result<ConversionFlag> {
    match u8::try_from(number) {
        Ok(b's') => Ok(ConversionFlag::Str),
        Ok(b'r') => Ok(ConversionFlag::Repr),
        Ok(b'a') => Ok(ConversionFlag::Ascii),
        _ if number == -1 => Ok(ConversionFlag::None),
        _ => {
            let msg = format!("Unrecognized conversion character {number}");
            Err(CompileError { kind: ErrorKind::System, ..CompileError::without_location(msg) })
        }
    }
}

fn context(tree: &Tree) -> ExprContext {
    match tree.node().map(|n| n.class) {
        Some("Store") => ExprContext::Store,
        Some("Del") => ExprContext::Del,
        _ => ExprContext::Load,
    }
}

fn class_of(tree: &Tree) -> &str {
    tree.node().map_or("", |n| n.class)
}

pub(super) fn operator(tree: &Tree) -> Result<Operator> {
    Ok(match class_of(tree) {
        "Add" => Operator::Add,
        "Sub" => Operator::Sub,
        "Mult" => Operator::Mult,
        "MatMult" => Operator::MatMult,
        "Div" => Operator::Div,
        "Mod" => Operator::Mod,
        "Pow" => Operator::Pow,
        "LShift" => Operator::LShift,
        "RShift" => Operator::RShift,
        "BitOr" => Operator::BitOr,
        "BitXor" => Operator::BitXor,
        "BitAnd" => Operator::BitAnd,
        "FloorDiv" => Operator::FloorDiv,
        _ => return Err(unfit("operator")),
    })
}

fn unary_operator(tree: &Tree) -> Result<UnaryOp> {
    Ok(match class_of(tree) {
        "Invert" => UnaryOp::Invert,
        "Not" => UnaryOp::Not,
        "UAdd" => UnaryOp::UAdd,
        "USub" => UnaryOp::USub,
        _ => return Err(unfit("operator")),
    })
}

fn comparison(tree: &Tree) -> Result<CmpOp> {
    Ok(match class_of(tree) {
        "Eq" => CmpOp::Eq,
        "NotEq" => CmpOp::NotEq,
        "Lt" => CmpOp::Lt,
        "LtE" => CmpOp::LtE,
        "Gt" => CmpOp::Gt,
        "GtE" => CmpOp::GtE,
        "Is" => CmpOp::Is,
        "IsNot" => CmpOp::IsNot,
        "In" => CmpOp::In,
        "NotIn" => CmpOp::NotIn,
        _ => return Err(unfit("comparison")),
    })
}
