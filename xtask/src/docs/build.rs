//! Building the site: sources, references, mkdocs in both languages, and the check of the result.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::output::folder;
use super::pages::{Edition, GUIDES, Page, navigation};
use super::reference::{self, Reference};
use super::sources::Sources;
use super::{llms, mermaid, site};
use crate::{files, run};

const REQUIREMENTS: &str = "docs/requirements.txt";

/// The front matter of a guide: it comes first among the results of a search.
const BOOST: &str = "---\nsearch:\n  boost: 4\n---\n\n";

/// The line of a page in whose place the list of references comes.
const REFERENCES: &str = "{{ references }}";

/// Builds the site into `target/docs/site`.
pub fn run(with_references: bool) -> Result<(), String> {
    let started = Instant::now();
    let sources = Sources::read()?;
    let findings = sources.findings();
    if !findings.is_empty() {
        return Err(findings.join("\n"));
    }
    let venv = environment()?;
    let references = reference::all(with_references);
    let mermaid = mermaid::program();
    let site = folder().join("site");
    for edition in [Edition::English, Edition::Chinese] {
        let config = write_sources(edition, &sources, &references, mermaid.as_deref().ok(), &site)?;
        let mut mkdocs = run::command(venv.join("bin/mkdocs"));
        // Its advertisements of other tools are no part of a build.
        mkdocs.args(["build", "--quiet", "--strict", "--config-file"]).arg(config).env("NO_MKDOCS_2_WARNING", "1");
        if !run::passes(&mut mkdocs) {
            return Err("mkdocs failed: see above".into());
        }
    }
    reference::clean_python_pages(&site.join("reference/python"))?;
    // A page for servers, with links from their root: the site has none.
    for page in ["404.html", "zh/404.html"] {
        fs::remove_file(site.join(page)).map_err(|error| format!("{page}: {error}"))?;
    }
    for reference in &references {
        if let Some(built) = reference.built() {
            let to = site.join("reference").join(reference.folder);
            files::copy(built, &to).map_err(|error| format!("{}: {error}", to.display()))?;
        }
    }
    write(&site.join("llms.txt"), &llms::text(&sources))?;
    let foreign = references.iter().filter(|reference| reference.built().is_some());
    let foreign: Vec<String> = foreign.map(|reference| format!("reference/{}", reference.folder)).collect();
    let report = site::check(&site, &foreign.iter().map(String::as_str).collect::<Vec<_>>());
    println!("\n{} pages, {} links, {} broken", report.pages, report.links, report.findings.len());
    for reference in &references {
        println!("reference {}: {reference}", reference.title);
    }
    if let Err(reason) = &mermaid {
        println!("diagrams: SKIPPED {reason}");
    }
    println!("{} in {:.0} s", site.join("index.html").display(), started.elapsed().as_secs_f64());
    if report.findings.is_empty() { Ok(()) } else { Err(report.findings.join("\n")) }
}

/// A virtual environment with mkdocs, made again when the list of packages changes.
fn environment() -> Result<PathBuf, String> {
    let wanted =
        fs::read_to_string(run::root().join(REQUIREMENTS)).map_err(|error| format!("{REQUIREMENTS}: {error}"))?;
    let venv = folder().join("venv");
    let stamp = venv.join("made-from.txt");
    if fs::read_to_string(&stamp).is_ok_and(|made_from| made_from == wanted) {
        return Ok(venv);
    }
    let mut pip = run::command(venv.join("bin/python"));
    pip.args(["-m", "pip", "--quiet", "--disable-pip-version-check", "install", "-r", REQUIREMENTS]);
    let is_made =
        run::passes(run::command("python3").args(["-m", "venv", "--clear"]).arg(&venv)) && run::passes(&mut pip);
    if !is_made {
        return Err("the packages of the site cannot be installed: it needs python3-venv and a package index".into());
    }
    // Written last, so that an incomplete environment is made again.
    write(&stamp, &wanted)?;
    Ok(venv)
}

/// Writes the pages of an edition and the settings of mkdocs, and returns the path of the settings.
fn write_sources(
    edition: Edition,
    sources: &Sources,
    references: &[Reference],
    mermaid: Option<&Path>,
    site: &Path,
) -> Result<PathBuf, String> {
    let folder = folder().join(if edition == Edition::English { "en" } else { "zh" });
    let pages = folder.join("pages");
    if pages.exists() {
        fs::remove_dir_all(&pages).map_err(|error| format!("{}: {error}", pages.display()))?;
    }
    let list: Vec<String> = references.iter().map(|reference| format!("* {}\n", reference.line())).collect();
    let list = list.concat();
    for page in sources.pages.iter().filter(|page| page.edition == edition) {
        let text = sources.for_site(page).replace(REFERENCES, &list);
        // A reader who searches for a task wants the guide before a page of the project that names it more often.
        let is_guide = GUIDES.iter().any(|(_, source)| page.source == *source);
        let text = if is_guide { format!("{BOOST}{text}") } else { text };
        // Without the program in the site, the theme would load it from the network.
        let text = if mermaid.is_some() { text } else { text.replace("```mermaid", "```text") };
        write(&pages.join(&page.target), &text)?;
    }
    let copy = |name: &str| {
        let from = run::root().join("docs").join(name);
        if from.exists() { files::copy(&from, &pages.join(name)) } else { Ok(()) }
    };
    copy("assets").map_err(|error| format!("docs/assets: {error}"))?;
    if edition == Edition::English {
        copy("images").map_err(|error| format!("docs/images: {error}"))?;
        if let Some(program) = mermaid {
            mermaid::install(program, &pages)?;
        }
        for (name, text) in reference::python_pages() {
            write(&pages.join("reference/python").join(name), &text)?;
        }
    }
    let config = folder.join("mkdocs.yml");
    write(&config, &settings(edition, &sources.pages, mermaid.is_some(), site))?;
    Ok(config)
}

/// The settings of one edition.
fn settings(edition: Edition, pages: &[Page], has_mermaid: bool, site: &Path) -> String {
    let is_english = edition == Edition::English;
    let (language, site) = if is_english { ("en", site.to_owned()) } else { ("zh", site.join("zh")) };
    let (english, chinese) = if is_english { ("index.html", "zh/index.html") } else { ("../index.html", "index.html") };
    let base = run::root().join("mkdocs.yml");
    let (base, site) = (base.display(), site.display());
    // The reference of Python is part of the English edition.
    let python = run::root().join("bindings-python");
    let reference = if is_english { reference::python_plugin(&python) } else { String::new() };
    // Words, and the marks between words that the segmentation of Chinese sets.
    let separator = if is_english { "" } else { "      separator: '[\\s\\u200b\\-]'\n" };
    let navigation = navigation(edition, pages);
    // No Chinese page has a diagram.
    let mermaid = if has_mermaid && is_english { mermaid::settings() } else { String::new() };
    format!(
        "\
INHERIT: {base}
docs_dir: pages
site_dir: {site}
theme:
  language: {language}
plugins:
  - search:
      lang: {language}
{separator}  - offline
{reference}{mermaid}extra:
  alternate:
    - {{ name: English, link: {english}, lang: en }}
    - {{ name: 简体中文, link: {chinese}, lang: zh }}
validation:
  omitted_files: ignore
  # The check of the built site knows more.
  links: {{ not_found: ignore, absolute_links: ignore, unrecognized_links: ignore }}
{navigation}"
    )
}

/// Writes a file, and the folder for it.
fn write(path: &Path, text: &str) -> Result<(), String> {
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, text));
    written.map_err(|error| format!("{}: {error}", path.display()))
}
