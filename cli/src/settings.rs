//! The settings of a run: what CPython's options and environment variables say.

use std::path::{Path, PathBuf};

use tailscope_stdlib::EmbeddedLibrary;
use tailscope_vm::import;
use tailscope_vm::runtime::{Config, Flags};

use crate::arguments::{PythonArgs, RunArgs};
use crate::program::CannotRun;

/// The environment variables that count: none with `-E` or `-I`.
struct Environment {
    ignored: bool,
}

impl Environment {
    /// A variable that is set, and not to nothing.
    fn text(&self, name: &str) -> Option<String> {
        let set = if self.ignored { None } else { std::env::var_os(name) };
        set.map(|v| v.to_string_lossy().into_owned()).filter(|v| !v.is_empty())
    }

    fn is_set(&self, name: &str) -> bool {
        self.text(name).is_some()
    }

    /// How often an option counts as given: the number that the variable is, at least once.
    fn count(&self, name: &str) -> u32 {
        self.text(name).map_or(0, |v| v.parse().unwrap_or(1).max(1))
    }
}

/// The settings for a command line; `argv` is the program's.
pub fn config(args: &RunArgs, argv: Vec<String>) -> Result<Config, CannotRun> {
    let p = &args.python;
    let environment = Environment { ignored: p.ignore_environment || p.isolated };
    let x_options: Vec<(String, Option<String>)> = p.options.iter().map(|o| x_option(o)).collect();
    let dev_mode = x_options.iter().any(|(k, _)| k == "dev") || environment.is_set("PYTHONDEVMODE");
    let flags = flags(p, &environment, &x_options, dev_mode);
    let executable = executable();
    Ok(Config {
        warn_options: warn_options(p, &environment, &flags),
        int_max_str_digits: digits_limit(&environment, &x_options)?,
        flags,
        x_options,
        orig_argv: std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect(),
        argv,
        path: search_path(&environment),
        prefix: prefix(&executable, &environment),
        executable: executable.display().to_string(),
        optimize: (u32::from(p.optimize)).max(environment.count("PYTHONOPTIMIZE")).min(2) as u8,
        library: Some(Box::new(library(args.vm.stdlib.as_deref())?)),
        sched_seed: args.vm.sched_seed,
        ..Config::default()
    })
}

fn flags(p: &PythonArgs, environment: &Environment, x_options: &[(String, Option<String>)], dev_mode: bool) -> Flags {
    let x = |name: &str| x_options.iter().any(|(k, _)| k == name);
    Flags {
        inspect: p.inspect || environment.is_set("PYTHONINSPECT"),
        dont_write_bytecode: p.dont_write_bytecode || environment.is_set("PYTHONDONTWRITEBYTECODE"),
        no_user_site: p.no_user_site || p.isolated || environment.is_set("PYTHONNOUSERSITE"),
        no_site: p.no_site,
        ignore_environment: environment.ignored,
        verbose: u32::from(p.verbose).max(environment.count("PYTHONVERBOSE")),
        bytes_warning: u32::from(p.bytes_warning),
        quiet: p.quiet,
        isolated: p.isolated,
        dev_mode,
        warn_default_encoding: x("warn_default_encoding") || environment.is_set("PYTHONWARNDEFAULTENCODING"),
        no_debug_ranges: x("no_debug_ranges") || environment.is_set("PYTHONNODEBUGRANGES"),
        safe_path: p.safe_path || p.isolated || environment.is_set("PYTHONSAFEPATH"),
        unbuffered: p.unbuffered || environment.is_set("PYTHONUNBUFFERED"),
    }
}

fn x_option(text: &str) -> (String, Option<String>) {
    match text.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (text.to_owned(), None),
    }
}

/// `sys.warnoptions`: of the development mode, the environment, the options, and `-b`, in this order.
fn warn_options(p: &PythonArgs, environment: &Environment, flags: &Flags) -> Vec<String> {
    let mut all = Vec::new();
    if flags.dev_mode {
        all.push("default".to_owned());
    }
    all.extend(environment.text("PYTHONWARNINGS").iter().flat_map(|v| v.split(',').map(str::to_owned)));
    all.extend(p.warnings.iter().cloned());
    match flags.bytes_warning {
        0 => {}
        1 => all.push("default::BytesWarning".to_owned()),
        _ => all.push("error::BytesWarning".to_owned()),
    }
    all
}

/// How many digits an int of text may have, where something says so.
fn digits_limit(environment: &Environment, x_options: &[(String, Option<String>)]) -> Result<Option<usize>, CannotRun> {
    let name = "int_max_str_digits";
    let option = x_options.iter().rev().find(|(k, _)| k == name).map(|(_, v)| v.clone().unwrap_or_default());
    let (text, shown) = match option {
        Some(text) => (text, "-X int_max_str_digits"),
        None => match environment.text("PYTHONINTMAXSTRDIGITS") {
            Some(text) => (text, "PYTHONINTMAXSTRDIGITS"),
            None => return Ok(None),
        },
    };
    match text.parse::<usize>() {
        Ok(n) if n == 0 || n >= 640 => Ok(Some(n)),
        _ => Err(CannotRun(format!("{shown}: invalid limit; must be >= 640 or 0 for unlimited."))),
    }
}

fn library(folder: Option<&Path>) -> Result<EmbeddedLibrary, CannotRun> {
    match folder {
        Some(dir) if !dir.is_dir() => {
            Err(CannotRun(format!("--stdlib {}: there is no such folder", dir.display())))
        }
        Some(dir) => Ok(EmbeddedLibrary::in_folder(dir)),
        None => Ok(EmbeddedLibrary::new()),
    }
}

/// `sys.path` without the program's folder: `PYTHONPATH`, then the library.
fn search_path(environment: &Environment) -> Vec<String> {
    let more = environment.text("PYTHONPATH").unwrap_or_default();
    let mut path: Vec<String> =
        std::env::split_paths(&more).map(|p| p.display().to_string()).filter(|p| !p.is_empty()).collect();
    path.push(import::LIBRARY.to_owned());
    path
}

/// `sys.executable`: the name that this program was started by, since a virtual environment has
/// links to it.
fn executable() -> PathBuf {
    let real = std::env::current_exe().unwrap_or_default();
    let Some(first) = std::env::args_os().next().map(PathBuf::from) else { return real };
    let named = if first.components().count() > 1 {
        std::path::absolute(&first).ok()
    } else {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&folders).map(|dir| dir.join(&first)).find(|file| file.is_file())
    };
    named.filter(|n| n.exists()).unwrap_or(real)
}

/// `sys.prefix`: the virtual environment that the executable lies in or that is activated, else the
/// folder above the executable's.
fn prefix(executable: &Path, environment: &Environment) -> Option<PathBuf> {
    let folder = executable.parent()?;
    let is_environment = |dir: &Path| dir.join("pyvenv.cfg").is_file();
    if is_environment(folder) {
        return Some(folder.to_owned());
    }
    let above = folder.parent()?;
    if is_environment(above) {
        return Some(above.to_owned());
    }
    // What a shell has activated is a choice of its own, not one of Python's variables.
    let activated = if environment.ignored { None } else { std::env::var_os("VIRTUAL_ENV").map(PathBuf::from) };
    Some(activated.filter(|dir| is_environment(dir)).unwrap_or_else(|| above.to_owned()))
}
