//! Compares code objects field by field, and says where they first differ.

use std::fmt::Debug;

use tailscope_bytecode::code::{Code, Const};
use tailscope_bytecode::exceptiontable;
use tailscope_bytecode::linetable::Position;
use tailscope_bytecode::opcode::Opcode;

/// One code object that differs from the oracle's.
pub struct Difference {
    /// Qualified name of the code object.
    pub name: String,
    pub firstlineno: i32,
    /// The first field that differs.
    pub field: &'static str,
    /// Ours and theirs, as far as it helps.
    pub detail: String,
}

/// Counts code objects, and lists those that differ (children before the code that holds
/// them; a code object counts as equal when all but its nested code objects are).
#[derive(Default)]
pub struct Comparison {
    pub codes: usize,
    pub differences: Vec<Difference>,
}

impl Comparison {
    pub fn compare(&mut self, ours: &Code, theirs: &Code) {
        self.codes += 1;
        let (our_codes, their_codes) = (nested(ours), nested(theirs));
        if our_codes.len() == their_codes.len() {
            for (ours, theirs) in our_codes.iter().zip(&their_codes) {
                self.compare(ours, theirs);
            }
        } else {
            self.codes += their_codes.len();
        }
        if let Some((field, detail)) = first_difference(ours, theirs) {
            self.differences.push(Difference {
                name: theirs.qualname.to_string(),
                firstlineno: theirs.firstlineno,
                field,
                detail,
            });
        }
    }
}

fn nested(code: &Code) -> Vec<&Code> {
    let codes = code.consts.iter().filter_map(|constant| match constant {
        Const::Code(code) => Some(&**code),
        _ => None,
    });
    codes.collect()
}

fn first_difference(ours: &Code, theirs: &Code) -> Option<(&'static str, String)> {
    let checks = [
        ("name", show(&ours.name, &theirs.name)),
        ("qualname", show(&ours.qualname, &theirs.qualname)),
        ("filename", show(&ours.filename, &theirs.filename)),
        ("firstlineno", show(&ours.firstlineno, &theirs.firstlineno)),
        ("argcount", show(&ours.argcount, &theirs.argcount)),
        (
            "posonlyargcount",
            show(&ours.posonlyargcount, &theirs.posonlyargcount),
        ),
        (
            "kwonlyargcount",
            show(&ours.kwonlyargcount, &theirs.kwonlyargcount),
        ),
        ("flags", show(&Flags(ours.flags), &Flags(theirs.flags))),
        (
            "localsplusnames",
            show(&ours.localsplusnames, &theirs.localsplusnames),
        ),
        (
            "localspluskinds",
            show(&ours.localspluskinds, &theirs.localspluskinds),
        ),
        ("code", code_difference(ours, theirs)),
        ("consts", consts_difference(&ours.consts, &theirs.consts)),
        ("names", show(&ours.names, &theirs.names)),
        ("exceptiontable", exceptions_difference(ours, theirs)),
        ("stacksize", show(&ours.stacksize, &theirs.stacksize)),
        ("linetable", lines_difference(ours, theirs)),
    ];
    checks
        .into_iter()
        .find_map(|(field, detail)| Some((field, detail?)))
}

fn show<T: PartialEq + Debug>(ours: &T, theirs: &T) -> Option<String> {
    (ours != theirs).then(|| format!("ours {ours:?}, theirs {theirs:?}"))
}

#[derive(PartialEq)]
struct Flags(u32);

impl Debug for Flags {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// Instructions as (offset, name, oparg), caches left out.
fn instructions(code: &Code) -> Vec<(usize, &'static str, u32)> {
    let mut out = Vec::new();
    let mut units = code.code.chunks_exact(2).enumerate();
    let mut oparg = 0;
    while let Some((offset, unit)) = units.next() {
        oparg = oparg << 8 | u32::from(unit[1]);
        let Some(op) = Opcode::from_u8(unit[0]) else {
            out.push((offset, "?", oparg));
            continue;
        };
        if op.name() == "EXTENDED_ARG" {
            continue;
        }
        out.push((offset, op.name(), oparg));
        oparg = 0;
        for _ in 0..op.cache_units() {
            units.next();
        }
    }
    out
}

fn code_difference(ours: &Code, theirs: &Code) -> Option<String> {
    if ours.code == theirs.code {
        return None;
    }
    let (a, b) = (instructions(ours), instructions(theirs));
    let at = a
        .iter()
        .zip(&b)
        .position(|(x, y)| x != y)
        .unwrap_or(a.len().min(b.len()));
    let window = |list: &[(usize, &'static str, u32)], code: &Code| {
        let shown: Vec<String> = list[at.saturating_sub(2).min(list.len())..]
            .iter()
            .take(7)
            .map(|(_, name, arg)| format!("{name} {arg}{}", constant(code, name, *arg)))
            .collect();
        shown.join("; ")
    };
    let line = b.get(at).or(b.last()).and_then(|i| theirs.line_at(i.0 * 2));
    Some(format!(
        "line {}: at instruction {at} of {} (ours {})\n      ours   {}\n      theirs {}",
        line.map_or("?".to_owned(), |n| n.to_string()),
        b.len(),
        a.len(),
        window(&a, ours),
        window(&b, theirs)
    ))
}

fn constant(code: &Code, name: &str, arg: u32) -> String {
    if name != "LOAD_CONST" {
        return String::new();
    }
    code.consts
        .get(arg as usize)
        .map_or(" (?)".to_owned(), |c| format!(" ({})", short(c)))
}

fn short(constant: &Const) -> String {
    let text = match constant {
        Const::Code(code) => format!("<code {}>", code.qualname),
        Const::Tuple(items) => {
            format!(
                "({})",
                items.iter().map(short).collect::<Vec<_>>().join(", ")
            )
        }
        Const::Str(s) => format!("{:?}", String::from_utf8_lossy(&s.0)),
        other => format!("{other:?}"),
    };
    if text.chars().count() > 60 {
        text.chars().take(60).collect::<String>() + "…"
    } else {
        text
    }
}

fn consts_difference(ours: &[Const], theirs: &[Const]) -> Option<String> {
    // Nested code objects are compared for themselves.
    let same = |a: &Const, b: &Const| match (a, b) {
        (Const::Code(_), Const::Code(_)) => true,
        _ => a == b,
    };
    if ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same(a, b)) {
        return None;
    }
    let list = |consts: &[Const]| consts.iter().map(short).collect::<Vec<_>>().join(", ");
    Some(format!(
        "\n      ours   {}\n      theirs {}",
        list(ours),
        list(theirs)
    ))
}

fn lines_difference(ours: &Code, theirs: &Code) -> Option<String> {
    if ours.linetable == theirs.linetable {
        return None;
    }
    let (a, b): (Vec<_>, Vec<_>) = (ours.positions().collect(), theirs.positions().collect());
    let Some(at) = a.iter().zip(&b).position(|(x, y)| x != y) else {
        return Some("same positions, other encoding".to_owned());
    };
    let op = theirs
        .code
        .get(at * 2)
        .and_then(|&op| Opcode::from_u8(op))
        .map_or("?", Opcode::name);
    let shown = |p: &Position| {
        let n = |x: Option<i32>| x.map_or("-".to_owned(), |x| x.to_string());
        format!(
            "{}:{}-{}:{}",
            n(p.line),
            n(p.column),
            n(p.end_line),
            n(p.end_column)
        )
    };
    Some(format!(
        "unit {at} ({op}): ours {}, theirs {}",
        shown(&a[at]),
        shown(&b[at])
    ))
}

fn exceptions_difference(ours: &Code, theirs: &Code) -> Option<String> {
    if ours.exceptiontable == theirs.exceptiontable {
        return None;
    }
    let list = |code: &Code| {
        exceptiontable::entries(&code.exceptiontable)
            .map(|e| format!("{e:?}"))
            .collect::<Vec<_>>()
            .join("\n        ")
    };
    Some(format!(
        "\n      ours\n        {}\n      theirs\n        {}",
        list(ours),
        list(theirs)
    ))
}
