//! Tests of the Python packages with the interpreters of several systems.

use std::fs;
use std::thread;

use super::report::Report;
use super::roots::{Root, target_file};
use crate::report::junit;
use crate::{files, run};

/// The arguments of pytest for the whole suite.
pub const WHOLE_SUITE: &str = "tests --ignore=tests/frameworks";

/// How many interpreters are tested at once: the tests wait most of the time.
const AT_ONCE: usize = 3;

/// An interpreter in a system.
pub struct Interpreter {
    root: Root,
    /// Its version and system, for the report.
    what: String,
    python: String,
    /// The arguments of pytest: what is tested.
    arguments: String,
}

/// How far the tests of an interpreter came.
enum Reached {
    /// pip or the demo failed: the command line.
    Nothing(String),
    /// There was no time for the tests.
    Demo,
    /// The tests ended, well or not: the command line.
    Tests(bool, String),
}

impl Interpreter {
    pub fn new(root: Root, what: &str, python: &str, arguments: &str) -> Self {
        Self { root, what: what.into(), python: python.into(), arguments: arguments.into() }
    }

    /// Installs the wheels that pip chooses, runs the demo and then perhaps the tests, with all files in this folder of the
    /// platform.
    fn run(&self, folder: &str, with_tests: bool) -> Result<Reached, String> {
        let Self { root, python, arguments, .. } = self;
        let (folder, wheels) = (format!("{}/{folder}", root.target()), root.wheels());
        let install =
            format!("sh xtask/src/platforms/python_install.sh {python} {wheels} {folder}/venv {folder}/demo.txt");
        if !run::passes(&mut root.command(&install)?) {
            return Ok(Reached::Nothing(install));
        }
        if !with_tests {
            return Ok(Reached::Demo);
        }
        let test = format!(
            "cd bindings-python; PYTHONDONTWRITEBYTECODE=1 {folder}/venv/bin/python -m pytest -q -p no:cacheprovider \
             {arguments} --junitxml {folder}/pytest.xml"
        );
        let exited_well = run::passes(&mut root.command(&test)?);
        Ok(Reached::Tests(exited_well, test))
    }
}

/// Tests the packages with each of these interpreters. The error is that of one which could not be tested to its end.
pub fn test(report: &mut Report, interpreters: &[Interpreter]) -> Result<(), String> {
    let mut result = Ok(());
    for (chunk, group) in interpreters.chunks(AT_ONCE).enumerate() {
        let folders: Vec<String> =
            (0..group.len()).map(|place| format!("python-{}", chunk * AT_ONCE + place)).collect();
        for folder in &folders {
            files::empty_folder(&target_file(report.name, folder)).ok_or("no folder for the tests")?;
        }
        let reached: Vec<_> = thread::scope(|scope| {
            let with_tests = |place: usize| !report.quick || chunk + place == 0;
            let running: Vec<_> = (0..)
                .zip(group.iter().zip(&folders))
                .map(|(place, (one, folder))| scope.spawn(move || one.run(folder, with_tests(place))))
                .collect();
            running.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err("a panic".into()))).collect()
        });
        for ((one, folder), reached) in group.iter().zip(&folders).zip(reached) {
            let done = reached.and_then(|reached| record(report, one, folder, reached));
            result = result.and(done);
        }
    }
    result
}

fn record(report: &mut Report, one: &Interpreter, folder: &str, reached: Reached) -> Result<(), String> {
    let what = &one.what;
    let is_installed = !matches!(reached, Reached::Nothing(_));
    report.check(format!("pip install and demo, {what}"), is_installed);
    if is_installed && one.root.is_elsewhere() {
        let demo = fs::read_to_string(target_file(report.name, folder).join("demo.txt"));
        report.output(format!("`python -m keysecure demo`, {what},"), &demo.unwrap_or_default());
    }
    match reached {
        Reached::Nothing(install) => Err(format!("failed: {install}")),
        Reached::Demo => {
            report.left_out(format!("Python suite, {what}"), "only pip install and the demo, for the sake of time");
            Ok(())
        }
        Reached::Tests(exited_well, test) => {
            let xml = target_file(report.name, folder).join("pytest.xml");
            let counts = junit::read(&xml, &mut report.failures);
            report.tested(format!("Python suite, {what}"), counts);
            if exited_well || counts.failed > 0 { Ok(()) } else { Err(format!("failed: {test}")) }
        }
    }
}
