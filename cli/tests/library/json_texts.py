"""json with its native scanner and encoder: values, layouts, hooks, errors."""

import json
import json.decoder
import json.encoder
import json.scanner
from collections import OrderedDict
from decimal import Decimal


def show(f, *args, **kwargs):
    try:
        print(repr(f(*args, **kwargs)))
    except Exception as e:
        print(type(e).__name__, e, getattr(e, "__notes__", ""))


print(json.scanner.c_make_scanner, json.encoder.c_make_encoder, json.decoder.c_scanstring)

for text in [
    "null", "true", "false", "0", "-0", "12", "-7", "1.5", "1e5", "-1.25E-3", "1e400", "123456789012345678901234567890",
    '""', '"abc"', r'"a\"b\\c\/\b\f\n\r\t"', r'"\u00e9\u20ac\ud83d\ude00"', '"é€😀"', r'"\ud83d"', r'"\ud83dx"', r'"\ud83d\u0041"',
    "[]", "[1,2,3]", " [ 1 , [ ] , { } ] ", "{}", '{"a": 1, "b": [true, null], "é": {"c": "d"}, "a": 2}',
    "NaN", "Infinity", "-Infinity", "[NaN]",
]:
    show(json.loads, text)

for text in [
    "", " ", "nul", "tru", "-", "+1", "01", "1.", "1.e3", ".5", "1e", "[", "[1", "[1,", "[1,]", "[1 2]", "[,]", "{", '{"a"', '{"a":', '{"a":1', '{"a":1,',
    '{"a":1,}', '{"a" 1}', "{1:2}", "{a:1}", '"', '"abc', '"é', '"a\\', '"\\x"', '"\\u12"', '"\\u12G4"', '"\\ud83d\\u12x4"', '"a\nb"', '"é\tb"', "[1] x",
    '{"é": [1, }', '["é", "\\q"]', "-x", "-Inf", "In", "\ufeff1", '{"a": -}',
]:
    show(json.loads, text)

show(json.loads, '"a\nb\t"', strict=False)
show(json.loads, "[1, 2.5, NaN]", parse_int=str, parse_float=Decimal, parse_constant=lambda s: "<" + s + ">")
show(json.loads, '{"a": {"b": 1}}', object_hook=lambda d: sorted(d.items()))
show(json.loads, '{"a": {"b": 1}, "a": 2}', object_pairs_hook=lambda p: p)
show(json.loads, '{"b": 1, "a": 2}', object_pairs_hook=OrderedDict)
show(json.loads, b'{"a": "\xc3\xa9"}')
show(json.JSONDecoder().raw_decode, "[1, 2] rest")
show(json.JSONDecoder().raw_decode, "éé[1, 2] rest", 2)
show(json.decoder.scanstring, 'xé"y', 1)
show(json.decoder.scanstring, "abc", 0)
show(json.decoder.scanstring, "abc", 5)
show(json.decoder.scanstring, "abc", -1)
show(json.decoder.scanstring, b"abc", 1)
try:
    json.loads("[" * 500000)
except RecursionError:
    print("RecursionError")

scan = json.scanner.c_make_scanner(json.JSONDecoder())
show(scan, "[1]", 0)
show(scan, "[1]", 5)
show(scan, "x", -1)
show(scan, 5, 0)
show(scan, string="[ tru ]", idx=0)
print(scan.strict, scan.object_hook, scan.parse_int, scan.parse_float)


class I(int):
    def __repr__(self):
        return "I!"


class F(float):
    def __repr__(self):
        return "F!"


class S(str):
    pass


class D(dict):
    def items(self):
        return [("x", 1), ("y", 2)]


class Bad(dict):
    def items(self):
        return [1]


class Obj:
    def __repr__(self):
        return "Obj()"


data = {"a": 1, "b": [1, 2.5, None, True, False], "é": "€\x00\x1f\x7f😀\"\\", "n": {}, "l": [], "t": (1, (2,)), "d": {"e": {"f": [[]]}}}
for kwargs in [
    {}, {"ensure_ascii": False}, {"indent": 2}, {"indent": "\t"}, {"indent": 0}, {"sort_keys": True}, {"separators": (",", ":")},
    {"indent": 1, "sort_keys": True, "ensure_ascii": False}, {"check_circular": False}, {"indent": 3, "separators": (" ,", " = ")},
]:
    show(json.dumps, data, **kwargs)
for value in [
    "x", "\ud800", 1, -5, 10**30, 1.0, 1e16, 1e22, 0.1, float("nan"), float("inf"), float("-inf"), None, True, I(5), F(2.5), S("é"), D(a=1), OrderedDict(b=1, a=2),
    {1: 2, 1.5: 3, None: 4, True: 5, False: 6, I(9): 7, F(0.5): 8, S("s"): 9, float("inf"): 1},
    {(1, 2): 3}, {"a": [1, {2: Obj()}]}, [[Obj()]], {1, 2}, Bad(a=1), {"b": 1, 2: 3}, {Obj(): 1, "k": 2},
]:
    show(json.dumps, value)
show(json.dumps, {Obj(): 1, "k": 2}, skipkeys=True)
show(json.dumps, {Obj(): 1}, skipkeys=True, indent=2)
show(json.dumps, {"b": 1, 2: 3}, sort_keys=True)
show(json.dumps, [float("nan")], allow_nan=False)
show(json.dumps, {float("nan"): 1}, allow_nan=False)
show(json.dumps, [Obj(), {"k": Obj()}], default=repr)
show(json.dumps, [Obj()], default=lambda o: [o])
show(json.dumps, [Obj()], default=lambda o: 1 / 0)
a = []
a.append(a)
show(json.dumps, a)
d = {}
d["d"] = [d]
show(json.dumps, d)
try:
    json.dumps(a, check_circular=False)
except RecursionError:
    print("RecursionError")

make = json.encoder.c_make_encoder
show(make, 1, None, None, None, "", "", 0, 0, 0)
show(make, None, None, None, None, 1, "", 0, 0, 0)
show(make({}, None, lambda s: "<" + s + ">", None, ":", ",", False, False, True), {"a": ["b"]}, 0)
show(make({}, None, lambda s: 5, None, ":", ",", False, False, True), ["a"], 0)
show(make(None, None, json.encoder.encode_basestring, "--", ":", ",", False, False, True), {"a": ["b", "é"]}, 2)
show(json.encoder.c_encode_basestring_ascii, 5)
show(json.encoder.c_encode_basestring, "é\n")
show(json.encoder.c_encode_basestring_ascii, "é\n\x7f")
encoder = make({}, None, json.encoder.encode_basestring, None, ":", ",", True, False, True)
print(encoder.markers, encoder.default, encoder.indent, encoder.key_separator, encoder.item_separator, encoder.sort_keys, encoder.skipkeys)


class Changing(list):
    pass


items = [1, 2, Obj(), 4]
show(json.dumps, items, default=lambda o: items.clear())
table = {"a": Obj(), "b": 2}
show(json.dumps, table, default=lambda o: table.clear())
print(json.loads(json.dumps(data)) == {**data, "t": [1, [2]]})
