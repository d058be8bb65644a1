# The module unicodedata, in both versions of Unicode.
import unicodedata as u
def t(f,*a,**k):
    try: print(repr(f(*a,**k)))
    except BaseException as e: print(type(e).__name__, e)
o=u.ucd_3_2_0
for m in (u,o):
    for f in ('category','bidirectional','combining','mirrored','decimal','digit','numeric','decomposition','east_asian_width','name'):
        for c in ('a','1','²','½','á','ﬁ','가','一','\0','Ⅷ','٣','\U0001f600','ab','',5,'\ud800','㎏','\u1e9e','\u20b9','𝟘','(','〇','Ω','\ue000'):
            t(getattr(m,f),c)
        if f in('decimal','digit','numeric','name'): t(getattr(m,f),'a',None); t(getattr(m,f),'\0','D')
    for form in ('NFC','NFD','NFKC','NFKD','X',5):
        for s in ('abc','á','a\u0301','ﬁ','Å','가','\u1112\u1161\u11ab','q\u0323\u0307','\ufb20',5,'','\u2126','豈','\U0002f868'):
            t(m.normalize,form,s); t(m.is_normalized,form,s)
    for n in ('LATIN SMALL LETTER A','latin small letter a','BOGUS','HANGUL SYLLABLE GA','CJK UNIFIED IDEOGRAPH-4E00',5,'GRINNING FACE','DIGIT ONE',''): t(m.lookup,n)
    print(m.unidata_version)
    h = 0
    for c in range(0, 0x110000, 3):
        s = chr(c)
        h = hash((h, len(m.category(s)), m.category(s) == 'Ll', m.combining(s), m.mirrored(s), m.decimal(s, -1), m.digit(s, -1), m.numeric(s, -1), len(m.decomposition(s)), m.name(s, '') == ''))
    print(h)
t(type(o))
