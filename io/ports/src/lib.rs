//! The ways bytes reach a printer: raw TCP and device files.
