# The module _opcode.
import _opcode
print(_opcode.get_nb_ops()); print(_opcode.get_intrinsic1_descs()); print(_opcode.get_intrinsic2_descs()); print(_opcode.get_special_method_names()); print(_opcode.get_specialization_stats())
def t(f,*a,**k):
    try: return f(*a,**k)
    except BaseException as e: return f'{type(e).__name__} {e}'
print(t(_opcode.stack_effect,1000)); print(t(_opcode.stack_effect,-1)); print(t(_opcode.stack_effect,1,jump=5)); print(t(_opcode.stack_effect,2**40)); print(t(_opcode.is_valid,300)); print(t(_opcode.has_arg,1000)); print(t(_opcode.get_executor,(lambda:0).__code__,0)); print(t(_opcode.get_executor,1,0)); print(t(_opcode.get_executor,code=(lambda:0).__code__,offset=1000))
for i in range(270):
    if _opcode.is_valid(i): print(i, [t(_opcode.stack_effect, i, 1, jump=j) for j in (None, True, False)])
for n in dir(_opcode):
    if n.startswith(('has', 'is')): print(n, [i for i in range(-5,300) if getattr(_opcode,n)(i)])
