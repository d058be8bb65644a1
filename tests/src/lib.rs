//! Helpers shared by the differential and end-to-end tests.
