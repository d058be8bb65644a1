//! Types that stand in for ones of `dapts` 0.0.6.
//!
//! | type | what is wrong there |
//! |---|---|
//! | [`DisassembleArguments`] | both offsets are unsigned; editors scroll up with negative ones |
//! | [`InstructionBreakpoint`] | the offset is unsigned |
//! | [`ReadMemoryArguments`], [`WriteMemoryArguments`] | the offset is unsigned |
//! | [`StepArguments`] | four copies of the same arguments |
//! | [`LaunchArguments`], [`AttachArguments`], [`RestartArguments`] | a bare JSON value: what it holds is ours to say |
//! | [`NoArguments`] | a unit struct, which refuses the `{}` that clients send |
//! | responses and events | without `seq`, `type` and `command` (see the parent module) |

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::link::messages::InterpWord;

use super::SteppingGranularity;

/// Arguments that are not looked at.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct NoArguments {}

/// Arguments of `disassemble`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DisassembleArguments {
    /// The base.
    pub memory_reference: String,
    /// Bytes to add to it.
    #[serde(default)]
    pub offset: Option<i64>,
    /// Instructions to skip from there; negative: to go back.
    #[serde(default)]
    pub instruction_offset: Option<i64>,
    /// How many are wanted.
    pub instruction_count: u64,
}

/// Arguments of `setInstructionBreakpoints`.
#[derive(Clone, Debug, Deserialize)]
pub struct SetInstructionBreakpointsArguments {
    /// All of them.
    pub breakpoints: Vec<InstructionBreakpoint>,
}

/// A breakpoint on an instruction.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstructionBreakpoint {
    /// The base.
    pub instruction_reference: String,
    /// Bytes to add to it.
    #[serde(default)]
    pub offset: Option<i64>,
    /// When a hit counts.
    #[serde(default)]
    pub condition: Option<String>,
    /// Which hits count.
    #[serde(default)]
    pub hit_condition: Option<String>,
}

/// Arguments of `next`, `stepIn` and `stepOut`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepArguments {
    /// Who steps.
    pub thread_id: u64,
    /// How far.
    #[serde(default)]
    pub granularity: Option<SteppingGranularity>,
    /// `stepIn` alone: into which call.
    #[serde(default)]
    pub target_id: Option<u64>,
}

/// Arguments of `readMemory`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadMemoryArguments {
    /// The base.
    pub memory_reference: String,
    /// Bytes to add to it.
    #[serde(default)]
    pub offset: Option<i64>,
    /// How many are wanted.
    pub count: u64,
}

/// Arguments of `writeMemory`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WriteMemoryArguments {
    /// The base.
    pub memory_reference: String,
    /// Bytes to add to it.
    #[serde(default)]
    pub offset: Option<i64>,
    /// What fits may be written although the rest does not.
    #[serde(default)]
    pub allow_partial: Option<bool>,
    /// In Base64.
    pub data: String,
}

/// Arguments of `restart`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct RestartArguments {
    /// The launch configuration as it is now.
    #[serde(default)]
    pub arguments: Option<LaunchArguments>,
}

/// Arguments of `continue` and `pause`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ThreadArguments {
    /// The thread that is meant; all of them go on and stand still together.
    pub thread_id: u64,
}

/// Arguments of `launch`: the fields of a launch configuration. Others are tolerated, since
/// editors add their own.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LaunchArguments {
    /// A file to run.
    pub program: Option<String>,
    /// A module to run, as `-m` does.
    pub module: Option<String>,
    /// Source text to run, as `-c` does.
    pub code: Option<Text>,
    /// `sys.argv[1:]`.
    pub args: Option<Vec<String>>,
    /// The working directory.
    pub cwd: Option<String>,
    /// Environment variables to set; null removes one.
    pub env: Option<BTreeMap<String, Option<Scalar>>>,
    /// Stop at the first instruction.
    pub stop_on_entry: Option<bool>,
    /// Run without a debugger.
    pub no_debug: Option<bool>,
    /// Which interpreter runs the program: `tail`, which is the default, or `loop`.
    pub interp: Option<InterpWord>,
    /// Which code steps leave out.
    #[serde(flatten)]
    pub filters: FilterArguments,
    /// Where the program's input and output are.
    pub console: Option<Console>,
    /// Of how many executed instructions to show the native frames.
    pub handler_frames: Option<u32>,
}

/// Where the input and output of a launched program are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Console {
    /// The client's debug console: output only.
    InternalConsole,
    /// A terminal in the client.
    IntegratedTerminal,
    /// A terminal of its own.
    ExternalTerminal,
}

/// Arguments of `tailscope/handlerFrames`, a request of our own: shows the native frames of the last
/// executed instructions from now on.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct HandlerFramesArguments {
    /// Of how many; 0 for none.
    pub count: u32,
}

/// Arguments of `attach`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AttachArguments {
    /// Where the program listens; the loopback interface unless said otherwise.
    pub host: Option<String>,
    /// On which port.
    pub port: Option<u16>,
    /// Both, as other debuggers of Python have it.
    pub connect: Option<Address>,
    /// The token that the program has printed.
    pub token: Option<String>,
    /// Of how many executed instructions to show the native frames.
    pub handler_frames: Option<u32>,
    /// Which code steps leave out.
    #[serde(flatten)]
    pub filters: FilterArguments,
}

/// A host and a port.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Address {
    /// The host.
    pub host: Option<String>,
    /// The port.
    pub port: Option<u16>,
}

/// Which code steps and exception stops leave out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FilterArguments {
    /// Library code; true unless said otherwise.
    pub just_my_code: Option<bool>,
    /// File names, with `*` for any characters.
    pub skip_files: Option<Vec<String>>,
    /// Functions that steps do not end in.
    pub step_filters: Option<StepFilters>,
}

/// What steps do not end in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StepFilters {
    /// Names of functions.
    pub skip_functions: Vec<String>,
}

/// A text, or a list of its lines.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Text {
    /// In one piece.
    Whole(String),
    /// Line by line.
    Lines(Vec<String>),
}

impl Text {
    /// In one piece.
    pub fn join(self) -> String {
        match self {
            Text::Whole(text) => text,
            Text::Lines(lines) => lines.join("\n"),
        }
    }
}

/// A value that a person may have written without quotes.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// Text.
    Text(String),
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
}

impl Scalar {
    /// As it was written.
    pub fn into_text(self) -> String {
        match self {
            Scalar::Text(text) => text,
            Scalar::Bool(value) => value.to_string(),
            Scalar::Number(value) => value.to_string(),
        }
    }
}

/// Turns the arguments of a request into their type. No arguments count as empty ones.
pub fn arguments<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, String> {
    let value = if value.is_null() {
        Value::Object(serde_json::Map::new())
    } else {
        value
    };
    serde_json::from_value(value).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn launch_configurations_with_more_than_we_know() {
        let launch: LaunchArguments = arguments(json!({
            "type": "tailscope", "request": "launch", "name": "x", "__sessionId": "y", "console": "internalConsole",
            "code": ["a = 1", "print(a)"], "env": {"A": "1", "B": 2, "C": true, "D": null},
        }))
        .unwrap();
        assert_eq!(launch.code.unwrap().join(), "a = 1\nprint(a)");
        let env: Vec<_> = launch
            .env
            .unwrap()
            .into_values()
            .map(|v| v.map(Scalar::into_text))
            .collect();
        assert_eq!(
            env,
            [
                Some("1".into()),
                Some("2".into()),
                Some("true".into()),
                None
            ]
        );
    }

    #[test]
    fn offsets_may_be_negative() {
        let value = json!({"memoryReference": "0x1", "offset": -4, "instructionOffset": -200, "instructionCount": 400});
        let disassemble: DisassembleArguments = arguments(value).unwrap();
        assert_eq!(
            (disassemble.offset, disassemble.instruction_offset),
            (Some(-4), Some(-200))
        );
    }

    #[test]
    fn no_arguments_are_empty_ones() {
        arguments::<NoArguments>(Value::Null).unwrap();
        arguments::<NoArguments>(json!({"more": 1})).unwrap();
        assert!(
            arguments::<ThreadArguments>(Value::Null)
                .unwrap_err()
                .contains("threadId")
        );
    }
}
