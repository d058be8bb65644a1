//! `'...' % (a, b)` as an f-string: CPython rewrites it when the format is a literal, the
//! right side a tuple, and every conversion is `%s`, `%r` or `%a` of a simple form.

use ruff_python_ast::{
    AtomicNodeIndex, ConversionFlag, Expr, ExprBinOp, ExprFString, ExprTuple, FString,
    FStringFlags, FStringValue, InterpolatedElement, InterpolatedStringElement,
    InterpolatedStringFormatSpec, InterpolatedStringLiteralElement, Operator,
};
use ruff_text_size::Ranged;

use super::literal::{string_value, synthetic_value};
use crate::source::{SourceFile, no_range};

/// Widths and precisions of this many digits are left to run time.
const MAX_DIGITS: usize = 3;

/// Whether an expression formats a tuple with a literal.
pub(super) fn is_formatting(expr: &ExprBinOp) -> bool {
    expr.op == Operator::Mod && expr.left.is_string_literal_expr() && expr.right.is_tuple_expr()
}

/// The f-string that `expr` becomes, if it is such a formatting.
pub(super) fn as_fstring(expr: &mut ExprBinOp, source: &SourceFile) -> Option<Expr> {
    let (Operator::Mod, Expr::StringLiteral(format), Expr::Tuple(args)) =
        (expr.op, expr.left.as_ref(), expr.right.as_mut())
    else {
        return None;
    };
    if args.elts.iter().any(Expr::is_starred_expr) {
        return None;
    }
    let format = string_value(&format.value, source);
    let pieces = parse(&format.0)?;
    let fields = pieces
        .iter()
        .filter(|p| matches!(p, Piece::Field { .. }))
        .count();
    if fields != args.elts.len() {
        return None;
    }
    Some(build(pieces, args, expr.range))
}

enum Piece {
    /// Literal text, as WTF-8.
    Text(Vec<u8>),
    Field {
        conversion: ConversionFlag,
        spec: String,
    },
}

/// Splits a format into its pieces; nothing if any conversion is not a simple one.
fn parse(format: &[u8]) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = format;
    loop {
        let (text, tail) = literal_text(rest);
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        match tail {
            [] => return Some(pieces),
            tail => {
                let (piece, tail) = conversion(&tail[1..])?;
                pieces.push(piece);
                rest = tail;
            }
        }
    }
}

/// The text up to the next conversion, `%%` replaced, and what follows it.
fn literal_text(format: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut text = Vec::new();
    let mut rest = format;
    while let [first, tail @ ..] = rest {
        match (first, tail) {
            (b'%', [b'%', tail @ ..]) => {
                text.push(b'%');
                rest = tail;
            }
            (b'%', _) => break,
            (byte, tail) => {
                text.push(*byte);
                rest = tail;
            }
        }
    }
    (text, rest)
}

/// A conversion after its `%`, and what follows it.
fn conversion(format: &[u8]) -> Option<(Piece, &[u8])> {
    let flags = format.iter().position(|b| !b"-+ #0".contains(b))?;
    let left_justified = format[..flags].contains(&b'-');
    let (width, mut rest) = digits(&format[flags..])?;
    let mut precision = None;
    if let [b'.', tail @ ..] = rest {
        let (number, tail) = digits(tail)?;
        precision = Some(number.unwrap_or(0));
        rest = tail;
    }
    let (&kind, rest) = rest.split_first()?;
    let conversion = match kind {
        b's' => ConversionFlag::Str,
        b'r' => ConversionFlag::Repr,
        b'a' => ConversionFlag::Ascii,
        _ => return None,
    };
    let mut spec = String::new();
    if !left_justified && width.is_some_and(|w| w > 0) {
        spec.push('>');
    }
    if let Some(width) = width {
        spec.push_str(&width.to_string());
    }
    if let Some(precision) = precision {
        spec.push_str(&format!(".{precision}"));
    }
    Some((Piece::Field { conversion, spec }, rest))
}

/// A number, if one stands here, and what follows it.
fn digits(format: &[u8]) -> Option<(Option<u32>, &[u8])> {
    let len = format.iter().position(|b| !b.is_ascii_digit())?;
    if len >= MAX_DIGITS {
        return None;
    }
    let (number, rest) = format.split_at(len);
    let value = number.iter().fold(0, |n, b| n * 10 + u32::from(b - b'0'));
    Some(((len > 0).then_some(value), rest))
}

fn build(pieces: Vec<Piece>, args: &mut ExprTuple, range: ruff_text_size::TextRange) -> Expr {
    let mut args = std::mem::take(&mut args.elts).into_iter();
    let mut elements = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match piece {
            Piece::Text(text) => elements.push(literal(synthetic_value(&text))),
            Piece::Field { conversion, spec } => {
                // As many fields as arguments: the caller has counted them.
                let Some(arg) = args.next() else { continue };
                let format_spec = (!spec.is_empty()).then(|| {
                    Box::new(InterpolatedStringFormatSpec {
                        range: no_range(),
                        node_index: AtomicNodeIndex::NONE,
                        elements: vec![literal(spec)].into(),
                    })
                });
                elements.push(InterpolatedStringElement::Interpolation(
                    InterpolatedElement {
                        range: arg.range(),
                        node_index: AtomicNodeIndex::NONE,
                        expression: Box::new(arg),
                        debug_text: None,
                        conversion,
                        format_spec,
                    },
                ));
            }
        }
    }
    fstring(elements, range)
}

/// A literal part that stands nowhere in the source.
fn literal(value: String) -> InterpolatedStringElement {
    InterpolatedStringElement::Literal(InterpolatedStringLiteralElement {
        range: no_range(),
        node_index: AtomicNodeIndex::NONE,
        value: value.into_boxed_str(),
    })
}

/// An f-string of these elements at this place.
fn fstring(elements: Vec<InterpolatedStringElement>, range: ruff_text_size::TextRange) -> Expr {
    Expr::FString(ExprFString {
        node_index: AtomicNodeIndex::NONE,
        range,
        value: FStringValue::single(FString {
            range,
            node_index: AtomicNodeIndex::NONE,
            elements: elements.into(),
            flags: FStringFlags::empty(),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specs(format: &str) -> Option<Vec<String>> {
        let pieces = parse(format.as_bytes())?;
        let shown = pieces.into_iter().map(|p| match p {
            Piece::Text(t) => format!("{:?}", String::from_utf8(t).unwrap()),
            Piece::Field { conversion, spec } => {
                format!("{}:{spec}", conversion.to_char().unwrap())
            }
        });
        Some(shown.collect())
    }

    #[test]
    fn simple_conversions() {
        assert_eq!(
            specs("a%sb%%%-5r"),
            Some(["\"a\"", "s:", "\"b%\"", "r:5"].map(str::to_owned).to_vec())
        );
        assert_eq!(
            specs("%5.2a%.s"),
            Some(["a:>5.2", "s:.0"].map(str::to_owned).to_vec())
        );
        assert_eq!(specs("%05s"), Some(vec!["s:>5".to_owned()]));
        assert_eq!(specs("%+s"), Some(vec!["s:".to_owned()]));
    }

    #[test]
    fn anything_else_is_left_alone() {
        for format in ["%d", "%100s", "%.100s", "%(x)s", "%", "%5", "%*s", "%ls"] {
            assert_eq!(specs(format), None, "{format}");
        }
    }
}
