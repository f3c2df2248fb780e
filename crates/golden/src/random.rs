//! Chance that is the same on every machine and in every version.
//!
//! Two uses: a stream of numbers from a seed, and a number for a name (`pick`), so that one drawn thing does not move
//! when another is added. SplitMix64 and FNV-1a, both a few lines and fixed for good.

/// A stream of numbers.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream of this seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The stream of this seed for the thing of this name.
    pub fn of(seed: u64, name: &str) -> Random {
        Random(seed ^ hash(name))
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `from` to `to`, both included.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.draw() % (to - from + 1)
    }

    /// True once in `of` times.
    pub fn once_in(&mut self, of: u64) -> bool {
        self.draw().is_multiple_of(of)
    }

    /// One of the choices, which must not be empty.
    pub fn one<'c, T>(&mut self, choices: &'c [T]) -> &'c T {
        let at = self.draw() % choices.len() as u64;
        &choices[usize::try_from(at).expect("smaller than the length")]
    }

    /// So many lower-case hexadecimal digits.
    pub fn hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from(b"0123456789abcdef"[(self.draw() >> 40) as usize % 16])).collect()
    }
}

/// FNV-1a, 64 bits.
pub fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
