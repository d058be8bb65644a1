//! What opargs stand for, and how `dis` shows it.

use std::collections::HashMap;

use super::decode::RawInstruction;
use super::*;
use crate::code::Code;
use crate::opcode::{
    BinaryOp, CommonConstant, CompareOp, Conversion, FUNCTION_ATTRIBUTES, Intrinsic1, Intrinsic2,
    SpecialMethod,
};
use crate::repr::{self, AddressOf};

pub(super) struct Arguments<'a> {
    pub code: &'a Code,
    pub labels: &'a HashMap<usize, u32>,
    pub address_of: AddressOf<'a>,
}

impl Arguments<'_> {
    /// What the oparg of an instruction stands for, and its text.
    pub fn resolve(&self, raw: &RawInstruction) -> (ArgValue, String) {
        let (op, oparg) = (raw.base, raw.oparg);
        if !op.has_arg() {
            return (ArgValue::None, String::new());
        }
        if op.has_const() {
            return match self.code.consts.get(oparg as usize) {
                Some(value) => {
                    let text = repr::repr(value, self.address_of);
                    (ArgValue::Const(value.clone()), text)
                }
                None => missing("constant", oparg),
            };
        }
        if op.has_name() {
            return self.name(op, oparg);
        }
        if op.has_jump() {
            return self.jump(raw);
        }
        if op.superinstruction().is_some() {
            let (first, second) = (self.variable(oparg >> 4), self.variable(oparg & 15));
            return match (first, second) {
                (Some(first), Some(second)) => {
                    let text = format!("{first}, {second}");
                    (ArgValue::Names(first, second), text)
                }
                _ => missing("pair of variables", oparg),
            };
        }
        if op.has_local() || op.has_free() {
            return match self.variable(oparg) {
                Some(name) => {
                    let text = name.to_string();
                    (ArgValue::Name(name), text)
                }
                None => missing("variable", oparg),
            };
        }
        special(op, oparg)
    }

    fn variable(&self, slot: u32) -> Option<Arc<str>> {
        self.code.localsplusnames.get(slot as usize).cloned()
    }

    /// The index of the name is above the flags that some opcodes have in the low bits.
    fn name(&self, op: Opcode, oparg: u32) -> (ArgValue, String) {
        let (index, suffix) = match op {
            Opcode::LOAD_GLOBAL => (oparg >> 1, " + NULL"),
            Opcode::LOAD_ATTR => (oparg >> 1, " + NULL|self"),
            Opcode::LOAD_SUPER_ATTR => (oparg >> 2, " + NULL|self"),
            _ => (oparg, ""),
        };
        let Some(name) = self.code.names.get(index as usize) else {
            return missing("name", index);
        };
        let suffix = if oparg & 1 == 1 { suffix } else { "" };
        (ArgValue::Name(name.clone()), format!("{name}{suffix}"))
    }

    fn jump(&self, raw: &RawInstruction) -> (ArgValue, String) {
        let Some(target) = raw.jump_target() else {
            return (ArgValue::Missing, "to before the code".into());
        };
        // Every target has a label.
        let label = self.labels.get(&target).copied().unwrap_or(0);
        let preposition = if raw.base == Opcode::END_ASYNC_FOR {
            "from"
        } else {
            "to"
        };
        (ArgValue::Target(target), format!("{preposition} L{label}"))
    }
}

/// Opargs that index tables of the interpreter, or are flags.
fn special(op: Opcode, oparg: u32) -> (ArgValue, String) {
    let number = ArgValue::Number(oparg);
    match op {
        Opcode::COMPARE_OP => match CompareOp::from_oparg(oparg >> 5) {
            Some(operator) if oparg & CompareOp::TO_BOOL != 0 => {
                let text = format!("bool({})", operator.text());
                (ArgValue::Text(operator.text()), text)
            }
            Some(operator) => text(operator.text()),
            None => missing("comparison", oparg >> 5),
        },
        Opcode::CONVERT_VALUE => look_up(
            Conversion::from_oparg(oparg).map(Conversion::text),
            "conversion",
            oparg,
        ),
        Opcode::BINARY_OP => look_up(
            BinaryOp::from_oparg(oparg).map(BinaryOp::text),
            "operator",
            oparg,
        ),
        Opcode::CALL_INTRINSIC_1 => look_up(
            Intrinsic1::from_oparg(oparg).map(Intrinsic1::name),
            "intrinsic",
            oparg,
        ),
        Opcode::CALL_INTRINSIC_2 => look_up(
            Intrinsic2::from_oparg(oparg).map(Intrinsic2::name),
            "intrinsic",
            oparg,
        ),
        Opcode::LOAD_COMMON_CONSTANT => match CommonConstant::from_oparg(oparg) {
            Some(constant @ (CommonConstant::All | CommonConstant::Any)) => {
                let shown = format!("<built-in function {}>", constant.text());
                (ArgValue::Text(constant.text()), shown)
            }
            Some(constant) => text(constant.text()),
            None => missing("common constant", oparg),
        },
        Opcode::LOAD_SPECIAL => look_up(
            SpecialMethod::from_oparg(oparg).map(SpecialMethod::text),
            "special method",
            oparg,
        ),
        Opcode::SET_FUNCTION_ATTRIBUTE => {
            let set = FUNCTION_ATTRIBUTES
                .iter()
                .filter(|flag| oparg & flag.oparg() != 0);
            let names: Vec<&str> = set.map(|flag| flag.text()).collect();
            (number, names.join(", "))
        }
        Opcode::IS_OP => (number, if oparg != 0 { "is not" } else { "is" }.into()),
        Opcode::CONTAINS_OP => (number, if oparg != 0 { "not in" } else { "in" }.into()),
        _ => (number, String::new()),
    }
}

fn look_up(found: Option<&'static str>, what: &str, oparg: u32) -> (ArgValue, String) {
    found.map_or_else(|| missing(what, oparg), text)
}

fn text(text: &'static str) -> (ArgValue, String) {
    (ArgValue::Text(text), text.into())
}

fn missing(what: &str, number: u32) -> (ArgValue, String) {
    (ArgValue::Missing, format!("there is no {what} {number}"))
}
