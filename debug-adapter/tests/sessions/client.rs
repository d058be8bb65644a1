//! A client: starts an adapter, sends it requests, and checks what comes back.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tailscope_debug_adapter::codec::{Decoder, encode};

use crate::schema;

/// Longer than anything takes on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(30);

/// An adapter, and the connection to it.
pub struct Client {
    adapter: Option<Child>,
    writer: Option<Box<dyn Write + Send>>,
    messages: Receiver<Value>,
    /// Events that came while something else was waited for.
    events: VecDeque<Value>,
    responses: VecDeque<Value>,
    seq: i64,
    last_seq: i64,
    /// Everything that the program has written so far, by stream.
    pub output: std::collections::HashMap<String, String>,
}

/// The command that runs the adapter.
pub fn adapter_command() -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("dap");
    command
}

/// An adapter that listens, and the address that it says it listens on.
pub struct Server {
    pub child: Child,
    pub address: String,
}

impl Server {
    pub fn start() -> Self {
        let mut command = adapter_command();
        let mut child = command
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().rsplit(' ').next().unwrap().to_owned();
        Server { child, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Client {
    /// A client of an adapter on standard streams.
    pub fn start() -> Self {
        Self::start_with(&mut adapter_command())
    }

    pub fn start_with(command: &mut Command) -> Self {
        let mut adapter = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let writer = adapter.stdin.take().unwrap();
        let reader = adapter.stdout.take().unwrap();
        Self::over(Some(adapter), writer, reader)
    }

    /// A client of an adapter on a port.
    pub fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        Self::over(None, stream.try_clone().unwrap(), stream)
    }

    fn over(
        adapter: Option<Child>,
        writer: impl Write + Send + 'static,
        mut reader: impl Read + Send + 'static,
    ) -> Self {
        let (sender, messages) = channel();
        thread::spawn(move || {
            let mut decoder = Decoder::default();
            let mut bytes = vec![0; 1 << 16];
            while let Ok(length @ 1..) = reader.read(&mut bytes) {
                decoder.push(&bytes[..length]);
                while let Some(message) = decoder.next_message() {
                    let body = message.expect("the adapter's framing is right");
                    let message: Value =
                        serde_json::from_slice(&body).expect("the adapter's JSON is right");
                    if sender.send(message).is_err() {
                        return;
                    }
                }
            }
        });
        Client {
            adapter,
            writer: Some(Box::new(writer)),
            messages,
            events: VecDeque::new(),
            responses: VecDeque::new(),
            seq: 0,
            last_seq: 0,
            output: Default::default(),
        }
    }

    /// Takes in a message. None: the adapter has closed the connection.
    fn receive(&mut self, what: &str) -> Option<()> {
        let message = match self.messages.recv_timeout(TIMEOUT) {
            Ok(message) => message,
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => {
                panic!("no {what} within {TIMEOUT:?}; events: {:?}", self.events)
            }
        };
        if let Err(problem) = schema::check(&message) {
            panic!("{problem}\nin {message:#}");
        }
        assert_eq!(
            message["seq"],
            self.last_seq + 1,
            "messages are numbered in order: {message}"
        );
        self.last_seq += 1;
        if message["type"] == "response" {
            self.responses.push_back(message);
        } else {
            if message["event"] == "output" {
                let body = &message["body"];
                let category = body["category"].as_str().unwrap_or("console").to_owned();
                self.output
                    .entry(category)
                    .or_default()
                    .push_str(body["output"].as_str().unwrap());
            }
            self.events.push_back(message);
        }
        Some(())
    }

    pub fn send_bytes(&mut self, bytes: &[u8]) {
        let writer = self.writer.as_mut().unwrap();
        // The adapter may have hung up, which then shows in what it sends.
        let _ = writer.write_all(bytes).and_then(|()| writer.flush());
    }

    /// Closes the connection.
    pub fn hang_up(&mut self) {
        self.writer = None;
    }

    /// Sends a request and returns its number.
    pub fn send(&mut self, command: &str, arguments: Value) -> i64 {
        self.seq += 1;
        let request =
            json!({"seq": self.seq, "type": "request", "command": command, "arguments": arguments});
        self.send_bytes(&encode(request.to_string().as_bytes()));
        self.seq
    }

    /// The response to a request.
    pub fn response(&mut self, seq: i64) -> Value {
        loop {
            if let Some(at) = self
                .responses
                .iter()
                .position(|response| response["request_seq"] == seq)
            {
                return self.responses.remove(at).unwrap();
            }
            self.receive(&format!("response to request {seq}"))
                .expect("the adapter still answers");
        }
    }

    /// Asks, and returns the body of a successful response.
    pub fn ask(&mut self, command: &str, arguments: Value) -> Value {
        let seq = self.send(command, arguments);
        let response = self.response(seq);
        assert_eq!(response["success"], true, "{command}: {response}");
        assert_eq!(response["command"], command);
        response["body"].clone()
    }

    /// Asks what cannot be, and returns the sentence that says so.
    pub fn refused(&mut self, command: &str, arguments: Value) -> String {
        let seq = self.send(command, arguments);
        let response = self.response(seq);
        assert_eq!(
            response["success"], false,
            "{command} succeeded: {response}"
        );
        response["body"]["error"]["variables"]["text"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The next event of this name; others stay for later.
    pub fn event(&mut self, name: &str) -> Value {
        loop {
            if let Some(at) = self.events.iter().position(|event| event["event"] == name) {
                return self.events.remove(at).unwrap()["body"].clone();
            }
            self.receive(&format!("event {name}"))
                .unwrap_or_else(|| panic!("no {name} before the end"));
        }
    }

    /// The next event of one of two names, whole.
    pub fn either(&mut self, one: &str, other: &str) -> Value {
        loop {
            let wanted = |event: &Value| event["event"] == one || event["event"] == other;
            if let Some(at) = self.events.iter().position(wanted) {
                return self.events.remove(at).unwrap();
            }
            self.receive(one)
                .unwrap_or_else(|| panic!("neither {one} nor {other} before the end"));
        }
    }

    /// Events of this name that have come already.
    pub fn events_so_far(&mut self, name: &str) -> Vec<Value> {
        let (wanted, others): (Vec<_>, Vec<_>) =
            self.events.drain(..).partition(|e| e["event"] == name);
        self.events = others.into();
        wanted
    }

    /// Initializes, launches, and sets breakpoints on lines of the program.
    pub fn launch(&mut self, program: &Path, more: Value, lines: &[u32]) {
        let mut arguments = json!({"program": program, "type": "tailscope", "name": "test"});
        for (name, value) in more.as_object().unwrap() {
            arguments[name] = value.clone();
        }
        self.ask(
            "initialize",
            json!({"adapterID": "tailscope", "supportsVariableType": true}),
        );
        self.ask("launch", arguments);
        self.event("initialized");
        if !lines.is_empty() {
            let breakpoints: Vec<Value> = lines.iter().map(|line| json!({"line": line})).collect();
            self.ask(
                "setBreakpoints",
                json!({"source": {"path": program}, "breakpoints": breakpoints}),
            );
        }
    }

    /// Launches a program and runs it to its first stop, which is on this line.
    pub fn run_to(&mut self, program: &Path, line: u32) {
        self.launch(program, json!({}), &[line]);
        self.ask("configurationDone", json!({}));
        assert_eq!(self.stopped("breakpoint"), line);
    }

    /// Waits for a stop for this reason, and returns its line.
    pub fn stopped(&mut self, reason: &str) -> u32 {
        let event = self.event("stopped");
        assert_eq!(event["reason"], reason, "{event}");
        assert_eq!(event["allThreadsStopped"], true);
        self.frames()[0]["line"].as_u64().unwrap() as u32
    }

    pub fn frames(&mut self) -> Vec<Value> {
        let trace = self.ask("stackTrace", json!({"threadId": 1}));
        trace["stackFrames"].as_array().unwrap().clone()
    }

    /// The number of the innermost frame.
    pub fn top(&mut self) -> Value {
        self.frames()[0]["id"].clone()
    }

    /// The variables behind a reference, as `name = value`.
    pub fn variables(&mut self, reference: &Value) -> Vec<String> {
        let body = self.ask("variables", json!({"variablesReference": reference}));
        let show = |v: &Value| {
            format!(
                "{} = {}",
                v["name"].as_str().unwrap(),
                v["value"].as_str().unwrap()
            )
        };
        body["variables"]
            .as_array()
            .unwrap()
            .iter()
            .map(show)
            .collect()
    }

    /// The reference of a scope of the innermost frame.
    pub fn scope(&mut self, name: &str) -> Value {
        let frame = self.top();
        let scopes = self.ask("scopes", json!({"frameId": frame}));
        let scope = scopes["scopes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|scope| scope["name"] == name)
            .cloned();
        scope.unwrap()["variablesReference"].clone()
    }

    pub fn step(&mut self, command: &str) -> u32 {
        self.ask(command, json!({"threadId": 1}));
        self.stopped("step")
    }

    pub fn go_on(&mut self) {
        self.ask("continue", json!({"threadId": 1}));
    }

    /// Waits for the program's end and returns its exit code.
    pub fn exited(&mut self) -> i64 {
        let code = self.event("exited")["exitCode"].as_i64().unwrap();
        self.event("terminated");
        code
    }

    pub fn output(&self, category: &str) -> &str {
        self.output.get(category).map_or("", String::as_str)
    }

    /// Waits until the program has written this.
    pub fn wait_for_output(&mut self, text: &str) {
        while !self.output("stdout").contains(text) {
            self.event("output");
        }
    }

    /// Ends the session as editors do, and checks that the adapter ends well and has
    /// nothing left to say.
    pub fn finish(mut self) {
        self.ask("disconnect", json!({}));
        while self.receive("end of the connection").is_some() {}
        assert!(
            self.responses.is_empty(),
            "responses that nobody waits for: {:?}",
            self.responses
        );
        assert_eq!(self.adapter_status(), Some(0));
    }

    /// Waits for the adapter's end.
    pub fn adapter_status(&mut self) -> Option<i32> {
        let adapter = self.adapter.as_mut()?;
        let deadline = Instant::now() + TIMEOUT;
        while Instant::now() < deadline {
            if let Some(status) = adapter.try_wait().unwrap() {
                return status.code();
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("the adapter has not ended within {TIMEOUT:?}");
    }

    /// Kills the adapter.
    pub fn kill_adapter(&mut self) {
        let adapter = self.adapter.as_mut().unwrap();
        adapter.kill().unwrap();
        adapter.wait().unwrap();
    }

    /// Whether the adapter has closed the connection; what it says before is kept.
    pub fn closed(&mut self) -> bool {
        while self.receive("end of the connection").is_some() {}
        true
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(adapter) = &mut self.adapter {
            let _ = adapter.kill();
            let _ = adapter.wait();
        }
    }
}

/// A toy program in a file of its own, which goes with it.
pub struct Program {
    pub path: PathBuf,
    pub directory: PathBuf,
}

impl Program {
    pub fn new(text: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let directory =
            std::env::temp_dir().join(format!("tailscope-dap-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("program.toy");
        std::fs::write(&path, text.trim_start_matches('\n')).unwrap();
        Program { path, directory }
    }
}

impl std::ops::Deref for Program {
    type Target = Path;
    fn deref(&self) -> &Path {
        &self.path
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
