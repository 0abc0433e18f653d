import Foundation

/// The first messages of a TLS 1.2 server: its hello, and an untrusted certificate for `localhost`. A client rejects it before it sends
/// anything, so the rest of the handshake and the private key are not needed.
let untrustedServer: [UInt8] = {
    let version: [UInt8] = [3, 3]
    let random = [UInt8](repeating: 7, count: 32)
    let session: [UInt8] = [0]
    let ecdsaWithAes128Gcm: [UInt8] = [0xc0, 0x2b]
    let noCompression: [UInt8] = [0]
    let secureRenegotiation: [UInt8] = [0xff, 0x01, 0, 1, 0]
    let points: [UInt8] = [0, 0x0b, 0, 2, 1, 0]
    let hello = version + random + session + ecdsaWithAes128Gcm + noCompression + sized(secureRenegotiation + points, by: 2)
    let messages = [2] + sized(hello, by: 3) + [11] + sized(sized(sized(certificate, by: 3), by: 3), by: 3)
    return [22] + version + sized(messages, by: 2)
}()

/// The bytes, prefixed by their count.
private func sized(_ bytes: [UInt8], by width: Int) -> [UInt8] {
    (0..<width).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
}

private let certificate = [UInt8](
    Data(
        base64Encoded: """
            MIIBlDCCATugAwIBAgIUVWY5OP6v6yd49sP/+nAgVxR82lUwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNjAyNTY0NloYDzIx\
            MjYxMTAyMDI1NjQ2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQyPgBDR4sGCXagYclNevL1B6K9MmlpuX71o9pT\
            I2+NMXIlK9Poas3oXjZrGlOYijARrWkJyvKCEOl4ujMJ6y5mo2kwZzAdBgNVHQ4EFgQUcF/Vi6TozRzXKwI90gWRMMOrePEwHwYDVR0jBBgwFoAUcF/Vi6To\
            zRzXKwI90gWRMMOrePEwDwYDVR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwIDRwAwRAIgPde0ujk8pHethOMubf2OpyjZ\
            88GtriC5cG7myMapRtsCIFPOtUc76kFQWd/cBYOMyDYJX5/VNZPNQymkTPqhCUUS
            """)!)
