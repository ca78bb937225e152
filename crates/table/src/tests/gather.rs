use std::fs;

use crate::{find, find_all};

fn folder(files: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    dir
}

#[test]
fn find_takes_any_ending_and_refuses_two() {
    for ending in ["csv", "csv.zst", "xlsx", "parquet", "CSV"] {
        let name = format!("pos/sales.{ending}");
        let dir = folder(&[&name, "pos/sales_old.csv", "pos/~$sales.xlsx", "pos/sales.txt"]);
        let (path, display) = find(dir.path(), "pos", "sales").unwrap().unwrap();
        assert_eq!((path, display), (dir.path().join(&name), name));
    }
    let dir = folder(&["pos/sales.csv", "pos/sales.xlsx", "baseline.csv"]);
    let e = find(dir.path(), "pos", "sales").unwrap_err();
    assert_eq!((e.file.as_str(), e.found.starts_with("pos/sales.xlsx is there too")), ("pos/sales.csv", true), "{e}");
    assert_eq!(find(dir.path(), "pos", "movements").unwrap(), None);
    assert_eq!(find(dir.path(), "shelf", "counts").unwrap(), None);
    assert_eq!(find(dir.path(), "", "baseline").unwrap().unwrap().1, "baseline.csv");
}

#[test]
fn find_all_is_sorted_and_refuses_one_table_twice() {
    let dir = folder(&[
        "state/packages2.csv",
        "state/packages-a.xlsx",
        "state/Packages1.csv.zst",
        "state/packages.json",
        "state/pack.csv",
    ]);
    let names = |prefix: &str| -> Vec<String> {
        find_all(dir.path(), "state", prefix).unwrap().into_iter().map(|f| f.1).collect()
    };
    assert_eq!(names("packages"), ["state/Packages1.csv.zst", "state/packages-a.xlsx", "state/packages2.csv"]);
    assert_eq!(names("sales"), [] as [&str; 0]);
    fs::write(dir.path().join("state/packages2.csv.zst"), "").unwrap();
    assert!(find_all(dir.path(), "state", "packages").unwrap_err().found.contains("packages2.csv.zst is there too"));
    assert_eq!(find_all(dir.path(), "none", "packages").unwrap(), []);
}

#[test]
fn a_file_where_a_folder_should_be_is_an_error() {
    let dir = folder(&["pos"]);
    assert!(find(dir.path(), "pos", "sales").is_err());
}
