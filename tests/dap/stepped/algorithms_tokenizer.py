def tokens(text):
    at = 0
    while at < len(text):
        c = text[at]
        if c.isspace():
            at += 1
            continue
        if c.isdigit():
            end = at
            while end < len(text) and text[end].isdigit():
                end += 1
            yield int(text[at:end])
            at = end
        else:
            yield c
            at += 1


def expression(stream, least=0):
    value = next(stream.it)
    if value == '(':
        value = expression(stream)
        stream.peek = None
    while (op := stream.look()) in {'+': 1, '*': 2} and (power := {'+': 1, '*': 2}[op]) > least:
        stream.peek = None
        right = expression(stream, power)
        value = value + right if op == '+' else value * right
    return value


class Stream:
    def __init__(self, it):
        self.it, self.peek = it, None

    def look(self):
        if self.peek is None:
            self.peek = next(self.it, '')
        return self.peek


print(expression(Stream(tokens('2 + 3 * (4 + 1)'))))
