# The module _csv.
import _csv as csv
def t(f,*a,**k):
    try: print(repr(f(*a,**k)))
    except BaseException as e: print(type(e).__module__, type(e).__name__, e)
def rows(lines, *a, **k):
    r = csv.reader(lines, *a, **k)
    return list(r), r.line_num
texts = [[], [''], ['a,b,c'], ['a,"b,c",d\r\n', '"x""y",z'], ['"a', 'b",c'], ['a, "b"'], ['1,2.5,x'], ['"1",2'], ['a\\,b,c'], ['"a"b,c'], ['a\rb'], ['a\nb'], ['"a'], ['a,,b', '""', ','], ['a\n', '\n', 'b'], ['\ufeffa;b|c'], ['a\\\n', 'b'], ['"a\\"b"'], ["'a,b',c"], [' a , b '], ['x"y"z'], ['a\x00b']]
options = [{}, {'delimiter': ';'}, {'quotechar': "'"}, {'quotechar': None}, {'escapechar': '\\'}, {'skipinitialspace': True}, {'strict': True}, {'doublequote': False}] + [{'quoting': q} for q in range(6)] + [{'doublequote': False, 'escapechar': '\\', 'quoting': 0}]
for o in options:
    print(o)
    for x in texts: t(rows, x, **o)
class W:
    def __init__(self): self.text = []
    def write(self, s): self.text.append(s); return len(s)
def written(data, *a, **k):
    w = W(); r = [csv.writer(w, *a, **k).writerow(row) for row in data]
    return w.text, r
data = [[['a', 'b']], [[1, 2.5, None, '']], [['a,b', 'c"d', 'e\nf', 'g\r']], [[]], [['']], [[None]], [['', '']], [['a;b', "c'd", 'e\\f']], ['abc'], [5], [(x for x in 'xy')], [[True, b'x', [1]]], [[' a ', '#']]]
for o in options + [{'delimiter': ' ', 'skipinitialspace': True}, {'lineterminator': '\n'}, {'lineterminator': '!', 'quoting': 3, 'escapechar': '\\'}]:
    print(o)
    for x in data: t(written, x, **o)
for k in [{'delimiter': ''}, {'delimiter': 'ab'}, {'delimiter': None}, {'delimiter': 5}, {'delimiter': '\n'}, {'quotechar': ''}, {'quotechar': 5}, {'quotechar': ','}, {'escapechar': ','}, {'escapechar': '"'}, {'escapechar': 'ab'}, {'lineterminator': 5}, {'lineterminator': ','}, {'quoting': 9}, {'quoting': 'a'}, {'quoting': True}, {'quotechar': None, 'quoting': 1}, {'skipinitialspace': 1, 'delimiter': ' '}, {'quotechar': ' ', 'skipinitialspace': 1}, {'strict': []}]:
    t(lambda: [getattr(csv.Dialect(**k), n) for n in ('delimiter', 'doublequote', 'escapechar', 'lineterminator', 'quotechar', 'quoting', 'skipinitialspace', 'strict')])
t(csv.reader); t(csv.reader, 5); t(csv.reader, [], 'nope'); t(csv.reader, [], 1, 2); t(rows, [1]); t(rows, [b'a']); t(csv.writer); t(csv.writer, 5); t(lambda: csv.writer(W()).writerows([[1], [2]])); t(lambda: csv.writer(W()).writerows(5))
t(csv.register_dialect, 'mine', delimiter='|'); t(csv.list_dialects); t(rows, ['a|b'], 'mine'); t(rows, ['a|b;c'], 'mine', delimiter=';'); t(csv.register_dialect, 5); t(csv.register_dialect); t(lambda: csv.get_dialect('mine').delimiter); t(csv.get_dialect, 'x'); t(csv.unregister_dialect, 'mine'); t(csv.unregister_dialect, 'mine'); t(csv.get_dialect, [])
class D: delimiter = ':'; quoting = 1
t(written, [['a', 1]], D); t(lambda: csv.Dialect(D()).delimiter); d = csv.Dialect(); print(csv.Dialect(d) is d); t(d.__reduce__); t(setattr, d, 'delimiter', ';')
t(csv.field_size_limit); t(csv.field_size_limit, 3); t(rows, ['abcd']); t(rows, ['abc']); t(csv.field_size_limit, 'a'); t(csv.field_size_limit, 2**100); t(csv.field_size_limit, 131072)
t(csv.Reader); t(csv.Writer); print(csv.Error.__mro__, csv.Error.__name__)
