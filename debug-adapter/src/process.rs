//! The debuggee's process: started, listened to, waited for, ended. Or one that somebody else
//! has started: the client, in a terminal of its own; or a person, with `tailscope run --listen`.
//!
//! Three threads per process hand what they learn to the session: two read its output, one
//! waits for it. A fourth waits for it to connect, with the right token, for as long as
//! [`CONNECT_TIME`].

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use shared_child::SharedChild;

use crate::client::Credits;
use crate::debuggee::LINK_TOKEN;
use crate::link::messages::Report;
use crate::link::{random_token, read_limited, read_message, same_text, write_message};
use crate::protocol::OutputEventCategory;
use crate::session::{Happening, Reporter};

/// How long a debuggee may take to connect.
pub const CONNECT_TIME: Duration = Duration::from_secs(30);

/// How long whoever connects may take to say who it is.
const GREETING_TIME: Duration = Duration::from_secs(5);

/// Pieces of each output stream that may be on their way to the client at once.
const OUTPUT_CREDITS: usize = 16;

/// How to start debuggees.
#[derive(Clone, Debug)]
pub struct DebuggeeCommand {
    /// The executable, which is `tailscope` itself.
    pub exe: PathBuf,
    /// Arguments before `--connect ADDRESS`.
    pub args: Vec<OsString>,
}

/// What a debuggee's process is given beside its program.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Its working directory.
    pub cwd: Option<PathBuf>,
    /// Environment variables to set, or to remove.
    pub env: BTreeMap<String, Option<String>>,
}

/// A running debuggee.
pub struct DebuggeeProcess {
    /// None: somebody else has started it.
    child: Option<Arc<SharedChild>>,
    /// Ends the wait for its connection.
    forgotten: Arc<AtomicBool>,
    /// It was let go, and outlives this.
    let_go: bool,
}

/// What a client is asked to run in its terminal.
pub struct TerminalCommand {
    /// The program and its arguments.
    pub args: Vec<String>,
    /// Variables to set.
    pub env: BTreeMap<String, String>,
}

impl DebuggeeProcess {
    /// Starts a debuggee. What becomes of it is told to `to`.
    pub fn start(
        command: &DebuggeeCommand,
        surroundings: &Surroundings,
        to: &Reporter,
    ) -> Result<Self, String> {
        let cannot = |what: &str, error: io::Error| format!("cannot {what}: {error}");
        let (listener, address, token) = open_port()?;

        let mut process = Command::new(&command.exe);
        process
            .args(&command.args)
            .arg("--connect")
            .arg(address.to_string());
        process
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(cwd) = &surroundings.cwd {
            process.current_dir(cwd);
        }
        for (name, value) in &surroundings.env {
            match value {
                Some(value) => process.env(name, value),
                None => process.env_remove(name),
            };
        }
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut process, 0);
        let child = SharedChild::spawn(&mut process)
            .map_err(|error| cannot(&format!("start {}", command.exe.display()), error))?;
        let child = Arc::new(child);
        let started = DebuggeeProcess {
            child: Some(Arc::clone(&child)),
            forgotten: Arc::default(),
            let_go: false,
        };
        watch(&child, &token, to)
            .and_then(|()| started.await_link(listener, token, to))
            .map_err(|error| {
                started.kill();
                cannot("watch the debuggee", error)
            })?;
        Ok(started)
    }

    /// Prepares for a debuggee that the client starts in a terminal.
    pub fn in_terminal(
        command: &DebuggeeCommand,
        to: &Reporter,
    ) -> Result<(Self, TerminalCommand), String> {
        let (listener, address, token) = open_port()?;
        let prepared = DebuggeeProcess {
            child: None,
            forgotten: Arc::default(),
            let_go: false,
        };
        let own = command.exe.to_string_lossy().into_owned();
        let rest = command.args.iter().map(|a| a.to_string_lossy().into_owned());
        let connect = ["--connect".to_owned(), address.to_string()];
        let args = std::iter::once(own).chain(rest).chain(connect).collect();
        let env = BTreeMap::from([(LINK_TOKEN.to_owned(), token.clone())]);
        prepared
            .await_link(listener, token, to)
            .map_err(|error| format!("cannot wait for the debuggee: {error}"))?;
        Ok((prepared, TerminalCommand { args, env }))
    }

    /// Joins a program that listens for debuggers.
    pub fn join(address: String, token: String, to: &Reporter) -> Result<Self, String> {
        let sender = to.clone();
        thread::Builder::new()
            .name("link".to_owned())
            .spawn(move || {
                let happening = match greet_listener(&address, token) {
                    Ok((stream, pid)) => Happening::DebuggeeConnected(stream, pid),
                    Err(reason) => Happening::DebuggeeUnreachable(reason),
                };
                sender.send(happening);
            })
            .map_err(|error| format!("cannot connect: {error}"))?;
        Ok(DebuggeeProcess {
            child: None,
            forgotten: Arc::default(),
            let_go: true,
        })
    }

    /// Starts the thread that waits for the debuggee to connect.
    fn await_link(
        &self,
        listener: TcpListener,
        token: String,
        to: &Reporter,
    ) -> io::Result<()> {
        let (forgotten, sender) = (Arc::clone(&self.forgotten), to.clone());
        thread::Builder::new()
            .name("link".to_owned())
            .spawn(move || {
                let happening = match accept(&listener, &token, &forgotten) {
                    Ok((stream, pid)) => Happening::DebuggeeConnected(stream, pid),
                    Err(error) => Happening::DebuggeeUnreachable(error.to_string()),
                };
                sender.send(happening);
            })?;
        Ok(())
    }

    /// Whether this adapter has started the process, and sees it end.
    pub fn is_own(&self) -> bool {
        self.child.is_some()
    }

    /// It is not to end with this.
    pub fn let_go(&mut self) {
        self.let_go = true;
    }


    /// Ends it and the processes that it has started, at once. Its exit is still told.
    pub fn kill(&self) {
        self.forgotten.store(true, Ordering::Relaxed);
        #[cfg(unix)]
        self.signal_group(nix::sys::signal::Signal::SIGKILL);
        if let Some(child) = &self.child {
            let _ = child.kill();
        }
    }

    /// Asks it to end, as a terminal that is closed would.
    pub fn ask_to_end(&self) {
        #[cfg(unix)]
        self.signal_group(nix::sys::signal::Signal::SIGTERM);
        #[cfg(not(unix))]
        self.kill();
    }

    /// Signals its process group, which it leads, unless it has been waited for: then the
    /// number may be somebody else's.
    #[cfg(unix)]
    fn signal_group(&self, signal: nix::sys::signal::Signal) {
        let Some(child) = &self.child else { return };
        if let (Ok(None), Ok(id)) = (child.try_wait(), i32::try_from(child.id())) {
            let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(id), signal);
        }
    }
}

impl Drop for DebuggeeProcess {
    fn drop(&mut self) {
        if !self.let_go {
            self.kill();
        }
    }
}

/// A port for a debuggee to connect to, and the token that it has to show.
fn open_port() -> Result<(TcpListener, SocketAddr, String), String> {
    let cannot = |error: io::Error| {
        format!("cannot open a port for the debuggee to connect to: {error}")
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    Ok((listener, address, random_token()?))
}

/// Hands over the token, and starts the threads that read a child's output and wait for its end.
fn watch(child: &Arc<SharedChild>, token: &str, to: &Reporter) -> io::Result<()> {
    if let Some(mut stdin) = child.take_stdin() {
        // A child that is gone already shows in the waiting thread.
        let _ = writeln!(stdin, "{token}");
    }
    if let Some(stdout) = child.take_stdout() {
        pump_output(stdout, OutputEventCategory::Stdout, to.clone())?;
    }
    if let Some(stderr) = child.take_stderr() {
        pump_output(stderr, OutputEventCategory::Stderr, to.clone())?;
    }
    let (child, sender) = (Arc::clone(child), to.clone());
    thread::Builder::new()
        .name("debuggee-waiter".to_owned())
        .spawn(move || {
            sender.send(Happening::DebuggeeExited(child.wait().ok()));
        })?;
    Ok(())
}

/// Shows a listening program the token; a sentence says why it does not want this debugger.
fn greet_listener(address: &str, token: String) -> Result<(TcpStream, u32), String> {
    let cannot = |error: io::Error| format!("nothing can be attached to at {address}: {error}");
    let found: Vec<SocketAddr> = address.to_socket_addrs().map_err(cannot)?.collect();
    let mut stream = Err(io::Error::other("the name stands for no address"));
    for address in found {
        stream = TcpStream::connect_timeout(&address, GREETING_TIME);
        if stream.is_ok() {
            break;
        }
    }
    let mut stream = stream.map_err(cannot)?;
    let hello = Report::Hello {
        token,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
    };
    let answer = stream
        .set_nodelay(true)
        .and_then(|()| stream.set_read_timeout(Some(GREETING_TIME)))
        .and_then(|()| write_message(&mut stream, &hello))
        .and_then(|()| read_limited(&mut stream, 4096));
    match answer {
        Ok(Report::Hello { pid, .. }) => {
            stream.set_read_timeout(None).map_err(cannot)?;
            Ok((stream, pid))
        }
        Ok(Report::Answer {
            result: Err(reason),
            ..
        }) => Err(reason),
        Ok(_) => Err(format!("what listens at {address} is no tailscope program")),
        Err(error) => Err(format!("what listens at {address} does not answer: {error}")),
    }
}

/// Waits for the debuggee to connect. Strangers are turned away.
fn accept(
    listener: &TcpListener,
    token: &str,
    forgotten: &AtomicBool,
) -> io::Result<(TcpStream, u32)> {
    let deadline = Instant::now() + CONNECT_TIME;
    listener.set_nonblocking(true)?;
    while Instant::now() < deadline && !forgotten.load(Ordering::Relaxed) {
        match listener.accept() {
            Ok((stream, _)) => {
                if let Some(greeted) = greet(stream, token) {
                    return Ok(greeted);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                thread::sleep(Duration::from_millis(2))
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("it did not connect in time"))
}

/// The connection, if the one at its other end knows the token.
fn greet(mut stream: TcpStream, token: &str) -> Option<(TcpStream, u32)> {
    stream.set_nonblocking(false).ok()?;
    stream.set_nodelay(true).ok()?;
    stream.set_read_timeout(Some(GREETING_TIME)).ok()?;
    match read_limited(&mut stream, 4096) {
        Ok(Report::Hello {
            token: shown,
            version,
            pid,
        }) if same_text(&shown, token) && version == env!("CARGO_PKG_VERSION") => {
            stream.set_read_timeout(None).ok()?;
            Some((stream, pid))
        }
        _ => None,
    }
}

/// Starts the thread that reads what the debuggee says on the link.
pub fn read_reports(mut stream: TcpStream, to: Reporter) -> io::Result<()> {
    thread::Builder::new()
        .name("link-reader".to_owned())
        .spawn(move || {
            while let Ok(report) = read_message::<Report>(&mut stream) {
                if !to.send(Happening::Report(report)) {
                    return;
                }
            }
            to.send(Happening::LinkClosed);
        })?;
    Ok(())
}

/// Starts a thread that hands on an output stream as text.
fn pump_output(
    mut stream: impl Read + Send + 'static,
    category: OutputEventCategory,
    to: Reporter,
) -> io::Result<()> {
    thread::Builder::new()
        .name("debuggee-output".to_owned())
        .spawn(move || {
            let credits = Credits::new(OUTPUT_CREDITS);
            let mut text = Utf8Pieces::default();
            let mut bytes = vec![0; 16 << 10];
            let send = |text: String| {
                let credit = credits.take();
                text.is_empty() || to.send(Happening::Output(category.clone(), text, credit))
            };
            loop {
                match stream.read(&mut bytes) {
                    Ok(0) => break,
                    Ok(length) => {
                        if !send(text.push(bytes.get(..length).unwrap_or_default())) {
                            return;
                        }
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(_) => break,
                }
            }
            send(text.finish());
            to.send(Happening::OutputEnded);
        })?;
    Ok(())
}

/// Turns a stream of bytes into text; a character may come in pieces.
#[derive(Default)]
struct Utf8Pieces {
    unfinished: Vec<u8>,
}

impl Utf8Pieces {
    /// The text up to the last whole character; what is no UTF-8 becomes U+FFFD.
    fn push(&mut self, bytes: &[u8]) -> String {
        self.unfinished.extend_from_slice(bytes);
        let mut text = String::new();
        let mut keep = Vec::new();
        let mut chunks = self.unfinished.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            text.push_str(chunk.valid());
            let last = chunks.peek().is_none();
            if last && std::str::from_utf8(chunk.invalid()).is_err_and(|e| e.error_len().is_none())
            {
                keep = chunk.invalid().to_vec();
            } else if !chunk.invalid().is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        self.unfinished = keep;
        text
    }

    /// What is left at the end.
    fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.unfinished)).into_owned()
    }
}

/// How a process ended: the exit code for the protocol, and a sentence where it was not by
/// its own will.
pub fn describe_exit(status: Option<ExitStatus>) -> (i64, Option<String>) {
    let Some(status) = status else {
        return (1, Some("the program's exit status is not known".to_owned()));
    };
    if let Some(code) = status.code() {
        return (i64::from(code), None);
    }
    #[cfg(unix)]
    if let Some(number) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let name = nix::sys::signal::Signal::try_from(number).map_or("", |signal| signal.as_str());
        let name = if name.is_empty() {
            format!("signal {number}")
        } else {
            format!("{name} (signal {number})")
        };
        // 128 and the number is what shells say.
        return (
            128 + i64::from(number),
            Some(format!("the program was ended by {name}")),
        );
    }
    (1, Some(format!("the program ended: {status}")))
}

/// A directory that can be worked in, or a sentence.
pub fn check_directory(path: &Path) -> Result<(), String> {
    if path.is_dir() {
        Ok(())
    } else {
        Err(format!(
            "the working directory {} does not exist",
            path.display()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_in_pieces_and_bytes_that_are_none() {
        let mut pieces = Utf8Pieces::default();
        let euro = "€".as_bytes();
        assert_eq!(pieces.push(&[b'a', euro[0]]), "a");
        assert_eq!(pieces.push(&[euro[1]]), "");
        assert_eq!(
            pieces.push(&[euro[2], b'b', 0xff, b'c', euro[0]]),
            "€b\u{fffd}c"
        );
        assert_eq!(pieces.push(b"d"), "\u{fffd}d");
        assert_eq!(pieces.push(&euro[..2]), "");
        assert_eq!(pieces.finish(), "\u{fffd}");
        assert_eq!(pieces.finish(), "");
    }

    #[cfg(unix)]
    #[test]
    fn exits_in_words() {
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(describe_exit(Some(ExitStatus::from_raw(3 << 8))), (3, None));
        let (code, text) = describe_exit(Some(ExitStatus::from_raw(11)));
        assert_eq!(
            (code, text.unwrap().as_str()),
            (139, "the program was ended by SIGSEGV (signal 11)")
        );
    }

    #[test]
    fn a_stranger_is_turned_away() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let hello = |token: &str| {
            let mut stream = TcpStream::connect(address).unwrap();
            let version = env!("CARGO_PKG_VERSION").to_owned();
            crate::link::write_message(
                &mut stream,
                &Report::Hello {
                    token: token.to_owned(),
                    version,
                    pid: 7,
                },
            )
            .unwrap();
            stream
        };
        let stranger = hello("guess");
        let friend = hello("secret");
        let (accepted, pid) = accept(&listener, "secret", &AtomicBool::new(false)).unwrap();
        assert_eq!(pid, 7);
        assert_eq!(accepted.peer_addr().unwrap(), friend.local_addr().unwrap());
        drop(stranger);
        let nobody = accept(&listener, "secret", &AtomicBool::new(true));
        assert!(nobody.is_err(), "a wait that is called off ends");
    }
}
