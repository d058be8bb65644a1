//! The module `_random`: the Mersenne Twister MT19937, with CPython's sequences.

use std::cell::RefCell;

use num_bigint::{BigInt, BigUint};
use num_traits::ToPrimitive;

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::native::{self, ModuleDef};
use crate::object::{self, Header};
use crate::protocol::{number, object as obj};
use crate::shape;
use crate::types::int::{self, Int};
use crate::types::iterators::payload;
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::Value;
use crate::vm::Vm;

const N: usize = 624;
const M: usize = 397;

/// State of the generator.
struct Twister {
    words: [u32; N],
    /// Next word to give out; `N` when all are used up.
    index: usize,
}

impl Twister {
    fn new() -> Twister {
        Twister { words: [0; N], index: N }
    }

    fn seed_word(&mut self, seed: u32) {
        self.words[0] = seed;
        for i in 1..N {
            let last = self.words[i - 1];
            self.words[i] = (last ^ last >> 30).wrapping_mul(1_812_433_253).wrapping_add(i as u32);
        }
        self.index = N;
    }

    /// Seeds with any number of words (at least one).
    fn seed(&mut self, key: &[u32]) {
        self.seed_word(19_650_218);
        let mut i = 1;
        let mix = |w: &[u32; N], i: usize, by: u32| w[i] ^ (w[i - 1] ^ w[i - 1] >> 30).wrapping_mul(by);
        let step = |w: &mut [u32; N], i: &mut usize| {
            *i += 1;
            if *i >= N {
                w[0] = w[N - 1];
                *i = 1;
            }
        };
        for k in 0..key.len().max(N) {
            let j = k % key.len();
            self.words[i] = mix(&self.words, i, 1_664_525).wrapping_add(key[j]).wrapping_add(j as u32);
            step(&mut self.words, &mut i);
        }
        for _ in 1..N {
            self.words[i] = mix(&self.words, i, 1_566_083_941).wrapping_sub(i as u32);
            step(&mut self.words, &mut i);
        }
        self.words[0] = 0x8000_0000;
    }

    fn refill(&mut self) {
        let w = &mut self.words;
        for i in 0..N {
            let y = w[i] & 0x8000_0000 | w[(i + 1) % N] & 0x7fff_ffff;
            let odd = if y & 1 == 0 { 0 } else { 0x9908_b0df };
            w[i] = w[(i + M) % N] ^ y >> 1 ^ odd;
        }
        self.index = 0;
    }

    /// The next 32 random bits.
    fn next(&mut self) -> u32 {
        if self.index >= N {
            self.refill();
        }
        let mut y = self.words[self.index];
        self.index += 1;
        y ^= y >> 11;
        y ^= y << 7 & 0x9d2c_5680;
        y ^= y << 15 & 0xefc6_0000;
        y ^ y >> 18
    }

    /// The next float in [0, 1), of 53 random bits.
    fn next_float(&mut self) -> f64 {
        let (high, low) = (self.next() >> 5, self.next() >> 6);
        (f64::from(high) * 67_108_864.0 + f64::from(low)) * (1.0 / 9_007_199_254_740_992.0)
    }
}

/// A generator object.
#[repr(C)]
pub struct PyRandom {
    header: Header,
    state: RefCell<Box<Twister>>,
}
payload!(PyRandom, RANDOM);

fn new(_: &Vm, ty: TypeRef, _: CallArgs) -> PyResult {
    let state = RefCell::new(Box::new(Twister::new()));
    Ok(object::new_instance(ty, PyRandom { header: object::header(), state }))
}

fn init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    let own_init = vm.type_of(v).is(vm.builtin(shape::RANDOM));
    if own_init {
        crate::types::construct::no_keywords(vm, "Random", args)?;
    }
    let args = crate::types::construct::positional(vm, "Random", args, 0, 1)?;
    seed_with(vm, v, args.first().copied())
}

fn seed_with(vm: &Vm, v: Value, seed: Option<Value>) -> PyResult<()> {
    let key = match seed.filter(|s| !s.is(vm.none())) {
        None => entropy(vm)?,
        Some(s) => match int::value_of(s) {
            Some(i) => words_of(&i.to_big()),
            None => words_of(&BigInt::from(obj::hash(vm, s)? as u64)),
        },
    };
    PyRandom::of(v).state.borrow_mut().seed(&key);
    Ok(())
}

/// The words of a number's absolute value, lowest first; at least one.
fn words_of(i: &BigInt) -> Vec<u32> {
    match i.magnitude().to_u32_digits() {
        words if words.is_empty() => vec![0],
        words => words,
    }
}

/// As many words as the generator has, from the system.
fn entropy(vm: &Vm) -> PyResult<Vec<u32>> {
    let mut bytes = [0; 4 * N];
    if let Err(e) = crate::host::random(&mut bytes) {
        return Err(vm.error(shape::OS_ERROR, format!("no random bytes from the system: {e}")));
    }
    Ok(bytes.chunks_exact(4).map(|b| u32::from_ne_bytes([b[0], b[1], b[2], b[3]])).collect())
}

fn random(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.new_float(PyRandom::of(a[0]).state.borrow_mut().next_float()))
}

fn seed(vm: &Vm, a: &[Value]) -> PyResult {
    seed_with(vm, a[0], a[1].non_null())?;
    Ok(vm.none_ref())
}

fn getstate(vm: &Vm, a: &[Value]) -> PyResult {
    let s = PyRandom::of(a[0]).state.borrow();
    let words = s.words.iter().map(|w| vm.new_int(i64::from(*w)));
    Ok(PyTuple::from_iter(vm, words.chain([vm.new_int(s.index as i64)])))
}

fn setstate(vm: &Vm, a: &[Value]) -> PyResult {
    let Some(t) = a[1].cast::<PyTuple>() else {
        return Err(vm.type_error("state vector must be a tuple"));
    };
    let [words @ .., index] = t.as_slice() else {
        return Err(vm.value_error("state vector is the wrong size"));
    };
    if words.len() != N {
        return Err(vm.value_error("state vector is the wrong size"));
    }
    let mut state = Box::new(Twister::new());
    for (to, from) in state.words.iter_mut().zip(words) {
        let Some(i) = int::value_of(*from) else { return Err(vm.type_error("an integer is required")) };
        if i.is_negative() {
            return Err(vm.overflow_error("can't convert negative value to unsigned int"));
        }
        match i.to_big().to_u64() {
            // Only the low half counts, as in CPython.
            Some(w) => *to = w as u32,
            None => return Err(vm.overflow_error("Python int too large to convert to C unsigned long")),
        }
    }
    let index = number::index(vm, *index)?;
    let Some(i) = int::to_i64(index.value()) else {
        return Err(vm.overflow_error("Python int too large to convert to C long"));
    };
    state.index = match usize::try_from(i) {
        Ok(i) if i <= N => i,
        _ => return Err(vm.value_error("invalid state")),
    };
    *PyRandom::of(a[0]).state.borrow_mut() = state;
    Ok(vm.none_ref())
}

fn getrandbits(vm: &Vm, a: &[Value]) -> PyResult {
    let k = number::index(vm, a[1])?;
    let k = int::value_of(k.value()).unwrap_or(Int::Small(0));
    if k.is_negative() {
        return Err(vm.value_error("Cannot convert negative int"));
    }
    let Some(k) = k.to_big().to_u64() else {
        return Err(vm.overflow_error("Python int too large for C uint64_t"));
    };
    let mut state = PyRandom::of(a[0]).state.borrow_mut();
    if k == 0 {
        return Ok(vm.new_int(0));
    }
    if k <= 32 {
        return Ok(vm.new_int(i64::from(state.next() >> (32 - k))));
    }
    let mut words = Vec::new();
    if usize::try_from(k.div_ceil(32)).is_ok_and(|n| words.try_reserve_exact(n).is_ok()) {
        let mut left = k;
        while left > 0 {
            let word = state.next();
            words.push(if left < 32 { word >> (32 - left) } else { word });
            left = left.saturating_sub(32);
        }
        return Ok(int::from_big(BigUint::new(words).into()));
    }
    Err(vm.error_args(shape::MEMORY_ERROR, &[]))
}

pub static RANDOM: TypeDef = TypeDef {
    doc: "Random() -> a generator of random numbers with its own state.",
    flags: flags::BASETYPE,
    new: New::Raw(new),
    slots: |s| {
        s.init = Some(init);
        s.drop = Some(object::drop_payload::<PyRandom>);
    },
    methods: &[
        MethodDef::new("random", "($self, /)", random, "A float in [0, 1)."),
        MethodDef::new("seed", "($self, n=None, /)", seed, "Starts the sequence that belongs to a number or a hash; None takes randomness from the system."),
        MethodDef::new("getstate", "($self, /)", getstate, "The state as a tuple of ints."),
        MethodDef::new("setstate", "($self, state, /)", setstate, "Goes back to a state that getstate gave."),
        MethodDef::new("getrandbits", "($self, k, /)", getrandbits, "An int with k random bits."),
    ],
    ..TypeDef::of::<PyRandom>("_random.Random")
};

pub static MODULE: ModuleDef = ModuleDef {
    name: "_random",
    doc: "Module that implements the Mersenne Twister generator of random numbers.",
    functions: &[],
    init: |vm, m| native::add(vm, m, "Random", vm.builtin(shape::RANDOM).value()),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_that_of_the_reference_implementation() {
        let mut t = Twister::new();
        t.seed(&[0x123, 0x234, 0x345, 0x456]);
        assert_eq!([t.next(), t.next(), t.next()], [1067595299, 955945823, 477289528]);
    }
}
