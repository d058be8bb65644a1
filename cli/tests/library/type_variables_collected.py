# Type variables in cycles are garbage like anything else.
import gc
import _typing


class Mark:
    gone = 0

    def __del__(self):
        Mark.gone += 1


class Holder:
    def __init__(self, x):
        self.x = x


makers = {
    "type variable": lambda x: _typing.TypeVar("T", bound=Holder(x)),
    "constraints": lambda x: _typing.TypeVar("T", int, Holder(x)),
    "default": lambda x: _typing.ParamSpec("P", default=x),
    "tuple of them": lambda x: _typing.TypeVarTuple("Ts", default=x),
    "arguments": lambda x: _typing.ParamSpec("P", default=x).args,
    "alias": lambda x: _typing.TypeAliasType("A", x),
}
gc.disable()
for name, make in makers.items():
    held = [Mark()]
    held.append(make(held))
    del held
    before = Mark.gone
    gc.collect()
    print(name, Mark.gone - before)
