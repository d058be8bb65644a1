"""Stands for CPython's module of this name, whose tests are of its C API: they are skipped, one by one, where
`test_bytes` would skip all of its tests without the module."""

import unittest


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    raise unittest.SkipTest("requires _testlimitedcapi, CPython's C API")
