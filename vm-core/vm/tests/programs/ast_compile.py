"""`compile` of syntax trees that are made by hand: what is accepted, and the errors."""
import _ast as ast


def parse(source, mode):
    return compile(source, "f", mode, ast.PyCF_ONLY_AST)


def dump(v):
    if isinstance(v, list):
        return [dump(x) for x in v]
    if not isinstance(v, ast.AST):
        return v
    return type(v).__name__, [(f, dump(getattr(v, f))) for f in v._fields]


def t(f):
    try:
        r = f()
        print('ok', type(r).__name__ if hasattr(r, 'co_code') or isinstance(r, ast.AST) else r)
    except RecursionError:
        print('RecursionError')
    except BaseException as e:
        print(type(e).__name__, e)
def c(tree, mode='exec', **k): return compile(tree, 'f', mode, **k)
P=dict(lineno=1,col_offset=0,end_lineno=1,end_col_offset=0)
m=lambda *b: ast.Module(list(b),[])
x=ast.Pass(**P)
t(lambda: c(m(ast.Pass())))
t(lambda: c(m(ast.Pass(lineno=1))))
t(lambda: c(m(ast.Pass(lineno='a', col_offset=0))))
t(lambda: c(m(ast.Pass(lineno=2**40, col_offset=0))))
t(lambda: c(m(ast.Pass(lineno=None, col_offset=0))))
t(lambda: c(m(ast.Pass(lineno=True, col_offset=0))))
t(lambda: c(m(ast.Pass(lineno=1, col_offset=0, end_lineno=None))))
t(lambda: c(m(ast.Pass(lineno=2, col_offset=0, end_lineno=1))))
t(lambda: c(m(None)))
t(lambda: c(m(5)))
t(lambda: c(ast.Module(5,[])))
t(lambda: c(ast.Module((),[])))
t(lambda: c(ast.Module([],5)))
t(lambda: c(ast.Module()))
y=ast.Module(); del y.body
t(lambda: c(y))
t(lambda: c(ast.Expression(ast.Name('x',ast.Load(),**P))))
t(lambda: c(ast.Expression(ast.Name('x',ast.Load(),**P)),'eval'))
t(lambda: c(ast.Name('x',ast.Load(),**P),'eval'))
t(lambda: c(ast.Expression(None),'eval'))
t(lambda: c(ast.Expression(ast.Name('x',None,**P)),'eval'))
t(lambda: c(ast.Expression(ast.Name(5,ast.Load(),**P)),'eval'))
t(lambda: c(ast.Expression(ast.Name(None,ast.Load(),**P)),'eval'))
t(lambda: c(ast.Expression(ast.Name('x',ast.Store(),**P)),'eval'))
t(lambda: c(ast.Expression(ast.Name('True',ast.Load(),**P)),'eval'))
z=ast.Name('x',ast.Load(),**P); del z.ctx
t(lambda: c(ast.Expression(z),'eval'))
t(lambda: c(ast.Expression(ast.BinOp(z,None,z,**P)),'eval'))
t(lambda: c(ast.Expression(ast.BinOp(z,5,z,**P)),'eval'))
t(lambda: c(ast.Expression(ast.expr(**P)),'eval'))
t(lambda: c(m(ast.stmt(**P))))
K=ast.Constant(1,**P)
t(lambda: c(ast.Expression(ast.Call(K,[],[None],**P)),'eval'))
t(lambda: c(ast.Expression(ast.Call(K,[],[5],**P)),'eval'))
t(lambda: c(ast.Expression(ast.Call(K,[None],[],**P)),'eval'))
t(lambda: c(ast.Expression(ast.Call(K,None,[],**P)),'eval'))
t(lambda: c(ast.Expression(ast.Lambda(None,K,**P)),'eval'))
t(lambda: c(ast.Expression(ast.Lambda(5,K,**P)),'eval'))
t(lambda: c(ast.Expression(ast.Lambda(ast.arguments(),None,**P)),'eval'))
t(lambda: c(ast.Expression(ast.Lambda(ast.arguments(args=[5]),K,**P)),'eval'))
t(lambda: c(ast.Expression(ast.Lambda(ast.arguments(args=[ast.arg('x')]),K,**P)),'eval'))
t(lambda: c(ast.Expression(ast.Lambda(ast.arguments(args=[ast.arg(None,**P)]),K,**P)),'eval'))
t(lambda: c(ast.Expression(ast.Constant([],**P)),'eval'))
t(lambda: c(ast.Expression(ast.Constant((1,[]),**P)),'eval'))
class S(str): pass
t(lambda: c(ast.Expression(ast.Constant(S('a'),**P)),'eval'))
t(lambda: c(ast.Expression(ast.Name(S('a'),ast.Load(),**P)),'eval'))
t(lambda: c(ast.Expression(ast.Constant('a',5,**P)),'eval'))
t(lambda: c(ast.Expression(ast.Constant('a',b'x',**P)),'eval'))
t(lambda: c(ast.FunctionType([],K),'func_type'))
t(lambda: c(ast.FunctionType([],K),'func_type',flags=ast.PyCF_ONLY_AST))
t(lambda: c(ast.FunctionType([],K),'exec',flags=ast.PyCF_ONLY_AST))
t(lambda: c(m(5),'exec',flags=ast.PyCF_ONLY_AST))
t(lambda: c(m(5),'exec',flags=ast.PyCF_OPTIMIZED_AST))
t(lambda: c(ast.Interactive([x]),'single'))
t(lambda: c(ast.Interactive([]),'single'))
t(lambda: c(m(ast.FunctionDef('f',ast.arguments(),[],**P))))
t(lambda: c(m(ast.FunctionDef('f',ast.arguments(),[None],**P))))
t(lambda: c(m(ast.Global([5],**P))))
t(lambda: c(m(ast.Global([''],**P))))
t(lambda: c(m(ast.ImportFrom('x',[ast.alias('y',**P)],-1,**P))))
t(lambda: c(m(ast.ImportFrom('x',[ast.alias('y',**P)],None,**P))))
t(lambda: c(m(ast.ImportFrom(None,[ast.alias('y',**P)],0,**P))))
t(lambda: c(m(ast.Expr(ast.FormattedValue(K,ord('q'),None,**P),**P))))
t(lambda: c(m(ast.Expr(ast.FormattedValue(K,-1,None,**P),**P))))
t(lambda: c(m(ast.Expr(ast.FormattedValue(K,None,None,**P),**P))))
t(lambda: c(m(ast.Expr(ast.Interpolation(K,[],-1,None,**P),**P))))
t(lambda: c(m(ast.Expr(ast.Interpolation(K,None,-1,None,**P),**P))))
t(lambda: eval(c(ast.Expression(ast.Interpolation(K,(1,2),-1,None,**P)),'eval')))
t(lambda: eval(c(ast.Expression(ast.TemplateStr([K,K,ast.Interpolation(K,(1,2),-1,None,**P)],**P)),'eval')))
t(lambda: eval(c(ast.Expression(ast.JoinedStr([ast.Constant('a',**P),ast.Constant('b',**P),ast.Interpolation(K,(1,2),-1,None,**P)],**P)),'eval')))
t(lambda: eval(c(ast.Expression(ast.JoinedStr([],**P)),'eval')))
t(lambda: eval(c(ast.Expression(ast.JoinedStr([K],**P)),'eval')))
t(lambda: eval(c(ast.Expression(ast.FormattedValue(K,-1,K,**P)),'eval')))
t(lambda: c(m(ast.AugAssign(ast.Tuple([],ast.Store(),**P),ast.Add(),K,**P))))
t(lambda: c(m(ast.AnnAssign(ast.Tuple([],ast.Store(),**P),K,K,0,**P))))
t(lambda: c(m(ast.AnnAssign(ast.Tuple([],ast.Store(),**P),K,K,1,**P))))
t(lambda: c(m(ast.AnnAssign(ast.Name('x',ast.Store(),**P),K,K,True,**P))))
t(lambda: c(m(ast.With([None],[x],**P))))
t(lambda: c(m(ast.With([5],[x],**P))))
t(lambda: c(m(ast.Expr(ast.Name('a b',ast.Load(),**P),**P))))
e = ast.UnaryOp(op=ast.Not(), lineno=0, col_offset=0, operand=K); e.operand=e
t(lambda: c(ast.Expression(e),'eval'))
class L(list): pass
t(lambda: c(ast.Module(L([x]),[])))
class Mod2(ast.Module): pass
t(lambda: c(Mod2([x],[])))
t(lambda: c(m(x), 'single'))
t(lambda: c(m(x), 'func_type'))
t(lambda: c(m(x), 'foo'))
t(lambda: c("(int)->str", 'func_type'))
t(lambda: dump(c("(int)->str", 'func_type', flags=ast.PyCF_ONLY_AST)))
t(lambda: dump(c("__debug__", 'eval', flags=ast.PyCF_OPTIMIZED_AST)))
t(lambda: dump(c(parse('__debug__', 'eval'), 'eval', flags=ast.PyCF_OPTIMIZED_AST)))
t(lambda: parse("from __future__ import bad", "exec"))
t(lambda: exec(m(x)))
t(lambda: eval(ast.Expression(K)))
t(lambda: eval(m(x)))
t(lambda: exec(ast.Expression(K)))
t(lambda: c(parse('def f():\n  return 1\n  x: int = 5\n', 'exec'), optimize=2))
t(lambda: c(m(ast.Expr(ast.Compare(K,[ast.Is()],[K],**P),**P))))
t(lambda: c(m(ast.FunctionDef('f',ast.arguments(),[],**P)),flags=ast.PyCF_ONLY_AST))
q=m(x)
t(lambda: c(q,flags=ast.PyCF_ONLY_AST) is q)
t(lambda: c(m(ast.FunctionDef('f',ast.arguments(),[x],type_comment='int',**P)),flags=ast.PyCF_ONLY_AST).body[0].type_comment)
t(lambda: c(m(ast.FunctionDef('f',ast.arguments(),[x],type_comment='int',**P)),flags=ast.PyCF_OPTIMIZED_AST).body[0].type_comment)
t(lambda: dump(c(ast.Module([x],[ast.TypeIgnore(1,'x')]),flags=ast.PyCF_OPTIMIZED_AST)))
t(lambda: dump(c(ast.Module([x],[ast.TypeIgnore(1,b'x')]),flags=ast.PyCF_OPTIMIZED_AST)))
t(lambda: dump(c(ast.Module([x],[5]),flags=ast.PyCF_OPTIMIZED_AST)))
t(lambda: c(parse('from __future__ import annotations', 'exec'),flags=ast.PyCF_ONLY_AST))
t(lambda: c(m(ast.ImportFrom('__future__',[ast.alias('bad',**P)],0,**P)),flags=ast.PyCF_ONLY_AST))
t(lambda: c(m(ast.ImportFrom('__future__',[ast.alias('bad',**P)],0,**P))))
t(lambda: c(m(ast.Return(K,**P))))
t(lambda: c(m(ast.Break(**P))))
t(lambda: c(m(ast.Compare(K,[],[],**P))))
t(lambda: c(m(ast.Expr(ast.Compare(K,[None],[K],**P),**P))))
t(lambda: c(m(ast.Expr(ast.Compare(K,None,[K],**P),**P))))
t(lambda: c(m(ast.Expr(ast.Starred(K,ast.Load(),**P),**P))))
t(lambda: c(m(ast.Expr(ast.Slice(K,K,K,**P),**P))))
t(lambda: c(m(ast.Assign([ast.Starred(ast.Name('x',ast.Store(),**P),ast.Store(),**P)],K,**P))))
t(lambda: c(m(ast.Delete([ast.Tuple([],ast.Del(),**P)],**P))))
t(lambda: c(m(ast.Delete([ast.Starred(ast.Name('x',ast.Del(),**P),ast.Del(),**P)],**P))))
t(lambda: compile(ast.Expression(K), b'f', 'eval').co_filename)
t(lambda: compile(ast.Expression(K), 5, 'eval').co_filename)

# Names that are constants.
p=ast.Pass(**P); K=ast.Constant(1,**P); N=lambda i,c=ast.Load: ast.Name(i,c(),**P)
T={
'FunctionDef':lambda: ast.FunctionDef('None',ast.arguments(),[p],**P),
'AsyncFunctionDef':lambda: ast.AsyncFunctionDef('None',ast.arguments(),[p],**P),
'FunctionDef+body':lambda: ast.FunctionDef('None',ast.arguments(),[],**P),
'FunctionDef+tp':lambda: ast.FunctionDef('None',ast.arguments(),[p],type_params=[ast.TypeVar('True',**P)],**P),
'FunctionDef+arg':lambda: ast.FunctionDef('x',ast.arguments(args=[ast.arg('None',**P)]),[p],**P),
'FunctionDef+vararg':lambda: ast.FunctionDef('x',ast.arguments(vararg=ast.arg('None',**P)),[p],**P),
'ClassDef':lambda: ast.ClassDef('None',[],[],[p],**P),
'ClassDef+kw':lambda: ast.ClassDef('x',[],[ast.keyword('None',K,**P)],[p],**P),
'ClassDef+body':lambda: ast.ClassDef('None',[],[],[],**P),
'Import':lambda: ast.Import([ast.alias('None',**P)],**P),
'Import.':lambda: ast.Import([ast.alias('None.x',**P)],**P),
'Import..':lambda: ast.Import([ast.alias('a.None',**P)],**P),
'Import as':lambda: ast.Import([ast.alias('x','None',**P)],**P),
'Import as2':lambda: ast.Import([ast.alias('None','True',**P)],**P),
'Import as3':lambda: ast.Import([ast.alias('None','x',**P)],**P),
'ImportFrom':lambda: ast.ImportFrom('None',[ast.alias('x',**P)],0,**P),
'ImportFrom name':lambda: ast.ImportFrom('m',[ast.alias('None',**P)],0,**P),
'ImportFrom nameas':lambda: ast.ImportFrom('m',[ast.alias('None','x',**P)],0,**P),
'ImportFrom as':lambda: ast.ImportFrom('m',[ast.alias('x','None',**P)],0,**P),
'ImportFrom neg':lambda: ast.ImportFrom('m',[ast.alias('x','None',**P)],-1,**P),
'alias pos':lambda: ast.Import([ast.alias('x',lineno=2,end_lineno=1,col_offset=0,end_col_offset=0)],**P),
'alias pos None':lambda: ast.Import([ast.alias('None',lineno=2,end_lineno=1,col_offset=0,end_col_offset=0)],**P),
'Global':lambda: ast.Global(['None'],**P),
'Nonlocal':lambda: ast.Nonlocal(['None'],**P),
'handler':lambda: ast.Try([p],[ast.ExceptHandler(K,'None',[p],**P)],**P),
'handler body':lambda: ast.Try([p],[ast.ExceptHandler(K,'None',[],**P)],**P),
'handler type':lambda: ast.Try([p],[ast.ExceptHandler(N('x',ast.Store),'None',[p],**P)],**P),
'handler*':lambda: ast.TryStar([p],[ast.ExceptHandler(K,'None',[p],**P)],**P),
'handler* pos':lambda: ast.TryStar([p],[ast.ExceptHandler(K,'x',[p],lineno=2,end_lineno=1,col_offset=0,end_col_offset=0)],**P),
'attr':lambda: ast.Expr(ast.Attribute(K,'None',ast.Load(),**P),**P),
'keyword':lambda: ast.Expr(ast.Call(K,[],[ast.keyword('None',K,**P)],**P),**P),
'keyword pos':lambda: ast.Expr(ast.Call(K,[],[ast.keyword('x',K,lineno=2,end_lineno=1,col_offset=0,end_col_offset=0)],**P),**P),
'kwattr':lambda: ast.Match(K,[ast.match_case(ast.MatchClass(N('x'),[],['None'],[ast.MatchAs(**P)],**P),None,[p])],**P),
'lambda':lambda: ast.Expr(ast.Lambda(ast.arguments(args=[ast.arg('None',**P)]),K,**P),**P),
'vararg pos':lambda: ast.Expr(ast.Lambda(ast.arguments(vararg=ast.arg('x',lineno=2,end_lineno=1,col_offset=0,end_col_offset=0)),K,**P),**P),
'named':lambda: ast.Expr(ast.NamedExpr(N('None',ast.Store),K,**P),**P),
'named load':lambda: ast.Expr(ast.NamedExpr(N('x',ast.Load),K,**P),**P),
'alias':lambda: ast.TypeAlias(N('None',ast.Store),[],K,**P),
'paramspec':lambda: ast.TypeAlias(N('x',ast.Store),[ast.ParamSpec('None',**P)],K,**P),
'list handlers none':lambda: ast.Expr(ast.Constant('x',**P),**P),
'__debug__ f': lambda: ast.FunctionDef('__debug__',ast.arguments(),[p],**P),
'empty name': lambda: ast.Expr(N(''),**P),
}
for k,f in T.items():
    try: compile(ast.Module([f()],[]),'f','exec'); r='ok'
    except BaseException as e: r=f'{type(e).__name__}: {e}'
    print(k,'|',r)
