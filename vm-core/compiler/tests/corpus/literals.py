"""Constants of every type, folding, and their order."""
integers = (0, 1, 255, 256, 1_000, 0xFF, 0o17, 0b101, 10**20, 123456789012345678901234567890)
floats = (0.0, -0.0, 1e100, 1_0.5e-3, 2.5, .5, 5.)
complexes = (1j, 2.5J, 1 + 2j, -1j)
strings = ("a" 'b' """c""", r"\n", "\x41\u00e9\U0001F600\N{BULLET}", "\ud800 lone", "\
continued", '\101\0')
byte_strings = (b"a" b"\xff", rb"\d", b"")
others = (None, True, False, ..., __debug__)
folded = (2 ** 8, -5, ~0, not 1, "a" * 3, (1, 2) + (3,), "abc"[1], 7 // 2, 1 / 4, 5 % 3, 1 << 4)
unfolded = (1 / 0, 2 ** 100000, "a" * 10000, [1][0])
membership = x in {1, 2, 3}, y not in [1, 2, 3], z in ()
empty = [], {}, (), {*()}
big_list = [1, 2, 3, 4]
big_dict = {"a": 1, "b": 2, **{}, "c": 3}
big_set = {1, 2, 3, 4}
slices = a[1:2], a[:], a[::2], a[x:y, ...], a[1:2, 3:4]
