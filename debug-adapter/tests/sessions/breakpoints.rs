//! Breakpoints of all kinds.

use serde_json::{Value, json};

use crate::client::{Client, Program};

const LOOP: &str = "fn main\nlet x = 0\nloop 5\nlet x = x + 1\nnext\nprint done\nend\n";

fn set(client: &mut Client, program: &Program, breakpoints: Value) -> Value {
    let arguments = json!({"source": {"path": program.path}, "breakpoints": breakpoints});
    client.ask("setBreakpoints", arguments)["breakpoints"].clone()
}

/// Runs the program and returns the local `x` at each stop.
fn stops(program: &Program, breakpoint: Value) -> (Vec<String>, String) {
    let mut client = Client::start();
    client.launch(program, json!({}), &[]);
    set(&mut client, program, json!([breakpoint]));
    client.ask("configurationDone", json!({}));
    let mut seen = Vec::new();
    loop {
        // The end of the program, or another stop.
        let frame = {
            let event = client.either("stopped", "terminated");
            if event["event"] == "terminated" {
                break;
            }
            client.top()
        };
        let value = client.ask("evaluate", json!({"expression": "x", "frameId": frame}));
        seen.push(value["result"].as_str().unwrap().to_owned());
        client.go_on();
    }
    let console = client.output("console").to_owned();
    client.finish();
    (seen, console)
}

pub fn verified_and_moved() {
    let program = Program::new("fn main\n# comment\n\nprint hello\nend\n");
    let mut client = Client::start();
    client.launch(&program, json!({}), &[]);
    let list = set(
        &mut client,
        &program,
        json!([{"line": 1}, {"line": 2}, {"line": 4}, {"line": 9}]),
    );
    let verified: Vec<bool> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|b| b["verified"].as_bool().unwrap())
        .collect();
    assert_eq!(verified, [true, true, true, false]);
    assert_eq!(
        (&list[0]["line"], &list[1]["line"], &list[2]["line"]),
        (&json!(4), &json!(4), &json!(4))
    );
    assert_eq!(
        (&list[3]["reason"], &list[3]["message"]),
        (
            &json!("failed"),
            &json!("there is no code from this line on")
        )
    );
    let other = json!({"source": {"path": "/other.toy"}, "breakpoints": [{"line": 1}]});
    let pending = client.ask("setBreakpoints", other)["breakpoints"][0].clone();
    assert_eq!(
        (&pending["verified"], &pending["reason"]),
        (&json!(false), &json!("pending"))
    );
    client.ask("configurationDone", json!({}));
    let event = client.event("stopped");
    assert_eq!(
        event["hitBreakpointIds"].as_array().unwrap().len(),
        3,
        "{event}"
    );
    client.finish();
}

pub fn in_a_loop_with_conditions() {
    let program = Program::new(LOOP);
    assert_eq!(
        stops(&program, json!({"line": 4})).0,
        ["0", "1", "2", "3", "4"]
    );
    assert_eq!(
        stops(&program, json!({"line": 4, "condition": "x == 2"})).0,
        ["2"]
    );
    assert_eq!(
        stops(&program, json!({"line": 4, "condition": ""})).0.len(),
        5,
        "an empty condition is none"
    );

    let mut client = Client::start();
    client.launch(&program, json!({}), &[]);
    set(
        &mut client,
        &program,
        json!([{"line": 4, "condition": "y"}]),
    );
    client.ask("configurationDone", json!({}));
    let event = client.event("stopped");
    assert_eq!(
        event["text"],
        "the breakpoint's condition `y` failed: NameError: name 'y' is not defined"
    );
    client.finish();
}

pub fn hit_conditions() {
    let program = Program::new(LOOP);
    assert_eq!(
        stops(&program, json!({"line": 4, "hitCondition": "3"})).0,
        ["2"]
    );
    assert_eq!(
        stops(&program, json!({"line": 4, "hitCondition": "% 2"})).0,
        ["1", "3"]
    );
    assert_eq!(
        stops(&program, json!({"line": 4, "hitCondition": ">= 4"})).0,
        ["3", "4"]
    );

    let mut client = Client::start();
    client.launch(&program, json!({}), &[]);
    let bad = set(
        &mut client,
        &program,
        json!([{"line": 4, "hitCondition": "often"}, {"line": 6}]),
    );
    assert_eq!(
        (&bad[0]["verified"], &bad[1]["verified"]),
        (&json!(false), &json!(true))
    );
    assert!(
        bad[0]["message"]
            .as_str()
            .unwrap()
            .contains("\"often\" is not a hit count")
    );
    client.ask("configurationDone", json!({}));
    assert_eq!(client.stopped("breakpoint"), 6);
    client.finish();
}

pub fn log_messages() {
    let program = Program::new(LOOP);
    let (stops, console) = stops(
        &program,
        json!({"line": 4, "logMessage": "x is {x}, y is {y}", "hitCondition": "<= 2"}),
    );
    assert_eq!(stops, Vec::<String>::new());
    let error = "<NameError: name 'y' is not defined>";
    assert_eq!(
        console,
        format!("x is 0, y is {error}\nx is 1, y is {error}\n")
    );
}

pub fn set_while_running() {
    let program = Program::new("fn main\nprint up\nloop 100000000\nlet x = 1\nnext\nend\n");
    let mut client = Client::start();
    client.launch(&program, json!({}), &[]);
    client.ask("configurationDone", json!({}));
    client.wait_for_output("up\n");
    assert_eq!(
        set(&mut client, &program, json!([{"line": 4}]))[0]["verified"],
        true
    );
    assert_eq!(client.stopped("breakpoint"), 4);
    set(&mut client, &program, json!([]));
    client.go_on();
    client.ask("pause", json!({"threadId": 1}));
    client.stopped("pause");
    client.finish();
}

pub fn set_while_the_program_is_deaf() {
    let program = Program::new("fn main\nprint up\nhang\nend\n");
    let mut client = Client::start();
    client.launch(&program, json!({}), &[]);
    client.ask("configurationDone", json!({}));
    client.wait_for_output("deaf\n");
    let breakpoint = set(&mut client, &program, json!([{"line": 4}]))[0].clone();
    assert_eq!(
        (&breakpoint["verified"], &breakpoint["reason"]),
        (&json!(false), &json!("pending"))
    );
    client.finish();
}

pub fn set_before_launch() {
    let program = Program::new(LOOP);
    let mut client = Client::start();
    client.ask("initialize", json!({"adapterID": "tailscope"}));
    let early = set(&mut client, &program, json!([{"line": 6}]))[0].clone();
    assert_eq!(
        (&early["verified"], &early["reason"]),
        (&json!(false), &json!("pending"))
    );
    client.ask("configurationDone", json!({}));
    client.ask("launch", json!({"program": program.path}));
    let event = client.event("breakpoint");
    assert_eq!(
        (&event["reason"], &event["breakpoint"]["verified"]),
        (&json!("changed"), &json!(true))
    );
    assert_eq!(event["breakpoint"]["id"], early["id"]);
    assert_eq!(client.stopped("breakpoint"), 6);
    client.finish();
}

pub fn on_instructions() {
    let program = Program::new(LOOP);
    let mut client = Client::start();
    client.run_to(&program, 2);
    let here = client.frames()[0]["instructionPointerReference"].clone();
    let arguments = json!({"memoryReference": here, "instructionOffset": 1, "instructionCount": 4});
    let list = client.ask("disassemble", arguments)["instructions"].clone();
    let texts: Vec<&str> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["instruction"].as_str().unwrap())
        .collect();
    assert_eq!(
        texts,
        [
            "STORE_FAST (x)",
            "FOR_ITER",
            "LOAD_CONST (x + 1)",
            "STORE_FAST (x)"
        ]
    );
    let wanted = json!({"breakpoints": [
        {"instructionReference": list[3]["address"], "hitCondition": "2"},
        {"instructionReference": here, "offset": 3},
        {"instructionReference": "nowhere"},
    ]});
    let set = client.ask("setInstructionBreakpoints", wanted)["breakpoints"].clone();
    assert_eq!(
        (
            &set[0]["verified"],
            &set[1]["verified"],
            &set[2]["verified"]
        ),
        (&json!(true), &json!(false), &json!(false))
    );
    client.go_on();
    assert_eq!(client.stopped("instruction breakpoint"), 4);
    assert_eq!(
        client.frames()[0]["instructionPointerReference"],
        list[3]["address"]
    );
    client.go_on();
    assert_eq!(client.exited(), 0);
    client.finish();
}

pub fn on_exceptions() {
    let program =
        Program::new("fn main\ncall work\nend\nfn work\nraise Boom it went {wrong}\nend\n");
    for (filters, reason) in [
        (json!(["uncaught"]), Some("unhandled")),
        (json!(["raised"]), Some("always")),
        (json!([]), None),
    ] {
        let mut client = Client::start();
        client.launch(&program, json!({}), &[]);
        client.ask("setExceptionBreakpoints", json!({"filters": filters}));
        client.ask("configurationDone", json!({}));
        if let Some(mode) = reason {
            let event = client.event("stopped");
            assert_eq!(
                (&event["reason"], &event["text"]),
                (&json!("exception"), &json!("Boom: it went {wrong}"))
            );
            let info = client.ask("exceptionInfo", json!({"threadId": 1}));
            assert_eq!(
                (&info["exceptionId"], &info["breakMode"]),
                (&json!("toy.Boom"), &json!(mode))
            );
            assert_eq!(info["details"]["typeName"], "Boom");
            assert!(
                info["details"]["stackTrace"]
                    .as_str()
                    .unwrap()
                    .starts_with("Traceback")
            );
            assert_eq!(client.frames()[0]["line"], 5);
            client.go_on();
        }
        assert_eq!(client.exited(), 1);
        assert!(client.output("stderr").contains("Boom: it went {wrong}"));
        client.finish();
    }
    let mut client = Client::start();
    client.run_to(&program, 2);
    assert!(
        client
            .refused("exceptionInfo", json!({"threadId": 1}))
            .contains("not stopped at an exception")
    );
    let refusal = client.refused("setExceptionBreakpoints", json!({"filters": ["unusual"]}));
    assert!(refusal.contains("no exception filter \"unusual\""));
    client.finish();
}

pub fn numbers_stay() {
    let program = Program::new(LOOP);
    let mut client = Client::start();
    client.launch(&program, json!({}), &[]);
    let breakpoint = json!({"line": 4, "hitCondition": "3"});
    let first = set(&mut client, &program, json!([breakpoint]))[0]["id"].clone();
    client.ask("configurationDone", json!({}));
    assert_eq!(client.stopped("breakpoint"), 4);
    let again = set(&mut client, &program, json!([{"line": 6}, breakpoint]));
    assert_eq!(again[1]["id"], first);
    assert_ne!(again[0]["id"], first);
    client.go_on();
    assert_eq!(client.stopped("breakpoint"), 6, "the count of hits goes on");
    client.finish();
}
