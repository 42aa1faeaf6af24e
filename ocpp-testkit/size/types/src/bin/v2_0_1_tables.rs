//! All messages of 2.0.1 by their tables, both ways.
#![no_std]
#![no_main]

image::whole_edition!(v2, V2_0_1);
