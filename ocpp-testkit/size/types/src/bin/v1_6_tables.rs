//! All messages of 1.6 by their tables, both ways.
#![no_std]
#![no_main]

image::whole_edition!(v1_6, V1_6);
