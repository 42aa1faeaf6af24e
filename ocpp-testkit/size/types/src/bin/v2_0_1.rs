//! All messages of 2.0.1, as either side.
#![no_std]
#![no_main]

image::whole_version!(v2_0_1);
