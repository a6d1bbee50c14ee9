//! The road to the hub: TCP, HTTP CONNECT proxies, pinned TLS and an HTTP client on top.
