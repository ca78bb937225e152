//! A table's rows as Parquet: the columns of the books under their names, texts as strings, moments as microseconds in UTC.

use crate::StoreError;
use crate::schema::{Column, ColumnKind, Table};
use crate::sql::{ValueRef, row_hash};
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows of a row group: what is in memory at a time.
const ROWS_AT_ONCE: usize = 50_000;

/// One column's values until they are written.
#[derive(Default)]
struct Held {
    integers: Vec<i64>,
    bytes: Vec<ByteArray>,
    /// 1 where there is a value.
    levels: Vec<i16>,
}

/// Writes one table's file.
pub(super) struct RowWriter {
    table: &'static Table,
    path: PathBuf,
    writer: SerializedFileWriter<File>,
    held: Vec<Held>,
    /// Rows so far.
    pub(super) rows: u64,
}

/// Moments are the columns whose names say so.
fn is_moment(column: &Column) -> bool {
    column.kind == ColumnKind::Integer && (column.name.ends_with("_at") || column.name.ends_with("_until"))
}

fn schema(table: &Table) -> Result<Type, ParquetError> {
    let mut fields = Vec::new();
    for column in table.columns {
        let (physical, logical) = match column.kind {
            ColumnKind::Integer if is_moment(column) => {
                (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS)))
            }
            ColumnKind::Integer => (Physical::INT64, None),
            ColumnKind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            ColumnKind::Bytes => (Physical::BYTE_ARRAY, None),
        };
        let repetition = if column.nullable { Repetition::OPTIONAL } else { Repetition::REQUIRED };
        let field = Type::primitive_type_builder(column.name, physical)
            .with_repetition(repetition)
            .with_logical_type(logical)
            .build()?;
        fields.push(Arc::new(field));
    }
    Type::group_type_builder(table.name).with_fields(fields).build()
}

fn failed(path: &Path) -> impl Fn(ParquetError) -> StoreError {
    let path = path.to_owned();
    move |error| StoreError::File { path: path.clone(), error: std::io::Error::other(error.to_string()) }
}

impl RowWriter {
    pub(super) fn create(table: &'static Table, path: PathBuf, about: &[(&str, String)]) -> Result<Self, StoreError> {
        let file = File::create_new(&path).map_err(StoreError::file(&path))?;
        let words = about.iter().map(|(key, value)| KeyValue::new(format!("trueup.{key}"), value.clone())).collect();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by("trueup".to_owned())
            .set_key_value_metadata(Some(words))
            .build();
        let schema = Arc::new(schema(table).map_err(failed(&path))?);
        let writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).map_err(failed(&path))?;
        let held = table.columns.iter().map(|_| Held::default()).collect();
        Ok(Self { table, path, writer, held, rows: 0 })
    }

    /// Adds a row; `values` are those of the columns in their order.
    pub(super) fn push(&mut self, values: &[ValueRef<'_>]) -> Result<(), StoreError> {
        for (held, value) in self.held.iter_mut().zip(values) {
            held.levels.push(i16::from(*value != ValueRef::Null));
            match value {
                ValueRef::Null => {}
                ValueRef::Integer(number) => held.integers.push(*number),
                ValueRef::Text(text) => held.bytes.push(ByteArray::from(text.as_bytes().to_vec())),
                ValueRef::Bytes(bytes) => held.bytes.push(ByteArray::from(bytes.to_vec())),
            }
        }
        self.rows = self.rows.saturating_add(1);
        if self.held.first().is_some_and(|held| held.levels.len() >= ROWS_AT_ONCE) {
            self.flush().map_err(failed(&self.path))?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for (held, column) in self.held.iter_mut().zip(self.table.columns) {
            let held = std::mem::take(held);
            let levels = column.nullable.then_some(held.levels.as_slice());
            let Some(mut writer) = group.next_column()? else { break };
            match writer.untyped() {
                ColumnWriter::Int64ColumnWriter(writer) => writer.write_batch(&held.integers, levels, None)?,
                ColumnWriter::ByteArrayColumnWriter(writer) => writer.write_batch(&held.bytes, levels, None)?,
                _ => return Err(ParquetError::General("a column of an unknown kind".to_owned())),
            };
            writer.close()?;
        }
        group.close().map(drop)
    }

    /// Writes the rest, onto the disk.
    pub(super) fn finish(mut self) -> Result<(PathBuf, u64), StoreError> {
        if self.held.first().is_some_and(|held| !held.levels.is_empty()) {
            self.flush().map_err(failed(&self.path))?;
        }
        let file = self.writer.into_inner().map_err(failed(&self.path))?;
        file.sync_all().map_err(StoreError::file(&self.path))?;
        Ok((self.path, self.rows))
    }
}

/// A column's values of one row group, those that are there.
enum Values {
    Integers(Vec<i64>),
    Bytes(Vec<ByteArray>),
}

fn read_column<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    rows: usize,
    levels: &mut Vec<i16>,
) -> Result<Vec<T::T>, ParquetError> {
    let mut values = Vec::new();
    let mut read = 0_usize;
    while read < rows {
        let (records, ..) = reader.read_records(rows.saturating_sub(read), Some(levels), None, &mut values)?;
        if records == 0 {
            return Err(ParquetError::General("a column ends too early".to_owned()));
        }
        read = read.saturating_add(records);
    }
    Ok(values)
}

/// Calls `each` with the number and the hash of every row of a table's file.
pub(super) fn read_rows(table: &'static Table, path: &Path, each: &mut dyn FnMut(i64, [u8; 32])) -> Result<(), String> {
    // A file that was made to harm us must not do more than fail.
    let read = catch_unwind(AssertUnwindSafe(|| read_file(table, path, each)));
    read.unwrap_or_else(|_| Err(ParquetError::General("it cannot be read".to_owned())))
        .map_err(|error| error.to_string())
}

fn read_file(table: &'static Table, path: &Path, each: &mut dyn FnMut(i64, [u8; 32])) -> Result<(), ParquetError> {
    let file = SerializedFileReader::new(File::open(path)?)?;
    let named = |place: usize| {
        file.metadata().file_metadata().schema_descr().columns().get(place).map(|column| column.name().to_owned())
    };
    if table.columns.iter().enumerate().any(|(place, column)| named(place).as_deref() != Some(column.name)) {
        return Err(ParquetError::General(format!("its columns are not those of {}", table.name)));
    }
    for number in 0..file.num_row_groups() {
        let group = file.get_row_group(number)?;
        let rows = usize::try_from(group.metadata().num_rows()).unwrap_or_default();
        let mut columns = Vec::new();
        for (place, column) in table.columns.iter().enumerate() {
            let mut levels = Vec::new();
            let values = match group.get_column_reader(place)? {
                ColumnReader::Int64ColumnReader(reader) => Values::Integers(read_column(reader, rows, &mut levels)?),
                ColumnReader::ByteArrayColumnReader(reader) => Values::Bytes(read_column(reader, rows, &mut levels)?),
                _ => return Err(ParquetError::General(format!("column {} is of another kind", column.name))),
            };
            columns.push((column, values, levels, 0_usize));
        }
        rows_of(table, &mut columns, rows, each)?;
    }
    Ok(())
}

type Read = (&'static Column, Values, Vec<i16>, usize);

fn rows_of(
    table: &'static Table,
    columns: &mut [Read],
    rows: usize,
    each: &mut dyn FnMut(i64, [u8; 32]),
) -> Result<(), ParquetError> {
    let short = || ParquetError::General("a column ends too early".to_owned());
    let mut buffer = Vec::new();
    for row in 0..rows {
        let mut values = Vec::with_capacity(columns.len());
        for (column, read, levels, next) in columns.iter_mut() {
            if column.nullable && levels.get(row) == Some(&0) {
                values.push(ValueRef::Null);
                continue;
            }
            let place = *next;
            *next = place.saturating_add(1);
            values.push(match (read, column.kind) {
                (Values::Integers(numbers), _) => ValueRef::Integer(*numbers.get(place).ok_or_else(short)?),
                (Values::Bytes(bytes), ColumnKind::Bytes) => {
                    ValueRef::Bytes(bytes.get(place).ok_or_else(short)?.data())
                }
                (Values::Bytes(bytes), _) => {
                    let text = std::str::from_utf8(bytes.get(place).ok_or_else(short)?.data());
                    ValueRef::Text(text.map_err(|_| ParquetError::General("a text is no text".to_owned()))?)
                }
            });
        }
        let Some(ValueRef::Integer(seq)) = table.place("seq").and_then(|place| values.get(place)) else {
            return Err(short());
        };
        each(*seq, row_hash(table, &values, &mut buffer));
    }
    Ok(())
}
