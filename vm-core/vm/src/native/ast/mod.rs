//! The module `_ast`: the classes of syntax tree nodes, made from the grammar's schema.

use crate::error::PyResult;
use crate::native::{self, ModuleDef};
use crate::protocol::{attr, call};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::generic_alias;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

mod build;
mod node;
mod schema;
mod take;

pub use build::build;
pub use node::AST;
pub use take::{is_node, take};
use schema::{Field, PRODUCTS, SUMS, constructor, fields, sum_doc};

/// A node class by its name.
fn class(vm: &Vm, name: &str) -> PyResult {
    let module = crate::import::import_module(vm, "_ast")?;
    attr::get_named(vm, module.value(), name)
}

fn names(vm: &Vm, fields: &[Field]) -> Ref {
    PyTuple::from_iter(vm, fields.iter().map(|f| vm.intern(f.name).to_ref()))
}

/// A node class: its fields and, where it has its own, attributes.
fn make_class(
    vm: &Vm,
    name: &str,
    base: Value,
    doc: &str,
    fields: &[Field],
    attributes: Option<&[Field]>,
) -> PyResult {
    let namespace = PyDict::new(vm);
    let Some(d) = namespace.cast::<PyDict>() else { return Ok(namespace) };
    let own = names(vm, fields);
    d.set_text(vm, "_fields", own.value());
    d.set_text(vm, "__match_args__", own.value());
    d.set_text(vm, "__module__", vm.intern("ast"));
    d.set_text(vm, "__doc__", vm.new_str(doc).value());
    if let Some(attributes) = attributes {
        d.set_text(vm, "_attributes", names(vm, attributes).value());
    }
    for field in fields.iter().chain(attributes.unwrap_or_default()).filter(|f| f.optional) {
        d.set_text(vm, field.name, vm.none());
    }
    let bases = PyTuple::from_slice(vm, &[base]);
    let name = vm.new_str(name);
    call::call_args(vm, vm.builtin(shape::TYPE).value(), &[name.value(), bases.value(), namespace.value()])
}

/// The type of a field as `_field_types` shows it: `str`, `expr`, `list[stmt]`, `expr | None`.
fn field_type(vm: &Vm, module: Value, field: &Field) -> PyResult {
    let ty = match field.ty {
        "identifier" | "string" => vm.builtin(shape::STR).to_ref(),
        "int" => vm.builtin(shape::INT).to_ref(),
        "constant" => vm.builtin(shape::OBJECT).to_ref(),
        name => attr::get_named(vm, module, name)?,
    };
    if field.list {
        return Ok(generic_alias::new(vm, vm.builtin(shape::LIST).value(), ty.value()));
    }
    if field.optional {
        return generic_alias::union_or(vm, ty.value(), vm.none());
    }
    Ok(ty)
}

fn set_field_types(vm: &Vm, module: Value, name: &str, fields: &[Field]) -> PyResult<()> {
    let types = PyDict::new(vm);
    let Some(d) = types.cast::<PyDict>() else { return Ok(()) };
    for field in fields {
        d.set_text(vm, field.name, field_type(vm, module, field)?.value());
    }
    let class = attr::get_named(vm, module, name)?;
    attr::set_named(vm, class.value(), "_field_types", types.value())?;
    attr::set_named(vm, class.value(), "__annotations__", types.value())
}

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    let ast = vm.builtin(shape::AST).value();
    native::add(vm, m, "AST", ast)?;
    let mut all: Vec<(&str, Vec<Field>)> = Vec::new();
    for sum in SUMS {
        let attributes: Vec<Field> = fields(sum.attributes).collect();
        let base = make_class(vm, sum.name, ast, &sum_doc(sum), &[], Some(&attributes))?;
        native::add(vm, m, sum.name, base.value())?;
        for text in sum.constructors {
            let (name, rest) = constructor(text);
            let own: Vec<Field> = fields(rest).collect();
            let class = make_class(vm, name, base.value(), text, &own, None)?;
            native::add(vm, m, name, class.value())?;
            all.push((name, own));
        }
    }
    for (text, attributes) in PRODUCTS {
        let (name, rest) = constructor(text);
        let own: Vec<Field> = fields(rest).collect();
        let attributes: Vec<Field> = fields(attributes).collect();
        let class = make_class(vm, name, ast, text, &own, Some(&attributes))?;
        native::add(vm, m, name, class.value())?;
        all.push((name, own));
    }
    for (name, own) in all {
        set_field_types(vm, m, name, &own)?;
    }
    for (name, flag) in [
        ("PyCF_ALLOW_TOP_LEVEL_AWAIT", 0x2000),
        ("PyCF_ONLY_AST", 0x400),
        ("PyCF_TYPE_COMMENTS", 0x1000),
        ("PyCF_OPTIMIZED_AST", 0x8400),
    ] {
        native::add(vm, m, name, Value::small_int(flag))?;
    }
    Ok(())
}

pub static MODULE: ModuleDef = ModuleDef { name: "_ast", doc: "", functions: &[], init };
