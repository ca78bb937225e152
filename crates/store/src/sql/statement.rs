//! Statements: each a constant, so that a test can prepare all of them on both databases.

use crate::schema::{ColumnKind, Record, Table, TableKind};
use std::marker::PhantomData;
use std::sync::OnceLock;

/// A statement's text for both databases.
#[derive(Debug)]
pub struct Text2 {
    pub(crate) postgres: String,
    pub(crate) sqlite: String,
}

impl Text2 {
    fn new(text: String) -> Self {
        Self { sqlite: text.replace('$', "?"), postgres: text }
    }
}

/// What can be prepared.
pub trait Prepared: Sync {
    /// The text, with `$1`.
    fn text(&self) -> &Text2;
    /// Kinds of the parameters.
    fn parameters(&self) -> &'static [ColumnKind];

    /// As PostgreSQL reads it.
    fn postgres_text(&self) -> &str {
        &self.text().postgres
    }

    /// As SQLite reads it.
    fn sqlite_text(&self) -> &str {
        &self.text().sqlite
    }
}

/// Reads rows of a table of ours: what comes after `SELECT … FROM table`.
#[derive(Debug)]
pub struct Query<R> {
    tail: &'static str,
    parameters: &'static [ColumnKind],
    text: OnceLock<Text2>,
    rows: PhantomData<fn() -> R>,
}

impl<R: Record> Query<R> {
    /// From its tail and the kinds of its parameters.
    #[must_use]
    pub const fn new(tail: &'static str, parameters: &'static [ColumnKind]) -> Self {
        Self { tail, parameters, text: OnceLock::new(), rows: PhantomData }
    }
}

impl<R: Record> Prepared for Query<R> {
    fn text(&self) -> &Text2 {
        self.text.get_or_init(|| Text2::new(format!("{} {}", select(R::TABLE), self.tail)))
    }

    fn parameters(&self) -> &'static [ColumnKind] {
        self.parameters
    }
}

/// Any other statement.
#[derive(Debug)]
pub struct Statement {
    sql: &'static str,
    parameters: &'static [ColumnKind],
    text: OnceLock<Text2>,
}

impl Statement {
    /// From a text that was put together from a definition.
    pub(crate) fn made(text: String, parameters: &'static [ColumnKind]) -> Self {
        Self { sql: "", parameters, text: OnceLock::from(Text2::new(text)) }
    }

    /// From its text and the kinds of its parameters.
    #[must_use]
    pub const fn new(sql: &'static str, parameters: &'static [ColumnKind]) -> Self {
        Self { sql, parameters, text: OnceLock::new() }
    }
}

impl Prepared for Statement {
    fn text(&self) -> &Text2 {
        self.text.get_or_init(|| Text2::new(self.sql.to_owned()))
    }

    fn parameters(&self) -> &'static [ColumnKind] {
        self.parameters
    }
}

/// `SELECT` of all columns.
fn select(table: &Table) -> String {
    let columns: Vec<&str> = table.column_names().collect();
    format!("SELECT {} FROM {}", columns.join(", "), table.name)
}

/// What an insert does where the row is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnConflict {
    /// Refuses.
    Fail,
    /// Leaves it as it is.
    Keep,
    /// Adds the integers that are no part of the key; of derived tables only.
    Add,
}

/// Of the facts and sums about one package of a licence.
#[derive(Debug)]
pub struct OfPackage {
    pub(crate) read: Text2,
    /// Only after their time.
    pub(crate) remove: Text2,
}

impl OfPackage {
    fn of(table: &Table) -> Option<Self> {
        let is_about =
            matches!(table.kind, TableKind::Facts | TableKind::Derived) && table.place("package_id").is_some();
        let which = "WHERE license_id = $1 AND package_id = $2";
        is_about.then(|| Self {
            read: Text2::new(format!("{} {which}", select(table))),
            remove: Text2::new(format!("DELETE FROM {} {which}", table.name)),
        })
    }
}

/// The statements that every table has, made from its definition.
#[derive(Debug)]
pub struct TableStatements {
    /// One row, [`OnConflict`] in order.
    insert: [Text2; 3],
    /// Many rows from arrays, one per column; PostgreSQL only.
    insert_arrays: [String; 3],
    /// By primary key.
    pub(crate) get: Text2,
    /// All columns, where key and version are those of the last parameters. Nothing for tables without a version.
    pub(crate) replace: Option<Text2>,
    /// All rows in the order of the key.
    pub(crate) scan: Text2,
    /// A licence's facts after one number up to another.
    pub(crate) range: Option<Text2>,
    /// What is about one package.
    pub(crate) of_package: Option<OfPackage>,
    pub(crate) kinds: Vec<ColumnKind>,
    pub(crate) key_kinds: Vec<ColumnKind>,
}

impl TableStatements {
    /// Makes them.
    #[must_use]
    pub fn of(table: &Table) -> Self {
        let columns: Vec<&str> = table.column_names().collect();
        let kinds: Vec<ColumnKind> = table.column_kinds().collect();
        let kind_of = |name: &str| table.place(name).and_then(|place| kinds.get(place).copied());
        let head = format!("INSERT INTO {} ({})", table.name, columns.join(", "));
        let each = |conflict| on_conflict(table, conflict);
        let values = format!("VALUES ({})", numbered(1..=columns.len()));
        let arrays: Vec<String> =
            (1..).zip(&kinds).map(|(number, kind)| format!("${number}::{}[]", kind.name().to_lowercase())).collect();
        let arrays = format!("SELECT * FROM unnest({})", arrays.join(", "));
        let all = [OnConflict::Fail, OnConflict::Keep, OnConflict::Add];
        Self {
            insert: all.map(|conflict| Text2::new(format!("{head} {values}{}", each(conflict)))),
            insert_arrays: all.map(|conflict| format!("{head} {arrays}{}", each(conflict))),
            get: Text2::new(format!("{} WHERE {}", select(table), equalities(table.key, 1, " AND "))),
            replace: replace(table, &columns),
            scan: Text2::new(format!("{} ORDER BY {}", select(table), table.key.join(", "))),
            range: (table.kind == TableKind::Facts).then(|| {
                let tail = "WHERE license_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq";
                Text2::new(format!("{} {tail}", select(table)))
            }),
            of_package: OfPackage::of(table),
            key_kinds: table.key.iter().filter_map(|name| kind_of(name)).collect(),
            kinds,
        }
    }

    pub(crate) const fn insert(&self, conflict: OnConflict) -> &Text2 {
        let [fail, keep, add] = &self.insert;
        match conflict {
            OnConflict::Fail => fail,
            OnConflict::Keep => keep,
            OnConflict::Add => add,
        }
    }

    pub(crate) const fn insert_arrays(&self, conflict: OnConflict) -> &String {
        let [fail, keep, add] = &self.insert_arrays;
        match conflict {
            OnConflict::Fail => fail,
            OnConflict::Keep => keep,
            OnConflict::Add => add,
        }
    }

    /// All texts, as PostgreSQL and as SQLite read them, for a test that prepares them.
    #[must_use]
    pub fn texts(&self) -> (Vec<&str>, Vec<&str>) {
        let of_package = self.of_package.iter().flat_map(|of| [&of.read, &of.remove]);
        let both: Vec<&Text2> = self
            .insert
            .iter()
            .chain([&self.get, &self.scan])
            .chain(&self.replace)
            .chain(&self.range)
            .chain(of_package)
            .collect();
        let postgres =
            both.iter().map(|text| text.postgres.as_str()).chain(self.insert_arrays.iter().map(String::as_str));
        (postgres.collect(), both.iter().map(|text| text.sqlite.as_str()).collect())
    }
}

fn on_conflict(table: &Table, conflict: OnConflict) -> String {
    match conflict {
        OnConflict::Fail => String::new(),
        OnConflict::Add if table.kind == TableKind::Derived => {
            let sums = table.columns.iter().filter(|column| !table.key.contains(&column.name));
            let set = |name: &str| match name {
                // The number of the last fact is not a sum.
                "last_seq" => format!("{name} = excluded.{name}"),
                _ => format!("{name} = {}.{name} + excluded.{name}", table.name),
            };
            let sets: Vec<String> = sums.map(|column| set(column.name)).collect();
            format!(" ON CONFLICT ({}) DO UPDATE SET {}", table.key.join(", "), sets.join(", "))
        }
        OnConflict::Keep | OnConflict::Add => " ON CONFLICT DO NOTHING".to_owned(),
    }
}

fn replace(table: &Table, columns: &[&str]) -> Option<Text2> {
    table.place("version").filter(|_| !table.is_append_only())?;
    let key = columns.len().saturating_add(1);
    let version = key.saturating_add(table.key.len());
    Some(Text2::new(format!(
        "UPDATE {} SET {} WHERE {} AND version = ${version}",
        table.name,
        equalities(columns, 1, ", "),
        equalities(table.key, key, " AND "),
    )))
}

fn numbered(numbers: impl Iterator<Item = usize>) -> String {
    numbers.map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}

fn equalities(columns: &[&str], first: usize, between: &str) -> String {
    let equal = columns.iter().zip(first..).map(|(column, number)| format!("{column} = ${number}"));
    equal.collect::<Vec<_>>().join(between)
}
