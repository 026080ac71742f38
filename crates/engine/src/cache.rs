//! What was looked up lately and seldom changes.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

/// Rows by key, emptied as a whole or one by one. A look-up that began before that is not kept.
pub(crate) struct Cache<K, V> {
    kept: RwLock<(u64, HashMap<K, Arc<V>>)>,
    /// Full, it is emptied.
    most: usize,
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self::at_most(usize::MAX)
    }
}

impl<K, V> Cache<K, V> {
    pub(crate) fn at_most(most: usize) -> Self {
        Self { kept: RwLock::new((0, HashMap::new())), most }
    }
}

impl<K: Eq + Hash, V> Cache<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<Arc<V>> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).1.get(key).cloned()
    }

    /// To be asked before the look-up and handed to [`Cache::keep`].
    pub(crate) fn generation(&self) -> u64 {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).0
    }

    pub(crate) fn keep(&self, generation: u64, key: K, value: Arc<V>) {
        let mut inner = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if inner.0 == generation {
            if inner.1.len() >= self.most {
                inner.1.clear();
            }
            inner.1.insert(key, value);
        }
    }

    pub(crate) fn remove(&self, key: &K) {
        let mut inner = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        inner.0 += 1;
        inner.1.remove(key);
    }

    pub(crate) fn clear(&self) {
        let mut inner = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        inner.0 += 1;
        inner.1.clear();
    }
}
