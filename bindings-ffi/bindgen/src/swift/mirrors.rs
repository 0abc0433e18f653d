//! Types that show no more in a debugger and to `dump` than they print.

use std::fmt::Write as _;

use super::types::class_name;
use crate::interface::Interface;

/// An extension for every record and enum that prints itself by Rust's `Debug`.
pub fn extensions(interface: &Interface) -> String {
    let records = interface.records();
    let records = records.iter().map(|one| (one.name(), one.uniffi_trait_methods()));
    let enums = interface.enums();
    let enums = enums.iter().map(|one| (one.name(), one.uniffi_trait_methods()));
    let mut names: Vec<_> = records
        .chain(enums)
        .filter(|(_, traits)| traits.debug_fmt.is_some())
        .map(|(name, _)| class_name(name))
        .collect();
    names.sort();
    names.iter().fold(String::new(), |mut text, name| {
        let _ = write!(
            text,
            "
extension {name}: CustomReflectable {{
    /// No more than is printed.
    public var customMirror: Mirror {{ Mirror(self, children: []) }}
}}
"
        );
        text
    })
}

#[cfg(test)]
mod tests {
    use super::extensions;
    use crate::interface::Interface;

    #[test]
    fn records_that_print_themselves_show_no_fields() {
        let interface = Interface::from_udl(
            "namespace keysecure { }; [Traits=(Debug)] dictionary Card { string no; }; dictionary Page { string no; };",
        );
        let swift = extensions(&interface);
        assert!(swift.contains("extension Card: CustomReflectable {"), "{swift}");
        assert!(!swift.contains("Page"), "{swift}");
    }
}
