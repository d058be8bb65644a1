//! The debuggee's process: connects to the adapter, loads the program, and serves the link
//! from inside the VM's debug hook.
//!
//! Two threads. One reads commands, queues them and wakes the VM; the other runs the VM and
//! takes commands from the queue whenever the VM calls the hook: at stops, and between two
//! instructions after it was woken. Python objects are thus only ever touched by the thread
//! that owns them. When the adapter is gone the process ends, whatever the program is doing.

mod convert;
mod hook;

use std::io::{self, BufRead, Read};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use tailscope_vm::debug::{DebuggeeProgram, LaunchSpec, Waker};

use crate::link::messages::{AnyCommand, CommandMessage, Report};
use crate::link::{read_message, write_message};
use crate::lock;

use hook::{Answers, LinkHook};

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
    write_message(&mut stream, &Report::Hello { token, version })?;

    let waker = Arc::new(Mutex::new(None));
    let (queue, commands) = channel();
    read_commands(stream.try_clone()?, queue, Arc::clone(&waker))?;
    let mut answers = Answers::new(stream);
    let program = match await_launch(&commands, &mut answers, load)? {
        Some(loaded) => loaded,
        None => return Ok(FAILED),
    };
    if program.no_debug {
        await_start(&commands, &mut answers)?;
        return Ok(program.program.run(None));
    }
    let hook = LinkHook::new(commands, answers, waker);
    Ok(program.program.run(Some(Box::new(hook))))
}

/// The token, from the standard input, which is at its end after that.
fn read_token() -> io::Result<String> {
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

/// Starts the thread that queues commands and wakes the VM for them.
fn read_commands(
    mut stream: TcpStream,
    queue: Sender<CommandMessage>,
    waker: Arc<Mutex<Option<Waker>>>,
) -> io::Result<()> {
    thread::Builder::new()
        .name("link-reader".to_owned())
        .spawn(move || {
            while let Ok(command) = read_message::<CommandMessage>(&mut stream) {
                if queue.send(command).is_err() {
                    // The program is over; only the end of the adapter matters now.
                    continue;
                }
                if let Some(wake) = lock(&waker).clone() {
                    wake();
                }
            }
            exit_now();
        })?;
    Ok(())
}

/// Ends the process without running anything of the program's: its thread may be anywhere.
fn exit_now() -> ! {
    #[cfg(unix)]
    {
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
    commands: &Receiver<CommandMessage>,
    answers: &mut Answers,
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
fn await_start(commands: &Receiver<CommandMessage>, answers: &mut Answers) -> io::Result<()> {
    loop {
        let CommandMessage { id, command } = next(commands)?;
        if matches!(command, AnyCommand::Start(_)) {
            answers.done(id);
            return Ok(());
        }
        answers.refuse(id, "the program runs without a debugger");
    }
}

fn next(commands: &Receiver<CommandMessage>) -> io::Result<CommandMessage> {
    commands
        .recv()
        .map_err(|_| io::Error::other("the connection was closed"))
}
