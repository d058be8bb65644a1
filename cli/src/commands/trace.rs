//! `tailscope trace` and `tailscope trace show`.

use std::io::IsTerminal;

use tailscope_formats::trace::show::{Filter, Form, ShowOptions, show};

use crate::arguments::{ShowArgs, TraceArgs, TraceCommand};

/// Records a program, or shows a recording.
pub fn run(args: TraceArgs) -> i32 {
    match &args.command {
        Some(TraceCommand::Show(a)) => show_trace(a),
        None => record(args),
    }
}

fn show_trace(a: &ShowArgs) -> i32 {
    let mut options = ShowOptions::new(&a.file);
    let lines = match a.lines.as_deref().map(parse_lines).transpose() {
        Ok(lines) => lines,
        Err(why) => {
            eprintln!("tailscope: {why}");
            return 2;
        }
    };
    options.form = if a.json {
        Form::JsonLines
    } else {
        Form::Text { colour: std::io::stdout().is_terminal(), source: a.source }
    };
    (options.from, options.to, options.limit, options.follow) = (a.from, a.to, a.limit, a.follow);
    options.filter = Filter { functions: a.function.clone(), lines, opcodes: a.opcode.clone(), ..Filter::default() };
    print(&options)
}

/// `N` or `A-B`.
fn parse_lines(text: &str) -> Result<std::ops::RangeInclusive<u32>, String> {
    let wrong = || format!("--lines {text}: give a line, as in 12, or a range, as in 12-20");
    let (a, b) = text.split_once('-').unwrap_or((text, text));
    match (a.trim().parse(), b.trim().parse()) {
        (Ok(a), Ok(b)) if a <= b => Ok(a..=b),
        _ => Err(wrong()),
    }
}

fn record(args: TraceArgs) -> i32 {
    let status = crate::recording::record(&args);
    match args.show {
        Some(count) if args.output.exists() => {
            let mut options = ShowOptions::new(&args.output);
            options.form = Form::Text { colour: std::io::stdout().is_terminal(), source: true };
            options.limit = Some(count);
            print(&options).max(status)
        }
        _ => status,
    }
}

fn print(options: &ShowOptions) -> i32 {
    match show(options, &mut std::io::stdout()) {
        Ok(()) => 0,
        Err(e) => {
            eprintln!("tailscope: {e}");
            1
        }
    }
}
