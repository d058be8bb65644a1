//! The format specification mini-language:
//! `[[fill]align][sign][z][#][0][width][grouping][.precision][grouping][type]`.

use crate::error::{PyResult, Raised};
use crate::types::str_::CodePoints;
use crate::unicode;
use crate::vm::Vm;

/// How digits are grouped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Grouping {
    Comma,
    Underscore,
}

impl Grouping {
    pub fn separator(self) -> char {
        match self {
            Grouping::Comma => ',',
            Grouping::Underscore => '_',
        }
    }
}

/// A parsed specification.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    /// A code point; 0 for none (it never pads then).
    pub fill: u32,
    /// `<`, `>`, `=` or `^`.
    pub align: char,
    /// `+`, `-` or a space, if given.
    pub sign: Option<char>,
    pub no_negative_zero: bool,
    pub alternate: bool,
    pub width: Option<usize>,
    pub grouping: Option<Grouping>,
    pub precision: Option<usize>,
    pub frac_grouping: Option<Grouping>,
    /// The type's code point; 0 when it was left out and has no default.
    pub kind: u32,
}

impl Spec {
    /// The type as an ASCII letter; NUL for one that is not ASCII or was left out.
    pub fn letter(&self) -> char {
        u8::try_from(self.kind).ok().filter(u8::is_ascii).unwrap_or(0) as char
    }
}

struct Parser<'a> {
    points: &'a [u32],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.points.get(self.at).and_then(|c| char::from_u32(*c))
    }

    fn take(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        self.at += found as usize;
        found
    }

    /// A number in decimal digits of any script.
    fn number(&mut self, vm: &Vm) -> PyResult<Option<usize>> {
        let start = self.at;
        let mut n: usize = 0;
        while let Some(d) = self.points.get(self.at).and_then(|c| unicode::decimal(*c)) {
            n = match n.checked_mul(10).and_then(|n| n.checked_add(d as usize)) {
                Some(n) if n <= isize::MAX as usize => n,
                _ => return Err(vm.value_error("Too many decimal digits in format string")),
            };
            self.at += 1;
        }
        Ok((self.at > start).then_some(n))
    }

    fn grouping(&mut self, vm: &Vm) -> PyResult<Option<Grouping>> {
        let comma = self.take(',');
        let underscore = self.take('_');
        if underscore && (comma || self.peek() == Some(',')) {
            return Err(vm.value_error("Cannot specify both ',' and '_'."));
        }
        Ok(match (comma, underscore) {
            (true, _) => Some(Grouping::Comma),
            (_, true) => Some(Grouping::Underscore),
            _ => None,
        })
    }
}

fn is_align(c: Option<&u32>) -> Option<char> {
    c.and_then(|c| char::from_u32(*c)).filter(|c| matches!(c, '<' | '>' | '=' | '^'))
}

/// Parses a specification (WTF-8) for a value of the type `type_name`.
pub(super) fn parse(
    vm: &Vm,
    text: &[u8],
    type_name: &dyn Fn() -> String,
    default_kind: char,
    default_align: char,
) -> PyResult<Spec> {
    let points: smallvec::SmallVec<[u32; 16]> = CodePoints::of(text).collect();
    let mut p = Parser { points: &points, at: 0 };
    let mut s = Spec {
        fill: ' ' as u32,
        align: default_align,
        sign: None,
        no_negative_zero: false,
        alternate: false,
        width: None,
        grouping: None,
        precision: None,
        frac_grouping: None,
        kind: default_kind as u32,
    };
    let (mut align_given, mut fill_given) = (true, false);
    if let Some(a) = is_align(points.get(1)) {
        (s.fill, s.align, fill_given) = (points[0], a, true);
        p.at = 2;
    } else if let Some(a) = is_align(points.first()) {
        s.align = a;
        p.at = 1;
    } else {
        align_given = false;
    }
    if let Some(c @ ('+' | '-' | ' ')) = p.peek() {
        s.sign = Some(c);
        p.at += 1;
    }
    s.no_negative_zero = p.take('z');
    s.alternate = p.take('#');
    if !fill_given && p.take('0') {
        s.fill = '0' as u32;
        if !align_given && default_align == '>' {
            s.align = '=';
        }
    }
    s.width = p.number(vm)?;
    s.grouping = p.grouping(vm)?;
    if p.take('.') {
        s.precision = p.number(vm)?;
        s.frac_grouping = p.grouping(vm)?;
        if s.precision.is_none() && s.frac_grouping.is_none() {
            return Err(vm.value_error("Format specifier missing precision"));
        }
    }
    match points.len() - p.at {
        0 => {}
        1 => s.kind = points[p.at],
        _ => {
            let shown = String::from_utf8_lossy(text);
            return Err(vm.value_error(format!(
                "Invalid format specifier '{shown}' for object of type '{}'",
                type_name()
            )));
        }
    }
    check_grouping(vm, &s)?;
    Ok(s)
}

fn check_grouping(vm: &Vm, s: &Spec) -> PyResult<()> {
    let wrong = |g: Grouping| {
        vm.value_error(format!("Cannot specify '{}' with '{}'.", g.separator(), shown_kind(s.kind)))
    };
    if let Some(g) = s.grouping {
        let ok = match s.letter() {
            'd' | 'e' | 'f' | 'g' | 'E' | 'F' | 'G' | '%' => true,
            '\0' => s.kind == 0,
            'b' | 'o' | 'x' | 'X' => g == Grouping::Underscore,
            _ => false,
        };
        if !ok {
            return Err(wrong(g));
        }
    }
    match s.frac_grouping {
        Some(g) if s.letter() == 'n' => Err(wrong(g)),
        _ => Ok(()),
    }
}

/// A type's code point as messages show it.
fn shown_kind(kind: u32) -> String {
    match kind {
        0x21..=0x7f => (kind as u8 as char).to_string(),
        _ => format!("\\x{kind:x}"),
    }
}

#[cold]
pub(super) fn unknown_code(vm: &Vm, kind: u32, type_name: &dyn Fn() -> String) -> Raised {
    vm.value_error(format!("Unknown format code '{}' for object of type '{}'", shown_kind(kind), type_name()))
}
