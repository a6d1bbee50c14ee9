use cueline_terminals::repeat::{RepeatSafe, Request};

struct Mine;

impl Request for Mine {
    fn encode(&self) -> Vec<u8> {
        Vec::new()
    }
}

impl RepeatSafe for Mine {}

fn main() {}
