//! A store that forgets everything when it is dropped: for tests and simulations.

use super::shelf::{Look, Order, Pair, Plan, Shelf, Span};
use super::{Store, StoreError};
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

/// A [`Store`] in memory.
#[derive(Default)]
pub struct Memory(RwLock<BTreeMap<Vec<u8>, Vec<u8>>>);

impl Memory {
    /// Makes an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a store of these records.
    pub(super) fn of(records: impl IntoIterator<Item = Pair>) -> Self {
        Self(RwLock::new(records.into_iter().collect()))
    }

    /// Makes everybody wait who asks for something, until what this gives is dropped.
    #[cfg(test)]
    pub(crate) fn hold(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<Vec<u8>, Vec<u8>>> {
        self.0.write().unwrap()
    }
}

impl Shelf for Memory {
    fn write(&self, plan: Plan) -> Result<(), StoreError> {
        // A plan only looks, and what follows it cannot panic half-way: the map is never torn.
        let mut map = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in plan(&*map)? {
            let _before = match value {
                Some(value) => map.insert(key, value),
                None => map.remove(&key),
            };
        }
        Ok(())
    }

    fn still(&self) -> Result<Box<dyn Store>, StoreError> {
        let map = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Ok(Box::new(Self::of(map.clone())))
    }
}

impl Look for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Look::get(&*self.0.read().unwrap_or_else(PoisonError::into_inner), key)
    }

    fn range(&self, span: &Span, limit: usize, order: Order) -> Result<Vec<Pair>, StoreError> {
        let map = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Look::range(&*map, span, limit, order)
    }
}

impl Look for BTreeMap<Vec<u8>, Vec<u8>> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(Self::get(self, key).cloned())
    }

    fn range(&self, span: &Span, limit: usize, order: Order) -> Result<Vec<Pair>, StoreError> {
        if span.is_empty() {
            return Ok(Vec::new());
        }
        let found = Self::range(self, span.from.clone()..span.to.clone());
        Ok(order.take(found, limit).map(|(key, value)| (key.clone(), value.clone())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_the_contract() {
        crate::store::contract::check(Memory::new);
    }
}
