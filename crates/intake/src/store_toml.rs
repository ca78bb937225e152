//! `store.toml`: the licence, its zone, the window, who reports.

use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::path::Path;
use toml::{Table, Value};
use trueup_core::{LicenseNumber, Text, When, Zone};
use trueup_reconcile::{Corrections, Reporter, Settings};
use trueup_table::{HashingReader, InputError, open_file, quoted};

use crate::{InputFacts, Snapshots};

const FILE: &str = "store.toml";
/// A settings file larger than this is none.
const MAX_BYTES: u64 = 1 << 20;
const CORRECT_AND_RERUN: &str = "correct store.toml and run again";
/// Where nothing else is said, what is younger than this may still be on its way.
const DUE_AFTER_MINUTES: i64 = 60;

const KEYS: [&str; 12] = [
    "license",
    "state",
    "system",
    "timezone",
    "window_start",
    "as_of",
    "pos_as_of",
    "state_as_of",
    "reporting",
    "pos",
    "rooms",
    "name",
];

/// What is read of the sections; `[rooms]` has the shop's own names.
const SECTION_KEYS: [(&str, &[&str]); 2] = [("reporting", &["by", "mode", "every_minutes"]), ("pos", &["corrections"])];

fn wrong(key: &str, found: impl Into<String>, expected: impl Into<String>) -> InputError {
    InputError::new(FILE, found, expected, CORRECT_AND_RERUN).in_column(key)
}

/// Reads the settings of the store.
pub(crate) fn read(
    root: &Path,
    ages_from: Option<&str>,
    snapshots: Option<Snapshots>,
) -> Result<(Settings, InputFacts), InputError> {
    let (text, sha256) = text(root)?;
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map(|before| before.matches('\n').count() + 1);
        let mut told = InputError::new(FILE, error.message().to_owned(), "TOML: key = value", CORRECT_AND_RERUN);
        told.row = line.and_then(|line| u64::try_from(line).ok());
        told
    })?;
    let mut notes = Vec::new();
    let mut unknown: Vec<String> = table.keys().filter(|key| !KEYS.contains(&key.as_str())).cloned().collect();
    for (name, known) in SECTION_KEYS {
        let keys = table.get(name).and_then(Value::as_table).into_iter().flat_map(Table::keys);
        unknown.extend(keys.filter(|key| !known.contains(&key.as_str())).map(|key| format!("{name}.{key}")));
    }
    if !unknown.is_empty() {
        notes.push(format!("unknown settings not read: {}", unknown.join(", ")));
    }
    let settings = settings(&table, ages_from, snapshots)?;
    Ok((settings, InputFacts { file: FILE.to_owned(), sha256, rows: 1, ignored: 0, notes }))
}

fn text(root: &Path) -> Result<(String, String), InputError> {
    let path = root.join(FILE);
    let cannot = |error: std::io::Error| {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        let found = if missing { "the file is missing".to_owned() } else { format!("it cannot be read: {error}") };
        InputError::new(FILE, found, "the licence's settings in UTF-8", "see the README for an example, then run again")
    };
    // What is missing is told with where to find an example; a folder or a pipe as any input.
    if let Err(error) = std::fs::metadata(&path) {
        return Err(cannot(error));
    }
    let file = open_file(&path, FILE)?;
    let mut bytes = Vec::new();
    let mut reader = HashingReader::new(file);
    std::io::Read::read_to_end(&mut std::io::Read::take(&mut reader, MAX_BYTES + 1), &mut bytes).map_err(cannot)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_BYTES {
        return Err(InputError::new(FILE, "the file is too large", "at most 1 MB", CORRECT_AND_RERUN));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| InputError::new(FILE, "the file is not UTF-8", "text in UTF-8", CORRECT_AND_RERUN))?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    Ok((text, reader.hex()))
}

fn settings(table: &Table, ages_from: Option<&str>, snapshots: Option<Snapshots>) -> Result<Settings, InputError> {
    let license = LicenseNumber::new(required(table, "license")?);
    let system = string(table, "system")?.unwrap_or("metrc");
    if system != "metrc" {
        return Err(wrong("system", format!("{} is not read by this version", quoted(system)), "\"metrc\""));
    }
    let zone_name = required(table, "timezone")?;
    let zone = Zone::parse(zone_name).map_err(|_| {
        wrong("timezone", format!("unknown time zone {}", quoted(zone_name)), "a name such as America/Los_Angeles")
    })?;
    let moment = |key: &str| -> Result<Option<Timestamp>, InputError> {
        let Some(text) = time_text(table, key)? else { return Ok(None) };
        read_moment(&zone, &text)
            .map(Some)
            .map_err(|found| wrong(key, found, "a time such as 2026-03-09T10:00:00-07:00"))
    };
    let missing =
        |key: &'static str| move || wrong(key, "the setting is missing", "a time such as 2026-03-09T10:00:00-07:00");
    let window_start = moment("window_start")?.ok_or_else(missing("window_start"))?;
    let (as_of, pos_as_of, state_as_of) = match snapshots {
        Some(Snapshots { pos, state, .. }) => (pos.max(state), pos, state),
        None => {
            let as_of = moment("as_of")?.ok_or_else(missing("as_of"))?;
            (as_of, moment("pos_as_of")?.unwrap_or(as_of), moment("state_as_of")?.unwrap_or(as_of))
        }
    };
    for (key, snapshot) in [("as_of", as_of), ("pos_as_of", pos_as_of), ("state_as_of", state_as_of)] {
        if window_start > snapshot {
            let (start, snapshot) = (zone.rfc3339(window_start), zone.rfc3339(snapshot));
            let found = format!("{start} is later than {key}, {snapshot}");
            return Err(wrong("window_start", found, "a time before the snapshots were taken"));
        }
    }
    let ages_from = ages_from
        .map(|text| {
            read_moment(&zone, text).map_err(|found| {
                InputError::new("--as-of", found, "a time such as 2026-03-09T10:00:00-07:00", "correct the option")
            })
        })
        .transpose()?
        .or(snapshots.map(|snapshots| snapshots.now));
    let (reporter, due_after) = reporting(table)?;
    let corrections = corrections(table)?;
    let rooms = rooms(table)?;
    Ok(Settings {
        license,
        zone,
        window_start,
        as_of,
        pos_as_of,
        state_as_of,
        ages_from,
        due_after,
        reporter,
        corrections,
        rooms,
    })
}

fn read_moment(zone: &Zone, text: &str) -> Result<Timestamp, String> {
    match zone.read(text) {
        Ok(When::Day { .. }) => Err(format!("{} has no time of day", quoted(text))),
        Ok(when) => Ok(when.moment()),
        Err(error) => Err(format!("{} is {error}", quoted(text))),
    }
}

fn string<'t>(table: &'t Table, key: &str) -> Result<Option<&'t str>, InputError> {
    match table.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(wrong(key, type_of(other), "a text in quotes")),
    }
}

fn required<'t>(table: &'t Table, key: &str) -> Result<&'t str, InputError> {
    string(table, key)?
        .filter(|text| !text.trim().is_empty())
        .ok_or_else(|| wrong(key, "the setting is missing", "a text in quotes"))
}

/// A time may stand in quotes or as TOML's own.
fn time_text(table: &Table, key: &str) -> Result<Option<String>, InputError> {
    match table.get(key) {
        Some(Value::Datetime(time)) => Ok(Some(time.to_string())),
        _ => Ok(string(table, key)?.map(str::to_owned)),
    }
}

fn section<'t>(table: &'t Table, key: &str) -> Result<Option<&'t Table>, InputError> {
    match table.get(key) {
        None => Ok(None),
        Some(Value::Table(section)) => Ok(Some(section)),
        Some(other) => Err(wrong(key, type_of(other), format!("a section [{key}]"))),
    }
}

fn type_of(value: &Value) -> String {
    format!("it is of the type {}", value.type_str())
}

fn reporting(table: &Table) -> Result<(Reporter, SignedDuration), InputError> {
    const MINUTES: &str = "whole minutes, 0 to 44640";
    let empty = Table::new();
    let section = section(table, "reporting")?.unwrap_or(&empty);
    let reporter = match string(section, "by")?.unwrap_or("pos") {
        "pos" => Reporter::Pos,
        "trueup" => Reporter::Trueup,
        other => return Err(wrong("reporting.by", format!("unknown {}", quoted(other)), "\"pos\" or \"trueup\"")),
    };
    match string(section, "mode")?.unwrap_or("batch") {
        "batch" | "real_time" => {}
        other => {
            return Err(wrong("reporting.mode", format!("unknown {}", quoted(other)), "\"batch\" or \"real_time\""));
        }
    }
    let minutes = match section.get("every_minutes") {
        None => DUE_AFTER_MINUTES,
        Some(Value::Integer(minutes)) if (0..=60 * 24 * 31).contains(minutes) => *minutes,
        Some(Value::Integer(minutes)) => {
            return Err(wrong("reporting.every_minutes", format!("{minutes} is out of range"), MINUTES));
        }
        Some(other) => return Err(wrong("reporting.every_minutes", type_of(other), MINUTES)),
    };
    Ok((reporter, SignedDuration::from_mins(minutes)))
}

fn corrections(table: &Table) -> Result<Corrections, InputError> {
    let empty = Table::new();
    let section = section(table, "pos")?.unwrap_or(&empty);
    match string(section, "corrections")?.unwrap_or("silent") {
        "echoed" => Ok(Corrections::Echoed),
        "optional" => Ok(Corrections::Optional),
        "silent" => Ok(Corrections::Silent),
        other => Err(wrong(
            "pos.corrections",
            format!("unknown {}", quoted(other)),
            "\"echoed\", \"optional\" or \"silent\"",
        )),
    }
}

fn rooms(table: &Table) -> Result<BTreeMap<Text, Text>, InputError> {
    let empty = Table::new();
    let section = section(table, "rooms")?.unwrap_or(&empty);
    let pairs = section.iter().map(|(room, location)| match location {
        Value::String(location) => Ok((Text::new(room), Text::new(location))),
        other => Err(wrong(
            "rooms",
            format!("the location of {} is of the type {}", quoted(room), other.type_str()),
            "\"POS room\" = \"state location\"",
        )),
    });
    pairs.collect()
}
