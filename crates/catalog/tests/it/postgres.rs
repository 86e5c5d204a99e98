//! A private PostgreSQL server, started from the machine's binaries in a folder of its own,
//! reachable through a socket in that folder only, stopped and removed at the end.

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use holdfast_catalog::Location;
use tempfile::TempDir;

const MISSING: &str = "PostgreSQL's `initdb` and `pg_ctl` were not found in PATH or under /usr/lib/postgresql: \
                       install the Debian package `postgresql` (`apt-get install postgresql`)";

pub(crate) struct PostgresServer {
    folder: TempDir,
    binaries: PathBuf,
    /// PostgreSQL refuses to run as root.
    as_user: Option<&'static str>,
}

impl PostgresServer {
    pub(crate) fn start() -> Self {
        let binaries = find_binaries().expect(MISSING);
        // Not TMPDIR: the other user must be able to enter it, and a socket's path must be short.
        let folder = tempfile::Builder::new().prefix("holdfast-pg-").tempdir_in("/tmp").unwrap();
        let as_user = (id_of(None) == 0).then(other_user);
        if let Some(user) = as_user {
            chown(folder.path(), Some(id_of(Some(user))), None).unwrap();
        }
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let server = Self { folder, binaries, as_user };
        server.run("initdb", &["--no-sync", "--username=holdfast", "--auth=trust", "--encoding=UTF8"]);
        let options =
            format!("-c listen_addresses= -c unix_socket_directories={} -c fsync=off", server.path());
        server.run(
            "pg_ctl",
            &["start", "--wait", "--silent", "--log", &server.log_path(), "--options", &options],
        );
        server
    }

    /// A new, empty database.
    pub(crate) fn database(&self, name: &str) -> Location {
        self.run_plain("createdb", &["--host", self.path(), "--username", "holdfast", name]);
        format!("postgres://holdfast@localhost/{name}?host={}", self.path()).parse().unwrap()
    }

    fn path(&self) -> &str {
        self.folder.path().to_str().unwrap()
    }

    fn log_path(&self) -> String {
        format!("{}/server.log", self.path())
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let data = format!("{}/data", self.path());
        self.run_plain(program, &[&["-D", &data], arguments].concat());
    }

    fn run_plain(&self, program: &str, arguments: &[&str]) {
        let program = self.binaries.join(program);
        let mut command = match self.as_user {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(&program);
                command
            }
            None => Command::new(&program),
        };
        // The server would keep pipes of this process open for as long as it runs, so output goes to a file.
        let said = tempfile::tempfile().unwrap();
        let status = command
            .args(arguments)
            .current_dir("/tmp")
            .stdin(std::process::Stdio::null())
            .stdout(said.try_clone().unwrap())
            .stderr(said.try_clone().unwrap())
            .status()
            .unwrap();
        assert!(status.success(), "{} failed: {}", program.display(), read_back(said));
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.run("pg_ctl", &["stop", "--mode=immediate", "--silent"]);
    }
}

fn read_back(mut file: std::fs::File) -> String {
    use std::io::{Read as _, Seek as _};

    let mut text = String::new();
    file.rewind().and_then(|()| file.read_to_string(&mut text)).unwrap();
    text
}

#[expect(clippy::disallowed_methods, reason = "PATH is where programs are, not a setting")]
fn find_binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).collect::<Vec<_>>();
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|folders| folders.flatten().map(|folder| folder.path().join("bin")).collect())
        .unwrap_or_default();
    versions.sort();
    let has_all =
        |folder: &&PathBuf| ["initdb", "pg_ctl", "createdb"].iter().all(|p| folder.join(p).exists());
    versions.iter().rev().chain(&in_path).find(has_all).cloned()
}

fn other_user() -> &'static str {
    let passwords = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let exists = |user: &&str| passwords.lines().any(|line| line.starts_with(&format!("{user}:")));
    ["postgres", "nobody"].into_iter().find(exists).expect("one of them exists on every Linux")
}

fn id_of(user: Option<&str>) -> u32 {
    let output = Command::new("id").arg("-u").args(user).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

#[test]
fn the_server_is_gone_with_its_folder() {
    let server = PostgresServer::start();
    let folder: PathBuf = server.folder.path().to_owned();
    let socket = folder.join(".s.PGSQL.5432");
    assert!(socket.exists());

    drop(server);

    assert!(!Path::new(&folder).exists());
}
