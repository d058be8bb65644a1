"""Stands for CPython's module of this name: what would look into CPython skips the test that asks for it, where
`test_class` could not be imported without the module."""

import unittest


def get_c_recursion_remaining():
    """Native recursion ends in a RecursionError at about this depth."""
    return 10_000


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)

    if name.isupper():
        raise unittest.SkipTest(f"_testinternalcapi.{name} is CPython's")

    def unavailable(*args, **kwargs):
        raise unittest.SkipTest(f"_testinternalcapi.{name} is CPython's")

    return unavailable
