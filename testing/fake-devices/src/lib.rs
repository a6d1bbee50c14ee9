//! Virtual devices, as a library and as programs: an ESC/POS printer whose paper is a PNG.
