//! Writing of JSON.

use super::{own_function, text};
use crate::args::CallArgs;
use crate::error::{PyResult, Raised};
use crate::interp::enter;
use crate::object::{self, Header};
use crate::protocol::{attr, call, item, iter, object as protocol_object, truth};
use crate::types::dict::PyDict;
use crate::types::exceptions;
use crate::types::float;
use crate::types::int;
use crate::types::iterators::payload;
use crate::types::list::{self, PyList};
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, New, TypeDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// An encoder: how it writes values.
#[repr(C)]
pub struct PyEncoder {
    header: Header,
    /// The containers being written, by address; None for no look at circles.
    markers: Ref,
    default: Ref,
    encoder: Ref,
    /// Whether the encoder is the one that writes ASCII only, or the one that does not.
    own: Option<bool>,
    indent: Ref,
    key_separator: Ref,
    item_separator: Ref,
    sort_keys: bool,
    skip_keys: bool,
    allow_nan: bool,
}
payload!(PyEncoder, JSON_ENCODER);

fn new(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    for (n, v) in [(5, a[4]), (6, a[5])] {
        if v.cast::<PyStr>().is_none() {
            let got = argument_type(vm, v);
            return Err(vm.type_error(format!("make_encoder() argument {n} must be str, not {got}")));
        }
    }
    if !a[0].is(vm.none()) && a[0].cast::<PyDict>().is_none() {
        let got = vm.type_of(a[0]).full_name();
        return Err(vm.type_error(format!("make_encoder() argument 1 must be dict or None, not {got}")));
    }
    let e = PyEncoder {
        header: object::header(),
        markers: a[0].to_ref(),
        default: a[1].to_ref(),
        encoder: a[2].to_ref(),
        own: own_function(a[2]),
        indent: a[3].to_ref(),
        key_separator: a[4].to_ref(),
        item_separator: a[5].to_ref(),
        sort_keys: truth::truth(vm, a[6])?,
        skip_keys: truth::truth(vm, a[7])?,
        allow_nan: truth::truth(vm, a[8])?,
    };
    Ok(object::new_instance(ty, e))
}

fn argument_type(vm: &Vm, v: Value) -> String {
    if v.is(vm.none()) { "None".to_owned() } else { vm.type_of(v).full_name() }
}

/// `encoder(obj, _current_indent_level)`: a tuple of the text.
fn encode(vm: &Vm, v: Value, args: CallArgs) -> PyResult {
    vm.signatures.get("(obj, _current_indent_level)").bind(vm, "_iterencode", None, args, |a| {
        let level = usize::try_from(item::ssize_arg(vm, a[1])?).unwrap_or(0);
        let e = PyEncoder::of(v);
        let indent = match e.indent.cast::<PyStr>() {
            Some(s) => Some(s.as_bytes()),
            None if e.indent.is(vm.none()) => None,
            None => {
                let got = vm.type_of(e.indent.value()).full_name();
                return Err(vm.type_error(format!("must be str, not {got}")));
            }
        };
        let mut w = Writer { vm, e, indent, out: Vec::new() };
        w.value(a[0], level)?;
        Ok(PyTuple::from_vec(vm, vec![PyStr::from_wtf8(vm, &w.out)]))
    })
}

/// The name of a value's class with its module.
fn class_name(vm: &Vm, v: Value) -> PyResult<String> {
    let class = vm.type_of(v);
    let module = attr::get_named(vm, class.value(), "__module__")?;
    let name = protocol_object::text(attr::get_named(vm, class.value(), "__qualname__")?.value());
    Ok(match protocol_object::text(module.value()).as_str() {
        "" | "builtins" | "__main__" => name,
        module => format!("{module}.{name}"),
    })
}

struct Writer<'a> {
    vm: &'a Vm,
    e: &'a PyEncoder,
    indent: Option<&'a [u8]>,
    out: Vec<u8>,
}

impl Writer<'_> {
    fn push_str(&mut self, s: &Ref) {
        self.out.extend_from_slice(s.cast::<PyStr>().map_or(b"", |s| s.as_bytes()));
    }

    fn new_line(&mut self, level: usize) {
        if let Some(indent) = self.indent {
            self.out.push(b'\n');
            (0..level).for_each(|_| self.out.extend_from_slice(indent));
        }
    }

    fn string(&mut self, v: Value, s: &PyStr) -> PyResult<()> {
        if let Some(ascii) = self.e.own {
            text::quote(s, ascii, &mut self.out);
            return Ok(());
        }
        let vm = self.vm;
        let encoded = call::call_args(vm, self.e.encoder.value(), &[v])?;
        if encoded.cast::<PyStr>().is_none() {
            let got = vm.type_of(encoded.value()).full_name();
            return Err(vm.type_error(format!("encoder() must return a string, not {got}")));
        }
        self.push_str(&encoded);
        Ok(())
    }

    fn float(&self, v: Value, f: f64) -> PyResult<String> {
        if f.is_finite() {
            return Ok(float::repr(f));
        }
        if !self.e.allow_nan {
            let text = protocol_object::repr_text(self.vm, v)?;
            let message = format!("Out of range float values are not JSON compliant: {text}");
            return Err(self.vm.value_error(message));
        }
        Ok(match f.is_nan() {
            true => "NaN",
            false if f > 0.0 => "Infinity",
            false => "-Infinity",
        }
        .to_owned())
    }

    fn constant(&self, v: Value) -> Option<&'static str> {
        let vm = self.vm;
        if v.is(vm.none()) {
            Some("null")
        } else if v.is(vm.bool(true)) {
            Some("true")
        } else if v.is(vm.bool(false)) {
            Some("false")
        } else {
            None
        }
    }

    /// Puts a value among those being written; the key to take it out again.
    fn enter(&self, v: Value) -> PyResult<Option<Ref>> {
        let vm = self.vm;
        let Some(markers) = self.e.markers.cast::<PyDict>() else { return Ok(None) };
        let key = vm.new_int(protocol_object::address(v) as i64);
        if markers.contains(vm, key.value())? {
            return Err(vm.value_error("Circular reference detected"));
        }
        markers.set(vm, key.value(), v)?;
        Ok(Some(key))
    }

    fn leave(&self, key: Option<Ref>) -> PyResult<()> {
        if let (Some(key), Some(markers)) = (key, self.e.markers.cast::<PyDict>())
            && !markers.delete(self.vm, key.value())?
        {
            return Err(self.vm.key_error(key.value()));
        }
        Ok(())
    }

    /// Notes on an exception where it happened.
    #[cold]
    fn note(&self, e: Raised, of: Value, part: impl FnOnce() -> PyResult<String>) -> Raised {
        let noted = class_name(self.vm, of)
            .and_then(|class| Ok(format!("when serializing {class} {}", part()?)))
            .and_then(|note| exceptions::add_note(self.vm, &e, &note));
        match noted {
            Ok(()) => e,
            Err(other) => other,
        }
    }

    fn value(&mut self, v: Value, level: usize) -> PyResult<()> {
        let vm = self.vm;
        if let Some(text) = self.constant(v) {
            self.out.extend_from_slice(text.as_bytes());
        } else if let Some(s) = v.cast::<PyStr>() {
            self.string(v, s)?;
        } else if int::value_of(v).is_some() {
            let text = protocol_object::repr_text(vm, int::exact(v).value())?;
            self.out.extend_from_slice(text.as_bytes());
        } else if let Some(f) = float::value_of(v) {
            let text = self.float(v, f)?;
            self.out.extend_from_slice(text.as_bytes());
        } else {
            enter::check_native_stack(vm, " while encoding a JSON object")?;
            if v.cast::<PyList>().is_some() || v.cast::<PyTuple>().is_some() {
                self.list(v, level)?;
            } else if let Some(d) = v.cast::<PyDict>() {
                self.dict(v, d, level)?;
            } else {
                let key = self.enter(v)?;
                let other = call::call_args(vm, self.e.default.value(), &[v])?;
                self.value(other.value(), level).map_err(|e| self.note(e, v, || Ok("object".to_owned())))?;
                self.leave(key)?;
            }
        }
        Ok(())
    }

    fn list(&mut self, v: Value, level: usize) -> PyResult<()> {
        let length = || match v.cast::<PyTuple>() {
            Some(t) => t.len(),
            None => v.cast::<PyList>().map_or(0, PyList::len),
        };
        let at = |i: usize| match v.cast::<PyTuple>() {
            Some(t) => t.get(i).map(|v| v.to_ref()),
            None => v.cast::<PyList>()?.get_ref(i),
        };
        if length() == 0 {
            self.out.extend_from_slice(b"[]");
            return Ok(());
        }
        let key = self.enter(v)?;
        self.out.push(b'[');
        self.new_line(level + 1);
        let mut i = 0;
        while let Some(x) = at(i) {
            if i > 0 {
                self.push_str(&self.e.item_separator);
                self.new_line(level + 1);
            }
            self.value(x.value(), level + 1).map_err(|e| self.note(e, v, || Ok(format!("item {i}"))))?;
            i += 1;
        }
        self.leave(key)?;
        self.new_line(level);
        self.out.push(b']');
        Ok(())
    }

    fn dict(&mut self, v: Value, d: &PyDict, level: usize) -> PyResult<()> {
        let vm = self.vm;
        if d.is_empty() {
            self.out.extend_from_slice(b"{}");
            return Ok(());
        }
        let marker = self.enter(v)?;
        self.out.push(b'{');
        let mut first = true;
        if self.e.sort_keys || v.cast_exact::<PyDict>().is_none() {
            let items = call::call_method(vm, v, "items", &[])?;
            let items = PyList::new(vm, iter::to_vec(vm, items.value())?);
            let Some(items) = items.cast::<PyList>() else { return Ok(()) };
            if self.e.sort_keys {
                list::sort_list(vm, items, None, false)?;
            }
            let mut i = 0;
            while let Some(pair) = items.get_ref(i) {
                let pair = pair.cast::<PyTuple>().filter(|t| t.len() == 2);
                let Some((key, x)) = pair.and_then(|t| Some((t.get(0)?, t.get(1)?))) else {
                    return Err(vm.value_error("items must return 2-tuples"));
                };
                self.entry(v, key, x, level, &mut first)?;
                i += 1;
            }
        } else {
            let mut position = 0;
            while let Some((next, key, x)) = d.entry_at(position) {
                let (key, x) = (key.to_ref(), x.to_ref());
                self.entry(v, key.value(), x.value(), level, &mut first)?;
                position = next;
            }
        }
        self.leave(marker)?;
        if !first {
            self.new_line(level);
        }
        self.out.push(b'}');
        Ok(())
    }

    fn entry(&mut self, dict: Value, key: Value, v: Value, level: usize, first: &mut bool) -> PyResult<()> {
        let vm = self.vm;
        let text = if key.cast::<PyStr>().is_some() {
            key.to_ref()
        } else if let Some(f) = float::value_of(key) {
            vm.new_str(&self.float(key, f)?)
        } else if let Some(text) = self.constant(key) {
            vm.new_str(text)
        } else if int::value_of(key).is_some() {
            protocol_object::repr(vm, int::exact(key).value())?
        } else if self.e.skip_keys {
            return Ok(());
        } else {
            let got = vm.type_of(key).full_name();
            let message = format!("keys must be str, int, float, bool or None, not {got}");
            return Err(vm.type_error(message));
        };
        if !std::mem::take(first) {
            self.push_str(&self.e.item_separator);
        }
        self.new_line(level + 1);
        if let Some(s) = text.cast::<PyStr>() {
            self.string(text.value(), s)?;
        }
        self.push_str(&self.e.key_separator);
        self.value(v, level + 1).map_err(|e| {
            self.note(e, dict, || Ok(format!("item {}", protocol_object::repr_text(vm, key)?)))
        })
    }
}

pub static ENCODER: TypeDef = TypeDef {
    doc: "Encoder(markers, default, encoder, indent, key_separator, item_separator, sort_keys, skipkeys, allow_nan)",
    new: New::Bound(
        "(markers, default, encoder, indent, key_separator, item_separator, sort_keys, skipkeys, allow_nan)",
        new,
    ),
    slots: |s| {
        s.call = Some(encode);
        s.drop = Some(object::drop_payload::<PyEncoder>);
        s.traverse = crate::traverse_fields!(PyEncoder: markers, default, encoder, indent, key_separator, item_separator);
    },
    getset: &[
        GetSetDef::member("markers", |_, v| Ok(PyEncoder::of(v).markers.clone()), "markers"),
        GetSetDef::member("default", |_, v| Ok(PyEncoder::of(v).default.clone()), "default"),
        GetSetDef::member("encoder", |_, v| Ok(PyEncoder::of(v).encoder.clone()), "encoder"),
        GetSetDef::member("indent", |_, v| Ok(PyEncoder::of(v).indent.clone()), "indent"),
        GetSetDef::member("key_separator", |_, v| Ok(PyEncoder::of(v).key_separator.clone()), "key_separator"),
        GetSetDef::member("item_separator", |_, v| Ok(PyEncoder::of(v).item_separator.clone()), "item_separator"),
        GetSetDef::member("sort_keys", |vm, v| Ok(vm.bool_ref(PyEncoder::of(v).sort_keys)), "sort_keys"),
        GetSetDef::member("skipkeys", |vm, v| Ok(vm.bool_ref(PyEncoder::of(v).skip_keys)), "skipkeys"),
    ],
    ..TypeDef::of::<PyEncoder>("_json.Encoder")
};
