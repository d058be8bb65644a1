//! The module `unicodedata`: the properties of characters, in Unicode 16 and in Unicode 3.2.
//!
//! The functions are methods too, of `ucd_3_2_0`, which knows the older version; `self` is the
//! module or that object.

use crate::convert;
use crate::error::{PyResult, Raised};
use crate::native::{self, ModuleDef};
use crate::object::{self, Header};
use crate::shape;
use crate::types::iterators::payload;
use crate::types::str_::{self, PyStr, push_code_point};
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef};
use crate::unicode::normalize::{self, Form};
use crate::unicode::tables::{
    BIDIRECTIONAL, CATEGORIES, CHANGED_SINCE_3_2, MIRRORED, NEW_SINCE_3_2, NORMALIZATION_3_2, VERSION, WIDTHS,
};
use crate::unicode::{self, names};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// An older version of the database.
#[repr(C)]
pub struct Ucd {
    header: Header,
}
payload!(Ucd, UCD);

const OLD_VERSION: &str = "3.2.0";

/// What differs in Unicode 3.2 of a character that it had.
struct Change {
    category: u8,
    bidirectional: u8,
    mirrored: bool,
    decimal: Option<i64>,
    numeric: Option<f64>,
    width: u8,
}

/// A character in one of the two versions.
enum Known {
    Now,
    Unassigned,
    Changed(Change),
}

fn is_old(this: Value) -> bool {
    this.has_shape(shape::UCD)
}

fn is_assigned_in_3_2(c: u32) -> bool {
    let i = NEW_SINCE_3_2.partition_point(|range| range.1 <= c);
    NEW_SINCE_3_2.get(i).is_none_or(|range| c < range.0)
}

fn known(this: Value, c: u32) -> Known {
    if !is_old(this) {
        return Known::Now;
    }
    if !is_assigned_in_3_2(c) {
        return Known::Unassigned;
    }
    match CHANGED_SINCE_3_2.binary_search_by_key(&c, |row| row.0) {
        Ok(i) => {
            let (_, category, bidirectional, mirrored, decimal, numeric, width) = CHANGED_SINCE_3_2[i];
            Known::Changed(Change {
                category,
                bidirectional,
                mirrored,
                decimal: (decimal >= 0).then_some(decimal.into()),
                numeric: (numeric != -1.0).then_some(numeric),
                width,
            })
        }
        Err(_) => Known::Now,
    }
}

/// The character among the arguments; `what` is `argument` or `argument 1`.
fn character(vm: &Vm, function: &str, what: &str, v: Value) -> PyResult<u32> {
    match v.cast::<PyStr>() {
        Some(s) if s.char_len() == 1 => Ok(s.char_at(0)),
        Some(s) => Err(vm.type_error(format!(
            "{function}(): {what} must be a unicode character, not a string of length {}",
            s.char_len()
        ))),
        None => Err(convert::bad_argument(vm, function, what, "a unicode character", v)),
    }
}

fn category(vm: &Vm, a: &[Value]) -> PyResult {
    let c = character(vm, "category", "argument", a[1])?;
    Ok(vm.intern(match known(a[0], c) {
        Known::Now => unicode::category(c),
        Known::Unassigned => "Cn",
        Known::Changed(old) => CATEGORIES[old.category as usize],
    })
    .to_ref())
}

fn bidirectional(vm: &Vm, a: &[Value]) -> PyResult {
    let c = character(vm, "bidirectional", "argument", a[1])?;
    Ok(vm.intern(match known(a[0], c) {
        Known::Now => BIDIRECTIONAL[unicode::record(c).bidirectional as usize],
        Known::Unassigned => "",
        Known::Changed(old) => BIDIRECTIONAL[old.bidirectional as usize],
    })
    .to_ref())
}

fn combining(vm: &Vm, a: &[Value]) -> PyResult {
    let c = character(vm, "combining", "argument", a[1])?;
    let class = match known(a[0], c) {
        Known::Unassigned => 0,
        _ => unicode::record(c).combining,
    };
    Ok(Ref::small_int(class.into()))
}

fn mirrored(vm: &Vm, a: &[Value]) -> PyResult {
    let c = character(vm, "mirrored", "argument", a[1])?;
    let is = match known(a[0], c) {
        Known::Now => unicode::record(c).has(MIRRORED),
        Known::Unassigned => false,
        Known::Changed(old) => old.mirrored,
    };
    Ok(Ref::small_int(is.into()))
}

fn east_asian_width(vm: &Vm, a: &[Value]) -> PyResult {
    let c = character(vm, "east_asian_width", "argument", a[1])?;
    Ok(vm.intern(match known(a[0], c) {
        Known::Now => WIDTHS[unicode::record(c).width as usize],
        Known::Unassigned => "N",
        Known::Changed(old) => WIDTHS[old.width as usize],
    })
    .to_ref())
}

/// The value, or the default that the caller gave, or ValueError.
fn or_default(vm: &Vm, value: Option<Ref>, default: Value, message: &str) -> PyResult {
    match (value, default.non_null()) {
        (Some(v), _) => Ok(v),
        (None, Some(default)) => Ok(default.to_ref()),
        (None, None) => Err(vm.value_error(message)),
    }
}

fn decimal(vm: &Vm, a: &[Value]) -> PyResult {
    let c = character(vm, "decimal", "argument 1", a[1])?;
    let value = match known(a[0], c) {
        Known::Now => unicode::decimal(c).map(i64::from),
        Known::Unassigned => None,
        Known::Changed(old) => old.decimal,
    };
    or_default(vm, value.map(Ref::small_int), a[2], "not a decimal")
}

fn digit(vm: &Vm, a: &[Value]) -> PyResult {
    let c = character(vm, "digit", "argument 1", a[1])?;
    or_default(vm, unicode::digit(c).map(|d| Ref::small_int(d.into())), a[2], "not a digit")
}

fn numeric(vm: &Vm, a: &[Value]) -> PyResult {
    let c = character(vm, "numeric", "argument 1", a[1])?;
    let value = match known(a[0], c) {
        Known::Now => unicode::numeric(c),
        Known::Unassigned => None,
        Known::Changed(old) => old.numeric,
    };
    or_default(vm, value.map(|f| vm.new_float(f)), a[2], "not a numeric character")
}

fn decomposition(vm: &Vm, a: &[Value]) -> PyResult {
    let c = character(vm, "decomposition", "argument", a[1])?;
    if matches!(known(a[0], c), Known::Unassigned) {
        return Ok(vm.empty_str().to_ref());
    }
    if let Some(parts) = normalize::hangul_parts(c) {
        let shown: Vec<String> = parts.iter().filter(|p| **p != 0).map(|p| format!("{p:04X}")).collect();
        return Ok(vm.new_str(&shown.join(" ")));
    }
    let Some((tag, points)) = normalize::decomposition(c) else { return Ok(vm.empty_str().to_ref()) };
    let mut parts = Vec::new();
    if !tag.is_empty() {
        parts.push(tag.to_owned());
    }
    parts.extend(points.iter().map(|p| format!("{p:04X}")));
    Ok(vm.new_str(&parts.join(" ")))
}

fn name(vm: &Vm, a: &[Value]) -> PyResult {
    let c = character(vm, "name", "argument 1", a[1])?;
    let unassigned = matches!(known(a[0], c), Known::Unassigned);
    let name = if unassigned { None } else { names::name(c) };
    or_default(vm, name.map(|n| vm.new_str(&n)), a[2], "no such name")
}

#[cold]
fn undefined(vm: &Vm, name: &str) -> Raised {
    vm.key_error(vm.new_str(&format!("undefined character name '{name}'")).value())
}

fn lookup(vm: &Vm, a: &[Value]) -> PyResult {
    let text = match a[1].cast::<PyStr>() {
        Some(s) => s.to_string_lossy(),
        None => String::from_utf8_lossy(&convert::buffer(vm, a[1])?).into_owned(),
    };
    match names::lookup_character(&text) {
        // Names are not restricted to the older version.
        Some(c) => Ok(str_::from_code_point(vm, c)),
        None => Err(undefined(vm, &text)),
    }
}

/// Form and text among the arguments of `normalize` and `is_normalized`.
fn form_and_text<'a>(vm: &Vm, function: &str, a: &[Value]) -> PyResult<(Option<Form>, &'a PyStr)> {
    let form = convert::str_arg(vm, function, "argument 1", a[1])?;
    let text = convert::str_arg(vm, function, "argument 2", a[2])?;
    Ok((form.to_str().and_then(Form::parse), text))
}

fn normalized(vm: &Vm, this: Value, form: Form, s: &PyStr) -> Ref {
    let points = if is_old(this) {
        // What is not assigned stays as it is; five decompositions were corrected later.
        let replaced = |c: u32| match NORMALIZATION_3_2.binary_search_by_key(&c, |row| row.0) {
            Ok(i) => Some(Some(NORMALIZATION_3_2[i].1[0])),
            Err(_) if !is_assigned_in_3_2(c) => Some(None),
            Err(_) => None,
        };
        normalize::normalize_with(s.code_points(), form, &replaced, &is_assigned_in_3_2)
    } else {
        normalize::normalize(s.code_points(), form)
    };
    let mut text = Vec::with_capacity(points.len());
    points.iter().for_each(|c| push_code_point(&mut text, *c));
    PyStr::from_wtf8(vm, &text)
}

fn normalize_text(vm: &Vm, a: &[Value]) -> PyResult {
    let (form, s) = form_and_text(vm, "normalize", a)?;
    if s.is_empty() || (s.is_ascii() && form.is_some()) {
        return Ok(a[2].to_ref());
    }
    match form {
        Some(form) => Ok(normalized(vm, a[0], form, s)),
        None => Err(vm.value_error("invalid normalization form")),
    }
}

fn is_normalized(vm: &Vm, a: &[Value]) -> PyResult {
    let (form, s) = form_and_text(vm, "is_normalized", a)?;
    if s.is_empty() {
        return Ok(vm.bool_ref(true));
    }
    let Some(form) = form else { return Err(vm.value_error("invalid normalization form")) };
    let same = s.is_ascii()
        || normalized(vm, a[0], form, s).cast::<PyStr>().is_some_and(|n| n.as_bytes() == s.as_bytes());
    Ok(vm.bool_ref(same))
}

const CHARACTER: &str = "($self, chr, /)";
const WITH_DEFAULT: &str = "($self, chr, default=<unrepresentable>, /)";
const FORM: &str = "($self, form, unistr, /)";

static METHODS: &[MethodDef] = &[
    MethodDef::new("decimal", WITH_DEFAULT, decimal, "The decimal digit that the character stands for, as an int."),
    MethodDef::new("digit", WITH_DEFAULT, digit, "The digit that the character stands for, as an int."),
    MethodDef::new("numeric", WITH_DEFAULT, numeric, "The number that the character stands for, as a float."),
    MethodDef::new("category", CHARACTER, category, "The general category of the character."),
    MethodDef::new("bidirectional", CHARACTER, bidirectional, "The bidirectional class of the character, empty if it has none."),
    MethodDef::new("combining", CHARACTER, combining, "The canonical combining class of the character, 0 if it has none."),
    MethodDef::new("mirrored", CHARACTER, mirrored, "1 if the character is mirrored in bidirectional text, else 0."),
    MethodDef::new("east_asian_width", CHARACTER, east_asian_width, "The East Asian width of the character."),
    MethodDef::new("decomposition", CHARACTER, decomposition, "The decomposition of the character, empty if it has none."),
    MethodDef::new("name", WITH_DEFAULT, name, "The name of the character."),
    MethodDef::new("lookup", "($self, name, /)", lookup, "The character with this name; KeyError if there is none."),
    MethodDef::new("is_normalized", FORM, is_normalized, "Whether the string is in the normal form NFC, NFKC, NFD or NFKD."),
    MethodDef::new("normalize", FORM, normalize_text, "The string in the normal form NFC, NFKC, NFD or NFKD."),
];

pub static UCD: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    methods: METHODS,
    getset: &[GetSetDef::member("unidata_version", |vm, _| Ok(vm.new_str(OLD_VERSION)), "")],
    ..TypeDef::of::<Ucd>("unicodedata.UCD")
};

pub static MODULE: ModuleDef = ModuleDef {
    name: "unicodedata",
    doc: "This module provides access to the Unicode Character Database, which\ndefines the properties of all characters. Its names are those of the\ndatabase, in version 16.0.0.",
    functions: METHODS,
    init: |vm, m| {
        native::add(vm, m, "unidata_version", vm.new_str(VERSION).value())?;
        native::add(vm, m, "UCD", vm.builtin(shape::UCD).value())?;
        native::add(vm, m, "ucd_3_2_0", object::new(Ucd { header: object::header() }).value())
    },
};
