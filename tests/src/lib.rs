//! What needs more than one room to test.
