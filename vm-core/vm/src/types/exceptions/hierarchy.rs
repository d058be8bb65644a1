//! The built-in exception types below `BaseException`.

use super::{EXCEPTION_FLAGS, PyException, fields};
use crate::object;
use crate::types::type_::{GetSetDef, TypeDef};

/// An exception type that adds nothing to its base; of a module if the name has a dot.
pub const fn simple(name: &'static str, doc: &'static str) -> TypeDef {
    with_fields(name, doc, &[])
}

const fn with_fields(name: &'static str, doc: &'static str, getset: &'static [GetSetDef]) -> TypeDef {
    TypeDef {
        doc,
        flags: EXCEPTION_FLAGS,
        slots: |s| s.drop = Some(object::drop_payload::<PyException>),
        getset,
        ..TypeDef::of::<PyException>(name)
    }
}

macro_rules! simple_exceptions {
    ($($id:ident, $name:literal, $doc:literal;)*) => {
        $(pub static $id: TypeDef = simple($name, $doc);)*
    };
}

simple_exceptions! {
    EXCEPTION, "Exception", "Common base class for all non-exit exceptions.";
    GENERATOR_EXIT, "GeneratorExit", "Request that a generator exit.";
    KEYBOARD_INTERRUPT, "KeyboardInterrupt", "Program interrupted by user.";
    ARITHMETIC_ERROR, "ArithmeticError", "Base class for arithmetic errors.";
    FLOATING_POINT_ERROR, "FloatingPointError", "Floating-point operation failed.";
    OVERFLOW_ERROR, "OverflowError", "Result too large to be represented.";
    ZERO_DIVISION_ERROR, "ZeroDivisionError", "Second argument to a division or modulo operation was zero.";
    ASSERTION_ERROR, "AssertionError", "Assertion failed.";
    BUFFER_ERROR, "BufferError", "Buffer error.";
    EOF_ERROR, "EOFError", "Read beyond end of file.";
    MODULE_NOT_FOUND_ERROR, "ModuleNotFoundError", "Module not found.";
    LOOKUP_ERROR, "LookupError", "Base class for lookup errors.";
    INDEX_ERROR, "IndexError", "Sequence index out of range.";
    KEY_ERROR, "KeyError", "Mapping key not found.";
    MEMORY_ERROR, "MemoryError", "Out of memory.";
    UNBOUND_LOCAL_ERROR, "UnboundLocalError", "Local name referenced but not bound to a value.";
    BLOCKING_IO_ERROR, "BlockingIOError", "I/O operation would block.";
    CHILD_PROCESS_ERROR, "ChildProcessError", "Child process error.";
    CONNECTION_ERROR, "ConnectionError", "Connection error.";
    BROKEN_PIPE_ERROR, "BrokenPipeError", "Broken pipe.";
    CONNECTION_ABORTED_ERROR, "ConnectionAbortedError", "Connection aborted.";
    CONNECTION_REFUSED_ERROR, "ConnectionRefusedError", "Connection refused.";
    CONNECTION_RESET_ERROR, "ConnectionResetError", "Connection reset.";
    FILE_EXISTS_ERROR, "FileExistsError", "File already exists.";
    FILE_NOT_FOUND_ERROR, "FileNotFoundError", "File not found.";
    INTERRUPTED_ERROR, "InterruptedError", "Interrupted by signal.";
    IS_A_DIRECTORY_ERROR, "IsADirectoryError", "Operation doesn't work on directories.";
    NOT_A_DIRECTORY_ERROR, "NotADirectoryError", "Operation only works on directories.";
    PERMISSION_ERROR, "PermissionError", "Not enough permissions.";
    PROCESS_LOOKUP_ERROR, "ProcessLookupError", "Process not found.";
    TIMEOUT_ERROR, "TimeoutError", "Timeout expired.";
    REFERENCE_ERROR, "ReferenceError", "Weak ref proxy used after referent went away.";
    RUNTIME_ERROR, "RuntimeError", "Unspecified run-time error.";
    NOT_IMPLEMENTED_ERROR, "NotImplementedError", "Method or function hasn't been implemented yet.";
    RECURSION_ERROR, "RecursionError", "Recursion limit exceeded.";
    PYTHON_FINALIZATION_ERROR, "PythonFinalizationError", "Operation blocked during Python finalization.";
    STOP_ASYNC_ITERATION, "StopAsyncIteration", "Signal the end from iterator.__anext__().";
    INDENTATION_ERROR, "IndentationError", "Improper indentation.";
    TAB_ERROR, "TabError", "Improper mixture of spaces and tabs.";
    SYSTEM_ERROR, "SystemError", "Internal error in the Python interpreter.\n\nPlease report this to the Python maintainer, along with the traceback,\nthe Python version, and the hardware/OS platform and version.";
    TYPE_ERROR, "TypeError", "Inappropriate argument type.";
    VALUE_ERROR, "ValueError", "Inappropriate argument value (of correct type).";
    UNICODE_ERROR, "UnicodeError", "Unicode related error.";
    WARNING, "Warning", "Base class for warning categories.";
    BYTES_WARNING, "BytesWarning", "Base class for warnings about bytes and buffer related problems, mostly\nrelated to conversion from str or comparing to str.";
    DEPRECATION_WARNING, "DeprecationWarning", "Base class for warnings about deprecated features.";
    ENCODING_WARNING, "EncodingWarning", "Base class for warnings about encodings.";
    FUTURE_WARNING, "FutureWarning", "Base class for warnings about constructs that will change semantically\nin the future.";
    IMPORT_WARNING, "ImportWarning", "Base class for warnings about probable mistakes in module imports";
    PENDING_DEPRECATION_WARNING, "PendingDeprecationWarning", "Base class for warnings about features which will be deprecated\nin the future.";
    RESOURCE_WARNING, "ResourceWarning", "Base class for warnings about resource usage.";
    RUNTIME_WARNING, "RuntimeWarning", "Base class for warnings about dubious runtime behavior.";
    SYNTAX_WARNING, "SyntaxWarning", "Base class for warnings about dubious syntax.";
    UNICODE_WARNING, "UnicodeWarning", "Base class for warnings about Unicode related problems, mostly\nrelated to conversion problems.";
    USER_WARNING, "UserWarning", "Base class for warnings generated by user code.";
}

pub static BASE_EXCEPTION_GROUP: TypeDef =
    with_fields("BaseExceptionGroup", "A combination of multiple unrelated exceptions.", fields::GROUP);
pub static EXCEPTION_GROUP: TypeDef = simple("ExceptionGroup", "");
pub static SYSTEM_EXIT: TypeDef =
    with_fields("SystemExit", "Request to exit from the interpreter.", fields::SYSTEM_EXIT);
pub static ATTRIBUTE_ERROR: TypeDef =
    with_fields("AttributeError", "Attribute not found.", fields::ATTRIBUTE_ERROR);
pub static NAME_ERROR: TypeDef = with_fields("NameError", "Name not found globally.", fields::NAME_ERROR);
pub static IMPORT_ERROR: TypeDef = with_fields(
    "ImportError",
    "Import can't find module, or can't find name in module.",
    fields::IMPORT_ERROR,
);
pub static OS_ERROR: TypeDef = with_fields("OSError", "Base class for I/O related errors.", fields::OS_ERROR);
pub static STOP_ITERATION: TypeDef =
    with_fields("StopIteration", "Signal the end from iterator.__next__().", fields::STOP_ITERATION);
pub static SYNTAX_ERROR: TypeDef = with_fields("SyntaxError", "Invalid syntax.", fields::SYNTAX_ERROR);
pub static UNICODE_DECODE_ERROR: TypeDef =
    with_fields("UnicodeDecodeError", "Unicode decoding error.", fields::UNICODE_CODEC_ERROR);
pub static UNICODE_ENCODE_ERROR: TypeDef =
    with_fields("UnicodeEncodeError", "Unicode encoding error.", fields::UNICODE_CODEC_ERROR);
pub static UNICODE_TRANSLATE_ERROR: TypeDef =
    with_fields("UnicodeTranslateError", "Unicode translation error.", fields::UNICODE_CODEC_ERROR);
