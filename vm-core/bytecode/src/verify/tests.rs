//! Refusals, by small code objects that are wrong in one thing.

use super::*;
use crate::code::{flags, kinds};
use crate::exceptiontable::{self, ExceptionEntry};
use crate::linetable::{LineTableWriter, Position};
use crate::opcode::Opcode::{self, *};

/// A function with these instructions (caches are added), one constant of each sort that
/// matters, a parameter `a`, a variable `b` and a cell `c`.
fn function(instructions: &[(Opcode, u8)]) -> Code {
    let mut code = Vec::new();
    for &(opcode, oparg) in instructions {
        code.extend([opcode.number() as u8, oparg]);
        code.extend(std::iter::repeat_n(0, 2 * opcode.cache_units()));
    }
    let mut lines = LineTableWriter::new(1);
    lines.push(Position::new(1, 0, 1, 1), code.len() / 2);
    Code {
        argcount: 1,
        posonlyargcount: 0,
        kwonlyargcount: 0,
        stacksize: 4,
        flags: flags::OPTIMIZED | flags::NEWLOCALS,
        code,
        consts: vec![
            Const::None,
            Const::True,
            Const::Tuple([Const::Str("k".into())].into()),
        ],
        names: vec!["n".into()],
        localsplusnames: vec!["a".into(), "b".into(), "c".into()],
        localspluskinds: vec![
            kinds::LOCAL | kinds::ARG_POS | kinds::ARG_KW,
            kinds::LOCAL,
            kinds::CELL,
        ],
        filename: "f.py".into(),
        name: "f".into(),
        qualname: "f".into(),
        firstlineno: 1,
        linetable: lines.finish(),
        exceptiontable: Vec::new(),
    }
}

fn refusal(code: &Code) -> String {
    verify(code).map_or_else(|error| error.to_string(), |()| "accepted".into())
}

#[track_caller]
fn check(instructions: &[(Opcode, u8)], expected: &str) {
    let found = refusal(&function(instructions));
    let reason = found
        .strip_prefix("code object f cannot be run: ")
        .unwrap_or(&found);
    assert_eq!(reason, expected);
}

#[test]
fn what_compilers_write_is_accepted() {
    check(
        &[(RESUME, 0), (LOAD_FAST_BORROW, 0), (RETURN_VALUE, 0)],
        "accepted",
    );
    check(
        &[
            (MAKE_CELL, 2),
            (RESUME, 0),
            (LOAD_FAST_BORROW, 0),
            (GET_ITER, 0),
            (FOR_ITER, 3), // to END_FOR
            (STORE_DEREF, 2),
            (JUMP_BACKWARD, 5), // to FOR_ITER
            (END_FOR, 0),
            (POP_ITER, 0),
            (LOAD_DEREF, 2),
            (RETURN_VALUE, 0),
        ],
        "accepted",
    );
}

#[test]
fn instructions_out_of_place() {
    check(&[(RESUME, 0)], "it runs past the end of its code");
    check(
        &[(LOAD_CONST, 3), (RETURN_VALUE, 0)],
        "at offset 0, LOAD_CONST refers to constant 3, of 3",
    );
    check(
        &[(LOAD_GLOBAL, 2)],
        "at offset 0, LOAD_GLOBAL refers to name 1, of 1",
    );
    check(
        &[(LOAD_FAST, 7)],
        "at offset 0, LOAD_FAST refers to variable 7, of 3",
    );
    check(
        &[(LOAD_FAST_LOAD_FAST, 0x04)],
        "at offset 0, LOAD_FAST_LOAD_FAST refers to variable 4, of 3",
    );
    check(
        &[(BINARY_OP, 99)],
        "at offset 0, BINARY_OP has an oparg that means nothing, 99",
    );
    check(
        &[(LOAD_DEREF, 0)],
        "at offset 0, LOAD_DEREF has an oparg that means nothing, 0",
    );
    check(
        &[(BINARY_OP_ADD_INT, 0)],
        "at offset 0, BINARY_OP_ADD_INT stands where only compiled code can",
    );
    check(
        &[(CACHE, 0)],
        "at offset 0, CACHE stands where only compiled code can",
    );
    check(
        &[(STORE_NAME, 0)],
        "at offset 0, STORE_NAME needs a namespace, which a function has not",
    );
    check(
        &[(YIELD_VALUE, 0)],
        "at offset 0, YIELD_VALUE is in code that is no generator",
    );
    check(&[(EXTENDED_ARG, 0)], "it ends with an EXTENDED_ARG");
    check(
        &[(JUMP_FORWARD, 9)],
        "at offset 0, JUMP_FORWARD does not lead to an instruction",
    );
    check(
        &[(JUMP_FORWARD, 1), (LOAD_GLOBAL, 0)],
        "at offset 0, JUMP_FORWARD does not lead to an instruction",
    );
    let mut unknown = function(&[(NOP, 0)]);
    unknown.code[0] = 121;
    assert!(refusal(&unknown).ends_with("at offset 0, 121 is no opcode"));
    let mut cut = function(&[(LOAD_GLOBAL, 0)]);
    cut.code.truncate(4);
    assert!(refusal(&cut).ends_with("at offset 0, the cache of LOAD_GLOBAL is cut off"));
    let mut generator = function(&[(RESUME, 0)]);
    generator.flags |= flags::GENERATOR;
    assert!(refusal(&generator).ends_with("it is a generator, but does not make one"));
}

#[test]
fn depth_of_the_stack() {
    check(
        &[(POP_TOP, 0)],
        "at offset 0, POP_TOP needs 1 values on the stack, where 0 are",
    );
    check(
        &[(LOAD_CONST, 0), (LOAD_CONST, 0), (RETURN_VALUE, 0)],
        "at offset 4, RETURN_VALUE with 2 values on the stack instead of one",
    );
    check(
        &[
            (LOAD_CONST, 0),
            (LOAD_CONST, 0),
            (LOAD_CONST, 0),
            (LOAD_CONST, 0),
            (LOAD_CONST, 0),
        ],
        "at offset 8, the stack grows beyond its 4 slots",
    );
    check(
        &[
            (LOAD_CONST, 1),
            (POP_JUMP_IF_TRUE, 1),
            (LOAD_CONST, 0),
            (LOAD_CONST, 0),
            (RETURN_VALUE, 0),
        ],
        "at offset 8, two paths meet with 0 and 1 values on the stack",
    );
    check(
        &[(LOAD_CONST, 0), (JUMP_BACKWARD, 3)],
        "at offset 2, two paths meet with 0 and 1 values on the stack",
    );
    let mut large = function(&[(LOAD_CONST, 0), (RETURN_VALUE, 0)]);
    large.stacksize = 1 << 30;
    assert!(refusal(&large).contains("its stack has 1073741824 slots where 1 are needed"));
    check(
        &[
            (LOAD_FAST, 0),
            (EXTENDED_ARG, 255),
            (EXTENDED_ARG, 255),
            (UNPACK_SEQUENCE, 255),
        ],
        "at offset 6, the stack grows beyond its 4 slots",
    );
}

#[test]
fn values_that_handlers_cannot_deal_with() {
    check(
        &[(LOAD_FAST, 1)],
        "at offset 0, LOAD_FAST reads b, which may be unbound",
    );
    check(
        &[(LOAD_FAST, 0), (DELETE_FAST, 0), (LOAD_FAST, 0)],
        "at offset 4, LOAD_FAST reads a, which may be unbound",
    );
    check(
        &[(LOAD_DEREF, 2)],
        "at offset 0, LOAD_DEREF uses c, which may not hold a cell",
    );
    check(
        &[(PUSH_NULL, 0), (UNARY_NEGATIVE, 0)],
        "at offset 2, UNARY_NEGATIVE may get NULL as its value",
    );
    check(
        &[(LOAD_FAST, 0), (LOAD_FAST, 0), (LIST_APPEND, 1)],
        "at offset 4, LIST_APPEND may get some object as its list",
    );
    check(
        &[(LOAD_FAST, 0), (UNARY_NOT, 0)],
        "at offset 2, UNARY_NOT may get some object as its value",
    );
    check(
        &[(LOAD_CONST, 0), (MAKE_FUNCTION, 0)],
        "at offset 2, MAKE_FUNCTION may get None as its codeobj",
    );
    check(
        &[
            (LOAD_FAST, 0),
            (PUSH_NULL, 0),
            (LOAD_CONST, 2),
            (CALL_KW, 0),
        ],
        "at offset 6, CALL_KW has more names than arguments",
    );
    check(
        &[(LOAD_FAST, 0), (POP_EXCEPT, 0)],
        "at offset 2, POP_EXCEPT may get some object as its exc_value",
    );
}

#[test]
fn borrowed_values() {
    check(
        &[(LOAD_FAST_BORROW, 0), (DELETE_FAST, 0)],
        "at offset 2, a changes while a value borrowed from it is in use",
    );
    check(
        &[(LOAD_FAST_BORROW, 0), (STORE_FAST, 1)],
        "at offset 2, a value borrowed from a is stored",
    );
    check(
        &[
            (LOAD_FAST_BORROW, 0),
            (LOAD_CONST, 1),
            (POP_JUMP_IF_TRUE, 0),
            (RETURN_VALUE, 0),
        ],
        "at offset 4, a value borrowed from a outlives its place",
    );
}

#[test]
fn tables() {
    let body = [
        (LOAD_FAST, 0),
        (UNARY_NEGATIVE, 0),
        (RETURN_VALUE, 0),
        (RERAISE, 0),
    ];
    let with = |start, end, target, depth| {
        let entry = ExceptionEntry {
            start,
            end,
            target,
            depth,
            lasti: false,
        };
        let mut code = function(&body);
        code.exceptiontable = exceptiontable::encode(&[entry]);
        let found = refusal(&code);
        let reason = found.strip_prefix("code object f cannot be run: ");
        reason.unwrap_or(&found).to_string()
    };
    assert_eq!(with(1, 2, 3, 0), "accepted");
    assert_eq!(
        with(1, 2, 3, 1),
        "at offset 2, UNARY_NEGATIVE takes values from the stack that its handler, at offset 6, needs"
    );
    assert_eq!(
        with(1, 2, 9, 0),
        "at offset 2, the handler of a guarded range is not at an instruction"
    );
    assert_eq!(
        with(1, 9, 3, 0),
        "at offset 2, a guarded range does not begin and end with instructions"
    );
    let mut lines = function(&body);
    lines.linetable.truncate(0);
    assert!(refusal(&lines).ends_with("its line table covers 0 of 4 code units"));
    let mut names = function(&body);
    names.localspluskinds.pop();
    assert!(refusal(&names).ends_with("names and kinds of its variables differ in number"));
    let mut few = function(&body);
    few.argcount = 3;
    assert!(refusal(&few).ends_with("it has more parameters than local variables"));
}

#[test]
fn nested_code_is_verified() {
    let mut inner = function(&[(RESUME, 0)]);
    inner.qualname = "f.g".into();
    let mut outer = function(&[(LOAD_CONST, 0), (RETURN_VALUE, 0)]);
    outer
        .consts
        .push(Const::Tuple([Const::Code(Arc::new(inner))].into()));
    let found = refusal(&outer);
    assert_eq!(
        found,
        "code object f.g cannot be run: it runs past the end of its code"
    );
}

/// No code at all makes the verifier fail or take long.
#[test]
fn arbitrary_code_is_refused_or_accepted() {
    let mut state = 1u64;
    let mut random = || {
        // xorshift
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..3000 {
        let mut code = function(&[]);
        code.code = (0..60)
            .flat_map(|_| [random() as u8 % 121, random() as u8 % 8])
            .collect();
        code.exceptiontable = (0..random() % 12).map(|_| random() as u8).collect();
        code.flags = random() as u32 & 0xFFF;
        code.stacksize = random() as u32 % 50;
        let mut lines = LineTableWriter::new(1);
        lines.push(Position::NONE, code.code.len() / 2);
        code.linetable = lines.finish();
        let _ = verify(&code);
        let _ = crate::dis::disassemble(&code, &crate::dis::Options::default());
    }
}

#[test]
fn places_know_what_is_on_the_stack() {
    use SlotKind::{Iterator, Null, Object};
    // for b in a: a; then a(): a, NULL.
    let code = function(&[
        (RESUME, 0),
        (LOAD_FAST, 0),
        (GET_ITER, 0),
        (FOR_ITER, 3),
        (STORE_FAST, 1),
        (JUMP_BACKWARD, 5),
        (END_FOR, 0),
        (POP_ITER, 0),
        (LOAD_FAST, 0),
        (PUSH_NULL, 0),
        (CALL, 0),
        (RETURN_VALUE, 0),
    ]);
    let places = places(&code).unwrap_or_else(|e| panic!("{e}"));
    let stacks: Vec<_> = [1, 3, 5, 10, 11, 12].map(|unit| places.stack(unit)).into();
    let expected = vec![
        Some(vec![]),
        Some(vec![Iterator]),
        Some(vec![Iterator, Object]),
        Some(vec![]),
        Some(vec![Object]),
        Some(vec![Object, Null]),
    ];
    assert_eq!(stacks, expected);
    assert_eq!(places.stack(4), None, "a cache is no instruction");
    assert!(places.fits(3, 1) && places.fits(10, 1));
    assert!(!places.fits(1, 3), "the iterator is missing");
    assert!(
        places.fits(12, 11),
        "what is above the lower part does not matter"
    );
}

#[test]
fn variables_without_their_cell_do_not_fit() {
    let code = function(&[
        (RESUME, 0),
        (NOP, 0),
        (MAKE_CELL, 2),
        (LOAD_DEREF, 2),
        (RETURN_VALUE, 0),
    ]);
    let places = places(&code).unwrap_or_else(|e| panic!("{e}"));
    assert!(!places.fits(1, 3));
    assert!(places.fits(3, 1) && places.fits(2, 2));
}
