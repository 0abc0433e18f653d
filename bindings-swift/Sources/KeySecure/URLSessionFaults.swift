import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// What an error of `URLSession` means. Whether the request was sent is another question.
func transportFault(of error: any Error) -> TransportFault {
    #if canImport(FoundationNetworking)
    // On Linux the code of many failures is made of the last error number of the system; only the text of libcurl tells what it was.
    let text = error.localizedDescription
    for (start, fault) in texts where text.hasPrefix(start) { return fault }
    #endif
    switch (error as? URLError)?.code {
    case .timedOut: return .timeout
    case .cannotFindHost, .dnsLookupFailed: return .dns
    case .cannotConnectToHost, .notConnectedToInternet, .internationalRoamingOff, .dataNotAllowed, .callIsActive: return .connect
    case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate, .serverCertificateNotYetValid,
        .serverCertificateHasUnknownRoot, .clientCertificateRejected, .clientCertificateRequired,
        .appTransportSecurityRequiresSecureConnection:
        return .tls
    case .networkConnectionLost: return .closed
    case .badServerResponse, .cannotParseResponse, .unsupportedURL, .badURL: return .protocol
    default:
        #if !canImport(FoundationNetworking)
        // Those of CFNetwork that are not in `URLError`: kCFErrorHTTPProxyConnectionFailure, kCFErrorHTTPBadProxyCredentials,
        // kCFErrorHTTPSProxyConnectionFailure, kCFStreamErrorHTTPSProxyFailureUnexpectedResponseToCONNECTMethod.
        if [306, 307, 310, 311].contains((error as NSError).code) { return .proxy }
        #endif
        return .other
    }
}

/// Whether an error says by itself that it came before the request: of a request without a body there is no other proof on Linux.
func precedesRequest(_ error: any Error) -> Bool {
    switch transportFault(of: error) {
    case .dns, .connect, .proxy, .tls: return true
    default: return false
    }
}

#if canImport(FoundationNetworking)
/// How texts of libcurl begin.
private let texts: [(String, TransportFault)] = [
    ("CONNECT tunnel failed", .proxy), ("Proxy CONNECT aborted", .proxy), ("Received HTTP code", .proxy),
    ("Could not resolve", .dns), ("Couldn't resolve", .dns),
    ("Failed to connect", .connect),
    ("SSL", .tls), ("TLS", .tls), ("OpenSSL", .tls), ("error setting certificate", .tls),
    ("Recv failure", .closed), ("Send failure", .closed), ("Empty reply", .closed), ("end of response", .closed),
    ("transfer closed", .closed),
    ("Received HTTP/0.9", .protocol), ("Unsupported HTTP", .protocol), ("Invalid", .protocol),
]
#endif
