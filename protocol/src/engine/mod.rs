//! What a node does next: events and a time go in, effects come out.
