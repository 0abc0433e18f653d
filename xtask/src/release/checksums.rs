//! `SHA256SUMS` in the form of `sha256sum`, and the checksums that Maven Central wants.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::step::{Made, Release};
use crate::files;

pub const FILE: &str = "SHA256SUMS";

/// Writes the checksums of all files of the release.
pub fn write(release: &Release) -> Result<Made, String> {
    let text = of_folder(&release.out)?;
    fs::write(release.out.join(FILE), &text).map_err(|error| format!("{FILE}: {error}"))?;
    Ok(Made::Done(format!("{FILE}, {} files", text.lines().count())))
}

/// The lines for all files in a folder, other than this list.
pub fn of_folder(folder: &Path) -> Result<String, String> {
    let mut text = String::new();
    for file in files::list(folder).into_iter().filter(|file| file != FILE) {
        let bytes = fs::read(folder.join(&file)).map_err(|error| format!("{file}: {error}"))?;
        let _ = writeln!(text, "{}  {file}", sha256(&bytes));
    }
    Ok(text)
}

pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Writes `.md5` and `.sha1` beside a file.
pub fn write_beside(file: &Path) -> Result<(), String> {
    let bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    for (end, sum) in [("md5", hex(&Md5::digest(&bytes))), ("sha1", hex(&Sha1::digest(&bytes)))] {
        let to = format!("{}.{end}", file.display());
        fs::write(&to, sum).map_err(|error| format!("{to}: {error}"))?;
    }
    Ok(())
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{FILE, of_folder, write_beside};
    use crate::run;

    #[test]
    fn checksums_are_those_of_the_usual_programs() {
        let folder = run::target_dir().join("checksums-test");
        fs::create_dir_all(folder.join("b")).unwrap();
        fs::write(folder.join("b/abc"), "abc").unwrap();
        fs::write(folder.join(FILE), "old").unwrap();
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b/abc\n";
        assert_eq!(of_folder(&folder).unwrap(), expected);
        write_beside(&folder.join("b/abc")).unwrap();
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(read("b/abc.md5"), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(read("b/abc.sha1"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        fs::remove_dir_all(folder).unwrap();
    }
}
