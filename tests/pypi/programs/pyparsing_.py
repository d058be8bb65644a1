import pyparsing as pp

pp.ParserElement.enable_packrat()
number = pp.common.number
variable = pp.common.identifier
expr = pp.infix_notation(
    number | variable,
    [(pp.one_of("+ -"), 1, pp.OpAssoc.RIGHT), ("**", 2, pp.OpAssoc.RIGHT),
     (pp.one_of("* /"), 2, pp.OpAssoc.LEFT), (pp.one_of("+ -"), 2, pp.OpAssoc.LEFT)],
)
for text in ["1 + 2 * x ** -3", "(a + b) * c - 4.5e2", "1 +", "2 * (3"]:
    try:
        print(expr.parse_string(text, parse_all=True).as_list())
    except pp.ParseException as e:
        print(e.lineno, e.column, e)
        print(e.explain(depth=0))
value = pp.Forward()
text = pp.QuotedString('"', esc_char="\\")
array = pp.Group(pp.Suppress("[") + pp.Optional(pp.DelimitedList(value)) + pp.Suppress("]"))
pair = pp.Group(text + pp.Suppress(":") + value)
record = pp.Dict(pp.Suppress("{") + pp.Optional(pp.DelimitedList(pair)) + pp.Suppress("}"))
constant = pp.MatchFirst([pp.Keyword(k).set_parse_action(pp.replace_with(v)) for k, v in [("true", True), ("null", None)]])
value <<= number | text | array | pp.Group(record) | constant
result = record.parse_string('{"a": [1, 2.5, "x\\"y"], "b": {"c": true, "d": null}}')
print(result.as_list(), result["b"]["c"], result.dump())
ip = pp.Combine(pp.Word(pp.nums) + ("." + pp.Word(pp.nums)) * 3)("ip")
line = ip + pp.SkipTo("]")("skipped") + pp.Suppress("]") + pp.Regex(r"(?P<verb>[A-Z]+) (?P<path>\S+)")
print(line.parse_string("10.0.0.1 - [x] GET /index").as_dict())
print([t[0] for t, _, _ in pp.Word(pp.alphas).scan_string("one 2 three")], pp.nested_expr().parse_string("(a (b c) d)"))
print(pp.original_text_for(expr).transform_string("x = 1 + 2"), expr)
