//! The module `itertools`.

mod combinatoric;
mod grouping;
mod infinite;
mod tee;
mod terminating;

pub use combinatoric::{COMBINATIONS, COMBINATIONS_WITH_REPLACEMENT, PERMUTATIONS, PRODUCT};
pub use grouping::{BATCHED, GROUPBY, GROUPER, PAIRWISE, ZIP_LONGEST};
pub use infinite::{COUNT, CYCLE, REPEAT};
pub use tee::{TEE, TEE_DATA};
pub use terminating::{
    ACCUMULATE, CHAIN, COMPRESS, DROPWHILE, FILTERFALSE, ISLICE, STARMAP, TAKEWHILE,
};

use crate::error::PyResult;
use crate::native::{self, ModuleDef};
use crate::shape;
use crate::types::type_::MethodDef;
use crate::value::Value;
use crate::vm::Vm;

pub static MODULE: ModuleDef = ModuleDef {
    name: "itertools",
    doc: "Iterators over what other iterators yield.\n\n\
          Endless: count, cycle, repeat.\n\
          As long as their input: accumulate, batched, chain, compress, dropwhile, filterfalse,\n\
          groupby, islice, pairwise, starmap, takewhile, tee, zip_longest.\n\
          Combinatoric: product, permutations, combinations, combinations_with_replacement.",
    functions: &[MethodDef::new(
        "tee",
        "($module, iterable, n=2, /)",
        tee::tee,
        "A tuple of n independent iterators over the iterable.",
    )],
    init,
};

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    for (name, id) in [
        ("accumulate", shape::ITERTOOLS_ACCUMULATE),
        ("batched", shape::ITERTOOLS_BATCHED),
        ("chain", shape::ITERTOOLS_CHAIN),
        ("combinations", shape::ITERTOOLS_COMBINATIONS),
        ("compress", shape::ITERTOOLS_COMPRESS),
        ("count", shape::ITERTOOLS_COUNT),
        ("combinations_with_replacement", shape::ITERTOOLS_COMBINATIONS_WITH_REPLACEMENT),
        ("cycle", shape::ITERTOOLS_CYCLE),
        ("dropwhile", shape::ITERTOOLS_DROPWHILE),
        ("filterfalse", shape::ITERTOOLS_FILTERFALSE),
        ("groupby", shape::ITERTOOLS_GROUPBY),
        ("_grouper", shape::ITERTOOLS_GROUPER),
        ("islice", shape::ITERTOOLS_ISLICE),
        ("pairwise", shape::ITERTOOLS_PAIRWISE),
        ("permutations", shape::ITERTOOLS_PERMUTATIONS),
        ("product", shape::ITERTOOLS_PRODUCT),
        ("repeat", shape::ITERTOOLS_REPEAT),
        ("starmap", shape::ITERTOOLS_STARMAP),
        ("takewhile", shape::ITERTOOLS_TAKEWHILE),
        ("_tee", shape::ITERTOOLS_TEE),
        ("_tee_dataobject", shape::ITERTOOLS_TEE_DATA),
        ("zip_longest", shape::ITERTOOLS_ZIP_LONGEST),
    ] {
        native::add(vm, m, name, vm.builtin(id).value())?;
    }
    Ok(())
}

/// Slots of every iterator here: drop, `traverse` over the fields that own references, `iter` returning
/// itself, `next`.
macro_rules! iterator_slots {
    ($s:ident, $ty:ident { $($field:ident),+ }, $next:expr) => {
        $s.drop = Some($crate::object::drop_payload::<$ty>);
        $s.traverse = $crate::traverse_fields!($ty: $($field),+);
        $s.iter = Some(|_, v| Ok(v.to_ref()));
        $s.next = Some($next);
    };
}
use iterator_slots;
