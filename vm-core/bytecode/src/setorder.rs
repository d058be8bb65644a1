//! The order in which CPython iterates over a frozenset of constants.
//!
//! It follows from the hashes of the items and from CPython's hash table. Hashes of str and
//! bytes depend on a random key in each process; here the key is the one of
//! `PYTHONHASHSEED=0`, so that the order is one that CPython really shows, and always the same.
//!
//! Sources: CPython 3.14 `Objects/setobject.c` (table), `Python/pyhash.c`,
//! `Objects/{long,float,complex,tuple,set,slice}object.c` (hashes).

use std::hash::Hasher;

use num_bigint::{BigInt, Sign};
use num_traits::ToPrimitive;
use siphasher::sip::SipHasher13;

use crate::code::{Const, Wtf8};
use crate::repr::code_points;

/// Smallest table, and how many neighbouring slots are tried before jumping.
const MIN_SIZE: usize = 8;
const LINEAR_PROBES: usize = 9;
const PERTURB_SHIFT: u32 = 5;

/// The items in the order in which CPython iterates over the set that it makes by adding
/// them one by one.
pub fn iteration_order(items: &[Const]) -> Vec<&Const> {
    let mut table: Vec<Option<(u64, &Const)>> = vec![None; MIN_SIZE];
    let mut used = 0;
    for item in items {
        let hash = hash(item) as u64;
        if !insert(&mut table, hash, item) {
            continue;
        }
        used += 1;
        let mask = table.len() - 1;
        if used * 5 >= mask * 3 {
            let wanted = if used > 50_000 { used * 2 } else { used * 4 };
            table = resize(table, wanted);
        }
    }
    table.into_iter().flatten().map(|(_, item)| item).collect()
}

/// Puts an item into its slot; false if an equal one is there.
fn insert<'a>(table: &mut [Option<(u64, &'a Const)>], hash: u64, item: &'a Const) -> bool {
    let mask = table.len() - 1;
    let mut perturb = hash;
    let mut i = hash as usize & mask;
    loop {
        // Near the end of the table there is no run of neighbours to try.
        let probes = if i + LINEAR_PROBES <= mask {
            LINEAR_PROBES
        } else {
            0
        };
        for slot in &mut table[i..=i + probes] {
            match *slot {
                None => {
                    *slot = Some((hash, item));
                    return true;
                }
                Some((other_hash, other)) if other_hash == hash && other == item => return false,
                Some(_) => {}
            }
        }
        perturb >>= PERTURB_SHIFT;
        i = (i
            .wrapping_mul(5)
            .wrapping_add(1)
            .wrapping_add(perturb as usize))
            & mask;
    }
}

type Slot<'a> = Option<(u64, &'a Const)>;

fn resize(table: Vec<Slot<'_>>, wanted: usize) -> Vec<Slot<'_>> {
    let mut size = MIN_SIZE;
    while size <= wanted {
        size *= 2;
    }
    let mut new = vec![None; size];
    for (hash, item) in table.into_iter().flatten() {
        insert(&mut new, hash, item);
    }
    new
}

/// `hash()` of a constant with `PYTHONHASHSEED=0`. Ellipsis and code objects, whose hashes are
/// addresses in CPython, hash to 0.
pub fn hash(constant: &Const) -> i64 {
    match constant {
        Const::None => 0xFCA8_6420,
        Const::True => 1,
        Const::False | Const::Ellipsis | Const::Code(_) => 0,
        Const::Int(value) => hash_int(value),
        Const::Float(value) => hash_float(*value),
        Const::Complex(real, imaginary) => {
            let imaginary = (hash_float(*imaginary) as u64).wrapping_mul(1_000_003);
            not_minus_one((hash_float(*real) as u64).wrapping_add(imaginary))
        }
        Const::Str(text) => hash_str(text),
        Const::Bytes(data) => hash_buffer(data),
        Const::Tuple(items) => hash_items(items, true),
        Const::Slice(parts) => hash_items(parts.as_slice(), false),
        Const::FrozenSet(items) => hash_set(items),
    }
}

/// -1 is the sign of an error in CPython, so that no hash is -1.
fn not_minus_one(hash: u64) -> i64 {
    match hash as i64 {
        -1 => -2,
        hash => hash,
    }
}

/// Numbers hash to their residue modulo this prime, 2**61 - 1.
const MODULUS: u64 = (1 << 61) - 1;

fn hash_int(value: &BigInt) -> i64 {
    let residue = (value.magnitude() % MODULUS).to_i64().unwrap_or(0);
    let signed = if value.sign() == Sign::Minus {
        -residue
    } else {
        residue
    };
    not_minus_one(signed as u64)
}

/// The float as a fraction, numerator and denominator reduced modulo the prime.
fn hash_float(value: f64) -> i64 {
    if value.is_infinite() {
        return if value > 0.0 { 314_159 } else { -314_159 };
    }
    if value.is_nan() {
        // By identity in CPython.
        return 0;
    }
    let bits = value.abs().to_bits();
    let (mantissa, exponent) = match (bits >> 52) as i64 {
        0 => (bits, -1074),
        biased => (bits & ((1 << 52) - 1) | 1 << 52, biased - 1075),
    };
    // Multiplying by a power of two rotates the 61 bits.
    let rotation = exponent.rem_euclid(61) as u32;
    let residue = mantissa % MODULUS;
    let rotated = (residue << rotation & MODULUS) | residue >> (61 - rotation);
    let residue = (rotated % MODULUS) as i64;
    not_minus_one(if value < 0.0 { -residue } else { residue } as u64)
}

/// Of the characters as CPython stores them: one, two or four bytes each, by the largest.
fn hash_str(text: &Wtf8) -> i64 {
    if text.0.is_ascii() {
        return hash_buffer(&text.0);
    }
    let points: Vec<u32> = code_points(&text.0).collect();
    let largest = points.iter().max().copied().unwrap_or(0);
    let width = match largest {
        0..=0xFF => 1,
        0x100..=0xFFFF => 2,
        _ => 4,
    };
    let stored: Vec<u8> = points
        .iter()
        .flat_map(|point| point.to_le_bytes().into_iter().take(width))
        .collect();
    hash_buffer(&stored)
}

fn hash_buffer(bytes: &[u8]) -> i64 {
    if bytes.is_empty() {
        return 0;
    }
    let mut hasher = SipHasher13::new_with_keys(0, 0);
    hasher.write(bytes);
    not_minus_one(hasher.finish())
}

/// xxHash's rounds over the hashes of the items; tuples also take in their length.
fn hash_items(items: &[Const], with_length: bool) -> i64 {
    const PRIME_1: u64 = 11_400_714_785_074_694_791;
    const PRIME_2: u64 = 14_029_467_366_897_019_727;
    const PRIME_5: u64 = 2_870_177_450_012_600_261;
    let mut acc = PRIME_5;
    for item in items {
        acc = acc.wrapping_add((hash(item) as u64).wrapping_mul(PRIME_2));
        acc = acc.rotate_left(31).wrapping_mul(PRIME_1);
    }
    if with_length {
        acc = acc.wrapping_add(items.len() as u64 ^ (PRIME_5 ^ 3_527_539));
    }
    if acc == u64::MAX {
        return 1_546_275_796;
    }
    acc as i64
}

fn hash_set(items: &[Const]) -> i64 {
    let shuffle = |h: u64| (h ^ 89_869_747 ^ (h << 16)).wrapping_mul(3_644_798_167);
    let mut acc = items
        .iter()
        .fold(0, |acc, item| acc ^ shuffle(hash(item) as u64));
    acc ^= (items.len() as u64 + 1).wrapping_mul(1_927_868_237);
    acc ^= (acc >> 11) ^ (acc >> 25);
    acc = acc.wrapping_mul(69_069).wrapping_add(907_133_923);
    if acc == u64::MAX {
        590_923_713
    } else {
        acc as i64
    }
}
