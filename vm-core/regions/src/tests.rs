use std::alloc::System;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::*;

#[global_allocator]
static ALLOCATOR: Regions<System> = Regions(System);

/// One test at a time is in a region: another would have none.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_in_region<T>(value: &T) -> bool {
    pool::chunk_of(ptr::from_ref(value).cast_mut().cast()).is_some()
}

#[test]
fn blocks_are_side_by_side() {
    let _alone = alone();
    let numbers: Vec<Box<u64>> = lasting(|| (0..1000).map(Box::new).collect());
    let distance = |pair: &[Box<u64>]| ptr::from_ref(&*pair[1]).addr().wrapping_sub(ptr::from_ref(&*pair[0]).addr());
    assert!(numbers.iter().all(|n| is_in_region(&**n)));
    assert!(numbers.windows(2).filter(|pair| distance(pair) == 8).count() > 900);
    assert_eq!(numbers.iter().map(|n| **n).sum::<u64>(), 499_500);
    assert!(!is_in_region(&*Box::new(1)), "the thread is in no region any more");
}

#[test]
fn what_passes_is_apart_from_what_lasts() {
    let _alone = alone();
    let (before, passing_one, after) = lasting(|| (Box::new(1u64), passing(|| Box::new(2u64)), Box::new(3u64)));
    assert_eq!(ptr::from_ref(&*after).addr() - ptr::from_ref(&*before).addr(), 8);
    assert!(is_in_region(&*passing_one));
    assert!(!is_in_region(&*passing(|| Box::new(4u64))), "there is no region to be in");
}

#[test]
fn memory_is_used_again() {
    let _alone = alone();
    // More than there is of all chunks, and blocks that are kept all along.
    let mut kept = Vec::new();
    for round in 0..100u64 {
        let numbers: Vec<Box<[u64; 4]>> = lasting(|| (0..100_000).map(|n| Box::new([n, round, n, round])).collect());
        assert!(numbers.iter().zip(0..).all(|(array, n)| **array == [n, round, n, round]));
        assert!(is_in_region(&*numbers[99_999]));
        kept.extend(numbers.into_iter().step_by(50_000));
    }
    assert!(kept.chunks(2).zip(0..).all(|(pair, round)| *pair[0] == [0, round, 0, round] && pair[1][0] == 50_000));
}

#[test]
fn what_is_too_much_or_too_large_is_the_other_allocators() {
    let _alone = alone();
    let (large, small, next) = lasting(|| {
        let large = vec![1u8; 1 << 20];
        let small: Vec<Box<[u64; 128]>> = (0..100_000).map(|n| Box::new([n; 128])).collect();
        (large, small, Box::new(1))
    });
    assert!(!is_in_region(&large[0]) && is_in_region(&*small[0]) && !is_in_region(&*small[99_999]) && !is_in_region(&*next));
    assert!(small.iter().zip(0..).all(|(array, n)| **array == [n; 128]));
    drop(small);
    assert!(is_in_region(&*lasting(|| Box::new(1))), "there is memory again");
}

#[test]
fn vectors_grow_where_they_are_and_move_out() {
    let _alone = alone();
    lasting(|| {
        let mut bytes = Vec::with_capacity(8);
        let begin = bytes.as_ptr();
        for n in 0..1000u32 {
            bytes.push(n as u8);
        }
        assert_eq!(bytes.as_ptr(), begin, "nothing is behind it");
        let behind = Box::new(7);
        bytes.extend_from_slice(&[1; 10_000]);
        assert!(bytes[..1000].iter().zip(0u32..).all(|(byte, n)| *byte == n as u8) && *behind == 7);
        bytes.truncate(3);
        bytes.shrink_to_fit();
        assert_eq!(bytes, [0, 1, 2]);
        assert_eq!(vec![0u64; 200], [0; 200].to_vec());
    });
}

#[test]
fn alignments_hold() {
    #[derive(Clone)]
    #[repr(align(64))]
    struct Aligned(u8);
    let _alone = alone();
    lasting(|| {
        for n in 0..100 {
            let (small, aligned) = (Box::new(n), Box::new(Aligned(n)));
            assert!(ptr::from_ref(&*aligned).addr().is_multiple_of(64) && is_in_region(&*aligned));
            assert_eq!((*small, aligned.0), (n, n));
        }
    });
}

#[test]
fn other_threads_free_and_have_no_region_meanwhile() {
    let _alone = alone();
    for _ in 0..50 {
        let numbers: Vec<Box<u64>> = lasting(|| (0..10_000).map(Box::new).collect());
        let (some, others): (Vec<_>, Vec<_>) = numbers.into_iter().partition(|n| n.is_multiple_of(2));
        let sum = lasting(|| {
            let other = std::thread::spawn(move || {
                let own = lasting(|| Box::new(1u64));
                assert!(!is_in_region(&*own));
                others.into_iter().map(|n| *n).sum::<u64>()
            });
            some.into_iter().map(|n| *n).sum::<u64>() + other.join().expect("a sum")
        });
        assert_eq!(sum, 49_995_000);
    }
}

#[test]
fn a_region_ends_where_it_is_unwound() {
    let _alone = alone();
    let result = catch_unwind(AssertUnwindSafe(|| lasting(|| passing(|| std::panic::resume_unwind(Box::new(1))))));
    assert!(result.is_err_and(|error| error.downcast_ref() == Some(&1)));
    assert!(!is_in_region(&*Box::new(1)));
    assert!(is_in_region(&*lasting(|| Box::new(1))));
}
