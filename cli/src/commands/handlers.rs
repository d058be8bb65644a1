//! `tailscope handlers`: what the debug information of this binary keeps of its handlers.

use serde_json::{Value as Json, json};
use tailscope_dwarf::handlers::{Coverage, Handler, Report, report};
use tailscope_dwarf::{Image, Result};

use crate::arguments::HandlersArgs;

/// Prints the report; the exit status.
pub fn run(args: &HandlersArgs) -> i32 {
    match handlers(args) {
        Ok(text) => {
            print!("{text}");
            0
        }
        Err(e) => {
            eprintln!("tailscope: {e}");
            1
        }
    }
}

fn handlers(args: &HandlersArgs) -> Result<String> {
    let opcodes: Vec<String> = args.opcodes.iter().map(|o| o.to_uppercase()).collect();
    let reports = report(Image::own()?, &opcodes)?;
    let each = args.each || !opcodes.is_empty();
    if args.json {
        return Ok(format!("{:#}\n", json!({
            "format": "tailscope-handlers",
            "version": 1,
            "interpreters": reports.iter().map(|r| interpreter(r, each)).collect::<Vec<_>>(),
        })));
    }
    let mut out = format!(
        "{:<12} {:>8} {:>9} {:>9} {:>9} {:>8} {:>10} {:>10}\n",
        "interpreter", "handlers", "variables", "seen", "registers", "body", "code bytes", "stack"
    );
    for r in &reports {
        let total = r.total();
        out.push_str(&row(r.interpreter, &r.handlers.len().to_string(), &total));
    }
    if each {
        for r in &reports {
            out.push_str(&format!("\n{}\n", r.interpreter));
            for h in &r.handlers {
                out.push_str(&format!("  {:<34}", h.opcode));
                out.push_str(&columns(h));
            }
        }
    }
    Ok(out)
}

fn row(name: &str, count: &str, h: &Handler) -> String {
    format!("{name:<12} {count:>8}{}", columns(h))
}

fn columns(h: &Handler) -> String {
    let share = |c: Coverage| c.share().map_or("-".to_owned(), |s| format!("{:.1} %", 100.0 * s));
    format!(
        " {:>9} {:>9} {:>9} {:>8} {:>10} {:>10}\n",
        h.all().variables,
        share(h.all()),
        share(h.registers),
        share(h.body),
        h.code,
        h.stack
    )
}

fn coverage(c: Coverage) -> Json {
    json!({ "variables": c.variables, "variable_bytes": c.bytes, "seen_bytes": c.seen, "share": c.share() })
}

fn handler(h: &Handler) -> Json {
    json!({
        "opcode": h.opcode,
        "code_bytes": h.code,
        "stack_bytes": h.stack,
        "all": coverage(h.all()),
        "registers": coverage(h.registers),
        "body": coverage(h.body),
    })
}

fn interpreter(r: &Report, each: bool) -> Json {
    let mut all = json!({ "interpreter": r.interpreter, "handlers": r.handlers.len(), "total": handler(&r.total()) });
    if let (true, Some(fields)) = (each, all.as_object_mut()) {
        fields.insert("each".into(), r.handlers.iter().map(handler).collect());
    }
    all
}
