// Writes the vectors of the Java platform, with only the JDK (17 or later):
//
//     java make_jdk.java vectors          one line for each entry of vectors.json
//     java make_jdk.java sha1prng-sizes   the same for sha1prng_sizes.json
//     java make_jdk.java refused          the whole of refused.json
//
// This is the code of a merchant's or the platform's Java program, and it shares nothing with the SDK.
// Keep this file ASCII: the launcher reads it in the machine's own charset.

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import javax.crypto.BadPaddingException;
import javax.crypto.Cipher;
import javax.crypto.IllegalBlockSizeException;
import javax.crypto.KeyGenerator;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

final class MakeJdk {
    static final HexFormat HEX = HexFormat.of();
    static final String[] MODES = {"ecb", "cbc"};

    /** A secret as a merchant holds it, and how it becomes a key. */
    record Secret(String scheme, String text) {}

    record Plaintext(String name, String text) {}

    public static void main(String[] args) throws Exception {
        var out = new PrintStream(System.out, false, UTF_8);
        switch (args.length == 1 ? args[0] : "") {
            case "vectors" -> vectors(out);
            case "sha1prng-sizes" -> sha1prngSizes(out);
            case "refused" -> refused(out);
            default -> {
                System.err.println("usage: java make_jdk.java vectors|sha1prng-sizes|refused");
                System.exit(2);
            }
        }
        out.flush();
    }

    // ---- ciphertexts that decrypt ----

    /** The first secret of a scheme takes every plaintext; the others show only that their key is right. */
    static void vectors(PrintStream out) throws Exception {
        Set<String> seen = new HashSet<>();
        for (Secret secret : secrets()) {
            boolean first = seen.add(secret.scheme);
            byte[] key = key(secret);
            for (Plaintext plaintext : plaintexts()) {
                if (!first && !plaintext.name.equals("cvv") && !plaintext.name.equals("private_info")) {
                    continue;
                }
                for (String mode : MODES) {
                    out.print(entry(secret, "", mode, key, plaintext));
                }
            }
        }
    }

    /** The same generator with longer keys. The usual merchant snippet requests 128 bits. */
    static void sha1prngSizes(PrintStream out) throws Exception {
        for (Secret secret : secrets()) {
            if (!secret.scheme.equals("sha1prng")) {
                continue;
            }
            for (int bits : new int[] {128, 192, 256}) {
                for (String mode : MODES) {
                    String extra = "\"key_bits\": " + bits + ", ";
                    out.print(entry(secret, extra, mode, sha1prng(secret.text, bits), new Plaintext("cvv", "123")));
                }
            }
        }
    }

    static String entry(Secret secret, String extra, String mode, byte[] key, Plaintext plaintext) throws Exception {
        byte[] iv = mode.equals("cbc") ? iv(secret, plaintext) : null;
        byte[] sealed = seal(key, iv, "PKCS5Padding", plaintext.text.getBytes(UTF_8));
        return "{\"made_by\": \"jdk\", \"scheme\": " + json(secret.scheme) + ", \"mode\": " + json(mode) + ", " + extra
                + "\"secret\": " + json(secret.text) + ", \"key_hex\": " + json(HEX.formatHex(key)) + ", "
                + (iv == null ? "" : "\"iv_hex\": " + json(HEX.formatHex(iv)) + ", ")
                + "\"plaintext\": " + json(plaintext.text) + ", \"ciphertext\": "
                + json(Base64.getEncoder().encodeToString(sealed)) + "}\n";
    }

    static byte[] key(Secret secret) throws GeneralSecurityException {
        byte[] utf8 = secret.text.getBytes(UTF_8);
        return switch (secret.scheme) {
            case "utf8" -> utf8;
            case "hex" -> HEX.parseHex(secret.text);
            case "base64" -> Base64.getDecoder().decode(secret.text);
            case "md5" -> MessageDigest.getInstance("MD5").digest(utf8);
            case "md5hex" -> HEX.formatHex(MessageDigest.getInstance("MD5").digest(utf8)).getBytes(UTF_8);
            case "sha256" -> MessageDigest.getInstance("SHA-256").digest(utf8);
            case "sha1prng" -> sha1prng(secret.text, 128);
            default -> throw new IllegalArgumentException("scheme " + secret.scheme);
        };
    }

    /** The snippet found in many Java code bases. The seed comes first, so the generator is deterministic. */
    static byte[] sha1prng(String secret, int bits) throws GeneralSecurityException {
        SecureRandom random = SecureRandom.getInstance("SHA1PRNG", "SUN");
        random.setSeed(secret.getBytes(UTF_8));
        KeyGenerator generator = KeyGenerator.getInstance("AES");
        generator.init(bits, random);
        return generator.generateKey().getEncoded();
    }

    /** Fixed and different for every entry, and the same in make_openssl.sh. A real IV is random. */
    static byte[] iv(Secret secret, Plaintext plaintext) throws GeneralSecurityException {
        String text = "iv|" + secret.scheme + "|" + secret.text + "|" + plaintext.text;
        return MessageDigest.getInstance("MD5").digest(text.getBytes(UTF_8));
    }

    /** The IV precedes a CBC ciphertext; without an IV the mode is ECB. */
    static byte[] seal(byte[] key, byte[] iv, String padding, byte[] plaintext) throws GeneralSecurityException {
        byte[] body = cipher(Cipher.ENCRYPT_MODE, key, iv, padding).doFinal(plaintext);
        return iv == null ? body : join(iv, body);
    }

    static Cipher cipher(int direction, byte[] key, byte[] iv, String padding) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/" + (iv == null ? "ECB" : "CBC") + "/" + padding);
        SecretKeySpec spec = new SecretKeySpec(key, "AES");
        if (iv == null) {
            cipher.init(direction, spec);
        } else {
            cipher.init(direction, spec, new IvParameterSpec(iv));
        }
        return cipher;
    }

    // ---- ciphertexts and secrets that must be refused ----

    static void refused(PrintStream out) throws Exception {
        out.print("{\n\"secrets\": [\n" + String.join(",\n", refusedSecrets()) + "\n],\n");
        out.print("\"ciphertexts\": [\n" + String.join(",\n", refusedCiphertexts()) + "\n]\n}\n");
    }

    static List<String> refusedSecrets() throws Exception {
        String[][] table = {
            {"utf8", "", "empty"},
            {"utf8", "fifteen-letters", "15 bytes"},
            {"utf8", "seventeen-letters", "17 bytes"},
            {"utf8", "an-ascii-secret-of-31-letters-x", "31 bytes"},
            {"utf8", "an-ascii-secret-of-33-letters-xyz", "33 bytes"},
            {"utf8", "\u5bc6\u94a5\u5bc6\u94a5\u5bc6\u94a5\u5bc6\u94a5\u5bc6\u94a5\u5bc6\u94a5\u5bc6\u94a5\u5bc6\u94a5",
                "16 characters, but 48 bytes"},
            {"hex", "", "empty"},
            {"hex", "000102030405060708090a0b0c0d0e0", "an odd number of digits"},
            {"hex", "000102030405060708090a0b0c0d0e0g", "a letter that is no hex digit"},
            {"hex", "0x000102030405060708090a0b0c0d0e", "a 0x prefix"},
            {"hex", "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f", "blanks between the bytes"},
            {"hex", "000102030405060708090a0b0c0d0e", "decoded: 15 bytes"},
            {"hex", "000102030405060708090a0b0c0d0e0f10111213", "decoded: 20 bytes"},
            {"hex", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20", "decoded: 33 bytes"},
            {"base64", "", "empty"},
            {"base64", "AAECAwQFBgcICQoLDA0OD*==", "a letter outside the alphabet"},
            {"base64", "AAECAwQFBgcICQoLDA0OD", "a length no Base64 text can have"},
            {"base64", "AAEC=wQFBgcICQoLDA0ODw==", "padding in the middle"},
            {"base64", "AAECAwQFBgcICQoLDA0O", "decoded: 15 bytes"},
            {"base64", "AAECAwQFBgcICQoLDA0ODxAREhM=", "decoded: 20 bytes"},
            {"base64", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g", "decoded: 33 bytes"},
        };
        List<String> entries = new ArrayList<>();
        for (String[] row : table) {
            if (fits(new Secret(row[0], row[1]))) {
                throw new IllegalStateException(row[0] + " takes " + row[1]);
            }
            entries.add("{\"scheme\": " + json(row[0]) + ", \"secret\": " + json(row[1]) + ", \"why\": " + json(row[2]) + "}");
        }
        return entries;
    }

    static boolean fits(Secret secret) throws GeneralSecurityException {
        try {
            int length = key(secret).length;
            return length == 16 || length == 24 || length == 32;
        } catch (IllegalArgumentException notDecoded) {
            return false;
        }
    }

    static List<String> refusedCiphertexts() throws Exception {
        Secret secret = secrets().get(2); // utf8, 32 letters
        byte[] key = key(secret);
        byte[] otherKey = key(new Secret("utf8", "TheSecretThatWasReplacedLastYear"));
        List<String> entries = new ArrayList<>();
        for (String mode : MODES) {
            byte[] iv = mode.equals("cbc") ? iv(secret, new Plaintext("refused", "refused")) : null;
            byte[] good = seal(key, iv, "PKCS5Padding", "123".getBytes(UTF_8));
            String text = Base64.getEncoder().encodeToString(good);
            byte[] noIv = iv == null ? new byte[0] : iv;

            List<String[]> table = new ArrayList<>();
            table.add(new String[] {"", "empty"});
            if (iv != null) {
                table.add(new String[] {base64(iv), "an IV and no ciphertext"});
                table.add(new String[] {base64(head(iv, 15)), "shorter than an IV"});
            }
            table.add(new String[] {base64(head(good, good.length - 1)), "one byte short of whole blocks"});
            table.add(new String[] {base64(join(good, new byte[1])), "one byte more than whole blocks"});
            table.add(new String[] {base64(join(noIv, new byte[1])), "a single byte"});
            for (String[] bad : new String[][] {
                {"31323300000000000000000000000000", "padding of zero bytes"},
                {"31323334353637383930313233343500", "padding length 0"},
                {"31323334353637383930313233343511", "padding length 17"},
                {"313233343536373839303132333435ff", "padding length 255"},
                {"31323334353637383930313233030203", "padding bytes that differ"},
                {"31101010101010101010101010101010", "padding of 16 whose first byte differs"},
                {"31323334353637383930313233343536", "no padding"},
            }) {
                table.add(new String[] {base64(seal(key, iv, "NoPadding", HEX.parseHex(bad[0]))), bad[1]});
            }
            byte[] lost = seal(key, iv, "PKCS5Padding", "a text that fills two blocks".getBytes(UTF_8));
            table.add(new String[] {base64(head(lost, lost.length - 16)), "the last block is missing"});
            table.add(new String[] {base64(seal(otherKey, iv, "PKCS5Padding", "123".getBytes(UTF_8))), "another key"});
            table.add(new String[] {text.replaceFirst("..$", "*="), "a letter outside the alphabet"});
            table.add(new String[] {text.substring(0, 21), "a length no Base64 text can have"});
            table.add(new String[] {text.substring(0, 3) + "=" + text.substring(4), "padding in the middle"});
            table.add(new String[] {text + "AAAA", "text after the Base64 padding"});
            table.add(new String[] {"not a ciphertext", "no Base64 at all"});

            for (String[] row : table) {
                if (opens(key, iv != null, row[0])) {
                    throw new IllegalStateException(mode + " decrypts: " + row[1]);
                }
                entries.add("{\"scheme\": " + json(secret.scheme) + ", \"mode\": " + json(mode) + ", \"secret\": "
                        + json(secret.text) + ", \"ciphertext\": " + json(row[0]) + ", \"why\": " + json(row[1]) + "}");
            }
            if (!opens(key, iv != null, text)) {
                throw new IllegalStateException("the good ciphertext does not decrypt");
            }
        }
        return entries;
    }

    static boolean opens(byte[] key, boolean cbc, String text) throws GeneralSecurityException {
        try {
            byte[] sealed = Base64.getDecoder().decode(text);
            byte[] iv = null;
            if (cbc) {
                if (sealed.length < 16) {
                    return false;
                }
                iv = head(sealed, 16);
                sealed = Arrays.copyOfRange(sealed, 16, sealed.length);
            }
            // The JDK accepts a ciphertext without blocks as an empty message; PKCS padding never produces one.
            if (sealed.length == 0) {
                return false;
            }
            cipher(Cipher.DECRYPT_MODE, key, iv, "PKCS5Padding").doFinal(sealed);
            return true;
        } catch (IllegalArgumentException | BadPaddingException | IllegalBlockSizeException refused) {
            return false;
        }
    }

    // ---- reading and writing ----

    static List<Secret> secrets() throws Exception {
        List<Secret> rows = new ArrayList<>();
        for (String[] row : table("secrets.tsv")) {
            rows.add(new Secret(row[0], row[1]));
        }
        return rows;
    }

    static List<Plaintext> plaintexts() throws Exception {
        List<Plaintext> rows = new ArrayList<>();
        for (String[] row : table("plaintexts.tsv")) {
            rows.add(new Plaintext(row[0], row[1]));
        }
        return rows;
    }

    static List<String[]> table(String file) throws Exception {
        List<String[]> rows = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(file), UTF_8)) {
            rows.add(line.split("\t", 2));
        }
        return rows;
    }

    /** Enough for text without control characters, which is all there is here. */
    static String json(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    static byte[] head(byte[] bytes, int length) {
        return Arrays.copyOf(bytes, length);
    }

    static byte[] join(byte[] left, byte[] right) {
        byte[] both = Arrays.copyOf(left, left.length + right.length);
        System.arraycopy(right, 0, both, left.length, right.length);
        return both;
    }
}
