//! Traces from the VM's words to the text: written, read, cut off, damaged, growing.

use std::path::Path;
use std::sync::Arc;

use tailscope_bytecode::code::Code;
use tailscope_bytecode::linetable::{LineTableWriter, Position};
use tailscope_bytecode::opcode::Opcode;
use tailscope_formats::trace::{
    Filter, Form, Metadata, Recorder, ShowOptions, Step, TraceReader, TraceSink, TraceWriter,
    instruction_record, show, thread_record,
};

/// A code object from (opcode, oparg, line).
fn code(name: &str, instructions: &[(Opcode, u8, i32)]) -> Arc<Code> {
    let mut units = Vec::new();
    let mut table = LineTableWriter::new(1);
    for &(opcode, oparg, line) in instructions {
        units.extend([opcode.number() as u8, oparg]);
        units.extend(std::iter::repeat_n(0, opcode.cache_units() * 2));
        let position = Position {
            line: Some(line),
            end_line: Some(line),
            column: Some(0),
            end_column: Some(4),
        };
        table.push(position, 1 + opcode.cache_units());
    }
    Arc::new(Code {
        argcount: 0,
        posonlyargcount: 0,
        kwonlyargcount: 0,
        stacksize: 2,
        flags: 3,
        code: units,
        consts: vec![],
        names: vec!["fizz".into(), "x".into()],
        localsplusnames: vec!["i".into(), "n".into()],
        localspluskinds: vec![0x20, 0x26],
        filename: "buzz.py".into(),
        name: name.into(),
        qualname: name.into(),
        firstlineno: 1,
        linetable: table.finish(),
        exceptiontable: vec![],
    })
}

/// Units: 0 RESUME, 1 LOAD_FAST i, 2 POP_JUMP_IF_TRUE to 9, 4 LOAD_FAST n, 5 POP_TOP,
/// 6 JUMP_BACKWARD to 1, 8 NOP, 9 LOAD_FAST n, 10 RETURN_VALUE.
fn looping() -> Arc<Code> {
    code(
        "main",
        &[
            (Opcode::RESUME, 0, 1),
            (Opcode::LOAD_FAST, 0, 2),
            (Opcode::POP_JUMP_IF_TRUE, 5, 2),
            (Opcode::LOAD_FAST, 1, 3),
            (Opcode::POP_TOP, 0, 3),
            (Opcode::JUMP_BACKWARD, 7, 3),
            (Opcode::NOP, 0, 4),
            (Opcode::LOAD_FAST, 1, 5),
            (Opcode::RETURN_VALUE, 0, 5),
        ],
    )
}

fn leaf() -> Arc<Code> {
    code(
        "fizz",
        &[
            (Opcode::RESUME, 0, 8),
            (Opcode::LOAD_SMALL_INT, 3, 9),
            (Opcode::RETURN_VALUE, 0, 9),
        ],
    )
}

const MAIN: u64 = 0x7f00_1000_0000;
const LEAF: u64 = 0x7f00_1000_2000;

/// `turns` turns of the loop, a call in every third turn, and the way out. As (address, opcode).
fn walk(turns: u32) -> Vec<(u64, Opcode)> {
    let mut words = vec![(MAIN, Opcode::RESUME_CHECK)];
    for turn in 0..turns {
        words.push((MAIN + 2, Opcode::LOAD_FAST));
        words.push((MAIN + 4, Opcode::POP_JUMP_IF_TRUE));
        words.push((MAIN + 8, Opcode::LOAD_FAST));
        if turn % 3 == 2 {
            let early = if turn < 10 {
                Opcode::RESUME
            } else {
                Opcode::RESUME_CHECK
            };
            words.push((LEAF, early));
            words.push((LEAF + 2, Opcode::LOAD_SMALL_INT));
            words.push((LEAF + 4, Opcode::RETURN_VALUE));
        }
        words.push((MAIN + 10, Opcode::POP_TOP));
        words.push((MAIN + 12, Opcode::JUMP_BACKWARD_NO_JIT));
    }
    words.push((MAIN + 2, Opcode::LOAD_FAST));
    words.push((MAIN + 4, Opcode::POP_JUMP_IF_TRUE));
    words.push((MAIN + 18, Opcode::LOAD_FAST));
    words.push((MAIN + 20, Opcode::RETURN_VALUE));
    words
}

fn metadata() -> Metadata {
    Metadata {
        program: "buzz.py".into(),
        producer: "tailscope test".into(),
        recorded_at: "2026-01-31T12:00:00Z".into(),
        ..Metadata::default()
    }
}

fn record(path: &Path, words: &[(u64, Opcode)]) {
    let mut recorder = Recorder::create(path, &metadata()).expect("creates");
    recorder.code(MAIN, &looping());
    recorder.code(LEAF, &leaf());
    let mut buffer = Vec::with_capacity(1000);
    for part in words.chunks(1000) {
        buffer.extend(
            part.iter()
                .map(|(at, op)| instruction_record(*at, op.number() as u8)),
        );
        recorder.records(&mut buffer);
        assert!(buffer.is_empty() && buffer.capacity() >= 1000);
    }
    let recorded = recorder.finish().expect("finishes");
    assert_eq!(
        (recorded.records, recorded.codes, recorded.dropped),
        (words.len() as u64, 2, 0)
    );
    assert_eq!(recorded.bytes > 0, path.exists());
}

fn read(reader: &TraceReader, from: u64) -> Vec<Step> {
    reader.steps(from).collect::<Result<_, _>>().expect("reads")
}

fn as_walked(steps: &[Step]) -> Vec<(u64, Opcode)> {
    steps
        .iter()
        .map(|step| {
            let base = if step.code == 0 { MAIN } else { LEAF };
            let opcode = Opcode::from_u8(step.opcode).expect("an opcode");
            (base + u64::from(step.unit) * 2, opcode)
        })
        .collect()
}

fn text(options: &ShowOptions) -> String {
    let mut out = Vec::new();
    show(options, &mut out).expect("shows");
    String::from_utf8(out).expect("is UTF-8")
}

#[test]
fn what_ran_is_what_is_read_from_any_position() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.tstrace");
    // More than one block.
    let words = walk(600_000);
    record(&path, &words);
    let reader = TraceReader::open(&path).expect("opens");
    assert!(reader.is_finished());
    assert_eq!(reader.rest(), 0);
    assert_eq!(reader.metadata(), &metadata());
    assert_eq!(reader.len(), words.len() as u64);
    assert!(as_walked(&read(&reader, 0)) == words);
    for from in [
        1,
        1 << 20,
        (1 << 20) + 1,
        words.len() - 1,
        words.len(),
        words.len() + 5,
    ] {
        let steps = read(&reader, from as u64);
        assert!(
            as_walked(&steps) == words[from.min(words.len())..],
            "from {from}"
        );
        assert!(
            steps
                .first()
                .is_none_or(|step| step.position == from as u64)
        );
    }
    let size = std::fs::metadata(&path).expect("exists").len();
    assert!(
        size * 100 < words.len() as u64,
        "{size} bytes for {} records",
        words.len()
    );
}

#[test]
fn a_file_cut_anywhere_is_good_up_to_its_last_whole_block() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = folder.path().join("t.tstrace");
    let mut writer = TraceWriter::create(&whole, &metadata()).expect("creates");
    let id = writer.add_code(&looping()).expect("adds");
    for _ in 0..20 {
        for unit in [0, 1, 2, 4, 5, 6] {
            let opcode = looping().code[unit as usize * 2];
            assert!(writer.push(0, id, unit, opcode).expect("pushes"));
        }
        writer.flush().expect("flushes");
    }
    assert!(
        !writer.push(0, id, 99, 0).expect("pushes"),
        "outside of the code"
    );
    assert!(
        !writer.push(0, id + 1, 0, 0).expect("pushes"),
        "no such code"
    );
    writer.finish().expect("finishes");

    let bytes = std::fs::read(&whole).expect("reads");
    let cut = folder.path().join("cut.tstrace");
    let mut last = 0;
    for length in 0..bytes.len() {
        std::fs::write(&cut, &bytes[..length]).expect("writes");
        match TraceReader::open(&cut) {
            Err(error) => {
                assert!(length < 16 && error.to_string().contains("is not a tailscope trace"))
            }
            Ok(reader) => {
                let steps = read(&reader, 0).len();
                assert!(
                    steps >= last && steps.is_multiple_of(6),
                    "{steps} steps in {length} bytes"
                );
                last = steps;
            }
        }
    }
    assert_eq!(last, 120);
}

#[test]
fn a_growing_file_is_read_as_it_grows() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.tstrace");
    let mut writer = TraceWriter::create(&path, &metadata()).expect("creates");
    let mut reader = TraceReader::open(&path).expect("opens");
    assert!(!reader.is_finished() && reader.is_empty());
    let id = writer.add_code(&leaf()).expect("adds");
    for round in 1..=3u64 {
        writer
            .push(0, id, 0, Opcode::RESUME.number() as u8)
            .expect("pushes");
        assert!(!reader.refresh().expect("looks"), "nothing is flushed yet");
        writer.flush().expect("flushes");
        assert!(reader.refresh().expect("looks"));
        assert_eq!(reader.len(), round);
    }
    writer.finish().expect("finishes");
    assert!(reader.refresh().expect("looks") && reader.is_finished());
    assert_eq!(read(&reader, 2).len(), 1);
}

#[test]
fn damage_is_named_and_never_panics() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.tstrace");
    record(&path, &walk(50));
    let good = std::fs::read(&path).expect("reads");
    let bad = folder.path().join("bad.tstrace");
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 0x41;
        std::fs::write(&bad, &bytes).expect("writes");
        let result = show(&ShowOptions::new(&bad), &mut std::io::sink());
        if let Err(error) = result {
            let sentence = error.to_string();
            assert!(
                sentence.contains("bad.tstrace") && sentence.ends_with('.'),
                "{sentence}"
            );
        }
    }
}

#[test]
fn text_shows_calls_branches_and_specialized_forms() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.tstrace");
    record(&path, &walk(4));
    expect_test::expect_file!["golden/trace.txt"].assert_eq(&text(&ShowOptions::new(&path)));
}

#[test]
fn json_lines_say_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.tstrace");
    record(&path, &walk(4));
    let options = ShowOptions {
        form: Form::JsonLines,
        from: 12,
        limit: Some(4),
        ..ShowOptions::new(&path)
    };
    expect_test::expect_file!["golden/trace.jsonl"].assert_eq(&text(&options));
}

#[test]
fn filters_narrow_what_is_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.tstrace");
    record(&path, &walk(9));
    let rows = |filter: Filter| {
        let options = ShowOptions {
            filter,
            ..ShowOptions::new(&path)
        };
        text(&options).lines().count() - 2
    };
    let one = |text: &str| vec![text.to_owned()];
    assert_eq!(
        rows(Filter {
            functions: one("f*z"),
            ..Filter::default()
        }),
        9
    );
    assert_eq!(
        rows(Filter {
            functions: one("nothing"),
            ..Filter::default()
        }),
        0
    );
    assert_eq!(
        rows(Filter {
            lines: Some(9..=9),
            ..Filter::default()
        }),
        6
    );
    assert_eq!(
        rows(Filter {
            opcodes: one("RESUME"),
            ..Filter::default()
        }),
        4
    );
    assert_eq!(
        rows(Filter {
            opcodes: one("RESUME_CHECK"),
            ..Filter::default()
        }),
        1
    );
    assert_eq!(
        rows(Filter {
            opcodes: one("pop_jump*"),
            files: one("buzz.py"),
            ..Filter::default()
        }),
        10
    );
    assert_eq!(
        rows(Filter {
            files: one("*/other.py"),
            ..Filter::default()
        }),
        0
    );
}

#[test]
fn threads_have_frames_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.tstrace");
    let mut recorder = Recorder::create(&path, &metadata()).expect("creates");
    recorder.code(MAIN, &looping());
    recorder.code(LEAF, &leaf());
    let word = |at, opcode: Opcode| instruction_record(at, opcode.number() as u8);
    let mut words = vec![
        word(MAIN, Opcode::RESUME),
        word(MAIN + 2, Opcode::LOAD_FAST),
        word(MAIN + 4, Opcode::POP_JUMP_IF_TRUE),
        thread_record(7),
        word(LEAF, Opcode::RESUME),
        thread_record(0),
        word(MAIN + 18, Opcode::LOAD_FAST),
        thread_record(7),
        word(LEAF + 2, Opcode::LOAD_SMALL_INT),
        word(0x7f00_dead_0000, Opcode::NOP),
    ];
    recorder.records(&mut words);
    let recorded = recorder.finish().expect("finishes");
    assert_eq!((recorded.records, recorded.dropped), (6, 1));
    let options = ShowOptions {
        form: Form::JsonLines,
        ..ShowOptions::new(&path)
    };
    let depths: Vec<_> = text(&options)
        .lines()
        .map(|line| {
            let value: serde_json::Value = serde_json::from_str(line).expect("is JSON");
            (value["thread"].as_u64(), value["depth"].as_u64())
        })
        .collect();
    let expected = [(0, 0), (0, 0), (0, 0), (7, 0), (0, 0), (7, 0)];
    assert_eq!(
        depths,
        expected.map(|(thread, depth)| (Some(thread), Some(depth)))
    );
}

#[test]
fn a_position_past_the_end_and_a_closed_pipe() {
    struct Closed;
    impl std::io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.tstrace");
    record(&path, &walk(4));
    show(&ShowOptions::new(&path), &mut Closed).expect("is no error");
    let options = ShowOptions {
        from: 1_000,
        ..ShowOptions::new(&path)
    };
    let error = show(&options, &mut std::io::sink()).expect_err("is past the end");
    assert_eq!(
        error.to_string(),
        "The trace has 28 instructions, positions 0 to 27: there is none at 1000."
    );
    let missing = show(
        &ShowOptions::new("/nowhere/t.tstrace"),
        &mut std::io::sink(),
    );
    assert!(
        missing
            .expect_err("is missing")
            .to_string()
            .starts_with("The trace /nowhere/t.tstrace could not be read: ")
    );
}
