//! A debug session: what is going on, and what each request does about it.
//!
//! One thread runs a session. Whatever happens (a message from the client, a word from the
//! debuggee, a piece of its output, its end) comes to it through one channel and is dealt
//! with in the order of arrival, without waiting: a question to the debuggee leaves behind
//! what is to be done with the answer ([`target`]). So the session answers even while the
//! program hangs.
//!
//! Requests are handled by what they need ([`Session::route`]): nothing, a running program,
//! or one that stands still.

mod breakpoints;
mod disassembly;
mod execution;
mod handlers;
mod handles;
mod inspection;
mod inventory;
mod jumps;
mod lifecycle;
mod memory;
mod pending;
mod render;
mod sources;
mod target;

use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::process::ExitStatus;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::{Client, Credit, Responder, read_messages};
use crate::codec::FrameError;
use crate::link::messages::{HandlerView, Report, ThreadView};
use crate::process::DebuggeeCommand;
use crate::protocol::amended::LaunchArguments;
use crate::protocol::request::Request;
use crate::protocol::{Failure, Incoming, OutputEventCategory, RawRequest};

use breakpoints::{Breakpoints, LateAnswer};
use handles::Handles;
use pending::Pending;
use sources::Sources;
use target::Target;

/// How a session is set up.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// How debuggees are started.
    pub debuggee: DebuggeeCommand,
    /// Bytes that are no message end the session, instead of being reported and skipped.
    pub strict_framing: bool,
}

/// Something that a session has to deal with.
pub enum Happening {
    /// The body of a message from the client.
    ClientMessage(Vec<u8>),
    /// Bytes from the client that are no message.
    ClientNoise(FrameError),
    /// The client has closed the connection.
    ClientGone,
    /// The debuggee has connected and shown its token; with its process id.
    DebuggeeConnected(TcpStream, u32),
    /// The debuggee will not connect.
    DebuggeeUnreachable(String),
    /// A word from the debuggee.
    Report(Report),
    /// The debuggee has closed the link.
    LinkClosed,
    /// A piece of the program's output.
    Output(OutputEventCategory, String, Credit),
    /// One of the program's two output streams has ended.
    OutputEnded,
    /// The debuggee's process has ended.
    DebuggeeExited(Option<ExitStatus>),
    /// One of these, around the debuggee of this run of the program.
    OfRun(u64, Box<Happening>),
}

/// Tells the session of what happens around one debuggee: the threads of an earlier one may still
/// have something to say after a restart.
#[derive(Clone)]
pub struct Reporter {
    to: Sender<Happening>,
    run: u64,
}

impl Reporter {
    /// Whether the session still listens.
    pub fn send(&self, happening: Happening) -> bool {
        let happening = Happening::OfRun(self.run, Box::new(happening));
        self.to.send(happening).is_ok()
    }
}

/// How far a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing has been said.
    New,
    /// The client has introduced itself.
    Initialized,
    /// The debuggee's process is coming up.
    Launching,
    /// It waits for breakpoints and for the word to start.
    Configuring,
    /// The program runs.
    Running,
    /// The program stands still, and can be looked into.
    Stopped,
    /// The program has ended, or could not be started.
    Ended,
}

/// What the client said about itself.
#[derive(Clone, Copy, Debug)]
struct ClientTraits {
    lines_start_at_1: bool,
    columns_start_at_1: bool,
    variable_type: bool,
    run_in_terminal: bool,
    progress: bool,
    invalidated_event: bool,
    memory_event: bool,
}

/// Something to be done at a certain time, unless it has become needless.
enum Due {
    /// Answer `setBreakpoints` although the debuggee has not.
    Breakpoints(LateAnswer),
    /// The process of this run has ended: stop waiting for the rest of its output, which a
    /// process that it has started may hold open.
    Drained(u64),
    /// The debuggee of this run has closed the link and yet not ended.
    LinkLost(u64),
    /// The debuggee does not die: let the client go.
    Disconnected,
    /// A request takes its time.
    Progress(i64),
}

/// A session.
struct Session {
    client: Client,
    options: SessionOptions,
    happenings: Sender<Happening>,
    phase: Phase,
    traits: ClientTraits,
    breakpoints: Breakpoints,
    /// `configurationDone` has come.
    configured: bool,
    target: Option<Target>,
    threads: Vec<ThreadView>,
    /// The one that stopped last.
    stopped_thread: u64,
    /// Requests that wait for the debuggee, the first longest.
    pending: Vec<Pending>,
    /// Files and modules that the client was told of.
    told_files: HashSet<String>,
    told_modules: HashSet<String>,
    /// Counts the runs of the program in this session.
    run: u64,
    /// What was launched, for a restart.
    launched: Option<LaunchArguments>,
    /// The `restart` that waits for the end of the debuggee, and what is to run then.
    restarting: Option<(Responder, LaunchArguments)>,
    /// Our request that the client run something in its terminal.
    asked_for_terminal: Option<i64>,
    /// Requests for the threads of a program that has not told of one yet.
    asked_for_threads: Vec<Responder>,
    /// Of how many executed instructions the native frames are shown.
    handler_frames: u32,
    /// Those of this stop, once the stack was asked for.
    handlers: Vec<HandlerView>,
    handles: Handles,
    sources: Sources,
    dues: Vec<(Instant, Due)>,
    /// The `disconnect` to answer when the debuggee is gone.
    disconnecting: Option<Responder>,
    finished: bool,
}

/// Runs a session to its end: the client's `disconnect`, or the end of its stream.
pub fn run_session(
    reader: impl Read + Send + 'static,
    writer: impl Write + Send + 'static,
    options: SessionOptions,
) -> io::Result<()> {
    let (happenings, inbox) = channel();
    let client = Client::new(writer)?;
    read_messages(reader, happenings.clone())?;
    let mut session = Session {
        client,
        options,
        happenings,
        phase: Phase::New,
        traits: ClientTraits {
            lines_start_at_1: true,
            columns_start_at_1: true,
            variable_type: false,
            run_in_terminal: false,
            progress: false,
            invalidated_event: false,
            memory_event: false,
        },
        breakpoints: Breakpoints::default(),
        configured: false,
        target: None,
        threads: Vec::new(),
        stopped_thread: 0,
        pending: Vec::new(),
        told_files: HashSet::new(),
        told_modules: HashSet::new(),
        run: 0,
        launched: None,
        restarting: None,
        asked_for_terminal: None,
        asked_for_threads: Vec::new(),
        handler_frames: 0,
        handlers: Vec::new(),
        handles: Handles::default(),
        sources: Sources::default(),
        dues: Vec::new(),
        disconnecting: None,
        finished: false,
    };
    session.run(&inbox);
    // Dropping the target ends the debuggee.
    session.target = None;
    session.client.finish();
    Ok(())
}

impl Session {
    fn run(&mut self, inbox: &Receiver<Happening>) {
        while !self.finished {
            let now = Instant::now();
            let happening = match self.dues.iter().map(|(when, _)| *when).min() {
                Some(when) => match inbox.recv_timeout(when.saturating_duration_since(now)) {
                    Ok(happening) => Some(happening),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return,
                },
                None => match inbox.recv() {
                    Ok(happening) => Some(happening),
                    Err(_) => return,
                },
            };
            match happening {
                Some(happening) => self.happened(happening),
                None => self.do_what_is_due(Instant::now()),
            }
        }
    }

    fn do_later(&mut self, delay: Duration, due: Due) {
        self.dues.push((Instant::now() + delay, due));
    }

    fn do_what_is_due(&mut self, now: Instant) {
        let (due, later) = std::mem::take(&mut self.dues)
            .into_iter()
            .partition(|(when, _)| *when <= now);
        self.dues = later;
        let due: Vec<(Instant, Due)> = due;
        for (_, due) in due {
            match due {
                Due::Breakpoints(late) => self.answer_without_debuggee(&late),
                Due::Drained(run) if run == self.run => self.drained(),
                Due::LinkLost(run) if run == self.run => self.link_lost(),
                Due::Drained(_) | Due::LinkLost(_) => {}
                Due::Disconnected => self.disconnected(),
                Due::Progress(request_seq) => self.still_pending(request_seq),
            }
        }
    }

    fn happened(&mut self, happening: Happening) {
        match happening {
            Happening::ClientMessage(body) => self.client_message(&body),
            Happening::ClientNoise(error) => self.client_noise(&error),
            Happening::ClientGone => self.finished = true,
            Happening::DebuggeeConnected(stream, pid) => self.debuggee_connected(stream, pid),
            Happening::DebuggeeUnreachable(reason) => self.debuggee_unreachable(&reason),
            Happening::Report(report) => self.reported(report),
            Happening::LinkClosed => self.link_closed(),
            Happening::Output(category, text, credit) => {
                self.client.output(category, text, Some(credit));
            }
            Happening::OutputEnded => self.stream_ended(),
            Happening::DebuggeeExited(status) => self.debuggee_exited(status),
            Happening::OfRun(run, happening) => {
                // What an earlier run has written is still shown.
                if run == self.run || matches!(*happening, Happening::Output(..)) {
                    self.happened(*happening);
                }
            }
        }
    }

    /// For what watches the debuggee of this run.
    fn reporter(&self) -> Reporter {
        Reporter {
            to: self.happenings.clone(),
            run: self.run,
        }
    }

    fn client_noise(&mut self, error: &FrameError) {
        self.client.note(&format!(
            "The debug adapter received something that is no message: {error}."
        ));
        if self.options.strict_framing {
            self.finished = true;
        }
    }

    fn client_message(&mut self, body: &[u8]) {
        match Incoming::parse(body) {
            Incoming::Request(raw) => self.request(raw),
            Incoming::Response {
                request_seq,
                failure,
            } => self.client_answered(request_seq, failure),
            Incoming::Invalid {
                seq: Some(seq),
                command,
                problem,
            } => {
                let to = Responder {
                    request_seq: seq,
                    command,
                };
                self.client.respond(to, Err(Failure::new(problem)));
            }
            Incoming::Invalid {
                seq: None, problem, ..
            } => {
                self.client.note(&format!(
                    "The debug adapter received a message that it cannot read: {problem}."
                ));
            }
        }
    }

    fn request(&mut self, raw: RawRequest) {
        let to = Responder {
            request_seq: raw.seq,
            command: raw.command.clone(),
        };
        match Request::parse(raw) {
            Ok(request) => self.route(to, request),
            Err(failure) => self.client.respond(to, Err(failure)),
        }
    }

    /// Sends each request to its handler, if the program is in the state that it needs.
    fn route(&mut self, to: Responder, request: Request) {
        match request {
            // At any time.
            Request::Initialize(arguments) => self.initialize(to, arguments),
            Request::Launch(arguments) => self.launch(to, arguments),
            Request::Attach(arguments) => self.attach(to, arguments),
            Request::Restart(arguments) => self.restart(to, arguments),
            Request::SetFunctionBreakpoints(arguments) => {
                self.set_function_breakpoints(to, arguments)
            }
            Request::SetDataBreakpoints(arguments) => self.set_data_breakpoints(to, arguments),
            Request::BreakpointLocations(arguments) => self.breakpoint_locations(to, arguments),
            Request::Modules(arguments) => self.modules(to, arguments),
            Request::LoadedSources(_) => self.loaded_sources(to),
            Request::TerminateThreads(arguments) => self.terminate_threads(to, arguments),
            Request::Cancel(arguments) => self.cancel(to, arguments),
            Request::ConfigurationDone(_) => self.configuration_done(to),
            Request::SetBreakpoints(arguments) => self.set_breakpoints(to, arguments),
            Request::SetInstructionBreakpoints(arguments) => {
                self.set_instruction_breakpoints(to, arguments)
            }
            Request::SetExceptionBreakpoints(arguments) => {
                self.set_exception_breakpoints(to, arguments)
            }
            Request::Threads(_) => self.threads(to),
            Request::HandlerFrames(arguments) => self.set_handler_frames(to, arguments),
            Request::Source(arguments) => self.source(to, arguments),
            Request::Terminate(_) => self.terminate(to),
            Request::Disconnect(arguments) => self.disconnect(to, &arguments),

            // While the program runs.
            Request::Pause(arguments) => self.while_running(to, |s, to| s.pause(to, arguments)),

            other => self.route_stopped(to, other),
        }
    }

    /// The same for requests that need a program which stands still.
    fn route_stopped(&mut self, to: Responder, request: Request) {
        match request {
            Request::Continue(arguments) => self.while_stopped(to, |s, to| s.resume(to, arguments)),
            Request::Next(arguments) => self.while_stopped(to, |s, to| s.next(to, arguments)),
            Request::StepIn(arguments) => self.while_stopped(to, |s, to| s.step_in(to, arguments)),
            Request::StepOut(arguments) => {
                self.while_stopped(to, |s, to| s.step_out(to, arguments))
            }
            Request::StackTrace(arguments) => {
                self.while_stopped(to, |s, to| s.stack_trace(to, arguments))
            }
            Request::Scopes(arguments) => self.while_stopped(to, |s, to| s.scopes(to, arguments)),
            Request::Variables(arguments) => {
                self.while_stopped(to, |s, to| s.variables(to, arguments))
            }
            Request::SetVariable(arguments) => {
                self.while_stopped(to, |s, to| s.set_variable(to, arguments))
            }
            Request::Evaluate(arguments) => {
                self.while_stopped(to, |s, to| s.evaluate(to, arguments))
            }
            Request::ExceptionInfo(arguments) => {
                self.while_stopped(to, |s, to| s.exception_info(to, arguments))
            }
            Request::Disassemble(arguments) => {
                self.while_stopped(to, |s, to| s.disassemble(to, arguments))
            }
            Request::SetExpression(arguments) => {
                self.while_stopped(to, |s, to| s.set_expression(to, arguments))
            }
            Request::Completions(arguments) => {
                self.while_stopped(to, |s, to| s.completions(to, arguments))
            }
            Request::DataBreakpointInfo(arguments) => {
                self.while_stopped(to, |s, to| s.data_breakpoint_info(to, arguments))
            }
            Request::StepInTargets(arguments) => {
                self.while_stopped(to, |s, to| s.step_in_targets(to, arguments))
            }
            Request::GotoTargets(arguments) => {
                self.while_stopped(to, |s, to| s.goto_targets(to, arguments))
            }
            Request::Goto(arguments) => self.while_stopped(to, |s, to| s.goto(to, arguments)),
            Request::RestartFrame(arguments) => {
                self.while_stopped(to, |s, to| s.restart_frame(to, arguments))
            }
            Request::ReadMemory(arguments) => {
                self.while_stopped(to, |s, to| s.read_memory(to, arguments))
            }
            Request::WriteMemory(arguments) => {
                self.while_stopped(to, |s, to| s.write_memory(to, arguments))
            }
            Request::Locations(arguments) => {
                self.while_stopped(to, |s, to| s.locations(to, arguments))
            }
            other => {
                // Every request is in one of the two lists.
                let failure = Failure::new(format!("{} is not handled here", to.command));
                drop(other);
                self.client.respond(to, Err(failure));
            }
        }
    }

    fn while_running(&mut self, to: Responder, handle: impl FnOnce(&mut Self, Responder)) {
        match self.phase {
            Phase::Running => handle(self, to),
            // It stopped before the client heard of it: what is asked for has happened.
            Phase::Stopped => self.client.respond(to, Ok(Value::Null)),
            phase => self
                .client
                .respond(to, Err(Failure::new(no_program(phase)))),
        }
    }

    fn while_stopped(&mut self, to: Responder, handle: impl FnOnce(&mut Self, Responder)) {
        match self.phase {
            Phase::Stopped => handle(self, to),
            Phase::Running => {
                let failure = Failure::not_stopped("the program is running; pause it first");
                self.client.respond(to, Err(failure));
            }
            phase => self
                .client
                .respond(to, Err(Failure::new(no_program(phase)))),
        }
    }
}

/// Why there is no program to work with.
fn no_program(phase: Phase) -> &'static str {
    if phase == Phase::Ended {
        "the program has ended"
    } else {
        "no program has been started yet"
    }
}
