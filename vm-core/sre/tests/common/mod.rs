//! Cases that `examples/cases.py` wrote: patterns, texts, and what CPython found.

use tailscope_sre::{Char, Program, Request, State, table};

/// Ticks after which a match is taken for one that does not end.
const TOO_LONG: u32 = 20_000;

/// Checks cases line by line.
#[derive(Default)]
pub struct Checker {
    program: Option<Program>,
    groups: usize,
    pattern: String,
    wide: Vec<u32>,
    narrow: Option<Vec<u8>>,
    text: String,
    state: State,
    pub cases: usize,
    pub wrong: Vec<String>,
}

fn number(word: &str) -> u32 {
    u32::from_str_radix(word, 16).expect("a number in base 16")
}

impl Checker {
    pub fn line(&mut self, line: &str) {
        let Some((kind, rest)) = line.split_at_checked(1) else { return };
        let rest = rest.trim_start();
        let numbers = || rest.split_ascii_whitespace().map(number);
        match kind {
            "K" => {
                let names = [table::Op::NAMES, table::At::NAMES, table::Category::NAMES].map(|n| n.join(","));
                let here = format!("{:x} {}", tailscope_sre::MAGIC, names.join(" "));
                if here != rest {
                    self.wrong.push(format!("K {rest}\n  here: {here}"));
                }
            }
            "P" => {
                let words: Vec<u32> = numbers().collect();
                self.groups = words[0] as usize;
                self.program = Program::new(&words[1..], self.groups).ok();
                rest.clone_into(&mut self.pattern);
                if self.program.is_none() {
                    self.wrong.push(format!("P {rest}\n  is refused"));
                }
            }
            "T" => {
                self.wide = numbers().collect();
                self.narrow = self.wide.iter().map(|c| u8::try_from(*c).ok()).collect();
                rest.clone_into(&mut self.text);
            }
            _ => self.case(kind, rest),
        }
    }

    fn case(&mut self, kind: &str, rest: &str) {
        let words: Vec<&str> = rest.splitn(3, ' ').collect();
        let (Some(program), [pos, end, expected]) = (&self.program, &words[..]) else { return };
        let (pos, end) = (number(pos) as usize, number(end) as usize);
        self.cases += 1;
        let mut run = Run { program, groups: self.groups, state: &mut self.state, pos, end };
        let mut got = vec![run.all(kind, &self.wide)];
        if let Some(narrow) = &self.narrow {
            got.push(run.all(kind, narrow));
        }
        for got in got {
            if got != *expected {
                let (p, t) = (&self.pattern, &self.text);
                self.wrong.push(format!("P {p}\nT {t}\n{kind} {rest}\n  here: {got}"));
            }
        }
    }
}

struct Run<'a> {
    program: &'a Program,
    groups: usize,
    state: &'a mut State,
    pos: usize,
    end: usize,
}

impl Run<'_> {
    fn all<T: Char>(&mut self, kind: &str, chars: &[T]) -> String {
        let (program, pos, end) = (self.program, self.pos, self.end);
        let mut request = Request { program, chars, start: pos, end, must_advance: false, fullmatch: kind == "F" };
        if kind != "I" {
            return self.one(kind == "S", request);
        }
        let mut all = Vec::new();
        while all.len() < 50 {
            let one = self.one(true, request);
            all.push(one);
            if all.last().is_some_and(|a| "-E".contains(a.as_str())) {
                break;
            }
            let (from, to) = self.state.span();
            request.must_advance = from == to;
            request.start = to;
        }
        all.join(";")
    }

    fn one<T: Char>(&mut self, searches: bool, request: Request<'_, T>) -> String {
        let mut ticks = 0;
        let mut tick = || {
            ticks += 1;
            if ticks > TOO_LONG { Err(()) } else { Ok(()) }
        };
        let found = match searches {
            true => self.state.search(request, &mut tick),
            false => self.state.matches(request, &mut tick),
        };
        match found {
            Ok(true) => {}
            Ok(false) => return "-".to_owned(),
            Err(stop) => return format!("{stop:?}"),
        }
        let mut answer = format!("{:x}", self.state.last_index().unwrap_or(0));
        let spans = std::iter::once(Some(self.state.span())).chain((0..self.groups).map(|g| self.state.group(g)));
        for span in spans {
            match span {
                Some((from, to)) if from > to => return "E".to_owned(),
                Some((from, to)) => answer += &format!(" {from:x} {to:x}"),
                None => answer += " -1 -1",
            }
        }
        answer
    }
}
