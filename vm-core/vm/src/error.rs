//! Results of native code, and the making of exceptions.

use crate::shape::{self, ShapeId};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A raised exception on its way to whoever handles it.
#[derive(Debug)]
pub struct Raised(pub Ref);

/// What native code returns; both variants fit registers.
pub type PyResult<T = Ref> = Result<T, Raised>;

macro_rules! makers {
    ($($(#[$doc:meta])* $name:ident => $shape:ident;)*) => {
        impl Vm {
            $(
                #[doc = concat!("A new `", stringify!($shape), "` exception with this message.")]
                #[cold]
                pub fn $name(&self, message: impl AsRef<str>) -> Raised {
                    self.error(shape::$shape, message)
                }
            )*
        }
    };
}

makers! {
    type_error => TYPE_ERROR;
    value_error => VALUE_ERROR;
    index_error => INDEX_ERROR;
    runtime_error => RUNTIME_ERROR;
    system_error => SYSTEM_ERROR;
    overflow_error => OVERFLOW_ERROR;
    zero_division_error => ZERO_DIVISION_ERROR;
    memory_error => MEMORY_ERROR;
    recursion_error => RECURSION_ERROR;
    assertion_error => ASSERTION_ERROR;
    import_error => IMPORT_ERROR;
    not_implemented_error => NOT_IMPLEMENTED_ERROR;
    buffer_error => BUFFER_ERROR;
    lookup_error => LOOKUP_ERROR;
    reference_error => REFERENCE_ERROR;
    eof_error => EOF_ERROR;
}

impl Vm {
    /// A new exception of a built-in type, with one string argument.
    #[cold]
    pub fn error(&self, shape: ShapeId, message: impl AsRef<str>) -> Raised {
        let msg = self.new_str(message.as_ref());
        self.error_args(shape, &[msg.value()])
    }

    /// A new exception of a built-in type with these arguments (`e.args`).
    #[cold]
    pub fn error_args(&self, shape: ShapeId, args: &[Value]) -> Raised {
        Raised(crate::types::exceptions::new_exception(self, self.builtin(shape), args))
    }

    /// `KeyError(key)`.
    #[cold]
    pub fn key_error(&self, key: Value) -> Raised {
        self.error_args(shape::KEY_ERROR, &[key])
    }

    /// `StopIteration(value)`; NULL or None as the value makes it empty.
    #[cold]
    pub fn stop_iteration(&self, value: Value) -> Raised {
        if value.is_null() || value.is(self.none()) {
            self.error_args(shape::STOP_ITERATION, &[])
        } else {
            self.error_args(shape::STOP_ITERATION, &[value])
        }
    }

    /// AttributeError with CPython's `name` and `obj` attributes set.
    #[cold]
    pub fn attribute_error(&self, object: Value, name: Value, message: impl AsRef<str>) -> Raised {
        let e = self.error(shape::ATTRIBUTE_ERROR, message);
        crate::types::exceptions::set_name_and_object(self, &e, name, object);
        e
    }
}

impl Raised {
    /// Whether the exception is an instance of a built-in exception type (or of a subclass).
    pub fn is(&self, vm: &Vm, shape: ShapeId) -> bool {
        vm.type_of(self.0.value()).is_subtype(vm.builtin(shape))
    }
}
