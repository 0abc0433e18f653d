//! The order in which a Java map iterates over its keys.

use std::cmp::Ordering;

use crate::values::tree::{Field, Node};

/// Order of an object's keys, by the Java map that held them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum KeyOrder {
    /// As received: a `LinkedHashMap` or a bean.
    Given,
    /// Order of a `HashMap`.
    Hash,
    /// By name: a `TreeMap`, or a serializer that sorts.
    Sorted,
    /// Serialized from a `HashMap` and parsed into another one.
    HashTwice,
    /// Serialized by name and parsed into a `HashMap`.
    SortedThenHash,
    /// A `HashMap` copied into one with a capacity of exactly that many keys.
    HashCopied,
}

impl KeyOrder {
    /// The indexes of the fields in this order; `None` if the order cannot be computed.
    pub(super) fn arrange(self, fields: &[Field<'_>]) -> Option<Vec<usize>> {
        let given: Vec<usize> = (0..fields.len()).collect();
        let present = |places: Vec<usize>| -> Vec<usize> {
            places.into_iter().filter(|place| !matches!(fields[*place].1, Node::Null)).collect()
        };
        let hashed = |places: &[usize], capacity| hashed(fields, places, capacity);
        match self {
            Self::Given => Some(given),
            Self::Sorted => Some(sorted(fields, &given)),
            Self::Hash => hashed(&given, JAVA_CAPACITY),
            Self::HashTwice => hashed(&present(hashed(&given, JAVA_CAPACITY)?), JAVA_CAPACITY),
            Self::SortedThenHash => hashed(&present(sorted(fields, &given)), JAVA_CAPACITY),
            Self::HashCopied => {
                let once = hashed(&given, JAVA_CAPACITY)?;
                hashed(&once, once.len())
            }
        }
    }
}

/// Default capacity of a `HashMap`.
const JAVA_CAPACITY: usize = 16;
/// Number of keys from which Java turns a bucket into a tree.
const TREE: usize = 9;
/// Table size below which Java grows the table instead of turning a bucket into a tree.
const SMALL_TABLE: usize = 64;

fn sorted(fields: &[Field<'_>], given: &[usize]) -> Vec<usize> {
    let name = |place: usize| &fields[given[place]].0.text;
    places(given.len(), &|one, other| java_order(name(one), name(other))).map(|place| given[place]).collect()
}

/// The indexes of `count` items in an order; equal items keep their order. All sorting of this module uses it, because a sort
/// is compiled into much code for each type.
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

/// The order in which a `java.util.HashMap` iterates over keys in their order of insertion: bucket by bucket, and by insertion
/// within a bucket. `None` if Java would turn a bucket into a tree, which the names of a genuine webhook never cause.
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

/// Number of keys in each bucket of a table of twice the size.
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
    fn texts_are_ordered_by_their_utf16_code_units() {
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
