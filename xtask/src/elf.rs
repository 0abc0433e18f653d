//! The layout of a shared library on Linux.

use std::path::Path;

use crate::run;

/// Whether every loaded segment is aligned to 16 KB. Systems without ELF files pass.
pub fn is_aligned(library: &Path) -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    let Some(headers) = run::output(run::command("readelf").arg("-lW").arg(library)) else {
        eprintln!("readelf is needed to examine {}", library.display());
        return false;
    };
    let smallest = alignments(&headers).min();
    let good = smallest.is_some_and(|alignment| alignment >= 0x4000);
    println!("{}: segments are aligned to {:#x}", library.display(), smallest.unwrap_or(0));
    good
}

/// The alignment of each loaded segment: the last word of its line.
fn alignments(headers: &str) -> impl Iterator<Item = u64> {
    let loads = headers.lines().map(str::trim).filter(|line| line.starts_with("LOAD"));
    loads.filter_map(|line| u64::from_str_radix(line.split_whitespace().last()?.trim_start_matches("0x"), 16).ok())
}

#[cfg(test)]
mod tests {
    use super::alignments;

    #[test]
    fn alignments_of_loaded_segments_are_read() {
        let headers = "\
  Type           Offset   VirtAddr           PhysAddr           FileSiz  MemSiz   Flg Align
  PHDR           0x000040 0x0000000000000040 0x0000000000000040 0x000268 0x000268 R   0x8
  LOAD           0x000000 0x0000000000000000 0x0000000000000000 0x03b1f4 0x03b1f4 R   0x4000
  LOAD           0x03c000 0x000000000003c000 0x000000000003c000 0x12f4b5 0x12f4b5 R E 0x1000
";
        assert_eq!(alignments(headers).collect::<Vec<_>>(), [0x4000, 0x1000]);
        assert_eq!(alignments("").min(), None);
    }
}
