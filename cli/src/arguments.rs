//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// A Python VM made to be looked into.
#[derive(Parser)]
#[command(name = "tailscope", version, about, long_about = None)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Run a Python program, as python3.14 does
    Run(RunCommand),
    /// Show the bytecode of a file, as `python3.14 -m dis` does
    Dis(DisArgs),
    /// Compile a file to a .pyc that CPython 3.14 runs
    Compile(CompileArgs),
    /// Record which instructions a program executes, or show a recording
    #[command(args_conflicts_with_subcommands = true)]
    Trace(TraceArgs),
    /// Run a program and count what each instruction does, for the editor to show
    Profile(ProfileArgs),
    /// Show the Python stacks of a running process, or of one that left a core file
    Inspect(InspectArgs),
    /// Show how much of the interpreters' handlers a debugger can see
    Handlers(HandlersArgs),
    /// The debug adapter (Debug Adapter Protocol), on stdio or a loopback port
    Dap(DapArgs),
    /// The process that a debug adapter debugs
    #[command(hide = true)]
    Debuggee(DebuggeeArgs),
    /// The language server (Language Server Protocol), on stdio
    Lsp,
}

/// Which interpreter runs the bytecode.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum InterpArg {
    /// Tail calls from handler to handler
    #[default]
    Tail,
    /// One match in a loop
    Loop,
    /// Handlers that call each other: slow, but their frames can be seen
    Frames,
}

/// The options of `python3.14`, with its meanings.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of python3.14")]
pub struct PythonArgs {
    /// Leave out assert statements (-OO: docstrings too)
    #[arg(short = 'O', action = clap::ArgAction::Count)]
    pub optimize: u8,
    /// Take input line by line when the program has ended
    #[arg(short = 'i')]
    pub inspect: bool,
    /// Do not read or write the environment's and the user's settings (implies -E, -P and -s)
    #[arg(short = 'I')]
    pub isolated: bool,
    /// Ignore the variables PYTHON*
    #[arg(short = 'E')]
    pub ignore_environment: bool,
    /// Do not put the program's folder in front of sys.path
    #[arg(short = 'P')]
    pub safe_path: bool,
    /// Do not use the user's site-packages
    #[arg(short = 's')]
    pub no_user_site: bool,
    /// Do not import `site`: no site-packages, no `exit`
    #[arg(short = 'S')]
    pub no_site: bool,
    /// Do not write .pyc files
    #[arg(short = 'B')]
    pub dont_write_bytecode: bool,
    /// Warn where bytes are taken for text (-bb: fail)
    #[arg(short = 'b', action = clap::ArgAction::Count)]
    pub bytes_warning: u8,
    /// No greeting
    #[arg(short = 'q')]
    pub quiet: bool,
    /// Write output at once
    #[arg(short = 'u')]
    pub unbuffered: bool,
    /// Say what is imported
    #[arg(short = 'v', action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Nothing; for the sake of scripts
    #[arg(short = 'd', action = clap::ArgAction::Count, hide = true)]
    pub parser_debug: u8,
    /// Nothing: hashes of text are the same in every run, so that runs repeat exactly
    #[arg(short = 'R', hide = true)]
    pub hash_randomization: bool,
    /// What to do with warnings: action:message:category:module:line
    #[arg(short = 'W', value_name = "FILTER")]
    pub warnings: Vec<String>,
    /// An option of the implementation: dev, utf8, importtime ...
    #[arg(short = 'X', value_name = "OPTION")]
    pub options: Vec<String>,
    /// The version of Python
    #[arg(short = 'V', action = clap::ArgAction::Count)]
    pub version: u8,
    /// How .pyc files that depend on a hash are validated
    #[arg(long = "check-hash-based-pycs", value_name = "MODE", hide = true)]
    pub check_hash_based_pycs: Option<String>,
}

/// How a program is run.
#[derive(Args, Clone, Debug, Default)]
pub struct VmArgs {
    /// Interpreter
    #[arg(long, value_enum, default_value_t)]
    pub interp: InterpArg,
    /// Use this Lib folder of CPython 3.14 instead of the embedded library
    #[arg(long, value_name = "DIR")]
    pub stdlib: Option<PathBuf>,
    /// Let threads take turns at other places: each number is another interleaving, the same every
    /// time
    #[arg(long, value_name = "N")]
    pub sched_seed: Option<u64>,
}

/// `tailscope run`.
#[derive(Args, Clone, Debug, Default)]
pub struct RunCommand {
    #[command(flatten)]
    pub listening: ListenArgs,
    #[command(flatten)]
    pub run: RunArgs,
}

/// How debuggers may join a running program.
#[derive(Args, Clone, Debug, Default)]
pub struct ListenArgs {
    /// Let debuggers attach here (a PORT alone is one of the loopback interface), who show the
    /// token that is printed, or that is in TAILSCOPE_DEBUG_TOKEN
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<String>,
    /// Do not begin before a debugger says so
    #[arg(long, requires = "listen")]
    pub wait_for_client: bool,
}

#[derive(Args, Clone, Debug, Default)]
pub struct RunArgs {
    #[command(flatten)]
    pub vm: VmArgs,
    #[command(flatten)]
    pub python: PythonArgs,
    /// Run this text
    #[arg(short = 'c', value_name = "CODE", conflicts_with = "module")]
    pub code: Option<String>,
    /// Run this library module
    #[arg(short = 'm', value_name = "MODULE")]
    pub module: Option<String>,
    /// The program (a .py or .pyc file, a folder or zip file with a __main__.py, or - for standard
    /// input), and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub program: Vec<String>,
}

#[derive(Args)]
pub struct DisArgs {
    /// A .py or .pyc file
    pub file: PathBuf,
    /// A listing for people, with arrows for jumps (what a terminal shows)
    #[arg(long)]
    pub listing: bool,
    /// The listing, with source lines between the instructions
    #[arg(long)]
    pub source: bool,
    /// The text of python3.14 -m dis (what anything but a terminal gets)
    #[arg(long, conflicts_with_all = ["listing", "source"])]
    pub python: bool,
    /// JSON, as docs/dis-format.md says
    #[arg(long, conflicts_with_all = ["listing", "source", "python"])]
    pub json: bool,
    /// Show inline caches
    #[arg(short = 'C', long)]
    pub show_caches: bool,
    /// Show offsets
    #[arg(short = 'O', long)]
    pub show_offsets: bool,
    /// Show source positions
    #[arg(short = 'P', long)]
    pub show_positions: bool,
    /// Run the program first and show its specialized instructions
    #[arg(short = 'S', long, alias = "specialized")]
    pub adaptive: bool,
}

#[derive(Args)]
pub struct CompileArgs {
    /// A Python source file
    pub file: PathBuf,
    /// Where to write the .pyc (default: beside the source)
    #[arg(short, long)]
    pub output: Option<PathBuf>,
    /// Leave out assert statements (-OO: docstrings too)
    #[arg(short = 'O', action = clap::ArgAction::Count)]
    pub optimize: u8,
}

#[derive(Args)]
pub struct TraceArgs {
    #[command(subcommand)]
    pub command: Option<TraceCommand>,
    /// Where to write the trace
    #[arg(short, long, default_value = "trace.tstrace")]
    pub output: PathBuf,
    /// Show the first instructions when the program has ended
    #[arg(long, value_name = "COUNT", num_args = 0..=1, default_missing_value = "100")]
    pub show: Option<u64>,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Subcommand)]
pub enum TraceCommand {
    /// Show a trace: a line per executed instruction
    Show(ShowArgs),
}

#[derive(Args)]
pub struct ShowArgs {
    /// The trace file
    pub file: PathBuf,
    /// JSON lines instead of text
    #[arg(long)]
    pub json: bool,
    /// Only functions whose name or qualified name matches (* and ? are wildcards)
    #[arg(long, value_name = "NAME")]
    pub function: Vec<String>,
    /// Only these source lines: N or A-B
    #[arg(long, value_name = "LINES")]
    pub lines: Option<String>,
    /// Only these opcodes; a family's name stands for its specialized forms too
    #[arg(long, value_name = "OPCODE")]
    pub opcode: Vec<String>,
    /// First position
    #[arg(long, default_value_t = 0)]
    pub from: u64,
    /// Position after the last
    #[arg(long)]
    pub to: Option<u64>,
    /// At most this many instructions
    #[arg(long)]
    pub limit: Option<u64>,
    /// Show source lines between the instructions
    #[arg(long)]
    pub source: bool,
    /// Wait for more while the trace is being written
    #[arg(long)]
    pub follow: bool,
}

#[derive(Args)]
pub struct ProfileArgs {
    /// Where to write the profile (default: .tailscope/profiles in the working folder)
    #[arg(short, long)]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Args)]
pub struct InspectArgs {
    /// A running tailscope process; it is held for as long as it is read
    #[arg(long, value_name = "PID", required_unless_present = "core", conflicts_with = "core")]
    pub pid: Option<i32>,
    /// A core file that a tailscope process left
    #[arg(long, value_name = "FILE")]
    pub core: Option<PathBuf>,
    /// The binary that left the core file, where it is not where it was
    #[arg(long, value_name = "BINARY", requires = "core")]
    pub exe: Option<PathBuf>,
    /// More of each value, attributes of instances, all names of modules
    #[arg(short, long)]
    pub verbose: bool,
    /// The value stack of each frame
    #[arg(long)]
    pub stack: bool,
    /// Native functions that run for the innermost frame
    #[arg(long)]
    pub native: bool,
    /// No variables
    #[arg(long)]
    pub no_locals: bool,
    /// All frames of deep stacks
    #[arg(long)]
    pub all: bool,
    /// JSON, as docs/inspect.md says
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct HandlersArgs {
    /// Only these opcodes
    #[arg(value_name = "OPCODE")]
    pub opcodes: Vec<String>,
    /// A row for each handler
    #[arg(long)]
    pub each: bool,
    /// JSON, as docs/inspect.md says
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct DapArgs {
    /// Listen on this address instead of using standard input and output
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<String>,
}

#[derive(Args)]
pub struct DebuggeeArgs {
    #[arg(long)]
    pub connect: SocketAddr,
}
