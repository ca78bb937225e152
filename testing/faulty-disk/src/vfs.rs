//! SQLite's interface to files, on the model.
//!
//! SQLite calls these functions with pointers that it got from us or that are its own for the length of the call; each says so where it
//! uses them. A registered disk is never given back: tests are short.

use crate::disk::{Disk, Refusal};
use rusqlite::ffi;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;

/// One region of shared memory, at a place that does not move.
pub(crate) struct Region(Box<[u8]>);

impl Region {
    fn new(size: usize) -> Self {
        Self(vec![0; size].into_boxed_slice())
    }
}

/// What SQLite calls a file: its head, and our own behind.
#[repr(C)]
struct Opened {
    head: ffi::sqlite3_file,
    own: *mut Own,
}

struct Own {
    disk: Disk,
    name: String,
    handle: u64,
    is_temporary: bool,
}

impl Disk {
    /// Makes the disk known to SQLite under a name that no other disk has.
    ///
    /// # Panics
    /// If SQLite does not take it.
    pub fn register(&self, name: &str) {
        let name = CString::new(name).expect("a name without zeros");
        let vfs = ffi::sqlite3_vfs {
            iVersion: 1,
            szOsFile: c_int::try_from(size_of::<Opened>()).expect("small"),
            mxPathname: 512,
            pNext: ptr::null_mut(),
            zName: name.into_raw(),
            pAppData: Box::into_raw(Box::new(self.clone())).cast(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_path),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: Some(current_time),
            xGetLastError: Some(last_error),
            xCurrentTimeInt64: None,
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        };
        // SAFETY: the structure and all that it points to is never freed.
        let registered = unsafe { ffi::sqlite3_vfs_register(Box::into_raw(Box::new(vfs)), 0) };
        assert_eq!(registered, ffi::SQLITE_OK);
    }
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// # Safety
/// `vfs` is one of ours.
unsafe fn disk<'v>(vfs: *mut ffi::sqlite3_vfs) -> &'v Disk {
    // SAFETY: `register` put a disk there that is never freed.
    unsafe { &*(*vfs).pAppData.cast::<Disk>() }
}

/// # Safety
/// `file` was opened by [`open`] and not closed.
unsafe fn own<'f>(file: *mut ffi::sqlite3_file) -> &'f Own {
    // SAFETY: `open` put a boxed `Own` there, which `close` frees.
    unsafe { &*(*file.cast::<Opened>()).own }
}

/// # Safety
/// `path` is a text of C or null.
unsafe fn text(path: *const c_char) -> Option<String> {
    // SAFETY: as the caller says.
    (!path.is_null()).then(|| unsafe { CStr::from_ptr(path) }.to_string_lossy().into_owned())
}

const fn code(done: Result<(), Refusal>, failed: c_int) -> c_int {
    match done {
        Ok(()) => ffi::SQLITE_OK,
        Err(Refusal::Failed) => failed,
        Err(Refusal::Full) => ffi::SQLITE_FULL,
    }
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives our own structure, a text or null, and room of the size that we asked for.
    let (disk, name) = unsafe { (disk(vfs), text(path)) };
    // SAFETY: the room is as large as `Opened`; without methods SQLite does not close what was not opened.
    unsafe { (*file).pMethods = ptr::null() };
    let mut state = disk.state();
    if state.is_off() {
        return ffi::SQLITE_CANTOPEN;
    }
    state.handles += 1;
    let handle = state.handles;
    let is_temporary = name.is_none();
    let name = name.unwrap_or_else(|| format!("temporary-{handle}"));
    if !state.files.contains_key(&name) {
        if flags & ffi::SQLITE_OPEN_CREATE == 0 {
            return ffi::SQLITE_CANTOPEN;
        }
        state.files.entry(name.clone()).or_default();
    }
    let own = Box::new(Own { disk: disk.clone(), name, handle, is_temporary });
    // SAFETY: as above; `out_flags` may be null.
    unsafe {
        (*file.cast::<Opened>()).own = Box::into_raw(own);
        (*file).pMethods = &raw const METHODS;
        if !out_flags.is_null() {
            *out_flags = flags;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite closes each file once; `open` made the box.
    let own = unsafe { Box::from_raw((*file.cast::<Opened>()).own) };
    let mut state = own.disk.state();
    if let Some(there) = state.files.get_mut(&own.name) {
        let locks = &mut there.locks;
        locks.shared.remove(&own.handle);
        locks.reserved = locks.reserved.filter(|handle| *handle != own.handle);
        locks.exclusive = locks.exclusive.filter(|handle| *handle != own.handle);
    }
    if own.is_temporary {
        state.files.remove(&own.name);
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, to: *mut c_void, amount: c_int, offset: i64) -> c_int {
    // SAFETY: SQLite gives an open file.
    let own = unsafe { own(file) };
    let state = own.disk.state();
    if state.is_off() {
        return ffi::SQLITE_IOERR_READ;
    }
    let amount = usize::try_from(amount).unwrap_or(0);
    // SAFETY: SQLite gives room for so many bytes.
    let to = unsafe { std::slice::from_raw_parts_mut(to.cast::<u8>(), amount) };
    let first = usize::try_from(offset).unwrap_or(usize::MAX);
    let bytes = state.files.get(&own.name).map_or(&[][..], |it| it.now.get(first..).unwrap_or_default());
    let length = amount.min(bytes.len());
    to[..length].copy_from_slice(&bytes[..length]);
    to[length..].fill(0);
    if length == amount { ffi::SQLITE_OK } else { ffi::SQLITE_IOERR_SHORT_READ }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, from: *const c_void, amount: c_int, offset: i64) -> c_int {
    // SAFETY: SQLite gives an open file.
    let own = unsafe { own(file) };
    // SAFETY: SQLite gives so many bytes.
    let from = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), usize::try_from(amount).unwrap_or(0)) };
    let written = own.disk.state().write(&own.name, usize::try_from(offset).unwrap_or(0), from);
    code(written, ffi::SQLITE_IOERR_WRITE)
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    // SAFETY: SQLite gives an open file.
    let own = unsafe { own(file) };
    code(own.disk.state().truncate(&own.name, usize::try_from(size).unwrap_or(0)), ffi::SQLITE_IOERR_TRUNCATE)
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: SQLite gives an open file.
    let own = unsafe { own(file) };
    code(own.disk.state().sync(&own.name), ffi::SQLITE_IOERR_FSYNC)
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    // SAFETY: SQLite gives an open file.
    let own = unsafe { own(file) };
    let length = own.disk.state().files.get(&own.name).map_or(0, |it| it.now.len());
    // SAFETY: SQLite gives a place for the size.
    unsafe { *size = i64::try_from(length).unwrap_or(i64::MAX) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: SQLite gives an open file.
    let own = unsafe { own(file) };
    let mut state = own.disk.state();
    let Some(there) = state.files.get_mut(&own.name) else { return ffi::SQLITE_IOERR_LOCK };
    let locks = &mut there.locks;
    let is_other = |holder: &Option<u64>| holder.is_some_and(|handle| handle != own.handle);
    if is_other(&locks.exclusive) || (level >= ffi::SQLITE_LOCK_RESERVED && is_other(&locks.reserved)) {
        return ffi::SQLITE_BUSY;
    }
    if level >= ffi::SQLITE_LOCK_EXCLUSIVE && locks.shared.iter().any(|handle| *handle != own.handle) {
        return ffi::SQLITE_BUSY;
    }
    locks.shared.insert(own.handle);
    if level >= ffi::SQLITE_LOCK_RESERVED {
        locks.reserved = Some(own.handle);
    }
    if level >= ffi::SQLITE_LOCK_EXCLUSIVE {
        locks.exclusive = Some(own.handle);
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: SQLite gives an open file.
    let own = unsafe { own(file) };
    let mut state = own.disk.state();
    if let Some(there) = state.files.get_mut(&own.name) {
        let locks = &mut there.locks;
        locks.exclusive = locks.exclusive.filter(|handle| *handle != own.handle);
        locks.reserved = locks.reserved.filter(|handle| *handle != own.handle);
        if level == ffi::SQLITE_LOCK_NONE {
            locks.shared.remove(&own.handle);
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved(file: *mut ffi::sqlite3_file, found: *mut c_int) -> c_int {
    // SAFETY: SQLite gives an open file.
    let own = unsafe { own(file) };
    let is_reserved = own.disk.state().files.get(&own.name).is_some_and(|it| it.locks.reserved.is_some());
    // SAFETY: SQLite gives a place for the answer.
    unsafe { *found = c_int::from(is_reserved) };
    ffi::SQLITE_OK
}

const unsafe extern "C" fn file_control(_file: *mut ffi::sqlite3_file, _what: c_int, _with: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

const unsafe extern "C" fn sector_size(_file: *mut ffi::sqlite3_file) -> c_int {
    4_096
}

const unsafe extern "C" fn characteristics(_file: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    number: c_int,
    size: c_int,
    extend: c_int,
    place: *mut *mut c_void,
) -> c_int {
    // SAFETY: SQLite gives an open file.
    let own = unsafe { own(file) };
    let mut state = own.disk.state();
    let Some(there) = state.files.get_mut(&own.name) else { return ffi::SQLITE_IOERR_SHMMAP };
    let (number, size) = (usize::try_from(number).unwrap_or(0), usize::try_from(size).unwrap_or(0));
    let regions = &mut there.shared.regions;
    while extend != 0 && regions.len() <= number {
        regions.push(Region::new(size));
    }
    let region = regions.get_mut(number).map_or(ptr::null_mut(), |region| region.0.as_mut_ptr());
    // SAFETY: SQLite gives a place for the pointer; the region does not move, and lives as long as the file.
    unsafe { *place = region.cast() };
    ffi::SQLITE_OK
}

unsafe extern "C" fn shm_lock(file: *mut ffi::sqlite3_file, first: c_int, count: c_int, flags: c_int) -> c_int {
    // SAFETY: SQLite gives an open file.
    let own = unsafe { own(file) };
    let mut state = own.disk.state();
    let Some(there) = state.files.get_mut(&own.name) else { return ffi::SQLITE_IOERR_SHMLOCK };
    let first = usize::try_from(first).unwrap_or(0);
    let Some(slots) = there.shared.slots.get_mut(first..first + usize::try_from(count).unwrap_or(0)) else {
        return ffi::SQLITE_IOERR_SHMLOCK;
    };
    if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
        for (together, alone) in slots {
            together.remove(&own.handle);
            *alone = alone.filter(|handle| *handle != own.handle);
        }
        return ffi::SQLITE_OK;
    }
    let is_alone = flags & ffi::SQLITE_SHM_EXCLUSIVE != 0;
    let is_free = |(together, alone): &(std::collections::BTreeSet<u64>, Option<u64>)| {
        alone.is_none_or(|handle| handle == own.handle)
            && (!is_alone || together.iter().all(|handle| *handle == own.handle))
    };
    if !slots.iter().all(is_free) {
        return ffi::SQLITE_BUSY;
    }
    for (together, alone) in slots {
        if is_alone {
            *alone = Some(own.handle);
        } else {
            together.insert(own.handle);
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn shm_barrier(_file: *mut ffi::sqlite3_file) {
    std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, is_removed: c_int) -> c_int {
    // SAFETY: SQLite gives an open file.
    let own = unsafe { own(file) };
    let mut state = own.disk.state();
    if let Some(there) = state.files.get_mut(&own.name) {
        for (together, alone) in &mut there.shared.slots {
            together.remove(&own.handle);
            *alone = alone.filter(|handle| *handle != own.handle);
        }
        if is_removed != 0 {
            there.shared.regions.clear();
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, path: *const c_char, is_synced: c_int) -> c_int {
    // SAFETY: SQLite gives our own structure and a text.
    let (disk, name) = unsafe { (disk(vfs), text(path)) };
    let removed = disk.state().remove(&name.unwrap_or_default(), is_synced != 0);
    code(removed, ffi::SQLITE_IOERR_DELETE)
}

unsafe extern "C" fn access(
    vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    _flags: c_int,
    found: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives our own structure and a text.
    let (disk, name) = unsafe { (disk(vfs), text(path)) };
    let is_there = disk.state().files.contains_key(&name.unwrap_or_default());
    // SAFETY: SQLite gives a place for the answer.
    unsafe { *found = c_int::from(is_there) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn full_path(
    _vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: SQLite gives a text.
    let bytes = unsafe { CStr::from_ptr(path) }.to_bytes_with_nul();
    if usize::try_from(room).is_ok_and(|room| bytes.len() > room) {
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: there is room for so many bytes, as was just seen.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr().cast(), out, bytes.len()) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn randomness(_vfs: *mut ffi::sqlite3_vfs, amount: c_int, out: *mut c_char) -> c_int {
    // SAFETY: SQLite gives room for so many bytes.
    unsafe { ptr::write_bytes(out, 0x5A, usize::try_from(amount).unwrap_or(0)) };
    amount
}

const unsafe extern "C" fn sleep(_vfs: *mut ffi::sqlite3_vfs, micros: c_int) -> c_int {
    micros
}

unsafe extern "C" fn current_time(_vfs: *mut ffi::sqlite3_vfs, out: *mut f64) -> c_int {
    // SAFETY: SQLite gives a place for the time.
    unsafe { *out = 2_461_000.5 };
    ffi::SQLITE_OK
}

const unsafe extern "C" fn last_error(_vfs: *mut ffi::sqlite3_vfs, _room: c_int, _out: *mut c_char) -> c_int {
    0
}
