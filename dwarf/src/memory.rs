//! Where bytes come from: this process, another one, a core file, copies that lie over any of them.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::error::{Error, Result};

/// Most bytes that one read may ask for. What garbage claims to be longer is refused.
pub const LONGEST: usize = 64 << 20;

/// Memory of a process, by its own addresses.
pub trait Memory {
    /// Fills `into` with the bytes at `address`.
    ///
    /// # Errors
    /// Where any of them cannot be read. No address is undefined behaviour.
    fn read(&self, address: u64, into: &mut [u8]) -> Result<()>;

    /// # Errors
    /// As [`Memory::read`].
    fn read_u64(&self, address: u64) -> Result<u64> {
        let mut bytes = [0; 8];
        self.read(address, &mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// An unsigned number of `size` bytes, at most 8.
    ///
    /// # Errors
    /// As [`Memory::read`].
    fn read_uint(&self, address: u64, size: usize) -> Result<u64> {
        let mut bytes = [0; 8];
        let part = bytes.get_mut(..size).ok_or_else(|| Error::new(format!("{size} bytes are no number")))?;
        self.read(address, part)?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// # Errors
    /// As [`Memory::read`], and for more than [`LONGEST`].
    fn read_vec(&self, address: u64, size: usize) -> Result<Vec<u8>> {
        if size > LONGEST {
            return Err(Error::new(format!("{size} bytes at {address:#x} are more than anything has")));
        }
        let mut bytes = vec![0; size];
        self.read(address, &mut bytes)?;
        Ok(bytes)
    }
}

impl<M: Memory + ?Sized> Memory for &M {
    fn read(&self, address: u64, into: &mut [u8]) -> Result<()> {
        (**self).read(address, into)
    }
}

impl<M: Memory + ?Sized> Memory for Box<M> {
    fn read(&self, address: u64, into: &mut [u8]) -> Result<()> {
        (**self).read(address, into)
    }
}

pub(crate) fn unreadable(address: u64, size: usize) -> Error {
    Error::new(format!("there is no memory to read at {address:#x} ({size} bytes)"))
}

/// Memory of a process by `process_vm_readv`: this one too, whose bad addresses are errors then.
#[derive(Clone, Copy, Debug)]
pub struct ProcessMemory {
    pid: i32,
}

impl ProcessMemory {
    pub fn of(pid: i32) -> ProcessMemory {
        ProcessMemory { pid }
    }

    /// The memory of this process.
    pub fn own() -> ProcessMemory {
        // SAFETY: always succeeds.
        ProcessMemory { pid: unsafe { libc::getpid() } }
    }
}

impl Memory for ProcessMemory {
    fn read(&self, address: u64, into: &mut [u8]) -> Result<()> {
        let size = into.len();
        if size == 0 {
            return Ok(());
        }
        let local = libc::iovec { iov_base: into.as_mut_ptr().cast(), iov_len: size };
        let remote = libc::iovec { iov_base: address as *mut libc::c_void, iov_len: size };
        // SAFETY: the local part is the caller's buffer; the kernel checks the remote part.
        let n = unsafe { libc::process_vm_readv(self.pid, &local, 1, &remote, 1, 0) };
        if n == size as isize { Ok(()) } else { Err(unreadable(address, size)) }
    }
}

const PAGE: u64 = 4096;
/// Pages that are kept: 64 MiB.
const MOST_PAGES: usize = 1 << 14;

/// Keeps what was read, page by page: for memory that does not change meanwhile.
pub struct Cached<M> {
    inner: M,
    pages: RefCell<HashMap<u64, Option<Box<[u8]>>>>,
}

impl<M: Memory> Cached<M> {
    pub fn new(inner: M) -> Cached<M> {
        Cached { inner, pages: RefCell::default() }
    }

    fn page(&self, number: u64, from: usize, into: &mut [u8]) -> Result<()> {
        let mut pages = self.pages.borrow_mut();
        if pages.len() > MOST_PAGES {
            pages.clear();
        }
        let page = pages.entry(number).or_insert_with(|| {
            let mut bytes = vec![0; PAGE as usize].into_boxed_slice();
            self.inner.read(number * PAGE, &mut bytes).is_ok().then_some(bytes)
        });
        match page.as_ref().and_then(|p| p.get(from..from + into.len())) {
            Some(found) => into.copy_from_slice(found),
            // What lies at the end of a mapping that is no whole page.
            None => self.inner.read(number * PAGE + from as u64, into)?,
        }
        Ok(())
    }
}

impl<M: Memory> Memory for Cached<M> {
    fn read(&self, address: u64, into: &mut [u8]) -> Result<()> {
        if into.len() as u64 > 4 * PAGE {
            return self.inner.read(address, into);
        }
        let (mut at, mut done) = (address, 0);
        while done < into.len() {
            let from = (at % PAGE) as usize;
            let n = (PAGE as usize - from).min(into.len() - done);
            self.page(at / PAGE, from, &mut into[done..done + n])?;
            done += n;
            at = at.checked_add(n as u64).ok_or_else(|| unreadable(address, into.len()))?;
        }
        Ok(())
    }
}

/// Copies of ranges of addresses that lie over other memory: what a stack held before it went on.
pub struct Overlay<M> {
    below: M,
    /// By address; ranges of one overlay do not overlap.
    copies: Vec<(u64, Vec<u8>)>,
}

impl<M: Memory> Overlay<M> {
    pub fn new(below: M) -> Overlay<M> {
        Overlay { below, copies: Vec::new() }
    }

    /// Lays a copy over the addresses from `address` on. A later one covers an earlier one.
    pub fn add(&mut self, address: u64, bytes: Vec<u8>) {
        self.copies.push((address, bytes));
    }

    /// The copy that covers `address`, what of it begins there, and where the next copy begins.
    fn part(&self, address: u64) -> (Option<&[u8]>, Option<u64>) {
        let covering = self.copies.iter().rev().find_map(|(start, bytes)| {
            let at = usize::try_from(address.checked_sub(*start)?).ok()?;
            bytes.get(at..).filter(|rest| !rest.is_empty())
        });
        let next = self.copies.iter().map(|(start, _)| *start).filter(|start| *start > address).min();
        (covering, next)
    }
}

impl<M: Memory> Memory for Overlay<M> {
    fn read(&self, address: u64, into: &mut [u8]) -> Result<()> {
        let mut done = 0;
        while done < into.len() {
            let at = address.checked_add(done as u64).ok_or_else(|| unreadable(address, into.len()))?;
            let (covering, next) = self.part(at);
            let limit = next.map_or(into.len() - done, |n| usize::try_from(n - at).unwrap_or(usize::MAX));
            let mut n = limit.min(into.len() - done);
            match covering {
                Some(bytes) => {
                    n = n.min(bytes.len());
                    into[done..done + n].copy_from_slice(&bytes[..n]);
                }
                None => self.below.read(at, &mut into[done..done + n])?,
            }
            done += n;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_memory_is_read_and_bad_addresses_are_errors() {
        let local = [1u8, 2, 3, 4, 5, 6, 7, 8];
        let own = ProcessMemory::own();
        assert_eq!(own.read_u64(local.as_ptr() as u64), Ok(0x0807_0605_0403_0201));
        for bad in [0, 8, u64::MAX - 3, 1 << 63] {
            assert!(own.read_u64(bad).is_err(), "{bad:#x}");
            assert!(Cached::new(own).read_u64(bad).is_err(), "{bad:#x}");
        }
        assert!(own.read_vec(local.as_ptr() as u64, usize::MAX).is_err());
    }

    #[test]
    fn copies_cover_what_is_below() {
        let below = [0u8; 64];
        let at = below.as_ptr() as u64;
        let mut memory = Overlay::new(ProcessMemory::own());
        memory.add(at + 4, vec![1; 8]);
        memory.add(at + 8, vec![2; 2]);
        assert_eq!(memory.read_vec(at, 16), Ok(vec![0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 1, 1, 0, 0, 0, 0]));
        assert!(memory.read_vec(u64::MAX - 2, 16).is_err());
    }
}
