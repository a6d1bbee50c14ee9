//! Learning the path's patience: where links die idle below the ping period, ask for a shorter one.

use std::time::Duration;

use cueline_model::limits::PING_MAX;

/// Two deaths are of the same cause when their ages differ by no more than this, or by a fifth.
const SAME_AGE: Duration = Duration::from_secs(1);

/// What the deaths of earlier links say about the path.
#[derive(Debug)]
pub(crate) struct LearnedPing {
    configured: Duration,
    shortest: Duration,
    learned: Option<Duration>,
    /// The idle age at which the last link was cut, where that was below its ping period.
    cut_at: Option<Duration>,
    /// Links in a row that fell silent without ever having brought a ping.
    silent_deaths: u32,
}

/// A shorter ping to ask for from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lesson {
    /// The idle age that the path does not bear.
    pub idle_age: Duration,
    pub ping: Duration,
}

impl LearnedPing {
    pub(crate) fn new(configured: Duration, shortest: Duration, known: Option<Duration>) -> Self {
        Self {
            configured,
            shortest,
            learned: known.map(|ping| ping.clamp(shortest, PING_MAX.max(shortest))),
            cut_at: None,
            silent_deaths: 0,
        }
    }

    /// The ping period to ask for.
    pub(crate) fn ask(&self) -> Duration {
        self.learned
            .map_or(self.configured, |learned| learned.min(self.configured))
    }

    /// A link was cut (not by us, not with a `bye`) after `idle_age` without an event, while a ping was
    /// due every `ping`. Very short ages are no idle deaths. Ages near the period say nothing where
    /// pings came through, and much where none ever did: a path that bears a little less than the
    /// period cuts every link just before its first ping.
    pub(crate) fn cut(
        &mut self,
        idle_age: Duration,
        ping: Duration,
        pinged: bool,
    ) -> Option<Lesson> {
        let near = (ping / 20).max(SAME_AGE);
        let about_a_ping = idle_age + near >= ping;
        if (about_a_ping && pinged) || idle_age < self.shortest / 4 {
            return None;
        }
        let before = self.cut_at.replace(idle_age)?;
        let (shorter, longer) = (before.min(idle_age), before.max(idle_age));
        let spread = if longer + near >= ping {
            near
        } else {
            (longer / 5).max(SAME_AGE)
        };
        if longer - shorter > spread {
            return None;
        }
        self.learn(shorter, shorter / 2, ping)
    }

    /// A link was silent for the idle time-out. Where not one of its pings came, the path may have
    /// dropped it without a word.
    pub(crate) fn fell_silent(&mut self, pinged: bool, ping: Duration) -> Option<Lesson> {
        if pinged {
            self.silent_deaths = 0;
            return None;
        }
        self.silent_deaths += 1;
        if self.silent_deaths < 2 {
            return None;
        }
        self.learn(ping, ping / 2, ping)
    }

    /// A ping came on a link that has been up for `lived`.
    pub(crate) fn pinged(&mut self, lived: Duration) {
        self.silent_deaths = 0;
        if self.cut_at.is_some_and(|age| lived > age) {
            self.cut_at = None;
        }
    }

    fn learn(&mut self, idle_age: Duration, ping: Duration, in_force: Duration) -> Option<Lesson> {
        self.cut_at = None;
        self.silent_deaths = 0;
        let ping = ping.clamp(self.shortest, PING_MAX.max(self.shortest));
        if ping >= in_force {
            return None;
        }
        self.learned = Some(ping);
        Some(Lesson { idle_age, ping })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: Duration = Duration::from_secs(120);

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn fresh() -> LearnedPing {
        LearnedPing::new(PING, s(15), None)
    }

    #[test]
    fn two_deaths_of_about_the_same_age_teach_half_of_it() {
        let mut learned = fresh();
        assert_eq!(learned.cut(s(60), PING, false), None);
        assert_eq!(learned.ask(), PING);
        let lesson = learned.cut(s(61), PING, false).unwrap();
        assert_eq!((lesson.idle_age, lesson.ping), (s(60), s(30)));
        assert_eq!(learned.ask(), s(30));
    }

    #[test]
    fn deaths_of_different_ages_near_the_ping_or_in_an_instant_teach_nothing() {
        let mut learned = fresh();
        for age in [40, 60, 90, 40, 60] {
            assert_eq!(learned.cut(s(age), PING, false), None, "{age} s");
        }
        let mut learned = fresh();
        for age in [114, 115, 120, 3, 3, 0] {
            assert_eq!(learned.cut(s(age), PING, true), None, "{age} s");
        }
        assert_eq!(learned.cut(s(113), PING, true), None);
        assert!(learned.cut(s(113), PING, true).is_some());
    }

    #[test]
    fn links_cut_just_before_their_first_ping_teach_too() {
        let mut learned = fresh();
        assert_eq!(learned.cut(s(118), PING, false), None);
        let lesson = learned.cut(s(117), PING, false).unwrap();
        assert_eq!((lesson.idle_age, lesson.ping), (s(117), s(117) / 2));

        let mut learned = fresh();
        learned.cut(s(118), PING, false);
        assert_eq!(learned.cut(s(100), PING, false), None, "not the same age");
    }

    #[test]
    fn a_link_that_outlives_the_age_with_pings_clears_the_suspicion() {
        let mut learned = fresh();
        learned.cut(s(60), PING, false);
        learned.pinged(s(59));
        learned.pinged(s(61));
        assert_eq!(learned.cut(s(60), PING, false), None);
        assert!(learned.cut(s(60), PING, false).is_some());
    }

    #[test]
    fn two_silent_deaths_in_a_row_halve_the_ping_down_to_the_floor() {
        let mut learned = fresh();
        let mut ping = PING;
        for expected in [60, 30, 15] {
            assert_eq!(learned.fell_silent(false, ping), None);
            ping = learned.fell_silent(false, ping).unwrap().ping;
            assert_eq!(ping, s(expected));
        }
        assert_eq!(learned.fell_silent(false, ping), None);
        assert_eq!(learned.fell_silent(false, ping), None);

        let mut learned = fresh();
        learned.fell_silent(false, PING);
        learned.fell_silent(true, PING);
        assert_eq!(learned.fell_silent(false, PING), None);
    }

    #[test]
    fn nothing_shorter_than_the_floor_is_learned_and_a_shorter_setting_wins() {
        let mut learned = fresh();
        learned.cut(s(10), PING, false);
        assert_eq!(learned.cut(s(10), PING, false).unwrap().ping, s(15));
        assert_eq!(LearnedPing::new(s(20), s(15), Some(s(30))).ask(), s(20));
        assert_eq!(LearnedPing::new(PING, s(15), Some(s(1))).ask(), s(15));
    }
}
