//! Writers: rows to lines.

use super::dialect::{self, PyDialect, Quoting};
use super::{arguments, error};
use crate::error::PyResult;
use crate::object::{self, Header};
use crate::protocol::{attr, call, iter, object as obj};
use crate::shape;
use crate::types::iterators::payload;
use crate::types::str_::{PyStr, push_code_point};
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A writer object.
#[repr(C)]
pub struct PyWriter {
    header: Header,
    write: Ref,
    dialect: Ref,
}
payload!(PyWriter, CSV_WRITER);

/// `writer(file, dialect, **keywords)`.
pub fn new(vm: &Vm, a: &[Value]) -> PyResult {
    let (file, base) = arguments(vm, "writer", a)?;
    let write = attr::get_opt(vm, file, vm.intern("write"))?;
    let Some(write) = write.filter(|w| call::is_callable(vm, w.value())) else {
        return Err(vm.type_error("argument 1 must have a \"write\" method"));
    };
    let dialect = dialect::from_parts(vm, base, a[2])?;
    let w = PyWriter { header: object::header(), write, dialect };
    Ok(object::new_instance(vm.builtin(shape::CSV_WRITER), w))
}

/// A line under construction.
struct Line<'a> {
    vm: &'a Vm,
    dialect: &'a PyDialect,
    text: Vec<u8>,
    fields: usize,
}

impl Line<'_> {
    /// Adds a field; `None` for a null one.
    fn add(&mut self, field: Option<&PyStr>, mut quoted: bool) -> PyResult<()> {
        let (vm, d) = (self.vm, self.dialect);
        let empty = field.is_none_or(PyStr::is_empty);
        if empty && d.delimiter == u32::from(' ') && d.skip_initial_space {
            let null = field.is_none() && matches!(d.quoting, Quoting::Strings | Quoting::NotNull);
            if d.quoting == Quoting::None || null {
                return Err(error(
                    vm,
                    "empty field must be quoted if delimiter is a space and skipinitialspace is true",
                ));
            }
            quoted = true;
        }
        let mut text = Vec::new();
        if let Some(field) = field {
            self.escape(field, &mut text, &mut quoted)?;
        }
        if self.fields > 0 {
            push_code_point(&mut self.text, d.delimiter);
        }
        let quote = d.quote.filter(|_| quoted);
        quote.into_iter().for_each(|q| push_code_point(&mut self.text, q));
        self.text.extend(text);
        quote.into_iter().for_each(|q| push_code_point(&mut self.text, q));
        self.fields += 1;
        Ok(())
    }

    /// The characters of a field, special ones doubled or escaped or the field marked for quoting.
    fn escape(&self, field: &PyStr, out: &mut Vec<u8>, quoted: &mut bool) -> PyResult<()> {
        let d = self.dialect;
        for c in field.code_points() {
            let special = c == d.delimiter
                || Some(c) == d.escape
                || Some(c) == d.quote
                || c == u32::from('\n')
                || c == u32::from('\r')
                || d.terminator().code_points().any(|t| t == c);
            if special {
                let mut want_escape = d.quoting == Quoting::None;
                if !want_escape {
                    if Some(c) == d.quote && d.double_quote {
                        push_code_point(out, c);
                    } else if Some(c) == d.quote || Some(c) == d.escape {
                        want_escape = true;
                    }
                    if !want_escape {
                        *quoted = true;
                    }
                }
                if want_escape {
                    let Some(escape) = d.escape else {
                        return Err(error(self.vm, "need to escape, but no escapechar set"));
                    };
                    push_code_point(out, escape);
                }
            }
            push_code_point(out, c);
        }
        Ok(())
    }
}

/// What `PyNumber_Check` takes for a number.
fn is_number(vm: &Vm, v: Value) -> bool {
    let slots = vm.type_of(v).slots();
    slots.int.is_some() || slots.float.is_some() || slots.index.is_some() || v.has_shape(shape::COMPLEX)
}

fn write_row(vm: &Vm, v: Value, row: Value) -> PyResult {
    let w = PyWriter::of(v);
    let d = PyDialect::of(w.dialect.value());
    let fields = iter::get_iter(vm, row).map_err(|e| match e.is(vm, shape::TYPE_ERROR) {
        true => error(vm, format!("iterable expected, not {}", vm.type_of(row).full_name())),
        false => e,
    })?;
    let mut line = Line { vm, dialect: d, text: Vec::new(), fields: 0 };
    let mut null = false;
    while let Some(field) = iter::next(vm, fields.value())? {
        let text = field.cast::<PyStr>();
        null = field.is(vm.none());
        let quoted = match d.quoting {
            Quoting::NonNumeric => !is_number(vm, field.value()),
            Quoting::All => true,
            Quoting::Strings => text.is_some(),
            Quoting::NotNull => !null,
            Quoting::Minimal | Quoting::None => false,
        };
        match text {
            Some(s) => line.add(Some(s), quoted)?,
            None if null => line.add(None, quoted)?,
            None => {
                let s = obj::str(vm, field.value())?;
                line.add(s.cast::<PyStr>(), quoted)?;
            }
        }
    }
    if line.fields > 0 && line.text.is_empty() {
        let unquotable = null && matches!(d.quoting, Quoting::Strings | Quoting::NotNull);
        if d.quoting == Quoting::None || unquotable {
            return Err(error(vm, "single empty field record must be quoted"));
        }
        line.fields -= 1;
        line.add(None, true)?;
    }
    line.text.extend_from_slice(d.terminator().as_bytes());
    let text = PyStr::from_wtf8(vm, &line.text);
    call::call_args(vm, w.write.value(), &[text.value()])
}

fn write_rows(vm: &Vm, a: &[Value]) -> PyResult {
    iter::for_each(vm, a[1], |row| write_row(vm, a[0], row.value()).map(drop))?;
    Ok(vm.none_ref())
}

pub static WRITER: TypeDef = TypeDef {
    doc: "CSV writer\n\nWriter objects are responsible for generating tabular data\nin CSV format from sequence input.\n",
    flags: flags::BASETYPE,
    new: New::Disallowed,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyWriter>);
        s.traverse = crate::traverse_fields!(PyWriter: write, dialect);
    },
    methods: &[
        MethodDef::new("writerow", "($self, row, /)", |vm, a| write_row(vm, a[0], a[1]), "Writes a row from an iterable of fields."),
        MethodDef::new("writerows", "($self, rows, /)", write_rows, "Writes rows from an iterable of iterables of fields."),
    ],
    getset: &[GetSetDef::member("dialect", |_, v| Ok(PyWriter::of(v).dialect.clone()), "")],
    ..TypeDef::of::<PyWriter>("_csv.writer")
};
