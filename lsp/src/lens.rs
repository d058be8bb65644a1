//! Code lenses: a function in numbers.

use tailscope_bytecode::opcode::Opcode;
use tailscope_formats::history::{grouped, percent};

use crate::analysis::{Function, Site};
use crate::overlay::Freshness;
use crate::text::Place;
use crate::view::View;

/// A lens above a line of the present text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lens {
    pub place: Place,
    pub title: String,
}

/// The lenses of a document: of its functions and classes, and of the module.
pub fn lenses(view: &View<'_>) -> Vec<Lens> {
    let functions = view.state.analysis.functions.iter().enumerate();
    functions
        .filter(|(_, function)| has_lens(function))
        .filter_map(|(index, function)| {
            let line = u32::try_from(function.code.firstlineno)
                .ok()?
                .saturating_sub(1);
            let line = if function.parent.is_none() { 0 } else { line };
            let place = view.state.to_new(Place { line, column: 0 })?;
            Some(Lens {
                place,
                title: title(view, index, function),
            })
        })
        .collect()
}

/// Whether a reader would call it a function: not an expression, not made by the compiler.
fn has_lens(function: &Function) -> bool {
    match function.parent {
        None => true,
        Some(_) => !function.code.name.starts_with('<') && &*function.code.name != "__annotate__",
    }
}

fn title(view: &View<'_>, index: usize, function: &Function) -> String {
    let mut parts = Vec::new();
    if function.parent.is_none() {
        parts.push("module".to_owned());
    }
    parts.push(match function.instructions.len() {
        1 => "1 instruction".to_owned(),
        n => format!("{} instructions", grouped(n as u64)),
    });
    parts.push(format!("stack {}", function.code.stacksize));
    let Some(overlay) = view.overlay else {
        return parts.join(" · ");
    };
    match overlay.freshness(index) {
        Freshness::NeverRan => parts.push("never ran".into()),
        Freshness::Stale => parts.push("changed since the profile".into()),
        Freshness::Fresh => {
            let runs = runs(view, index, function);
            parts.push(match runs {
                1 => "ran once".to_owned(),
                n => format!("ran {}×", grouped(n)),
            });
            parts.extend(specialized(view, index, function));
        }
    }
    parts.join(" · ")
}

/// How often it was entered.
fn runs(view: &View<'_>, index: usize, function: &Function) -> u64 {
    let resume = function
        .instructions
        .iter()
        .position(|i| i.opcode == Opcode::RESUME);
    let site = Site {
        function: index,
        instruction: resume.unwrap_or(0),
    };
    view.profile(site)
        .map_or(0, |(profile, _)| profile.executions)
}

/// How much of what can be specialized ran specialized.
fn specialized(view: &View<'_>, index: usize, function: &Function) -> Option<String> {
    let (mut hits, mut all) = (0, 0);
    for (instruction, item) in function.instructions.iter().enumerate() {
        let profile = view.profile(Site {
            function: index,
            instruction,
        });
        let Some((profile, _)) = profile else {
            continue;
        };
        if item.opcode.specializations().next().is_some() {
            hits += profile.hits;
            all += profile.executions;
        }
    }
    (hits > 0).then(|| format!("{} specialized", percent(hits, all)))
}
