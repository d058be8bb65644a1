//! Hand-made code words, an operation family each. What CPython finds for whole patterns is in
//! `tests/golden.txt`.

use crate::table::{At, Category, INFO_CHARSET, INFO_LITERAL, INFO_PREFIX, Op};
use crate::{MAX_REPEAT, Program, Request, State, Stop};

/// Code words: operations by name, operands as they are; SUCCESS at the end is added.
macro_rules! code {
    ($($word:tt)*) => {{
        #[allow(unused_imports)]
        use Op::*;
        #[allow(clippy::unnecessary_cast)]
        let words: Vec<u32> = vec![$($word as u32,)* SUCCESS as u32];
        words
    }};
}

fn program(code: &[u32]) -> Program {
    Program::new(code, 4).expect("valid code")
}

fn run(code: &[u32], text: &str, searches: bool, fullmatch: bool) -> Option<(State, (usize, usize))> {
    let chars: Vec<u32> = text.chars().map(u32::from).collect();
    let program = program(code);
    let request =
        Request { program: &program, chars: &chars, start: 0, end: chars.len(), must_advance: false, fullmatch };
    let mut state = State::default();
    let mut ticks = 0;
    let mut tick = || {
        ticks += 1;
        if ticks > 1000 { Err("it does not end") } else { Ok(()) }
    };
    let found = if searches { state.search(request, &mut tick) } else { state.matches(request, &mut tick) };
    let span = state.span();
    found.expect("no error").then_some((state, span))
}

/// Where a match at the begin ends.
fn matched(code: &[u32], text: &str) -> Option<usize> {
    run(code, text, false, false).map(|(_, span)| span.1)
}

fn found(code: &[u32], text: &str) -> Option<(usize, usize)> {
    run(code, text, true, false).map(|(_, span)| span)
}

fn groups(code: &[u32], text: &str) -> Option<Vec<Option<(usize, usize)>>> {
    run(code, text, false, false).map(|(state, _)| (0..2).map(|g| state.group(g)).collect())
}

const A: u32 = 'a' as u32;
const B: u32 = 'b' as u32;

#[test]
fn single_characters() {
    assert_eq!(matched(&code!(LITERAL A ANY), "ab"), Some(2));
    assert_eq!(matched(&code!(LITERAL A ANY), "a\n"), None);
    assert_eq!(matched(&code!(NOT_LITERAL A ANY_ALL), "b\n"), Some(2));
    assert_eq!(matched(&code!(NOT_LITERAL A), "a"), None);
    assert_eq!(matched(&code!(LITERAL A FAILURE), "ab"), None);
    assert_eq!(matched(&code!(ANY_ALL), ""), None);
}

#[test]
fn characters_regardless_of_case() {
    assert_eq!(matched(&code!(LITERAL_IGNORE A), "A"), Some(1));
    assert_eq!(matched(&code!(NOT_LITERAL_IGNORE A), "A"), None);
    // The Kelvin sign is a k for Unicode only.
    let k = 'k';
    assert_eq!(matched(&code!(LITERAL_IGNORE (k)), "\u{212a}"), None);
    assert_eq!(matched(&code!(LITERAL_UNI_IGNORE (k)), "\u{212a}"), Some(1));
    assert_eq!(matched(&code!(NOT_LITERAL_UNI_IGNORE (k)), "\u{212a}"), None);
    assert_eq!(matched(&code!(LITERAL_LOC_IGNORE A), "A"), Some(1));
    assert_eq!(matched(&code!(NOT_LITERAL_LOC_IGNORE A), "A"), None);
    assert_eq!(matched(&code!(IN_IGNORE 4 LITERAL A FAILURE), "A"), Some(1));
    assert_eq!(matched(&code!(IN_UNI_IGNORE 5 RANGE_UNI_IGNORE 0x212a 0x212a FAILURE), "\u{212a}"), None);
    assert_eq!(matched(&code!(IN_UNI_IGNORE 5 RANGE_UNI_IGNORE 0x41 0x42 FAILURE), "b"), Some(1));
    // Both cases are asked for each member, also of a negated set.
    assert_eq!(matched(&code!(IN_LOC_IGNORE 5 NEGATE LITERAL 0x42 FAILURE), "b"), None);
    assert_eq!(matched(&code!(IN_LOC_IGNORE 5 NEGATE LITERAL 0x42 FAILURE), "c"), Some(1));
}

#[test]
fn sets() {
    assert_eq!(matched(&code!(IN 5 RANGE 0x61 0x63 FAILURE), "c"), Some(1));
    assert_eq!(matched(&code!(IN 6 NEGATE RANGE 0x61 0x63 FAILURE), "c"), None);
    assert_eq!(matched(&code!(IN 6 NEGATE RANGE 0x61 0x63 FAILURE), "\u{10400}"), Some(1));
    let bitmap = code!(IN 11 CHARSET 0 0 0 2 0 0 0 0 FAILURE);
    assert_eq!(matched(&bitmap, "a"), Some(1));
    assert_eq!(matched(&bitmap, "b"), None);
    assert_eq!(matched(&bitmap, "\u{161}"), None);
    // Blocks of 256: the first has bitmap 0, the second bitmap 1.
    let mut big = code!(IN 84 BIGCHARSET 2);
    big.pop();
    let mut table = [0u8; 256];
    table[1] = 1;
    big.extend(table.chunks_exact(4).map(|b| u32::from_ne_bytes([b[0], b[1], b[2], b[3]])));
    big.extend([0; 8]);
    big.extend([0, 0, 0, 2, 0, 0, 0, 0]);
    big.extend([Op::FAILURE as u32, Op::SUCCESS as u32]);
    assert_eq!(matched(&big, "\u{161}"), Some(1));
    assert_eq!(matched(&big, "a"), None);
    assert_eq!(matched(&big, "\u{10161}"), None);
}

#[test]
fn categories() {
    let is_in = |category: Category, text: &str| matched(&code!(IN 4 CATEGORY (category) FAILURE), text).is_some();
    for (category, inside, outside) in [
        (Category::CATEGORY_DIGIT, "7", "\u{667}"),
        (Category::CATEGORY_UNI_DIGIT, "\u{667}", "\u{b2}"),
        (Category::CATEGORY_SPACE, "\x0b", "\x1c"),
        (Category::CATEGORY_UNI_SPACE, "\x1c", "x"),
        (Category::CATEGORY_WORD, "_", "é"),
        (Category::CATEGORY_LOC_WORD, "Z", "é"),
        (Category::CATEGORY_UNI_WORD, "é", "-"),
        (Category::CATEGORY_LINEBREAK, "\n", "\r"),
        (Category::CATEGORY_UNI_LINEBREAK, "\u{2028}", "\t"),
    ] {
        assert!(is_in(category, inside), "{}", category.name());
        assert!(!is_in(category, outside), "{}", category.name());
        let negated = Category::ALL[category as usize + 1];
        assert!(negated.name().contains("NOT_"), "{}", negated.name());
        assert!(!is_in(negated, inside) && is_in(negated, outside), "{}", negated.name());
    }
}

#[test]
fn positions() {
    let places = |at: At, text: &str| -> Vec<usize> {
        let is_at = |n: &usize| matched(&code!(REPEAT_ONE 5 (*n) (*n) ANY_ALL SUCCESS AT (at)), text) == Some(*n);
        (0..=text.len()).filter(is_at).collect()
    };
    for (at, text, expected) in [
        (At::AT_BEGINNING, "a\nb", vec![0]),
        (At::AT_BEGINNING_STRING, "a\nb", vec![0]),
        (At::AT_BEGINNING_LINE, "a\nb\n", vec![0, 2, 4]),
        (At::AT_END, "a\nb\n", vec![3, 4]),
        (At::AT_END_LINE, "a\nb\n", vec![1, 3, 4]),
        (At::AT_END_STRING, "a\nb\n", vec![4]),
        (At::AT_BOUNDARY, "a b", vec![0, 1, 2, 3]),
        (At::AT_NON_BOUNDARY, "ab -", vec![1, 3, 4]),
        (At::AT_NON_BOUNDARY, "", vec![0]),
        (At::AT_BOUNDARY, "", vec![]),
        (At::AT_LOC_BOUNDARY, "a-", vec![0, 1]),
        (At::AT_LOC_NON_BOUNDARY, "a-", vec![2]),
        (At::AT_UNI_BOUNDARY, "a-", vec![0, 1]),
        (At::AT_UNI_NON_BOUNDARY, "a-", vec![2]),
    ] {
        assert_eq!(places(at, text), expected, "{} in {text:?}", at.name());
    }
    assert_eq!(matched(&code!(AT (At::AT_UNI_BOUNDARY)), "é"), Some(0));
    assert_eq!(matched(&code!(AT (At::AT_BOUNDARY)), "é"), None);
}

#[test]
fn repeats_of_one_character() {
    let greedy = code!(REPEAT_ONE 6 1 3 LITERAL A SUCCESS);
    assert_eq!(matched(&greedy, "aaaa"), Some(3));
    assert_eq!(matched(&greedy, "b"), None);
    assert_eq!(matched(&code!(REPEAT_ONE 6 0 MAX_REPEAT LITERAL A SUCCESS LITERAL A), "aaa"), Some(3));
    assert_eq!(matched(&code!(REPEAT_ONE 5 0 MAX_REPEAT ANY SUCCESS LITERAL B), "abab\n"), Some(4));
    let lazy = code!(MIN_REPEAT_ONE 5 1 2 ANY SUCCESS LITERAL B);
    assert_eq!(matched(&lazy, "bb"), Some(2));
    assert_eq!(matched(&lazy, "aab"), Some(3));
    assert_eq!(matched(&lazy, "aaab"), None);
    assert_eq!(matched(&code!(MIN_REPEAT_ONE 6 2 5 LITERAL A SUCCESS), "aaaa"), Some(2));
    assert_eq!(matched(&code!(POSSESSIVE_REPEAT_ONE 6 0 MAX_REPEAT LITERAL A SUCCESS LITERAL A), "aaa"), None);
    assert_eq!(matched(&code!(POSSESSIVE_REPEAT_ONE 6 0 2 LITERAL A SUCCESS LITERAL A), "aaa"), Some(3));
}

#[test]
fn repeats_of_anything() {
    // (?:ab)*b
    let greedy = code!(REPEAT 7 0 MAX_REPEAT LITERAL A LITERAL B MAX_UNTIL LITERAL B);
    assert_eq!(matched(&greedy, "ababb"), Some(5));
    assert_eq!(matched(&greedy, "abab"), None);
    assert_eq!(matched(&code!(REPEAT 7 2 2 LITERAL A LITERAL B MAX_UNTIL), "ababab"), Some(4));
    // (?:a|)*: a repetition of nothing ends it.
    let nothing = code!(REPEAT 13 0 MAX_REPEAT BRANCH 5 LITERAL A JUMP 5 3 JUMP 2 0 MAX_UNTIL);
    assert_eq!(matched(&nothing, "aab"), Some(2));
    // (?:a?)*?y never ended, and (?:(?:ab)*c){2,3}?d matched this, where the old engine was used.
    let lazy = code!(REPEAT 10 0 MAX_REPEAT REPEAT_ONE 6 0 1 LITERAL A SUCCESS MIN_UNTIL LITERAL 0x79);
    assert_eq!(matched(&lazy, "a"), None);
    assert_eq!(matched(&lazy, "aay"), Some(3));
    let inner = code!(REPEAT 14 2 3 REPEAT 7 0 MAX_REPEAT LITERAL A LITERAL B MAX_UNTIL LITERAL 0x63
        MIN_UNTIL LITERAL 0x64);
    assert_eq!(matched(&inner, "abcd"), None);
    assert_eq!(matched(&inner, "abcabcd"), Some(7));
}

#[test]
fn alternatives() {
    // (?:a|ab|b)b
    let code = code!(BRANCH 5 LITERAL A JUMP 14 7 LITERAL A LITERAL B JUMP 7 5 LITERAL B JUMP 2 0 LITERAL B);
    assert_eq!(matched(&code, "abb"), Some(2));
    assert_eq!(matched(&code, "bb"), Some(2));
    assert_eq!(run(&code, "abb", false, true).map(|(_, span)| span.1), Some(3));
    assert_eq!(matched(&code, "c"), None);
}

#[test]
fn groups_and_references() {
    // (a)?(b)\2(?(1)a|b)
    let code = code!(REPEAT 9 0 1 MARK 0 LITERAL A MARK 1 MAX_UNTIL MARK 2 LITERAL B MARK 3 GROUPREF 1
        GROUPREF_EXISTS 0 6 LITERAL A JUMP 3 LITERAL B);
    assert_eq!(groups(&code, "abba"), Some(vec![Some((0, 1)), Some((1, 2))]));
    assert_eq!(groups(&code, "bbb"), Some(vec![None, Some((0, 1))]));
    assert_eq!(groups(&code, "bba"), None);
    assert_eq!(run(&code, "abba", false, false).and_then(|(s, _)| s.last_index()), Some(2));
    for (op, text) in
        [(Op::GROUPREF_IGNORE, "aA"), (Op::GROUPREF_LOC_IGNORE, "aA"), (Op::GROUPREF_UNI_IGNORE, "éÉ")]
    {
        assert_eq!(matched(&code!(MARK 0 ANY MARK 1 (op) 0), text), Some(2), "{}", op.name());
        assert_eq!(matched(&code!(MARK 0 ANY MARK 1 GROUPREF 0), text), None);
    }
    // A group that took no part is not equal to anything.
    assert_eq!(matched(&code!(GROUPREF 0), ""), None);
}

#[test]
fn marks_are_put_back() {
    // (?:(a)b|ac)*(c): trying the first alternative again must leave no trace.
    let code = code!(REPEAT 23 0 MAX_REPEAT BRANCH 11 MARK 0 LITERAL A MARK 1 LITERAL B JUMP 9
        7 LITERAL A LITERAL 0x63 JUMP 2 0 MAX_UNTIL MARK 2 LITERAL 0x63 MARK 3);
    assert_eq!(groups(&code, "abacc"), Some(vec![Some((0, 1)), Some((4, 5))]));
}

#[test]
fn assertions_and_atomic_groups() {
    assert_eq!(matched(&code!(LITERAL A ASSERT 5 0 LITERAL B SUCCESS), "ab"), Some(1));
    assert_eq!(matched(&code!(LITERAL A ASSERT 5 0 LITERAL B SUCCESS), "aa"), None);
    assert_eq!(matched(&code!(LITERAL A ASSERT_NOT 5 0 LITERAL B SUCCESS), "ab"), None);
    assert_eq!(matched(&code!(LITERAL A ASSERT_NOT 5 0 LITERAL B SUCCESS), "aa"), Some(1));
    assert_eq!(found(&code!(ASSERT 5 1 LITERAL A SUCCESS LITERAL B), "bab"), Some((2, 3)));
    assert_eq!(found(&code!(ASSERT_NOT 5 1 LITERAL A SUCCESS LITERAL B), "abb"), Some((2, 3)));
    // (?>a*)a, (?>a*)b
    let atomic = |next: u32| code!(ATOMIC_GROUP 9 REPEAT_ONE 6 0 MAX_REPEAT LITERAL A SUCCESS SUCCESS LITERAL next);
    assert_eq!(matched(&atomic(A), "aaa"), None);
    assert_eq!(matched(&atomic(B), "aab"), Some(3));
    // (?:ab)++ab, (?:ab)++c, (?:){3}+
    let possessive = |next: u32| {
        code!(POSSESSIVE_REPEAT 7 1 MAX_REPEAT LITERAL A LITERAL B SUCCESS LITERAL next)
    };
    assert_eq!(matched(&possessive(A), "ababa"), Some(5));
    assert_eq!(matched(&possessive(B), "ababab"), None);
    assert_eq!(matched(&possessive(B), "b"), None);
    assert_eq!(matched(&code!(POSSESSIVE_REPEAT 3 3 9 SUCCESS), ""), Some(0));
}

#[test]
fn searches() {
    // ababc, its first four characters as the prefix with its overlap table.
    let prefix = code!(INFO 14 INFO_PREFIX 5 5 4 4 A B A B 0 0 1 2
        LITERAL A LITERAL B LITERAL A LITERAL B LITERAL 0x63);
    assert_eq!(found(&prefix, "abababc"), Some((2, 7)));
    assert_eq!(found(&prefix, "ababab"), None);
    let literal = code!(INFO 10 (INFO_PREFIX | INFO_LITERAL) 2 2 2 2 A B 0 0 LITERAL A LITERAL B);
    assert_eq!(found(&literal, "aaab"), Some((2, 4)));
    let one = code!(INFO 8 INFO_PREFIX 2 2 1 1 A 0 LITERAL A LITERAL B);
    assert_eq!(found(&one, "aacab"), Some((3, 5)));
    let set = code!(INFO 8 INFO_CHARSET 1 1 RANGE A B FAILURE IN 5 RANGE A B FAILURE LITERAL 0x63);
    assert_eq!(found(&set, "abxbc"), Some((3, 5)));
    let short = code!(INFO 4 0 3 3 ANY ANY ANY);
    assert_eq!(found(&short, "ab"), None);
    assert_eq!(matched(&short, "ab"), None);
    assert_eq!(found(&short, "\nabc"), Some((1, 4)));
    assert_eq!(found(&code!(AT (At::AT_BEGINNING) LITERAL B), "ab"), None);
}

#[test]
fn must_advance_refuses_an_empty_match_at_the_start_only() {
    let program = program(&code!(REPEAT_ONE 6 0 MAX_REPEAT LITERAL A SUCCESS));
    let chars = b"baa";
    let request =
        |start| Request { program: &program, chars, start, end: 3, must_advance: true, fullmatch: false };
    let mut state = State::default();
    let mut tick = || Ok::<(), ()>(());
    assert_eq!(state.search(request(0), &mut tick), Ok(true));
    assert_eq!(state.span(), (1, 3));
    assert_eq!(state.search(request(3), &mut tick), Ok(false));
    assert_eq!(state.matches(request(0), &mut tick), Ok(false));
}

#[test]
fn the_caller_is_called_and_can_end_it() {
    // (?:a|a)*b on many a's: exponential.
    let program = program(&code!(REPEAT 15 0 MAX_REPEAT BRANCH 5 LITERAL A JUMP 7
        5 LITERAL A JUMP 2 0 MAX_UNTIL LITERAL B));
    let chars = &[b'a'; 64];
    let request =
        Request { program: &program, chars, start: 0, end: 64, must_advance: false, fullmatch: false };
    let mut ticks = 0;
    let ended = State::default().matches(request, &mut || {
        ticks += 1;
        if ticks == 3 { Err("enough") } else { Ok(()) }
    });
    assert_eq!(ended, Err(Stop::Interrupted("enough")));
}

#[test]
fn broken_code_is_refused() {
    let is_valid = |code: &[u32]| Program::new(code, 1).is_ok();
    assert!(is_valid(&code!()));
    assert!(is_valid(&code!(MARK 1)));
    assert!(!is_valid(&[]));
    assert!(!is_valid(&[Op::LITERAL as u32, Op::SUCCESS as u32]));
    assert!(!is_valid(&code!(MARK 2)));
    assert!(!is_valid(&code!(99)));
    assert!(!is_valid(&code!(MAX_UNTIL)));
    assert!(!is_valid(&code!(IN 200 0)));
    assert!(!is_valid(&code!(IN 4 CATEGORY 18 FAILURE)));
    assert!(!is_valid(&code!(BRANCH (u32::MAX))));
    assert!(!is_valid(&code!(BRANCH 0)));
    assert!(!is_valid(&code!(REPEAT_ONE 6 2 1 LITERAL A SUCCESS)));
    assert!(!is_valid(&code!(REPEAT_ONE 8 0 1 LITERAL A LITERAL A SUCCESS)));
    assert!(!is_valid(&code!(GROUPREF 1)));
    assert!(!is_valid(&code!(JUMP 1)));
    // An overlap of one character with itself would search for ever.
    assert!(!is_valid(&code!(INFO 8 INFO_PREFIX 1 1 1 1 A 1 LITERAL A)));
    // The prefix is not what the pattern begins with.
    assert!(!is_valid(&code!(INFO 8 INFO_PREFIX 1 1 1 1 A 0 LITERAL B)));
}

/// As many groups within each other.
fn nested(depth: usize) -> Vec<u32> {
    let mut code = Vec::new();
    for i in (1..=depth).rev() {
        // What is within it, its own SUCCESS and the skip count.
        code.extend([Op::ATOMIC_GROUP as u32, (3 * (i - 1) + 4) as u32]);
    }
    code.extend([Op::LITERAL as u32, A]);
    code.extend(vec![Op::SUCCESS as u32; depth + 1]);
    code
}

#[test]
fn deep_code_and_long_subjects_need_no_native_stack() {
    let small = std::thread::Builder::new().stack_size(64 << 10);
    let done = small.spawn(|| {
        assert_eq!(matched(&nested(100_000), "a"), Some(1));
        // (?:(?:a|b)c?)*d
        let code = code!(REPEAT 22 0 MAX_REPEAT BRANCH 5 LITERAL A JUMP 7 5 LITERAL B JUMP 2 0
            REPEAT_ONE 6 0 1 LITERAL 0x63 SUCCESS MAX_UNTIL LITERAL 0x64);
        let text = "abc".repeat(500_000) + "d";
        assert_eq!(matched(&code, &text), Some(text.len()));
    });
    done.expect("a thread").join().expect("no overflow");
}
