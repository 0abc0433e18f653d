//! In which order a Java map gives back its keys.

use std::cmp::Ordering;

use crate::values::tree::{Field, Node};

/// The order of an object's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum KeyOrder {
    /// As received: a `LinkedHashMap`, or a bean.
    Given,
    /// A `HashMap`.
    Hash,
    /// By name: a `TreeMap`, or a writer that sorts.
    Sorted,
    /// Written from a `HashMap`, read into another one.
    HashTwice,
    /// Written by name, read into a `HashMap`.
    SortedThenHash,
    /// A `HashMap` copied into one that was made for just that many keys.
    HashCopied,
}

impl KeyOrder {
    /// The places of the fields in this order; `None` where the order cannot be told.
    pub(super) fn arrange(self, fields: &[Field<'_>]) -> Option<Vec<usize>> {
        let given: Vec<usize> = (0..fields.len()).collect();
        let there = |places: Vec<usize>| -> Vec<usize> {
            places.into_iter().filter(|place| !matches!(fields[*place].1, Node::Null)).collect()
        };
        let hashed = |places: &[usize], capacity| hashed(fields, places, capacity);
        match self {
            Self::Given => Some(given),
            Self::Sorted => Some(sorted(fields, &given)),
            Self::Hash => hashed(&given, JAVA_CAPACITY),
            Self::HashTwice => hashed(&there(hashed(&given, JAVA_CAPACITY)?), JAVA_CAPACITY),
            Self::SortedThenHash => hashed(&there(sorted(fields, &given)), JAVA_CAPACITY),
            Self::HashCopied => {
                let once = hashed(&given, JAVA_CAPACITY)?;
                hashed(&once, once.len())
            }
        }
    }
}

/// The capacity of a `HashMap` that nobody sized.
const JAVA_CAPACITY: usize = 16;
/// From so many keys in one bucket on Java makes a tree of it.
const TREE: usize = 9;
/// Up to this size a table grows before a bucket becomes a tree.
const SMALL_TABLE: usize = 64;

fn sorted(fields: &[Field<'_>], given: &[usize]) -> Vec<usize> {
    let name = |place: usize| &fields[given[place]].0.text;
    places(given.len(), &|one, other| java_order(name(one), name(other))).map(|place| given[place]).collect()
}

/// The places of so many things in an order; what is equal in it stays as it is. All sorting of callbacks goes through
/// here, because a sort is a lot of code for each type that it is compiled for.
pub(super) fn places(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> impl Iterator<Item = usize> + use<> {
    let mut places: Vec<usize> = (0..count).collect();
    places.sort_by(|one, other| compare(*one, *other));
    places.into_iter()
}

/// Java compares texts by UTF-16 code units. That is the order of their bytes here, but for the letters beyond U+FFFF
/// (first byte F0 and up): as surrogates they come before those from U+E000 on (first byte EE or EF).
pub(super) fn java_order(one: &str, other: &str) -> Ordering {
    let rank = |byte: &u8| if matches!(byte, 0xee | 0xef) { byte + 0x10 } else { *byte };
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let common = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    one.get(common).map(rank).cmp(&other.get(common).map(rank))
}

/// The order in which a `java.util.HashMap` gives back keys that were put in one after the other: bucket by bucket, and
/// in each as they came. `None` when so many fall into one bucket that Java would make a tree of it, which no honest
/// sender's names do.
fn hashed(fields: &[Field<'_>], given: &[usize], capacity: usize) -> Option<Vec<usize>> {
    let hashes: Vec<usize> = given.iter().map(|place| spread(&fields[*place].0.text)).collect();
    let mut table = vec![0; capacity.max(1).next_power_of_two()];
    for key in 0..hashes.len() {
        let place = hashes[key] & (table.len() - 1);
        table[place] += 1;
        if table[place] >= TREE {
            if table.len() >= SMALL_TABLE {
                return None;
            }
            table = grown(&table, &hashes[..=key]);
        }
        if key + 1 > table.len() * 3 / 4 {
            table = grown(&table, &hashes[..=key]);
        }
    }
    let bucket = |key: usize| hashes[key] & (table.len() - 1);
    let places = places(given.len(), &|one, other| bucket(one).cmp(&bucket(other)));
    Some(places.map(|place| given[place]).collect())
}

/// How many keys are in each bucket of a table of twice the size.
fn grown(table: &[usize], hashes: &[usize]) -> Vec<usize> {
    let mut larger = vec![0; table.len() * 2];
    for hash in hashes {
        larger[hash & (table.len() * 2 - 1)] += 1;
    }
    larger
}

/// `String.hashCode`, its upper half mixed into the lower as `HashMap` does.
fn spread(name: &str) -> usize {
    let hash = name.encode_utf16().fold(0u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
    usize::try_from(hash ^ (hash >> 16)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stand_in_the_order_of_their_code_units() {
        let texts = [
            "",
            "a",
            "ab",
            "b",
            "é",
            "书",
            "\u{d7ff}",
            "\u{e000}",
            "\u{ffff}",
            "\u{10000}",
            "\u{10ffff}",
            "a😀",
            "a\u{fffd}",
        ];
        for one in texts {
            for other in texts {
                assert_eq!(java_order(one, other), one.encode_utf16().cmp(other.encode_utf16()), "{one:?} {other:?}");
            }
        }
    }
}
