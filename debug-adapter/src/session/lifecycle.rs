//! The beginning and the end of a session and of its program.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{CYAN, RED, Responder};
use crate::link::messages::{
    Attach, AttachedView, Detach, Filters, InterpWord, Launch, Launching, Program, Report, Start,
    Terminate,
};
use crate::process::{DebuggeeProcess, Surroundings, check_directory, describe_exit, read_reports};
use crate::protocol::amended::{
    AttachArguments, Console, FilterArguments, LaunchArguments, RestartArguments, Scalar, Text,
};
use crate::protocol::{
    Capabilities, DisconnectArguments, ExceptionBreakpointsFilter, ExitedEvent, Failure,
    InitializeRequestArguments, InitializeRequestArgumentsPathFormat, OutputEvent,
    OutputEventCategory, ProcessEvent, ProcessEventStartMethod, TerminatedEvent, ThreadEvent,
    ThreadEventReason, to_json,
};

use super::breakpoints::FILTERS;
use super::target::{Bond, Target};
use super::{ClientTraits, Due, Phase, Session, no_program};

/// How long the last words of a process that has ended are waited for.
const DRAIN_TIME: Duration = Duration::from_millis(500);

/// How long a debuggee may go on living without its link.
const LINK_LOST_TIME: Duration = Duration::from_secs(5);

/// How long a debuggee that was killed may take to be gone.
const DISCONNECT_TIME: Duration = Duration::from_secs(3);

/// Everything that is named here works.
fn capabilities() -> Capabilities {
    let filter = |&(filter, label, description, default, _): &(&str, &str, &str, bool, _)| {
        ExceptionBreakpointsFilter {
            filter: filter.to_owned(),
            label: label.to_owned(),
            description: Some(description.to_owned()),
            default: Some(default),
            condition_description: Some(
                "Class, classes (KeyError, OSError) or an expression; __exception__ is the exception"
                    .to_owned(),
            ),
            supports_condition: Some(true),
        }
    };
    Capabilities {
        supports_configuration_done_request: Some(true),
        supports_function_breakpoints: Some(true),
        supports_conditional_breakpoints: Some(true),
        supports_hit_conditional_breakpoints: Some(true),
        supports_log_points: Some(true),
        supports_data_breakpoints: Some(true),
        supports_instruction_breakpoints: Some(true),
        supports_breakpoint_locations_request: Some(true),
        supports_disassemble_request: Some(true),
        supports_stepping_granularity: Some(true),
        supports_step_in_targets_request: Some(true),
        supports_goto_targets_request: Some(true),
        supports_restart_frame: Some(true),
        supports_restart_request: Some(true),
        supports_evaluate_for_hovers: Some(true),
        supports_clipboard_context: Some(true),
        supports_completions_request: Some(true),
        completion_trigger_characters: Some(vec![".".to_owned()]),
        supports_set_variable: Some(true),
        supports_set_expression: Some(true),
        supports_value_formatting_options: Some(true),
        supports_read_memory_request: Some(true),
        supports_write_memory_request: Some(true),
        supports_exception_info_request: Some(true),
        supports_exception_options: Some(true),
        supports_exception_filter_options: Some(true),
        supports_modules_request: Some(true),
        supports_loaded_sources_request: Some(true),
        supports_delayed_stack_trace_loading: Some(true),
        supports_terminate_request: Some(true),
        supports_terminate_threads_request: Some(true),
        support_terminate_debuggee: Some(true),
        support_suspend_debuggee: Some(true),
        supports_cancel_request: Some(true),
        supports_ansistyling: Some(true),
        exception_breakpoint_filters: Some(FILTERS.iter().map(filter).collect()),
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
                run_in_terminal: arguments.supports_run_in_terminal_request.unwrap_or(false),
                progress: arguments.supports_progress_reporting.unwrap_or(false),
                invalidated_event: arguments.supports_invalidated_event.unwrap_or(false),
                memory_event: arguments.supports_memory_event.unwrap_or(false),
            };
            if arguments.supports_ansistyling == Some(true) {
                self.client.style();
            }
            self.phase = Phase::Initialized;
            Ok(to_json(capabilities()))
        };
        self.client.respond(to, result);
    }

    /// Why a session cannot begin to debug something now, if so.
    fn cannot_begin(&self) -> Option<&'static str> {
        match self.phase {
            Phase::Initialized => None,
            Phase::New => Some("the session has not been initialized"),
            _ => Some("this session has a program already"),
        }
    }

    pub(super) fn attach(&mut self, to: Responder, arguments: AttachArguments) {
        if let Some(refusal) = self.cannot_begin() {
            return self.client.respond(to, Err(Failure::new(refusal)));
        }
        let filters = filters(&arguments.filters);
        self.choose_handler_frames(arguments.handler_frames);
        let connect = arguments.connect.unwrap_or_default();
        let host = arguments.host.or(connect.host);
        let (Some(port), Some(token)) = (arguments.port.or(connect.port), arguments.token) else {
            let text = "to attach, start the program with `tailscope run --listen PORT` and set \
                        \"port\" and \"token\" to what it prints";
            return self.client.respond(to, Err(Failure::shown(text)));
        };
        let host = host.unwrap_or_else(|| "127.0.0.1".to_owned());
        let address = format!("{host}:{port}");
        match DebuggeeProcess::join(address.clone(), token, &self.reporter()) {
            Ok(process) => {
                let launching = Launching {
                    program: Program::Script(address),
                    args: Vec::new(),
                    stop_on_entry: false,
                    filters,
                    no_debug: false,
                    interp: InterpWord::default(),
                };
                self.target = Some(Target::new(process, launching, to, Bond::Attached));
                self.phase = Phase::Launching;
            }
            Err(reason) => {
                self.client.respond(to, Err(Failure::shown(reason)));
                self.over();
            }
        }
    }

    pub(super) fn launch(&mut self, to: Responder, arguments: LaunchArguments) {
        if let Some(refusal) = self.cannot_begin() {
            return self.client.respond(to, Err(Failure::new(refusal)));
        }
        self.begin(to, arguments);
    }

    /// Starts a debuggee.
    fn begin(&mut self, to: Responder, arguments: LaunchArguments) {
        let console = arguments.console.filter(|_| self.traits.run_in_terminal);
        self.launched = Some(arguments.clone());
        self.choose_handler_frames(arguments.handler_frames);
        self.run += 1;
        let started = launching(arguments).and_then(|(launching, surroundings)| {
            let process = match console {
                None | Some(Console::InternalConsole) => {
                    let command = &self.options.debuggee;
                    DebuggeeProcess::start(command, &surroundings, &self.reporter())?
                }
                Some(console) => self.start_in_terminal(console, &launching, &surroundings)?,
            };
            Ok((process, launching, surroundings))
        });
        match started {
            Ok((process, launching, surroundings)) => {
                self.sources.cwd = surroundings.cwd.or_else(|| std::env::current_dir().ok());
                let bond = if process.is_own() { Bond::Own } else { Bond::Terminal };
                self.target = Some(Target::new(process, launching, to, bond));
                self.phase = Phase::Launching;
            }
            Err(reason) => {
                self.client.respond(to, Err(Failure::shown(reason)));
                self.over();
            }
        }
    }

    /// Asks the client to start the debuggee in a terminal.
    fn start_in_terminal(
        &mut self,
        console: Console,
        launching: &Launching,
        surroundings: &Surroundings,
    ) -> Result<DebuggeeProcess, String> {
        let (process, command) =
            DebuggeeProcess::in_terminal(&self.options.debuggee, &self.reporter())?;
        let kind = match console {
            Console::ExternalTerminal => "external",
            Console::IntegratedTerminal | Console::InternalConsole => "integrated",
        };
        let cwd = surroundings.cwd.clone().or_else(|| std::env::current_dir().ok());
        let cwd = cwd.unwrap_or_default().to_string_lossy().into_owned();
        let mut env = surroundings.env.clone();
        env.extend(command.env.into_iter().map(|(name, value)| (name, Some(value))));
        let arguments = json!({
            "kind": kind, "title": program_name(&launching.program), "cwd": cwd,
            "args": command.args, "env": env,
        });
        self.asked_for_terminal = Some(self.client.request("runInTerminal", arguments));
        Ok(process)
    }

    /// The client has answered a request of ours.
    pub(super) fn client_answered(&mut self, request_seq: i64, failure: Option<String>) {
        if self.asked_for_terminal != Some(request_seq) {
            return;
        }
        self.asked_for_terminal = None;
        if let Some(reason) = failure {
            self.launch_failed(&format!("the client cannot run a terminal: {reason}"));
            self.over();
        }
    }

    pub(super) fn restart(&mut self, to: Responder, arguments: RestartArguments) {
        let Some(launched) = arguments.arguments.or_else(|| self.launched.clone()) else {
            let text = "only a program that was launched here can be restarted";
            return self.client.respond(to, Err(Failure::new(text)));
        };
        if self.restarting.is_some() || self.disconnecting.is_some() {
            let text = "the program is being ended already";
            return self.client.respond(to, Err(Failure::new(text)));
        }
        match &mut self.target {
            Some(target) => {
                target.ending = true;
                target.kill();
                self.restarting = Some((to, launched));
            }
            None if self.phase == Phase::Ended => self.run_again(to, launched),
            None => {
                let failure = Failure::new(no_program(self.phase));
                self.client.respond(to, Err(failure));
            }
        }
    }

    fn run_again(&mut self, to: Responder, launched: LaunchArguments) {
        self.forget_data_breakpoints();
        self.threads.clear();
        self.told_files.clear();
        self.told_modules.clear();
        self.configured = true;
        self.begin(to, launched);
        if let Some(target) = &mut self.target {
            target.again = true;
        }
    }

    pub(super) fn debuggee_connected(&mut self, stream: TcpStream, pid: u32) {
        let reporter = self.reporter();
        let Some(target) = &mut self.target else {
            return;
        };
        let spec = target.launching.clone();
        let bond = target.bond;
        let connected = stream
            .try_clone()
            .and_then(|reader| read_reports(reader, reporter))
            .and_then(|()| target.connect(stream));
        if let Err(error) = connected {
            return self.launch_failed(&format!("the debuggee cannot be spoken to: {error}"));
        }
        if bond == Bond::Attached {
            let filters = spec.filters;
            return self.ask(Attach { filters }, move |session, view| match view {
                Ok(view) => session.attached(view, pid),
                Err(failure) => session.launch_failed(&failure.text),
            });
        }
        self.ask(Launch { spec }, move |session, loaded| match loaded {
            Ok(()) => session.debuggee_ready(pid),
            Err(failure) => session.launch_failed(&failure.text),
        });
    }

    /// The program that was attached to has said what it is.
    fn attached(&mut self, view: AttachedView, pid: u32) {
        self.sources.cwd = Some(PathBuf::from(&view.cwd));
        self.threads = view.threads.clone();
        if let Some(target) = &mut self.target {
            target.launching.program = Program::Script(view.name.clone());
            target.attached = Some(view);
        }
        self.debuggee_ready(pid);
    }

    pub(super) fn debuggee_unreachable(&mut self, reason: &str) {
        let Some(target) = self.target.as_ref().filter(|_| self.phase == Phase::Launching) else {
            return;
        };
        if target.bond == Bond::Own {
            return self.launch_failed(&format!("the debuggee cannot be spoken to: {reason}"));
        }
        // There is no process whose end could be waited for.
        self.launch_failed(reason);
        self.over();
    }

    /// The program is loaded: now the client may set breakpoints.
    fn debuggee_ready(&mut self, pid: u32) {
        let Some(target) = &mut self.target else {
            return;
        };
        let process = ProcessEvent {
            name: program_name(&target.launching.program),
            system_process_id: Some(pid.into()),
            is_local_process: Some(true),
            start_method: Some(match target.bond {
                Bond::Attached => ProcessEventStartMethod::Attach,
                Bond::Own | Bond::Terminal => ProcessEventStartMethod::Launch,
            }),
            pointer_size: Some(64),
        };
        let launch = target.launch.take();
        let again = target.again;
        self.phase = Phase::Configuring;
        self.send_all_breakpoints();
        self.send_handler_frames();
        if let Some(to) = launch {
            self.client.respond(to, Ok(Value::Null));
        }
        self.client.event("process", process);
        // After a restart the breakpoints are known here.
        if !again {
            self.client.event("initialized", Value::Null);
        }
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
        target.kill();
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
        let target = self.target.as_mut();
        let (attached, early) = target.map_or((None, None), |target| {
            (target.attached.take(), target.early_stop.take())
        });
        let standing = attached.as_ref().and_then(|view| view.stopped.clone());
        if attached.is_none_or(|view| view.waiting) {
            self.tell(Start {});
        } else if let Some((thread, reason)) = early.or(standing) {
            self.stopped(thread, reason);
        }
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
                    target.kill();
                }
            }
        }
    }

    pub(super) fn disconnect(&mut self, to: Responder, how: &DisconnectArguments) {
        let Some(target) = &mut self.target else {
            self.client.respond(to, Ok(Value::Null));
            self.finished = true;
            return;
        };
        let end = how.terminate_debuggee.unwrap_or(target.bond != Bond::Attached);
        let suspend = how.suspend_debuggee == Some(true);
        let reachable = target.is_linked() && self.phase != Phase::Launching;
        if end && target.bond != Bond::Attached || !reachable {
            target.kill();
        } else if end {
            // It has no parent here that could kill it, but it listens.
            self.ask(Terminate {}, |_, _| {});
        } else {
            return self.detach(to, suspend);
        }
        self.disconnecting = Some(to);
        self.do_later(DISCONNECT_TIME, Due::Disconnected);
    }

    /// Leaves the program as it is.
    fn detach(&mut self, to: Responder, suspend: bool) {
        self.ask(Detach { suspend }, move |session, detached| {
            if let Err(failure) = detached {
                return session.client.respond(to, Err(failure));
            }
            if let Some(target) = &mut session.target {
                target.process.let_go();
            }
            session.client.respond(to, Ok(Value::Null));
            // Dropping the link tells the program that its debugger is gone.
            session.finished = true;
        });
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
            Report::Exiting { status } => {
                if let Some(target) = &mut self.target {
                    target.exiting = Some(status);
                }
            }
            Report::Answer { id, result } => self.answered(id, result),
            Report::Stopped { thread, reason } => self.stopped(thread, reason),
            Report::Breakpoint(news) => self.breakpoint_changed(news),
            Report::Log { text, file, line } => {
                let event = OutputEvent {
                    category: Some(OutputEventCategory::Console),
                    output: format!("{}\n", self.client.styled(CYAN, &text)),
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
        self.do_later(LINK_LOST_TIME, Due::LinkLost(self.run));
        self.stream_ended();
    }

    pub(super) fn link_lost(&mut self) {
        if let Some(target) = &self.target
            && target.exit.is_none()
        {
            target.kill();
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
            self.do_later(DRAIN_TIME, Due::Drained(self.run));
        }
        self.check_end();
    }

    /// Ends the program's part of the session once the process has ended and all that it had
    /// to say has been heard.
    fn check_end(&mut self) {
        let Some(target) = &mut self.target else {
            return;
        };
        let ended = match target.bond {
            Bond::Own => target.exit,
            // Its end is known by that of the link.
            Bond::Terminal | Bond::Attached => target.is_linked().then_some(None),
        };
        let (Some(status), 0) = (ended, target.open_streams) else {
            return;
        };
        let (code, sentence) = match (target.bond, target.exiting) {
            (Bond::Own, _) => describe_exit(status),
            (_, Some(code)) => (i64::from(code), None),
            (_, None) => (
                1,
                Some("the connection to the program was lost; it may have ended".to_owned()),
            ),
        };
        let failed = target.failed;
        let wanted = target.ending || self.disconnecting.is_some();
        if let Some(to) = target.launch.take() {
            let how = sentence.unwrap_or_else(|| format!("it exited with status {code}"));
            let text = format!("the debuggee ended before it could run the program: {how}");
            self.client.respond(to, Err(Failure::shown(text)));
        } else if !failed {
            if let Some(sentence) = sentence.filter(|_| !wanted) {
                let text = format!("{}\n", self.client.styled(RED, &sentence));
                self.client
                    .output(OutputEventCategory::Important, text, None);
            }
            let exit_code = u64::try_from(code).unwrap_or(1);
            if self.restarting.is_none() {
                self.client.event("exited", ExitedEvent { exit_code });
            }
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
        if let Some((to, launched)) = self.restarting.take() {
            return self.run_again(to, launched);
        }
        self.client.event("terminated", TerminatedEvent::default());
        self.disconnected();
    }
}

/// What a program is called.
fn program_name(program: &Program) -> String {
    match program {
        Program::Script(path) => path.clone(),
        Program::Module(name) => format!("-m {name}"),
        Program::Code(_) => "-c".to_owned(),
    }
}

fn filters(arguments: &FilterArguments) -> Filters {
    let functions = arguments.step_filters.clone().unwrap_or_default();
    Filters {
        just_my_code: arguments.just_my_code.unwrap_or(true),
        skip_files: arguments.skip_files.clone().unwrap_or_default(),
        skip_functions: functions.skip_functions,
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
            filters: filters(&arguments.filters),
            no_debug: arguments.no_debug.unwrap_or(false),
            interp: arguments.interp.unwrap_or_default(),
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
