//! `str`'s methods: the table, and those that belong to no other file.

use super::{PyStr, case, classify, pad, search, split, this, translate};
use crate::convert;
use crate::error::PyResult;
use crate::types::tuple::PyTuple;
use crate::types::type_::MethodDef;
use crate::value::Value;
use crate::vm::Vm;

fn encode(vm: &Vm, a: &[Value]) -> PyResult {
    let name = |v: Value, what: &str, default: &str| match v.non_null() {
        Some(v) => convert::name_arg(vm, "encode", what, v),
        None => Ok(default.to_owned()),
    };
    let encoding = name(a[1], "argument 'encoding'", "utf-8")?;
    let errors = name(a[2], "argument 'errors'", "strict")?;
    crate::codecs::encode(vm, this(a[0]), &encoding, &errors)
}

fn format_spec(vm: &Vm, a: &[Value]) -> PyResult {
    crate::format::format_str(vm, a[0], a[1])
}

fn getnewargs(vm: &Vm, a: &[Value]) -> PyResult {
    let s = this(a[0]);
    Ok(PyTuple::from_vec(vm, vec![PyStr::from_wtf8(vm, s.as_bytes())]))
}

/// The size that CPython's representation would have.
fn sizeof(vm: &Vm, a: &[Value]) -> PyResult {
    let s = this(a[0]);
    let n = s.char_len() + 1;
    let size = match s.code_points().max().unwrap_or(0) {
        0..=0x7f => 40 + n,
        0x80..=0xff => 56 + n,
        0x100..=0xffff => 56 + 2 * n,
        _ => 56 + 4 * n,
    };
    Ok(vm.new_int(size as i64))
}

const SELF: &str = "($self, /)";
const CHARS: &str = "($self, chars=None, /)";
const RANGE: &str = "($self, sub[, start[, end]], /)";
const FILL: &str = "($self, width, fillchar=' ', /)";
const SPLIT: &str = "($self, /, sep=None, maxsplit=-1)";

pub(super) static METHODS: &[MethodDef] = &[
    MethodDef::new("encode", "($self, /, encoding='utf-8', errors='strict')", encode, "The text as bytes in an encoding; errors names the handler of what cannot be encoded."),
    MethodDef::new("replace", "($self, old, new, /, count=-1)", search::replace, "A copy with old replaced by new, everywhere or at most count times."),
    MethodDef::new("split", SPLIT, split::split, "The parts between separators (runs of white space if none is given), cut at most maxsplit times from the left."),
    MethodDef::new("rsplit", SPLIT, split::rsplit, "The parts between separators (runs of white space if none is given), cut at most maxsplit times from the right."),
    MethodDef::new("join", "($self, iterable, /)", split::join, "The strings of the iterable in one, with this one between them."),
    MethodDef::new("capitalize", SELF, case::capitalize, "A copy with the first character in title case and the rest in lower case."),
    MethodDef::new("casefold", SELF, case::casefold, "A copy for comparison without regard to case."),
    MethodDef::new("title", SELF, case::title, "A copy in which each word begins in title case and goes on in lower case."),
    MethodDef::new("center", FILL, pad::center, "The text in the middle of width characters."),
    MethodDef::new("count", RANGE, search::count, "How often sub occurs in S[start:end] without overlap."),
    MethodDef::new("expandtabs", "($self, /, tabsize=8)", pad::expandtabs, "A copy with spaces up to the next tab stop in place of tabs."),
    MethodDef::new("find", RANGE, search::find, "Index of the first occurrence of sub within S[start:end], or -1."),
    MethodDef::new("partition", "($self, sep, /)", search::partition, "The part before the first separator, the separator, and the part after it; without one, the text and two empty strings."),
    MethodDef::new("index", RANGE, search::index, "Index of the first occurrence of sub within S[start:end]; ValueError without one."),
    MethodDef::new("ljust", FILL, pad::ljust, "The text at the left of width characters."),
    MethodDef::new("lower", SELF, case::lower, "A copy in lower case."),
    MethodDef::new("lstrip", CHARS, split::lstrip, "A copy without white space, or any of chars, at the start."),
    MethodDef::new("rfind", RANGE, search::rfind, "Index of the last occurrence of sub within S[start:end], or -1."),
    MethodDef::new("rindex", RANGE, search::rindex, "Index of the last occurrence of sub within S[start:end]; ValueError without one."),
    MethodDef::new("rjust", FILL, pad::rjust, "The text at the right of width characters."),
    MethodDef::new("rstrip", CHARS, split::rstrip, "A copy without white space, or any of chars, at the end."),
    MethodDef::new("rpartition", "($self, sep, /)", search::rpartition, "The part before the last separator, the separator, and the part after it; without one, two empty strings and the text."),
    MethodDef::new("splitlines", "($self, /, keepends=False)", split::splitlines, "The lines, with or without their ends."),
    MethodDef::new("strip", CHARS, split::strip, "A copy without white space, or any of chars, at both ends."),
    MethodDef::new("swapcase", SELF, case::swapcase, "A copy with lower case made upper and upper case made lower."),
    MethodDef::new("translate", "($self, table, /)", translate::translate, "A copy in which each character is what table[ord(character)] says: a string, an ordinal, or None to leave it out."),
    MethodDef::new("upper", SELF, case::upper, "A copy in upper case."),
    MethodDef::new("startswith", "($self, prefix[, start[, end]], /)", search::startswith, "Whether S[start:end] begins with the prefix, or with one of a tuple."),
    MethodDef::new("endswith", "($self, suffix[, start[, end]], /)", search::endswith, "Whether S[start:end] ends with the suffix, or with one of a tuple."),
    MethodDef::new("removeprefix", "($self, prefix, /)", search::removeprefix, "A copy without the prefix, if it begins with it."),
    MethodDef::new("removesuffix", "($self, suffix, /)", search::removesuffix, "A copy without the suffix, if it ends with it."),
    MethodDef::new("isascii", SELF, classify::isascii, "Whether all characters are ASCII."),
    MethodDef::new("islower", SELF, classify::islower, "Whether there are cased characters and all are lower case."),
    MethodDef::new("isupper", SELF, classify::isupper, "Whether there are cased characters and all are upper case."),
    MethodDef::new("istitle", SELF, classify::istitle, "Whether each word begins in upper case and goes on in lower case."),
    MethodDef::new("isspace", SELF, classify::isspace, "Whether there are characters and all are white space."),
    MethodDef::new("isdecimal", SELF, classify::isdecimal, "Whether there are characters and all are decimal digits."),
    MethodDef::new("isdigit", SELF, classify::isdigit, "Whether there are characters and all are digits."),
    MethodDef::new("isnumeric", SELF, classify::isnumeric, "Whether there are characters and all have a numeric value."),
    MethodDef::new("isalpha", SELF, classify::isalpha, "Whether there are characters and all are letters."),
    MethodDef::new("isalnum", SELF, classify::isalnum, "Whether there are characters and all are letters or numbers."),
    MethodDef::new("isidentifier", SELF, classify::isidentifier, "Whether the text is a Python identifier (a keyword is one, too)."),
    MethodDef::new("isprintable", SELF, classify::isprintable, "Whether repr() would show all characters as they are."),
    MethodDef::new("zfill", "($self, width, /)", pad::zfill, "The text filled up to width with zeros after its sign."),
    MethodDef::new("format", "($self, /, *args, **kwargs)", crate::format::format_method, "A copy with the fields in braces replaced by the arguments."),
    MethodDef::new("format_map", "($self, mapping, /)", crate::format::format_map_method, "A copy with the fields in braces replaced by items of the mapping."),
    MethodDef::new("__format__", "($self, format_spec, /)", format_spec, "The text as the format specification says."),
    MethodDef::static_("maketrans", "(x, y=<unrepresentable>, z=<unrepresentable>, /)", translate::maketrans, "A table for str.translate: from a dict, or from two strings of equal length and one of characters to leave out."),
    MethodDef::new("__sizeof__", SELF, sizeof, "Size of the string in memory, in bytes."),
    MethodDef::new("__getnewargs__", SELF, getnewargs, ""),
];
