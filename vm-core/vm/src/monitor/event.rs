//! The events, sets of them, and who wants which.

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal;)*) => {
        /// What a tool may want to hear of, numbered as in CPython 3.14.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum Event {
            $($(#[$doc])* $variant = $number,)*
        }

        impl Event {
            /// All of them, by number.
            pub const ALL: &'static [Event] = &[$(Event::$variant),*];
            const NAMES: &'static [&'static str] = &[$($name),*];
        }
    };
}

events! {
    PyStart = 0, "PY_START";
    PyResume = 1, "PY_RESUME";
    PyReturn = 2, "PY_RETURN";
    PyYield = 3, "PY_YIELD";
    Call = 4, "CALL";
    Line = 5, "LINE";
    Instruction = 6, "INSTRUCTION";
    Jump = 7, "JUMP";
    /// A branch goes on behind itself.
    BranchLeft = 8, "BRANCH_LEFT";
    /// A branch jumps.
    BranchRight = 9, "BRANCH_RIGHT";
    /// A generator has returned where its StopIteration would be caught at once.
    StopIteration = 10, "STOP_ITERATION";
    Raise = 11, "RAISE";
    ExceptionHandled = 12, "EXCEPTION_HANDLED";
    PyUnwind = 13, "PY_UNWIND";
    PyThrow = 14, "PY_THROW";
    Reraise = 15, "RERAISE";
    CReturn = 16, "C_RETURN";
    CRaise = 17, "C_RAISE";
    /// Both kinds of branches: only as a name for the two.
    Branch = 18, "BRANCH";
}

impl Event {
    pub const COUNT: usize = Event::ALL.len();
    /// Events from here on belong to no single instruction.
    const FIRST_GLOBAL: u8 = Event::Raise as u8;
    /// Events from here on come with CALL.
    const FIRST_GROUPED: usize = Event::CReturn as usize;

    pub fn from_number(number: u32) -> Option<Event> {
        Event::ALL.get(number as usize).copied()
    }

    pub fn name(self) -> &'static str {
        Event::NAMES[self as usize]
    }

    /// Whether it is of an instruction: wanted of one code object, or spared for one place.
    pub fn is_local(self) -> bool {
        (self as u8) < Event::FIRST_GLOBAL
    }

    /// Which event's being wanted decides about this one.
    fn group(self) -> usize {
        if (self as usize) < Event::FIRST_GROUPED { self as usize } else { Event::Call as usize }
    }
}

/// A set of events, a bit each.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct EventSet(pub u32);

impl EventSet {
    pub const NONE: EventSet = EventSet(0);

    pub const fn of(events: &[Event]) -> EventSet {
        let mut bits = 0;
        let mut i = 0;
        while i < events.len() {
            bits |= 1 << events[i] as u8;
            i += 1;
        }
        EventSet(bits)
    }

    pub const fn contains(self, event: Event) -> bool {
        self.0 & 1 << event as u8 != 0
    }

    pub const fn with(self, event: Event, wanted: bool) -> EventSet {
        let bit = 1 << event as u8;
        EventSet(if wanted { self.0 | bit } else { self.0 & !bit })
    }

    /// The set that a program gave: C_RETURN and C_RAISE come with CALL, BRANCH means both ways.
    /// `None` if one of the first two stands without CALL.
    pub fn normalized(self) -> Option<EventSet> {
        let grouped = self.contains(Event::CReturn) || self.contains(Event::CRaise);
        if grouped && !self.contains(Event::Call) {
            return None;
        }
        let branch = self.contains(Event::Branch);
        let mut set = self.with(Event::CReturn, false).with(Event::CRaise, false);
        if branch {
            set = set.with(Event::Branch, false).with(Event::BranchLeft, true).with(Event::BranchRight, true);
        }
        Some(set)
    }
}

/// Who wants which event: a byte per event, a bit per tool.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tools([u8; Event::FIRST_GROUPED]);

impl Tools {
    #[inline]
    pub fn of(&self, event: Event) -> u8 {
        self.0[event.group()]
    }

    pub fn any(&self) -> bool {
        u128::from_ne_bytes(self.0) != 0
    }

    pub fn events(&self, tool: usize) -> EventSet {
        let wanted = self.0.iter().enumerate().filter(|(_, tools)| **tools >> tool & 1 != 0);
        EventSet(wanted.fold(0, |bits, (e, _)| bits | 1 << e))
    }

    pub fn set(&mut self, tool: usize, events: EventSet) {
        for (e, tools) in self.0.iter_mut().enumerate() {
            let bit = 1 << tool;
            *tools = if events.0 >> e & 1 != 0 { *tools | bit } else { *tools & !bit };
        }
    }

    pub fn or(self, other: Tools) -> Tools {
        Tools(std::array::from_fn(|e| self.0[e] | other.0[e]))
    }

    /// What is wanted here and not there.
    pub fn without(self, other: Tools) -> Tools {
        Tools(std::array::from_fn(|e| self.0[e] & !other.0[e]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_go_together() {
        for (i, e) in Event::ALL.iter().enumerate() {
            assert_eq!(*e as usize, i);
            assert_eq!(Event::from_number(i as u32), Some(*e));
        }
        assert_eq!(Event::Branch.name(), "BRANCH");
    }

    #[test]
    fn the_results_of_calls_come_with_calls() {
        assert_eq!(EventSet::of(&[Event::CReturn]).normalized(), None);
        let calls = EventSet::of(&[Event::Call, Event::CRaise]);
        assert_eq!(calls.normalized(), Some(EventSet::of(&[Event::Call])));
        let branches = EventSet::of(&[Event::Branch]).normalized();
        assert_eq!(branches, Some(EventSet::of(&[Event::BranchLeft, Event::BranchRight])));
    }

    #[test]
    fn each_tool_has_a_set_of_its_own() {
        let mut tools = Tools::default();
        tools.set(2, EventSet::of(&[Event::Line, Event::Call]));
        tools.set(7, EventSet::of(&[Event::Line]));
        assert_eq!((tools.of(Event::Line), tools.of(Event::CReturn)), (0b1000_0100, 0b100));
        tools.set(2, EventSet::NONE);
        assert_eq!(tools.events(7), EventSet::of(&[Event::Line]));
        assert!(tools.any() && tools.of(Event::Call) == 0);
    }
}
