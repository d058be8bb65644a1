//! Opargs in words.

use super::*;
use crate::opcode::{BinaryOp, CompareOp, Conversion, resume};

/// What the oparg of an instruction says, in a phrase; empty if it has none.
pub(super) fn oparg_in_words(instruction: &Instruction) -> String {
    let Some(oparg) = instruction.oparg else {
        return String::new();
    };
    let shown = &instruction.argrepr;
    match &instruction.argval {
        ArgValue::Missing => return format!("{shown}: the code object is damaged"),
        ArgValue::Target(target) => return jump(instruction, oparg, *target),
        ArgValue::Const(_) => return format!("constant {oparg}, {shown}"),
        ArgValue::Names(first, second) => {
            return format!(
                "variables {} and {}: {first}, {second}",
                oparg >> 4,
                oparg & 15
            );
        }
        ArgValue::Name(name) => return named(instruction.base, oparg, name),
        ArgValue::None | ArgValue::Number(_) | ArgValue::Text(_) => {}
    }
    number(instruction.base, oparg, shown)
}

fn jump(instruction: &Instruction, oparg: u32, target: usize) -> String {
    let units = plural(oparg, "code unit");
    if instruction.base == Opcode::END_ASYNC_FOR {
        return format!("the loop's SEND is {units} back, at offset {target}");
    }
    let direction = if instruction.base.jumps_backward() {
        "back"
    } else {
        "forward"
    };
    format!("{units} {direction}, to offset {target}")
}

fn named(base: Opcode, oparg: u32, name: &str) -> String {
    let low = oparg & 1 == 1;
    match base {
        Opcode::LOAD_GLOBAL if low => format!("name {}, {name}; and NULL for a call", oparg >> 1),
        Opcode::LOAD_GLOBAL => format!("name {}, {name}", oparg >> 1),
        Opcode::LOAD_ATTR if low => {
            format!("name {}, {name}; as a method, with its self", oparg >> 1)
        }
        Opcode::LOAD_ATTR => format!("name {}, {name}", oparg >> 1),
        Opcode::LOAD_SUPER_ATTR => {
            let what = if low {
                "; as a method, with its self"
            } else {
                ""
            };
            let how = if oparg & 2 != 0 {
                "two arguments"
            } else {
                "no arguments"
            };
            format!("name {}, {name}{what}; super had {how}", oparg >> 2)
        }
        _ if base.has_name() => format!("name {oparg}, {name}"),
        _ => format!("variable {oparg}, {name}"),
    }
}

/// Opargs that are counts, flags or numbers in tables.
fn number(base: Opcode, oparg: u32, shown: &str) -> String {
    use Opcode::*;
    match base {
        BINARY_OP => match BinaryOp::from_oparg(oparg) {
            Some(operator) => format!("operator {} ({})", operator.text(), operator.name()),
            None => shown.into(),
        },
        COMPARE_OP => {
            let operator = CompareOp::from_oparg(oparg >> 5).map_or("?", CompareOp::text);
            let as_bool = if oparg & CompareOp::TO_BOOL != 0 {
                ", as a bool"
            } else {
                ""
            };
            format!("operator {operator}{as_bool}")
        }
        CALL => format!("{}, and self if there is one", plural(oparg, "argument")),
        CALL_KW => format!("{}, the last ones by keyword", plural(oparg, "argument")),
        BUILD_LIST | BUILD_SET | BUILD_TUPLE => plural(oparg, "item"),
        BUILD_MAP => plural(oparg, "pair"),
        BUILD_STRING => plural(oparg, "piece"),
        BUILD_SLICE if oparg == 3 => "start, stop and step".into(),
        BUILD_SLICE => "start and stop".into(),
        BUILD_INTERPOLATION => {
            let conversion = Conversion::from_oparg(oparg >> 2).map_or("", Conversion::text);
            let conversion = if conversion.is_empty() {
                "no conversion"
            } else {
                conversion
            };
            let format = if oparg & 1 == 1 {
                "with a format"
            } else {
                "without a format"
            };
            format!("{conversion}, {format}")
        }
        UNPACK_SEQUENCE => format!("into {}", plural(oparg, "value")),
        UNPACK_EX => format!(
            "{} before the starred one, {} after it",
            plural(oparg & 0xFF, "value"),
            oparg >> 8
        ),
        MATCH_CLASS => plural(oparg, "positional pattern"),
        COPY => format!("the value {} from the top", places(oparg)),
        SWAP => format!("with the value {} from the top", places(oparg)),
        LIST_APPEND | LIST_EXTEND | SET_ADD | SET_UPDATE | MAP_ADD | DICT_UPDATE | DICT_MERGE => {
            format!("the container is {} below", places(oparg))
        }
        COPY_FREE_VARS => plural(oparg, "free variable"),
        LOAD_SMALL_INT => format!("the int {oparg}"),
        LOAD_COMMON_CONSTANT | LOAD_SPECIAL | CALL_INTRINSIC_1 | CALL_INTRINSIC_2 => shown.into(),
        SET_FUNCTION_ATTRIBUTE => format!("its {shown}"),
        CONVERT_VALUE => format!("with {shown}()"),
        IS_OP | CONTAINS_OP => format!("operator {shown}"),
        RAISE_VARARGS => match oparg {
            0 => "the current exception again".into(),
            1 => "an exception".into(),
            _ => "an exception and its cause".into(),
        },
        RERAISE if oparg == 0 => "at this instruction".into(),
        RERAISE => format!("at the instruction whose offset is {} below", places(oparg)),
        GET_AWAITABLE => match oparg {
            1 => "for __aenter__".into(),
            2 => "for __aexit__".into(),
            _ => "for an expression".into(),
        },
        YIELD_VALUE if oparg == 1 => "in a yield from or await".into(),
        YIELD_VALUE => "in a yield".into(),
        RESUME => match oparg & resume::LOCATION_MASK {
            resume::AT_FUNC_START => "start of the function".into(),
            resume::AFTER_YIELD => "after a yield".into(),
            resume::AFTER_YIELD_FROM => "after a yield from".into(),
            _ => "after an await".into(),
        },
        EXTENDED_ARG => "upper bits of the next oparg".into(),
        _ if shown.is_empty() => oparg.to_string(),
        _ => shown.into(),
    }
}

fn plural(count: u32, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}

fn places(count: u32) -> String {
    plural(count, "place")
}
