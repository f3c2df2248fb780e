//! Choices a check makes, drawn from its input.

/// Reads choices off bytes; when they run out, every choice is the first one.
pub(crate) struct Choices<'a> {
    bytes: &'a [u8],
}

impl<'a> Choices<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Choices { bytes }
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *first
    }

    /// Below `limit`, which is at most 256 and not 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::from(self.byte()) % limit
    }

    pub(crate) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Up to `most` bytes as text, with replacement characters where they are none.
    pub(crate) fn text(&mut self, most: usize) -> String {
        let wanted = self.below(most + 1).min(self.bytes.len());
        let (taken, rest) = self.bytes.split_at(wanted);
        self.bytes = rest;
        String::from_utf8_lossy(taken).into_owned()
    }
}

/// Numbers that depend on all of the input and on nothing else, evenly spread.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let seed = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Dice(seed)
    }

    /// At most `most`.
    pub(crate) fn up_to(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % (most as u64 + 1)) as usize
    }
}

/// The input cut at up to twelve places, some of them the same.
pub(crate) fn pieces(input: &[u8]) -> Vec<&[u8]> {
    let mut dice = Dice::of(input);
    let mut places: Vec<usize> = (0..dice.up_to(12)).map(|_| dice.up_to(input.len())).collect();
    places.sort_unstable();
    places.push(input.len());
    let mut from = 0;
    let cut = |place| {
        let piece = &input[from..place];
        from = place;
        piece
    };
    places.into_iter().map(cut).collect()
}
