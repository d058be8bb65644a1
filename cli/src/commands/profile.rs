//! `tailscope profile`.

use std::path::PathBuf;

use tailscope_formats::profile::Profile;
use tailscope_vm::interp::{self, Mode};

use crate::arguments::ProfileArgs;
use crate::program::{CannotRun, Program};
use crate::recording;

/// Runs a program, counts what each instruction does, and writes the profile.
pub fn run(args: ProfileArgs) -> i32 {
    super::run::finish(|| profile(&args))
}

fn profile(args: &ProfileArgs) -> Result<i32, CannotRun> {
    let program = Program::new(&args.run)?;
    interp::set_mode(program.vm, Mode::Profile);
    let status = program.run_observed()?;
    interp::set_mode(program.vm, Mode::Plain);
    let profile = recording::profile_of(program.vm, &args.run);
    let path = match &args.output {
        Some(p) => p.clone(),
        None => default_path(&profile)?,
    };
    profile.write(&path).map_err(|e| CannotRun(e.to_string()))?;
    eprintln!(
        "tailscope: {} instructions counted; profile in {}",
        tailscope_formats::history::grouped(profile.instructions_executed),
        path.display()
    );
    Ok(status)
}

fn default_path(profile: &Profile) -> Result<PathBuf, CannotRun> {
    let path = tailscope_formats::profile::store::new_path(std::path::Path::new("."), &profile.program);
    let folder = path.parent().map(PathBuf::from).unwrap_or_default();
    std::fs::create_dir_all(&folder)
        .map_err(|e| CannotRun(format!("the folder {} cannot be made: {e}", folder.display())))?;
    Ok(path)
}
