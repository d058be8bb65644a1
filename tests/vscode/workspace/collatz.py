"""Which start below a limit takes the most Collatz steps?"""


class Walk:
    def __init__(self, start):
        self.start = start
        self.steps = 0
        self.peak = start

    def run(self):
        n = self.start
        while n != 1:
            if n % 2 == 0:
                n = n // 2
            else:
                n = 3 * n + 1
            if n > self.peak:
                self.peak = n
            self.steps += 1
        return self


def longest(limit):
    best = None
    for start in range(1, limit):
        walk = Walk(start).run()
        if best is None or walk.steps > best.steps:
            best = walk
    return best


winner = longest(60)
print(winner.start, "takes", winner.steps, "steps and climbs to", winner.peak)
