//! What happened in a run, in order. The same seed gives the same lines, and so the same hash.

use aws_lc_rs::digest::{Context, SHA256};

/// The lines of a run.
pub(crate) struct Trace {
    hash: Context,
    /// Kept only when somebody wants to read them.
    lines: Option<Vec<String>>,
}

impl Trace {
    pub(crate) fn new(is_kept: bool) -> Self {
        Self { hash: Context::new(&SHA256), lines: is_kept.then(Vec::new) }
    }

    pub(crate) fn note(&mut self, line: String) {
        self.hash.update(line.as_bytes());
        self.hash.update(b"\n");
        if let Some(lines) = &mut self.lines {
            lines.push(line);
        }
    }

    /// Of all lines so far, in hexadecimal digits.
    pub(crate) fn hash(&self) -> String {
        self.hash.clone().finish().as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The lines, if they are kept.
    pub(crate) fn lines(&self) -> &[String] {
        self.lines.as_deref().unwrap_or_default()
    }
}
