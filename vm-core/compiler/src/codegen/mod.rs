//! Code generation: from the syntax tree and its scopes to one instruction sequence per
//! code object.
//!
//! The sequences are those of CPython 3.14's `Python/codegen.c`, instruction by
//! instruction and position by position, and the tables of constants and names are those
//! of `Python/compile.c`: everything that follows (flow graph, optimization, assembly)
//! depends on both. Code objects are made from the inside out: a nested unit is complete,
//! and a constant, before the instruction that loads it is emitted.

mod annotations;
mod call;
mod checks;
mod class;
mod collection;
mod comprehension;
mod constant;
mod docstring;
mod expr;
mod fblock;
mod fstring;
mod function;
mod import;
mod names;
mod pattern;
mod stmt;
mod try_stmt;
mod type_params;
mod unit;
mod unparse;
mod with_stmt;

use std::cell::Cell;
use std::sync::Arc;

use ruff_python_ast::{Mod, Stmt};
use ruff_text_size::{Ranged, TextRange};
use tailscope_bytecode::code::{Code, Const, flags};
use tailscope_bytecode::oparg::{Intrinsic1, Intrinsic2, resume};
use tailscope_bytecode::opcode::Opcode;

use crate::assemble::Workspace;
use crate::error::{CompileError, Warning};
use crate::instr::{Arg, InstrSequence, Label, Loc, Unit};
use crate::names::{NameId, Names};
use crate::source::{Line, SourceFile};
use crate::symtable::{ScopeId, SymbolTable};

use names::KnownNames;
use unit::{ArgCounts, UnitHead, UnitKind, UnitState};

/// The error is boxed, so that nearly all results fit in registers.
type Result<T> = std::result::Result<T, Box<CompileError>>;

/// CPython's bound on how many values one expression puts on the stack before it builds
/// its result piece by piece.
const STACK_USE_GUIDELINE: usize = 30;

/// What the generated code depends on beside the source.
#[derive(Clone, Copy, Debug, Default)]
pub struct CodegenOptions {
    /// 0, 1 (no `assert`) or 2 (no docstrings either), as `python -O` and `-OO`.
    pub optimize: u8,
    /// `CO_FUTURE_*` bits in force, from the source and from the caller.
    pub future_flags: u32,
    /// Expression statements at the top level print their values.
    pub interactive: bool,
}

/// Makes a code object of a finished unit. What it leaves of the instructions is of no use.
pub type Assembler<'s> = dyn FnMut(Unit, &mut InstrSequence) -> Result<Code> + 's;

/// Generates the code object of a module (or of an expression), nested ones included.
/// Warnings are appended to `warnings`.
///
/// `table` must have been built from this very tree; its names are taken out.
///
/// # Errors
///
/// The SyntaxErrors that CPython finds at this stage.
pub fn generate(
    module: &Mod,
    table: &mut SymbolTable,
    source: &SourceFile,
    options: CodegenOptions,
    warnings: &mut Vec<Warning>,
) -> Result<Code> {
    let mut workspace = Workspace::spare();
    let mut assemble = |unit: Unit, seq: &mut InstrSequence| {
        let firstlineno = unit.firstlineno;
        workspace.assemble(unit, seq).map_err(|problem| {
            let loc = Loc {
                line: firstlineno,
                end_line: firstlineno,
                col: -1,
                end_col: -1,
            };
            Box::new(source.error_at(loc, format!("this code cannot be assembled: {problem}")))
        })
    };
    let code = generate_with(module, table, source, options, warnings, &mut assemble);
    workspace.keep();
    code
}

/// [`generate`] with another way to make code objects of units: to look at what code
/// generation alone does. What `assemble` returns must list the unit's free variables.
///
/// # Errors
///
/// The SyntaxErrors that CPython finds at this stage, and whatever `assemble` reports.
pub fn generate_with(
    module: &Mod,
    table: &mut SymbolTable,
    source: &SourceFile,
    options: CodegenOptions,
    warnings: &mut Vec<Warning>,
    assemble: &mut Assembler<'_>,
) -> Result<Code> {
    let names = table.names.take();
    let table = &*table;
    let head = UnitHead {
        number: 1,
        scope_id: SymbolTable::TOP,
        scope: table.scope(SymbolTable::TOP),
        kind: UnitKind::Module,
        name: Arc::from("<module>"),
        firstlineno: 1,
        args: ArgCounts::default(),
    };
    let unit = UnitState::new(head, &names);
    let mut codegen = Codegen {
        source,
        table,
        options,
        names,
        units: 1,
        variables: KnownNames::default(),
        indexed: KnownNames::default(),
        unit: Box::new(unit),
        stack: Vec::new(),
        line: Cell::default(),
        spare_units: Vec::new(),
        text: String::new(),
        depth: 0,
        disabled_warnings: 0,
        warnings,
        assemble,
    };
    codegen.start_unit();
    match module {
        Mod::Module(module) => codegen.module(&module.body)?,
        Mod::Expression(expression) => codegen.visit_expr(&expression.body)?,
    }
    codegen.finish_unit(matches!(module, Mod::Module(_)))
}

/// State of one compilation (CPython's `compiler`).
pub(crate) struct Codegen<'a> {
    source: &'a SourceFile<'a>,
    table: &'a SymbolTable,
    options: CodegenOptions,
    /// The names that the table had, and more.
    names: Names,
    /// How many units there have been.
    units: u32,
    /// What names are to the unit that used them last: as variables, and in its table of names.
    variables: KnownNames,
    indexed: KnownNames,
    /// The unit that code is being generated for.
    unit: Box<UnitState<'a>>,
    /// The units around it, innermost last.
    #[expect(clippy::vec_box, reason = "units are large, and change places")]
    stack: Vec<Box<UnitState<'a>>>,
    /// Where the last node began, which is near to where the next begins.
    line: Cell<Line>,
    /// Finished units, for their memory.
    #[expect(clippy::vec_box, reason = "units are large, and change places")]
    spare_units: Vec<Box<UnitState<'a>>>,
    /// Storage of names that are put together.
    text: String,
    /// How deep in the tree the node is that is being visited.
    depth: u32,
    /// Nonzero in copies of code that was generated, and warned about, before.
    disabled_warnings: u32,
    warnings: &'a mut Vec<Warning>,
    assemble: &'a mut Assembler<'a>,
}

/// Units: entering, leaving, turning into code objects.
impl<'a> Codegen<'a> {
    /// Makes a new unit the current one and emits its first instructions.
    fn enter_unit(
        &mut self,
        name: Arc<str>,
        kind: UnitKind,
        scope: ScopeId,
        firstlineno: i32,
        private: Option<Arc<str>>,
        args: ArgCounts,
    ) {
        let (scope_id, scope) = (scope, self.table.scope(scope));
        self.units += 1;
        let number = self.units;
        let head = UnitHead { number, scope_id, scope, kind, name, firstlineno, args };
        let mut unit = match self.spare_units.pop() {
            Some(mut unit) => {
                unit.reuse(head, &self.names);
                unit
            }
            None => Box::new(UnitState::new(head, &self.names)),
        };
        unit.private = private.or_else(|| self.unit.private.clone());
        self.stack.push(std::mem::replace(&mut self.unit, unit));
        self.unit.qualname = self.qualname();
        self.start_unit();
    }

    fn start_unit(&mut self) {
        let loc = unit::start_loc(self.unit.kind, self.unit.firstlineno);
        self.emit_i(loc, Opcode::RESUME, resume::AT_FUNC_START);
        if self.unit.kind == UnitKind::Module {
            self.emit(loc, Opcode::ANNOTATIONS_PLACEHOLDER);
        }
    }

    /// Ends the current unit with a return (of None if `add_none`, else of what is on the
    /// stack), makes its code object and goes back to the unit around it.
    fn finish_unit(&mut self, add_none: bool) -> Result<Code> {
        if add_none {
            self.emit_const(Loc::NONE, Const::None);
        }
        self.emit(Loc::NONE, Opcode::RETURN_VALUE);
        let flags = self.code_flags();
        let unit = self.unit.finish(self.source.filename().clone(), flags, &self.names);
        let code = (self.assemble)(unit, &mut self.unit.seq);
        // After the module nothing is generated.
        if let Some(outer) = self.stack.pop() {
            let finished = std::mem::replace(&mut self.unit, outer);
            self.spare_units.push(finished);
        }
        code
    }

    /// The qualified name of the unit just entered.
    fn qualname(&mut self) -> Arc<str> {
        use crate::symtable::SymScope;
        let name = &self.unit.name;
        let mut outer = self.stack.iter().rev();
        let Some(mut parent) = outer.next() else {
            return name.clone();
        };
        if self.stack.len() == 1 {
            return name.clone();
        }
        if parent.kind == UnitKind::Annotations {
            // What is inside of an annotation scope is named after what is around it.
            if self.stack.len() == 2 {
                return name.clone();
            }
            if let Some(grandparent) = outer.next() {
                parent = grandparent;
            }
        }
        let is_definition = matches!(
            self.unit.kind,
            UnitKind::Function | UnitKind::AsyncFunction | UnitKind::Class
        );
        if is_definition {
            let id = self.names.intern(name);
            let mangled = match parent.private.as_deref() {
                Some(class) if id.is_private() => self.names.intern(&crate::symtable::mangle(Some(class), name)),
                _ => id,
            };
            if parent.scope_of(mangled) == SymScope::GlobalExplicit {
                return name.clone();
            }
        }
        let is_function = matches!(
            parent.kind,
            UnitKind::Function | UnitKind::AsyncFunction | UnitKind::Lambda
        );
        let locals = if is_function { ".<locals>" } else { "" };
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        [&*parent.qualname, locals, ".", name].into_iter().for_each(|part| text.push_str(part));
        let qualname = Arc::from(text.as_str());
        self.text = text;
        qualname
    }

    fn code_flags(&self) -> u32 {
        let scope = self.unit.scope;
        let (generator, coroutine) = (scope.is_generator, scope.is_coroutine);
        let mut bits = self.options.future_flags;
        let mut set = |condition: bool, bit: u32| {
            if condition {
                bits |= bit;
            }
        };
        if scope.is_function_like() {
            set(true, flags::NEWLOCALS | flags::OPTIMIZED);
            set(scope.nested, flags::NESTED);
            set(generator && !coroutine, flags::GENERATOR);
            set(generator && coroutine, flags::ASYNC_GENERATOR);
            set(scope.has_varargs, flags::VARARGS);
            set(scope.has_varkeywords, flags::VARKEYWORDS);
            set(scope.has_docstring, flags::HAS_DOCSTRING);
            set(scope.is_method, flags::METHOD);
        }
        set(coroutine && !generator, flags::COROUTINE);
        bits
    }

    fn future_annotations(&self) -> bool {
        self.options.future_flags & flags::FUTURE_ANNOTATIONS != 0
    }

    fn is_interactive_top_level(&self) -> bool {
        self.options.interactive && self.stack.is_empty()
    }

    fn module(&mut self, body: &'a [Stmt]) -> Result<()> {
        let loc = match body.first() {
            Some(first) => self.loc(first),
            None => Loc {
                line: 1,
                end_line: 1,
                col: 0,
                end_col: 0,
            },
        };
        if self.unit.scope.has_conditional_annotations {
            self.emit_i(loc, Opcode::BUILD_SET, 0);
            let index = self.name_index(NameId::CONDITIONAL_ANNOTATIONS);
            self.emit_i(loc, Opcode::STORE_NAME, index);
        }
        self.body(loc, body)
    }
}

/// Emission of instructions.
impl Codegen<'_> {
    /// Emits an instruction without an argument.
    fn emit(&mut self, loc: Loc, op: Opcode) {
        self.unit.seq.push(op, Arg::None, loc);
    }

    fn emit_i(&mut self, loc: Loc, op: Opcode, oparg: u32) {
        self.unit.seq.push(op, Arg::Value(oparg), loc);
    }

    fn emit_jump(&mut self, loc: Loc, op: Opcode, target: Label) {
        self.unit.seq.push(op, Arg::Target(target), loc);
    }

    fn emit_const(&mut self, loc: Loc, value: Const) {
        let index = match value {
            Const::None => self.unit.consts.add_none(),
            value => self.unit.consts.add(value),
        };
        self.emit_i(loc, Opcode::LOAD_CONST, index);
    }

    fn emit_str(&mut self, loc: Loc, value: &str) {
        self.emit_const(loc, Const::Str(value.into()));
    }

    /// Loads a name as the current unit knows it.
    fn emit_mangled(&mut self, loc: Loc, name: &str) {
        let name = self.names.intern(name);
        let mangled = self.mangled(name);
        self.emit_const(loc, Const::Str((&**self.names.text(mangled)).into()));
    }

    fn emit_intrinsic1(&mut self, loc: Loc, function: Intrinsic1) {
        self.emit_i(loc, Opcode::CALL_INTRINSIC_1, function.oparg());
    }

    fn emit_intrinsic2(&mut self, loc: Loc, function: Intrinsic2) {
        self.emit_i(loc, Opcode::CALL_INTRINSIC_2, function.oparg());
    }

    fn new_label(&mut self) -> Label {
        self.unit.seq.new_label()
    }

    fn place(&mut self, label: Label) {
        self.unit.seq.place(label);
    }

    /// Delegates to the awaitable or iterator on the stack until it is done: the loop
    /// around SEND. `resume` tells the RESUME inside what it resumes after.
    fn yield_from(&mut self, loc: Loc, resume: u32) {
        let send = self.new_label();
        let fail = self.new_label();
        let exit = self.new_label();

        self.place(send);
        self.emit_jump(loc, Opcode::SEND, exit);
        // YIELD_VALUE raises only if `close` or `throw` make it raise; a StopIteration
        // that comes out then ends the delegation.
        self.emit_jump(loc, Opcode::SETUP_FINALLY, fail);
        self.emit_i(loc, Opcode::YIELD_VALUE, 1);
        self.emit(Loc::NONE, Opcode::POP_BLOCK);
        self.emit_i(loc, Opcode::RESUME, resume);
        self.emit_jump(loc, Opcode::JUMP_NO_INTERRUPT, send);

        self.place(fail);
        self.emit(loc, Opcode::CLEANUP_THROW);

        self.place(exit);
        self.emit(loc, Opcode::END_SEND);
    }

    /// Awaits the value on the stack; `oparg` tells GET_AWAITABLE where it comes from.
    fn await_result(&mut self, loc: Loc, oparg: u32) {
        self.emit_i(loc, Opcode::GET_AWAITABLE, oparg);
        self.emit_const(loc, Const::None);
        self.yield_from(loc, resume::AFTER_AWAIT);
    }

    /// Yields the value on the stack.
    fn emit_yield(&mut self, loc: Loc) {
        let scope = self.unit.scope;
        if scope.is_generator && scope.is_coroutine {
            self.emit_intrinsic1(loc, Intrinsic1::AsyncGenWrap);
        }
        self.emit_i(loc, Opcode::YIELD_VALUE, 0);
        self.emit_i(loc, Opcode::RESUME, resume::AFTER_YIELD);
    }

    fn call_exit_with_nones(&mut self, loc: Loc) {
        for _ in 0..3 {
            self.emit_const(loc, Const::None);
        }
        self.emit_i(loc, Opcode::CALL, 3);
    }

    fn pop_except_and_reraise(&mut self, loc: Loc) {
        self.emit_i(loc, Opcode::COPY, 3);
        self.emit(loc, Opcode::POP_EXCEPT);
        self.emit_i(loc, Opcode::RERAISE, 1);
    }
}

/// Positions and reports.
impl Codegen<'_> {
    fn loc(&self, node: &impl Ranged) -> Loc {
        self.loc_of(node.range())
    }

    fn loc_of(&self, range: TextRange) -> Loc {
        self.source.loc_near(range, &self.line)
    }

    /// A SyntaxError at `loc`.
    #[cold]
    fn error<T>(&self, loc: Loc, msg: impl Into<String>) -> Result<T> {
        Err(Box::new(self.source.error_at(loc, msg)))
    }

    /// A SyntaxWarning at `loc`.
    fn warn(&mut self, loc: Loc, msg: impl Into<String>) {
        if self.disabled_warnings == 0 {
            self.warnings.push(Warning::syntax(loc, msg));
        }
    }
}
