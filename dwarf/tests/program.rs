//! A small program without optimization, held and looked at from outside.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tailscope_dwarf::target::Target;
use tailscope_dwarf::*;

const PROGRAM: &str = r#"
use std::io::Write;
#[allow(dead_code)]
enum Shape { Empty, Circle { radius: f64 }, Named(&'static str, u8) }
struct Point { x: i32, y: i32 }
fn inner(depth: u8, shape: &Shape, numbers: &[u64]) -> u8 {
    let point = Point { x: -1, y: i32::MAX };
    let circle = Shape::Circle { radius: 2.5 };
    let flag = true;
    let letter = 'é';
    let empty = Shape::Empty;
    println!("ready");
    std::io::stdout().flush().unwrap();
    loop {
        std::thread::sleep(std::time::Duration::from_secs(1000));
        if point.x == 5 { println!("{flag} {letter} {}", matches!(&circle, Shape::Empty) || matches!(&empty, Shape::Empty) || point.y > 0); return depth + numbers.len() as u8; }
        if let Shape::Empty = shape { return 0; }
    }
}
fn outer(limit: i128) -> u8 {
    let numbers = vec![10, 20, 30];
    let shape = Shape::Named("a shape", 9);
    inner(3, &shape, &numbers) + (limit > 0) as u8
}
fn main() { std::process::exit(outer(-170141183460469231731687303715884105728) as i32); }
"#;

struct Started {
    child: Child,
    folder: PathBuf,
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn start() -> Started {
    let folder = std::env::temp_dir().join(format!("tailscope-dwarf-program-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    std::fs::write(folder.join("p.rs"), PROGRAM).expect("the program can be written");
    let made = Command::new("rustc").args(["-g", "-Copt-level=0", "--edition=2021", "p.rs"]).current_dir(&folder).status();
    assert!(made.expect("there is a compiler").success());
    let mut child = Command::new(folder.join("p")).stdout(Stdio::piped()).spawn().expect("it runs");
    let mut ready = [0; 5];
    child.stdout.as_mut().expect("it has an output").read_exact(&mut ready).expect("it says that it is ready");
    Started { child, folder }
}

#[test]
fn a_program_is_seen_from_outside() {
    let started = start();
    let target = Target::any_process(started.child.id() as i32).expect("a child may be looked at");
    let main = target.main().expect("it has a binary");
    let types = Types::new(main.image);
    let thread = target.threads.first().expect("it has a thread");
    let frames = target.modules.frames(&*target.memory, thread.registers);
    let mut shown: Vec<(String, String, String)> = Vec::new();
    for frame in frames.iter().filter(|f| main.contains(f.lookup_pc())) {
        let all = functions(&types, main, frame).unwrap_or_default();
        let name = all.first().map(|f| f.name.clone()).unwrap_or_default();
        if !name.starts_with("p::") {
            continue;
        }
        let reader = Reader { types: &types, memory: &*target.memory };
        for v in variables(&types, &*target.memory, main, frame).expect("it has debug information") {
            let text = match (v.ty, &v.content) {
                (Some(ty), Ok(content)) => reader.show(ty, content).text,
                _ => NOT_AVAILABLE.to_owned(),
            };
            shown.push((name.clone(), v.name, text));
        }
    }
    let of = |function: &str, name: &str| {
        let found = shown.iter().find(|s| s.0 == function && s.1 == name);
        found.unwrap_or_else(|| panic!("{name} of {function}: {shown:#?}")).2.clone()
    };
    assert_eq!(of("p::inner", "depth"), "3");
    assert_eq!(of("p::inner", "point"), "Point { x: -1, y: 2147483647 }");
    assert_eq!(of("p::inner", "circle"), "Circle { radius: 2.5 }");
    assert_eq!(of("p::inner", "empty"), "Empty");
    assert_eq!((of("p::inner", "flag"), of("p::inner", "letter")), ("true".into(), "'é'".into()));
    assert_eq!(of("p::inner", "numbers"), "[10, 20, 30]");
    assert_eq!(of("p::outer", "shape"), "Named(\"a shape\", 9)");
    assert_eq!(of("p::outer", "limit"), i128::MIN.to_string());
}

#[test]
fn what_cannot_be_held_is_said() {
    let said = |pid: i32| Target::process(pid).map(|_| ()).expect_err("it is none of ours").0;
    assert_eq!(said(0x3fff_fff0), "there is no process 1073741808");
    assert_eq!(said(-5), "there is no process -5");
    let mut child = Command::new("sleep").arg("1000").spawn().expect("sleep runs");
    let text = said(child.id() as i32);
    assert!(text.contains("sleep") || text.contains("coreutils"), "{text}");
    assert!(text.ends_with("which is not tailscope"), "{text}");
    child.kill().expect("it runs");
    child.wait().expect("it ended");
}
