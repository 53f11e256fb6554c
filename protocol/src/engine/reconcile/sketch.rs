//! The stream of coded symbols, and what finds the differences in it.
//!
//! An [`Encoder`] turns a set into symbols; each is the exclusive or of the items it covers, with how
//! many there are and the exclusive or of their keyed checks. Subtracting the symbols of one set from
//! those of another leaves the symbols of their difference. A symbol that covers exactly one item is
//! that item; a [`Decoder`] takes it out of all others it is part of, which makes more such symbols.
//! The first symbol covers everything, so when it is empty, everything was found.

use super::keyed::Keyed;
use super::mapping::Mapping;
use crate::verdict::Verdict;
use crate::wire::exchange::give::Symbol;
use crate::wire::exchange::want::{MAX_STREAM, MAX_SYMBOLS, Session};
use std::collections::BTreeMap;

/// A hash that stands for one thing a node holds.
pub type Item = [u8; 32];

/// Makes the coded symbols of one set, for one session.
#[derive(Debug, Clone)]
pub struct Encoder {
    keyed: Keyed,
    items: BTreeMap<Item, [u64; 2]>,
}

impl Encoder {
    /// Takes a set; what stands twice counts once.
    #[must_use]
    pub fn new(session: &Session, items: impl IntoIterator<Item = Item>) -> Self {
        let keyed = Keyed::new(session);
        let items = items.into_iter().map(|item| (item, keyed.hash(&item))).collect();
        Self { keyed, items }
    }

    /// Gives `count` symbols of the stream, behind the first `skip`.
    ///
    /// The stream has no end; which part of it is made does not change what stands there, so a node
    /// remembers nothing between two requests.
    #[must_use]
    pub fn symbols(&self, skip: u64, count: usize) -> Vec<Symbol> {
        let mut part = Part::new(skip, count);
        for (item, [check, seed]) in &self.items {
            part.add(item, *check, *seed, 1);
        }
        part.symbols
    }
}

/// Finds what a peer's set has more and less than ours, from the peer's coded symbols.
#[derive(Debug, Clone)]
pub struct Decoder {
    ours: Encoder,
    symbols: Vec<Symbol>,
    found: BTreeMap<Item, i64>,
}

impl Decoder {
    /// Begins with our own set.
    #[must_use]
    pub fn new(session: &Session, items: impl IntoIterator<Item = Item>) -> Self {
        let ours = Encoder::new(session, items);
        Self { ours, symbols: Vec::new(), found: BTreeMap::new() }
    }

    /// Says how many symbols it has taken: where the stream goes on.
    #[must_use]
    pub fn taken(&self) -> u64 {
        u64::try_from(self.symbols.len()).unwrap_or(u64::MAX)
    }

    /// Says how many more to ask for: half as many again, so that little is asked in vain and little
    /// is asked often.
    #[must_use]
    pub fn wants(&self) -> usize {
        self.symbols.len().div_euclid(2).clamp(FIRST, MAX_SYMBOLS)
    }

    /// Takes the next symbols of the peer's stream.
    ///
    /// # Errors
    ///
    /// Returns [`SketchError::Inconsistent`] if no two sets have these symbols, and
    /// [`SketchError::Endless`] if there were too many without an end.
    pub fn take(&mut self, theirs: &[Symbol]) -> Result<Progress, SketchError> {
        let (skip, start) = (self.taken(), self.symbols.len());
        let mut part = Part { skip, symbols: theirs.to_vec() };
        for (item, [check, seed]) in &self.ours.items {
            part.add(item, *check, *seed, -1);
        }
        for (item, sign) in &self.found {
            let [check, seed] = self.ours.keyed.hash(item);
            part.add(item, check, seed, sign.wrapping_neg());
        }
        self.symbols.extend(part.symbols);
        self.peel((start..self.symbols.len()).collect())?;
        if self.symbols.first().is_some_and(|first| *first == Symbol::default()) {
            return Ok(Progress::Done(self.difference()));
        }
        if self.taken() > MAX_STREAM {
            return Err(SketchError::Endless);
        }
        Ok(Progress::More)
    }

    /// Takes out what stands alone, and looks again at every symbol that changed.
    fn peel(&mut self, mut changed: Vec<usize>) -> Result<(), SketchError> {
        let end = self.taken();
        while let Some(at) = changed.pop() {
            let Some(symbol) = self.symbols.get(at).copied() else { continue };
            if symbol.count != 1 && symbol.count != -1 {
                continue;
            }
            let [check, seed] = self.ours.keyed.hash(&symbol.sum);
            if check != symbol.check {
                continue;
            }
            self.note(symbol.sum, symbol.count)?;
            for index in Mapping::new(seed).within(0, end) {
                let Ok(index) = usize::try_from(index) else { continue };
                if let Some(covering) = self.symbols.get_mut(index) {
                    covering.add(&symbol.sum, check, symbol.count.wrapping_neg());
                    changed.push(index);
                }
            }
        }
        Ok(())
    }

    /// Remembers one difference. Each can be found once, so this ends whatever a peer sends.
    fn note(&mut self, item: Item, sign: i64) -> Result<(), SketchError> {
        let held = self.ours.items.contains_key(&item);
        // The peer has more than we: we lack it. The peer has less: we hold it.
        if held == (sign > 0) || self.found.insert(item, sign).is_some() {
            return Err(SketchError::Inconsistent);
        }
        Ok(())
    }

    fn difference(&self) -> Difference {
        let with = |wanted: i64| {
            let same = self.found.iter().filter(move |(_, sign)| **sign == wanted);
            same.map(|(item, _)| *item).collect()
        };
        Difference { theirs: with(1), ours: with(-1) }
    }
}

/// Says how far a [`Decoder`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It needs more symbols.
    More,
    /// It has found every difference.
    Done(Difference),
}

/// How two sets differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// What the peer holds and we lack, in order.
    pub theirs: Vec<Item>,
    /// What we hold and the peer lacks, in order.
    pub ours: Vec<Item>,
}

impl Symbol {
    /// Adds one item, or with sign -1 takes it out.
    fn add(&mut self, item: &Item, check: u64, sign: i64) {
        self.count = self.count.wrapping_add(sign);
        self.check ^= check;
        for (to, from) in self.sum.iter_mut().zip(item) {
            *to ^= from;
        }
    }
}

/// A part of a stream while it is summed up.
struct Part {
    skip: u64,
    symbols: Vec<Symbol>,
}

impl Part {
    fn new(skip: u64, count: usize) -> Self {
        Self { skip, symbols: vec![Symbol::default(); count.min(MAX_SYMBOLS)] }
    }

    fn add(&mut self, item: &Item, check: u64, seed: u64, sign: i64) {
        let length = u64::try_from(self.symbols.len()).unwrap_or(u64::MAX);
        for index in Mapping::new(seed).within(self.skip, self.skip.saturating_add(length)) {
            let at = usize::try_from(index.saturating_sub(self.skip)).unwrap_or(usize::MAX);
            if let Some(symbol) = self.symbols.get_mut(at) {
                symbol.add(item, check, sign);
            }
        }
    }
}

/// The symbols lead nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SketchError {
    /// No two sets have them. Fault of the peer that made them.
    #[error("no two sets differ like that")]
    Inconsistent,
    /// Nobody's fault for certain: perhaps the sets differ in almost everything.
    #[error("no end after {MAX_STREAM} symbols")]
    Endless,
}

impl SketchError {
    /// Says what to do with the peer that sent them.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Inconsistent => Verdict::Reject,
            Self::Endless => Verdict::Ignore,
        }
    }
}

/// The symbols asked for first: enough for about twenty differences, in one and a half kilobytes.
const FIRST: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::multihash::sha256;
    use proptest::prelude::*;

    const SESSION: Session = Session([3; 16]);

    fn items(from: u64, to: u64) -> Vec<Item> {
        (from..to).map(|number| sha256(&number.to_be_bytes())).collect()
    }

    /// Reconciles in steps of `step` symbols; gives the difference and how many symbols it took.
    fn reconcile(
        session: &Session,
        theirs: &[Item],
        ours: &[Item],
        step: usize,
    ) -> (Difference, u64) {
        let encoder = Encoder::new(session, theirs.iter().copied());
        let mut decoder = Decoder::new(session, ours.iter().copied());
        loop {
            let symbols = encoder.symbols(decoder.taken(), step);
            if let Progress::Done(difference) = decoder.take(&symbols).unwrap() {
                return (difference, decoder.taken());
            }
        }
    }

    fn sorted(mut items: Vec<Item>) -> Vec<Item> {
        items.sort_unstable();
        items
    }

    #[test]
    fn both_sides_of_a_difference_are_found() {
        let (theirs, ours) = (items(0, 500), items(30, 540));
        let (difference, _) = reconcile(&SESSION, &theirs, &ours, FIRST);
        assert_eq!(difference.theirs, sorted(items(0, 30)));
        assert_eq!(difference.ours, sorted(items(500, 540)));
    }

    #[test]
    fn equal_and_empty_sets_end_with_the_first_symbol() {
        for set in [items(0, 0), items(0, 300)] {
            assert_eq!(reconcile(&SESSION, &set, &set, 1), (Difference::default(), 1));
        }
    }

    #[test]
    fn about_one_and_a_half_symbols_find_a_difference() {
        for (differences, rounds, most) in
            [(1, 60, 110), (10, 60, 220), (100, 20, 180), (1000, 3, 150)]
        {
            let ours = items(1_000_000, 1_000_050);
            let mut total = 0;
            for round in 0..rounds {
                let theirs = [&items(0, differences)[..], &ours].concat();
                let session = Session([u8::try_from(round).unwrap(); 16]);
                let step = if differences > 100 { 10 } else { 1 };
                let (found, taken) = reconcile(&session, &theirs, &ours, step);
                assert_eq!(found.theirs.len(), usize::try_from(differences).unwrap());
                total += taken;
            }
            let percent = total * 100 / (rounds * differences);
            assert!(percent <= most, "{percent} symbols for 100 differences of {differences}");
        }
    }

    #[test]
    fn a_difference_costs_the_same_in_a_large_set() {
        let ours = items(0, 20_000);
        let theirs = items(10, 20_010);
        let (difference, taken) = reconcile(&SESSION, &theirs, &ours, FIRST);
        assert_eq!((difference.theirs.len(), difference.ours.len()), (10, 10));
        assert!(taken <= 64, "{taken} symbols for 20 differences in 20,000");
    }

    #[test]
    fn a_part_of_the_stream_is_a_part_of_the_whole() {
        let encoder = Encoder::new(&SESSION, items(0, 100));
        let whole = encoder.symbols(0, 300);
        assert_eq!(whole[120..170], encoder.symbols(120, 50));
        assert_eq!(whole.first().map(|symbol| symbol.count), Some(100));
    }

    #[test]
    fn symbols_of_no_set_are_refused_and_end() {
        // Something taken out of the peer's set that we do not hold.
        let ours = items(0, 3);
        let mut symbols = Encoder::new(&SESSION, ours.clone()).symbols(0, 40);
        let [check, seed] = Keyed::new(&SESSION).hash(&[9; 32]);
        for index in Mapping::new(seed).within(0, 40) {
            symbols[usize::try_from(index).unwrap()].add(&[9; 32], check, -1);
        }
        let mut decoder = Decoder::new(&SESSION, ours.clone());
        assert_eq!(decoder.take(&symbols), Err(SketchError::Inconsistent));
        // Something the peer has in one symbol only.
        let mut symbols = Encoder::new(&SESSION, ours.clone()).symbols(0, 40);
        symbols[0].add(&[9; 32], check, 1);
        let mut decoder = Decoder::new(&SESSION, ours);
        assert_eq!(decoder.take(&symbols), Err(SketchError::Inconsistent));
        assert_eq!(SketchError::Inconsistent.verdict(), Verdict::Reject);
    }

    #[test]
    fn a_stream_of_noise_is_given_up() {
        let noise: Vec<_> =
            items(0, 4096).iter().map(|sum| Symbol { count: 5, sum: *sum, check: 7 }).collect();
        let mut decoder = Decoder::new(&SESSION, []);
        let mut result = Ok(Progress::More);
        while result == Ok(Progress::More) {
            result = decoder.take(&noise);
        }
        assert_eq!(result, Err(SketchError::Endless));
    }

    #[test]
    fn more_is_asked_for_in_steps_that_grow() {
        let mut decoder = Decoder::new(&SESSION, items(0, 400));
        assert_eq!((decoder.taken(), decoder.wants()), (0, FIRST));
        let theirs = Encoder::new(&SESSION, []);
        assert_eq!(decoder.take(&theirs.symbols(0, 100)), Ok(Progress::More));
        assert_eq!((decoder.taken(), decoder.wants()), (100, 50));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever two sets are, their difference is found and nothing else.
        #[test]
        fn every_difference_is_found(
            theirs in prop::collection::btree_set(any::<[u8; 32]>(), 0..60),
            common in prop::collection::btree_set(any::<[u8; 32]>(), 0..60),
            ours in prop::collection::btree_set(any::<[u8; 32]>(), 0..60),
            key: [u8; 16],
        ) {
            let union = |one: &std::collections::BTreeSet<Item>| -> Vec<Item> {
                one.union(&common).copied().collect()
            };
            let (difference, _) = reconcile(&Session(key), &union(&theirs), &union(&ours), 16);
            let only = |one: &std::collections::BTreeSet<Item>| -> Vec<Item> {
                one.difference(&common).copied().collect()
            };
            prop_assert_eq!(difference.theirs, only(&theirs));
            prop_assert_eq!(difference.ours, only(&ours));
        }

        /// Whatever a peer sends, decoding ends and does not panic.
        #[test]
        fn noise_never_harms(
            symbols in prop::collection::vec((-3..3_i64, any::<[u8; 32]>(), any::<u64>()), 0..200),
        ) {
            let symbols: Vec<_> =
                symbols.into_iter().map(|(count, sum, check)| Symbol { count, sum, check }).collect();
            let mut decoder = Decoder::new(&SESSION, items(0, 20));
            let _progress = decoder.take(&symbols);
        }
    }
}
