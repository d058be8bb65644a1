//! What is on the stack and in the variables, and what instructions make of it.
//!
//! A value is known by the kinds that it may be of. Stack effects come from the opcode table:
//! an output named like an input is that input; other outputs are objects unless stated here.

use super::*;
use crate::dis::RawInstruction;
use crate::opcode::{FunctionAttribute, Intrinsic1, Intrinsic2, Opcode, Size, StackItem};

/// A set of kinds that a value may be of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind(u32);

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $bit:literal, $words:literal;)*) => {
        impl Kind {
            $($(#[$doc])* pub const $name: Kind = Kind(1 << $bit);)*
        }
        const WORDS: &[(Kind, &str)] = &[$((Kind::$name, $words)),*];
    };
}

kinds! {
    /// No value: an unbound variable, or the absent self of a call.
    NULL = 0, "NULL";
    /// An object of which no more is known.
    OBJECT = 1, "some object";
    CELL = 2, "a cell";
    BOOL = 3, "a bool";
    NONE = 4, "None";
    STR = 5, "a str";
    TUPLE = 6, "a tuple";
    /// A constant tuple of strings.
    NAMES = 7, "a tuple of names";
    /// A tuple of cells: a closure.
    CELLS = 8, "a tuple of cells";
    LIST = 9, "a list";
    SET = 10, "a set";
    DICT = 11, "a dict";
    CODE = 12, "a code object";
    FUNCTION = 13, "a function";
    EXCEPTION = 14, "an exception";
    /// The offset of an instruction that raised.
    LASTI = 15, "an instruction's offset";
    /// The exception that was handled before, or None.
    PREVIOUS = 16, "the exception handled before";
    /// An iterator that a loop has made.
    ITERATOR = 17, "an iterator";
}

impl Kind {
    pub(super) const fn or(self, other: Kind) -> Kind {
        Kind(self.0 | other.0)
    }

    pub(super) const fn without(self, other: Kind) -> Kind {
        Kind(self.0 & !other.0)
    }

    pub(super) const fn within(self, allowed: Kind) -> bool {
        self.0 & !allowed.0 == 0
    }

    pub(super) const ANY: Kind = Kind(u32::MAX);
    const NOT_NULL: Kind = Kind::ANY.without(Kind::NULL);
    const ANY_TUPLE: Kind = Kind::TUPLE.or(Kind::NAMES).or(Kind::CELLS);

    fn in_words(self) -> String {
        let words = WORDS.iter().filter(|(kind, _)| self.0 & kind.0 != 0);
        words
            .map(|(_, words)| *words)
            .collect::<Vec<_>>()
            .join(" or ")
    }
}

/// A value on the stack.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub kind: Kind,
    /// The variable that it is borrowed from.
    pub borrowed: Option<u32>,
    /// Length of a tuple, if it is known.
    length: Option<u32>,
}

impl Slot {
    pub fn of(kind: Kind) -> Slot {
        Slot {
            kind,
            borrowed: None,
            length: None,
        }
    }

    /// Whether it is nothing that `other` may not be.
    pub fn is_no_more_than(&self, other: &Slot) -> bool {
        // An object of which no more is relied on may be anything.
        let any = Kind::OBJECT.within(other.kind) && self.kind.within(Kind::NOT_NULL);
        (any || self.kind.within(other.kind))
            && (other.length.is_none() || self.length == other.length)
    }
}

/// What is known at one place of the code.
#[derive(Clone)]
pub(super) struct State {
    pub stack: Vec<Slot>,
    pub locals: Vec<Kind>,
    /// Outputs of the instruction at hand; kept to save allocations.
    outputs: Vec<Slot>,
}

/// How many values an instruction takes from the stack, without those that it leaves in place.
pub(super) fn consumed(op: Opcode, oparg: u32) -> i64 {
    // An exception thrown in comes with None in place of the value sent in.
    if op == Opcode::YIELD_VALUE {
        return 0;
    }
    let effect = op.effect();
    let kept = effect
        .inputs
        .iter()
        .zip(effect.outputs)
        .take_while(|(input, output)| input == output)
        .map(|(input, _)| input.size.count(oparg));
    effect.popped(oparg) - kept.sum::<i64>()
}

impl State {
    pub fn new(stack: Vec<Slot>, locals: Vec<Kind>) -> State {
        let outputs = Vec::new();
        State {
            stack,
            locals,
            outputs,
        }
    }

    /// Takes in what is known on another path; says whether this has grown.
    pub fn join(&mut self, other: &State) -> Result<bool, String> {
        if self.stack.len() != other.stack.len() {
            return Err(format!(
                "two paths meet with {} and {} values on the stack",
                self.stack.len(),
                other.stack.len()
            ));
        }
        let mut grown = false;
        for (mine, theirs) in self.stack.iter_mut().zip(&other.stack) {
            let length = mine.length.filter(|_| mine.length == theirs.length);
            let joined = Slot {
                kind: mine.kind.or(theirs.kind),
                borrowed: None,
                length,
            };
            grown |= joined != *mine;
            *mine = joined;
        }
        for (mine, theirs) in self.locals.iter_mut().zip(&other.locals) {
            grown |= !theirs.within(*mine);
            *mine = mine.or(*theirs);
        }
        Ok(grown)
    }

    /// Whether joining the state of a handler after an exception in `state` would add nothing.
    pub fn covers_raise(&self, state: &State, depth: usize, lasti: bool) -> bool {
        let pushed = 1 + usize::from(lasti);
        let covered = |(mine, theirs): (&Slot, &Slot)| {
            theirs.borrowed.is_none()
                && theirs.kind.within(mine.kind)
                && (mine.length.is_none() || mine.length == theirs.length)
        };
        self.stack.len() == depth + pushed
            && self.stack[..depth].iter().zip(&state.stack).all(covered)
            && self
                .locals
                .iter()
                .zip(&state.locals)
                .all(|(mine, theirs)| theirs.within(*mine))
    }

    /// Carries out one instruction.
    pub fn step(&mut self, code: &Code, raw: &RawInstruction) -> Result<(), String> {
        use Opcode::*;
        let (op, oparg) = (raw.base, raw.oparg);
        match op {
            LOAD_FAST | LOAD_FAST_BORROW | LOAD_FAST_CHECK => self.load(code, op, oparg),
            LOAD_FAST_LOAD_FAST | LOAD_FAST_BORROW_LOAD_FAST_BORROW => {
                self.load(code, op, oparg >> 4)?;
                self.load(code, op, oparg & 15)
            }
            STORE_FAST => self.store(code, oparg),
            STORE_FAST_STORE_FAST => {
                self.store(code, oparg >> 4)?;
                self.store(code, oparg & 15)
            }
            STORE_FAST_LOAD_FAST => {
                self.store(code, oparg >> 4)?;
                self.load(code, op, oparg & 15)
            }
            LOAD_FAST_AND_CLEAR => {
                let kind = self.locals[oparg as usize];
                self.set_local(code, oparg, Kind::NULL)?;
                self.stack.push(Slot::of(kind));
                Ok(())
            }
            DELETE_FAST => self.set_local(code, oparg, Kind::NULL),
            MAKE_CELL => self.set_local(code, oparg, Kind::CELL),
            COPY_FREE_VARS => {
                let first = self.locals.len() - oparg as usize;
                self.locals[first..].fill(Kind::CELL);
                Ok(())
            }
            RETURN_VALUE if self.stack.len() != 1 => {
                let depth = self.stack.len();
                Err(format!(
                    "RETURN_VALUE with {depth} values on the stack instead of one"
                ))
            }
            RETURN_GENERATOR if !self.stack.is_empty() => {
                Err("RETURN_GENERATOR with values on the stack".into())
            }
            COPY => {
                let at = self.below(op, oparg as i64)?;
                let slot = self.stack[at];
                check(op, "bottom", oparg, &[slot])?;
                self.stack.push(slot);
                Ok(())
            }
            _ => self.apply(code, op, oparg),
        }
    }

    fn load(&mut self, code: &Code, op: Opcode, slot: u32) -> Result<(), String> {
        let mut kind = self.locals[slot as usize];
        if op == Opcode::LOAD_FAST_CHECK {
            kind = kind.without(Kind::NULL);
            if kind.0 == 0 {
                // It always raises.
                kind = Kind::OBJECT;
            }
            self.locals[slot as usize] = kind;
        } else if !kind.within(Kind::NOT_NULL) {
            let name = &code.localsplusnames[slot as usize];
            return Err(format!("{op} reads {name}, which may be unbound"));
        }
        let borrows = matches!(
            op,
            Opcode::LOAD_FAST_BORROW | Opcode::LOAD_FAST_BORROW_LOAD_FAST_BORROW
        );
        self.stack.push(Slot {
            borrowed: borrows.then_some(slot),
            ..Slot::of(kind)
        });
        Ok(())
    }

    fn store(&mut self, code: &Code, local: u32) -> Result<(), String> {
        let Some(slot) = self.stack.pop() else {
            return Err("STORE_FAST takes a value from an empty stack".into());
        };
        if let Some(from) = slot.borrowed {
            let name = &code.localsplusnames[from as usize];
            return Err(format!("a value borrowed from {name} is stored"));
        }
        self.set_local(code, local, slot.kind)
    }

    fn set_local(&mut self, code: &Code, local: u32, kind: Kind) -> Result<(), String> {
        if self.stack.iter().any(|slot| slot.borrowed == Some(local)) {
            let name = &code.localsplusnames[local as usize];
            return Err(format!(
                "{name} changes while a value borrowed from it is in use"
            ));
        }
        self.locals[local as usize] = kind;
        Ok(())
    }

    /// Index of the value some places from the top.
    fn below(&self, op: Opcode, places: i64) -> Result<usize, String> {
        usize::try_from(self.stack.len() as i64 - places).map_err(|_| {
            let depth = self.stack.len();
            format!("{op} needs {places} values on the stack, where {depth} are")
        })
    }

    /// Carries out an instruction by its stack effect.
    fn apply(&mut self, code: &Code, op: Opcode, oparg: u32) -> Result<(), String> {
        let effect = op.effect();
        let base = self.below(op, effect.popped(oparg))?;
        if let Some(slot) = slot_operand(op, oparg)
            && !self.locals[slot].within(Kind::CELL)
        {
            let name = &code.localsplusnames[slot];
            return Err(format!("{op} uses {name}, which may not hold a cell"));
        }
        let inputs = &self.stack[base..];
        let mut rest = inputs;
        for item in effect.inputs {
            let (slots, others) = rest.split_at(item.size.count(oparg).max(0) as usize);
            check(op, item.name, oparg, slots)?;
            rest = others;
        }
        let mut outputs = std::mem::take(&mut self.outputs);
        outputs.clear();
        for item in effect.outputs {
            let count = item.size.count(oparg).max(0) as usize;
            match effect.inputs.iter().position(|input| input == item) {
                Some(position) => {
                    let before = effect.inputs[..position].iter();
                    let at: i64 = before.map(|input| input.size.count(oparg)).sum();
                    outputs.extend_from_slice(&inputs[at as usize..at as usize + count]);
                }
                None => {
                    if base + outputs.len() + count > code.stacksize as usize {
                        let size = code.stacksize;
                        return Err(format!("the stack grows beyond its {size} slots"));
                    }
                    let slot = produced(code, op, item, oparg, inputs);
                    outputs.extend(std::iter::repeat_n(slot, count));
                }
            }
        }
        self.stack.truncate(base);
        self.stack.extend_from_slice(&outputs);
        self.outputs = outputs;
        Ok(())
    }
}

/// Whether an instruction can deal with its input of that name.
fn check(op: Opcode, name: &str, oparg: u32, slots: &[Slot]) -> Result<(), String> {
    let allowed = required(op, name, oparg);
    // Of the values under an exception only the deepest means something.
    let count = if op == Opcode::RERAISE && name == "values" {
        1
    } else {
        slots.len()
    };
    for slot in &slots[..count.min(slots.len())] {
        if !slot.kind.within(allowed) {
            let found = slot.kind.without(allowed).in_words();
            return Err(format!("{op} may get {found} as its {name}"));
        }
    }
    let length = slots.first().and_then(|slot| slot.length);
    match (op, name) {
        (Opcode::CALL_KW, "kwnames") if length.is_none_or(|n| n > oparg) => {
            Err("CALL_KW has more names than arguments".into())
        }
        (Opcode::CALL_INTRINSIC_1, _)
            if oparg == Intrinsic1::TypeAlias.oparg() && length != Some(3) =>
        {
            Err("INTRINSIC_TYPEALIAS does not get a tuple of three".into())
        }
        _ => Ok(()),
    }
}

/// The slot of an instruction that works on the cell in it.
fn slot_operand(op: Opcode, oparg: u32) -> Option<usize> {
    use Opcode::*;
    matches!(
        op,
        LOAD_DEREF | STORE_DEREF | DELETE_DEREF | LOAD_FROM_DICT_OR_DEREF
    )
    .then_some(oparg as usize)
}

/// The kinds that an instruction relies on for an input.
fn required(op: Opcode, name: &str, oparg: u32) -> Kind {
    use Opcode::*;
    match (op, name) {
        (_, "self_or_null" | "null" | "others" | "exit_self") | (SWAP | POP_TOP, _) => Kind::ANY,
        (CALL_FUNCTION_EX, "kwargs_or_null") => Kind::NULL.or(Kind::DICT),
        (UNARY_NOT, _) => Kind::BOOL,
        (LIST_APPEND | LIST_EXTEND, "list") => Kind::LIST,
        (SET_UPDATE, "set") => Kind::SET,
        (MAP_ADD | DICT_UPDATE | DICT_MERGE, "dict") => Kind::DICT,
        (BUILD_STRING, _) | (BUILD_INTERPOLATION, "expression" | "format") => Kind::STR,
        (FORMAT_WITH_SPEC, "fmt_spec") => Kind::STR,
        (BUILD_TEMPLATE | MATCH_KEYS, "strings" | "interpolations" | "keys") => Kind::ANY_TUPLE,
        (MATCH_CLASS, "names") => Kind::ANY_TUPLE,
        (CALL_KW, "kwnames") => Kind::NAMES,
        (MAKE_FUNCTION, _) => Kind::CODE,
        (SET_FUNCTION_ATTRIBUTE, "func") => Kind::FUNCTION,
        (SET_FUNCTION_ATTRIBUTE, "attr") => match FunctionAttribute::from_oparg(oparg) {
            Some(FunctionAttribute::Closure) => Kind::CELLS,
            _ => Kind::NOT_NULL,
        },
        (CALL_INTRINSIC_1, _) => match Intrinsic1::from_oparg(oparg) {
            Some(Intrinsic1::ListToTuple) => Kind::LIST,
            Some(Intrinsic1::StopIterationError) => Kind::EXCEPTION,
            Some(Intrinsic1::TypeAlias) => Kind::ANY_TUPLE,
            _ => Kind::NOT_NULL,
        },
        (CALL_INTRINSIC_2, name) => match (Intrinsic2::from_oparg(oparg), name) {
            (Some(Intrinsic2::PrepReraiseStar), "value2") => Kind::EXCEPTION,
            (Some(Intrinsic2::PrepReraiseStar), _) => Kind::LIST,
            (Some(Intrinsic2::SetFunctionTypeParams), "value2") => Kind::FUNCTION,
            (Some(Intrinsic2::SetFunctionTypeParams), _) => Kind::ANY_TUPLE,
            _ => Kind::NOT_NULL,
        },
        (PUSH_EXC_INFO | END_ASYNC_FOR | WITH_EXCEPT_START, "exc") => Kind::EXCEPTION,
        (CHECK_EXC_MATCH, "left") | (CLEANUP_THROW, "exc_value") => Kind::EXCEPTION,
        (CHECK_EG_MATCH, "exc_value") | (RERAISE, "exc") => Kind::EXCEPTION.or(Kind::NONE),
        (RERAISE, "values") | (WITH_EXCEPT_START, "lasti") => Kind::LASTI,
        (WITH_EXCEPT_START, "prev_exc") | (POP_EXCEPT, _) => Kind::PREVIOUS,
        _ => Kind::NOT_NULL,
    }
}

/// What an instruction leaves as a new output.
fn produced(code: &Code, op: Opcode, item: &StackItem, oparg: u32, inputs: &[Slot]) -> Slot {
    use Opcode::*;
    let kind = match (op, item.name) {
        (_, "null") => Kind::NULL,
        (_, "self_or_null") => Kind::NULL.or(Kind::OBJECT),
        (LOAD_CONST, _) => return constant(&code.consts[oparg as usize]),
        (UNARY_NOT | TO_BOOL | CONTAINS_OP | IS_OP, _) => Kind::BOOL,
        (COMPARE_OP, _) if oparg & crate::opcode::CompareOp::TO_BOOL != 0 => Kind::BOOL,
        (CHECK_EXC_MATCH | MATCH_MAPPING | MATCH_SEQUENCE, _) => Kind::BOOL,
        (CHECK_EG_MATCH, _) => Kind::EXCEPTION.or(Kind::NONE),
        (PUSH_EXC_INFO, _) => Kind::PREVIOUS,
        (GET_ITER | GET_AITER, _) => Kind::ITERATOR,
        (BUILD_LIST, _) | (UNPACK_EX, "rest") => Kind::LIST,
        (BUILD_SET, _) => Kind::SET,
        (BUILD_MAP, _) => Kind::DICT,
        (BUILD_STRING | FORMAT_SIMPLE | FORMAT_WITH_SPEC | CONVERT_VALUE, _) => Kind::STR,
        (BUILD_TUPLE, _) => {
            let cells = !inputs.is_empty() && inputs.iter().all(|s| s.kind.within(Kind::CELL));
            return Slot {
                length: Some(oparg),
                ..Slot::of(if cells { Kind::CELLS } else { Kind::TUPLE })
            };
        }
        (MAKE_FUNCTION, _) => Kind::FUNCTION,
        (CLEANUP_THROW, "none") => Kind::NONE,
        (CALL_INTRINSIC_1, _) => match Intrinsic1::from_oparg(oparg) {
            Some(Intrinsic1::ListToTuple) => Kind::TUPLE,
            Some(Intrinsic1::StopIterationError) => Kind::EXCEPTION,
            _ => Kind::OBJECT,
        },
        (CALL_INTRINSIC_2, _) => match Intrinsic2::from_oparg(oparg) {
            Some(Intrinsic2::PrepReraiseStar) => Kind::EXCEPTION.or(Kind::NONE),
            Some(Intrinsic2::SetFunctionTypeParams) => Kind::FUNCTION,
            _ => Kind::OBJECT,
        },
        _ => Kind::OBJECT,
    };
    debug_assert!(item.size != Size::One || item.size.count(oparg) == 1);
    Slot::of(kind)
}

fn constant(constant: &Const) -> Slot {
    let kind = match constant {
        Const::None => Kind::NONE,
        Const::True | Const::False => Kind::BOOL,
        Const::Str(_) => Kind::STR,
        Const::Code(_) => Kind::CODE,
        Const::Tuple(items) => {
            let names = items.iter().all(|item| matches!(item, Const::Str(_)));
            return Slot {
                length: u32::try_from(items.len()).ok(),
                ..Slot::of(if names { Kind::NAMES } else { Kind::TUPLE })
            };
        }
        _ => Kind::OBJECT,
    };
    Slot::of(kind)
}
