//! Which encoding text files and the standard streams have: the locale's, `PYTHONUTF8`'s,
//! `PYTHONIOENCODING`'s.

use std::ffi::CStr;
use std::sync::OnceLock;

/// What the environment says about text.
pub struct Locale {
    /// Name of the locale's encoding.
    pub encoding: String,
    /// UTF-8 is used whatever the locale says (PEP 540).
    pub utf8_mode: bool,
    /// The locale of characters is `C` or `POSIX`, or nothing but another name for them.
    pub is_plain: bool,
}

/// The locale of the process, looked up once.
pub fn get() -> &'static Locale {
    static LOCALE: OnceLock<Locale> = OnceLock::new();
    LOCALE.get_or_init(|| {
        let named = named_locale();
        let plain = named.is_none();
        // A locale that says nothing is replaced by one with UTF-8, unless its user insists.
        let coerced = plain && variable("LC_ALL").is_none() && variable("PYTHONCOERCECLOCALE").as_deref() != Some("0");
        let utf8_mode = match variable("PYTHONUTF8").as_deref() {
            Some("1") => true,
            Some("0") => false,
            _ => plain,
        };
        let encoding = match named {
            Some(name) => name,
            None if coerced => "UTF-8".to_owned(),
            None => "ANSI_X3.4-1968".to_owned(),
        };
        let is_plain = plain || locale_name().is_some_and(|n| n.starts_with("C.") || n.starts_with("POSIX"));
        Locale { encoding, utf8_mode, is_plain }
    })
}

/// A variable of the environment, unless it is empty or the environment is to be ignored.
pub fn variable(name: &str) -> Option<String> {
    crate::host::variable(name)
}

/// The locale of characters that the environment names.
fn locale_name() -> Option<String> {
    ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable)
}

/// The encoding of the locale that the environment names, if it exists and is not the plain one.
fn named_locale() -> Option<String> {
    let name = locale_name()?;
    if name == "C" || name == "POSIX" {
        return None;
    }
    // SAFETY: the empty name stands for the environment's locale; the handle is freed below and
    // the string copied before.
    unsafe {
        let handle = libc::newlocale(libc::LC_CTYPE_MASK, c"".as_ptr(), std::ptr::null_mut());
        if handle.is_null() {
            return None;
        }
        let name = CStr::from_ptr(libc::nl_langinfo_l(libc::CODESET, handle)).to_string_lossy().into_owned();
        libc::freelocale(handle);
        Some(name)
    }
}
