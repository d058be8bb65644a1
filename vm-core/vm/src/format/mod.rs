//! Text of numbers and the formatting languages: `format()` specifications and `%`.

mod number_text;
mod percent;
mod spec;

pub use number_text::{float_hex, float_repr, parse_float_hex, round_decimal};
pub use percent::percent_str;
pub use spec::{format_float, format_int, format_str};
