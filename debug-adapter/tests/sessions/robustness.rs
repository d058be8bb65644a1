//! Clients that send nonsense, or the right thing at the wrong time.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::json;

use crate::client::{Client, Program, Server};
use crate::schema;

pub fn noise_between_messages() {
    let mut client = Client::start();
    for noise in [
        &b"\r\n\r\n"[..],
        b"nonsense\r\n\r\n",
        b"Content-Length: x\r\n\r\n",
        b"Content-Length: 999999999999\r\n\r\n",
        b"Content-Length: 3\r\n\r\n{{{",
        b"Content-Length: 4\r\n\r\n\xff\xfe\xfd\xfc",
        b"Content-Length: 2\r\n\r\n[]",
        b"Content-Length: 0\r\n\r\n",
        b"\x00\x01\x02",
    ] {
        client.send_bytes(noise);
        client.ask("threads", json!({}));
        let said = client.events_so_far("output");
        assert_eq!(said.len(), 1, "{noise:?}: {said:?}");
    }
    client.finish();
}

pub fn requests_that_make_no_sense() {
    let mut client = Client::start();
    assert_eq!(
        client.refused("makeCoffee", json!({})),
        "the request `makeCoffee` is not supported"
    );
    assert!(
        client
            .refused("stackTrace", json!({"threadId": "one"}))
            .contains("arguments of `stackTrace`")
    );
    assert!(
        client
            .refused("attach", json!({}))
            .contains("has not been initialized")
    );
    assert!(
        client
            .refused("setBreakpoints", json!({"source": {}}))
            .contains("neither a path nor")
    );
    let deep = "[".repeat(100_000);
    client.send_bytes(format!("Content-Length: {}\r\n\r\n{deep}", deep.len()).as_bytes());
    client.event("output");
    client.finish();
}

pub fn out_of_turn() {
    let program = Program::new("fn main\nend\n");
    let mut client = Client::start();
    assert_eq!(
        client.refused("launch", json!({"program": program.path})),
        "the session has not been initialized"
    );
    for command in ["pause", "continue", "next", "stackTrace"] {
        assert_eq!(
            client.refused(command, json!({"threadId": 1})),
            "no program has been started yet"
        );
    }
    assert_eq!(
        client.refused("evaluate", json!({"expression": "1"})),
        "no program has been started yet"
    );
    assert_eq!(client.ask("threads", json!({})), json!({"threads": []}));
    client.launch(&program, json!({}), &[]);
    assert!(
        client
            .refused("initialize", json!({"adapterID": "x"}))
            .contains("initialized already")
    );
    assert!(
        client
            .refused("launch", json!({"program": program.path}))
            .contains("has a program already")
    );
    client.ask("configurationDone", json!({}));
    client.exited();
    assert_eq!(
        client.refused("configurationDone", json!({})),
        "the program has ended"
    );
    client.ask("terminate", json!({}));
    client.finish();
}

pub fn on_a_port() {
    let server = Server::start();
    let program = Program::new("fn main\nprint hello\nend\n");
    let mut client = Client::connect(&server.address);
    client.run_to(&program, 2);
    client.go_on();
    assert_eq!(client.exited(), 0);
    client.ask("disconnect", json!({}));
    assert!(client.closed(), "the session's end closes the connection");
}

pub fn two_sessions_on_a_port() {
    let server = Server::start();
    let program = Program::new("fn main\nprint hello\nend\n");
    let mut one = Client::connect(&server.address);
    let mut two = Client::connect(&server.address);
    one.run_to(&program, 2);
    two.run_to(&program, 2);
    one.hang_up();
    drop(one);
    two.go_on();
    assert_eq!(two.exited(), 0);
}

/// What a web page could make a browser send: a message in the body of a request.
pub fn a_port_refuses_http() {
    let server = Server::start();
    let body = r#"{"seq":1,"type":"request","command":"initialize","arguments":{"adapterID":"x"}}"#;
    let message = format!("Content-Length: {}\r\n\r\n{body}", body.len());
    let request = format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{message}",
        message.len()
    );
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(
        answer.contains("something that is no message") && !answer.contains("supports"),
        "{answer}"
    );
}

/// Without the schema there is nothing to find them with, which the run says at its start.
pub fn the_schema_finds_mistakes() {
    let good = json!({"seq": 1, "type": "event", "event": "exited", "body": {"exitCode": 0}});
    assert_eq!(schema::check(&good), Ok(()));
    if schema::path().is_none() {
        return;
    }
    for bad in [
        json!({"seq": 1, "type": "event", "event": "exited", "body": {"exitcode": 0}}),
        json!({"seq": 1, "type": "event", "event": "exited", "body": {"exitCode": 0, "extra": 1}}),
        json!({"seq": 1, "type": "event", "event": "unheardOf"}),
        json!({"seq": 1, "type": "response", "request_seq": 1, "success": true, "command": "threads", "body": {"threads": [{"id": 1}]}}),
        json!({"seq": 1, "type": "response", "request_seq": 1, "success": true}),
    ] {
        assert!(schema::check(&bad).is_err(), "{bad}");
    }
}
