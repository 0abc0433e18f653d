//! The order of rows by creation time, in which any page is found without iterating over the pages before it.

use std::ops::{Range, RangeInclusive};

/// The maximum number of entries of a chunk.
const MAX_CHUNK: usize = 512;

/// Creation time and index of a row. Rows of the same time are ordered by index.
type Entry = (i64, u32);

/// The indexes of rows, oldest first, in chunks: an insertion moves one chunk, and a rank is a sum of chunk lengths.
#[derive(Debug, Clone, Default)]
pub(super) struct Ordered {
    /// Sorted; none is empty.
    chunks: Vec<Vec<Entry>>,
    len: usize,
}

impl Ordered {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn insert(&mut self, entry: Entry) {
        self.len += 1;
        let at = self.chunks.partition_point(|chunk| chunk.last() < Some(&entry));
        if let Some(chunk) = self.chunks.get_mut(at) {
            chunk.insert(chunk.partition_point(|other| *other < entry), entry);
            if chunk.len() > MAX_CHUNK {
                let upper = chunk.split_off(MAX_CHUNK / 2);
                self.chunks.insert(at + 1, upper);
            }
        } else if let Some(last) = self.chunks.last_mut().filter(|last| last.len() < MAX_CHUNK) {
            last.push(entry);
        } else {
            self.chunks.push(vec![entry]);
        }
    }

    /// The ranks of the rows created in that span of Unix milliseconds.
    pub(super) fn ranks(&self, span: &RangeInclusive<i64>) -> Range<usize> {
        let from = self.rank(|(time_ms, _)| time_ms < *span.start());
        from..self.rank(|(time_ms, _)| time_ms <= *span.end()).max(from)
    }

    /// The number of entries that are `before`, which must be true for a prefix of the order only.
    fn rank(&self, before: impl Fn(Entry) -> bool) -> usize {
        let whole = self.chunks.partition_point(|chunk| chunk.last().is_some_and(|last| before(*last)));
        let part = self.chunks.get(whole).map_or(0, |chunk| chunk.partition_point(|entry| before(*entry)));
        self.chunks[..whole].iter().map(Vec::len).sum::<usize>() + part
    }

    /// The indexes of the rows of those ranks, newest first.
    pub(super) fn newest(&self, ranks: Range<usize>) -> impl Iterator<Item = u32> {
        let mut skip = self.len.saturating_sub(ranks.end);
        let mut chunks = self.chunks.as_slice();
        while let [rest @ .., last] = chunks
            && skip >= last.len()
        {
            skip -= last.len();
            chunks = rest;
        }
        chunks.iter().rev().flat_map(|chunk| chunk.iter().rev()).skip(skip).take(ranks.len()).map(|(_, index)| *index)
    }

    /// All indexes, oldest first.
    pub(super) fn oldest(&self) -> impl Iterator<Item = u32> {
        self.chunks.iter().flatten().map(|(_, index)| *index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fastrand::Rng;

    /// Compares with a sorted list: ascending, descending and random times, many of them equal.
    #[test]
    fn ranks_and_pages_equal_those_of_a_sorted_list() {
        let mut rng = Rng::with_seed(3);
        for times in [
            (0..3000).collect::<Vec<i64>>(),
            (0..3000).rev().collect(),
            (0..3000).map(|_| rng.i64(0..700)).collect(),
            vec![7; 3000],
        ] {
            let mut ordered = Ordered::default();
            let mut plain = Vec::new();
            for (index, time_ms) in (0..).zip(times) {
                ordered.insert((time_ms, index));
                plain.push((time_ms, index));
            }
            plain.sort_unstable();
            assert_eq!(plain.iter().map(|(_, index)| *index).collect::<Vec<_>>(), ordered.oldest().collect::<Vec<_>>());
            for span in [0..=3000, 0..=0, 7..=7, 100..=350, -5..=-1, 5000..=6000, RangeInclusive::new(350, 100)] {
                let ranks = ordered.ranks(&span);
                let wanted: Vec<u32> =
                    plain.iter().rev().filter(|(time_ms, _)| span.contains(time_ms)).map(|(_, index)| *index).collect();
                assert_eq!(wanted, ordered.newest(ranks.clone()).collect::<Vec<_>>(), "{span:?}");
                let page = ranks.start..ranks.end.saturating_sub(20).max(ranks.start);
                assert_eq!(
                    wanted.iter().skip(20).copied().collect::<Vec<_>>(),
                    ordered.newest(page).collect::<Vec<_>>(),
                    "{span:?}"
                );
            }
        }
    }
}
