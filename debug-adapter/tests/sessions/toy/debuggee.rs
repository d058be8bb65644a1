//! What the toy machine shows of itself at a stop.

use tailscope_vm::debug::address::InstructionWindow;
use tailscope_vm::debug::breakpoints::{
    InstructionBreakpointSpec, LineMark, line_starts, line_with_code,
};
use tailscope_vm::debug::*;

use super::compile::{Function, Instruction, Op};
use super::machine::{Active, MAIN_THREAD, Machine};
use super::values::{Value, evaluate};

impl Machine {
    /// Frames are numbered from the innermost, 1.
    fn frame_index(&self, frame: FrameId) -> Result<usize, DebugError> {
        let depth = usize::try_from(frame.0).ok().filter(|depth| *depth > 0);
        depth
            .and_then(|depth| self.frames.len().checked_sub(depth))
            .ok_or(DebugError::Stale("frame"))
    }

    fn check_thread(&self, thread: ThreadId) -> Result<(), DebugError> {
        if thread == MAIN_THREAD {
            Ok(())
        } else {
            Err(DebugError::Stale("thread"))
        }
    }

    fn show(
        &mut self,
        name: &str,
        value: Value,
        from: Option<(Container, String)>,
        access: Access,
    ) -> VariableInfo {
        let children = match &value {
            Value::List(items) => {
                self.shown.push((value.clone(), from.clone()));
                let handle = ValueHandle(self.shown.len() as u64);
                Some(Children {
                    handle,
                    named: 1,
                    indexed: items.len(),
                })
            }
            _ => None,
        };
        VariableInfo {
            name: name.to_owned(),
            value: value.repr(),
            type_name: value.type_name().to_owned(),
            kind: VariableKind::Data,
            children,
            access,
            settable: from.is_some(),
            lazy: false,
            memory: None,
            defined: None,
        }
    }

    fn shown(
        &self,
        handle: ValueHandle,
    ) -> Result<(Value, Option<(Container, String)>), DebugError> {
        let index = usize::try_from(handle.0)
            .ok()
            .and_then(|number| number.checked_sub(1));
        index
            .and_then(|index| self.shown.get(index).cloned())
            .ok_or(DebugError::Stale("value"))
    }

    fn entries(&self, of: Container) -> Result<Vec<(String, Value)>, DebugError> {
        Ok(match of {
            Container::Locals(frame) => {
                let index = self.frame_index(frame)?;
                self.frames[index].locals.clone().into_iter().collect()
            }
            Container::Globals(_) => self.globals.clone().into_iter().collect(),
            Container::Value(handle) => match self.shown(handle)?.0 {
                Value::List(items) => (0..)
                    .zip(items)
                    .map(|(i, item): (u32, _)| (format!("{i}"), item))
                    .collect(),
                _ => Vec::new(),
            },
        })
    }

    fn code(&self, code: CodeId) -> Result<&Function, DebugError> {
        let index = (code.0 as usize).checked_sub(1);
        let found = index.and_then(|index| self.functions.get(index));
        found.ok_or_else(|| DebugError::Refused(format!("there is no code object {}", code.0)))
    }

    fn lines(&self) -> Vec<(u32, InstructionAddress)> {
        let mut lines = Vec::new();
        for (index, function) in (1..).zip(&self.functions) {
            let marks: Vec<LineMark> = function.instructions.iter().map(mark).collect();
            let address = |offset| InstructionAddress {
                code: CodeId(index),
                offset,
            };
            lines.extend(
                line_starts(&marks)
                    .into_iter()
                    .map(|(line, offset)| (line, address(offset))),
            );
        }
        lines.sort();
        lines
    }
}

fn mark(instruction: &Instruction) -> LineMark {
    LineMark {
        offset: instruction.offset,
        location: Some(SourceRange::line(instruction.line)),
        target: matches!(instruction.op, Op::For { .. }),
        prologue: instruction.op == Op::Resume,
    }
}

fn text(instruction: &Instruction) -> String {
    let name = instruction.op.name().0;
    match &instruction.op {
        Op::Load(source) => format!("{name} ({source})"),
        Op::Store(target) => format!("{name} ({target})"),
        _ => name.to_owned(),
    }
}

impl Debuggee for Machine {
    fn threads(&self) -> Vec<ThreadInfo> {
        self.threads.clone()
    }

    fn frame_count(&self, thread: ThreadId) -> Result<usize, DebugError> {
        self.check_thread(thread).map(|()| self.frames.len())
    }

    fn frames(
        &mut self,
        thread: ThreadId,
        start: usize,
        count: usize,
    ) -> Result<Vec<FrameInfo>, DebugError> {
        self.check_thread(thread)?;
        let frames = (1..).zip(self.frames.iter().rev()).skip(start).take(count);
        let info = |(id, frame): (u64, &super::machine::Frame)| {
            let function = &self.functions[frame.function];
            // A caller is at its call, not behind it.
            let at = if id == 1 { frame.next } else { frame.next - 1 };
            let instruction = &function.instructions[at.min(function.instructions.len() - 1)];
            FrameInfo {
                id: FrameId(id),
                name: function.name.clone(),
                qualname: function.name.clone(),
                file: self.file.clone(),
                location: Some(SourceRange::line(instruction.line)),
                address: InstructionAddress {
                    offset: instruction.offset,
                    ..self.address(frame)
                },
                library: function.name.starts_with("lib_"),
                module: None,
                restartable: false,
            }
        };
        Ok(frames.map(info).collect())
    }

    fn counts(&mut self, of: Container) -> Result<(usize, usize), DebugError> {
        let len = self.entries(of)?.len();
        Ok(if matches!(of, Container::Value(_)) {
            (1, len)
        } else {
            (len, 0)
        })
    }

    fn variables(&mut self, of: Container, page: Page) -> Result<Vec<VariableInfo>, DebugError> {
        let entries = self.entries(of)?;
        let mut list = Vec::new();
        if let Container::Value(_) = of {
            if page.filter != PageFilter::Indexed {
                list.push(self.show(
                    "len()",
                    Value::Int(entries.len() as i64),
                    None,
                    Access::None,
                ));
            }
            if page.filter == PageFilter::Named {
                return Ok(list[page.range(1)].to_vec());
            }
        }
        let skipped = list.len();
        let range = page.range(entries.len() + skipped);
        let mut list: Vec<_> = list
            .into_iter()
            .skip(range.start)
            .take(range.len())
            .collect();
        let from = range.start.saturating_sub(skipped)..range.end.saturating_sub(skipped);
        for (name, value) in entries[from].iter().cloned() {
            let access = if matches!(of, Container::Value(_)) {
                Access::Item(name.clone())
            } else {
                Access::Name
            };
            list.push(self.show(&name, value, Some((of, name.clone())), access));
        }
        Ok(list)
    }

    fn value_stack(&mut self, frame: FrameId) -> Result<Vec<StackSlot>, DebugError> {
        let index = self.frame_index(frame)?;
        let stack = self.frames[index].stack.clone();
        let slot = |(index, value): (usize, Value)| StackSlot {
            index,
            kind: SlotKind::Owned,
            pushed_by: None,
            value: Some(self.show("", value, None, Access::None)),
        };
        Ok(stack.into_iter().enumerate().map(slot).collect())
    }

    fn instruction(&mut self, frame: FrameId) -> Result<InstructionView, DebugError> {
        let frame = &self.frames[self.frame_index(frame)?];
        let instruction = &self.functions[frame.function].instructions[frame.next];
        let address = self.address(frame);
        let (name, units) = instruction.op.name();
        let branch = matches!(instruction.op, Op::For { .. });
        let cache = CacheEntry {
            name: "counter".to_owned(),
            units: 1,
            value: 0x1551,
            meaning: String::new(),
        };
        let target = match instruction.op {
            Op::JumpBackward { target } => Some(target),
            Op::For { end, .. } => Some(end),
            _ => None,
        };
        let offset_of = |index: usize| self.functions[frame.function].instructions[index].offset;
        Ok(InstructionView {
            address,
            opname: name.to_owned(),
            base_opname: name.to_owned(),
            opcode: 7,
            oparg: Some(1),
            argrepr: text(instruction),
            location: Some(SourceRange::line(instruction.line)),
            caches: if units > 0 { vec![cache] } else { Vec::new() },
            counter: (units > 0).then(|| AdaptiveCounter::from_bits(0x1551)),
            branch: branch
                .then(|| BranchHistory(self.histories.get(&address).copied().unwrap_or(0x5555))),
            jump_target: target.map(|index| InstructionAddress {
                offset: offset_of(index),
                ..address
            }),
            doc: "Does something.".to_owned(),
            effect: "(--)".to_owned(),
            handler: None,
            block: (address, address),
        })
    }

    fn evaluate(&mut self, what: Evaluation<'_>) -> Result<VariableInfo, DebugError> {
        let Evaluation {
            frame,
            source,
            mode,
            ..
        } = what;
        let index = frame
            .map(|frame| self.frame_index(frame))
            .transpose()?
            .unwrap_or(usize::MAX);
        if source == "forever" {
            loop {
                std::thread::park();
            }
        }
        let names = self.names(index);
        if let (EvalMode::Interactive, Some((name, value))) = (mode, source.split_once(" = ")) {
            let value = evaluate(value, &names).map_err(DebugError::Raised)?;
            let locals = self.frames.get_mut(index).map(|frame| &mut frame.locals);
            locals
                .unwrap_or(&mut self.globals)
                .insert(name.trim().to_owned(), value);
            return Ok(self.show("", Value::None, None, Access::None));
        }
        let value = evaluate(source, &names).map_err(DebugError::Raised)?;
        Ok(self.show("", value, None, Access::None))
    }

    fn full_repr(&mut self, frame: Option<FrameId>, source: &str) -> Result<String, DebugError> {
        let what = Evaluation {
            frame,
            source,
            mode: EvalMode::Expression,
            format: ValueFormat::default(),
        };
        self.evaluate(what).map(|variable| variable.value)
    }

    fn set_variable(
        &mut self,
        of: Container,
        name: &str,
        value: Evaluation<'_>,
    ) -> Result<VariableInfo, DebugError> {
        let Evaluation { frame, source, .. } = value;
        let index = frame
            .map(|frame| self.frame_index(frame))
            .transpose()?
            .unwrap_or(usize::MAX);
        let value = evaluate(source, &self.names(index)).map_err(DebugError::Raised)?;
        match of {
            Container::Locals(frame) => {
                let index = self.frame_index(frame)?;
                self.frames[index]
                    .locals
                    .insert(name.to_owned(), value.clone());
            }
            Container::Globals(_) => drop(self.globals.insert(name.to_owned(), value.clone())),
            Container::Value(handle) => {
                let (mut list, from) = self.shown(handle)?;
                let refused = || DebugError::Refused("this list cannot be written".to_owned());
                let (outer, list_name) = from.ok_or_else(refused)?;
                if let (Value::List(items), Ok(index)) = (&mut list, name.parse::<usize>()) {
                    *items.get_mut(index).ok_or_else(refused)? = value.clone();
                }
                match outer {
                    Container::Locals(frame) => {
                        let index = self.frame_index(frame)?;
                        self.frames[index].locals.insert(list_name, list);
                    }
                    _ => return Err(refused()),
                }
            }
        }
        Ok(self.show(name, value, Some((of, name.to_owned())), Access::Name))
    }

    fn exception(&mut self, _: ThreadId) -> Option<ExceptionInfo> {
        self.exception.clone()
    }

    fn disassemble(
        &mut self,
        code: CodeId,
        anchor: i64,
        first: i64,
        count: usize,
    ) -> Result<DisassemblyWindow, DebugError> {
        let function = self.code(code)?;
        let starts: Vec<u32> = function.instructions.iter().map(|i| i.offset).collect();
        let window = InstructionWindow::new(&starts, function.end, anchor, first, count);
        let name = CodeName {
            qualname: function.name.clone(),
            file: self.file.clone(),
        };
        let line = |instruction: &Instruction| DisassembledInstruction {
            address: InstructionAddress {
                code,
                offset: instruction.offset,
            },
            bytes: vec![7; 2 + 2 * instruction.op.name().1 as usize],
            text: text(instruction),
            location: Some(SourceRange::line(instruction.line)),
            begins: (instruction.offset == 0).then(|| name.clone()),
        };
        let shown = &function.instructions[window.start..window.end];
        Ok(DisassemblyWindow {
            before: usize::try_from(window.first_index.min(0).unsigned_abs()).unwrap().min(count),
            instructions: shown.iter().map(line).collect(),
            end: InstructionAddress {
                code,
                offset: function.end,
            },
            within: name,
        })
    }

    fn source(&mut self, file: &str) -> Option<String> {
        (file == self.file).then(|| self.text.clone())
    }

    fn set_breakpoints(&mut self, file: &str, specs: &[BreakpointSpec]) -> Vec<BreakpointStatus> {
        if file != self.file {
            let state = BreakpointState::Pending(format!("{file} has not been loaded"));
            return specs
                .iter()
                .map(|spec| BreakpointStatus {
                    id: spec.id,
                    state: state.clone(),
                })
                .collect();
        }
        self.breakpoints.retain(|breakpoint| !breakpoint.line);
        let lines = self.lines();
        let numbers: Vec<u32> = lines.iter().map(|(line, _)| *line).collect();
        let set = |spec: &BreakpointSpec| {
            let Some(line) = line_with_code(&numbers, spec.line) else {
                let state =
                    BreakpointState::Failed("there is no code from this line on".to_owned());
                return BreakpointStatus { id: spec.id, state };
            };
            let here: Vec<_> = lines
                .iter()
                .filter(|(l, _)| *l == line)
                .map(|(_, address)| *address)
                .collect();
            let active = here.iter().map(|&at| Active {
                id: spec.id,
                at,
                line: true,
                rule: spec.rule.clone(),
            });
            self.breakpoints.extend(active);
            let state = BreakpointState::Set {
                line: Some(line),
                column: None,
                address: here.first().copied(),
            };
            BreakpointStatus { id: spec.id, state }
        };
        specs.iter().map(set).collect()
    }

    fn set_instruction_breakpoints(
        &mut self,
        specs: &[InstructionBreakpointSpec],
    ) -> Vec<BreakpointStatus> {
        self.breakpoints.retain(|breakpoint| breakpoint.line);
        let set = |spec: &InstructionBreakpointSpec| {
            let code = self.code(spec.address.code);
            let there = code.is_ok_and(|f| {
                f.instructions
                    .iter()
                    .any(|i| i.offset == spec.address.offset)
            });
            if !there {
                let state =
                    BreakpointState::Failed(format!("there is no instruction at {}", spec.address));
                return BreakpointStatus { id: spec.id, state };
            }
            let active = Active {
                id: spec.id,
                at: spec.address,
                line: false,
                rule: spec.rule.clone(),
            };
            self.breakpoints.push(active);
            let state = BreakpointState::Set {
                line: None,
                column: None,
                address: Some(spec.address),
            };
            BreakpointStatus { id: spec.id, state }
        };
        specs.iter().map(set).collect()
    }

    fn set_exception_filter(&mut self, filter: ExceptionFilter) {
        self.filter = filter;
    }
}
