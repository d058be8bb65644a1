//! A conditional jump's last 16 outcomes, as the inline cache of `POP_JUMP_IF_*` holds them.
//!
//! The cache starts as alternating bits and is shifted left with each execution; the new
//! lowest bit is 1 when the jump was taken (source: CPython 3.14 `Python/bytecodes.c`,
//! `RECORD_BRANCH_TAKEN`). So bit 0 is the newest outcome, and a popcount estimates the likelihood.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The last 16 outcomes of a branch; bit 0 is the newest, 1 means taken.
///
/// In JSON it is a string of 16 binary digits, the oldest outcome first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BranchHistory(pub u16);

impl Default for BranchHistory {
    /// The state of a branch that never ran: alternating bits, which favour neither side.
    fn default() -> Self {
        BranchHistory(0x5555)
    }
}

impl BranchHistory {
    /// Shifts in one more outcome.
    pub fn push(&mut self, taken: bool) {
        self.0 = self.0 << 1 | u16::from(taken);
    }

    /// How many of the 16 bits say "taken".
    pub fn taken(self) -> u32 {
        self.0.count_ones()
    }

    /// The share of the 16 bits that say "taken", from 0 to 1.
    pub fn likelihood(self) -> f64 {
        f64::from(self.taken()) / 16.0
    }

    /// The newest `executions` outcomes (at most 16), the oldest first; bits that are still
    /// the initial pattern are left out.
    pub fn outcomes(self, executions: u64) -> impl Iterator<Item = bool> {
        let known = executions.min(16) as u32;
        (0..known).rev().map(move |bit| self.0 >> bit & 1 == 1)
    }

    /// The newest outcomes as a strip of marks, oldest first: `●` taken, `○` not taken.
    pub fn strip(self, executions: u64) -> String {
        self.outcomes(executions)
            .map(|taken| if taken { '●' } else { '○' })
            .collect()
    }
}

impl Serialize for BranchHistory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{:016b}", self.0))
    }
}

impl<'de> Deserialize<'de> for BranchHistory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        let digits = text.len() == 16 && text.bytes().all(|b| b == b'0' || b == b'1');
        match u16::from_str_radix(&text, 2) {
            Ok(bits) if digits => Ok(BranchHistory(bits)),
            _ => Err(serde::de::Error::custom(format!(
                "a branch history is 16 binary digits, not {text:?}"
            ))),
        }
    }
}

/// A bar of `width` cells, `share` (0 to 1) of it filled, in eighths of a cell.
///
/// A share that is neither 0 nor 1 never looks like either of them.
pub fn bar(share: f64, width: usize) -> String {
    const PARTS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let all = width * 8;
    let share = if share.is_finite() {
        share.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let mut eighths = (share * all as f64).round() as usize;
    if share > 0.0 && share < 1.0 {
        eighths = eighths.clamp(1, all.saturating_sub(1).max(1));
    }
    let mut text = "█".repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        text.push(PARTS[eighths % 8]);
    }
    let used = eighths.div_ceil(8);
    text.extend(std::iter::repeat_n(' ', width.saturating_sub(used)));
    text
}

/// `part` of `whole` as a percentage for people: whole numbers, except that what is not
/// quite all or nothing never reads as 100 % or 0 %.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".into();
    }
    let exact = part as f64 * 100.0 / whole as f64;
    if part == 0 || part == whole || (1.0..=99.0).contains(&exact) {
        format!("{exact:.0}%")
    } else if exact < 0.1 {
        "<0.1%".into()
    } else if exact > 99.9 {
        ">99.9%".into()
    } else {
        format!("{exact:.1}%")
    }
}

/// A count with thousands separators: `1,234,567`.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_third_branch_leaves_the_bits_that_cpython_shows() {
        let mut history = BranchHistory::default();
        for i in 0..48 {
            history.push(i % 3 == 2);
        }
        assert_eq!(history.0, 0b1001_0010_0100_1001);
        assert_eq!(history.strip(48), "●○○●○○●○○●○○●○○●");
        assert_eq!(history.strip(4), "●○○●");
        assert_eq!(history.strip(0), "");
    }

    #[test]
    fn json_is_sixteen_digits_and_nothing_else() {
        let json = serde_json::to_string(&BranchHistory(0x9249)).expect("serializes");
        assert_eq!(json, "\"1001001001001001\"");
        assert_eq!(
            serde_json::from_str::<BranchHistory>(&json)
                .expect("parses")
                .0,
            0x9249
        );
        for bad in ["\"\"", "\"+001001001001001\"", "\"10010010010010011\"", "3"] {
            assert!(serde_json::from_str::<BranchHistory>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn bars_and_percentages_never_round_to_certainty() {
        assert_eq!(bar(0.0, 4), "    ");
        assert_eq!(bar(1.0, 4), "████");
        assert_eq!(bar(0.5, 4), "██  ");
        assert_eq!(bar(0.9999, 4), "███▉");
        assert_eq!(bar(0.0001, 4), "▏   ");
        assert_eq!(bar(f64::NAN, 2), "  ");
        assert_eq!(percent(0, 0), "-");
        assert_eq!(percent(1, 3), "33%");
        assert_eq!(percent(9_999, 10_000), ">99.9%");
        assert_eq!(percent(995, 1000), "99.5%");
        assert_eq!(percent(1, 100_000), "<0.1%");
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
