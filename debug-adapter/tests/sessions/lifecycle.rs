//! From launch to exit.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Client, Program, adapter_command};

pub fn runs_to_the_end() {
    let program = Program::new("fn main\nprint hello\neprint oops\nend\n");
    let mut client = Client::start();
    client.launch(&program, json!({}), &[]);
    let process = client.event("process");
    assert_eq!(process["name"], program.to_str().unwrap());
    client.ask("configurationDone", json!({}));
    assert_eq!(client.exited(), 0);
    assert_eq!(
        (client.output("stdout"), client.output("stderr")),
        ("hello\n", "oops\n")
    );
    assert_eq!(client.events_so_far("stopped"), Vec::<Value>::new());
    assert_eq!(
        client.refused("continue", json!({"threadId": 1})),
        "the program has ended"
    );
    client.finish();
}

pub fn stops_on_entry() {
    let program = Program::new("\n\nfn other\nend\nfn main\nprint hello\nend\n");
    let mut client = Client::start();
    client.launch(&program, json!({"stopOnEntry": true}), &[]);
    client.ask("configurationDone", json!({}));
    assert_eq!(client.stopped("entry"), 3);
    assert_eq!(client.output("stdout"), "");
    client.go_on();
    assert_eq!(client.exited(), 0);
    client.finish();
}

pub fn launch_without_debugging() {
    let program = Program::new("fn main\nprint hello\nbreakpoint\nsleep 60000\nend\n");
    let mut client = Client::start();
    client.launch(
        &program,
        json!({"noDebug": true, "stopOnEntry": true}),
        &[2],
    );
    let source = json!({"path": program.path});
    let set = client.ask("setBreakpoints", json!({"source": source, "breakpoints": [{"line": 2}]}));
    let message = &set["breakpoints"][0]["message"];
    assert_eq!(message, "the program runs without a debugger");
    client.ask("configurationDone", json!({}));
    client.wait_for_output("hello\n");
    let refusal = client.refused("pause", json!({"threadId": 1}));
    assert_eq!(
        refusal,
        "the program runs without a debugger and cannot be paused"
    );
    client.ask("terminate", json!({}));
    assert_eq!(client.exited(), 128 + 15);
    client.finish();
}

pub fn bad_launches() {
    let program = Program::new("fn main\nfly\nend\n");
    let directory = program.directory.to_str().unwrap().to_owned();
    let cases = [
        (json!({}), "names nothing to run".to_owned()),
        (
            json!({"program": "a", "module": "b"}),
            "more than one thing to run".to_owned(),
        ),
        (
            json!({"program": "/no/such.py"}),
            "/no/such.py does not exist".to_owned(),
        ),
        (
            json!({"program": "no.py", "cwd": directory}),
            format!("{directory}/no.py does not exist"),
        ),
        (
            json!({"program": program.path, "cwd": "/no/dir"}),
            "directory /no/dir does not exist".to_owned(),
        ),
        (
            json!({"program": program.path, "env": {"A=B": "c"}}),
            "cannot be an environment variable".to_owned(),
        ),
        (
            json!({"program": program.path, "args": "one two"}),
            "expected a sequence".to_owned(),
        ),
        (
            json!({"program": program.path}),
            "SyntaxError: \"fly\" is not a statement".to_owned(),
        ),
        (
            json!({"module": "nothing"}),
            "No module named nothing".to_owned(),
        ),
    ];
    for (arguments, expected) in cases {
        let mut client = Client::start();
        client.ask("initialize", json!({"adapterID": "tailscope"}));
        let refusal = client.refused("launch", arguments);
        assert!(
            refusal.contains(&expected),
            "{refusal:?} does not contain {expected:?}"
        );
        client.finish();
    }
}

pub fn exit_codes() {
    for code in [0, 1, 42] {
        let program = Program::new(&format!("fn main\nexit {code}\nend\n"));
        let mut client = Client::start();
        client.launch(&program, json!({}), &[]);
        client.ask("configurationDone", json!({}));
        assert_eq!(client.exited(), code);
        client.finish();
    }
}

pub fn death_by_signal() {
    let program = Program::new("fn main\nprint before\nabort\nend\n");
    let mut client = Client::start();
    client.launch(&program, json!({}), &[]);
    client.ask("configurationDone", json!({}));
    assert_eq!(client.exited(), 128 + 6);
    assert_eq!(client.output("stdout"), "before\n");
    assert_eq!(
        client.output("important"),
        "the program was ended by SIGABRT (signal 6)\n"
    );
    client.finish();
}

pub fn disconnect_ends_the_program() {
    for statement in ["spin", "hang", "sleep 60000"] {
        let program = Program::new(&format!("fn main\nprint up\n{statement}\nend\n"));
        let mut client = Client::start();
        client.launch(&program, json!({}), &[]);
        client.ask("configurationDone", json!({}));
        let id = client.event("process")["systemProcessId"].as_u64().unwrap();
        client.wait_for_output("up\n");
        client.finish();
        wait_until_gone(id);
    }
}

pub fn terminate_while_running() {
    for statement in ["spin", "sleep 60000"] {
        let program = Program::new(&format!("fn main\nprint up\n{statement}\nend\n"));
        let mut client = Client::start();
        client.launch(&program, json!({}), &[]);
        client.ask("configurationDone", json!({}));
        client.wait_for_output("up\n");
        client.ask("terminate", json!({}));
        assert_eq!(
            client.exited(),
            0,
            "the toy ends with 0 when it is asked to end"
        );
        client.finish();
    }
}

pub fn terminate_twice() {
    let program = Program::new("fn main\nprint up\nhang\nend\n");
    let mut client = Client::start();
    client.launch(&program, json!({}), &[]);
    client.ask("configurationDone", json!({}));
    client.wait_for_output("deaf\n");
    client.ask("terminate", json!({}));
    client.ask("terminate", json!({}));
    assert_eq!(client.exited(), 128 + 9);
    assert_eq!(
        client.output("important"),
        "",
        "an end that was asked for needs no explanation"
    );
    client.finish();
}

pub fn terminate_while_stopped() {
    let program = Program::new("fn main\nprint up\nprint more\nend\n");
    let mut client = Client::start();
    client.run_to(&program, 3);
    client.ask("terminate", json!({}));
    assert_eq!(client.exited(), 0);
    assert_eq!(client.output("stdout"), "up\n");
    client.finish();
}

pub fn output_in_large_amounts() {
    let program = Program::new("fn main\nwrite 50000\nend\n");
    let mut client = Client::start();
    client.launch(&program, json!({}), &[]);
    client.ask("configurationDone", json!({}));
    // A client that reads nothing for a while holds the program up, not the adapter.
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(client.exited(), 0);
    let output = client.output("stdout");
    assert_eq!(output.lines().count(), 50_000);
    assert!(
        output
            .lines()
            .enumerate()
            .all(|(n, line)| line.starts_with(&format!("line {n} x")))
    );
    client.finish();
}

pub fn a_debuggee_that_never_connects() {
    let program = Program::new("fn main\nend\n");
    let mut client = Client::start_with(adapter_command().args(["--debuggee", "dumb-debuggee"]));
    client.ask("initialize", json!({"adapterID": "tailscope"}));
    let refusal = client.refused("launch", json!({"program": program.path}));
    assert_eq!(
        refusal,
        "the debuggee ended before it could run the program: it exited with status 3"
    );
    client.event("terminated");
    client.finish();
}

pub fn the_debuggee_ends_with_its_adapter() {
    for hang_up in [true, false] {
        let program = Program::new("fn main\nprint up\nhang\nend\n");
        let mut client = Client::start();
        client.launch(&program, json!({}), &[]);
        client.ask("configurationDone", json!({}));
        let id = client.event("process")["systemProcessId"].as_u64().unwrap();
        client.wait_for_output("up\n");
        if hang_up {
            client.hang_up();
            assert_eq!(client.adapter_status(), Some(0));
        } else {
            client.kill_adapter();
        }
        wait_until_gone(id);
    }
}

/// Waits for a process to be gone, or dead and not yet waited for.
fn wait_until_gone(id: u64) {
    let deadline = Instant::now() + Duration::from_secs(20);
    let alive = || {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"));
        stat.is_ok_and(|stat| {
            !stat
                .rsplit(')')
                .next()
                .unwrap_or_default()
                .trim_start()
                .starts_with('Z')
        })
    };
    while alive() {
        assert!(Instant::now() < deadline, "the debuggee {id} lives on");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub fn environment_and_directory() {
    let program = Program::new("fn main\nend\n");
    let mut client = Client::start();
    client.launch(
        std::path::Path::new("program.toy"),
        json!({"cwd": program.directory, "env": {"TAILSCOPE_TEST": 7, "HOME": null}, "stopOnEntry": true}),
        &[],
    );
    client.ask("configurationDone", json!({}));
    let id = client.event("process")["systemProcessId"].as_u64().unwrap();
    client.stopped("entry");
    let environment = std::fs::read_to_string(format!("/proc/{id}/environ")).unwrap();
    assert!(
        environment
            .split('\0')
            .any(|variable| variable == "TAILSCOPE_TEST=7")
    );
    assert!(
        !environment
            .split('\0')
            .any(|variable| variable.starts_with("HOME="))
    );
    let directory = std::fs::read_link(format!("/proc/{id}/cwd")).unwrap();
    assert_eq!(directory, program.directory.canonicalize().unwrap());
    client.finish();
}

pub fn threads_come() {
    let program = Program::new("fn main\nthread worker\nprint on\nend\n");
    let mut client = Client::start();
    client.run_to(&program, 3);
    assert_eq!(
        client.event("thread"),
        json!({"reason": "started", "threadId": 2})
    );
    let threads = client.ask("threads", json!({}));
    assert_eq!(
        threads["threads"],
        json!([{"id": 1, "name": "MainThread"}, {"id": 2, "name": "worker"}])
    );
    assert!(
        client
            .refused("next", json!({"threadId": 7}))
            .contains("no thread with the number 7")
    );
    client.finish();
}

pub fn code_and_source() {
    let mut client = Client::start();
    client.ask("initialize", json!({"adapterID": "tailscope"}));
    client.ask(
        "launch",
        json!({"code": ["fn main", "print hello", "end"], "stopOnEntry": true}),
    );
    client.event("initialized");
    client.ask("configurationDone", json!({}));
    client.stopped("entry");
    let source = client.frames()[0]["source"].clone();
    assert_eq!(
        (&source["name"], &source["path"]),
        (&json!("<string>"), &Value::Null)
    );
    let reference = &source["sourceReference"];
    let text = client.ask(
        "source",
        json!({"source": source, "sourceReference": reference}),
    );
    assert_eq!(text["content"], "fn main\nprint hello\nend");
    let breakpoints = json!({"source": source, "breakpoints": [{"line": 2}]});
    assert_eq!(
        client.ask("setBreakpoints", breakpoints)["breakpoints"][0]["verified"],
        true
    );
    assert!(
        client
            .refused("source", json!({"sourceReference": 99}))
            .contains("no source with this reference")
    );
    client.go_on();
    assert_eq!(client.stopped("breakpoint"), 2);
    client.finish();
}

/// A client that asks for the threads before the program had time to tell of one.
pub fn threads_asked_for_early() {
    let program = Program::new("fn main\nprint hello\nsleep 300\nthread worker\nspin\nend\n");
    let mut client = Client::start();
    client.launch(&program, json!({}), &[]);
    client.ask("configurationDone", json!({}));
    client.wait_for_output("hello\n");
    let threads = client.ask("threads", json!({}));
    assert_eq!(threads["threads"][0]["name"], "worker");
    client.ask("terminate", json!({}));
    client.exited();
    client.finish();

    // One that ends without a word is no reason to wait.
    let program = Program::new("fn main\nprint hello\nsleep 300\nend\n");
    let mut client = Client::start();
    client.launch(&program, json!({}), &[]);
    client.ask("configurationDone", json!({}));
    client.wait_for_output("hello\n");
    assert_eq!(client.ask("threads", json!({}))["threads"], json!([]));
    assert_eq!(client.exited(), 0);
    client.finish();
}
