//! Archives whose bytes depend on their files alone: sorted, with one time, without owners.

use std::fs;
use std::path::Path;

use crate::{files, run};

/// Packs a folder, under its own name, into a `.tar.gz`.
pub fn tar_gz(folder: &Path, to: &Path) -> Result<(), String> {
    let mut tar = run::command("tar");
    tar.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mode=u+rw,go=rX", "--format=ustar"]);
    tar.arg(format!("--mtime=@{}", run::build_time().unwrap_or_default()));
    // Without the time in the header of gzip.
    tar.args(["--use-compress-program=gzip -9 --no-name", "--create", "--file"]).arg(to);
    tar.arg("--directory").arg(folder.parent().unwrap_or(folder)).arg(folder.file_name().unwrap_or_default());
    passed(&mut tar, to)
}

/// Packs the contents of a folder into a zip file.
pub fn zip(folder: &Path, to: &Path) -> Result<(), String> {
    // The program does not replace entries of an earlier file.
    let _ = fs::remove_file(to);
    let mut jar = run::command("jar");
    jar.args(["--create", "--no-manifest", "--file"]).arg(to);
    if let Some(time) = run::build_time_text() {
        jar.arg(format!("--date={time}"));
    }
    for file in files::list(folder) {
        jar.arg("-C").arg(folder).arg(file);
    }
    passed(&mut jar, to)
}

fn passed(command: &mut std::process::Command, to: &Path) -> Result<(), String> {
    if run::passes(command) { Ok(()) } else { Err(format!("{} was not packed", to.display())) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{tar_gz, zip};
    use crate::run;

    #[test]
    fn archives_do_not_depend_on_times_or_the_order_of_files() {
        run::set_build_time(1_800_000_000);
        let folder = run::target_dir().join("archive-test");
        let _ = fs::remove_dir_all(&folder);
        let mut archives = Vec::new();
        for names in [["b", "a"], ["a", "b"]] {
            let packed = folder.join(names[0]).join("packed");
            fs::create_dir_all(packed.join("inner")).unwrap();
            for name in names {
                fs::write(packed.join("inner").join(name), name).unwrap();
            }
            let (tar, zipped) = (packed.with_extension("tar.gz"), packed.with_extension("zip"));
            tar_gz(&packed, &tar).unwrap();
            zip(&packed, &zipped).unwrap();
            archives.push((fs::read(tar).unwrap(), fs::read(zipped).unwrap()));
        }
        assert!(archives[0].0 == archives[1].0, "tar");
        assert!(archives[0].1 == archives[1].1, "zip");
        fs::remove_dir_all(folder).unwrap();
    }
}
