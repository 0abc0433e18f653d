//! Shared libraries in the ELF format, read without tools of the host, which may be a Mac.

use std::fs;
use std::path::Path;

/// Android requires that segments fit pages of this size.
const PAGE: u64 = 0x4000;

const LOAD: u64 = 1;
const DYNAMIC: u64 = 2;
const NEEDED: u64 = 1;
const STRING_TABLE: u64 = 5;

/// The properties of a library that decide whether a system can load it.
#[derive(Debug, PartialEq, Eq)]
pub struct Library {
    /// The number of the processor, `e_machine`.
    pub machine: u64,
    /// The alignment of each loaded segment.
    pub alignments: Vec<u64>,
    /// The names of the libraries that it needs.
    pub needed: Vec<String>,
}

impl Library {
    /// Whether every loaded segment is aligned to 16 KB.
    pub fn is_aligned(&self) -> bool {
        self.alignments.iter().min().is_some_and(|alignment| *alignment >= PAGE)
    }
}

/// Whether every loaded segment of the ELF file is aligned to 16 KB. Prints the alignment.
pub fn is_aligned(library: &Path) -> bool {
    let Some(parsed) = fs::read(library).ok().and_then(|bytes| parse(&bytes)) else {
        eprintln!("{} is not an ELF file", library.display());
        return false;
    };
    let smallest = parsed.alignments.iter().min().unwrap_or(&0);
    println!("{}: segments are aligned to {smallest:#x}", library.display());
    parsed.is_aligned()
}

/// Reads a little-endian ELF file. `None` when it is something else or incomplete.
pub fn parse(bytes: &[u8]) -> Option<Library> {
    let is_64_bit = match bytes.get(..6)? {
        [0x7f, b'E', b'L', b'F', 1, 1] => false,
        [0x7f, b'E', b'L', b'F', 2, 1] => true,
        _ => return None,
    };
    let file = File { bytes, is_64_bit };
    let segments = file.segments()?;
    Some(Library {
        machine: file.number(0x12, 2)?,
        alignments: segments.iter().filter(|segment| segment.kind == LOAD).map(|segment| segment.alignment).collect(),
        needed: file.needed(&segments)?,
    })
}

struct File<'a> {
    bytes: &'a [u8],
    is_64_bit: bool,
}

struct Segment {
    kind: u64,
    offset: u64,
    address: u64,
    size: u64,
    alignment: u64,
}

impl File<'_> {
    fn segments(&self) -> Option<Vec<Segment>> {
        let [table, entry, count] = if self.is_64_bit { [0x20, 0x36, 0x38] } else { [0x1c, 0x2a, 0x2c] };
        let (table, entry, count) = (self.word(table)?, self.number(entry, 2)?, self.number(count, 2)?);
        (0..count).map(|index| self.segment(table.checked_add(index * entry)?)).collect()
    }

    fn segment(&self, at: u64) -> Option<Segment> {
        let [offset, address, size, alignment] =
            if self.is_64_bit { [0x08, 0x10, 0x20, 0x30] } else { [0x04, 0x08, 0x10, 0x1c] };
        let field = |offset: u64| self.word(at.checked_add(offset)?);
        Some(Segment {
            kind: self.number(at, 4)?,
            offset: field(offset)?,
            address: field(address)?,
            size: field(size)?,
            alignment: field(alignment)?,
        })
    }

    /// The names of needed libraries in the dynamic segment, if there is one.
    fn needed(&self, segments: &[Segment]) -> Option<Vec<String>> {
        let Some(dynamic) = segments.iter().find(|segment| segment.kind == DYNAMIC) else { return Some(Vec::new()) };
        let width = self.width();
        let mut entries = Vec::new();
        for index in 0..dynamic.size / (2 * width) {
            let at = dynamic.offset.checked_add(index * 2 * width)?;
            entries.push((self.word(at)?, self.word(at.checked_add(width)?)?));
        }
        let names: Vec<_> = entries.iter().filter(|entry| entry.0 == NEEDED).collect();
        let Some((_, table)) = entries.iter().find(|entry| entry.0 == STRING_TABLE) else {
            return names.is_empty().then(Vec::new);
        };
        // An address in memory: the loaded segment around it tells its place in the file.
        let loaded = segments.iter().find(|segment| {
            segment.kind == LOAD && table.checked_sub(segment.address).is_some_and(|distance| distance < segment.size)
        })?;
        let start = loaded.offset.checked_add(table - loaded.address)?;
        names.iter().map(|(_, name)| self.text(start.checked_add(*name)?)).collect()
    }

    fn text(&self, at: u64) -> Option<String> {
        let bytes = self.bytes.get(usize::try_from(at).ok()?..)?;
        let end = bytes.iter().position(|byte| *byte == 0)?;
        Some(String::from_utf8_lossy(&bytes[..end]).into_owned())
    }

    const fn width(&self) -> u64 {
        if self.is_64_bit { 8 } else { 4 }
    }

    /// A number as wide as an address.
    fn word(&self, at: u64) -> Option<u64> {
        self.number(at, self.width())
    }

    fn number(&self, at: u64, width: u64) -> Option<u64> {
        let range = usize::try_from(at).ok()?..usize::try_from(at.checked_add(width)?).ok()?;
        Some(self.bytes.get(range)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

#[cfg(test)]
pub mod tests {
    use super::{DYNAMIC, LOAD, Library, NEEDED, STRING_TABLE, parse};

    /// The bytes of an ELF file that [`parse`] reads as `library`.
    pub fn elf(is_64_bit: bool, library: &Library) -> Vec<u8> {
        let width = if is_64_bit { 8 } else { 4 };
        let [header, entry] = if is_64_bit { [0x40, 0x38] } else { [0x34, 0x20] };
        let count = library.alignments.len() + 1;
        let dynamic = header + entry * count;
        let strings = dynamic + (library.needed.len() + 2) * 2 * width;
        let texts: usize = library.needed.iter().map(|name| name.len() + 1).sum();
        let mut bytes = vec![0; strings + texts];
        let mut put = |at: usize, width: usize, number: u64| {
            bytes[at..at + width].copy_from_slice(&number.to_le_bytes()[..width]);
        };
        let of = |number: usize| u64::try_from(number).unwrap();
        put(0, 6, u64::from_le_bytes([0x7f, b'E', b'L', b'F', if is_64_bit { 2 } else { 1 }, 1, 0, 0]));
        put(0x12, 2, library.machine);
        let [table, size, number] = if is_64_bit { [0x20, 0x36, 0x38] } else { [0x1c, 0x2a, 0x2c] };
        put(table, width, of(header));
        put(size, 2, of(entry));
        put(number, 2, of(count));
        let [offset, address, length, alignment] =
            if is_64_bit { [0x08, 0x10, 0x20, 0x30] } else { [0x04, 0x08, 0x10, 0x1c] };
        // Each loaded segment is the whole file, loaded at the same address.
        for (index, aligned) in library.alignments.iter().enumerate() {
            let at = header + index * entry;
            put(at, 4, LOAD);
            put(at + address, width, 0x10_0000);
            put(at + length, width, of(strings + texts));
            put(at + alignment, width, *aligned);
        }
        let at = header + (count - 1) * entry;
        put(at, 4, DYNAMIC);
        put(at + offset, width, of(dynamic));
        put(at + length, width, of(strings - dynamic));
        put(at + alignment, width, 8);
        let mut name = 0;
        for (index, needed) in library.needed.iter().enumerate() {
            put(dynamic + index * 2 * width, width, NEEDED);
            put(dynamic + (index * 2 + 1) * width, width, of(name));
            name += needed.len() + 1;
        }
        let last = dynamic + library.needed.len() * 2 * width;
        put(last, width, STRING_TABLE);
        put(last + width, width, of(0x10_0000 + strings));
        let mut at = strings;
        for needed in &library.needed {
            bytes[at..at + needed.len()].copy_from_slice(needed.as_bytes());
            at += needed.len() + 1;
        }
        bytes
    }

    fn library(alignments: &[u64]) -> Library {
        Library {
            machine: 183,
            alignments: alignments.to_vec(),
            needed: vec!["libc.so".to_owned(), "libdl.so".to_owned()],
        }
    }

    #[test]
    fn both_widths_of_elf_files_are_read() {
        for is_64_bit in [true, false] {
            let expected = library(&[0x4000, 0x1000]);
            assert_eq!(parse(&elf(is_64_bit, &expected)).unwrap(), expected);
        }
    }

    #[test]
    fn one_segment_for_small_pages_is_enough_to_be_unaligned() {
        for (alignments, is_aligned) in [
            (&[0x4000, 0x4000][..], true),
            (&[0x10000], true),
            (&[0x4000, 0x1000], false),
            (&[0x1000, 0x4000], false),
            (&[], false),
        ] {
            assert_eq!(library(alignments).is_aligned(), is_aligned, "{alignments:x?}");
        }
    }

    #[test]
    fn other_files_and_incomplete_files_are_not_elf() {
        let whole = elf(true, &library(&[0x4000]));
        for length in 0..whole.len() {
            assert_eq!(parse(&whole[..length]), None, "{length} bytes");
        }
        assert_eq!(parse(b"\xcf\xfa\xed\xfe and more of a Mach-O file"), None);
        assert_eq!(parse(b"#!/bin/sh"), None);
    }

    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn this_program_needs_the_libraries_of_its_system() {
        let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let parsed = parse(&program).unwrap();
        assert!(parsed.needed.iter().any(|name| name == "libc.so.6"), "{:?}", parsed.needed);
        assert!(parsed.alignments.len() > 1 && parsed.alignments.iter().all(|size| size.is_power_of_two()));
    }
}
