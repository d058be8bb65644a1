//! Real sources taken apart: what may stand in the place of what.

use ruff_python_ast::visitor::source_order::{self, SourceOrderVisitor, TraversalSignal};
use ruff_python_ast::{AnyNodeRef, Mod};
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::Ranged;

use crate::random::Random;

/// Places of one sort: what stands there fits into any other of them, as grammar goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    Statement,
    Expression,
    Pattern,
    Comprehension,
    Handler,
    Case,
    Parameters,
    Argument,
    Alias,
    WithItem,
    Decorator,
    Clause,
    TypeParameters,
    TypeParameter,
    Interpolation,
    Name,
}

pub const SORTS: usize = 16;

fn sort(node: AnyNodeRef<'_>) -> Option<Sort> {
    use AnyNodeRef::*;
    Some(match node {
        _ if node.is_statement() => Sort::Statement,
        _ if node.is_expression() => Sort::Expression,
        _ if node.is_pattern() => Sort::Pattern,
        Comprehension(_) => Sort::Comprehension,
        ExceptHandlerExceptHandler(_) => Sort::Handler,
        MatchCase(_) => Sort::Case,
        Parameters(_) => Sort::Parameters,
        Keyword(_) | ParameterWithDefault(_) => Sort::Argument,
        Alias(_) => Sort::Alias,
        WithItem(_) => Sort::WithItem,
        Decorator(_) => Sort::Decorator,
        ElifElseClause(_) => Sort::Clause,
        TypeParams(_) => Sort::TypeParameters,
        TypeParamTypeVar(_) | TypeParamTypeVarTuple(_) | TypeParamParamSpec(_) => {
            Sort::TypeParameter
        }
        InterpolatedElement(_) => Sort::Interpolation,
        Identifier(_) => Sort::Name,
        _ => return None,
    })
}

/// A place in a source text, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub sort: Sort,
    pub start: u32,
    pub end: u32,
}

impl Place {
    pub fn text(self, source: &str) -> &str {
        source.get(self.start as usize..self.end as usize).unwrap_or("")
    }
}

struct Collector(Vec<Place>);

impl<'a> SourceOrderVisitor<'a> for Collector {
    fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
        if let Some(sort) = sort(node) {
            let (start, end) = (node.range().start().to_u32(), node.range().end().to_u32());
            self.0.push(Place { sort, start, end });
        }
        TraversalSignal::Traverse
    }
}

/// The places of a source, also where it is partly wrong.
pub fn places(source: &str) -> Vec<Place> {
    let parsed = parse_unchecked(source, ParseOptions::from(Mode::Module));
    let mut collector = Collector(Vec::new());
    if let Mod::Module(module) = parsed.syntax() {
        source_order::walk_body(&mut collector, &module.body);
    }
    collector.0
}

/// Columns before a place, if nothing but blanks is there.
pub fn indentation(source: &str, start: u32) -> Option<&str> {
    let before = &source[..start as usize];
    let line = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
    line.chars().all(|c| c == ' ' || c == '\t').then_some(line)
}

/// The lines after the first, moved from one indentation to another.
pub fn indented(text: &str, from: &str, to: &str) -> String {
    let mut out = String::new();
    for (number, line) in text.split_inclusive('\n').enumerate() {
        match (number, line.strip_prefix(from)) {
            (0, _) => out.push_str(line),
            (_, Some(rest)) if rest != "\n" => {
                out.push_str(to);
                out.push_str(rest);
            }
            _ => out.push_str(line),
        }
    }
    out
}

/// All sources, and where in them what is.
pub struct Pool {
    files: Vec<String>,
    /// By sort: file and place.
    fragments: [Vec<(u32, Place)>; SORTS],
    /// Statements to begin with.
    bases: Vec<(u32, Place)>,
}

/// Longer fragments make every input long.
const LARGEST: [u32; 2] = [160, 600];
const LARGEST_BASE: u32 = 1500;

impl Pool {
    pub fn of(files: Vec<String>) -> Pool {
        let mut pool = Pool { files: Vec::new(), fragments: Default::default(), bases: Vec::new() };
        for (number, file) in files.into_iter().enumerate() {
            for place in places(&file) {
                let size = place.end.saturating_sub(place.start);
                let whole = matches!(place.sort, Sort::Statement | Sort::Handler | Sort::Case);
                if size > 0 && size <= LARGEST[usize::from(whole)] {
                    pool.fragments[place.sort as usize].push((number as u32, place));
                }
                if place.sort == Sort::Statement && size > 20 && size <= LARGEST_BASE {
                    pool.bases.push((number as u32, place));
                }
            }
            pool.files.push(file);
        }
        pool
    }

    pub fn is_empty(&self) -> bool {
        self.bases.is_empty()
    }

    pub fn sizes(&self) -> String {
        let fragments: usize = self.fragments.iter().map(Vec::len).sum();
        format!("{} files, {} bases, {fragments} fragments", self.files.len(), self.bases.len())
    }

    /// Some statements, without indentation.
    pub fn base(&self, random: &mut Random) -> String {
        let mut out = String::new();
        for _ in 0..random.of_list(&[1, 1, 1, 2, 2, 3]) {
            let (file, place) = self.bases[random.below(self.bases.len())];
            out.push_str(&self.statement(file, place, ""));
            out.push('\n');
        }
        out
    }

    /// A fragment of that sort, for a place of that indentation.
    pub fn fragment(&self, sort: Sort, indent: &str, random: &mut Random) -> String {
        let list = &self.fragments[sort as usize];
        if list.is_empty() {
            return "pass".to_owned();
        }
        let (file, place) = list[random.below(list.len())];
        self.statement(file, place, indent)
    }

    fn statement(&self, file: u32, place: Place, indent: &str) -> String {
        let source = &self.files[file as usize];
        let from = indentation(source, place.start).unwrap_or("");
        indented(place.text(source), from, indent)
    }
}
