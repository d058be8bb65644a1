//! `str.format`: text with fields in braces.

use crate::error::{PyResult, Raised};
use crate::protocol::{attr, item, object as obj};
use crate::shape;
use crate::types::str_::{CodePoints, PyStr};
use crate::types::tuple::PyTuple;
use crate::unicode;
use crate::value::{Ref, Value};
use crate::vm::Vm;

use super::render;

/// What a template is refused with: the text of a ValueError.
pub type Problem = &'static str;

/// A field: `{name!conversion:spec}`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field<'a> {
    pub name: &'a [u8],
    pub conversion: Option<u32>,
    pub spec: &'a [u8],
    /// The specification holds fields itself.
    pub nested: bool,
}

/// Literal text and the field after it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Piece<'a> {
    pub literal: &'a [u8],
    pub field: Option<Field<'a>>,
}

/// Takes a template apart, piece by piece. Text is WTF-8; all that means something is ASCII.
#[derive(Clone)]
pub struct Template<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Template<'a> {
    pub fn new(text: &'a [u8]) -> Template<'a> {
        Template { text, at: 0 }
    }

    /// Goes on at a byte offset that [`Template::position`] gave.
    pub fn resume(text: &'a [u8], at: usize) -> Template<'a> {
        Template { text, at: at.min(text.len()) }
    }

    pub fn position(&self) -> usize {
        self.at
    }

    fn take(&mut self) -> Option<u8> {
        let b = self.text.get(self.at).copied();
        self.at += b.is_some() as usize;
        b
    }

    /// The next piece, or `None` at the end.
    pub fn next_piece(&mut self) -> Result<Option<Piece<'a>>, Problem> {
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return Ok(None);
        }
        let Some(n) = memchr::memchr2(b'{', b'}', rest) else {
            self.at = self.text.len();
            return Ok(Some(Piece { literal: rest, field: None }));
        };
        let brace = rest[n];
        if rest.get(n + 1) == Some(&brace) {
            self.at += n + 2;
            return Ok(Some(Piece { literal: &rest[..=n], field: None }));
        }
        self.at += n + 1;
        match brace {
            b'}' => Err("Single '}' encountered in format string"),
            _ if n + 1 == rest.len() => Err("Single '{' encountered in format string"),
            _ => Ok(Some(Piece { literal: &rest[..n], field: Some(self.field()?) })),
        }
    }

    /// The field whose brace was just read.
    fn field(&mut self) -> Result<Field<'a>, Problem> {
        let start = self.at;
        let end = loop {
            match self.take() {
                Some(b'{') => return Err("unexpected '{' in field name"),
                Some(b'[') => {
                    let close = memchr::memchr(b']', &self.text[self.at..]);
                    self.at = close.map_or(self.text.len(), |n| self.at + n);
                }
                Some(b @ (b'}' | b':' | b'!')) => break b,
                Some(_) => {}
                None => return Err("expected '}' before end of string"),
            }
        };
        let mut field =
            Field { name: &self.text[start..self.at - 1], conversion: None, spec: &[], nested: false };
        if end == b'!' {
            let Some(c) = CodePoints::of(&self.text[self.at..]).next() else {
                return Err("end of string while looking for conversion specifier");
            };
            self.at += crate::types::str_::sequence_len(self.text[self.at]);
            field.conversion = Some(c);
            match self.take() {
                Some(b'}') => return Ok(field),
                Some(b':') | None => {}
                Some(_) => return Err("expected ':' after conversion specifier"),
            }
        } else if end == b'}' {
            return Ok(field);
        }
        let start = self.at;
        let mut depth = 1;
        while let Some(b) = self.take() {
            match b {
                b'{' => {
                    field.nested = true;
                    depth += 1;
                }
                b'}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                field.spec = &self.text[start..self.at - 1];
                return Ok(field);
            }
        }
        Err("unmatched '{' in format spec")
    }
}

/// A step of a field name after its first part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step<'a> {
    Attribute(&'a [u8]),
    Index(usize),
    Key(&'a [u8]),
}

/// The number that digits (of any script) stand for; `None` for other text.
pub fn field_number(text: &[u8]) -> Result<Option<usize>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let mut n: usize = 0;
    for c in CodePoints::of(text) {
        let Some(d) = unicode::decimal(c) else { return Ok(None) };
        n = match n.checked_mul(10).and_then(|n| n.checked_add(d as usize)) {
            Some(n) if n <= isize::MAX as usize => n,
            _ => return Err("Too many decimal digits in format string"),
        };
    }
    Ok(Some(n))
}

/// The first part of a field name, and the rest from its first `.` or `[` on.
pub fn split_name(name: &[u8]) -> (&[u8], &[u8]) {
    name.split_at(memchr::memchr2(b'.', b'[', name).unwrap_or(name.len()))
}

/// The next step of the rest of a field name.
pub fn next_step<'a>(rest: &mut &'a [u8]) -> Result<Option<Step<'a>>, Problem> {
    let step = match rest.first() {
        None => return Ok(None),
        Some(b'.') => {
            let (name, after) = split_name(&rest[1..]);
            *rest = after;
            Step::Attribute(name)
        }
        Some(b'[') => {
            let Some(n) = memchr::memchr(b']', rest) else { return Err("Missing ']' in format string") };
            let key = &rest[1..n];
            *rest = &rest[n + 1..];
            match field_number(key)? {
                Some(i) => Step::Index(i),
                None => Step::Key(key),
            }
        }
        Some(_) => return Err("Only '.' or '[' may follow ']' in format field specifier"),
    };
    match step {
        Step::Attribute([]) | Step::Key([]) => Err("Empty attribute in format string"),
        step => Ok(Some(step)),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbering {
    Unknown,
    Automatic,
    Manual,
}

/// One `str.format` call.
struct Formatter<'a> {
    vm: &'a Vm,
    /// Positional arguments; `format_map` has none.
    args: Option<&'a PyTuple>,
    mapping: Value,
    numbering: Numbering,
    next: usize,
}

impl Formatter<'_> {
    fn problem(&self, text: Problem) -> Raised {
        self.vm.value_error(text)
    }

    /// Which positional argument the first part of a field name means, if any.
    fn position(&mut self, first: &[u8]) -> PyResult<Option<usize>> {
        let number = field_number(first).map_err(|p| self.problem(p))?;
        if !first.is_empty() && number.is_none() {
            return Ok(None);
        }
        let wanted = if first.is_empty() { Numbering::Automatic } else { Numbering::Manual };
        if self.numbering == Numbering::Unknown {
            self.numbering = wanted;
        }
        match (self.numbering, wanted) {
            (Numbering::Manual, Numbering::Automatic) => Err(self.problem(
                "cannot switch from manual field specification to automatic field numbering",
            )),
            (Numbering::Automatic, Numbering::Manual) => Err(self.problem(
                "cannot switch from automatic field numbering to manual field specification",
            )),
            _ => Ok(Some(number.unwrap_or_else(|| {
                self.next += 1;
                self.next - 1
            }))),
        }
    }

    /// The object that a field name means.
    fn lookup(&mut self, name: &[u8]) -> PyResult {
        let vm = self.vm;
        let (first, mut rest) = split_name(name);
        let mut found = match self.position(first)? {
            None => item::get(vm, self.mapping, PyStr::from_wtf8(vm, first).value())?,
            Some(i) => {
                let Some(args) = self.args else {
                    return Err(self.problem("Format string contains positional fields"));
                };
                match args.get(i) {
                    Some(v) => v.to_ref(),
                    None => {
                        return Err(vm.index_error(format!(
                            "Replacement index {i} out of range for positional args tuple"
                        )));
                    }
                }
            }
        };
        while let Some(step) = next_step(&mut rest).map_err(|p| self.problem(p))? {
            found = match step {
                Step::Attribute(name) => attr::get(vm, found.value(), vm.intern_bytes(name))?,
                Step::Index(i) => item::get(vm, found.value(), vm.new_int(i as i64).value())?,
                Step::Key(key) => item::get(vm, found.value(), PyStr::from_wtf8(vm, key).value())?,
            };
        }
        Ok(found)
    }

    fn convert(&self, v: Ref, conversion: u32) -> PyResult {
        let vm = self.vm;
        match char::from_u32(conversion) {
            Some('r') => obj::repr(vm, v.value()),
            Some('s') => obj::str(vm, v.value()),
            Some('a') => obj::ascii(vm, v.value()),
            Some(c @ '!'..='~') => Err(vm.value_error(format!("Unknown conversion specifier {c}"))),
            _ => Err(vm.value_error(format!("Unknown conversion specifier \\x{conversion:x}"))),
        }
    }

    fn build(&mut self, text: &[u8], depth: u32, out: &mut Vec<u8>) -> PyResult<()> {
        if depth == 0 {
            return Err(self.problem("Max string recursion exceeded"));
        }
        let mut template = Template::new(text);
        while let Some(piece) = template.next_piece().map_err(|p| self.problem(p))? {
            out.extend_from_slice(piece.literal);
            let Some(field) = piece.field else { continue };
            let mut v = self.lookup(field.name)?;
            if let Some(c) = field.conversion {
                v = self.convert(v, c)?;
            }
            if field.nested {
                let mut spec = Vec::new();
                self.build(field.spec, depth - 1, &mut spec)?;
                push_formatted(self.vm, out, v.value(), &spec)?;
            } else {
                push_formatted(self.vm, out, v.value(), field.spec)?;
            }
        }
        Ok(())
    }
}

/// Appends `format(v, spec)`.
pub fn push_formatted(vm: &Vm, out: &mut Vec<u8>, v: Value, spec: &[u8]) -> PyResult<()> {
    if !spec.is_empty() {
        if v.has_shape(shape::STR) {
            return render::push_str(vm, out, v, spec);
        }
        if v.is_small_int() || v.has_shape(shape::INT) {
            return render::push_int(vm, out, v, spec);
        }
        if v.is_tagged_float() || v.has_shape(shape::FLOAT) {
            return render::push_float(vm, out, v, spec);
        }
        if v.has_shape(shape::COMPLEX) {
            return render::push_complex(vm, out, v, spec);
        }
    }
    let spec = PyStr::from_wtf8(vm, spec);
    let text = obj::format(vm, v, spec.value())?;
    if let Some(s) = text.cast::<PyStr>() {
        out.extend_from_slice(s.as_bytes());
    }
    Ok(())
}

fn run(vm: &Vm, this: Value, args: Option<&PyTuple>, mapping: Value) -> PyResult {
    let Some(s) = this.cast::<PyStr>() else { return Ok(this.to_ref()) };
    let mut f = Formatter { vm, args, mapping, numbering: Numbering::Unknown, next: 0 };
    let mut out = Vec::with_capacity(s.as_bytes().len() + 32);
    f.build(s.as_bytes(), 2, &mut out)?;
    Ok(PyStr::from_wtf8(vm, &out))
}

/// `str.format(*args, **kwargs)`.
pub fn format_method(vm: &Vm, a: &[Value]) -> PyResult {
    run(vm, a[0], a[1].cast::<PyTuple>(), a[2])
}

/// `str.format_map(mapping)`.
pub fn format_map_method(vm: &Vm, a: &[Value]) -> PyResult {
    run(vm, a[0], None, a[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Literal text, and a field's name and format.
    type Piece = (String, Option<(String, String)>);

    fn pieces(text: &str) -> Result<Vec<Piece>, Problem> {
        let show = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        let mut t = Template::new(text.as_bytes());
        let mut all = Vec::new();
        while let Some(p) = t.next_piece()? {
            all.push((show(p.literal), p.field.map(|f| (show(f.name), show(f.spec)))));
        }
        Ok(all)
    }

    #[test]
    fn templates_are_taken_apart() {
        assert_eq!(
            pieces("a{0[}]!r:>{w}}b"),
            Ok(vec![("a".into(), Some(("0[}]".into(), ">{w}".into()))), ("b".into(), None)])
        );
        assert_eq!(pieces("{{x}}"), Ok(vec![("{".into(), None), ("x}".into(), None)]));
        assert_eq!(pieces("}"), Err("Single '}' encountered in format string"));
        assert_eq!(pieces("{"), Err("Single '{' encountered in format string"));
        assert_eq!(pieces("{a"), Err("expected '}' before end of string"));
        assert_eq!(pieces("{a!"), Err("end of string while looking for conversion specifier"));
        assert_eq!(pieces("{a!rx"), Err("expected ':' after conversion specifier"));
        assert_eq!(pieces("{a:{"), Err("unmatched '{' in format spec"));
        assert_eq!(pieces("{{{a{"), Err("unexpected '{' in field name"));
    }

    #[test]
    fn field_names_have_steps() {
        let mut rest = &b".a[3][k]"[..];
        assert_eq!(next_step(&mut rest), Ok(Some(Step::Attribute(b"a"))));
        assert_eq!(next_step(&mut rest), Ok(Some(Step::Index(3))));
        assert_eq!(next_step(&mut rest), Ok(Some(Step::Key(b"k"))));
        assert_eq!(next_step(&mut rest), Ok(None));
        assert_eq!(next_step(&mut &b"[]"[..]), Err("Empty attribute in format string"));
        assert_eq!(next_step(&mut &b"x"[..]), Err("Only '.' or '[' may follow ']' in format field specifier"));
    }
}
