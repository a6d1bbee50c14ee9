//! The agent's durable memory: one SQLite file, synced before anything is acknowledged.
