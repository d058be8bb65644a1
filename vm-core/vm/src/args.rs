//! Arguments of native functions: the calling convention, and binding by text signature.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::error::PyResult;
use crate::suggest;
use crate::types::dict::PyDict;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::TypeRef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Arguments of a call: positional values, then the values of the keywords in `kwnames`.
#[derive(Clone, Copy)]
pub struct CallArgs<'a> {
    pub args: &'a [Value],
    /// Names (str objects) of the last arguments.
    pub kwnames: Option<&'a PyTuple>,
}

impl<'a> CallArgs<'a> {
    pub const fn positional(args: &'a [Value]) -> CallArgs<'a> {
        CallArgs { args, kwnames: None }
    }

    pub fn keyword_count(&self) -> usize {
        self.kwnames.map_or(0, |k| k.len())
    }

    pub fn positional_args(&self) -> &'a [Value] {
        &self.args[..self.args.len() - self.keyword_count()]
    }

    /// Keyword names and values, in order.
    pub fn keywords(&self) -> impl Iterator<Item = (Value, Value)> + 'a {
        let values = &self.args[self.args.len() - self.keyword_count()..];
        self.kwnames.into_iter().flat_map(|k| k.as_slice().iter().copied()).zip(values.iter().copied())
    }

    pub fn has_keywords(&self) -> bool {
        self.keyword_count() != 0
    }
}

/// How messages about a call's arguments name the function.
pub trait FunctionName {
    /// The bare name, `append`.
    fn plain(&self) -> Cow<'_, str>;

    /// The name that some messages show, `list.append`.
    fn qualified(&self, _vm: &Vm) -> String {
        self.plain().into_owned()
    }

    /// Types take part in none of the calling conventions that have messages of their own for
    /// a single argument.
    fn is_type(&self) -> bool {
        false
    }
}

/// A type that is called, which goes by its name.
pub struct TypeName(pub TypeRef);

impl FunctionName for TypeName {
    fn plain(&self) -> Cow<'_, str> {
        self.0.name().into()
    }

    fn is_type(&self) -> bool {
        true
    }
}

impl FunctionName for str {
    fn plain(&self) -> Cow<'_, str> {
        self.into()
    }
}

impl FunctionName for String {
    fn plain(&self) -> Cow<'_, str> {
        self.into()
    }
}

/// So many bound values need no memory of their own.
const FEW: usize = 8;

/// A parsed text signature.
pub struct Signature {
    /// Names of the parameters that arguments are bound to, `self` included if it has one.
    pub params: Vec<Param>,
    pub positional_only: usize,
    /// Parameters that positional arguments can fill.
    pub positional: usize,
    pub required: usize,
    /// Index of `*args` and `**kwargs` among the bound values.
    pub varargs: Option<usize>,
    pub varkw: Option<usize>,
    /// The first parameter is `$self`, `$module` or `$type`.
    pub has_self: bool,
    /// Some keyword-only parameter without default.
    required_kwonly: bool,
}

pub struct Param {
    pub name: &'static str,
    pub required: bool,
}

impl Signature {
    /// Parses `($self, a, /, b=None, *args, c, **kw)`. Signatures are part of the program, so a
    /// malformed one is a bug and panics in tests of the type tables.
    pub fn parse(text: &'static str) -> Signature {
        let inner = text.trim().trim_start_matches('(').trim_end_matches(')');
        let mut s = Signature {
            params: Vec::new(),
            positional_only: 0,
            positional: 0,
            required: 0,
            varargs: None,
            varkw: None,
            has_self: false,
            required_kwonly: false,
        };
        let mut keyword_only = false;
        let mut optional = false;
        for part in split_parameters(inner) {
            let part = part.trim();
            // `sub[, start[, end]]`: parameters in brackets may be left out.
            let (part, opens) = match part.split_once('[') {
                Some((p, _)) if !part.contains('=') => (p.trim(), true),
                _ => (part.trim_end_matches(']'), false),
            };
            if part.is_empty() {
                continue;
            }
            if part == "/" {
                s.positional_only = s.params.len();
            } else if part == "*" {
                keyword_only = true;
            } else if let Some(name) = part.strip_prefix("**") {
                s.varkw = Some(s.params.len());
                s.params.push(Param { name, required: false });
            } else if let Some(name) = part.strip_prefix('*') {
                s.varargs = Some(s.params.len());
                s.params.push(Param { name, required: false });
                keyword_only = true;
            } else {
                let (name, required) = match part.split_once('=') {
                    Some((n, _)) => (n.trim(), false),
                    None => (part, !optional),
                };
                optional |= opens;
                let name = match name.strip_prefix('$') {
                    Some(n) => {
                        s.has_self = true;
                        n
                    }
                    None => name,
                };
                if keyword_only {
                    s.required_kwonly |= required;
                } else {
                    s.positional = s.params.len() + 1;
                    if required {
                        s.required = s.params.len() + 1;
                    }
                }
                s.params.push(Param { name, required });
            }
        }
        s
    }

    /// Whether positional arguments alone, `n` of them, need no binding at all.
    #[inline]
    pub fn is_exact(&self, n: usize) -> bool {
        n == self.params.len() && n == self.positional
    }

    /// Whether positional arguments alone, `n` of them, fill the first parameters, and all others
    /// are optional.
    #[inline]
    fn is_plain(&self, n: usize) -> bool {
        self.required <= n
            && n <= self.positional
            && self.varargs.is_none()
            && self.varkw.is_none()
            && !self.required_kwonly
    }

    /// Takes the one positional-only argument besides self (CPython's METH_O), or none (METH_NOARGS).
    pub fn simple_arity(&self) -> Option<usize> {
        let first = self.has_self as usize;
        let n = self.params.len() - first;
        (self.positional == self.params.len()
            && self.required == self.params.len()
            && (n == 0 || (n == 1 && self.positional_only == self.params.len())))
        .then_some(n)
    }

    /// Binds arguments to parameters and calls `f` with one value per parameter.
    /// `first` is the bound `self`, class or module, if the signature has one that is not in `args`.
    pub fn bind<R, N: FunctionName + ?Sized>(
        &self,
        vm: &Vm,
        fname: &N,
        first: Option<Value>,
        call: CallArgs,
        f: impl FnOnce(&[Value]) -> PyResult<R>,
    ) -> PyResult<R> {
        let n = call.args.len() + first.is_some() as usize;
        if call.kwnames.is_none() && self.is_exact(n) {
            return match first {
                None => f(call.args),
                Some(first) => with_first(first, call.args, f),
            };
        }
        let n = self.params.len();
        if n <= FEW {
            return self.bind_all(vm, fname, first, call, &mut [Value::NULL; FEW][..n], f);
        }
        self.bind_all(vm, fname, first, call, &mut vec![Value::NULL; n], f)
    }

    fn bind_all<R, N: FunctionName + ?Sized>(
        &self,
        vm: &Vm,
        fname: &N,
        first: Option<Value>,
        call: CallArgs,
        bound: &mut [Value],
        f: impl FnOnce(&[Value]) -> PyResult<R>,
    ) -> PyResult<R> {
        let skip = first.is_some() as usize;
        let n = call.args.len();
        if call.kwnames.is_none() && self.is_plain(n + skip) {
            // Optional arguments are left out at the end: the frequent case.
            if let Some(v) = first {
                bound[0] = v;
            }
            bound[skip..skip + n].copy_from_slice(call.args);
            return f(bound);
        }
        // Keeps the tuple of *args and the dict of **kwargs alive during the call.
        let mut keep: Vec<Ref> = Vec::new();
        self.fill(vm, fname, first, call, bound, &mut keep)?;
        f(bound)
    }

    fn fill<N: FunctionName + ?Sized>(
        &self,
        vm: &Vm,
        fname: &N,
        first: Option<Value>,
        call: CallArgs,
        bound: &mut [Value],
        keep: &mut Vec<Ref>,
    ) -> PyResult<()> {
        let skip = first.is_some() as usize;
        if let Some(v) = first {
            bound[0] = v;
        }
        if call.has_keywords() && self.takes_no_keywords() {
            return Err(vm.type_error(format!("{}() takes no keyword arguments", fname.qualified(vm))));
        }
        let pos = call.positional_args();
        let room = self.positional - skip.min(self.positional);
        for (slot, v) in bound[skip..].iter_mut().zip(pos.iter().take(room)) {
            *slot = *v;
        }
        if let Some(i) = self.varargs {
            let rest = PyTuple::from_slice(vm, pos.get(room..).unwrap_or(&[]));
            bound[i] = rest.value();
            keep.push(rest);
        } else if pos.len() > room || (self.varkw.is_none() && call.args.len() > self.params.len() - skip) {
            return Err(self.too_many(vm, fname, skip, pos.len(), call.keyword_count()));
        }
        if let Some(i) = self.varkw {
            let d = PyDict::new(vm);
            bound[i] = d.value();
            keep.push(d);
        }
        for (name, value) in call.keywords() {
            self.bind_keyword(vm, fname, name, value, bound, skip)?;
        }
        self.check_required(vm, fname, skip, pos.len(), call.has_keywords(), bound)
    }

    fn bind_keyword<N: FunctionName + ?Sized>(
        &self,
        vm: &Vm,
        fname: &N,
        name: Value,
        value: Value,
        bound: &mut [Value],
        skip: usize,
    ) -> PyResult<()> {
        let bytes = name.cast::<PyStr>().map_or(&[][..], |s| s.as_bytes());
        let at = self.params.iter().enumerate().skip(self.positional_only.max(skip)).find(|(i, p)| {
            Some(*i) != self.varargs && Some(*i) != self.varkw && p.name.as_bytes() == bytes
        });
        match at {
            Some((i, _)) if bound[i].is_null() => {
                bound[i] = value;
                Ok(())
            }
            Some((i, p)) => Err(vm.type_error(format!(
                "argument for {}() given by name ('{}') and position ({})",
                fname.plain(),
                p.name,
                i + 1 - skip
            ))),
            None => match self.varkw {
                Some(i) => match bound[i].cast::<PyDict>() {
                    Some(d) => d.set(vm, name, value),
                    None => Ok(()),
                },
                None if self.takes_no_keywords() => {
                    Err(vm.type_error(format!("{}() takes no keyword arguments", fname.qualified(vm))))
                }
                None => Err(self.unexpected_keyword(vm, fname, &String::from_utf8_lossy(bytes), skip)),
            },
        }
    }

    #[cold]
    fn unexpected_keyword<N: FunctionName + ?Sized>(
        &self,
        vm: &Vm,
        fname: &N,
        name: &str,
        skip: usize,
    ) -> crate::error::Raised {
        let known = self.params.iter().skip(self.positional_only.max(skip)).map(|p| p.name);
        let hint = match suggest::closest(name, known) {
            Some(s) => format!(". Did you mean '{s}'?"),
            None => String::new(),
        };
        vm.type_error(format!("{}() got an unexpected keyword argument '{name}'{hint}", fname.plain()))
    }

    /// No parameter can be given by name.
    pub fn takes_no_keywords(&self) -> bool {
        self.positional_only == self.params.len() && self.varkw.is_none()
            || (self.varargs.is_some() && self.params.len() == self.positional_only + 1 && self.varkw.is_none())
    }

    /// CPython's words for more arguments than there are parameters. Functions whose parameters
    /// are all positional-only are worded by `_PyArg_CheckPositional`, those that could take
    /// keywords by `_PyArg_UnpackKeywords`.
    #[cold]
    fn too_many<N: FunctionName + ?Sized>(
        &self,
        vm: &Vm,
        name: &N,
        skip: usize,
        given: usize,
        keywords: usize,
    ) -> crate::error::Raised {
        let fname = name.plain();
        let most = self.positional - skip.min(self.positional);
        let least = self.required.saturating_sub(skip);
        if let Some(arity) = self.simple_arity()
            && !name.is_type()
        {
            return vm.type_error(match arity {
                0 => format!("{}() takes no arguments ({given} given)", name.qualified(vm)),
                _ => format!("{}() takes exactly one argument ({given} given)", name.qualified(vm)),
            });
        }
        let plural = |n: usize| if n == 1 { "" } else { "s" };
        if self.positional_only == self.params.len() {
            let how = if least == most { "" } else { "at most " };
            return vm.type_error(format!("{fname} expected {how}{most} argument{}, got {given}", plural(most)));
        }
        let all = self.params.len() - skip;
        if self.varkw.is_none() && given + keywords > all {
            let keyword = if given == 0 { "keyword " } else { "" };
            return vm.type_error(format!(
                "{fname}() takes at most {all} {keyword}argument{} ({} given)",
                plural(all),
                given + keywords
            ));
        }
        if most == 0 {
            return vm.type_error(format!("{fname}() takes no positional arguments"));
        }
        let how = if least < most { "at most" } else { "exactly" };
        vm.type_error(format!("{fname}() takes {how} {most} positional argument{} ({given} given)", plural(most)))
    }

    fn check_required<N: FunctionName + ?Sized>(
        &self,
        vm: &Vm,
        fname: &N,
        skip: usize,
        given: usize,
        _keywords: bool,
        bound: &[Value],
    ) -> PyResult<()> {
        for (i, p) in self.params.iter().enumerate().skip(skip) {
            if !p.required || !bound[i].is_null() {
                continue;
            }
            if let Some(1) = self.simple_arity()
                && !fname.is_type()
            {
                let name = fname.qualified(vm);
                return Err(vm.type_error(format!("{name}() takes exactly one argument ({given} given)")));
            }
            if i < self.positional_only {
                let least = self.required.min(self.positional_only) - skip;
                let most = self.positional - skip;
                let s = if least == 1 { "" } else { "s" };
                let name = fname.plain();
                if self.varkw.is_none()
                    && self.positional_only + usize::from(self.varargs.is_some()) < self.params.len()
                {
                    let how = if least < most || self.varargs.is_some() { "at least" } else { "exactly" };
                    return Err(vm.type_error(format!(
                        "{name}() takes {how} {least} positional argument{s} ({given} given)"
                    )));
                }
                let how = if least == most && self.varargs.is_none() { "" } else { "at least " };
                return Err(vm.type_error(format!("{name} expected {how}{least} argument{s}, got {given}")));
            }
            return Err(vm.type_error(format!(
                "{}() missing required argument '{}' (pos {})",
                fname.plain(),
                p.name,
                i + 1 - skip
            )));
        }
        Ok(())
    }
}

/// Calls `f` with one value before the others.
#[inline]
pub fn with_first<R>(first: Value, rest: &[Value], f: impl FnOnce(&[Value]) -> PyResult<R>) -> PyResult<R> {
    let mut buf = [Value::NULL; 8];
    if rest.len() < buf.len() {
        buf[0] = first;
        buf[1..=rest.len()].copy_from_slice(rest);
        return f(&buf[..=rest.len()]);
    }
    let mut v = Vec::with_capacity(rest.len() + 1);
    v.push(first);
    v.extend_from_slice(rest);
    f(&v)
}

/// Splits at commas outside of brackets and quotes (defaults may hold them), and at the commas
/// that begin optional groups, `[, `.
fn split_parameters(text: &'static str) -> Vec<&'static str> {
    let (mut parts, mut start, mut depth, mut quote) = (Vec::new(), 0, 0i32, None);
    for (i, c) in text.char_indices() {
        let group = text[i..].starts_with("[,");
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[') if group => {}
            (None, '(' | '[' | '{') => depth += 1,
            (None, ']') if depth == 0 => {}
            (None, ')' | ']' | '}') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Signatures by the address of their text, parsed at first use.
#[derive(Default)]
pub struct SignatureCache {
    parsed: std::cell::RefCell<HashMap<(usize, usize), &'static Signature, BuildHasherDefault<AddressHasher>>>,
}

/// Mixes two words. The keys are addresses of the program's own: nobody can choose them.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.write_usize(b as usize);
        }
    }

    fn write_usize(&mut self, i: usize) {
        self.0 = (self.0.rotate_left(5) ^ i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl SignatureCache {
    pub fn get(&self, text: &'static str) -> &'static Signature {
        let key = (text.as_ptr() as usize, text.len());
        if let Some(s) = self.parsed.borrow().get(&key) {
            return s;
        }
        let s: &'static Signature = Box::leak(Box::new(Signature::parse(text)));
        self.parsed.borrow_mut().insert(key, s);
        s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_signatures_parse() {
        let s = Signature::parse("($self, a, /, b=',', *args, c, d=(1, 2), **kw)");
        assert!(s.has_self);
        assert_eq!(s.positional_only, 2);
        assert_eq!(s.positional, 3);
        assert_eq!(s.required, 2);
        assert_eq!(s.params.iter().map(|p| p.name).collect::<Vec<_>>(), ["self", "a", "b", "args", "c", "d", "kw"]);
        assert_eq!((s.varargs, s.varkw), (Some(3), Some(6)));
        assert_eq!(Signature::parse("($self, object, /)").simple_arity(), Some(1));
        assert_eq!(Signature::parse("($self, /)").simple_arity(), Some(0));
        assert_eq!(Signature::parse("($self, object)").simple_arity(), None);
        let s = Signature::parse("($self, sub[, start[, end]], /)");
        assert_eq!(s.params.iter().map(|p| p.name).collect::<Vec<_>>(), ["self", "sub", "start", "end"]);
        assert_eq!((s.required, s.positional, s.positional_only), (2, 4, 4));
    }
}
