//! The binary and the books: what an IT person types, from the first import to a restored backup and a larger database.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const LICENCE: &str = "C10-0000321-LIC";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn text(&self, file: &str) -> String {
        self.path(file).to_str().unwrap().to_owned()
    }

    fn run(&self, words: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trueup"));
        command.args(words.split_whitespace()).current_dir(self.0.path()).env("TRUEUP_DB", "books.db");
        command.output().unwrap()
    }

    /// What it prints, if it ends with this status.
    fn told(&self, status: i32, words: &str) -> String {
        let output = self.run(words);
        let told = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(output.status.code(), Some(status), "{words}: {}{}", told(&output.stdout), told(&output.stderr));
        told(if status == 2 { &output.stderr } else { &output.stdout })
    }

    /// Books with the example in them, and a key.
    fn with_books() -> (Self, String) {
        let folder = Self::new();
        let told = folder.told(0, &format!("import --store {}", example().display()));
        assert_eq!(told, format!("licence {LICENCE}: 340 facts are new, 0 were known already\n"));
        let key = folder.told(0, "audit key --out key");
        (folder, key.trim().to_owned())
    }
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/harbor-street").canonicalize().unwrap()
}

#[test]
fn a_store_is_taken_in_once() {
    let (folder, _) = Folder::with_books();
    let again = folder.told(0, &format!("import --store {}", example().display()));
    assert!(
        again.contains("these very files were taken in on") && again.contains("all 340 facts are known"),
        "{again}"
    );
    let told = folder.told(0, "doctor");
    assert!(!told.contains("WRONG"), "{told}");
    // Books elsewhere are others, and only an import makes new ones.
    let missing = folder.told(2, "doctor --db elsewhere.db");
    assert!(missing.contains("elsewhere.db"), "{missing}");
    assert!(!folder.path("elsewhere.db").exists());
    let wrong = folder.told(2, &format!("audit checkpoint --licence X --key {}", folder.text("key")));
    assert!(wrong.contains("licence X is not there") || wrong.contains("Is a directory"), "{wrong}");
}

#[test]
fn the_log_is_signed_exported_and_checked_without_the_books() {
    let (folder, key) = Folder::with_books();
    let mine = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(folder.path("key")).unwrap());
    assert_eq!(mine & 0o077, 0, "others may read the key");
    assert!(folder.told(2, "audit key --out key").contains("exists"));
    let note = folder.told(0, &format!("audit checkpoint --licence {LICENCE} --key key"));
    std::fs::write(folder.path("note"), note).unwrap();
    folder.told(0, &format!("audit export --licence {LICENCE} --key key --out log"));
    // To standard output too; each export is signed anew, so it has one checkpoint more.
    let printed = folder.told(0, &format!("audit export --licence {LICENCE} --key key"));
    let written = std::fs::read_to_string(folder.path("log")).unwrap();
    assert!(printed.starts_with(written.strip_suffix("end\n").unwrap()), "{printed}");
    let words = format!("audit verify log --key {key} --against note");
    assert!(folder.told(0, &words).contains("signed with the trusted key"));
    assert!(folder.told(0, "audit verify log").contains(&key), "whose key it is has to be said");

    let export = std::fs::read_to_string(folder.path("log")).unwrap();
    let altered = export.replacen("\"command line\"", "\"command linE\"", 1);
    assert_ne!(altered, export);
    std::fs::write(folder.path("log"), altered).unwrap();
    let told = folder.told(1, &words);
    assert!(told.contains("entry"), "{told}");
    std::fs::write(folder.path("log"), &export[..export.len() / 2]).unwrap();
    folder.told(1, &words);
    // Another key's export of the same log is not the trusted one's.
    folder.told(0, "audit key --out other");
    folder.told(0, &format!("audit export --licence {LICENCE} --key other --out log2"));
    folder.told(1, &format!("audit verify log2 --key {key}"));
    folder.told(2, "audit verify nothing");
}

#[test]
fn a_backup_comes_back() {
    let (folder, _) = Folder::with_books();
    let identity = age::x25519::Identity::generate();
    let secret = age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
    std::fs::write(folder.path("identity"), format!("# a comment, as age-keygen writes it\n{secret}\n")).unwrap();
    let to = identity.to_public();
    assert!(folder.told(0, &format!("backup --to b --recipient {to}")).contains("restored once and whole"));
    assert!(folder.told(2, &format!("backup --to b --recipient {to}")).contains("is there already"));
    assert!(folder.told(2, "backup --to c --recipient age1nonsense").contains("age1nonsense"));
    assert!(!folder.path("c").exists());
    let told = folder.told(0, "restore b --identity identity --db back.db");
    assert!(told.contains("rows restored"), "{told}");
    assert!(!folder.told(0, "doctor --db back.db").contains("WRONG"));
    // Over books that are there: they are put aside, not lost.
    assert!(
        folder.told(0, "restore b --identity identity --db books.db").contains("the books that were there are now")
    );
    std::fs::write(
        folder.path("other"),
        age::secrecy::ExposeSecret::expose_secret(&age::x25519::Identity::generate().to_string()),
    )
    .unwrap();
    folder.told(2, "restore b --identity other --db third.db");
    assert!(!folder.path("third.db").exists());
}

#[test]
fn the_books_move_to_postgresql_and_are_equal() {
    let (folder, _) = Folder::with_books();
    let server = trueup_postgres_server::Server::start();
    let socket = server.socket().display().to_string().replace('/', "%2F");
    server.database("chain");
    let address = format!("postgres://books@{socket}/chain");
    let told = folder.told(0, &format!("migrate --from sqlite:books.db --to {address}"));
    assert!(told.contains("rows, balances and the logs' roots are equal"), "{told}");
    assert!(!folder.told(0, &format!("doctor --db {address}")).contains("WRONG"));
    let again = folder.told(0, &format!("import --store {} --db {address}", example().display()));
    assert!(again.contains("all 340 facts are known"), "{again}");
    // What is there already is not written over.
    folder.told(2, &format!("migrate --from sqlite:books.db --to {address}"));
}

#[cfg(feature = "parquet")]
#[test]
fn months_are_archived_and_kept_as_long_as_the_rule_says() {
    let (folder, key) = Folder::with_books();
    // What was imported just now is of a month that is not over.
    let words = format!("archive write --licence {LICENCE} --key key --out .");
    assert_eq!(folder.told(0, &words), "every closed month is in an archive\n");
    let told = folder.told(0, &format!("retention --licence {LICENCE}"));
    assert!(told.starts_with("0 packages are over their time"), "{told}");
    let told = folder.told(0, &format!("retention --licence {LICENCE} --days 1000 --hold audit-2026"));
    assert!(told.contains("legal hold (audit-2026)"), "{told}");
    assert!(folder.told(0, &format!("retention --licence {LICENCE} --release --remove")).contains("0 facts"));
    assert!(folder.told(2, &format!("retention --licence {LICENCE} --days 30")).contains("365 days"));
    assert!(folder.told(1, &format!("archive verify . --key {key}")).contains("month.txt"));
    assert!(!folder.told(0, "doctor").contains("WRONG"));
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_build_without_parquet_says_so() {
    let (folder, _) = Folder::with_books();
    assert!(folder.told(2, &format!("retention --licence {LICENCE}")).contains("built without Parquet"));
}
