//! What happens before any chunk is free: a process of its own, with one test in it.

use std::alloc::System;
use std::hint::black_box;

use tailscope_regions::{Regions, apart, lasting};

#[global_allocator]
static ALLOCATOR: Regions<System> = Regions(System);

type Numbers = Vec<Box<u64>>;

fn numbers(count: u64) -> Numbers {
    (0..count).map(Box::new).collect()
}

fn are_whole(numbers: &[Box<u64>]) -> bool {
    numbers.iter().zip(0..).all(|(number, n)| **number == n)
}

/// Chunks in which nothing is any more are used again, but none of what is apart before that is over.
#[test]
fn what_passes_while_something_is_made_apart_is_given_up_once() {
    let mut lasts = Vec::new();
    for _ in 0..20 {
        lasting(|| {
            let mut made = apart(|| {
                // A chunk for each, in which there is nothing else.
                (0..8u8).for_each(|n| assert_eq!(black_box(vec![n; 60_000])[59_999], n));
                vec![numbers(50)]
            });
            lasts.push(numbers(20_000));
            made.go_on(|made| made.extend((0..20).map(|_| numbers(1000))));
            lasts.push(numbers(20_000));
            assert!(made.iter().all(|numbers| are_whole(numbers)));
            // SAFETY: all that was made belongs to the value.
            unsafe { made.discard() };
            lasts.push(numbers(20_000));
        });
        lasting(|| lasts.push(numbers(20_000)));
        lasts.iter().for_each(|numbers| assert!(are_whole(numbers)));
    }
}
