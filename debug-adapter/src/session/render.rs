//! What the debuggee tells, as the client's variables.

use tailscope_vm::debug::{BranchHistory, InstructionAddress};

use crate::link::messages::{
    AccessWord, InstructionWords, KindWord, SlotView, SlotWord, VariableView,
};
use crate::protocol::{
    Variable, VariablePresentationHint, VariablePresentationHintAttributes,
    VariablePresentationHintKind, VariablePresentationHintVisibility,
};

use super::Session;
use super::handles::Holder;

impl Session {
    /// A variable of `holder`.
    pub(super) fn variable(&mut self, view: VariableView, holder: &Holder) -> Variable {
        let (frame, container) = match holder {
            Holder::Locals { frame } | Holder::Globals { frame } => (Some(*frame), None),
            Holder::Value {
                frame, expression, ..
            } => (*frame, expression.clone()),
            Holder::Stack { frame }
            | Holder::Instruction { frame }
            | Holder::Handler { frame }
            | Holder::Block { frame } => (Some(*frame), None),
            Holder::Known(_) => (None, None),
        };
        let expression = match (&view.access, container) {
            (AccessWord::Name, _) => Some(view.name.clone()),
            (AccessWord::Attribute, Some(container)) => {
                Some(format!("{}.{}", operand(&container), view.name))
            }
            (AccessWord::Item(key), Some(container)) => {
                Some(format!("{}[{key}]", operand(&container)))
            }
            _ => None,
        };
        let inside = view
            .inside
            .map(|inside| (inside.handle, frame, expression.clone()));
        Variable {
            evaluate_name: expression,
            ..self.render(view, inside)
        }
    }

    /// A variable, with a handle if it can be looked into.
    pub(super) fn render(
        &mut self,
        view: VariableView,
        inside: Option<(u64, Option<u64>, Option<String>)>,
    ) -> Variable {
        let count = |size: usize| u32::try_from(size).ok().filter(|&size| size > 0);
        let hint = hint(&view);
        Variable {
            variables_reference: inside.map_or(0, |(handle, frame, expression)| {
                self.handles.hold(Holder::Value {
                    handle,
                    frame,
                    expression,
                })
            }),
            named_variables: view.inside.and_then(|inside| count(inside.named)),
            indexed_variables: view.inside.and_then(|inside| count(inside.indexed)),
            presentation_hint: Some(hint),
            memory_reference: view.memory.map(|(handle, _)| super::memory::reference(handle)),
            value_location_reference: view.defined.clone().map(|place| self.handles.location(place)),
            ty: self.traits.variable_type.then_some(view.type_name),
            ..plain(&view.name, view.value)
        }
    }

    /// The slots of a value stack, the top first.
    pub(super) fn stack_variables(&mut self, frame: u64, slots: Vec<SlotView>) -> Vec<Variable> {
        let slot = |slot: SlotView| {
            let name = format!("[{}]", slot.index);
            let words = match slot.kind {
                SlotWord::Owned => "owned",
                SlotWord::Borrowed => "borrowed",
                SlotWord::Immediate => "immediate",
                SlotWord::Internal => "internal",
                SlotWord::Null => "NULL",
            };
            let by = slot.pushed_by.map(|(address, text)| {
                let offset = InstructionAddress::from_number(address).offset;
                format!(", pushed by {text} at {offset}")
            });
            let words = format!("{words}{}", by.unwrap_or_default());
            let Some(value) = slot.value else {
                return plain(&name, words);
            };
            let mut variable = self.variable(value, &Holder::Stack { frame });
            variable.name = name;
            variable.evaluate_name = None;
            variable.ty = variable.ty.map(|ty| format!("{ty}, {words}"));
            variable
        };
        slots.into_iter().rev().map(slot).collect()
    }

    /// An instruction, its caches and what they have learned.
    pub(super) fn instruction_variables(&mut self, instruction: InstructionWords) -> Vec<Variable> {
        let address = |number| InstructionAddress::from_number(number).to_string();
        let offset = InstructionAddress::from_number(instruction.address).offset;
        let mut list = vec![plain(
            "opcode",
            format!("{} ({})", instruction.opname, instruction.opcode),
        )];
        if instruction.opname != instruction.base_opname {
            list.push(plain("specialization of", instruction.base_opname));
        }
        if let Some(oparg) = instruction.oparg {
            let meaning = &instruction.argrepr;
            let meaning = if meaning.is_empty() {
                String::new()
            } else {
                format!(" ({meaning})")
            };
            list.push(plain("oparg", format!("{oparg}{meaning}")));
        }
        list.push(plain("documentation", instruction.doc));
        list.push(plain("stack effect", instruction.effect));
        list.push(plain("offset", offset.to_string()));
        list.push(plain("address", address(instruction.address)));
        if let Some(target) = instruction.jump_target {
            let offset = InstructionAddress::from_number(target).offset;
            list.push(plain("jumps to", format!("{offset} ({})", address(target))));
        }
        if let Some((value, backoff)) = instruction.counter {
            list.push(plain("counter", format!("{value}, backoff {backoff}")));
        }
        if let Some(bits) = instruction.branch {
            let history = BranchHistory(bits);
            list.push(plain(
                "branch history",
                format!("{history} ({} of the last 16 jumped)", history.taken()),
            ));
            let percent = f64::from(history.taken()) * 100.0 / 16.0;
            list.push(plain("branch likelihood", format!("jumps {percent:.0} %")));
        }
        if !instruction.caches.is_empty() {
            let units: u32 = instruction
                .caches
                .iter()
                .map(|cache| u32::from(cache.units))
                .sum();
            let caches = instruction.caches.into_iter().map(|cache| {
                let meaning = if cache.meaning.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", cache.meaning)
                };
                plain(&cache.name, format!("{:#x}{meaning}", cache.value))
            });
            let caches: Vec<Variable> = caches.collect();
            let named = u32::try_from(caches.len()).ok();
            let reference = self.handles.hold(Holder::Known(caches));
            let unit = if units == 1 {
                "code unit"
            } else {
                "code units"
            };
            list.push(Variable {
                variables_reference: reference,
                named_variables: named,
                ..plain("inline caches", format!("{units} {unit}"))
            });
        }
        list
    }
}

/// An address as people read it: the offset, and the number that editors use.
fn place(address: u64) -> String {
    let at = InstructionAddress::from_number(address);
    format!("{} ({at})", at.offset)
}

/// The entry of the exception table that is in force.
pub(super) fn handler_variables(instruction: &InstructionWords) -> Vec<Variable> {
    let Some(entry) = instruction.handler else {
        return vec![plain("handler", "none: an exception leaves the frame".to_owned())];
    };
    let lasti = if entry.lasti { "pushed" } else { "not pushed" };
    vec![
        plain("handler", place(entry.target)),
        plain("guards from", place(entry.start)),
        plain("guards to", place(entry.end)),
        plain("stack depth", entry.depth.to_string()),
        plain("offset of what raised", lasti.to_owned()),
    ]
}

/// The basic block around an instruction.
pub(super) fn block_variables(instruction: &InstructionWords) -> Vec<Variable> {
    let (start, end) = instruction.block;
    vec![
        plain("begins at", place(start)),
        plain("ends before", place(end)),
        plain("bytes", end.saturating_sub(start).to_string()),
    ]
}

/// An expression that can be followed by `.name` or `[key]`.
fn operand(expression: &str) -> String {
    let simple = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    // What was put together here from names, attributes and items needs nothing more.
    let reached = expression.ends_with(']')
        && expression
            .chars()
            .next()
            .is_some_and(|c| c.is_alphabetic() || c == '_');
    let name = !expression.starts_with(|c: char| c.is_numeric()) && expression.chars().all(simple);
    if name || (reached && !expression.contains(' ')) {
        expression.to_owned()
    } else {
        format!("({expression})")
    }
}

/// A variable that is nothing but a name and a text.
fn plain(name: &str, value: String) -> Variable {
    Variable {
        name: name.to_owned(),
        value,
        ty: None,
        variables_reference: 0,
        named_variables: None,
        indexed_variables: None,
        evaluate_name: None,
        memory_reference: None,
        presentation_hint: None,
        declaration_location_reference: None,
        value_location_reference: None,
    }
}

fn hint(view: &VariableView) -> VariablePresentationHint {
    let kind = match view.kind {
        KindWord::Data | KindWord::Cell | KindWord::Free => VariablePresentationHintKind::Data,
        KindWord::Method => VariablePresentationHintKind::Method,
        KindWord::Class => VariablePresentationHintKind::Class,
        KindWord::Property => VariablePresentationHintKind::Property,
        KindWord::Virtual => VariablePresentationHintKind::Virtual,
    };
    let mut attributes = Vec::new();
    if !view.settable {
        attributes.push(VariablePresentationHintAttributes::ReadOnly);
    }
    if view.type_name == "str" {
        attributes.push(VariablePresentationHintAttributes::RawString);
    }
    if view.lazy {
        attributes.push(VariablePresentationHintAttributes::HasSideEffects);
    }
    let special = view.name.starts_with("__") && view.name.ends_with("__");
    let visibility = if special {
        VariablePresentationHintVisibility::Internal
    } else if view.name.starts_with('_') {
        VariablePresentationHintVisibility::Private
    } else {
        VariablePresentationHintVisibility::Public
    };
    VariablePresentationHint {
        kind: Some(kind),
        attributes: (!attributes.is_empty()).then_some(attributes),
        lazy: view.lazy.then_some(true),
        visibility: Some(visibility),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_that_can_be_gone_on_from() {
        assert_eq!(operand("a.b"), "a.b");
        assert_eq!(operand("a[0]"), "a[0]");
        assert_eq!(operand("a + b[0]"), "(a + b[0])");
        assert_eq!(operand("1"), "(1)");
        assert_eq!(operand("-x"), "(-x)");
    }
}
