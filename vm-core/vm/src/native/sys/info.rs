//! The struct sequences of `sys`: version, flags, and facts about floats, ints and hashes.

use crate::error::PyResult;
use crate::native::structseq::{self, struct_sequence};
use crate::shape;
use crate::types::namespace;
use crate::types::type_::New;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// The version of the language and library: major, minor, micro.
pub const VERSION: (i64, i64, i64) = (3, 14, 8);

/// `sys.hexversion`: the version, then `final`, serial 0.
pub const HEX_VERSION: i64 = VERSION.0 << 24 | VERSION.1 << 16 | VERSION.2 << 8 | 0xf0;

struct_sequence! {
    /// Type of `sys.version_info`.
    VERSION_INFO, "sys.version_info", "sys.version_info\n\nVersion information as a named tuple.", 5 of 5, New::Disallowed, [
        0 major "Major release number";
        1 minor "Minor release number";
        2 micro "Patch release number";
        3 releaselevel "'alpha', 'beta', 'candidate', or 'final'";
        4 serial "Serial release number";
    ]
}

struct_sequence! {
    /// Type of `sys.flags`.
    FLAGS, "sys.flags", "sys.flags\n\nFlags provided through command line arguments or environment vars.", 18 of 21, New::Disallowed, [
        0 debug "-d";
        1 inspect "-i";
        2 interactive "-i";
        3 optimize "-O or -OO";
        4 dont_write_bytecode "-B";
        5 no_user_site "-s";
        6 no_site "-S";
        7 ignore_environment "-E";
        8 verbose "-v";
        9 bytes_warning "-b";
        10 quiet "-q";
        11 hash_randomization "-R";
        12 isolated "-I";
        13 dev_mode "-X dev";
        14 utf8_mode "-X utf8";
        15 warn_default_encoding "-X warn_default_encoding";
        16 safe_path "-P";
        17 int_max_str_digits "-X int_max_str_digits";
        18 gil "-X gil";
        19 thread_inherit_context "-X thread_inherit_context";
        20 context_aware_warnings "-X context_aware_warnings";
    ]
}

struct_sequence! {
    /// Type of `sys.float_info`.
    FLOAT_INFO, "sys.float_info", "sys.float_info\n\nHow floats are represented: limits and precision of an IEEE 754 double.", 11 of 11, FROM_SEQUENCE, [
        0 max "DBL_MAX -- maximum representable finite float";
        1 max_exp "DBL_MAX_EXP -- maximum int e such that radix**(e-1) is representable";
        2 max_10_exp "DBL_MAX_10_EXP -- maximum int e such that 10**e is representable";
        3 min "DBL_MIN -- Minimum positive normalized float";
        4 min_exp "DBL_MIN_EXP -- minimum int e such that radix**(e-1) is a normalized float";
        5 min_10_exp "DBL_MIN_10_EXP -- minimum int e such that 10**e is a normalized float";
        6 dig "DBL_DIG -- maximum number of decimal digits that can be faithfully represented in a float";
        7 mant_dig "DBL_MANT_DIG -- mantissa digits";
        8 epsilon "DBL_EPSILON -- Difference between 1 and the next representable float";
        9 radix "FLT_RADIX -- radix of exponent";
        10 rounds "FLT_ROUNDS -- rounding mode used for arithmetic operations";
    ]
}

struct_sequence! {
    /// Type of `sys.int_info`.
    INT_INFO, "sys.int_info", "sys.int_info\n\nHow ints are represented, and how long their text may be.", 4 of 4, FROM_SEQUENCE, [
        0 bits_per_digit "size of a digit in bits";
        1 sizeof_digit "size in bytes of the C type used to represent a digit";
        2 default_max_str_digits "maximum string conversion digits limitation";
        3 str_digits_check_threshold "minimum positive value for int_max_str_digits";
    ]
}

struct_sequence! {
    /// Type of `sys.hash_info`.
    HASH_INFO, "sys.hash_info", "hash_info\n\nHow hashes are computed.", 9 of 9, FROM_SEQUENCE, [
        0 width "width of the type used for hashing, in bits";
        1 modulus "prime number giving the modulus on which the hash function is based";
        2 inf "value to be used for hash of a positive infinity";
        3 nan "value to be used for hash of a nan";
        4 imag "multiplier used for the imaginary part of a complex number";
        5 algorithm "name of the algorithm for hashing of str, bytes and memoryviews";
        6 hash_bits "internal output size of hash algorithm";
        7 seed_bits "seed size of hash algorithm";
        8 cutoff "small string optimization cutoff";
    ]
}

struct_sequence! {
    /// Type of `sys.thread_info`.
    THREAD_INFO, "sys.thread_info", "sys.thread_info\n\nHow threads are implemented.", 3 of 3, FROM_SEQUENCE, [
        0 name "name of the thread implementation";
        1 lock "name of the lock implementation";
        2 version "name and version of the thread library";
    ]
}

struct_sequence! {
    /// Type of what `sys.get_asyncgen_hooks()` returns.
    ASYNCGEN_HOOKS, "sys.asyncgen_hooks", "The hooks of asynchronous generators.", 2 of 2, FROM_SEQUENCE, [
        0 firstiter "A callable for the first iteration of an asynchronous generator.";
        1 finalizer "A callable for an asynchronous generator that is about to be finalized.";
    ]
}

struct_sequence! {
    /// Type of what `sys.unraisablehook` is called with.
    UNRAISABLE_HOOK_ARGS, "UnraisableHookArgs", "UnraisableHookArgs\n\nType used to pass arguments to sys.unraisablehook.", 5 of 5, FROM_SEQUENCE, [
        0 exc_type "Exception type";
        1 exc_value "Exception value";
        2 exc_traceback "Exception traceback";
        3 err_msg "Error message";
        4 object "Object causing the exception";
    ]
}

use structseq::FROM_SEQUENCE;

fn int(i: i64) -> Ref {
    crate::types::int::from_i64(i)
}

/// `sys.version_info`.
pub fn version_info(vm: &Vm) -> Ref {
    let (major, minor, micro) = VERSION;
    let items = vec![int(major), int(minor), int(micro), vm.new_str("final"), int(0)];
    structseq::make(shape::VERSION_INFO, 5, items)
}

/// `sys.flags` from the settings of the run.
pub fn flags(vm: &Vm) -> Ref {
    let c = &vm.runtime.config;
    let f = &c.flags;
    let n = |b: bool| int(b as i64);
    let items = vec![
        int(0),
        n(f.inspect),
        n(f.inspect),
        int(c.optimize as i64),
        n(f.dont_write_bytecode),
        n(f.no_user_site),
        n(f.no_site),
        n(f.ignore_environment),
        int(f.verbose as i64),
        int(f.bytes_warning as i64),
        n(f.quiet),
        // Hashes are the same in every run, so that runs repeat exactly.
        int(0),
        n(f.isolated),
        vm.bool_ref(f.dev_mode),
        int(1),
        n(f.warn_default_encoding),
        vm.bool_ref(f.safe_path),
        int(vm.runtime.int_max_str_digits.get() as i64),
        int(1),
        int(0),
        int(0),
    ];
    structseq::make(shape::FLAGS, 18, items)
}

/// `sys.float_info`.
pub fn float_info(vm: &Vm) -> Ref {
    let items = vec![
        vm.new_float(f64::MAX),
        int(f64::MAX_EXP as i64),
        int(f64::MAX_10_EXP as i64),
        vm.new_float(f64::MIN_POSITIVE),
        int(f64::MIN_EXP as i64),
        int(f64::MIN_10_EXP as i64),
        int(f64::DIGITS as i64),
        int(f64::MANTISSA_DIGITS as i64),
        vm.new_float(f64::EPSILON),
        int(f64::RADIX as i64),
        int(1),
    ];
    structseq::make(shape::FLOAT_INFO, 11, items)
}

/// `sys.int_info`: ints are numbers of 63 bits or big ones of 64-bit digits; the values that
/// programs compute with are those of CPython.
pub fn int_info(_: &Vm) -> Ref {
    let default = crate::types::int::MAX_STR_DIGITS as i64;
    structseq::make(shape::INT_INFO, 4, vec![int(30), int(4), int(default), int(640)])
}

/// `sys.hash_info`.
pub fn hash_info(vm: &Vm) -> Ref {
    let items = vec![
        int(64),
        int((1 << 61) - 1),
        int(314_159),
        int(0),
        int(1_000_003),
        vm.new_str("fx64"),
        int(64),
        int(0),
        int(0),
    ];
    structseq::make(shape::HASH_INFO, 9, items)
}

/// `sys.thread_info`.
pub fn thread_info(vm: &Vm) -> Ref {
    structseq::make(shape::THREAD_INFO, 3, vec![vm.new_str("green"), vm.none_ref(), vm.none_ref()])
}

/// `sys.implementation`.
pub fn implementation(vm: &Vm) -> PyResult {
    let ns = namespace::new(vm);
    let d = namespace::dict(vm, ns.value());
    d.set_text(vm, "name", vm.new_str("tailscope").value());
    d.set_text(vm, "cache_tag", vm.new_str(crate::pycache::TAG).value());
    d.set_text(vm, "version", version_info(vm).value());
    d.set_text(vm, "hexversion", Value::small_int(HEX_VERSION));
    d.set_text(vm, "_multiarch", vm.new_str(multiarch()).value());
    d.set_text(vm, "supports_isolated_interpreters", vm.false_());
    Ok(ns)
}

const fn multiarch() -> &'static str {
    if cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        "x86_64-linux-gnu"
    } else if cfg!(all(target_arch = "aarch64", target_os = "linux")) {
        "aarch64-linux-gnu"
    } else {
        "darwin"
    }
}
