//! What crosses the line between hub and agent: messages, event framing, signatures.
