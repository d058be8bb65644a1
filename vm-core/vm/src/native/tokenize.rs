//! The module `_tokenize`: the compiler's tokenizer as an iterator.

use std::cell::RefCell;

use tailscope_compiler::ErrorKind;
use tailscope_compiler::tokens::{SourceToken, TokenError, Tokens};

use crate::codecs;
use crate::convert;
use crate::error::{PyResult, Raised};
use crate::native::{self, ModuleDef};
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::protocol::{call, truth};
use crate::shape;
use crate::types::bytes;
use crate::types::iterators::payload;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{New, TypeDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// The name that errors show for the source.
const FILENAME: &str = "<string>";

/// An iterator over the tokens of a source.
#[repr(C)]
pub struct TokenizerIter {
    header: Header,
    /// Gives line after line; NULL once all are read.
    readline: OwnedCell,
    /// Of the lines, if they are bytes.
    encoding: Option<String>,
    extra: bool,
    tokens: RefCell<Option<Tokens>>,
}
payload!(TokenizerIter, TOKENIZER_ITER);

fn new(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    let encoding = match a[1].non_null().filter(|v| !v.is(vm.none())) {
        Some(v) => Some(convert::name_arg(vm, "tokenizeriter", "argument 'encoding'", v)?),
        None => None,
    };
    let extra = a[2].non_null().map_or(Ok(false), |v| truth::truth(vm, v))?;
    Ok(object::new_instance(
        ty,
        TokenizerIter {
            header: object::header(),
            readline: OwnedCell::new(a[0].to_ref()),
            encoding,
            extra,
            tokens: RefCell::new(None),
        },
    ))
}

/// All lines that `readline` gives.
fn read_all(vm: &Vm, it: &TokenizerIter, readline: Value) -> PyResult<String> {
    let mut source = String::new();
    loop {
        let line = match call::call_args(vm, readline, &[]) {
            Ok(line) => line,
            Err(e) if e.is(vm, shape::STOP_ITERATION) => break,
            Err(e) => return Err(e),
        };
        let line = match (&it.encoding, bytes::data_of(line.value())) {
            (Some(encoding), Some(b)) => codecs::decode(vm, b, encoding, "replace")?,
            (None, _) if line.cast::<PyStr>().is_some() => line,
            _ => return Err(vm.type_error("readline() returned a non-string object")),
        };
        let Some(text) = line.cast::<PyStr>().filter(|s| !s.is_empty()) else { break };
        match text.to_str() {
            Some(text) => source.push_str(text),
            None => return Err(codecs::not_utf8(vm, text)),
        }
    }
    Ok(source)
}

#[cold]
fn syntax_error(vm: &Vm, e: &TokenError) -> Raised {
    let id = match e.kind {
        ErrorKind::Indentation => shape::INDENTATION_ERROR,
        ErrorKind::Tab => shape::TAB_ERROR,
        _ => shape::SYNTAX_ERROR,
    };
    let number = |n: Option<i64>| n.map_or_else(|| vm.none_ref(), |n| vm.new_int(n));
    let place = PyTuple::from_vec(
        vm,
        vec![
            vm.new_str(FILENAME),
            vm.new_int(e.line),
            vm.new_int(e.offset),
            e.text.as_ref().map_or_else(|| vm.none_ref(), |t| vm.new_str(t)),
            number(e.end.map(|(line, _)| line)),
            number(e.end.map(|(_, offset)| offset)),
        ],
    );
    vm.error_args(id, &[vm.new_str(&e.message).value(), place.value()])
}

fn token_tuple(vm: &Vm, t: &SourceToken) -> Ref {
    let place = |(line, column): (i64, i64)| PyTuple::pair(vm.new_int(line), vm.new_int(column));
    PyTuple::from_vec(
        vm,
        vec![Ref::small_int(t.kind.into()), vm.new_str(&t.text), place(t.start), place(t.end), vm.new_str(&t.line)],
    )
}

fn next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let it = TokenizerIter::of(v);
    if let Some(readline) = it.readline.take() {
        let source = read_all(vm, it, readline.value())?;
        *it.tokens.borrow_mut() = Some(Tokens::new(source, it.extra));
    }
    let made = match &mut *it.tokens.borrow_mut() {
        Some(tokens) => tokens.next_token(),
        None => return Ok(None),
    };
    match made {
        Ok(t) => Ok(t.map(|t| token_tuple(vm, &t))),
        Err(e) => Err(syntax_error(vm, &e)),
    }
}

pub static TOKENIZER_ITER: TypeDef = TypeDef {
    flags: 0,
    new: New::Bound("(readline, /, *, encoding=<unrepresentable>, extra_tokens=False)", new),
    slots: |s| {
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(next);
        s.drop = Some(object::drop_payload::<TokenizerIter>);
        s.traverse = crate::traverse_fields!(TokenizerIter: readline);
    },
    ..TypeDef::of::<TokenizerIter>("_tokenize.TokenizerIter")
};

pub static MODULE: ModuleDef = ModuleDef {
    name: "_tokenize",
    doc: "",
    functions: &[],
    init: |vm, m| native::add(vm, m, "TokenizerIter", vm.builtin(shape::TOKENIZER_ITER).value()),
};
