//! What `%` formatting of str and of bytes share: where values come from, and how a conversion
//! is written, `%[(key)][flags][width][.precision]type`.

use crate::error::PyResult;
use crate::protocol::item;
use crate::types::bytearray::PyByteArray;
use crate::types::bytes::{self, PyBytes};
use crate::types::int;
use crate::types::str_::{CodePoints, PyStr, sequence_len};
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A conversion as written; the key is already looked up.
#[derive(Default, Debug)]
pub(super) struct Conversion {
    pub left: bool,
    pub plus: bool,
    pub space: bool,
    pub alternate: bool,
    pub zero: bool,
    pub width: usize,
    pub precision: Option<usize>,
    /// The code point (or byte) of the type.
    pub kind: u32,
}

/// Where the values come from: a tuple in turn, one single value, or a mapping by key.
pub(super) struct Arguments {
    /// The tuple, the value, or what the last key gave.
    current: Ref,
    /// Values that `current` still holds; a value that is not a tuple counts once.
    next: usize,
    is_tuple: bool,
    mapping: Option<Ref>,
}

impl Arguments {
    pub fn new(vm: &Vm, values: Value, is_text: bool) -> Arguments {
        let is_tuple = values.cast::<PyTuple>().is_some();
        let is_string = values.cast::<PyStr>().is_some()
            || !is_text && (values.cast::<PyBytes>().is_some() || values.cast::<PyByteArray>().is_some());
        let is_mapping = !is_tuple && !is_string && vm.type_of(values).slots().get_item.is_some();
        Arguments {
            current: values.to_ref(),
            next: 0,
            is_tuple,
            mapping: is_mapping.then(|| values.to_ref()),
        }
    }

    pub fn next(&mut self, vm: &Vm) -> PyResult {
        let i = self.next;
        self.next += 1;
        if !self.is_tuple && i == 0 {
            return Ok(self.current.clone());
        }
        match self.current.cast::<PyTuple>().filter(|_| self.is_tuple).and_then(|t| t.get(i)) {
            Some(v) => Ok(v.to_ref()),
            None => Err(vm.type_error("not enough arguments for format string")),
        }
    }

    /// Whether values are left that should have been used.
    pub fn has_rest(&self) -> bool {
        let given = match self.current.cast::<PyTuple>() {
            Some(t) if self.is_tuple => t.len(),
            _ => 1,
        };
        self.mapping.is_none() && self.next < given
    }

    fn look_up(&mut self, vm: &Vm, key: &[u8], is_text: bool) -> PyResult<()> {
        let Some(m) = &self.mapping else { return Ok(()) };
        let key = if is_text { PyStr::from_wtf8(vm, key) } else { bytes::new(vm, key) };
        self.current = item::get(vm, m.value(), key.value())?;
        (self.next, self.is_tuple) = (0, false);
        Ok(())
    }
}

/// Reads a format string.
pub(super) struct Reader<'a> {
    pub text: &'a [u8],
    pub at: usize,
    /// A str (else bytes).
    pub is_text: bool,
}

impl<'a> Reader<'a> {
    /// The text up to the next conversion, whose percent sign is skipped.
    pub fn literal(&mut self) -> &'a [u8] {
        let rest = &self.text[self.at..];
        let n = memchr::memchr(b'%', rest).unwrap_or(rest.len());
        self.at = (self.at + n + 1).min(self.text.len() + 1);
        &rest[..n]
    }

    /// Whether the literal went to the end.
    pub fn is_done(&self) -> bool {
        self.at > self.text.len()
    }

    pub fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self, b: u8) -> bool {
        let found = self.peek() == Some(b);
        self.at += found as usize;
        found
    }

    fn key(&mut self, vm: &Vm, args: &mut Arguments) -> PyResult<()> {
        if args.mapping.is_none() {
            return Err(vm.type_error("format requires a mapping"));
        }
        let start = self.at + 1;
        let mut depth = 0;
        while let Some(b) = self.peek() {
            match b {
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return args.look_up(vm, &self.text[start..self.at - 1], self.is_text);
            }
        }
        Err(vm.value_error("incomplete format key"))
    }

    /// Digits as a number up to `limit`.
    fn digits(&mut self, vm: &Vm, limit: usize, too_big: &str) -> PyResult<usize> {
        let mut n: usize = 0;
        while let Some(b @ b'0'..=b'9') = self.peek() {
            let d = (b - b'0') as usize;
            if n > (limit - d) / 10 {
                return Err(vm.value_error(too_big));
            }
            n = n * 10 + d;
            self.at += 1;
        }
        Ok(n)
    }

    /// Reads the conversion after a percent sign (`%%` was handled).
    pub fn conversion(&mut self, vm: &Vm, args: &mut Arguments) -> PyResult<Conversion> {
        if self.peek() == Some(b'(') {
            self.key(vm, args)?;
        }
        let mut c = Conversion::default();
        while let Some(b) = self.peek() {
            match b {
                b'-' => c.left = true,
                b'+' => c.plus = true,
                b' ' => c.space = true,
                b'#' => c.alternate = true,
                b'0' => c.zero = true,
                _ => break,
            }
            self.at += 1;
        }
        if self.take(b'*') {
            let w = star(vm, args, i64::MAX, "Python int too large to convert to C ssize_t")?;
            c.left |= w < 0;
            c.width = w.unsigned_abs() as usize;
        } else {
            c.width = self.digits(vm, isize::MAX as usize, "width too big")?;
        }
        if self.take(b'.') {
            c.precision = Some(if self.take(b'*') {
                star(vm, args, i32::MAX as i64, "Python int too large to convert to C int")?.max(0) as usize
            } else {
                let too_big = if self.is_text { "precision too big" } else { "prec too big" };
                self.digits(vm, i32::MAX as usize, too_big)?
            });
        }
        if matches!(self.peek(), Some(b'h' | b'l' | b'L')) {
            self.at += 1;
        }
        let Some(b) = self.peek() else { return Err(vm.value_error("incomplete format")) };
        if self.is_text {
            c.kind = CodePoints::of(&self.text[self.at..]).next().unwrap_or(0);
            self.at += sequence_len(b);
        } else {
            c.kind = b as u32;
            self.at += 1;
        }
        Ok(c)
    }
}

fn star(vm: &Vm, args: &mut Arguments, most: i64, too_large: &str) -> PyResult<i64> {
    let v = args.next(vm)?;
    if int::value_of(v.value()).is_none() {
        return Err(vm.type_error("* wants int"));
    }
    match int::to_i64(v.value()).filter(|w| (-most - 1..=most).contains(w)) {
        Some(w) => Ok(w),
        None => Err(vm.overflow_error(too_large)),
    }
}
