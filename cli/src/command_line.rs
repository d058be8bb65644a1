//! What stands between the command line and the parser of arguments: the ways in which
//! `python3.14` is called are ways to call this program, too.

use std::ffi::OsString;

use clap::CommandFactory;

use crate::arguments::Cli;

/// Options of `run` and its like that take a value in the next argument.
const WITH_VALUE: [&str; 5] = ["--interp", "--stdlib", "--output", "--show", "--check-hash-based-pycs"];
/// The same, as letters.
const LETTERS_WITH_VALUE: [char; 3] = ['W', 'X', 'o'];
/// Commands whose arguments end with a program and its own.
const RUNNING: [&str; 3] = ["run", "trace", "profile"];

/// The arguments as the parser wants them. Without a command they are those of `run`; and what
/// follows `-c CODE` or `-m MODULE` is the program's, whatever it looks like.
pub fn normalized(mut args: Vec<OsString>) -> Vec<OsString> {
    // `program | tailscope`, as tools do that start `sys.executable`.
    let piped = args.len() == 1 && !crate::interactive::is_attended();
    if piped || args.get(1).is_some_and(|a| is_program(a)) {
        args.insert(1, "run".into());
    }
    if args.get(1).and_then(|a| a.to_str()).is_some_and(|a| RUNNING.contains(&a))
        && let Some(end) = end_of_options(&args)
    {
        args.insert(end, "--".into());
    }
    args
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

/// The place behind `-c CODE` or `-m MODULE`, if that is how the program is named.
fn end_of_options(args: &[OsString]) -> Option<usize> {
    let mut i = 2;
    while i < args.len() {
        let text = args[i].to_str()?;
        let Some(letters) = text.strip_prefix('-').filter(|l| !l.is_empty()) else { return None };
        if let Some(long) = letters.strip_prefix('-') {
            if long.is_empty() {
                return None;
            }
            i += 1 + usize::from(WITH_VALUE.contains(&text));
            continue;
        }
        // The first letter that takes a value ends the letters; the value is what is left of them,
        // or the next argument.
        let taking = letters.char_indices().find(|(_, c)| matches!(c, 'c' | 'm') || LETTERS_WITH_VALUE.contains(c));
        let Some((at, letter)) = taking else {
            i += 1;
            continue;
        };
        i += 1 + usize::from(at + 1 == letters.len());
        if matches!(letter, 'c' | 'm') {
            return Some(i.min(args.len()));
        }
    }
    None
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
        assert_eq!(normal("-Wc -cx y"), "run -Wc -cx -- y");
        assert_eq!(normal("trace -o c -c x --show"), "trace -o c -c x -- --show");
        assert_eq!(normal("run prog.py -c x"), "run prog.py -c x");
        assert_eq!(normal("dis -C x.py"), "dis -C x.py");
        assert_eq!(normal("--version"), "--version");
    }
}
