//! Where the adapter is spoken to: its standard streams, or a loopback port.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::thread;

use crate::process::DebuggeeCommand;
use crate::session::{SessionOptions, run_session};

/// How the adapter is run.
#[derive(Clone, Debug)]
pub struct AdapterOptions {
    /// Where it listens; None: standard streams.
    pub listen: Option<Listen>,
    /// How it starts debuggees.
    pub debuggee: DebuggeeCommand,
}

/// A loopback address to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen(SocketAddr);

impl std::str::FromStr for Listen {
    type Err = String;

    /// Reads `HOST:PORT` or `PORT`. Only loopback addresses are taken: whoever can connect
    /// can run programs as this user.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: String| format!("cannot listen on {text:?}: {why}");
        let addresses: Vec<SocketAddr> = match text.parse::<u16>() {
            Ok(port) => vec![SocketAddr::from(([127, 0, 0, 1], port))],
            Err(_) => text
                .to_socket_addrs()
                .map_err(|error| wrong(format!("{error}; HOST:PORT is expected")))?
                .collect(),
        };
        match addresses.first() {
            None => Err(wrong("the name stands for no address".to_owned())),
            Some(address) if address.ip().is_loopback() => Ok(Listen(*address)),
            Some(address) => Err(wrong(format!(
                "{} is not a loopback address, and whoever connects could run programs as you; \
                 listen on 127.0.0.1 and forward the port (ssh -L) if another machine needs it",
                address.ip()
            ))),
        }
    }
}

/// Runs the adapter to the end of its session, or of all sessions. Returns the exit status.
pub fn run_adapter(options: AdapterOptions) -> i32 {
    let result = match options.listen {
        None => {
            let session = SessionOptions {
                debuggee: options.debuggee,
                strict_framing: false,
            };
            run_session(io::stdin(), io::stdout(), session)
        }
        Some(Listen(address)) => serve(address, &options.debuggee),
    };
    match result {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("tailscope dap: {error}");
            1
        }
    }
}

/// Listens until the process is ended; each connection is a session of its own.
fn serve(address: SocketAddr, debuggee: &DebuggeeCommand) -> io::Result<()> {
    let listener = TcpListener::bind(address)
        .map_err(|error| io::Error::other(format!("cannot listen on {address}: {error}")))?;
    // Editors that chose port 0 read the real one from here.
    println!("tailscope dap: listening on {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept()?;
        let debuggee = debuggee.clone();
        thread::Builder::new()
            .name("session".to_owned())
            .spawn(move || {
                if let Err(error) = serve_connection(stream, debuggee) {
                    eprintln!("tailscope dap: {error}");
                }
            })?;
    }
}

/// A web page can make a browser send bytes to this port, with a message hidden in the body
/// of an HTTP request. The request's own lines are no header of this protocol, and the first
/// such line ends the session.
fn serve_connection(stream: TcpStream, debuggee: DebuggeeCommand) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let reader = stream.try_clone()?;
    let closer = stream.try_clone()?;
    let result = run_session(
        reader,
        stream,
        SessionOptions {
            debuggee,
            strict_framing: true,
        },
    );
    let _ = closer.shutdown(std::net::Shutdown::Both);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses() {
        for good in ["4711", "127.0.0.1:4711", "[::1]:0", "127.1.2.3:9"] {
            assert!(good.parse::<Listen>().is_ok(), "{good}");
        }
        for bad in ["0.0.0.0:4711", "[::]:4711", "192.168.1.1:80"] {
            let refusal = bad.parse::<Listen>().unwrap_err();
            assert!(
                refusal.contains("is not a loopback address"),
                "{bad}: {refusal}"
            );
        }
        for bad in ["", "x", "127.0.0.1", "127.0.0.1:99999"] {
            assert!(bad.parse::<Listen>().is_err(), "{bad}");
        }
    }
}
