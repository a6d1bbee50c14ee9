//! Tests on real processes: crashes, proxies, wrong input.
