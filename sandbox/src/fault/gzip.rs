//! A gzip file that is small and inflates hugely, made by hand so that no compressor is needed.

/// What the bomb inflates to: a whole JSON answer with [`LENGTH`] bytes of text in it.
const BEFORE: &[u8] = br#"{"code":0,"msg":"success","data":""#;
const AFTER: &[u8] = br#""}"#;
/// Bytes of text: one letter, then copies of 258 letters.
const LENGTH: usize = 1 + COPIES * 258;
const COPIES: usize = 260_112;
/// CRC-32 of the inflated bytes, worked out once; a test lets the program `gzip` check it.
const CRC: u32 = 0x04F5_111C;

/// The whole gzip file, about 64 KiB.
pub(super) fn bomb() -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    stored(&mut out, BEFORE, false);
    letters(&mut out);
    stored(&mut out, AFTER, true);
    out.extend_from_slice(&CRC.to_le_bytes());
    let length = BEFORE.len() + LENGTH + AFTER.len();
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    out
}

/// A deflate block of plain bytes. It must start on a byte, and it ends on one.
fn stored(out: &mut Vec<u8>, bytes: &[u8], last: bool) {
    let length = u16::try_from(bytes.len()).unwrap_or(0);
    out.push(u8::from(last));
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&(!length).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// A deflate block of one letter and its copies. Its own Huffman codes make a copy of 258 letters cost two bits, both
/// zero: that is what makes it small.
fn letters(out: &mut Vec<u8>) {
    let mut bits = Bits { out, used: 8 };
    bits.push(0, 1); // not the last block
    bits.push(2, 2); // with Huffman codes of its own
    bits.push(29, 5); // 286 codes for letters and lengths
    bits.push(0, 5); // 1 code for distances
    bits.push(14, 4); // 18 lengths of code-length codes, in the standard's odd order:
    for length in [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2] {
        // 18 (a run of zeros) has one bit: 0; then 1 has two: 10; then 2 has two: 11.
        bits.push(length, 3);
    }
    bits.zeros(97); // letters 0 to 96 have no code
    bits.code(0b11, 2); // 'a' has two bits
    bits.zeros(138);
    bits.zeros(20); // letters 98 to 255 have none
    bits.code(0b11, 2); // 256, the end, has two bits
    bits.zeros(28); // lengths 257 to 284 have none
    bits.code(0b10, 2); // 285, a copy of 258 letters, has one bit
    bits.code(0b10, 2); // distance 1 has one bit
    // So: copy 0, 'a' 10, end 11, distance 0.
    bits.code(0b10, 2);
    for _ in 0..COPIES {
        bits.push(0, 2);
    }
    bits.code(0b11, 2);
    bits.empty_stored(); // fills up the byte
}

struct Bits<'a> {
    out: &'a mut Vec<u8>,
    /// Bits used in the last byte.
    used: u32,
}

impl Bits<'_> {
    /// A number, lowest bit first.
    fn push(&mut self, value: u32, count: u32) {
        for at in 0..count {
            if self.used == 8 {
                self.out.push(0);
                self.used = 0;
            }
            if let (Some(last), 1) = (self.out.last_mut(), value >> at & 1) {
                *last |= 1 << self.used;
            }
            self.used += 1;
        }
    }

    /// A Huffman code, highest bit first.
    fn code(&mut self, code: u32, count: u32) {
        for at in (0..count).rev() {
            self.push(code >> at & 1, 1);
        }
    }

    /// A run of 11 to 138 code lengths of zero.
    fn zeros(&mut self, count: u32) {
        self.code(0, 1);
        self.push(count - 11, 7);
    }

    /// A stored block of no bytes: it pads to the next byte.
    fn empty_stored(&mut self) {
        self.push(0, 3);
        self.used = 8;
        self.out.extend_from_slice(&[0, 0, 0xff, 0xff]);
    }
}
