//! The module `_symtable`: the compiler's tables of names.

use tailscope_compiler::blocks::{self, Block};
use tailscope_compiler::symtable::{self, ScopeKind};
use tailscope_compiler::{CompileOptions, Mode};

use crate::convert::module_function as function;
use crate::error::PyResult;
use crate::import::syntax_error;
use crate::native::posix::path;
use crate::native::{self, ModuleDef};
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::protocol::buffer::Buffer;
use crate::protocol::object as obj;
use crate::types::dict::PyDict;
use crate::types::iterators::payload;
use crate::types::list::PyList;
use crate::types::str_::{self, PyStr};
use crate::types::type_::{GetSetDef, New, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A block's table.
#[repr(C)]
pub struct PySymtableEntry {
    header: Header,
    kind: i64,
    name: OwnedCell,
    symbols: OwnedCell,
    varnames: OwnedCell,
    children: OwnedCell,
    nested: bool,
    line: i32,
}
payload!(PySymtableEntry, SYMTABLE_ENTRY);

fn kind_number(kind: ScopeKind) -> i64 {
    match kind {
        ScopeKind::Function => 0,
        ScopeKind::Class => 1,
        ScopeKind::Module => 2,
        ScopeKind::Annotation => 3,
        ScopeKind::TypeAlias => 4,
        ScopeKind::TypeParams => 5,
        ScopeKind::TypeVariable => 6,
    }
}

/// The table of a block, and of those inside it.
fn entry(vm: &Vm, all: &[Block], i: usize) -> Ref {
    let block = &all[i];
    let symbols = PyDict::new(vm);
    if let Some(d) = symbols.cast::<PyDict>() {
        for (name, flags) in &block.symbols {
            d.set_text(vm, name, Value::small_int((*flags).into()));
        }
    }
    let names = block.varnames.iter().map(|n| vm.new_str(n)).collect();
    let children = block.children.iter().map(|c| entry(vm, all, *c)).collect();
    object::new(PySymtableEntry {
        header: object::header(),
        kind: kind_number(block.kind),
        name: OwnedCell::new(vm.new_str(&block.name)),
        symbols: OwnedCell::new(symbols),
        varnames: OwnedCell::new(PyList::new(vm, names)),
        children: OwnedCell::new(PyList::new(vm, children)),
        nested: block.nested,
        line: block.line,
    })
}

/// The source argument: text, or bytes in whatever encoding they declare.
fn source_argument(vm: &Vm, v: Value) -> PyResult<Vec<u8>> {
    let source = match v.cast::<PyStr>() {
        Some(s) => s.as_bytes().to_vec(),
        None => match Buffer::new(vm, v) {
            Ok(b) => b.to_vec(),
            Err(_) => return Err(vm.type_error("symtable() arg 1 must be a string or bytes object")),
        },
    };
    if source.contains(&0) {
        return Err(vm.error(crate::shape::SYNTAX_ERROR, "source code string cannot contain null bytes"));
    }
    Ok(source)
}

fn symtable(vm: &Vm, a: &[Value]) -> PyResult {
    let source = source_argument(vm, a[0])?;
    let file = path::fspath(vm, a[1])?;
    let file = path::from_bytes(vm, &path::to_bytes(vm, file.value())?);
    let mode = match str_::expect(vm, a[2], "symtable() argument 3")?.to_string_lossy().as_str() {
        "exec" => Mode::Exec,
        "eval" => Mode::Eval,
        "single" => Mode::Single,
        _ => return Err(vm.value_error("symtable() arg 3 must be 'exec' or 'eval' or 'single'")),
    };
    let mut options = CompileOptions::new(obj::text(file.value()));
    options.mode = mode;
    match blocks::blocks(&source, &options) {
        Ok(all) => Ok(entry(vm, &all, 0)),
        Err(e) => Err(syntax_error(vm, &e)),
    }
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let e = PySymtableEntry::of(v);
    let text = format!("<symtable entry {}({}), line {}>", obj::text(e.name.get()), obj::address(v), e.line);
    Ok(vm.new_str(&text))
}

pub static ENTRY: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PySymtableEntry>);
        s.traverse = crate::traverse_fields!(PySymtableEntry: symbols, varnames, children);
        s.repr = Some(repr);
    },
    getset: &[
        GetSetDef::member("id", |vm, v| Ok(vm.new_int(obj::address(v) as i64)), ""),
        GetSetDef::member("name", |_, v| Ok(PySymtableEntry::of(v).name.get().to_ref()), ""),
        GetSetDef::member("symbols", |_, v| Ok(PySymtableEntry::of(v).symbols.get().to_ref()), ""),
        GetSetDef::member("varnames", |_, v| Ok(PySymtableEntry::of(v).varnames.get().to_ref()), ""),
        GetSetDef::member("children", |_, v| Ok(PySymtableEntry::of(v).children.get().to_ref()), ""),
        GetSetDef::member("nested", |_, v| Ok(Ref::small_int(PySymtableEntry::of(v).nested.into())), ""),
        GetSetDef::member("type", |_, v| Ok(Ref::small_int(PySymtableEntry::of(v).kind)), ""),
        GetSetDef::member("lineno", |_, v| Ok(Ref::small_int(PySymtableEntry::of(v).line.into())), ""),
    ],
    ..TypeDef::of::<PySymtableEntry>("symtable entry")
};

const CONSTANTS: &[(&str, u32)] = &[
    ("CELL", 5),
    ("DEF_ANNOT", symtable::DEF_ANNOT),
    ("DEF_BOUND", symtable::DEF_BOUND),
    ("DEF_COMP_CELL", symtable::DEF_COMP_CELL),
    ("DEF_COMP_ITER", symtable::DEF_COMP_ITER),
    ("DEF_FREE_CLASS", symtable::DEF_FREE_CLASS),
    ("DEF_GLOBAL", symtable::DEF_GLOBAL),
    ("DEF_IMPORT", symtable::DEF_IMPORT),
    ("DEF_LOCAL", symtable::DEF_LOCAL),
    ("DEF_NONLOCAL", symtable::DEF_NONLOCAL),
    ("DEF_PARAM", symtable::DEF_PARAM),
    ("DEF_TYPE_PARAM", symtable::DEF_TYPE_PARAM),
    ("FREE", 4),
    ("GLOBAL_EXPLICIT", 2),
    ("GLOBAL_IMPLICIT", 3),
    ("LOCAL", 1),
    ("SCOPE_MASK", 15),
    ("SCOPE_OFF", blocks::SCOPE_OFFSET),
    ("TYPE_ANNOTATION", 3),
    ("TYPE_CLASS", 1),
    ("TYPE_FUNCTION", 0),
    ("TYPE_MODULE", 2),
    ("TYPE_TYPE_ALIAS", 4),
    ("TYPE_TYPE_PARAMETERS", 5),
    ("TYPE_TYPE_VARIABLE", 6),
    ("USE", symtable::USE),
];

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    CONSTANTS.iter().try_for_each(|(name, n)| native::add(vm, m, name, Value::small_int((*n).into())))
}

pub static MODULE: ModuleDef = ModuleDef {
    name: "_symtable",
    doc: "",
    functions: &[function!("symtable", "($module, source, filename, startstr, /)", symtable, "Return symbol and scope dictionaries used internally by compiler.")],
    init,
};
