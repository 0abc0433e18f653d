//! Reports in the XML format of `JUnit`, as pytest, Maven's Surefire and `swift test` write them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use roxmltree::{Document, Node};

use super::counts::TestCounts;
use super::failures::{Failures, cut_middle};

/// The lines of a failure's text that are kept.
const MAX_MESSAGE_LINES: usize = 30;

/// Reads this report, or all reports of this folder. A missing report has no tests.
pub fn read(path: &Path, failures: &mut Failures) -> TestCounts {
    let mut counts = TestCounts::default();
    for file in reports(path) {
        let parsed = fs::read_to_string(&file).map_err(|error| error.to_string()).and_then(|xml| parse(&xml, failures));
        match parsed {
            Ok(part) => counts += part,
            // A report that is cut off must not look like a good one.
            Err(error) => {
                failures.record(&file.display().to_string(), &error);
                counts.failed += 1;
            }
        }
    }
    counts
}

/// The versions of the JVMs that wrote the reports of this folder.
pub fn java_versions(path: &Path) -> Vec<String> {
    let texts = reports(path).into_iter().filter_map(|file| fs::read_to_string(file).ok());
    let versions: BTreeSet<String> = texts.filter_map(|xml| java_version(&Document::parse(&xml).ok()?)).collect();
    versions.into_iter().collect()
}

fn java_version(document: &Document<'_>) -> Option<String> {
    let mut properties = document.descendants().filter(|node| node.has_tag_name("property"));
    let version = properties.find(|property| property.attribute("name") == Some("java.version"))?;
    version.attribute("value").map(str::to_owned)
}

/// Removes the reports of an earlier run.
pub fn clear(path: &Path) {
    for file in reports(path) {
        let _ = fs::remove_file(file);
    }
}

fn reports(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_path_buf()];
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries.filter(|file| file.extension().is_some_and(|end| end == "xml")).collect();
    files.sort();
    files
}

fn parse(xml: &str, failures: &mut Failures) -> Result<TestCounts, String> {
    let document = Document::parse(xml).map_err(|error| error.to_string())?;
    let mut counts = TestCounts::default();
    for case in document.descendants().filter(|node| node.has_tag_name("testcase")) {
        let child = |names: &[&str]| case.children().find(|node| names.contains(&node.tag_name().name()));
        if let Some(failure) = child(&["failure", "error"]) {
            counts.failed += 1;
            failures.record(&name(case), &message(failure));
        } else if child(&["skipped"]).is_some() {
            counts.skipped += 1;
        } else {
            counts.passed += 1;
        }
    }
    Ok(counts)
}

fn name(case: Node<'_, '_>) -> String {
    let parts = ["classname", "name"].map(|attribute| case.attribute(attribute).unwrap_or_default());
    parts.join(".").trim_matches('.').to_owned()
}

/// The text of a failure, which usually repeats its attribute `message`; the attribute where there is no text.
fn message(failure: Node<'_, '_>) -> String {
    let text = failure.text().map(str::trim).filter(|text| !text.is_empty());
    let text = text.or_else(|| failure.attribute("message")).unwrap_or_default();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // pytest names the reason at the end, the JVM at the start.
    cut_middle(&lines, MAX_MESSAGE_LINES).join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Document, Failures, TestCounts, java_version, parse};

    fn read(xml: &str) -> (TestCounts, Vec<String>) {
        let mut failures = Failures::default();
        (parse(xml, &mut failures).unwrap(), failures.summary())
    }

    #[test]
    fn a_report_of_pytest_is_read() {
        let xml = r#"<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="1" skipped="1" tests="4" time="0.1">
            <testcase classname="tests.test_cards" name="test_a" time="0.1" />
            <testcase classname="tests.test_cards" name="test_b" time="0.1"><failure message="assert 1 == 2">def test_b():
&gt;       assert 1 == 2
E       assert 1 == 2</failure></testcase>
            <testcase classname="tests.test_cards" name="test_c" time="0.0"><skipped type="pytest.skip" message="no redis">test_cards.py:3: no redis</skipped></testcase>
            <testcase classname="" name="tests.test_broken" time="0.0"><error message="collection failure">ImportError</error></testcase>
            </testsuite></testsuites>"#;
        let (counts, failures) = read(xml);
        assert_eq!(counts, TestCounts { passed: 1, failed: 2, skipped: 1 });
        assert_eq!(
            failures,
            [
                "FAILED tests.test_cards.test_b",
                "    def test_b():",
                "    >       assert 1 == 2",
                "    E       assert 1 == 2",
                "FAILED tests.test_broken",
                "    ImportError"
            ]
        );
    }

    #[test]
    fn a_report_of_surefire_is_read() {
        let xml = r#"<?xml version="1.0" encoding="UTF-8"?><testsuite name="io.keysecure.ListsTest" time="0.2" tests="3" errors="0" skipped="1" failures="1">
            <properties><property name="java.version" value="17"/></properties>
            <testcase name="pages" classname="io.keysecure.ListsTest" time="0.1"/>
            <testcase name="windows" classname="io.keysecure.ListsTest" time="0.1"><failure message="expected: &lt;1&gt;" type="AssertionFailedError"><![CDATA[expected: <1>
	at io.keysecure.ListsTest.windows]]></failure><system-out><![CDATA[noise]]></system-out></testcase>
            <testcase name="later" classname="io.keysecure.ListsTest" time="0.0"><skipped/></testcase>
            </testsuite>"#;
        assert_eq!(java_version(&Document::parse(xml).unwrap()).as_deref(), Some("17"));
        let (counts, failures) = read(xml);
        assert_eq!(counts, TestCounts { passed: 1, failed: 1, skipped: 1 });
        assert_eq!(
            failures,
            ["FAILED io.keysecure.ListsTest.windows", "    expected: <1>", "    \tat io.keysecure.ListsTest.windows"]
        );
    }

    #[test]
    fn a_report_of_swift_is_read() {
        let xml = r#"<?xml version="1.0" encoding="UTF-8"?>

<testsuites>
<testsuite name="TestResults" errors="0" tests="2" failures="1" time="0.17">
<testcase classname="KeySecureTests.ListTests" name="testPages" time="0.07">
<failure message="failed"></failure>
</testcase>
<testcase classname="KeySecureTests.ListTests" name="testWindows" time="0.07">
</testcase>
</testsuite>
</testsuites>"#;
        let (counts, failures) = read(xml);
        assert_eq!(counts, TestCounts { passed: 1, failed: 1, skipped: 0 });
        assert_eq!(failures, ["FAILED KeySecureTests.ListTests.testPages", "    failed"]);
    }

    #[test]
    fn a_report_that_is_cut_off_is_an_error() {
        assert!(parse("<testsuite><testcase name='a'/>", &mut Failures::default()).is_err());
    }
}
