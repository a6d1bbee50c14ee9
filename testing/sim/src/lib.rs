//! Seeded simulation of hub and agents under faults, against a reference model.
