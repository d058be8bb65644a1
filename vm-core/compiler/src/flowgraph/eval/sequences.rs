//! Operators on str, bytes and tuple.

use std::sync::Arc;

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};
use tailscope_bytecode::code::{Const, Wtf8};

/// Repeated tuples of more items are left to run time.
const MAX_COLLECTION_SIZE: i64 = 256;
/// Repeated strings of more characters or bytes are left to run time.
const MAX_STR_SIZE: i64 = 4096;
/// Repeated tuples with more items, those of nested tuples included, are left to run time.
const MAX_TOTAL_ITEMS: i64 = 1024;

/// `left + right`.
pub(super) fn concat(left: &Const, right: &Const) -> Option<Const> {
    Some(match (left, right) {
        (Const::Str(a), Const::Str(b)) => Const::Str(Wtf8([&*a.0, &*b.0].concat().into())),
        (Const::Bytes(a), Const::Bytes(b)) => Const::Bytes([&**a, &**b].concat().into()),
        (Const::Tuple(a), Const::Tuple(b)) => Const::Tuple([&**a, &**b].concat().into()),
        _ => return None,
    })
}

/// `left * right`, one of them a sequence.
pub(super) fn repeat(left: &Const, right: &Const) -> Option<Const> {
    match (index(left), index(right)) {
        (Some(count), None) => repeat_sequence(right, &count),
        (None, Some(count)) => repeat_sequence(left, &count),
        _ => None,
    }
}

fn repeat_sequence(sequence: &Const, count: &BigInt) -> Option<Const> {
    // Also of an empty sequence the count must be a machine word.
    let count = count.to_i64()?;
    let (len, limit) = match sequence {
        Const::Str(text) => (chars(text).count(), MAX_STR_SIZE),
        Const::Bytes(bytes) => (bytes.len(), MAX_STR_SIZE),
        Const::Tuple(items) => (items.len(), MAX_COLLECTION_SIZE),
        _ => return None,
    };
    if len == 0 {
        return Some(sequence.clone());
    }
    if count < 0 || count > limit / len as i64 {
        return None;
    }
    if count > 0 && items_left(sequence, MAX_TOTAL_ITEMS / count) < 0 {
        return None;
    }
    let count = count as usize;
    Some(match sequence {
        Const::Str(text) => Const::Str(Wtf8(text.0.repeat(count).into())),
        Const::Bytes(bytes) => Const::Bytes(bytes.repeat(count).into()),
        Const::Tuple(items) => Const::Tuple(
            std::iter::repeat_n(&**items, count)
                .flatten()
                .cloned()
                .collect(),
        ),
        _ => return None,
    })
}

/// `limit` less the items of a tuple and of tuples in it; negative once they are too many.
fn items_left(value: &Const, limit: i64) -> i64 {
    let Const::Tuple(items) = value else {
        return limit;
    };
    let mut left = limit - items.len() as i64;
    for item in items.iter() {
        if left < 0 {
            break;
        }
        left = items_left(item, left);
    }
    left
}

/// `sequence[key]`.
pub(super) fn subscript(sequence: &Const, key: &Const) -> Option<Const> {
    if let Const::Slice(parts) = key {
        return slice(sequence, parts);
    }
    let at = |len: usize| {
        let position = index(key)?.to_i64()?;
        let position = if position < 0 {
            position + len as i64
        } else {
            position
        };
        usize::try_from(position)
            .ok()
            .filter(|&position| position < len)
    };
    match sequence {
        Const::Str(text) => {
            let char = chars(text).nth(at(chars(text).count())?)?;
            Some(Const::Str(Wtf8(char.into())))
        }
        Const::Bytes(bytes) => Some(Const::Int(BigInt::from(bytes[at(bytes.len())?]))),
        Const::Tuple(items) => Some(items[at(items.len())?].clone()),
        _ => None,
    }
}

fn slice(sequence: &Const, parts: &[Const; 3]) -> Option<Const> {
    Some(match sequence {
        Const::Str(text) => {
            let chars: Vec<&[u8]> = chars(text).collect();
            let bytes: Vec<u8> = positions(parts, chars.len())?
                .flat_map(|i| chars[i])
                .copied()
                .collect();
            Const::Str(Wtf8(bytes.into()))
        }
        Const::Bytes(bytes) => {
            Const::Bytes(positions(parts, bytes.len())?.map(|i| bytes[i]).collect())
        }
        Const::Tuple(items) => {
            let items: Arc<[Const]> = positions(parts, items.len())?
                .map(|i| items[i].clone())
                .collect();
            Const::Tuple(items)
        }
        _ => return None,
    })
}

/// The positions that a slice takes of a sequence of `len` items; `None` if it raises.
fn positions(parts: &[Const; 3], len: usize) -> Option<impl Iterator<Item = usize> + use<>> {
    let len = len as i64;
    let step = match &parts[2] {
        Const::None => 1,
        step => clamp(&index(step)?),
    };
    if step == 0 {
        return None;
    }
    // The first and the last position that there can be, one beyond where the step points.
    let (low, high) = if step < 0 { (-1, len - 1) } else { (0, len) };
    let bound = |part: &Const, missing: i64| match part {
        Const::None => Some(missing),
        part => {
            let position = clamp(&index(part)?);
            let position = if position < 0 {
                position + len
            } else {
                position
            };
            Some(position.clamp(low, high))
        }
    };
    let start = bound(&parts[0], if step < 0 { high } else { low })?;
    let stop = bound(&parts[1], if step < 0 { low } else { high })?;
    let mut at = Some(start);
    Some(std::iter::from_fn(move || {
        let here = at.filter(|&at| if step < 0 { at > stop } else { at < stop })?;
        at = here.checked_add(step);
        usize::try_from(here).ok()
    }))
}

/// The int as a machine word, the nearest one if it does not fit.
fn clamp(value: &BigInt) -> i64 {
    // The least one is left out: adding a length to it must not overflow, nor negating it.
    value
        .to_i64()
        .unwrap_or(if value.is_negative() {
            i64::MIN
        } else {
            i64::MAX
        })
        .max(-i64::MAX)
}

/// The value as an index (`operator.index`).
fn index(value: &Const) -> Option<BigInt> {
    match value {
        Const::False => Some(BigInt::zero()),
        Const::True => Some(BigInt::from(1)),
        Const::Int(int) => Some(int.clone()),
        _ => None,
    }
}

/// The characters of a string, each as its bytes.
fn chars(text: &Wtf8) -> impl Iterator<Item = &[u8]> {
    let is_continuation = |byte: &u8| byte & 0xC0 == 0x80;
    let mut rest: &[u8] = &text.0;
    std::iter::from_fn(move || {
        let (_, tail) = rest.split_first()?;
        let len = 1 + tail.iter().take_while(|byte| is_continuation(byte)).count();
        let (char, after) = rest.split_at(len);
        rest = after;
        Some(char)
    })
}
