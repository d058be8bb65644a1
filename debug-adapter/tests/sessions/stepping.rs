//! Steps.

use serde_json::json;

use crate::client::{Client, Program};

const CALLS: &str = "fn main\nlet a = 1\ncall outer\nprint end\nend\nfn outer\nlet b = 2\ncall inner\nend\nfn inner\nprint in\nend\n";

pub fn over_into_and_out() {
    let program = Program::new(CALLS);
    let mut client = Client::start();
    client.run_to(&program, 2);
    assert_eq!(client.step("next"), 3);
    assert_eq!(client.step("stepIn"), 7, "past the prologue");
    assert_eq!(client.step("next"), 8);
    assert_eq!(client.step("stepIn"), 11);
    let names: Vec<_> = client
        .frames()
        .iter()
        .map(|frame| frame["name"].clone())
        .collect();
    assert_eq!(names, ["inner", "outer", "main"]);
    assert_eq!(
        client.step("stepOut"),
        9,
        "the toy's call is its line's last instruction"
    );
    assert_eq!(client.step("stepOut"), 4);
    assert_eq!(client.step("next"), 5);
    client.ask("stepOut", json!({"threadId": 1}));
    assert_eq!(
        client.exited(),
        0,
        "a step that nothing ends runs to the end"
    );
    assert_eq!(client.output("stdout"), "in\nend\n");
    client.finish();
}

pub fn by_instruction() {
    let program = Program::new(CALLS);
    let mut client = Client::start();
    client.run_to(&program, 3);
    let mut at = Vec::new();
    for command in ["stepIn", "stepIn", "stepIn", "next", "next", "next"] {
        client.ask(
            command,
            json!({"threadId": 1, "granularity": "instruction"}),
        );
        let line = client.stopped("step");
        let reference = client.scope("Instruction");
        at.push(format!("{line} {}", client.variables(&reference)[0]));
    }
    assert_eq!(
        at,
        [
            "3 opcode = CALL (7)",
            "6 opcode = RESUME (7)",
            "7 opcode = LOAD_CONST (7)",
            "7 opcode = STORE_FAST (7)",
            "8 opcode = LOAD_CONST (7)",
            "8 opcode = CALL (7)",
        ]
    );
    client.ask("next", json!({"threadId": 1, "granularity": "instruction"}));
    assert_eq!(client.stopped("step"), 9, "over the call");
    client.ask("next", json!({"threadId": 1, "granularity": "statement"}));
    assert_eq!(client.stopped("step"), 4, "a statement is a line");
    client.finish();
}

pub fn library_code() {
    let text = "fn main\ncall lib_each\nprint end\nend\nfn lib_each\nprint lib\ncall callback\nend\nfn callback\nprint back\nend\n";
    let program = Program::new(text);
    let mut client = Client::start();
    client.run_to(&program, 2);
    assert_eq!(
        client.step("stepIn"),
        10,
        "through the library, to the callback"
    );
    let hints: Vec<_> = client
        .frames()
        .iter()
        .map(|frame| frame["presentationHint"].clone())
        .collect();
    assert_eq!(hints, [json!(null), json!("subtle"), json!(null)]);
    assert_eq!(client.step("stepOut"), 3);
    client.finish();

    let mut client = Client::start();
    client.launch(&program, json!({"justMyCode": false}), &[2]);
    client.ask("configurationDone", json!({}));
    client.stopped("breakpoint");
    assert_eq!(client.step("stepIn"), 6);
    client.finish();
}

pub fn pause_and_go_on() {
    for statement in ["spin", "sleep 60000"] {
        let program = Program::new(&format!("fn main\nprint up\n{statement}\nprint on\nend\n"));
        let mut client = Client::start();
        client.launch(&program, json!({}), &[]);
        client.ask("configurationDone", json!({}));
        client.wait_for_output("up\n");
        let refusal = client.refused("stackTrace", json!({"threadId": 1}));
        assert_eq!(refusal, "the program is running; pause it first");
        client.ask("pause", json!({"threadId": 1}));
        assert_eq!(client.stopped("pause"), 3);
        client.go_on();
        client.ask("pause", json!({"threadId": 1}));
        assert_eq!(client.stopped("pause"), 3);
        client.finish();
    }
}

pub fn a_pause_while_stopped() {
    let program = Program::new("fn main\nprint one\nprint two\nend\n");
    let mut client = Client::start();
    client.run_to(&program, 2);
    client.ask("pause", json!({"threadId": 1}));
    client.go_on();
    assert_eq!(client.exited(), 0, "it does not stop again");
    assert_eq!(client.events_so_far("stopped").len(), 0);
    client.finish();
}

pub fn a_step_to_the_end() {
    let program = Program::new("fn main\nprint x\nend\n");
    let mut client = Client::start();
    client.run_to(&program, 2);
    assert_eq!(client.step("next"), 3);
    client.ask("next", json!({"threadId": 1}));
    assert_eq!(client.exited(), 0);
    client.finish();
}
