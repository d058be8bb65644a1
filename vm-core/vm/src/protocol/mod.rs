//! The operations of Python's data model on any value: attributes, calls, numbers, items,
//! iteration, comparison, truth.
pub mod attr;
pub mod buffer;
pub mod call;
pub mod compare;
pub mod item;
pub mod iter;
pub mod number;
pub mod object;
pub mod truth;
