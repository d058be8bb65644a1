//! `tailscope inspect` and `tailscope handlers`, through the binary: processes that are busy, wait, hang
//! or have crashed, against what the programs themselves say of their stacks.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use std::io::{BufRead, BufReader};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value as Json;

const BINARY: &str = env!("CARGO_BIN_EXE_tailscope");

fn program(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inspect").join(name)
}

/// A program that runs, and the line that it printed first.
struct Running {
    child: Child,
    said: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start_in(name: &str, interp: &str, folder: &Path) -> Running {
    let mut command = Command::new(BINARY);
    command.args(["run", "--interp", interp]).arg(program(name)).current_dir(folder);
    command.stdout(Stdio::piped()).stderr(Stdio::null()).env("PYTHONDONTWRITEBYTECODE", "1");
    // SAFETY: calls that are allowed between fork and exec.
    unsafe {
        command.pre_exec(|| {
            let unlimited = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
            libc::setrlimit(libc::RLIMIT_CORE, &unlimited);
            Ok(())
        });
    }
    let mut child = command.spawn().expect("the binary runs");
    let mut said = String::new();
    BufReader::new(child.stdout.take().expect("it has an output")).read_line(&mut said).expect("it says something");
    Running { child, said: said.trim().to_owned() }
}

fn start(name: &str, interp: &str) -> Running {
    start_in(name, interp, Path::new("/"))
}

fn inspect(args: &[&str]) -> Output {
    Command::new(BINARY).arg("inspect").args(args).output().expect("the binary runs")
}

fn text(o: &Output) -> String {
    assert!(o.status.success(), "{}", String::from_utf8_lossy(&o.stderr));
    String::from_utf8_lossy(&o.stdout).into_owned()
}

fn stacks(r: &Running, more: &[&str]) -> Json {
    let pid = r.child.id().to_string();
    let args: Vec<&str> = ["--pid", &pid, "--json"].iter().chain(more).copied().collect();
    serde_json::from_str(&text(&inspect(&args))).expect("it is JSON")
}

/// Functions and lines of a thread, as `report.py` writes them.
fn frames(thread: &Json) -> String {
    let all = thread["frames"].as_array().expect("it has frames").iter();
    let all = all.map(|f| format!("{}:{}", f["name"].as_str().unwrap_or("?"), f["line"]));
    all.collect::<Vec<_>>().join(";")
}

fn functions(thread: &Json) -> Vec<&str> {
    thread["frames"].as_array().expect("it has frames").iter().map(|f| f["function"].as_str().unwrap_or("?")).collect()
}

fn local<'a>(frame: &'a Json, name: &str) -> &'a str {
    let all = frame["locals"].as_array().expect("it has variables");
    let found = all.iter().find(|l| l["name"] == name).unwrap_or_else(|| panic!("{name} in {frame:#}"));
    found["value"].as_str().expect("it is text")
}

/// Looks until something is there, which takes its time on a busy machine.
fn until(mut look: impl FnMut() -> Option<Json>) -> Json {
    for _ in 0..200 {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("it did not come to that");
}

/// Whether this machine lets one process look at another.
fn may_look() -> bool {
    let scope = std::fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").unwrap_or_default();
    // SAFETY: always succeeds.
    let is_root = unsafe { libc::geteuid() } == 0;
    let may = is_root || matches!(scope.trim(), "" | "0");
    if !may {
        eprintln!("skipped: kernel.yama.ptrace_scope is {}, and this is not root", scope.trim());
    }
    may
}

const INTERPRETERS: [&str; 2] = ["tail", "loop"];

#[test]
fn a_busy_process_has_a_consistent_stack() {
    if !may_look() {
        return;
    }
    for interp in INTERPRETERS {
        let r = start("busy.py", interp);
        assert_eq!(r.said, "ready");
        let (mut last, mut opcodes) = (0, std::collections::HashSet::new());
        for _ in 0..25 {
            let all = stacks(&r, &["--stack"]);
            assert_eq!(all["interpreter"], interp);
            let thread = &all["threads"][0];
            assert_eq!(thread["state"], "running");
            assert_eq!(thread["notes"], Json::Array(vec![]), "{interp}: {thread:#}");
            let names = functions(thread);
            let spin = names.iter().position(|n| *n == "spin").expect("it spins");
            assert!(names[..spin] == ["step"] || names[..spin].is_empty(), "{names:?}");
            assert_eq!(names[spin..], ["spin", "start", "<module>"]);
            let frame = &thread["frames"][spin];
            let number = |name: &str| local(frame, name).parse::<i64>().expect("it is a number");
            // It counts the one, then the other.
            let (a, b) = (number("a"), number("b"));
            assert!(a == b || a == b + 1, "{interp}: {a} {b}");
            assert!(a >= last, "{a} after {last}");
            last = a;
            if spin == 1 {
                assert_eq!(local(&thread["frames"][0], "number"), a.to_string());
                assert_eq!(frame["instruction"]["opcode"], "CALL");
            }
            opcodes.insert(thread["frames"][0]["instruction"]["opcode"].as_str().unwrap_or("?").to_owned());
        }
        // Not always at the same place.
        assert!(opcodes.len() > 3, "{interp}: {opcodes:?}");
    }
}

#[test]
fn a_sleeping_process_shows_its_variables() {
    if !may_look() {
        return;
    }
    for interp in INTERPRETERS {
        let r = start("sleeping.py", interp);
        let all = until(|| Some(stacks(&r, &["-v"])).filter(|s| s["threads"][0]["wait"]["for"] == "time"));
        let thread = &all["threads"][0];
        assert_eq!(frames(thread), r.said);
        assert_eq!(functions(thread), ["outer.<locals>.inner", "outer", "<module>"]);
        let seconds = thread["wait"]["seconds"].as_f64().expect("it has an end");
        assert!((900.0..=1000.0).contains(&seconds), "{seconds}");
        let [inner, outer, module] = [0, 1, 2].map(|i| &thread["frames"][i]);
        assert_eq!(inner["instruction"]["opcode"], "CALL");
        assert_eq!(local(inner, "text"), "\"text with 'quotes'\"");
        assert_eq!((local(inner, "n"), local(inner, "later"), local(inner, "shared")), ("2", "None", "[1]"));
        assert_eq!((local(outer, "first"), local(outer, "rest"), local(outer, "key")), ("1", "(2, 3)", "'value'"));
        assert_eq!(local(outer, "more"), "{'extra': -5}");
        assert!(local(outer, "thing").starts_with("<__main__.Thing object at 0x"), "{outer:#}");
        let thing = outer["locals"].as_array().expect("a list").iter().find(|l| l["name"] == "thing").expect("it is there");
        assert_eq!(thing["type"], "__main__.Thing");
        assert_eq!(thing["attributes"], serde_json::json!([{"name": "name", "value": "'it'"}, {"name": "size", "value": "3"}]));
        let values = local(module, "values");
        for part in [
            "'big': 1267650600228229401496703205376",
            "'float': 0.1",
            r"'bytes': b'\x00a'",
            "'nested': [(1, 2), {3}, {'k': [True, None, Ellipsis]}]",
            "… 900 more]",
        ] {
            assert!(values.contains(part), "{part} in {values}");
        }
        let shown = text(&inspect(&["--pid", &r.child.id().to_string()]));
        for part in [
            "Thread 1 \"MainThread\": sleeps for ",
            "report(); time.sleep(1000)\n                  ^^^^^^^^^^^^^^^^\n",
            "shared = [1]",
            "return inner(len(rest))",
        ] {
            assert!(shown.contains(part), "{part:?} in {shown}");
        }
    }
}

#[test]
fn endless_loops_are_shown_in_python_and_in_native_code() {
    if !may_look() {
        return;
    }
    for interp in INTERPRETERS {
        let r = start("looping.py", interp);
        let all = until(|| Some(stacks(&r, &[])).filter(|s| s["threads"][0]["frames"].as_array().is_some_and(|f| f.len() == 2)));
        assert_eq!(frames(&all["threads"][0]), "hang:6;<module>:9", "{interp}");

        let r = start("native.py", interp);
        let native = |s: &Json| s["threads"][0]["native"].to_string().contains("deque");
        let all = until(|| Some(stacks(&r, &[])).filter(native));
        assert_eq!(frames(&all["threads"][0]), r.said, "{interp}");
        let shown = text(&inspect(&["--pid", &r.child.id().to_string()]));
        assert!(shown.contains("running, in native code"), "{shown}");
    }
}

#[test]
fn a_deadlock_names_the_locks_and_who_holds_them() {
    if !may_look() {
        return;
    }
    let r = start("deadlock.py", "tail");
    let all = until(|| Some(stacks(&r, &[])).filter(|s| s["deadlock"] == true));
    let threads = all["threads"].as_array().expect("a list");
    let of = |name: &str| threads.iter().find(|t| t["name"] == name).unwrap_or_else(|| panic!("{name} in {all:#}"));
    let (one, two) = (of("one"), of("two"));
    assert_eq!(functions(one)[0], "one");
    assert_eq!((&one["frames"][0]["line"], &two["frames"][0]["line"]), (&Json::from(12), &Json::from(19)));
    assert_eq!((&one["wait"]["holders"], &two["wait"]["holders"]), (&serde_json::json!([two["id"]]), &serde_json::json!([one["id"]])));
    assert!(two["wait"]["lock"].as_str().is_some_and(|l| l.starts_with("<locked _thread.lock object at 0x")), "{two:#}");
    assert_eq!(of("MainThread")["wait"]["for_ever"], true);
    assert_eq!(functions(of("MainThread")).last(), Some(&"<module>"));
    let shown = text(&inspect(&["--pid", &r.child.id().to_string(), "--no-locals"]));
    assert!(shown.contains("Deadlock: All threads wait") && shown.contains("held by thread 2 \"one\""), "{shown}");
}

#[test]
fn generators_and_coroutines_are_frames_like_others() {
    if !may_look() {
        return;
    }
    for interp in INTERPRETERS {
        let r = start("asynchronous.py", interp);
        let all = until(|| Some(stacks(&r, &[])).filter(|s| s["threads"][0]["wait"]["for"] == "time"));
        let thread = &all["threads"][0];
        assert_eq!(frames(thread), r.said, "{interp}");
        assert_eq!(functions(thread)[..4], ["numbers", "relay", "work", "main"]);
        assert_eq!(local(&thread["frames"][0], "i"), "2");
        assert_eq!(local(&thread["frames"][3], "label"), "'a label'");
    }
}

/// The core file of a program that crashes (by a signal that it is `sent`, if not by itself), in a folder
/// of its own; `None` where this machine writes none.
fn core_file(name: &str, interp: &str, sent: Option<i32>) -> Option<(PathBuf, PathBuf, String)> {
    let folder = std::env::temp_dir().join(format!("tailscope-core-{name}-{interp}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let mut r = start_in(name, interp, &folder);
    if let Some(signal) = sent {
        std::thread::sleep(Duration::from_millis(100));
        // SAFETY: a signal for our own child.
        unsafe { libc::kill(r.child.id() as i32, signal) };
    }
    let status = r.child.wait().expect("it ends");
    // At once, as any program.
    assert_eq!(status.signal(), Some(libc::SIGSEGV));
    let said = r.said.clone();
    let found = std::fs::read_dir(&folder).expect("it is there").filter_map(|e| Some(e.ok()?.path()));
    let found = found.into_iter().find(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("core")));
    if found.is_none() {
        let pattern = std::fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap_or_default();
        eprintln!("skipped: this machine writes no core file into the working folder (core_pattern is {})", pattern.trim());
        std::fs::remove_dir_all(&folder).expect("the folder can be removed");
        return None;
    }
    found.map(|core| (core, folder, said))
}

#[test]
fn a_core_file_has_the_stack_of_the_crash() {
    for interp in INTERPRETERS {
        let Some((core, folder, said)) = core_file("crash.py", interp, None) else { return };
        let path = core.display().to_string();
        let all: Json = serde_json::from_str(&text(&inspect(&["--core", &path, "--json"]))).expect("it is JSON");
        assert_eq!(all["signal"], "SIGSEGV");
        let thread = &all["threads"][0];
        assert_eq!(frames(thread), said, "{interp}");
        assert_eq!((local(&thread["frames"][0], "here"), local(&thread["frames"][3], "depth")), ("'depth 0'", "3"));
        assert!(thread["native"].to_string().contains("faulthandler"), "{thread:#}");
        let shown = text(&inspect(&["--core", &path]));
        assert!(shown.contains("Ended by SIGSEGV") && shown.contains("report(); faulthandler._sigsegv()"), "{shown}");
        damaged_core_files_are_told(&core);
        std::fs::remove_dir_all(&folder).expect("the folder can be removed");
    }
}

/// Whatever instruction of the machine the signal finds it at.
#[test]
fn a_core_file_of_a_busy_process_has_its_stack() {
    for interp in INTERPRETERS {
        for _ in 0..3 {
            let Some((core, folder, _)) = core_file("busy.py", interp, Some(libc::SIGSEGV)) else { return };
            let all: Json = serde_json::from_str(&text(&inspect(&["--core", &core.display().to_string(), "--json"]))).expect("it is JSON");
            std::fs::remove_dir_all(&folder).expect("the folder can be removed");
            let names = functions(&all["threads"][0]);
            let spin = names.iter().position(|n| *n == "spin").unwrap_or_else(|| panic!("{all:#}"));
            assert_eq!(names[spin..], ["spin", "start", "<module>"], "{interp}");
            let number = |name: &str| local(&all["threads"][0]["frames"][spin], name).parse::<i64>().expect("it is a number");
            assert!(number("a") == number("b") || number("a") == number("b") + 1, "{interp}: {all:#}");
        }
    }
}

fn damaged_core_files_are_told(core: &Path) {
    // Another binary than the one that ran.
    let shell = inspect(&["--core", &core.display().to_string(), "--exe", "/bin/sh"]);
    let said = String::from_utf8_lossy(&shell.stderr).into_owned();
    assert!(!shell.status.success() && said.contains("is another build"), "{said}");
    let same = inspect(&["--core", &core.display().to_string(), "--exe", BINARY]);
    assert!(same.status.success());
    // Shorter and shorter: most of it is holes, which a copy would fill.
    let file = std::fs::OpenOptions::new().write(true).open(core).expect("it can be written");
    let whole = file.metadata().expect("it is there").len();
    for part in [whole - 1, whole / 2, whole / 100, 1000, 64, 3] {
        file.set_len(part).expect("it can be cut off");
        let o = inspect(&["--core", &core.display().to_string()]);
        let all = String::from_utf8_lossy(&o.stdout).into_owned() + &String::from_utf8_lossy(&o.stderr);
        assert!(matches!(o.status.code(), Some(0 | 1)), "{part}: {all}");
        assert!(all.contains("is cut off") || all.contains("is no core file"), "{part}: {all}");
    }
}

#[test]
fn what_cannot_be_inspected_is_said_in_a_sentence() {
    let said = |args: &[&str]| {
        let o = inspect(args);
        assert_eq!(o.status.code(), Some(1), "{args:?}");
        String::from_utf8_lossy(&o.stderr).into_owned()
    };
    assert_eq!(said(&["--pid", "1073741808"]), "tailscope: there is no process 1073741808\n");
    assert!(said(&["--core", "/nothing"]).starts_with("tailscope: /nothing cannot be opened: "));
    assert_eq!(said(&["--core", BINARY]), format!("tailscope: {BINARY} is no core file\n"));
    if !may_look() {
        return;
    }
    let mut other = Command::new("sleep").arg("100").spawn().expect("sleep runs");
    let text = said(&["--pid", &other.id().to_string()]);
    other.kill().expect("it runs");
    other.wait().expect("it ended");
    assert!(text.contains("which is not tailscope"), "{text}");
    // The debug adapter's process makes no VM.
    let mut adapter = Command::new(BINARY).arg("dap").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it runs");
    std::thread::sleep(Duration::from_millis(200));
    let text = said(&["--pid", &adapter.id().to_string()]);
    adapter.kill().expect("it runs");
    adapter.wait().expect("it ended");
    assert!(text.contains("has no Python VM"), "{text}");
}

/// What is inspected goes on as if nothing had been.
#[test]
fn a_process_goes_on_after_it_was_inspected() {
    if !may_look() {
        return;
    }
    let code = "import sys\nprint('ready', flush=True)\nt = 0\nfor i in range(3000000): t += i\nprint(t)";
    let mut child = Command::new(BINARY).args(["run", "-c", code]).stdout(Stdio::piped()).spawn().expect("it runs");
    let mut lines = BufReader::new(child.stdout.take().expect("it has an output")).lines();
    assert_eq!(lines.next().expect("a line").expect("text"), "ready");
    while child.try_wait().expect("it is ours").is_none() {
        // It may have ended by now.
        inspect(&["--pid", &child.id().to_string()]);
    }
    assert_eq!(lines.next().expect("a line").expect("text"), "4499998500000");
    assert!(child.wait().expect("it ended").success());
}

#[test]
fn handlers_of_the_tail_calling_interpreter_can_be_seen() {
    let run = |args: &[&str]| -> Json {
        let o = Command::new(BINARY).arg("handlers").args(args).output().expect("it runs");
        serde_json::from_str(&text(&o)).expect("it is JSON")
    };
    let all = run(&["--json", "--each"]);
    let of = |name: &str| {
        let found = all["interpreters"].as_array().expect("a list").iter().find(|i| i["interpreter"] == name);
        found.unwrap_or_else(|| panic!("{name} in {all:#}")).clone()
    };
    let (tail, in_loop) = (of("tail"), of("loop"));
    assert!(tail["handlers"].as_u64().is_some_and(|n| n > 200), "{}", tail["handlers"]);
    let share = |i: &Json| i["total"]["registers"]["share"].as_f64().expect("it has variables");
    assert!(share(&tail) > share(&in_loop), "{} {}", share(&tail), share(&in_loop));
    let frames = share(&of("frames"));
    assert!(frames > 0.9, "made to be seen: {frames}");
    let one = run(&["--json", "load_fast"]);
    assert_eq!(one["interpreters"][0]["each"][0]["opcode"], "LOAD_FAST");
    let unknown = Command::new(BINARY).args(["handlers", "NOTHING"]).output().expect("it runs");
    assert_eq!(unknown.status.code(), Some(1));
}
