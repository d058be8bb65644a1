//! The way back from objects of a syntax tree to plain data: what `compile` does with a tree.
//!
//! Each class is read as the schema has it. Which objects do is CPython's choice: nodes of
//! classes with a common base are told by their class, others by the attributes that they have.

use std::collections::HashMap;
use std::sync::OnceLock;

use tailscope_bytecode::code::Const;
use tailscope_compiler::instr::Loc;
use tailscope_compiler::tree::{Node, Tree};

use super::schema::{Field, PRODUCTS, SUMS, constructor, fields};
use crate::error::PyResult;
use crate::import;
use crate::interp::enter::check_native_stack;
use crate::protocol::{attr, object as obj};
use crate::shape;
use crate::types::list::PyList;
use crate::types::set::PySet;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::{bytes, const_value, int};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A class of nodes.
struct Class {
    name: &'static str,
    fields: Vec<Field>,
}

/// A type that a field may have: the constructors of a sum, or the only one of a product.
struct Group {
    name: &'static str,
    classes: Vec<Class>,
    attributes: Vec<Field>,
    is_product: bool,
}

impl Group {
    /// Whether it is a choice between words, such as operators.
    fn is_simple(&self) -> bool {
        !self.is_product && self.attributes.is_empty() && self.classes.iter().all(|c| c.fields.is_empty())
    }
}

fn class(text: &'static str) -> Class {
    let (name, rest) = constructor(text);
    Class { name, fields: fields(rest).collect() }
}

/// The groups by their names, parsed once.
fn groups() -> &'static HashMap<&'static str, Group> {
    static GROUPS: OnceLock<HashMap<&'static str, Group>> = OnceLock::new();
    GROUPS.get_or_init(|| {
        let sums = SUMS.iter().map(|sum| Group {
            name: sum.name,
            classes: sum.constructors.iter().map(|text| class(text)).collect(),
            attributes: fields(sum.attributes).collect(),
            is_product: false,
        });
        let products = PRODUCTS.iter().map(|(text, attributes)| {
            let class = class(text);
            Group {
                name: class.name,
                classes: vec![class],
                attributes: fields(attributes).collect(),
                is_product: true,
            }
        });
        sums.chain(products).map(|group| (group.name, group)).collect()
    })
}

/// Whether `v` is a node of a syntax tree.
pub fn is_node(vm: &Vm, v: Value) -> bool {
    vm.type_of(v).is_subtype(vm.builtin(shape::AST))
}

/// The plain data of a tree whose root is of the class `root`.
///
/// # Errors
/// TypeErrors and ValueErrors for what is no node, or has fields of other types.
pub fn take(vm: &Vm, tree: Value, root: &str) -> PyResult<Tree> {
    let module = import::import_module(vm, "_ast")?;
    let mut taker = Taker { vm, module, classes: HashMap::new() };
    let class = taker.class(root)?;
    if !obj::is_instance(vm, tree, class.value())? {
        let name = vm.type_of(tree).name();
        return Err(vm.type_error(format!("expected {root} node, got {name:.400}")));
    }
    taker.node("mod", tree)
}

struct Taker<'a> {
    vm: &'a Vm,
    module: Ref,
    classes: HashMap<String, Ref>,
}

impl Taker<'_> {
    fn class(&mut self, name: &str) -> PyResult {
        if let Some(class) = self.classes.get(name) {
            return Ok(class.clone());
        }
        let class = attr::get_named(self.vm, self.module.value(), name)?;
        self.classes.insert(name.to_owned(), class.clone());
        Ok(class)
    }

    /// A node of one of the classes of a group; none for None where there is a choice of nodes.
    fn node(&mut self, group: &str, v: Value) -> PyResult<Tree> {
        let vm = self.vm;
        let Some(group) = groups().get(group) else {
            return Err(vm.system_error(format!("{group} is no type of nodes")));
        };
        check_native_stack(vm, &format!(" while traversing '{}' node", group.name))?;
        let missing = |name: &str| {
            Err(vm.type_error(format!("required field \"{name}\" missing from {}", group.name)))
        };
        if group.is_product {
            let Some(class) = group.classes.first() else { return missing("class") };
            let fields = self.fields(class, v)?;
            let place = self.place(group, v)?;
            return self.checked(class, fields, place);
        }
        if v.is(vm.none()) && !group.is_simple() {
            return Ok(Tree::None);
        }
        let place = self.place(group, v)?;
        let Some(class) = self.class_of(group, v)? else {
            let shown = obj::repr_text(vm, v)?;
            return Err(vm.type_error(format!("expected some sort of {}, but got {shown}", group.name)));
        };
        let fields = self.fields(class, v)?;
        self.checked(class, fields, place)
    }

    /// Which of a group's classes a value is of.
    fn class_of<'g>(&mut self, group: &'g Group, v: Value) -> PyResult<Option<&'g Class>> {
        let vm = self.vm;
        let name = vm.type_of(v).name();
        // Mostly a node is of no other class than its name says.
        if let Some(class) = group.classes.iter().find(|c| c.name == name)
            && self.class(class.name)?.value().is(vm.type_of(v).value())
        {
            return Ok(Some(class));
        }
        for class in &group.classes {
            let ty = self.class(class.name)?;
            if obj::is_instance(vm, v, ty.value())? {
                return Ok(Some(class));
            }
        }
        Ok(None)
    }

    /// Where a node stands. An end that is missing is the beginning.
    fn place(&mut self, group: &Group, v: Value) -> PyResult<Option<Loc>> {
        if group.attributes.is_empty() {
            return Ok(None);
        }
        let mut numbers = [0i32; 4];
        for (i, field) in group.attributes.iter().enumerate().take(4) {
            let begins = i.checked_sub(2).map_or(0, |i| numbers[i]);
            numbers[i] = match self.attribute(field, group.name, v)? {
                None => begins,
                Some(value) => self.int(value.value())?,
            };
        }
        let [line, col, end_line, end_col] = numbers;
        Ok(Some(Loc { line, end_line, col, end_col }))
    }

    /// The value of a field, if it has one; no value for None where that is allowed.
    fn attribute(&self, field: &Field, owner: &str, v: Value) -> PyResult<Option<Ref>> {
        let vm = self.vm;
        match attr::get_opt(vm, v, vm.intern(field.name))? {
            Some(value) if field.optional && value.value().is(vm.none()) => Ok(None),
            Some(value) => Ok(Some(value)),
            None if field.optional || field.list => Ok(None),
            None => Err(vm.type_error(format!("required field \"{}\" missing from {owner}", field.name))),
        }
    }

    fn fields(&mut self, class: &Class, v: Value) -> PyResult<Vec<(&'static str, Tree)>> {
        let mut all = Vec::with_capacity(class.fields.len());
        for field in &class.fields {
            let value = match self.attribute(field, class.name, v)? {
                Some(value) if field.list => self.list(class, field, value.value())?,
                Some(value) => self.value(field, value.value())?,
                None if field.list => Tree::List(Vec::new()),
                None if field.ty == "int" => Tree::Int(0),
                None => Tree::None,
            };
            all.push((field.name, value));
        }
        Ok(all)
    }

    fn list(&mut self, class: &Class, field: &Field, v: Value) -> PyResult<Tree> {
        let vm = self.vm;
        let Some(list) = v.cast::<PyList>() else {
            return Err(vm.type_error(format!(
                "{} field \"{}\" must be a list, not a {:.200}",
                class.name,
                field.name,
                vm.type_of(v).full_name()
            )));
        };
        let items = list.to_vec();
        let mut all = Vec::with_capacity(items.len());
        for item in &items {
            all.push(self.value(field, item.value())?);
            if list.len() != items.len() {
                let (class, field) = (class.name, field.name);
                return Err(vm.runtime_error(format!("{class} field \"{field}\" changed size during iteration")));
            }
        }
        Ok(Tree::List(all))
    }

    fn value(&mut self, field: &Field, v: Value) -> PyResult<Tree> {
        let vm = self.vm;
        match field.ty {
            "int" => self.int(v).map(|n| Tree::Int(i64::from(n))),
            "constant" => Ok(constant(vm, v)?.map_or_else(Tree::Unfit, Tree::Const)),
            "identifier" | "string" if v.is(vm.none()) => Ok(Tree::None),
            // The compiler's texts have no lone surrogates.
            "identifier" | "string" if let Some(s) = v.cast_exact::<PyStr>() => {
                let text = s.to_str().ok_or_else(|| crate::codecs::not_utf8(vm, s))?;
                Ok(Tree::Text(text.to_owned()))
            }
            "identifier" => Err(vm.type_error("AST identifier must be of type str")),
            "string" if v.has_shape(shape::BYTES) => {
                let content = bytes::data_of(v).unwrap_or_default();
                Ok(Tree::Const(Const::Bytes(content.into())))
            }
            "string" => Err(vm.type_error("AST string must be of type str")),
            group => self.node(group, v),
        }
    }

    fn int(&self, v: Value) -> PyResult<i32> {
        let vm = self.vm;
        if !vm.type_of(v).is_subtype(vm.builtin(shape::INT)) {
            let shown = obj::repr_text(vm, v)?;
            return Err(vm.value_error(format!("invalid integer value: {shown}")));
        }
        let number = int::to_i64(v).and_then(|n| i32::try_from(n).ok());
        number.ok_or_else(|| vm.overflow_error("Python int too large to convert to C int"))
    }

    /// A node whose required fields are there.
    fn checked(&self, class: &Class, fields: Vec<(&'static str, Tree)>, place: Option<Loc>) -> PyResult<Tree> {
        for (field, (name, value)) in class.fields.iter().zip(&fields) {
            if !field.optional && !field.list && *value == Tree::None {
                let msg = format!("field '{name}' is required for {}", class.name);
                return Err(self.vm.value_error(msg));
            }
        }
        Ok(Tree::Node(Node { class: class.name, fields, place }))
    }
}

/// The value of a constant, or the name of the type that no constant has.
fn constant(vm: &Vm, v: Value) -> PyResult<Result<Const, String>> {
    let items: Vec<Ref> = if let Some(t) = v.cast_exact::<PyTuple>() {
        t.iter().map(Value::to_ref).collect()
    } else if v.has_shape(shape::FROZENSET) {
        PySet::from_value(v).map(|s| s.to_vec()).unwrap_or_default()
    } else {
        return Ok(match const_value::from_value(vm, v) {
            Some(value) if !matches!(value, Const::Slice(_) | Const::Code(_)) => Ok(value),
            _ => Err(vm.type_of(v).name()),
        });
    };
    check_native_stack(vm, " during compilation")?;
    let mut all = Vec::with_capacity(items.len());
    for item in &items {
        match constant(vm, item.value())? {
            Ok(value) => all.push(value),
            Err(name) => return Ok(Err(name)),
        }
    }
    let all = all.into();
    Ok(Ok(if v.has_shape(shape::FROZENSET) { Const::FrozenSet(all) } else { Const::Tuple(all) }))
}
