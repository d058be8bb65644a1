//! Toy source to toy instructions.

/// What an instruction does.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    Resume,
    /// Pushes an expression's value.
    Load(String),
    Store(String),
    Call(String),
    Print {
        text: String,
        err: bool,
    },
    /// Counts a loop; jumps behind its end when it is through.
    For {
        times: u32,
        end: usize,
    },
    JumpBackward {
        target: usize,
    },
    Raise {
        type_name: String,
        text: String,
    },
    Spin,
    Sleep(u64),
    Hang,
    Exit(i32),
    Abort,
    Breakpoint,
    Write(u32),
    Thread(String),
    Return,
}

impl Op {
    /// Its name, and the code units of its inline caches.
    pub fn name(&self) -> (&'static str, u32) {
        match self {
            Op::Resume => ("RESUME", 0),
            Op::Load(_) => ("LOAD_CONST", 0),
            Op::Store(_) => ("STORE_FAST", 0),
            Op::Call(_) => ("CALL", 3),
            Op::For { .. } => ("FOR_ITER", 1),
            Op::JumpBackward { .. } => ("JUMP_BACKWARD", 1),
            Op::Raise { .. } => ("RAISE_VARARGS", 0),
            Op::Return => ("RETURN_VALUE", 0),
            _ => ("CALL_INTRINSIC_1", 0),
        }
    }
}

/// An instruction.
#[derive(Clone, Debug)]
pub struct Instruction {
    pub op: Op,
    pub line: u32,
    /// Byte offset.
    pub offset: u32,
}

/// A function's code.
#[derive(Clone, Debug)]
pub struct Function {
    pub name: String,
    pub instructions: Vec<Instruction>,
    /// Byte offset of the end.
    pub end: u32,
}

impl Function {
    fn push(&mut self, line: u32, op: Op) {
        let offset = self.end;
        self.end += 2 + 2 * op.name().1;
        self.instructions.push(Instruction { op, line, offset });
    }
}

/// All functions of a program.
pub fn compile(text: &str) -> Result<Vec<Function>, String> {
    let mut functions: Vec<Function> = Vec::new();
    let mut loops: Vec<usize> = Vec::new();
    for (line, words) in (1..).zip(text.lines().map(str::trim)) {
        let (word, rest) = words.split_once(' ').unwrap_or((words, ""));
        let rest = rest.trim();
        if word == "fn" {
            let mut function = Function {
                name: rest.to_owned(),
                instructions: Vec::new(),
                end: 0,
            };
            function.push(line, Op::Resume);
            functions.push(function);
            continue;
        }
        let number = || {
            rest.parse::<u32>()
                .map_err(|_| format!("line {line}: a number is missing"))
        };
        if word.is_empty() || word.starts_with('#') {
            continue;
        }
        let function = functions
            .last_mut()
            .ok_or_else(|| format!("line {line}: not in a function"))?;
        let here = function.instructions.len();
        match word {
            "let" => {
                let (name, value) = rest
                    .split_once('=')
                    .ok_or_else(|| format!("line {line}: no ="))?;
                function.push(line, Op::Load(value.trim().to_owned()));
                function.push(line, Op::Store(name.trim().to_owned()));
            }
            "call" => {
                function.push(line, Op::Load("0".to_owned()));
                function.push(line, Op::Call(rest.to_owned()));
            }
            "print" | "eprint" => function.push(
                line,
                Op::Print {
                    text: rest.to_owned(),
                    err: word == "eprint",
                },
            ),
            "loop" => {
                loops.push(here);
                function.push(
                    line,
                    Op::For {
                        times: number()?,
                        end: 0,
                    },
                );
            }
            "next" => {
                let target = loops
                    .pop()
                    .ok_or_else(|| format!("line {line}: next without loop"))?;
                function.push(line, Op::JumpBackward { target });
                if let Op::For { end, .. } = &mut function.instructions[target].op {
                    *end = here + 1;
                }
            }
            "raise" => {
                let (type_name, text) = rest.split_once(' ').unwrap_or((rest, ""));
                function.push(
                    line,
                    Op::Raise {
                        type_name: type_name.to_owned(),
                        text: text.to_owned(),
                    },
                );
            }
            "spin" => function.push(line, Op::Spin),
            "sleep" => function.push(line, Op::Sleep(number()?.into())),
            "hang" => function.push(line, Op::Hang),
            "exit" => function.push(line, Op::Exit(number()? as i32)),
            "abort" => function.push(line, Op::Abort),
            "breakpoint" => function.push(line, Op::Breakpoint),
            "write" => function.push(line, Op::Write(number()?)),
            "thread" => function.push(line, Op::Thread(rest.to_owned())),
            "end" => function.push(line, Op::Return),
            other => {
                return Err(format!(
                    "line {line}: SyntaxError: {other:?} is not a statement"
                ));
            }
        }
    }
    if functions.iter().all(|function| function.name != "main") {
        return Err("the program has no function main".to_owned());
    }
    Ok(functions)
}
