//! A PostgreSQL server of its own for tests and benchmarks: own folder, own socket, no port; it ends with who started it.
//!
//! It needs the programs of a PostgreSQL server (Debian: `postgresql`) and `setpriv` (util-linux). Run by root, the server runs as the
//! user `postgres`, because it refuses root.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "for tests: what fails here fails the test")]

use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A PostgreSQL server of its own, which ends with the test.
pub struct Server {
    folder: tempfile::TempDir,
    process: Option<Child>,
    bin: std::path::PathBuf,
}

impl Server {
    /// Makes and starts one.
    pub fn start() -> Self {
        let versions =
            std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL's server is installed (Debian: postgresql)");
        let bin = versions.map(|version| version.unwrap().path().join("bin")).max().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut server = Self { folder, process: None, bin };
        let chown = Command::new("chown").arg(server.user()).arg(server.folder.path()).status().unwrap();
        assert!(chown.success());
        let initdb = server
            .command("initdb")
            .args(["--no-sync", "--encoding=UTF8", "--locale=C", "--auth=trust", "--username=books", "-D"])
            .arg(server.folder.path().join("data"))
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(initdb.success());
        server.resume();
        server
    }

    fn user(&self) -> &'static str {
        if std::fs::metadata("/proc/self").is_ok_and(|it| std::os::unix::fs::MetadataExt::uid(&it) == 0) {
            "postgres"
        } else {
            "--reference=/proc/self"
        }
    }

    /// Runs one of its programs as a user who may; it ends when we do.
    fn command(&self, program: &str) -> Command {
        let mut command = self.set_user();
        command.arg(self.bin.join(program)).current_dir(self.folder.path());
        command
    }

    fn set_user(&self) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "QUIT"]);
        if self.user() == "postgres" {
            command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]);
        }
        command
    }

    /// Starts it, also again.
    pub fn resume(&mut self) {
        let folder = self.folder.path();
        let socket = format!("unix_socket_directories={}", folder.display());
        let mut command = self.command("postgres");
        command.arg("-D").arg(folder.join("data")).args([
            "-c",
            "listen_addresses=",
            "-c",
            &socket,
            "-c",
            "max_connections=200",
        ]);
        let log = std::fs::File::options().create(true).append(true).open(folder.join("log")).unwrap();
        self.process = Some(command.stderr(log).stdout(Stdio::null()).spawn().unwrap());
        let ready = (0..200).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(50));
            self.connect("postgres").is_ok()
        });
        assert!(ready, "{}", std::fs::read_to_string(folder.join("log")).unwrap());
    }

    /// Ends it at once, as a power cut does.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(Command::new("kill").args(["-QUIT", &process.id().to_string()]).status());
            drop(process.wait());
        }
    }

    /// The folder of its socket.
    pub fn socket(&self) -> &Path {
        self.folder.path()
    }

    /// A connection.
    ///
    /// # Errors
    /// If the server does not let us in.
    pub fn connect(&self, database: &str) -> Result<postgres::Client, postgres::Error> {
        postgres::Client::connect(&self.url(database), postgres::NoTls)
    }

    /// How to connect to a database.
    pub fn url(&self, database: &str) -> String {
        format!("host={} user=books dbname={database}", self.folder.path().display())
    }

    /// A new database; gives how to connect to it.
    pub fn database(&self, name: &str) -> String {
        self.connect("postgres").unwrap().batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        self.url(name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A PgBouncer in transaction mode before a server: each transaction may meet another connection.
pub struct Pooler {
    folder: tempfile::TempDir,
    process: Child,
}

impl Pooler {
    /// Starts one that keeps so few connections that its clients have to share them.
    pub fn start(server: &Server) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display();
        let settings = format!(
            "[databases]\n* = host={}\n[pgbouncer]\npool_mode = transaction\ndefault_pool_size = 3\nmax_client_conn = 500\n\
             listen_addr =\nunix_socket_dir = {path}\nauth_type = trust\nauth_file = {path}/users\n",
            server.socket().display(),
        );
        std::fs::write(folder.path().join("settings"), settings).unwrap();
        std::fs::write(folder.path().join("users"), "\"books\" \"\"\n").unwrap();
        let chown = Command::new("chown").args(["-R", server.user()]).arg(folder.path()).status().unwrap();
        assert!(chown.success());
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut command = server.set_user();
        // Debian keeps it where only root looks.
        let path = format!("{}:/usr/sbin:/usr/local/sbin", std::env::var("PATH").unwrap());
        command.arg("pgbouncer").arg(folder.path().join("settings")).env("PATH", path);
        let process =
            command.stderr(log).stdout(Stdio::null()).spawn().expect("PgBouncer is installed (Debian: pgbouncer)");
        let pooler = Self { folder, process };
        let socket = pooler.folder.path().join(".s.PGSQL.6432");
        let ready = (0..200).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(50));
            socket.exists()
        });
        assert!(ready, "{}", std::fs::read_to_string(pooler.folder.path().join("log")).unwrap());
        pooler
    }

    /// How to connect to a database through it.
    pub fn url(&self, database: &str) -> String {
        format!("host={} port=6432 user=books dbname={database}", self.folder.path().display())
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
