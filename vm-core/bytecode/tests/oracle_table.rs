//! The opcode table against CPython's own metadata.

mod common;

use std::collections::BTreeSet;

use tailscope_bytecode::opcode::*;

fn opcode(number: &str) -> Opcode {
    let number: u16 = number.parse().expect("an opcode's number");
    Opcode::from_number(number).unwrap_or_else(|| panic!("opcode {number} is not in the table"))
}

#[test]
fn the_table_is_cpythons() {
    let Some(python) = common::oracle() else {
        return;
    };
    let output = common::run_script(&python, "table.py", &[]);
    let output = String::from_utf8(output).expect("text");
    let (mut seen, mut effects) = (BTreeSet::new(), 0);
    for line in output.lines() {
        let words: Vec<&str> = line.split('\t').collect();
        match words[..] {
            ["have_argument", n] => assert_eq!(n, HAVE_ARGUMENT.to_string()),
            ["min_instrumented", n] => assert_eq!(n, MIN_INSTRUMENTED_OPCODE.to_string()),
            ["opcode", number, name, head] => {
                let op = opcode(number);
                seen.insert(op);
                assert_eq!(op.name(), name);
                assert_eq!(op.deopt().name(), head, "family of {op}");
            }
            ["caches", number, units] => {
                assert_eq!(opcode(number).cache_units().to_string(), units, "{line}");
            }
            ["has", number, flag, value] => {
                let op = opcode(number);
                let ours = match flag {
                    "arg" => op.has_arg(),
                    "const" => op.has_const(),
                    "name" => op.has_name(),
                    "jump" => op.has_jump(),
                    "free" => op.has_free(),
                    "local" => op.has_local(),
                    "exc" => op.has_exc(),
                    _ => panic!("unknown flag {flag}"),
                };
                assert_eq!(ours, value == "1", "{op} has_{flag}");
            }
            ["layout", name, ref entries @ ..] => check_layout(name, entries),
            ["effect", number, oparg, jump, effect] => {
                effects += 1;
                check_effect(opcode(number), oparg, jump, effect);
            }
            [table, number, name, text] => check_oparg(table, number, name, text),
            _ => panic!("unknown line {line:?}"),
        }
    }
    let ours: BTreeSet<Opcode> = Opcode::ALL.iter().copied().collect();
    assert_eq!(ours, seen, "the same opcodes");
    assert!(effects > 3000, "only {effects} stack effects compared");
}

fn check_layout(name: &str, entries: &[&str]) {
    // Python's own list has these four in another order than the interpreter's structure.
    let op = Opcode::from_name(name).expect("a known family");
    let mut ours: Vec<String> = op
        .caches()
        .iter()
        .map(|entry| format!("{}:{}", entry.name, entry.units))
        .collect();
    let mut theirs: Vec<String> = entries.iter().map(ToString::to_string).collect();
    if op == Opcode::LOAD_GLOBAL {
        ours.sort();
        theirs.sort();
    }
    assert_eq!(ours, theirs, "cache of {name}");
}

fn check_effect(op: Opcode, oparg: &str, jump: &str, effect: &str) {
    let oparg: u32 = oparg.parse().expect("an oparg");
    let jump_arg = match jump {
        "None" => None,
        jump => Some(jump == "True"),
    };
    if effect == "error" {
        panic!("CPython knows no stack effect of {op} {oparg}");
    }
    let ours = op.stack_effect(oparg, jump_arg);
    assert_eq!(
        ours.to_string(),
        effect,
        "stack effect of {op} {oparg}, jump={jump}"
    );
}

fn check_oparg(table: &str, number: &str, name: &str, text: &str) {
    let oparg: u32 = number.parse().expect("an oparg");
    macro_rules! find {
        ($($ty:ident)*) => {
            match table {
                $(stringify!($ty) => $ty::from_oparg(oparg).map(|item| (item.name(), item.text())),)*
                _ => panic!("unknown table {table}"),
            }
        };
    }
    let ours = find!(BinaryOp CompareOp SpecialMethod CommonConstant Intrinsic1 Intrinsic2 FunctionAttribute Conversion);
    let (our_name, our_text) = ours.unwrap_or_else(|| panic!("{table} {oparg} is missing"));
    if !name.is_empty() {
        assert_eq!(our_name, name, "{table} {oparg}");
    }
    assert_eq!(our_text, text, "{table} {oparg}");
}
