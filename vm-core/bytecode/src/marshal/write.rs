//! Graph to bytes.

use num_bigint::Sign;
use num_traits::ToPrimitive;

use super::*;

/// The version that CPython 3.14 writes.
pub const VERSION: u8 = 5;

impl Graph {
    /// Marshals the graph in a version of the format, 0 to 5. References are written from
    /// version 3 on; slices need version 5.
    pub fn write(&self, version: u8) -> Result<Vec<u8>, MarshalError> {
        self.write_from(self.root, version, false)
    }

    /// Marshals one node by itself. With `held` it counts as shared, as it does for CPython
    /// when it orders the items of a set.
    pub(super) fn write_from(
        &self,
        id: NodeId,
        version: u8,
        held: bool,
    ) -> Result<Vec<u8>, MarshalError> {
        let mut writer = Writer {
            graph: self,
            version,
            out: Vec::new(),
            numbers: vec![None; if version >= 3 { self.nodes.len() } else { 0 }],
            next_number: 0,
            work: vec![Work::Node(id, 0)],
            held: held.then_some(id),
        };
        while let Some(work) = writer.work.pop() {
            match work {
                Work::Node(id, depth) => writer.node(id, depth)?,
                Work::Number(number) => writer.int32(number),
                Work::Null => writer.out.push(TYPE_NULL),
                Work::Finished(id) => writer.finish(id),
            }
        }
        Ok(writer.out)
    }
}

/// The state of a numbered object.
#[derive(Clone, Copy)]
struct Number {
    number: u32,
    /// Its parts are still being written, and it cannot exist before them.
    unfinished: bool,
}

/// What is still to be written, the next at the end. Takes the place of recursion.
enum Work {
    Node(NodeId, usize),
    Number(i32),
    Null,
    Finished(NodeId),
}

struct Writer<'a> {
    graph: &'a Graph,
    version: u8,
    out: Vec<u8>,
    numbers: Vec<Option<Number>>,
    next_number: u32,
    work: Vec<Work>,
    held: Option<NodeId>,
}

impl Writer<'_> {
    fn node(&mut self, id: NodeId, depth: usize) -> Result<(), MarshalError> {
        if depth >= MAX_DEPTH {
            let message = format!("objects nested more than {MAX_DEPTH} deep cannot be marshalled");
            return Err(MarshalError::new(message));
        }
        let node = self.graph.node(id);
        let mut flag = 0;
        if self.version >= 3 && (node.shared || self.held == Some(id)) && has_number(&node.object) {
            if let Some(number) = self.numbers[id.index()] {
                if number.unfinished {
                    let what = node.object.type_name();
                    let message = format!("{what} that contains itself cannot be marshalled");
                    return Err(MarshalError::new(message));
                }
                self.out.push(TYPE_REF);
                self.out.extend(number.number.to_le_bytes());
                return Ok(());
            }
            let unfinished = matches!(node.object, Object::Code(_) | Object::Slice(_));
            self.numbers[id.index()] = Some(Number {
                number: self.next_number,
                unfinished,
            });
            self.next_number += 1;
            flag = FLAG_REF;
        }
        self.object(id, &node.object, flag, depth)
    }

    fn object(
        &mut self,
        id: NodeId,
        object: &Object,
        flag: u8,
        depth: usize,
    ) -> Result<(), MarshalError> {
        match object {
            Object::None => self.out.push(TYPE_NONE),
            Object::StopIteration => self.out.push(TYPE_STOPITER),
            Object::Ellipsis => self.out.push(TYPE_ELLIPSIS),
            Object::False => self.out.push(TYPE_FALSE),
            Object::True => self.out.push(TYPE_TRUE),
            Object::Int(value) => self.int(value, flag)?,
            Object::Float(value) => {
                let type_byte = self.pick(2, TYPE_BINARY_FLOAT, TYPE_FLOAT);
                self.out.push(type_byte | flag);
                self.float(*value);
            }
            Object::Complex(real, imaginary) => {
                let type_byte = self.pick(2, TYPE_BINARY_COMPLEX, TYPE_COMPLEX);
                self.out.push(type_byte | flag);
                self.float(*real);
                self.float(*imaginary);
            }
            Object::Bytes(bytes) => {
                self.out.push(TYPE_BYTES | flag);
                self.sized(bytes)?;
            }
            Object::Str { text, interned } => self.str(text, *interned, flag)?,
            Object::Tuple(items) => {
                match u8::try_from(items.len()) {
                    Ok(len) if self.version >= 4 => {
                        self.out.extend([TYPE_SMALL_TUPLE | flag, len]);
                    }
                    _ => {
                        self.out.push(TYPE_TUPLE | flag);
                        self.size(items.len())?;
                    }
                }
                self.later(items, depth);
            }
            Object::List(items) => self.items(TYPE_LIST | flag, items, depth)?,
            Object::Set(items) => self.items(TYPE_SET | flag, items, depth)?,
            Object::FrozenSet(items) => self.items(TYPE_FROZENSET | flag, items, depth)?,
            Object::Dict(_) => {
                self.out.push(TYPE_DICT | flag);
                self.work.push(Work::Null);
                let first = self.work.len();
                object.each_child(|child| self.work.push(Work::Node(child, depth + 1)));
                self.work[first..].reverse();
            }
            Object::Slice(parts) => {
                if self.version < 5 {
                    let message = "a slice can be marshalled in version 5 only";
                    return Err(MarshalError::new(message));
                }
                self.out.push(TYPE_SLICE | flag);
                self.work.push(Work::Finished(id));
                self.later(parts, depth);
            }
            Object::Code(code) => self.code(id, code, flag, depth),
        }
        Ok(())
    }

    fn code(&mut self, id: NodeId, code: &CodeObject, flag: u8, depth: usize) {
        self.out.push(TYPE_CODE | flag);
        for number in [
            code.argcount,
            code.posonlyargcount,
            code.kwonlyargcount,
            code.stacksize,
            code.flags,
        ] {
            self.int32(number);
        }
        let parts = code.parts();
        self.work.push(Work::Finished(id));
        self.later(&parts[8..], depth);
        self.work.push(Work::Number(code.firstlineno));
        self.later(&parts[..8], depth);
    }

    fn finish(&mut self, id: NodeId) {
        if let Some(Some(number)) = self.numbers.get_mut(id.index()) {
            number.unfinished = false;
        }
    }

    fn items(&mut self, type_byte: u8, items: &[NodeId], depth: usize) -> Result<(), MarshalError> {
        self.out.push(type_byte);
        self.size(items.len())?;
        self.later(items, depth);
        Ok(())
    }

    /// Puts parts on the list of work, the first to be done first.
    fn later(&mut self, parts: &[NodeId], depth: usize) {
        let work = parts.iter().rev().map(|&id| Work::Node(id, depth + 1));
        self.work.extend(work);
    }

    fn int(&mut self, value: &BigInt, flag: u8) -> Result<(), MarshalError> {
        if let Some(small) = value.to_i32() {
            self.out.push(TYPE_INT | flag);
            self.int32(small);
            return Ok(());
        }
        let digits = digits15(value);
        let count = i32::try_from(digits.len()).map_err(|_| {
            MarshalError::new("an int of more than 32 gigabits cannot be marshalled")
        })?;
        let negative = value.sign() == Sign::Minus;
        self.out.push(TYPE_LONG | flag);
        self.int32(if negative { -count } else { count });
        for digit in digits {
            self.out.extend(digit.to_le_bytes());
        }
        Ok(())
    }

    fn float(&mut self, value: f64) {
        if self.version >= 2 {
            self.out.extend(value.to_le_bytes());
            return;
        }
        let text = crate::repr::float_17_digits(value);
        // At most 24 characters.
        self.out.push(text.len() as u8);
        self.out.extend(text.bytes());
    }

    fn str(&mut self, text: &Wtf8, interned: bool, flag: u8) -> Result<(), MarshalError> {
        let bytes = &text.0;
        if self.version >= 4 && bytes.is_ascii() {
            if let Ok(len) = u8::try_from(bytes.len()) {
                let type_byte = if interned {
                    TYPE_SHORT_ASCII_INTERNED
                } else {
                    TYPE_SHORT_ASCII
                };
                self.out.extend([type_byte | flag, len]);
                self.out.extend(bytes.iter());
                return Ok(());
            }
            let type_byte = if interned {
                TYPE_ASCII_INTERNED
            } else {
                TYPE_ASCII
            };
            self.out.push(type_byte | flag);
        } else {
            let known = interned && self.version >= 3;
            let type_byte = if known { TYPE_INTERNED } else { TYPE_UNICODE };
            self.out.push(type_byte | flag);
        }
        self.sized(bytes)
    }

    fn pick(&self, since: u8, new: u8, old: u8) -> u8 {
        if self.version >= since { new } else { old }
    }

    fn sized(&mut self, bytes: &[u8]) -> Result<(), MarshalError> {
        self.size(bytes.len())?;
        self.out.extend(bytes);
        Ok(())
    }

    fn size(&mut self, size: usize) -> Result<(), MarshalError> {
        let size = i32::try_from(size)
            .map_err(|_| MarshalError::new("an object larger than 2 GiB cannot be marshalled"))?;
        self.int32(size);
        Ok(())
    }

    fn int32(&mut self, value: i32) {
        self.out.extend(value.to_le_bytes());
    }
}

/// The singletons with a type of their own are never numbered.
fn has_number(object: &Object) -> bool {
    !matches!(
        object,
        Object::None | Object::True | Object::False | Object::Ellipsis | Object::StopIteration
    )
}

/// Digits of 15 bits of the absolute value, the lowest first, none for zero.
fn digits15(value: &BigInt) -> Vec<u16> {
    let mut digits = Vec::new();
    let (mut low, mut bits) = (0u64, 0);
    for word in value.iter_u32_digits() {
        low |= u64::from(word) << bits;
        bits += 32;
        while bits >= 15 {
            digits.push((low & 0x7FFF) as u16);
            low >>= 15;
            bits -= 15;
        }
    }
    digits.push(low as u16);
    while digits.last() == Some(&0) {
        digits.pop();
    }
    digits
}
