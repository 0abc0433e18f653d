//! The trusted root certificates of TLS connections.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::error::Error;

/// Creates the TLS configuration: TLS 1.2 or later, with the given roots, else the built-in ones.
pub(super) fn tls_config(ca_pem: Option<&str>) -> Result<Arc<ClientConfig>, Error> {
    let roots = match ca_pem {
        Some(pem) => read_roots(pem)?,
        None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
    };
    // Not the process's default provider, which another library may have changed.
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| Error::config("this build has no TLS"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn read_roots(pem: &str) -> Result<RootCertStore, Error> {
    // Editors put a byte order mark in front, also of each file that is then joined to others; YAML indents.
    let pem: String = pem.replace('\u{feff}', "").lines().flat_map(|line| [line.trim(), "\n"]).collect();
    // An old name for the same form; and files that were joined although the first of them has no line end.
    let pem = pem.replace("-----BEGIN X509 CERTIFICATE-----", BEGIN).replace("-----END X509 CERTIFICATE-----", END);
    let pem = pem.replace(&[END, "-----BEGIN"].concat(), &[END, "\n-----BEGIN"].concat());
    if pem.contains("PRIVATE KEY-----") {
        return Err(wrong("holds a private key; it is for certificates only"));
    }
    if pem.contains("-----BEGIN TRUSTED CERTIFICATE-----") {
        let detail =
            "holds a TRUSTED CERTIFICATE, which only OpenSSL reads; `openssl x509 -in FILE` writes it as others do";
        return Err(wrong(detail));
    }
    if !pem.contains("-----BEGIN") {
        let is_path = pem.lines().count() == 1 && pem.contains(['/', '\\', '.']);
        let detail = if is_path { "is the text of the certificates, not the path of a file" } else { NOTHING };
        return Err(wrong(detail));
    }
    let mut roots = RootCertStore::empty();
    let mut unusable = 0;
    for (index, found) in CertificateDer::pem_slice_iter(pem.as_bytes()).enumerate() {
        let certificate = found.map_err(|_| wrong(&format!("is damaged at certificate {}", index + 1)))?;
        // A system's list may hold certificates that rustls does not accept.
        unusable += usize::from(roots.add(certificate).is_err());
    }
    // The parser takes a certificate whose first or last line is damaged for a comment: refuse it.
    let found = roots.len() + unusable;
    if [BEGIN, END].iter().any(|line| pem.matches(line).count() != found) {
        return Err(wrong("is damaged: a certificate has no first or no last line"));
    }
    match (roots.len(), unusable) {
        (0, 0) => Err(wrong(NOTHING)),
        (0, _) => Err(wrong("holds no certificate that can be read")),
        (_, 0) => Ok(roots),
        (_, unusable) => {
            log::warn!(target: "keysecure", "ca_pem: {unusable} certificates cannot be read and are left out");
            Ok(roots)
        }
    }
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
const NOTHING: &str = "must hold at least one certificate in PEM form (-----BEGIN CERTIFICATE-----)";

fn wrong(detail: &str) -> Error {
    Error::config(format!("ca_pem {detail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The certificate of a root that nobody uses.
    const ROOT: &str = "-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIUNf2xEM/GhfbH6oi/lCTkewP2BS4wCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGbm9ib2R5MCAXDTI2MTEyNjAyNDY0N1oYDzIxMjYxMTAyMDI0
NjQ3WjARMQ8wDQYDVQQDDAZub2JvZHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAStG0VLXJujL8JDU8/xNRehjBZ34rf7jauPDB6z2Wf3zlzhS/ptLO21kW+zy5sD
boetki3a8wPxhtyN6tVEJgbzo1MwUTAdBgNVHQ4EFgQUBI3UfzZm2X3nxJV91Jfd
NeyKuZUwHwYDVR0jBBgwFoAUBI3UfzZm2X3nxJV91JfdNeyKuZUwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA4ucCzd3fjUvR6TgZLxa/YEwemyLY
oRgreHvPXqUO8IkCIF1qiaguJPlxyRZ/fKgtzIplo+VG1YfoIm3Pl+Cl6vAE
-----END CERTIFICATE-----
";

    fn count(pem: &str) -> Result<usize, String> {
        read_roots(pem).map(|roots| roots.len()).map_err(|error| error.to_string())
    }

    #[test]
    fn marks_indentation_and_line_ends_are_no_matter() {
        let indented = ROOT.replace('\n', "\n    ");
        for (pem, expected) in [
            (ROOT.to_owned(), 1),
            (format!("\u{feff}{ROOT}"), 1),
            (format!("\u{feff}{ROOT}\u{feff}{ROOT}"), 2),
            (format!("    {indented}"), 1),
            (ROOT.replace('\n', "\r\n"), 1),
            (format!("# A comment\n{ROOT}\nand another\n{ROOT}"), 2),
            (ROOT.replace("CERTIFICATE", "X509 CERTIFICATE"), 1),
            (format!("{}{ROOT}", ROOT.trim_end()), 2),
        ] {
            assert_eq!(count(&pem), Ok(expected), "{pem}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let damaged = ROOT.replace("MI", "M!");
        let cut = ROOT.replace(END, "");
        for (pem, text) in [
            ("", "at least one certificate"),
            ("certificate", "at least one certificate"),
            ("/etc/ssl/ca.pem", "path"),
            ("C:\\ca.pem", "path"),
            ("-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----", "private key"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMC4=\n-----END RSA PRIVATE KEY-----", "private key"),
            (&ROOT.replace("CERTIFICATE", "TRUSTED CERTIFICATE"), "TRUSTED CERTIFICATE"),
            ("-----BEGIN CERTIFICATE-----\nMC4=\n-----END CERTIFICATE-----", "can be read"),
            ("-----BEGIN CERTIFICATE REQUEST-----\nMC4=\n-----END CERTIFICATE REQUEST-----", "at least one"),
            (&damaged, "damaged at certificate 1"),
            (&cut, "damaged at certificate 1"),
            (&format!("{ROOT}{damaged}"), "damaged at certificate 2"),
            (&format!("{ROOT}{}", ROOT.replace(BEGIN, "-----BEGIN CERTIFICAT-----")), "damaged at certificate 2"),
            (&format!("{}{ROOT}", ROOT.replace("-----BEGIN", "----BEGIN")), "no first"),
            (&format!("{}{ROOT}", ROOT.replace(BEGIN, "x -----BEGIN CERTIFICATE-----")), "no first"),
        ] {
            let error = count(pem).unwrap_err();
            assert!(error.starts_with("ca_pem ") && error.contains(text), "{pem}: {error}");
        }
    }
}
