//! Readers: rows from lines.

use std::cell::{Cell, RefCell};

use super::dialect::{self, PyDialect, Quoting};
use super::{arguments, error};
use crate::error::PyResult;
use crate::object::{self, Header};
use crate::protocol::{call, iter};
use crate::shape;
use crate::types::iterators::payload;
use crate::types::list::PyList;
use crate::types::str_::{PyStr, push_code_point};
use crate::types::type_::{GetSetDef, New, TypeDef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Where in a row the reader is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    StartRecord,
    StartField,
    Escaped,
    InField,
    InQuoted,
    EscapeInQuoted,
    QuoteInQuoted,
    EatNewline,
    AfterEscapedNewline,
}

/// The row that is being read.
struct Row {
    place: Place,
    field: Vec<u8>,
    /// Length of the field in characters.
    len: isize,
    /// The field did not begin with a quote.
    unquoted: bool,
    fields: Vec<Ref>,
}

impl Row {
    fn new() -> Row {
        Row { place: Place::StartRecord, field: Vec::new(), len: 0, unquoted: false, fields: Vec::new() }
    }
}

/// A reader object.
#[repr(C)]
pub struct PyReader {
    header: Header,
    input: Ref,
    dialect: Ref,
    row: RefCell<Option<Row>>,
    lines: Cell<i64>,
}
payload!(PyReader, CSV_READER);

/// `reader(iterable, dialect, **keywords)`.
pub fn new(vm: &Vm, a: &[Value]) -> PyResult {
    let (iterable, base) = arguments(vm, "reader", a)?;
    let input = iter::get_iter(vm, iterable)?;
    let dialect = dialect::from_parts(vm, base, a[2])?;
    Ok(object::new_instance(
        vm.builtin(shape::CSV_READER),
        PyReader { header: object::header(), input, dialect, row: RefCell::new(None), lines: Cell::new(0) },
    ))
}

/// What follows the last character of a line.
const END: Option<u32> = None;

fn is_newline(c: Option<u32>) -> bool {
    c == Some('\n' as u32) || c == Some('\r' as u32)
}

impl Row {
    fn add(&mut self, vm: &Vm, c: u32) -> PyResult<()> {
        let limit = vm.runtime.csv.field_limit.get();
        if self.len >= limit {
            return Err(error(vm, format!("field larger than field limit ({limit})")));
        }
        push_code_point(&mut self.field, c);
        self.len += 1;
        Ok(())
    }

    fn save(&mut self, vm: &Vm, d: &PyDialect) -> PyResult<()> {
        let nullable = matches!(d.quoting, Quoting::NotNull | Quoting::Strings);
        if self.unquoted && self.len == 0 && nullable {
            self.fields.push(vm.none_ref());
            return Ok(());
        }
        let mut field = PyStr::from_wtf8(vm, &self.field);
        if self.unquoted && self.len != 0 && matches!(d.quoting, Quoting::NonNumeric | Quoting::Strings) {
            field = call::call_args(vm, vm.builtin(shape::FLOAT).value(), &[field.value()])?;
        }
        self.field.clear();
        self.len = 0;
        self.fields.push(field);
        Ok(())
    }

    /// The field is over, by a line's end or a delimiter.
    fn end_field(&mut self, vm: &Vm, d: &PyDialect, c: Option<u32>) -> PyResult<()> {
        self.save(vm, d)?;
        self.place = match c {
            END => Place::StartRecord,
            c if is_newline(c) => Place::EatNewline,
            _ => Place::StartField,
        };
        Ok(())
    }

    fn start_field(&mut self, vm: &Vm, d: &PyDialect, c: Option<u32>) -> PyResult<()> {
        self.unquoted = true;
        match c {
            c if c == END || is_newline(c) => self.end_field(vm, d, c)?,
            c if c == d.quote && d.quoting != Quoting::None => {
                self.unquoted = false;
                self.place = Place::InQuoted;
            }
            c if c == d.escape => self.place = Place::Escaped,
            Some(0x20) if d.skip_initial_space => {}
            c if c == Some(d.delimiter) => self.save(vm, d)?,
            Some(c) => {
                self.add(vm, c)?;
                self.place = Place::InField;
            }
            None => {}
        }
        Ok(())
    }

    fn in_field(&mut self, vm: &Vm, d: &PyDialect, c: Option<u32>) -> PyResult<()> {
        match c {
            c if c == END || is_newline(c) || c == Some(d.delimiter) && c != d.escape => self.end_field(vm, d, c),
            c if c == d.escape => {
                self.place = Place::Escaped;
                Ok(())
            }
            Some(c) => self.add(vm, c),
            None => Ok(()),
        }
    }

    fn in_quoted(&mut self, vm: &Vm, d: &PyDialect, c: Option<u32>) -> PyResult<()> {
        match c {
            END => {}
            c if c == d.escape => self.place = Place::EscapeInQuoted,
            c if c == d.quote && d.quoting != Quoting::None => {
                self.place = if d.double_quote { Place::QuoteInQuoted } else { Place::InField };
            }
            Some(c) => self.add(vm, c)?,
        }
        Ok(())
    }

    fn quote_in_quoted(&mut self, vm: &Vm, d: &PyDialect, c: Option<u32>) -> PyResult<()> {
        match c {
            Some(x) if d.quoting != Quoting::None && c == d.quote => {
                self.add(vm, x)?;
                self.place = Place::InQuoted;
                Ok(())
            }
            c if c == END || c == Some(d.delimiter) || is_newline(c) => self.end_field(vm, d, c),
            Some(x) if !d.strict => {
                self.add(vm, x)?;
                self.place = Place::InField;
                Ok(())
            }
            _ => {
                let shown = |c: Option<u32>| c.and_then(char::from_u32).unwrap_or('\0');
                let (delimiter, quote) = (shown(Some(d.delimiter)), shown(d.quote));
                Err(error(vm, format!("'{delimiter}' expected after '{quote}'")))
            }
        }
    }

    fn process(&mut self, vm: &Vm, d: &PyDialect, c: Option<u32>) -> PyResult<()> {
        match self.place {
            Place::StartRecord if c == END => Ok(()),
            Place::StartRecord if is_newline(c) => {
                self.place = Place::EatNewline;
                Ok(())
            }
            Place::StartRecord => {
                self.place = Place::StartField;
                self.start_field(vm, d, c)
            }
            Place::StartField => self.start_field(vm, d, c),
            Place::Escaped => {
                self.add(vm, c.unwrap_or('\n' as u32))?;
                self.place = if is_newline(c) { Place::AfterEscapedNewline } else { Place::InField };
                Ok(())
            }
            Place::AfterEscapedNewline if c == END => Ok(()),
            Place::AfterEscapedNewline | Place::InField => {
                self.place = Place::InField;
                self.in_field(vm, d, c)
            }
            Place::InQuoted => self.in_quoted(vm, d, c),
            Place::EscapeInQuoted => {
                self.add(vm, c.unwrap_or('\n' as u32))?;
                self.place = Place::InQuoted;
                Ok(())
            }
            Place::QuoteInQuoted => self.quote_in_quoted(vm, d, c),
            Place::EatNewline if is_newline(c) => Ok(()),
            Place::EatNewline if c == END => {
                self.place = Place::StartRecord;
                Ok(())
            }
            Place::EatNewline => Err(error(
                vm,
                "new-line character seen in unquoted field - do you need to open the file with newline=''?",
            )),
        }
    }

    fn line(&mut self, vm: &Vm, d: &PyDialect, line: &PyStr) -> PyResult<()> {
        for c in line.code_points() {
            self.process(vm, d, Some(c))?;
        }
        self.process(vm, d, END)
    }
}

fn next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let r = PyReader::of(v);
    let d = PyDialect::of(r.dialect.value());
    r.row.replace(Some(Row::new()));
    loop {
        // Python code runs here, which may use the same reader.
        let line = iter::next(vm, r.input.value())?;
        let Some(line) = line else {
            let mut row = r.row.borrow_mut();
            let Some(row) = &mut *row else { return Ok(None) };
            if row.len == 0 && row.place != Place::InQuoted {
                return Ok(None);
            }
            if d.strict {
                return Err(error(vm, "unexpected end of data"));
            }
            row.save(vm, d)?;
            break;
        };
        let Some(text) = line.cast::<PyStr>() else {
            return Err(error(
                vm,
                format!(
                    "iterator should return strings, not {} (the file should be opened in text mode)",
                    vm.type_of(line.value()).full_name()
                ),
            ));
        };
        // Converting a field to a float runs no Python code: fields are exact strings.
        let mut row = r.row.borrow_mut();
        let Some(row) = &mut *row else {
            return Err(error(vm, "iterator has already advanced the reader"));
        };
        r.lines.set(r.lines.get() + 1);
        row.line(vm, d, text)?;
        if row.place == Place::StartRecord {
            break;
        }
    }
    let row = r.row.take();
    Ok(row.map(|row| PyList::new(vm, row.fields)))
}

pub static READER: TypeDef = TypeDef {
    doc: "CSV reader\n\nReader objects are responsible for reading and parsing tabular data\nin CSV format.\n",
    flags: flags::BASETYPE,
    new: New::Disallowed,
    slots: |s| {
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(next);
        s.drop = Some(object::drop_payload::<PyReader>);
        s.traverse = crate::traverse_fields!(PyReader: input, dialect);
    },
    getset: &[
        GetSetDef::member("dialect", |_, v| Ok(PyReader::of(v).dialect.clone()), ""),
        GetSetDef::member("line_num", |vm, v| Ok(vm.new_int(PyReader::of(v).lines.get())), ""),
    ],
    ..TypeDef::of::<PyReader>("_csv.reader")
};
