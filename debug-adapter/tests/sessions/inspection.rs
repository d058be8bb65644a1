//! Looking into a stopped program, and changing it.

use serde_json::{Value, json};

use crate::client::{Client, Program};

const VALUES: &str = "fn main\nlet x = 1\nlet items = [10 20 30]\nlet s = 'text'\nprint here\ncall show\nend\nfn show\nend\n";

pub fn frames_in_pages() {
    let mut text = "fn main\ncall f1\nend\n".to_owned();
    for n in 1..=9 {
        text.push_str(&format!("fn f{n}\ncall f{}\nend\n", n + 1));
    }
    text.push_str("fn f10\nprint deep\nend\n");
    let program = Program::new(&text);
    let mut client = Client::start();
    client.run_to(&program, 32);
    let mut page = |arguments: Value| {
        let trace = client.ask("stackTrace", arguments);
        assert_eq!(trace["totalFrames"], 11);
        let names = trace["stackFrames"].as_array().unwrap().iter();
        names
            .map(|frame| frame["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        page(json!({"threadId": 1, "startFrame": 0, "levels": 2})),
        ["f10", "f9"]
    );
    assert_eq!(
        page(json!({"threadId": 1, "startFrame": 9, "levels": 20})),
        ["f1", "main"]
    );
    assert_eq!(
        page(json!({"threadId": 1, "startFrame": 50, "levels": 20})).len(),
        0
    );
    assert_eq!(
        page(json!({"threadId": 1, "levels": 0})).len(),
        11,
        "0 means all"
    );
    let frame = client.frames()[1].clone();
    assert_eq!(
        (&frame["line"], &frame["source"]["path"]),
        (&json!(29), &json!(program.path))
    );
    client.finish();
}

pub fn scopes_and_variables() {
    let program = Program::new(VALUES);
    let mut client = Client::start();
    client.run_to(&program, 5);
    let frame = client.top();
    let scopes = client.ask("scopes", json!({"frameId": frame}))["scopes"].clone();
    let names: Vec<_> = scopes
        .as_array()
        .unwrap()
        .iter()
        .map(|scope| scope["name"].clone())
        .collect();
    assert_eq!(names, ["Locals", "Globals", "Value stack", "Instruction", "Exception table entry", "Block"]);
    assert_eq!(
        client.variables(&scopes[0]["variablesReference"]),
        ["items = [10, 20, 30]", "s = 'text'", "x = 1"]
    );
    assert_eq!(
        client.variables(&scopes[1]["variablesReference"]),
        ["__name__ = '__main__'"]
    );
    let list = client.ask(
        "variables",
        json!({"variablesReference": scopes[0]["variablesReference"]}),
    );
    let items = &list["variables"][0];
    assert_eq!(
        (
            &items["type"],
            &items["indexedVariables"],
            &items["evaluateName"]
        ),
        (&json!("list"), &json!(3), &json!("items"))
    );
    let children = client.ask(
        "variables",
        json!({"variablesReference": items["variablesReference"]}),
    );
    let names: Vec<_> = children["variables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["name"].clone())
        .collect();
    assert_eq!(names, ["len()", "0", "1", "2"]);
    assert_eq!(children["variables"][2]["evaluateName"], "items[1]");
    client.finish();
}

pub fn lists_in_pages() {
    let numbers: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
    let program = Program::new(&format!(
        "fn main\nlet items = [{}]\nprint here\nend\n",
        numbers.join(" ")
    ));
    let mut client = Client::start();
    client.run_to(&program, 3);
    let reference = client.scope("Locals");
    let list =
        client.ask("variables", json!({"variablesReference": reference}))["variables"][0].clone();
    assert_eq!(list["indexedVariables"], 1000);
    let reference = &list["variablesReference"];
    let mut page = |more: Value| {
        let mut arguments = json!({"variablesReference": reference});
        arguments
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let body = client.ask("variables", arguments);
        body["variables"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v["value"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        page(json!({"filter": "indexed", "start": 500, "count": 3})),
        ["500", "501", "502"]
    );
    assert_eq!(
        page(json!({"filter": "indexed", "start": 998, "count": 100})),
        ["998", "999"]
    );
    assert_eq!(page(json!({"filter": "named"})), ["1000"]);
    assert_eq!(page(json!({"start": 0, "count": 2})), ["1000", "0"]);
    assert_eq!(page(json!({"count": 0})).len(), 1001);
    client.finish();
}

pub fn writing_variables() {
    let program = Program::new(VALUES);
    let mut client = Client::start();
    client.run_to(&program, 5);
    let locals = client.scope("Locals");
    let written = client.ask(
        "setVariable",
        json!({"variablesReference": locals, "name": "x", "value": "x + 41"}),
    );
    assert_eq!(
        (&written["value"], &written["type"]),
        (&json!("42"), &json!("int"))
    );
    let list = client.ask("variables", json!({"variablesReference": locals}))["variables"][0]["variablesReference"].clone();
    client.ask(
        "setVariable",
        json!({"variablesReference": list, "name": "1", "value": "x"}),
    );
    assert_eq!(
        client.variables(&locals),
        ["items = [10, 42, 30]", "s = 'text'", "x = 42"]
    );
    let refusal = client.refused(
        "setVariable",
        json!({"variablesReference": locals, "name": "x", "value": "y"}),
    );
    assert_eq!(refusal, "NameError: name 'y' is not defined");
    let instruction = client.scope("Instruction");
    let refusal = client.refused(
        "setVariable",
        json!({"variablesReference": instruction, "name": "oparg", "value": "2"}),
    );
    assert_eq!(refusal, "this value can be looked at but not written");
    client.finish();
}

pub fn evaluating() {
    let program = Program::new(VALUES);
    let mut client = Client::start();
    client.run_to(&program, 5);
    let frame = client.top();
    for context in [
        "watch",
        "hover",
        "repl",
        "variables",
        "clipboard",
        "crystal ball",
    ] {
        let value = client.ask(
            "evaluate",
            json!({"expression": "x + 1", "frameId": frame, "context": context}),
        );
        assert_eq!(value["result"], "2", "{context}");
    }
    let list = client.ask(
        "evaluate",
        json!({"expression": "items", "frameId": frame, "context": "watch"}),
    );
    let child = client.ask(
        "variables",
        json!({"variablesReference": list["variablesReference"], "filter": "indexed"}),
    );
    assert_eq!(child["variables"][0]["evaluateName"], "items[0]");
    client.ask(
        "evaluate",
        json!({"expression": "x = 7", "frameId": frame, "context": "repl"}),
    );
    assert_eq!(
        client.ask("evaluate", json!({"expression": "x", "frameId": frame}))["result"],
        "7"
    );
    let refusal = client.refused(
        "evaluate",
        json!({"expression": "x = 8", "frameId": frame, "context": "watch"}),
    );
    assert!(
        refusal.contains("SyntaxError"),
        "only the console takes statements: {refusal}"
    );
    assert_eq!(
        client.ask("evaluate", json!({"expression": "__name__"}))["result"],
        "'__main__'",
        "without a frame"
    );
    assert_eq!(
        client.refused("evaluate", json!({"expression": "y", "frameId": frame})),
        "NameError: name 'y' is not defined"
    );
    client.finish();
}

pub fn disassembling() {
    let program = Program::new(VALUES);
    let mut client = Client::start();
    client.run_to(&program, 5);
    let here = client.frames()[0]["instructionPointerReference"].clone();
    let arguments =
        json!({"memoryReference": here, "instructionOffset": -200, "instructionCount": 400});
    let list = client.ask("disassemble", arguments)["instructions"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(list.len(), 400);
    let address =
        |i: &Value| u64::from_str_radix(&i["address"].as_str().unwrap()[2..], 16).unwrap();
    assert!(
        list.windows(2)
            .all(|pair| address(&pair[0]) < address(&pair[1])),
        "ascending, without doubles"
    );
    assert_eq!(list[200]["address"], here);
    let valid: Vec<&Value> = list
        .iter()
        .filter(|i| i["presentationHint"] != "invalid")
        .collect();
    assert_eq!(valid.len(), 11);
    assert_eq!(
        (&valid[0]["instruction"], &valid[0]["symbol"]),
        (&json!("RESUME"), &json!("main"))
    );
    assert_eq!(valid[0]["location"]["path"], json!(program.path));
    let lines: Vec<_> = valid.iter().map(|i| i["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [1, 2, 2, 3, 3, 4, 4, 5, 6, 6, 7]);
    assert_eq!(
        valid[9]["instructionBytes"], "07 07 07 07 07 07 07 07",
        "inline caches belong to their instruction"
    );

    let back = json!({"memoryReference": here, "offset": -2, "instructionCount": 1});
    assert_eq!(
        client.ask("disassemble", back)["instructions"][0]["instruction"],
        "STORE_FAST (s)"
    );
    let nothing = json!({"memoryReference": here, "instructionCount": 0});
    assert_eq!(
        client.ask("disassemble", nothing)["instructions"],
        json!([])
    );
    assert!(
        client
            .refused(
                "disassemble",
                json!({"memoryReference": "main", "instructionCount": 1})
            )
            .contains("not an instruction address")
    );
    assert!(
        client
            .refused(
                "disassemble",
                json!({"memoryReference": "0x6300000000", "instructionCount": 1})
            )
            .contains("no code object 99")
    );
    let huge = json!({"memoryReference": here, "instructionCount": 4_000_000_000_u64});
    assert!(client.refused("disassemble", huge).contains("more than"));
    client.finish();
}

pub fn value_stack_and_instruction() {
    let program = Program::new("fn main\nloop 2\nlet x = [1 2]\nnext\nend\n");
    let mut client = Client::start();
    client.run_to(&program, 3);
    client.ask("next", json!({"threadId": 1, "granularity": "instruction"}));
    client.stopped("step");
    let stack = client.scope("Value stack");
    let slots = client.ask("variables", json!({"variablesReference": stack}))["variables"].clone();
    assert_eq!(
        (&slots[0]["name"], &slots[0]["value"], &slots[0]["type"]),
        (&json!("[0]"), &json!("[1, 2]"), &json!("list, owned"))
    );
    assert_ne!(
        slots[0]["variablesReference"], 0,
        "a value on the stack can be looked into"
    );
    assert_eq!(client.step("next"), 4);
    assert_eq!(client.step("next"), 2);
    let reference = client.scope("Instruction");
    assert_eq!(
        client.variables(&reference),
        [
            "opcode = FOR_ITER (7)",
            "oparg = 1 (FOR_ITER)",
            "documentation = Does something.",
            "stack effect = (--)",
            "offset = 2",
            "address = 0x100000002",
            "jumps to = 14 (0x10000000e)",
            "counter = 341, backoff 1",
            "branch history = 1010101010101010 (8 of the last 16 jumped)",
            "branch likelihood = jumps 50 %",
            "inline caches = 1 code unit",
        ]
    );
    let list =
        client.ask("variables", json!({"variablesReference": reference}))["variables"].clone();
    assert_eq!(
        client.variables(&list[10]["variablesReference"]),
        ["counter = 0x1551"]
    );
    client.finish();
}

pub fn handles_of_an_earlier_stop() {
    let program = Program::new(VALUES);
    let mut client = Client::start();
    client.run_to(&program, 4);
    let (frame, locals) = (client.top(), client.scope("Locals"));
    client.step("next");
    client.scope("Locals");
    let stale = |what: &str| format!("this {what} belongs to an earlier stop of the program");
    assert_eq!(
        client.refused("scopes", json!({"frameId": frame})),
        stale("frame")
    );
    assert_eq!(
        client.refused("evaluate", json!({"expression": "x", "frameId": frame})),
        stale("frame")
    );
    assert_eq!(
        client.refused("variables", json!({"variablesReference": locals})),
        stale("value")
    );
    for wild in [0, 123_456, u32::MAX] {
        assert_eq!(
            client.refused("variables", json!({"variablesReference": wild})),
            stale("value")
        );
    }
    client.finish();
}

pub fn lines_from_zero() {
    let program = Program::new(VALUES);
    let mut client = Client::start();
    client.ask(
        "initialize",
        json!({"adapterID": "tailscope", "linesStartAt1": false, "columnsStartAt1": false}),
    );
    client.ask("launch", json!({"program": program.path}));
    client.event("initialized");
    let set = client.ask(
        "setBreakpoints",
        json!({"source": {"path": program.path}, "breakpoints": [{"line": 4}]}),
    );
    assert_eq!(set["breakpoints"][0]["line"], 4);
    client.ask("configurationDone", json!({}));
    assert_eq!(client.stopped("breakpoint"), 4);
    let frame = client.frames()[0].clone();
    assert_eq!(frame["column"], 0);
    let here = &frame["instructionPointerReference"];
    let list = client.ask(
        "disassemble",
        json!({"memoryReference": here, "instructionCount": 1}),
    );
    assert_eq!(list["instructions"][0]["line"], 4);
    let locals = client.scope("Locals");
    assert_eq!(
        client.variables(&locals).len(),
        3,
        "line 5 of those that count from 1 has not run"
    );
    client.finish();
}

pub fn an_endless_evaluation_can_be_left() {
    let program = Program::new(VALUES);
    let mut client = Client::start();
    client.run_to(&program, 5);
    let endless = client.send(
        "evaluate",
        json!({"expression": "forever", "context": "repl"}),
    );
    client
        .ask(
            "setBreakpoints",
            json!({"source": {"path": "/other"}, "breakpoints": []}),
        )
        .to_string();
    let gone = client.send("disconnect", json!({}));
    assert_eq!(client.response(gone)["success"], true);
    assert_eq!(client.response(endless)["success"], false);
}

pub fn the_breakpoint_call() {
    let program = Program::new("fn main\nbreakpoint\nprint on\nend\n");
    let mut client = Client::start();
    client.launch(&program, json!({}), &[]);
    client.ask("configurationDone", json!({}));
    let event = client.event("stopped");
    assert_eq!(
        (&event["reason"], &event["description"]),
        (&json!("breakpoint"), &json!("Paused on breakpoint()"))
    );
    client.go_on();
    assert_eq!(client.exited(), 0);
    client.finish();
}
