//! A document, compiled: its functions, and their instructions by line.

use std::collections::BTreeMap;
use std::sync::Arc;

use tailscope_bytecode::code::{Code, Const};
use tailscope_bytecode::dis::{ArgValue, instructions};
use tailscope_bytecode::linetable::Position;
use tailscope_bytecode::opcode::Opcode;
use tailscope_compiler::{CompileOptions, compile_str};

use crate::problems::{Problem, Severity};
use crate::text::{LineMap, Place, Span, Text};

/// A code object of the document.
#[derive(Clone, Debug)]
pub struct Function {
    pub code: Arc<Code>,
    /// The code object it is a constant of; `None` for the module.
    pub parent: Option<usize>,
    /// By rising offset; `EXTENDED_ARG` is an instruction of its own.
    pub instructions: Vec<Instruction>,
}

/// An instruction as compiled.
#[derive(Clone, Debug)]
pub struct Instruction {
    /// In bytes, as `dis` shows it.
    pub offset: u32,
    pub opcode: Opcode,
    pub oparg: Option<u32>,
    /// What the oparg stands for, short, as `dis` shows it in parentheses; of jumps the offset.
    pub argument: String,
    /// What the oparg stands for, in a phrase.
    pub words: String,
    /// Offset that it may jump to.
    pub target: Option<u32>,
    /// Whether something jumps here.
    pub is_target: bool,
    /// Line in the document, from 0.
    pub line: Option<u32>,
    /// The source it was compiled from.
    pub span: Option<Span>,
}

impl Instruction {
    /// Whether it decides between two ways on.
    pub fn is_branch(&self) -> bool {
        self.opcode.has_jump() && !self.is_plain_jump()
    }

    /// Whether it compares with a builtin that the compiler knows: the guard of a call of
    /// `all`, `any` or `tuple` that it wrote out.
    fn is_common_constant(&self) -> bool {
        self.opcode == Opcode::LOAD_COMMON_CONSTANT
    }

    fn is_plain_jump(&self) -> bool {
        use Opcode::*;
        matches!(
            self.opcode,
            JUMP_FORWARD | JUMP_BACKWARD | JUMP_BACKWARD_NO_INTERRUPT | END_ASYNC_FOR
        )
    }
}

impl Function {
    /// Sources at which branches are the compiler's own, not the reader's: calls of `all`,
    /// `any` and `tuple` that it wrote out as loops, behind a test that the name means the builtin.
    pub fn written_out(&self) -> Vec<Span> {
        let pairs = self
            .instructions
            .iter()
            .zip(self.instructions.iter().skip(1));
        pairs
            .filter(|(constant, test)| {
                constant.is_common_constant() && test.opcode == Opcode::IS_OP
            })
            .filter_map(|(constant, _)| constant.span)
            .collect()
    }
}

/// Where an instruction is: which function, which of its instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    pub function: usize,
    pub instruction: usize,
}

/// A document's functions and their instructions.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// The text that was compiled.
    pub text: Arc<Text>,
    /// The module first, then outer ones before inner ones, in the order of their constants.
    pub functions: Vec<Function>,
    /// What compiling it warned of.
    pub warnings: Vec<Problem>,
    by_line: BTreeMap<u32, Vec<Site>>,
}

impl Analysis {
    /// Compiles a document; `filename` is what tracebacks would name.
    pub fn new(text: Arc<Text>, filename: &str) -> Result<Analysis, Problem> {
        match compile_str(text.as_str(), &CompileOptions::new(filename)) {
            Ok((code, warnings)) => {
                let mut analysis = Analysis::of_code(text, Arc::new(code));
                analysis.warnings = warnings.iter().map(Problem::of_warning).collect();
                Ok(analysis)
            }
            Err(error) => Err(Problem::of_error(&error, &text)),
        }
    }

    /// The analysis of a module that is compiled already.
    pub fn of_code(text: Arc<Text>, module: Arc<Code>) -> Analysis {
        let mut analysis = Analysis {
            text,
            ..Analysis::default()
        };
        // Depth first, children in the order of the constants: that is the order of the source.
        let mut pending = vec![(module, None)];
        while let Some((code, parent)) = pending.pop() {
            let index = analysis.functions.len();
            let inner = code
                .consts
                .iter()
                .rev()
                .filter_map(|constant| match constant {
                    Const::Code(code) => Some((code.clone(), Some(index))),
                    _ => None,
                });
            pending.extend(inner);
            let instructions = instructions_of(&code);
            analysis.functions.push(Function {
                code,
                parent,
                instructions,
            });
        }
        for (function, code) in analysis.functions.iter().enumerate() {
            for (instruction, item) in code.instructions.iter().enumerate() {
                if let Some(line) = item.line {
                    let sites = analysis.by_line.entry(line).or_default();
                    sites.push(Site {
                        function,
                        instruction,
                    });
                }
            }
        }
        analysis
    }

    /// The instructions that begin on a line, function by function.
    pub fn on_line(&self, line: u32) -> &[Site] {
        self.by_line.get(&line).map_or(&[], Vec::as_slice)
    }

    /// The instructions on a range of lines, the end included.
    pub fn on_lines(
        &self,
        lines: std::ops::RangeInclusive<u32>,
    ) -> impl Iterator<Item = Site> + '_ {
        let (start, end) = lines.into_inner();
        let range = if start <= end {
            start..=end
        } else {
            start..=start
        };
        self.by_line
            .range(range)
            .flat_map(|(_, sites)| sites.iter().copied())
    }

    pub fn function(&self, site: Site) -> Option<&Function> {
        self.functions.get(site.function)
    }

    pub fn instruction(&self, site: Site) -> Option<&Instruction> {
        self.function(site)?.instructions.get(site.instruction)
    }

    /// The smallest source around a place that instructions were compiled from.
    pub fn innermost(&self, place: Place) -> Option<Span> {
        let size = |span: &Span| {
            let lines = span.end.line - span.start.line;
            (
                lines,
                if lines == 0 {
                    span.end.column - span.start.column
                } else {
                    0
                },
            )
        };
        let first = self
            .functions
            .iter()
            .flat_map(|function| &function.instructions);
        first
            .filter_map(|instruction| instruction.span)
            .filter(|span| span.touches(place) && span.start < span.end)
            .min_by_key(size)
    }
}

fn instructions_of(code: &Code) -> Vec<Instruction> {
    let list = instructions(code);
    let mut targets: Vec<usize> = list.iter().filter_map(|item| item.jump_target).collect();
    targets.sort_unstable();
    list.into_iter()
        .map(|item| {
            let (argument, words) = match (item.jump_target, &item.argval) {
                (Some(target), _) => (format!("to {target}"), item.oparg_in_words()),
                // Its address, which `dis` shows, says nothing here.
                (_, ArgValue::Const(Const::Code(code))) => {
                    let what = format!("code of {}", code.qualname);
                    let words = format!("constant {}, the {what}", item.oparg.unwrap_or(0));
                    (what, words)
                }
                _ => (item.argrepr.clone(), item.oparg_in_words()),
            };
            Instruction {
                offset: item.offset as u32,
                opcode: item.base,
                oparg: item.oparg,
                argument,
                words,
                target: item.jump_target.map(|target| target as u32),
                is_target: targets.binary_search(&item.offset).is_ok(),
                line: item
                    .line
                    .and_then(|line| u32::try_from(line).ok()?.checked_sub(1)),
                span: span_of(&item.position),
            }
        })
        .collect()
}

fn span_of(position: &Position) -> Option<Span> {
    let number = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
    let start = Place {
        line: number(position.line)?.checked_sub(1)?,
        column: number(position.column)?,
    };
    let end = Place {
        line: number(position.end_line)?.checked_sub(1)?,
        column: number(position.end_column)?,
    };
    (start <= end).then_some(Span { start, end })
}

/// What is known of a document as it is now: the last version that compiled, where its lines
/// are now, and what keeps the present version from compiling.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub text: Arc<Text>,
    pub analysis: Arc<Analysis>,
    /// Lines of `analysis` against lines of `text`.
    pub lines: LineMap,
    pub problems: Vec<Problem>,
}

impl State {
    /// The state after a change to `text`; `before` is the state until then.
    pub fn after(before: &State, text: Arc<Text>, filename: &str) -> State {
        match Analysis::new(text.clone(), filename) {
            Ok(analysis) => State {
                lines: LineMap::new(&text, &text),
                problems: analysis.warnings.clone(),
                analysis: Arc::new(analysis),
                text,
            },
            Err(problem) => State::broken(before, text, problem),
        }
    }

    /// The state when `text` does not compile: the last analysis that there is.
    pub fn broken(before: &State, text: Arc<Text>, problem: Problem) -> State {
        State {
            lines: LineMap::new(&before.analysis.text, &text),
            analysis: before.analysis.clone(),
            problems: vec![problem],
            text,
        }
    }

    /// Whether what is shown is of an earlier version.
    pub fn is_outdated(&self) -> bool {
        self.problems
            .iter()
            .any(|problem| problem.severity == Severity::Error)
    }

    /// A place in the analysis as a place in the present text, if its line is still there.
    pub fn to_new(&self, place: Place) -> Option<Place> {
        Some(Place {
            line: self.lines.to_new(place.line)?,
            ..place
        })
    }

    /// A place in the present text as one in the analysis, if its line was there.
    pub fn to_old(&self, place: Place) -> Option<Place> {
        Some(Place {
            line: self.lines.to_old(place.line)?,
            ..place
        })
    }
}
