//! Functions of the platform's mathematical library that `std` lacks, or has its own versions
//! of: results must be those of CPython, which calls this library.

use std::sync::OnceLock;

macro_rules! functions {
    ($($name:ident($($arg:ident: $ty:ty),*);)*) => {
        mod c {
            unsafe extern "C" {
                $(pub safe fn $name($($arg: $ty),*) -> f64;)*
            }
        }
        $(
            #[doc = concat!("C's `", stringify!($name), "`.")]
            #[inline]
            pub fn $name($($arg: $ty),*) -> f64 {
                c::$name($($arg),*)
            }
        )*
    };
}

functions! {
    acos(x: f64);
    acosh(x: f64);
    asin(x: f64);
    asinh(x: f64);
    atan(x: f64);
    atan2(y: f64, x: f64);
    atanh(x: f64);
    cos(x: f64);
    cosh(x: f64);
    erf(x: f64);
    erfc(x: f64);
    exp(x: f64);
    exp2(x: f64);
    expm1(x: f64);
    fma(x: f64, y: f64, z: f64);
    hypot(x: f64, y: f64);
    ldexp(x: f64, e: i32);
    log(x: f64);
    log10(x: f64);
    log1p(x: f64);
    log2(x: f64);
    nextafter(x: f64, y: f64);
    pow(x: f64, y: f64);
    sin(x: f64);
    sinh(x: f64);
    tan(x: f64);
    tanh(x: f64);
}

/// C's `cbrt`. Rust's runtime has a function of this name, more accurate than some platforms',
/// which the linker prefers; the platform's is found at run time.
pub fn cbrt(x: f64) -> f64 {
    type Function = extern "C" fn(f64) -> f64;
    static PLATFORM: OnceLock<Option<Function>> = OnceLock::new();
    let found = PLATFORM.get_or_init(|| {
        // SAFETY: the name ends with a null byte; what it names has C's signature of cbrt.
        unsafe {
            let p = libc::dlsym(libc::RTLD_DEFAULT, c"cbrt".as_ptr());
            if p.is_null() { None } else { Some(std::mem::transmute::<*mut libc::c_void, Function>(p)) }
        }
    });
    match found {
        Some(f) => f(x),
        None => x.cbrt(),
    }
}
