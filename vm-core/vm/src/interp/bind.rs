//! Binding of a call's arguments to a function's parameters.
//!
//! The rules and messages are those of CPython 3.14's `initialize_locals` (`Python/ceval.c`).

use smallvec::SmallVec;
use tailscope_bytecode::code::flags;

use crate::code::PyCode;
use crate::error::{PyResult, Raised};
use crate::protocol::{compare, object as obj};
use crate::suggest;
use crate::types::dict::PyDict;
use crate::types::function::PyFunction;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Argument values that were taken off the stack; those that are still here are released at the end.
pub struct Moved(SmallVec<[Value; 16]>);

impl Moved {
    /// Takes over the values of stack slots, which the caller must forget.
    ///
    /// # Safety
    /// The slots must hold values, and nobody may use them as owners afterwards.
    pub unsafe fn from_slots(slots: &[Value]) -> Moved {
        Moved(SmallVec::from_slice(slots))
    }

    /// Copies that borrow from values which the caller keeps alive.
    pub fn borrowed(values: &[Value]) -> Moved {
        Moved(values.iter().map(|v| v.borrow()).collect())
    }

    pub fn push(&mut self, v: Ref) {
        self.0.push(v.into_value());
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, i: usize) -> Value {
        std::mem::replace(&mut self.0[i], Value::NULL)
    }
}

impl Drop for Moved {
    fn drop(&mut self) {
        for v in self.0.drain(..) {
            // SAFETY: the slots' owners gave them up.
            unsafe { v.release() }
        }
    }
}

/// The locals of a frame that is being made.
struct Locals<'a> {
    vm: &'a Vm,
    function: &'a PyFunction,
    code: &'a PyCode,
    at: *mut Value,
}

/// Fills `locals` (all NULL so far) with arguments and defaults. `args` are the positional ones,
/// then one for each name in `kwnames`.
///
/// # Errors
/// TypeError when they do not fit; what was bound already is then still in `locals`.
///
/// # Safety
/// `locals` must have room for the function's locals and not overlap anything in use.
pub unsafe fn bind(
    vm: &Vm,
    function: &PyFunction,
    args: &mut Moved,
    kwnames: Option<&PyTuple>,
    locals: *mut Value,
) -> PyResult<()> {
    let code = function.code();
    let l = Locals { vm, function, code, at: locals };
    let keywords = kwnames.map_or(0, |k| k.len());
    let given = args.len() - keywords;
    let (argcount, total) = (code.argcount as usize, l.named());
    let varargs = code.has(flags::VARARGS);
    if code.has(flags::VARKEYWORDS) {
        l.put(total + usize::from(varargs), PyDict::new(vm).into_value());
    }
    let direct = given.min(argcount);
    for i in 0..direct {
        l.put(i, args.take(i));
    }
    if varargs {
        let rest = PyTuple::from_slice(vm, &args.0[direct..given]);
        l.put(total, rest.into_value());
    }
    if let Some(names) = kwnames {
        for (i, &name) in names.as_slice().iter().enumerate() {
            l.bind_keyword(names, name, args.take(given + i))?;
        }
    }
    if given > argcount && !varargs {
        return Err(l.too_many(given));
    }
    if given < argcount {
        l.fill_defaults(given)?;
    }
    if code.kwonlyargcount > 0 {
        l.fill_keyword_defaults()?;
    }
    Ok(())
}

impl Locals<'_> {
    /// Parameters that have a name of their own (all but `*args`, `**kwargs`).
    fn named(&self) -> usize {
        (self.code.argcount + self.code.kwonlyargcount) as usize
    }

    fn get(&self, i: usize) -> Value {
        // SAFETY: indices are below the number of locals.
        unsafe { *self.at.add(i) }
    }

    fn put(&self, i: usize, v: Value) {
        // SAFETY: as in `get`.
        unsafe { *self.at.add(i) = v }
    }

    fn qualname(&self) -> String {
        obj::text(self.function.qualname.get())
    }

    /// Binds one keyword, whose value is taken over.
    fn bind_keyword(&self, names: &PyTuple, name: Value, value: Value) -> PyResult<()> {
        // SAFETY: the value was moved here; this is its owner until it is put into a local.
        let value = unsafe { Owned::new(value) };
        if name.cast::<PyStr>().is_none() {
            return Err(self.vm.type_error(format!("{}() keywords must be strings", self.qualname())));
        }
        let from = self.code.posonlyargcount as usize;
        match self.find_parameter(name, from)? {
            Some(i) if !self.get(i).is_null() => Err(self.vm.type_error(format!(
                "{}() got multiple values for argument '{}'",
                self.qualname(),
                obj::text(name)
            ))),
            Some(i) => {
                self.put(i, value.into_inner());
                Ok(())
            }
            None if self.code.has(flags::VARKEYWORDS) => {
                let at = self.named() + usize::from(self.code.has(flags::VARARGS));
                // SAFETY: `bind` has put a dict there.
                unsafe { self.get(at).cast_unchecked::<PyDict>() }.set(self.vm, name, value.0)
            }
            None => Err(self.unexpected(names, name, from)),
        }
    }

    fn find_parameter(&self, name: Value, from: usize) -> PyResult<Option<usize>> {
        let params = &self.code.localsplus_names[from..self.named()];
        if let Some(i) = params.iter().position(|p| p.is(name)) {
            return Ok(Some(from + i));
        }
        for (i, p) in params.iter().enumerate() {
            if compare::eq(self.vm, name, *p)? {
                return Ok(Some(from + i));
            }
        }
        Ok(None)
    }

    #[cold]
    fn unexpected(&self, names: &PyTuple, name: Value, from: usize) -> Raised {
        let positional: Vec<String> = self.code.localsplus_names[..from]
            .iter()
            .filter(|p| names.iter().any(|n| obj::text(n) == obj::text(**p)))
            .map(|p| obj::text(*p))
            .collect();
        if !positional.is_empty() {
            return self.vm.type_error(format!(
                "{}() got some positional-only arguments passed as keyword arguments: '{}'",
                self.qualname(),
                positional.join(", ")
            ));
        }
        let name = obj::text(name);
        let known: Vec<String> =
            self.code.localsplus_names[from..self.named()].iter().map(|p| obj::text(*p)).collect();
        let hint = match suggest::closest(&name, known.iter().map(String::as_str)) {
            Some(s) => format!(". Did you mean '{s}'?"),
            None => String::new(),
        };
        self.vm.type_error(format!(
            "{}() got an unexpected keyword argument '{name}'{hint}",
            self.qualname()
        ))
    }

    #[cold]
    fn too_many(&self, given: usize) -> Raised {
        let argcount = self.code.argcount as usize;
        let kwonly = (argcount..self.named()).filter(|i| !self.get(*i).is_null()).count();
        let defaults = self.default_count();
        let (takes, plural) = if defaults > 0 {
            (format!("from {} to {argcount}", argcount - defaults.min(argcount)), true)
        } else {
            (argcount.to_string(), argcount != 1)
        };
        let s = |many: bool| if many { "s" } else { "" };
        let and_keywords = if kwonly > 0 {
            format!(
                " positional argument{} (and {kwonly} keyword-only argument{})",
                s(given != 1),
                s(kwonly != 1)
            )
        } else {
            String::new()
        };
        let verb = if given == 1 && kwonly == 0 { "was" } else { "were" };
        self.vm.type_error(format!(
            "{}() takes {takes} positional argument{} but {given}{and_keywords} {verb} given",
            self.qualname(),
            s(plural)
        ))
    }

    fn defaults<'b>(&self) -> Option<&'b PyTuple> {
        self.function.defaults.get().non_null().and_then(|d| d.cast::<PyTuple>())
    }

    fn default_count(&self) -> usize {
        self.defaults().map_or(0, |d| d.len())
    }

    fn fill_defaults(&self, given: usize) -> PyResult<()> {
        let argcount = self.code.argcount as usize;
        let defaults = self.default_count().min(argcount);
        let required = argcount - defaults;
        if (given..required).any(|i| self.get(i).is_null()) {
            return Err(self.missing("positional", 0..required));
        }
        if let Some(d) = self.defaults() {
            let skip = d.len() - defaults;
            for (i, v) in d.as_slice()[skip..].iter().enumerate() {
                if self.get(required + i).is_null() {
                    self.put(required + i, v.dup_owned());
                }
            }
        }
        Ok(())
    }

    fn fill_keyword_defaults(&self) -> PyResult<()> {
        let range = self.code.argcount as usize..self.named();
        let defaults = self.function.kwdefaults.get_ref();
        let mut missing = false;
        for i in range.clone() {
            if !self.get(i).is_null() {
                continue;
            }
            let name = self.code.localsplus_names[i];
            match defaults.as_ref().and_then(|d| d.cast::<PyDict>()) {
                Some(d) => match d.get(self.vm, name)? {
                    Some(v) => self.put(i, v.into_value()),
                    None => missing = true,
                },
                None => missing = true,
            }
        }
        if missing { Err(self.missing("keyword-only", range)) } else { Ok(()) }
    }

    #[cold]
    fn missing(&self, kind: &str, range: std::ops::Range<usize>) -> Raised {
        let names: Vec<String> = range
            .filter(|i| self.get(*i).is_null())
            .map(|i| format!("'{}'", obj::text(self.code.localsplus_names[i])))
            .collect();
        let list = match &names[..] {
            [one] => one.clone(),
            [a, b] => format!("{a} and {b}"),
            [rest @ .., last] => format!("{}, and {last}", rest.join(", ")),
            [] => String::new(),
        };
        self.vm.type_error(format!(
            "{}() missing {} required {kind} argument{}: {list}",
            self.qualname(),
            names.len(),
            if names.len() == 1 { "" } else { "s" }
        ))
    }
}

/// A slot's value outside of any slot: borrowed or owned, released when dropped.
struct Owned(Value);

impl Owned {
    /// # Safety
    /// The slot that held the value must have given it up.
    unsafe fn new(v: Value) -> Owned {
        Owned(v)
    }

    fn into_inner(self) -> Value {
        let v = self.0;
        std::mem::forget(self);
        v
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: see `new`.
        unsafe { self.0.release() }
    }
}
