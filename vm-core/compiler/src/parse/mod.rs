//! Source text to syntax tree, with CPython's limits, modes and error messages.

mod detour;
mod direct;
mod features;
mod flufl;
mod peg;
pub use peg::tokens;
mod scan;
pub(crate) mod type_comments;
mod warnings;

use ruff_python_ast::token::Tokens;
use ruff_python_ast::{Mod, PythonVersion, Stmt};
use ruff_python_parser::{
    LexicalErrorType, Mode as RuffMode, ParseError, ParseErrorType, ParseOptions as RuffOptions,
    Parsed as RuffParsed,
};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::error::{CompileError, ErrorKind, Warning};
use crate::preprocess::Rewritable;
pub(crate) use crate::preprocess::positions;
use crate::source::SourceFile;
use detour::Detour;
use positions::Shallow;
use scan::Scan;
use type_comments::TypeComments;

/// What a source text is (the `mode` of Python's `compile`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// A module.
    #[default]
    Exec,
    /// One expression.
    Eval,
    /// One interactive statement, whose value is printed.
    Single,
}

/// How to parse.
#[derive(Clone, Copy, Debug, Default)]
pub struct ParseOptions {
    pub mode: Mode,
    /// Report input that more input could make right as [`ErrorKind::Incomplete`]
    /// (`PyCF_ALLOW_INCOMPLETE_INPUT`).
    pub allow_incomplete_input: bool,
    /// The end of interactive input does not end its blocks (`PyCF_DONT_IMPLY_DEDENT`).
    pub dont_imply_dedent: bool,
    /// `<>` is the operator, not `!=`, from the beginning.
    pub flufl: bool,
    /// Type comments count (`PyCF_TYPE_COMMENTS`).
    pub type_comments: bool,
    /// Only what Python 3 of this minor version has.
    pub feature_version: Option<u8>,
    /// Digits that a decimal integer may have, if not the usual number; 0 for any.
    pub max_digits: Option<usize>,
    /// No file of the source's name can be read.
    pub without_file: bool,
}

impl ParseOptions {
    /// Whether nothing is asked for but the tree of a module.
    fn is_usual(&self) -> bool {
        self.mode == Mode::Exec
            && !self.dont_imply_dedent
            && !self.flufl
            && !self.type_comments
            && self.feature_version.is_none()
    }

    /// Digits that a decimal integer may have: its conversion takes quadratic time.
    fn max_digits(&self) -> usize {
        match self.max_digits {
            None => 4300,
            Some(0) => usize::MAX,
            Some(n) => n,
        }
    }
}

impl From<Mode> for ParseOptions {
    fn from(mode: Mode) -> Self {
        ParseOptions {
            mode,
            ..ParseOptions::default()
        }
    }
}

/// A syntax tree whose positions are CPython's.
#[derive(Debug)]
pub struct Parsed {
    pub module: Mod,
    /// How deep statements and expressions nest at most.
    pub depth: usize,
    /// Where preprocessing has something to do even without optimization.
    pub rewritable: Rewritable,
    /// What CPython's tokenizer and parser warn of.
    pub warnings: Vec<Warning>,
    /// `<>` is the operator, which [`check`] does not know.
    pub is_flufl: bool,
    /// If they were asked for.
    pub type_comments: TypeComments,
    /// It is of our own parser, which keeps nothing of it.
    pub(crate) is_direct: bool,
}

impl Parsed {
    /// A module that was not parsed.
    pub(crate) fn of_module(module: Mod, depth: usize) -> Parsed {
        Parsed::new(module, depth, Rewritable::Everywhere)
    }

    /// What our own parser has made.
    fn of_direct(direct: direct::Direct) -> Parsed {
        let parsed = Parsed::new(direct.module, direct.depth, Rewritable::At(direct.rewritable));
        Parsed { is_direct: true, ..parsed }
    }

    fn new(module: Mod, depth: usize, rewritable: Rewritable) -> Parsed {
        Parsed {
            module,
            depth,
            rewritable,
            warnings: Vec::new(),
            is_flufl: false,
            type_comments: TypeComments::default(),
            is_direct: false,
        }
    }
}

/// Trees deeper than this are refused, as CPython refuses what would overflow its stack.
pub const MAX_DEPTH: usize = 25_000;
/// A tree that is not deeper does not make CPython's parser give up.
const HARMLESS_DEPTH: usize = 80;

/// Parses a source text.
///
/// # Errors
///
/// What CPython's tokenizer or parser refuses.
pub fn parse(
    source: &SourceFile,
    options: impl Into<ParseOptions>,
) -> Result<Parsed, CompileError> {
    let (options, text) = (options.into(), source.text());
    let mut is_wrong = false;
    let mut tree = None;
    if options.is_usual() {
        let parsed = stacker::maybe_grow(LEAST_STACK, LEAST_STACK, || direct::parse(text));
        match parsed {
            Ok(direct) if direct.depth <= HARMLESS_DEPTH => return Ok(Parsed::of_direct(direct)),
            Ok(direct) => tree = Some(Tree { module: direct.module, places: None, detour: None, problem: Ok(()) }),
            Err(why) => is_wrong = why == direct::Why::Wrong,
        }
    }
    let needed = stack_for(text);
    stacker::maybe_grow(needed, needed, || match tree {
        Some(tree) => finish(tree, source, options),
        None => parse_by_ruff(source, &Mentions::of(text), options, is_wrong),
    })
}

/// Native stack for the parsers that there has to be at least.
const LEAST_STACK: usize = if cfg!(debug_assertions) { 4 << 20 } else { 1 << 20 };

/// Native stack for the parsers. They see to their own depth, but not to how much there is to
/// begin with, nor to the depth of assignment targets: brackets and stars nest these.
fn stack_for(text: &str) -> usize {
    const LEVEL: usize = 512;
    // In pieces whose counts fit in bytes: several bytes are looked at at once then. A parenthesis and a
    // star differ in one bit.
    const PIECE: usize = 240;
    let is_level = |b: u8| (b & !2 == b'(') | (b == b'[');
    let (pieces, rest) = text.as_bytes().as_chunks::<PIECE>();
    let counts = pieces.iter().map(|piece| piece.iter().map(|&b| u8::from(is_level(b))).sum::<u8>());
    let counts = counts.chain([rest.iter().map(|&b| u8::from(is_level(b))).sum()]);
    let levels: usize = counts.map(usize::from).sum();
    LEAST_STACK + levels * LEVEL
}

/// Parses what our own parser does not; `is_wrong` if that is for the grammar.
fn parse_by_ruff(
    source: &SourceFile,
    mentions: &Mentions,
    options: ParseOptions,
    is_wrong: bool,
) -> Result<Parsed, CompileError> {
    let parsed = ruff_python_parser::parse_unchecked(source.text(), ruff_options(options.mode));
    let Some(flufl) = flufl::find(&parsed, source, mentions, options) else {
        return settle(parsed, source, mentions, options, is_wrong);
    };
    let parsed = ruff_python_parser::parse_unchecked(flufl.source.text(), ruff_options(options.mode));
    let (parsed, error) = match settle(parsed, &flufl.source, mentions, options, false) {
        Ok(parsed) => (Some(parsed), None),
        Err(error) => (None, Some(error)),
    };
    match (flufl.error(error, source, options), parsed) {
        (Some(error), parsed) => {
            if let Some(parsed) = parsed {
                dispose(parsed.module, parsed.depth);
            }
            Err(error)
        }
        (None, Some(parsed)) => Ok(Parsed { is_flufl: true, ..parsed }),
        (None, None) => Err(CompileError::without_location("invalid syntax")),
    }
}

fn ruff_options(mode: Mode) -> RuffOptions {
    let ruff_mode = match mode {
        Mode::Exec | Mode::Single => RuffMode::Module,
        Mode::Eval => RuffMode::Expression,
    };
    RuffOptions::from(ruff_mode).with_target_version(PythonVersion::PY314)
}

/// Names in a text, or what looks like them, that matter wherever they stand.
struct Mentions {
    /// Whether there is a `__future__`.
    future: bool,
    /// Where there is a `__debug__`.
    debug: Vec<TextSize>,
}

impl Mentions {
    fn of(text: &str) -> Mentions {
        let mut mentions = Mentions { future: false, debug: Vec::new() };
        // What both begin with is rare enough to be looked for, and then the rest.
        for at in memchr::memmem::find_iter(text.as_bytes(), "__") {
            let rest = &text.as_bytes()[at..];
            mentions.future |= rest.starts_with(b"__future__");
            if rest.starts_with(b"__debug__") {
                mentions.debug.push(TextSize::new(at as u32));
            }
        }
        mentions
    }
}

/// The tree that ruff's parser has made, if CPython accepts the source; which is to be doubted if by our own
/// parser it `is_wrong`.
fn settle(
    parsed: RuffParsed<Mod>,
    source: &SourceFile,
    mentions: &Mentions,
    options: ParseOptions,
    is_wrong: bool,
) -> Result<Parsed, CompileError> {
    let mode = options.mode;
    let again = |text: &str| ruff_python_parser::parse_unchecked(text, ruff_options(mode));
    let (parsed, detour) = detour::take(parsed, source.text(), again);
    let mut scan = Scan::of(parsed.tokens(), source, mentions, options.max_digits());
    scan.doubtful |= is_wrong && parsed.errors().is_empty();
    let problem = refused(&parsed, source, options, &mut scan, detour.as_ref());
    let warnings = scan.warnings;
    let tokens = options.feature_version.map(|_| parsed.tokens().clone());
    let comments = options.type_comments.then(|| type_comments::find(parsed.tokens(), source));
    // Where the parser gave up, the tree may be another than the tokens tell.
    let places = (problem.is_ok() && detour.is_none()).then_some(scan.places);
    let tree = Tree { module: parsed.into_syntax(), places, detour, problem };
    let parsed = finish(tree, source, options).map_err(|e| with_warnings(e, &warnings))?;
    let found = check_features(&parsed.module, parsed.depth, tokens, source, options);
    let found = found.and_then(|()| comments.map_or(Ok(TypeComments::default()), |c| c.belonging(&parsed.module, source)));
    match found {
        Ok(type_comments) => Ok(Parsed { warnings, type_comments, ..parsed }),
        Err(error) => {
            dispose(parsed.module, parsed.depth);
            Err(error)
        }
    }
}

/// What a parser has made of a source.
struct Tree {
    module: Mod,
    /// See [`Scan::places`], if they are known.
    places: Option<Vec<TextSize>>,
    /// On which ruff's parser has made the tree.
    detour: Option<Detour>,
    problem: Result<(), CompileError>,
}

/// Refuses what is too deep, and makes positions CPython's.
fn finish(tree: Tree, source: &SourceFile, options: ParseOptions) -> Result<Parsed, CompileError> {
    let Tree { mut module, places, detour, problem } = tree;
    let positions::Findings { mut depth, rewritable, is_doubtful } =
        find_positions(&mut module, source.text(), places.as_deref());
    let problem = problem.and_then(|()| match is_doubtful {
        true => peg::check(source, options, TextSize::new(0)),
        false => Ok(()),
    });
    if let Err(error) = problem {
        dispose(module, depth);
        return Err(error);
    }
    if depth > HARMLESS_DEPTH
        && let Err(error) = peg::check(source, options, TextSize::new(0))
        && error.kind == ErrorKind::Memory
    {
        dispose(module, depth);
        return Err(error);
    }
    if depth > MAX_DEPTH {
        dispose(module, source.text().len());
        let mut error =
            CompileError::without_location("maximum recursion depth exceeded during compilation");
        error.kind = ErrorKind::Recursion;
        return Err(error);
    }
    let rewritable = if detour.is_some() { Rewritable::Everywhere } else { Rewritable::At(rewritable) };
    if let Some(detour) = detour {
        const FRAMES: usize = 4096;
        depth += detour::DEPTH_OF_STRINGS;
        let needed = depth * FRAMES + (1 << 17);
        stacker::maybe_grow(needed, needed, || detour.restore(&mut module));
    }
    Ok(Parsed::new(module, depth, rewritable))
}

/// What CPython minds of what ruff's parser has found wrong, or of what is worth a doubt.
fn refused(
    parsed: &RuffParsed<Mod>,
    source: &SourceFile,
    options: ParseOptions,
    scan: &mut Scan,
    detour: Option<&Detour>,
) -> Result<(), CompileError> {
    let mode = options.mode;
    match find_problem(parsed, scan.exceeded.take()) {
        Some(wrong) => Err(explain(parsed, source, options, wrong, scan.doubtful)),
        None if scan.doubtful
            || detour.is_some_and(Detour::is_doubtful)
            || depends_on_end(source, mode)
            || (mixes_tabs(source.text()) && !peg::is_tokenizable(source, mode)) =>
        {
            peg::check(source, options, TextSize::new(0))
        }
        None => Ok(()),
    }
}

/// Makes the positions CPython's; with the `places` that a [`Scan`] has found, where that may be needed. The
/// depth is exact if it matters.
fn find_positions(module: &mut Mod, text: &str, places: Option<&[TextSize]>) -> positions::Findings {
    let shallow = places.map(|places| Shallow { places, depth: scan::SHALLOW });
    let findings = positions::normalize(module, text, MAX_DEPTH, shallow);
    match places {
        Some(_) if findings.depth > HARMLESS_DEPTH => positions::normalize(module, text, MAX_DEPTH, None),
        _ => findings,
    }
}

/// Refuses what the version of Python that was asked for has not.
fn check_features(
    module: &Mod,
    depth: usize,
    tokens: Option<Tokens>,
    source: &SourceFile,
    options: ParseOptions,
) -> Result<(), CompileError> {
    let Some((version, tokens)) = options.feature_version.zip(tokens) else { return Ok(()) };
    let needed = crate::tree_stack(depth);
    stacker::maybe_grow(needed, needed, || features::check(module, &tokens, source, version))
}

/// An error with the warnings about what stands before it: CPython's parser has given them by then.
fn with_warnings(error: CompileError, warnings: &[Warning]) -> CompileError {
    let at = match error.kind {
        ErrorKind::Incomplete => (i32::MAX, 0),
        ErrorKind::Syntax => error.line.zip(error.col).unwrap_or_default(),
        _ => (0, 0),
    };
    let before = warnings.iter().filter(|w| (w.loc.line, w.loc.col + 1) < at);
    CompileError { warnings: before.cloned().collect(), ..error }
}

/// What CPython's parser says of a source that ruff's accepts.
///
/// # Errors
///
/// What it refuses.
pub fn check(source: &SourceFile, options: ParseOptions) -> Result<(), CompileError> {
    peg::check(source, options, TextSize::new(0))
}

/// Drops a tree that may be too deep for the native stack: dropping recurses.
pub fn dispose(module: Mod, depth: usize) {
    const FRAME: usize = 512;
    if depth < 100 {
        drop(module);
        return;
    }
    stacker::maybe_grow(depth * FRAME, depth * FRAME + (1 << 16), || drop(module));
}

/// Something that is wrong, as ruff's parser or a limit has it.
enum Wrong {
    Syntax(ParseError),
    /// Syntax of another version of Python.
    Version(TextRange),
    Limit(TextRange, ErrorKind, &'static str),
}

impl Wrong {
    fn start(&self) -> TextSize {
        match self {
            Wrong::Syntax(error) => error.location.start(),
            Wrong::Version(range) | Wrong::Limit(range, ..) => range.start(),
        }
    }
}

fn find_problem(parsed: &RuffParsed<Mod>, exceeded: Option<Wrong>) -> Option<Wrong> {
    let wrong = parsed.errors().iter().map(|e| Wrong::Syntax(e.clone()));
    let newer = parsed.unsupported_syntax_errors().iter().map(|e| Wrong::Version(e.range));
    wrong.chain(newer).min_by_key(Wrong::start).or(exceeded)
}

/// Whether both tabs and spaces indent lines. CPython asks that their order does not depend on
/// the size of a tab, ruff's parser has a size in mind.
fn mixes_tabs(text: &str) -> bool {
    if memchr::memchr(b'\t', text.as_bytes()).is_none() {
        return false;
    }
    let (mut tabs, mut spaces) = (false, false);
    for line in text.lines() {
        let blanks = line.bytes().take_while(|b| matches!(b, b' ' | b'\t'));
        for blank in blanks {
            tabs |= blank == b'\t';
            spaces |= blank == b' ';
        }
        if tabs && spaces {
            return true;
        }
    }
    false
}

/// Whether it matters how the source ends or begins: interactive input ends with a blank
/// line, an expression stands alone.
fn depends_on_end(source: &SourceFile, mode: Mode) -> bool {
    let text = source.text();
    match mode {
        Mode::Exec => false,
        Mode::Single => true,
        Mode::Eval => text.starts_with([' ', '\t', '\n', '\x0c']) || text.ends_with([' ', '\t']),
    }
}

/// The error as CPython words it.
fn explain(
    parsed: &RuffParsed<Mod>,
    source: &SourceFile,
    options: ParseOptions,
    wrong: Wrong,
    doubtful: bool,
) -> CompileError {
    let at = match (&wrong, parsed.syntax(), options.mode) {
        // What ruff's parser takes for right may be wrong, and come first.
        (Wrong::Syntax(error), Mod::Module(module), Mode::Exec) if !doubtful => {
            safe_start(&module.body, error.location.start(), source)
        }
        _ => TextSize::new(0),
    };
    match (peg::check(source, options, at), wrong) {
        (Err(error), _) => error,
        (Ok(()), Wrong::Syntax(error)) => translate(&error, source),
        (Ok(()), Wrong::Version(range)) => {
            error_at(source, ErrorKind::Syntax, range, "invalid syntax")
        }
        (Ok(()), Wrong::Limit(_, ErrorKind::Value, msg)) => {
            CompileError { kind: ErrorKind::Value, ..CompileError::without_location(msg) }
        }
        (Ok(()), Wrong::Limit(range, kind, msg)) => error_at(source, kind, range, msg),
    }
}

/// Where a statement begins at the top level, well before an error, with a compound statement between
/// if there is one (an error tells the last one): what stands before it is right. But CPython's rules for wrong programs, if they run at all, take some that is right for
/// wrong; then it is the beginning.
fn safe_start(body: &[Stmt], error: TextSize, source: &SourceFile) -> TextSize {
    let before = body
        .iter()
        .filter(|s| s.end() < error && source.position(s.start()).1 == 0);
    let statements: Vec<&Stmt> = before.collect();
    let Some(last) = statements.len().checked_sub(2) else {
        return TextSize::new(0);
    };
    let noted = statements[..=last].iter().rposition(|s| has_compound(s));
    let start = statements[noted.unwrap_or(last)].start();
    match is_mistakable(&source.text()[..usize::from(start)]) {
        true => TextSize::new(0),
        false => start,
    }
}

/// Whether a compound statement is here that is no function.
fn has_compound(statement: &Stmt) -> bool {
    match statement {
        Stmt::FunctionDef(function) => function.body.iter().any(has_compound),
        Stmt::ClassDef(_) | Stmt::If(_) | Stmt::For(_) | Stmt::While(_) | Stmt::With(_) | Stmt::Try(_) | Stmt::Match(_) => true,
        _ => false,
    }
}

/// Whether CPython's rules for wrong programs may match in a text that is right: the default of a type
/// parameter is like a wrong comparison, a call of `match` like a statement without its colon,
/// and `print` or `exec` as an operand like a statement of Python 2.
fn is_mistakable(text: &str) -> bool {
    let begins_so = |statement: &str| {
        let statement = statement.trim_start();
        statement.starts_with("type ") || statement.starts_with("match")
    };
    let is_operand = |name: &str| {
        text.match_indices(name).any(|(at, _)| {
            let behind = text[at + name.len()..].trim_start_matches([' ', '\t', '\x0c']);
            !behind.starts_with(['(', '.', '=', ',', ')'])
        })
    };
    text.split(['\n', ';', ':']).any(begins_so) || is_operand("print") || is_operand("exec")
}

/// An error of the parser: its columns count characters.
fn error_at(
    source: &SourceFile,
    kind: ErrorKind,
    range: TextRange,
    msg: impl Into<String>,
) -> CompileError {
    let mut error = source.error_of(kind, source.loc(range), msg);
    let characters = |line: Option<i32>, col: Option<i32>| {
        let text = source.line_text(line?)?;
        let bytes = usize::try_from(col?.checked_sub(1)?).ok()?.min(text.len());
        Some(text.get(..bytes)?.chars().count() as i32 + 1)
    };
    error.col = characters(error.line, error.col);
    error.end_col = characters(error.end_line, error.end_col);
    error.after_parsing = false;
    error
}

/// What is refused here alone, in words of its own: CPython has none for it.
fn translate(error: &ParseError, source: &SourceFile) -> CompileError {
    let kind = match &error.error {
        ParseErrorType::Lexical(LexicalErrorType::IndentationError)
        | ParseErrorType::UnexpectedIndentation => ErrorKind::Indentation,
        _ => ErrorKind::Syntax,
    };
    error_at(
        source,
        kind,
        error.location,
        format!("invalid syntax ({})", error.error),
    )
}
