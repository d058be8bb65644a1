//! The node classes of Python's abstract syntax: their fields, as in the grammar's ASDL.

/// A group of node classes with a common base.
pub struct Sum {
    pub name: &'static str,
    /// `Name(type field, ...)` or just `Name`, each a class derived from the base.
    pub constructors: &'static [&'static str],
    pub attributes: &'static str,
}

/// Attributes of statements and expressions: the end may be missing.
const PLACE: &str = "int lineno, int col_offset, int? end_lineno, int? end_col_offset";
/// Attributes of patterns and type parameters.
const FULL_PLACE: &str = "int lineno, int col_offset, int end_lineno, int end_col_offset";

pub static SUMS: &[Sum] = &[
    Sum {
        name: "mod",
        constructors: &[
            "Module(stmt* body, type_ignore* type_ignores)",
            "Interactive(stmt* body)",
            "Expression(expr body)",
            "FunctionType(expr* argtypes, expr returns)",
        ],
        attributes: "",
    },
    Sum {
        name: "stmt",
        constructors: &[
            "FunctionDef(identifier name, arguments args, stmt* body, expr* decorator_list, expr? returns, string? type_comment, type_param* type_params)",
            "AsyncFunctionDef(identifier name, arguments args, stmt* body, expr* decorator_list, expr? returns, string? type_comment, type_param* type_params)",
            "ClassDef(identifier name, expr* bases, keyword* keywords, stmt* body, expr* decorator_list, type_param* type_params)",
            "Return(expr? value)",
            "Delete(expr* targets)",
            "Assign(expr* targets, expr value, string? type_comment)",
            "TypeAlias(expr name, type_param* type_params, expr value)",
            "AugAssign(expr target, operator op, expr value)",
            "AnnAssign(expr target, expr annotation, expr? value, int simple)",
            "For(expr target, expr iter, stmt* body, stmt* orelse, string? type_comment)",
            "AsyncFor(expr target, expr iter, stmt* body, stmt* orelse, string? type_comment)",
            "While(expr test, stmt* body, stmt* orelse)",
            "If(expr test, stmt* body, stmt* orelse)",
            "With(withitem* items, stmt* body, string? type_comment)",
            "AsyncWith(withitem* items, stmt* body, string? type_comment)",
            "Match(expr subject, match_case* cases)",
            "Raise(expr? exc, expr? cause)",
            "Try(stmt* body, excepthandler* handlers, stmt* orelse, stmt* finalbody)",
            "TryStar(stmt* body, excepthandler* handlers, stmt* orelse, stmt* finalbody)",
            "Assert(expr test, expr? msg)",
            "Import(alias* names)",
            "ImportFrom(identifier? module, alias* names, int? level)",
            "Global(identifier* names)",
            "Nonlocal(identifier* names)",
            "Expr(expr value)",
            "Pass",
            "Break",
            "Continue",
        ],
        attributes: PLACE,
    },
    Sum {
        name: "expr",
        constructors: &[
            "BoolOp(boolop op, expr* values)",
            "NamedExpr(expr target, expr value)",
            "BinOp(expr left, operator op, expr right)",
            "UnaryOp(unaryop op, expr operand)",
            "Lambda(arguments args, expr body)",
            "IfExp(expr test, expr body, expr orelse)",
            "Dict(expr?* keys, expr* values)",
            "Set(expr* elts)",
            "ListComp(expr elt, comprehension* generators)",
            "SetComp(expr elt, comprehension* generators)",
            "DictComp(expr key, expr value, comprehension* generators)",
            "GeneratorExp(expr elt, comprehension* generators)",
            "Await(expr value)",
            "Yield(expr? value)",
            "YieldFrom(expr value)",
            "Compare(expr left, cmpop* ops, expr* comparators)",
            "Call(expr func, expr* args, keyword* keywords)",
            "FormattedValue(expr value, int conversion, expr? format_spec)",
            "Interpolation(expr value, constant str, int conversion, expr? format_spec)",
            "JoinedStr(expr* values)",
            "TemplateStr(expr* values)",
            "Constant(constant value, string? kind)",
            "Attribute(expr value, identifier attr, expr_context ctx)",
            "Subscript(expr value, expr slice, expr_context ctx)",
            "Starred(expr value, expr_context ctx)",
            "Name(identifier id, expr_context ctx)",
            "List(expr* elts, expr_context ctx)",
            "Tuple(expr* elts, expr_context ctx)",
            "Slice(expr? lower, expr? upper, expr? step)",
        ],
        attributes: PLACE,
    },
    Sum { name: "expr_context", constructors: &["Load", "Store", "Del"], attributes: "" },
    Sum { name: "boolop", constructors: &["And", "Or"], attributes: "" },
    Sum {
        name: "operator",
        constructors: &[
            "Add", "Sub", "Mult", "MatMult", "Div", "Mod", "Pow", "LShift", "RShift", "BitOr", "BitXor", "BitAnd",
            "FloorDiv",
        ],
        attributes: "",
    },
    Sum { name: "unaryop", constructors: &["Invert", "Not", "UAdd", "USub"], attributes: "" },
    Sum {
        name: "cmpop",
        constructors: &["Eq", "NotEq", "Lt", "LtE", "Gt", "GtE", "Is", "IsNot", "In", "NotIn"],
        attributes: "",
    },
    Sum {
        name: "excepthandler",
        constructors: &["ExceptHandler(expr? type, identifier? name, stmt* body)"],
        attributes: PLACE,
    },
    Sum {
        name: "pattern",
        constructors: &[
            "MatchValue(expr value)",
            "MatchSingleton(constant value)",
            "MatchSequence(pattern* patterns)",
            "MatchMapping(expr* keys, pattern* patterns, identifier? rest)",
            "MatchClass(expr cls, pattern* patterns, identifier* kwd_attrs, pattern* kwd_patterns)",
            "MatchStar(identifier? name)",
            "MatchAs(pattern? pattern, identifier? name)",
            "MatchOr(pattern* patterns)",
        ],
        attributes: FULL_PLACE,
    },
    Sum { name: "type_ignore", constructors: &["TypeIgnore(int lineno, string tag)"], attributes: "" },
    Sum {
        name: "type_param",
        constructors: &[
            "TypeVar(identifier name, expr? bound, expr? default_value)",
            "ParamSpec(identifier name, expr? default_value)",
            "TypeVarTuple(identifier name, expr? default_value)",
        ],
        attributes: FULL_PLACE,
    },
];

/// Node classes that derive from `AST` itself, with their attributes.
pub static PRODUCTS: &[(&str, &str)] = &[
    ("comprehension(expr target, expr iter, expr* ifs, int is_async)", ""),
    (
        "arguments(arg* posonlyargs, arg* args, arg? vararg, arg* kwonlyargs, expr?* kw_defaults, arg? kwarg, expr* defaults)",
        "",
    ),
    ("arg(identifier arg, expr? annotation, string? type_comment)", PLACE),
    ("keyword(identifier? arg, expr value)", PLACE),
    ("alias(identifier name, identifier? asname)", PLACE),
    ("withitem(expr context_expr, expr? optional_vars)", ""),
    ("match_case(pattern pattern, expr? guard, stmt* body)", ""),
];

/// A field or attribute of a class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field {
    pub name: &'static str,
    /// Name of a class, or `identifier`, `string`, `int`, `constant`.
    pub ty: &'static str,
    pub optional: bool,
    pub list: bool,
}

/// Parses `type name, type? name, type* name`.
pub fn fields(text: &'static str) -> impl Iterator<Item = Field> {
    text.split(", ").filter_map(|part| {
        let (ty, name) = part.split_once(' ')?;
        let base = ty.trim_end_matches(['?', '*']);
        let list = ty.ends_with('*');
        Some(Field { name, ty: base, optional: !list && ty.ends_with('?'), list })
    })
}

/// The class name and the fields of `Name(fields)`.
pub fn constructor(text: &'static str) -> (&'static str, &'static str) {
    match text.split_once('(') {
        Some((name, rest)) => (name, rest.trim_end_matches(')')),
        None => (text, ""),
    }
}

/// The docstring of a sum's base class.
pub fn sum_doc(sum: &Sum) -> String {
    let simple = sum.constructors.iter().all(|c| !c.contains('('));
    let between = if simple { " | ".to_owned() } else { format!("\n{}| ", " ".repeat(sum.name.len() + 1)) };
    format!("{} = {}", sum.name, sum.constructors.join(&between))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_parse() {
        let (name, rest) = constructor("Dict(expr?* keys, expr* values)");
        let all: Vec<Field> = fields(rest).collect();
        assert_eq!(name, "Dict");
        assert_eq!(all[0], Field { name: "keys", ty: "expr", optional: false, list: true });
        assert_eq!(fields("").count(), 0);
    }

    #[test]
    fn every_type_of_a_field_exists() {
        let builtin = ["identifier", "string", "int", "constant"];
        let known = |ty: &str| {
            builtin.contains(&ty)
                || SUMS.iter().any(|s| s.name == ty)
                || PRODUCTS.iter().any(|(p, _)| constructor(p).0 == ty)
        };
        let constructors = SUMS.iter().flat_map(|s| s.constructors).chain(PRODUCTS.iter().map(|(p, _)| p));
        for c in constructors {
            assert!(fields(constructor(c).1).all(|f| known(f.ty)), "{c}");
        }
    }
}
