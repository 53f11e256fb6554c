//! Sentences about every input, tried on many.

mod json;
mod noise;
mod sample;
mod tampering;
