//! Text of numbers and the formatting languages: `format()` specifications, `str.format` and `%`.

pub mod number_text;
mod percent;
mod percent_args;
mod render;
mod spec;
pub mod template;

pub use number_text::{float_hex, float_repr, parse_float_hex, round_decimal};
pub use percent::{percent_bytes, percent_str};
pub use render::{format_complex, format_float, format_int, format_str};
pub use template::{format_map_method, format_method};
