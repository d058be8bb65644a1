//! A program that runs by itself and lets debuggers join it, one after another.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use tailscope_vm::debug::DebugHook;

use crate::link::messages::Report;
use crate::link::{random_token, read_limited, same_text, write_message};

use super::connection::{Answers, Calls, Inbox, queue_commands};
use super::hook::{LinkHook, Manner};

/// The environment variable that a token can be given in.
pub const TOKEN_VARIABLE: &str = "TAILSCOPE_DEBUG_TOKEN";

/// How long a stranger may take to show a token.
const GREETING_TIME: Duration = Duration::from_secs(5);

/// How a program listens for debuggers.
#[derive(Clone, Debug)]
pub struct ListenOptions {
    /// `HOST:PORT` or `PORT`; without a host, the loopback interface.
    pub address: String,
    /// The program does not begin before a debugger says so.
    pub wait: bool,
    /// What the program is called.
    pub program: String,
}

/// What a listening program is run with.
pub struct Listening {
    /// For the VM.
    pub hook: Box<dyn DebugHook>,
    /// For the last word.
    pub answers: Answers,
}

/// Begins to listen, and says on the standard error where, and with which token.
pub fn listen(options: ListenOptions) -> Result<Listening, String> {
    let address = parse(&options.address)?;
    let listener = TcpListener::bind(address)
        .map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let address = listener
        .local_addr()
        .map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let given = std::env::var(TOKEN_VARIABLE).ok().filter(|t| !t.trim().is_empty());
    let token = match &given {
        Some(token) => token.trim().to_owned(),
        None => random_token()?,
    };
    announce(address, given.is_none().then_some(token.as_str()), options.wait);
    let (queue, inbox) = channel();
    let (answers, calls) = (Answers::default(), Calls::default());
    let host = Host {
        token,
        busy: Arc::default(),
        queue,
        answers: answers.clone(),
        calls: calls.clone(),
    };
    thread::Builder::new()
        .name("debugger-listener".to_owned())
        .spawn(move || host.serve(&listener))
        .map_err(|error| format!("cannot listen for debuggers: {error}"))?;
    let manner = Manner::Listening {
        wait: options.wait,
        program: options.program,
    };
    let hook = Box::new(LinkHook::new(inbox, answers.clone(), calls, manner));
    Ok(Listening { hook, answers })
}

fn parse(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    let mut found = text
        .to_socket_addrs()
        .map_err(|error| format!("cannot listen on {text:?}: {error}; write HOST:PORT or PORT"))?;
    found
        .next()
        .ok_or_else(|| format!("cannot listen on {text:?}: the name stands for no address"))
}

fn announce(address: SocketAddr, token: Option<&str>, wait: bool) {
    let what = if wait { "waits for" } else { "listens for" };
    let token = match token {
        Some(token) => format!("token {token}"),
        None => format!("with the token in {TOKEN_VARIABLE}"),
    };
    eprintln!("tailscope: the program {what} a debugger on {address}, {token}");
    if !is_loopback(address.ip()) {
        eprintln!(
            "tailscope: warning: {} can be reached from other machines, the connection is not \
             encrypted, and whoever has the token can run programs as you; listen on 127.0.0.1 \
             and forward the port (ssh -L) if you can",
            address.ip()
        );
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Lets debuggers in.
struct Host {
    token: String,
    busy: Arc<AtomicBool>,
    queue: Sender<Inbox>,
    answers: Answers,
    calls: Calls,
}

impl Host {
    fn serve(&self, listener: &TcpListener) {
        for stream in listener.incoming().flatten() {
            // A stranger who says nothing keeps nobody else waiting.
            let host = self.clone();
            let _ = thread::Builder::new()
                .name("debugger".to_owned())
                .spawn(move || host.receive(stream));
        }
    }

    fn clone(&self) -> Host {
        Host {
            token: self.token.clone(),
            busy: Arc::clone(&self.busy),
            queue: self.queue.clone(),
            answers: self.answers.clone(),
            calls: self.calls.clone(),
        }
    }

    fn receive(&self, mut stream: TcpStream) {
        if let Err(reason) = self.greet(&mut stream) {
            let refusal = Report::Answer {
                id: 0,
                result: Err(reason.to_string()),
            };
            let _ = write_message(&mut stream, &refusal);
            return;
        }
        if self.busy.swap(true, Ordering::AcqRel) {
            let text = "another debugger is attached to this program; detach it first";
            let refusal = Report::Answer {
                id: 0,
                result: Err(text.to_owned()),
            };
            let _ = write_message(&mut stream, &refusal);
            return;
        }
        if let Ok(writer) = stream.try_clone() {
            self.answers.connect(writer);
            self.answers.report(&hello());
            let _ = self.queue.send(Inbox::Connected);
            queue_commands(stream, &self.queue, &self.answers, &self.calls);
            self.answers.disconnect();
            let _ = self.queue.send(Inbox::Gone);
            // What runs for a debugger that is gone is of no use to anybody.
            self.calls.cancel();
            self.calls.wake();
        }
        self.busy.store(false, Ordering::Release);
    }

    fn greet(&self, stream: &mut TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(GREETING_TIME))?;
        let Report::Hello { token, version, .. } = read_limited(stream, 4096)? else {
            return Err(io::Error::other("a greeting with the token was expected"));
        };
        if !same_text(&token, &self.token) {
            return Err(io::Error::other(
                "the token is not the one that the program has printed",
            ));
        }
        if version != env!("CARGO_PKG_VERSION") {
            let text = format!(
                "the program runs under tailscope {}, the debug adapter is of {version}",
                env!("CARGO_PKG_VERSION")
            );
            return Err(io::Error::other(text));
        }
        stream.set_read_timeout(None)
    }
}

/// The first word of this process.
fn hello() -> Report {
    Report::Hello {
        token: String::new(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(parse("5678").unwrap().to_string(), "127.0.0.1:5678");
        assert!(parse("localhost:1").unwrap().ip().is_loopback());
        for bad in ["", "x", "127.0.0.1", "127.0.0.1:99999"] {
            assert!(parse(bad).unwrap_err().contains("cannot listen on"), "{bad}");
        }
        assert!(is_loopback("::ffff:127.0.0.1".parse().unwrap()));
        assert!(!is_loopback("0.0.0.0".parse().unwrap()));
    }
}
