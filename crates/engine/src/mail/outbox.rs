//! The outbox of a sandbox: a folder with one file for each mail and recipient, named after its delivery, so that a repeat
//! after a crash replaces it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use domain::DeliveryId;

/// Writes a mail into the folder, whole or not at all.
pub(super) fn post(folder: &Path, id: DeliveryId, mail: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let (path, draft) = (folder.join(format!("{id}.eml")), folder.join(format!("{id}.new")));
    let mut file = File::create(&draft)?;
    file.write_all(mail.as_bytes())?;
    file.sync_all()?;
    fs::rename(draft, path)?;
    // Its name survives a power cut too.
    File::open(folder)?.sync_all()
}
