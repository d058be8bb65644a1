//! What is made in chunks of its own, to be given up with these.

use std::mem;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::pool::Pool;
use crate::{CURSOR, Kind};

/// What [`apart`] has made.
///
/// It is dropped as any other value is: its chunks are used again when all in them has been freed. To
/// [`Apart::discard`] it is faster.
#[derive(Debug)]
pub struct Apart<T> {
    value: T,
    // Behind the value: that is dropped first.
    claim: Claimed,
}

/// The session that has the chunks, or none. There is nothing in them but what belongs here.
#[derive(Debug)]
struct Claimed(Option<u64>);

/// Runs `f` in a region, if the thread is in one: its blocks are in chunks of their own, if those of
/// nothing else are at the time.
pub fn apart<T>(f: impl FnOnce() -> T) -> Apart<T> {
    let claim = Claimed(CURSOR.with(|cursor| cursor.pool()?.begin_apart()));
    Apart { value: claim.fill(f), claim }
}

/// Whether [`Apart::discard`] is to see that what it is promised holds. It takes longer then than to drop what
/// is discarded. It is meant for tests.
pub fn verify(is_wanted: bool) {
    VERIFIES.store(is_wanted, Ordering::Relaxed);
}

static VERIFIES: AtomicBool = AtomicBool::new(false);

impl<T> Apart<T> {
    /// Goes on to make the value: these blocks, too, are in its chunks.
    pub fn go_on<R>(&mut self, f: impl FnOnce(&mut T) -> R) -> R {
        self.claim.fill(|| f(&mut self.value))
    }

    /// The value, which is as any other from now on.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// Gives up the value and its chunks. Nothing is dropped where that is not needed to free memory; what
    /// belongs to the value and was made before or beside it is leaked then.
    ///
    /// # Panics
    ///
    /// If it is to be [`verify`]ed and is found in use.
    ///
    /// # Safety
    ///
    /// Of all blocks that were made in [`apart`] and [`Apart::go_on`], only those that belong to the value have
    /// not been freed: nothing else uses one, or will free it.
    pub unsafe fn discard(self) {
        let Apart { value, claim } = self;
        if !claim.with_pool(|pool| pool.has_all_apart()).unwrap_or(false) {
            return;
        }
        if VERIFIES.load(Ordering::Relaxed) {
            drop(value);
            let in_use = claim.with_pool(Pool::count_apart).unwrap_or(0);
            assert!(in_use == 0, "{in_use} blocks are in use that are to be discarded");
        } else {
            mem::forget(value);
        }
        claim.with_pool(Pool::free_apart);
    }
}

impl<T, E> Apart<Result<T, E>> {
    /// What was made right. An error is as any other value.
    pub fn ok(self) -> Result<Apart<T>, E> {
        let Apart { value, claim } = self;
        value.map(|value| Apart { value, claim })
    }
}

/// What was made as any other value.
impl<T> From<T> for Apart<T> {
    fn from(value: T) -> Apart<T> {
        Apart { value, claim: Claimed(None) }
    }
}

impl<T> Deref for Apart<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl Claimed {
    /// Runs `f`, whose blocks are in the chunks.
    fn fill<R>(&self, f: impl FnOnce() -> R) -> R {
        /// Goes back however `f` ends.
        struct Back(Kind);
        impl Drop for Back {
            fn drop(&mut self) {
                CURSOR.with(|cursor| cursor.turn_to(self.0));
            }
        }
        let is_ours = self.with_pool(|_| ()).is_some();
        let _back = is_ours.then(|| Back(CURSOR.with(|cursor| cursor.turn_to(Kind::Apart))));
        f()
    }

    /// The pool, if it is still that session of this thread.
    fn with_pool<R>(&self, f: impl FnOnce(&mut Pool) -> R) -> Option<R> {
        let session = self.0?;
        CURSOR.with(|cursor| cursor.pool().filter(|pool| pool.is_session(session)).map(f))
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        self.with_pool(|pool| pool.end_apart());
    }
}
