//! Counting dependencies in the output of `cargo tree --prefix none`.

use std::collections::BTreeSet;

/// Counts the distinct packages of the tree, excluding `own`. Two versions of one crate are two packages.
pub fn count(tree: &str, own: &str) -> usize {
    let packages = tree.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words.next()?))
    });
    packages.filter(|(name, _)| *name != own).collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn a_package_counts_once_and_each_version_separately() {
        let tree = "\
keysecure v0.1.0 (/home/user/keysecure/core)
aes v0.9.4
cipher v0.5.2
cbc v0.2.1
cipher v0.5.2 (*)
serde_derive v1.0.229 (proc-macro)
serde_derive v1.0.229 (proc-macro) (*)
getrandom v0.2.17
getrandom v0.4.3

";
        assert_eq!(count(tree, "keysecure"), 6);
        assert_eq!(count("", "keysecure"), 0);
    }
}
