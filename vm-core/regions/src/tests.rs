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
fn what_is_apart_has_chunks_of_its_own() {
    let _alone = alone();
    lasting(|| {
        let before = Box::new(1u64);
        let mut made = apart(|| vec![Box::new(2u64)]);
        let after = Box::new(3u64);
        made.go_on(|made| made.push(Box::new(4)));
        assert_eq!(ptr::from_ref(&*after).addr() - ptr::from_ref(&*before).addr(), 8);
        assert!(made.iter().all(|number| is_in_region(&**number)));
        assert!(ptr::from_ref(&*made[1]).addr() - ptr::from_ref(&*made[0]).addr() < 64);
        assert_eq!(made.into_inner(), [Box::new(2), Box::new(4)]);
    });
    assert!(!is_in_region(&*apart(|| Box::new(4u64)).into_inner()), "there is no region to be in");
}

/// Many small blocks, and some that are larger than a chunk of what lasts is begun for.
type Tree = Vec<Vec<Box<u64>>>;

fn tree(count: u64) -> Tree {
    (0..count).map(|n| (0..500 + n).map(Box::new).collect()).collect()
}

fn are_whole(trees: &Tree) -> bool {
    trees.iter().all(|boxes| boxes.iter().zip(0..).all(|(number, n)| **number == n))
}

#[test]
fn what_is_discarded_makes_room() {
    let _alone = alone();
    let mut lasts = Vec::new();
    let mut places = Vec::new();
    for round in 0..2000 {
        lasting(|| {
            let made = apart(|| tree(20));
            lasts.push(Box::new(round));
            assert!(are_whole(&made) && is_in_region(&*made[19][0]));
            places.push(ptr::from_ref(&*made[0][0]).addr());
            // SAFETY: all that was made belongs to the value.
            unsafe { made.discard() };
        });
    }
    assert!(lasts.iter().zip(0..).all(|(last, round)| **last == round));
    places.sort_unstable();
    places.dedup();
    assert!(places.len() < 200, "{} places", places.len());
}

#[test]
fn what_is_not_discarded_is_freed() {
    let _alone = alone();
    let mut kept = Vec::new();
    for round in 0..2000 {
        let made = lasting(|| {
            let made = apart(|| if round % 2 == 0 { Ok(tree(20)) } else { Err(tree(20)) }).ok();
            let other = apart(|| tree(1));
            assert!(are_whole(&other) && is_in_region(&*other[0][0]));
            made
        });
        match made {
            // SAFETY: all that was made belongs to the value. The region is over, so that it is dropped.
            Ok(made) => unsafe { made.discard() },
            Err(mut made) => kept.push(made.swap_remove(round % 20)),
        }
        kept.drain(..kept.len().saturating_sub(50));
    }
    assert!(are_whole(&kept));
}

#[test]
fn what_the_other_allocator_made_is_dropped() {
    let _alone = alone();
    for _ in 0..50 {
        lasting(|| {
            let count = std::rc::Rc::new(());
            let made = apart(|| (vec![1u8; 1 << 20], count.clone(), Box::new(1)));
            // SAFETY: all that was made belongs to the value.
            unsafe { made.discard() };
            assert_eq!(std::rc::Rc::strong_count(&count), 1);
        });
    }
}

#[test]
fn one_thing_at_a_time_is_apart() {
    let _alone = alone();
    lasting(|| {
        let first = apart(|| tree(5));
        let second = apart(|| tree(5));
        // SAFETY: all that was made belongs to the value.
        unsafe { first.discard() };
        let third = apart(|| tree(5));
        assert!(are_whole(&second) && are_whole(&third));
        // SAFETY: all that was made belongs to the value.
        unsafe { second.discard() };
        assert!(are_whole(&third));
    });
}

#[test]
fn what_is_in_use_is_found() {
    let _alone = alone();
    verify(true);
    let mut kept = None;
    let result = catch_unwind(AssertUnwindSafe(|| {
        lasting(|| {
            let made = apart(|| {
                kept = Some(Box::new(7));
                tree(1)
            });
            // SAFETY: it is looked at whether it is so, and the chunks are kept as it is not.
            unsafe { made.discard() };
        });
    }));
    verify(false);
    let message = result.expect_err("a panic").downcast::<String>().expect("a message");
    assert_eq!(*message, "1 blocks are in use that are to be discarded");
    assert_eq!(kept, Some(Box::new(7)));
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
    let result = catch_unwind(AssertUnwindSafe(|| lasting(|| apart::<u8>(|| std::panic::resume_unwind(Box::new(1))).into_inner())));
    assert!(result.is_err_and(|error| error.downcast_ref() == Some(&1)));
    assert!(!is_in_region(&*Box::new(1)));
    assert!(is_in_region(&*lasting(|| Box::new(1))));
}
