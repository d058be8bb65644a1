import attr
import attrs
from attrs import define, field, frozen, validators


@define
class Point:
    x: int = field(default=0, converter=int)
    y: int = field(default=0, validator=validators.instance_of(int))


@frozen(order=True)
class Version:
    major: int
    minor: int = 0
    tags: list = field(factory=list, eq=False, repr=False)

    @property
    def text(self):
        return f"{self.major}.{self.minor}"


@define(slots=False, kw_only=True)
class Base:
    name: str
    _hidden: int = 1

    def __attrs_post_init__(self):
        self.made = True


@define
class Child(Base):
    level: int = field(validator=[validators.ge(0), validators.le(9)])

    @level.validator
    def _check(self, attribute, value):
        if value == 7:
            raise ValueError("unlucky")


print(Point("3"), Point(1, 2) == Point(1, 2), Point.__slots__)
for make in [lambda: Point(y="a"), lambda: Point("z"), lambda: setattr(Version(1), "major", 2), lambda: Version(),
             lambda: Child(name="n", level=11), lambda: Child(name="n", level=7), lambda: Point().z]:
    try:
        make()
    except Exception as e:
        print(type(e).__name__, e)
print(sorted([Version(2), Version(1, 5), Version(1)]), hash(Version(1)) == hash(Version(1)), Version(1, 2).text)
print(Child(name="n", level=3, hidden=5), attrs.asdict(Child(name="n", level=3)), attrs.astuple(Version(1)))
print(attrs.evolve(Version(1, 2), minor=9), [a.name for a in attrs.fields(Child)])
C = attr.make_class("C", {"a": attr.ib(default=1), "b": attr.ib(default=attr.Factory(lambda self: self.a + 1, takes_self=True))})
print(C(), C(5), attrs.has(C), attrs.asdict(C(), filter=attrs.filters.exclude("a")))
print(attrs.validate(Point(1)), repr(attrs.fields(Point).x))
