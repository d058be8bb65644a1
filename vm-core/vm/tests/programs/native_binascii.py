# The module binascii.
import binascii as b
def t(f,*a,**k):
    try: print(repr(f(*a,**k)))
    except BaseException as e: print(type(e).__module__, type(e).__name__, e)
datas = [bytes(range(n)) for n in (0,1,2,3,4,5,44,45,46)] + [b'hello world', bytes(range(256)), b'\xff'*10, b'a=b\t \n x \n.\n' + b'long '*40, b'a\r\nb \r\n.', b'_ =']
for d in datas:
    for f in (b.b2a_base64, b.b2a_hex, b.hexlify, b.b2a_uu, b.b2a_qp, b.crc32): t(f, d)
    t(b.b2a_base64, d, newline=False); t(b.b2a_uu, d, backtick=True); t(b.crc_hqx, d, 0); t(b.crc_hqx, d, 0x12345); t(b.crc32, d, 77); t(b.b2a_qp, d, True); t(b.b2a_qp, d, istext=False); t(b.b2a_qp, d, header=True); t(b.hexlify, d, ':'); t(b.hexlify, d, b'-', 2); t(b.hexlify, d, '_', -3)
    assert b.a2b_base64(b.b2a_base64(d)) == d and b.unhexlify(b.hexlify(d)) == d
    if len(d) <= 45: assert b.a2b_uu(b.b2a_uu(d)) == d
for s in ('', 'a', 'ab', 'abc', 'abcd', 'ab==', 'abc=', 'a===', '=', '====', 'abcd=', 'ab=c', 'ab=c=', 'ab==cd', 'ab!c', 'ab\nc=', 'abc==', 'YWJj\n', '=abc', 'YW=Jj', 'ab==!', b'YQ==', bytearray(b'YQ=='), 5, '\xe9', 'a=b=', 'a=='):
    t(b.a2b_base64, s); t(b.a2b_base64, s, strict_mode=True)
for s in ('', 'a', 'ab', 'zz', 'AbCd', b'00ff', 5, '\xe9', '0 '): t(b.a2b_hex, s)
for s in ('', '#86)C\n', '#86)C', ' \n', '#86)C garbage', '#\x7f', '%86)C', '`', 'M', '#86)C``', 5): t(b.a2b_uu, s)
for s in ('', 'a=3Db', 'a=\nb', 'a=\r\nb', 'a=', 'a==b', 'a=zz', 'a=4', '_', 'a=\rb\nc', b'=E9'): t(b.a2b_qp, s); t(b.a2b_qp, s, header=True)
t(b.hexlify, b'ab', 'xx'); t(b.hexlify, b'ab', '\xe9'); t(b.hexlify, b'ab', 5); t(b.b2a_base64, 'a'); t(b.crc32, 'a'); t(b.crc32, b'a', 2**40+5); t(b.crc32, b'a', -1); t(b.b2a_uu, b'a'*46); t(b.a2b_base64); t(b.crc_hqx, b'')
print(b.Error.__mro__, b.Incomplete.__mro__)
