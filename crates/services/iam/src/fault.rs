//! The service's errors in AWS's words.

use keyward_base::Fault;

pub(crate) fn no_such_user(name: &str) -> Fault {
    Fault::caller("NoSuchEntity", format!("The user with name {name} cannot be found."))
}

pub(crate) fn no_such_role(name: &str) -> Fault {
    Fault::caller("NoSuchEntity", format!("The role with name {name} cannot be found."))
}

pub(crate) fn no_such_access_key(id: &str) -> Fault {
    Fault::caller("NoSuchEntity", format!("The Access Key with id {id} cannot be found."))
}

/// `kind` is `user` or `role`.
pub(crate) fn no_such_policy(kind: &str, name: &str) -> Fault {
    Fault::caller("NoSuchEntity", format!("The {kind} policy with name {name} cannot be found."))
}

/// `kind` is `User` or `Role`.
pub(crate) fn exists(kind: &str, name: &str) -> Fault {
    Fault::caller("EntityAlreadyExists", format!("{kind} with name {name} already exists."))
}

/// `what` must go first: `delete access keys`, `delete policies`.
pub(crate) fn in_use(what: &str) -> Fault {
    Fault::caller("DeleteConflict", format!("Cannot delete entity, must {what} first."))
}

pub(crate) fn quota(name: &str, limit: usize) -> Fault {
    Fault::caller("LimitExceeded", format!("Cannot exceed quota for {name}: {limit}"))
}

pub(crate) fn malformed_policy(message: &str) -> Fault {
    Fault::caller("MalformedPolicyDocument", message)
}

pub(crate) fn validation(message: &str) -> Fault {
    Fault::caller("ValidationException", message)
}

/// There are no managed policies, so none can be a boundary or be passed to a session.
pub(crate) fn no_managed_policy(arn: &str) -> Fault {
    Fault::caller("NoSuchEntity", format!("Policy {arn} does not exist or is not attachable."))
}
