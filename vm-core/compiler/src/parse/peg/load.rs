//! The grammar as tables, read from its text once.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::grammar::{ERRORS, EXPRESSIONS, STATEMENTS};
use super::node::NodeKind;
use super::token::{self, Kind, SOFT_KEYWORDS, literal};

pub(super) type RuleId = u16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Memo {
    No,
    Yes,
    /// The leader of a left recursion: its results grow as long as they can.
    Left,
}

#[derive(Debug)]
pub(super) struct Rule {
    pub name: &'static str,
    pub memo: Memo,
    /// Wrong programs are not looked for below.
    pub plain: bool,
    pub alternatives: Vec<Alternative>,
}

#[derive(Debug)]
pub(super) struct Alternative {
    pub items: Vec<Item>,
    pub outcome: Outcome,
    /// For the second pass only.
    pub invalid: bool,
}

#[derive(Debug)]
pub(super) enum Item {
    Token(Kind),
    Soft(&'static str),
    AnySoft,
    Rule(RuleId),
    Optional(Box<Item>),
    Many(Box<Item>),
    Some(Box<Item>),
    Gather(Kind, Box<Item>),
    Ahead(Box<Item>),
    NotAhead(Box<Item>),
    Forced(Kind),
    Cut,
}

/// What an alternative makes of its parts, which are counted from 0 (lookaheads included).
#[derive(Debug)]
pub(super) enum Outcome {
    Part(usize),
    Node(NodeKind),
    Report {
        place: ReportPlace,
        parts: Vec<usize>,
        msg: &'static str,
    },
    Target(Target, usize),
    Call(&'static str, Vec<usize>),
}

/// Where an error is reported.
#[derive(Clone, Copy, Debug)]
pub(super) enum ReportPlace {
    At,
    Range,
    From,
    Last,
    Next,
    Indent,
}

/// What a target is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Assign,
    Delete,
    For,
}

#[derive(Debug)]
pub(super) struct Grammar {
    pub rules: Vec<Rule>,
    names: FxHashMap<&'static str, RuleId>,
}

impl Grammar {
    /// The grammar.
    ///
    /// # Panics
    ///
    /// If its text is wrong, which a test excludes.
    pub fn get() -> &'static Grammar {
        static GRAMMAR: OnceLock<Grammar> = OnceLock::new();
        GRAMMAR.get_or_init(|| match Loader::default().load() {
            Ok(grammar) => grammar,
            Err(problem) => panic!("the grammar of wrong programs: {problem}"),
        })
    }

    pub fn rule(&self, name: &str) -> RuleId {
        self.names[name]
    }
}

type Loaded<T> = Result<T, String>;

/// A piece of the grammar's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Name(&'static str),
    /// In single quotes.
    Literal(&'static str),
    /// In double quotes.
    Soft(&'static str),
    /// In backquotes.
    Message(&'static str),
    Sign(&'static str),
    /// Two words before: the name of a rule begins here.
    Rule(&'static str),
}

#[derive(Default)]
struct Loader {
    words: Vec<Word>,
    at: usize,
    rules: Vec<Rule>,
    names: FxHashMap<&'static str, RuleId>,
}

impl Loader {
    fn load(mut self) -> Loaded<Grammar> {
        for text in [STATEMENTS, EXPRESSIONS, ERRORS] {
            split(text, &mut self.words)?;
        }
        for word in &self.words {
            if let Word::Rule(name) = *word {
                let id = self.rules.len() as RuleId;
                if self.names.insert(name, id).is_some() {
                    return Err(format!("two rules are called {name}"));
                }
                let alternatives = Vec::new();
                self.rules.push(Rule {
                    name,
                    memo: Memo::No,
                    plain: false,
                    alternatives,
                });
            }
        }
        while let Some(word) = self.next() {
            let Word::Rule(name) = word else {
                return Err(format!("expected a rule, found {word:?}"));
            };
            self.rule(name)?;
        }
        Ok(Grammar {
            rules: self.rules,
            names: self.names,
        })
    }

    fn peek(&self) -> Option<Word> {
        self.words.get(self.at).copied()
    }

    fn next(&mut self) -> Option<Word> {
        self.at += 1;
        self.words.get(self.at - 1).copied()
    }

    fn eat(&mut self, sign: &'static str) -> bool {
        let found = self.peek() == Some(Word::Sign(sign));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &'static str) -> Loaded<()> {
        if self.eat(sign) {
            return Ok(());
        }
        Err(format!("expected {sign}, found {:?}", self.peek()))
    }

    fn rule(&mut self, name: &'static str) -> Loaded<()> {
        let id = usize::from(self.names[name]);
        if self.eat("(") {
            match self.next() {
                Some(Word::Name("memo")) => self.rules[id].memo = Memo::Yes,
                Some(Word::Name("left")) => self.rules[id].memo = Memo::Left,
                Some(Word::Name("plain")) => self.rules[id].plain = true,
                other => return Err(format!("{name}: unknown mark {other:?}")),
            }
            self.expect(")")?;
        }
        self.expect(":")?;
        self.rules[id].alternatives = self
            .alternatives()
            .map_err(|problem| format!("{name}: {problem}"))?;
        Ok(())
    }

    fn alternatives(&mut self) -> Loaded<Vec<Alternative>> {
        self.eat("|");
        let mut all = vec![self.alternative()?];
        while self.eat("|") {
            all.push(self.alternative()?);
        }
        Ok(all)
    }

    fn alternative(&mut self) -> Loaded<Alternative> {
        let (mut items, mut labels) = (Vec::new(), Vec::new());
        loop {
            match self.peek() {
                None | Some(Word::Rule(_) | Word::Sign("|" | ")" | "=>" | "@")) => break,
                Some(_) => {}
            }
            let mut label = None;
            if let (Some(Word::Name(name)), Some(Word::Sign("="))) =
                (self.peek(), self.words.get(self.at + 1).copied())
            {
                label = Some(name);
                self.at += 2;
            }
            items.push(self.item()?);
            labels.push(label);
        }
        let invalid = match items.as_slice() {
            [Item::Rule(id)] => self.rules[usize::from(*id)].name.starts_with("invalid_"),
            _ => false,
        };
        let outcome = self.outcome(&items, &labels)?;
        Ok(Alternative {
            items,
            outcome,
            invalid,
        })
    }

    fn outcome(&mut self, items: &[Item], labels: &[Option<&'static str>]) -> Loaded<Outcome> {
        let part = |name: &str| {
            labels
                .iter()
                .position(|l| *l == Some(name))
                .ok_or(format!("no part is called {name}"))
        };
        if self.eat("=>") {
            return match self.next() {
                Some(Word::Name(name)) if name.starts_with(char::is_uppercase) => {
                    let kind = NodeKind::named(name).ok_or(format!("no kind is called {name}"))?;
                    Ok(Outcome::Node(kind))
                }
                Some(Word::Name(name)) => part(name).map(Outcome::Part),
                other => Err(format!("expected a result, found {other:?}")),
            };
        }
        if self.eat("@") {
            return self.action(&part);
        }
        let matches = |i: &Item| !matches!(i, Item::Ahead(_) | Item::NotAhead(_) | Item::Cut);
        let mut consuming = items.iter().enumerate().filter(|(_, item)| matches(item));
        match (consuming.next(), consuming.next()) {
            (Some((only, _)), None) => Ok(Outcome::Part(only)),
            _ => Ok(Outcome::Node(NodeKind::Group)),
        }
    }

    fn action(&mut self, part: &dyn Fn(&str) -> Loaded<usize>) -> Loaded<Outcome> {
        let Some(Word::Name(verb)) = self.next() else {
            return Err("expected the name of an action".to_owned());
        };
        let mut names = Vec::new();
        while let Some(Word::Name(name)) = self.peek() {
            names.push(name);
            self.at += 1;
        }
        let place = match verb {
            "call" => {
                let (function, parts) = names.split_first().ok_or("call of what?")?;
                let parts = parts.iter().map(|n| part(n)).collect::<Loaded<_>>()?;
                return Ok(Outcome::Call(function, parts));
            }
            "target" => {
                let target = match names.first() {
                    Some(&"assign") => Target::Assign,
                    Some(&"delete") => Target::Delete,
                    Some(&"for") => Target::For,
                    other => return Err(format!("unknown target {other:?}")),
                };
                return part(names.get(1).ok_or("target of what?")?)
                    .map(|p| Outcome::Target(target, p));
            }
            "at" => ReportPlace::At,
            "range" => ReportPlace::Range,
            "from" => ReportPlace::From,
            "last" => ReportPlace::Last,
            "next" => ReportPlace::Next,
            "indent" => ReportPlace::Indent,
            other => return Err(format!("unknown action {other}")),
        };
        let parts = names.iter().map(|n| part(n)).collect::<Loaded<_>>()?;
        match self.next() {
            Some(Word::Message(msg)) => Ok(Outcome::Report { place, parts, msg }),
            other => Err(format!("expected a message, found {other:?}")),
        }
    }

    fn item(&mut self) -> Loaded<Item> {
        if self.eat("~") {
            return Ok(Item::Cut);
        }
        if self.eat("&&") {
            return match self.next() {
                Some(Word::Literal(text)) => Ok(Item::Forced(kind(text)?)),
                other => Err(format!("cannot demand {other:?}")),
            };
        }
        if self.eat("&") {
            return Ok(Item::Ahead(Box::new(self.atom()?)));
        }
        if self.eat("!") {
            return Ok(Item::NotAhead(Box::new(self.atom()?)));
        }
        let atom = self.atom()?;
        if self.eat(".") {
            let Item::Token(separator) = atom else {
                return Err("only a token separates".to_owned());
            };
            let element = self.atom()?;
            self.expect("+")?;
            return Ok(Item::Gather(separator, Box::new(element)));
        }
        Ok(if self.eat("?") {
            Item::Optional(Box::new(atom))
        } else if self.eat("*") {
            Item::Many(Box::new(atom))
        } else if self.eat("+") {
            Item::Some(Box::new(atom))
        } else {
            atom
        })
    }

    fn atom(&mut self) -> Loaded<Item> {
        match self.next() {
            Some(Word::Literal(text)) => kind(text).map(Item::Token),
            Some(Word::Soft(text)) if SOFT_KEYWORDS.contains(&text) => Ok(Item::Soft(text)),
            Some(Word::Name("SOFT_KEYWORD")) => Ok(Item::AnySoft),
            Some(Word::Name(name)) if name.starts_with(char::is_uppercase) => {
                let named = token::NAMED.iter().find(|(n, _)| *n == name);
                named
                    .map(|(_, k)| Item::Token(*k))
                    .ok_or(format!("no token is called {name}"))
            }
            Some(Word::Name(name)) => {
                let id = self
                    .names
                    .get(name)
                    .ok_or(format!("no rule is called {name}"))?;
                Ok(Item::Rule(*id))
            }
            Some(Word::Sign("(")) => {
                let alternatives = self.alternatives()?;
                self.expect(")")?;
                let id = self.rules.len() as RuleId;
                self.rules.push(Rule {
                    name: "",
                    memo: Memo::No,
                    plain: false,
                    alternatives,
                });
                Ok(Item::Rule(id))
            }
            other => Err(format!("unexpected {other:?}")),
        }
    }
}

fn kind(text: &str) -> Loaded<Kind> {
    literal(text).ok_or(format!("no token reads {text}"))
}

/// Splits the text of a grammar into words. A rule begins in the first column.
fn split(text: &'static str, words: &mut Vec<Word>) -> Loaded<()> {
    for line in text.lines() {
        let mut rest = line;
        if line.starts_with(|c: char| c.is_ascii_lowercase()) {
            let name = word_length(line);
            words.push(Word::Rule(&line[..name]));
            rest = &line[name..];
        }
        loop {
            rest = rest.trim_start();
            let Some(first) = rest.chars().next() else {
                break;
            };
            let length = match first {
                '\'' | '"' | '`' => {
                    let inner = &rest[1..];
                    let end = inner.find(first).ok_or(format!("unclosed quote: {line}"))?;
                    words.push(match first {
                        '\'' => Word::Literal(&inner[..end]),
                        '"' => Word::Soft(&inner[..end]),
                        _ => Word::Message(&inner[..end]),
                    });
                    end + 2
                }
                c if c.is_ascii_alphabetic() => {
                    let length = word_length(rest);
                    words.push(Word::Name(&rest[..length]));
                    length
                }
                _ => {
                    let length = usize::from(rest.starts_with("=>") || rest.starts_with("&&")) + 1;
                    words.push(Word::Sign(&rest[..length]));
                    length
                }
            };
            rest = &rest[length..];
        }
    }
    Ok(())
}

fn word_length(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_well_formed() {
        let grammar = Grammar::get();
        assert!(grammar.rules.len() > 250);
        for name in ["file", "eval", "interactive"] {
            grammar.rule(name);
        }
    }

    /// Every rule is used, but for those that a parse starts with.
    #[test]
    fn no_rule_is_useless() {
        fn mark(item: &Item, used: &mut [bool]) {
            match item {
                Item::Rule(id) => used[usize::from(*id)] = true,
                Item::Optional(i)
                | Item::Many(i)
                | Item::Some(i)
                | Item::Gather(_, i)
                | Item::Ahead(i)
                | Item::NotAhead(i) => mark(i, used),
                _ => {}
            }
        }
        let grammar = Grammar::get();
        let mut used = vec![false; grammar.rules.len()];
        for alternative in grammar.rules.iter().flat_map(|r| &r.alternatives) {
            alternative
                .items
                .iter()
                .for_each(|item| mark(item, &mut used));
        }
        let unused: Vec<&str> = grammar
            .rules
            .iter()
            .zip(&used)
            .filter(|(rule, used)| !**used && !["file", "eval", "interactive"].contains(&rule.name))
            .map(|(rule, _)| rule.name)
            .collect();
        assert_eq!(unused, Vec::<&str>::new());
    }
}
