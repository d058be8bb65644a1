//! The sort of lists: a stable, adaptive merge sort.
//!
//! It is timsort with powersort's merge policy, as CPython describes it in
//! `Objects/listsort.txt`, and asks the same questions in the same order: programs can count
//! their `__lt__` calls. Comparisons may raise, lie and contradict each other; the data stays a
//! permutation of itself in any case.

use crate::error::PyResult;

/// In galloping mode until both runs win less often than this in a row.
const MIN_GALLOP: usize = 7;
/// Runs shorter than about this are extended by insertion.
const MAX_MINRUN: usize = 64;

/// A sorted run within the data.
#[derive(Clone, Copy)]
struct Run {
    start: usize,
    len: usize,
    /// Depth in powersort's merge tree, known once the next run is.
    power: u32,
}

struct Sorter<'a, T, F> {
    data: &'a mut [T],
    less: F,
    temp: Vec<T>,
    pending: Vec<Run>,
    min_gallop: usize,
}

/// Sorts `data` by `less`, stably.
///
/// # Errors
/// Those of `less`; the data is then in some order.
pub fn sort<T: Copy, F: FnMut(T, T) -> PyResult<bool>>(data: &mut [T], less: F) -> PyResult<()> {
    if data.len() < 2 {
        return Ok(());
    }
    let mut s = Sorter { data, less, temp: Vec::new(), pending: Vec::new(), min_gallop: MIN_GALLOP };
    s.run()
}

/// A good length for runs: `n` divided by it is close to, but below, a power of two.
fn min_run(mut n: usize) -> usize {
    let mut rest = 0;
    while n >= MAX_MINRUN {
        rest |= n & 1;
        n >>= 1;
    }
    n + rest
}

/// The depth at which two adjacent runs meet in powersort's merge tree of `n` items.
fn power(start: usize, first: usize, second: usize, n: usize) -> u32 {
    // Twice the midpoints of the two runs; their binary expansions relative to n are compared.
    let mut a = 2 * start + first;
    let mut b = a + first + second;
    let mut depth = 0;
    loop {
        depth += 1;
        if a >= n {
            a -= n;
            b -= n;
        } else if b >= n {
            return depth;
        }
        a <<= 1;
        b <<= 1;
    }
}

impl<T: Copy, F: FnMut(T, T) -> PyResult<bool>> Sorter<'_, T, F> {
    fn run(&mut self) -> PyResult<()> {
        let n = self.data.len();
        let min = min_run(n);
        let mut at = 0;
        while at < n {
            let mut len = self.count_run(at)?;
            if len < min {
                let force = min.min(n - at);
                self.insertion_sort(at, force, len)?;
                len = force;
            }
            self.found_run(at, len)?;
            at += len;
        }
        while self.pending.len() > 1 {
            let top = self.pending.len() - 2;
            let i = if top > 0 && self.pending[top - 1].len < self.pending[top + 1].len { top - 1 } else { top };
            self.merge_at(i)?;
        }
        Ok(())
    }

    /// Pushes a run, after merging those that belong deeper in the merge tree.
    fn found_run(&mut self, start: usize, len: usize) -> PyResult<()> {
        if let Some(last) = self.pending.last() {
            let p = power(last.start, last.len, len, self.data.len());
            while self.pending.len() > 1 && self.pending[self.pending.len() - 2].power > p {
                self.merge_at(self.pending.len() - 2)?;
            }
            if let Some(last) = self.pending.last_mut() {
                last.power = p;
            }
        }
        self.pending.push(Run { start, len, power: 0 });
        Ok(())
    }

    fn less(&mut self, i: usize, j: usize) -> PyResult<bool> {
        (self.less)(self.data[i], self.data[j])
    }

    /// Length of the ascending run at `lo`; a descending one is turned around first. Equal items
    /// within a descending run keep their order: each group of them is reversed beforehand.
    fn count_run(&mut self, lo: usize) -> PyResult<usize> {
        let left = self.data.len() - lo;
        let mut n = 1;
        while n < left && !self.less(lo + n, lo + n - 1)? {
            n += 1;
        }
        if n == left {
            return Ok(n);
        }
        if n > 1 {
            if self.less(lo, lo + n - 1)? {
                return Ok(n);
            }
            // All equal so far: the start of a descending run.
            self.data[lo..lo + n].reverse();
        }
        n += 1;
        let mut equal = 0;
        while n < left {
            if self.less(lo + n, lo + n - 1)? {
                self.reverse_equal(lo + n, &mut equal);
            } else if self.less(lo + n - 1, lo + n)? {
                break;
            } else {
                equal += 1;
            }
            n += 1;
        }
        self.reverse_equal(lo + n, &mut equal);
        self.data[lo..lo + n].reverse();
        while n < left && !self.less(lo + n, lo + n - 1)? {
            n += 1;
        }
        Ok(n)
    }

    /// Reverses the last `equal + 1` items before `end`, if there is more than one.
    fn reverse_equal(&mut self, end: usize, equal: &mut usize) {
        if *equal > 0 {
            self.data[end - *equal - 1..end].reverse();
            *equal = 0;
        }
    }

    /// Sorts `n` items from `lo` of which the first `sorted` are in order.
    fn insertion_sort(&mut self, lo: usize, n: usize, sorted: usize) -> PyResult<()> {
        for i in sorted.max(1)..n {
            let pivot = self.data[lo + i];
            let (mut l, mut r) = (0, i);
            while l < r {
                let m = (l + r) >> 1;
                if (self.less)(pivot, self.data[lo + m])? {
                    r = m;
                } else {
                    l = m + 1;
                }
            }
            self.data[lo + l..=lo + i].rotate_right(1);
        }
        Ok(())
    }

    /// Merges the pending runs `i` and `i + 1`.
    fn merge_at(&mut self, i: usize) -> PyResult<()> {
        let (a, b) = (self.pending[i], self.pending[i + 1]);
        self.pending[i].len = a.len + b.len;
        self.pending.remove(i + 1);
        // What is in place already at both ends takes no part.
        let key = self.data[b.start];
        let skip = gallop_right(&mut self.less, key, &self.data[a.start..a.start + a.len], 0)?;
        let (start, na) = (a.start + skip, a.len - skip);
        if na == 0 {
            return Ok(());
        }
        let key = self.data[start + na - 1];
        let nb = gallop_left(&mut self.less, key, &self.data[b.start..b.start + b.len], b.len - 1)?;
        if nb == 0 {
            return Ok(());
        }
        if na <= nb { self.merge_low(start, na, nb) } else { self.merge_high(start, na, nb) }
    }

    /// Merges left to right, the left run copied aside: `na <= nb`.
    fn merge_low(&mut self, start: usize, na: usize, nb: usize) -> PyResult<()> {
        self.temp.clear();
        self.temp.extend_from_slice(&self.data[start..start + na]);
        let mut m = Low { dest: start, a: 0, b: start + na, na, nb };
        let result = self.merge_low_loop(&mut m);
        // Whatever is left of the left run goes where the gap is; after the last item of the
        // right run if one item of the left run is known to be the largest.
        if m.na == 1 && m.nb > 0 && result.is_ok() {
            self.data.copy_within(m.b..m.b + m.nb, m.dest);
            self.data[m.dest + m.nb] = self.temp[m.a];
        } else {
            self.data[m.dest..m.dest + m.na].copy_from_slice(&self.temp[m.a..m.a + m.na]);
        }
        result
    }

    fn merge_low_loop(&mut self, m: &mut Low) -> PyResult<()> {
        self.low_take_b(m);
        if m.nb == 0 || m.na == 1 {
            return Ok(());
        }
        let mut min_gallop = self.min_gallop;
        loop {
            let (mut a_wins, mut b_wins) = (0, 0);
            while a_wins < min_gallop && b_wins < min_gallop {
                if (self.less)(self.data[m.b], self.temp[m.a])? {
                    self.low_take_b(m);
                    (a_wins, b_wins) = (0, b_wins + 1);
                    if m.nb == 0 {
                        return Ok(());
                    }
                } else {
                    self.low_take_a(m, 1);
                    (a_wins, b_wins) = (a_wins + 1, 0);
                    if m.na == 1 {
                        return Ok(());
                    }
                }
            }
            min_gallop += 1;
            loop {
                min_gallop -= usize::from(min_gallop > 1);
                self.min_gallop = min_gallop;
                let key = self.data[m.b];
                a_wins = gallop_right(&mut self.less, key, &self.temp[m.a..m.a + m.na], 0)?;
                self.low_take_a(m, a_wins);
                if m.na <= 1 && a_wins > 0 {
                    return Ok(());
                }
                self.low_take_b(m);
                if m.nb == 0 {
                    return Ok(());
                }
                let key = self.temp[m.a];
                b_wins = gallop_left(&mut self.less, key, &self.data[m.b..m.b + m.nb], 0)?;
                self.data.copy_within(m.b..m.b + b_wins, m.dest);
                m.dest += b_wins;
                m.b += b_wins;
                m.nb -= b_wins;
                if m.nb == 0 {
                    return Ok(());
                }
                self.low_take_a(m, 1);
                if m.na == 1 {
                    return Ok(());
                }
                if a_wins < MIN_GALLOP && b_wins < MIN_GALLOP {
                    break;
                }
            }
            // A price for having left galloping mode.
            min_gallop += 1;
            self.min_gallop = min_gallop;
        }
    }

    fn low_take_a(&mut self, m: &mut Low, n: usize) {
        self.data[m.dest..m.dest + n].copy_from_slice(&self.temp[m.a..m.a + n]);
        m.dest += n;
        m.a += n;
        m.na -= n;
    }

    fn low_take_b(&mut self, m: &mut Low) {
        self.data[m.dest] = self.data[m.b];
        m.dest += 1;
        m.b += 1;
        m.nb -= 1;
    }

    /// Merges right to left, the right run copied aside: `na > nb`.
    fn merge_high(&mut self, start: usize, na: usize, nb: usize) -> PyResult<()> {
        self.temp.clear();
        self.temp.extend_from_slice(&self.data[start + na..start + na + nb]);
        let mut m = High { start, na, nb };
        let result = self.merge_high_loop(&mut m);
        // The gap is right after what is left of the left run.
        if m.nb == 1 && m.na > 0 && result.is_ok() {
            self.data.copy_within(start..start + m.na, start + 1);
            self.data[start] = self.temp[0];
        } else {
            let gap = start + m.na;
            self.data[gap..gap + m.nb].copy_from_slice(&self.temp[..m.nb]);
        }
        result
    }

    fn merge_high_loop(&mut self, m: &mut High) -> PyResult<()> {
        self.high_take_a(m, 1);
        if m.na == 0 || m.nb == 1 {
            return Ok(());
        }
        let mut min_gallop = self.min_gallop;
        loop {
            let (mut a_wins, mut b_wins) = (0, 0);
            while a_wins < min_gallop && b_wins < min_gallop {
                if (self.less)(self.temp[m.nb - 1], self.data[m.start + m.na - 1])? {
                    self.high_take_a(m, 1);
                    (a_wins, b_wins) = (a_wins + 1, 0);
                    if m.na == 0 {
                        return Ok(());
                    }
                } else {
                    self.high_take_b(m, 1);
                    (a_wins, b_wins) = (0, b_wins + 1);
                    if m.nb == 1 {
                        return Ok(());
                    }
                }
            }
            min_gallop += 1;
            loop {
                min_gallop -= usize::from(min_gallop > 1);
                self.min_gallop = min_gallop;
                let key = self.temp[m.nb - 1];
                let run = &self.data[m.start..m.start + m.na];
                a_wins = m.na - gallop_right(&mut self.less, key, run, m.na - 1)?;
                self.high_take_a(m, a_wins);
                if m.na == 0 {
                    return Ok(());
                }
                self.high_take_b(m, 1);
                if m.nb == 1 {
                    return Ok(());
                }
                let key = self.data[m.start + m.na - 1];
                b_wins = m.nb - gallop_left(&mut self.less, key, &self.temp[..m.nb], m.nb - 1)?;
                self.high_take_b(m, b_wins);
                if m.nb <= 1 && b_wins > 0 {
                    return Ok(());
                }
                self.high_take_a(m, 1);
                if m.na == 0 {
                    return Ok(());
                }
                if a_wins < MIN_GALLOP && b_wins < MIN_GALLOP {
                    break;
                }
            }
            min_gallop += 1;
            self.min_gallop = min_gallop;
        }
    }

    /// Moves the last `n` items of the left run to the end of the gap.
    fn high_take_a(&mut self, m: &mut High, n: usize) {
        let from = m.start + m.na - n;
        self.data.copy_within(from..from + n, from + m.nb);
        m.na -= n;
    }

    /// Copies the last `n` items of the right run to the end of the gap.
    fn high_take_b(&mut self, m: &mut High, n: usize) {
        let end = m.start + m.na + m.nb;
        self.data[end - n..end].copy_from_slice(&self.temp[m.nb - n..m.nb]);
        m.nb -= n;
    }
}

/// State of a left-to-right merge: the gap starts at `dest`, the left run's rest is
/// `temp[a..a + na]`, the right run's rest `data[b..b + nb]`.
struct Low {
    dest: usize,
    a: usize,
    b: usize,
    na: usize,
    nb: usize,
}

/// State of a right-to-left merge: the left run's rest is `data[start..start + na]`, the gap
/// follows it with `nb` slots, the right run's rest is `temp[..nb]`.
struct High {
    start: usize,
    na: usize,
    nb: usize,
}

/// Where `key` belongs in the sorted run `a`, before equal items; the search starts at `hint`.
fn gallop_left<T: Copy>(
    less: &mut impl FnMut(T, T) -> PyResult<bool>,
    key: T,
    a: &[T],
    hint: usize,
) -> PyResult<usize> {
    let (mut last, mut ofs) = (0, 1);
    let (mut low, mut high);
    if less(a[hint], key)? {
        let max = a.len() - hint;
        while ofs < max && less(a[hint + ofs], key)? {
            last = ofs;
            ofs = (ofs << 1) + 1;
        }
        (low, high) = (hint + last + 1, hint + ofs.min(max));
    } else {
        let max = hint + 1;
        while ofs < max && !less(a[hint - ofs], key)? {
            last = ofs;
            ofs = (ofs << 1) + 1;
        }
        (low, high) = (hint + 1 - ofs.min(max), hint - last);
    }
    while low < high {
        let m = low + ((high - low) >> 1);
        if less(a[m], key)? {
            low = m + 1;
        } else {
            high = m;
        }
    }
    Ok(high)
}

/// Where `key` belongs in the sorted run `a`, after equal items; the search starts at `hint`.
fn gallop_right<T: Copy>(
    less: &mut impl FnMut(T, T) -> PyResult<bool>,
    key: T,
    a: &[T],
    hint: usize,
) -> PyResult<usize> {
    let (mut last, mut ofs) = (0, 1);
    let (mut low, mut high);
    if less(key, a[hint])? {
        let max = hint + 1;
        while ofs < max && less(key, a[hint - ofs])? {
            last = ofs;
            ofs = (ofs << 1) + 1;
        }
        (low, high) = (hint + 1 - ofs.min(max), hint - last);
    } else {
        let max = a.len() - hint;
        while ofs < max && !less(key, a[hint + ofs])? {
            last = ofs;
            ofs = (ofs << 1) + 1;
        }
        (low, high) = (hint + last + 1, hint + ofs.min(max));
    }
    while low < high {
        let m = low + ((high - low) >> 1);
        if less(key, a[m])? {
            high = m;
        } else {
            low = m + 1;
        }
    }
    Ok(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small pseudo-random sequence, the same in each run.
    fn numbers(n: usize, modulus: u64) -> Vec<(u64, usize)> {
        let mut x = 12345u64;
        (0..n)
            .map(|i| {
                x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                ((x >> 33) % modulus, i)
            })
            .collect()
    }

    #[test]
    fn sorts_stably() {
        for n in [0, 1, 2, 3, 10, 63, 64, 65, 200, 1000, 5000] {
            for modulus in [1, 2, 10, 1 << 30] {
                let mut v = numbers(n, modulus);
                let mut expected = v.clone();
                expected.sort();
                sort(&mut v, |a, b| Ok(a.0 < b.0)).expect("no errors");
                assert_eq!(v, expected, "n {n} modulus {modulus}");
            }
        }
    }

    #[test]
    fn runs_and_their_mixtures() {
        let mut v: Vec<(u64, usize)> = Vec::new();
        for (i, k) in (0..500).chain((0..500).rev()).chain(250..900).chain([3; 80]).enumerate() {
            v.push((k, i));
        }
        let mut expected = v.clone();
        expected.sort();
        sort(&mut v, |a, b| Ok(a.0 < b.0)).expect("no errors");
        assert_eq!(v, expected);
    }

    #[test]
    fn lying_comparisons_lose_nothing() {
        for seed in 0..50u64 {
            let mut v = numbers(777, 1 << 20);
            let mut expected = v.clone();
            let mut x = seed;
            sort(&mut v, |_, _| {
                x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                Ok(x >> 63 == 0)
            })
            .expect("no errors");
            v.sort();
            expected.sort();
            assert_eq!(v, expected);
        }
    }
}
