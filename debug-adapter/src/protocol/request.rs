//! The requests that the adapter knows: a closed set, matched exhaustively by the router.

use super::amended::{
    AttachArguments, DisassembleArguments, HandlerFramesArguments, LaunchArguments, NoArguments, ReadMemoryArguments,
    RestartArguments, SetInstructionBreakpointsArguments, StepArguments, ThreadArguments,
    WriteMemoryArguments, arguments,
};
use super::*;

/// Declares the requests: the variant, the protocol's command and the arguments.
macro_rules! requests {
    ($($(#[$doc:meta])* $variant:ident $command:literal $arguments:ty,)+) => {
        /// A request with its arguments.
        #[derive(Clone, Debug)]
        pub enum Request {
            $($(#[$doc])* $variant($arguments),)+
        }

        impl Request {
            /// The commands that [`Request::parse`] knows.
            pub const COMMANDS: &[&str] = &[$($command),+];

            /// Makes sense of a request that arrived.
            pub fn parse(raw: RawRequest) -> Result<Request, Failure> {
                match raw.command.as_str() {
                    $($command => arguments(raw.arguments).map(Request::$variant).map_err(|problem| {
                        Failure::new(format!("the arguments of `{}` are not right: {problem}", $command))
                    }),)+
                    other => Err(Failure::new(format!("the request `{other}` is not supported"))),
                }
            }
        }
    };
}

requests! {
    /// The session's first word.
    Initialize "initialize" InitializeRequestArguments,
    /// Start a program.
    Launch "launch" LaunchArguments,
    /// Join a running program.
    Attach "attach" AttachArguments,
    /// Start the program again.
    Restart "restart" RestartArguments,
    /// All breakpoints are set: run.
    ConfigurationDone "configurationDone" NoArguments,
    /// The line breakpoints of a file.
    SetBreakpoints "setBreakpoints" SetBreakpointsArguments,
    /// The breakpoints on instructions.
    SetInstructionBreakpoints "setInstructionBreakpoints" SetInstructionBreakpointsArguments,
    /// Which exceptions stop the program.
    SetExceptionBreakpoints "setExceptionBreakpoints" SetExceptionBreakpointsArguments,
    /// The breakpoints on functions.
    SetFunctionBreakpoints "setFunctionBreakpoints" SetFunctionBreakpointsArguments,
    /// The breakpoints on data.
    SetDataBreakpoints "setDataBreakpoints" SetDataBreakpointsArguments,
    /// Where breakpoints can be set.
    BreakpointLocations "breakpointLocations" BreakpointLocationsArguments,
    /// The modules.
    Modules "modules" ModulesArguments,
    /// The files that code has been loaded from.
    LoadedSources "loadedSources" NoArguments,
    /// End some threads.
    TerminateThreads "terminateThreads" TerminateThreadsArguments,
    /// What is asked for is not wanted any more.
    Cancel "cancel" CancelArguments,
    /// The threads.
    Threads "threads" NoArguments,
    /// The text of a source that is no file.
    Source "source" SourceArguments,
    /// Ask the program to end.
    Terminate "terminate" NoArguments,
    /// End the session, and the program with it.
    Disconnect "disconnect" DisconnectArguments,

    /// Stop the program.
    Pause "pause" ThreadArguments,

    /// Let the program go on.
    Continue "continue" ThreadArguments,
    /// A step over calls.
    Next "next" StepArguments,
    /// A step into calls.
    StepIn "stepIn" StepArguments,
    /// A step to the caller.
    StepOut "stepOut" StepArguments,
    /// Frames of a thread.
    StackTrace "stackTrace" StackTraceArguments,
    /// What a frame has to show.
    Scopes "scopes" ScopesArguments,
    /// What something has to show.
    Variables "variables" VariablesArguments,
    /// Write a variable.
    SetVariable "setVariable" SetVariableArguments,
    /// Run Python in a frame.
    Evaluate "evaluate" EvaluateArguments,
    /// The exception that the program is stopped at.
    ExceptionInfo "exceptionInfo" ExceptionInfoArguments,
    /// Write what an expression names.
    SetExpression "setExpression" SetExpressionArguments,
    /// What could be typed.
    Completions "completions" CompletionsArguments,
    /// Whether something can be watched.
    DataBreakpointInfo "dataBreakpointInfo" DataBreakpointInfoArguments,
    /// The calls that a step could go into.
    StepInTargets "stepInTargets" StepInTargetsArguments,
    /// Where the program could go on.
    GotoTargets "gotoTargets" GotoTargetsArguments,
    /// Go on elsewhere.
    Goto "goto" GotoArguments,
    /// Begin a frame anew.
    RestartFrame "restartFrame" RestartFrameArguments,
    /// A value's memory.
    ReadMemory "readMemory" ReadMemoryArguments,
    /// Write it.
    WriteMemory "writeMemory" WriteMemoryArguments,
    /// Where something was defined.
    Locations "locations" LocationsArguments,
    /// Instructions around an address.
    Disassemble "disassemble" DisassembleArguments,
    /// Ours: which native frames are shown.
    HandlerFrames "tailscope/handlerFrames" HandlerFramesArguments,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(command: &str, arguments: Value) -> Result<Request, Failure> {
        Request::parse(RawRequest {
            seq: 1,
            command: command.to_owned(),
            arguments,
        })
    }

    #[test]
    fn commands_that_exist_and_ones_that_do_not() {
        assert!(matches!(
            parse("threads", Value::Null),
            Ok(Request::Threads(_))
        ));
        assert!(matches!(
            parse("configurationDone", json!({})),
            Ok(Request::ConfigurationDone(_))
        ));
        let unknown = parse("flyToTheMoon", json!({})).unwrap_err();
        assert_eq!(unknown.text, "the request `flyToTheMoon` is not supported");
    }

    #[test]
    fn bad_arguments_are_named() {
        let missing = parse("continue", json!({})).unwrap_err();
        assert!(
            missing.text.contains("`continue`") && missing.text.contains("threadId"),
            "{}",
            missing.text
        );
        assert!(parse("variables", json!({"variablesReference": -1})).is_err());
        assert!(parse("setBreakpoints", json!([1, 2])).is_err());
    }

    #[test]
    fn unknown_contexts_are_tolerated() {
        let request = parse(
            "evaluate",
            json!({"expression": "x", "context": "crystal ball"}),
        );
        assert!(matches!(request, Ok(Request::Evaluate(_))));
    }
}
