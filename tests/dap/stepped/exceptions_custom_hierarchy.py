class Problem(Exception):
    code = 0

    def __init__(self, what):
        super().__init__(what)
        self.what = what

    def __str__(self):
        return f'{self.code}: {self.what}'


class Missing(Problem):
    code = 404


class Broken(Problem):
    code = 500


def raises(kind):
    raise kind(kind.__name__.lower())


for kind in (Missing, Broken, Problem, OSError):
    try:
        raises(kind)
    except (Missing, Broken) as problem:
        print('known', problem)
    except Problem as problem:
        print('other', problem)
    except Exception as e:
        print('foreign', type(e).__name__)
