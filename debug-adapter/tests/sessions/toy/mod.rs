//! A debuggee without a VM: a toy language whose every line is a few instructions, run by a
//! toy machine that offers the whole debug seam.
//!
//! ```text
//! fn main            a function; `main` runs
//!   let x = 1        also lists, [1 2 3], strings, 'a b', and sums, x + 1
//!   call f           f's locals are its own
//!   print text       a line on the standard output; `eprint` on the other
//!   loop 3 ... next  runs the lines between three times
//!   raise T text     ends the program with a traceback
//! end
//! ```
//! and `spin` (forever), `sleep MS`, `hang` (prints `deaf` and ignores being woken), `exit N`, `abort`,
//! `breakpoint`, `write N` (that many lines), `thread NAME` (as if one had started).
//!
//! A function whose name begins with `lib_` is library code.

mod compile;
mod debuggee;
mod machine;
mod values;

use tailscope_vm::debug::{DebuggeeProgram, LaunchSpec, ProgramSource};

/// Makes a toy program ready to run.
pub fn load(spec: LaunchSpec) -> Result<Box<dyn DebuggeeProgram>, String> {
    let (file, text) = match &spec.program {
        ProgramSource::Script(path) => {
            let text =
                std::fs::read_to_string(path).map_err(|e| format!("cannot read {path}: {e}"))?;
            (path.clone(), text)
        }
        ProgramSource::Code(text) => ("<string>".to_owned(), text.clone()),
        ProgramSource::Module(name) => return Err(format!("No module named {name}")),
    };
    let functions = compile::compile(&text)?;
    Ok(Box::new(machine::Machine::new(spec, file, text, functions)))
}
