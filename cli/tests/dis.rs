//! The forms of `tailscope dis`.

use std::path::PathBuf;
use std::process::Command;

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
    assert!(text.starts_with("{\n\"format\": \"tailscope-dis\",\n\"version\": 1,\n"), "{text}");
    assert!(text.contains("\"qualname\": \"f\"") && text.contains("{\"code\": 1}"), "{text}");
    assert!(text.contains("{\"name\": \"c\", \"kinds\": [\"local\", \"argument\"]}"), "{text}");
    let (open, closed) = (text.matches(['{', '[']).count(), text.matches(['}', ']']).count());
    assert_eq!(open, closed);
    assert!(!dis("both", &["--json", "--python"]).1);
}
