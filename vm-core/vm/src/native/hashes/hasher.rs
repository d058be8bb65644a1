//! The hash functions behind one interface.

use digest::{Digest, ExtendableOutput, Update, XofReader};

use crate::shape::{self, ShapeId};

/// A hash under way.
#[derive(Clone)]
pub enum Hasher {
    Md5(md5::Md5),
    Sha1(sha1::Sha1),
    Sha224(sha2::Sha224),
    Sha256(sha2::Sha256),
    Sha384(sha2::Sha384),
    Sha512(sha2::Sha512),
    Sha3x224(sha3::Sha3_224),
    Sha3x256(sha3::Sha3_256),
    Sha3x384(sha3::Sha3_384),
    Sha3x512(sha3::Sha3_512),
    Shake128(sha3::Shake128),
    Shake256(sha3::Shake256),
    /// With the size of the digest.
    Blake2b(Box<blake2b_simd::State>, usize),
    Blake2s(Box<blake2s_simd::State>, usize),
}

use Hasher::*;

/// Evaluates an expression with the state of the functions that have a digest of fixed size.
macro_rules! with_fixed {
    ($hasher:expr, $h:ident => $e:expr, $($other:tt)*) => {
        match $hasher {
            Md5($h) => $e,
            Sha1($h) => $e,
            Sha224($h) => $e,
            Sha256($h) => $e,
            Sha384($h) => $e,
            Sha512($h) => $e,
            Sha3x224($h) => $e,
            Sha3x256($h) => $e,
            Sha3x384($h) => $e,
            Sha3x512($h) => $e,
            $($other)*
        }
    };
}

impl Hasher {
    /// The function of a type of the modules without parameters.
    pub fn new(id: ShapeId) -> Hasher {
        match id {
            shape::SHA1 => Sha1(Default::default()),
            shape::SHA224 => Sha224(Default::default()),
            shape::SHA256 => Sha256(Default::default()),
            shape::SHA384 => Sha384(Default::default()),
            shape::SHA512 => Sha512(Default::default()),
            shape::SHA3_224 => Sha3x224(Default::default()),
            shape::SHA3_256 => Sha3x256(Default::default()),
            shape::SHA3_384 => Sha3x384(Default::default()),
            shape::SHA3_512 => Sha3x512(Default::default()),
            shape::SHAKE_128 => Shake128(Default::default()),
            shape::SHAKE_256 => Shake256(Default::default()),
            _ => Md5(Default::default()),
        }
    }

    pub fn update(&mut self, data: &[u8]) {
        with_fixed!(self, h => Digest::update(h, data),
            Shake128(h) => h.update(data),
            Shake256(h) => h.update(data),
            Blake2b(h, _) => drop(h.update(data)),
            Blake2s(h, _) => drop(h.update(data)),
        );
    }

    /// The digest so far; empty for the functions that give one of any length.
    pub fn digest(&self) -> Vec<u8> {
        with_fixed!(self, h => h.clone().finalize().to_vec(),
            Shake128(_) | Shake256(_) => Vec::new(),
            Blake2b(h, _) => h.finalize().as_bytes().to_vec(),
            Blake2s(h, _) => h.finalize().as_bytes().to_vec(),
        )
    }

    /// A digest of `n` bytes, of the functions that give one of any length.
    pub fn long_digest(&self, n: usize) -> Vec<u8> {
        let mut out = vec![0; n];
        match self {
            Shake128(h) => read(h.clone().finalize_xof(), &mut out),
            Shake256(h) => read(h.clone().finalize_xof(), &mut out),
            _ => out.clear(),
        }
        out
    }

    pub fn digest_size(&self) -> usize {
        match self {
            Md5(_) => 16,
            Sha1(_) => 20,
            Sha224(_) | Sha3x224(_) => 28,
            Sha256(_) | Sha3x256(_) => 32,
            Sha384(_) | Sha3x384(_) => 48,
            Sha512(_) | Sha3x512(_) => 64,
            Shake128(_) | Shake256(_) => 0,
            Blake2b(_, n) | Blake2s(_, n) => *n,
        }
    }

    /// Bytes that are hashed at once.
    pub fn block_size(&self) -> usize {
        match self {
            Md5(_) | Sha1(_) | Sha224(_) | Sha256(_) | Blake2s(..) => 64,
            Sha384(_) | Sha512(_) | Blake2b(..) => 128,
            Sha3x224(_) => 144,
            Sha3x256(_) | Shake256(_) => 136,
            Sha3x384(_) => 104,
            Sha3x512(_) => 72,
            Shake128(_) => 168,
        }
    }

    pub fn name(&self) -> &'static str {
        match self {
            Md5(_) => "md5",
            Sha1(_) => "sha1",
            Sha224(_) => "sha224",
            Sha256(_) => "sha256",
            Sha384(_) => "sha384",
            Sha512(_) => "sha512",
            Sha3x224(_) => "sha3_224",
            Sha3x256(_) => "sha3_256",
            Sha3x384(_) => "sha3_384",
            Sha3x512(_) => "sha3_512",
            Shake128(_) => "shake_128",
            Shake256(_) => "shake_256",
            Blake2b(..) => "blake2b",
            Blake2s(..) => "blake2s",
        }
    }

    /// The byte that pads the last block of the functions of the SHA-3 family.
    pub fn suffix(&self) -> u8 {
        if matches!(self, Shake128(_) | Shake256(_)) { 0x1f } else { 0x06 }
    }
}

fn read(mut reader: impl XofReader, out: &mut [u8]) {
    reader.read(out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_have_their_sizes() {
        for id in [
            shape::MD5,
            shape::SHA1,
            shape::SHA224,
            shape::SHA256,
            shape::SHA384,
            shape::SHA512,
            shape::SHA3_224,
            shape::SHA3_256,
            shape::SHA3_384,
            shape::SHA3_512,
        ] {
            let h = Hasher::new(id);
            assert_eq!(h.digest().len(), h.digest_size(), "{}", h.name());
        }
    }

    #[test]
    fn md5_of_abc() {
        let mut h = Hasher::new(shape::MD5);
        h.update(b"abc");
        assert_eq!(h.digest()[..4], [0x90, 0x01, 0x50, 0x98]);
    }
}
