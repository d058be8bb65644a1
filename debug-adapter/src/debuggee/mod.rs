//! The debuggee's process: connects to the adapter, loads the program, and serves the link
//! from inside the VM's debug hook. Or, with [`listen`], runs by itself and lets adapters come.
//!
//! Two threads. One reads commands, queues them and wakes the VM; the other runs the VM and
//! takes commands from the queue whenever the VM calls the hook: at stops, and between two
//! instructions after it was woken. Python objects are thus only ever touched by the thread
//! that owns them. When the adapter is gone a program that it has launched ends, whatever it is
//! doing.

mod connection;
mod convert;
mod hook;
mod listening;
mod native;

use std::io::{self, BufRead, Read};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use tailscope_vm::debug::{DebuggeeProgram, LaunchSpec};

use crate::link::messages::{AnyCommand, CommandMessage, Report};
use crate::link::write_message;

use connection::{Calls, Inbox, queue_commands};
use hook::{LinkHook, Manner};

pub use connection::Answers;
pub use listening::{ListenOptions, Listening, listen};

/// Exit status of a debuggee that could not do its work, as opposed to its program's.
const FAILED: i32 = 125;

/// How the debuggee finds its adapter.
#[derive(Clone, Copy, Debug)]
pub struct DebuggeeOptions {
    /// Where the adapter listens.
    pub connect: SocketAddr,
}

/// Connects to the adapter, which has written a token and a newline to the standard input,
/// and runs the program that it names. `load` makes a program ready to run, or says in a
/// sentence why it cannot. Returns the exit status of the process.
pub fn run_debuggee(
    options: DebuggeeOptions,
    load: impl FnOnce(LaunchSpec) -> Result<Box<dyn DebuggeeProgram>, String>,
) -> i32 {
    match connect_and_run(options, load) {
        Ok(status) => status,
        Err(error) => {
            eprintln!("tailscope: the debuggee cannot talk to the debug adapter: {error}");
            FAILED
        }
    }
}

fn connect_and_run(
    options: DebuggeeOptions,
    load: impl FnOnce(LaunchSpec) -> Result<Box<dyn DebuggeeProgram>, String>,
) -> io::Result<i32> {
    let token = read_token()?;
    let mut stream = TcpStream::connect(options.connect)?;
    stream.set_nodelay(true)?;
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let pid = std::process::id();
    let hello = Report::Hello {
        token,
        version,
        pid,
    };
    write_message(&mut stream, &hello)?;

    let (queue, inbox) = channel();
    let (answers, calls) = (Answers::default(), Calls::default());
    let let_go = Arc::<AtomicBool>::default();
    answers.connect(stream.try_clone()?);
    let reader = (answers.clone(), calls.clone(), Arc::clone(&let_go));
    thread::Builder::new()
        .name("link-reader".to_owned())
        .spawn(move || {
            let (answers, calls, let_go) = reader;
            queue_commands(stream, &queue, &answers, &calls);
            if !let_go.load(Ordering::Acquire) {
                exit_now();
            }
            answers.disconnect();
            let _ = queue.send(Inbox::Gone);
            calls.wake();
            // The queue stays open: nobody is to take its end for a reason to end.
            loop {
                thread::park();
            }
        })?;
    let program = match await_launch(&inbox, &answers, load)? {
        Some(loaded) => loaded,
        None => return Ok(FAILED),
    };
    let status = if program.no_debug {
        await_start(&inbox, &answers)?;
        program.program.run(None)
    } else {
        let manner = Manner::Launched { let_go };
        let hook = LinkHook::new(inbox, answers.clone(), calls, manner);
        program.program.run(Some(Box::new(hook)))
    };
    answers.exiting(status);
    Ok(status)
}

/// The environment variable that the token is in where the standard input is a person's.
pub(crate) const LINK_TOKEN: &str = "TAILSCOPE_LINK_TOKEN";

/// The token: from the environment, else from the standard input, which is at its end after that.
fn read_token() -> io::Result<String> {
    if let Ok(token) = std::env::var(LINK_TOKEN) {
        // SAFETY: the process has no other thread yet.
        unsafe { std::env::remove_var(LINK_TOKEN) };
        return Ok(token);
    }
    let mut line = String::new();
    io::stdin().lock().take(256).read_line(&mut line)?;
    let token = line.trim();
    if token.is_empty() {
        return Err(io::Error::other(
            "it was not started by one (no token on the standard input)",
        ));
    }
    Ok(token.to_owned())
}

/// The program's output goes nowhere from now on: whoever read it is about to be gone.
fn without_output() {
    #[cfg(unix)]
    if let Ok(nowhere) = std::fs::OpenOptions::new().write(true).open("/dev/null") {
        let _ = nix::unistd::dup2_stdout(&nowhere);
        let _ = nix::unistd::dup2_stderr(&nowhere);
    }
}

/// Ends the process without running anything of the program's: its thread may be anywhere. The
/// processes that the program has started end too, as they do when the adapter ends it.
fn exit_now() -> ! {
    #[cfg(unix)]
    {
        let own = nix::unistd::getpid();
        // An adapter starts it as the leader of a group of its own.
        if nix::unistd::getpgrp() == own {
            let _ = nix::sys::signal::killpg(own, nix::sys::signal::Signal::SIGKILL);
        }
        // SAFETY: `_exit` has no preconditions; it runs no destructors and no exit handlers,
        // which is the point, since the VM's thread is still running.
        unsafe { nix::libc::_exit(FAILED) }
    }
    #[cfg(not(unix))]
    std::process::exit(FAILED)
}

struct Loaded {
    program: Box<dyn DebuggeeProgram>,
    no_debug: bool,
}

/// Answers the launch command; None if the program cannot be loaded.
fn await_launch(
    commands: &Receiver<Inbox>,
    answers: &Answers,
    load: impl FnOnce(LaunchSpec) -> Result<Box<dyn DebuggeeProgram>, String>,
) -> io::Result<Option<Loaded>> {
    loop {
        let CommandMessage { id, command } = next(commands)?;
        let AnyCommand::Launch(launch) = command else {
            answers.refuse(id, "nothing has been launched");
            continue;
        };
        let spec = LaunchSpec::from(launch.spec);
        let no_debug = spec.no_debug;
        match load(spec) {
            Ok(program) => {
                answers.done(id);
                return Ok(Some(Loaded { program, no_debug }));
            }
            Err(reason) => {
                answers.refuse(id, &reason);
                return Ok(None);
            }
        }
    }
}

/// Waits for the start of a program that is not debugged.
fn await_start(commands: &Receiver<Inbox>, answers: &Answers) -> io::Result<()> {
    loop {
        let CommandMessage { id, command } = next(commands)?;
        if matches!(command, AnyCommand::Start(_)) {
            answers.done(id);
            return Ok(());
        }
        answers.refuse(id, "the program runs without a debugger");
    }
}

fn next(commands: &Receiver<Inbox>) -> io::Result<CommandMessage> {
    loop {
        match commands.recv() {
            Ok(Inbox::Command(message)) => return Ok(message),
            Ok(Inbox::Connected) => {}
            Ok(Inbox::Gone) | Err(_) => return Err(io::Error::other("the connection was closed")),
        }
    }
}
