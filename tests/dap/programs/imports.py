"""Imports a module of its own and one of the library."""

import reprlib

from package import helper

text = reprlib.repr({"answer": helper.answer()})  # @library
ordered = sorted([3, 1, 2], key=lambda n: -n)  # @sorted
breakpoint()  # @breakpoint_call
print(text, ordered)  # @print
