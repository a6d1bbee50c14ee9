//! No file and no network, held by Landlock (landlock(7)): no right is left, to anything.

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, Ruleset, RulesetAttr as _, RulesetStatus, Scope,
};

use super::SandboxError;

/// What is asked for; an older kernel gives what it has.
const WANTED: ABI = ABI::V6;

/// Confines this thread. Gives back what this kernel could not do.
pub fn confine() -> Result<Option<String>, SandboxError> {
    let at = "confine the decoder with Landlock";
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(WANTED))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(WANTED)))
        .and_then(|rules| rules.scope(Scope::from_all(WANTED)))
        .and_then(Ruleset::create)
        .and_then(|rules| rules.restrict_self())
        .map_err(SandboxError::at(at))?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => None,
        RulesetStatus::PartiallyEnforced => Some("this kernel's Landlock is older than ABI 6"),
        RulesetStatus::NotEnforced => Some("this kernel has no Landlock"),
    }
    .map(ToOwned::to_owned))
}
