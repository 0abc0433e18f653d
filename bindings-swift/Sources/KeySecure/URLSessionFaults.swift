import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Classifies an error of `URLSession`. It does not tell whether the request was sent.
func transportFault(of error: any Error) -> TransportFault {
    #if canImport(FoundationNetworking)
    // On Linux, many errors have a code derived from errno; only the message of libcurl tells what failed.
    let text = error.localizedDescription
    for (prefix, fault) in messages where text.hasPrefix(prefix) { return fault }
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
        // Codes of CFNetwork that `URLError` does not have: kCFErrorHTTPProxyConnectionFailure, kCFErrorHTTPBadProxyCredentials,
        // kCFErrorHTTPSProxyConnectionFailure, kCFStreamErrorHTTPSProxyFailureUnexpectedResponseToCONNECTMethod.
        if [306, 307, 310, 311].contains((error as NSError).code) { return .proxy }
        #endif
        return .other
    }
}

/// Whether the error proves that the request was not sent. On Linux there is no other proof for a request without a body.
func precedesRequest(_ error: any Error) -> Bool {
    switch transportFault(of: error) {
    case .dns, .connect, .proxy, .tls: return true
    default: return false
    }
}

#if canImport(FoundationNetworking)
/// Prefixes of libcurl messages.
private let messages: [(String, TransportFault)] = [
    ("CONNECT tunnel failed", .proxy), ("Proxy CONNECT aborted", .proxy), ("Received HTTP code", .proxy),
    ("Could not resolve", .dns), ("Couldn't resolve", .dns),
    ("Failed to connect", .connect),
    ("SSL", .tls), ("TLS", .tls), ("OpenSSL", .tls), ("error setting certificate", .tls),
    ("Recv failure", .closed), ("Send failure", .closed), ("Empty reply", .closed), ("end of response", .closed),
    ("transfer closed", .closed),
    ("Received HTTP/0.9", .protocol), ("Unsupported HTTP", .protocol), ("Invalid", .protocol),
]
#endif
