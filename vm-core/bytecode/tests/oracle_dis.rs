//! The text of `dis` against CPython's.

mod common;

use tailscope_bytecode::code::{Code, Const};
use tailscope_bytecode::dis::{self, Options};
use tailscope_bytecode::marshal;

/// The text that `disassembled.py` prints for a code object.
fn our_text(code: &Code) -> String {
    let base = Options {
        address_of: &|_| 0,
        ..Options::default()
    };
    let variants = [
        base,
        Options {
            show_caches: true,
            show_offsets: true,
            ..base
        },
        Options {
            show_positions: true,
            show_offsets: true,
            ..base
        },
    ];
    let mut text = String::new();
    for options in &variants {
        text.push_str(&dis::disassemble_recursive(code, options));
        text.push('\x0c');
    }
    let mut codes = vec![code];
    let mut next = 0;
    while let Some(&code) = codes.get(next) {
        text.push_str(&dis::code_info(code, &|_| 0));
        text.push('\n');
        codes.extend(code.consts.iter().filter_map(|constant| match constant {
            Const::Code(inner) => Some(&**inner),
            _ => None,
        }));
        next += 1;
    }
    without_addresses(&text)
}

/// The script does the same to CPython's text, constants that look like it included.
fn without_addresses(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(" at 0x") {
        let digits = &rest[at + 6..];
        let end = digits
            .find(|c: char| !matches!(c, '0'..='9' | 'a'..='f'))
            .unwrap_or(digits.len());
        out.push_str(&rest[..at]);
        out.push_str(if end == 0 { " at 0x" } else { " at 0x0" });
        rest = &digits[end..];
    }
    out + rest
}

#[test]
fn the_text_is_cpythons() {
    let Some(python) = common::oracle() else {
        return;
    };
    // In parts, as the whole library's text is some hundred megabytes.
    let parts = if common::all() { 64 } else { 1 };
    let (mut files, mut wrong) = (0, 0);
    for part in 0..parts {
        let part = part.to_string();
        let output = common::run_script(&python, "disassembled.py", &["64", &part]);
        let mut rest = &output[..];
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            let line = String::from_utf8_lossy(&rest[..end]).into_owned();
            let words: Vec<&str> = line.split('\t').collect();
            let [name, data, text] = words[..] else {
                panic!("a record begins with {line:?}");
            };
            let (data, text): (usize, usize) = (data.parse().unwrap(), text.parse().unwrap());
            let body = &rest[end + 1..];
            files += 1;
            let code = marshal::read_code(&body[..data]).expect("a code object");
            let theirs = String::from_utf8_lossy(&body[data..data + text]);
            if !same_text(name, &our_text(&code), &theirs) {
                wrong += 1;
            }
            rest = &body[data + text..];
        }
    }
    println!("{files} files compared, {wrong} differ");
    assert!(files > 20, "only {files} files");
    assert_eq!(wrong, 0, "{wrong} of {files} files differ");
}

/// Code as it is while it runs: specialized, with its caches; and monitored.
#[test]
fn the_text_of_running_code_is_cpythons() {
    let Some(python) = common::oracle() else {
        return;
    };
    let output = common::run_script(&python, "adaptive.py", &[]);
    let mut rest = &output[..];
    let (mut codes, mut wrong) = (0, 0);
    let mut specialized = std::collections::BTreeSet::new();
    while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
        let line = String::from_utf8_lossy(&rest[..end]).into_owned();
        let words: Vec<&str> = line.split('\t').collect();
        let [name, data, adaptive, text] = words[..] else {
            panic!("a record begins with {line:?}");
        };
        let [data, adaptive, text] = [data, adaptive, text].map(|n| n.parse::<usize>().unwrap());
        let body = &rest[end + 1..];
        let code = marshal::read_code(&body[..data]).expect("a code object");
        let array = &body[data..data + adaptive];
        let theirs = String::from_utf8_lossy(&body[data + adaptive..data + adaptive + text]);
        let options = Options {
            show_caches: true,
            show_offsets: true,
            adaptive: Some(&|_| Some(array.to_vec())),
            address_of: &|_| 0,
            ..Options::default()
        };
        let ours = without_addresses(&dis::disassemble(&code, &options));
        codes += 1;
        wrong += usize::from(!same_text(name, &ours, &theirs));
        for instruction in dis::instructions_of(&code, Some(array), &|_| 0) {
            if instruction.opcode != instruction.base {
                specialized.insert(instruction.opcode);
            }
        }
        rest = &body[data + adaptive + text..];
    }
    println!(
        "{codes} code objects, {} opcodes of running code",
        specialized.len()
    );
    assert!(
        codes > 200 && specialized.len() > 45,
        "{codes}, {specialized:?}"
    );
    assert_eq!(wrong, 0, "{wrong} of {codes} code objects differ");
}

fn same_text(name: &str, ours: &str, theirs: &str) -> bool {
    if ours == theirs {
        return true;
    }
    println!("{name} differs");
    let mut lines = ours.lines().zip(theirs.lines());
    if let Some((ours, theirs)) = lines.find(|(ours, theirs)| ours != theirs) {
        println!("  ours:   {ours}\n  theirs: {theirs}");
    }
    false
}
