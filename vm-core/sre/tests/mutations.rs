//! Damaged code words are refused, or run without a panic and without leaving the program.

use tailscope_sre::{Program, Request, State, Stop};

/// Damaged variants of each pattern.
const VARIANTS: usize = 60;
/// Ticks that each may use.
const TICKS: u32 = 2;

/// xorshift
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

fn damage(words: &mut Vec<u32>, random: &mut Random) {
    for _ in 0..=random.below(3) {
        let (i, j) = (random.below(words.len()), random.below(words.len()));
        match random.below(6) {
            0 => words[i] = random.below(43) as u32,
            1 => words[i] = words[j],
            2 => words[i] = words[i].wrapping_add(1),
            3 => words[i] = words[i].wrapping_sub(1),
            4 => drop(words.remove(i)),
            _ => words[i] = u32::MAX,
        }
        if words.is_empty() {
            words.push(1);
        }
    }
}

#[test]
fn damaged_code_does_no_harm() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut ran, mut state) = (0, State::default());
    for line in include_str!("golden.txt").lines().filter_map(|l| l.strip_prefix("P ")) {
        let whole: Vec<u32> = line.split(' ').map(|w| u32::from_str_radix(w, 16).expect("a number")).collect();
        for _ in 0..VARIANTS {
            let mut words = whole[1..].to_vec();
            damage(&mut words, &mut random);
            let Ok(program) = Program::new(&words, whole[0] as usize) else { continue };
            ran += 1;
            for text in ["", "ab\nc aAbB01_", "\u{212a}ſßİ\u{10400}aab"] {
                let chars: Vec<u32> = text.chars().map(u32::from).collect();
                let (start, end) = (random.below(chars.len() + 1), random.below(chars.len() + 1));
                let request =
                    Request { program: &program, chars: &chars, start, end, must_advance: false, fullmatch: false };
                for searches in [false, true] {
                    let mut ticks = 0;
                    let mut tick = || {
                        ticks += 1;
                        if ticks > TICKS { Err(()) } else { Ok(()) }
                    };
                    let found = match searches {
                        true => state.search(request, &mut tick),
                        false => state.matches(request, &mut tick),
                    };
                    assert!(!matches!(found, Err(Stop::Internal | Stop::Memory)), "{words:x?}");
                }
            }
        }
    }
    assert!(ran > 1000, "only {ran} programs were run");
}
