//! What a process that sees card numbers does first: nothing of its memory may reach a disk (security P1).

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// No core files, and no looking into this process from another.
pub(crate) fn forbid_dumps() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if setrlimit(Resource::Core, none).is_err() || set_dumpable_behavior(DumpableBehavior::NotDumpable).is_err() {
        tracing::warn!("core dumps could not be switched off; switch them off for this service (LimitCORE=0)");
    }
}
