//! Objects of a syntax tree: what `compile(..., PyCF_ONLY_AST)` returns.

use std::collections::HashMap;

use tailscope_bytecode::code::Const;
use tailscope_compiler::tree::{Node, Tree};

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::import;
use crate::protocol::attr;
use crate::types::const_value;
use crate::types::list::PyList;
use crate::types::type_::Type;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// The objects of a tree.
///
/// # Errors
/// RecursionError for trees that are too deep.
pub fn build(vm: &Vm, tree: &Tree) -> PyResult {
    Builder { vm, module: import::import_module(vm, "_ast")?, classes: HashMap::new(), shared: HashMap::new() }
        .value(tree)
}

/// The value of a constant, with its parts.
fn constant(vm: &Vm, value: &Const) -> PyResult {
    let parts = |items: &[Const]| items.iter().map(|item| constant(vm, item)).collect::<PyResult<Vec<Ref>>>();
    match value {
        Const::Tuple(items) => Ok(const_value::tuple(vm, parts(items)?)),
        Const::FrozenSet(items) => const_value::frozenset(vm, parts(items)?),
        value => Ok(const_value::simple(vm, value)),
    }
}

struct Builder<'a> {
    vm: &'a Vm,
    module: Ref,
    classes: HashMap<&'static str, Ref>,
    /// Nodes without fields and place (operators, contexts): one of each is enough.
    shared: HashMap<&'static str, Ref>,
}

impl Builder<'_> {
    fn value(&mut self, tree: &Tree) -> PyResult {
        let vm = self.vm;
        Ok(match tree {
            Tree::None => vm.none_ref(),
            Tree::Node(node) => return self.node(node),
            Tree::List(items) => {
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    values.push(self.value(item)?);
                }
                PyList::new(vm, values)
            }
            Tree::Text(text) => vm.intern(text).to_ref(),
            Tree::Int(n) => vm.new_int(*n),
            Tree::Const(value) => return constant(vm, value),
            Tree::Unfit(_) => vm.none_ref(),
        })
    }

    fn class(&mut self, name: &'static str) -> PyResult {
        if let Some(class) = self.classes.get(name) {
            return Ok(class.clone());
        }
        let class = attr::get_named(self.vm, self.module.value(), name)?;
        self.classes.insert(name, class.clone());
        Ok(class)
    }

    fn node(&mut self, node: &Node) -> PyResult {
        let vm = self.vm;
        crate::interp::enter::check_native_stack(vm, " during ast construction")?;
        let is_shared = node.fields.is_empty() && node.place.is_none();
        if is_shared && let Some(made) = self.shared.get(node.class) {
            return Ok(made.clone());
        }
        let class = self.class(node.class)?;
        let new = Type::from_value(class.value()).and_then(|ty| Some((ty, ty.slots().new?)));
        let Some((ty, new)) = new else {
            return Err(vm.type_error(format!("_ast.{} is no class of nodes", node.class)));
        };
        let made = new(vm, ty, CallArgs::positional(&[]))?;
        for (name, field) in &node.fields {
            let value = self.value(field)?;
            attr::set(vm, made.value(), vm.intern(name), value.value())?;
        }
        if let Some(place) = node.place {
            let numbers = [
                ("lineno", place.line),
                ("col_offset", place.col),
                ("end_lineno", place.end_line),
                ("end_col_offset", place.end_col),
            ];
            for (name, n) in numbers {
                attr::set(vm, made.value(), vm.intern(name), Value::small_int(i64::from(n)))?;
            }
        }
        if is_shared {
            self.shared.insert(node.class, made.clone());
        }
        Ok(made)
    }
}
