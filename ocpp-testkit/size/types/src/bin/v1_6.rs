//! All messages of 1.6, as either side.
#![no_std]
#![no_main]

image::whole_version!(v1_6);
