//! A small gzip file that inflates to 64 MiB.

use std::io::{self, Write as _};
use std::sync::OnceLock;

use flate2::Compression;
use flate2::write::GzEncoder;

/// The JSON before a `data` string of [`LENGTH`] letters.
const BEFORE: &[u8] = br#"{"code":0,"msg":"success","data":""#;
const AFTER: &[u8] = br#""}"#;
const LENGTH: usize = 64 << 20;

/// The gzip file, about 64 KiB. It is compressed once per process.
pub(super) fn bomb() -> &'static [u8] {
    static BOMB: OnceLock<Vec<u8>> = OnceLock::new();
    // Writing into a Vec cannot fail.
    BOMB.get_or_init(|| compressed().unwrap_or_default())
}

fn compressed() -> io::Result<Vec<u8>> {
    let chunk = [b'a'; 16 * 1024];
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(BEFORE)?;
    for _ in 0..LENGTH / chunk.len() {
        encoder.write_all(&chunk)?;
    }
    encoder.write_all(AFTER)?;
    encoder.finish()
}
