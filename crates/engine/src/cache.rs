//! What was looked up lately and changes only by an operator's hand.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

/// Rows by key, emptied as a whole. A look-up that began before the emptying is not kept.
pub(crate) struct Cache<K, V>(RwLock<(u64, HashMap<K, Arc<V>>)>);

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(RwLock::new((0, HashMap::new())))
    }
}

impl<K: Eq + Hash, V> Cache<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<Arc<V>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).1.get(key).cloned()
    }

    /// To be asked before the look-up and handed to [`Cache::keep`].
    pub(crate) fn generation(&self) -> u64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).0
    }

    pub(crate) fn keep(&self, generation: u64, key: K, value: Arc<V>) {
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if inner.0 == generation {
            inner.1.insert(key, value);
        }
    }

    pub(crate) fn clear(&self) {
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        inner.0 += 1;
        inner.1.clear();
    }
}
