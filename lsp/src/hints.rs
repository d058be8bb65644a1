//! Inlay hints: how likely conditions are, how often loops ran.

use std::collections::BTreeMap;

use crate::analysis::Site;
use crate::branch::{Branch, Question};
use crate::overlay::Freshness;
use crate::text::Place;
use crate::view::View;

/// A hint at a place in the present text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    pub place: Place,
    pub label: String,
    /// What it means, as Markdown.
    pub tooltip: String,
    /// The code has changed since the numbers were recorded.
    pub stale: bool,
}

/// The hints on lines of the present text, the last one included.
pub fn hints(view: &View<'_>, first: u32, last: u32) -> Vec<Hint> {
    let Some(overlay) = view.overlay else {
        return Vec::new();
    };
    let mut branches: BTreeMap<(Place, Question), (Branch, bool)> = BTreeMap::new();
    let functions = view.state.analysis.functions.iter().enumerate();
    for (function, item) in functions.take(overlay.functions.len()) {
        let written_out = item.written_out();
        for instruction in 0..item.instructions.len() {
            let site = Site {
                function,
                instruction,
            };
            let Some((branch, freshness)) = view.branch(site) else {
                continue;
            };
            if branch.question == Question::GoesOn || branch.total() == 0 {
                continue;
            }
            let span = view
                .instruction(site)
                .and_then(|instruction| instruction.span);
            let Some(span) = span.filter(|span| !written_out.contains(span)) else {
                continue;
            };
            // Of code that the compiler wrote twice (finally, loops) the sum is shown.
            let stale = freshness == Freshness::Stale;
            branches
                .entry((span.end, branch.question))
                .and_modify(|(all, any)| (*all, *any) = (all.with(branch), *any || stale))
                .or_insert((branch, stale));
        }
    }
    let run = view.run().unwrap_or_default();
    branches
        .into_iter()
        .filter_map(|((place, _), (branch, stale))| {
            let place = view.state.to_new(place)?;
            let shown = (first..=last).contains(&place.line);
            shown.then(|| Hint {
                place,
                label: label(&branch, stale),
                tooltip: tooltip(&branch, stale, &run),
                stale,
            })
        })
        .collect()
}

fn label(branch: &Branch, stale: bool) -> String {
    let label = branch.label();
    if stale {
        format!("{label} (stale)")
    } else {
        label
    }
}

fn tooltip(branch: &Branch, stale: bool, run: &str) -> String {
    let sentence = branch.sentence();
    let origin = if stale {
        format!("⚠ **Stale:** the function has changed since this profile ({run}).")
    } else {
        format!("Profile: {run}")
    };
    format!("{sentence}\n\n{origin}")
}
