//! Turns: callers with the same idempotency key go one after the other, so that the second finds the first's answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

type Queue = Arc<tokio::sync::Mutex<()>>;

#[derive(Default)]
pub(crate) struct Turns(Arc<Mutex<HashMap<String, Queue>>>);

/// It is this caller's turn until it is dropped.
pub struct Turn {
    queues: Arc<Mutex<HashMap<String, Queue>>>,
    key: String,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    pub(crate) async fn wait(&self, key: String) -> Turn {
        let guard = self.queue(&key).lock_owned().await;
        Turn { queues: Arc::clone(&self.0), key, guard: Some(guard) }
    }

    /// `None` when it is somebody else's turn.
    pub(crate) fn take(&self, key: String) -> Option<Turn> {
        let guard = self.queue(&key).try_lock_owned().ok()?;
        Some(Turn { queues: Arc::clone(&self.0), key, guard: Some(guard) })
    }

    fn queue(&self, key: &str) -> Queue {
        Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key.to_owned()).or_default())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.guard.take());
        // Two owners are the map and nobody else: the last one out takes the queue away.
        if queues.get(&self.key).is_some_and(|queue| Arc::strong_count(queue) == 1) {
            queues.remove(&self.key);
        }
    }
}
