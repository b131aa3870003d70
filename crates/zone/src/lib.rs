//! DNS zones: model, signing plan, denial, answers. Pure.
