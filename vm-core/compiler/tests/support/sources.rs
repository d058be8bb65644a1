//! CPython 3.14 that compiles sources one after the other, and its answers beside ours.

use std::collections::VecDeque;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Sender, channel};

use tailscope_bytecode::code::{Code, Const};
use tailscope_bytecode::marshal::read;
use tailscope_compiler::{CompileError, CompileOptions, Mode, Warning};

use super::compare::Comparison;

/// The name that both compilers are given. There is no such file: where CPython would show a line
/// that it reads from the file, it shows none.
pub const FILENAME: &str = "<source>";

/// What to compile, and how.
#[derive(Clone, Debug)]
pub struct Source {
    pub bytes: Vec<u8>,
    /// Whether `compile` is given a string, in which no encoding is declared.
    pub is_text: bool,
    pub mode: Mode,
    pub optimize: u8,
    pub flags: u32,
}

impl Source {
    pub fn options(&self) -> CompileOptions {
        CompileOptions {
            mode: self.mode,
            optimize: self.optimize,
            inherited_flags: self.flags & 0x1FE_0000,
            dont_imply_dedent: self.flags & 0x200 != 0,
            top_level_await: self.flags & 0x2000 != 0,
            allow_incomplete_input: self.flags & 0x4000 != 0,
            without_file: true,
            ..CompileOptions::new(FILENAME)
        }
    }

    /// What our compiler makes of it.
    pub fn compile(&self) -> Outcome {
        let options = self.options();
        match (self.is_text, std::str::from_utf8(&self.bytes)) {
            (true, Ok(text)) => tailscope_compiler::compile_str(text, &options),
            _ => tailscope_compiler::compile(&self.bytes, &options),
        }
    }

    fn request(&self) -> Vec<u8> {
        let mode = match self.mode {
            Mode::Exec => 0,
            Mode::Eval => 1,
            Mode::Single => 2,
        };
        let mut request = vec![u8::from(self.is_text), mode, self.optimize];
        request.extend(self.flags.to_le_bytes());
        request.extend((self.bytes.len() as u32).to_le_bytes());
        request.extend(&self.bytes);
        request
    }
}

type Outcome = Result<(Code, Vec<Warning>), CompileError>;

/// What CPython says.
pub struct Answer {
    pub warnings: Const,
    pub value: Const,
}

struct Process {
    child: Child,
    requests: Sender<Vec<u8>>,
    answers: BufReader<ChildStdout>,
}

/// A running CPython; started again if a source has killed it.
pub struct Sources {
    python: PathBuf,
    process: Process,
    waiting: VecDeque<Vec<u8>>,
    pub deaths: usize,
}

impl Sources {
    pub fn start(python: &Path) -> std::io::Result<Sources> {
        let process = Process::start(python)?;
        let python = python.to_owned();
        Ok(Sources { python, process, waiting: VecDeque::new(), deaths: 0 })
    }

    /// Asks about a source. Answers come in the order of the questions.
    pub fn ask(&mut self, source: &Source) {
        let request = source.request();
        // A process that is gone is noticed when its answer is missing.
        let _ = self.process.requests.send(request.clone());
        self.waiting.push_back(request);
    }

    /// The next answer; `None` if its source has killed CPython.
    pub fn answer(&mut self) -> std::io::Result<Option<Answer>> {
        match self.process.answer() {
            Ok(answer) => {
                self.waiting.pop_front();
                Ok(Some(answer))
            }
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                self.deaths += 1;
                self.waiting.pop_front();
                self.process = Process::start(&self.python)?;
                for request in &self.waiting {
                    let _ = self.process.requests.send(request.clone());
                }
                Ok(None)
            }
            Err(error) => {
                self.waiting.pop_front();
                Err(error)
            }
        }
    }

    pub fn ask_one(&mut self, source: &Source) -> std::io::Result<Option<Answer>> {
        self.ask(source);
        self.answer()
    }
}

impl Process {
    fn start(python: &Path) -> std::io::Result<Process> {
        let mut child = Command::new(python)
            .args(["-X", "utf8", "-W", "ignore", "-c", include_str!("sources.py")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(std::io::Error::other("the oracle has no standard streams"));
        };
        let (requests, queue) = channel::<Vec<u8>>();
        // A thread of its own, so that a full pipe in one direction does not stop the other.
        std::thread::spawn(move || {
            for request in queue {
                if input.write_all(&request).and_then(|()| input.flush()).is_err() {
                    break;
                }
            }
        });
        Ok(Process { child, requests, answers: BufReader::new(output) })
    }

    fn answer(&mut self) -> std::io::Result<Answer> {
        let mut length = [0; 4];
        self.answers.read_exact(&mut length)?;
        let mut data = vec![0; u32::from_le_bytes(length) as usize];
        self.answers.read_exact(&mut data)?;
        let unreadable = |e| {
            let kind = std::io::ErrorKind::InvalidData;
            std::io::Error::new(kind, format!("an answer cannot be read: {e}"))
        };
        match read(&data).and_then(|graph| graph.constant()).map_err(unreadable)? {
            Const::Tuple(parts) if parts.len() == 2 => {
                Ok(Answer { warnings: parts[0].clone(), value: parts[1].clone() })
            }
            _ => Err(std::io::Error::other("an answer is no pair")),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How an outcome differs from CPython's.
pub struct Disagreement {
    /// The sort of difference, to group by.
    pub kind: String,
    /// What CPython has to say, in short.
    pub about: String,
    pub detail: String,
}

impl Disagreement {
    pub fn new(kind: impl Into<String>, about: &str, detail: String) -> Disagreement {
        Disagreement { kind: kind.into(), about: about.to_owned(), detail }
    }
}

/// Whether CPython refuses the source.
pub fn is_refused(answer: &Answer) -> bool {
    !matches!(answer.value, Const::Code(_))
}

pub fn compare(ours: &Outcome, theirs: &Answer) -> Option<Disagreement> {
    match (ours, &theirs.value) {
        (Ok((code, warnings)), Const::Code(value)) => {
            let mut comparison = Comparison::default();
            comparison.compare(code, value);
            if let Some(d) = comparison.differences.first() {
                let detail = format!("{}:{} {}", d.name, d.firstlineno, d.detail);
                return Some(Disagreement::new(format!("code: {}", d.field), "", detail));
            }
            compare_warnings(warnings, &theirs.warnings)
        }
        (Ok(_), Const::Tuple(error)) => {
            let detail = format!("{}: {}", shown(&error[0]), shown(&error[1]));
            Some(Disagreement::new("accepted here only", &plain(&error[1]), detail))
        }
        (Err(ours), Const::Code(_)) => {
            Some(Disagreement::new("refused here only", &ours.msg, ours.to_string()))
        }
        // An error of CPython's own: what it should have said is not known.
        (Err(_), Const::Tuple(theirs)) if plain(&theirs[0]) == "SystemError" => None,
        (Err(ours), Const::Tuple(theirs)) => compare_errors(ours, theirs),
        _ => Some(Disagreement::new("answer", "", "is of no known kind".into())),
    }
}

fn compare_warnings(ours: &[Warning], theirs: &Const) -> Option<Disagreement> {
    let ours = ours.iter().map(|w| {
        let text = |t: &str| Const::Str(t.into());
        let line = Const::Int(w.loc.line.into());
        Const::Tuple([text(w.category), text(&w.msg), line].into())
    });
    let ours = Const::Tuple(ours.collect());
    (ours != *theirs).then(|| {
        let detail = format!("ours {}, theirs {}", shown(&ours), shown(theirs));
        Disagreement::new("warnings", "", detail)
    })
}

/// Class, message, place and line of the source.
fn compare_errors(ours: &CompileError, theirs: &[Const]) -> Option<Disagreement> {
    let text = |t: &str| Const::Str(t.into());
    let number = |n: Option<i32>| n.map_or(Const::None, |n| Const::Int(n.into()));
    let fields = [
        text(ours.kind.class_name()),
        text(&ours.msg),
        number(ours.line),
        number(ours.col),
        number(ours.end_line),
        number(ours.end_col),
        ours.text.as_deref().map_or(Const::None, text),
    ];
    let at = fields.iter().zip(theirs).position(|(a, b)| a != b)?;
    let kind = match at {
        0 | 1 => "refused with another message",
        2..=5 => "refused at another place",
        _ => "refused with another line",
    };
    let list = |fields: &[Const]| fields.iter().map(shown).collect::<Vec<_>>().join(", ");
    let detail = format!("\n    ours   {}\n    theirs {}", list(&fields), list(theirs));
    Some(Disagreement::new(kind, &plain(&theirs[1]), detail))
}

fn plain(value: &Const) -> String {
    match value {
        Const::Str(text) => String::from_utf8_lossy(&text.0).into_owned(),
        other => shown(other),
    }
}

fn shown(value: &Const) -> String {
    tailscope_bytecode::repr::repr(value, &|_| 0)
}
