//! Table page: attributes. The row grammar is explained in `table/mod.rs`.

#[doc(hidden)]
#[macro_export]
macro_rules! opcodes_attributes {
    ({ $($callback:tt)* } [ $($pages:ident)* ] { $($rows:tt)* }) => {
        $crate::for_each_opcode! { @page { $($callback)* } [ $($pages)* ] { $($rows)*
            /// Replaces an object by its attribute `co_names[oparg >> 1]`. If the low bit of oparg is set it looks for a method instead and pushes two: the function and its self, or the attribute and NULL.
            LOAD_ATTR = 80 => LOAD_ATTR, (owner -- attr, self_or_null[oparg & 1]), [counter: 1, version: 2, keys_version: 2, descr: 4], {HAS_ARG HAS_NAME HAS_ERROR HAS_ESCAPES};
            /// Attribute of a class: read from the cache while the class's version holds.
            LOAD_ATTR_CLASS = 177 => LOAD_ATTR, (owner -- attr, null[oparg & 1]), [counter: 1, type_version: 2, unused: 2, descr: 4], {HAS_ARG HAS_EXIT};
            /// As LOAD_ATTR_CLASS, and the metaclass's version is checked as well.
            LOAD_ATTR_CLASS_WITH_METACLASS_CHECK = 178 => LOAD_ATTR, (owner -- attr, null[oparg & 1]), [counter: 1, type_version: 2, metaclass_version: 2, descr: 4], {HAS_ARG HAS_EXIT};
            /// The class defines `__getattribute__` in Python: enters that function's frame without a native call.
            LOAD_ATTR_GETATTRIBUTE_OVERRIDDEN = 179 => LOAD_ATTR, (owner -- attr), [counter: 1, type_version: 2, func_version: 2, getattribute: 4], {HAS_ARG HAS_NAME HAS_DEOPT};
            /// Attribute in the instance's inline values, at the cached offset.
            LOAD_ATTR_INSTANCE_VALUE = 180 => LOAD_ATTR, (owner -- attr, null[oparg & 1]), [counter: 1, type_version: 2, offset: 1, unused: 5], {HAS_ARG HAS_DEOPT HAS_EXIT HAS_ESCAPES};
            /// Method of an instance whose `__dict__` has not been made yet.
            LOAD_ATTR_METHOD_LAZY_DICT = 181 => LOAD_ATTR, (owner -- attr, self), [counter: 1, type_version: 2, dictoffset: 1, unused: 1, descr: 4], {HAS_ARG HAS_DEOPT HAS_EXIT};
            /// Method of an instance without `__dict__`.
            LOAD_ATTR_METHOD_NO_DICT = 182 => LOAD_ATTR, (owner -- attr, self), [counter: 1, type_version: 2, unused: 2, descr: 4], {HAS_ARG HAS_EXIT};
            /// Method of an instance with inline values, none of which shadows it.
            LOAD_ATTR_METHOD_WITH_VALUES = 183 => LOAD_ATTR, (owner -- attr, self), [counter: 1, type_version: 2, keys_version: 2, descr: 4], {HAS_ARG HAS_DEOPT HAS_EXIT};
            /// Attribute of a module: the keys of its dict have not changed, so the cached slot is read.
            LOAD_ATTR_MODULE = 184 => LOAD_ATTR, (owner -- attr, null[oparg & 1]), [counter: 1, dict_version: 2, index: 1, unused: 5], {HAS_ARG HAS_DEOPT HAS_ESCAPES};
            /// Class attribute that is no descriptor, of an instance without `__dict__`.
            LOAD_ATTR_NONDESCRIPTOR_NO_DICT = 185 => LOAD_ATTR, (owner -- attr), [counter: 1, type_version: 2, unused: 2, descr: 4], {HAS_ARG HAS_EXIT HAS_ESCAPES};
            /// Class attribute that is no descriptor, of an instance with inline values, none of which shadows it.
            LOAD_ATTR_NONDESCRIPTOR_WITH_VALUES = 186 => LOAD_ATTR, (owner -- attr), [counter: 1, type_version: 2, keys_version: 2, descr: 4], {HAS_ARG HAS_DEOPT HAS_EXIT HAS_ESCAPES};
            /// A property with a getter written in Python: enters the getter's frame without a native call.
            LOAD_ATTR_PROPERTY = 187 => LOAD_ATTR, (owner -- attr), [counter: 1, type_version: 2, unused: 2, fget: 4], {HAS_ARG HAS_DEOPT HAS_EXIT};
            /// Attribute declared in `__slots__`, at the cached offset.
            LOAD_ATTR_SLOT = 188 => LOAD_ATTR, (owner -- attr, null[oparg & 1]), [counter: 1, type_version: 2, index: 1, unused: 5], {HAS_ARG HAS_DEOPT HAS_EXIT};
            /// Attribute in the instance's `__dict__`, at the cached index of its key table.
            LOAD_ATTR_WITH_HINT = 189 => LOAD_ATTR, (owner -- attr, null[oparg & 1]), [counter: 1, type_version: 2, hint: 1, unused: 5], {HAS_ARG HAS_NAME HAS_DEOPT HAS_EXIT HAS_ESCAPES};
            /// `super(cls, self).name` without building the super object; the name is `co_names[oparg >> 2]`, bit 0 asks for a method (pushes two), bit 1 says that super had two arguments.
            LOAD_SUPER_ATTR = 96 => LOAD_SUPER_ATTR, (global_super, cls, self -- attr, self_or_null[oparg & 1]), [counter: 1], {HAS_ARG HAS_NAME HAS_ERROR HAS_ESCAPES};
            /// LOAD_SUPER_ATTR of an attribute, with the real `super`.
            LOAD_SUPER_ATTR_ATTR = 194 => LOAD_SUPER_ATTR, (global_super, cls, self -- attr), [counter: 1], {HAS_ARG HAS_NAME HAS_DEOPT HAS_ERROR HAS_ESCAPES};
            /// LOAD_SUPER_ATTR of a method, with the real `super`.
            LOAD_SUPER_ATTR_METHOD = 195 => LOAD_SUPER_ATTR, (global_super, cls, self -- attr, self_or_null), [counter: 1], {HAS_ARG HAS_NAME HAS_DEOPT HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// Replaces an object by a special method, looked up on its type, and its self; `oparg` indexes `SPECIAL_METHODS`.
            LOAD_SPECIAL = 95 => LOAD_SPECIAL, (self -- method, self_or_null), [], {HAS_ARG HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// `owner.name = value`, the name is `co_names[oparg]`.
            STORE_ATTR = 110 => STORE_ATTR, (value, owner --), [counter: 1, version: 2, index: 1], {HAS_ARG HAS_NAME HAS_ERROR HAS_ESCAPES};
            /// STORE_ATTR into the instance's inline values, at the cached offset.
            STORE_ATTR_INSTANCE_VALUE = 198 => STORE_ATTR, (value, owner --), [counter: 1, type_version: 2, offset: 1], {HAS_EXIT HAS_ESCAPES};
            /// STORE_ATTR to an attribute declared in `__slots__`, at the cached offset.
            STORE_ATTR_SLOT = 199 => STORE_ATTR, (value, owner --), [counter: 1, type_version: 2, index: 1], {HAS_DEOPT HAS_EXIT HAS_ESCAPES};
            /// STORE_ATTR into the instance's `__dict__`, at the cached index of its key table.
            STORE_ATTR_WITH_HINT = 200 => STORE_ATTR, (value, owner --), [counter: 1, type_version: 2, hint: 1], {HAS_ARG HAS_NAME HAS_DEOPT HAS_EXIT HAS_ESCAPES};
            /// `del owner.name`, the name is `co_names[oparg]`.
            DELETE_ATTR = 61 => DELETE_ATTR, (owner --), [], {HAS_ARG HAS_NAME HAS_ERROR HAS_ESCAPES};
        } }
    };
}
