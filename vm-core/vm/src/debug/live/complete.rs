//! What could stand at the end of what somebody types in the console.

use super::target::Target;
use super::values;
use crate::debug::seam::EvalMode;
use crate::debug::types::*;
use crate::protocol::object as obj;
use crate::types::dict::PyDict;
use crate::types::list::PyList;

/// Most names that are offered.
const LIMIT: usize = 500;

const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// The beginning of a name at a text's end, and the expression whose attribute it would be.
/// `None` if nobody can say what that expression is without running it.
pub(super) fn split(text: &str) -> Option<(Option<&str>, &str)> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let start = text.rfind(|c| !word(c)).map_or(0, |i| i + text[i..].chars().next().map_or(1, char::len_utf8));
    let (before, name) = text.split_at(start);
    let Some(owner) = before.strip_suffix('.') else { return Some((None, name)) };
    let begin = operand_start(owner);
    owner.get(begin..).filter(|o| !o.is_empty()).map(|owner| (Some(owner), name))
}

/// Where the operand at a text's end begins: names, attributes and items, without calls, whose
/// effects nobody asked for.
fn operand_start(text: &str) -> usize {
    let mut open = 0_usize;
    let mut start = text.len();
    for (i, c) in text.char_indices().rev() {
        match c {
            ']' => open += 1,
            '[' if open > 0 => open -= 1,
            _ if open > 0 && c != '(' && c != ')' => {}
            c if c.is_alphanumeric() || matches!(c, '_' | '.') => {}
            _ => break,
        }
        start = i;
    }
    start
}

impl Target {
    pub(super) fn completions(&mut self, frame: Option<FrameId>, text: &str) -> Vec<Completion> {
        let Some((owner, prefix)) = split(text) else { return Vec::new() };
        let mut names = match owner {
            Some(owner) => self.attributes_of(frame, owner),
            None => self.visible_names(frame),
        };
        let hidden = |name: &str| name.starts_with('_') && !prefix.starts_with('_');
        names.retain(|(name, _)| name.starts_with(prefix) && !hidden(name));
        names.sort_by(|a, b| a.0.cmp(&b.0));
        names.dedup_by(|a, b| a.0 == b.0);
        names.truncate(LIMIT);
        let replaces = prefix.chars().count();
        names.into_iter().map(|(label, kind)| Completion { label, kind, replaces }).collect()
    }

    /// What `dir()` says; the kinds are those of attributes that are found without running code.
    fn attributes_of(&mut self, frame: Option<FrameId>, owner: &str) -> Vec<(String, Option<VariableKind>)> {
        let vm = self.vm;
        self.guarded(|target| {
            let Ok(value) = target.run(frame, owner, EvalMode::Pure) else { return Vec::new() };
            let Ok(names) = target.run(frame, &format!("dir({owner})"), EvalMode::Expression) else { return Vec::new() };
            let Some(names) = names.cast::<PyList>() else { return Vec::new() };
            let texts: Vec<String> = names.as_slice().iter().map(|n| obj::text(*n)).collect();
            let kind = |name: &str| {
                let ty = vm.type_of(value.value());
                let found = values::own_attribute(vm, value.value(), vm.intern(name))
                    .or_else(|| ty.lookup_slow(vm.intern(name)).map(|(v, _)| v.to_ref()));
                Some(found.map_or(VariableKind::Data, |v| values::own_kind(vm, v.value())))
            };
            texts.into_iter().map(|name| { let k = kind(&name); (name, k) }).collect()
        })
    }

    fn visible_names(&mut self, frame: Option<FrameId>) -> Vec<(String, Option<VariableKind>)> {
        let vm = self.vm;
        let mut items = Vec::new();
        if let Some(frame) = frame {
            items.extend(self.named(Container::Locals(frame)).unwrap_or_default());
            items.extend(self.named(Container::Globals(frame)).unwrap_or_default());
        } else if let Ok((globals, _)) = self.namespaces(None)
            && let Some(d) = globals.cast::<PyDict>()
        {
            items.extend(values::namespace(d));
        }
        if let Some(d) = crate::runtime::modules(vm).get_text(vm, "builtins") {
            items.extend(values::namespace(crate::types::module::dict(vm, d)));
        }
        let named = items.into_iter().map(|item| (item.name, Some(values::own_kind(vm, item.value.value()))));
        named.chain(KEYWORDS.iter().map(|word| ((*word).to_owned(), None))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn the_end_of_a_text() {
        assert_eq!(split("pri"), Some((None, "pri")));
        assert_eq!(split("x = self.na"), Some((Some("self"), "na")));
        assert_eq!(split("f(a.b[c[0]].d."), Some((Some("a.b[c[0]].d"), "")));
        assert_eq!(split("f(1)."), None, "calls are not made");
        assert_eq!(split("é.x"), Some((Some("é"), "x")));
        assert_eq!(split(""), Some((None, "")));
        assert_eq!(split("."), None);
    }
}
