"""Imports a module of its own and one of the library."""

import json

from package import helper

text = json.dumps({"answer": helper.answer()})  # @dumps
ordered = sorted([3, 1, 2], key=lambda n: -n)  # @sorted
breakpoint()  # @breakpoint_call
print(text, ordered)  # @print
