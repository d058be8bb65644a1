"""Runs one module of CPython's test suite in the interpreter that runs this file, and writes a line per test.

    python one.py MODULE RESULTS [DONE]

RESULTS gets lines of tab-separated fields: `start ID`, then `end ID OUTCOME DETAIL`, and `over` at the end. OUTCOME is
passed, failed, error, skipped, expected (a failure that the test expects) or unexpected. DETAIL is the reason for skipping,
or the last line of the exception. Tests named in the file DONE, an ID per line, are left out: they ran in a process before.
"""

import sys
import unittest


class Result(unittest.TestResult):
    """Writes each outcome as soon as it is known, so that a crash loses only the test that crashed."""

    def __init__(self, out):
        super().__init__()
        self.out = out
        self.outcome = None

    def write(self, *fields):
        self.out.write("\t".join(f.replace("\t", " ").replace("\n", " ") for f in fields) + "\n")
        self.out.flush()

    def startTest(self, test):
        super().startTest(test)
        self.outcome = ("passed", "")
        self.write("start", name(test))

    def stopTest(self, test):
        super().stopTest(test)
        self.write("end", name(test), *self.outcome)

    def worst(self, outcome, detail):
        # The first failure of a test's subtests is the one that is told.
        if self.outcome is None or self.outcome[0] not in ("failed", "error"):
            self.outcome = (outcome, detail)

    def addFailure(self, test, err):
        self.worst("failed", last_line(err))

    def addError(self, test, err):
        if not isinstance(test, unittest.TestCase):
            # setUpClass or setUpModule: what would have run is missing from the results.
            self.write("end", name(test), "error", last_line(err))
            return
        self.worst("error", last_line(err))

    def addSubTest(self, test, subtest, err):
        if err is not None:
            kind = "failed" if issubclass(err[0], test.failureException) else "error"
            self.worst(kind, last_line(err))

    def addSkip(self, test, reason):
        if not isinstance(test, unittest.TestCase):
            self.write("end", name(test), "skipped", reason)
            return
        self.worst("skipped", reason)

    def addExpectedFailure(self, test, err):
        self.worst("expected", "")

    def addUnexpectedSuccess(self, test):
        self.worst("unexpected", "")


def name(test):
    return test.id()


def last_line(err):
    import traceback

    try:
        kind, value, tb = err
        place = ""
        if tb is not None:
            frames = [f for f in traceback.extract_tb(tb) if "unittest" not in f.filename]
            if frames:
                place = f" @{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}"
        return f"{kind.__name__}: {str(value)[:300]}{place}"
    except Exception as e:
        return f"{err[0]} (its text cannot be made: {type(e).__name__})"


def flat(suite):
    for t in suite:
        if isinstance(t, unittest.BaseTestSuite):
            yield from flat(t)
        else:
            yield t


def without(suite, done):
    """The suite without tests that are done; its shape, which fixtures depend on, stays."""
    kept = []
    for t in suite:
        if isinstance(t, unittest.BaseTestSuite):
            kept.append(without(t, done))
        elif name(t) not in done:
            kept.append(t)
    return type(suite)(kept)


def main():
    module, results = sys.argv[1:3]
    done = set()
    if len(sys.argv) > 3:
        with open(sys.argv[3], encoding="utf-8") as f:
            done = set(f.read().splitlines())
    out = open(results, "a", encoding="utf-8", errors="backslashreplace")
    from test import support

    support.use_resources = []
    support.verbose = False
    suite = unittest.defaultTestLoader.loadTestsFromName(f"test.{module}")
    result = Result(out)
    without(suite, done).run(result)
    result.write("over")
    out.close()


if __name__ == "__main__":
    main()
