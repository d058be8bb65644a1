"""Generators, exceptions, with and finally."""


class Guard:
    def __enter__(self):
        return self  # @enter

    def __exit__(self, *exception):
        return False  # @exit


def numbers():
    yield 1  # @yield_one
    yield 2  # @yield_two


def fails():
    raise ValueError("no luck")  # @raise


def catches():
    try:
        fails()  # @try
    except ValueError as error:  # @except
        text = str(error)  # @handler
    finally:
        done = True  # @finally
    return text, done  # @after_finally


def uses():
    with Guard() as guard:  # @with
        seen = guard  # @with_body
    return seen  # @after_with


def gathers():
    found = []  # @gather
    for number in numbers():  # @gather_for
        found.append(number)  # @gather_body
    return found  # @gather_return


gathers()  # @main_gathers
catches()  # @main_catches
uses()  # @main_uses
print("done")  # @main_print
