//! The binary as a person uses it: programs run, errors said, recordings read.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

fn tailscope() -> Command {
    Command::new(env!("CARGO_BIN_EXE_tailscope"))
}

fn run(args: &[&str]) -> Output {
    tailscope().args(args).stdin(Stdio::null()).output().expect("the binary starts")
}

fn stdout(o: &Output) -> String {
    String::from_utf8_lossy(&o.stdout).into_owned()
}

fn stderr(o: &Output) -> String {
    String::from_utf8_lossy(&o.stderr).into_owned()
}

/// A folder of this test's own, with a file in it.
fn file(test: &str, name: &str, contents: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    let path = folder.join(name);
    std::fs::write(&path, contents).expect("a file for the test");
    path
}

const LOOPS: &str = "
def f(n):
    total = 0
    for i in range(n):
        if i % 3 == 0:
            total += i
    return total
print(f(300))
";

#[test]
fn a_program_runs_on_every_interpreter() {
    let p = file("both", "p.py", LOOPS.as_bytes());
    for interp in ["tail", "loop", "frames"] {
        let o = run(&["run", "--interp", interp, p.to_str().unwrap()]);
        assert_eq!((stdout(&o).as_str(), o.status.code()), ("14850\n", Some(0)), "{interp}: {}", stderr(&o));
    }
}

#[test]
fn exit_statuses_are_cpythons() {
    for (code, status) in [
        ("raise SystemExit(3)", 3),
        ("raise SystemExit", 0),
        ("raise SystemExit('said')", 1),
        ("1/0", 1),
        ("pass", 0),
    ] {
        assert_eq!(run(&["run", "-c", code]).status.code(), Some(status), "{code}");
    }
}

#[test]
fn arguments_reach_the_program() {
    let o = run(&["run", "-c", "import sys; print(sys.argv)", "a", "--b"]);
    assert_eq!(stdout(&o), "['-c', 'a', '--b']\n", "{}", stderr(&o));
}

#[test]
fn an_uncaught_exception_names_file_line_and_function() {
    let p = file("uncaught", "p.py", b"def f():\n    return 1 / 0\n\nf()\n");
    let o = run(&["run", p.to_str().unwrap()]);
    let text = stderr(&o);
    assert_eq!(o.status.code(), Some(1));
    for part in ["Traceback (most recent call last):", "line 4, in <module>", "line 2, in f", "ZeroDivisionError: division by zero"] {
        assert!(text.contains(part), "{part:?} is missing from:\n{text}");
    }
}

#[test]
fn a_syntax_error_is_one() {
    let p = file("syntax", "p.py", b"x = 1\nif x\n    pass\n");
    for command in ["run", "dis", "compile"] {
        let o = run(&[command, p.to_str().unwrap()]);
        assert_eq!(o.status.code(), Some(1), "{command}");
        assert!(stderr(&o).contains("SyntaxError: expected ':'"), "{command}: {}", stderr(&o));
    }
}

#[test]
fn a_missing_file_is_named() {
    let o = run(&["run", "/no/such/file.py"]);
    assert_eq!(o.status.code(), Some(2));
    assert!(stderr(&o).contains("can't open file '/no/such/file.py': [Errno 2] No such file or directory"));
}

#[test]
fn damaged_and_foreign_pyc_files_are_refused() {
    let source = file("pyc", "p.py", LOOPS.as_bytes());
    let good = source.with_extension("pyc");
    assert!(run(&["compile", source.to_str().unwrap(), "-o", good.to_str().unwrap()]).status.success());
    assert_eq!(stdout(&run(&["run", good.to_str().unwrap()])), "14850\n");
    let bytes = std::fs::read(&good).unwrap();
    let mut foreign = bytes.clone();
    foreign[0] ^= 0x55;
    let mut wild = bytes.clone();
    let end = wild.len() / 2;
    wild[end] ^= 0xff;
    for (name, contents) in [
        ("truncated.pyc", &bytes[..bytes.len() / 2]),
        ("header.pyc", &bytes[..10]),
        ("empty.pyc", &[][..]),
        ("foreign.pyc", &foreign[..]),
    ] {
        let p = file("pyc", name, contents);
        let o = run(&["run", p.to_str().unwrap()]);
        assert_eq!(o.status.code(), Some(2), "{name}: {}", stderr(&o));
        assert!(stderr(&o).contains(name), "{name} must be named: {}", stderr(&o));
    }
    // A flipped byte may still be a valid program; it must not crash.
    let p = file("pyc", "wild.pyc", &wild);
    assert!(run(&["run", p.to_str().unwrap()]).status.code().is_some(), "a flipped byte crashed the VM");
}

#[test]
fn pyc_files_are_imported_where_there_is_no_source() {
    let program = "
import plain, package.inner
print(plain.__file__.endswith('plain.pyc'), package.inner.VALUE)
for name in 'foreign', 'short':
    try:
        __import__(name)
    except ImportError as e:
        print(e.name, e.path.endswith(name + '.pyc'), str(e).split(':')[0])
";
    let main = file("imports", "main.py", program.as_bytes());
    let folder = main.parent().unwrap();
    std::fs::create_dir_all(folder.join("package")).unwrap();
    for (name, source) in [("plain", ""), ("package/__init__", ""), ("package/inner", "VALUE = 42")] {
        let source_file = folder.join(format!("{name}.py"));
        std::fs::write(&source_file, source).unwrap();
        let out = source_file.with_extension("pyc");
        assert!(run(&["compile", source_file.to_str().unwrap(), "-o", out.to_str().unwrap()]).status.success());
        std::fs::remove_file(source_file).unwrap();
    }
    let good = std::fs::read(folder.join("plain.pyc")).unwrap();
    let mut foreign = good.clone();
    foreign[0] ^= 0x55;
    std::fs::write(folder.join("foreign.pyc"), foreign).unwrap();
    std::fs::write(folder.join("short.pyc"), &good[..good.len() - 3]).unwrap();
    let expected = "True 42\nforeign True bad magic number in 'foreign'\nshort True cannot run the code of 'short'\n";
    assert_eq!(stdout(&run(&["run", main.to_str().unwrap()])), expected);
}

#[test]
fn deep_recursion_raises() {
    let o = run(&["run", "-c", "def f(n): return f(n + 1)\nf(0)"]);
    assert_eq!(o.status.code(), Some(1));
    assert!(stderr(&o).contains("RecursionError: maximum recursion depth exceeded"), "{}", stderr(&o));
}

#[test]
fn a_small_native_stack_is_enough() {
    let program = "
def f(n):
    return 0 if n == 0 else 1 + f(n - 1)
class C:
    def __init__(self, n): self.n = n
    def m(self, n): return self.n if n == 0 else self.m(n - 1)
def g(n):
    if n:
        yield n
        yield from g(n - 1)
print(f(900), C(7).m(900), sum(g(200)))
";
    let p = file("stack", "p.py", program.as_bytes());
    for interp in ["tail", "loop", "frames"] {
        let script = format!(
            "ulimit -s 400 && exec '{}' run --interp {interp} '{}'",
            env!("CARGO_BIN_EXE_tailscope"),
            p.display()
        );
        let o = Command::new("sh").args(["-c", &script]).output().expect("sh starts");
        assert_eq!(stdout(&o), "900 7 20100\n", "{interp}: {}", stderr(&o));
    }
}

/// Python programs of the VM's tests.
fn corpus() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vm-core/vm/tests/programs");
    let entries = std::fs::read_dir(folder).expect("the folder of programs");
    let files = entries.filter_map(|e| Some(e.ok()?.path()));
    let mut programs: Vec<_> = files.filter(|p| p.extension().is_some_and(|e| e == "py")).collect();
    programs.sort();
    programs
}

/// Runs the corpus with little native stack and with more: the output must be the same.
fn run_on_a_small_native_stack(interp: &str) {
    let programs = corpus();
    assert!(programs.len() > 20, "the corpus is there");
    // Those that recurse as deep as they are let are the VM's own test.
    let deep = |p: &Path| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("deep_"));
    for program in programs.iter().filter(|p| !deep(p)) {
        let on_a_stack_of = |limit: &str| {
            let script = format!("ulimit -s {limit} && exec \"$0\" run --interp {interp} \"$1\"");
            let mut shell = Command::new("sh");
            shell.args(["-c", &script, env!("CARGO_BIN_EXE_tailscope")]).arg(program).stdin(Stdio::null());
            shell.output().expect("sh starts")
        };
        // Without optimization, frames are larger, those of the loop above all.
        let (little, much) = match (cfg!(debug_assertions), interp) {
            (false, _) => ("256", "1024"),
            (true, "tail") => ("512", "2048"),
            (true, _) => ("2048", "4096"),
        };
        let (small, large) = (on_a_stack_of(little), on_a_stack_of(much));
        let what = format!("{} on {interp}: {}", program.display(), stderr(&small));
        assert_eq!(small.status.code(), large.status.code(), "{what}");
        assert!(small.status.code().is_some(), "{what}");
        assert_eq!(stdout(&small), stdout(&large), "{what}");
    }
}

#[test]
fn the_corpus_runs_on_a_small_native_stack() {
    run_on_a_small_native_stack("tail");
}

#[test]
fn the_corpus_runs_on_a_small_native_stack_in_the_loop() {
    run_on_a_small_native_stack("loop");
}

#[test]
fn dis_shows_what_the_compiler_made() {
    let p = file("dis", "p.py", b"print('x')\n");
    let o = run(&["dis", p.to_str().unwrap()]);
    let expected = "  0           RESUME                   0\n\n  1           LOAD_NAME                0 (print)\n              PUSH_NULL\n              LOAD_CONST               0 ('x')\n              CALL                     1\n              POP_TOP\n              LOAD_CONST               1 (None)\n              RETURN_VALUE\n";
    assert_eq!(stdout(&o), expected);
}

#[test]
fn a_trace_is_recorded_and_shown() {
    let p = file("trace", "p.py", LOOPS.as_bytes());
    let t = p.with_extension("tstrace");
    let o = run(&["trace", "-o", t.to_str().unwrap(), p.to_str().unwrap()]);
    assert_eq!(stdout(&o), "14850\n", "{}", stderr(&o));
    let shown = stdout(&run(&["trace", "show", t.to_str().unwrap(), "--function", "f"]));
    assert!(shown.contains("FOR_ITER") && shown.contains("POP_JUMP_IF_TRUE"), "{shown}");
    let main = stdout(&run(&["trace", "show", t.to_str().unwrap(), "--function", "<module>"]));
    assert!(main.contains("MAKE_FUNCTION"), "{main}");
    let json = stdout(&run(&["trace", "show", t.to_str().unwrap(), "--json", "--limit", "5"]));
    assert_eq!(json.lines().filter(|l| l.starts_with('{')).count(), json.lines().count(), "{json}");
    let none = run(&["trace", "show", "/no/such/trace"]);
    assert!(!none.status.success() && stderr(&none).contains("/no/such/trace"));
    let foreign = run(&["trace", "show", p.to_str().unwrap()]);
    assert!(!foreign.status.success() && !stderr(&foreign).is_empty());
}

#[test]
fn a_killed_program_leaves_a_readable_trace() {
    let p = file("killed", "p.py", b"n = 0\nwhile True:\n    n += 1\n");
    let t = p.with_extension("tstrace");
    let mut child = tailscope()
        .args(["trace", "-o", t.to_str().unwrap(), p.to_str().unwrap()])
        .stdin(Stdio::null())
        .spawn()
        .expect("the binary starts");
    std::thread::sleep(Duration::from_millis(1500));
    child.kill().expect("it still runs");
    child.wait().expect("it ends");
    let o = run(&["trace", "show", t.to_str().unwrap(), "--limit", "20"]);
    assert!(o.status.success(), "{}", stderr(&o));
    assert!(stdout(&o).contains("JUMP_BACKWARD"), "{}", stdout(&o));
}

#[test]
fn a_profile_counts_branches() {
    let p = file("profile", "p.py", LOOPS.as_bytes());
    let out = p.with_extension("json");
    let o = run(&["profile", "-o", out.to_str().unwrap(), p.to_str().unwrap()]);
    assert_eq!(stdout(&o), "14850\n", "{}", stderr(&o));
    let text = std::fs::read_to_string(&out).expect("the profile is there");
    let squeezed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    // `if i % 3 == 0` jumps to the addition for 100 of 300.
    assert!(squeezed.contains("\"taken\":100,\"not_taken\":200"), "{text}");
}

#[test]
fn an_endless_loop_ends_by_a_signal() {
    let mut child = tailscope()
        .args(["run", "-c", "while True: pass"])
        .stdin(Stdio::null())
        .spawn()
        .expect("the binary starts");
    std::thread::sleep(Duration::from_millis(300));
    child.kill().expect("it still runs");
    let start = Instant::now();
    child.wait().expect("it ends");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn malformed_protocol_messages_do_not_end_the_servers_silently() {
    for command in ["dap", "lsp"] {
        let mut child = tailscope()
            .arg(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut input = child.stdin.take().expect("a pipe");
        input.write_all(b"Content-Length: 12\r\n\r\n{not json!!}").expect("it reads");
        drop(input);
        let o = child.wait_with_output().expect("it ends at the end of its input");
        assert!(o.status.code().is_some(), "{command} was killed by a signal: {}", stderr(&o));
    }
}

/// Runs code as a shell's command with redirections around it.
fn shell(code: &str, redirected: &str) -> Output {
    let script = format!("'{}' run -c \"$0\" {redirected}", env!("CARGO_BIN_EXE_tailscope"));
    Command::new("sh")
        .args(["-c", &script, code])
        .stdin(Stdio::null())
        .env_remove("PYTHONUNBUFFERED")
        .env_remove("PYTHONIOENCODING")
        .output()
        .expect("sh starts")
}

#[test]
fn a_program_that_cannot_write_its_output_fails() {
    let o = shell("print('x' * 200000)", "| head -c 3");
    assert!(stdout(&o).starts_with("xxx"), "{}", stdout(&o));
    assert!(stderr(&o).contains("BrokenPipeError: [Errno 32] Broken pipe"), "{}", stderr(&o));
    let o = shell("print('x')", "> /dev/full");
    assert_eq!(o.status.code(), Some(120));
    assert_eq!(
        stderr(&o),
        "Exception ignored while flushing sys.stdout:\nOSError: [Errno 28] No space left on device\n"
    );
}

#[test]
fn standard_streams_have_the_settings_of_the_environment() {
    let show = "import sys\nfor f in (sys.stdin, sys.stdout, sys.stderr): print(f.encoding, f.errors, f.line_buffering, f.mode, f.name)";
    let with = |name: &str, value: &str| {
        let o = tailscope()
            .args(["run", "-c", show])
            .env_remove("PYTHONUNBUFFERED")
            .env_remove("PYTHONUTF8")
            .env_remove("PYTHONIOENCODING")
            .env("LC_ALL", "C.UTF-8")
            .env(name, value)
            .stdin(Stdio::null())
            .output()
            .expect("the binary starts");
        stdout(&o)
    };
    let expected = |encoding: &str, errors: &str, lines: &str| {
        format!(
            "{encoding} {errors} False r <stdin>\n{encoding} {errors} False w <stdout>\n{encoding} backslashreplace {lines} w <stderr>\n"
        )
    };
    assert_eq!(with("X", ""), expected("utf-8", "surrogateescape", "True"));
    assert_eq!(with("LC_ALL", "C"), expected("utf-8", "surrogateescape", "True"));
    assert_eq!(with("PYTHONUTF8", "1"), expected("utf-8", "surrogateescape", "True"));
    assert_eq!(with("PYTHONIOENCODING", "latin-1"), expected("iso8859-1", "strict", "True"));
    assert_eq!(with("PYTHONIOENCODING", ":replace"), expected("utf-8", "replace", "True"));
    assert_eq!(with("PYTHONUNBUFFERED", "1"), expected("utf-8", "surrogateescape", "False"));
}

#[test]
fn what_was_written_is_kept_when_the_program_ends() {
    let p = file("unclosed", "kept.txt", b"");
    let code = format!(
        "f = open({:?}, 'w')\nf.write('kept')\ncycle = [f]\ncycle.append(cycle)\nclass A:\n  def __del__(self): print('end')\na = A()\nprint('start')",
        p.display().to_string()
    );
    let o = run(&["run", "-c", &code]);
    assert_eq!(stdout(&o), "start\nend\n", "{}", stderr(&o));
    assert_eq!(std::fs::read(&p).expect("the file"), b"kept");
}

#[test]
fn input_reads_lines() {
    let mut child = tailscope()
        .args(["run", "-c", "print([input('? '), input()])\ninput()"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    child.stdin.take().expect("a pipe").write_all("eins\r\nzw\u{e4}i".as_bytes()).expect("it reads");
    let o = child.wait_with_output().expect("it ends");
    assert_eq!(stdout(&o), "? ['eins', 'zw\u{e4}i']\n");
    assert!(stderr(&o).ends_with("EOFError: EOF when reading a line\n"), "{}", stderr(&o));
}

/// Runs a file that says when it is ready, sends it SIGINT then, and waits for its end.
fn interrupted(test: &str, source: &str) -> (std::process::ExitStatus, String, String) {
    use std::io::Read;
    use std::os::unix::process::CommandExt;
    let p = file(test, "p.py", source.as_bytes());
    let mut command = tailscope();
    // Who runs the tests may ignore the signal (a shell does for what it runs in the background),
    // and what is ignored stays so in programs that are started.
    // SAFETY: a call that is allowed between fork and exec.
    unsafe {
        command.pre_exec(|| {
            libc::signal(libc::SIGINT, libc::SIG_DFL);
            Ok(())
        });
    }
    let mut child = command
        .args(["run", p.to_str().unwrap()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let mut first = [0; 6];
    out.read_exact(&mut first).expect("the program says that it is ready");
    // It has begun with what it does, then.
    std::thread::sleep(Duration::from_millis(300));
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.is_ok_and(|s| s.success()), "the signal is sent");
    let (mut stdout, mut stderr) = (String::new(), String::new());
    out.read_to_string(&mut stdout).expect("text");
    err.read_to_string(&mut stderr).expect("text");
    (child.wait().expect("the program ends"), stdout, stderr)
}

#[test]
fn sigint_ends_a_program_with_a_traceback() {
    use std::os::unix::process::ExitStatusExt;
    for (name, body, place) in [
        ("loop", "while True: pass", "line 2, in <module>"),
        ("sleep", "import time; time.sleep(60)", "line 2, in <module>"),
        // In the lambda mostly, but it may come between two calls of it.
        ("callback", "while True: sorted(range(10000), key=lambda x: -x)", "line 2, in <module>"),
        ("generator", "sum(x for x in iter(int, 1))", "in <genexpr>"),
    ] {
        let source = format!("print('ready', flush=True)\n{body}\n");
        let (status, _, stderr) = interrupted(&format!("sigint_{name}"), &source);
        assert_eq!(status.signal(), Some(2), "{name}: {status} {stderr}");
        assert!(stderr.starts_with("Traceback (most recent call last):\n"), "{name}: {stderr}");
        assert!(stderr.contains(place) && stderr.ends_with("KeyboardInterrupt\n"), "{name}: {stderr}");
    }
}

#[test]
fn a_caught_interrupt_does_not_kill() {
    let source = "import atexit\natexit.register(print, 'bye')\nprint('ready', flush=True)\n\
                  try:\n    while True: pass\nexcept KeyboardInterrupt:\n    print('caught')\n";
    let (status, stdout, stderr) = interrupted("sigint_caught", source);
    assert_eq!((status.code(), stdout.as_str()), (Some(0), "caught\nbye\n"), "{stderr}");
}

#[test]
fn signal_handlers_run_between_instructions() {
    let source = "import _signal, posix\nseen = []\n\
                  _signal.signal(_signal.SIGUSR1, lambda n, f: seen.append((n, f.f_code.co_name)))\n\
                  def busy():\n    posix.kill(posix.getpid(), _signal.SIGUSR1)\n    while not seen: pass\n\
                  busy()\nprint(seen[0][0] == _signal.SIGUSR1, seen[0][1])\n";
    let o = run(&["run", "-c", source]);
    assert_eq!(stdout(&o), "True busy\n", "{}", stderr(&o));
}

#[test]
fn programs_end_as_cpythons_do() {
    // Source; exit status; what the standard error ends with.
    for (source, status, end) in [
        ("import sys; sys.exit(-1)", 255, ""),
        ("import sys; sys.exit(2**70)", 255, ""),
        ("import sys; sys.exit((1, 2))", 1, "(1, 2)\n"),
        ("raise SystemExit(1, 2)", 1, "(1, 2)\n"),
        ("import sys; sys.exit(True)", 1, ""),
        ("import atexit\natexit.register(lambda: 1 / 0)", 0, "ZeroDivisionError: division by zero\n"),
        ("import atexit, sys\natexit.register(lambda: sys.exit(9))", 0, "SystemExit: 9\n"),
        ("import sys\nsys.excepthook = lambda t, v, tb: sys.exit(12)\n1/0", 12, ""),
        ("import sys\nsys.excepthook = lambda t, v, tb: sys.stderr.write(t.__name__)\n1/0", 1, "ZeroDivisionError"),
        ("import sys\nsys.unraisablehook = lambda u: print(u.exc_value, file=sys.stderr)\n\
          class D:\n    def __del__(self): 1 / 0\nD()", 0, "division by zero\n"),
        ("1 is 1", 0, "<string>:1: SyntaxWarning: \"is\" with 'int' literal. Did you mean \"==\"?\n"),
    ] {
        let o = run(&["run", "-c", source]);
        assert_eq!(o.status.code(), Some(status), "{source}: {}", stderr(&o));
        assert!(stderr(&o).ends_with(end) && stderr(&o).is_empty() == end.is_empty(), "{source}: {}", stderr(&o));
    }
}

/// Runs the binary as tools do that start `sys.executable`: without a command of ours.
fn as_python(args: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = tailscope();
    command.args(args).stdin(Stdio::null()).envs(variables.iter().copied());
    command.output().expect("the binary starts")
}

#[test]
fn the_command_line_is_that_of_python() {
    let show = "import sys; print(sys.argv, sys.flags.isolated, sys.flags.optimize, sys.warnoptions, sys._xoptions)";
    for (args, variables, expected) in [
        (vec!["-c", show, "-O", "x"], vec![], "['-c', '-O', 'x'] 0 0 [] {}\n"),
        (vec!["-IOc", show], vec![("PYTHONWARNINGS", "error")], "['-c'] 1 1 [] {}\n"),
        (vec!["-W", "ignore", "-Xa=b", "-X", "c", "-c", show], vec![], "['-c'] 0 0 ['ignore'] {'a': 'b', 'c': True}\n"),
        (vec!["-Wonce", "-c", show], vec![("PYTHONOPTIMIZE", "2"), ("PYTHONWARNINGS", "a,b")], "['-c'] 0 2 ['a', 'b', 'once'] {}\n"),
        (vec!["-E", "-c", show], vec![("PYTHONOPTIMIZE", "2")], "['-c'] 0 0 [] {}\n"),
        (vec!["-c", "import sys; print('' in sys.path)"], vec![], "True\n"),
        (vec!["-P", "-c", "import sys; print('' in sys.path)"], vec![], "False\n"),
        (vec!["-S", "-c", "import sys; print('site' in sys.modules)"], vec![], "False\n"),
    ] {
        let o = as_python(&args, &variables);
        assert_eq!((stdout(&o).as_str(), o.status.code()), (expected, Some(0)), "{args:?} {}", stderr(&o));
    }
    assert!(stdout(&as_python(&["-V"], &[])).starts_with("Python 3.14."));
    let o = as_python(&["-c", "def f():\n    1 / 0\nf()"], &[]);
    assert!(stderr(&o).contains("line 2, in f\n    1 / 0\n    ~~^~~\n"), "{}", stderr(&o));
    assert_eq!(as_python(&["-c", "exit(3)"], &[]).status.code(), Some(3));
}

#[test]
fn the_console_reads_blocks_and_shows_lines_as_cpythons() {
    let input = b"def f(x):\n  return x + 1\n\nf(1)\nf('a')\n1 +\nif 1:\n  2\n\n\"\"\"a\nb\"\"\"\n";
    let mut child = tailscope();
    let child = child.args(["-q", "-i"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("it starts");
    child.stdin.take().expect("a pipe").write_all(input).expect("it reads");
    let o = child.wait_with_output().expect("it ends");
    assert_eq!(stdout(&o), "2\n2\n'a\\nb'\n");
    let shown = "\
>>> ... ... >>> >>> Traceback (most recent call last):
  File \"<stdin>\", line 1, in <module>
    f('a')
    ~^^^^^
  File \"<stdin>\", line 2, in f
    return x + 1
           ~~^~~
TypeError: can only concatenate str (not \"int\") to str
>>>   File \"<stdin>\", line 1
    1 +
       ^
SyntaxError: invalid syntax
>>> ... ... >>> ... >>> \n";
    assert_eq!(stderr(&o), shown);
}

#[test]
fn folders_modules_and_standard_input_are_programs() {
    let main = file("program_folder", "__main__.py", b"import sys; print(__name__, sys.argv[1:], sys.path[0] in __file__)");
    let folder = main.parent().expect("a folder").to_str().expect("text");
    assert_eq!(stdout(&as_python(&[folder, "a"], &[])), "__main__ ['a'] True\n");
    let o = as_python(&["-m", "json.nothing"], &[]);
    assert_eq!((stderr(&o).lines().last().map(|l| l.ends_with("No module named json.nothing")), o.status.code()), (Some(true), Some(1)));
    for (args, input, output, status) in [
        (vec!["-m", "json.tool"], "[1]", "[\n    1\n]\n", 0),
        (vec![], "print(1 + 1)", "2\n", 0),
        (vec!["-"], "import sys; print(sys.argv)", "['-']\n", 0),
        (vec!["-q", "-i"], "1 + 1\nexit(4)\n", "2\n", 4),
    ] {
        let mut child = tailscope();
        let mut child = child.args(&args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
        let o = child.wait_with_output().expect("it ends");
        assert_eq!((stdout(&o).as_str(), o.status.code()), (output, Some(status)), "{args:?} {}", stderr(&o));
    }
}

fn printed_in(folder: &Path, args: &[&str]) -> String {
    let o = tailscope().current_dir(folder).env_remove("PYTHONDONTWRITEBYTECODE").args(args).output().expect("the binary starts");
    assert!(o.status.success(), "{}", stderr(&o));
    stdout(&o)
}

#[test]
fn compiled_modules_are_kept_in_pycache() {
    let source = file("pycache", "kept.py", b"VALUE = 1\n");
    let folder = source.parent().unwrap();
    let _ = std::fs::remove_dir_all(folder.join("__pycache__"));
    let show = ["-c", "import kept, sys; print(kept.VALUE, kept.__cached__)"];
    let cached = folder.join("__pycache__/kept.tailscope-314.pyc");
    let expected = |value: u32| format!("{value} {}\n", cached.display());
    assert_eq!(printed_in(folder, &[&["-B"], &show[..]].concat()), expected(1));
    assert!(!cached.exists(), "-B writes nothing");
    assert_eq!(printed_in(folder, &show), expected(1));
    // It is what is run next time: shown by a file of another source that claims to be of this one.
    let other = file("pycache", "other.py", b"VALUE = 2\n");
    let made = folder.join("other.pyc");
    let o = run(&["compile", other.to_str().unwrap(), "-o", made.to_str().unwrap()]);
    assert!(o.status.success(), "{}", stderr(&o));
    let ours = std::fs::read(&cached).unwrap();
    let mut forged = std::fs::read(&made).unwrap();
    forged[..16].copy_from_slice(&ours[..16]);
    std::fs::write(&cached, &forged).unwrap();
    assert_eq!(printed_in(folder, &show), expected(1), "code of another file does not count");
    // Damaged ones are as none at all, and written anew.
    std::fs::write(&cached, &ours[..ours.len() / 2]).unwrap();
    assert_eq!(printed_in(folder, &show), expected(1));
    assert_eq!(std::fs::read(&cached).unwrap(), ours);
    // A source that has changed is compiled again.
    std::fs::write(&source, b"VALUE = 33\n").unwrap();
    assert_eq!(printed_in(folder, &show), expected(33));
    assert_ne!(std::fs::read(&cached).unwrap(), ours);
    let optimized = folder.join("__pycache__/kept.tailscope-314.opt-1.pyc");
    printed_in(folder, &[&["-O"], &show[..]].concat());
    assert!(optimized.exists());
}

/// Where handlers lie on the native stack a program does what it does elsewhere.
#[test]
fn the_corpus_runs_with_handlers_that_call_each_other() {
    // Frames of the loop are larger where nothing is optimized: how deep is too deep differs.
    let deep = |p: &Path| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("deep_"));
    for program in corpus().iter().filter(|p| !deep(p)) {
        let on = |interp: &str| run(&["run", "--interp", interp, &program.to_string_lossy()]);
        let (tail, frames) = (on("tail"), on("frames"));
        let what = format!("{}: {}", program.display(), stderr(&frames));
        assert_eq!(tail.status.code(), frames.status.code(), "{what}");
        assert_eq!(stdout(&tail), stdout(&frames), "{what}");
    }
}
