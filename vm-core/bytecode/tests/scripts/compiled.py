"""Compiles files of the standard library and prints each one's marshalled code object.

Arguments: take every Nth file, beginning with the Mth (0 if not given); or paths of files. A record is a line with the file's name
and the number of bytes, then the bytes.
"""

import marshal
import os
import sys
import warnings


def library():
    top = os.path.dirname(os.__file__)
    for directory, subdirectories, files in os.walk(top):
        subdirectories.sort()
        for file in sorted(files):
            # A distribution may leave links that lead nowhere.
            if file.endswith(".py") and os.path.isfile(os.path.join(directory, file)):
                yield os.path.join(directory, file)


def compiled(arguments):
    """Paths of files and their marshalled code objects."""
    warnings.simplefilter("ignore")
    if arguments[0].isdigit():
        step, first = (*map(int, arguments), 0)[:2]
        paths = list(library())[first::step]
    else:
        paths = arguments
    for path in paths:
        with open(path, "rb") as file:
            source = file.read()
        try:
            code = compile(source, path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            continue  # some files of the test suite are there to be refused
        data = marshal.dumps(code)
        # Strings that are still interned change what the next file's sharing looks like.
        del code
        yield path, data


def main():
    out = sys.stdout.buffer
    for path, data in compiled(sys.argv[1:]):
        out.write(b"%s\t%d\n" % (os.fsencode(path), len(data)))
        out.write(data)


if __name__ == "__main__":
    main()
