//! The virtual clock: what will happen, in the order in which it happens.

use jiff::Timestamp;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Things that will happen, earliest first; of one moment, in the order in which they were arranged.
#[derive(Debug)]
pub(crate) struct Agenda<E> {
    order: BinaryHeap<Reverse<(Timestamp, u64)>>,
    events: BTreeMap<u64, E>,
    arranged: u64,
}

impl<E> Agenda<E> {
    pub fn new() -> Self {
        Self { order: BinaryHeap::new(), events: BTreeMap::new(), arranged: 0 }
    }

    /// Arranges for something to happen.
    pub fn at(&mut self, moment: Timestamp, event: E) {
        self.arranged += 1;
        self.order.push(Reverse((moment, self.arranged)));
        self.events.insert(self.arranged, event);
    }

    /// When something happens next.
    pub fn due(&self) -> Option<Timestamp> {
        self.order.peek().map(|Reverse((moment, _))| *moment)
    }

    /// What happens next, and when.
    pub fn next(&mut self) -> Option<(Timestamp, E)> {
        let Reverse((moment, number)) = self.order.pop()?;
        Some((moment, self.events.remove(&number)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_decides_then_the_order_of_arranging() {
        let mut agenda = Agenda::new();
        let at = |second| Timestamp::from_second(second).unwrap();
        agenda.at(at(2), 'c');
        agenda.at(at(1), 'a');
        agenda.at(at(1), 'b');
        let order: String = std::iter::from_fn(|| agenda.next().map(|(_, event)| event)).collect();
        assert_eq!(order, "abc");
    }
}
