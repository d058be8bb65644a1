//! A file that CPython 3.14 made, read, shown, verified and written, without CPython at hand.
//!
//! `python3.14 tests/scripts/golden.py` (with `PYTHONHASHSEED=0`) writes the files anew.

use std::path::{Path, PathBuf};

use tailscope_bytecode::code::{Code, Const};
use tailscope_bytecode::dis::{self, Options};
use tailscope_bytecode::marshal::{self, MAX_DEPTH};
use tailscope_bytecode::opcode::Opcode;
use tailscope_bytecode::pyc::{Pyc, Validation};
use tailscope_bytecode::verify::verify;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

fn sample_bytes() -> Vec<u8> {
    std::fs::read(golden("sample.pyc")).expect("the golden file")
}

fn sample() -> Code {
    Pyc::read(&sample_bytes())
        .expect("a file of CPython's")
        .code
}

/// The function of that name at the sample's top level.
fn function(code: &Code, name: &str) -> Code {
    let found = code.consts.iter().find_map(|constant| match constant {
        Const::Code(inner) if &*inner.name == name => Some((**inner).clone()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("there is no {name}"))
}

#[test]
fn a_pyc_is_read_verified_and_written() {
    let bytes = sample_bytes();
    let pyc = Pyc::read(&bytes).expect("a file of CPython's");
    let size = std::fs::metadata(golden("sample.py"))
        .expect("the source")
        .len();
    let expected = Validation::Timestamp {
        mtime: 1_700_000_000,
        size: size as u32,
    };
    assert_eq!(pyc.validation, expected);
    verify(&pyc.code).expect("CPython's code can be run");
    assert_eq!(pyc.write().expect("it can be marshalled"), bytes);
}

#[test]
fn the_text_is_cpythons() {
    let code = sample();
    let base = Options {
        address_of: &|_| 0,
        ..Options::default()
    };
    for (name, options) in [
        ("dis", base),
        (
            "caches",
            Options {
                show_caches: true,
                show_offsets: true,
                ..base
            },
        ),
        (
            "positions",
            Options {
                show_positions: true,
                ..base
            },
        ),
    ] {
        let expected =
            std::fs::read_to_string(golden(&format!("sample.{name}.txt"))).expect("text");
        let text = dis::disassemble_recursive(&code, &options);
        for (number, (ours, theirs)) in text.lines().zip(expected.lines()).enumerate() {
            assert_eq!(ours, theirs, "line {} of sample.{name}.txt", number + 1);
        }
        assert!(
            text == expected,
            "sample.{name}.txt has more or fewer lines"
        );
    }
}

#[test]
fn the_current_instruction_is_marked_and_depth_limited() {
    let code = sample();
    let options = Options {
        depth: Some(0),
        current: Some(2),
        ..Options::default()
    };
    let text = dis::disassemble_recursive(&code, &options);
    assert!(!text.contains("Disassembly of"));
    let marked: Vec<&str> = text.lines().filter(|line| line.contains("-->")).collect();
    assert_eq!(marked.len(), 1, "{marked:?}");
}

#[test]
fn instructions_know_what_they_refer_to() {
    let code = function(&sample(), "loops");
    let instructions = dis::instructions(&code);
    let find = |op: Opcode| {
        let found = instructions
            .iter()
            .find(|instruction| instruction.opcode == op);
        found.unwrap_or_else(|| panic!("there is no {op}"))
    };
    let pair = instructions
        .iter()
        .find(|instruction| !instruction.parts().is_empty());
    let parts = pair.expect("a superinstruction").parts();
    assert_eq!(parts[0].opcode.name(), "STORE_FAST");
    assert_eq!((&*parts[0].argrepr, &*parts[1].argrepr), ("i", "item"));
    let call = find(Opcode::CALL);
    assert_eq!(
        call.oparg_in_words(),
        "1 argument, and self if there is one"
    );
    let names: Vec<&str> = call.caches().iter().map(|cache| cache.name).collect();
    assert_eq!(names, ["counter", "func_version"]);
    let loop_ = find(Opcode::FOR_ITER);
    let target = loop_.jump_target.expect("a target");
    let end = instructions
        .iter()
        .find(|instruction| instruction.offset == target);
    assert_eq!(end.map(|end| end.opcode), Some(Opcode::END_FOR));
    assert!(
        loop_
            .oparg_in_words()
            .ends_with(&format!("code units forward, to offset {target}"))
    );
    let global = find(Opcode::LOAD_GLOBAL);
    assert_eq!(
        global.oparg_in_words(),
        "name 0, enumerate; and NULL for a call"
    );
    for pair in instructions.windows(2) {
        assert_eq!(pair[0].end_offset(), pair[1].offset);
    }
}

#[test]
fn damaged_files_are_refused() {
    let bytes = sample_bytes();
    for end in 0..bytes.len() {
        let error = Pyc::read(&bytes[..end]).expect_err("a file that is cut off");
        assert!(!error.to_string().is_empty());
    }
    let mut longer = bytes.clone();
    longer.push(0);
    let error = Pyc::read(&longer).expect_err("a file with something after it");
    assert!(
        error.to_string().contains("1 more bytes follow the end"),
        "{error}"
    );
}

/// Whatever is changed, reading ends, and what is read can be handled.
#[test]
fn changed_files_do_no_harm() {
    let original = sample_bytes();
    let mut state = 7u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    };
    let (mut read, mut accepted) = (0, 0);
    let rounds = if std::env::var_os("TAILSCOPE_TEST_ALL").is_some() {
        100_000
    } else {
        300
    };
    for _ in 0..rounds {
        let mut bytes = original.clone();
        for _ in 0..1 + random() % 3 {
            let at = 16 + random() % (bytes.len() - 16);
            bytes[at] = random() as u8;
        }
        if let Ok(pyc) = Pyc::read(&bytes) {
            read += 1;
            accepted += usize::from(verify(&pyc.code).is_ok());
            let options = Options {
                show_caches: true,
                show_positions: true,
                ..Options::default()
            };
            let _ = dis::disassemble_recursive(&pyc.code, &options);
            assert_eq!(Pyc::read(&pyc.write().expect("it can be written")), Ok(pyc));
        }
    }
    assert!(
        read > 100 && accepted < read,
        "{read} read, {accepted} accepted"
    );
}

#[test]
fn hostile_nesting_and_sizes_are_refused() {
    let error = |bytes: &[u8]| marshal::read_code(bytes).expect_err("refused").to_string();
    // Tuples in tuples.
    let deep: Vec<u8> = [b')', 1].repeat(100_000);
    assert!(error(&deep).contains(&format!("nested more than {MAX_DEPTH} deep")));
    // A size that nothing could hold.
    let huge = [b'(', 0xFF, 0xFF, 0xFF, 0x7F];
    assert_eq!(
        error(&huge),
        "bad marshal data at byte 0: 2147483647 items are announced, but only 0 bytes are left"
    );
    assert!(error(&[b's', 0xFF, 0xFF, 0xFF, 0xFF]).contains("out of range (-1)"));
    // Each tuple holds the one before twice: the number of parts doubles.
    let mut laughs = vec![b')', 100];
    laughs.extend([b')' | 0x80, 0]);
    for number in 0..99u32 {
        laughs.extend([b')' | 0x80, 2]);
        for _ in 0..2 {
            laughs.push(b'r');
            laughs.extend(number.to_le_bytes());
        }
    }
    assert!(
        error(&laughs).contains("67 million parts"),
        "{}",
        error(&laughs)
    );
    // Each tuple holds the one before: deep although nothing is nested in the file.
    let mut chain = vec![b'(', 0xD0, 0x07, 0, 0];
    chain.extend([b')' | 0x80, 0]);
    for number in 0..1999u32 {
        chain.extend([b')' | 0x80, 1, b'r']);
        chain.extend(number.to_le_bytes());
    }
    assert!(
        error(&chain).contains("nested more than 1000 deep"),
        "{}",
        error(&chain)
    );
    // A tuple in itself.
    let itself = [b')' | 0x80, 1, b'r', 0, 0, 0, 0];
    assert_eq!(error(&itself), "a tuple contains itself");
    assert!(error(b"?").contains("0x3f is not the type of any object"));
    assert!(error(b"N").contains("a code object is expected, but the data holds None"));
    assert!(error(b"r\x05\0\0\0").contains("a reference to object number 5, of 0 objects so far"));
}

#[test]
fn all_types_of_values_are_read_and_written() {
    // {1: [frozenset(), {2}, slice(None, 3), 1.5, 2j, b"x", "é", ...], True: StopIteration}
    let mut bytes =
        b"{i\x01\0\0\0[\x08\0\0\0>\0\0\0\0<\x01\0\0\0i\x02\0\0\0:Ni\x03\0\0\0N".to_vec();
    bytes.push(b'g');
    bytes.extend(1.5f64.to_le_bytes());
    bytes.push(b'y');
    bytes.extend(0f64.to_le_bytes());
    bytes.extend(2f64.to_le_bytes());
    bytes.extend(b"s\x01\0\0\0xu\x02\0\0\0\xc3\xa9.TS0");
    let graph = marshal::read(&bytes).expect("a value");
    assert_eq!(graph.write(5).as_deref(), Ok(&bytes[..]));
    let error = graph.write(4).expect_err("slices are new");
    assert_eq!(
        error.to_string(),
        "a slice can be marshalled in version 5 only"
    );
    let refused = graph.code().expect_err("no constant");
    assert!(
        refused.to_string().ends_with("cannot be a constant"),
        "{refused}"
    );

    let tuple = marshal::read(b")\x03g\0\0\0\0\0\0\xf8?Z\x02abz\x02cd").expect("a value");
    assert_eq!(
        tuple.write(4).as_deref(),
        Ok(&b")\x03g\0\0\0\0\0\0\xf8?Z\x02abz\x02cd"[..])
    );
    let version_2 = b"(\x03\0\0\0g\0\0\0\0\0\0\xf8?u\x02\0\0\0abu\x02\0\0\0cd";
    assert_eq!(tuple.write(2).as_deref(), Ok(&version_2[..]));
    let version_0 = b"(\x03\0\0\0f\x031.5u\x02\0\0\0abu\x02\0\0\0cd";
    assert_eq!(tuple.write(0).as_deref(), Ok(&version_0[..]));
    assert_eq!(
        marshal::read(version_0)
            .and_then(|graph| graph.write(2))
            .as_deref(),
        Ok(&version_2[..])
    );
}

#[test]
fn ints_of_any_size_are_read_and_written() {
    for digits in [1, 2, 4, 5, 17, 64] {
        for (low, high) in [(0u16, 1u16), (0x7FFF, 0x7FFF), (1, 0x4000)] {
            for sign in [1i32, -1] {
                let mut bytes = vec![b'l'];
                bytes.extend((sign * digits).to_le_bytes());
                for digit in 0..digits {
                    let value = if digit == digits - 1 { high } else { low };
                    bytes.extend(value.to_le_bytes());
                }
                let graph = marshal::read(&bytes).expect("an int");
                let written = graph.write(5).expect("an int");
                if digits > 3 {
                    assert_eq!(written, bytes);
                } else {
                    assert_eq!(written[0], b'i', "ints of 32 bits have a form of their own");
                }
            }
        }
    }
}
