//! Marshal, the format of the objects in a `.pyc` file, both directions.
//!
//! A marshalled value is a graph: an object that several others refer to is written once
//! and referred to by number afterwards. [`Graph`] holds it as such, and so loses nothing:
//! reading a file that CPython wrote and writing it again gives the same bytes.
//!
//! - [`read`] and [`Graph::write`] convert between bytes and graphs (versions 0 to 5; CPython
//!   3.14 writes 5). All types of the format are known, so that Python's `marshal` module can
//!   be built on this.
//! - [`Graph::code`] makes a [`Code`] of the graph of a `.pyc` file; [`Graph::from_code`] makes
//!   the graph that CPython would have, sharing objects as its compiler does, so that a `.pyc`
//!   of equal code is equal byte for byte.
//!
//! Nothing here trusts its input: sizes are checked before memory is taken, nothing recurses
//! by the nesting of the data, and an object too deep or too large when references are followed
//! is refused.
//!
//! Source: CPython 3.14 `Python/marshal.c`.

mod from_code;
mod read;
mod to_code;
mod write;

use std::fmt;
use std::sync::Arc;

use num_bigint::BigInt;

use crate::code::{Code, Wtf8};

pub use read::{read, read_prefix};
pub use write::VERSION;

/// Deepest nesting that CPython reads or writes.
pub const MAX_DEPTH: usize = 2000;

/// Number of a node in its [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

impl NodeId {
    fn index(self) -> usize {
        self.0 as usize
    }
}

/// A marshalled value: objects that refer to each other by number.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    nodes: Vec<Node>,
    root: NodeId,
}

/// An object of a graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub object: Object,
    /// Whether it gets a number when it is written, for later references to it. In CPython:
    /// whether anything but its container refers to it at that time.
    pub shared: bool,
}

/// The types of the format.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    None,
    StopIteration,
    Ellipsis,
    False,
    True,
    Int(BigInt),
    Float(f64),
    Complex(f64, f64),
    Bytes(Arc<[u8]>),
    Str {
        text: Wtf8,
        /// Whether CPython keeps one string of this value.
        interned: bool,
    },
    Tuple(Vec<NodeId>),
    List(Vec<NodeId>),
    Dict(Vec<(NodeId, NodeId)>),
    Set(Vec<NodeId>),
    FrozenSet(Vec<NodeId>),
    /// Start, stop, step.
    Slice([NodeId; 3]),
    Code(Box<CodeObject>),
}

/// A code object whose parts are nodes. Fields as in [`Code`].
#[derive(Clone, Debug, PartialEq)]
pub struct CodeObject {
    pub argcount: i32,
    pub posonlyargcount: i32,
    pub kwonlyargcount: i32,
    pub stacksize: i32,
    pub flags: i32,
    pub firstlineno: i32,
    pub code: NodeId,
    pub consts: NodeId,
    pub names: NodeId,
    pub localsplusnames: NodeId,
    pub localspluskinds: NodeId,
    pub filename: NodeId,
    pub name: NodeId,
    pub qualname: NodeId,
    pub linetable: NodeId,
    pub exceptiontable: NodeId,
}

impl CodeObject {
    /// The parts, in the order in which they are written; the first line number stands
    /// between the eighth and the ninth.
    fn parts(&self) -> [NodeId; 10] {
        [
            self.code,
            self.consts,
            self.names,
            self.localsplusnames,
            self.localspluskinds,
            self.filename,
            self.name,
            self.qualname,
            self.linetable,
            self.exceptiontable,
        ]
    }
}

impl Object {
    /// Calls `visit` with each object that it refers to, in the order in which they are written.
    fn each_child(&self, mut visit: impl FnMut(NodeId)) {
        match self {
            Object::Tuple(items)
            | Object::List(items)
            | Object::Set(items)
            | Object::FrozenSet(items) => items.iter().copied().for_each(visit),
            Object::Dict(pairs) => pairs.iter().for_each(|&(key, value)| {
                visit(key);
                visit(value);
            }),
            Object::Slice(parts) => parts.iter().copied().for_each(visit),
            Object::Code(code) => code.parts().into_iter().for_each(visit),
            _ => {}
        }
    }

    /// Replaces each number of an object that it refers to.
    pub fn map_children(&mut self, mut f: impl FnMut(NodeId) -> NodeId) {
        match self {
            Object::Tuple(items)
            | Object::List(items)
            | Object::Set(items)
            | Object::FrozenSet(items) => items.iter_mut().for_each(|id| *id = f(*id)),
            Object::Dict(pairs) => pairs.iter_mut().for_each(|(key, value)| {
                *key = f(*key);
                *value = f(*value);
            }),
            Object::Slice(parts) => parts.iter_mut().for_each(|id| *id = f(*id)),
            Object::Code(code) => {
                for id in [
                    &mut code.code,
                    &mut code.consts,
                    &mut code.names,
                    &mut code.localsplusnames,
                    &mut code.localspluskinds,
                    &mut code.filename,
                    &mut code.name,
                    &mut code.qualname,
                    &mut code.linetable,
                    &mut code.exceptiontable,
                ] {
                    *id = f(*id);
                }
            }
            _ => {}
        }
    }

    /// What a message calls it.
    fn type_name(&self) -> &'static str {
        match self {
            Object::None => "None",
            Object::StopIteration => "StopIteration",
            Object::Ellipsis => "Ellipsis",
            Object::False | Object::True => "a bool",
            Object::Int(_) => "an int",
            Object::Float(_) => "a float",
            Object::Complex(..) => "a complex",
            Object::Bytes(_) => "a bytes",
            Object::Str { .. } => "a str",
            Object::Tuple(_) => "a tuple",
            Object::List(_) => "a list",
            Object::Dict(_) => "a dict",
            Object::Set(_) => "a set",
            Object::FrozenSet(_) => "a frozenset",
            Object::Slice(_) => "a slice",
            Object::Code(_) => "a code object",
        }
    }
}

impl Graph {
    /// A graph of these nodes. `None` if a number is out of range.
    pub fn new(nodes: Vec<Node>, root: NodeId) -> Option<Graph> {
        let known = |id: &NodeId| id.index() < nodes.len();
        let mut sound = known(&root);
        for node in &nodes {
            node.object.each_child(|child| sound &= known(&child));
        }
        sound.then_some(Graph { nodes, root })
    }

    /// The outermost object.
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Never true: there is always a root.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    fn object(&self, id: NodeId) -> &Object {
        &self.nodes[id.index()].object
    }
}

/// Marshals a code object as CPython 3.14 does.
pub fn write_code(code: &Code) -> Result<Vec<u8>, MarshalError> {
    Graph::from_code(code)?.write(VERSION)
}

/// Reads a marshalled code object. Bytes after it are an error.
pub fn read_code(bytes: &[u8]) -> Result<Code, MarshalError> {
    read(bytes)?.code()
}

/// Why data cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct MarshalError {
    /// Byte at which the object begins that is wrong, where known.
    pub offset: Option<usize>,
    message: String,
}

impl MarshalError {
    fn new(message: impl Into<String>) -> Self {
        MarshalError {
            offset: None,
            message: message.into(),
        }
    }

    fn at(offset: usize, message: impl Into<String>) -> Self {
        MarshalError {
            offset: Some(offset),
            message: message.into(),
        }
    }
}

impl fmt::Display for MarshalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offset {
            Some(offset) => write!(f, "bad marshal data at byte {offset}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

// Type bytes.
const TYPE_NULL: u8 = b'0';
const TYPE_NONE: u8 = b'N';
const TYPE_FALSE: u8 = b'F';
const TYPE_TRUE: u8 = b'T';
const TYPE_STOPITER: u8 = b'S';
const TYPE_ELLIPSIS: u8 = b'.';
const TYPE_BINARY_FLOAT: u8 = b'g';
const TYPE_FLOAT: u8 = b'f';
const TYPE_BINARY_COMPLEX: u8 = b'y';
const TYPE_COMPLEX: u8 = b'x';
const TYPE_INT: u8 = b'i';
const TYPE_INT64: u8 = b'I';
const TYPE_LONG: u8 = b'l';
const TYPE_BYTES: u8 = b's';
const TYPE_INTERNED: u8 = b't';
const TYPE_UNICODE: u8 = b'u';
const TYPE_ASCII: u8 = b'a';
const TYPE_ASCII_INTERNED: u8 = b'A';
const TYPE_SHORT_ASCII: u8 = b'z';
const TYPE_SHORT_ASCII_INTERNED: u8 = b'Z';
const TYPE_TUPLE: u8 = b'(';
const TYPE_SMALL_TUPLE: u8 = b')';
const TYPE_LIST: u8 = b'[';
const TYPE_DICT: u8 = b'{';
const TYPE_SET: u8 = b'<';
const TYPE_FROZENSET: u8 = b'>';
const TYPE_SLICE: u8 = b':';
const TYPE_CODE: u8 = b'c';
const TYPE_REF: u8 = b'r';
/// Set on a type byte: the object gets a number.
const FLAG_REF: u8 = 0x80;
