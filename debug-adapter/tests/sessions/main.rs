//! Whole sessions: a client, the real adapter in a process of its own, and a toy debuggee in
//! another.
//!
//! This binary is all three, by its first argument: `dap` is the adapter, `debuggee` the
//! toy. Without one it runs the tests. Each message that the adapter sends is checked
//! against the protocol's schema, if the environment says where that is
//! (`TAILSCOPE_DAP_SCHEMA`, the file `debugAdapterProtocol.json` of the specification).

mod breakpoints;
mod client;
mod inspection;
mod lifecycle;
mod robustness;
mod schema;
mod stepping;
mod toy;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use tailscope_debug_adapter::process::DebuggeeCommand;
use tailscope_debug_adapter::{AdapterOptions, DebuggeeOptions, run_adapter, run_debuggee};

/// A test by its name.
macro_rules! tests {
    ($($module:ident: $($name:ident),+ $(,)?;)+) => {
        vec![$($(test(concat!(stringify!($module), "::", stringify!($name)), $module::$name)),+),+]
    };
}

fn test(name: &'static str, run: fn()) -> Trial {
    Trial::test(name, move || {
        run();
        Ok(())
    })
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag);
        at.and_then(|at| arguments.get(at + 1)).cloned()
    };
    let status = match arguments.get(1).map(String::as_str) {
        Some("dap") => run_adapter(AdapterOptions {
            listen: after("--listen").map(|address| address.parse().expect("a loopback address")),
            debuggee: DebuggeeCommand {
                exe: std::env::current_exe().expect("this binary has a path"),
                args: vec![after("--debuggee").unwrap_or("debuggee".to_owned()).into()],
            },
        }),
        Some("debuggee") => {
            let connect = after("--connect").and_then(|address| address.parse().ok());
            run_debuggee(
                DebuggeeOptions {
                    connect: connect.expect("an address"),
                },
                toy::load,
            )
        }
        Some("dumb-debuggee") => 3,
        _ => return run_tests(),
    };
    ExitCode::from(status as u8)
}

fn run_tests() -> ExitCode {
    if schema::path().is_none() {
        eprintln!(
            "skipped: messages are not checked against the schema; TAILSCOPE_DAP_SCHEMA does not name it"
        );
    }
    let tests = tests! {
        lifecycle: runs_to_the_end, stops_on_entry, launch_without_debugging, bad_launches, exit_codes,
            death_by_signal, disconnect_ends_the_program, terminate_while_running, terminate_twice,
            terminate_while_stopped, output_in_large_amounts, a_debuggee_that_never_connects,
            the_debuggee_ends_with_its_adapter, environment_and_directory, threads_come,
            threads_asked_for_early, code_and_source;
        breakpoints: verified_and_moved, in_a_loop_with_conditions, hit_conditions, log_messages,
            set_while_running, set_before_launch, on_instructions, on_exceptions, numbers_stay,
            set_while_the_program_is_deaf;
        stepping: over_into_and_out, by_instruction, library_code, pause_and_go_on, a_pause_while_stopped, a_step_to_the_end;
        inspection: frames_in_pages, scopes_and_variables, lists_in_pages, writing_variables, evaluating,
            disassembling, value_stack_and_instruction, handles_of_an_earlier_stop, lines_from_zero,
            an_endless_evaluation_can_be_left, the_breakpoint_call;
        robustness: noise_between_messages, requests_that_make_no_sense, out_of_turn, on_a_port,
            a_port_refuses_http, two_sessions_on_a_port, the_schema_finds_mistakes;
    };
    let mut options = Arguments::from_args();
    // Each test runs three processes; more at a time would only make the waits longer.
    options.test_threads.get_or_insert(4);
    libtest_mimic::run(&options, tests).exit_code()
}
