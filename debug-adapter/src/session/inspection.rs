//! Looking into a program that stands still: threads, frames, variables, evaluations,
//! exceptions, sources.

use serde_json::Value;

use crate::client::Responder;
use crate::link::messages::{
    EvalWord, Evaluate, ExceptionView, Filter, FrameCounts, FrameView, Frames, FullRepr,
    GetException, GetSource, Instruction, ModeWord, NATIVE, Place, SetVariable, ValueStack, VariableView,
    Variables,
};
use crate::protocol::{
    EvaluateArguments, EvaluateArgumentsContext, EvaluateResponse, ExceptionBreakMode,
    ExceptionDetails, ExceptionInfoArguments, ExceptionInfoResponse, Failure, ModuleId, Scope,
    ScopePresentationHint, ScopesArguments, ScopesResponse, SetExpressionArguments,
    SetVariableArguments, SetVariableResponse, SourceArguments, SourceResponse, StackFrame,
    StackFrameFormat, StackFramePresentationHint, StackTraceArguments, StackTraceResponse, Thread,
    ThreadsResponse, ValueFormat, Variable, VariablesArguments, VariablesArgumentsFilter,
    VariablesResponse, to_json,
};

use super::execution::no_thread;
use super::handles::{HANDLER, Holder};
use super::render;
use super::{Phase, Session};

/// A number of an earlier stop, or of none.
pub(super) fn stale(what: &str) -> Failure {
    Failure::new(format!(
        "this {what} belongs to an earlier stop of the program"
    ))
}

impl Session {
    /// While the program runs, the threads are the ones that it last told of.
    pub(super) fn threads(&mut self, to: Responder) {
        if self.phase == Phase::Stopped {
            return self.ask_for(to, crate::link::messages::Threads {}, |session, threads| {
                session.threads = threads;
                Ok(session.known_threads())
            });
        }
        self.asked_for_threads.push(to);
        let debugged = self.target.as_ref().is_some_and(|target| !target.launching.no_debug);
        // A program that was just let go tells of its first thread in a moment; what it prints
        // may come here sooner.
        if self.phase != Phase::Running || !debugged || !self.threads.is_empty() {
            self.tell_threads();
        }
    }

    /// Answers all who asked for the threads.
    pub(super) fn tell_threads(&mut self) {
        let body = self.known_threads();
        for to in std::mem::take(&mut self.asked_for_threads) {
            self.client.respond(to, Ok(body.clone()));
        }
    }

    fn known_threads(&self) -> Value {
        let threads = self.threads.iter().map(|t| Thread {
            id: t.id,
            name: t.name.clone(),
        });
        to_json(ThreadsResponse {
            threads: threads.collect(),
        })
    }

    pub(super) fn stack_trace(&mut self, to: Responder, arguments: StackTraceArguments) {
        let thread = arguments.thread_id;
        if !self.threads.iter().any(|known| known.id == thread) {
            return self.client.respond(to, Err(no_thread(thread)));
        }
        let size = |value: Option<u64>| usize::try_from(value.unwrap_or(0)).unwrap_or(usize::MAX);
        let start = size(arguments.start_frame);
        let count = Some(size(arguments.levels))
            .filter(|&count| count > 0)
            .unwrap_or(usize::MAX);
        let format = arguments.format;
        if self.handler_frames > 0 && thread == self.stopped_thread {
            let all = Frames { thread, start: 0, count: usize::MAX };
            let epoch = self.handles.epoch();
            return self.ask(all, move |session, page| match page {
                _ if session.handles.epoch() != epoch => {
                    session.client.respond(to, Err(Failure::not_stopped("the program has gone on")));
                }
                Ok(page) => session.stack_with_handlers(to, page.frames, (start, count), format),
                Err(failure) => session.client.respond(to, Err(failure)),
            });
        }
        self.ask_for(
            to,
            Frames {
                thread,
                start,
                count,
            },
            move |session, page| {
                let stack_frames = page
                    .frames
                    .into_iter()
                    .map(|frame| session.stack_frame(frame, format.as_ref()))
                    .collect();
                Ok(to_json(StackTraceResponse {
                    stack_frames,
                    total_frames: Some(page.total as u64),
                }))
            },
        );
    }

    pub(super) fn stack_frame(&mut self, frame: FrameView, format: Option<&StackFrameFormat>) -> StackFrame {
        let range = frame
            .location
            .map(|range| self.sources.in_utf16(&frame.file, range));
        let address = tailscope_vm::debug::InstructionAddress::from_number(frame.address);
        StackFrame {
            id: self.handles.frame(frame.id),
            name: frame_name(&frame, range.map(|range| self.client_line(range.line)), format),
            // Without a line there is nothing to show in the file.
            source: range.is_some().then(|| self.sources.source(&frame.file)),
            line: range.map_or(0, |range| self.client_line(range.line)),
            column: range.map_or(0, |range| self.client_column(range.column.unwrap_or(0))),
            end_line: range
                .and_then(|range| range.end_column.map(|_| self.client_line(range.end_line))),
            end_column: range
                .and_then(|range| range.end_column.map(|column| self.client_column(column))),
            instruction_pointer_reference: Some(address.to_string()),
            presentation_hint: frame.library.then_some(StackFramePresentationHint::Subtle),
            can_restart: Some(frame.restartable),
            module_id: frame.module.map(ModuleId::String),
        }
    }

    pub(super) fn scopes(&mut self, to: Responder, arguments: ScopesArguments) {
        let Some(frame) = self.handles.find_frame(arguments.frame_id) else {
            return self.client.respond(to, Err(stale("frame")));
        };
        if frame & HANDLER != 0 {
            return self.handler_scopes(to, frame);
        }
        self.ask_for(to, FrameCounts { frame }, move |session, sizes| {
            let mut scope = |name: &str, hint, holder, size: Option<usize>, expensive| Scope {
                name: name.to_owned(),
                presentation_hint: hint,
                variables_reference: session.handles.hold(holder),
                named_variables: size.and_then(|size| u32::try_from(size).ok()),
                indexed_variables: None,
                expensive,
                source: None,
                line: None,
                column: None,
                end_line: None,
                end_column: None,
            };
            let locals = Some(ScopePresentationHint::Locals);
            let registers = Some(ScopePresentationHint::Registers);
            let scopes = vec![
                scope(
                    "Locals",
                    locals,
                    Holder::Locals { frame },
                    Some(sizes.locals),
                    false,
                ),
                scope(
                    "Globals",
                    None,
                    Holder::Globals { frame },
                    Some(sizes.globals),
                    true,
                ),
                scope(
                    "Value stack",
                    registers.clone(),
                    Holder::Stack { frame },
                    Some(sizes.stack),
                    false,
                ),
                scope(
                    "Instruction",
                    registers,
                    Holder::Instruction { frame },
                    None,
                    false,
                ),
                scope(
                    "Exception table entry",
                    Some(ScopePresentationHint::Registers),
                    Holder::Handler { frame },
                    None,
                    false,
                ),
                scope(
                    "Block",
                    Some(ScopePresentationHint::Registers),
                    Holder::Block { frame },
                    None,
                    false,
                ),
            ];
            Ok(to_json(ScopesResponse { scopes }))
        });
    }

    pub(super) fn variables(&mut self, to: Responder, arguments: VariablesArguments) {
        let start = arguments
            .start
            .map_or(0, |start| usize::try_from(start).unwrap_or(usize::MAX));
        // 0 means all, as if it were left out.
        let count = arguments.count.filter(|&count| count > 0);
        let count = count.map(|count| usize::try_from(count).unwrap_or(usize::MAX));
        let Some(holder) = self.handles.find(arguments.variables_reference).cloned() else {
            return self.client.respond(to, Err(stale("value")));
        };
        let place = match &holder {
            Holder::Locals { frame } => Place::Locals(*frame),
            Holder::Globals { frame } => Place::Globals(*frame),
            Holder::Value { handle, .. } if *handle & NATIVE != 0 => {
                let (handle, hex) = (*handle, in_hex(arguments.format.as_ref()));
                return self.native_variables(to, handle, hex, holder);
            }
            Holder::Value { handle, .. } => Place::Value(*handle),
            Holder::Stack { frame } => {
                let frame = *frame;
                return self.ask_for(to, ValueStack { frame }, move |session, slots| {
                    Ok(page(session.stack_variables(frame, slots), start, count))
                });
            }
            Holder::Instruction { frame } | Holder::Handler { frame } | Holder::Block { frame } => {
                let instruction = Instruction { frame: *frame };
                return self.ask_for(to, instruction, move |session, instruction| {
                    let list = match holder {
                        Holder::Handler { .. } => render::handler_variables(&instruction),
                        Holder::Block { .. } => render::block_variables(&instruction),
                        _ => session.instruction_variables(instruction),
                    };
                    Ok(page(list, start, count))
                });
            }
            Holder::Known(variables) => {
                let body = page(variables.clone(), start, count);
                return self.client.respond(to, Ok(body));
            }
        };
        let hex = in_hex(arguments.format.as_ref());
        let filter = match arguments.filter {
            None => Filter::All,
            Some(VariablesArgumentsFilter::Named) => Filter::Named,
            Some(VariablesArgumentsFilter::Indexed) => Filter::Indexed,
        };
        self.ask_for(
            to,
            Variables {
                of: place,
                start,
                count,
                filter,
                hex,
            },
            move |session, list| {
                let variables = list
                    .into_iter()
                    .map(|view| session.variable(view, &holder))
                    .collect();
                Ok(to_json(VariablesResponse { variables }))
            },
        );
    }

    pub(super) fn set_variable(&mut self, to: Responder, arguments: SetVariableArguments) {
        let (of, frame) = match self.handles.find(arguments.variables_reference) {
            None => return self.client.respond(to, Err(stale("value"))),
            Some(Holder::Locals { frame }) => (Place::Locals(*frame), Some(*frame)),
            Some(Holder::Globals { frame }) => (Place::Globals(*frame), Some(*frame)),
            Some(Holder::Value { handle, frame, .. }) if *handle & NATIVE == 0 => {
                (Place::Value(*handle), *frame)
            }
            Some(
                Holder::Value { .. }
                | Holder::Stack { .. }
                | Holder::Instruction { .. }
                | Holder::Handler { .. }
                | Holder::Block { .. }
                | Holder::Known(_),
            ) => {
                let failure = Failure::new("this value can be looked at but not written");
                return self.client.respond(to, Err(failure));
            }
        };
        let command = SetVariable {
            of,
            name: arguments.name,
            source: arguments.value,
            frame,
            hex: in_hex(arguments.format.as_ref()),
        };
        self.ask_for(to, command, move |session, view| {
            let variable = session.result(view, frame, None);
            Ok(to_json(SetVariableResponse {
                value: variable.value,
                ty: variable.ty,
                variables_reference: Some(variable.variables_reference),
                named_variables: variable.named_variables,
                indexed_variables: variable.indexed_variables,
                memory_reference: variable.memory_reference,
                value_location_reference: variable.value_location_reference,
            }))
        });
    }

    /// Runs `expression = (value)`, and says what the expression is then.
    pub(super) fn set_expression(&mut self, to: Responder, arguments: SetExpressionArguments) {
        let frame = match self.frame_of(arguments.frame_id) {
            Ok(frame) => frame,
            Err(failure) => return self.client.respond(to, Err(failure)),
        };
        let hex = in_hex(arguments.format.as_ref());
        let expression = arguments.expression.trim().to_owned();
        let assignment = Evaluate {
            frame,
            source: format!("{expression} = ({}\n)", arguments.value.trim()),
            mode: EvalWord::Interactive,
            hex,
        };
        let ticket = self.pend(to);
        self.ask(assignment, move |session, assigned| {
            if let Err(failure) = assigned {
                return session.answer(&ticket, Err(failure));
            }
            let read = Evaluate {
                frame,
                source: expression.clone(),
                mode: EvalWord::Expression,
                hex,
            };
            session.ask(read, move |session, view| {
                let body = view.map(|view| {
                    let variable = session.result(view, frame, Some(expression));
                    let mut body = session.evaluated(variable);
                    if let Some(fields) = body.as_object_mut()
                        && let Some(value) = fields.remove("result")
                    {
                        fields.insert("value".to_owned(), value);
                    }
                    body
                });
                session.answer(&ticket, body);
                session.values_changed();
            });
        });
    }

    /// The frame that a request names, if it names one.
    pub(super) fn frame_of(&self, number: Option<u64>) -> Result<Option<u64>, Failure> {
        match number {
            None => Ok(None),
            Some(number) => self.python_frame(number),
        }
    }

    fn evaluated(&self, variable: Variable) -> Value {
        to_json(EvaluateResponse {
            result: variable.value,
            ty: variable.ty,
            presentation_hint: variable.presentation_hint,
            variables_reference: variable.variables_reference,
            named_variables: variable.named_variables,
            indexed_variables: variable.indexed_variables,
            memory_reference: variable.memory_reference,
            value_location_reference: variable.value_location_reference,
        })
    }

    pub(super) fn evaluate(&mut self, to: Responder, arguments: EvaluateArguments) {
        let frame = match self.frame_of(arguments.frame_id) {
            Ok(frame) => frame,
            Err(failure) => return self.client.respond(to, Err(failure)),
        };
        let source = arguments.expression;
        if arguments.context == Some(EvaluateArgumentsContext::Clipboard) {
            return self.ask_for(to, FullRepr { frame, source }, |_, result| {
                Ok(to_json(EvaluateResponse {
                    result,
                    ..EvaluateResponse::default()
                }))
            });
        }
        let mode = match arguments.context {
            Some(EvaluateArgumentsContext::Repl) => EvalWord::Interactive,
            // A pointer that rests on a text is no wish to run anything.
            Some(EvaluateArgumentsContext::Hover) => EvalWord::Pure,
            _ => EvalWord::Expression,
        };
        let command = Evaluate {
            frame,
            source: source.clone(),
            mode,
            hex: in_hex(arguments.format.as_ref()),
        };
        self.ask_for(to, command, move |session, view| {
            let nothing = mode == EvalWord::Interactive && view.type_name == "NoneType";
            let mut variable = session.result(view, frame, Some(source));
            // As at Python's own prompt: None, which is also what statements give, is not printed.
            if nothing {
                (variable.value, variable.ty) = (String::new(), None);
            }
            let body = session.evaluated(variable);
            if mode == EvalWord::Interactive {
                session.values_changed();
            }
            Ok(body)
        });
    }

    /// A value that stands alone.
    fn result(
        &mut self,
        view: VariableView,
        frame: Option<u64>,
        expression: Option<String>,
    ) -> Variable {
        let inside = view.inside.map(|inside| (inside.handle, frame, expression));
        self.render(view, inside)
    }

    pub(super) fn exception_info(&mut self, to: Responder, arguments: ExceptionInfoArguments) {
        let thread = arguments.thread_id;
        self.ask_for(
            to,
            GetException { thread },
            |_, exception| match exception {
                Some(exception) => Ok(to_json(ExceptionInfoResponse {
                    exception_id: exception.full_type_name.clone(),
                    description: Some(with_notes(&exception)),
                    break_mode: match exception.mode {
                        ModeWord::Uncaught => ExceptionBreakMode::Unhandled,
                        ModeWord::UserUnhandled => ExceptionBreakMode::UserUnhandled,
                        ModeWord::Raised => ExceptionBreakMode::Always,
                    },
                    details: Some(exception_details(exception, Some("__exception__".to_owned()))),
                })),
                None => Err(Failure::new("this thread is not stopped at an exception")),
            },
        );
    }

    pub(super) fn source(&mut self, to: Responder, arguments: SourceArguments) {
        let reference = arguments.source.and_then(|source| source.source_reference);
        let reference = reference
            .filter(|&reference| reference > 0)
            .unwrap_or(arguments.source_reference);
        let Some(file) = self.sources.virtual_file(reference).map(str::to_owned) else {
            return self.client.respond(
                to,
                Err(Failure::new("there is no source with this reference")),
            );
        };
        let missing = format!("the source text of {file} is not known");
        self.ask(GetSource { file }, move |session, source| {
            let result = source.and_then(|source| match source {
                Some(content) => {
                    let mime_type = Some("text/x-python".to_owned());
                    Ok(to_json(SourceResponse { content, mime_type }))
                }
                None => Err(Failure::new(missing)),
            });
            session.client.respond(to, result);
        });
    }
}

/// An exception, and those that it has to do with, by the expressions that reach them.
fn exception_details(exception: ExceptionView, reached: Option<String>) -> ExceptionDetails {
    let message = with_notes(&exception);
    let mut member = 0;
    let inner: Vec<ExceptionDetails> = exception
        .inner
        .into_iter()
        .map(|(relation, inner)| {
            let step = match relation.as_str() {
                "cause" => ".__cause__".to_owned(),
                "context" => ".__context__".to_owned(),
                _ => {
                    member += 1;
                    format!(".exceptions[{}]", member - 1)
                }
            };
            let reached = reached.as_ref().map(|outer| format!("{outer}{step}"));
            exception_details(inner, reached)
        })
        .collect();
    ExceptionDetails {
        type_name: Some(exception.type_name),
        full_type_name: Some(exception.full_type_name),
        message: Some(message),
        stack_trace: Some(exception.traceback),
        evaluate_name: reached,
        inner_exception: (!inner.is_empty()).then_some(inner),
    }
}

/// An exception's message, with its notes below.
fn with_notes(exception: &ExceptionView) -> String {
    let lines = std::iter::once(&exception.message).chain(&exception.notes);
    lines.map(String::as_str).collect::<Vec<_>>().join("\n")
}

/// A frame's name, with what the client wants to see in it.
fn frame_name(frame: &FrameView, line: Option<u32>, format: Option<&StackFrameFormat>) -> String {
    let wants = |part: fn(&StackFrameFormat) -> Option<bool>| format.and_then(part) == Some(true);
    let mut name = frame.qualname.clone();
    if wants(|format| format.module)
        && let Some(module) = &frame.module
    {
        name = format!("{module}.{name}");
    }
    if wants(|format| format.line)
        && let Some(line) = line
    {
        name = format!("{name} line {line}");
    }
    name
}

/// Whether integers are wanted in hexadecimal.
fn in_hex(format: Option<&ValueFormat>) -> bool {
    format.and_then(|format| format.hex) == Some(true)
}

/// A part of variables that are all known.
fn page(variables: Vec<Variable>, start: usize, count: Option<usize>) -> Value {
    let variables = variables
        .into_iter()
        .skip(start)
        .take(count.unwrap_or(usize::MAX))
        .collect();
    to_json(VariablesResponse { variables })
}
