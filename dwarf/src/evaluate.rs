//! DWARF expressions: where a value is, given registers and memory of a frame.

use gimli::{Encoding, EvaluationResult, Expression, Location, Piece, Reader, Value, ValueType};

use crate::error::{Error, Result};
use crate::image::{Dwarf, Slice, Unit};
use crate::memory::Memory;
use crate::unwind::Registers;

/// Steps after which an expression is given up.
const MOST_STEPS: u32 = 10_000;

/// What expressions refer to.
pub(crate) struct Context<'a> {
    pub registers: &'a Registers,
    pub memory: &'a dyn Memory,
    /// Added to addresses of the file.
    pub bias: u64,
    pub cfa: Option<u64>,
    pub frame_base: Option<u64>,
    /// Where the thread's block of thread-local variables starts.
    pub thread_block: Option<u64>,
    pub unit: Option<(&'a Dwarf, &'a Unit)>,
}

fn missing(what: &str) -> Error {
    Error::new(format!("not available: {what}"))
}

impl Context<'_> {
    /// The places of a value's pieces.
    ///
    /// # Errors
    /// Where a register, memory or an entry value is needed that is not known.
    pub fn pieces(&self, expression: Expression<Slice>, encoding: Encoding, initial: Option<u64>) -> Result<Vec<Piece<Slice>>> {
        let mut evaluation = expression.evaluation(encoding);
        evaluation.set_max_iterations(MOST_STEPS);
        if let Some(v) = initial {
            evaluation.set_initial_value(v);
        }
        let mut state = evaluation.evaluate()?;
        loop {
            state = match state {
                EvaluationResult::Complete => return Ok(evaluation.result()),
                EvaluationResult::RequiresMemory { address, size, base_type, .. } => {
                    let word = self.memory.read_uint(address, usize::from(size))?;
                    evaluation.resume_with_memory(self.typed(word, base_type)?)?
                }
                EvaluationResult::RequiresRegister { register, base_type } => {
                    let word = self.registers.get(register.0).ok_or_else(|| missing("a register"))?;
                    evaluation.resume_with_register(self.typed(word, base_type)?)?
                }
                EvaluationResult::RequiresFrameBase => {
                    evaluation.resume_with_frame_base(self.frame_base.ok_or_else(|| missing("the frame's base"))?)?
                }
                EvaluationResult::RequiresCallFrameCfa => {
                    evaluation.resume_with_call_frame_cfa(self.cfa.ok_or_else(|| missing("the frame's address"))?)?
                }
                EvaluationResult::RequiresRelocatedAddress(a) => {
                    evaluation.resume_with_relocated_address(a.wrapping_add(self.bias))?
                }
                EvaluationResult::RequiresTls(offset) => {
                    let block = self.thread_block.ok_or_else(|| missing("the thread's variables"))?;
                    evaluation.resume_with_tls(block.wrapping_add(offset))?
                }
                EvaluationResult::RequiresIndexedAddress { index, relocate } => {
                    let (dwarf, unit) = self.unit.ok_or_else(|| missing("an address"))?;
                    let a = dwarf.address(unit, index)?;
                    evaluation.resume_with_indexed_address(if relocate { a.wrapping_add(self.bias) } else { a })?
                }
                EvaluationResult::RequiresBaseType(offset) => evaluation.resume_with_base_type(self.base_type(offset)?)?,
                EvaluationResult::RequiresEntryValue(_) => return Err(missing("it was in a register when the function began")),
                // Locations of other entries, other machines' places.
                _ => return Err(missing("a location of another kind")),
            };
        }
    }

    /// The one number that an expression comes to.
    ///
    /// # Errors
    /// As [`Context::pieces`].
    pub fn number(&self, expression: Expression<Slice>, encoding: Encoding, initial: Option<u64>) -> Result<u64> {
        match self.pieces(expression, encoding, initial)?.as_slice() {
            [Piece { location: Location::Address { address }, .. }] => Ok(*address),
            [Piece { location: Location::Value { value }, .. }] => Ok(value.to_u64(u64::MAX)?),
            [Piece { location: Location::Register { register }, .. }] => {
                self.registers.get(register.0).ok_or_else(|| missing("a register"))
            }
            _ => Err(missing("no single number")),
        }
    }

    fn typed(&self, word: u64, base_type: gimli::UnitOffset) -> Result<Value> {
        let of = if base_type.0 == 0 { ValueType::Generic } else { self.base_type(base_type)? };
        Ok(Value::from_u64(of, word)?)
    }

    fn base_type(&self, offset: gimli::UnitOffset) -> Result<ValueType> {
        use gimli::constants as dw;
        let (_, unit) = self.unit.ok_or_else(|| missing("a type"))?;
        let entry = unit.entry(offset)?;
        let size = entry.attr(dw::DW_AT_byte_size).and_then(|a| a.udata_value());
        let encoding = entry.attr_value(dw::DW_AT_encoding);
        let (Some(size), Some(gimli::AttributeValue::Encoding(encoding))) = (size, encoding) else {
            return Ok(ValueType::Generic);
        };
        Ok(ValueType::from_encoding(encoding, size).unwrap_or(ValueType::Generic))
    }
}

/// A piece's bytes, of which it has `size`.
///
/// # Errors
/// Where they are nowhere.
pub(crate) fn piece_bytes(context: &Context, piece: &Piece<Slice>, size: usize) -> Result<Vec<u8>> {
    let shift = piece.bit_offset.unwrap_or(0);
    if !shift.is_multiple_of(8) {
        return Err(missing("bits of a byte"));
    }
    let skip = (shift / 8) as usize;
    let of_word = |word: u64| {
        let all = word.to_le_bytes();
        let part = all.get(skip..skip.saturating_add(size)).map(<[u8]>::to_vec);
        part.ok_or_else(|| missing("more than a register"))
    };
    match piece.location {
        Location::Empty => Err(missing("optimized out")),
        Location::Register { register } => of_word(context.registers.get(register.0).ok_or_else(|| missing("a register"))?),
        Location::Address { address } => context.memory.read_vec(address.wrapping_add(skip as u64), size),
        Location::Value { value } => of_word(word_of(value)?),
        Location::Bytes { value } => {
            let part = value.to_slice()?.get(skip..skip.saturating_add(size)).map(<[u8]>::to_vec);
            part.ok_or_else(|| missing("more than a constant"))
        }
        Location::ImplicitPointer { .. } => Err(missing("what the pointer points at was optimized out")),
    }
}

fn word_of(value: Value) -> Result<u64> {
    Ok(match value {
        Value::F32(f) => u64::from(f.to_bits()),
        Value::F64(f) => f.to_bits(),
        other => other.to_u64(u64::MAX)?,
    })
}
