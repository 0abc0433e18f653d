import Foundation

#if canImport(Glibc)
import Glibc
private let stream = Int32(SOCK_STREAM.rawValue)
#else
import Darwin
private let stream = SOCK_STREAM
#endif

/// A server over raw sockets on loopback that calls a closure with every connection.
final class RawServer: @unchecked Sendable {
    let port: Int
    private let listener: Int32

    init(_ serve: @escaping @Sendable (RawConnection) -> Void) throws {
        let listener = socket(AF_INET, stream, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard bound else { throw Failure("no socket") }
        (self.listener, port) = (listener, Int(UInt16(bigEndian: address.sin_port)))
        Thread.detachNewThread {
            while case let accepted = accept(listener, nil, nil), accepted >= 0 {
                Thread.detachNewThread {
                    let connection = RawConnection(accepted)
                    serve(connection)
                    connection.end()
                }
            }
            close(listener)
        }
    }

    /// Ends the thread that accepts, which closes the socket: closed here, its number could be another server's before that thread
    /// has seen it.
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }
}

/// One connection of a `RawServer`.
final class RawConnection {
    private let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Reads until this text or the end of the stream.
    func read(until end: String) -> String {
        var bytes = [UInt8]()
        var byte: UInt8 = 0
        while !String(decoding: bytes, as: UTF8.self).hasSuffix(end), recv(descriptor, &byte, 1, 0) == 1 { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads this number of bytes, fewer at the end of the stream.
    func read(_ count: Int) -> [UInt8] {
        var bytes = [UInt8]()
        var byte: UInt8 = 0
        while bytes.count < count, recv(descriptor, &byte, 1, 0) == 1 { bytes.append(byte) }
        return bytes
    }

    /// Reads to the end of the stream.
    func drain() { _ = read(.max) }

    func write(_ bytes: [UInt8]) { _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) } }

    func write(_ text: String) { write(Array(text.utf8)) }

    /// Closes the sending direction.
    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    fileprivate func end() { close(descriptor) }
}
