"""Escape sequences that cannot be decoded, in format specifications and elsewhere."""

SOURCES = [
    r"f'{e:\x}'", r"f'{e:\x'", r"f'{e:{1}\x'", r"f'{e:{1}a\x}'", r"(f'{e!r:>{-1}\x1')", r"f'{e:\x{1}}'", r"f'{e:{1}\x{2}\x'",
    r"f'{e:{1}\N{x'", r"f'{e:{1}\N{x}'", r"f'{e:{1}\u12'", r"f'{e:{1}\U12345678'", r"t'{e:{1}\x'", r"rf'{e:{1}\x'",
    r"f'{e:{1}\x' + )", r"f'{é:é\x}'", r"f'{e:{f'{e:{1}\x'}}'", r"f'\x{e:{1}\x'", r"f'{e:{1:{2}\x}'", r"f'\x{e}'", r"'\x'",
    r"b'\x'", r"f'{a b:{1}\x'", r"f(a b)+f'{e:{1}\x'", r"f'{e:{1}ok'", r"f'\x{e:{1}'",
]

for source in SOURCES:
    try:
        compile(source, "text", "exec")
    except SyntaxError as e:
        print(source, "|", type(e).__name__, e.msg, e.lineno, e.offset)
    except UnicodeError as e:
        print(source, "|", type(e).__name__, e.args, e)
