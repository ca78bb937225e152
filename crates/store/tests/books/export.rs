//! The offline verifier: whatever is done to an export is found and named.

use crate::world::{LICENSE, at, begin, draft, key, sale, sell, sqlite};
use trueup_store::audit::{self, Finding};

/// An export of 33 entries with checkpoints at 12, 22, 32 and 33; and its lines.
fn exported() -> (Vec<u8>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(folder.path());
    begin(&store, LICENSE, 2);
    for receipt in 1..=30 {
        sell(&store, LICENSE, i64::from(receipt), vec![sale(LICENSE, receipt % 2 + 1, receipt, 1)]).unwrap();
        if receipt % 10 == 0 {
            store
                .write(move |tx| audit::checkpoint(tx, LICENSE, &key(), at(i64::from(receipt)), ("hour", false)))
                .unwrap();
        }
    }
    store
        .write(|tx| audit::record(tx, LICENSE, at(60), &draft("note").because("day close", Some("all well"))))
        .unwrap();
    let mut file = Vec::new();
    audit::export(&store, LICENSE, key(), at(61), &mut file).unwrap();
    let lines = String::from_utf8(file.clone()).unwrap().lines().map(str::to_owned).collect();
    (file, lines)
}

fn verify(bytes: &[u8]) -> Result<audit::Report, Finding> {
    audit::verify(&mut &*bytes, Some(&key().verifying_key()), &[])
}

fn joined(lines: &[String]) -> Vec<u8> {
    let mut text = lines.join("\n");
    text.push('\n');
    text.into_bytes()
}

/// Where the entries begin.
const HEAD: usize = 5;

#[test]
fn no_byte_of_an_export_may_change() {
    let (file, lines) = exported();
    assert_eq!(verify(&file).unwrap().entries, 33);
    let mut starts = vec![0];
    for line in &lines {
        starts.push(starts.last().unwrap() + line.len() + 1);
    }
    for place in 0..file.len() {
        for mask in [0x01, 0x20, 0x80] {
            let mut damaged = file.clone();
            damaged[place] ^= mask;
            let finding = verify(&damaged).err();
            let line = starts.iter().rposition(|start| *start <= place).unwrap();
            let Some(finding) = finding else { panic!("byte {place} of line {line}") };
            // Within an entry's own text it is that entry which is named.
            if (HEAD..HEAD + 33).contains(&line) && place + 1 < starts[line + 1] && damaged[place] != b'\n' {
                assert_eq!(finding, Finding::Altered { position: u64::try_from(line - HEAD).unwrap() }, "byte {place}");
            }
        }
    }
}

#[test]
fn wherever_it_is_cut_the_cut_is_found() {
    let (file, lines) = exported();
    for end in 0..file.len() {
        let finding = verify(&file[..end]).err();
        assert!(finding.is_some(), "{end}");
    }
    // Cut after whole entries, it names the first that is missing.
    for kept in 0..33 {
        let finding = verify(&joined(&lines[..HEAD + kept])).unwrap_err();
        assert_eq!(finding, Finding::Truncated { position: u64::try_from(kept).unwrap() });
    }
}

#[test]
fn entries_that_are_missing_moved_or_doubled_are_named() {
    let (_, lines) = exported();
    for position in 0..33 {
        let mut without = lines.clone();
        without.remove(HEAD + position);
        let named = u64::try_from(position).unwrap();
        let finding = verify(&joined(&without)).unwrap_err();
        assert_eq!(finding, Finding::Missing { position: named });
        if position + 1 < 33 {
            let mut swapped = lines.clone();
            swapped.swap(HEAD + position, HEAD + position + 1);
            let finding = verify(&joined(&swapped)).unwrap_err();
            assert_eq!(finding, Finding::Reordered { position: named, found: named + 1 });
        }
        let mut doubled = lines.clone();
        doubled.insert(HEAD + position, lines[HEAD + position].clone());
        assert!(verify(&joined(&doubled)).is_err());
    }
}

/// Somebody with all rights on the database, but without the key, writes the end anew, hashes included.
#[test]
fn a_rebuilt_end_is_found() {
    use base64::Engine as _;
    let (_, lines) = exported();
    let rebuilt = |position: usize| {
        let mut lines = lines.clone();
        let entry = lines[HEAD + position]
            .split_once(' ')
            .unwrap()
            .1
            .replace("\"import\"", "\"other\"")
            .replace("all well", "nothing");
        let hash = base64::engine::general_purpose::STANDARD.encode(audit::leaf_hash(entry.as_bytes()));
        lines[HEAD + position] = format!("{hash} {entry}");
        joined(&lines)
    };
    // Named are the entries between the checkpoint before and the one after.
    assert_eq!(verify(&rebuilt(5)).unwrap_err(), Finding::Rebuilt { first: 0, end: 12 });
    assert_eq!(verify(&rebuilt(12)).unwrap_err(), Finding::Rebuilt { first: 12, end: 22 });
    assert_eq!(verify(&rebuilt(32)).unwrap_err(), Finding::Rebuilt { first: 32, end: 33 });
    // An older export passed off as the newest is true as far as it goes; a checkpoint kept elsewhere shows that more was there.
    let (file, _) = exported();
    let note = {
        let folder = tempfile::tempdir().unwrap();
        let store = sqlite(folder.path());
        begin(&store, LICENSE, 2);
        for receipt in 1..=30 {
            sell(&store, LICENSE, i64::from(receipt), vec![sale(LICENSE, receipt % 2 + 1, receipt, 1)]).unwrap();
        }
        for _ in 0..5 {
            store.write(|tx| audit::record(tx, LICENSE, at(60), &draft("note"))).unwrap();
        }
        store.write(|tx| audit::checkpoint(tx, LICENSE, &key(), at(62), ("day", true))).unwrap().unwrap().note
    };
    let finding = audit::verify(&mut file.as_slice(), None, &[note]).unwrap_err();
    assert_eq!(finding, Finding::Truncated { position: 33 });
}

/// Signed again with another key, it fits itself; who knows the key is not deceived.
#[test]
fn another_key_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(folder.path());
    begin(&store, LICENSE, 1);
    let other = audit::SigningKey::new("trueup/i-test", [1; 32]).unwrap();
    let mut file = Vec::new();
    audit::export(&store, LICENSE, other, at(61), &mut file).unwrap();
    assert!(audit::verify(&mut file.as_slice(), None, &[]).is_ok());
    assert!(matches!(verify(&file).unwrap_err(), Finding::Header { .. }));
}
