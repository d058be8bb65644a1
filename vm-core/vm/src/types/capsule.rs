//! Capsules: objects that hand C code to other C code. There is none here; they exist for what
//! asks for their type and their names.

use crate::object::{self, Header};
use crate::protocol::object::address;
use crate::types::iterators::payload;
use crate::types::type_::{New, TypeDef};
use crate::value::Ref;

/// A capsule without contents.
#[repr(C)]
pub struct PyCapsule {
    header: Header,
    name: &'static str,
}
payload!(PyCapsule, CAPSULE);

pub fn new(name: &'static str) -> Ref {
    object::new(PyCapsule { header: object::header(), name })
}

pub static DEF: TypeDef = TypeDef {
    doc: "Capsule objects let you wrap a C \"void *\" pointer in a Python\nobject.  They're a way of passing data through the Python interpreter\nwithout creating your own custom type.\n\nCapsules are used for communication between extension modules.\nThey provide a way for an extension module to export a C interface\nto other extension modules, so that extension modules can use the\nPython import mechanism to link to one another.",
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyCapsule>);
        s.repr = Some(|vm, v| {
            Ok(vm.new_str(&format!("<capsule object \"{}\" at {:#x}>", PyCapsule::of(v).name, address(v))))
        });
    },
    ..TypeDef::of::<PyCapsule>("PyCapsule")
};
