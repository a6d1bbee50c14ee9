//! Printer languages: documents to bytes, status bytes to meaning. Opens nothing.
