//! What is for sale: any of it at random, each known at once.

use crate::dice::Dice;
use crate::guard::Lot;

/// The lots on the shelf.
#[derive(Debug, Default)]
pub(crate) struct ForSale {
    lots: Vec<Lot>,
    /// Where each lot is in the list.
    places: Vec<Option<usize>>,
}

fn index(lot: Lot) -> usize {
    usize::try_from(lot).unwrap_or(usize::MAX)
}

impl ForSale {
    pub fn len(&self) -> usize {
        self.lots.len()
    }

    pub fn contains(&self, lot: Lot) -> bool {
        self.places.get(index(lot)).copied().flatten().is_some()
    }

    /// Puts a lot on the shelf; one that is there stays.
    pub fn add(&mut self, lot: Lot) {
        if self.contains(lot) {
            return;
        }
        if self.places.len() <= index(lot) {
            self.places.resize(index(lot) + 1, None);
        }
        if let Some(place) = self.places.get_mut(index(lot)) {
            *place = Some(self.lots.len());
            self.lots.push(lot);
        }
    }

    /// Takes a lot off the shelf; the last one moves into its place.
    pub fn remove(&mut self, lot: Lot) {
        let Some(place) = self.places.get_mut(index(lot)).and_then(Option::take) else { return };
        self.lots.swap_remove(place);
        if let Some(moved) = self.lots.get(place).and_then(|moved| self.places.get_mut(index(*moved))) {
            *moved = Some(place);
        }
    }

    /// Any of them.
    pub fn any(&self, dice: &mut Dice) -> Option<Lot> {
        self.lots.get(dice.place(self.lots.len())).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_removed_is_gone_and_the_others_stay() {
        let mut shelf = ForSale::default();
        [3, 1, 4, 1, 5].into_iter().for_each(|lot| shelf.add(lot));
        assert_eq!(shelf.len(), 4);
        shelf.remove(1);
        shelf.remove(9);
        shelf.remove(1);
        let there: Vec<Lot> = (0..7).filter(|lot| shelf.contains(*lot)).collect();
        assert_eq!(there, [3, 4, 5]);
        let mut dice = Dice::new(1, "shelf");
        assert!((0..50).all(|_| shelf.any(&mut dice).is_some_and(|lot| shelf.contains(lot))));
        [3, 4, 5].into_iter().for_each(|lot| shelf.remove(lot));
        assert_eq!(shelf.any(&mut dice), None);
    }
}
