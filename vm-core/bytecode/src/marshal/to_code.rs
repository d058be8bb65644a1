//! Graph to code object.

use std::sync::Arc;

use super::*;
use crate::code::Const;

/// Deepest nesting of constants and code objects, references followed. CPython's own limit
/// counts objects inside each other in the file only, which references get around.
const MAX_LOGICAL_DEPTH: u32 = 1000;
/// Most objects when each reference counts as another object. What is larger was made to be:
/// it doubles with every few bytes.
const MAX_LOGICAL_SIZE: u64 = 1 << 26;

impl Graph {
    /// The code object that the graph holds. Checks all that CPython checks of a code object;
    /// `verify` goes further.
    pub fn code(&self) -> Result<Code, MarshalError> {
        match self.constant()? {
            Const::Code(code) => Ok(Arc::unwrap_or_clone(code)),
            _ => {
                let what = self.object(self.root).type_name();
                let message = format!("a code object is expected, but the data holds {what}");
                Err(MarshalError::new(message))
            }
        }
    }

    /// The constant that the graph holds. Lists, dicts, sets and StopIteration are none.
    pub fn constant(&self) -> Result<Const, MarshalError> {
        let mut converter = Converter {
            graph: self,
            done: vec![None; self.nodes.len()],
            names: vec![None; self.nodes.len()],
        };
        converter.convert(self.root)
    }
}

/// A converted node with its measures.
#[derive(Clone)]
struct Done {
    value: Const,
    depth: u32,
    size: u64,
}

struct Converter<'a> {
    graph: &'a Graph,
    done: Vec<Option<Done>>,
    /// Strings that are names: each is made once, as most are used often.
    names: Vec<Option<Arc<str>>>,
}

impl Converter<'_> {
    /// Converts parts before wholes, without recursion.
    fn convert(&mut self, root: NodeId) -> Result<Const, MarshalError> {
        let mut begun = vec![false; self.graph.nodes.len()];
        let mut work = vec![(root, false)];
        while let Some((id, parts_done)) = work.pop() {
            if self.done[id.index()].is_some() {
                continue;
            }
            let object = self.graph.object(id);
            if parts_done {
                let done = self.whole(object)?;
                self.done[id.index()] = Some(done);
                continue;
            }
            if std::mem::replace(&mut begun[id.index()], true) {
                let message = format!("{} contains itself", object.type_name());
                return Err(MarshalError::new(message));
            }
            work.push((id, true));
            let first = work.len();
            object.each_child(|child| {
                if self.done[child.index()].is_none() {
                    work.push((child, false));
                }
            });
            work[first..].reverse();
        }
        Ok(self.part(root)?.value.clone())
    }

    fn part(&self, id: NodeId) -> Result<&Done, MarshalError> {
        self.done[id.index()]
            .as_ref()
            .ok_or_else(|| MarshalError::new("an object contains itself"))
    }

    fn whole(&mut self, object: &Object) -> Result<Done, MarshalError> {
        let (mut depth, mut size, mut known) = (0, 1u64, Ok(()));
        object.each_child(|id| match self.part(id) {
            Ok(part) => {
                depth = depth.max(part.depth + 1);
                size = size.saturating_add(part.size);
            }
            Err(error) => known = Err(error),
        });
        known?;
        if depth > MAX_LOGICAL_DEPTH {
            let message = format!("objects are nested more than {MAX_LOGICAL_DEPTH} deep");
            return Err(MarshalError::new(message));
        }
        if size > MAX_LOGICAL_SIZE {
            let message = "an object has more than 67 million parts when references are followed";
            return Err(MarshalError::new(message));
        }
        let value = match object {
            Object::None => Const::None,
            Object::Ellipsis => Const::Ellipsis,
            Object::False => Const::False,
            Object::True => Const::True,
            Object::Int(value) => Const::Int(value.clone()),
            Object::Float(value) => Const::Float(*value),
            Object::Complex(real, imaginary) => Const::Complex(*real, *imaginary),
            Object::Bytes(bytes) => Const::Bytes(bytes.clone()),
            Object::Str { text, .. } => Const::Str(text.clone()),
            Object::Tuple(items) => Const::Tuple(self.values(items)?.into()),
            Object::FrozenSet(items) => Const::FrozenSet(self.values(items)?.into()),
            Object::Slice(parts) => Const::Slice(Arc::new([
                self.part(parts[0])?.value.clone(),
                self.part(parts[1])?.value.clone(),
                self.part(parts[2])?.value.clone(),
            ])),
            Object::Code(code) => Const::Code(Arc::new(self.code(code)?)),
            Object::StopIteration | Object::List(_) | Object::Dict(_) | Object::Set(_) => {
                let message = format!("{} cannot be a constant", object.type_name());
                return Err(MarshalError::new(message));
            }
        };
        Ok(Done { value, depth, size })
    }

    fn values(&self, ids: &[NodeId]) -> Result<Vec<Const>, MarshalError> {
        ids.iter()
            .map(|&id| self.part(id).map(|part| part.value.clone()))
            .collect()
    }

    fn code(&mut self, code: &CodeObject) -> Result<Code, MarshalError> {
        let number = |value: i32, field: &str| {
            u32::try_from(value).map_err(|_| {
                MarshalError::new(format!("{field} of a code object is negative ({value})"))
            })
        };
        let made = Code {
            argcount: number(code.argcount, "co_argcount")?,
            posonlyargcount: number(code.posonlyargcount, "co_posonlyargcount")?,
            kwonlyargcount: number(code.kwonlyargcount, "co_kwonlyargcount")?,
            stacksize: number(code.stacksize, "co_stacksize")?,
            flags: number(code.flags, "co_flags")?,
            code: self.bytes(code.code, "co_code")?,
            consts: match &self.part(code.consts)?.value {
                Const::Tuple(items) => items.to_vec(),
                _ => return Err(self.wrong_type(code.consts, "co_consts", "a tuple")),
            },
            names: self.names(code.names, "co_names")?,
            localsplusnames: self.names(code.localsplusnames, "co_localsplusnames")?,
            localspluskinds: self.bytes(code.localspluskinds, "co_localspluskinds")?,
            filename: self.filename(code.filename)?,
            name: self.name(code.name, "co_name")?,
            qualname: self.name(code.qualname, "co_qualname")?,
            firstlineno: code.firstlineno,
            linetable: self.bytes(code.linetable, "co_linetable")?,
            exceptiontable: self.bytes(code.exceptiontable, "co_exceptiontable")?,
        };
        check_sizes(&made)?;
        Ok(made)
    }

    fn bytes(&self, id: NodeId, field: &str) -> Result<Vec<u8>, MarshalError> {
        match self.graph.object(id) {
            Object::Bytes(bytes) => Ok(bytes.to_vec()),
            _ => Err(self.wrong_type(id, field, "a bytes")),
        }
    }

    fn names(&mut self, id: NodeId, field: &str) -> Result<Vec<Arc<str>>, MarshalError> {
        match self.graph.object(id) {
            Object::Tuple(items) => items.iter().map(|&id| self.name(id, field)).collect(),
            _ => Err(self.wrong_type(id, field, "a tuple of str")),
        }
    }

    fn name(&mut self, id: NodeId, field: &str) -> Result<Arc<str>, MarshalError> {
        if let Some(name) = &self.names[id.index()] {
            return Ok(name.clone());
        }
        let Object::Str { text, .. } = self.graph.object(id) else {
            return Err(self.wrong_type(id, field, "a str"));
        };
        let Some(text) = text.as_str() else {
            let message = format!("{field} of a code object holds a lone surrogate");
            return Err(MarshalError::new(message));
        };
        let name: Arc<str> = text.into();
        self.names[id.index()] = Some(name.clone());
        Ok(name)
    }

    /// File names may hold lone surrogates, for bytes that are not UTF-8. They serve messages
    /// only, so that these become replacement characters.
    fn filename(&mut self, id: NodeId) -> Result<Arc<str>, MarshalError> {
        match self.graph.object(id) {
            Object::Str { text, .. } if text.as_str().is_none() => {
                Ok(String::from_utf8_lossy(&text.0).into())
            }
            _ => self.name(id, "co_filename"),
        }
    }

    fn wrong_type(&self, id: NodeId, field: &str, expected: &str) -> MarshalError {
        let found = self.graph.object(id).type_name();
        let message = format!("{field} of a code object must be {expected}, not {found}");
        MarshalError::new(message)
    }
}

/// What CPython checks when it makes a code object.
fn check_sizes(code: &Code) -> Result<(), MarshalError> {
    use crate::code::{flags, kinds};

    let refuse = |message: &str| {
        let name = &code.qualname;
        Err(MarshalError::new(format!("code object {name}: {message}")))
    };
    if code.argcount < code.posonlyargcount {
        return refuse("it has more positional-only parameters than parameters");
    }
    if code.localsplusnames.len() != code.localspluskinds.len() {
        return refuse("co_localsplusnames and co_localspluskinds differ in length");
    }
    if !code.code.len().is_multiple_of(2) {
        return refuse("co_code has an odd number of bytes");
    }
    let locals = code
        .localspluskinds
        .iter()
        .filter(|&&k| k & kinds::LOCAL != 0);
    let parameters = u64::from(code.argcount)
        + u64::from(code.kwonlyargcount)
        + u64::from(code.flags & flags::VARARGS != 0)
        + u64::from(code.flags & flags::VARKEYWORDS != 0);
    if (locals.count() as u64) < parameters {
        return refuse("it has more parameters than local variables");
    }
    Ok(())
}
