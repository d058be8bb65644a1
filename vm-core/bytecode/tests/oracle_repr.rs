//! Reprs, hashes and set orders of constants against CPython's.

mod common;

use tailscope_bytecode::{marshal, repr, setorder};

#[test]
fn constants_are_shown_as_cpython_shows_them() {
    let Some(python) = common::oracle() else {
        return;
    };
    let count = if common::all() { "200000" } else { "10000" };
    let output = common::run_script(&python, "reprs.py", &[count]);
    let end = output
        .iter()
        .position(|&byte| byte == b'\n')
        .expect("a line");
    check_printable(&String::from_utf8_lossy(&output[..end]));

    let mut rest = &output[end + 1..];
    let mut compared = 0;
    while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
        let line = String::from_utf8_lossy(&rest[..end]);
        let sizes: Vec<usize> = line
            .split('\t')
            .map(|n| n.parse().expect("a size"))
            .collect();
        let &[data, shown, hashed] = &sizes[..] else {
            panic!("a record begins with {line:?}");
        };
        let (data, body) = rest[end + 1..].split_at(data);
        let (shown, body) = body.split_at(shown);
        let (hashed, body) = body.split_at(hashed);
        let graph = marshal::read(data).expect("a value");
        assert!(
            graph.write(marshal::VERSION).as_deref() == Ok(data),
            "{shown:?} changes"
        );
        let value = graph.constant().expect("a constant");
        let theirs = String::from_utf8_lossy(shown);
        assert_eq!(repr::repr(&value, &|_| 0), theirs);
        assert_eq!(
            setorder::hash(&value).to_string().as_bytes(),
            hashed,
            "hash of {theirs}"
        );
        compared += 1;
        rest = body;
    }
    println!("{compared} constants compared");
    assert!(compared > 10_000);
}

fn check_printable(bounds: &str) {
    let bounds: Vec<u32> = bounds
        .split(' ')
        .map(|n| n.parse().expect("a bound"))
        .collect();
    for point in 0..=0x10_FFFF {
        let Some(c) = char::from_u32(point) else {
            continue;
        };
        // An odd number of bounds up to here: inside a printable run.
        let theirs = bounds.partition_point(|&bound| bound <= point) % 2 == 1;
        assert_eq!(repr::is_printable(c), theirs, "U+{point:04X}");
    }
}
