//! The beginning and the end of a session and of its program.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use serde_json::Value;

use crate::client::Responder;
use crate::link::messages::{Launch, Launching, Program, Report, Start, Terminate};
use crate::process::{DebuggeeProcess, Surroundings, check_directory, describe_exit, read_reports};
use crate::protocol::amended::{LaunchArguments, Scalar, Text};
use crate::protocol::{
    Capabilities, ExceptionBreakpointsFilter, ExitedEvent, Failure, InitializeRequestArguments,
    InitializeRequestArgumentsPathFormat, OutputEvent, OutputEventCategory, ProcessEvent,
    ProcessEventStartMethod, TerminatedEvent, ThreadEvent, ThreadEventReason, to_json,
};

use super::target::Target;
use super::{ClientTraits, Due, Phase, Session, no_program};

/// How long the last words of a process that has ended are waited for.
const DRAIN_TIME: Duration = Duration::from_millis(500);

/// How long a debuggee may go on living without its link.
const LINK_LOST_TIME: Duration = Duration::from_secs(5);

/// How long a debuggee that was killed may take to be gone.
const DISCONNECT_TIME: Duration = Duration::from_secs(3);

/// Everything that is named here works.
fn capabilities() -> Capabilities {
    let filter =
        |filter: &str, label: &str, description: &str, default| ExceptionBreakpointsFilter {
            filter: filter.to_owned(),
            label: label.to_owned(),
            description: Some(description.to_owned()),
            default: Some(default),
            condition_description: None,
            supports_condition: None,
        };
    Capabilities {
        supports_configuration_done_request: Some(true),
        supports_conditional_breakpoints: Some(true),
        supports_hit_conditional_breakpoints: Some(true),
        supports_log_points: Some(true),
        supports_instruction_breakpoints: Some(true),
        supports_disassemble_request: Some(true),
        supports_stepping_granularity: Some(true),
        supports_evaluate_for_hovers: Some(true),
        supports_clipboard_context: Some(true),
        supports_set_variable: Some(true),
        supports_exception_info_request: Some(true),
        supports_delayed_stack_trace_loading: Some(true),
        supports_terminate_request: Some(true),
        exception_breakpoint_filters: Some(vec![
            filter(
                "raised",
                "Raised Exceptions",
                "Stop as an exception is raised",
                false,
            ),
            filter(
                "uncaught",
                "Uncaught Exceptions",
                "Stop at an exception that nothing catches",
                true,
            ),
        ]),
        ..Capabilities::default()
    }
}

impl Session {
    pub(super) fn initialize(&mut self, to: Responder, arguments: InitializeRequestArguments) {
        let result = if self.phase != Phase::New {
            Err(Failure::new("the session has been initialized already"))
        } else if matches!(
            arguments.path_format,
            Some(InitializeRequestArgumentsPathFormat::Uri)
        ) {
            Err(Failure::shown(
                "this debug adapter takes file paths, not URIs: use pathFormat \"path\"",
            ))
        } else {
            self.traits = ClientTraits {
                lines_start_at_1: arguments.lines_start_at1.unwrap_or(true),
                columns_start_at_1: arguments.columns_start_at1.unwrap_or(true),
                variable_type: arguments.supports_variable_type.unwrap_or(false),
            };
            self.phase = Phase::Initialized;
            Ok(to_json(capabilities()))
        };
        self.client.respond(to, result);
    }

    pub(super) fn attach(&mut self, to: Responder) {
        let text = "attaching to a running program is not supported: use \"request\": \"launch\"";
        self.client.respond(to, Err(Failure::shown(text)));
    }

    pub(super) fn launch(&mut self, to: Responder, arguments: LaunchArguments) {
        let refusal = match self.phase {
            Phase::Initialized => None,
            Phase::New => Some("the session has not been initialized"),
            _ => Some("this session has launched a program already"),
        };
        if let Some(refusal) = refusal {
            return self.client.respond(to, Err(Failure::new(refusal)));
        }
        let started = launching(arguments).and_then(|(launching, surroundings)| {
            let process =
                DebuggeeProcess::start(&self.options.debuggee, &surroundings, &self.happenings)?;
            Ok((process, launching, surroundings))
        });
        match started {
            Ok((process, launching, surroundings)) => {
                self.sources.cwd = surroundings.cwd.or_else(|| std::env::current_dir().ok());
                self.target = Some(Target::new(process, launching, to));
                self.phase = Phase::Launching;
            }
            Err(reason) => {
                self.client.respond(to, Err(Failure::shown(reason)));
                self.over();
            }
        }
    }

    pub(super) fn debuggee_connected(&mut self, stream: TcpStream) {
        let Some(target) = &mut self.target else {
            return;
        };
        let spec = target.launching.clone();
        let connected = stream
            .try_clone()
            .and_then(|reader| read_reports(reader, self.happenings.clone()))
            .and_then(|()| target.connect(stream));
        match connected {
            Ok(()) => self.ask(Launch { spec }, |session, loaded| match loaded {
                Ok(()) => session.debuggee_ready(),
                Err(failure) => session.launch_failed(&failure.text),
            }),
            Err(error) => self.launch_failed(&format!("the debuggee cannot be spoken to: {error}")),
        }
    }

    pub(super) fn debuggee_unreachable(&mut self, reason: &str) {
        if self.phase == Phase::Launching {
            self.launch_failed(&format!("the debuggee cannot be spoken to: {reason}"));
        }
    }

    /// The program is loaded: now the client may set breakpoints.
    fn debuggee_ready(&mut self) {
        let Some(target) = &mut self.target else {
            return;
        };
        let process = ProcessEvent {
            name: match &target.launching.program {
                Program::Script(path) => path.clone(),
                Program::Module(name) => format!("-m {name}"),
                Program::Code(_) => "-c".to_owned(),
            },
            system_process_id: Some(target.process.id().into()),
            is_local_process: Some(true),
            start_method: Some(ProcessEventStartMethod::Launch),
            pointer_size: Some(64),
        };
        let launch = target.launch.take();
        self.phase = Phase::Configuring;
        self.send_all_breakpoints();
        if let Some(to) = launch {
            self.client.respond(to, Ok(Value::Null));
        }
        self.client.event("process", process);
        self.client.event("initialized", Value::Null);
        if self.configured {
            self.start();
        }
    }

    /// The debuggee is of no use; it is ended, and the session with it.
    fn launch_failed(&mut self, reason: &str) {
        let Some(target) = &mut self.target else {
            return;
        };
        target.failed = true;
        target.process.kill();
        if let Some(to) = target.launch.take() {
            self.client.respond(to, Err(Failure::shown(reason)));
        }
    }

    pub(super) fn configuration_done(&mut self, to: Responder) {
        match self.phase {
            Phase::Configuring => {
                self.client.respond(to, Ok(Value::Null));
                self.start();
            }
            Phase::Initialized | Phase::Launching => {
                self.configured = true;
                self.client.respond(to, Ok(Value::Null));
            }
            Phase::Running | Phase::Stopped => {
                self.client.respond(
                    to,
                    Err(Failure::new("the program has been started already")),
                );
            }
            phase => self
                .client
                .respond(to, Err(Failure::new(no_program(phase)))),
        }
    }

    fn start(&mut self) {
        self.phase = Phase::Running;
        self.tell(Start {});
    }

    pub(super) fn terminate(&mut self, to: Responder) {
        let (phase, again) = match &mut self.target {
            Some(target) => (self.phase, std::mem::replace(&mut target.ending, true)),
            None => (Phase::Ended, false),
        };
        let without_debugger = self
            .target
            .as_ref()
            .is_some_and(|target| target.launching.no_debug);
        self.client.respond(to, Ok(Value::Null));
        match phase {
            Phase::Running | Phase::Stopped if !again && !without_debugger => {
                self.goes_on();
                // The answer never comes if the program does not get to it.
                self.ask(Terminate {}, |_, _| {});
            }
            Phase::Running if !again => {
                if let Some(target) = &self.target {
                    target.process.ask_to_end();
                }
            }
            _ => {
                if let Some(target) = &self.target {
                    target.process.kill();
                }
            }
        }
    }

    pub(super) fn disconnect(&mut self, to: Responder) {
        match &self.target {
            Some(target) => {
                target.process.kill();
                self.disconnecting = Some(to);
                self.do_later(DISCONNECT_TIME, Due::Disconnected);
            }
            None => {
                self.client.respond(to, Ok(Value::Null));
                self.finished = true;
            }
        }
    }

    /// The debuggee is gone, or was given time enough to go.
    pub(super) fn disconnected(&mut self) {
        if let Some(to) = self.disconnecting.take() {
            self.client.respond(to, Ok(Value::Null));
            self.finished = true;
        }
    }

    pub(super) fn reported(&mut self, report: Report) {
        match report {
            Report::Hello { .. } => {}
            Report::Answer { id, result } => self.answered(id, result),
            Report::Stopped { thread, reason } => self.stopped(thread, reason),
            Report::Breakpoint(news) => self.breakpoint_changed(news),
            Report::Log { text, file, line } => {
                let event = OutputEvent {
                    category: Some(OutputEventCategory::Console),
                    output: format!("{text}\n"),
                    source: Some(self.sources.source(&file)),
                    line: Some(self.client_line(line)),
                    ..OutputEvent::default()
                };
                self.client.event("output", event);
            }
            Report::ThreadStarted(thread) => {
                let event = ThreadEvent {
                    reason: ThreadEventReason::Started,
                    thread_id: thread.id,
                };
                self.threads.push(thread);
                self.client.event("thread", event);
                self.tell_threads();
            }
            Report::ThreadExited { id } => {
                self.threads.retain(|thread| thread.id != id);
                self.client.event(
                    "thread",
                    ThreadEvent {
                        reason: ThreadEventReason::Exited,
                        thread_id: id,
                    },
                );
            }
        }
    }

    pub(super) fn link_closed(&mut self) {
        self.do_later(LINK_LOST_TIME, Due::LinkLost);
        self.stream_ended();
    }

    pub(super) fn link_lost(&mut self) {
        if let Some(target) = &self.target
            && target.exit.is_none()
        {
            target.process.kill();
        }
    }

    /// One of the debuggee's streams has ended.
    pub(super) fn stream_ended(&mut self) {
        if let Some(target) = &mut self.target {
            target.open_streams = target.open_streams.saturating_sub(1);
        }
        self.check_end();
    }

    pub(super) fn drained(&mut self) {
        if let Some(target) = &mut self.target {
            target.open_streams = 0;
        }
        self.check_end();
    }

    pub(super) fn debuggee_exited(&mut self, status: Option<ExitStatus>) {
        if let Some(target) = &mut self.target {
            target.exit = Some(status);
            self.do_later(DRAIN_TIME, Due::Drained);
        }
        self.check_end();
    }

    /// Ends the program's part of the session once the process has ended and all that it had
    /// to say has been heard.
    fn check_end(&mut self) {
        let Some(target) = &mut self.target else {
            return;
        };
        let (Some(status), 0) = (target.exit, target.open_streams) else {
            return;
        };
        let (code, sentence) = describe_exit(status);
        let failed = target.failed;
        let wanted = target.ending || self.disconnecting.is_some();
        if let Some(to) = target.launch.take() {
            let how = sentence.unwrap_or_else(|| format!("it exited with status {code}"));
            let text = format!("the debuggee ended before it could run the program: {how}");
            self.client.respond(to, Err(Failure::shown(text)));
        } else if !failed {
            if let Some(sentence) = sentence.filter(|_| !wanted) {
                self.client.output(
                    OutputEventCategory::Important,
                    format!("{sentence}\n"),
                    None,
                );
            }
            let exit_code = u64::try_from(code).unwrap_or(1);
            self.client.event("exited", ExitedEvent { exit_code });
        }
        self.over();
    }

    /// There is nothing to debug any more.
    fn over(&mut self) {
        self.answer_all_with("the program has ended");
        self.tell_threads();
        self.target = None;
        self.phase = Phase::Ended;
        self.handles.reset();
        self.client.event("terminated", TerminatedEvent::default());
        self.disconnected();
    }
}

/// Checks a launch configuration.
fn launching(arguments: LaunchArguments) -> Result<(Launching, Surroundings), String> {
    let cwd = arguments
        .cwd
        .filter(|cwd| !cwd.is_empty())
        .map(PathBuf::from);
    if let Some(cwd) = &cwd {
        check_directory(cwd)?;
    }
    let program = match (
        arguments.program,
        arguments.module,
        arguments.code.map(Text::join),
    ) {
        (Some(path), None, None) => Program::Script(check_program(&path, cwd.as_deref())?),
        (None, Some(module), None) => Program::Module(module),
        (None, None, Some(code)) => Program::Code(code),
        (None, None, None) => {
            return Err(
                "the launch configuration names nothing to run: set \"program\" to a Python file"
                    .to_owned(),
            );
        }
        _ => {
            return Err(
                "the launch configuration names more than one thing to run: \
                         keep one of \"program\", \"module\" and \"code\""
                    .to_owned(),
            );
        }
    };
    let env = arguments.env.unwrap_or_default().into_iter();
    for_environment(env.map(|(name, value)| (name, value.map(Scalar::into_text)))).map(|env| {
        let launching = Launching {
            program,
            args: arguments.args.unwrap_or_default(),
            stop_on_entry: arguments.stop_on_entry.unwrap_or(false),
            just_my_code: arguments.just_my_code.unwrap_or(true),
            no_debug: arguments.no_debug.unwrap_or(false),
        };
        (launching, Surroundings { cwd, env })
    })
}

/// The program's absolute path.
fn check_program(path: &str, cwd: Option<&Path>) -> Result<String, String> {
    let absolute = match cwd {
        Some(cwd) => cwd.join(path),
        None => PathBuf::from(path),
    };
    let absolute =
        std::path::absolute(&absolute).map_err(|error| format!("the program {path:?}: {error}"))?;
    if !absolute.exists() {
        return Err(format!("the program {} does not exist", absolute.display()));
    }
    absolute
        .into_os_string()
        .into_string()
        .map_err(|path| format!("the path {path:?} is not UTF-8"))
}

/// Environment variables that a process can be given.
fn for_environment(
    variables: impl Iterator<Item = (String, Option<String>)>,
) -> Result<std::collections::BTreeMap<String, Option<String>>, String> {
    variables
        .map(|(name, value)| {
            let bad_name = name.is_empty() || name.contains(['=', '\0']);
            if bad_name || value.as_ref().is_some_and(|value| value.contains('\0')) {
                return Err(format!("{name:?} cannot be an environment variable"));
            }
            Ok((name, value))
        })
        .collect()
}
