//! One cell.

use core::num::NonZeroU32;

use crate::levels::SLOTS;
use crate::ring::{NOWHERE, PLACE_BITS};

/// The generation of a cell: how often it was used. A cell retires when its numbers are used up.
pub(crate) type Generation = NonZeroU32;

const PLACE: u16 = (1 << PLACE_BITS) - 1;

/// The place, and as many bits of the order number as fit beside it and in a byte. The rest of that
/// number is kept beside the cell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag {
    /// The place in the low bits, and the order number's bits from 32 on.
    pub(super) low: u16,
    pub(super) high: u8,
}

impl Tag {
    #[inline]
    pub(super) fn new(order: u64, place: u16) -> Self {
        let low = ((order >> 32) as u16) << PLACE_BITS | place;
        Self { low, high: (order >> (48 - PLACE_BITS)) as u8 }
    }

    #[inline]
    pub(super) fn place(self) -> u16 {
        self.low & PLACE
    }

    /// The order number without its low 32 bits.
    #[inline]
    pub(super) fn order(self) -> u64 {
        u64::from(self.low >> PLACE_BITS) << 32 | u64::from(self.high) << (48 - PLACE_BITS)
    }

    #[inline]
    pub(super) fn at(self, place: u16) -> Self {
        Self { low: self.low & !PLACE | place, ..self }
    }
}

/// A place for a timer. A free one keeps its place and deadline, see FILED-EARLY in `ring`.
///
/// The fields of the tag stand alone, so that they fit beside the discriminant.
#[derive(Debug, Clone)]
pub(super) enum Cell<T> {
    Live { low: u16, high: u8, generation: Generation, deadline: u64, value: T },
    Free { low: u16, high: u8, generation: Generation, deadline: u64 },
}

impl<T> Cell<T> {
    /// One that was never used.
    pub(super) const NEW: Self =
        Self::Free { low: NOWHERE, high: 0, generation: Generation::MIN, deadline: 0 };

    #[inline]
    pub(super) fn tag(&self) -> Tag {
        match *self {
            Self::Live { low, high, .. } | Self::Free { low, high, .. } => Tag { low, high },
        }
    }

    #[inline]
    pub(super) fn set_tag(&mut self, tag: Tag) {
        match self {
            Self::Live { low, high, .. } | Self::Free { low, high, .. } => {
                (*low, *high) = (tag.low, tag.high);
            }
        }
    }

    #[inline]
    pub(super) fn generation(&self) -> Generation {
        match *self {
            Self::Live { generation, .. } | Self::Free { generation, .. } => generation,
        }
    }

    #[inline]
    pub(super) fn deadline(&self) -> u64 {
        match *self {
            Self::Live { deadline, .. } | Self::Free { deadline, .. } => deadline,
        }
    }

    #[inline]
    pub(super) fn set_deadline(&mut self, new: u64) {
        match self {
            Self::Live { deadline, .. } | Self::Free { deadline, .. } => *deadline = new,
        }
    }

    #[inline]
    pub(super) fn is_live(&self) -> bool {
        matches!(self, Self::Live { .. })
    }
}

/// Two cells and the low bits of their order numbers, close together: a word beside one cell would
/// be padded to two.
#[derive(Debug, Clone)]
#[repr(C)]
pub(super) struct Pair<T> {
    pub(super) low: [u32; 2],
    pub(super) cells: [Cell<T>; 2],
}

/// A cell that is given another deadline.
pub(crate) struct Filed<'a, T> {
    pub(super) cell: &'a mut Cell<T>,
    pub(super) low: &'a mut u32,
}

impl<T> Filed<'_, T> {
    /// Stores a deadline and an order number if the cell is filed early enough; else says where the
    /// cell is.
    #[inline]
    pub(crate) fn postpone(self, deadline: u64, order: u64) -> Result<(), u16> {
        let place = self.cell.tag().place();
        if usize::from(place) >= SLOTS || deadline < self.cell.deadline() {
            return Err(place);
        }
        self.cell.set_tag(Tag::new(order, place));
        self.cell.set_deadline(deadline);
        *self.low = order as u32;
        Ok(())
    }
}
