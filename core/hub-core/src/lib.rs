//! The hub's decisions as sans-IO state machines: jobs, links, the store's contract.
