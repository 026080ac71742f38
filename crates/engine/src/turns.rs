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
        let queue = Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key.clone()).or_default());
        let guard = queue.lock_owned().await;
        Turn { queues: Arc::clone(&self.0), key, guard: Some(guard) }
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
