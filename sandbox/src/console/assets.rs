//! The files of the console, which are part of the program.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::http::request::Head;
use crate::http::response::{EncodedResponse, Response};

/// A page of the console loads nothing from other origins, runs no inline script, and cannot be framed.
pub(super) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

/// One file.
pub(super) struct Asset {
    name: &'static str,
    content_type: &'static str,
    content: &'static [u8],
}

macro_rules! assets {
    ($($name:literal as $content_type:literal),+) => {
        &[$(Asset {
            name: $name,
            content_type: $content_type,
            content: include_bytes!(concat!("../../console/dist/", $name)),
        }),+]
    };
}

/// The files are built by `npm run build` in `sandbox/console`; `cargo xtask check console` compares them with their source.
static ASSETS: &[Asset] = assets![
    "index.html" as "text/html; charset=utf-8",
    "console.js" as "text/javascript; charset=utf-8",
    "console.css" as "text/css; charset=utf-8",
    "icon.svg" as "image/svg+xml",
    "LICENSES.txt" as "text/plain; charset=utf-8"
];

/// The file of a path below the console's path; the empty name is that of the page.
pub(super) fn find(name: &str) -> Option<&'static Asset> {
    let name = if name.is_empty() { "index.html" } else { name };
    ASSETS.iter().find(|asset| asset.name == name)
}

impl Asset {
    /// The response with this file, or status 304 if the browser has it.
    pub(super) fn respond(&self, head: &Head<'_>, now_ms: i64) -> EncodedResponse {
        let tag = self.tag();
        let is_known = head.header("if-none-match").is_some_and(|tags| tags.split(',').any(|one| one.trim() == tag));
        EncodedResponse::new(&Response {
            status: if is_known { 304 } else { 200 },
            content_type: self.content_type,
            extra: &[
                ("ETag", &tag),
                ("Cache-Control", "no-cache"),
                ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
                ("X-Content-Type-Options", "nosniff"),
                ("X-Frame-Options", "DENY"),
                ("Referrer-Policy", "no-referrer"),
                ("Cross-Origin-Opener-Policy", "same-origin"),
                ("Cross-Origin-Resource-Policy", "same-origin"),
            ],
            body: if is_known { b"" } else { self.content },
            ..Response::json(now_ms, b"")
        })
    }

    fn tag(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.content.hash(&mut hasher);
        format!("\"{:016x}\"", hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_no_inline_script_or_style() {
        let page = std::str::from_utf8(find("").unwrap().content).unwrap();
        assert!(page.contains("src=\"console.js\"") && page.contains("href=\"console.css\""), "{page}");
        assert!(!page.contains("style=") && !page.contains("<style") && !page.contains("//"), "{page}");
        assert_eq!(page.matches("<script").count(), page.matches("<script type=\"module\" src=").count());
        let style = std::str::from_utf8(find("console.css").unwrap().content).unwrap();
        assert!(!style.contains("http:") && !style.contains("https:") && !style.contains("@import"));
    }

    #[test]
    fn the_licences_of_the_embedded_libraries_are_served() {
        let text = std::str::from_utf8(find("LICENSES.txt").unwrap().content).unwrap();
        assert!(text.contains("preact") && text.contains("uplot") && text.contains("Permission is hereby granted"));
    }
}
