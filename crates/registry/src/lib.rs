//! The root and the TLDs: delegations, DS records, host addresses.
