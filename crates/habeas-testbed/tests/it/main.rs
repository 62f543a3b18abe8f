//! Are the clusters what tests take them for?

mod clusters;
mod ends;
