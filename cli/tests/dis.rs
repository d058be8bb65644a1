//! The forms of `tailscope dis`.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value as Json, json};

const SOURCE: &str = "def f(a, *b, c):\n    while a:\n        a -= 1\n";

/// What `tailscope dis` prints with these options, and whether it went well.
fn dis(name: &str, options: &[&str]) -> (String, bool) {
    let file: PathBuf = std::env::temp_dir().join(format!("tailscope-dis-{}-{name}.py", std::process::id()));
    std::fs::write(&file, SOURCE).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_tailscope")).arg("dis").args(options).arg(&file).output().unwrap();
    std::fs::remove_file(&file).unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.success())
}

#[test]
fn programs_get_pythons_text() {
    let (text, good) = dis("python", &["--python"]);
    assert!(good);
    assert!(text.starts_with("  0           RESUME                   0\n"), "{text}");
    let without_addresses = |text: &str| -> Vec<String> {
        text.split(" at 0x").map(|part| part.trim_start_matches(|c: char| c.is_ascii_hexdigit()).to_owned()).collect()
    };
    assert_eq!(without_addresses(&dis("python", &[]).0), without_addresses(&text));
}

#[test]
fn people_get_arrows_and_source_lines() {
    let (text, good) = dis("listing", &["--source"]);
    assert!(good);
    assert!(text.contains("f(a, *b, c)  "), "{text}");
    let jump = text.lines().find(|line| line.contains("JUMP_BACKWARD")).unwrap();
    assert!(jump.contains('╰') && jump.contains("to "), "{text}");
    let line = text.lines().position(|line| line.ends_with("        a -= 1")).unwrap();
    assert!(text.lines().nth(line + 1).unwrap().contains("LOAD_FAST_BORROW"), "{text}");
    assert!(!text.contains('\x1b'), "colours are for terminals: {text}");
}

#[test]
fn json_has_all_code_objects() {
    let (text, good) = dis("json", &["--json"]);
    assert!(good);
    // People read it as well: an instruction is a line.
    assert!(text.starts_with("{\n\"format\": \"tailscope-dis\",\n\"version\": 1,\n"), "{text}");
    assert!(text.lines().any(|line| line.starts_with("  {\"offset\":0,\"opcode\":\"RESUME\",\"oparg\":0,")), "{text}");
    let document: Json = serde_json::from_str(&text).expect("it is JSON");
    let [module, f] = document["codes"].as_array().expect("a list").as_slice() else { panic!("{document}") };
    assert!(module["constants"].as_array().expect("a list").contains(&json!({"code": 1})), "{module}");
    assert_eq!((&f["qualname"], &f["first_line"], &f["keyword_only"]), (&json!("f"), &json!(1), &json!(1)));
    assert!(f["variables"].as_array().expect("a list").contains(&json!({"name": "c", "kinds": ["local", "argument"]})), "{f}");
    let jump = f["instructions"].as_array().expect("a list").iter().find(|i| i["opcode"] == "JUMP_BACKWARD");
    let jump = jump.expect("the loop's end");
    assert!(jump["jump_target"].is_u64() && jump["caches"] == json!([{"name": "counter", "units": 1}]), "{jump}");
    assert!(!dis("both", &["--json", "--python"]).1);
}
