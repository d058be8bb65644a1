from package import helper

value = helper.answer()  # @module_main
print(__name__, value)
