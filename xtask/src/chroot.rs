//! Debian systems in the user's cache folder, for tools and libraries that this machine does not have.
//!
//! Each command has its own mount namespace (`unshare --mount`): its mounts end with it, and two runs do not see each
//! other's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run;

const DEFAULT_MIRROR: &str = "http://deb.debian.org/debian";

/// Runs a command in its own mount namespace.
const OWN_NAMESPACE: [&str; 4] = ["unshare", "--mount", "--propagation", "private"];

/// The recipe of a chroot.
#[derive(Debug)]
pub struct Chroot {
    /// The name of its folder.
    pub name: &'static str,
    /// Debian's name of the release.
    pub suite: &'static str,
    /// The packages beyond the smallest system, separated by spaces. A package that is added here is installed in a
    /// chroot that exists.
    pub packages: &'static str,
}

impl Chroot {
    /// The folder of the chroot, which is created if it does not exist. The error says what is missing.
    pub fn ensure(&self) -> Result<PathBuf, String> {
        if run::output(run::command("id").arg("-u")).is_none_or(|id| id.trim() != "0") {
            return Err("only root can make a chroot".into());
        }
        for tool in ["debootstrap", "flock", "unshare", "chroot"] {
            if !run::exists(tool, "--version") {
                return Err(format!("no {tool} to make a chroot"));
            }
        }
        let cache = run::cache_dir().ok_or("neither XDG_CACHE_HOME nor HOME is set: no folder for the chroot")?;
        let folder = cache.join(self.name);
        let made = fs::create_dir_all(&cache).is_ok() && run::passes(&mut self.make(&folder));
        if made { Ok(folder) } else { Err(format!("the chroot {} could not be made: see above", self.name)) }
    }

    /// The command that creates the chroot. `flock` holds its lock until the last child has ended, even when this process
    /// is killed, so that two runs never create it at the same time.
    fn make(&self, folder: &Path) -> Command {
        let mut make = run::command("flock");
        make.arg(folder.with_extension("lock")).args(OWN_NAMESPACE).args(["sh", "xtask/src/chroot_make.sh"]);
        let settings = run::output(run::command("apt-config").args(["dump", "Acquire"])).unwrap_or_default();
        make.arg(folder).args([self.suite, &mirror(), self.packages]).env("APT_SETTINGS", settings);
        // debootstrap fetches by wget, which does not read apt's settings.
        if let Some(proxy) = apt_setting("Acquire::http::Proxy") {
            make.env("http_proxy", proxy);
        }
        make
    }
}

/// The command that installs a package in the chroot, unless it is there. One run at a time, as for [`make`].
pub fn install(folder: &Path, package: &str) -> Command {
    let shell = format!(
        "dpkg --status {package} >/dev/null 2>&1 || \
         {{ apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends {package}; }}"
    );
    let inside = command(folder, &[], &shell);
    let mut install = run::command("flock");
    install.arg(folder.with_extension("lock")).arg(inside.get_program()).args(inside.get_args());
    install
}

/// A command line in the chroot, with the first folder of each pair mounted at the second.
pub fn command(folder: &Path, mounts: &[(&Path, &str)], shell: &str) -> Command {
    let [unshare, options @ ..] = OWN_NAMESPACE;
    let mut command = run::command(unshare);
    command.args(options);
    enter(command, folder, mounts, shell)
}

/// As [`command`], where programs for 64-bit ARM run too, by this static `qemu-aarch64`. Needs Linux 6.7.
pub fn emulating(emulator: &Path, folder: &Path, mounts: &[(&Path, &str)], shell: &str) -> Command {
    let [unshare, options @ ..] = OWN_NAMESPACE;
    let mut command = run::command(unshare);
    command.args(options).args(["--user", "--map-root-user"]).env("EMULATOR", emulator);
    enter(command, folder, mounts, shell)
}

fn enter(mut command: Command, folder: &Path, mounts: &[(&Path, &str)], shell: &str) -> Command {
    command.args(["sh", "xtask/src/chroot_enter.sh"]).arg(folder).arg(shell);
    for (from, to) in mounts {
        command.arg(from).arg(to);
    }
    command
}

fn apt_setting(name: &str) -> Option<String> {
    let value = run::output(run::command("apt-config").args(["dump", "--format", "%v", name]))?;
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// The mirror in this machine's own sources, which may be the only one that it can reach.
pub fn mirror() -> String {
    let one = PathBuf::from("/etc/apt/sources.list");
    let folder = fs::read_dir("/etc/apt/sources.list.d").into_iter().flatten();
    let mut files: Vec<PathBuf> = folder.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    files.sort();
    files.insert(0, one);
    let texts = files.into_iter().filter_map(|file| fs::read_to_string(file).ok());
    texts.flat_map(|text| mirrors(&text)).next().unwrap_or_else(|| DEFAULT_MIRROR.into())
}

/// The addresses of Debian mirrors in a sources file of either of apt's formats.
fn mirrors(sources: &str) -> Vec<String> {
    let lines = sources.lines().filter(|line| line.starts_with("URIs:") || line.starts_with("deb "));
    let words = lines.flat_map(str::split_whitespace).map(|word| word.trim_end_matches('/'));
    let web = words.filter(|word| word.starts_with("http://") || word.starts_with("https://"));
    web.filter(|word| word.ends_with("/debian")).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::mirrors;

    #[test]
    fn the_mirror_is_found_in_both_formats_of_apt() {
        let newer = "Types: deb\n# URIs: http://old.example/debian\nURIs: http://near.example/debian/ http://far.example/debian\nSuites: bookworm\n";
        assert_eq!(mirrors(newer), ["http://near.example/debian", "http://far.example/debian"]);
        let older =
            "# deb http://old.example/debian x main\ndeb [arch=amd64] https://near.example/debian bookworm main\n";
        assert_eq!(mirrors(older), ["https://near.example/debian"]);
        let others = "deb http://near.example/debian-security bookworm-security main\ndeb https://packages.example/apt any main\n";
        assert!(mirrors(others).is_empty());
    }
}
