def match_statement(command, x):
    match command:
        case 0 | -1 | 1.5 | -2j | 1 + 2j | "text" "joined" | b"bytes":
            return "values"
        case None | True | False:
            return "singletons"
        case x.constant:
            return "dotted"
        case []:
            pass
        case [1, [2, _], *rest] if rest:
            return rest
        case (a, *_, b) | [a, b]:
            return a, b
        case {}:
            pass
        case {"key": value, -1: _, **others}:
            return value, others
        case Point(1, y=2) | Point(x=1, y=2):
            pass
        case Point(x=Point(a), y=[b, c]) as whole:
            return whole, a, b, c
        case str() as text:
            return text
        case {"a": 1}, *_:
            pass
        case captured if captured > 1:
            return captured
        case _:
            return None


match x, y:
    case 1, 2: pass
match (z):
    case only: print(only)
match = case = type = 1
match.case
match[case]
match * case
