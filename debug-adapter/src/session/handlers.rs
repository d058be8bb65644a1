//! Handler frames: the VM's native frames of the instructions that were executed last, under the
//! Python frames that they belong to.

use serde_json::Value;

use crate::client::Responder;
use crate::link::messages::{
    FrameView, HandlerParts, HandlerVariables, HandlerView, Handlers, NativeVariables,
    SetHandlerFrames, VariableView,
};
use crate::protocol::amended::HandlerFramesArguments;
use crate::protocol::{
    Failure, Scope, ScopePresentationHint, ScopesResponse, Source, StackFrame, StackFrameFormat, StackFramePresentationHint,
    StackTraceResponse, VariablesResponse, to_json,
};

use super::Session;
use super::handles::{HANDLER, Holder};

/// Most handlers that a stack can list.
const MOST: u32 = 4096;

impl Session {
    /// Tells a debuggee that is ready of how many instructions the native frames are wanted.
    pub(super) fn send_handler_frames(&mut self) {
        if self.handler_frames == 0 {
            return;
        }
        let count = self.handler_frames;
        self.ask(SetHandlerFrames { count }, |session, result| {
            if let Err(failure) = result {
                session.handler_frames = 0;
                session.client.note(&format!("There are no handler frames: {}.", failure.text));
            }
        });
    }

    /// Of how many handlers a launch configuration wants the frames.
    pub(super) fn choose_handler_frames(&mut self, wanted: Option<u32>) {
        self.handler_frames = wanted.unwrap_or(0).min(MOST);
    }

    /// Our own request: from now on.
    pub(super) fn set_handler_frames(&mut self, to: Responder, arguments: HandlerFramesArguments) {
        let count = arguments.count.min(MOST);
        self.ask_any_time(to, SetHandlerFrames { count }, move |session, ()| {
            session.handler_frames = count;
            session.stacks_changed();
            Ok(Value::Null)
        });
    }

    /// A page of the stopped thread's stack, with the handlers between the Python frames.
    pub(super) fn stack_with_handlers(
        &mut self,
        to: Responder,
        frames: Vec<FrameView>,
        window: (usize, usize),
        format: Option<StackFrameFormat>,
    ) {
        self.ask_for(to, Handlers {}, move |session, handlers| {
            let all = session.merged(frames, handlers, format.as_ref());
            let total = all.len() as u64;
            let (start, count) = window;
            let stack_frames = all.into_iter().skip(start).take(count).collect();
            Ok(to_json(StackTraceResponse { stack_frames, total_frames: Some(total) }))
        });
    }

    fn merged(
        &mut self,
        frames: Vec<FrameView>,
        handlers: Vec<HandlerView>,
        format: Option<&StackFrameFormat>,
    ) -> Vec<StackFrame> {
        // What ran in no frame that is still there stays with its neighbours.
        let mut owner = frames.first().map_or(0, |frame| frame.id);
        let mut owned = Vec::new();
        for (index, handler) in handlers.iter().enumerate() {
            if let Some(frame) = handler.instruction.frame {
                owner = frame;
            }
            owned.push((owner, (index, handler)));
        }
        let mut all = Vec::new();
        let mut rest = owned.into_iter().peekable();
        for frame in frames {
            let id = frame.id;
            let name = frame.qualname.clone();
            all.push(self.stack_frame(frame, format));
            while let Some((_, (index, handler))) = rest.next_if(|(owner, _)| *owner == id) {
                all.push(self.handler_frame(index, handler, &name));
            }
        }
        self.handlers = handlers;
        all
    }

    /// A handler as a frame. `within`: the function whose frame it is shown under.
    fn handler_frame(&mut self, index: usize, handler: &HandlerView, within: &str) -> StackFrame {
        let instruction = &handler.instruction;
        let mut name = handler.opname.clone();
        if !instruction.argument.is_empty() {
            name = format!("{name} ({})", instruction.argument);
        }
        if instruction.function != within {
            name = format!("{name} in {}", instruction.function);
        }
        if handler.passed_on {
            name.push_str(" → passed on");
        }
        let source = handler.source.as_ref().map(|(path, _)| Source {
            name: path.rsplit('/').next().map(str::to_owned),
            path: Some(path.clone()),
            ..Source::default()
        });
        let line = handler.source.as_ref().map_or(0, |(_, line)| self.client_line(*line));
        let address = tailscope_vm::debug::InstructionAddress::from_number(instruction.address);
        StackFrame {
            id: self.handles.frame(HANDLER | index as u64),
            name,
            source,
            line,
            column: if line > 0 { self.client_column(0) } else { 0 },
            end_line: None,
            end_column: None,
            instruction_pointer_reference: Some(address.to_string()),
            // Subtle ones are folded by editors, and these were asked for.
            presentation_hint: Some(StackFramePresentationHint::Normal),
            can_restart: Some(false),
            module_id: None,
        }
    }

    /// The scopes of a handler's frame.
    pub(super) fn handler_scopes(&mut self, to: Responder, frame: u64) {
        let index = (frame & !HANDLER) as usize;
        let owner = self.handlers.get(index).and_then(|h| h.instruction.frame);
        self.ask_for(to, HandlerVariables { index, hex: false }, move |session, parts| {
            let HandlerParts { parameters, variables } = parts;
            let scopes = vec![
                session.native_scope("Parameters", ScopePresentationHint::Arguments, parameters, owner),
                session.native_scope("Variables", ScopePresentationHint::Locals, variables, owner),
            ];
            Ok(to_json(ScopesResponse { scopes }))
        });
    }

    fn native_scope(
        &mut self,
        name: &str,
        hint: ScopePresentationHint,
        list: Vec<VariableView>,
        frame: Option<u64>,
    ) -> Scope {
        let holder = Holder::Value { handle: 0, frame, expression: None };
        let variables: Vec<_> = list.into_iter().map(|view| self.variable(view, &holder)).collect();
        Scope {
            name: name.to_owned(),
            presentation_hint: Some(hint),
            named_variables: u32::try_from(variables.len()).ok(),
            variables_reference: self.handles.hold(Holder::Known(variables)),
            indexed_variables: None,
            expensive: false,
            source: None,
            line: None,
            column: None,
            end_line: None,
            end_column: None,
        }
    }

    /// The inside of a variable of the VM's own.
    pub(super) fn native_variables(&mut self, to: Responder, handle: u64, hex: bool, holder: Holder) {
        self.ask_for(to, NativeVariables { handle, hex }, move |session, list| {
            let variables = list.into_iter().map(|view| session.variable(view, &holder)).collect();
            Ok(to_json(VariablesResponse { variables }))
        });
    }

    /// The Python frame that a frame's number means: a handler's is the one that it ran in.
    pub(super) fn python_frame(&self, number: u64) -> Result<Option<u64>, Failure> {
        let frame = self.handles.find_frame(number).ok_or_else(|| super::inspection::stale("frame"))?;
        if frame & HANDLER == 0 {
            return Ok(Some(frame));
        }
        let handler = self.handlers.get((frame & !HANDLER) as usize);
        Ok(handler.and_then(|h| h.instruction.frame))
    }
}
