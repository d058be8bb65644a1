//! What stands between the command line and the parser of arguments: the ways in which
//! `python3.14` is called are ways to call this program, too.

use std::ffi::OsString;

use clap::CommandFactory;

use crate::arguments::Cli;

/// Options of `run` and its like that take a value in the next argument.
const WITH_VALUE: [&str; 6] =
    ["--interp", "--stdlib", "--sched-seed", "--output", "--check-hash-based-pycs", "--listen"];
/// The one that may have a number there.
const WITH_NUMBER: &str = "--show";
/// The same, as letters.
const LETTERS_WITH_VALUE: [char; 3] = ['W', 'X', 'o'];
/// Commands whose arguments end with a program and its own.
const RUNNING: [&str; 3] = ["run", "trace", "profile"];

/// The arguments as the parser wants them. Without a command they are those of `run`; values stand
/// apart from their options; and what follows `-c CODE` or `-m MODULE` is the program's, whatever
/// it looks like.
pub fn normalized(mut args: Vec<OsString>) -> Vec<OsString> {
    // `program | tailscope`, as tools do that start `sys.executable`.
    let piped = args.len() == 1 && !crate::interactive::is_attended();
    if piped || args.get(1).is_some_and(is_program) {
        args.insert(1, "run".into());
    }
    if args.get(1).and_then(|a| a.to_str()).is_some_and(|a| RUNNING.contains(&a)) { spelled_out(args) } else { args }
}

/// Whether the first argument is none of our commands and options: a file, or an option of Python's.
fn is_program(first: &OsString) -> bool {
    let Some(text) = first.to_str() else { return true };
    if matches!(text, "-h" | "--help" | "help" | "--version") {
        return false;
    }
    let command = Cli::command();
    let known = command.get_subcommands().any(|c| c.get_name() == text);
    !known && (text.starts_with('-') || text.ends_with(".py") || std::path::Path::new(text).exists())
}

/// The arguments of a command that runs a program, with a value in an argument of its own after
/// each option that takes one, and `--` behind the value of `-c` or `-m`.
fn spelled_out(args: Vec<OsString>) -> Vec<OsString> {
    let mut all = args.into_iter().peekable();
    let mut out: Vec<OsString> = all.by_ref().take(2).collect();
    while let Some(arg) = all.next() {
        let text = arg.to_str().unwrap_or_default();
        let Some(letters) = text.strip_prefix('-').filter(|l| !l.is_empty() && *l != "-") else {
            // The program, or what ends the options.
            out.push(arg);
            break;
        };
        let taking = |c: char| matches!(c, 'c' | 'm') || LETTERS_WITH_VALUE.contains(&c);
        // The first letter that takes a value ends the letters; what is left of them is the value.
        let ends_program = match letters.char_indices().find(|(_, c)| !letters.starts_with('-') && taking(*c)) {
            Some((at, letter)) => {
                let (head, value) = text.split_at(at + 2);
                out.push(head.into());
                out.extend(if value.is_empty() { all.next() } else { Some(value.into()) });
                matches!(letter, 'c' | 'm')
            }
            None => {
                let is_number = |a: &OsString| a.to_str().is_some_and(|a| a.parse::<u64>().is_ok());
                let has_value = WITH_VALUE.contains(&text) || (text == WITH_NUMBER && all.peek().is_some_and(is_number));
                out.push(arg);
                out.extend(if has_value { all.next() } else { None });
                false
            }
        };
        if ends_program {
            out.push("--".into());
            break;
        }
    }
    out.extend(all);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(line: &str) -> String {
        let args = std::iter::once("tailscope").chain(line.split(' ')).map(OsString::from).collect();
        let made: Vec<String> = normalized(args).iter().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
        made.join(" ")
    }

    #[test]
    fn what_follows_a_program_is_its_own() {
        assert_eq!(normal("run -c x -O"), "run -c x -- -O");
        assert_eq!(normal("-Ic x -c"), "run -Ic x -- -c");
        assert_eq!(normal("-X dev -W error -m m -v"), "run -X dev -W error -m m -- -v");
        assert_eq!(normal("-Wc -Xa=b -cx y"), "run -W c -X a=b -c x -- y");
        assert_eq!(normal("trace -o c -c x --show"), "trace -o c -c x -- --show");
        assert_eq!(normal("trace --show -c x -O"), "trace --show -c x -- -O");
        assert_eq!(normal("trace --show 9 -c x -O"), "trace --show 9 -c x -- -O");
        assert_eq!(normal("run prog.py -c x"), "run prog.py -c x");
        assert_eq!(normal("dis -C x.py"), "dis -C x.py");
        assert_eq!(normal("--version"), "--version");
    }
}
