//! What can be checked of each instruction and table by itself.

use super::*;
use crate::code::{flags, kinds};
use crate::dis::{RawInstruction, raw_instructions};
use crate::exceptiontable::{self, ExceptionEntry};
use crate::linetable;
use crate::opcode::{
    BinaryOp, CommonConstant, CompareOp, Conversion, FunctionAttribute, Intrinsic1, Intrinsic2,
    Opcode, SpecialMethod,
};

/// A code object taken apart.
pub(super) struct Form {
    pub instructions: Vec<RawInstruction>,
    /// Index of the instruction that begins at a code unit, its prefixes included.
    begins: Vec<Option<u32>>,
    pub handlers: Vec<ExceptionEntry>,
}

impl Form {
    /// Index of the instruction (or its first prefix) at an offset in bytes.
    pub fn beginning(&self, offset: usize) -> Option<usize> {
        let index = self.begins.get(offset / 2).copied().flatten()?;
        Some(index as usize)
    }
}

pub(super) fn check(code: &Code) -> Result<Form, Refusal> {
    variables(code)?;
    if code.code.is_empty() || !code.code.len().is_multiple_of(2) {
        return Err(Refusal::new("it has no code, or half a code unit"));
    }
    let units = code.code.len() / 2;
    let instructions: Vec<RawInstruction> = raw_instructions(&code.code).collect();
    let mut form = Form {
        instructions,
        begins: vec![None; units],
        handlers: Vec::new(),
    };
    let mut prefixes = 0;
    for index in 0..form.instructions.len() {
        let raw = form.instructions[index];
        if prefixes == 0 {
            form.begins[raw.offset / 2] = Some(index as u32);
        }
        prefixes = if raw.base == Opcode::EXTENDED_ARG {
            prefixes + 1
        } else {
            0
        };
        if prefixes > 3 {
            return Err(Refusal::at(
                raw.offset,
                "more than three EXTENDED_ARG follow each other",
            ));
        }
        let end = raw.offset + 2 + 2 * raw.base.cache_units();
        if end > code.code.len() {
            return Err(Refusal::at(
                raw.offset,
                format!("the cache of {} is cut off", raw.base),
            ));
        }
        instruction(code, &raw).map_err(|reason| Refusal::at(raw.offset, reason))?;
    }
    if prefixes > 0 {
        return Err(Refusal::new("it ends with an EXTENDED_ARG"));
    }
    for raw in &form.instructions {
        if raw.base.has_jump() {
            let target = raw.jump_target().and_then(|target| form.beginning(target));
            if target.is_none() {
                let reason = format!("{} does not lead to an instruction", raw.base);
                return Err(Refusal::at(raw.offset, reason));
            }
        }
    }
    generator_prefix(code, &form)?;
    form.handlers = exception_table(code, &form)?;
    Ok(form)
}

fn variables(code: &Code) -> Result<(), Refusal> {
    if code.localsplusnames.len() != code.localspluskinds.len() {
        return Err(Refusal::new(
            "names and kinds of its variables differ in number",
        ));
    }
    // Locals, then cells, then free variables; a local may be a cell too.
    let mut stage = 0;
    for (name, &kind) in code.localsplusnames.iter().zip(&code.localspluskinds) {
        let next = match kind & (kinds::LOCAL | kinds::CELL | kinds::FREE) {
            kinds::FREE => 2,
            kinds::CELL => 1,
            k if k & kinds::LOCAL != 0 && k & kinds::FREE == 0 => 0,
            _ => return Err(Refusal::new(format!("variable {name} is of no kind"))),
        };
        if next < stage {
            return Err(Refusal::new(format!("variable {name} is out of order")));
        }
        stage = next;
    }
    if code.posonlyargcount > code.argcount || parameters(code) > locals(code) {
        return Err(Refusal::new("it has more parameters than local variables"));
    }
    Ok(())
}

/// Number of slots that a call fills.
pub(super) fn parameters(code: &Code) -> usize {
    code.argcount as usize
        + code.kwonlyargcount as usize
        + usize::from(code.flags & flags::VARARGS != 0)
        + usize::from(code.flags & flags::VARKEYWORDS != 0)
}

fn locals(code: &Code) -> usize {
    let kinds = code.localspluskinds.iter();
    kinds.filter(|&&kind| kind & kinds::LOCAL != 0).count()
}

fn free_variables(code: &Code) -> usize {
    let kinds = code.localspluskinds.iter();
    kinds.filter(|&&kind| kind & kinds::FREE != 0).count()
}

/// Opcode and oparg of one instruction.
fn instruction(code: &Code, raw: &RawInstruction) -> Result<(), String> {
    use Opcode::*;
    let op = raw.base;
    if Opcode::from_u8(raw.byte).is_none() {
        return Err(format!("{} is no opcode", raw.byte));
    }
    if u16::from(raw.byte) != op.number()
        || matches!(
            op,
            CACHE
                | RESERVED
                | INTERPRETER_EXIT
                | EXIT_INIT_CHECK
                | ENTER_EXECUTOR
                | INSTRUMENTED_LINE
                | INSTRUMENTED_INSTRUCTION
        )
    {
        let name = Opcode::from_u8(raw.byte).map_or("", Opcode::name);
        return Err(format!("{name} stands where only compiled code can"));
    }
    let by_name = matches!(
        op,
        LOAD_NAME | STORE_NAME | DELETE_NAME | LOAD_LOCALS | SETUP_ANNOTATIONS
    ) || (op == CALL_INTRINSIC_1 && raw.oparg == Intrinsic1::ImportStar.oparg());
    if by_name && code.flags & flags::OPTIMIZED != 0 {
        return Err(format!("{op} needs a namespace, which a function has not"));
    }
    if is_generator(code) != (op == YIELD_VALUE || op == RETURN_GENERATOR)
        && matches!(op, YIELD_VALUE | RETURN_GENERATOR)
    {
        return Err(format!("{op} is in code that is no generator"));
    }
    operand(code, op, raw.oparg)
}

fn operand(code: &Code, op: Opcode, oparg: u32) -> Result<(), String> {
    let index = oparg as usize;
    if op.has_const() && index >= code.consts.len() {
        let count = code.consts.len();
        return Err(format!("{op} refers to constant {oparg}, of {count}"));
    }
    if op.has_name() {
        let index = match op {
            Opcode::LOAD_GLOBAL | Opcode::LOAD_ATTR => index >> 1,
            Opcode::LOAD_SUPER_ATTR => index >> 2,
            _ => index,
        };
        if index >= code.names.len() {
            let count = code.names.len();
            return Err(format!("{op} refers to name {index}, of {count}"));
        }
    }
    if op.has_local() || op.has_free() {
        let count = code.localsplusnames.len();
        let largest = match op.superinstruction() {
            Some(_) => (index >> 4).max(index & 15),
            None => index,
        };
        if largest >= count {
            return Err(format!("{op} refers to variable {largest}, of {count}"));
        }
    }
    if sensible(code, op, oparg) {
        Ok(())
    } else {
        Err(format!("{op} has an oparg that means nothing, {oparg}"))
    }
}

/// Opargs that are no index of the code object's.
fn sensible(code: &Code, op: Opcode, oparg: u32) -> bool {
    use Opcode::*;
    match op {
        BINARY_OP => BinaryOp::from_oparg(oparg).is_some(),
        COMPARE_OP => CompareOp::from_oparg(oparg >> 5).is_some(),
        CALL_INTRINSIC_1 => oparg > 0 && Intrinsic1::from_oparg(oparg).is_some(),
        CALL_INTRINSIC_2 => oparg > 0 && Intrinsic2::from_oparg(oparg).is_some(),
        LOAD_COMMON_CONSTANT => CommonConstant::from_oparg(oparg).is_some(),
        LOAD_SPECIAL => SpecialMethod::from_oparg(oparg).is_some(),
        SET_FUNCTION_ATTRIBUTE => FunctionAttribute::from_oparg(oparg).is_some(),
        CONVERT_VALUE => oparg > 0 && Conversion::from_oparg(oparg).is_some(),
        BUILD_INTERPOLATION => Conversion::from_oparg(oparg >> 2).is_some(),
        BUILD_SLICE => oparg == 2 || oparg == 3,
        RAISE_VARARGS | GET_AWAITABLE => oparg <= 2,
        IS_OP | CONTAINS_OP | YIELD_VALUE => oparg <= 1,
        LOAD_SMALL_INT => oparg <= 255,
        RESUME => oparg <= 7,
        COPY | LIST_APPEND | LIST_EXTEND | SET_ADD | SET_UPDATE | MAP_ADD | DICT_UPDATE
        | DICT_MERGE => oparg >= 1,
        SWAP => oparg >= 2,
        COPY_FREE_VARS => oparg as usize == free_variables(code),
        MAKE_CELL | LOAD_DEREF | STORE_DEREF | DELETE_DEREF | LOAD_FROM_DICT_OR_DEREF => {
            code.localspluskinds[oparg as usize] & (kinds::CELL | kinds::FREE) != 0
        }
        // The stack is of limited size.
        _ if op.has_arg() && !op.has_jump() => oparg < 1 << 28,
        _ => true,
    }
}

fn is_generator(code: &Code) -> bool {
    code.flags & (flags::GENERATOR | flags::COROUTINE | flags::ASYNC_GENERATOR) != 0
}

/// A generator is made before anything else is done, and once.
fn generator_prefix(code: &Code, form: &Form) -> Result<(), Refusal> {
    use Opcode::*;
    if !is_generator(code) {
        return Ok(());
    }
    let mut rest = form
        .instructions
        .iter()
        .skip_while(|raw| matches!(raw.base, MAKE_CELL | COPY_FREE_VARS | EXTENDED_ARG | NOP));
    if rest.next().is_none_or(|raw| raw.base != RETURN_GENERATOR) {
        return Err(Refusal::new("it is a generator, but does not make one"));
    }
    match rest.find(|raw| raw.base == RETURN_GENERATOR) {
        Some(raw) => Err(Refusal::at(
            raw.offset,
            "it makes its generator a second time",
        )),
        None => Ok(()),
    }
}

fn exception_table(code: &Code, form: &Form) -> Result<Vec<ExceptionEntry>, Refusal> {
    let mut entries: Vec<ExceptionEntry> = Vec::new();
    let units = code.code.len() / 2;
    for entry in exceptiontable::entries(&code.exceptiontable) {
        let entry = entry.map_err(|error| Refusal::new(error.to_string()))?;
        let offset = entry.start as usize * 2;
        let refuse = |reason: &str| Err(Refusal::at(offset, reason));
        let begins = |unit: u32| form.beginning(unit as usize * 2).is_some();
        if entry.end <= entry.start {
            return refuse("a guarded range is empty");
        }
        if !begins(entry.start) || !(begins(entry.end) || entry.end as usize == units) {
            return refuse("a guarded range does not begin and end with instructions");
        }
        if !begins(entry.target) {
            return refuse("the handler of a guarded range is not at an instruction");
        }
        if entries.last().is_some_and(|last| last.end > entry.start) {
            return refuse("guarded ranges overlap or are out of order");
        }
        entries.push(entry);
    }
    Ok(entries)
}

pub(super) fn line_table(code: &Code) -> Result<(), Refusal> {
    let mut covered = 0;
    for entry in linetable::entries(&code.linetable, code.firstlineno) {
        covered = entry.map_err(|error| Refusal::new(error.to_string()))?.end;
    }
    let units = code.code.len() / 2;
    if covered != units {
        let reason = format!("its line table covers {covered} of {units} code units");
        return Err(Refusal::new(reason));
    }
    Ok(())
}
