# Regular expressions through `re` and `_sre`.
import _sre
import copy
import re


def t(f,*a,**k):
    try: print(f(*a,**k))
    except BaseException as e: print(type(e).__name__, e)
p=re.compile('a(b)?(?P<n>c)')
t(p.match); t(p.match,1); t(p.match,b'a'); t(p.match,'ac',1,2,3); t(p.match,'ac','x'); t(p.match,string='ac',pos=0,x=1)
t(_sre.compile,1,2); t(_sre.compile,'a',0,(),0,{},()); t(_sre.compile,'a',0,[],0,{},()); t(_sre.compile,'a',0,[1],0,{},());t(_sre.compile,'a',0,[2**40],0,{},()); t(_sre.compile,'a',0,[-1],0,{},()); t(_sre.compile,'a',0,['a'],0,{},());t(_sre.compile,'a',0,[1],-1,{},());t(_sre.compile,'a',0,[1],0,[],());t(_sre.compile,'a',0,[1],0,{},[]);t(_sre.compile,5,0,[1],0,{},())
t(_sre.template,p,[]); t(_sre.template,p,['a',-1,'b']);t(_sre.template,p,['a','x','b']);t(_sre.template,p,('a',))
m=p.match('ac'); t(m.group,5); t(m.group,'zz'); t(m.group,1.5); t(m.__getitem__,'q'); t(m.start,9); t(m.start,1); t(m.span,1); t(lambda:m.regs); t(lambda:(m.lastindex,m.lastgroup)); t(lambda:m); t(lambda:p); t(lambda: re.compile(b'x',re.I|re.S)); t(lambda: hash(p)==hash(re.compile('a(b)?(?P<n>c)'))); t(lambda: copy.copy(p) is p); t(p.sub,lambda m:1,'ac'); t(p.sub,b'x','ac'); t(p.sub,1,'ac'); t(m.expand,r'\1\2\g<n>'); t(m.expand,r'\9'); t(re.compile(b'a').sub,'x',b'aaa')
t(m.groups); t(m.groups,'D'); t(m.groupdict); t(m.groupdict,default=4); t(lambda:p.groupindex); t(re.compile('x').sub, 'a', 'b'*1)
t(type(m)); t(re.Pattern); t(lambda: re.match('x'*100,'x'*100)); t(re.compile,'x'*300)
# Unicode and performance of positions
s='äöü '*20000+'end'
n=0
for m in re.finditer(r'\w+', s): n+=m.end()-m.start()
print(n, re.search('end',s).span(), s.count('ä'))
p=re.compile(r'\s*(\w+)')
pos=0;k=0
while True:
    m=p.match(s,pos)
    if not m: break
    pos=m.end(); k+=len(m.group(1))
print(pos,k)
for pat in (r'(a+)+$', r'(?:a|b)*c', r'(?i)straße', r'(?i)ǆ', r'^.*?x', r'(?<=a)b', r'(?<!a)b', r'(a)?(?(1)b|c)', r'(?P<x>a)(?P=x)', r'\bfoo\b', r'[^a-z]+', r'\d{2,3}?', r'a*+a', r'(?>a*)b', r'(?m)^\w', r'(?s).+', r'[\u0400-\u04ff]+'):
    for text in ('aaa','abc','bc','foo bar','STRASSE straße','Ǆ','ab\nxy','1234','ac','aab','привет мир',''):
        m=re.search(pat,text); print(pat, repr(text), m and (m.span(), m.groups()), re.findall(pat,text), re.split(pat,text), re.sub(pat,'<\\g<0>>',text))
bad=[]
for c in range(0, 0x110000, 7):
    ch=chr(c)
    if bool(re.match(r'\w',ch))!=(ch.isalnum() or ch=='_'): bad.append(('w',hex(c)))
    if bool(re.match(r'\d',ch))!=ch.isdecimal(): bad.append(('d',hex(c)))
    if bool(re.match(r'\s',ch))!=ch.isspace(): bad.append(('s',hex(c)))
print(bad[:20],len(bad))
for f in ('(', '[', 'a{2,1}', '(?P<a>)(?P<a>)', '*', '(?z)', r'\1', '(?<=a+)', 'a'+'('*50, '(?P<1>a)', '[z-a]', '\\'):
    t(re.compile, f)
