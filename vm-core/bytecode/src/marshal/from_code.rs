//! Code object to the graph that CPython would write.
//!
//! CPython numbers an object when anything else refers to it at that moment, so that the
//! bytes of a `.pyc` tell which objects its compiler has shared. The rules, as observed in
//! CPython 3.14's compiler and code constructor:
//!
//! - Equal constants, tables and tuples of names are one object within a module
//!   (`const_cache` in `Python/compile.c`). The kinds of variables are not looked up there.
//! - Names, and constants that look like names, are interned; interned strings are always
//!   numbered. The qualified name that a class body stores is the interned one, unless other
//!   code of that name was made before.
//! - Parts of slices, and the renamed variables of `__annotate__` functions, are not looked up.
//! - A frozenset is made again, for each code object, if interning has put another string into
//!   it. That is so if the string was interned before: here, if the module uses it as a name.
//!   (CPython also knows the names of modules that it has loaded; such a set may be shared here
//!   and not there.)
//! - Items of frozensets are always numbered: to be ordered, they are put into a list.
//! - Small ints, empty and one-byte objects exist once in the process, and are always numbered.
//! - The instructions are made for each code object from the adaptive code and kept, so that
//!   two refer to them.
//! - The outermost code object is held by the caller.

use std::collections::{HashMap, HashSet};

use num_bigint::BigInt;
use num_traits::ToPrimitive;

use super::*;
use crate::code::Const;
use crate::setorder;

/// Deepest nesting of constants and code objects. The parser and the compiler allow far less.
const MAX_CODE_DEPTH: usize = 500;

impl Graph {
    /// The graph of a code object that has just been compiled, shared as CPython shares it.
    pub fn from_code(code: &Code) -> Result<Graph, MarshalError> {
        let mut builder = Builder {
            graph: Graph {
                nodes: Vec::new(),
                root: NodeId(0),
            },
            known: HashMap::new(),
            references: Vec::new(),
            names: HashSet::new(),
            qualnames: HashSet::new(),
            class_names: HashSet::new(),
            slices: HashMap::new(),
        };
        builder.collect_names(code, 0)?;
        let root = builder.code(code, 0)?;
        builder.reference(root);
        builder.reference(root);
        let Builder {
            mut graph,
            references,
            ..
        } = builder;
        graph.root = root;
        for (node, count) in graph.nodes.iter_mut().zip(references) {
            node.shared |= count > 1;
        }
        graph.order_sets()?;
        Ok(graph)
    }

    /// Puts the items of frozensets into the order in which CPython writes them: that of
    /// their own bytes. Inner sets come before outer ones, as they were made in that order.
    fn order_sets(&mut self) -> Result<(), MarshalError> {
        for index in 0..self.nodes.len() {
            let Object::FrozenSet(items) = &self.nodes[index].object else {
                continue;
            };
            let mut keyed = Vec::with_capacity(items.len());
            for &id in items {
                keyed.push((self.write_from(id, VERSION, true)?, id));
            }
            keyed.sort();
            self.nodes[index].object =
                Object::FrozenSet(keyed.into_iter().map(|(_, id)| id).collect());
        }
        Ok(())
    }
}

/// What makes two objects one. Parts are numbers of nodes, which are one already.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Singleton(u8),
    Int(BigInt),
    Float(u64),
    Complex(u64, u64),
    Bytes(Arc<[u8]>),
    Interned(Arc<[u8]>),
    Str(Arc<[u8]>),
    Tuple(Vec<NodeId>),
    FrozenSet(Vec<NodeId>),
}

/// Start, stop and step.
type Slice = Arc<[Const; 3]>;

struct Builder {
    graph: Graph,
    known: HashMap<Key, NodeId>,
    /// References to each node.
    references: Vec<u32>,
    /// All names that the module uses.
    names: HashSet<Arc<str>>,
    /// All qualified names so far.
    qualnames: HashSet<Arc<str>>,
    /// Those that class bodies store and that were new then.
    class_names: HashSet<Arc<str>>,
    /// Slices by hash. Their parts are not looked up, so that these do not say which are equal.
    slices: HashMap<i64, Vec<(Slice, NodeId)>>,
}

impl Builder {
    fn collect_names(&mut self, code: &Code, depth: usize) -> Result<(), MarshalError> {
        if depth > MAX_CODE_DEPTH {
            let message = format!("code objects nested more than {MAX_CODE_DEPTH} deep");
            return Err(MarshalError::new(message));
        }
        // Inner code objects are made first.
        for constant in &code.consts {
            if let Const::Code(inner) = constant {
                self.collect_names(inner, depth + 1)?;
            }
        }
        let lists = [&code.names, &code.localsplusnames];
        self.names.extend(lists.into_iter().flatten().cloned());
        self.names.insert(code.name.clone());
        let stores_qualname = code.names.iter().any(|name| &**name == "__qualname__");
        let new = self.qualnames.insert(code.qualname.clone());
        if new && stores_qualname && code.consts.contains(&Const::Str((&*code.qualname).into())) {
            self.class_names.insert(code.qualname.clone());
        }
        Ok(())
    }

    fn add(&mut self, object: Object, shared: bool) -> Result<NodeId, MarshalError> {
        let id = u32::try_from(self.graph.nodes.len())
            .map_err(|_| MarshalError::new("a code object of more than 4294967295 parts"))?;
        object.each_child(|child| self.reference(child));
        self.graph.nodes.push(Node { object, shared });
        self.references.push(0);
        Ok(NodeId(id))
    }

    fn reference(&mut self, id: NodeId) {
        let count = &mut self.references[id.index()];
        *count = count.saturating_add(1);
    }

    /// The node of that key, made by `make` (the object, and whether it is shared in any case)
    /// if there is none.
    fn unique(
        &mut self,
        key: Key,
        make: impl FnOnce() -> (Object, bool),
    ) -> Result<NodeId, MarshalError> {
        if let Some(&id) = self.known.get(&key) {
            return Ok(id);
        }
        let (object, shared) = make();
        let id = self.add(object, shared)?;
        self.known.insert(key, id);
        Ok(id)
    }

    fn constant(&mut self, constant: &Const, depth: usize) -> Result<NodeId, MarshalError> {
        if depth > MAX_CODE_DEPTH {
            let message = format!("constants nested more than {MAX_CODE_DEPTH} deep");
            return Err(MarshalError::new(message));
        }
        match constant {
            Const::None => self.unique(Key::Singleton(0), || (Object::None, false)),
            Const::True => self.unique(Key::Singleton(1), || (Object::True, false)),
            Const::False => self.unique(Key::Singleton(2), || (Object::False, false)),
            Const::Ellipsis => self.unique(Key::Singleton(3), || (Object::Ellipsis, false)),
            Const::Int(value) => self.unique(Key::Int(value.clone()), || {
                (Object::Int(value.clone()), is_small_int(value))
            }),
            // Not-a-numbers are unequal even to themselves.
            Const::Float(value) if value.is_nan() => self.add(Object::Float(*value), false),
            Const::Float(value) => self.unique(Key::Float(value.to_bits()), || {
                (Object::Float(*value), false)
            }),
            Const::Complex(real, imaginary) if real.is_nan() || imaginary.is_nan() => {
                self.add(Object::Complex(*real, *imaginary), false)
            }
            Const::Complex(real, imaginary) => {
                let key = Key::Complex(real.to_bits(), imaginary.to_bits());
                self.unique(key, || (Object::Complex(*real, *imaginary), false))
            }
            Const::Str(text) => {
                let known = text.as_str().is_some_and(|text| {
                    self.class_names.contains(text) || !text.is_ascii() && self.names.contains(text)
                });
                self.str(&text.0, known || is_interned_constant(text))
            }
            Const::Bytes(bytes) => self.bytes(bytes),
            Const::Tuple(items) => {
                let items = self.constants(items, depth)?;
                self.tuple(items)
            }
            Const::FrozenSet(items) => {
                let remade = items.iter().any(|item| self.is_interned_before(item));
                let items = self.constants(items, depth)?;
                for item in &items {
                    self.graph.nodes[item.index()].shared = true;
                }
                if remade {
                    return self.add(Object::FrozenSet(items), false);
                }
                let mut key = items.clone();
                key.sort();
                self.unique(Key::FrozenSet(key), || (Object::FrozenSet(items), false))
            }
            Const::Slice(parts) => self.slice(parts, depth),
            Const::Code(code) => self.code(code, depth),
        }
    }

    fn slice(&mut self, parts: &Slice, depth: usize) -> Result<NodeId, MarshalError> {
        let hash = setorder::hash(&Const::Slice(parts.clone()));
        let same = self
            .slices
            .get(&hash)
            .into_iter()
            .flatten()
            .find(|(p, _)| p == parts);
        if let Some(&(_, id)) = same {
            return Ok(id);
        }
        let mut ids = [NodeId(0); 3];
        for (id, part) in ids.iter_mut().zip(parts.iter()) {
            *id = self.fresh(part, depth + 1)?;
        }
        let id = self.add(Object::Slice(ids), false)?;
        self.slices
            .entry(hash)
            .or_default()
            .push((parts.clone(), id));
        Ok(id)
    }

    /// A constant that CPython does not look up among the module's constants.
    fn fresh(&mut self, constant: &Const, depth: usize) -> Result<NodeId, MarshalError> {
        match constant {
            Const::Int(value) if !is_small_int(value) => {
                self.add(Object::Int(value.clone()), false)
            }
            Const::Float(value) => self.add(Object::Float(*value), false),
            Const::Str(text) if text.0.len() > 2 => {
                let (text, interned) = (text.clone(), false);
                self.add(Object::Str { text, interned }, false)
            }
            other => self.constant(other, depth),
        }
    }

    /// Whether a constant is a string that the module uses as a name too.
    fn is_interned_before(&self, constant: &Const) -> bool {
        let Const::Str(text) = constant else {
            return false;
        };
        text.as_str()
            .is_some_and(|text| text.len() > 1 && self.names.contains(text))
    }

    fn constants(&mut self, items: &[Const], depth: usize) -> Result<Vec<NodeId>, MarshalError> {
        items
            .iter()
            .map(|item| self.constant(item, depth + 1))
            .collect()
    }

    fn tuple(&mut self, items: Vec<NodeId>) -> Result<NodeId, MarshalError> {
        let empty = items.is_empty();
        self.unique(Key::Tuple(items.clone()), || (Object::Tuple(items), empty))
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<NodeId, MarshalError> {
        let bytes: Arc<[u8]> = Arc::from(bytes);
        self.unique(Key::Bytes(bytes.clone()), || {
            let immortal = bytes.len() <= 1;
            (Object::Bytes(bytes), immortal)
        })
    }

    fn str(&mut self, text: &[u8], interned: bool) -> Result<NodeId, MarshalError> {
        let text: Arc<[u8]> = Arc::from(text);
        let key = if interned {
            Key::Interned(text.clone())
        } else {
            Key::Str(text.clone())
        };
        self.unique(key, || {
            let text = Wtf8(text);
            (Object::Str { text, interned }, interned)
        })
    }

    fn name(&mut self, name: &str) -> Result<NodeId, MarshalError> {
        self.str(name.as_bytes(), true)
    }

    fn names(&mut self, names: &[Arc<str>]) -> Result<NodeId, MarshalError> {
        let items = names
            .iter()
            .map(|name| self.name(name))
            .collect::<Result<_, _>>()?;
        self.tuple(items)
    }

    fn code(&mut self, code: &Code, depth: usize) -> Result<NodeId, MarshalError> {
        let consts = self.constants(&code.consts, depth)?;
        let object = CodeObject {
            argcount: number(code.argcount)?,
            posonlyargcount: number(code.posonlyargcount)?,
            kwonlyargcount: number(code.kwonlyargcount)?,
            stacksize: number(code.stacksize)?,
            flags: number(code.flags)?,
            firstlineno: code.firstlineno,
            code: self.add(Object::Bytes(Arc::from(&code.code[..])), true)?,
            consts: self.tuple(consts)?,
            names: self.names(&code.names)?,
            localsplusnames: self.variables(code)?,
            localspluskinds: self.kinds(&code.localspluskinds)?,
            filename: self.name(&code.filename)?,
            name: self.name(&code.name)?,
            qualname: self.name(&code.qualname)?,
            linetable: self.bytes(&code.linetable)?,
            exceptiontable: self.bytes(&code.exceptiontable)?,
        };
        self.add(Object::Code(Box::new(object)), false)
    }

    fn variables(&mut self, code: &Code) -> Result<NodeId, MarshalError> {
        // The compiler's own `.format` becomes `format` afterwards, in a new tuple.
        let renamed = &*code.name == "__annotate__"
            && code.posonlyargcount == 1
            && code
                .localsplusnames
                .first()
                .is_some_and(|name| &**name == "format");
        if !renamed {
            return self.names(&code.localsplusnames);
        }
        let mut items = Vec::new();
        for name in &code.localsplusnames {
            items.push(self.name(name)?);
        }
        self.add(Object::Tuple(items), false)
    }

    /// Made in place, so that a kind alone is not the byte that exists once in the process.
    fn kinds(&mut self, kinds: &[u8]) -> Result<NodeId, MarshalError> {
        if kinds.is_empty() {
            return self.bytes(kinds);
        }
        self.add(Object::Bytes(Arc::from(kinds)), false)
    }
}

fn number(value: u32) -> Result<i32, MarshalError> {
    i32::try_from(value)
        .map_err(|_| MarshalError::new(format!("{value} in a code object exceeds 31 bits")))
}

/// Whether an int exists once in the process.
fn is_small_int(value: &BigInt) -> bool {
    value.to_i32().is_some_and(|n| (-5..=256).contains(&n))
}

/// Whether CPython interns a constant: it looks like a name, or it is one character below
/// U+0100, which exists once in the process.
fn is_interned_constant(text: &Wtf8) -> bool {
    let name_like = text
        .0
        .iter()
        .all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    name_like
        || text.as_str().is_some_and(|text| {
            let mut chars = text.chars();
            matches!((chars.next(), chars.next()), (Some('\0'..='\u{FF}'), None))
        })
}
