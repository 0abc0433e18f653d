//! In which order a Java map gives back its keys.

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
    /// The fields in this order; `None` where the order cannot be told.
    pub(super) fn arrange<'f, 'a>(self, fields: &'f [Field<'a>]) -> Option<Vec<&'f Field<'a>>> {
        let given: Vec<&Field<'a>> = fields.iter().collect();
        let there = |fields: Vec<&'f Field<'a>>| -> Vec<&'f Field<'a>> {
            fields.into_iter().filter(|(_, value)| *value != Node::Null).collect()
        };
        match self {
            Self::Given => Some(given),
            Self::Sorted => Some(sorted(given)),
            Self::Hash => hashed(&given, JAVA_CAPACITY),
            Self::HashTwice => hashed(&there(hashed(&given, JAVA_CAPACITY)?), JAVA_CAPACITY),
            Self::SortedThenHash => hashed(&there(sorted(given)), JAVA_CAPACITY),
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

fn sorted<'f, 'a>(mut fields: Vec<&'f Field<'a>>) -> Vec<&'f Field<'a>> {
    fields.sort_by(|(one, _), (other, _)| java_order(&one.text, &other.text));
    fields
}

/// Java compares texts by UTF-16 code units.
pub(super) fn java_order(one: &str, other: &str) -> std::cmp::Ordering {
    if one.is_ascii() && other.is_ascii() { one.cmp(other) } else { one.encode_utf16().cmp(other.encode_utf16()) }
}

/// The order in which a `java.util.HashMap` gives back keys that were put in one after the other. `None` when so many
/// fall into one bucket that Java would make a tree of it, which no honest sender's names do.
fn hashed<'f, 'a>(fields: &[&'f Field<'a>], capacity: usize) -> Option<Vec<&'f Field<'a>>> {
    let hashes: Vec<usize> = fields.iter().map(|(name, _)| spread(&name.text)).collect();
    let mut table: Vec<Vec<usize>> = vec![Vec::new(); capacity.max(1).next_power_of_two()];
    for key in 0..fields.len() {
        let place = hashes[key] & (table.len() - 1);
        table[place].push(key);
        if table[place].len() >= TREE {
            if table.len() >= SMALL_TABLE {
                return None;
            }
            table = grown(table, &hashes);
        }
        if key + 1 > table.len() * 3 / 4 {
            table = grown(table, &hashes);
        }
    }
    Some(table.into_iter().flatten().map(|key| fields[key]).collect())
}

/// A table of twice the size; keys of one bucket keep their order.
fn grown(table: Vec<Vec<usize>>, hashes: &[usize]) -> Vec<Vec<usize>> {
    let size = table.len() * 2;
    let mut larger = vec![Vec::new(); size];
    for key in table.into_iter().flatten() {
        larger[hashes[key] & (size - 1)].push(key);
    }
    larger
}

/// `String.hashCode`, its upper half mixed into the lower as `HashMap` does.
fn spread(name: &str) -> usize {
    let hash = name.encode_utf16().fold(0u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
    usize::try_from(hash ^ (hash >> 16)).unwrap_or_default()
}
