//! The module `marshal`, over [`tailscope_bytecode::marshal`]. Code that is read is verified
//! before anybody can run it.

use std::collections::HashMap;
use std::sync::Arc;


use tailscope_bytecode::code::{Code, Wtf8};
use tailscope_bytecode::marshal::{self, Graph, MarshalError, Node, NodeId, Object};
use tailscope_bytecode::verify;

use crate::code::PyCode;
use crate::error::{PyResult, Raised};
use crate::native::sys::c_int;
use crate::native::{ModuleDef, add};
use crate::protocol::buffer::Buffer;
use crate::protocol::{call, truth};
use crate::shape;
use crate::types::complex::PyComplex;
use crate::types::dict::PyDict;
use crate::types::list::PyList;
use crate::types::set::PySet;
use crate::types::slice::PySlice;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::MethodDef;
use crate::types::{bytes, complex, const_value, float, int};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Values to a graph.
struct Writer<'a> {
    vm: &'a Vm,
    nodes: Vec<Node>,
    /// Nodes of objects, by address.
    known: HashMap<usize, NodeId>,
    allow_code: bool,
    depth: usize,
}

fn unmarshallable(vm: &Vm) -> Raised {
    vm.value_error("unmarshallable object")
}

impl Writer<'_> {
    fn push(&mut self, object: Object, shared: bool) -> NodeId {
        self.nodes.push(Node { object, shared });
        NodeId(self.nodes.len() as u32 - 1)
    }

    fn all<'v>(&mut self, items: impl Iterator<Item = Value> + 'v) -> PyResult<Vec<NodeId>> {
        items.map(|v| self.value(v)).collect()
    }

    fn value(&mut self, v: Value) -> PyResult<NodeId> {
        if self.depth >= marshal::MAX_DEPTH {
            return Err(self.vm.value_error("object too deeply nested to marshal"));
        }
        crate::interp::enter::check_native_stack(self.vm, "")?;
        if let Some(i) = v.as_small_int() {
            // CPython keeps these once; for others it depends on who made them.
            return Ok(self.push(Object::Int(i.into()), (-5..=256).contains(&i)));
        }
        if let Some(f) = float::exact_value_of(v) {
            return Ok(self.push(Object::Float(f), false));
        }
        let key = v.pointer() as usize;
        if let Some(&id) = self.known.get(&key) {
            return Ok(id);
        }
        // SAFETY: a live object.
        let shared = v.is_immortal() || unsafe { (*v.pointer()).refs } > 1;
        self.depth += 1;
        let id = self.object(v, key, shared)?;
        self.depth -= 1;
        self.known.insert(key, id);
        Ok(id)
    }

    fn object(&mut self, v: Value, key: usize, shared: bool) -> PyResult<NodeId> {
        let vm = self.vm;
        let simple = [
            (vm.none(), Object::None),
            (vm.true_(), Object::True),
            (vm.false_(), Object::False),
            (vm.ellipsis(), Object::Ellipsis),
            (vm.builtin(shape::STOP_ITERATION).value(), Object::StopIteration),
        ];
        if let Some((_, o)) = simple.into_iter().find(|(x, _)| x.is(v)) {
            return Ok(self.push(o, false));
        }
        if let Some(s) = v.cast_exact::<PyStr>() {
            let text = Wtf8(s.as_bytes().into());
            return Ok(self.push(Object::Str { text, interned: s.is_interned() }, shared || s.is_interned()));
        }
        if v.has_shape(shape::INT) {
            let i = int::value_of(v).map(|i| i.to_big()).unwrap_or_default();
            return Ok(self.push(Object::Int(i), shared));
        }
        if let Some(c) = v.cast_exact::<PyComplex>() {
            return Ok(self.push(Object::Complex(c.re, c.im), shared));
        }
        if let Some(t) = v.cast_exact::<PyTuple>() {
            let items = self.all(t.iter())?;
            return Ok(self.push(Object::Tuple(items), shared));
        }
        if let Some(l) = v.cast_exact::<PyList>() {
            return self.container(key, shared, l.to_vec(), Object::List);
        }
        if let Some(d) = v.cast_exact::<PyDict>() {
            let flat = d.items_vec().into_iter().flat_map(|(k, v)| [k, v]).collect();
            return self.container(key, shared, flat, |ids| {
                Object::Dict(ids.chunks_exact(2).map(|p| (p[0], p[1])).collect())
            });
        }
        if v.has_shape(shape::SET) || v.has_shape(shape::FROZENSET) {
            let items = PySet::from_value(v).map(|s| s.to_vec()).unwrap_or_default();
            let make = if v.has_shape(shape::SET) { Object::Set } else { Object::FrozenSet };
            return self.container(key, shared, items, make);
        }
        if let Some(s) = v.cast_exact::<PySlice>() {
            let parts = [self.value(s.start())?, self.value(s.stop())?, self.value(s.step())?];
            return Ok(self.push(Object::Slice(parts), shared));
        }
        if let Some(c) = v.cast_exact::<PyCode>() {
            if !self.allow_code {
                return Err(vm.value_error("marshalling code objects is disallowed"));
            }
            if c.has_foreign_consts() {
                return Err(unmarshallable(vm));
            }
            return self.code(&c.code);
        }
        match Buffer::new(vm, v) {
            Ok(b) => Ok(self.push(Object::Bytes((*b).into()), shared)),
            Err(_) => Err(unmarshallable(vm)),
        }
    }

    /// A container, which may refer to itself: it has its number before its parts have theirs.
    fn container(
        &mut self,
        key: usize,
        shared: bool,
        items: Vec<Ref>,
        make: impl FnOnce(Vec<NodeId>) -> Object,
    ) -> PyResult<NodeId> {
        let id = self.push(Object::None, shared);
        self.known.insert(key, id);
        let items = self.all(items.iter().map(|i| i.value()).collect::<Vec<_>>().into_iter())?;
        self.nodes[id.0 as usize].object = make(items);
        Ok(id)
    }

    /// A code object: its own graph, moved behind what is there.
    fn code(&mut self, code: &Code) -> PyResult<NodeId> {
        let graph = Graph::from_code(code).map_err(|e| self.vm.value_error(e.to_string()))?;
        let base = self.nodes.len() as u32;
        let moved = |id: NodeId| NodeId(id.0 + base);
        for i in 0..graph.len() as u32 {
            let mut node = graph.node(NodeId(i)).clone();
            node.object.map_children(moved);
            self.nodes.push(node);
        }
        Ok(moved(graph.root()))
    }
}

fn write(vm: &Vm, v: Value, version: Value, allow_code: Value) -> PyResult<Vec<u8>> {
    let version = version.non_null().map_or(Ok(marshal::VERSION as i32), |v| c_int(vm, v))?;
    let allow_code = allow_code.non_null().map_or(Ok(true), |a| truth::truth(vm, a))?;
    let mut writer = Writer { vm, nodes: Vec::new(), known: HashMap::new(), allow_code, depth: 0 };
    let root = writer.value(v)?;
    let Some(graph) = Graph::new(writer.nodes, root) else { return Err(unmarshallable(vm)) };
    graph.write(version.clamp(0, marshal::VERSION as i32) as u8).map_err(|_| unmarshallable(vm))
}

fn dumps(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(bytes::new(vm, &write(vm, a[0], a[1], a[2])?))
}

fn dump(vm: &Vm, a: &[Value]) -> PyResult {
    let data = write(vm, a[0], a[2], a[3])?;
    let data = bytes::new(vm, &data);
    call::call_method(vm, a[1], "write", &[data.value()])
}

fn read_error(vm: &Vm, e: &MarshalError) -> Raised {
    let text = e.to_string();
    if text.contains("cut off") || text.contains("the data ends") {
        vm.eof_error("marshal data too short")
    } else {
        vm.value_error(format!("bad marshal data ({text})"))
    }
}

/// A graph to values.
struct Reader<'a> {
    vm: &'a Vm,
    graph: &'a Graph,
    done: Vec<Option<Ref>>,
    allow_code: bool,
}

impl Reader<'_> {
    fn all(&mut self, ids: &[NodeId]) -> PyResult<Vec<Ref>> {
        ids.iter().map(|id| self.value(*id)).collect()
    }

    fn value(&mut self, id: NodeId) -> PyResult {
        if let Some(v) = &self.done[id.0 as usize] {
            return Ok(v.clone());
        }
        crate::interp::enter::check_native_stack(self.vm, "")?;
        let v = self.make(id)?;
        self.done[id.0 as usize] = Some(v.clone());
        Ok(v)
    }

    fn make(&mut self, id: NodeId) -> PyResult {
        let vm = self.vm;
        let graph = self.graph;
        Ok(match &graph.node(id).object {
            Object::None => vm.none_ref(),
            Object::StopIteration => vm.builtin(shape::STOP_ITERATION).to_ref(),
            Object::Ellipsis => vm.ellipsis().to_ref(),
            Object::False => vm.bool_ref(false),
            Object::True => vm.bool_ref(true),
            Object::Int(i) => int::from_big(i.clone()),
            Object::Float(f) => float::new(vm, *f),
            Object::Complex(re, im) => complex::new(*re, *im),
            Object::Bytes(b) => bytes::new(vm, b),
            Object::Str { text, interned: true } => vm.intern_bytes(&text.0).to_ref(),
            Object::Str { text, .. } => PyStr::from_wtf8(vm, &text.0),
            Object::Tuple(items) => PyTuple::from_vec(vm, self.all(items)?),
            Object::Slice(parts) => const_value::slice(vm, &self.all(parts)?),
            Object::FrozenSet(items) => const_value::frozenset(vm, self.all(items)?)?,
            Object::List(items) => {
                let list = PyList::new(vm, Vec::new());
                self.done[id.0 as usize] = Some(list.clone());
                let items = self.all(items)?;
                if let Some(l) = list.cast::<PyList>() {
                    l.extend(items);
                }
                list
            }
            Object::Dict(pairs) => {
                let dict = PyDict::new(vm);
                self.done[id.0 as usize] = Some(dict.clone());
                for (k, v) in pairs {
                    let (k, v) = (self.value(*k)?, self.value(*v)?);
                    if let Some(d) = dict.cast::<PyDict>() {
                        d.set(vm, k.value(), v.value())?;
                    }
                }
                dict
            }
            Object::Set(items) => {
                let set = PySet::new_set(vm);
                self.done[id.0 as usize] = Some(set.clone());
                for i in items {
                    let i = self.value(*i)?;
                    if let Some(s) = PySet::from_value(set.value()) {
                        s.add(vm, i.value())?;
                    }
                }
                set
            }
            Object::Code(_) => {
                if !self.allow_code {
                    return Err(vm.value_error("unmarshalling code objects is disallowed"));
                }
                let nodes = (0..graph.len() as u32).map(|i| graph.node(NodeId(i)).clone()).collect();
                let Some(part) = Graph::new(nodes, id) else { return Err(vm.value_error("bad marshal data")) };
                runnable(vm, part.code().map_err(|e| read_error(vm, &e))?)?
            }
        })
    }
}

/// A code object that was read from outside, once it is known to be sound.
///
/// # Errors
/// ValueError for code that no compiler makes.
pub fn runnable(vm: &Vm, code: Code) -> PyResult {
    if let Err(e) = verify::verify(&code) {
        return Err(vm.value_error(format!("bad marshal data (unsound code object: {e})")));
    }
    PyCode::new(vm, &Arc::new(code))
}

fn from_graph(vm: &Vm, graph: &Graph, allow_code: bool) -> PyResult {
    let done = vec![None; graph.len()];
    Reader { vm, graph, done, allow_code }.value(graph.root())
}

fn loads(vm: &Vm, a: &[Value]) -> PyResult {
    let data = Buffer::new(vm, a[0])?;
    let allow_code = a[1].non_null().map_or(Ok(true), |v| truth::truth(vm, v))?;
    if data.is_empty() {
        return Err(vm.eof_error("EOF read where object expected"));
    }
    let (graph, _) = marshal::read_prefix(&data).map_err(|e| read_error(vm, &e))?;
    from_graph(vm, &graph, allow_code)
}

fn load(vm: &Vm, a: &[Value]) -> PyResult {
    let allow_code = a[1].non_null().map_or(Ok(true), |v| truth::truth(vm, v))?;
    let here = call::call_method(vm, a[0], "tell", &[]);
    let all = call::call_method(vm, a[0], "read", &[])?;
    let Some(data) = bytes::data_of(all.value()) else {
        return Err(vm.type_error(format!(
            "file.read() returned not bytes but {}",
            vm.type_of(all.value()).full_name()
        )));
    };
    if data.is_empty() {
        return Err(vm.eof_error("EOF read where object expected"));
    }
    let (graph, used) = marshal::read_prefix(data).map_err(|e| read_error(vm, &e))?;
    // The file goes on behind the value.
    if used < data.len()
        && let Ok(here) = here
        && let Some(start) = int::to_i64(here.value())
    {
        call::call_method(vm, a[0], "seek", &[vm.new_int(start + used as i64).value()])?;
    }
    from_graph(vm, &graph, allow_code)
}

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    add(vm, m, "version", Value::small_int(marshal::VERSION as i64))
}

pub(super) static MODULE: ModuleDef = ModuleDef {
    name: "marshal",
    doc: "This module contains functions that can read and write Python values in\n\
          a binary format. The format is specific to Python, but independent of\n\
          machine architecture issues.",
    functions: &[
        MethodDef::new("dump", "(value, file, version=version, /, *, allow_code=True)", dump, "Write the value on the open file."),
        MethodDef::new("load", "(file, /, *, allow_code=True)", load, "Read one value from the open file and return it."),
        MethodDef::new("dumps", "(value, version=version, /, *, allow_code=True)", dumps, "Return the bytes object that would be written to a file by dump(value, file)."),
        MethodDef::new("loads", "(bytes, /, *, allow_code=True)", loads, "Convert the bytes-like object to a value."),
    ],
    init,
};
