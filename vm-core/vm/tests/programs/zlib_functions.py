# The module zlib: what goes in comes out, whatever the container, piece by piece and at once.
# What data compresses to is not compared: compressors differ.
import zlib


def attempt(what, function, *args):
    try:
        print(what, function(*args))
    except Exception as e:
        print(what, type(e).__name__, e)


text = b"".join(b"line %d of some text that repeats\n" % (i % 50) for i in range(3000))
noise = bytes((i * 7919 + (i >> 3) * 104729) & 255 for i in range(5000))
print(zlib.crc32(b""), zlib.crc32(b"hello"), zlib.crc32(text), zlib.crc32(b"lo", zlib.crc32(b"hel")), zlib.crc32(b"x", 1 << 40))
print(zlib.adler32(b""), zlib.adler32(b"hello"), zlib.adler32(text), zlib.adler32(b"lo", zlib.adler32(b"hel")))
for data in b"", b"x", text, noise:
    for level in range(-1, 10):
        for wbits in 15, 9, -15, 31:
            packed = zlib.compress(data, level, wbits)
            assert zlib.decompress(packed, wbits) == data, (len(data), level, wbits)
    print(len(data), len(zlib.compress(text)) < len(text) // 10)
print(zlib.compress(b"")[:1], zlib.compress(b"", wbits=31)[:4], zlib.decompress(zlib.compress(text, wbits=31), 47) == text)

# What CPython made.
print(zlib.decompress(bytes.fromhex("78dacb48cdc9c957c84022cbf38b7252b800714c08cf")))
print(zlib.decompress(bytes.fromhex("1f8b0800000000000203cb48cdc9c957c84022cbf38b7252b80088d95be018000000"), 31))
print(zlib.decompress(bytes.fromhex("cb48cdc9c957c84022cbf38b7252b800"), -15))

# What is wrong.
good = zlib.compress(text)
for bad, wbits in (b"", 15), (good[:-1], 15), (good[:20], 15), (b"hello", 15), (b"x\x9c\xff\xff", 15), (good[:-1] + b"?", 15), (b"\x1f\x8b\x09", 31), (b"\x79\x9c", 15), (good, 31), (good, 9), (good, 99):
    attempt("decompress", lambda: len(zlib.decompress(bad, wbits)))
attempt("compress", zlib.compress, b"", 10)
attempt("compress", zlib.compress, b"", 1, 99)
attempt("compress", zlib.compress, "text")
attempt("compressobj", zlib.compressobj, 1, 9)
attempt("compressobj", zlib.compressobj, 1, 8, 7)
attempt("decompressobj", zlib.decompressobj, 99)
attempt("decompressobj", lambda: zlib.decompressobj(zdict=5))

# Piece by piece.
c = zlib.compressobj(6)
parts = [c.compress(text[i:i + 1000]) for i in range(0, len(text), 1000)]
twin = c.copy()
whole = b"".join(parts) + c.flush()
print(zlib.decompress(whole) == text, zlib.decompress(b"".join(parts) + twin.compress(b"more") + twin.flush()) == text + b"more")
attempt("after the end", c.compress, b"x")
attempt("after the end", c.copy)
d = zlib.decompressobj()
out = b"".join(d.decompress(whole[i:i + 1]) for i in range(len(whole)))
print(out == text, d.eof, d.unused_data, d.unconsumed_tail, d.flush())
d = zlib.decompressobj()
first = d.decompress(whole + b"tail", 100)
print(len(first), d.eof, len(d.unconsumed_tail) > 0)
rest = d.decompress(d.unconsumed_tail)
print(first + rest == text, d.eof, d.unused_data, d.decompress(b" and more"), d.unused_data)
d = zlib.decompressobj()
part = d.decompress(whole[:200])
twin = d.copy()
print(part + d.decompress(whole[200:]) == part + twin.decompress(whole[200:]) == text)
attempt("max_length", d.decompress, b"", -1)
attempt("flush", d.flush, 0)
c = zlib.compressobj()
piece = c.compress(b"first") + c.flush(zlib.Z_SYNC_FLUSH)
print(zlib.decompressobj().decompress(piece), c.flush(zlib.Z_NO_FLUSH))
for strategy in range(5):
    c = zlib.compressobj(strategy=strategy)
    assert zlib.decompress(c.compress(text) + c.flush()) == text

# Dictionaries.
for wbits in 15, -15:
    c = zlib.compressobj(wbits=wbits, zdict=b"hello world, hello world")
    packed = c.compress(b"hello world") + c.flush()
    print(zlib.decompressobj(wbits=wbits, zdict=b"hello world, hello world").decompress(packed))
    attempt("no dictionary", lambda: zlib.decompressobj(wbits=wbits).decompress(packed)) if wbits > 0 else None

# The decompressor that keeps its input.
d = zlib._ZlibDecompressor()
print(d.needs_input, d.eof, d.unused_data)
print(len(d.decompress(whole + b"!", 10)), d.needs_input, d.eof)
print(len(d.decompress(b"")), d.needs_input, d.eof, d.unused_data)
attempt("after the end", d.decompress, b"")
