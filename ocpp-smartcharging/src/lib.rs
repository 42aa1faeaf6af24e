#![no_std]
//! Charging profiles and composite schedules.
