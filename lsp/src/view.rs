//! What the features look at: a document's state and the profile that goes with it.

use tailscope_formats::profile::InstructionProfile;

use crate::analysis::{Instruction, Site, State};
use crate::branch::Branch;
use crate::overlay::{Freshness, Overlay};

/// A document as it is, with what a profile says of it.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub state: &'a State,
    pub overlay: Option<&'a Overlay>,
    /// Why the newest profile is not shown, if it is not.
    pub profile_problem: Option<&'a str>,
}

impl<'a> View<'a> {
    pub fn instruction(&self, site: Site) -> Option<&'a Instruction> {
        self.state.analysis.instruction(site)
    }

    pub fn profile(&self, site: Site) -> Option<(&'a InstructionProfile, Freshness)> {
        self.overlay?.at(site)
    }

    pub fn branch(&self, site: Site) -> Option<(Branch, Freshness)> {
        let (profile, freshness) = self.profile(site)?;
        Some((Branch::new(self.instruction(site)?, profile)?, freshness))
    }

    /// The run that the numbers are from, in words: `primes.py, 2026-01-31 12:00 UTC`.
    pub fn run(&self) -> Option<String> {
        let profile = &self.overlay?.profile;
        let time = profile.recorded_at.replace('T', " ");
        let minutes = time.get(..16).unwrap_or(&time);
        let by = match profile.producer.name.as_str() {
            "tailscope" => String::new(),
            other => format!(", by {other}"),
        };
        Some(format!("{}, {minutes} UTC{by}", profile.program))
    }
}
