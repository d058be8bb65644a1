//! Bytes to graph.

use std::sync::Arc;

use num_bigint::{BigInt, Sign};

use super::*;

/// Reads a marshalled value; bytes after it are an error.
pub fn read(bytes: &[u8]) -> Result<Graph, MarshalError> {
    let (graph, end) = read_prefix(bytes)?;
    if end < bytes.len() {
        let extra = bytes.len() - end;
        let message = format!("{extra} more bytes follow the end of the value");
        return Err(MarshalError::at(end, message));
    }
    Ok(graph)
}

/// Reads a marshalled value from the beginning of the bytes; also says where it ends.
pub fn read_prefix(bytes: &[u8]) -> Result<(Graph, usize), MarshalError> {
    let mut reader = Reader {
        bytes,
        at: 0,
        nodes: Vec::new(),
        refs: Vec::new(),
        open: Vec::new(),
    };
    let root = reader.read()?;
    let nodes = reader.nodes;
    Ok((Graph { nodes, root }, reader.at))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    /// Numbered objects. Not ready are those that cannot exist before their parts do.
    refs: Vec<(NodeId, bool)>,
    /// Containers begun and not finished, the innermost last. Takes the place of recursion.
    open: Vec<Open>,
}

/// A container of which not all parts have been read.
struct Open {
    id: NodeId,
    kind: Kind,
    /// Parts still to come; for a dict, until its end is seen.
    missing: usize,
    parts: Vec<NodeId>,
    /// Its number, if it has one that waits for it to be finished.
    number: Option<usize>,
    begun_at: usize,
}

enum Kind {
    Tuple,
    List,
    Dict,
    Set,
    FrozenSet,
    Slice,
    /// The five numbers at its beginning, and the first line number.
    Code([i32; 5], i32),
}

/// What one step has read.
enum Step {
    /// An object, complete.
    Object(NodeId),
    /// NULL, which ends a dict.
    Null,
    /// The beginning of a container with parts.
    Opened,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<NodeId, MarshalError> {
        loop {
            let at = self.at;
            let mut step = self.step()?;
            // Hand what is complete to the container around it, which may complete that.
            loop {
                let done = match (step, self.open.last_mut()) {
                    (Step::Opened, _) => break,
                    (Step::Object(id), None) => return Ok(id),
                    (Step::Object(id), Some(open)) => {
                        open.parts.push(id);
                        open.missing = open.missing.saturating_sub(1);
                        if matches!(open.kind, Kind::Code(..)) && open.missing == 2 {
                            self.read_first_line()?;
                            false
                        } else {
                            open.missing == 0
                        }
                    }
                    (Step::Null, Some(open)) if is_dict_key(open) => true,
                    (Step::Null, _) => {
                        return Err(MarshalError::at(at, "NULL where an object must be"));
                    }
                };
                if !done {
                    break;
                }
                step = Step::Object(self.close()?);
            }
        }
    }

    /// Reads an atom, a reference, or the beginning of a container.
    fn step(&mut self) -> Result<Step, MarshalError> {
        let at = self.at;
        if self.open.len() >= MAX_DEPTH {
            let message = format!("objects are nested more than {MAX_DEPTH} deep");
            return Err(MarshalError::at(at, message));
        }
        let first = self.byte().map_err(|_| {
            MarshalError::at(
                at,
                "the data ends where an object must begin; the file is cut off",
            )
        })?;
        let shared = first & FLAG_REF != 0;
        let type_byte = first & !FLAG_REF;
        match type_byte {
            TYPE_NULL => return Ok(Step::Null),
            TYPE_REF => return self.reference(at).map(Step::Object),
            _ => {}
        }
        if let Some(object) = self.atom(type_byte, at)? {
            // These four are never numbered, whatever the flag says.
            let shared = shared
                && !matches!(
                    object,
                    Object::None
                        | Object::True
                        | Object::False
                        | Object::Ellipsis
                        | Object::StopIteration
                );
            let id = self.add(object, shared, at)?;
            if shared {
                self.refs.push((id, true));
            }
            return Ok(Step::Object(id));
        }
        self.container(type_byte, shared, at)
    }

    fn container(&mut self, type_byte: u8, shared: bool, at: usize) -> Result<Step, MarshalError> {
        let (kind, missing) = match type_byte {
            TYPE_SMALL_TUPLE => (Kind::Tuple, usize::from(self.byte()?)),
            TYPE_TUPLE => (Kind::Tuple, self.size("tuple", at)?),
            TYPE_LIST => (Kind::List, self.size("list", at)?),
            TYPE_SET => (Kind::Set, self.size("set", at)?),
            TYPE_FROZENSET => (Kind::FrozenSet, self.size("frozenset", at)?),
            TYPE_DICT => (Kind::Dict, usize::MAX),
            TYPE_SLICE => (Kind::Slice, 3),
            TYPE_CODE => {
                let mut numbers = [0; 5];
                for number in &mut numbers {
                    *number = self.int32()?;
                }
                (Kind::Code(numbers, 0), 10)
            }
            _ => {
                let message = format!("{type_byte:#04x} is not the type of any object");
                return Err(MarshalError::at(at, message));
            }
        };
        let left = self.bytes.len() - self.at;
        if missing > left && missing != usize::MAX {
            // Each part takes a byte at least.
            let message = format!("{missing} items are announced, but only {left} bytes are left");
            return Err(MarshalError::at(at, message));
        }
        let id = self.add(Object::None, shared, at)?;
        let early = matches!(kind, Kind::Tuple | Kind::List | Kind::Dict | Kind::Set);
        let number = shared.then(|| {
            self.refs.push((id, early || missing == 0));
            self.refs.len() - 1
        });
        self.open.push(Open {
            id,
            kind,
            missing,
            parts: Vec::new(),
            number,
            begun_at: at,
        });
        if missing == 0 {
            return self.close().map(Step::Object);
        }
        Ok(Step::Opened)
    }

    /// Finishes the innermost container.
    fn close(&mut self) -> Result<NodeId, MarshalError> {
        let Some(open) = self.open.pop() else {
            return Err(MarshalError::new("a container ends that never began"));
        };
        let parts = open.parts;
        let object = match open.kind {
            Kind::Tuple => Object::Tuple(parts),
            Kind::List => Object::List(parts),
            Kind::Set => Object::Set(parts),
            Kind::FrozenSet => Object::FrozenSet(parts),
            Kind::Dict => Object::Dict(parts.chunks_exact(2).map(|p| (p[0], p[1])).collect()),
            Kind::Slice => match parts[..] {
                [start, stop, step] => Object::Slice([start, stop, step]),
                _ => {
                    return Err(MarshalError::at(
                        open.begun_at,
                        "a slice without three parts",
                    ));
                }
            },
            Kind::Code(numbers, firstlineno) => code_object(numbers, firstlineno, &parts)
                .ok_or_else(|| {
                    MarshalError::at(open.begun_at, "a code object without ten parts")
                })?,
        };
        self.nodes[open.id.index()].object = object;
        if let Some(number) = open.number {
            self.refs[number].1 = true;
        }
        Ok(open.id)
    }

    /// The line number that stands before the last two parts of a code object.
    fn read_first_line(&mut self) -> Result<(), MarshalError> {
        let line = self.int32()?;
        if let Some(Open {
            kind: Kind::Code(_, firstlineno),
            ..
        }) = self.open.last_mut()
        {
            *firstlineno = line;
        }
        Ok(())
    }

    fn reference(&mut self, at: usize) -> Result<NodeId, MarshalError> {
        let number = self.int32()?;
        let known = self.refs.len();
        match usize::try_from(number).ok().and_then(|n| self.refs.get(n)) {
            Some(&(id, true)) => Ok(id),
            Some(&(_, false)) => {
                let message = format!("object number {number} refers to itself");
                Err(MarshalError::at(at, message))
            }
            None => {
                let message =
                    format!("a reference to object number {number}, of {known} objects so far");
                Err(MarshalError::at(at, message))
            }
        }
    }

    /// An object without parts; `None` if the type is that of a container or unknown.
    fn atom(&mut self, type_byte: u8, at: usize) -> Result<Option<Object>, MarshalError> {
        let object = match type_byte {
            TYPE_NONE => Object::None,
            TYPE_STOPITER => Object::StopIteration,
            TYPE_ELLIPSIS => Object::Ellipsis,
            TYPE_FALSE => Object::False,
            TYPE_TRUE => Object::True,
            TYPE_INT => Object::Int(self.int32()?.into()),
            TYPE_INT64 => Object::Int(i64::from_le_bytes(self.array()?).into()),
            TYPE_LONG => Object::Int(self.long(at)?),
            TYPE_BINARY_FLOAT => Object::Float(self.float()?),
            TYPE_FLOAT => Object::Float(self.float_text(at)?),
            TYPE_BINARY_COMPLEX => Object::Complex(self.float()?, self.float()?),
            TYPE_COMPLEX => Object::Complex(self.float_text(at)?, self.float_text(at)?),
            TYPE_BYTES => {
                let size = self.size("bytes object", at)?;
                Object::Bytes(Arc::from(self.take(size)?))
            }
            TYPE_SHORT_ASCII | TYPE_SHORT_ASCII_INTERNED => {
                let size = usize::from(self.byte()?);
                self.latin1(size, type_byte == TYPE_SHORT_ASCII_INTERNED)?
            }
            TYPE_ASCII | TYPE_ASCII_INTERNED => {
                let size = self.size("string", at)?;
                self.latin1(size, type_byte == TYPE_ASCII_INTERNED)?
            }
            TYPE_UNICODE | TYPE_INTERNED => {
                let size = self.size("string", at)?;
                let text = self.take(size)?;
                if let Err(bad) = check_wtf8(text) {
                    let message = format!("byte {bad} of a string is not UTF-8");
                    return Err(MarshalError::at(at, message));
                }
                Object::Str {
                    text: Wtf8(Arc::from(text)),
                    interned: type_byte == TYPE_INTERNED,
                }
            }
            _ => return Ok(None),
        };
        Ok(Some(object))
    }

    fn add(&mut self, object: Object, shared: bool, at: usize) -> Result<NodeId, MarshalError> {
        let id = u32::try_from(self.nodes.len())
            .map_err(|_| MarshalError::at(at, "more than 4294967295 objects"))?;
        self.nodes.push(Node { object, shared });
        Ok(NodeId(id))
    }

    /// The types named after ASCII hold one byte a character; CPython takes other bytes as
    /// Latin-1.
    fn latin1(&mut self, size: usize, interned: bool) -> Result<Object, MarshalError> {
        let bytes = self.take(size)?;
        let text = if bytes.is_ascii() {
            Wtf8(Arc::from(bytes))
        } else {
            let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
            Wtf8::from(text.as_str())
        };
        Ok(Object::Str { text, interned })
    }

    /// An int of any size: a count of digits, negative for a negative int, then digits of 15
    /// bits, the lowest first.
    fn long(&mut self, at: usize) -> Result<BigInt, MarshalError> {
        let count = self.int32()?;
        let digits = self.take(2 * count.unsigned_abs() as usize)?;
        let mut words = Vec::with_capacity(digits.len() * 15 / 64 + 1);
        let (mut low, mut bits) = (0u64, 0);
        for pair in digits.chunks_exact(2) {
            let digit = u16::from_le_bytes([pair[0], pair[1]]);
            if digit >= 1 << 15 {
                return Err(MarshalError::at(at, "a digit of an int is out of range"));
            }
            low |= u64::from(digit) << bits;
            bits += 15;
            if bits >= 32 {
                words.push(low as u32);
                low >>= 32;
                bits -= 32;
            }
        }
        words.push(low as u32);
        if digits.len() >= 2 && digits[digits.len() - 2..] == [0, 0] {
            return Err(MarshalError::at(at, "the highest digit of an int is zero"));
        }
        let sign = if count < 0 { Sign::Minus } else { Sign::Plus };
        Ok(BigInt::from_slice(sign, &words))
    }

    fn float(&mut self) -> Result<f64, MarshalError> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    /// A float as decimal text, as versions 0 and 1 have it.
    fn float_text(&mut self, at: usize) -> Result<f64, MarshalError> {
        let size = usize::from(self.byte()?);
        std::str::from_utf8(self.take(size)?)
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| MarshalError::at(at, "a float's text is not a number"))
    }

    fn size(&mut self, what: &str, at: usize) -> Result<usize, MarshalError> {
        let size = self.int32()?;
        usize::try_from(size).map_err(|_| {
            MarshalError::at(at, format!("the size of a {what} is out of range ({size})"))
        })
    }

    fn int32(&mut self) -> Result<i32, MarshalError> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    fn byte(&mut self) -> Result<u8, MarshalError> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], MarshalError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn take(&mut self, size: usize) -> Result<&[u8], MarshalError> {
        let left = self.bytes.len() - self.at;
        if size > left {
            let message = format!("{size} bytes must follow, {left} are left; the file is cut off");
            return Err(MarshalError::at(self.at, message));
        }
        let bytes = &self.bytes[self.at..self.at + size];
        self.at += size;
        Ok(bytes)
    }
}

/// Whether a dict is open in which a key may come next.
fn is_dict_key(open: &Open) -> bool {
    matches!(open.kind, Kind::Dict) && open.parts.len().is_multiple_of(2)
}

fn code_object(numbers: [i32; 5], firstlineno: i32, parts: &[NodeId]) -> Option<Object> {
    let [argcount, posonlyargcount, kwonlyargcount, stacksize, flags] = numbers;
    let &[
        code,
        consts,
        names,
        localsplusnames,
        localspluskinds,
        filename,
        name,
        qualname,
        linetable,
        exceptiontable,
    ] = parts
    else {
        return None;
    };
    Some(Object::Code(Box::new(CodeObject {
        argcount,
        posonlyargcount,
        kwonlyargcount,
        stacksize,
        flags,
        firstlineno,
        code,
        consts,
        names,
        localsplusnames,
        localspluskinds,
        filename,
        name,
        qualname,
        linetable,
        exceptiontable,
    })))
}

/// Checks for UTF-8 in which surrogates may be encoded too; gives the first bad byte.
fn check_wtf8(bytes: &[u8]) -> Result<(), usize> {
    let mut at = 0;
    while let Err(error) = std::str::from_utf8(&bytes[at..]) {
        at += error.valid_up_to();
        match bytes[at..] {
            [0xED, 0xA0..=0xBF, 0x80..=0xBF, ..] => at += 3,
            _ => return Err(at),
        }
    }
    Ok(())
}
