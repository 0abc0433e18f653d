//! The API references of the languages. Each is made by the tool of its language; one whose tool is missing is left
//! out, and the site says so.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::output::folder;
use super::{docc, markdown};
use crate::run;
use crate::{kotlin, maven};

/// The reference of one language.
pub struct Reference {
    pub title: &'static str,
    /// Its folder in `reference/` of the site.
    pub folder: &'static str,
    /// Its first page, in that folder.
    index: &'static str,
    /// Where it was built, or why it was not. `None`: it is part of the pages.
    built: Result<Option<PathBuf>, String>,
}

impl Reference {
    /// The folder to copy into the site.
    pub fn built(&self) -> Option<&Path> {
        self.built.as_ref().ok()?.as_deref()
    }

    /// The entry of the page that lists the references.
    pub fn line(&self) -> String {
        match &self.built {
            Ok(_) => format!("[{}](reference/{}/{})", self.title, self.folder, self.index),
            Err(_) => format!("{} (not part of this build)", self.title),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.built {
            Ok(_) => f.write_str("ok"),
            Err(reason) => write!(f, "SKIPPED {reason}"),
        }
    }
}

/// Builds all references, or names them only.
pub fn all(is_built: bool) -> Vec<Reference> {
    let built = |build: fn() -> Result<PathBuf, String>| {
        if is_built { build().map(Some) } else { Err("--no-reference".into()) }
    };
    vec![
        Reference { title: "Python", folder: "python", index: "keysecure.html", built: Ok(None) },
        Reference { title: "Kotlin and Java", folder: "kotlin", index: "index.html", built: built(dokka) },
        Reference { title: "Swift", folder: "swift", index: "documentation/keysecure/", built: built(docc::build) },
        Reference { title: "Rust", folder: "rust", index: "keysecure/index.html", built: built(rustdoc) },
    ]
}

/// The public crates, in a target folder of their own: that of the workspace has all crates in its search.
fn rustdoc() -> Result<PathBuf, String> {
    let target = folder().join("rustdoc");
    let mut doc = run::cargo("doc --quiet --no-deps -p keysecure -p keysecure-sandbox --target-dir");
    if run::passes(doc.arg(&target)) { Ok(target.join("doc")) } else { Err("cargo doc failed".into()) }
}

/// Dokka, from Maven Central.
fn dokka() -> Result<PathBuf, String> {
    if !run::exists("mvn", "-version") {
        return Err("mvn not found".into());
    }
    let bindings = kotlin::build().ok_or("the Kotlin code was not generated")?;
    let arguments = ["--quiet", "dokka:dokka"].map(str::to_owned);
    let is_made = run::passes(&mut maven::command(&bindings, &arguments));
    let made = maven::build_dir().join("dokka");
    if is_made && made.join("index.html").exists() { Ok(made) } else { Err("Dokka failed: see above".into()) }
}

/// The modules of the Python package that have a page.
const MODULES: [(&str, &str); 8] = [
    ("keysecure", "The client, its models and errors"),
    ("keysecure.aio", "The client for asyncio"),
    ("keysecure.webhooks", "Receiving webhooks"),
    ("keysecure.stores", "Stores of your own"),
    ("keysecure.relay", "The relay"),
    ("keysecure.literals", "The texts of enums"),
    ("keysecure.pytest_plugin", "Fixtures for pytest"),
    ("keysecure_sandbox", "The sandbox"),
];

/// The pages of the Python reference, which a plugin of mkdocs fills from the sources and stubs.
pub fn python_pages() -> Vec<(String, String)> {
    let list: Vec<String> =
        MODULES.iter().map(|(module, title)| format!("* [`{module}`]({module}.md): {title}\n")).collect();
    let pages = MODULES.iter().map(|(module, title)| {
        let others = if *module == "keysecure" { list.concat() + "\n" } else { String::new() };
        (
            format!("{module}.md"),
            format!("---\nsearch:\n  boost: 0.5\n---\n# `{module}`\n\n{title}.\n\n{others}::: {module}\n"),
        )
    });
    pages.collect()
}

/// Removes the roles of reStructuredText, such as `:class:`, which the plugin leaves in front of names.
pub fn clean_python_pages(folder: &Path) -> Result<(), String> {
    let role = markdown::regex(r":(?:attr|class|data|exc|func|meth|mod|obj):(<code>)~?");
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?.flatten() {
        let path = entry.path();
        let cleaned = fs::read_to_string(&path).and_then(|text| fs::write(&path, &*role.replace_all(&text, "$1")));
        cleaned.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// The settings of that plugin.
pub fn python_plugin(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "\
\x20 - mkdocstrings:
      handlers:
        python:
          paths: [{folder}/python, {folder}/sandbox/python]
          options:
            allow_inspection: false
            filters: [\"!^_\"]
            heading_level: 2
            members_order: source
            separate_signature: true
            show_if_no_docstring: false
            show_root_toc_entry: false
            show_signature_annotations: true
            show_source: false
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_of_the_python_reference_exists() {
        for (module, _) in MODULES {
            let folder = if module.starts_with("keysecure_sandbox") { "sandbox/python" } else { "python" };
            let path = run::root().join("bindings-python").join(folder).join(module.replace('.', "/"));
            assert!(path.is_dir() || path.with_extension("py").is_file(), "{module}");
            assert!(python_pages().iter().any(|(name, text)| *name == format!("{module}.md") && text.contains(module)));
        }
    }
}
